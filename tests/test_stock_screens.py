from ast import literal_eval
from datetime import timedelta

from lxml import etree
from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_stock import StockCase

ISSUE = {"code": "18178", "message": "食品表示ラベルの画像が必要です。", "categories": ["MISSING_ATTRIBUTE"]}


@tagged("post_install", "-at_install")
class TestStockScreens(StockCase):
    """What people see of the stock, and are told about it."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon({"sku": "AMZ-TEA-001", "quantity": 1}, {"sku": "AMZ-CUP-001", "quantity": 1})
        self.sync_offers()
        self.tea_offer, self.cup_offer = self.offer("AMZ-TEA-001"), self.offer("AMZ-CUP-001")

    def troubles(self):
        """Return the activities about SKUs."""
        self.env.invalidate_all()
        kind = self.env.ref("sale_amazon_spapi.mail_activity_offers")
        return self.account.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

    def test_what_amazon_ships_is_left_out(self):
        """What Amazon ships is not among what is still to be sent."""
        self.change_listing("AMZ-CUP-001", channel="fba")
        self.sync_offers()
        self.assertEqual((self.tea_offer | self.cup_offer).mapped("stock_state"), ["unsent", "left_out"])
        offers = self.env["amazon.offer"].with_user(self.user)
        view = etree.fromstring(offers.get_view(view_type="search")["arch"])
        [unsent] = view.xpath("//filter[@name='stock_unsent']/@domain")
        self.assertEqual(offers.search(literal_eval(unsent)) & (self.tea_offer | self.cup_offer), self.tea_offer)
        self.sync()
        self.assertEqual((self.tea_offer | self.cup_offer).mapped("stock_state"), ["accepted", "left_out"])
        self.change_listing("AMZ-CUP-001", channel="fbm")
        self.sync_offers()
        self.assertEqual(self.cup_offer.stock_state, "unsent")

    def test_paused_at_once(self):
        """Whoever stops selling something does not wait for the job's next time; nor does who sets something else."""
        self.account.with_user(self.manager).auto_inventory = True
        self.sync()
        cron = self.account._job("inventory").cron_id
        for values in ({"paused": True}, {"buffer": 3}):
            triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
            self.tea_offer.with_user(self.user).write(values)
            self.assertGreater(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), triggers, values)
        self.sync()
        self.assertEqual(self.on_amazon("AMZ-TEA-001")["quantity"], 0)

    def test_what_was_told_is_no_difference(self):
        """A difference that was there because Amazon was not told is none any more once Amazon was."""
        self.account.with_user(self.user).action_compare_stock()
        self.run_job("_compare_stock")
        self.assertEqual(self.tea_offer.drift_reason, "unsent")
        self.sync()
        self.assertEqual((self.tea_offer.stock_state, self.tea_offer.drift_reason), ("accepted", False))
        self.assertEqual((self.tea_offer.drift, self.account.stock_drift_count), (0, 0))

    def test_errors_are_somebody_s(self):
        """What keeps Amazon from selling a SKU is an activity of the responsible person, and a number on the account;
        mere advice is neither."""
        self.change_listing("AMZ-CUP-001", issues=[{**ISSUE, "severity": "WARNING"}])
        self.sync_offers()
        self.assertTrue(self.cup_offer.issues)
        self.assertEqual((len(self.troubles()), self.account.listing_error_count), (0, 0))
        self.change_listing("AMZ-TEA-001", issues=[{**ISSUE, "severity": "ERROR"}])
        self.sync_offers()
        self.assertEqual(self.account.listing_error_count, 1)
        self.assertEqual(self.troubles().user_id, self.manager)
        self.assertIn("AMZ-TEA-001", self.troubles().note)
        self.assertIn(ISSUE["message"], self.troubles().note)
        self.assertEqual((self.tea_offer.trouble, self.cup_offer.trouble), (ISSUE["message"], False))
        action = self.account.with_user(self.user).action_view_listing_errors()
        self.assertEqual(self.env["amazon.offer"].with_user(self.user).search(action["domain"]), self.tea_offer)
        self.change_listing("AMZ-TEA-001", issues=[])
        self.sync_offers()
        self.assertEqual((len(self.troubles()), self.account.listing_error_count), (0, 0))

    def test_refusals_are_somebody_s(self):
        """So is a quantity that Amazon does not take, until it takes it."""
        self.change_listing("AMZ-TEA-001", write_issues=[{**ISSUE, "severity": "ERROR"}])
        self.sync()
        self.assertEqual(self.tea_offer.sync_state, "error")
        self.assertIn("AMZ-TEA-001", self.troubles().note)
        self.assertIn(ISSUE["message"], self.tea_offer.trouble)
        self.change_listing("AMZ-TEA-001", write_issues=[])
        self.tea_offer.with_user(self.user).action_send_now()
        self.sync()
        self.assertEqual((self.tea_offer.sync_state, len(self.troubles())), ("done", 0))

    def load(self, **values):
        """Import a row of the SKU table; return what is said about it."""
        names = list(values)
        with mute_logger("odoo.sql_db"):
            result = (
                self.env["amazon.offer"]
                .with_user(self.user)
                .load([".id", *names], [[str(self.tea_offer.id), *values.values()]])
            )
        return " ".join(message["message"] for message in result["messages"])

    def test_numbers_name_their_field(self):
        """A number that cannot be is refused with the name of its field."""
        for name, value in (
            ("buffer", "-1"),
            ("quantity_max", "-1"),
            ("quantity_fixed", "-1"),
            ("handling_days", "31"),
            ("handling_days", "-1"),
        ):
            label = self.env["amazon.offer"]._fields[name].string
            with self.subTest(name=name, value=value):
                self.assertIn(f"“{label}”", self.load(**{name: value}))
        with self.subTest("threshold"), mute_logger("odoo.sql_db"):
            result = self.account.load([".id", "inventory_feed_threshold"], [[str(self.account.id), "-5"]])
            self.assertIn("“One Stock Feed Above”", result["messages"][0]["message"])

    def test_no_sku_no_row(self):
        """Blanks alone are no SKU."""
        with mute_logger("odoo.sql_db"):
            result = (
                self.env["amazon.offer"]
                .with_user(self.user)
                .load(
                    ["account_id/.id", "marketplace_id/.id", "sku"],
                    [[str(self.account.id), str(self.account.marketplace_ids.id), "  "]],
                )
            )
        self.assertIn("SKU", " ".join(message["message"] for message in result["messages"]))
        self.assertFalse(self.offer(""))

    def test_refused_without_a_language(self):
        """Whoever calls without naming a language is answered in his own."""
        self.env["res.lang"]._activate_lang("ja_JP")
        self.user.lang = "ja_JP"
        self.tea_offer.sudo().seen_at = fields.Datetime.now()
        mine = self.tea_offer.with_user(self.user).with_context(lang=None)
        for name, value in (("restock_date", "2020-01-01"), ("sku", "ANOTHER")):
            with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                mine.write({name: value})
            self.assertFalse(str(refused.exception).isascii())
            self.assertNotRegex(str(refused.exception), "Amazon knows|Back in Stock")

    def test_restock_date_in_the_past(self):
        """What is back in stock is so in the future; what is past already is a slip of the finger."""
        today = fields.Date.today()
        with self.assertRaisesRegex(ValidationError, "Back in Stock on"):
            self.tea_offer.with_user(self.user).restock_date = today - timedelta(days=3)
        self.tea_offer.with_user(self.user).restock_date = today + timedelta(days=3)

    def test_what_cannot_be_taken_back(self):
        """Amazon keeps handling days and date that it was told: the form says so where they are taken away here."""
        tea = self.tea_offer.with_user(self.user)
        self.assertFalse(tea.kept_on_amazon)
        tea.write({"handling_days": 3, "restock_date": fields.Date.today() + timedelta(days=3)})
        self.sync()
        self.assertFalse(tea.kept_on_amazon)
        tea.write({"handling_days": 0, "restock_date": False})
        self.assertIn("handling days: 3", tea.kept_on_amazon)
        self.sync()
        self.assertIn("handling days: 3", tea.kept_on_amazon, "what is told now says nothing of them")
        self.assertIn("back in stock", tea.kept_on_amazon)
        self.sync_offers()
        self.env.invalidate_all()
        self.assertEqual(self.on_amazon("AMZ-TEA-001")["lead_time"], 3)
        self.assertIn("Seller Central", tea.kept_on_amazon)

    def test_stopped(self):
        """A SKU says that nothing is told by itself while the job is stopped."""
        form = etree.fromstring(self.tea_offer.with_user(self.user).get_view(view_type="form")["arch"])
        [alert] = form.xpath("//div[@name='stopped']")
        self.assertIn("stock_started", alert.get("invisible"))
        self.assertFalse(self.tea_offer.with_user(self.user).stock_started)
        self.account.with_user(self.manager).auto_inventory = True
        self.assertTrue(self.tea_offer.with_user(self.user).stock_started)

    def test_status_in_words(self):
        """Amazon's words for how a SKU stands are read in the reader's language; those that are new stay."""
        self.assertEqual(self.tea_offer.amazon_status, "BUYABLE, DISCOVERABLE")
        self.assertEqual(self.tea_offer.status_text, "On sale, Shown in searches")
        self.change_listing("AMZ-TEA-001", status=["DISCOVERABLE", "PUZZLING"])
        self.sync_offers()
        self.assertEqual(self.tea_offer.status_text, "Shown in searches, PUZZLING")

    def test_nothing_known_is_not_0(self):
        """Where Amazon says no quantity of a SKU, the list shows none."""
        arch = etree.fromstring(self.env["amazon.offer"].get_view(view_type="list")["arch"])
        [node] = arch.xpath("//field[@name='quantity_amazon']")
        for word in ("seen_at", "gone", "channel"):
            self.assertIn(word, node.get("invisible"))

    def test_list_fits(self):
        """What the SKU table shows at first has room on 1440 px beside the boxes to tick and the buttons."""
        arch = etree.fromstring(self.env["amazon.offer"].get_view(view_type="list")["arch"])
        shown = [
            node
            for node in arch.findall("field")
            if node.get("optional") != "hide" and node.get("column_invisible") not in ("1", "True")
        ]
        widths = {node.get("name"): int((node.get("width") or "999px").removesuffix("px")) for node in shown}
        self.assertLess(sum(widths.values()), 1200, widths)
