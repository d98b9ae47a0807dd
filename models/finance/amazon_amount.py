from odoo import api, fields, models
from odoo.fields import Domain


class AmazonAmount(models.AbstractModel):
    """One of many amounts of which the table of amount types says what they are."""

    _name = "amazon.amount"
    _inherit = ["amazon.guard", "amazon.search"]
    _description = "Amazon Amount"
    _rec_name = "type_id"
    # Types by their ids, too: with the index of what is of one type, none has to be sorted.
    _amazon_by_id = ("order_id", "type_id")

    type_id = fields.Many2one("amazon.amount.type", "What", required=True, readonly=True)
    kind = fields.Selection(related="type_id.kind")

    # === SEARCH METHODS === #

    @api.model
    def _amazon_looked_up(self, condition):
        if condition.field_expr == "kind":
            # By the types' ids: PostgreSQL would not know how rare they are.
            types = self.env["amazon.amount.type"].search([("kind", condition.operator, condition.value)])
            return Domain("type_id", "in", types.ids)
        return super()._amazon_looked_up(condition)
