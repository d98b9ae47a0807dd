"""Amazon's published usage plans: one token bucket per operation.

Source: developer-docs.amazon.com, "Usage Plans and Rate Limits" and the operations' own pages. They are where a budget
starts; ``x-amzn-RateLimit-Limit`` in the answers may say otherwise for a seller.
"""

from typing import NamedTuple


class Rate(NamedTuple):
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


_VENDOR = Rate(10, 10)
_NOTIFICATIONS = Rate(1, 5)

PUBLISHED = {
    # Orders 2026-01-01
    "searchOrders": Rate(0.0056, 20),
    "getOrder": Rate(0.5, 30),
    # Orders v0
    "confirmShipment": Rate(2, 10),
    "updateShipmentStatus": Rate(5, 15),
    # Feeds 2021-06-30
    "createFeedDocument": Rate(0.5, 15),
    "createFeed": Rate(0.0083, 15),
    "createFeed.JSON_LISTINGS_FEED": Rate(5 / 300, 5),
    "getFeed": Rate(2, 15),
    "cancelFeed": Rate(2, 15),
    "getFeeds": Rate(0.0222, 10),
    "getFeedDocument": Rate(0.0222, 10),
    # Listings Items 2021-08-01
    "getListingsItem": Rate(5, 10),
    "putListingsItem": Rate(5, 10),
    "patchListingsItem": Rate(5, 5),
    "deleteListingsItem": Rate(5, 5),
    "searchListingsItems": Rate(5, 5),
    # Finances 2024-06-19, v0
    "listTransactions": Rate(0.5, 10),
    "listBalances": Rate(0.5, 10),
    "listSummary": Rate(0.5, 10),
    "listFinancialEvents": Rate(0.5, 30),
    "listFinancialEventsByOrderId": Rate(0.5, 30),
    # Tokens 2021-03-01
    "createRestrictedDataToken": Rate(1, 10),
    # Sellers v1
    "getMarketplaceParticipations": Rate(0.016, 15),
    "getAccount": Rate(0.016, 15),
    # Notifications v1
    "createDestination": _NOTIFICATIONS,
    "getDestination": _NOTIFICATIONS,
    "getDestinations": _NOTIFICATIONS,
    "deleteDestination": _NOTIFICATIONS,
    "createSubscription": _NOTIFICATIONS,
    "getSubscription": _NOTIFICATIONS,
    "getSubscriptionById": _NOTIFICATIONS,
    "deleteSubscriptionById": _NOTIFICATIONS,
    # Vendor Direct Fulfillment. Its getOrder has a plan of its own, so it needs a name of its own here.
    "getOrders": _VENDOR,
    "vendor.getOrder": _VENDOR,
    "submitAcknowledgement": _VENDOR,
    "getShippingLabels": _VENDOR,
    "getShippingLabel": _VENDOR,
    "submitShippingLabelRequest": _VENDOR,
    "createShippingLabels": _VENDOR,
    "createContainerLabel": _VENDOR,
    "submitShipmentConfirmations": _VENDOR,
    "submitShipmentStatusUpdates": _VENDOR,
    "getPackingSlips": _VENDOR,
    "getPackingSlip": _VENDOR,
    "getCustomerInvoices": _VENDOR,
    "getCustomerInvoice": _VENDOR,
    "getTransactionStatus": _VENDOR,
    "submitInventoryUpdate": _VENDOR,
    "submitInvoice": _VENDOR,
}

#: Every operation of the sandbox, whatever :data:`PUBLISHED` says.
SANDBOX = Rate(5, 15)
