"""What the Feeds and the Reports API have in common: Amazon works off what stands in a queue, and lists it by type."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .api import Api
from .endpoints import checked_url
from .errors import BadRequest, TokenRefused, check
from .reader import LONGEST_TEXT, success
from .shipments import stamp

IN_QUEUE, IN_PROGRESS, DONE, CANCELLED, FATAL = STATUSES = ("IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL")
#: Amazon is through with these; FATAL may have done some, none or all of it.
FINAL_STATUSES = (DONE, CANCELLED, FATAL)


class Queue(Api):
    """An API of what Amazon works off."""

    def _search(self, operation, reader, types, since, statuses, page_size, token, marketplace_ids=()):
        """Get a page of what is there of some types.

        :param tuple types: the parameter's name, and 1 to 10 types.
        :param since: aware ``datetime``: created since then.
        :param statuses: see :data:`STATUSES`; none: all.
        :param int page_size: 1 to 100.
        :param str token: the page before's ``next_token``: goes alone, as Amazon wants it.
        :param marketplace_ids: at most 10; none: all.
        :raises TokenRefused: when Amazon does not take the token.
        """
        if token:
            return self._call(operation, reader, query={"nextToken": token}, meanings={400: TokenRefused})
        name, types = types
        query = {
            name: list(types),
            "createdSince": since and stamp(since),
            "processingStatuses": list(statuses),
            "marketplaceIds": list(marketplace_ids),
            "pageSize": page_size,
        }
        problems = (
            not 1 <= len(query[name]) <= 10 and "1 to 10 types are needed",
            len(query["marketplaceIds"]) > 10 and "at most 10 marketplaces",
            not 1 <= page_size <= 100 and "the page size must be 1 to 100",
            lacks_zone(since) and "times need a time zone",
        )
        check(operation, problems)
        return self._call(operation, reader, query=filled(query))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """How far Amazon is with something; times in UTC.

    :param status: one of :data:`STATUSES`, or one not known yet.
    """

    status: str = ""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    marketplace_ids: tuple[str, ...] = ()

    @property
    def is_final(self):
        return self.status in FINAL_STATUSES


class DocumentAddress(NamedTuple):
    """Where a document is; ``url`` is a secret that lives for 5 minutes."""

    url: str
    compression: str

    def __repr__(self):
        return f"DocumentAddress(compression={self.compression!r})"


def filled(values):
    """Return what is not empty of a dict."""
    return {name: value for name, value in values.items() if value}


def lacks_zone(*times):
    """Tell whether one of the times that there are has no time zone."""
    return any(time and time.tzinfo is None for time in times)


def read_url(answer):
    """Read the address of a document to be filled or fetched."""
    return answer.get("url", "a safe address", _address, needed=True)


def _address(value):
    try:
        return checked_url(value)
    except BadRequest:
        raise ValueError("not an address") from None


def read_progress(entry):
    """Read the fields of :class:`Queued`.

    :rtype: dict
    """
    return {
        "status": entry.text("processingStatus", needed=True),
        "created": entry.time("createdTime"),
        "started": entry.time("processingStartTime"),
        "ended": entry.time("processingEndTime"),
        "marketplace_ids": entry.texts("marketplaceIds"),
    }


def parse_page(body, name, read):
    """Read a page of a list.

    :param str name: of the list.
    :param read: reads an entry.
    :return: the entries, and the token of the next page or None.
    """
    answer = success(body)
    entries = tuple(map(read, answer.objects(name, needed=True)))
    return entries, answer.identifier("nextToken", longest=LONGEST_TEXT) or None


def parse_document_address(body):
    """Read the answer to getFeedDocument and getReportDocument."""
    answer = success(body)
    return DocumentAddress(read_url(answer), answer.text("compressionAlgorithm"))
