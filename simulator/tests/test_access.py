"""Who may see what."""

import pytest

from simulator.tests.client import INCLUDED, JP, LONG_AGO, SEARCH, US

SELLERS = "/sellers/v1/marketplaceParticipations"


@pytest.fixture
def with_roles(amazon):
    """Create a seller whose application has only these roles."""
    return lambda *roles: amazon.post("/sellers", roles=list(roles))


def test_access_token_missing_or_wrong(amazon, seller):
    for headers in ({}, {"x-amz-access-token": "Atza|unknown"}):
        answer = amazon.http.get(SEARCH, params={"lastUpdatedAfter": LONG_AGO}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["code"] == "Unauthorized"
        assert answer.headers["x-amzn-requestid"] and "x-amzn-ratelimit-limit" not in answer.headers


def test_missing_role(amazon, with_roles):
    answer = amazon.call(with_roles("product_listing"), SEARCH, lastUpdatedAfter=LONG_AGO)
    assert answer.status_code == 403
    assert "role" in answer.json()["errors"][0]["details"]


def test_personal_data_needs_the_restricted_role(amazon, with_roles):
    seller = with_roles("inventory_and_order_tracking")
    gift = amazon.show(seller, amazon.place(seller, "jp_gift"))
    business = amazon.show(seller, amazon.place(seller, "jp_business"))
    assert gift["buyer"] == {}
    assert set(gift["recipient"]["deliveryAddress"]) <= {"stateOrRegion", "city", "countryCode", "addressType"}
    assert set(gift["orderItems"][0]["fulfillment"]["packing"]["giftOption"]) == {"giftWrapLevel"}
    assert set(business["buyer"]) == {"buyerCompanyName", "buyerPurchaseOrderNumber"}
    assert "deliveryPreference" not in amazon.show(seller, amazon.place(seller, "delivery_instructions"))["recipient"]


def test_customization_is_personal(amazon, with_roles):
    seller = amazon.post("/sellers", region="na", roles=["inventory_and_order_tracking"])
    items = amazon.show(seller, amazon.place(seller, "us_multi"))["orderItems"]
    assert not any("customization" in item["product"] for item in items)


def test_tax_registrations_need_the_tax_role(amazon):
    roles = ["inventory_and_order_tracking", "direct_to_consumer_shipping"]
    seller = amazon.post("/sellers", region="eu", roles=roles)
    assert "taxRegistrations" not in amazon.show(seller, amazon.place(seller, "eu_fr_business"))["tax"]


def test_fba_shows_neither_mail_nor_phone(amazon, seller):
    order = amazon.show(seller, amazon.place(seller, "jp_fba"))
    assert set(order["buyer"]) == {"buyerName"}
    assert "phone" not in order["recipient"]["deliveryAddress"] and "packages" not in order


def test_phone_disappears_after_the_promised_delivery(amazon, seller):
    order_id = amazon.place(seller, "jp_shipped")
    assert "phone" in amazon.show(seller, order_id)["recipient"]["deliveryAddress"]
    amazon.advance(hours=24 * 9)
    amazon.tokens.clear()
    assert "phone" not in amazon.show(seller, order_id)["recipient"]["deliveryAddress"]


@pytest.mark.parametrize("kind", ["jp_cvs_pending", "jp_pending_no_prices", "jp_pending_with_prices", "jp_preorder"])
def test_pending_has_no_buyer_and_no_address(amazon, seller, kind):
    order_id = amazon.place(seller, kind)
    order = amazon.show(seller, order_id)
    assert not {"buyer", "recipient", "payment"} & order.keys()
    assert "deliverByWindow" not in order["fulfillment"]
    if kind == "jp_preorder":
        amazon.act(order_id, "release")
    amazon.act(order_id, "pay")
    order = amazon.show(seller, order_id)
    assert {"buyer", "recipient", "payment", "proceeds"} <= order.keys()
    assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


def test_prices_while_pending(amazon, seller):
    without = amazon.show(seller, amazon.place(seller, "jp_pending_no_prices"))
    assert "proceeds" not in without and not {"proceeds", "price"} & {
        *without["orderItems"][0],
        *without["orderItems"][0]["product"],
    }
    assert "proceeds" in amazon.show(seller, amazon.place(seller, "jp_pending_with_prices"))


def test_cancelled_has_no_address(amazon, seller):
    order = amazon.show(seller, amazon.place(seller, "jp_cancelled"))
    assert "recipient" not in order and "buyerEmail" not in order["buyer"]


def test_other_sellers_orders(amazon, seller):
    other = amazon.post("/sellers")
    order_id = amazon.place(other)
    amazon.advance(minutes=3)
    assert amazon.search(seller)["orders"] == []
    answer = amazon.call(seller, f"{SEARCH}/{order_id}", includedData=INCLUDED)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "NotFound")


def test_other_marketplace(amazon, seller):
    assert amazon.search(seller, marketplaceIds=US, status=403)["errors"][0]["code"] == "Unauthorized"
    assert amazon.search(seller, marketplaceIds="UNKNOWN", status=400)["errors"][0]["code"] == "InvalidInput"
    assert amazon.search(seller, marketplaceIds=JP)["orders"] == []


def test_marketplace_participations(amazon):
    seller = amazon.post("/sellers", region="eu", store_name="Teehaus")
    payload = amazon.call(seller, SELLERS).json()["payload"]
    assert [entry["marketplace"]["countryCode"] for entry in payload] == ["DE", "GB", "FR"]
    assert payload[0]["participation"] == {"isParticipating": True, "hasSuspendedListings": False}
    assert payload[0]["storeName"] == "Teehaus"
    assert amazon.call(seller, SELLERS, MarketplaceId=JP).status_code == 400


@pytest.mark.parametrize("path", ["/orders/v0/orders", "/orders/v0/orders/1", "/orders/v0/orders/1/orderItems"])
def test_removed_reads_are_refused_and_recorded(amazon, seller, path):
    assert amazon.call(seller, path).status_code == 403
    [entry] = [entry for entry in amazon.get("/requests") if entry.get("forbidden")]
    assert (entry["path"], entry["merchant_id"]) == (path, seller["merchant_id"])
    assert amazon.get("/requests/count")["ordersV0"] == 1


def test_unknown_path(amazon, seller):
    assert amazon.call(seller, "/orders/2026-01-01/nothing").status_code == 404


def test_request_log(amazon, seller):
    amazon.search(seller, marketplaceIds=JP)
    [entry] = amazon.get("/requests?operation=searchOrders")
    assert entry == {
        "n": 2,
        "time": "2026-11-23T01:00:00.000Z",
        "operation": "searchOrders",
        "method": "GET",
        "path": SEARCH,
        "query": {"marketplaceIds": JP, "lastUpdatedAfter": LONG_AGO},
        "status": 200,
        "merchant_id": seller["merchant_id"],
        "user_agent": "test/1.0",
    }
    assert amazon.get("/requests/count") == {"token": 1, "searchOrders": 1}
    amazon.control("DELETE", "/requests")
    assert amazon.get("/requests") == []
