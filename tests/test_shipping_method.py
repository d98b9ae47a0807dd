from contextlib import contextmanager

from lxml import etree
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

# NEXT ENGINE's table 2: 発送方法コード, 配送業者名 (carrier-name), 配送方法 (ship-method).
NEXT_ENGINE = [
    ("20", "ヤマト運輸", "ヤマト(発払い)B2v6"),
    ("21", "ヤマト運輸", "ヤマト(コレクト)B2v6"),
    ("22", "ヤマト運輸", "ヤマト(DM便)B2v6"),
    ("23", "ヤマト運輸", "ヤマト(メール速達)B2v6"),
    ("24", "ヤマト運輸", "ヤマト(発払い)B2v5"),
    ("25", "ヤマト運輸", "ヤマト(コレクト)B2v5"),
    ("26", "ヤマト運輸", "ヤマト(DM便)B2v5"),
    ("27", "ヤマト運輸", "ヤマト(メール速達)B2v5"),
    ("28", "ヤマト運輸", "ヤマト(ネコポス)"),
    ("30", "日本郵便", "ゆうパック"),
    ("31", "日本郵便", "レターパック500"),
    ("32", "日本郵便", "レターパック350"),
    ("33", "日本郵便", "ゆうメール"),
    ("34", "日本郵便", "ポスパケット"),
    ("35", "日本郵便", "ゆうパケット"),
    ("36", "日本郵便", "楽天コンビニ受取(ゆうパック)"),
    ("40", "日本郵便", "定形外郵便"),
    ("41", "日本郵便", "定形外郵便"),
    ("10", "佐川急便", "佐川急便(e飛伝PRO)"),
    ("11", "佐川急便", "佐川メール便(e飛伝PRO)"),
    ("12", "佐川急便", "佐川急便(e飛伝)"),
    ("13", "佐川急便", "佐川急便(e飛伝2)"),
    ("14", "佐川急便", "佐川メール便(e飛伝)"),
    ("15", "佐川急便", "佐川メール便(e飛伝2)"),
    ("16", "佐川急便", "楽天コンビニ受取(佐川急便)"),
    ("60", "西濃運輸", "西濃運輸カンガルm2"),
    ("50", "日本通運", "日本通運e発行"),
    ("other", "配送業者を指定してください", "その他"),
]
# makeshop's table E: 伝票番号入力での配送業者, Amazon上で変換される配送業者名.
MAKESHOP = [
    ("無し", "配送業者ABF"),
    ("EMS国際スピード郵便", "日本郵便"),
    ("OCS 国際エクスプレス", "配送業者ABF"),
    ("ゆうパック", "日本郵便"),
    ("ゆうパック書留", "日本郵便"),
    ("ゆうパック代金引換小包", "日本郵便"),
    ("エコ配", "エコ配"),
    ("クロネコヤマト", "ヤマト運輸"),
    ("トナミ運輸", "配送業者ABF"),
    ("JPロジスティクス", "JPロジスティクス"),
    ("レターパックライト", "日本郵便"),
    ("レターパックプラス", "日本郵便"),
    ("国際スピード郵便(USPS)", "日本郵便"),
    ("佐川急便", "佐川急便"),
    ("西濃運輸", "西濃運輸"),
    ("普通郵便", "日本郵便"),
    ("普通郵便代引", "日本郵便"),
    ("福山通運", "福山通運"),
    ("名鉄運輸", "配送業者ABF"),
    ("翌朝10時郵便", "日本郵便"),
    ("セイノースーパーエクスプレス", "西濃運輸"),
    ("新潟運輸", "配送業者ABF"),
    ("DHL", "DHL"),
    ("第一貨物", "配送業者ABF"),
    ("ゆうパケット", "日本郵便"),
    ("ポスパケット", "日本郵便"),
    ("クリックポスト", "日本郵便"),
    ("スマートレター", "日本郵便"),
    ("宅急便コンパクト", "ヤマト運輸"),
    ("ネコポス", "ヤマト運輸"),
    ("クロネコDM便", "ヤマト運輸"),
]
AMAZON = {
    "ヤマト運輸": "YAMATO",
    "佐川急便": "SAGAWA",
    "日本郵便": "Japan Post",
    "西濃運輸": "SEINO TRANSPORTATION",
    "日本通運": "NITTSU",
}


