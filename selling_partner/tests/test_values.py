"""Amazon's orders as values."""

import copy
import functools
import json
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import samples
import schema
from hypothesis import given, settings
from hypothesis import strategies as st

from selling_partner.amounts import split
from selling_partner.errors import BadRequest, MalformedAnswer
from selling_partner.orders import ReceivedOrder, SearchOrders, parse_orders_page
from selling_partner.reader import compact, loads
from selling_partner.values import (
    KNOWN_STATUSES,
    LENGTHS,
    AssociatedItem,
    AssociatedOrder,
    Breakdown,
    Detail,
    Money,
    Order,
    PackageItem,
    TaxCollection,
    Window,
    parse_order,
    parse_readable,
)

SINCE = datetime(2026, 11, 1, tzinfo=timezone.utc)


def yen(amount):
    return Money(Decimal(amount), "JPY")


@pytest.mark.parametrize("sample", samples.ALL)
def test_samples_are_what_the_schema_says(sample):
    definitions = schema.model()["definitions"]
    schema.validator("Order", definitions).validate(sample())


def test_parameters_are_what_the_schema_says():
    parameters = schema.model()["paths"]["/orders/2026-01-01/orders"]["get"]["parameters"]
    search = SearchOrders(
        last_updated_after=SINCE,
        last_updated_before=SINCE,
        created_after=SINCE,
        created_before=SINCE,
        marketplace_ids=("A",),
        statuses=("PENDING",),
        fulfilled_by=("MERCHANT",),
    )
    assert set(search.parameters("token")) == {parameter["name"] for parameter in parameters}
    included = next(parameter for parameter in parameters if parameter["name"] == "includedData")["items"]["enum"]
    assert {*search.included_data, "FULFILLMENT_ORDERS"} == set(included)
    assert set(KNOWN_STATUSES) == set(schema.model()["definitions"]["FulfillmentStatus"]["enum"])


def test_every_field_of_an_order():
    order = parse_order(json.dumps(samples.merchant_order()).encode())
    assert order.order_id == "250-1234567-8901234"
    assert order.aliases == ("SHOP-1",)
    assert order.created == SINCE
    assert order.last_updated == datetime(2026, 11, 2, 1, 2, 3, 456000, tzinfo=timezone.utc)
    assert order.programs == {"PRIME", "AMAZON_BUSINESS"}
    assert order.associated_orders == (AssociatedOrder("250-0000000-0000000", "REPLACEMENT_ORIGINAL_ID"),)
    assert (order.channel_name, order.marketplace_id) == ("AMAZON", "A1VC38T7YXB528")
    assert order.marketplace_name == "Amazon.co.jp"
    assert (order.buyer_name, order.buyer_email) == ("試験 太郎", "abc@marketplace.amazon.co.jp")
    assert (order.buyer_company, order.buyer_po) == ("試験株式会社", "PO-9")
    assert order.grand_total == yen(4290)
    assert order.breakdowns == (Breakdown("ITEM", yen(4000)), Breakdown("COD_FEE", yen(330)))
    assert order.payment_methods == ("CashOnDelivery",)
    assert (order.status, order.fulfilled_by, order.service_level) == ("PARTIALLY_SHIPPED", "MERCHANT", "STANDARD")
    assert order.ship_by.latest == datetime(2026, 11, 3, 14, 59, 59, tzinfo=timezone.utc)
    assert order.deliver_by.earliest is None
    assert order.tax_registrations[0].number == "T1234567890123"
    assert order.tax_registrations[0].address.line1 == "試験町9"
    assert (order.is_amazon_fulfilled, order.is_cash_on_delivery, order.payment_kind) == (False, True, "cod")
    assert (order.has_address, order.cancellation_requested, order.currency) == (True, True, "JPY")


