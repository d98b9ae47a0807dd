from odoo import api, fields, models

from ..notices import CLOSE

# What is proposed: out of stock, or a SKU that nobody knows.
OUT_OF_STOCK, NO_SKU = "03", "02"


class AmazonRejection(models.TransientModel):
    """Why vendors' orders are rejected, each as a whole."""

    _name = "amazon.rejection"
    _inherit = "amazon.guard"
    _description = "Rejection of Direct Fulfillment Orders"

    order_ids = fields.Many2many("sale.order", string="Orders", readonly=True)
    code_id = fields.Many2one(
        "amazon.acknowledgement.code",
        "Reason",
        required=True,
        compute="_compute_code_id",
        store=True,
        precompute=True,
        readonly=False,
        domain=[("code", "!=", "00")],
    )

    # === COMPUTE METHODS === #

    @api.depends("order_ids")
    def _compute_code_id(self):
        codes = self.env["amazon.acknowledgement.code"]
        for rejection in self:
            unknown = any(rejection.order_ids.mapped("amazon_has_unknown_sku"))
            rejection.code_id = codes.search([("code", "=", NO_SKU if unknown else OUT_OF_STOCK)], limit=1)

    # === ACTION METHODS === #

    def action_reject(self):
        """Tell Amazon that the orders are rejected, and why."""
        self.ensure_one()
        return self.order_ids._amazon_decide(self.code_id, CLOSE)
