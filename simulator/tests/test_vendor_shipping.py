"""Vendor Direct Fulfillment: labels, confirmations, the status of deliveries, what is printed, and stock."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.tests.vendor_client import V1, V2021, VERSIONS, Vendor, confirmation, container
from simulator.vendor_shipping import EVENTS

LABELS, CONFIRMATIONS, STATUSES = "shippingLabels", "shipmentConfirmations", "shipmentStatusUpdates"
PLACE = {"name": "配送センター", "addressLine1": "1-2-3", "countryCode": "JP"}


@pytest.fixture(params=VERSIONS)
def vendor(amazon, request):
    return Vendor(amazon, request.param)


@pytest.fixture(params=VERSIONS)
def carrier(amazon, request):
    """A vendor with carriers of its own."""
    return Vendor(amazon, request.param, own_carrier=True)


def ask(vendor, *numbers, **values):
    """Ask for labels; the transaction's id."""
    requests = [{**vendor.parties(number), "containers": [container(vendor, number)], **values} for number in numbers]
    return vendor.submit("shipping", LABELS, {"shippingLabelRequests": requests})


def labelled(vendor, kind="vendor_standard"):
    """An accepted order with its label; (number, tracking number)."""
    number = vendor.accepted(kind)
    assert vendor.ends(ask(vendor, number)) == ("Success", [])
    return number, vendor.record(number)["label"]["packages"][0]["trackingNumber"]


def confirm(vendor, *entries):
    return vendor.submit("shipping", CONFIRMATIONS, {"shipmentConfirmations": list(entries)})


def status_update(vendor, number, codes=("D1", "NS"), tracking="T-1", **values):
    details = {
        "trackingNumber": tracking,
        "statusCode": codes[0],
        "reasonCode": codes[1],
        "statusDateTime": vendor.amazon.get("/clock")["now"],
        "statusLocationAddress": PLACE,
        **values,
    }
    return {**vendor.parties(number), "statusUpdateDetails": details}


def tell(vendor, *entries):
    return vendor.submit("shipping", STATUSES, {"shipmentStatusUpdates": list(entries)})


# --- the whole way -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["vendor_standard", "vendor_two_lines", "vendor_gift", "vendor_scheduled"])
def test_from_the_order_to_the_confirmation(vendor, kind):
    number, tracking = labelled(vendor, kind)
    label = vendor.call("shipping", f"{LABELS}/{number}")
    assert [data["trackingNumber"] for data in label["labelData"]] == [tracking]
    assert base64.b64decode(label["labelData"][0]["content"]).startswith(b"\x89PNG")
    assert vendor.ends(confirm(vendor, confirmation(vendor, number, tracking))) == ("Success", [])
    record = vendor.record(number)
    assert (record["status"], record["confirmation"]["tracking"]) == ("SHIPPED", [tracking])
    assert [entry["event"] for entry in record["history"]] == ["placed", "acknowledged", "label", "confirmed"]
    again = confirm(vendor, confirmation(vendor, number, tracking))
    assert vendor.ends(again) == ("Failure", ["INVALID_ORDER_STATUS"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["accept", "reject", "label", "confirm", "deny", "status"]), max_size=6))
def test_no_order_of_steps_leaves_the_way(carrier, steps):
    """Whatever is told in whatever order: only what comes next on the way succeeds, and the order is where it led."""
    number, state = carrier.place(), "NEW"
    told = {
        "accept": lambda: carrier.acknowledge(carrier.acknowledgement(number)),
        "reject": lambda: carrier.acknowledge(carrier.acknowledgement(number, "03")),
        "label": lambda: ask(carrier, number),
        "confirm": lambda: confirm(carrier, confirmation(carrier, number)),
        "deny": lambda: confirm(carrier, confirmation(carrier, number, status="FLOOR_DENIAL", containers=[])),
        "status": lambda: tell(carrier, status_update(carrier, number)),
    }
    way = {
        ("NEW", "accept"): "ACCEPTED",
        ("NEW", "reject"): "CANCELLED",
        ("ACCEPTED", "confirm"): "SHIPPED",
        ("ACCEPTED", "deny"): "CANCELLED",
        ("SHIPPED", "status"): "SHIPPED",
    }
    for step in steps:
        ended = carrier.ends(told[step]())[0]
        assert ended == ("Success" if (state, step) in way else "Failure")
        state = way.get((state, step), state)
        assert carrier.record(number)["status"] == state