class ShippingMethodCase(TransactionCase):
    """Shipping methods, and delivery methods linked to them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.default"].set("res.partner", "lang", "en_US")
        (cls.env.user | cls.env.ref("base.user_root")).lang = "en_US"
        cls.methods = cls.env["amazon.shipping.method"]
        cls.yamato = cls.method("ne_20")
        cls.large_letter = cls.method("ne_40")

    @classmethod
    def method(cls, name):
        """Return one of the addon's own."""
        return cls.env.ref(f"sale_amazon_spapi.shipping_method_{name}")

    def carrier(self, method=None, **values):
        """Make a delivery method."""
        return self.env["delivery.carrier"].create(
            {
                "name": "Night courier",
                "delivery_type": "fixed",
                "product_id": self.env.ref("sale_amazon_spapi.product_shipping").id,
                "amazon_shipping_method_id": method and method.id,
                **values,
            }
        )

    def own(self, **values):
        """Make a shipping method of the shop's own."""
        return self.methods.create({"code": "BIKE", "name": "Bicycle", "carrier_name": "Bikes Ltd", **values})

    @contextmanager
    def refused(self, error, message):
        """Expect an error with this message; what was written before it is undone."""
        with self.assertRaisesRegex(error, message), self.env.cr.savepoint():
            yield


@tagged("post_install", "-at_install")
class TestShippingMethodTables(ShippingMethodCase):
    """N8, M1: the tables of the shop systems, row by row."""

    def rows(self, origin):
        return self.methods.with_context(active_test=False).search([("origin", "=", origin)])

    def test_next_engine(self):
        self.assertEqual(len(NEXT_ENGINE), 28)
        self.assertEqual(
            [
                (row.code, row.carrier_code, row.carrier_name, row.ship_method, row.name)
                for row in self.rows("next_engine")
            ],
            [
                (f"NE-{code}", AMAZON.get(carrier, "Other"), carrier, ship_method, ship_method)
                for code, carrier, ship_method in NEXT_ENGINE
            ],
        )

    def test_makeshop(self):
        self.assertEqual(len(MAKESHOP), 31)
        rows = self.rows("makeshop")
        self.assertEqual(
            [(row.name, row.carrier_code, row.carrier_name, row.ship_method) for row in rows[1:]],
            [
                (name, AMAZON.get(carrier, "Other"), name if carrier == "配送業者ABF" else carrier, name)
                for name, carrier in MAKESHOP[1:]
            ],
        )
        self.assertEqual(
            rows.filtered(lambda row: row.carrier_code == "Other").mapped("carrier_name"),
            [
                "その他",
                "OCS 国際エクスプレス",
                "エコ配",
                "トナミ運輸",
                "JPロジスティクス",
                "福山通運",
                "名鉄運輸",
                "新潟運輸",
                "DHL",
                "第一貨物",
            ],
        )
        for row in rows:
            self.assertRegex(row.code, r"^MS-[a-z0-9-]+$")

    def test_none_chosen(self):
        """無し: no carrier was chosen; a missing number is then a missing number, for the account's policy."""
        none = self.rows("makeshop")[0]
        self.assertEqual(
            (none.code, none.name, none.carrier_code, none.carrier_name, none.ship_method, none.tracking_required),
            ("MS-none", "無し", "Other", "その他", "その他", True),
        )

    def test_all_carriers(self):
        """Each of Amazon's five codes is used, in its spelling; a name is always there."""
        rows = self.rows("next_engine") | self.rows("makeshop")
        self.assertEqual(len(rows), 59)
        self.assertEqual(set(rows.mapped("carrier_code")), {*AMAZON.values(), "Other"})
        self.assertTrue(all(row.carrier_name and row.ship_method and row.active for row in rows))

    def test_without_number(self):
        rows = self.methods.search([("tracking_required", "=", False)])
        self.assertEqual(rows.mapped("code"), ["NE-33", "NE-40", "NE-41", "MS-mail", "MS-smartletter"])
        self.assertEqual(rows.mapped("name"), ["ゆうメール", "定形外郵便", "定形外郵便", "普通郵便", "スマートレター"])

    def test_cash_on_delivery(self):
        self.assertEqual(
            self.methods.search([("cash_on_delivery", "=", True)]).mapped("name"),
            ["ヤマト(コレクト)B2v6", "ヤマト(コレクト)B2v5", "ゆうパック代金引換小包", "普通郵便代引"],
        )


