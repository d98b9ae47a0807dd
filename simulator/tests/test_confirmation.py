"""confirmShipment."""

import httpx
import pytest

from simulator import operations, schema
from simulator.tests.client import CONFIRM, JP, US

TWO = [{"sku": "AMZ-TEA-001", "quantity": 3}, {"sku": "AMZ-CUP-001", "quantity": 1}]
BEFORE = "2026-11-23T00:59:59Z"


@pytest.fixture
def order(amazon, seller):
    """An order of 3 + 1 units, an hour old."""
    order_id = amazon.place(seller, items=TWO)
    amazon.advance(hours=1)
    return amazon.order(order_id)


@pytest.fixture
def order_id(order):
    return order["orderId"]


@pytest.fixture
def first(order):
    """Id of the item that was ordered three times."""
    return order["orderItems"][0]["orderItemId"]


def quantities(order):
    return [
        (i["fulfillment"]["quantityFulfilled"], i["fulfillment"]["quantityUnfulfilled"]) for i in order["orderItems"]
    ]


def status(order):
    return order["fulfillment"]["fulfillmentStatus"]


def test_everything_ships(amazon, seller, order_id):
    answer = amazon.confirm(seller, order_id, shipDate="2026-11-23T10:30:00+09:00")
    assert answer.content == b"" and answer.headers["x-amzn-RequestId"] and "x-amzn-RateLimit-Limit" in answer.headers
    shown = amazon.show(seller, order_id)
    assert status(shown) == "SHIPPED" and quantities(shown) == [(3, 0), (1, 0)]
    assert shown["lastUpdatedTime"] == "2026-11-23T02:00:00.000Z"
    [package] = shown["packages"]
    assert package["packageReferenceId"] == "7001" and package["carrier"] == "YAMATO"
    assert package["trackingNumber"] == "123456789012" and package["shippingService"] == "宅急便"
    assert package["shipTime"] == "2026-11-23T01:30:00.000Z" and package["createdTime"] == shown["lastUpdatedTime"]
    amazon.advance(minutes=3)
    [found] = amazon.search(seller, includedData="PACKAGES")["orders"]
    assert found["packages"] == shown["packages"]


def test_two_parcels(amazon, seller, order_id, first):
    amazon.confirm(seller, order_id, items={first: 2})
    partly = amazon.order(order_id)
    assert status(partly) == "PARTIALLY_SHIPPED" and quantities(partly) == [(2, 1), (0, 1)]
    amazon.confirm(seller, order_id, packageReferenceId="7002", carrierCode="Other", carrierName="赤帽")
    done = amazon.order(order_id)
    assert status(done) == "SHIPPED" and [p["carrier"] for p in done["packages"]] == ["YAMATO", "赤帽"]


def test_the_same_reference_edits(amazon, seller, order_id, first):
    amazon.confirm(seller, order_id)
    amazon.advance(minutes=1)
    for _ in range(2):
        amazon.confirm(seller, order_id, items={first: 3}, trackingNumber="999", carrierCode="SAGAWA")
    edited = amazon.order(order_id)
    [package] = edited["packages"]
    assert quantities(edited) == [(3, 0), (0, 1)] and status(edited) == "PARTIALLY_SHIPPED"
    assert (package["trackingNumber"], package["carrier"]) == ("999", "SAGAWA")
    assert package["createdTime"] == "2026-11-23T02:00:00.000Z"
    amazon.confirm(seller, order_id, 400, "exceeds the unfulfilled quantity 3", items={first: 4})
    history = amazon.get(f"/orders/{order_id}/confirmations")
    assert [(e["reference"], e["edit"], e["tracking"], e["via"]) for e in history] == [
        ("7001", False, "123456789012", "confirmShipment"),
        ("7001", True, "999", "confirmShipment"),
        ("7001", True, "999", "confirmShipment"),
    ]
    assert history[-1]["items"] == [{"orderItemId": first, "quantity": 3}]


