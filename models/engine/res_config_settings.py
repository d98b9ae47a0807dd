from odoo import fields, models

from ...const import STANDSTILL_MINUTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    amazon_builders = fields.Integer(
        "Amazon Order Builders",
        default=2,
        config_parameter="sale_amazon_spapi.builders",
        help="How many builders make orders at the same time. Keep it below the number of cron workers.",
    )

    amazon_standstill_minutes = fields.Integer(
        "Amazon Standstill (Minutes)",
        default=STANDSTILL_MINUTES,
        config_parameter="sale_amazon_spapi.standstill_minutes",
        help="When a started job has not succeeded for so long, whatever the reason, people are told.",
    )

    def set_values(self):
        """Have as many builders as asked for."""
        self.amazon_builders = min(max(self.amazon_builders, 1), 8)
        self.amazon_standstill_minutes = max(self.amazon_standstill_minutes, 10)
        result = super().set_values()
        self.env["amazon.order.update"].sudo()._sync_builders()  # sudo: crons are the administrator's
        return result
