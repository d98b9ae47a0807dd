"""JSON_LISTINGS_FEED: its document, what becomes of the messages, its report."""

import json

import pytest

from simulator import operations, schema
from simulator.tests.client import FEEDS, JP, XML_FEED

TYPE = "JSON_LISTINGS_FEED"
JSON = "application/json; charset=UTF-8"
PATH = "/attributes/fulfillment_availability"


@pytest.fixture(autouse=True)
def offers(amazon, seller):
    """A shop with the SKUs A, B and C."""
    merchant_id = seller["merchant_id"]
    amazon.post("/listings", merchant_id=merchant_id, listings=[{"sku": sku, "quantity": 7} for sku in "ABC"])


def message(number, sku, quantity=None, op="merge", **fields):
    value = {"fulfillment_channel_code": "DEFAULT", **({} if quantity is None else {"quantity": quantity}), **fields}
    patches = [{"op": op, "path": PATH, "value": [value]}]
    return {"messageId": number, "sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": patches}


def content(seller, *messages, **header):
    header = {"sellerId": seller["merchant_id"], "version": "2.0", **header}
    return json.dumps({"header": header, "messages": messages}).encode()


def submit(amazon, seller, *messages, **header):
    """The feed's id."""
    return amazon.feed(seller, content(seller, *messages, **header), JSON, TYPE)


def report_of(amazon, seller, feed_id, status="DONE"):
    """The report's JSON, once the feed is worked off."""
    if amazon.get(f"/feeds/{feed_id}")["processingStatus"] in ("IN_QUEUE", "IN_PROGRESS"):
        amazon.post(f"/feeds/{feed_id}/process")
    feed, report = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == status
    assert report.headers["content-type"] == JSON
    return json.loads(report.content.decode())


def quantities(amazon):
    return {listing["sku"]: listing["quantity"] for listing in amazon.get("/listings")}


def summary(errors=0, warnings=0, processed=0, accepted=0, invalid=0):
    return {
        "errors": errors,
        "warnings": warnings,
        "messagesProcessed": processed,
        "messagesAccepted": accepted,
        "messagesInvalid": invalid,
    }


def test_quantities_by_a_feed(amazon, seller):
    feed_id = submit(amazon, seller, message(1, "A", 3), message(5, "B", 0), message(2, "NEW", 1))
    assert report_of(amazon, seller, feed_id) == {
        "header": {"sellerId": seller["merchant_id"], "version": "2.0", "feedId": feed_id},
        "issues": [],
        "summary": summary(processed=3, accepted=3),
    }
    assert quantities(amazon) == {"A": 3, "B": 0, "C": 7, "NEW": 1}
    writes = amazon.get("/listing-writes")
    assert [(w["sku"], w["via"], w["feed_id"], w["message_id"]) for w in writes] == [
        ("A", "feed", feed_id, 1),
        ("B", "feed", feed_id, 5),
        ("NEW", "feed", feed_id, 2),
    ]
    assert amazon.get(f"/feeds/{feed_id}")["counts"]["successful"] == 3


def test_the_feed_takes_its_time_and_then_the_listing(amazon, seller):
    amazon.post("/settings", listing_seconds=60, feed_seconds=30)
    feed_id = submit(amazon, seller, message(1, "A", 3))
    amazon.advance(seconds=29)
    assert amazon.get("/listing-writes") == []
    amazon.advance(seconds=60)
    assert quantities(amazon)["A"] == 7 and report_of(amazon, seller, feed_id)["summary"]["messagesAccepted"] == 1
    amazon.advance(seconds=1)
    [write] = amazon.get("/listing-writes")
    assert quantities(amazon)["A"] == 3
    assert [write[key][11:19] for key in ("time", "accepted", "applied")] == ["01:00:00", "01:00:30", "01:01:30"]


def test_a_patch_overtakes_a_feed(amazon, seller):
    feed_id = submit(amazon, seller, message(1, "A", 3))
    body = {"productType": "PRODUCT", "patches": message(1, "A", 2)["patches"]}
    path = f"/listings/2021-08-01/items/{seller['merchant_id']}/A?marketplaceIds={JP}"
    assert amazon.send(seller, "PATCH", path, body).json()["status"] == "ACCEPTED"
    report_of(amazon, seller, feed_id)
    patched, fed = amazon.get("/listing-writes")
    assert (patched["via"], patched["out_of_order"]) == ("patch", False)
    assert (fed["via"], fed["out_of_order"]) == ("feed", True)
    assert fed["submission"] < patched["submission"] and quantities(amazon)["A"] == 3