def test_every_field_of_an_address():
    order = parse_order(samples.merchant_order())
    address = order.address
    assert (address.name, address.company) == ("試験 花子", "試験商店")
    assert (address.line1, address.line2, address.line3) == ("試験町1-2-3", "試験ビル4F", "")
    assert (address.city, address.state, address.district, address.municipality) == ("渋谷区", "東京都", "", "")
    assert (address.postal_code, address.country_code, address.phone) == ("150-0002", "JP", "03-0000-0000")
    assert address.address_type == "RESIDENTIAL"
    assert address.extended == {}
    preference = order.delivery_preference
    assert (preference.drop_off_location, preference.instructions) == ("玄関", "呼び鈴なし")
    assert preference.text.splitlines() == [
        "玄関",
        "呼び鈴なし",
        "MON 09:00-17:30",
        "2026-12-31 CLOSED",
        "HAS_ACCESS_POINT",
    ]


def test_every_field_of_an_item():
    (item,) = parse_order(samples.merchant_order()).items
    assert (item.item_id, item.sku, item.asin, item.title) == ("11111111111111", "SKU-1", "B000000001", "試験の品")
    assert (item.quantity_ordered, item.quantity_fulfilled, item.quantity_unfulfilled) == (3, 1, 1)
    assert item.wanted_quantity == 2
    assert (item.condition, item.condition_subtype) == ("USED", "VERY_GOOD")
    assert (item.unit_price, item.price_designation) == (yen(2000), "BUSINESS_PRICE")
    assert (item.programs, item.proceeds_total) == ({"TRANSPARENCY"}, yen(4290))
    assert item.breakdowns[2] == Breakdown("DISCOUNT", yen(-40), (Detail("ITEM", yen(-40)),))
    assert (item.points_granted, item.points_value) == (40, yen(40))
    assert item.promotion_ids == ("PROMO-1",)
    assert (item.cancellation_requested, item.cancel_reason, item.cancelled_by) == (True, "changed mind", "MERCHANT")
    assert (item.gift_message, item.gift_wrap_level, item.has_gift) == ("おめでとう", "Classic", True)
    assert item.constraints == {"cashOnDelivery", "signatureConfirmation"}
    assert item.scheduled_delivery == Window(datetime(2026, 11, 5, tzinfo=timezone.utc), None)
    assert (item.serial_required, item.customized_url) == (True, "https://example.com/custom")
    assert item.ioss_number == "IM1"
    assert item.tax_collections == (TaxCollection("MARKETPLACE_FACILITATOR", "Amazon"),)
    assert item.associated == (AssociatedItem("250-1", "2", "VALUE_ADD_SERVICE"),)


def test_every_field_of_a_package():
    (package,) = parse_order(samples.merchant_order()).packages
    assert (package.reference, package.status, package.detailed_status) == ("1", "SHIPPED", "PICKED_UP")
    assert (package.carrier, package.shipping_service, package.tracking_number) == ("YAMATO", "宅急便", "123456789012")
    assert package.created == package.ship_time == datetime(2026, 11, 2, 1, tzinfo=timezone.utc)
    assert package.items == (PackageItem("11111111111111", 1, ("AZ:1",)),)


def test_an_order_with_hardly_anything():
    order = parse_order(samples.pending_order())
    assert (order.status, order.address, order.grand_total, order.currency) == ("PENDING", None, None, "")
    assert (order.has_address, order.payment_kind, order.cancellation_requested) == (False, "", False)
    (item,) = order.items
    assert (item.wanted_quantity, item.sku, item.proceeds_total, item.has_gift) == (1, "", None, None)


def test_amazon_fulfilled():
    order = parse_order(samples.amazon_order())
    assert order.is_amazon_fulfilled
    assert order.address.city == "Seattle"
    assert not order.has_address


def test_null_is_missing():
    empty = samples.pending_order()
    for field in ("buyer", "recipient", "proceeds", "payment", "tax", "packages", "programs", "fulfillment"):
        empty[field] = None
    empty["orderItems"][0].update(proceeds=None, fulfillment={"packing": {"giftOption": None}}, product=None)
    order = parse_order(empty)
    assert (order.status, order.fulfilled_by, order.packages) == ("", "", ())


