"""Feeds: the documents, the calls, and what Amazon says about them."""

import json
import time
import tracemalloc
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import schema
from amazon_server import Answer
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from test_shipments import FULL, SENT, shipment, shipments

from selling_partner import errors, feeds
from selling_partner.client import SellingPartner
from selling_partner.errors import BadRequest, SellingPartnerError
from selling_partner.fulfillment import flat_fulfillment_file, formula_in, fulfillment_feed, split_feed
from selling_partner.shipments import ShippedItem, tidy

FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
TOKYO = ZoneInfo("Asia/Tokyo")
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class Strict:
    """Reads elements in one order only; whatever is left over is a mistake."""

    def __init__(self, element, tag):
        assert element.tag == tag
        assert tag == "AmazonEnvelope" or not element.attrib
        assert not (element.text or "").strip()
        self.rest = list(element)

    def __enter__(self):
        return self

    def __exit__(self, kind, *failure):
        assert kind or not self.rest

    def sub(self, tag):
        return Strict(self.rest.pop(0), tag)

    def text(self, tag, optional=False):
        if optional and (not self.rest or self.rest[0].tag != tag):
            return ""
        element = self.rest.pop(0)
        assert element.tag == tag and not len(element) and element.text
        return element.text


def read_feed(content):
    """Read a feed; return the merchant and, per message, (id, order, reference, date, data, items)."""
    assert content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
    assert dict(root.attrib) == {f"{XSI}noNamespaceSchemaLocation": "amzn-envelope.xsd"}
    messages = []
    with Strict(root, "AmazonEnvelope") as envelope:
        with envelope.sub("Header") as header:
            assert header.text("DocumentVersion") == "1.01"
            merchant = header.text("MerchantIdentifier")
        assert envelope.text("MessageType") == "OrderFulfillment"
        while envelope.rest:
            messages.append(read_message(envelope))
    return merchant, messages


def read_message(envelope):
    with envelope.sub("Message") as message:
        message_id = int(message.text("MessageID"))
        with message.sub("OrderFulfillment") as fulfillment:
            head = [fulfillment.text(tag) for tag in ("AmazonOrderID", "MerchantFulfillmentID", "FulfillmentDate")]
            with fulfillment.sub("FulfillmentData") as data:
                carrier = data.text("CarrierCode"), data.text("CarrierName", optional=True)
                method = data.text("ShippingMethod", optional=True)
                number = data.text("ShipperTrackingNumber", optional=True)
            items = []
            while fulfillment.rest:
                with fulfillment.sub("Item") as item:
                    items.append((item.text("AmazonOrderItemCode"), int(item.text("Quantity"))))
    return message_id, *head, *carrier, method, number, tuple(items)


def expected(message_id, parcel):
    code, name = parcel.carrier
    return (
        message_id,
        parcel.order_id,
        parcel.reference,
        parcel.body()["packageDetail"]["shipDate"],
        code,
        name if code == "Other" else "",
        tidy(parcel.shipping_method),
        tidy(parcel.tracking_number),
        tuple((item.item_id, item.quantity) for item in parcel.items),
    )


def numbered(parcels, start=1):
    return list(enumerate(parcels, start))


@given(st.lists(shipments, min_size=1, max_size=4), st.integers(1, 10**20 - 10))
def test_what_goes_into_a_feed_comes_out(parcels, start):
    messages = numbered(parcels, start)
    merchant, read = read_feed(fulfillment_feed("A1MERCHANT", iter(messages)))
    assert merchant == "A1MERCHANT"
    assert read == [expected(*message) for message in messages]


@given(st.text(st.characters() | st.sampled_from("\0\x01\x0b\x1f\x7f\ud800\udfff\ufffe\uffff&<>\r\n\t]"), max_size=50))
def test_any_text_makes_xml(text):
    ((*_head, method, number, _items),) = read_feed(
        fulfillment_feed("A", [(1, shipment(shipping_method=text, tracking_number=text))])
    )[1]
    assert method == number == tidy(text)
    assert set(method) <= set(text) | {" "}
    assert "\n" not in method and "\t" not in method


