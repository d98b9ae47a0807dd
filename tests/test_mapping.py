from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestMapping(AmazonCase):
    """Many SKUs are mapped at once, with products that are proposed."""

    def made(self, *values, **common):
        """Return products."""
        return self.env["product.product"].create([{"name": "Thing", "type": "consu", **common, **v} for v in values])

    def unmapped(self, sku, **values):
        """Return a SKU that is to map."""
        values = {"account_id": self.account.id, "marketplace_id": self.account.marketplace_ids[:1].id, **values}
        return self.env["amazon.offer"].create({"sku": sku, **values})

    def dialog(self, offers=None, user=None, **context):
        """Return the dialog, as the user has it."""
        model = self.env["amazon.mapping"].with_user(user or self.user).with_company(self.company)
        action = model.with_context(active_ids=offers.ids if offers else [], **context).action_open()
        return model.browse(action["res_id"])

    def line(self, offer):
        """Return the line of one SKU's dialog."""
        return self.dialog(offer).line_ids

    def test_sure(self):
        """By the internal reference however it is written, by the barcode, by the reference without who ships."""
        code, barcode, part = self.made(
            {"default_code": "Tea–９"}, {"barcode": "4901234567894"}, {"default_code": "CUP-7"}
        )
        for sku, product in (
            ("ＴＥＡ-9", code),
            ("tea-9 ", code),
            ("4901234567894", barcode),
            ("CUP-7-FBA", part),
            ("fbm_cup-7", part),
        ):
            with self.subTest(sku=sku):
                line = self.line(self.unmapped(sku))
                self.assertEqual((line.product_id, line.state, line.is_selected), (product, "sure", True))
                self.assertTrue(line.message)
                self.assertFalse(line.offer_id.product_id, "nothing is written before the button")

    def test_elsewhere(self):
        """What the same SKU, or another of the same ASIN, is in another account or marketplace of the company."""
        other = self._connect(self.amazon.seller(), name="Another")
        one, two = self.made({}, {})
        self.unmapped("E-1", account_id=other.id, product_id=one.id)
        self.unmapped("E-2", account_id=other.id, asin="B000000001", product_id=two.id)
        self.assertEqual(self.line(self.unmapped("e-1")).product_id, one)
        line = self.line(self.unmapped("E-3", asin="B000000001"))
        self.assertEqual((line.product_id, line.is_selected), (two, True))

    def test_several(self):
        """What is equally good is named, and none is chosen; neither where two sure ways lead to different products."""
        self.made({"name": "First", "default_code": "TWO"}, {"name": "Second", "default_code": "two"})
        line = self.line(self.unmapped("TWO"))
        self.assertEqual((line.state, line.is_selected, line.product_id.id), ("several", False, False))
        self.assertIn("First", line.message)
        self.assertIn("Second", line.message)
        coded, mapped = self.made({"default_code": "S-1"}, {})
        self.unmapped("S-2", asin="B000000002", product_id=mapped.id)
        self.assertEqual(self.line(self.unmapped("S-1", asin="B000000002")).state, "several")

    def test_title(self):
        """A product whose name is like the title is a guess, and not ticked; Japanese without blanks, too."""
        tea, cookies, cup = self.made(
            {"name": "オーガニック抹茶ティーバッグ"},
            {"name": "京都宇治抹茶クッキー"},
            {"name": "Zebra Porcelain Teacup"},
        )
        self.made({"name": "オーガニック珈琲"}, {"name": "Zebra Poster"})
        for title, product in (
            ("【公式】有機オーガニック抹茶ティーバッグ50個入", tea),
            ("京都宇治抹茶クッキー詰合せ", cookies),
            ("Acme zebra porcelain teacup, 350 ml, blue", cup),
        ):
            with self.subTest(title=title):
                line = self.line(self.unmapped(f"T {title}", title=title))
                self.assertEqual((line.product_id, line.state, line.is_selected), (product, "guess", False))
        self.assertEqual(self.line(self.unmapped("T-0", title="何か Xyzzyq")).state, "none")
        self.made({"name": "Zebra Porcelain Teacup"})
        line = self.line(self.unmapped("T-9", title="Zebra Porcelain Teacup"))
        self.assertEqual((line.state, line.product_id.id), ("several", False))

    def test_not_goods(self):
        """Services, archived products, Amazon's charges, and products of other companies are never proposed."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.made(
            {"default_code": "NO-1", "type": "service"},
            {"default_code": "NO-1", "active": False},
            {"default_code": "NO-1", "company_id": elsewhere.id},
            {"name": "Quagga Lantern Deluxe", "type": "service"},
            {"name": "Quagga Lantern Deluxe", "active": False},
            {"name": "Quagga Lantern Deluxe", "company_id": elsewhere.id},
        )
        line = self.line(self.unmapped("NO-1", title="Quagga Lantern Deluxe"))
        self.assertEqual((line.state, line.product_id.id), ("none", False))
        for product in (
            self.env["product.product"]
            .with_context(active_test=False)
            .search([("default_code", "=", "NO-1"), ("company_id", "=", False)])
        ):
            line.write({"product_id": product.id, "is_selected": True})
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                line.wizard_id.action_apply()

    def test_apply(self):
        """Orders are corrected as when the product is entered in the table; the rest stays."""
        order = self.imported(items=[{"sku": "APP-1"}, {"sku": "APP-2"}])
        offers = order.order_line.amazon_offer_id
        self.made({"default_code": "APP-1"})
        dialog = self.dialog(offers)
        first, second = dialog.line_ids
        self.assertEqual((first.state, first.is_selected, second.is_selected), ("sure", True, False))
        action = dialog.action_apply()
        self.assertEqual((action["res_id"], dialog.mapped_count), (dialog.id, 1))
        self.assertEqual(first.offer_id.product_id.default_code, "APP-1")
        self.assertEqual(
            order.order_line.filtered(lambda line: line.amazon_offer_id == first.offer_id).product_id.default_code,
            "APP-1",
        )
        self.assertFalse(second.offer_id.product_id)
        with self.assertRaises(UserError):
            dialog.action_apply()
        with Form(second.with_user(self.user)) as form:
            form.product_id = self.products["AMZ-CUP-001"]
            self.assertTrue(form.is_selected)
        dialog.action_apply()
        self.assertEqual((dialog.mapped_count, second.offer_id.product_id), (2, self.products["AMZ-CUP-001"]))

    def test_held_order(self):
        """An order that waited for its SKU is made."""
        self.account.unknown_sku = "hold"
        [ref] = self.amazon.place(self.seller, "jp_unknown_sku")
        self.amazon.post("clock", advance=600)
        self.import_orders(self.account)
        self.assertFalse(self.orders(ref))
        dialog = self.dialog()
        dialog.line_ids.write({"product_id": self.products["AMZ-CUP-001"].id, "is_selected": True})
        dialog.action_apply()
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._drain(account)
        self.assertEqual(self.orders(ref).order_line[:1].product_id, self.products["AMZ-CUP-001"])

    def test_meanwhile(self):
        """What somebody has mapped meanwhile is left as it is."""
        self.made({"default_code": "MEAN-1"})
        offer = self.unmapped("MEAN-1")
        dialog = self.dialog(offer)
        offer.product_id = self.products["AMZ-CUP-001"]
        dialog.action_apply()
        self.assertEqual((offer.product_id, dialog.mapped_count), (self.products["AMZ-CUP-001"], 0))
        self.assertEqual(dialog.line_ids.state, "late")

    def test_which(self):
        """What is selected and to map; nothing selected: the oldest of all of that kind."""
        offers = self.env["amazon.offer"].union(*(self.unmapped(f"W-{number}") for number in range(3)))
        offers[1].product_id = self.products["AMZ-CUP-001"]
        self.assertEqual(self.dialog(offers).line_ids.offer_id, offers[0] | offers[2])
        self.assertLessEqual(offers[0] | offers[2], self.dialog(amazon_kind="seller").line_ids.offer_id)
        with self.assertRaises(UserError):
            self.dialog(amazon_kind="vendor_df")
        with self.assertRaises(UserError):
            self.dialog(offers[1])

    def test_bounded(self):
        """Ten times as many SKUs take no more queries each."""

        def queries(offers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            offers.with_user(self.user)._suggest()
            return self.env.cr.sql_log_count - before

        title = "Quagga Lantern Deluxe %s"
        few, many = (
            self.env["amazon.offer"].union(
                *(self.unmapped(f"{name}-{n}-FBA", asin=f"B{n}", title=title % n) for n in range(count))
            )
            for name, count in (("FEW", 2), ("MANY", 20))
        )
        queries(few)
        self.assertLessEqual(queries(many), queries(few) + 2)

    def test_rights(self):
        """For those who may map; another company's SKUs are not shown, nor can one be put into a dialog."""
        offer = self.unmapped("R-1")
        for group in ("readonly", "accountant"):
            user = new_test_user(self.env, f"mapping_{group}", f"sale_amazon_spapi.group_amazon_{group}")
            user.write({"company_ids": [Command.set(self.company.ids)], "company_id": self.company.id})
            with self.assertRaises(AccessError):
                self.dialog(offer, user=user)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "mapping_stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        theirs = self.env["amazon.mapping"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        with self.assertRaises(UserError):
            theirs.with_context(active_ids=offer.ids).action_open()
        with self.assertRaises(AccessError):
            theirs.create({"line_ids": [Command.create({"offer_id": offer.id})]})
        dialog = self.dialog(offer)
        with self.assertRaises(AccessError):
            dialog.with_user(stranger).with_context(allowed_company_ids=elsewhere.ids).action_apply()
