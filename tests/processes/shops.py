"""What the process tests are made of: a shop in a database of its own, processes that import into it, and what must
hold afterwards, read with plain SQL so that no code under test judges itself."""

import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue

import database
import psycopg2

from simulator.process import Amazon

IMPORTER = Path(__file__).with_name("importer.py")
# Of each product, put into the shop's own warehouse (and into no other) without a move.
STOCK = 1000
# One clean run and one with a crash in it must leave the same number of rows in each of these.
COUNTED = (
    "res_partner",
    "sale_order",
    "sale_order_line",
    "stock_picking",
    "stock_move",
    "stock_move_line",
    "stock_quant",
    "stock_reference",
    "amazon_order_item",
    "amazon_order_update",
    "amazon_offer",
    "account_tax",
    "product_pricelist",
    "product_product",
    "mail_activity",
    "mail_message",
)
MERCHANT = "SELECT merchant_id FROM amazon_account ORDER BY id LIMIT 1"
# The names under which the tests themselves are connected, and connections that one run takes over from the other.
OURS, KEPT = "tests", "kept"
# Everything in the database, kept beside it, but for tables without rows; :meth:`Shop.restore` brings back what has
# changed since.
SAVE = """
CREATE SCHEMA saved;
CREATE TABLE saved._sequences AS
    SELECT oid, pg_sequence_last_value(oid) AS value FROM pg_class
     WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
CREATE TABLE saved._moment AS SELECT pg_current_xact_id()::text::bigint AS xid;
DO $$
DECLARE found text; filled boolean;
BEGIN
    FOR found IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', found) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE saved.%1$I AS TABLE public.%1$I', found);
        END IF;
    END LOOP;
END $$;
"""
# One statement for all tables, planned once: which have other rows than those saved.
CHANGED = """
SELECT 'PREPARE changed (bigint) AS ' || string_agg(format(
           'SELECT %1$L AS name WHERE (SELECT count(*) <> %2$s OR max(xmin::text::bigint) > $1 FROM public.%1$I)',
           relname, CASE WHEN to_regclass(format('saved.%I', relname)) IS NULL THEN '0' ELSE
               (xpath('/row/count/text()', query_to_xml(format('SELECT count(*) FROM saved.%I', relname),
                                                        FALSE, TRUE, '')))[1]::text END), ' UNION ALL ')
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
RESTORE = """
DO $$
DECLARE name text; kept bigint;
BEGIN
    SELECT xid FROM saved._moment INTO kept;
    FOR name IN EXECUTE format('EXECUTE changed (%s)', kept) LOOP
        EXECUTE format('DELETE FROM public.%I WHERE xmin::text::bigint > %s', name, kept);
        IF to_regclass(format('saved.%I', name)) IS NOT NULL THEN
            EXECUTE format('INSERT INTO public.%1$I SELECT * FROM saved.%1$I EXCEPT SELECT * FROM public.%1$I', name);
        END IF;
    END LOOP;
    PERFORM setval(oid, coalesce(value, 1), value IS NOT NULL) FROM saved._sequences
      WHERE pg_sequence_last_value(oid) IS DISTINCT FROM value;
    UPDATE saved._moment SET xid = pg_current_xact_id()::text::bigint;
