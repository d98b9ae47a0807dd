from odoo import api, fields, models

from .amazon_confirmation import clean_number


class StockPackage(models.Model):
    _inherit = "stock.package"

    amazon_tracking_ref = fields.Char(
        "Tracking Number", copy=False, help="This parcel's own; it counts before the numbers of the delivery."
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("amazon_tracking_ref"):
                vals["amazon_tracking_ref"] = clean_number(vals["amazon_tracking_ref"])
        return super().create(vals_list)

    def write(self, vals):
        if "amazon_tracking_ref" not in vals:
            return super().write(vals)
        vals = {**vals, "amazon_tracking_ref": clean_number(vals["amazon_tracking_ref"]) or False}
        result = super().write(vals)
        # sudo: a warehouse hand may have no access to Amazon's outbox
        lines = self.env["stock.move.line"].sudo().search([
            ("result_package_id", "in", self.ids), ("state", "=", "done"),
        ])  # fmt: skip
        self.env["amazon.confirmation"]._make(lines.picking_id)
        return result
