from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .common import AmazonCase


@tagged("post_install", "-at_install", "extra")
class TestKitsArePresent(TransactionCase):
    """One test database has kits and OCA's queue."""

    def test_installed(self):
        """In that database they are installed, so that their tests do run."""
        installed = self.env["ir.module.module"].search([("state", "=", "installed")]).mapped("name")
        self.assertIn("sale_mrp", installed)
        self.assertIn("queue_job", installed)


@tagged("post_install", "-at_install", "extra")
class TestKits(AmazonCase):
    """Kits (phantom bills of materials): sold as one, moved as components. Needs ``sale_mrp``."""

    def moved(self, order, state="done"):
        """Return how much of each component has moved."""
        moves = order.picking_ids.move_ids.filtered(lambda move: move.state == state)
        return {
            sku: sum(moves.filtered(lambda m, sku=sku: m.product_id == self.products[sku]).mapped("quantity"))
            for sku in ("AMZ-CUP-001", "AMZ-TEA-001")
        }

    def test_shipped_in_parts(self):
        """Kits shipped in Seller Central, one by one: their components leave in proportion."""
        kit = self.make_kit()
        order = self.imported(items=[{"sku": "KIT-1", "quantity": 3, "total": 10000}])
        self.assertEqual(order.order_line.product_id, kit)
        self.assertEqual(order.amount_total, 10000)
        self.assertEqual(order.amazon_phase_id.role, "ready")
        item = order.order_line.amazon_item_ref
        self.changed(order, "ship", items={item: 1}, tracking="FIRST")
        self.assertEqual(self.moved(order), {"AMZ-CUP-001": 2, "AMZ-TEA-001": 3})
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.changed(order, "ship", items={item: 2}, tracking="SECOND")
        self.assertEqual(self.moved(order), {"AMZ-CUP-001": 6, "AMZ-TEA-001": 9})
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(set(order.picking_ids.mapped("state")), {"done"})
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_divided_for_a_wave(self):
        """Components may leave in several deliveries, but no more of them than the kits need."""
        self.make_kit()
        order = self.imported(items=[{"sku": "KIT-1", "quantity": 3, "total": 10000}])
        picking = order.picking_ids.with_user(self.user)
        cups = picking.move_ids.filtered(lambda move: move.product_id == self.products["AMZ-CUP-001"])
        cups.move_line_ids.quantity = 4
        cups.move_line_ids.copy({"quantity": 2})._add_to_wave()
        wave = order.picking_ids - picking
        self.assertEqual(wave.move_ids.mapped("product_uom_qty"), [2])
        self.assertEqual(wave.move_ids.sale_line_id, order.order_line)
        with self.assertRaises(UserError):
            wave.with_user(self.user).copy()

    def test_first_seen_shipped(self):
        """First seen partly shipped before the start date: the rest of the kits is delivered."""
        self.make_kit()
        self.account.start_date = "2100-01-01"
        [ref] = self.place(items=[{"sku": "KIT-1", "quantity": 3, "total": 10000}])
        item = self.amazon.get(f"orders/{ref}")["orderItems"][0]["orderItemId"]
        self.act(ref, "ship", items={item: 1})
        self.import_orders()
        order = self.orders(ref)
        self.assertEqual(self.moved(order, "assigned"), {"AMZ-CUP-001": 4, "AMZ-TEA-001": 6})
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.account.start_date = "2020-01-01"
        self.changed(order, "ship", items={item: 2})
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self.moved(order), {"AMZ-CUP-001": 4, "AMZ-TEA-001": 6})

    def test_reduced(self):
        """Fewer kits: fewer of each component."""
        self.make_kit()
        order = self.imported(items=[{"sku": "KIT-1", "quantity": 3, "total": 9000}])
        self.changed(order, "cancel", items={order.order_line.amazon_item_ref: 2})
        self.assertEqual(order.order_line.product_uom_qty, 1)
        self.assertEqual(self.moved(order, "assigned"), {"AMZ-CUP-001": 2, "AMZ-TEA-001": 3})
        self.assertEqual(order.amount_total, 3000)

    def test_two_steps(self):
        """Kits through pick and ship."""
        self.make_kit()
        self.warehouse.delivery_steps = "pick_ship"
        order = self.imported(items=[{"sku": "KIT-1", "quantity": 2, "total": 9000}])
        item = order.order_line.amazon_item_ref
        self.changed(order, "ship", items={item: 1})
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.changed(order, "ship")
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self.moved(order), {"AMZ-CUP-001": 8, "AMZ-TEA-001": 12})  # each step moves 4 and 6

    def test_swapped(self):
        """A SKU that turns out to be a kit."""
        kit = self.make_kit()
        order = self.imported(items=[{"sku": "SET", "quantity": 2, "total": 5000}])
        self.env["amazon.offer"].search([("sku", "=", "SET")]).with_user(self.user).product_id = kit
        self.assertEqual(order.order_line.product_id, kit)
        open_moves = order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual(sorted(open_moves.mapped("product_uom_qty")), [4, 6])
