"""Where Amazon is."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import BadRequest

LWA_URL = "https://api.amazon.com/auth/o2/token"
REGIONS = ("na", "eu", "fe")


def is_loopback(url):
    """Whether a URL stays on this machine: where nobody listens, plain HTTP is allowed."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url, local=True):
    """Refuse a URL over which secrets would travel unprotected.

    :param bool local: this machine itself may be meant; no server elsewhere may send us there.
    :raises BadRequest: unless it is https, or http to this machine itself. The message does not quote the URL, which
        may be a presigned one.
    """
    try:
        parts = urlsplit(url)
        encrypted = parts.scheme == "https" and parts.hostname
        here = is_loopback(url)
        good = parts.scheme in ("http", "https") and local if here else encrypted
        good = good and not parts.username and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        good = False
    if not good:
        raise BadRequest("only https addresses are allowed (http only to this machine itself)", code="InvalidEndpoint")
    return url


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A region of Amazon's, or something that stands in for it.

    :param api_url: such as ``https://sellingpartnerapi-fe.amazon.com``, without a path.
    :param lwa_url: the whole address of Login with Amazon's token service.
    :param region: ``na``, ``eu``, ``fe``, or ``''``.
    :raises BadRequest: for addresses that are not safe; see :func:`checked_url`.
    """

    api_url: str
    lwa_url: str = LWA_URL
    region: str = ""

    def __post_init__(self):
        object.__setattr__(self, "api_url", checked_url(self.api_url).rstrip("/"))
        self.checked(self.lwa_url)

    @property
    def tokens_url(self):
        """Where restricted data tokens are had: the sandbox takes those of production."""
        return self.api_url.replace("://sandbox.", "://", 1)

    @property
    def is_local(self):
        return is_loopback(self.api_url)

    def checked(self, url):
        """Refuse a URL that goes with this endpoint and is less safe than it, such as a document's that a server
        elsewhere says is on this machine.

        :return: the URL.
        :raises BadRequest: see :func:`checked_url`.
        """
        return checked_url(url, local=self.is_local)


def _hosts(prefix):
    return {
        region: Endpoint(f"https://{prefix}sellingpartnerapi-{region}.amazon.com", region=region) for region in REGIONS
    }


#: By environment and region. The sandbox logs in at the normal Login with Amazon.
ENDPOINTS = {"production": _hosts(""), "sandbox": _hosts("sandbox.")}


def endpoint(region, environment="production"):
    """Look up an :class:`Endpoint`.

    :param str region: ``na``, ``eu`` or ``fe`` (Japan, Australia, Singapore).
    :param str environment: ``production`` or ``sandbox``.
    :raises BadRequest: for others.
    """
    try:
        return ENDPOINTS[environment][region]
    except KeyError:
        raise BadRequest(f"no endpoint for {environment} {region}", code="InvalidEndpoint") from None
