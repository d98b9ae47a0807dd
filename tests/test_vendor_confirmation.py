from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.misc import format_datetime

from .common_vendor import OwnCarrierCase


@tagged("post_install", "-at_install")
class TestVendorConfirmation(OwnCarrierCase):
    """Amazon is told once, and in time, that an order has left as a whole, or that it cannot."""

    def row(self, order):
        return order._amazon_submission("confirmation")

    def told(self):
        """Return what was submitted, entry by entry."""
        return [entry for one in self.transactions_there("confirmation") for entry in one["entries"]]

    def events(self, order, event="confirmed"):
        return [entry for entry in self.there(order)["history"] if entry["event"] == event]

    def test_leaves(self):
        """All items, with ids as received; parcels always; the order is shipped when Amazon says so."""
        order = self.accepted("vendor_two_lines")
        self.assertEqual((order.amazon_api_status, order.picking_ids.amazon_api_status), ("not_sent", "not_sent"))
        picking = self.leave(order)
        self.assertEqual((picking.amazon_confirm_by - picking.date_done).total_seconds(), 4 * 3600)
        self.tell()
        self.assertEqual((order.amazon_api_status, picking.amazon_api_status), ("sending", "sending"))
        [entry] = self.told()
        there = self.there(order)["order"]["orderDetails"]["items"]
        self.assertEqual(
            [
                (line["itemSequenceNumber"], line["buyerProductIdentifier"], line["shippedQuantity"]["amount"])
                for line in entry["items"]
            ],
            [
                (int(line["itemSequenceNumber"]), line["buyerProductIdentifier"], line["orderedQuantity"]["amount"])
                for line in there
            ],
        )
        [container] = entry["containers"]
        self.assertEqual(
            (container["trackingNumber"], container["scacCode"], container["shipMethod"]),
            ("T-1", "SIMC", order.amazon_ship_method),
        )
        self.assertEqual(container["weight"]["unitOfMeasure"], "KG")
        self.assertEqual(float(container["weight"]["value"]), 1.5)
        self.assertTrue(entry["shipmentDetails"]["estimatedDeliveryDate"])
        transaction = self.row(order).transaction_id
        self.assertEqual((transaction.order_ids, transaction.delivery_ids), (order, picking))
        self.tell(minutes=2)
        self.assertEqual((order.amazon_api_status, order.amazon_phase_role), ("done", "confirmed"))
        self.assertEqual(self.there(order)["status"], "SHIPPED")
        self.read_orders(again=True)
        self.assertEqual((order.amazon_status, order.amazon_vendor_status), ("shipped", "SHIPPED"))
        self.tell(minutes=60)
        self.assertEqual(len(self.events(order)), 1)
        self.assertFalse(order.amazon_confirmation_ids)

    def test_many(self):
        """What leaves together is told in one call."""
        orders = self.accepted(count=4)
        for order in orders:
            self.leave(order, order.name)
        self.tell()
        self.assertEqual(len(self.transactions_there("confirmation")), 1)
        self.tell(minutes=2)
        self.assertEqual(set(orders.mapped("amazon_api_status")), {"done"})

    def test_v1(self):
        self.vendor.vendor_api_version = "v1"
        order = self.accepted("vendor_same_sku")
        self.leave(order)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(order.amazon_api_status, "done")

    def test_packages(self):
        """Each package is a parcel, with its type's size, its own weight and its own number."""
        order = self.accepted("vendor_two_lines")
        picking = order.picking_ids
        kind = self.env["stock.package.type"].create(
            {"name": "Box", "packaging_length": 300, "width": 200, "height": 105, "base_weight": 0.2}
        )
        first, second = self.env["stock.package"].create([{"package_type_id": kind.id}, {"shipping_weight": 7}])
        lines = picking.move_ids.move_line_ids
        lines[0].result_package_id, lines[1].result_package_id = first, second
        picking.with_user(self.user).carrier_tracking_ref = "A,B"
        self.ship(picking)
        self.tell()
        [entry] = self.told()
        one, two = entry["containers"]
        self.assertEqual([one["trackingNumber"], two["trackingNumber"]], ["A", "B"])
        self.assertEqual([one["containerIdentifier"], two["containerIdentifier"]], [first.name, second.name])
        self.assertEqual(
            {name: float(value) for name, value in one["dimensions"].items() if name != "unitOfMeasure"},
            {"length": 30, "width": 20, "height": 10.5},
        )
        self.assertEqual(float(two["weight"]["value"]), 7)
        self.assertEqual(float(one["weight"]["value"]), 1.2)
        self.assertEqual(len(one["packedItems"]), 1)
        self.tell(minutes=2)
        self.assertEqual(order.amazon_api_status, "done")

    def test_what_is_missing(self):
        """What Amazon would refuse is said before anything is sent, and it goes once that is mended."""
        order = self.accepted()
        product = order.order_line.filtered("amazon_item_ref").product_id
        cases = (
            ("weight", lambda: product.write({"weight": 0}), lambda: product.write({"weight": 1}), "no weight"),
            (
                "scac",
                lambda: self.method.write({"scac_code": False}),
                lambda: self.method.write({"scac_code": "S"}),
                "SCAC",
            ),
        )
        delivery = order.picking_ids.with_user(self.user)
        delivery.carrier_tracking_ref = False
        self.assertIn("tracking number", delivery.amazon_warning)
        self.assertNotIn("SCAC", delivery.amazon_warning)
        for _name, break_it, mend, words in cases:
            break_it()
            delivery.invalidate_recordset()
            self.assertIn(words, delivery.amazon_warning)
            mend()
        delivery.carrier_tracking_ref = "T-9"
        self.assertFalse(delivery.amazon_warning)
        for _name, break_it, _mend, _words in cases:
            break_it()
        self.leave(order, "")
        self.assertFalse(delivery.amazon_warning, "what has left its confirmation speaks of")
        self.tell()
        for _name, _break, mend, words in cases:
            self.row(order).with_user(self.user).action_retry()
            self.tell()
            self.assertEqual(order.amazon_api_status, "error")
            self.assertRegex(order.amazon_vendor_message, f"{words}|tracking number")
            mend()
        self.assertFalse(self.told())
        self.row(order).with_user(self.user).action_retry()
        self.tell()
        self.assertIn("tracking number", order.amazon_vendor_message)
        # Who packs has the delivery before them, not the order.
        delivery = order.picking_ids.with_user(self.user)
        self.assertIn("tracking number", delivery.amazon_vendor_message)
        # A number is all that is missing now: entered, it goes by itself.
        order.picking_ids.with_user(self.user).carrier_tracking_ref = "T-9"
        self.tell()
        self.assertEqual(len(self.told()), 1)
        self.assertFalse(delivery.amazon_vendor_message)

    def test_minutes(self):
        """A person is told of a confirmation that Amazon has not ended ten minutes after it was sent."""
        order = self.accepted()
        self.leave(order)
        self.amazon.post("settings", vendor_seconds=None)
        self.assertEqual(self.minutes_until_told(order), 10)

    def test_parts(self):
        """A part of an order is not told; the whole is, when the rest has left."""
        order = self.accepted("vendor_two_lines")
        picking = order.picking_ids
        picking.carrier_tracking_ref = "T-1"
        picking.move_ids[0].write({"quantity": 1, "picked": True})
        picking.move_ids[1].write({"quantity": 0, "picked": False})
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        self.tell()
        self.assertEqual((order.amazon_api_status, self.row(order).hint), ("error", "partial"))
        self.assertIn("1 of 2", order.amazon_vendor_message)
        self.assertFalse(self.told())
        self.leave(order, "T-2")
        self.tell()
        [entry] = self.told()
        self.assertEqual([one["trackingNumber"] for one in entry["containers"]], ["T-1", "T-2"])
        self.tell(minutes=2)
        self.assertEqual(order.amazon_api_status, "done")

    def test_future(self):
        order = self.accepted()
        order.picking_ids.amazon_ship_date = fields.Date.today() + timedelta(days=2)
        self.leave(order)
        self.tell()
        self.assertEqual((self.row(order).hint, self.told()), ("future", []))
        order.picking_ids.amazon_ship_date = False
        self.tell()
        self.assertEqual(len(self.told()), 1)

    def test_waits_for_acknowledgement(self):
        """What leaves before Amazon has the acknowledgement waits for it."""
        order = self.purchased()
        self.leave(order)
        self.tell()
        self.assertFalse(self.told())
        self.assertIn("acknowledgement", order.amazon_vendor_message)
        self.tell(minutes=2)
        self.assertEqual(len(self.told()), 1)

    def test_floor_denial(self):
        """What was accepted and cannot leave is denied as a whole; Amazon cancels it."""
        order = self.accepted("vendor_two_lines")
        packer = new_test_user(
            self.env,
            "packer_df",
            "stock.group_stock_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            order.picking_ids.with_user(packer).action_amazon_floor_denial()
        other = self.purchased("vendor_unknown_sku")
        with self.assertRaisesRegex(UserError, other.name):
            other.with_user(self.user).action_amazon_floor_denial()
        order.picking_ids.with_user(self.user).action_amazon_floor_denial()
        for _moment in ("before it is told", "until Amazon has done it"):
            with self.assertRaisesRegex(UserError, "denied"):
                order.picking_ids.with_user(packer).button_validate()
            self.tell()
        [entry] = self.told()
        self.assertEqual(entry["shipmentDetails"]["shipmentStatus"], "FLOOR_DENIAL")
        self.assertEqual(len(entry["items"]), 2)
        self.tell(minutes=2)
        self.assertEqual(self.row(order).state, "done")
        self.read_orders(again=True)
        self.assertEqual((order.state, order.amazon_vendor_status), ("cancel", "CANCELLED"))
        self.assertEqual(order.picking_ids.state, "cancel")

    def test_ship_date(self):
        """A ship date that a person enters is a day where the vendor is, also while it is yesterday elsewhere."""
        self.vendor.user_id.tz = "Asia/Tokyo"
        order = self.accepted()
        self.leave(order)
        picking = order.picking_ids
        # Half past one at night in Tokyo.
        picking.date_done = fields.Datetime.now().replace(hour=16, minute=30) - timedelta(days=1)
        picking.amazon_ship_date = picking.date_done.date() + timedelta(days=1)
        self.tell()
        [there] = self.transactions_there("confirmation")
        shipped = there["entries"][0]["shipmentDetails"]["shippedDate"]
        self.assertEqual(shipped, f"{picking.date_done.isoformat()}Z")

    def test_clock(self):
        """What Amazon does not know in time a person is told of, once."""
        self.vendor.user_id.tz = "Asia/Tokyo"
        order = self.accepted()
        self.leave(order, "")
        self.tell()
        self.assertFalse(order.activity_ids.filtered(lambda activity: activity.amazon_reason == "confirm_by"))
        soon = [("amazon_confirm_by", "<", "now +1H"), ("amazon_api_status", "!=", "done")]
        self.assertNotIn(order.picking_ids, self.env["stock.picking"].search(soon))
        order.picking_ids.date_done -= timedelta(hours=3, minutes=30)
        self.assertIn(order.picking_ids, self.env["stock.picking"].search(soon))
        self.tell()
        self.tell()
        urged = order.activity_ids.filtered(lambda activity: activity.amazon_reason == "confirm_by")
        self.assertEqual(len(urged), 1)
        until = format_datetime(self.env, order.picking_ids.amazon_confirm_by, tz="Asia/Tokyo", dt_format="short")
        self.assertIn(until, urged.summary, "in the time of who has to see to it")
        order.picking_ids.with_user(self.user).carrier_tracking_ref = "T-1"
        self.tell()
        self.tell(minutes=2)
        self.assertFalse(order.activity_ids)

    def test_refused(self):
        """Amazon's reason stands on order and delivery."""
        order = self.accepted()
        self.leave(order)
        self.amazon.post(
            "faults",
            operation="submitShipmentConfirmations",
            kind="transaction_ends",
            times=1,
            code="EMPTY_PACKAGES",
            message="Request Rejected",
        )
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((order.amazon_api_status, order.picking_ids.amazon_api_status), ("error", "error"))
        self.assertIn("EMPTY_PACKAGES", order.amazon_vendor_message)
        self.assertIn("packages", self.row(order).advice)
        self.row(order).with_user(self.user).action_retry()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((order.amazon_api_status, len(self.events(order))), ("done", 1))
        self.assertFalse(order.activity_ids)

    def test_lost_answers(self):
        """Whatever is lost, each order is confirmed once."""
        for kind in ("cut_after", "500_after", "timeout_after"):
            with self.subTest(kind=kind):
                order = self.accepted()
                self.leave(order)
                self.amazon.post("faults", operation="submitShipmentConfirmations", kind=kind, times=1, seconds=1)
                self.tell()
                self.assertEqual(self.row(order).state, "sending")
                self.tell(minutes=2)
                self.assertEqual((order.amazon_api_status, len(self.events(order))), ("done", 1))

    def test_done_there(self):
        """What was confirmed in Vendor Central is done here, and not told again."""
        order = self.accepted()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/confirm", tracking=["V-1"])
        self.read_orders(again=True)
        self.assertEqual((order.picking_ids.state, order.amazon_api_status), ("done", "done"))
        self.tell()
        self.assertFalse(self.told())

    def test_done_there_after_an_error(self):
        """What could not be told, and was confirmed in Vendor Central, is done."""
        order = self.accepted()
        self.leave(order, "")
        self.tell()
        self.assertEqual(order.amazon_api_status, "error")
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/confirm", tracking=["V-1"])
        self.read_orders(again=True)
        self.assertEqual((self.row(order).state, order.amazon_api_status), ("done", "done"))
        self.assertFalse(order.amazon_vendor_message)

    def test_rejected(self):
        """Nothing of a rejected order leaves."""
        order = self.purchased("vendor_unknown_sku")
        order._amazon_decide(self.env["amazon.acknowledgement.code"].search([("code", "=", "02")]))
        self.tell()
        self.tell(minutes=2)
        order.order_line.amazon_offer_id.product_id = self.products["AMZ-TEA-001"]
        with self.assertRaisesRegex(UserError, "rejected"):
            self.ship(order.picking_ids)
