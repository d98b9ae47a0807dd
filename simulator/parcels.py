"""A seller tells Amazon that a parcel left: what is checked, and what becomes of the order.

The same rules stand behind ``confirmShipment`` and the order fulfillment feeds.
"""

import datetime
from dataclasses import dataclass, field

from . import carriers, history
from .actions import new_package, package_item, settle_status
from .marketplaces import BY_ID
from .refusals import Refusal
from .times import parse, shift

TRACKING_LENGTH = 100
COD_METHODS = ("CashOnDelivery", "COD")
REFUSED_STATUS = {
    "PENDING_AVAILABILITY": "pending",
    "PENDING": "pending",
    "CANCELLED": "cancelled",
    "UNFULFILLABLE": "unfulfillable",
}


@dataclass
class Parcel:
    """What a seller says about one parcel.

    :ivar reference: package reference (digits), or None: Amazon gives it the next free one
    :ivar items: order item id -> quantity
    :ivar ship_date: aware datetime; of a day without time: ``datetime.date``
    :ivar origin: how it came: {"via": "confirmShipment"} or {"via": "feed", "feed_id", "message_id"}
    """

    reference: str | None
    carrier_code: str
    ship_date: datetime.datetime | datetime.date
    items: dict
    origin: dict
    carrier_name: str = ""
    method: str = ""
    tracking: str = ""
    cod: str = ""
    codes: dict = field(default_factory=dict)
    carrier_name_beside: bool = True

    @property
    def carrier(self):
        """What the package shows as its carrier."""
        return self.carrier_name if self.carrier_code == carriers.OTHER else self.carrier_code


def confirm(world, record, parcel):
    """Check the parcel and let the order follow. Raises Refusal, and then nothing has changed."""
    check(world, record, parcel)
    order = record["order"]
    old = find_package(order, parcel.reference)
    history.before_packages_change(world, record)
    if old:
        move(order, {item["orderItemId"]: -item["quantity"] for item in old["packageItems"]})
    move(order, parcel.items)
    package = build_package(world, order, parcel)
    if old:
        exchange(old, package)
    else:
        order.setdefault("packages", []).append(package)
    settle_status(order)
    world.orders.touch(record)
    world.finances.shipped(record)
    told = {
        "time": world.clock.iso(),
        **parcel.origin,
        "edit": bool(old),
        "carrier_code": parcel.carrier_code,
        "carrier_name": parcel.carrier_name,
        "cod_collection_method": parcel.cod,
    }
    history.add(record, package, told)
    return package


# Checks


def check(world, record, parcel):
    """Refusal unless Amazon would accept the parcel now."""
    order = record["order"]
    marketplace = BY_ID[order["salesChannel"]["marketplaceId"]]
    check_order(order)
    if parcel.reference is not None and not is_reference(parcel.reference):
        raise Refusal("reference")
    check_carrier(world, marketplace, parcel)
    if len(parcel.tracking) > TRACKING_LENGTH:
        raise Refusal("tracking_long", most=TRACKING_LENGTH)
    check_date(world, order, marketplace, parcel.ship_date)
    if parcel.cod and not (marketplace.code == "JP" and is_cod(order)):
        raise Refusal("cod")
    check_items(world, order, parcel)


def is_reference(text):
    return text.isascii() and text.isdigit() and int(text) > 0


def check_order(order):
    order_id, fulfillment = order["orderId"], order["fulfillment"]
    if fulfillment["fulfillmentStatus"] in REFUSED_STATUS:
        raise Refusal(REFUSED_STATUS[fulfillment["fulfillmentStatus"]], order_id=order_id)
    if fulfillment.get("fulfilledBy") == "AMAZON":
        raise Refusal("by_amazon", order_id=order_id)
    if "FBM_SHIP_PLUS" in order.get("programs", []):
        raise Refusal("ship_plus", order_id=order_id)


def check_carrier(world, marketplace, parcel):
    code = parcel.carrier_code
    if not code:
        raise Refusal("carrier_missing")
    if code == carriers.OTHER:
        if not parcel.carrier_name:
            raise Refusal("carrier_name_missing")
    elif parcel.carrier_name and not parcel.carrier_name_beside:
        raise Refusal("carrier_name_beside")
    elif code not in carriers.known(marketplace) and world.settings["unknown_carriers"] == "refuse":
        raise Refusal("carrier_unknown", code=code, marketplace=marketplace.id)


