"""Odoo databases from Python, outside Odoo's own server: make, copy, drop, and open one as the superuser."""

import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql

ADDON = "sale_amazon_spapi"
BASE_ADDONS = ("l10n_jp", "sale_management", "sale_stock", "stock_delivery", "stock_picking_batch")
# Kits and OCA's queue are used when present: one database has them.
EXTRA_ADDONS = (*BASE_ADDONS, "sale_mrp", "queue_job")
# The first is the default of everybody who is made later.
LANGUAGES = "en_US,ja_JP"
INSTALLED = (
    "models",
    "wizards",
    "controllers",
    "views",
    "data",
    "security",
    "i18n",
    "demo",
    "selling_partner",
    "migrations",
)


def name(suffix):
    """Return the name of one of this checkout's databases."""
    return f"{ADDON}_{os.environ['CHECKOUT_ID']}_{suffix}"


def _execute(statement, *names):
    connection = psycopg2.connect(dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()


def stop_server():
    """Stop PostgreSQL if this command started it and nobody else has come to use it meanwhile."""
    if not os.environ.get("POSTGRES_STARTED_HERE"):
        return
    connection = psycopg2.connect(dbname="postgres")
    try:
        with connection.cursor() as cr:
            cr.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            others = cr.fetchone()[0]
    finally:
        connection.close()
    if not others:
        subprocess.run(os.environ["POSTGRES_STOP"].split(), stdout=subprocess.DEVNULL)


def exists(database):
    """Tell whether the database is there."""
    connection = psycopg2.connect(dbname="postgres")
    try:
        with connection.cursor() as cr:
            cr.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return bool(cr.fetchone())
    finally:
        connection.close()


def like(prefix):
    """Return the names of the databases that start with `prefix`."""
    connection = psycopg2.connect(dbname="postgres")
    try:
        with connection.cursor() as cr:
            cr.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
            return [name for [name] in cr.fetchall()]
    finally:
        connection.close()


@contextmanager
def lock(label):
    """Let one process of this machine at a time do what `label` stands for."""
    connection = psycopg2.connect(dbname="postgres")
    try:
        with connection.cursor() as cr:
            cr.execute("SELECT pg_advisory_lock(hashtext(%s))", [label])
            yield
    finally:
        connection.close()


def rename(database, new):
    """Give a database another name."""
    _execute("ALTER DATABASE {} RENAME TO {}", database, new)


def drop(database):
    """Drop the database, whoever is connected to it."""
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def copy(template, database, lasts=False):
    """Make a database that is a copy of another.

    :param bool lasts: it is kept. Until the next checkpoint PostgreSQL 15 takes for written what a copied sequence has
        in reserve: where the machine stops before, sequences are behind their tables for good.
    """
    drop(database)
    # PostgreSQL copies a template only while nobody is connected to it.
    with lock(f"copy {template}"):
        _execute("CREATE DATABASE {} TEMPLATE {}", database, template)
    if lasts:
        _execute("CHECKPOINT")


def odoo_command(*arguments):
    """Return the command line that runs Odoo in this environment."""
    return [
        *os.environ["ODOO_COMMAND"].split(),
        *arguments,
        f"--addons-path={os.environ['ADDONS_PATH']}",
        f"--data-dir={os.environ['WORK']}/data",
        f"--db_host={os.environ['PGHOST']}",
        f"--db_port={os.environ['PGPORT']}",
        f"--db_user={os.environ['PGUSER']}",
        "--http-interface=127.0.0.1",
    ]


def install(database, *addons, demo=False, log_level="warn"):
    """Install addons into a database, made when it is not there.

    :raise SystemExit: when the installation fails; its output has been shown.
    """
    arguments = [
        "-d",
        database,
        "-i",
        ",".join(addons),
        "--stop-after-init",
        f"--log-level={log_level}",
        f"--load-language={LANGUAGES}",
    ]
    if not demo:
        arguments.append("--without-demo=True")
    done = subprocess.run(odoo_command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}\ninstalling {', '.join(addons)} failed")


def fingerprint(*folders):
    """Return a hash of what an installed addon consists of."""
    checkout = Path(os.environ["CHECKOUT"])
    digest = hashlib.sha256(os.environ["ODOO_COMMAND"].encode())
    for folder in folders:
        root = checkout / folder
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(checkout)).encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def template(kind="plain"):
    """Return a database with the addon installed as it stands now, made when there is none.

    Odoo's own addons take a minute to install and never change: they are a template of their own, shared
    by all checkouts.
    """
    addons = EXTRA_ADDONS if kind == "extra" else BASE_ADDONS
    key = hashlib.sha256(repr((addons, LANGUAGES)).encode()).hexdigest()[:8]
    base = f"{ADDON}_base_{key}"
    wanted = name(f"template_{kind}_{key}_{_stamp()}")
    with lock(base):
        if not exists(base):
            drop(f"{base}_draft")
            install(f"{base}_draft", *addons)
            rename(f"{base}_draft", base)
    with lock(wanted):
        if not exists(wanted):
            for old in like(name(f"template_{kind}_")):
                drop(old)
            copy(base, f"{wanted}_draft", lasts=True)
            install(f"{wanted}_draft", ADDON)
            rename(f"{wanted}_draft", wanted)
    return wanted


def configure(*arguments):
    """Configure Odoo in this process, as its command line would."""
    import odoo.tools.config as config_module  # noqa: PLC0415 - Odoo is imported only where it is used

    options = odoo_command(*arguments)[len(os.environ["ODOO_COMMAND"].split()) :]
    config_module.parse_config([*options, "--log-level=warn"], setup_logging=True)


@contextmanager
def environment(database):
    """Open a database as the superuser; commits at the end."""
    import odoo  # noqa: PLC0415
    from odoo.modules.registry import Registry  # noqa: PLC0415

    registry = Registry(database)
    try:
        with registry.cursor() as cr:
            yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
    finally:
        odoo.sql_db.close_all()


def upgrade(database):
    """Upgrade the addon in a database when it has changed since :func:`upgraded` was noted.

    :raise SystemExit: when the upgrade fails; its output has been shown.
    """
    mark = _mark(database)
    if mark.exists() and mark.read_text() == _stamp():
        return
    done = subprocess.run(
        odoo_command("-d", database, "-u", ADDON, "--stop-after-init", "--log-level=warn"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nupgrading {ADDON} failed")
    upgraded(database)


def upgraded(database):
    """Note that the addon in a database is as it stands now."""
    _mark(database).write_text(_stamp())


def _mark(database):
    return Path(os.environ["WORK"]) / f"{database}.upgraded"


def _stamp():
    return fingerprint(*INSTALLED, "__manifest__.py", "const.py", "hooks.py", "memo.py", "quiet.py")
