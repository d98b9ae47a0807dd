from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.inventory import amazon_quantity
from .common import counts_queries
from .common_stock import StockCase


@tagged("post_install", "-at_install")
class TestStock(StockCase):
    """Amazon may sell what is there, and hears of it when that changes."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon(
            {"sku": "AMZ-TEA-001", "quantity": 1, "lead_time": 4}, {"sku": "AMZ-CUP-001", "quantity": 1}
        )
        self.sync_offers()

    def started(self):
        """Send everything once, and have Amazon show it."""
        self.sync()
        self.writes()

    def test_first(self):
        """Everything is told once; the second time nothing. Amazon's own handling time stays."""
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 100), ("AMZ-TEA-001", 100)])
        tea = self.offer("AMZ-TEA-001")
        self.assertEqual((tea.quantity_sent, tea.sync_state, tea.stock_state), (100, "done", "accepted"))
        self.assertEqual(self.on_amazon("AMZ-TEA-001")["lead_time"], 4)
        self.amazon.control("DELETE", "requests")
        self.sync()
        self.assertEqual(self.writes(), [])
        self.assertFalse(self.amazon.get("requests/count"))

    def why(self, sku="AMZ-TEA-001"):
        """Send the stock; return why it was sent of a SKU last."""
        told = self.offer(sku).quantity_id
        self.sync()
        self.assertNotEqual(self.offer(sku).quantity_id, told, "nothing was sent")
        return self.offer(sku).quantity_id.reason

    def test_why(self):
        """The history says what each quantity was sent for."""
        self.account.repair_drift = self.account.auto_inventory = True
        tea = self.offer("AMZ-TEA-001").with_user(self.user)
        self.assertEqual(self.why(), "first")
        for change, reason in (
            (lambda: self.stock(self.tea, -5), "less"),
            (lambda: self.stock(self.tea, 3), "more"),
            (lambda: self.imported(items=[{"sku": "AMZ-TEA-001"}]), "order"),
            (lambda: tea.write({"buffer": 3}), "settings"),
            (tea.action_send_now, "person"),
            (lambda: tea.write({"paused": True}), "paused"),
            (lambda: tea.write({"paused": False}), "settings"),
            (self.drift, "compared"),
        ):
            with self.subTest(reason=reason):
                change()
                self.assertEqual(self.why(), reason)
        self.account.with_user(self.manager).action_send_all_stock()
        self.assertEqual(self.why("AMZ-CUP-001"), "person")

    def drift(self):
        """Let somebody change a quantity on Amazon, and compare."""
        with freeze_time(fields.Datetime.now() + timedelta(minutes=20)) as clock:
            self.sync()
            self.change_listing("AMZ-TEA-001", available={"DEFAULT": {"quantity": 1}})
            clock.tick(timedelta(minutes=20))
            self.account.action_compare_stock()
            self.run_job("_compare_stock")

    def test_what_has_moved(self):
        """Only what has moved is told; receipts, reservations and what leaves alike."""
        self.started()
        self.stock(self.tea, 5)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 105)])
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.cup.id, "product_uom_qty": 3})],
            }
        )
        order.action_confirm()
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 97)])
        self.ship(order.picking_ids)
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_rules(self):
        """Kept back, at most, always, paused: 0 once, then nothing, and again when it is offered again."""
        self.started()
        tea = self.offer("AMZ-TEA-001").with_user(self.user)
        for values, quantity in (
            ({"buffer": 30}, 70),
            ({"quantity_max": 20}, 20),
            ({"quantity_fixed": 999, "quantity_max": 0}, 999),
            ({"paused": True}, 0),
        ):
            tea.write(values)
            self.sync()
            self.assertEqual(self.writes(), [("AMZ-TEA-001", quantity)], values)
        self.stock(self.tea, 5)
        self.sync()
        self.assertEqual(self.writes(), [])
        tea.write({"paused": False, "quantity_fixed": 0})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 75)])
        tea.buffer = 1000
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 0)])

    def test_handling_days(self):
        """Handling days go along with a quantity where they are set; else Amazon's stay."""
        self.started()
        tea = self.offer("AMZ-TEA-001").with_user(self.user)
        tea.write({"handling_days": 2, "restock_date": "2026-12-24"})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])
        there = self.on_amazon("AMZ-TEA-001")
        self.assertEqual((there["lead_time"], there["submitted"]["DEFAULT"]["restock_date"]), (2, "2026-12-24"))
        tea.write({"handling_days": 0, "restock_date": False})
        self.stock(self.tea, 1)
        self.sync()
        there = self.on_amazon("AMZ-TEA-001")
        self.assertEqual((there["lead_time"], there["submitted"]["DEFAULT"]["restock_date"]), (2, "2026-12-24"))

    def test_never(self):
        """What Amazon ships, what Amazon does not list, and what has no product is never touched; what is in both
        channels only when a person says so."""
        self.list_on_amazon(
            {"sku": "AMZ-TOWEL-002", "channel": "fba", "quantity": 5},
            {"sku": "AMZ-LIGHT-001", "channel": "both"},
            {"sku": "NOBODY", "quantity": 3},
        )
        self.imported(items=[{"sku": "AMZ-SNACK-001"}])
        self.sync()
        told = {sku for sku, _quantity in self.writes()}
        self.assertEqual(told, {"AMZ-TEA-001", "AMZ-CUP-001"})
        # Found out when its stock is to be told for the first time.
        self.assertTrue(self.offer("AMZ-SNACK-001").gone)
        self.sync_offers()
        self.sync(full=True)
        self.assertEqual({sku for sku, _quantity in self.writes()}, {"AMZ-TEA-001", "AMZ-CUP-001"})
        self.offer("AMZ-LIGHT-001").with_user(self.user).both_channels_allowed = True
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-LIGHT-001", 100)])
        self.assertEqual(self.on_amazon("AMZ-TOWEL-002")["channel"], "fba")

    def test_taken(self):
        """What is ordered on Amazon and not reserved here counts as taken: not paid for yet, not made yet, waiting for
        goods."""
        self.started()
        order = self.imported("jp_cvs_pending", items=[{"sku": "AMZ-TEA-001", "quantity": 2}])
        self.assertEqual(order.amazon_status, "pending")
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 98)])
        # Received, and not made.
        self.place(items=[{"sku": "AMZ-TEA-001", "quantity": 3}])
        self.account.job_ids.cursor = False
        self.run_job("_fetch_orders")
        self.stock(self.tea, 10)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 105)])
        # Paid, and made: reserved now.
        self.act(order.amazon_order_ref, "pay")
        self.import_orders()
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_waits_for_orders(self):
        """While the import is started, stock waits until the orders are here; it fetches them itself if need be."""
        self.started()
        self.account.auto_import = True
        self.stock(self.tea, 5)
        self.amazon.post("faults", operation="searchOrders", kind="500_html", times=None)
        self.account.job_ids.cursor = False
        logs = self.sync()
        self.assertEqual((logs.mapped("state"), self.writes()), (["failed", "partial"], []))
        self.amazon.control("DELETE", "faults")
        self.place(items=[{"sku": "AMZ-TEA-001", "quantity": 4}])
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 101)])

    def test_ran_out_before_the_orders_are_here(self):
        """What has run out or is paused waits for no orders: whatever they take, there is none. The rest waits."""
        self.started()
        self.account.write({"auto_import": True, "inventory_feed_threshold": 0})
        self.stock(self.tea, -100)
        self.stock(self.cup, 5)
        self.amazon.post("faults", operation="searchOrders", kind="500_html", times=None)
        self.account.job_ids.cursor = False
        self.sync()
        self.results()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 0)])
        self.sync()
        self.assertEqual(self.writes(), [])
        self.amazon.control("DELETE", "faults")
        self.sync()
        self.results()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 105)])

    def test_ran_out(self):
        """What runs out is told at once: the job is woken in the transaction in which it happens."""
        self.account.with_user(self.manager).auto_inventory = True
        # What lies with Amazon is not there to be sold.
        self.env["stock.quant"]._update_available_quantity(self.tea, self.account.fba_warehouse_id.lot_stock_id, 1000)
        self.started()
        self.assertFalse(self.wakes(self.tea, -5))
        self.assertTrue(self.wakes(self.tea, -95))

    def test_archived_warehouse(self):
        """A chosen warehouse that is archived has nothing to sell; all the others do not stand in for it."""
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH", "company_id": self.company.id})
        self.env["stock.quant"]._update_available_quantity(self.tea, other.lot_stock_id, 7)
        self.account.warehouse_ids = other
        self.started()
        self.assertEqual(self.offer("AMZ-TEA-001").quantity_sent, 7)
        self.env["stock.quant"]._update_available_quantity(self.tea, other.lot_stock_id, -7)
        other.active = False
        self.sync(full=True)
        self.assertEqual(dict(self.writes())["AMZ-TEA-001"], 0)

    def test_another_shop(self):
        """Another merchant token is another shop: it is told everything anew, once its SKUs are known; also if its
        stock was not sent for a while."""
        self.started()
        self.account.stock_watched = False
        seller = self.seller
        self.seller = self.amazon.seller()
        self.account.with_user(self.manager).write(
            {
                "merchant_id": self.seller["merchant_id"],
                "lwa_client_id": self.seller["client_id"],
                "lwa_client_secret": self.seller["client_secret"],
                "refresh_token": self.seller["refresh_token"],
            }
        )
        self.assertEqual((self.offer("AMZ-TEA-001").sync_state, self.offer("AMZ-TEA-001").seen_at), ("unsent", False))
        self.list_on_amazon({"sku": "AMZ-TEA-001"}, {"sku": "AMZ-CUP-001", "channel": "fba"})
        self.known_writes = 0
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])
        self.assertNotEqual(seller["merchant_id"], self.seller["merchant_id"])

    def test_one_that_fails(self):
        """A SKU of which nothing can be told says so, and keeps no other from being told."""
        # As a constraint of another addon would.
        self.env.cr.execute(
            "CREATE FUNCTION no_cups() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF NEW.sku = 'AMZ-CUP-001' AND NEW.quantity > 0 THEN RAISE EXCEPTION 'no cups'; END IF;"
            " RETURN NEW; END $$;"
            "CREATE TRIGGER no_cups BEFORE INSERT OR UPDATE ON amazon_quantity FOR EACH ROW EXECUTE FUNCTION no_cups()"
        )
        with mute_logger("odoo.sql_db"):
            self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])
        cup = self.offer("AMZ-CUP-001")
        self.assertEqual((cup.sync_state, "no cups" in cup.sync_message), ("error", False))
        self.env.cr.execute("DROP TRIGGER no_cups ON amazon_quantity")
        self.stock(self.cup, 1)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 101)])

    def test_by_hand(self):
        """What a person asks for is sent although the job is stopped, and nothing else; a reader may not ask."""
        self.started()
        self.stock(self.tea, 5)
        self.stock(self.cup, 5)
        with self.assertRaises(AccessError):
            self.offer("AMZ-TEA-001").with_user(self.reader()).action_send_now()
        self.offer("AMZ-TEA-001").with_user(self.user).action_send_now()
        self.run_job("_send_requested_stock")
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 105)])
        # Told the same again, because somebody wants it.
        self.offer("AMZ-TEA-001").with_user(self.user).action_send_now()
        self.run_job("_send_requested_stock")
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 105)])
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 105)])
        self.account.with_user(self.manager).action_send_all_stock()
        self.run_job("_send_requested_stock")
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 105), ("AMZ-TEA-001", 105)])

    def reader(self):
        return new_test_user(
            self.env,
            "stock_reader",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

    def test_refused(self):
        """What Amazon refuses says why, and waits until something has changed."""
        self.change_listing(
            "AMZ-TEA-001", write_issues=[{"code": "90220", "severity": "ERROR", "message": "商品名が必要です"}]
        )
        log = self.sync()
        self.assertEqual((log.accepted, log.refused), (1, 1))
        tea = self.offer("AMZ-TEA-001")
        self.assertEqual((tea.sync_state, tea.sync_message), ("error", "商品名が必要です"))
        self.change_listing("AMZ-TEA-001", write_issues=[])
        self.writes()
        self.sync()
        self.assertEqual(self.writes(), [])
        self.stock(self.tea, 1)
        self.sync()
        self.assertEqual((self.writes(), tea.sync_state), ([("AMZ-TEA-001", 101)], "done"))

    def test_lost_answer(self):
        """The answer was lost: Amazon is asked what it has, and told again only if it does not have it."""
        self.started()
        now = fields.Datetime.now()
        for kind, written in (("cut_after", [("AMZ-TEA-001", 101)]), ("timeout", [])):
            with self.subTest(kind=kind), freeze_time(now) as clock:
                self.stock(self.tea, 1)
                self.amazon.post("faults", operation="patchListingsItem", kind=kind, times=1, seconds=1)
                self.sync()
                self.assertEqual(self.writes(), written)
                for _again in range(4):
                    clock.tick(timedelta(minutes=11))
                    self.sync()
                tea = self.offer("AMZ-TEA-001")
                self.assertEqual(tea.sync_state, "done")
                self.assertEqual(self.on_amazon("AMZ-TEA-001")["quantity"], tea.quantity_sent)
                self.assertEqual(self.writes(), [] if written else [("AMZ-TEA-001", 102)])

    def test_as_a_feed(self):
        """Many go as one feed, what has run out directly; what the report refuses stands on the SKU."""
        self.account.inventory_feed_threshold = 1
        self.list_on_amazon({"sku": "AMZ-TOWEL-002"}, {"sku": "AMZ-LIGHT-001"})
        self.stock(self.products["AMZ-LIGHT-001"], -100)
        self.change_listing(
            "AMZ-CUP-001", write_issues=[{"code": "90220", "severity": "ERROR", "message": "ブランドが必要です"}]
        )
        self.sync_offers()
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-LIGHT-001", 0)])
        self.assertEqual(self.offer("AMZ-TEA-001").sync_state, "sending")
        self.results()
        self.assertEqual(sorted(self.writes()), [("AMZ-TEA-001", 100), ("AMZ-TOWEL-002", 100)])
        self.assertEqual(self.offer("AMZ-TEA-001").sync_state, "done")
        cup = self.offer("AMZ-CUP-001")
        self.assertEqual((cup.sync_state, cup.sync_message), ("error", "ブランドが必要です"))

    def test_changed_while_sending(self):
        """What changes while a feed is at Amazon goes with the next one."""
        self.account.inventory_feed_threshold = 0
        self.sync()
        self.stock(self.tea, 5)
        self.sync()
        self.assertEqual(self.writes(), [])
        self.results()
        self.assertEqual(dict(self.writes())["AMZ-TEA-001"], 100)
        self.sync()
        self.results()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 105)])

    def more_skus(self, *skus):
        """Offer the cups under further SKUs."""
        self.list_on_amazon(*skus)
        for sku in skus:
            self.env["amazon.offer"].create(
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids[0].id,
                    "sku": sku,
                    "product_id": self.cup.id,
                }
            )

    def feeds(self):
        return self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")

    def test_several_feeds_at_a_time(self):
        """What changes of other SKUs while feeds are at Amazon goes as a further feed, as many as Amazon takes; what
        has run out goes by itself then; the rest goes when there is room."""
        self.account.inventory_feed_threshold = 0
        self.sync()
        for number in range(2, 6):
            self.more_skus(f"MORE-{number}")
            self.sync()
        self.assertEqual(len(self.feeds()), 5)
        self.more_skus("MORE-6", "MORE-7")
        self.offer("MORE-7").paused = True
        self.sync()
        self.assertEqual((len(self.feeds()), self.writes()), (5, [("MORE-7", 0)]))
        self.assertEqual(self.offer("MORE-6").sync_state, "unsent")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=6)):
            self.env["amazon.quota"].search([]).tokens = 5
            self.results()
            self.sync()
            self.results()
        self.assertEqual(len(self.feeds()), 6)
        self.assertEqual(dict(self.writes()), {sku: 100 for sku in self.listed("MORE-7")})

    def listed(self, *without):
        every = self.amazon.get(f"listings?merchant_id={self.seller['merchant_id']}")
        return {listing["sku"] for listing in every} - {*without}

    def test_two_marketplaces(self):
        """One product under the same SKU in two marketplaces is told in each, by a feed of its own."""
        german, french = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
        self.seller = self.amazon.seller(region="eu", marketplaces=[german, french])
        self.account = self._connect(self.seller, name="EU")
        self.list_on_amazon(*({"sku": "AMZ-TEA-001", "marketplace_id": ref} for ref in (german, french)))
        self.sync_offers()
        self.assertEqual(set(self.offer("AMZ-TEA-001").marketplace_id.mapped("api_ref")), {german, french})
        for threshold in (50, 0):
            self.account.inventory_feed_threshold = threshold
            self.stock(self.tea, 1)
            self.sync()
            self.results()
            here = self.offer("AMZ-TEA-001")[0].quantity_here
            listings = self.amazon.get(f"listings?merchant_id={self.seller['merchant_id']}")
            self.assertEqual([(one["sku"], one["quantity"]) for one in listings], [("AMZ-TEA-001", here)] * 2)
        self.assertEqual(len(self.feeds()), 2)

    def test_imported(self):
        """A table of SKUs that is imported is told like one that is typed."""
        self.started()
        self.list_on_amazon("FILE-1", "FILE-2")
        place = self.account.marketplace_ids[0].name
        result = (
            self.env["amazon.offer"]
            .with_user(self.user)
            .load(
                ["account_id", "marketplace_id", "sku", "product_id", "buffer"],
                [
                    [self.account.name, place, "FILE-1", "AMZ-TEA-001", "3"],
                    [self.account.name, place, "FILE-2", "AMZ-CUP-001", "0"],
                ],
            )
        )
        self.assertEqual((len(result["ids"] or []), result["messages"]), (2, []))
        self.sync()
        self.assertEqual(sorted(self.writes()), [("FILE-1", 97), ("FILE-2", 100)])

    def test_nothing_after_a_lost_feed(self):
        """While it is not known whether Amazon has a feed, no other goes: it could not be told from that one. What was
        in it goes with what has come since."""
        self.account.inventory_feed_threshold = 0
        self.amazon.post("faults", operation="createFeed", kind="cut_before", times=1)
        self.sync()
        self.more_skus("MORE-2")
        self.sync()
        self.assertEqual(self.feeds(), [])
        with freeze_time(fields.Datetime.now()) as clock:
            for _again in range(4):
                clock.tick(timedelta(minutes=11))
                self.sync()
                self.results()
        self.assertEqual(len(self.feeds()), 1)
        self.assertEqual(dict(self.writes()), {sku: 100 for sku in self.listed()})

    def test_full_feeds(self):
        """All stock goes in as few feeds as possible, each looked at by itself; what has run out does not wait."""
        self.account.inventory_feed_threshold = 1
        for name, value in (("LOOK", 1), ("ROUND", 2), ("MOST_MESSAGES", 3)):
            self.startPatcher(patch.object(amazon_quantity, name, value))
        self.more_skus(*(f"MORE-{number}" for number in range(2, 9)))
        self.offer("MORE-3").paused = True
        self.sync(full=True)
        self.assertEqual(self.env["amazon.feed"].search([], order="id").mapped("message_count"), [3, 3, 2])
        self.assertEqual(self.writes(), [("MORE-3", 0)])
        self.results()
        self.assertEqual(dict(self.writes()), {sku: 100 for sku in self.listed("MORE-3")})
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_moved_during_a_full_push(self):
        """What has moved is looked at before what is only to be told again."""
        self.started()
        self.more_skus("MORE-2")
        self.sync()
        self.writes()
        changes = self.env["amazon.stock.change"]
        changes._note_all(self.account, again=True)
        changes._note_offers(self.offer("MORE-2"))
        more = self.offer("MORE-2").id
        self.assertEqual(changes._take(self.account, 1)[:3], ([more], {more}, set()))
        self.assertEqual(len(changes._take(self.account, 9)[0]), 2)

    def test_cancelled_in_the_inbox(self):
        """What an order takes that is received and cannot be made is free again when it is cancelled, or left out."""
        self.started()
        self.account.unknown_sku = "hold"
        for sku, how in (("UNKNOWN-1", "cancel"), ("UNKNOWN-2", "ignore")):
            with self.subTest(how=how):
                [ref] = self.place(items=[{"sku": "AMZ-TEA-001", "quantity": 3}, {"sku": sku}], minutes_ago=0)
                self.get_orders()
                self.stock(self.tea, 10)
                self.sync()
                told = self.offer("AMZ-TEA-001").quantity_here
                self.assertEqual(self.writes(), [("AMZ-TEA-001", told)])
                if how == "cancel":
                    self.act(ref, "cancel")
                    self.get_orders("_fetch_orders")
                else:
                    rows = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
                    rows.with_user(self.user).action_ignore()
                self.sync()
                self.assertEqual(self.writes(), [("AMZ-TEA-001", told + 3)])

    def get_orders(self, method="_import_orders"):
        """Receive what Amazon has, and build it, or not."""
        self.amazon.post("clock", advance=600)
        self.account.job_ids.cursor = False
        self.run_job(method)

    def test_accepted_is_not_applied(self):
        """Whether Amazon shows what it accepted is read back; what it never shows is told once more, then a person."""
        self.change_listing("AMZ-TEA-001", applies=False)
        now = fields.Datetime.now()
        with freeze_time(now) as clock:
            self.sync()
            for minutes in (16, 31, 61):
                clock.tick(timedelta(minutes=minutes))
                self.sync()
            self.assertEqual(self.offer("AMZ-CUP-001").stock_state, "done")
            self.assertEqual(
                [write for write in self.writes() if write[0] == "AMZ-TEA-001"], [("AMZ-TEA-001", 100)] * 2
            )
            for minutes in (16, 31, 61):
                self.assertEqual(self.offer("AMZ-TEA-001").stock_state, "accepted")
                clock.tick(timedelta(minutes=minutes))
                self.sync()
        tea = self.offer("AMZ-TEA-001")
        self.assertEqual((tea.sync_state, self.writes()), ("error", []))
        self.assertIn("100", tea.sync_message)

    def test_shown_unreadably(self):
        """What Amazon shows may not be readable: that says nothing. It is asked again; a person is told of what stays
        so, and that it is the answer."""
        with freeze_time(fields.Datetime.now()) as clock:
            self.sync()
            self.writes()
            tea = self.offer("AMZ-TEA-001")
            self.change_listing("AMZ-TEA-001", available={"DEFAULT": {"quantity": "many"}})
            for minutes in (16, 31, 61):
                clock.tick(timedelta(minutes=minutes))
                self.assertEqual(tea.stock_state, "accepted")
                self.sync()
            self.assertEqual((tea.sync_state, self.writes()), ("error", []))
            self.assertIn("cannot be read", tea.sync_message)
            self.assertIn("AMZ-TEA-001", self.account.activity_ids.note)

    def test_shown_unreadably_for_a_while(self):
        """Once the answer can be read it tells, whatever was shown or could not be read before."""
        with freeze_time(fields.Datetime.now()) as clock:
            self.sync()
            tea, missing, odd = self.offer("AMZ-TEA-001"), {"quantity": 1}, {"quantity": "many"}
            for shown, minutes in ((missing, 16), (missing, 31), (odd, 61), (odd, 61)):
                self.change_listing("AMZ-TEA-001", available={"DEFAULT": shown})
                clock.tick(timedelta(minutes=minutes))
                self.sync()
                self.assertEqual((tea.stock_state, tea.quantity_id.quantity_amazon), ("accepted", 1))
            self.change_listing("AMZ-TEA-001", available={"DEFAULT": {"quantity": 100}})
            clock.tick(timedelta(minutes=61))
            self.sync()
            self.assertEqual((tea.stock_state, tea.quantity_id.asked), ("done", 0))

    def test_sold_meanwhile(self):
        """Amazon takes off what it sells at once: that is no drift."""
        now = fields.Datetime.now()
        with freeze_time(now) as clock:
            self.sync()
            self.writes()
            self.place(items=[{"sku": "AMZ-TEA-001", "quantity": 3}], minutes_ago=0)
            self.assertEqual(self.on_amazon("AMZ-TEA-001")["quantity"], 97)
            clock.tick(timedelta(minutes=16))
            self.account.job_ids.cursor = False
            self.amazon.post("clock", advance=600)
            self.import_orders()
            self.sync()
        self.assertEqual(self.offer("AMZ-TEA-001").quantity_sent, 97)

    def test_half_way(self):
        """A product that is archived or unmapped half-way is left alone, and says so."""
        self.started()
        self.stock(self.tea, 5)
        self.stock(self.cup, 5)
        self.tea.active = False
        self.offer("AMZ-CUP-001").product_id = False
        self.sync()
        self.assertEqual(self.writes(), [])
        self.assertTrue(self.offer("AMZ-TEA-001").why_not_sent)
        self.tea.active = True
        self.offer("AMZ-CUP-001").product_id = self.cup
        self.stock(self.tea, 1)
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 105), ("AMZ-TEA-001", 106)])

    def test_warehouses(self):
        """Only the chosen warehouses' stock counts; Amazon's own never does."""
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH", "company_id": self.company.id})
        self.env["stock.quant"]._update_available_quantity(self.tea, other.lot_stock_id, 7)
        fba = self.account.fba_warehouse_id
        self.env["stock.quant"]._update_available_quantity(self.tea, fba.lot_stock_id, 1000)
        self.started()
        self.assertEqual(self.offer("AMZ-TEA-001").quantity_sent, 107)
        self.account.with_user(self.manager).warehouse_ids = other
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 0), ("AMZ-TEA-001", 7)])


