"""A process that imports orders and confirms deliveries, and dies where it is told to.

``importer.py SOCKET DATABASE`` loads Odoo once. Whoever connects to the socket gets a fork that works on the database
it is told first, which has the same installed; it forks again for every run, so that neither costs a start. But runs of
the crons that follow each other are of one process, as a cron worker of Odoo is one. Requests and answers are JSON, one
object a line:

    {"database": "shop_1", "batch": null}   →   {"ready": true}
    {"way": "crons", "kill_at": 12, "buckets": false}
                                            →   {"exit": -9, "events": […], "errors": […]}
    {"let_go": true}                        →   {"ready": true}: the crons' worker has ended, and nobody is connected
                                                to the database any more; false: only the worker has ended

For a new connection PostgreSQL reads its catalogs once more, which takes longer than what a run does. So runs that are
not killed take over the connections of the process that they are forks of; who is killed has his own, which end with
him.

``way`` is what the run does:

- ``crons``: Odoo's own cron processing, until no cron is due;
- ``import``: fetch and build in one call;
- ``fetch``, ``build``: one half of it (``build`` is what a builder's cron runs);
- ``send``, ``requested``: tell Amazon of deliveries, of all or of those a person asked for;
- ``stock``: tell Amazon of the stock; ``stock and results``: and fetch what it says of feeds;
- ``compare``: read all SKUs from Amazon, and compare their quantities;
- ``finances``: read what Amazon has paid and given back; ``settlements``: its reports on what it paid out;
- ``paying``: pay the invoices of settlements that are being posted;
- ``vendor``: one round of all that a vendor has to do; ``vendor tells``: only what Amazon is told;
- ``vendor stock by hand``: only what a person wants told of its stock;
- ``results``: fetch what Amazon says of feeds; ``send and results``: both;
- ``code``: the Python code in ``code``, with ``env``;
- ``prepare``: see ``prepare.py``.

An event is what the database or Amazon can tell from its not having happened: a COMMIT that wrote something, on
whatever connection, and an HTTP call other than a GET; the last is the run's end. ``kill_at``: the run gets SIGKILL
when all that comes before the event with this number, counted from 1, has happened, and this event has not.

That is every way to die. From one event to the next a process only computes, reads (here and, by GET, on Amazon), and
writes what dies with its transactions: whenever it dies in between, it leaves the same database and the same Amazon,
right after the earlier as right before the later. So a call that Amazon has done and whose answer is lost is a death
before the event that follows it, and a commit that nobody knows of, too. (Files in Odoo's store are written before the
commit that names them: the death right before it is the one that leaves most.)

Commits of the quota (rule 3), which stand around every call, on a cursor of their own, are events only with
``"buckets": true``: whoever dies between one and what comes next leaves all but a token as if he had died before it.

Watching changes nothing of what the code does.
"""

import gc
import json
import logging
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import database
import psycopg2
import psycopg2.extensions
import requests
from prepare import prepare

CHECKOUT = Path(__file__).resolve().parents[2]
# Where a bucket's tokens are taken and given back.
QUOTA = "amazon_quota._execute"
# As many connections as a run has at a time, and what they are called.
CONNECTIONS, KEPT = 4, "kept"
LEFT = []


class Watch:
    """Counts the events of a run, and tells them to `pipe`."""

    def __init__(self, pipe):
        self.pipe = pipe

    def begin(self, kill_at, buckets):
        """Count from 1 again, and end the process before the event with number `kill_at`.

        :param bool buckets: commits of the quota are events, too.
        """
        self.kill_at, self.buckets, self.count = kill_at, buckets, 0

    def event(self, text):
        place = _place()
        if place == QUOTA and not self.buckets:
            return
        self.count += 1
        self.tell({"event": f"{text} ({place})"})
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, message):
        os.write(self.pipe, (json.dumps(message) + "\n").encode())

    def install(self):
        """Watch every COMMIT and every HTTP call of this process that may change something."""
        from odoo.sql_db import PsycoConnection  # noqa: PLC0415

        plain_send = requests.adapters.HTTPAdapter.send

        def commit(connection):
            if _writes(connection):
                self.event("commit")
            psycopg2.extensions.connection.commit(connection)

        def send(adapter, request, **options):
            if request.method != "GET":
                self.event(f"{request.method} {urlsplit(request.url).path}")
            return plain_send(adapter, request, **options)

        PsycoConnection.commit = commit
        requests.adapters.HTTPAdapter.send = send


