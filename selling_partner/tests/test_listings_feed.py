"""Feeds of listings: what is written, and what their reports say."""

import json
import tracemalloc
from datetime import date
from io import BytesIO, StringIO
from tempfile import SpooledTemporaryFile

import pytest
from amazon_server import Answer
from hypothesis import given
from hypothesis import strategies as st

from selling_partner.errors import BadRequest, RetryLater
from selling_partner.listings import ListingPatch
from selling_partner.listings_feed import CONTENT_TYPE_JSON, MOST_MESSAGES, listings_feed, split_listings_feed
from selling_partner.processing_reports import MessageResult, parse_processing_report

JAPAN = "A1VC38T7YXB528"


def patch(sku="SKU-1", **values):
    return ListingPatch(**{"sku": sku, "marketplace_id": JAPAN, "quantity": 7, **values})


def numbered(patches, start=1):
    return list(enumerate(patches, start))


def written(messages, **options):
    return b"".join(listings_feed("A1SELLER", messages, **options))


def test_a_feed_to_the_letter():
    first = patch("二 1/2", quantity=0, product_type="LUGGAGE", handling_days=2, restock_date=date(2026, 12, 24))
    assert written([(7, first), (8, patch())], issue_locale="ja_JP").decode() == (
        '{"header":{"sellerId":"A1SELLER","version":"2.0","issueLocale":"ja_JP"},"messages":['
        '{"messageId":7,"sku":"二 1/2","operationType":"PATCH","productType":"LUGGAGE","patches":[{"op":"merge",'
        '"path":"/attributes/fulfillment_availability","value":[{"fulfillment_channel_code":"DEFAULT","quantity":0,'
        '"lead_time_to_ship_max_days":2,"restock_date":"2026-12-24"}]}]},'
        '{"messageId":8,"sku":"SKU-1","operationType":"PATCH","productType":"PRODUCT","patches":[{"op":"merge",'
        '"path":"/attributes/fulfillment_availability","value":[{"fulfillment_channel_code":"DEFAULT","quantity":7}]}'
        "]}]}"
    )


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
skus = names.map(str.strip).filter(lambda sku: sku.strip(" ."))
patches = st.lists(
    st.builds(
        ListingPatch,
        sku=skus,
        marketplace_id=st.just(JAPAN),
        quantity=st.integers(0, 2**31 - 1),
        product_type=st.sampled_from(["PRODUCT", "LUGGAGE"]),
        handling_days=st.none() | st.integers(0, 30),
        restock_date=st.none() | st.dates(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda patch: patch.sku,
)


def read_back(content):
    """Read a feed strictly: whatever is left over is a mistake."""
    document = json.loads(content)
    assert document.pop("header") == {"sellerId": "A1SELLER", "version": "2.0"}
    messages = document.pop("messages")
    assert not document
    return [read_message(message) for message in messages]


def read_message(message):
    assert message.pop("operationType") == "PATCH"
    (change,) = message.pop("patches")
    assert (change.pop("op"), change.pop("path")) == ("merge", "/attributes/fulfillment_availability")
    (value,) = change.pop("value")
    assert value.pop("fulfillment_channel_code") == "DEFAULT"
    day = value.pop("restock_date", None)
    read = (
        message.pop("messageId"),
        ListingPatch(
            sku=message.pop("sku"),
            marketplace_id=JAPAN,
            product_type=message.pop("productType"),
            quantity=value.pop("quantity"),
            handling_days=value.pop("lead_time_to_ship_max_days", None),
            restock_date=day and date.fromisoformat(day),
        ),
    )
    assert not message and not change and not value
    return read


@given(patches, st.integers(1, 2**31 - 10))
def test_what_goes_into_a_feed_comes_out(patches, start):
    messages = numbered(patches, start)
    assert read_back(written(iter(messages))) == messages


@given(patches, st.integers(1000, 2000))
def test_what_is_split_is_whole(patches, limit):
    messages = numbered(patches)
    parts = list(split_listings_feed(iter(messages), limit))
    assert [message for part in parts for message in part] == messages
    assert all(len(written(part, limit_bytes=limit)) <= limit for part in parts)


def test_splitting_by_marketplace_and_sku():
    messages = numbered([patch("A"), patch("B"), patch("A"), patch("C", marketplace_id="M2"), patch("D")])
    parts = list(split_listings_feed(messages))
    assert [[message_id for message_id, _patch in part] for part in parts] == [[1, 2], [3], [4], [5]]
    assert list(split_listings_feed([])) == []
    with pytest.raises(BadRequest):
        list(split_listings_feed(messages, 600))


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [(0, patch())],
        [(2**31, patch())],
        [("1", patch())],
        [(True, patch())],
        [(1, patch("A")), (1, patch("B"))],
        [(1, patch("A")), (2, patch("A"))],
        [(1, patch("A")), (2, patch("B", marketplace_id="M2"))],
        [(1, patch(quantity=-1))],
        [(1, patch(sku=""))],
    ],
)
def test_feeds_that_amazon_would_refuse(messages):
    with pytest.raises(BadRequest) as caught:
        written(messages)
    assert not caught.value.sent


