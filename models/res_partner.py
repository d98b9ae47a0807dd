from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    amazon_account_id = fields.Many2one("amazon.account", copy=False, index="btree_not_null", readonly=True)
