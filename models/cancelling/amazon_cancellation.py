"""The outbox of cancellations (rule 2): which orders the shop cancels on Amazon, why, and whether they are."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from ...const import DEAD, STATUS
from ...notices import notice
from ...selling_partner import (
    BUYER_CANCELED,
    FEED_TYPE_CANCELLATION,
    BadRequest,
    OrderCancellation,
    parse_readable,
)
from ..engine.amazon_outbox import FAILED
from ..engine.trigram import trigram

_lt = LazyTranslate(__name__)

# Amazon's CancelReason; the first three are what shops need.
USUAL_REASONS = [
    ("NoInventory", "Out of Stock"),
    (BUYER_CANCELED, "The Buyer Wants It"),
    ("ShippingAddressUndeliverable", "Address Cannot Be Delivered to"),
]
OTHER_REASONS = [
    ("CustomerExchange", "Exchange"),
    ("GeneralAdjustment", "Other Reason (General Adjustment)"),
    ("CarrierCreditDecision", "Carrier's Credit Decision"),
    ("RiskAssessmentInformationNotValid", "Risk Assessment: Details Not Valid"),
    ("CarrierCoverageFailure", "Carrier Does Not Deliver There"),
    ("CustomerReturn", "Sent Back by the Buyer"),
    ("MerchandiseNotReceived", "Goods Were Not Received"),
]
REASONS = USUAL_REASONS + OTHER_REASONS
# Amazon has it, or is to get it.
GOING = ("not_sent", "sending", "done")

# Amazon carries a cancellation out within minutes or hours: what it does not show after so many it has dropped.
OPEN_HOURS = 24

# Why Amazon is asked for an order, the hint of a row that is being sent: its report refuses the order, it was broken
# off, it does not say, it has accepted; the answer to its submission was lost.
REFUSED, BROKEN, UNCLEAR, TAKEN, LOST = (
    "cancel_refused",
    "cancel_broken",
    "cancel_unclear",
    "cancel_taken",
    "cancel_lost",
)


class AmazonCancellation(models.Model):
    """An order that the shop cancels on Amazon, as a whole: outbox and history in one."""

    _name = "amazon.cancellation"
    _description = "Cancellation on Amazon"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search", "amazon.outbox"]
    _order = "id desc"
    _rec_name = "order_ref"
    # What may quote the order's buyer.
    _amazon_quotes = ("order_id", ("message", "warning"))
    _check_company_auto = True
    _operations = ("createFeed", "getOrder")
    _feed_type = FEED_TYPE_CANCELLATION
    # Amazon may cancel minutes after its report says so.
    _query_again_minutes = (2, 10, 30)

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    marketplace_id = fields.Many2one("amazon.marketplace", required=True, readonly=True, ondelete="restrict")
    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade", check_company=True)
    order_ref = fields.Char("Amazon Order", required=True, readonly=True)
    reason = fields.Selection(REASONS, required=True, readonly=True)
    wish = fields.Selection(
        [("asked", "Asked for on Amazon"), ("said", "Told to the Shop")],
        "Buyer's Wish",
        readonly=True,
        help="How the shop knows that the buyer wants the order cancelled",
    )
    at_fault = fields.Boolean(
        "Counts Against the Shop",
        compute="_compute_at_fault",
        store=True,
        help="Amazon counts what the shop cancels for reasons of its own in its cancellation rate.",
    )
    user_id = fields.Many2one("res.users", "Decided by", readonly=True, ondelete="set null")
    decided_at = fields.Datetime("Decided on", required=True, readonly=True, default=fields.Datetime.now)
    cancelled_by = fields.Selection(
        [("MERCHANT", "Shop"), ("BUYER", "Buyer"), ("AMAZON", "Amazon")], "Cancelled by", readonly=True
    )
    advice = fields.Text("What to Do", compute="_compute_advice")
    log_ids = fields.Many2many(
        "amazon.log", "amazon_cancellation_log_rel", "cancellation_id", "log_id", "API Log", readonly=True
    )

    # Whoever decides: Amazon is told of an order by one row.
    _order_uniq = models.UniqueIndex("(order_id)", "This order is being cancelled on Amazon already.")
    _open_idx = models.Index("(account_id, state, retry_at) WHERE state != 'done'")
    _order_ref_idx = models.Index(trigram("order_ref"))
    _decided_at_idx = models.Index("(decided_at)")

    # === COMPUTE METHODS === #

    @api.depends("reason", "cancelled_by")
    def _compute_at_fault(self):
        for row in self:
            row.at_fault = row.reason != BUYER_CANCELED and row.cancelled_by in (False, "MERCHANT")

    @api.depends("state", "hint", "account_id.active")
    @api.depends_context("lang")
    def _compute_advice(self):
        states, hints = self._state_advice(), self._hint_advice()
        for row in self:
            untold = (
                row.state in ("not_sent", "sending") and row.order_id.sudo()._amazon_why_untold()
            )  # sudo: see there
            row.advice = untold or (row.state in FAILED and hints.get(row.hint)) or states[row.state]

    @api.model
    def _state_advice(self):
        """Return what each API status means and what to do about it."""
        return {
            "not_sent": self.env._("Amazon is told within minutes. Nothing to do."),
            "sending": self.env._("Amazon works on it, which takes minutes, sometimes hours. Nothing to do."),
            "rejected": self.env._("Amazon has nothing of it. Press Retry when the reason is gone."),
            "unknown": self.env._(
                "Amazon does not show that the order is cancelled. Look at it in Seller Central; if it still waits to"
                " be shipped there, press Retry."
            ),
            "done": self.env._("The order is cancelled on Amazon. Nothing to do."),
            "error": self.env._(
                "The order is not cancelled on Amazon. Cancel it in Seller Central if you still can, or press “Take Up"
                " Again” on the order and ship it."
            ),
        }

    @api.model
    def _hint_advice(self):
        """Return plain advice for what is known by name."""
        return {
            "here": self.env._("The order was taken up again in Odoo. Nothing to do."),
            "shipped": self.env._(
                "The order has left according to Amazon. Wait for it to come back, and refund the buyer then."
            ),
            "access": self.env._("It is tried again by itself when the application has access."),
        }

    # === ACTION METHODS === #

    def action_retry(self):
        """Tell Amazon again what has failed, soon; of what is not known, ask first."""
        self._amazon_check_group()
        self.order_id.check_access("write")
        # sudo: the outbox is the addon's own
        rows = self.sudo().filtered(lambda row: row.state not in ("sending", "done"))
        if not rows:
            raise UserError(self.env._("Choose what failed or waits."))
        if untold := list(filter(None, (order._amazon_why_untold() for order in rows.order_id))):
            raise UserError("\n".join(untold))
        unknown = rows.filtered(lambda row: row.state == "unknown")
        (rows - unknown)._to_send()
        # Amazon may have it all the same: only what it still does not show then is told again.
        unknown._ask(LOST, self.env._("Amazon is asked once more whether the order is cancelled."))
        rows._wake()
        return notice(self.env._("%s are sent within a minute.", len(rows)))

    def action_open_order(self):
        """Open the order in Odoo."""
        self.ensure_one()
        return self.order_id._amazon_form()

    def action_amazon_open(self):
        """Open the order in Seller Central."""
        self.ensure_one()
        return self.order_id.action_amazon_open()

    def action_view_logs(self):
        """Open the runs that had to do with these."""
        return self.log_ids._action_view()

    # === WHAT AN HEIR SAYS === #

    @api.model
    def _sender(self, account):
        return account._job("cancel")

    def _wake(self):
        for account in self.account_id:
            self._sender(account)._trigger()

    def _cancellation(self):
        """Return what Amazon is told.

        :rtype: OrderCancellation
        """
        items = self.order_id.amazon_item_ids.sorted("item_ref")
        wanted = items.filtered(lambda item: item.quantity_ordered > item.quantity_cancelled)
        return OrderCancellation(self.order_ref, self.reason, tuple(wanted.mapped("item_ref")))

    def _facts(self):
        return {"reason": self.reason, "items": list(self._cancellation().items)}

    def _content(self):
        order = self.order_id
        if order.state != "cancel":
            return None, self.env._("%s was taken up again in Odoo.", order.name), "here"
        if why := order._amazon_why_not_cancelled_there():
            return None, why, why.hint
        content = self._cancellation()
        try:
            content.validate()
        except BadRequest as error:
            return None, str(error.message), error.hint
        return content, False, False

    def _why_waiting(self):
        return False

    def _shown_by(self, amazon):
        received = self.account_id._get_order(amazon, self.order_ref)
        return received, parse_readable(received.payload)

    def _learned(self, shown):
        received, value = shown or (None, None)
        status = STATUS.get(value.status) if value else None
        if status in DEAD:
            # The order itself follows at once. sudo: the inbox is the addon's own
            inbox = self.env["amazon.order.update"].sudo()
            inbox._receive(self.account_id, [received])
            inbox._trigger_builders()
            self._cancelled(value)
        elif status in ("partially_shipped", "shipped"):
            left = self.env._("According to Amazon the order has left, or a part of it.")
            self._refused("error", self.message if self.hint == REFUSED else left, "shipped")
        else:
            self._not_shown()

    def _check_old(self):
        """Raise UserError naming the orders of which Amazon was told so lately that it may still cancel them."""
        since = fields.Datetime.now() - timedelta(hours=OPEN_HOURS)
        if young := self.filtered(lambda row: (row.sent_at or row.decided_at) > since):
            raise UserError(
                self.env._(
                    "%(orders)s: Amazon has taken the cancellation, and may still carry it out; until %(hours)s hours"
                    " after it was told the order cannot be taken up again. Press Retry on the cancellation to have"
                    " Amazon asked once more.",
                    orders=", ".join(young.order_id.mapped("name")),
                    hours=OPEN_HOURS,
                )
            )

    # === MOVES === #

    def _ask(self, hint, message=False):
        """Have Amazon asked now whether these orders are cancelled.

        :param str hint: why it is asked.
        :param str message: why, in words.
        """
        self._to_query(message, state="sending")
        self.write({"hint": hint, "channel": "direct"})

    def _not_shown(self):
        """Amazon does not show the order as cancelled: it is asked again, and at last its word counts."""
        if self.hint != REFUSED and self.asked < len(self._query_again_minutes):
            self._query_later(self.asked + 1)
        elif self.hint == REFUSED:
            self._refused("error", self.message, REFUSED)
        elif self.hint == BROKEN:
            self._refused("rejected", self.message, BROKEN)
        elif self.hint == LOST:
            self._to_send()
        else:
            message = self.env._("Amazon has taken the cancellation, but does not show the order as cancelled.")
            self._refused("unknown", self.message or message, self.hint)

    def _accepted(self, message=False, **values):
        """Amazon's report says that these are cancelled; whether they are, the orders tell."""
        now = fields.Datetime.now()
        self.write({"answered_at": now, "accepted_at": now, **values})
        self._ask(TAKEN)

    def _cancelled(self, value):
        """Amazon shows the order as cancelled, whoever did it.

        :param value: the ``selling_partner`` order.
        """
        by = next((item.cancelled_by for item in value.items if item.cancelled_by), False)
        known = dict(self._fields["cancelled_by"].selection)
        self._done(cancelled_by=by if by in known else False)

    def _done(self, **values):
        if not self:
            return None
        result = super()._done(**values)
        self._free_confirmations()
        self._log(self.env._("The order is cancelled on Amazon."))
        for order in self.order_id:
            order._amazon_assigned("cancellation").unlink()
        return result

    def _refused(self, state, message, hint=False, **values):
        result = super()._refused(state, message, hint, **values)
        # What is tried again by itself nobody has to see to.
        final = self.filtered(lambda row: not row.retry_at)
        self._free_confirmations()
        final._log(self.env._("The order is not cancelled on Amazon: %s", message))
        if hint != "here":
            summary = self.env._("Amazon has not cancelled this order")
            final.order_id._amazon_assign("cancellation", summary, message)
        return result

    def _free_confirmations(self):
        """Confirmations may have waited for what Amazon says of these."""
        orders = self.order_id.filtered("amazon_confirmation_ids")
        if orders:
            self.env["amazon.confirmation"]._look_again([("order_id", "in", orders.ids), ("hint", "=", "cancelling")])

    def _log(self, text):
        """Write a line into the chatter of the orders."""
        if self.order_id:
            self.order_id._message_log_batch(bodies=dict.fromkeys(self.order_id.ids, text))

    def _count_in(self, log):
        """The report on the feed is counted already."""
