"""Confirming shipments: bodies, rules, refusals, and whether Amazon may have acted."""

import dataclasses
import functools
import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
import schema
from amazon_server import LWA, AmazonServer, Answer
from hypothesis import given
from hypothesis import strategies as st

from selling_partner import errors
from selling_partner.client import SellingPartner
from selling_partner.endpoints import Endpoint
from selling_partner.errors import BadRequest, SellingPartnerError
from selling_partner.shipments import HINTS, Shipment, ShippedItem, refusal_of

JAPAN = "A1VC38T7YXB528"
ORDER = "250-1234567-8901234"
PATH = f"/orders/v0/orders/{ORDER}/shipmentConfirmation"
SENT = datetime(2026, 11, 2, 10, 0, 0, 999999, tzinfo=timezone(timedelta(hours=9)))


def shipment(**changes):
    facts = {
        "order_id": ORDER,
        "marketplace_id": JAPAN,
        "reference": "4711",
        "carrier_code": "YAMATO",
        "tracking_number": "123456789012",
        "ship_date": SENT,
        "items": (ShippedItem("11111111111111", 2),),
    }
    return Shipment(**{**facts, **changes})


FULL = shipment(
    carrier_code="other",
    carrier_name=" 福山\t通運\0 ",
    shipping_method="ヤマト(発払い)B2v6",
    cod_collection_method="DirectPayment",
    items=[ShippedItem("1", 1, ["AZ:1", "AZ:2"]), ShippedItem("2", 3)],
)

_WORDS = st.text(max_size=60)
shipments = st.builds(
    shipment,
    reference=st.integers(1, 10**20 - 1).map(str),
    carrier_code=st.sampled_from(["YAMATO", "Japan Post", "Other"]),
    carrier_name=_WORDS.map(lambda text: f"運{text}"[:50]),
    shipping_method=_WORDS.map(lambda text: text[:50]),
    tracking_number=_WORDS.map(lambda text: text[:50]),
    ship_date=st.datetimes(
        datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([timezone.utc, SENT.tzinfo])
    ),
    items=st.lists(
        st.builds(ShippedItem, st.integers(1, 10**14).map(str), st.integers(1, 10**6)),
        min_size=1,
        max_size=4,
        unique_by=lambda item: item.item_id,
    ),
)


def test_the_body_has_every_documented_field():
    assert FULL.body() == {
        "marketplaceId": JAPAN,
        "codCollectionMethod": "DirectPayment",
        "packageDetail": {
            "packageReferenceId": "4711",
            "carrierCode": "Other",
            "carrierName": "福山 通運",
            "shippingMethod": "ヤマト(発払い)B2v6",
            "trackingNumber": "123456789012",
            "shipDate": "2026-11-02T01:00:00Z",
            "orderItems": [
                {"orderItemId": "1", "quantity": 1, "transparencyCodes": ["AZ:1", "AZ:2"]},
                {"orderItemId": "2", "quantity": 3},
            ],
        },
    }


def test_empty_fields_are_left_out_but_the_tracking_number():
    body = shipment(tracking_number="", carrier_name=None, shipping_method=False).body()
    assert set(body) == {"marketplaceId", "packageDetail"}
    assert body["packageDetail"] == {
        "packageReferenceId": "4711",
        "carrierCode": "YAMATO",
        "trackingNumber": "",
        "shipDate": "2026-11-02T01:00:00Z",
        "orderItems": [{"orderItemId": "11111111111111", "quantity": 2}],
    }


@given(shipments)
def test_bodies_are_what_the_schema_says(parcel):
    parcel.validate(feed=True)
    body = json.loads(json.dumps(parcel.body()))
    _confirmation_schema().validate(body)
    assert type(body["packageDetail"]["packageReferenceId"]) is str


@functools.cache
def _confirmation_schema():
    definitions = schema.model("ordersV0.json")["definitions"]
    for definition in definitions.values():
        if definition.get("properties"):
            definition["additionalProperties"] = False
    return schema.validator("ConfirmShipmentRequest", definitions)