END $$;
"""


class Shop:
    """A database with a shop in it.

    :param str name: the database's name.
    """

    def __init__(self, name):
        self.name = name
        self._connections = {}

    def sql(self, query, *values, role="origin"):
        """Return the rows of one statement, committed.

        :param str role: PostgreSQL's ``session_replication_role``; in another than the usual one no trigger fires.
        """
        if role not in self._connections:
            self._connections[role] = psycopg2.connect(dbname=self.name, application_name=OURS)
            self._connections[role].autocommit = True
            self.sql("SELECT set_config('session_replication_role', %s, FALSE)", role, role=role)
        with self._connections[role].cursor() as cr:
            cr.execute(query, values)
            return cr.fetchall() if cr.description else []

    def close(self):
        """Let go of the database."""
        while self._connections:
            self._connections.popitem()[1].close()

    def value(self, query, *values):
        """Return the one value of a statement."""
        [[value]] = self.sql(query, *values)
        return value

    def wait_until_alone(self, seconds=20):
        """Wait until PostgreSQL has noticed that every process is gone; connections that runs take over stay."""
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name <> %s"
            " AND (application_name <> %s OR state <> 'idle') AND backend_type = 'client backend'"
        )
        wait_for(lambda: not self.value(others, self.name, OURS, KEPT), seconds, "the killed process's connections end")

    def save(self):
        """Keep everything as it is now, to be brought back by :meth:`restore`."""
        self.wait_until_alone()
        self._as_it_is(SAVE)
        self._as_it_is("SET plan_cache_mode = force_generic_plan")
        [[prepare]] = self._as_it_is(CHANGED)
        self._as_it_is(prepare)

    def restore(self):
        """Bring back what was saved: many times faster than copying the database once more."""
        self.wait_until_alone()
        self._as_it_is(RESTORE)

    def _as_it_is(self, statement):
        """Do what changes rows without anything following from it."""
        return self.sql(statement.replace("%", "%%"), role="replica")

    def counts(self):
        """Return the number of rows of each table that an import writes."""
        return self.count(COUNTED)

    def count(self, tables):
        """Return the number of rows of each of these tables."""
        [counted] = self.sql("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        return dict(zip(tables, counted, strict=True))

    def refs(self):
        """Return how often each Amazon order is in Odoo."""
        rows = self.sql("SELECT amazon_order_ref FROM sale_order WHERE amazon_order_ref <> ''")
        return Counter(ref for [ref] in rows)

    def failed(self):
        """Return (order, reason as kept) of what could not be built."""
        return self.sql("SELECT order_ref, error FROM amazon_order_update WHERE state = 'failed' ORDER BY 1")


def wait_for(condition, seconds, what):
    """Ask again and again until `condition` is true; return what it returned.

    :raise AssertionError: when that takes longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return result


# Dropping a database waits for a checkpoint of the whole cluster; the next test does not.
DROPPING = ThreadPoolExecutor(1)
COPIES = itertools.count()


@contextmanager
def copied(template, suffix):
    """Give a shop in a copy of a database, which is dropped afterwards, while the tests go on."""
    name = database.name(f"processes_{suffix}_{next(COPIES)}")
    database.copy(template, name)
    shop = Shop(name)
    try:
        yield shop
    finally:
        shop.close()
        DROPPING.submit(database.drop, name)


