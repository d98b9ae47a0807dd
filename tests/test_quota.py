import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from odoo import fields
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..selling_partner import OPERATIONS, QuotaExceeded


@tagged("post_install", "-at_install")
class TestQuota(TransactionCase):
    """The token bucket of rule 3."""

    def setUp(self):
        super().setUp()
        self.account = self.env["amazon.account"].create(
            {
                "name": "Quota",
                "merchant_id": "AQUOTA",
                "lwa_client_id": "application",
            }
        )
        self.budget = self.env["amazon.quota"]._budget(self.account)

    def bucket(self, operation):
        """Return the bucket's record, fresh from the database."""
        self.env.invalidate_all()
        return self.env["amazon.quota"].search([("selling_partner", "=", "AQUOTA"), ("operation", "=", operation)])

    def test_burst_then_wait(self):
        """A full bucket holds the published burst; then the time of the next token is told."""
        with self.enter_registry_test_mode():
            for _call in range(OPERATIONS["searchOrders"].plan.burst):
                self.budget.acquire("searchOrders")
            with self.assertRaises(QuotaExceeded) as caught:
                self.budget.acquire("searchOrders")
        self.assertAlmostEqual(caught.exception.retry_after, 1 / OPERATIONS["searchOrders"].plan.rate, delta=5)
        self.assertEqual(self.budget.calls, OPERATIONS["searchOrders"].plan.burst)

    def test_short_wait_inside_the_run(self):
        """A token that is due within two seconds is waited for."""
        with self.enter_registry_test_mode():
            self.budget.acquire("getOrder")
            self.bucket("getOrder").write({"tokens": 0.5, "rate": 10})
            self.budget.acquire("getOrder")
        self.assertEqual(self.budget.calls, 2)

    def test_less_patience(self):
        """While a person waits for many answers, each token is waited for less."""
        hurried = self.env["amazon.quota"]._budget(self.account, patience=0.1)
        with self.enter_registry_test_mode():
            hurried.acquire("getOrder")
            self.bucket("getOrder").write({"tokens": 0, "rate": 1})
            with self.assertRaises(QuotaExceeded):
                hurried.acquire("getOrder")

    def test_filled_from_the_first_answer(self):
        """Amazon's bucket is filled from when the first call arrives: the time it took to get there gives no tokens.
        What comes between other calls does."""
        with self.enter_registry_test_mode():
            for call in (1, 2):
                self.budget.acquire("confirmShipment")
                bucket = self.bucket("confirmShipment")
                # Its answer takes an hour, in which hardly anything is filled.
                bucket.write({"refilled_at": bucket.refilled_at - timedelta(hours=1), "rate": 1e-6})
                self.env.flush_all()
                self.budget.observe("confirmShipment", {}, 204)
                waited = fields.Datetime.now() - self.bucket("confirmShipment").refilled_at
                self.assertEqual(waited > timedelta(minutes=30), call == 2)
                self.assertAlmostEqual(bucket.tokens, bucket.burst - call, delta=0.1)

    def test_adapts_to_the_header(self):
        """The rate Amazon names replaces the published one; a 429 empties the bucket."""
        with self.enter_registry_test_mode():
            self.budget.acquire("searchOrders")
            self.budget.observe("searchOrders", {"x-amzn-RateLimit-Limit": "0.02"}, 200)
            self.assertAlmostEqual(self.bucket("searchOrders").rate, 0.02)
            self.budget.observe("searchOrders", {}, 429)
            self.assertEqual(self.bucket("searchOrders").tokens, 0)
            with self.assertRaises(QuotaExceeded) as caught:
                self.budget.acquire("searchOrders")
        self.assertAlmostEqual(caught.exception.retry_after, 50, delta=1)

    def test_two_at_the_same_moment(self):
        """Two workers take from one bucket at the same moment: each gets its turn, and that is no error in the log."""
        database = db_connect(self.env.cr.dbname)
        self.addCleanup(self.budget._execute, SQL("DELETE FROM amazon_quota WHERE selling_partner = 'AQUOTA'"))
        self.budget.acquire("getOrder")
        with ThreadPoolExecutor(1) as pool, database.cursor() as other, database.cursor() as looker:
            other.execute(SQL("UPDATE amazon_quota SET tokens = 5 WHERE selling_partner = 'AQUOTA'"))
            with self.assertNoLogs("odoo.sql_db", logging.ERROR):
                taken = pool.submit(self.budget.acquire, "getOrder")
                waits = SQL("SELECT 1 FROM pg_locks WHERE NOT granted")
                while not looker.execute(waits) and not looker.fetchall():
                    looker.commit()
                other.commit()
                taken.result(timeout=20)
            other.execute(SQL("SELECT tokens FROM amazon_quota WHERE selling_partner = 'AQUOTA'"))
            self.assertLess(other.fetchone()[0], 5)

    def test_headers_that_are_no_rates(self):
        """Nonsense in the header changes nothing."""
        with self.enter_registry_test_mode():
            self.budget.acquire("searchOrders")
            for rate in ("soon", "", "0", "-1", "nan", "inf", "1e-15", "0.000001", "1e300"):
                self.budget.observe("searchOrders", {"x-amzn-RateLimit-Limit": rate}, 200)
                with self.subTest(rate=rate):
                    self.assertAlmostEqual(self.bucket("searchOrders").rate, OPERATIONS["searchOrders"].plan.rate)
