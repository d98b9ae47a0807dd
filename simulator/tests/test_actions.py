"""What happens to orders at Amazon, and how their amounts follow."""

from decimal import Decimal

import pytest

from simulator.tests.client import JP, US

LATER = "2026-11-23T02:00:00.000Z"
TWO_LINES = [{"sku": "AMZ-TEA-001", "quantity": 3, "price": 1000}, {"sku": "AMZ-CUP-001", "quantity": 1, "price": 500}]


def totals(order):
    """(grand total, item totals) as numbers."""
    value = lambda money: Decimal(money["amount"])  # noqa: E731
    items = [value(item["proceeds"]["proceedsTotal"]) for item in order["orderItems"]]
    return value(order["proceeds"]["grandTotal"]), items


def quantities(order):
    """[(ordered, fulfilled, open)] of the items."""
    return [
        (item["quantityOrdered"], item["fulfillment"]["quantityFulfilled"], item["fulfillment"]["quantityUnfulfilled"])
        for item in order["orderItems"]
    ]


def status(order):
    return order["fulfillment"]["fulfillmentStatus"]


@pytest.fixture
def order(amazon, seller):
    """An order of 3 x 1000 + 1 x 500; the clock moves on, so that changes have a later time."""
    order_id = amazon.place(seller, items=TWO_LINES)
    amazon.advance(hours=1)
    return amazon.order(order_id)


def act(amazon, order, action, **values):
    changed = amazon.act(order["orderId"], action, **values)
    assert changed["lastUpdatedTime"] == LATER
    return changed


def test_ship_everything(amazon, order):
    shipped = act(amazon, order, "ship", carrier="SAGAWA", tracking="123456789012")
    assert status(shipped) == "SHIPPED" and quantities(shipped) == [(3, 3, 0), (1, 1, 0)]
    [package] = shipped["packages"]
    assert (package["packageReferenceId"], package["carrier"], package["trackingNumber"]) == (
        "1",
        "SAGAWA",
        "123456789012",
    )
    assert [entry["quantity"] for entry in package["packageItems"]] == [3, 1]


def test_ship_in_two_parcels_and_deliver(amazon, order):
    first, second = (item["orderItemId"] for item in order["orderItems"])
    partly = act(amazon, order, "ship", items={first: 2})
    assert status(partly) == "PARTIALLY_SHIPPED" and quantities(partly) == [(3, 2, 1), (1, 0, 1)]
    amazon.control("POST", f"/orders/{order['orderId']}/ship", {"items": {first: 2}}, status=409)
    done = act(amazon, order, "ship")
    assert status(done) == "SHIPPED"
    assert [package["packageReferenceId"] for package in done["packages"]] == ["1", "2"]
    delivered = act(amazon, order, "deliver", package="2")
    assert [package["packageStatus"]["status"] for package in delivered["packages"]] == ["SHIPPED", "DELIVERED"]


def test_cancel_everything(amazon, order):
    cancelled = act(amazon, order, "cancel", by="AMAZON")
    assert status(cancelled) == "CANCELLED" and quantities(cancelled) == [(3, 0, 0), (1, 0, 0)]
    assert totals(cancelled) == (0, [0, 0])
    execution = cancelled["orderItems"][0]["cancellation"]["cancellationExecution"]
    assert execution["cancelledBy"] == "AMAZON"
    assert cancelled["payment"]["paymentExecutions"][0]["paymentAmount"]["amount"] == "0"


def test_cancel_some_units(amazon, order):
    first = order["orderItems"][0]["orderItemId"]
    partly = act(amazon, order, "cancel", items={first: 1}, by="MERCHANT")
    assert status(partly) == "UNSHIPPED" and quantities(partly) == [(3, 0, 2), (1, 0, 1)]
    assert totals(partly) == (2500, [2000, 500])
    assert "cancellation" not in partly["orderItems"][1]


def test_cancelling_the_rest_of_a_partly_shipped_order_ships_it(amazon, order):
    first = order["orderItems"][0]["orderItemId"]
    act(amazon, order, "ship", items={first: 3})
    assert status(act(amazon, order, "cancel")) == "SHIPPED"


