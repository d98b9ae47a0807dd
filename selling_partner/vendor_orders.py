"""Purchase orders of Vendor Direct Fulfillment as values, and what a vendor answers to them.

Fields follow Amazon's models of both versions, which differ in wrappers only. A text that is missing is ``''``, an
unknown enumeration value is kept as it came, an unknown field is passed over. Personal data never shows in ``repr()``.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from .errors import MalformedAnswer, check
from .reader import Reader, is_identifier, loads
from .shipments import stamp
from .values import LENGTHS as VALUES_LENGTHS
from .values import Address, Money, Window

STATUSES = ("NEW", "ACCEPTED", "SHIPPED", "CANCELLED")
EACH = "Each"

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

#: The most characters that are taken of a field; see :data:`.values.LENGTHS`.
LENGTHS = MappingProxyType(
    {
        **VALUES_LENGTHS,
        # What names something.
        "purchaseOrderNumber": 50,
        "customerOrderNumber": 50,
        "partyId": 50,
        "itemSequenceNumber": 50,
        "buyerProductIdentifier": 50,
        "vendorProductIdentifier": 100,
        "shipMethod": 100,
        "giftWrapId": 100,
        # What people read.
        "orderStatus": 50,
        "attention": 200,
        "county": 100,
        "district": 100,
        "messageToCustomer": 2000,
        "scheduledDeliveryServiceType": 100,
        "unitOfMeasure": 50,
    }
)
_MASK = re.compile(r"x{3,}", re.IGNORECASE)
_LARGEST_QUANTITY = 2**31 - 1


# --- what Amazon orders --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class VendorTax:
    """A tax on what Amazon pays.

    :param type: CONSUMPTION, GST, VAT …
    :param rate: as Amazon wrote it, such as ``0.10``; None where it says nothing.
    """

    type: str
    amount: Money
    rate: Decimal | None = None
    taxable: Money | None = None


@dataclass(frozen=True, slots=True)
class VendorItem:
    """One line of a purchase order.

    :param sequence: ``itemSequenceNumber`` as received, such as ``00001``: everything told of the line names it.
    :param asin: ``buyerProductIdentifier``; ``''`` where it is missing, as is ``sku``, but not both.
    :param sku: ``vendorProductIdentifier``.
    :param unit: such as ``Each``.
    :param net_price: what Amazon pays for a unit, before tax.
    :param total_price: Amazon: "The price to Amazon each (cost)".
    :param scheduled: when the customer is to get it.
    """

    sequence: str
    quantity: int
    asin: str = ""
    sku: str = ""
    unit: str = EACH
    title: str = ""
    net_price: Money | None = None
    total_price: Money | None = None
    taxes: tuple[VendorTax, ...] = ()
    gift_message: str = field(default="", repr=False)
    gift_wrap: str = ""
    scheduled_service: str = ""
    scheduled: Window = Window()
    customized_url: str = field(default="", repr=False)

    @property
    def is_gift(self):
        return bool(self.gift_message or self.gift_wrap)


@dataclass(frozen=True, slots=True)
class VendorOrder:
    """One purchase order.

    :param number: ``purchaseOrderNumber``.
    :param customer_order_number: of the customer's order at Amazon.
    :param status: one of :data:`STATUSES`, or one not known yet; ``''`` when missing.
    :param selling_party: the vendor's party id; likewise ``ship_from_party`` (a warehouse) and ``bill_to_party``.
    :param address: the customer's; Amazon's ``attention`` stands in ``company``, ``county`` in ``municipality``.
    :param required_ship_date: UTC; when it has to leave.
    :param needs_packing_slip: ``isPslipRequired``.
    :param customer_message: to be printed for the customer.
    :param taxes: on the whole order.
    """

    number: str
    ordered: datetime
    status: str = ""
    customer_order_number: str = ""
    selling_party: str = ""
    ship_from_party: str = ""
    bill_to_party: str = ""
    address: Address | None = field(default=None, repr=False)
    ship_method: str = ""
    required_ship_date: datetime | None = None
    promised_delivery: datetime | None = None
    is_priority: bool = False
    is_scheduled: bool = False
    is_gift: bool = False
    needs_packing_slip: bool = False
    customer_message: str = field(default="", repr=False)
    taxes: tuple[VendorTax, ...] = ()
    items: tuple[VendorItem, ...] = ()

    @property
    def is_masked(self):
        """Whether Amazon hides the customer behind ``xxxxx``, as from vendors that use its labels only."""
        return bool(self.address and _MASK.fullmatch(self.address.name) and _MASK.fullmatch(self.address.line1))

    @property
    def has_same_product_twice(self):
        """Whether several lines are of one product: of such orders Amazon's labels may stay empty."""
        products = [item.asin or item.sku for item in self.items]
        return len(set(products)) < len(products)


