"""From a draft (what a kind of order asks for) to the JSON that Amazon shows."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from . import catalogue, people
from .money import amount, money, rounded
from .times import UTC, iso, parse


@dataclass
class Line:
    """One item of a draft. Amounts are Decimals of the whole line; discounts and taxes: subtype -> positive."""

    sku: str | None
    title: str
    asin: str
    unit_price: Decimal
    quantity: int = 1
    item_total: Decimal | None = None
    charges: dict = field(default_factory=dict)
    discounts: dict = field(default_factory=dict)
    discount_sign: int = -1
    taxes: dict = field(default_factory=dict)
    tax_on_top: bool = False
    total_off_by: Decimal = Decimal(0)
    points: int = 0
    promotions: list = field(default_factory=list)
    extra: dict = field(default_factory=dict)

    def subtotals(self):
        """type -> Decimal, in Amazon's order and with the draft's sign for discounts."""
        item = self.unit_price * self.quantity if self.item_total is None else self.item_total
        result = {"ITEM": item, **self.charges}
        if self.taxes:
            result["TAX"] = sum(self.taxes.values())
        if self.discounts:
            result["DISCOUNT"] = self.discount_sign * sum(self.discounts.values())
        return result

    def total(self):
        """Decimal that the seller receives for the line."""
        subtotals = self.subtotals()
        gross = sum(value for kind, value in subtotals.items() if kind not in ("TAX", "DISCOUNT"))
        tax = subtotals.get("TAX", 0) if self.tax_on_top else 0
        return gross + tax - sum(self.discounts.values()) + self.total_off_by


@dataclass
class Draft:
    """What is to be ordered. ``extra`` is merged into the finished order, ``later`` are actions done right after,
    ``paid_back`` what is done of ``payouts.py`` once the sale is posted."""

    world: Any
    seller: dict
    marketplace: Any
    rng: Any
    created: str
    updated: str
    kind: str = ""
    lines: list = field(default_factory=list)
    status: str = "UNSHIPPED"
    fulfilled_by: str = "MERCHANT"
    service_level: str = "STANDARD"
    programs: list = field(default_factory=list)
    buyer: dict = field(default_factory=dict)
    address: dict = field(default_factory=dict)
    payments: list = field(default_factory=lambda: [("CreditCard", None)])
    tip: Decimal = Decimal(0)
    total_off_by: Decimal = Decimal(0)
    prices_while_pending: bool = True
    extra: dict = field(default_factory=dict)
    later: list = field(default_factory=list)
    paid_back: list = field(default_factory=list)
    lines_given: bool = False

    @property
    def currency(self):
        return self.marketplace.currency

    def product(self):
        """A random catalogue product as a line."""
        return self.line(self.rng.choice(catalogue.CATALOGUE))

    def line(self, product, quantity=1):
        return Line(
            sku=product["sku"],
            asin=product["asin"],
            title=catalogue.title(product, self.marketplace.language),
            unit_price=catalogue.price(product, self.currency),
            quantity=quantity,
        )

    def use_products(self, *skus):
        """Replace the lines by catalogue products, one each, unless the caller said what is ordered."""
        if not self.lines_given:
            self.lines = [self.line(catalogue.BY_SKU[sku]) for sku in skus]

    def tax(self, rate, on_top=False, lines=None):
        """Show tax on the lines (all) at ``rate`` percent, contained in the prices or on top of them."""
        for line in self.lines if lines is None else lines:
            amounts = {"ITEM": line.subtotals()["ITEM"], **line.charges}
            divisor = 100 if on_top else 100 + Decimal(rate)
            line.taxes = {
                kind: rounded(value * Decimal(rate) / divisor, self.currency) for kind, value in amounts.items()
            }
            line.tax_on_top = on_top

    def merge_lines(self, extra):
        """Merge ``extra`` into every item of the finished order."""
        for line in self.lines:
            merge(line.extra, extra)


def start(world, seller, marketplace, created, updated, kind):
    """A draft with an ordinary buyer, address and one product."""
    rng = world.rng("order")
    draft = Draft(world, seller, marketplace, rng, created, updated, kind)
    buyer = people.name(rng, marketplace.code)
    draft.buyer = {"buyerName": buyer, "buyerEmail": people.email(rng, marketplace.domain)}
    draft.address = people.address(rng, marketplace.code, buyer)
    draft.lines = [draft.product()]
    draft.lines[0].quantity = rng.choice([1, 1, 1, 2, 3])
    return draft


def record(draft):
    """Build the order and the simulator's own notes about it."""
    order = build_order(draft)
    merge(order, draft.extra)
    return {
        "order": order,
        "merchant_id": draft.seller["merchant_id"],
        "kind": draft.kind,
        "prices_while_pending": draft.prices_while_pending,
    }


