"""Every kind of order, held against Amazon's schema and read by Amazon's own SDK."""

import json
from decimal import Decimal

import pytest

from simulator import actions, operations, schema
from simulator.kinds import KINDS
from simulator.tests.client import EVERYWHERE, INCLUDED, SEARCH, Amazon, served

pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def anywhere():
    """(Amazon, seller, {kind: order id}): one order of every kind, searchable."""
    with served() as url:
        yield one_of_every_kind(Amazon(url))


def one_of_every_kind(amazon):
    amazon.freeze()
    seller = amazon.post("/sellers", marketplaces=EVERYWHERE)
    orders = {kind: amazon.place(seller, kind) for kind in KINDS}
    amazon.advance(minutes=5)
    return amazon, seller, orders


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("included", [INCLUDED, None])
def test_get_order_keeps_to_the_schema(anywhere, models, kind, included):
    amazon, seller, orders = anywhere
    query = {"includedData": included} if included else {}
    answer = amazon.call(seller, f"{SEARCH}/{orders[kind]}", **query)
    assert schema.check_answer(models, operations.BY_NAME["getOrder"], 200, answer.json()) == []


@pytest.mark.parametrize("included", [INCLUDED, None])
@pytest.mark.parametrize("family", ["lastUpdated", "created"])
def test_search_keeps_to_the_schema(anywhere, models, included, family):
    amazon, seller, orders = anywhere
    query = {f"{family}After": "2026-11-01T00:00:00Z", "maxResultsPerPage": 40}
    pages = amazon.pages(seller, **query, **({"includedData": included} if included else {}))
    for page in pages:
        assert schema.check_answer(models, operations.BY_NAME["searchOrders"], 200, page) == []
    assert {order["orderId"] for page in pages for order in page["orders"]} == set(orders.values())


def test_other_answers_keep_to_the_schema(anywhere, models):
    amazon, seller, _orders = anywhere
    paths = {
        "getMarketplaceParticipations": "/sellers/v1/marketplaceParticipations",
        "getOrder": f"{SEARCH}/none",
        "searchOrders": SEARCH,
    }
    for name, path in paths.items():
        for token in (None, "Atza|wrong"):
            answer = amazon.call(seller, path, token=token)
            found = schema.check_answer(models, operations.BY_NAME[name], answer.status_code, answer.json())
            assert found == [], answer.text


def test_requests_are_checked_too(models):
    search = operations.BY_NAME["searchOrders"]
    good = {"createdAfter": "2026-11-01T00:00:00Z", "includedData": INCLUDED, "maxResultsPerPage": "10"}
    assert schema.check_request(models, search, good, None) == []
    bad = {"createdAfter": "today", "includedData": "X", "maxResultsPerPage": "ten", "MarketplaceId": "1"}
    assert len(schema.check_request(models, search, bad, None)) == 4


