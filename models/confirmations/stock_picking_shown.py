from odoo import api, fields, models

from ..orders.sale_order_shown import say_content


class StockPicking(models.Model):
    """What lists show of a delivery beside its fields (see ``stock_picking.py``)."""

    _inherit = "stock.picking"

    amazon_content = fields.Char("Contents", compute="_compute_amazon_content")

    @api.depends("move_ids.product_id", "move_ids.product_uom_qty", "move_ids.quantity", "move_ids.state")
    def _compute_amazon_content(self):
        for picking in self:
            picking.amazon_content = say_content(
                (move.quantity if move.state == "done" else move.product_uom_qty, self._amazon_content_name(move))
                for move in picking.move_ids
                if move.state != "cancel"
            )

    @api.model
    def _amazon_content_name(self, move):
        """Return what stands for a ``stock.move`` in the contents: its product, or the SKU that has none."""
        line = move.sudo().sale_line_id  # sudo: see sale_order_shown.py
        return line.amazon_offer_id.sku if line.amazon_is_placeholder else move.product_id.name

    @api.model
    def get_empty_list_help(self, help_message):
        # Odoo shows its own text, whatever the action says.
        return help_message if self.env.context.get("amazon_deliveries") else super().get_empty_list_help(help_message)
