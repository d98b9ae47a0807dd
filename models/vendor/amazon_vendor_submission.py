"""The vendor's outbox (rule 2): what Amazon is told of each order, by which transaction, and what came of it."""

from collections.abc import Callable
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...notices import notice
from ...selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    QuotaExceeded,
    RetryLater,
    parse_vendor_order,
)
from ..engine.trigram import trigram
from ..engine.why import Why

_lt = LazyTranslate(__name__)

# Where Amazon calls it trouble of its own, it is told again after so many minutes, and then a person is.
AGAIN_MINUTES = (5, 15, 60)
OWN_TROUBLE = "vendor_again"


class Kind(NamedTuple):
    """What a vendor may tell Amazon; see :meth:`AmazonVendorSubmission._declared`.

    :param submit: called with ``amazon.vendor(version)`` and a list of what :meth:`_content` returns; returns the
        transaction's id.
    :param operation: Amazon's name of the call.
    :param minutes: for so long Amazon may take; then a person is told.
    :param most: so many go in one call.
    """

    submit: Callable
    operation: str
    minutes: int
    most: int = 100


class Wrong(UserError):
    """What stands against telling something, known by name, too.

    :ivar str hint: as the field of ``amazon.outbox``.
    """

    def __init__(self, hint, message):
        super().__init__(message)
        self.hint = hint


