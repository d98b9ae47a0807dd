"""The kinds of orders that can be placed, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from . import build, catalogue
from .actions import ACTIONS
from .marketplaces import BY_CODE, BY_ID

KINDS = {}
CHARGES = {"shipping": "SHIPPING", "gift_wrap": "GIFT_WRAP", "cod_fee": "COD_FEE", "other": "OTHER"}
DISCOUNTS = {"discount": "ITEM", "discount_shipping": "SHIPPING", "discount_cod_fee": "COD_FEE"}


@dataclass(frozen=True)
class Kind:
    """A kind of order: ``prepare(draft)`` makes it of an ordinary draft. ``marketplace``: code or None (any)."""

    name: str
    ja: str
    en: str
    marketplace: str | None
    prepare: Callable


def kind(ja, en, marketplace="JP"):
    """Decorator: register ``prepare(draft)`` under its function's name."""

    def register(prepare):
        KINDS[prepare.__name__] = Kind(prepare.__name__, ja, en, marketplace, prepare)
        return prepare

    return register


def place(world, seller, name, created, updated, items=None, changes=None, lines=None):
    """Create one order and return its id.

    :param created: Amazon's time text, ``updated`` likewise
    :param items: list of {"sku", "quantity", "price", …} that replace the kind's products
    :param changes: JSON merged into the finished order
    :param lines: number of different products where the kind does not care
    """
    chosen = KINDS[name]
    draft = build.start(world, seller, marketplace_of(chosen, seller), created, updated, name)
    if lines:
        draft.lines = [
            draft.line(product)
            for product in draft.rng.sample(catalogue.CATALOGUE, min(lines, len(catalogue.CATALOGUE)))
        ]
    if items:
        draft.lines = [given_line(draft, item) for item in items]
        draft.lines_given = True
    chosen.prepare(draft)
    record = build.record(draft)
    world.listings.sold(record)
    for action, values in draft.later:
        ACTIONS[action](world, record, {"at": updated, **values})
    build.merge(record["order"], changes or {})
    order_id = record["order"]["orderId"]
    world.orders.records[order_id] = record
    world.finances.shipped(record, updated)
    for post, values in draft.paid_back:
        post(world, record, {"posted": updated, **values})
    return order_id


def marketplace_of(chosen, seller):
    marketplace = BY_CODE[chosen.marketplace] if chosen.marketplace else BY_ID[seller["marketplaces"][0]]
    if marketplace.id not in seller["marketplaces"]:
        raise ValueError(f"the seller does not sell in {marketplace.code}")
    return marketplace


def offered(seller):
    """The kinds that can be placed with a seller, in the order they are defined."""
    own = {BY_ID[marketplace].code for marketplace in seller["marketplaces"]}
    return [chosen for chosen in KINDS.values() if chosen.marketplace is None or chosen.marketplace in own]


def given_line(draft, item):
    """A line as the caller of the control API wants it; what is left out comes from the catalogue."""
    product = catalogue.BY_SKU.get(item.get("sku"), draft.rng.choice(catalogue.CATALOGUE))
    line = draft.line(product, int(item.get("quantity", 1)))
    line.sku = item.get("sku", line.sku)
    line.asin, line.title = item.get("asin", line.asin), item.get("title", line.title)
    line.unit_price = decimal(item.get("price", line.unit_price))
    line.item_total = decimal(item["total"]) if "total" in item else None
    line.charges = {kind: decimal(item[key]) for key, kind in CHARGES.items() if key in item}
    line.discounts = {kind: decimal(item[key]) for key, kind in DISCOUNTS.items() if key in item}
    line.taxes = {"ITEM": decimal(item["tax"])} if "tax" in item else {}
    line.tax_on_top = bool(item.get("tax_on_top"))
    line.points = int(item.get("points", 0))
    line.extra = item.get("set", {})
    return line


def decimal(value):
    return Decimal(str(value))


def usual(seller):
    """{kind: weight}: an ordinary day of a seller."""
    mix = {
        "jp_standard": 50,
        "jp_no_state": 8,
        "jp_points": 8,
        "jp_cod": 4,
        "jp_cvs_pending": 4,
        "jp_gift": 4,
        "jp_company": 4,
        "jp_prime": 5,
        "jp_shipping_charge": 5,
        "jp_promotion_negative": 4,
        "jp_fba_shipped": 4,
        "us_standard": 10,
        "eu_de": 5,
        "eu_uk": 5,
        "au_standard": 3,
        "sg_standard": 3,
    }
    own = {BY_ID[marketplace].code for marketplace in seller["marketplaces"]}
    return {name: weight for name, weight in mix.items() if KINDS[name].marketplace in own} or {"scheduled_delivery": 1}


from . import kinds_japan, kinds_anywhere, kinds_abroad  # noqa: E402, F401, I001 (they register their kinds, in this order)
