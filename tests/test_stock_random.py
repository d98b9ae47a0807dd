"""Whatever happens to stock, orders and Amazon's answers: in the end Amazon has what is here."""

from datetime import timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odoo import fields
from odoo.tests import tagged

from .common_stock import StockCase

OWN = ("AMZ-TEA-001", "AMZ-CUP-001", "AMZ-SNACK-001")
FAULTS = ("timeout", "cut_before", "cut_after", "timeout_after", "500_after", "truncated_json", "html_200", "429")
CALLS = ("patchListingsItem", "createFeed", "getFeed", "getListingsItem", "searchListingsItems", "downloadFeedDocument")
# What the numbers of a step mean is its own.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "receive",
                "sell",
                "order elsewhere",
                "cancel elsewhere",
                "order",
                "pay",
                "cancel",
                "settings",
                "map",
                "archive",
                "sync",
                "results",
                "trouble",
                "by feed",
                "wait",
            )
        ),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    min_size=3,
    max_size=14,
)


@tagged("post_install", "-at_install", "both")
class TestStockAtRandom(StockCase):
    """Sequences of everything that may happen."""

    # Not shrunk: each example is many calls; what fails names its steps.
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def test_amazon_has_what_is_here(self, steps):
        """After two quiet syncs Amazon has of each SKU what is here; what is not ours to tell is as it was; and nothing
        is told when nothing differs."""
        savepoint = self.env.cr.savepoint()
        try:
            self.new_seller()
            self.known_writes = 0
            self.play(steps)
        finally:
            self.amazon.control("DELETE", "faults")
            self.amazon.post("clock", now=None)
            self.amazon.post("settings", cancelled_units="lost", listing_seconds=0)
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def play(self, steps):
        """Do the steps, calm down, and check."""
        self.elsewhere, self.orders_there = self.env["sale.order"], []
        self.amazon.post("settings", cancelled_units="return", listing_seconds=30)
        self.list_on_amazon(*OWN, {"sku": "AMZ-TOWEL-002", "channel": "fba", "quantity": 5}, {"sku": "NOBODYS"})
        untouched = {sku: self.on_amazon(sku) for sku in ("AMZ-TOWEL-002", "NOBODYS")}
        with freeze_time(fields.Datetime.now()) as self.clock:
            self.sync_offers()
            self.sync()
            for name, one, two in steps:
                getattr(self, "do_" + name.replace(" ", "_"))(one, two)
            self.calm_down()
            for sku in OWN:
                offer, there = self.offer(sku), self.on_amazon(sku)
                if offer.why_not_sent:
                    continue
                self.assertEqual(there["quantity"], offer.quantity_here, (sku, offer.sync_message))
                self.assertEqual((offer.stock_state, offer.quantity_sent), ("done", offer.quantity_here))
                self.assertFalse([write for write in there["writes"] if write.get("out_of_order")])
            self.assertEqual({sku: self.on_amazon(sku) for sku in untouched}, untouched)
            self.writes()
            self.pass_time(60)
            self.sync()
            self.results()
            self.assertEqual(self.writes(), [])

    def pass_time(self, minutes):
        """Let time pass here and on Amazon."""
        self.clock.tick(timedelta(minutes=minutes))
        self.amazon.post("clock", advance=60 * minutes)
        self.env["amazon.quota"].search([]).tokens = 10

    def calm_down(self):
        """Let time pass until what went wrong is over and what was accepted is shown."""
        self.amazon.control("DELETE", "faults")
        self.get_orders()
        for minutes in (12, 12, 16, 31, 61, 16, 31):
            self.pass_time(minutes)
            self.sync()
            self.results()

    def get_orders(self):
        """Have everything here that happened to orders on Amazon."""
        self.pass_time(3)
        self.account.job_ids.cursor = False
        self.import_orders()

    def product(self, number):
        return self.products[OWN[number % len(OWN)]]

    # --- the steps

    def do_receive(self, one, two):
        self.stock(self.product(one), 1 + two)

    def do_sell(self, one, two):
        self.stock(self.product(one), -20 * (1 + two))

    def do_order_elsewhere(self, one, two):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.product(one).id, "product_uom_qty": 1 + two})],
            }
        )
        order.action_confirm()
        self.elsewhere |= order

    def do_cancel_elsewhere(self, one, _two):
        self.elsewhere[one : one + 1]._action_cancel()

    def do_order(self, one, two):
        kind = "jp_cvs_pending" if two % 2 else "jp_standard"
        refs = self.place(kind, minutes_ago=0, items=[{"sku": self.product(one).default_code, "quantity": 1 + two}])
        self.orders_there += refs
        if one % 2:
            self.get_orders()

    def do_pay(self, one, _two):
        self.act_on(one, "pay", "PENDING")

    def do_cancel(self, one, two):
        self.act_on(one, "cancel", "PENDING", "UNSHIPPED")
        if two % 2:
            self.get_orders()

    def act_on(self, number, action, *statuses):
        for ref in self.orders_there[number : number + 1]:
            if self.amazon.get(f"orders/{ref}")["fulfillment"]["fulfillmentStatus"] in statuses:
                self.act(ref, action)

    def do_settings(self, one, two):
        self.offer(OWN[one % 3]).with_user(self.user).write(
            (
                {"buffer": 3 * two},
                {"quantity_max": 10 * two},
                {"quantity_fixed": two},
                {"paused": bool(two % 2)},
                {"handling_days": two},
            )[(one + two) % 5]
        )

    def do_map(self, one, two):
        self.offer(OWN[one % 3]).with_user(self.user).product_id = self.product(two) if two % 4 else False

    def do_archive(self, one, two):
        self.product(one).active = bool(two % 3)

    def do_sync(self, _one, _two):
        self.pass_time(1)
        self.sync()

    def do_results(self, _one, _two):
        self.pass_time(3)
        self.results()

    def do_trouble(self, one, two):
        self.amazon.post("faults", operation=CALLS[two % len(CALLS)], kind=FAULTS[one], times=1, seconds=1)

    def do_by_feed(self, one, _two):
        self.account.inventory_feed_threshold = (0, 1, 50)[one % 3]

    def do_wait(self, one, _two):
        self.pass_time(1 + 5 * one)
