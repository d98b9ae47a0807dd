from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmationElsewhere(ConfirmationCase):
    """Parcels that somebody enters in Seller Central (M4), wholly or in part."""

    def entered(self, order, action="ship", **values):
        """Enter a parcel in Seller Central."""
        self.act(order.amazon_order_ref, action, **values)

    def numbers(self, order):
        """Return the tracking numbers that Amazon has, by reference."""
        return {ref: package.get("trackingNumber") for ref, package in self.packages(order).items()}

    def there(self, picking):
        """Confirm a delivery; return its carrier, service and number as Amazon has them."""
        # Amazon's clock was put forward.
        with self.later(60):
            self.goes(picking)
        [package] = self.packages(picking.sale_id).values()
        return package["carrier"], package["shippingService"], package["trackingNumber"]

    def test_one_of_two_parcels(self):
        """One of a delivery's parcels was entered there: numbers corrected here reach both, each its own."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 1}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        picking = order.picking_ids
        for line in picking.move_line_ids:
            line.result_package_id = self.env["stock.package"].create({})
        self.deliver(picking, "A-1,A-2")
        row, other = picking.amazon_confirmation_ids.sorted("id")
        [item] = other.quantities
        self.entered(order, items={item: 1}, tracking="SC-1")
        self.goes(picking)
        self.assertEqual((row.channel, other.channel), ("direct", "seller_central"))
        self.assertEqual(self.numbers(order), {row.reference: "A-1", other.reference: "SC-1"})
        picking.with_user(self.user).carrier_tracking_ref = "B-1,B-2"
        self.goes(picking)
        self.assertEqual(self.numbers(order), {row.reference: "B-1", other.reference: "B-2"})

    def test_combined_order_entered_there(self):
        """The order that others were combined into was entered there: they are confirmed all the same."""
        parent, child = self.imported(count=2)
        child.amazon_merged_into_id = parent
        child._action_cancel()
        self.entered(parent, tracking="SC-1")
        self.import_orders()
        self.assertEqual(parent.picking_ids.state, "done")
        parent.picking_ids.with_user(self.user).carrier_tracking_ref = "NEW-1"
        with self.later(60):
            self.goes(parent.picking_ids)
        for order in (parent, child):
            self.assertEqual(list(self.numbers(order).values()), ["NEW-1"])

    def test_carrier_of_seller_central(self):
        """Its carrier is the one that was entered there, until another delivery method is chosen here."""
        for carrier, service in (("FEDEX", "国際便"), ("SAGAWA", "飛脚宅配便"), ("Other", "店頭便")):
            with self.subTest(carrier=carrier):
                order = self.imported()
                order.picking_ids.carrier_id = self.env.ref("sale_amazon_spapi.carrier_provisional")
                self.entered(order, tracking="SC-1", carrier=carrier, service=service)
                self.import_orders()
                row = order.amazon_confirmation_ids
                self.assertEqual((row.state, row.ship_method), ("done", service))
                self.assertIn(carrier, (row.carrier_code, row.carrier_name))
                picking = order.picking_ids.with_user(self.user)
                picking.carrier_tracking_ref = "NEW-1"
                self.assertEqual(self.there(picking), (carrier, service, "NEW-1"))
                picking.carrier_id = self.yamato
                self.assertEqual(self.there(picking), ("YAMATO", "宅急便", "NEW-1"))

    def test_both_deliveries_in_one_parcel(self):
        """Two deliveries entered there as one parcel: corrected here it keeps all its units."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, rest = self.split(order, "1")
        self.deliver(rest, "2")
        self.entered(order, tracking="SC-1")
        self.goes(order.picking_ids)
        first.with_user(self.user).carrier_tracking_ref = "NEW-1"
        self.goes(first)
        [package] = self.packages(order).values()
        self.assertEqual((package["trackingNumber"], package["packageItems"][0]["quantity"]), ("NEW-1", 2))

    def test_nothing_to_confirm_now(self):
        """Where what has left was entered there, nothing is offered to be confirmed now until more leaves here."""
        self.account.auto_confirm = False
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        [item] = order.amazon_item_ids.mapped("item_ref")
        self.entered(order, items={item: 1}, tracking="SC-1")
        self.import_orders()
        self.assertEqual((order.amazon_api_status, len(order.picking_ids)), ("not_sent", 2))
        self.assertFalse(order.with_user(self.user).amazon_can_confirm)
        with self.assertRaisesRegex(UserError, "nothing here"):
            order.with_user(self.user).action_amazon_confirm_now()
        self.deliver(order.picking_ids.filtered(lambda picking: picking.state != "done"))
        self.assertTrue(order.with_user(self.user).amazon_can_confirm)
        order.with_user(self.user).action_amazon_confirm_now()

    def test_label_printed_there(self):
        """A label that was printed there says nothing yet, and nothing at all when it was cancelled."""
        picking = self.delivered(number=False)
        order = picking.sale_id
        self.entered(order, "buy-label", tracking="SC-1")
        self.import_orders()
        self.assertEqual(picking.amazon_api_status, "not_sent")
        self.entered(order, "cancel-label")
        self.import_orders()
        self.assertEqual(picking.amazon_api_status, "not_sent")
        picking.with_user(self.user).carrier_tracking_ref = "1"
        self.goes(picking)
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.channel, self.packages(order)[row.reference]["trackingNumber"]), ("direct", "1"))

    def test_status_reset_is_not_undone(self):
        """Set to be sent again by a person, it is, though an import shows the old parcel first."""
        self.account.auto_confirm = False
        picking = self.delivered()
        picking.with_user(self.user).action_amazon_confirm_now()
        self.send(requested=True)
        self.env["amazon.confirmation"].with_user(self.user)._set_status(picking.sale_id, "not_sent")
        self.act(picking.sale_id.amazon_order_ref, "deliver")
        self.import_orders()
        self.assertEqual(picking.amazon_api_status, "not_sent")
