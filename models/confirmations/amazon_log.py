from odoo import api, fields, models


class AmazonLog(models.Model):
    """The shipping confirmations that runs had to do with."""

    _inherit = "amazon.log"

    confirmation_ids = fields.Many2many(
        "amazon.confirmation",
        "amazon_confirmation_log_rel",
        "log_id",
        "confirmation_id",
        "Shipping Confirmations",
        readonly=True,
    )
    confirmation_count = fields.Integer(compute="_compute_confirmation_count")

    # === COMPUTE METHODS === #

    @api.depends("confirmation_ids")
    def _compute_confirmation_count(self):
        for log in self:
            log.confirmation_count = len(log.confirmation_ids)

    # === ACTION METHODS === #

    def action_view_confirmations(self):
        """Open the shipping confirmations that these runs looked at, sent, or fetched the results of."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        return {**action, "domain": [("log_ids", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _orders(self):
        return super()._orders() | self.confirmation_ids.order_id

    def _is_empty(self):
        return super()._is_empty() and not self.confirmation_ids
