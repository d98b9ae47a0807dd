"""Amounts are compared three ways: what is new is nothing for next to all orders, and Odoo would compute a million of
them one by one. What it is for the rest follows after the upgrade. And what deliveries have of their orders."""

from odoo.tools.sql import column_exists


def migrate(cr, version):
    fill_deliveries(cr)
    if column_exists(cr, "sale_order", "amazon_difference"):
        fill_amounts(cr)


def fill_amounts(cr):
    """Say that nothing differs; which orders do follows after the upgrade."""
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


def fill_deliveries(cr):
    """Give deliveries the account and Amazon's number of their orders: Odoo would compute a million one by one."""
    if column_exists(cr, "stock_picking", "amazon_account_id"):
        return
    cr.execute("ALTER TABLE stock_picking ADD COLUMN amazon_account_id int4, ADD COLUMN amazon_order_ref varchar")
    cr.execute(
        "UPDATE stock_picking p SET amazon_account_id = o.amazon_account_id, amazon_order_ref = o.amazon_order_ref"
        " FROM sale_order o WHERE o.id = p.sale_id AND o.amazon_account_id IS NOT NULL"
    )
