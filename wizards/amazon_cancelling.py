from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.cancelling.amazon_cancellation import OTHER_REASONS, USUAL_REASONS
from ..notices import CLOSE, notice
from ..selling_partner import BUYER_CANCELED

MORE = "more"


class AmazonCancelling(models.TransientModel):
    """Whether Amazon is told that orders are cancelled, and why."""

    _name = "amazon.cancelling"
    _inherit = "amazon.guard"
    _description = "Cancelling of Amazon Orders"

    order_ids = fields.Many2many("sale.order", string="Orders", readonly=True)
    told_ids = fields.Many2many("sale.order", compute="_compute_told_ids")
    refusal = fields.Text("Not on Amazon", compute="_compute_told_ids")
    where = fields.Selection(
        [("amazon", "In Odoo and on Amazon"), ("odoo", "In Odoo only")],
        "Cancel",
        required=True,
        compute="_compute_where",
        store=True,
        precompute=True,
        readonly=False,
    )
    reason = fields.Selection(
        [*USUAL_REASONS, (MORE, "More…")],
        compute="_compute_reason",
        store=True,
        precompute=True,
        readonly=False,
    )
    more_reason = fields.Selection(OTHER_REASONS, "Which")
    buyer_asks = fields.Boolean(compute="_compute_buyer_asks")
    said = fields.Boolean("The buyer has told us")
    # Which advice the dialog gives.
    advice = fields.Char(compute="_compute_advice")

    # === COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "order_ids" in fields_list and self.env.context.get("active_model") == "sale.order":
            # Only what the user may see.
            orders = self.env["sale.order"].search(
                [("id", "in", self.env.context.get("active_ids", [])), ("amazon_account_id", "!=", False)]
            )
            values.setdefault("order_ids", [fields.Command.set(orders.ids)])
        return values

    @api.depends("order_ids")
    def _compute_told_ids(self):
        for dialog in self:
            why = {order: order._amazon_why_not_to_cancel() for order in dialog.order_ids._origin}
            dialog.told_ids = dialog.order_ids._origin.filtered(lambda order, why=why: not why[order])
            dialog.refusal = "\n".join(filter(None, why.values())) or False

    @api.depends("order_ids")
    def _compute_where(self):
        for dialog in self:
            dialog.where = "amazon" if dialog.told_ids else "odoo"

    @api.depends("order_ids")
    def _compute_buyer_asks(self):
        for dialog in self:
            orders = dialog.told_ids
            dialog.buyer_asks = bool(orders) and all(order._amazon_buyer_asks_for_all() for order in orders)

    @api.depends("order_ids")
    def _compute_reason(self):
        for dialog in self:
            dialog.reason = BUYER_CANCELED if dialog.buyer_asks else USUAL_REASONS[0][0]

    @api.depends("reason", "where", "order_ids")
    def _compute_advice(self):
        for dialog in self:
            if dialog.where != "amazon":
                dialog.advice = False
            elif dialog.reason == BUYER_CANCELED:
                dialog.advice = "buyer" if dialog.buyer_asks else "unasked"
            else:
                dialog.advice = "against" if dialog.buyer_asks else "counts"

    # === ACTION METHODS === #

    def action_cancel_orders(self):
        """Cancel the orders, and have Amazon told where that was chosen; what Amazon cannot be told stays as it is
        then."""
        self.ensure_one()
        self.env["sale.order"]._amazon_check_group()
        if self.where == "amazon":
            return self._cancel_there()
        orders = self.order_ids.filtered(lambda order: order.state != "cancel")
        if not orders:
            raise UserError(self.env._("All of these are cancelled in Odoo already."))
        orders.action_cancel()
        return notice(self.env._("%s orders are cancelled in Odoo.", len(orders)), then=CLOSE)

    def _cancel_there(self):
        orders, reason = self.told_ids, self.more_reason if self.reason == MORE else self.reason
        if not orders:
            raise UserError(self.refusal or self.env._("Choose orders from Amazon."))
        if not reason:
            raise UserError(self.env._("Please choose a reason."))
        orders._amazon_cancel_there(reason, self.said)
        message = self.env._("%s cancellations are sent to Amazon within a minute.", len(orders))
        left = self.refusal and self.env._("Left as they are:\n%s", self.refusal)
        return notice("\n".join(filter(None, (message, left))), "warning" if left else "success", CLOSE)
