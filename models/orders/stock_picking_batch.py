from odoo import models


class StockPickingBatch(models.Model):
    _inherit = "stock.picking.batch"

    # Where people may quote the buyers of its deliveries.
    _amazon_quotes = ("id", ("description",))