# --- labels --------------------------------------------------------------------------------------------------------
def test_no_label_before_the_acknowledgement(vendor):
    number = vendor.place()
    assert vendor.ends(ask(vendor, number)) == ("Failure", ["ORDER_NOT_ACKNOWLEDGED"])
    assert "No shipping label" in vendor.call("shipping", f"{LABELS}/{number}", 404)


def test_who_ships_himself_gets_no_labels(carrier):
    assert carrier.ends(ask(carrier, carrier.accepted())) == ("Failure", ["NOT_ELIGIBLE"])


def test_a_label_that_is_asked_for_again_is_the_same(vendor):
    number, tracking = labelled(vendor)
    assert vendor.ends(ask(vendor, number)) == ("Success", [])
    assert vendor.record(number)["label"]["packages"][0]["trackingNumber"] == tracking
    assert vendor.record(number)["history"][-1]["event"] == "label asked for again"


def test_labels_need_no_containers_and_each_container_has_one(vendor):
    none, two = vendor.accepted(), vendor.accepted("vendor_two_lines")
    lines = vendor.lines(two, "packedQuantity")
    parcels = [
        container(vendor, two, containerIdentifier=f"BOX-{number}", packedItems=[line])
        for number, line in enumerate(lines)
    ]
    requests = [vendor.parties(none), {**vendor.parties(two), "containers": parcels}]
    assert vendor.ends(vendor.submit("shipping", LABELS, {"shippingLabelRequests": requests})) == ("Success", [])
    assert [len(vendor.record(number)["label"]["packages"]) for number in (none, two)] == [1, 2]


@pytest.mark.parametrize(
    "change, code",
    [
        ({"sellingParty": {"partyId": "X"}}, "INVALID_PARTY"),
        ({"purchaseOrderNumber": "NIX"}, "INVALID_ORDER"),
    ],
)
def test_wrong_requests_for_labels(vendor, change, code):
    assert vendor.ends(ask(vendor, vendor.accepted(), **change)) == ("Failure", [code])


