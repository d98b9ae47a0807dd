"""The control API beyond actions and faults."""

import pytest

from simulator.catalogue import CATALOGUE
from simulator.tests.client import INCLUDED, NOW, ids


def test_clock(amazon):
    assert amazon.get("/clock") == {"now": NOW, "frozen": True}
    assert amazon.advance(seconds=90)["now"] == "2026-11-23T01:01:30.000Z"
    running = amazon.post("/clock", now=None)
    assert running["frozen"] is False
    later = amazon.post("/clock", advance=3600)["now"]
    assert later > running["now"][:14] and later[:13] != running["now"][:13]
    amazon.control("POST", "/clock", {"now": "noon"}, status=400)


def things(amazon):
    """Sellers and orders after a fixed series of calls."""
    amazon.freeze()
    seller = amazon.post("/sellers")
    orders = [amazon.order(amazon.place(seller, kind)) for kind in ("jp_standard", "jp_gift", "jp_no_state")]
    bulk = amazon.post("/bulk", merchant_id=seller["merchant_id"], count=20)["order_ids"]
    return seller, orders, [amazon.order(order_id) for order_id in bulk]


def test_the_same_seed_gives_the_same_things(amazon):
    amazon.post("/reset", seed=7)
    first = things(amazon)
    amazon.post("/reset", seed=7)
    amazon.freeze()
    amazon.fetch_token(amazon.post("/sellers", merchant_id="A0", refresh_token="Atzr|x"))
    amazon.post("/reset", seed=7)
    assert things(amazon) == first
    amazon.post("/reset", seed=8)
    assert things(amazon) != first


def test_calls_for_tokens_do_not_change_the_orders(amazon, seller):
    first = amazon.order(amazon.place(seller))
    amazon.post("/reset", seed=1)
    amazon.freeze()
    again = amazon.post("/sellers")
    assert again == seller
    amazon.fetch_token(again)
    assert amazon.order(amazon.place(again)) == first


def test_reset_forgets(amazon, seller):
    amazon.place(seller)
    amazon.search(seller)
    amazon.post("/faults", kind="429")
    amazon.post("/reset", seed=1)
    assert [amazon.get(path) for path in ("/sellers", "/orders", "/faults", "/requests")] == [[], [], [], []]
    assert amazon.get("/clock")["frozen"] is False


def test_given_credentials(amazon):
    values = {"merchant_id": "AMERCHANT", "client_id": "c", "client_secret": "s", "refresh_token": "r", "region": "na"}
    seller = amazon.post("/sellers", **values)
    assert {key: seller[key] for key in values} == values
    assert seller["marketplaces"] == ["ATVPDKIKX0DER"]
    assert amazon.fetch_token(seller).status_code == 200
    amazon.control("POST", "/sellers", values, status=409)
    for wrong in ({"region": "moon"}, {"roles": ["king"]}, {"marketplaces": ["X"]}):
        amazon.control("POST", "/sellers", wrong, status=400)
    assert amazon.get("/sellers/AMERCHANT") == seller
    amazon.control("PATCH", "/sellers/NOBODY", {}, status=404)


def test_given_items_times_and_changes(amazon, seller):
    items = [
        {"sku": "MY-1", "quantity": 2, "price": 150, "title": "鉛筆", "shipping": 100, "discount": 30},
        {"sku": "AMZ-TEA-001"},
    ]
    times = {"created": "2026-11-20T09:00:00+09:00", "updated": "2026-11-21T00:00:00Z"}
    change = {"buyer": {"buyerName": "検証 太郎", "buyerEmail": None}, "orderItems": {"1": {"quantityOrdered": 5}}}
    order = amazon.order(amazon.place(seller, items=items, set=change, **times))
    assert (order["createdTime"], order["lastUpdatedTime"]) == ("2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z")
    mine, tea = order["orderItems"]
    assert (mine["product"]["sellerSku"], mine["product"]["title"], mine["quantityOrdered"]) == ("MY-1", "鉛筆", 2)
    assert mine["proceeds"]["proceedsTotal"]["amount"] == "370"
    assert tea["product"]["title"].startswith("静岡県産") and tea["quantityOrdered"] == 5
    assert order["buyer"] == {"buyerName": "検証 太郎"}


