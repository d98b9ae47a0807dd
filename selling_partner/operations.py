"""The operations of Amazon's APIs: where each is, and how often it may be called. The one table of them.

Source: Amazon's models (paths) and developer-docs.amazon.com, "Usage Plans and Rate Limits" and the operations' own
pages. The usage plans are where a budget starts; ``x-amzn-RateLimit-Limit`` in the answers may say otherwise for a
seller.
"""

from typing import NamedTuple


class UsagePlan(NamedTuple):
    """A token bucket.

    :param rate: requests per second that it refills with.
    :param burst: requests that fit in.
    """

    rate: float
    burst: int

    @property
    def interval(self):
        """Seconds from one token to the next."""
        return 1 / self.rate


class Operation(NamedTuple):
    """A row of the table.

    :param method: of HTTP.
    :param path: with the names of its parameters in braces.
    :param plan: as published.
    :param restricted: whether it needs a restricted data token of its own.
    """

    method: str
    path: str
    plan: UsagePlan
    restricted: bool = False


_NOTIFICATIONS = UsagePlan(1, 5)


def _vendor(method, place, api="shipping", version="{version}", restricted=False):
    """Return a row of Vendor Direct Fulfillment, whose versions have the same operations."""
    return Operation(method, f"/vendor/directFulfillment/{api}/{version}/{place}", UsagePlan(10, 10), restricted)


