"""The Reports API 2021-06-30: documents that Amazon makes when asked. What is in them: :mod:`.listings_report`."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from .errors import check
from .queues import (
    CANCELLED,
    DONE,
    Queue,
    Queued,
    filled,
    lacks_zone,
    parse_document_address,
    parse_page,
    read_progress,
)
from .reader import moment, parse_nothing, success
from .shipments import stamp


class Reports(Queue):
    """``amazon.reports``."""

    def create(self, report_type, marketplace_ids, start=None, end=None, options=None):
        """Have Amazon make a report (createReport).

        :param marketplace_ids: 1 to 25.
        :param start: aware ``datetime``: from when on there is data in it; None: as its type has it; likewise ``end``.
        :param options: texts by name, as the type has them.
        :return: the report's id.
        :raises RetryLater: with ``sent`` True the report may be made all the same: look with :meth:`search`.
        """
        marketplaces = list(marketplace_ids)
        check("createReport", _problems(report_type, marketplaces, start, end))
        body = {
            "reportType": report_type,
            "marketplaceIds": marketplaces,
            "dataStartTime": start and stamp(start),
            "dataEndTime": end and stamp(end),
            "reportOptions": options and dict(options),
        }
        return self._call("createReport", parse_created_report, body=filled(body))

    def get(self, report_id):
        """Get a report's status (getReport).

        :return: :class:`Report`.
        """
        return self._call("getReport", parse_report, path={"reportId": report_id})

    def search(self, report_types=(), since=None, statuses=(), marketplace_ids=(), page_size=100, token=None):
        """Get a page of the seller's reports (getReports), of the last 90 days, newest first.

        :param report_types: 1 to 10.
        :param since: aware ``datetime``: reports created since then.
        :param statuses: see :data:`.queues.STATUSES`; none: all.
        :param marketplace_ids: at most 10: reports on at least one of them; none: all.
        :param int page_size: 1 to 100.
        :param str token: the page before's ``next_token``: goes alone, as Amazon wants it.
        :return: :class:`ReportsPage`.
        :raises TokenRefused: when Amazon does not take the token.
        """
        types = ("reportTypes", report_types)
        reader = parse_reports_page
        return self._search("getReports", reader, types, since, statuses, page_size, token, marketplace_ids)

    def cancel(self, report_id):
        """Cancel a report that is still IN_QUEUE (cancelReport).

        :raises BadRequest: when Amazon has begun with it.
        """
        self._call("cancelReport", parse_nothing, path={"reportId": report_id})

    def get_document(self, document_id):
        """Get the address of a report's document (getReportDocument).

        :return: :class:`.queues.DocumentAddress`, (url, compression); lives for 5 minutes.
        """
        return self._call("getReportDocument", parse_document_address, path={"reportDocumentId": document_id})

    def download(self, document_id):
        """Get a report's document (getReportDocument, then from the storage) into a temporary file.

        :return: :class:`.documents.DocumentFile`, to be used in a ``with`` statement; see
            :func:`.listings_report.merchant_listings`.
        """
        return self._partner.download_file(*self.get_document(document_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Queued):
    """A report as Amazon knows it.

    :param document_id: ``''`` until there is a document; a FATAL report's may say why.
    :param data_start: from when on there is data in it; likewise ``data_end``.
    """

    report_id: str
    report_type: str = ""
    document_id: str = ""
    data_start: datetime | None = None
    data_end: datetime | None = None

    @property
    def is_done(self):
        """Whether there is a document with its data."""
        return self.status == DONE and bool(self.document_id)

    @property
    def has_no_data(self):
        """Whether Amazon has cancelled it: a person has, or there is no data, or another one of its type is being
        made."""
        return self.status == CANCELLED


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """One page of reports; ``next_token`` is None on the last."""

    reports: tuple[Report, ...]
    next_token: str | None = field(default=None, repr=False)

    @property
    def marks(self):
        """What tells this page from all others."""
        return tuple(report.report_id for report in self.reports)


@dataclass(frozen=True, slots=True)
class ReportSearch:
    """A search for reports, as it is kept between its pages.

    :param since: aware ``datetime``: reports created since then; Amazon shows 90 days.
    """

    report_type: str
    since: datetime

    def to_json(self):
        """Return a text for :meth:`from_json`."""
        return json.dumps({"report_type": self.report_type, "since": stamp(self.since)})

    @classmethod
    def from_json(cls, text):
        facts = json.loads(text)
        return cls(facts["report_type"], moment(facts["since"]))


def _problems(report_type, marketplaces, start, end):
    yield not report_type and "a report needs a type"
    yield not 1 <= len(marketplaces) <= 25 and "a report needs 1 to 25 marketplaces"
    yield lacks_zone(start, end) and "times need a time zone"
    yield start and end and end < start and "the time ends before it begins"


def parse_created_report(body):
    """Read the answer to createReport."""
    return success(body).identifier("reportId", needed=True)


def parse_report(body):
    """Read the answer to getReport."""
    return _report(success(body))


def parse_reports_page(body):
    """Read the answer to getReports."""
    return ReportsPage(*parse_page(body, "reports", _report))


def _report(report):
    return Report(
        report_id=report.identifier("reportId", needed=True),
        report_type=report.identifier("reportType"),
        document_id=report.identifier("reportDocumentId"),
        data_start=report.time("dataStartTime"),
        data_end=report.time("dataEndTime"),
        **read_progress(report),
    )
