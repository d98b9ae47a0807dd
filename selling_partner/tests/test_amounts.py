"""Amounts add up, whatever Amazon's signs, taxes and roundings."""

from datetime import datetime, timezone
from decimal import Context, Decimal, localcontext

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from selling_partner.amounts import split
from selling_partner.errors import MalformedAnswer
from selling_partner.values import Breakdown, Detail, Item, Money, Order, TaxCollection, parse_order

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)


def yen(amount):
    return Money(Decimal(str(amount)), "JPY")


def part(type_, amount, *details, status=""):
    return Breakdown(type_, yen(amount), tuple(Detail(subtype, yen(value)) for subtype, value in details), status)


def item(total, *breakdowns, quantity=1, **facts):
    return Item("1", quantity, proceeds_total=None if total is None else yen(total), breakdowns=breakdowns, **facts)


def order(*items, total=None, breakdowns=()):
    return Order("1", NOW, NOW, items=items, grand_total=None if total is None else yen(total), breakdowns=breakdowns)


def split_item(*args, **facts):
    return split(order(item(*args, **facts))).items[0]


def test_signed():
    amounts = split_item(
        1400, part("ITEM", 1000), part("SHIPPING", 500), part("DISCOUNT", -200, ("SHIPPING", -200)), part("TAX", 100)
    )
    assert amounts.mode == "signed"
    assert (amounts.goods, amounts.shipping, amounts.tax_added, amounts.adjustment) == (1000, 500, 100, 0)
    assert amounts.discounts == (("SHIPPING", Decimal(-200)),)


def test_discounts_without_sign():
    amounts = split_item(900, part("ITEM", 1000), part("DISCOUNT", 100, ("ITEM", 100)))
    assert (amounts.mode, amounts.discounts) == ("discounts_negative", (("ITEM", Decimal(-100)),))


def test_tax_included():
    amounts = split_item(1100, part("ITEM", 1100), part("TAX", 100))
    assert (amounts.mode, amounts.goods, amounts.tax_added, amounts.tax_included) == ("tax_included", 1100, 0, 100)


def test_tax_included_and_discounts_without_sign():
    amounts = split_item(1000, part("ITEM", 1100), part("DISCOUNT", 100), part("TAX", 90))
    assert (amounts.mode, amounts.tax_included) == ("discounts_negative_tax_included", 90)
    assert amounts.discounts == (("", Decimal(-100)),)


def test_tax_that_amazon_collects():
    collected = (TaxCollection("MARKETPLACE_FACILITATOR", "Amazon"),)
    beside = split_item(1000, part("ITEM", 1000), part("TAX", 80), tax_collections=collected)
    assert (beside.mode, beside.amazon_collected) == ("tax_withheld", True)
    assert (beside.tax_added, beside.tax_included, beside.tax_withheld) == (0, 0, 80)
    within = split_item(1080, part("ITEM", 1000), part("TAX", 80), tax_collections=collected)
    assert (within.mode, within.amazon_collected, within.tax_added) == ("signed", True, 80)


def test_every_type_has_its_place():
    amounts = split_item(
        21,
        part("ITEM", 1),
        part("SHIPPING", 2),
        part("GIFT_WRAP", 3),
        part("COD_FEE", 4),
        part("OTHER", 5),
        part("NEW", 6),
    )
    assert (amounts.goods, amounts.shipping, amounts.gift_wrap, amounts.cod_fee, amounts.other) == (1, 2, 3, 4, 11)


def test_a_discount_that_raises_the_total_is_none():
    amounts = split_item(1100, part("ITEM", 1000), part("DISCOUNT", 100))
    assert (amounts.mode, amounts.other, amounts.discounts) == ("signed", 100, ())


def test_rounding_becomes_an_adjustment_of_the_nearest_reading():
    amounts = split_item(1099, part("ITEM", 1100), part("TAX", 100))
    assert (amounts.mode, amounts.adjustment) == ("adjusted", -1)
    assert (amounts.tax_added, amounts.tax_included) == (0, 100)


def test_details_that_do_not_add_up():
    some = split_item(900, part("ITEM", 1000), part("DISCOUNT", -100, ("ITEM", -60), ("SHIPPING", 0)))
    assert some.discounts == (("ITEM", Decimal(-60)), ("", Decimal(-40)))
    more = split_item(900, part("ITEM", 1000), part("DISCOUNT", -100, ("ITEM", -160)))
    assert more.discounts == (("", Decimal(-100)),)


def test_total_without_breakdowns():
    amounts = split_item(500)
    assert (amounts.goods, amounts.mode) == (500, "total_only")


def test_items_without_total():
    plain = split(order(item(None, part("ITEM", 1000), part("DISCOUNT", 100), part("TAX", 90))))
    assert (plain.total, plain.complete, plain.items[0].mode) == (990, True, "discounts_negative")
    guided = split(order(item(None, part("ITEM", 1000), part("DISCOUNT", 100), part("TAX", 90)), total=900))
    assert (guided.items[0].total, guided.difference) == (900, 0)
    assert guided.items[0].mode == "discounts_negative_tax_included"
    priced = split(order(item(None, quantity=3, unit_price=yen(500))))
    assert (priced.total, priced.complete, priced.items[0].mode) == (1500, True, "unit_price")
    unknown = split(order(item(None), item(100)))
    assert (unknown.total, unknown.complete, unknown.items[0].mode) == (100, False, "unknown")
    cancelled = split(order(item(None, quantity_fulfilled=0, quantity_unfulfilled=0), item(100)))
    assert cancelled.complete


