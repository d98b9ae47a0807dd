from odoo import models

from ...memo import fast
from ...ours import These


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        """Make the references of all orders in one call, and confirm all deliveries in one."""
        if not fast(self.env, "references") or self.env.context.get("skip_procurement"):
            return super()._action_launch_stock_rule(previous_product_uom_qty=previous_product_uom_qty)
        self._amazon_create_references()
        orders = self.order_id
        lines = self.with_context(amazon_confirm_later=These(orders.ids))
        result = super(SaleOrderLine, lines)._action_launch_stock_rule(
            previous_product_uom_qty=previous_product_uom_qty
        )
        pickings = orders.picking_ids.filtered(lambda picking: picking.state not in ("cancel", "done"))
        if pickings.move_ids._amazon_without_orderpoints():
            pickings.action_confirm()
        else:
            # Orderpoints are served order by order.
            for picking in pickings:
                picking.action_confirm()
        return result

    def _amazon_create_references(self):
        """Make what :meth:`_action_launch_stock_rule` would make for one order after the other."""
        first = {}
        for line in self:
            order = line.order_id
            if order not in first and line._amazon_needs_procurement() and not order.stock_reference_ids:
                first[order] = line
        if first:
            self.env["stock.reference"].create([line._prepare_reference_vals() for line in first.values()])

    def _amazon_needs_procurement(self):
        """Tell whether a new line will be procured for sure."""
        return (
            self.state == "sale"
            and not self.order_id.locked
            and self.product_id.type == "consu"
            and not self.move_ids
            and self.product_uom_qty > 0
            and not self.amazon_qty_recorded
        )
