"""What stands under another name now: what runs that confirm counted is counted of every message; Amazon's quota
is a selling partner's, who need not have a merchant token."""

from odoo.tools.sql import column_exists, rename_column

RENAMED = (("amazon_log", "confirmed", "accepted"), ("amazon_quota", "merchant_id", "selling_partner"))


def migrate(cr, version):
    for table, old, new in RENAMED:
        if column_exists(cr, table, old):
            rename_column(cr, table, old, new)
    # All that came in so far; with a default PostgreSQL need not write millions of rows.
    cr.execute("ALTER TABLE amazon_order_update ADD COLUMN IF NOT EXISTS source varchar DEFAULT 'orders'")
    cr.execute("ALTER TABLE amazon_order_update ALTER COLUMN source DROP DEFAULT")
