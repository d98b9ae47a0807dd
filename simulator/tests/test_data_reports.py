"""The Reports API, and the report of all listings."""

import gzip
import xml.etree.ElementTree as ET

import httpx
import pytest

from simulator import operations, schema
from simulator.tests.client import JP, US

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"


@pytest.fixture
def offers(amazon, seller):
    made = [
        {
            "sku": "TEA-1",
            "title": '煎茶 "極"\t①',
            "asin": "B0TEA",
            "price": "1980",
            "points": 20,
            "quantity": 7,
            "created": "2026-11-01T15:00:05Z",
        },
        {"sku": "OUT", "title": "売り切れ", "asin": "B0OUT", "quantity": 0},
        {"sku": "FBA", "title": "FBA商品", "asin": "B0FBA", "channel": "fba"},
        {"sku": "GHOST", "ghost": True, "status": [], "quantity": 3},
    ]
    amazon.post("/listings", merchant_id=seller["merchant_id"], listings=made)


def ask(amazon, seller, report_type=LISTINGS, status=202, **values):
    """The answer's JSON, of createReport."""
    body = {"reportType": report_type, "marketplaceIds": [JP], **values}
    answer = amazon.send(seller, "POST", REPORTS, {key: value for key, value in body.items() if value is not None})
    assert answer.status_code == status, answer.text
    return answer.json()


def create(amazon, seller, **values):
    return ask(amazon, seller, **values)["reportId"]


def get(amazon, seller, report_id, status=200):
    answer = amazon.call(seller, f"{REPORTS}/{report_id}")
    assert answer.status_code == status, answer.text
    return answer.json()


def download(amazon, seller, report_id, **query):
    """(getReportDocument's JSON, answer of the storage)."""
    answer = amazon.call(seller, f"{DOCUMENTS}/{get(amazon, seller, report_id)['reportDocumentId']}", **query)
    assert answer.status_code == 200, answer.text
    return answer.json(), httpx.get(answer.json()["url"], verify=False)


def rows(content, codec):
    header, *lines = [line.split("\t") for line in content.decode(codec).removesuffix("\n").split("\n")]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_the_life_of_a_report(amazon, seller, offers):
    report_id = create(amazon, seller)
    report = get(amazon, seller, report_id)
    assert (report["processingStatus"], report["reportType"]) == ("IN_QUEUE", LISTINGS)
    amazon.advance(seconds=10)
    assert get(amazon, seller, report_id)["processingStatus"] == "IN_PROGRESS"
    amazon.advance(seconds=20)
    report = get(amazon, seller, report_id)
    assert report["processingStatus"] == "DONE"
    assert [report[f"processing{name}Time"][11:19] for name in ("Start", "End")] == ["01:00:10", "01:00:30"]
    document, stored = download(amazon, seller, report_id)
    assert "compressionAlgorithm" not in document and stored.status_code == 200
    amazon.advance(minutes=5)
    expired = httpx.get(document["url"], verify=False)
    assert expired.status_code == 403 and ET.fromstring(expired.content).findtext("Message") == "Request has expired"
    assert amazon.get("/requests?operation=downloadReportDocument")[0]["status"] == 200


def test_japanese_listings(amazon, seller, offers):
    report_id = create(amazon, seller)
    amazon.advance(seconds=30)
    _document, stored = download(amazon, seller, report_id)
    assert stored.headers["content-type"] == "text/plain; charset=Windows-31J"
    tea, out, fba, ghost = rows(stored.content, "cp932")
    assert tea["商品名"] == '煎茶 "極" ①'
    facts = {
        "出品者SKU": "TEA-1",
        "価格": "1980",
        "数量": "7",
        "在庫数": "0",
        "出品日": "2026/11/02 00:00:05 JST",
        "ASIN 1": "B0TEA",
        "フルフィルメント・チャンネル": "DEFAULT",
        "ポイント": "20",
        "ステータス": "Active",
    }
    assert {name: tea[name] for name in facts} == facts
    assert (out["数量"], out["ステータス"]) == ("0", "Inactive")
    assert (fba["数量"], fba["フルフィルメント・チャンネル"], fba["ステータス"]) == ("", "AMAZON_JP", "Active")
    assert (ghost["商品名"], ghost["ASIN 1"], ghost["ステータス"]) == ("", "", "Incomplete")


@pytest.mark.parametrize(
    "values, content_type, codec, name",
    [
        ({"report_language": "en", "report_encoding": "utf-8"}, "text/plain; charset=UTF-8", "utf-8", "item-name"),
        ({"report_encoding": "Shift_JIS_undeclared"}, "text/plain", "cp932", "商品名"),
        ({"report_encoding": "UTF-16"}, "text/plain; charset=UTF-16", "utf-16", "商品名"),
    ],
)
def test_language_and_encoding_of_the_account(amazon, seller, offers, values, content_type, codec, name):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", values)
    report_id = create(amazon, seller)
    amazon.advance(seconds=30)
    _document, stored = download(amazon, seller, report_id)
    assert stored.headers["content-type"] == content_type
    assert rows(stored.content, codec)[1][name] == "売り切れ"
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"report_encoding": "EBCDIC"}, status=400)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"report_language": "fr"}, status=400)


