"""What an order is to whoever builds it, whatever source it came from."""

from collections.abc import Mapping
from dataclasses import dataclass

from odoo import models

from ...const import AWAITING_PAYMENT, DEAD
from ...selling_partner.amounts import OrderAmounts
from ...selling_partner.values import Order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderFacts:
    """What making or changing an order needs to know: found out once, complete when made.

    ``sale.order._amazon_facts`` makes them of a seller's order. Another source of orders makes the same ones, with what
    its words mean here.

    :param account: the ``amazon.account`` that the order belongs to.
    :param value: the ``selling_partner`` order, completed by what is known here.
    :param amounts: its money, split.
    :param has_amounts: whether Amazon gives amounts that can be used; where not, the known ones stay.
    :param status: as in ``sale.order.amazon_status``; ``''`` for one that is not known here.
    :param channel: as in ``sale.order.amazon_channel``.
    :param marketplace: the ``amazon.marketplace``.
    :param currency: the ``res.currency``.
    :param partner: the buyer, a ``res.partner``.
    :param delivery: the delivery address, a ``res.partner``.
    :param warehouse: the ``stock.warehouse`` that it leaves from.
    :param fiscal_position: the ``account.fiscal.position``, may be none.
    :param tax_on_top: whether prices are without tax, which is a line of its own.
    :param offers: the ``amazon.offer`` of each item, by what ``offer_key`` returns.
    """

    account: models.Model
    value: Order
    amounts: OrderAmounts
    has_amounts: bool
    status: str
    channel: str
    marketplace: models.Model
    currency: models.Model
    partner: models.Model
    delivery: models.Model
    warehouse: models.Model
    fiscal_position: models.Model
    tax_on_top: bool
    offers: Mapping

    @property
    def is_dead(self):
        """Whether nothing will be delivered any more."""
        return self.status in DEAD

    @property
    def awaits_payment(self):
        return self.status in AWAITING_PAYMENT

    @property
    def by_amazon(self):
        """Whether Amazon ships it."""
        return self.channel == "fba"
