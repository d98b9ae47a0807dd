"""What a vendor's purchase order is to whoever builds orders."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from ...selling_partner import VendorOrder, parse_vendor_order
from ...selling_partner.values import Breakdown, DeliveryPreference, Item, Money, Order, Window

# Amazon's words for a purchase order's status, as those for a seller's order.
STATUSES = {"NEW": "UNSHIPPED", "ACCEPTED": "UNSHIPPED", "": "UNSHIPPED"}


@dataclass(frozen=True, slots=True)
class PurchaseOrder(Order):
    """A purchase order in the form of a seller's.

    :param purchase: as it was received.
    """

    purchase: VendorOrder | None = field(default=None, repr=False)

    @property
    def is_address_hidden(self):
        """Whether Amazon does not tell where it goes: only the label says it."""
        return bool(self.purchase and self.purchase.is_masked)


def parse_purchase_order(payload):
    """Read a purchase order.

    :param bytes payload: as of a ``ReceivedOrder``.
    :rtype: PurchaseOrder
    """
    value = parse_vendor_order(payload)
    items = tuple(_item(item, value.is_gift) for item in value.items)
    totals = [item.proceeds_total for item in items if item.proceeds_total]
    return PurchaseOrder(
        order_id=value.number,
        created=value.ordered,
        last_updated=None,
        channel_name="AMAZON",
        fulfilled_by="MERCHANT",
        status=STATUSES.get(value.status, value.status),
        address=None if value.is_masked else value.address,
        delivery_preference=DeliveryPreference(text=value.customer_message),
        grand_total=_total(totals) if len(totals) == len(items) else None,
        ship_by=Window(latest=value.required_ship_date),
        deliver_by=Window(latest=value.promised_delivery),
        items=items,
        purchase=value,
    )


def _item(item, is_gift):
    """Return a line in the form of a seller's item; its sequence number is its id."""
    goods = item.net_price and replace(item.net_price, amount=item.net_price.amount * item.quantity)
    taxes = [tax.amount for tax in item.taxes]
    breakdowns = [Breakdown("ITEM", goods)] if goods else []
    if goods and taxes:
        breakdowns.append(Breakdown("TAX", _total(taxes)))
    return Item(
        item_id=item.sequence,
        quantity_ordered=item.quantity,
        sku=item.sku,
        asin=item.asin,
        title=item.title,
        unit_price=item.net_price,
        proceeds_total=_total([goods, *taxes]) if goods else item.total_price,
        breakdowns=tuple(breakdowns),
        gift_message=item.gift_message,
        gift_wrap_level=item.gift_wrap,
        has_gift=item.is_gift or is_gift,
        scheduled_delivery=item.scheduled,
        customized_url=item.customized_url,
    )


def _total(monies):
    """Add up amounts of one currency; several are found when the order's money is split."""
    return Money(sum((money.amount for money in monies), Decimal()), monies[0].currency)
