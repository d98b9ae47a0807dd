"""The control API of Vendor Direct Fulfillment."""

import datetime

from . import vendor_build, vendor_shipping, vendor_transactions
from .actions import Refused
from .build import merge
from .times import shift
from .vendor import note

NO_REASON = {"code": "NotAvailable", "message": "Error details are not available"}


def list_kinds(world, request, values):
    return [{"kind": name, "ja": ja, "en": en} for name, (ja, en, _wanted) in vendor_build.KINDS.items()]


def add_orders(world, request, values):
    """``count`` orders of a kind; ``kind`` ``all``: one of each. ``spread_seconds``: they were placed over so long."""
    seller = world.sellers.by_id[values["merchant_id"]]
    kind, count = values.get("kind", "vendor_standard"), int(values.get("count", 1))
    kinds = list(vendor_build.KINDS) if kind == "all" else [kind] * count
    spread = float(values.get("spread_seconds", 0))
    start = world.clock.now() - datetime.timedelta(seconds=spread)
    numbers = []
    for place, one in enumerate(kinds):
        created = values.get("created") or shift(start.isoformat(), seconds=spread * place / max(1, len(kinds) - 1))
        numbers.append(vendor_build.place(world, seller, one, {**values, "created": created}))
    return {"numbers": numbers}


def list_orders(world, request, values):
    """Everything that is known of each order, oldest first."""
    merchant_id = request.args.get("merchant_id")
    return [shown(record) for record in world.vendor.orders.values() if merchant_id in (None, record["merchant_id"])]


def shown(record):
    order = record["order"]
    return {"number": order["purchaseOrderNumber"], "status": order["orderDetails"]["orderStatus"], **record}


def find(world, number):
    if number not in world.vendor.orders:
        raise KeyError(f"no purchase order {number}")
    return world.vendor.orders[number]


def show_order(world, request, values, number):
    return shown(find(world, number))


def change_order(world, request, values, number):
    record = find(world, number)
    merge(record["order"], values.get("set", {}))
    return shown(record)


def act(world, request, values, number, action):
    """``acknowledge`` (with ``code``), ``confirm`` (with ``tracking``, a list) by a person in Vendor Central, or
    ``cancel`` by the customer."""
    record = find(world, number)
    if action not in ACTIONS:
        raise KeyError(f"unknown action {action}; there are {', '.join(ACTIONS)}")
    ACTIONS[action](world, record, values)
    return shown(record)


def cancel(world, record, values):
    need(record, "NEW", "ACCEPTED")
    record["order"]["orderDetails"]["orderStatus"] = "CANCELLED"
    note(record, world.clock.iso(), "cancelled")


def acknowledge(world, record, values):
    need(record, "NEW")
    code, now = values.get("code", "00"), world.clock.iso()
    record["acknowledgement"] = {"time": now, "code": code, "vendor_order": ""}
    record["order"]["orderDetails"]["orderStatus"] = "ACCEPTED" if code == "00" else "CANCELLED"
    note(record, now, "acknowledged", code=code, transaction=None)


def confirm(world, record, values):
    need(record, "ACCEPTED")
    now, label = world.clock.iso(), record["label"]
    known = [package["trackingNumber"] for package in label["packages"]] if label else []
    vendor_shipping.confirm(record, now, "SHIPPED", now, values.get("tracking", known), None)


def need(record, *statuses):
    status = record["order"]["orderDetails"]["orderStatus"]
    if status not in statuses:
        raise Refused(f"the order is {status}, not {' or '.join(statuses)}")


ACTIONS = {"cancel": cancel, "acknowledge": acknowledge, "confirm": confirm}


def list_transactions(world, request, values):
    """Whatever was submitted, oldest first: ``?merchant_id=&kind=``."""
    wanted = {name: request.args[name] for name in ("merchant_id", "kind") if name in request.args}
    return [
        transaction
        for transaction in world.vendor.transactions.values()
        if all(transaction[name] == value for name, value in wanted.items())
    ]


def process(world, request, values, transaction_id):
    """End a transaction now, or otherwise than it would: ``status``, ``errors`` ([{code, message}]), ``applied``."""
    transaction = world.vendor.transactions[transaction_id]
    if transaction_id not in world.vendor.open:
        raise Refused(f"the transaction is {transaction['status']} already")
    if values.get("status") not in (None, *vendor_transactions.STATUSES[1:]):
        raise ValueError("status is Success or Failure")
    vendor_transactions.settle(world, transaction, values)
    return transaction


def list_stock(world, request, values):
    """{"merchant|warehouse": {product id: {"quantity", "obsolete", "time"}}}"""
    return world.vendor.stock


ENDPOINTS = [
    ("GET", "/vendor/stock", list_stock),
    ("GET", "/vendor/kinds", list_kinds),
    ("GET", "/vendor/orders", list_orders),
    ("POST", "/vendor/orders", add_orders),
    ("GET", "/vendor/orders/<number>", show_order),
    ("PATCH", "/vendor/orders/<number>", change_order),
    ("POST", "/vendor/orders/<number>/<any(acknowledge, confirm, cancel):action>", act),
    ("GET", "/vendor/transactions", list_transactions),
    ("POST", "/vendor/transactions/<transaction_id>/process", process),
]