class AmazonVendorSubmission(models.Model):
    """One thing that Amazon is told of one order: outbox and history in one. What goes in a call together is followed
    by its transaction; what became of one whose answer was lost is asked of the order itself."""

    _name = "amazon.vendor.submission"
    _description = "Told to Amazon by a Vendor"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search", "amazon.outbox"]
    _order = "id desc"
    _rec_name = "order_ref"
    # What may quote the order's buyer.
    _amazon_quotes = ("order_id", ("message",))
    _check_company_auto = True
    # Amazon takes up to 15 minutes to do what it was told.
    _query_again_minutes = (4, 10, 20)

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    kind = fields.Selection([], required=True, readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True, index="btree_not_null", ondelete="cascade")
    order_ref = fields.Char("Purchase Order", readonly=True, index=True)
    picking_id = fields.Many2one(
        "stock.picking", "Delivery", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    decided_at = fields.Datetime("Decided on", required=True, readonly=True, default=fields.Datetime.now)
    transaction_id = fields.Many2one(
        "amazon.vendor.transaction", readonly=True, index="btree_not_null", ondelete="set null"
    )
    transaction_state = fields.Selection(related="transaction_id.state", string="Transaction Status")
    again = fields.Integer(readonly=True, help="How often it was told again because Amazon was in trouble")
    alone = fields.Boolean(readonly=True, help="It goes in a call of its own: with others it has failed.")
    advice = fields.Text("What to Do", compute="_compute_advice")
    log_ids = fields.Many2many(
        "amazon.log", "amazon_vendor_submission_log_rel", "submission_id", "log_id", "API Log", readonly=True
    )

    _open_idx = models.Index("(account_id, state, retry_at) WHERE state != 'done'")
    _order_ref_idx = models.Index(trigram("order_ref"))

    # === WHAT KINDS THERE ARE === #

    @api.model
    def _declared(self):
        """Return what a vendor may tell Amazon. Who tells something adds it here and to the field's selection, and
        methods for it: ``_<kind>_content`` (what is told), ``_<kind>_why_waiting``, ``_<kind>_facts``,
        ``_<kind>_learned`` (what follows of what the order's own status shows), ``_<kind>_is_shown`` (whether the order
        as it is here shows it; not all do), ``_<kind>_shown_by`` (what Amazon shows, where that is not the order's
        status), ``_<kind>_accepted`` and ``_<kind>_refused`` (what follows here).

        :rtype: dict[str, Kind]
        """
        return {}

    def _of_kind(self, method, *arguments):
        """Return what the method of this row's kind returns."""
        return getattr(self, f"_{self.kind}_{method}")(*arguments)

    # === COMPUTE METHODS === #

    @api.depends("state", "hint")
    @api.depends_context("lang")
    def _compute_advice(self):
        hints, states = self._hint_advice(), self._state_advice()
        for row in self:
            row.advice = hints.get(row.hint) or states.get(f"{row.kind}_{row.state}") or states.get(row.state)

    @api.model
    def _state_advice(self):
        """Return what each API status means and what to do about it; by ``<kind>_<status>`` what is so of one kind."""
        return {
            "not_sent": self.env._("Not sent yet. It is sent by itself when nothing stands against it any more."),
            "sending": self.env._("Amazon works on it. Nothing to do."),
            "rejected": self.env._("Sending failed and Amazon has nothing. Press Retry when the reason is gone."),
            "unknown": self.env._("Amazon does not tell what became of it. Look at the order in Vendor Central."),
            "done": self.env._("Amazon has it. Nothing to do."),
            "error": self.env._("It was refused. Correct what the message says, then press Retry."),
        }

    @api.model
    def _hint_advice(self):
        """Return plain advice for what is known by name."""
        return {
            OWN_TROUBLE: self.env._("Amazon is in trouble of its own with this. Press Retry later."),
            "cancelled": self.env._("The order is cancelled on Amazon. Stop the parcel if you still can."),
        }

    # === ACTION METHODS === #

    def action_retry(self):
        """Send again what failed, or look again at what waits: soon."""
        self._amazon_check_group()
        self.order_id.check_access("write")
        # sudo: the outbox is the addon's own
        rows = self.sudo().filtered(lambda row: row.state not in ("sending", "done"))
        if not rows:
            raise UserError(self.env._("Choose what failed or waits."))
        rows._to_send(requested=True, again=0)
        rows._wake()
        return notice(self.env._("%s are sent within a minute.", len(rows)))

    def action_open_order(self):
        """Open the order in Odoo."""
        self.ensure_one()
        return self.order_id._amazon_form()

    # === WHAT AN HEIR SAYS === #

    @api.model
    def _sender(self, account):
        return account._job("vendor")

    def _wake(self):
        for account in self.account_id:
            self._sender(account)._trigger()

    def _facts(self):
        return self._of_kind("facts")

    def _content(self):
        try:
            content = self._of_kind("content")
            content.validate()
        except UserError as error:
            return None, str(error), getattr(error, "hint", False)
        except BadRequest as error:
            return None, str(error.message), error.hint
        return content, False, False

    def _why_waiting(self):
        return self._of_kind("why_waiting")

    def _shown_by(self, amazon):
        """Return the order as Amazon shows it: its own status says what Amazon has taken; or what the kind asks for."""
        if of_kind := getattr(self, f"_{self.kind}_shown_by", None):
            return of_kind(amazon)
        return parse_vendor_order(self.account_id._get_order(amazon, self.order_ref).payload)

    def _learned(self, shown):
        self._of_kind("learned", shown)

    def _done_there(self):
        """The orders were read: close what their own status shows, and was never told or was refused."""
        for row in self.filtered(lambda row: row.state not in ("sending", "done")):
            is_shown = getattr(row, f"_{row.kind}_is_shown", None)
            if is_shown and is_shown():
                # What it was told it has not taken.
                row._done(told=False)

    def _not_shown(self):
        """Amazon does not show that it has this: it is asked again, and after long enough told again."""
        if self.message:
            self._told_in_vain()
        elif self.asked < len(self._query_again_minutes):
            self._query_later(self.asked + 1)
        else:
            self._to_send()

    def _accepted(self, message=False, **values):
        result = super()._accepted(message, **{"alone": False, "again": 0, **values})
        for row in self:
            row._of_kind("accepted")
        return result

    def _refused(self, state, message, hint=False, **values):
        result = super()._refused(state, message, hint, **values)
        for row in self:
            row._of_kind("refused")
        return result

    # === WHAT THERE IS TO DO === #

    @api.model
    def _has_work(self, account, requested=False):
        return bool(
            super()._has_work(account, requested)
            or self.env["amazon.vendor.transaction"].search_count(
                self.env["amazon.vendor.transaction"]._due(account), limit=1
            )
        )

    @api.model
    def _unclear(self, account):
        # What has a transaction is followed by that.
        return super()._unclear(account) & Domain("transaction_id", "=", False)

    @api.model
    def _is_open_for(self, account):
        mine = Domain("account_id", "=", account.id)
        return bool(self.search_count(mine & Domain("state", "in", ("not_sent", "sending", "rejected")), limit=1))

    # === SENDING === #

    @api.model
    def _send_ready(self, run, ready, troubles):
        """Send what may go now: of each kind as much together as goes in one call."""
        declared, refused = self._declared(), run.log.refused
        for kind, rows in self.browse(self._denied_last(list(ready))).exists().grouped("kind").items():
            alone = rows.filtered("alone")
            for some in [*(rows - alone)._chunks(declared[kind].most), *alone]:
                try:
                    self._submit(run, some.ids, declared[kind], troubles)
                except AccessDenied as error:
                    # It may be this kind alone that Amazon denies.
                    troubles.append(error)
                    break
                run.checkpoint(len(some))
        self._count_wrong(run, ready, refused)

    @api.model
    def _submit(self, run, ids, kind, troubles):
        """Tell Amazon of these rows in one call.

        :param list ids: rows of one kind and account.
        :param Kind kind: theirs.
        :param list troubles: as in :meth:`_send_all`.
        :raise SellingPartnerError: what may concern not only these.
        """
        # What was read before does not count: a person may just have changed a row.
        self.env.cr.rollback()
        self.env.invalidate_all()
        rows = self.browse(ids).try_lock_for_update().filtered(lambda row: row._is_sendable())
        ready = rows._look_all()
        rows = self.browse(ready)
        if not rows:
            self.env["ir.cron"]._commit_progress()
            return
        rows._mark_sending("direct", run.log, transaction_id=False)
        run.commit()
        try:
            ref = kind.submit(run.account._vendor_api(run.amazon), list(ready.values()))
        except (QuotaExceeded, CredentialsError, AccessDenied) as error:
            rows._record("_not_sent", error)
            raise
        except (RetryLater, MalformedAnswer) as error:
            if not error.sent:
                rows._record("_not_sent", error)
                raise
            rows._record("_in_doubt")
            run.count(False, kind.operation)
        except BadRequest as error:
            if len(rows) > 1:
                # Which of them Amazon does not take it says of one alone.
                rows._record("_to_send", alone=True)
                for row in rows:
                    self._submit(run, row.ids, kind, troubles)
                    run.checkpoint(1)
            else:
                rows._record("_not_taken", error)
        else:
            rows._record("_submitted", ref, kind)
            run.count(bool(rows.exists().transaction_id), kind.operation)

    def _submitted(self, ref, kind):
        """Amazon has taken these in; what it does with them its transaction tells.

        :param str ref: Amazon's id of the transaction.
        :param Kind kind: theirs.
        """
        transactions = self.env["amazon.vendor.transaction"]
        if transactions._is_known(self.account_id, ref):
            # What became of the other one tells nothing of these.
            self._in_doubt()
        elif self:
            self.transaction_id = transactions._begin(self, ref, kind)

    def _not_taken(self, error):
        """Amazon has refused to take this in, told by itself.

        :param BadRequest error: its answer.
        """
        self._refused("error", error.message, error.hint)

    def _failed(self, message, errors):
        """Amazon says that it could not do what it was told with these. Some of several it may have done all the same:
        each is asked of its order now, and told again alone.

        :param str message: in Amazon's words.
        :param errors: the ``selling_partner`` errors that it is made of.
        """
        if len(self) == 1:
            self._ask_what_became(message, errors[0].hint if errors else "")
        else:
            self._ask_what_became()

    def _ask_what_became(self, message=False, hint=False):
        """Have Amazon asked now what it has done with these all the same.

        :param message: why it has not, where it says so of these.
        :param hint: what is known of that reason.
        """
        asked = len(self._query_again_minutes)
        said = {"message": message, "hint": hint or False} if message else {}
        self.write({"transaction_id": False, "alone": True, "retry_at": False, "asked": asked, **said})

    def _told_in_vain(self):
        """Amazon has not done what it was told, and has said why."""
        message, hint = self.message, self.hint
        if hint != OWN_TROUBLE or self.again == len(AGAIN_MINUTES):
            self._refused("error", message, hint)
            return
        minutes = AGAIN_MINUTES[self.again]
        self._to_send(again=self.again + 1)
        self._hold(Why(hint, message), minutes)

    # === FOLLOWING === #

    @api.model
    def _settle(self, run):
        self.env["amazon.vendor.transaction"]._follow(run)
        return super()._settle(run)

    @api.model
    def _sending_ended(self, account, requested):
        self.env["amazon.vendor.transaction"]._wake_for_open(account)
