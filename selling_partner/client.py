"""Calls to the Selling Partner API.

Nothing here sleeps and nothing is tried again, but for one new access token when Amazon calls the old one expired: when
to come back is the caller's decision, made with :class:`.errors.RetryLater` and its ``retry_after``.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from sp_api.base import Client as LibraryClient

from . import documents
from .answers import complaint, exchange, read, refusal, request_id
from .errors import BadRequest, CredentialsError, MalformedAnswer, SellingPartnerError
from .feeds import Feeds
from .finances import Finances
from .listings import Listings
from .operations import OPERATIONS
from .orders import Orders
from .reports import Reports
from .sellers import Sellers
from .tokens import AccessTokens, parse_restricted_token
from .transport import Client
from .vendor import Vendor

_logger = logging.getLogger(__name__)

_RESTRICTED = "createRestrictedDataToken"
USER_AGENT = "sale_amazon_spapi/19.0 (Language=Python)"


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


class _Library(LibraryClient):
    """python-amazon-sp-api's client with its traps shut; its classes for each API are passed by with their traps."""

    def __init__(self, address, http, user_agent):
        # The library's own constructor is passed by: it takes credentials, marketplace and endpoint from the
        # environment and from files when it likes them better than its arguments.
        self._http = http
        self.endpoint = address.api_url
        self.region = address.region
        self.marketplace_id = ""
        self.restricted_data_token = None  # the token that the next request carries, whatever its kind
        self.user_agent = user_agent

    @property
    def headers(self):
        headers = super().headers
        del headers["host"]  # cut for https only; whoever sends it knows it better
        return headers

    def send(self, method, path, query, body, keep=None):
        """Send one request; lists in its query are comma-separated, as Amazon's GETs want them.

        :param keep: see :meth:`.transport.Client.request`.
        :rtype: Answer
        """
        self._transport = _Keeping(self._http, keep) if keep else self._http
        params = {
            name: ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            for name, value in query.items()
        }
        # With add_marketplace, undocumented parameters are added.
        return self._request(path, params={**params, "method": method}, data=body, add_marketplace=False)

    def _check_response(self, res, res_no_data=False, bulk=False, wrap_list=False):
        """Hand the answer over unread: the library takes an HTML page for an empty success."""
        return res


class _Keeping:
    """Sends the library's requests, and has the answer kept: the library has no word for that."""

    def __init__(self, http, keep):
        self._http, self._keep = http, keep

    def request(self, **request):
        return self._http.request(**request, keep=self._keep, largest=documents.LARGEST_FILE)


