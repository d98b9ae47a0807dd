"""Orders API 2026-01-01: searchOrders and getOrder."""

import datetime
import hashlib
import json
from functools import partial

from . import history
from .errors import invalid_input, not_found, unauthorized
from .marketplaces import BY_ID
from .operations import ORDER_ROLES, operation
from .signing import seal, unseal
from .store import Store
from .times import iso, parse, shift

MODEL = "orders_2026-01-01.json"
STATUSES = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)
ORDER_SECTIONS = {
    "buyer": "BUYER",
    "recipient": "RECIPIENT",
    "proceeds": "PROCEEDS",
    "payment": "PAYMENT",
    "tax": "TAX",
    "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
}
ITEM_SECTIONS = {
    "proceeds": "PROCEEDS",
    "expense": "EXPENSE",
    "promotion": "PROMOTION",
    "cancellation": "CANCELLATION",
    "fulfillment": "FULFILLMENT",
    "tax": "TAX",
}
INCLUDED_DATA = tuple(dict.fromkeys([*ORDER_SECTIONS.values(), *ITEM_SECTIONS.values()]))
ADDRESS_PII = ("name", "addressLine1", "addressLine2", "addressLine3", "postalCode", "phone", "extendedFields")
PENDING = ("PENDING_AVAILABILITY", "PENDING")
WITH_BUYER_EMAIL = ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
PARAMETERS = (
    "createdAfter",
    "createdBefore",
    "lastUpdatedAfter",
    "lastUpdatedBefore",
    "fulfillmentStatuses",
    "marketplaceIds",
    "fulfilledBy",
    "maxResultsPerPage",
    "paginationToken",
    "includedData",
)
MAY_CHANGE = ("maxResultsPerPage", "includedData", "paginationToken")
DELAY = datetime.timedelta(minutes=2)
TOKEN_HOURS = 24


class Orders(Store):
    """Every order.

    :ivar records: order id -> {order, merchant_id, kind, prices_while_pending, confirmations, unseen, hidden_until}
    :ivar page_limit: no page has more orders, whatever was asked for
    """

    kept = ("records", "page_limit")

    def __init__(self, world):
        super().__init__(world)
        self.records, self.page_limit = {}, 100

    def of(self, merchant_id, order_id):
        """The record of a seller's order, or None."""
        record = self.records.get(order_id)
        return record if record and record["merchant_id"] == merchant_id else None

    def new_id(self, rng):
        while True:
            order_id = f"{rng.randint(100, 999)}-{rng.randint(0, 9999999):07d}-{rng.randint(0, 9999999):07d}"
            if order_id not in self.records:
                return order_id

    def touch(self, record):
        """The order changed now."""
        record["order"]["lastUpdatedTime"] = self.world.clock.iso()


# searchOrders


@operation("searchOrders", "GET", "/orders/2026-01-01/orders", rate=0.0056, burst=20, roles=ORDER_ROLES, model=MODEL)
def search_orders(call):
    """One page. The next one starts after a (time, order id) position and is computed on live data: an order that
    changes meanwhile leaves the window, as at Amazon."""
    call.only_parameters(*PARAMETERS)
    page_size = min(read_page_size(call), call.world.orders.page_limit)
    included = read_list(call, "includedData", INCLUDED_DATA)
    search = read_search(call)
    token = call.query.get("paginationToken")
    if token is not None:
        search.update(read_token(call, token))
    found = matches(call, search)
    page = found[:page_size]
    body = {"orders": [view(call, record, included) for _key, record in page]}
    if len(found) > page_size:
        body["pagination"] = {"nextToken": write_token(call, search["before"], page[-1][0])}
    body["lastUpdatedBefore" if search["field"] == "lastUpdatedTime" else "createdBefore"] = search["before"]
    call.found, call.page_size, call.position_before = found, page_size, search["position"]
    call.token_after = partial(write_token, call, search["before"])
    return body


def read_page_size(call):
    text = call.query.get("maxResultsPerPage", "100")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid_input("Parameter maxResultsPerPage must be a number between 1 and 100.")
    return int(text)