def test_labels_in_pages(vendor):
    numbers = [vendor.accepted() for _order in range(5)]
    assert vendor.ends(ask(vendor, *numbers)) == ("Success", [])
    pages = vendor.pages("shipping", LABELS, LABELS, limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(label["purchaseOrderNumber"] for page in pages for label in page) == sorted(numbers)
    query = vendor.window(createdAfter="2026-11-01T00:00:00Z")
    assert "7 days" in vendor.call("shipping", LABELS, 400, **query)
    query = vendor.window()
    token = vendor.amazon.token(vendor.seller)
    assert "does not allow" in vendor.call("shipping", LABELS, 403, token=token, **query)


def test_labels_that_are_not_ready_are_empty(vendor):
    vendor.amazon.post("/settings", vendor_label_delay=600)
    number = vendor.accepted()
    assert vendor.ends(ask(vendor, number)) == ("Success", [])
    assert vendor.call("shipping", f"{LABELS}/{number}") == {}
    assert vendor.pages("shipping", LABELS, LABELS) == [[]]
    vendor.amazon.advance(seconds=600)
    assert vendor.call("shipping", f"{LABELS}/{number}")["labelFormat"] == "PNG"


@pytest.mark.parametrize("setting", ["empty", "shown"])
def test_labels_of_a_sku_on_two_lines_stay_empty(vendor, setting):
    vendor.amazon.post("/settings", vendor_same_sku=setting)
    number, _tracking = labelled(vendor, "vendor_same_sku")
    assert bool(vendor.call("shipping", f"{LABELS}/{number}")) == (setting == "shown")
    assert bool(vendor.pages("shipping", LABELS, LABELS)[0]) == (setting == "shown")


def test_labels_expire(vendor):
    number, _tracking = labelled(vendor)
    vendor.amazon.advance(hours=90 * 24 + 1)
    vendor.tokens.clear()
    assert "expired" in vendor.call("shipping", f"{LABELS}/{number}", 400)
    window = {"createdAfter": "2026-11-22T00:00:00Z", "createdBefore": "2026-11-24T00:00:00Z"}
    assert vendor.call("shipping", LABELS, **window) == {LABELS: []}


def test_zpl(amazon):
    vendor = Vendor(amazon, V2021, label_format="ZPL")
    amazon.post("/settings", vendor_label_bytes=2000)
    number, tracking = labelled(vendor)
    label = vendor.call("shipping", f"{LABELS}/{number}")
    content = base64.b64decode(label["labelData"][0]["content"]).decode()
    assert label["labelFormat"] == "ZPL" and len(content) >= 2000
    assert content.startswith("^XA") and content.endswith("^XZ\n") and tracking in content


def test_labels_at_once(amazon):
    vendor = Vendor(amazon, V2021)
    number, early = vendor.accepted(), vendor.place()

    def create(number, expected=200):
        body = {**vendor.parties(number), "containers": [container(vendor, number)]}
        body.pop("purchaseOrderNumber")
        return vendor.call("shipping", f"{LABELS}/{number}", expected, "POST", body)

    assert "not acknowledged" in create(early, 400)
    assert create(number)["purchaseOrderNumber"] == number
    assert "already exists" in create(number, 409)
    assert vendor.call("shipping", f"{LABELS}/{number}")["labelData"]
    amazon.control("PATCH", f"/sellers/{vendor.merchant_id}", {"vendor": {"sync_labels": False}})
    assert "not enabled" in create(vendor.accepted(), 403)
    assert amazon.http.post(f"/vendor/directFulfillment/shipping/v1/{LABELS}/{number}", json={}).status_code == 404


# --- confirmations -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change, code",
    [
        ({"containers": None}, "EMPTY_PACKAGES"),
        ({"containers": []}, "EMPTY_PACKAGES"),
        ({"parcel": {"packedItems": []}}, "EMPTY_PACKAGES"),
        ({"tracking": "OTHER"}, "NotAvailable"),
        ({"tracking": None}, "NotAvailable"),
        ({"parcel": {"shipMethod": None}}, "MISSING_SHIP_METHOD"),
        ({"items": []}, "MISSING_ITEMS"),
        ({"sellingParty": {"partyId": "X"}}, "INVALID_PARTY"),
        (
            {"shipmentDetails": {"shippedDate": "2026-11-24T00:00:00Z", "shipmentStatus": "SHIPPED"}},
            "INVALID_SHIPPED_DATE",
        ),
    ],
)
def test_wrong_confirmations(vendor, change, code):
    number, tracking = labelled(vendor)
    entry = confirmation(vendor, number, **{"tracking": tracking, **change})
    entry = {name: value for name, value in entry.items() if value is not None}
    assert vendor.ends(confirm(vendor, entry)) == ("Failure", [code])
    assert vendor.record(number)["status"] == "ACCEPTED"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"itemSequenceNumber": 7}, "INVALID_ITEM_SEQUENCE_NUMBER"),
        ({"buyerProductIdentifier": "B0"}, "INVALID_PRODUCT_IDENTIFIER"),
        ({"buyerProductIdentifier": None, "vendorProductIdentifier": None}, "INVALID_PRODUCT_IDENTIFIER"),
        ({"quantity": 1}, "MISSING_ITEMS"),
        ({"quantity": 3}, "INVALID_QUANTITY"),
    ],
)
@pytest.mark.parametrize("where", ["items", "packed"])
def test_wrong_lines(vendor, change, code, where):
    number, tracking = labelled(vendor, "vendor_two_lines")
    entry = confirmation(vendor, number, tracking)
    lines = entry["items"] if where == "items" else entry["containers"][0]["packedItems"]
    change = dict(change)
    if "quantity" in change:
        lines[0]["shippedQuantity" if where == "items" else "packedQuantity"]["amount"] = change.pop("quantity")
    lines[0].update(change)
    lines[0] = {name: value for name, value in lines[0].items() if value is not None}
    assert vendor.ends(confirm(vendor, entry)) == ("Failure", [code])


