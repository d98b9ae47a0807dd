"""Reports API 2021-06-30: what sellers ask for, or Amazon makes for them, as a document."""

from functools import partial

from . import documents, processing
from .errors import invalid_input, unauthorized
from .feeds import check_marketplaces, document_address, read_body
from .operations import ROLES, operation
from .processing import OPEN
from .report_types import LISTED_ONLY, TYPES
from .store import Store
from .times import shift

MODEL = "reports_2021-06-30.json"
REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
FIELDS = {"reportType", "marketplaceIds", "dataStartTime", "dataEndTime", "reportOptions"}
SHOWN = (
    "marketplaceIds",
    "reportId",
    "reportType",
    "dataStartTime",
    "dataEndTime",
    "createdTime",
    "processingStatus",
    "processingStartTime",
    "processingEndTime",
    "reportDocumentId",
)


class Reports(Store):
    """The reports; their documents lie in the same storage as those of feeds.

    :ivar by_id: report id -> report, oldest first
    """

    kept = ("by_id",)

    def __init__(self, world):
        super().__init__(world)
        self.by_id = {}

    def add(self, merchant_id, report_type, marketplaces, **facts):
        """A new report in the queue."""
        rng = self.world.rng("report")
        report_id = str(rng.randint(50_000_000_000, 59_999_999_999))
        while report_id in self.by_id:
            report_id = str(rng.randint(50_000_000_000, 59_999_999_999))
        self.by_id[report_id] = {
            "reportId": report_id,
            "reportType": report_type,
            "marketplaceIds": marketplaces,
            "createdTime": self.world.clock.iso(),
            "processingStatus": "IN_QUEUE",
            "merchant_id": merchant_id,
            "number": len(self.by_id) + 1,
            **facts,
        }
        return self.by_id[report_id]

    def is_running(self, merchant_id, report_type, marketplaces):
        """Whether the same is being made already."""
        return any(
            report["processingStatus"] in OPEN
            and (report["merchant_id"], report["reportType"]) == (merchant_id, report_type)
            and set(report["marketplaceIds"]) == set(marketplaces)
            for report in self.by_id.values()
        )


# The operations


@operation("createReport", "POST", REPORTS, rate=0.0167, burst=15, roles=ROLES, model=MODEL, status=202)
def create_report(call):
    """A report is made; one that is asked for again while it is being made is cancelled."""
    body = read_body(call, "reportType", marketplaceIds=list)
    if unknown := body.keys() - FIELDS:
        raise invalid_input(f"Unknown field: {min(unknown)}.")
    report_type, marketplaces = body["reportType"], body["marketplaceIds"]
    check_marketplaces(call, marketplaces)
    if report_type in LISTED_ONLY:
        raise invalid_input(f"The report type {report_type} cannot be requested. Amazon schedules it.")
    if report_type not in TYPES:
        raise invalid_input(f"The report type {report_type} is invalid, or not simulated.")
    check_role(call, report_type, TYPES[report_type].ROLES)
    facts = {"options": read_options(body), **read_times(body, call.world.clock.iso())}
    store = call.world.reports
    runs = store.is_running(call.merchant_id, report_type, marketplaces)
    report = store.add(call.merchant_id, report_type, marketplaces, **facts)
    if runs:
        end(call.world, report, "CANCELLED")
    return {"reportId": report["reportId"]}


def check_role(call, report_type, roles):
    if roles and not set(roles) & set(call.seller["roles"]):
        raise unauthorized(f"The application does not have the role that report type {report_type} needs.")


def read_options(body):
    options = body.get("reportOptions", {})
    if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
        raise invalid_input("reportOptions must be an object of texts.")
    return options


def read_times(body, now):
    """dataStartTime and dataEndTime; both are now where they are left out."""
    times = {}
    for name in ("dataStartTime", "dataEndTime"):
        try:
            times[name] = shift(body.get(name, now), seconds=0)
        except (ValueError, TypeError):
            raise invalid_input(f"{name} is not an ISO 8601 date-time.") from None
        if times[name] > now:
            raise invalid_input(f"{name} must not be in the future.")
    if times["dataStartTime"] > times["dataEndTime"]:
        raise invalid_input("dataStartTime must not be after dataEndTime.")
    return times


@operation("getReports", "GET", REPORTS, rate=0.0222, burst=10, roles=ROLES, model=MODEL)
def get_reports(call):
    for report_type in call.query.get("reportTypes", "").split(","):
        check_role(call, report_type, LISTED_ONLY.get(report_type, ()))
    return processing.search(call, "report", call.world.reports.by_id.values(), SHOWN)


@operation("getReport", "GET", f"{REPORTS}/<reportId>", rate=2, burst=15, roles=ROLES, model=MODEL)
def get_report(call):
    call.only_parameters()
    return processing.shown(processing.find(call, "report", call.world.reports.by_id), SHOWN)


@operation("cancelReport", "DELETE", f"{REPORTS}/<reportId>", rate=0.0222, burst=10, roles=ROLES, model=MODEL)
def cancel_report(call):
    end(call.world, processing.cancelled(call, "report", call.world.reports.by_id), "CANCELLED")


@operation(
    "getReportDocument", "GET", f"{DOCUMENTS}/<reportDocumentId>", rate=0.0167, burst=15, roles=ROLES, model=MODEL
)
def get_report_document(call):
    return document_address(call, "report")


# Making reports


def advance(world):
    """Let the reports be as far as the clock says."""
    seconds = world.settings["report_seconds"]
    processing.advance(world, "report", world.reports.by_id.values(), seconds, partial(make, world))


def make(world, report, at=None):
    """End a report the way it was ordered to, else with its document; without data it is cancelled."""
    fate = report.pop("fate", None)
    seller = world.sellers.by_id[report["merchant_id"]]
    written = None if fate else TYPES[report["reportType"]].write(world, seller, report)
    if written:
        attach(world, report, *written)
    end(world, report, fate or ("DONE" if written else "CANCELLED"), at)


def attach(world, report, content_type, content):
    compressed = world.settings["report_compression"]
    document = documents.new_document(world, report["merchant_id"], content_type, content, compressed, "report")
    document["report_id"] = report["reportId"]
    report["reportDocumentId"] = document["id"]


def end(world, report, status, at=None):
    report.update(processingStatus=status, processingEndTime=at or world.clock.iso())


# For the control API


def detail(world, report):
    document = world.feeds.documents.get(report.get("reportDocumentId"))
    return {
        **report,
        "content_type": document and document["content_type"],
        "content": document and documents.readable(document),
    }


def settle(world, report, values):
    """Bring an open report where the control API wants it.

    values: status (DONE, FATAL, CANCELLED, IN_PROGRESS), content (DONE: its text, whatever there would be), encoding
    (Python's, utf-8) and content_type (text/plain) of that
    """
    status = values.get("status", "DONE")
    if status == "IN_PROGRESS":
        report.update(processingStatus=status, processingStartTime=world.clock.iso())
    elif status == "DONE" and "content" in values:
        content = values["content"].encode(values.get("encoding", "utf-8"))
        attach(world, report, values.get("content_type", "text/plain"), content)
        end(world, report, status)
    elif status in ("DONE", "FATAL", "CANCELLED"):
        report.pop("fate", None)
        report.update({} if status == "DONE" else {"fate": status})
        make(world, report)
    else:
        raise ValueError("status is DONE, FATAL, CANCELLED or IN_PROGRESS")
