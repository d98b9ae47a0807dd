"""What goes in a feed of listings: many patches in one submission."""

import json
import re

from .errors import BadRequest
from .feeds import LIMIT_BYTES

FEED_TYPE_LISTINGS = "JSON_LISTINGS_FEED"
CONTENT_TYPE_JSON = "application/json; charset=UTF-8"
#: Messages that Amazon takes in one feed.
MOST_MESSAGES = 25_000

_LARGEST_MESSAGE_ID = 2**31 - 1
_PIECE = 2**16  # bytes
#: More than the bytes around the messages.
_ENVELOPE = 512


def listings_feed(seller_id, messages, issue_locale="", limit_bytes=LIMIT_BYTES):
    """Write a document for ``JSON_LISTINGS_FEED``, piece by piece.

    :param str seller_id: the seller's id.
    :param messages: (message id, :class:`.listings.ListingPatch`), 1 to 25,000, best lazily; ids and SKUs each once,
        all of the one marketplace that createFeed is told.
    :param str issue_locale: the language of what Amazon finds wrong, such as ``ja_JP``; ``''``: the marketplace's.
    :return: iterator of ``bytes``, for :data:`CONTENT_TYPE_JSON`.
    :raises BadRequest: at once or from the iterator, for what Amazon would refuse: one message could make it refuse
        all. What has come until then is no document.
    """
    if not isinstance(seller_id, str) or not re.fullmatch(r"\w{1,50}", seller_id, re.ASCII):
        raise _refused("not a seller's id")
    header = {"sellerId": seller_id, "version": "2.0"}
    if issue_locale:
        header["issueLocale"] = issue_locale
    return _pieces(_bytes(header), messages, limit_bytes)


def _pieces(header, messages, limit_bytes):
    size, piece = 0, bytearray(b'{"header":%b,"messages":[' % header)
    for number, message in enumerate(_checked(messages)):
        piece += b"," * bool(number) + _bytes(message)
        if len(piece) >= _PIECE:
            size += len(piece)
            yield bytes(piece)
            piece.clear()
        if size + len(piece) + 2 > limit_bytes:
            raise _refused("a feed larger than it may be")
    yield bytes(piece + b"]}")


def _checked(messages):
    ids, skus, marketplace_id = set(), set(), None
    for message_id, patch in messages:
        patch.validate()
        marketplace_id = marketplace_id or patch.marketplace_id
        _check_id(message_id)
        if message_id in ids or patch.sku in skus:
            raise _refused("message ids and SKUs must stand in a feed once")
        if patch.marketplace_id != marketplace_id:
            raise _refused("a feed is for one marketplace")
        ids.add(message_id)
        skus.add(patch.sku)
        if len(ids) > MOST_MESSAGES:
            raise _refused(f"more than {MOST_MESSAGES} messages")
        yield _message(message_id, patch)
    if not ids:
        raise _refused("a feed without messages")


def _check_id(message_id):
    if type(message_id) is not int or not 1 <= message_id <= _LARGEST_MESSAGE_ID:
        raise _refused("message ids must be positive")


def split_listings_feed(messages, limit_bytes=LIMIT_BYTES):
    """Split messages so that each part makes a feed of its own with :func:`listings_feed`: by marketplace as they
    come, by number and by size. A SKU that comes again goes in a later part.

    :param messages: as there, of any number.
    :return: iterator of lists of messages, in their order; none is empty.
    :raises BadRequest: from the iterator, when a single message is larger.
    """
    part, skus, size = [], set(), _ENVELOPE
    for message_id, patch in messages:
        added = len(_bytes(_message(message_id, patch))) + 1
        if _ENVELOPE + added > limit_bytes:
            raise _refused("a message larger than a feed may be")
        is_full = len(part) == MOST_MESSAGES or size + added > limit_bytes or patch.sku in skus
        if part and (is_full or patch.marketplace_id != part[0][1].marketplace_id):
            yield part
            part, skus, size = [], set(), _ENVELOPE
        part.append((message_id, patch))
        skus.add(patch.sku)
        size += added
    if part:
        yield part


def _message(message_id, patch):
    return {"messageId": message_id, "sku": patch.sku, "operationType": "PATCH", **patch.body()}


def _bytes(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _refused(why):
    return BadRequest(why, operation="createFeed", code="InvalidInput")
