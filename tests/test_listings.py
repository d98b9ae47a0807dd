import base64
import json
from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged

from .common_stock import StockCase


@tagged("post_install", "-at_install")
class TestListings(StockCase):
    """The SKU table is filled from Amazon."""

    def test_filled(self):
        """SKUs come in with what Amazon says of them, and are matched with products; the rest is to be mapped."""
        self.list_on_amazon(
            {"sku": "AMZ-TEA-001", "quantity": 7, "lead_time": 3, "asin": "B000000001", "title": "お茶"},
            {"sku": "AMZ-CUP-001", "channel": "fba"},
            {"sku": "AMZ-TOWEL-002", "channel": "both"},
            {"sku": "NOBODY KNOWS/1 %", "quantity": 2},
            {"sku": "WITH,COMMA", "quantity": 2},
        )
        log = self.sync_offers()
        self.assertEqual((log.state, log.received), ("done", 5))
        tea = self.offer("AMZ-TEA-001")
        self.assertEqual((tea.product_id, tea.state, tea.channel), (self.tea, "mapped", "fbm"))
        self.assertEqual((tea.asin, tea.title), ("B000000001", "お茶"))
        self.assertEqual((tea.quantity_amazon, tea.handling_days_amazon), (7, 3))
        self.assertEqual((tea.handling_days, tea.sync_state, tea.gone), (0, "unsent", False))
        self.assertEqual((self.offer("AMZ-CUP-001").channel, self.offer("AMZ-CUP-001").both_channels), ("fba", False))
        self.assertEqual(
            (self.offer("AMZ-TOWEL-002").channel, self.offer("AMZ-TOWEL-002").both_channels), ("fba", True)
        )
        unknown = self.offer("NOBODY KNOWS/1 %") | self.offer("WITH,COMMA")
        self.assertEqual(unknown.mapped("state"), ["unmapped", "unmapped"])

    def test_changed_and_gone(self):
        """What Amazon changes is changed here; what it lists no more says so, until it is listed again."""
        self.list_on_amazon({"sku": "AMZ-TEA-001"}, {"sku": "AMZ-CUP-001"})
        with freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        self.change_listing("AMZ-TEA-001", title="New", channel="fba")
        self.amazon.control("DELETE", f"listings/AMZ-CUP-001?merchant_id={self.seller['merchant_id']}")
        self.sync_offers()
        self.assertEqual((self.offer("AMZ-TEA-001").title, self.offer("AMZ-TEA-001").channel), ("New", "fba"))
        self.assertFalse(self.offer("AMZ-TEA-001").gone)
        self.assertTrue(self.offer("AMZ-CUP-001").gone)
        self.list_on_amazon({"sku": "AMZ-CUP-001"})
        self.sync_offers()
        self.assertFalse(self.offer("AMZ-CUP-001").gone)
        self.assertEqual(len(self.env["amazon.offer"].search([("account_id", "=", self.account.id)])), 2)

    def test_more_than_a_search_shows(self):
        """A search shows 1,000 SKUs: the others are found from the last one's time on, each once."""
        self.amazon.post(
            "listings/bulk",
            merchant_id=self.seller["merchant_id"],
            count=1_030,
            prefix="MANY-",
            spread_seconds=5_000,
        )
        log = self.sync_offers()
        while log.state == "partial":
            log = self.sync_offers()
        self.assertEqual(log.state, "done")
        self.assertEqual(self.env["amazon.offer"].search_count([("account_id", "=", self.account.id)]), 1_030)

    def test_passing_refusal(self):
        """Amazon now and then refuses its own token: the page is asked for again, nothing is read twice or lost."""
        self.list_on_amazon(*(f"PAGE-{number:02}" for number in range(45)))
        self.amazon.post("faults", operation="searchListingsItems", kind="page_token_mismatch", times=1)
        log = self.sync_offers()
        for _again in range(3):
            if log.state != "done":
                log = self.sync_offers()
        self.assertEqual(log.state, "done")
        self.assertEqual(self.env["amazon.offer"].search_count([("account_id", "=", self.account.id)]), 45)

    def test_issues(self):
        """What Amazon finds wrong with a SKU stands on it."""
        self.list_on_amazon(
            {"sku": "AMZ-TEA-001", "issues": [{"code": "8541", "severity": "ERROR", "message": "画像がありません"}]}
        )
        self.sync_offers()
        self.assertEqual(self.offer("AMZ-TEA-001").issues, "画像がありません")
        self.change_listing("AMZ-TEA-001", issues=[])
        self.sync_offers()
        self.assertFalse(self.offer("AMZ-TEA-001").issues)

    def test_language_of_issues(self):
        """Whichever way Amazon is asked or told, it is asked to say what is wrong in the company's language."""
        self.env["res.lang"]._activate_lang("zh_CN")
        for lang, locale in (("ja_JP", "ja_JP"), ("en_GB", "en_US"), ("zh_CN", "zh_CN")):
            self.env["res.lang"]._activate_lang(lang)
            self.company.partner_id.lang = lang
            with self.subTest(lang=lang):
                self.list_on_amazon("AMZ-TEA-001", "WITH,COMMA")
                self.amazon.control("DELETE", "requests")
                self.sync_offers()
                self.offer("WITH,COMMA").product_id = self.cup
                for threshold in (50, 0):
                    self.account.inventory_feed_threshold = threshold
                    self.run_job("_sync_inventory", full=True)
                    self.results()
                asked = {
                    one["operation"]: one["query"].get("issueLocale")
                    for one in self.amazon.get("requests")
                    if "ListingsItem" in one["operation"]
                }
                self.assertEqual(asked, dict.fromkeys(self.CALLS, locale))
                feed = self.env["amazon.feed"].search([("account_id", "=", self.account.id)], limit=1)
                self.assertEqual(json.loads(base64.b64decode(feed.document))["header"]["issueLocale"], locale)

    CALLS = ("searchListingsItems", "getListingsItem", "patchListingsItem")

    def test_known_from_orders(self):
        """A SKU that came in with an order is the same row, and keeps its product."""
        order = self.imported(items=[{"sku": "FROM-ORDER"}])
        offer = self.offer("FROM-ORDER")
        offer.product_id = self.tea
        self.assertFalse(offer.seen_at)
        self.list_on_amazon({"sku": "FROM-ORDER", "title": "Listed"})
        self.sync_offers()
        self.assertEqual((offer.product_id, offer.title), (self.tea, "Listed"))
        self.assertAlmostEqual(offer.seen_at, fields.Datetime.now(), delta=timedelta(minutes=5))
        self.assertEqual(order.order_line.filtered("amazon_item_ref").amazon_offer_id, offer)

    def test_sku_with_blanks(self):
        """A SKU with blanks around it, and one without, are read again and again."""
        self.list_on_amazon({"sku": " AMZ-TEA-001"}, {"sku": "AMZ-CUP-001 "}, {"sku": "AMZ-CUP-001"})
        for _again in range(2):
            self.assertEqual(self.sync_offers().state, "done")
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 100)])

    def test_page_that_leaves_out(self):
        """What pages leave out is asked for before it is taken for gone, whether it has a product or not."""
        self.list_on_amazon({"sku": "AMZ-TEA-001"}, {"sku": "UNKNOWN"})
        with freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        self.amazon.post("faults", operation="searchListingsItems", kind="listing_left_out", sku="UNKNOWN", times=None)
        self.sync_offers()
        self.assertFalse(self.offer("UNKNOWN").gone)
