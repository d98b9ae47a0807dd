"""Bills of materials that change what a kit has. They are there only with the app that makes them, which this addon
does not need: so their models cannot be extended as others are."""

from functools import wraps

from odoo import models

BILLS = ("mrp.bom", "mrp.bom.line")


class AmazonStockChange(models.Model):
    _inherit = "amazon.stock.change"

    def _register_hook(self):
        super()._register_hook()
        for name in BILLS:
            if name in self.env:
                model = self.env.registry[name]
                for method in ("create", "write", "unlink"):
                    _note_around(model, method)


def _note_around(model, name):
    """Have a method of a model of bills note what it changes, before and after."""
    method = getattr(model, name)
    if getattr(method, "amazon_notes", False):
        return

    @wraps(method)
    def noting(self, *arguments, **more):
        _note(self)
        result = method(self, *arguments, **more)
        _note(result if name == "create" else self.exists() if name == "unlink" else self)
        return result

    noting.amazon_notes = True
    setattr(model, name, noting)


def _note(records):
    """Have the SKUs looked at of what is made by these bills, or by those of these lines."""
    bills = (records if records._name == "mrp.bom" else records.bom_id).sudo()  # sudo: as whoever moves goods
    products = bills.product_id | bills.filtered(lambda bill: not bill.product_id).product_tmpl_id.product_variant_ids
    products._amazon_note_stock()
