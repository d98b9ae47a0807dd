from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .amazon_amount_type import BUYERS, FEES
from .amazon_transaction_type import REFUNDS
from .exact import Exact


class AmazonSettlementSum(models.Model):
    """What the lines of a settlement come to that are of one kind, month and marketplace: few, however many lines there
    are."""

    _name = "amazon.settlement.sum"
    _inherit = ["amazon.guard"]
    _description = "Amazon Settlement Sum"
    _order = "settlement_id desc, month, transaction_type_id, id"
    _rec_name = "type_id"
    _log_access = False

    settlement_id = fields.Many2one("amazon.settlement", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    account_id = fields.Many2one(related="settlement_id.account_id", store=True)
    currency_id = fields.Many2one(related="settlement_id.currency_id", store=True)
    month = fields.Date("Month from", readonly=True, index=True, help="Its first day, by the days in the marketplace")
    month_name = fields.Char("Month", compute="_compute_month_name")
    transaction_type_id = fields.Many2one(
        "amazon.transaction.type", "Transaction's Type", required=True, readonly=True, index=True, ondelete="restrict"
    )
    transaction_kind = fields.Selection(related="transaction_type_id.kind", string="Transaction's Kind")
    type_id = fields.Many2one("amazon.amount.type", "What", required=True, readonly=True, index=True)
    kind = fields.Selection(related="type_id.kind")
    marketplace_id = fields.Many2one("amazon.marketplace", readonly=True)
    amount = Exact(readonly=True)
    cost = Exact(
        "Costs", compute="_compute_cost", store=True, help="The amount with its sign turned, as graphs of fees show it"
    )
    count = fields.Integer("Lines", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("month")
    @api.depends_context("lang")
    def _compute_month_name(self):
        for each in self:
            # As pivots write it.
            each.month_name = each.month and format_date(self.env, each.month, date_format="MMMM yyyy")

    @api.depends("amount")
    def _compute_cost(self):
        for each in self:
            each.cost = -each.amount

    # === ACTION METHODS === #

    def action_view_lines(self):
        """Open the lines that these sums are of."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_lines")
        domain = [
            ("settlement_id", "=", self.settlement_id.id),
            ("type_id", "=", self.type_id.id),
            ("transaction_type_id", "=", self.transaction_type_id.id),
            ("marketplace_id", "=", self.marketplace_id.id),
            ("posted_on", ">=", self.month),
            ("posted_on", "<", fields.Date.add(self.month, months=1)),
        ]
        return {**action, "name": self.display_name, "domain": domain, "context": {"create": False}}

    # === BUSINESS METHODS === #

    @api.model
    def _make(self, settlement):
        """Make the sums of a settlement.

        :param settlement: the ``amazon.settlement``, with all its lines.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT type_id, transaction_type_id, marketplace_id, date_trunc('month', posted_on)::date,"
                " SUM(amount), COUNT(*) FROM amazon_settlement_line WHERE settlement_id = %s"
                " GROUP BY 1, 2, 3, 4 ORDER BY 4, 2, 1, 3",
                settlement.id,
            )
        )
        names = ("type_id", "transaction_type_id", "marketplace_id", "month", "amount", "count")
        self.create([{"settlement_id": settlement.id, **dict(zip(names, row, strict=True))} for row in rows])

    def _total(self):
        """Return which of the settlement's totals this is a part of."""
        self.ensure_one()
        if self.kind == "reserve":
            return "opening_reserve" if self.amount > 0 else "kept_reserve"
        if self.kind in BUYERS and self.transaction_kind != "unclassified":
            return "refunds" if self.transaction_kind in REFUNDS else "sales"
        return "fees" if self.kind in FEES else "other_amount"
