"""The traps of python-amazon-sp-api 2.1.35, each shut; the numbers are those of the list they were collected in."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import pytest
import requests
from amazon_server import LWA, ORDERS, Answer

from selling_partner import documents, tokens
from selling_partner.client import Credentials, SellingPartner
from selling_partner.endpoints import Endpoint
from selling_partner.errors import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
)
from selling_partner.orders import SearchOrders
from selling_partner.transport import Client

SEARCH = SearchOrders(
    last_updated_after=datetime(2026, 11, 1, tzinfo=timezone.utc), marketplace_ids=("A1VC38T7YXB528",)
)
EMPTY = Answer(body={"orders": []})
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
EXPIRED = Answer(
    403, {"errors": [{"code": "Unauthorized", "message": "The access token you provided has expired.", "details": ""}]}
)


def _json(body):
    return json.loads(body)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"<html>Internal Server Error</html>"),
        Answer(503, b""),
        Answer(429, b"Too many"),
        Answer(502, b"<html></html>"),
        Answer(403, {"message": "Forbidden"}),
        Answer(400, {"code": "InvalidInput", "message": "no"}),
        Answer(200, b""),
        Answer(200, b"<html>maintenance</html>"),
        Answer(200, {}),
    ],
)
def test_trap_01_silent_success(amazon, seller, answer):
    for path in (ORDERS, f"{ORDERS}/1", PARTICIPATIONS):
        amazon.says(path, answer)
    for call in (
        lambda: seller.orders.search(SEARCH),
        lambda: seller.orders.get("1"),
        seller.sellers.get_marketplace_participations,
    ):
        with pytest.raises(SellingPartnerError):
            call()


def test_trap_01_silent_success_of_a_post(amazon, seller):
    path = "/orders/v0/orders/1/shipmentConfirmation"
    amazon.says(path, Answer(503), Answer(500, b"<html></html>"), Answer(204))
    call = {"path": {"orderId": "1"}, "body": {"marketplaceId": "A1VC38T7YXB528"}}
    for _ in range(2):
        with pytest.raises(RetryLater) as caught:
            seller.call("confirmShipment", lambda body: "sent", **call)
        assert caught.value.sent
    assert seller.call("confirmShipment", lambda body: "sent", **call) == "sent"


@pytest.mark.parametrize(
    "body",
    [{"errors": {"code": "InvalidInput", "message": "no"}}, [], [1], ["x"], [[]], {"errors": []}, "text", 5, None],
)
@pytest.mark.parametrize("status", [200, 400])
def test_trap_02_errors_of_any_shape(amazon, seller, status, body):
    amazon.says(ORDERS, Answer(status, json.dumps(body)))
    with pytest.raises(MalformedAnswer if status == 200 else BadRequest):
        seller.orders.search(SEARCH)


@pytest.fixture
def somebody_elses_credentials(monkeypatch, tmp_path):
    for suffix in ("", "_default"):
        monkeypatch.setenv(f"LWA_APP_ID{suffix}", "other-app")
        monkeypatch.setenv(f"LWA_CLIENT_SECRET{suffix}", "other-secret")
        monkeypatch.setenv(f"SP_API_REFRESH_TOKEN{suffix}", "other-token")
    folder = tmp_path / "python-sp-api"
    folder.mkdir()
    (folder / "credentials.yml").write_text(
        "default:\n  refresh_token: other-token\n  lwa_app_id: other-app\n  lwa_client_secret: other-secret\n"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_SP_APIDIR", str(folder))


@pytest.mark.usefixtures("somebody_elses_credentials")
def test_trap_03_credentials_of_somebody_else(amazon, seller, address):
    amazon.says(ORDERS, EMPTY)
    seller.orders.search(SEARCH)
    (request,) = amazon.asked(LWA)
    assert request.form == {
        "grant_type": "refresh_token",
        "client_id": "amzn1.application-oa2-client.1",
        "client_secret": "top-secret",
        "refresh_token": "Atzr|refresh-me",
    }
    for missing in (Credentials("a", "", "c"), Credentials("", "b", "c"), Credentials("a", "b", ""), Credentials()):
        with pytest.raises(CredentialsError):
            SellingPartner(missing, address)
    assert len(amazon.asked(LWA)) == 1


@pytest.mark.parametrize("marketplace", ["US", "JP", "nonsense"])
def test_trap_04_default_marketplace_of_the_environment(amazon, seller, monkeypatch, marketplace):
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", marketplace)
    amazon.says(PARTICIPATIONS, Answer(body={"payload": []}))
    assert seller.sellers.get_marketplace_participations() == ()
    assert len(amazon.asked(PARTICIPATIONS)) == 1


def test_trap_04_environment_at_import(amazon, credentials):
    """AWS_ENV and the default marketplace are also read when the library is imported: a process of its own."""
    amazon.says(ORDERS, EMPTY)
    script = f"""if True:
        from datetime import datetime, timezone
        from selling_partner import Credentials, Endpoint, SearchOrders, SellingPartner
        search = SearchOrders(last_updated_after=datetime(2026, 11, 1, tzinfo=timezone.utc), marketplace_ids=("A",))
        with SellingPartner(Credentials("a", "b", "c"), Endpoint({amazon.url!r}, {amazon.url + LWA!r})) as seller:
            print(len(seller.orders.search(search).orders))
    """
    variables = {"AWS_ENV": "SANDBOX", "SP_API_DEFAULT_MARKETPLACE": "DE", "SP_API_AUTH_CACHE_SIZE": "0"}
    place = {"PYTHONPATH": sys.path[0], "PYTHONDONTWRITEBYTECODE": "1"}
    output = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **variables, **place}, capture_output=True, timeout=30
    )
    assert output.stdout.strip() == b"0", output.stderr.decode()
    assert dict(amazon.asked(ORDERS)[0].query)["marketplaceIds"] == "A"


def test_trap_05_token_cache_keys(amazon, address):
    """One token for the same credentials; never one for others, however alike, however many."""
    amazon.says(PARTICIPATIONS, Answer(body={"payload": []}))
    different = [Credentials("app", "secret", f"token-{number}") for number in range(15)]
    different += [Credentials("app-2", "secret", "token-0"), Credentials("app", "secret-2", "token-0")]
    for _ in range(2):
        for credentials in different:
            with SellingPartner(credentials, address) as seller:
                seller.sellers.get_marketplace_participations()
    assert len(amazon.asked(LWA)) == len(different)
    sent = [request.headers["x-amz-access-token"] for request in amazon.asked(PARTICIPATIONS)]
    assert sent[: len(different)] == sent[len(different) :]
    assert len(set(sent)) == len(different)


def test_trap_05_grantless_tokens_disturb_nobody(amazon, address, credentials):
    with Client(address.lwa_url) as http:
        cache = tokens.AccessTokens(credentials, address.lwa_url, http)
        seller_token = cache.get_auth().access_token
        first = cache.get_grantless_auth("sellingpartnerapi::notifications").access_token
        assert cache.get_grantless_auth("sellingpartnerapi::notifications").access_token == first
        assert cache.get_auth().access_token == seller_token != first
    assert len(amazon.requests) == 2
    assert amazon.requests[1].form == {
        "grant_type": "client_credentials",
        "scope": "sellingpartnerapi::notifications",
        "client_id": credentials.client_id,
        "client_secret": "top-secret",
    }


def test_trap_05_one_request_for_many_threads(amazon, address, credentials):
    amazon.says(LWA, Answer(body={"access_token": "Atza|one", "expires_in": 3600}, wait=0.2))
    got = []

    def ask():
        with Client(address.lwa_url) as http:
            got.append(tokens.AccessTokens(credentials, address.lwa_url, http).get_auth().access_token)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["Atza|one"] * 8
    assert len(amazon.requests) == 1


@pytest.mark.parametrize("lifetime, asked", [(3600, 1), (150, 1), (60, 2), (0, 2), ("3600", 1), (None, 1)])
def test_trap_05_tokens_are_dropped_in_time(amazon, seller, lifetime, asked):
    amazon.says(LWA, Answer(body={"access_token": "Atza|one", "expires_in": lifetime}))
    amazon.says(ORDERS, EMPTY)
    seller.orders.search(SEARCH)
    seller.orders.search(SEARCH)
    assert len(amazon.asked(LWA)) == asked


def test_trap_05_expired_token_is_renewed_once(amazon, seller):
    amazon.says(ORDERS, EXPIRED, EMPTY)
    seller.orders.search(SEARCH)
    assert [request.headers["x-amz-access-token"] for request in amazon.asked(ORDERS)] == [
        "Atza|access-0",
        "Atza|access-1",
    ]


def test_trap_05_expired_token_is_not_renewed_for_ever(amazon, seller):
    amazon.says(ORDERS, EXPIRED)
    with pytest.raises(AccessDenied):
        seller.orders.search(SEARCH)
    assert len(amazon.asked(ORDERS)) == 2


def test_trap_05_other_refusals_keep_the_token(amazon, seller):
    denied = {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}
    amazon.says(ORDERS, Answer(403, denied))
    with pytest.raises(AccessDenied):
        seller.orders.search(SEARCH)
    assert len(amazon.asked(ORDERS)) == 1


@pytest.mark.parametrize(
    "answer, kind, code",
    [
        (Answer(500, b"<html>oops</html>"), RetryLater, ""),
        (Answer(503, b""), RetryLater, ""),
        (Answer(500, {"error": "server_error"}), RetryLater, "server_error"),
        (Answer(429, b""), QuotaExceeded, ""),
        (Answer(200, b"<html>portal</html>"), MalformedAnswer, ""),
        (Answer(200, b""), MalformedAnswer, ""),
        (Answer(200, {"token_type": "bearer"}), MalformedAnswer, ""),
        (Answer(200, {"access_token": "two\nlines"}), MalformedAnswer, ""),
        (Answer(200, {"access_token": "ｗｉｄｅ"}), MalformedAnswer, ""),
        (Answer(200, {"access_token": ["x"]}), MalformedAnswer, ""),
        (Answer(400, {"error": "invalid_grant", "error_description": "revoked"}), CredentialsError, "invalid_grant"),
        (Answer(401, {"error": "invalid_client", "error_description": "bad"}), CredentialsError, "invalid_client"),
        (Answer(400, {"error": "unauthorized_client"}), CredentialsError, "unauthorized_client"),
        (Answer(403, b"<html>blocked</html>"), AccessDenied, ""),
        (Answer(400, b""), BadRequest, ""),
        (Answer(hang_up=True), RetryLater, "no_answer"),
        (Answer(200, {"access_token": "x"}, cut=5), RetryLater, "no_answer"),
    ],
)
def test_trap_06_login_that_does_not_answer_json(amazon, seller, answer, kind, code):
    amazon.says(LWA, answer)
    with pytest.raises(SellingPartnerError) as caught:
        seller.orders.search(SEARCH)
    assert type(caught.value) is kind
    assert (caught.value.operation, caught.value.code) == ("token", code)
    assert not caught.value.sent
    assert not amazon.asked(ORDERS)


@pytest.mark.parametrize("path", [LWA, ORDERS])
def test_trap_07_timeouts(amazon, address, credentials, path):
    amazon.says(path, Answer(wait=5))
    with SellingPartner(credentials, address, timeout=0.2) as seller, pytest.raises(RetryLater) as caught:
        begun = time.monotonic()
        seller.orders.search(SEARCH)
    assert time.monotonic() - begun < 2
    assert caught.value.sent == (path == ORDERS)


def test_trap_07_timeouts_of_documents(amazon):
    amazon.says("/document", Answer(wait=5))
    for call in (
        lambda: documents.upload(f"{amazon.url}/document", b"x", "text/plain", timeout=0.2),
        lambda: documents.download(f"{amazon.url}/document", timeout=0.2),
    ):
        with pytest.raises(RetryLater) as caught:
            call()
        assert caught.value.sent


def test_trap_07_timeouts_when_nobody_sets_any(seller):
    assert seller._http.timeout == (10, 30)


def test_trap_08_host_header(amazon, seller):
    amazon.says(ORDERS, EMPTY)
    seller.orders.search(SEARCH)
    assert {request.headers["host"] for request in amazon.requests} == {amazon.url.removeprefix("http://")}


def test_trap_09_parameters_nobody_asked_for(amazon, seller):
    for path in (PARTICIPATIONS, f"{ORDERS}/1", "/finances/2024-06-19/transactions"):
        amazon.says(path, Answer(body={"payload": [], "order": {"orderId": "1"}}))
    amazon.says("/feeds/2021-06-30/documents", Answer(201, {"feedDocumentId": "D", "url": f"{amazon.url}/bucket"}))
    amazon.says("/feeds/2021-06-30/feeds", Answer(202, {"feedId": "1"}))
    seller.sellers.get_marketplace_participations()
    seller.orders.get("1")
    search = {"marketplaceId": "A1VC38T7YXB528", "postedAfter": "2026-11-01T00:00:00Z"}
    seller.call("listTransactions", _json, query=search)
    seller.feeds.create_document("text/xml; charset=UTF-8")
    seller.feeds.create("F", ["A1VC38T7YXB528"], "D")
    participations, order, transactions, document, feed = amazon.asked()
    assert participations.query == []
    assert [name for name, _value in order.query] == ["includedData"]
    assert transactions.query == [("marketplaceId", "A1VC38T7YXB528"), ("postedAfter", "2026-11-01T00:00:00Z")]
    assert json.loads(document.body) == {"contentType": "text/xml; charset=UTF-8"}
    assert json.loads(feed.body) == {
        "feedType": "F",
        "inputFeedDocumentId": "D",
        "marketplaceIds": ["A1VC38T7YXB528"],
    }


def test_trap_10_lists_are_comma_separated(amazon, seller):
    amazon.says("/listings/2021-08-01/items/S", Answer(body={}))
    query = {"identifiers": ["a", "b"], "identifiersType": "SKU", "marketplaceIds": ["M"]}
    seller.call("searchListingsItems", _json, path={"sellerId": "S"}, query=query)
    (request,) = amazon.asked()
    assert sorted(request.query) == [("identifiers", "a,b"), ("identifiersType", "SKU"), ("marketplaceIds", "M")]


def test_trap_11_upload_of_japanese(amazon):
    amazon.says("/document", Answer(200))
    url = f"{amazon.url}/document?X-Amz-Signature=s"
    documents.upload(url, "出荷通知".encode("cp932"), "text/tab-separated-values; charset=Shift_JIS")
    (request,) = amazon.requests
    assert request.method == "PUT"
    assert request.body == "出荷通知".encode("cp932")
    assert request.headers["content-type"] == "text/tab-separated-values; charset=Shift_JIS"
    assert "content-encoding" not in request.headers
    assert "x-amz-access-token" not in request.headers
    with pytest.raises(TypeError):
        documents.upload(url, "出荷通知", "text/xml")


S3_EXPIRED = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Request has expired</Message><AWSAccessKeyId>AKIAX</AWSAccessKeyId></Error>"""


