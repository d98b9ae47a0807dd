"""Vendor Direct Fulfillment: what is told of parcels and stock, and what Amazon gives to print."""

import json
import tracemalloc
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import schema
import vendor_samples as samples
from amazon_server import Answer
from hypothesis import given
from hypothesis import strategies as st
from vendor_samples import NUMBER, V1, V2021, VERSIONS, place, wrapped

from selling_partner import errors
from selling_partner.errors import BadRequest, LabelExists, MalformedAnswer
from selling_partner.values import Address
from selling_partner.vendor import SearchInvoices, SearchLabels, SearchPackingSlips
from selling_partner.vendor_papers import (
    CustomerInvoice,
    LabelData,
    PackingSlip,
    ShippingLabel,
    UnreadablePaper,
)
from selling_partner.vendor_submissions import (
    EDIFACT,
    FLOOR_DENIAL,
    PALLET,
    STATUS_EVENTS,
    X12,
    Confirmation,
    Container,
    Dimensions,
    InventoryItem,
    InventoryUpdate,
    LabelRequest,
    Schedule,
    StatusUpdate,
    VendorLine,
)

RDT = "/tokens/2021-03-01/restrictedDataToken"
NOON = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
WINDOW = {"created_after": NOON - timedelta(days=7), "created_before": NOON}
PARTIES = {"number": NUMBER, "selling_party": "SELL1", "ship_from_party": "SHIP1"}
PARTIES_BODY = {"sellingParty": {"partyId": "SELL1"}, "shipFromParty": {"partyId": "SHIP1"}}
LINES = (VendorLine("00001", 2, "B07DFVDRAB", "SKU-1"), VendorLine("2", 1, sku="SKU-2"))
PLACE = Address(
    name="配送センター", line1="1-2-3", city="渋谷区", state="東京都", postal_code="150-0001", country_code="JP"
)
SHIPPING = {V1: "vendorDirectFulfillmentShippingV1.json", V2021: "vendorDirectFulfillmentShipping_2021-12-28.json"}


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def vendor(seller, version, amazon):
    amazon.says(RDT, Answer(body={"restrictedDataToken": "Atz.sprdt|restricted", "expiresIn": 3600}))
    return seller.vendor(version)


def container(**values):
    given_ = {
        "identifier": "BOX-1",
        "weight": Decimal("1.50"),
        "items": LINES,
        "dimensions": Dimensions(Decimal("10"), Decimal("20.5"), Decimal("1E+1")),
        "tracking_number": "1Z6A34Y60369738804",
        "ship_method": "UPS_GR_RES",
        **values,
    }
    return Container(**given_)


def confirmation(**values):
    return Confirmation(**{**PARTIES, "shipped": NOON, "items": LINES, "containers": [container()], **values})


def update(**values):
    given_ = {**PARTIES, "tracking_number": "T-1", "event": "delivered", "moment": NOON, "location": PLACE, **values}
    return StatusUpdate(**given_)


def inventory(**values):
    items = [InventoryItem(5, "B07DFVDRAB", "SKU-1"), InventoryItem(0, sku="SKU-2")]
    return InventoryUpdate(**{"warehouse": "SHIP1", "selling_party": "SELL1", "items": items, **values})


def submitted(amazon, version, path, definition, send):
    """The body that goes out, which keeps to Amazon's model."""
    path = place("shipping", version, path)
    amazon.says(path, Answer(202, wrapped(version, {"transactionId": "T-1"})))
    assert send() == "T-1"
    body = json.loads(amazon.asked(path)[0].body)
    definitions = schema.model(SHIPPING[version])["definitions"]
    assert not list(schema.validator(definition, definitions).iter_errors(body))
    return body


# --- what is told --------------------------------------------------------------------------------------------------
def container_body(version, **values):
    return {
        "containerType": "carton" if version == V1 else "Carton",
        "containerIdentifier": "BOX-1",
        "trackingNumber": "1Z6A34Y60369738804",
        "shipMethod": "UPS_GR_RES",
        "dimensions": {"length": "10", "width": "20.5", "height": "10", "unitOfMeasure": "CM"},
        "weight": {"unitOfMeasure": "KG", "value": "1.5"},
        "packedItems": [
            {
                "itemSequenceNumber": 1,
                "buyerProductIdentifier": "B07DFVDRAB",
                "vendorProductIdentifier": "SKU-1",
                "packedQuantity": {"amount": 2, "unitOfMeasure": "Each"},
            },
            {
                "itemSequenceNumber": 2,
                "vendorProductIdentifier": "SKU-2",
                "packedQuantity": {"amount": 1, "unitOfMeasure": "Each"},
            },
        ],
        **values,
    }