@tagged("post_install", "-at_install", "extra")
class TestStockOfKits(StockCase):
    """A kit has what its components allow."""

    def test_bills(self):
        """A bill of materials that changes changes what the kit has, at once; also that of a kit in a kit."""
        kit = self.make_kit()
        box = self.env["product.product"].create({"name": "Box", "default_code": "BOX-1", "is_storable": True})
        part = {"product_id": kit.id, "product_qty": 1}
        values = {"product_tmpl_id": box.product_tmpl_id.id, "type": "phantom", "bom_line_ids": [(0, 0, part)]}
        self.env["mrp.bom"].create(values)
        self.list_on_amazon("KIT-1", "BOX-1")
        self.sync_offers()
        self.sync()
        self.assertEqual(sorted(self.writes()), [("BOX-1", 33), ("KIT-1", 33)])
        bill = self.env["mrp.bom"].search([("product_tmpl_id", "=", kit.product_tmpl_id.id)])
        of_tea = bill.bom_line_ids.filtered(lambda line: line.product_id == self.tea)
        maker = new_test_user(
            self.env,
            "maker",
            "mrp.group_mrp_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        for change, units in (
            (lambda: of_tea.with_user(maker).write({"product_qty": 5}), 20),
            (lambda: of_tea.with_user(maker).unlink(), 50),
            (lambda: bill.with_user(maker).write({"product_qty": 2}), 100),
        ):
            change()
            self.sync()
            self.assertEqual(sorted(self.writes()), [("BOX-1", units), ("KIT-1", units)])
        bill.with_user(maker).active = False
        self.sync()
        self.assertEqual(sorted(self.writes()), [("BOX-1", 0), ("KIT-1", 0)])

    def test_kit(self):
        """Less what orders take of the components; what moves of a component changes the kit."""
        self.make_kit()
        self.list_on_amazon("KIT-1", "AMZ-TEA-001", "AMZ-CUP-001")
        self.sync_offers()
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 100), ("AMZ-TEA-001", 100), ("KIT-1", 33)])
        self.stock(self.tea, -40)
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-TEA-001", 60), ("KIT-1", 20)])
        self.imported("jp_cvs_pending", items=[{"sku": "KIT-1", "quantity": 2}])
        self.sync()
        self.assertEqual(sorted(self.writes()), [("AMZ-CUP-001", 96), ("AMZ-TEA-001", 54), ("KIT-1", 18)])

    def test_ran_out(self):
        """A kit, and a kit of kits, has run out when less of a component is left than one takes."""
        kit = self.make_kit()
        box = self.env["product.product"].create({"name": "Box", "default_code": "BOX-1", "is_storable": True})
        part = {"product_id": kit.id, "product_qty": 2}
        values = {"product_tmpl_id": box.product_tmpl_id.id, "type": "phantom", "bom_line_ids": [(0, 0, part)]}
        self.env["mrp.bom"].create(values)
        self.account.with_user(self.manager).auto_inventory = True
        self.list_on_amazon("KIT-1")
        self.sync_offers()
        self.sync()
        self.assertFalse(self.wakes(self.tea, -97))
        self.assertTrue(self.wakes(self.tea, -1))
        self.stock(self.tea, 98)
        self.list_on_amazon("BOX-1")
        self.sync_offers()
        self.assertFalse(self.wakes(self.tea, -94))
        self.assertTrue(self.wakes(self.tea, -1))


