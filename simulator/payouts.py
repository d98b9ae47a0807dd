"""What is posted to a seller's account: sales as they ship, and what people do to them afterwards.

``values`` is the JSON body of the control call; a request that cannot be met raises ``Refused``.
"""

import json
from decimal import Decimal

from . import bills
from .actions import Refused, beside_items
from .bills import BUYERS, COMMISSION, POINTS, PRINCIPAL, WITHHELD, of_buyer
from .history import copied
from .marketplaces import BY_ID
from .money import rounded
from .times import iso, parse, shift
from .transactions import (
    currency_amount,
    identifiers,
    item_of,
    leaf,
    leaves_of,
    money_of,
    new_id,
    node,
    related_to,
    summary,
    transaction,
)

OF_SALES = (*BUYERS, *WITHHELD.values(), POINTS)
MATURES_AFTER = {"DD7": 9, "B2B": 30}  # days: two until the delivery and seven more; those of an invoice
CLAIMS = ("chargeback", "guarantee_claim")
REFUND_COMMISSION = Decimal("0.2")  # of the commission that is given back
# what Amazon calls in the description what its leaf is called otherwise
DESCRIPTIONS = {"FBAStorageFee": "FBAStorageBilling", "FBALongTermStorageFee": "FBALongTermStorageBilling"}


def post(world, merchant_id, content, via, raw=False, by_merchant=False, posted=None, delay=None, item_ids=()):
    """Keep a transaction. ``delay``: seconds until it shows; None: as the settings say. ``item_ids``: of the order's
    items that its own are of, which Finances do not tell."""
    posted = posted or content["postedDate"]
    shown = shift(posted, seconds=world.settings["finance_delay"] if delay is None else delay)
    facts = {"posted": posted, "shown": shown, "via": via, "raw": raw, "by_merchant": by_merchant}
    if item_ids:
        facts["item_ids"] = list(item_ids)
    return world.finances.add(merchant_id, content, **facts)


def time_of(world, values):
    return iso(parse(values["posted"])) if values.get("posted") else world.clock.iso()


# Sales


def shipped(world, record, at=None):
    """Post what of an order has left and is not posted yet. All shipments of an order make its grand total.

    :param at: Amazon's text of the time; None: now
    """
    order = record["order"]
    try:
        if order["salesChannel"]["channelName"] != "AMAZON":
            return
        sold = copied(world.finances.sold.get(order["orderId"], {"items": {}}))
        lines = newly_shipped(order, sold)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        return  # a test has spoiled the order: nobody can tell what it costs
    if lines:
        world.finances.sold[order["orderId"]] = sold
        post_sale(world, record, lines, at or world.clock.iso())


def newly_shipped(order, sold):
    """[(item, quantity, {name: Decimal})] of what left since ``sold`` was written; writes it."""
    lines = []
    for item in order["orderItems"]:
        before = sold["items"].get(item["orderItemId"], {"quantity": 0, "leaves": {}})
        quantity = item["fulfillment"]["quantityFulfilled"]
        if quantity <= before["quantity"]:
            continue
        if "beside" not in sold:  # what the grand total has beside its items comes with the first of them
            sold["beside"] = before["beside"] = str(beside_items(order))
        now, posted = bills.share(order, item, quantity), amounts(before["leaves"])
        now[PRINCIPAL] += Decimal(before.get("beside", 0))
        leaves = {name: now.get(name, 0) - posted.get(name, 0) for name in {**now, **posted} if name in OF_SALES}
        new = quantity - before["quantity"]
        by_amazon = order["fulfillment"].get("fulfilledBy") == "AMAZON"
        leaves.update(bills.fees(leaves, new, by_amazon, currency_of(order)))
        total = {name: posted.get(name, 0) + leaves.get(name, 0) for name in {**posted, **leaves}}
        sold["items"][item["orderItemId"]] = {**before, "quantity": quantity, "leaves": texts(total)}
        lines.append((item, new, leaves))
    return lines


def amounts(leaves):
    return {name: Decimal(text) for name, text in leaves.items()}


def texts(leaves):
    return {name: str(value) for name, value in leaves.items()}


def currency_of(order):
    return order["proceeds"]["grandTotal"]["currencyCode"]


def post_sale(world, record, lines, posted):
    order = record["order"]
    reason = deferral(world, order)
    related = {"ORDER_ID": order["orderId"], "SHIPMENT_ID": f"S{world.finances.next_number():09d}"}
    post_items(world, record, "Shipment", "Order Payment", lines, posted, related, reason)


