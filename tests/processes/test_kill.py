"""An import may die at any moment: nothing is lost, nothing is there twice."""

from contextlib import ExitStack

import pytest
import shops

KINDS = {
    "jp_standard": 18, "jp_several_items": 2, "jp_cod": 1, "jp_gift": 1, "jp_unknown_sku": 1, "jp_cvs_pending": 2,
    "jp_cancelled": 1, "jp_shipped": 2, "jp_fba": 1, "jp_points": 1,
}  # fmt: skip
PAGE = 10
WORKERS = 2


def die_and_recover(site, way, number, amazon, orders, counts):
    """Kill a run at its event `number`, run again; return what is wrong afterwards, or None."""
    site.renew()
    killed = site.importer.run(way, number)
    event = killed["events"][-1]
    try:
        assert killed["exit"] == -9 and len(killed["events"]) == number, killed
        site.shop.wait_until_alone()
        site.importer.good(way)
        shops.assert_complete(site.shop, orders)
        shops.assert_cursor(site.shop, amazon)
        assert site.shop.counts() == counts, "as many rows as without the crash"
    except AssertionError as error:
        return f"killed at event {number}, {event}:\n{error}"
    return None


@pytest.mark.parametrize("way", ["crons", "import"])
def test_killed_at_every_commit_and_every_call(amazon, seller, one_account, way):
    """Whichever commit or HTTP call an import dies before or after, the next run completes it."""
    orders = shops.place(amazon, seller, KINDS)
    amazon.post("page-limit", limit=PAGE)
    with ExitStack() as stack:
        sites = [shops.Site(one_account, number, stack) for number in range(WORKERS)]
        events = sites[0].importer.good(way)
        shops.assert_complete(sites[0].shop, orders)
        counts = sites[0].shop.counts()
        assert sum("searchOrders" in event or "/orders" in event for event in events) >= 2 * 3, "several pages"
        assert sum("commit" in event for event in events) >= 20
        wrong = shops.in_parallel(
            sites, range(1, len(events) + 1),
            lambda site, number: die_and_recover(site, way, number, amazon, orders, counts),
        )  # fmt: skip
    print(f"{way}: {len(events)} events")
    assert not wrong, f"{len(wrong)} of {len(events)}:\n" + "\n\n".join(wrong)
