from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE, notice


class AmazonTransactionAcceptance(models.TransientModel):
    """Transactions that are compared with nothing, which is right as it is, and why."""

    _name = "amazon.transaction.acceptance"
    _inherit = "amazon.guard"
    _description = "Acceptance of Transactions that Are Not Compared"

    transaction_ids = fields.Many2many(
        "amazon.transaction", string="Transactions", readonly=True, default=lambda self: self._default_transaction_ids()
    )
    shown = fields.Text(readonly=True, default=lambda self: self._digests_of(self._default_transaction_ids()))
    reason = fields.Char(required=True, help="Stays on the transaction, with your name and today's date.")

    def _default_transaction_ids(self):
        if self.env.context.get("active_model") != "amazon.transaction":
            return self.env["amazon.transaction"]
        # Only what the user may see.
        found = self.env["amazon.transaction"].search([("id", "in", self.env.context.get("active_ids", []))])
        return found._acceptable()

    @api.model
    def _digests_of(self, transactions):
        return "|".join(f"{one.id}:{one.digest}" for one in transactions.sorted("id"))

    # === ACTION METHODS === #

    def action_accept(self):
        """Accept the transactions; they come back when they change.

        :raise UserError: when they have changed since they were shown.
        """
        self.ensure_one()
        if self.shown != self._digests_of(self.transaction_ids._acceptable()):
            raise UserError(self.env._("The transactions have changed meanwhile. Please look at them again."))
        self.transaction_ids._accept(self.reason)
        return notice(self.env._("Accepted. They come back when they change."), "success", CLOSE)
