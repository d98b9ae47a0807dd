"""The Feeds API 2021-06-30: documents that Amazon processes, and what it says of them.

What is in them: :mod:`.fulfillment`, :mod:`.listings_feed`; their reports: :mod:`.processing_reports`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .api import Api
from .endpoints import checked_url
from .errors import BadRequest, TokenRefused
from .operations import OPERATIONS
from .reader import LONGEST_TEXT, parse_nothing, success
from .shipments import stamp

FEED_TYPE_FULFILLMENT = "POST_ORDER_FULFILLMENT_DATA"
CONTENT_TYPE_XML = "text/xml; charset=UTF-8"

IN_QUEUE, IN_PROGRESS, DONE, CANCELLED, FATAL = STATUSES = ("IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL")
#: Amazon is through with these; FATAL may have done some, none or all of it.
FINAL_STATUSES = (DONE, CANCELLED, FATAL)

LIMIT_BYTES = 10 * 1024 * 1024


class Feeds(Api):
    """``amazon.feeds``."""

    def create_document(self, content_type):
        """Get an address to put a feed at (createFeedDocument).

        :param str content_type: with the charset; the very same goes to :meth:`upload`.
        :return: :class:`FeedDocument`; its address lives for 5 minutes.
        """
        return self._call("createFeedDocument", parse_created_document, body={"contentType": content_type})

    def upload(self, url, content, content_type):
        """Put a feed where :meth:`create_document` said; see :func:`.documents.upload`."""
        self._partner.upload(url, content, content_type)

    def create(self, feed_type, marketplace_ids, document_id):
        """Have Amazon process an uploaded document (createFeed).

        :param marketplace_ids: 1 to 25.
        :return: the feed's id.
        :raises RetryLater: with ``sent`` True the feed may exist all the same: look with :meth:`search`.
        """
        marketplaces = list(marketplace_ids)
        problem = not (feed_type and document_id) and "a feed needs a type and a document"
        problem = problem or not 1 <= len(marketplaces) <= 25 and "a feed needs 1 to 25 marketplaces"
        if problem:
            raise BadRequest(problem, operation="createFeed", code="InvalidInput")
        operation = f"createFeed.{feed_type}"
        return self._call(
            operation if operation in OPERATIONS else "createFeed",
            parse_created_feed,
            body={"feedType": feed_type, "marketplaceIds": marketplaces, "inputFeedDocumentId": document_id},
        )

    def get(self, feed_id):
        """Get a feed's status (getFeed).

        :return: :class:`Feed`.
        """
        return self._call("getFeed", parse_feed, path={"feedId": feed_id})

    def search(self, feed_types=(), since=None, statuses=(), page_size=100, token=None):
        """Get a page of the seller's feeds (getFeeds), of the last 90 days.

        :param feed_types: 1 to 10.
        :param since: aware ``datetime``: feeds created since then.
        :param statuses: see :data:`STATUSES`; none: all.
        :param int page_size: 1 to 100.
        :param str token: the page before's ``next_token``: goes alone, as Amazon wants it.
        :return: :class:`FeedsPage`.
        :raises TokenRefused: when Amazon does not take the token.
        """
        if token:
            return self._call("getFeeds", parse_feeds_page, query={"nextToken": token}, meanings={400: TokenRefused})
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
        return self._call("getFeeds", parse_feeds_page, query={name: value for name, value in query.items() if value})

    def cancel(self, feed_id):
        """Cancel a feed that is still IN_QUEUE (cancelFeed).

        :raises BadRequest: when Amazon has begun with it.
        """
        self._call("cancelFeed", parse_nothing, path={"feedId": feed_id})

    def get_document(self, document_id):
        """Get the address of a feed's result (getFeedDocument).

        :return: :class:`DocumentAddress`, (url, compression); lives for 5 minutes.
        """
        return self._call("getFeedDocument", parse_document_address, path={"feedDocumentId": document_id})

    def download_result(self, document_id):
        """Get a feed's result document (getFeedDocument, then from the storage).

        :return: :class:`.documents.Document`; see :func:`.processing_reports.parse_processing_report`.
        """
        return self._partner.download(*self.get_document(document_id))


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A document to fill; ``url`` is a secret that lives for 5 minutes."""

    document_id: str
    url: str = field(repr=False)


class DocumentAddress(NamedTuple):
    """Where a document is; ``url`` is a secret that lives for 5 minutes."""

    url: str
    compression: str

    def __repr__(self):
        return f"DocumentAddress(compression={self.compression!r})"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as Amazon knows it; times in UTC.

    :param status: one of :data:`STATUSES`, or one not known yet.
    :param result_document_id: ``''`` until there is a report.
    """

    feed_id: str
    feed_type: str = ""
    status: str = ""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    result_document_id: str = ""
    marketplace_ids: tuple[str, ...] = ()

    @property
    def is_final(self):
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """One page of feeds; ``next_token`` is None on the last."""

    feeds: tuple[Feed, ...]
    next_token: str | None = field(default=None, repr=False)


def _url(answer):
    return answer.get("url", "a safe address", _address, needed=True)


def _address(value):
    try:
        return checked_url(value)
    except BadRequest:
        raise ValueError("not an address") from None


def parse_created_document(body):
    """Read the answer to createFeedDocument."""
    answer = success(body)
    return FeedDocument(answer.identifier("feedDocumentId", needed=True), _url(answer))


def parse_document_address(body):
    """Read the answer to getFeedDocument."""
    answer = success(body)
    return DocumentAddress(_url(answer), answer.text("compressionAlgorithm"))


def parse_created_feed(body):
    """Read the answer to createFeed."""
    return success(body).identifier("feedId", needed=True)


def parse_feed(body):
    """Read the answer to getFeed."""
    return _feed(success(body))


def parse_feeds_page(body):
    """Read the answer to getFeeds."""
    answer = success(body)
    feeds = answer.objects("feeds", needed=True)
    return FeedsPage(tuple(map(_feed, feeds)), answer.identifier("nextToken", longest=LONGEST_TEXT) or None)


def _feed(feed):
    return Feed(
        feed_id=feed.identifier("feedId", needed=True),
        feed_type=feed.identifier("feedType"),
        status=feed.text("processingStatus", needed=True),
        created=feed.time("createdTime"),
        started=feed.time("processingStartTime"),
        ended=feed.time("processingEndTime"),
        result_document_id=feed.identifier("resultFeedDocumentId"),
        marketplace_ids=feed.texts("marketplaceIds"),
    )
