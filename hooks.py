"""What happens once, when the addon is installed or uninstalled."""

from collections import defaultdict

from odoo.tools import SQL

ADDON = "sale_amazon_spapi"


def post_init_hook(env):
    """Make what cannot be data: one price list per company and currency is made when first needed."""
    env["amazon.order.update"]._sync_builders()


def uninstall_hook(env):
    """Take along what was made at run time: the cron of every job, with its server action; the activities; the personal
    data of buyers, which nobody would remove in their time any more. Let go of what could not be deleted otherwise."""
    env["amazon.job"].with_context(active_test=False).search([])._unlink_crons()
    env["sale.order"]._amazon_forget_everybody()
    ours = env["ir.model.data"].search([("module", "=", ADDON)])
    types = ours.filtered(lambda data: data.model == "mail.activity.type").mapped("res_id")
    env["mail.activity"].with_context(active_test=False).search([("activity_type_id", "in", types)]).unlink()
    env.flush_all()
    _let_go(env)
    _keep_what_is_used(env, ours)


def _let_go(env):
    """Drop the foreign keys to the addon's own tables: their columns go with the addon, and rows by the million need
    not be emptied first."""
    tables = tuple(model._table for name, model in env.registry.items() if name.startswith("amazon.") and model._auto)
    for table, key in env.execute_query(
        SQL(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid::regclass::text IN %s",
            tables,
        )
    ):
        env.execute_query(SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(key)))


def _keep_what_is_used(env, ours):
    """Leave the products, partners and delivery methods that stand on orders to the shop: Odoo would try to delete
    them, and log an error for each."""
    kept = defaultdict(set)
    for model in ("product.product", "res.partner", "delivery.carrier"):
        rows = ours.filtered(lambda data, model=model: data.model == model)
        kept[model] = _used(env, env[model]._table, tuple(rows.mapped("res_id")))
    kept["product.template"] = set(env["product.product"].browse(kept["product.product"]).product_tmpl_id.ids)
    ours.filtered(lambda data: data.res_id in kept[data.model]).unlink()


def _used(env, table, ids):
    """Return those ids that rows of other tables refer to, and that can therefore not be deleted."""
    used = set()
    for source, column in (
        env.execute_query(
            SQL(
                "SELECT conrelid::regclass::text, attname FROM pg_constraint"
                " JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
                " WHERE contype = 'f' AND confdeltype IN ('a', 'r') AND confrelid = %s::regclass",
                table,
            )
        )
        if ids
        else ()
    ):
        column, source = SQL.identifier(column), SQL.identifier(source)
        used |= {
            row_id
            for [row_id] in env.execute_query(
                SQL(
                    "SELECT DISTINCT %s FROM %s WHERE %s IN %s",
                    column,
                    source,
                    column,
                    ids,
                )
            )
        }
    return used
