"""What is accepted is called the same of transactions as of orders."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, rename_column


def migrate(cr, version):
    for name in ("accepted_reason", "accepted_by_id", "accepted_at"):
        if column_exists(cr, "amazon_transaction", name):
            rename_column(cr, "amazon_transaction", name, f"amazon_{name}")
            rename_in_what_people_saved(cr, "amazon.transaction", name, f"amazon_{name}")


def rename_in_what_people_saved(cr, model, old, new):
    """Rename a field in filters, lists of what to export, and views of people's own: of the model, and where other
    models lead to it."""
    # As a whole name, alone or in a path: "accepted_at:day", "accepted_by_id/id", "transaction_id.accepted_at".
    end = r"""(?=["'\\ :./])"""
    for pattern, of_model in ((rf"""(["']){old}{end}""", "="), (rf"""(transaction_ids?[./]){old}{end}""", "<>")):
        for column in ("domain", "context", "sort"):
            cr.execute(
                SQL(
                    "UPDATE ir_filters SET %(column)s = regexp_replace(%(column)s, %(old)s, %(new)s, 'g')"
                    " WHERE model_id %(of)s %(model)s AND %(column)s ~ %(old)s",
                    column=SQL.identifier(column),
                    old=pattern,
                    new=rf"\1{new}",
                    of=SQL(of_model),  # pylint: disable=sql-injection
                    model=model,
                )
            )
    for pattern, of_model in ((rf"^(){old}(?=/|$)", "="), (rf"(transaction_ids?/){old}(?=/|$)", "<>")):
        cr.execute(
            SQL(
                "UPDATE ir_exports_line l SET name = regexp_replace(l.name, %(old)s, %(new)s) FROM ir_exports e"
                " WHERE e.id = l.export_id AND e.resource %(of)s %(model)s AND l.name ~ %(old)s",
                old=pattern,
                new=rf"\1{new}",
                of=SQL(of_model),  # pylint: disable=sql-injection
                model=model,
            )
        )
    # Views in JSON, where a quotation mark has a backslash; those of modules are written anew anyway.
    cr.execute(
        SQL(
            "UPDATE ir_ui_view v SET arch_db = regexp_replace(arch_db::text, %(old)s, %(new)s, 'g')::jsonb"
            " WHERE model = %(model)s AND NOT EXISTS"
            " (SELECT FROM ir_model_data d WHERE d.model = 'ir.ui.view' AND d.res_id = v.id)",
            old=rf"""(["' (]){old}{end}""",
            new=rf"\1{new}",
            model=model,
        )
    )
