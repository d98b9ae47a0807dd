"""Calls as they go over the wire, and what comes of the answers."""

from datetime import datetime, timedelta, timezone

import pytest
from amazon_server import LWA, ORDERS, AmazonServer, Answer

from selling_partner.client import Credentials, SellingPartner
from selling_partner.endpoints import ENDPOINTS, Endpoint, endpoint
from selling_partner.errors import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    TokenRefused,
)
from selling_partner.orders import ALL, SearchOrders
from selling_partner.tokens import authorization_url, exchange_authorization_code

SINCE = datetime(2026, 11, 1, tzinfo=timezone.utc)
SEARCH = SearchOrders(last_updated_after=SINCE, marketplace_ids=("A1VC38T7YXB528",))
ORDER = "250-1234567-8901234"
EMPTY = {"orders": []}


def error(code, message="no", details=""):
    return {"errors": [{"code": code, "message": message, "details": details}]}


class Ledger:
    """A budget that writes down what it is told."""

    def __init__(self, refuse=()):
        self.lines = []
        self.refuse = refuse

    def acquire(self, operation):
        self.lines.append(("acquire", operation))
        if operation in self.refuse:
            raise QuotaExceeded("budget", operation=operation, retry_after=12.5)

    def observe(self, operation, headers, status):
        self.lines.append(("observe", operation, status, headers.get("x-amzn-RateLimit-Limit")))


def test_search_sends_exactly_the_documented_parameters(amazon, seller):
    amazon.says(ORDERS, Answer(body=EMPTY))
    search = SearchOrders(
        last_updated_after=SINCE,
        last_updated_before=SINCE + timedelta(hours=1, microseconds=123999),
        marketplace_ids=("A1VC38T7YXB528", "A39IBJ37TRP1C6"),
        statuses=("PENDING", "UNSHIPPED"),
        fulfilled_by=("MERCHANT",),
        page_size=50,
    )
    seller.orders.search(search, token="a+b/c=")
    (request,) = amazon.asked(ORDERS)
    assert request.method == "GET"
    assert dict(request.query) == {
        "lastUpdatedAfter": "2026-11-01T00:00:00.000Z",
        "lastUpdatedBefore": "2026-11-01T01:00:00.123Z",
        "marketplaceIds": "A1VC38T7YXB528,A39IBJ37TRP1C6",
        "fulfillmentStatuses": "PENDING,UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "maxResultsPerPage": "50",
        "includedData": ",".join(ALL),
        "paginationToken": "a+b/c=",
    }
    assert len(request.query) == 8
    assert request.headers["x-amz-access-token"] == "Atza|access-0"
    assert request.headers["user-agent"].startswith("sale_amazon_spapi/")


def test_a_page_comes_back_as_received(amazon, seller):
    body = (
        b'{"orders": [ {"orderId": "1", "lastUpdatedTime": "2026-11-01T09:00:00+09:00", "rate": 1.10,'
        b' "name": "\\u5c71"},'
        b' 7, {"orderId": null} ], "pagination": {"nextToken": "next"}, "lastUpdatedBefore": "2026-11-02T00:00:00Z"}'
    )
    amazon.says(ORDERS, Answer(body=body))
    page = seller.orders.search(SEARCH)
    assert [order.order_id for order in page.orders] == ["1", "", ""]
    assert page.orders[0].last_updated == SINCE
    assert page.orders[0].payload == (
        '{"orderId":"1","lastUpdatedTime":"2026-11-01T09:00:00+09:00","rate":1.10,"name":"山"}'.encode()
    )
    assert page.next_token == "next"
    assert page.last_updated_before == datetime(2026, 11, 2, tzinfo=timezone.utc)
    assert page.created_before is None


@pytest.mark.parametrize(
    "pagination", [{}, {"pagination": None}, {"pagination": {}}, {"pagination": {"nextToken": ""}}]
)
def test_last_page(amazon, seller, pagination):
    amazon.says(ORDERS, Answer(body={**EMPTY, **pagination}))
    assert seller.orders.search(SEARCH).next_token is None


def test_digest_knows_content_not_order_of_keys(amazon, seller):
    amazon.says(
        ORDERS, Answer(body=b'{"orders": [{"orderId":"1","a":{"b":1,"c":2}},{"a":{"c":2,"b":1},"orderId":"1"}]}')
    )
    first, second = seller.orders.search(SEARCH).orders
    assert first.digest == second.digest
    assert first.payload != second.payload


