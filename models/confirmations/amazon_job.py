from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import FEED_TYPE_FULFILLMENT
from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)


def _confirmed(log):
    return _lt(
        "running since %(time)s: %(confirmed)s confirmed, %(refused)s refused",
        time=log.started_at,
        confirmed=log.accepted,
        refused=log.refused,
    )


class AmazonJob(models.Model):
    """The jobs that tell Amazon of what has left."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("confirm", "Shipping Confirmation"),
            ("confirm_by_hand", "Shipping Confirmation by Hand"),
            ("results", "Confirmation Results"),
        ],
        ondelete=dict.fromkeys(("confirm", "confirm_by_hand", "results"), "cascade"),
    )

    @api.model
    def _declared(self):
        # sudo: the outbox and the feeds are the addon's own
        confirmations, feeds = self.env["amazon.confirmation"].sudo(), self.env["amazon.feed"].sudo()
        return {
            **super()._declared(),
            "confirm": Job(
                "_send_confirmations",
                minutes=5,
                priority=0,
                switch="auto_confirm",
                shown=True,
                waits=confirmations._is_open_for,
                backlog=confirmations._backlog,
                progress=_confirmed,
            ),
            # What a person asked for goes out whether the automatic job is started or not.
            "confirm_by_hand": Job(
                "_send_requested",
                minutes=15,
                priority=0,
                lock="confirm",
                waits=confirmations._is_open_for,
                progress=_confirmed,
            ),
            "results": Job(
                "_fetch_results",
                minutes=5,
                priority=1,
                switch="auto_confirm",
                waits=lambda account: feeds._at_amazon(account, FEED_TYPE_FULFILLMENT),
                progress=_confirmed,
            ),
        }