def deferral(world, order):
    """The policy by which the payment of a sale waits, or ''."""
    policy = world.settings["finance_defer"]
    deferred = policy == "DD7" or policy == "B2B" and "AMAZON_BUSINESS" in order.get("programs", [])
    return policy if deferred else ""


def post_items(world, record, kind, description, lines, posted, related, reason="", via=None):
    """Post a transaction of an order's items: [(item, quantity, {name: Decimal})]. ``reason``: why it is deferred."""
    order = record["order"]
    currency, fulfilled_by = currency_of(order), order["fulfillment"].get("fulfilledBy")
    refund = kind == "Refund"
    items = [
        item_of(
            leaves,
            currency,
            item["product"].get("title", ""),
            {
                "asin": item["product"].get("asin"),
                "sku": item["product"].get("sellerSku"),
                "quantityShipped": quantity,
                "fulfillmentNetwork": "AFN" if fulfilled_by == "AMAZON" else "MFN",
            },
            f"{item['orderItemId']}-{world.finances.next_number()}" if refund else None,
        )
        for item, quantity, leaves in lines
    ]
    content = transaction(
        world,
        record["merchant_id"],
        order["salesChannel"]["marketplaceId"],
        kind,
        description,
        (sum((sum(leaves.values()) for _item, _quantity, leaves in lines), Decimal(0)), currency),
        posted,
        status="DEFERRED" if reason else "RELEASED",
        account_type="Invoiced Orders" if is_invoiced(order) else "Standard Orders",
        related=related,
        items=items,
        breakdowns=summary([leaves for _item, _quantity, leaves in lines], currency, refund),
        contexts=deferred_context(reason, posted),
    )
    facts = {"by_merchant": fulfilled_by == "MERCHANT", "item_ids": [item["orderItemId"] for item, *_rest in lines]}
    return post(world, record["merchant_id"], content, via or kind.lower(), **facts)


def is_invoiced(order):
    executions = (order.get("payment") or {}).get("paymentExecutions") or []
    return any(execution.get("paymentMethod") == "Invoice" for execution in executions)


def deferred_context(reason, posted):
    if not reason:
        return []
    matures = shift(posted, days=MATURES_AFTER[reason])
    return [{"contextType": "DeferredContext", "deferralReason": reason, "maturityDate": matures}]


def release(world, values):
    """The money of deferred transactions is there: ``transaction_id``, or all of an ``order_id``. The original's status
    changes, its time does not; a second transaction of the same money is posted now. ``more``: {name: amount} by which
    that is of another amount, in its first item."""
    if values.get("transaction_id"):
        chosen = [world.finances.find(values["transaction_id"])]
    else:
        chosen = [entry for entry in world.finances.of_order(values["order_id"]) if not entry["raw"]]
    open_ones = [entry for entry in chosen if entry["transaction"].get("transactionStatus") == "DEFERRED"]
    if not open_ones:
        raise Refused("nothing is deferred")
    return [release_one(world, entry, time_of(world, values), values.get("more") or {}) for entry in open_ones]


def release_one(world, entry, posted, more):
    original, copy = entry["transaction"], copied(entry["transaction"])
    copy.update(transactionId=new_id(world), transactionStatus="RELEASED", postedDate=posted)
    copy["contexts"] = [context for context in copy["contexts"] if context["contextType"] != "DeferredContext"]
    copy["relatedIdentifiers"] += identifiers({"DEFERRED_TRANSACTION_ID": original["transactionId"]})
    if more:
        pay_out_otherwise(copy, more)
    original["transactionStatus"] = "DEFERRED_RELEASED"
    original["relatedIdentifiers"] += identifiers({"RELEASE_TRANSACTION_ID": copy["transactionId"]})
    facts = {"by_merchant": entry["by_merchant"], "item_ids": entry.get("item_ids", ())}
    # Of a chargeback that was deferred it is the release.
    via = entry["via"] if entry["via"] in CLAIMS else "release"
    return post(world, entry["merchant_id"], copy, via, delay=0, **facts)


