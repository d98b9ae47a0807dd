"""Vendor Direct Fulfillment: orders, acknowledgements and transactions, in both versions."""

import pytest

from simulator import operations, schema
from simulator import vendor_bodies as bodies
from simulator.tests.vendor_client import TOKENS, V1, V2021, VERSIONS, Vendor, place
from simulator.vendor_build import KINDS
from simulator.vendor_orders import CODES


@pytest.fixture(params=VERSIONS)
def vendor(amazon, request):
    return Vendor(amazon, request.param)


# --- restricted data tokens ----------------------------------------------------------------------------------------
def test_orders_need_a_token_of_their_own(vendor, amazon):
    number = vendor.place()
    access = amazon.token(vendor.seller)
    assert "does not allow" in vendor.call("orders", "purchaseOrders", 403, token=access, **vendor.window())
    list_token = vendor.token("GET", place("orders", vendor.version, "purchaseOrders"))
    assert "does not allow" in vendor.call("orders", f"purchaseOrders/{number}", 403, token=list_token)
    general = vendor.token("GET", place("orders", vendor.version, "purchaseOrders/{purchaseOrderNumber}"))
    assert vendor.call("orders", f"purchaseOrders/{number}", token=general)["purchaseOrderNumber"] == number
    other = V1 if vendor.version == V2021 else V2021
    assert "does not allow" in vendor.call("orders", f"purchaseOrders/{number}", 403, token=general, version=other)
    amazon.advance(seconds=3601)
    assert "expired" in vendor.call("orders", f"purchaseOrders/{number}", 403, token=general)


def test_what_is_not_restricted_does_not_take_one(vendor):
    token = vendor.token("GET", place("orders", vendor.version, "purchaseOrders"))
    assert "does not allow" in vendor.call("transactions", "transactions/T", 403, token=token)


@pytest.mark.parametrize(
    "resources, status",
    [
        ([], 400),
        (None, 400),
        ([{"method": "GET", "path": "/sellers/v1/marketplaceParticipations"}], 400),
        ([{"method": "GET", "path": "/nowhere"}], 400),
        ([{"method": "POST", "path": place("orders", V1, "acknowledgements")}], 400),
        (["GET"], 400),
        ([{"method": "GET", "path": place("orders", V1, "purchaseOrders")}] * 51, 400),
        ([{"method": "GET", "path": place("orders", V1, "purchaseOrders")}] * 50, 200),
    ],
)
def test_which_tokens_there_are(amazon, seller, resources, status):
    answer = amazon.send(seller, "POST", TOKENS, {"restrictedResources": resources})
    assert answer.status_code == status, answer.text
    folder = schema.models_folder()
    if folder:
        operation = operations.BY_NAME["createRestrictedDataToken"]
        assert schema.check_answer(folder, operation, status, answer.json()) == []


def test_without_the_role_there_is_none(amazon):
    seller = amazon.post("/sellers", roles=["inventory_and_order_tracking"])
    body = {"restrictedResources": [{"method": "GET", "path": place("orders", V1, "purchaseOrders")}]}
    answer = amazon.send(seller, "POST", TOKENS, body)
    assert answer.status_code == 403 and "data elements" in answer.text


# --- orders --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_keeps_to_the_model(vendor, kind):
    order = vendor.call("orders", f"purchaseOrders/{vendor.place(kind)}")
    details = order["orderDetails"]
    assert (details["orderStatus"], details["sellingParty"]["partyId"]) == ("NEW", "SIMJP")
    assert details["shipmentDetails"]["isPslipRequired"] == (kind in ("vendor_two_lines", "vendor_gift"))
    assert details["shipToParty"]["name"] == "xxxxx" and details["shipToParty"]["postalCode"]


def test_who_ships_himself_sees_whom_to(amazon):
    vendor = Vendor(amazon, V2021, own_carrier=True)
    address = vendor.call("orders", f"purchaseOrders/{vendor.place()}")["orderDetails"]["shipToParty"]
    assert "x" not in address["name"] and "x" not in address["addressLine1"]


