"""The Feeds API: documents, the life of a feed, and the storage's addresses."""

import gzip
import xml.etree.ElementTree as ET

import httpx
import pytest

from simulator import operations, schema
from simulator.tests.client import DOCUMENTS, FEEDS, FLAT_FEED, JP, US, XML, XML_FEED
from simulator.tests.fulfillment import FLAT, envelope, flat, message


def error(answer):
    """Code and message of the storage's refusal."""
    assert answer.headers["content-type"] == "application/xml"
    root = ET.fromstring(answer.content)
    return answer.status_code, root.findtext("Code"), root.findtext("Message")


def state(amazon, feed_id):
    return amazon.get(f"/feeds/{feed_id}")["processingStatus"]


@pytest.fixture
def order_id(amazon, seller):
    order_id = amazon.place(seller)
    amazon.advance(hours=1)
    return order_id


@pytest.fixture
def content(amazon, seller, order_id):
    return envelope(seller, message(1, order_id, reference=None))


def test_from_the_document_to_the_report(amazon, seller, order_id, content):
    feed_id = amazon.feed(seller, content)
    assert state(amazon, feed_id) == "IN_QUEUE"
    amazon.advance(seconds=10)
    assert amazon.call(seller, f"{FEEDS}/{feed_id}").json()["processingStatus"] == "IN_PROGRESS"
    assert amazon.order(order_id)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    amazon.advance(seconds=20)
    feed, report = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "DONE" and feed["feedType"] == XML_FEED and feed["marketplaceIds"] == [JP]
    assert (feed["createdTime"], feed["processingStartTime"], feed["processingEndTime"]) == (
        "2026-11-23T02:00:00.000Z",
        "2026-11-23T02:00:10.000Z",
        "2026-11-23T02:00:30.000Z",
    )
    assert report.status_code == 200 and b"<MessagesSuccessful>1<" in report.content
    order = amazon.show(seller, order_id)
    assert order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert order["lastUpdatedTime"] == "2026-11-23T02:00:30.000Z"
    detail = amazon.get(f"/feeds/{feed_id}")
    assert detail["content"] == content.decode() and "ProcessingReport" in detail["result"]
    assert detail["counts"] == {"processed": 1, "successful": 1, "errors": 0, "warnings": 0}
    [summary] = amazon.get("/feeds")
    assert summary["sha256"] == detail["sha256"] and "content" not in summary
    [entry] = amazon.get(f"/orders/{order_id}/confirmations")
    assert (entry["via"], entry["feed_id"], entry["message_id"]) == ("feed", feed_id, 1)


def test_the_control_api_decides(amazon, seller, order_id):
    amazon.post("/settings", feed_seconds=None)
    feed_id = amazon.feed(seller, envelope(seller, message(1, order_id)))
    amazon.advance(hours=5)
    assert state(amazon, feed_id) == "IN_QUEUE"
    amazon.post(f"/feeds/{feed_id}/process", status="IN_PROGRESS")
    assert amazon.send(seller, "DELETE", f"{FEEDS}/{feed_id}").status_code == 400
    assert amazon.post(f"/feeds/{feed_id}/process")["processingStatus"] == "DONE"
    amazon.control("POST", f"/feeds/{feed_id}/process", {}, status=409)
    amazon.control("POST", "/feeds/1/process", {}, status=404)
    other = amazon.feed(seller, envelope(seller, message(1, order_id, reference="7002")))
    amazon.control("POST", f"/feeds/{other}/process", {"status": "LOST"}, status=400)
    assert "resultFeedDocumentId" not in amazon.post(f"/feeds/{other}/process", result=False)
    assert amazon.get(f"/feeds/{other}")["counts"]["errors"] == 1


def test_fatal_feeds(amazon, seller):
    orders = [amazon.place(seller) for _ in range(3)]
    content = envelope(seller, *[message(n, order_id) for n, order_id in enumerate(orders, 1)])
    amazon.advance(hours=1)
    feed_id = amazon.feed(seller, content)
    amazon.post(f"/feeds/{feed_id}/process", status="FATAL", messages=2)
    feed, report = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "FATAL" and b"<MessageID>0<" in report.content
    assert [bool(amazon.get(f"/orders/{order_id}/confirmations")) for order_id in orders] == [True, True, False]
    feed_id = amazon.feed(seller, content)
    amazon.post(f"/feeds/{feed_id}/process", status="FATAL", result=False)
    assert amazon.report(seller, feed_id)[1] is None
    assert not amazon.get(f"/orders/{orders[2]}/confirmations")
    feed_id = amazon.feed(seller, content)
    amazon.post(f"/feeds/{feed_id}/process", status="CANCELLED")
    feed, report = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "CANCELLED" and report is None and "processingStartTime" not in feed