def test_elsewhere(amazon):
    seller = amazon.post("/sellers", region="na")
    made = {"sku": "TEA-1", "title": "Thé vert", "price": "9.99", "channel": "both", "quantity": 3}
    amazon.post("/listings", merchant_id=seller["merchant_id"], **made)
    report_id = create(amazon, seller, marketplaceIds=[US])
    amazon.advance(seconds=30)
    _document, stored = download(amazon, seller, report_id)
    assert stored.headers["content-type"] == "text/plain; charset=Cp1252"
    [row] = rows(stored.content, "cp1252")
    assert (row["item-name"], row["price"], row["quantity"]) == ("Thé vert", "9.99", "")
    assert (row["fulfillment-channel"], row["open-date"]) == ("AMAZON_NA", "2026-11-22 17:00:00 PST")


def test_compressed(amazon, seller, offers):
    amazon.post("/settings", report_compression=True)
    report_id = create(amazon, seller)
    amazon.advance(seconds=30)
    document, stored = download(amazon, seller, report_id)
    assert document["compressionAlgorithm"] == "GZIP" and "content-encoding" not in stored.headers
    assert len(rows(gzip.decompress(stored.content), "cp932")) == 4
    _document, unpacked = download(amazon, seller, report_id, enableContentEncodingUrlHeader="true")
    assert unpacked.headers["content-encoding"] == "gzip" and len(rows(unpacked.content, "cp932")) == 4


def test_cancelled_without_data_and_beside_a_running_one(amazon, seller):
    report_id = create(amazon, seller)
    second = create(amazon, seller)
    assert get(amazon, seller, second)["processingStatus"] == "CANCELLED"
    amazon.advance(seconds=30)
    report = get(amazon, seller, report_id)
    assert report["processingStatus"] == "CANCELLED" and "reportDocumentId" not in report
    assert get(amazon, seller, create(amazon, seller))["processingStatus"] == "IN_QUEUE"


@pytest.mark.parametrize("status", ["FATAL", "CANCELLED", "IN_QUEUE"])
def test_reports_that_end_otherwise(amazon, seller, offers, status):
    amazon.post("/faults", operation="createReport", kind="report_ends", status=status)
    report_id = create(amazon, seller)
    amazon.advance(hours=2)
    report = get(amazon, seller, report_id)
    assert report["processingStatus"] == status and "reportDocumentId" not in report
    if status == "IN_QUEUE":
        assert amazon.send(seller, "DELETE", f"{REPORTS}/{report_id}").status_code == 200
    report_id = create(amazon, seller)
    amazon.advance(seconds=30)
    assert get(amazon, seller, report_id)["processingStatus"] == "DONE"


def test_only_a_known_status(amazon):
    amazon.control("POST", "/faults", {"kind": "report_ends", "status": "LOST"}, status=400)


def test_cancelling(amazon, seller, offers):
    report_id = create(amazon, seller)
    assert amazon.send(seller, "DELETE", f"{REPORTS}/{report_id}").status_code == 200
    assert get(amazon, seller, report_id)["processingStatus"] == "CANCELLED"
    report_id = create(amazon, seller)
    amazon.advance(seconds=10)
    assert amazon.send(seller, "DELETE", f"{REPORTS}/{report_id}").status_code == 400


def test_the_control_api_decides(amazon, seller, offers):
    amazon.post("/settings", report_seconds=None)
    first = create(amazon, seller)
    amazon.advance(hours=5)
    assert get(amazon, seller, first)["processingStatus"] == "IN_QUEUE"
    assert amazon.post(f"/reports/{first}/process", status="IN_PROGRESS")["processingStatus"] == "IN_PROGRESS"
    assert "煎茶" in amazon.post(f"/reports/{first}/process")["content"]
    amazon.control("POST", f"/reports/{first}/process", {}, status=409)
    amazon.control("GET", "/reports/1", status=404)
    second = create(amazon, seller)
    content = "商品名\t色\n茶\t緑\n"
    amazon.post(f"/reports/{second}/process", content=content, encoding="cp932", content_type="text/plain")
    _document, stored = download(amazon, seller, second)
    assert stored.content == content.encode("cp932")
    third = create(amazon, seller)
    assert amazon.post(f"/reports/{third}/process", status="FATAL")["processingStatus"] == "FATAL"
    assert [report["reportId"] for report in amazon.get("/reports")] == [first, second, third]


