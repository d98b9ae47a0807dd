from odoo import api, fields, models


class SaleOrder(models.Model):
    """What lists show of an order beside its fields (see ``sale_order.py``)."""

    _inherit = "sale.order"

    amazon_content = fields.Char("Contents", compute="_compute_amazon_content")

    @api.depends("order_line.product_id", "order_line.product_uom_qty", "order_line.amazon_offer_id")
    def _compute_amazon_content(self):
        for order in self:
            # sudo: a packer may see what is in an order without reading sales. Not `filtered`, after which each order's
            # lines are read for themselves.
            order.amazon_content = say_content(
                (line.product_uom_qty, line.amazon_offer_id.sku if line.amazon_is_placeholder else line.product_id.name)
                for line in order.sudo().order_line
                if line.amazon_offer_id and line.product_uom_qty
            )


def say_content(goods):
    """Write what is in an order or a parcel in one line: quantities first, they are what must not be cut off.

    :param goods: pairs of quantity and name.
    :rtype: str
    """
    return ", ".join(f"{quantity:g} × {name}" for quantity, name in goods) or False
