from odoo import fields, models

from .amazon_amount_type import BUYERS
from .amazon_transaction_type import CLAIMS


class SaleOrder(models.Model):
    """What settlements have of an order."""

    _inherit = "sale.order"

    amazon_claim = fields.Selection(
        [("chargeback", "Chargeback"), ("a_to_z", "A-to-z Claim"), ("claims", "Chargeback and A-to-z Claim")],
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
        found = self.env["amazon.settlement.line"]._read_group(
            [("order_id", "in", self.ids), ("transaction_kind", "in", CLAIMS)],
            ["order_id"],
            ["transaction_type_id:recordset"],
        )
        claims = {order: set(types.mapped("kind")) for order, types in found}
        for order in self:
            kinds = claims.get(order, set())
            claim = "claims" if len(kinds) > 1 else next(iter(kinds), False)
            if order.amazon_claim != claim:
                order.amazon_claim = claim
            elif claim:
                # One more of the kind.
                order.modified(["amazon_claim"])

    def _amazon_claimed(self):
        """Return what buyers got back of this order by chargebacks and A-to-z claims, in its currency."""
        self.ensure_one()
        claims = [
            ("order_id", "=", self.id),
            ("transaction_kind", "in", CLAIMS),
            ("type_id.kind", "in", BUYERS),
            ("currency_id", "=", self.currency_id.id),
        ]
        lines = self.env["amazon.settlement.line"].sudo()  # sudo: it is counted, not shown
        [[amount]] = lines._read_group(claims, [], ["amount:sum"])
        return -self._amazon_rounded(amount or 0)

    def _amazon_reason_of_refund(self, off):
        """Return what of Amazon's refunds has no credit note, as far as settlements tell one kind from another.

        :param float off: how much has none.
        """
        self.ensure_one()
        claim, currency = self.amazon_claim, self.currency_id
        if not claim:
            return "refund"
        claimed = self._amazon_claimed()
        refunded = self.amazon_refunded - claimed
        if currency.compare_amounts(refunded, 0) <= 0 or currency.is_zero(off - claimed):
            return claim
        return "refund" if currency.is_zero(off - refunded) else f"refund_{claim}"
