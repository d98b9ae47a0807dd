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
        result = super().write(vals)
        self._amazon_note_stock()
        return result

    # === BUSINESS METHODS === #

    def _amazon_note_stock(self):
        for company, lines in self.filtered("order_id.amazon_account_id").grouped("company_id").items():
            parts = lines.product_id.sudo()._amazon_components(company)  # sudo: bills of materials
            self.env["amazon.stock.change"]._note_products({part.id for needs in parts.values() for part in needs})