def _writes(connection):
    """Tell whether the open transaction has written anything: only then has it a number."""
    if connection.get_transaction_status() != psycopg2.extensions.TRANSACTION_STATUS_INTRANS:
        return False
    with connection.cursor() as cr:
        cr.execute("SELECT pg_current_xact_id_if_assigned()")
        return cr.fetchone()[0] is not None


def _place():
    """Return where in the project the process is, for messages."""
    frame = sys._getframe()
    while frame := frame.f_back:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(CHECKOUT) or "addons/sale_amazon_spapi" in str(path):
            if path.name != Path(__file__).name:
                return f"{path.stem}.{frame.f_code.co_name}"
    return "Odoo"


class Errors(logging.Handler):
    """Tells what is logged as an error.

    But for what Odoo's own database layer says: it logs each statement that PostgreSQL refuses, also where the code
    then does it again, as it must where two processes meet.
    """

    def __init__(self, watch):
        super().__init__(logging.ERROR)
        self.watch = watch

    def emit(self, record):
        if record.name != "odoo.sql_db":
            self.watch.tell({"error": self.format(record)})


# --- what a run does -------------------------------------------------------------------------
def crons(name):
    """Process the crons as a cron worker does, for as long as one is due."""
    from odoo.addons.base.models.ir_cron import IrCron  # noqa: PLC0415

    with closing(psycopg2.connect(dbname=name)) as connection:
        connection.autocommit = True
        for _round in range(50):
            if not _due(connection):
                return
            IrCron._process_jobs(name)
    raise RuntimeError("the crons never rest")


def _due(connection):
    with connection.cursor() as cr:
        cr.execute("""
            SELECT count(*) FROM ir_cron cron WHERE active AND (nextcall <= now() AT TIME ZONE 'UTC' OR EXISTS (
                SELECT 1 FROM ir_cron_trigger
                 WHERE cron_id = cron.id AND call_at <= now() AT TIME ZONE 'UTC'))""")
        return cr.fetchone()[0]


def as_superuser(work):
    """Return a run that calls `work` with an environment of its own."""

    def run(name, **more):
        from odoo import SUPERUSER_ID, api  # noqa: PLC0415
        from odoo.modules.registry import Registry  # noqa: PLC0415

        with Registry(name).cursor() as cr:
            work(api.Environment(cr, SUPERUSER_ID, {}), **more)

    return run


def on_accounts(*methods):
    """Return a run that calls these methods of every account."""

    def work(env):
        accounts = env["amazon.account"].search([], order="id")
        for method in methods:
            getattr(accounts, method)()

    return as_superuser(work)


WAYS = {
    "crons": crons,
    "import": on_accounts("_import_orders"),
    "fetch": on_accounts("_fetch_orders"),
    "send": on_accounts("_send_confirmations"),
    "requested": on_accounts("_send_requested"),
    "results": on_accounts("_fetch_results"),
    "send and results": on_accounts("_send_confirmations", "_fetch_results"),
    # What was sent is worked off meanwhile.
    "cancel": on_accounts("_send_cancellations", "_send_cancellations"),
    "stock": on_accounts("_sync_inventory"),
    "stock and results": on_accounts("_sync_inventory", "_fetch_results"),
    "compare": on_accounts("_compare_stock"),
    "finances": on_accounts("_sync_finances"),
    "settlements": on_accounts("_sync_settlements"),
    "invoices": on_accounts("_make_invoices"),
    "paying": on_accounts("_pay_invoices"),
    "vendor": as_superuser(lambda env: env["amazon.account"].search([("kind", "=", "vendor_df")])._sync_vendor()),
    "vendor tells": as_superuser(lambda env: env["amazon.account"].search([("kind", "=", "vendor_df")])._tell_vendor()),
    "vendor stock by hand": as_superuser(
        lambda env: env["amazon.account"].search([("kind", "=", "vendor_df")])._send_requested_stock()
    ),
    "code": as_superuser(lambda env, code: exec(code, {"env": env, "__name__": "code"})),
    "build": as_superuser(lambda env: env["amazon.order.update"]._cron_build()),
    "prepare": as_superuser(prepare),
}


