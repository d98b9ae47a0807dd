from odoo import models


class SaleOrder(models.Model):
    """An order that is cancelled, or confirmed, takes something else."""

    _inherit = "sale.order"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self.order_line._amazon_note_stock()
        if vals.get("state") == "cancel":
            self.order_line._amazon_tell_again()
        return result
