"""POST_ORDER_FULFILLMENT_DATA and its processing reports."""

import xml.etree.ElementTree as ET

import pytest

from simulator.tests.client import JP, US, XML
from simulator.tests.fulfillment import DATA, DATE, envelope, message

WARNING = (
    "ship-methodの項目が記入されていないか入力内容が無効です。"
    "有効なship-methodの項目が入力されていることを確認してください。"
)


@pytest.fixture
def order(amazon, seller):
    order_id = amazon.place(
        seller, items=[{"sku": "AMZ-TEA-001", "quantity": 3}, {"sku": "AMZ-CUP-001", "quantity": 1}]
    )
    amazon.advance(hours=1)
    return amazon.order(order_id)


@pytest.fixture
def order_id(order):
    return order["orderId"]


def run(amazon, seller, content, content_type=XML):
    """(ProcessingReport element, results as [(message id, code, number, description)])."""
    feed_id = amazon.feed(seller, content, content_type)
    amazon.advance(minutes=1)
    feed, answer = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "DONE" and answer.headers["content-type"] == "text/xml; charset=UTF-8"
    root = ET.fromstring(answer.content)
    assert root.findtext("Header/MerchantIdentifier") == seller["merchant_id"]
    assert root.findtext("MessageType") == "ProcessingReport"
    report = root.find("Message/ProcessingReport")
    assert report.findtext("DocumentTransactionID") == feed_id
    names = ("MessageID", "ResultCode", "ResultMessageCode", "ResultDescription")
    return report, [tuple(row.findtext(name) for name in names) for row in report.findall("Result")]


def counts(report):
    names = ("Processed", "Successful", "WithError", "WithWarning")
    return [int(report.findtext(f"ProcessingSummary/Messages{name}")) for name in names]


def status(amazon, order_id):
    return amazon.order(order_id)["fulfillment"]["fulfillmentStatus"]


def test_success_error_and_warning(amazon, seller, order):
    order_id, cancelled = order["orderId"], amazon.place(seller, "jp_cancelled")
    first, second = (item["orderItemId"] for item in order["orderItems"])
    without_method = DATA.replace("<ShippingMethod>宅急便</ShippingMethod>", "")
    content = envelope(
        seller,
        message(1, order_id, (first, 2)),
        message(2, order_id, (first, 2), reference="7002"),
        message(3, order_id, (second, 1), reference="7003", data=without_method),
        message(4, cancelled),
        message(5, "250-0000000-0000000"),
        message(6, order_id, ("99", 1), reference="7004"),
    )
    report, results = run(amazon, seller, content)
    assert report.findtext("StatusCode") == "Complete" and counts(report) == [6, 2, 4, 1]
    assert [result[:2] for result in results] == [
        ("2", "Error"),
        ("3", "Warning"),
        ("4", "Error"),
        ("5", "Error"),
        ("6", "Error"),
    ]
    assert results[1][3] == WARNING
    assert "キャンセル" in results[2][3]
    about = report.find("Result/AdditionalInfo")
    assert about.findtext("AmazonOrderID") == order_id and about.findtext("AmazonOrderItemCode") == first
    packages = amazon.show(seller, order_id)["packages"]
    assert [(p["packageReferenceId"], p["packageItems"]) for p in packages] == [
        ("7001", [{"orderItemId": first, "quantity": 2}]),
        ("7003", [{"orderItemId": second, "quantity": 1}]),
    ]
    assert packages[0]["shipTime"] == "2026-11-23T01:30:00.000Z"


def test_a_reference_edits_and_none_is_given_one(amazon, seller, order):
    order_id = order["orderId"]
    first = order["orderItems"][0]["orderItemId"]
    amazon.confirm(seller, order_id, items={first: 1})
    run(amazon, seller, envelope(seller, message(1, order_id, (first, 2)), message(2, order_id, reference=None)))
    packages = amazon.show(seller, order_id)["packages"]
    assert [(p["packageReferenceId"], sum(i["quantity"] for i in p["packageItems"])) for p in packages] == [
        ("7001", 2),
        ("1", 2),
    ]
    assert [(e["via"], e["edit"]) for e in amazon.get(f"/orders/{order_id}/confirmations")] == [
        ("confirmShipment", False),
        ("feed", True),
        ("feed", False),
    ]


