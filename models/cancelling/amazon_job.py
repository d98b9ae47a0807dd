from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import FEED_TYPE_CANCELLATION
from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)


class AmazonJob(models.Model):
    """The job that tells Amazon of what people cancel."""

    _inherit = "amazon.job"

    name = fields.Selection(selection_add=[("cancel", "Cancellations")], ondelete={"cancel": "cascade"})

    @api.model
    def _declared(self):
        # sudo: the outbox and the feeds are the addon's own
        rows, feeds = self.env["amazon.cancellation"].sudo(), self.env["amazon.feed"].sudo()
        return {
            **super()._declared(),
            # Only what a person has asked for: it has no switch.
            "cancel": Job(
                "_send_cancellations",
                minutes=15,
                priority=0,
                waits=lambda account: rows._is_open_for(account) or feeds._at_amazon(account, FEED_TYPE_CANCELLATION),
                progress=lambda log: _lt(
                    "running since %(time)s: %(accepted)s accepted, %(refused)s refused",
                    time=log.started_at,
                    accepted=log.accepted,
                    refused=log.refused,
                ),
            ),
        }
