import re
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...said import Said
from ...times import local_date
from .amazon_transaction import NOT_ACCEPTED

_lt = LazyTranslate(__name__)

LEFT_OUT = _lt("Amazon had finished the order before it was seen here, and the account leaves such orders out.")
SOLD_BEFORE = _lt("Sold before the account's start date.")


class AmazonTransaction(models.Model):
    """Transactions that are compared with nothing, and are right as they are: an accountant has said so, or it is known
    why their orders do not come in."""

    _inherit = "amazon.transaction"

    accepted_reason = Said("Accepted because", readonly=True)
    accepted_by_id = fields.Many2one("res.users", "Accepted by", readonly=True, help="Nobody: it is known by itself.")
    accepted_at = fields.Datetime("Date of Acceptance", readonly=True)
    stays_open = fields.Boolean(readonly=True, help="Taken back by a person: it is not accepted by itself any more.")

    _accepted_idx = models.Index("(posted_at DESC, id DESC) WHERE accepted_at IS NOT NULL")
    # As the query of those that are missed says it.
    _missed_idx = models.Index(
        "(account_id, posted_at DESC, id DESC) WHERE order_id IS NULL AND order_ref IS NOT NULL"
        " AND (order_ref NOT LIKE 'S%' OR order_ref IS NULL) AND accepted_at IS NULL"
    )

    # === ACTION METHODS === #

    def action_take_back_acceptance(self):
        """Have transactions that were accepted asked about again."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        # sudo: an accountant may accept what he may not change
        self.sudo().filtered("accepted_at").write({**NOT_ACCEPTED, "stays_open": True})

    # === BUSINESS METHODS === #

    @api.model
    def _missing_its_order(self, accounts):
        """Return the domain of accounts' transactions whose orders are not here, which nobody has accepted."""
        return self._without_its_order(accounts) & Domain("accepted_at", "=", False)

    def _acceptable(self):
        """Return those of these that are compared with nothing, and that nobody has accepted."""
        compared_with_nothing = self._without_its_order(self.account_id) | Domain("unreadable", "!=", False)
        return self.filtered_domain(compared_with_nothing & Domain("accepted_at", "=", False))

    def _accept(self, reason):
        """Say that it is right that these transactions are compared with nothing.

        :param str reason: why.
        :raise UserError: when that says nothing.
        """
        self._amazon_check_group("accountant")
        self.check_access("read")
        if not re.search(r"\w", reason or ""):
            raise UserError(self.env._("Write why that is right as it is."))
        # sudo: an accountant may accept what he may not change
        self.sudo()._acceptable()._set_accepted(reason, self.env.user)

    def _set_accepted(self, reason, user=None):
        """Write that it was accepted, by whom, when and why.

        :param reason: as :class:`...said.Said` takes it.
        :param user: the ``res.users``; None: it is known by itself.
        """
        self.write(
            {
                "accepted_reason": reason,
                "accepted_by_id": user.id if user else False,
                "accepted_at": fields.Datetime.now(),
                "stays_open": False,
            }
        )

    def _accepted_with(self, vals):
        """Return what is left of an acceptance when Amazon shows the transaction anew: none where it is here now, or
        has become another one.

        :param dict vals: as :meth:`_read` returns it.
        """
        names = ("order_ref", "kind", "currency_id", "unreadable", "amount" if self.counts else "released_amount")
        same = all((self[name].id if name == "currency_id" else self[name]) == vals[name] for name in names)
        return {} if same and not vals["order_id"] else NOT_ACCEPTED

    # === BUSINESS METHODS: WHAT IS KNOWN BY ITSELF === #

    @api.model
    def _of_orders(self, accounts, refs):
        """Return accounts' transactions of orders with these numbers, as far as they are missed."""
        return self.search(self._missing_its_order(accounts) & Domain("order_ref", "in", list(refs)))

    def _accept_by_itself(self):
        """Accept the transactions of these ones' orders of which it is known why they do not come in."""
        unlinked = self.filtered(lambda one: one.order_ref and not one.order_id)
        for account, mine in unlinked.grouped("account_id").items():
            accounts = account._of_merchant()
            missed = self._of_orders(accounts, set(mine.mapped("order_ref"))).filtered(lambda one: not one.stays_open)
            if not missed:
                continue
            refs = missed.mapped("order_ref")
            sold_before = self._sold_before_start(accounts, refs)
            for known, reason in ((self._left_out_by(accounts, refs), LEFT_OUT), (sold_before, SOLD_BEFORE)):
                found = missed.filtered(lambda one, known=known: one.order_ref in known)
                found._set_accepted(reason)
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
        start = min(accounts.mapped("start_date"))
        if start > fields.Date.today():
            return set()
        mine = Domain("account_id", "in", accounts.ids) & Domain("order_ref", "in", refs)
        sales = self.search(mine & Domain("kind", "=", "sale") & Domain("unreadable", "=", False))
        return {sale.order_ref for sale in sales if local_date(sale.posted_at, sale._zone()) < start}

    def _zone(self):
        marketplace = self.marketplace_id or self.account_id.marketplace_ids[:1]
        return ZoneInfo(marketplace.tz or "UTC")
