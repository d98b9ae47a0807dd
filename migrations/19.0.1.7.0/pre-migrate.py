"""Vendors' SKUs show what became of what Amazon was told; Odoo would compute that of a million sellers' ones, too."""


def migrate(cr, version):
    cr.execute("ALTER TABLE amazon_offer ADD COLUMN IF NOT EXISTS vendor_state varchar")