def pay_out_otherwise(content, more):
    """Change the amounts of a transaction by {name: amount}, in its first item."""
    currency, all_leaves = content["totalAmount"]["currencyCode"], [leaves_of(item) for item in content["items"]]
    for name, amount in more.items():
        all_leaves[0][name] = all_leaves[0].get(name, Decimal(0)) + rounded(Decimal(str(amount)), currency)
    for item, leaves in zip(content["items"], all_leaves, strict=True):
        item.update(money_of(leaves, currency))
    total = sum((sum(leaves.values()) for leaves in all_leaves), Decimal(0))
    is_refund = content["transactionType"] == "Refund"
    content.update(totalAmount=currency_amount(total, currency), breakdowns=summary(all_leaves, currency, is_refund))


# Refunds


def refund(world, record, values, via="refund"):
    """Give money back to the buyer.

    values: items [{order_item_id or sku, quantity or amount; without both all that is left}], or amount (of the order),
    or full, which is meant when nothing else is; goodwill (beside it), restocking (what the seller keeps), deferred
    """
    order = record["order"]
    sold = copied(world.finances.sold.get(order["orderId"]))
    if not sold:
        raise Refused("nothing of the order has been posted")
    currency = currency_of(order)
    backs = given_back(order, sold, values, currency)
    for name, key in (("GoodwillPrincipal", "goodwill"), ("RestockingDeductionPrincipal", "restocking")):
        if values.get(key):
            kept = rounded(Decimal(str(values[key])), currency)
            extra = backs.setdefault(next(iter(backs), next(iter(sold["items"]))), {})
            extra[name] = kept if key == "goodwill" else -kept
    if not any(any(back.values()) for back in backs.values()):
        raise Refused("there is nothing to give back")
    lines = [
        (item, sold["items"][item_id]["quantity"], refunded_leaves(sold["items"][item_id], back, currency))
        for item_id, back in backs.items()
        for item in order["orderItems"]
        if item["orderItemId"] == item_id
    ]
    world.finances.sold[order["orderId"]] = sold
    related = {"ORDER_ID": order["orderId"], "REFUND_ID": f"R{world.finances.next_number():09d}"}
    reason = "DD7" if values.get("deferred") else ""
    return post_items(world, record, "Refund", "Refund", lines, time_of(world, values), related, reason, via)


def chargeback(world, record, values):
    """The buyer's bank takes the money back. Finances do not tell it from a refund; the settlement report does."""
    return refund(world, record, values, "chargeback")


def guarantee_claim(world, record, values):
    """Amazon gives the buyer the money back (A-to-z Guarantee); likewise."""
    return refund(world, record, values, "guarantee_claim")


def given_back(order, sold, values, currency):
    """item id -> {name: Decimal} that goes back of what was sold, signed as in the sale; noted in ``sold``."""
    chosen = {}
    if values.get("items"):
        for wanted in values["items"]:
            item_id = named(order, sold, wanted, chosen)
            chosen[item_id] = part_of(sold["items"][item_id], wanted, currency)
    elif values.get("amount"):
        rest = rounded(Decimal(str(values["amount"])), currency)
        for item_id, entry in sold["items"].items():
            here = min(rest, of_buyer(left(entry)))
            if here > 0:
                chosen[item_id], rest = part_of(entry, {"amount": here}, currency), rest - here
        if rest:
            raise Refused(f"that is {rest} more than is left of the order")
    elif values.get("full", not values.get("goodwill")):
        chosen = {item_id: part_of(entry, {}, currency) for item_id, entry in sold["items"].items()}
    for item_id, back in chosen.items():
        refunded = amounts(sold["items"][item_id].get("refunded", {}))
        for name, value in back.items():
            refunded[name] = refunded.get(name, 0) + value
        sold["items"][item_id]["refunded"] = texts(refunded)
    return {item_id: back for item_id, back in chosen.items() if any(back.values())}


def named(order, sold, wanted, chosen):
    """The id of the item that is meant by its id, or by its SKU: the first line with it that has money left."""
    ids = [
        item["orderItemId"]
        for item in order["orderItems"]
        if item["orderItemId"] in sold["items"]
        and item["orderItemId"] not in chosen
        and wanted.get("order_item_id") in (None, item["orderItemId"])
        and wanted.get("sku") in (None, item["product"].get("sellerSku"))
    ]
    if not ids:
        raise Refused("no such item has been posted")
    return next((item_id for item_id in ids if of_buyer(left(sold["items"][item_id]))), ids[0])


def left(entry):
    """name -> Decimal of the buyer's money for an item that is not refunded."""
    refunded = amounts(entry.get("refunded", {}))
    return {name: v - refunded.get(name, 0) for name, v in amounts(entry["leaves"]).items() if name in BUYERS}


