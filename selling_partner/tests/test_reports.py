"""Reports: the calls, and what Amazon says about them."""

import gzip
import json
from datetime import datetime, timedelta, timezone

import pytest
import schema
from amazon_server import Answer
from hypothesis import given, settings
from hypothesis import strategies as st

from selling_partner import errors, reports
from selling_partner.errors import BadRequest, SellingPartnerError
from selling_partner.listings_report import REPORT_TYPE_LISTINGS
from selling_partner.reports import Report, ReportSearch, ReportsPage
from selling_partner.settlement_report import REPORT_TYPE_SETTLEMENTS

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
JAPAN = "A1VC38T7YXB528"
NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)
REPORT = {
    "reportId": "50001",
    "reportType": REPORT_TYPE_LISTINGS,
    "marketplaceIds": [JAPAN],
    "processingStatus": "DONE",
    "createdTime": "2026-11-02T12:00:00Z",
    "processingStartTime": "2026-11-02T12:01:00Z",
    "processingEndTime": "2026-11-02T12:02:00Z",
    "dataStartTime": "2026-11-01T12:00:00Z",
    "dataEndTime": "2026-11-02T12:00:00Z",
    "reportDocumentId": "amzn1.spdoc.1.4.fe.x",
}


def test_a_report_is_made_to_the_letter(amazon, seller):
    amazon.says(REPORTS, Answer(202, {"reportId": "50001"}))
    assert seller.reports.create(REPORT_TYPE_LISTINGS, [JAPAN]) == "50001"
    seller.reports.create("T", [JAPAN], NOON, NOON + timedelta(hours=1), {"custom": "true"})
    first, second = (json.loads(request.body) for request in amazon.asked())
    assert first == {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [JAPAN]}
    assert second == {
        "reportType": "T",
        "marketplaceIds": [JAPAN],
        "dataStartTime": "2026-11-02T12:00:00Z",
        "dataEndTime": "2026-11-02T13:00:00Z",
        "reportOptions": {"custom": "true"},
    }
    definitions = schema.model("reports_2021-06-30.json")["definitions"]
    schema.validator("CreateReportSpecification", definitions).validate(first)
    schema.validator("CreateReportSpecification", definitions).validate(second)
    schema.validator("Report", definitions).validate(REPORT)


def test_a_reports_status(amazon, seller):
    amazon.says(f"{REPORTS}/50001", Answer(body=REPORT))
    assert seller.reports.get("50001") == Report(
        report_id="50001",
        report_type=REPORT_TYPE_LISTINGS,
        status="DONE",
        created=NOON,
        started=NOON + timedelta(minutes=1),
        ended=NOON + timedelta(minutes=2),
        document_id="amzn1.spdoc.1.4.fe.x",
        marketplace_ids=(JAPAN,),
        data_start=NOON - timedelta(days=1),
        data_end=NOON,
    )


@pytest.mark.parametrize(
    "status, is_final, is_done, has_no_data",
    [
        ("IN_QUEUE", False, False, False),
        ("IN_PROGRESS", False, False, False),
        ("DONE", True, True, False),
        ("CANCELLED", True, False, True),
        ("FATAL", True, False, False),
        ("SOMETHING_NEW", False, False, False),
    ],
)
def test_what_a_status_means(status, is_final, is_done, has_no_data):
    report = reports.parse_report(json.dumps({**REPORT, "processingStatus": status}))
    assert (report.is_final, report.is_done, report.has_no_data) == (is_final, is_done, has_no_data)


def test_reports_are_found_again(amazon, seller):
    amazon.says(REPORTS, Answer(body={"reports": [REPORT], "nextToken": "a+b/c="}), Answer(body={"reports": []}))
    page = seller.reports.search(["T", "U"], NOON, ("IN_QUEUE", "DONE"), [JAPAN], 10)
    assert [report.report_id for report in page.reports] == ["50001"]
    assert "a+b" not in repr(page)
    assert seller.reports.search(token=page.next_token) == ReportsPage((), None)
    first, second = (sorted(request.query) for request in amazon.asked())
    assert first == [
        ("createdSince", "2026-11-02T12:00:00Z"),
        ("marketplaceIds", JAPAN),
        ("pageSize", "10"),
        ("processingStatuses", "IN_QUEUE,DONE"),
        ("reportTypes", "T,U"),
    ]
    assert second == [("nextToken", "a+b/c=")]
    operation = schema.model("reports_2021-06-30.json")["paths"][REPORTS]["get"]
    assert {name for name, _value in first + second} <= {parameter["name"] for parameter in operation["parameters"]}


