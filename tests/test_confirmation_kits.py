from odoo.tests import tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install", "extra")
class TestConfirmationKits(ConfirmationCase):
    """Kits are confirmed by Amazon's item and its quantity, never by component (N4). Needs ``sale_mrp``."""

    def ordered(self, quantity, *more):
        """Import an order of kits and other things."""
        return self.imported(items=[{"sku": "KIT-1", "quantity": quantity, "total": 10000}, *more])

    def leave(self, order, number, **quantities):
        """Deliver so many of each component, the rest later; return the delivery."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        picking.carrier_tracking_ref = number
        for move in picking.move_ids:
            sku = move.product_id.default_code
            move.quantity = quantities.get(sku.split("-")[1].lower(), 0)
            move.picked = bool(move.quantity)
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        return picking

    def units(self, order):
        """Return (tracking number, units of the first item) of each parcel Amazon has."""
        item = self.item_id(order)
        return sorted(
            (package["trackingNumber"], entry["quantity"])
            for package in self.packages(order).values()
            for entry in package["packageItems"]
            if entry["orderItemId"] == item
        )

    def test_whole(self):
        """All at once: one parcel with the kits."""
        self.make_kit()
        order = self.ordered(2)
        self.deliver(order.picking_ids, "K")
        self.send()
        self.assertEqual((self.units(order), order.amazon_api_status), ([("K", 2)], "done"))

    def test_in_parts(self):
        """A delivery confirms the kits it completes; completing none it sends nothing."""
        self.make_kit()
        order = self.ordered(3)
        first = self.leave(order, "A", cup=2)
        self.assertFalse(first.amazon_confirmation_ids)
        second = self.leave(order, "B", tea=6)
        self.assertEqual(second.amazon_confirmation_ids.quantity, 1)
        third = self.leave(order, "C", cup=4, tea=3)
        self.assertEqual(third.amazon_confirmation_ids.quantity, 2)
        self.send()
        self.assertEqual((self.units(order), order.amazon_api_status), ([("B", 1), ("C", 2)], "done"))

    def test_in_parts_by_steps(self):
        """Where goods are picked first and the next step is made only of what was, a kit needs no less."""
        self.make_kit()
        self.warehouse.delivery_steps = "pick_ship"
        order = self.ordered(2)
        self.assertEqual(sorted(order.amazon_item_ids.kit_components.values()), [2, 3])
        for number in ("A", "B"):
            picked = self.leave(order, False, cup=2, tea=3)
            self.deliver(picked.move_ids.move_dest_ids.picking_id, number)
        self.send()
        self.assertEqual((self.units(order), order.amazon_api_status), ([("A", 1), ("B", 1)], "done"))

    def test_bill_of_materials_changed(self):
        """What one kit needs was fixed when the order was confirmed."""
        kit = self.make_kit()
        order = self.ordered(2)
        self.assertEqual(sorted(order.amazon_item_ids.kit_components.values()), [2, 3])
        kit.bom_ids.bom_line_ids[0].product_qty = 5
        self.leave(order, "A", cup=2, tea=3)
        self.leave(order, "B", cup=2, tea=3)
        self.send()
        self.assertEqual(self.units(order), [("A", 1), ("B", 1)])

    def test_rest_cancelled(self):
        """When the rest is not sent any more the kits that left are still counted right."""
        self.make_kit()
        order = self.ordered(3)
        picking = order.picking_ids
        picking.carrier_tracking_ref = "A"
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty / 3 * 2, "picked": True})
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()
        self.assertEqual(picking.amazon_confirmation_ids.quantity, 2)

    def test_no_rest(self):
        """A kit of which a component stayed away was not delivered: Amazon waits for it, and a person is told."""
        self.make_kit()
        order = self.ordered(2)
        picking = order.picking_ids
        picking.carrier_tracking_ref = "111"
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty - 1, "picked": True})
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()
        self.send()
        self.assertEqual(self.units(order), [("111", 1)])
        self.assertEqual((order.amazon_api_status, order.amazon_open_units), ("not_sent", 1))
        self.assertIn("KIT-1 × 1", order.activity_ids.note)

    def test_beside_other_items(self):
        """A kit and an ordinary item in one parcel."""
        self.make_kit()
        order = self.ordered(1, {"sku": "AMZ-POT-001", "quantity": 2})
        self.deliver(order.picking_ids, "K")
        self.send()
        [package] = self.packages(order).values()
        self.assertEqual(sorted(entry["quantity"] for entry in package["packageItems"]), [1, 2])

    def test_kit_in_two_parcels(self):
        """A kit whose components are in two parcels stands in one of them."""
        self.make_kit()
        order = self.ordered(1)
        picking = order.picking_ids
        packages = self.env["stock.package"].create([{"name": "A"}, {"name": "B"}])
        for move, package in zip(picking.move_ids, packages, strict=True):
            move.move_line_ids.result_package_id = package
        self.deliver(picking, "111,222")
        self.send()
        self.assertEqual([units for _number, units in self.units(order)], [1])
        self.assertEqual(order.amazon_api_status, "done")

    def test_sent_again(self):
        """Kits that came back and left again are the parcel that Amazon knows, whatever is corrected then."""
        self.make_kit()
        order = self.ordered(2)
        first = self.deliver(order.picking_ids, "A")
        self.send()
        back = self.return_of(first)
        self.ship(back, self.env.user)
        again = self.return_of(back)
        again.carrier_id = self.yamato
        self.deliver(again, "B")
        self.goes(again)
        again.carrier_tracking_ref = "C"
        self.goes(again)
        self.assertEqual(self.units(order), [("C", 2)])

    def test_transparency(self):
        """A kit's Transparency codes may be entered on any of its components."""
        self.make_kit()
        marked = {"programs": ["TRANSPARENCY"]}
        order = self.imported(items=[{"sku": "KIT-1", "quantity": 1, "total": 5000, "set": marked}])
        picking = order.picking_ids
        self.assertIn("0 of 1", picking.amazon_warning)
        picking.move_ids.sorted("id")[0].amazon_transparency_codes = "AZ:1"
        self.assertNotIn("Transparency", picking.amazon_warning or "")
        self.deliver(picking)
        self.goes(picking)
