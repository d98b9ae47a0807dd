"""What happens to an order at Amazon after it was placed: payment, shipping, cancelling, changes.

Every action is ``action(world, record, values)``: ``record`` is changed in place, ``values`` is the JSON body of
``POST /control/orders/<id>/<action>``. A request that cannot be met raises ``Refused``.
"""

from decimal import Decimal

from . import history, people
from .build import aggregate
from .marketplaces import BY_ID
from .money import amount, money, rounded

SHIPPABLE = ("UNSHIPPED", "PARTIALLY_SHIPPED")


class Refused(Exception):
    """The order's state does not allow the action."""


def require_status(order, *statuses):
    if order["fulfillment"]["fulfillmentStatus"] not in statuses:
        raise Refused(f"the order is {order['fulfillment']['fulfillmentStatus']}, not {' or '.join(statuses)}")


def find_item(order, item_id):
    for item in order["orderItems"]:
        if item["orderItemId"] == item_id:
            return item
    raise Refused(f"no item {item_id}")


def chosen(order, values):
    """[(item, quantity)] from ``{"items": {item_id: quantity}}``; all that is open when no items are named."""
    if values.get("items"):
        return [(find_item(order, item_id), int(quantity)) for item_id, quantity in values["items"].items()]
    return [(item, item["fulfillment"]["quantityUnfulfilled"]) for item in order["orderItems"]]


def pay(world, record, values):
    """The buyer paid: buyer, address and payment become visible."""
    require_status(record["order"], "PENDING")
    record["order"]["fulfillment"]["fulfillmentStatus"] = "UNSHIPPED"


def release(world, record, values):
    """The pre-ordered product is released."""
    require_status(record["order"], "PENDING_AVAILABILITY")
    record["order"]["fulfillment"]["fulfillmentStatus"] = "PENDING"


def ship(world, record, values):
    """Enter a parcel as Seller Central does: package references are "1", "2", …

    values: items {item_id: quantity}, carrier, service, tracking, transparency_codes {item_id: [code]}
    """
    order = record["order"]
    require_status(order, *SHIPPABLE)
    parcel = [(item, quantity) for item, quantity in chosen(order, values) if quantity > 0]
    for item, quantity in parcel:
        if quantity > item["fulfillment"]["quantityUnfulfilled"]:
            raise Refused(f"only {item['fulfillment']['quantityUnfulfilled']} left of item {item['orderItemId']}")
    for item, quantity in parcel:
        item["fulfillment"]["quantityFulfilled"] += quantity
        item["fulfillment"]["quantityUnfulfilled"] -= quantity
    if order["fulfillment"]["fulfilledBy"] == "MERCHANT":
        package = new_package(world, order, parcel, values)
        history.before_packages_change(world, record)
        order.setdefault("packages", []).append(package)
        history.add(record, package, {"time": package["createdTime"], "via": "seller_central", "edit": False})
    settle_status(order)


def ship_one(world, record, values):
    """One unit of the first item leaves in a parcel."""
    item = record["order"]["orderItems"][0]
    ship(world, record, {**values, "items": {item["orderItemId"]: 1}})


def buy_label(world, record, values):
    """The seller prints a label in Seller Central; nothing leaves yet."""
    order = record["order"]
    require_status(order, *SHIPPABLE)
    package = new_package(world, order, chosen(order, values), values)
    package["packageStatus"] = {"status": "PENDING", "detailedStatus": "PENDING_DROP_OFF"}
    del package["shipTime"]
    order.setdefault("packages", []).append(package)


def cancel_label(world, record, values):
    """The seller cancels the labels that were printed and not used."""
    for package in record["order"].get("packages", []):
        if package["packageStatus"]["status"] == "PENDING":
            package["packageStatus"] = {"status": "CANCELLED", "detailedStatus": "LABEL_CANCELLED"}


def new_package(world, order, parcel, values):
    now = values.get("at") or world.clock.iso()
    used = {package["packageReferenceId"] for package in order.get("packages", [])}
    number = next(n for n in range(1, len(used) + 2) if str(n) not in used)
    package = {
        "packageReferenceId": str(number),
        "createdTime": now,
        "packageStatus": {"status": "SHIPPED", "detailedStatus": "DROPPED_OFF"},
        "carrier": values.get("carrier", "YAMATO"),
        "shipTime": now,
        "shippingService": values.get("service", "宅急便"),
        "trackingNumber": values.get("tracking", f"4{int(order['orderId'].replace('-', '')) % 10**10:010d}{number}"),
        "shipFromAddress": {
            "name": "シミュレーター物流センター",
            "addressLine1": "東区新砂1-2-3",
            "city": "江東区",
            "stateOrRegion": "東京都",
            "postalCode": "136-0075",
            "countryCode": "JP",
        },
        "packageItems": [package_item(item["orderItemId"], quantity, values) for item, quantity in parcel],
    }
    return {key: value for key, value in package.items() if value != ""}