@pytest.mark.parametrize(
    "answer, kind",
    [
        (Answer(403, S3_EXPIRED), RetryLater),
        (Answer(400, S3_EXPIRED), BadRequest),
        (Answer(503, b"<Error><Code>SlowDown</Code></Error>"), RetryLater),
        (Answer(500, b""), RetryLater),
        (Answer(200, b"x", cut=3), RetryLater),
        (Answer(hang_up=True), RetryLater),
    ],
)
def test_trap_11_and_12_storage_that_refuses(amazon, answer, kind):
    amazon.says("/document", answer)
    url = f"{amazon.url}/document"
    for call in (lambda: documents.upload(url, b"x", "text/xml"), lambda: documents.download(url)):
        with pytest.raises(SellingPartnerError) as caught:
            call()
        assert type(caught.value) is kind
        assert "AKIAX" not in str(caught.value)


def test_trap_12_download_says_what_went_wrong(amazon):
    amazon.says("/document", Answer(403, S3_EXPIRED, {"x-amz-request-id": "s3-1"}))
    with pytest.raises(RetryLater) as caught:
        documents.download(f"{amazon.url}/document")
    assert (caught.value.code, caught.value.request_id) == ("AccessDenied", "s3-1")


def test_trap_13_and_14_no_sleep_no_retry(amazon, seller, monkeypatch):
    def sleep(_seconds):
        raise AssertionError("slept")

    monkeypatch.setattr(time, "sleep", sleep)
    page = Answer(body={"orders": [], "pagination": {"nextToken": "2"}})
    amazon.says(ORDERS, Answer(429), Answer(503), Answer(400), page)
    for kind in (QuotaExceeded, RetryLater, BadRequest):
        with pytest.raises(kind):
            seller.orders.search(SEARCH)
    seller.orders.search(SEARCH)
    assert len(amazon.asked(ORDERS)) == 4