def test_a_feed_to_the_letter():
    assert fulfillment_feed("A1", [(7, FULL)]).decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">'
        "<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>A1</MerchantIdentifier></Header>"
        "<MessageType>OrderFulfillment</MessageType>"
        "<Message><MessageID>7</MessageID><OrderFulfillment><AmazonOrderID>250-1234567-8901234</AmazonOrderID>"
        "<MerchantFulfillmentID>4711</MerchantFulfillmentID>"
        "<FulfillmentDate>2026-11-02T01:00:00Z</FulfillmentDate>"
        "<FulfillmentData><CarrierCode>Other</CarrierCode><CarrierName>福山 通運</CarrierName>"
        "<ShippingMethod>ヤマト(発払い)B2v6</ShippingMethod>"
        "<ShipperTrackingNumber>123456789012</ShipperTrackingNumber></FulfillmentData>"
        "<Item><AmazonOrderItemCode>1</AmazonOrderItemCode><Quantity>1</Quantity></Item>"
        "<Item><AmazonOrderItemCode>2</AmazonOrderItemCode><Quantity>3</Quantity></Item>"
        "</OrderFulfillment></Message></AmazonEnvelope>"
    )


@pytest.mark.parametrize(
    "merchant, messages",
    [
        ("A", []),
        ("", [(1, FULL)]),
        ("A<", [(1, FULL)]),
        ("A" * 51, [(1, FULL)]),
        ("A", [(0, FULL)]),
        ("A", [("1", FULL)]),
        ("A", [(True, FULL)]),
        ("A", [(10**20, FULL)]),
        ("A", [(1, FULL), (1, FULL)]),
        ("A", [(1, FULL), (2, shipment(reference="x"))]),
        ("A", [(1, shipment(tracking_number="1" * 51))]),
    ],
)
def test_feeds_that_amazon_would_refuse_as_a_whole(merchant, messages):
    with pytest.raises(BadRequest) as caught:
        fulfillment_feed(merchant, messages)
    assert not caught.value.sent


@settings(max_examples=30)
@given(st.lists(shipments, max_size=12), st.integers(2500, 6000))
def test_split_feeds_stay_under_the_limit(parcels, limit):
    messages = numbered(parcels)
    parts = split_feed(iter(messages), limit)
    assert [message for part in parts for message in part] == messages
    for part in parts:
        assert len(fulfillment_feed("A" * 50, part)) < limit
    for part, following in zip(parts, parts[1:], strict=False):
        # No part is needlessly small.
        assert len(fulfillment_feed("A", [*part, following[0]])) >= limit - 512


def test_a_message_larger_than_the_limit():
    with pytest.raises(BadRequest):
        split_feed([(1, FULL)], 800)
    assert split_feed([], 800) == []


def test_five_thousand_messages():
    full = shipment(carrier_code="Other", carrier_name="運" * 50, shipping_method="便" * 50)
    messages = numbered([full] * 5000)
    begun = time.process_time()
    content = fulfillment_feed("A1MERCHANT", messages)
    assert time.process_time() - begun < 2
    assert split_feed(messages) == [messages]
    assert len(content) < feeds.LIMIT_BYTES
    tracemalloc.start()
    fulfillment_feed("A1MERCHANT", messages[:1000])
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * 2**20


HEADER = (
    "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method"
    "\tcod-collection-method"
)


def flat(*parcels):
    content = flat_fulfillment_file(parcels, TOKYO)
    assert content.endswith(b"\r\n")
    return content.decode("cp932").split("\r\n")[:-1]


def test_a_flat_file_to_the_letter():
    assert flat(FULL, shipment(tracking_number="")) == [
        HEADER,
        "250-1234567-8901234\t1\t1\t2026-11-02T10:00:00+09:00\tOther\t福山 通運\t123456789012\tヤマト(発払い)B2v6"
        "\tDirectPayment",
        "250-1234567-8901234\t2\t3\t2026-11-02T10:00:00+09:00\tOther\t福山 通運\t123456789012\tヤマト(発払い)B2v6"
        "\tDirectPayment",
        "250-1234567-8901234\t11111111111111\t2\t2026-11-02T10:00:00+09:00\tYAMATO\t\t\t\t",
    ]
    assert flat() == [HEADER]


@pytest.mark.parametrize(
    "text, written",
    [
        ("①髙﨑㈱ｶﾅ", "①髙﨑㈱ｶﾅ"),
        ("café à Zürich", "cafe a Zurich"),
        ("¥100 — €5", "￥100 ― EUR5"),
        ("10−20〜30 é", "10－20～30 e"),
        ("か\u3099", "が"),
        ("𠮷野家 😀", "〓野家 〓"),
        ("½ Ø", "1/2 O"),
    ],
)
def test_characters_that_shift_jis_lacks(text, written):
    assert flat(shipment(shipping_method=text))[1].split("\t")[7] == written


