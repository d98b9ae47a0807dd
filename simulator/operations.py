"""The operations this Amazon offers, with their published usage plans. Add an operation here and it is served."""

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from . import confirmation, feeds, orders, sellers

ANY_ROLE = (
    "inventory_and_order_tracking",
    "direct_to_consumer_shipping",
    "finance_and_accounting",
    "product_listing",
    "tax_invoicing",
)
ORDER_ROLES = ("inventory_and_order_tracking", "direct_to_consumer_shipping", "tax_invoicing")
SHIPPING_ROLES = feeds.SHIPPING_ROLES
FEEDS = "feeds_2021-06-30.json"


@dataclass(frozen=True)
class Operation:
    """One SP-API operation.

    :ivar rate: requests per second, ``burst``: requests at once
    :ivar roles: any one of them suffices
    :ivar handler: ``handler(call) -> dict`` or None, the JSON of the good answer
    :ivar status: HTTP status of the good answer
    :ivar model: file name of Amazon's Swagger model
    :ivar template: the path as the model writes it
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    roles: tuple
    handler: Callable
    model: str
    status: int = 200

    @property
    def template(self):
        return self.path.replace("<", "{").replace(">", "}")


OPERATIONS = [
    Operation(
        "searchOrders",
        "GET",
        "/orders/2026-01-01/orders",
        0.0056,
        20,
        ORDER_ROLES,
        orders.search_orders,
        "orders_2026-01-01.json",
    ),
    Operation(
        "getOrder",
        "GET",
        "/orders/2026-01-01/orders/<orderId>",
        0.5,
        30,
        ORDER_ROLES,
        orders.get_order,
        "orders_2026-01-01.json",
    ),
    Operation(
        "getMarketplaceParticipations",
        "GET",
        "/sellers/v1/marketplaceParticipations",
        0.016,
        15,
        ANY_ROLE,
        sellers.get_marketplace_participations,
        "sellers.json",
    ),
    Operation(
        "confirmShipment",
        "POST",
        "/orders/v0/orders/<orderId>/shipmentConfirmation",
        2,
        10,
        SHIPPING_ROLES,
        confirmation.confirm_shipment,
        "ordersV0.json",
        204,
    ),
    Operation(
        "createFeedDocument",
        "POST",
        "/feeds/2021-06-30/documents",
        0.5,
        15,
        ANY_ROLE,
        feeds.create_feed_document,
        FEEDS,
        201,
    ),
    Operation(
        "getFeedDocument",
        "GET",
        "/feeds/2021-06-30/documents/<feedDocumentId>",
        0.0222,
        10,
        ANY_ROLE,
        feeds.get_feed_document,
        FEEDS,
    ),
    Operation("createFeed", "POST", "/feeds/2021-06-30/feeds", 0.0083, 15, ANY_ROLE, feeds.create_feed, FEEDS, 202),
    Operation("getFeeds", "GET", "/feeds/2021-06-30/feeds", 0.0222, 10, ANY_ROLE, feeds.get_feeds, FEEDS),
    Operation("getFeed", "GET", "/feeds/2021-06-30/feeds/<feedId>", 2, 15, ANY_ROLE, feeds.get_feed, FEEDS),
    Operation("cancelFeed", "DELETE", "/feeds/2021-06-30/feeds/<feedId>", 2, 15, ANY_ROLE, feeds.cancel_feed, FEEDS),
]
BY_NAME = {operation.name: operation for operation in OPERATIONS}
ROUTES = Map(
    [Rule(operation.path, methods=[operation.method], endpoint=operation) for operation in OPERATIONS],
    redirect_defaults=False,
    strict_slashes=True,
    merge_slashes=False,
)


def find(method, path):
    """(Operation, path arguments), or (None, {}) for what this Amazon does not offer."""
    try:
        return ROUTES.bind("amazon").match(path, method)
    except HTTPException:
        return None, {}


def is_removed_read(method, path):
    """Whether this is one of the v0 order reads that nobody may call any more."""
    return method == "GET" and (path == "/orders/v0/orders" or path.startswith("/orders/v0/orders/"))
