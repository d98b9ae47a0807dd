from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...said import say
from ..engine.amazon_job import Job
from .amazon_account import MOST_COUNTED
from .amazon_transaction import LATE_HOURS

_lt = LazyTranslate(__name__)


class AmazonJob(models.Model):
    """The jobs that read Amazon's Finances and what it has paid, and that invoice what has left."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("finances", "Finances"),
            ("settlements", "Settlements"),
            ("paying", "Booking Settlements"),
            ("invoices", "Invoices"),
        ],
        ondelete=dict.fromkeys(("finances", "settlements", "paying", "invoices"), "cascade"),
    )
    invoice_place = fields.Json(readonly=True, help="After which order the next run goes on looking what to invoice.")
    known_since = fields.Datetime(readonly=True, help="Where its first reading has begun (UTC).")

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "finances": Job(
                "_sync_finances",
                minutes=4 * 60,
                priority=6,
                switch="auto_finance",
                shown=True,
                progress=lambda log: _lt(
                    "running since %(time)s: %(received)s new transactions", time=log.started_at, received=log.received
                ),
            ),
            "settlements": Job(
                "_sync_settlements",
                minutes=12 * 60,
                priority=7,
                switch="auto_settlement",
                shown=True,
                progress=lambda log: _lt(
                    "running since %(time)s: %(received)s new settlements", time=log.started_at, received=log.received
                ),
            ),
            "paying": Job(
                "_pay_invoices",
                minutes=60,
                priority=7,
                always=True,
                progress=lambda log: _lt(
                    "running since %(time)s: %(count)s invoices paid", time=log.started_at, count=log.invoices_paid
                ),
            ),
            "invoices": Job(
                "_make_invoices",
                minutes=60,
                priority=7,
                switch="auto_invoice",
                progress=lambda log: _lt(
                    "running since %(time)s: %(count)s orders invoiced", time=log.started_at, count=log.invoiced
                ),
            ),
        }

    # === COMPUTE METHODS === #

    def _compute_warning(self):
        result = super()._compute_warning()
        # sudo: only how many there are is told
        transactions = self.env["amazon.transaction"].sudo()
        for job in self.filtered(lambda job: job.name == "finances"):
            unclassified = transactions._not_classified(job.account_id._origin) & transactions._not_accepted()
            if count := transactions.search_count(unclassified, limit=MOST_COUNTED):
                text = _lt(
                    "Of %(count)s transactions it is not known what all their amounts are. An accountant classifies"
                    " them under “Amount Types”; what cannot be read at all is looked up in Seller Central.",
                    count=count if count < MOST_COUNTED else f"{count}+",
                )
                job.warning = say(self.env, [job.warning, text] if job.warning else text)
        for job in self.filtered(lambda job: job.name == "settlements"):
            # sudo: what is wrong with them is told, no amounts of theirs but what lacks
            if troubles := job.account_id._origin.sudo()._settlement_troubles():
                job.warning = "\n".join(filter(None, (job.warning, troubles)))
        return result

    # === BUSINESS METHODS === #

    def _known_from(self):
        """Return the first day, by the user's clock, of which everything is known; None while nothing is.

        :rtype: date
        """
        self.ensure_one()
        since = self.known_since or self.cursor
        return since and fields.Datetime.context_timestamp(self, since).date() + timedelta(days=1) or None

    def _reads_what_is_new(self, late_hours=LATE_HOURS):
        """Tell whether everything is read that there was at Amazon a few hours ago.

        :param late_hours: how late Amazon may show it.
        """
        self.ensure_one()
        late = timedelta(hours=late_hours) + self._patience()
        return bool(self.cursor) and self.cursor > fields.Datetime.now() - late
