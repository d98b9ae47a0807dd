from odoo import api, models

from .amazon_account import VENDOR


class AmazonStockChange(models.Model):
    _inherit = "amazon.stock.change"

    @api.model
    def _note_all(self, account, reason=None, again=False):
        result = super()._note_all(account, reason, again)
        if account.kind == VENDOR:
            # Of what has lost its product Amazon was told, too.
            told = self.env["amazon.vendor.quantity"].search(
                [("account_id", "=", account.id), ("offer_id", "!=", False), ("product_id", "=", False)]
            )
            self._note_offers(told.offer_id, reason, again)
        return result