def test_a_parcel_of_seller_central_can_be_overwritten(amazon, seller, order_id, first):
    amazon.act(order_id, "ship", items={first: 1})
    amazon.confirm(seller, order_id, packageReferenceId="1", items={first: 3})
    assert quantities(amazon.order(order_id)) == [(3, 0), (0, 1)]
    assert [e["via"] for e in amazon.get(f"/orders/{order_id}/confirmations")] == ["seller_central", "confirmShipment"]


FULFILLED = "Failed to create package due to not finding a matching package or order already fulfilled"


def test_already_fulfilled(amazon, seller, order_id, first):
    amazon.confirm(seller, order_id, items={first: 3})
    amazon.confirm(seller, order_id, 400, FULFILLED, packageReferenceId="7002", items={first: 1})
    amazon.act(order_id, "ship")
    answer = amazon.confirm(seller, order_id, 400, FULFILLED, packageReferenceId="7002", items={first: 1})
    assert "errorCode=GeneralError" in answer.text and "PackageToUpdateNotFound" in answer.text
    assert len(amazon.get(f"/orders/{order_id}/confirmations")) == 2


@pytest.mark.parametrize(
    "detail, text",
    [
        ({"packageReferenceId": 7001}, "fields with invalid type [packageDetail.packageReferenceId]"),
        ({"packageReferenceId": None}, "missing required fields [packageDetail.packageReferenceId]"),
        ({"packageReferenceId": "P-1"}, "PackageReferenceId: is invalid, must be a positive numeric value."),
        ({"packageReferenceId": "0"}, "must be a positive numeric value"),
        ({"carrierCode": None}, "missing required fields [packageDetail.carrierCode]"),
        ({"carrierCode": ""}, "CarrierCode: is invalid"),
        ({"carrierCode": "JP_POST"}, "CarrierCode: JP_POST is invalid"),
        ({"carrierCode": "Other"}, "CarrierName: is invalid"),
        ({"trackingNumber": None}, "missing required fields [packageDetail.trackingNumber]"),
        ({"trackingNumber": "1" * 101}, "TrackingNumber: is invalid"),
        ({"shipDate": "02/21/2022"}, "ShipDate: 02/21/2022 is invalid"),
        ({"shipDate": "2026-11-23"}, "ShipDate"),
        ({"shipDate": "2026-11-23T10:00:00"}, "ShipDate"),
        ({"shipDate": "2026-11-23T02:00:01Z"}, "must not be in the future"),
        ({"shipDate": BEFORE}, "must not be before the order date"),
        ({"orderItems": {"orderItemId": "1", "quantity": 1}}, "OrderItemId is invalid, please obtain the value"),
        ({"orderItems": []}, "OrderItems: is invalid"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 1}]}, "OrderItemId is invalid, please obtain the value"),
        ({"orderItems": [{"orderItemId": "1"}]}, "[packageDetail.orderItems[0].quantity]"),
        ({"orderItems": [{"orderItemId": 1, "quantity": 1}]}, "[packageDetail.orderItems[0].orderItemId]"),
        ({"orderItems": [{"orderItemId": "1", "quantity": "1"}]}, "[packageDetail.orderItems[0].quantity]"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 0}]}, "Quantity: is invalid"),
        ({"orderItems": ["1"]}, "[packageDetail.orderItems[0]]"),
        ({"cod": "DirectPayment"}, "CodCollectionMethod: is only allowed"),
        ({"cod": "Cash"}, "CodCollectionMethod: Cash is invalid"),
    ],
)
def test_refusals(amazon, seller, order_id, models, detail, text):
    answer = amazon.confirm(seller, order_id, 400, text, **detail)
    assert answer.json()["errors"][0]["code"] == "InvalidInput"
    assert schema.check_answer(models, operations.BY_NAME["confirmShipment"], 400, answer.json()) == []
    assert quantities(amazon.order(order_id)) == [(0, 3), (0, 1)]
    assert amazon.get(f"/orders/{order_id}/confirmations") == []


