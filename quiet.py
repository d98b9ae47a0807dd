"""Keeping personal data out of the server's log.

When a statement fails Odoo logs it whole, values and all. Statements that make orders and customers carry names and
addresses; two builders that meet make them fail now and then. What went wrong is told on the inbox row instead.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

_building = ContextVar("amazon_building", default=False)


class _NoStatements(logging.Filter):
    def filter(self, record):
        return record.levelno < logging.ERROR or not _building.get()


logging.getLogger("odoo.sql_db").addFilter(_NoStatements())


@contextmanager
def no_statements_logged():
    """Let failing statements pass without Odoo writing them into the log."""
    token = _building.set(True)
    try:
        yield
    finally:
        _building.reset(token)
