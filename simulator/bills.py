"""What a buyer pays for units of an item, and what Amazon takes of it, under the names that Finances has for it."""

from collections import Counter
from decimal import Decimal

from . import catalogue
from .actions import rescale, total_weights, wanted
from .history import copied
from .marketplaces import BY_ID
from .money import amount, rounded

PRINCIPAL = "OurPricePrincipal"
# type of an order's breakdown -> names of the price and of the tax on it; what is not here counts as the goods
PRICES = {
    "ITEM": (PRINCIPAL, "OurPriceTax"),
    "SHIPPING": ("ShippingPrincipal", "ShippingTax"),
    "GIFT_WRAP": ("GiftwrapPrincipal", "GiftwrapTax"),
    "COD_FEE": ("CODItemCharge", "CODItemTaxCharge"),
}
DISCOUNTS = {"ITEM": "OurPriceDiscount", "SHIPPING": "ShippingDiscount", "COD_FEE": "CODItemCharge"}
# tax -> what Amazon takes of it where it pays the tax itself
WITHHELD = {
    "OurPriceTax": "MarketplaceFacilitatorTax-Principal",
    "ShippingTax": "MarketplaceFacilitatorTax-Shipping",
    "GiftwrapTax": "MarketplaceFacilitatorTax-Other",
}
BUYERS = tuple(dict.fromkeys([name for pair in PRICES.values() for name in pair] + list(DISCOUNTS.values())))
POINTS = "CostOfPointsGranted"
COMMISSION, FULFILLMENT = "Commission", "FBAPerUnitFulfillmentFee"
COMMISSION_RATE, RATE_OF_FEES_IN_JAPAN = Decimal("0.10"), 10
FULFILLMENT_IN_JAPAN, FULFILLMENT_ELSEWHERE = Decimal(434), Decimal("3.50")


def share(order, item, quantity):
    """name -> Decimal of the first ``quantity`` units of an item: the buyer's money, which adds up to as much of its
    ``proceedsTotal``, points and withheld tax. All units make all of it, whatever was rounded before."""
    part = copied(item)
    weights = total_weights(item["proceeds"])
    if quantity != wanted(item):
        rescale(part, Decimal(quantity) / wanted(item))
    result = prices(order, part, weights)
    result[PRINCIPAL] += amount(part["proceeds"]["proceedsTotal"]) - sum(result.values())
    if (item.get("tax") or {}).get("taxCollections"):
        result.update({WITHHELD[name]: -result[name] for name in WITHHELD if result[name]})
    points = part.get("expense", {}).get("pointsCost", {}).get("pointsGranted")
    if points:
        result[POINTS] = -amount(points["pointsMonetaryValue"])
    return result


def prices(order, item, weights):
    """Counter of what the breakdowns say. Tax that prices contain is taken out of them."""
    result, kinds = Counter({PRINCIPAL: Decimal(0)}), Counter()
    for breakdown in item["proceeds"]["breakdowns"]:
        if breakdown["type"] == "DISCOUNT":
            for subtype, value in details(breakdown):
                result[DISCOUNTS.get(subtype, DISCOUNTS["ITEM"])] += weights["DISCOUNT"] * value
        elif breakdown["type"] != "TAX":
            kinds[breakdown["type"]] += amount(breakdown["subtotal"])
    taxes = [pair for b in item["proceeds"]["breakdowns"] if b["type"] == "TAX" for pair in details(b)]
    contained = not weights["TAX"]
    if not taxes and BY_ID[order["salesChannel"]["marketplaceId"]].code == "JP":
        taxes, contained = taxes_in_japan(item, kinds), True
    for kind, value in kinds.items():
        result[names(kind)[0]] += value
    for kind, value in taxes:
        price, tax = names(kind)
        result[tax] += value
        result[price] -= value if contained else 0
    return result


def names(kind):
    return PRICES.get(kind, PRICES["ITEM"])


def details(breakdown):
    """[(subtype, Decimal)] of a discount or a tax; without details it is on the goods."""
    found = breakdown.get("detailedBreakdowns") or [{"subtype": "ITEM", "value": breakdown["subtotal"]}]
    return [(detail["subtype"], amount(detail["value"])) for detail in found]


def taxes_in_japan(item, kinds):
    """[(type, Decimal)]: consumption tax is separated in Amazon's payments, though orders do not show it."""
    rate = catalogue.BY_SKU.get(item["product"].get("sellerSku"), {}).get("tax_rate", 10)
    currency = item["proceeds"]["proceedsTotal"]["currencyCode"]
    return [(kind, contained_tax(value, rate, currency)) for kind, value in kinds.items()]


def contained_tax(value, rate, currency):
    return value - rounded(value * 100 / (100 + rate), currency)


def of_buyer(leaves):
    """Decimal: what of these leaves (name -> Decimal) the buyer pays."""
    return sum((value for name, value in leaves.items() if name in BUYERS), Decimal(0))


def fees(leaves, quantity, by_amazon, currency):
    """name -> Decimal that Amazon takes for a sale of ``leaves``."""
    result = {COMMISSION: -rounded(of_buyer(leaves) * COMMISSION_RATE, currency)}
    if by_amazon:
        result[FULFILLMENT] = -quantity * (FULFILLMENT_IN_JAPAN if currency == "JPY" else FULFILLMENT_ELSEWHERE)
    return result
