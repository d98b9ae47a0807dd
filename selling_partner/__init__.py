"""Amazon's wire: requests out, typed values in.

Imports no odoo. Start reading with :mod:`.client` (requests) and :mod:`.values` (what comes back);
:mod:`.shipments` and :mod:`.feeds` are what goes out.
"""

from .amounts import split
from .client import Budget, Credentials, NoBudget, SellingPartner
from .endpoints import Endpoint, endpoint
from .errors import (
    AccessDenied,
    AlreadyFulfilled,
    BadRequest,
    CarrierRefused,
    CollectionRefused,
    CredentialsError,
    DateRefused,
    ItemRefused,
    MalformedAnswer,
    NotFound,
    OrderCancelled,
    QuantityRefused,
    QuotaExceeded,
    ReferenceRefused,
    RetryLater,
    SellingPartnerError,
    ShipPlusOrder,
    TokenRefused,
    TrackingNumberRefused,
    TrackingNumberRequired,
    TransparencyRefused,
)
from .feeds import (
    CONTENT_TYPE_XML,
    FEED_TYPE_FULFILLMENT,
    Feed,
    FeedsPage,
    MessageResult,
    ProcessingReport,
    flat_fulfillment_file,
    formula_in,
    fulfillment_feed,
    parse_processing_report,
    split_feed,
)
from .rates import PUBLISHED, SANDBOX
from .shipments import DIRECT_PAYMENT, OTHER, Shipment, ShippedItem, refusal_of, tidy
from .tokens import authorization_url, exchange_authorization_code
from .values import ReceivedOrder, SearchOrders, parse_order

__all__ = [
    "CONTENT_TYPE_XML",
    "FEED_TYPE_FULFILLMENT",
    "DIRECT_PAYMENT",
    "OTHER",
    "PUBLISHED",
    "SANDBOX",
    "AccessDenied",
    "AlreadyFulfilled",
    "BadRequest",
    "Budget",
    "CarrierRefused",
    "CollectionRefused",
    "Credentials",
    "CredentialsError",
    "DateRefused",
    "Endpoint",
    "Feed",
    "FeedsPage",
    "ItemRefused",
    "MalformedAnswer",
    "MessageResult",
    "NoBudget",
    "NotFound",
    "OrderCancelled",
    "ProcessingReport",
    "QuantityRefused",
    "QuotaExceeded",
    "ReceivedOrder",
    "ReferenceRefused",
    "RetryLater",
    "SearchOrders",
    "SellingPartner",
    "SellingPartnerError",
    "ShipPlusOrder",
    "Shipment",
    "ShippedItem",
    "TokenRefused",
    "TrackingNumberRefused",
    "TrackingNumberRequired",
    "TransparencyRefused",
    "authorization_url",
    "endpoint",
    "exchange_authorization_code",
    "flat_fulfillment_file",
    "formula_in",
    "fulfillment_feed",
    "parse_order",
    "parse_processing_report",
    "refusal_of",
    "split",
    "split_feed",
    "tidy",
]
