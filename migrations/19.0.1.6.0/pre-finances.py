"""What is accepted is called the same of transactions as of orders."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, rename_column


def migrate(cr, version):
    for name in ("accepted_reason", "accepted_by_id", "accepted_at"):
        if column_exists(cr, "amazon_transaction", name):
            rename_column(cr, "amazon_transaction", name, f"amazon_{name}")
            rename_in_what_people_saved(cr, "amazon.transaction", name, f"amazon_{name}")


def rename_in_what_people_saved(cr, model, old, new):
    """Rename a field in filters, and in lists of what to export."""
    for column in ("domain", "context", "sort"):
        cr.execute(
            SQL(
                "UPDATE ir_filters SET %(column)s = regexp_replace(%(column)s, %(old)s, %(new)s, 'g')"
                " WHERE model_id = %(model)s",
                column=SQL.identifier(column),
                # As a word in quotation marks, or the first in them: "accepted_at:day", "accepted_at desc".
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
