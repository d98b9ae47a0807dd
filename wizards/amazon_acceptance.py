from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE, notice


class AmazonAcceptance(models.TransientModel):
    """金額不整合: a difference that is right as it is, and why."""

    _name = "amazon.acceptance"
    _inherit = "amazon.guard"
    _description = "Acceptance of Differing Amounts"

    order_ids = fields.Many2many(
        "sale.order", string="Orders", readonly=True, default=lambda self: self._default_order_ids()
    )
    amounts = fields.Text(readonly=True, default=lambda self: self._amounts_of(self._default_order_ids()))
    reason = fields.Char(required=True, help="Stays on the order, with your name and today's date.")

    def _default_order_ids(self):
        if self.env.context.get("active_model") != "sale.order":
            return self.env["sale.order"]
        # Only what the user may see.
        orders = self.env["sale.order"].search([("id", "in", self.env.context.get("active_ids", []))])
        return orders.filtered("amazon_mismatch")

    @api.model
    def _amounts_of(self, orders):
        """Return the amounts that are accepted with these orders': those of all that belong to them."""
        return orders.sudo()._amazon_family()._amazon_amounts_key()  # sudo: they are compared, not shown

    # === ACTION METHODS === #

    def action_accept(self):
        """Accept the differences; they come back when amounts change again.

        :raise UserError: when they have changed since they were shown.
        """
        self.ensure_one()
        if self.amounts != self._amounts_of(self.order_ids):
            raise UserError(self.env._("The amounts have changed meanwhile. Please look at them again."))
        self.order_ids._amazon_accept_difference(self.reason)
        return notice(self.env._("Accepted. They come back when their amounts change again."), "success", CLOSE)
