from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AmazonCase, shifted


def moment(text):
    """Return Amazon's time as Odoo stores it."""
    return datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)


@tagged("post_install", "-at_install", "both")
class TestShipped(AmazonCase):
    """Orders that Amazon says have left: shipped in Seller Central (M4), before Odoo knew them, or by FBA (M5)."""

    def outgoing(self, order, state=None):
        """Return the order's deliveries to the customer."""
        return order.picking_ids.filtered(
            lambda picking: picking.picking_type_id.code == "outgoing" and state in (None, picking.state)
        )

    def stock(self, sku, location=None):
        """Return how many of a product are on stock."""
        return self.env["stock.quant"]._get_available_quantity(
            self.products[sku], location or self.warehouse.lot_stock_id, allow_negative=True
        )

    def use_steps(self, steps):
        """Let deliveries go through several steps."""
        self.warehouse.delivery_steps = steps

    # --- first seen

    def test_first_seen_shipped(self):
        """Shipped after the start date: delivered here with Amazon's tracking number and ship time."""
        self.account.start_date = fields.Date.today() - timedelta(days=30)
        order = self.imported("jp_shipped", items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        [package] = self.amazon_order(order)["packages"]
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.picking_ids.carrier_tracking_ref, package["trackingNumber"])
        self.assertEqual(order.picking_ids.date_done, moment(package["shipTime"]))
        self.assertEqual(order.picking_ids.amazon_api_status, "done")
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self.stock("AMZ-CUP-001"), 98)
        self.assertEqual(order.amazon_phase_id.role, "confirmed")
        self.assertFalse(order.activity_ids)

    def test_first_seen_shipped_without_stock(self):
        """Stock may get negative: the goods have left."""
        self.account.start_date = fields.Date.today() - timedelta(days=30)
        order = self.imported("jp_shipped", items=[{"sku": "AMZ-CUP-001", "quantity": 102}])
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(self.stock("AMZ-CUP-001"), -2)

    def test_takes_what_another_order_has_reserved(self):
        """Goods that have left are not there any more for the order that has reserved them: it awaits stock."""
        self.account.start_date = fields.Date.today() - timedelta(days=30)
        other = self.imported("jp_standard", items=[{"sku": "AMZ-CUP-001", "quantity": 100}])
        self.assertEqual((other.picking_ids.state, other.amazon_phase_id.role), ("assigned", "ready"))
        self.imported("jp_shipped", items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.assertNotEqual(other.picking_ids.move_ids.mapped("state"), ["assigned"])
        self.assertEqual(other.amazon_phase_id.role, "awaiting_stock")

    def test_first_seen_shipped_before_start(self):
        """Shipped before the start date: recorded, no stock moves."""
        self.account.start_date = fields.Date.today() + timedelta(days=2)
        order = self.imported("jp_shipped", items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.picking_ids)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self.stock("AMZ-CUP-001"), 100)
        self.assertEqual(order.amazon_phase_id.role, "confirmed")
        self.refetched(order)
        self.assertFalse(order.picking_ids)

    def test_first_seen_partly_shipped(self):
        """Partly shipped: what has left is done here, the rest is delivered as usual."""
        self.account.start_date = fields.Date.today() - timedelta(days=30)
        order = self.imported("jp_partially_shipped")
        pot, _tea = order.order_line
        self.assertEqual(pot.qty_delivered, 1)
        done, rest = self.outgoing(order, "done"), self.outgoing(order, "assigned")
        self.assertEqual((done.move_ids.filtered("quantity").product_id, done.move_ids.quantity), (pot.product_id, 1))
        self.assertEqual(
            sum(rest.move_ids.mapped("product_uom_qty")), sum(order.order_line.mapped("product_uom_qty")) - 1
        )
        self.assertFalse(rest.carrier_tracking_ref)
        self.assertEqual((rest.amazon_api_status, order.amazon_api_status), ("not_sent", "not_sent"))
        self.assertEqual(order.amazon_phase_id.role, "ready")

    def test_first_seen_partly_shipped_before_start(self):
        """Partly shipped before the start: only the rest gets a delivery."""
        self.account.start_date = fields.Date.today() + timedelta(days=2)
        order = self.imported("jp_partially_shipped")
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        self.assertEqual(order.picking_ids.state, "assigned")
        self.assertEqual(
            sum(order.picking_ids.move_ids.mapped("product_uom_qty")),
            sum(order.order_line.mapped("product_uom_qty")) - 1,
        )

    def test_parcels_on_both_sides_of_the_start(self):
        """Of two parcels the one before the start date is recorded, the one after it delivered here."""
        now = datetime.fromisoformat(self.amazon.get("clock")["now"])
        self.account.start_date = (now - timedelta(days=2)).date()
        [ref] = self.place(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        item = self.amazon.get(f"orders/{ref}")["orderItems"][0]["orderItemId"]
        self.amazon.post(
            f"orders/{ref}/ship", items={item: 1}, at=shifted(now.isoformat(), 60 * 24 * 5), tracking="OLD"
        )
        self.act(ref, "ship", items={item: 2}, tracking="NEW")
        self.import_orders()
        order = self.orders(ref)
        self.assertEqual(order.order_line.amazon_qty_recorded, 1)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(order.picking_ids.move_ids.quantity, 2)
        self.assertEqual(order.picking_ids.carrier_tracking_ref, "NEW")
        self.assertEqual(self.stock("AMZ-CUP-001"), 98)

    # --- shipped in Seller Central after the import

    def test_shipped_in_seller_central(self):
        """Shipped in Seller Central after the import: the order here becomes shipped too (M4)."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        self.assertEqual(order.picking_ids.state, "assigned")
        self.changed(order, "ship", tracking="4400")
        [package] = self.amazon_order(order)["packages"]
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.picking_ids.carrier_tracking_ref, "4400")
        self.assertEqual(order.picking_ids.date_done, moment(package["shipTime"]))
        self.assertEqual(order.order_line.mapped("qty_delivered"), [2, 1])
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_parcel_by_parcel(self):
        """Each parcel is a delivery of its own, with its own number and time."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        item = order.order_line.amazon_item_ref
        self.changed(order, "ship", items={item: 1}, tracking="FIRST")
        self.changed(order, "ship", items={item: 2}, tracking="SECOND")
        first, second = self.outgoing(order, "done").sorted("id")
        times = [moment(package["shipTime"]) for package in self.amazon_order(order)["packages"]]
        self.assertEqual((first.carrier_tracking_ref, second.carrier_tracking_ref), ("FIRST", "SECOND"))
        self.assertEqual((first.move_ids.quantity, second.move_ids.quantity), (1, 2))
        self.assertEqual([first.date_done, second.date_done], times)

    def test_shipped_here_first(self):
        """What was delivered here already is not delivered again when Amazon reports it."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        order.picking_ids.move_ids.write({"quantity": 2, "picked": True})
        order.picking_ids.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        item = order.order_line.amazon_item_ref
        self.changed(order, "ship", items={item: 2})
        self.assertEqual((order.order_line.qty_delivered, len(self.outgoing(order, "assigned"))), (2, 1))
        self.changed(order, "ship", items={item: 1})
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self.stock("AMZ-CUP-001"), 97)

    def test_returned_goods_stay(self):
        """A return does not make the order leave once more; delivering it again is a person's work."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.changed(order, "ship")
        wizard = (
            self.env["stock.return.picking"]
            .with_user(self.user)
            .with_context(active_id=order.picking_ids.id, active_model="stock.picking")
            .create({"picking_id": order.picking_ids.id})
        )
        wizard.product_return_moves.write({"quantity": 2})
        back = self.env["stock.picking"].browse(wizard.action_create_exchanges()["res_id"])
        back.move_ids.write({"quantity": 2, "picked": True})
        back.button_validate()
        again = self.outgoing(order).filtered(lambda picking: picking.state not in ("done", "cancel"))
        self.assertTrue(again)
        self.refetched(order, orderItems={"0": {"product": {"title": "Touched"}}})
        self.assertNotEqual(again.state, "done")
        self.assertEqual(self.stock("AMZ-CUP-001") + sum(again.move_ids.mapped("quantity")), 100)

    def test_lots(self):
        """Lot and serial numbers cannot be guessed: a person enters them."""
        product = self.products["AMZ-POT-001"]
        lot = self.env["stock.lot"].create({"name": "L1", "product_id": product.id})
        self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, -100)
        product.tracking = "lot"
        self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, 5, lot_id=lot)
        order = self.imported(items=[{"sku": "AMZ-POT-001", "quantity": 2}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        self.assertEqual(order.picking_ids.state, "assigned")
        self.changed(order, "ship")
        self.assertEqual(order.picking_ids.state, "assigned")
        self.assertFalse(any(order.picking_ids.move_ids.mapped("picked")))
        self.assertEqual(len(order.activity_ids), 1)
        self.refetched(order)
        self.assertEqual(len(order.activity_ids), 1)
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_no_label_is_bought(self):
        """A parcel that has left already is not sent to the carrier for a label, even without a number."""
        carrier = self.env["delivery.carrier"].create(
            {
                "name": "Integrated",
                "delivery_type": "fixed",
                "integration_level": "rate_and_ship",
                "fixed_price": 700,
                "product_id": self.env.ref("sale_amazon_spapi.product_shipping").id,
            }
        )
        order = self.imported()
        order.picking_ids.carrier_id = carrier
        self.changed(order, "ship", tracking="")
        self.assertEqual(order.picking_ids.state, "done")
        self.assertFalse(order.picking_ids.carrier_tracking_ref)
        self.assertFalse(order.picking_ids.carrier_price)
        self.assertFalse(
            order.picking_ids.message_ids.filtered(lambda message: "shipped" in (message.body or "").lower())
        )

    # --- several steps

    def check_steps(self, steps, count):
        self.use_steps(steps)
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        cup = order.order_line[0]
        self.changed(order, "ship", items={cup.amazon_item_ref: 1}, tracking="FIRST")
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        for kind in order.picking_ids.picking_type_id:
            done = order.picking_ids.filtered(lambda p, kind=kind: p.picking_type_id == kind and p.state == "done")
            self.assertEqual(sum(done.move_ids.mapped("quantity")), 1, kind.name)
        numbers = order.picking_ids.filtered(lambda picking: picking.state == "done").mapped("carrier_tracking_ref")
        self.assertEqual([number for number in numbers if number], ["FIRST"], "only what leaves has a number")
        self.assertNotIn("done", (order.picking_ids - self.outgoing(order)).mapped("amazon_api_status"))
        # A person picks one more, then the rest is shipped in Seller Central.
        pick = order.picking_ids.filtered(lambda picking: picking.state == "assigned")[:1]
        pick.move_ids[0].write({"quantity": 1, "picked": True})
        pick.with_user(self.user).with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        self.changed(order, "ship", tracking="SECOND")
        self.assertEqual(order.order_line.mapped("qty_delivered"), [3, 1])
        self.assertEqual(set(order.picking_ids.mapped("state")), {"done"})
        self.assertEqual(len(order.picking_ids.picking_type_id), count)
        self.assertEqual(set(self.outgoing(order).mapped("carrier_tracking_ref")), {"FIRST", "SECOND"})
        self.assertEqual((self.stock("AMZ-CUP-001"), self.stock("AMZ-TEA-001")), (97, 99))
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_pick_ship(self):
        """Two steps: both are done, as many as have left."""
        self.check_steps("pick_ship", 2)

    def test_pick_pack_ship(self):
        """Three steps."""
        self.check_steps("pick_pack_ship", 3)

    def test_steps_by_hand(self):
        """The phase is ready while steps are reserved, shipped only when the last step is done."""
        self.use_steps("pick_ship")
        order = self.imported()
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.ship(order.picking_ids)
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.assertEqual(len(order.picking_ids), 2)
        self.ship(self.outgoing(order))
        self.assertEqual(order.amazon_phase_id.role, "shipped")

    # --- FBA

    def test_fba(self):
        """FBA: its own warehouse and method, nobody works on it, done when Amazon reports it, stock may be negative."""
        order = self.imported("jp_fba", items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.assertEqual(order.amazon_channel, "fba")
        self.assertEqual(order.warehouse_id, self.account.fba_warehouse_id)
        self.assertNotEqual(order.warehouse_id, self.warehouse)
        self.assertEqual(order.carrier_id, self.env.ref("sale_amazon_spapi.carrier_fba"))
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.amazon_phase_id)
        self.assertFalse(order.amazon_review_reasons)
        with self.assertRaisesRegex(UserError, "FBA"):
            self.ship(order.picking_ids)
        self.changed(order, "ship")
        self.assertEqual(order.picking_ids.state, "done")
        self.assertFalse(order.picking_ids.amazon_api_status, "not ours to confirm")
        self.assertFalse(order.picking_ids.carrier_tracking_ref)
        self.assertEqual(order.picking_ids.date_done, order.amazon_last_update)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self.stock("AMZ-CUP-001"), 100)
        self.assertEqual(self.stock("AMZ-CUP-001", self.account.fba_warehouse_id.lot_stock_id), -2)
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_fba_first_seen_shipped(self):
        """FBA, shipped when first seen."""
        order = self.imported("jp_fba_shipped")
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.amazon_phase_id.role, "confirmed")

    def test_fba_cancelled(self):
        """FBA, cancelled by Amazon."""
        order = self.imported("jp_fba")
        self.changed(order, "cancel")
        self.assertEqual((order.state, order.picking_ids.state), ("cancel", "cancel"))

    def test_fba_lots(self):
        """FBA of a product with lots: the person who is asked to enter them can validate."""
        product = self.products["AMZ-POT-001"]
        product.tracking = "lot"
        order = self.imported("jp_fba_shipped", items=[{"sku": "AMZ-POT-001", "quantity": 1}])
        self.assertEqual(len(order.activity_ids), 1)
        [move] = order.picking_ids.move_ids
        move.move_line_ids.unlink()
        self.env["stock.move.line"].create(
            {
                "move_id": move.id,
                "picking_id": order.picking_ids.id,
                "product_id": product.id,
                "quantity": 1,
                "lot_id": self.env["stock.lot"].create({"name": "F1", "product_id": product.id}).id,
                "picked": True,
                "location_id": move.location_id.id,
                "location_dest_id": move.location_dest_id.id,
            }
        )
        order.picking_ids.with_user(self.user).button_validate()
        self.assertEqual(order.picking_ids.state, "done")

    def movement(self, ref):
        """Return what left the FBA warehouse for an order that is no sale."""
        return self.env["stock.picking"].search([("amazon_fba_ref", "=", ref)])

    def test_fba_movement(self):
        """Multi-channel orders are movements without a sale: made when they are shipped, once."""
        [ref] = self.place("jp_fba_non_amazon", items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.import_orders()
        self.assertFalse(self.orders(ref))
        self.assertFalse(self.movement(ref))
        self.act(ref, "ship")
        self.import_orders()
        picking = self.movement(ref)
        self.assertEqual((picking.state, picking.move_ids.quantity), ("done", 2))
        self.assertEqual(picking.company_id, self.company)
        self.assertEqual(picking.location_id, self.account.fba_warehouse_id.lot_stock_id)
        self.assertEqual(picking.date_done, moment(self.amazon.get(f"orders/{ref}")["lastUpdatedTime"]))
        self.assertFalse(picking.sale_id)
        self.assertFalse(self.orders(ref))
        self.change(ref, orderItems={"0": {"product": {"title": "Touched"}}})
        self.import_orders()
        self.assertEqual(self.movement(ref), picking)

    def test_fba_movement_of_an_unknown_sku(self):
        """A movement whose SKU nobody knows waits until it is mapped; it is not forgotten."""
        [ref] = self.place("jp_fba_non_amazon", items=[{"sku": "NOBODY-KNOWS", "quantity": 2}])
        self.act(ref, "ship")
        self.import_orders()
        row = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        self.assertEqual((row.state, row.missing_sku), ("failed", "NOBODY-KNOWS"))
        offer = self.env["amazon.offer"].search([("sku", "=", "NOBODY-KNOWS")])
        offer.with_user(self.user).product_id = self.products["AMZ-CUP-001"]
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._drain(account)
        self.assertEqual(self.movement(ref).move_ids.product_id, self.products["AMZ-CUP-001"])

    def test_fba_movement_of_an_unknown_shipper(self):
        """Where Amazon does not say that it has shipped it, somebody looks at it; it is not passed over."""
        [ref] = self.place("jp_fba_non_amazon", items=[{"sku": "AMZ-CUP-001"}])
        self.act(ref, "ship")
        self.change(ref, fulfillment={"fulfilledBy": None})
        self.import_orders()
        row = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        self.assertEqual((row.state, self.movement(ref).ids), ("failed", []))
        self.assertIn("who ships", row.error)
        self.change(ref, fulfillment={"fulfilledBy": "AMAZON"})
        self.import_orders()
        self.assertEqual(self.movement(ref).state, "done")
        self.assertNotIn("failed", row.search([("order_ref", "=", ref)]).mapped("state"))

    def test_fba_movement_before_start(self):
        """A movement before the start date moves nothing."""
        self.account.start_date = fields.Date.today() + timedelta(days=2)
        [ref] = self.place("jp_fba_non_amazon", items=[{"sku": "AMZ-CUP-001"}])
        self.act(ref, "ship")
        self.import_orders()
        self.assertFalse(self.movement(ref))
        self.assertEqual(self.env["amazon.order.update"].search([("order_ref", "=", ref)]).state, "done")