def build_order(draft):
    currency = draft.currency
    items = [build_item(draft, line) for line in draft.lines]
    order = {
        "orderId": draft.world.orders.new_id(draft.rng),
        "createdTime": draft.created,
        "lastUpdatedTime": draft.updated,
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": draft.marketplace.id,
            "marketplaceName": draft.marketplace.name,
        },
        "buyer": draft.buyer,
        "recipient": {"deliveryAddress": draft.address},
        "proceeds": build_proceeds(draft, items),
        "fulfillment": build_fulfillment(draft),
        "orderItems": items,
    }
    if draft.programs:
        order["programs"] = draft.programs
    if draft.payments:
        total = amount(order["proceeds"]["grandTotal"])
        order["payment"] = {"paymentExecutions": build_payments(draft.payments, total, currency)}
    return order


def build_item(draft, line):
    currency = draft.currency
    product = {
        "asin": line.asin,
        "title": line.title,
        "sellerSku": line.sku,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
        "price": {"unitPrice": money(line.unit_price, currency)},
    }
    if line.sku is None:
        del product["sellerSku"]
    done = line.quantity if draft.status == "SHIPPED" else 0
    item = {
        "orderItemId": f"{draft.rng.randint(0, 99999999999999):014d}",
        "quantityOrdered": line.quantity,
        "product": product,
        "proceeds": {"proceedsTotal": money(line.total(), currency), "breakdowns": build_breakdowns(line, currency)},
        "fulfillment": {"quantityFulfilled": done, "quantityUnfulfilled": line.quantity - done},
    }
    if line.points:
        granted = {"pointsNumber": line.points, "pointsMonetaryValue": money(line.points, currency)}
        item["expense"] = {"pointsCost": {"pointsGranted": granted}}
    if line.promotions:
        item["promotion"] = {"breakdowns": [{"promotionId": promotion} for promotion in line.promotions]}
    merge(item, line.extra)
    return item


def build_breakdowns(line, currency):
    result = []
    for kind, subtotal in line.subtotals().items():
        entry = {"type": kind, "subtotal": money(subtotal, currency)}
        details = {"TAX": line.taxes, "DISCOUNT": line.discounts}.get(kind, {})
        sign = line.discount_sign if kind == "DISCOUNT" else 1
        if details:
            entry["detailedBreakdowns"] = [
                {"subtype": s, "value": money(sign * v, currency)} for s, v in details.items()
            ]
        result.append(entry)
    return result


def build_proceeds(draft, items):
    total = sum(amount(item["proceeds"]["proceedsTotal"]) for item in items) + draft.tip + draft.total_off_by
    result = {"grandTotal": money(total, draft.currency), "breakdowns": aggregate(items, draft.currency)}
    if draft.tip:
        result["breakdowns"].append(
            {"type": "DELIVERY_TIP", "status": "PENDING", "subtotal": money(draft.tip, draft.currency)}
        )
    return result


def aggregate(items, currency):
    """The order's breakdowns: the items' ones added up by type."""
    sums = Counter()
    for item in items:
        for breakdown in item["proceeds"]["breakdowns"]:
            sums[breakdown["type"]] += amount(breakdown["subtotal"])
    return [{"type": kind, "subtotal": money(total, currency)} for kind, total in sums.items()]


def build_payments(payments, total, currency):
    """``payments``: (method or execution dict, amount or None for "the rest") pairs, their sum is the total."""
    rest = total - sum(Decimal(value) for _method, value in payments if value is not None)
    result = []
    for method, value in payments:
        execution = dict(method) if isinstance(method, dict) else {"paymentMethod": method}
        result.append({**execution, "paymentAmount": money(rest if value is None else value, currency)})
    return result


def build_fulfillment(draft):
    created = parse(draft.created)
    days = {"NEXT_DAY": 1, "SAME_DAY": 0, "EXPEDITED": 1}.get(draft.service_level, 2)
    ship_by = end_of_day(created, days, draft.marketplace.utc_offset)
    return {
        "fulfillmentStatus": draft.status,
        "fulfilledBy": draft.fulfilled_by,
        "fulfillmentServiceLevel": draft.service_level,
        "shipByWindow": {"earliestDateTime": draft.created, "latestDateTime": iso(ship_by)},
        "deliverByWindow": {
            "earliestDateTime": iso(ship_by + datetime.timedelta(hours=1)),
            "latestDateTime": iso(end_of_day(ship_by, 3, draft.marketplace.utc_offset)),
        },
    }


def end_of_day(moment, days, utc_offset):
    """23:59:59 of the marketplace's day, ``days`` after ``moment``."""
    zone = datetime.timezone(datetime.timedelta(hours=utc_offset))
    local = moment.astimezone(zone) + datetime.timedelta(days=days)
    return local.replace(hour=23, minute=59, second=59, microsecond=0).astimezone(UTC)


def merge(target, changes):
    """Deep merge into ``target``: objects are merged, an object with numeric keys changes elements of a list
    (``{"orderItems": {"0": {…}}}``), null removes, anything else replaces."""
    for key, value in changes.items():
        key = int(key) if isinstance(target, list) else key
        present = isinstance(target, list) or key in target
        if value is None:
            target.pop(key) if present else None
        elif isinstance(value, dict) and present and isinstance(target[key], (dict, list)):
            merge(target[key], value)
        else:
            target[key] = value
    return target