def test_a_request_for_labels_to_the_letter(vendor, amazon, version):
    requests = [LabelRequest(**PARTIES, containers=[container()]), LabelRequest(**{**PARTIES, "number": "OTHER1"})]
    definition = "SubmitShippingLabelsRequest"
    body = submitted(amazon, version, "shippingLabels", definition, lambda: vendor.request_labels(requests))
    assert body == {
        "shippingLabelRequests": [
            {"purchaseOrderNumber": NUMBER, **PARTIES_BODY, "containers": [container_body(version)]},
            {"purchaseOrderNumber": "OTHER1", **PARTIES_BODY},
        ]
    }


def test_a_confirmation_to_the_letter(vendor, amazon, version):
    sent = confirmation(
        containers=[container(scac="SIMC", carrier="運送", sequence=1, manifest_id="M", manifest_date="2026-11-20")],
        vendor_order_number="S00042",
        estimated_delivery=NOON + timedelta(days=1),
        is_priority=False,
    )
    definition = "SubmitShipmentConfirmationsRequest"
    body = submitted(amazon, version, "shipmentConfirmations", definition, lambda: vendor.confirm([sent]))
    more = {"scacCode": "SIMC", "carrier": "運送", "containerSequenceNumber": 1}
    manifest = {"manifestId": "M", "manifestDate": "2026-11-20"}
    assert body["shipmentConfirmations"] == [
        {
            "purchaseOrderNumber": NUMBER,
            **PARTIES_BODY,
            "shipmentDetails": {
                "shippedDate": "2026-11-20T12:00:00Z",
                "shipmentStatus": "SHIPPED",
                "isPriorityShipment": False,
                "vendorOrderNumber": "S00042",
                "estimatedDeliveryDate": "2026-11-21T12:00:00Z",
            },
            "items": [
                {
                    "itemSequenceNumber": 1,
                    "buyerProductIdentifier": "B07DFVDRAB",
                    "vendorProductIdentifier": "SKU-1",
                    "shippedQuantity": {"amount": 2, "unitOfMeasure": "Each"},
                },
                {
                    "itemSequenceNumber": 2,
                    "vendorProductIdentifier": "SKU-2",
                    "shippedQuantity": {"amount": 1, "unitOfMeasure": "Each"},
                },
            ],
            "containers": [container_body(version, **more, **manifest)],
        }
    ]


def test_a_denial_has_no_parcels(vendor, amazon, version):
    sent = confirmation(status=FLOOR_DENIAL, containers=[])
    definition = "SubmitShipmentConfirmationsRequest"
    body = submitted(amazon, version, "shipmentConfirmations", definition, lambda: vendor.confirm([sent]))
    [entry] = body["shipmentConfirmations"]
    assert entry["shipmentDetails"]["shipmentStatus"] == "FLOOR_DENIAL" and "containers" not in entry


def test_pallets_are_written_as_each_version_has_it():
    assert [container(kind=PALLET).body(version)["containerType"] for version in VERSIONS] == ["pallet", "Pallet"]


@pytest.mark.parametrize(
    "values, text",
    [
        ({"shipped": datetime(2026, 11, 20)}, "time zone"),
        ({"estimated_delivery": datetime(2026, 11, 20)}, "time zone"),
        ({"status": "LEFT"}, "status"),
        ({"items": []}, "items are needed"),
        ({"items": [VendorLine("A1", 1, "B0")]}, "is not a number"),
        ({"containers": []}, "needs its parcels"),
        ({"containers": [container(items=[])]}, "items are needed"),
        ({"containers": [container(tracking_number="")]}, "tracking number"),
        ({"containers": [container(ship_method="")]}, "ship method"),
        ({"containers": [container(weight=None)]}, "weight"),
        ({"containers": [container(weight=Decimal(0))]}, "weight"),
        ({"containers": [container(weight_unit="g")]}, "unit of weight"),
        ({"containers": [container(dimensions=Dimensions(Decimal(1), Decimal(1), None))]}, "dimensions"),
        ({"containers": [container(kind="bag")]}, "neither"),
        ({"containers": [container(items=LINES[:1])]}, "something else"),
        ({"containers": [container(), container()]}, "same identifier"),
        ({"containers": [container(), container(identifier="BOX-2")]}, "something else"),
    ],
)
def test_a_wrong_confirmation_is_not_sent(seller, amazon, values, text):
    with pytest.raises(BadRequest, match=text) as caught:
        seller.vendor(V1).confirm([confirmation(**values)])
    assert not caught.value.sent and not amazon.requests


