"""Login with Amazon: access tokens, and the page where a seller authorizes an application."""

import json

from .errors import LwaError
from .signing import refresh_token as new_refresh_token
from .store import Store
from .times import shift

CODE_MINUTES = 5


class Login(Store):
    """What Login with Amazon handed out and still knows.

    :ivar tokens: access token -> {client_id, merchant_id, scope, expires}; a restricted data token has ``resources``,
        too
    :ivar codes: spapi_oauth_code -> {merchant_id, client_id, expires}
    """

    kept = ("tokens", "codes")

    def __init__(self, world):
        super().__init__(world)
        self.tokens, self.codes = {}, {}


def token(world, form):
    """``POST /auth/o2/token``: form (dict of str) -> JSON of the answer. Refusals are LwaError."""
    grants = {"refresh_token": by_refresh_token, "client_credentials": by_client, "authorization_code": by_code}
    grant_type = required(form, "grant_type")
    if grant_type not in grants:
        raise LwaError(
            400, "unsupported_grant_type", f"The grant type {grant_type} is not supported by the authorization server"
        )
    client_id, secret = required(form, "client_id"), required(form, "client_secret")
    if not any(seller["client_secret"] == secret for seller in world.sellers.of_client(client_id)):
        raise LwaError(401, "invalid_client", "Client authentication failed")
    return grants[grant_type](world, form, client_id)


def required(form, name):
    if not form.get(name):
        raise LwaError(400, "invalid_request", f"The request is missing a required parameter : {name}")
    return form[name]


def by_refresh_token(world, form, client_id):
    refresh_token = required(form, "refresh_token")
    seller = world.sellers.of_refresh_token(refresh_token)
    if not seller or seller["client_id"] != client_id or seller["revoked"]:
        raise LwaError(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
    if seller["client_secret"] != form["client_secret"]:
        raise LwaError(401, "invalid_client", "Client authentication failed")
    if seller.get("unauthorized"):
        raise LwaError(400, "unauthorized_client", "Not authorized for requested operation")
    return {**grant(world, client_id, seller), "refresh_token": refresh_token}


def by_client(world, form, client_id):
    scope = required(form, "scope")
    if not scope.startswith("sellingpartnerapi::"):
        raise LwaError(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed")
    return grant(world, client_id, None, scope)


def by_code(world, form, client_id):
    """A code is good once, for five minutes, for the application it was issued to."""
    code = world.login.codes.pop(required(form, "code"), None)
    if not code or code["client_id"] != client_id or code["expires"] <= world.clock.iso():
        raise LwaError(400, "invalid_grant", "The request has an invalid grant parameter : code")
    seller = world.sellers.by_id[code["merchant_id"]]
    refresh_token = new_refresh_token(world.rng("token"))
    world.sellers.change(seller, {"refresh_token": refresh_token, "revoked": False})
    return {**grant(world, client_id, seller), "refresh_token": refresh_token}


def grant(world, client_id, seller, scope=None):
    lifetime = seller["token_ttl"] if seller else 3600
    access_token = hand_out(world, "Atza", lifetime, client_id, seller and seller["merchant_id"], scope=scope)
    return {"access_token": access_token, "token_type": "bearer", "expires_in": lifetime}


def hand_out(world, kind, lifetime, client_id, merchant_id, **facts):
    """A new token.

    :param kind: what it begins with
    :param lifetime: seconds
    :param facts: what else is known of it
    """
    new_token = f"{kind}|" + new_refresh_token(world.rng("token"))[5:]
    now, tokens = world.clock.iso(), world.login.tokens
    world.login.tokens = {key: value for key, value in tokens.items() if value["expires"] > shift(now, days=-1)}
    expires = shift(now, seconds=lifetime)
    world.login.tokens[new_token] = {"client_id": client_id, "merchant_id": merchant_id, "expires": expires, **facts}
    return new_token


def authorize(world, seller):
    """The seller pressed "Authorize": a one-time spapi_oauth_code."""
    code = "AN" + new_refresh_token(world.rng("token"))[5:25]
    world.login.codes[code] = {
        "merchant_id": seller["merchant_id"],
        "client_id": seller["client_id"],
        "expires": shift(world.clock.iso(), minutes=CODE_MINUTES),
    }
    return code


def read_form(request):
    """The token request's parameters: form encoded, or JSON as Amazon takes it, too."""
    if request.mimetype == "application/json":
        try:
            data = json.loads(request.get_data())
        except ValueError:
            data = {}
        return {key: str(value) for key, value in data.items()} if isinstance(data, dict) else {}
    return request.form.to_dict()
