"""Locks that live through commits and die with the process: PostgreSQL's advisory locks; and what is raised where two
transactions meet."""

from contextlib import contextmanager

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL
from psycopg2.errors import LockNotAvailable, UniqueViolation

# Two transactions met; the one that was rolled back tries again. OperationalError is more than that: a value that is
# too long for an index, a full disk, a connection that is gone, all of which trying again does not help.
MET = PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
# They may also have made the same record. If that comes each time it is there for good, and must be told.
CONFLICTS = (*MET, UniqueViolation)


@contextmanager
def advisory_lock(registry, label, number, wait=True):
    """Hold a lock on a connection of its own.

    :param registry: Odoo's registry.
    :param str label: what is locked.
    :param int number: which one of them.
    :param bool wait: wait for whoever holds it.
    :return: whether the lock is held; always so when waiting.
    """
    key = SQL("hashtext(%s), %s", label, number)
    with registry.cursor() as cr:
        cr.execute(SQL("SELECT pg_advisory_lock(%s)" if wait else "SELECT pg_try_advisory_lock(%s)", key))
        held = wait or cr.fetchone()[0]
        # The lock is the session's: no transaction has to stay open for it.
        cr.commit()  # pylint: disable=invalid-commit  # a cursor of its own
        try:
            yield held
        finally:
            if held:
                cr.execute(SQL("SELECT pg_advisory_unlock(%s)", key))
                cr.commit()  # pylint: disable=invalid-commit  # see above


def share(cr, label, number, seconds=3):
    """Keep out, until the transaction ends, whoever takes the same lock with :func:`advisory_lock`; others who share
    it go on.

    Waits so many seconds only: whoever holds the lock may be waiting for a row that this transaction has written, which
    PostgreSQL cannot see, because the lock is another connection's.

    :param cr: the transaction's cursor.
    :param str label: what is locked.
    :param int number: which one of them.
    :param float seconds: how long to wait; 0: not at all.
    :return: whether the lock is shared now.
    """
    if not seconds:
        cr.execute(SQL("SELECT pg_try_advisory_xact_lock_shared(hashtext(%s), %s)", label, number))
        return cr.fetchone()[0]
    try:
        with cr.savepoint(flush=False):
            cr.execute(SQL("SET LOCAL lock_timeout = %s", f"{int(seconds * 1000)}ms"))
            lock = SQL("SELECT pg_advisory_xact_lock_shared(hashtext(%s), %s)", label, number)
            cr.execute(lock, log_exceptions=False)
    except LockNotAvailable:
        return False
    cr.execute(SQL("SET LOCAL lock_timeout TO DEFAULT"))
    return True
