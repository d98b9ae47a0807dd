"""How soon Amazon knows of deliveries, and what many of them in one feed cost."""

import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import server
from setting import BASE, WARM_UP, Worker, machine, measured, opened, setting

# What is promised.
LATENCY = 60
SENDING, APPLYING, MEGABYTES, BYTES = 15, 60, 300, 10 * 1024 * 1024


def while_an_import_runs(options):
    """From validating deliveries, all at once, to Amazon's knowing each, while orders come in."""
    with setting(options.deliveries, quota="published") as (amazon, seller, _warm):
        task = {"merchant_id": seller["merchant_id"], "orders": options.deliveries}
        measured_on_base("import", task)
        # More orders, which Amazon shows from now on.
        amazon.post("clock", now=(datetime.now(timezone.utc) - timedelta(minutes=4)).isoformat())
        amazon.post(
            "bulk",
            merchant_id=seller["merchant_id"],
            kinds={"jp_standard": 1},
            count=options.orders,
            items_per_order=2,
            spread_seconds=30,
        )
        amazon.post("clock", now=None)
        amazon.control("DELETE", "requests")
        packer = Worker("validate", BASE, task).ready()
        with tempfile.TemporaryDirectory() as folder, server.running(BASE, Path(folder) / "odoo.log") as odoo:
            wait_for(lambda: server.listening(odoo))
            Worker("start", BASE, task).ready().go()
            wait_for(lambda: count("SELECT count(*) FROM sale_order") > options.deliveries + 25)
            started = time.time()
            packer.go()
            packed = packer.result()
            committed = packed["ended"]
            wait_for(
                lambda: count("SELECT count(*) FROM amazon_confirmation WHERE state = 'done'") == options.deliveries
            )
            here = count("SELECT count(*) FROM sale_order WHERE amazon_order_ref <> ''") - options.deliveries
            refs = query("SELECT order_ref FROM amazon_confirmation")
            known = sorted(
                datetime.fromisoformat(amazon.get(f"orders/{ref}/confirmations")[0]["time"]).timestamp() - committed
                for [ref] in refs
            )
            for run in query(
                "SELECT job_name, state, started_at::time, round(duration::numeric, 1), accepted, message"
                " FROM amazon_log WHERE job_name LIKE 'confirm%%' ORDER BY id"
            ):
                print(" ", *run, file=sys.stderr)
            refused = [call for call in amazon.get("requests") if call.get("status") == 429]
        machine(
            f"{options.deliveries} deliveries validated at once while {options.orders} orders come in, published"
            " usage plan"
        )
        print(
            f"validating: {committed - started:.1f} s in {packed['result']} attempt(s); calls refused: {len(refused)}"
        )
        print(
            f"from its commit until Amazon knew: the first {known[0]:.1f} s, half {statistics.median(known):.1f} s,"
            f" all {known[-1]:.1f} s"
        )
        print(f"imported by then: {here} of {options.orders}")
    return int(known[-1] > LATENCY or bool(refused))


def in_one_feed(options):
    """Confirmations in one feed, against one confirmShipment call an order, each committed."""
    with setting(options.orders, warm=(options.baseline, WARM_UP)) as (amazon, seller, (other, warm)):
        amazon.post("settings", feed_seconds=0)
        for one in (seller, other, warm):
            task = {"merchant_id": one["merchant_id"]}
            measured_on_base("import", task)
            measured_on_base("deliver", task)
        task = {"warm": [warm["merchant_id"]], "profile": options.profile}
        _seconds, [plain] = measured(
            f"{BASE}_plain",
            [("confirm one by one", {**task, "merchant_id": other["merchant_id"], "orders": options.baseline})],
        )
        name = f"{BASE}_feed"
        task.update(merchant_id=seller["merchant_id"], orders=options.orders)
        _seconds, [sent] = measured(name, [("feed", task)])
        worker = Worker("results", name, {**task, "warm": []}).ready()
        worker.go()
        applied = worker.result()
        feeds = [feed for feed in amazon.get(f"feeds?merchant_id={seller['merchant_id']}")]
        states = dict(
            query(
                "SELECT state, count(*) FROM amazon_confirmation confirmation JOIN amazon_account account"
                " ON account.id = account_id WHERE merchant_id = %s GROUP BY 1",
                seller["merchant_id"],
                name=name,
            )
        )
    return report_feed(options, plain, sent, applied, feeds, states)


def report_feed(options, plain, sent, applied, feeds, states):
    """Print the table."""
    machine(
        f"{options.orders} confirmations in {len(feeds)} feed(s) of at most"
        f" {max(feed['bytes'] for feed in feeds) / 1024 / 1024:.1f} MiB; afterwards: {states}"
    )
    print(f"{'':<44}{'s':>8}{'of them HTTP':>14}{'ms each':>9}{'queries each':>14}{'peak MB':>9}{'× baseline':>12}")
    base = own(plain) / options.baseline
    for label, result, orders in (
        (f"baseline: {options.baseline} calls, each committed", plain, options.baseline),
        ("feed built and submitted", sent, options.orders),
        ("its results applied", applied, options.orders),
    ):
        each = own(result) / orders
        print(
            f"{label:<44}{result['seconds']:>8.1f}{result['http']:>14.1f}{each * 1000:>9.2f}"
            f"{result['queries'] / orders:>14.1f}{result['megabytes']:>9.0f}{base / each:>12.1f}"
        )
    both = (own(sent) + own(applied)) / options.orders
    print(f"from the outbox to what became of each, without HTTP: {base / both:.1f} × baseline")
    return int(
        own(sent) > SENDING
        or own(applied) > APPLYING
        or set(states) != {"done"}
        or max(sent["megabytes"], applied["megabytes"]) > MEGABYTES
        or max(feed["bytes"] for feed in feeds) > BYTES
    )


def own(result):
    """Return the seconds that are not spent waiting for Amazon."""
    return result["seconds"] - result["http"]


def measured_on_base(role, task):
    """Have a worker do something in the database that others are copies of."""
    worker = Worker(role, BASE, task).ready()
    worker.go()
    result = worker.result()
    print(f"  {role}: {result['seconds']:.0f} s, {result['megabytes']:.0f} MB", file=sys.stderr, flush=True)
    return result


def query(statement, *values, name=BASE):
    """Return the rows of a statement."""
    with opened(name) as cr:
        cr.execute(statement, values)
        return cr.fetchall()


def count(statement):
    """Return a statement's one value."""
    return query(statement)[0][0]


def wait_for(condition, seconds=600):
    """Ask again and again until `condition` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("took too long")
        time.sleep(0.2)
