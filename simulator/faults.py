"""Trouble on order: what the control API can make Amazon do wrong, once, several times or until it is called off.

Each kind is a class. Its base says where it strikes: ``InsteadOfAmazon``, ``InTheAnswer`` or ``OnTheWire``.
"""

import json

from . import operations
from .answer import Answer
from .errors import (
    AmazonError,
    LwaError,
    invalid_input,
    not_found,
    page_token_mismatch,
    quota_exceeded,
    storage_refusal,
    unauthorized,
)
from .store import Store

TOKEN = "token"  # Login with Amazon
STORAGE = ("uploadFeedDocument", "downloadFeedDocument", "downloadReportDocument")
# Parameters of faults that strike where one of several values is asked for.
AMONG = {"marketplace_id": "marketplaceIds", "included_data": "includedData"}
HTML = "text/html; charset=utf-8"
ERROR_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
KINDS = {}  # name -> class


def targets():
    """What a fault's ``operation`` may name."""
    return ("*", TOKEN, *STORAGE, *operations.BY_NAME)


class Fault:
    """A fault that was ordered.

    :cvar kind: its name in the control API; the bases have none
    :ivar values: its JSON: {id, operation, kind, times, after, match, merchant_id?, marketplace_id?, included_data?,
        fired, …parameters of the kind}; ``marketplace_id`` and ``included_data`` strike calls that ask for it, too
    """

    kind = None

    def __init_subclass__(cls):
        super().__init_subclass__()
        if cls.kind:
            KINDS[cls.kind] = cls

    def __init__(self, values):
        self.values = values

    @property
    def id(self):
        return self.values["id"]

    def concerns(self, operation, query, merchant_id):
        """Whether a call is one that the fault was ordered for."""
        values = self.values
        if values["operation"] not in ("*", operation) or not self.fits(operation, query):
            return False
        if values.get("merchant_id") not in (None, merchant_id):
            return False
        for name, parameter in AMONG.items():
            if values.get(name) and values[name] not in query.get(parameter, "").split(","):
                return False
        return all(query.get(name) == str(value) for name, value in (values["match"] or {}).items())

    def fits(self, operation, query):
        """Whether this kind of trouble can befall such a call at all."""
        return True

    def strike(self, operation, perform, call):
        """Answer a call.

        :param perform: ``perform() -> Answer`` has Amazon do what was asked
        :param call: the ``Call`` of an operation; None for a token or the storage
        :return: (Answer, whether there was anything to strike)
        """
        raise NotImplementedError

    def seconds(self, otherwise):
        return float(self.values.get("seconds", otherwise))


# Where faults strike


class InsteadOfAmazon(Fault):
    """Amazon does nothing; the fault answers."""

    def strike(self, operation, perform, call):
        return self.answer(operation), True

    def answer(self, operation):
        """The Answer to a call of ``operation`` (its name)."""
        raise NotImplementedError


class InTheAnswer(Fault):
    """The JSON of an operation's good answer is changed."""

    def fits(self, operation, query):
        return operation != TOKEN and operation not in STORAGE

    def strike(self, operation, perform, call):
        answer = perform()
        good = answer.status < 300 and answer.body
        changed = self.change(call, json.loads(answer.body)) if good else None
        return (answer, False) if changed is None else (Answer.json(answer.status, changed), True)

    def change(self, call, body):
        """The changed JSON (``body`` is not Amazon's own copy), or None when there is nothing to change."""
        raise NotImplementedError


class OnTheWire(Fault):
    """Amazon has done what was asked, but its answer does not arrive as it is.

    :cvar needs_a_body: whether an answer without one is spared
    """

    needs_a_body = False

    def strike(self, operation, perform, call):
        answer = perform()
        if self.needs_a_body and not answer.body:
            return answer, False
        return self.carry(answer), True

    def carry(self, answer):
        """What arrives of the Answer."""
        raise NotImplementedError


# Instead of Amazon's answer


def html(status, title):
    return Answer(status, ERROR_PAGE.format(title).encode(), HTML)


class TooManyRequests(InsteadOfAmazon):
    """``message``: what Amazon says; limits of an application or of kinds of attributes have texts of their own."""

    kind = "429"

    def answer(self, operation):
        return quota_exceeded(self.values.get("message")).answer()


class TooManyRequestsAsText(InsteadOfAmazon):
    kind = "429_text"

    def answer(self, operation):
        return Answer(429, b"Too Many Requests", "text/plain")


class ErrorPage(InsteadOfAmazon):
    kind = "500_html"

    def answer(self, operation):
        return html(500, "Internal Server Error")


class BadGateway(InsteadOfAmazon):
    kind = "502"

    def answer(self, operation):
        return html(502, "Bad Gateway")


