from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ...refusals import explain
from ...said import say
from ...selling_partner import SellingPartnerError
from ..orders.amazon_order_update import OPEN

# So many transactions are counted at most.
MOST_COUNTED = 1000
# What says since when a merchant's orders are to be here.
STARTS = {"start_date", "merchant_id"}


class AmazonAccount(models.Model):
    """What Amazon's Finances say of an account's orders."""

    _inherit = "amazon.account"

    start_judged = fields.Integer(
        default=-1,
        readonly=True,
        copy=False,
        help="Since the start date has changed, transactions were judged anew up to this one; -1: all.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts.filtered("merchant_id")._judge_start_anew()
        return accounts

    def write(self, vals):
        if not STARTS & vals.keys():
            return super().write(vals)
        before = {account: account._read_starts() for account in self}
        result = super().write(vals)
        self.filtered(lambda account: account._read_starts() != before[account])._judge_start_anew()
        return result

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

    def _read_starts(self):
        """Return what says of which orders an account is to know, in a form that is compared."""
        return [self[name] for name in sorted(STARTS)]

    def _first_start(self):
        """Return from which day on the shop is run here that these accounts of one merchant connect.

        :rtype: date
        """
        return min(self.mapped("start_date"))

    def _judge_start_anew(self):
        """Have it judged anew what was sold before these accounts' start dates: the first transactions at once, for a
        small shop; the rest is the job's."""
        # sudo: transactions are the addon's own
        for account in self.sudo().filtered(lambda account: account.kind == "seller"):
            account.start_judged = 0
            account._judge_start_next()
            if account.start_judged >= 0:
                jobs = account._of_merchant().job_ids.filtered(lambda job: job.name == "finances" and job._is_started())
                jobs._trigger()

    def _judge_start_next(self):
        """Judge anew the next part of what follows from another start date."""
        self.ensure_one()
        transactions = self.env["amazon.transaction"]
        last = transactions._judge_start_next(self._of_merchant(), self.start_judged)
        self.start_judged = last or -1

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
        """Return whether everything is known that the amounts of the user's accounts are compared by, since and up to
        when, and what is not, for the list of amounts. Not as help of its action, which browsers keep for days.

        :return: for each its ``id`` and ``title``, whether that ``is_fine``, else whether it is ``broken`` and the user
            ``can_mend`` it; where there are any, ``reason``, and the ``action`` that shows what it is about. The first
            one speaks for all.
        :rtype: list[dict]
        """
        if not self.has_access("read"):
            return []
        shops = self._finances_shops()
        states = [state for shop in shops for state in shop._finances_states(shops, self.env.companies) if state]
        if not states:
            return []
        is_fine = all(state["is_fine"] for state in states)
        title = self.env._("Not everything is known: more may differ than “Amounts Differ” shows.")
        if is_fine:
            mine = shops.filtered(lambda shop: shop.active and shop.company_id in self.env.companies)
            # sudo: only since when they are known is told
            days = filter(None, (shop.sudo()._job("finances")._known_from() for shop in mine))
            title = self.env._(
                "Everything is known that Amazon has posted since %s: nothing differs but what “Amounts Differ” shows.",
                format_date(self.env, max(days)),
            )
        return [{"id": 0, "is_fine": is_fine, "broken": False, "title": title}, *states]

    @api.model
    def _finances_shops(self):
        """Return the shops of the chosen companies, archived ones too, and those of the same merchants in other
        companies of the user's: what Amazon says of one order may have come in through any of them."""
        chosen = self.env.companies.ids
        others = [company for company in self.env.user.company_ids.ids if company not in chosen]
        shops = self.with_context(active_test=False, allowed_company_ids=[*chosen, *others])
        mine = shops.search([("kind", "=", "seller"), ("company_id", "in", chosen)])
        merchants = list(filter(None, mine.mapped("merchant_id")))
        return mine | shops.search(
            [("kind", "=", "seller"), ("company_id", "in", others), ("merchant_id", "in", merchants)]
        )

    @api.model
    def get_amount_types_state(self):
        """Say for whom the kinds of amounts hold, where there are several companies.

        :rtype: list[dict]
        """
        several = self.env["res.company"].sudo().search_count([], limit=2) > 1  # sudo: only whether there are
        text = self.env._("What is chosen here holds for all companies: the amounts of every shop are added up anew.")
        return [{"id": 0, "is_fine": True, "title": text}] if several else []

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
            "title": self.env._(
                "%(shop)s: Amazon's Finances were read at %(time)s. What was posted before %(since)s is not known.",
                since=format_date(self.env, job._known_from()),
                **words,
            ),
        }

    def _finances_time(self, time):
        return time and format_datetime(self.env, time, dt_format="short")

    def _finances_states(self, shops, companies):
        """Return what :meth:`get_finances_state` says of one shop; None where there is nothing to say.

        :param shops: all of them.
        :param companies: those that are chosen.
        """
        chosen = self.company_id in companies
        same = shops.filtered(lambda shop: shop == self or (shop.merchant_id and shop.merchant_id == self.merchant_id))
        if chosen and self.active:
            yield self._finances_as_of()
            yield self._orders_as_of()
            yield self._finances_unbuilt()
        elif chosen and not any(same.mapped("active")):
            yield self._finances_archived()
        transactions, shop = self.env["amazon.transaction"], self.name if chosen else self._name_with_company()
        yield self._finances_counted(
            transactions._missing_its_order(self),
            chosen and self.env._("Transactions without Their Orders"),
            lambda count: self.env._(
                "%(shop)s: the orders of %(count)s transactions are not here. They are not compared.",
                shop=shop,
                count=count,
            ),
        )
        yield self._finances_counted(
            transactions._not_classified(self)
            & transactions._not_accepted()
            & (Domain("order_ref", "!=", False) | Domain("unreadable", "!=", False)),
            chosen and self.env._("Transactions with Amounts Not Classified"),
            lambda count: self.env._(
                "%(shop)s: of %(count)s transactions not all amounts are classified or can be read. They are not"
                " compared.",
                shop=shop,
                count=count,
            ),
        )
        if chosen:
            yield same._finances_judging()
            yield from self._finances_accepted_by_itself()

    def _finances_judging(self):
        """Say that it is not known yet what was sold before a merchant's new start date; None where it is."""
        if all(shop.start_judged < 0 for shop in self):
            return None
        text = self.env._(
            "%s: the start date has changed. Which transactions’ orders were sold before is still being looked at.",
            self[:1].name,
        )
        return {"id": self[:1].id, "is_fine": False, "broken": False, "title": text}

    def _finances_accepted_by_itself(self):
        """Say of how many transactions it is known by itself why their orders do not come in."""
        mine, name = Domain("account_id", "=", self.id), self.env._("Accepted by Itself")
        yield self._finances_counted(
            mine & Domain("accepted_for", "=", "sold_before"),
            name,
            lambda count: self.env._(
                "%(shop)s: %(count)s transactions are not compared: their orders were sold before the start date,"
                " %(start)s.",
                shop=self.name,
                count=count,
                # sudo: it is the first one of the merchant's, in another company, too
                start=format_date(self.env, self.sudo()._of_merchant()._first_start()),
            ),
            is_fine=True,
        )
        yield self._finances_counted(
            mine & Domain("accepted_for", "=", "left_out"),
            name,
            lambda count: self.env._(
                "%(shop)s: %(count)s transactions are not compared: Amazon had finished their orders before they were"
                " seen here, and the account leaves such orders out.",
                shop=self.name,
                count=count,
            ),
            is_fine=True,
        )

    def _name_with_company(self):
        return self.env._("%(shop)s of %(company)s", shop=self.name, company=self.company_id.name)

    def _finances_archived(self):
        """Say that nothing is known any more of a shop that amounts were read of; None where there were none."""
        if not self.env["amazon.transaction"].sudo().search_count([("account_id", "=", self.id)], limit=1):
            return None
        time = self._finances_time(self.sudo()._job("finances").last_success)  # sudo: only when that was
        text = self.env._("%s is archived. Nothing is known of what came after that.", self.name)
        if time:
            text = self.env._(
                "%(shop)s is archived. Nothing is known of what came after %(time)s.", shop=self.name, time=time
            )
        return {"id": self.id, "is_fine": False, "broken": False, "can_mend": self.has_access("write"), "title": text}

    def _orders_as_of(self):
        """Say what keeps orders from coming in, which cannot be compared before; None where nothing does."""
        job = self.sudo()._job("orders")  # sudo: only its times and its trouble are told
        state = {"id": self.id, "is_fine": False, "broken": False, "can_mend": self.has_access("write")}
        trouble, shop = self.sudo()._import_trouble(), self.name  # sudo: see above
        if not job._is_started():
            text = self.env._(
                "%s: the order import is not running. What is not here, or is older, is not compared.", shop
            )
            return {**state, "title": text}
        if trouble:
            text = self.env._("%s: the order import stands still. What is not here is not compared.", shop)
            return {**state, "broken": True, "title": text, "reason": trouble}
        if job.denied:
            text = self.env._("%s: Amazon denies the orders of a marketplace. They are not compared.", shop)
            return {**state, "broken": True, "title": text, "reason": job.warning}
        if not job._reads_what_is_new(late_hours=0):
            text = self.env._("%s: orders are still being read. They are not all here yet.", shop)
            return {**state, "title": text}
        return None

    def _finances_unbuilt(self):
        """Say how many orders came in and are not as they are on Amazon; None where all are."""
        inbox = self.env["amazon.order.update"]
        domain = [("account_id", "=", self.id), ("state", "in", OPEN)]
        # sudo: only how many there are is told
        if not (count := inbox.sudo().search_count(domain, limit=MOST_COUNTED)):
            return None
        text = self.env._(
            "%(shop)s: %(count)s orders that came in are not made yet, or not as they are on Amazon now.",
            shop=self.name,
            count=count if count < MOST_COUNTED else f"{count}+",
        )
        state = {"id": self.id, "is_fine": False, "broken": False, "title": text}
        if inbox.has_access("read"):
            action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_attention")
            state["action"] = {**action, "domain": domain, "context": {"create": False}}
        return state

    def _finances_counted(self, domain, name, words, is_fine=False):
        """Say how many transactions are compared with nothing.

        :param domain: which ones.
        :param name: what they are called where they are shown; False: the user works in another company.
        :param words: called with how many there are.
        :param bool is_fine: that is right as it is.
        """
        transactions = self.env["amazon.transaction"]
        if not transactions.has_access("read"):
            return None
        # In their order, which has PostgreSQL go through the index of what is rare.
        if not (count := len(transactions.search(domain, limit=MOST_COUNTED))):
            return None
        title = words(count if count < MOST_COUNTED else f"{count}+")
        state = {"id": self.id, "is_fine": is_fine, "broken": False, "title": title}
        if name:
            action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transactions")
            shown = {"name": name, "display_name": name, "domain": list(domain), "context": {"create": False}}
            state["action"] = {**action, **shown}
        return state

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
