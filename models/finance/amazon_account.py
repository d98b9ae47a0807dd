from markupsafe import Markup
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ...refusals import explain
from ...said import say
from ...selling_partner import SellingPartnerError


class AmazonAccount(models.Model):
    """What Amazon's Finances say of an account's orders."""

    _inherit = "amazon.account"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        # sudo: transactions that the user may not see count, too
        if self.env["amazon.transaction"].sudo().search_count([("account_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._("Amazon's Finances were read through this account. Archive it instead of deleting it.")
            )

    # === BUSINESS METHODS === #

    def _of_merchant(self):
        """Return the accounts by which these accounts' merchants are, or were, connected: what Amazon shows to one it
        shows to all."""
        # sudo: one that is archived may be another company's
        accounts = self.sudo().with_context(active_test=False)
        mine = [("merchant_id", "in", list(filter(None, accounts.mapped("merchant_id")))), ("kind", "=", "seller")]
        return self | accounts.search(mine)

    def _sync_finances(self):
        """Read what Amazon's Finances say happened since the last run.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self:
            # sudo: transactions are the addon's own
            logs |= account._job("finances")._run(lambda run: run.env["amazon.transaction"].sudo()._sync(run))
        return logs

    def _finances_help(self):
        """Return what stands below "no difference": up to when that is so of each shop.

        :rtype: Markup
        """
        shops = self.search([("kind", "=", "seller")]) if self.has_access("read") else self
        return Markup().join(Markup("<p>%s</p>") % shop._finances_as_of() for shop in shops)

    def _finances_as_of(self):
        """Say when Amazon's Finances were read last."""
        self.ensure_one()
        job = self.sudo()._job("finances")  # sudo: only its time is told
        if not self.auto_finance:
            return self.env._("%s: “Finances” is not started. Refunds are not known and not compared.", self.name)
        if not job.last_success:
            return self.env._("%s: Amazon's Finances were not read yet. Refunds are not known before.", self.name)
        time = format_datetime(self.env, job.last_success, dt_format="short")
        return self.env._("%(shop)s: Amazon's Finances were read at %(time)s.", shop=self.name, time=time)

    def _read_finances(self, refs):
        """Read the transactions of single orders while a person waits.

        :param list refs: Amazon's order ids.
        :raise UserError: why they could not be read.
        """
        self.ensure_one()
        budget = self.env["amazon.quota"]._budget(self)
        try:
            with self._job("finances")._lock() as free, self._selling_partner(budget) as amazon:
                if not free:
                    raise UserError(
                        self.env._("Amazon's Finances are being read at this moment. Try again in a minute.")
                    )
                for ref in refs:
                    self.env["amazon.transaction"]._query_order(self, amazon, ref)
        except SellingPartnerError as error:
            raise UserError(say(self.env, explain(error, by_hand=True)[1])) from None