@pytest.mark.parametrize(
    "change, text",
    [
        (
            {"items": [{"itemSequenceNumber": "1", "shippedQuantity": {"amount": 1, "unitOfMeasure": "Each"}}]},
            "items[0]",
        ),
        ({"shipmentDetails": {"shippedDate": "2026-11-23T00:00:00Z", "shipmentStatus": "LEFT"}}, "shipmentStatus"),
        ({"parcel": {"containerType": "CARTON"}}, "containerType"),
        ({"parcel": {"weight": None}}, "weight"),
        ({"parcel": {"weight": {"unitOfMeasure": "KG", "value": 1.5}}}, "weight.value"),
        ({"parcel": {"containerIdentifier": None}}, "containerIdentifier"),
    ],
)
def test_bodies_that_break_the_model(vendor, change, text):
    entry = confirmation(vendor, vendor.place(), **change)
    message = vendor.submit("shipping", CONFIRMATIONS, {"shipmentConfirmations": [entry]}, 400)
    assert text in message


def test_each_version_has_its_cartons(vendor):
    other = "Carton" if vendor.version == V1 else "carton"
    entry = confirmation(vendor, vendor.place(), parcel={"containerType": other})
    assert "containerType" in vendor.submit("shipping", CONFIRMATIONS, {"shipmentConfirmations": [entry]}, 400)


def test_carriers_of_its_own_need_their_code(carrier):
    number = carrier.accepted()
    without = confirmation(carrier, number, parcel={"scacCode": None})
    assert carrier.ends(confirm(carrier, without)) == ("Failure", ["MISSING_SCAC_CODE"])
    assert carrier.ends(confirm(carrier, confirmation(carrier, number))) == ("Success", [])


def test_a_denial_cancels(vendor):
    number = vendor.accepted()
    entry = confirmation(vendor, number, status="FLOOR_DENIAL", containers=[])
    assert vendor.ends(confirm(vendor, entry)) == ("Success", [])
    assert vendor.record(number)["status"] == "CANCELLED"


def test_confirmed_in_vendor_central(vendor):
    number, tracking = labelled(vendor)
    vendor.amazon.post(f"/vendor/orders/{number}/confirm")
    assert vendor.record(number)["confirmation"]["tracking"] == [tracking]
    assert vendor.call("orders", f"purchaseOrders/{number}")["orderDetails"]["orderStatus"] == "SHIPPED"


# --- the status of deliveries --------------------------------------------------------------------------------------
def test_every_event(carrier):
    number = carrier.accepted()
    assert carrier.ends(confirm(carrier, confirmation(carrier, number))) == ("Success", [])
    assert carrier.ends(tell(carrier, *(status_update(carrier, number, codes) for codes in EVENTS))) == ("Success", [])
    assert [status["event"] for status in carrier.record(number)["statuses"]] == list(EVENTS.values())


def test_wrong_statuses(carrier):
    number, early = carrier.accepted(), carrier.accepted()
    assert carrier.ends(confirm(carrier, confirmation(carrier, number))) == ("Success", [])
    wrong = [
        status_update(carrier, early),
        status_update(carrier, number, tracking="T-2"),
        status_update(carrier, number, ("D1", "AF")),
        status_update(carrier, number, statusDateTime="2026-11-24T00:00:00Z"),
    ]
    assert carrier.ends(tell(carrier, *wrong)) == (
        "Failure",
        ["SHIPMENT_NOT_CONFIRMED", "INVALID_TRACKING_NUMBER", "INVALID_STATUS_CODE", "INVALID_STATUS_DATE"],
    )
    body = {"shipmentStatusUpdates": [status_update(carrier, number, statusLocationAddress={"city": "渋谷区"})]}
    assert "statusLocationAddress.name" in carrier.submit("shipping", STATUSES, body, 400)


def test_amazons_carriers_tell_their_status_themselves(vendor):
    assert vendor.ends(tell(vendor, status_update(vendor, vendor.accepted()))) == ("Failure", ["NOT_ELIGIBLE"])