def test_get_order(amazon, seller):
    amazon.says(f"{ORDERS}/{ORDER}", Answer(body={"order": {"orderId": ORDER, "x": None}}))
    order = seller.orders.get(ORDER, included_data=("PACKAGES", "FULFILLMENT"))
    assert order.order_id == ORDER
    assert order.payload == f'{{"orderId":"{ORDER}","x":null}}'.encode()
    (request,) = amazon.asked()
    assert request.query == [("includedData", "PACKAGES,FULFILLMENT")]


@pytest.mark.parametrize("order_id", ["", None, "..", "a/b", "1 2", "1?x=y", "１"])
def test_an_order_number_cannot_become_another_path(amazon, seller, order_id):
    with pytest.raises(BadRequest) as caught:
        seller.orders.get(order_id)
    assert not caught.value.sent
    assert not amazon.requests


def test_marketplace_participations(amazon, seller):
    marketplace = {
        "id": "A1VC38T7YXB528",
        "name": "Amazon.co.jp",
        "countryCode": "JP",
        "defaultCurrencyCode": "JPY",
        "defaultLanguageCode": "ja_JP",
        "domainName": "www.amazon.co.jp",
    }
    entry = {
        "marketplace": marketplace,
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": "店",
    }
    amazon.says("/sellers/v1/marketplaceParticipations", Answer(body={"payload": [entry]}))
    (japan,) = seller.sellers.get_marketplace_participations()
    assert (japan.marketplace_id, japan.currency, japan.participating) == ("A1VC38T7YXB528", "JPY", True)
    assert (japan.suspended, japan.store_name, japan.domain) == (False, "店", "www.amazon.co.jp")
    assert amazon.asked()[0].query == []


@pytest.mark.parametrize(
    "status, body, kind, code",
    [
        (400, error("InvalidInput"), BadRequest, "InvalidInput"),
        (401, error("Unauthorized"), AccessDenied, "Unauthorized"),
        (403, error("Unauthorized", "Access to requested resource is denied."), AccessDenied, "Unauthorized"),
        (403, {"message": "Forbidden"}, AccessDenied, ""),
        (403, b"<html>no</html>", AccessDenied, ""),
        (404, error("NotFound"), NotFound, "NotFound"),
        (404, b"", NotFound, ""),
        (408, b"", RetryLater, ""),
        (409, error("Conflict"), BadRequest, "Conflict"),
        (413, error("TooLarge"), BadRequest, "TooLarge"),
        (415, {"code": "Unsupported", "message": "no"}, BadRequest, "Unsupported"),
        (418, b"", BadRequest, ""),
        (429, error("QuotaExceeded"), QuotaExceeded, "QuotaExceeded"),
        (429, b"slow down", QuotaExceeded, ""),
        (500, error("InternalFailure"), RetryLater, "InternalFailure"),
        (500, b"<html>oops</html>", RetryLater, ""),
        (502, b"", RetryLater, ""),
        (503, {"errors": {"code": "ServiceUnavailable", "message": "no"}}, RetryLater, "ServiceUnavailable"),
        (504, [{"code": "Timeout", "message": "no"}], RetryLater, "Timeout"),
        (302, b"", MalformedAnswer, ""),
        (200, b"", MalformedAnswer, ""),
        (200, b"<html>maintenance</html>", MalformedAnswer, ""),
        (200, b'{"orders": [{"orderId": "1"}', MalformedAnswer, ""),
        (200, b"[]", MalformedAnswer, ""),
        (200, b"{}", MalformedAnswer, ""),
        (200, {"orders": None}, MalformedAnswer, ""),
        (200, {"orders": {}}, MalformedAnswer, ""),
        (200, {"orders": [], "pagination": {"nextToken": 5}}, MalformedAnswer, ""),
        (200, {"orders": [], "pagination": ["x"]}, MalformedAnswer, ""),
        (200, {"payload": {"Orders": []}}, MalformedAnswer, ""),
        (200, {"orders": [], **error("Partial")}, MalformedAnswer, "Partial"),
        (200, b'{"orders": [nan]}', MalformedAnswer, ""),
        (200, b"\xff\xfe\x00", MalformedAnswer, ""),
        (204, b"", MalformedAnswer, ""),
    ],
)
def test_what_answers_mean(amazon, seller, status, body, kind, code):
    amazon.says(ORDERS, Answer(status, body, {"x-amzn-RequestId": "req-1"}))
    with pytest.raises(SellingPartnerError) as caught:
        seller.orders.search(SEARCH)
    problem = caught.value
    assert type(problem) is kind
    assert (problem.operation, problem.status, problem.code) == ("searchOrders", status, code)
    assert problem.request_id == "req-1"
    assert problem.sent
    assert len(amazon.asked()) == 1
    assert "req-1" in str(problem) and str(status) in str(problem)


