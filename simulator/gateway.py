"""The door every SP-API call comes through: access token, role, usage plan, faults, the request log."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from . import errors, lwa, operations, restricted, schema
from .answer import Answer
from .errors import AmazonError, LwaError, invalid_input, not_found, quota_exceeded, unauthorized
from .faults import TOKEN

LIMITED = (200, 201, 202, 204, 400, 404)  # only these tell the rate limit


@dataclass
class Call:
    """One call of an operation by a seller.

    :ivar query: parameter -> str; ``repeated``: parameters given more than once
    :ivar base_url: the address the caller reached this server by
    :ivar spoiled: whether the answer has what a person has made up
    :ivar found: after a search for orders: [(position, record)], this page and all later ones
    :ivar position_before: after it: the position this page started after; ``token_after(position)`` leads on from one
    """

    world: object
    operation: object
    method: str
    path: str
    query: dict
    repeated: list
    path_args: dict = field(default_factory=dict)
    body: object = None
    seller: dict | None = None
    found: list = field(default_factory=list)
    page_size: int = 0
    position_before: object = None
    token_after: Callable | None = None
    base_url: str = ""
    spoiled: bool = False

    @property
    def matchable(self):
        """name -> text: what of this call a fault can be restricted to."""
        body = self.body if isinstance(self.body, dict) else {}
        detail = body.get("packageDetail")
        fields = {**body, **(detail if isinstance(detail, dict) else {})}
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        return {**texts, **self.query, **self.path_args}

    @property
    def plan(self):
        """What this call is metered by."""
        return self.operation.plan(self.matchable)

    @property
    def name(self):
        """The operation's name in the log."""
        if self.operation:
            return self.operation.name
        return "ordersV0" if operations.is_removed_read(self.method, self.path) else "unknown"

    @property
    def merchant_id(self):
        return self.seller and self.seller["merchant_id"]

    def only_parameters(self, *names):
        """Refuse parameters the operation does not know, and lists given as repeated keys instead of commas."""
        unknown = [name for name in self.query if name not in names]
        if unknown:
            raise invalid_input(f"Unknown parameter: {', '.join(unknown)}.")
        if self.repeated:
            raise invalid_input(
                f"Parameter given more than once: {', '.join(self.repeated)}. Separate values by commas."
            )


def answer_call(world, request):
    """An SP-API request -> Answer. The caller holds the world's lock."""
    call = new_call(world, request)
    if operations.is_removed_read(call.method, call.path):
        return removed(call, request)
    if call.operation is None:
        return finish(call, request, not_found("The resource does not exist.").answer(), None)
    call.seller = seller_of(world, request)
    answer, fault = world.faults.around(
        call.operation.name, call.matchable, call.merchant_id, lambda: performed(call, request), call
    )
    return finish(call, request, answer, fault)


def performed(call, request):
    """Amazon's Answer, good or bad."""
    try:
        body = perform(call, request)
    except AmazonError as error:
        return error.answer()
    return Answer(call.operation.status) if body is None else Answer.json(call.operation.status, body)


def new_call(world, request):
    raw_path = request.environ["RAW_URI"].partition("?")[0]
    operation, path_args = operations.find(request.method, raw_path)
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    return Call(
        world,
        operation,
        request.method,
        request.path,
        request.args.to_dict(),
        repeated,
        path_args,
        read_body(request),
        base_url=base_url(request),
    )


def base_url(request):
    """The address the caller's connection leads to. Not its Host header: a client may get that wrong."""
    host, port = request.environ["werkzeug.socket"].getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def read_body(request):
    data = request.get_data()
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def seller_of(world, request):
    """Whose access token this is, whatever its state; None when it says nothing."""
    token = world.login.tokens.get(request.headers.get("x-amz-access-token", ""))
    return world.sellers.by_id.get(token["merchant_id"]) if token else None


def perform(call, request):
    """Check the caller and do what was asked; returns the JSON of the good answer."""
    client_id = authenticate(call, request.headers.get("x-amz-access-token"))
    if not set(call.operation.roles) & set(call.seller["roles"]):
        raise unauthorized("The application does not have the role that this operation needs.")
    if not call.world.usage.take(call.merchant_id, client_id, call.plan):
        raise quota_exceeded()
    return call.operation.handler(call)


def authenticate(call, access_token):
    """The client id behind a valid access token of a seller."""
    if not access_token:
        raise unauthorized("Access token is missing in the request header.")
    token = call.world.login.tokens.get(access_token)
    if not token or not call.seller or call.seller["revoked"]:
        raise unauthorized("The access token you provided is revoked, malformed or invalid.")
    if token["expires"] <= call.world.clock.iso():
        raise unauthorized("The access token you provided has expired.")
    if not restricted.is_enough(call, token):
        raise unauthorized("The access token you provided does not allow this operation.")
    return token["client_id"]


def finish(call, request, answer, fault, forbidden=None):
    """Add Amazon's headers and write the log."""
    world = call.world
    if call.operation and call.operation.bare_errors:
        errors.lay_bare(answer)
    answer.headers["x-amzn-RequestId"] = request_id(world)
    if call.operation and answer.status in LIMITED:
        answer.headers["x-amzn-RateLimit-Limit"] = f"{world.usage.plan(call.merchant_id, call.plan)[0]:.10g}"
    violations = schema.check_call(world.models, call, answer, fault) if world.models else []
    world.log.schema_errors.extend({"n": world.log.next_number, "error": violation} for violation in violations)
    world.log.add(
        request,
        answer,
        operation=call.name,
        query={
            name: request.args.getlist(name) if name in call.repeated else value for name, value in call.query.items()
        },
        body=call.body,
        fault=fault and fault.kind,
        merchant_id=call.merchant_id,
        forbidden=forbidden,
        schema_errors=violations or None,
    )
    return answer


def request_id(world):
    return f"{world.seed:08x}-0000-4000-8000-{world.log.next_number:012x}"


def removed(call, request):
    message = "The Orders API v0 read operations are not available. Use Orders API v2026-01-01."
    call.seller = seller_of(call.world, request)
    return finish(call, request, AmazonError(403, "Unauthorized", message).answer(), None, forbidden=True)


def answer_token(world, request):
    """``POST /auth/o2/token`` -> Answer. What is logged has neither secrets nor tokens."""
    form = lwa.read_form(request)
    seller = world.sellers.of_refresh_token(form.get("refresh_token", ""))
    merchant_id = seller and seller["merchant_id"]
    answer, fault = world.faults.around(TOKEN, {}, merchant_id, lambda: grant_answer(world, form))
    answer.headers["x-amzn-RequestId"] = request_id(world)
    world.log.add(
        request,
        answer,
        operation=TOKEN,
        body={key: form[key] for key in ("grant_type", "client_id", "scope") if key in form},
        fault=fault and fault.kind,
        merchant_id=merchant_id,
    )
    return answer


def grant_answer(world, form):
    try:
        return Answer.json(200, lwa.token(world, form))
    except LwaError as error:
        return error.answer()
