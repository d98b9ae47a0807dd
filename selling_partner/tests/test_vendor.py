"""Vendor Direct Fulfillment: what both versions are asked, how each answers, and what each token is good for."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import schema
import vendor_samples as samples
from amazon_server import Answer
from hypothesis import given, settings
from hypothesis import strategies as st
from vendor_samples import NUMBER, V1, V2021, VERSIONS, place, wrapped

from selling_partner import errors
from selling_partner.client import SellingPartner
from selling_partner.endpoints import Endpoint, endpoint
from selling_partner.errors import BadRequest, MalformedAnswer
from selling_partner.operations import OPERATIONS
from selling_partner.values import Money, Window
from selling_partner.vendor import (
    SearchVendorOrders,
    TransactionError,
    parse_orders_page,
    parse_transaction_status,
)
from selling_partner.vendor_orders import VendorTax, parse_vendor_order
from selling_partner.vendor_submissions import ACKNOWLEDGEMENT_CODES, Acknowledgement, VendorLine

RDT = "/tokens/2021-03-01/restrictedDataToken"
NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
SEARCH = SearchVendorOrders(created_after=NOON - timedelta(days=7), created_before=NOON)
MODELS = {
    V1: ("vendorDirectFulfillmentOrdersV1.json", "vendorDirectFulfillmentTransactionsV1.json"),
    V2021: ("vendorDirectFulfillmentOrders_2021-12-28.json", "vendorDirectFulfillmentTransactions_2021-12-28.json"),
}


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def vendor(seller, version, amazon):
    tokens = [Answer(body={"restrictedDataToken": f"Atz.sprdt|restricted-{n}", "expiresIn": 3600}) for n in range(9)]
    amazon.says(RDT, *tokens)
    return seller.vendor(version)


def acknowledgement(**values):
    given_ = {
        "number": NUMBER,
        "vendor_order_number": "S00042",
        "moment": NOON,
        "code": "00",
        "selling_party": "SELL1",
        "ship_from_party": "SHIP1",
        "items": [VendorLine("00001", 2, "B07DFVDRAB", "SKU-1"), VendorLine("00002", 1, sku="SKU-2")],
        **values,
    }
    return Acknowledgement(**given_)


def carried(request):
    return request.headers["x-amz-access-token"]


# --- restricted data tokens ----------------------------------------------------------------------------------------
def test_personal_data_is_asked_for_with_a_token_of_its_own(vendor, amazon, version):
    orders, one = place("orders", version, "purchaseOrders"), place("orders", version, f"purchaseOrders/{NUMBER}")
    amazon.says(orders, Answer(body=wrapped(version, {"orders": []})))
    amazon.says(one, Answer(body=wrapped(version, samples.order())))
    vendor.search_orders(SEARCH)
    vendor.search_orders(SEARCH)
    vendor.get_order(NUMBER)
    assert [json.loads(request.body) for request in amazon.asked(RDT)] == [
        {"restrictedResources": [{"method": "GET", "path": orders}]},
        {"restrictedResources": [{"method": "GET", "path": f"{orders}/{{purchaseOrderNumber}}"}]},
    ]
    assert {carried(request) for request in amazon.asked(RDT)} == {"Atza|access-0"}
    assert [carried(request) for request in amazon.asked(orders)] == ["Atz.sprdt|restricted-0"] * 2
    assert carried(amazon.asked(one)[0]) == "Atz.sprdt|restricted-1"


def test_what_is_not_restricted_goes_with_the_access_token(vendor, amazon, version):
    amazon.says(place("orders", version, "acknowledgements"), Answer(202, wrapped(version, {"transactionId": "T-1"})))
    vendor.acknowledge([acknowledgement()])
    assert [carried(request) for request in amazon.asked()] == ["Atza|access-0"]


@pytest.mark.parametrize("lifetime, tokens", [(3600, 1), (90, 2), (None, 1)])
def test_a_restricted_token_lives_as_long_as_amazon_says(seller, amazon, lifetime, tokens):
    amazon.says(RDT, Answer(body={"restrictedDataToken": "Atz.sprdt|x", "expiresIn": lifetime}))
    amazon.says(place("orders", V1, "purchaseOrders"), Answer(body={"payload": {"orders": []}}))
    for _time in range(2):
        seller.vendor(V1).search_orders(SEARCH)
    assert len(amazon.asked(RDT)) == tokens


def test_an_expired_restricted_token_is_replaced_once(vendor, amazon, version):
    expired = {"errors": [{"code": "Unauthorized", "message": "The access token you provided has expired."}]}
    path = place("orders", version, "purchaseOrders")
    amazon.says(path, Answer(403, expired), Answer(body=wrapped(version, {"orders": []})))
    vendor.search_orders(SEARCH)
    assert [carried(request) for request in amazon.asked(path)] == ["Atz.sprdt|restricted-0", "Atz.sprdt|restricted-1"]


def test_a_restricted_token_that_did_not_do_is_not_kept(vendor, amazon, version):
    denied = {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}
    path = place("orders", version, "purchaseOrders")
    amazon.says(path, Answer(403, denied), Answer(body=wrapped(version, {"orders": []})))
    with pytest.raises(errors.AccessDenied):
        vendor.search_orders(SEARCH)
    vendor.search_orders(SEARCH)
    assert [carried(request) for request in amazon.asked(path)] == ["Atz.sprdt|restricted-0", "Atz.sprdt|restricted-1"]


@pytest.mark.parametrize(
    "answer, error",
    [
        (Answer(403, {"errors": [{"code": "Unauthorized", "message": "no access to data elements"}]}), "AccessDenied"),
        (Answer(400, {"errors": [{"code": "InvalidInput", "message": "not restricted"}]}), "BadRequest"),
        (Answer(429, {"errors": [{"code": "QuotaExceeded", "message": "slow down"}]}), "QuotaExceeded"),
        (Answer(500), "RetryLater"),
        (Answer(200, {}), "MalformedAnswer"),
        (Answer(200, {"restrictedDataToken": "two words"}), "MalformedAnswer"),
    ],
)
def test_without_a_restricted_token_nothing_is_sent(seller, amazon, answer, error):
    amazon.says(RDT, answer)
    with pytest.raises(getattr(errors, error)) as caught:
        seller.vendor(V1).search_orders(SEARCH)
    assert type(caught.value).__name__ == error
    assert (caught.value.operation, caught.value.sent) == ("createRestrictedDataToken", False)
    assert not amazon.asked(place("orders", V1, "purchaseOrders"))


def test_no_token_shows(vendor, amazon, version, logs):
    path = place("orders", version, "purchaseOrders")
    amazon.says(path, Answer(400, {"errors": [{"code": "X", "message": "token Atz.sprdt|restricted-0 is bad"}]}))
    with pytest.raises(BadRequest) as caught:
        vendor.search_orders(SEARCH)
    assert "restricted-0" not in str(caught.value) + logs.text


def test_the_sandbox_takes_tokens_of_production():
    assert endpoint("fe", "sandbox").tokens_url == endpoint("fe").api_url
    assert Endpoint("http://127.0.0.1:1", "http://127.0.0.1:1/t").tokens_url == "http://127.0.0.1:1"


def test_quotas_are_taken_for_tokens_too(credentials, address, amazon):
    taken = []

    class Budget:
        def acquire(self, operation):
            taken.append(operation)

        def observe(self, operation, headers, status):
            pass

    amazon.says(RDT, Answer(body={"restrictedDataToken": "Atz.sprdt|x", "expiresIn": 3600}))
    amazon.says(place("orders", V1, "purchaseOrders"), Answer(body={"payload": {"orders": []}}))
    with SellingPartner(credentials, address, budget=Budget()) as partner:
        partner.vendor(V1).search_orders(SEARCH)
    assert taken == ["createRestrictedDataToken", "getOrders"]


# --- searching -----------------------------------------------------------------------------------------------------
def test_what_is_asked_to_the_letter(vendor, amazon, version):
    path = place("orders", version, "purchaseOrders")
    amazon.says(path, Answer(body=wrapped(version, {"orders": []})))
    search = SearchVendorOrders(
        created_after=NOON - timedelta(days=1),
        created_before=NOON,
        ship_from_party="SHIP1",
        status="NEW",
        sort_order="DESC",
        page_size=7,
        with_details=False,
    )
    vendor.search_orders(search, "TOKEN==")
    [request] = amazon.asked(path)
    assert sorted(request.query) == [
        ("createdAfter", "2026-11-19T12:00:00.000Z"),
        ("createdBefore", "2026-11-20T12:00:00.000Z"),
        ("includeDetails", "false"),
        ("limit", "7"),
        ("nextToken", "TOKEN=="),
        ("shipFromPartyId", "SHIP1"),
        ("sortOrder", "DESC"),
        ("status", "NEW"),
    ]


@pytest.mark.parametrize(
    "values, text",
    [
        ({"created_after": None}, "are needed"),
        ({"created_after": datetime(2026, 11, 19)}, "time zone"),
        ({"created_after": NOON}, "ends before"),
        ({"created_after": NOON - timedelta(days=7, milliseconds=1)}, "longer than 7 days"),
        ({"sort_order": "UP"}, "sort"),
        ({"page_size": 101}, "1 to 100"),
        ({"page_size": 0}, "1 to 100"),
        ({"status": "DONE"}, "status"),
    ],
)
def test_what_amazon_would_refuse_is_not_sent(seller, amazon, values, text):
    search = SearchVendorOrders(**{"created_after": NOON - timedelta(days=1), "created_before": NOON, **values})
    with pytest.raises(BadRequest, match=text) as caught:
        seller.vendor(V1).search_orders(search)
    assert not caught.value.sent and not amazon.requests


def test_a_search_is_kept_and_read_again():
    search = SearchVendorOrders(created_after=NOON - timedelta(days=1), created_before=NOON, status="NEW", page_size=5)
    assert SearchVendorOrders.from_json(search.to_json()) == search


def test_pages(vendor, amazon, version):
    other = {**samples.order(), "purchaseOrderNumber": "OTHER1"}
    amazon.says(
        place("orders", version, "purchaseOrders"),
        Answer(body=wrapped(version, {"pagination": {"nextToken": "A=="}, "orders": [samples.order()]})),
        Answer(body=wrapped(version, {"orders": [other, {"orderDetails": {}}]})),
    )
    first = vendor.search_orders(SEARCH)
    last = vendor.search_orders(SEARCH, first.next_token)
    assert (first.next_token, last.next_token, last.reached) == ("A==", None, NOON)
    assert [order.order_id for order in (*first.orders, *last.orders)] == [NUMBER, "OTHER1", ""]
    assert parse_vendor_order(first.orders[0].payload) == parse_vendor_order(json.dumps(samples.order()))
    assert len({*first.marks, *last.marks}) == 3


@pytest.mark.parametrize("token, error", [("A==", errors.TokenRefused), (None, BadRequest)])
def test_a_refused_page(vendor, amazon, version, token, error):
    amazon.says(place("orders", version, "purchaseOrders"), Answer(400, {"errors": [{"code": "X", "message": "no"}]}))
    with pytest.raises(BadRequest) as caught:
        vendor.search_orders(SEARCH, token)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "content", [{}, {"orders": None}, {"orders": {}}, {"orders": [], "pagination": {"nextToken": 1}}]
)
def test_what_is_no_page(version, content):
    with pytest.raises(MalformedAnswer):
        parse_orders_page(json.dumps(wrapped(version, content)), NOON)


def test_another_order_than_asked_for(vendor, amazon, version):
    amazon.says(place("orders", version, "purchaseOrders/OTHER1"), Answer(body=wrapped(version, samples.order())))
    with pytest.raises(MalformedAnswer, match="another"):
        vendor.get_order("OTHER1")


def test_there_are_two_versions(seller):
    with pytest.raises(BadRequest):
        seller.vendor("v2")


# --- what is in an order -------------------------------------------------------------------------------------------
def test_an_order():
    order = parse_vendor_order(json.dumps(samples.order()))
    assert (order.number, order.status, order.customer_order_number) == (NUMBER, "NEW", "250-1234567-8901234")
    assert order.ordered == datetime(2026, 11, 20, 1, tzinfo=timezone.utc)
    assert (order.selling_party, order.ship_from_party, order.bill_to_party) == ("SELL1", "SHIP1", "BILL1")
    assert order.required_ship_date == datetime(2026, 11, 21, 15, tzinfo=timezone.utc)
    assert order.promised_delivery == datetime(2026, 11, 23, 15, tzinfo=timezone.utc)
    assert (order.is_priority, order.is_scheduled, order.is_gift, order.needs_packing_slip) == (True,) * 4
    assert (order.ship_method, order.customer_message) == ("UPS_GR_RES", "ありがとうございます")
    assert (order.address.name, order.address.company, order.address.municipality) == ("試験 花子", "試験 太郎", "郡")
    assert not order.is_masked and not order.has_same_product_twice
    assert order.taxes == (VendorTax("TOTAL", Money(Decimal(200), "JPY")),)
    first, second = order.items
    assert (first.sequence, first.quantity, first.asin, first.sku) == ("00001", 2, "B07DFVDRAB", "SKU-1")
    assert first.net_price == Money(Decimal("1000.50"), "JPY")
    assert first.taxes[0].rate == Decimal("0.10")
    assert (first.is_gift, first.gift_message, second.is_gift) == (True, "おめでとう", False)
    hours = [datetime(2026, 11, 23, hour, tzinfo=timezone.utc) for hour in (1, 3)]
    assert first.scheduled == Window(*hours)


def test_a_masked_address():
    address = {"name": "xxxxx", "addressLine1": "xxxxx", "stateOrRegion": "東京都", "countryCode": "JP"}
    assert parse_vendor_order(json.dumps(samples.order(shipToParty=address))).is_masked


def test_the_same_product_on_two_lines():
    twice = samples.order(items=[samples.item("1"), samples.item("2")])
    assert parse_vendor_order(json.dumps(twice)).has_same_product_twice


@pytest.mark.parametrize(
    "details, path",
    [
        ({"items": []}, "orderDetails.items"),
        ({"items": None}, "orderDetails.items"),
        ({"items": [samples.item(), samples.item()]}, "orderDetails.items.itemSequenceNumber"),
        ({"items": [{**samples.item(), "itemSequenceNumber": ""}]}, "orderDetails.items[0].itemSequenceNumber"),
        ({"items": [{**samples.item(), "orderedQuantity": {}}]}, "orderDetails.items[0].orderedQuantity.amount"),
        ({"items": [{**samples.item(), "netPrice": {"amount": "x"}}]}, "orderDetails.items[0].netPrice.amount"),
        ({"orderDate": "yesterday"}, "orderDetails.orderDate"),
        ({"shipToParty": "somewhere"}, "orderDetails.shipToParty"),
    ],
)
def test_what_is_no_order(details, path):
    with pytest.raises(MalformedAnswer) as caught:
        parse_vendor_order(json.dumps(samples.order(**details)))
    assert caught.value.path == path


def test_an_order_shows_nobody():
    shown = repr(parse_vendor_order(json.dumps(samples.order())))
    assert not any(text in shown for text in ("試験", "おめでとう", "03-0000", "150-0002", "ありがとう"))


@pytest.mark.parametrize("of", VERSIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_whatever_the_model_allows(of, data):
    """An order that keeps to Amazon's model is read, or refused with the place of what is wrong."""
    definitions = schema.model(MODELS[of][0])["definitions"]
    made = data.draw(schema.Instances(definitions).named("Order"))
    try:
        order = parse_vendor_order(json.dumps(made))
    except MalformedAnswer as error:
        assert error.path or error.reason
    else:
        assert order.number == made["purchaseOrderNumber"]
        assert len(order.items) == len(made["orderDetails"]["items"])