def test_a_refused_token_is_told_apart(amazon, seller):
    amazon.says(ORDERS, Answer(400, error("InvalidInput", "Invalid paginationToken")))
    with pytest.raises(TokenRefused):
        seller.orders.search(SEARCH, token="old")
    with pytest.raises(BadRequest) as caught:
        seller.orders.search(SEARCH)
    assert type(caught.value) is BadRequest


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({}, 1 / 0.0056),
        ({"x-amzn-RateLimit-Limit": "0.05"}, 20),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1 / 0.0056),
        ({"x-amzn-RateLimit-Limit": "nan"}, 1 / 0.0056),
        ({"x-amzn-RateLimit-Limit": "0"}, 1 / 0.0056),
        ({"x-amzn-RateLimit-Limit": "-1"}, 1 / 0.0056),
    ],
)
def test_when_to_come_back(amazon, seller, headers, seconds):
    amazon.says(ORDERS, Answer(429, error("QuotaExceeded"), headers))
    with pytest.raises(QuotaExceeded) as caught:
        seller.orders.search(SEARCH)
    assert caught.value.retry_after == pytest.approx(seconds)


@pytest.mark.parametrize("answer", [Answer(body=EMPTY, cut=10), Answer(hang_up=True)])
def test_a_cut_answer_may_have_been_sent(amazon, seller, answer):
    amazon.says(ORDERS, answer)
    with pytest.raises(RetryLater) as caught:
        seller.orders.search(SEARCH)
    assert caught.value.sent
    assert caught.value.status is None


def test_no_connection_was_not_sent(amazon, credentials):
    with AmazonGone() as url, SellingPartner(credentials, Endpoint(url, f"{amazon.url}{LWA}")) as seller:
        with pytest.raises(RetryLater) as caught:
            seller.orders.search(SEARCH)
    assert not caught.value.sent


class AmazonGone:
    """An address where nobody listens any more."""

    def __enter__(self):
        with AmazonServer() as server:
            return server.url

    def __exit__(self, *failure):
        pass


def test_budget_is_asked_before_and_told_after(amazon, address, credentials):
    ledger = Ledger()
    amazon.says(ORDERS, Answer(body=EMPTY, headers={"x-amzn-RateLimit-Limit": "0.0056"}), Answer(429))
    with SellingPartner(credentials, address, budget=ledger) as seller:
        seller.orders.search(SEARCH)
        with pytest.raises(QuotaExceeded):
            seller.orders.search(SEARCH)
    assert ledger.lines == [
        ("acquire", "searchOrders"),
        ("observe", "searchOrders", 200, "0.0056"),
        ("acquire", "searchOrders"),
        ("observe", "searchOrders", 429, None),
    ]


def test_no_budget_no_request(amazon, address, credentials):
    with SellingPartner(credentials, address, budget=Ledger(refuse=("searchOrders",))) as seller:
        with pytest.raises(QuotaExceeded) as caught:
            seller.orders.search(SEARCH)
    assert caught.value.retry_after == 12.5
    assert not caught.value.sent
    assert not amazon.asked()


def test_no_token_no_budget_spent(amazon, address, credentials):
    ledger = Ledger()
    amazon.says(LWA, Answer(503))
    with SellingPartner(credentials, address, budget=ledger) as seller, pytest.raises(RetryLater) as caught:
        seller.orders.search(SEARCH)
    assert not caught.value.sent
    assert not ledger.lines


def test_a_search_that_breaks_the_rules_is_not_sent(amazon, seller):
    with pytest.raises(BadRequest) as caught:
        seller.orders.search(SearchOrders(last_updated_after=SINCE))
    assert not caught.value.sent
    assert not amazon.requests