def test_what_is_not_known_stays_as_it_came():
    order = samples.merchant_order()
    order["fulfillment"]["fulfillmentStatus"] = "TELEPORTED"
    order["payment"]["paymentExecutions"][0]["paymentMethod"] = "Moonstones"
    order["orderItems"][0]["proceeds"]["breakdowns"][0]["type"] = "STARDUST"
    order["orderItems"][0]["fulfillment"]["shipping"] = {"shippingConstraints": {"byOwl": "MANDATORY"}}
    parsed = parse_order(order)
    assert (parsed.status, parsed.payment_kind) == ("TELEPORTED", "other")
    assert parsed.items[0].breakdowns[0].type == "STARDUST"
    assert parsed.items[0].constraints == {"byOwl"}


@pytest.mark.parametrize(
    "methods, kind",
    [
        ([], ""),
        (["COD"], "cod"),
        (["Cash On Delivery"], "cod"),
        (["CreditCard", "CashOnDelivery"], "cod"),
        (["ConvenienceStore"], "convenience_store"),
        (["CVS"], "convenience_store"),
        (["GC", "CONVENIENCE_STORE"], "convenience_store"),
        (["CreditCard"], "other"),
        (["PointsAccount", "PointsAccount"], "other"),
    ],
)
def test_payment_kinds(methods, kind):
    order = samples.pending_order()
    order["payment"] = {"paymentExecutions": [{"paymentMethod": method} for method in methods]}
    assert parse_order(order).payment_kind == kind


def test_cash_on_delivery_by_constraint_only():
    order = samples.pending_order()
    order["orderItems"][0]["fulfillment"] = {"shipping": {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}}
    assert parse_order(order).is_cash_on_delivery


@pytest.mark.parametrize(
    "path, value, named",
    [
        (("orderId",), None, "orderId is missing"),
        (("orderId",), "", "orderId is missing"),
        (("orderId",), "\0", "orderId has characters that cannot be written"),
        (("orderId",), {"SECRET": 1}, "orderId is not text"),
        (("createdTime",), "SECRET", "createdTime is not a time"),
        (("createdTime",), 5, "createdTime is not a time"),
        (("lastUpdatedTime",), "0001-01-01T00:00:00+23:59", "lastUpdatedTime is not a time"),
        (("orderItems",), None, "orderItems is missing"),
        (("orderItems",), {"a": "SECRET"}, "orderItems is not a list"),
        (("orderItems", 0), "SECRET", "orderItems[0] is not an object"),
        (("orderItems", 0, "quantityOrdered"), "SECRET", "orderItems[0].quantityOrdered is not a whole number"),
        (("orderItems", 0, "quantityOrdered"), True, "orderItems[0].quantityOrdered is not a whole number"),
        (("orderItems", 0, "quantityOrdered"), -1, "orderItems[0].quantityOrdered is not a whole number"),
        (("orderItems", 0, "quantityOrdered"), 1.5, "orderItems[0].quantityOrdered is not a whole number"),
        (("buyer", "buyerName"), ["SECRET"], "buyer.buyerName is not text"),
        (("recipient", "deliveryAddress"), "SECRET", "recipient.deliveryAddress is not an object"),
        (("proceeds", "grandTotal", "amount"), "SECRET", "proceeds.grandTotal.amount is not an amount"),
        (("proceeds", "grandTotal", "amount"), "1,000", "proceeds.grandTotal.amount is not an amount"),
        (("proceeds", "grandTotal", "amount"), "NaN", "proceeds.grandTotal.amount is not an amount"),
        (("proceeds", "grandTotal", "amount"), "1e999", "proceeds.grandTotal.amount is not an amount"),
        (("proceeds", "grandTotal", "amount"), "１２", "proceeds.grandTotal.amount is not an amount"),
        (("proceeds", "grandTotal", "amount"), None, "proceeds.grandTotal.amount is missing"),
        (("proceeds", "grandTotal", "currencyCode"), None, "proceeds.grandTotal.currencyCode is missing"),
        (("proceeds", "breakdowns", 0, "subtotal"), None, "proceeds.breakdowns[0].subtotal is missing"),
        (("packages", 0, "packageReferenceId"), None, "packages[0].packageReferenceId is missing"),
    ],
)
def test_a_refusal_names_the_field_never_the_value(path, value, named):
    order = samples.merchant_order()
    parent = order
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(MalformedAnswer) as caught:
        parse_order(json.dumps(order))
    assert str(caught.value) == named
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text, amount",
    [("19940", "19940"), ("-0.50", "-0.50"), (" 12 ", "12"), ("1.5E3", "1500"), (12.25, "12.25"), (7, "7")],
)
def test_amounts_are_exact(text, amount):
    order = samples.merchant_order()
    order["proceeds"]["grandTotal"]["amount"] = text
    assert str(parse_order(json.dumps(order)).grand_total.amount) == amount


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's zone cannot be set")
def test_times_do_not_depend_on_the_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        for text in ("2026-11-01T00:00:00", "2026-11-01T00:00:00z", "2026-11-01T09:00:00+09:00"):
            assert parse_order({**samples.pending_order(), "createdTime": text}).created == SINCE
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("payload", [b"", b"null", "[]", "{", b"\xff", "NaN", b'"x"', "[" * 100000, "9" * 5000])
def test_not_an_order(payload):
    with pytest.raises(MalformedAnswer):
        parse_order(payload)


