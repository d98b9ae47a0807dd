"""Calls to the Selling Partner API.

Nothing here sleeps and nothing is tried again, but for one new access token when Amazon calls the old one expired: when
to come back is the caller's decision, made with :class:`.errors.RetryLater` and its ``retry_after``.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.api.sellers.sellers import Sellers
from sp_api.base._transport_httpx import HttpxTransport

from .answers import TIMEOUT, complaint, exchange, read, refusal, request_id
from .endpoints import ENDPOINTS, Endpoint, endpoint
from .errors import BadRequest, CredentialsError, TokenRefused
from .tokens import AccessTokens, authorization_url, exchange_authorization_code
from .values import ALL, SearchOrders, parse_orders_page, parse_participations, parse_received_order

__all__ = [
    "ALL",
    "ENDPOINTS",
    "Budget",
    "Credentials",
    "Endpoint",
    "NoBudget",
    "SearchOrders",
    "SellingPartner",
    "authorization_url",
    "endpoint",
    "exchange_authorization_code",
]

_logger = logging.getLogger(__name__)

USER_AGENT = "sale_amazon_spapi/19.0 (Language=Python)"

#: Amazon's operation → the class and method of python-amazon-sp-api that call it.
_OPERATIONS = {
    "searchOrders": (OrdersV20260101, "search_orders"),
    "getOrder": (OrdersV20260101, "get_order"),
    "getMarketplaceParticipations": (Sellers, "get_marketplace_participation"),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A seller's authorization of an application. Never shown."""

    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    def validate(self):
        """Check that nothing is empty.

        :raises CredentialsError: with code ``missing``; nothing was sent.
        """
        for name in ("client_id", "client_secret", "refresh_token"):
            if not (getattr(self, name) or "").strip():
                raise CredentialsError(f"{name} is missing", code="missing")


class Budget(Protocol):
    """Who decides whether a call may go out now."""

    def acquire(self, operation: str) -> None:
        """Take one token of the operation's quota, or raise :class:`.errors.QuotaExceeded`."""

    def observe(self, operation: str, headers: Mapping[str, str], status: int) -> None:
        """Learn from an answer; ``x-amzn-RateLimit-Limit`` is the rate in requests per second."""


class NoBudget:
    """Everything may go out."""

    def acquire(self, operation):
        pass

    def observe(self, operation, headers, status):
        pass


class _Guard:
    """Stands before a client class of python-amazon-sp-api and keeps its traps shut."""

    def __init__(self, address, http, user_agent):
        # The library's own constructor is passed by: it takes credentials, marketplace and endpoint from the
        # environment and from files when it likes them better than its arguments.
        self.endpoint = address.api_url
        self.region = address.region
        self.marketplace_id = ""
        self.restricted_data_token = None  # the token that the next request carries, whatever its kind
        self.user_agent = user_agent
        self._transport = HttpxTransport(client=http)

    @property
    def headers(self):
        headers = super().headers
        del headers["host"]  # cut for https only; httpx knows it better
        return headers

    def _request(self, path, *, params=None, data=None, **options):
        options["add_marketplace"] = False  # else undocumented parameters are added
        return super()._request(path, params=_documented(params, csv=True), data=_documented(data), **options)

    def _check_response(self, res, res_no_data=False, bulk=False, wrap_list=False):
        """Hand the answer over unread: the library takes an HTML page for an empty success."""
        return res


def _documented(fields, csv=False):
    """Drop the library's own ``path``; write lists the way Amazon's GETs want them."""
    if not isinstance(fields, dict):
        return fields
    fields = {name: value for name, value in fields.items() if name != "path"}
    if csv:
        lists = {name: ",".join(map(str, value)) for name, value in fields.items() if isinstance(value, (list, tuple))}
        fields.update(lists)
    return fields