def test_quantities(amazon, seller, order_id, first):
    amazon.confirm(seller, order_id, 400, "4 of order item", items={first: 4})
    twice = [{"orderItemId": first, "quantity": 2}] * 2
    amazon.confirm(seller, order_id, 400, "4 of order item", orderItems=twice)
    amazon.act(order_id, "cancel", items={first: 1})
    amazon.confirm(seller, order_id, 400, "exceeds the unfulfilled quantity 2", items={first: 3})
    amazon.confirm(seller, order_id)
    assert status(amazon.order(order_id)) == "SHIPPED"


@pytest.mark.parametrize("body", [None, [], "x", {}, {"marketplaceId": JP}, {"marketplaceId": JP, "packageDetail": 1}])
def test_bodies_that_are_none(amazon, seller, order_id, body):
    assert amazon.send(seller, "POST", CONFIRM.format(order_id), body).status_code == 400


def test_orders_that_are_not_there(amazon, seller, order_id):
    body = amazon.parcel(order_id)
    other = amazon.post("/sellers")
    assert amazon.send(seller, "POST", CONFIRM.format("250-0000000-0000000"), body).status_code == 404
    assert amazon.send(other, "POST", CONFIRM.format(order_id), body).status_code == 404
    assert amazon.send(seller, "POST", CONFIRM.format("12345"), body).status_code == 400
    amazon.confirm(seller, order_id, 400, "another marketplace", body={**body, "marketplaceId": US})


@pytest.mark.parametrize(
    "kind, text",
    [
        ("jp_cvs_pending", "is pending"),
        ("jp_preorder", "is pending"),
        ("jp_cancelled", "has been cancelled"),
        ("jp_fba_shipped", "fulfilled by Amazon"),
        ("jp_ship_plus", "FBM_SHIP_PLUS"),
        ("jp_shipped", FULFILLED),
    ],
)
def test_orders_that_cannot_be_confirmed(amazon, seller, kind, text):
    order_id = amazon.place(seller, kind)
    item_id = amazon.order(order_id)["orderItems"][0]["orderItemId"]
    before = amazon.order(order_id)
    amazon.confirm(seller, order_id, 400, text, items={item_id: 1})
    assert amazon.order(order_id) == before


def test_cash_on_delivery(amazon, seller):
    order_id = amazon.place(seller, "jp_cod")
    amazon.confirm(seller, order_id, cod="DirectPayment")
    [entry] = amazon.get(f"/orders/{order_id}/confirmations")
    assert entry["cod_collection_method"] == "DirectPayment"


def test_transparency(amazon, seller):
    order_id = amazon.place(seller, "jp_transparency", items=[{"sku": "AMZ-TEA-001", "quantity": 2}])
    item_id = amazon.order(order_id)["orderItems"][0]["orderItemId"]
    item = {"orderItemId": item_id, "quantity": 2}
    amazon.confirm(seller, order_id, 400, "Transparency code")
    for codes in (["AZ:1"], ["AZ:1", "AZ:1"]):
        amazon.confirm(seller, order_id, 400, "Transparency", orderItems=[{**item, "transparencyCodes": codes}])
    amazon.confirm(seller, order_id, orderItems=[{**item, "transparencyCodes": ["AZ:1", "AZ:2"]}])
    [package] = amazon.show(seller, order_id)["packages"]
    assert package["packageItems"][0]["transparencyCodes"] == ["AZ:1", "AZ:2"]
    amazon.post("/settings", transparency_codes="ignore")
    amazon.confirm(seller, order_id, items={item_id: 1})


def test_settings(amazon, seller, order_id):
    amazon.post("/settings", empty_tracking="refuse")
    amazon.confirm(seller, order_id, 400, "TrackingNumber", trackingNumber="")
    amazon.post("/settings", empty_tracking="allow", unknown_carriers="allow")
    amazon.confirm(seller, order_id, trackingNumber="", carrierCode="NEW_CARRIER")
    assert "trackingNumber" not in amazon.order(order_id)["packages"][0]
    for wrong in ({"unknown": 1}, {"empty_tracking": "maybe"}, {"packages_delay": -1}, {"feed_seconds": "x"}):
        amazon.control("POST", "/settings", wrong, status=400)


