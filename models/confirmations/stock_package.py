from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...ours import OURS, is_ours
from .amazon_confirmation import clean_number


class StockPackage(models.Model):
    _inherit = "stock.package"

    amazon_tracking_ref = fields.Char(
        "Tracking Number",
        copy=False,
        help="This parcel's own; it counts before the numbers of the delivery.",
        write_groups="stock.group_stock_user",
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
        if not self.env.su:
            self._amazon_check_company()
        vals = {**vals, "amazon_tracking_ref": clean_number(vals["amazon_tracking_ref"]) or False}
        result = super().write(vals)
        # sudo: a warehouse hand may have no access to Amazon's outbox
        lines = (
            self.env["stock.move.line"]
            .sudo()
            .search(
                [
                    ("result_package_id", "in", self.ids),
                    ("state", "=", "done"),
                ]
            )
        )
        self.env["amazon.confirmation"]._make(lines.picking_id)
        if not is_ours(self.env, "amazon_same_number"):
            for package in self:
                package._amazon_share_number()
        return result

    # === BUSINESS METHODS === #

    def _amazon_check_company(self):
        """Refuse to number another company's parcel; Odoo gives it a company only when its delivery is done."""
        # sudo: others' deliveries are what is looked for
        lines = self.env["stock.move.line"].sudo().search([("result_package_id", "in", self.ids)])
        if lines.company_id - self.env.companies:
            raise AccessError(self.env._("The parcel is another company's."))

    def _amazon_share_number(self):
        """The number of a combined parcel is that of each delivery in it."""
        # sudo: see the deliveries' _amazon_share_number
        pickings = self.sudo().env["stock.move.line"].search([("result_package_id", "=", self.id)]).picking_id
        for picking in pickings:
            if picking._amazon_same_parcel() and picking.carrier_tracking_ref != self.amazon_tracking_ref:
                picking.with_context(amazon_same_number=OURS).carrier_tracking_ref = self.amazon_tracking_ref