def test_legacy_and_unknown_types_and_missing_contents(amazon, seller):
    feed_id = amazon.feed(seller, b"x", feed_type="POST_PRODUCT_DATA")
    nothing = amazon.send(seller, "POST", DOCUMENTS, {"contentType": XML}).json()["feedDocumentId"]
    empty = amazon.create_feed(seller, nothing)
    amazon.advance(minutes=1)
    assert [amazon.report(seller, i)[0]["processingStatus"] for i in (feed_id, empty)] == ["FATAL", "FATAL"]
    assert amazon.report(seller, feed_id)[1] is None
    document_id, _stored = amazon.upload(seller, b"x")
    amazon.create_feed(seller, document_id, "POST_NOTHING", status=400)


def test_cancel(amazon, seller, order_id, content):
    feed_id = amazon.feed(seller, content)
    answer = amazon.send(seller, "DELETE", f"{FEEDS}/{feed_id}")
    assert answer.status_code == 200 and answer.content == b""
    amazon.advance(minutes=5)
    assert state(amazon, feed_id) == "CANCELLED" and not amazon.get(f"/orders/{order_id}/confirmations")
    assert amazon.send(seller, "DELETE", f"{FEEDS}/{feed_id}").status_code == 400
    assert amazon.send(seller, "DELETE", f"{FEEDS}/1").status_code == 404


def test_one_after_the_other(amazon, seller, content):
    first, second = amazon.feed(seller, content), amazon.feed(seller, content)
    other = amazon.feed(seller, flat(), FLAT, FLAT_FEED)
    amazon.advance(seconds=30)
    assert [state(amazon, i) for i in (first, second, other)] == ["DONE", "IN_PROGRESS", "DONE"]
    amazon.advance(seconds=19)
    assert state(amazon, second) == "IN_PROGRESS"
    amazon.advance(seconds=1)
    assert state(amazon, second) == "DONE"
    assert [amazon.get(f"/feeds/{i}")["counts"]["errors"] for i in (first, second)] == [0, 1]


def test_documents_are_good_once_for_two_days_for_their_owner(amazon, seller, content):
    document_id, _stored = amazon.upload(seller, content)
    stranger = amazon.post("/sellers")
    amazon.create_feed(stranger, document_id, status=400)
    amazon.create_feed(seller, "amzn1.tortuga.none", status=400)
    amazon.create_feed(seller, document_id, marketplaceIds=[US], status=403)
    amazon.create_feed(seller, document_id, marketplaceIds=[], status=400)
    amazon.create_feed(seller, document_id, marketplaceIds=["X"], status=400)
    amazon.create_feed(seller, document_id)
    amazon.create_feed(seller, document_id, status=400)
    late, _stored = amazon.upload(seller, content)
    amazon.advance(hours=48)
    amazon.create_feed(seller, late, status=400)
    for body in (None, {}, {"contentType": 1}, {"contentType": ""}, {"contentType": "xml"}):
        assert amazon.send(seller, "POST", DOCUMENTS, body).status_code == 400


def test_uploads_are_strict(amazon, seller, content):
    wrong = (403, "SignatureDoesNotMatch")
    document = amazon.send(seller, "POST", DOCUMENTS, {"contentType": XML}).json()
    for sent in ("text/xml", "text/xml; charset=utf-8", "text/xml;charset=UTF-8"):
        stored = httpx.put(document["url"], content=content, headers={"content-type": sent}, verify=False)
        assert error(stored)[:2] == wrong
    assert error(httpx.put(document["url"], content=content, verify=False))[:2] == wrong
    assert error(httpx.get(document["url"], verify=False))[:2] == wrong
    good = {"headers": {"content-type": XML}, "content": content, "verify": False}
    assert error(httpx.put(document["url"][:-1] + "x", **good))[:2] == wrong
    assert error(httpx.put(document["url"].split("?")[0], **good))[:2] == (403, "AccessDenied")
    assert httpx.put(document["url"], **good).status_code == 200
    amazon.advance(minutes=5)
    assert error(httpx.put(document["url"], **good)) == (403, "AccessDenied", "Request has expired")
    logged = amazon.get("/requests?operation=uploadFeedDocument")[-2]
    assert logged["body"] == content.decode() and logged["bytes"] == len(content) and logged["query"] == {}
    assert "Signature" not in str(amazon.get("/requests"))


def test_downloads_expire_and_can_be_asked_for_again(amazon, seller, content):
    feed_id = amazon.feed(seller, content)
    amazon.advance(minutes=1)
    document_id = amazon.get(f"/feeds/{feed_id}")["resultFeedDocumentId"]
    url = amazon.call(seller, f"{DOCUMENTS}/{document_id}").json()["url"]
    assert httpx.get(url, verify=False).status_code == 200
    amazon.advance(minutes=5)
    assert error(httpx.get(url, verify=False)) == (403, "AccessDenied", "Request has expired")
    assert amazon.report(seller, feed_id)[1].status_code == 200
    amazon.advance(hours=28 * 24)
    assert amazon.call(seller, f"{DOCUMENTS}/{document_id}").status_code == 404
    assert amazon.call(seller, f"{FEEDS}/{feed_id}").status_code == 200
    amazon.advance(hours=63 * 24)
    assert amazon.call(seller, f"{FEEDS}/{feed_id}").status_code == 404


