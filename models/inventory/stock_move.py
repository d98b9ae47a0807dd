from odoo import models


class StockMove(models.Model):
    """What orders wait for that is not reserved counts as taken, too."""

    _inherit = "stock.move"

    def _action_cancel(self):
        self.env["amazon.stock.change"]._note_products(self.product_id.ids)
        return super()._action_cancel()
