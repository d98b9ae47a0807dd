"""How fast orders are imported, against one at a time; under a usage plan; with how much memory."""

import statistics
import sys

import database
import psycopg2
import rows
from setting import BASE, Worker, calls, machine, measured, setting

BASELINE = "one by one"


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
                    (
                        role,
                        {
                            "merchant_id": seller["merchant_id"],
                            "orders": options.orders,
                            "profile": options.profile,
                            "warm": [other["merchant_id"] for other in warm[number :: len(roles)]],
                        },
                    )
                    for number, role in enumerate(roles)
                ]
                amazon.control("DELETE", "requests")
                seconds, results = measured(name, workers)
                figures[way].append(
                    {
                        "rate": options.orders / seconds,
                        "queries": sum(result["queries"] for result in results) / options.orders,
                        "cpu": sum(result["cpu"] for result in results) / options.orders * 1000,
                        "megabytes": max(result["megabytes"] for result in results),
                        "calls": calls(amazon, seller),
                    }
                )
                connection = psycopg2.connect(dbname=name)
                tables[way] = rows.read(connection.cursor(), seller["merchant_id"])
                connection.close()
                database.drop(name)
                print(f"  {way}: {figures[way][-1]['rate']:.1f} orders/s", file=sys.stderr, flush=True)
            for way in wanted[1:]:
                equal[way] = equal.get(way, []) + rows.differences(tables[BASELINE], tables[way])
    report_imports(options, figures, equal, tables)
    return int(any(equal.values()))


def report_imports(options, figures, equal, tables):
    """Print the table."""
    machine(f"{options.orders} orders of 2 lines, new customers, confirmed and reserved")
    base = statistics.mean(figure["rate"] for figure in figures[BASELINE])
    print(
        f"{'':<16}{'orders/s':>16}{'× baseline':>12}{'queries/order':>15}{'ms CPU/order':>14}{'API calls':>11}"
        f"{'peak MB':>9}  rows"
    )
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
        print(
            f"{options.orders} orders fetched in {seconds:.1f} s with {calls(amazon, seller)} calls, "
            f"{len(refused)} of them refused; run: {', '.join(result['result']['states'])}"
        )
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
