from odoo import api, models


class StockPicking(models.Model):
    """Deliveries of orders that Amazon may cancel any moment."""

    _inherit = "stock.picking"

    @api.depends("sale_id.amazon_cancellation_ids.state")
    def _compute_amazon_blocked(self):
        return super()._compute_amazon_blocked()

    def _amazon_why_blocked(self):
        blocked = super()._amazon_why_blocked()
        # sudo: a warehouse hand may have no access to Amazon
        orders = self.sudo().move_ids.sale_line_id.order_id.with_context(lang=self.env.lang)
        return blocked or next(filter(None, (order._amazon_why_being_cancelled() for order in orders)), False)