def test_text_that_a_database_refuses_is_cleaned():
    order = samples.pending_order()
    order["orderItems"][0]["product"] = {"title": "a\0b\ud800c😀"}
    received = ReceivedOrder.of(loads(json.dumps(order), literal=True))
    for payload in (json.dumps(order), received.payload):
        assert parse_order(payload).items[0].title == "ab?c😀"


def test_an_order_nested_too_deeply_stops_no_other():
    deep = '{"orderId": "1", "orderItems": ' + '{"a":' * 600 + "1" + "}" * 600 + "}"
    good = json.dumps(samples.pending_order())
    first, second = parse_orders_page('{"orders": [%s, %s]}' % (deep, good)).orders  # noqa: UP031
    assert first.order_id == "1"
    with pytest.raises(MalformedAnswer):
        parse_order(first.payload)
    assert parse_order(second.payload).order_id == second.order_id


@pytest.mark.parametrize("text", ["x" * 3000, "a\0b", "a\nb", "\ud800", "\x85"])
def test_what_names_something_is_refused_and_what_people_read_is_cut(text):
    order = samples.merchant_order()
    order["recipient"]["deliveryAddress"]["name"] = text
    assert len(parse_order(order).address.name) <= LENGTHS["name"]
    order["orderItems"][0]["product"]["sellerSku"] = text
    with pytest.raises(MalformedAnswer) as caught:
        parse_order(order)
    reason = "too_long" if len(text) > 100 else "unprintable"
    assert (caught.value.reason, caught.value.path) == (reason, "orderItems[0].product.sellerSku")
    received = ReceivedOrder.of(loads(json.dumps({**order, "orderId": text}), literal=True))
    assert received.order_id == ""


def test_personal_data_is_not_shown():
    order = samples.merchant_order()
    parsed = parse_order(order)
    shown = repr(parsed) + repr(parsed.address) + repr(parsed.tax_registrations) + repr(parsed.delivery_preference)
    shown += repr(ReceivedOrder.of(loads(json.dumps(order), literal=True)))
    for secret in (
        "試験 ",
        "試験町",
        "渋谷",
        "150-0002",
        "03-0000",
        "abc@",
        "PO-9",
        "おめでとう",
        "T123",
        "玄関",
        "custom",
    ):
        assert secret not in shown


def test_orders_are_frozen_and_comparable():
    first, second = parse_order(samples.merchant_order()), parse_order(samples.merchant_order())
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(AttributeError):
        first.status = "SHIPPED"


# Fuzzing: whatever comes, it is an order or a clear refusal.

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _understood_or_refused(payload):
    try:
        order = parse_order(payload)
    except MalformedAnswer:
        return
    assert isinstance(order, Order)
    assert order.payment_kind in ("cod", "convenience_store", "other", "")
    repr(order), hash(order), order.has_address, order.currency, order.cancellation_requested


