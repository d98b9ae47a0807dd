"""The parcels of vendors' deliveries, as Amazon is told of them: on labels, and when they have left."""

import re
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ...selling_partner import Container, Dimensions, VendorLine
from ...selling_partner.vendor_submissions import CARTON, PALLET
from ..confirmations.stock_picking_parcel import numbers_of
from .amazon_vendor_submission import Wrong

INCHES_A_FOOT = 12
MILLIMETRES_A_CENTIMETRE = 10


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _amazon_containers(self, order):
        """Return what of an order is in which parcel of this delivery.

        :param order: the ``sale.order``.
        :rtype: list[Container]
        :raise UserError: what is missing, or cannot be told.
        """
        self.ensure_one()
        moves = self._amazon_moves_of(order)
        parcels = self._amazon_parcels_in(moves)
        packages = list(dict.fromkeys(parcel.package for parcel in parcels))
        shared = len(packages) > 1
        return [
            Container(
                identifier=parcel.package.name or self.name,
                kind=self._amazon_container_kind(parcel.package),
                weight=self._amazon_container_weight(parcel.package, moves),
                weight_unit="KG" if self._amazon_weighs_in_kg() else "LB",
                dimensions=self._amazon_container_dimensions(parcel.package.package_type_id),
                items=order._amazon_vendor_lines(parcel.quantities),
                sequence=packages.index(parcel.package) + 1 if shared else None,
                **self._amazon_container_way(order, parcel.package, packages),
            )
            for parcel in parcels
        ]

    def _amazon_container_problems(self, order, containers):
        """Yield why Amazon would not take the confirmation of parcels.

        :param order: the ``sale.order``.
        :param list containers: as :meth:`_amazon_containers` returns them.
        :return: what can be raised: :class:`Wrong`.
        """
        own = order.sudo().amazon_account_id.vendor_own_carrier
        for container in containers:
            if not container.tracking_number:
                yield Wrong("number", self.env._("The tracking number of %s is missing.", container.identifier))
            if not container.ship_method:
                yield Wrong("ship_method", self.env._("The ship method of %s is missing.", container.identifier))
            if own and not container.scac:
                yield Wrong(
                    "scac",
                    self.env._(
                        "The delivery method “%s” has no SCAC, by which Amazon knows the carrier.",
                        self.carrier_id.name or "–",
                    ),
                )

    def _amazon_parcel_warnings(self):
        """Return what will stand against the shipping confirmation, if this leaves as it is.

        :rtype: list[str]
        """
        warnings = []
        for order in self.move_ids.sale_line_id.order_id.filtered("amazon_account_id"):
            try:
                containers = self._amazon_containers(order)
            except UserError as error:
                warnings.append(str(error))
                continue
            problems = list(self._amazon_container_problems(order, containers))
            if not order.amazon_account_id.vendor_own_carrier and any(wrong.hint == "number" for wrong in problems):
                problems = [wrong for wrong in problems if wrong.hint != "number"]
                warnings.append(self.env._("No tracking number yet: it comes with Amazon's shipping label."))
            warnings += map(str, problems)
        if warnings:
            warnings.insert(0, self.env._("Amazon would not take the shipping confirmation of this as it is:"))
        return list(dict.fromkeys(warnings))

    def _amazon_moves_of(self, order):
        """Return what of an order leaves with this delivery."""
        return self.move_ids.filtered(
            lambda move: move.sale_line_id.order_id == order and move.state != "cancel" and move.quantity
        )

    def _amazon_numbers_of(self, order):
        """Return the tracking numbers of an order's parcels in this delivery, each once.

        :param order: the ``sale.order``.
        :rtype: list[str]
        """
        self.ensure_one()
        parcels = self._amazon_parcels_in(self._amazon_moves_of(order))
        packages = list(dict.fromkeys(parcel.package for parcel in parcels))
        numbers = [self._amazon_container_number(package, packages) for package in packages]
        return list(dict.fromkeys(filter(None, numbers)))

    def _amazon_container_number(self, package, packages):
        """Return the tracking number of a parcel, or "".

        :param list packages: all of the delivery.
        """
        numbers = numbers_of(package._amazon_numbers(), self._amazon_numbers(), packages.index(package), len(packages))
        return numbers[0] if numbers else ""

    def _amazon_container_way(self, order, package, packages):
        """Return how a parcel goes.

        :param list packages: all of the delivery.
        :rtype: dict
        """
        facts = self.carrier_id._amazon_shipment_facts() if self.carrier_id else {}
        # sudo: who packs need not have access to Amazon
        method = self.sudo().carrier_id.amazon_shipping_method_id
        own = order.sudo().amazon_account_id.vendor_own_carrier
        return {
            "tracking_number": self._amazon_container_number(package, packages),
            "ship_method": order.amazon_ship_method or facts.get("ship_method") or "",
            "scac": (method.scac_code or "") if own else "",
            "carrier": (facts.get("carrier_name") or facts.get("carrier_code") or "") if own else "",
        }

    def _amazon_container_weight(self, package, moves):
        """Return the weight of a parcel, as somebody has weighed it, or as its products and its box have it.

        :param moves: the ``stock.move`` of the delivery.
        :raise UserError: it is not known.
        """
        lines = moves.move_line_ids.filtered(lambda line: line.result_package_id == package)
        weighed = package.shipping_weight if package else 0
        # What weighs nothing nobody has weighed.
        known = all(line.product_id.weight for line in lines)
        goods = known and sum(line.quantity_product_uom * line.product_id.weight for line in lines)
        weight = round(weighed or (goods and goods + package.package_type_id.base_weight), 3)
        if not weight:
            raise UserError(
                self.env._(
                    "%s has no weight, which Amazon wants to know. Enter it on the parcel, or on its products.",
                    package.name or self.name,
                )
            )
        return Decimal(str(weight))

    def _amazon_weighs_in_kg(self):
        # sudo: a system parameter
        unit = self.env["product.template"].sudo()._get_weight_uom_id_from_ir_config_parameter()
        return unit == self.env.ref("uom.product_uom_kgm")

    def _amazon_container_kind(self, package):
        """Return what kind of parcel it is: a pallet if it is called one."""
        return PALLET if re.search("pallet|パレット", package.package_type_id.name or "", re.IGNORECASE) else CARTON

    def _amazon_container_dimensions(self, kind):
        """Return how large a parcel is, None where that is not known.

        :param kind: its ``stock.package.type``.
        """
        sides = (kind.packaging_length, kind.width, kind.height)
        if not all(sides):
            return None
        # sudo: a system parameter
        unit = self.env["product.template"].sudo()._get_length_uom_id_from_ir_config_parameter()
        if unit == self.env.ref("uom.product_uom_foot"):
            return Dimensions(*(Decimal(str(round(side * INCHES_A_FOOT, 2))) for side in sides), unit="IN")
        return Dimensions(*(Decimal(str(round(side / MILLIMETRES_A_CENTIMETRE, 2))) for side in sides))


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _amazon_vendor_lines(self, quantities=None):
        """Return lines of a purchase order, with ids and sequence numbers as they were received.

        :param dict quantities: units by Amazon's item, None: all that was ordered.
        :rtype: tuple[VendorLine, ...]
        :raise UserError: when units cannot be told.
        """
        lines = []
        for item in self.amazon_item_ids.sorted("id"):
            quantity = item.quantity_ordered if quantities is None else quantities.get(item.item_ref, 0)
            if quantity != int(quantity):
                raise UserError(
                    self.env._("%(sku)s: %(quantity)s is no whole number of units.", sku=item.sku, quantity=quantity)
                )
            if quantity:
                lines.append(VendorLine(item.item_ref, int(quantity), item.asin or "", item.sku or ""))
        return tuple(lines)
