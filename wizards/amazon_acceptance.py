from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE, notice


class AmazonAcceptanceDialog(models.AbstractModel):
    """What is right as it is, and why; the heir names the field of the records, which are ``amazon.accepted``."""

    _name = "amazon.acceptance.dialog"
    _inherit = "amazon.guard"
    _description = "Acceptance with a Reason"
    _amazon_accepted = ""

    shown = fields.Text(readonly=True, default=lambda self: self._amazon_chosen()._amazon_seen())
    reason = fields.Char(required=True, help="It stays to be read there, with your name and today's date.")

    @api.model
    def _amazon_chosen(self):
        """Return those of the records that the dialog is opened for that can be accepted."""
        records = self.env[self._fields[self._amazon_accepted].comodel_name]
        if self.env.context.get("active_model") != records._name:
            return records
        # Only what the user may see.
        return records.search([("id", "in", self.env.context.get("active_ids", []))])._amazon_acceptable()

    # === ACTION METHODS === #

    def action_accept(self):
        """Accept the records; they come back when they change.

        :raise UserError: when they have changed since they were shown.
        """
        self.ensure_one()
        records = self[self._amazon_accepted]
        if self.shown != records._amazon_acceptable()._amazon_seen():
            raise UserError(self.env._("What was shown has changed meanwhile. Please look at it again."))
        records._amazon_accept(self.reason)
        return notice(self.env._("Accepted. They come back when they change."), "success", CLOSE)


class AmazonAcceptance(models.TransientModel):
    """金額不整合: a difference that is right as it is, and why."""

    _name = "amazon.acceptance"
    _inherit = "amazon.acceptance.dialog"
    _description = "Acceptance of Differing Amounts"
    _amazon_accepted = "order_ids"

    order_ids = fields.Many2many(
        "sale.order", string="Orders", readonly=True, default=lambda self: self._amazon_chosen()
    )


class AmazonTransactionAcceptance(models.TransientModel):
    """Transactions that are compared with nothing, which is right as it is, and why."""

    _name = "amazon.transaction.acceptance"
    _inherit = "amazon.acceptance.dialog"
    _description = "Acceptance of Transactions that Are Not Compared"
    _amazon_accepted = "transaction_ids"

    transaction_ids = fields.Many2many(
        "amazon.transaction", string="Transactions", readonly=True, default=lambda self: self._amazon_chosen()
    )
