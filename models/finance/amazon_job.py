from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...said import say
from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)

# So many transactions are counted at most.
MOST_COUNTED = 1000


class AmazonJob(models.Model):
    """The job that reads Amazon's Finances."""

    _inherit = "amazon.job"

    name = fields.Selection(selection_add=[("finances", "Finances")], ondelete={"finances": "cascade"})

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
        }

    # === COMPUTE METHODS === #

    def _compute_warning(self):
        result = super()._compute_warning()
        # sudo: only how many there are is told
        transactions = self.env["amazon.transaction"].sudo()
        for job in self.filtered(lambda job: job.name == "finances"):
            unclassified = [("account_id", "in", job.account_id._origin.ids), ("has_unclassified", "=", True)]
            if count := transactions.search_count(unclassified, limit=MOST_COUNTED):
                text = _lt(
                    "Of %(count)s transactions it is not known what all their amounts are. An accountant classifies"
                    " them under “Amount Types”; what cannot be read at all is looked up in Seller Central.",
                    count=count if count < MOST_COUNTED else f"{count}+",
                )
                job.warning = say(self.env, [job.warning, text] if job.warning else text)
        return result
