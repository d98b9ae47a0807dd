"""What orders and SKUs bring, and what Amazon still owes."""

import runpy
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import counts_queries
from .common_settlements import SettlementsCase

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.integers(1, 300)),
        st.tuples(st.just("deferred"), st.integers(1, 300)),
        st.tuples(st.just("release"), st.integers(-20, 20)),
        st.tuples(st.just("pay"), st.integers(0, 100)),
        st.tuples(st.just("sync"), st.none()),
        st.tuples(st.just("fetch"), st.none()),
        st.tuples(st.just("days"), st.integers(1, 9)),
    ),
    min_size=3,
    max_size=10,
)


class ProfitCase(SettlementsCase):
    """A shop whose goods have cost something."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finances = cls.account._job("finances")
        for product in cls.products.values():
            product.standard_price = 30

    def rows(self, *orders):
        """Return what orders bring, as the accountant sees it."""
        domain = [("order_id", "in", [order.id for order in orders])]
        return self.env["amazon.profit"].with_user(self.accountant).search(domain, order="order_id, sku")

    def owed(self, order):
        """Return what Amazon owes of an order, as the accountant sees it."""
        self.env.flush_all()
        return self.env["amazon.owed"].with_user(self.accountant).search([("order_id", "=", order.id)])

    def paid(self, **values):
        """Have Amazon pay out and read that; Finances are not read again."""
        self.pay(**values)
        self.fetch()

    def settled_amount(self, order):
        lines = self.env["amazon.settlement.line"].search([("order_id", "=", order.id)])
        return sum(lines.mapped("amount"))


@tagged("post_install", "-at_install")
class TestProfit(ProfitCase):
    """Money that stands in a settlement counts by its lines, other money by Finances, and nothing twice."""

    def test_from_the_sale_to_the_settlement(self):
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "quantity": 2, "price": 2000, "shipping": 500}])
        self.assertFalse(self.rows(order), "nothing is known")
        self.sync()
        [row] = self.rows(order)
        self.assertEqual((row.sku, row.quantity, row.source), ("AMZ-TEA-001", 2, "finances"))
        self.assertEqual((row.account_id, row.currency_id), (self.account, self.company.currency_id))
        self.assertEqual(row.product_id, self.products["AMZ-TEA-001"])
        self.assertEqual((row.sales, row.refunds, row.fees), (order.amazon_total, 0, order.amazon_fees))
        self.assertEqual(row.proceeds, order.amazon_proceeds)
        self.assertEqual((row.shown_amount, row.settled_amount, row.deferred_amount), (row.proceeds, 0, 0))
        self.assertEqual((row.cost, row.cost_unknown, row.profit), (60, False, row.proceeds - 60))
        mine = order.with_user(self.accountant)
        self.assertEqual((mine.amazon_profit, mine.amazon_cost_unknown), (row.profit, False))
        proceeds = row.proceeds
        self.paid(reserve=100)
        for _again in range(2):
            [row] = self.rows(order)
            self.assertEqual((row.source, row.settled_amount, row.shown_amount), ("settlement", proceeds, 0))
            self.assertEqual((row.proceeds, row.sales, row.profit), (proceeds, order.amazon_total, proceeds - 60))
            self.assertEqual(row.proceeds, self.settled_amount(order))
            self.finances.cursor = False
            self.sync()

    def test_settlements_alone(self):
        """Finances need not be read."""
        order = self.sold()
        self.paid()
        [row] = self.rows(order)
        self.assertEqual((row.source, row.proceeds), ("settlement", self.settled_amount(order)))
        self.sync()
        self.assertEqual(self.rows(order).proceeds, self.settled_amount(order))
        self.assertEqual(order.amazon_payout_state, "settled")

    def test_a_refund_after_the_settlement(self):
        order = self.settled()
        self.paid()
        before = self.rows(order).proceeds
        self.amazon.post("clock", advance=60)
        self.refund(order, amount=100)
        [row] = self.rows(order)
        self.assertEqual((row.source, row.settled_amount, row.refunds), ("both", before, -100))
        self.assertEqual(row.proceeds, order.amazon_proceeds)
        self.assertLess(row.shown_amount, 0)
        self.assertEqual(self.owed(order).amount, row.shown_amount)
        self.paid()
        [row] = self.rows(order)
        self.assertEqual((row.source, row.refunds, row.proceeds), ("settlement", -100, order.amazon_proceeds))
        self.assertFalse(self.owed(order))

    def test_deferred(self):
        """What is deferred is in no settlement, though others of the order's amounts are; once released it is."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        row = self.rows(order)
        proceeds = row.proceeds
        self.assertEqual((row.deferred_amount, row.shown_amount), (proceeds, 0))
        self.refund(order, amount=100)
        self.paid()
        [row] = self.rows(order)
        self.assertEqual((row.source, row.deferred_amount, row.proceeds), ("both", proceeds, order.amazon_proceeds))
        self.amazon.post("clock", advance=8 * 24 * 3600)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.paid()
        self.assertEqual(self.rows(order).proceeds, order.amazon_proceeds, "though Finances were not read since")
        self.sync()
        [row] = self.rows(order)
        self.assertEqual((row.source, row.proceeds), ("settlement", order.amazon_proceeds))
        self.assertEqual(row.proceeds, self.settled_amount(order))

    def test_settled_and_not_classified(self):
        """Of what a settlement has nobody may know whether it is a sale: it is neither, and counts once."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        self.amazon.post("clock", advance=8 * 24 * 3600)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.paid()
        self.assertEqual(self.rows(order).proceeds, order.amazon_proceeds)
        sales = self.env["amazon.transaction.type"].search([("key", "=", "order")])
        sales.with_user(self.accountant).kind = "unclassified"
        [row] = self.rows(order)
        self.assertEqual((row.source, row.sales, row.refunds), ("settlement", 0, 0))
        self.assertEqual((row.proceeds, row.proceeds - row.fees), (order.amazon_proceeds, row.other_amount))

    def test_a_sale_of_an_older_settlement(self):
        """Of a refund's settlement that is here, and a sale's that is not, both count."""
        order = self.settled()
        self.pay()
        self.amazon.post("clock", advance=20 * 24 * 3600)
        before = order.amazon_proceeds
        self.amazon.post("refund", order_id=order.amazon_order_ref, amount=100)
        self.pay()
        self.fetch()
        first, second = self.settlements()
        first.line_ids.order_id = False
        self.env["amazon.profit"]._add_up(order)
        refund = sum(second.line_ids.filtered("order_id").mapped("amount"))
        self.assertLess(refund, 0)
        self.assertEqual(self.rows(order).proceeds, before + refund)

    def test_several_skus(self):
        """Each has its own; what names none is of none."""
        order = self.settled(items=[{"sku": "AMZ-TEA-001", "price": 900}, {"sku": "AMZ-CUP-001", "price": 500}])
        cup, tea = self.rows(order)
        self.assertEqual((cup.sku, tea.sku), ("AMZ-CUP-001", "AMZ-TEA-001"))
        self.assertGreater(tea.sales, cup.sales)
        self.assertEqual(cup.sales + tea.sales, order.amazon_total)
        self.tell("LABEL", -70, order, name="MfnPostageFee", transactionType="ServiceFee")
        self.sync()
        whole, cup, tea = self.rows(order)
        self.assertEqual((whole.sku, whole.proceeds, whole.profit, whole.cost_unknown), ("", -70, -70, False))
        self.assertEqual(whole.proceeds + cup.proceeds + tea.proceeds, order.amazon_proceeds)

    def test_one_sku(self):
        """All of the order is of it."""
        order = self.settled()
        self.tell("LABEL", -70, order, name="MfnPostageFee", transactionType="ServiceFee")
        self.sync()
        self.assertEqual(self.rows(order).proceeds, order.amazon_proceeds)

    def test_cost_unknown(self):
        """No cost is no profit, and is said."""
        tea = self.products["AMZ-TEA-001"]
        tea.standard_price = 0
        order = self.settled(items=[{"sku": "AMZ-TEA-001", "price": 900}, {"sku": "AMZ-CUP-001", "price": 500}])
        cup, row = self.rows(order)
        self.assertEqual((row.cost_unknown, row.without_cost, row.profit, row.cost), (True, 1, 0, 0))
        self.assertEqual((cup.cost_unknown, cup.profit), (False, cup.proceeds - 30))
        mine = order.with_user(self.accountant)
        self.assertEqual((mine.amazon_cost_unknown, mine.amazon_profit), (True, 0))
        profits = self.env["amazon.profit"].with_user(self.accountant)
        [[known, without]] = profits._read_group([("order_id", "=", order.id)], [], ["profit:sum", "without_cost:sum"])
        self.assertEqual((known, without), (cup.profit, 1))
        self.assertEqual(profits.search([("cost_unknown", "=", True), ("order_id", "=", order.id)]), row)

    def test_nothing_delivered(self):
        """What has left on Amazon and not in Odoo has no cost here."""
        order = self.imported()
        self.paid_for(order, 100)
        [row] = self.rows(order)
        self.assertEqual((row.proceeds, row.cost_unknown), (100, True))
        self.ship(order.picking_ids)
        self.assertEqual((row.cost_unknown, row.cost), (False, 30 * row.quantity))

    def paid_for(self, order, amount):
        self.upload(self.simple(str(amount), total=str(amount), order=order.amazon_order_ref))

    def test_what_comes_back(self):
        """A return takes its cost back; a value that is corrected counts as it is then."""
        order = self.settled(items=[{"sku": "AMZ-TEA-001", "quantity": 2}])
        [row] = self.rows(order)
        self.assertEqual(row.cost, 60)
        move = order.picking_ids.move_ids
        move.value = 80
        self.assertEqual((row.cost, row.profit), (80, row.proceeds - 80))
        move.value = 60
        wizard = self.env["stock.return.picking"].with_context(
            active_id=order.picking_ids.id, active_ids=order.picking_ids.ids, active_model="stock.picking"
        )
        back = wizard.create({})
        back.product_return_moves.quantity = 1
        self.ship(self.env["stock.picking"].browse(back.action_create_returns()["res_id"]))
        self.assertEqual((row.cost, row.profit), (30, row.proceeds - 30))

    def test_other_currencies(self):
        """The cost is in the order's currency, by the rate of its day."""
        order = self.settled()
        [row] = self.rows(order)
        order.currency_rate = 0.5
        self.env["amazon.profit"]._add_up(order)
        self.assertEqual(row.cost, 15 * row.quantity)

    def test_kinds(self):
        """What is classified otherwise counts so, whichever says it; the sum stays."""
        order = self.settled()
        name = self.env["amazon.amount.type"]._by_name({"Commission"})["Commission"]
        [row] = self.rows(order)
        fees, proceeds = row.fees, row.proceeds
        self.assertTrue(fees)
        for _by in ("finances", "settlement"):
            name.with_user(self.accountant).kind = "other"
            self.assertEqual((row.fees, row.proceeds), (0, proceeds))
            self.assertEqual(row.other_amount, fees)
            name.with_user(self.accountant).kind = "commission"
            self.assertEqual((row.fees, row.proceeds), (fees, proceeds))
            self.paid()
            [row] = self.rows(order)
        self.assertEqual(row.source, "settlement")

    def test_orders_that_come_later(self):
        [ref] = self.amazon.post("orders", merchant_id=self.seller["merchant_id"], kind="jp_standard")["order_ids"]
        self.amazon.post(f"orders/{ref}/ship")
        self.paid()
        self.amazon.post("clock", advance=600)
        self.imports()
        order = self.env["sale.order"].search([("amazon_order_ref", "=", ref)])
        self.assertEqual(self.rows(order).proceeds, self.settled_amount(order))
        self.assertEqual(order.amazon_payout_state, "settled")

    def test_other_contents(self):
        """What a settlement does not have any more does not count any more."""
        order, other = self.imported(count=2)
        self.upload(self.simple("80", total="80", order=order.amazon_order_ref, ref="1"))
        self.assertEqual(self.rows(order).proceeds, 80)
        self.upload(self.simple("90", total="90", order=other.amazon_order_ref, ref="1"))
        self.assertFalse(self.rows(other))
        self.settlements().with_user(self.accountant).action_take_other()
        self.assertFalse(self.rows(order))
        self.assertFalse(order.amazon_payout_state)
        self.assertEqual(self.rows(other).proceeds, 90)

    def test_long_settlements(self):
        """What a run has not come to goes on where it was; a person waits for the first of it only."""
        orders = self.imported(count=3)
        text = self.text(
            *(
                ("Order", order.amazon_order_ref, "Amazon.co.jp", "ItemPrice", "Principal", "30", "2026-11-03", "", "")
                for order in orders
            )
        )
        self.upload(text)
        settlement = self.settlements()
        self.assertEqual(settlement.counted, -1)
        self.env["amazon.profit"].search([("order_id", "in", orders.ids)]).unlink()
        settlement.counted = sorted(orders.ids)[0]
        self.fetch()
        self.assertEqual((settlement.counted, len(self.rows(*orders))), (-1, 2))

    def test_upgrade(self):
        """What was known before there were profits counts, too."""
        settled, shown = self.settled(), self.sold()
        self.paid()
        self.sync()
        before = self.rows(settled, shown).read(["proceeds", "profit", "source"])
        self.env["amazon.profit"].search([]).unlink()
        (settled | shown).amazon_payout_state = False
        self.settlements().counted = 0
        path = Path(__file__).parents[1] / "migrations" / "19.0.1.8.0" / "post-migrate.py"
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.7.0")
        self.env.invalidate_all()
        after = self.rows(settled, shown).read(["proceeds", "profit", "source"])
        self.assertTrue(after)
        self.assertEqual([{**row, "id": 0} for row in after], [{**row, "id": 0} for row in before])
        self.assertEqual(settled.amazon_payout_state, "settled")
        self.assertEqual(self.settlements().mapped("counted"), [-1])

    def test_drill_down(self):
        order = self.settled()
        self.paid()
        accountant = self.env(user=self.accountant)
        row = self.rows(order)
        offer = self.env["amazon.offer"].search([("sku", "=", row.sku), ("account_id", "=", self.account.id)])
        for action, found in (
            (order.with_env(accountant).action_amazon_view_profit(), row),
            (offer.with_env(accountant).action_view_profit(), row),
            (row.action_view_transactions(), self.transactions(order)),
            (row.action_view_settlement_lines(), self.settlements().line_ids.filtered("order_id")),
        ):
            self.assertEqual(accountant[action["res_model"]].search(action["domain"]), found)

    @counts_queries
    def test_many_orders_cost_few_queries(self):
        few, many = self.sold_together(2), self.sold_together(12)
        self.sync()
        profits = self.env["amazon.profit"].sudo()
        counts = []
        for orders in (few, many):
            profits.search([("order_id", "in", orders.ids)]).unlink()
            orders.amazon_payout_state = False
            counts.append(self.queries(profits._add_up, orders))
        self.assertEqual(*counts)
        self.assertLess(counts[0], 12)

    def sold_together(self, count):
        orders = self.imported(count=count)
        for order in orders:
            self.amazon.post(f"orders/{order.amazon_order_ref}/ship")
        self.amazon.post("clock", advance=600)
        self.import_orders()
        return orders

    def test_only_accountants(self):
        order = self.settled()
        here = {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
        bookkeeper = new_test_user(self.env, "amazon_bookkeeper", "account.group_account_invoice", **here)
        row, owed = self.rows(order), self.owed(order)
        self.assertTrue(row and owed)
        for user in (self.user, bookkeeper):
            for record in (row, owed):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["amount" if record == owed else "profit"])
            with self.assertRaises(AccessError):
                order.with_user(user).read(["amazon_profit"])

    def test_other_companies(self):
        self.settled()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "amazon_stranger",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        self.env.flush_all()
        for model in ("amazon.profit", "amazon.owed"):
            theirs = self.env[model].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
            self.assertFalse(theirs.search([]))
            self.assertTrue(self.env[model].with_user(self.accountant).search([]))

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS, st.sampled_from(("none", "DD7")))
    def test_any_sequence(self, steps, defer):
        """Whatever is read when: what both know counts once, and all of it."""
        self.amazon.post("settings", finance_defer=defer)
        order = self.sold(items=[{"sku": "AMZ-CUP-001", "quantity": 2, "price": 2000}])
        left = order.amazon_total - 200
        for step, value in steps:
            if step in ("refund", "deferred") and value < left:
                deferred = step == "deferred"
                self.amazon.post("refund", order_id=order.amazon_order_ref, amount=value, deferred=deferred)
                left -= value
            elif step == "release" and self.waits(order):
                self.amazon.post("release", order_id=order.amazon_order_ref, more={"Commission": value})
            elif step == "pay":
                self.pay(reserve=value)
                # Of what is posted in the very second in which a settlement ends it is not known whether it is in it.
                self.amazon.post("clock", advance=1)
            elif step == "days":
                self.amazon.post("clock", advance=value * 24 * 3600)
            elif step == "fetch":
                self.fetch()
            elif step == "sync":
                self.sync()
                self.fetch()
                self.assertEqual(sum(self.rows(order).mapped("proceeds")), order.amazon_proceeds, steps)
            self.assertEqual(sum(self.rows(order).mapped("settled_amount")), self.settled_amount(order))
        if self.waits(order):
            self.amazon.post("release", order_id=order.amazon_order_ref)
        self.pay()
        self.fetch()
        self.sync()
        [row] = self.rows(order)
        self.assertEqual((row.proceeds, row.source), (order.amazon_proceeds, "settlement"), steps)
        self.assertEqual(row.proceeds, self.settled_amount(order))
        self.assertEqual((order.amazon_payout_state, order.amazon_payout_open), ("settled", 0))

    def waits(self, order):
        shown = self.amazon.get(f"transactions?order_id={order.amazon_order_ref}")
        return any(entry["transaction"]["transactionStatus"] == "DEFERRED" for entry in shown)


