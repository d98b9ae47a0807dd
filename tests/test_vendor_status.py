from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..selling_partner import STATUS_EVENTS
from .common_vendor import OwnCarrierCase


@tagged("post_install", "-at_install")
class TestVendorStatus(OwnCarrierCase):
    """Vendors with carriers of their own tell Amazon where each parcel is: once, and in the order in which it was."""

    def confirmed(self, *numbers, kind="vendor_standard", **values):
        """Return the deliveries of orders that Amazon knows to have left, one for each tracking number."""
        orders = self.accepted(kind, len(numbers), **values)
        pickings = self.env["stock.picking"]
        for order, number in zip(orders, numbers, strict=True):
            pickings |= self.leave(order, number)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"done"})
        # They left a while ago.
        pickings.date_done = pickings[0].date_done - timedelta(hours=10)
        return pickings

    def ago(self, minutes):
        return fields.Datetime.now() - timedelta(minutes=minutes)

    def told(self):
        """Return what was submitted, entry by entry."""
        return [entry["statusUpdateDetails"] for one in self.transactions_there("status") for entry in one["entries"]]

    def shown(self, picking):
        """Return the events that Amazon has of an order's parcels, in their order."""
        return [entry["event"] for entry in self.there(picking.sale_id)["statuses"]]

    def fault(self, kind="transaction_ends", **values):
        self.amazon.post("faults", operation="submitShipmentStatusUpdates", kind=kind, times=1, seconds=1, **values)

    def test_told(self):
        """What happened goes to Amazon, is followed to its end, and stands on the delivery."""
        picking = self.confirmed("T-1")
        picking.sale_id.partner_shipping_id.write({"name": "Kunde", "street": "1-2-3", "city": "Kofu"})
        moment = self.ago(30)
        row = picking._amazon_vendor_status("delivered", moment)
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
            picking._amazon_vendor_status(event)
        self.tell()
        self.assertEqual(len(self.transactions_there("status")), 1)
        self.tell(minutes=2)
        for picking, event in zip(pickings, names, strict=True):
            self.assertEqual(self.shown(picking), [names[event]])
        self.vendor.write({"vendor_status_codes": "edifact", "vendor_api_version": "v1"})
        picking = self.confirmed("E-1")
        picking._amazon_vendor_status("delayed")
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
        picking._amazon_vendor_status("in_transit")
        self.tell()
        [transaction] = self.transactions_there("status")
        self.assertEqual(
            [entry["statusUpdateDetails"]["trackingNumber"] for entry in transaction["entries"]], ["A", "B"]
        )

    def test_in_turn(self):
        """What happened to a parcel later waits until Amazon has what was before."""
        picking = self.confirmed("T-1")
        first = picking._amazon_vendor_status("departed", self.ago(90))
        second = picking._amazon_vendor_status("out_for_delivery", self.ago(60))
        third = picking._amazon_vendor_status("delivered", self.ago(30))
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
        picking._amazon_vendor_status("in_transit", moment)
        for event, at, words in (
            ("departed", self.ago(90), "cannot have been before"),
            ("in_transit", moment, "in the list already"),
        ):
            with self.subTest(event=event), self.assertRaisesRegex(UserError, words):
                picking._amazon_vendor_status(event, at)
        picking._amazon_vendor_status("refused", self.ago(50))
        with self.assertRaisesRegex(UserError, "nothing follows upon “Refused"):
            picking._amazon_vendor_status("delivered")
        picking._amazon_vendor_status("undeliverable", self.ago(40))
        for event in STATUS_EVENTS:
            with self.subTest(event=event), self.assertRaisesRegex(UserError, "nothing follows upon “Undeliverable"):
                picking._amazon_vendor_status(event)
        self.assertEqual(picking.amazon_status_ids.mapped("event"), ["undeliverable", "refused", "in_transit"])

    def test_what_cannot_be_told(self):
        """Said before anything is sent: not confirmed, another number, a moment that cannot be, Amazon's carrier."""
        order = self.accepted()
        picking = order.picking_ids
        with self.assertRaisesRegex(UserError, "confirmation yet"):
            picking._amazon_vendor_status("departed")
        self.leave(order, "T-1")
        self.tell()
        with self.assertRaisesRegex(UserError, "confirmation yet"):
            picking._amazon_vendor_status("departed")
        self.tell(minutes=2)
        with self.assertRaisesRegex(UserError, "future"):
            picking._amazon_vendor_status("departed", self.ago(-5))
        with self.assertRaisesRegex(UserError, "left at"):
            picking._amazon_vendor_status("departed", picking.date_done - timedelta(minutes=1))
        picking.carrier_tracking_ref = "T-2"
        with self.assertRaisesRegex(UserError, "T-2, but with T-1"):
            picking._amazon_vendor_status("departed")
        picking.carrier_tracking_ref = False
        with self.assertRaisesRegex(UserError, "tracking number"):
            picking._amazon_vendor_status("departed")
        picking.carrier_tracking_ref = "T-1"
        self.vendor.vendor_own_carrier = False
        with self.assertRaisesRegex(UserError, "carrier of Amazon's"):
            picking._amazon_vendor_status("departed")
        self.vendor.vendor_own_carrier = True
        picking._amazon_vendor_status("departed")
        other = self.imported().picking_ids
        with self.assertRaisesRegex(UserError, "no delivery of a Direct Fulfillment order"):
            other._amazon_vendor_status("departed")

    def test_one_of_several_is_wrong(self):
        """Where something stands against one parcel, nothing is told of the others."""
        pickings = self.confirmed("T-1", "T-2")
        pickings[0]._amazon_vendor_status("lost")
        with self.assertRaisesRegex(UserError, "T-1"):
            pickings._amazon_vendor_status("delivered")
        self.assertFalse(pickings[1].amazon_status_ids)

    def test_confirmed_in_vendor_central(self):
        """Of what was confirmed there the number is what a person enters here."""
        order = self.accepted()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/confirm", tracking=["V-1"])
        self.read_orders(again=True)
        picking = order.picking_ids
        picking.carrier_tracking_ref = "V-1"
        picking._amazon_vendor_status("in_transit")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(self.shown(picking), ["IN_TRANSIT"])

    def test_appointment(self):
        """A delivery by appointment says when that is, and when it is expected now."""
        picking = self.confirmed("T-1", kind="vendor_scheduled")
        order = picking.sale_id
        self.assertTrue(order.amazon_appointment_from)
        picking._amazon_vendor_status("in_transit", appointment_at=order.amazon_appointment_from)
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
        place = self.env["res.partner"].create(
            {"name": "Depot", "street": "9-9", "city": "Nagoya", "country_id": self.env.ref("base.jp").id}
        )
        form.location_id = place
        form.save().action_tell()
        self.tell()
        self.assertEqual([one["trackingNumber"] for one in self.told()], ["T-1", "T-2"])
        self.assertEqual({one["statusLocationAddress"]["name"] for one in self.told()}, {"Depot"})
        place.country_id = False
        with self.assertRaisesRegex(UserError, "Depot.*lacks"):
            pickings[0]._amazon_vendor_status("delayed", location_id=place.id)
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
        row = picking._amazon_vendor_status("departed", self.ago(60))
        later = picking._amazon_vendor_status("in_transit", self.ago(30))
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
        row = picking._amazon_vendor_status("departed")
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
        rows = pickings._amazon_vendor_status("departed")
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
                row = picking._amazon_vendor_status("departed", self.ago(60))
                later = picking._amazon_vendor_status("delivered", self.ago(30))
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
        picking._amazon_vendor_status("departed")
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
