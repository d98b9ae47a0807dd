"""POST_ORDER_ACKNOWLEDGEMENT_DATA: an envelope of OrderAcknowledgement messages, which cancel orders."""

from dataclasses import dataclass

from .actions import SHIPPABLE, Refused, cancel
from .fulfillment_xml import in_marketplaces
from .operations import SHIPPING_ROLES
from .refusals import Refusal
from .reports import Report, write_xml
from .store import Store
from .times import shift
from .xml_envelope import decoded, read_envelope
from .xml_rules import Invalid, sequence, text

ROLES = SHIPPING_ROLES
REASONS = (
    "NoInventory",
    "ShippingAddressUndeliverable",
    "CustomerExchange",
    "BuyerCanceled",
    "GeneralAdjustment",
    "CarrierCreditDecision",
    "RiskAssessmentInformationNotValid",
    "CarrierCoverageFailure",
    "CustomerReturn",
    "MerchandiseNotReceived",
)
write = write_xml


class Cancellations(Store):
    """What was accepted and is still to be carried out.

    :ivar waiting: [{order_id, merchant_id, at, reason}]
    """

    kept = ("waiting",)

    def __init__(self, world):
        super().__init__(world)
        self.waiting = []


@dataclass
class Message:
    """One OrderAcknowledgement as it was read; ``items``: [(order item id or None, reason or None)]."""

    number: int
    order_id: str
    status: str
    items: list


def process(world, seller, feed, document, limit=None):
    """Apply the messages (only the first ``limit``) and report. A document that is not valid changes nothing."""
    try:
        messages = read_envelope(decoded(document), seller, "OrderAcknowledgement", read_message)
    except Invalid as error:
        return Report.reject(Refusal("xml", error=str(error)))
    except Refusal as refusal:
        return Report.reject(refusal)
    report = Report()
    for message in messages[:limit]:
        report.processed += 1
        try:
            apply(world, feed, message)
        except Refusal as refusal:
            report.add(message.number, refusal, message.order_id)
    return report


def read_message(element):
    parts = sequence(element, "MessageID", "OperationType?", "OrderAcknowledgement")
    text(parts, "OperationType", "Update|Delete|PartialUpdate")
    found = sequence(parts["OrderAcknowledgement"][0], "AmazonOrderID", "MerchantOrderID?", "StatusCode", "Item*")
    text(found, "MerchantOrderID", most=64)
    return Message(
        number=int(text(parts, "MessageID", r"[1-9]\d{0,19}")),
        order_id=text(found, "AmazonOrderID", r"\d{3}-\d{7}-\d{7}"),
        status=text(found, "StatusCode", "Success|Failure"),
        items=[read_item(item) for item in found.get("Item", [])],
    )


def read_item(element):
    found = sequence(element, "AmazonOrderItemCode", "MerchantOrderItemID?", "CancelReason?")
    text(found, "MerchantOrderItemID", most=64)
    item_id = text(found, "AmazonOrderItemCode", r"[0-9A-Za-z]{1,50}")
    return item_id, text(found, "CancelReason", "|".join(REASONS))


def apply(world, feed, message):
    """Cancel an order, now or when the setting says; "Success" changes nothing."""
    record = world.orders.of(feed["merchant_id"], message.order_id)
    if not record or not in_marketplaces(feed, record):
        raise Refusal("order_unknown", order_id=message.order_id)
    check_status(record["order"], message.order_id)
    if message.status == "Success":
        return
    check_items(record["order"], message.items)
    reason = message.items[0][1]
    now, delay = world.clock.iso(), world.settings["cancellation_delay"]
    told = {"time": now, "feed_id": feed["feedId"], "reason": reason}
    record.setdefault("cancellations", []).append(told)
    if delay == 0:
        carry_out(world, record, reason)
    elif delay is not None:
        entry = {"order_id": message.order_id, "merchant_id": feed["merchant_id"], "reason": reason}
        world.cancellations.waiting.append({**entry, "at": shift(now, seconds=delay)})


def check_status(order, order_id):
    status = order["fulfillment"]["fulfillmentStatus"]
    if order["fulfillment"].get("fulfilledBy") == "AMAZON":
        raise Refusal("cancel_by_amazon", order_id=order_id)
    if status.startswith("PENDING"):
        raise Refusal("cancel_pending", order_id=order_id)
    if status in ("CANCELLED", "UNFULFILLABLE"):
        raise Refusal("cancel_cancelled", order_id=order_id)
    if status != "UNSHIPPED":
        raise Refusal("cancel_shipped", order_id=order_id)


def check_items(order, items):
    """A part of an order is not cancelled by this: each item of which something is open stands there, with a reason."""
    known, named = {item["orderItemId"] for item in order["orderItems"]}, {item_id for item_id, _reason in items}
    wanted = {item["orderItemId"] for item in order["orderItems"] if item["fulfillment"]["quantityUnfulfilled"]}
    if unknown := named - known:
        raise Refusal("item_unknown", item_id=min(unknown))
    if missing := wanted - named:
        raise Refusal("cancel_items", item_id=min(missing))
    if without := [item_id for item_id, reason in items if not reason]:
        raise Refusal("cancel_reason", item_id=without[0])


def carry_out(world, record, reason):
    cancel(world, record, {"by": "MERCHANT", "reason": reason})
    world.orders.touch(record)


def advance(world):
    """Let the orders be cancelled whose time has come; what has left meanwhile stays."""
    waiting, now = world.cancellations.waiting, world.clock.iso()
    due = [entry for entry in waiting if entry["at"] <= now]
    for entry in due:
        waiting.remove(entry)
        record = world.orders.of(entry["merchant_id"], entry["order_id"])
        if record and record["order"]["fulfillment"]["fulfillmentStatus"] in SHIPPABLE:
            try:
                carry_out(world, record, entry["reason"])
            except Refused:
                continue
