"""Trouble on order."""

import json
import time

import httpx
import pytest

from simulator.faults import KINDS
from simulator.tests.client import INCLUDED, LONG_AGO, SEARCH, ids


def fault(amazon, kind, operation="searchOrders", **values):
    return amazon.post("/faults", operation=operation, kind=kind, **values)["id"]


def search(amazon, seller, **query):
    return amazon.call(seller, SEARCH, **{"lastUpdatedAfter": LONG_AGO, **query})


@pytest.fixture
def orders(amazon, seller):
    """Six searchable orders, by id."""
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=6)
    amazon.advance(minutes=5)
    return sorted(order["order_id"] for order in amazon.get("/orders"))


@pytest.mark.parametrize(
    "kind, status, content_type, text",
    [
        ("429", 429, "application/json", "QuotaExceeded"),
        ("429_text", 429, "text/plain", "Too Many"),
        ("500_html", 500, "text/html", "<h1>"),
        ("502", 502, "text/html", "Bad Gateway"),
        ("503_empty", 503, "text/plain", ""),
        ("503_json", 503, "application/json", "ServiceUnavailable"),
        ("403", 403, "application/json", "resource is denied"),
        ("403_forbidden_message", 403, "application/json", '{"message":"Forbidden"}'),
        ("403_expired_token", 403, "application/json", "has expired"),
        ("400", 400, "application/json", "InvalidInput"),
        ("dict_errors", 400, "application/json", '{"errors":{"code"'),
        ("list_body", 200, "application/json", "[]"),
        ("html_200", 200, "text/html", "<html>"),
    ],
)
def test_instead_of_the_answer(amazon, seller, kind, status, content_type, text):
    fault(amazon, kind)
    answer = search(amazon, seller)
    assert answer.status_code == status and answer.headers["content-type"].startswith(content_type)
    assert text in answer.text
    assert search(amazon, seller).json()["orders"] == []
    logged = amazon.get("/requests?operation=searchOrders")
    assert [(entry["status"], entry.get("fault")) for entry in logged] == [(status, kind), (200, None)]


def test_times_after_and_match(amazon, seller):
    fault(amazon, "503_json", times=2, after=1, match={"fulfilledBy": "AMAZON"})
    states = [search(amazon, seller, fulfilledBy="AMAZON").status_code for _ in range(5)]
    assert states == [200, 503, 503, 200, 200]
    fault(amazon, "503_json", match={"fulfilledBy": "AMAZON"})
    assert search(amazon, seller).status_code == 200


def test_forever_until_cleared(amazon, seller):
    first = fault(amazon, "503_json", "*", times=None)
    second = fault(amazon, "429", "getOrder")
    assert [entry["id"] for entry in amazon.get("/faults")] == [first, second]
    assert {search(amazon, seller, token="x").status_code for _ in range(4)} == {503}
    amazon.control("DELETE", f"/faults/{first}")
    assert [entry["id"] for entry in amazon.get("/faults")] == [second]
    amazon.control("DELETE", "/faults")
    assert amazon.get("/faults") == []


def test_one_sellers_fault(amazon, seller):
    other = amazon.post("/sellers")
    fault(amazon, "503_json", merchant_id=seller["merchant_id"], times=None)
    assert search(amazon, seller).status_code == 503
    assert search(amazon, other).status_code == 200


def test_unknown_faults_are_refused(amazon):
    amazon.control("POST", "/faults", {"kind": "earthquake"}, status=400)
    amazon.control("POST", "/faults", {"kind": "malformed_order", "variant": "nonsense"}, status=400)
    amazon.control("POST", "/faults", {"kind": "429", "operation": "nothing"}, status=400)
    assert amazon.get("/faults/kinds") == list(KINDS)


def test_token_faults(amazon, seller):
    fault(amazon, "400", "token", error="invalid_grant")
    assert amazon.fetch_token(seller).json()["error"] == "invalid_grant"
    fault(amazon, "500_html", "token")
    assert amazon.fetch_token(seller).status_code == 500
    assert amazon.fetch_token(seller).status_code == 200
    assert [entry["status"] for entry in amazon.get("/requests?operation=token")] == [400, 500, 200]


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "cut_body"])
def test_cut_connections(amazon, seller, orders, kind):
    amazon.post("/quota", mode="published")
    fault(amazon, kind)
    with pytest.raises(httpx.TransportError):
        search(amazon, seller)
    [entry] = amazon.get("/requests?operation=searchOrders")
    assert (entry["fault"], entry["status"]) == (kind, 0 if kind == "cut_before" else 200)
    left = 20 if kind == "cut_before" else 19
    assert [search(amazon, seller).status_code for _ in range(left + 1)] == [200] * left + [429]


def test_timeout(amazon, seller):
    amazon.token(seller)
    fault(amazon, "timeout", seconds=30)
    amazon.http.timeout = 0.2
    with pytest.raises(httpx.ReadTimeout):
        search(amazon, seller)
    assert search(amazon, seller).status_code == 200  # others are served meanwhile