# --- acknowledgements ----------------------------------------------------------------------------------------------
def test_an_acknowledgement_to_the_letter(vendor, amazon, version):
    path = place("orders", version, "acknowledgements")
    amazon.says(path, Answer(202, wrapped(version, {"transactionId": "T-1"})))
    assert vendor.acknowledge([acknowledgement(), acknowledgement(number="OTHER1", code="03")]) == "T-1"
    body = json.loads(amazon.asked(path)[0].body)
    first, second = body["orderAcknowledgements"]
    assert first == {
        "purchaseOrderNumber": NUMBER,
        "vendorOrderNumber": "S00042",
        "acknowledgementDate": "2026-11-20T12:00:00Z",
        "acknowledgementStatus": {"code": "00", "description": "Shipping 100 percent of ordered product"},
        "sellingParty": {"partyId": "SELL1"},
        "shipFromParty": {"partyId": "SHIP1"},
        "itemAcknowledgements": [
            {
                "itemSequenceNumber": "00001",
                "buyerProductIdentifier": "B07DFVDRAB",
                "vendorProductIdentifier": "SKU-1",
                "acknowledgedQuantity": {"amount": 2, "unitOfMeasure": "Each"},
            },
            {
                "itemSequenceNumber": "00002",
                "vendorProductIdentifier": "SKU-2",
                "acknowledgedQuantity": {"amount": 1, "unitOfMeasure": "Each"},
            },
        ],
    }
    assert second["acknowledgementStatus"] == {"code": "03", "description": "Canceled out of stock"}
    definitions = schema.model(MODELS[version][0])["definitions"]
    assert not list(schema.validator("SubmitAcknowledgementRequest", definitions).iter_errors(body))


