from odoo import models

from ...ours import is_ours


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    # === CRUD METHODS === #

    def write(self, vals):
        """What is corrected on a delivery after it is done is told to Amazon, too."""
        if "result_package_id" in vals:
            self._amazon_unpack()
        result = super().write(vals)
        if {"quantity", "result_package_id"} & set(vals):
            done = self.filtered(lambda line: line.state == "done").picking_id
            if done and not is_ours(self.env, "amazon_has_left"):
                self.env["amazon.confirmation"]._make(done)
        return result

    def unlink(self):
        self._amazon_unpack()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _amazon_unpack(self):
        """These may leave their parcel: see afterwards whether their orders still go in one with others."""
        # sudo: a packer need not see orders
        self.sudo().filtered("result_package_id").picking_id.sale_id._amazon_look_at_parcels()