def test_trap_15_connections_are_closed(amazon, address, credentials):
    amazon.says(ORDERS, EMPTY)
    with SellingPartner(credentials, address) as seller:
        seller.orders.search(SEARCH)
        assert not seller._http.is_closed
    assert seller._http.is_closed
    with pytest.raises(RuntimeError):
        seller.orders.search(SEARCH)


BUYER = {"buyerName": "山田 太郎", "buyerEmail": "abc123@marketplace.amazon.co.jp"}
RECIPIENT = {"deliveryAddress": {"name": "山田 花子", "addressLine1": "神宮前1-2-3", "postalCode": "150-0001"}}
PERSONAL = ("山田", "花子", "神宮前", "150-0001", "abc123", "\\u5c71")
SECRET = ("top-secret", "refresh-me", "access-0", "presigned", "next-page", "grant-code")


def test_trap_16_logs(amazon, seller, logs):
    order = {"orderId": "250-1234567-8901234", "buyer": BUYER, "recipient": RECIPIENT}
    page = {"orders": [order], "pagination": {"nextToken": "next-page"}}
    leak = {
        "errors": [{"code": "X", "message": "Atza|access-0 top-secret", "details": "abc123@marketplace.amazon.co.jp"}]
    }
    amazon.says(ORDERS, Answer(body=page), Answer(500, leak), Answer(hang_up=True), Answer(body={"orders": page}))
    amazon.says("/document", Answer(body=json.dumps(order)))
    form = ("top-secret", "grant-code")  # not in the line that calls, which a traceback quotes
    failures = []
    received = seller.orders.search(SEARCH, token="next-page")
    for _ in range(3):
        try:
            seller.orders.search(SEARCH)
        except SellingPartnerError as error:
            failures.append(error)
    documents.download(f"{amazon.url}/document?X-Amz-Signature=presigned")
    documents.upload(f"{amazon.url}/document?X-Amz-Signature=presigned", b"x", "text/xml")
    amazon.says(LWA, Answer(400, {"error": "invalid_grant", "error_description": "top-secret grant-code"}))
    with pytest.raises(CredentialsError) as caught:
        tokens.exchange_authorization_code("id", *form, "https://odoo", amazon.url + LWA)
    failures.append(caught.value)
    for failure in failures:
        logging.getLogger("odoo").error("failed: %s %r", failure, failure, exc_info=failure)
    logging.getLogger("odoo").info("%r %r %r %r", received, seller, SEARCH, seller._secrets and "")
    assert len(failures) == 4
    for word in (*PERSONAL, *SECRET):
        assert word not in logs.text
    assert "searchOrders: 200" in logs.text


