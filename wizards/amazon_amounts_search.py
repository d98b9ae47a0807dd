from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..notices import notice
from .amazon_order_search import listed


class AmazonAmountsSearch(models.TransientModel):
    """金額不整合: which orders' amounts to look at, asked as in the bulk completion."""

    _name = "amazon.amounts.search"
    _inherit = ["amazon.guard", "amazon.order.search"]
    _description = "Search for Amounts that Differ"

    differing_only = fields.Boolean("Only Amounts that Differ", default=True)
    at_least = fields.Float(
        "By at Least", digits=0, help="Of orders that belong together, what they differ by together"
    )
    sign = fields.Selection([("here", "More in Odoo"), ("there", "More on Amazon")], "In Which Direction")

    # === BUSINESS METHODS === #

    def _domain(self, numbers):
        domain = super()._domain(numbers)
        if not (self.at_least > 0 or self.sign):
            return domain
        size = self.at_least if self.at_least > 0 else 0
        more, less = (
            Domain("amazon_family_difference", ">=", size) & Domain("amazon_family_difference", ">", 0),
            Domain("amazon_family_difference", "<=", -size) & Domain("amazon_family_difference", "<", 0),
        )
        return domain & {"here": more, "there": less}.get(self.sign, more | less)

    # === ACTION METHODS === #

    def action_search(self):
        """Open the amounts of the orders that were asked for, and of all that belong to them.

        :raise UserError: when nothing says which orders are meant, or none was found.
        """
        numbers = self._asked_numbers()
        domain = self._domain(numbers)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amounts")
        missing = []
        if numbers:
            orders = self.env["sale.order"].search(domain)
            known = {name.upper() for order in orders for name in (order.name, order.amazon_order_ref)}
            missing = [number for number in numbers if number.upper() not in known]
            if not orders:
                raise UserError(self.env._("Not found: %s", listed(missing)))
            domain = [("id", "in", orders._amazon_family().ids)]
            name = self.env._("Amounts of %s orders", len(orders))
        else:
            first, last = (format_date(self.env, day) for day in (self.date_from, self.date_to))
            name = self.env._("Amounts, ordered %(first)s – %(last)s", first=first, last=last)
        action |= {
            "name": name,
            "domain": list(domain),
            "context": {"create": False, "search_default_mismatch": self.differing_only},
        }
        if missing:
            return notice(self.env._("Not found: %s", listed(missing)), "warning", action, sticky=True)
        return action
