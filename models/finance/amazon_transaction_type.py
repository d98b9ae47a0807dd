from odoo import fields, models

from .amazon_type import UNCLASSIFIED

# So many orders are looked at at once, after a person has classified a name.
AT_ONCE = 1000
# What Finances do not tell from a refund.
CLAIMS = ("chargeback", "a_to_z")
# Where the buyer got money back.
REFUNDS = ("refund", *CLAIMS)
NAMELESS = "(no type)"


class AmazonTransactionType(models.Model):
    """What Amazon calls a transaction in its settlements, and what that is."""

    _name = "amazon.transaction.type"
    _inherit = "amazon.type"
    _description = "Amazon Transaction Type"
    _order = "is_classified, kind, name"
    _amazon_nameless = NAMELESS
    _amazon_counted_by = "settlements"

    kind = fields.Selection(
        [
            ("sale", "Sale"),
            ("refund", "Refund"),
            ("chargeback", "Chargeback"),
            ("a_to_z", "A-to-z Claim"),
            ("retrocharge", "Tax Charged Later"),
            ("service_fee", "Service Fee"),
            ("transfer", "Payout"),
            ("other", "Other"),
            (UNCLASSIFIED, "Not Classified"),
        ],
        required=True,
        default=UNCLASSIFIED,
        index=True,
        tracking=True,
        help="With a refund, a chargeback or an A-to-z claim the buyer's money pays credit notes; with all others,"
        " invoices.",
    )

    # === BUSINESS METHODS === #

    def _of_these(self):
        return [("transaction_type_id", "in", self.ids)]

    def _recount(self, after):
        """Have the next orders say whether there was a chargeback or an A-to-z claim."""
        mine = self.env["amazon.settlement.line"]._search([*self._of_these(), ("order_id", "!=", False)])
        orders = self.env["sale.order"].search(
            [("id", "in", mine.subselect("order_id")), ("id", ">", after)], order="id", limit=AT_ONCE
        )
        orders._amazon_note_claims()
        return len(orders) == AT_ONCE and orders[-1].id
