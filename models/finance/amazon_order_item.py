from odoo import models


class AmazonOrderItem(models.Model):
    _inherit = "amazon.order.item"

    def _parts(self):
        """Return this item's money by the part of the order that it concerns; see
        :meth:`sale.order._amazon_parts_of`."""
        self.ensure_one()
        parts = {
            ("shipping", ""): self.shipping,
            ("gift_wrap", ""): self.gift_wrap,
            ("cod_fee", ""): self.cod_fee,
            ("tax", ""): self.tax_added,
        }
        return {**parts, ("goods", self.sku or ""): self.total - sum(parts.values())}

    def _total_of_shipped(self):
        """Return what of this item's total is of units that have left, in its currency."""
        self.ensure_one()
        return self.total * self.quantity_fulfilled / (self.quantity_fulfilled + self.quantity_unfulfilled)
