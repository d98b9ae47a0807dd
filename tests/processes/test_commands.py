"""The commands of bin/ and installing, upgrading and uninstalling, as an administrator does them."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path

import database
import psycopg2
import pytest
import shops
from ports import is_free

CHECKOUT = Path(os.environ["CHECKOUT"])


@pytest.fixture
def scratch():
    """Give the name of a database that is dropped afterwards."""
    name = database.name("test_commands")
    yield name
    database.drop(name)


def rows(name, query):
    """Return a query's rows."""
    connection = psycopg2.connect(dbname=name)
    try:
        with connection.cursor() as cr:
            cr.execute(query)
            return cr.fetchall()
    finally:
        connection.close()


def figures(output):
    """Return what `bin/run --once` has printed, by label."""
    orders, stock = "orders seen|created|updated|failed|shipped|confirmed|refused|waiting", "SKUs|stock sent|not taken"
    vendor = "accepted|to decide|labels here|slips here|statuses|stock told"
    labels = f"{orders}|{stock}|{vendor}|on Amazon|transactions|differ|API calls"
    return {label: int(value) for label, value in re.findall(rf"^({labels})\s+(\d+)$", output, re.M)}


def test_once_imports_confirms_and_keeps_its_data(scratch):
    """`bin/run --once` imports every order, ships some, tells Amazon, sends the stock, compares the amounts, says so; a
    second start keeps the data, reads and sends only what has changed.
    `bin/run` serves it until Ctrl-C."""
    command = [sys.executable, CHECKOUT / "bin/lib/run.py", "--once", "--name", "test_commands"]
    first = subprocess.run([*command, "--fresh"], capture_output=True, text=True, timeout=300)
    assert first.returncode == 0, first.stdout + first.stderr
    table = figures(first.stdout)
    assert table["orders seen"] == table["created"] > 50
    assert table["shipped"] == table["confirmed"] == 10
    assert table["SKUs"] > table["stock sent"] == table["on Amazon"] > 10, "what Amazon ships is left alone"
    assert (table["failed"], table["refused"], table["waiting"], table["not taken"]) == (0, 0, 0, 0)
    looks = ceil(table["stock sent"] / 20)
    assert table["API calls"] == 1 + 10 + 1 + looks + table["stock sent"] + 3 + 1, (
        "SKUs are looked at, twenty a call, before they are told; three windows of Finances; one list of reports"
    )
    shown = re.findall(r"^(S\d+) ([\d-]+) \+([\d,]+) JPY: (.+)$", first.stdout, re.M)
    refunded = "SELECT name, amazon_order_ref, amazon_refunded FROM sale_order WHERE amazon_refunded > 0 ORDER BY id"
    assert [(name, ref, float(off.replace(",", ""))) for name, ref, off, _why in shown] == [
        (name, ref, float(amount)) for name, ref, amount in rows(scratch, refunded)
    ]
    assert len(shown) == table["differ"] == 3
    assert [why for *_which, why in shown] == [
        "Refund without Credit Note",
        "Refund without Credit Note",
        "Chargeback without Credit Note",
    ]
    check_settlement(scratch, first.stdout)
    transactions = "SELECT kind, count(*) FROM amazon_transaction GROUP BY 1"
    kept = dict(rows(scratch, transactions))
    assert sum(kept.values()) == table["transactions"] and kept["sale"] > 5
    assert (kept["refund"], kept["service_fee"]) == (3, 1)
    query = "SELECT amazon_order_ref FROM sale_order WHERE amazon_order_ref IS NOT NULL ORDER BY 1"
    refs = rows(scratch, query)
    assert rows(scratch, "SELECT external_report_layout_id FROM res_company ORDER BY id LIMIT 1") != [(None,)], (
        "what is printed asks for no layout first"
    )
    assert len(refs) == table["created"]
    confirmations = "SELECT order_ref, state, reference, told FROM amazon_confirmation ORDER BY id"
    told = rows(scratch, confirmations)
    assert sum(state == "done" for _ref, state, _reference, _told in told) >= 10
    second = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stdout + second.stderr
    again = figures(second.stdout)
    assert (again["created"], again["confirmed"], again["refused"]) == (0, again["shipped"], 0)
    assert again["on Amazon"] == again["stock sent"] == table["stock sent"]
    assert again["API calls"] < table["API calls"]
    assert rows(scratch, query) == refs
    assert sum(dict(rows(scratch, transactions)).values()) == table["transactions"] + again["transactions"]
    assert again["differ"] == 3
    assert rows(scratch, confirmations)[: len(told)] == told, "nothing is told again"
    vendor = subprocess.run([*command, "--vendor"], capture_output=True, text=True, timeout=120)
    assert vendor.returncode == 0, vendor.stdout + vendor.stderr
    table = figures(vendor.stdout)
    assert table["orders seen"] == table["created"] == table["accepted"] + table["to decide"] == 16
    assert table["shipped"] == table["confirmed"] == table["accepted"] - 1 and table["failed"] == 0
    assert table["labels here"] + table["statuses"] == table["shipped"], "of Amazon's carriers, and of the own"
    assert min(table["labels here"], table["statuses"]) > 5
    assert table["slips here"] == 4 and table["stock told"] > 1
    assert table["transactions"] == 2 + 1 + 2 + 1, "one call each for all answers, labels, confirmations and statuses"
    # Four for the stock of two warehouses each; as many as all of these ask what became of them.
    # Papers come with a search each, or, not there yet, one by one; with tokens.
    papers = 5 + 2 * (table["labels here"] + 1) + table["slips here"] + 8
    assert table["API calls"] <= 2 + 2 * (6 + 4) + papers
    assert "Unknown SKU: VENDOR-NEW-001" in vendor.stdout
    assert vendor.stdout.count("Shipping Label: ") == 1, "Amazon gives none for a SKU on two lines"
    assert rows(scratch, confirmations)[: len(told)] == told, "the seller's are left alone"
    with occupied(8069, 8070):
        odoo, amazon = serve_and_interrupt(command[:2] + command[3:])
    assert not {odoo, amazon} & {8069, 8070}, "ports in use are stepped around"


