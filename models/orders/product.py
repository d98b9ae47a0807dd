from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"
    _amazon_looked_up_first = True

    amazon_charge = fields.Boolean(
        readonly=True, copy=False, help="Stands for one of Amazon's charges (shipping, gift wrap, discount …)"
    )


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    amazon_own = fields.Boolean(readonly=True, copy=False, help="Made by the Amazon addon; only carries the currency")

    # Two builders that both make the first one: one of them tries again and finds it.
    _amazon_own_uniq = models.UniqueIndex("(company_id, currency_id) WHERE amazon_own")
