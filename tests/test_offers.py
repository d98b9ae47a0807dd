import json
import re
from types import SimpleNamespace

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestOffers(AmazonCase):
    """Which product a SKU is, and what happens to orders of SKUs nobody knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placeholder = cls.env.ref("sale_amazon_spapi.product_unknown_sku")

    def offer(self, sku):
        """Return the SKU's row."""
        return self.env["amazon.offer"].search([("sku", "=", sku), ("account_id", "=", self.account.id)])

    def build(self):
        """Let the builders do their work."""
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._drain(account)

    def test_matched(self):
        """A SKU is the product with that internal reference, else with that barcode."""
        by_code, by_barcode = self.env["product.product"].create(
            [
                {"name": "Code", "default_code": "SKU-A"},
                {"name": "Barcode", "barcode": "4901234567894"},
            ]
        )
        order = self.imported(items=[{"sku": "SKU-A"}, {"sku": "4901234567894"}])
        goods = order.order_line.filtered("amazon_item_ref")
        self.assertEqual(goods.product_id, by_code | by_barcode)
        self.assertEqual(self.offer("SKU-A").state, "mapped")
        self.assertEqual(self.offer("SKU-A").asin, self.amazon_order(order)["orderItems"][0]["product"]["asin"])
        self.assertEqual(goods.amazon_offer_id, self.offer("SKU-A") | self.offer("4901234567894"))

    def test_not_guessed(self):
        """Two products with the same reference, or one of another company, are not chosen from."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env["product.product"].create(
            [
                {"name": "One", "default_code": "TWICE"},
                {"name": "Two", "default_code": "TWICE"},
                {"name": "Theirs", "default_code": "THEIRS", "company_id": other.id},
                {"name": "Old", "default_code": "OLD", "active": False},
            ]
        )
        order = self.imported(items=[{"sku": "TWICE"}, {"sku": "THEIRS"}, {"sku": "OLD"}])
        self.assertEqual(order.order_line.filtered("amazon_item_ref").product_id, self.placeholder)
        self.assertEqual(self.offer("TWICE").state, "unmapped")
        for sku in ("TWICE", "THEIRS", "OLD"):
            self.assertIn(sku, order.amazon_review_reasons)

    def test_nothing_to_choose(self):
        """Where there is one account with one marketplace, a new SKU is of these; else a person chooses."""
        offers = self.env["amazon.offer"].with_user(self.user)
        self.assertEqual(offers.create({"sku": "ONLY"}).marketplace_id, self.account.marketplace_ids)
        self._connect(self.amazon.seller(), name="Another")
        self.assertFalse(any(offers.default_get(["account_id", "marketplace_id"]).values()))

    def test_placeholder(self):
        """Policy placeholder: the order comes in, goes to review and is not shipped; mapping swaps the product."""
        order = self.imported(items=[{"sku": "NEW-1", "quantity": 2, "total": 1001}, {"sku": "AMZ-TEA-001"}])
        line = order.order_line[0]
        self.assertEqual(line.product_id, self.placeholder)
        self.assertEqual(order.amazon_phase_id.role, "review")
        self.assertEqual(len(order.activity_ids), 1)
        with self.assertRaisesRegex(Exception, "NEW-1"):
            order.with_user(self.user).action_amazon_reviewed()
        total, name = order.amount_total, line.name
        product = self.products["AMZ-SNACK-001"]
        self.offer("NEW-1").with_user(self.user).product_id = product
        self.assertEqual((line.product_id, line.product_uom_qty, line.name), (product, 2, name))
        self.assertAlmostEqual(line.price_unit, 500.5)
        self.assertEqual(line.tax_ids.amount, 8)
        self.assertEqual(order.amount_total, total)
        self.assertFalse(order.amazon_difference)
        self.assertFalse(order.amazon_review_reasons)
        open_moves = order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in open_moves},
            {product: 2, self.products["AMZ-TEA-001"]: 1},
        )
        self.build()
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.assertFalse(order.activity_ids, "nothing is left to review")
        self.ship(order.picking_ids.filtered(lambda picking: picking.state != "cancel"))
        self.assertEqual(order.amazon_phase_id.role, "shipped")

    def test_placeholder_in_tax_on_top_order(self):
        """Mapping in an order with tax on top brings no taxes onto the line."""
        seller = self.amazon.seller(region="na", marketplaces=["ATVPDKIKX0DER"])
        account = self._connect(seller, name="US")
        [ref] = self.amazon.place(
            seller,
            "us_standard",
            items=[{"sku": "US-1", "price": "10.00"}],
            created="2026-01-01T00:00:00Z",
            updated=self.amazon.get("clock")["now"],
        )
        self.amazon.post("clock", advance=600)
        self.import_orders(account)
        order = self.orders(ref)
        self.assertEqual(order.order_line[0].product_id, self.placeholder)
        total = order.amount_total
        self.env["amazon.offer"].search([("sku", "=", "US-1")]).product_id = self.products["AMZ-CUP-001"]
        self.assertEqual(order.order_line[0].product_id, self.products["AMZ-CUP-001"])
        self.assertFalse(order.order_line[0].tax_ids)
        self.assertEqual(order.amount_total, total)

    def test_from_the_order_to_its_skus(self):
        """The order that waits leads to the SKUs that it waits for."""
        order = self.imported("jp_unknown_sku")
        self.assertTrue(order.amazon_has_unknown_sku)
        # Nothing names the button “Reviewed”, which the order does not have.
        self.assertIn("SKU table", order.picking_ids.with_user(self.user).amazon_blocked)
        ready = self.env.ref("sale_amazon_spapi.phase_ready")
        with self.assertRaisesRegex(UserError, "SKU table"):
            order.with_user(self.user).amazon_phase_id = ready
        action = order.with_user(self.user).action_amazon_map_skus()
        offer = self.env["amazon.offer"].with_user(self.user).search(action["domain"])
        self.assertEqual(offer, order.order_line.amazon_offer_id)
        offer.product_id = self.products["AMZ-CUP-001"]
        self.assertFalse(order.amazon_has_unknown_sku)
        with self.assertRaisesRegex(UserError, order.name):
            order.with_user(self.user).action_amazon_map_skus()

    def test_mapped_again(self):
        """A mapping that was wrong is put right on open orders; delivered ones stay, and a person is told."""
        shipped, waiting = self.imported(count=2, items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
        self.ship(shipped.picking_ids)
        self.offer("AMZ-CUP-001").with_user(self.user).product_id = self.products["AMZ-CUP-002"]
        self.assertEqual(shipped.order_line.product_id, self.products["AMZ-CUP-001"])
        self.assertEqual(len(shipped.activity_ids), 1)
        self.assertEqual(waiting.order_line.product_id, self.products["AMZ-CUP-002"])
        self.assertEqual(
            waiting.picking_ids.filtered(lambda p: p.state != "cancel").move_ids.product_id,
            self.products["AMZ-CUP-002"],
        )

    def not_goods(self):
        """Return products that no SKU can be, by what they are."""
        other = self.env["res.company"].create({"name": "Other"})
        service, combo, archived, theirs = self.env["product.product"].create(
            [
                {"name": "NG service", "default_code": "NG-1", "type": "service"},
                {
                    "name": "NG combo",
                    "default_code": "NG-2",
                    "type": "combo",
                    "combo_ids": [
                        (
                            0,
                            0,
                            {
                                "name": "Choice",
                                "combo_item_ids": [(0, 0, {"product_id": self.products["AMZ-CUP-001"].id})],
                            },
                        )
                    ],
                },
                {"name": "NG archived", "default_code": "NG-3", "active": False},
                {"name": "NG of another company", "default_code": "NG-4", "company_id": other.id},
            ]
        )
        own = [
            self.env.ref(f"sale_amazon_spapi.product_{name}")
            for name in (
                "unknown_sku",
                "shipping",
                "gift_wrap",
                "cod_fee",
                "discount",
                "other",
                "tax",
                "tip",
                "adjustment",
            )
        ]
        return [service, combo, archived, theirs, *own]

    def test_only_goods_are_offered(self):
        """The choice of products holds none that no SKU can be, a good one is there."""
        refused = self.not_goods()
        self.imported(items=[{"sku": "NEW-1"}])
        with Form(self.offer("NEW-1").with_user(self.user).with_company(self.company)) as form:
            domain = form._view["fields"]["product_id"]["domain"]
        found = self.search_choice(domain)
        self.assertIn(self.products["AMZ-CUP-001"], found)
        for product in refused:
            with self.subTest(product=product.display_name):
                self.assertNotIn(product, found)

    def search_choice(self, domain):
        """Return what the web client would offer for the SKU table's product."""
        products = self.env["product.product"].with_user(self.user).with_company(self.company)
        domain = eval(domain, {"company_id": self.company.id})  # noqa: S307 - our own field's
        return products.search(domain)

    def test_only_goods_are_accepted(self):
        """What no SKU can be is refused on the screen, by RPC, in an import and on a new row; the order waits on."""
        order = self.imported(items=[{"sku": "NEW-1"}])
        offers = self.env["amazon.offer"].with_user(self.user).with_company(self.company)
        offer = offers.browse(self.offer("NEW-1").id)
        for product in self.not_goods():
            with self.subTest(product=product.display_name):
                with self.assertRaises(UserError):
                    offer.write({"product_id": product.id})
                with self.assertRaises(UserError):
                    offer.create(
                        {
                            "account_id": self.account.id,
                            "marketplace_id": self.account.marketplace_ids.id,
                            "sku": "NEW-2",
                            "product_id": product.id,
                        }
                    )
                result = offers.load([".id", "product_id/.id"], [[str(offer.id), str(product.id)]])
                self.assertTrue(result["messages"])
        self.assertFalse(self.offer("NEW-1").product_id)
        self.assertEqual((order.order_line[0].product_id, order.amazon_phase_role), (self.placeholder, "review"))
        with self.assertRaisesRegex(ValidationError, "Amazon shipping"):
            offer.product_id = self.env.ref("sale_amazon_spapi.product_shipping")

    def test_services_are_not_matched(self):
        """A SKU that is a service's internal reference is not mapped by itself either."""
        self.env["product.product"].create({"name": "Wrapping", "default_code": "SRV-1", "type": "service"})
        order = self.imported(items=[{"sku": "SRV-1"}, {"sku": "AMAZON-SHIPPING"}])
        self.assertEqual(order.order_line.filtered("amazon_item_ref").product_id, self.placeholder)
        self.assertEqual(self.offer("SRV-1").state, "unmapped")
        self.assertEqual(self.offer("AMAZON-SHIPPING").state, "unmapped")

    def told(self):
        """Return what has just been said on the user's screen."""
        self.env.cr.precommit.run()
        channel = json.dumps([self.env.cr.dbname, "res.partner", self.user.partner_id.id], separators=(",", ":"))
        rows = self.env["bus.bus"].search([("channel", "=", channel)])
        messages = [json.loads(message) for message in rows.mapped("message")]
        rows.unlink()
        return [message["payload"]["message"] for message in messages if message["type"] == "simple_notification"]

    def test_mapping_says_what_it_changed(self):
        """Whoever maps a SKU reads how many open orders have changed and how many are made now; the import itself
        tells nobody."""
        orders = self.imported(count=2, items=[{"sku": "NEW-1"}])
        self.account.unknown_sku = "hold"
        self.imported(items=[{"sku": "NEW-1"}, {"sku": "NEW-2"}])
        self.told()
        self.offer("NEW-1").with_user(self.user).product_id = self.products["AMZ-CUP-001"]
        [text] = self.told()
        self.assertIn("“NEW-1”", text)
        self.assertEqual(re.findall(r"\d+", text.replace("NEW-1", ""))[0], "2", "orders changed")
        self.assertEqual(orders.order_line.product_id, self.products["AMZ-CUP-001"])
        self.assertIn(text, "".join(self.offer("NEW-1").message_ids.mapped("body")))
        self.build()
        self.told()
        self.offer("NEW-2").with_user(self.user).product_id = self.products["AMZ-CUP-001"]
        [text] = self.told()
        numbers = re.findall(r"\d+", text.replace("NEW-2", ""))
        self.assertEqual(numbers, ["1"], "what did not happen is not counted")
        self.imported(items=[{"sku": "AMZ-SNACK-001"}])
        self.assertFalse(self.told())

    def test_hold(self):
        """Policy hold: the order stays in Needs attention, its SKU in the table; mapping it builds the order."""
        self.account.unknown_sku = "hold"
        refs = self.place(items=[{"sku": " HOLD-1 "}, {"sku": "HOLD-2"}]) + self.place()
        self.import_orders()
        row = self.env["amazon.order.update"].search([("order_ref", "=", refs[0])])
        self.assertEqual((row.state, row.missing_sku), ("failed", "HOLD-1"))
        self.assertIn("HOLD-1", row.error)
        self.assertFalse(self.orders(refs[0]))
        self.assertTrue(self.orders(refs[1]), "one that is held stops no other")
        self.assertEqual(self.offer("HOLD-1").state, "unmapped")
        self.offer("HOLD-1").with_user(self.user).product_id = self.products["AMZ-CUP-001"]
        self.build()
        self.assertEqual((row.state, row.missing_sku), ("failed", "HOLD-2"))
        self.offer("HOLD-2").with_user(self.user).product_id = self.products["AMZ-CUP-002"]
        self.build()
        self.assertEqual(row.state, "done")
        self.assertEqual(
            self.orders(refs[0]).order_line.product_id, self.products["AMZ-CUP-001"] | self.products["AMZ-CUP-002"]
        )

    def test_hold_and_cancelled(self):
        """What was cancelled before anybody mapped its SKU asks nothing of anybody any more."""
        self.account.unknown_sku = "hold"
        [ref] = self.place("jp_unknown_sku")
        self.import_orders()
        self.assertFalse(self.orders(ref))
        self.act(ref, "cancel")
        self.import_orders()
        self.assertEqual(self.orders(ref).state, "cancel")
        self.assertFalse(self.env["amazon.order.update"].search([("order_ref", "=", ref), ("state", "=", "failed")]))

    def test_sku_with_blanks(self):
        """A SKU pasted with blanks around it is the SKU, when it is entered and when it is corrected."""
        offer = (
            self.env["amazon.offer"]
            .with_user(self.user)
            .create(
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids.id,
                    "sku": " SKU-1 ",
                }
            )
        )
        self.assertEqual(offer.sku, "SKU-1")
        offer.sku = "\tSKU-2 "
        self.assertEqual(offer.sku, "SKU-2")

    def test_full_width(self):
        """What is typed in full-width characters, with whichever hyphen, finds the SKU or the ASIN; a SKU that is
        written so itself is found, too."""
        table = self.env["amazon.offer"].with_user(self.user)
        place = {"account_id": self.account.id, "marketplace_id": self.account.marketplace_ids.id}
        plain, wide = table.create(
            [{**place, "sku": "ABC-123", "asin": "B0FULLWIDE"}, {**place, "sku": "ＡＢＣ－１２３－全角"}]
        )
        for text in ("ＡＢＣ－１２３", "ａｂｃ－１２", "ABCー123"):
            with self.subTest(text=text):
                found = ["|", "|", ("sku", "ilike", text), ("asin", "ilike", text), ("title", "ilike", text)]
                self.assertIn(plain, table.search(found))
                self.assertIn(plain.id, [offer_id for offer_id, _name in table.name_search(text)])
        self.assertIn(wide, table.search([("sku", "ilike", "ＡＢＣ－１２３")]))
        self.assertEqual(table.search([("asin", "ilike", "Ｂ０ＦＵＬＬＷＩＤＥ")]), plain)
        self.assertFalse(table.search([("sku", "ilike", "ＡＢＣ－１２４")]))

    def test_no_sku(self):
        """An item without a SKU is in the table by its ASIN: a person maps that, and the order goes on."""
        order = self.imported("jp_no_sku")
        line = order.order_line.filtered("amazon_item_ref")[0]
        key = f"ASIN:{self.amazon_order(order)['orderItems'][0]['product']['asin']}"
        self.assertEqual((line.product_id, order.amazon_phase_id.role), (self.placeholder, "review"))
        self.assertIn(key, order.amazon_review_reasons)
        with self.assertRaisesRegex(UserError, key):
            order.with_user(self.user).action_amazon_reviewed()
        action = order.with_user(self.user).action_amazon_map_skus()
        offer = self.env["amazon.offer"].with_user(self.user).search(action["domain"])
        self.assertEqual(offer, self.offer(key))
        offer.product_id = self.products["AMZ-CUP-001"]
        self.build()
        self.assertEqual((line.product_id, order.amazon_phase_id.role), (self.products["AMZ-CUP-001"], "ready"))
        self.assertFalse(order.activity_ids)
        again = self.amazon_order(order)["orderItems"][0]["product"]
        later = self.imported("jp_no_sku", set={"orderItems": {"0": {"product": again}}})
        self.assertEqual(later.order_line[0].product_id, line.product_id, "known from now on")

    def test_no_sku_and_hold(self):
        """Policy hold: the same; without even an ASIN the item goes by its own number."""
        self.account.unknown_sku = "hold"
        for asin in ("B0HELDBACK", None):
            with self.subTest(asin=asin):
                self.account.job_ids.cursor = False
                [ref] = self.place("jp_no_sku", set={"orderItems": {"0": {"product": {"asin": asin}}}})
                self.import_orders()
                row = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
                item = self.amazon.get(f"orders/{ref}")["orderItems"][0]["orderItemId"]
                key = f"ASIN:{asin}" if asin else f"ITEM:{item}"
                self.assertEqual((row.state, row.missing_sku), ("failed", key))
                self.assertIn(key, row.error)
                self.offer(key).with_user(self.user).product_id = self.products["AMZ-CUP-001"]
                self.build()
                self.assertEqual(row.state, "done")
                self.assertEqual(self.orders(ref).order_line.product_id, self.products["AMZ-CUP-001"])

    def test_a_batch_asks_for_its_own_skus(self):
        """However many SKUs the table holds, a batch reads those it has."""
        sold, other = self.imported(items=[{"sku": "AMZ-CUP-001"}, {"sku": "AMZ-TEA-001"}]).order_line.amazon_offer_id
        [ref] = self.place(items=[{"sku": sold.sku}, {"sku": "NEW-2"}])
        with self.account._selling_partner() as amazon, self.enter_registry_test_mode():
            received = [amazon.orders.get(ref)]
        rows = self.env["amazon.order.update"]._receive(self.account, received)
        self.env.invalidate_all()
        rows.sudo()._build(self.account)
        self.assertTrue(self.offer("NEW-2"))
        read = self.env["amazon.offer"]._fields["sku"]._get_cache(self.env)
        self.assertIn(sold.id, read)
        self.assertNotIn(other.id, read)

    def test_marketplace(self):
        """A seller's SKU is of a marketplace; a vendor's is of none, and stands in the table once, too."""
        vendor = self._connect(self.amazon.seller(), kind="vendor_df", name="Vendor", marketplace_ids=False)
        mine = self.env["amazon.offer"].with_user(self.user)
        with self.assertRaisesRegex(ValidationError, "SKU-1"), self.env.cr.savepoint():
            mine.create({"account_id": self.account.id, "sku": "SKU-1"})
        with self.assertRaises(AssertionError), Form(mine) as form:
            form.account_id, form.sku = self.account, "SKU-1"
        with Form(mine) as form:
            form.account_id, form.sku = vendor, "SKU-1"
        offer = form.record
        self.assertFalse(offer.marketplace_id)
        here = mine.create(
            {"account_id": self.account.id, "sku": "SKU-1", "marketplace_id": self.account.marketplace_ids.id}
        )
        with self.assertRaisesRegex(ValidationError, "SKU-1"), self.env.cr.savepoint():
            here.marketplace_id = False
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            mine.create({"account_id": vendor.id, "sku": "SKU-1"})
        nowhere = self.env["amazon.marketplace"]
        items = [SimpleNamespace(sku=sku, asin="", title="", item_id="1") for sku in ("SKU-1", "AMZ-CUP-001")]
        resolved = mine.sudo()._resolve(vendor, nowhere, items)
        self.assertEqual(resolved["SKU-1"], offer)
        self.assertEqual(resolved["AMZ-CUP-001"].product_id, self.products["AMZ-CUP-001"])
        self.assertEqual(mine._find(vendor, nowhere, ["SKU-1", "AMZ-CUP-001"]), resolved)
