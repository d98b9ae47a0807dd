"""Indexes for what is searched by a part of it."""

from odoo.modules.db import FunctionStatus


def trigram(column):
    """Return the definition of an index that finds any part of three letters or more, for ``models.Index``.

    Odoo's ``index="trigram"`` makes the same one; this one leaves out the rows that have nothing there, and can stand
    beside another index. There is none without PostgreSQL's ``pg_trgm``, as for Odoo's own.

    :param str column: the column's name.
    """

    def definition(registry):
        if not registry.has_trigram or registry.has_unaccent not in (FunctionStatus.MISSING, FunctionStatus.INDEXABLE):
            return ""
        return f"USING gin ({registry.unaccent(column)} gin_trgm_ops) WHERE {column} IS NOT NULL"

    return definition
