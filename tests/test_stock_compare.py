import re
from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..selling_partner import ISSUE_HINTS
from .common import counts_queries
from .common_stock import StockCase


@tagged("post_install", "-at_install")
class TestStockCompare(StockCase):
    """What Amazon shows is compared with what it should have, and what differs is put right."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon("AMZ-TEA-001", "AMZ-CUP-001", {"sku": "AMZ-TOWEL-002", "channel": "fba"})
        self.now = fields.Datetime.now()
        # Sent and shown an hour ago.
        with freeze_time(self.now - timedelta(hours=1)) as clock:
            self.sync_offers()
            self.sync()
            clock.tick(timedelta(minutes=20))
            self.sync()
        self.writes()
        self.tea_offer, self.cup_offer = self.offer("AMZ-TEA-001"), self.offer("AMZ-CUP-001")
        self.assertEqual(self.tea_offer.stock_state, "done")

    def compare(self):
        """Press the button, and let its job run."""
        self.account.with_user(self.user).action_compare_stock()
        return self.run_job("_compare_stock")

    def drifts(self):
        self.env.invalidate_all()
        return {
            offer.sku: (offer.drift, offer.drift_reason)
            for offer in self.env["amazon.offer"].search([("drift_reason", "!=", False)])
        }

    def set_on_amazon(self, sku, quantity):
        self.change_listing(sku, available={"DEFAULT": {"quantity": quantity}})

    def test_nothing_differs(self):
        """Where nothing differs nothing is said, told or written."""
        written = (self.tea_offer.drift, self.account.stock_drift_count)
        log = self.compare()
        self.assertEqual((set(log.mapped("state")), written), ({"done"}, (0, 0)))
        self.assertEqual(
            (self.drifts(), log.filtered(lambda row: row.job_name == "stock_compare").message), ({}, False)
        )
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_reasons(self):
        """Each difference has its reason."""
        self.account.repair_drift = False
        towel, light, snack = (self.products[sku] for sku in ("AMZ-TOWEL-002", "AMZ-LIGHT-001", "AMZ-SNACK-001"))
        self.assertTrue(towel and light and snack)
        self.list_on_amazon({"sku": "AMZ-LIGHT-001", "quantity": 3}, {"sku": "AMZ-SNACK-001", "quantity": 5})
        self.change_listing(
            "AMZ-SNACK-001", write_issues=[{"code": "90220", "severity": "ERROR", "message": "商品名が必要です"}]
        )
        with freeze_time(self.now - timedelta(minutes=30)):
            self.sync_offers()
            self.env["amazon.stock.change"].search([("offer_id", "=", self.offer("AMZ-LIGHT-001").id)]).unlink()
            self.sync()
        self.set_on_amazon("AMZ-TEA-001", 107)
        self.amazon.control("DELETE", f"listings/AMZ-CUP-001?merchant_id={self.seller['merchant_id']}")
        self.compare()
        self.assertEqual(
            self.drifts(),
            {
                "AMZ-TEA-001": (7, "changed"),
                "AMZ-CUP-001": (-100, "gone"),
                "AMZ-LIGHT-001": (-97, "unsent"),
                "AMZ-SNACK-001": (-95, "refused"),
            },
        )
        self.assertEqual(self.account.stock_drift_count, 4)
        self.sync()
        self.assertEqual(self.writes()[1:], [])

    def check_over(self, end):
        """Have Amazon show more than it should, and check that this is over once something else is seen.

        :param end: makes it so.
        """
        self.set_on_amazon("AMZ-TEA-001", 107)
        self.compare()
        self.assertEqual(self.drifts(), {"AMZ-TEA-001": (7, "changed")})
        end()
        with freeze_time(self.now + timedelta(minutes=1)):
            self.sync_offers()
        self.assertEqual((self.drifts(), self.account.stock_drift_count), ({}, 0))

    def test_given_to_amazon(self):
        """What is Amazon's to ship differs no more, from when that is seen."""
        self.check_over(lambda: self.change_listing("AMZ-TEA-001", channel="fba"))

    def test_unmapped(self):
        """What has no product differs no more."""
        self.check_over(lambda: self.tea_offer.with_user(self.user).write({"product_id": False}))

    def test_gone(self):
        """What is listed no more differs no more, until it is compared; what is listed again is not gone any more."""
        listing = f"listings/AMZ-TEA-001?merchant_id={self.seller['merchant_id']}"
        self.check_over(lambda: self.amazon.control("DELETE", listing))
        with freeze_time(self.now + timedelta(minutes=2)):
            self.compare()
            self.assertEqual(self.drifts(), {"AMZ-TEA-001": (-100, "gone")})
            self.list_on_amazon({"sku": "AMZ-TEA-001", "quantity": 100})
            self.sync_offers()
            self.assertEqual(self.drifts(), {})

    @counts_queries
    def test_queries_of_many(self):
        """What was ordered meanwhile is asked for all SKUs at once, in comparing and in reading back."""
        skus = [f"MORE-{number}" for number in range(4)]
        self.list_on_amazon(*skus)
        self.env["amazon.offer"].create(
            [
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids.id,
                    "sku": sku,
                    "product_id": self.cup.id,
                }
                for sku in skus
            ]
        )
        self.sync()
        with freeze_time(self.now + timedelta(minutes=20)), self.statements() as found:
            for sku in skus:
                self.set_on_amazon(sku, 93)
            self.sync()
        self.assertEqual(self.asked_for_orders(found), 1)
        for sku in skus:
            self.set_on_amazon(sku, 107)
        self.sync_offers()
        with self.statements() as found:
            self.env["amazon.offer"].search([("sku", "in", skus)])._write_drift()
        self.assertEqual(self.asked_for_orders(found), 1)

    def asked_for_orders(self, statements):
        """Return how often it was asked what was ordered of SKUs."""
        return sum("date_order" in one and "sale_order_line" in one and "SELECT" in one for one in statements)

    def test_accepted_and_not_shown(self):
        """What Amazon has accepted and does not show is another matter than what somebody has changed there."""
        self.change_listing("AMZ-TEA-001", applies=False)
        with freeze_time(self.now - timedelta(minutes=10)):
            self.stock(self.tea, 5)
            self.sync()
        self.writes()
        self.compare()
        self.assertEqual(self.drifts(), {"AMZ-TEA-001": (-5, "unshown")})
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_never_shown(self):
        """What Amazon accepted twice and never showed was not refused."""
        self.change_listing("AMZ-TEA-001", applies=False)
        with freeze_time(self.now - timedelta(hours=9)) as clock:
            self.stock(self.tea, 5)
            self.sync()
            for minutes in (16, 31, 61) * 2:
                clock.tick(timedelta(minutes=minutes))
                self.sync()
        self.assertEqual(self.tea_offer.sync_state, "error")
        self.compare()
        self.assertEqual(self.drifts(), {"AMZ-TEA-001": (-5, "unshown")})

    def test_repaired_by_itself(self):
        """What differs is told again where the account says so, and forgotten once Amazon shows it."""
        self.account.auto_inventory = True
        self.set_on_amazon("AMZ-TEA-001", 3)
        log = self.compare().filtered(lambda row: row.job_name == "stock_compare")
        self.assertEqual(re.findall(r"\d+", log.message), ["1", "1"])
        self.assertEqual(self.drifts(), {"AMZ-TEA-001": (-97, "changed")})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])
        with freeze_time(self.now + timedelta(minutes=20)):
            self.sync()
        self.assertEqual((self.drifts(), self.writes()), ({}, []))

    def test_by_hand(self):
        """Users compare and repair by buttons; readers do not."""
        self.set_on_amazon("AMZ-TEA-001", 3)
        self.assertFalse(self.run_job("_compare_stock"), "nobody has asked, and stock is not sent by itself")
        self.compare()
        self.assertEqual(self.drifts(), {"AMZ-TEA-001": (-97, "changed")})
        action = self.account.with_user(self.user).action_view_stock_drift()
        self.assertEqual(self.env["amazon.offer"].with_user(self.user).search(action["domain"]), self.tea_offer)
        self.assertEqual(self.writes(), [])
        self.tea_offer.with_user(self.user).action_send_now()
        self.run_job("_send_requested_stock")
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])
        reader = new_test_user(
            self.env,
            "reader",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.account.with_user(reader).action_compare_stock()

    def test_ordered_meanwhile(self):
        """What was ordered is no difference, whether its order is here or not: comparing waits for the orders."""
        self.account.auto_import = True
        self.place(items=[{"sku": "AMZ-TEA-001", "quantity": 3}], minutes_ago=0)
        self.assertEqual(self.on_amazon("AMZ-TEA-001")["quantity"], 97)
        log = self.compare()[-1]
        self.assertEqual((log.state, self.drifts()), ("partial", {}))
        self.amazon.post("clock", advance=600)
        with freeze_time(self.now + timedelta(minutes=10)):
            log = self.run_job("_compare_stock")[-1]
        self.assertEqual((log.job_name, log.state), ("stock_compare", "done"))
        self.assertEqual(self.drifts(), {})

    def test_advice(self):
        """What Amazon refuses says what to do, however it went; the hint of a feed is its report's."""
        issue = {"code": "90220", "severity": "ERROR", "message": "商品名が必要です"}
        self.change_listing("AMZ-TEA-001", write_issues=[issue])
        self.change_listing("AMZ-CUP-001", write_issues=[issue])
        self.stock(self.tea, 1)
        self.sync()
        self.account.inventory_feed_threshold = 0
        self.stock(self.cup, 1)
        self.sync()
        self.results()
        for offer in (self.tea_offer, self.cup_offer):
            offer = offer.with_user(self.user)
            self.assertEqual((offer.sync_state, offer.quantity_id.hint), ("error", "listing_incomplete"))
            advice = offer.quantity_id._hint_advice()["listing_incomplete"]
            self.assertEqual((offer.sync_advice, offer.quantity_id.advice), (advice, advice))
        hints = {*ISSUE_HINTS.values(), "listing_product_type", "listing_sku"}
        self.assertEqual(set(self.env["amazon.quantity"]._hint_advice()), hints)
