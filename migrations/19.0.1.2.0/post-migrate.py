"""Which orders belong together, what was credited of them, and what differs since."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000
COMPARED = ("amazon_difference", "amazon_family_difference", "amazon_mismatch", "amazon_difference_reason")


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    Order = env["sale.order"].with_context(active_test=False)
    for orders in found(
        Order, Domain("amazon_merged_into_id", "!=", False) | Domain("amazon_copied_from_id", "!=", False)
    ):
        orders._amazon_set_family()
    ours = Domain("amazon_account_id", "!=", False) | Domain("amazon_copied_from_id", "!=", False)
    for orders in found(Order, ours & Domain("order_line.invoice_lines.move_id.move_type", "=", "out_refund")):
        orders._amazon_count_credit()
    differing = Domain("amazon_difference", "!=", 0) | Domain("amazon_mismatch", "=", True)
    missing = Domain("state", "=", "cancel") & Domain("amazon_status", "in", ("partially_shipped", "shipped"))
    related = Domain("amazon_family_id", "!=", False)
    for orders in found(Order, ours & (differing | missing | related)):
        for name in COMPARED:
            env.add_to_compute(Order._fields[name], orders)


def found(Order, domain):
    """Yield the orders, so many at once, and write what became of them."""
    last = 0
    while orders := Order.search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = orders[-1].id
        yield orders
        Order.env.flush_all()
        Order.env.invalidate_all()
