"""What runs that confirm have counted is counted for every kind of message now, under another name."""

from odoo.tools.sql import column_exists, rename_column


def migrate(cr, version):
    if column_exists(cr, "amazon_log", "confirmed"):
        rename_column(cr, "amazon_log", "confirmed", "accepted")