@pytest.mark.parametrize("parcel", [FULL, shipment(tracking_number="")])
def test_amazons_own_sdk_reads_the_body(amazon, parcel):
    spapi = pytest.importorskip("spapi")
    from spapi.api.orders_v0.shipment_api import ShipmentApi

    body = json.loads(json.dumps(parcel.body()))
    config = spapi.SPAPIConfig("id", "secret", "token", "FE")
    sdk = ShipmentApi(spapi.SPAPIClient(config, amazon.url + LWA, amazon.url).api_client).api_client
    sdk.api_models_module = "spapi.models.orders_v0"
    request = sdk.deserialize(SimpleNamespace(data=json.dumps(body)), "ConfirmShipmentRequest")
    assert request.package_detail.ship_date == datetime(2026, 11, 2, 1, tzinfo=timezone.utc)
    written = sdk.sanitize_for_serialization(request)
    written["packageDetail"]["shipDate"] = body["packageDetail"]["shipDate"]
    assert written == body


def test_a_shipment_shows_no_tracking_number_and_keeps_its_value():
    assert "123456789012" not in repr(FULL)
    assert hash(FULL) == hash(dataclasses.replace(FULL))
    assert FULL.needs_direct and shipment(items=FULL.items).needs_direct
    assert not shipment().needs_direct


@pytest.mark.parametrize(
    "changes, code, hint",
    [
        ({"order_id": ""}, "InvalidOrderId", ""),
        ({"order_id": "a/b"}, "InvalidOrderId", ""),
        ({"order_id": None}, "InvalidOrderId", ""),
        ({"marketplace_id": ""}, "InvalidMarketplaceId", ""),
        ({"reference": ""}, "InvalidPackageReferenceId", "reference"),
        ({"reference": 4711}, "InvalidPackageReferenceId", "reference"),
        ({"reference": "0"}, "InvalidPackageReferenceId", "reference"),
        ({"reference": "-1"}, "InvalidPackageReferenceId", "reference"),
        ({"reference": "１"}, "InvalidPackageReferenceId", "reference"),
        ({"reference": "1\n"}, "InvalidPackageReferenceId", "reference"),
        ({"reference": "9" * 21}, "InvalidPackageReferenceId", "reference"),
        ({"carrier_code": ""}, "InvalidCarrierCode", "carrier"),
        ({"carrier_code": " \0"}, "InvalidCarrierCode", "carrier"),
        ({"carrier_code": "x" * 256}, "InvalidCarrierCode", "carrier"),
        ({"carrier_code": "OTHER"}, "InvalidCarrierName", "carrier"),
        ({"carrier_code": "Other", "carrier_name": "　"}, "InvalidCarrierName", "carrier"),
        ({"carrier_name": "x" * 256}, "InvalidCarrierName", "carrier"),
        ({"shipping_method": "x" * 256}, "InvalidShippingMethod", ""),
        ({"tracking_number": "x" * 256}, "InvalidTrackingNumber", "tracking"),
        ({"ship_date": datetime(2026, 11, 2)}, "InvalidShipDate", "date"),
        ({"ship_date": None}, "InvalidShipDate", "date"),
        ({"ship_date": datetime.min.replace(tzinfo=SENT.tzinfo)}, "InvalidShipDate", "date"),
        ({"cod_collection_method": "Cash"}, "InvalidCodCollectionMethod", "cod"),
        (
            {"cod_collection_method": "DirectPayment", "marketplace_id": "ATVPDKIKX0DER"},
            "InvalidCodCollectionMethod",
            "cod",
        ),
        ({"items": ()}, "InvalidOrderItems", "item"),
        ({"items": [ShippedItem("1", 1), ShippedItem("1", 2)]}, "InvalidOrderItems", "item"),
        ({"items": [ShippedItem("", 1)]}, "InvalidOrderItemId", "item"),
        ({"items": [ShippedItem("1", 0)]}, "InvalidQuantity", "quantity"),
        ({"items": [ShippedItem("1", -1)]}, "InvalidQuantity", "quantity"),
        ({"items": [ShippedItem("1", 1.0)]}, "InvalidQuantity", "quantity"),
        ({"items": [ShippedItem("1", True)]}, "InvalidQuantity", "quantity"),
        ({"items": [ShippedItem("1", 2**31)]}, "InvalidQuantity", "quantity"),
        ({"items": [ShippedItem("1", 1, ("",))]}, "InvalidTransparencyCodes", "transparency"),
    ],
)
def test_what_amazon_would_refuse_is_not_sent(amazon, seller, changes, code, hint):
    with pytest.raises(BadRequest) as caught:
        seller.orders.confirm_shipment(shipment(**changes))
    assert (caught.value.code, caught.value.hint, caught.value.operation) == (code, hint, "confirmShipment")
    assert caught.value.message
    assert not caught.value.sent
    assert not amazon.requests


