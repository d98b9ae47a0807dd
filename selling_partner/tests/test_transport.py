"""No answer is longer than it may be, or takes longer: whatever Amazon, or who stands in for it, sends."""

import gzip
import tracemalloc
from datetime import datetime, timezone

import pytest
from amazon_server import LWA, ORDERS, Answer
from hypothesis import given
from hypothesis import strategies as st

from selling_partner import documents, transport
from selling_partner.client import SellingPartner
from selling_partner.errors import MalformedAnswer, RetryLater
from selling_partner.orders import SearchOrders
from selling_partner.tokens import exchange_authorization_code
from selling_partner.transport import unpack

MEBIBYTE = 2**20
GZIPPED = {"content-encoding": "gzip"}
BOMB = gzip.compress(b"\0" * MEBIBYTE * 200)
SEARCH = SearchOrders(
    last_updated_after=datetime(2026, 11, 1, tzinfo=timezone.utc), marketplace_ids=("A1VC38T7YXB528",)
)


def sign_in(amazon, seller):
    return exchange_authorization_code("id", "secret", "code", "https://example.com", f"{amazon.url}{LWA}")


def read_orders(amazon, seller):
    return seller.orders.search(SEARCH)


def download(amazon, seller):
    return documents.download(f"{amazon.url}/document")


def upload(amazon, seller):
    return documents.upload(f"{amazon.url}/document", b"x", "text/plain")


CALLS = [(sign_in, LWA), (read_orders, LWA), (read_orders, ORDERS), (download, "/document"), (upload, "/document")]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("call, path", CALLS)
def test_an_answer_that_unpacks_to_hundreds_of_megabytes(amazon, seller, call, path, status):
    amazon.says(path, Answer(status, BOMB, GZIPPED))
    with pytest.raises(MalformedAnswer, match="larger") as caught:
        call(amazon, seller)
    assert caught.value.sent or path == LWA


def test_an_answer_that_does_not_end(amazon, seller):
    amazon.says(ORDERS, Answer(body=b" " * 33 * MEBIBYTE))
    with pytest.raises(MalformedAnswer, match="larger"):
        seller.orders.search(SEARCH)


def test_a_document_that_unpacks_to_hundreds_of_megabytes(amazon):
    amazon.says("/document", Answer(body=BOMB))
    with pytest.raises(MalformedAnswer, match="too large"):
        documents.download(f"{amazon.url}/document", "GZIP")


def test_unpacking_holds_no_more_than_it_may():
    tracemalloc.start()
    try:
        with pytest.raises(OverflowError):
            unpack(BOMB, MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["head", "body"])
@pytest.mark.parametrize("call, path", CALLS)
def test_an_answer_that_trickles(amazon, address, credentials, monkeypatch, call, path, part):
    monkeypatch.setattr(transport, "LONGEST", 0.3)
    amazon.says(path, Answer(trickle=part))
    with SellingPartner(credentials, address) as seller, pytest.raises(RetryLater):
        call(amazon, seller)


def test_a_kept_connection_has_its_time_anew(amazon, seller):
    amazon.says(ORDERS, Answer(body={"orders": []}))
    for _call in range(3):
        assert seller.orders.search(SEARCH).orders == ()
        seller._http._until = 0.0


def test_an_answer_as_packed_as_was_asked_for(amazon, seller):
    amazon.says(ORDERS, Answer(body=gzip.compress(b'{"orders": []}'), headers=GZIPPED))
    assert seller.orders.search(SEARCH).orders == ()
    assert amazon.asked(ORDERS)[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
def test_an_answer_packed_otherwise(amazon, seller, encoding):
    amazon.says(ORDERS, Answer(body=b"\x8b\x02", headers={"content-encoding": encoding}))
    with pytest.raises(RetryLater):
        seller.orders.search(SEARCH)


def test_a_cut_answer(amazon, seller):
    amazon.says(ORDERS, Answer(body=gzip.compress(b'{"orders": []}')[:-9], headers=GZIPPED))
    with pytest.raises(RetryLater):
        seller.orders.search(SEARCH)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=3), st.integers(0, 200))
def test_unpacking_gives_all_or_nothing(members, largest):
    content = b"".join(map(gzip.compress, members))
    plain = b"".join(members)
    if len(plain) > largest:
        with pytest.raises(OverflowError):
            unpack(content, largest)
    else:
        assert unpack(content, largest) == plain


@given(st.binary(max_size=200))
def test_unpacking_what_is_not_packed(content):
    try:
        assert len(unpack(content, 100)) <= 100
    except (ValueError, OverflowError) as error:
        assert str(error) in ("damaged gzip", "too large")
