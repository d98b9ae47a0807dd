from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

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

    def action_amazon_health_token(self):
        """Make a new token for monitors, and show it this once.

        :raise AccessError: the user is not an administrator of Amazon.
        """
        if not self.env.user.has_group("sale_amazon_spapi.group_amazon_manager"):
            raise AccessError(self.env._("Only a manager of Amazon makes a token for monitors."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "sticky": True,
                "title": self.env._("Copy the token now: it is not shown again"),
                "message": self.env["amazon.account"]._new_health_token(),
            },
        }