@tagged("post_install", "-at_install")
class TestShippingMethod(ShippingMethodCase):
    """What a delivery method tells Amazon."""

    def test_linked(self):
        facts = self.carrier(self.yamato)._amazon_shipment_facts()
        self.assertEqual(
            facts,
            {
                "carrier_code": "YAMATO",
                "carrier_name": "ヤマト運輸",
                "ship_method": "ヤマト(発払い)B2v6",
                "tracking_required": True,
                "mapped": True,
                "label_missing": False,
            },
        )

    def test_own_text(self):
        carrier = self.carrier(self.yamato, amazon_ship_method="宅急便")
        self.assertEqual(carrier._amazon_shipment_facts()["ship_method"], "宅急便")
        carrier.amazon_ship_method = "  "
        self.assertEqual(carrier._amazon_shipment_facts()["ship_method"], "ヤマト(発払い)B2v6")

    def test_label_missing(self):
        """C12, R8: the delivery method's name is sent, and the lack of a text is known."""
        carrier = self.carrier(self.own())
        self.assertEqual(
            carrier._amazon_shipment_facts(),
            {
                "carrier_code": "Other",
                "carrier_name": "Bikes Ltd",
                "ship_method": "Night courier",
                "tracking_required": True,
                "mapped": True,
                "label_missing": True,
            },
        )
        carrier.amazon_ship_method = "Bicycle"
        facts = carrier._amazon_shipment_facts()
        self.assertEqual((facts["ship_method"], facts["label_missing"]), ("Bicycle", False))

    def test_not_linked(self):
        carrier = self.carrier()
        self.assertEqual(
            carrier._amazon_shipment_facts(),
            {
                "carrier_code": "Other",
                "carrier_name": "Night courier",
                "ship_method": "Night courier",
                "tracking_required": True,
                "mapped": False,
                "label_missing": True,
            },
        )
        carrier.write({"amazon_ship_method": "By night", "amazon_no_tracking": True})
        self.assertEqual(
            carrier._amazon_shipment_facts(),
            {
                "carrier_code": "Other",
                "carrier_name": "Night courier",
                "ship_method": "By night",
                "tracking_required": False,
                "mapped": False,
                "label_missing": False,
            },
        )

    def test_no_delivery_method(self):
        self.assertEqual(
            self.env["delivery.carrier"]._amazon_shipment_facts(),
            {
                "carrier_code": "Other",
                "carrier_name": "",
                "ship_method": "",
                "tracking_required": True,
                "mapped": False,
                "label_missing": True,
            },
        )

    def test_code_without_name(self):
        """A carrier Amazon knows needs no name; the delivery method's is not its name."""
        carrier = self.carrier(self.own(carrier_code="FEDEX_JP", carrier_name=False))
        facts = carrier._amazon_shipment_facts()
        self.assertEqual((facts["carrier_code"], facts["carrier_name"]), ("FEDEX_JP", ""))

    def test_archived(self):
        """An archived shipping method still says what it said to the delivery methods linked to it."""
        carrier = self.carrier(self.yamato)
        self.yamato.active = False
        self.assertEqual(carrier._amazon_shipment_facts()["carrier_code"], "YAMATO")

    def test_language(self):
        """The delivery method's name is sent in the language of the context."""
        self.env["res.lang"]._activate_lang("ja_JP")
        carrier = self.carrier()
        carrier.with_context(lang="ja_JP").name = "夜間便"
        facts = carrier.with_context(lang="ja_JP")._amazon_shipment_facts()
        self.assertEqual((facts["carrier_name"], facts["ship_method"]), ("夜間便", "夜間便"))

    def test_no_tracking(self):
        """N3: as the linked shipping method says, until a person says otherwise."""
        carrier = self.carrier(self.large_letter)
        self.assertTrue(carrier.amazon_no_tracking)
        self.assertFalse(carrier._amazon_shipment_facts()["tracking_required"])
        carrier.amazon_no_tracking = False
        self.assertTrue(carrier._amazon_shipment_facts()["tracking_required"])
        self.assertFalse(self.large_letter.tracking_required)
        carrier.amazon_shipping_method_id = self.yamato
        self.assertFalse(carrier.amazon_no_tracking)
        carrier.amazon_no_tracking = True
        self.assertFalse(carrier._amazon_shipment_facts()["tracking_required"])
        carrier.amazon_shipping_method_id = False
        self.assertFalse(carrier.amazon_no_tracking)

    def test_no_tracking_follows(self):
        """A shipping method that changes takes its delivery methods along, archived ones too."""
        carriers = self.carrier(self.yamato) | self.carrier(self.yamato, active=False)
        self.yamato.tracking_required = False
        self.assertEqual(carriers.mapped("amazon_no_tracking"), [True, True])
        self.yamato.tracking_required = True
        self.assertEqual(carriers.mapped("amazon_no_tracking"), [False, False])

    def test_no_tracking_in_one_call(self):
        """What is given on creation counts."""
        self.assertTrue(self.carrier(self.yamato, amazon_no_tracking=True).amazon_no_tracking)
        self.assertFalse(self.carrier(self.large_letter, amazon_no_tracking=False).amazon_no_tracking)

    def test_other_needs_a_name(self):
        message = r"\[BIKE\] Bicycle: with the carrier code “Other” Amazon wants the carrier's name\. Please enter it\."
        for name in (False, "", "  "):
            with self.subTest(name=name), self.refused(ValidationError, message):
                self.own(carrier_name=name)
        for code in ("other", "Other ", "OTHER"):
            with self.subTest(code=code), self.refused(ValidationError, message):
                self.own(carrier_code=code, carrier_name=False)
        method = self.own(carrier_code="YAMATO", carrier_name=False)
        with self.refused(ValidationError, message):
            method.carrier_code = "Other"

    def test_code_is_unique(self):
        self.own()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught, self.env.cr.savepoint():
            self.own()
        self.assertEqual(
            self.methods._sql_error_to_message(caught.exception),
            "A shipping method with this code exists already (it may be archived).",
        )

    def test_defaults(self):
        with Form(self.methods) as form:
            form.code, form.name, form.carrier_name = "BIKE", "Bicycle", "Bikes Ltd"
        method = form.record
        self.assertEqual(
            (method.carrier_code, method.origin, method.tracking_required, method.cash_on_delivery),
            ("Other", "own", True, False),
        )
        self.assertEqual(self.methods.search([], limit=1), method)
        with self.assertRaisesRegex(AssertionError, "carrier_name.*required"), Form(self.methods) as form:
            form.code, form.name = "FOOT", "On foot"

    def test_display_name(self):
        self.assertEqual(self.large_letter.display_name, "[NE-40] 定形外郵便")
        for text in ("NE-40", "定形外"):
            found = [row[0] for row in self.methods.name_search(text)]
            self.assertIn(self.large_letter.id, found)

    def test_copy(self):
        """A copy is the shop's own, under a code that is free."""
        copies = self.yamato.copy() | self.yamato.copy()
        self.assertEqual(copies.mapped("code"), ["NE-20-2", "NE-20-3"])
        self.assertEqual(set(copies.mapped("origin")), {"own"})
        self.assertEqual(set(copies.mapped("carrier_code")), {"YAMATO"})
        self.assertEqual(self.yamato.copy({"code": "MINE"}).code, "MINE")

    def test_delete(self):
        """One that is in use stays; its message says what to do."""
        method = self.own()
        carrier = self.carrier(method, active=False)
        with self.refused(UserError, r"\[BIKE\] Bicycle is linked to delivery methods\. Link them"):
            (method | self.yamato).unlink()
        carrier.amazon_shipping_method_id = False
        method.unlink()
        self.assertFalse(method.exists())

    def test_delivery_methods(self):
        carriers = self.carrier(self.yamato) | self.carrier(self.yamato)
        self.assertEqual(self.yamato.delivery_method_ids, carriers)
        self.assertEqual((self.yamato.delivery_method_count, self.large_letter.delivery_method_count), (2, 0))
        action = self.yamato.action_view_delivery_methods()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), carriers)

    def test_copied_delivery_method(self):
        copy = self.carrier(self.large_letter, amazon_ship_method="定形外", amazon_no_tracking=False).copy()
        self.assertEqual(copy.amazon_shipping_method_id, self.large_letter)
        self.assertEqual((copy.amazon_ship_method, copy.amazon_no_tracking), ("定形外", False))


