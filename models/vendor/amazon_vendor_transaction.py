from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...said import say
from ...selling_partner import (
    AccessDenied,
    CredentialsError,
    NotFound,
    QuotaExceeded,
    SellingPartnerError,
)
from ...selling_partner.vendor import FAILURE, SUCCESS
from ..engine.trigram import trigram

_lt = LazyTranslate(__name__)

OPEN = ("sent", "processing")
# Amazon is asked what became of a submission after so many minutes, and then every so many.
ASK_MINUTES = (1, 1, 2, 3, 5, 10)
LATER_MINUTES = 30
# What Amazon has not ended by then it will not.
GIVEN_UP_HOURS = 24
# So many are named at most.
MOST_NAMED = 20


class AmazonVendorTransaction(models.Model):
    """One call by which a vendor tells Amazon something. That Amazon has taken it in (202) says nothing: what it has
    done with it is asked until it says so."""

    _name = "amazon.vendor.transaction"
    _description = "Direct Fulfillment Transaction"
    _inherit = ["amazon.guard", "amazon.followed"]
    _order = "id desc"
    _rec_name = "transaction_ref"
    # What may quote the orders' buyers.
    _amazon_quotes = ("order_ids", ("message",))

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    transaction_ref = fields.Char("Transaction", required=True, readonly=True)
    kind = fields.Selection(
        lambda self: self.env["amazon.vendor.submission"]._fields["kind"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("sent", "Handed to Amazon"),
            ("processing", "Amazon Works on It"),
            ("success", "Success"),
            ("failure", "Failure"),
            ("unknown", "Result Not Fetched"),
        ],
        "Status",
        required=True,
        default="sent",
        readonly=True,
        index=True,
    )
    message = fields.Text("Amazon's Message", readonly=True)
    sent_at = fields.Datetime("Sent on", required=True, readonly=True, default=fields.Datetime.now)
    due_at = fields.Datetime("Due by", readonly=True, help="When Amazon should have said what became of it")
    ended_at = fields.Datetime("Answered on", readonly=True)
    retry_at = fields.Datetime("Asked Again", readonly=True)
    asked = fields.Integer("Times Asked", readonly=True)
    is_late = fields.Boolean("Late", readonly=True, help="Amazon has not said in time what became of it.")
    submission_ids = fields.One2many("amazon.vendor.submission", "transaction_id", "Told", readonly=True)
    order_ids = fields.Many2many("sale.order", "amazon_vendor_transaction_order_rel", string="Orders", readonly=True)
    delivery_ids = fields.Many2many(
        "stock.picking", "amazon_vendor_transaction_picking_rel", string="Deliveries", readonly=True
    )

    _ref_uniq = models.UniqueIndex("(transaction_ref, account_id)")
    _ref_part_idx = models.Index(trigram("transaction_ref"))
    _open_idx = models.Index("(account_id, retry_at) WHERE state IN ('sent', 'processing')")

    # === BUSINESS METHODS === #

    @api.model
    def _begin(self, rows, ref, kind):
        """Keep what rows were submitted by.

        :param rows: the ``amazon.vendor.submission`` of one call.
        :param str ref: Amazon's id.
        :param kind: their ``Kind``.
        """
        now = fields.Datetime.now()
        return self.create(
            {
                "account_id": rows.account_id.id,
                "transaction_ref": ref,
                "kind": rows[:1].kind,
                "sent_at": now,
                "due_at": now + timedelta(minutes=kind.minutes),
                "retry_at": now + timedelta(minutes=ASK_MINUTES[0]),
                "order_ids": [fields.Command.set(rows.order_id.ids)],
                "delivery_ids": [fields.Command.set(rows.picking_id.ids)],
            }
        )

    @api.model
    def _is_known(self, account, ref):
        """Tell whether Amazon has given an account this id before, for another call.

        :param account: the ``amazon.account``.
        :param str ref: Amazon's id.
        """
        return bool(self.search_count([("account_id", "in", account.ids), ("transaction_ref", "=", ref)], limit=1))

    @api.model
    def _open_domain(self, account):
        return Domain("account_id", "=", account.id) & Domain("state", "in", OPEN)

    @api.model
    def _due(self, account):
        return self._open_domain(account) & Domain("retry_at", "<=", fields.Datetime.now())

    @api.model
    def _follow(self, run):
        """Ask what became of what was submitted; run by the job that submits.

        :param run: the :class:`...run.Run`, calling.
        """
        for transaction in self.search(self._due(run.account), order="retry_at, id"):
            try:
                shown = run.account._vendor_api(run.amazon).get_transaction(transaction.transaction_ref)
            except (QuotaExceeded, CredentialsError, AccessDenied):
                raise
            except NotFound:
                transaction._not_ended(_lt("Amazon does not know this transaction."))
            except SellingPartnerError as error:
                # It has answered so for a while to what went well.
                transaction._not_ended(_lt("Amazon could not say what became of it: %s", str(error)))
            else:
                transaction._learned(run, shown)
            run.checkpoint(1)

    def _learned(self, run, shown):
        """Write what Amazon says.

        :param shown: the ``selling_partner`` transaction.
        """
        rows = self.submission_ids.filtered(lambda row: row.state == "sending")
        if shown.status == SUCCESS:
            self._end("success", shown.message)
            rows._accepted()
        elif shown.status == FAILURE:
            self._end("failure", shown.message or self.env._("Amazon does not say why."))
            rows._failed(self.message, shown.errors)
        else:
            self._not_ended(False, "processing")
        for row in rows:
            row._count_in(run.log)

    def _not_ended(self, message, state=None):
        """Amazon has not said yet what became of it: it is asked again after a pause; a person is told when that takes
        too long.

        :param message: what it has said instead.
        :param str state: from now on, None: as it was.
        """
        now = fields.Datetime.now()
        if now - self.sent_at > timedelta(hours=GIVEN_UP_HOURS):
            self._end("unknown", message or self.env._("Amazon has not ended it within a day."))
            # The orders themselves are asked what Amazon has.
            self.submission_ids.filtered(lambda row: row.state == "sending").write(
                {"transaction_id": False, "retry_at": False, "asked": 0}
            )
            return
        asked = self.asked + 1
        minutes = ASK_MINUTES[asked] if asked < len(ASK_MINUTES) else LATER_MINUTES
        again = now + timedelta(minutes=minutes)
        self.write(
            {
                "state": state or self.state,
                "message": message,
                "asked": asked,
                # Whether a person has to be told is known no later than it is due.
                "retry_at": min(again, self.due_at) if now < self.due_at else again,
                "is_late": now >= self.due_at,
            }
        )

    def _end(self, state, message):
        self.write(
            {
                "state": state,
                "message": message or False,
                "ended_at": fields.Datetime.now(),
                "retry_at": False,
                "is_late": False,
            }
        )

    @api.model
    def _wake_for_open(self, account):
        """Come back when the first of the open ones has to be asked for."""
        first = self.search(self._open_domain(account), order="retry_at", limit=1)
        if first:
            seconds = (first.retry_at - fields.Datetime.now()).total_seconds()
            account._job("vendor")._trigger(max(seconds, 1))

    @api.model
    def _late_text(self, account):
        """Say what Amazon is late with; an empty text: nothing.

        :rtype: str
        """
        late = self.search([*self._open_domain(account), ("is_late", "=", True)], limit=MOST_NAMED)
        lines = [
            self.env._(
                "%(kind)s, sent at %(time)s: %(orders)s",
                kind=transaction._kind_name(),
                time=say(self.env, transaction.sent_at),
                orders=", ".join(
                    transaction.order_ids[:MOST_NAMED].mapped("amazon_order_ref")
                    or transaction.submission_ids.stock_warehouse_id.mapped("party_ref")
                ),
            )
            for transaction in late
        ]
        return "\n".join([self.env._("Amazon has not said in time what became of this."), *lines]) if lines else ""

    def _kind_name(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]
