from odoo import fields, models


class AmazonShippingMethod(models.Model):
    _inherit = "amazon.shipping.method"

    scac_code = fields.Char(
        "SCAC", help="The carrier's code that Amazon is told where a vendor ships with a carrier of its own"
    )