@given(shipments, st.text(max_size=50))
def test_any_flat_file_has_its_columns(parcel, text):
    parcels = [one for one in (parcel, shipment(shipping_method=text)) if not formula_in(one)]
    lines = flat(*parcels)
    assert len(lines) == 1 + sum(len(one.items) for one in parcels)
    assert {line.count("\t") for line in lines} == {8}
    # Nothing in the file is a formula to a spreadsheet, and nothing was changed to make it so.
    assert not any(cell.startswith(tuple("=+-@＝＋－＠")) for line in lines for cell in line.split("\t"))


@pytest.mark.parametrize("sign", "=+-@＝＋－＠−")
@pytest.mark.parametrize("name", ["shipping_method", "tracking_number", "carrier_name"])
def test_a_flat_file_holds_no_formulas(sign, name):
    parcel = shipment(**{"carrier_code": "Other", "carrier_name": "X", name: f" {sign}1+2"})
    assert formula_in(parcel).startswith(sign)
    with pytest.raises(BadRequest):
        flat_fulfillment_file([parcel], TOKYO)
    assert not formula_in(shipment(**{"carrier_code": "Other", "carrier_name": "X", name: f"1{sign}2"}))


def test_a_flat_file_is_checked():
    with pytest.raises(BadRequest):
        flat_fulfillment_file([shipment(items=[ShippedItem("1", 0)])], TOKYO)


# --- calls ---------------------------------------------------------------------------------------------------------
FEED = {
    "feedId": "50001",
    "feedType": feeds.FEED_TYPE_FULFILLMENT,
    "marketplaceIds": ["A1VC38T7YXB528"],
    "createdTime": "2026-11-02T10:00:00+09:00",
    "processingStatus": "DONE",
    "processingStartTime": "2026-11-02T01:01:00Z",
    "processingEndTime": "2026-11-02T01:02:00Z",
    "resultFeedDocumentId": "amzn1.tortuga.4.fe.x",
}


def test_a_feed_goes_out(amazon, seller):
    place = f"{amazon.url}/bucket?X-Amz-Signature=presigned"
    amazon.says(DOCUMENTS, Answer(201, {"feedDocumentId": "amzn1.d/1", "url": place}))
    amazon.says("/bucket", Answer(200))
    amazon.says(FEEDS, Answer(202, {"feedId": "50001"}))
    content = fulfillment_feed("A1", [(1, FULL)])
    document = seller.feeds.create_document(feeds.CONTENT_TYPE_XML)
    seller.feeds.upload(document.url, content, feeds.CONTENT_TYPE_XML)
    assert seller.feeds.create(feeds.FEED_TYPE_FULFILLMENT, ("A1VC38T7YXB528",), document.document_id) == "50001"
    created, uploaded, submitted = amazon.asked()
    # Traps 9 and 11: nothing but what is documented, and the very same bytes and type.
    assert json.loads(created.body) == {"contentType": "text/xml; charset=UTF-8"}
    assert (uploaded.method, uploaded.body) == ("PUT", content)
    assert uploaded.headers["content-type"] == "text/xml; charset=UTF-8"
    assert "x-amz-access-token" not in uploaded.headers
    specification = json.loads(submitted.body)
    assert specification == {
        "feedType": "POST_ORDER_FULFILLMENT_DATA",
        "marketplaceIds": ["A1VC38T7YXB528"],
        "inputFeedDocumentId": "amzn1.d/1",
    }
    assert created.query == submitted.query == []
    assert "presigned" not in repr(document)
    definitions = schema.model("feeds_2021-06-30.json")["definitions"]
    schema.validator("CreateFeedSpecification", definitions).validate(specification)
    schema.validator("Feed", definitions).validate(FEED)


def test_a_feeds_status(amazon, seller):
    amazon.says(f"{FEEDS}/50001", Answer(body=FEED))
    feed = seller.feeds.get("50001")
    began = datetime(2026, 11, 2, 1, tzinfo=timezone.utc)
    assert feed == feeds.Feed(
        feed_id="50001",
        feed_type=feeds.FEED_TYPE_FULFILLMENT,
        status="DONE",
        created=began,
        started=began + timedelta(minutes=1),
        ended=began + timedelta(minutes=2),
        result_document_id="amzn1.tortuga.4.fe.x",
        marketplace_ids=("A1VC38T7YXB528",),
    )
    assert feed.is_final
    assert amazon.asked()[0].query == []


