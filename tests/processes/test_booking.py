"""Settlements in the books: two accountants at the same moment, and a process that pays invoices and may die at any
moment."""

from contextlib import ExitStack, closing

import pytest
import shops

WORKERS = 2
DAY = 24 * 60
ORDERS = 5
BATCH = 2
# Whoever presses stays within the transaction for as long as a test holds this lock of PostgreSQL's.
GATE = 20261130

INVOICE = """
env["amazon.account"].search([])._set_up_booking()
env["sale.order"].search([("amazon_order_ref", "!=", False)])._create_invoices(grouped=True).action_post()
"""
BOOK = 'env["amazon.settlement"].search([]).action_book()'
POST = 'env["amazon.settlement"].search([]).action_post()'
# As a request does it; what the accountant is told is kept.
PRESS = """
from odoo.exceptions import UserError
from odoo.service.model import retrying

accountant = env.ref("base.user_admin")
accountant.group_ids |= env.ref("sale_amazon_spapi.group_amazon_accountant")
env.cr.commit()
settlement = env["amazon.settlement"].with_user(accountant).search([])

def press():
    settlement.{action}()
    env.flush_all()
    env.cr.execute("SELECT pg_advisory_xact_lock_shared({gate})")

try:
    retrying(press, env)
except UserError as error:
    env.cr.rollback()
    env["ir.config_parameter"].set_param("told", str(error))
"""


class BookingSite(shops.SiteWithAmazon):
    """A site with orders that are invoiced, and that Amazon has paid.

    :param tuple done: what of it is done already, as code.
    """

    def prepare(self, done=()):
        """Have the settlement here."""
        seller = self.register()
        self.set(auto_import=False, auto_settlement=True)
        ago = shops.moment_ago(self.amazon, DAY)
        self.amazon.place(seller, "jp_shipped", ORDERS, created=ago, updated=ago)
        self.importer.good("import")
        self.amazon.post("transfer", merchant_id=seller["merchant_id"])
        self.importer.good("settlements")
        for code in (INVOICE, *done):
            self.importer.code(code)

    def told(self):
        """Return what an accountant was told, once."""
        told = self.shop.value("SELECT value FROM ir_config_parameter WHERE key = 'told'")
        self.shop.sql("DELETE FROM ir_config_parameter WHERE key = 'told'")
        return told


def assert_paid(site):
    """Check that there is one entry, and that each invoice is paid with it, once."""
    entries = site.shop.sql("SELECT state FROM account_move WHERE amazon_settlement_id IS NOT NULL")
    assert set(entries) == {("posted",)}
    months = "SELECT count(DISTINCT amazon_settlement_month) FROM account_move WHERE amazon_settlement_id IS NOT NULL"
    assert site.shop.value(months) == len(entries)
    assert site.shop.sql("SELECT state, is_being_posted IS TRUE FROM amazon_settlement") == [("posted", False)]
    invoices = site.shop.sql("""
        SELECT amount_total::float, amount_residual::float,
               (SELECT sum(partial.amount)::float FROM account_partial_reconcile partial
                  JOIN account_move_line line ON line.id = partial.debit_move_id WHERE line.move_id = invoice.id),
               (SELECT count(*) FROM account_partial_reconcile partial
                  JOIN account_move_line line ON line.id = partial.debit_move_id WHERE line.move_id = invoice.id),
               (SELECT count(*) FROM mail_message WHERE model = 'account.move' AND res_id = invoice.id
                   AND id IN (SELECT mail_message_id FROM mail_tracking_value value
                                JOIN ir_model_fields field ON field.id = value.field_id
                               WHERE field.name = 'payment_state'))
          FROM account_move invoice WHERE move_type = 'out_invoice'""")
    assert len(invoices) == ORDERS
    for total, residual, paid, times, noted in invoices:
        assert (residual, paid, times, noted) == (0, total, 1, 1)
    assert not site.shop.sql("SELECT id FROM amazon_settlement_order WHERE reason IS NOT NULL")
    shops.assert_at_rest(site.shop)