def test_patch_an_order(amazon, seller):
    order_id = amazon.place(seller)
    amazon.advance(hours=1)
    changed = amazon.control("PATCH", f"/orders/{order_id}", {"set": {"buyer": {"buyerName": "X"}}, "touch": False})
    assert (changed["buyer"]["buyerName"], changed["lastUpdatedTime"]) == ("X", NOW)
    touched = amazon.control(
        "PATCH", f"/orders/{order_id}", {"set": {"fulfillment": {"fulfillmentServiceLevel": "NEXT_DAY"}}}
    )
    assert touched["lastUpdatedTime"] == "2026-11-23T02:00:00.000Z"
    assert touched["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert amazon.show(seller, order_id)["buyer"]["buyerName"] == "X"


def test_bulk(amazon, seller):
    amazon.token(seller)
    values = {"kinds": {"jp_standard": 3, "jp_points": 1}, "count": 1000, "items_per_order": 2, "spread_seconds": 3600}
    made = amazon.post("/bulk", merchant_id=seller["merchant_id"], **values)["order_ids"]
    assert len(set(made)) == 1000
    amazon.advance(minutes=3)
    page = amazon.search(seller, includedData=INCLUDED)
    found = [order for page in [page, *amazon.pages(seller, includedData=INCLUDED)[1:]] for order in page["orders"]]
    assert {order["orderId"] for order in found} == set(made)
    assert {len(order["orderItems"]) for order in found} == {2}
    assert len({order["buyer"]["buyerEmail"] for order in found}) == 1000
    assert (found[0]["createdTime"], found[-1]["createdTime"]) == ("2026-11-23T00:00:00.000Z", NOW)


def test_bulk_of_a_usual_day(amazon):
    seller = amazon.post("/sellers", region="eu")
    made = amazon.post("/bulk", merchant_id=seller["merchant_id"], count=50)["order_ids"]
    kinds = {order["kind"] for order in amazon.get("/orders")}
    assert len(made) == 50 and kinds == {"eu_de", "eu_uk"}


def test_catalogue_and_kinds(amazon):
    catalogue = amazon.get("/catalogue")
    assert len(catalogue) == 20 and catalogue == CATALOGUE
    kinds = amazon.get("/kinds")
    assert all(kind["ja"] and kind["en"] for kind in kinds) and len(kinds) >= 56


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "/orders", {}),
        ("POST", "/orders", {"merchant_id": "?", "kind": "jp_standard"}),
        ("GET", "/orders/250-0000000-0000000", None),
        ("GET", "/nothing", None),
        ("DELETE", "/clock", None),
        ("POST", "/quota", {"mode": "half"}),
        ("POST", "/quota", {"operation": "fly"}),
    ],
)
def test_mistakes_are_told(amazon, method, path, body):
    answer = amazon.http.request(method, f"/control{path}", json=body)
    assert 400 <= answer.status_code < 500 and answer.json()["error"]


def test_a_kind_of_another_marketplace_is_refused(amazon, seller):
    body = {"merchant_id": seller["merchant_id"], "kind": "us_standard"}
    amazon.control("POST", "/orders", body, status=400)
    amazon.control("POST", "/orders", {**body, "kind": "nonsense"}, status=400)
    assert amazon.get("/orders") == []


def test_orders_of_one_seller(amazon, seller):
    order_id = amazon.place(seller)
    amazon.place(amazon.post("/sellers"))
    assert [order["order_id"] for order in amazon.get(f"/orders?merchant_id={seller['merchant_id']}")] == [order_id]
    amazon.advance(minutes=3)
    assert ids([amazon.search(seller)]) == [order_id]
