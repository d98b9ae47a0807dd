from odoo import api, fields, models


class AmazonLog(models.Model):
    """The cancellations that runs had to do with."""

    _inherit = "amazon.log"

    cancellation_ids = fields.Many2many(
        "amazon.cancellation",
        "amazon_cancellation_log_rel",
        "log_id",
        "cancellation_id",
        "Cancellations",
        readonly=True,
    )
    cancellation_count = fields.Integer(compute="_compute_cancellation_count")

    # === COMPUTE METHODS === #

    @api.depends("cancellation_ids")
    def _compute_cancellation_count(self):
        for log in self:
            log.cancellation_count = len(log.cancellation_ids)

    # === ACTION METHODS === #

    def action_view_cancellations(self):
        """Open the cancellations that these runs sent, or fetched the results of."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_cancellations")
        return {**action, "domain": [("log_ids", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _orders(self):
        return super()._orders() | self.cancellation_ids.order_id

    def _is_empty(self):
        return super()._is_empty() and not self.cancellation_ids