#: By Amazon's names. A part before or after a dot tells apart what Amazon calls the same.
OPERATIONS = {
    # Orders 2026-01-01
    "searchOrders": Operation("GET", "/orders/2026-01-01/orders", UsagePlan(0.0056, 20)),
    "getOrder": Operation("GET", "/orders/2026-01-01/orders/{orderId}", UsagePlan(0.5, 30)),
    # Orders v0
    "confirmShipment": Operation("POST", "/orders/v0/orders/{orderId}/shipmentConfirmation", UsagePlan(2, 10)),
    "updateShipmentStatus": Operation("POST", "/orders/v0/orders/{orderId}/shipment", UsagePlan(5, 15)),
    # Feeds 2021-06-30
    "createFeedDocument": Operation("POST", "/feeds/2021-06-30/documents", UsagePlan(0.5, 15)),
    "createFeed": Operation("POST", "/feeds/2021-06-30/feeds", UsagePlan(0.0083, 15)),
    "createFeed.JSON_LISTINGS_FEED": Operation("POST", "/feeds/2021-06-30/feeds", UsagePlan(5 / 300, 5)),
    "getFeed": Operation("GET", "/feeds/2021-06-30/feeds/{feedId}", UsagePlan(2, 15)),
    "cancelFeed": Operation("DELETE", "/feeds/2021-06-30/feeds/{feedId}", UsagePlan(2, 15)),
    "getFeeds": Operation("GET", "/feeds/2021-06-30/feeds", UsagePlan(0.0222, 10)),
    "getFeedDocument": Operation("GET", "/feeds/2021-06-30/documents/{feedDocumentId}", UsagePlan(0.0222, 10)),
    # Listings Items 2021-08-01
    "getListingsItem": Operation("GET", "/listings/2021-08-01/items/{sellerId}/{sku}", UsagePlan(5, 10)),
    "putListingsItem": Operation("PUT", "/listings/2021-08-01/items/{sellerId}/{sku}", UsagePlan(5, 10)),
    "patchListingsItem": Operation("PATCH", "/listings/2021-08-01/items/{sellerId}/{sku}", UsagePlan(5, 5)),
    "deleteListingsItem": Operation("DELETE", "/listings/2021-08-01/items/{sellerId}/{sku}", UsagePlan(5, 5)),
    "searchListingsItems": Operation("GET", "/listings/2021-08-01/items/{sellerId}", UsagePlan(5, 5)),
    # Reports 2021-06-30
    "createReport": Operation("POST", "/reports/2021-06-30/reports", UsagePlan(0.0167, 15)),
    "getReport": Operation("GET", "/reports/2021-06-30/reports/{reportId}", UsagePlan(2, 15)),
    "cancelReport": Operation("DELETE", "/reports/2021-06-30/reports/{reportId}", UsagePlan(0.0222, 10)),
    "getReports": Operation("GET", "/reports/2021-06-30/reports", UsagePlan(0.0222, 10)),
    "getReportDocument": Operation("GET", "/reports/2021-06-30/documents/{reportDocumentId}", UsagePlan(0.0167, 15)),
    # Finances 2024-06-19, v0
    "listTransactions": Operation("GET", "/finances/2024-06-19/transactions", UsagePlan(0.5, 10)),
    "listBalances": Operation("GET", "/finances/2024-06-19/balances", UsagePlan(0.5, 10)),
    "listSummary": Operation("GET", "/finances/2024-06-19/summary", UsagePlan(0.5, 10)),
    "listFinancialEvents": Operation("GET", "/finances/v0/financialEvents", UsagePlan(0.5, 30)),
    "listFinancialEventsByOrderId": Operation(
        "GET", "/finances/v0/orders/{orderId}/financialEvents", UsagePlan(0.5, 30)
    ),
    # Tokens 2021-03-01
    "createRestrictedDataToken": Operation("POST", "/tokens/2021-03-01/restrictedDataToken", UsagePlan(1, 10)),
    # Sellers v1
    "getMarketplaceParticipations": Operation("GET", "/sellers/v1/marketplaceParticipations", UsagePlan(0.016, 15)),
    "getAccount": Operation("GET", "/sellers/v1/account", UsagePlan(0.016, 15)),
    # Notifications v1
    "createDestination": Operation("POST", "/notifications/v1/destinations", _NOTIFICATIONS),
    "getDestination": Operation("GET", "/notifications/v1/destinations/{destinationId}", _NOTIFICATIONS),
    "getDestinations": Operation("GET", "/notifications/v1/destinations", _NOTIFICATIONS),
    "deleteDestination": Operation("DELETE", "/notifications/v1/destinations/{destinationId}", _NOTIFICATIONS),
    "createSubscription": Operation("POST", "/notifications/v1/subscriptions/{notificationType}", _NOTIFICATIONS),
    "getSubscription": Operation("GET", "/notifications/v1/subscriptions/{notificationType}", _NOTIFICATIONS),
    "getSubscriptionById": Operation(
        "GET", "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}", _NOTIFICATIONS
    ),
    "deleteSubscriptionById": Operation(
        "DELETE", "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}", _NOTIFICATIONS
    ),
    # Vendor Direct Fulfillment 2021-12-28 and v1. Amazon's lists of what is restricted differ; this is all of them.
    "getOrders": _vendor("GET", "purchaseOrders", "orders", restricted=True),
    "getOrder.vendor": _vendor("GET", "purchaseOrders/{purchaseOrderNumber}", "orders", restricted=True),
    "submitAcknowledgement": _vendor("POST", "acknowledgements", "orders"),
    "getShippingLabels": _vendor("GET", "shippingLabels", restricted=True),
    "getShippingLabel": _vendor("GET", "shippingLabels/{purchaseOrderNumber}", restricted=True),
    "submitShippingLabelRequest": _vendor("POST", "shippingLabels"),
    "createShippingLabels": _vendor(
        "POST", "shippingLabels/{purchaseOrderNumber}", version="2021-12-28", restricted=True
    ),
    "createContainerLabel": _vendor("POST", "containerLabel", version="2021-12-28"),
    "submitShipmentConfirmations": _vendor("POST", "shipmentConfirmations"),
    "submitShipmentStatusUpdates": _vendor("POST", "shipmentStatusUpdates"),
    "getPackingSlips": _vendor("GET", "packingSlips", restricted=True),
    "getPackingSlip": _vendor("GET", "packingSlips/{purchaseOrderNumber}", restricted=True),
    "getCustomerInvoices": _vendor("GET", "customerInvoices", restricted=True),
    "getCustomerInvoice": _vendor("GET", "customerInvoices/{purchaseOrderNumber}", restricted=True),
    "getTransactionStatus": _vendor("GET", "transactions/{transactionId}", "transactions"),
    "submitInventoryUpdate": _vendor("POST", "warehouses/{warehouseId}/items", "inventory", "v1"),
    "submitInvoice": _vendor("POST", "invoices", "payments", "v1"),
}

#: Of every operation of the sandbox, whatever :data:`OPERATIONS` says.
SANDBOX = UsagePlan(5, 15)
