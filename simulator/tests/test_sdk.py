"""Amazon's own SDK (amzn-sp-api) understands every answer."""

import logging

import httpx
import pytest

from simulator.kinds import KINDS
from simulator.tests.client import EVERYWHERE, INCLUDED, JP, LONG_AGO, XML, XML_FEED, Amazon, served
from simulator.tests.fulfillment import envelope, message
from simulator.tests.vendor_client import Vendor, confirmation, place

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


def test_confirm_shipment(connected):
    from spapi.api.orders_v0.orders_v0_api import OrdersV0Api
    from spapi.models.orders_v0 import ConfirmShipmentOrderItem, ConfirmShipmentRequest, PackageDetail
    from spapi.rest import ApiException

    amazon, orders, client = connected
    order = amazon.order(orders["jp_standard"])
    items = [
        ConfirmShipmentOrderItem(order_item_id=i["orderItemId"], quantity=i["fulfillment"]["quantityUnfulfilled"])
        for i in order["orderItems"]
    ]
    detail = PackageDetail(
        package_reference_id="7001",
        carrier_code="YAMATO",
        tracking_number="123456789012",
        ship_date=order["createdTime"],
        order_items=items,
    )
    payload = ConfirmShipmentRequest(package_detail=detail, marketplace_id=order["salesChannel"]["marketplaceId"])
    api = OrdersV0Api(client.api_client)
    assert api.confirm_shipment(order["orderId"], payload) is None
    assert amazon.order(order["orderId"])["packages"][0]["packageReferenceId"] == "7001"
    detail.package_reference_id = "7002"
    with pytest.raises(ApiException) as refused:
        api.confirm_shipment(order["orderId"], payload)
    assert refused.value.status == 400 and "PackageToUpdateNotFound" in str(refused.value.body)


def test_feeds(connected):
    from spapi.api.feeds_v2021_06_30.feeds_api import FeedsApi
    from spapi.models.feeds_v2021_06_30 import CreateFeedDocumentSpecification, CreateFeedSpecification

    amazon, orders, client = connected
    [seller] = amazon.get("/sellers")
    api = FeedsApi(client.api_client)
    document = api.create_feed_document(CreateFeedDocumentSpecification(content_type=XML))
    content = envelope(seller, message(1, orders["jp_points"], date="2026-11-23T01:00:00Z"))
    assert httpx.put(document.url, content=content, headers={"content-type": XML}).status_code == 200
    specification = CreateFeedSpecification(
        feed_type=XML_FEED, marketplace_ids=[JP], input_feed_document_id=document.feed_document_id
    )
    feed_id = api.create_feed(specification).feed_id
    other = api.create_feed_document(CreateFeedDocumentSpecification(content_type=XML)).feed_document_id
    specification.input_feed_document_id = other
    api.cancel_feed(api.create_feed(specification).feed_id)
    amazon.post(f"/feeds/{feed_id}/process")
    feed = api.get_feed(feed_id)
    assert feed.processing_status == "DONE"
    assert {f.feed_id: f.processing_status for f in api.get_feeds(feed_types=[XML_FEED]).feeds}[feed_id] == "DONE"
    result = api.get_feed_document(feed.result_feed_document_id)
    assert "<MessagesSuccessful>1<" in httpx.get(result.url).text


def test_listings(connected):
    from spapi.api.listings_items_v2021_08_01.listings_api import ListingsApi
    from spapi.models.listings_items_v2021_08_01 import ListingsItemPatchRequest, PatchOperation

    amazon, _orders, client = connected
    [seller] = amazon.get("/sellers")
    merchant_id = seller["merchant_id"]
    for sku in ("A/1 緑", "B", "C"):
        amazon.post("/listings", merchant_id=merchant_id, sku=sku, quantity=7, asin="B0TEA", title="煎茶", price="1980")
    api = ListingsApi(client.api_client)
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]
    patch = PatchOperation(op="merge", path="/attributes/fulfillment_availability", value=value)
    body = ListingsItemPatchRequest(product_type="PRODUCT", patches=[patch])
    answer = api.patch_listings_item(merchant_id, "A/1 緑", [JP], body)
    assert (answer.sku, answer.status, answer.issues) == ("A/1 緑", "ACCEPTED", [])
    item = api.get_listings_item(merchant_id, "A/1 緑", [JP], included_data=["fulfillmentAvailability", "offers"])
    assert item.fulfillment_availability[0].quantity == 4 and item.offers[0].price.amount == "1980"
    query = {"sort_by": "sku", "sort_order": "ASC", "page_size": 2}
    page = api.search_listings_items(merchant_id, [JP], **query)
    last = api.search_listings_items(merchant_id, [JP], page_token=page.pagination.next_token, **query)
    assert [item.sku for item in page.items + last.items] == ["A/1 緑", "B", "C"]
    assert page.items[0].summaries[0].item_name == "煎茶"