@given(
    units=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 3), max_size=8),
)
def test_parcels_hold_what_is_shipped_however_it_is_split(units, cuts):
    """Any split of the lines over parcels is taken, and none that lacks a unit or has one more."""
    lines = [VendorLine(str(number), quantity, "B0") for number, quantity in enumerate(units, 1)]
    parcels = {}
    for unit, sequence in enumerate(line.sequence for line in lines for _unit in range(line.quantity)):
        parcel = parcels.setdefault(cuts[unit] if unit < len(cuts) else 0, {})
        parcel[sequence] = parcel.get(sequence, 0) + 1
    boxes = [
        container(identifier=f"BOX-{name}", items=[VendorLine(sequence, n, "B0") for sequence, n in held.items()])
        for name, held in parcels.items()
    ]
    whole = confirmation(items=lines, containers=boxes)
    whole.validate()
    for change in (1, -1):
        other = replace(lines[0], quantity=lines[0].quantity + change)
        if other.quantity:
            with pytest.raises(BadRequest):
                replace(whole, items=(other, *lines[1:])).validate()


DOCUMENTED = [  # the two tables of the guide
    *[("delayed", EDIFACT, "404", "117"), ("delivered", EDIFACT, "301", "000"), ("departed", EDIFACT, "101", "000")],
    *[("in_transit", EDIFACT, "201", "000"), ("lost", EDIFACT, "409", "000")],
    *[("out_for_delivery", EDIFACT, "302", "000"), ("refused", EDIFACT, "407", "000")],
    *[("undeliverable", EDIFACT, "416", "000")],
    *[("delayed", X12, "DE", "AF"), ("delivered", X12, "D1", "NS"), ("departed", X12, "XB", "NS")],
    *[("in_transit", X12, "O1", "NS"), ("lost", X12, "CA", "PL"), ("out_for_delivery", X12, "OD", "NS")],
    *[("refused", X12, "A7", "AM"), ("undeliverable", X12, "AP", "BG")],
]


def test_every_event_in_both_standards(vendor, amazon, version):
    assert {(event, standard) for event, standard, *_codes in DOCUMENTED} == {
        (event, standard) for event, codes in STATUS_EVENTS.items() for standard in codes
    }
    updates = [update(event=event, standard=standard) for event, standard, *_codes in DOCUMENTED]
    definition = "SubmitShipmentStatusUpdatesRequest"
    body = submitted(amazon, version, "shipmentStatusUpdates", definition, lambda: vendor.update_status(updates))
    details = [entry["statusUpdateDetails"] for entry in body["shipmentStatusUpdates"]]
    assert [(one["statusCode"], one["reasonCode"]) for one in details] == [tuple(row[2:]) for row in DOCUMENTED]


def test_a_status_to_the_letter():
    schedule = Schedule(NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2))
    assert update(schedule=schedule).body(V1) == {
        "purchaseOrderNumber": NUMBER,
        **PARTIES_BODY,
        "statusUpdateDetails": {
            "trackingNumber": "T-1",
            "statusCode": "D1",
            "reasonCode": "NS",
            "statusDateTime": "2026-11-20T12:00:00Z",
            "statusLocationAddress": {
                "name": "配送センター",
                "addressLine1": "1-2-3",
                "city": "渋谷区",
                "stateOrRegion": "東京都",
                "postalCode": "150-0001",
                "countryCode": "JP",
            },
            "shipmentSchedule": {
                "estimatedDeliveryDateTime": "2026-11-20T12:00:00Z",
                "apptWindowStartDateTime": "2026-11-20T13:00:00Z",
                "apptWindowEndDateTime": "2026-11-20T14:00:00Z",
            },
        },
    }
    for empty in (None, Schedule()):
        assert "shipmentSchedule" not in update(schedule=empty).body(V2021)["statusUpdateDetails"]


