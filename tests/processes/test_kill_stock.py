"""A process that tells Amazon of stock may die at any moment: Amazon gets to know what is here, the newest last."""

from contextlib import ExitStack

import pytest
import shelves
import shops

WORKERS = 2
# How the run that dies is done, with which account and Amazon, and whether Amazon had been told before. What has run
# out goes beside the feed; a feed is worked off at once, so that the same run fetches its results.
CASES = {
    "direct": ("stock", {}, {"listing_seconds": 30}, True),
    "feed": ("stock and results", {"inventory_feed_threshold": 1}, {"feed_seconds": 0, "listing_seconds": 30}, True),
    "first": ("stock", {}, {}, False),
}
# What leaves after the death, before anybody has repaired anything.
MORE = {"AMZ-TEA-001": 1, "AMZ-CUP-001": 985}


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a run dies before or after, also when more leaves then: Amazon has what is here."""
    way, values, settings, told = CASES[case]
    with ExitStack() as stack:
        sites = [shelves.StockSite(one_account, number, stack, values, settings, told) for number in range(WORKERS)]
        events = sites[0].importer.good(way)
        assert sum("createFeed" in event or "/feeds" in event for event in events) or case != "feed"
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
