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


ROLES = {"one by one": import_one_by_one, "import": import_all, "build": build, "fetch": fetch}


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
        accounts = {account.merchant_id: account for account in env["amazon.account"].search([])}
        # Everything that is loaded once per process is loaded now.
        for merchant_id in options.get("warm", []):
            (import_all if work is build else work)(env, accounts[merchant_id], {})
            env.cr.commit()
            env.invalidate_all()
        profile = queries.record() if options.get("profile") else None
        count = sql_db.sql_counter
        print("ready", flush=True)
        sys.stdin.readline()
        started, cpu = time.monotonic(), time.process_time()
        result = work(env, accounts[options["merchant_id"]], options)
        env.cr.commit()
        print(json.dumps({
            "seconds": time.monotonic() - started, "queries": sql_db.sql_counter - count,
            "cpu": time.process_time() - cpu, "megabytes": peak_megabytes(), "result": result,
        }), flush=True)  # fmt: skip
        if profile:
            print(queries.report(profile, options["orders"]), file=sys.stderr)


if __name__ == "__main__":
    main()