def part_of(entry, wanted, currency):
    """name -> Decimal of what goes back of an item: of a quantity, an amount, or all that is left."""
    rest = left(entry)
    if wanted.get("quantity"):
        returned = entry.get("returned", 0) + int(wanted["quantity"])
        if returned > entry["quantity"]:
            raise Refused(f"only {entry['quantity'] - entry.get('returned', 0)} left of the item")
        entry["returned"] = returned
        if returned == entry["quantity"]:
            return rest
        sold = amounts(entry["leaves"])
        parts = {name: rounded(sold[name] * int(wanted["quantity"]) / entry["quantity"], currency) for name in rest}
        return {name: min(part, rest[name], key=abs) for name, part in parts.items()}
    if wanted.get("amount"):
        return split(rounded(Decimal(str(wanted["amount"])), currency), rest, currency)
    entry["returned"] = entry["quantity"]
    return rest


def split(amount, rest, currency):
    """An amount of the item's price and tax, or where that is not enough of everything."""
    total = of_buyer(rest)
    if not 0 < amount <= total:
        raise Refused(f"{total} is left of the item")
    price, tax = rest.get(PRINCIPAL, Decimal(0)), rest.get("OurPriceTax", Decimal(0))
    if amount <= price + tax:
        of_tax = rounded(amount * tax / (price + tax), currency)
        return {PRINCIPAL: amount - of_tax, "OurPriceTax": of_tax}
    parts = {name: rounded(value * amount / total, currency) for name, value in rest.items()}
    parts[PRINCIPAL] += amount - sum(parts.values())
    return parts


def refunded_leaves(entry, back, currency):
    """The leaves of a refund: the buyer's money, and what Amazon gives back of its fees and keeps for it."""
    sold, result = amounts(entry["leaves"]), {name: -value for name, value in back.items()}
    total = of_buyer(sold)
    part = of_buyer(back) / total if total else Decimal(0)
    for tax, withheld in WITHHELD.items():
        if sold.get(withheld):
            result[withheld] = back.get(tax, Decimal(0))
    commission = rounded(-sold.get(COMMISSION, Decimal(0)) * part, currency)
    result[COMMISSION] = commission
    result["RefundCommission"] = -rounded(commission * REFUND_COMMISSION, currency)
    result["CostOfPointsReturned"] = rounded(-sold.get(POINTS, Decimal(0)) * part, currency)
    return result


# What concerns no order


def account_entry(world, seller, values, kind, description, amount, breakdowns, via, related=None, items=()):
    """Post a transaction of the account as a whole; of an order where ``values`` name its ``order_id``."""
    marketplace_id, currency = store_of(seller, values)
    related = {**({"ORDER_ID": values["order_id"]} if values.get("order_id") else {}), **(related or {})}
    content = transaction(
        world,
        seller["merchant_id"],
        marketplace_id,
        kind,
        description,
        (amount, currency),
        time_of(world, values),
        related=related,
        items=list(items),
        breakdowns=breakdowns,
    )
    return post(world, seller["merchant_id"], content, via)


def store_of(seller, values):
    marketplace_id = values.get("marketplace_id") or seller["marketplaces"][0]
    return marketplace_id, values.get("currency") or BY_ID[marketplace_id].currency


def decimal(values, currency, otherwise=None):
    return rounded(Decimal(str(values.get("amount", otherwise))), currency)


def adjust(world, seller, values):
    """values: amount (signed: what the seller gets is positive), name of the leaf, description"""
    currency = store_of(seller, values)[1]
    amount, name = decimal(values, currency), values.get("name", "Other")
    tree = [node("Adjustments", amount, currency, [leaf(name, amount, currency)])]
    return account_entry(world, seller, values, "Adjustment", values.get("description", name), amount, tree, "adjust")


def reserve(world, seller, values):
    """Amazon keeps ``amount`` for later, or with ``credit`` gives it back."""
    credit = bool(values.get("credit"))
    signed = abs(Decimal(str(values["amount"]))) * (1 if credit else -1)
    name = "ReserveCredit" if credit else "ReserveDebit"
    return adjust(world, seller, {**values, "amount": signed, "name": name})


