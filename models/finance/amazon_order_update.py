from odoo import models


class AmazonOrderUpdate(models.Model):
    _inherit = "amazon.order.update"

    # === BUSINESS METHODS === #

    def _left_out(self):
        result = super()._left_out()
        # sudo: transactions are the addon's own
        transactions = self.env["amazon.transaction"].sudo()
        for account, rows in self.grouped("account_id").items():
            transactions._of_orders(account._of_merchant(), rows.mapped("order_ref"))._accept_by_itself()
        return result
