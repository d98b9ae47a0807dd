from odoo import models


class AccountMove(models.Model):
    """Credit notes that are posted, or taken back, are what an Amazon order is here less them."""

    _inherit = "account.move"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._amazon_credited_orders()._amazon_count_credit()
        return result

    # === BUSINESS METHODS === #

    def _amazon_credited_orders(self):
        """Return the orders that these credit notes are for, by their lines or by the invoices they reverse."""
        notes = self.sudo().filtered(lambda move: move.move_type == "out_refund")  # sudo: it is counted, not shown
        if not notes:
            return self.env["sale.order"]
        refunds = self.env["amazon.transaction"].sudo().search([("credit_note_id", "in", notes.ids)])
        orders = refunds.order_id | (notes.line_ids | notes.reversed_entry_id.line_ids).sale_line_ids.order_id
        return orders.filtered(lambda order: order.amazon_account_id or order.amazon_copied_from_id)
