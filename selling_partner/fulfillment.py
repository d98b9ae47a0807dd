"""What goes in a feed of confirmations, and in the file that Seller Central takes instead of it."""

import unicodedata

from lxml import etree

from .errors import BadRequest
from .feeds import LIMIT_BYTES
from .shipments import OTHER, stamp, tidy
from .xml_feeds import leaf, tree, xml_feed


def fulfillment_feed(merchant_id, messages):
    """Write a document for ``POST_ORDER_FULFILLMENT_DATA``.

    It has no place for COD collection methods and Transparency codes: see :attr:`.shipments.Shipment.needs_direct`.

    :param str merchant_id: the seller's id.
    :param messages: (message id, :class:`.shipments.Shipment`); the ids are positive, each once.
    :return: ``bytes``, for :data:`.feeds.CONTENT_TYPE_XML`.
    :raises BadRequest: for a shipment that Amazon would refuse: one of them could make it refuse all.
    """
    return xml_feed(merchant_id, "OrderFulfillment", messages, _message)


def split_feed(messages, limit_bytes=LIMIT_BYTES):
    """Split messages so that :func:`fulfillment_feed` of each part stays under a size.

    :param messages: as there.
    :return: list of lists of messages, in their order; none is empty.
    :raises BadRequest: when a single message is larger.
    """
    messages = list(messages)
    parts, size = [], limit_bytes
    for message_id, shipment in messages:
        added = len(etree.tostring(_message(message_id, shipment), encoding="UTF-8", xml_declaration=False))
        if _ENVELOPE + added >= limit_bytes:
            raise BadRequest("a message larger than a feed may be", operation="createFeed", code="InvalidInput")
        if size + added >= limit_bytes:
            parts.append([])
            size = _ENVELOPE
        parts[-1].append((message_id, shipment))
        size += added
    return parts


#: More than the bytes around the messages.
_ENVELOPE = 512


def _message(message_id, shipment):
    """Build one message; amzn-envelope.xsd and OrderFulfillment.xsd fix the order of everything in it."""
    shipment.validate(feed=True)
    code, name = shipment.carrier
    message = tree("Message", MessageID=str(message_id))
    fulfillment = etree.SubElement(message, "OrderFulfillment")
    fulfillment.append(leaf("AmazonOrderID", shipment.order_id))
    fulfillment.append(leaf("MerchantFulfillmentID", shipment.reference))
    fulfillment.append(leaf("FulfillmentDate", stamp(shipment.ship_date)))
    fulfillment.append(
        tree(
            "FulfillmentData",
            CarrierCode=code,
            CarrierName=name if code == OTHER else "",
            ShippingMethod=tidy(shipment.shipping_method),
            ShipperTrackingNumber=tidy(shipment.tracking_number),
        )
    )
    for item in shipment.items:
        fulfillment.append(tree("Item", AmazonOrderItemCode=item.item_id, Quantity=str(item.quantity)))
    return message


_FLAT_COLUMNS = (
    "order-id",
    "order-item-id",
    "quantity",
    "ship-date",
    "carrier-code",
    "carrier-name",
    "tracking-number",
    "ship-method",
    "cod-collection-method",
)
#: What Windows' Shift_JIS lacks and normalizing does not bring back.
_SUBSTITUTES = {
    "\u00a5": "￥",
    "\u00d8": "O",
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00f8": "o",
    "\u2014": "―",
    "\u203e": "￣",
    "\u2044": "/",
    "\u20ac": "EUR",
}
_UNKNOWN = "〓"  # what Japanese printers put for a character they lack


#: With these, also in full width, spreadsheets begin what they work out instead of showing it.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def formula_in(shipment):
    """Find what of a shipment a spreadsheet would take for a formula.

    Seller Central takes texts as they are: what is quoted or has a sign before it would be another tracking number
    there. So such texts are kept out of the file instead of being changed.

    :param shipment: :class:`.shipments.Shipment`.
    :return: the text, ``''`` when there is none.
    """
    return next((text for text in _parcel_texts(shipment) if _cp932(text).decode("cp932").startswith(_FORMULA)), "")


def _parcel_texts(shipment):
    """Return what people have entered, in the order of the columns."""
    return (*shipment.carrier, tidy(shipment.tracking_number), tidy(shipment.shipping_method))


def flat_fulfillment_file(shipments, time_zone):
    """Write a file for Seller Central's own upload page (``POST_FLAT_FILE_FULFILLMENT_DATA``, Japan's columns).

    Transparency codes have no column.

    :param shipments: :class:`.shipments.Shipment`.
    :param time_zone: ``tzinfo`` of the marketplace.
    :return: ``bytes``: tab-separated, CRLF, Windows' Shift_JIS; characters it lacks are replaced by similar ones.
    :raises BadRequest: for a shipment that Amazon would refuse, or with a text of :func:`formula_in`.
    """
    rows = [_FLAT_COLUMNS]
    for shipment in shipments:
        shipment.validate()
        if formula_in(shipment):
            raise BadRequest("a text that begins like a formula", operation="createFeed", code="InvalidInput")
        date = shipment.ship_date.astimezone(time_zone).isoformat(timespec="seconds")
        parcel = _parcel_texts(shipment)
        for item in shipment.items:
            row = (shipment.order_id, item.item_id, str(item.quantity), date, *parcel)
            rows.append((*row, shipment.cod_collection_method or ""))
    return b"".join(b"\t".join(map(_cp932, row)) + b"\r\n" for row in rows)


def _cp932(text):
    if not _in_cp932(text):
        text = "".join(map(_similar, unicodedata.normalize("NFC", text)))
    return text.encode("cp932")


def _similar(character):
    """Find what stands best for a character that may be missing from the charset."""
    candidates = (character, _SUBSTITUTES.get(character, ""), unicodedata.normalize("NFKC", character))
    for candidate in candidates:
        if candidate and _in_cp932(candidate):
            return candidate
    bare = (part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return "".join(part if _in_cp932(part) else _SUBSTITUTES.get(part, _UNKNOWN) for part in bare)


def _in_cp932(text):
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
