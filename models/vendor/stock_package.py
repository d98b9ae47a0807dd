from odoo import models
from odoo.fields import Domain


class StockPackage(models.Model):
    _inherit = "stock.package"

    def write(self, vals):
        result = super().write(vals)
        if {"amazon_tracking_ref", "shipping_weight", "package_type_id"} & set(vals):
            # sudo: others' deliveries are what is looked for
            lines = self.env["stock.move.line"].sudo().search([("result_package_id", "in", self.ids)])
            self.env["amazon.vendor.submission"]._look_again(
                Domain("order_id", "in", lines.move_id.sale_line_id.order_id.ids)
            )
        return result
