from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..selling_partner import STATUS_EVENTS
from .common_vendor import StatusCase


@tagged("post_install", "-at_install")
class TestVendorStatus(StatusCase):
    """Vendors with carriers of their own tell Amazon where each parcel is: once, and in the order in which it was."""

    def test_told(self):
        """What happened goes to Amazon, is followed to its end, and stands on the delivery."""
        picking = self.confirmed("T-1")
        picking.sale_id.partner_shipping_id.write({"name": "Kunde", "street": "1-2-3", "city": "Kofu"})
        moment = self.ago(30)
        row = self.happens(picking, "delivered", moment)
        self.assertEqual(
            (row.kind, row.state, row.tracking_ref, row.picking_id), ("status", "not_sent", "T-1", picking)
        )
        self.tell()
        [details] = self.told()
        self.assertEqual((details["statusCode"], details["reasonCode"]), ("D1", "NS"))
        self.assertEqual(details["trackingNumber"], "T-1")
        self.assertEqual(details["statusDateTime"], f"{moment.isoformat()}Z")
        self.assertEqual(details["statusLocationAddress"]["addressLine1"], "1-2-3")
        self.assertEqual((row.state, row.transaction_id.delivery_ids), ("sending", picking))
        self.tell(minutes=2)
        self.assertEqual((row.state, self.shown(picking)), ("done", ["DELIVERED"]))
        self.assertIn("Delivered", picking.message_ids[0].body)
        self.assertFalse(picking.amazon_status_message)
        self.tell(minutes=60)
        self.assertEqual(len(self.told()), 1)

    def test_every_event(self):
        """All eight, in the codes of both standards, of both versions of the API."""
        names = {
            "delayed": "DELAYED",
            "delivered": "DELIVERED",
            "departed": "DEPARTED_FROM_FC",
            "in_transit": "IN_TRANSIT",
            "lost": "LOST",
            "out_for_delivery": "OUT_FOR_DELIVERY",
            "refused": "REJECTED",
            "undeliverable": "UNDELIVERABLE",
        }
        self.assertEqual(set(names), set(STATUS_EVENTS))
        pickings = self.confirmed(*names)
        for picking, event in zip(pickings, names, strict=True):
            self.happens(picking, event)
        self.tell()
        self.assertEqual(len(self.transactions_there("status")), 1)
        self.tell(minutes=2)
        for picking, event in zip(pickings, names, strict=True):
            self.assertEqual(self.shown(picking), [names[event]])
        self.vendor.write({"vendor_status_codes": "edifact", "vendor_api_version": "v1"})
        picking = self.confirmed("E-1")
        self.happens(picking, "delayed")
        self.tell()
        self.assertEqual((self.told()[-1]["statusCode"], self.told()[-1]["reasonCode"]), ("404", "117"))
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["DELAYED"])

    def test_several_parcels(self):
        """Each package of a delivery is told of by its own number, all in one call."""
        order = self.accepted("vendor_two_lines")
        picking = order.picking_ids
        packages = self.env["stock.package"].create([{"shipping_weight": 1}, {"shipping_weight": 1}])
        for line, package in zip(picking.move_ids.move_line_ids, packages, strict=True):
            line.result_package_id = package
        self.leave(order, "A,B")
        self.tell()
        self.tell(minutes=2)
        self.happens(picking, "in_transit")
        self.tell()
        [transaction] = self.transactions_there("status")
        self.assertEqual(
            [entry["statusUpdateDetails"]["trackingNumber"] for entry in transaction["entries"]], ["A", "B"]
        )

    def test_in_turn(self):
        """What happened to a parcel later waits until Amazon has what was before."""
        picking = self.confirmed("T-1")
        first = self.happens(picking, "departed", self.ago(90))
        second = self.happens(picking, "out_for_delivery", self.ago(60))
        third = self.happens(picking, "delivered", self.ago(30))
        self.tell()
        self.assertEqual([row.state for row in first | second | third], ["sending", "not_sent", "not_sent"])
        self.assertIn("Left the Warehouse", second.message)
        self.tell(minutes=2)
        self.assertEqual([row.state for row in first | second | third], ["done", "sending", "not_sent"])
        self.tell(minutes=2)
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["DEPARTED_FROM_FC", "OUT_FOR_DELIVERY", "DELIVERED"])

    def test_out_of_sequence(self):
        """Nothing follows upon the end, and nothing was before what has happened; no row is left of what is refused."""
        picking = self.confirmed("T-1")
        moment = self.ago(60)
        self.happens(picking, "in_transit", moment)
        for event, at, words in (
            ("departed", self.ago(90), "cannot have been before"),
            ("in_transit", moment, "in the list already"),
        ):
            with self.subTest(event=event), self.assertRaisesRegex(UserError, words):
                self.happens(picking, event, at)
        self.happens(picking, "refused", self.ago(50))
        with self.assertRaisesRegex(UserError, "nothing follows upon “Refused"):
            self.happens(picking, "delivered")
        self.happens(picking, "undeliverable", self.ago(40))
        for event in STATUS_EVENTS:
            with self.subTest(event=event), self.assertRaisesRegex(UserError, "nothing follows upon “Undeliverable"):
                self.happens(picking, event, self.ago(5))
        self.assertEqual(picking.amazon_status_ids.mapped("event"), ["undeliverable", "refused", "in_transit"])

    def test_what_cannot_be_told(self):
        """Said before anything is sent: not confirmed, another number, a moment that cannot be, Amazon's carrier."""
        order = self.accepted()
        picking = order.picking_ids
        with self.assertRaisesRegex(UserError, "confirmation yet"):
            self.happens(picking, "departed")
        self.leave(order, "T-1")
        self.tell()
        with self.assertRaisesRegex(UserError, "confirmation yet"):
            self.happens(picking, "departed")
        self.tell(minutes=2)
        with self.assertRaisesRegex(UserError, "future"):
            self.happens(picking, "departed", self.ago(-5))
        with self.assertRaisesRegex(UserError, "left at"):
            self.happens(picking, "departed", picking.date_done - timedelta(minutes=1))
        picking.carrier_tracking_ref = "T-2"
        with self.assertRaisesRegex(UserError, "T-2, but with T-1"):
            self.happens(picking, "departed")
        picking.carrier_tracking_ref = False
        with self.assertRaisesRegex(UserError, "tracking number"):
            self.happens(picking, "departed")
        picking.carrier_tracking_ref = "T-1"
        self.vendor.vendor_own_carrier = False
        with self.assertRaisesRegex(UserError, "carrier of Amazon's"):
            self.happens(picking, "departed")
        self.vendor.vendor_own_carrier = True
        self.happens(picking, "departed")
        other = self.imported().picking_ids
        with self.assertRaisesRegex(UserError, "no delivery of a Direct Fulfillment order"):
            other._amazon_vendor_status("departed")

    def test_one_of_several_is_wrong(self):
        """Where something stands against one parcel, nothing is told of the others."""
        pickings = self.confirmed("T-1", "T-2")
        self.happens(pickings[0], "lost")
        with self.assertRaisesRegex(UserError, "T-1"):
            self.happens(pickings, "delivered")
        self.assertFalse(pickings[1].amazon_status_ids)

    def test_confirmed_in_vendor_central(self):
        """Of what was confirmed there the number is what a person enters here."""
        order = self.accepted()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/confirm", tracking=["V-1"])
        self.read_orders(again=True)
        picking = order.picking_ids
        picking.carrier_tracking_ref = "V-1"
        self.happens(picking, "in_transit")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["IN_TRANSIT"])

    def test_appointment(self):
        """A delivery by appointment says when that is, and when it is expected now."""
        picking = self.confirmed("T-1", kind="vendor_scheduled")
        order = picking.sale_id
        self.assertTrue(order.amazon_appointment_from)
        self.happens(picking, "in_transit", appointment_at=order.amazon_appointment_from)
        self.tell()
        [details] = self.told()
        schedule = details["shipmentSchedule"]
        self.assertEqual(schedule["apptWindowStartDateTime"], f"{order.amazon_appointment_from.isoformat()}Z")
        self.assertEqual(schedule["apptWindowEndDateTime"], f"{order.amazon_appointment_until.isoformat()}Z")
        self.assertEqual(schedule["estimatedDeliveryDateTime"], schedule["apptWindowStartDateTime"])

    def test_dialog(self):
        """A person says in a dialog what has happened to the parcels of several deliveries."""
        pickings = self.confirmed("T-1", "T-2").with_user(self.user)
        action = pickings.action_amazon_status_update()
        form = Form(self.env[action["res_model"]].with_user(self.user).browse(action["res_id"]))
        self.assertEqual(len(form.parcel_ids), 2)
        form.event = "in_transit"
        form.moment = self.ago(10)
        form.location_id = self.depot
        form.save().action_tell()
        self.tell()
        self.assertEqual([one["trackingNumber"] for one in self.told()], ["T-1", "T-2"])
        self.assertEqual({one["statusLocationAddress"]["name"] for one in self.told()}, {"Depot"})
        self.depot.country_id = False
        with self.assertRaisesRegex(UserError, "Depot.*lacks"):
            pickings[0]._amazon_vendor_status("delayed", location_id=self.depot.id)
        packer = new_test_user(
            self.env,
            "packer_status",
            "stock.group_stock_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            pickings.with_user(packer).action_amazon_status_update()
        with self.assertRaisesRegex(UserError, "own carriers"):
            self.accepted().picking_ids.with_user(self.user).action_amazon_status_update()

    def test_refused(self):
        """Amazon's reason stands on the delivery, a person is told, and what was later goes on."""
        picking = self.confirmed("T-1")
        row = self.happens(picking, "departed", self.ago(60))
        later = self.happens(picking, "in_transit", self.ago(30))
        self.fault(code="INVALID_STATUS_DATE", message="statusDateTime is wrong")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((row.state, later.state), ("error", "sending"))
        self.assertIn("statusDateTime is wrong", picking.amazon_status_message)
        self.assertIn("statusDateTime is wrong", picking.message_ids[0].body)
        reasons = picking.sale_id.activity_ids.mapped("amazon_reason")
        self.assertIn("status_refused", reasons)
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["IN_TRANSIT"])
        row.with_user(self.user).action_retry()
        self.tell()
        self.assertEqual((row.state, row.hint), ("error", "sequence"))
        self.assertEqual(len(self.told()), 2)

    def test_told_again(self):
        """What Amazon could not do for trouble of its own is told again, once."""
        picking = self.confirmed("T-1")
        row = self.happens(picking, "departed")
        self.fault()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((row.state, self.shown(picking)), ("not_sent", []))
        self.tell(minutes=6)
        self.tell(minutes=2)
        self.assertEqual((row.state, self.shown(picking)), ("done", ["DEPARTED_FROM_FC"]))

    def test_one_of_several_fails(self):
        """Whose update Amazon names it has not taken; of the others nobody can ask, so a person looks."""
        pickings = self.confirmed("T-1", "T-2")
        rows = self.happens(pickings, "departed")
        self.fault(code="INVALID_TRACKING_NUMBER", message="T-1 is not known.")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(rows.mapped("state"), ["error", "unknown"])
        self.assertIn("T-1 is not known", rows[0].message)
        self.assertIn("T-2", self.vendor.activity_ids.note)
        rows[1].with_user(self.user).action_retry()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((rows[1].state, self.shown(pickings[1])), ("done", ["DEPARTED_FROM_FC"]))
        self.assertFalse(self.vendor.activity_ids)

    def test_lost_answers(self):
        """Whatever is lost, nothing is told twice by itself: a person says whether Amazon has it."""
        for number, kind in enumerate(("cut_after", "500_after", "timeout_after")):
            with self.subTest(kind=kind):
                picking = self.confirmed(f"L-{number}")
                row = self.happens(picking, "departed", self.ago(60))
                later = self.happens(picking, "delivered", self.ago(30))
                self.fault(kind)
                self.tell()
                self.assertEqual(row.state, "sending")
                self.tell(minutes=2)
                self.assertEqual((row.state, later.state), ("unknown", "sending"))
                self.tell(minutes=2)
                self.assertEqual(self.shown(picking), ["DEPARTED_FROM_FC", "DELIVERED"])
                self.assertIn(f"L-{number}", self.vendor.activity_ids.note)
                with self.assertRaises(AccessError):
                    row.with_user(self.salesman()).action_amazon_has_it()
                row.with_user(self.user).action_amazon_has_it()
                self.tell()
                self.assertEqual(row.state, "done")
                self.assertFalse(self.vendor.activity_ids)

    def salesman(self):
        return self.env["res.users"].search([("login", "=", "salesman_status")]) or new_test_user(
            self.env,
            "salesman_status",
            "sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_late(self):
        """What Amazon has not ended within ten minutes a person is told of."""
        self.amazon.post("settings", vendor_seconds=None)
        picking = self.confirmed_at_once()
        self.happens(picking, "departed")
        self.tell()
        for minutes in (2, 5, 5, 5):
            self.tell(minutes=minutes)
        self.assertIn("Status Update", self.vendor.activity_ids.note)

    def confirmed_at_once(self):
        """Return a delivery that Amazon knows to have left, though it ends nothing by itself."""
        order = self.purchased()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/acknowledge", code="00")
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/confirm", tracking=["T-1"])
        self.read_orders(again=True)
        order.picking_ids.carrier_tracking_ref = "T-1"
        return order.picking_ids
