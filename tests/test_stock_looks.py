"""What Amazon is asked before it is told a quantity: whether it lists a SKU, and who ships it."""

import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL
from requests.adapters import HTTPAdapter

from ..models.engine import amazon_quota
from .common_stock import StockCase

# How long a cron's run goes on, and how long Amazon takes for an answer.
CRON_SECONDS, ANSWER_SECONDS = 10, 0.3


@tagged("post_install", "-at_install")
class TestStockLooks(StockCase):
    """Looks take time, fail, and leave things out: nothing is told without one, and what has run out goes first."""

    def setUp(self):
        super().setUp()
        self.account.auto_inventory = True

    def more(self, *skus, product=None, **values):
        """List further SKUs of a product, the cup, on Amazon, and make their rows as reading would."""
        self.list_on_amazon(*skus)
        return self.env["amazon.offer"].create(
            [
                {
                    "account_id": self.account.id,
                    "marketplace_id": self.account.marketplace_ids[0].id,
                    "sku": sku,
                    "product_id": (product or self.cup).id,
                    "channel": "fbm",
                    "seen_at": fields.Datetime.now(),
                    **values,
                }
                for sku in skus
            ]
        )

    @contextmanager
    def amazons_pace(self):
        """Have Amazon count calls by its usage plan, and time pass only where something is waited for."""
        self.amazon.post("quota", mode="published")
        self.addCleanup(self.amazon.post, "quota", mode="off")
        self.env["amazon.quota"].search([]).unlink()
        send = HTTPAdapter.send
        with freeze_time(fields.Datetime.now()) as clock, patch.object(amazon_quota, "NOW"):

            def wait(seconds):
                clock.tick(timedelta(seconds=seconds))
                now = clock()
                amazon_quota.NOW = SQL("%s::timestamp", now)
                self.amazon.post("clock", now=f"{now.isoformat()}Z")

            def answer(*args, **kwargs):
                wait(ANSWER_SECONDS)
                return send(*args, **kwargs)

            wait(0)
            with patch.object(time, "sleep", wait), patch.object(HTTPAdapter, "send", answer):
                yield wait

    def run_cron(self, name="inventory"):
        """Run a job as its cron does, which has ten seconds."""
        job = self.account._job(name)
        progress = self.env["ir.cron.progress"].create({"cron_id": job.sudo().cron_id.id})
        limits = {
            "cron_id": job.sudo().cron_id.id,
            "ir_cron_progress_id": progress.id,
            "cron_end_time": time.monotonic() + CRON_SECONDS,
        }
        with self.committing(job) as mine:
            mine.with_context(**limits)._cron_run()
        self.env.invalidate_all()

    def refused_calls(self):
        return [one["operation"] for one in self.amazon.get("requests") if one["status"] == 429]

    def test_many_at_amazons_pace(self):
        """The looks before a feed take longer than a cron's run: each goes on where the last has ended, until all have
        gone. What has run out goes with the first."""
        skus = [f"MORE-{number}" for number in range(900)]
        before = fields.Datetime.now() - timedelta(hours=2)
        offers = self.more(*skus, seen_at=before)
        offers[500:505].paused = True
        with self.amazons_pace() as wait:
            self.run_cron()
            self.assertEqual(sorted(self.writes()), sorted((offer.sku, 0) for offer in offers[500:505]))
            runs = 1
            while offers.filtered(lambda offer: offer.sync_state == "unsent"):
                self.assertLess(runs, 4, "a few runs")
                wait(30)
                self.run_cron()
                runs += 1
            self.assertGreater(runs, 1, "one run has no time for it")
            self.assertFalse(self.refused_calls())
        self.results()
        self.assertEqual(dict(self.writes()), {offer.sku: 100 for offer in offers if not offer.paused})
        self.assertEqual(self.env["amazon.feed"].search([], limit=1).message_count, 895)
