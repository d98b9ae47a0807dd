"""What every benchmark runs in: a simulator, copies of one database, processes that measure themselves."""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import database
import psycopg2

from simulator.process import Amazon

WARM_UP = 10
BASE = database.name("benchmark")


@contextmanager
def setting(orders, quota="off", without=(), warm=(WARM_UP, WARM_UP)):
    """Have a simulator with so many orders and a database connected to it.

    :param warm: how many orders each of the other sellers has.
    :return: (simulator, the measured seller, the sellers to warm up with).
    """
    template = database.template()
    amazon = Amazon.start("--quota", quota, "--seed", "1")
    try:
        sellers = [amazon.seller() for _ in range(3)]
        # Amazon shows an order only two minutes after its last change.
        amazon.post("clock", now=(datetime.now(timezone.utc) - timedelta(minutes=10)).isoformat())
        for seller, count in zip(sellers, (orders, *warm), strict=True):
            amazon.post(
                "bulk",
                merchant_id=seller["merchant_id"],
                kinds={"jp_standard": 1},
                count=count,
                items_per_order=2,
                spread_seconds=5 * 24 * 3600,
            )
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
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

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


@contextmanager
def opened(name=BASE):
    """Open a database beside Odoo; each statement is committed by itself.

    :return: a cursor.
    """
    connection = psycopg2.connect(dbname=name)
    try:
        connection.autocommit = True
        with connection.cursor() as cr:
            yield cr
    finally:
        connection.close()


def calls(amazon, seller):
    """Return how many calls the seller made, tokens aside."""
    return len(
        [
            request
            for request in amazon.get("requests")
            if request.get("merchant_id") == seller["merchant_id"] and request.get("operation") != "token"
        ]
    )


def machine(title):
    """Print what was measured where and when."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    connection = psycopg2.connect(dbname="postgres")
    version = connection.server_version // 10000
    connection.close()
    print(
        f"\n{title}\n{datetime.now(timezone.utc):%Y-%m-%d}, {os.cpu_count()} × {model}, "
        f"Python {platform.python_version()}, PostgreSQL {version}\n"
    )
