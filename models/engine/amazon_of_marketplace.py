from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AmazonOfMarketplace(models.AbstractModel):
    """What is of one of its account's marketplaces, where the account's kind has any; has an ``account_id``."""

    _name = "amazon.of.marketplace"
    _description = "Of an Amazon Marketplace"

    marketplace_id = fields.Many2one("amazon.marketplace", ondelete="restrict")

    @api.constrains("account_id", "marketplace_id")
    def _check_marketplace(self):
        for record in self:
            if record.account_id._has_marketplaces() and not record.marketplace_id:
                raise ValidationError(self.env._("%s: please choose the marketplace.", record.display_name))
