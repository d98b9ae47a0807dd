from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.mail.tools.discuss import Store
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from ..models.customers import prefecture
from ..selling_partner.values import Address, Order

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
HOME = {
    "name": "山田 花子",
    "state": "東京都",
    "city": "渋谷区",
    "line1": "神南1-2-3",
    "line2": "タワー301",
    "postal_code": "150-0041",
    "country_code": "JP",
    "phone": "090-1234-5678",
}


class PartnerCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.partner_id.lang = "en_US"
        cls.japan = cls.env["amazon.marketplace"].search([("api_ref", "=", "A1VC38T7YXB528")])
        cls.account = cls.env["amazon.account"].create(
            {
                "name": "Shop",
                "merchant_id": "M1",
                "region": "fe",
                "marketplace_ids": [Command.set(cls.japan.ids)],
            }
        )
        cls.Partner = cls.env["res.partner"]
        cls.placeholder = cls.env.ref("sale_amazon_spapi.partner_provisional")
        cls.numbers = iter(range(1, 100000))

    def order(self, address=True, **vals):
        """One order, UNSHIPPED; `address` is an address, what differs from HOME, or None."""
        number = next(self.numbers)
        if address is True or isinstance(address, dict):
            address = Address(**{**HOME, **(address if isinstance(address, dict) else {})})
        return Order(
            **{
                "order_id": f"250-{number:07}-0000000",
                "created": NOW,
                "last_updated": NOW,
                "status": "UNSHIPPED",
                "fulfilled_by": "MERCHANT",
                "marketplace_id": "A1VC38T7YXB528",
                "buyer_name": "山田 太郎",
                "buyer_email": "taro1@marketplace.amazon.co.jp",
                "address": address,
                **vals,
            }
        )

    def customers(self, *orders, account=None):
        found = self.Partner._amazon_customers(account or self.account, list(orders))
        pairs = [found[order.order_id] for order in orders]
        return pairs if len(pairs) > 1 else pairs[0]


