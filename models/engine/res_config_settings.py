from odoo import fields, models

from ...const import STANDSTILL_MINUTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    amazon_standstill_minutes = fields.Integer(
        "Amazon Standstill (Minutes)",
        default=STANDSTILL_MINUTES,
        config_parameter="sale_amazon_spapi.standstill_minutes",
        help="When a started job has not succeeded for so long, whatever the reason, people are told.",
    )

    def set_values(self):
        self.amazon_standstill_minutes = max(self.amazon_standstill_minutes, 10)
        return super().set_values()