def test_trap_16_other_peoples_logs_stay(amazon, seller, logs):
    amazon.says(ORDERS, EMPTY)
    seller.orders.search(SEARCH)
    requests.get(f"{amazon.url}/elsewhere")
    assert "/elsewhere" in logs.text
    assert ORDERS not in logs.text


def test_trap_17_errors_are_fit_to_show(amazon, seller):
    message = "Token Atza|access-0 of amzn1.oa2-cs.v1.abc refused for someone@example.co.jp; secret top-secret"
    amazon.says(ORDERS, Answer(400, {"errors": [{"code": "InvalidInput", "message": message}]}))
    with pytest.raises(BadRequest) as caught:
        seller.orders.search(SEARCH)
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {caught.value.args}"
    for word in ("access-0", "v1.abc", "example.co.jp", "top-secret"):
        assert word not in shown
    assert "refused for" in str(caught.value)
    # What a traceback could show besides.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_endpoint_that_is_not_this_machine_must_be_encrypted(credentials):
    with pytest.raises(BadRequest):
        SellingPartner(credentials, Endpoint("http://sellingpartnerapi-fe.amazon.com"))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409])
def test_what_others_than_amazon_say_is_not_quoted(amazon, seller, status):
    """A server without Amazon's request ID is none of Amazon's: nothing of its answer reaches the error."""
    stranger = {"server": "intranet"}
    for path, answer in (
        (ORDERS, {"errors": [{"code": "SECRETCODE", "message": "the vault is 4711", "details": "vault"}]}),
        (ORDERS, {"message": "the vault is 4711"}),
        (LWA, {"error": "SECRETCODE", "error_description": "the vault is 4711"}),
    ):
        amazon.says(path, Answer(status, answer, stranger))
        with pytest.raises(SellingPartnerError) as caught:
            seller.orders.search(SEARCH)
        assert caught.value.foreign
        assert "vault" not in str(caught.value) and "SECRETCODE" not in f"{caught.value} {caught.value.code}"
        amazon.says(LWA, Answer(body={"access_token": f"Atza|{status}", "token_type": "bearer", "expires_in": 3600}))


def test_login_refusals_are_known_by_their_words(amazon, seller):
    """The codes of RFC 6749 count whoever sends them: they are fixed words."""
    amazon.says(LWA, Answer(400, {"error": "invalid_grant", "error_description": "vault"}, {"server": "proxy"}))
    with pytest.raises(CredentialsError) as caught:
        seller.orders.search(SEARCH)
    assert (caught.value.code, caught.value.foreign) == ("invalid_grant", False)
    assert "vault" not in str(caught.value)
