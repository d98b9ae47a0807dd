from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..notices import CLOSE, notice


class AmazonSettlementDeposit(models.TransientModel):
    """Which of the bank's deposits is a settlement's payout: the likeliest stand first, and a person chooses."""

    _name = "amazon.settlement.deposit"
    _inherit = ["amazon.guard"]
    _description = "Deposit of a Settlement"

    settlement_id = fields.Many2one("amazon.settlement", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id")
    currency_id = fields.Many2one(related="settlement_id.currency_id")
    deposited_at = fields.Datetime(related="settlement_id.deposited_at")
    amount = fields.Monetary("Payout", readonly=True, help="What of it is not matched yet")
    difference_account_id = fields.Many2one(
        "account.account",
        "Difference Goes to",
        domain="[('company_ids', 'parent_of', company_id), ('account_type', 'not in',"
        " ('asset_receivable', 'liability_payable', 'asset_cash', 'liability_credit_card', 'off_balance'))]",
        help="Such as bank charges. Empty: what the deposit lacks waits on, and what it has beyond the payout stays"
        " open on the bank's statement.",
    )
    line_ids = fields.One2many("amazon.settlement.deposit.line", "dialog_id", readonly=True)

    # === BUSINESS METHODS === #

    def _find(self):
        """Show what may be the deposit."""
        self.ensure_one()
        settlement = self.settlement_id
        self.amount = settlement._open_payout().amount_residual_currency
        shown = [self._shown(item) for item in settlement._deposit_candidates()]
        shown += [self._shown(item, together) for item, together in settlement._deposits_together().items()]
        # What is as much as the payout stands first, also where it is that of several.
        shown.sort(key=lambda one: bool(one["difference"] or one["is_converted"]))
        self.line_ids = [Command.clear(), *(Command.create(each) for each in shown)]

    def _shown(self, item, together=None):
        """Return the values of the line that shows a journal item.

        :param together: the ``amazon.settlement`` of which it may be the deposit; None: of this one alone.
        """
        amount, same = -item._amazon_open(), item.currency_id == self.currency_id
        return {
            "settlement_ids": [Command.set(together.ids)] if together else False,
            "settlement_names": together and ", ".join(together.mapped("settlement_ref")),
            "item_id": item.id,
            "date": item.date,
            "journal": item.journal_id.name,
            "name": item.name or item.move_id.name,
            "currency_id": item.currency_id.id,
            "amount": amount,
            "difference": amount - self.amount if same and not together else 0,
            "is_converted": not same,
        }


class AmazonSettlementDepositLine(models.TransientModel):
    _name = "amazon.settlement.deposit.line"
    _inherit = ["amazon.guard"]
    _description = "What May Be a Settlement's Deposit"
    _order = "id"

    dialog_id = fields.Many2one("amazon.settlement.deposit", required=True, readonly=True, ondelete="cascade")
    item_id = fields.Many2one("account.move.line", readonly=True, ondelete="set null")
    date = fields.Date(readonly=True)
    journal = fields.Char(readonly=True)
    name = fields.Char("Label", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    difference = fields.Monetary(readonly=True, help="What the deposit is more than the payout")
    settlement_ids = fields.Many2many("amazon.settlement", readonly=True)
    settlement_names = fields.Char(
        "Of Several Settlements", readonly=True, help="Whose payouts come to this amount together"
    )
    is_converted = fields.Boolean("Converted", readonly=True, help="The bank has it in another currency.")

    # === ACTION METHODS === #

    def action_match(self):
        """Match the payout with this deposit."""
        self.ensure_one()
        self._amazon_check_group("accountant")
        self.check_access("read")
        dialog = self.dialog_id
        dialog.settlement_id.check_access("read")
        if not self.item_id:
            raise UserError(self.env._("This deposit is matched with something else by now."))
        self.settlement_ids.check_access("read")
        dialog.settlement_id._match_deposit(self.item_id, dialog.difference_account_id, self.settlement_ids)
        names = self.settlement_names or dialog.settlement_id.settlement_ref
        return notice(self.env._("The deposit of %s is matched.", names), "success", CLOSE)
