"""What is invoiced of orders that Amazon has cancelled, and credit notes that were reversed, are judged; orders with a
refund and a claim say both; posted payouts are known."""

from odoo import SUPERUSER_ID, api
from odoo.addons.sale_amazon_spapi.const import DEAD
from odoo.fields import Domain

AT_ONCE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    invoiced = Domain("amazon_status", "in", DEAD) & Domain("order_line.invoice_lines", "!=", False)
    claimed = Domain("amazon_claim", "!=", False)
    for orders in found(env["sale.order"].with_context(active_test=False), invoiced | claimed):
        orders._amazon_judge_anew()
    reversed_notes = Domain("move_type", "=", "out_refund") & Domain("reversal_move_ids", "!=", False)
    for notes in found(env["account.move"], reversed_notes):
        notes._amazon_credited_orders()._amazon_count_credit()
    for settlements in found(env["amazon.settlement"], Domain("entry_ids", "!=", False)):
        settlements._note_payout()


def found(Model, domain):
    """Yield the records, so many at once, and write what became of them."""
    last = 0
    while records := Model.search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = records[-1].id
        yield records
        Model.env.flush_all()
        Model.env.invalidate_all()