@pytest.mark.parametrize(
    "values, text",
    [
        ({"tracking_number": ""}, "tracking number"),
        ({"event": "eaten"}, "event"),
        ({"standard": "iso"}, "standard"),
        ({"moment": datetime(2026, 11, 20)}, "time zone"),
        ({"schedule": Schedule(datetime(2026, 11, 20))}, "time zone"),
        ({"location": Address(city="渋谷区", country_code="JP")}, "place"),
    ],
)
def test_a_wrong_status_is_not_sent(seller, amazon, values, text):
    with pytest.raises(BadRequest, match=text) as caught:
        seller.vendor(V1).update_status([update(**values)])
    assert not caught.value.sent and not amazon.requests


def test_stock_to_the_letter(vendor, amazon):
    path = place("inventory", V1, "warehouses/SHIP1/items")
    amazon.says(path, Answer(202, {"payload": {"transactionId": "T-1"}}))
    assert vendor.update_inventory(inventory()) == "T-1"
    body = json.loads(amazon.asked(path)[0].body)
    assert body == {
        "inventory": {
            "sellingParty": {"partyId": "SELL1"},
            "isFullUpdate": False,
            "items": [
                {
                    "buyerProductIdentifier": "B07DFVDRAB",
                    "vendorProductIdentifier": "SKU-1",
                    "availableQuantity": {"amount": 5, "unitOfMeasure": "Each"},
                },
                {
                    "vendorProductIdentifier": "SKU-2",
                    "availableQuantity": {"amount": 0, "unitOfMeasure": "Each"},
                },
            ],
        }
    }
    definitions = schema.model("vendorDirectFulfillmentInventoryV1.json")["definitions"]
    assert not list(schema.validator("SubmitInventoryUpdateRequest", definitions).iter_errors(body))


@pytest.mark.parametrize(
    "values, text",
    [
        ({"warehouse": ""}, "warehouse"),
        ({"selling_party": ""}, "selling party"),
        ({"items": []}, "items are needed"),
        ({"items": [InventoryItem(1)]}, "ASIN or SKU"),
        ({"items": [InventoryItem(-1, sku="A")]}, "0 or more"),
        ({"items": [InventoryItem(1, sku="A"), InventoryItem(2, sku="A")]}, "twice"),
        ({"items": [InventoryItem(1, "B"), InventoryItem(2, "B")]}, "twice"),
    ],
)
def test_wrong_stock_is_not_sent(seller, amazon, values, text):
    with pytest.raises(BadRequest, match=text) as caught:
        seller.vendor(V1).update_inventory(inventory(**values))
    assert not caught.value.sent and not amazon.requests


def test_what_of_stock_is_wrong():
    """Which of many items is wrong is known; a SKU that reads like another's ASIN is another product."""
    items = [
        InventoryItem(1, "B000000001", "A"),
        InventoryItem(2, "B000000001", "B"),
        InventoryItem(3, "B000000001"),
        InventoryItem(4, sku="B000000001"),
        InventoryItem(5, "B000000002", "A"),
        InventoryItem(6),
        InventoryItem(-7, sku="C"),
    ]
    wrong = inventory(items=items).wrong_items()
    assert list(wrong) == [4, 5, 6]
    assert "A stands twice" in wrong[4]
    inventory(items=items[:4]).validate()


# --- what there is to print ----------------------------------------------------------------------------------------
def base64(content):
    return b64encode(content).decode()


def label(number=NUMBER, content=b"^XA^XZ", **values):
    data = {
        "packageIdentifier": "PKG001",
        "trackingNumber": "1Z6A34Y60369738804",
        "shipMethod": "UPS_GR_RES",
        "shipMethodName": "UPS Ground Residential",
        "content": base64(content),
    }
    return {"purchaseOrderNumber": number, **PARTIES_BODY, "labelFormat": "ZPL", "labelData": [data], **values}


READ = ShippingLabel(
    NUMBER,
    "ZPL",
    (LabelData(b"^XA^XZ", "PKG001", "1Z6A34Y60369738804", "UPS_GR_RES", "UPS Ground Residential"),),
    "SELL1",
    "SHIP1",
)


def test_a_label(vendor, amazon, version):
    amazon.says(place("shipping", version, f"shippingLabels/{NUMBER}"), Answer(body=wrapped(version, label())))
    assert vendor.get_label(NUMBER) == READ
    assert "1Z6A" not in repr(READ)


