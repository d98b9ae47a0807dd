"""What Amazon hands out and later recognizes as its own: tokens that carry data, and signatures of addresses."""

import base64
import binascii
import hashlib
import hmac
import json

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def signature(world, purpose, content):
    """16 bytes that only this world can compute for ``content`` (bytes)."""
    return hmac.new(f"{purpose} {world.seed}".encode(), content, hashlib.sha256).digest()[:16]


def refresh_token(rng):
    """A refresh token of Login with Amazon that never was before."""
    return "Atzr|" + "".join(rng.choices(CHARACTERS, k=64))


def seal(world, purpose, data):
    """JSON ``data`` as an opaque token (str)."""
    content = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(signature(world, purpose, content) + content).decode().rstrip("=")


def unseal(world, purpose, token):
    """The data of a token of this purpose, or None when it was not made here."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    if len(raw) <= 16 or not hmac.compare_digest(raw[:16], signature(world, purpose, raw[16:])):
        return None
    return json.loads(raw[16:])
