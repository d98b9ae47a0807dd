"""What Amazon prints for a vendor: how it is asked for, and fetched."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...times import naive
from .amazon_vendor_paper import PAPERS


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    vendor_auto_labels = fields.Boolean(
        "Request Labels by Itself",
        default=True,
        tracking=True,
        help="Shipping labels are requested on the day on which a delivery is to leave, as soon as it is ready. Switch"
        " it off if you pack after that, and one order may need several parcels: each has a label of its own.",
    )
    vendor_labels_at_once = fields.Boolean(
        "Single Labels at Once",
        default=True,
        tracking=True,
        help="A single label is made while Amazon is asked, where it allows that; switched off by itself where it does"
        " not. Several are made within minutes.",
    )
    vendor_invoices = fields.Boolean(
        "Customer Invoices", tracking=True, help="Amazon makes the customers' invoices, as in India."
    )

    # === BUSINESS METHODS === #

    def _vendor_midnight(self):
        """Return when the day ends where the vendor is (UTC, naive)."""
        zone = ZoneInfo(self._zone())
        today = datetime.now(zone).date()
        return naive(datetime.combine(today + timedelta(days=1), time(), zone))

    # === BUSINESS METHODS: JOBS === #

    def _sync_vendor(self):
        logs = super()._sync_vendor()
        return logs | self._fetch_vendor_labels() | self._fetch_vendor_slips() | self._fetch_vendor_invoices()

    @api.model
    def _tell_vendor_now(self, run):
        env = run.account.with_context(lang=run.account.company_id._amazon_lang()).env
        env["stock.picking"].sudo()._amazon_request_labels_due(run)  # sudo: the outbox is the addon's own
        return super()._tell_vendor_now(run)

    def _fetch_vendor_labels(self):
        """Fetch the shipping labels that Amazon has made.

        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        return self._fetch_vendor_papers("label")

    def _fetch_vendor_slips(self):
        """Fetch packing slips, as :meth:`_fetch_vendor_labels`."""
        for account in self:
            self.env["sale.order"]._amazon_want_slips(account)
        return self._fetch_vendor_papers("slip")

    def _fetch_vendor_invoices(self):
        """Fetch customers' invoices, as :meth:`_fetch_vendor_labels`, for vendors that have any."""
        return self._fetch_vendor_papers("invoice")

    def _has_papers(self, kind):
        """Tell whether Amazon makes a kind of paper for this vendor."""
        return {"label": not self.vendor_own_carrier, "slip": True, "invoice": self.vendor_invoices}[kind]

    def _fetch_vendor_papers(self, kind):
        logs = self.env["amazon.log"]
        papers = self.env["amazon.vendor.paper"].sudo()  # sudo: papers are the addon's own
        for account in self:
            job = account._job(PAPERS[kind].job)
            if account._has_papers(kind) and papers._has_work(account, kind):
                logs |= job._run(lambda run: run.env["amazon.vendor.paper"]._fetch(run, kind))
            else:
                job._nothing_to_do()
        return logs
