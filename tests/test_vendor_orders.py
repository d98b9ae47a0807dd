from datetime import date

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged

from .common_personal import Canaries
from .common_vendor import VendorCase


@tagged("post_install", "-at_install")
class TestVendorOrders(VendorCase):
    """How a vendor's orders come in."""

    facts = {"own_carrier": True}

    def test_order(self):
        """An order has what Amazon says of it, in Amazon's words where these go back to it."""
        order = self.purchased("vendor_two_lines")
        there = self.there(order)["order"]["orderDetails"]
        shipment = there["shipmentDetails"]
        self.assertEqual((order.amazon_channel, order.state, order.amazon_status), ("df", "sale", "unshipped"))
        self.assertEqual((order.amazon_selling_party, order.amazon_ship_from), ("SIMJP", "SIMT"))
        self.assertEqual(order.amazon_vendor_status, "NEW")
        self.assertEqual(order.amazon_ship_method, shipment["shipMethod"])
        self.assertEqual(order.amazon_customer_order_ref, there["customerOrderNumber"])
        self.assertTrue(order.amazon_needs_slip)
        self.assertFalse(order.amazon_is_gift or order.amazon_address_hidden)
        self.assertEqual(order.amazon_acknowledgement, "to_send")
        self.assertEqual((order.amazon_acknowledge_by - order.date_order).total_seconds(), 24 * 3600)
        self.assertTrue(order.amazon_ship_by and order.amazon_deliver_by)
        self.assertEqual(order.amazon_item_ids.mapped("item_ref"), ["00001", "00002"])
        for item, line in zip(order.amazon_item_ids, there["items"], strict=True):
            self.assertEqual(
                (item.item_ref, item.sku, item.asin, item.quantity_ordered),
                (
                    line["itemSequenceNumber"],
                    line["vendorProductIdentifier"],
                    line["buyerProductIdentifier"],
                    line["orderedQuantity"]["amount"],
                ),
            )
        paid = sum(
            int(line["netPrice"]["amount"]) * line["orderedQuantity"]["amount"]
            + int(line["taxDetails"]["taxLineItem"][0]["taxAmount"]["amount"])
            for line in there["items"]
        )
        self.assertEqual((order.amount_total, order.amazon_total), (paid, paid))
        self.assertEqual(order.picking_ids.move_ids.mapped("state"), ["assigned", "assigned"])
        self.assertFalse(order.amazon_url)

    def test_customer(self):
        """Amazon buys; who gets it is a contact of its own, the same for the same address."""
        first, second = self.purchased(count=2)
        self.assertEqual(first.partner_id, self.vendor.vendor_customer_id)
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertFalse(first.partner_id.amazon_account_id, "Amazon is no buyer whose data are removed")
        to = self.there(first)["order"]["orderDetails"]["shipToParty"]
        address = first.partner_shipping_id
        self.assertEqual((address.name, address.zip), (to["name"], to["postalCode"]))
        self.assertEqual(address.amazon_account_id, self.vendor)
        self.assertFalse(address.parent_id)
        self.assertNotEqual(address, second.partner_shipping_id)
        self.assertEqual(first.picking_ids.partner_id, address)
        parts = ("addressLine2", "addressLine3", "city", "county", "district", "municipality")
        again = self.purchased(set={"orderDetails": {"shipToParty": {**dict.fromkeys(parts), **to}}})
        self.assertEqual(again.partner_shipping_id, address)

    def test_hidden(self):
        """Who uses Amazon's labels is not told where it goes: nobody is made of the mask, and nobody has to look."""
        self.new_vendor(own_carrier=False)
        count = self.env["res.partner"].search_count([])
        order = self.purchased()
        self.assertTrue(order.amazon_address_hidden)
        self.assertEqual(order.partner_shipping_id, order.partner_id)
        self.assertFalse(order.amazon_review_reasons)
        self.assertLessEqual(self.env["res.partner"].search_count([]), count + 1)
        self.assertFalse(self.env["res.partner"].search([("name", "ilike", "xxxx")]))

    def test_kinds(self):
        """Whatever Amazon orders comes in, with amounts that add up; a second reading changes nothing."""
        for kind in self.amazon.get("vendor/kinds"):
            with self.subTest(kind=kind["kind"]):
                order = self.purchased(kind["kind"])
                self.assertEqual(order.amount_total, order.amazon_total)
                self.assertEqual(len(order.amazon_item_ids), len(self.there(order)["order"]["orderDetails"]["items"]))
                self.assertEqual(order.amazon_is_gift, kind["kind"] == "vendor_gift")
                self.assertEqual(bool(order.amazon_has_unknown_sku), kind["kind"] == "vendor_unknown_sku")
        rows = self.env["amazon.order.update"].search_count([("account_id", "=", self.vendor.id)])
        self.read_orders(again=True)
        self.assertEqual(self.env["amazon.order.update"].search_count([("account_id", "=", self.vendor.id)]), rows)

    def test_v1(self):
        self.vendor.vendor_api_version = "v1"
        order = self.purchased("vendor_two_lines")
        self.assertEqual((order.amazon_channel, order.amount_total), ("df", order.amazon_total))

    def test_same_product_twice(self):
        order = self.purchased("vendor_same_sku")
        lines = order.order_line.filtered("amazon_item_ref")
        self.assertEqual(lines.mapped("amazon_item_ref"), ["00001", "00002"])
        self.assertEqual(len(lines.product_id), 1)

    def test_unknown_parties(self):
        """An order for somebody else, or from a warehouse that is not known, waits with the reason, and is made once
        that is known."""
        self.vendor.vendor_warehouse_ids.filtered(lambda line: line.party_ref == "SIMO").unlink()
        [number] = self.place_purchase("vendor_osaka")
        [other] = self.place_purchase(set={"orderDetails": {"sellingParty": {"partyId": "OTHER"}}})
        self.read_orders()
        self.assertFalse(self.orders(number, other))
        rows = self.env["amazon.order.update"].search([("account_id", "=", self.vendor.id), ("state", "=", "failed")])
        self.assertIn("SIMO", rows.filtered(lambda row: row.order_ref == number).error)
        self.assertIn("OTHER", rows.filtered(lambda row: row.order_ref == other).error)
        self.tell()
        [activity] = self.vendor.activity_ids
        self.assertIn(number, activity.note)
        self.vendor.with_user(self.manager).vendor_warehouse_ids = [
            (0, 0, {"party_ref": "SIMO", "warehouse_id": self.warehouse.id})
        ]
        self.read_orders()
        self.assertEqual(self.orders(number).warehouse_id, self.warehouse)

    def test_read_again(self):
        """Amazon cannot be searched by change: what is open is read again once an hour, however old it is."""
        order = self.purchased(minutes_ago=60 * 24 * 20)
        self.assertFalse(order, "the first reading goes back a week")
        order = self.purchased(minutes_ago=60 * 24 * 6)
        job = self.vendor._job("vendor_orders")
        self.assertTrue(job.cursor)
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/cancel")
        self.read_orders()
        self.assertEqual(order.amazon_vendor_status, "NEW", "not within the hour")
        with self.later(61):
            self.read_orders()
        self.assertEqual((order.amazon_vendor_status, order.amazon_status), ("CANCELLED", "cancelled"))
        self.assertEqual(order.state, "cancel")
        self.assertFalse(order.amazon_acknowledgement)

    def test_changes(self):
        """What Amazon changes of an order is applied; the address as well."""
        order = self.purchased()
        address = order.partner_shipping_id
        self.amazon.control(
            "PATCH",
            f"vendor/orders/{order.amazon_order_ref}",
            set={"orderDetails": {"shipToParty": {"name": "山田 花子"}, "shipmentDetails": {"shipMethod": "NEW_1"}}},
        )
        self.read_orders(again=True)
        self.assertEqual((order.amazon_ship_method, order.partner_shipping_id.name), ("NEW_1", "山田 花子"))
        self.assertNotEqual(order.partner_shipping_id, address)
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertEqual(order.partner_id, self.vendor.vendor_customer_id)

    def test_pages(self):
        """More than a page, and more than a window: each order once."""
        numbers = self.place_purchase(count=3) + self.place_purchase(minutes_ago=60 * 24 * 5, count=2)
        self.read_orders()
        self.assertEqual(len(self.orders(*numbers)), 5)

    def test_by_number(self):
        """A single order is read again by its number, with the button as for any order."""
        order = self.purchased()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/acknowledge", code="00")
        with self.committing(order) as mine:
            mine.with_user(self.user).action_amazon_refresh()
        self.env.invalidate_all()
        self.assertEqual((order.amazon_vendor_status, order.amazon_acknowledgement), ("ACCEPTED", "accepted"))

    def test_asked_today(self):
        """What is asked of a person is due today where the person is: a vendor has no marketplace."""
        self.vendor.user_id.tz = "Asia/Tokyo"
        order = self.purchased()
        with freeze_time("2026-11-24 23:30:00"):
            order._amazon_assign("look", "Look")
            self.vendor._job("vendor_orders").write({"error_kind": "access", "last_error": "Refused"})
            self.vendor._assign_help()
        due = (order._amazon_assigned("look") | self.vendor.activity_ids).mapped("date_deadline")
        self.assertEqual(due, [date(2026, 11, 25)] * 2)

    def test_gift(self):
        """Nobody has to look at a gift order; what is to be put in stands on order and delivery, and on the slip that
        lies in the parcel."""
        order = self.purchased("vendor_gift")
        self.assertTrue(order.amazon_is_gift)
        self.assertFalse(order.amazon_review_reasons or order.activity_ids or order.picking_ids.amazon_blocked)
        [item] = self.there(order)["order"]["orderDetails"]["items"]
        message = item["giftDetails"]["giftMessage"]
        self.assertIn(message, order.picking_ids.amazon_gift_note)
        slip, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "stock.report_deliveryslip", order.picking_ids.ids
        )
        self.assertIn(message, slip.decode())
        self.tell()
        self.tell(minutes=2)
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")

    def test_no_list(self):
        """An answer without a list of orders cannot be read: it does not say that there are none."""
        [number] = self.place_purchase()
        self.amazon.post("faults", operation="getOrders", kind="page_without_list", times=1)
        log = self.read_orders()
        job = self.vendor._job("vendor_orders")
        self.assertEqual((log.state, job.cursor), ("failed", False))
        self.assertIn("cannot be read", job.last_error)
        self.read_orders()
        self.assertTrue(self.orders(number))

    def test_privacy(self):
        """Who got it is removed when the time is over; Amazon, which bought it, stays."""
        order = self.purchased()
        address, customer = order.partner_shipping_id, order.partner_id
        name = address.name
        order.picking_ids.move_ids.quantity = 0
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/cancel")
        self.read_orders(again=True)
        order.amazon_deliver_by = fields.Datetime.subtract(fields.Datetime.now(), days=40)
        self.env.cr.execute("UPDATE res_partner SET create_date = create_date - interval '60 days'")
        self.run_vendor("_purge_personal_data")
        self.assertTrue(order.amazon_purged and address.amazon_purged)
        self.assertNotIn(name, address.read()[0].values())
        self.assertEqual((customer.name, customer.amazon_purged), ("Amazon", False))
        self.assertFalse(order.amazon_instructions)


