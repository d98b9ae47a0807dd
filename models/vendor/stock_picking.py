from datetime import timedelta

from odoo import api, fields, models

from ...ours import is_ours
from .sale_order import CHANNEL

# Amazon wants to know within so many hours that an order has left; missing it suspends the warehouse.
CONFIRM_HOURS = 4
# What a confirmation may lack, and has got when one of these changes.
TOLD_FIELDS = {"carrier_tracking_ref", "carrier_id", "amazon_ship_date", "date_done"}


class StockPicking(models.Model):
    """Deliveries of vendors' orders: Amazon is told of each order as a whole."""

    _inherit = "stock.picking"

    amazon_confirm_by = fields.Datetime(
        "Confirm by",
        compute="_compute_amazon_confirm_by",
        store=True,
        help="Amazon wants to know within 4 hours that a Direct Fulfillment order has left.",
    )
    amazon_acknowledgement = fields.Selection(related="sale_id.amazon_acknowledgement")
    amazon_vendor_message = fields.Text(related="sale_id.amazon_vendor_message")
    amazon_own_carrier = fields.Boolean(related="sale_id.amazon_account_id.vendor_own_carrier")
    amazon_ship_from = fields.Char(related="sale_id.amazon_ship_from")
    amazon_order_ship_method = fields.Char(related="sale_id.amazon_ship_method")

    _amazon_confirm_by_idx = models.Index("(amazon_confirm_by, id) WHERE amazon_confirm_by IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("state", "date_done", "picking_type_id.code", "sale_id.amazon_channel")
    def _compute_amazon_confirm_by(self):
        for picking in self:
            left = picking.state == "done" and picking.picking_type_id.code == "outgoing"
            vendors = left and picking.sale_id.amazon_channel == CHANNEL
            picking.amazon_confirm_by = (
                picking.date_done + timedelta(hours=CONFIRM_HOURS) if vendors and picking.date_done else False
            )

    @api.depends("sale_id.amazon_submission_ids.state", "sale_id.amazon_submission_ids.kind")
    def _compute_amazon_api_status(self):
        result = super()._compute_amazon_api_status()
        for picking in self.filtered(lambda picking: picking.sale_id.amazon_channel == CHANNEL):
            # sudo: a warehouse hand may have no access to Amazon's outbox
            picking.amazon_api_status = (
                picking.picking_type_id.code == "outgoing" and picking.sudo().sale_id._amazon_confirmation_status()
            )
        return result

    @api.depends("sale_id.amazon_channel", "move_line_ids.result_package_id.shipping_weight")
    def _compute_amazon_warning(self):
        result = super()._compute_amazon_warning()
        for picking in self.filtered(lambda picking: picking.state not in ("draft", "done", "cancel")):
            # sudo: who packs may not see all of the order
            if picking.picking_type_id.code == "outgoing" and picking.sudo().sale_id.amazon_channel == CHANNEL:
                picking.amazon_warning = "\n".join(picking.sudo()._amazon_parcel_warnings()) or False
        return result

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if TOLD_FIELDS & set(vals):
            self.env["amazon.vendor.submission"]._look_again([("picking_id", "in", self.ids)])
        return result

    # === ACTION METHODS === #

    def action_amazon_floor_denial(self):
        """Tell Amazon that the orders of these deliveries cannot leave. The view asks before."""
        return self.sale_id.action_amazon_floor_denial()

    # === BUSINESS METHODS === #

    def _action_done(self):
        result = super()._action_done()
        if not is_ours(self.env, "amazon_has_left"):
            done = self.filtered(lambda picking: picking.state == "done")
            leaving = done.move_ids.filtered(lambda move: move.location_dest_id.usage == "customer")
            orders = leaving.sale_line_id.order_id.filtered(lambda order: order.amazon_channel == CHANNEL)
            self.env["amazon.vendor.submission"]._make_confirmations(orders)
        return result

    def _amazon_why_blocked(self):
        blocked = super()._amazon_why_blocked()
        if blocked:
            return blocked
        order = self.sudo().sale_id  # sudo: see there
        if order.amazon_acknowledgement == "rejected":
            return self.env._("%s was rejected; nothing of it may leave.", order.name)
        if order.amazon_denied:
            return self.env._("%s was denied; nothing of it may leave.", order.name)
        return False
