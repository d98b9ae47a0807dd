"""What Amazon is asked before it is told a quantity: whether it lists a SKU, and who ships it."""

import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL
from requests.adapters import HTTPAdapter

from ..models.engine import amazon_quota
from ..models.inventory import amazon_quantity
from .common_stock import StockCase

# How long a cron's run goes on, and how long Amazon takes for an answer.
CRON_SECONDS, ANSWER_SECONDS = 10, 0.3


@tagged("post_install", "-at_install")
class TestStockLooks(StockCase):
    """Looks take time, fail, and leave things out: nothing is told without one, and what has run out goes first."""

    def setUp(self):
        super().setUp()
        self.account.auto_inventory = True

    def more(self, *skus, product=None, **values):
        """List further SKUs of a product, the cup, on Amazon, and make their rows as reading would."""
        self.list_on_amazon(*skus)
        return self.env["amazon.offer"].create(
            [
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids[0].id,
                    "sku": sku,
                    "product_id": (product or self.cup).id,
                    "channel": "fbm",
                    "seen_at": fields.Datetime.now(),
                    **values,
                }
                for sku in skus
            ]
        )

    @contextmanager
    def amazons_pace(self):
        """Have Amazon count calls by its usage plan, and time pass only where something is waited for."""
        self.amazon.post("quota", mode="published")
        self.addCleanup(self.amazon.post, "quota", mode="off")
        self.env["amazon.quota"].search([]).unlink()
        send = HTTPAdapter.send
        with freeze_time(fields.Datetime.now()) as clock, patch.object(amazon_quota, "NOW"):

            def wait(seconds):
                clock.tick(timedelta(seconds=seconds))
                now = clock()
                amazon_quota.NOW = SQL("%s::timestamp", now)
                self.amazon.post("clock", now=f"{now.isoformat()}Z")

            def answer(*args, **kwargs):
                wait(ANSWER_SECONDS)
                return send(*args, **kwargs)

            wait(0)
            with patch.object(time, "sleep", wait), patch.object(HTTPAdapter, "send", answer):
                yield wait

    def run_cron(self, name="inventory"):
        """Run a job as its cron does, which has ten seconds."""
        job = self.account._job(name)
        progress = self.env["ir.cron.progress"].create({"cron_id": job.sudo().cron_id.id})
        limits = {
            "cron_id": job.sudo().cron_id.id,
            "ir_cron_progress_id": progress.id,
            "cron_end_time": time.monotonic() + CRON_SECONDS,
        }
        with self.committing(job) as mine:
            mine.with_context(**limits)._cron_run()
        self.env.invalidate_all()

    def refused_calls(self):
        return [one["operation"] for one in self.amazon.get("requests") if one["status"] == 429]

    def test_many_at_amazons_pace(self):
        """The looks before a feed take longer than a cron's run: each goes on where the last has ended, until all have
        gone. What has run out goes with the first."""
        skus = [f"MORE-{number}" for number in range(900)]
        before = fields.Datetime.now() - timedelta(hours=2)
        offers = self.more(*skus, seen_at=before)
        offers[500:505].paused = True
        with self.amazons_pace() as wait:
            self.run_cron()
            self.assertEqual(sorted(self.writes()), sorted((offer.sku, 0) for offer in offers[500:505]))
            runs = 1
            while offers.filtered(lambda offer: offer.sync_state == "unsent"):
                self.assertLess(runs, 4, "a few runs")
                wait(30)
                self.run_cron()
                runs += 1
            self.assertGreater(runs, 1, "one run has no time for it")
            self.assertFalse(self.refused_calls())
        self.results()
        self.assertEqual(dict(self.writes()), {offer.sku: 100 for offer in offers if not offer.paused})
        self.assertEqual(self.env["amazon.feed"].search([], limit=1).message_count, 895)

    @contextmanager
    def meanwhile(self, method, act):
        """Let something happen, once, while Amazon answers.

        :param str method: of the call on listings that Amazon answers.
        :param act: called before the answer arrives.
        """
        send, acts = HTTPAdapter.send, [act]

        def answer(adapter, request, **kwargs):
            if acts and request.method == method and "/listings/" in request.url:
                acts.pop()()
            return send(adapter, request, **kwargs)

        with patch.object(HTTPAdapter, "send", answer):
            yield
        self.assertFalse(acts, "no such call")

    def fault(self, operation, kind, **values):
        self.amazon.post("faults", operation=operation, kind=kind, times=None, **values)

    def test_no_answer(self):
        """Amazon refuses to say anything on a SKU: nothing is told of it, which its row says; it is asked again twice,
        then a person is told. What else there is goes."""
        lost, other = self.more("LOST,1", "OTHER")
        self.sync()
        self.writes()
        with freeze_time(fields.Datetime.now()) as clock:
            for threshold in (50, 0):
                clock.tick(timedelta(minutes=11))
                self.account.inventory_feed_threshold = threshold
                seen = lost.seen_at
                self.fault("getListingsItem", "400")
                self.stock(self.cup, -1)
                for minutes in (3, 11, 16):
                    self.sync()
                    self.assertTrue(lost.sync_message)
                    clock.tick(timedelta(minutes=minutes))
                self.results()
                self.assertEqual(self.writes(), [("OTHER", other.quantity_here)])
                self.assertEqual((lost.sync_state, lost.seen_at), ("error", seen))
                self.assertIn("LOST,1", self.account.activity_ids.note)
                self.amazon.control("DELETE", "faults")
                self.stock(self.cup, -1)
                self.sync()
                self.results()
                self.assertEqual(dict(self.writes())["LOST,1"], lost.quantity_here)
                self.assertNotIn("LOST,1", self.account.activity_ids.note or "")

    def test_unreadable(self):
        """Of a listing that cannot be read it may still be read who ships it; else nothing is told, and reading all
        does not say that it was seen."""
        offers = self.more("WHO", "OWN", "AMAZONS")
        self.sync()
        self.writes()
        self.sync_offers()
        for offer, code in zip(offers, ("C" * 150, "DEFAULT", "AMAZON_JP"), strict=True):
            self.change_listing(offer.sku, available={code: {"quantity": "many"}})
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            # As an order that Amazon ships does.
            offers.sudo().seen_at = False
            self.stock(self.cup, -1)
            self.assertEqual(self.sync_offers().unreadable, 3)
            self.assertEqual(offers.mapped(lambda offer: bool(offer.seen_at)), [False, True, True])
            self.sync()
        self.assertEqual(offers.mapped("channel"), ["fbm", "fbm", "fba"])
        self.assertEqual(offers.mapped("gone"), [False] * 3)
        self.assertEqual(self.writes(), [("OWN", offers[1].quantity_here)])

    def two_marketplaces(self):
        """Sell a SKU in two marketplaces; return their ids."""
        german, french = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
        self.seller = self.amazon.seller(region="eu", marketplaces=[german, french])
        self.account = self._connect(self.seller, name="EU")
        self.list_on_amazon(*({"sku": "AMZ-TEA-001", "marketplace_id": ref} for ref in (german, french)))
        self.sync_offers()
        return german, french

    def told(self):
        """Return what Amazon has of the tea, by marketplace."""
        listings = self.amazon.get(f"listings?merchant_id={self.seller['merchant_id']}")
        return {one["marketplace_id"]: one["quantity"] for one in listings}

    def test_trouble_with_one_marketplace(self):
        """Where Amazon lets nobody look in one marketplace, what there is for the others goes, is asked for, and is
        read back; also of SKUs that it has not shown yet."""
        denied, other = self.two_marketplaces()
        self.sync()
        offers = self.offer("AMZ-TEA-001")
        with freeze_time(fields.Datetime.now()) as clock:
            for kind in ("403", "500_html"):
                for unseen in (False, True):
                    with self.subTest(kind=kind, unseen=unseen):
                        self.fault("searchListingsItems", kind, marketplace_id=denied)
                        before = self.told()
                        self.stock(self.tea, -1)
                        if unseen:
                            offers.sudo().seen_at = False
                        self.assertIn(self.sync().state, ("failed", "partial"))
                        here = offers[0].quantity_here or offers[1].quantity_here
                        self.assertEqual(self.told(), {denied: before[denied], other: here})
                        clock.tick(timedelta(minutes=16))
                        self.sync()
                        there = offers.filtered(lambda offer: offer.marketplace_id.api_ref == other)
                        self.assertEqual(there.stock_state, "done")
                        self.amazon.control("DELETE", "faults")
                        self.sync()
                        self.assertEqual(self.told(), {denied: here, other: here})

    def test_left_out(self):
        """What one answer leaves out is asked for by itself; what Amazon then does not know is not listed any more,
        which a person is told where it had some of it to sell."""
        [offer] = self.more("SOLD")
        self.sync()
        self.writes()
        self.fault("searchListingsItems", "listing_left_out")
        for threshold in (50, 0):
            self.account.inventory_feed_threshold = threshold
            self.stock(self.cup, -1)
            self.sync()
            self.results()
            self.assertEqual((self.writes(), offer.gone), ([("SOLD", offer.quantity_here)], False))
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            self.assertEqual((self.sync_offers().received, offer.gone), (0, False))
        self.account.inventory_feed_threshold = 50
        path = f"listings/SOLD?merchant_id={self.seller['merchant_id']}"
        self.amazon.control("DELETE", path)
        self.stock(self.cup, -1)
        self.sync()
        self.assertEqual((self.writes(), offer.gone, offer.sync_state), ([], True, "error"))
        self.assertIn("SOLD", self.account.activity_ids.note)
        self.amazon.control("DELETE", "faults")
        self.list_on_amazon("SOLD")
        self.sync_offers()
        self.sync()
        self.results()
        self.assertEqual((self.writes(), offer.sync_state), ([("SOLD", offer.quantity_here)], "done"))
        self.assertFalse(self.account.activity_ids)

    def test_taken_away_while_others_are_looked_up(self):
        """What is given to Amazon, paused, unmapped or archived here while others are looked up for the feed does not
        go with it as it was."""
        for many in (0, 1_000):
            with self.subTest(many=many), patch.object(amazon_quantity, "LOOKED_UP", many):
                names = ("OLD", "FBA", "PAUSED", "UNMAPPED", "STAYS")
                first, fba, paused, unmapped, _stays = self.more(*(f"{name}-{many}" for name in names))
                archived = self.more(f"ARCHIVED-{many}", product=self.tea)
                self.account.inventory_feed_threshold = 0
                first.sudo().seen_at = fields.Datetime.now() - timedelta(hours=2)
                self.fault("searchListingsItems", "500_html")
                self.sync()
                self.amazon.control("DELETE", "faults")

                def take_away(fba=fba, paused=paused, unmapped=unmapped, archived=archived):
                    fba.sudo().channel = "fba"
                    paused.paused = True
                    unmapped.product_id = False
                    archived.product_id.active = False
                    self.env.flush_all()

                with self.meanwhile("GET", take_away):
                    self.sync()
                self.results()
                left = dict(self.writes())
                self.assertEqual(left.pop(f"PAUSED-{many}", 0), 0)
                self.assertEqual(left, {f"OLD-{many}": 100, f"STAYS-{many}": 100})
                self.tea.active = True
                self.env["amazon.offer"].search([("account_id", "=", self.account.id)]).unlink()

    def test_deleted_before_its_turn(self):
        """A SKU that is deleted while others are looked up is passed over, which the log says."""
        self.startPatcher(patch.object(amazon_quantity, "MOST_SKUS", 1))
        offers = self.more("MORE-1", "MORE-2", "MORE-3")

        def delete():
            offers[1].with_user(self.manager).unlink()
            self.env.flush_all()

        with self.meanwhile("GET", delete):
            log = self.sync()
        self.assertEqual((log.state, self.writes()), ("done", [("MORE-1", 100), ("MORE-3", 100)]))
        self.assertIn("deleted", log.message)

    def test_lost_feed_that_comes_late(self):
        """A feed whose answer was lost, and that Amazon does not show for long, may be worked off after newer
        quantities: what Amazon shows is compared for as long as that may be, and told again."""
        [offer] = self.more("LATE")
        self.account.inventory_feed_threshold = 0
        self.amazon.post("settings", feed_seconds=None)
        self.addCleanup(self.amazon.post, "settings", feed_seconds=30)
        # To Amazon's clock the feed is from before we asked for it.
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)) as clock:
            self.amazon.post("faults", operation="createFeed", kind="cut_after", times=1)
            self.sync()
            self.account.inventory_feed_threshold = 50
            for minutes in (1, 3, 11):
                clock.tick(timedelta(minutes=minutes))
                self.sync()
            self.assertEqual((self.writes(), offer.sync_state), ([("LATE", 100)], "done"))
            self.stock(self.cup, -60)
            self.sync()
            clock.tick(timedelta(minutes=16))
            self.sync()
            self.assertEqual((self.writes(), offer.stock_state), ([("LATE", 40)], "done"))
            [feed] = self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")
            clock.tick(timedelta(hours=3))
            self.sync()
            self.assertEqual((self.writes(), offer.stock_state), ([], "done"))
            self.amazon.post(f"feeds/{feed['feedId']}/process")
            self.assertEqual(self.writes(), [("LATE", 100)])
            clock.tick(timedelta(hours=3.5))
            self.sync()
            self.assertEqual(self.writes(), [("LATE", 40)])
            clock.tick(timedelta(hours=8))
            self.sync()
            self.assertFalse(offer.quantity_id.retry_at)
            self.assertEqual((self.writes(), offer.stock_state), ([], "done"))

    def test_feed_given_up_that_comes_late(self):
        """A feed that Amazon has begun and not finished for half a day may be worked off after newer ones, too."""
        [offer] = self.more("LATE")
        self.account.inventory_feed_threshold = 0
        self.amazon.post("settings", feed_seconds=None)
        self.addCleanup(self.amazon.post, "settings", feed_seconds=30)
        with freeze_time(fields.Datetime.now()) as clock:
            self.sync()
            [feed] = self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")
            self.amazon.post(f"feeds/{feed['feedId']}/process", status="IN_PROGRESS", result=False)
            clock.tick(timedelta(hours=13))
            for _again in range(4):
                self.run_job("_fetch_results")
                clock.tick(timedelta(minutes=11))
            self.account.inventory_feed_threshold = 50
            self.stock(self.cup, -60)
            self.sync()
            clock.tick(timedelta(minutes=16))
            self.sync()
            self.assertEqual(self.writes()[-1], ("LATE", 40))
            self.assertEqual(offer.stock_state, "done")
            # Amazon comes to it at last.
            self.change_listing("LATE", quantity=100)
            clock.tick(timedelta(hours=3))
            self.sync()
            self.assertEqual(self.writes(), [("LATE", 40)])
