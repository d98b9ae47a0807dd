"""The Orders API 2026-01-01, and confirmShipment of its version 0, which has no successor.

Orders come as received; what is in one: :func:`.values.parse_order`.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime

from .api import Api
from .errors import BadRequest, MalformedAnswer, TokenRefused
from .reader import as_list, as_string, compact, is_identifier, moment, parse_nothing, success
from .searches import Search, stamp
from .shipments import refusal_of
from .values import LENGTHS

#: Every data set of the Orders API but FULFILLMENT_ORDERS, which concerns Easy Ship only.
ALL = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
)

#: Without what only adds to an order.
NEEDED = ("BUYER", "RECIPIENT", "PROCEEDS", "CANCELLATION", "FULFILLMENT")


class Orders(Api):
    """``amazon.orders``."""

    def search(self, search, token=None):
        """Get one page of orders (searchOrders).

        :param SearchOrders search: the same for every page of a search.
        :param str token: the page before's ``next_token``; expires after 24 hours.
        :return: :class:`OrdersPage`.
        :raises BadRequest: when ``search`` breaks Amazon's rules; nothing was sent.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        search.validate()
        meanings = {400: TokenRefused} if token else None
        return self._call("searchOrders", parse_orders_page, query=search.parameters(token), meanings=meanings)

    def get(self, order_id, included_data=ALL):
        """Get one order (getOrder).

        :param str order_id: such as ``250-1234567-8901234``.
        :return: :class:`ReceivedOrder`.
        :raises NotFound: when Amazon does not know it (yet).
        """
        if not re.fullmatch(r"[\w-]+", order_id or "", re.ASCII):
            raise BadRequest("not an order number", operation="getOrder", code="InvalidInput")
        query = {"includedData": included_data}
        order = self._call("getOrder", parse_received_order, path={"orderId": order_id}, query=query)
        if order.order_id != order_id:
            raise MalformedAnswer("another order than the one asked for", operation="getOrder", sent=True)
        return order

    def confirm_shipment(self, shipment):
        """Tell Amazon that a parcel has left, or correct what it was told (confirmShipment).

        :param Shipment shipment: see :class:`.shipments.Shipment`.
        :raises BadRequest: with a ``hint`` where Amazon's text tells why, see :mod:`.shipments`; with ``sent`` False
            when ``shipment`` breaks Amazon's rules: then nothing was sent.
        :raises RetryLater: with ``sent`` True Amazon may have it all the same: ask before sending again.
        :raises MalformedAnswer: for anything but 204; Amazon may have it all the same.
        """
        shipment.validate()
        self._call(
            "confirmShipment",
            parse_nothing,
            path={"orderId": shipment.order_id},
            body=shipment.body(),
            meanings={400: refusal_of(shipment)},
            success=(204,),
        )


