from odoo import models


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _amazon_only_files(self):
        return (*super()._amazon_only_files(), "amazon.settlement.file")
