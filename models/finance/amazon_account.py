from markupsafe import Markup
from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...refusals import explain
from ...said import say
from ...selling_partner import SellingPartnerError
from .amazon_transaction import RECENT_DAYS

# So many transactions are counted at most.
MOST_COUNTED = 1000


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

    @api.model
    def get_finances_state(self):
        """Return up to when the amounts of the user's accounts are known, and what is not, for the list of amounts.

        :return: for each its ``id`` and ``title``, whether that ``is_fine``, else whether it is ``broken`` and the user
            ``can_mend`` it; where there are any, ``reason``, and the ``action`` that shows what it is about.
        :rtype: list[dict]
        """
        if not self.has_access("read"):
            return []
        shops = self.search([("kind", "=", "seller"), ("company_id", "in", self.env.companies.ids)])
        return [state for shop in shops for state in shop._finances_states() if state]

    @api.model
    def get_amount_types_state(self):
        """Say for whom the kinds of amounts hold, where there are several companies.

        :rtype: list[dict]
        """
        several = self.env["res.company"].sudo().search_count([], limit=2) > 1  # sudo: only whether there are
        text = self.env._("What is chosen here holds for all companies: the amounts of every shop are added up anew.")
        return [{"id": 0, "is_fine": True, "title": text}] if several else []

    def _finances_help(self):
        """Return what an empty list of amounts says: that nothing differs only where everything is known.

        :rtype: Markup
        """
        states = self.get_finances_state()
        if states and all(state["is_fine"] for state in states):
            picture, title = "smiling_face", self.env._("No difference")
        else:
            picture, title = "empty_folder", self.env._("No difference in what is known so far")
        return Markup('<p class="o_view_nocontent_%s">%s</p>') % (picture, title) + Markup().join(
            Markup("<p>%s</p>") % " ".join(filter(None, (state["title"], state.get("reason")))) for state in states
        )

    def _finances_as_of(self):
        """Say up to when Amazon's Finances are known; see :meth:`get_finances_state`."""
        self.ensure_one()
        job = self.sudo()._job("finances")  # sudo: only its times and its trouble are told
        words = {"shop": self.name, "time": self._finances_time(job.last_success)}
        state = {"id": self.id, "is_fine": False, "broken": False, "can_mend": self.has_access("write")}
        reason = job.last_error or False
        if not job._is_started():
            text = self.env._("%s: “Finances” is not started. Refunds are not known and not compared.", self.name)
            if job.last_success:
                text = self.env._(
                    "%(shop)s: “Finances” is stopped. Nothing is known of what came after %(time)s.", **words
                )
            return {**state, "title": text}
        if not job.last_success:
            text = self.env._("%s: Amazon's Finances were not read yet. Refunds are not known before.", self.name)
            return {**state, "title": text, "broken": bool(reason), "reason": reason}
        if job._still_since() or job.error_kind not in (False, "quota"):
            text = self.env._(
                "%(shop)s: Amazon's Finances were read last at %(time)s, and cannot be read now.", **words
            )
            return {**state, "title": text, "broken": True, "reason": reason}
        if not job._reads_what_is_new():
            until = self._finances_time(job.cursor)
            text = self.env._("%s: Amazon's Finances are being read. Refunds are not all known yet.", self.name)
            if until:
                text = self.env._(
                    "%(shop)s: Amazon's Finances are being read, up to %(time)s so far.", shop=self.name, time=until
                )
            return {**state, "title": text}
        return {
            **state,
            "is_fine": True,
            "title": self.env._("%(shop)s: Amazon's Finances were read at %(time)s.", **words),
        }

    def _finances_time(self, time):
        return time and format_datetime(self.env, time, dt_format="short")

    def _finances_states(self):
        """Return what :meth:`get_finances_state` says of one shop; None where there is nothing to say."""
        transactions = self.env["amazon.transaction"]
        yield self._finances_as_of()
        yield self._finances_counted(
            transactions._without_its_order(self),
            self.env._("Transactions without Their Orders"),
            lambda count: self.env._(
                "%(shop)s: the orders of %(count)s transactions of the last %(days)s days are not here. They are not"
                " compared.",
                shop=self.name,
                count=count,
                days=RECENT_DAYS,
            ),
        )
        yield self._finances_counted(
            transactions._not_classified(self) & (Domain("order_ref", "!=", False) | Domain("unreadable", "!=", False)),
            self.env._("Transactions with Amounts Not Classified"),
            lambda count: self.env._(
                "%(shop)s: of %(count)s transactions not all amounts are classified or can be read. They are not"
                " compared.",
                shop=self.name,
                count=count,
            ),
        )

    def _finances_counted(self, domain, name, words):
        """Say how many transactions are compared with nothing.

        :param domain: which ones.
        :param str name: what they are called where they are shown.
        :param words: called with how many there are.
        """
        transactions = self.env["amazon.transaction"]
        count = transactions.search_count(domain, limit=MOST_COUNTED) if transactions.has_access("read") else 0
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transactions")
        return count and {
            "id": self.id,
            "is_fine": False,
            "broken": False,
            "title": words(count if count < MOST_COUNTED else f"{count}+"),
            "action": {
                **action,
                "name": name,
                "display_name": name,
                "domain": list(domain),
                "context": {"create": False},
            },
        }

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
