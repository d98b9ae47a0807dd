"""Splitting an order's money so that it always adds up to what Amazon says.

``grandTotal`` and ``proceedsTotal`` are the truth, breakdowns are a split of them. The sign of DISCOUNT and whether TAX
is part of the prices are not documented (orders_2026-01-01.json says neither; the model's only sample with TAX, of the
US, adds it on top), so each reading of the breakdowns is tried and the first one that adds up is believed.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from .errors import MalformedAnswer

#: The readings in the order they are tried: (name, discounts are negative whatever their sign, tax comes on top).
READINGS = (
    ("signed", False, True),
    ("discounts_negative", True, True),
    ("tax_included", False, False),
    ("discounts_negative_tax_included", True, False),
)
_ZERO = Decimal(0)
_BUCKETS = {"ITEM": "goods", "SHIPPING": "shipping", "GIFT_WRAP": "gift_wrap", "COD_FEE": "cod_fee"}
_TIP = "DELIVERY_TIP"
_EXACT = Context(prec=100)  # so that no sum is ever rounded


@dataclass(frozen=True, slots=True)
class ItemAmounts:
    """One item's money, in the order's currency.

    ``goods + shipping + gift_wrap + cod_fee + other + discounts + tax_added + adjustment == total``, always.

    :param total: Amazon's ``proceedsTotal``; without one, see :func:`split`.
    :param other: everything of a type not named here, and discounts that raise the total.
    :param discounts: what each is on (ITEM, SHIPPING …, ``''`` unknown) and its amount, zero or less.
    :param tax_added: tax on top of the prices, part of the total.
    :param tax_included: tax that is part of the prices; for information only.
    :param tax_withheld: tax beside the total that Amazon collects and keeps; for information only.
    :param amazon_collected: whether somebody else than the seller (marketplace facilitator …) collects the tax.
    :param adjustment: what no reading explains.
    :param mode: the reading believed (see :data:`READINGS`; with ``tax_withheld`` for ``tax_included`` where Amazon
        collects the tax); ``'total_only'`` without breakdowns, ``'adjusted'`` when none adds up, ``'unit_price'`` and
        ``'unknown'`` when there are no proceeds at all.
    """

    item_id: str
    total: Decimal
    goods: Decimal = _ZERO
    shipping: Decimal = _ZERO
    gift_wrap: Decimal = _ZERO
    cod_fee: Decimal = _ZERO
    other: Decimal = _ZERO
    discounts: tuple[tuple[str, Decimal], ...] = ()
    tax_added: Decimal = _ZERO
    tax_included: Decimal = _ZERO
    tax_withheld: Decimal = _ZERO
    amazon_collected: bool = False
    adjustment: Decimal = _ZERO
    mode: str = "unknown"

    @property
    def parts_total(self):
        """The sum of all parts; equals :attr:`total`."""
        with localcontext(_EXACT):
            discounts = sum((amount for _subtype, amount in self.discounts), _ZERO)
            prices = self.goods + self.shipping + self.gift_wrap + self.cod_fee + self.other
            return prices + discounts + self.tax_added + self.adjustment


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """An order's money; the totals of ``items``, plus ``order_lines``, plus ``difference`` equal ``total``, always.

    :param currency: ISO 4217; ``''`` when there is no money at all.
    :param total: Amazon's ``grandTotal``, else the sum.
    :param order_lines: charges of the order itself, (type, amount), such as DELIVERY_TIP.
    :param difference: ``grandTotal`` less everything else.
    :param complete: False when an item has neither proceeds nor a price, so that the total is not yet known.
    """

    currency: str
    total: Decimal
    items: tuple[ItemAmounts, ...]
    order_lines: tuple[tuple[str, Decimal], ...] = ()
    difference: Decimal = _ZERO
    complete: bool = True


def split(order):
    """Split an order's money into its parts.

    An item without ``proceedsTotal`` counts the sum of its breakdowns, in the first reading that makes the order add up
    to ``grandTotal``; without breakdowns its unit price times the wanted quantity; without that 0, and the result is
    not ``complete``.

    :param order: :class:`.values.Order`.
    :return: :class:`OrderAmounts`, exact.
    :raises MalformedAnswer: when the order mixes currencies.
    """
    currencies = {money.currency for money in order.monies()}
    if len(currencies) > 1:
        raise MalformedAnswer(
            f"the order mixes the currencies {', '.join(sorted(currencies))}", reason="mixed_currencies"
        )
    with localcontext(_EXACT):
        return _split_order(order)


def _split_order(order):
    # Discounts lower a price: without a total to check against, that is the likeliest reading.
    likeliest = READINGS[1]
    candidates = [_add_up(order, reading) for reading in (*READINGS, likeliest)]
    if order.grand_total is None:
        return candidates[-1]
    return next((candidate for candidate in candidates if not candidate.difference), candidates[-1])


def _add_up(order, reading):
    items = tuple(_split_item(item, reading) for item in order.items)
    items_total = sum((item.total for item in items), _ZERO)
    tips = [breakdown for breakdown in order.breakdowns if breakdown.type == _TIP]
    charged = [tip for tip in tips if tip.status != "PENDING"]
    if order.grand_total is None:
        lines, total = charged, items_total + _sum(charged)
    else:
        # Amazon does not say whether grandTotal holds a tip, or one not charged yet: take what comes nearest.
        total = order.grand_total.amount
        lines = min((charged, tips, []), key=lambda some: abs(total - items_total - _sum(some)))
    return OrderAmounts(
        currency=order.currency,
        total=total,
        items=items,
        order_lines=tuple((line.type, line.amount.amount) for line in lines),
        difference=total - items_total - _sum(lines),
        complete=bool(items) and all(item.mode != "unknown" for item in items),
    )


def _sum(breakdowns):
    return sum((breakdown.amount.amount for breakdown in breakdowns), _ZERO)


def _split_item(item, reading):
    if item.breakdowns and item.proceeds_total:
        return _explain(item, item.proceeds_total.amount)
    if item.breakdowns:
        return _read(item, reading)
    facts = {"item_id": item.item_id, "amazon_collected": bool(item.tax_collections)}
    if item.proceeds_total:
        amount, mode = item.proceeds_total.amount, "total_only"
    elif item.unit_price:
        amount, mode = item.unit_price.amount * item.wanted_quantity, "unit_price"
    else:
        # Nothing is due for an item that is cancelled altogether.
        amount, mode = _ZERO, "unknown" if item.wanted_quantity else "total_only"
    return ItemAmounts(total=amount, goods=amount, mode=mode, **facts)


def _explain(item, total):
    """Find the reading that gives ``total``, else the nearest one with an adjustment."""
    readings = [_read(item, reading, total) for reading in READINGS]
    return min(readings, key=lambda amounts: abs(amounts.adjustment))  # the first of equals


def _read(item, reading, total=None):
    mode, discounts_negative, tax_on_top = reading
    parts = dict.fromkeys((*_BUCKETS.values(), "other"), _ZERO)
    discounts, tax = [], _ZERO
    for breakdown in item.breakdowns:
        amount = breakdown.amount.amount
        if breakdown.type == "TAX":
            tax += amount
        elif breakdown.type != "DISCOUNT":
            parts[_BUCKETS.get(breakdown.type, "other")] += amount
        elif amount > 0 and not discounts_negative:
            parts["other"] += amount
        else:
            discounts += _discounts(breakdown)
    explained = sum(parts.values(), _ZERO) + sum((amount for _subtype, amount in discounts), _ZERO)
    explained += tax if tax_on_top else _ZERO
    adjustment = _ZERO if total is None else total - explained
    withheld = bool(item.tax_collections) and not tax_on_top
    return ItemAmounts(
        item_id=item.item_id,
        total=explained + adjustment,
        discounts=tuple(discounts),
        tax_added=tax if tax_on_top else _ZERO,
        tax_included=_ZERO if tax_on_top or withheld else tax,
        tax_withheld=tax if withheld else _ZERO,
        amazon_collected=bool(item.tax_collections),
        adjustment=adjustment,
        mode=_mode(mode, adjustment, withheld),
        **parts,
    )


def _mode(reading, adjustment, withheld):
    if adjustment:
        return "adjusted"
    return reading.replace("tax_included", "tax_withheld") if withheld else reading


def _discounts(breakdown):
    """Split a discount by what it is on, as far as its details do add up."""
    total = -abs(breakdown.amount.amount)
    details = [(detail.subtype, -abs(detail.amount.amount)) for detail in breakdown.details if detail.amount.amount]
    rest = total - sum((amount for _subtype, amount in details), _ZERO)
    if rest > 0:
        details, rest = [], total
    return [*details, ("", rest)] if rest else details
