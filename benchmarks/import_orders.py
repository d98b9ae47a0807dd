"""What the speed figures in the README are measured with. Prints tables, writes nothing.

    bin/benchmark import [--orders 300] [--repetitions 2]   one builder and two against one order at a time
    bin/benchmark quota [--orders 2000]                     a new account under Amazon's published usage plan
    bin/benchmark memory [--orders 10000]                   peak memory with a full inbox

Everything runs against the simulator over HTTP and on copies of one database, each in a fresh process that has warmed
up with orders of another account. Times of one run are comparable with each other, not with those of other machines.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import database
import psycopg2
import rows

from simulator.process import Amazon

WARM_UP = 10
BASE = database.name("benchmark")
BASELINE = "one by one"


# --- the setting -----------------------------------------------------------------------------
@contextmanager
def setting(orders, quota="off", without=()):
    """Have a simulator with so many orders and a database connected to it.

    :return: (simulator, the measured seller, the sellers to warm up with).
    """
    template = database.template()
    amazon = Amazon.start("--quota", quota, "--seed", "1")
    try:
        sellers = [amazon.seller() for _ in range(3)]
        # Amazon shows an order only two minutes after its last change.
        amazon.post("clock", now=(datetime.now(timezone.utc) - timedelta(minutes=10)).isoformat())
        for seller, count in zip(sellers, (orders, WARM_UP, WARM_UP), strict=True):
            amazon.post(
                "bulk", merchant_id=seller["merchant_id"], kinds={"jp_standard": 1}, count=count, items_per_order=2,
                spread_seconds=5 * 24 * 3600,
            )  # fmt: skip
        amazon.post("clock", now=None)
        database.copy(template, BASE)
        Worker("prepare", BASE, {"url": amazon.url, "sellers": sellers, "without": without}).wait(check=True)
        yield amazon, sellers[0], sellers[1:]
    finally:
        amazon.stop()
        for name in database.like(BASE):
            with suppress(psycopg2.Error):
                database.drop(name)


class Worker:
    """A process that measures itself."""

    def __init__(self, role, name, options):
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("worker.py"), role, name, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ready(self):
        """Wait until it has warmed up."""
        for line in self.process.stdout:
            if line.strip() == "ready":
                return self
        raise SystemExit("a worker ended before it was ready")

    def go(self):
        """Let it start."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self):
        """Return what it measured."""
        line = ""
        for line in self.process.stdout:
            if line.startswith("{"):
                break
        self.wait(check=True)
        return json.loads(line)

    def wait(self, check=False):
        code = self.process.wait()
        if check and code:
            raise SystemExit(f"a worker ended with {code}")


def measured(name, workers):
    """Run the workers on a copy of the database.

    :param workers: (role, options) each.
    :return: (seconds from the start of the first to the end of the last, results).
    """
    database.copy(BASE, name)
    running = [Worker(role, name, options) for role, options in workers]
    for one in running:
        one.ready()
    started = time.monotonic()
    for one in running:
        one.go()
    results = [one.result() for one in running]
    return time.monotonic() - started, results


# --- what is measured ------------------------------------------------------------------------
def compare_imports(options):
    """Baseline, one builder and two, in turns."""
    ways = {BASELINE: ["one by one"], "one builder": ["import"], "two builders": ["import", "build"]}
    wanted = [way for way in ways if not options.only or way in (BASELINE, *options.only)]
    figures = {way: [] for way in wanted}
    equal = {}
    with setting(options.orders, without=options.without) as (amazon, seller, warm):
        for repetition in range(options.repetitions):
            tables = {}
            for way in wanted if repetition % 2 == 0 else reversed(wanted):
                name = f"{BASE}_{way.replace(' ', '_')}"
                roles = ways[way]
                # However many workers there are, the same orders are there before.
                workers = [
                    (role, {"merchant_id": seller["merchant_id"], "orders": options.orders, "profile": options.profile,
                            "warm": [other["merchant_id"] for other in warm[number :: len(roles)]]})
                    for number, role in enumerate(roles)
                ]  # fmt: skip
                amazon.control("DELETE", "requests")
                seconds, results = measured(name, workers)
                figures[way].append({
                    "rate": options.orders / seconds,
                    "queries": sum(result["queries"] for result in results) / options.orders,
                    "cpu": sum(result["cpu"] for result in results) / options.orders * 1000,
                    "megabytes": max(result["megabytes"] for result in results),
                    "calls": calls(amazon, seller),
                })  # fmt: skip
                connection = psycopg2.connect(dbname=name)
                tables[way] = rows.read(connection.cursor(), seller["merchant_id"])
                connection.close()
                database.drop(name)
                print(f"  {way}: {figures[way][-1]['rate']:.1f} orders/s", file=sys.stderr, flush=True)
            for way in wanted[1:]:
                equal[way] = equal.get(way, []) + rows.differences(tables[BASELINE], tables[way])
    report_imports(options, figures, equal, tables)
    return int(any(equal.values()))


