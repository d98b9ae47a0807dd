"""Odoo's own server with its own crons, and nobody who does anything."""

import os
import signal
import subprocess
from contextlib import contextmanager

import database
import shops
from ports import free_ports

# Cron threads look around once a minute unless they are woken.
SOON, LATER = 90, 240


@contextmanager
def server(shop, log):
    """Run Odoo's server with four cron workers; it is killed at the end, if it lives."""
    port, gevent = free_ports(2)
    command = database.odoo_command(
        "-d", shop.name, f"--http-port={port}", f"--gevent-port={gevent}", "--max-cron-threads=4", "--log-level=warn"
    )
    with log.open("a") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' OR datname = %s"
        shops.wait_for(lambda: shop.value(listening, shop.name) > 1, LATER, "Odoo starts")
        yield process
    finally:
        kill(process)


def kill(process):
    """Kill a server with all its threads and children, without a word of warning."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


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
        with server(shop, log) as running:
            person.code("env['amazon.account'].search([]).action_toggle_import()")
            shops.wait_for(lambda: 0 < here(shop), SOON, "the first orders come in by themselves")
            kill(running)
        shop.wait_until_alone()
    assert here(shop) < len(orders), "killed in the middle"
    amazon.place(seller, "jp_standard", 5, created=shops.moment_ago(amazon, 3))
    # The job's five minutes pass while the server is down.
    shop.sql("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE 'Amazon: orders%%'")
    orders = shops.on_amazon(amazon, seller)
    with server(shop, log):
        shops.wait_for(lambda: here(shop) >= len(orders) and reserved(shop), LATER, "the rest comes in by itself")
        shops.wait_for(
            lambda: not shop.value("SELECT count(*) FROM amazon_log WHERE state = 'running'"), SOON, "the run ends"
        )
    shop.wait_until_alone()
    shops.assert_complete(shop, orders)
    shops.assert_cursor(shop, amazon)
    lines = log.read_text().splitlines()
    # Odoo's database layer logs each statement that PostgreSQL refuses, also where it is then tried again.
    problems = [line for line in lines if (" ERROR " in line and "odoo.sql_db" not in line) or "Traceback" in line]
    assert not problems, problems