# --- processes -------------------------------------------------------------------------------
def work(name, orders, pipe):
    """Do one run after the other, in a process of its own; never returns."""
    watch = Watch(pipe)
    try:
        watch.install()
        logging.getLogger().addHandler(Errors(watch))
        for line in orders:
            watch.tell({"ended": _done(name, watch, json.loads(line))})
    finally:
        os._exit(0)


def _done(name, watch, order):
    """Do one run; return its exit code."""
    watch.begin(order.pop("kill_at"), order.pop("buckets"))
    try:
        WAYS[order.pop("way")](name, **order)
        watch.event("end")
        give_back()
    except BaseException:  # noqa: BLE001 - told to whoever asked for the run
        watch.tell({"error": traceback.format_exc()})
        return 1
    return 0


def give_back():
    """Leave the connections as they were taken over."""
    from odoo.sql_db import _Pool  # noqa: PLC0415

    for connection in _Pool._connections:
        assert not connection._pool_in_use, "a run leaves a transaction open"


def keep_connections(name):
    """Connect to the database, for those who take over the connections."""
    from odoo.sql_db import _Pool, db_connect  # noqa: PLC0415

    if not _Pool or not _Pool._connections:
        for cr in [db_connect(name).cursor() for _number in range(CONNECTIONS)]:
            cr.close()


def leave_connections(name):
    """Have a process that may be killed, which is a fork, connect anew: what it is killed in must end with it."""
    from odoo import sql_db  # noqa: PLC0415
    from odoo.modules.registry import Registry  # noqa: PLC0415
    from odoo.tools import config  # noqa: PLC0415

    config["db_app_name"] = "killed"
    if sql_db._Pool:
        # Neither closed nor forgotten: either would end them for the one they belong to.
        LEFT.append(sql_db._Pool)
        sql_db._Pool = None
    Registry(name)._db = sql_db.db_connect(name)


def let_go():
    """Be connected to no database."""
    from odoo.sql_db import close_all  # noqa: PLC0415

    close_all()


class Process:
    """A fork that does runs.

    :param str name: the database's name.
    :param bool lives: it is not killed.
    """

    def __init__(self, name, lives):
        if lives:
            keep_connections(name)
        orders, giving = os.pipe()
        reading, writing = os.pipe()
        self.process = os.fork()
        if not self.process:
            os.close(giving)
            os.close(reading)
            if not lives:
                leave_connections(name)
            work(name, os.fdopen(orders), writing)
        os.close(orders)
        os.close(writing)
        self.giving, self.telling = os.fdopen(giving, "w"), os.fdopen(reading)

    def run(self, order):
        """Have a run done, and collect what is told of it."""
        print(json.dumps(order), file=self.giving, flush=True)
        result = {"exit": None, "events": [], "errors": []}
        for [[kind, value]] in (json.loads(line).items() for line in self.telling):
            if kind == "ended":
                result["exit"] = value
                return result
            result[f"{kind}s"].append(value)
        return {**result, "exit": self.end()}

    def end(self):
        """Let it end; return its exit code."""
        self.giving.close()
        self.telling.close()
        _pid, status = os.waitpid(self.process, 0)
        return os.waitstatus_to_exitcode(status)


