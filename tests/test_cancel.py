from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AmazonCase

# What has been done with the order when Amazon cancels it, and whether each policy cancels it here.
STATES = {
    "unreserved": {"until_picked": True, "unreserved": True, "never": False},
    "reserved": {"until_picked": True, "unreserved": False, "never": False},
    "printed": {"until_picked": False, "unreserved": False, "never": False},
    "picked": {"until_picked": False, "unreserved": False, "never": False},
    "partly done": {"until_picked": False, "unreserved": False, "never": False},
    "invoiced": {"until_picked": False, "unreserved": False, "never": False},
}


@tagged("post_install", "-at_install")
class TestCancel(AmazonCase):
    """R6: an order cancelled on Amazon, by policy and by what has been done with it here."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep_books()

    def bring(self, order, state):
        """Bring an order this far."""
        picking = order.picking_ids
        if state == "unreserved":
            picking.do_unreserve()
        elif state == "printed":
            picking.printed = True
        elif state == "picked":
            picking.move_ids.picked = True
        elif state == "partly done":
            picking.move_ids.write({"quantity": 1, "picked": True})
            picking.with_user(self.user).with_context(
                skip_backorder=True, picking_ids_not_to_backorder=[]
            ).button_validate()
        elif state == "invoiced":
            order.order_line.product_id.invoice_policy = "order"
            order._create_invoices().action_post()

    def test_policies(self):
        """Each policy with each state: cancelled and freed, or a person is told and nothing changes."""
        cup = self.products["AMZ-CUP-001"]
        for policy in ("until_picked", "unreserved", "never"):
            with self.subTest(policy=policy), self.env.cr.savepoint() as savepoint:
                self.account.cancel_policy = policy
                orders = self.imported(count=len(STATES), items=[{"sku": cup.default_code, "quantity": 2}])
                before, held = {}, 0
                for order, (state, policies) in zip(orders, STATES.items(), strict=True):
                    self.bring(order, state)
                    before[order] = self.deliveries(order)
                    held += 0 if policies[policy] or state == "unreserved" else 2
                    # What was partly shipped on Amazon could not be cancelled as a whole there.
                    self.change(order.amazon_order_ref, fulfillment={"fulfillmentStatus": "CANCELLED"})
                self.import_orders()
                for order, (state, policies) in zip(orders, STATES.items(), strict=True):
                    with self.subTest(state=state):
                        self.check_cancelled(order, policies[policy], before[order])
                self.assertEqual(cup.free_qty, 100 - held)
                for order in orders:
                    self.change(order.amazon_order_ref)
                self.import_orders()
                for order, (state, policies) in zip(orders, STATES.items(), strict=True):
                    with self.subTest(state=state):
                        self.assertEqual(len(order.activity_ids), 0 if policies[policy] else 1)
                savepoint.rollback()
                self.env.invalidate_all()

    def deliveries(self, order):
        """Return state and quantities of each of an order's deliveries."""
        return [(picking.state, picking.move_ids.mapped("quantity")) for picking in order.picking_ids.sorted("id")]

    def check_cancelled(self, order, cancels, before):
        """See that an order which Amazon calls cancelled is so here, too, or that a person is told."""
        self.assertEqual(order.amazon_status, "cancelled")
        if cancels:
            self.assertEqual(order.state, "cancel")
            self.assertEqual(set(order.picking_ids.mapped("state")), {"cancel"})
            self.assertEqual(order.amazon_phase_id.role, "cancelled")
            self.assertFalse(order.activity_ids)
        else:
            self.assertEqual(order.state, "sale")
            self.assertEqual(self.deliveries(order), before)
            self.assertEqual(order.activity_ids.user_id, self.manager)
            self.assertEqual(len(order.activity_ids), 1)
            self.assertEqual(order.amazon_phase_id.role, "review", "nobody ships it without looking")

    def test_not_shipped_without_looking(self):
        """A delivery whose order was cancelled on Amazon cannot be validated until a person has decided."""
        self.account.cancel_policy = "never"
        order = self.imported()
        self.changed(order, "cancel")
        with self.assertRaisesRegex(UserError, order.name):
            self.ship(order.picking_ids)
        order.with_user(self.user).action_amazon_reviewed()
        self.refetched(order)
        self.assertFalse(order.activity_ids, "a person has decided")
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")

    def test_cancelled_after_delivery(self):
        """Cancelled on Amazon although everything has left: told, and it stays shipped here."""
        order = self.imported()
        self.ship(order.picking_ids)
        self.changed(order, "cancel")
        self.assertEqual((order.state, order.picking_ids.state), ("sale", "done"))
        self.assertEqual(len(order.activity_ids), 1)

    def test_cancelled_here_first(self):
        """Cancelled by a person first: Amazon's cancellation changes nothing any more."""
        order = self.imported()
        order.with_user(self.user).action_cancel()
        order._action_cancel()
        self.assertEqual(order.amazon_phase_id.role, "cancelled")
        self.changed(order, "cancel")
        self.assertEqual(order.state, "cancel")
        self.assertFalse(order.activity_ids)

    def test_phase_follows_at_once(self):
        """Cancelled by a person, paid or not, one or several, in a phase of the shop's own: no order stays among the
        work, whichever of Odoo's methods does it."""
        own = self.env["amazon.phase"].create({"name": "Slip printed", "company_id": self.company.id})
        for method in ("action_cancel", "_action_cancel"):
            orders = self.imported(count=2) | self.imported("jp_cvs_pending") | self.imported("jp_gift")
            orders[1].with_user(self.user).amazon_phase_id = own
            held = self.imported()
            held.with_user(self.user).amazon_on_hold = True
            orders |= held
            with self.subTest(method=method):
                getattr(orders.with_user(self.user), method)()
                self.assertEqual(set(orders.mapped("state")), {"cancel"})
                self.assertEqual(orders.mapped("amazon_phase_id.role"), ["cancelled"])
        self.env.cr.flush()
        self.assertFalse(orders.activity_ids.filtered(lambda activity: "waits for units" in activity.summary))

    def test_phase_follows_by_wizard(self):
        """Odoo's own dialog for cancelling several does the same."""
        orders = self.imported(count=2)
        self.env["sale.mass.cancel.orders"].with_user(self.user).create(
            {
                "sale_order_ids": [(6, 0, orders.ids)],
            }
        ).action_mass_cancel()
        self.assertEqual(orders.amazon_phase_id.role, "cancelled")

    def test_phase_follows_back(self):
        """Taken up again by hand: to review while it is a quotation, then among the work."""
        order = self.imported()
        mine = order.with_user(self.user)
        mine.action_cancel()
        mine.action_draft()
        self.assertEqual(order.amazon_phase_id.role, "review")
        mine.action_confirm()
        self.assertEqual(order.amazon_phase_id.role, "ready")
        unpaid = self.imported("jp_cvs_pending")
        unpaid.with_user(self.user).action_cancel()
        unpaid.with_user(self.user).action_draft()
        self.assertEqual(unpaid.amazon_phase_id.role, "awaiting_payment")

    def test_phase_follows_when_combined(self):
        """An order that goes with another and is cancelled for it stands among the cancelled."""
        parent, child = self.imported(count=2)
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.assertEqual((parent.amazon_phase_id.role, child.amazon_phase_id.role), ("ready", "cancelled"))
        parent.with_user(self.user).action_cancel()
        self.assertEqual(parent.amazon_phase_id.role, "cancelled")

    def test_unfulfillable(self):
        """Unfulfillable is treated as cancelled."""
        order = self.imported()
        self.refetched(order, fulfillment={"fulfillmentStatus": "UNFULFILLABLE"})
        self.assertEqual((order.state, order.amazon_status), ("cancel", "unfulfillable"))

    def test_cancelled_here_only(self):
        """Cancelled by a person although Amazon goes on: told once Amazon says it has left; taken back with Amazon's
        own cancellation."""
        order = self.imported()
        order._action_cancel()
        self.refetched(order, fulfillment={"shipByWindow": {"latestDateTime": "2027-01-01T00:00:00Z"}})
        self.assertFalse(order.activity_ids, "whoever cancels here knows it")
        shipped = self.imported()
        shipped._action_cancel()
        self.changed(shipped, "ship")
        self.assertEqual((shipped.state, shipped.amazon_status), ("cancel", "shipped"))
        self.assertEqual(shipped.activity_ids.mapped("summary"), ["Cancelled here, but not on Amazon"])
        self.refetched(shipped, fulfillment={"fulfillmentStatus": "CANCELLED"})
        self.assertFalse(shipped.activity_ids)

    def test_amazon_still_waits(self):
        """The order says that Amazon waits for what was cancelled here only, until Amazon says cancelled, too."""
        order = self.imported().with_user(self.user)
        self.assertFalse(order.amazon_cancelled_here)
        order.action_cancel()
        self.assertTrue(order.amazon_cancelled_here)
        self.changed(order.with_user(self.env.user), "cancel")
        order.invalidate_recordset()
        self.assertFalse(order.amazon_cancelled_here)
        shipped = self.imported()
        shipped._action_cancel()
        copied = shipped.copy()
        shipped.invalidate_recordset()
        self.assertEqual(copied.amazon_copied_from_id, shipped)
        self.assertFalse(shipped.amazon_cancelled_here, "its copy brings what Amazon waits for")

    def test_taken_back_whatever_the_language(self):
        """What was asked of a person in one language is known, and taken back, in another one."""
        self.env["res.lang"]._activate_lang("ja_JP")
        shipped, gift = self.imported(), self.imported("jp_gift")
        shipped._action_cancel()
        self.changed(shipped, "ship")
        orders = shipped | gift
        self.assertEqual(len(orders.activity_ids), 2)
        self.company.partner_id.lang = "ja_JP"
        self.refetched(gift, orderItems={"0": {"fulfillment": {"packing": {"giftOption": None}}}})
        self.refetched(shipped, fulfillment={"fulfillmentStatus": "CANCELLED"})
        self.assertFalse(orders.activity_ids)

    def test_asked_once_whatever_the_language(self):
        """What a person was asked in one language is not asked once more in another one."""
        self.env["res.lang"]._activate_lang("ja_JP")
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3, "total": 3000}])
        order.picking_ids.printed = True
        for lang, level in (("en_US", "EXPEDITED"), ("ja_JP", "STANDARD")):
            self.company.partner_id.lang = lang
            self.refetched(
                order,
                orderItems={"0": {"fulfillment": {"quantityUnfulfilled": 2}}},
                fulfillment={"fulfillmentServiceLevel": level},
            )
        self.assertEqual(len(order.activity_ids), 1)

    def test_cancelled_and_taken_back(self):
        """Cancelled on Amazon and here, then wanted after all: told, never silently left lying."""
        order = self.imported()
        self.changed(order, "cancel")
        self.assertEqual(order.state, "cancel")
        with self.assertRaisesRegex(UserError, order.name):
            order.with_user(self.user).action_amazon_reopen()
        quantity = self.amazon_order(order)["orderItems"][0]["quantityOrdered"]
        self.refetched(
            order,
            fulfillment={"fulfillmentStatus": "UNSHIPPED"},
            orderItems={"0": {"fulfillment": {"quantityUnfulfilled": quantity}}},
        )
        self.assertEqual(len(order.activity_ids), 1)
        with self.committing(order) as mine:
            mine.with_user(self.user).action_amazon_reopen()
        self.assertEqual((order.state, order.amazon_status), ("sale", "unshipped"))
        self.assertFalse(order.activity_ids)
        to_ship = order.picking_ids.filtered(lambda picking: picking.state != "cancel")
        self.assertEqual(to_ship.move_ids.product_uom_qty, quantity)
