"""Login with Amazon."""

from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.tests.client import SEARCH


def refused(answer, status, error):
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_refresh_token(amazon, seller):
    answer = amazon.fetch_token(seller)
    assert answer.status_code == 200
    data = answer.json()
    assert data["access_token"].startswith("Atza|")
    assert (data["token_type"], data["expires_in"], data["refresh_token"]) == ("bearer", 3600, seller["refresh_token"])


def test_client_credentials(amazon, seller):
    scope = "sellingpartnerapi::notifications"
    answer = amazon.fetch_token(seller, grant_type="client_credentials", refresh_token=None, scope=scope)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    assert amazon.call(seller, SEARCH, token=answer.json()["access_token"]).status_code == 403


@pytest.mark.parametrize(
    "changes, status, error",
    [
        ({"refresh_token": "Atzr|unknown"}, 400, "invalid_grant"),
        ({"refresh_token": None}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "profile"}, 400, "invalid_scope"),
        ({"grant_type": "authorization_code", "code": "unknown"}, 400, "invalid_grant"),
    ],
)
def test_refusals(amazon, seller, changes, status, error):
    refused(amazon.fetch_token(seller, **changes), status, error)


def test_other_applications_refresh_token(amazon, seller):
    other = amazon.post("/sellers")
    refused(amazon.fetch_token(seller, refresh_token=other["refresh_token"]), 400, "invalid_grant")


def test_revoked(amazon, seller):
    token = amazon.token(seller)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"revoked": True})
    refused(amazon.fetch_token(seller), 400, "invalid_grant")
    assert amazon.call(seller, SEARCH, token=token).status_code == 403


def test_application_may_not(amazon, seller):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"unauthorized": True})
    refused(amazon.fetch_token(seller), 400, "unauthorized_client")


def test_rotated_secret(amazon, seller):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"client_secret": "new"})
    refused(amazon.fetch_token(seller), 401, "invalid_client")
    assert amazon.fetch_token(seller, client_secret="new").status_code == 200


def test_token_lifetime_follows_the_simulators_clock(amazon, seller):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"token_ttl": 600})
    answer = amazon.fetch_token(seller)
    assert answer.json()["expires_in"] == 600
    query = {"token": answer.json()["access_token"], "lastUpdatedAfter": "2026-11-22T00:00:00Z"}
    amazon.advance(seconds=599)
    assert amazon.call(seller, SEARCH, **query).status_code == 200
    amazon.advance(seconds=1)
    expired = amazon.call(seller, SEARCH, **query)
    assert expired.status_code == 403
    assert expired.json()["errors"] == [
        {
            "code": "Unauthorized",
            "message": "Access to requested resource is denied.",
            "details": "The access token you provided has expired.",
        }
    ]


def consent(amazon, seller):
    query = {
        "application_id": seller["application_id"],
        "state": "s t",
        "redirect_uri": "http://127.0.0.1:1/back?a=1",
        "version": "beta",
    }
    page = amazon.http.get("/apps/authorize/consent", params=query)
    assert page.status_code == 200 and "Authorize" in page.text
    answer = amazon.http.post("/apps/authorize/consent", params=query, data={"authorize": "1"})
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["location"]).query)


def test_consent(amazon, seller):
    query = consent(amazon, seller)
    assert query["state"] == ["s t"] and query["a"] == ["1"] and query["selling_partner_id"] == [seller["merchant_id"]]
    grant = {"grant_type": "authorization_code", "refresh_token": None, "code": query["spapi_oauth_code"][0]}
    answer = amazon.fetch_token(seller, **grant)
    assert answer.status_code == 200
    assert amazon.fetch_token(seller, refresh_token=answer.json()["refresh_token"]).status_code == 200
    refused(amazon.fetch_token(seller, **grant), 400, "invalid_grant")


def test_consent_code_expires(amazon, seller):
    code = consent(amazon, seller)["spapi_oauth_code"][0]
    amazon.advance(minutes=5)
    refused(amazon.fetch_token(seller, grant_type="authorization_code", code=code), 400, "invalid_grant")


def test_consent_revives_a_revoked_authorization(amazon, seller):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"revoked": True})
    code = consent(amazon, seller)["spapi_oauth_code"][0]
    assert amazon.fetch_token(seller, grant_type="authorization_code", code=code).status_code == 200


@pytest.mark.parametrize(
    "change", [{"application_id": "unknown"}, {"redirect_uri": ""}, {"redirect_uri": "javascript:x"}]
)
def test_consent_refuses(amazon, seller, change):
    query = {"application_id": seller["application_id"], "redirect_uri": "http://127.0.0.1:1/", **change}
    assert amazon.http.get("/apps/authorize/consent", params=query).status_code == 400


def test_no_secret_is_logged(amazon, seller):
    token = amazon.token(seller)
    amazon.call(seller, SEARCH, lastUpdatedAfter="2026-11-22T00:00:00Z")
    log = amazon.http.get("/control/requests").text
    assert seller["client_id"] in log and "refresh_token" in log
    assert not any(secret in log for secret in (token, seller["client_secret"], seller["refresh_token"]))