def test_one_of_each_in_pages(vendor):
    answer = vendor.amazon.post("/vendor/orders", merchant_id=vendor.merchant_id, kind="all", spread_seconds=600)
    numbers = answer["numbers"]
    assert len(numbers) == len(KINDS) >= 6
    pages = vendor.pages("orders", "purchaseOrders", "orders", limit=3)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [order["purchaseOrderNumber"] for page in pages for order in page] == numbers
    newest = vendor.pages("orders", "purchaseOrders", "orders", limit=5, sortOrder="DESC", includeDetails="false")
    assert [order for page in newest for order in page] == [{"purchaseOrderNumber": one} for one in reversed(numbers)]
    osaka = vendor.pages("orders", "purchaseOrders", "orders", shipFromPartyId="SIMO")[0]
    assert [order["orderDetails"]["shipFromParty"]["partyId"] for order in osaka] == ["SIMO"]
    assert vendor.pages("orders", "purchaseOrders", "orders", status="SHIPPED") == [[]]


def test_nobody_elses_orders(amazon):
    mine, other = Vendor(amazon, V1), Vendor(amazon, V1)
    number = other.place()
    assert "not found" in mine.call("orders", f"purchaseOrders/{number}", 404)
    assert mine.pages("orders", "purchaseOrders", "orders") == [[]]


@pytest.mark.parametrize(
    "query, text",
    [
        ({"createdAfter": None}, "required"),
        ({"createdBefore": None}, "required"),
        ({"createdAfter": "yesterday"}, "ISO 8601"),
        ({"createdAfter": "2026-11-10T00:00:00Z"}, "7 days"),
        ({"createdAfter": "2026-11-24T00:00:00Z"}, "after createdAfter"),
        ({"createdAfter": "2026-05-01T00:00:00Z", "createdBefore": "2026-05-02T00:00:00Z"}, "six months"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"sortOrder": "UP"}, "sortOrder"),
        ({"status": "DONE"}, "status"),
        ({"includeDetails": "yes"}, "includeDetails"),
        ({"nextToken": "x"}, "nextToken"),
        ({"marketplaceIds": "A1VC38T7YXB528"}, "Unknown parameter"),
    ],
)
def test_what_searches_may_not(vendor, query, text):
    query = {name: value for name, value in vendor.window(**query).items() if value is not None}
    assert text in vendor.call("orders", "purchaseOrders", 400, **query)


def test_a_token_is_of_its_search(vendor):
    for _order in range(2):
        vendor.place()
    token = vendor.call("orders", "purchaseOrders", limit=1, **vendor.window())["pagination"]["nextToken"]
    query = vendor.window(limit=2, nextToken=token)
    assert "nextToken" in vendor.call("orders", "purchaseOrders", 400, **query)


# --- acknowledgements ----------------------------------------------------------------------------------------------
def test_accepting_takes_its_time(vendor):
    number = vendor.place("vendor_two_lines")
    transaction = vendor.acknowledge(vendor.acknowledgement(number))
    assert vendor.status(transaction) == ("Processing", [])
    assert vendor.record(number)["status"] == "NEW"
    assert vendor.ends(transaction) == ("Success", [])
    record = vendor.record(number)
    assert (record["status"], record["acknowledgement"]["code"]) == ("ACCEPTED", "00")
    assert [entry["event"] for entry in record["history"]] == ["placed", "acknowledged"]
    assert vendor.ends(vendor.acknowledge(vendor.acknowledgement(number))) == ("Failure", ["ALREADY_ACKNOWLEDGED"])


@pytest.mark.parametrize("code", [code for code in CODES if code != "00"])
def test_all_other_codes_reject(amazon, code):
    vendor = Vendor(amazon, V2021)
    number = vendor.place()
    assert vendor.ends(vendor.acknowledge(vendor.acknowledgement(number, code))) == ("Success", [])
    assert vendor.record(number)["status"] == "CANCELLED"


