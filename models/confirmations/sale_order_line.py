"""How much of an order's line is in a parcel, as Amazon counts it."""

import math
from collections import Counter, defaultdict

from odoo import models


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

    def _amazon_units_in(self, moves):
        """Return how many units of this line, as Amazon counts them, these moves of a delivery are to bring.

        :param moves: the line's moves of that delivery.
        """
        self.ensure_one()
        quantities = Counter()
        for move in moves:
            quantities[move.product_id.id] += move.product_uom._compute_quantity(
                move.quantity or move.product_uom_qty, move.product_id.uom_id, round=False
            )
        needed = self._amazon_kit_components()
        return complete_kits(quantities, needed) if needed else self._amazon_units(sum(quantities.values()))

    def _amazon_units(self, quantity):
        units = self.product_id.uom_id._compute_quantity(quantity, self.product_uom_id, round=False)
        return int(units) if units == int(units) else units

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