class Processes:
    """Who does the runs in a database: each is a process of its own, but the crons' worker goes on for as long as
    nothing else is asked for, as Odoo's does."""

    def __init__(self, name):
        self.name, self.worker = name, None

    def rest(self):
        """Let the crons' worker end."""
        if self.worker:
            self.worker.end()
            self.worker = None

    def run(self, order):
        """Do a run; return what is told of it."""
        lives, crons = order["kill_at"] is None, order["way"] == "crons"
        if not (lives and crons):
            self.rest()
        process = self.worker or Process(self.name, lives)
        self.worker = None
        result = process.run(order)
        if result["exit"] == 0 and lives and crons:
            self.worker = process
        elif result["exit"] in (0, 1):
            process.end()
        if lives and result["exit"]:
            # In whatever state it has left them.
            let_go()
        return result


def load(name):
    """Load Odoo, and what each run would have to read and to work out again: only what the files say, nothing of what
    is in the database."""
    from odoo.addons.sale_amazon_spapi.selling_partner import transport  # noqa: PLC0415
    from odoo.tools.translate import code_translations  # noqa: PLC0415

    with database.environment(name) as env:
        assert env.registry.field_computed
        for model in map(env.__getitem__, env.registry):
            if not model._abstract:
                assert model._constraint_methods is not model._ondelete_methods
                for field in model._fields.values():
                    env.registry.get_field_trigger_tree(field)
    for module in ("account", "mail", "sale", database.ADDON):
        code_translations.get_python_translations(module, "ja_JP")
    # Of a loopback address, as simulators have.
    transport._certificates()
    # What is here now is here for good: no fork has to look through it, and thereby copy it.
    gc.collect()
    gc.freeze()


def move(name):
    """Work on another database, in which the same is installed."""
    from odoo.modules.registry import Registry  # noqa: PLC0415
    from odoo.sql_db import close_all, db_connect  # noqa: PLC0415
    from odoo.tools import config  # noqa: PLC0415

    config["db_app_name"] = KEPT
    [(_loaded, registry)] = Registry.registries.items()
    registry.db_name, registry._db = name, db_connect(name)
    Registry.registries.clear()
    Registry.registries[name] = registry
    config["db_name"] = [name]
    registry.check_signaling()
    close_all()


def small_batches(size):
    """Make batches of few orders and SKUs, so that few make several."""
    from odoo.addons.sale_amazon_spapi.models import finance, inventory  # noqa: PLC0415
    from odoo.addons.sale_amazon_spapi.models.orders import amazon_order_update  # noqa: PLC0415

    for module, name in (
        (amazon_order_update, "BATCH_SIZE"),
        (finance.sale_order_invoice, "BATCH_SIZE"),
        (finance.account_move_settlement, "MOST_AT_ONCE"),
        (finance.amazon_settlement_paying, "AT_ONCE"),
        (inventory.amazon_offer, "MANY_SKUS"),
        (inventory.amazon_offer_drift, "LOOK"),
        (inventory.amazon_offer_report, "LEARN"),
        (inventory.amazon_quantity, "LOOK"),
        (inventory.amazon_quantity, "ROUND"),
        (inventory.amazon_quantity, "MOST_MESSAGES"),
        (inventory.amazon_quantity_feed, "CHUNK"),
    ):
        assert getattr(module, name) > size
        setattr(module, name, size)


def serve(connection):
    """Do the runs that are asked for, until there is nobody to ask."""
    with connection, connection.makefile("rw") as talk:

        def answer(value):
            print(json.dumps(value), file=talk, flush=True)

        wanted = json.loads(talk.readline())
        move(wanted["database"])
        if wanted["batch"]:
            small_batches(wanted["batch"])
        answer({"ready": True})
        processes = Processes(wanted["database"])
        for line in talk:
            order = json.loads(line)
            if "way" not in order:
                processes.rest()
                if order["let_go"]:
                    let_go()
                answer({"ready": True})
            else:
                answer(processes.run(order))
        processes.rest()


def main():
    """Load Odoo, and fork for whoever connects, until standard input ends."""
    [path, name] = sys.argv[1:]
    database.configure("-d", name)
    load(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print(json.dumps({"ready": True}), flush=True)
        # Nobody waits for the forks made here.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while select.select([server, sys.stdin], [], [])[0] == [server]:
            connection, _address = server.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                serve(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