@tagged("post_install", "-at_install")
class TestVendorPersonalData(Canaries, VendorCase):
    """Whoever gets a vendor's order is known as long as that is needed."""

    facts = {"own_carrier": True}

    def test_nothing_left(self):
        address = {
            "name": "カナリア 太郎",
            "attention": "カナリア商会",
            "addressLine1": "カナリア町1-2-3",
            "postalCode": "987-6543",
            "phone": "0901234987",
        }
        item = {"giftDetails": {"giftMessage": "Dear Kanaria", "giftWrapId": "GW"}}
        order = self.purchased(
            set={
                "orderDetails": {
                    "shipToParty": address,
                    "shipmentDetails": {"messageToCustomer": "カナリア様"},
                    "items": {"0": item},
                }
            }
        )
        self.assertEqual(set(self.left()), {"res_partner", "sale_order"})
        # Amazon's words on it may quote the address.
        self.tell()
        ref = order.amazon_submission_ids.transaction_id.transaction_ref
        errors = [{"code": "INVALID", "message": "The address カナリア町1-2-3 is odd."}]
        self.amazon.post(f"vendor/transactions/{ref}/process", status="Failure", errors=errors)
        self.tell(minutes=2)
        self.assertIn("amazon_vendor_transaction", self.left())
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/cancel")
        self.read_orders(again=True)
        with self.later(60 * 24 * 60):
            self.run_vendor("_purge_personal_data")
        self.assertTrue(order.amazon_purged)
        self.assertEqual(self.left(), {})