@given(_JSON)
def test_any_json(value):
    _understood_or_refused(json.dumps(value))
    if not isinstance(value, str):
        _understood_or_refused(value) if isinstance(value, dict) else None


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_any_bytes(payload):
    _understood_or_refused(payload)


def _places(value, path=()):
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _places(inner, (*path, key))


_PLACES = list(_places(samples.merchant_order()))


@settings(max_examples=400)
@given(st.sampled_from(_PLACES), _JSON)
def test_any_damage_to_an_order(path, value):
    order = copy.deepcopy(samples.merchant_order())
    parent = order
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    _understood_or_refused(json.dumps(order))


@functools.cache
def _instances():
    return schema.Instances(schema.model()["definitions"])


def _order_fields():
    """The order's fields and their definitions; one at a time, or hypothesis makes hardly any of each."""
    return {
        "buyer": "Buyer",
        "recipient": "Recipient",
        "proceeds": "OrderProceeds",
        "payment": "OrderPayment",
        "tax": "OrderTax",
        "fulfillment": "OrderFulfillment",
        "orderItems": "OrderItem",
        "packages": "OrderPackage",
    }


@pytest.mark.parametrize("field", ["", *_order_fields()])
@settings(max_examples=80)
@given(data=st.data())
def test_whatever_the_schema_allows_is_understood(field, data):
    order = samples.pending_order()
    if not field:
        order = data.draw(_instances().named("Order"))
    else:
        value = data.draw(_instances().named(_order_fields()[field]))
        order[field] = [value] if field in ("orderItems", "packages") else value
    parsed = parse_order(json.dumps(order))
    assert len(parsed.items) == len(order["orderItems"])
    try:
        amounts = split(parsed)
    except MalformedAnswer:
        assert len({money.currency for money in parsed.monies()}) > 1
        return
    lines = sum(item.total for item in amounts.items) + sum(amount for _type, amount in amounts.order_lines)
    assert lines + amounts.difference == amounts.total


@given(_JSON)
def test_received_orders_keep_everything(value):
    text = json.dumps(value)
    received = ReceivedOrder.of(loads(text, literal=True))
    assert json.loads(received.payload) == value
    assert len(received.digest) == 64
    assert compact(loads(text, literal=True)) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Searches.


@pytest.mark.parametrize(
    "search",
    [
        SearchOrders(marketplace_ids=("A",)),
        SearchOrders(marketplace_ids=("A",), last_updated_after=SINCE, created_after=SINCE),
        SearchOrders(marketplace_ids=("A",), last_updated_after=SINCE, created_before=SINCE),
        SearchOrders(marketplace_ids=("A",), created_after=SINCE, last_updated_before=SINCE),
        SearchOrders(
            marketplace_ids=("A",), last_updated_after=SINCE, last_updated_before=SINCE - timedelta(seconds=1)
        ),
        SearchOrders(marketplace_ids=("A",), created_after=SINCE, created_before=SINCE - timedelta(seconds=1)),
        SearchOrders(marketplace_ids=("A",), last_updated_after=SINCE.replace(tzinfo=None)),
        SearchOrders(marketplace_ids=("A",), last_updated_after=SINCE, page_size=0),
        SearchOrders(marketplace_ids=("A",), last_updated_after=SINCE, page_size=101),
        SearchOrders(marketplace_ids=("A",) * 51, last_updated_after=SINCE),
        SearchOrders(last_updated_after=SINCE),
    ],
)
def test_searches_that_amazon_would_refuse(search):
    with pytest.raises(BadRequest) as caught:
        search.validate()
    assert not caught.value.sent


def test_good_searches():
    SearchOrders(marketplace_ids=["A"], last_updated_after=SINCE, last_updated_before=SINCE).validate()
    SearchOrders(marketplace_ids=["A"], created_after=SINCE, created_before=SINCE + timedelta(days=7)).validate()


