"""Vendor Direct Fulfillment Shipping: labels, confirmations, the status of deliveries, and what is printed."""

import datetime

from . import vendor_bodies as bodies
from . import vendor_papers as papers
from .errors import AmazonError, invalid_input, not_found, unauthorized
from .times import parse, shift
from .vendor import V2021, facts_of, find_order, note, page, read_window, vendor_operation
from .vendor_transactions import WORK, Failed, check_lines, find, need_status, submitted

LABEL_DAYS = 90  # that a label can be had
MOST_INVOICES = 10
CLOCKS = datetime.timedelta(minutes=1)  # that the vendor's clock may be ahead
METHODS = {"AMZN_JP_STD": "Amazon standard (JP)", "AMZN_JP_PRIME": "Amazon Prime (JP)"}
# (status, reason) of the events there are, in X12 and in EDIFACT
EVENTS = {
    **{("DE", "AF"): "DELAYED", ("D1", "NS"): "DELIVERED", ("XB", "NS"): "DEPARTED_FROM_FC"},
    **{("O1", "NS"): "IN_TRANSIT", ("CA", "PL"): "LOST", ("OD", "NS"): "OUT_FOR_DELIVERY"},
    **{("A7", "AM"): "REJECTED", ("AP", "BG"): "UNDELIVERABLE"},
    **{("404", "117"): "DELAYED", ("301", "000"): "DELIVERED", ("101", "000"): "DEPARTED_FROM_FC"},
    **{("201", "000"): "IN_TRANSIT", ("409", "000"): "LOST", ("302", "000"): "OUT_FOR_DELIVERY"},
    **{("407", "000"): "REJECTED", ("416", "000"): "UNDELIVERABLE"},
}


# Labels


@vendor_operation("submitShippingLabelRequest", "POST", "shipping", "shippingLabels", status=202)
def submit_shipping_label_request(call):
    call.only_parameters()
    bodies.check_body(call.body, "shippingLabelRequests", [bodies.label_request(call.operation.version)])
    return submitted(call, "label", call.body["shippingLabelRequests"])


@vendor_operation(
    "createShippingLabels",
    "POST",
    "shipping",
    "shippingLabels/<purchaseOrderNumber>",
    versions=(V2021,),
    restricted=True,
)
def create_shipping_labels(call):
    """The labels at once, for vendors that may."""
    call.only_parameters()
    world, number = call.world, call.path_args["purchaseOrderNumber"]
    entry = {**call.body, "purchaseOrderNumber": number} if isinstance(call.body, dict) else None
    bodies.check_body({"request": entry}, "request", bodies.label_request(call.operation.version))
    if not facts_of(call.seller)["sync_labels"]:
        raise unauthorized("The vendor is not enabled for this operation.")
    try:
        judge_label(world, call.seller, entry, world.clock.iso())
    except Failed as failed:
        raise AmazonError(400, failed.error["code"], failed.error["message"]) from None
    record = world.vendor.orders[number]
    if record["label"]:
        raise AmazonError(409, "Conflict", f"A shipping label already exists for purchase order {number}.")
    make_label(world, record, entry, world.clock.iso(), 0, None)
    return shown_label(world, record)


def judge_label(world, seller, entry, at):
    record, number = find(world, seller, entry), entry["purchaseOrderNumber"]
    if facts_of(seller)["own_carrier"]:
        raise Failed("NOT_ELIGIBLE", f"Order ID {number}: labels are for vendors that ship by Amazon's carriers.")
    need_status(record, "ACCEPTED", "ORDER_NOT_ACKNOWLEDGED", "is not acknowledged, or has already been shipped.")
    if entry.get("containers"):
        check_containers(record, entry["containers"])


def check_containers(record, containers):
    lines = [line for container in containers for line in container["packedItems"]]
    check_lines(record, lines, "packedQuantity")


def apply_label(world, seller, entry, at, transaction_id):
    record = world.vendor.orders[entry["purchaseOrderNumber"]]
    if record["label"]:
        note(record, at, "label asked for again", transaction=transaction_id)
    else:
        make_label(world, record, entry, at, world.settings["vendor_label_delay"], transaction_id)


def make_label(world, record, entry, at, delay, transaction_id):
    """One a container; without containers one in all. They are numbered like those of a carrier in Japan."""
    details, rng = record["order"]["orderDetails"], world.rng("vendor label")
    seller = world.sellers.by_id[record["merchant_id"]]
    method = details["shipmentDetails"]["shipMethod"]
    names = [container["containerIdentifier"] for container in entry.get("containers") or ()] or ["PKG001"]
    record["label"] = {
        "ready": shift(at, seconds=delay),
        "format": facts_of(seller)["label_format"],
        "packages": [
            {
                "packageIdentifier": name,
                "trackingNumber": f"{rng.randint(10**11, 10**12 - 1)}",
                "shipMethod": method,
                "shipMethodName": METHODS.get(method, method),
            }
            for name in names
        ],
    }
    note(record, at, "label", transaction=transaction_id)


