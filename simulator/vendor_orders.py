"""Vendor Direct Fulfillment Orders: getOrders, getOrder, submitAcknowledgement."""

import copy

from . import vendor_bodies as bodies
from .errors import invalid_input
from .vendor import V1, find_order, note, page, read_window, vendor_operation
from .vendor_transactions import WORK, Failed, check_lines, find, need_status, new_id, submitted

STATUSES = ("NEW", "SHIPPED", "ACCEPTED", "CANCELLED")
CODES = (
    *("00", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"),
    *("20", "21", "22", "50", "51", "53", "54", "55", "56", "71"),
)


@vendor_operation("getOrders", "GET", "orders", "purchaseOrders", restricted=True)
def get_orders(call):
    search = read_window(call, "status", "includeDetails")
    status, details = call.query.get("status"), call.query.get("includeDetails", "true")
    if status not in (None, *STATUSES):
        raise invalid_input(f"Invalid status: {status!r}.")
    if details not in ("true", "false"):
        raise invalid_input(f"Invalid includeDetails: {details!r}.")

    def created(record):
        return record["created"] if status in (None, record["order"]["orderDetails"]["orderStatus"]) else None

    def shown(record):
        return view(call, record) if details == "true" else {"purchaseOrderNumber": number_of(record)}

    return page(call, search, "orders", created, shown)


@vendor_operation("getOrder.vendor", "GET", "orders", "purchaseOrders/<purchaseOrderNumber>", restricted=True)
def get_order(call):
    return view(call, find_order(call))


def number_of(record):
    return record["order"]["purchaseOrderNumber"]


def view(call, record):
    """An order as the call's version shows it."""
    if call.operation.version != V1:
        return record["order"]
    order = copy.deepcopy(record["order"])
    order["orderDetails"].pop("hasCustomizableItems", None)
    for item in order["orderDetails"]["items"]:
        item.pop("buyerCustomizedInfo", None)
    return order


@vendor_operation("submitAcknowledgement", "POST", "orders", "acknowledgements", status=202)
def submit_acknowledgement(call):
    """What has another form, such as that of retail vendors, is accepted and never heard of again."""
    call.only_parameters()
    if isinstance(call.body, dict) and "orderAcknowledgements" not in call.body:
        return {"transactionId": new_id(call.world)}
    bodies.check_body(call.body, "orderAcknowledgements", [bodies.ACKNOWLEDGEMENT])
    return submitted(call, "acknowledgement", call.body["orderAcknowledgements"])


def judge(world, seller, entry, at):
    record, number = find(world, seller, entry), entry["purchaseOrderNumber"]
    need_status(record, "NEW", "ALREADY_ACKNOWLEDGED", "has already been acknowledged.")
    code = entry["acknowledgementStatus"].get("code")
    if code not in CODES:
        raise Failed("INVALID_ACKNOWLEDGEMENT_CODE", f"Order ID {number}: the acknowledgement code is invalid.")
    check_lines(record, entry["itemAcknowledgements"], "acknowledgedQuantity")


def apply(world, seller, entry, at, transaction_id):
    record = world.vendor.orders[entry["purchaseOrderNumber"]]
    code = entry["acknowledgementStatus"]["code"]
    record["acknowledgement"] = {"time": at, "code": code, "vendor_order": entry["vendorOrderNumber"]}
    record["order"]["orderDetails"]["orderStatus"] = "ACCEPTED" if code == "00" else "CANCELLED"
    note(record, at, "acknowledged", code=code, transaction=transaction_id)


WORK["acknowledgement"] = (judge, apply)