def test_differences_stay_with_the_order():
    amounts = split(order(item(500), item(300), total=1000))
    assert (amounts.total, amounts.difference, amounts.order_lines) == (1000, 200, ())


@pytest.mark.parametrize(
    "total, status, lines, difference",
    [
        (600, "FINALIZED", 1, 0),
        (600, "PENDING", 1, 0),
        (500, "FINALIZED", 0, 0),
        (500, "PENDING", 0, 0),
        (610, "FINALIZED", 1, 10),
        (None, "FINALIZED", 1, 0),
        (None, "PENDING", 0, 0),
    ],
)
def test_delivery_tips(total, status, lines, difference):
    tip = part("DELIVERY_TIP", 100, status=status)
    amounts = split(order(item(500), total=total, breakdowns=(part("ITEM", 500), tip)))
    assert amounts.order_lines == (("DELIVERY_TIP", Decimal(100)),) * lines
    assert amounts.difference == difference


def test_mixed_currencies_are_refused():
    mixed = Order("1", NOW, NOW, items=(item(500),), grand_total=Money(Decimal(5), "USD"))
    with pytest.raises(MalformedAnswer, match="JPY, USD"):
        split(mixed)


def test_nothing_at_all():
    amounts = split(order())
    assert (amounts.total, amounts.currency, amounts.complete) == (0, "", False)


def test_samples():
    merchant = split(parse_order(samples.merchant_order()))
    assert (merchant.total, merchant.difference, merchant.complete) == (4290, 0, True)
    assert (merchant.items[0].mode, merchant.items[0].cod_fee) == ("signed", 330)
    american = split(parse_order(samples.amazon_order()))
    assert (american.currency, american.items[0].tax_added) == ("USD", Decimal("10.00"))
    assert not split(parse_order(samples.pending_order())).complete


# Wild inputs.

_AMOUNTS = (
    st.integers(-2000, 2000).map(Decimal)
    | st.decimals(-(10**14), 10**14, places=10)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=3)
)
_MONIES = _AMOUNTS.map(lambda amount: Money(amount, "JPY"))
_TYPES = st.sampled_from(
    ["ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "TAX", "DISCOUNT", "DISCOUNT", "OTHER", "DELIVERY_TIP", "", "NEW"]
)
_DETAILS = st.lists(st.builds(Detail, st.sampled_from(["ITEM", "SHIPPING", "DISCOUNT", ""]), _MONIES), max_size=3)
_BREAKDOWNS = st.lists(
    st.builds(Breakdown, _TYPES, _MONIES, _DETAILS.map(tuple), st.sampled_from(["", "PENDING", "FINALIZED"])),
    max_size=6,
).map(tuple)
_QUANTITIES = st.none() | st.integers(0, 1000)
_ITEMS = st.builds(
    Item,
    item_id=st.just("1"),
    quantity_ordered=st.integers(0, 1000),
    quantity_fulfilled=_QUANTITIES,
    quantity_unfulfilled=_QUANTITIES,
    unit_price=st.none() | _MONIES,
    proceeds_total=st.none() | _MONIES,
    breakdowns=_BREAKDOWNS,
    tax_collections=st.sampled_from([(), (TaxCollection("MARKETPLACE_FACILITATOR"),)]),
)
_ORDERS = st.builds(
    Order,
    order_id=st.just("1"),
    created=st.just(NOW),
    last_updated=st.just(NOW),
    items=st.lists(_ITEMS, max_size=4).map(tuple),
    grand_total=st.none() | _MONIES,
    breakdowns=_BREAKDOWNS,
)


def check(whole, amounts):
    with localcontext(Context(prec=100)):
        assert len(amounts.items) == len(whole.items)
        for given_item, parts in zip(whole.items, amounts.items, strict=True):
            check_item(given_item, parts)
        lines = sum(amount for _type, amount in amounts.order_lines)
        assert sum(parts.total for parts in amounts.items) + lines + amounts.difference == amounts.total
        assert whole.grand_total is None or amounts.total == whole.grand_total.amount
        assert whole.grand_total is not None or not amounts.difference


def check_item(given_item, parts):
    prices = parts.goods + parts.shipping + parts.gift_wrap + parts.cod_fee + parts.other
    discounts = sum(amount for _subtype, amount in parts.discounts)
    assert prices + discounts + parts.tax_added + parts.adjustment == parts.total == parts.parts_total
    assert all(amount <= 0 for _subtype, amount in parts.discounts)
    assert given_item.proceeds_total is None or parts.total == given_item.proceeds_total.amount
    assert not (parts.tax_added and (parts.tax_included or parts.tax_withheld))


@settings(max_examples=300)
@given(_ORDERS)
def test_whatever_comes_adds_up(whole):
    check(whole, split(whole))


@settings(max_examples=200)
@given(
    st.integers(1, 10**6),
    st.integers(0, 10**4),
    st.integers(0, 10**4),
    st.integers(0, 10**4),
    st.booleans(),
    st.booleans(),
)
def test_orders_that_make_sense_need_no_adjustment(goods, shipping, discount, tax, negative, on_top):
    total = goods + shipping - discount + (tax if on_top else 0)
    whole = order(
        item(
            total,
            part("ITEM", goods),
            part("SHIPPING", shipping),
            part("DISCOUNT", -discount if negative else discount),
            part("TAX", tax),
        ),
        total=total,
    )
    amounts = split(whole)
    check(whole, amounts)
    assert amounts.items[0].mode != "adjusted"
    assert amounts.complete and not amounts.difference