class SellingPartner:
    """A seller's Selling Partner API; use it in a ``with`` statement, in one thread of one process.

    :param Credentials credentials: checked at once.
    :param Endpoint endpoint: see :func:`.endpoints.endpoint`.
    :param Budget budget: asked before each request; None: :class:`NoBudget`.
    :param timeout: seconds or ``httpx.Timeout``; None: 10 s to connect, 30 s for each read.
    :param str user_agent: says to Amazon who asks.
    :raises CredentialsError: when a credential is empty.

    Every call may raise any :class:`.errors.SellingPartnerError`.
    """

    def __init__(self, credentials, endpoint, budget=None, timeout=None, user_agent=USER_AGENT):
        credentials.validate()
        self._endpoint = endpoint
        self._budget = budget or NoBudget()
        self._user_agent = user_agent
        self._secrets = (credentials.client_secret, credentials.refresh_token)
        self._http = httpx.Client(
            timeout=TIMEOUT if timeout is None else timeout,
            headers={"user-agent": user_agent},
            trust_env=not endpoint.is_local,  # a proxy of the environment does not reach this machine's loopback
        )
        self._tokens = AccessTokens(credentials, endpoint.lwa_url, self._http)
        self._clients = {}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        """Close the connections; no call is possible afterwards."""
        self._http.close()

    def search_orders(self, search, token=None):
        """Get one page of orders (searchOrders).

        :param SearchOrders search: the same for every page of a search.
        :param str token: the page before's ``next_token``; expires after 24 hours.
        :return: :class:`.values.OrdersPage`.
        :raises BadRequest: when ``search`` breaks Amazon's rules; nothing was sent.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        search.validate()
        meanings = {400: TokenRefused} if token else None
        return self.call("searchOrders", parse_orders_page, meanings=meanings, **search.parameters(token))

    def get_order(self, order_id, included_data=ALL):
        """Get one order (getOrder).

        :param str order_id: such as ``250-1234567-8901234``.
        :return: :class:`.values.ReceivedOrder`.
        :raises NotFound: when Amazon does not know it (yet).
        """
        if not re.fullmatch(r"[\w-]+", order_id or "", re.ASCII):
            raise BadRequest("not an order number", operation="getOrder", code="InvalidInput")
        return self.call("getOrder", parse_received_order, order_id=order_id, includedData=list(included_data))

    def get_marketplace_participations(self):
        """Get the marketplaces the seller takes part in (getMarketplaceParticipations); one call a minute.

        :return: tuple of :class:`.values.Participation`.
        """
        return self.call("getMarketplaceParticipations", parse_participations)

    def call(self, operation, reader, meanings=None, **arguments):
        """Send one request: the one way out for all of them.

        :param str operation: Amazon's name of it; a key of :data:`.rates.PUBLISHED`.
        :param reader: takes the body of a 2xx answer, returns a value or raises MalformedAnswer.
        :param meanings: status → error class, before the general table.
        :param arguments: for the library's method.
        :return: what ``reader`` made of it.
        """
        answer, token = self._send(operation, arguments)
        if _token_expired(answer):
            self._tokens.drop(token)
            answer, token = self._send(operation, arguments)
        if not answer.is_success:
            raise refusal(operation, answer, meanings=meanings, secrets=(*self._secrets, token))
        return read(operation, answer, reader)

    def _send(self, operation, arguments):
        # The token comes first: without one, no quota is spent.
        token = self._tokens.get_auth().access_token
        self._budget.acquire(operation)
        library_class, method = _OPERATIONS[operation]
        library = self._client(library_class)
        library.restricted_data_token = token
        answer = exchange(operation, lambda: getattr(library, method)(**arguments))
        _logger.debug("%s: %s (request %s)", operation, answer.status_code, request_id(answer))
        self._budget.observe(operation, answer.headers, answer.status_code)
        return answer, token

    def _client(self, library_class):
        if library_class not in self._clients:
            guarded = type(f"Guarded{library_class.__name__}", (_Guard, library_class), {})
            self._clients[library_class] = guarded(self._endpoint, self._http, self._user_agent)
        return self._clients[library_class]


def _token_expired(answer):
    """Amazon answers 403 "The access token you provided has expired." where it could have said 401."""
    if answer.status_code not in (401, 403):
        return False
    _code, message = complaint(answer.content)
    return "token" in message.lower() and "expired" in message.lower()
