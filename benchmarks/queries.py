"""Which code runs how many queries: ``bin/benchmark import --profile``."""

import re
import sys
from collections import Counter

DEPTH = 4


def record():
    """Count every query from now on by what it does and who asked.

    :return: the counter, by (statement, callers).
    """
    from odoo import sql_db  # noqa: PLC0415 - Odoo is configured first

    found = Counter()
    execute = sql_db.Cursor.execute

    def counting(self, query, params=None, log_exceptions=True):
        code = query.code if hasattr(query, "code") else query
        text = (code.decode() if isinstance(code, bytes) else str(code)).strip()
        found[re.sub(r"\s+", " ", kind(text, params)), callers(sys._getframe(1))] += 1
        return execute(self, query, params, log_exceptions)

    sql_db.Cursor.execute = counting
    return found


def kind(text, params):
    """Return a statement's first word and table."""
    tables = re.search(r'(?:FROM|INTO|UPDATE|JOIN)\s+"?(\w+)"?', text)
    return f"{text.split()[0]} {tables[1] if tables else text[:40]}"


def callers(frame):
    """Return the nearest functions of addons, the innermost last."""
    names = []
    while frame and len(names) < DEPTH:
        file = frame.f_code.co_filename
        if "/addons/" in file:
            module = re.sub(r".*/addons/(\w+)/(?:models/)?", r"\1/", file).removesuffix(".py")
            names.append(f"{module}:{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return " > ".join(reversed(names))


def report(found, orders):
    """Return the counts an order, the most first."""
    lines = [f"{sum(found.values()) / orders:8.2f} queries an order"]
    lines += [f"{count / orders:8.2f} {what}   {who}" for (what, who), count in found.most_common(120)]
    return "\n".join(lines)
