from odoo import fields, models

from .amazon_settlement_names import CLAIMS


class SaleOrder(models.Model):
    """What settlements have of an order."""

    _inherit = "sale.order"

    amazon_claim = fields.Selection(
        [("chargeback", "Chargeback"), ("a_to_z", "A-to-z Claim")],
        "Claim",
        readonly=True,
        copy=False,
        help="How the buyer got money back, where a settlement says so; Amazon's Finances call it a refund.",
    )

    amazon_settlement_line_ids = fields.One2many(
        "amazon.settlement.line",
        "order_id",
        "Settlement Lines",
        readonly=True,
        groups="sale_amazon_spapi.group_amazon_accountant",
    )

    _amazon_claim_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_claim IS NOT NULL")

    # === ACTION METHODS === #

    def action_amazon_view_settlement_lines(self):
        """Open what settlements have of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_lines")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {"create": False}}

    # === BUSINESS METHODS === #

    def _amazon_link_transactions(self):
        result = super()._amazon_link_transactions()
        # sudo: settlements are the addon's own
        self.env["amazon.settlement.line"].sudo()._link_to(self.sudo())
        return result

    def _amazon_note_claims(self):
        """Note which of these orders had a chargeback or an A-to-z claim, by their settlements' lines."""
        lines = self.env["amazon.settlement.line"].search(
            [("order_id", "in", self.ids), ("transaction_kind", "in", CLAIMS)], order="posted_at, id"
        )
        claims = {line.order_id: line.transaction_kind for line in lines}
        for order in self:
            if order.amazon_claim != (claim := claims.get(order, False)):
                order.amazon_claim = claim
