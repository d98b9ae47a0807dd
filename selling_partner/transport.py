"""The HTTP client that everything goes through: an answer comes whole, in time and no longer than it may be."""

import functools
import gzip
import time
import zlib
from io import BytesIO

import httpcore
import httpx

from .endpoints import is_loopback

TIMEOUT = httpx.Timeout(30, connect=10)  # seconds, each read by itself
#: Seconds for a whole request with its answer. Odoo ends a worker's work after 120.
LONGEST = 90
#: Bytes of an answer, unpacked. Amazon's gateway passes on 10 MB.
LARGEST = 32 * 2**20


class TooLarge(httpx.DecodingError):
    """The answer is larger than allowed, whatever it says of its own size."""


@functools.cache
def _certificates(trust_env):
    """Return the ``ssl.SSLContext`` of all clients: reading the certificates takes longer than a request."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Client(httpx.Client):
    """An HTTP client for one address.

    :param str url: where it will send to; the environment's proxy does not reach this machine's loopback.
    :param timeout: seconds or ``httpx.Timeout`` for each read; None: 10 s to connect, 30 s for each read.
    :param float longest: seconds for a whole request with its answer; None: 90.
    :param int largest: bytes an answer may have, unpacked; None: 32 MiB.
    """

    def __init__(self, url, *, timeout=None, longest=None, largest=None, headers=None):
        trust_env = not is_loopback(url)
        super().__init__(
            timeout=TIMEOUT if timeout is None else timeout,
            headers={"accept-encoding": "gzip", **(headers or {})},
            trust_env=trust_env,
            verify=_certificates(trust_env),
        )
        self._longest = LONGEST if longest is None else longest
        self._largest = LARGEST if largest is None else largest
        self._until = 0.0
        for transport in (self._transport, *filter(None, self._mounts.values())):
            # httpx has no time limit over a whole answer: one that trickles would never end.
            transport._pool._network_backend = _Backend(transport._pool._network_backend, self)

    def send(self, request, *, stream=False, **options):
        """Send a request and read its answer to the end.

        :return: ``httpx.Response``, read, its content unpacked.
        :raises TooLarge: when the answer does not end in time before it is too large.
        :raises httpx.RequestError: when there is no answer, or not all of it, in time.
        """
        self._until = time.monotonic() + self._longest
        answer = super().send(request, stream=True, **options)
        try:
            content = self._content(answer)
        finally:
            answer.close()
        headers = httpx.Headers(answer.headers)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)

    def _content(self, answer):
        content = bytearray()
        for part in answer.iter_raw():
            content += part
            if len(content) > self._largest:
                raise TooLarge("too large", request=answer.request)
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "identity" or not content:
            return bytes(content)
        if encoding != "gzip":
            raise httpx.DecodingError("not the encoding that was asked for", request=answer.request)
        try:
            return unpack(bytes(content), self._largest)
        except OverflowError:
            raise TooLarge("too large", request=answer.request) from None
        except ValueError:
            raise httpx.DecodingError("damaged gzip", request=answer.request) from None

    def seconds_left(self, error):
        """Return the seconds that the request under way has left.

        :param error: raised when there are none.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise error("the answer takes too long")
        return left


def unpack(content, largest):
    """Unpack gzip, never more of it than allowed.

    :param bytes content: gzip.
    :param int largest: bytes.
    :rtype: bytes
    :raises OverflowError: when more would come out.
    :raises ValueError: when it is damaged or cut.
    """
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) as packed:
            unpacked = packed.read(largest + 1)
    except (OSError, EOFError, zlib.error):
        raise ValueError("damaged gzip") from None
    if len(unpacked) > largest:
        raise OverflowError("too large")
    return unpacked


class _Backend(httpcore.NetworkBackend):
    """Makes connections that know until when the client's request may take."""

    def __init__(self, backend, client):
        self._backend, self._client = backend, client

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._client)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream, client):
        self._stream, self._client = stream, client

    def read(self, max_bytes, timeout=None):
        return self._stream.read(max_bytes, self._shorter(timeout, httpcore.ReadTimeout))

    def write(self, buffer, timeout=None):
        self._stream.write(buffer, self._shorter(timeout, httpcore.WriteTimeout))

    def close(self):
        self._stream.close()

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._client)

    def get_extra_info(self, info):
        return self._stream.get_extra_info(info)

    def _shorter(self, timeout, error):
        left = self._client.seconds_left(error)
        return left if timeout is None else min(timeout, left)