def service_fee(world, seller, values):
    """values: amount (that the seller pays, positive), name of the leaf, description"""
    currency = store_of(seller, values)[1]
    amount, name = -decimal(values, currency), values.get("name", "Subscription")
    fees = node("AmazonFees", amount, currency, [leaf(name, amount, currency, is_fee=True)])
    tree = [node("Expenses", amount, currency, [fees])]
    description = values.get("description", DESCRIPTIONS.get(name, name))
    return account_entry(world, seller, values, "ServiceFee", description, amount, tree, "service_fee")


def reimbursement(world, seller, values):
    """Amazon pays for goods that it lost: values: sku, asin, quantity, amount, reason. The item has no breakdowns."""
    currency = store_of(seller, values)[1]
    amount, name = decimal(values, currency), "FBAInventoryReimbursement"
    context = {"sku": values.get("sku"), "asin": values.get("asin"), "quantityShipped": values.get("quantity", 1)}
    item = {
        **item_of({}, currency, values.get("title", ""), {**context, "fulfillmentNetwork": "AFN"}),
        "totalAmount": currency_amount(amount, currency),
        "breakdowns": None,
    }
    tree = [node(name, amount, currency, None)]
    reason = values.get("reason", "WAREHOUSE_LOST")
    return account_entry(world, seller, values, name, reason, amount, tree, "reimbursement", items=[item])


def transfer(world, seller, values):
    """Amazon pays out: the transaction; see ``pay_out``."""
    return pay_out(world, seller, values)[0]


def pay_out(world, seller, values):
    """Amazon pays out: what is released and in no settlement of the store yet is in this one from now on.

    values: amount (replaces their sum), until (only what was posted before)
    returns: the transfer, and what is in the settlement
    """
    marketplace_id, currency = store_of(seller, values)
    number = world.finances.next_number()
    settlement = {"SETTLEMENT_ID": str(11000000000 + number), "FINANCIAL_EVENT_GROUP_ID": new_id(world)[:20]}
    entries, total = open_entries(world, seller, marketplace_id, currency, values.get("until")), Decimal(0)
    for entry in entries:
        entry["transaction"]["relatedIdentifiers"] += identifiers(settlement)
        total += Decimal(str(entry["transaction"]["totalAmount"]["currencyAmount"]))
    amount = -decimal(values, currency, total)
    tree = [node("FundTransfer", amount, currency, None)]
    related = {"DISBURSEMENT_ID": f"D{number:09d}", **settlement}
    entry = account_entry(world, seller, values, "Transfer", "Disbursement", amount, tree, "transfer", related)
    return entry, entries


def failed_transfer(world, seller, values):
    """The bank sends ``amount`` of a transfer back: it is paid out with the next settlement. How Amazon calls that is
    not known: ``name``, or a guess."""
    amount, name = decimal(values, store_of(seller, values)[1]), values.get("name", "Failed disbursement")
    tree = [node("FundTransfer", amount, store_of(seller, values)[1], None)]
    return account_entry(world, seller, values, "Transfer", name, amount, tree, "failed_transfer")


def open_entries(world, seller, marketplace_id, currency, until=None):
    """What is released and in no settlement of a store; ``until``: and was posted before."""
    return [
        entry
        for entry in world.finances.entries
        if entry["merchant_id"] == seller["merchant_id"]
        and not entry["raw"]
        and (until is None or entry["posted"] < until)
        and is_open(entry["transaction"], marketplace_id, currency)
    ]


def is_open(content, marketplace_id, currency):
    return (
        content["transactionStatus"] == "RELEASED"
        and content["marketplaceDetails"]["marketplaceId"] == marketplace_id
        and content["totalAmount"]["currencyCode"] == currency
        and not related_to(content, "SETTLEMENT_ID")
    )


def made_up(world, seller, content, values):
    """Post whatever a person has made up. Of an object, ids, time and store are filled in where they are left out; what
    is null stays null."""
    posted = time_of(world, values)
    if isinstance(content, dict):
        marketplace_id, _currency = store_of(seller, values)
        usual = transaction(world, seller["merchant_id"], marketplace_id, "Other", "", (Decimal(0), "JPY"), posted)
        for key in ("sellingPartnerMetadata", "transactionId", "transactionStatus", "postedDate", "marketplaceDetails"):
            content.setdefault(key, usual[key])
        posted = own_time(content["postedDate"]) or posted
    return post(world, seller["merchant_id"], json.loads(json.dumps(content)), "made_up", True, posted=posted, delay=0)


def own_time(text):
    try:
        return iso(parse(text))
    except (TypeError, ValueError):
        return None
