"""A process that tells Amazon of stock may die at any moment: Amazon gets to know what is here, the newest last."""

from contextlib import ExitStack

import pytest
import shelves
import shops

WORKERS = 2
AT_ONCE = {"feed_seconds": 0, "listing_seconds": 30}
# How the run that dies is done, with which account and Amazon, and whether Amazon had been told before. What has run
# out goes beside the feed; a feed is worked off at once, so that the same run fetches its results. Of two feeds
# the first is full.
CASES = {
    "direct": ("stock", {}, {"listing_seconds": 30}, True),
    "feed": ("stock and results", {"inventory_feed_threshold": 1}, AT_ONCE, True),
    "feeds": ("stock and results", {"inventory_feed_threshold": 0, "batch": 2}, AT_ONCE, True),
    "first": ("stock", {}, {}, False),
}
# What leaves after the death, before anybody has repaired anything.
MORE = {"AMZ-TEA-001": 1, "AMZ-CUP-001": 985}


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a run dies before or after, also when more leaves then: Amazon has what is here."""
    way, values, settings, told = CASES[case]
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, shelves.StockSite, one_account, stack, values, settings, told)
        events = sites[0].importer.good(way)
        assert len(sites[0].amazon.get("feeds")) == {"feed": 1, "feeds": 2}.get(case, 0)
        sites[0].recover()
        shelves.assert_right(sites[0], shelves.LEFT)

        def begin(site):
            site.renew()
            return way

        def recover(site, number):
            here = dict(shelves.LEFT)
            if number % 2:
                site.take(MORE)
                here = {sku: units - MORE.get(sku, 0) for sku, units in here.items()}
            site.recover()
            shelves.assert_right(site, here)
            writes = len(site.amazon.get("listing-writes"))
            site.let_pass(6)
            site.importer.good("crons")
            assert len(site.amazon.get("listing-writes")) == writes, "nothing is told when nothing differs"

        shops.die_at_each(events, sites, begin, recover)


def test_comparison_killed_at_every_commit_and_every_call(one_account):
    """Whichever commit or HTTP call a run dies before or after that reads Amazon's report on all SKUs and compares
    them: the next one has read each, knows what is not listed any more, and has put right what differed."""
    with ExitStack() as stack:
        values = {"inventory_feed_threshold": 50, "batch": 2}
        sites = shops.sites(WORKERS, shelves.StockSite, one_account, stack, values, {"report_seconds": 0})
        merchant = sites[0].merchant

        def begin(site):
            site.renew()
            site.importer.good("stock")
            site.let_pass(16)
            site.importer.good("stock")
            cup = {"available": {"DEFAULT": {"quantity": 3}}}
            site.amazon.control("PATCH", f"listings/AMZ-CUP-001?merchant_id={merchant}", **cup)
            site.amazon.control("DELETE", f"listings/NOBODYS?merchant_id={merchant}")
            site.listed.pop("NOBODYS")
            site.let_pass(61)
            return "compare"

        def recover(site, _number):
            site.importer.good("compare")
            site.recover()
            assert_compared(site)

        events = sites[0].importer.good(begin(sites[0]))
        assert any("/reports" in event for event in events)
        recover(sites[0], 0)
        shops.die_at_each(events, sites, begin, recover)


def assert_compared(site):
    """Check that all SKUs are read, and what differed is put right."""
    listings = site.listings()
    for sku, units in shelves.LEFT.items():
        assert listings[sku]["quantity"] == units, sku
    assert listings.keys() == site.listed.keys(), "no empty offers"
    skus = site.shop.sql("SELECT sku, COALESCE(gone, FALSE), drift_reason FROM amazon_offer ORDER BY sku")
    everything = sorted({*shelves.SKUS, *shelves.UNTOUCHED})
    assert skus == [(sku, sku == "NOBODYS", None) for sku in everything], skus
    left = "SELECT name FROM amazon_job WHERE report_ref IS NOT NULL OR open_search IS NOT NULL OR read_from > read_at"
    assert not site.shop.sql(left)
    assert not site.shop.sql("SELECT id FROM amazon_job WHERE name = 'stock_compare' AND read_from IS NOT NULL")
    assert len(site.amazon.get("reports")) <= 2, "a report that was asked for is found again"
    assert not site.shop.sql("SELECT id FROM amazon_log WHERE state = 'running'")
