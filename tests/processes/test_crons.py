"""Odoo's own server with its own crons, and nobody who does anything."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import parcels
import server
import shops

SOON, LATER = 90, 240
DELIVERIES, IMPORTED = 12, 150


@contextmanager
def running(shop, log):
    """Run Odoo's server with four cron workers; it is killed at the end, if it lives."""
    over = Event()

    def minutes_pass():
        # Cron workers look around once a minute, unless they are woken. Nothing is proved by waiting for that.
        while not over.wait(1):
            server.wake(shop.name)

    with server.running(shop.name, log) as process, ThreadPoolExecutor(1) as pool:
        shops.wait_for(lambda: server.listening(process), LATER, "Odoo starts")
        pool.submit(minutes_pass)
        try:
            yield process
        finally:
            over.set()


def here(shop):
    """Return how many Amazon orders are in Odoo."""
    return sum(shop.refs().values())


def reserved(shop):
    """Tell whether every builder is through with its work."""
    return not shop.value("SELECT count(*) FROM sale_order WHERE amazon_to_reserve") and not shop.value(
        "SELECT count(*) FROM amazon_order_update WHERE state = 'pending'"
    )


def test_imports_by_itself_and_survives_a_kill(amazon, seller, shop, tmp_path):
    """Switched on, orders come in by themselves; after SIGKILL in the middle and a new start, all of them do."""
    shop.sql("DELETE FROM ir_cron_trigger")
    shop.sql("UPDATE amazon_account SET auto_import = FALSE")
    shop.sql("UPDATE ir_cron SET active = FALSE WHERE cron_name LIKE 'Amazon: orders%%'")
    amazon.post("page-limit", limit=25)
    orders = shops.place(amazon, seller, {"jp_standard": 140, "jp_several_items": 10})
    log = tmp_path / "odoo.log"
    with shops.importers(shop) as person:
        with running(shop, log) as process:
            person.code("env['amazon.account'].search([]).action_toggle_import()")
            shops.wait_for(lambda: 0 < here(shop), SOON, "the first orders come in by themselves")
            server.kill(process)
        shop.wait_until_alone()
    assert here(shop) < len(orders), "killed in the middle"
    amazon.place(seller, "jp_standard", 5, created=shops.moment_ago(amazon, 3))
    # The job's five minutes pass while the server is down.
    shop.sql("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE 'Amazon: orders%%'")
    orders = shops.on_amazon(amazon, seller)
    with running(shop, log):
        shops.wait_for(lambda: here(shop) >= len(orders) and reserved(shop), LATER, "the rest comes in by itself")
        shops.wait_for(
            lambda: not shop.value("SELECT count(*) FROM amazon_log WHERE state = 'running'"), SOON, "the run ends"
        )
    shop.wait_until_alone()
    shops.assert_complete(shop, orders)
    shops.assert_cursor(shop, amazon)
    assert_no_problems(log)


def assert_no_problems(log):
    """Check that the server has logged no error."""
    lines = log.read_text().splitlines()
    # Odoo's database layer logs each statement that PostgreSQL refuses, also where it is then tried again.
    problems = [line for line in lines if (" ERROR " in line and "odoo.sql_db" not in line) or "Traceback" in line]
    assert not problems, problems


def test_confirms_at_once_while_an_import_runs(amazon, seller, shop, tmp_path):
    """Deliveries validated while an import keeps the builders busy: Amazon knows each once, under the published usage
    plan for confirmations, without one call that it refuses; what was not reserved meanwhile is reserved in the end."""
    log = tmp_path / "odoo.log"
    shops.place(amazon, seller, {"jp_standard": DELIVERIES})
    with shops.importers(shop) as person:
        person.good("import")
        person.code("env['amazon.account'].search([]).auto_confirm = True")
        amazon.post("quota", mode="published", operation="*", rate=1000, burst=1000)
        amazon.post("quota", operation="confirmShipment", rate=2, burst=10)
        amazon.control("DELETE", "requests")
        moment = shops.moment_ago(amazon, 3)
        amazon.place(seller, "jp_standard", IMPORTED, created=moment, updated=moment)
        orders = shops.on_amazon(amazon, seller)
        with running(shop, log):
            person.code(
                "env['amazon.account'].search([]).job_ids.filtered(lambda job: job.name == 'orders')._trigger()"
            )
            shops.wait_for(lambda: here(shop) > DELIVERIES, SOON, "the import is building")
            person.code(parcels.DELIVER_FIRST.format(count=DELIVERIES))
            shops.wait_for(lambda: not parcels.open_rows(shop), SOON, "everything is confirmed")
            shops.wait_for(lambda: here(shop) >= len(orders) and reserved(shop), LATER, "everything is imported")
    shop.wait_until_alone()
    numbers = dict(shop.sql("SELECT order_ref, tracking_number FROM amazon_confirmation"))
    assert len(numbers) == DELIVERIES
    parcels.assert_told(shop, amazon, numbers)
    # How soon is measured by bin/benchmark; here it is what makes it soon.
    query = "SELECT {0}(priority) FROM ir_cron JOIN amazon_job ON cron_id = ir_cron.id WHERE name IN ({1})"
    prompt = shop.value(query.format("max", "'confirm', 'confirm_by_hand'"))
    assert prompt < shop.value(query.format("min", "'orders', 'range'"))
    refused = [call for call in amazon.get("requests?operation=confirmShipment") if call["status"] == 429]
    assert not refused
    assert_no_problems(log)
