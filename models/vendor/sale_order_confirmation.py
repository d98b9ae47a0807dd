"""How far Amazon knows that a vendor's order has left (see ``sale_order.py``)."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import format_datetime

from ...notices import notice
from .sale_order import CHANNEL
from .stock_picking import CONFIRM_HOURS

# So long before Amazon's deadline a person is told that it does not know yet.
URGENT_MINUTES = 60


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_denied = fields.Boolean("Floor Denied", compute="_compute_amazon_denied")

    # === COMPUTE METHODS === #

    @api.depends("amazon_submission_ids.state", "amazon_submission_ids.denied")
    def _compute_amazon_denied(self):
        for order in self:
            # sudo: whoever works on orders may have no access to Amazon
            denial = order.sudo()._amazon_submission("confirmation").filtered("denied")
            # Refused by Amazon, the order may leave.
            order.amazon_denied = bool(denial) and denial.state not in ("rejected", "error")

    @api.depends("amazon_submission_ids.state", "amazon_submission_ids.kind", "amazon_vendor_status")
    def _compute_amazon_api_status(self):
        result = super()._compute_amazon_api_status()
        for order in self.filtered(lambda order: order.amazon_channel == CHANNEL):
            # sudo: whoever works on orders may have no access to Amazon
            order.amazon_api_status = order.sudo()._amazon_confirmation_status()
        return result

    def _amazon_confirmation_status(self):
        """Return whether Amazon knows that the order has left, as ``amazon_api_status`` has it."""
        row = self._amazon_submission("confirmation")
        if self.amazon_vendor_status == "SHIPPED":
            return "done"
        if row:
            return row.state
        return "not_sent" if self.state == "sale" and self.amazon_vendor_status in ("NEW", "ACCEPTED") else False

    # === ACTION METHODS === #

    def action_amazon_floor_denial(self):
        """Tell Amazon that these orders, which were accepted, cannot leave; it cancels them. The view asks before.

        :raise UserError: naming those of which that cannot be said.
        """
        self._amazon_check_group()
        self.check_access("write")
        wrong = self.filtered(
            lambda order: (
                order.amazon_acknowledgement != "accepted"
                or order.amazon_api_status in ("sending", "done")
                or order._amazon_is_out()
            )
        )
        if wrong or not self:
            raise UserError(
                self.env._(
                    "Only Direct Fulfillment orders that were accepted and have not left can be denied. Not these: %s",
                    ", ".join(wrong.mapped("name")) or "–",
                )
            )
        self.env["amazon.vendor.submission"]._make_confirmations(self, denied=True)
        return notice(
            self.env._("Amazon is told within a minute that it cannot leave: %s", ", ".join(self.mapped("name")))
        )

    # === BUSINESS METHODS === #

    def _amazon_vendor_gone(self):
        """Return the deliveries in which something of the order has left to a customer, in their order."""
        gone = self.picking_ids.move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id.usage == "customer"
        )
        return gone.picking_id.filtered(lambda picking: picking.state == "done").sorted(
            lambda picking: (picking.date_done, picking.id)
        )

    def _amazon_is_out(self):
        """Tell whether something of the order has left, and has not come back."""
        return any(line.move_ids and line.qty_delivered > 0 for line in self.order_line)

    def _amazon_acknowledged(self):
        result = super()._amazon_acknowledged()
        # What has left meanwhile waited for it.
        self.env["amazon.vendor.submission"]._look_again([("order_id", "in", self.ids)])
        return result

    @api.model
    def _amazon_urge_confirmations(self, account):
        """Tell a person of what has left and Amazon does not know yet, when little time is left.

        :param account: the ``amazon.account``.
        """
        soon = fields.Datetime.now() + timedelta(minutes=URGENT_MINUTES)
        rows = self.env["amazon.vendor.submission"].search(
            Domain("account_id", "=", account.id)
            & Domain("kind", "=", "confirmation")
            & Domain("state", "!=", "done")
            & Domain("picking_id.amazon_confirm_by", "<=", soon)
        )
        for row in rows:
            until = min(row.order_id._amazon_vendor_gone().mapped("date_done")) + timedelta(hours=CONFIRM_HOURS)
            time = format_datetime(self.env, until, tz=account._zone(), dt_format="short")
            row.order_id._amazon_assign(
                "confirm_by",
                self.env._("Amazon must know by %s that it has left", time),
                row.message,
                "sale_amazon_spapi.mail_activity_confirmation",
            )
