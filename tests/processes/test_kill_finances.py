"""A process that reads Amazon's Finances may die at any moment: nothing is lost, no yen counts twice."""

from contextlib import ExitStack

import pytest
import shops

WORKERS = 2
DAY = 24 * 60
# Whether some of it was read before the run that dies, when the orders had not come in yet.
CASES = {"first": False, "again": True}


# A person has orders read, and before that is committed a run of the job commits what it has read of them.
READ_MEANWHILE = """
account = env["amazon.account"].search([], limit=1)
account._refresh_orders({refs})
with env.registry.cursor() as cr:
    account.with_env(env(cr=cr))._sync_finances()
env.cr.commit()
"""


class FinancesSite(shops.SiteWithAmazon):
    """A site with orders that are paid for, paid later and given back.

    :param again: some of it was read before.
    """

    def prepare(self, again):
        """Have the orders here; what Amazon has posted since was not read yet."""
        self.again = again
        self.ago = {days: shops.moment_ago(self.amazon, days * DAY) for days in (1, 2, 3, 5, 16)}
        self.set(auto_import=False, auto_finance=True)
        self.post_first()
        if again:
            self.importer.good("finances")
            assert not self.shop.sql("SELECT id FROM amazon_transaction WHERE order_id IS NOT NULL")
            # It was a day ago.
            self.shop.sql("UPDATE amazon_transaction SET queried_at = queried_at - interval '1 day'")
        self.bring_in()
        self.post_more()

    def bring_in(self):
        """Have the orders come in."""
        self.importer.good("import")

    def post_first(self):
        """Give Amazon the seller, and orders of which two are paid later: each time the same."""
        self.seller = self.register()
        # No search by date shows that this one was released, and its order is too old to be here.
        self.amazon.post("settings", finance_defer="DD7")
        self.old = self.place("jp_shipped", 16)
        self.deferred = self.place("jp_shipped", 3)
        self.amazon.post("settings", finance_defer="none")
        self.sold = [*self.place("jp_shipped", 3, 2), *self.place("jp_fba_refunded", 2)]
        self.amazon.post("service-fee", merchant_id=self.seller["merchant_id"], amount=500, posted=self.ago[2])

    def post_more(self):
        """Let Amazon release what was deferred, and give something back."""
        [old], [deferred] = self.old, self.deferred
        self.amazon.post("release", order_id=old, posted=self.ago[5])
        self.amazon.post("release", order_id=deferred, posted=self.ago[1])
        self.amazon.post("refund", order_id=self.sold[0], full=True, posted=self.ago[1])
        self.amazon.post("refund", order_id=deferred, amount=100, posted=self.ago[1])

    def place(self, kind, days, count=1):
        when = self.ago[days]
        return self.amazon.place(self.seller, kind, count, created=when, updated=when)

    def renew(self):
        """Make the database and Amazon what they were."""
        super().renew()
        self.post_first()
        self.post_more()


class WaitingSite(FinancesSite):
    """A site where a person will have the orders read by their numbers."""

    def bring_in(self):
        """Leave them to that person."""


def assert_right(site):
    """Check that every transaction is here once, with all that it comes to, and that the orders know it."""
    posted = [
        entry["transaction"] for entry in site.amazon.get(f"transactions?merchant_id={site.seller['merchant_id']}")
    ]
    totals = {entry["transactionId"]: entry["totalAmount"]["currencyAmount"] for entry in posted}
    copies = {entry["transactionId"]: original for entry in posted if (original := deferred(entry))}
    originals = set(copies.values())
    assert len(posted) == len(totals) and len(originals) == 2
    rows = site.shop.sql("""
        SELECT transaction_ref, one.state, counts, amount::float, released_amount::float, order_ref, sale_order.name,
               (SELECT coalesce(sum(amount), 0)::float FROM amazon_transaction_line WHERE transaction_id = one.id),
               (buyer_amount + fees + other_amount)::float
          FROM amazon_transaction one LEFT JOIN sale_order ON sale_order.id = order_id""")
    assert sorted(row[0] for row in rows) == sorted(totals), "each is here once"
    for ref, state, counts, amount, released, order_ref, order, of_lines, of_sums in rows:
        assert (counts, amount) == ((False, 0) if ref in copies else (True, totals[ref])), ref
        assert of_lines == of_sums == amount, (ref, amount, of_lines, of_sums)
        assert released == (totals[ref] if ref in copies else 0), ref
        assert state == ("deferred_released" if ref in originals else "released"), (ref, state)
        assert bool(order) == (order_ref not in (None, *site.old)), (ref, order_ref, order)
    given_back = {site.sold[0]: grand_total(site, site.sold[0]), site.sold[-1]: 500, site.deferred[0]: 100}
    wanted = [(ref, grand_total(site, ref), given_back.get(ref, 0)) for ref in [*site.deferred, *site.sold]]
    here = site.shop.sql("""
        SELECT amazon_order_ref, amazon_settled::float, coalesce(amazon_refunded, 0)::float
          FROM sale_order WHERE amazon_order_ref <> ''""")
    assert sorted(here) == sorted(wanted)
    assert not site.shop.sql(
        "SELECT name FROM sale_order WHERE amazon_order_ref <> ''"
        " AND (amazon_difference <> coalesce(amazon_refunded, 0)"
        " OR amazon_mismatch <> (coalesce(amazon_refunded, 0) > 0))"
    )
    shops.assert_at_rest(site.shop)


def deferred(transaction):
    """Return the id of the transaction that this one releases."""
    ids = {
        entry["relatedIdentifierName"]: entry["relatedIdentifierValue"] for entry in transaction["relatedIdentifiers"]
    }
    return ids.get("DEFERRED_TRANSACTION_ID")


def grand_total(site, ref):
    return float(site.amazon.get(f"orders/{ref}")["proceeds"]["grandTotal"]["amount"])


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a run dies before or after, the next one has all of it, once."""
    settings = {"finance_page_size": 2, "finance_empty_pages": 1}
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, FinancesSite, one_account, stack, settings, again=CASES[case])
        events = sites[0].importer.good("finances")
        assert_right(sites[0])
        assert sites[0].amazon.get("requests/count")["listTransactions"] >= 5, "several pages"

        def begin(site):
            site.renew()
            return "finances"

        def recover(site, number):
            site.importer.good("finances")
            assert_right(site)
            before = site.shop.sql("SELECT max(id), max(write_date) FROM amazon_transaction")
            site.importer.good("finances")
            assert site.shop.sql("SELECT max(id), max(write_date) FROM amazon_transaction") == before

        shops.die_at_each(events, sites, begin, recover)


def test_orders_and_finances_at_once(one_account):
    """Neither the person nor the job sees what the other has not committed; right after, all of it belongs together."""
    with ExitStack() as stack:
        [site] = shops.sites(1, WaitingSite, one_account, stack, {}, again=False)
        site.importer.code(READ_MEANWHILE.format(refs=[*site.deferred, *site.sold]))
        assert_right(site)
