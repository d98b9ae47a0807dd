from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...const import MOST_BUILDERS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    amazon_builders = fields.Integer(
        "Amazon Order Builders",
        default=2,
        config_parameter="sale_amazon_spapi.builders",
        help="How many builders make orders at the same time. Keep it below the number of cron workers.",
    )

    @api.constrains("amazon_builders")
    def _check_amazon_builders(self):
        for settings in self:
            if not 1 <= settings.amazon_builders <= MOST_BUILDERS:
                raise ValidationError(self.env._("Order builders: please enter 1 to %s.", MOST_BUILDERS))

    def set_values(self):
        """Have as many builders as asked for."""
        result = super().set_values()
        self.env["amazon.order.update"].sudo()._sync_builders()  # sudo: crons are the administrator's
        return result
