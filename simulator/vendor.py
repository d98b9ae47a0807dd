"""Vendor Direct Fulfillment: what its APIs have in common, and everything Amazon remembers of a vendor.

Both versions have the same operations; v1 puts every answer into a ``payload``.
"""

import datetime
import hashlib
import json
from functools import partial, wraps

from .errors import invalid_input, not_found
from .operations import operation
from .signing import seal, unseal
from .store import Store
from .times import parse, shift

V1, V2021 = "v1", "2021-12-28"
VERSIONS = (V2021, V1)
ROLES = ("direct_to_consumer_shipping",)
MODELS = {
    "orders": ("vendorDirectFulfillmentOrders_2021-12-28.json", "vendorDirectFulfillmentOrdersV1.json"),
    "shipping": ("vendorDirectFulfillmentShipping_2021-12-28.json", "vendorDirectFulfillmentShippingV1.json"),
    "transactions": (
        "vendorDirectFulfillmentTransactions_2021-12-28.json",
        "vendorDirectFulfillmentTransactionsV1.json",
    ),
    "inventory": (None, "vendorDirectFulfillmentInventoryV1.json"),
}
WINDOW = ("shipFromPartyId", "limit", "createdAfter", "createdBefore", "sortOrder", "nextToken")
LONGEST_SPAN = datetime.timedelta(days=7)
OLDEST_DAYS = 183  # six months

# What a seller's ``vendor`` says, where it says it.
DEFAULTS = {
    "selling_party": "SIMJP",
    "warehouses": ["SIMT", "SIMO"],  # party ids
    "own_carrier": False,  # ships by carriers of its own, and so sees whom to
    "scac": "SIMC",  # of its own carrier
    "label_format": "PNG",  # or ZPL
    "sync_labels": True,  # whether createShippingLabels is open to it
    "refused_products": [],  # products of which it takes no stock
    "names_refused": True,  # whether it says which one it is that it does not take
    "invoices": False,  # whether Amazon writes customer invoices, as in India
}


class Vendor(Store):
    """What Amazon knows of its vendors.

    :ivar orders: purchase order number -> {merchant_id, kind, order (as 2021-12-28 shows it), created, history (list of
        {time, event, …}), acknowledgement, label, confirmation, statuses, cancelled}
    :ivar transactions: transaction id -> what was submitted (``vendor_transactions.py``); ``open``: the ids of those
        that are not through yet
    :ivar stock: "merchant|warehouse" -> {product id: {"quantity", "obsolete", "time"}}
    """

    kept = ("orders", "transactions", "open", "stock")

    def __init__(self, world):
        super().__init__(world)
        self.orders, self.transactions, self.open, self.stock = {}, {}, [], {}

    def of(self, merchant_id, number):
        """The record of a vendor's order, or None."""
        record = self.orders.get(number)
        return record if record and record["merchant_id"] == merchant_id else None


def facts_of(seller):
    """What kind of vendor a seller is: see ``DEFAULTS``."""
    return {**DEFAULTS, **(seller.get("vendor") or {})}


def note(record, at, event, **facts):
    """Remember what happened to an order."""
    record["history"].append({"time": at, "event": event, **facts})


def vendor_operation(name, method, api, place, versions=VERSIONS, **facts):
    """Decorator of a handler: it answers the operation in each of its versions.

    :param api: orders, shipping, transactions, inventory
    :param place: the path below the version
    """

    def register(handler):
        for version in versions:
            operation(
                name,
                method,
                f"/vendor/directFulfillment/{api}/{version}/{place}",
                rate=10,
                burst=10,
                roles=ROLES,
                model=MODELS[api][VERSIONS.index(version)],
                version=version,
                bare_errors=(api, version) == ("transactions", V2021),
                **facts,
            )(in_payload(handler) if version == V1 else handler)
        return handler

    return register


def in_payload(handler):
    @wraps(handler)
    def wrapped(call):
        return {"payload": handler(call)}

    return wrapped


def find_order(call):
    """The record of the order in the call's path."""
    call.only_parameters()
    number = call.path_args["purchaseOrderNumber"]
    record = call.world.vendor.of(call.merchant_id, number)
    if not record:
        raise not_found(f"The purchase order {number} was not found.")
    return record


# Searches


def read_window(call, *others, most=100):
    """The search's window: after, before (datetimes), party, size, whether newest first, position.

    :param others: parameters of this operation alone
    :param most: entries on a page
    """
    call.only_parameters(*WINDOW, *others)
    after, before = read_time(call, "createdAfter"), read_time(call, "createdBefore")
    if before < after:
        raise invalid_input("createdBefore must be after createdAfter.")
    if before - after > LONGEST_SPAN:
        raise invalid_input("The date range must not be more than 7 days.")
    if shift(call.world.clock.iso(), days=-OLDEST_DAYS) > shift(before.isoformat()):
        raise invalid_input("createdBefore must not be more than six months in the past.")
    order = call.query.get("sortOrder", "ASC")
    if order not in ("ASC", "DESC"):
        raise invalid_input(f"Invalid sortOrder: {order!r}.")
    return {
        "after": shift(after.isoformat()),
        "before": shift(before.isoformat()),
        "party": call.query.get("shipFromPartyId"),
        "size": read_limit(call, most),
        "newest_first": order == "DESC",
        "position": read_token(call),
    }


def read_time(call, name):
    if name not in call.query:
        raise invalid_input(f"The parameter {name} is required.")
    try:
        return parse(call.query[name])
    except ValueError:
        raise invalid_input(f"The parameter {name} is not an ISO 8601 date-time.") from None


def read_limit(call, most):
    text = call.query.get("limit", str(most))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid_input(f"limit must be between 1 and {most}.")
    return int(text)


def page(call, search, name, times, shown):
    """The JSON of a page of a vendor's orders, or of what belongs to them.

    :param search: as ``read_window`` gives it
    :param name: of the list
    :param times: ``times(record)`` is when it became available, or None
    :param shown: ``shown(record)`` is its JSON
    """
    found = []
    for number, record in call.world.vendor.orders.items():
        if record["merchant_id"] != call.merchant_id or search["party"] not in (None, party(record)):
            continue
        time = times(record)
        if time and search["after"] <= time <= search["before"]:
            found.append(((time, number), record))
    found.sort(key=lambda entry: entry[0], reverse=search["newest_first"])
    if search["position"]:
        place = tuple(search["position"])
        found = [one for one in found if (one[0] < place if search["newest_first"] else one[0] > place)]
    call.found, call.page_size, call.position_before = found, search["size"], search["position"]
    call.token_after = partial(write_token, call)
    entries = found[: search["size"]]
    body = {name: [shown(record) for _key, record in entries]}
    if len(found) > len(entries):
        body = {"pagination": {"nextToken": write_token(call, entries[-1][0])}, **body}
    return body


def party(record):
    return record["order"]["orderDetails"]["shipFromParty"]["partyId"]


def write_token(call, position):
    return seal(call.world, "vendor", {"position": position, "of": fingerprint(call)})


def read_token(call):
    if "nextToken" not in call.query:
        return None
    token = unseal(call.world, "vendor", call.query["nextToken"])
    if not token or token["of"] != fingerprint(call):
        raise invalid_input("The nextToken is invalid.")
    return token["position"]


def fingerprint(call):
    fixed = sorted((key, value) for key, value in call.query.items() if key != "nextToken")
    return hashlib.sha256(json.dumps([call.merchant_id, call.path, fixed]).encode()).hexdigest()[:16]