@tagged("post_install", "-at_install")
class TestOwed(ProfitCase):
    """Orders that have left, and whose money is in no settlement yet."""

    def test_what_is_known(self):
        self.sync()
        self.finances.known_since = self.finances.known_since - timedelta(days=60)
        order = self.sold()
        owed = self.owed(order)
        self.assertEqual((owed.state, owed.amount, owed.total), ("unknown", order.amazon_total, order.amazon_total))
        self.assertEqual((owed.company_id, owed.account_id), (self.company, self.account))
        self.sync()
        owed = self.owed(order)
        self.assertEqual((owed.state, owed.amount, owed.deferred_amount), ("shown", order.amazon_proceeds, 0))
        self.paid()
        self.assertFalse(self.owed(order))

    def test_deferred(self):
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        owed = self.owed(order)
        self.assertEqual((owed.state, owed.amount), ("deferred", order.amazon_proceeds))
        self.assertEqual(owed.deferred_amount, owed.amount)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.sync()
        self.assertEqual((self.owed(order).state, self.owed(order).deferred_amount), ("shown", 0))

    def test_what_has_not_left(self):
        self.sync()
        order = self.imported()
        self.assertFalse(self.owed(order))

    def test_what_costs_nothing(self):
        """Amazon owes nothing of what it sends for free."""
        self.sync()
        self.finances.known_since = self.finances.known_since - timedelta(days=60)
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "price": 0}])
        self.assertEqual(order.amazon_total, 0)
        self.assertFalse(self.owed(order))

    def test_before_anything_was_read(self):
        """Nothing can be said of what was before."""
        order = self.sold()
        self.assertFalse(self.owed(order), "neither Finances nor settlements were read")
        self.sync()
        order = self.sold()
        self.finances.known_since = order.date_order + timedelta(days=1)
        self.assertFalse(self.owed(order))
        self.finances.known_since = order.date_order
        self.assertTrue(self.owed(order))

    def test_ages(self):
        orders = self.sold() | self.sold() | self.sold() | self.sold()
        self.sync()
        now = self.env.cr.now()
        for order, days in zip(orders, (7, 8, 30, 31), strict=True):
            order.effective_date = now - timedelta(days=days, minutes=1)
        self.assertEqual([self.owed(order).age for order in orders], ["07", "14", "30", "99"])
        owed = self.env["amazon.owed"].with_user(self.accountant)
        mine = [("order_id", "in", orders.ids)]
        groups = owed.formatted_read_group(mine, ["age"], ["amount:sum"])
        self.assertEqual([group["age"] for group in groups], ["07", "14", "30", "99"])
        self.assertEqual([group["amount:sum"] for group in groups], orders.mapped("amazon_proceeds"))
        old = self.owed(orders[3])
        self.assertEqual(owed.search([*mine, ("age", "=", "99")]), old)
        self.assertEqual(old.action_view_order()["res_id"], orders[3].id)
        self.assertEqual(self.env["sale.order"].search(owed.search(mine).action_view_orders()["domain"]), orders)
