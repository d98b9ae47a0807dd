"""Amazon's wire: requests out, typed values in.

Imports no odoo. Start reading with :mod:`.client` (the one door) and :mod:`.orders` (one of Amazon's APIs);
:mod:`.values` is what comes back, :mod:`.shipments` and :mod:`.fulfillment` what goes out.
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
from .feeds import CONTENT_TYPE_XML, FEED_TYPE_FULFILLMENT, Feed, FeedsPage
from .fulfillment import flat_fulfillment_file, formula_in, fulfillment_feed, split_feed
from .operations import OPERATIONS, SANDBOX
from .orders import ALL, NEEDED, ReceivedOrder, SearchOrders
from .processing_reports import MessageResult, ProcessingReport, parse_processing_report
from .shipments import DIRECT_PAYMENT, OTHER, Shipment, ShippedItem, refusal_of, tidy
from .tokens import authorization_url, exchange_authorization_code
from .values import parse_order, parse_readable

__all__ = [
    "ALL",
    "CONTENT_TYPE_XML",
    "FEED_TYPE_FULFILLMENT",
    "DIRECT_PAYMENT",
    "OTHER",
    "OPERATIONS",
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
    "NEEDED",
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
    "parse_readable",
    "parse_processing_report",
    "refusal_of",
    "split",
    "split_feed",
    "tidy",
]
