"""Vendors' orders and deliveries have a state and a deadline that no other has: Odoo would compute that of a million
others one by one."""


def migrate(cr, version):
    cr.execute("ALTER TABLE sale_order ADD COLUMN IF NOT EXISTS amazon_acknowledgement varchar")
    cr.execute("ALTER TABLE stock_picking ADD COLUMN IF NOT EXISTS amazon_confirm_by timestamp")