@pytest.mark.parametrize("field", ["carrier_code", "carrier_name", "shipping_method", "tracking_number"])
def test_what_only_the_feed_cannot_hold(field):
    parcel = shipment(**{field: "x" * 51})
    parcel.validate()
    with pytest.raises(BadRequest):
        parcel.validate(feed=True)


def test_confirming(amazon, seller):
    amazon.says(PATH, Answer(204))
    assert seller.orders.confirm_shipment(FULL) is None
    (request,) = amazon.asked()
    assert (request.method, request.query) == ("POST", [])
    assert json.loads(request.body) == FULL.body()
    assert request.headers["content-type"] == "application/json"


NOT_FOUND = (
    "Failed to create package due to not finding a matching package or order already fulfilled. Cause: "
    + "x" * 600
    + " errorCode=GeneralError errorMessage=PackageToUpdateNotFound"
)


@pytest.mark.parametrize(
    "text, kind, hint",
    [
        # Seen.
        (NOT_FOUND, errors.AlreadyFulfilled, "not_found"),
        (
            "OrderItemId is invalid, please obtain the value through the getOrderItems API",
            BadRequest,
            "item",
        ),
        (
            "PackageReferenceId: is invalid, must be a positive numeric value.",
            BadRequest,
            "reference",
        ),
        ("Fields with invalid type [packageDetail.packageReferenceId]", BadRequest, "reference"),
        # Likely.
        ("The order is already fulfilled", errors.AlreadyFulfilled, "not_found"),
        ("CarrierCode: XYZ is invalid", BadRequest, "carrier"),
        ("Missing required field packageDetail.carrierName", BadRequest, "carrier"),
        ("The tracking number is required for carrier YAMATO", BadRequest, "tracking"),
        ("Value '' at 'packageDetail.trackingNumber' is too short", BadRequest, "tracking"),
        ("Quantity exceeds the unfulfilled quantity of OrderItemId 1", BadRequest, "quantity"),
        ("packageDetail.shipDate is not a date-time", BadRequest, "date"),
        ("The order was canceled", BadRequest, "cancelled"),
        ("Order 250 has been cancelled.", BadRequest, "cancelled"),
        ("Ship+ orders are confirmed automatically", errors.ShipPlusOrder, "ship_plus"),
        ("FBM_SHIP_PLUS orders do not take confirmations", errors.ShipPlusOrder, "ship_plus"),
        ("codCollectionMethod is not supported", BadRequest, "cod"),
        ("transparencyCodes are missing", BadRequest, "transparency"),
        ("Something else entirely", BadRequest, ""),
        ("", BadRequest, ""),
    ],
)
def test_what_refusals_mean(amazon, seller, text, kind, hint):
    amazon.says(PATH, Answer(400, {"errors": [{"code": "InvalidInput", "message": text, "details": ""}]}))
    with pytest.raises(BadRequest) as caught:
        seller.orders.confirm_shipment(shipment())
    refusal = caught.value
    assert (type(refusal), refusal.hint, refusal.code, refusal.status) == (kind, hint, "InvalidInput", 400)
    assert refusal.message == (text or "no explanation")[:500]
    assert refusal.sent
    assert len(amazon.asked()) == 1


