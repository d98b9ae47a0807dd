"""One measured process. It warms up, says ``ready``, waits for a line, works, and answers with one line of JSON."""

import argparse
import json
import sys
import time

import database
import queries
import shop

from simulator.process import Amazon


def peak_megabytes():
    """Return the most memory this process ever had."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def prepare(env, options):
    """Make the shop, with an account for each seller."""
    env["ir.config_parameter"].set_param("sale_amazon_spapi.slow", ",".join(options["without"]))
    amazon = Amazon(options["url"])
    account = shop.set_up(env, amazon, options["sellers"][0])
    for seller in options["sellers"][1:]:
        # Warehouse names are unique in a company.
        env["stock.warehouse"].search([("name", "=", "FBA Amazon.co.jp")]).name = f"FBA {seller['merchant_id']}"
        env.flush_all()
        shop.delivery_methods(env, shop.connect(env, amazon, seller))
    for product in env["product.product"].search([("is_storable", "=", True)]):
        # Enough for everybody: what cannot be reserved costs less.
        env["stock.quant"]._update_available_quantity(product, account.warehouse_id.lot_stock_id, 100_000)


def import_one_by_one(env, account, options):
    """The baseline."""
    import baseline  # noqa: PLC0415 - needs Odoo's registry

    return baseline.import_one_by_one(account)


def import_all(env, account, options):
    """Fetch and build, as one worker does."""
    account._import_orders()


def fetch(env, account, options):
    """Fetch only."""
    logs = account._fetch_orders()
    return {"states": logs.mapped("state"), "calls": sum(logs.mapped("api_calls"))}


def build(env, account, options):
    """Build what another worker fetches, until `orders` are built; or for `seconds`."""
    inbox = env["amazon.order.update"]
    limit = time.monotonic() + options.get("seconds", 3600)
    while time.monotonic() < limit:
        if options.get("seconds"):
            inbox._build_next(account)
        else:
            inbox._drain(account)
        env.cr.rollback()
        done = inbox.search_count([("account_id", "=", account.id), ("state", "=", "done")])
        env.cr.rollback()
        if done >= options["orders"]:
            break
        if not options.get("seconds"):
            time.sleep(0.02)
    return done


def deliveries(env, account, limit=None):
    """Return deliveries that can leave, with tracking numbers."""
    pickings = env["stock.picking"].search(
        [("sale_id.amazon_account_id", "=", account.id), ("state", "=", "assigned")], order="id", limit=limit
    )
    for picking in pickings:
        picking.carrier_tracking_ref = f"1234-5678-{picking.id:06}"
    return pickings.with_context(skip_backorder=True, skip_sms=True)


def validate(env, account, options):
    """Validate deliveries, all in one transaction, as a request does; return how often it was tried."""
    from odoo.service.model import retrying  # noqa: PLC0415 - Odoo is configured first

    tries = []

    def work():
        tries.append(time.monotonic())
        deliveries(env, account, options["orders"]).button_validate()

    retrying(work, env)
    return len(tries)


def deliver(env, account, options):
    """Validate every delivery, some at a time."""
    while some := deliveries(env, account, 100):
        some.button_validate()
        env.cr.commit()
        env.invalidate_all()


def start(env, account, options):
    """Let the account's crons begin, as a person does; the scheduled rest of Odoo stays away."""
    env["ir.cron"].search([("cron_name", "not like", "Amazon")]).active = False
    account.write({"auto_import": True, "auto_confirm": True})


def confirm_one_by_one(env, account, options):
    """The baseline: one confirmShipment call an order, noted and committed."""
    from odoo.addons.sale_amazon_spapi.selling_partner import SellingPartner  # noqa: PLC0415 - needs Odoo

    rows = env["amazon.confirmation"].search([("account_id", "=", account.id)], order="id")
    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        for row in rows:
            amazon.orders.confirm_shipment(row._shipment())
            row._accepted()
            env.cr.commit()
    return len(rows)


