"""A process that tells Amazon of cancellations may die at any moment, and two may run at once: each order is cancelled,
and Amazon is told of it once (rule 2)."""

from contextlib import ExitStack

import shops

WORKERS = 2
ORDERS = 2
CANCEL = """
env['sale.order'].search([('amazon_order_ref', '!=', False)])._amazon_cancel_there('NoInventory')
"""
COUNTED = ("amazon_cancellation", "mail_activity")


class CancellingSite(shops.SiteWithAmazon):
    """A site with orders that are cancelled here, as Amazon is to be told."""

    waiting = (("amazon_cancellation", "retry_at"), *shops.SiteWithAmazon.waiting)
    #: More than all the pauses together.
    rounds = (0, 3, 3, 11, 3, 3, 11, 31, 3)

    def prepare(self):
        """Import the orders and cancel them; nothing has been sent yet."""
        self.placed = shops.moment_ago(self.amazon, 180)
        self.place()
        self.importer.good("import")
        self.set(auto_import=False)
        self.importer.code(CANCEL)
        assert len(self.open_rows()) == ORDERS

    def place(self):
        """Give Amazon the seller and the orders: each time the same."""
        self.refs = self.amazon.place(self.register(), "jp_standard", ORDERS, created=self.placed, updated=self.placed)

    def renew(self):
        super().renew()
        self.place()

    def open_rows(self):
        """Return the cancellations and feeds that are not through."""
        return self.shop.sql(
            "SELECT order_ref, state, message FROM amazon_cancellation WHERE state <> 'done'"
        ) + self.shop.sql("SELECT feed_ref, state, message FROM amazon_feed WHERE state <> 'done'")

    def assert_cancelled(self):
        """Check that Amazon has cancelled each order, was told of it once, and that Odoo knows it."""
        assert not self.open_rows()
        assert self.shop.sql("SELECT order_ref FROM amazon_cancellation ORDER BY 1") == [
            (ref,) for ref in sorted(self.refs)
        ]
        for ref in self.refs:
            assert self.amazon.get(f"orders/{ref}")["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
            assert len(self.amazon.get(f"orders/{ref}/cancellations")) == 1, "told once"
        assert len(self.amazon.get("feeds")) == 1
        shops.assert_at_rest(self.shop)


def test_killed_at_every_commit_and_every_call(one_account):
    """Whichever commit or HTTP call the job dies before or after."""
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, CancellingSite, one_account, stack, {"feed_seconds": 0})
        events = sites[0].importer.good("cancel")
        assert any("/feeds" in event for event in events), events
        sites[0].recover()
        sites[0].assert_cancelled()
        expected = sites[0].shop.count(COUNTED)

        def begin(site):
            site.renew()
            return "cancel"

        def recover(site, _number):
            site.recover()
            site.assert_cancelled()
            assert site.shop.count(COUNTED) == expected, "as many rows as without the crash"

        shops.die_at_each(events, sites, begin, recover)


def test_two_at_once(one_account):
    """Two processes that tell Amazon at the same time send one feed."""
    with ExitStack() as stack:
        [site] = shops.sites(1, CancellingSite, one_account, stack, {"feed_seconds": 0})
        with shops.importers(site.shop, 2) as both:
            for importer in both:
                importer.start("cancel")
            for importer in both:
                importer.finish()
        site.recover()
        site.assert_cancelled()
