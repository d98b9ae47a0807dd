"""The Feeds API 2021-06-30: documents that Amazon processes, and what it says of them.

What is in them: :mod:`.fulfillment`, :mod:`.listings_feed`; their reports: :mod:`.processing_reports`.
"""

from dataclasses import dataclass, field

from .errors import check
from .operations import OPERATIONS
from .queues import Queue, Queued, parse_document_address, parse_page, read_progress, read_url
from .reader import parse_nothing, success

FEED_TYPE_FULFILLMENT = "POST_ORDER_FULFILLMENT_DATA"
CONTENT_TYPE_XML = "text/xml; charset=UTF-8"

LIMIT_BYTES = 10 * 1024 * 1024


class Feeds(Queue):
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
        problems = (
            not (feed_type and document_id) and "a feed needs a type and a document",
            not 1 <= len(marketplaces) <= 25 and "a feed needs 1 to 25 marketplaces",
        )
        check("createFeed", problems)
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
        :param statuses: see :data:`.queues.STATUSES`; none: all.
        :param int page_size: 1 to 100.
        :param str token: the page before's ``next_token``: goes alone, as Amazon wants it.
        :return: :class:`FeedsPage`.
        :raises TokenRefused: when Amazon does not take the token.
        """
        types = ("feedTypes", feed_types)
        return self._search("getFeeds", parse_feeds_page, types, since, statuses, page_size, token)

    def cancel(self, feed_id):
        """Cancel a feed that is still IN_QUEUE (cancelFeed).

        :raises BadRequest: when Amazon has begun with it.
        """
        self._call("cancelFeed", parse_nothing, path={"feedId": feed_id})

    def get_document(self, document_id):
        """Get the address of a feed's result (getFeedDocument).

        :return: :class:`.queues.DocumentAddress`, (url, compression); lives for 5 minutes.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Queued):
    """A feed as Amazon knows it.

    :param result_document_id: ``''`` until there is a report.
    """

    feed_id: str
    feed_type: str = ""
    result_document_id: str = ""


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """One page of feeds; ``next_token`` is None on the last."""

    feeds: tuple[Feed, ...]
    next_token: str | None = field(default=None, repr=False)


def parse_created_document(body):
    """Read the answer to createFeedDocument."""
    answer = success(body)
    return FeedDocument(answer.identifier("feedDocumentId", needed=True), read_url(answer))


def parse_created_feed(body):
    """Read the answer to createFeed."""
    return success(body).identifier("feedId", needed=True)


def parse_feed(body):
    """Read the answer to getFeed."""
    return _feed(success(body))


def parse_feeds_page(body):
    """Read the answer to getFeeds."""
    return FeedsPage(*parse_page(body, "feeds", _feed))


def _feed(feed):
    return Feed(
        feed_id=feed.identifier("feedId", needed=True),
        feed_type=feed.identifier("feedType"),
        result_document_id=feed.identifier("resultFeedDocumentId"),
        **read_progress(feed),
    )
