"""Reading a night's transactions and comparing the orders' amounts, against one listTransactions an order."""

import json
from datetime import datetime, timedelta, timezone

from clones import clone
from confirmations import measured_on_base, own, query
from setting import machine, opened, setting

# What is promised.
SECONDS, MEGABYTES = 60, 500
# One in so many transactions is a refund, or says that a deferred sale is paid out.
REFUNDS, RELEASES = 20, 4
REF = "'249-' || lpad(n::text, 7, '0') || '-7654321'"


def of_a_night(options):
    """Read so many transactions of one night, then those of some orders one by one."""
    with setting(1, warm=(1, 1)) as (amazon, seller, warm):
        merchants = [one["merchant_id"] for one in (seller, warm[0])]
        for merchant in merchants:
            amazon.place({"merchant_id": merchant}, "jp_shipped", 1, **_times(hours=30))
        measured_on_base("import", {"merchant_id": merchants[1]})
        measured_on_base("import", {"merchant_id": merchants[0]})
        refunds, releases = options.orders // REFUNDS, options.orders // RELEASES
        refs = _orders(merchants[0], options.orders - refunds - releases)
        _post(amazon, merchants[0], refs, refunds, releases)
        task = {"merchant_id": merchants[0], "orders": options.orders, "profile": options.profile}
        plain = measured_on_base("finances each", {**task, "refs": refs[: options.baseline]})
        _forget()
        read = measured_on_base("finances", {**task, "warm": merchants[1:]})
        wrong = _wrong(refs, refunds)
    return report(options, plain, read, wrong)


def _times(**ago):
    placed = (datetime.now(timezone.utc) - timedelta(**ago)).isoformat()
    return {"created": placed, "updated": placed}


def _orders(merchant, count):
    """Make so many shipped orders like the one there is; return Amazon's numbers."""
    with opened() as cr:
        cr.execute(
            "SELECT id, amazon_order_ref FROM sale_order WHERE amazon_merchant_id = %s AND amazon_status = 'shipped'",
            [merchant],
        )
        [(order_id, ref)] = cr.fetchall()
        numbers = {"name": "'N' || n", "amazon_order_ref": REF, "client_order_ref": REF, "access_token": "NULL"}
        orders = clone(cr, "sale_order", order_id, count, numbers)
        moved = {"order_id": f"{orders} + n"}
        for table, of, changed in (
            ("sale_order_line", "order_id", {}),
            ("amazon_order_item", "order_ref", {"order_ref": REF}),
        ):
            cr.execute(f"SELECT id FROM {table} WHERE {of} = %s", [ref if of == "order_ref" else order_id])
            for [row_id] in cr.fetchall():
                clone(cr, table, row_id, count, {**moved, **changed})
        cr.execute("VACUUM ANALYZE")
        cr.execute("SELECT amazon_order_ref FROM sale_order WHERE id > %s ORDER BY id", [orders])
        return [found for [found] in cr.fetchall()]


def _post(amazon, merchant, refs, refunds, releases):
    """Have Amazon post a sale of each order over a night, of which the first are deferred and released, and refunds."""
    [sale] = [
        entry["transaction"]
        for entry in amazon.get(f"transactions?merchant_id={merchant}")
        if entry["transaction"]["transactionType"] == "Shipment"
    ]
    [of] = [
        one["relatedIdentifierValue"]
        for one in sale["relatedIdentifiers"]
        if one["relatedIdentifierName"] == "ORDER_ID"
    ]
    refund = amazon.post("refund", order_id=of, full=True, posted=_times(hours=20)["created"])["transaction"]
    start, step = datetime.now(timezone.utc) - timedelta(hours=9), timedelta(hours=8) / (len(refs) + refunds + releases)
    deferred = {**sale, "transactionStatus": "DEFERRED"}
    like = [(deferred if number < releases else sale, ref) for number, ref in enumerate(refs)]
    like += [(refund, ref) for ref in refs[:refunds]]
    like += [(_release(sale, f"NIGHT-{number}"), ref) for number, ref in enumerate(refs[:releases])]
    for place in range(0, len(like), 1000):
        transactions = []
        for number, (one, ref) in enumerate(like[place : place + 1000], place):
            posted = (start + step * number).strftime("%Y-%m-%dT%H:%M:%SZ")
            text = json.dumps({**one, "transactionId": f"NIGHT-{number}", "postedDate": posted})
            transactions.append(json.loads(text.replace(of, ref)))
        amazon.post("transactions", merchant_id=merchant, transactions=transactions)


def _release(sale, of):
    """Return the transaction that releases a deferred sale."""
    related = {"relatedIdentifierName": "DEFERRED_TRANSACTION_ID", "relatedIdentifierValue": of}
    return {**sale, "relatedIdentifiers": [*sale["relatedIdentifiers"], related]}


def _forget():
    """Take away what the baseline has read."""
    with opened() as cr:
        cr.execute("DELETE FROM amazon_transaction")
        cr.execute("UPDATE sale_order SET amazon_settled = 0, amazon_refunded = 0")
        cr.execute("VACUUM ANALYZE")


def _wrong(refs, refunds):
    """Return of how many orders the amounts are not what was posted."""
    right = query(
        "SELECT count(*) FROM sale_order WHERE amazon_order_ref = ANY(%s) AND amazon_settled = amazon_total"
        " AND amazon_refunded = CASE WHEN amazon_order_ref = ANY(%s) THEN amazon_total ELSE 0 END"
        " AND amazon_mismatch = (amazon_refunded > 0)",
        refs,
        refs[:refunds],
    )
    return len(refs) - right[0][0]


def report(options, plain, read, wrong):
    """Print the table."""
    machine(f"{options.orders} transactions of one night; orders whose amounts are not as posted: {wrong}")
    print(f"{'':<52}{'s':>8}{'of them HTTP':>14}{'ms each':>9}{'queries each':>14}{'peak MB':>9}{'× baseline':>12}")
    base = plain["seconds"] / options.baseline
    for label, result, count in (
        (f"baseline: one listTransactions each, of {options.baseline} orders", plain, options.baseline),
        ("read in pages, and compared", read, options.orders),
    ):
        each = result["seconds"] / count
        print(
            f"{label:<52}{result['seconds']:>8.1f}{result['http']:>14.1f}{each * 1000:>9.2f}"
            f"{result['queries'] / count:>14.1f}{result['megabytes']:>9.0f}{base / each:>12.1f}"
        )
    print(
        f"Without HTTP {own(read):.1f} s. Amazon allows one call in two seconds: an order each takes"
        f" {2 * options.orders / 3600:.1f} hours."
    )
    return int(read["seconds"] > SECONDS or read["megabytes"] > MEGABYTES or wrong > 0)
