from odoo import api, fields, models
from odoo.exceptions import AccessError

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
        for package in self:
            package._amazon_tell_number()
        return result

    # === BUSINESS METHODS === #

    def _amazon_numbers(self):
        """Return the tracking numbers of this parcel, in the order in which they were entered; Amazon takes the first.

        :rtype: list[str]
        """
        return self.amazon_tracking_ref.split(",") if self.amazon_tracking_ref else []

    def _amazon_check_company(self):
        """Refuse to number another company's parcel; Odoo gives it a company only when its delivery is done."""
        # sudo: others' deliveries are what is looked for
        lines = self.env["stock.move.line"].sudo().search([("result_package_id", "in", self.ids)])
        if lines.company_id - self.env.companies:
            raise AccessError(self.env._("The parcel is another company's."))

    def _amazon_tell_number(self):
        """The parcel's number has changed: Amazon is told of what has left in it, and the deliveries that were combined
        in it show it."""
        # sudo: a warehouse hand may have no access to Amazon's outbox; the other orders may be somebody else's
        lines = self.sudo().env["stock.move.line"].search([("result_package_id", "=", self.id)])
        others = lines.picking_id.filtered(
            lambda picking: (
                not picking._amazon_shows(self._amazon_numbers())
                # What an order has in a parcel beside the common one is told by itself.
                and picking._amazon_same_parcel() & lines.picking_id
            )
        )
        # Amazon is told of these as of every number that is written on a delivery.
        others.carrier_tracking_ref = self.amazon_tracking_ref
        done = lines.filtered(lambda line: line.state == "done").picking_id
        self.env["amazon.confirmation"]._make(done - others)
