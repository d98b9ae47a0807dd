"""The result mails (C7, N11): one a run, never one an order."""

from odoo import api, models


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    @api.model
    def _tell(self, account):
        """Mail what became of the confirmations that no mail has told of yet.

        :param account: the ``amazon.account``; its setting says which mails are wanted.
        """