def test_feeds_are_found_again(amazon, seller):
    queued = {"feedId": "2", "feedType": "F", "processingStatus": "SOMETHING_NEW", "createdTime": None}
    amazon.says(FEEDS, Answer(body={"feeds": [FEED, queued], "nextToken": "a+b/c="}), Answer(body={"feeds": []}))
    page = seller.feeds.search(["F", "G"], since=SENT, statuses=("IN_QUEUE", "IN_PROGRESS"), page_size=10)
    assert [(feed.feed_id, feed.status, feed.is_final) for feed in page.feeds] == [
        ("50001", "DONE", True),
        ("2", "SOMETHING_NEW", False),
    ]
    assert "a+b" not in repr(page)
    assert seller.feeds.search(token=page.next_token) == feeds.FeedsPage((), None)
    seller.feeds.search(["F"])
    first, second, third = (sorted(request.query) for request in amazon.asked())
    assert first == [
        ("createdSince", "2026-11-02T01:00:00Z"),
        ("feedTypes", "F,G"),
        ("pageSize", "10"),
        ("processingStatuses", "IN_QUEUE,IN_PROGRESS"),
    ]
    assert second == [("nextToken", "a+b/c=")]
    assert third == [("feedTypes", "F"), ("pageSize", "100")]


@settings(max_examples=30)
@given(st.data())
def test_any_page_the_schema_allows(data):
    definitions = schema.model("feeds_2021-06-30.json")["definitions"]
    page = data.draw(schema.Instances(definitions).named("GetFeedsResponse"))
    read = feeds.parse_feeds_page(json.dumps(page))
    assert [feed.status for feed in read.feeds] == [feed["processingStatus"] for feed in page["feeds"]]
    assert bool(read.next_token) == bool(page.get("nextToken"))


def test_a_refused_token_of_feeds(amazon, seller):
    amazon.says(FEEDS, Answer(400, {"errors": [{"code": "InvalidInput", "message": "nextToken"}]}))
    with pytest.raises(errors.TokenRefused):
        seller.feeds.search(["F"], token="old")


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_cancelling(amazon, seller, body):
    amazon.says(f"{FEEDS}/50001", Answer(200, body))
    assert seller.feeds.cancel("50001") is None
    (request,) = amazon.asked()
    assert (request.method, request.body, request.query) == ("DELETE", b"", [])


@pytest.mark.parametrize("compression", [{}, {"compressionAlgorithm": "GZIP"}])
def test_a_result_comes_down(amazon, seller, compression):
    place = f"{amazon.url}/bucket?X-Amz-Signature=presigned"
    amazon.says(f"{DOCUMENTS}/amzn1.d%2F1", Answer(body={"feedDocumentId": "amzn1.d/1", "url": place, **compression}))
    amazon.says("/bucket", Answer(200, "結果".encode("cp932"), {"content-type": "text/plain; charset=Windows-31J"}))
    address = seller.feeds.get_document("amzn1.d/1")
    assert address == (place, compression.get("compressionAlgorithm", ""))
    assert "presigned" not in repr(address)
    document = seller.feeds.download_result("amzn1.d/1")
    assert document == ("結果".encode("cp932"), "text/plain; charset=Windows-31J")
    assert [request.query for request in amazon.asked(f"{DOCUMENTS}/amzn1.d%2F1")] == [[], []]
    assert "x-amz-access-token" not in amazon.asked("/bucket")[0].headers


