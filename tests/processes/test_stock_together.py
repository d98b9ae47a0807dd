"""Stock that moves while Amazon is told of it, by processes that meet."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import shelves
import shops

ROUNDS = 6
# Moves a unit, and commits only when Amazon has been told of what was there before.
LATE = """
product = env['product.product'].search([('default_code', '=', 'AMZ-TEA-001')])
place = env['stock.warehouse'].search([('company_id', '=', env.company.id)], limit=1).lot_stock_id
env['stock.quant']._update_available_quantity(product, place, -1)
env.cr.flush()
env.cr.execute('SELECT pg_advisory_xact_lock(4711)')
"""


@pytest.fixture
def site(one_account):
    """A shop of whose stock Amazon has not been told yet."""
    with ExitStack() as stack:
        yield shops.sites(1, shelves.StockSite, one_account, stack, {}, {"listing_seconds": 5}, told=False)[0]


@pytest.mark.parametrize("known", [True, False], ids=["watched", "first"])
def test_committed_late(site, known):
    """What moved before a run began and is committed after it has ended is told by the next; also when that run was the
    first, and nobody knew before that moves are to be noted."""
    if known:
        site.importer.good("stock")
    with shops.importers(site.shop) as mover:
        site.shop.sql("SELECT pg_advisory_lock(4711)")
        mover.start("code", code=LATE)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        shops.wait_for(lambda: site.shop.value(waiting), 20, "the move waits")
        site.take({"AMZ-CUP-001": 5})
        site.importer.good("stock")
        assert site.listings()["AMZ-CUP-001"]["writes"][-1]["quantity"] == shelves.LEFT["AMZ-CUP-001"] - 5
        site.shop.sql("SELECT pg_advisory_unlock(4711)")
        result = mover.finish()
        assert (result["exit"], result["errors"]) == (0, [])
    site.recover()
    shelves.assert_right(
        site,
        {
            **shelves.LEFT,
            "AMZ-TEA-001": shelves.LEFT["AMZ-TEA-001"] - 1,
            "AMZ-CUP-001": shelves.LEFT["AMZ-CUP-001"] - 5,
        },
    )


@pytest.mark.parametrize("threshold", [50, 1], ids=["direct", "feed"])
def test_moves_and_two_senders_at_once(site, threshold):
    """Two senders, and who moves goods, again and again: nothing fails, and the newest quantities are told last."""
    site.importer.code(f"env['amazon.account'].search([]).inventory_feed_threshold = {threshold}")
    with shops.importers(site.shop, 2) as (other, mover), ThreadPoolExecutor(3) as pool:

        def send(process):
            return [process.run("stock and results") for _round in range(ROUNDS)]

        def move():
            taken = {"AMZ-TEA-001": 1, "AMZ-CUP-001": 2}
            return [mover.run("code", code=shelves.TAKE.format(taken=taken)) for _round in range(3 * ROUNDS)]

        working = [pool.submit(send, site.importer), pool.submit(send, other), pool.submit(move)]
        results = [result for future in working for result in future.result()]
    assert all((result["exit"], result["errors"]) == (0, []) for result in results), results
    site.recover()
    here = {**shelves.LEFT}
    here["AMZ-TEA-001"] -= 3 * ROUNDS
    here["AMZ-CUP-001"] -= 6 * ROUNDS
    shelves.assert_right(site, here)
