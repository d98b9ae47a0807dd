from odoo import models

from ...ours import is_ours


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    # === CRUD METHODS === #

    def write(self, vals):
        """What is corrected on a delivery after it is done is told to Amazon, too."""
        result = super().write(vals)
        if {"quantity", "result_package_id"} & set(vals):
            done = self.filtered(lambda line: line.state == "done").picking_id
            if done and not is_ours(self.env, "amazon_has_left"):
                self.env["amazon.confirmation"]._make(done)
        return result