def test_reports(connected):
    from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
    from spapi.models.reports_v2021_06_30 import CreateReportSpecification

    amazon, _orders, client = connected
    [seller] = amazon.get("/sellers")
    amazon.post("/listings", merchant_id=seller["merchant_id"], sku="D", quantity=7)
    api = ReportsApi(client.api_client)
    report_type = "GET_MERCHANT_LISTINGS_ALL_DATA"
    report_id = api.create_report(CreateReportSpecification(report_type=report_type, marketplace_ids=[JP])).report_id
    amazon.post(f"/reports/{report_id}/process")
    report = api.get_report(report_id)
    assert report.processing_status == "DONE"
    assert [one.report_id for one in api.get_reports(report_types=[report_type]).reports] == [report_id]
    document = api.get_report_document(report.report_document_id)
    assert "出品者SKU" in httpx.get(document.url).content.decode("cp932")


def test_vendors(amazon, server, monkeypatch):
    """From the order to the confirmation; restricted data tokens the SDK leaves to its user."""
    from spapi import SPAPIClient, SPAPIConfig
    from spapi.api.vendor_direct_fulfillment_orders_v2021_12_28.vendor_df_orders_api import VendorDfOrdersApi
    from spapi.api.vendor_direct_fulfillment_shipping_v2021_12_28.vendor_shipping_api import VendorShippingApi
    from spapi.api.vendor_direct_fulfillment_shipping_v2021_12_28.vendor_shipping_labels_api import (
        VendorShippingLabelsApi,
    )
    from spapi.api.vendor_direct_fulfillment_transactions_v2021_12_28.vendor_df_transaction_api import (
        VendorDfTransactionApi,
    )

    vendor = Vendor(amazon, "2021-12-28")
    number, seller, carried = vendor.place("vendor_gift"), vendor.seller, {}
    config = SPAPIConfig(seller["client_id"], seller["client_secret"], seller["refresh_token"], "FE")
    sdk = SPAPIClient(config, f"{server}/auth/o2/token", server)
    monkeypatch.setattr(sdk.access_token_cache, "get_lwa_access_token", lambda: carried["token"])

    def go_with(*restricted):
        method_and_path = ("GET", place(restricted[0], "2021-12-28", restricted[1])) if restricted else ()
        carried["token"] = vendor.token(*method_and_path) if restricted else amazon.token(seller)
        return sdk.api_client

    def ends(transaction):
        amazon.advance(seconds=31)
        transactions = VendorDfTransactionApi(go_with())
        return transactions.get_transaction_status(transaction.transaction_id).transaction_status.status

    orders = VendorDfOrdersApi(go_with("orders", "purchaseOrders"))
    page = orders.get_orders("2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z")
    assert [order.purchase_order_number for order in page.orders] == [number]
    details = page.orders[0].order_details
    assert details.order_status == "NEW" and details.items[0].gift_details.gift_message
    go_with()
    body = {"orderAcknowledgements": [vendor.acknowledgement(number)]}
    assert ends(orders.submit_acknowledgement(body)) == "Success"
    labels = VendorShippingLabelsApi(go_with())
    body = {"shippingLabelRequests": [vendor.parties(number)]}
    assert ends(labels.submit_shipping_label_request(body)) == "Success"
    go_with("shipping", "shippingLabels/{purchaseOrderNumber}")
    label = labels.get_shipping_label(number)
    assert (label.label_format, len(label.label_data)) == ("PNG", 1)
    shipping = VendorShippingApi(go_with("shipping", "packingSlips/{purchaseOrderNumber}"))
    assert shipping.get_packing_slip(number).content_type == "application/pdf"
    go_with()
    entry = confirmation(vendor, number, label.label_data[0].tracking_number)
    assert ends(shipping.submit_shipment_confirmations({"shipmentConfirmations": [entry]})) == "Success"
    assert vendor.record(number)["status"] == "SHIPPED"
