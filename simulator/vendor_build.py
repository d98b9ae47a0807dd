"""How vendors' purchase orders come to be: the kinds there are, and what each is.

Party ids, ship methods and their names are this simulator's.
"""

from decimal import Decimal

from . import catalogue, people
from .build import merge
from .money import money, rounded
from .times import shift
from .vendor import facts_of, note

MASK = "xxxxx"
HIDDEN = ("name", "attention", "addressLine1", "addressLine2", "addressLine3", "phone")
CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
GIFT = {"giftMessage": "お誕生日おめでとうございます。", "giftWrapId": "GW-JP-01"}
COST = Decimal("0.6")  # what Amazon pays of a price before tax

# kind -> (ja, en, what is ordered: {lines: [(sku, quantity), …], gift, slip, scheduled, priority, own_carrier, …})
KINDS = {
    "vendor_standard": ("通常の注文", "One line", {"lines": [("AMZ-TEA-001", 1)]}),
    "vendor_two_lines": (
        "2商品・納品書あり",
        "Two lines, with a packing slip",
        {"lines": [("AMZ-CUP-001", 2), ("AMZ-TOWEL-001", 1)], "slip": True},
    ),
    "vendor_gift": ("ギフト", "A gift", {"lines": [("AMZ-SAKE-001", 1)], "gift": True, "slip": True}),
    "vendor_same_sku": (
        "同一SKUが2行",
        "The same SKU on two lines",
        {"lines": [("AMZ-NOTE-001", 3), ("AMZ-NOTE-001", 2)]},
    ),
    "vendor_scheduled": (
        "お届け日時指定",
        "Delivery by appointment",
        {"lines": [("AMZ-LIGHT-001", 1)], "scheduled": True},
    ),
    "vendor_priority": (
        "お急ぎ便・2個口相当",
        "Priority, many units",
        {"lines": [("AMZ-RICE-001", 8)], "priority": True},
    ),
    "vendor_osaka": ("大阪倉庫から出荷", "From the second warehouse", {"lines": [("AMZ-POT-001", 1)], "warehouse": 1}),
    "vendor_unknown_sku": ("未登録のSKU", "A SKU nobody knows", {"lines": [("VENDOR-NEW-001", 1)]}),
}


def place(world, seller, kind="vendor_standard", values=None):
    """Place a purchase order; its number.

    :param values: what a caller of the control API wants otherwise: items, warehouse, created, ship_by, deliver_by,
        ship_method, gift, slip, scheduled, priority, set
    """
    rng, facts, values = world.rng("vendor order"), facts_of(seller), values or {}
    wanted = {**KINDS[kind][2], **values}
    created = shift(values["created"]) if values.get("created") else world.clock.iso()
    order = {
        "purchaseOrderNumber": new_number(world, rng),
        "orderDetails": {
            "customerOrderNumber": world.orders.new_id(rng),
            "orderDate": created,
            "orderStatus": "NEW",
            "shipmentDetails": shipment_details(wanted, facts, created),
            "sellingParty": {"partyId": facts["selling_party"]},
            "shipFromParty": {"partyId": warehouse(facts, wanted.get("warehouse", 0))},
            "shipToParty": ship_to(rng, facts),
            "billToParty": {"partyId": "AMZN_JP"},
            "items": items(wanted, created),
        },
    }
    details = order["orderDetails"]
    details["taxTotal"] = {"taxLineItem": [total_tax(details["items"])]}
    merge(order, values.get("set") or {})
    number = order["purchaseOrderNumber"]
    world.vendor.orders[number] = {
        "merchant_id": seller["merchant_id"],
        "kind": kind,
        "order": order,
        "created": created,
        "history": [],
        "acknowledgement": None,
        "label": None,
        "confirmation": None,
        "statuses": [],
    }
    note(world.vendor.orders[number], created, "placed")
    return number


def new_number(world, rng):
    while True:
        number = "".join(rng.choices(CHARACTERS, k=9))
        if number not in world.vendor.orders:
            return number


def warehouse(facts, chosen):
    """A party id: the one that is given, or the one at a place in the vendor's list."""
    return facts["warehouses"][chosen % len(facts["warehouses"])] if isinstance(chosen, int) else chosen


def shipment_details(wanted, facts, created):
    method = "VOC_JP_STD" if facts["own_carrier"] else "AMZN_JP_PRIME" if wanted.get("priority") else "AMZN_JP_STD"
    return {
        "isPriorityShipment": bool(wanted.get("priority")),
        "isScheduledDeliveryShipment": bool(wanted.get("scheduled")),
        "isPslipRequired": bool(wanted.get("slip")),
        "isGift": bool(wanted.get("gift")),
        "shipMethod": wanted.get("ship_method", method),
        "shipmentDates": {
            "requiredShipDate": wanted.get("ship_by") or shift(created, days=1),
            "promisedDeliveryDate": wanted.get("deliver_by") or shift(created, days=3),
        },
        "messageToCustomer": "ご注文ありがとうございます。",
    }


def ship_to(rng, facts):
    """The customer's address; a vendor that uses Amazon's labels only is not told who that is."""
    address = people.japanese(rng, people.name(rng, "JP"))
    address.pop("addressType")
    if not facts["own_carrier"]:
        address.update({name: MASK for name in HIDDEN if name in address})
    return address


def items(wanted, created):
    lines = wanted.get("items") or [{"sku": sku, "quantity": quantity} for sku, quantity in wanted["lines"]]
    return [item(number, line, wanted, created) for number, line in enumerate(lines, 1)]


def item(number, line, wanted, created):
    """A line; what is left out of it comes from the catalogue."""
    product = catalogue.BY_SKU.get(line.get("sku"))
    known = product or {"asin": "B0VENDOR01", "title_ja": f"商品 {line.get('sku', '')}", "price": 1100, "tax_rate": 10}
    cost = Decimal(str(line.get("price", rounded(known["price"] * COST, "JPY"))))
    rate = Decimal(known["tax_rate"]) / 100
    quantity = int(line.get("quantity", 1))
    tax = rounded(cost * quantity * rate, "JPY")
    result = {
        "itemSequenceNumber": line.get("sequence", f"{number:05d}"),
        "buyerProductIdentifier": line.get("asin", known["asin"]),
        "vendorProductIdentifier": line.get("sku"),
        "title": line.get("title", known["title_ja"]),
        "orderedQuantity": {"amount": quantity, "unitOfMeasure": "Each"},
        "netPrice": money(cost, "JPY"),
        "taxDetails": {"taxLineItem": [tax_line(rate, tax, cost * quantity)]},
        "totalPrice": money(cost * (1 + rate), "JPY"),
    }
    if wanted.get("gift"):
        result["giftDetails"] = dict(GIFT)
    if wanted.get("scheduled"):
        result["scheduledDeliveryShipment"] = {
            "scheduledDeliveryServiceType": "SCHEDULED",
            "earliestNominatedDeliveryDate": shift(created, days=3),
            "latestNominatedDeliveryDate": shift(created, days=3, hours=2),
        }
    return {name: value for name, value in result.items() if value is not None}


def tax_line(rate, tax, taxable):
    return {
        "taxRate": str(rate),
        "taxAmount": money(tax, "JPY"),
        "taxableAmount": money(taxable, "JPY"),
        "type": "CONSUMPTION",
    }


def total_tax(items_):
    taxes = [item_["taxDetails"]["taxLineItem"][0] for item_ in items_]
    return {"taxAmount": money(sum(Decimal(tax["taxAmount"]["amount"]) for tax in taxes), "JPY"), "type": "TOTAL"}
