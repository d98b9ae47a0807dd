from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import JAPAN, counts_queries
from .common_confirmation import ConfirmationCase

TYPE = "sale_amazon_spapi.mail_activity_open_units"


@tagged("post_install", "-at_install")
class TestOpenUnits(ConfirmationCase):
    """Done means done: Amazon has all it wants, or a person is told what it still waits for."""

    def told(self, order):
        """Return the activities that tell of units that nothing here will bring."""
        self.env.cr.flush()
        return order.activity_ids.filtered(lambda activity: activity.activity_type_id == self.env.ref(TYPE))

    def no_backorder(self, order, quantity):
        """Deliver so much of each product and say that nothing more will follow."""
        picking = order.picking_ids
        picking.carrier_tracking_ref = "111"
        picking.move_ids.write({"quantity": quantity, "picked": True})
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()
        self.assertEqual(order.picking_ids, picking)
        return picking

    def cups(self, quantity=5):
        """Import an order of cups."""
        return self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": quantity}])

    def check_open(self, order, *texts):
        """Check that the order is not done and that a person knows why."""
        told = self.told(order)
        self.assertEqual(order.amazon_api_status, "not_sent")
        self.assertEqual(order.amazon_phase_id.role, "shipped")
        self.assertEqual(told.user_id, self.manager)
        self.assertTrue(told.summary)
        for text in texts:
            self.assertIn(text, told.note)
            self.assertIn(text, order.with_user(self.user).amazon_api_message)

    def check_done(self, order):
        """Check that Amazon has everything and nobody is asked anything."""
        self.assertFalse(self.told(order))
        self.assertEqual(order.amazon_api_status, "done")
        self.assertEqual(order.amazon_phase_id.role, "confirmed")
        self.assertFalse(order.amazon_api_message)

    def test_no_backorder(self):
        """Some left and the rest was given up here: told once, with what can be done; gone once it is cancelled
        there."""
        order = self.cups()
        picking = self.no_backorder(order, 3)
        self.assertFalse(self.told(order), "what has left is to be told first")
        self.goes(picking)
        self.assertEqual(self.amazon_order(order)["fulfillment"]["fulfillmentStatus"], "PARTIALLY_SHIPPED")
        self.check_open(order, "AMZ-CUP-001 × 2", "Seller Central")
        found = self.env["sale.order"].with_user(self.user).search([("amazon_open_units", ">", 0)])
        self.assertEqual(found, order)
        self.refetched(order)
        self.check_open(order, "AMZ-CUP-001 × 2")
        self.assertEqual(len(self.told(order)), 1)
        self.refetched(
            order,
            fulfillment={"fulfillmentStatus": "SHIPPED"},
            orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 0}}},
        )
        self.check_done(order)

    def test_part_of_it_cancelled(self):
        """Some of them were entered there: other units, another request."""
        order = self.cups()
        self.goes(self.no_backorder(order, 2))
        self.check_open(order, "AMZ-CUP-001 × 3")
        self.refetched(order, orderItems={"0": {"fulfillment": {"quantityFulfilled": 4, "quantityUnfulfilled": 1}}})
        self.check_open(order, "AMZ-CUP-001 × 1")
        self.assertEqual(len(self.told(order)), 1)

    def test_seen_and_left(self):
        """Who has closed the request is not asked the same again."""
        order = self.cups()
        self.goes(self.no_backorder(order, 3))
        self.told(order).with_user(self.manager).action_done()
        self.refetched(order)
        self.assertFalse(self.told(order))
        self.assertEqual(order.amazon_api_status, "not_sent")

    def test_deliver_the_rest(self):
        """The rest gets a delivery of its own; confirmed like any other, then all is done."""
        order = self.cups()
        self.goes(self.no_backorder(order, 3))
        self.check_open(order)
        first = order.picking_ids
        with self.assertRaises(UserError):
            self.cups().with_user(self.user).action_amazon_deliver_rest()
        order.with_user(self.user).action_amazon_deliver_rest()
        rest = order.picking_ids - first
        self.assertEqual(rest.move_ids.mapped("product_uom_qty"), [2])
        self.assertFalse(self.told(order), "it is on its way")
        self.goes(self.deliver(rest, "222"))
        self.check_done(order)
        self.assertEqual(self.amazon_order(order)["fulfillment"]["fulfillmentStatus"], "SHIPPED")

    def test_backorder_cancelled_later(self):
        """The delivery of the rest is cancelled after the first was confirmed."""
        order = self.cups(2)
        picking, rest = self.split(order)
        self.goes(picking)
        self.assertFalse(self.told(order))
        rest.with_user(self.user).action_cancel()
        self.check_open(order, "AMZ-CUP-001 × 1")

    def put_tea_instead(self, picking, sku):
        """Validate a delivery in which there is tea instead of one of its products, and nothing comes later."""
        picking.carrier_tracking_ref = "111"
        picking.move_ids = [
            (
                0,
                0,
                {
                    "product_id": self.products["AMZ-TEA-001"].id,
                    "product_uom_qty": 1,
                    "location_id": picking.location_id.id,
                    "location_dest_id": picking.location_dest_id.id,
                },
            )
        ]
        picking.action_confirm()
        left_out = picking.move_ids.filtered(lambda move: move.product_id == self.products[sku])
        (picking.move_ids - left_out).write({"quantity": 1, "picked": True})
        left_out.quantity = 0
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()

    def test_replaced(self):
        """Something else was put into the parcel instead."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 1}, {"sku": "AMZ-PEN-001", "quantity": 1}])
        self.put_tea_instead(order.picking_ids, "AMZ-PEN-001")
        self.goes(order.picking_ids)
        self.check_open(order, "AMZ-PEN-001 × 1")
        self.assertNotIn("AMZ-CUP", self.told(order).note)

    def test_everything_replaced(self):
        """Nothing of the order has left, only something else: there is no confirmation at all."""
        order = self.cups(1)
        self.put_tea_instead(order.picking_ids, "AMZ-CUP-001")
        self.send()
        self.check_open(order, "AMZ-CUP-001 × 1")

    def test_item_gone(self):
        """An item that Amazon does not list any more is waited for by nobody, whenever it goes."""
        for gone_first in (True, False):
            with self.subTest(gone_first=gone_first):
                order = self.imported(items=[{"sku": sku, "quantity": 2} for sku in ("AMZ-CUP-001", "AMZ-PEN-001")])
                items = self.amazon_order(order)["orderItems"][:1]
                if gone_first:
                    self.refetched(order, orderItems=items)
                picking = order.picking_ids
                picking.carrier_tracking_ref = "111"
                moves = picking.move_ids.filtered(lambda move: move.product_id == self.products["AMZ-CUP-001"])
                moves.write({"quantity": 2, "picked": True})
                picking.with_user(self.user).with_context(
                    skip_backorder=True, picking_ids_not_to_backorder=picking.ids
                ).button_validate()
                self.goes(picking)
                if not gone_first:
                    self.check_open(order, "AMZ-PEN-001 × 2")
                    self.refetched(order, orderItems=items)
                self.check_done(order)

    def make_service(self, sku):
        """Let a product that is mapped become a service: such ones cannot be mapped."""
        product = self.products[sku]
        self.env["amazon.offer"].create(
            {
                "account_id": self.account.id,
                "sku": sku,
                "product_id": product.id,
                "marketplace_id": self.env["amazon.marketplace"].search([("api_ref", "=", JAPAN)]).id,
            }
        )
        product.type = "service"

    def test_service(self):
        """One of two SKUs is a service here, which no delivery brings."""
        self.make_service("AMZ-PEN-001")
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 1}, {"sku": "AMZ-PEN-001", "quantity": 2}])
        self.goes(self.deliver(order.picking_ids))
        self.check_open(order, "AMZ-PEN-001 × 2")
        with self.assertRaisesRegex(UserError, "AMZ-PEN-001"), self.env.cr.savepoint():
            order.with_user(self.user).action_amazon_deliver_rest()
        # It is entered there.
        self.changed(order, "ship")
        self.check_done(order)

    def test_only_services(self):
        """Nothing is delivered here at all: told as soon as it comes in."""
        self.make_service("AMZ-PEN-001")
        order = self.imported(items=[{"sku": "AMZ-PEN-001", "quantity": 2}])
        self.assertFalse(order.picking_ids)
        self.assertIn("AMZ-PEN-001 × 2", self.told(order).note)
        self.changed(order, "cancel")
        self.assertFalse(self.told(order))

    def test_delivery_cancelled(self):
        """The only delivery is cancelled, the order is not."""
        order = self.cups(2)
        order.picking_ids.with_user(self.user).action_cancel()
        self.assertIn("AMZ-CUP-001 × 2", self.told(order).note)
        order.with_user(self.user).action_cancel()
        self.assertFalse(self.told(order), "whoever cancels here knows it")

    def test_cancelled_after_a_part(self):
        """The order is cancelled here after a part has left: Amazon waits for the rest."""
        order = self.cups(2)
        picking, _rest = self.split(order)
        order.with_user(self.user).action_cancel()
        self.goes(picking)
        self.assertEqual(order.amazon_phase_id.role, "cancelled")
        self.assertEqual(order.amazon_api_status, "not_sent")
        self.assertIn("AMZ-CUP-001 × 1", self.told(order).note)
        self.refetched(
            order,
            fulfillment={"fulfillmentStatus": "SHIPPED"},
            orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 0}}},
        )
        self.assertFalse(self.told(order))
        self.assertEqual(order.amazon_api_status, "done")

    def test_combined_and_cancelled_here(self):
        """An order that went with another counts as much as Amazon was told of it."""
        parent, child = self.imported(count=2, items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.goes(self.deliver(parent.picking_ids))
        self.assertFalse(self.told(child))
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "done"))
        self.assertEqual(child.amazon_phase_id.role, "cancelled")

    def test_shipped_before_start(self):
        """What had left before the account began, and what leaves from here, are all of it."""
        self.account.start_date = fields.Date.today() + timedelta(days=2)
        order = self.imported("jp_partially_shipped")
        self.goes(self.deliver(order.picking_ids.filtered(lambda picking: picking.state != "done")))
        self.check_done(order)

    def test_in_the_companys_language(self):
        """The request is in the company's language, the text in the reader's; no mail is sent of it."""
        order = self.cups()
        last = self.env["mail.mail"].search([], order="id desc", limit=1).id
        self.goes(self.no_backorder(order, 3))
        self.assertTrue(self.told(order))
        subjects = self.env["mail.mail"].search([("id", ">", last)]).mapped("subject")
        self.assertFalse([subject for subject in subjects if order.name in (subject or "")])

    @counts_queries
    def test_nothing_more_to_look_at(self):
        """Neither import nor lists ask the database for each order's items."""
        orders = self.imported(count=6)
        for order in orders[:3]:
            self.deliver(order.picking_ids)
        self.send()
        self.env.invalidate_all()
        counts = []
        for some in (orders[:1], orders[1:]):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.user).web_read({"amazon_api_status": {}, "amazon_open_units": {}})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
