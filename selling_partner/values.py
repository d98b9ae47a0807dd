"""What Amazon says about orders, as values: frozen, exact, in UTC.

Fields follow the schema of the Orders API 2026-01-01; the docstrings name Amazon's field where ours is shorter. A text
that is missing is ``''``, an unknown enumeration value is kept as it came, an unknown field is passed over.
Personal data never shows in ``repr()``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from .errors import MalformedAnswer
from .reader import Reader, clean, loads

KNOWN_STATUSES = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)

#: The most characters that are taken of a field of an order: more than Amazon's own forms let in, and in every
#: writing short enough for an index of PostgreSQL (some 2,700 bytes, of which a character takes up to 4). What names
#: something is refused when it is longer, for a part of it names something else; what people read is cut.
LENGTHS = MappingProxyType(
    {
        # What names something.
        "orderId": 50,
        "orderItemId": 50,
        "marketplaceId": 50,
        "sellerSku": 100,
        "asin": 50,
        "currencyCode": 10,
        "packageReferenceId": 100,
        "trackingNumber": 100,
        "transparencyCodes": 200,
        "buyerEmail": 320,
        # What people read.
        "promotionId": 500,
        "customizedUrl": 2000,
        "iossNumber": 50,
        "taxRegistrationNumber": 50,
        "title": 500,
        "name": 200,
        "buyerName": 200,
        "buyerCompanyName": 200,
        "companyName": 200,
        "legalName": 200,
        "aliasId": 100,
        "buyerPurchaseOrderNumber": 100,
        "addressLine1": 200,
        "addressLine2": 200,
        "addressLine3": 200,
        "city": 100,
        "districtOrCounty": 100,
        "stateOrRegion": 100,
        "municipality": 100,
        "streetName": 200,
        "streetNumber": 50,
        "complement": 200,
        "neighborhood": 100,
        "postalCode": 30,
        "countryCode": 10,
        "phone": 50,
        "giftMessage": 2000,
        "giftWrapLevel": 100,
        "dropOffLocation": 200,
        "addressInstruction": 2000,
        "dayOfWeek": 50,
        "exceptionDate": 50,
        "exceptionDateType": 50,
        "deliveryCapabilities": 100,
        "carrier": 100,
        "shippingService": 100,
        "cancelReason": 200,
        # Words of Amazon's.
        "programs": 100,
        "paymentMethod": 100,
        "marketplaceName": 100,
        "channelName": 50,
        "fulfillmentStatus": 50,
        "fulfilledBy": 50,
        "fulfillmentServiceLevel": 50,
        "status": 50,
        "detailedStatus": 100,
        "type": 50,
        "subtype": 50,
        "addressType": 50,
        "conditionType": 50,
        "conditionSubtype": 50,
        "priceDesignation": 50,
        "requirementType": 50,
        "cancelledBy": 50,
        "associationType": 50,
        "model": 100,
        "responsibleParty": 100,
        "entityType": 50,
        "taxRegistrationType": 50,
        "buyerInvoicePreference": 50,
    }
)

_CASH_ON_DELIVERY = {"cashondelivery", "cod"}
_CONVENIENCE_STORE = {"conveniencestore", "cvs"}
_EXTENDED = ("streetName", "streetNumber", "complement", "neighborhood")


def _personal(default=""):
    return field(default=default, repr=False)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount.

    :param amount: in ``currency``, not rounded.
    :param currency: ISO 4217, as Amazon wrote it.
    """

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Window:
    """From ``earliest`` to ``latest``, UTC; None where Amazon gives no bound."""

    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A customer's address. Any part may be missing: Japanese addresses often lack ``state`` or ``city``."""

    name: str = _personal()
    company: str = _personal()
    line1: str = _personal()
    line2: str = _personal()
    line3: str = _personal()
    city: str = _personal()
    district: str = _personal()
    state: str = _personal()
    municipality: str = _personal()
    postal_code: str = _personal()
    country_code: str = ""
    phone: str = _personal()
    address_type: str = ""
    #: Brazil: streetName, streetNumber, complement, neighborhood.
    extended: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @property
    def is_deliverable(self):
        """Whether a street is there: without its role an application still gets the country, perhaps the city."""
        return any((self.line1, self.line2, self.line3, self.extended.get("streetName")))