def test_request_cancel(amazon, order):
    asked = act(amazon, order, "request-cancel")
    requests = [item["cancellation"]["cancellationRequest"]["requester"] for item in asked["orderItems"]]
    assert requests == ["BUYER", "BUYER"] and status(asked) == "UNSHIPPED"


def test_change_address(amazon, order):
    changed = act(amazon, order, "change-address")
    old, new = (o["recipient"]["deliveryAddress"] for o in (order, changed))
    assert new != old and new["name"] == old["name"]
    given = {"name": "山田 花子", "addressLine1": "1-1", "countryCode": "JP"}
    assert act(amazon, order, "change-address", address=given)["recipient"]["deliveryAddress"] == given


def test_reduce(amazon, order):
    first = order["orderItems"][0]["orderItemId"]
    reduced = act(amazon, order, "reduce", item_id=first, quantity=1)
    assert quantities(reduced) == [(1, 0, 1), (1, 0, 1)] and totals(reduced) == (1500, [1000, 500])
    amazon.control("POST", f"/orders/{order['orderId']}/reduce", {"item_id": first, "quantity": 2}, status=409)


def test_reprice(amazon, order):
    first = order["orderItems"][0]["orderItemId"]
    repriced = act(amazon, order, "reprice", item_id=first, unit_price=900)
    assert totals(repriced) == (3200, [2700, 500])
    assert repriced["orderItems"][0]["product"]["price"]["unitPrice"]["amount"] == "900"
    assert repriced["proceeds"]["breakdowns"] == [
        {"type": "ITEM", "subtotal": {"amount": "3200", "currencyCode": "JPY"}}
    ]


def test_release_and_pay(amazon, seller):
    order_id = amazon.place(seller, "jp_preorder")
    amazon.control("POST", f"/orders/{order_id}/pay", {}, status=409)
    assert status(amazon.act(order_id, "release")) == "PENDING"
    assert status(amazon.act(order_id, "pay")) == "UNSHIPPED"


@pytest.mark.parametrize("action", ["ship", "pay", "release", "deliver"])
def test_refused_for_a_pending_or_cancelled_order(amazon, seller, action):
    order_id = amazon.place(seller, "jp_cancelled")
    amazon.control("POST", f"/orders/{order_id}/{action}", {}, status=409)
    assert status(amazon.order(order_id)) == "CANCELLED"


def test_unknown_action_order_and_item(amazon, seller):
    order_id = amazon.place(seller)
    amazon.control("POST", f"/orders/{order_id}/explode", {}, status=404)
    amazon.control("POST", "/orders/250-0000000-0000000/ship", {}, status=404)
    amazon.control("POST", f"/orders/{order_id}/ship", {"items": {"1": 1}}, status=409)


CHANGES = [
    "jp_promotion_positive",
    "jp_promotion_negative",
    "jp_tax_shown",
    "jp_indivisible",
    "us_multi",
    "jp_delivery_tip",
    "jp_points_used",
]


@pytest.mark.parametrize("kind", CHANGES)
def test_totals_still_reconcile_after_cancelling_a_unit(amazon, kind):
    seller = amazon.post("/sellers", marketplaces=[JP, US])
    order_id = amazon.place(seller, kind)
    before = amazon.order(order_id)
    first = before["orderItems"][0]
    after = amazon.act(order_id, "cancel", items={first["orderItemId"]: 1})
    (old_total, old_items), (new_total, new_items) = totals(before), totals(after)
    left = quantities(after)[0][2]
    assert abs(new_items[0] - old_items[0] * left / (left + 1)) < 2 and new_items[1:] == old_items[1:]
    if any(quantity[2] for quantity in quantities(after)):
        assert new_total - sum(new_items) == old_total - sum(old_items)
    else:
        assert new_total == 0
    paid = sum(Decimal(e["paymentAmount"]["amount"]) for e in after["payment"]["paymentExecutions"])
    assert paid == new_total