WORK["label"] = (judge_label, apply_label)


@vendor_operation("getShippingLabels", "GET", "shipping", "shippingLabels", restricted=True)
def get_shipping_labels(call):
    search = read_window(call)
    return page(
        call,
        search,
        "shippingLabels",
        lambda record: record["label"]["ready"] if has_label(call.world, record) else None,
        lambda record: shown_label(call.world, record),
    )


@vendor_operation("getShippingLabel", "GET", "shipping", "shippingLabels/<purchaseOrderNumber>", restricted=True)
def get_shipping_label(call):
    """Nothing while it is not ready; and for good, where a product stands on two lines."""
    record = find_order(call)
    if not record["label"]:
        raise not_found("No shipping label was requested for this purchase order.")
    if is_expired(call.world, record):
        raise invalid_input(f"The shipping label has expired: it is older than {LABEL_DAYS} days.")
    if has_label(call.world, record):
        return shown_label(call.world, record)
    return nothing(call)


def nothing(call):
    """An empty answer, which is not what the model promises."""
    call.spoiled = True
    return {}


def has_label(world, record):
    """Whether there is a label that is shown."""
    if not record["label"] or record["label"]["ready"] > world.clock.iso() or is_expired(world, record):
        return False
    return world.settings["vendor_same_sku"] == "shown" or not has_same_sku(record)


def is_expired(world, record):
    return shift(record["label"]["ready"], days=LABEL_DAYS) < world.clock.iso()


def has_same_sku(record):
    skus = [item.get("vendorProductIdentifier") for item in record["order"]["orderDetails"]["items"]]
    return len(set(skus)) < len(skus)


def shown_label(world, record):
    order, label, least = record["order"], record["label"], world.settings["vendor_label_bytes"]
    number, details = order["purchaseOrderNumber"], order["orderDetails"]
    return {
        "purchaseOrderNumber": number,
        "sellingParty": details["sellingParty"],
        "shipFromParty": details["shipFromParty"],
        "labelFormat": label["format"],
        "labelData": [
            {**package, "content": papers.label(number, package, label["format"], least)}
            for package in label["packages"]
        ],
    }


# Confirmations


@vendor_operation("submitShipmentConfirmations", "POST", "shipping", "shipmentConfirmations", status=202)
def submit_shipment_confirmations(call):
    call.only_parameters()
    bodies.check_body(call.body, "shipmentConfirmations", [bodies.confirmation(call.operation.version)])
    return submitted(call, "confirmation", call.body["shipmentConfirmations"])


def judge_confirmation(world, seller, entry, at):
    record, number = find(world, seller, entry), entry["purchaseOrderNumber"]
    need_status(record, "ACCEPTED", "INVALID_ORDER_STATUS", "is not acknowledged, or has already been shipped.")
    if parse(entry["shipmentDetails"]["shippedDate"]) > parse(at) + CLOCKS:
        raise Failed("INVALID_SHIPPED_DATE", f"Order ID {number}: shippedDate is in the future.")
    check_lines(record, entry["items"], "shippedQuantity")
    if entry["shipmentDetails"]["shipmentStatus"] == "SHIPPED":
        judge_packages(record, seller, entry)


def judge_packages(record, seller, entry):
    number, containers = entry["purchaseOrderNumber"], entry.get("containers") or []
    if not containers or not all(container["packedItems"] for container in containers):
        message = f"Request Rejected: Order ID {number} has empty packages. Please add packages and try again."
        raise Failed("EMPTY_PACKAGES", message)
    check_containers(record, containers)
    own_carrier = facts_of(seller)["own_carrier"]
    known = {package["trackingNumber"] for package in record["label"]["packages"]} if record["label"] else set()
    for container in containers:
        if not container.get("shipMethod"):
            raise Failed("MISSING_SHIP_METHOD", f"Order ID {number}: shipMethod is required for containers.")
        if own_carrier and not container.get("scacCode"):
            raise Failed("MISSING_SCAC_CODE", f"Order ID {number}: scacCode is required.")
        tracking = container.get("trackingNumber")
        if not tracking or not own_carrier and tracking not in known:
            # All that others were told of wrong containers.
            raise Failed("NotAvailable", "Error details are not available")


def apply_confirmation(world, seller, entry, at, transaction_id):
    record, details = world.vendor.orders[entry["purchaseOrderNumber"]], entry["shipmentDetails"]
    tracking = [container.get("trackingNumber") for container in entry.get("containers") or ()]
    confirm(record, at, details["shipmentStatus"], details["shippedDate"], tracking, transaction_id)


