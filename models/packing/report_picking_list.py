from collections import defaultdict

from odoo import api, models


class ReportPickingList(models.AbstractModel):
    """What is to be fetched from the shelves for some deliveries: each product once at each place, with its total."""

    _name = "report.sale_amazon_spapi.picking_list"
    _description = "Picking List by Product"

    @api.model
    def _get_report_values(self, docids, data=None):
        pickings = self.env["stock.picking"].browse(docids).exists()
        pickings.check_access("read")
        left_out = {picking: picking._amazon_why_not_fetched() for picking in pickings}
        going = pickings.filtered(lambda picking: not left_out[picking])
        rows = self._rows(going)
        return {
            "doc_ids": docids,
            "doc_model": "stock.picking",
            "docs": pickings,
            "rows": rows,
            "total": sum(row["quantity"] for row in rows),
            "pickings": going,
            "left_out": [(picking, why) for picking, why in left_out.items() if why],
        }

    @api.model
    def _rows(self, pickings):
        """Return a row for each product, lot and place, along the way through the warehouse."""
        found = defaultdict(lambda: defaultdict(float))
        for line in pickings.move_line_ids:
            found[line.location_id, line.product_id, line.lot_id, line.product_id.uom_id][line.picking_id] += (
                line.quantity_product_uom
            )
        rows = [
            {
                "location": location,
                "product": product,
                "lot": lot,
                "uom": uom,
                "quantity": sum(by_picking.values()),
                "pickings": list(by_picking.items()),
            }
            for (location, product, lot, uom), by_picking in found.items()
        ]
        return sorted(
            rows, key=lambda row: (row["location"].complete_name, row["product"].display_name, row["lot"].name or "")
        )