# --- what is printed -----------------------------------------------------------------------------------------------
def test_packing_slips_where_they_are_required(vendor):
    required, other = vendor.accepted("vendor_gift"), vendor.accepted()
    slip = vendor.call("shipping", f"packingSlips/{required}")
    assert slip["contentType"] == "application/pdf"
    assert base64.b64decode(slip["content"]).startswith(b"%PDF-")
    assert vendor.call("shipping", f"packingSlips/{other}") == {}
    pages = vendor.pages("shipping", "packingSlips", "packingSlips")
    assert [[one["purchaseOrderNumber"] for one in page] for page in pages] == [[required]]
    query = vendor.window(createdAfter="2026-01-01T00:00:00Z", createdBefore="2026-01-02T00:00:00Z")
    assert "six months" in vendor.call("shipping", "packingSlips", 400, **query)


@pytest.mark.parametrize("version", VERSIONS)
def test_invoices_where_amazon_writes_them(amazon, version):
    india, japan = Vendor(amazon, version, invoices=True), Vendor(amazon, version)
    number = india.accepted()
    assert base64.b64decode(india.call("shipping", f"customerInvoices/{number}")["content"]).startswith(b"%PDF-")
    assert len(india.pages("shipping", "customerInvoices", "customerInvoices", limit=10)[0]) == 1
    assert "limit" in india.call("shipping", "customerInvoices", 400, **india.window(limit=11))
    number = japan.accepted()
    assert "no customer invoice" in japan.call("shipping", f"customerInvoices/{number}", 404)
    assert japan.pages("shipping", "customerInvoices", "customerInvoices") == [[]]


# --- stock ---------------------------------------------------------------------------------------------------------
def stock(vendor, *items, warehouse="SIMT", full=False, **values):
    body = {"sellingParty": {"partyId": "SIMJP"}, "isFullUpdate": full, "items": list(items), **values}
    path = f"warehouses/{warehouse}/items"
    return vendor.submit("inventory", path, {"inventory": body})


def test_stock_and_what_a_full_update_does(amazon):
    vendor = Vendor(amazon, V1)

    def item(sku, quantity):
        return {"vendorProductIdentifier": sku, "availableQuantity": {"amount": quantity, "unitOfMeasure": "Each"}}

    def known():
        shown = amazon.get("/vendor/stock")[f"{vendor.merchant_id}|SIMT"]
        return {sku: facts["quantity"] for sku, facts in shown.items()}

    assert vendor.ends(stock(vendor, item("A", 5), item("B", 7))) == ("Success", [])
    assert vendor.ends(stock(vendor, item("A", 4))) == ("Success", [])
    assert known() == {"A": 4, "B": 7}
    assert vendor.ends(stock(vendor, item("A", 3), full=True)) == ("Success", [])
    assert known() == {"A": 3, "B": 0}
    assert vendor.ends(stock(vendor, item("A", 1), warehouse="X")) == ("Failure", ["INVALID_WAREHOUSE"])
    assert vendor.ends(stock(vendor, item("A", -1))) == ("Failure", ["INVALID_QUANTITY"])
    wrong = stock(vendor, item("A", 1), sellingParty={"partyId": "X"})
    assert vendor.ends(wrong) == ("Failure", ["INVALID_PARTY"])


@pytest.mark.parametrize("named", [True, False])
def test_stock_of_what_is_not_taken(amazon, named):
    """One product that is not taken keeps all of a call from being done."""
    vendor = Vendor(amazon, V1, refused_products=["B"], names_refused=named)
    items = [
        {"vendorProductIdentifier": sku, "availableQuantity": {"amount": 5, "unitOfMeasure": "Each"}} for sku in "AB"
    ]
    transaction = stock(vendor, *items)
    assert vendor.ends(transaction) == ("Failure", ["INVALID_PRODUCT_IDENTIFIER"])
    [one] = [one for one in amazon.get("/vendor/transactions") if one["merchant_id"] == vendor.merchant_id]
    assert ("Product B" in one["errors"][0]["message"]) == named
    assert f"{vendor.merchant_id}|SIMT" not in amazon.get("/vendor/stock")