def test_packages_show_late(amazon, seller, order_id, first):
    amazon.post("/packages-delay", seconds=300)
    amazon.confirm(seller, order_id, items={first: 1})
    early = amazon.show(seller, order_id)
    assert "packages" not in early and status(early) == "PARTIALLY_SHIPPED"
    amazon.advance(minutes=4)
    amazon.confirm(seller, order_id, packageReferenceId="7002")
    amazon.advance(minutes=1)
    references = lambda: [p["packageReferenceId"] for p in amazon.show(seller, order_id).get("packages", [])]  # noqa: E731
    assert references() == ["7001"]
    amazon.confirm(seller, order_id, items={first: 1}, trackingNumber="555")
    amazon.advance(minutes=4)
    assert references() == ["7001", "7002"]
    assert amazon.show(seller, order_id)["packages"][0]["trackingNumber"] == "123456789012"
    amazon.advance(minutes=1)
    assert amazon.show(seller, order_id)["packages"][0]["trackingNumber"] == "555"
    assert len(amazon.get(f"/orders/{order_id}/confirmations")) == 3


@pytest.mark.parametrize(
    "kind, processed, answered",
    [
        ("cut_before", False, None),
        ("cut_after", True, None),
        ("timeout_after", True, None),
        ("timeout", False, None),
        ("500_after", True, 500),
        ("500_html", False, 500),
        ("503_json", False, 503),
        ("429", False, 429),
        ("403_forbidden_message", False, 403),
        ("not_found_yet", False, 404),
    ],
)
def test_trouble(amazon, seller, order_id, kind, processed, answered):
    amazon.post("/faults", operation="confirmShipment", kind=kind, seconds=0.01, match={"orderId": order_id})
    try:
        code = amazon.confirm(seller, order_id, answered).status_code
    except httpx.TransportError:
        code = None
    assert code == answered
    assert len(amazon.get(f"/orders/{order_id}/confirmations")) == processed
    amazon.confirm(seller, order_id, items={i["orderItemId"]: 1 for i in amazon.order(order_id)["orderItems"]})


def test_faults_can_be_restricted_to_an_order_or_a_parcel(amazon, seller, order_id):
    amazon.post("/faults", kind="503_json", match={"packageReferenceId": "7002"})
    amazon.post("/faults", kind="truncated_json", operation="confirmShipment")  # finds nothing in an empty answer
    amazon.confirm(seller, order_id)
    amazon.confirm(seller, order_id, 503, packageReferenceId="7002")
    assert len(amazon.get("/faults")) == 1


def test_roles_rates_and_log(amazon, seller, order_id):
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["finance_and_accounting"]})
    amazon.confirm(seller, order_id, 403)
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["inventory_and_order_tracking"]})
    amazon.post("/quota", mode="published")
    codes = [amazon.send(seller, "POST", CONFIRM.format(order_id), {}).status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]
    amazon.advance(seconds=1)
    answer = amazon.confirm(seller, order_id)
    assert answer.headers["x-amzn-RateLimit-Limit"] == "2"
    logged = amazon.get("/requests?operation=confirmShipment")[-1]
    assert logged["body"]["packageDetail"]["packageReferenceId"] == "7001" and logged["status"] == 204
    amazon.post("/quota", mode="off")


def test_requests_keep_to_the_schema(amazon, seller, order_id, models):
    body = amazon.parcel(order_id)
    assert schema.check_request(models, operations.BY_NAME["confirmShipment"], {}, body) == []
    body["packageDetail"]["packageReferenceId"] = 7001
    assert len(schema.check_request(models, operations.BY_NAME["confirmShipment"], {}, body)) == 1