class Odoo:
    """Odoo, loaded; see ``importer.py``.

    :param str name: of a database with the addon, needed only while it is loaded.
    :param variables: of its environment.
    """

    def __init__(self, name, **variables):
        self._folder = tempfile.TemporaryDirectory()
        self.path = f"{self._folder.name}/importer"
        self.process = subprocess.Popen(
            [sys.executable, str(IMPORTER), self.path, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        )
        assert self.process.stdout.readline(), "Odoo does not load"

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self._folder.cleanup()


class Importer:
    """A process that imports on demand; see ``importer.py``.

    :param str name: the database's name.
    :param odoo: the :class:`Odoo` that it is a fork of, unless it is the one that all have in common.
    :param batch: so many orders make a batch, instead of as many as usual.
    """

    odoo = None
    #: Whether commits of the quota are events, too.
    buckets = False

    def __init__(self, name, odoo=None, batch=None):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect((odoo or self.odoo).path)
            self.talk = connection.makefile("rw")
        self._ask(database=name, batch=batch)
        assert self.finish() == {"ready": True}

    def _ask(self, **request):
        self.talk.write(json.dumps(request) + "\n")
        self.talk.flush()

    def start(self, way="crons", kill_at=None, **more):
        """Start a run without waiting for it."""
        self._ask(way=way, kill_at=kill_at, buckets=self.buckets, **more)

    def finish(self):
        """Wait for the run that was started; return {"exit", "events", "errors"}."""
        line = self.talk.readline()
        assert line, "the importer ended"
        return json.loads(line)

    def run(self, way="crons", kill_at=None, **more):
        """Do one run."""
        self.start(way, kill_at, **more)
        return self.finish()

    def kill(self, way, number):
        """Kill a run before its event `number`; see ``importer.py``.

        :return: the event, and whether it was killed: Odoo's loop over crons and what is noted of a quota that was full
            commit by the clock, so that one run may have fewer events than another and be over before.
        """
        result = self.run(way, number)
        killed = result["exit"] == -9 and len(result["events"]) == number
        over = (result["exit"], result["errors"]) == (0, []) and len(result["events"]) < number
        assert killed or over, result
        return result["events"][-1], killed

    def code(self, code):
        """Run Python code with ``env``."""
        self.good("code", code=code)

    def good(self, way="crons", **more):
        """Do one run that must end well; return its events."""
        result = self.run(way, **more)
        assert (result["exit"], result["errors"]) == (0, []), "\n".join(result["errors"])
        return result["events"]

    def rest(self, let_go=False):
        """End the crons' worker: what it remembers of the database shall be true no more.

        :param bool let_go: be connected to the database no more, so that this can be copied.
        """
        self._ask(let_go=let_go)
        assert self.finish() == {"ready": True}

    def close(self):
        """Let the process end."""
        self.talk.close()


@contextmanager
def importers(shop, count=1, **variables):
    """Give processes that import into a shop; with variables, of an Odoo that was started in such an environment."""
    with ExitStack() as stack:
        odoo = stack.enter_context(closing(Odoo(shop.name, **variables))) if variables else None
        running = [stack.enter_context(closing(Importer(shop.name, odoo))) for _number in range(count)]
        yield running[0] if count == 1 else running


class Site:
    """Where one case after the other is done: a database that is the same again for each, and a process that knows it.

    :param str template: the prepared database.
    :param stack: a ``contextlib.ExitStack`` that ends it.
    :param batch: as in :class:`Importer`.
    :param more: see :meth:`prepare`.
    """

    def __init__(self, template, stack, batch=None, **more):
        self.stack, self.batch = stack, batch
        self.open(template)
        self.prepare(**more)

    def open(self, template):
        """Copy a database, and start what works on it."""
        self.shop = self.stack.enter_context(copied(template, "site"))
        self.importer = self.stack.enter_context(closing(Importer(self.shop.name, batch=self.batch)))

    def twin(self):
        """Return another site like this one: what it begins with is copied, not done once more."""
        self.importer.rest(let_go=True)
        self.shop.wait_until_alone()
        self.shop.close()
        twin = copy(self)
        twin.open(self.shop.name)
        return twin

    def prepare(self):
        """Do what every case begins with."""

    def renew(self):
        """Make the database what it was."""
        self.importer.rest()
        self.shop.restore()


def sites(count, kind, *arguments, **more):
    """Return so many sites that are all the same.

    :param kind: their class.
    :param arguments: and `more`: of the class.
    """
    first = kind(*arguments, **more)
    several = [first, *(first.twin() for _number in range(1, count))]
    for site in several:
        site.shop.save()
    return several


class SiteWithAmazon(Site):
    """A site with an Amazon of its own, for what changes it: there, too, everything is the same again for each case.

    :param dict settings: of the simulator.
    """

    #: Pairs of a table and its column with a time: what waits.
    waiting = (
        ("amazon_feed", "retry_at"),
        ("ir_cron_trigger", "call_at"),
        ("ir_cron", "nextcall"),
        ("amazon_quota", "refilled_at"),
    )
    #: Minutes that pass before the jobs run again, after whatever happened.
    rounds = ()

    def __init__(self, template, stack, settings, **more):
        self.settings = settings
        super().__init__(template, stack, **more)

    def open(self, template):
        """Copy a database, start what works on it and an Amazon, and let the account work with that."""
        super().open(template)
        self.amazon = Amazon.start("--quota", "off")
        self.stack.callback(self.amazon.stop)
        self.shop.sql(
            "UPDATE amazon_account SET endpoint_url = %s, lwa_url = %s",
            self.amazon.url,
            f"{self.amazon.url}/auth/o2/token",
        )

    def set(self, **values):
        """Write to the account."""
        self.importer.code(f"env['amazon.account'].search([]).write({values})")

    def register(self):
        """Let Amazon forget everything, and give it the seller: each time the same.

        :rtype: dict
        """
        self.amazon.post("reset", seed=1)
        self.amazon.post("settings", **self.settings)
        [seller] = sellers(self.amazon, 1)
        assert seller["merchant_id"] == self.shop.value(MERCHANT)
        return seller

    def let_pass(self, minutes):
        """Let time pass, on Amazon and for everything that waits here."""
        self.amazon.post("clock", advance=60 * minutes)
        for table, column in self.waiting:
            self.shop.sql(f"UPDATE {table} SET {column} = {column} - interval '{minutes} minutes'")

    def open_rows(self):
        """Return what is not through."""
        raise NotImplementedError

    def recover(self):
        """Let time pass and the crons run until nothing is left to do."""
        for minutes in self.rounds:
            self.let_pass(minutes)
            self.importer.good("crons")
            if not self.open_rows() and not self.shop.sql("SELECT id FROM amazon_log WHERE state = 'running'"):
                return
        raise AssertionError(f"not through, or a run says it runs for ever: {self.open_rows()}")


def in_parallel(sites, cases, work):
    """Do one case after the other on whichever site is free.

    :param work: called with a site and a case.
    :return: what it returned for each.
    """
    free = Queue()
    for site in sites:
        free.put(site)

    def do(case):
        site = free.get()
        try:
            return work(site, case)
        finally:
            free.put(site)

    with ThreadPoolExecutor(len(sites)) as pool:
        return list(pool.map(do, cases))


def die_at_each(events, sites, begin, recover):
    """Have a run die before each of its events, on whichever site is free, and check what comes of it.

    :param list events: of a run that was not killed.
    :param begin: called with a site: makes it what it was before that run; returns the run's way.
    :param recover: called with a site and the event's number, after the death: goes on, and checks.
    :raise AssertionError: with all that is wrong afterwards.
    """

    def work(site, number):
        event, died = site.importer.kill(begin(site), number)
        wrong = ""
        try:
            site.shop.wait_until_alone()
            recover(site, number)
        except AssertionError as error:
            wrong = f"killed before event {number}, {event}:\n{error}"
        return died, wrong

    results = in_parallel(sites, range(1, len(events) + 1), work)
    deaths, wrong = sum(died for died, _wrong in results), [text for _died, text in results if text]
    print(f"{len(events)} events, killed before {deaths}")
    assert len(results) == len(events) and deaths > len(events) * 3 // 4
    assert not wrong, f"{len(wrong)} of {len(events)}:\n" + "\n\n".join(wrong)


# --- Amazon ----------------------------------------------------------------------------------
def sellers(amazon, count):
    """Register sellers: after a reset always the same ones, with the credentials the prepared shops have."""
    return [amazon.seller(client_id=f"amzn1.application-oa2-client.{number}") for number in range(count)]


def moment(text):
    """Return a time Amazon wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def now(amazon):
    """Return what time it is on Amazon."""
    return moment(amazon.get("clock")["now"])


def moment_ago(amazon, minutes):
    """Return a time before Amazon's now, as the control API takes it."""
    return (now(amazon) - timedelta(minutes=minutes)).isoformat()


def place(amazon, seller, kinds, hours=3):
    """Place orders (number by kind), each changed at a time of its own; return all the seller's orders."""
    placed = now(amazon) - timedelta(hours=hours)
    for kind, count in kinds.items():
        for _number in range(count):
            placed += timedelta(seconds=30)
            amazon.place(seller, kind, created=placed.isoformat(), updated=placed.isoformat())
    return on_amazon(amazon, seller)


def on_amazon(amazon, seller):
    """Return the seller's orders as Amazon has them, by id."""
    listed = amazon.get(f"orders?merchant_id={seller['merchant_id']}")
    return {entry["order_id"]: amazon.get(f"orders/{entry['order_id']}") for entry in listed}


# --- what must hold --------------------------------------------------------------------------
def expected(order, known):
    """Return what an order of Amazon must be here: total, state, deliveries, units to deliver and reserved.

    :param set known: the SKUs that are products here.
    :rtype: dict
    """
    fulfillment = order["fulfillment"]
    status, fba = fulfillment["fulfillmentStatus"], fulfillment["fulfilledBy"] == "AMAZON"
    paid = status in ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
    units = Counter()
    for item in order["orderItems"] if paid else []:
        sku = item["product"]["sellerSku"]
        units[sku if sku in known else "AMAZON-UNKNOWN-SKU"] += item["quantityOrdered"]
    state = {"SHIPPED": "done"}.get(status, "confirmed" if fba else "assigned")
    return {
        "total": float(order.get("proceeds", {}).get("grandTotal", {}).get("amount", 0)) if paid else None,
        "pickings": [state] if paid else [],
        "units": units,
        "reserved": units if paid and not fba and status != "SHIPPED" else Counter(),
        "state": "sale" if paid else "cancel" if status == "CANCELLED" else "draft",
    }


def assert_complete(shop, orders):
    """Check that a shop has exactly these orders, each right, and that nothing is left over.

    :param dict orders: what :func:`on_amazon` returned.
    """
    assert not shop.failed()
    assert shop.refs() == Counter(list(orders)), "each order is here exactly once"
    known = {sku for [sku] in shop.sql("SELECT default_code FROM product_product")}
    wanted = {ref: expected(order, known) for ref, order in orders.items()}
    for ref, state, total in shop.sql(
        "SELECT amazon_order_ref, state, amount_total::float FROM sale_order WHERE amazon_order_ref <> ''"
    ):
        assert state == wanted[ref]["state"], (ref, state)
        assert wanted[ref]["total"] in (None, total), (ref, total, wanted[ref]["total"])
    _assert_deliveries(shop, wanted)
    assert_stock_adds_up(shop)
    assert_at_rest(shop)


def _assert_deliveries(shop, wanted):
    pickings = {ref: [] for ref in wanted}
    for ref, state in shop.sql(
        "SELECT sale_order.amazon_order_ref, picking.state"
        " FROM stock_picking picking JOIN sale_order ON sale_order.id = sale_id"
        " WHERE sale_order.amazon_order_ref <> '' AND picking.state <> 'cancel'"
    ):
        pickings[ref].append(state)
    demand = {ref: Counter() for ref in wanted}
    reserved = {ref: Counter() for ref in wanted}
    for ref, sku, units, state, held in shop.sql("""
        SELECT amazon_order_ref, product.default_code, move.product_uom_qty::float, move.state,
               (SELECT coalesce(sum(quantity), 0)::float FROM stock_move_line WHERE move_id = move.id)
          FROM stock_move move
          JOIN sale_order_line line ON line.id = move.sale_line_id
          JOIN sale_order ON sale_order.id = line.order_id
          JOIN product_product product ON product.id = move.product_id
         WHERE amazon_order_ref <> '' AND move.state <> 'cancel'"""):
        demand[ref][sku] += units
        if state != "done":
            reserved[ref][sku] += held
    for ref, order in wanted.items():
        assert pickings[ref] == order["pickings"], (ref, pickings[ref])
        assert demand[ref] == order["units"], (ref, demand[ref])
        assert +reserved[ref] == order["reserved"], (ref, reserved[ref])


def assert_stock_adds_up(shop):
    """Check that no quant is there twice, and that each holds what the moves say."""
    assert not shop.sql("""
        SELECT product_id, location_id, count(*) FROM stock_quant
         GROUP BY product_id, location_id, lot_id, package_id, owner_id HAVING count(*) > 1""")
    wrong = shop.sql(
        """
        WITH line AS (
            SELECT product_id, location_id, location_dest_id, quantity, state FROM stock_move_line
        ), wanted AS (
            SELECT quant.product_id, quant.location_id, sum(quant.quantity) AS held,
                   sum(quant.reserved_quantity) AS reserved,
                   (SELECT coalesce(sum(quantity), 0) FROM line WHERE line.product_id = quant.product_id
                       AND line.location_id = quant.location_id AND state NOT IN ('done', 'cancel')) AS open,
                   (SELECT coalesce(sum(CASE WHEN line.location_dest_id = quant.location_id
                                             THEN quantity ELSE -quantity END), 0)
                      FROM line WHERE line.product_id = quant.product_id AND state = 'done'
                       AND quant.location_id IN (line.location_id, line.location_dest_id)) AS moved
              FROM stock_quant quant JOIN stock_location location ON location.id = quant.location_id
             WHERE location.usage = 'internal'
             GROUP BY quant.product_id, quant.location_id
        )
        SELECT * FROM wanted WHERE reserved <> open OR held - moved NOT IN (0, %s)""",
        STOCK,
    )
    assert not wrong, f"product, location, held, reserved, open, moved: {wrong}"


def assert_cursor(shop, amazon):
    """Check that the place reached does not lie beyond what Amazon has told."""
    cursor = shop.value("SELECT cursor FROM amazon_job WHERE name = 'orders'")
    assert cursor and cursor <= now(amazon).replace(tzinfo=None) - timedelta(minutes=2)


def assert_at_rest(shop):
    """Check that nothing is waiting, running, locked or half done."""
    assert not shop.sql("SELECT order_ref, state FROM amazon_order_update WHERE state IN ('pending', 'failed')")
    assert not shop.sql("SELECT id FROM amazon_order_update WHERE payload IS NOT NULL AND payload <> ''")
    assert not shop.sql("SELECT name FROM sale_order WHERE amazon_to_reserve")
    assert not shop.sql("SELECT id, job_name FROM amazon_log WHERE state = 'running'"), "a run says it runs for ever"
    open_searches = "SELECT id FROM amazon_job WHERE open_search IS NOT NULL OR token IS NOT NULL"
    assert not shop.sql(open_searches)
    assert not shop.sql(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ), "nothing stays locked"
