"""A column that an upgrade has added PostgreSQL takes to be filled in every row, and reads a million of them for a few,
until it has looked."""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    for model in env.values():
        ours = model._name.startswith("amazon.") or any(name.startswith("amazon_") for name in model._fields)
        if ours and model._auto and not model._abstract and not model._transient:
            cr.execute(SQL("ANALYZE %s", SQL.identifier(model._table)))
