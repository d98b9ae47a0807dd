"""What orders bring is added up for those whose money is known already."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    orders = env["sale.order"].with_context(active_test=False)
    known = Domain("amazon_transaction_ids", "!=", False) | Domain("amazon_settlement_line_ids", "!=", False)
    last = 0
    while some := orders.search(known & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = some[-1].id
        env["amazon.profit"]._add_up(some)
        env.flush_all()
        env.invalidate_all()
    cr.execute("UPDATE amazon_settlement SET counted = -1")
