"""What a person decides about confirmations: setting the API status, and the numbers entered in lists."""

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError

from ...selling_partner import formula_in

BY_HAND = ("not_sent", "done")


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    summary = fields.Char("In Short", compute="_compute_summary", help="The message, on one line")

    # === COMPUTE METHODS === #

    @api.depends("message")
    def _compute_summary(self):
        for row in self:
            row.summary = " ".join((row.message or "").split()) or False

    # === ACTION METHODS === #

    def action_open_feed(self):
        """Open the feed this went out in."""
        return self._open(self.feed_id)

    # === BUSINESS METHODS: SENDING NOW === #

    def _confirm_now(self):
        """Have sent soon, whatever the phase, what Amazon does not have.

        :return: the notification to show.
        :raise UserError: when it has everything.
        """
        rows = self.filtered(lambda row: row.state not in ("sending", "done"))
        if not rows:
            raise UserError(self.env._("There is nothing here that Amazon has to be told."))
        rows._request()
        return rows._notify_requested()

    # === BUSINESS METHODS: SETTING THE STATUS === #

    @api.model
    def _why_not_set(self, order):
        """Return why a person cannot set this order's API status, or False.

        :param order: the ``sale.order``.
        :rtype: str | bool
        """
        order = order.sudo()  # sudo: the outbox is the addon's own; callers have checked the right to write orders
        if not (order.amazon_account_id and order.amazon_order_ref):
            return self.env._("It did not come from Amazon.")
        if order.amazon_channel == "fba":
            return self.env._("Amazon ships it (FBA).")
        if "sending" in order.amazon_confirmation_ids.mapped("state"):
            return self.env._("It is being sent; wait for Amazon's answer.")
        return False

    @api.model
    def _why_unusual(self, order, status):
        """Return what speaks against setting this order's API status, though a person may do so, or False.

        :param order: the ``sale.order``.
        :param str status: as of :meth:`_set_status`.
        :rtype: str | bool
        """
        order = order.sudo()  # sudo: see _why_not_set
        if order._amazon_is_ship_plus() and not order.amazon_confirmation_ids:
            return self.env._("Amazon confirms this order itself (Ship+).")
        if waiting := order._amazon_not_left():
            names = ", ".join(waiting.mapped("name"))
            if status == "done":
                return self.env._("%s has not left yet. When it leaves, Amazon will not be told.", names)
            if not order.amazon_confirmation_ids:
                return self.env._("%s has not left yet. It is sent when it leaves.", names)
        elif not order.amazon_confirmation_ids and not order._amazon_left():
            if order.amazon_status == "cancelled":
                return self.env._("The order is cancelled on Amazon.")
            return self.env._("No delivery has left yet.")
        return False

    @api.model
    def _set_status(self, orders, status):
        """Set the API status of orders by hand (C9): to what is the case on Amazon, or to have it sent again.

        :param orders: the ``sale.order``; the user must be allowed to write them.
        :param str status: ``not_sent`` or ``done``.
        :return: (the orders that were set, {order: why not}).
        :rtype: tuple
        """
        if status not in BY_HAND:
            raise ValueError(status)
        orders.check_access("write")
        done, refused = orders.browse(), {}
        for order in orders:
            why = self._why_not_set(order) or self._set_status_of(order, status)
            if why:
                refused[order] = why
            else:
                done += order
        return done, refused

    @api.model
    def _set_status_of(self, order, status):
        """Set one order's; return why not, or False."""
        # sudo: the outbox is the addon's own
        order = order.sudo()
        rows = order.amazon_confirmation_ids
        if len(rows.try_lock_for_update()) < len(rows):
            return self.env._("It is being sent; wait for Amazon's answer.")
        before = order.amazon_api_status
        if order._amazon_is_ship_plus():
            order.amazon_status_by_hand = status
        elif status == "not_sent":
            order.amazon_status_by_hand = False
        rows = rows or self._make(order._amazon_left()).filtered(lambda row: row.order_id == order)
        for row in rows:
            # What was entered in Seller Central keeps its reference, and so its channel.
            if status == "done":
                kept = row.channel == "seller_central"
                # What is changed later has to be told: then Amazon says whether it can.
                values = {"channel": row.channel if kept else "by_hand", "told": row._facts(), "query_first": False}
                row._done(edited=False, **values)
            else:
                # From now on it counts where the order stands now.
                phase = row.phase_id if row.state == "not_sent" else order.amazon_phase_id
                channel = row.channel != "by_hand" and row.channel
                row._to_send(edited=False, requested=False, phase_id=phase.id, channel=channel)
        if status == "done" and order.amazon_api_status != "done":
            # Something has still to leave, or Amazon waits for more than what has left.
            order.amazon_status_by_hand = "done"
        self._log_status(order, before, status)
        order.activity_unlink(["sale_amazon_spapi.mail_activity_confirmation"])
        if status == "not_sent":
            rows._wake()
        elif not order._amazon_not_left():
            [here] = order._amazon_in_company_language()
            here._amazon_confirmed()
        return False

    @api.model
    def _log_status(self, order, before, status):
        """Write into the chatter, in the company's language, who set what."""
        here = order.sudo().with_context(lang=order.company_id._amazon_lang())
        labels = dict(self._fields["state"]._description_selection(here.env))
        text = here.env._(
            "API status set by hand: %(before)s → %(after)s",
            before=labels.get(before, "–"),
            after=labels[status],
        )
        order._message_log(body=Markup("%s") % text)

    # === BUSINESS METHODS: WHAT A LIST OR FILE SHOWS === #

    def _why_not_in_file(self):
        """Return why Seller Central's file cannot hold this, or False.

        :rtype: str | bool
        """
        self.ensure_one()
        if self.state == "sending":
            return self.env._("It is being sent; wait for Amazon's answer.")
        if self.state == "done" or self.accepted_at:
            return self.env._("Amazon has this parcel already, and a file cannot change it.")
        if not self.marketplace_id:
            return self.env._("It was not sold in a marketplace: Seller Central does not know it.")
        if self.order_id.amazon_on_hold:
            return self.env._("The order is on hold.")
        if self.transparency_codes or self._why_codes_missing():
            return self.env._("The file has no column for Transparency codes.")
        shipment, _wrong = self._checked_shipment()
        if shipment and (text := formula_in(shipment)):
            return self.env._(
                "“%s” begins with a sign that spreadsheets take for a formula, and Seller Central needs it as it is."
                " Correct it on the delivery or on its method, or have Odoo send it.",
                text,
            )
        return self._why_number_missing()

    def _obstacle(self, number=None):
        """Return what would stop this again if it were sent now as it is, or False.

        :param number: a tracking number that is about to be entered, False: none; None: as it is.
        :rtype: str | bool
        """
        self.ensure_one()
        if self.hint == "cancelled":
            return self.message
        wrong = self._checked_shipment()[1] if number is None else self._why_wrong(number)
        return wrong or self._why_number_missing(number) or self._why_codes_missing()

    def _message_now(self):
        """Return what stands against this, or False; while the job is stopped what it has found may be over.

        :rtype: str | bool
        """
        self.ensure_one()
        return self._obstacle() if self._stopped_advice() else self.state != "done" and self.message

    def _explanation(self):
        """Return what its order and its delivery say of why this is not with Amazon, and what to do, or False.

        :rtype: str | bool
        """
        message = self._message_now() or self._doubt()
        # Of what is found wrong here the message says what to do.
        advice = self._stopped_advice() or (message and self.hint in self._hint_advice() and self.advice)
        return "\n".join(filter(None, (message, advice))) or False

    def _doubt(self):
        """Return that it is not known whether Amazon has this, or False.

        :rtype: str | bool
        """
        if self.state != "sending" or not self.retry_at or self.channel == "feed":
            return False
        return self.env._("Amazon's answer was lost. It is asked by itself, after some minutes, whether it has this.")

    def _reason_shown(self):
        """Return what a list shows of why this is not with Amazon, or False."""
        self.ensure_one()
        if self.state == "not_sent":
            return self.message or self._obstacle() or self._why_excluded()
        return (self.message or self._doubt()) if self.state != "done" else False