def line(entry, number=0, **values):
    """The entry with one line changed."""
    lines = [dict(one) for one in entry["itemAcknowledgements"]]
    lines[number].update(values)
    return {**entry, "itemAcknowledgements": lines}


@pytest.mark.parametrize(
    "change, code",
    [
        (lambda entry: {**entry, "purchaseOrderNumber": "NIX"}, "INVALID_ORDER"),
        (lambda entry: {**entry, "sellingParty": {"partyId": "X"}}, "INVALID_PARTY"),
        (lambda entry: {**entry, "shipFromParty": {"partyId": "X"}}, "INVALID_PARTY"),
        (lambda entry: {**entry, "acknowledgementStatus": {}}, "INVALID_ACKNOWLEDGEMENT_CODE"),
        (lambda entry: {**entry, "acknowledgementStatus": {"code": "01"}}, "INVALID_ACKNOWLEDGEMENT_CODE"),
        (lambda entry: {**entry, "itemAcknowledgements": entry["itemAcknowledgements"][:1]}, "MISSING_ITEMS"),
        (lambda entry: line(entry, itemSequenceNumber="1"), "INVALID_ITEM_SEQUENCE_NUMBER"),
        (lambda entry: line(entry, buyerProductIdentifier="B0"), "INVALID_PRODUCT_IDENTIFIER"),
        (lambda entry: line(entry, vendorProductIdentifier="X"), "INVALID_PRODUCT_IDENTIFIER"),
        (lambda entry: line(entry, acknowledgedQuantity={"amount": 1, "unitOfMeasure": "Each"}), "MISSING_ITEMS"),
        (lambda entry: line(entry, acknowledgedQuantity={"amount": 3, "unitOfMeasure": "Each"}), "INVALID_QUANTITY"),
    ],
)
def test_wrong_acknowledgements_fail_later(vendor, change, code):
    number = vendor.place("vendor_two_lines")
    assert vendor.ends(vendor.acknowledge(change(vendor.acknowledgement(number)))) == ("Failure", [code])
    assert vendor.record(number)["status"] == "NEW"


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda entry: {**entry, "vendorOrderNumber": None}, "vendorOrderNumber"),
        (lambda entry: {**entry, "acknowledgementDate": "today"}, "acknowledgementDate"),
        (lambda entry: line(entry, itemSequenceNumber=1), "itemSequenceNumber"),
        (lambda entry: line(entry, acknowledgedQuantity={"amount": "1"}), "acknowledgedQuantity.amount"),
        (lambda entry: line(entry, acknowledgedQuantity={"amount": 1, "unitOfMeasure": "Box"}), "unitOfMeasure"),
        (lambda entry: [entry], "orderAcknowledgements[0]"),
    ],
)
def test_bodies_that_break_the_model_are_refused_at_once(vendor, change, text):
    entry = change(vendor.acknowledgement(vendor.place()))
    assert text in vendor.acknowledge(entry, status=400)
    assert vendor.amazon.get("/vendor/transactions") == []


def test_the_form_of_retail_vendors_is_accepted_and_never_heard_of_again(vendor):
    number = vendor.place()
    transaction = vendor.submit("orders", "acknowledgements", {"acknowledgements": [{"purchaseOrderNumber": number}]})
    assert "not found" in vendor.call("transactions", f"transactions/{transaction}", 404)
    assert vendor.record(number)["status"] == "NEW"


@pytest.mark.parametrize("batches, accepted", [("each", 2), ("whole", 0)])
def test_several_in_one_call(vendor, batches, accepted):
    vendor.amazon.post("/settings", vendor_batches=batches)
    numbers = [vendor.place() for _order in range(3)]
    entries = [vendor.acknowledgement(number) for number in numbers]
    entries[1]["sellingParty"] = {"partyId": "X"}
    assert vendor.ends(vendor.acknowledge(*entries)) == ("Failure", ["INVALID_PARTY"])
    assert [vendor.record(number)["status"] for number in numbers].count("ACCEPTED") == accepted