def test_compressed_results(amazon, seller, content):
    amazon.post("/settings", feed_compression=True)
    feed_id = amazon.feed(seller, content)
    amazon.advance(minutes=1)
    path = f"{DOCUMENTS}/{amazon.get(f'/feeds/{feed_id}')['resultFeedDocumentId']}"
    document = amazon.call(seller, path).json()
    assert document["compressionAlgorithm"] == "GZIP"
    assert b"ProcessingReport" in gzip.decompress(httpx.get(document["url"], verify=False).content)
    document = amazon.call(seller, path, enableContentEncodingUrlHeader="true").json()
    answer = httpx.get(document["url"], verify=False)
    assert answer.headers["content-encoding"] == "gzip" and b"ProcessingReport" in answer.content


def test_trouble_with_the_storage(amazon, seller, content):
    amazon.post("/faults", operation="uploadFeedDocument", kind="503_empty")
    assert amazon.upload(seller, content)[1].status_code == 503
    amazon.post("/faults", operation="downloadFeedDocument", kind="expired_url")
    amazon.post("/faults", operation="createFeed", kind="cut_after")
    document_id, _stored = amazon.upload(seller, content)
    with pytest.raises(httpx.TransportError):
        amazon.create_feed(seller, document_id)
    amazon.advance(minutes=1)
    [feed] = amazon.call(seller, FEEDS, feedTypes=XML_FEED).json()["feeds"]
    assert amazon.report(seller, feed["feedId"])[1].status_code == 403
    assert amazon.report(seller, feed["feedId"])[1].status_code == 200


def test_get_feeds(amazon, seller):
    ids = []
    for n in range(5):
        ids.insert(0, amazon.feed(seller, flat(), FLAT, FLAT_FEED if n % 2 else XML_FEED))
        amazon.advance(minutes=1)
    amazon.feed(amazon.post("/sellers"), b"x")
    both = f"{XML_FEED},{FLAT_FEED}"

    def found(**query):
        answer = amazon.call(seller, FEEDS, **query)
        assert answer.status_code == 200, answer.text
        return [feed["feedId"] for feed in answer.json()["feeds"]], answer.json().get("nextToken")

    assert found(feedTypes=both) == (ids, None)
    assert found(feedTypes=FLAT_FEED) == ([ids[1], ids[3]], None)
    assert found(feedTypes=both, createdSince="2026-11-23T01:03:00Z")[0] == ids[:2]
    assert found(feedTypes=both, createdUntil="2026-11-23T01:00:30Z", marketplaceIds=JP)[0] == ids[4:]
    assert found(feedTypes=both, processingStatuses="FATAL,IN_QUEUE")[0] == []
    page, token = found(feedTypes=both, pageSize="2")
    rest, token2 = found(nextToken=token)
    last, end = found(nextToken=token2)
    assert [*page, *rest, *last] == ids and end is None
    for query in (
        {},
        {"nextToken": token, "pageSize": "2"},
        {"nextToken": token[:-2] + "xx"},
        {"feedTypes": both, "pageSize": "101"},
        {"feedTypes": both, "processingStatuses": "LOST"},
        {"feedTypes": both, "createdSince": "yesterday"},
        {"feedTypes": both, "MarketplaceId": JP},
    ):
        assert amazon.call(seller, FEEDS, **query).status_code == 400, query


def test_roles(amazon, seller, content):
    document_id, _stored = amazon.upload(seller, content)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["product_listing"]})
    amazon.create_feed(seller, document_id, status=403)


def test_answers_keep_to_the_schema(amazon, seller, content, models):
    feed_id = amazon.feed(seller, content)
    amazon.advance(minutes=1)
    document = f"{DOCUMENTS}/{amazon.get(f'/feeds/{feed_id}')['resultFeedDocumentId']}"
    new = amazon.send(seller, "POST", DOCUMENTS, {"contentType": XML})
    body = {"feedType": XML_FEED, "marketplaceIds": [JP], "inputFeedDocumentId": new.json()["feedDocumentId"]}
    for name, answer in {
        "createFeedDocument": new,
        "createFeed": amazon.send(seller, "POST", FEEDS, body),
        "getFeed": amazon.call(seller, f"{FEEDS}/{feed_id}"),
        "getFeeds": amazon.call(seller, FEEDS, feedTypes=XML_FEED, pageSize="1"),
        "getFeedDocument": amazon.call(seller, document),
    }.items():
        assert answer.status_code < 300 and answer.headers["x-amzn-RateLimit-Limit"]
        assert schema.check_answer(models, operations.BY_NAME[name], answer.status_code, answer.json()) == []
    assert schema.check_request(models, operations.BY_NAME["createFeed"], {}, body) == []
    refused = amazon.send(seller, "POST", FEEDS, body)
    assert schema.check_answer(models, operations.BY_NAME["createFeed"], 400, refused.json()) == []