@pytest.mark.parametrize("content", [{}, None])
@pytest.mark.parametrize("kind", ["shippingLabels", "packingSlips", "customerInvoices"])
def test_an_empty_answer_is_none(vendor, amazon, version, kind, content):
    amazon.says(place("shipping", version, f"{kind}/{NUMBER}"), Answer(body=wrapped(version, content) or {}))
    get = {"shippingLabels": vendor.get_label, "packingSlips": vendor.get_packing_slip}
    assert get.get(kind, vendor.get_invoice)(NUMBER) is None


@pytest.mark.parametrize(
    "content, path",
    [
        (label("OTHER1"), ""),
        ({**label(), "labelData": [{}]}, "labelData[0].content"),
        ({**label(), "labelData": [{"content": "no base64!"}]}, "labelData[0].content"),
        ({**label(), "labelData": [{"content": ""}]}, "labelData[0].content"),
        ({**label(), "labelData": "PNG"}, "labelData"),
    ],
)
def test_what_is_no_label(vendor, amazon, version, content, path):
    amazon.says(place("shipping", version, f"shippingLabels/{NUMBER}"), Answer(body=wrapped(version, content)))
    with pytest.raises(MalformedAnswer) as caught:
        vendor.get_label(NUMBER)
    assert caught.value.path.endswith(path) and caught.value.sent


def test_labels_at_once(seller, amazon):
    amazon.says(RDT, Answer(body={"restrictedDataToken": "Atz.sprdt|restricted", "expiresIn": 3600}))
    path = place("shipping", V2021, f"shippingLabels/{NUMBER}")
    exists = {"errors": [{"code": "Conflict", "message": "there is one"}]}
    amazon.says(path, Answer(body=label()), Answer(409, exists))
    request = LabelRequest(**PARTIES, containers=[container()])
    assert seller.vendor(V2021).create_labels(request) == READ
    [asked] = amazon.asked(path)
    assert json.loads(asked.body) == {**PARTIES_BODY, "containers": [container_body(V2021)]}
    assert asked.headers["x-amz-access-token"] == "Atz.sprdt|restricted"
    resource = {"method": "POST", "path": place("shipping", V2021, "shippingLabels/{purchaseOrderNumber}")}
    assert json.loads(amazon.asked(RDT)[0].body) == {"restrictedResources": [resource]}
    with pytest.raises(LabelExists):
        seller.vendor(V2021).create_labels(request)
    with pytest.raises(BadRequest, match="at once") as caught:
        seller.vendor(V1).create_labels(request)
    assert not caught.value.sent


def test_pages_of_labels(vendor, amazon, version):
    path = place("shipping", version, "shippingLabels")
    broken = [{**label("BAD1"), "labelData": [{"content": "?"}]}, {"labelFormat": "PNG"}]
    first = {"pagination": {"nextToken": "A=="}, "shippingLabels": [label(), *broken]}
    amazon.says(path, Answer(body=wrapped(version, first)), Answer(body=wrapped(version, {"shippingLabels": []})))
    search = SearchLabels(**WINDOW, ship_from_party="SHIP1", page_size=3, sort_order="DESC")
    with vendor.search_labels(search) as page:
        good, *bad = page
        assert (len(page), page.next_token, page.reached, len(set(page.marks))) == (3, "A==", NOON, 3)
        assert list(page)[0] == good == READ
        assert [(type(one), one.number) for one in bad] == [(UnreadablePaper, "BAD1"), (UnreadablePaper, "")]
        assert bad[0].error.path == "labelData[0].content"
    with vendor.search_labels(search, "A==") as last:
        assert (list(last), last.next_token) == ([], None)
    assert dict(amazon.asked(path)[1].query) == {
        "shipFromPartyId": "SHIP1",
        "limit": "3",
        "createdAfter": "2026-11-13T12:00:00.000Z",
        "createdBefore": "2026-11-20T12:00:00.000Z",
        "sortOrder": "DESC",
        "nextToken": "A==",
    }