def test_trap_12_an_expired_address_is_no_report(amazon, seller):
    amazon.says(f"{DOCUMENTS}/d", Answer(body={"url": f"{amazon.url}/bucket"}))
    amazon.says("/bucket", Answer(403, b"<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(errors.RetryLater) as caught:
        seller.feeds.download_result("d")
    assert (caught.value.operation, caught.value.code) == ("downloadDocument", "AccessDenied")


def calls(seller, url):
    return {
        DOCUMENTS: lambda: seller.feeds.create_document("text/xml"),
        FEEDS: lambda: seller.feeds.create("F", ["M"], "D"),
        f"{FEEDS}?": lambda: seller.feeds.search(["F"]),
        f"{FEEDS}/1": lambda: seller.feeds.get("1"),
        f"{FEEDS}/1?": lambda: seller.feeds.cancel("1"),
        f"{DOCUMENTS}/1": lambda: seller.feeds.download_result("1"),
        "/bucket": lambda: seller.feeds.upload(f"{url}/bucket", b"x", "text/xml"),
    }


@pytest.mark.parametrize(
    "answer, kind",
    [
        (Answer(400, {"errors": [{"code": "InvalidInput", "message": "trackingNumber"}]}), BadRequest),
        (Answer(403, {"message": "Forbidden"}), errors.AccessDenied),
        (Answer(429), errors.QuotaExceeded),
        (Answer(500, b"<html></html>"), errors.RetryLater),
        (Answer(503), errors.RetryLater),
        (Answer(hang_up=True), errors.RetryLater),
        (Answer(200, {}, cut=9), errors.RetryLater),
        (Answer(200, b"<html>portal</html>"), errors.MalformedAnswer),
        (Answer(200, {"errors": [{"code": "X"}]}), errors.MalformedAnswer),
        (Answer(200, b"[]"), errors.MalformedAnswer),
    ],
)
def test_answers_to_every_call(amazon, seller, answer, kind):
    for path, call in calls(seller, amazon.url).items():
        if path == "/bucket" and kind is errors.MalformedAnswer:
            continue  # the storage's success has no content
        if path == "/bucket" and kind is errors.AccessDenied:
            continue  # test_trap_12_an_expired_address_is_no_report
        amazon.says(path.rstrip("?"), answer)
        with pytest.raises(SellingPartnerError) as caught:
            call()
        assert (type(caught.value), caught.value.sent) == (kind, True), path


@pytest.mark.parametrize("path", [FEEDS, "/bucket"])
def test_trap_07_no_answer_in_time(amazon, address, credentials, path):
    amazon.says(path, Answer(wait=9))
    with SellingPartner(credentials, address, timeout=0.5) as seller, pytest.raises(errors.RetryLater) as caught:
        calls(seller, amazon.url)[path]()
    assert caught.value.sent


@pytest.mark.parametrize("body", [{}, {"feedId": ""}, {"feeds": {}}, {"feeds": [{}]}, {"feedId": "1", "url": 7}, None])
def test_answers_that_lack_something(amazon, seller, body):
    for path, call in calls(seller, amazon.url).items():
        if path in ("/bucket", f"{FEEDS}/1?") or path == FEEDS and body and body.get("feedId"):
            continue
        amazon.says(path.rstrip("?"), Answer(200, json.dumps(body)))
        with pytest.raises(errors.MalformedAnswer):
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda seller: seller.feeds.create("", ["M"], "D"),
        lambda seller: seller.feeds.create("F", [], "D"),
        lambda seller: seller.feeds.create("F", ["M"] * 26, "D"),
        lambda seller: seller.feeds.create("F", ["M"], ""),
        lambda seller: seller.feeds.search(),
        lambda seller: seller.feeds.search(["F"] * 11),
        lambda seller: seller.feeds.search(["F"], page_size=0),
        lambda seller: seller.feeds.search(["F"], page_size=101),
        lambda seller: seller.feeds.search(["F"], since=datetime(2026, 11, 2)),
        lambda seller: seller.feeds.get(""),
        lambda seller: seller.feeds.get(".."),
        lambda seller: seller.feeds.cancel(None),
        lambda seller: seller.feeds.get_document("."),
        lambda seller: seller.feeds.upload("http://example.com/x", b"x", "text/xml"),
    ],
)
def test_calls_that_amazon_would_refuse(amazon, seller, call):
    with pytest.raises(BadRequest) as caught:
        call(seller)
    assert not caught.value.sent
    assert not amazon.requests


def test_listings_feeds_have_a_quota_of_their_own(amazon, address, credentials):
    asked = []

    class Budget:
        def acquire(self, operation):
            asked.append(operation)

        def observe(self, operation, headers, status):
            asked.append((operation, status))

    amazon.says(FEEDS, Answer(202, {"feedId": "1"}))
    with SellingPartner(credentials, address, Budget()) as seller:
        seller.feeds.create("JSON_LISTINGS_FEED", ["M"], "D")
        seller.feeds.create(feeds.FEED_TYPE_FULFILLMENT, ["M"], "D")
    assert asked == [
        "createFeed.JSON_LISTINGS_FEED",
        ("createFeed.JSON_LISTINGS_FEED", 202),
        "createFeed",
        ("createFeed", 202),
    ]
