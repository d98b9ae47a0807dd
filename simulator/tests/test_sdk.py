"""Amazon's own SDK (amzn-sp-api) understands every answer."""

import logging

import pytest

from simulator.kinds import KINDS
from simulator.tests.client import EVERYWHERE, INCLUDED, LONG_AGO, Amazon, served

spapi = pytest.importorskip("spapi")


@pytest.fixture(scope="module")
def connected():
    """(Amazon, {kind: order id}, the SDK's client of a seller with one order of every kind)."""
    from spapi import SPAPIClient, SPAPIConfig

    logging.getLogger("spapi").setLevel(logging.WARNING)
    with served() as url:
        amazon = Amazon(url)
        amazon.freeze()
        seller = amazon.post("/sellers", marketplaces=EVERYWHERE)
        orders = {kind: amazon.place(seller, kind) for kind in KINDS}
        amazon.advance(minutes=5)
        config = SPAPIConfig(seller["client_id"], seller["client_secret"], seller["refresh_token"], "FE")
        yield amazon, orders, SPAPIClient(config, f"{url}/auth/o2/token", url)


@pytest.mark.parametrize("kind", KINDS)
def test_get_order(connected, kind):
    from spapi.api.orders_v2026_01_01.get_order_api import GetOrderApi

    amazon, orders, client = connected
    order = GetOrderApi(client.api_client).get_order(orders[kind], included_data=INCLUDED.split(",")).order
    stored = amazon.order(orders[kind])
    assert order.order_id == stored["orderId"]
    assert order.fulfillment.fulfillment_status == stored["fulfillment"]["fulfillmentStatus"]
    assert len(order.order_items) == len(stored["orderItems"])
    assert order.order_items[0].product.title == stored["orderItems"][0]["product"]["title"]
    if order.proceeds:
        assert order.proceeds.grand_total.amount == stored["proceeds"]["grandTotal"]["amount"]


def test_search_orders(connected):
    from spapi.api.orders_v2026_01_01.search_orders_api import SearchOrdersApi

    _amazon, orders, client = connected
    api = SearchOrdersApi(client.api_client)
    query = {"last_updated_after": LONG_AGO, "max_results_per_page": 40, "included_data": INCLUDED.split(",")}
    page = api.search_orders(**query)
    found = list(page.orders)
    while page.pagination:
        page = api.search_orders(pagination_token=page.pagination.next_token, **query)
        found += page.orders
    assert {order.order_id for order in found} == set(orders.values())


def test_sellers(connected):
    from spapi.api.sellers_v1.sellers_api import SellersApi

    payload = SellersApi(connected[2].api_client).get_marketplace_participations().payload
    assert [entry.marketplace.id for entry in payload] == EVERYWHERE
