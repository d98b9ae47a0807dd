from odoo import fields, models


class AmazonShippingMethod(models.Model):
    _inherit = "amazon.shipping.method"

    label_kind = fields.Char(
        "Kind of Label",
        help="As the carrier's program calls it, e.g. 7 for ネコポス in B2クラウド; empty: as its columns say",
    )
