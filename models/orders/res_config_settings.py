from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    amazon_builders = fields.Integer(
        "Amazon Order Builders",
        default=2,
        config_parameter="sale_amazon_spapi.builders",
        help="How many builders make orders at the same time. Keep it below the number of cron workers.",
    )

    def set_values(self):
        """Have as many builders as asked for."""
        self.amazon_builders = min(max(self.amazon_builders, 1), 8)
        result = super().set_values()
        self.env["amazon.order.update"].sudo()._sync_builders()  # sudo: crons are the administrator's
        return result
