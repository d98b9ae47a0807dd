"""Amounts are compared three ways: what is new is nothing for next to all orders, and Odoo would compute a million of
them one by one. What it is for the rest follows after the upgrade."""

from odoo.tools.sql import column_exists


def migrate(cr, version):
    if not column_exists(cr, "sale_order", "amazon_difference"):
        return
    # With a default PostgreSQL need not write millions of rows.
    cr.execute(
        "ALTER TABLE sale_order ADD COLUMN IF NOT EXISTS amazon_family_difference numeric DEFAULT 0,"
        " ADD COLUMN IF NOT EXISTS amazon_settled_difference numeric DEFAULT 0,"
        " ADD COLUMN IF NOT EXISTS amazon_difference_reason varchar"
    )
    cr.execute(
        "ALTER TABLE sale_order ALTER COLUMN amazon_family_difference DROP DEFAULT,"
        " ALTER COLUMN amazon_settled_difference DROP DEFAULT"
    )
