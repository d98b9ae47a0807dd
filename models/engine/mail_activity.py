from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    amazon_reason = fields.Char(
        readonly=True,
        copy=False,
        help="What the addon asks for, whatever the language: by it the activity is found again.",
    )
