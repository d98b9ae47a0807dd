"""What an accepted difference is made up of is kept more exactly: what was accepted before stays accepted."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    Order = env["sale.order"].with_context(active_test=False)
    for orders in found(Order, Domain("amazon_other_currency", "=", True)):
        orders._amazon_add_up()
    for orders in found(Order, Domain("amazon_accepted_at", "!=", False)):
        for order in orders:
            family = order.amazon_family_id.amazon_family_member_ids or order
            if order.amazon_accepted_amounts == amounts_key_before(family):
                order.amazon_accepted_amounts = family._amazon_amounts_key()


def found(Order, domain):
    """Yield the orders, so many at once, and write what became of them."""
    last = 0
    while orders := Order.search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = orders[-1].id
        yield orders
        Order.env.flush_all()
        Order.env.invalidate_all()


def amounts_key_before(orders):
    """Return what the version before would have kept of these orders' amounts."""
    return "|".join(
        f"{order.id}:{order._amazon_rounded(order._amazon_here())}:{order.amazon_total}:{order.amazon_refunded}"
        f":{order.amazon_settled_difference}:{order.amazon_other_currency:d}"
        for order in orders.sorted("id")
    )
