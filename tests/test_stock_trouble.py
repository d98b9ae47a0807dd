"""What nobody means to happen to stock, and happens."""

import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.inventory import amazon_offer, amazon_quantity
from .common_stock import StockCase


@tagged("post_install", "-at_install")
class TestStockTrouble(StockCase):
    """One odd SKU keeps no other from being sent, and what Amazon ships is never touched."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon("AMZ-TEA-001", {"sku": "AMZ-CUP-001", "channel": "fba", "quantity": 5})
        self.sync_offers()
        self.sync()
        self.writes()
        self.tea_offer, self.cup_offer = self.offer("AMZ-TEA-001"), self.offer("AMZ-CUP-001")

    def make(self, sku, product=None):
        """Make a SKU by hand, as a user."""
        return (
            self.env["amazon.offer"]
            .with_user(self.user)
            .create(
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids[0].id,
                    "sku": sku,
                    "product_id": (product or self.cup).id,
                }
            )
        )

    def test_odd_skus(self):
        """SKUs that Amazon cannot have, or that stand oddly in an address, keep nothing from being sent."""
        odd = ["50% / OFF", "WITH,COMMA", "日本茶 & 茶碗", "S" * 100, "a+b?c#d"]
        self.list_on_amazon(*odd)
        impossible = ["..", "X" * 130, "TWO\nLINES", "NUL\x1fIN", "NOT,THERE"]
        for sku in (*odd, *impossible):
            self.make(sku)
        self.make("  LEADING")
        self.stock(self.tea, 1)
        self.assertEqual(self.sync().mapped("state"), ["done"])
        self.assertEqual(sorted(self.writes()), sorted([("AMZ-TEA-001", 101), *((sku, 100) for sku in odd)]))
        for sku in (*impossible, "LEADING"):
            self.assertTrue(self.offer(sku).why_not_sent, sku)

    def test_mapped_by_hand(self):
        """A SKU that is made with its product is told, without waiting for its stock to move."""
        self.list_on_amazon("BY-HAND")
        self.make("BY-HAND")
        self.sync()
        self.assertEqual(self.writes(), [("BY-HAND", 100)])

    def test_other_sku(self):
        """What one SKU is known for is not another's: neither it nor its marketplace nor its account changes."""
        for values in (
            {"sku": "AMZ-CUP-002"},
            {
                "marketplace_id": self.env["amazon.marketplace"]
                .search([("id", "!=", self.tea_offer.marketplace_id.id)], limit=1)
                .id
            },
            {"account_id": self.account.copy({"name": "Other"}).id},
            {"seen_at": fields.Datetime.now()},
            {"quantity_sent": 1},
            {"sync_state": "done"},
            {"gone": False},
        ):
            with self.assertRaises(AccessError, msg=values):
                self.tea_offer.with_user(self.manager).write(values)
        self.tea_offer.with_user(self.user).write({"sku": " AMZ-TEA-001 "})

    def test_channel_by_hand(self):
        """Who ships is Amazon's to say; only where it does not say a person may, and before that nothing is told."""
        with self.assertRaises(AccessError):
            self.cup_offer.with_user(self.user).write({"channel": "fbm"})
        self.tea_offer.channel = False
        self.stock(self.tea, -1)
        self.sync()
        self.assertEqual((self.writes(), bool(self.tea_offer.why_not_sent)), ([], True))
        self.tea_offer.with_user(self.user).write({"channel": "fbm"})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 99)])

    def test_unreadable(self):
        """A listing that cannot be read is there all the same."""
        self.change_listing("AMZ-TEA-001", available={"DEFAULT": {"quantity": "many"}})
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.sync_offers()
            self.stock(self.tea, -100)
            self.sync()
        self.assertEqual((self.writes(), self.tea_offer.why_not_sent), ([("AMZ-TEA-001", 0)], False))

    def test_channel_changed_on_amazon(self):
        """A SKU that is given to Amazon after it was told of: found out when SKUs are read, told no more."""
        self.change_listing("AMZ-TEA-001", channel="fba")
        self.sync_offers()
        self.stock(self.tea, -100)
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_given_to_amazon_a_moment_ago(self):
        """What is told by itself, or in a feed of not too many, is looked up right before, however lately it was seen;
        nothing is written to what was given to Amazon meanwhile, and what else there is goes."""
        self.list_on_amazon("BESIDE-1", "BESIDE-2")
        self.make("BESIDE-1")
        beside = self.make("BESIDE-2", self.tea)
        self.sync()
        self.writes()
        for threshold, sku, others in ((50, "AMZ-TEA-001", ["BESIDE-2"]), (0, "BESIDE-2", [])):
            with self.subTest(threshold=threshold):
                self.account.inventory_feed_threshold = threshold
                self.sync_offers()
                self.stock(self.tea, -1)
                self.change_listing(sku, channel="fba")
                self.sync()
                self.results()
                self.assertEqual(self.writes(), [(other, beside.quantity_here) for other in others])
                self.assertEqual((self.offer(sku).channel, self.on_amazon(sku)["channel"]), ("fba", "fba"))

    def test_looked_up_by_twenties(self):
        """As many SKUs as fit are looked up in one call, and told before the next are looked up."""
        for module in (amazon_offer, amazon_quantity):
            self.startPatcher(patch.object(module, "MOST_SKUS", 3))
        skus = [f"MORE-{number}" for number in range(5)]
        self.list_on_amazon(*skus)
        for sku in skus:
            self.make(sku)
        self.sync_offers()
        self.amazon.control("DELETE", "requests")
        self.sync()
        calls = [one["operation"] for one in self.amazon.get("requests") if "ListingsItem" in one["operation"]]
        told = ["patchListingsItem"]
        self.assertEqual(calls, ["searchListingsItems", *told * 3, "searchListingsItems", *told * 2])

    def test_given_to_amazon_before_many_are_told(self):
        """Of more than are looked up for one feed those are that Amazon has not shown within the hour."""
        for module, name in ((amazon_quantity, "LOOKED_UP"), (amazon_quantity, "LOOK")):
            self.startPatcher(patch.object(module, name, 5))
        skus = [f"MORE-{number}" for number in range(25)]
        self.list_on_amazon(*skus)
        for sku in skus:
            self.make(sku)
        self.account.inventory_feed_threshold = 2
        self.sync()
        self.results()
        with freeze_time(fields.Datetime.now()) as clock:
            self.amazon.control("DELETE", "requests")
            self.stock(self.cup, -1)
            self.sync()
            self.results()
            self.assertFalse(
                [one for one in self.amazon.get("requests") if one["operation"] == "searchListingsItems"],
                "all were seen a moment ago",
            )
            self.change_listing("AMZ-TEA-001", channel="fba")
            self.change_listing("MORE-7", channel="both")
            self.writes()
            clock.tick(timedelta(minutes=61))
            self.stock(self.tea, -1)
            self.sync()
            self.assertEqual((self.writes(), self.tea_offer.channel), ([], "fba"))
            self.stock(self.cup, -1)
            self.sync()
            self.results()
            self.assertEqual(sorted(self.writes()), sorted((sku, 98) for sku in skus if sku != "MORE-7"))
        self.assertTrue(self.offer("MORE-7").why_not_sent)

    def test_given_to_amazon_before_the_feed_goes(self):
        """A feed that Amazon was not told of is not sent later as it was: what is in it is looked up again, and taken
        as it is then."""
        self.account.inventory_feed_threshold = 0
        self.list_on_amazon("BESIDE-1")
        self.make("BESIDE-1")
        self.stock(self.tea, -1)
        self.amazon.post("faults", operation="createFeedDocument", kind="500_html", times=None)
        self.sync()
        self.amazon.control("DELETE", "faults")
        self.assertEqual(self.tea_offer.sync_state, "sending")
        self.change_listing("AMZ-TEA-001", channel="fba")
        self.stock(self.cup, -1)
        self.sync()
        self.results()
        self.assertEqual((self.writes(), self.tea_offer.channel), ([("BESIDE-1", 99)], "fba"))
        self.assertEqual(self.env["amazon.feed"].search_count([("account_id", "=", self.account.id)]), 1)

    def test_no_address_for_the_feed(self):
        """An answer that cannot be read before there is a feed is trouble that passes: after a pause all of it is sent
        again, without anybody's doing."""
        self.account.inventory_feed_threshold = 0
        with freeze_time(fields.Datetime.now()) as clock:
            for kind in ("500_html", "html_200", "truncated_json"):
                with self.subTest(kind=kind):
                    self.stock(self.tea, -1)
                    self.amazon.post("faults", operation="createFeedDocument", kind=kind, times=1)
                    log = self.sync()
                    job = self.account._job("inventory")
                    self.assertEqual((log.state, log.refused, job.error_kind), ("failed", 0, "later"))
                    self.assertEqual(self.tea_offer.sync_state, "sending")
                    clock.tick(timedelta(minutes=2))
                    self.sync()
                    self.results()
                    self.assertEqual(self.writes(), [("AMZ-TEA-001", self.tea_offer.quantity_here)])

    def test_ordered_from_amazon(self):
        """An order that Amazon ships says that the SKU was given to Amazon since it was seen: it is looked up before
        anything is told of it, also with many."""
        self.startPatcher(patch.object(amazon_quantity, "LOOKED_UP", 0))
        self.account.inventory_feed_threshold = 0
        with freeze_time(fields.Datetime.now() - timedelta(hours=1)):
            self.sync_offers()
        self.change_listing("AMZ-TEA-001", channel="fba")
        self.imported("jp_fba", items=[{"sku": "AMZ-TEA-001", "quantity": 1}])
        self.stock(self.tea, -1)
        self.sync()
        self.results()
        self.assertEqual((self.writes(), self.tea_offer.channel), ([], "fba"))

    def test_look_that_fails(self):
        """Without a look nothing is written; a search that Amazon refuses as a whole is made SKU by SKU."""
        self.stock(self.tea, -1)
        self.amazon.post("faults", operation="searchListingsItems", kind="500_html", times=None)
        self.sync()
        self.assertEqual(self.writes(), [])
        self.amazon.control("DELETE", "faults")
        self.amazon.post("faults", operation="searchListingsItems", kind="400", times=None)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 99)])

    def test_marketplace_taken_away(self):
        """What waits for a marketplace that the account has no more waits, and keeps nothing else."""
        other = self.env["amazon.marketplace"].search([("id", "!=", self.tea_offer.marketplace_id.id)], limit=1)
        self.stock(self.tea, 1)
        self.account.with_user(self.manager).marketplace_ids = other
        self.assertEqual(self.sync().mapped("state"), ["done"])
        self.assertEqual(self.writes(), [])
        self.assertTrue(self.tea_offer.why_not_sent)
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.assertEqual(set(self.sync().mapped("state")) - {"done"}, set())
        self.account.with_user(self.manager).marketplace_ids |= self.tea_offer.marketplace_id
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 101)])

    def test_offered_again(self):
        """What moved of a product while it was archived, or not stored, is told when it is a product again."""
        self.tea.active = False
        self.stock(self.tea, -60)
        self.sync()
        self.tea.active = True
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 40)])
        self.tea.is_storable = False
        self.sync()
        self.tea.with_context(active_test=False).product_tmpl_id.is_storable = True
        self.stock(self.tea, 1)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 41)])

    def test_parts_of_units(self):
        """Whole units, neither one too many for what is half there, nor one too few for how computers count."""
        self.tea.uom_id.rounding = 0.01
        for change, quantity in ((-99.5, 0), (0.1, 0), (0.3, 0), (0.1, 1), (1.9, 2), (0.1, 3)):
            self.stock(self.tea, change)
            self.assertEqual(self.tea_offer.quantity_here, quantity, change)
            self.env.invalidate_all()

    def test_huge(self):
        """More than a number can be is told as much as it can be."""
        self.stock(self.tea, 5_000_000_000)
        self.stock(self.products["AMZ-SNACK-001"], 1)
        self.list_on_amazon("AMZ-SNACK-001")
        self.make("AMZ-SNACK-001", self.products["AMZ-SNACK-001"])
        self.assertEqual(self.sync().mapped("state"), ["done"])
        self.assertEqual(sorted(self.writes()), [("AMZ-SNACK-001", 101), ("AMZ-TEA-001", 999_999_999)])

    def test_lost_answer_of_handling_days(self):
        """That Amazon has the quantity does not tell whether it has the handling days."""
        with freeze_time(fields.Datetime.now()) as clock:
            self.tea_offer.handling_days = 5
            self.amazon.post("faults", operation="patchListingsItem", kind="cut_before", times=1)
            self.sync()
            for _again in range(4):
                clock.tick(timedelta(minutes=11))
                self.sync()
        self.assertEqual((self.on_amazon("AMZ-TEA-001")["lead_time"], self.tea_offer.sync_state), (5, "done"))

    def test_feed_that_was_cancelled(self):
        """What Amazon never came to is told again."""
        self.account.inventory_feed_threshold = 0
        self.stock(self.tea, -5)
        self.sync()
        [feed] = self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")
        self.amazon.post(f"feeds/{feed['feedId']}/process", status="CANCELLED", result=False)
        self.results()
        self.sync()
        self.results()
        self.assertEqual((self.writes(), self.tea_offer.sync_state), ([("AMZ-TEA-001", 95)], "done"))

    def test_feed_without_result(self):
        """While Amazon is asked what became of a feed, what is in it is told nothing else."""
        self.account.inventory_feed_threshold = 0
        with freeze_time(fields.Datetime.now()) as clock:
            self.stock(self.tea, -5)
            self.sync()
            [feed] = self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")
            self.amazon.post(f"feeds/{feed['feedId']}/process", status="IN_PROGRESS")
            clock.tick(timedelta(hours=13))
            self.run_job("_fetch_results")
            self.account.inventory_feed_threshold = 50
            self.stock(self.tea, -5)
            self.sync()
            self.assertEqual((self.tea_offer.sync_state, self.writes()), ("sending", []))

    def test_strange_report(self):
        """A report on entries that nobody sent is no report on those that were."""
        self.account.inventory_feed_threshold = 0
        self.stock(self.tea, -5)
        self.sync()
        [feed] = self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")
        report = {
            "header": {"sellerId": self.seller["merchant_id"], "version": "2.0", "feedId": feed["feedId"]},
            "issues": [{"messageId": 999_999_999, "code": "90220", "severity": "ERROR", "message": "?"}],
            "summary": {
                "errors": 1,
                "warnings": 0,
                "messagesProcessed": 1,
                "messagesAccepted": 0,
                "messagesInvalid": 1,
            },
        }
        self.amazon.post(f"feeds/{feed['feedId']}/process", report=json.dumps(report))
        self.results()
        self.assertNotEqual(self.tea_offer.sync_state, "error")

    def test_bad_answers(self):
        """Answers that say nothing, or something else: Amazon is asked, and has what is here in the end."""
        with freeze_time(fields.Datetime.now()) as clock:
            for kind in ("truncated_json", "500_html", "500_after", "html_200"):
                with self.subTest(kind=kind):
                    self.stock(self.tea, -1)
                    self.amazon.post("faults", operation="patchListingsItem", kind=kind, times=1)
                    for _again in range(5):
                        self.sync()
                        clock.tick(timedelta(minutes=12))
                    here = self.tea_offer.quantity_here
                    self.assertEqual((self.tea_offer.sync_state, self.tea_offer.quantity_sent), ("done", here))
                    self.assertEqual(self.on_amazon("AMZ-TEA-001")["quantity"], here)

    def test_nothing_left(self):
        """Without a warehouse of its own there is nothing to offer: least of all what lies with Amazon."""
        self.account.fba_warehouse_id = self.warehouse
        for warehouse in self.env["stock.warehouse"].search([("company_id", "=", self.company.id)]) - self.warehouse:
            warehouse.active = False
        self.stock(self.tea, 1)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 0)])

    def test_deleted(self):
        """A SKU that is deleted while its quantity waits, and an account that is archived, leave nothing behind."""
        self.stock(self.tea, 1)
        self.tea_offer.with_user(self.manager).unlink()
        self.sync()
        self.assertEqual(self.writes(), [])
        with self.committing(self.env["stock.quant"]) as quants:
            quants.env["amazon.account"].browse(self.account.id).auto_inventory = True
            quants.env["amazon.account"].browse(self.account.id).active = False
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.env["amazon.account"]._gc_stock_changes()
        self.assertFalse(self.account.stock_watched)

    def test_old_history(self):
        """What was told long ago is removed, but for what a SKU was told last."""
        self.stock(self.tea, 1)
        self.sync()
        self.assertEqual(len(self.tea_offer.quantity_ids), 2)
        with freeze_time(fields.Datetime.now() + timedelta(days=100)):
            self.env["amazon.quantity"]._gc_history()
        self.assertEqual(self.tea_offer.quantity_ids, self.tea_offer.quantity_id)
        self.assertTrue(self.tea_offer.quantity_id)

    def test_others(self):
        """Who may only look sends nothing; who is of another company does not even look."""
        readonly, packer = (
            self.env["res.users"].create(
                {
                    "name": name,
                    "login": f"stock_{name}",
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set([self.env.ref(group).id])],
                }
            )
            for name, group in (
                ("readonly", "sale_amazon_spapi.group_amazon_readonly"),
                ("packer", "stock.group_stock_user"),
            )
        )
        for user in (readonly, packer):
            with self.assertRaises(AccessError):
                self.tea_offer.with_user(user).action_send_now()
            with self.assertRaises(AccessError):
                self.account.with_user(user).action_send_all_stock()
            with self.assertRaises(AccessError):
                self.env["amazon.stock.change"].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.account.with_user(self.user).action_send_all_stock()
        self.assertEqual(self.tea.with_user(packer).amazon_offer_count, 0)
        self.env["stock.quant"].with_user(packer).sudo()._update_available_quantity(
            self.tea, self.warehouse.lot_stock_id, -1
        )
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 99)])
