from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...const import FIRST_RUN_DAYS
from ...said import say
from ...selling_partner import ALL
from ..engine.amazon_job import Job
from ..engine.amazon_pages import CLOSED

_lt = LazyTranslate(__name__)


def _imported(log):
    return _lt(
        "running since %(time)s: %(received)s received, %(waiting)s of them still to be made",
        time=log.started_at,
        received=log.received,
        waiting=log.waiting,
    )


class AmazonJob(models.Model):
    """The jobs that bring orders in, and that remove what must not be kept of them."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("orders", "Order Import"),
            ("range", "Import of a Range"),
            ("missed", "Nightly Look for Missed Orders"),
            ("privacy", "Removal of Personal Data"),
        ],
        ondelete=dict.fromkeys(("orders", "range", "missed", "privacy"), "cascade"),
    )
    denied = fields.Json(
        readonly=True,
        help="The marketplaces that Amazon denies: for each since when its orders are missing, and when it was tried.",
    )
    probed = fields.Json(
        readonly=True,
        help="Of the marketplaces that Amazon denied together: which it allows or denies one by one, so far.",
    )
    reduced_from = fields.Datetime(readonly=True, help="What was changed since then is read once more in full.")
    reduced_at = fields.Datetime(readonly=True, help="When Amazon last refused a search for everything.")

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "orders": Job(
                "_fetch_orders",
                minutes=5,
                priority=3,
                switch="auto_import",
                shown=True,
                progress=_imported,
                left=self.env["amazon.order.update"]._unbuilt_since,
                backlog=self.env["amazon.order.update"]._backlog,
                keeps_cursor=True,
            ),
            "range": Job("_fetch_range", minutes=60, priority=4, on_request=True, shown=True, progress=_imported),
            "missed": Job("_fetch_missed", minutes=24 * 60, priority=5, switch="auto_import", nightly=True, reserve=10),
            # Of accounts that are archived, too: Amazon's policy holds as long as the data is here.
            "privacy": Job(
                "_purge_personal_data", minutes=24 * 60, priority=9, kinds=("seller", "vendor_df"), always=True
            ),
        }

    # === COMPUTE METHODS === #

    @api.depends("denied", "reduced_from")
    @api.depends_context("lang", "tz")
    def _compute_warning(self):
        for job in self:
            lines = [
                _lt(
                    "Amazon denies the orders of %(marketplace)s; those changed since %(time)s are missing. The other"
                    " marketplaces go on. Check in Seller Central that you sell there and that the application is"
                    " authorized for it. It is tried again every day, and what is missing is fetched then.",
                    marketplace=marketplace.name,
                    time=since,
                )
                for marketplace, since in job._denied_marketplaces()
            ]
            if job.reduced_from:
                lines.append(
                    _lt(
                        "Since %(time)s Amazon has refused searches for all parts of the orders. They come in with"
                        " fewer, and are read once more in full as soon as Amazon allows it.",
                        time=job.reduced_from,
                    )
                )
            job.warning = say(self.env, lines) or False

    def _denied_marketplaces(self):
        """Return (marketplace, since when its orders are missing) of those that Amazon denies."""
        denied = self.denied or {}
        return [
            (marketplace, datetime.fromisoformat(denied[marketplace.api_ref]["since"]))
            for marketplace in self.account_id.marketplace_ids
            if marketplace.api_ref in denied
        ]

    # === BUSINESS METHODS === #

    def _start_search(self, search):
        self.sudo().probed = False  # sudo: jobs are the addon's own
        return super()._start_search(search)

    def _place(self, search, page):
        values = super()._place(search, page)
        if self.reduced_from and not page.next_token and search.included_data == ALL:
            values.update(reduced_from=False, reduced_at=False)
        return values

    def _restart_import(self, everything=False):
        """Let the order import go back one week, because there is something it has not looked at; what comes twice
        is known. An open search is given up: its parameters are frozen.

        :param bool everything: what was read so far says nothing any more.
        """
        week_ago = fields.Datetime.now() - timedelta(days=FIRST_RUN_DAYS)
        # sudo: jobs are the addon's own
        for job in self.sudo().filtered(lambda job: job._declaration().switch == "auto_import"):
            job.write(
                {
                    "cursor": False if everything or not job.cursor else min(job.cursor, week_ago),
                    **CLOSED,
                    "probed": False,
                    **({"denied": False, "reduced_from": False, "reduced_at": False} if everything else {}),
                }
            )