@dataclass(frozen=True, slots=True)
class Detail:
    """One of a breakdown's ``detailedBreakdowns`` (TAX and DISCOUNT only)."""

    subtype: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One category of proceeds, signed as Amazon sent it.

    :param type: ITEM, SHIPPING, GIFT_WRAP, COD_FEE, TAX, DISCOUNT, DELIVERY_TIP, OTHER or one not known yet.
    :param status: PENDING or FINALIZED, of DELIVERY_TIP only.
    """

    type: str
    amount: Money
    details: tuple[Detail, ...] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class PackageItem:
    item_id: str
    quantity: int
    transparency_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel that Amazon knows of (merchant-fulfilled orders only).

    :param reference: ``packageReferenceId``; ours when we confirmed it, "1", "2" … when entered in Seller Central.
    :param status: PENDING, IN_TRANSIT, SHIPPED, DELIVERED, CANCELLED, UNDELIVERABLE.
    """

    reference: str
    created: datetime | None = None
    status: str = ""
    detailed_status: str = ""
    carrier: str = ""
    ship_time: datetime | None = None
    shipping_service: str = ""
    tracking_number: str = ""
    items: tuple[PackageItem, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxCollection:
    """Who collects an item's tax instead of the seller, such as MARKETPLACE_FACILITATOR."""

    model: str = ""
    responsible_party: str = ""


@dataclass(frozen=True, slots=True)
class TaxRegistration:
    """A tax number on the order: of the buyer, or of the seller."""

    entity_type: str = ""
    registration_type: str = ""
    number: str = _personal()
    legal_name: str = _personal()
    address: Address | None = _personal(None)


@dataclass(frozen=True, slots=True)
class AssociatedItem:
    """An item bought with another one, such as its installation (VALUE_ADD_SERVICE)."""

    order_id: str = ""
    item_id: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an order.

    :param proceeds_total: what the seller receives for the item; the truth that breakdowns are a split of.
    :param points_granted: points the seller grants the buyer: a cost, not a discount; None when Amazon does not say.
    :param constraints: the ``shippingConstraints`` that are MANDATORY, such as ``cashOnDelivery``.
    :param cancelled_by: BUYER, MERCHANT or AMAZON once cancelled.
    :param tax_collections: empty unless somebody else than the seller collects the tax.
    """

    item_id: str
    quantity_ordered: int
    quantity_fulfilled: int | None = None
    quantity_unfulfilled: int | None = None
    sku: str = ""
    asin: str = ""
    title: str = ""
    condition: str = ""
    condition_subtype: str = ""
    unit_price: Money | None = None
    price_designation: str = ""
    programs: frozenset[str] = frozenset()
    proceeds_total: Money | None = None
    breakdowns: tuple[Breakdown, ...] = ()
    points_granted: int | None = None
    points_value: Money | None = None
    promotion_ids: tuple[str, ...] = ()
    cancellation_requested: bool = False
    cancel_reason: str = ""
    cancelled_by: str = ""
    gift_message: str = _personal()
    gift_wrap_level: str = ""
    has_gift: bool | None = False
    constraints: frozenset[str] = frozenset()
    scheduled_delivery: Window = Window()
    serial_required: bool = False
    customized_url: str = _personal()
    ioss_number: str = ""
    tax_collections: tuple[TaxCollection, ...] = ()
    associated: tuple[AssociatedItem, ...] = ()

    @property
    def wanted_quantity(self):
        """What is to be delivered in the end: fulfilled and unfulfilled units, without the cancelled ones."""
        if self.quantity_fulfilled is None or self.quantity_unfulfilled is None:
            return self.quantity_ordered
        return self.quantity_fulfilled + self.quantity_unfulfilled


@dataclass(frozen=True, slots=True)
class DeliveryPreference:
    """What the buyer asks of the carrier; ``text`` is all of it, one line each."""

    drop_off_location: str = _personal()
    instructions: str = _personal()
    text: str = _personal()


@dataclass(frozen=True, slots=True)
class AssociatedOrder:
    """The order that this one replaces or was exchanged for."""

    order_id: str
    type: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order as Amazon described it at ``last_updated``.

    :param aliases: the seller's own order numbers.
    :param programs: such as PRIME, AMAZON_BUSINESS, FBM_SHIP_PLUS.
    :param channel_name: AMAZON or NON_AMAZON (multi-channel fulfilment: not a sale).
    :param buyer_email: anonymized by Amazon, personal all the same.
    :param address: None when Amazon sent none.
    :param grand_total: what the seller receives for the order; not reduced by refunds.
    :param status: ``fulfillmentStatus`` as it came, ``''`` when missing; see :data:`KNOWN_STATUSES`.
    :param fulfilled_by: MERCHANT or AMAZON.
    :param packages: without the labels that were cancelled, in which nothing has left or will.
    :param unreadable: the parts that :func:`parse_readable` has left out.
    :param refusals: why it has: a :class:`.errors.MalformedAnswer` each.
    """

    order_id: str
    created: datetime
    last_updated: datetime
    aliases: tuple[str, ...] = ()
    programs: frozenset[str] = frozenset()
    associated_orders: tuple[AssociatedOrder, ...] = ()
    channel_name: str = ""
    marketplace_id: str = ""
    marketplace_name: str = ""
    buyer_name: str = _personal()
    buyer_email: str = _personal()
    buyer_company: str = _personal()
    buyer_po: str = _personal()
    address: Address | None = _personal(None)
    delivery_preference: DeliveryPreference = _personal(DeliveryPreference())
    grand_total: Money | None = None
    breakdowns: tuple[Breakdown, ...] = ()
    payment_methods: tuple[str, ...] = ()
    status: str = ""
    fulfilled_by: str = ""
    service_level: str = ""
    ship_by: Window = Window()
    deliver_by: Window = Window()
    items: tuple[Item, ...] = ()
    packages: tuple[Package, ...] = ()
    tax_registrations: tuple[TaxRegistration, ...] = ()
    invoice_preference: str = ""
    unreadable: frozenset[str] = frozenset()
    refusals: tuple[MalformedAnswer, ...] = field(default=(), compare=False)

    @property
    def is_amazon_fulfilled(self):
        return self.fulfilled_by == "AMAZON"

    @property
    def says_who_ships(self):
        """Whether Amazon says it in a word that is known here."""
        return self.fulfilled_by in ("MERCHANT", "AMAZON")

    @property
    def packages_gone(self):
        """The packages that have left: not those with a label, printed in Seller Central, whose items Amazon still
        waits for."""
        fulfilled = {item.item_id: item.quantity_fulfilled for item in self.items}
        return tuple(
            package
            for package in self.packages
            if package.status != "PENDING"
            or all((fulfilled.get(item.item_id) or 0) >= item.quantity for item in package.items)
        )

    @property
    def payment_kind(self):
        """``'cod'``, ``'convenience_store'``, ``'other'``, or ``''`` when Amazon says nothing about payment.

        Amazon's names are free text ("for example, CashOnDelivery, ConvenienceStore, CreditCard …"); the shorter ones
        are those of the API's version 0.
        """
        methods = {re.sub(r"[^a-z]", "", method.lower()) for method in self.payment_methods}
        if methods & _CASH_ON_DELIVERY or any("cashOnDelivery" in item.constraints for item in self.items):
            return "cod"
        if methods & _CONVENIENCE_STORE:
            return "convenience_store"
        return "other" if methods else ""

    @property
    def is_cash_on_delivery(self):
        return self.payment_kind == "cod"

    @property
    def has_address(self):
        """Whether there is a street to deliver to; see :attr:`Address.is_deliverable`."""
        return bool(self.address and self.address.is_deliverable)

    @property
    def cancellation_requested(self):
        """Whether the buyer asks to cancel at least one item."""
        return any(item.cancellation_requested for item in self.items)

    @property
    def currency(self):
        """The currency of ``grand_total``, else of the first money there is, else ``''``."""
        return next((money.currency for money in self.monies()), "")

    def monies(self):
        """Every :class:`Money` that the buyer pays; points are not among them."""
        if self.grand_total:
            yield self.grand_total
        yield from _monies_of(self.breakdowns)
        for item in self.items:
            yield from (money for money in (item.proceeds_total, item.unit_price) if money)
            yield from _monies_of(item.breakdowns)


def _monies_of(breakdowns):
    for breakdown in breakdowns:
        yield breakdown.amount
        yield from (detail.amount for detail in breakdown.details)


def parse_order(payload):
    """Read one order of the Orders API 2026-01-01.

    :param payload: ``bytes`` or ``str`` of JSON, or the mapping parsed from it.
    :return: :class:`Order`.
    :raises MalformedAnswer: when a field needed is missing or one used is of another type; names the field's path,
        never its value.
    """
    if isinstance(payload, (bytes, bytearray, str)):
        payload = loads(payload)
    if isinstance(payload, Mapping) and not isinstance(payload, dict):
        payload = dict(payload)
    if not isinstance(payload, dict):
        raise MalformedAnswer("the order is not an object", reason="wrong_type")
    return _order(Reader(payload, lengths=LENGTHS))


# What of an order can be left out when it is unreadable, and where it stands: the rest says something all the same.
_PARTS = {
    "amounts": ("proceeds", "orderItems.proceeds", "orderItems.expense", "orderItems.product.price"),
    "address": ("buyer", "recipient"),
    "dates": ("fulfillment.shipByWindow", "fulfillment.deliverByWindow"),
    "parcels": ("packages",),
}


def parse_readable(payload):
    """Read what can be read of one order of the Orders API 2026-01-01.

    :param payload: ``bytes`` or ``str`` of JSON.
    :return: :class:`Order`; ``unreadable`` says which of ``amounts``, ``address``, ``dates``, ``parcels`` it lacks.
    :raises MalformedAnswer: when something cannot be read that an order is nothing without.
    """
    try:
        return parse_order(payload)
    except MalformedAnswer as error:
        refusal = error
    try:
        refusals = {part: _why_unreadable(payload, set(_PARTS) - {part}) for part in _PARTS}
        missing = frozenset(part for part, why in refusals.items() if why)
        return replace(
            parse_order(_without(payload, missing)),
            unreadable=missing,
            refusals=tuple(filter(None, refusals.values())),
        )
    except MalformedAnswer:
        # It is not only these.
        raise refusal from None


def _why_unreadable(payload, others):
    try:
        parse_order(_without(payload, others))
    except MalformedAnswer as error:
        return error
    return None


def _without(payload, parts):
    order = loads(payload)
    for path in (path for part in parts for path in _PARTS[part]):
        _remove(order, path.split("."))
    return order


def _remove(entry, path):
    if isinstance(entry, list):
        for one in entry:
            _remove(one, path)
    elif isinstance(entry, dict) and len(path) > 1:
        _remove(entry.get(path[0]), path[1:])
    elif isinstance(entry, dict):
        entry.pop(path[0], None)


def _order(order):
    channel = order.object("salesChannel")
    buyer = order.object("buyer")
    recipient = order.object("recipient")
    proceeds = order.object("proceeds")
    fulfillment = order.object("fulfillment")
    tax = order.object("tax")
    return Order(
        order_id=order.identifier("orderId", needed=True),
        created=order.time("createdTime", needed=True),
        last_updated=order.time("lastUpdatedTime", needed=True),
        aliases=tuple(alias.text("aliasId") for alias in order.objects("orderAliases")),
        programs=frozenset(order.texts("programs")),
        associated_orders=tuple(
            AssociatedOrder(other.identifier("orderId"), other.text("associationType"))
            for other in order.objects("associatedOrders")
        ),
        channel_name=channel.text("channelName"),
        marketplace_id=channel.identifier("marketplaceId"),
        marketplace_name=channel.text("marketplaceName"),
        buyer_name=buyer.text("buyerName"),
        buyer_email=buyer.identifier("buyerEmail"),
        buyer_company=buyer.text("buyerCompanyName"),
        buyer_po=buyer.text("buyerPurchaseOrderNumber"),
        address=_address(recipient.object("deliveryAddress")),
        delivery_preference=_delivery_preference(recipient.object("deliveryPreference")),
        grand_total=_money(proceeds.object("grandTotal")),
        breakdowns=_breakdowns(proceeds),
        payment_methods=_payment_methods(order.object("payment")),
        status=fulfillment.text("fulfillmentStatus"),
        fulfilled_by=fulfillment.text("fulfilledBy"),
        service_level=fulfillment.text("fulfillmentServiceLevel"),
        ship_by=_window(fulfillment.object("shipByWindow")),
        deliver_by=_window(fulfillment.object("deliverByWindow")),
        items=tuple(_item(item) for item in order.objects("orderItems", needed=True)),
        packages=tuple(
            package for package in map(_package, order.objects("packages")) if package.status != "CANCELLED"
        ),
        tax_registrations=tuple(_tax_registration(entry) for entry in tax.objects("taxRegistrations")),
        invoice_preference=tax.object("taxInvoicing").text("buyerInvoicePreference"),
    )


def _item(item):
    product = item.object("product")
    price = product.object("price")
    proceeds = item.object("proceeds")
    points = item.object("expense").object("pointsCost").object("pointsGranted")
    request = item.object("cancellation").object("cancellationRequest")
    execution = item.object("cancellation").object("cancellationExecution")
    fulfillment = item.object("fulfillment")
    gift = fulfillment.object("packing").object("giftOption")
    shipping = fulfillment.object("shipping")
    return Item(
        item_id=item.identifier("orderItemId", needed=True),
        quantity_ordered=item.integer("quantityOrdered", needed=True),
        quantity_fulfilled=fulfillment.integer("quantityFulfilled"),
        quantity_unfulfilled=fulfillment.integer("quantityUnfulfilled"),
        sku=product.identifier("sellerSku"),
        asin=product.identifier("asin"),
        title=product.text("title"),
        condition=product.object("condition").text("conditionType"),
        condition_subtype=product.object("condition").text("conditionSubtype"),
        unit_price=_money(price.object("unitPrice")),
        price_designation=price.text("priceDesignation"),
        programs=frozenset(item.texts("programs")),
        proceeds_total=_money(proceeds.object("proceedsTotal")),
        breakdowns=_breakdowns(proceeds),
        points_granted=points.integer("pointsNumber"),
        points_value=_money(points.object("pointsMonetaryValue")),
        promotion_ids=tuple(
            filter(None, (entry.text("promotionId") for entry in item.object("promotion").objects("breakdowns")))
        ),
        cancellation_requested=bool(request),
        cancel_reason=request.text("cancelReason") or execution.text("cancelReason"),
        cancelled_by=execution.text("cancelledBy"),
        gift_message=gift.text("giftMessage"),
        gift_wrap_level=gift.text("giftWrapLevel"),
        has_gift=bool(gift) if fulfillment else None,
        constraints=_constraints(shipping.object("shippingConstraints")),
        scheduled_delivery=_window(shipping.object("scheduledDeliveryWindow")),
        serial_required=fulfillment.object("packing").object("serialNumberRequirement").text("requirementType")
        == "REQUIRED",
        customized_url=product.object("customization").text("customizedUrl"),
        ioss_number=shipping.object("internationalShipping").text("iossNumber"),
        tax_collections=_tax_collections(item.object("tax")),
        associated=tuple(
            AssociatedItem(other.identifier("orderId"), other.identifier("orderItemId"), other.text("associationType"))
            for other in item.objects("associatedOrderItems")
        ),
    )


def _money(money):
    if not money:
        return None
    return Money(money.decimal("amount", needed=True), money.identifier("currencyCode", needed=True))


def _needed_money(parent, name):
    money = _money(parent.object(name))
    if money is None:
        raise MalformedAnswer(f"{parent.path}.{name} is missing", reason="missing", path=f"{parent.path}.{name}")
    return money


def _breakdowns(proceeds):
    return tuple(
        Breakdown(
            type=entry.text("type"),
            amount=_needed_money(entry, "subtotal"),
            details=tuple(
                Detail(detail.text("subtype"), _needed_money(detail, "value"))
                for detail in entry.objects("detailedBreakdowns")
                if detail.object("value")
            ),
            status=entry.text("status"),
        )
        for entry in proceeds.objects("breakdowns")
    )


def _window(window):
    return Window(window.time("earliestDateTime"), window.time("latestDateTime"))


def _address(address):
    if not address:
        return None
    extended = address.object("extendedFields")
    return Address(
        name=address.text("name"),
        company=address.text("companyName"),
        line1=address.text("addressLine1"),
        line2=address.text("addressLine2"),
        line3=address.text("addressLine3"),
        city=address.text("city"),
        district=address.text("districtOrCounty"),
        state=address.text("stateOrRegion"),
        municipality=address.text("municipality"),
        postal_code=address.text("postalCode"),
        country_code=address.text("countryCode"),
        phone=address.text("phone"),
        address_type=address.text("addressType"),
        extended={name: extended.text(name) for name in _EXTENDED if extended.text(name)},
    )


def _delivery_preference(preference):
    location = preference.text("dropOffLocation")
    instructions = preference.text("addressInstruction")
    times = preference.object("deliveryTime")
    lines = [
        location,
        instructions,
        *(_opening(entry, entry.text("dayOfWeek")) for entry in times.objects("businessHours")),
        *(
            _opening(entry, entry.text("exceptionDate"), entry.text("exceptionDateType"))
            for entry in times.objects("exceptionDates")
        ),
        *preference.texts("deliveryCapabilities"),
    ]
    return DeliveryPreference(location, instructions, "\n".join(filter(None, lines)))


def _opening(entry, *words):
    windows = (
        f"{_clock(window.object('startTime'))}-{_clock(window.object('endTime'))}"
        for window in entry.objects("timeWindows")
    )
    return " ".join(filter(None, (*words, ", ".join(windows))))


def _clock(time):
    return f"{time.integer('hour') or 0:02}:{time.integer('minute') or 0:02}"


def _payment_methods(payment):
    methods = (execution.text("paymentMethod") for execution in payment.objects("paymentExecutions"))
    return tuple(dict.fromkeys(filter(None, methods)))


def _constraints(constraints):
    return frozenset(clean(name) for name in constraints.fields if constraints.fields[name] == "MANDATORY")


def _tax_collections(tax):
    collections = (
        TaxCollection(entry.text("model"), entry.text("responsibleParty")) for entry in tax.objects("taxCollections")
    )
    return tuple(entry for entry in collections if entry != TaxCollection())


def _package(package):
    status = package.object("packageStatus")
    return Package(
        reference=package.identifier("packageReferenceId", needed=True),
        created=package.time("createdTime"),
        status=status.text("status"),
        detailed_status=status.text("detailedStatus"),
        carrier=package.text("carrier"),
        ship_time=package.time("shipTime"),
        shipping_service=package.text("shippingService"),
        tracking_number=package.identifier("trackingNumber"),
        items=tuple(
            PackageItem(
                entry.identifier("orderItemId", needed=True),
                entry.integer("quantity", needed=True),
                entry.identifiers("transparencyCodes"),
            )
            for entry in package.objects("packageItems")
        ),
    )


def _tax_registration(entry):
    return TaxRegistration(
        entity_type=entry.text("entityType"),
        registration_type=entry.text("taxRegistrationType"),
        number=entry.text("taxRegistrationNumber"),
        legal_name=entry.text("legalName"),
        address=_address(entry.object("taxRegistrationAddress")),
    )