@pytest.mark.parametrize(
    "values, status",
    [
        ({"report_type": "GET_NOTHING"}, 400),
        ({"report_type": None}, 400),
        ({"marketplaceIds": None}, 400),
        ({"marketplaceIds": []}, 400),
        ({"marketplaceIds": ["X"]}, 400),
        ({"marketplaceIds": [5]}, 400),
        ({"marketplaceIds": [US]}, 403),
        ({"reportOptions": {"custom": True}}, 400),
        ({"dataStartTime": "yesterday"}, 400),
        ({"dataStartTime": 5}, 400),
        ({"dataEndTime": "2026-12-01T00:00:00Z"}, 400),
        ({"dataStartTime": "2026-11-02T00:00:00Z", "dataEndTime": "2026-11-01T00:00:00Z"}, 400),
        ({"more": "x"}, 400),
    ],
)
def test_what_cannot_be_asked_for(amazon, seller, values, status):
    ask(amazon, seller, status=status, **values)


def test_who_may_ask_and_read(amazon, seller, offers):
    report_id = create(amazon, seller, dataStartTime="2026-11-01T09:00:00+09:00", reportOptions={"custom": "true"})
    amazon.advance(seconds=30)
    report = get(amazon, seller, report_id)
    assert report["dataStartTime"] == "2026-11-01T00:00:00.000Z"
    other = amazon.post("/sellers")
    get(amazon, other, report_id, status=404)
    assert amazon.call(other, f"{DOCUMENTS}/{report['reportDocumentId']}").status_code == 404
    feeds = f"/feeds/2021-06-30/documents/{report['reportDocumentId']}"
    assert amazon.call(seller, feeds).status_code == 404
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["inventory_and_order_tracking"]})
    ask(amazon, seller, status=403)


def test_the_search(amazon, seller, offers):
    ids = []
    for _ in range(3):
        ids.insert(0, create(amazon, seller))
        amazon.advance(minutes=1)

    def found(**query):
        answer = amazon.call(seller, REPORTS, **query)
        assert answer.status_code == 200, answer.text
        return [report["reportId"] for report in answer.json()["reports"]], answer.json().get("nextToken")

    assert found(reportTypes=LISTINGS) == (ids, None)
    page, token = found(reportTypes=LISTINGS, pageSize="2")
    assert page == ids[:2] and found(nextToken=token) == (ids[2:], None)
    assert found(reportTypes=LISTINGS, createdSince="2026-11-23T01:01:30Z")[0] == ids[:1]
    assert found(reportTypes=LISTINGS, processingStatuses="FATAL")[0] == []
    for query in ({}, {"feedTypes": LISTINGS}, {"nextToken": token, "pageSize": "2"}, {"nextToken": "x"}):
        assert amazon.call(seller, REPORTS, **query).status_code == 400
    amazon.advance(hours=24 * 91)
    assert found(reportTypes=LISTINGS)[0] == []
    get(amazon, seller, ids[0], status=404)


def test_usage_plans(amazon, seller):
    amazon.post("/quota", mode="published")
    report_id = create(amazon, seller)
    for path, left, rate in (
        (REPORTS, 10, "0.0222"),
        (f"{REPORTS}/{report_id}", 15, "2"),
        (f"{DOCUMENTS}/x", 15, "0.0167"),
    ):
        query = {"reportTypes": LISTINGS} if path == REPORTS else {}
        answers = [amazon.call(seller, path, **query) for _ in range(left + 1)]
        assert answers[0].headers["x-amzn-ratelimit-limit"] == rate
        assert [answer.status_code for answer in answers].index(429) == left
    for _ in range(14):
        create(amazon, seller)
    ask(amazon, seller, status=429)


def test_answers_keep_to_the_schema(amazon, seller, offers, models):
    report_id = create(amazon, seller)
    amazon.advance(seconds=30)
    body = {"reportType": LISTINGS, "marketplaceIds": [JP], "dataStartTime": "2026-11-01T00:00:00Z"}
    for name, answer in {
        "createReport": amazon.send(seller, "POST", REPORTS, body),
        "getReport": amazon.call(seller, f"{REPORTS}/{report_id}"),
        "getReports": amazon.call(seller, REPORTS, reportTypes=LISTINGS, pageSize="1"),
        "getReportDocument": amazon.call(seller, f"{DOCUMENTS}/{get(amazon, seller, report_id)['reportDocumentId']}"),
    }.items():
        assert answer.status_code < 300
        assert schema.check_answer(models, operations.BY_NAME[name], answer.status_code, answer.json()) == []
    assert schema.check_request(models, operations.BY_NAME["createReport"], {}, body) == []
    refused = amazon.send(seller, "POST", REPORTS, {})
    assert schema.check_answer(models, operations.BY_NAME["createReport"], 400, refused.json()) == []