@pytest.mark.parametrize(
    "url",
    [
        "http://sellingpartnerapi-fe.amazon.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "https://user:word@example.com",
        "ftp://127.0.0.1",
        "https://",
        "",
        None,
        "http://[::1",
        "https://example.com:99999",
    ],
)
def test_only_protected_endpoints(url):
    with pytest.raises(BadRequest):
        Endpoint(url)
    with pytest.raises(BadRequest):
        Endpoint("https://example.com", url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8069/x",
        "http://localhost/x",
        "http://[::1]/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "http://10.0.0.1/x",
        "http://example.com/x",
        "file:///etc/passwd",
    ],
)
def test_a_server_elsewhere_sends_us_nowhere_on_this_machine(url, credentials):
    for far in (endpoint("fe"), Endpoint("https://proxy.example.com")):
        with pytest.raises(BadRequest):
            far.checked(url)
        with SellingPartner(credentials, far) as seller, pytest.raises(BadRequest):
            seller.feeds.upload(url, b"x", "text/xml")
    with pytest.raises(BadRequest):
        Endpoint("https://proxy.example.com", url)
    near = Endpoint("http://127.0.0.1:1", "http://127.0.0.1:1/token")
    assert near.checked("http://127.0.0.1:2/bucket")


def test_no_redirect_is_followed(amazon, seller):
    amazon.says(ORDERS, Answer(307, b"", {"Location": f"{amazon.url}/elsewhere"}))
    with pytest.raises(MalformedAnswer):
        seller.orders.search(SEARCH)
    assert not amazon.asked("/elsewhere")


def test_endpoints():
    assert endpoint("fe").api_url == "https://sellingpartnerapi-fe.amazon.com"
    assert endpoint("eu", "sandbox").api_url == "https://sandbox.sellingpartnerapi-eu.amazon.com"
    assert {place.lwa_url for places in ENDPOINTS.values() for place in places.values()} == {
        "https://api.amazon.com/auth/o2/token"
    }
    with pytest.raises(BadRequest):
        endpoint("mars")


def test_authorization_url():
    url = authorization_url(
        "https://sellercentral.amazon.co.jp/", "amzn1.sp.solution.1", "s&t", "https://odoo/x?y=1", True
    )
    assert url == (
        "https://sellercentral.amazon.co.jp/apps/authorize/consent?application_id=amzn1.sp.solution.1"
        "&state=s%26t&redirect_uri=https%3A%2F%2Fodoo%2Fx%3Fy%3D1&version=beta"
    )
    assert "version" not in authorization_url("https://sellercentral.amazon.com", "a", "s", "https://r")


def test_exchange_authorization_code(amazon):
    amazon.says(LWA, Answer(body={"access_token": "Atza|1", "refresh_token": "Atzr|new", "expires_in": 3600}))
    token = exchange_authorization_code("id", "secret", "code", "https://odoo/back", amazon.url + LWA)
    assert token == "Atzr|new"
    assert amazon.requests[0].form == {
        "grant_type": "authorization_code",
        "code": "code",
        "redirect_uri": "https://odoo/back",
        "client_id": "id",
        "client_secret": "secret",
    }


def test_a_used_authorization_code(amazon):
    amazon.says(LWA, Answer(400, {"error": "invalid_grant", "error_description": "code my-code is used"}))
    with pytest.raises(CredentialsError) as caught:
        exchange_authorization_code("id", "secret", "my-code", "https://odoo/back", amazon.url + LWA)
    assert caught.value.code == "invalid_grant"
    assert "my-code" not in str(caught.value)
    with pytest.raises(CredentialsError):
        exchange_authorization_code("id", "", "my-code", "https://odoo/back", amazon.url + LWA)


@pytest.mark.parametrize("field", ["client_id", "client_secret", "refresh_token"])
@pytest.mark.parametrize("value", ["", "  ", None])
def test_empty_credentials_call_nobody(amazon, address, field, value):
    values = {"client_id": "id", "client_secret": "secret", "refresh_token": "token", field: value}
    with pytest.raises(CredentialsError) as caught:
        SellingPartner(Credentials(**values), address)
    assert caught.value.code == "missing"
    assert field in str(caught.value)
    assert not amazon.requests


def test_credentials_show_nothing(credentials):
    assert repr(credentials) == "Credentials()"
