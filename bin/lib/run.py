"""``bin/run``: a simulated Amazon and Odoo with a demo shop.

``bin/run`` starts both and keeps them until Ctrl-C; ``bin/run --once`` does the main jobs without a browser, importing
orders, telling Amazon which have left and how much there is to sell, comparing what Amazon has paid, and fetching its
settlements, and ends by itself; ``--once --vendor`` does so with what a vendor ships; ``--fresh`` starts over.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import database
import shop
from ports import free_ports, is_free

from simulator.process import Amazon

WORK = Path(os.environ["WORK"])
ODOO_PORT, AMAZON_PORT = 8069, 8070
# So many orders leave with --once, and so many seconds it waits for Amazon's usage plan.
SHIPPED, PATIENCE = 10, 60
# The vendors, by their selling party: whether one has a carrier of its own.
VENDORS = {"SIMJP": True, "SIMJP2": False}
# So many orders whose amounts differ are printed.
MOST_SHOWN = 100
# After these Amazon has paid out before, and has kept so much.
PAID_OUT_AFTER, KEPT = "jp_fba_refunded", 3000
FIRST_ORDERS = {
    "jp_standard": 12,
    "jp_no_state": 3,
    "jp_company": 2,
    "jp_pickup_point": 2,
    "jp_cod": 3,
    "jp_cvs_pending": 3,
    "jp_points": 2,
    "jp_gift": 2,
    "jp_promotion_negative": 2,
    "jp_promotion_positive": 2,
    "jp_shipping_charge": 2,
    "jp_indivisible": 2,
    "jp_several_items": 3,
    "jp_business": 1,
    "jp_prime": 2,
    "jp_fba": 2,
    "jp_fba_shipped": 2,
    "jp_fba_refunded": 2,
    "jp_partially_shipped": 1,
    "jp_shipped": 2,
    "jp_charged_back": 1,
    "jp_cancelled": 1,
    "jp_cancel_requested": 1,
    "jp_unknown_sku": 1,
    "jp_zero_replacement": 1,
    "jp_preorder": 1,
}


def say(text):
    """Tell the person at the terminal."""
    print(text, flush=True)


def port_near(wanted):
    """Return `wanted` when it is free, else another free port."""
    return wanted if is_free(wanted) else free_ports(1)[0]


def prepare(demo, fresh):
    """Have a simulator running and a demo database connected to it.

    :param str demo: the database's name.
    :return: (simulator, the demo seller's record).
    """
    state, settings_file = WORK / f"{demo}.simulator.json", WORK / f"{demo}.json"
    settings = {}
    if settings_file.exists() and database.exists(demo) and not fresh:
        settings = json.loads(settings_file.read_text())
    else:
        state.unlink(missing_ok=True)
    with database.lock("ports"):
        amazon = Amazon.start("--state", str(state), port=port_near(settings.get("amazon_port", AMAZON_PORT)))
    try:
        if settings:
            _reconnect(demo, amazon)
        else:
            settings = _first_start(demo, amazon)
        settings_file.write_text(json.dumps({**settings, "amazon_port": int(amazon.url.rpartition(":")[2])}))
    except BaseException:
        amazon.stop()
        raise
    # A demo of an earlier version offers nothing yet.
    amazon.post("listings", merchant_id=settings["seller"]["merchant_id"], catalogue=True)
    return amazon, settings["seller"]


def _first_start(demo, amazon):
    say("· making the demo database (about two minutes, only the first time)")
    seller = amazon.seller()
    mine = {"merchant_id": seller["merchant_id"]}
    placed = datetime.now(timezone.utc) - timedelta(days=1)
    for kind, count in FIRST_ORDERS.items():
        # Amazon shows an order only two minutes after its last change.
        placed += timedelta(minutes=45)
        amazon.place(seller, kind, count, created=placed.isoformat(), updated=placed.isoformat())
        if kind == PAID_OUT_AFTER:
            first_end = (placed + timedelta(minutes=1)).isoformat()
    amazon.post("service-fee", **mine, amount=4900, name="Subscription", posted=placed.isoformat())
    # What is posted until then; the rest is in the last one.
    amazon.post("transfer", **mine, posted=first_end, until=first_end, reserve=KEPT)
    amazon.post("transfer", **mine, posted=(placed + timedelta(minutes=1)).isoformat())
    database.copy(database.template(), demo, lasts=True)
    database.upgraded(demo)
    database.configure("-d", demo)
    with database.environment(demo) as env:
        account = shop.set_up(env, amazon, seller)
        # Whoever looks finds what Amazon has paid, to book it.
        until_done(account._sync_settlements)
        env.ref("base.user_admin").write({"tz": "Asia/Tokyo", "lang": "ja_JP"})
    return {"seller": seller}


def _reconnect(demo, amazon):
    """The simulator may have had to take another port than last time, and the addon may have changed."""
    database.upgrade(demo)
    database.configure("-d", demo)
    with database.environment(demo) as env:
        env["amazon.account"].search([("environment", "=", "custom")]).write(
            {
                "endpoint_url": amazon.url,
                "lwa_url": f"{amazon.url}/auth/o2/token",
            }
        )


def once(demo, amazon, seller):
    """Import, build, ship some orders, tell Amazon of them and of the stock, compare amounts, print what came of it.

    :return: the exit code: 0 when nothing failed.
    """
    amazon.control("DELETE", "requests")
    started = time.monotonic()
    with database.environment(demo) as env:
        account = env["amazon.account"].search([("merchant_id", "=", seller["merchant_id"])])
        logs = account._import_orders()
        say_all(
            ("orders seen", sum(logs.mapped("received"))),
            ("created", sum(logs.mapped("created"))),
            ("updated", sum(logs.mapped("updated"))),
            ("failed", sum(logs.mapped("failed"))),
        )
        rows = ship(env, to_ship(env, account)[:SHIPPED]).amazon_confirmation_ids
        if rows:
            account.auto_confirm = True
            logs |= until_done(account._send_confirmations)
            env.invalidate_all()
        logs |= until_done(account._sync_offers) | until_done(account._sync_inventory) | account._fetch_results()
        finances = until_done(account._sync_finances)
        logs |= finances | until_done(account._sync_settlements)
        env.invalidate_all()
        offers = env["amazon.offer"].search([("account_id", "=", account.id), ("seen_at", "!=", False)])
        told = offers.filtered("quantity_id")
        shown = amazon.get(f"listings?merchant_id={seller['merchant_id']}")
        applied = {listing["sku"]: listing["quantity"] for listing in shown}
        states = Counter(rows.mapped("state"))
        differ = env["sale.order"].search([("amazon_mismatch", "=", True)], order="id", limit=MOST_SHOWN)
        calls = sum(count for operation, count in amazon.get("requests/count").items() if operation != "token")
        say_all(
            ("shipped", len(rows.picking_id)),
            ("confirmed", states["done"]),
            ("refused", states["error"] + states["rejected"] + states["unknown"]),
            ("waiting", states["not_sent"] + states["sending"]),
            ("SKUs", len(offers)),
            ("stock sent", len(told)),
            ("not taken", len(told.filtered(lambda offer: offer.sync_state == "error"))),
            ("on Amazon", len(told.filtered(lambda offer: applied.get(offer.sku) == offer.quantity_sent))),
            ("transactions", sum(finances.mapped("received"))),
            ("differ", len(differ)),
            ("API calls", calls),
            ("seconds", f"{time.monotonic() - started:.1f}"),
        )
        say_differences(differ)
        say_settlement(account)
        for log in logs.filtered(lambda log: log.message and log.state != "partial"):
            say(f"{log.job_name}: {log.message}")
        for row in rows.filtered(lambda row: row.state != "done"):
            say(f"{row.order_ref}: {row.message or row.state}")
        failed = not logs or any(log.state == "failed" or log.failed for log in logs) or set(states) - {"done"}
    return int(bool(failed))


def vendor_once(demo, amazon):
    """Have Amazon place one purchase order of each kind with two vendors, one with a carrier of its own and one with
    Amazon's; read and accept what can be, fetch Amazon's labels, ship and confirm, tell where the own parcels are and
    what is in stock, and print what came of it.

    :return: the exit code: 0 when nothing failed.
    """
    # What Amazon is told it does at once.
    amazon.post("settings", vendor_seconds=0)
    placed = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
    vendors = [amazon.seller(vendor={"selling_party": party, "own_carrier": own}) for party, own in VENDORS.items()]
    for vendor in vendors:
        amazon.post("vendor/orders", merchant_id=vendor["merchant_id"], kind="all", created=placed)
    amazon.control("DELETE", "requests")
    started = time.monotonic()
    with database.environment(demo) as env:
        accounts = env["amazon.account"].union(
            *(
                shop.connect_vendor(env, amazon, vendor, party, own)
                for vendor, (party, own) in zip(vendors, VENDORS.items(), strict=True)
            )
        )
        # Runs that found nothing become one row.
        logs = (accounts._sync_vendor() | followed(env, accounts)).exists()
        rows = logs.filtered(lambda log: log.job_name == "vendor_orders")
        orders = env["sale.order"].search(
            [("amazon_account_id", "in", accounts.ids), ("amazon_vendor_status", "!=", False)]
        )
        orders = orders.filtered(lambda order: order.amazon_purchase_date.isoformat() >= placed[:19])
        accepted = orders.filtered(lambda order: order.amazon_acknowledgement == "accepted")
        open_orders = orders.filtered(lambda order: order.amazon_acknowledgement == "to_send")
        labelled = accepted.filtered(lambda order: not order.amazon_account_id.vendor_own_carrier)
        labelled.picking_ids.action_amazon_request_label()
        env.cr.commit()
        # What has just been made a search does not show yet; then Amazon is asked for each.
        logs = logs | accounts._tell_vendor() | followed(env, accounts) | followed(env, accounts)
        logs = logs.exists()
        env.invalidate_all()
        pickings = (to_ship(env, accounts) & accepted.picking_ids).filtered(
            lambda picking: picking.amazon_own_carrier or picking.amazon_label_state == "here"
        )
        ship(env, pickings)
        logs = (logs | accounts._tell_vendor() | followed(env, accounts)).exists()
        env.invalidate_all()
        gone = pickings.filtered("amazon_tells_status")
        statuses = gone._amazon_vendor_status("departed")
        env.cr.commit()
        logs = (logs | accounts._tell_vendor() | accounts._sync_inventory() | followed(env, accounts)).exists()
        env.invalidate_all()
        stock = env["amazon.vendor.quantity"].search([("account_id", "in", accounts.ids)])
        told, papers = orders.amazon_submission_ids, orders.amazon_paper_ids
        here = papers.filtered(lambda paper: paper.state == "here")
        failed = told.filtered(lambda row: row.state != "done")
        calls = sum(count for operation, count in amazon.get("requests/count").items() if operation != "token")
        say_all(
            ("orders seen", sum(rows.mapped("received"))),
            ("created", len(orders)),
            ("accepted", len(accepted)),
            ("to decide", len(open_orders)),
            ("labels here", len(here.filtered(lambda paper: paper.kind == "label"))),
            ("shipped", len(pickings)),
            ("confirmed", len(accepted.filtered(lambda order: order.amazon_api_status == "done"))),
            ("statuses", len(statuses.filtered(lambda row: row.state == "done"))),
            ("stock told", len(stock.filtered(lambda row: not row.is_due and row.quantity == row.quantity_sent))),
            ("failed", len(failed)),
            ("slips here", len(here.filtered(lambda paper: paper.kind == "slip"))),
            ("transactions", len(env["amazon.vendor.transaction"].search([("order_ids", "in", orders.ids)]))),
            ("API calls", calls),
            ("seconds", f"{time.monotonic() - started:.1f}"),
        )
        for order in open_orders:
            say(f"{order.name} {order.amazon_order_ref}: {order._amazon_why_undecided()}")
        for paper in papers - here:
            why = paper.message or "Amazon does not give it yet"
            say(f"{paper.order_id.name} {paper.order_ref}: {paper._kind_name()}: {why}")
        for row in failed:
            say(f"{row.order_ref}: {row.message or row.state}")
        for log in logs.filtered(lambda log: log.message and log.state != "partial"):
            say(f"{log.job_name}: {log.message}")
        bad = failed or not orders or any(log.state == "failed" for log in logs)
    return int(bool(bad))


def followed(env, accounts):
    """Ask Amazon now, and not in a minute, what became of what it was told, and for labels and packing slips.

    :return: the ``amazon.log`` rows.
    """
    # What waits for something else has no time.
    waiting = [("account_id", "in", accounts.ids), ("retry_at", "!=", False)]
    for model in ("amazon.vendor.transaction", "amazon.vendor.paper"):
        env[model].search(waiting).retry_at = datetime(2020, 1, 1)
    env.cr.commit()
    logs = accounts._tell_vendor()
    return logs | accounts._fetch_vendor_labels() | accounts._fetch_vendor_slips()


def say_differences(orders):
    """Print orders whose amounts differ, by how much, and why."""
    for order in orders:
        why = dict(order._fields["amazon_difference_reason"]._description_selection(order.env))
        say(
            f"{order.name} {order.amazon_order_ref or '-'}"
            f" {order.amazon_family_difference:+,.{order.currency_id.decimal_places}f} {order.currency_id.name}:"
            f" {why[order.amazon_difference_reason]}"
        )


def say_settlement(account):
    """Print what Amazon has paid last, and what of the money is open."""
    env, mine = account.env, [("account_id", "=", account.id)]
    settlements = env["amazon.settlement"].search(mine, limit=MOST_SHOWN)
    if not settlements:
        say("no settlement yet")
        return
    last = settlements[0]
    states = dict(last._fields["state"]._description_selection(env))
    period = f"{last.start_at:%Y-%m-%d %H:%M} to {last.end_at:%Y-%m-%d %H:%M} UTC"
    say(f"settlement {last.settlement_ref}: {period}, {last.currency_id.name}")
    for label, amount in (
        ("opening reserve", last.opening_reserve),
        ("sales", last.sales),
        ("refunds", last.refunds),
        ("fees", last.fees),
        ("other", last.other_amount),
        ("reserve kept", last.kept_reserve),
        ("transfer", last.amount),
    ):
        say(f"{label:<18}{money(amount, last.currency_id):>14}")
    say(f"{'adds up':<18}{'yes' if last.agrees else f'no, by {money(last.difference, last.currency_id)}':>14}")
    say(f"{'booked':<18}{states[last.state]:>14}")
    differ = env["sale.order"].search([("amazon_mismatch", "=", True)], limit=MOST_SHOWN)
    for label, records, name in (
        ("open: amounts", differ, "amazon_family_difference"),
        ("open: to book", settlements.filtered(lambda one: one.state != "posted"), "amount"),
        ("open: deposits", settlements.filtered(lambda one: one.deposit_state in ("waiting", "partly")), "amount"),
    ):
        sums = ", ".join(
            f"{money(sum(some.mapped(name)), currency)} {currency.name}"
            for currency, some in records.grouped("currency_id").items()
        )
        say(f"{label:<18}{len(records):>4}  {sums}".rstrip())


def money(amount, currency):
    """Return an amount as it is printed."""
    return f"{amount:,.{currency.decimal_places}f}"


def until_done(work):
    """Run a job of an account, for as long as Amazon's usage plan makes us wait.

    :param work: the account's method.
    :return: the ``amazon.log`` rows.
    """
    logs = last = work()
    limit = time.monotonic() + PATIENCE
    while last[-1:].state == "partial" and time.monotonic() < limit:
        time.sleep(1)
        last = work()
        logs |= last
    return logs


def say_all(*rows):
    """Print figures under one another."""
    for label, value in rows:
        say(f"{label:<14}{value:>8}")


def to_ship(env, accounts):
    """Return the deliveries that can leave."""
    pickings = env["stock.picking"].search(
        [("sale_id.amazon_account_id", "in", accounts.ids), ("state", "=", "assigned"), ("carrier_id", "!=", False)],
        order="id",
    )
    return pickings.filtered(lambda picking: not picking._amazon_why_blocked())


def ship(env, pickings):
    """Pick, label and validate deliveries, as a packer does. What Amazon has labelled has its number already.

    :return: these deliveries.
    """
    for number, picking in enumerate(pickings.filtered(lambda picking: not picking.carrier_tracking_ref), 1):
        picking.carrier_tracking_ref = f"4412-{picking.id:04}-{number:04}"
    if pickings:
        pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()
    env.cr.commit()
    return pickings


def serve(demo, amazon):
    """Run Odoo until Ctrl-C.

    :return: Odoo's exit code.
    """
    odoo = None
    try:
        with database.lock("ports"):
            port = port_near(ODOO_PORT)
            # One worker per long job and one for what must be prompt; see the README.
            odoo = subprocess.Popen(
                database.odoo_command("-d", demo, f"--http-port={port}", "--max-cron-threads=4", "--log-level=warn")
            )
            _wait_for(f"http://127.0.0.1:{port}/web/login", odoo)
        say(f"""
  Odoo            http://127.0.0.1:{port}/odoo       user: admin   password: admin
                  Amazon > Configuration > Accounts > Amazon.co.jp: start Order Import, Shipping Confirmation, Stock
                  and Finances
  Seller Central  {amazon.url}        (simulated: place, pay, ship and cancel orders)

  Ctrl-C stops both.
""")
        return odoo.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if odoo:
            odoo.send_signal(signal.SIGINT)
            try:
                odoo.wait(15)
            except subprocess.TimeoutExpired:
                odoo.kill()


def _wait_for(url, process):
    for _attempt in range(240):
        if process.poll() is not None:
            sys.exit("Odoo ended while starting; see its messages above")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    sys.exit("Odoo does not answer")


def main():
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="bin/run", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--once", action="store_true", help="import, ship, confirm, send stock, compare, fetch settlements, print, end"
    )
    parser.add_argument("--vendor", action="store_true", help="with --once: what a vendor ships for Amazon instead")
    parser.add_argument("--fresh", action="store_true", help="start over with a new database")
    parser.add_argument("--name", default="demo", help="another demo beside the usual one")
    arguments = parser.parse_args()
    demo = database.name(arguments.name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        amazon, seller = prepare(demo, arguments.fresh)
        try:
            if not arguments.once:
                return serve(demo, amazon)
            return vendor_once(demo, amazon) if arguments.vendor else once(demo, amazon, seller)
        finally:
            amazon.stop()
    finally:
        database.stop_server()


if __name__ == "__main__":
    sys.exit(main())
