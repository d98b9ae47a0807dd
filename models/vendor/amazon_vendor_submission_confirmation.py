"""That an order has left, as a whole, or that it cannot leave."""

from collections import Counter

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import Confirmation
from ...selling_partner.vendor_submissions import FLOOR_DENIAL, SHIPPED
from ...times import aware
from ..engine.why import Why
from .amazon_vendor_submission import Kind, Wrong

_lt = LazyTranslate(__name__)


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(
        selection_add=[("confirmation", "Shipping Confirmation")], ondelete={"confirmation": "cascade"}
    )
    denied = fields.Boolean("Floor Denial", readonly=True, help="The order cannot leave.")

    _confirmation_uniq = models.UniqueIndex("(order_id) WHERE kind IN ('confirmation')")

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "confirmation": Kind(
                lambda vendor, contents: vendor.confirm(contents), "submitShipmentConfirmations", minutes=10
            ),
        }

    @api.model
    def _hint_advice(self):
        return {
            **super()._hint_advice(),
            "partial": self.env._(
                "Amazon takes whole orders only. Deliver the rest; if that is not possible, use “Floor Denial”."
            ),
            "scac": self.env._("Enter the SCAC on the shipping method that the delivery method is linked to."),
            "number": self.env._("Enter the tracking number on the delivery or on its parcels."),
            "vendor_packages": self.env._("Put the goods of the delivery into packages, then press Retry."),
            "vendor_unknown": self.env._(
                "Amazon does not say why. As a rule the parcels are wrong: compare their tracking numbers with Amazon's"
                " labels."
            ),
        }

    # === MAKING ROWS === #

    @api.model
    def _make_confirmations(self, orders, **values):
        """Have Amazon told of orders that have left, or that cannot leave, in the transaction in which that is so.

        :param orders: the ``sale.order``.
        :param values: what else is written.
        """
        rows = self.sudo()  # sudo: the outbox is the addon's own, whoever validates
        for order in orders.sudo():
            row = order._amazon_submission("confirmation")
            if row.state in ("sending", "done") or order.amazon_vendor_status == "SHIPPED":
                continue
            gone = order._amazon_vendor_gone()
            vals = {
                "picking_id": gone[-1:].id,
                "decided_at": fields.Datetime.now(),
                "again": 0,
                # What leaves was not denied after all.
                "denied": False,
                **values,
            }
            if row:
                row._to_send(**vals)
            else:
                row = rows.create({**order._amazon_submission_vals("confirmation"), **vals})
            rows |= row
        rows._wake()

    # === WHAT IS TOLD === #

    def _confirmation_content(self):
        order, gone = self.order_id, self.order_id._amazon_vendor_gone()
        if order.amazon_vendor_status == "CANCELLED":
            raise Wrong("cancelled", self.env._("The order is cancelled on Amazon."))
        if order.amazon_acknowledgement == "rejected":
            raise Wrong("rejected", self.env._("The order was rejected; nothing of it may leave."))
        shipped = fields.Datetime.now()
        if not self.denied:
            self._check_all_has_left()
            shipped = max(picking._amazon_ship_moment(self.account_id._zone()) for picking in gone)
            if shipped > fields.Datetime.now():
                raise Wrong("future", self.env._("The ship date %s is in the future.", shipped.date()))
        containers = [] if self.denied else [one for picking in gone for one in picking._amazon_containers(order)]
        for wrong in self.picking_id._amazon_container_problems(order, containers):
            raise wrong
        return Confirmation(
            number=self.order_ref,
            selling_party=order.amazon_selling_party or "",
            ship_from_party=order.amazon_ship_from or "",
            shipped=aware(shipped),
            status=FLOOR_DENIAL if self.denied else SHIPPED,
            items=order._amazon_vendor_lines(),
            containers=containers,
            vendor_order_number=order.name,
            estimated_delivery=aware(order.amazon_deliver_by) if order.amazon_deliver_by else None,
        )

    def _check_all_has_left(self):
        """Refuse a part of an order.

        :raise Wrong: naming what is missing.
        """
        order, left = self.order_id, Counter()
        for picking in order._amazon_vendor_gone():
            moves = picking.move_ids.filtered(lambda move: move.sale_line_id.order_id == order)
            for parcel in picking._amazon_parcels_in(moves):
                left.update(parcel.quantities)
        missing = [
            self.env._(
                "%(sku)s: %(left)s of %(ordered)s",
                sku=item.sku or item.asin,
                left=f"{left[item.item_ref]:g}",
                ordered=item.quantity_ordered,
            )
            for item in order.amazon_item_ids
            if left[item.item_ref] != item.quantity_ordered
        ]
        if missing:
            raise Wrong("partial", self.env._("Not the whole order has left. %s", ", ".join(missing)))

    def _confirmation_why_waiting(self):
        order = self.order_id
        if order.amazon_on_hold:
            return Why("on_hold", self.env._("The order is on hold."))
        if order.amazon_acknowledgement != "accepted":
            return Why("acknowledgement", self.env._("Waits until Amazon has the acknowledgement."))
        return False

    def _confirmation_is_shown(self):
        return self.order_id.amazon_vendor_status == ("CANCELLED" if self.denied else "SHIPPED")

    def _confirmation_facts(self):
        order = self.order_id
        gone = self.picking_id.browse() if self.denied else order._amazon_vendor_gone()
        return {
            "denied": self.denied,
            "numbers": [one for picking in gone for one in picking._amazon_numbers_of(order)],
        }

    # === WHAT BECAME OF IT === #

    def _confirmation_learned(self, shown):
        status = shown.status if shown else ""
        if status == ("CANCELLED" if self.denied else "SHIPPED"):
            self._accepted()
        elif status == "CANCELLED":
            self._refused("error", self.env._("The order is cancelled on Amazon."), "cancelled")
        elif status == "SHIPPED":
            self._refused("error", self.env._("Amazon has the order as shipped."))
        else:
            self._not_shown()

    def _confirmation_accepted(self):
        order = self.order_id
        order._amazon_assigned("confirm_by").unlink()
        order._amazon_assigned("confirmation_refused").unlink()
        # What else follows of it comes in as any change does.
        self.account_id._read_open_orders_soon()
        order._amazon_move_phase()

    def _confirmation_refused(self):
        if self.answered_at and self.state == "error":
            self.order_id._amazon_assign(
                "confirmation_refused",
                self.env._("Amazon does not know that the order has left"),
                self.message,
                "sale_amazon_spapi.mail_activity_confirmation",
            )