@pytest.mark.parametrize(
    "number, kind", [("", errors.TrackingNumberRequired), (" ", errors.TrackingNumberRequired), ("1", BadRequest)]
)
def test_a_tracking_number_that_was_not_sent(amazon, seller, number, kind):
    amazon.says(PATH, Answer(400, {"errors": [{"code": "InvalidInput", "message": "TrackingNumber: is missing"}]}))
    with pytest.raises(BadRequest) as caught:
        seller.orders.confirm_shipment(shipment(tracking_number=number))
    assert (type(caught.value), caught.value.hint) == (kind, "tracking")


def test_several_complaints_are_all_told(amazon, seller):
    complaints = [
        {"code": "InvalidInput", "message": "carrierCode is wrong"},
        "?",
        {"code": "Other", "message": "quantity is wrong", "details": "item 1"},
    ]
    amazon.says(PATH, Answer(400, {"errors": complaints}))
    with pytest.raises(BadRequest) as caught:
        seller.orders.confirm_shipment(shipment())
    assert caught.value.message == "carrierCode is wrong; quantity is wrong: item 1"
    assert (caught.value.code, caught.value.hint) == ("InvalidInput", "carrier")


@given(st.text(max_size=80), st.booleans())
def test_any_text_of_a_refusal_has_a_class(text, numbered):
    kind, hint = refusal_of(shipment(tracking_number="1" if numbered else ""))(text)
    assert issubclass(kind, BadRequest)
    assert not hint or hint in HINTS


@pytest.mark.parametrize(
    "answer, kind, sent",
    [
        (Answer(401), errors.AccessDenied, True),
        (Answer(403, {"message": "Forbidden"}), errors.AccessDenied, True),
        (Answer(404, {"errors": [{"code": "NotFound", "message": "carrierCode"}]}), errors.NotFound, True),
        (Answer(408), errors.RetryLater, True),
        (Answer(409), BadRequest, True),
        (Answer(429), errors.QuotaExceeded, True),
        (Answer(500, b"<html>"), errors.RetryLater, True),
        (Answer(503), errors.RetryLater, True),
        (Answer(504, {"errors": [{"code": "Timeout", "message": "quantity"}]}), errors.RetryLater, True),
        (Answer(hang_up=True), errors.RetryLater, True),
        (Answer(200, {}, cut=20), errors.RetryLater, True),
        (Answer(wait=5), errors.RetryLater, True),
        (Answer(200), errors.MalformedAnswer, True),
        (Answer(202, {}), errors.MalformedAnswer, True),
        (Answer(200, b"<html>portal</html>"), errors.MalformedAnswer, True),
        (Answer(302, headers={"location": "/"}), errors.MalformedAnswer, True),
    ],
)
def test_whether_amazon_may_have_acted(amazon, address, credentials, answer, kind, sent):
    amazon.says(PATH, answer)
    timeout = 0.5 if answer.wait else None
    with SellingPartner(credentials, address, timeout=timeout) as seller, pytest.raises(SellingPartnerError) as caught:
        seller.orders.confirm_shipment(shipment())
    assert (type(caught.value), caught.value.sent) == (kind, sent)
    assert len(amazon.asked()) == 1


def test_what_certainly_was_not_sent(amazon, address, credentials):
    class Empty:
        def acquire(self, operation):
            raise errors.QuotaExceeded("budget", operation=operation)

    with AmazonServer() as gone:
        nowhere = Endpoint(gone.url, address.lwa_url)
    amazon.says(LWA, Answer(body={"access_token": "Atza|1"}), Answer(503))
    for place, budget in ((nowhere, None), (address, Empty())):
        with SellingPartner(credentials, place, budget) as seller, pytest.raises(errors.RetryLater) as caught:
            seller.orders.confirm_shipment(shipment())
        assert not caught.value.sent
    assert not amazon.asked()


def test_an_expired_token_is_renewed_for_a_post(amazon, seller):
    expired = {"errors": [{"code": "Unauthorized", "message": "The access token you provided has expired."}]}
    amazon.says(PATH, Answer(403, expired), Answer(204))
    seller.orders.confirm_shipment(shipment())
    first, second = amazon.asked()
    assert first.body == second.body
