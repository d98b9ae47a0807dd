"""POST_FLAT_FILE_FULFILLMENT_DATA and its reports."""

import pytest

from simulator.tests.client import FLAT_FEED
from simulator.tests.fulfillment import FLAT, HEADER, flat

DATE = "2026-11-23T10:30:00+09:00"
SHIFT_JIS = "text/tab-separated-values; charset=Shift_JIS"


@pytest.fixture
def order(amazon, seller):
    order_id = amazon.place(
        seller, items=[{"sku": "AMZ-TEA-001", "quantity": 3}, {"sku": "AMZ-CUP-001", "quantity": 1}]
    )
    amazon.advance(hours=1)
    return amazon.order(order_id)


def row(
    order_id,
    item_id="",
    quantity="",
    date=DATE,
    code="Other",
    name="ヤマト運輸",
    tracking="1234",
    method="クロネコゆうパケット",
    cod="",
):
    return [order_id, item_id, quantity, date, code, name, tracking, method, cod]


def run(amazon, seller, content, content_type=FLAT):
    """(processed, successful, [(record, order id, item id, type, message)], answer of the storage)."""
    feed_id = amazon.feed(seller, content, content_type, FLAT_FEED)
    amazon.advance(minutes=1)
    feed, answer = amazon.report(seller, feed_id)
    assert feed["processingStatus"] == "DONE"
    text = amazon.get(f"/feeds/{feed_id}")["result"]
    lines = text.splitlines()
    processed, successful = (int(line.split("\t")[-1]) for line in lines[1:3])
    rows = [line.split("\t") for line in lines[5:]]
    assert lines[3] == "" and (not rows or lines[4].startswith("original-record-number\torder-id\torder-item-id"))
    return processed, successful, [(int(r[0]), r[1], r[2], r[4], r[5]) for r in rows], answer


def packages(amazon, order_id):
    return [
        {entry["orderItemId"]: entry["quantity"] for entry in package["packageItems"]}
        for package in amazon.order(order_id).get("packages", [])
    ]


@pytest.mark.parametrize(
    "codec, content_type, accepted",
    [
        ("utf-8", FLAT, True),
        ("utf-8-sig", FLAT, True),
        ("cp932", SHIFT_JIS, True),
        ("cp932", "text/tab-separated-values; charset=Windows-31J", True),
        ("cp932", "text/tab-separated-values", True),
        ("cp932", FLAT, False),
    ],
)
def test_encodings(amazon, seller, order, codec, content_type, accepted):
    content = flat(row(order["orderId"]), encoding=codec)
    processed, successful, results, _answer = run(amazon, seller, content, content_type)
    assert (processed, successful) == ((1, 1) if accepted else (0, 0))
    assert [result[0] for result in results] == ([] if accepted else [0])
    if accepted:
        [package] = amazon.order(order["orderId"])["packages"]
        assert (package["carrier"], package["shippingService"]) == ("ヤマト運輸", "クロネコゆうパケット")


def test_rows_of_a_parcel_leave_together(amazon, seller, order):
    order_id = order["orderId"]
    first, second = (item["orderItemId"] for item in order["orderItems"])
    content = flat(
        row(order_id, first, 2), row(order_id, second, 1), row(order_id, first, 1, tracking="5678", date="2026-11-23")
    )
    assert run(amazon, seller, content)[:3] == (3, 3, [])
    assert packages(amazon, order_id) == [{first: 2, second: 1}, {first: 1}]
    assert [p["packageReferenceId"] for p in amazon.order(order_id)["packages"]] == ["1", "2"]
    assert amazon.order(order_id)["packages"][1]["shipTime"] == "2026-11-22T15:00:00.000Z"


def test_rows_that_are_refused(amazon, seller, order):
    order_id, first = order["orderId"], order["orderItems"][0]["orderItemId"]
    cod = amazon.place(seller, "jp_cod", created="2026-11-22T00:00:00Z")
    content = flat(
        row(order_id, first, 4),
        row(order_id, first, 1, method="", tracking="A"),
        row(order_id, "99", 1, tracking="B"),
        row(order_id, first, "x", tracking="C"),
        row(order_id, first, 1, date="2026/11/23", tracking="D"),
        row(order_id, first, 1, date="2026-11-24", tracking="E"),
        row(order_id, first, 1, date="2026-11-22", tracking="F"),
        row(order_id, first, 1, code="", tracking="G"),
        row(order_id, first, 1, name="", tracking="H"),
        row(order_id, first, 1, cod="DirectPayment", tracking="I"),
        row(cod, cod="Cash"),
        row(cod, cod="DirectPayment", tracking="J"),
        row("250-0000000-0000000"),
        [order_id],
    )
    processed, successful, results, _answer = run(amazon, seller, content)
    assert (processed, successful) == (14, 2)
    assert [result[0] for result in results] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]
    assert {result[0] for result in results if result[3] == "Warning"} == {2}
    assert "ship-methodの項目が記入されていないか" in results[1][4]
    assert packages(amazon, order_id) == [{first: 1}]
    [entry] = amazon.get(f"/orders/{cod}/confirmations")
    assert entry["cod_collection_method"] == "DirectPayment"


def test_rows_that_are_too_many_together(amazon, seller, order):
    order_id, first = order["orderId"], order["orderItems"][0]["orderItemId"]
    processed, successful, results, _answer = run(
        amazon, seller, flat(row(order_id, first, 2), row(order_id, first, 2))
    )
    assert (processed, successful, [r[0] for r in results]) == (2, 0, [1, 2]) and packages(amazon, order_id) == []


def test_confirming_again_is_refused(amazon, seller, order):
    content = flat(row(order["orderId"]))
    assert run(amazon, seller, content)[1] == 1
    processed, successful, [result], _answer = run(amazon, seller, content)
    assert (processed, successful) == (1, 0) and "すでに出荷済み" in result[4]
    assert len(amazon.get(f"/orders/{order['orderId']}/confirmations")) == 1


@pytest.mark.parametrize(
    "header", ["", "order-id\tship-date", HEADER + "\tcolour", HEADER + "\torder-id", HEADER.replace("\t", ",")]
)
def test_headers_that_break_the_rules(amazon, seller, header):
    processed, successful, [result], _answer = run(amazon, seller, flat(header=header))
    assert (processed, successful, result[0]) == (0, 0, 0)


@pytest.mark.parametrize(
    "encoding, codec, content_type",
    [
        (None, "cp932", "text/plain; charset=Shift_JIS"),
        ("utf-8", "utf-8", "text/plain; charset=UTF-8"),
        ("Shift_JIS", "cp932", "text/plain; charset=Shift_JIS"),
        ("Windows-31J", "cp932", "text/plain; charset=Windows-31J"),
        ("Shift_JIS_undeclared", "cp932", "text/plain"),
        ("UTF-16", "utf-16", "text/plain; charset=UTF-16"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_encodings_of_the_report(amazon, seller, encoding, codec, content_type, language):
    values = {"feed_language": language, "feed_encoding": encoding}
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", values)
    answer = run(amazon, seller, flat(row("250-0000000-0000000")))[3]
    text = answer.content.decode(codec)
    assert answer.headers["content-type"] == content_type
    assert ("フィード処理の概要" in text and "無効" in text) == (language == "ja")
    assert ("Feed Processing Summary" in text and "is invalid" in text) == (language == "en")
