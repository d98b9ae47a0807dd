"""Deliveries and what Amazon is told of them, with processes that meet or die."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import parcels
import pytest
import shops

ORDERS = 8
PICKINGS = "SELECT id, state, amazon_api_status FROM stock_picking ORDER BY id"


@pytest.fixture
def site(one_account):
    """A shop with deliveries that have left."""
    with ExitStack() as stack:
        yield shops.sites(1, parcels.ShippingSite, one_account, stack, {"jp_standard": ORDERS}, {}, {})[0]


def at_once(site, *ways):
    """Do runs at the same time until each has been done three times; return their results."""
    with shops.importers(site.shop) as other, ThreadPoolExecutor(2) as pool:

        def work(pair):
            process, way = pair
            return [process.run(way) for _round in range(3)]

        results = list(pool.map(work, zip((site.importer, other), ways, strict=True)))
    return [result for several in results for result in several]


@pytest.mark.parametrize("ways", [("send", "send"), ("send", "requested")], ids="-".join)
@pytest.mark.parametrize("threshold", [500, 0], ids=["direct", "feed"])
def test_two_senders_at_once(site, ways, threshold):
    """One of them sends, the other lets it; nothing is told twice, and no feed is submitted twice."""
    site.importer.code(f"""
env['amazon.account'].search([]).feed_threshold = {threshold}
env['amazon.confirmation'].search([], limit={ORDERS // 2})._request()
""")
    site.amazon.post("faults", operation="confirmShipment", kind="timeout_after", times=1, seconds=1)
    results = at_once(site, *ways)
    assert all((result["exit"], result["errors"]) == (0, []) for result in results), results
    site.recover()
    parcels.assert_told(site.shop, site.amazon, site.numbers)
    # What was asked for may go first, the rest in a second feed; each order in one of them.
    [[feeds, messages]] = site.shop.sql("SELECT count(*), coalesce(sum(message_count), 0) FROM amazon_feed")
    assert len(site.amazon.get("feeds")) == feeds <= len(set(ways))
    assert messages == (0 if threshold else ORDERS)


def test_validation_killed(amazon, seller, one_account):
    """Killed before its commit, validating a delivery leaves neither delivery nor row; after it, both."""
    shops.place(amazon, seller, {"jp_standard": 1})
    with ExitStack() as stack:
        shop = stack.enter_context(shops.copied(one_account, "validation"))
        process = stack.enter_context(shops.importers(shop))
        process.good("import")
        process.code("env['amazon.account'].search([]).auto_confirm = True")
        shop.save()
        events = process.good("code", code=parcels.DELIVER)
        assert "commit" in "".join(events)
        for number in range(1, len(events) + 1):
            shop.restore()
            killed = process.run("code", number, code=parcels.DELIVER)
            assert killed["exit"] == -9
            shop.wait_until_alone()
            [[_id, state, status]] = shop.sql(PICKINGS)
            rows = shop.sql("SELECT state FROM amazon_confirmation")
            before = [("assigned", "not_sent", []), ("done", "not_sent", [("not_sent",)])]
            assert (state, status, rows) in before, killed["events"][-1]
            assert (state == "done") == ("commit" in "".join(killed["events"][:-1]))
            process.code(parcels.DELIVER)
            process.good("crons")
            numbers = dict(shop.sql("SELECT order_ref, tracking_number FROM amazon_confirmation"))
            assert len(numbers) == 1
            if number < len(events):
                amazon.post("reset", seed=1)
                shops.sellers(amazon, 1)
                shops.place(amazon, seller, {"jp_standard": 1})
        parcels.assert_told(shop, amazon, numbers)
