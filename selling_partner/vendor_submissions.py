"""What vendors tell Amazon: that they take an order, what is in its parcels, that they left, and where they are.

Each is checked against what Amazon would refuse, and writes itself for either version: v1 calls a carton ``carton``,
2021-12-28 ``Carton``. Source: vendorDirectFulfillment*.json of Amazon's models, its guides, and what others were
refused.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from .errors import check
from .reader import is_identifier
from .shipments import stamp
from .values import Address
from .vendor_answers import EACH, V1

#: What an acknowledgement says of a whole order. Amazon agrees on a list with each vendor; this is its guide's.
ACKNOWLEDGEMENT_CODES = MappingProxyType(
    {
        "00": "Shipping 100 percent of ordered product",
        "02": "Canceled due to missing/invalid SKU",
        "03": "Canceled out of stock",
        "04": "Canceled due to duplicate Amazon Ship ID",
        "05": "Canceled due to missing/invalid Bill To Location Code",
        "06": "Canceled due to missing/invalid Ship From Location Code",
        "07": "Canceled due to missing/invalid Customer Ship to Name",
        "08": "Canceled due to missing/invalid Customer Ship to Address Line 1",
        "09": "Canceled due to missing/invalid Customer Ship to City",
        "10": "Canceled due to missing/invalid Customer Ship to State",
        "11": "Canceled due to missing/invalid Customer Ship to Postal Code",
        "12": "Canceled due to missing/invalid Customer Ship to Country Code",
        "13": "Canceled due to missing/invalid Shipping Carrier/Shipping Method",
        "20": "Canceled due to missing/invalid Unit Price",
        "21": "Canceled due to missing/invalid Ship to Address Line 2",
        "22": "Canceled due to missing/invalid Ship to Address Line 3",
        "50": "Canceled due to Tax Nexus Issue",
        "51": "Canceled due to Restricted SKU/Qty",
        "53": "Canceled due to USPS >$400",
        "54": "Canceled due to Missing AmazonShipID",
        "55": "Canceled due to Missing AmazonOrderID",
        "56": "Canceled due to Missing LineItemId",
        "71": "Canceled due to discontinued item",
    }
)
ACCEPTED = "00"

SHIPPED, FLOOR_DENIAL = "SHIPPED", "FLOOR_DENIAL"
CARTON, PALLET = "carton", "pallet"
X12, EDIFACT = "x12", "edifact"


class Codes(NamedTuple):
    """What an event of a delivery is in the codes of a standard."""

    status: str
    reason: str


#: The events of a delivery, each in both standards; Amazon takes no other pairs.
STATUS_EVENTS = MappingProxyType(
    {
        "delayed": {X12: Codes("DE", "AF"), EDIFACT: Codes("404", "117")},
        "delivered": {X12: Codes("D1", "NS"), EDIFACT: Codes("301", "000")},
        "departed": {X12: Codes("XB", "NS"), EDIFACT: Codes("101", "000")},
        "in_transit": {X12: Codes("O1", "NS"), EDIFACT: Codes("201", "000")},
        "lost": {X12: Codes("CA", "PL"), EDIFACT: Codes("409", "000")},
        "out_for_delivery": {X12: Codes("OD", "NS"), EDIFACT: Codes("302", "000")},
        "refused": {X12: Codes("A7", "AM"), EDIFACT: Codes("407", "000")},
        "undeliverable": {X12: Codes("AP", "BG"), EDIFACT: Codes("416", "000")},
    }
)
_LARGEST_QUANTITY = 2**31 - 1


# --- what all of it is made of -------------------------------------------------------------------------------------
class Submission:
    """What can be told; its heirs are frozen dataclasses.

    :cvar operation: Amazon's name of what tells it; ``lists``: the fields that are tuples.
    """

    __slots__ = ()

    operation = ""
    lists = ("items",)

    def __post_init__(self):
        for name in self.lists:
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def validate(self):
        """Check what Amazon would refuse anyway, before it costs a call.

        :raises BadRequest: with ``sent`` False.
        """
        check(self.operation, self._problems())

    def _problems(self):
        """Yield what is wrong, or something false."""
        raise NotImplementedError

    def body(self, version):
        """Write it as Amazon reads it.

        :param str version: ``v1`` or ``2021-12-28``.
        :rtype: dict
        """
        raise NotImplementedError

    def _problems_of_order(self):
        yield not _is_number(self.number) and "not a purchase order number"
        yield not _is_name(self.selling_party) and "the selling party is needed"
        yield not _is_name(self.ship_from_party) and "the ship-from party is needed"

    def _order(self):
        """Write what everything about a purchase order begins with."""
        return {"purchaseOrderNumber": self.number, **self._parties()}

    def _parties(self):
        return {
            "sellingParty": {"partyId": self.selling_party},
            "shipFromParty": {"partyId": self.ship_from_party},
        }


@dataclass(frozen=True, slots=True)
class VendorLine:
    """How many of one line of a purchase order.

    :param sequence: as received; confirmations want it as a number.
    :param asin: as received; likewise ``sku``; one of them is needed.
    """

    sequence: str
    quantity: int
    asin: str = ""
    sku: str = ""

    def body(self, quantity_name, as_number=False):
        """Write the line.

        :param str quantity_name: Amazon's, such as ``acknowledgedQuantity``.
        :param bool as_number: whether the sequence number is an integer here.
        """
        return {
            "itemSequenceNumber": int(self.sequence) if as_number else self.sequence,
            **_product(self),
            quantity_name: _quantity(self.quantity),
        }


def _product(line):
    """Write which product it is: both ids where both are known."""
    return _filled({"buyerProductIdentifier": line.asin, "vendorProductIdentifier": line.sku})


def _quantity(amount):
    return {"amount": amount, "unitOfMeasure": EACH}


def _problems_of_lines(lines, as_number=False):
    """Yield what Amazon would refuse of lines, or something false.

    :param bool as_number: whether their sequence numbers have to be numbers.
    """
    yield not lines and "items are needed"
    seen = set()
    for line in lines:
        sequence = line.sequence
        yield not _is_name(sequence) and "an item needs its sequence number"
        yield sequence in seen and f"item {sequence} stands twice"
        seen.add(sequence)
        yield (
            as_number and not re.fullmatch(r"[0-9]{1,9}", sequence) and f"the number of item {sequence} is not a number"
        )
        yield not (line.asin or line.sku) and f"item {sequence} needs its ASIN or SKU"
        yield not _is_quantity(line.quantity, 1) and f"item {sequence}: the quantity must be a whole number, 1 or more"


def _is_quantity(number, least):
    return type(number) is int and least <= number <= _LARGEST_QUANTITY


def _is_number(text):
    """Tell whether a text can be the number of a purchase order."""
    return isinstance(text, str) and bool(re.fullmatch(r"[a-zA-Z0-9]{1,50}", text))


def _is_name(text):
    """Tell whether a text can name something."""
    return isinstance(text, str) and bool(text.strip()) and is_identifier(text, 100)


def _is_time(time):
    return isinstance(time, datetime) and time.tzinfo is not None


def _is_measure(number):
    """Tell whether something can be measured or weighed."""
    return isinstance(number, Decimal) and number.is_finite() and 0 < number < 10**6


def _stamp(time):
    return stamp(time) if time else None


def _filled(fields):
    return {name: value for name, value in fields.items() if value not in ("", None)}


# --- orders --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement(Submission):
    """The answer to one purchase order, as a whole: Amazon knows no parts.

    :param number: of the purchase order.
    :param vendor_order_number: ours.
    :param moment: with a time zone; when it was decided.
    :param code: see :data:`ACKNOWLEDGEMENT_CODES`; all but ``00`` reject the order.
    :param description: ``''``: the code's own.
    :param items: :class:`VendorLine`: all of the order, with what is ordered, also when it is rejected.
    """

    operation = "submitAcknowledgement"

    number: str
    vendor_order_number: str
    moment: datetime
    code: str
    description: str = ""
    selling_party: str
    ship_from_party: str
    items: tuple[VendorLine, ...]

    def _problems(self):
        yield from self._problems_of_order()
        yield not _is_name(self.vendor_order_number) and "an order number of the vendor's own is needed"
        yield not _is_time(self.moment) and "times need a time zone"
        yield not re.fullmatch(r"[0-9]{2}", self.code or "") and "an acknowledgement needs its code"
        yield from _problems_of_lines(self.items)

    def body(self, version):
        description = self.description or ACKNOWLEDGEMENT_CODES.get(self.code, "")
        return {
            **self._order(),
            "vendorOrderNumber": self.vendor_order_number,
            "acknowledgementDate": stamp(self.moment),
            "acknowledgementStatus": {"code": self.code, "description": description},
            "itemAcknowledgements": [line.body("acknowledgedQuantity") for line in self.items],
        }


# --- parcels -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Dimensions:
    """Of a parcel.

    :param unit: of all three: ``CM`` or ``IN``.
    """

    length: Decimal
    width: Decimal
    height: Decimal
    unit: str = "CM"

    def body(self):
        """Write Amazon's ``Dimensions``."""
        return {
            "length": _plain(self.length),
            "width": _plain(self.width),
            "height": _plain(self.height),
            "unitOfMeasure": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A parcel.

    :param identifier: ours, of the parcel.
    :param weight: in ``weight_unit``, ``KG`` or ``LB``.
    :param items: :class:`VendorLine`: what is in it.
    :param kind: :data:`CARTON` or :data:`PALLET`.
    :param tracking_number: as on the label; in confirmations needed, like ``ship_method``, the order's.
    :param scac: of a carrier of the vendor's own; ``carrier`` is its name, for vendors in Europe.
    :param sequence: the number of the parcel where the units of one item go in several.
    """

    identifier: str
    weight: Decimal
    items: tuple[VendorLine, ...]
    kind: str = CARTON
    weight_unit: str = "KG"
    dimensions: Dimensions | None = None
    tracking_number: str = field(default="", repr=False)
    ship_method: str = ""
    scac: str = ""
    carrier: str = ""
    manifest_id: str = ""
    manifest_date: str = ""
    sequence: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "items", tuple(self.items))

    def problems(self):
        """Yield what Amazon would refuse, or something false."""
        yield not _is_name(self.identifier) and "a parcel needs an identifier"
        name = f"parcel {self.identifier}"
        yield self.kind not in (CARTON, PALLET) and f"{name} is neither a carton nor a pallet"
        yield not _is_measure(self.weight) and f"{name} needs its weight"
        yield self.weight_unit not in ("KG", "LB") and f"{name}: not a unit of weight"
        if self.dimensions:
            sides = (self.dimensions.length, self.dimensions.width, self.dimensions.height)
            yield not all(map(_is_measure, sides)) and f"{name} needs all of its dimensions"
            yield self.dimensions.unit not in ("CM", "IN") and f"{name}: not a unit of length"
        yield from _problems_of_lines(self.items, as_number=True)

    def body(self, version):
        """Write Amazon's ``Container``."""
        return _filled(
            {
                "containerType": self.kind if version == V1 else self.kind.title(),
                "containerIdentifier": self.identifier,
                "trackingNumber": self.tracking_number,
                "manifestId": self.manifest_id,
                "manifestDate": self.manifest_date,
                "shipMethod": self.ship_method,
                "scacCode": self.scac,
                "carrier": self.carrier,
                "containerSequenceNumber": self.sequence,
                "dimensions": self.dimensions and self.dimensions.body(),
                "weight": {"unitOfMeasure": self.weight_unit, "value": _plain(self.weight)},
                "packedItems": [line.body("packedQuantity", as_number=True) for line in self.items],
            }
        )


def _plain(number):
    """Write a decimal without an exponent."""
    return f"{number.normalize():f}"


def _problems_of_containers(containers):
    names = [container.identifier for container in containers]
    yield len(set(names)) < len(names) and "two parcels have the same identifier"
    for container in containers:
        yield from container.problems()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest(Submission):
    """That Amazon shall make the labels of one purchase order, which was acknowledged.

    :param containers: :class:`Container`: its parcels; where none are told, Amazon takes it for one.
    """

    operation = "submitShippingLabelRequest"
    lists = ("containers",)

    number: str
    selling_party: str
    ship_from_party: str
    containers: tuple[Container, ...] = ()

    def _problems(self):
        yield from self._problems_of_order()
        yield from _problems_of_containers(self.containers)

    def body(self, version):
        return {**self._order(), **self.details(version)}

    def details(self, version):
        """Write it without its number, which stands in the path where the labels are made at once."""
        containers = [container.body(version) for container in self.containers]
        return {**self._parties(), **({"containers": containers} if containers else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Submission):
    """That one purchase order has left as a whole, or never will: Amazon knows no parts.

    :param shipped: with a time zone, not in the future; when it left, or was found not to.
    :param status: :data:`SHIPPED` or :data:`FLOOR_DENIAL`.
    :param items: :class:`VendorLine`: all of the order.
    :param containers: :class:`Container`: all of its parcels, with tracking number and ship method, also where Amazon
        made their labels; of a denial none.
    :param estimated_delivery: with a time zone.
    """

    operation = "submitShipmentConfirmations"
    lists = ("items", "containers")

    number: str
    selling_party: str
    ship_from_party: str
    shipped: datetime
    items: tuple[VendorLine, ...]
    containers: tuple[Container, ...] = ()
    status: str = SHIPPED
    vendor_order_number: str = ""
    estimated_delivery: datetime | None = None
    is_priority: bool | None = None

    def _problems(self):
        yield from self._problems_of_order()
        times = [self.shipped, *filter(None, [self.estimated_delivery])]
        yield not all(map(_is_time, times)) and "times need a time zone"
        yield self.status not in (SHIPPED, FLOOR_DENIAL) and "not a status of shipments"
        yield from _problems_of_lines(self.items, as_number=True)
        yield from _problems_of_containers(self.containers)
        if self.status == SHIPPED:
            yield not self.containers and "a confirmation needs its parcels"
            for container in self.containers:
                name = f"parcel {container.identifier}"
                yield not _is_name(container.tracking_number) and f"{name} needs its tracking number"
                yield not _is_name(container.ship_method) and f"{name} needs its ship method"
            yield self._packed() != {line.sequence: line.quantity for line in self.items} and (
                "the parcels hold something else than what is shipped"
            )

    def _packed(self):
        packed = {}
        for line in (line for container in self.containers for line in container.items):
            packed[line.sequence] = packed.get(line.sequence, 0) + line.quantity
        return packed

    def body(self, version):
        details = {
            "shippedDate": stamp(self.shipped),
            "shipmentStatus": self.status,
            "isPriorityShipment": self.is_priority,
            "vendorOrderNumber": self.vendor_order_number,
            "estimatedDeliveryDate": _stamp(self.estimated_delivery),
        }
        containers = [container.body(version) for container in self.containers]
        return {
            **self._order(),
            "shipmentDetails": _filled(details),
            "items": [line.body("shippedQuantity", as_number=True) for line in self.items],
            **({"containers": containers} if containers else {}),
        }


# --- on the way ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Schedule:
    """When a delivery by appointment is to come: times with a time zone."""

    estimated: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def times(self):
        return tuple(filter(None, (self.estimated, self.earliest, self.latest)))

    def body(self):
        """Write Amazon's ``ShipmentSchedule``."""
        return _filled(
            {
                "estimatedDeliveryDateTime": _stamp(self.estimated),
                "apptWindowStartDateTime": _stamp(self.earliest),
                "apptWindowEndDateTime": _stamp(self.latest),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(Submission):
    """What happened to one parcel under way; from vendors with carriers of their own only.

    :param tracking_number: exactly as it was confirmed.
    :param event: a key of :data:`STATUS_EVENTS`.
    :param standard: in whose codes it is told: :data:`X12` or :data:`EDIFACT`.
    :param moment: with a time zone.
    :param location: where: name, first line and country are needed.
    """

    operation = "submitShipmentStatusUpdates"
    lists = ()

    number: str
    selling_party: str
    ship_from_party: str
    tracking_number: str = field(repr=False)
    event: str
    moment: datetime
    location: Address = field(repr=False)
    schedule: Schedule | None = None
    standard: str = X12

    def _problems(self):
        yield from self._problems_of_order()
        yield not _is_name(self.tracking_number) and "the tracking number is needed"
        yield self.event not in STATUS_EVENTS and "not an event"
        yield self.standard not in (X12, EDIFACT) and "not a standard"
        times = (self.moment, *(self.schedule.times if self.schedule else ()))
        yield not all(map(_is_time, times)) and "times need a time zone"
        place = self.location
        yield not (place.name and place.line1 and place.country_code) and (
            "a place needs its name, its first line and its country"
        )

    def body(self, version):
        codes = STATUS_EVENTS[self.event][self.standard]
        schedule = self.schedule.body() if self.schedule else None
        details = {
            "trackingNumber": self.tracking_number,
            "statusCode": codes.status,
            "reasonCode": codes.reason,
            "statusDateTime": stamp(self.moment),
            "statusLocationAddress": _address(self.location),
            "shipmentSchedule": schedule or None,
        }
        return {**self._order(), "statusUpdateDetails": _filled(details)}


def _address(address):
    return _filled(
        {
            "name": address.name,
            "addressLine1": address.line1,
            "addressLine2": address.line2,
            "addressLine3": address.line3,
            "city": address.city,
            "county": address.municipality,
            "district": address.district,
            "stateOrRegion": address.state,
            "postalCode": address.postal_code,
            "countryCode": address.country_code,
            "phone": address.phone,
        }
    )


# --- stock ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class InventoryItem:
    """How much of a product a warehouse can ship.

    :param asin: or ``sku``, of which one is needed.
    """

    quantity: int
    asin: str = ""
    sku: str = ""

    @property
    def name(self):
        """By what it is told from others: an ASIN may read like another's SKU."""
        return ("SKU", self.sku) if self.sku else ("ASIN", self.asin)

    def problem(self):
        """Return what Amazon would refuse of it, or something false."""
        if not (self.sku or self.asin):
            return "an item needs its ASIN or SKU"
        return not _is_quantity(self.quantity, 0) and f"{self.name[1]}: the quantity must be a whole number, 0 or more"

    def body(self):
        """Write Amazon's ``ItemDetails``."""
        return {**_product(self), "availableQuantity": _quantity(self.quantity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryUpdate(Submission):
    """What one warehouse can ship.

    :param warehouse: its party id.
    :param is_full: makes everything that is not among the items unavailable.
    """

    operation = "submitInventoryUpdate"

    warehouse: str
    selling_party: str
    items: tuple[InventoryItem, ...]
    is_full: bool = False

    def _problems(self):
        yield not _is_name(self.warehouse) and "the warehouse is needed"
        yield not _is_name(self.selling_party) and "the selling party is needed"
        yield not self.items and "items are needed"
        yield from self.wrong_items().values()

    def wrong_items(self):
        """Return what Amazon would refuse of the items: the others can be told without these.

        :return: why, by their places.
        :rtype: dict[int, str]
        """
        wrong, seen = {}, set()
        for place, item in enumerate(self.items):
            problem = item.problem() or (item.name in seen and f"{item.name[1]} stands twice")
            if problem:
                wrong[place] = problem
            seen.add(item.name)
        return wrong

    def body(self, version):
        return {
            "sellingParty": {"partyId": self.selling_party},
            "isFullUpdate": self.is_full,
            "items": [item.body() for item in self.items],
        }
