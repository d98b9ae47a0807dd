from odoo import api, models

from ...const import DEAD

# What says of which orders a credit note is one, and whether it counts.
WHOSE = {"state", "reversed_entry_id", "invoice_line_ids", "line_ids"}


class AccountMove(models.Model):
    """Credit notes that are posted, or taken back, are what an Amazon order is here less them; an invoice of what
    Amazon has cancelled is one too many."""

    _inherit = "account.move"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves._amazon_judge(moves._amazon_judged())
        return moves

    def write(self, vals):
        if not WHOSE & vals.keys():
            return super().write(vals)
        before = self._amazon_judged()
        result = super().write(vals)
        self._amazon_judge(before, self._amazon_judged())
        return result

    def unlink(self):
        judged = self._amazon_judged()
        result = super().unlink()
        self._amazon_judge(judged)
        return result

    # === BUSINESS METHODS === #

    def _amazon_judged(self):
        """Return the orders whose amounts these may change: those that are credited, and those that are invoiced though
        Amazon has cancelled them."""
        return self._amazon_credited_orders(), self._amazon_billed_orders()

    @api.model
    def _amazon_judge(self, *judged):
        """Compare orders with Amazon once more.

        :param judged: what :meth:`_amazon_judged` has returned, before and after.
        """
        for credited, billed in judged:
            credited._amazon_count_credit()
            billed._amazon_judge_anew()

    def _amazon_billed_orders(self):
        """Return the orders that these are invoices of, and that Amazon, or whoever copied them, has cancelled."""
        invoices = self.sudo().filtered(lambda move: move.move_type == "out_invoice")  # sudo: see below
        orders = invoices.line_ids.sale_line_ids.order_id
        return orders.filtered(
            lambda order: (
                order.amazon_status in DEAD
                if order.amazon_account_id
                else order.amazon_copied_from_id and order.state == "cancel"
            )
        )

    def _amazon_credited_orders(self):
        """Return the orders that these credit notes are for, by their lines or by the invoices they reverse; what
        reverses a credit note takes that back."""
        moves = self.sudo()  # sudo: it is counted, not shown
        notes = (moves | moves.reversed_entry_id).filtered(lambda move: move.move_type == "out_refund")
        if not notes:
            return self.env["sale.order"]
        refunds = self.env["amazon.transaction"].sudo().search([("credit_note_id", "in", notes.ids)])
        orders = refunds.order_id | (notes.line_ids | notes.reversed_entry_id.line_ids).sale_line_ids.order_id
        return orders.filtered(lambda order: order.amazon_account_id or order.amazon_copied_from_id)
