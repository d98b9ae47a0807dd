"""Indexes for what is searched by a part of it."""

from odoo.fields import Domain
from odoo.modules.db import FunctionStatus
from odoo.tools import SQL

# What is not ASCII: a family name may be one or two of these.
LETTER = "[^ -~]"


def trigram(column):
    """Return the definition of an index that finds any part of three letters or more, for ``models.Index``.

    Odoo's ``index="trigram"`` makes the same one; this one leaves out the rows that have nothing there, and can stand
    beside another index. There is none without PostgreSQL's ``pg_trgm``, as for Odoo's own.

    :param str column: the column's name.
    """
    return _definition(column, "{}", f"{column} IS NOT NULL")


def letters(column):
    """Return the definition of an index that finds one or two letters that are not ASCII, for ``models.Index``; see
    :func:`by_letters`.

    Each stands there three times: so PostgreSQL's ``pg_trgm`` has it as a part of three letters, and so it has those
    between a letter and the next.

    :param str column: the column's name.
    """
    return _definition(column, f"({_repeated('{}', 3)})", f"{column} ~ '{LETTER}'")


def by_letters(model, domain):
    """Return what finds the same by the indexes of letters that a model has.

    :param model: its ``_amazon_letters`` names the fields that have such an index.
    :param domain: what is looked for.
    """
    names = _indexable(model.pool) and getattr(model, "_amazon_letters", ())

    def mapped(condition):
        text = condition.value
        if condition.field_expr not in names or condition.operator != "ilike" or not isinstance(text, str):
            return condition
        if not 0 < len(text) <= 2 or text.isascii():
            return condition
        text = _compared(model, text)
        # What is, or stands for, ASCII or any letter is left to Odoo.
        if not 0 < len(text) <= 2 or text.isascii() or set(text) & set("%_\\"):
            return condition
        # A sign alone is in no index of PostgreSQL's.
        if not any(letter.isalnum() and not letter.isascii() for letter in text):
            return condition
        return _has_letters(condition, text)

    return Domain(domain).optimize_full(model).map_conditions(mapped) if names else domain


def _compared(model, text):
    """Return a text as PostgreSQL compares it: without accents where it knows them, and so with plain digits and Latin
    letters for full-width ones."""
    if model.pool.has_unaccent:
        [[text]] = model.env.execute_query(SQL("SELECT %s", model.pool.unaccent(SQL("%s", text))))
    return text


def _has_letters(condition, text):
    times = 3 if len(text) == 1 else 2

    def to_sql(model, alias, query):
        unaccent = model.env.registry.unaccent
        field = model._field_to_sql(alias, condition.field_expr, query)
        return SQL(
            "(%s ILIKE %s || %s || %s AND %s ~ %s)",
            SQL(_repeated("%s", 3), unaccent(field)),
            "%",
            SQL(_repeated("%s", times), text),
            "%",
            field,
            LETTER,
        )

    return Domain.custom(to_sql=to_sql, predicate=lambda record: record.filtered_domain(condition))


def _repeated(text, times):
    return "regexp_replace(" + text + f", '({LETTER})', '" + r"\1" * times + "', 'g')"


def _definition(column, indexed, where):
    def definition(registry):
        if not _indexable(registry):
            return ""
        return f"USING gin ({indexed.format(registry.unaccent(column))} gin_trgm_ops) WHERE {where}"

    return definition


def _indexable(registry):
    return registry.has_trigram and registry.has_unaccent in (FunctionStatus.MISSING, FunctionStatus.INDEXABLE)
