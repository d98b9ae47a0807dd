from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common_vendor import VendorCase

# What vendor.md has, which is Amazon's own guide.
CODES = "00 02 03 04 05 06 07 08 09 10 11 12 13 20 21 22 50 51 53 54 55 56 71".split()


@tagged("post_install", "-at_install")
class TestVendorAccount(VendorCase):
    """What a vendor's account is."""

    def test_codes(self):
        """All of Amazon's codes are there, the usual ones first; the manager changes them, and keeps his changes."""
        codes = self.env["amazon.acknowledgement.code"]
        self.assertEqual(codes.search([], order="code").mapped("code"), CODES)
        self.assertEqual(codes.search([], limit=4).mapped("code"), ["00", "03", "02", "71"])
        self.assertEqual(codes.search([("code", "=", "00")]).mapped("accepts"), [True])
        self.assertFalse(any(codes.search([("code", "!=", "00")]).mapped("accepts")))
        self.assertTrue(all(self.env["ir.model.data"].search([("model", "=", codes._name)]).mapped("noupdate")))
        mine = codes.with_user(self.manager).create({"code": "72", "name": "Recalled"})
        self.assertEqual(mine.display_name, "72 Recalled")
        with self.assertRaises(AccessError):
            codes.with_user(self.user).create({"code": "73", "name": "Mine"})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            codes.create({"code": "72", "name": "Twice"})

    def test_form(self):
        """A vendor's form has what a vendor needs, and nothing of a seller's; and the other way round."""
        arch = etree.fromstring(self.vendor.with_user(self.manager).get_view(view_type="form")["arch"])
        pages = {page.get("name"): page.get("invisible") for page in arch.iter("page")}
        self.assertEqual(pages["vendor"], "kind != 'vendor_df'")
        for page in ("confirmations", "stock", "phases"):
            self.assertEqual(pages[page], "kind != 'seller'")
        with Form(self.env["amazon.account"].with_user(self.manager)) as form:
            form.name, form.kind, form.vendor_party = "Another", "vendor_df", "888US"
            with form.vendor_warehouse_ids.new() as line:
                line.party_ref, line.warehouse_id = " WXYZ ", self.warehouse
        self.assertEqual(form.record.vendor_warehouse_ids.party_ref, "WXYZ")
        self.assertEqual(form.record.setup_step, "credentials")

    def test_warehouses(self):
        """Each code stands for one warehouse, of the account's company."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        mine = self.env["amazon.vendor.warehouse"].with_user(self.manager)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            mine.sudo().create({"account_id": self.vendor.id, "party_ref": "EFGH", "warehouse_id": other.id})
        for code in ("SIMT", " "):
            with self.subTest(code=code), self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    mine.create({"account_id": self.vendor.id, "party_ref": code, "warehouse_id": self.warehouse.id})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        self.assertFalse(mine.with_user(stranger).with_context(allowed_company_ids=elsewhere.ids).search([]))
        self.assertTrue(mine.with_user(self.user).search([]))

    def test_one_account_for_a_party(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.connect_vendor()
        self.vendor.active = False
        self.env.flush_all()
        self.connect_vendor()

    def test_start(self):
        """A manager starts and stops Direct Fulfillment, once the account is ready; it begins at once."""
        vendor = self.vendor.with_user(self.manager)
        vendor.vendor_party = False
        with self.assertRaisesRegex(UserError, "Selling party"):
            vendor.action_toggle_vendor()
        vendor.vendor_party = "SIMJP"
        vendor.action_toggle_vendor()
        jobs = vendor.job_ids.filtered(lambda job: job.name in ("vendor_orders", "vendor"))
        self.assertTrue(vendor.auto_vendor and all(jobs.mapped("is_started")))
        for job in jobs:
            cron = job.sudo().cron_id
            self.assertTrue(cron.active and self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        self.assertFalse(vendor.last_import)
        self.run_vendor()
        self.assertTrue(vendor.last_import)
        vendor.action_toggle_vendor()
        self.assertFalse(any(jobs.mapped("is_started")))
        with self.assertRaises(AccessError):
            self.vendor.with_user(self.user).action_toggle_vendor()

    def test_version(self):
        with self.assertRaises(ValidationError):
            self.vendor.vendor_api_version = False
        self.vendor.vendor_api_version = "v1"

    def test_standstill(self):
        """The vendor's screens say that no orders come in, and the sellers' say nothing of vendors."""
        accounts = self.env["amazon.account"].with_user(self.user).with_company(self.company)
        self.read_orders()
        [stopped] = accounts.get_vendor_standstill()
        self.assertEqual((stopped["id"], stopped["broken"]), (self.vendor.id, False))
        self.vendor.auto_vendor = True
        self.assertEqual(accounts.get_vendor_standstill(), [])
        self.assertNotIn(self.vendor.id, [state["id"] for state in accounts.get_standstill()])
        self.vendor.auto_vendor = False
        self.assertNotIn(self.vendor.id, [state["id"] for state in accounts.get_standstill()])

    # === MENUS === #

    def menus(self, user):
        """Return the menus that the web client shows a user."""
        names = self.env["ir.ui.menu"].with_user(user).load_web_menus(False).values()
        return {menu["xmlid"].removeprefix("sale_amazon_spapi.") for menu in names}

    def test_menu(self):
        """Only who has a vendor's account has the vendor's menu, from the first account on to the last."""
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        manager = "sale_amazon_spapi.group_amazon_manager"
        seller = new_test_user(
            self.env, "seller", manager, company_id=elsewhere.id, company_ids=[(6, 0, elsewhere.ids)]
        )
        mine, theirs = {"menu_amazon_vendor", "menu_amazon_vendor_orders"}, {"menu_amazon", "menu_amazon_accounts"}
        self.assertLessEqual(mine | theirs, self.menus(self.manager))
        self.assertLessEqual(theirs, self.menus(seller), "where the first one is made")
        self.assertFalse(mine & self.menus(seller))
        seller.company_ids |= self.company
        self.assertLessEqual(mine, self.menus(seller))
        seller.company_ids = elsewhere
        self.assertFalse(mine & self.menus(seller))
        accounts = self.env["amazon.account"].with_user(seller).with_context(allowed_company_ids=elsewhere.ids)
        account = accounts.create({"name": "First", "kind": "vendor_df"})
        self.assertEqual(account.company_id, elsewhere)
        self.assertLessEqual(mine, self.menus(seller))
        for archived in (True, False):
            account.active = not archived
            self.assertEqual(bool(mine & self.menus(seller)), not archived)
        account.unlink()
        self.assertFalse(mine & self.menus(seller))