class UnavailableWithoutWords(InsteadOfAmazon):
    kind = "503_empty"

    def answer(self, operation):
        return Answer(503, b"", "text/plain")


class Unavailable(InsteadOfAmazon):
    kind = "503_json"

    def answer(self, operation):
        message = "Service is temporarily unavailable. Please try again later."
        return AmazonError(503, "ServiceUnavailable", message).answer()


class Denied(InsteadOfAmazon):
    """``code``, ``message`` and ``details`` are what Amazon says."""

    kind = "403"

    def answer(self, operation):
        code = self.values.get("code", "Unauthorized")
        message = self.values.get("message", "Access to requested resource is denied.")
        return AmazonError(403, code, message, self.values.get("details", "")).answer()


class Forbidden(InsteadOfAmazon):
    """As the gateway before Amazon's API says it."""

    kind = "403_forbidden_message"

    def answer(self, operation):
        return Answer.json(403, {"message": "Forbidden"})


class ExpiredToken(InsteadOfAmazon):
    kind = "403_expired_token"

    def answer(self, operation):
        return unauthorized("The access token you provided has expired.").answer()


class BadRequest(InsteadOfAmazon):
    """``code``, ``message`` and ``details`` are what Amazon says, ``error`` what Login with Amazon says."""

    kind = "400"

    def answer(self, operation):
        message = self.values.get("message", "Request has missing or invalid parameters and cannot be parsed.")
        if operation == TOKEN:
            return LwaError(400, self.values.get("error", "invalid_request"), message).answer()
        code, details = self.values.get("code", "InvalidInput"), self.values.get("details", "")
        return AmazonError(400, code, message, details).answer()


class Timeout(InsteadOfAmazon):
    """Nothing for ``seconds``, then the connection ends."""

    kind = "timeout"

    def answer(self, operation):
        return Answer(0, wire="cut", delay=self.seconds(60))


class CutBefore(InsteadOfAmazon):
    kind = "cut_before"

    def answer(self, operation):
        return Answer(0, wire="cut")


class TokenRefused(InsteadOfAmazon):
    """The token of a next page is not taken."""

    kind = "token_refused"

    operations = ("listTransactions", "getOrders", "getShippingLabels", "getPackingSlips", "getCustomerInvoices")

    def fits(self, operation, query):
        return "paginationToken" in query or operation in self.operations and "nextToken" in query

    def answer(self, operation):
        name = "nextToken" if operation in self.operations else "paginationToken"
        return invalid_input(f"The {name} is invalid.").answer()


class PageTokenMismatch(InsteadOfAmazon):
    """Amazon takes a next page for one of another search, which it is not; a moment later it does not."""

    kind = "page_token_mismatch"

    def fits(self, operation, query):
        return "pageToken" in query

    def answer(self, operation):
        return page_token_mismatch().answer()


class ErrorsAsObject(InsteadOfAmazon):
    kind = "dict_errors"

    def answer(self, operation):
        error = {"code": "InvalidInput", "message": "One object instead of a list."}
        return Answer.json(int(self.values.get("status", 400)), {"errors": error})


class ListInsteadOfObject(InsteadOfAmazon):
    kind = "list_body"

    def answer(self, operation):
        return Answer.json(200, [])


class PageInsteadOfJson(InsteadOfAmazon):
    kind = "html_200"

    def answer(self, operation):
        return html(200, "Amazon")


class NotFoundYet(InsteadOfAmazon):
    kind = "not_found_yet"

    def answer(self, operation):
        return not_found("The resource was not found.").answer()


class ExpiredUrl(InsteadOfAmazon):
    """The presigned address of a document is too old."""

    kind = "expired_url"

    def fits(self, operation, query):
        return operation in STORAGE

    def answer(self, operation):
        return storage_refusal("AccessDenied", "Request has expired")


# Done, but not told


class CutAfter(OnTheWire):
    kind = "cut_after"

    def carry(self, answer):
        answer.wire = "cut"
        return answer


class TimeoutAfter(OnTheWire):
    kind = "timeout_after"

    def carry(self, answer):
        answer.wire, answer.delay = "cut", self.seconds(60)
        return answer


class ErrorAfter(OnTheWire):
    kind = "500_after"

    def carry(self, answer):
        return html(500, "Internal Server Error")


class CutBody(OnTheWire):
    """All headers, half of the body."""

    kind = "cut_body"
    needs_a_body = True

    def carry(self, answer):
        answer.wire = "half"
        return answer


