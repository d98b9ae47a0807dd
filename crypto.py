"""Secrets and payloads at rest: AES-256-GCM with a key ring.

The ring is read from the environment (``SALE_AMAZON_SPAPI_KEYS``), else from ``odoo.conf``
(``sale_amazon_spapi_keys``), else from a file only the server's user can read in the data
directory, which is made on first use. A ring is ``id:key[,id:key…]`` with 32-byte keys in URL-safe
base64. The first key encrypts; every key decrypts, so keys are rotated by putting a new one in front.
"""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from odoo.tools import config

VARIABLE = "SALE_AMAZON_SPAPI_KEYS"
OPTION = "sale_amazon_spapi_keys"
FILE = "sale_amazon_spapi.keys"
NONCE_BYTES = 12


class Undecryptable(Exception):
    """The ciphertext's key is not in the ring, or the text was changed. Carries no part of either."""


class BadKeyRing(Undecryptable):
    """The ring cannot be read. Its text is the name of the setting or file, never a key."""


def _key_file() -> Path:
    return Path(config["data_dir"]) / FILE


def _make_key_file(path: Path) -> str:
    ring = f"k{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name and then linked: of two servers starting at once one wins,
    # and nobody ever reads half a key.
    draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(ring)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text()
    finally:
        os.unlink(draft)
    return ring


def _configured() -> tuple[str, str]:
    """Return where the ring is configured, and the ring as it stands there."""
    for place, text in ((VARIABLE, os.environ.get(VARIABLE)), (OPTION, config.get(OPTION))):
        if text:
            return place, text
    path = _key_file()
    return str(path), path.read_text() if path.exists() else _make_key_file(path)


def _ring() -> dict[str, bytes]:
    """Return the keys by id, the one that encrypts first.

    :raise BadKeyRing: when the ring cannot be read.
    """
    place, text = _configured()
    ring = {}
    for entry in filter(None, text.replace("\n", ",").split(",")):
        key_id, _separator, encoded = entry.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except ValueError:
            key = b""
        if not key_id or len(key) != 32:
            raise BadKeyRing(place)
        ring[key_id] = key
    if not ring:
        raise BadKeyRing(place)
    return ring


def encrypt(plain: bytes) -> str:
    """Encrypt bytes.

    :param bytes plain: what to hide.
    :return: ``<key id>:<base64>``, a different text at every call.
    :rtype: str
    :raise BadKeyRing: when there is no key to encrypt with.
    """
    key_id, key = next(iter(_ring().items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, plain, key_id.encode())
    return f"{key_id}:{base64.b64encode(sealed).decode()}"


def decrypt(text: str) -> bytes:
    """Decrypt what :func:`encrypt` returned.

    :param str text: the ciphertext.
    :return: the bytes that were encrypted.
    :raise Undecryptable: when no key of the ring opens it.
    """
    key_id, _separator, encoded = (text or "").partition(":")
    key = _ring().get(key_id)
    if key is None:
        raise Undecryptable()
    try:
        sealed = base64.b64decode(encoded, validate=True)
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], key_id.encode())
    except (ValueError, InvalidTag):
        raise Undecryptable() from None
