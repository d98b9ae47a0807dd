"""Trouble on order: what the control API can make Amazon do wrong, once, several times or until it is called off."""

import json

from .answer import Answer
from .store import Store

# Kinds that answer instead of Amazon, and kinds that spoil what Amazon answered.
BEFORE = (
    "429",
    "429_text",
    "500_html",
    "502",
    "503_empty",
    "503_json",
    "403",
    "403_forbidden_message",
    "403_expired_token",
    "400",
    "timeout",
    "cut_before",
    "token_refused",
    "dict_errors",
    "list_body",
    "html_200",
    "not_found_yet",
    "expired_url",
)
AFTER = (
    "cut_after",
    "timeout_after",
    "500_after",
    "cut_body",
    "truncated_json",
    "slow",
    "empty_page_with_token",
    "same_page",
    "duplicate_order",
    "change_during_paging",
    "malformed_order",
    "unknown_fields",
)
KINDS = BEFORE + AFTER
# Of these, the ones that change how a finished answer travels. The others change its JSON; a call that gives them
# nothing to change (an error, a last page) does not use them up.
ON_THE_WIRE = ("cut_after", "timeout_after", "500_after", "cut_body", "truncated_json", "slow")
NEED_A_BODY = ("cut_body", "truncated_json")
STORAGE = ("uploadFeedDocument", "downloadFeedDocument")  # not operations of the API, but faults strike there, too
VARIANTS = ("no_items", "quantity_letter", "amount_abc")  # of malformed_order
# Parameters of faults that strike where one of several values is asked for.
AMONG = {"marketplace_id": "marketplaceIds", "included_data": "includedData"}
HTML = "text/html; charset=utf-8"
ERROR_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class Faults(Store):
    """The faults ordered and not yet used up.

    :ivar active: list of {id, operation, kind, times, after, match, merchant_id?, marketplace_id?, included_data?,
        fired, …parameters of the kind}; ``marketplace_id`` and ``included_data`` strike calls that ask for it, too
    """

    kept = ("active", "last_id")

    def __init__(self, world):
        super().__init__(world)
        self.active = []
        self.last_id = 0

    def add(self, values):
        if values.get("kind") not in KINDS:
            raise ValueError(f"unknown kind of fault: {values.get('kind')!r}")
        if values.get("variant", VARIANTS[0]) not in VARIANTS:
            raise ValueError(f"variant is one of {', '.join(VARIANTS)}")
        self.last_id += 1
        fault = {"operation": "*", "times": 1, "after": 0, "match": {}, **values, "id": self.last_id, "fired": 0}
        self.active.append(fault)
        return fault

    def clear(self, fault_id=None):
        self.active = [fault for fault in self.active if fault_id not in (None, fault["id"])]

    def take(self, operation, query, merchant_id):
        """``query``: what ``match`` looks at. The fault that strikes this call, counted as used, or None."""
        for fault in list(self.active):
            if not concerns(fault, operation, query, merchant_id):
                continue
            if fault["after"] > 0:
                fault["after"] -= 1
                continue
            fault["fired"] += 1
            if fault["times"] is not None:
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.active.remove(fault)
            return fault
        return None

    def give_back(self, fault):
        """The call offered nothing to spoil: the fault waits for the next one."""
        fault["fired"] -= 1
        if fault["times"] is not None:
            fault["times"] += 1
            if fault not in self.active:
                self.active.append(fault)


def concerns(fault, operation, query, merchant_id):
    if fault["operation"] not in ("*", operation):
        return False
    if fault.get("merchant_id") not in (None, merchant_id):
        return False
    if operation == "token" and fault["kind"] not in ON_THE_WIRE + BEFORE:
        return False
    if fault["kind"] == "expired_url" and operation not in STORAGE:
        return False
    if fault["kind"] == "token_refused" and "paginationToken" not in query:
        return False
    for name, parameter in AMONG.items():
        if fault.get(name) and fault[name] not in query.get(parameter, "").split(","):
            return False
    return all(query.get(name) == str(value) for name, value in (fault["match"] or {}).items())


# Instead of Amazon's answer


def instead(fault, operation):
    """The Answer of a fault of the kinds in ``BEFORE``."""
    make = {
        "429": lambda: errors(429, "QuotaExceeded", "You exceeded your quota for the requested resource."),
        "429_text": lambda: Answer(429, b"Too Many Requests", "text/plain"),
        "500_html": lambda: html(500, "Internal Server Error"),
        "502": lambda: html(502, "Bad Gateway"),
        "503_empty": lambda: Answer(503, b"", "text/plain"),
        "503_json": lambda: errors(
            503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again later."
        ),
        "403": lambda: errors(
            403,
            fault.get("code", "Unauthorized"),
            fault.get("message", "Access to requested resource is denied."),
            fault.get("details", ""),
        ),
        "403_forbidden_message": lambda: Answer.json(403, {"message": "Forbidden"}),
        "403_expired_token": lambda: errors(
            403, "Unauthorized", "Access to requested resource is denied.", "The access token you provided has expired."
        ),
        "400": lambda: bad_request(fault, operation),
        "timeout": lambda: Answer(0, b"", wire="cut", delay=float(fault.get("seconds", 60))),
        "cut_before": lambda: Answer(0, b"", wire="cut"),
        "token_refused": lambda: errors(400, "InvalidInput", "The paginationToken is invalid."),
        "dict_errors": lambda: Answer.json(
            int(fault.get("status", 400)),
            {"errors": {"code": "InvalidInput", "message": "One object instead of a list."}},
        ),
        "list_body": lambda: Answer.json(200, []),
        "html_200": lambda: html(200, "Amazon"),
        "not_found_yet": lambda: errors(404, "NotFound", "The resource was not found."),
        "expired_url": lambda: errors(403, "AccessDenied", "Request has expired"),
    }
    return make[fault["kind"]]()


