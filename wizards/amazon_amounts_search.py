from odoo import fields, models


class AmazonAmountsSearch(models.TransientModel):
    """金額不整合: which orders' amounts to look at, asked as in the bulk completion."""

    _name = "amazon.amounts.search"
    _inherit = ["amazon.guard", "amazon.order.search"]
    _description = "Search for Amounts that Differ"

    differing_only = fields.Boolean("Only Amounts that Differ", default=True)

    # === ACTION METHODS === #

    def action_search(self):
        """Open the amounts of the orders that were asked for, and of all that belong to them.

        :raise UserError: when nothing says which orders are meant, or none was found.
        """
        numbers = self._asked_numbers()
        domain = self._domain(numbers)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amounts")
        if numbers:
            orders = self.env["sale.order"].search(domain)
            domain = [("id", "in", orders._amazon_family().ids)]
        return {
            **action,
            "domain": list(domain),
            "context": {"create": False, "search_default_mismatch": self.differing_only},
        }