def parse_vendor_order(payload):
    """Read one purchase order, of either version.

    :param payload: its JSON, ``bytes`` or ``str``, as in :class:`.orders.ReceivedOrder`.
    :return: :class:`VendorOrder`.
    :raises MalformedAnswer: when a field needed is missing or one used is of another type; names the field's path,
        never its value.
    """
    order = Reader(loads(payload), lengths=LENGTHS)
    details = order.object("orderDetails")
    shipment = details.object("shipmentDetails")
    dates = shipment.object("shipmentDates")
    return VendorOrder(
        number=order.identifier("purchaseOrderNumber", needed=True),
        ordered=details.time("orderDate", needed=True),
        status=details.text("orderStatus"),
        customer_order_number=details.identifier("customerOrderNumber"),
        selling_party=_party(details, "sellingParty"),
        ship_from_party=_party(details, "shipFromParty"),
        bill_to_party=_party(details, "billToParty"),
        address=_address(details.object("shipToParty")),
        ship_method=shipment.identifier("shipMethod"),
        required_ship_date=dates.time("requiredShipDate"),
        promised_delivery=dates.time("promisedDeliveryDate"),
        is_priority=shipment.flag("isPriorityShipment"),
        is_scheduled=shipment.flag("isScheduledDeliveryShipment"),
        is_gift=shipment.flag("isGift"),
        needs_packing_slip=shipment.flag("isPslipRequired"),
        customer_message=shipment.text("messageToCustomer"),
        taxes=_taxes(details.object("taxTotal")),
        items=_items(details),
    )


def _party(details, name):
    return details.object(name).identifier("partyId")


def _items(details):
    items = tuple(map(_item, details.objects("items", needed=True)))
    if not items:
        raise MalformedAnswer("the order has no items", reason="missing", path="orderDetails.items")
    sequences = [item.sequence for item in items]
    if len(set(sequences)) < len(sequences):
        path = "orderDetails.items.itemSequenceNumber"
        raise MalformedAnswer("a sequence number stands twice", reason="wrong_type", path=path)
    return items


def _item(item):
    gift = item.object("giftDetails")
    scheduled = item.object("scheduledDeliveryShipment")
    quantity = item.object("orderedQuantity")
    return VendorItem(
        sequence=item.identifier("itemSequenceNumber", needed=True),
        quantity=quantity.integer("amount", needed=True),
        unit=quantity.text("unitOfMeasure") or EACH,
        asin=item.identifier("buyerProductIdentifier"),
        sku=item.identifier("vendorProductIdentifier"),
        title=item.text("title"),
        net_price=_money(item.object("netPrice")),
        total_price=_money(item.object("totalPrice")),
        taxes=_taxes(item.object("taxDetails")),
        gift_message=gift.text("giftMessage"),
        gift_wrap=gift.identifier("giftWrapId"),
        scheduled_service=scheduled.text("scheduledDeliveryServiceType"),
        scheduled=Window(
            scheduled.time("earliestNominatedDeliveryDate"), scheduled.time("latestNominatedDeliveryDate")
        ),
        customized_url=item.object("buyerCustomizedInfo").text("customizedUrl"),
    )


def _money(money):
    if not money:
        return None
    return Money(money.decimal("amount", needed=True), money.identifier("currencyCode", needed=True))


def _taxes(taxes):
    return tuple(
        VendorTax(
            type=tax.text("type"),
            amount=_money(tax.object("taxAmount")),
            rate=tax.decimal("taxRate"),
            taxable=_money(tax.object("taxableAmount")),
        )
        for tax in taxes.objects("taxLineItem")
        if tax.object("taxAmount")
    )