@tagged("post_install", "-at_install")
class TestShippingMethodAccess(ShippingMethodCase):
    """Amazon's people read the shipping methods, its manager writes them; delivery methods stay whose they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            group: new_test_user(cls.env, f"method_{group}", f"sale_amazon_spapi.group_amazon_{group}")
            for group in ("readonly", "user", "accountant", "manager")
        }
        cls.packer = new_test_user(cls.env, "method_packer", "stock.group_stock_user")
        cls.shipper = new_test_user(
            cls.env, "method_shipper", "stock.group_stock_manager,sale_amazon_spapi.group_amazon_user"
        )

    def view(self, user, kind):
        """Return a view of the delivery methods as a user gets it."""
        arch = self.env["delivery.carrier"].with_user(user).get_views([(False, kind)])["views"][kind]["arch"]
        return etree.fromstring(arch)

    def test_read(self):
        for group, user in self.users.items():
            with self.subTest(group=group):
                self.assertEqual(self.yamato.with_user(user).name, "ヤマト(発払い)B2v6")
                self.assertEqual(len(self.methods.with_user(user).search([("origin", "!=", "own")])), 59)
        with self.assertRaises(AccessError):
            self.yamato.with_user(self.packer).read(["name"])

    def test_write(self):
        for group in ("readonly", "user", "accountant"):
            with self.subTest(group=group):
                method = self.yamato.with_user(self.users[group])
                for call in (
                    lambda method=method: method.write({"name": "x"}),
                    lambda method=method: method.create({"code": "X", "name": "X", "carrier_name": "X"}),
                    lambda method=method: method.copy(),
                    lambda method=method: method.unlink(),
                ):
                    with self.assertRaises(AccessError):
                        call()

    def test_manager(self):
        """A manager's change reaches delivery methods that the manager may not write."""
        carrier = self.carrier(self.yamato)
        method = self.yamato.with_user(self.users["manager"])
        method.write({"ship_method": "宅急便", "tracking_required": False})
        self.assertTrue(carrier.amazon_no_tracking)
        with self.assertRaises(AccessError):
            carrier.with_user(self.users["manager"]).amazon_shipping_method_id = self.large_letter
        with self.refused(UserError, "is linked to delivery methods"):
            method.unlink()
        copy = method.copy()
        copy.unlink()

    def test_packer(self):
        """Who packs need not have access to Amazon for its facts."""
        facts = self.carrier(self.yamato).with_user(self.packer)._amazon_shipment_facts()
        self.assertEqual((facts["carrier_code"], facts["ship_method"]), ("YAMATO", "ヤマト(発払い)B2v6"))

    def test_delivery_method_views(self):
        carrier = self.carrier()
        for kind, names in {
            "form": ("amazon_shipping_method_id", "amazon_ship_method", "amazon_no_tracking"),
            "list": ("amazon_shipping_method_id", "amazon_ship_method", "amazon_no_tracking"),
            "search": ("amazon_shipping_method_id", "amazon_not_linked"),
        }.items():
            mine, others = self.view(self.shipper, kind), self.view(self.packer, kind)
            for name in names:
                with self.subTest(kind=kind, name=name):
                    self.assertTrue(mine.xpath(f"//*[@name='{name}']"))
                    self.assertFalse(others.xpath(f"//*[@name='{name}']"))
        [node] = self.view(self.shipper, "search").xpath("//filter[@name='amazon_not_linked']")
        carriers = self.env["delivery.carrier"].with_user(self.shipper)
        found = carriers.search(eval(node.get("domain")))  # noqa: S307 - our own data files
        self.assertIn(carrier, found)
        carrier.amazon_shipping_method_id = self.yamato
        found = carriers.search(eval(node.get("domain")))  # noqa: S307 - see above
        self.assertNotIn(carrier, found)

    def test_placeholder_is_warned_of(self):
        """NEXT ENGINE's その他 asks to name the carrier: its form says what buyers would read, until it is named."""
        carrier, other = self.carrier(), self.method("ne_other")
        with Form(carrier.with_user(self.shipper)) as form:
            self.assertFalse(form.amazon_carrier_warning)
            form.amazon_shipping_method_id = other
            self.assertIn("配送業者を指定してください", form.amazon_carrier_warning)
            self.assertIn("[NE-other] その他", form.amazon_carrier_warning)
        other.with_user(self.users["manager"]).carrier_name = "赤帽"
        with Form(carrier.with_user(self.shipper)) as form:
            self.assertFalse(form.amazon_carrier_warning)
        [node] = self.view(self.shipper, "form").xpath("//*[@name='amazon_carrier_warning' and not(@invisible)]")
        self.assertEqual(node.getparent().get("invisible"), "not amazon_carrier_warning")

    def test_delivery_method_form(self):
        """Choosing a shipping method in the form shows at once whether a number is needed."""
        carrier = self.carrier()
        with Form(carrier.with_user(self.shipper)) as form:
            form.amazon_shipping_method_id = self.large_letter
            self.assertTrue(form.amazon_no_tracking)
            form.amazon_no_tracking = False
            form.amazon_ship_method = "定形外"
        facts = carrier._amazon_shipment_facts()
        self.assertEqual(
            (facts["carrier_code"], facts["ship_method"], facts["tracking_required"]),
            ("Japan Post", "定形外", True),
        )