def test_feeds_of_the_type_one_after_the_other(amazon, seller):
    first, second = submit(amazon, seller, message(1, "A", 3)), submit(amazon, seller, message(1, "A", 4))
    amazon.advance(seconds=30)
    assert [amazon.get(f"/feeds/{feed_id}")["processingStatus"] for feed_id in (first, second)] == [
        "DONE",
        "IN_PROGRESS",
    ]
    amazon.advance(seconds=30)
    assert [write["quantity"] for write in amazon.get("/listing-writes")] == [3, 4]


def test_errors_and_warnings_of_messages(amazon, seller):
    for sku, severity in (("B", "WARNING"), ("C", "ERROR")):
        issue = {"code": "18027", "severity": severity, "message": {"ja_JP": "確認してください", "en_US": "Check"}}
        amazon.control("PATCH", f"/listings/{sku}", {"write_issues": [{**issue, "attributeNames": ["brand"]}]})
    deep = message(4, "A", 1)
    deep["patches"][0]["path"] += "/0/quantity"
    camel = message(5, "A", 1)
    camel["patches"][0]["path"] = "/attributes/fulfillmentAvailability"
    messages = [
        message(1, "A", 1),
        message(2, "B", 2),
        message(3, "C", 3),
        deep,
        camel,
        message(6, "A", -1),
        message(7, "A", lead_time_to_ship_max_days=3),
        message(8, "A", 1, fulfillment_channel_code=""),
    ]
    report = report_of(amazon, seller, submit(amazon, seller, *messages))
    assert [(one.get("messageId"), one["code"], one["severity"]) for one in report["issues"]] == [
        (2, "18027", "WARNING"),
        (3, "18027", "ERROR"),
        (4, "BAD_REQUEST", "ERROR"),
        (5, "90000900", "ERROR"),
        (6, "90244", "ERROR"),
        (7, "90220", "ERROR"),
        (8, "BAD_REQUEST", "ERROR"),
    ]
    assert report["issues"][0] == {
        "messageId": 2,
        "sku": "B",
        "code": "18027",
        "severity": "WARNING",
        "message": "確認してください",
        "attributeName": "brand",
    }
    assert report["summary"] == summary(6, 1, 8, 2, 6)
    assert quantities(amazon) == {"A": 1, "B": 2, "C": 7}
    english = report_of(amazon, seller, submit(amazon, seller, message(1, "C", 3), issueLocale="en_US"))
    assert english["issues"][0]["message"] == "Check"


def test_a_partial_update_replaces(amazon, seller):
    amazon.control("PATCH", "/listings/A", {"lead_time": 3})
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]
    update = {**message(1, "A"), "operationType": "PARTIAL_UPDATE", "attributes": {"fulfillment_availability": value}}
    del update["patches"]
    other = {**update, "messageId": 2, "operationType": "UPDATE"}
    delete = {"messageId": 3, "sku": "B", "operationType": "DELETE"}
    report = report_of(amazon, seller, submit(amazon, seller, update, other, delete))
    assert [(one["messageId"], one["code"]) for one in report["issues"]] == [(2, "NOT_SIMULATED"), (3, "NOT_SIMULATED")]
    listing = amazon.get("/listings/A")
    assert (listing["quantity"], listing["lead_time"]) == (4, None)


def unreadable(amazon, seller, document):
    """The issues of a feed that Amazon could not read: nothing of it was done."""
    report = report_of(amazon, seller, amazon.feed(seller, document, JSON, TYPE))
    assert report["header"]["sellerId"] == "" and report["summary"] == summary(len(report["issues"]))
    assert amazon.get("/listing-writes") == []
    return [(issue["code"], issue.get("messageId")) for issue in report["issues"]]


def test_documents_that_cannot_be_read(amazon, seller):
    good = json.loads(content(seller, message(1, "A", 1)))
    header = good["header"]
    many = [message(number, "A", 1) for number in range(1, 25_002)]
    for expected, document in (
        ("4002001", b"<xml/>"),
        ("4002001", "{}あ".encode("cp932")),
        ("4002001", b"[]"),
        ("4002005", b"{}"),
        ("4002005", {**good, "header": {"version": "2.0"}}),
        ("4002005", {**good, "header": {**header, "sellerId": "A0"}}),
        ("4002006", {**good, "header": {**header, "version": "1.0"}}),
        ("4002001", {**good, "header": {**header, "report": {"includedData": ["prices"], "apiVersion": "2021-08-01"}}}),
        ("4002001", {**good, "header": {**header, "marketplace": JP}}),
        ("4002001", {**good, "messages": []}),
        ("4002001", {**good, "messages": many}),
        ("4002001", {**good, "more": 1}),
    ):
        document = document if isinstance(document, bytes) else json.dumps(document).encode()
        assert unreadable(amazon, seller, document) == [(expected, None)]