def used_fields(value, path=()):
    """Every path of field names in JSON, list positions left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from used_fields(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from used_fields(inner, path)


def known_fields(definitions, name, path=()):
    """Every path of field names that a definition allows."""
    for key, value in definitions[name].get("properties", {}).items():
        yield (*path, key)
        target = value.get("items", value).get("$ref", "").removeprefix("#/definitions/")
        if target and definitions[target].get("properties"):
            yield from known_fields(definitions, target, (*path, key))


def test_every_optional_field_is_used_somewhere(anywhere, models):
    amazon, seller, orders = anywhere
    used = {path for order_id in orders.values() for path in used_fields(amazon.show(seller, order_id))}
    order_id = amazon.place(seller, "jp_transparency")
    item_id = amazon.order(order_id)["orderItems"][0]["orderItemId"]
    amazon.act(order_id, "ship", transparency_codes={item_id: ["AZ:1"]})
    whole_address = dict.fromkeys(("addressLine2", "addressLine3", "districtOrCounty", "municipality"), "x")
    amazon.control("PATCH", f"/orders/{order_id}", {"set": {"packages": {"0": {"shipFromAddress": whole_address}}}})
    used |= set(used_fields(amazon.show(seller, order_id)))
    with open(models / "orders_2026-01-01.json", encoding="utf-8") as file:
        definitions = json.load(file)["definitions"]
    unused = {".".join(path) for path in known_fields(definitions, "Order") if path not in used}
    # Amazon says the first never comes; a registered address may have every field an address has.
    left_out = ("fulfillment.labelPrintingWindow.latestDateTime", "tax.taxRegistrations.taxRegistrationAddress.")
    assert {field for field in unused if not field.startswith(left_out)} == set()


def value(money):
    return Decimal(money["amount"])


@pytest.mark.parametrize("kind", KINDS)
def test_amounts_add_up(anywhere, kind):
    amazon, _seller, orders = anywhere
    order = amazon.order(orders[kind])
    difference = value(order["proceeds"]["grandTotal"])
    for item in order["orderItems"]:
        proceeds = item["proceeds"]
        difference -= value(proceeds["proceedsTotal"])
        weights = actions.total_weights(proceeds)
        total = sum(weights.get(b["type"], 1) * value(b["subtotal"]) for b in proceeds["breakdowns"])
        assert (total == value(proceeds["proceedsTotal"])) == (kind != "jp_breakdown_mismatch")
        for breakdown in proceeds["breakdowns"]:
            details = breakdown.get("detailedBreakdowns")
            assert not details or breakdown["type"] in ("TAX", "DISCOUNT")
            assert not details or sum(value(d["value"]) for d in details) == value(breakdown["subtotal"])
    assert difference == {"jp_delivery_tip": 300, "jp_grand_total_differs": -100}.get(kind, 0)
    paid = order.get("payment", {}).get("paymentExecutions", [])
    assert not paid or sum(value(p["paymentAmount"]) for p in paid) == value(order["proceeds"]["grandTotal"])
    currency = order["proceeds"]["grandTotal"]["currencyCode"]
    assert (currency == "JPY") == ("." not in order["proceeds"]["grandTotal"]["amount"])


@pytest.mark.parametrize(
    "kind, expected",
    [
        ("jp_promotion_positive", 1),
        ("jp_promotion_negative", -1),
    ],
)
def test_sign_of_discounts(anywhere, kind, expected):
    amazon, _seller, orders = anywhere
    [discount] = [b for b in amazon.order(orders[kind])["proceeds"]["breakdowns"] if b["type"] == "DISCOUNT"]
    assert value(discount["subtotal"]) * expected > 0


STATUSES = {
    "jp_cvs_pending": "PENDING",
    "jp_preorder": "PENDING_AVAILABILITY",
    "jp_fba_shipped": "SHIPPED",
    "jp_partially_shipped": "PARTIALLY_SHIPPED",
    "jp_shipped": "SHIPPED",
    "jp_cancelled": "CANCELLED",
    "jp_unfulfillable": "UNFULFILLABLE",
    "jp_standard": "UNSHIPPED",
}


@pytest.mark.parametrize("kind", STATUSES)
def test_statuses(anywhere, kind):
    amazon, _seller, orders = anywhere
    assert amazon.order(orders[kind])["fulfillment"]["fulfillmentStatus"] == STATUSES[kind]


def test_what_makes_some_kinds_special(anywhere):
    amazon, seller, orders = anywhere
    show = lambda kind: amazon.show(seller, orders[kind])  # noqa: E731
    assert "stateOrRegion" not in show("jp_no_state")["recipient"]["deliveryAddress"]
    assert show("jp_pickup_point")["recipient"]["deliveryAddress"]["addressType"] == "PICKUP_POINT"
    cod = show("jp_cod")
    assert cod["payment"]["paymentExecutions"][0]["paymentMethod"] == "CashOnDelivery"
    assert cod["orderItems"][0]["fulfillment"]["shipping"]["shippingConstraints"] == {"cashOnDelivery": "MANDATORY"}
    assert "sellerSku" not in show("jp_no_sku")["orderItems"][0]["product"]
    assert show("jp_fba_non_amazon")["salesChannel"]["channelName"] == "NON_AMAZON"
    assert len(show("many_items")["orderItems"]) == 60 and len(show("jp_several_items")["orderItems"]) == 5
    skus = [item["product"]["sellerSku"] for item in show("jp_same_sku_twice")["orderItems"]]
    assert len(skus) == 2 and len(set(skus)) == 1
    indivisible = show("jp_indivisible")["orderItems"][0]
    assert (indivisible["quantityOrdered"], value(indivisible["proceeds"]["proceedsTotal"])) == (3, 1000)
    assert value(show("jp_fully_discounted")["proceeds"]["grandTotal"]) == 0