@given(
    st.datetimes(timezones=st.just(timezone.utc)),
    st.none() | st.datetimes(timezones=st.just(timezone(timedelta(hours=9))), min_value=datetime(1970, 1, 1)),
    st.lists(st.text(max_size=5), max_size=3),
)
def test_a_search_kept_is_the_same_search(after, before, marketplaces):
    search = SearchOrders(last_updated_after=after, last_updated_before=before, marketplace_ids=marketplaces)
    again = SearchOrders.from_json(search.to_json())
    assert again == search
    assert again.to_json() == search.to_json()
    assert again.parameters() == search.parameters()


def test_the_form_a_search_is_kept_in_does_not_change():
    search = SearchOrders(last_updated_after=SINCE, marketplace_ids=("A",), included_data=("BUYER",))
    kept = (
        '{"created_after":null,"created_before":null,"fulfilled_by":[],"included_data":["BUYER"],'
        '"last_updated_after":"2026-11-01T00:00:00.000Z","last_updated_before":null,"marketplace_ids":["A"],'
        '"page_size":100,"statuses":[]}'
    )
    assert search.to_json() == kept
    assert SearchOrders.from_json('{"last_updated_after":"2026-11-01T00:00:00Z","new":1}').last_updated_after == SINCE


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"last_updated_after": "x"}', '{"last_updated_after": 5}'])
def test_a_search_kept_badly(text):
    with pytest.raises(BadRequest):
        SearchOrders.from_json(text)


@pytest.mark.parametrize(
    ("part", "path", "value"),
    [
        ("amounts", "proceeds.grandTotal.amount", "much"),
        ("amounts", "orderItems.0.proceeds.proceedsTotal", "much"),
        ("amounts", "orderItems.0.product.price.unitPrice.amount", []),
        ("amounts", "orderItems.0.proceeds", 1),
        ("address", "recipient.deliveryAddress.addressLine1", ["1-2-3"]),
        ("address", "recipient", "Tokyo"),
        ("address", "buyer.buyerName", {}),
        ("dates", "fulfillment.shipByWindow.latestDateTime", "soon"),
        ("parcels", "packages", [{"packageReferenceId": None}]),
    ],
)
def test_what_can_be_read(part, path, value):
    """One unreadable part is left out and named; everything else is read as ever."""
    payload = samples.merchant_order()
    whole = parse_order(payload)
    _set(payload, path, value)
    with pytest.raises(MalformedAnswer):
        parse_order(payload)
    order = parse_readable(json.dumps(payload))
    assert order.unreadable == {part}
    assert [refusal.path for refusal in order.refusals]
    assert order.status == whole.status
    assert [item.quantity_ordered for item in order.items] == [item.quantity_ordered for item in whole.items]
    assert (order.address == whole.address) == (part != "address")
    assert (order.grand_total == whole.grand_total) == (part != "amounts")


def test_what_can_be_read_of_several():
    """Several unreadable parts are each left out."""
    payload = samples.merchant_order()
    _set(payload, "proceeds.grandTotal.amount", "much")
    _set(payload, "recipient", 3)
    order = parse_readable(json.dumps(payload))
    assert order.unreadable == {"amounts", "address"}
    assert {refusal.path for refusal in order.refusals} == {"proceeds.grandTotal.amount", "recipient"}


def test_what_can_be_read_of_everything():
    """A readable order misses nothing."""
    assert not parse_readable(json.dumps(samples.merchant_order())).unreadable


@pytest.mark.parametrize("path", ["orderId", "lastUpdatedTime", "orderItems.0.quantityOrdered", "orderItems"])
def test_nothing_without(path):
    """What an order is nothing without is refused, in the same words as ever."""
    payload = samples.merchant_order()
    _set(payload, path, "x" * 3 if path != "orderId" else None)
    with pytest.raises(MalformedAnswer) as strict:
        parse_order(payload)
    with pytest.raises(MalformedAnswer) as readable:
        parse_readable(json.dumps(payload))
    assert str(readable.value) == str(strict.value)


def _set(entry, path, value):
    *names, last = path.split(".")
    for name in names:
        entry = entry[int(name)] if isinstance(entry, list) else entry.setdefault(name, {})
    entry[last] = value