def test_english_reports(amazon, seller, order_id):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"feed_language": "en", "feed_encoding": "Shift_JIS"})
    _report, results = run(amazon, seller, envelope(seller, message(1, order_id, data="")))
    assert results[0][3].startswith("CarrierCode: is invalid")
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"feed_language": "de"}, status=400)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"feed_encoding": "latin-1"}, status=400)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"feed_xml": "guessed"}, status=400)


@pytest.mark.parametrize(
    "encoding, mode, codec, declared, content_type",
    [
        ("Shift_JIS", None, "utf-8", "UTF-8", XML),
        ("utf-8", "declared", "utf-8", "UTF-8", XML),
        ("utf-8", "misdeclared", "utf-8", "Shift_JIS", XML),
        ("utf-8_undeclared", "misdeclared", "utf-8", "Shift_JIS", "text/xml"),
        ("utf-8_undeclared", "undeclared", "utf-8", None, "text/xml"),
        ("Shift_JIS", "declared", "cp932", "Shift_JIS", "text/xml; charset=Shift_JIS"),
        ("Windows-31J", "declared", "cp932", "Windows-31J", "text/xml; charset=Windows-31J"),
        ("Windows-31J", "undeclared", "cp932", None, "text/xml; charset=Windows-31J"),
        ("Windows-31J", "misdeclared", "cp932", "UTF-8", "text/xml; charset=Windows-31J"),
        ("Shift_JIS_undeclared", "declared", "cp932", "Shift_JIS", "text/xml"),
        ("Shift_JIS_undeclared", "undeclared", "cp932", None, "text/xml"),
        ("UTF-16", "declared", "utf-16", "UTF-16", "text/xml; charset=UTF-16"),
        ("UTF-16_undeclared", "undeclared", "utf-16", None, "text/xml"),
    ],
)
def test_encodings_of_the_report(amazon, seller, encoding, mode, codec, declared, content_type):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"feed_encoding": encoding, "feed_xml": mode})
    feed_id = amazon.feed(seller, envelope(seller, message(1, "250-0000000-0000000")))
    amazon.advance(minutes=1)
    _feed, answer = amazon.report(seller, feed_id)
    assert answer.headers["content-type"] == content_type
    text = answer.content.decode(codec)
    assert text.startswith(f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<AmazonEnvelope")
    assert "注文番号「250-0000000-0000000」が無効である" in text
    assert amazon.get(f"/feeds/{feed_id}")["result"] == text


NAME = "<CarrierName>赤帽</CarrierName>"
TRACKING = "<ShipperTrackingNumber>1</ShipperTrackingNumber>"
METHOD = "<ShippingMethod>x</ShippingMethod>"


def data(*parts):
    return f"<FulfillmentData>{''.join(parts)}</FulfillmentData>"


def code(value):
    return f"<CarrierCode>{value}</CarrierCode>"


@pytest.mark.parametrize(
    "parts, accepted",
    [
        ((code("Other"), NAME, METHOD, TRACKING), True),
        ((code("SAGAWA"), METHOD), True),
        ((code("SAGAWA"), NAME, METHOD, TRACKING), False),
        ((code("Other"), METHOD, TRACKING), False),
        ((NAME, METHOD, TRACKING), False),
        ((code("JP_POST"), METHOD, TRACKING), False),
    ],
)
def test_carriers(amazon, seller, order_id, parts, accepted):
    report, results = run(amazon, seller, envelope(seller, message(1, order_id, data=data(*parts))))
    assert counts(report) == [1, int(accepted), int(not accepted), 0], results
    assert status(amazon, order_id) == ("SHIPPED" if accepted else "UNSHIPPED")


@pytest.mark.parametrize("date, accepted", [("2026-11-23T01:30:00.5", True), ("2026-11-23T02:30:00", False)])
def test_dates(amazon, seller, order_id, date, accepted):
    report, _results = run(amazon, seller, envelope(seller, message(1, order_id, date=date)))
    assert report.findtext("ProcessingSummary/MessagesSuccessful") == str(int(accepted))


BROKEN = {
    "not XML": lambda text: text[:-20],
    "another root": lambda text: text.replace("AmazonEnvelope", "Envelope"),
    "no header": lambda text: text.replace("Header>", "Heading>"),
    "another version": lambda text: text.replace("1.01", "1.02"),
    "another type": lambda text: text.replace(">OrderFulfillment</MessageType", ">OrderAdjustment</MessageType"),
    "order of elements": lambda text: text.replace(DATA, "").replace("<AmazonOrderID>", DATA + "<AmazonOrderID>"),
    "order in the data": lambda text: text.replace(
        DATA, data(code("SAGAWA"), "<ShipperTrackingNumber>1</ShipperTrackingNumber>", METHOD)
    ),
    "two names": lambda text: text.replace(DATA, data(NAME, NAME)),
    "unknown element": lambda text: text.replace(
        "</FulfillmentData>", "</FulfillmentData><CODCollectionMethod>DirectPayment</CODCollectionMethod>"
    ),
    "no date": lambda text: text.replace(f"<FulfillmentDate>{DATE}</FulfillmentDate>", ""),
    "a day": lambda text: text.replace(DATE, "2026-11-23"),
    "an impossible date": lambda text: text.replace(DATE, "2026-13-23T00:00:00"),
    "a reference with letters": lambda text: text.replace(">7001<", ">P7001<"),
    "no message id": lambda text: text.replace("<MessageID>1</MessageID>", ""),
    "message id twice": lambda text: text.replace("<MessageID>2<", "<MessageID>1<"),
    "a quantity of nothing": lambda text: text.replace("<Quantity>1<", "<Quantity>0<"),
    "text between": lambda text: text.replace("<OrderFulfillment><", "<OrderFulfillment>x<"),
    "an order id that is none": lambda text: text.replace("<AmazonOrderID>", "<AmazonOrderID>x"),
    "entities": lambda text: text.replace("<AmazonEnvelope", "<!DOCTYPE a><AmazonEnvelope", 1),
    "another seller": lambda text: text.replace("<MerchantIdentifier>", "<MerchantIdentifier>X"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_documents_that_break_the_rules(amazon, seller, order, name):
    order_id, item_id = order["orderId"], order["orderItems"][0]["orderItemId"]
    good = envelope(seller, message(1, order_id, (item_id, 1)), message(2, order_id, reference="7002")).decode()
    broken = BROKEN[name](good)
    assert broken != good
    report, [result] = run(amazon, seller, broken.encode())
    assert report.findtext("StatusCode") == "Rejected" and counts(report) == [0, 0, 1, 0]
    assert result[:2] == ("0", "Error") and status(amazon, order_id) == "UNSHIPPED"


@pytest.mark.parametrize(
    "in_file, content_type, accepted",
    [
        ("UTF-8", XML, True),
        ("UTF-8", "text/xml", True),
        ("Shift_JIS", "text/xml; charset=Shift_JIS", True),
        ("Shift_JIS", "text/xml", True),
        ("Shift_JIS", XML, False),
        ("UTF-8", "text/xml; charset=Shift_JIS", False),
        ("UTF-8", "text/xml; charset=nonsense", False),
    ],
)
def test_encodings_must_agree(amazon, seller, order_id, in_file, content_type, accepted):
    content = envelope(seller, message(1, order_id), encoding=in_file)
    _report, results = run(amazon, seller, content, content_type)
    assert (results == []) == accepted
    if accepted:
        assert amazon.order(order_id)["packages"][0]["shippingService"] == "宅急便"


def test_too_large(amazon, seller, order_id):
    feed_id = amazon.feed(seller, envelope(seller, message(1, order_id)) + b" " * 10 * 1024 * 1024)
    amazon.advance(minutes=1)
    feed, report = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "FATAL" and "10485760" in report.text
    assert status(amazon, order_id) == "UNSHIPPED"


def test_orders_of_other_marketplaces_and_sellers(amazon):
    seller, stranger = amazon.post("/sellers", marketplaces=[JP, US]), amazon.post("/sellers")
    orders = [amazon.place(seller, "us_standard"), amazon.place(stranger)]
    amazon.advance(hours=1)
    content = envelope(seller, *[message(n, order_id) for n, order_id in enumerate(orders, 1)])
    report, _results = run(amazon, seller, content)  # a feed for JP
    assert counts(report) == [2, 0, 2, 0]
