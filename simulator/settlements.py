"""Settlements: what Amazon pays out at a time, and the report that it makes of each without being asked.

Each closes with a transfer (``payouts.pay_out``); its lines are the transactions of the store that no settlement had.
"""

import datetime
from decimal import Decimal

from . import data_reports, payouts
from .history import copied
from .marketplaces import BY_ID
from .reports import ENCODINGS, report_languages
from .store import Store
from .times import parse, shift
from .transactions import related_to

TYPE = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
COLUMNS = (
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
)
DEPOSIT_DAYS = 2
OTHER = "other-transaction"
# transactionType -> transaction-type
TYPES = {"Shipment": "Order", "Refund": "Refund", "ServiceFee": "ServiceFee"}
# what Finances call a refund, too
CLAIMS = {"chargeback": "Chargeback Refund", "guarantee_claim": "A-to-z Guarantee Refund"}
# leaf of Finances -> amount-type and amount-description; all others are fees under their own names
NAMES = {
    "OurPricePrincipal": ("ItemPrice", "Principal"),
    "OurPriceTax": ("ItemPrice", "Tax"),
    "ShippingPrincipal": ("ItemPrice", "Shipping"),
    "ShippingTax": ("ItemPrice", "ShippingTax"),
    "GiftwrapPrincipal": ("ItemPrice", "GiftWrap"),
    "GiftwrapTax": ("ItemPrice", "GiftWrapTax"),
    "CODItemCharge": ("ItemPrice", "CODItemCharge"),
    "CODItemTaxCharge": ("ItemPrice", "CODItemTaxCharge"),
    "GoodwillPrincipal": ("ItemPrice", "Goodwill"),
    "RestockingDeductionPrincipal": ("ItemPrice", "RestockingFee"),
    "OurPriceDiscount": ("Promotion", "Principal"),
    "ShippingDiscount": ("Promotion", "Shipping"),
    "AdvertisingFee": ("Cost of Advertising", "TransactionTotalAmount"),
    "Subscription": (OTHER, "Subscription Fee"),
    "FBAStorageFee": (OTHER, "Storage Fee"),
    "ReserveDebit": (OTHER, "Current Reserve Amount"),
    "ReserveCredit": (OTHER, "Previous Reserve Amount Balance"),
}
# marketplace -> the form of a day and of a time, the zone's hours, the decimal mark
GERMAN = ("%d.%m.%Y", "%d.%m.%Y %H:%M:%S UTC", 0, ",")
AMERICAN = ("%m/%d/%y", "%Y-%m-%d %H:%M:%S UTC", 0, ".")
FORMS = {
    "JP": ("%Y/%m/%d", "%Y/%m/%d %H:%M:%S JST", 9, "."),
    **dict.fromkeys(("DE", "FR", "IT", "ES", "NL", "BR", "TR"), GERMAN),
    **dict.fromkeys(("US", "CA", "MX"), AMERICAN),
}
OTHERWISE = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S UTC", 0, ".")


class Settlements(Store):
    """Every settlement.

    :ivar closed: {settlement_id, merchant_id, marketplace_id, currency, start, end, deposited, total (text), report_id,
        rows: [{column: text}] with ``amount`` as 1234.56 and ``posted`` as Amazon's APIs have it}, oldest first
    :ivar ends: "merchant|marketplace|currency" -> when its last one ended
    """

    kept = ("closed", "ends")

    def __init__(self, world):
        super().__init__(world)
        self.closed, self.ends = [], {}

    def of_store(self, merchant_id, marketplace_id, currency):
        store = (merchant_id, marketplace_id, currency)
        return [one for one in self.closed if (one["merchant_id"], one["marketplace_id"], one["currency"]) == store]


# Closing


def advance(world):
    """Close what is due, every ``settlement_days``."""
    days, now = world.settings["settlement_days"], world.clock.iso()
    if not days:
        return
    for seller in world.sellers.by_id.values():
        for marketplace_id in seller["marketplaces"]:
            store = {"marketplace_id": marketplace_id, "currency": BY_ID[marketplace_id].currency}
            begin = begins(world, seller, store)
            while begin and (end := shift(begin, days=days)) <= now:
                if payouts.open_entries(world, seller, *store.values(), until=end):
                    close(world, seller, {**store, "posted": end, "until": end})
                world.settlements.ends[key(seller, store)] = begin = end