@dataclass(frozen=True, slots=True)
class ReceivedOrder:
    """An order as received, not yet understood; nothing about it can make it fail.

    :param order_id: ``''`` when the entry has none, or one that cannot be (see :data:`LENGTHS`).
    :param last_updated: UTC; None when missing or no time.
    :param payload: the entry as compact JSON, keys in Amazon's order, numbers in Amazon's digits.
    :param digest: SHA-256 (hexadecimal) of its canonical form; equal for the same content in another order of keys.
    """

    order_id: str
    last_updated: datetime | None
    payload: bytes = field(repr=False)
    digest: str

    @classmethod
    def of(cls, entry, name="orderId", longest=LENGTHS["orderId"]):
        """Keep an entry that was parsed with :func:`.reader.loads` (``literal=True``).

        :param str name: of the field with the order's id, which has ``longest`` characters at most.
        """
        fields_ = entry if isinstance(entry, dict) else {}
        order_id = fields_.get(name)
        named = isinstance(order_id, str) and is_identifier(order_id, longest)
        try:
            canonical, payload = compact(entry, canonical=True), compact(entry)
        except RecursionError:
            # Nested too deeply to be an order; what says which one it is is kept.
            texts = {field_: value for field_, value in fields_.items() if isinstance(value, str)}
            return cls.of(texts, name, longest)
        return cls(
            order_id=str(order_id) if named else "",
            last_updated=_time_or_none(fields_.get("lastUpdatedTime")),
            payload=payload.encode("utf-8", "surrogatepass"),
            digest=hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """One page of a search.

    :param next_token: None on the last page.
    :param last_updated_before: UTC; the mark to continue from after the last page; None when Amazon gave none.
    :param created_before: the same for searches by creation.
    """

    orders: tuple[ReceivedOrder, ...]
    next_token: str | None = field(default=None, repr=False)
    last_updated_before: datetime | None = None
    created_before: datetime | None = None

    @property
    def marks(self):
        """What tells its entries from all others."""
        return tuple(order.digest for order in self.orders)

    @property
    def reached(self):
        """Up to when (UTC) this search has given everything; None when Amazon does not say so."""
        return self.last_updated_before


def parse_orders_page(payload):
    """Read the answer to searchOrders.

    :param payload: the body, ``bytes`` or ``str``.
    :return: :class:`OrdersPage`; its orders are kept, not read.
    :raises MalformedAnswer: when it is not a page: no list of orders, or a token that cannot be used (taking it for
        the last page would lose orders).
    """
    page = success(payload, literal=True)
    entries = page.get("orders", "a list", as_list, needed=True)
    token = page.object("pagination").get("nextToken", "a token", as_string)
    return OrdersPage(
        orders=tuple(ReceivedOrder.of(entry) for entry in entries),
        next_token=token or None,
        last_updated_before=_time_or_none(page.fields.get("lastUpdatedBefore")),
        created_before=_time_or_none(page.fields.get("createdBefore")),
    )


def parse_received_order(payload):
    """Read the answer to getOrder.

    :param payload: the body, ``bytes`` or ``str``.
    :return: :class:`ReceivedOrder`.
    :raises MalformedAnswer: when there is no order in it.
    """
    order = success(payload, literal=True).object("order")
    if not order:
        raise MalformedAnswer("order is missing", reason="missing", path="order")
    return ReceivedOrder.of(order.fields)


def _time_or_none(value):
    try:
        return moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOrders(Search):
    """The parameters of one search, which must not change from its first page to its last.

    :param last_updated_after: UTC; this or ``created_after``.
    :param last_updated_before: UTC; at least two minutes before the request.
    :param page_size: 1 to 100 orders.
    :param included_data: data sets; see :data:`ALL`.
    """

    operation = "searchOrders"
    times = ("last_updated_after", "last_updated_before", "created_after", "created_before")
    lists = ("marketplace_ids", "statuses", "fulfilled_by", "included_data")

    last_updated_after: datetime | None = None
    last_updated_before: datetime | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    marketplace_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    fulfilled_by: tuple[str, ...] = ()
    page_size: int = 100
    included_data: tuple[str, ...] = ALL

    def _problems(self):
        """Yield what breaks the rules of orders_2026-01-01.json, searchOrders."""
        yield self._lacks_time_zone() and "times need a time zone"
        yield bool(self.last_updated_after) == bool(self.created_after) and (
            "exactly one of lastUpdatedAfter and createdAfter is needed"
        )
        yield (self.created_after and self.last_updated_before or self.last_updated_after and self.created_before) and (
            "times of change and of creation cannot be mixed"
        )
        after, before = (
            self.last_updated_after or self.created_after,
            self.last_updated_before or self.created_before,
        )
        yield before and before < after and "the window ends before it begins"
        yield not self.marketplace_ids and "marketplaceIds are needed"
        yield len(self.marketplace_ids) > 50 and "at most 50 marketplaceIds"
        yield not 1 <= self.page_size <= 100 and "maxResultsPerPage must be 1 to 100"

    def parameters(self, token=None):
        """Name the parameters as Amazon does; lists are comma-separated.

        :param str token: ``paginationToken``; the other parameters stay those of the first page.
        :return: ``dict`` of ``str``.
        """
        given = {
            "lastUpdatedAfter": stamp(self.last_updated_after),
            "lastUpdatedBefore": stamp(self.last_updated_before),
            "createdAfter": stamp(self.created_after),
            "createdBefore": stamp(self.created_before),
            "marketplaceIds": ",".join(self.marketplace_ids),
            "fulfillmentStatuses": ",".join(self.statuses),
            "fulfilledBy": ",".join(self.fulfilled_by),
            "maxResultsPerPage": str(self.page_size),
            "includedData": ",".join(self.included_data),
            "paginationToken": token,
        }
        return {name: value for name, value in given.items() if value}
