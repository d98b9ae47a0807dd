from odoo import api, models

# What says of which orders a credit note is one, and whether it counts.
WHOSE = {"state", "reversed_entry_id", "invoice_line_ids", "line_ids"}


class AccountMove(models.Model):
    """Credit notes that are posted, or taken back, are what an Amazon order is here less them."""

    _inherit = "account.move"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves._amazon_credited_orders()._amazon_count_credit()
        return moves

    def write(self, vals):
        if not WHOSE & vals.keys():
            return super().write(vals)
        before = self._amazon_credited_orders()
        result = super().write(vals)
        (before | self._amazon_credited_orders())._amazon_count_credit()
        return result

    def unlink(self):
        orders = self._amazon_credited_orders()
        result = super().unlink()
        orders._amazon_count_credit()
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