def read_list(call, name, allowed=None, most=None):
    """A comma separated parameter -> list of str, or None when it is absent."""
    text = call.query.get(name)
    if text is None:
        return None
    values = text.split(",")
    wrong = [value for value in values if not value or (allowed and value not in allowed)]
    if wrong:
        raise invalid_input(f"Parameter {name} has an invalid value: {wrong[0]!r}.")
    if most and len(values) > most:
        raise invalid_input(f"Parameter {name} has more than {most} values.")
    return values


def read_search(call):
    """The search's conditions: field and time window, statuses, marketplaces, who fulfills."""
    field, after, before = read_window(call)
    return {
        "field": field,
        "after": after,
        "before": before,
        "position": ("", ""),
        "statuses": read_list(call, "fulfillmentStatuses", STATUSES),
        "fulfilled_by": read_list(call, "fulfilledBy", ("MERCHANT", "AMAZON")),
        "marketplaces": read_marketplaces(call),
    }


def read_window(call):
    query, now = call.query, call.world.clock.now()
    if ("createdAfter" in query) == ("lastUpdatedAfter" in query):
        raise invalid_input("Exactly one of createdAfter and lastUpdatedAfter must be provided.")
    family, other = ("created", "lastUpdated") if "createdAfter" in query else ("lastUpdated", "created")
    if f"{other}Before" in query:
        raise invalid_input(f"{other}Before cannot be combined with {family}After.")
    after = read_time(call, f"{family}After")
    before = now - DELAY
    if after > now:
        raise invalid_input(f"{family}After must not be in the future.")
    if f"{family}Before" in query:
        before = read_time(call, f"{family}Before")
        # A paged search repeats its parameters; the window was judged with its first page.
        if before > now - DELAY:
            raise invalid_input(f"{family}Before must be at least two minutes before the time of the request.")
        if before < after:
            raise invalid_input(f"{family}Before must be equal to or after {family}After.")
    return ("createdTime" if family == "created" else "lastUpdatedTime"), iso(after), iso(before)


def read_time(call, name):
    try:
        return parse(call.query[name])
    except ValueError:
        raise invalid_input(f"Parameter {name} is not an ISO 8601 date-time.") from None


def read_marketplaces(call):
    ids = read_list(call, "marketplaceIds", most=50)
    for marketplace in ids or []:
        if marketplace not in BY_ID:
            raise invalid_input(f"Parameter marketplaceIds has an invalid value: {marketplace!r}.")
        if marketplace not in call.seller["marketplaces"]:
            raise unauthorized(f"The seller does not take part in marketplace {marketplace}.")
    return ids


def matches(call, search):
    """[((time, order id), record)] of the search after its position, in order."""
    field, after, before, position = search["field"], search["after"], search["before"], tuple(search["position"])
    found, now = [], call.world.clock.iso()
    for record in call.world.orders.records.values():
        order = record["order"]
        if not after <= order[field] <= before or record["merchant_id"] != call.merchant_id:
            continue
        if record.get("hidden_until", "") > now:
            continue
        key = (order[field], order["orderId"])
        if key > position and meets(order, search):
            found.append((key, record))
    found.sort(key=lambda pair: pair[0])
    return found


def meets(order, search):
    """Tell whether an order is searched for. What was taken out of it, for Amazon to leave out of its answers, it knows
    all the same."""
    fulfillment, channel = order.get("fulfillment") or {}, order.get("salesChannel") or {}
    for wanted, actual in (
        (search["statuses"], fulfillment.get("fulfillmentStatus")),
        (search["fulfilled_by"], fulfillment.get("fulfilledBy")),
        (search["marketplaces"], channel.get("marketplaceId")),
    ):
        if wanted is not None and actual is not None and actual not in wanted:
            return False
    return True


# Pagination tokens: opaque to the caller, and proof against meddling


def write_token(call, before, position):
    content = {"before": before, "position": position, "issued": call.world.clock.iso(), "of": fingerprint(call)}
    return seal(call.world, "paginationToken", content)


def read_token(call, token):
    """{before, position} of a token; 400 when it is forged, older than 24 hours or of another search."""
    data = unseal(call.world, "paginationToken", token)
    if not data:
        raise invalid_input("The paginationToken is invalid.")
    if shift(data["issued"], hours=TOKEN_HOURS) <= call.world.clock.iso():
        raise invalid_input("The paginationToken has expired.")
    if data["of"] != fingerprint(call):
        raise invalid_input("All parameters must be the same as in the request that returned the paginationToken.")
    return {"before": data["before"], "position": tuple(data["position"])}