@settings(max_examples=30)
@given(st.data())
def test_any_page_the_schema_allows(data):
    definitions = schema.model("reports_2021-06-30.json")["definitions"]
    page = data.draw(schema.Instances(definitions).named("GetReportsResponse").filter(_has_types_that_can_be))
    read = reports.parse_reports_page(json.dumps(page))
    assert [report.status for report in read.reports] == [report["processingStatus"] for report in page["reports"]]
    assert bool(read.next_token) == bool(page.get("nextToken"))


def _has_types_that_can_be(page):
    return all(report["reportType"].isprintable() for report in page["reports"])


def test_a_refused_token(amazon, seller):
    amazon.says(REPORTS, Answer(400, {"errors": [{"code": "InvalidInput", "message": "nextToken"}]}))
    with pytest.raises(errors.TokenRefused):
        seller.reports.search(token="old")


def test_cancelling(amazon, seller):
    amazon.says(f"{REPORTS}/50001", Answer(200))
    assert seller.reports.cancel("50001") is None
    (request,) = amazon.asked()
    assert (request.method, request.body, request.query) == ("DELETE", b"", [])


def test_a_report_comes_down(amazon, seller):
    place = f"{amazon.url}/bucket?X-Amz-Signature=presigned"
    answer = {"reportDocumentId": "amzn1.d/1", "url": place, "compressionAlgorithm": "GZIP"}
    amazon.says(f"{DOCUMENTS}/amzn1.d%2F1", Answer(body=answer))
    amazon.says("/bucket", Answer(200, gzip.compress("数量".encode("cp932")), {"content-type": "text/plain"}))
    with seller.reports.download("amzn1.d/1") as document:
        assert (document.file.read(), document.content_type) == ("数量".encode("cp932"), "text/plain")
    assert "x-amz-access-token" not in amazon.asked("/bucket")[0].headers


def calls(seller):
    return {
        REPORTS: lambda: seller.reports.create("T", ["M"]),
        f"{REPORTS}?": lambda: seller.reports.search(["T"]),
        f"{REPORTS}/1": lambda: seller.reports.get("1"),
        f"{REPORTS}/1?": lambda: seller.reports.cancel("1"),
        f"{DOCUMENTS}/1": lambda: seller.reports.download("1"),
    }


@pytest.mark.parametrize(
    "answer, kind",
    [
        (Answer(400, {"errors": [{"code": "InvalidInput", "message": "no"}]}), BadRequest),
        (Answer(403, {"message": "Forbidden"}), errors.AccessDenied),
        (Answer(429), errors.QuotaExceeded),
        (Answer(500, b"<html></html>"), errors.RetryLater),
        (Answer(hang_up=True), errors.RetryLater),
        (Answer(200, {}, cut=9), errors.RetryLater),
        (Answer(200, b"<html>portal</html>"), errors.MalformedAnswer),
        (Answer(200, {"errors": [{"code": "X"}]}), errors.MalformedAnswer),
        (Answer(200, b"[]"), errors.MalformedAnswer),
    ],
)
def test_answers_to_every_call(amazon, seller, answer, kind):
    for path, call in calls(seller).items():
        amazon.says(path.rstrip("?"), answer)
        with pytest.raises(SellingPartnerError) as caught:
            call()
        assert (type(caught.value), caught.value.sent) == (kind, True), path


@pytest.mark.parametrize(
    "call",
    [
        lambda seller: seller.reports.create("", ["M"]),
        lambda seller: seller.reports.create("T", []),
        lambda seller: seller.reports.create("T", ["M"] * 26),
        lambda seller: seller.reports.create("T", ["M"], datetime(2026, 11, 2)),
        lambda seller: seller.reports.create("T", ["M"], NOON, NOON - timedelta(seconds=1)),
        lambda seller: seller.reports.search(),
        lambda seller: seller.reports.search(["T"] * 11),
        lambda seller: seller.reports.search(["T"], marketplace_ids=["M"] * 11),
        lambda seller: seller.reports.search(["T"], page_size=0),
        lambda seller: seller.reports.search(["T"], page_size=101),
        lambda seller: seller.reports.search(["T"], since=datetime(2026, 11, 2)),
        lambda seller: seller.reports.get(""),
        lambda seller: seller.reports.cancel(None),
        lambda seller: seller.reports.get_document(".."),
    ],
)
def test_calls_that_amazon_would_refuse(amazon, seller, call):
    with pytest.raises(BadRequest) as caught:
        call(seller)
    assert not caught.value.sent
    assert not amazon.requests


def test_a_search_is_kept_between_its_pages():
    search = ReportSearch(REPORT_TYPE_SETTLEMENTS, NOON)
    assert ReportSearch.from_json(search.to_json()) == search
    page = reports.parse_reports_page(json.dumps({"reports": [REPORT], "nextToken": "t"}))
    assert (page.marks, page.next_token) == (("50001",), "t")