def key(seller, store):
    return "|".join((seller["merchant_id"], *store.values()))


def begins(world, seller, store):
    """When the next settlement of a store begins; None where nothing is in it."""
    before = world.settlements.ends.get(key(seller, store))
    posted = [entry["posted"] for entry in payouts.open_entries(world, seller, *store.values())]
    return before or min(posted, default=None)


def close(world, seller, values):
    """Pay out and report it: the transfer.

    values: those of ``payouts.pay_out``; reserve (that is kept until the next one), failed (the bank sends it back: it
    is in the next one once more; a text is what it is called there), repeat (how many earlier ones are in the document,
    too; None: as the settings say), damage (see ``damaged``)
    """
    marketplace_id, currency = payouts.store_of(seller, values)
    store = {"marketplace_id": marketplace_id, "currency": currency}
    end = payouts.time_of(world, values)
    before = {**store, "posted": shift(end, seconds=-1)}
    if values.get("reserve"):
        payouts.reserve(world, seller, {**before, "amount": values["reserve"]})
    begin = begins(world, seller, store) or end
    transfer, entries = payouts.pay_out(world, seller, {**values, "posted": end})
    total = -Decimal(str(transfer["transaction"]["totalAmount"]["currencyAmount"]))
    if values.get("reserve"):
        payouts.reserve(world, seller, {**store, "posted": end, "amount": values["reserve"], "credit": True})
    if values.get("failed"):
        name = {"name": values["failed"]} if isinstance(values["failed"], str) else {}
        payouts.failed_transfer(world, seller, {**store, "posted": end, "amount": total, **name})
    settlement = {
        "settlement_id": related_to(transfer["transaction"], "SETTLEMENT_ID")[0],
        "merchant_id": seller["merchant_id"],
        **store,
        "start": min(begin, end),
        "end": end,
        "deposited": shift(end, days=DEPOSIT_DAYS),
        "total": str(total),
        "rows": [row for entry in entries for row in rows_of(entry)],
    }
    world.settlements.closed.append(settlement)
    world.settlements.ends[key(seller, store)] = end
    report(world, seller, settlement, values)
    return transfer


# The lines


def rows_of(entry):
    """The rows of a transaction: one for each amount that is part of no other."""
    content = entry["transaction"]
    kind = CLAIMS.get(entry["via"]) or TYPES.get(content["transactionType"], OTHER)
    usual = {
        "transaction-type": kind,
        "order-id": first(content, "ORDER_ID"),
        "merchant-order-id": first(content, "ORDER_ID") and f"M-{first(content, 'ORDER_ID')}",
        "adjustment-id": first(content, "REFUND_ID"),
        "shipment-id": first(content, "SHIPMENT_ID"),
        "marketplace-name": content["marketplaceDetails"]["marketplaceName"],
        "posted": content["postedDate"],
    }
    items = [item for item in content["items"] if item["breakdowns"]]
    if not items:
        return [{**usual, **of_account(content), "amount": text_of(content["totalAmount"])}]
    ids = entry.get("item_ids") or [""] * len(items)
    return [
        {**usual, **of_item(item, item_id), **named(leaf), "amount": text_of(leaf["breakdownAmount"])}
        for item, item_id in zip(items, ids, strict=True)
        for group in item["breakdowns"]
        for leaf in group["breakdowns"]
        if Decimal(text_of(leaf["breakdownAmount"]))
    ]


def first(content, name):
    return (related_to(content, name) or [""])[0]


def text_of(amount):
    return str(Decimal(str(amount["currencyAmount"])))


def named(leaf):
    name = leaf["breakdownType"]
    tax = ("ItemWithheldTax", name) if name.startswith("MarketplaceFacilitatorTax") else ("ItemFees", name)
    return dict(zip(("amount-type", "amount-description"), NAMES.get(name, tax), strict=True))


def of_item(item, item_id):
    context = item["contexts"][0]
    network = context.get("fulfillmentNetwork", "")
    return {
        "order-item-code": item_id,
        "sku": context.get("sku", ""),
        "quantity-purchased": str(context.get("quantityShipped", "")),
        "fulfillment-id": network,
    }