def package_item(item_id, quantity, values):
    result = {"orderItemId": item_id, "quantity": quantity}
    codes = values.get("transparency_codes", {}).get(item_id)
    return {**result, "transparencyCodes": codes} if codes else result


def settle_status(order):
    """Set the status that follows from the items' quantities."""
    fulfilled = sum(item["fulfillment"]["quantityFulfilled"] for item in order["orderItems"])
    open_quantity = sum(item["fulfillment"]["quantityUnfulfilled"] for item in order["orderItems"])
    fulfillment = order["fulfillment"]
    if open_quantity:
        if fulfilled:
            fulfillment["fulfillmentStatus"] = "PARTIALLY_SHIPPED"
    else:
        fulfillment["fulfillmentStatus"] = "SHIPPED" if fulfilled else "CANCELLED"


def deliver(world, record, values):
    """All parcels (or ``{"package": reference}``) reach the buyer."""
    packages = [
        package
        for package in record["order"].get("packages", [])
        if values.get("package") in (None, package["packageReferenceId"])
    ]
    if not packages:
        raise Refused("nothing was shipped")
    for package in packages:
        package["packageStatus"] = {"status": "DELIVERED", "detailedStatus": "DELIVERED"}


def cancel(world, record, values):
    """Cancel everything open, or ``items`` {item_id: quantity}; ``by`` BUYER, MERCHANT or AMAZON. Amounts follow."""
    order = record["order"]
    require_status(order, "PENDING_AVAILABILITY", "PENDING", *SHIPPABLE)
    parcel, beside = chosen(order, values), beside_items(order)
    for item, quantity in parcel:
        if quantity > item["fulfillment"]["quantityUnfulfilled"]:
            raise Refused(f"only {item['fulfillment']['quantityUnfulfilled']} open of item {item['orderItemId']}")
    execution = {"cancelledBy": values.get("by", "BUYER"), "cancelReason": values.get("reason", "CUSTOMER_CANCEL")}
    for item, quantity in parcel:
        before = wanted(item)
        item["fulfillment"]["quantityUnfulfilled"] -= quantity
        world.listings.cancelled(record, item, quantity)
        item.setdefault("cancellation", {})["cancellationExecution"] = dict(execution)
        rescale(item, Decimal(before - quantity) / before if before else Decimal(1))
    retotal(order, beside)
    settle_status(order)


def request_cancel(world, record, values):
    """The buyer asks the seller to cancel (all items, or ``items``: a list of item ids)."""
    order = record["order"]
    require_status(order, "PENDING_AVAILABILITY", "PENDING", *SHIPPABLE)
    for item in order["orderItems"]:
        if item["orderItemId"] in values.get("items", [item["orderItemId"]]):
            request = {"requester": "BUYER", "cancelReason": values.get("reason", "注文を間違えました")}
            item.setdefault("cancellation", {})["cancellationRequest"] = request


def change_address(world, record, values):
    """The buyer changes the delivery address: to ``address``, or to another generated one."""
    order = record["order"]
    require_status(order, "PENDING_AVAILABILITY", "PENDING", *SHIPPABLE)
    code = BY_ID[order["salesChannel"]["marketplaceId"]].code
    recipient = order["recipient"].get("deliveryAddress", {}).get("name", "")
    order["recipient"]["deliveryAddress"] = values.get("address") or people.address(
        world.rng("address"), code, recipient
    )


def reduce(world, record, values):
    """The ordered quantity of ``item_id`` becomes ``quantity`` (fewer than before)."""
    order = record["order"]
    item = find_item(order, values["item_id"])
    quantity, before = int(values["quantity"]), item["quantityOrdered"]
    left = item["fulfillment"]["quantityUnfulfilled"] - (before - quantity)
    if quantity >= before or left < 0:
        raise Refused(f"the quantity is {before}, of which {item['fulfillment']['quantityUnfulfilled']} open")
    old_wanted, beside = wanted(item), beside_items(order)
    item["quantityOrdered"] = quantity
    item["fulfillment"]["quantityUnfulfilled"] = left
    rescale(item, Decimal(wanted(item)) / old_wanted)
    retotal(order, beside)


def reprice(world, record, values):
    """The unit price of ``item_id`` becomes ``unit_price`` (decimal text or number)."""
    order = record["order"]
    item = find_item(order, values["item_id"])
    currency = order["proceeds"]["grandTotal"]["currencyCode"]
    old, new = amount(item["product"]["price"]["unitPrice"]), Decimal(str(values["unit_price"]))
    beside = beside_items(order)
    item["product"]["price"]["unitPrice"] = money(new, currency)
    rescale(item, new / old if old else Decimal(1), ("TAX",))
    for breakdown in item["proceeds"]["breakdowns"]:
        if breakdown["type"] == "ITEM":
            difference = new * wanted(item) - amount(breakdown["subtotal"])
            breakdown["subtotal"] = money(new * wanted(item), currency)
            shift_total(item, difference)
    retotal(order, beside)


