from odoo import models
from odoo.exceptions import UserError

from ...refusals import explain
from ...said import say
from ...selling_partner import SellingPartnerError


class AmazonAccount(models.Model):
    """What Amazon's Finances say of an account's orders."""

    _inherit = "amazon.account"

    # === BUSINESS METHODS === #

    def _sync_finances(self):
        """Read what Amazon's Finances say happened since the last run.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self:
            # sudo: transactions are the addon's own
            logs |= account._job("finances")._run(lambda run: run.env["amazon.transaction"].sudo()._sync(run))
        return logs

    def _read_finances(self, refs):
        """Read the transactions of single orders while a person waits.

        :param list refs: Amazon's order ids.
        :raise UserError: why they could not be read.
        """
        self.ensure_one()
        budget = self.env["amazon.quota"]._budget(self)
        try:
            with self._selling_partner(budget) as amazon:
                for ref in refs:
                    self.env["amazon.transaction"]._query_order(self, amazon, ref)
        except SellingPartnerError as error:
            raise UserError(say(self.env, explain(error, by_hand=True)[1])) from None