def check_settlement(name, output):
    """See that the last settlement is printed as it is, adds up, is to be booked, and what is open."""
    query = """
        SELECT settlement_ref, opening_reserve, sales, refunds, fees, other_amount, kept_reserve, amount, agrees, state
          FROM amazon_settlement ORDER BY end_at"""
    before, last = rows(name, query)
    ref, opening, *amounts, agrees, state = last
    assert (agrees, state) == (True, "open") and opening == -before[6] == 3000
    assert f"settlement {ref}: " in output
    printed = re.findall(
        r"^(?:opening reserve|sales|refunds|fees|other|reserve kept|transfer)\s+(-?[\d,]+)$", output, re.M
    )
    assert [int(amount.replace(",", "")) for amount in printed] == [opening, *amounts]
    assert sum(amounts[:-1]) + opening == amounts[-1]
    assert re.search(r"^adds up\s+yes$", output, re.M) and re.search(r"^booked\s+To Book$", output, re.M)
    [[refunded]] = rows(name, "SELECT sum(amazon_refunded) FROM sale_order")
    assert re.search(rf"^open: amounts\s+3  {refunded:,.0f} JPY$", output, re.M)
    assert re.search(rf"^open: to book\s+2  {before[7] + amounts[-1]:,.0f} JPY$", output, re.M)
    assert re.search(r"^open: deposits\s+0$", output, re.M)


@contextmanager
def occupied(*ports):
    """Listen on ports, unless somebody does so already."""
    with ExitStack() as stack:
        for port in ports:
            listening = stack.enter_context(socket.socket())
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind(("127.0.0.1", port))
                listening.listen()
            except OSError:
                continue
        yield


def serve_and_interrupt(command):
    """Start `bin/run`, look at what it says to look at, and press Ctrl-C; return the ports it took."""
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    told = []
    try:
        for line in running.stdout:
            told.append(line)
            if "Ctrl-C" in line:
                break
        urls = re.findall(r"http://127\.0\.0\.1:\d+", "".join(told))
        assert len(urls) == 2 and "password: admin" in "".join(told), told
        for url in urls:
            assert urllib.request.urlopen(url, timeout=60).status == 200
        os.killpg(running.pid, signal.SIGINT)
        running.stdout.read()
        assert running.wait(60) == 0
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    ports = [int(url.rpartition(":")[2]) for url in urls]
    assert all(is_free(port) for port in ports), "nothing it started is left"
    return ports


def test_neutralizing_disconnects(one_account, seller):
    """A neutralized copy of a database neither reads nor writes the real shop."""
    query = """
        SELECT auto_import, refresh_token_cipher, lwa_client_secret_cipher,
               (SELECT bool_or(cron.active) FROM ir_cron cron JOIN amazon_job job ON job.cron_id = cron.id)
          FROM amazon_account"""
    with shops.copied(one_account, "neutralized") as shop:
        [[started, token, secret, crons]] = shop.sql(query)
        assert started and crons and token and secret
        assert seller["refresh_token"] not in token and seller["client_secret"] not in secret
        neutralize = database.odoo_command("neutralize", "-d", shop.name, "--log-level=warn")
        subprocess.run(neutralize, check=True, timeout=120)
        assert shop.sql(query) == [(False, None, None, False)]
