from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    amazon_account_id = fields.Many2one("amazon.account", copy=False, index="btree_not_null", readonly=True)

    @api.model
    def _amazon_customers(self, account, orders):
        out = {}
        for o in orders:
            if not o.address:
                p = self.env.ref("sale_amazon_spapi.partner_provisional")
                out[o.order_id] = (p, p)
                continue
            p = self.create({"name": o.buyer_name or "x", "amazon_account_id": account.id})
            out[o.order_id] = (p, self.create({"name": o.address.name, "parent_id": p.id, "type": "delivery"}))
        return out

    def _amazon_delivery_address(self, account, order):
        return self