class SellingPartner:
    """A seller's Selling Partner API; use it in a ``with`` statement, in one thread of one process.

    :param Credentials credentials: checked at once.
    :param Endpoint endpoint: see :func:`.endpoints.endpoint`.
    :param Budget budget: asked before each request; None: :class:`NoBudget`.
    :param float timeout: seconds to connect, and for each read and write; None: 10 and 30; 90 for the whole of it.
    :param str user_agent: says to Amazon who asks.
    :raises CredentialsError: when a credential is empty.
    :ivar orders: :class:`.orders.Orders`; ``feeds``: :class:`.feeds.Feeds`; ``finances``:
        :class:`.finances.Finances`; ``listings``: :class:`.listings.Listings`; ``reports``: :class:`.reports.Reports`;
        ``sellers``: :class:`.sellers.Sellers`. :meth:`vendor` is Direct Fulfillment.

    Every call may raise any :class:`.errors.SellingPartnerError`.
    """

    def __init__(self, credentials, endpoint, budget=None, timeout=None, user_agent=USER_AGENT):
        credentials.validate()
        self._endpoint = endpoint
        self._budget = budget or NoBudget()
        self._timeout = timeout
        self._secrets = (credentials.client_secret, credentials.refresh_token)
        self._http = Client(endpoint.api_url, timeout=timeout, headers={"user-agent": user_agent})
        self._tokens = AccessTokens(credentials, endpoint.lwa_url, self._http)
        self._library = _Library(endpoint, self._http, user_agent)
        self.orders, self.feeds, self.sellers = Orders(self), Feeds(self), Sellers(self)
        self.listings, self.reports, self.finances = Listings(self), Reports(self), Finances(self)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        """Close the connections; no call is possible afterwards."""
        self._http.close()

    def sign_in(self):
        """Get a new access token, whatever this process still has: proves that Amazon takes the credentials now.

        :raises CredentialsError: it does not.
        """
        self._tokens.get_auth(new=True)

    def vendor(self, version):
        """Return Vendor Direct Fulfillment in one of its versions, see :data:`.vendor.VERSIONS`.

        :rtype: Vendor
        """
        return Vendor(self, version)

    def upload(self, url, content, content_type):
        """Put a document where Amazon said; see :func:`.documents.upload`."""
        documents.upload(self._endpoint.checked(url), content, content_type, self._timeout)

    def download(self, url, compression=""):
        """Get a document from where Amazon said; see :func:`.documents.download`."""
        return documents.download(self._endpoint.checked(url), compression, self._timeout)

    def download_file(self, url, compression=""):
        """Get a document that may be large from where Amazon said; see :func:`.documents.download_file`."""
        return documents.download_file(self._endpoint.checked(url), compression, self._timeout)

    def call(self, operation, reader, *, path=None, query=None, body=None, meanings=None, success=(), file=None):
        """Send one request: the one way out for all of them.

        :param str operation: a key of :data:`.operations.OPERATIONS`.
        :param reader: takes the body of a 2xx answer, returns a value or raises MalformedAnswer.
        :param path: the parameters in the operation's path, texts by name.
        :param query: the others of its address, by name.
        :param body: a ``dict`` that is sent as JSON.
        :param meanings: status → error class (or function from Amazon's message to one and a hint), before the
            general table.
        :param success: the only statuses that count as success; none: any 2xx.
        :param file: binary; a good answer is written to it, and ``reader`` gets nothing.
        :return: what ``reader`` made of it.
        """
        for name in (path or {}).values():
            if not isinstance(name, str) or not name.strip("."):
                # It would become another path; whatever else is in it is quoted.
                raise BadRequest("not an id", operation=operation, code="InvalidInput")
        keep = file and file.write
        answer, token = self._send(operation, path or {}, query or {}, body, keep)
        if _token_expired(answer):
            self._tokens.drop(token, self._scope(operation, path or {}))
            answer, token = self._send(operation, path or {}, query or {}, body, keep)
        if not answer.is_success:
            if answer.status_code in (401, 403) and OPERATIONS[operation].restricted:
                # One of later may do: what an application may is fixed when its restricted data token is made.
                self._tokens.drop(token, self._scope(operation, path or {}))
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

    def _send(self, operation, path, query, body, keep):
        # The token comes first: without one, no quota is spent.
        token = self._token(operation, path)
        self._budget.acquire(operation)
        self._library.restricted_data_token = token
        for_tokens = operation == _RESTRICTED
        self._library.endpoint = self._endpoint.tokens_url if for_tokens else self._endpoint.api_url

        def send():
            method, place, *_facts = OPERATIONS[operation]
            quoted = {name: quote(value, safe="") for name, value in path.items()}
            return self._library.send(method, place.format_map(quoted), query, body, keep)

        answer = exchange(operation, send)
        _logger.debug("%s: %s (request %s)", operation, answer.status_code, request_id(answer))
        self._budget.observe(operation, answer.headers, answer.status_code)
        return answer, token

    def _token(self, operation, path):
        scope = self._scope(operation, path)
        if not scope:
            return self._tokens.get_auth().access_token
        resource = {"method": OPERATIONS[operation].method, "path": _resource(operation, path)}
        body = {"restrictedResources": [resource]}
        try:
            return self._tokens.get_restricted(scope, lambda: self.call(_RESTRICTED, parse_restricted_token, body=body))
        except SellingPartnerError as error:
            error.sent = False  # the call that needed the token was not
            raise

    def _scope(self, operation, path):
        """Name what the restricted data token of an operation is kept under; ``''`` where none is needed."""
        restricted = OPERATIONS[operation].restricted
        return f"{operation} {self._endpoint.api_url}{_resource(operation, path)}" if restricted else ""


def _resource(operation, path):
    """Return an operation's path as restricted data tokens are asked for: good for whatever its arguments are."""
    return OPERATIONS[operation].path.replace("{version}", path.get("version", ""))


def _token_expired(answer):
    """Amazon answers 403 "The access token you provided has expired." where it could have said 401."""
    if answer.status_code not in (401, 403):
        return False
    _code, message = complaint(answer)
    return "token" in message.lower() and "expired" in message.lower()