def fingerprint(call):
    """What must not change within a paged search."""
    fixed = sorted((key, value) for key, value in call.query.items() if key not in MAY_CHANGE)
    return hashlib.sha256(json.dumps([call.merchant_id, fixed]).encode()).hexdigest()[:16]


# getOrder


@operation("getOrder", "GET", "/orders/2026-01-01/orders/<orderId>", rate=0.5, burst=30, roles=ORDER_ROLES, model=MODEL)
def get_order(call):
    call.only_parameters("includedData")
    included = read_list(call, "includedData", INCLUDED_DATA)
    record = call.world.orders.of(call.merchant_id, call.path_args["orderId"])
    if not record:
        raise not_found(f"Order {call.path_args['orderId']} was not found.")
    return {"order": view(call, record, included)}


# What of an order the caller gets to see


def view(call, record, included):
    """The order's JSON with the ``included`` sections (list or None), less what its status or the caller's roles hide.

    The stored order is not copied deeply: whatever differs is replaced, never changed in place.
    """
    included = included or []
    order = sections(record["order"], ORDER_SECTIONS, included)
    order["orderItems"] = [sections(item, ITEM_SECTIONS, included) for item in order["orderItems"]]
    if "PACKAGES" in included:
        show_packages(order, history.packages_shown(call.world, record))
    status = record["order"]["fulfillment"]["fulfillmentStatus"]
    if status in PENDING:
        hide_of_pending(order, record)
    if status in PENDING or status == "CANCELLED":
        order.pop("recipient", None)
    hide_of_buyer(call, order, record, status)
    if "direct_to_consumer_shipping" not in call.seller["roles"]:
        hide_personal(order)
    if "tax" in order and "tax_invoicing" not in call.seller["roles"]:
        order["tax"] = without(order["tax"], "taxRegistrations")
    return order


def sections(part, names, included):
    return {key: value for key, value in part.items() if key not in names or names[key] in included}


def without(part, *keys):
    return {key: value for key, value in part.items() if key not in keys}


def show_packages(order, packages):
    order.pop("packages", None)
    if packages:
        order["packages"] = packages


def hide_of_pending(order, record):
    """Nobody is known to buy yet, and how it is paid is open."""
    order.pop("buyer", None)
    order.pop("payment", None)
    if "fulfillment" in order:
        order["fulfillment"] = without(order["fulfillment"], "deliverByWindow")
    if not record["prices_while_pending"]:
        order.pop("proceeds", None)
        order["orderItems"] = [
            {**without(item, "proceeds", "expense", "promotion", "tax"), "product": without(item["product"], "price")}
            for item in order["orderItems"]
        ]


def hide_of_buyer(call, order, record, status):
    """Amazon's own shipments show no e-mail and no phone; nor does a phone outlive the promised delivery."""
    fulfillment = record["order"]["fulfillment"]
    by_amazon = fulfillment.get("fulfilledBy") == "AMAZON"
    if "buyer" in order and (by_amazon or status not in WITH_BUYER_EMAIL):
        order["buyer"] = without(order["buyer"], "buyerEmail")
    latest = fulfillment.get("deliverByWindow", {}).get("latestDateTime", "9")
    over = status == "SHIPPED" and call.world.clock.iso() > latest
    address = order.get("recipient", {}).get("deliveryAddress")
    if address and (by_amazon or over):
        order["recipient"] = {**order["recipient"], "deliveryAddress": without(address, "phone")}


def hide_personal(order):
    """Without the restricted role everything that tells who the buyer is stays away."""
    if "buyer" in order:
        order["buyer"] = without(order["buyer"], "buyerName", "buyerEmail")
    address = order.get("recipient", {}).get("deliveryAddress")
    if address:
        order["recipient"] = {"deliveryAddress": without(address, *ADDRESS_PII)}
    order["orderItems"] = [hide_personal_of_item(item) for item in order["orderItems"]]


def hide_personal_of_item(item):
    item = {**item, "product": without(item["product"], "customization")}
    packing = item.get("fulfillment", {}).get("packing", {})
    if "giftOption" in packing:
        packing = {**packing, "giftOption": without(packing["giftOption"], "giftMessage")}
        item["fulfillment"] = {**item["fulfillment"], "packing": packing}
    return item