def feed(env, account, options):
    """Send everything in one feed."""
    account.write({"feed_threshold": 0, "auto_confirm": True})
    return account._send_confirmations().mapped("state")


def results(env, account, options):
    """Fetch and apply what Amazon says of the feeds."""
    return account._fetch_results().mapped("state")


def patch_each(env, account, options):
    """The baseline: a patch for each SKU of the catalogue, noted and committed."""
    from odoo.addons.sale_amazon_spapi.selling_partner import ListingPatch, SellingPartner  # noqa: PLC0415 - needs Odoo

    offers = env["amazon.offer"].search([("account_id", "=", account.id)], order="id", limit=options["baseline"])
    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        for offer in offers:
            patch = ListingPatch(
                sku=offer.sku, marketplace_id=offer.marketplace_id.api_ref, quantity=max(0, int(offer.quantity_here))
            )
            amazon.listings.patch(account.merchant_id, patch)
            offer.quantity_sent = patch.quantity
            env.cr.commit()
            env.invalidate_all()
    return len(offers)


def push_stock(env, account, options):
    """Tell Amazon all quantities, and fetch what it says; return in how many feeds."""
    account._sync_inventory(full=True)
    while env["amazon.feed"].search_count([("account_id", "=", account.id), ("state", "=", "submitted")]):
        env["amazon.feed"].search([("account_id", "=", account.id)]).retry_at = False
        account._fetch_results()
        account._sync_inventory()
    return env["amazon.feed"].search_count([("account_id", "=", account.id)])


def move_stock(env, account, options):
    """Let units come in."""
    for offer in env["amazon.offer"].search(
        [("account_id", "=", account.id)], order="id desc", limit=options["changed"]
    ):
        env["stock.quant"]._update_available_quantity(offer.product_id, account.warehouse_id.lot_stock_id, 7)


def send_stock(env, account, options):
    """Notice what has changed, and tell Amazon."""
    return account._sync_inventory().mapped("state")


def compare_stock(env, account, options):
    """Read all SKUs from Amazon, and compare what it has with what it should have; return how many differ."""
    account.action_compare_stock()
    job = account._job("stock_compare")
    while job.read_from and options.get("changed"):
        account._compare_stock()
    return account.stock_drift_count


def finances(env, account, options):
    """Read what Amazon has posted, and compare, as often as Amazon's usage plan and the runs' time have the job come
    back."""
    states = account._sync_finances().mapped("state")
    while states[-1] == "partial":
        time.sleep(0.1)
        states += account._sync_finances().mapped("state")
    return states


def finances_each(env, account, options):
    """The baseline: the transactions of each order, read, kept and committed."""
    from odoo.addons.sale_amazon_spapi.selling_partner import SellingPartner  # noqa: PLC0415 - needs Odoo

    with SellingPartner(account._credentials(), account._endpoint()) as amazon:
        for ref in options["refs"]:
            env["amazon.transaction"]._query_order(account, amazon, ref)
            env.cr.commit()
            env.invalidate_all()


def invoice(env, account, options):
    """Invoice the orders there are."""
    orders = env["sale.order"].search([("amazon_account_id", "=", account.id)])
    orders._create_invoices(grouped=True).action_post()


def settlements(env, account, options):
    """Read the settlement reports, as often as the runs' time has the job come back."""
    states = account._sync_settlements().mapped("state")
    while states[-1] == "partial":
        states += account._sync_settlements().mapped("state")
    return states


def draft_settlements(env, account, options):
    """Draft the entries of what was read."""
    account._set_up_booking()
    env["amazon.settlement"].search([("account_id", "=", account.id)]).action_book()
    env.cr.commit()
    return account._pay_invoices().mapped("state")