def calls(amazon, seller):
    """Return how many calls the seller made, tokens aside."""
    return len([
        request for request in amazon.get("requests")
        if request.get("merchant_id") == seller["merchant_id"] and request.get("operation") != "token"
    ])  # fmt: skip


def report_imports(options, figures, equal, tables):
    """Print the table."""
    machine(f"{options.orders} orders of 2 lines, new customers, confirmed and reserved")
    base = statistics.mean(figure["rate"] for figure in figures[BASELINE])
    print(f"{'':<16}{'orders/s':>16}{'× baseline':>12}{'queries/order':>15}{'ms CPU/order':>14}{'API calls':>11}"
          f"{'peak MB':>9}  rows")  # fmt: skip
    for way, runs in figures.items():
        rates = " · ".join(f"{run['rate']:.1f}" for run in runs)
        print(
            f"{way:<16}{rates:>16}"
            f"{statistics.mean(run['rate'] for run in runs) / base:>12.1f}"
            f"{statistics.mean(run['queries'] for run in runs):>15.1f}"
            f"{statistics.mean(run['cpu'] for run in runs):>14.0f}{runs[-1]['calls']:>11}"
            f"{max(run['megabytes'] for run in runs):>9.0f}  "
            + ("" if way == BASELINE else "differ" if equal[way] else "equal")
        )
    print(f"compared: {rows.counts(tables[BASELINE])}, and what joins them")
    for way, found in equal.items():
        for line in dict.fromkeys(found):
            print(f"DIFFERENT with {way}: {line}")


def within_the_usage_plan(options):
    """A new account's orders in one run under Amazon's published usage plan."""
    with setting(options.orders, quota="published") as (amazon, seller, _warm):
        amazon.control("DELETE", "requests")
        task = {"merchant_id": seller["merchant_id"]}
        seconds, [result] = measured(f"{BASE}_quota", [("fetch", task)])
        refused = [request for request in amazon.get("requests") if request.get("status") == 429]
        machine("A new account under Amazon's published usage plan")
        print(f"{options.orders} orders fetched in {seconds:.1f} s with {calls(amazon, seller)} calls, "
              f"{len(refused)} of them refused; run: {', '.join(result['result']['states'])}")  # fmt: skip
    return int(bool(refused) or result["result"]["states"] != ["done"])


def with_a_full_inbox(options):
    """Peak memory of the process that fetches, and of one that builds."""
    with setting(options.orders) as (_amazon, seller, _warm):
        name = f"{BASE}_memory"
        task = {"merchant_id": seller["merchant_id"], "orders": options.orders, "seconds": options.seconds}
        seconds, [fetched] = measured(name, [("fetch", task)])
        running = Worker("build", name, task).ready()
        running.go()
        built = running.result()
        machine(f"{options.orders} orders in the inbox")
        print(f"fetching: {fetched['megabytes']:.0f} MB at most, {seconds:.0f} s")
        print(f"building: {built['megabytes']:.0f} MB at most, {built['seconds']:.0f} s over {built['result']} orders")
    return int(max(fetched["megabytes"], built["megabytes"]) > 500)


def machine(title):
    """Print what was measured where and when."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    connection = psycopg2.connect(dbname="postgres")
    version = connection.server_version // 10000
    connection.close()
    print(f"\n{title}\n{datetime.now(timezone.utc):%Y-%m-%d}, {os.cpu_count()} × {model}, "
          f"Python {platform.python_version()}, PostgreSQL {version}\n")  # fmt: skip


def main():
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="bin/benchmark", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True)
    for name, run, orders in (
        ("import", compare_imports, 300), ("quota", within_the_usage_plan, 2000), ("memory", with_a_full_inbox, 10000),
    ):  # fmt: skip
        kind = kinds.add_parser(name)
        kind.set_defaults(run=run)
        kind.add_argument("--orders", type=int, default=orders)
        kind.add_argument("--repetitions", type=int, default=2)
        kind.add_argument("--seconds", type=int, default=60, help="how long is built (memory)")
        kind.add_argument("--without", nargs="*", default=[], help="what of models/fast.py to do Odoo's way")
        kind.add_argument("--profile", action="store_true", help="also tell which code runs how many queries")
        kind.add_argument("--only", nargs="*", default=[], help="these ways besides the baseline")
    options = parser.parse_args()
    try:
        return options.run(options)
    finally:
        database.stop_server()


if __name__ == "__main__":
    sys.exit(main())
