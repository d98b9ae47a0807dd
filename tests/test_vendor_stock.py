from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

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
        self.product = self.stocked()
        self.offer = self.env["amazon.offer"].create(
            {"account_id": self.vendor.id, "sku": "V-1", "asin": "B000000001", "product_id": self.product.id}
        )
        self.put(10)
        self.put(4, self.second)

    def stocked(self):
        """Return a new product of which there may be stock."""
        return self.env["product.product"].create(
            {"name": "Stocked", "type": "consu", "is_storable": True, "company_id": self.company.id}
        )

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
        # Amazon knows more than what is known here.
        other.vendor_quantity_ids.unlink()
        other.unlink()
        self.sync()
        self.sync(minutes=2)
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

    # --- what is not told any more ---
    def map(self, *skus, **values):
        """Return new SKUs of the stocked product, of which Amazon is told."""
        return self.env["amazon.offer"].create(
            [{"account_id": self.vendor.id, "sku": sku, "product_id": self.product.id, **values} for sku in skus]
        )

    def want_full(self, *codes):
        """Have a manager want a full update; return the number of SKUs that the dialog says it names."""
        account = self.vendor.with_user(self.manager)
        dialog = self.env["amazon.vendor.full.stock"].with_user(self.manager).create({"account_id": account.id})
        dialog.warehouse_ids = account.vendor_warehouse_ids.filtered(lambda code: code.party_ref in codes)
        dialog.understood = True
        count = dialog.sku_count
        dialog.action_send()
        return count

    def only_one_code(self):
        self.vendor.vendor_warehouse_ids.filtered(lambda code: code.party_ref == "SIMO").unlink()

    def settle(self):
        """Have Amazon told, and hear what became of that."""
        self.sync()
        self.sync(minutes=2)

    def tell_all(self, rounds=12):
        """Have Amazon told until it has taken or refused everything."""
        for _round in range(rounds):
            self.settle()

    def named(self, number=-1, code="SIMT"):
        """Return what one of the updates of a warehouse named, by SKU."""
        entries = [
            entry
            for one in self.transactions_there("inventory")
            for entry in one["entries"]
            if entry["warehouse"] == code
        ]
        return {
            item.get("vendorProductIdentifier") or item["buyerProductIdentifier"]: item["availableQuantity"]["amount"]
            for item in entries[number]["items"]
        }

    def test_not_told_any_more(self):
        """Of a SKU that is not told any more Amazon is told once that there is none."""
        service = {"type": "service", "is_storable": False}
        ways = {
            "unmapped": lambda offer: offer.write({"product_id": False}),
            "archived": lambda offer: offer.product_id.write({"active": False}),
            "service": lambda offer: offer.product_id.write(service),
            "deleted": lambda offer: offer.unlink(),
        }
        for sku, way in ways.items():
            with self.subTest(way=sku):
                kept, self.product = self.product, self.stocked()
                self.put(7)
                offer = self.map(sku)
                self.settle()
                self.assertEqual(self.there()[sku], 7)
                way(offer)
                self.env.cr.precommit.run()
                self.settle()
                self.assertEqual((self.there()[sku], self.there("SIMO")[sku]), (0, 0))
                rows = self.env["amazon.vendor.quantity"].search([("sku", "=", sku)])
                self.assertFalse(rows)
                told = len(self.told())
                self.settle()
                self.assertEqual(len(self.told()), told, "once")
                self.product = kept
        self.assertEqual(self.there()["V-1"], 10)

    def test_told_again_after_it_was_over(self):
        """What is mapped again before Amazon has heard that there is none is told as it is."""
        offer = self.map("V-2")
        self.settle()
        offer.product_id = False
        self.sync()
        offer.product_id = self.product
        self.settle()
        self.settle()
        self.assertEqual(
            (self.there()["V-2"], sorted(offer.vendor_quantity_ids.mapped("quantity_sent"))), (10, [4, 10])
        )
        offer.unlink()
        offer = self.map("V-2")
        self.settle()
        self.settle()
        self.assertEqual((self.there()["V-2"], self.there("SIMO")["V-2"]), (10, 4))
        self.assertEqual(self.env["amazon.vendor.quantity"].search_count([("sku", "=", "V-2")]), 2)

    def test_full_names_what_is_told(self):
        """A full update names what is told and nothing else, as the dialog says, whatever was told before, also where
        nobody has noted what has changed."""
        gone = self.map("GONE", "LEFT")
        gone[1].product_id = self.stocked()
        gone[1].quantity_fixed = 7
        self.settle()
        self.assertEqual(self.there(), {"V-1": 10, "GONE": 10, "LEFT": 7})
        self.vendor.stock_watched = False
        gone[0].product_id = False
        gone[1].product_id.active = False
        self.assertEqual(self.want_full("SIMT"), 1)
        self.settle()
        self.assertEqual((self.named(), self.told()[-1]), ({"V-1": 10}, ("SIMT", True, 1)))
        self.assertEqual(self.there(), {"V-1": 10, "GONE": 0, "LEFT": 0})
        self.tell_all(2)
        self.assertEqual(self.there("SIMO"), {"V-1": 4, "GONE": 0, "LEFT": 0})

    def test_nothing_to_name(self):
        """Nobody makes everything unavailable by an update that names nothing."""
        self.offer.product_id = False
        with self.assertRaisesRegex(UserError, "no SKU to name"):
            self.want_full("SIMT")

    def test_full_waits_for_the_look(self):
        """A full update that is wanted while another is at Amazon goes only after all SKUs were looked at."""
        self.sync()
        other = self.map("V-2")
        self.want_full("SIMT")
        # The job that tells Amazon hears of the first.
        self.tell(minutes=2)
        self.assertFalse([told for told in self.told() if told[1]])
        self.sync()
        self.assertEqual(self.named(), {"V-1": 10, "V-2": 10})
        self.assertEqual([told for told in self.told() if told[1]], [("SIMT", True, 2)])
        self.sync(minutes=2)
        self.assertEqual(sorted(other.vendor_quantity_ids.mapped("quantity_sent")), [4, 10])

    # --- codes ---
    def test_moved_code(self):
        """What was counted in a code's old warehouse is not told under it any more."""
        self.settle()
        code = self.row().warehouse_id
        self.put(-1)
        self.sync()
        code.warehouse_id = self.second
        self.tell(minutes=2)
        self.assertEqual([entry for entry in self.told() if entry[0] == "SIMT"], [("SIMT", False, 1)] * 2)
        self.settle()
        self.assertEqual((self.named(), self.there()["V-1"], self.row().quantity), ({"V-1": 4}, 4, 4))

    def test_moved_code_by_hand(self):
        """One SKU is sent by hand, counted in the code's new warehouse, and nothing else goes along."""
        others = self.map("V-2", "V-3")
        self.settle()
        self.row().warehouse_id.warehouse_id = self.second
        told = len(self.told())
        others[0].with_user(self.user).action_send_now()
        with self.committing(self.vendor) as account:
            account._send_requested_stock()
        self.env.invalidate_all()
        self.assertEqual(len(self.told()) - told, 2)
        self.assertEqual((self.named(), self.named(code="SIMO")), ({"V-2": 4}, {"V-2": 4}))
        self.amazon.post("clock", advance=120)
        self.ahead += 2
        with self.later(self.ahead), self.committing(self.vendor) as account:
            account._send_requested_stock()
        self.env.invalidate_all()
        self.assertEqual((self.there()["V-1"], self.there()["V-2"]), (10, 4), "the others wait for the job")
        self.settle()
        self.assertEqual(self.there(), {"V-1": 4, "V-2": 4, "V-3": 4})

    def test_renamed_code(self):
        """Of a code that is called otherwise nobody says that Amazon has what it was told under the old name."""
        self.settle()
        self.row().warehouse_id.with_user(self.manager).party_ref = "SIMX"
        self.assertEqual((self.offer.vendor_told, self.offer.vendor_state), ("SIMO 4", "unsent"))
        self.assertIn("SIMT", self.vendor.message_ids[0].body)
        said = self.vendor.message_ids[0]
        self.row("SIMX").warehouse_id.party_ref = " SIMT "
        self.assertEqual(self.vendor.message_ids[0], said, "Amazon knows nothing of that one")
        self.settle()
        self.assertEqual(self.offer.vendor_told, "SIMO 4, SIMT 10")

    def test_removed_code(self):
        """A code that is taken away leaves nothing on its SKUs, and it is said that Amazon goes on with it."""
        self.settle()
        self.refuse("V-1")
        self.put(1)
        self.settle()
        self.assertEqual(self.offer.vendor_state, "error")
        code = self.row().warehouse_id
        with self.assertRaises(AccessError):
            code.with_user(self.user).unlink()
        code.with_user(self.manager).unlink()
        self.assertEqual((self.offer.vendor_state, self.offer.sync_message), ("done", False))
        self.assertIn("SIMT", self.vendor.message_ids[0].body)
        self.settle()
        self.assertFalse(self.vendor.activity_ids)

    # --- what Amazon does not take ---
    def refuse(self, *skus, named=True):
        self.amazon.control(
            "PATCH", f"sellers/{self.party['merchant_id']}", vendor={"refused_products": skus, "names_refused": named}
        )

    def test_one_is_refused(self):
        """A SKU that Amazon names in its refusal keeps no other from being told; a person is told of it, and it goes
        again by itself when it has changed, or when a person wants it."""
        offers = self.map("V-2", "V-3", "V-22")
        self.refuse("V-2")
        self.tell_all(4)
        self.assertEqual(self.there(), {"V-1": 10, "V-3": 10, "V-22": 10})
        self.assertEqual((offers[0].stock_state, offers[0].sync_state), ("error", "error"))
        self.assertIn("V-2 is not one", offers[0].sync_message)
        self.assertIn("SIMT: INVALID", offers[0].sync_message)
        self.assertEqual(set(offers[1:].mapped("stock_state")), {"done"})
        self.assertIn("V-2 in SIMT", self.vendor.activity_ids.note)
        told = len(self.told())
        self.settle()
        self.assertEqual(len(self.told()), told)
        self.put(1)
        self.tell_all(3)
        self.assertEqual(self.there(), {"V-1": 11, "V-3": 11, "V-22": 11})
        self.assertEqual(self.named(), {"V-2": 11}, "by itself")
        self.assertEqual(self.want_full("SIMT"), 3, "a full update leaves it out")
        self.settle()
        self.assertEqual(self.named(-2), {"V-1": 11, "V-3": 11, "V-22": 11})
        self.assertEqual(self.named(), {"V-2": 11})
        self.refuse()
        offers[0].with_user(self.user).action_send_now()
        self.tell_all(2)
        self.assertEqual(self.there()["V-2"], 11)
        self.assertEqual((offers[0].stock_state, offers[0].sync_message), ("done", False))
        self.assertFalse(self.vendor.activity_ids)

    def test_one_is_refused_in_secret(self):
        """Where Amazon does not say which it is, it is found."""
        offers = self.map(*(f"S-{number}" for number in range(10)))
        self.refuse("S-3", "S-8", named=False)
        self.tell_all(16)
        self.assertEqual(
            self.there(), {"V-1": 10, **{f"S-{number}": 10 for number in range(10) if number not in (3, 8)}}
        )
        refused = offers.filtered(lambda offer: offer.stock_state == "error")
        self.assertEqual(refused.mapped("sku"), ["S-3", "S-8"])
        told = len(self.told())
        self.settle()
        self.assertEqual(len(self.told()), told)

    def test_refused_at_once(self):
        """What Amazon does not even take in is told in parts."""
        self.map("V-2", "V-3")
        self.amazon.post("faults", operation="submitInventoryUpdate", kind="400", times=2)
        self.tell_all(4)
        for code, units in (("SIMT", 10), ("SIMO", 4)):
            self.assertEqual(self.there(code), dict.fromkeys(("V-1", "V-2", "V-3"), units))

    def test_all_are_refused(self):
        """When it is no SKU that Amazon means it is not looked for for ever."""
        self.map(*(f"S-{number}" for number in range(40)))
        self.only_one_code()
        self.vendor.vendor_warehouse_ids.party_ref = "NONE"
        self.tell_all(24)
        self.assertLess(len(self.told()), 20)
        self.assertIn("The vendor has no warehouse NONE", self.vendor.activity_ids.note)
        self.vendor.vendor_warehouse_ids.party_ref = "SIMT"
        self.tell_all(2)
        self.assertEqual(set(self.there().values()), {10})
        self.assertEqual(len(self.there()), 41)
        self.assertFalse(self.vendor.activity_ids)

    def test_many_are_refused(self):
        """Many SKUs that Amazon does not take, of which it names one at a time, keep no other from being told."""
        count = 60
        offers = self.map(*(f"S-{number:02}" for number in range(count)))
        self.only_one_code()
        bad = [f"S-{number:02}" for number in range(count) if number % 3 == 2]
        self.refuse(*bad)
        self.tell_all(60)
        self.assertEqual(self.there(), {"V-1": 10, **{sku: 10 for sku in offers.mapped("sku") if sku not in bad}})

    def test_none_was_meant(self):
        """What Amazon has refused by itself, because it refused everything, is told when it takes anything again."""
        offers = self.map(*(f"S-{number}" for number in range(15)))
        self.only_one_code()
        merchant = f"sellers/{self.party['merchant_id']}"
        self.amazon.control("PATCH", merchant, vendor={"warehouses": ["SIMO"]})
        self.tell_all(20)
        self.assertFalse(self.there())
        told = len(self.told())
        self.amazon.control("PATCH", merchant, vendor={"warehouses": ["SIMO", "SIMT"]})
        [row] = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory")])
        self.assertEqual((row.state, told), ("error", 18))
        self.assertTrue(offers.vendor_quantity_ids.filtered(lambda one: one.together == 1 and one.refused))
        # With the next change of any.
        offers[-1].buffer = 1
        self.tell_all(16)
        self.assertEqual(self.there(), {"V-1": 10, **dict.fromkeys(offers[:-1].mapped("sku"), 10), "S-14": 9})
        self.assertFalse(self.vendor.activity_ids)

    def test_retried_after_all_were_refused(self):
        """What a person has told again after Amazon had refused everything is looked through as at first."""
        offers = self.map(*(f"S-{number}" for number in range(15)))
        self.only_one_code()
        merchant = f"sellers/{self.party['merchant_id']}"
        self.amazon.control("PATCH", merchant, vendor={"warehouses": ["SIMO"]})
        self.tell_all(20)
        [row] = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory")])
        self.assertEqual(row.state, "error")
        self.amazon.control("PATCH", merchant, vendor={"warehouses": ["SIMO", "SIMT"]})
        bad = row._inventory_rows()[0]
        self.refuse(bad.sku, named=False)
        row.with_user(self.user).action_retry()
        self.tell_all(20)
        self.assertEqual(self.there(), {offer.sku: 10 for offer in offers | self.offer if offer != bad.offer_id})

    def test_cannot_be_looked_at(self):
        """A SKU that cannot be looked at keeps no other from being told, is in no full update with what was counted
        before, a person is told, and it is looked at again and again."""
        other = self.map("V-2")
        self.settle()
        self.env.cr.execute(
            "CREATE FUNCTION no_two() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.sku = 'V-2' AND NEW.quantity = 11 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER no_two BEFORE INSERT OR UPDATE ON amazon_vendor_quantity"
            " FOR EACH ROW EXECUTE FUNCTION no_two()"
        )
        self.put(1)
        with mute_logger("odoo.sql_db"):
            self.settle()
            self.assertEqual(self.there(), {"V-1": 11, "V-2": 10})
            self.assertEqual((other.vendor_state, self.offer.vendor_state), ("error", "done"))
            self.assertIn("V-2", self.vendor.activity_ids.note)
            self.want_full("SIMT")
            self.settle()
        self.assertEqual(self.named(), {"V-1": 11})
        self.env.cr.execute("DROP TRIGGER no_two ON amazon_vendor_quantity")
        self.settle()
        self.assertEqual(self.there(), {"V-1": 11, "V-2": 11})
        self.assertEqual(other.vendor_state, "done")
        self.assertFalse(self.vendor.activity_ids)

    def test_full_is_refused(self):
        """A full update that Amazon refuses is over: what is told later is partial, and only a manager has it again."""
        self.map("V-2")
        self.refuse("V-2", named=False)
        self.want_full("SIMT")
        self.tell_all(6)
        self.assertEqual(self.there(), {"V-1": 10})
        self.assertEqual([told for told in self.told() if told[1]], [("SIMT", True, 2)])
        self.assertIn("Full update of SIMT", self.vendor.activity_ids.note)
        row = self.env["amazon.vendor.submission"].search([("is_full", "=", True)])
        self.assertEqual(row.state, "error")
        with self.assertRaises(AccessError):
            row.with_user(self.user).action_retry()
        row.with_user(self.manager).action_retry()
        self.tell_all(2)
        self.assertEqual([told for told in self.told() if told[1]], [("SIMT", True, 2), ("SIMT", True, 1)])
        self.assertNotIn("Full update", self.vendor.activity_ids.note)

    def test_refused_here(self):
        """What cannot be told keeps no other from being told; an ASIN may read like another's SKU."""
        twice = self.map("ITEM:1", "ITEM:2", asin="B000000009")
        self.map("B000000009", asin="B000000008")
        self.tell_all(2)
        self.assertEqual(self.there(), {"V-1": 10, "B000000009": 10})
        self.assertEqual(twice.mapped("stock_state"), ["done", "error"])
        self.assertIn("ITEM:1", twice[1].sync_message)

    def test_all_again(self):
        """To tell all again is no full update, whoever asks for it."""
        self.settle()
        self.sync(full=True)
        self.assertEqual(sorted(self.told()[2:]), [("SIMO", False, 1), ("SIMT", False, 1)])

    def test_pause_of_a_denied_access(self):
        """Where Amazon denies access each change does not ask again: only after a while, or when a person wants it."""
        self.only_one_code()
        self.amazon.post("faults", operation="submitInventoryUpdate", kind="403", times=1)
        self.sync()
        row = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory")])
        self.assertEqual((row.state, self.offer.stock_state), ("rejected", "error"))
        self.put(1)
        self.sync(minutes=1)
        self.assertFalse(self.told())
        self.offer.with_user(self.user).action_send_now()
        self.sync()
        self.assertEqual(self.named(), {"V-1": 11})

    def test_trouble_of_amazons_own(self):
        """After trouble of Amazon's own the next update has as many tries as the first."""
        self.only_one_code()
        self.amazon.post("faults", operation="submitInventoryUpdate", kind="transaction_ends", times=5)
        for minutes in (0, 2, 6, 2, 16, 2, 61, 2):
            self.sync(minutes=minutes)
        row = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory")])
        self.assertEqual((row.state, len(self.told())), ("error", 4))
        self.put(1)
        for minutes in (0, 2, 6, 2):
            self.sync(minutes=minutes)
        self.assertEqual(self.there(), {"V-1": 11})

    def test_nothing_is_left_to_tell(self):
        """An update of which nothing is left is over."""
        self.amazon.post(
            "faults", operation="submitInventoryUpdate", kind="transaction_ends", times=2, code="NO", message="no"
        )
        self.settle()
        self.assertTrue(self.vendor.activity_ids)
        self.offer.vendor_quantity_ids.unlink()
        self.offer.unlink()
        rows = self.env["amazon.vendor.submission"].search([("kind", "=", "inventory")])
        rows.with_user(self.user).action_retry()
        self.settle()
        self.assertEqual(set(rows.mapped("state")), {"done"})
        self.assertFalse(self.vendor.activity_ids)

    def test_what_a_sku_shows(self):
        """A SKU shows what Amazon has of it, and since when."""
        self.assertEqual((self.offer.vendor_state, self.offer.vendor_told), ("unsent", False))
        self.sync()
        self.assertEqual((self.offer.vendor_state, self.offer.sync_state), ("sending", "unsent"))
        self.sync(minutes=2)
        self.assertEqual((self.offer.vendor_state, self.offer.sync_state), ("done", "done"))
        self.assertEqual(self.offer.vendor_told, "SIMO 4, SIMT 10")
        self.assertEqual(self.offer.vendor_told_at, max(self.offer.vendor_quantity_ids.mapped("accepted_at")))
        with self.assertRaises(AccessError):
            self.offer.with_user(self.user).sku = "V-9"
        # Sellers' and vendors' SKUs stand in a list each, whatever became of the account.
        self.vendor.active = False
        for name, there in (("action_amazon_vendor_offers", True), ("action_amazon_offers", False)):
            domain = safe_eval(self.env.ref(f"sale_amazon_spapi.{name}").domain)
            self.assertEqual(self.offer in self.env["amazon.offer"].search(domain), there)
        action = self.vendor.action_view_stock_errors()
        self.assertEqual(action["id"], self.env.ref("sale_amazon_spapi.action_amazon_vendor_offers").id)

    def test_late(self):
        """A person is told when Amazon has not ended an update within a quarter of an hour."""
        self.amazon.post(
            "faults", operation="submitInventoryUpdate", kind="transaction_ends", status="Processing", times=2
        )
        self.sync()
        for _minute in range(14):
            self.tell(minutes=1)
        self.assertFalse(self.vendor.activity_ids)
        for _minute in range(2):
            self.tell(minutes=1)
        self.assertIn("SIMT", self.vendor.activity_ids.note)

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

    def test_answers_stay_away(self):
        """Where answers are lost again and again it is told after ever longer pauses, and a person hears of it."""
        self.only_one_code()
        self.amazon.post("faults", operation="submitInventoryUpdate", kind="500_after", times=20)
        for minutes in (0, 2, 2, 6, 2, 16, 2, 61, 2, 2, 2):
            self.sync(minutes=minutes)
        self.assertEqual(len(self.told()), 5)
        self.assertEqual(self.offer.vendor_state, "error")
        self.assertIn("not known", self.vendor.activity_ids.note or "")
        self.amazon.control("DELETE", "faults")
        self.put(1)
        self.settle()
        self.assertEqual((self.row().quantity_sent, self.offer.vendor_state), (11, "done"))
        self.assertFalse(self.vendor.activity_ids)

    def test_number_of_another(self):
        """A number that is another transaction's tells nothing of this one: it is told again, and nothing fails."""
        self.only_one_code()
        self.settle()
        self.put(1)
        self.amazon.post("faults", operation="submitInventoryUpdate", kind="same_transaction", times=1)
        self.sync()
        self.settle()
        self.settle()
        self.assertNotIn("failed", self.vendor.log_ids.mapped("state"))
        self.assertEqual((self.there()["V-1"], self.row().quantity_sent, len(self.told())), (11, 11, 3))

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
