"""Calls to the Selling Partner API.

Nothing here sleeps and nothing is tried again, but for one new access token when Amazon calls the old one expired: when
to come back is the caller's decision, made with :class:`.errors.RetryLater` and its ``retry_after``.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sp_api.api.feeds.feeds_2021_06_30 import FeedsV20210630
from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.api.orders.orders_v0 import OrdersV0
from sp_api.api.sellers.sellers import Sellers
from sp_api.base import fill_query_params, sp_endpoint
from sp_api.base._transport_httpx import HttpxTransport

from . import documents
from .answers import complaint, exchange, read, refusal, request_id
from .endpoints import ENDPOINTS, Endpoint, endpoint
from .errors import BadRequest, CredentialsError, MalformedAnswer, TokenRefused
from .feeds import (
    parse_created_document,
    parse_created_feed,
    parse_document_address,
    parse_feed,
    parse_feeds_page,
    parse_nothing,
)
from .rates import PUBLISHED
from .shipments import refusal_of, stamp
from .tokens import AccessTokens, authorization_url, exchange_authorization_code
from .transport import Client
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


class _Feeds(FeedsV20210630):
    """The library's own method downloads the document and decodes it by guesswork."""

    @sp_endpoint("/feeds/2021-06-30/documents/{}", method="GET")
    def get_document_address(self, document_id, **query):
        return self._request(fill_query_params(query.pop("path"), document_id), params=query)