def test_timeout_ends_with_a_closed_connection(amazon, seller):
    fault(amazon, "timeout", seconds=0.05)
    with pytest.raises(httpx.TransportError) as caught:
        search(amazon, seller)
    assert not isinstance(caught.value, httpx.TimeoutException)


def test_slow(amazon, seller):
    amazon.token(seller)
    fault(amazon, "slow", seconds=0.2)
    started = time.monotonic()
    assert search(amazon, seller).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_truncated_json(amazon, seller, orders):
    fault(amazon, "truncated_json")
    answer = search(amazon, seller)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_among_what_is_asked_for(amazon, seller):
    """A fault for one of several marketplaces, or for one of the parts asked for."""
    japan, other = "A1VC38T7YXB528", "A39IBJ37TRP1C6"
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"marketplaces": [japan, other]})
    fault(amazon, "403", marketplace_id=other, times=None, message="Words", code="Code")
    assert search(amazon, seller, marketplaceIds=japan).status_code == 200
    answer = search(amazon, seller, marketplaceIds=f"{japan},{other}")
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (403, "Words")
    fault(amazon, "400", included_data="PAYMENT", times=None)
    assert search(amazon, seller, includedData="FULFILLMENT").status_code == 200
    assert search(amazon, seller, includedData="FULFILLMENT,PAYMENT").status_code == 400


def test_same_page(amazon, seller, orders):
    """The token leads to the page it stands on, for as long as the fault lasts."""
    fault(amazon, "same_page", times=2)
    pages = [ids([page]) for page in amazon.pages(seller, maxResultsPerPage=2)]
    assert pages[0] == pages[1] == pages[2]
    assert sum(pages[2:], []) == orders


def test_empty_page_with_token(amazon, seller, orders):
    fault(amazon, "empty_page_with_token", after=1)
    pages = amazon.pages(seller, maxResultsPerPage=3)
    assert [len(page["orders"]) for page in pages] == [3, 0, 3]
    assert ids(pages) == orders


def test_empty_first_page(amazon, seller, orders):
    fault(amazon, "empty_page_with_token")
    assert ids(amazon.pages(seller)) == orders


def test_page_without_list(amazon, seller, orders):
    fault(amazon, "page_without_list")
    assert "orders" not in search(amazon, seller).json()
    assert ids(amazon.pages(seller)) == orders


def test_duplicate_order(amazon, seller, orders):
    fault(amazon, "duplicate_order")
    assert ids(amazon.pages(seller, maxResultsPerPage=4)) == orders[:4] + orders[3:]


def test_duplicate_waits_for_a_search_with_pages(amazon, seller, orders):
    fault(amazon, "duplicate_order")
    assert ids(amazon.pages(seller)) == orders
    assert len(amazon.get("/faults")) == 1
    assert len(ids(amazon.pages(seller, maxResultsPerPage=1))) == 7


def test_change_during_paging(amazon, seller, orders):
    fault(amazon, "change_during_paging", n=2)
    pages = amazon.pages(seller, maxResultsPerPage=2)
    assert ids(pages) == orders[:2] + orders[4:]
    amazon.advance(minutes=3)
    assert ids([amazon.search(seller, lastUpdatedAfter=pages[0]["lastUpdatedBefore"])]) == orders[2:4]


@pytest.mark.parametrize("variant", ["no_items", "quantity_letter", "amount_abc"])
def test_malformed_order(amazon, seller, orders, variant):
    fault(amazon, "malformed_order", "*", variant=variant, order_id=orders[2], times=2)
    broken = amazon.search(seller, includedData=INCLUDED)["orders"][2]
    if variant == "no_items":
        assert "orderItems" not in broken
    elif variant == "quantity_letter":
        assert broken["orderItems"][0]["quantityOrdered"] == "x"
    else:
        assert broken["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] == "abc"
    assert amazon.show(seller, orders[2]) == broken
    assert "orderItems" in amazon.show(seller, orders[2])
    assert isinstance(amazon.show(seller, orders[2])["orderItems"][0]["quantityOrdered"], int)


def test_unknown_fields(amazon, seller, orders):
    fault(amazon, "unknown_fields")
    page = amazon.search(seller, includedData=INCLUDED)
    order = page["orders"][0]
    assert "unknownField" in page and "unknownField" in order["recipient"]["deliveryAddress"]
    assert order["fulfillment"]["fulfillmentStatus"] == "NEW_UNSHIPPED"
    assert order["proceeds"]["breakdowns"][0]["type"] == "NEW_ITEM"
    assert "unknownField" not in amazon.search(seller)


def test_refused_token(amazon, seller, orders):
    fault(amazon, "token_refused")
    first = search(amazon, seller, maxResultsPerPage=2)
    token = first.json()["pagination"]["nextToken"]
    assert search(amazon, seller, paginationToken=token).status_code == 400
    assert search(amazon, seller, paginationToken=token).status_code == 200


def test_spoiling_does_not_use_itself_up_on_a_refusal(amazon, seller, orders):
    fault(amazon, "unknown_fields")
    assert amazon.call(seller, SEARCH).status_code == 400
    assert "unknownField" in amazon.search(seller)
