"""How the SKU table is filled from Amazon's report on all listings, where they are too many for searches."""

from contextlib import suppress
from datetime import timedelta
from itertools import islice

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...const import CLOCKS
from ...selling_partner import (
    FBA,
    REPORT_TYPE_LISTINGS,
    MalformedAnswer,
    NotFound,
    RetryLater,
    UnreadableListing,
    merchant_listings,
)
from ...times import aware, naive
from .amazon_job import NO_REPORT

_lt = LazyTranslate(__name__)

# Rows written in one transaction.
LEARN = 500
# Amazon takes minutes for a report; it is looked at again after so many seconds.
WAIT_SECONDS = 60
# What an older report says is over; one that is not made by then never will be.
REPORT_HOURS = 12


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    # === BUSINESS METHODS: THE REPORT === #

    @api.model
    def _want_report(self, run, search):
        """Have the SKUs of a marketplace be read from a report.

        :param search: the ``selling_partner`` search that finds too many.
        """
        marketplace = run.account.marketplace_ids.filtered(lambda known: known.api_ref == search.marketplace_id)
        run.job.write({**NO_REPORT, "report_marketplace_id": marketplace.id, "read_gaps": False})

    @api.model
    def _read_report(self, run):
        """Read the report that the job is at.

        :return: whether that is over; else the job is woken to look again.
        :raise RetryLater: Amazon could not make it.
        """
        marketplace = run.job.report_marketplace_id
        report = self._report(run)
        if report.is_done:
            self._learn_report(run, report)
        elif report.has_no_data:
            run.log._note(_lt("Amazon has no report on the SKUs in %s; what is known of them stays.", marketplace.name))
            self._leave_report(run, self._search_after(run.account, marketplace.api_ref))
        elif report.is_final:
            self._forget_report(run)
            raise RetryLater(report.status, operation="createReport", code="report_failed")
        else:
            run.job._trigger(WAIT_SECONDS)
            return False
        return True

    @api.model
    def _report(self, run):
        """Return the report as Amazon knows it now; it is asked for where there is none yet."""
        job, reports = run.job, run.amazon.reports
        report = None
        if job.report_ref:
            with suppress(NotFound):
                report = reports.get(job.report_ref)
            if report and not report.has_no_data and not self._is_old(report):
                return report
            if not report or not report.has_no_data:
                self._forget_report(run)
                report = None
        # The one that was asked for when the answer was lost, or that has kept ours from being made.
        found = self._find_report(run)
        if found or report:
            if found:
                self._take_report(run, found.report_id)
            return found or report
        self._take_report(run, reports.create(REPORT_TYPE_LISTINGS, [job.report_marketplace_id.api_ref]))
        return reports.get(job.report_ref)

    @api.model
    def _find_report(self, run):
        """Return a report of the marketplace that was asked for since reading began, or None."""
        job, marketplace_ref = run.job, run.job.report_marketplace_id.api_ref
        page = run.amazon.reports.search(
            [REPORT_TYPE_LISTINGS],
            since=aware(job.read_from - timedelta(minutes=CLOCKS)),
            statuses=("IN_QUEUE", "IN_PROGRESS", "DONE"),
            marketplace_ids=[marketplace_ref],
        )
        fit = [
            report
            for report in page.reports
            if report.marketplace_ids == (marketplace_ref,)
            and report.report_id not in (job.report_ref, job.last_report_ref)
            and not self._is_old(report)
        ]
        # They come newest first.
        return next((report for report in fit if report.is_done), fit[-1] if fit else None)

    @api.model
    def _is_old(self, report):
        """Tell whether what a report says is over."""
        since = fields.Datetime.now() - timedelta(hours=REPORT_HOURS)
        return bool(report.created) and naive(report.created) < since

    @api.model
    def _take_report(self, run, report_ref):
        run.job.write({"report_ref": report_ref, "reached": 0})
        run.commit()

    @api.model
    def _forget_report(self, run):
        """Another one is to be asked for."""
        run.job.write({"report_ref": False, "last_report_ref": run.job.report_ref, "reached": 0})
        run.commit()

    @api.model
    def _leave_report(self, run, following):
        """Nothing more is read from the report.

        :param following: the ``selling_partner`` search to go on with, or None.
        """
        run.job.write({**NO_REPORT, "last_report_ref": run.job.report_ref})
        run.job._start_search(following or False)
        run.commit()

    @api.model
    def _learn_report(self, run, report):
        """Learn from a report what was not learned from it before."""
        job, marketplace_ref = run.job, run.job.report_marketplace_id.api_ref
        now = fields.Datetime.now()
        made_at = min(naive(report.created), now) if report.created else job.read_from
        with run.amazon.reports.download(report.document_id) as document:
            entries = islice(self._entries(run, document, marketplace_ref), job.reached, None)
            while batch := list(islice(entries, LEARN)):
                unreadable = [entry for entry in batch if isinstance(entry, UnreadableListing)]
                listings = [entry for entry in batch if not isinstance(entry, UnreadableListing)]
                self._keep(run, marketplace_ref, listings, unreadable, made_at)
                job.reached += len(batch)
                run.checkpoint(len(batch))
        self._leave_report(run, self._end_of(run, marketplace_ref, min(made_at, job.read_from)))

    @api.model
    def _entries(self, run, document, marketplace_ref):
        """Return what stands in a report, as ``selling_partner`` reads it.

        :raise MalformedAnswer: it cannot be read; a column that is not known is put where a person says what it is.
        """
        columns = self.env["amazon.report.column"]
        try:
            return merchant_listings(document, marketplace_ref, columns._said())
        except MalformedAnswer as error:
            if error.reason == "unknown_column":
                columns._ask(error.path)
                run.commit()
            raise

    def _values_in_report(self, listing):
        """Return what is to be written of what the report shows of this. It is silent on much that Amazon says when it
        is asked for the SKU itself: that stays.

        :param listing: the ``selling_partner`` listing.
        :rtype: dict
        """
        said = {
            name: value
            for name, value in self._values_of(listing).items()
            if name in ("asin", "title", "product_type", "amazon_status", "channel", "gone")
        }
        if listing.image_url:
            said["image_url"] = listing.image_url
        if listing.quantity is not None:
            said["quantity_amazon"] = listing.quantity
        if listing.channels and FBA not in listing.channels:
            # Of what is in both channels it shows Amazon's.
            said["both_channels"] = False
        return said
