from datetime import datetime

from odoo.tests import tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestPending(AmazonCase):
    """R4 and R5: orders that Amazon has not released yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placeholder = cls.env.ref("sale_amazon_spapi.partner_provisional")
        cls.provisional = cls.env.ref("sale_amazon_spapi.carrier_provisional")
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Sagawa",
                "delivery_type": "fixed",
                "company_id": cls.company.id,
                "product_id": cls.env.ref("sale_amazon_spapi.product_shipping").id,
            }
        )
        cls.account.rule_ids = [
            (0, 0, {"carrier_id": cls.carrier.id, "country_ids": [(6, 0, cls.env.ref("base.jp").ids)]})
        ]

    def assert_provisional(self, order):
        """Check that the order waits with placeholders."""
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.partner_id, self.placeholder)
        self.assertEqual(order.partner_shipping_id, self.placeholder)
        self.assertEqual(order.partner_id.name, "Amazon 仮登録")
        self.assertEqual(order.carrier_id, self.provisional)
        self.assertEqual(order.amazon_payment_state, "awaiting")
        self.assertEqual(order.amazon_phase_id.role, "awaiting_payment")
        self.assertFalse(order.picking_ids)
        self.assertFalse(order.amazon_review_reasons)
        self.assertFalse(order.amazon_difference)

    def assert_released(self, order):
        """Check that everything that was provisional has been filled in."""
        on_amazon = self.amazon_order(order)
        date = datetime.fromisoformat(on_amazon["createdTime"]).replace(tzinfo=None, microsecond=0)
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.date_order, date, "Amazon's order date survives confirming")
        self.assertNotIn(self.placeholder, order.partner_id | order.partner_shipping_id | order.partner_invoice_id)
        self.assertEqual(order.partner_id.name, on_amazon["buyer"]["buyerName"])
        self.assertEqual(order.partner_id.email, on_amazon["buyer"]["buyerEmail"])
        self.assertEqual(order.partner_invoice_id, order.partner_id)
        self.assertEqual(order.partner_shipping_id.parent_id, order.partner_id)
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertEqual(order.carrier_id, self.carrier)
        self.assertEqual(order.picking_ids.carrier_id, self.carrier)
        self.assertEqual(order.amazon_payment_state, "paid")
        self.assertEqual(order.amount_total, float(on_amazon["proceeds"]["grandTotal"]["amount"]))
        self.assertTrue(all(line.price_unit for line in order.order_line))
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.assertFalse(order.amazon_difference)
        self.assertEqual(order.user_id, self.account.user_id)
        self.assertEqual(order.warehouse_id, self.warehouse)
        self.assertEqual(order.pricelist_id.name, "Amazon JPY")
        self.assertFalse(order.activity_ids)

    def test_paid(self):
        """Pending without prices, then paid: address, buyer, prices, method and delivery are there."""
        order = self.imported("jp_pending_no_prices")
        self.assert_provisional(order)
        self.assertEqual(order.amazon_payment_method, "provisional")
        self.changed(order, "pay")
        self.assert_released(order)
        self.assertEqual(order.amazon_payment_method, "other")

    def test_paid_with_prices(self):
        """Pending with prices: they are shown at once."""
        order = self.imported("jp_pending_with_prices")
        self.assert_provisional(order)
        self.assertTrue(order.amount_total)
        self.changed(order, "pay")
        self.assert_released(order)

    def test_convenience_store(self):
        """Convenience store payment: pending until the buyer has paid there."""
        order = self.imported("jp_cvs_pending")
        self.assert_provisional(order)
        self.changed(order, "pay")
        self.assert_released(order)
        self.assertEqual(order.amazon_payment_method, "convenience_store")

    def test_preorder(self):
        """A pre-order waits for its release, then for its payment."""
        order = self.imported("jp_preorder")
        self.assertEqual(order.amazon_status, "pending_availability")
        self.assert_provisional(order)
        self.changed(order, "release")
        self.assertEqual(order.amazon_status, "pending")
        self.assert_provisional(order)
        self.changed(order, "pay")
        self.assert_released(order)

    def test_cancelled(self):
        """Pending orders are often cancelled: that is nothing to bother a person with, whatever the policy."""
        for policy in ("until_picked", "unreserved", "never"):
            self.account.cancel_policy = policy
            order = self.imported("jp_cvs_pending")
            self.changed(order, "cancel")
            self.assertEqual((order.state, order.amazon_status), ("cancel", "cancelled"))
            self.assertEqual(order.amazon_phase_id.role, "cancelled")
            self.assertFalse(order.activity_ids)
            self.assertFalse(order.picking_ids)
            self.assertEqual(order.amazon_payment_state, "awaiting", "nobody has paid")
            self.assertEqual(order.amazon_payment_method, "convenience_store")
            told = "".join(order.message_ids.mapped("body"))
            words = dict(order._fields["amazon_status"]._description_selection(self.env))
            self.assertIn(words["cancelled"], told)
            words = dict(order._fields["amazon_payment_state"]._description_selection(self.env))
            self.assertNotIn(words["paid"], told)

    def test_pending_to_shipped(self):
        """Paid and shipped between two runs: confirmed and delivered in one go."""
        order = self.imported("jp_pending_with_prices")
        self.act(order.amazon_order_ref, "pay")
        self.changed(order, "ship")
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_pending_needs_review_when_paid(self):
        """What a person must see is asked for when the order is paid, not before."""
        order = self.imported("jp_pending_no_prices", items=[{"sku": "NOBODY-KNOWS"}])
        self.assert_provisional(order)
        self.changed(order, "pay")
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.amazon_phase_id.role, "review")
        self.assertEqual(len(order.activity_ids), 1)

    def test_first_seen_cancelled(self):
        """First seen cancelled: a cancelled order without deliveries."""
        order = self.imported("jp_cancelled")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(order.amazon_phase_id.role, "cancelled")
        self.assertFalse(order.picking_ids)
        self.assertFalse(order.amazon_difference)
        self.assertFalse(order.amazon_payment_state, "Amazon does not say")

    def test_cancelled_here_then_paid(self):
        """Cancelled here while pending, then paid on Amazon: a person is told, and can take it up again."""
        order = self.imported("jp_cvs_pending")
        order.with_user(self.user)._action_cancel()
        self.changed(order, "pay")
        self.assertEqual((order.state, order.amazon_status), ("cancel", "unshipped"))
        self.assertEqual(order.activity_ids.user_id, self.manager)
        self.assertEqual(order.activity_ids.mapped("amazon_reason"), ["cancelled_here"])
        self.refetched(order)
        self.assertEqual(len(order.activity_ids), 1)
        with self.committing(order) as mine:
            mine.with_user(self.user).action_amazon_reopen()
        self.import_orders()
        self.assert_released(order)
