from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.vendor.amazon_vendor_submission_status import EVENTS
from ..models.vendor.stock_picking_status import AT_CUSTOMERS, AT_WAREHOUSE
from ..notices import CLOSE, notice


class AmazonVendorStatus(models.TransientModel):
    """What has happened to the parcels of vendors' deliveries."""

    _name = "amazon.vendor.status"
    _inherit = "amazon.guard"
    _description = "Status of Direct Fulfillment Parcels"

    parcel_ids = fields.One2many("amazon.vendor.status.parcel", "wizard_id", "Parcels")
    event = fields.Selection(EVENTS, "What Has Happened")
    moment = fields.Datetime("When", required=True, default=fields.Datetime.now)
    location_id = fields.Many2one(
        "res.partner",
        "Where",
        help="Whose address Amazon is told. Empty: your warehouse's where it left, the customer's where it was"
        " delivered or refused.",
    )
    # Whose address is told where the field is empty, or that it has to be filled in.
    usual_place = fields.Char(compute="_compute_usual_place")
    appointment_at = fields.Datetime("Expected at", help="When it will probably arrive")
    appointment_from = fields.Datetime("Appointment from")
    appointment_until = fields.Datetime("Appointment until")
    order_id = fields.Many2one("sale.order", readonly=True, help="Whose appointment is shown")
    left_out = fields.Char("Not These", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("event")
    @api.depends_context("lang")
    def _compute_usual_place(self):
        for dialog in self:
            if dialog.event in AT_WAREHOUSE:
                dialog.usual_place = self.env._("The warehouse's address")
            elif dialog.event in AT_CUSTOMERS:
                dialog.usual_place = self.env._("The customer's address")
            else:
                dialog.usual_place = self.env._("Whose address it is, e.g. the depot's")

    # === BUSINESS METHODS === #

    @api.model
    def _make_of(self, pickings, left_out=()):
        """Return the dialog that asks what has happened to the parcels of deliveries.

        :param pickings: the ``stock.picking``.
        :param left_out: those that were chosen, too, and of which nothing can be told.
        """
        parcels = pickings._amazon_status_parcels()
        # Of several orders each has its own appointment, which is told anyway.
        order = pickings.sale_id if len(pickings.sale_id) == 1 else self.env["sale.order"]
        return self.create(
            {
                "order_id": order.id,
                "left_out": ", ".join(picking.name for picking in left_out),
                "appointment_from": order.amazon_appointment_from,
                "appointment_until": order.amazon_appointment_until,
                "parcel_ids": [
                    Command.create({"picking_id": picking.id, "order_id": one.id, "tracking_ref": number})
                    for picking, one, number in parcels
                ],
            }
        )

    # === ACTION METHODS === #

    def action_tell(self):
        """Have Amazon told soon what has happened to these parcels.

        :raise UserError: saying of each why that cannot be told; then nothing is of any.
        """
        self.ensure_one()
        pickings = self.parcel_ids.picking_id
        pickings._amazon_check_group()
        pickings.check_access("write")
        parcels = [
            (parcel.picking_id, parcel.order_id, parcel.tracking_ref or "")
            for parcel in self.parcel_ids.filtered("order_id")
        ]
        if not (self.event and parcels):
            raise UserError(self.env._("Say what has happened, and to which parcels."))
        # Of several orders none stands in the fields: what is empty there is each one's own.
        empty = False if self.order_id else None
        names = ("appointment_at", "appointment_from", "appointment_until")
        appointment = {name: self[name] or empty for name in names}
        where = self.location_id.id or None
        rows = pickings._amazon_tell_statuses(parcels, self.event, self.moment, location_id=where, **appointment)
        return notice(self.env._("The status of %s parcels is told within a minute.", len(rows)), then=CLOSE)


class AmazonVendorStatusParcel(models.TransientModel):
    """One of the parcels."""

    _name = "amazon.vendor.status.parcel"
    _inherit = "amazon.guard"
    _description = "Parcel Whose Status Is Told"

    wizard_id = fields.Many2one("amazon.vendor.status", required=True, ondelete="cascade")
    picking_id = fields.Many2one("stock.picking", "Delivery", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    order_ref = fields.Char("Purchase Order", related="order_id.amazon_order_ref")
    tracking_ref = fields.Char("Tracking Number", readonly=True)
    last_event = fields.Selection(EVENTS, "Told Last", compute="_compute_last_event")

    @api.depends("order_id", "tracking_ref")
    def _compute_last_event(self):
        for parcel in self:
            # sudo: the outbox is the addon's own; the user may read the order
            rows = parcel.order_id.sudo()._amazon_status_rows(parcel.tracking_ref)
            parcel.last_event = rows.filtered(lambda row: row.state != "error").sorted("id")[-1:].event
