from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.inventory import amazon_offer, amazon_offer_report
from ..selling_partner import RetryLater
from .common_stock import JAPAN, StockCase

HEADER = "商品名\t出品者SKU\t数量\tASIN 1\tフルフィルメント・チャンネル\tステータス"


@tagged("post_install", "-at_install")
class TestListingsReport(StockCase):
    """Where there are too many SKUs for searches, Amazon's report fills the SKU table."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(amazon_offer, "MANY_SKUS", 2))

    def reports(self):
        return self.amazon.get(f"reports?merchant_id={self.seller['merchant_id']}")

    def make_report(self, *lines, header=HEADER, **values):
        """Let Amazon make the last report that it was asked for: of these lines, else as it is."""
        if lines:
            values["content"] = "\n".join([header, *lines, ""])
        self.amazon.post(f"reports/{self.reports()[-1]['reportId']}/process", **values)

    def many(self):
        self.list_on_amazon(
            {"sku": "AMZ-TEA-001", "quantity": 7, "lead_time": 3, "asin": "B000000001", "title": "お茶"},
            {"sku": "AMZ-CUP-001", "channel": "fba"},
            {"sku": "AMZ-TOWEL-002", "channel": "both"},
            {"sku": "NOBODY/1 %", "quantity": 2},
        )

    def test_read(self):
        """It is asked for once, waited for without staying, and read; nobody who is listed is gone."""
        self.many()
        log = self.sync_offers()
        self.assertEqual(log.state, "partial")
        self.assertEqual(self.sync_offers().state, "partial")
        self.assertEqual(len(self.reports()), 1)
        self.make_report()
        self.assertEqual(self.sync_offers().state, "done")
        tea = self.offer("AMZ-TEA-001")
        self.assertEqual((tea.product_id, tea.asin, tea.title), (self.tea, "B000000001", "お茶"))
        self.assertEqual((tea.channel, tea.quantity_amazon, tea.amazon_status), ("fbm", 7, "Active"))
        self.assertEqual((self.offer("AMZ-CUP-001").channel, self.offer("NOBODY/1 %").channel), ("fba", "fbm"))
        self.assertFalse(self.env["amazon.offer"].search([("account_id", "=", self.account.id), ("gone", "=", True)]))
        self.sync_offers()
        self.assertEqual(len(self.reports()), 2, "each reading has a report of its own")

    def test_what_it_does_not_say(self):
        """What Amazon said of a SKU and the report is silent on stays; what it says is taken."""
        self.many()
        self.change_listing(
            "AMZ-TEA-001", issues=[{"code": "8541", "severity": "ERROR", "message": "画像がありません"}]
        )
        with patch.object(amazon_offer, "MANY_SKUS", 100), freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        tea, towel = self.offer("AMZ-TEA-001"), self.offer("AMZ-TOWEL-002")
        known = ("product_type", "image_url", "handling_days_amazon", "issues", "title", "asin")
        before = tea.read(known)
        self.assertTrue(tea.product_type and tea.issues)
        self.account._job("offers").write(
            {"report_marketplace_id": self.account.marketplace_ids[:1].id, "read_from": fields.Datetime.now()}
        )
        self.sync_offers()
        self.make_report("\tAMZ-TEA-001\t0\t\tDEFAULT\tInactive", "\tAMZ-TOWEL-002\t\t\tAMAZON_JP\tActive")
        self.amazon.control("DELETE", f"listings/AMZ-CUP-001?merchant_id={self.seller['merchant_id']}")
        self.assertEqual(self.sync_offers().state, "done")
        self.assertEqual(tea.read(known), before)
        self.assertEqual((tea.quantity_amazon, tea.amazon_status), (0, "Inactive"))
        self.assertEqual((towel.channel, towel.both_channels), ("fba", True))
        self.assertTrue(self.offer("AMZ-CUP-001").gone)

    def test_made_in_one_second(self):
        """More SKUs made in one second than a search shows come in by the report."""
        self.amazon.post(
            "listings/bulk", merchant_id=self.seller["merchant_id"], count=1_001, prefix="SAME-", spread_seconds=0
        )
        with patch.object(amazon_offer, "MANY_SKUS", 5_000):
            self.sync_offers()
            self.make_report()
            self.assertEqual(self.sync_offers().state, "done")
        self.assertEqual(self.env["amazon.offer"].search_count([("account_id", "=", self.account.id)]), 1_001)

    def test_lost_answer(self):
        """The answer to asking was lost: the report is found, and none asked for again."""
        self.many()
        self.amazon.post("faults", operation="createReport", kind="cut_after", times=1)
        self.assertEqual(self.sync_offers().state, "failed")
        self.sync_offers()
        self.assertEqual(len(self.reports()), 1)
        self.make_report()
        self.assertEqual(self.sync_offers().state, "done")
        self.assertTrue(self.offer("NOBODY/1 %"))

    def test_cut_off(self):
        """A run that ends half-way is gone on with where it was; who is not listed is known only at the end."""
        self.list_on_amazon("OLD-1")
        with freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        self.amazon.control("DELETE", f"listings/OLD-1?merchant_id={self.seller['merchant_id']}")
        self.many()
        self.sync_offers()
        self.make_report("\tA-1\t1\t\tDEFAULT\tActive", "\tA-2\t2\t\tDEFAULT\tActive", "\tA-3\t3\t\tDEFAULT\tActive")
        job = self.account._job("offers")
        self.amazon.post("faults", operation="downloadReportDocument", kind="500_html", times=1)
        self.assertEqual(self.sync_offers().state, "failed")
        self.assertEqual((job.reached, self.offer("OLD-1").gone), (0, False))
        # As if the process had been killed after the first entry.
        job.reached = 1
        with patch.object(amazon_offer_report, "LEARN", 1):
            self.assertEqual(self.sync_offers().state, "done")
        self.assertEqual([bool(self.offer(sku)) for sku in ("A-1", "A-2", "A-3")], [False, True, True])
        self.assertTrue(self.offer("OLD-1").gone)
        self.assertEqual((job.reached, job.report_ref), (0, False))

    def test_no_data(self):
        """A cancelled report says nothing: nobody is gone."""
        self.many()
        with patch.object(amazon_offer, "MANY_SKUS", 100), freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        self.sync_offers()
        self.make_report(status="CANCELLED")
        log = self.sync_offers()
        self.assertEqual(log.state, "done")
        self.assertTrue(log.message)
        self.assertFalse(self.offer("AMZ-TEA-001").gone)

    def test_kept_from_being_made(self):
        """Another program's report keeps ours from being made: that one is read."""
        self.many()
        with self.committing(self.account) as account, account._selling_partner() as amazon:
            theirs = amazon.reports.create("GET_MERCHANT_LISTINGS_ALL_DATA", [JAPAN])
        with patch.object(amazon_offer_report, "CLOCKS", -10):
            self.sync_offers()
        self.assertEqual([report["processingStatus"] for report in self.reports()], ["IN_QUEUE", "CANCELLED"])
        self.assertEqual(self.sync_offers().state, "partial")
        self.assertEqual(self.account._job("offers").report_ref, theirs)
        self.amazon.post(f"reports/{theirs}/process", content=f"{HEADER}\n\tTHEIRS-1\t1\t\tDEFAULT\tActive\n")
        self.assertEqual(self.sync_offers().state, "done")
        self.assertTrue(self.offer("THEIRS-1"))

    def test_not_made(self):
        """A report that Amazon cannot make is told, and asked for again."""
        self.many()
        self.sync_offers()
        self.make_report(status="FATAL")
        log = self.sync_offers()
        self.assertEqual((log.state, self.account._job("offers").error_kind), ("failed", "later"))
        self.assertIn(self.meaning(RetryLater(code="report_failed")), log.message)
        self.sync_offers()
        self.assertEqual(len(self.reports()), 2)
        self.make_report()
        self.assertEqual(self.sync_offers().state, "done")

    def test_unreadable_lines(self):
        """A line that cannot be read is noted, the others come in; what it may be of is not gone."""
        self.list_on_amazon("HALF-1", "HALF-2", "OLD-1")
        with patch.object(amazon_offer, "MANY_SKUS", 100), freeze_time(fields.Datetime.now() - timedelta(days=1)):
            self.sync_offers()
        self.sync_offers()
        self.make_report("\tGOOD-1\t1\t\tDEFAULT\tActive", "\tHALF-1\tmany\t\tDEFAULT\tActive", "\tHALF-2")
        log = self.sync_offers()
        self.assertEqual((log.state, log.received, log.unreadable), ("done", 1, 2))
        self.assertIn("HALF-1 (line 3, quantity)", log.message)
        self.assertTrue(self.offer("GOOD-1"))
        # A line that is cut may be of any SKU.
        self.assertFalse((self.offer("HALF-1") | self.offer("HALF-2") | self.offer("OLD-1")).filtered("gone"))

    def test_unknown_column(self):
        """A column that is not known is named, and nothing is half-done."""
        self.many()
        self.sync_offers()
        self.make_report("\tGOOD-1\t1\t\tDEFAULT\tActive\tX", header=HEADER + "\t新しい列")
        log = self.sync_offers()
        self.assertEqual((log.state, log.received), ("failed", 0))
        self.assertIn("新しい列", log.message)
        self.assertFalse(self.offer("GOOD-1"))

    def test_column_that_a_person_explains(self):
        """A column that is not known waits for a person's word, and the same report is read then."""
        self.many()
        self.sync_offers()
        header = HEADER.replace("数量", "在庫の数") + "\t新しい列"
        self.make_report("\tGOOD-1\t4\t\tDEFAULT\tActive\tX", header=header)
        columns = self.env["amazon.report.column"]
        for _again in range(2):
            self.assertIn("在庫の数", self.sync_offers().message)
            self.assertEqual(columns.search([]).mapped("name"), ["在庫の数"])
        columns.search([]).with_user(self.manager).meaning = "quantity"
        self.assertIn("新しい列", self.sync_offers().message)
        columns.search([("meaning", "=", False)]).with_user(self.manager).meaning = "none"
        self.assertEqual(self.sync_offers().state, "done")
        self.assertEqual((self.offer("GOOD-1").quantity_amazon, len(self.reports())), (4, 1))
        with self.assertRaises(AccessError):
            columns.search([], limit=1).with_user(self.user).meaning = "none"

    def test_unreadable_in_a_search(self):
        """What of a search's page cannot be read is noted, too."""
        self.list_on_amazon("AMZ-TEA-001", {"sku": "AMZ-CUP-001", "asin": "B" * 60})
        log = self.sync_offers()
        self.assertEqual((log.state, log.unreadable, log.received), ("done", 1, 1))
        # Which comes first Amazon decides: both were listed at the same moment.
        self.assertRegex(log.message, r"AMZ-CUP-001 \(items\[[01]\]\.summaries")
