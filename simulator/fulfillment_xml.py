"""POST_ORDER_FULFILLMENT_DATA: an envelope of OrderFulfillment messages."""

from dataclasses import dataclass, replace

from . import parcels, xml_rules
from .operations import SHIPPING_ROLES
from .refusals import Refusal
from .reports import WARNING, Report, write_xml
from .xml_envelope import decoded, read_envelope
from .xml_rules import Invalid, date_time, sequence, text

ROLES = SHIPPING_ROLES
NUMBER = r"\d{1,20}"
write = write_xml


@dataclass
class Message:
    """One OrderFulfillment as it was read; ``items``: [(order item id or None, quantity or None)]."""

    number: int
    order_id: str | None
    reference: str | None
    ship_date: object
    carrier_code: str
    carrier_name: str
    method: str
    tracking: str
    items: list


def process(world, seller, feed, document, limit=None):
    """Apply the messages (only the first ``limit``) and report. A document that is not valid changes nothing."""
    try:
        messages = read_envelope(decoded(document), seller, "OrderFulfillment", read_message)
    except Invalid as error:
        return Report.reject(Refusal("xml", error=str(error)))
    except Refusal as refusal:
        return Report.reject(refusal)
    report = Report()
    for message in messages[:limit]:
        report.processed += 1
        apply(world, feed, message, report)
    return report


def read_message(element):
    parts = sequence(element, "MessageID", "OrderFulfillment")
    found = sequence(
        parts["OrderFulfillment"][0],
        "AmazonOrderID|MerchantOrderID",
        "MerchantFulfillmentID?",
        "FulfillmentDate",
        "FulfillmentData?",
        "Item*",
    )
    data = {}
    if "FulfillmentData" in found:
        data = read_data(found["FulfillmentData"][0])
    text(found, "MerchantOrderID", most=64)
    return Message(
        number=int(text(parts, "MessageID", r"[1-9]\d{0,19}")),
        order_id=text(found, "AmazonOrderID", r"\d{3}-\d{7}-\d{7}"),
        reference=text(found, "MerchantFulfillmentID", NUMBER),
        ship_date=date_time(found, "FulfillmentDate"),
        carrier_code=text(data, "CarrierCode") or "",
        carrier_name=text(data, "CarrierName", r"(?s).*") or "",
        method=text(data, "ShippingMethod", r"(?s).*") or "",
        tracking=text(data, "ShipperTrackingNumber", r"(?s).*") or "",
        items=[read_item(item) for item in found.get("Item", [])],
    )


def read_data(element):
    """CarrierCode or CarrierName; the name beside the code only where the code is Other."""
    found = sequence(element, "CarrierCode|CarrierName", "CarrierName?", "ShippingMethod?", "ShipperTrackingNumber?")
    if len(found.get("CarrierName", [])) > 1:
        raise xml_rules.unexpected(element, found["CarrierName"], ["ShippingMethod", "ShipperTrackingNumber"])
    return found


def read_item(element):
    found = sequence(element, "AmazonOrderItemCode|MerchantOrderItemID", "MerchantFulfillmentItemID?", "Quantity?")
    text(found, "MerchantOrderItemID", most=64)
    text(found, "MerchantFulfillmentItemID", NUMBER)
    quantity = text(found, "Quantity", r"\+?[1-9]\d{0,8}")
    return text(found, "AmazonOrderItemCode", r"[0-9A-Za-z]{1,50}"), quantity and int(quantity)


def apply(world, feed, message, report):
    order_id = message.order_id or ""
    try:
        record = world.orders.of(feed["merchant_id"], order_id)
        if not record or not in_marketplaces(feed, record):
            raise Refusal("order_unknown", order_id=order_id)
        if world.settings["feed_references"] == "given":
            message = replace(message, reference=None)
        parcels.confirm(world, record, parcel_of(record["order"], feed, message))
    except Refusal as refusal:
        report.add(message.number, refusal, order_id)
        return
    if not message.method:
        report.add(message.number, Refusal("ship_method"), order_id, kind=WARNING)


def in_marketplaces(feed, record):
    return record["order"]["salesChannel"].get("marketplaceId") in feed["marketplaceIds"]


def parcel_of(order, feed, message):
    """Without items everything that is open leaves, without a quantity all that is open of the item."""
    return parcels.Parcel(
        reference=message.reference,
        carrier_code=message.carrier_code,
        carrier_name=message.carrier_name,
        carrier_name_beside=False,
        method=message.method,
        tracking=message.tracking,
        ship_date=message.ship_date,
        items=items_of(order, message),
        origin={"via": "feed", "feed_id": feed["feedId"], "message_id": message.number},
    )


def items_of(order, message):
    """{order item id: quantity}; what is not said is what the edited parcel has, and all that is open."""
    old = parcels.find_package(order, message.reference)
    own = {entry["orderItemId"]: entry["quantity"] for entry in old["packageItems"]} if old else {}
    open_quantities = parcels.all_open(order)
    if not message.items:
        return own or open_quantities
    result = {}
    for item_id, quantity in message.items:
        if item_id is None:
            raise Refusal("item_unknown", item_id="")
        unsaid = own.get(item_id) or open_quantities.get(item_id) or 1
        result[item_id] = result.get(item_id, 0) + (quantity or unsaid)
    return result
