from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ..engine.amazon_job import Job

_lt = LazyTranslate(__name__)

JOBS = ("vendor_orders", "vendor")
STOCK_JOBS = ("inventory", "inventory_by_hand")


def _received(log):
    return _lt("running since %(time)s: %(received)s orders read", time=log.started_at, received=log.received)


def _told(log):
    return _lt(
        "running since %(time)s: %(accepted)s accepted, %(refused)s refused",
        time=log.started_at,
        accepted=log.accepted,
        refused=log.refused,
    )


class AmazonJob(models.Model):
    """The jobs of a vendor's account."""

    _inherit = "amazon.job"

    name = fields.Selection(
        selection_add=[
            ("vendor_orders", "Direct Fulfillment: Orders"),
            ("vendor", "Direct Fulfillment: Telling Amazon"),
        ],
        ondelete=dict.fromkeys(JOBS, "cascade"),
    )
    open_read_at = fields.Datetime(readonly=True, help="When what is open was last begun to be read again")

    @api.model
    def _declared(self):
        declared = super()._declared()
        # Vendors' stock is looked at by the same jobs, but goes another way.
        stock = {name: declared[name]._replace(kinds=("seller", "vendor_df")) for name in STOCK_JOBS}
        return {
            **declared,
            **stock,
            "vendor_orders": Job(
                "_fetch_vendor_orders",
                minutes=5,
                priority=3,
                kinds=("vendor_df",),
                switch="auto_vendor",
                shown=True,
                progress=_received,
                left=self.env["amazon.order.update"]._unbuilt_since,
                backlog=self.env["amazon.order.update"]._backlog,
                keeps_cursor=True,
            ),
            "vendor": Job(
                "_tell_vendor",
                minutes=5,
                priority=0,
                kinds=("vendor_df",),
                switch="auto_vendor",
                shown=True,
                # sudo: the outbox is the addon's own
                waits=self.env["amazon.vendor.submission"].sudo()._is_open_for,
                backlog=self.env["amazon.vendor.submission"].sudo()._backlog,
                progress=_told,
            ),
        }