def confirm(record, at, status, shipped, tracking, transaction_id):
    """The order has left, or never will."""
    shipped_or_not = "SHIPPED" if status == "SHIPPED" else "CANCELLED"
    record["order"]["orderDetails"]["orderStatus"] = shipped_or_not
    record["confirmation"] = {"time": at, "status": status, "shipped": shipped, "tracking": tracking}
    note(record, at, "confirmed", status=status, transaction=transaction_id)


WORK["confirmation"] = (judge_confirmation, apply_confirmation)


# The status of deliveries


@vendor_operation("submitShipmentStatusUpdates", "POST", "shipping", "shipmentStatusUpdates", status=202)
def submit_shipment_status_updates(call):
    call.only_parameters()
    bodies.check_body(call.body, "shipmentStatusUpdates", [bodies.STATUS_UPDATE])
    return submitted(call, "status", call.body["shipmentStatusUpdates"])


def judge_status(world, seller, entry, at):
    record, number = find(world, seller, entry), entry["purchaseOrderNumber"]
    details = entry["statusUpdateDetails"]
    if not facts_of(seller)["own_carrier"]:
        raise Failed("NOT_ELIGIBLE", f"Order ID {number}: only vendors with carriers of their own tell the status.")
    need_status(record, "SHIPPED", "SHIPMENT_NOT_CONFIRMED", "has not been confirmed as shipped.")
    if details["trackingNumber"] not in record["confirmation"]["tracking"]:
        raise Failed("INVALID_TRACKING_NUMBER", f"Order ID {number}: no parcel was confirmed with this number.")
    if (details["statusCode"], details["reasonCode"]) not in EVENTS:
        raise Failed("INVALID_STATUS_CODE", f"Order ID {number}: statusCode and reasonCode do not go together.")
    if parse(details["statusDateTime"]) > parse(at) + CLOCKS:
        raise Failed("INVALID_STATUS_DATE", f"Order ID {number}: statusDateTime is in the future.")


def apply_status(world, seller, entry, at, transaction_id):
    record, details = world.vendor.orders[entry["purchaseOrderNumber"]], entry["statusUpdateDetails"]
    event = EVENTS[details["statusCode"], details["reasonCode"]]
    record["statuses"].append({"time": at, "event": event, **details})
    note(record, at, "status", status=event, tracking=details["trackingNumber"], transaction=transaction_id)


WORK["status"] = (judge_status, apply_status)


# Packing slips and invoices: there once the order is accepted


@vendor_operation("getPackingSlips", "GET", "shipping", "packingSlips", restricted=True)
def get_packing_slips(call):
    return page(call, read_window(call), "packingSlips", slip_time, shown_slip)


@vendor_operation("getPackingSlip", "GET", "shipping", "packingSlips/<purchaseOrderNumber>", restricted=True)
def get_packing_slip(call):
    """Nothing where none is required."""
    record = find_order(call)
    return shown_slip(record) if slip_time(record) else nothing(call)


def slip_time(record):
    required = record["order"]["orderDetails"]["shipmentDetails"]["isPslipRequired"]
    return accepted_at(record) if required else None


def accepted_at(record):
    acknowledgement = record["acknowledgement"]
    return acknowledgement["time"] if acknowledgement and acknowledgement["code"] == "00" else None


def shown_slip(record):
    order = record["order"]
    lines = [
        f"{item['orderedQuantity']['amount']} x {item.get('vendorProductIdentifier', '')}"
        for item in order["orderDetails"]["items"]
    ]
    content = papers.pdf("Packing slip", order["purchaseOrderNumber"], *lines)
    return {"purchaseOrderNumber": order["purchaseOrderNumber"], "content": content, "contentType": "application/pdf"}


@vendor_operation("getCustomerInvoices", "GET", "shipping", "customerInvoices", restricted=True)
def get_customer_invoices(call):
    search = read_window(call, most=MOST_INVOICES)
    invoices = facts_of(call.seller)["invoices"]
    return page(call, search, "customerInvoices", lambda record: accepted_at(record) if invoices else None, invoice)


@vendor_operation("getCustomerInvoice", "GET", "shipping", "customerInvoices/<purchaseOrderNumber>", restricted=True)
def get_customer_invoice(call):
    record = find_order(call)
    if not facts_of(call.seller)["invoices"] or not accepted_at(record):
        raise not_found("There is no customer invoice for this purchase order.")
    return invoice(record)


def invoice(record):
    number = record["order"]["purchaseOrderNumber"]
    return {"purchaseOrderNumber": number, "content": papers.pdf("Tax invoice", number)}