class TruncatedJson(OnTheWire):
    """Half of the body, as if it were the whole."""

    kind = "truncated_json"
    needs_a_body = True

    def carry(self, answer):
        answer.body = answer.body[: len(answer.body) // 2]
        return answer


class Slow(OnTheWire):
    kind = "slow"

    def carry(self, answer):
        answer.delay = self.seconds(1)
        return answer


# Answers that are not as they should be


def unwrapped(body):
    """What an answer is about: some stand in a payload."""
    payload = body.get("payload")
    return payload if isinstance(payload, dict) else body


class EmptyPage(InTheAnswer):
    """No orders, and a token that leads to what this page should have shown."""

    kind = "empty_page_with_token"

    def change(self, call, body):
        if "orders" not in unwrapped(body):
            return None
        unwrapped(body).update(orders=[], pagination={"nextToken": call.token_after(call.position_before)})
        return body


class PageWithoutList(InTheAnswer):
    """A page that does not say which orders there are."""

    kind = "page_without_list"

    def change(self, call, body):
        if unwrapped(body).pop("orders", None) is None:
            return None
        return body


class SamePage(InTheAnswer):
    """The page's token leads to this page again."""

    kind = "same_page"

    def change(self, call, body):
        if "pagination" not in unwrapped(body):
            return None
        unwrapped(body)["pagination"] = {"nextToken": call.token_after(call.position_before)}
        return body


class DuplicateOrder(InTheAnswer):
    """The page's last order shows on the next page again."""

    kind = "duplicate_order"

    def change(self, call, body):
        if "pagination" not in unwrapped(body):
            return None
        keys = [key for key, _record in call.found[: call.page_size]]
        position = keys[-2] if len(keys) > 1 else call.position_before
        unwrapped(body)["pagination"] = {"nextToken": call.token_after(position)}
        return body


class ChangeDuringPaging(InTheAnswer):
    """``n`` orders of later pages change now and so leave the window."""

    kind = "change_during_paging"

    def fits(self, operation, query):
        return operation == "searchOrders"

    def change(self, call, body):
        if "pagination" not in body:
            return None
        for _key, record in call.found[call.page_size :][: int(self.values.get("n", 1))]:
            call.world.orders.touch(record)
        return body


class ListingLeftOut(InTheAnswer):
    """A search finds a listing less than there are: its last, with a number of results as if it were there."""

    kind = "listing_left_out"

    def fits(self, operation, query):
        return operation == "searchListingsItems"

    def change(self, call, body):
        return {**body, "items": body["items"][:-1]} if body.get("items") else None


class ReportEnds(InTheAnswer):
    """The report that is asked for ends as ``status`` says: FATAL, CANCELLED, or never (IN_QUEUE)."""

    kind = "report_ends"
    statuses = ("FATAL", "CANCELLED", "IN_QUEUE")

    def __init__(self, values):
        super().__init__(values)
        self.status = values.get("status", self.statuses[0])
        if self.status not in self.statuses:
            raise ValueError(f"status is one of {', '.join(self.statuses)}")

    def fits(self, operation, query):
        return operation == "createReport"

    def change(self, call, body):
        report = call.world.reports.by_id[body["reportId"]]
        report.update({"stuck": True} if self.status == "IN_QUEUE" else {"fate": self.status})
        return body


class TransactionEnds(InTheAnswer):
    """What a vendor submits ends as ``status`` says: Failure (with ``code`` and ``message``; ``applied``: Amazon has
    done it all the same), or never (Processing)."""

    kind = "transaction_ends"
    statuses = ("Failure", "Processing")
    code, message = "INTERNAL_SERVER_ERROR", "Internal error. Please try again."

    def __init__(self, values):
        super().__init__(values)
        self.status = values.get("status", self.statuses[0])
        if self.status not in self.statuses:
            raise ValueError(f"status is one of {', '.join(self.statuses)}")

    def fits(self, operation, query):
        return operation.startswith("submit")

    def change(self, call, body):
        transaction_id = unwrapped(body)["transactionId"]
        transaction = call.world.vendor.transactions.get(transaction_id)
        if not transaction:
            return None
        error = {"code": self.values.get("code", self.code), "message": self.values.get("message", self.message)}
        fate = {"status": "Failure", "errors": [error], "applied": bool(self.values.get("applied"))}
        transaction.update({"stuck": True} if self.status == "Processing" else {"fate": fate})
        return body


class SameTransaction(InTheAnswer):
    """What a vendor submits is taken in, and answered with the number of what it has submitted first."""

    kind = "same_transaction"

    def fits(self, operation, query):
        return operation.startswith("submit")

    def change(self, call, body):
        of_all = call.world.vendor.transactions.values()
        first = next(one["id"] for one in of_all if one["merchant_id"] == call.merchant_id)
        if unwrapped(body)["transactionId"] == first:
            return None
        unwrapped(body)["transactionId"] = first
        return body


class EmptyPaper(InTheAnswer):
    """A label, slip or invoice that is there is answered with nothing."""

    kind = "empty_paper"

    def fits(self, operation, query):
        return operation in ("getShippingLabel", "getPackingSlip", "getCustomerInvoice", "createShippingLabels")

    def change(self, call, body):
        return {"payload": {}} if "payload" in body else {}


NUMBERS = ("orderId", "purchaseOrderNumber")
VARIANTS = ("no_items", "quantity_letter", "amount_abc")


class MalformedOrder(InTheAnswer):
    """One order (``order_id``, else the ``index``-th of the page) makes no sense, in the way ``variant`` says."""

    kind = "malformed_order"

    def __init__(self, values):
        super().__init__(values)
        self.variant = values.get("variant", VARIANTS[0])
        if self.variant not in VARIANTS:
            raise ValueError(f"variant is one of {', '.join(VARIANTS)}")

    def change(self, call, body):
        orders = self.orders_of(unwrapped(body))
        if "order_id" in self.values:
            orders = [order for order in orders if self.values["order_id"] in (order.get(name) for name in NUMBERS)]
        if not orders:
            return None
        order = orders[min(int(self.values.get("index", 0)), len(orders) - 1)]
        if "orderDetails" in order:
            self.spoil(order["orderDetails"], "items", "orderedQuantity", "netPrice")
        else:
            self.spoil(order, "orderItems", "quantityOrdered", "proceeds")
        return body

    def orders_of(self, content):
        """The orders in an answer that have items: a seller's or a vendor's."""
        orders = content.get("orders") or [content.get("order", content)]
        return [order for order in orders if "orderItems" in order or "orderDetails" in order]

    def spoil(self, order, items, quantity, money):
        """``items``, ``quantity`` and ``money``: names of fields."""
        item = order[items][0]
        if self.variant == "no_items":
            del order[items]
        elif self.variant == "quantity_letter":
            item[quantity] = "x"
        elif money == "proceeds":
            item.setdefault(money, {})["proceedsTotal"] = {"amount": "abc", "currencyCode": "JPY"}
        else:
            item[money] = {"amount": "abc", "currencyCode": "JPY"}


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


class UnknownFields(InTheAnswer):
    """Every object has a field nobody knows, every enumeration a value nobody knows."""

    kind = "unknown_fields"

    def change(self, call, body):
        return make_unknown(body)


def make_unknown(value, key=""):
    if isinstance(value, dict):
        return {**{k: make_unknown(v, k) for k, v in value.items()}, "unknownField": {"未知": [1, None]}}
    if isinstance(value, list):
        return [make_unknown(element, key) for element in value]
    return f"NEW_{value}" if key in ENUMERATED else value


# What is ordered


class Faults(Store):
    """The faults ordered and not yet used up.

    :ivar active: list of Fault, oldest first
    """

    def __init__(self, world):
        super().__init__(world)
        self.active = []
        self.last_id = 0

    def add(self, values):
        """Order a fault; ``values`` as in ``POST /control/faults``."""
        if values.get("kind") not in KINDS:
            raise ValueError(f"unknown kind of fault: {values.get('kind')!r}")
        defaults = {"operation": "*", "times": 1, "after": 0, "match": {}}
        fault = KINDS[values["kind"]]({**defaults, **values, "id": self.last_id + 1, "fired": 0})
        self.last_id = fault.id
        self.active.append(fault)
        return fault

    def clear(self, fault_id=None):
        self.active = [fault for fault in self.active if fault_id not in (None, fault.id)]

    def around(self, operation, query, merchant_id, perform, call=None):
        """Answer a call, with the trouble that is ordered for it.

        :param query: what ``match`` looks at; the others as in ``Fault.strike``
        :return: (Answer, the Fault that struck or None)
        """
        fault = self.take(operation, query, merchant_id)
        if not fault:
            return perform(), None
        answer, struck = fault.strike(operation, perform, call)
        if struck:
            return answer, fault
        self.give_back(fault)
        return answer, None

    def take(self, operation, query, merchant_id):
        """The fault that strikes this call, counted as used, or None."""
        for fault in list(self.active):
            values = fault.values
            if not fault.concerns(operation, query, merchant_id):
                continue
            if values["after"] > 0:
                values["after"] -= 1
                continue
            values["fired"] += 1
            if values["times"] is not None:
                values["times"] -= 1
                if values["times"] <= 0:
                    self.active.remove(fault)
            return fault
        return None

    def give_back(self, fault):
        """The call offered nothing to strike: the fault waits for the next one."""
        fault.values["fired"] -= 1
        if fault.values["times"] is not None:
            fault.values["times"] += 1
            if fault not in self.active:
                self.active.append(fault)

    def dump(self):
        return {"active": [fault.values for fault in self.active], "last_id": self.last_id}

    def load(self, data):
        self.active = [KINDS[values["kind"]](values) for values in data["active"]]
        self.last_id = data["last_id"]
