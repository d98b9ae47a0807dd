"""Amazon's wire: requests out, typed values in.

Imports no odoo. Start reading with :mod:`.client` (requests) and :mod:`.values` (what comes back).
"""

from .amounts import split
from .client import Budget, Credentials, NoBudget, SellingPartner
from .endpoints import Endpoint, endpoint
from .errors import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    TokenRefused,
)
from .rates import PUBLISHED, SANDBOX
from .tokens import authorization_url, exchange_authorization_code
from .values import ReceivedOrder, SearchOrders, parse_order

__all__ = [
    "PUBLISHED",
    "SANDBOX",
    "AccessDenied",
    "BadRequest",
    "Budget",
    "Credentials",
    "CredentialsError",
    "Endpoint",
    "MalformedAnswer",
    "NoBudget",
    "NotFound",
    "QuotaExceeded",
    "ReceivedOrder",
    "RetryLater",
    "SearchOrders",
    "SellingPartner",
    "SellingPartnerError",
    "TokenRefused",
    "authorization_url",
    "endpoint",
    "exchange_authorization_code",
    "parse_order",
    "split",
]
