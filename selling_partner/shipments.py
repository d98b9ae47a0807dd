"""Confirming shipments: what is sent, Amazon's rules for it, and what its refusals mean."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .errors import AlreadyFulfilled, BadRequest, ShipPlusOrder, TrackingNumberRequired

OTHER = "Other"
DIRECT_PAYMENT = "DirectPayment"
_JAPAN = "A1VC38T7YXB528"
_LARGEST_QUANTITY = 2**31 - 1

#: The JSON schema bounds no text; this only keeps out what cannot be meant.
_LONGEST = 255
#: amzn-base.xsd: ``String`` holds 50 characters, ``IDNumber`` 20 digits. One longer text rejects the whole feed.
_LONGEST_IN_FEED = 50
_LONGEST_REFERENCE = 20

#: What Amazon says about a shipment as a whole, the first that is said counts; searched before :data:`_FIELDS`.
_STATEMENTS = (
    ("not_found", r"PackageToUpdateNotFound|already (been )?(fulfilled|shipped)"),
    ("ship_plus", r"(?<![a-z])ship(\s?\+|[ _-]?plus(?![a-z]))"),
    ("cancelled", r"\bcancell?ed\b"),
)
#: The field that Amazon complains about: the one named first.
_FIELDS = (
    ("carrier", r"carrier[ _]?(code|name)?\b"),
    ("tracking", r"(tracking|waybill)[ _]?(number|id)\b"),
    ("transparency", r"transparency"),
    ("quantity", r"quantity|quantities"),
    ("item", r"order[ _]?items?[ _]?id"),
    ("date", r"ship(ping|ment)?[ _]?date"),
    ("reference", r"package[ _]?reference[ _]?id"),
    ("cod", r"cod[ _]?collection"),
)
#: What a refusal may be about.
HINTS = tuple(hint for hint, _words in (*_STATEMENTS, *_FIELDS))
#: What the sender does something of its own about; everything else is a BadRequest with its hint.
_CLASSES = {"not_found": AlreadyFulfilled, "ship_plus": ShipPlusOrder}

#: What neither JSON nor XML can hold, or no label printer prints.
_UNPRINTABLE = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def tidy(text):
    """Make a text fit for one line of JSON, XML or TSV."""
    return " ".join(_UNPRINTABLE.sub("", text or "").split())


@dataclass(frozen=True, slots=True)
class ShippedItem:
    """How many of an order's item are in the parcel.

    :param transparency_codes: of the units in the parcel, for items of the Transparency program.
    """

    item_id: str
    quantity: int
    transparency_codes: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "transparency_codes", tuple(self.transparency_codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One parcel of one order.

    :param reference: ``packageReferenceId``, a positive number as text, the same for ever: sending it again edits the
        parcel. "1", "2" … may be taken by parcels entered in Seller Central.
    :param carrier_code: Amazon's, or ``Other`` with a ``carrier_name``.
    :param tracking_number: ``''`` where the shipping method has none.
    :param ship_date: with a time zone.
    :param cod_collection_method: ``DirectPayment`` for cash on delivery in Japan.
    """

    order_id: str
    marketplace_id: str
    reference: str
    carrier_code: str
    carrier_name: str = ""
    shipping_method: str = ""
    tracking_number: str = field(default="", repr=False)
    ship_date: datetime
    items: tuple[ShippedItem, ...]
    cod_collection_method: str = ""

    def __post_init__(self):
        object.__setattr__(self, "items", tuple(self.items))

    @property
    def needs_direct(self):
        """Whether the XML feed would lose something that ``confirmShipment`` has a place for."""
        return bool(self.cod_collection_method) or any(item.transparency_codes for item in self.items)

    @property
    def carrier(self):
        """The carrier's (code, name) as they are sent; ``Other`` in Amazon's spelling."""
        code = tidy(self.carrier_code)
        return OTHER if code.lower() == OTHER.lower() else code, tidy(self.carrier_name)

    def validate(self, feed=False):
        """Check what Amazon would refuse anyway, before it costs a call.

        :param bool feed: also check what only the XML feed cannot hold.
        :raises BadRequest: with ``sent`` False, a ``code`` such as ``InvalidReference`` and the field's ``hint``.
        """
        longest = _LONGEST_IN_FEED if feed else _LONGEST
        for wrong, hint, code, why in self._problems(longest):
            if wrong:
                raise BadRequest(why, operation="confirmShipment", code=code, hint=hint)

    def _problems(self, longest):
        code, name = self.carrier
        yield not _is_id(self.order_id), "", "InvalidOrderId", "not an order number"
        yield not _is_id(self.marketplace_id), "", "InvalidMarketplaceId", "not a marketplace"
        yield (
            not _is_reference(self.reference),
            "reference",
            "InvalidPackageReferenceId",
            f"the parcel's reference must be a positive number of at most {_LONGEST_REFERENCE} digits",
        )
        yield not code, "carrier", "InvalidCarrierCode", "a carrier code is needed"
        yield (
            code == OTHER and not name,
            "carrier",
            "InvalidCarrierName",
            "the carrier code Other needs a carrier name",
        )
        texts = (
            (code, "carrier", "CarrierCode"),
            (name, "carrier", "CarrierName"),
            (tidy(self.shipping_method), "", "ShippingMethod"),
            (tidy(self.tracking_number), "tracking", "TrackingNumber"),
        )
        for text, hint, what in texts:
            yield len(text) > longest, hint, f"Invalid{what}", f"{what} is longer than {longest} characters"
        yield not _is_time(self.ship_date), "date", "InvalidShipDate", "the ship date needs a time zone"
        yield (
            (self.cod_collection_method or "") not in ("", DIRECT_PAYMENT),
            "cod",
            "InvalidCodCollectionMethod",
            f"the only COD collection method is {DIRECT_PAYMENT}",
        )
        yield (
            self.cod_collection_method and self.marketplace_id != _JAPAN,
            "cod",
            "InvalidCodCollectionMethod",
            "COD collection methods exist in Japan only",
        )
        yield from self._problems_of_items()

    def _problems_of_items(self):
        yield not self.items, "item", "InvalidOrderItems", "a parcel needs items"
        seen = set()
        for item in self.items:
            yield not _is_id(item.item_id), "item", "InvalidOrderItemId", "not an order item"
            name = f"item {item.item_id}"
            yield item.item_id in seen, "item", "InvalidOrderItems", f"{name} stands twice in the parcel"
            seen.add(item.item_id)
            yield (
                type(item.quantity) is not int or not 1 <= item.quantity <= _LARGEST_QUANTITY,
                "quantity",
                "InvalidQuantity",
                f"{name}: the quantity must be a whole number, 1 or more",
            )
            yield (
                not all(isinstance(code, str) and tidy(code) for code in item.transparency_codes),
                "transparency",
                "InvalidTransparencyCodes",
                f"{name} has an empty Transparency code",
            )

    def body(self):
        """Write the body of confirmShipment.

        :return: ``dict`` of Amazon's ``ConfirmShipmentRequest``; valid when :meth:`validate` finds nothing.
        """
        code, name = self.carrier
        detail = {
            "packageReferenceId": self.reference,
            "carrierCode": code,
            "carrierName": name,
            "shippingMethod": tidy(self.shipping_method),
            "trackingNumber": tidy(self.tracking_number),
            "shipDate": stamp(self.ship_date),
            "orderItems": [_item_body(item) for item in self.items],
        }
        body = {"marketplaceId": self.marketplace_id, "codCollectionMethod": self.cod_collection_method}
        body["packageDetail"] = _filled(detail, keep="trackingNumber")
        return _filled(body)