@pytest.mark.parametrize("seller_id", ["", "a b", None])
def test_a_feed_of_nobody(seller_id):
    with pytest.raises(BadRequest):
        listings_feed(seller_id, [(1, patch())])


def test_a_feed_has_bounds():
    with pytest.raises(BadRequest):
        written((number, patch(f"S{number}")) for number in range(1, MOST_MESSAGES + 2))
    size = len(written([(1, patch())]))
    assert written([(1, patch())], limit_bytes=size)
    with pytest.raises(BadRequest):
        written([(1, patch())], limit_bytes=size - 1)


def test_the_largest_feed_in_little_memory():
    messages = ((number, patch(f"SHOP-{number:035}")) for number in range(1, MOST_MESSAGES + 1))
    tracemalloc.start()
    try:
        size = sum(map(len, listings_feed("A1SELLER", messages)))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 5_000_000 < size < 10 * 2**20
    assert peak < 10 * 2**20


def test_100_000_make_four_feeds():
    messages = ((number, patch(f"S{number}")) for number in range(1, 100_001))
    assert [len(part) for part in split_listings_feed(messages)] == [MOST_MESSAGES] * 4


# --- handing it over -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [BytesIO, SpooledTemporaryFile])
def test_a_file_goes_up_in_pieces(amazon, seller, make):
    amazon.says("/bucket", Answer(503), Answer())
    messages = numbered(patch(f"SKU-{number}") for number in range(2000))
    with make() as file:
        for piece in listings_feed("A1SELLER", messages):
            file.write(piece)
        for failure in (True, False):
            file.seek(5)
            try:
                seller.feeds.upload(f"{amazon.url}/bucket", file, CONTENT_TYPE_JSON)
            except RetryLater:
                assert failure
    first, second = amazon.asked("/bucket")
    assert first.body == second.body == written(messages)
    assert second.headers["content-length"] == str(len(second.body))
    assert second.headers["content-type"] == CONTENT_TYPE_JSON
    assert "transfer-encoding" not in second.headers


@pytest.mark.parametrize("content", ["text", StringIO("text"), iter([b"x"]), None])
def test_only_bytes_go_up(amazon, seller, content):
    with pytest.raises(TypeError):
        seller.feeds.upload(f"{amazon.url}/bucket", content, CONTENT_TYPE_JSON)
    assert not amazon.requests


# --- what becomes of it --------------------------------------------------------------------------------------------
def report(issues, **summary):
    header = {"sellerId": "A1SELLER" if summary["messagesProcessed"] else "", "version": "2.0", "feedId": "1"}
    content = json.dumps({"header": header, "issues": issues, "summary": summary}, ensure_ascii=False)
    return parse_processing_report((content.encode(), "application/json; charset=UTF-8"))


def test_a_report_on_listings():
    wrong = {"messageId": 2, "sku": "S", "code": "90220", "severity": "ERROR", "message": "必須です"}
    remark = {"messageId": 3, "code": "18448", "severity": "WARNING", "message": "w"}
    read = report(
        [{**wrong, "attributeName": "color"}, wrong, remark],
        errors=2,
        warnings=1,
        messagesProcessed=3,
        messagesAccepted=2,
        messagesInvalid=1,
    )
    assert read.results == (
        MessageResult(2, "error", "90220", "必須です", sku="S", attribute="color"),
        MessageResult(2, "error", "90220", "必須です", sku="S"),
        MessageResult(3, "warning", "18448", "w"),
    )
    assert read.accounts_for(3)
    assert not read.accounts_for(4)


@pytest.mark.parametrize("message_id", [{}, {"messageId": 2}])
def test_a_feed_that_amazon_cannot_read(message_id):
    issue = {"code": "4002001", "severity": "ERROR", "message": "Item 'Feed' cannot be parsed", **message_id}
    read = report([issue], errors=1, warnings=0, messagesProcessed=0, messagesAccepted=0, messagesInvalid=0)
    assert (read.status, read.successful) == ("Rejected", 0)
    assert not read.accounts_for(1)


def test_a_report_without_messages_that_complains_of_nothing():
    read = report([], errors=0, warnings=0, messagesProcessed=0, messagesAccepted=0, messagesInvalid=0)
    assert (read.status, read.accounts_for(1)) == ("Complete", False)


def test_a_report_in_another_charset_than_it_says():
    issues = [{"messageId": 1, "severity": "ERROR", "message": "L’attribut"}]
    content = json.dumps({"issues": issues, "summary": {"messagesInvalid": 1}}, ensure_ascii=False)
    for charset in ("utf-8", "cp1252"):
        declared = "application/json; charset=ISO-8859-1" if charset == "utf-8" else "application/json; charset=cp1252"
        (result,) = parse_processing_report((content.encode(charset), declared)).results
        assert result.description == "L’attribut"
