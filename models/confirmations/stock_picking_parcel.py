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
        """Return what has left with this delivery.

        An order of which nothing countable has left (a kit's first component) has no parcel.

        :rtype: list[Parcel]
        """
        self.ensure_one()
        parcels = []
        for order, moves in self._amazon_leaves().grouped(lambda move: move.sale_line_id.order_id).items():
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

    def _amazon_ship_moment(self, marketplace):
        """Return when this left, as Amazon is told (UTC, naive)."""
        self.ensure_one()
        return ship_moment(self.amazon_ship_date, self.date_done, ZoneInfo(marketplace.tz or "UTC"))

    def _amazon_numbers(self):
        """Return the tracking numbers that were entered on this delivery, in their order.

        :rtype: list[str]
        """
        self.ensure_one()
        numbers = (tidy(number) for number in (self.carrier_tracking_ref or "").split(","))
        return [number for number in numbers if number]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _amazon_packed(self, moves):
        """Return how much of this line is in each package of a delivery.

        :param moves: the line's moves of that delivery.
        :return: units as Amazon counts them by ``stock.package``; a kit only where it has become complete.
        :rtype: dict
        """
        self.ensure_one()
        packed = defaultdict(Counter)
        for move_line in moves.move_line_ids:
            packed[move_line.result_package_id][move_line.product_id.id] += move_line.quantity_product_uom
        needed = self._amazon_kit_components()
        if not needed:
            return {package: self._amazon_units(sum(products.values())) for package, products in packed.items()}
        left = self._amazon_kits_completed(moves.picking_id, needed)
        kits = Counter()
        for package, products in packed.items():
            kits[package] = min(left, complete_kits(products, needed))
            left -= kits[package]
        # A kit in several parcels can stand in one of them only.
        kits[list(packed)[-1]] += left
        return {package: count for package, count in kits.items() if count}

    def _amazon_units(self, quantity):
        units = self.product_id.uom_id._compute_quantity(quantity, self.product_uom_id, round=False)
        return int(units) if units == int(units) else units

    def _amazon_kit_components(self):
        """Return how much of each component one kit needs; empty when the line is no kit.

        :return: quantities by id of the product; from the time of confirming, since bills of materials change.
        :rtype: dict
        """
        self.ensure_one()
        if "bom_line_id" not in self.move_ids._fields or not self.move_ids.bom_line_id:
            return {}
        item = self.order_id.amazon_item_ids.filtered(lambda item: item.item_ref == self.amazon_item_ref)[:1]
        stored = {int(product): quantity for product, quantity in (item.kit_components or {}).items()}
        return stored or self._amazon_count_components()

    def _amazon_count_components(self):
        """Count from the moves how much of each component one kit needs."""
        self.ensure_one()
        kits = self.product_uom_qty - self.amazon_qty_recorded
        # Of what is still to be picked Odoo makes the last step only afterwards.
        moves = self.move_ids.filtered(
            lambda move: (
                move.state != "cancel"
                and not move.origin_returned_move_id
                and (
                    move.location_dest_id.usage == "customer"
                    or (move.location_final_id.usage == "customer" and not move.move_dest_ids)
                )
            )
        )
        demand = Counter()
        for move in moves:
            demand[move.product_id.id] += move.product_qty
        return {product: quantity / kits for product, quantity in demand.items() if quantity} if kits > 0 else {}

    def _amazon_kits_completed(self, picking, needed):
        """Return how many kits this delivery completes: all that have left, less those other deliveries stand for."""
        gone = Counter()
        for move in self.move_ids:
            if move.state == "done" and move.location_dest_id.usage == "customer":
                gone[move.product_id.id] += move.product_uom._compute_quantity(
                    move.quantity, move.product_id.uom_id, round=False
                )
        others = self.order_id.amazon_confirmation_ids.filtered(lambda row: row.picking_id != picking)
        told = sum(row._units().get(self.amazon_item_ref, 0) for row in others)
        return max(0, complete_kits(gone, needed) - told)


def complete_kits(quantities, needed):
    """Count the complete kits among quantities of components, both by product."""
    return min(math.floor(quantities.get(product, 0) / each + 1e-6) for product, each in needed.items())
