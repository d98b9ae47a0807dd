"""Odoo's own server with its cron workers, as a process: for the process tests and the benchmarks."""

import os
import signal
import subprocess
from contextlib import closing, contextmanager

import database
import psycopg2
from ports import free_ports

WORKERS = 4


@contextmanager
def running(name, log):
    """Run Odoo's server on a database, with four cron workers; it is killed at the end, if it lives.

    :param str name: the database's name.
    :param log: ``Path`` of the file that its output is added to.
    :return: the process.
    """
    port, gevent = free_ports(2)
    command = database.odoo_command(
        "-d",
        name,
        f"--http-port={port}",
        f"--gevent-port={gevent}",
        f"--max-cron-threads={WORKERS}",
        "--log-level=warn",
    )
    with log.open("a") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    """Kill a server with all its threads and children, without a word of warning."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def listening(process):
    """Tell whether a server has come so far that its cron workers can be woken.

    :param process: what :func:`running` gave.
    """
    # The last that such a worker says in the database `postgres` is that it listens, committed.
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name = %s AND query = %s"
    with closing(psycopg2.connect(dbname="postgres")) as connection, connection.cursor() as cr:
        cr.execute(query, ["postgres", f"odoo-{process.pid}", "COMMIT"])
        return cr.fetchone()[0] == WORKERS


def wake(name):
    """Have the cron workers look for what is due in a database, as they do by themselves once a minute."""
    with closing(psycopg2.connect(dbname="postgres")) as connection, connection, connection.cursor() as cr:
        cr.execute("SELECT pg_notify('cron_trigger', %s)", [name])
