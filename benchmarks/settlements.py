"""Reading a settlement of many orders and booking it, against an entry with a line for each of Amazon's rows."""

from datetime import date, timedelta

from clones import clone, clone_links
from confirmations import measured_on_base, own
from setting import WARM_UP, machine, opened, setting

# What is promised of 100,000 rows, in seconds and megabytes.
READ, BOOKED, MEGABYTES = 60, 120, 500
# What stands in the report of each order, as shares of what the buyer paid; the first takes the rest.
ROWS = (
    ("ItemPrice", "Principal", 1.0),
    ("ItemPrice", "Shipping", 0.1),
    ("ItemFees", "Commission", -0.1),
    ("ItemFees", "FBAPerUnitFulfillmentFee", -0.08),
    ("ItemFees", "ShippingChargeback", -0.1),
)
COLUMNS = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type"
    "\torder-id\tmarketplace-name\tamount-type\tamount-description\tamount\tposted-date\tposted-date-time"
    "\torder-item-code\tsku\tquantity-purchased"
)
# Amazon's numbers are not alike.
REF = (
    "'{prefix}-' || lpad((n::bigint * 7654321 %% 10000000)::text, 7, '0') || '-'"
    " || lpad((n::bigint * 1234567 %% 10000000)::text, 7, '0')"
)


