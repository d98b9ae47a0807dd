from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.misc import format_datetime

from ..selling_partner import STATUS_EVENTS
from .common_personal import Canaries
from .common_vendor import StatusCase

PERSON = {
    "name": "kanaria",
    "addressLine1": "kanaria 1-2-3",
    "city": "kanaria",
    "stateOrRegion": "東京都",
    "postalCode": "987-6543",
}


@tagged("post_install", "-at_install")
class TestVendorStatusAttacked(Canaries, StatusCase):
    """Whatever people enter, and whatever Amazon answers, nothing false is told of a parcel, and nothing twice."""

    def dialog(self, pickings):
        """Return the dialog that a person has opened for deliveries."""
        action = pickings.with_user(self.user).action_amazon_status_update()
        return Form(self.env[action["res_model"]].with_user(self.user).browse(action["res_id"]))

    # --- where

    def test_place_is_asked_for(self):
        """Where the parcel is only a person knows: the own warehouse is told of what left it, and of nothing else."""
        picking = self.confirmed("T-1")
        for event in set(STATUS_EVENTS) - {"departed", "delivered", "refused"}:
            with self.subTest(event=event), self.assertRaisesRegex(UserError, "say where"):
                picking._amazon_vendor_status(event)
        self.assertFalse(picking.amazon_status_ids)
        form = self.dialog(picking)
        form.event = "lost"
        with self.assertRaisesRegex(AssertionError, "location_id"):
            form.save()
        form.event = "departed"
        form.save().action_tell()
        self.tell()
        [details] = self.told()
        warehouse = picking.picking_type_id.warehouse_id.partner_id
        self.assertEqual(details["statusLocationAddress"]["addressLine1"], warehouse.street)

    def test_customer_without_address(self):
        """What was delivered was not delivered to the warehouse, also where the customer's address is not known."""
        pickings = self.confirmed("T-1", "T-2")
        for picking in pickings:
            picking.partner_id.write({"street": False, "street2": False, "city": False})
        for picking, event in zip(pickings, ("delivered", "refused"), strict=True):
            with self.subTest(event=event), self.assertRaisesRegex(UserError, "say where"):
                picking._amazon_vendor_status(event)
        pickings[0]._amazon_vendor_status("delivered", location_id=self.depot.id)
        self.tell()
        self.assertEqual([one["statusLocationAddress"]["name"] for one in self.told()], ["Depot"])

    def test_warehouse_without_address(self):
        """Of a warehouse without an address nobody says that it is the company's office."""
        picking = self.confirmed("T-1")
        picking.picking_type_id.warehouse_id.partner_id = self.env["res.partner"].create({"name": "Shed"})
        with self.assertRaisesRegex(UserError, "say where"):
            picking._amazon_vendor_status("departed")

    # --- when it is to come

    def test_appointment_removed(self):
        """What a person removes from the dialog is not told; something of the appointment Amazon must be told."""
        picking = self.confirmed("T-1", kind="vendor_scheduled")
        order = picking.sale_id
        form = self.dialog(picking)
        form.event = "departed"
        self.assertEqual(fields.Datetime.to_datetime(form.appointment_from), order.amazon_appointment_from)
        form.appointment_from = form.appointment_until = False
        dialog = form.save()
        with self.assertRaisesRegex(UserError, "by appointment"):
            dialog.action_tell()
        dialog.appointment_at = order.amazon_appointment_from
        dialog.action_tell()
        self.tell()
        [details] = self.told()
        self.assertEqual(list(details["shipmentSchedule"]), ["estimatedDeliveryDateTime"])
        self.tell(minutes=2)
        form = self.dialog(picking)
        form.event = "delivered"
        form.appointment_from = form.appointment_until = False
        form.save().action_tell()
        self.tell()
        self.assertNotIn("shipmentSchedule", self.told()[-1])

    def test_expected_before_it_happened(self):
        """What is still on its way is not expected in the past."""
        picking = self.confirmed("T-1")
        with self.assertRaisesRegex(UserError, "expected"):
            self.happens(picking, "in_transit", self.ago(30), appointment_at=self.ago(60))
        self.happens(picking, "in_transit", self.ago(30), appointment_at=self.ago(-60))

    def test_appointments_of_several(self):
        """Of several orders each has its own appointment, also where the dialog's fields are empty."""
        pickings = self.confirmed("T-1", "T-2", kind="vendor_scheduled")
        form = self.dialog(pickings)
        form.event = "departed"
        self.assertFalse(form.appointment_from)
        form.save().action_tell()
        self.tell()
        begins = [one["shipmentSchedule"]["apptWindowStartDateTime"] for one in self.told()]
        self.assertEqual(begins, [f"{one.sale_id.amazon_appointment_from.isoformat()}Z" for one in pickings])

    # --- in which order

    def test_what_has_no_sense(self):
        """A parcel leaves once, and before it is anywhere else."""
        picking = self.confirmed("T-1")
        self.happens(picking, "delayed", self.ago(120))
        self.happens(picking, "departed", self.ago(110))
        for after in ("departed", "out_for_delivery"):
            if after != "departed":
                self.happens(picking, after, self.ago(100))
            with self.subTest(after=after), self.assertRaisesRegex(UserError, "T-1.*cannot leave the warehouse"):
                self.happens(picking, "departed", self.ago(90))
        # A second try, by way of the depot.
        self.happens(picking, "in_transit", self.ago(80))
        self.happens(picking, "in_transit", self.ago(70))
        self.happens(picking, "out_for_delivery", self.ago(60))
        self.happens(picking, "delivered", self.ago(50))
        for event in STATUS_EVENTS:
            with self.subTest(event=event), self.assertRaisesRegex(UserError, "nothing follows upon “Delivered"):
                self.happens(picking, event, self.ago(5))

    def test_same_again(self):
        """What has happened without a moment is told once, however often it is said."""
        pickings = self.confirmed("T-1", "T-2")
        row = self.happens(pickings[0], "departed")
        with self.later(1):
            rows = self.happens(pickings, "departed")
        self.assertEqual(len(rows), 2)
        self.assertIn(row, rows)
        self.tell()
        self.tell(minutes=2)
        with self.later(5):
            self.assertEqual(self.happens(pickings, "departed"), rows)
            self.happens(pickings, "in_transit")
        with self.later(6):
            # Elsewhere it is another event.
            other = self.depot.copy({"name": "Other depot"})
            self.happens(pickings, "in_transit", location_id=other.id)
        self.assertEqual(len(pickings.amazon_status_ids), 6)

    # --- when

    def test_moment_where_the_shop_is(self):
        """What stands on a delivery says the day, and the time where the shop is, whoever's crons tell it."""
        self.vendor.user_id.tz = "Asia/Tokyo"
        picking = self.confirmed("T-1")
        row = self.happens(picking, "departed", self.ago(60))
        self.tell()
        self.tell(minutes=2)
        moment = format_datetime(self.env, row.moment, tz="Asia/Tokyo", dt_format="medium")
        self.assertIn(moment, picking.message_ids[0].body)
        [user] = (picking.with_user(self.user).env.user,)
        user.tz = "Asia/Tokyo"
        with self.assertRaisesRegex(UserError, moment):
            self.happens(picking.with_user(user), "in_transit", self.ago(90))

    # --- Amazon's answers

    def test_numbers_that_begin_alike(self):
        """An error on T-10 says nothing of T-1, which Amazon may have."""
        pickings = self.confirmed("T-1", "T-10", "X_T-1", "T-1.5")
        rows = self.happens(pickings, "departed")
        self.fault(code="INTERNAL_SERVER_ERROR", message="T-10 (X_T-1, T-1.5): Internal error. Please try again.")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(rows.mapped("state"), ["unknown", "not_sent", "not_sent", "not_sent"])
        self.tell(minutes=6)
        self.assertEqual([one["trackingNumber"] for one in self.told()].count("T-1"), 1)

    def test_number_of_two_orders(self):
        """Of two orders in one parcel an error is on the one whose own number stands in it."""
        first, second = self.confirmed("T-1", "T-1")
        rows = self.happens(first | second, "departed")
        self.fault(code="INTERNAL_SERVER_ERROR", message=f"T-1 of {first.sale_id.amazon_order_ref}: internal error")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(rows.mapped("state"), ["not_sent", "unknown"])

    # --- who hears of it

    def test_refused_when_it_goes(self):
        """What stands against it only when its turn comes stands on the delivery, and a person is told, once."""
        picking = self.confirmed("T-1")
        self.happens(picking, "departed", self.ago(60))
        row = self.happens(picking, "in_transit", self.ago(30))
        self.tell()
        self.depot.country_id = False
        self.tell(minutes=2)
        self.assertEqual((row.state, row.sent_at), ("error", False))
        self.assertIn("Complete the address", row.advice)
        logged = picking.message_ids.filtered(lambda message: "Depot" in (message.body or ""))
        self.assertEqual(len(logged), 1)
        activity = picking.sale_id.activity_ids.filtered(lambda one: one.amazon_reason == "status_refused")
        self.assertIn("not told", activity.summary)
        self.env["amazon.vendor.submission"]._look_again([("id", "=", row.id)])
        self.tell(minutes=2)
        again = picking.message_ids.filtered(lambda message: "Depot" in (message.body or ""))
        self.assertEqual(len(again), 1, "nothing new was found")
        self.depot.country_id = self.env.ref("base.jp")
        row.with_user(self.user).action_retry()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["DEPARTED_FROM_FC", "IN_TRANSIT"])
        self.assertFalse(picking.sale_id.activity_ids.filtered(lambda one: one.amazon_reason == "status_refused"))

    def test_told_since(self):
        """What Amazon has not taken nobody has to see to any more when it has heard of that parcel since, and only
        then."""
        pickings = self.confirmed("T-1", "T-2")
        picking, order = pickings[0], pickings[0].sale_id

        def asked():
            return bool(order.activity_ids.filtered(lambda one: one.amazon_reason == "status_refused"))

        self.amazon.post("faults", operation="submitShipmentStatusUpdates", kind="400", times=3)
        rows = self.happens(pickings, "departed", self.ago(60))
        self.tell()
        self.assertEqual(rows.mapped("state"), ["error", "error"])
        self.assertTrue(asked())
        self.assertTrue(picking.amazon_status_message)
        self.happens(picking, "in_transit", self.ago(30))
        self.tell()
        self.assertTrue(asked(), "it is not known yet")
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["IN_TRANSIT"])
        self.assertFalse(asked())
        self.assertFalse(picking.amazon_status_message)
        self.assertTrue(pickings[1].amazon_status_message)

    def test_advice(self):
        """Nobody is advised to correct what cannot be changed."""
        picking = self.confirmed("T-1")
        row = self.happens(picking, "departed", self.ago(60))
        self.fault(code="INVALID_STATUS_DATE", message="statusDateTime is wrong")
        self.tell()
        self.tell(minutes=2)
        self.assertIn("cannot be changed", row.advice)
        other = self.confirmed("T-2")
        row = self.happens(other, "departed", self.ago(60))
        other.sale_id._amazon_submission("confirmation").told = {"numbers": ["T-3"]}
        self.tell()
        self.assertEqual(row.state, "error")
        self.assertIn("T-3", row.message)
        self.assertIn("tell it anew", row.advice)

    def test_left_out(self):
        """Chosen deliveries of which nothing can be told are named, not passed over."""
        picking = self.confirmed("T-1")
        other = self.accepted().picking_ids
        action = (picking | other).with_user(self.user).action_amazon_status_update()
        dialog = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(dialog.parcel_ids.picking_id, picking)
        self.assertIn(other.name, dialog.left_out)
        self.assertNotIn(picking.name, dialog.left_out)
        self.assertFalse(self.env["amazon.vendor.status"]._make_of(picking).left_out)

    def test_left_since(self):
        """Whether a delivery can be told of follows its state."""
        picking = self.accepted().picking_ids
        self.amazon.post(f"vendor/orders/{picking.sale_id.amazon_order_ref}/confirm", tracking=["V-1"])
        self.assertFalse(picking.amazon_tells_status)
        picking.sale_id.amazon_vendor_status = "SHIPPED"
        self.assertFalse(picking.amazon_tells_status)
        self.leave(picking.sale_id, "V-1")
        self.assertTrue(picking.amazon_tells_status)

    # --- who may

    def test_strangers(self):
        """Nobody tells of another company's parcels, nor by another user's dialog, nor of what he makes up."""
        mine = self.confirmed("T-1")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user,stock.group_stock_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        with self.assertRaises(AccessError):
            mine.with_user(stranger).action_amazon_status_update()
        dialog = self.env["amazon.vendor.status"].browse(
            mine.with_user(self.user).action_amazon_status_update()["res_id"]
        )
        dialog.event = "departed"
        with self.assertRaises(AccessError):
            dialog.with_user(stranger).action_tell()
        orders = {"default_order_ids": mine.sale_id.ids}
        with self.assertRaises(AccessError):
            self.env["amazon.vendor.acceptance"].with_user(stranger).with_context(**orders).create({}).action_accept()
        # Another parcel's number and another order are not taken from the caller.
        other = self.confirmed("T-2")
        made_up = self.env["amazon.vendor.status"].with_user(self.user)
        for values in (
            {"picking_id": mine.id, "order_id": mine.sale_id.id, "tracking_ref": "T-2"},
            {"picking_id": mine.id, "order_id": other.sale_id.id, "tracking_ref": "T-2"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError), self.env.cr.savepoint():
                made_up.create({"event": "departed", "parcel_ids": [Command.create(values)]}).action_tell()
        self.assertFalse((mine | other).amazon_status_ids)

    # --- the customer's data

    def test_purged(self):
        """Of what was told nothing personal stays, and of whom nothing is known any more nothing is invented."""
        self.new_vendor(own_carrier=True)
        orders = self.accepted(count=2, set={"orderDetails": {"shipToParty": {**PERSON, "countryCode": "JP"}}})
        for order, number in zip(orders, ("T-1", "T-2"), strict=True):
            self.leave(order, number)
        self.tell()
        self.tell(minutes=2)
        first, second = orders.picking_ids
        self.assertIn("kanaria", first.partner_id.name)
        first._amazon_vendor_status("delivered")
        second._amazon_vendor_status("departed")
        self.fault(code="INVALID_ADDRESS", message="The address of kanaria is wrong")
        self.tell()
        self.tell(minutes=2)
        [told] = self.told()[:1]
        self.assertEqual(told["statusLocationAddress"]["addressLine1"], PERSON["addressLine1"])
        self.assertTrue(self.left())
        with self.later(60 * 24 * 60):
            self.run_vendor("_purge_personal_data")
        self.assertTrue(all(orders.mapped("amazon_purged")))
        self.assertFalse(self.left())
        self.assertEqual(first.amazon_status_ids.tracking_ref, "T-1", "the number stays, as on any delivery")
        with self.assertRaisesRegex(UserError, f"customer of {second.name}.*lacks"):
            second._amazon_vendor_status("delivered")