@pytest.mark.parametrize(
    "answer, error",
    [
        (Answer(body={"errors": [{"code": "X", "message": "no"}]}), MalformedAnswer),
        (Answer(body={"shippingLabels": {}}), MalformedAnswer),
        (Answer(body={"shippingLabels": [None]}), MalformedAnswer),
        (Answer(body={"shippingLabels": ["label"]}), MalformedAnswer),
        (Answer(body=b"<html>"), MalformedAnswer),
        (Answer(body=b'{"shippingLabels": [{"a": '), MalformedAnswer),
        (Answer(body={"shippingLabels": []}, cut=10), errors.RetryLater),
        (Answer(403, {"errors": [{"code": "Unauthorized", "message": "no"}]}), errors.AccessDenied),
        (Answer(400, {"errors": [{"code": "InvalidInput", "message": "no"}]}), BadRequest),
        (Answer(500), errors.RetryLater),
    ],
)
def test_what_is_no_page_of_labels(vendor, amazon, version, answer, error):
    amazon.says(place("shipping", version, "shippingLabels"), answer)
    with pytest.raises(error) as caught:
        vendor.search_labels(SearchLabels(**WINDOW))
    assert caught.value.operation == "getShippingLabels"


@pytest.mark.parametrize("content", [{}, {"shippingLabels": None}, {"shippingLabels": []}])
def test_a_page_without_labels(vendor, amazon, version, content):
    """That there is no label yet Amazon says in several ways."""
    amazon.says(place("shipping", version, "shippingLabels"), Answer(body=wrapped(version, content)))
    with vendor.search_labels(SearchLabels(**WINDOW)) as page:
        assert (list(page), len(page), page.marks, page.next_token) == ([], 0, (), None)


def test_labels_are_never_all_in_memory(vendor, amazon, version):
    """40 MB of labels, more than an answer in memory may have, are read within a few of them."""
    content = wrapped(version, {"shippingLabels": [label(f"PO{n}", b"x" * 1_000_000) for n in range(30)]})
    amazon.says(place("shipping", version, "shippingLabels"), Answer(body=json.dumps(content)))
    del content
    tracemalloc.start()
    try:
        with vendor.search_labels(SearchLabels(**WINDOW)) as page:
            before, _peak = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            numbers = [one.number for one in page if len(one.labels[0].content) == 1_000_000]
            _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numbers == [f"PO{n}" for n in range(30)]
    assert peak - before < 10 * 2**20


def test_packing_slips(vendor, amazon, version):
    slip = {"purchaseOrderNumber": NUMBER, "content": base64(b"%PDF"), "contentType": "application/pdf"}
    amazon.says(place("shipping", version, f"packingSlips/{NUMBER}"), Answer(body=wrapped(version, slip)))
    page_ = wrapped(version, {"pagination": {"nextToken": "A"}, "packingSlips": [slip]})
    amazon.says(place("shipping", version, "packingSlips"), Answer(body=page_))
    expected = PackingSlip(NUMBER, b"%PDF", "application/pdf")
    assert vendor.get_packing_slip(NUMBER) == expected
    with vendor.search_packing_slips(SearchPackingSlips(**WINDOW)) as page:
        assert (list(page), page.next_token) == ([expected], "A")


def test_customer_invoices(vendor, amazon, version):
    invoice = {"purchaseOrderNumber": NUMBER, "content": base64(b"%PDF").replace("J", "J\n")}
    amazon.says(place("shipping", version, f"customerInvoices/{NUMBER}"), Answer(body=wrapped(version, invoice)))
    page_ = wrapped(version, {"customerInvoices": [invoice]})
    amazon.says(place("shipping", version, "customerInvoices"), Answer(body=page_))
    expected = CustomerInvoice(NUMBER, b"%PDF")
    assert vendor.get_invoice(NUMBER) == expected
    with vendor.search_invoices(SearchInvoices(**WINDOW)) as page:
        assert list(page) == [expected]
    assert ("limit", "10") in amazon.asked(place("shipping", version, "customerInvoices"))[0].query
    with pytest.raises(BadRequest, match="1 to 10"):
        vendor.search_invoices(SearchInvoices(**WINDOW, page_size=11))


def test_no_paper_of_nobody(vendor, amazon, version):
    amazon.says(
        place("shipping", version, "packingSlips/NIX"), Answer(404, {"errors": [{"code": "N", "message": "no"}]})
    )
    with pytest.raises(errors.NotFound):
        vendor.get_packing_slip("NIX")
    for number in ("", ".", None):
        with pytest.raises(BadRequest):
            vendor.get_label(number)


def test_samples_keep_to_the_models():
    for version in VERSIONS:
        definitions = schema.model(SHIPPING[version])["definitions"]
        assert not list(schema.validator("ShippingLabel", definitions).iter_errors(label()))
    orders = schema.model("vendorDirectFulfillmentOrders_2021-12-28.json")["definitions"]
    assert not list(schema.validator("Order", orders).iter_errors(samples.order()))