def wanted(item):
    """How many units the buyer still gets or got."""
    return item["fulfillment"]["quantityFulfilled"] + item["fulfillment"]["quantityUnfulfilled"]


def shift_total(item, difference):
    total = item["proceeds"]["proceedsTotal"]
    item["proceeds"]["proceedsTotal"] = money(amount(total) + difference, total["currencyCode"])


def rescale(item, ratio, kinds=None):
    """Multiply the item's amounts (of some breakdown types, or all) by a ratio; the total follows the way it did."""
    proceeds = item["proceeds"]
    currency = proceeds["proceedsTotal"]["currencyCode"]
    weights = total_weights(proceeds)
    total = amount(proceeds["proceedsTotal"])
    for breakdown in proceeds["breakdowns"]:
        if kinds and breakdown["type"] not in kinds:
            continue
        old = amount(breakdown["subtotal"])
        new = rounded(old * ratio, currency)
        breakdown["subtotal"] = money(new, currency)
        scale_details(breakdown, new, ratio, currency)
        total += weights.get(breakdown["type"], 1) * (new - old)
    proceeds["proceedsTotal"] = money(total if ratio or kinds else 0, currency)
    if not kinds:
        scale_points(item, ratio, currency)


def scale_details(breakdown, subtotal, ratio, currency):
    """Detailed breakdowns still add up to their subtotal; the last one takes what rounding leaves."""
    details = breakdown.get("detailedBreakdowns", [])
    for detail in details:
        detail["value"] = money(amount(detail["value"]) * ratio, currency)
    if details:
        others = sum(amount(detail["value"]) for detail in details[:-1])
        details[-1]["value"] = money(subtotal - others, currency)


def scale_points(item, ratio, currency):
    granted = item.get("expense", {}).get("pointsCost", {}).get("pointsGranted")
    if granted:
        granted["pointsNumber"] = int(granted["pointsNumber"] * ratio)
        granted["pointsMonetaryValue"] = money(amount(granted["pointsMonetaryValue"]) * ratio, currency)


def total_weights(proceeds):
    """How DISCOUNT and TAX count in this item's total, found by trying (weights -1, 0, 1)."""
    sums = {"DISCOUNT": Decimal(0), "TAX": Decimal(0), "": Decimal(0)}
    for breakdown in proceeds["breakdowns"]:
        key = breakdown["type"] if breakdown["type"] in sums else ""
        sums[key] += amount(breakdown["subtotal"])
    for discount, tax in ((1, 1), (1, 0), (-1, 1), (-1, 0)):
        if sums[""] + discount * sums["DISCOUNT"] + tax * sums["TAX"] == amount(proceeds["proceedsTotal"]):
            return {"DISCOUNT": discount, "TAX": tax}
    return {"DISCOUNT": 1, "TAX": 0}


def beside_items(order):
    """Decimal: what the grand total has beside the items (a tip, an unexplained difference)."""
    return amount(order["proceeds"]["grandTotal"]) - items_total(order)


def items_total(order):
    return sum(amount(item["proceeds"]["proceedsTotal"]) for item in order["orderItems"])


def retotal(order, beside):
    """Add the items up again. What the grand total had beside them stays, unless nothing is left of the order."""
    proceeds = order["proceeds"]
    currency = proceeds["grandTotal"]["currencyCode"]
    tips = [b for b in proceeds["breakdowns"] if b["type"] == "DELIVERY_TIP"]
    if not any(wanted(item) for item in order["orderItems"]):
        beside, tips = 0, []
    difference = items_total(order) + beside - amount(proceeds["grandTotal"])
    proceeds["grandTotal"] = money(items_total(order) + beside, currency)
    proceeds["breakdowns"] = aggregate(order["orderItems"], currency) + tips
    pay_difference(order, difference, currency)


def pay_difference(order, difference, currency):
    """Change the payments by the difference, the largest first, never below zero."""
    executions = order.get("payment", {}).get("paymentExecutions", [])
    for execution in sorted(executions, key=lambda e: -amount(e["paymentAmount"])):
        old = amount(execution["paymentAmount"])
        new = max(Decimal(0), old + difference)
        execution["paymentAmount"] = money(new, currency)
        difference -= new - old


ACTIONS = {
    "pay": pay,
    "release": release,
    "ship": ship,
    "ship-one": ship_one,
    "buy-label": buy_label,
    "cancel-label": cancel_label,
    "deliver": deliver,
    "cancel": cancel,
    "request-cancel": request_cancel,
    "change-address": change_address,
    "reduce": reduce,
    "reprice": reprice,
}
