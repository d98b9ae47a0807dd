"""Locks that live through commits and die with the process: PostgreSQL's advisory locks."""

from contextlib import contextmanager

from odoo.tools import SQL


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
        cr.commit()
        try:
            yield held
        finally:
            if held:
                cr.execute(SQL("SELECT pg_advisory_unlock(%s)", key))
                cr.commit()


def share(cr, label, number, wait=True):
    """Keep out, until the transaction ends, whoever takes the same lock with :func:`advisory_lock`; others who share
    it go on. Never where the process itself holds it that way: it would wait for itself.

    :param cr: the transaction's cursor.
    :param str label: what is locked.
    :param int number: which one of them.
    :param bool wait: wait for whoever holds it.
    :return: whether the lock is held; always so when waiting.
    """
    key = SQL("hashtext(%s), %s", label, number)
    cr.execute(SQL("SELECT pg_advisory_xact_lock_shared(%s)" if wait else "SELECT pg_try_advisory_xact_lock_shared(%s)",
                   key))  # fmt: skip
    return wait or cr.fetchone()[0]