def test_the_codes():
    assert len(ACKNOWLEDGEMENT_CODES) == 23
    assert ACKNOWLEDGEMENT_CODES["20"].endswith("Unit Price")  # libraries have the table shifted by one


@pytest.mark.parametrize(
    "values, text",
    [
        ({"number": ""}, "purchase order number"),
        ({"number": "A-1"}, "purchase order number"),
        ({"vendor_order_number": " "}, "order number"),
        ({"moment": datetime(2026, 11, 20)}, "time zone"),
        ({"code": ""}, "its code"),
        ({"selling_party": ""}, "selling party"),
        ({"ship_from_party": None}, "ship-from party"),
        ({"items": []}, "items are needed"),
        ({"items": [VendorLine("1", 0, "A")]}, "whole number"),
        ({"items": [VendorLine("1", 1)]}, "ASIN or SKU"),
        ({"items": [VendorLine("", 1, "A")]}, "sequence number"),
        ({"items": [VendorLine("1", 1, "A"), VendorLine("1", 1, "A")]}, "stands twice"),
    ],
)
def test_a_wrong_acknowledgement_is_not_sent(seller, amazon, values, text):
    with pytest.raises(BadRequest, match=text) as caught:
        seller.vendor(V1).acknowledge([acknowledgement(), acknowledgement(**values)])
    assert not caught.value.sent and not amazon.requests


