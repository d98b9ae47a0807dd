"""Where the parcels of vendors' deliveries are, and what Amazon is told of that."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_order import CHANNEL

# What happens where the parcel was sent to, and where it leaves; where the rest does only a person knows.
AT_CUSTOMERS = ("delivered", "refused")
AT_WAREHOUSE = ("departed",)


class StockPicking(models.Model):
    _inherit = "stock.picking"

    amazon_status_ids = fields.One2many(
        "amazon.vendor.submission", "picking_id", "Status Updates", readonly=True, domain=[("kind", "=", "status")]
    )
    amazon_tells_status = fields.Boolean(compute="_compute_amazon_tells_status")
    amazon_status_message = fields.Text("Status on Amazon", compute="_compute_amazon_status_message")

    # === COMPUTE METHODS === #

    @api.depends("state", "amazon_api_status", "sale_id.amazon_channel", "sale_id.amazon_account_id.vendor_own_carrier")
    def _compute_amazon_tells_status(self):
        for picking in self:
            # sudo: a warehouse hand may have no access to Amazon
            order = picking.sudo().sale_id
            confirmed = picking.state == "done" and picking.amazon_api_status == "done"
            own = order.amazon_channel == CHANNEL and order.amazon_account_id.vendor_own_carrier
            picking.amazon_tells_status = confirmed and own

    @api.depends("amazon_status_ids.state", "amazon_status_ids.message")
    @api.depends_context("lang")
    def _compute_amazon_status_message(self):
        for picking in self:
            # sudo: see _compute_amazon_tells_status
            open_rows = picking.sudo().amazon_status_ids.filtered(lambda row: row.state != "done" and row.message)
            open_rows = open_rows.filtered(lambda row: row.state != "error" or not row._is_past())
            lines = [f"{row.tracking_ref}, {row._event_name()}: {row.message}" for row in open_rows.sorted("id")]
            picking.amazon_status_message = "\n".join(lines) or False

    # === ACTION METHODS === #

    def action_amazon_status_update(self):
        """Open the dialog that asks what has happened to the parcels of these deliveries.

        :raise UserError: none of them is a vendor's with a carrier of its own.
        """
        self._amazon_check_group()
        self.check_access("write")
        own = self.filtered("amazon_tells_status")
        if not own:
            raise UserError(
                self.env._(
                    "Choose Direct Fulfillment deliveries that leave with your own carriers, and that Amazon knows to"
                    " have left: %s",
                    ", ".join(self.mapped("name")) or "–",
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_vendor_status")
        return {**action, "res_id": self.env["amazon.vendor.status"]._make_of(own, self - own).id}

    # === BUSINESS METHODS === #

    def _amazon_vendor_status(self, event, moment=None, **values):
        """Have Amazon told soon what has happened to the parcels of these deliveries, all in one call.

        :param str event: ``departed``, ``in_transit``, ``out_for_delivery``, ``delayed``, ``delivered``, ``refused``,
            ``undeliverable`` or ``lost``.
        :param datetime moment: when it happened (UTC, naive); None: now, and of a parcel of which this was said last
            it is not said again.
        :param values: what else is known: ``location_id``, without which the warehouse is told of what left it and the
            customer's address of what was delivered or refused; ``appointment_at``, ``appointment_from`` and
            ``appointment_until``, without which the order's are told; False: none.
        :return: the ``amazon.vendor.submission``.
        :raise UserError: saying of each parcel why that cannot be told; then nothing is of any.
        """
        return self._amazon_tell_statuses(self._amazon_status_parcels(), event, moment, **values)

    @api.model
    def _amazon_tell_statuses(self, parcels, event, moment=None, **values):
        """Have Amazon told soon what has happened to parcels.

        :param list parcels: as :meth:`_amazon_status_parcels` returns them.
        """
        return self.env["amazon.vendor.submission"]._make_statuses(parcels, event, moment, **values)

    def _amazon_status_parcels(self):
        """Return the parcels of these deliveries, each once.

        :return: (``stock.picking``, ``sale.order``, tracking number) of each.
        :rtype: list
        :raise UserError: naming a delivery that is no vendor's.
        """
        parcels = {}
        for picking in self:
            # sudo: who packs may not see all of the order
            orders = picking.sudo().move_ids.sale_line_id.order_id or picking.sudo().sale_id
            orders = orders.filtered(lambda order: order.amazon_channel == CHANNEL)
            if not orders or picking.picking_type_code != "outgoing":
                raise UserError(self.env._("%s is no delivery of a Direct Fulfillment order.", picking.name))
            for order in orders:
                for number in picking.sudo()._amazon_numbers_of(order) or [""]:
                    parcels.setdefault((order, number), (picking, order, number))
        return list(parcels.values())

    def _amazon_status_place(self, event):
        """Return whose address is told, where nobody says otherwise.

        :param str event: what has happened.
        :return: the ``res.partner``, none where that is not known.
        """
        self.ensure_one()
        if event in AT_CUSTOMERS:
            return self.partner_id
        warehouse = self.picking_type_id.warehouse_id
        return warehouse.partner_id if event in AT_WAREHOUSE else self.env["res.partner"]
