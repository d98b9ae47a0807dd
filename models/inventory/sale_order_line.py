from odoo import api, models


class SaleOrderLine(models.Model):
    """What is ordered on Amazon and not paid for yet counts as taken."""

    _inherit = "sale.order.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._amazon_note_stock()
        return lines

    def write(self, vals):
        if not {"product_uom_qty", "product_id"} & set(vals):
            return super().write(vals)
        self._amazon_note_stock()
        quantity = vals.get("product_uom_qty")
        changed = self.filtered(lambda line: quantity not in (None, line.product_uom_qty))
        result = super().write(vals)
        self._amazon_note_stock()
        changed._amazon_tell_again()
        return result

    # === BUSINESS METHODS === #

    def _amazon_tell_again(self):
        """Have Amazon told of these SKUs even if as many are here as it was told: what is cancelled it may have put
        back by itself, or lost."""
        # sudo: whoever sells need not know Amazon
        self.sudo().amazon_offer_id._note_change(changed_there=True)

    def _amazon_note_stock(self):
        for company, lines in self.filtered("order_id.amazon_account_id").grouped("company_id").items():
            parts = lines.product_id.sudo()._amazon_components(company)  # sudo: bills of materials
            self.env["amazon.stock.change"]._note_products({part.id for needs in parts.values() for part in needs})
