"""Cancelling an order on Amazon, too, and what it shows of that (see ``orders/sale_order.py``)."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...const import AWAITING_PAYMENT, DEAD
from ...selling_partner import BUYER_CANCELED
from ..engine.amazon_outbox import API_STATUSES
from ..engine.why import Why
from .amazon_cancellation import GOING, REASONS


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_cancellation_ids = fields.One2many("amazon.cancellation", "order_id", "Cancellations", readonly=True)
    amazon_cancellation_state = fields.Selection(
        API_STATUSES, "Cancellation on Amazon", compute="_compute_amazon_cancellation"
    )
    amazon_cancellation_message = fields.Text("Why Not Cancelled", compute="_compute_amazon_cancellation")

    # === COMPUTE METHODS === #

    @api.depends("amazon_cancellation_ids.state", "amazon_cancellation_ids.message")
    @api.depends_context("lang")
    def _compute_amazon_cancellation(self):
        for order in self:
            # sudo: a salesman without access to Amazon opens the form, too
            row = order.sudo().amazon_cancellation_ids[:1]
            order.amazon_cancellation_state = row.state
            lines = (row.message, row.advice) if row else ()
            order.amazon_cancellation_message = "\n".join(filter(None, lines)) or False

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_amazon_cancelled(self):
        # sudo: whoever deletes orders may have no access to Amazon
        told = self.sudo().amazon_cancellation_ids.filtered(lambda row: row.told or row.state != "not_sent").order_id
        if told:
            raise UserError(
                self.env._(
                    "%s cannot be deleted: it was cancelled on Amazon from here, and that stays in the history.",
                    ", ".join(told.mapped("name")),
                )
            )

    # === ACTION METHODS === #

    def action_amazon_cancel(self):
        """Open the dialog that asks whether Amazon is told that these orders are cancelled, and why."""
        self._amazon_check_group()
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_cancelling")
        return {**action, "context": {"default_order_ids": self.ids}}

    def action_amazon_view_cancellations(self):
        """Open what Amazon was told, or is to be told, of the cancelling of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_cancellations")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}

    def action_draft(self):
        """What Amazon has not been told yet, it is not told any more; what it was told it may cancel any moment."""
        # sudo: the outbox is the addon's own, and salesmen press Odoo's button, too
        orders = self.sudo().filtered(lambda order: order.state == "cancel")
        # Whoever tells Amazon at this moment has it locked.
        orders.amazon_cancellation_ids.lock_for_update()
        orders._amazon_refuse_told()
        taken_up = orders.amazon_cancellation_ids
        waiting = taken_up.filtered(lambda row: row.state == "not_sent")
        waiting._free_confirmations()
        waiting._log(self.env._("Taken up again before Amazon was told to cancel it."))
        waiting.unlink()
        for order in orders:
            order._amazon_assigned("cancellation").unlink()
        return super().action_draft()

    def action_amazon_reopen(self):
        """Ask Amazon first what it may have cancelled long after it was told."""
        self._amazon_check_group()
        self.check_access("write")
        # sudo: the outbox is the addon's own
        unclear = self.sudo().amazon_cancellation_ids.filtered(lambda row: row.state == "unknown")
        if unclear and self.state == "cancel":
            unclear._check_old()
            result = self.action_amazon_refresh()
            if self.amazon_status in DEAD:
                return result
            unclear._refused("error", self.env._("%s was taken up again in Odoo.", self.name), "here")
        return super().action_amazon_reopen()

    def _amazon_refuse_told(self):
        """Raise UserError naming those of these orders that Amazon may cancel any moment."""
        rows = self.amazon_cancellation_ids
        told = rows.filtered(lambda row: row.state == "sending" or (row.state == "not_sent" and row.told))
        if told:
            raise UserError(
                self.env._(
                    "%s: Amazon was told to cancel it, and has not answered yet. Wait for the answer.",
                    ", ".join(told.order_id.mapped("name")),
                )
            )
        if unclear := rows.filtered(lambda row: row.state == "unknown"):
            raise UserError(
                self.env._(
                    "%s: Amazon has taken the cancellation, and may still carry it out. “Take Up Again” asks Amazon"
                    " first.",
                    ", ".join(unclear.order_id.mapped("name")),
                )
            )

    # === BUSINESS METHODS === #

    def _amazon_logs(self):
        return super()._amazon_logs() | self.amazon_cancellation_ids.log_ids

    def _amazon_why_not_cancelled_there(self):
        """Return why Amazon does not let the shop cancel this order, or the shop must not; None: nothing is in the way.

        :rtype: Why | None
        """
        self.ensure_one()
        name, status = self.name, self.amazon_status
        if not self.amazon_order_ref:
            return Why("not_amazon", self.env._("%s did not come from Amazon.", name))
        if self.amazon_channel == "df":
            return Why("df", self.env._("%s is a Direct Fulfillment order: reject it, or deny it.", name))
        if self.amazon_channel == "fba":
            return Why(
                "fba", self.env._("%s: Amazon ships this order (FBA); only the buyer and Amazon can cancel it.", name)
            )
        if status in AWAITING_PAYMENT:
            return Why("pending", self.env._("%s is pending: Amazon lets nobody but the buyer cancel it yet.", name))
        if status in DEAD:
            return Why("cancelled", self.env._("%s is cancelled on Amazon already.", name))
        if status == "shipped":
            return Why("shipped", self.env._("%s is shipped on Amazon and cannot be cancelled any more.", name))
        if status == "partially_shipped":
            return Why(
                "partly_shipped",
                self.env._("%s is partly shipped: Amazon cancels whole orders only. Cancel the rest there.", name),
            )
        if self._amazon_left():
            return Why("left", self.env._("%s: something of it has left already.", name))
        return self._amazon_why_brought_otherwise()

    def _amazon_why_brought_otherwise(self):
        """Return why Amazon must not cancel an order that the shop has cancelled only because it goes another way."""
        copies = self.amazon_copy_ids.filtered(lambda copy: copy.state != "cancel")
        if parent := self._amazon_carried_by():
            return Why(
                "combined",
                self.env._("%(order)s goes in one parcel with %(other)s.", order=self.name, other=parent.name),
            )
        if copies:
            return Why(
                "copied",
                self.env._(
                    "%(order)s is shipped by its copy %(copy)s.", order=self.name, copy=", ".join(copies.mapped("name"))
                ),
            )
        return None

    def _amazon_left_to_nobody(self):
        """Return the orders that were cancelled here to go along with this one, and that Amazon would wait for."""
        return self.amazon_merged_child_ids._amazon_goes_along().filtered(
            lambda order: (
                order.amazon_status not in (*DEAD, "shipped")
                and not order.amazon_cancellation_ids.filtered(lambda row: row.state in GOING)
            )
        )

    def _amazon_why_being_cancelled(self):
        """Return that Amazon is told to cancel this order, so that nothing of it may leave, or None.

        :rtype: Why | None
        """
        # sudo: the outbox is the addon's own
        states = self.sudo().amazon_cancellation_ids.mapped("state")
        if "unknown" in states:
            return Why(
                "cancelling",
                self.env._(
                    "%s: Amazon has taken its cancellation, and may still carry it out. See the cancellation on the"
                    " order.",
                    self.name,
                ),
            )
        if {"not_sent", "sending"} & set(states):
            return Why("cancelling", self.env._("%s is being cancelled on Amazon. Wait for the answer.", self.name))
        return None

    def _amazon_buyer_asks_for_all(self):
        """Tell whether the buyer has asked Amazon to have the whole order cancelled, not only a part of it."""
        self.ensure_one()
        # sudo: what Amazon says of the items is for whoever works on the order
        wanted = self.sudo().amazon_item_ids.filtered(lambda item: item.quantity_ordered > item.quantity_cancelled)
        return bool(wanted) and self.amazon_cancel_requested and all(wanted.mapped("cancel_requested"))

    def _amazon_why_not_to_cancel(self):
        """Return why a person cannot have Amazon cancel this order now, or None.

        :rtype: Why | None
        """
        # sudo: the outbox is the addon's own, as is what goes another way
        known = self.sudo()
        if known.amazon_cancellation_ids.filtered(lambda row: row.state in GOING):
            return Why("told", self.env._("%s: Amazon is being told already.", self.name))
        if known.amazon_cancellation_ids.filtered(lambda row: row.state == "unknown"):
            return Why("unknown", self.env._("%s: Amazon was told already; see its cancellation.", self.name))
        if along := known._amazon_left_to_nobody():
            return Why(
                "carries",
                self.env._(
                    "%(order)s: %(others)s were cancelled in Odoo to go in its parcel, and Amazon waits for them. Empty"
                    " “Combined into” on them, then cancel all of them together, or take them up again.",
                    order=self.name,
                    others=", ".join(along.mapped("name")),
                ),
            )
        return known._amazon_why_not_cancelled_there() or known._amazon_why_untold()

    def _amazon_why_untold(self):
        """Return why Amazon would not be told of this order's cancellation, or None.

        :rtype: Why | None
        """
        why = self.amazon_account_id._why_no_cancellations()
        return why and Why(why.hint, f"{self.name}: {why}.")

    def _amazon_cancel_there(self, reason, said=False):
        """Cancel these orders here, and have Amazon told soon.

        :param str reason: of the reasons of ``amazon.cancellation``.
        :param bool said: the buyers have told the shop that they want it.
        :raise UserError: saying of each what stands against it; nothing is cancelled then.
        """
        self._amazon_check_group()
        self.check_access("write")
        wrong = [why for order in self if (why := order._amazon_why_not_to_cancel())]
        unasked = self.filtered(lambda order: not order._amazon_buyer_asks_for_all())
        if reason == BUYER_CANCELED and unasked and not said:
            wrong.append(
                self.env._(
                    "%s: on Amazon the buyer has not asked for it. To say so all the same is against Amazon's rules,"
                    " unless the buyer has told you.",
                    ", ".join(unasked.mapped("name")),
                )
            )
        if wrong or reason not in dict(REASONS):
            raise UserError("\n".join(wrong) or self.env._("Please choose a reason."))
        if open_orders := self.filtered(lambda order: order.state != "cancel"):
            open_orders.action_cancel()
        self._amazon_note_cancelling(reason, said)

    def _amazon_note_cancelling(self, reason, said):
        """Put these orders into the outbox.

        :param str reason: why.
        :param bool said: the buyers have told the shop that they want it.
        """
        # sudo: the outbox is the addon's own; callers have checked the right to write the orders
        rows = self.env["amazon.cancellation"].sudo()
        by_buyer = reason == BUYER_CANCELED
        for order in self.sudo():
            values = {
                "reason": reason,
                "wish": by_buyer and ("asked" if order._amazon_buyer_asks_for_all() else said and "said"),
                "user_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                "cancelled_by": False,
            }
            if row := order.amazon_cancellation_ids:
                row._to_send(**values)
            else:
                row = rows.create({**order._amazon_cancellation_vals(), **values})
            rows |= row
        word = dict(rows._fields["reason"]._description_selection(self.env))[reason]
        rows._log(self.env._("To be cancelled on Amazon: %s", word))
        rows._wake()

    def _amazon_cancellation_vals(self):
        return {
            "account_id": self.amazon_account_id.id,
            "marketplace_id": self.amazon_marketplace_id.id,
            "order_id": self.id,
            "order_ref": self.amazon_order_ref,
        }

    def _amazon_write_header(self, facts, partly=False):
        result = super()._amazon_write_header(facts, partly)
        if self.amazon_status in DEAD:
            # sudo: the outbox is the addon's own
            open_rows = self.sudo().amazon_cancellation_ids.filtered(lambda row: row.state != "done")
            open_rows._cancelled(facts.value)
        return result