def _address(address):
    if not address:
        return None
    return Address(
        name=address.text("name"),
        company=address.text("attention"),
        line1=address.text("addressLine1"),
        line2=address.text("addressLine2"),
        line3=address.text("addressLine3"),
        city=address.text("city"),
        district=address.text("district"),
        state=address.text("stateOrRegion"),
        municipality=address.text("county"),
        postal_code=address.text("postalCode"),
        country_code=address.text("countryCode"),
        phone=address.text("phone"),
    )


# --- what goes out: what all of it is made of ----------------------------------------------------------------------
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
        line = {
            "itemSequenceNumber": int(self.sequence) if as_number else self.sequence,
            "buyerProductIdentifier": self.asin,
            "vendorProductIdentifier": self.sku,
            quantity_name: {"amount": self.quantity, "unitOfMeasure": EACH},
        }
        return {name: value for name, value in line.items() if value != ""}


def problems_of_lines(lines, as_number=False):
    """Yield what Amazon would refuse of lines, or something false.

    :param bool as_number: whether their sequence numbers have to be numbers.
    """
    yield not lines and "items are needed"
    seen = set()
    for line in lines:
        yield not is_name(line.sequence) and "an item needs its sequence number"
        yield line.sequence in seen and f"item {line.sequence} stands twice"
        seen.add(line.sequence)
        yield (
            as_number
            and not re.fullmatch(r"[0-9]{1,9}", line.sequence)
            and f"the sequence number {line.sequence} is not a number"
        )
        yield not (line.asin or line.sku) and f"item {line.sequence} needs its ASIN or SKU"
        yield (
            (type(line.quantity) is not int or not 1 <= line.quantity <= _LARGEST_QUANTITY)
            and f"item {line.sequence}: the quantity must be a whole number, 1 or more"
        )


def problems_of_parties(entry):
    """Yield what Amazon would refuse of a purchase order's number and parties, or something false."""
    yield not is_number(entry.number) and "not a purchase order number"
    yield not is_name(entry.selling_party) and "the selling party is needed"
    yield not is_name(entry.ship_from_party) and "the ship-from party is needed"


def parties(entry):
    """Write the number and the parties that everything about a purchase order begins with."""
    return {
        "purchaseOrderNumber": entry.number,
        "sellingParty": {"partyId": entry.selling_party},
        "shipFromParty": {"partyId": entry.ship_from_party},
    }


def is_number(text):
    """Tell whether a text can be the number of a purchase order."""
    return isinstance(text, str) and bool(re.fullmatch(r"[a-zA-Z0-9]{1,50}", text))


def is_name(text):
    """Tell whether a text can name something."""
    return isinstance(text, str) and bool(text.strip()) and is_identifier(text, 100)


def is_time(time):
    """Tell whether something is a time with a time zone."""
    return isinstance(time, datetime) and time.tzinfo is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer to one purchase order, as a whole: Amazon knows no parts.

    :param number: of the purchase order.
    :param vendor_order_number: ours.
    :param moment: with a time zone; when it was decided.
    :param code: see :data:`ACKNOWLEDGEMENT_CODES`; all but ``00`` reject the order.
    :param description: ``''``: the code's own.
    :param items: :class:`VendorLine`: all of the order, with what is ordered, also when it is rejected.
    """

    number: str
    vendor_order_number: str
    moment: datetime
    code: str
    description: str = ""
    selling_party: str
    ship_from_party: str
    items: tuple[VendorLine, ...]

    def __post_init__(self):
        object.__setattr__(self, "items", tuple(self.items))

    def validate(self):
        """Check what Amazon would refuse anyway, before it costs a call.

        :raises BadRequest: with ``sent`` False.
        """
        check("submitAcknowledgement", self._problems())

    def _problems(self):
        yield from problems_of_parties(self)
        yield not is_name(self.vendor_order_number) and "an order number of the vendor's own is needed"
        yield not is_time(self.moment) and "times need a time zone"
        yield not re.fullmatch(r"[0-9]{2}", self.code or "") and "an acknowledgement needs its code"
        yield from problems_of_lines(self.items)

    def body(self, _version):
        """Write Amazon's ``OrderAcknowledgementItem``."""
        description = self.description or ACKNOWLEDGEMENT_CODES.get(self.code, "")
        return {
            **parties(self),
            "vendorOrderNumber": self.vendor_order_number,
            "acknowledgementDate": stamp(self.moment),
            "acknowledgementStatus": {"code": self.code, "description": description},
            "itemAcknowledgements": [line.body("acknowledgedQuantity") for line in self.items],
        }
