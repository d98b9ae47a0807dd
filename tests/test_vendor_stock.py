from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_vendor import VendorCase


@tagged("post_install", "-at_install")
class TestVendorStock(VendorCase):
    """Amazon knows what each of a vendor's warehouses can ship: of each SKU that is mapped, whenever it changes."""

    def setUp(self):
        super().setUp()
        self.second = self.env["stock.warehouse"].create(
            {"name": "Osaka", "code": "OSK", "company_id": self.company.id}
        )
        self.vendor.vendor_warehouse_ids.filtered(lambda code: code.party_ref == "SIMO").warehouse_id = self.second
        self.product = self.env["product.product"].create(
            {"name": "Stocked", "type": "consu", "is_storable": True, "company_id": self.company.id}
        )
        self.offer = self.env["amazon.offer"].create(
            {"account_id": self.vendor.id, "sku": "V-1", "asin": "B000000001", "product_id": self.product.id}
        )
        self.put(10)
        self.put(4, self.second)

    def put(self, units, warehouse=None):
        self.env["stock.quant"]._update_available_quantity(
            self.product, (warehouse or self.warehouse).lot_stock_id, units
        )
        # What a transaction changes is noted when it is committed.
        self.env.cr.precommit.run()

    def sync(self, minutes=0, **values):
        """Run the job that looks at the stock; on both sides it is so many minutes later than the last time."""
        if minutes:
            self.amazon.post("clock", advance=60 * minutes)
            self.ahead += minutes
        with self.later(self.ahead), self.committing(self.vendor) as account:
            account._sync_inventory(**values)
        self.env.invalidate_all()

    def there(self, code="SIMT"):
        """Return Amazon's quantities of a warehouse, by SKU."""
        stock = self.amazon.get("vendor/stock").get(f"{self.party['merchant_id']}|{code}", {})
        return {name: entry["quantity"] for name, entry in stock.items()}

    def told(self):
        return [
            (entry["warehouse"], entry["isFullUpdate"], len(entry["items"]))
            for one in self.transactions_there("inventory")
            for entry in one["entries"]
        ]

    def row(self, code="SIMT"):
        rows = self.env["amazon.vendor.quantity"].search([("offer_id", "=", self.offer.id)])
        return rows.filtered(lambda row: row.warehouse_id.party_ref == code)

    def test_what_changes(self):
        """First all that is mapped, then what has changed since, in one call for each warehouse; always partial."""
        self.sync()
        self.assertEqual(sorted(self.told()), [("SIMO", False, 1), ("SIMT", False, 1)])
        self.assertFalse(self.row().accepted_at)
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.there("SIMO")["V-1"]), (10, 4))
        self.assertEqual((self.row().quantity_sent, self.row().is_due), (10, False))
        self.sync(minutes=30)
        self.assertEqual(len(self.told()), 2)
        self.put(-3)
        self.sync()
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.there("SIMO")["V-1"]), (7, 4))
        self.assertEqual(len(self.told()), 3)

    def test_changes_meanwhile(self):
        """What changes while Amazon works on an update goes when that is through."""
        self.sync()
        self.put(-1)
        self.sync()
        self.assertEqual(len(self.told()), 2)
        self.sync(minutes=2)
        self.assertEqual(self.there()["V-1"], 10)
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.row().quantity_sent), (9, 9))

    def test_what_is_offered(self):
        """What people say of a SKU counts for vendors, too."""
        self.offer.write({"buffer": 2, "quantity_max": 5})
        self.sync()
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.there("SIMO")["V-1"]), (5, 2))
        self.offer.paused = True
        self.sync()
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.there("SIMO")["V-1"]), (0, 0))

    def test_orders_take(self):
        """What is ordered is not offered again, and Amazon is told of it in any case."""
        self.sync()
        self.sync(minutes=2)
        order = self.purchased(items=[{"sku": "V-1", "quantity": 3}], warehouse="SIMT")
        self.assertEqual(order.order_line.filtered("amazon_item_ref").product_id, self.product)
        self.put(3)
        self.sync()
        self.sync(minutes=2)
        self.assertEqual((self.row().quantity, self.there()["V-1"]), (10, 10))
        self.assertIn("SIMT", [code for code, _full, _count in self.told()[2:]])

    def test_full(self):
        """Only a manager who has said so makes everything else unavailable."""
        self.sync()
        self.sync(minutes=2)
        other = self.env["amazon.offer"].create(
            {"account_id": self.vendor.id, "sku": "V-2", "product_id": self.product.id}
        )
        self.sync()
        self.sync(minutes=2)
        self.assertEqual(self.there(), {"V-1": 10, "V-2": 10})
        other.unlink()
        self.sync()
        self.assertEqual(self.there(), {"V-1": 10, "V-2": 10})
        with self.assertRaises(AccessError):
            self.vendor.with_user(self.user).action_full_stock()
        account = self.vendor.with_user(self.manager)
        action = account.action_full_stock()
        form = Form(self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"]))
        self.assertEqual(form.sku_count, 1)
        dialog = form.save()
        self.assertEqual(dialog.warehouse_ids, self.vendor.vendor_warehouse_ids)
        with self.assertRaisesRegex(UserError, "everything else"):
            dialog.action_send()
        dialog.write(
            {
                "understood": True,
                "warehouse_ids": self.vendor.vendor_warehouse_ids.filtered(lambda c: c.party_ref == "SIMT"),
            }
        )
        dialog.action_send()
        self.sync()
        self.sync(minutes=2)
        self.assertEqual(self.there(), {"V-1": 10, "V-2": 0})
        self.assertEqual([code for code, full, _count in self.told() if full], ["SIMT"])
        self.put(1)
        self.sync()
        self.assertFalse(self.told()[-1][1], "the next is partial again")

    def test_by_hand(self):
        """A person has one SKU told where the job is stopped; nothing of the orders goes along."""
        order = self.purchased()
        order._amazon_decide(self.env["amazon.acknowledgement.code"]._accepting())
        self.offer.with_user(self.user).action_send_now()
        with self.committing(self.vendor) as account:
            account._send_requested_stock()
        self.env.invalidate_all()
        self.assertEqual([count for _code, _full, count in self.told()], [1, 1])
        self.assertFalse(self.transactions_there("acknowledgement"))

    def test_refused(self):
        """What Amazon does not take a person is told; it goes again with the next change, or when it is retried."""
        self.amazon.post(
            "faults",
            operation="submitInventoryUpdate",
            kind="transaction_ends",
            times=1,
            code="INVALID_WAREHOUSE",
            message="No such warehouse",
        )
        self.sync()
        self.sync(minutes=2)
        with self.committing(self.vendor) as account:
            account._tell_vendor()
        self.env.invalidate_all()
        self.assertIn("No such warehouse", self.vendor.activity_ids.note)
        [row] = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory"), ("state", "=", "error")])
        self.sync(minutes=5)
        self.assertEqual((row.state, len(self.told())), ("error", 2))
        row.with_user(self.user).action_retry()
        self.sync()
        self.sync(minutes=2)
        self.assertEqual((self.there()["V-1"], self.there("SIMO")["V-1"]), (10, 4))

    def test_lost_answers(self):
        """Where the answer is lost it is told again, as it is then: twice is the same."""
        for kind in ("cut_after", "500_after", "timeout_after"):
            with self.subTest(kind=kind):
                self.put(1)
                self.amazon.post("faults", operation="submitInventoryUpdate", kind=kind, times=1, seconds=1)
                self.sync()
                self.sync(minutes=2)
                self.sync(minutes=2)
                self.assertEqual(self.there()["V-1"], self.row().quantity)
                self.assertEqual(self.row().quantity_sent, self.row().quantity)

    def test_many(self):
        """Many SKUs go in one call of each warehouse."""
        self.sync()
        self.sync(minutes=2)
        count = 60
        products = self.env["product.product"].create(
            [
                {"name": f"P{number}", "type": "consu", "is_storable": True, "company_id": self.company.id}
                for number in range(count)
            ]
        )
        self.env["amazon.offer"].create(
            [
                {"account_id": self.vendor.id, "sku": f"M-{number}", "product_id": product.id}
                for number, product in enumerate(products)
            ]
        )
        self.sync()
        self.assertEqual(sorted(self.told()[2:]), [("SIMO", False, count), ("SIMT", False, count)])
