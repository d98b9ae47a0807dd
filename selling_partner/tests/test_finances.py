"""Finances: what is asked, and what each amount is that Amazon shows twice and under names of its own."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import schema
from amazon_server import Answer
from hypothesis import given, settings
from hypothesis import strategies as st

from selling_partner import errors, finances
from selling_partner.errors import MalformedAnswer
from selling_partner.finances import Leaf, TransactionSearch, parse_transaction
from selling_partner.values import Money

TRANSACTIONS = "/finances/2024-06-19/transactions"
JAPAN = "A1VC38T7YXB528"
NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)


def money(amount, currency="USD"):
    return {"currencyCode": currency, "currencyAmount": amount}


def node(name, amount, *children, none=None, currency="USD"):
    return {
        "breakdownType": name,
        "breakdownAmount": amount if amount is None or isinstance(amount, dict) else money(amount, currency),
        "breakdowns": list(children) or none,
    }


def fee(name, amount):
    return node(name, amount, node("Base", amount), node("Tax", 0, none=[]))


def item(*breakdowns, sku="SKU-1", quantity=2, **fields):
    context = {"contextType": "ProductContext", "sku": sku, "asin": "B000000001", "quantityShipped": quantity}
    return {"description": "鞄", "breakdowns": list(breakdowns), "contexts": [context], **fields}


SOLD = (
    node("ProductCharges", 20, node("OurPricePrincipal", 20, none=[])),
    node("Tax", 1.7, node("OurPriceTax", 1.5), node("ShippingTax", 0.2)),
    node("Shipping", 5, node("ShippingPrincipal", 5)),
    node("PromoRebates", -1, node("OurPriceDiscount", -1), node("ShippingDiscount", 0)),
    node("AmazonFees", -3.3, fee("Commission", -3), fee("FBAPerUnitFulfillmentFee", -0.3)),
)
SUMMED = (
    node("Sales", 25.7, node("ProductCharges", 20), node("Tax", 1.7), node("Shipping", 5), node("PromoRebates", -1)),
    node("Expenses", -3.3, node("AmazonFees", -3.3)),
)


def transaction(**fields):
    return {
        "transactionId": "T-1",
        "transactionType": "Shipment",
        "transactionStatus": "Released",
        "description": "Order Payment",
        "postedDate": "2026-11-02T12:00:00.5Z",
        "totalAmount": money(22.4),
        "items": [item(*SOLD)],
        "breakdowns": list(SUMMED),
        **fields,
    }


def read(**fields):
    return parse_transaction(json.dumps(transaction(**fields)))


def leaves(**fields):
    """Read (group, name, amount) of each leaf."""
    result = read(**fields)
    assert sum(leaf.amount.amount for leaf in result.leaves) == result.total.amount
    return [(leaf.group, leaf.name, float(leaf.amount.amount)) for leaf in result.leaves]


# --- searching -----------------------------------------------------------------------------------------------------
def test_what_is_searched_for_to_the_letter(amazon, seller):
    payload = {"nextToken": "a+b/c=", "transactions": [transaction()]}
    amazon.says(TRANSACTIONS, Answer(body={"payload": payload}), Answer(body={"payload": {"transactions": []}}))
    page = seller.finances.transactions(TransactionSearch(posted_after=NOON.replace(microsecond=1999)))
    assert (page.next_token, page.marks) == ("a+b/c=", ("T-1",))
    assert parse_transaction(page.transactions[0].payload) == read()
    assert "a+b" not in repr(page) and "22.4" not in repr(page)
    search = TransactionSearch(
        posted_after=NOON,
        posted_before=NOON + timedelta(days=180),
        marketplace_id=JAPAN,
        status="DEFERRED",
        order_id="250-1234567-8901234",
    )
    last = seller.finances.transactions(search, page.next_token)
    assert (last.next_token, last.transactions, last.marks) == (None, (), ())
    first, second = amazon.asked()
    assert first.method == "GET"
    assert first.query == [("postedAfter", "2026-11-02T12:00:00.001Z")]
    assert second.query == [
        ("postedAfter", "2026-11-02T12:00:00.000Z"),
        ("postedBefore", "2027-05-01T12:00:00.000Z"),
        ("marketplaceId", JAPAN),
        ("transactionStatus", "DEFERRED"),
        ("relatedIdentifierName", "ORDER_ID"),
        ("relatedIdentifierValue", "250-1234567-8901234"),
        ("nextToken", "a+b/c="),
    ]


def test_an_order_needs_no_time():
    assert TransactionSearch(order_id="S03-1").parameters() == {
        "relatedIdentifierName": "ORDER_ID",
        "relatedIdentifierValue": "S03-1",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"posted_before": NOON},
        {"posted_after": NOON.replace(tzinfo=None)},
        {"posted_after": NOON, "posted_before": NOON},
        {"posted_after": NOON, "posted_before": NOON + timedelta(days=180, milliseconds=1)},
        {"posted_after": datetime(2020, 1, 1, tzinfo=timezone.utc)},
        {"posted_after": NOON, "status": "deferred"},
        {"posted_after": NOON, "marketplace_id": "a&b"},
        {"order_id": "250 1"},
    ],
)
def test_what_amazon_would_refuse_or_pass_over_costs_no_call(fields, amazon, seller):
    with pytest.raises(errors.BadRequest) as refused:
        seller.finances.transactions(TransactionSearch(**fields))
    assert not refused.value.sent
    assert amazon.requests == []


def test_a_search_is_kept_and_read_again():
    search = TransactionSearch(posted_after=NOON.replace(microsecond=1999), status="RELEASED", order_id="1")
    assert TransactionSearch.from_json(search.to_json()) == search


def test_a_token_that_is_refused_is_told_apart(amazon, seller):
    refusal = {"errors": [{"code": "InvalidInput", "message": "Invalid token"}]}
    amazon.says(TRANSACTIONS, Answer(400, refusal))
    search = TransactionSearch(posted_after=NOON, posted_before=NOON + timedelta(1))
    with pytest.raises(errors.TokenRefused):
        seller.finances.transactions(search, "old")
    with pytest.raises(errors.BadRequest) as refused:
        seller.finances.transactions(search)
    assert type(refused.value) is errors.BadRequest


# --- pages ---------------------------------------------------------------------------------------------------------
def page(**payload):
    return finances.parse_transactions_page(json.dumps({"payload": payload}))


def test_an_empty_page_is_not_the_last():
    for entries in ([], None):
        assert page(transactions=entries, nextToken="more").next_token == "more"
    assert page(nextToken="").next_token is None
    assert page().transactions == ()


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"payload":null}',
        '{"payload":[]}',
        '{"payload":{"transactions":{}}}',
        '{"payload":{"transactions":[],"nextToken":1}}',
        '{"payload":{"transactions":[{"totalAmount":{"currencyAmount":nan}}]}}',
        '{"errors":[{"code":"x","message":"y"}],"payload":{}}',
    ],
)
def test_what_is_no_page_is_not_taken_for_the_last(body):
    with pytest.raises(MalformedAnswer):
        finances.parse_transactions_page(body)


def test_one_bad_row_stops_no_neighbour():
    deep = {"transactionId": "deep", "breakdowns": json.loads("[" * 300 + "]" * 300)}
    rows = [
        transaction(),
        None,
        7,
        {"transactionId": "x" * 201},
        {"transactionId": "a\tb"},
        {"transactionId": []},
        deep,
    ]
    received = page(transactions=rows).transactions
    assert [one.transaction_id for one in received] == ["T-1", "", "", "", "", "", "deep"]
    assert len(set(page(transactions=rows).marks)) == 7
    for bad in received[1:]:
        with pytest.raises(MalformedAnswer):
            parse_transaction(bad.payload)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999999999999999999", "9" * 5000, "1e15"])
def test_one_absurd_number_stops_no_neighbour(number):
    body = json.dumps({"payload": {"transactions": [transaction(), transaction(totalAmount=money(7.125))]}})
    received = finances.parse_transactions_page(body.replace("7.125", number)).transactions
    assert parse_transaction(received[0].payload).transaction_id == "T-1"
    assert number.encode() in received[1].payload
    with pytest.raises(MalformedAnswer):
        parse_transaction(received[1].payload)


def test_a_constant_names_its_place():
    with pytest.raises(MalformedAnswer) as refused:
        read(totalAmount=money(float("nan")))
    assert refused.value.path == "totalAmount.currencyAmount"


def test_a_payload_keeps_amazons_digits():
    body = '{"payload":{"transactions":[{"transactionId":"T","z":1.10,"a":1e2,"b":"1.0"}]}}'
    same = '{"payload":{"transactions":[{"b":"1.0","transactionId":"T","a":1e2,"z":1.10}]}}'
    (received,), (other,) = (finances.parse_transactions_page(text).transactions for text in (body, same))
    assert received.payload == b'{"transactionId":"T","z":1.10,"a":1e2,"b":"1.0"}'
    assert received.digest == other.digest


# --- one transaction -----------------------------------------------------------------------------------------------
def test_everything_of_a_transaction():
    result = read(
        sellingPartnerMetadata={"accountType": "Standard Orders", "marketplaceId": "other"},
        marketplaceDetails={"marketplaceId": JAPAN, "marketplaceName": "Amazon.co.jp"},
        relatedIdentifiers=[
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in (
                ("ORDER_ID", "250-1"),
                ("SHIPMENT_ID", "S"),
                ("REFUND_ID", "R"),
                ("SETTLEMENT_ID", "7"),
                ("FINANCIAL_EVENT_GROUP_ID", "G"),
                ("DEFERRED_TRANSACTION_ID", "T-0"),
                ("RELEASE_TRANSACTION_ID", "T-2"),
                ("SOMETHING_NEW", "N"),
                ("INVOICE_ID", None),
            )
        ],
        contexts=[{"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": "2026-11-09T00:00:00Z"}],
        totalAmount=money("20"),
        items=[
            item(
                node("ProductCharges", 20, node("OurPricePrincipal", "20")),
                relatedIdentifiers=[
                    {
                        "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
                        "itemRelatedIdentifierValue": "81297625-121-27551",
                    }
                ],
            )
        ],
    )
    assert (result.transaction_id, result.type, result.description) == ("T-1", "Shipment", "Order Payment")
    assert (result.status, result.posted_at) == ("RELEASED", NOON + timedelta(milliseconds=500))
    assert (result.total, result.currency) == (Money(Decimal(20), "USD"), "USD")
    assert (result.marketplace_id, result.account_type) == (JAPAN, "Standard Orders")
    assert (result.order_id, result.shipment_id, result.refund_id) == ("250-1", "S", "R")
    assert (result.settlement_id, result.event_group_id) == ("7", "G")
    assert (result.deferred_ids, result.release_id) == (("T-0",), "T-2")
    assert ("SOMETHING_NEW", "N") in result.related
    assert (result.deferral_reason, result.matures_at) == ("DD7", datetime(2026, 11, 9, tzinfo=timezone.utc))
    assert result.leaves == (
        Leaf(
            "OurPricePrincipal",
            "ProductCharges",
            Money(Decimal(20), "USD"),
            sku="SKU-1",
            asin="B000000001",
            item=0,
            quantity=2,
            item_refs=(("ORDER_ADJUSTMENT_ITEM_ID", "81297625-121-27551"),),
        ),
    )


def test_nothing_but_what_is_needed():
    result = parse_transaction(
        '{"transactionId":"T","postedDate":"2026-11-02T12:00:00Z","totalAmount":{"currencyAmount":0}}'
    )
    assert (result.type, result.status, result.currency, result.leaves, result.order_id) == ("", "", "", (), "")
    nulls = dict.fromkeys(("transactionStatus", "description", "items", "contexts", "breakdowns", "relatedIdentifiers"))
    result = read(**nulls)
    assert (result.status, result.deferral_reason, result.matures_at) == ("", "", None)
    assert [(leaf.name, leaf.group, leaf.item) for leaf in result.leaves] == [("", "", None)]


def test_the_deferral_may_stand_with_an_item():
    contexts = [{"contextType": "DeferredContext", "deferralReason": "B2B", "maturityDate": "2026-11-09T00:00:00Z"}]
    result = read(items=[None, {**item(*SOLD), "contexts": contexts}])
    assert (result.deferral_reason, result.matures_at.day, result.leaves[0].item) == ("B2B", 9, 1)


# --- its leaves ----------------------------------------------------------------------------------------------------
LEAVES = [
    ("ProductCharges", "OurPricePrincipal", 20),
    ("Tax", "OurPriceTax", 1.5),
    ("Tax", "ShippingTax", 0.2),
    ("Shipping", "ShippingPrincipal", 5),
    ("PromoRebates", "OurPriceDiscount", -1),
    ("AmazonFees", "Commission", -3),
    ("AmazonFees", "FBAPerUnitFulfillmentFee", -0.3),
]
GROUPS = [
    ("", "ProductCharges", 20),
    ("", "Tax", 1.7),
    ("", "Shipping", 5),
    ("", "PromoRebates", -1),
    ("", "AmazonFees", -3.3),
]


def test_one_level_counts():
    assert leaves() == LEAVES
    assert leaves(breakdowns=None) == LEAVES
    assert leaves(items=None) == leaves(items=[]) == GROUPS
    assert leaves(breakdowns={"breakdowns": list(SUMMED)}, items=None) == GROUPS


@pytest.mark.parametrize("lacking", [None, []])
def test_an_item_without_breakdowns_is_in_the_groups_only(lacking):
    items = [item(*SOLD[:3]), {**item(), "breakdowns": lacking}]
    assert leaves(items=items) == GROUPS


def test_groups_that_add_up_are_believed_before_items_that_do_not():
    assert leaves(items=[item(*SOLD[:3])]) == GROUPS


def test_where_nothing_adds_up_the_items_count_and_the_rest_stays_visible():
    assert leaves(items=[item(*SOLD[:3])], breakdowns=SUMMED[1:]) == [*LEAVES[:4], ("", "", -4.3)]
    assert leaves(items=None, breakdowns=SUMMED[1:]) == [GROUPS[-1], ("", "", 25.7)]
    # An item without breakdowns, and no groups that would hold it.
    assert leaves(items=[item(*SOLD[:3]), item()], breakdowns=None) == [*LEAVES[:4], ("", "", -4.3)]


def test_wrappers_without_an_amount_say_nothing():
    wrapped = [node("Refunded Sales", 0, *SUMMED[0]["breakdowns"]), node("RefundedExpenses", None, fee("Fee", -3.3))]
    assert leaves(items=None, breakdowns=wrapped) == [*GROUPS[:-1], ("", "Fee", -3.3)]


def test_a_group_of_taxes_is_no_part_of_its_wrapper():
    alone = [node("Sales", 22.4, node("Tax", 22.4))]
    assert leaves(items=None, breakdowns=alone) == [("", "Tax", 22.4)]


def test_a_wrapper_with_leaves_of_its_own():
    assert leaves(items=None, breakdowns=[node("Sales", 22.4)]) == [("", "Sales", 22.4)]
    nested = [node("Sales", 22.4, node("ProductCharges", 22.4, node("OurPricePrincipal", 22.4)))]
    assert leaves(items=None, breakdowns=nested) == [("ProductCharges", "OurPricePrincipal", 22.4)]


def test_the_parts_of_a_fee_are_not_added_to_it():
    parts = [node(name, amount) for name, amount in (("Base", -4), ("Tax", -0.4), ("Promo", 1), ("Discount", 1))]
    fees = node("AmazonFees", -5, node("Commission", -2.4, *parts), node("Other", None, *parts))
    assert leaves(totalAmount=money(-4.8), items=[item(fees)]) == [
        ("AmazonFees", "Commission", -2.4),
        ("AmazonFees", "Other", -2.4),
        ("AmazonFees", "", -0.2),
        ("", "", 0.2),
    ]


def test_what_a_group_holds_beyond_its_leaves_is_kept():
    group = node("ProductCharges", 22.4, node("OurPricePrincipal", 20))
    expected = [("ProductCharges", "OurPricePrincipal", 20), ("ProductCharges", "", 2.4)]
    assert leaves(items=[item(group)]) == expected
    # Where Amazon gives the group no amount, its leaves are the amount.
    assert leaves(items=[item({**group, "breakdownAmount": money(0)})], breakdowns=None)[1:] == [("", "", 2.4)]
    assert read(items=[item(group)]).leaves[1].sku == "SKU-1"


def test_unknown_names_and_none_are_kept():
    strange = [node("SomethingNew", 20, node("Inner", 20)), node(None, 2.4)]
    assert leaves(items=[item(*strange)]) == [("SomethingNew", "Inner", 20), ("", "", 2.4)]


def test_without_a_total_the_leaves_are_it():
    assert read(totalAmount=None).total == Money(Decimal("22.4"), "USD")
    assert read(totalAmount={"currencyCode": None, "currencyAmount": None}, items=None).total.amount == Decimal("22.4")


def test_a_currency_that_is_missing_is_the_others():
    first = node("A", {"currencyAmount": 1})
    result = read(totalAmount={"currencyAmount": 3}, items=[item(first, node("B", 2))], breakdowns=None)
    assert [leaf.amount.currency for leaf in result.leaves] == ["USD", "USD"]
    assert result.currency == "USD"


def test_a_quantity_says_nothing_of_the_money():
    assert read(items=[item(*SOLD, quantity=-1)]).leaves[0].quantity == -1
    assert read(items=[item(*SOLD, quantity=None)]).leaves[0].quantity is None
    assert read(items=[{**item(*SOLD), "contexts": [None, {}]}]).leaves[0].sku == ""


def bomb(depth):
    return node("x", 1) if not depth else node("x", 1, bomb(depth - 1))


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({"transactionId": None}, "missing", "transactionId"),
        ({"transactionId": "x" * 201}, "too_long", "transactionId"),
        ({"postedDate": None}, "missing", "postedDate"),
        ({"postedDate": "yesterday"}, "wrong_type", "postedDate"),
        ({"postedDate": "9999-12-31T23:59:59Z"}, "wrong_type", "postedDate"),
        ({"postedDate": "0001-01-01T00:00:00Z"}, "wrong_type", "postedDate"),
        ({"totalAmount": None, "items": None, "breakdowns": []}, "missing", "totalAmount"),
        (
            {"totalAmount": {"currencyAmount": 1}, "items": [], "breakdowns": None},
            "missing",
            "totalAmount.currencyCode",
        ),
        ({"totalAmount": money("NaN")}, "wrong_type", "totalAmount.currencyAmount"),
        ({"totalAmount": money("Infinity")}, "wrong_type", "totalAmount.currencyAmount"),
        ({"totalAmount": money(True)}, "wrong_type", "totalAmount.currencyAmount"),
        ({"totalAmount": money(10**15)}, "wrong_type", "totalAmount.currencyAmount"),
        (
            {"items": [item(node("A", 20), node("B", 2.4, currency="EUR"))]},
            "mixed_currencies",
            "items[0].breakdowns[1].breakdownAmount.currencyCode",
        ),
        ({"items": {}}, "wrong_type", "items"),
        ({"items": [7]}, "wrong_type", "items[0]"),
        ({"breakdowns": ["secret"]}, "wrong_type", "breakdowns[0]"),
        ({"breakdowns": [bomb(30)]}, "unreadable", "breakdowns[0]" + ".breakdowns[0]" * 20),
        ({"items": [item(*SOLD, sku="x" * 101)]}, "too_long", "items[0].contexts[0].sku"),
    ],
)
def test_what_cannot_be_read_names_its_place(fields, reason, path):
    with pytest.raises(MalformedAnswer) as refused:
        read(**fields)
    assert (refused.value.reason, refused.value.path) == (reason, path)
    assert "secret" not in str(refused.value)


def test_a_zero_in_another_currency_is_no_money():
    assert leaves(items=[item(*SOLD, node("Sales", 0, currency="EUR"))]) == LEAVES


# --- whatever comes ------------------------------------------------------------------------------------------------
NAMES = st.sampled_from([None, "", "Sales", "Expenses", "Base", "Tax", "Promo", "Commission", "ProductCharges", "New"])
NUMBERS = st.none() | st.decimals(-(10**9), 10**9, places=2) | st.integers(-3, 3) | st.just("0.1")


def _nodes(children):
    return st.builds(
        lambda name, amount, below, none: node(name, amount, *below, none=none),
        NAMES,
        NUMBERS.map(lambda number: number if number is None else money(str(number))),
        children,
        st.sampled_from([None, []]),
    )


TREES = st.lists(
    st.recursive(_nodes(st.just([])), lambda inner: _nodes(st.lists(inner, max_size=3)), max_leaves=8), max_size=4
)
ITEMS = st.lists(st.none() | TREES.map(lambda tree: item(*tree)), max_size=3)


@settings(max_examples=300)
@given(NUMBERS, ITEMS, TREES)
def test_the_leaves_always_add_up_to_the_total(total, items, breakdowns):
    try:
        result = read(totalAmount=None if total is None else money(str(total)), items=items, breakdowns=breakdowns)
    except MalformedAnswer as error:
        assert total is None and error.path == "totalAmount"
        return
    assert sum((leaf.amount.amount for leaf in result.leaves), Decimal(0)) == result.total.amount
    assert all(leaf.amount.amount and leaf.amount.currency == "USD" for leaf in result.leaves)
    assert total is None or result.total.amount == Decimal(str(total))
    assert len({leaf.item is None for leaf in result.leaves if leaf.name}) <= 1


def test_amazons_own_example():
    model = schema.model("finances_2024-06-19.json")
    result = parse_transaction(json.dumps(model["definitions"]["Transaction"]["example"]))
    assert (result.status, result.order_id, result.marketplace_id) == ("RELEASED", "8129762527551", "ATVPDKIKX0DER")
    assert [(leaf.group, leaf.name, leaf.sku) for leaf in result.leaves] == [("Product Charges", "Principle", "sku-12")]


def test_the_samples_are_what_the_model_allows():
    definitions = schema.model("finances_2024-06-19.json")["definitions"]
    sample = transaction(items=[item(*SOLD[:1], relatedIdentifiers=[])], breakdowns=[node("A", 22.4, none=[])])
    sample["items"][0]["breakdowns"][0]["breakdowns"][0]["breakdowns"] = []
    assert list(schema.validator("Transaction", definitions).iter_errors(sample)) == []


# --- what is released ----------------------------------------------------------------------------------------------
def of_yen(total, *nodes):
    return read(totalAmount=money(total, "JPY"), breakdowns=list(nodes), items=[])


def yen(name, amount):
    return node(name, amount, currency="JPY")


def test_nothing_is_released_beyond_the_same():
    sale = of_yen(90, yen("OurPricePrincipal", 100), yen("Commission", -10))
    other_order = of_yen(90, yen("Commission", -10), yen("OurPricePrincipal", 100))
    assert finances.released_beyond([sale], [sale]) == finances.released_beyond([sale], [other_order]) == ()


def test_what_is_released_beyond_is_told_by_name():
    sale = of_yen(90, yen("OurPricePrincipal", 100), yen("Commission", -10))
    paid = of_yen(85, yen("OurPricePrincipal", 100), yen("Commission", -12), yen("FixedClosingFee", -3))
    beyond = finances.released_beyond([sale], [paid])
    assert [(leaf.name, leaf.amount) for leaf in beyond] == [
        ("Commission", Money(Decimal(-2), "JPY")),
        ("FixedClosingFee", Money(Decimal(-3), "JPY")),
    ]


def test_parts_are_released_together():
    sale = of_yen(90, yen("OurPricePrincipal", 100), yen("Commission", -10))
    parts = [of_yen(60, yen("OurPricePrincipal", 60)), of_yen(30, yen("OurPricePrincipal", 40), yen("Commission", -10))]
    assert finances.released_beyond([sale], parts) == ()
    [leaf, fee_leaf] = finances.released_beyond([sale], parts[:1])
    assert (leaf.amount.amount, fee_leaf.amount.amount) == (-40, 10)


def test_several_are_released_at_once():
    sales = [of_yen(60, yen("OurPricePrincipal", 60)), of_yen(30, yen("OurPricePrincipal", 30))]
    paid = of_yen(90, yen("OurPricePrincipal", 90))
    assert finances.released_beyond(sales, [paid]) == ()
    assert [leaf.amount.amount for leaf in finances.released_beyond(sales[:1], [paid])] == [30]


def test_of_what_is_not_broken_down_only_the_total_is_compared():
    sale = of_yen(90, yen("OurPricePrincipal", 100), yen("Commission", -10))
    assert finances.released_beyond([sale], [of_yen(90)]) == finances.released_beyond([of_yen(90)], [sale]) == ()
    assert sum(leaf.amount.amount for leaf in finances.released_beyond([sale], [of_yen(80)])) == -10
