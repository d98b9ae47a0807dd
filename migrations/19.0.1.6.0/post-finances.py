"""What was released with another amount is noticed; what of it an acceptance of differing amounts knows, is kept more
exactly, and what was accepted before stays accepted; drafted credit notes are known by their orders; why transactions
were accepted by themselves is kept apart."""

from odoo import SUPERUSER_ID, api
from odoo.addons.sale_amazon_spapi.said import kept
from odoo.fields import Domain

AT_ONCE = 1000
# As the version before has kept why.
FOR = {
    "Amazon had finished the order before it was seen here, and the account leaves such orders out.": "left_out",
    "Sold before the account's start date.": "sold_before",
}


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    Order = env["sale.order"].with_context(active_test=False)
    odd = Domain("amazon_other_currency", "=", True) | Domain("amazon_unclassified", "=", True)
    for orders in found(Order, odd):
        orders._amazon_add_up()
    for orders in found(Order, Domain("amazon_accepted_at", "!=", False)):
        for order in orders:
            family = order.amazon_family_id.amazon_family_member_ids or order
            if order.amazon_accepted_amounts == amounts_key_before(family):
                order.amazon_accepted_amounts = family._amazon_amounts_key()
    for releases in found(env["amazon.transaction"], Domain("counts", "=", False)):
        releases._pair()
        otherwise = releases.filtered("line_ids")
        otherwise._add_up()
        otherwise.order_id._amazon_add_up()
    by_itself = Domain("amazon_accepted_at", "!=", False) & Domain("amazon_accepted_by_id", "=", False)
    for transactions in found(env["amazon.transaction"], by_itself & Domain("accepted_for", "=", False)):
        for transaction in transactions:
            said = kept(transaction, "amazon_accepted_reason")
            transaction.accepted_for = FOR.get(said["source"]) if isinstance(said, dict) else False
    drafts = Domain("move_type", "=", "out_refund") & Domain("state", "=", "draft")
    for notes in found(env["account.move"], drafts):
        notes._amazon_credited_orders()._amazon_count_credit()


def found(Model, domain):
    """Yield the records, so many at once, and write what became of them."""
    last = 0
    while records := Model.search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = records[-1].id
        yield records
        Model.env.flush_all()
        Model.env.invalidate_all()


def amounts_key_before(orders):
    """Return what the version before has kept of these orders' amounts."""
    return "|".join(
        f"{order.id}:{order._amazon_rounded(order._amazon_ordered())}:{order.amazon_credited}"
        f":{order.amazon_total}:{order.amazon_refunded}"
        f":{order.amazon_settled_difference}:{order.amazon_other_amounts or ''}"
        for order in orders.sorted("id")
    )
