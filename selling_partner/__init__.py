"""Amazon's wire: requests out, typed values in.

Imports no odoo. Start reading with :mod:`.client` (the one door) and :mod:`.orders` (one of Amazon's APIs);
:mod:`.values` is what comes back, :mod:`.shipments` and :mod:`.fulfillment` what goes out; :mod:`.listings` is stock,
:mod:`.finances` money, :mod:`.vendor` the other side of Amazon: what vendors ship for it.
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
    PassingRefusal,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    ShipPlusOrder,
    TokenRefused,
    TrackingNumberRequired,
)
from .feeds import CONTENT_TYPE_XML, FEED_TYPE_FULFILLMENT, Feed, FeedsPage
from .finances import (
    Leaf,
    ReceivedTransaction,
    Transaction,
    TransactionSearch,
    TransactionsPage,
    parse_transaction,
)
from .fulfillment import flat_fulfillment_file, formula_in, fulfillment_feed, split_feed
from .listings import (
    ANY_PRODUCT,
    FBA,
    FBM,
    ISSUE_HINTS,
    LISTING_DATA,
    MOST_SKUS,
    MULTI,
    Availability,
    Issue,
    Listing,
    ListingPatch,
    ListingsPage,
    SearchListings,
    Submission,
    UnreadableListing,
    is_sku,
)
from .listings_feed import (
    CONTENT_TYPE_JSON,
    FEED_TYPE_LISTINGS,
    MOST_MESSAGES,
    listings_feed,
    split_listings_feed,
)
from .listings_report import COLUMNS as LISTING_COLUMNS
from .listings_report import REPORT_TYPE_LISTINGS, merchant_listings
from .operations import OPERATIONS, SANDBOX
from .orders import ALL, NEEDED, ReceivedOrder, SearchOrders
from .processing_reports import MessageResult, ProcessingReport, parse_processing_report
from .reports import Report, ReportsPage
from .shipments import DIRECT_PAYMENT, OTHER, Shipment, ShippedItem, hint_of, tidy
from .tokens import authorization_url, exchange_authorization_code
from .values import Money, parse_order, parse_readable
from .vendor import VERSIONS as VENDOR_VERSIONS
from .vendor import SearchVendorOrders, VendorOrdersPage, VendorTransaction
from .vendor_orders import (
    ACKNOWLEDGEMENT_CODES,
    Acknowledgement,
    VendorItem,
    VendorLine,
    VendorOrder,
    parse_vendor_order,
)

__all__ = [
    "ACKNOWLEDGEMENT_CODES",
    "ALL",
    "Acknowledgement",
    "ANY_PRODUCT",
    "CONTENT_TYPE_JSON",
    "CONTENT_TYPE_XML",
    "FEED_TYPE_FULFILLMENT",
    "FEED_TYPE_LISTINGS",
    "FBA",
    "FBM",
    "ISSUE_HINTS",
    "LISTING_DATA",
    "LISTING_COLUMNS",
    "MOST_MESSAGES",
    "MULTI",
    "DIRECT_PAYMENT",
    "OTHER",
    "OPERATIONS",
    "SANDBOX",
    "AccessDenied",
    "AlreadyFulfilled",
    "Availability",
    "BadRequest",
    "Budget",
    "Credentials",
    "CredentialsError",
    "Endpoint",
    "Feed",
    "FeedsPage",
    "Issue",
    "Leaf",
    "Listing",
    "ListingPatch",
    "ListingsPage",
    "MOST_SKUS",
    "MalformedAnswer",
    "MessageResult",
    "Money",
    "NEEDED",
    "NoBudget",
    "NotFound",
    "PassingRefusal",
    "ProcessingReport",
    "REPORT_TYPE_LISTINGS",
    "Report",
    "ReportsPage",
    "QuotaExceeded",
    "ReceivedOrder",
    "ReceivedTransaction",
    "RetryLater",
    "SearchListings",
    "SearchOrders",
    "SearchVendorOrders",
    "SellingPartner",
    "SellingPartnerError",
    "ShipPlusOrder",
    "Shipment",
    "ShippedItem",
    "Submission",
    "TokenRefused",
    "TrackingNumberRequired",
    "Transaction",
    "TransactionSearch",
    "TransactionsPage",
    "UnreadableListing",
    "VENDOR_VERSIONS",
    "VendorItem",
    "VendorLine",
    "VendorOrder",
    "VendorOrdersPage",
    "VendorTransaction",
    "authorization_url",
    "endpoint",
    "exchange_authorization_code",
    "flat_fulfillment_file",
    "formula_in",
    "fulfillment_feed",
    "listings_feed",
    "merchant_listings",
    "parse_order",
    "parse_readable",
    "parse_processing_report",
    "parse_transaction",
    "parse_vendor_order",
    "hint_of",
    "split",
    "split_feed",
    "split_listings_feed",
    "tidy",
]
