from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)


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
