from odoo.tests import TransactionCase, tagged
from odoo.tools import convert_file


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data of a database that has any."""

    def test_loads_and_is_quiet(self):
        convert_file(self.env, "sale_amazon_spapi", "demo/amazon_demo.xml", {}, "init", noupdate=True)
        account = self.env.ref("sale_amazon_spapi.demo_account")
        self.assertEqual(account.setup_step, "credentials")
        self.assertFalse(account.auto_import)
        self.assertFalse(account._job("orders").sudo().cron_id.active)
        self.assertEqual(len(account.rule_ids), 2)
        offers = self.env["amazon.offer"].search([("account_id", "=", account.id)])
        self.assertEqual(sorted(offers.mapped("state")), ["mapped", "mapped", "unmapped"])

    def test_slips_have_barcodes(self):
        """Where `bin/test` and `bin/run` have installed Odoo's Python packages, what stands on a slip can be drawn."""
        picture = self.env["ir.actions.report"].barcode("Code128", "WH/OUT/00001")
        self.assertTrue(picture.startswith(b"\x89PNG"))