def errors(status, code, message, details=""):
    return Answer.json(status, {"errors": [{"code": code, "message": message, "details": details}]})


def html(status, title):
    return Answer(status, ERROR_PAGE.format(title).encode(), HTML)


def bad_request(fault, operation):
    message = fault.get("message", "Request has missing or invalid parameters and cannot be parsed.")
    if operation == "token":
        return Answer.json(400, {"error": fault.get("error", "invalid_request"), "error_description": message})
    return errors(400, fault.get("code", "InvalidInput"), message, fault.get("details", ""))


# Spoiling Amazon's answer


def spoil_body(fault, call, body):
    """The changed JSON of a successful answer, or None when there is nothing to spoil."""
    change = {
        "empty_page_with_token": empty_page,
        "same_page": same_page,
        "duplicate_order": duplicate_order,
        "malformed_order": malformed_order,
        "change_during_paging": change_during_paging,
        "unknown_fields": unknown_fields,
    }.get(fault["kind"])
    return change(fault, call, body) if change else body


def finds_something(fault, answer):
    """Whether a fault that wants to spoil an answer's body has one to spoil."""
    return bool(answer.body) or fault["kind"] not in NEED_A_BODY


def spoil_wire(fault, answer):
    """Change how a finished Answer travels."""
    if fault["kind"] == "cut_after":
        answer.wire = "cut"
    elif fault["kind"] == "timeout_after":
        answer.wire, answer.delay = "cut", float(fault.get("seconds", 60))
    elif fault["kind"] == "500_after":
        return html(500, "Internal Server Error")
    elif fault["kind"] == "cut_body":
        answer.wire = "half"
    elif fault["kind"] == "truncated_json":
        answer.body = answer.body[: len(answer.body) // 2]
    elif fault["kind"] == "slow":
        answer.delay = float(fault.get("seconds", 1))
    return answer


def empty_page(fault, call, body):
    """No orders, and a token that leads to what this page should have shown."""
    if "orders" not in body:
        return None
    return {**body, "orders": [], "pagination": {"nextToken": call.token_after(call.position_before)}}


def same_page(fault, call, body):
    """The page's token leads to this page again."""
    if "pagination" not in body:
        return None
    return {**body, "pagination": {"nextToken": call.token_after(call.position_before)}}


def duplicate_order(fault, call, body):
    """The page's last order shows on the next page again."""
    if "pagination" not in body:
        return None
    keys = [key for key, _record in call.found[: call.page_size]]
    position = keys[-2] if len(keys) > 1 else call.position_before
    return {**body, "pagination": {"nextToken": call.token_after(position)}}


def change_during_paging(fault, call, body):
    """``n`` orders of later pages change now and so leave the window."""
    if "pagination" not in body:
        return None
    for _key, record in call.found[call.page_size :][: int(fault.get("n", 1))]:
        call.world.orders.touch(record)
    return body


def malformed_order(fault, call, body):
    """One order (``order_id``, else the ``index``-th of the page) makes no sense, in the way ``variant`` says."""
    body = json.loads(json.dumps(body))
    orders = body["orders"] if "orders" in body else [body["order"]] if "order" in body else []
    if "order_id" in fault:
        orders = [order for order in orders if order["orderId"] == fault["order_id"]]
    if not orders:
        return None
    order = orders[min(int(fault.get("index", 0)), len(orders) - 1)]
    item = order["orderItems"][0]
    variant = fault.get("variant", VARIANTS[0])
    if variant == "no_items":
        del order["orderItems"]
    elif variant == "quantity_letter":
        item["quantityOrdered"] = "x"
    elif variant == "amount_abc":
        item.setdefault("proceeds", {})["proceedsTotal"] = {"amount": "abc", "currencyCode": "JPY"}
    return body


ENUMERATED = (
    "programs",
    "associationType",
    "channelName",
    "type",
    "subtype",
    "status",
    "fulfillmentStatus",
    "fulfilledBy",
    "fulfillmentServiceLevel",
    "priceDesignation",
    "conditionType",
    "conditionSubtype",
    "requester",
    "cancelledBy",
    "addressType",
    "detailedStatus",
    "paymentMethod",
    "aliasType",
    "requirementType",
    "substitutionType",
    "model",
)


def unknown_fields(fault, call, body):
    """Every object has a field nobody knows, every enumeration a value nobody knows."""
    return make_unknown(body)


def make_unknown(value, key=""):
    if isinstance(value, dict):
        return {**{k: make_unknown(v, k) for k, v in value.items()}, "unknownField": {"未知": [1, None]}}
    if isinstance(value, list):
        return [make_unknown(element, key) for element in value]
    return f"NEW_{value}" if key in ENUMERATED else value
