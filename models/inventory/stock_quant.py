from odoo import api, models

# What of a quant says how many there are to sell.
AMOUNTS = {"quantity", "reserved_quantity", "location_id", "product_id"}


class StockQuant(models.Model):
    """Every movement and every reservation passes here."""

    _inherit = "stock.quant"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        quants = super().create(vals_list)
        self.env["amazon.stock.change"]._note_products(quants.product_id.ids)
        return quants

    def write(self, vals):
        if not AMOUNTS & set(vals):
            return super().write(vals)
        product_ids = self.product_id.ids
        result = super().write(vals)
        self.env["amazon.stock.change"]._note_products([*product_ids, *self.product_id.ids])
        return result

    def unlink(self):
        self.env["amazon.stock.change"]._note_products(self.product_id.ids)
        return super().unlink()
