"""What has left in which parcel, as Amazon counts it (see ``stock_picking.py`` for the rest of a delivery)."""

import math
from collections import Counter, defaultdict
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import models

from ...const import DEAD
from ...selling_partner import tidy
from ...times import ship_moment


class Parcel(NamedTuple):
    """What of one order is in one parcel of a delivery.

    :param order: the ``sale.order``.
    :param package: the ``stock.package``; none: what was not packed.
    :param quantities: units by Amazon's item id.
    :param codes: Transparency codes by Amazon's item id.
    """

    order: models.Model
    package: models.Model
    quantities: dict
    codes: dict


def numbers_of(own, numbers, position, count):
    """Return the tracking numbers of one of several parcels: its own; of as many numbers as parcels the one in its
    place; else all of the delivery's.

    :param list own: the numbers of its package.
    :param list numbers: those of the delivery.
    :param int position: of the parcel among those of the delivery, of which there are ``count``.
    :rtype: list[str]
    """
    if not own and count > 1 and len(numbers) == count:
        return [numbers[position]]
    return own or numbers


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _amazon_leaves(self):
        """Return the moves of this delivery that have gone to a customer for an order of ours to confirm."""
        return self.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.location_dest_id.usage == "customer"
                and move.sale_line_id.order_id._amazon_is_ours()
            )
        )

    def _amazon_orders(self):
        """Return the Amazon orders that this delivery is for and that are ours to confirm."""
        orders = self.move_ids.sale_line_id.order_id or self.sale_id
        return orders.filtered(lambda order: order._amazon_is_ours())

    def _amazon_parcels(self):
        """Return what has left with this delivery, and is confirmed parcel by parcel.

        :rtype: list[Parcel]
        """
        return self._amazon_parcels_in(self._amazon_leaves())

    def _amazon_parcels_in(self, leaving):
        """Return what is in which parcel of this delivery.

        An order of which nothing countable has left (a kit's first component) has no parcel.

        :param leaving: the ``stock.move`` that are looked at.
        :rtype: list[Parcel]
        """
        self.ensure_one()
        parcels = []
        for order, moves in leaving.grouped(lambda move: move.sale_line_id.order_id).items():
            contents = defaultdict(Counter)
            for line, same in moves.grouped("sale_line_id").items():
                if line.amazon_item_ref:
                    for package, quantity in line._amazon_packed(same).items():
                        contents[package][line.amazon_item_ref] += quantity
            codes = defaultdict(list)
            for move in moves:
                codes[move.sale_line_id.amazon_item_ref] += move._amazon_codes()
            for package in sorted(contents, key=lambda package: (not package, package.id)):
                quantities = dict(contents[package])
                taken = {}
                for item, quantity in quantities.items():
                    whole = math.ceil(quantity)
                    taken[item], codes[item] = codes[item][:whole], codes[item][whole:]
                parcels.append(Parcel(order, package, quantities, {item: some for item, some in taken.items() if some}))
        return parcels

    def _amazon_parcels_of_merged(self):
        """Return the parcels of orders that were combined into this delivery's and cancelled here: what is still open
        of them on Amazon went along (N5).

        :rtype: list[Parcel]
        """
        parcels = []
        packages = self.move_line_ids.result_package_id
        for order in self._amazon_orders().amazon_merged_child_ids:
            if order.state == "cancel" and order._amazon_is_ours() and order.amazon_status not in DEAD:
                quantities = {item.item_ref: item.quantity_unfulfilled for item in order.amazon_item_ids}
                told = order.amazon_confirmation_ids.filtered(lambda row: row.picking_id == self)
                if (order.amazon_confirmation_ids - told).picking_id - order.picking_ids:
                    # It went with another delivery of the order it was combined into.
                    continue
                quantities = told[:1]._units() or {item: count for item, count in quantities.items() if count}
                if quantities:
                    parcels.append(Parcel(order, packages[:1], quantities, {}))
        return parcels

    def _amazon_came_back(self, quantities):
        """Tell whether the customer has sent back what this delivery brought of all these items.

        :param quantities: by Amazon's item id.
        """
        self.ensure_one()
        returned = self.move_ids.returned_move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id.usage != "customer"
        )
        lines = returned.sale_line_id | returned.origin_returned_move_id.sale_line_id
        return bool(quantities) and set(quantities) <= set(lines.mapped("amazon_item_ref"))

    def _amazon_ship_moment(self, zone):
        """Return when this left, as Amazon is told (UTC, naive).

        :param str zone: the time zone in which somebody has entered the day.
        """
        self.ensure_one()
        return ship_moment(self.amazon_ship_date, self.date_done, ZoneInfo(zone))

    def _amazon_numbers(self):
        """Return the tracking numbers that were entered on this delivery, in their order.

        :rtype: list[str]
        """
        self.ensure_one()
        numbers = (tidy(number) for number in (self.carrier_tracking_ref or "").split(","))
        return [number for number in numbers if number]