# --- trouble -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("applied", [False, True])
def test_transactions_that_fail(vendor, applied):
    vendor.amazon.post("/faults", operation="submitAcknowledgement", kind="transaction_ends", applied=applied)
    number = vendor.place()
    entry = vendor.acknowledgement(number)
    assert vendor.ends(vendor.acknowledge(entry)) == ("Failure", ["INTERNAL_SERVER_ERROR"])
    assert vendor.record(number)["status"] == ("ACCEPTED" if applied else "NEW")
    again = vendor.ends(vendor.acknowledge(entry))
    assert again == (("Failure", ["ALREADY_ACKNOWLEDGED"]) if applied else ("Success", []))


def test_transactions_that_never_end(vendor):
    fault = {"kind": "transaction_ends", "status": "Processing"}
    vendor.amazon.post("/faults", operation="submitShipmentConfirmations", **fault)
    number, tracking = labelled(vendor)
    transaction = confirm(vendor, confirmation(vendor, number, tracking))
    vendor.amazon.advance(minutes=50)
    assert vendor.status(transaction) == ("Processing", [])
    vendor.amazon.control("POST", "/faults", {"kind": "transaction_ends", "status": "Success"}, status=400)


def test_labels_that_are_there_and_answered_with_nothing(vendor):
    number, _tracking = labelled(vendor)
    vendor.amazon.post("/faults", operation="getShippingLabel", kind="empty_paper")
    assert vendor.call("shipping", f"{LABELS}/{number}") == {}
    assert vendor.call("shipping", f"{LABELS}/{number}") != {}


def test_tokens_that_are_not_taken(vendor):
    for _order in range(2):
        vendor.place()
    query = vendor.window(limit=1)
    token = vendor.call("orders", "purchaseOrders", **query)["pagination"]["nextToken"]
    vendor.amazon.post("/faults", operation="getOrders", kind="token_refused")
    assert "nextToken" in vendor.call("orders", "purchaseOrders", 400, nextToken=token, **query)


@pytest.mark.parametrize(
    "kind, pages",
    [
        ("same_page", [[0, 1], [0, 1], [2, 3]]),
        ("empty_page_with_token", [[], [0, 1], [2, 3]]),
        ("duplicate_order", [[0, 1], [1, 2], [3]]),
    ],
)
def test_pages_in_disorder(vendor, kind, pages):
    answer = vendor.amazon.post("/vendor/orders", merchant_id=vendor.merchant_id, count=4, spread_seconds=60)
    numbers = answer["numbers"]
    vendor.amazon.post("/faults", operation="getOrders", kind=kind)
    shown = vendor.pages("orders", "purchaseOrders", "orders", limit=2)
    assert [[numbers.index(order["purchaseOrderNumber"]) for order in page] for page in shown] == pages


@pytest.mark.parametrize("variant", ["no_items", "quantity_letter", "amount_abc"])
def test_orders_that_make_no_sense(vendor, variant):
    first, second = vendor.place(), vendor.place()
    facts = {"kind": "malformed_order", "variant": variant, "order_id": second, "times": 2}
    vendor.amazon.post("/faults", **facts)
    vendor.folder = None  # such an answer keeps to no model
    broken = vendor.call("orders", f"purchaseOrders/{second}")["orderDetails"]
    [shown] = vendor.pages("orders", "purchaseOrders", "orders")
    whole = vendor.call("orders", f"purchaseOrders/{second}")["orderDetails"]
    assert broken in [order["orderDetails"] for order in shown] and broken != whole
    assert vendor.record(second)["order"]["orderDetails"] == whole
    assert vendor.call("orders", f"purchaseOrders/{first}")["orderDetails"]["items"]


def test_everything_survives_a_restart(vendor):
    from simulator.world import World

    number, tracking = labelled(vendor)
    waiting = ask(vendor, number)
    world = World(1, "off")
    world.vendor.load(
        {"orders": {number: vendor.record(number)}, "transactions": {}, "open": [waiting], "stock": {"a|b": {}}}
    )
    assert world.vendor.dump()["orders"][number]["label"]["packages"][0]["trackingNumber"] == tracking
    assert world.vendor.dump()["open"] == [waiting]
