from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import FEED_TYPE_LISTINGS
from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)

# Of a marketplace.
NOTHING_READ = {"read_to": False, "read_gaps": False}
NO_REPORT = {"report_marketplace_id": False, "report_ref": False, "reached": 0}


def _sent(log):
    return _lt(
        "running since %(time)s: %(accepted)s quantities accepted, %(refused)s refused",
        time=log.started_at,
        accepted=log.accepted,
        refused=log.refused,
    )


class AmazonJob(models.Model):
    """The jobs that keep Amazon's stock right."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("inventory", "Stock"),
            ("inventory_by_hand", "Stock by Hand"),
            ("inventory_results", "Stock Results"),
            ("offers", "SKUs from Amazon"),
            ("stock_compare", "Comparison with Amazon's Stock"),
        ],
        ondelete=dict.fromkeys(
            ("inventory", "inventory_by_hand", "inventory_results", "offers", "stock_compare"), "cascade"
        ),
    )
    read_from = fields.Datetime(readonly=True, help="When reading all of the shop's SKUs began.")
    read_to = fields.Datetime(readonly=True, help="When the SKU that was read last was made on Amazon.")
    read_more = fields.Boolean(readonly=True, help="The open search finds more SKUs than Amazon shows of it.")
    read_gaps = fields.Boolean(readonly=True, help="Something could not be read: what was not seen may be listed.")
    read_at = fields.Datetime(readonly=True, help="When all of the shop's SKUs were read last.")
    report_marketplace_id = fields.Many2one(
        "amazon.marketplace", readonly=True, ondelete="set null", help="Whose SKUs are read from Amazon's report."
    )
    report_ref = fields.Char(readonly=True, help="The report that Amazon is making, or that is being read.")
    last_report_ref = fields.Char(readonly=True, help="The report before: it is not read again.")
    reached = fields.Integer(
        readonly=True, help="How many entries of the report are read; up to which SKU is compared."
    )

    @api.model
    def _declared(self):
        # sudo: the outbox and the feeds are the addon's own
        quantities, feeds = self.env["amazon.quantity"].sudo(), self.env["amazon.feed"].sudo()
        return {
            **super()._declared(),
            "inventory": Job(
                "_sync_inventory",
                minutes=5,
                priority=1,
                switch="auto_inventory",
                shown=True,
                waits=quantities._is_open_for,
                backlog=quantities._backlog,
                progress=_sent,
            ),
            # What a person asked for goes out whether the automatic job is started or not.
            "inventory_by_hand": Job(
                "_send_requested_stock",
                minutes=15,
                priority=1,
                lock="inventory",
                waits=quantities._is_open_for,
                progress=_sent,
            ),
            "inventory_results": Job(
                "_fetch_stock_results",
                minutes=5,
                priority=1,
                switch="auto_inventory",
                waits=lambda account: feeds._at_amazon(account, FEED_TYPE_LISTINGS),
                progress=_sent,
            ),
            "offers": Job(
                "_sync_offers",
                minutes=24 * 60,
                priority=6,
                switch="auto_inventory",
                shown=True,
                progress=lambda log: _lt(
                    "running since %(time)s: %(received)s SKUs read", time=log.started_at, received=log.received
                ),
            ),
            # Once a week where the stock is sent by itself, and when a person asks for it.
            "stock_compare": Job(
                "_compare_stock",
                minutes=7 * 24 * 60,
                priority=7,
                nightly=True,
                progress=lambda log: _lt(
                    "running since %(time)s: %(received)s SKUs compared", time=log.started_at, received=log.received
                ),
            ),
        }
