"""A process that reads settlement reports may die at any moment: each settlement is here as a whole, once."""

from contextlib import ExitStack

import shops
from test_booking import BookingSite

WORKERS = 2
DAY = 24 * 60
# As it is pressed where there are many orders.
BOOK_LATER = 'env["amazon.settlement"].search([])._draft_later()'


class SettlementsSite(shops.SiteWithAmazon):
    """A site with orders that Amazon has paid in three settlements, which its documents repeat."""

    def prepare(self):
        """Have the orders here, and the reports at Amazon."""
        self.set(auto_import=False, auto_settlement=True)
        self.ago = shops.moment_ago(self.amazon, DAY)
        self.sell()
        self.importer.good("import")
        self.pay()

    def sell(self):
        self.seller = self.register()
        self.sold = self.amazon.place(self.seller, "jp_shipped", 2, created=self.ago, updated=self.ago)

    def pay(self):
        """Let Amazon pay three times: with a reserve, sent back by the bank, and with a damaged document between."""
        seller = {"merchant_id": self.seller["merchant_id"]}
        self.amazon.post("settings", settlement_repeat=3)
        self.amazon.post("transfer", **seller, reserve=100)
        self.amazon.post("refund", order_id=self.sold[0], amount=10)
        self.amazon.post("transfer", **seller, failed=True)
        self.amazon.post("reports", **seller, content="settlement-id\tand nothing else\n")
        self.amazon.post("transfer", **seller)

    def renew(self):
        """Make the database and Amazon what they were."""
        super().renew()
        self.sell()
        self.pay()


def assert_right(site):
    """Check that every settlement is here once, with all its lines, and that the orders have theirs."""
    paid = site.amazon.get(f"settlements?merchant_id={site.seller['merchant_id']}")
    rows = site.shop.sql("""
        SELECT settlement_ref, amount::float, agrees, line_count,
               (SELECT count(*) FROM amazon_settlement_line WHERE settlement_id = one.id),
               (SELECT coalesce(sum(amount), 0)::float FROM amazon_settlement_line WHERE settlement_id = one.id),
               (SELECT coalesce(sum(amount), 0)::float FROM amazon_settlement_sum WHERE settlement_id = one.id),
               (sales + refunds + fees + other_amount + opening_reserve + kept_reserve)::float
          FROM amazon_settlement one ORDER BY settlement_ref""")
    wanted = sorted((one["settlement_id"], float(one["total"]), True, *[len(one["rows"])] * 2) for one in paid)
    assert [row[:5] for row in rows] == wanted
    assert len(wanted) == 3
    for _ref, amount, *_counts, lines, sums, totals in rows:
        assert lines == sums == totals == amount
    linked = site.shop.sql("""
        SELECT DISTINCT order_ref, amazon_order_ref, item_id IS NOT NULL
          FROM amazon_settlement_line LEFT JOIN sale_order ON sale_order.id = order_id WHERE order_ref <> ''""")
    assert sorted(linked) == sorted((ref, ref, True) for ref in site.sold)
    states = site.shop.sql("SELECT state, count(*) FROM amazon_settlement_file GROUP BY state ORDER BY state")
    assert states == [("damaged", 1), ("read", 3)]
    assert site.shop.sql("SELECT count(*) FROM mail_activity WHERE res_model = 'amazon.account'") == [(1,)]
    shops.assert_at_rest(site.shop)


def test_killed_at_every_commit_and_every_call(one_account):
    """Whichever commit or HTTP call a run dies before or after, the next one has all of it, once."""
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, SettlementsSite, one_account, stack, {})
        events = sites[0].importer.good("settlements")
        assert_right(sites[0])

        def begin(site):
            site.renew()
            return "settlements"

        def recover(site, number):
            site.importer.good("settlements")
            assert_right(site)
            before = site.shop.sql("SELECT max(id), max(write_date) FROM amazon_settlement")
            site.importer.good("settlements")
            assert site.shop.sql("SELECT max(id), max(write_date) FROM amazon_settlement") == before

        shops.die_at_each(events, sites, begin, recover)


def assert_drafted(site):
    """Check that there is one entry a month with what each order has, once, and that nothing waits any more."""
    settlements = site.shop.sql("SELECT state, is_being_booked, booking_error FROM amazon_settlement")
    assert settlements == [("draft", False, None)]
    entries = site.shop.sql("SELECT amazon_settlement_month FROM account_move WHERE amazon_settlement_id IS NOT NULL")
    assert entries and len(set(entries)) == len(entries)
    orders = site.shop.value("SELECT count(DISTINCT amazon_order_ref) FROM sale_order")
    booked = "SELECT count(*), count(DISTINCT order_id), count(paid_line_id) FROM amazon_settlement_order"
    assert site.shop.sql(booked) == [(orders,) * 3]
    shops.assert_at_rest(site.shop)


def test_killed_while_it_drafts(one_account):
    """Whichever commit the job dies before or after that drafts entries, the next run does so, once."""
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, BookingSite, one_account, stack, {}, done=(BOOK_LATER,))
        events = sites[0].importer.good("paying")
        assert_drafted(sites[0])

        def begin(site):
            site.renew()
            return "paying"

        def recover(site, _number):
            site.importer.good("paying")
            assert_drafted(site)

        shops.die_at_each(events, sites, begin, recover)
