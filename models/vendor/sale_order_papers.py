"""What Amazon prints for a vendor's order, and when it can be asked for."""

from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..confirmations.sale_order_line import complete_kits
from .sale_order import CHANNEL, LOOK


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_paper_ids = fields.One2many("amazon.vendor.paper", "order_id", "Printed by Amazon", readonly=True)

    # === BUSINESS METHODS === #

    def _amazon_vendor_deliveries(self):
        """Return the deliveries by which these orders leave, or have left."""
        return self.picking_ids.filtered(
            lambda picking: picking.picking_type_code == "outgoing" and picking.state != "cancel"
        ).sorted("id")

    def _amazon_why_no_label(self):
        """Return why Amazon cannot be asked for the order's shipping label, or False.

        :rtype: str | bool
        """
        self.ensure_one()
        name = self.name or ""
        if self.amazon_channel != CHANNEL:
            return self.env._("%s is no Direct Fulfillment order.", name)
        if self.amazon_purged:
            return self.env._("%s: the customer's data were removed.", name)
        if self.amazon_account_id.vendor_own_carrier:
            return self.env._("%s goes with a carrier of your own: Amazon makes no label for it.", name)
        if self.amazon_on_hold:
            return self.env._("%s is on hold.", name)
        if self.amazon_acknowledgement != "accepted":
            return self.env._("%s: Amazon makes labels only when it has the acknowledgement.", name)
        if self.amazon_vendor_status in ("SHIPPED", "CANCELLED"):
            return self.env._("%s is shipped or cancelled on Amazon.", name)
        if not self._amazon_vendor_deliveries():
            return self.env._("%s has no delivery.", name)
        try:
            self._amazon_label_containers()
        except UserError as error:
            return f"{name}: {error}"
        return False

    def _amazon_label_containers(self):
        """Return the order's parcels, as they are packed now.

        :rtype: list[Container]
        :raise UserError: what is missing.
        """
        containers = [
            container for picking in self._amazon_vendor_deliveries() for container in picking._amazon_containers(self)
        ]
        packed = Counter()
        for container in containers:
            packed.update({line.sequence: line.quantity for line in container.items})
        missing = [
            self.env._(
                "%(sku)s: %(packed)s of %(ordered)s",
                sku=line.sku or line.asin,
                packed=packed[line.sequence],
                ordered=line.quantity,
            )
            for line in self._amazon_vendor_lines()
            if packed[line.sequence] != line.quantity
        ]
        if missing:
            raise UserError(
                self.env._(
                    "Amazon makes labels for whole orders, and not all of it is reserved. %s", ", ".join(missing)
                )
            )
        return containers

    @api.model
    def _amazon_lacking_slips(self, account):
        """Return the domain of the orders that need a packing slip which nobody has looked for yet."""
        return (
            Domain("amazon_account_id", "=", account.id)
            & Domain("amazon_vendor_status", "=", "ACCEPTED")
            & Domain("amazon_acknowledgement", "=", "accepted")
            & Domain("amazon_needs_slip", "=", True)
            & Domain("amazon_purged", "=", False)
            & Domain("amazon_paper_ids", "not any", [("kind", "=", "slip")])
        )

    @api.model
    def _amazon_want_slips(self, account):
        """Have the packing slips looked for that are required."""
        # sudo: papers are the addon's own
        orders = self.sudo().search(self._amazon_lacking_slips(account), limit=LOOK)
        for order in orders:
            self.env["amazon.vendor.paper"].sudo()._of(order, "slip")._want()
        return orders

    def _amazon_forget(self):
        result = super()._amazon_forget()
        # What they consisted of is gone with the deliveries' other attachments.
        self.amazon_paper_ids.unlink()
        return result


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _amazon_kits_completed(self, picking, needed):
        """Vendors' orders go as a whole, and Amazon is told of parcels also before they leave: a kit stands in the last
        delivery that brings a part of it."""
        if self.order_id.amazon_channel != CHANNEL:
            return super()._amazon_kits_completed(picking, needed)
        moves = self.move_ids.filtered(
            lambda move: move.quantity and move.picking_id in self.order_id._amazon_vendor_deliveries()
        )
        quantities = Counter()
        for move in moves:
            quantities[move.product_id.id] += move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id, round=False
            )
        return complete_kits(quantities, needed) if picking == moves.picking_id.sorted("id")[-1:] else 0
