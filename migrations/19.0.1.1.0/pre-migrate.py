"""What stands under another name now: what runs that confirm counted is counted of every message; Amazon's quota
is a selling partner's, who need not have a merchant token; Amazon is queried."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, rename_column

RENAMED = (
    ("amazon.log", "confirmed", "accepted"),
    ("amazon.quota", "merchant_id", "selling_partner"),
    ("amazon.confirmation", "ask_first", "query_first"),
)


def migrate(cr, version):
    for model, old, new in RENAMED:
        table = model.replace(".", "_")
        if column_exists(cr, table, old):
            rename_column(cr, table, old, new)
            rename_in_what_people_saved(cr, model, old, new)
    # All that came in so far; with a default PostgreSQL need not write millions of rows.
    cr.execute("ALTER TABLE amazon_order_update ADD COLUMN IF NOT EXISTS source varchar DEFAULT 'orders'")
    cr.execute("ALTER TABLE amazon_order_update ALTER COLUMN source DROP DEFAULT")


def rename_in_what_people_saved(cr, model, old, new):
    """Rename a field in filters, and in lists of what to export."""
    for column in ("domain", "context", "sort"):
        cr.execute(
            SQL(
                "UPDATE ir_filters SET %(column)s = regexp_replace(%(column)s, %(old)s, %(new)s, 'g')"
                " WHERE model_id = %(model)s",
                column=SQL.identifier(column),
                # As a word in quotation marks, or the first in them: "accepted:sum", "accepted desc".
                old=f"""(["']){old}(?=["' :])""",
                new=rf"\1{new}",
                model=model,
            )
        )
    cr.execute(
        SQL(
            "UPDATE ir_exports_line l SET name = %s FROM ir_exports e"
            " WHERE e.id = l.export_id AND e.resource = %s AND l.name = %s",
            new,
            model,
            old,
        )
    )
