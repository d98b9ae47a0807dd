import re

from odoo import api, fields, models
from odoo.tools import SQL


class StockMove(models.Model):
    """The Transparency codes of what is in a parcel."""

    _inherit = "stock.move"

    amazon_needs_codes = fields.Boolean(compute="_compute_amazon_needs_codes", search="_search_amazon_needs_codes")
    amazon_transparency_codes = fields.Text(
        "Transparency Codes",
        copy=False,
        help="One for each unit in the parcel, scanned from the product",
        write_groups="stock.group_stock_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("sale_line_id")
    def _compute_amazon_needs_codes(self):
        for move in self:
            # sudo: a warehouse hand need not see Amazon's amounts
            items = move.sudo().sale_line_id.order_id.amazon_item_ids.filtered("needs_transparency_codes")
            refs = items.mapped("item_ref")
            move.amazon_needs_codes = bool(refs) and move.sudo().sale_line_id.amazon_item_ref in refs

    def _search_amazon_needs_codes(self, operator, value):
        if operator not in ("=", "in"):
            return NotImplemented
        needed = SQL(
            "(SELECT move.id FROM stock_move move JOIN sale_order_line line ON line.id = move.sale_line_id"
            " JOIN amazon_order_item item ON item.order_id = line.order_id AND item.item_ref = line.amazon_item_ref"
            " WHERE item.needs_transparency_codes)"
        )
        return [("id", "in" if all(value if operator == "in" else [value]) else "not in", needed)]

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "amazon_transparency_codes" in vals:
            self.env["amazon.confirmation"]._make(self.picking_id)
        return result

    # === BUSINESS METHODS === #

    def _amazon_codes(self):
        """Return the Transparency codes that were scanned for this move.

        :rtype: list[str]
        """
        return [code for code in re.split(r"[\s,;、]+", self.amazon_transparency_codes or "") if code]
