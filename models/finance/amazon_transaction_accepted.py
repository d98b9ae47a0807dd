from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...said import Said, with_line
from ...times import local_date
from .amazon_transaction import CHANGED, HERE

_lt = LazyTranslate(__name__)

LEFT_OUT = _lt("Amazon had finished the order before it was seen here, and the account leaves such orders out.")
SOLD_BEFORE = _lt("Sold before the account's start date.")
START = _lt("The account's start date has changed.")
# So many are judged anew at once when a start date is changed: the first ones while a person waits.
JUDGED_AT_ONCE = 500


class AmazonTransaction(models.Model):
    """Transactions that are compared with nothing, and are right as they are: an accountant has said so, or it is known
    why their orders do not come in."""

    _name = "amazon.transaction"
    _inherit = ["amazon.transaction", "amazon.accepted"]

    accepted_for = fields.Selection(
        [("left_out", "Left Out"), ("sold_before", "Sold before the Start")],
        "Accepted by Itself",
        readonly=True,
        help="Why it is known by itself that its order does not come in.",
    )
    stays_open = fields.Boolean(readonly=True, help="Taken back by a person: it is not accepted by itself any more.")
    acceptance_notes = Said(
        "What Was Accepted", readonly=True, help="Who has accepted it, and taken that back, and why"
    )

    _accepted_idx = models.Index("(posted_at DESC, id DESC) WHERE amazon_accepted_at IS NOT NULL")
    _accepted_for_idx = models.Index(
        "(account_id, accepted_for, posted_at DESC, id DESC) WHERE accepted_for IS NOT NULL"
    )
    # As the query of those that are missed says it.
    _missed_idx = models.Index(
        "(account_id, posted_at DESC, id DESC) WHERE order_id IS NULL AND order_ref IS NOT NULL"
        " AND (order_ref NOT LIKE 'S%' OR order_ref IS NULL) AND amazon_accepted_at IS NULL"
    )

    # === BUSINESS METHODS === #

    @api.model
    def _not_accepted(self):
        return Domain("amazon_accepted_at", "=", False)

    @api.model
    def _missing_its_order(self, accounts):
        """Return the domain of accounts' transactions whose orders are not here, which nobody has accepted."""
        return self._without_its_order(accounts) & self._not_accepted()

    def _amazon_acceptable(self):
        """Return those of these that are compared with nothing, and that nobody has accepted."""
        compared_with_nothing = self._without_its_order(self.account_id) | Domain("unreadable", "!=", False)
        return self.filtered_domain(compared_with_nothing & self._not_accepted())

    def _amazon_seen(self):
        return "|".join(f"{one.id}:{one.digest}" for one in self.sorted("id"))

    def _amazon_when_accepted(self):
        return {"stays_open": False, "accepted_for": False}

    def _amazon_when_not_accepted(self, by_person):
        return {"stays_open": by_person, "accepted_for": False}

    def _amazon_accepted_text(self, reason):
        return _lt("%(user)s has accepted it: %(reason)s", user=self.env.user.name, reason=reason)

    def _amazon_note(self, text):
        line = _lt("%(time)s: %(text)s", time=fields.Datetime.now(), text=text)
        self.acceptance_notes = with_line(self, "acceptance_notes", line)

    def _ask_again_with(self, vals):
        """Take back an acceptance when Amazon shows the transaction anew, and its order is here now, or it has become
        another one.

        :param dict vals: as :meth:`_read` returns it.
        """
        total = self.amount if self.counts else self.released_amount
        was = (self.order_ref, self.kind, self.currency_id.id, self.unreadable, total)
        same = was == tuple(vals[name] for name in ("order_ref", "kind", "currency_id", "unreadable", "amount"))
        if not same or vals["order_id"]:
            self._amazon_ask_again(HERE if same else CHANGED)

    # === BUSINESS METHODS: WHAT IS KNOWN BY ITSELF === #

    @api.model
    def _of_orders(self, accounts, refs):
        """Return accounts' transactions of orders with these numbers, as far as they are missed."""
        return self.search(self._missing_its_order(accounts) & self._with_order_refs(refs))

    @api.model
    def _with_order_refs(self, refs):
        """Return the domain of what is of orders with these numbers. As a query: for a list PostgreSQL may
        take the index for parts of numbers, which was seen to take a second for a few hundred that are alike."""
        return Domain("order_ref", "in", SQL("(SELECT unnest(%s::varchar[]))", list(refs)))

    def _accept_by_itself(self):
        """Accept the transactions of these ones' orders of which it is known why they do not come in."""
        unlinked = self.filtered(lambda one: one.order_ref and not one.order_id)
        for account, mine in unlinked.grouped("account_id").items():
            accounts = account._of_merchant()
            missed = self._of_orders(accounts, set(mine.mapped("order_ref"))).filtered(lambda one: not one.stays_open)
            if not missed:
                continue
            refs = missed.mapped("order_ref")
            rules = (("left_out", LEFT_OUT, self._left_out_by), ("sold_before", SOLD_BEFORE, self._sold_before_start))
            for rule, reason, find in rules:
                known = find(accounts, refs)
                found = missed.filtered(lambda one, known=known: one.order_ref in known)
                found._amazon_set_accepted(reason, accepted_for=rule)
                missed -= found

    @api.model
    def _left_out_by(self, accounts, refs):
        """Return which of these orders the accounts' settings have left out."""
        rows = self.env["amazon.order.update"].search(
            [
                ("account_id", "in", accounts.ids),
                ("order_ref", "in", refs),
                ("result", "=", "left_out"),
                ("state", "=", "ignored"),
            ]
        )
        return set(rows.mapped("order_ref"))

    @api.model
    def _sold_before_start(self, accounts, refs):
        """Return which of these orders were sold before the day from which on the shop is run here."""
        start = accounts._first_start()
        if not refs or start > fields.Date.today():
            return set()
        mine = Domain("account_id", "in", accounts.ids) & self._with_order_refs(refs)
        sales = self.search(mine & Domain("kind", "=", "sale") & Domain("unreadable", "=", False))
        return {sale.order_ref for sale in sales if local_date(sale.posted_at, sale._zone()) < start}

    @api.model
    def _judge_start_next(self, accounts, after):
        """Have the next of what was accepted by itself, because it was sold before the start, asked about again where
        it was not any more, and accept what was.

        :param accounts: those by which a merchant is connected, whose start date has changed.
        :param int after: up to which transaction that was done.
        :return: the id of the last of these transactions; False: there were none any more.
        """
        sold_before = Domain("account_id", "in", accounts.ids) & Domain("accepted_for", "=", "sold_before")
        concerned = (sold_before | self._missing_its_order(accounts)) & Domain("id", ">", after)
        some = self.search(concerned, order="id", limit=JUDGED_AT_ONCE)
        accepted = some.filtered("accepted_for")
        known = self._sold_before_start(accounts, accepted.mapped("order_ref"))
        accepted.filtered(lambda one: one.order_ref not in known)._amazon_ask_again(START)
        (some - accepted)._accept_by_itself()
        return some[-1:].id

    @api.model
    def _judge_starts(self, run):
        """Judge anew what is left of what follows from other start dates.

        :param run: the :class:`.run.Run`.
        """
        while pending := run.account._of_merchant().filtered(lambda account: account.start_judged >= 0)[:1]:
            pending._judge_start_next()
            run.checkpoint()

    def _zone(self):
        marketplace = self.marketplace_id or self.account_id.marketplace_ids[:1]
        return ZoneInfo(marketplace.tz or "UTC")