def test_one_message_that_breaks_the_schema_spoils_all(amazon, seller):
    good = message(1, "A", 1)
    spoiled = {
        2: {"messageId": 2, "sku": "A"},
        3: {**message(3, "A", 1), "operationType": "MERGE"},
        4: {**message(4, "A", 1), "requirements": "LISTING"},
        5: {**message(5, "A", 1), "patches": [{"op": "merge", "path": PATH, "value": {"quantity": 1}}]},
        6: {**message(6, "A", 1), "patches": []},
        7: {**message(7, "x" * 41, 1)},
        8: {**message(8, "A", 1), "sku": 5},
        9: {**message(9, "A", 1), "productType": ""},
        10: {**message(10, "A", 1), "patches": [{"op": "move", "path": PATH, "value": []}]},
        1: message(1, "B", 1),
    }
    document = content(seller, good, *spoiled.values())
    assert unreadable(amazon, seller, document) == [("4002008", number) for number in spoiled]
    for number in ("1", 0, 2**31, True, None):
        document = content(seller, good, {**message(2, "A", 1), "messageId": number})
        assert unreadable(amazon, seller, document) == [("4002008", None)]


def test_a_feed_that_is_aborted_or_too_large(amazon, seller):
    feed_id = submit(amazon, seller, *[message(number, sku, 1) for number, sku in enumerate("ABC", 1)])
    amazon.post(f"/feeds/{feed_id}/process", status="FATAL", messages=2)
    report = report_of(amazon, seller, feed_id, "FATAL")
    assert [issue["code"] for issue in report["issues"]] == ["5002"] and "messageId" not in report["issues"][0]
    assert quantities(amazon) == {"A": 1, "B": 1, "C": 7}
    document = content(seller, message(1, "A", 5)) + b" " * 10 * 1024 * 1024
    report = report_of(amazon, seller, amazon.feed(seller, document, JSON, TYPE), "FATAL")
    assert [issue["code"] for issue in report["issues"]] == ["5003"]


def test_several_marketplaces(amazon):
    seller = amazon.post("/sellers", region="eu")
    de, uk, _fr = seller["marketplaces"]
    document_id, _stored = amazon.upload(seller, content(seller, message(1, "E", 4)), JSON)
    feed_id = amazon.create_feed(seller, document_id, TYPE, marketplaceIds=[de, uk])
    report_of(amazon, seller, feed_id)
    assert [(one["marketplace_id"], one["quantity"]) for one in amazon.get("/listing-writes")] == [(de, 4), (uk, 4)]


def test_role(amazon, seller):
    document_id, _stored = amazon.upload(seller, content(seller, message(1, "A", 1)), JSON)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["inventory_and_order_tracking"]})
    amazon.create_feed(seller, document_id, TYPE, status=403)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["product_listing"]})
    assert amazon.create_feed(seller, document_id, TYPE)


def test_five_in_five_minutes(amazon, seller):
    amazon.post("/quota", mode="published")
    amazon.post("/quota", operation="createFeedDocument", rate=100, burst=100)

    def create(feed_type=TYPE):
        document_id, _stored = amazon.upload(seller, content(seller, message(1, "A", 1)), JSON)
        body = {"feedType": feed_type, "marketplaceIds": [JP], "inputFeedDocumentId": document_id}
        return amazon.send(seller, "POST", FEEDS, body)

    assert [create().status_code for _ in range(6)] == [202] * 5 + [429]
    assert create(XML_FEED).headers["x-amzn-ratelimit-limit"] == "0.0083"
    amazon.advance(seconds=60)
    answer = create()
    assert (answer.status_code, answer.headers["x-amzn-ratelimit-limit"]) == (202, "0.01666666667")
    assert create().status_code == 429
    amazon.post("/quota", operation=f"createFeed {TYPE}", rate=1, burst=1)
    amazon.advance(seconds=1)
    assert create().headers["x-amzn-ratelimit-limit"] == "1"
    assert amazon.get("/quota")["published"][f"createFeed {TYPE}"]["burst"] == 5


def test_as_many_messages_as_are_allowed(amazon, seller):
    amazon.post("/listings/bulk", merchant_id=seller["merchant_id"], count=25_000, prefix="M", quantity=1)
    feed_id = submit(amazon, seller, *[message(number, f"M{number:06d}", 2) for number in range(1, 25_001)])
    assert report_of(amazon, seller, feed_id)["summary"] == summary(processed=25_000, accepted=25_000)
    assert {one["quantity"] for one in amazon.get("/listings?offset=24900")} == {2}


def test_it_fits_the_model(amazon, seller, models):
    body = {"feedType": TYPE, "marketplaceIds": [JP], "inputFeedDocumentId": "x"}
    assert schema.check_request(models, operations.BY_NAME["createFeed"], {}, body) == []
