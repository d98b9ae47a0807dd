from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import LEAST_STANDSTILL_MINUTES, STANDSTILL_MINUTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    amazon_standstill_minutes = fields.Integer(
        "Amazon Standstill (Minutes)",
        default=STANDSTILL_MINUTES,
        config_parameter="sale_amazon_spapi.standstill_minutes",
        help="When a started job has not succeeded for so long, whatever the reason, people are told.",
    )

    @api.constrains("amazon_standstill_minutes")
    def _check_amazon_standstill_minutes(self):
        for settings in self:
            if settings.amazon_standstill_minutes < LEAST_STANDSTILL_MINUTES:
                raise ValidationError(
                    self.env._("Standstill: please enter %s minutes or more.", LEAST_STANDSTILL_MINUTES)
                )