def of_account(content):
    """What a row says of an amount that is no item's."""
    if content["transactionType"] == "FBAInventoryReimbursement":
        context = content["items"][0]["contexts"][0]
        about = {"sku": context.get("sku", ""), "quantity-purchased": str(context.get("quantityShipped", ""))}
        return {**about, "amount-type": "FBA Inventory Reimbursement", "amount-description": content["description"]}
    leaf = content["breakdowns"][0]
    while leaf["breakdowns"] and leaf["breakdowns"][0]["breakdownType"] != "Base":
        leaf = leaf["breakdowns"][0]
    if leaf["breakdownType"] in NAMES:
        return named(leaf)
    return {"amount-type": OTHER, "amount-description": content["description"] or leaf["breakdownType"]}


# The document


def report(world, seller, settlement, values):
    """Put the report where getReports finds it."""
    repeat = values.get("repeat", world.settings["settlement_repeat"])
    store = (settlement["merchant_id"], settlement["marketplace_id"], settlement["currency"])
    *before, _this = world.settlements.of_store(*store)
    shown = [settlement, *reversed(before[-repeat:] if repeat else [])]
    lines = [line for one in shown for line in lines_of(one)]
    if values.get("damage"):
        lines = damaged(lines, values["damage"])
    codec, _charset, _told = ENCODINGS[report_languages(seller)[1]]
    content = "\n".join(["\t".join(COLUMNS), *lines, ""])
    content = content[:-20] if values.get("damage") == "cut" else content
    made = done(world, seller, TYPE, [settlement["marketplace_id"]], content.encode(codec, "replace"), settlement)
    settlement["report_id"] = made["reportId"]


def done(world, seller, report_type, marketplaces, content, settlement=None, content_type="text/plain"):
    """A report that nobody has asked for, with its document. Its content type never tells the charset."""
    at = settlement["end"] if settlement else world.clock.iso()
    facts = {"createdTime": at, "processingStartTime": at}
    if settlement:
        facts.update(dataStartTime=settlement["start"], dataEndTime=settlement["end"])
    made = world.reports.add(seller["merchant_id"], report_type, marketplaces, **facts)
    data_reports.attach(world, made, content_type, content)
    data_reports.end(world, made, "DONE", at)
    return made


def lines_of(settlement):
    """A settlement's lines as the marketplace writes them: its total, then each amount."""
    day, time, hours, mark = FORMS.get(BY_ID[settlement["marketplace_id"]].code, OTHERWISE)
    zone = datetime.timezone(datetime.timedelta(hours=hours))

    def written(moment, form):
        return parse(moment).astimezone(zone).strftime(form)

    def money(text):
        plain = f"{Decimal(text):.0f}" if settlement["currency"] == "JPY" else f"{Decimal(text):.2f}"
        return plain.replace(".", mark)

    head = {
        "settlement-id": settlement["settlement_id"],
        "settlement-start-date": written(settlement["start"], time),
        "settlement-end-date": written(settlement["end"], time),
        "deposit-date": written(settlement["deposited"], time),
        "total-amount": money(settlement["total"]),
        "currency": settlement["currency"],
    }
    yield line_of(head)
    for row in settlement["rows"]:
        about = {"settlement-id": settlement["settlement_id"], "amount": money(row["amount"])}
        posted = {"posted-date": written(row["posted"], day), "posted-date-time": written(row["posted"], time)}
        yield line_of({**row, **about, **posted})


def line_of(row):
    return "\t".join(" ".join(row.get(column, "").split()) for column in COLUMNS)


def damaged(lines, how):
    """Lines of a document that cannot be read.

    :param how: ``cut`` (its end is missing), ``column`` (of its last line one is), ``number`` (of its last line the
        amount is none), ``total`` (the line with the total is missing)
    """
    *before, last = copied(lines)
    cells = last.split("\t")
    if how == "cut":
        return lines
    if how == "total":
        return lines[1:]
    if how == "column":
        return [*before, "\t".join(cells[:-1])]
    if how == "number":
        return [*before, "\t".join("?" if COLUMNS[n] == "amount" else cell for n, cell in enumerate(cells))]
    raise ValueError("damage is cut, column, number or total")
