"""The Tokens API 2021-03-01: restricted data tokens, without which no personal data is handed out."""

from . import lwa, operations
from .errors import invalid_input, unauthorized
from .operations import ROLES, operation

LIFETIME = 3600  # seconds
MOST = 50  # resources


@operation(
    "createRestrictedDataToken",
    "POST",
    "/tokens/2021-03-01/restrictedDataToken",
    rate=1,
    burst=10,
    roles=ROLES,
    model="tokens_2021-03-01.json",
)
def create_restricted_data_token(call):
    call.only_parameters()
    resources = call.body.get("restrictedResources") if isinstance(call.body, dict) else None
    if not isinstance(resources, list) or not 1 <= len(resources) <= MOST:
        raise invalid_input(f"restrictedResources must be 1 to {MOST} resources.")
    for resource in resources:
        check(call, resource)
    facts = {"scope": None, "resources": resources}
    token = lwa.hand_out(call.world, "Atz.sprdt", LIFETIME, call.seller["client_id"], call.merchant_id, **facts)
    return {"restrictedDataToken": token, "expiresIn": LIFETIME}


def check(call, resource):
    """Refuse what no token is given for: what is not restricted, and what the application has no role for."""
    known = isinstance(resource, dict) and all(isinstance(resource.get(name), str) for name in ("method", "path"))
    found = known and operations.find(resource["method"], resource["path"])[0]
    if not found or not found.restricted:
        raise invalid_input("The resource is not a restricted operation.")
    if not set(found.roles) & set(call.seller["roles"]):
        raise unauthorized("Application does not have access to one or more requested data elements.")


def is_enough(call, token):
    """Whether a token (as ``Login`` knows it) is of the kind that the call needs, and for this operation."""
    resources = token.get("resources")
    if not call.operation.restricted:
        return resources is None
    return any(resource["method"] == call.method and fits(resource["path"], call.path) for resource in resources or ())


def fits(pattern, path):
    """Whether a path is what a token was given for. What is in braces stands for anything."""
    parts, given = pattern.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part == one or part.startswith("{") and part.endswith("}") for part, one in zip(parts, given, strict=True)
    )