def test_nothing_is_not_submitted(seller, amazon):
    with pytest.raises(BadRequest, match="nothing"):
        seller.vendor(V1).acknowledge([])
    assert not amazon.requests


@pytest.mark.parametrize("answer", [Answer(202, {}), Answer(200, {"transactionId": "T"}), Answer(202, b"<html>")])
def test_an_answer_without_a_transaction_is_unclear(vendor, amazon, version, answer):
    amazon.says(place("orders", version, "acknowledgements"), answer)
    with pytest.raises(MalformedAnswer) as caught:
        vendor.acknowledge([acknowledgement()])
    assert caught.value.sent


# --- transactions --------------------------------------------------------------------------------------------------
ERROR = {"code": "EMPTY_PACKAGES", "message": "Request Rejected: Order ID X has empty packages.", "details": "d"}


def errors_of(version, *entries):
    return list(entries) if version == V1 else {"errors": list(entries)}


def test_a_transaction_on_its_way(vendor, amazon, version):
    path = place("transactions", version, "transactions/T-1")
    states = [wrapped(version, {"transactionStatus": {"transactionId": "T-1", "status": "Processing"}})]
    failed = {"transactionId": "T-1", "status": "Failure", "errors": errors_of(version, ERROR, {**ERROR, "code": "X"})}
    amazon.says(path, Answer(body=states[0]), Answer(body=wrapped(version, {"transactionStatus": failed})))
    first, second = vendor.get_transaction("T-1"), vendor.get_transaction("T-1")
    assert (first.is_final, first.errors, first.message) == (False, (), "")
    assert (second.is_final, second.status) == (True, "Failure")
    assert second.errors[0] == TransactionError(ERROR["code"], ERROR["message"], "d")
    assert [error.hint for error in second.errors] == ["vendor_packages", ""]
    assert second.message.startswith("EMPTY_PACKAGES: Request Rejected: Order ID X has empty packages.: d\nX: ")