@tagged("-at_install", "post_install")
class TestAmazonCustomers(PartnerCommon):
    def test_new_customer(self):
        buyer, delivery = self.customers(self.order())
        self.assertRecordValues(
            buyer,
            [
                {
                    "name": "山田 太郎",
                    "email": "taro1@marketplace.amazon.co.jp",
                    "street": False,
                    "zip": False,
                    "phone": False,
                    "country_id": self.env.ref("base.jp").id,
                    "amazon_account_id": self.account.id,
                    "type": "contact",
                    "company_id": self.account.company_id.id,
                    "customer_rank": 1,
                    "parent_id": False,
                    "company_name": False,
                }
            ],
        )
        self.assertRecordValues(
            delivery,
            [
                {
                    "name": "山田 花子",
                    "email": False,
                    "street": "神南1-2-3",
                    "street2": "タワー301",
                    "city": "渋谷区",
                    "zip": "150-0041",
                    "phone": "090-1234-5678",
                    "state_id": self.env.ref("base.state_jp_jp-13").id,
                    "country_id": self.env.ref("base.jp").id,
                    "amazon_account_id": self.account.id,
                    "type": "delivery",
                    "company_id": self.account.company_id.id,
                    "parent_id": buyer.id,
                    "customer_rank": 1,
                }
            ],
        )
        self.assertEqual(
            delivery.display_name, "山田 花子", "the buyer's name does not belong on the recipient's label"
        )
        self.assertFalse(delivery.message_ids | buyer.message_ids)
        self.assertFalse(buyer.message_follower_ids)
        self.assertEqual(len(buyer.sudo().amazon_hash), 64)
        self.assertNotIn("taro", buyer.sudo().amazon_hash)

    def test_hash_is_nobodys_to_read(self):
        buyer, _delivery = self.customers(self.order())
        with self.assertRaises(AccessError):
            buyer.with_user(self.env.ref("base.user_admin")).read(["amazon_hash"])
        key = self.env["ir.config_parameter"].get_param("database.secret")
        before = buyer.amazon_hash
        self.env["ir.config_parameter"].set_param("database.secret", key + "x")
        self.assertNotEqual(self.customers(self.order())[0].sudo().amazon_hash, before)

    def test_found_again(self):
        buyer, delivery = self.customers(self.order())
        written = {
            "line1": "神南１−２−３",
            "line2": "タワー ３０１",
            "state": "Tokyo",
            "postal_code": "1500041",
            "name": "山田　花子",
            "phone": "+81 90 1234 5678",
        }
        again = self.customers(self.order(written, buyer_email=" Taro1@Marketplace.amazon.co.jp "))
        self.assertEqual(again, (buyer, delivery))
        self.assertEqual(delivery.street, "神南1-2-3")

    def test_changed_address_is_a_new_one(self):
        buyer, delivery = self.customers(self.order())
        for change in ({"line2": "タワー302"}, {"name": "山田 次郎"}, {"phone": "03-1111-2222"}, {"company": "A社"}):
            other_buyer, other = self.customers(self.order(change))
            self.assertEqual(other_buyer, buyer)
            self.assertNotEqual(other, delivery)
            self.assertEqual(other.parent_id, buyer)
        self.assertEqual(len(buyer.child_ids), 5)
        self.assertEqual(delivery.street2, "タワー301")

    def test_phone_no_longer_told(self):
        buyer, delivery = self.customers(self.order())
        self.assertEqual(self.customers(self.order({"phone": ""})), (buyer, delivery))
        self.assertEqual(buyer._amazon_delivery_address(self.account, self.order({"phone": ""})), delivery)
        self.assertNotEqual(self.customers(self.order({"phone": "", "line1": "神南9"}))[1], delivery)

    def test_within_one_batch(self):
        (one, here), (two, there), (three, again), (other, _home) = self.customers(
            self.order(),
            self.order({"line1": "神南9"}),
            self.order(),
            self.order(buyer_email="b@marketplace.amazon.co.jp"),
        )
        self.assertEqual(one, two)
        self.assertEqual(one, three)
        self.assertEqual(here, again)
        self.assertNotEqual(here, there)
        self.assertNotEqual(other, one)
        self.assertEqual(one.child_ids, here | there)

    def test_without_email(self):
        (one, _here), (two, _there) = self.customers(self.order(buyer_email=""), self.order(buyer_email=""))
        self.assertNotEqual(one, two)
        self.assertFalse(one.email)
        self.assertFalse(one.sudo().amazon_hash)
        self.assertNotIn(self.customers(self.order(buyer_email=""))[0], one | two)

    def test_only_partners_of_this_account(self):
        by_hand = self.Partner.create({"name": "山田 太郎", "email": "taro1@marketplace.amazon.co.jp"})
        buyer, _delivery = self.customers(self.order())
        self.assertNotEqual(buyer, by_hand)
        same_merchant = self.account.copy({"region": "eu", "marketplace_ids": False, "merchant_id": "M1"})
        self.assertEqual(self.customers(self.order(), account=same_merchant)[0], buyer)
        other_merchant = self.account.copy({"merchant_id": "M2"})
        self.assertNotEqual(self.customers(self.order(), account=other_merchant)[0], buyer)
        company = self.env["res.company"].create({"name": "Other"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        elsewhere = (
            self.env["amazon.account"]
            .with_company(company)
            .create(
                {
                    "name": "Other",
                    "merchant_id": "M1",
                    "region": "na",
                    "company_id": company.id,
                    "warehouse_id": warehouse.id,
                }
            )
        )
        other, delivery = self.customers(self.order(), account=elsewhere)
        self.assertNotEqual(other, buyer)
        self.assertEqual((other | delivery).company_id, company)

    def test_names(self):
        buyer, delivery = self.customers(self.order(buyer_name="", buyer_email="x@m.amazon.co.jp"))
        self.assertEqual((buyer.name, delivery.name), ("Amazon buyer", "山田 花子"))
        buyer, delivery = self.customers(self.order({"name": ""}, buyer_email="y@m.amazon.co.jp"))
        self.assertEqual(delivery.name, "山田 太郎")
        self.assertEqual(delivery.display_name, "山田 太郎")
        long = "Wolfeschlegelsteinhausenbergerdorff " * 20 + "𠮷野家 👨‍👩‍👧 محمد"
        buyer, delivery = self.customers(self.order({"name": long}, buyer_name=long, buyer_email="z@m.amazon.co.jp"))
        self.assertEqual((buyer.name, delivery.name), (long, long))

    def test_later_told(self):
        order = self.order(None, buyer_name="", buyer_email="")
        buyer, delivery = self.customers(order)
        self.assertEqual(delivery, buyer, "UNSHIPPED without an address")
        self.assertEqual(buyer.name, "Amazon buyer")
        told = self.order(buyer_company="A社")
        child = buyer._amazon_delivery_address(self.account, told)
        self.assertEqual(child.parent_id, buyer)
        self.assertRecordValues(
            buyer, [{"name": "山田 太郎", "email": "taro1@marketplace.amazon.co.jp", "company_name": "A社"}]
        )
        self.assertEqual(self.customers(self.order(buyer_company="A社")), (buyer, child))
        buyer.name = "山田太郎様"
        self.customers(self.order())
        self.assertEqual(buyer.name, "山田太郎様", "what a person wrote stays")
        self.assertEqual(buyer._amazon_delivery_address(self.account, self.order(None)), buyer)

    def test_later_told_who_is_known(self):
        """The e-mail address told later is another buyer's already: they are not made one behind anybody's back."""
        unknown, _delivery = self.customers(self.order(None, buyer_name="", buyer_email=""))
        known, _delivery = self.customers(self.order())
        unknown._amazon_delivery_address(self.account, self.order())
        self.env.flush_all()
        self.assertEqual(unknown.email, known.email)
        self.assertEqual(self.customers(self.order())[0], known)

    def test_archived(self):
        """An archived buyer is not found again, and is in nobody's way."""
        old, _delivery = self.customers(self.order())
        old.active = False
        new, _delivery = self.customers(self.order())
        self.assertNotEqual(new, old)
        self.assertEqual(self.customers(self.order())[0], new)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            old.active = True
            self.env.flush_all()

    def test_part_of_an_address(self):
        """Without its role an application is told the country, perhaps the city, and no street."""
        address = Address(country_code="JP", state="大阪府", city="大阪市", postal_code="530")
        buyer, delivery = self.customers(self.order(address))
        self.assertEqual(delivery, buyer)
        self.assertEqual(buyer.state_id.code, "JP-27")
        self.assertFalse(buyer.street or buyer.city)

    def test_pending(self):
        for status in ("PENDING", "PENDING_AVAILABILITY", "CANCELLED"):
            pair = self.customers(self.order(None, status=status, buyer_name="", buyer_email=""))
            self.assertEqual(pair, (self.placeholder, self.placeholder))
        self.assertFalse(self.placeholder.amazon_account_id)

    def test_fba(self):
        (one, delivery), (two, _same) = self.customers(
            self.order(fulfilled_by="AMAZON"), self.order(fulfilled_by="AMAZON", buyer_email="b@m.amazon.co.jp")
        )
        self.assertEqual(one, delivery)
        self.assertEqual(one, two)
        self.assertRecordValues(
            one,
            [
                {
                    "name": "Amazon.co.jp (FBA)",
                    "email": False,
                    "street": False,
                    "amazon_marketplace_id": self.japan.id,
                    "company_id": self.account.company_id.id,
                    "amazon_account_id": False,
                }
            ],
        )
        self.assertEqual(self.customers(self.order(fulfilled_by="AMAZON", status="PENDING"))[0], one)
        one.active = False
        self.assertEqual(self.customers(self.order(fulfilled_by="AMAZON"))[0], one)

    def test_company_and_recipient_are_on_the_slip(self):
        buyer, delivery = self.customers(self.order({"company": "株式会社アマゾン商事"}, buyer_company="本社"))
        self.assertEqual(delivery.company_name, "株式会社アマゾン商事")
        self.assertEqual(delivery.commercial_company_name, "株式会社アマゾン商事")
        self.assertEqual(buyer.company_name, "本社")
        self.assertEqual(buyer.display_name, "本社, 山田 太郎")
        html = self.env["ir.qweb.field.contact"].value_to_html(delivery, {"fields": ["address", "name", "phone"]})
        for text in (
            "株式会社アマゾン商事",
            "山田 花子",
            "150-0041",
            "東京都 渋谷区",
            "神南1-2-3",
            "タワー301",
            "090-1234-5678",
        ):
            self.assertIn(text, html)
        self.assertNotIn("太郎", html)
        self.assertEqual(html.count("東京都"), 1)

    def test_company_of_the_buyer(self):
        for kind, expected in (("COMMERCIAL", "本社"), ("", "本社"), ("RESIDENTIAL", False), ("PICKUP_POINT", False)):
            _buyer, delivery = self.customers(
                self.order({"address_type": kind, "line1": f"神南{kind}"}, buyer_company="本社")
            )
            self.assertEqual(delivery.company_name, expected)
        _buyer, delivery = self.customers(self.order({"name": "A社", "company": "Ａ社"}))
        self.assertEqual(delivery.display_name, "A社")

    def test_pickup_point(self):
        _buyer, delivery = self.customers(
            self.order({"address_type": "PICKUP_POINT", "company": "ファミリーマート渋谷神南店", "line3": "店頭受取"})
        )
        html = self.env["ir.qweb.field.contact"].value_to_html(delivery, {"fields": ["address", "name"]})
        for text in ("ファミリーマート渋谷神南店", "店頭受取", "山田 花子"):
            self.assertIn(text, html)

    def test_abroad(self):
        def place(**vals):
            _buyer, delivery = self.customers(self.order(Address(name="X", **vals), buyer_email=""))
            return delivery

        berlin = place(country_code="DE", state="Berlin", city="Berlin", line1="Platz 1", postal_code="10117")
        self.assertEqual((berlin.state_id.country_id.code, berlin.state_id.name), ("DE", "Berlin"))
        for state in ("NY", "ny", "New York", "US-NY"):
            self.assertEqual(place(country_code="US", state=state, line1="5th Ave 1").state_id.code, "NY")
        brazil = place(
            country_code="BR",
            state="SP",
            city="São Paulo",
            line1="Av. Paulista, 1578",
            extended={"complement": "Apto 15", "neighborhood": "Bela Vista"},
        )
        self.assertEqual((brazil.state_id.code, brazil.street2), ("SP", "Apto 15, Bela Vista"))
        nowhere = place(country_code="ZZ", state="Somewhere", line1="1 Road", line2="Flat 2")
        self.assertFalse(nowhere.country_id)
        self.assertEqual(nowhere.street2, "Flat 2, Somewhere, ZZ")
        unknown = place(country_code="US", state="Nowhere", line1="1 Road")
        self.assertEqual((unknown.country_id.code, unknown.street2), ("US", "Nowhere"))

    def test_every_prefecture_is_odoos(self):
        states = self.env["res.country.state"].search([("country_id.code", "=", "JP")])
        self.assertEqual({state.code: state.name for state in states}, prefecture._NAMES)

    def test_language(self):
        self.env["res.lang"].with_context(active_test=False).search([("code", "=", "ja_JP")]).active = False
        self.assertEqual(self.customers(self.order())[0].lang, self.account.company_id.partner_id.lang)
        self.env["res.lang"]._activate_lang("ja_JP")
        buyer, delivery = self.customers(self.order(buyer_email="new@m.amazon.co.jp"))
        self.assertEqual({buyer.lang, delivery.lang}, {"ja_JP"})
        abroad = self.order(Address(country_code="US", line1="1 Road"), buyer_email="us@m.amazon.com")
        self.assertEqual(self.customers(abroad)[1].lang, self.account.company_id.partner_id.lang)

    def test_defaults_do_not_sneak_in(self):
        partners = self.Partner.with_context(default_type="invoice", default_parent_id=1, default_email="x@example.com")
        order = self.order()
        buyer, _delivery = partners._amazon_customers(self.account, [order])[order.order_id]
        self.assertFalse(buyer.parent_id)
        self.assertEqual(buyer.type, "contact")

    def test_no_right_to_make_contacts_is_needed(self):
        user = new_test_user(self.env, "amazon-user", "sale_amazon_spapi.group_amazon_user")
        order = self.order()
        buyer, delivery = self.Partner.with_user(user)._amazon_customers(self.account.with_user(user), [order])[
            order.order_id
        ]
        self.assertEqual(buyer.env.user, user)
        self.assertFalse(buyer.env.su)
        self.assertTrue(delivery.street)

    def test_what_a_person_set_on_the_buyer_reaches_new_addresses(self):
        buyer, _delivery = self.customers(self.order())
        buyer.vat = "/"
        _buyer, delivery = self.customers(self.order({"line1": "神南9"}))
        self.assertEqual(delivery.vat, "/")

    def count(self, orders):
        return self.queries(self.customers, *orders)

    def queries(self, work, *arguments):
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.transaction.clear()
        before = self.env.cr.sql_log_count
        work(*arguments)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def made_by_odoo(self, parent=None):
        """Have Odoo itself make 25 partners, or 25 addresses of one, as quietly as we do."""
        quiet = self.Partner._amazon_environment(self.account).with_context(_partners_skip_fields_sync=True)
        address = {"street": "神南1", "zip": "150-0041", "country_id": self.env.ref("base.jp").id}
        of_whom = {"parent_id": parent.id, "type": "delivery"} if parent else {}
        return quiet.create([{"name": f"{index}", **address, **of_whom} for index in range(25)])

    def batch(self, size, tag, **vals):
        return [
            self.order(
                {"line1": f"神南{index}", "company": f"{tag}社{index}"},
                buyer_email=f"{tag}{index}@m.amazon.co.jp",
                **vals,
            )
            for index in range(size)
        ]

    def test_constant_number_of_queries(self):
        self.count(self.batch(2, "warm"))
        few, many = self.count(self.batch(5, "few")), self.count(self.batch(25, "many"))
        self.assertEqual(few, many)
        [parent, *_others] = self.made_by_odoo()
        buyers, addresses = self.queries(self.made_by_odoo), self.queries(self.made_by_odoo, parent)
        self.assertLess(many, buyers + addresses, "fewer than Odoo takes to make as many of both")
        self.assertLess(self.count(self.batch(25, "many")), buyers, "all are known")
        moved = [
            self.order(
                Address(country_code="JP", line1=f"港区{index}", name="N"), buyer_email=f"many{index}@m.amazon.co.jp"
            )
            for index in range(25)
        ]
        self.assertLessEqual(self.count(moved), many, "known buyers, new addresses")
        self.assertLess(self.count(self.batch(25, "fba", fulfilled_by="AMAZON")), many, "no addresses")

    def test_queries_of_a_batch(self):
        """Beside making them, as Odoo does, buyers and addresses cost a handful of queries a batch."""
        self.count(self.batch(2, "warm"))
        [parent, *_others] = self.made_by_odoo()
        orders = self.batch(25, "more")
        spent = []
        for work, arguments in ((self.made_by_odoo, []), (self.made_by_odoo, [parent]), (self.customers, orders)):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            work(*arguments)
            self.env.flush_all()
            spent.append(self.env.cr.sql_log_count - before)
        *own, ours = spent
        self.assertLessEqual(ours, sum(own) + 5)


@tagged("-at_install", "post_install")
class TestAmazonPartnerAccess(PartnerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        order = cls.order(cls)
        cls.buyer, cls.delivery = cls.Partner._amazon_customers(cls.account, [order])[order.order_id]
        cls.ordinary = cls.Partner.create({"name": "Ordinary"})
        cls.plain = new_test_user(cls.env, "amazon-plain", "base.group_user")

    def test_who_sees_them(self):
        for group in (
            "sale_amazon_spapi.group_amazon_readonly",
            "sales_team.group_sale_salesman",
            "stock.group_stock_user",
            "account.group_account_invoice",
        ):
            user = new_test_user(self.env, f"amazon-{group}", group)
            self.assertEqual(self.buyer.with_user(user).name, "山田 太郎")
            self.assertTrue(self.Partner.with_user(user).search([("id", "=", self.delivery.id)]))

    def test_who_does_not(self):
        for groups in ("base.group_user", "base.group_partner_manager", "base.group_system"):
            user = new_test_user(self.env, f"amazon-{groups}", groups)
            partners = self.Partner.with_user(user)
            self.assertFalse(partners.search([("id", "in", (self.buyer | self.delivery).ids)]))
            self.assertFalse(partners.name_search("山田"))
            self.assertEqual(partners.search([("id", "=", self.ordinary.id)]).name, "Ordinary")
            with self.assertRaises(AccessError):
                self.buyer.with_user(user).read(["email"])
            with self.assertRaises(AccessError):
                self.delivery.with_user(user).read(["street"])
        with self.assertRaises(AccessError):
            self.buyer.with_user(
                self.env.ref("base.user_admin").copy(
                    {"login": "x", "group_ids": [Command.set(self.env.ref("base.group_partner_manager").ids)]}
                )
            ).write({"name": "X"})

    def test_contacts_are_copied(self):
        """Everybody who may duplicates contacts and users; the copy of a buyer is hidden like the buyer."""
        groups = "base.group_user,base.group_partner_manager,sales_team.group_sale_salesman_all_leads"
        seller = new_test_user(self.env, "amazon-seller", groups)
        admin = new_test_user(self.env, "amazon-admin", "base.group_erp_manager,base.group_partner_manager")
        self.assertFalse(self.ordinary.with_user(seller).copy().amazon_account_id)
        self.assertEqual(self.plain.with_user(admin).copy({"login": "copied"}).login, "copied")
        for partner in (self.buyer, self.delivery):
            copy = partner.with_user(seller).copy()
            self.assertEqual(copy.amazon_account_id, self.account)
            self.assertFalse(copy.with_user(self.plain).search([("id", "=", copy.id)]))

    def test_nothing_of_amazons_is_copied(self):
        """What nobody may write a copy does not carry either, or nobody could make one."""
        for model in self.env.registry.values():
            model = self.env[model._name]
            if hasattr(model, "_amazon_may_write") and not model._name.startswith("amazon.") and not model._abstract:
                copied = {name for name, field in model._fields.items() if field.copy and not field.inherited}
                denied = {name for name in copied if not model.with_user(self.plain)._amazon_may_write(name)}
                writable = {name for name in denied if getattr(model._fields[name], "write_groups", None)}
                with self.subTest(model=model._name):
                    self.assertFalse(denied - writable)

    def test_merged_with_a_contact_of_the_shops(self):
        """Odoo merges contacts with buyers; the one that stays is a buyer if it was one."""
        seller = new_test_user(
            self.env, "amazon-seller", "base.group_partner_manager,sales_team.group_sale_salesman_all_leads"
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(seller)
        other = self.customers(self.order(buyer_email="other@marketplace.amazon.co.jp", buyer_name="他 人"))[0]
        for kept, merged in ((self.ordinary, self.buyer), (other, self.Partner.create({"name": "Shop's own"}))):
            merged.email = kept.email = "same@example.com"
            account = kept.amazon_account_id
            wizard._merge((kept | merged).ids, kept.with_user(seller))
            self.assertFalse(merged.exists())
            self.assertEqual(kept.amazon_account_id, account)

    def test_rights_given_later_count_at_once(self):
        self.assertFalse(self.Partner.with_user(self.plain).search([("id", "=", self.buyer.id)]))
        self.plain.group_ids |= self.env.ref("stock.group_stock_user")
        self.assertTrue(self.Partner.with_user(self.plain).search([("id", "=", self.buyer.id)]))

    def test_portal_and_public(self):
        portal = new_test_user(self.env, "amazon-portal", "base.group_portal")
        self.assertEqual(portal.partner_id.with_user(portal).name, portal.name)
        self.assertFalse(self.Partner.with_user(portal).search([("id", "=", self.buyer.id)]))
        portal.partner_id.sudo().amazon_account_id = self.account
        self.assertEqual(portal.partner_id.with_user(portal).name, portal.name)
        public = self.env.ref("base.public_user")
        self.assertTrue(public.partner_id.with_user(public).name)
        self.assertFalse(self.Partner.with_user(public).search([("id", "=", self.buyer.id)]))

    def test_lists_that_refer_to_them_open(self):
        # The shop's own, put below a buyer later; what is added below one is hidden like it.
        child = self.Partner.create({"name": "Added by hand"})
        child.parent_id = self.buyer
        self.env.flush_all()
        self.env.invalidate_all()
        spec = {
            "display_name": {},
            "parent_id": {"fields": {"display_name": {}}},
            "child_ids": {"fields": {"name": {}}},
        }
        rows = self.Partner.with_user(self.plain).web_search_read([("id", "=", child.id)], spec)["records"]
        self.assertEqual(rows[0]["parent_id"]["id"], self.buyer.id)
        groups = self.Partner.with_user(self.plain).formatted_read_group(
            [("id", "=", child.id)], ["parent_id"], ["__count"]
        )
        self.assertEqual(groups[0]["__count"], 1)

    def test_auditor_opens_entries(self):
        auditor = new_test_user(self.env, "amazon-auditor", "account.group_account_readonly")
        journal = self.env["account.journal"].create({"name": "Test", "code": "AMZT", "type": "general"})
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "partner_id": self.buyer.id,
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        spec = {"name": {}, "partner_id": {"fields": {"display_name": {}}}, "commercial_partner_id": {"fields": {}}}
        rows = self.env["account.move"].with_user(auditor).web_search_read([("id", "=", move.id)], spec)["records"]
        self.assertEqual(rows[0]["partner_id"]["display_name"], "山田 太郎")

    def test_chatter_with_their_messages_opens(self):
        self.ordinary.message_post(body="Hello", author_id=self.buyer.id, partner_ids=self.delivery.ids)
        self.ordinary.message_subscribe(self.buyer.ids)
        self.env.flush_all()
        self.env.invalidate_all()
        messages = self.ordinary.message_ids.with_user(self.plain)
        store = Store().add(messages)
        self.assertTrue(store.get_result()["mail.message"])
        store = Store()
        self.ordinary.with_user(self.plain)._thread_to_store(
            store, [], request_list=["followers", "suggestedRecipients"]
        )
        self.assertEqual(
            store.get_result()["mail.thread"][0]["followersCount"], len(self.ordinary.message_follower_ids)
        )


@tagged("-at_install", "post_install")
class TestAmazonPrivacy(PartnerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now().replace(microsecond=0)
        cls.before = cls.now - timedelta(days=30)
        cls.old = cls.now - timedelta(days=31)
        cls.product = cls.env["product.product"].create({"name": "Cup", "is_storable": True})

    def setUp(self):
        super().setUp()
        self.buyer, self.delivery = self.customers(self.order({"company": "A社"}))
        self.both = self.buyer | self.delivery
        self.age(self.both)

    def age(self, records):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {records._table} SET create_date = %s WHERE id IN %s",
            [self.old - timedelta(days=9), tuple(records.ids)],
        )
        records.invalidate_recordset(["create_date"])

    def sale(self, state="sale", **vals):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "partner_shipping_id": self.delivery.id,
                "amazon_account_id": self.account.id,
                "date_order": self.old - timedelta(days=5),
                "state": "draft",
                **vals,
            }
        )
        order.write({"state": state})
        return order

    def to_purge(self):
        return self.Partner._amazon_partners_to_purge(self.account, self.before) & self.both

    def post(self, partner, field="partner_id"):
        journal = self.env["account.journal"].create({"name": "Test", "code": "AMZT", "type": "general"})
        move = self.env["account.move"].create({"move_type": "entry", "journal_id": journal.id})
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE account_move SET state = 'posted', {field} = %s WHERE id = %s", [partner.id, move.id]
        )
        self.env.invalidate_all()

    def test_delivery_decides(self):
        order = self.sale(amazon_delivered_at=self.old, amazon_deliver_by=self.now)
        self.assertEqual(self.to_purge(), self.both)
        order.amazon_delivered_at = self.now
        self.assertFalse(self.to_purge())
        order.write({"amazon_delivered_at": False, "amazon_deliver_by": self.now})
        self.assertFalse(self.to_purge())
        order.amazon_deliver_by = self.old
        self.assertEqual(self.to_purge(), self.both)
        order.amazon_deliver_by = False
        self.assertEqual(self.to_purge(), self.both)
        order.date_order = self.now
        self.assertFalse(self.to_purge())

    def test_one_recent_order_keeps_the_buyer_but_not_the_old_address(self):
        self.sale(amazon_delivered_at=self.old)
        self.sale(amazon_delivered_at=self.now, partner_shipping_id=self.buyer.id)
        self.assertEqual(self.to_purge(), self.delivery)

    def test_open_orders_keep_theirs(self):
        order = self.sale(state="draft")
        self.assertFalse(self.to_purge())
        order.write({"order_line": [Command.create({"product_id": self.product.id, "product_uom_qty": 1})]})
        order.action_confirm()
        order.date_order = self.old
        self.assertTrue(order.picking_ids)
        self.assertFalse(self.to_purge(), "not delivered yet")
        order.picking_ids.action_cancel()
        self.assertEqual(self.to_purge(), self.both)

    def test_copies_by_hand_count(self):
        self.sale(amazon_delivered_at=self.old)
        self.sale(state="draft", amazon_account_id=False)
        self.assertFalse(self.to_purge())

    def test_new_and_foreign_partners_stay(self):
        fresh, _delivery = self.customers(self.order(buyer_email="fresh@m.amazon.co.jp"))
        self.assertNotIn(fresh, self.Partner._amazon_partners_to_purge(self.account, self.before))
        self.assertEqual(len(self.Partner._amazon_partners_to_purge(self.account, self.before, limit=1)), 1)
        other = self.account.copy({"merchant_id": "M2"})
        self.assertFalse(self.Partner._amazon_partners_to_purge(other, self.before))
        self.assertEqual(self.to_purge(), self.both, "on no order at all")

    def test_anonymize(self):
        (self.buyer | self.delivery).write({"comment": "<p>rings twice</p>", "vat": "/", "partner_latitude": 35.0})
        messages = self.both.message_ids
        self.both._amazon_anonymize()
        self.flush_tracking()
        for partner in self.both:
            self.assertEqual((partner.name, partner.country_id.code), ("Amazon buyer", "JP"))
            for name in (
                "email",
                "email_normalized",
                "phone",
                "street",
                "street2",
                "zip",
                "city",
                "company_name",
                "vat",
                "comment",
                "partner_latitude",
                "commercial_company_name",
            ):
                self.assertFalse(partner[name], name)
            self.assertFalse(partner.sudo().amazon_hash)
            self.assertTrue(partner.amazon_purged)
            self.assertNotIn("山田", partner.display_name)
        self.assertEqual(self.delivery.state_id.code, "JP-13")
        self.assertEqual(self.both.message_ids, messages)
        self.assertFalse(self.to_purge(), "once is enough")
        self.assertNotIn(self.customers(self.order())[0], self.both)
        self.both.browse()._amazon_anonymize()

    def test_nothing_is_left_in_the_database(self):
        self.sale(amazon_delivered_at=self.old)
        self.both._amazon_anonymize()
        self.flush_tracking()
        self.env.flush_all()
        for table, column in (
            ("res_partner", "complete_name"),
            ("res_partner", "name"),
            ("res_partner", "commercial_company_name"),
            ("mail_message", "body"),
            ("mail_tracking_value", "old_value_char"),
            ("mail_tracking_value", "new_value_char"),
        ):
            self.env.cr.execute(f"SELECT count(*) FROM {table} WHERE {column} ~ '山田|A社|神南|1234-5678|taro1'")
            self.assertEqual(self.env.cr.fetchone()[0], 0, f"{table}.{column}")

    def test_an_edit_of_the_same_transaction_is_not_logged_either(self):
        self.flush_tracking()
        self.buyer.name = "山田 一郎"
        self.both._amazon_anonymize()
        self.flush_tracking()
        self.assertFalse(self.buyer.message_ids)

    def test_language_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.account.company_id.partner_id.lang = "fr_FR"
        asked = []
        with patch.object(type(self.env), "_", lambda env, text: asked.append(env.lang) or text):
            self.Partner._amazon_generic_name(self.account.company_id)
        self.assertEqual(asked, ["fr_FR"])

    def test_invoiced(self):
        self.post(self.buyer)
        self.both._amazon_anonymize()
        self.assertRecordValues(self.buyer, [{"name": "山田 太郎", "email": False, "amazon_purged": True}])
        self.assertFalse(self.buyer.sudo().amazon_hash)
        self.assertEqual(self.delivery.name, "Amazon buyer")
        self.assertFalse(self.to_purge())

    def test_invoiced_address(self):
        self.post(self.delivery, "partner_shipping_id")
        self.both._amazon_anonymize()
        self.assertRecordValues(
            self.delivery,
            [
                {
                    "name": "山田 花子",
                    "street": "神南1-2-3",
                    "company_name": "A社",
                    "phone": False,
                }
            ],
        )
        self.assertEqual(self.buyer.name, "Amazon buyer")

    def test_the_chatter_names_what_changed_and_quotes_nothing(self):
        self.flush_tracking()
        self.buyer.write({"name": "山田 一郎", "phone": "03-9999-9999", "street": "渋谷9", "user_id": self.env.user.id})
        self.flush_tracking()
        message = self.buyer.message_ids
        self.assertEqual(len(message), 1)
        self.assertIn("Changed: Address, Name, Phone", message.body)
        self.assertEqual(message.sudo().tracking_value_ids.field_id.mapped("name"), ["user_id"])
        self.delivery.phone = "1"
        self.flush_tracking()
        self.assertIn("Changed: Phone", self.delivery.message_ids.body)
        self.assertFalse(self.delivery.message_ids.notified_partner_ids)
        ordinary = self.Partner.create({"name": "Ordinary"})
        self.flush_tracking()
        ordinary.name = "Other"
        self.flush_tracking()
        self.assertEqual(ordinary.message_ids[0].sudo().tracking_value_ids.old_value_char, "Ordinary")

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.precommit.run()
