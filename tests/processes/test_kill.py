"""An import may die at any moment: nothing is lost, nothing is there twice."""

from contextlib import ExitStack

import pytest
import shops

KINDS = {
    "jp_standard": 2,
    "jp_several_items": 1,
    "jp_cod": 1,
    "jp_gift": 1,
    "jp_unknown_sku": 1,
    "jp_cvs_pending": 1,
    "jp_cancelled": 1,
    "jp_shipped": 2,
    "jp_fba": 1,
    "jp_points": 1,
}
FEW = {"jp_standard": 2, "jp_several_items": 1, "jp_cvs_pending": 1, "jp_shipped": 1, "jp_fba": 1}
# So small that these few orders make several pages, and all kinds several batches.
PAGE, BATCH = 4, 8
WORKERS = 2
ASK_FOR_A_RANGE = """
from datetime import datetime, timedelta
account = env["amazon.account"].search([])
account.auto_import = False
account._start_range(datetime.utcnow() - timedelta(days=1))
account._job("range")._trigger()
env.cr.commit()
"""


class RangeSite(shops.Site):
    """A site where a person has asked for a range."""

    def prepare(self):
        self.importer.code(ASK_FOR_A_RANGE)


# What each way begins with, and how the importer calls the run.
WAYS = {
    "crons": (shops.Site, "crons"),
    "import": (shops.Site, "import"),
    "range": (RangeSite, "crons"),
}


def assert_place_reached(shop, way, amazon):
    """Check the cursor of the import by difference, which a range leaves alone."""
    if way == "range":
        assert shop.value("SELECT cursor FROM amazon_job WHERE name = 'orders'") is None
    else:
        shops.assert_cursor(shop, amazon)


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_every_commit_and_every_call(amazon, seller, one_account, way):
    """Whichever commit or HTTP call an import dies before or after, the next run completes it."""
    site_of_way, run = WAYS[way]
    orders = shops.place(amazon, seller, FEW if way == "range" else KINDS)
    amazon.post("page-limit", limit=PAGE)
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, site_of_way, one_account, stack, batch=BATCH)
        for site in sites:
            # Once, the quota's commits as well.
            site.importer.buckets = way == "import"
        events = sites[0].importer.good(run)
        shops.assert_complete(sites[0].shop, orders)
        counts = sites[0].shop.counts()
        pages = -(-len(orders) // PAGE)
        assert amazon.get("requests/count")["searchOrders"] >= pages > 1, "several pages"
        assert any("quota" in event for event in events) == (way == "import")
        assert sum("commit" in event for event in events) >= 10

        def begin(site):
            site.renew()
            return run

        def recover(site, number):
            if way == "range":
                # Whoever goes on with it dies as well, somewhere else.
                site.importer.run(run, 1 + number % 7)
                site.shop.wait_until_alone()
            site.importer.good(run)
            shops.assert_complete(site.shop, orders)
            assert_place_reached(site.shop, way, amazon)
            assert site.shop.counts() == counts, "as many rows as without the crash"

        shops.die_at_each(events, sites, begin, recover)