def post_settlements(env, account, options):
    """Post them, until every invoice is paid."""
    settlement = env["amazon.settlement"].search([("account_id", "=", account.id)])
    settlement.action_post()
    env.cr.commit()
    states = [settlement.state]
    while settlement.state == "posting":
        states += account._pay_invoices().mapped("state")
        env.invalidate_all()
    return states


def book_rows(env, account, options):
    """The baseline: an entry with a line for each row of the report, and each order's invoice paid by itself."""
    import settlement_rows  # noqa: PLC0415 - needs Odoo's registry

    return settlement_rows.book(env, account)


def connect_vendors(env, account, options):
    """Make the accounts of vendors, whose labels Amazon makes."""
    import vendor_worker  # noqa: PLC0415 - needs Odoo's registry

    vendor_worker.connect(env, account, options)


def vendor(env, account, options):
    """Import purchase orders, accept them, have their labels made, let them leave and confirm them."""
    import vendor_worker  # noqa: PLC0415 - needs Odoo's registry

    return vendor_worker.all_together(env, account)


def vendor_each(env, account, options):
    """The baseline: the same with a call an order, each committed."""
    import vendor_worker  # noqa: PLC0415 - needs Odoo's registry

    return vendor_worker.one_by_one(env, account)


ROLES = {
    "one by one": import_one_by_one,
    "import": import_all,
    "build": build,
    "fetch": fetch,
    "validate": validate,
    "deliver": deliver,
    "start": start,
    "confirm one by one": confirm_one_by_one,
    "feed": feed,
    "results": results,
    "patch each": patch_each,
    "push stock": push_stock,
    "move stock": move_stock,
    "send stock": send_stock,
    "fetch stock results": results,
    "compare stock": compare_stock,
    "finances": finances,
    "finances each": finances_each,
    "invoice": invoice,
    "settlements": settlements,
    "draft settlements": draft_settlements,
    "post settlements": post_settlements,
    "book rows": book_rows,
    "connect vendors": connect_vendors,
    "vendor": vendor,
    "vendor each": vendor_each,
}


def count_http():
    """Count from now on the seconds spent in HTTP calls; return the counter, a list of one."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - loaded with the addon

    spent, plain = [0.0], HTTPAdapter.send

    def timed(adapter, request, **arguments):
        started = time.monotonic()
        try:
            return plain(adapter, request, **arguments)
        finally:
            spent[0] += time.monotonic() - started

    HTTPAdapter.send = timed
    return spent


def main():
    """Parse the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["prepare", *ROLES])
    parser.add_argument("database")
    parser.add_argument("options", type=json.loads)
    arguments = parser.parse_args()
    options = arguments.options
    database.configure("-d", arguments.database)
    from odoo import sql_db  # noqa: PLC0415 - Odoo is configured first

    with database.environment(arguments.database) as env:
        if arguments.role == "prepare":
            prepare(env, options)
            return
        work = ROLES[arguments.role]
        accounts = {
            account.merchant_id or account.vendor_party: account for account in env["amazon.account"].search([])
        }
        # Everything that is loaded once per process is loaded now.
        for merchant_id in options.get("warm", []):
            (import_all if work is build else work)(env, accounts[merchant_id], {})
            env.cr.commit()
            env.invalidate_all()
        profile = queries.record() if options.get("profile") else None
        count, http = sql_db.sql_counter, count_http()
        print("ready", flush=True)
        sys.stdin.readline()
        started, cpu = time.monotonic(), time.process_time()
        result = work(env, accounts[options["merchant_id"]], options)
        env.cr.commit()
        print(
            json.dumps(
                {
                    "seconds": time.monotonic() - started,
                    "queries": sql_db.sql_counter - count,
                    "cpu": time.process_time() - cpu,
                    "megabytes": peak_megabytes(),
                    "result": result,
                    "http": http[0],
                    "ended": time.time(),
                }
            ),
            flush=True,
        )
        if profile:
            print(queries.report(profile, options["orders"]), file=sys.stderr)


if __name__ == "__main__":
    main()