def test_killed_at_every_commit(one_account):
    """Whichever commit a run dies before or after, the next one pays the rest, and nothing twice."""
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, BookingSite, one_account, stack, {}, batch=BATCH, done=(BOOK, POST))
        assert sites[0].shop.sql("SELECT state FROM amazon_settlement") == [("posting",)]
        events = sites[0].importer.good("paying")
        assert_paid(sites[0])
        assert len(events) >= 5, events

        def begin(site):
            site.renew()
            return "paying"

        def recover(site, _number):
            site.importer.good("paying")
            assert_paid(site)
            assert site.shop.value("SELECT sum(invoices_paid) FROM amazon_log") == ORDERS
            site.importer.good("paying")
            assert_paid(site)

        shops.die_at_each(events, sites, begin, recover)


def test_woken_by_posting(one_account):
    """Nobody has to start the job."""
    with ExitStack() as stack:
        [site] = shops.sites(1, BookingSite, one_account, stack, {}, batch=BATCH, done=(BOOK, POST))
        site.importer.good("crons")
        assert_paid(site)


@pytest.mark.parametrize("batch", [None, BATCH], ids=["at once", "by the job"])
def test_two_accountants(one_account, batch):
    """Who presses second is told so, and nothing is booked, posted or paid twice."""
    with ExitStack() as stack:
        [site] = shops.sites(1, BookingSite, one_account, stack, {}, batch=batch)
        first = site.importer
        second = stack.enter_context(closing(shops.Importer(site.shop.name, batch=batch)))

        def press(process, action):
            process.start("code", code=PRESS.format(action=action, gate=GATE))

        def waits(kind):
            shops.wait_for(
                lambda: site.shop.sql("SELECT pid FROM pg_locks WHERE NOT granted AND locktype = %s", kind),
                60,
                f"somebody waits for a lock: {kind}",
            )

        def ends(process):
            result = process.finish()
            assert (result["exit"], result["errors"]) == (0, [])

        site.shop.sql("SELECT pg_advisory_lock(%s)", GATE)
        press(first, "action_book")
        waits("advisory")
        press(second, "action_book")
        ends(second)
        assert "is being booked by somebody else" in site.told()
        site.shop.sql("SELECT pg_advisory_unlock(%s)", GATE)
        ends(first)
        press(second, "action_book")
        ends(second)
        assert "is booked already" in site.told()
        assert site.shop.sql("SELECT state FROM amazon_settlement") == [("draft",)]

        site.shop.sql("SELECT pg_advisory_lock(%s)", GATE)
        press(first, "action_post")
        waits("advisory")
        press(second, "action_post")
        waits("transactionid")
        site.shop.sql("SELECT pg_advisory_unlock(%s)", GATE)
        ends(first)
        ends(second)
        assert "is posted already" in site.told()
        first.good("paying")
        assert_paid(site)


def test_reset_while_paying(one_account):
    """An accountant resets the entry to draft at the moment at which the job pays: whoever is second does it anew, and
    nothing stays paid."""
    reset = PRESS.replace("settlement.{action}()", "settlement.sudo().entry_ids.button_draft()")
    with ExitStack() as stack:
        [site] = shops.sites(1, BookingSite, one_account, stack, {}, batch=BATCH, done=(BOOK, POST))
        second = stack.enter_context(closing(shops.Importer(site.shop.name, batch=BATCH)))
        site.shop.sql("SELECT pg_advisory_lock(%s)", GATE)
        second.start("code", code=reset.format(action="", gate=GATE))
        shops.wait_for(
            lambda: site.shop.sql("SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"),
            60,
            "the entry is reset",
        )
        site.importer.start("paying")
        shops.wait_for(
            lambda: site.shop.sql("SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"),
            60,
            "the job meets the accountant",
        )
        site.shop.sql("SELECT pg_advisory_unlock(%s)", GATE)
        for process in (second, site.importer):
            result = process.finish()
            assert (result["exit"], result["errors"]) == (0, [])
        site.importer.good("paying")
        assert site.shop.sql("SELECT state, is_being_posted IS TRUE FROM amazon_settlement") == [("draft", False)]
        assert not site.shop.value("SELECT count(*) FROM account_partial_reconcile")
        site.importer.code(POST)
        site.importer.good("paying")
        assert_paid(site)
