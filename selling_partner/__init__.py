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
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    ShipPlusOrder,
    TokenRefused,
    TrackingNumberRequired,
)
from .feeds import CONTENT_TYPE_XML, FEED_TYPE_FULFILLMENT, Feed, FeedsPage
from .fulfillment import flat_fulfillment_file, formula_in, fulfillment_feed, split_feed
from .operations import OPERATIONS, SANDBOX
from .orders import ALL, NEEDED, ReceivedOrder, SearchOrders
from .processing_reports import MessageResult, ProcessingReport, parse_processing_report
from .shipments import DIRECT_PAYMENT, OTHER, Shipment, ShippedItem, hint_of, tidy
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
    "Credentials",
    "CredentialsError",
    "Endpoint",
    "Feed",
    "FeedsPage",
    "MalformedAnswer",
    "MessageResult",
    "NEEDED",
    "NoBudget",
    "NotFound",
    "ProcessingReport",
    "QuotaExceeded",
    "ReceivedOrder",
    "RetryLater",
    "SearchOrders",
    "SellingPartner",
    "SellingPartnerError",
    "ShipPlusOrder",
    "Shipment",
    "ShippedItem",
    "TokenRefused",
    "TrackingNumberRequired",
    "authorization_url",
    "endpoint",
    "exchange_authorization_code",
    "flat_fulfillment_file",
    "formula_in",
    "fulfillment_feed",
    "parse_order",
    "parse_readable",
    "parse_processing_report",
    "hint_of",
    "split",
    "split_feed",
    "tidy",
]
