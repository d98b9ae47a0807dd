"""searchOrders and getOrder."""

import pytest

from simulator.tests.client import INCLUDED, JP, LONG_AGO, SEARCH, US, ids

UNTIL = "2026-11-23T00:58:00.000Z"  # two minutes before the frozen now


def refused(amazon, seller, **query):
    """The search is answered with 400 InvalidInput."""
    answer = amazon.call(seller, SEARCH, **query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["code"] == "InvalidInput"
    assert answer.headers["x-amzn-ratelimit-limit"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": LONG_AGO, "lastUpdatedBefore": UNTIL},
        {"lastUpdatedAfter": LONG_AGO, "createdBefore": UNTIL},
        {"lastUpdatedBefore": UNTIL},
        {"lastUpdatedAfter": "2026-11-23T00:50:00Z", "lastUpdatedBefore": "2026-11-23T00:40:00Z"},
        {"lastUpdatedAfter": LONG_AGO, "lastUpdatedBefore": "2026-11-23T00:58:01Z"},
        {"lastUpdatedAfter": "2026-11-23T01:00:01Z"},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": "2026-11-01"},
        {"lastUpdatedAfter": "2026-11-01T00:00:00"},
        {"lastUpdatedAfter": ""},
        {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "0"},
        {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "101"},
        {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": "ten"},
        {"lastUpdatedAfter": LONG_AGO, "fulfillmentStatuses": "Shipped"},
        {"lastUpdatedAfter": LONG_AGO, "fulfillmentStatuses": ""},
        {"lastUpdatedAfter": LONG_AGO, "fulfilledBy": "MFN"},
        {"lastUpdatedAfter": LONG_AGO, "includedData": "BUYER,EVERYTHING"},
        {"lastUpdatedAfter": LONG_AGO, "marketplaceIds": ",".join([JP] * 51)},
        {"lastUpdatedAfter": LONG_AGO, "MarketplaceIds": JP},
        {"lastUpdatedAfter": LONG_AGO, "marketplaceIds": [JP, JP]},
        {"lastUpdatedAfter": LONG_AGO, "paginationToken": "nonsense"},
    ],
)
def test_refused_parameters(amazon, seller, query):
    refused(amazon, seller, **query)


def test_window_is_two_minutes_old_unless_given(amazon, seller):
    assert amazon.search(seller) == {"orders": [], "lastUpdatedBefore": UNTIL}
    assert amazon.search(seller, createdAfter=LONG_AGO) == {"orders": [], "createdBefore": UNTIL}
    given = amazon.search(seller, lastUpdatedBefore="2026-11-22T09:00:00+09:00")
    assert given["lastUpdatedBefore"] == "2026-11-22T00:00:00.000Z"


def test_new_orders_show_after_two_minutes(amazon, seller):
    order_id = amazon.place(seller)
    assert ids([amazon.search(seller)]) == []
    amazon.advance(seconds=120)
    assert ids([amazon.search(seller)]) == [order_id]


def test_both_ends_are_inclusive(amazon, seller):
    order_id = amazon.place(seller, created="2026-11-20T00:00:00Z", updated="2026-11-21T00:00:00.500Z")
    window = {"lastUpdatedAfter": "2026-11-21T00:00:00.500Z", "lastUpdatedBefore": "2026-11-21T00:00:00.500Z"}
    assert ids([amazon.search(seller, **window)]) == [order_id]
    assert ids([amazon.search(seller, lastUpdatedAfter="2026-11-21T00:00:00.501Z")]) == []
    created = {"createdAfter": "2026-11-20T00:00:00Z", "createdBefore": "2026-11-20T00:00:00Z"}
    assert ids([amazon.search(seller, **created)]) == [order_id]


def test_sorted_by_the_searched_time(amazon, seller):
    first = amazon.place(seller, created="2026-11-20T00:00:00Z", updated="2026-11-22T00:00:00Z")
    second = amazon.place(seller, created="2026-11-21T00:00:00Z", updated="2026-11-21T00:00:00Z")
    assert ids([amazon.search(seller, createdAfter=LONG_AGO)]) == [first, second]
    assert ids([amazon.search(seller)]) == [second, first]


def test_filters(amazon):
    seller = amazon.post("/sellers", marketplaces=[JP, US])
    standard, pending, fba, us = (
        amazon.place(seller, kind) for kind in ("jp_standard", "jp_cvs_pending", "jp_fba", "us_standard")
    )
    amazon.advance(minutes=3)
    found = lambda **query: set(ids([amazon.search(seller, **query)]))  # noqa: E731
    assert found() == {standard, pending, fba, us}
    assert found(marketplaceIds=US) == {us}
    assert found(marketplaceIds=f"{JP},{US}", fulfilledBy="MERCHANT") == {standard, pending, us}
    assert found(fulfilledBy="AMAZON") == {fba}
    assert found(fulfillmentStatuses="PENDING,SHIPPED") == {pending}


def test_what_amazon_leaves_out_it_knows(amazon, seller):
    order = amazon.place(seller)
    amazon.control("PATCH", f"/orders/{order}", {"set": {"salesChannel": None, "fulfillment": {"fulfilledBy": None}}})
    amazon.advance(minutes=3)
    page = amazon.search(seller, marketplaceIds=JP, fulfilledBy="MERCHANT", includedData="FULFILLMENT")
    [found] = page["orders"]
    assert found["orderId"] == order and "salesChannel" not in found and "fulfilledBy" not in found["fulfillment"]


def test_paging(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=25)
    amazon.advance(minutes=5)
    expected = sorted(order["order_id"] for order in amazon.get("/orders"))
    pages = amazon.pages(seller, maxResultsPerPage=10)
    assert [len(page["orders"]) for page in pages] == [10, 10, 5]
    assert ids(pages) == expected
    assert "pagination" not in pages[-1]
    assert [len(page["orders"]) for page in amazon.pages(seller, maxResultsPerPage=25)] == [25]


def test_100_per_page_unless_said_otherwise(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=101)
    amazon.advance(minutes=5)
    assert [len(page["orders"]) for page in amazon.pages(seller)] == [100, 1]


def test_pages_can_be_shorter_than_asked_for(amazon, seller):
    placed = amazon.post("/orders", merchant_id=seller["merchant_id"], count=5, created=LONG_AGO)["order_ids"]
    amazon.post("/page-limit", limit=2)
    pages = amazon.pages(seller, lastUpdatedAfter=LONG_AGO, maxResultsPerPage=100)
    assert [len(page["orders"]) for page in pages] == [2, 2, 1]
    assert sorted(ids(pages)) == sorted(placed)


def test_window_is_fixed_with_the_first_page(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=4)
    amazon.advance(minutes=5)
    first = amazon.search(seller, maxResultsPerPage=2)
    amazon.place(seller)
    amazon.advance(minutes=30)
    second = amazon.search(seller, maxResultsPerPage=2, paginationToken=first["pagination"]["nextToken"])
    assert second["lastUpdatedBefore"] == first["lastUpdatedBefore"]
    assert len(second["orders"]) == 2 and "pagination" not in second


def test_an_order_changed_while_paging_leaves_the_window(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=6)
    amazon.advance(minutes=5)
    order_ids = sorted(order["order_id"] for order in amazon.get("/orders"))
    first = amazon.search(seller, maxResultsPerPage=2)
    amazon.act(order_ids[3], "change-address")
    rest = amazon.search(seller, paginationToken=first["pagination"]["nextToken"])
    assert ids([rest]) == [order_ids[2], *order_ids[4:]]
    amazon.advance(minutes=5)
    later = amazon.search(seller, lastUpdatedAfter=first["lastUpdatedBefore"])
    assert ids([later]) == [order_ids[3]]


def test_token_insists_on_the_same_parameters(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=3)
    amazon.advance(minutes=5)
    base = {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": 1, "marketplaceIds": JP}
    token = amazon.search(seller, **base)["pagination"]["nextToken"]
    refused(amazon, seller, paginationToken=token)
    refused(amazon, seller, paginationToken=token, lastUpdatedAfter=LONG_AGO)
    refused(amazon, seller, paginationToken=token, **{**base, "lastUpdatedAfter": "2026-11-02T00:00:00Z"})
    refused(amazon, seller, paginationToken=token, fulfilledBy="MERCHANT", **base)
    refused(amazon, seller, paginationToken=f"A{token[1:]}" if token[0] != "A" else f"B{token[1:]}", **base)
    changed = {**base, "maxResultsPerPage": 2, "includedData": "BUYER"}
    assert len(amazon.search(seller, paginationToken=token, **changed)["orders"]) == 2
    other = amazon.post("/sellers")
    refused(amazon, other, paginationToken=token, **base)


def test_token_expires_after_a_day(amazon, seller):
    amazon.post("/orders", merchant_id=seller["merchant_id"], count=2)
    amazon.advance(minutes=5)
    query = {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": 1}
    token = amazon.search(seller, **query)["pagination"]["nextToken"]
    amazon.advance(hours=24, seconds=-1)
    amazon.tokens.clear()
    assert len(amazon.search(seller, paginationToken=token, **query)["orders"]) == 1
    amazon.advance(seconds=1)
    refused(amazon, seller, paginationToken=token, **query)


SECTIONS = {
    "BUYER": ({"buyer"}, set()),
    "RECIPIENT": ({"recipient"}, set()),
    "PROCEEDS": ({"proceeds"}, {"proceeds"}),
    "EXPENSE": (set(), {"expense"}),
    "PROMOTION": (set(), {"promotion"}),
    "CANCELLATION": (set(), {"cancellation"}),
    "FULFILLMENT": ({"fulfillment"}, {"fulfillment"}),
    "PACKAGES": ({"packages"}, set()),
    "TAX": ({"tax"}, {"tax"}),
    "PAYMENT": ({"payment"}, set()),
    "FULFILLMENT_ORDERS": ({"fulfillmentOrders"}, set()),
}


def full_order(amazon, seller):
    """The id of an order that has every section."""
    money = {"amount": "20", "currencyCode": "JPY"}
    extra = {
        "tax": {"taxInvoicing": {"invoiceStatus": "NOT_REQUIRED"}},
        "fulfillmentOrders": [{"fulfillmentOrderId": "FO-1"}],
        "orderItems": {
            "0": {
                "tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}]},
                "expense": {"pointsCost": {"pointsGranted": {"pointsNumber": 20, "pointsMonetaryValue": money}}},
                "cancellation": {"cancellationRequest": {"requester": "BUYER"}},
                "promotion": {"breakdowns": [{"promotionId": "P"}]},
            }
        },
    }
    order_id = amazon.place(seller, "jp_standard", items=[{"sku": "AMZ-TEA-001", "quantity": 2}], set=extra)
    item_id = amazon.order(order_id)["orderItems"][0]["orderItemId"]
    amazon.act(order_id, "ship", items={item_id: 1})
    return order_id


def test_included_data_decides_the_sections(amazon, seller):
    order_id = full_order(amazon, seller)
    amazon.advance(minutes=3)
    all_of_order = set().union(*(order for order, _item in SECTIONS.values()))
    all_of_item = set().union(*(item for _order, item in SECTIONS.values()))
    for name in [None, *SECTIONS]:
        query = {"includedData": name} if name else {}
        in_order, in_item = SECTIONS.get(name, (set(), set()))
        found = amazon.search(seller, **query)["orders"][0]
        assert found == amazon.show(seller, order_id, name)
        assert found.keys() & all_of_order == in_order
        assert found["orderItems"][0].keys() & all_of_item == in_item
    everything = amazon.show(seller, order_id, INCLUDED)
    assert everything.keys() >= all_of_order and everything["orderItems"][0].keys() >= all_of_item


def test_get_order_sees_a_change_at_once(amazon, seller):
    order_id = amazon.place(seller, "jp_cvs_pending")
    amazon.act(order_id, "pay")
    assert amazon.show(seller, order_id)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


def test_get_order_refusals(amazon, seller):
    order_id = amazon.place(seller)
    assert amazon.call(seller, f"{SEARCH}/250-0000000-0000000").status_code == 404
    for query in ({"includedData": "ALL"}, {"marketplaceIds": JP}):
        assert amazon.call(seller, f"{SEARCH}/{order_id}", **query).status_code == 400
