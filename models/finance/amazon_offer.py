from odoo import models


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    # === ACTION METHODS === #

    def action_view_profit(self):
        """Open what orders of this SKU bring."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_profit")
        mine = [
            ("sku", "=", self.sku),
            ("account_id", "=", self.account_id.id),
            ("marketplace_id", "=", self.marketplace_id.id),
        ]
        return {**action, "name": self.sku, "domain": mine}