def check_date(world, order, marketplace, date):
    """A day without time is judged in the marketplace's time zone."""
    now, ordered = world.clock.now(), parse(order["createdTime"])
    if not isinstance(date, datetime.datetime):
        zone = datetime.timezone(datetime.timedelta(hours=marketplace.utc_offset))
        now, ordered = now.astimezone(zone).date(), ordered.astimezone(zone).date()
    if date > now:
        raise Refusal("ship_date_future", date=date.isoformat())
    if date < ordered:
        raise Refusal("ship_date_early", date=date.isoformat(), ordered=ordered.isoformat())


def is_cod(order):
    """Whether the buyer pays on delivery."""
    executions = order.get("payment", {}).get("paymentExecutions", [])
    return any(execution["paymentMethod"] in COD_METHODS for execution in executions) or any(
        item["fulfillment"].get("shipping", {}).get("shippingConstraints", {}).get("cashOnDelivery")
        for item in order["orderItems"]
    )


def check_items(world, order, parcel):
    """Known items, no more of them than is open (or in the parcel that is edited), codes where they are needed."""
    items = {item["orderItemId"]: item for item in order["orderItems"]}
    old = find_package(order, parcel.reference)
    freed = {entry["orderItemId"]: entry["quantity"] for entry in old["packageItems"]} if old else {}
    if not old and order["fulfillment"]["fulfillmentStatus"] == "SHIPPED":
        raise Refusal("fulfilled", order_id=order["orderId"])
    if not parcel.items:
        raise Refusal("items_missing")
    for item_id in parcel.items:
        if item_id not in items:
            raise Refusal("item_unknown", item_id=item_id)
    quantities = {item_id: items[item_id]["fulfillment"] for item_id in parcel.items}
    if not old and all(q["quantityFulfilled"] and not q["quantityUnfulfilled"] for q in quantities.values()):
        raise Refusal("fulfilled", order_id=order["orderId"])
    for item_id, quantity in parcel.items.items():
        open_quantity = quantities[item_id]["quantityUnfulfilled"] + freed.get(item_id, 0)
        if quantity < 1:
            raise Refusal("quantity_invalid", item_id=item_id)
        if quantity > open_quantity:
            raise Refusal("quantity", item_id=item_id, quantity=quantity, open=open_quantity)
        needed = "TRANSPARENCY" in items[item_id].get("programs", [])
        if needed and world.settings["transparency_codes"] == "require":
            if len(set(parcel.codes.get(item_id, []))) != quantity:
                raise Refusal("transparency", item_id=item_id, quantity=quantity)


# What follows


def find_package(order, reference):
    return next((p for p in order.get("packages", []) if p["packageReferenceId"] == reference), None)


def all_open(order):
    """{order item id: quantity} of everything that did not leave yet."""
    quantities = {item["orderItemId"]: item["fulfillment"]["quantityUnfulfilled"] for item in order["orderItems"]}
    return {item_id: quantity for item_id, quantity in quantities.items() if quantity}


def move(order, quantities):
    """Move quantities from unfulfilled to fulfilled (negative: back)."""
    for item in order["orderItems"]:
        quantity = quantities.get(item["orderItemId"], 0)
        item["fulfillment"]["quantityFulfilled"] += quantity
        item["fulfillment"]["quantityUnfulfilled"] -= quantity


def build_package(world, order, parcel):
    values = {
        "carrier": parcel.carrier,
        "service": parcel.method,
        "tracking": parcel.tracking,
        "transparency_codes": parcel.codes,
    }
    package = new_package(world, order, [], values)
    package["packageReferenceId"] = parcel.reference or package["packageReferenceId"]
    package["shipTime"] = ship_time(order, parcel.ship_date)
    package["packageItems"] = [package_item(item_id, quantity, values) for item_id, quantity in parcel.items.items()]
    return package


def ship_time(order, date):
    """Amazon's text of a ship date; a day without time begins in the marketplace's time zone."""
    if not isinstance(date, datetime.datetime):
        offset = datetime.timedelta(hours=BY_ID[order["salesChannel"]["marketplaceId"]].utc_offset)
        date = datetime.datetime.combine(date, datetime.time(), datetime.timezone(offset))
    return shift(date.isoformat())


def exchange(old, package):
    """The package is edited: it stays the same one, everything told about it is replaced."""
    kept = {key: old[key] for key in ("packageReferenceId", "createdTime", "packageStatus") if key in old}
    old.clear()
    old.update({**package, **kept})
