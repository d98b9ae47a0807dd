"""Purchase orders of Vendor Direct Fulfillment as values.

Fields follow Amazon's models of both versions, which differ in wrappers only. A text that is missing is ``''``, an
unknown enumeration value is kept as it came, an unknown field is passed over. Personal data never shows in ``repr()``.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .errors import MalformedAnswer
from .reader import Reader, loads
from .values import Address, Money, Window
from .vendor_answers import EACH, LENGTHS

STATUSES = ("NEW", "ACCEPTED", "SHIPPED", "CANCELLED")
_MASK = re.compile(r"x{3,}", re.IGNORECASE)


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
