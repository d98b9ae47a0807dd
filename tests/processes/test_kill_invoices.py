"""A process that invoices what has left may die at any moment: no order is invoiced twice, and none is left out."""

from contextlib import ExitStack

import pytest
import shops

WORKERS = 2
ORDERS = 5
BATCH = 2
# What the account says of its invoices, and into how many these orders go.
CASES = {
    "order": ({"invoice_per": "order", "invoice_state": "posted"}, ORDERS),
    "day": ({"invoice_per": "day", "invoice_state": "draft"}, 2),
}

# A person invoices orders, and before that is committed the job runs.
INVOICED_MEANWHILE = """
env["sale.order"].search([("amazon_order_ref", "!=", False)], limit=2)._create_invoices()
env.flush_all()
account = env["amazon.account"].search([], limit=1)
with env.registry.cursor() as cr:
    account.with_env(env(cr=cr))._make_invoices()
env.cr.commit()
"""


class InvoicesSite(shops.SiteWithAmazon):
    """A site with orders that have left, on two days.

    :param dict values: the account's settings.
    :param str sold: the kind of the orders.
    """

    def prepare(self, values, sold="jp_fba_shipped"):
        """Have the orders here."""
        seller = self.register()
        for days in (2, 3):
            when = shops.moment_ago(self.amazon, days * 24 * 60)
            self.amazon.place(seller, sold, 2 if days == 2 else ORDERS - 2, created=when, updated=when)
        self.importer.good("import")
        self.set(auto_import=False, auto_invoice=True, invoice_since="2020-01-01", **values)


def assert_right(site, count, by_itself=ORDERS):
    """Check that each order is invoiced once, with what it comes to.

    :param int count: how many invoices there are.
    :param int by_itself: how many orders the job has invoiced.
    """
    orders = site.shop.sql("""
        SELECT one.name, one.invoice_status, one.amount_total::float,
               (SELECT count(DISTINCT line.move_id)
                  FROM account_move_line line
                  JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
                  JOIN sale_order_line sold ON sold.id = rel.order_line_id
                 WHERE sold.order_id = one.id)
          FROM sale_order one WHERE amazon_order_ref <> ''""")
    assert len(orders) == ORDERS
    assert {(status, invoices) for _name, status, _total, invoices in orders} == {("invoiced", 1)}, orders
    invoices = site.shop.sql("SELECT amount_total::float FROM account_move WHERE move_type = 'out_invoice'")
    assert (len(invoices), sum(total for [total] in invoices)) == (count, sum(order[2] for order in orders))
    assert site.shop.sql("SELECT sum(invoiced) FROM amazon_log") == [(by_itself,)], "each is counted once"
    assert not site.shop.sql("SELECT id FROM amazon_job WHERE invoice_place <> 'false'")
    shops.assert_at_rest(site.shop)


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit(one_account, case):
    """Whichever commit a run dies before or after, the next one invoices the rest."""
    values, count = CASES[case]
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, InvoicesSite, one_account, stack, {}, batch=BATCH, values=values)
        events = sites[0].importer.good("invoices")
        assert_right(sites[0], count)
        assert len(events) >= 5, events

        def begin(site):
            site.renew()
            return "invoices"

        def recover(site, _number):
            site.importer.good("invoices")
            assert_right(site, count)
            site.importer.good("invoices")
            assert_right(site, count)

        shops.die_at_each(events, sites, begin, recover)


def test_a_person_at_the_same_time(one_account):
    """What a person is invoicing at this moment is left to the person."""
    values, count = CASES["order"]
    with ExitStack() as stack:
        # Each with a buyer of its own: on one partner the job waits until the person is through.
        [site] = shops.sites(1, InvoicesSite, one_account, stack, {}, values=values, sold="jp_shipped")
        site.importer.code(INVOICED_MEANWHILE)
        assert_right(site, count, ORDERS - 2)
        site.importer.good("invoices")
        assert_right(site, count, ORDERS - 2)