def test_a_person_ends_transactions(vendor):
    vendor.amazon.post("/settings", vendor_seconds=None)
    numbers = [vendor.place() for _order in range(3)]
    ids = [vendor.acknowledge(vendor.acknowledgement(number)) for number in numbers]
    process = [f"/vendor/transactions/{transaction}/process" for transaction in ids]
    vendor.amazon.advance(hours=1)
    assert vendor.status(ids[0]) == ("Processing", [])
    errors = [{"code": "INTERNAL_SERVER_ERROR", "message": "Internal error. Please try again."}]
    vendor.amazon.post(process[0])
    vendor.amazon.post(process[1], status="Failure", errors=errors)
    vendor.amazon.post(process[2], status="Failure", errors=errors, applied=True)
    failure = ("Failure", ["INTERNAL_SERVER_ERROR"])
    assert [vendor.status(one) for one in ids] == [("Success", []), failure, failure]
    assert [vendor.record(number)["status"] for number in numbers] == ["ACCEPTED", "NEW", "ACCEPTED"]
    vendor.amazon.control("POST", process[0], {}, status=409)


def test_done_by_others(vendor):
    mine, cancelled = vendor.place(), vendor.place()
    vendor.amazon.post(f"/vendor/orders/{mine}/acknowledge", code="03")
    vendor.amazon.post(f"/vendor/orders/{cancelled}/cancel")
    entries = [vendor.acknowledgement(number) for number in (mine, cancelled)]
    assert vendor.ends(vendor.acknowledge(*entries)) == ("Failure", ["ORDER_CANCELLED"] * 2)
    vendor.amazon.control("POST", f"/vendor/orders/{mine}/cancel", {}, status=409)


def test_the_rules_of_bodies_are_those_of_the_models(models):
    definitions = {
        "ACKNOWLEDGEMENT": ("vendorDirectFulfillmentOrders_2021-12-28.json", "OrderAcknowledgementItem"),
        "STATUS_UPDATE": ("vendorDirectFulfillmentShipping_2021-12-28.json", "ShipmentStatusUpdate"),
        "INVENTORY": ("vendorDirectFulfillmentInventoryV1.json", "InventoryUpdate"),
    }
    for name, (file, definition) in definitions.items():
        compare(getattr(bodies, name), schema.model(str(models), file)["definitions"], definition)
    for version, file in zip(VERSIONS, ("ShippingV1", "Shipping_2021-12-28"), strict=True):
        known = schema.model(str(models), f"vendorDirectFulfillment{file}.json")["definitions"]
        compare(bodies.label_request(version), known, "ShippingLabelRequest")
        compare(bodies.confirmation(version), known, "ShipmentConfirmation")


#: What nobody sends, and so nobody holds against the model.
PASSED_BY = {"address", "taxInfo", "taxRegistrationDetails", "pieceNumber"}


def compare(spec, known, definition):
    """Fields, what is needed of them, and values are the model's."""
    model = known[definition] if isinstance(definition, str) else definition
    if "$ref" in model:
        return compare(spec, known, model["$ref"].rsplit("/", 1)[1])
    if isinstance(spec, list):
        return compare(spec[0], known, model["items"])
    if isinstance(spec, tuple):
        assert set(spec) == set(model["enum"])
    elif isinstance(spec, dict):
        fields = {name.removesuffix("*"): inner for name, inner in spec.items()}
        assert fields.keys() == model["properties"].keys() - PASSED_BY
        assert {name.removesuffix("*") for name in spec if name.endswith("*")} == set(model.get("required", ()))
        for name, inner in fields.items():
            compare(inner, known, model["properties"][name])
    else:
        kinds = {bodies.NUMBER: "integer", bodies.FLAG: "boolean"}
        assert model["type"] == (kinds.get(spec, "string") if isinstance(spec, str) else "string")
        assert (spec == bodies.TIME) == (model.get("format") == "date-time")
    return None