#: Amazon's operation → the class and method of python-amazon-sp-api that call it.
_OPERATIONS = {
    "searchOrders": (OrdersV20260101, "search_orders"),
    "getOrder": (OrdersV20260101, "get_order"),
    "getMarketplaceParticipations": (Sellers, "get_marketplace_participation"),
    "confirmShipment": (OrdersV0, "confirm_shipment"),
    "createFeedDocument": (_Feeds, "create_feed_document"),
    "createFeed": (_Feeds, "create_feed"),
    "createFeed.JSON_LISTINGS_FEED": (_Feeds, "create_feed"),  # has a quota of its own
    "getFeed": (_Feeds, "get_feed"),
    "getFeeds": (_Feeds, "get_feeds"),
    "cancelFeed": (_Feeds, "cancel_feed"),
    "getFeedDocument": (_Feeds, "get_document_address"),
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
    :param timeout: seconds or ``httpx.Timeout``; None: 10 s to connect, 30 s for each read; 90 s for the whole of it.
    :param str user_agent: says to Amazon who asks.
    :raises CredentialsError: when a credential is empty.

    Every call may raise any :class:`.errors.SellingPartnerError`.
    """

    def __init__(self, credentials, endpoint, budget=None, timeout=None, user_agent=USER_AGENT):
        credentials.validate()
        self._endpoint = endpoint
        self._budget = budget or NoBudget()
        self._user_agent = user_agent
        self._timeout = timeout
        self._secrets = (credentials.client_secret, credentials.refresh_token)
        self._http = Client(endpoint.api_url, timeout=timeout, headers={"user-agent": user_agent})
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
        order = self.call("getOrder", parse_received_order, order_id=order_id, includedData=list(included_data))
        if order.order_id != order_id:
            raise MalformedAnswer("another order than the one asked for", operation="getOrder", sent=True)
        return order

    def get_marketplace_participations(self):
        """Get the marketplaces the seller takes part in (getMarketplaceParticipations); one call a minute.

        :return: tuple of :class:`.values.Participation`.
        """
        return self.call("getMarketplaceParticipations", parse_participations)

    def confirm_shipment(self, shipment):
        """Tell Amazon that a parcel has left, or correct what it was told (confirmShipment).

        :param Shipment shipment: see :class:`.shipments.Shipment`.
        :raises BadRequest: one of its subclasses where Amazon's text tells why, see :mod:`.shipments`; with ``sent``
            False when ``shipment`` breaks Amazon's rules: then nothing was sent.
        :raises RetryLater: with ``sent`` True Amazon may have it all the same: ask before sending again.
        :raises MalformedAnswer: for anything but 204; Amazon may have it all the same.
        """
        shipment.validate()
        self.call(
            "confirmShipment",
            parse_nothing,
            meanings={400: refusal_of(shipment)},
            success=(204,),
            order_id=shipment.order_id,
            **shipment.body(),
        )

    def create_feed_document(self, content_type):
        """Get an address to put a feed at (createFeedDocument).

        :param str content_type: with the charset; the very same goes to :meth:`upload`.
        :return: :class:`.feeds.FeedDocument`; its address lives for 5 minutes.
        """
        return self.call("createFeedDocument", parse_created_document, file=None, content_type=content_type)

    def upload(self, url, content, content_type):
        """Put a feed where :meth:`create_feed_document` said; see :func:`.documents.upload`."""
        documents.upload(self._endpoint.checked(url), content, content_type, self._timeout)

    def create_feed(self, feed_type, marketplace_ids, document_id):
        """Have Amazon process an uploaded document (createFeed).

        :param marketplace_ids: 1 to 25.
        :return: the feed's id.
        :raises RetryLater: with ``sent`` True the feed may exist all the same: look with :meth:`get_feeds`.
        """
        marketplaces = list(marketplace_ids)
        problem = not (feed_type and document_id) and "a feed needs a type and a document"
        problem = problem or not 1 <= len(marketplaces) <= 25 and "a feed needs 1 to 25 marketplaces"
        if problem:
            raise BadRequest(problem, operation="createFeed", code="InvalidInput")
        operation = f"createFeed.{feed_type}"
        return self.call(
            operation if operation in PUBLISHED else "createFeed",
            parse_created_feed,
            feed_type=feed_type,
            marketplaceIds=marketplaces,
            input_feed_document_id=document_id,
        )

    def get_feed(self, feed_id):
        """Get a feed's status (getFeed).

        :return: :class:`.feeds.Feed`.
        """
        return self.call("getFeed", parse_feed, feedId=_path_part("getFeed", feed_id))

    def get_feeds(self, feed_types=(), since=None, statuses=(), page_size=100, token=None):
        """Get a page of the seller's feeds (getFeeds), of the last 90 days.

        :param feed_types: 1 to 10.
        :param since: aware ``datetime``: feeds created since then.
        :param statuses: see :data:`.feeds.STATUSES`; none: all.
        :param int page_size: 1 to 100.
        :param str token: the page before's ``next_token``: goes alone, as Amazon wants it.
        :return: :class:`.feeds.FeedsPage`.
        :raises TokenRefused: when Amazon does not take the token.
        """
        if token:
            return self.call("getFeeds", parse_feeds_page, meanings={400: TokenRefused}, nextToken=token)
        types = list(feed_types)
        problem = not 1 <= len(types) <= 10 and "1 to 10 feed types are needed"
        problem = problem or not 1 <= page_size <= 100 and "the page size must be 1 to 100"
        problem = problem or since and since.tzinfo is None and "times need a time zone"
        if problem:
            raise BadRequest(problem, operation="getFeeds", code="InvalidInput")
        query = {
            "feedTypes": types,
            "createdSince": since and stamp(since),
            "processingStatuses": list(statuses),
            "pageSize": page_size,
        }
        return self.call("getFeeds", parse_feeds_page, **{name: value for name, value in query.items() if value})

    def cancel_feed(self, feed_id):
        """Cancel a feed that is still IN_QUEUE (cancelFeed).

        :raises BadRequest: when Amazon has begun with it.
        """
        self.call("cancelFeed", parse_nothing, feedId=_path_part("cancelFeed", feed_id))

    def get_feed_document(self, document_id):
        """Get the address of a feed's result (getFeedDocument).

        :return: :class:`.feeds.DocumentAddress`, (url, compression); lives for 5 minutes.
        """
        return self.call(
            "getFeedDocument", parse_document_address, document_id=_path_part("getFeedDocument", document_id)
        )

    def download_feed_result(self, document_id):
        """Get a feed's result document (getFeedDocument, then from the storage).

        :return: :class:`.documents.Document`; see :func:`.feeds.parse_processing_report`.
        """
        address = self.get_feed_document(document_id)
        return documents.download(self._endpoint.checked(address.url), address.compression, self._timeout)

    def call(self, operation, reader, meanings=None, success=(), **arguments):
        """Send one request: the one way out for all of them.

        :param str operation: Amazon's name of it; a key of :data:`.rates.PUBLISHED`.
        :param reader: takes the body of a 2xx answer, returns a value or raises MalformedAnswer.
        :param meanings: status → error class (or function of Amazon's message), before the general table.
        :param success: the only statuses that count as success; none: any 2xx.
        :param arguments: for the library's method.
        :return: what ``reader`` made of it.
        """
        answer, token = self._send(operation, arguments)
        if _token_expired(answer):
            self._tokens.drop(token)
            answer, token = self._send(operation, arguments)
        if not answer.is_success:
            raise refusal(operation, answer, meanings=meanings, secrets=(*self._secrets, token))
        if success and answer.status_code not in success:
            raise MalformedAnswer(
                "not the success that is documented",
                operation=operation,
                status=answer.status_code,
                request_id=request_id(answer),
                sent=True,
            )
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


def _path_part(operation, name):
    """Refuse an id that would become another path; the library quotes everything else."""
    if not isinstance(name, str) or not name.strip("."):
        raise BadRequest("not an id", operation=operation, code="InvalidInput")
    return name


def _token_expired(answer):
    """Amazon answers 403 "The access token you provided has expired." where it could have said 401."""
    if answer.status_code not in (401, 403):
        return False
    _code, message = complaint(answer)
    return "token" in message.lower() and "expired" in message.lower()
