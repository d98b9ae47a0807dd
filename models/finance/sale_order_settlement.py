from odoo import models


class SaleOrder(models.Model):
    """What settlements have of an order."""

    _inherit = "sale.order"

    # === ACTION METHODS === #

    def action_amazon_view_settlement_lines(self):
        """Open what settlements have of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_lines")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {"create": False}}

    # === BUSINESS METHODS === #

    def _amazon_link_transactions(self):
        result = super()._amazon_link_transactions()
        # sudo: settlements are the addon's own
        self.env["amazon.settlement.line"].sudo()._link_to(self.sudo())
        return result