def _item_body(item):
    return _filled(
        {
            "orderItemId": item.item_id,
            "quantity": item.quantity,
            "transparencyCodes": [tidy(code) for code in item.transparency_codes],
        }
    )


def _filled(fields, keep=""):
    return {name: value for name, value in fields.items() if value or name == keep}


def stamp(time):
    """Write a time as Amazon reads it, in UTC to the second."""
    return time.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _is_id(text):
    return isinstance(text, str) and bool(re.fullmatch(r"[\w-]{1,100}", text, re.ASCII))


def _is_reference(text):
    return isinstance(text, str) and bool(re.fullmatch(rf"[1-9][0-9]{{0,{_LONGEST_REFERENCE - 1}}}", text))


def _is_time(time):
    try:
        return isinstance(time, datetime) and time.utcoffset() is not None and bool(stamp(time))
    except (OverflowError, ValueError):
        return False


def hint_of(text):
    """Tell what Amazon complains about.

    :param str text: Amazon's.
    :return: one of :data:`HINTS`, ``''`` when the text does not tell.
    """
    return _first_said(_STATEMENTS, text) or _first_said(_FIELDS, text)


def refusal_of(shipment):
    """Tell what a 400 to this shipment means.

    :return: a function: Amazon's text → :class:`.errors.BadRequest` or its subclass, and the hint.
    """

    def meaning(text):
        hint = hint_of(text)
        if hint == "tracking" and not tidy(shipment.tracking_number):
            return TrackingNumberRequired, hint
        return _CLASSES.get(hint, BadRequest), hint

    return meaning


def _first_said(table, text):
    said = [(match.start(), hint) for hint, words in table if (match := re.search(words, text, re.IGNORECASE))]
    return min(said, key=lambda entry: entry[0])[1] if said else ""
