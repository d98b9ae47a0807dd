"""The HTTP client that everything goes through: an answer comes whole, in time and no longer than it may be."""

import functools
import http.client
import io
import os
import ssl
import time
import zlib
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from .endpoints import is_loopback

#: Seconds to connect, and for each read and write by itself.
CONNECT, READ = 10, 30
#: Seconds for a whole request with its answer. Odoo ends a worker's work after 120.
LONGEST = 90
#: Bytes of an answer, unpacked. Amazon's gateway passes on 10 MB.
LARGEST = 32 * 2**20
_BLOCK = 2**16  # bytes sent or read at a time
_GZIP = 16 + zlib.MAX_WBITS


class NoAnswer(Exception):
    """There is no answer, or not all of it in time.

    :ivar bool sent: whether any of the request has left.
    """

    def __init__(self, why, sent):
        super().__init__(why)
        self.sent = sent


class TooLarge(Exception):
    """The answer is larger than allowed, whatever it says of its own size."""


class Impossible(ValueError):
    """What cannot be written down as HTTP."""


class Answer(NamedTuple):
    """What was answered.

    :param Mapping headers: whatever their case.
    :param bytes content: all of it, unpacked; empty where it was kept elsewhere.
    """

    status_code: int
    headers: Mapping
    content: bytes

    @property
    def is_success(self):
        return 200 <= self.status_code < 300


