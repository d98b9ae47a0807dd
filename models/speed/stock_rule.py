from odoo import api, models

from ...memo import fast, once


class StockRule(models.Model):
    _inherit = "stock.rule"

    @api.model
    def _search_rule_for_warehouses(self, route_ids, packaging_uom_id, product_id, warehouse_ids, domain):
        """Look for the rules of a product once."""
        search = super()._search_rule_for_warehouses
        if not fast(self.env, "rules"):
            return search(route_ids, packaging_uom_id, product_id, warehouse_ids, domain)
        key = (
            "rules",
            self.env.companies.ids and tuple(self.env.companies.ids),
            route_ids and tuple(route_ids.ids),
            packaging_uom_id and packaging_uom_id.id,
            product_id.id,
            warehouse_ids and tuple(warehouse_ids.ids),
            repr(domain),
        )
        return once(self.env, key, lambda: search(route_ids, packaging_uom_id, product_id, warehouse_ids, domain))
