from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)

# The method of each job; how often it looks whether there is something to do.
JOBS = {
    "vendor_labels": ("_fetch_vendor_labels", 5),
    "vendor_slips": ("_fetch_vendor_slips", 10),
    "vendor_invoices": ("_fetch_vendor_invoices", 30),
}


def _received(log):
    return _lt("running since %(time)s: %(received)s fetched", time=log.started_at, received=log.received)


class AmazonJob(models.Model):
    """The jobs that fetch what Amazon prints."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("vendor_labels", "Direct Fulfillment: Labels"),
            ("vendor_slips", "Direct Fulfillment: Packing Slips"),
            ("vendor_invoices", "Direct Fulfillment: Invoices"),
        ],
        ondelete=dict.fromkeys(JOBS, "cascade"),
    )

    @api.model
    def _declared(self):
        papers = {
            name: Job(
                method,
                minutes=minutes,
                priority=2,
                kinds=("vendor_df",),
                switch="auto_vendor",
                shown=True,
                progress=_received,
                keeps_cursor=True,
            )
            for name, (method, minutes) in JOBS.items()
        }
        return {**super()._declared(), **papers}
