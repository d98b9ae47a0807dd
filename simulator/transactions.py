"""The JSON of a transaction, as the Finances API shows it. Amounts are Decimals until they are written here."""

import base64
import hashlib
from decimal import Decimal

from .bills import COMMISSION, FULFILLMENT, RATE_OF_FEES_IN_JAPAN, contained_tax
from .marketplaces import BY_ID

GROUPS = {
    "OurPricePrincipal": "ProductCharges",
    "RestockingDeductionPrincipal": "ProductCharges",
    "GoodwillPrincipal": "ProductCharges",
    "OurPriceTax": "Tax",
    "ShippingTax": "Tax",
    "GiftwrapTax": "Tax",
    "CODItemTaxCharge": "Tax",
    "ShippingPrincipal": "Shipping",
    "GiftwrapPrincipal": "Giftwrap",
    "CODItemCharge": "COD",
    "OurPriceDiscount": "PromoRebates",
    "ShippingDiscount": "PromoRebates",
    "Commission": "AmazonFees",
    "RefundCommission": "AmazonFees",
    "FBAPerUnitFulfillmentFee": "AmazonFees",
    "CostOfPointsGranted": "AmazonPoints",
    "CostOfPointsReturned": "AmazonPoints",
    "MarketplaceFacilitatorTax-Principal": "MarketplaceFacilitatorTax",
    "MarketplaceFacilitatorTax-Shipping": "MarketplaceFacilitatorTax",
    "MarketplaceFacilitatorTax-Other": "MarketplaceFacilitatorTax",
}
EXPENSES = ("AmazonFees", "AmazonPoints", "MarketplaceFacilitatorTax")
FEES = (COMMISSION, FULFILLMENT, "RefundCommission")


def currency_amount(amount, currency):
    """Amazon's Currency: a JSON number, unlike the money of orders."""
    number = int(amount) if amount == amount.to_integral_value() else float(amount)
    return {"currencyCode": currency, "currencyAmount": number}


def node(name, amount, currency, below):
    return {"breakdownType": name, "breakdownAmount": currency_amount(amount, currency), "breakdowns": below}


def leaf(name, amount, currency, is_fee=False):
    """An amount that is part of no other. A fee says what it consists of."""
    if not is_fee:
        return node(name, amount, currency, [])
    tax = contained_tax(amount, RATE_OF_FEES_IN_JAPAN, currency) if currency == "JPY" else Decimal(0)
    parts = (("Base", amount - tax), ("Tax", tax))
    return node(name, amount, currency, [node(part, value, currency, []) for part, value in parts])


def by_group(leaves):
    """group -> {name: Decimal} of leaves (name -> Decimal); zeros are left out, but not all of them."""
    result = {}
    for name, amount in leaves.items():
        if amount or name == "OurPricePrincipal":
            result.setdefault(GROUPS.get(name, "Other"), {})[name] = amount
    return result


def money_of(leaves, currency):
    """The money of an item's ``leaves``: its total and its breakdowns."""
    return {
        "totalAmount": currency_amount(sum(leaves.values(), Decimal(0)), currency),
        "breakdowns": [
            node(group, sum(inner.values()), currency, [leaf(n, v, currency, n in FEES) for n, v in inner.items()])
            for group, inner in by_group(leaves).items()
        ],
    }


def leaves_of(item):
    """name -> Decimal of the money of an item that :func:`item_of` has made."""
    nodes = [below for group in item["breakdowns"] for below in group["breakdowns"]]
    return {below["breakdownType"]: Decimal(str(below["breakdownAmount"]["currencyAmount"])) for below in nodes}


def item_of(leaves, currency, description, context, adjustment_id=None):
    """An item. ``context``: the fields of its ProductContext."""
    references = [] if adjustment_id is None else [("ORDER_ADJUSTMENT_ITEM_ID", adjustment_id)]
    return {
        "description": description,
        "relatedIdentifiers": [
            {"itemRelatedIdentifierName": name, "itemRelatedIdentifierValue": value} for name, value in references
        ],
        **money_of(leaves, currency),
        "contexts": [{"contextType": "ProductContext", **{key: value for key, value in context.items() if value}}],
    }


def summary(all_leaves, currency, refund):
    """The transaction's own breakdowns: the money of its items (a list of name -> Decimal) once more, as groups."""
    sums = {}
    for leaves in all_leaves:
        for group, inner in by_group(leaves).items():
            sums[group] = sums.get(group, 0) + sum(inner.values())
    roots = {"Sales": {}, "Expenses": {}}
    for group, amount in sums.items():
        roots["Expenses" if group in EXPENSES else "Sales"][group] = amount
    return [
        node(
            f"Refunded {root}" if refund else root,
            sum(groups.values()),
            currency,
            [node(group, amount, currency, None) for group, amount in groups.items()],
        )
        for root, groups in roots.items()
        if groups
    ]


def transaction(world, merchant_id, marketplace_id, kind, description, total, posted, **more):
    """A transaction. ``total``: (Decimal, currency); ``more``: status, account_type, related {name: value}, items,
    breakdowns, contexts."""
    marketplace = BY_ID[marketplace_id]
    return {
        "sellingPartnerMetadata": {
            "sellingPartnerId": merchant_id,
            "accountType": more.get("account_type", "Standard Orders"),
            "marketplaceId": marketplace_id,
        },
        "transactionType": kind,
        "transactionId": new_id(world),
        "transactionStatus": more.get("status", "RELEASED"),
        "description": description,
        "postedDate": posted,
        "totalAmount": currency_amount(*total),
        "marketplaceDetails": {"marketplaceId": marketplace_id, "marketplaceName": marketplace.name},
        "relatedIdentifiers": identifiers(more.get("related", {})),
        "items": more.get("items", []),
        "contexts": more.get("contexts", []),
        "breakdowns": more.get("breakdowns", []),
    }


def identifiers(related):
    return [{"relatedIdentifierName": name, "relatedIdentifierValue": value} for name, value in related.items()]


def related_to(transaction, name):
    """The values (texts) of a related identifier; of a transaction that makes no sense, none."""
    found = transaction.get("relatedIdentifiers") if isinstance(transaction, dict) else None
    entries = [entry for entry in (found if isinstance(found, list) else []) if isinstance(entry, dict)]
    values = [entry.get("relatedIdentifierValue") for entry in entries if entry.get("relatedIdentifierName") == name]
    return [value for value in values if isinstance(value, str)]


def new_id(world):
    """43 characters, as Amazon's are."""
    digest = hashlib.sha256(f"{world.seed} transaction {world.finances.next_number()}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