@pytest.mark.parametrize("content", [{}, {"transactionStatus": {}}, {"transactionStatus": {"transactionId": "T-1"}}])
def test_what_is_no_status(version, content):
    with pytest.raises(MalformedAnswer):
        parse_transaction_status(json.dumps(wrapped(version, content)))


@pytest.mark.parametrize(
    "answer, error",
    [
        (Answer(404, {"code": "NotFound", "message": "no such transaction"}), errors.NotFound),
        (Answer(404, {"errors": [{"code": "NotFound", "message": "no such transaction"}]}), errors.NotFound),
        (Answer(500, {"errors": [{"code": "InternalFailure", "message": "oops"}]}), errors.RetryLater),
        (Answer(403, {"code": "Unauthorized", "message": "no"}), errors.AccessDenied),
    ],
)
def test_a_refused_status(vendor, amazon, version, answer, error):
    """In 2021-12-28 most errors come bare."""
    amazon.says(place("transactions", version, "transactions/T-1"), answer)
    with pytest.raises(error) as caught:
        vendor.get_transaction("T-1")
    assert caught.value.code and caught.value.message != "no explanation"


@pytest.mark.parametrize("of", VERSIONS)
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_a_status_may_be(of, data):
    definitions = schema.model(MODELS[of][1])["definitions"]
    made = data.draw(schema.Instances(definitions).named("Transaction"))
    body = json.dumps(wrapped(of, {"transactionStatus": made}))
    try:
        transaction = parse_transaction_status(body)
    except MalformedAnswer as error:
        assert error.path
    else:
        assert transaction.transaction_id == made["transactionId"]


def test_which_operations_are_restricted():
    restricted = {name for name, operation in OPERATIONS.items() if operation.restricted}
    assert restricted == {
        *("getOrders", "getOrder.vendor", "getShippingLabels", "getShippingLabel", "createShippingLabels"),
        *("getPackingSlips", "getPackingSlip", "getCustomerInvoices", "getCustomerInvoice"),
    }