def of_many_orders(options):
    """Read and book a settlement of so many rows, and one of some orders row by row."""
    counts = (options.orders // len(ROWS), options.baseline, WARM_UP)
    with setting(1, warm=(1, 1)) as (amazon, seller, warm):
        merchants = [one["merchant_id"] for one in (seller, *warm)]
        for merchant in merchants:
            measured_on_base("import", {"merchant_id": merchant})
            measured_on_base("invoice", {"merchant_id": merchant})
        for number, (merchant, count) in enumerate(zip(merchants, counts, strict=True)):
            orders = _orders(merchant, count, 249 + number)
            amazon.post("reports", merchant_id=merchant, content=_report(orders, 11_000_000_000 + number))
        measured, other, warmed = merchants
        task = {"merchant_id": measured, "warm": [warmed], "orders": options.orders, "profile": options.profile}
        plain = measured_on_base("book rows", {"merchant_id": other, "orders": options.baseline})
        results = {"read": measured_on_base("settlements", task)}
        _let_go(measured)
        results["linked"] = measured_on_base("settlements", task)
        results["drafted"] = measured_on_base("draft settlements", task)
        results["posted"] = measured_on_base("post settlements", task)
        wrong = _wrong(measured, counts[0])
    return report(options, plain, results, wrong)


def _orders(merchant, count, prefix):
    """Make so many invoiced orders like the one there is.

    :return: (Amazon's number, item, SKU, what it comes to) each.
    """
    with opened() as cr:
        order, partner, ref, move = _example(cr, merchant)
        partners = clone(
            cr, "res_partner", partner, count, {"amazon_hash": f"'{prefix}-' || n", "access_token": "NULL"}
        )
        cr.execute("UPDATE res_partner SET commercial_partner_id = id WHERE id > %s", [partners])
        buyer = f"{partners} + n"
        orders, lines = _clone_orders(cr, order, ref, count, prefix, buyer)
        items = _clone_invoices(cr, move, count, prefix, buyer)
        links = {"invoice_line_id": items, "order_line_id": lines}
        clone_links(cr, "sale_order_line_invoice_rel", links, "invoice_line_id", count)
        cr.execute("VACUUM ANALYZE")
        cr.execute(
            "SELECT sale.amazon_order_ref, item_ref, sku, amount_total::int FROM sale_order sale"
            " JOIN amazon_order_item item ON item.order_id = sale.id"
            " WHERE sale.id > %s AND item.id = (SELECT min(id) FROM amazon_order_item WHERE order_id = sale.id)"
            " ORDER BY sale.id",
            [orders],
        )
        return cr.fetchall()


def _example(cr, merchant):
    """Return the ids of the order there is and its customer, Amazon's number, and its invoice's id."""
    cr.execute("SELECT id, partner_id, amazon_order_ref FROM sale_order WHERE amazon_merchant_id = %s", [merchant])
    [(order, partner, ref)] = cr.fetchall()
    cr.execute(
        "SELECT DISTINCT move_id FROM account_move_line JOIN sale_order_line_invoice_rel ON invoice_line_id = id"
        " JOIN sale_order_line line ON line.id = order_line_id WHERE order_id = %s",
        [order],
    )
    [(move,)] = cr.fetchall()
    return order, partner, ref, move


def _clone_orders(cr, order, ref, count, prefix, buyer):
    """Clone an order with its items and lines.

    :param str buyer: the clones' customer, as SQL.
    :return: what the clones' ids are counted from; of the lines' by line.
    """
    number = REF.format(prefix=prefix)
    changed = {"amazon_order_ref": number, "client_order_ref": number, "name": f"'N{prefix}-' || n"}
    customer = {"access_token": "NULL", "partner_id": buyer, "partner_invoice_id": buyer}
    orders = clone(cr, "sale_order", order, count, {**changed, **customer})
    mine = {"order_id": f"{orders} + n"}
    _clone_each(cr, "amazon_order_item", "order_ref", ref, count, {"order_ref": number, **mine})
    return orders, _clone_each(cr, "sale_order_line", "order_id", order, count, mine)


def _clone_invoices(cr, move, count, prefix, buyer):
    """Clone an invoice with its items; see :func:`_clone_orders`.

    :return: what the clones' ids are counted from, by item.
    """
    name = {"name": f"'N{prefix}/' || n", "sequence_prefix": f"'N{prefix}/'", "sequence_number": "n"}
    customer = {"access_token": "NULL", "partner_id": buyer, "commercial_partner_id": buyer}
    moves = clone(cr, "account_move", move, count, {**name, **customer})
    mine = {"move_id": f"{moves} + n", "move_name": f"'N{prefix}/' || n", "partner_id": buyer}
    items = _clone_each(cr, "account_move_line", "move_id", move, count, mine)
    for table in ("account_move_line_account_tax_rel", "account_account_tag_account_move_line_rel"):
        clone_links(cr, table, {"account_move_line_id": items}, "account_move_line_id", count)
    return items


def _clone_each(cr, table, column, value, count, changed):
    """Clone each row that has a value; return what the clones' ids are counted from, by row."""
    cr.execute(f"SELECT id FROM {table} WHERE {column} = %s ORDER BY id", [value])
    return {row: clone(cr, table, row, count, changed) for [row] in cr.fetchall()}


def _report(orders, ref):
    """Return Amazon's report of a settlement that pays these orders, half of them in the month before it ends."""
    end = date.today().replace(day=1) - timedelta(days=20)
    end = end.replace(day=8)
    start = end - timedelta(days=14)
    rows, total = [], 0
    for number, (order, item, sku, amount) in enumerate(orders):
        day = f"{start + timedelta(days=14 * number // len(orders))} 10:00:00 UTC"
        parts = [round(amount * share) for _group, _name, share in ROWS]
        parts[0] -= parts[1]
        total += sum(parts)
        for (group, name, _share), part in zip(ROWS, parts, strict=True):
            cells = ("Order", order, "Amazon.co.jp", group, name, part, day[:10], day, item, sku, 1)
            rows.append(f"{ref}\t\t\t\t\t\t" + "\t".join(map(str, cells)))
    head = [str(ref), *(f"{day} 00:00:00 UTC" for day in (start, end, end + timedelta(days=2))), str(total), "JPY"]
    return "\n".join([COLUMNS, "\t".join([*head, *[""] * 11]), *rows, ""])


def _let_go(merchant):
    """Have the lines be of orders that are not here yet."""
    with opened() as cr:
        cr.execute(
            "UPDATE amazon_settlement_line line SET order_id = NULL, item_id = NULL FROM amazon_settlement one"
            " JOIN amazon_account account ON account.id = account_id"
            " WHERE one.id = line.settlement_id AND merchant_id = %s",
            [merchant],
        )
        cr.execute("VACUUM ANALYZE amazon_settlement_line")


def _wrong(merchant, count):
    """Return how many invoices are not paid, and entries not what Amazon paid."""
    with opened() as cr:
        cr.execute(
            "SELECT count(*) FROM account_move WHERE name LIKE 'N249/%' AND amount_residual = 0"
            " AND payment_state IN ('paid', 'in_payment')"
        )
        unpaid = count - cr.fetchone()[0]
        cr.execute("SELECT count(*) FROM amazon_settlement_line WHERE order_id IS NULL OR item_id IS NULL")
        unpaid += cr.fetchone()[0]
        cr.execute(
            "SELECT one.amount - (SELECT sum(line.balance) FROM account_move_line line"
            " JOIN account_move move ON move.id = line.move_id WHERE amazon_settlement_id = one.id AND line.name LIKE"
            " '%%' || one.settlement_ref AND line.account_id NOT IN (SELECT default_account_id FROM account_journal"
            " WHERE amazon_account_id IS NOT NULL)), one.state"
            " FROM amazon_settlement one JOIN amazon_account account ON account.id = account_id WHERE merchant_id = %s",
            [merchant],
        )
        [(rest, state)] = cr.fetchall()
        return unpaid + (rest != 0) + (state != "posted")


def report(options, plain, results, wrong):
    """Print the table."""
    machine(
        f"A settlement of {options.orders} rows, five of each order; invoices that are not paid, and what else is"
        f" wrong: {wrong}"
    )
    print(f"{'':<56}{'s':>8}{'ms a row':>10}{'queries a row':>15}{'peak MB':>9}{'× baseline':>12}")
    rows = options.baseline * len(ROWS)
    base = plain["seconds"] / rows
    labels = {
        "read": "read",
        "linked": "given to orders that came later",
        "drafted": "drafted",
        "posted": "posted, and every invoice paid",
    }
    print(_row(f"baseline: an entry line a row, of {rows} rows", plain, rows, 1))
    for name, label in labels.items():
        print(_row(label, results[name], options.orders, base * options.orders / results[name]["seconds"]))
    read, booked = own(results["read"]), results["drafted"]["seconds"] + results["posted"]["seconds"]
    print(f"read and booked: {read + booked:.1f} s, {base * options.orders / (read + booked):.1f} × baseline")
    share = options.orders / 100_000
    megabytes = max(result["megabytes"] for result in results.values())
    return int(read > READ * share or booked > BOOKED * share or megabytes > MEGABYTES or wrong > 0)


def _row(label, result, rows, times):
    return (
        f"{label:<56}{result['seconds']:>8.1f}{result['seconds'] / rows * 1000:>10.2f}"
        f"{result['queries'] / rows:>15.2f}{result['megabytes']:>9.0f}{times:>12.1f}"
    )
