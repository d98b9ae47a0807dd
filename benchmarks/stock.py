"""Sending the stock of a large catalogue, against one patch for each of its SKUs."""

from clones import clone
from confirmations import measured_on_base, own
from setting import BASE, Worker, machine, opened, setting

# What is promised.
SECONDS, MEGABYTES, FEEDS = 10, 500, 4
# SKUs whose stock changes beside the whole.
CHANGED = 1000
# Of a SKU, as the simulator makes them.
NUMBER = "lpad(n::text, 6, '0')"


def of_a_catalogue(options):
    """Tell Amazon all quantities, then those of what has changed."""
    with setting(1, quota="off", warm=(1, 1)) as (amazon, seller, _warm):
        task = {"merchant_id": seller["merchant_id"], "changed": CHANGED, "baseline": options.baseline}
        amazon.post(
            "listings/bulk",
            merchant_id=seller["merchant_id"],
            count=options.orders,
            prefix="STOCK-",
            start=1,
            quantity=0,
        )
        measured_on_base("import", task)
        _catalogue(options.orders)
        amazon.post("settings", feed_seconds=0, report_seconds=0)
        plain = measured_on_base("patch each", task)
        pushed = measured_on_base("push stock", task)
        # A measured process of its own, as the cron's is.
        measured_on_base("move stock", task)
        known = measured_on_base("send stock", task)
        settled = Worker("fetch stock results", BASE, task).ready()
        settled.go()
        settled.result()
        compared = measured_on_base("compare stock", task)
        feeds = amazon.get(f"feeds?merchant_id={seller['merchant_id']}")
        wrong = _not_as_here(amazon, seller)
    return report(options, plain, pushed, known, compared, feeds, wrong)


def _catalogue(count):
    """Make so many products, in stock, and their SKUs, which Amazon has shown."""
    with opened() as cr:
        cr.execute("SELECT product_id, marketplace_id, account_id, company_id FROM amazon_offer ORDER BY id LIMIT 1")
        product_id, marketplace_id, account_id, company_id = cr.fetchone()
        cr.execute("SELECT product_tmpl_id FROM product_product WHERE id = %s", [product_id])
        [[template_id]] = cr.fetchall()
        cr.execute("SELECT location_id FROM stock_quant WHERE product_id = %s AND quantity > 0", [product_id])
        location_id = cr.fetchone()[0]
        new_template = clone(cr, "product_template", template_id, count, {})
        new_product = clone(
            cr,
            "product_product",
            product_id,
            count,
            {"product_tmpl_id": f"{new_template} + n", "default_code": f"'STOCK-' || {NUMBER}", "barcode": "NULL"},
        )
        cr.execute(
            "INSERT INTO stock_quant (product_id, location_id, company_id, quantity, reserved_quantity, in_date)"
            f" SELECT {new_product} + n, %s, %s, 1 + n %% 500, 0, now() FROM generate_series(1, %s) n",
            [location_id, company_id, count],
        )
        cr.execute(
            "INSERT INTO amazon_offer (account_id, company_id, marketplace_id, product_id, sku, state, channel,"
            " seen_at, sync_state, stock_state)"
            f" SELECT %s, %s, %s, {new_product} + n, 'STOCK-' || {NUMBER}, 'mapped', 'fbm',"
            " now() AT TIME ZONE 'UTC', 'unsent', 'unsent' FROM generate_series(1, %s) n",
            [account_id, company_id, marketplace_id, count],
        )
        cr.execute("VACUUM ANALYZE")


def _not_as_here(amazon, seller):
    """Return of how many SKUs Amazon has another quantity than was told last."""
    shown = amazon.get(f"listings?merchant_id={seller['merchant_id']}")
    there = {listing["sku"]: listing["quantity"] for listing in shown}
    with opened() as cr:
        cr.execute("SELECT sku, quantity_sent FROM amazon_offer WHERE sku LIKE 'STOCK-%'")
        return sum(there.get(sku) != quantity for sku, quantity in cr.fetchall())


def report(options, plain, pushed, known, compared, feeds, wrong):
    """Print the table."""
    machine(
        f"{options.orders} SKUs, of which {CHANGED} change; all in {pushed['result']} feeds, {len(feeds)} feeds in all;"
        f" not as told: {wrong}; found to differ: {compared['result']}"
    )
    print(f"{'':<52}{'s':>8}{'of them HTTP':>14}{'ms each':>9}{'queries each':>14}{'peak MB':>9}{'× baseline':>12}")
    base = plain["seconds"] / options.baseline
    for label, result, count in (
        (f"baseline: a patch each, of {options.baseline}", plain, options.baseline),
        ("all of them, as feeds, with what became of each", pushed, options.orders),
        (f"{CHANGED} changed: noticed and sent", known, CHANGED),
        ("all of them read from Amazon, and compared", compared, options.orders),
    ):
        each = result["seconds"] / count
        print(
            f"{label:<52}{result['seconds']:>8.1f}{result['http']:>14.1f}{each * 1000:>9.2f}"
            f"{result['queries'] / count:>14.1f}{result['megabytes']:>9.0f}{base / each:>12.1f}"
        )
    print(
        f"{CHANGED} of {options.orders} changed, against a patch for each of the catalogue:"
        f" {base * options.orders / known['seconds']:.0f} × ; without HTTP {own(known):.1f} s"
    )
    return int(
        known["seconds"] > SECONDS
        or max(known["megabytes"], pushed["megabytes"], compared["megabytes"]) > MEGABYTES
        or pushed["result"] > FEEDS
        or wrong > 0
        or compared["result"] > 0
    )