class Client:
    """An HTTP client; use it in one thread.

    :param str url: where it will send to. The environment's proxies and certificates (``SSL_CERT_FILE``,
        ``SSL_CERT_DIR``) do not reach this machine's loopback.
    :param float timeout: seconds to connect, and for each read and write; None: 10 and 30.
    :param float longest: seconds for a whole request with its answer; None: 90.
    :param int largest: bytes an answer may have, unpacked; None: 32 MiB.
    """

    def __init__(self, url, *, timeout=None, longest=None, largest=None, headers=None):
        self.timeout = (CONNECT, READ) if timeout is None else (timeout, timeout)
        self.is_closed = False
        self._longest = LONGEST if longest is None else longest
        self._largest = LARGEST if largest is None else largest
        self._session = _Session()
        self._session.trust_env = False  # .netrc, and other certificates than below
        self._session.headers.update({"accept-encoding": "gzip", **(headers or {})})
        adapter = _Adapter(_certificates() if is_loopback(url) else _certificates_of_environment(), self.timeout)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        """Close the connections; no request is possible afterwards."""
        self.is_closed = True
        self._session.close()

    def request(self, method, url, *, params=None, data=None, content=None, headers=None, keep=None, largest=None):
        """Send a request and read its answer to the end; no redirect is followed.

        :param dict data: is sent as a form.
        :param content: ``bytes`` or ``str`` to send as they are, or what has a length and can be read.
        :param keep: called with each piece of a successful answer's content, for which there may be no room; what it
            raises comes out as it is.
        :param int largest: bytes this answer may have, unpacked; None: as any.
        :rtype: Answer
        :raises TooLarge: when the answer is too large.
        :raises NoAnswer: when there is none, or not all of it, in time.
        :raises Impossible: when it cannot be written down as HTTP; nothing was sent.
        """
        if self.is_closed:
            raise RuntimeError("the client is closed")
        if not url.isprintable() or " " in url:
            raise Impossible("not an address")
        body = content.encode() if isinstance(content, str) else content
        under_way = _UnderWay(self._longest, self.timeout[1])
        mark = _under_way.set(under_way)
        try:
            with self._session.request(
                method,
                url,
                params=params,
                data=data if body is None else body,
                headers=headers,
                proxies={} if is_loopback(url) else get_environ_proxies(url),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = bytearray()
                is_kept = keep and answer.status_code // 100 == 2
                self._read(answer, keep if is_kept else content.extend, largest or self._largest)
                return Answer(answer.status_code, answer.headers, bytes(content))
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            if isinstance(error, ValueError) and not under_way.sent:
                raise Impossible(type(error).__name__) from None
            raise NoAnswer(type(error).__name__, under_way.sent) from None
        finally:
            _under_way.reset(mark)

    def _read(self, answer, keep, largest):
        """Read an answer's content to its end, and hand it on unpacked."""
        encoding, size = answer.headers.get("content-encoding", "identity").strip().lower(), 0
        unpacking = Unpacking(largest, keep)
        write = {"identity": keep, "gzip": unpacking.write}.get(encoding)
        for part in answer.raw.stream(_BLOCK, decode_content=False):
            size += len(part)
            if size > largest:
                raise TooLarge
            if write is None:
                raise NoAnswer("not the encoding that was asked for", sent=True)
            with _no_answer_if_damaged():
                write(part)
        length = answer.headers.get("content-length", "")
        if "transfer-encoding" not in answer.headers and length.isdecimal() and size < int(length):
            if answer.status_code not in (204, 304):
                raise NoAnswer("cut", sent=True)  # older versions of urllib3 do not mind
        with _no_answer_if_damaged():
            unpacking.close()


@contextmanager
def _no_answer_if_damaged():
    try:
        yield
    except OverflowError:
        raise TooLarge from None
    except ValueError as error:
        raise NoAnswer(str(error), sent=True) from None


class Unpacking:
    """Unpacks gzip piece by piece, never more of it than allowed.

    :param int largest: bytes.
    :param keep: called with each piece that comes out.
    """

    def __init__(self, largest, keep):
        self._left, self._keep = largest, keep
        self._member = None
        self._members = 0

    def write(self, part):
        """Unpack a piece.

        :raises ValueError: when it is no gzip.
        :raises OverflowError: when more has come out than allowed.
        """
        while part:
            if self._member is None:
                part = part.lstrip(b"\0") if self._members else part
                self._member = zlib.decompressobj(_GZIP) if part else None
            else:
                part = self._unpack(part)

    def _unpack(self, part):
        try:
            unpacked = self._member.decompress(part, _BLOCK)
        except zlib.error:
            raise ValueError("damaged gzip") from None
        self._left -= len(unpacked)
        if self._left < 0:
            raise OverflowError("too large")
        self._keep(unpacked)
        if not self._member.eof:
            return self._member.unconsumed_tail
        rest, self._member = self._member.unused_data, None
        self._members += 1
        return rest

    def close(self):
        """Make sure that it was all of it.

        :raises ValueError: when it was cut.
        """
        if self._member is not None:
            raise ValueError("damaged gzip")


def unpack(content, largest):
    """Unpack gzip, never more of it than allowed.

    :param bytes content: gzip.
    :param int largest: bytes.
    :rtype: bytes
    :raises OverflowError: when more would come out.
    :raises ValueError: when it is damaged or cut.
    """
    unpacked = bytearray()
    unpacking = Unpacking(largest, unpacked.extend)
    unpacking.write(content)
    unpacking.close()
    return bytes(unpacked)


def _certificates_of_environment():
    return _certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _certificates(file=None, folder=None):
    """Return the ``ssl.SSLContext`` of all clients: reading the certificates takes longer than a request."""
    # urllib3's own: in some of its versions it, and not ssl, compares the names.
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if file or not folder:
        context.load_verify_locations(cafile=file or requests.certs.where())
    else:
        context.load_verify_locations(capath=folder)
    return context


# --- below requests: it has no time limit over a whole answer, one that trickles would never end -------------------
class _UnderWay:
    """The request under way.

    :ivar float until: when it has to be over.
    :ivar float timeout: seconds for each read and write.
    :ivar bool sent: whether any of it has left.
    """

    def __init__(self, longest, timeout):
        self.until, self.timeout, self.sent = time.monotonic() + longest, timeout, False

    def limit(self, sock):
        """Give the next read or write of a socket the time that is left."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        sock.settimeout(min(left, self.timeout))


_under_way = ContextVar("selling_partner_request")


class _Reads(io.RawIOBase):
    """Reads a socket within the time of the request under way."""

    def __init__(self, raw, sock):
        super().__init__()
        self._raw, self._sock = raw, sock

    def readable(self):
        return True

    def readinto(self, buffer):
        _under_way.get().limit(self._sock)
        return self._raw.readinto(buffer)

    def close(self):
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock, *arguments, **options):
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Reads(self.fp.detach(), sock), _BLOCK)


class _Connection:
    """Stands before a connection of urllib3's."""

    response_class = _Response

    def connect(self):
        try:
            super().connect()
        finally:
            # What went to a proxy on the way is nothing of the request.
            _under_way.get().sent = False

    def send(self, data):
        if self.sock is None:
            self.connect()
        under_way = _under_way.get()
        under_way.sent = True
        for start in range(0, len(data), _BLOCK):
            under_way.limit(self.sock)
            super().send(data[start : start + _BLOCK])


@functools.cache
def _watched(pool_class):
    """Return the class of a pool of connections with ours."""
    if issubclass(pool_class.ConnectionCls, _Connection):
        return pool_class
    connection = type("Connection", (_Connection, pool_class.ConnectionCls), {})
    return type("Pool", (pool_class,), {"ConnectionCls": connection})


class _Adapter(HTTPAdapter):
    def __init__(self, certificates, timeout):
        self._certificates, self._timeout = certificates, timeout
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, ssl_context=self._certificates, **options)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy, **options):
        return self._watch(super().proxy_manager_for(proxy, ssl_context=self._certificates, **options))

    def _watch(self, manager):
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _watched(pool) for scheme, pool in pools.items()}
        return manager

    def cert_verify(self, conn, url, verify, cert):
        """Leave the certificates to the ``ssl.SSLContext``; others would be added to it."""

    def send(self, request, **options):
        return super().send(request, **{**options, "timeout": self._timeout})


class _Session(requests.Session):
    def get_redirect_target(self, resp):
        """Find none: to find out where one leads, its content would be read, however much it is."""
        return None