@tagged("post_install", "-at_install", "both")
class TestStockSpeed(StockCase):
    """What noting costs those who move goods."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon("AMZ-TEA-001", "AMZ-CUP-001")
        self.sync_offers()

    @counts_queries
    def test_queries_of_a_move(self):
        """A receipt and a delivery cost at most two queries more than without the SKUs, one of which only looks whether
        they are watched."""
        spent = {}
        # What is asked once per process is asked before.
        for watched in (False, False, True):
            self.account.stock_watched = watched
            spent[watched] = self.spent_on_moves()
        self.assertTrue(self.env["amazon.stock.change"].search_count([]))
        for name, (every, ours) in spent[True].items():
            self.assertLessEqual(ours, 2, name)
            self.assertLessEqual(every, spent[False][name][0] + 1, name)

    def spent_on_moves(self):
        """Return how many queries a receipt and a delivery take, from validating to the end of the transaction, and how
        many of them are about SKUs."""
        spent = {}
        supplier = self.env.ref("stock.stock_location_suppliers")
        customer = self.env.ref("stock.stock_location_customers")
        for name, kind, source, target in (
            ("receipt", self.warehouse.in_type_id, supplier, self.warehouse.lot_stock_id),
            ("delivery", self.warehouse.out_type_id, self.warehouse.lot_stock_id, customer),
        ):
            places = {"location_id": source.id, "location_dest_id": target.id}
            picking = self.env["stock.picking"].create(
                {
                    "picking_type_id": kind.id,
                    **places,
                    "move_ids": [
                        (0, 0, {"product_id": product.id, "product_uom_qty": 2, **places})
                        for product in (self.tea, self.cup)
                    ],
                }
            )
            picking.action_confirm()
            picking.action_assign()
            self.env.cr.flush()
            self.env.invalidate_all()
            with self.statements() as found:
                picking.button_validate()
                self.env.cr.flush()
            spent[name] = len(found), sum("amazon_offer" in query for query in found)
            self.assertEqual(picking.state, "done")
        return spent
