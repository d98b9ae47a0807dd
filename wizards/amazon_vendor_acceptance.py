from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE


class AmazonVendorAcceptance(models.TransientModel):
    """Whether vendors' orders are accepted although a SKU of them has no product here."""

    _name = "amazon.vendor.acceptance"
    _inherit = "amazon.guard"
    _description = "Acceptance of Orders with Unknown SKUs"

    order_ids = fields.Many2many("sale.order", string="Orders", readonly=True)
    unknown = fields.Text("Unknown SKUs", compute="_compute_unknown")
    known_count = fields.Integer(compute="_compute_unknown")

    # === COMPUTE METHODS === #

    @api.depends("order_ids")
    def _compute_unknown(self):
        for acceptance in self:
            orders = acceptance._unknown_orders()
            acceptance.known_count = len(acceptance.order_ids - orders)
            acceptance.unknown = "\n".join(
                f"{order.name} ({order.amazon_order_ref}): {', '.join(order._amazon_unknown_skus())}"
                for order in orders
            )

    # === ACTION METHODS === #

    def action_accept(self):
        """Have Amazon told that all of these orders are shipped as ordered."""
        return self._accept(self.order_ids)

    def action_accept_known(self):
        """Have Amazon told so of those of which every SKU is known; the others stay to be decided.

        :raise UserError: there is none.
        """
        return self._accept(self.order_ids - self._unknown_orders())

    # === BUSINESS METHODS === #

    def _accept(self, orders):
        self.ensure_one()
        if not orders:
            raise UserError(self.env._("Each of these orders has a SKU without a product."))
        return orders._amazon_decide(self.env["amazon.acknowledgement.code"]._accepting(), CLOSE)

    def _unknown_orders(self):
        return self.order_ids.filtered("amazon_has_unknown_sku")
