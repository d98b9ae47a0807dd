import re

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import counts_queries
from .common_confirmation import ConfirmationCase

TYPE = "sale_amazon_spapi.mail_activity_unapplied"
UNREADABLE = {"grandTotal": {"amount": "a lot", "currencyCode": "JPY"}}


@tagged("post_install", "-at_install")
class TestUnapplied(ConfirmationCase):
    """A newer version that cannot be applied: what can be is, the delivery is held, and a person is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales_manager = new_test_user(
            cls.env,
            "sales_manager",
            "sales_team.group_sale_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def told(self, order):
        """Return the activities that tell of a version that is not applied."""
        return order.activity_ids.filtered(lambda activity: activity.activity_type_id == self.env.ref(TYPE))

    def build(self):
        """Let the builders work on what is due."""
        with self.committing(self.account) as account:
            self.env["amazon.order.update"].with_env(account.env)._drain(account)
        self.env.invalidate_all()

    def cups(self, quantity=3, locked=False):
        """Import an order of cups."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": quantity}])
        if locked:
            order.with_user(self.sales_manager).action_lock()
        return order

    def check_refused(self, picking, *words):
        """Check that a packer cannot validate the delivery, and that nothing stays of the attempt."""
        with self.assertRaisesRegex(UserError, ".*".join(words)), self.env.cr.savepoint():
            self.ship(picking)
        self.assertNotEqual(picking.state, "done")

    def check_held(self, order, *words):
        """Check that the order's delivery cannot go, says why, and that one person is told once."""
        self.env.invalidate_all()
        self.assertEqual(self.told(order).user_id, self.manager)
        self.assertEqual(len(self.told(order)), 1)
        self.assertTrue(self.told(order).summary)
        for picking in order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")):
            for word in words:
                self.assertIn(word, picking.with_user(self.user).amazon_blocked)
                self.assertIn(word, self.told(order).note)
            self.check_refused(picking, order.name)
        self.assertEqual(self.last_update(order).state, "failed")

    def check_free(self, order):
        """Check that the order's delivery can go and nobody is asked anything."""
        self.env.invalidate_all()
        self.assertFalse(self.told(order))
        self.assertFalse(order.amazon_unapplied)
        self.deliver(order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")))

    def test_locked(self):
        """A locked order: the new address counts, fewer units wait until it is unlocked."""
        order = self.cups(locked=True)
        old, version = order.partner_shipping_id, order.amazon_version
        self.act(order.amazon_order_ref, "change-address")
        self.refetched(order, orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 2}}})
        self.assertNotEqual(order.partner_shipping_id, old)
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertEqual(order.order_line.mapped("product_uom_qty")[0], 3)
        self.assertEqual(order.amazon_version, version)
        self.check_held(order, "locked")
        mails = self.env["mail.mail"].search([("subject", "ilike", order.name)])
        self.assertFalse(mails, "no mail for each")
        order.with_user(self.sales_manager).action_unlock()
        self.build()
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2)
        self.assertGreater(order.amazon_version, version)
        self.check_free(order)

    def test_locked_and_only_the_address(self):
        """Nothing that a lock forbids: applied as ever, nobody is asked."""
        order = self.cups(locked=True)
        old = order.partner_shipping_id
        self.changed(order, "change-address")
        self.assertNotEqual(order.partner_shipping_id, old)
        self.check_free(order)

    def test_locked_and_partly_shipped_there(self):
        """One of three units is shipped in Seller Central, another cancelled: what left is done here, the rest held."""
        order = self.cups(locked=True)
        self.changed(order, "ship", items={self.item_id(order): 1})
        done = order.picking_ids.filtered(lambda picking: picking.state == "done")
        self.assertEqual(done.move_ids.quantity, 1)
        self.refetched(order, orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 1}}})
        self.check_held(order, "locked")

    def test_locked_and_shipped_there(self):
        """Shipped in Seller Central, fewer than ordered: it does not leave a second time."""
        order = self.cups(locked=True)
        self.act(order.amazon_order_ref, "ship")
        self.refetched(order, orderItems={"0": {"fulfillment": {"quantityFulfilled": 2, "quantityUnfulfilled": 0}}})
        self.assertEqual(order.amazon_status, "shipped")
        self.assertEqual([move.quantity for move in order.picking_ids.move_ids if move.state == "done"], [2])
        self.check_held(order, "locked")

    def test_locked_and_cancelled(self):
        """Cancelled on Amazon: cancelled here, locked or not."""
        order = self.cups(locked=True)
        self.changed(order, "cancel")
        self.assertEqual((order.state, order.picking_ids.state), ("cancel", "cancel"))

    def test_unreadable_and_cancelled(self):
        """An amount that cannot be read keeps nothing from being cancelled."""
        order = self.cups()
        self.act(order.amazon_order_ref, "cancel")
        self.refetched(order, proceeds=UNREADABLE)
        self.assertEqual((order.amazon_status, order.state, order.picking_ids.state), ("cancelled", "cancel", "cancel"))
        self.assertEqual(order.amount_total, 9900)
        self.assertIn("grandTotal", self.last_update(order).error)

    def test_unreadable_and_cancelled_in_work(self):
        """Cancelled on Amazon while it is being picked: held."""
        order = self.cups()
        order.picking_ids.printed = True
        self.act(order.amazon_order_ref, "cancel")
        self.refetched(order, proceeds=UNREADABLE)
        self.assertEqual((order.amazon_status, order.state), ("cancelled", "sale"))
        self.check_held(order, "grandTotal")

    def test_unreadable_amount(self):
        """New address, fewer units, an amount that cannot be read: held until it can be."""
        order = self.cups()
        old, items = order.partner_shipping_id, order.amazon_item_ids.read(["total", "goods"])
        self.act(order.amazon_order_ref, "change-address")
        self.change(order.amazon_order_ref, orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 2}}})
        self.refetched(order, orderItems={"0": {"proceeds": {"proceedsTotal": {"amount": "x", "currencyCode": "JPY"}}}})
        self.assertNotEqual(order.picking_ids.partner_id, old)
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2)
        self.assertEqual(order.amazon_item_ids.read(["total", "goods"]), items)
        self.assertEqual(order.amazon_item_ids.quantity_unfulfilled, 2)
        self.check_held(order, "proceedsTotal")
        self.refetched(order, orderItems={"0": {"proceeds": {"proceedsTotal": {"amount": "6600"}}}})
        self.check_free(order)

    def test_unreadable_address(self):
        """An address that cannot be read: the old one must not be used without looking."""
        order = self.cups()
        old = order.partner_shipping_id
        self.refetched(order, recipient={"deliveryAddress": {"addressLine1": ["1-2-3"]}})
        self.assertEqual(order.partner_shipping_id, old)
        self.check_held(order, "addressLine1")
        self.last_update(order).with_user(self.user).action_ignore()
        self.assertEqual(self.last_update(order).state, "ignored")
        self.env.invalidate_all()
        self.assertFalse(order.picking_ids.amazon_blocked, "a person has decided")

    def test_unreadable_as_a_whole(self):
        """Nothing of it can be applied: held all the same."""
        order = self.cups()
        self.refetched(order, orderItems={"0": {"quantityOrdered": "many"}})
        self.check_held(order, "quantityOrdered")

    def test_unknown_sku(self):
        """An item that the table does not know comes in: the address counts, the delivery waits for the mapping."""
        self.account.unknown_sku = "hold"
        order = self.cups()
        old = order.partner_shipping_id
        self.act(order.amazon_order_ref, "change-address")
        self.refetched(order, orderItems={"0": {"product": {"sellerSku": "NEVER-SEEN"}}})
        self.assertNotEqual(order.partner_shipping_id, old)
        self.check_held(order, "NEVER-SEEN")

    def test_received_and_not_built_yet(self):
        """Between receiving and building the delivery waits, too."""
        order = self.cups()
        self.act(order.amazon_order_ref, "cancel")
        with self.committing(self.account) as account:
            account._fetch_orders()
        self.env.invalidate_all()
        self.assertEqual(self.last_update(order).state, "pending")
        self.assertTrue(order.picking_ids.amazon_blocked)
        self.check_refused(order.picking_ids, order.name)
        self.build()
        self.assertEqual(order.state, "cancel")

    def test_what_goes_along(self):
        """An order that was cancelled here to go with another holds that one's delivery."""
        parent, child = self.imported(count=2)
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.act(child.amazon_order_ref, "cancel")
        with self.committing(self.account) as account:
            account._fetch_orders()
        self.env.invalidate_all()
        self.check_refused(parent.picking_ids, child.name)
        self.build()
        self.ship(parent.picking_ids)
        self.assertEqual(parent.picking_ids.state, "done")

    def test_what_goes_along_back_to_pending(self):
        """An order that was cancelled here to go with another, and is not paid any more, holds that one's delivery."""
        parent, child = self.imported(count=2)
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        for status in ("PENDING", "PENDING_AVAILABILITY"):
            self.refetched(child, fulfillment={"fulfillmentStatus": status})
            self.check_refused(parent.picking_ids, child.name)
        self.refetched(child, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        self.ship(parent.picking_ids)
        self.assertEqual(parent.picking_ids.state, "done")

    @counts_queries
    def test_one_question_for_many(self):
        """Whether something newer is waiting is asked once for all deliveries of a list."""
        pickings = self.imported(count=6).picking_ids.with_user(self.user)
        for some in (pickings[:1], pickings):
            some.mapped("amazon_blocked")
            some.invalidate_recordset(["amazon_blocked"])
            with self.assertQueryCount(1):
                some.mapped("amazon_blocked")

    def test_back_to_pending(self):
        """Not paid any more after all: held; free again once it is paid."""
        order = self.cups()
        self.refetched(order, fulfillment={"fulfillmentStatus": "PENDING"})
        self.assertEqual(order.amazon_phase_id.role, "awaiting_payment")
        self.assertEqual(order.amazon_payment_state, "awaiting")
        blocked = order.picking_ids.with_user(self.user).amazon_blocked
        self.assertTrue(blocked)
        self.check_refused(order.picking_ids, re.escape(blocked))
        self.refetched(order, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.check_free(order)
