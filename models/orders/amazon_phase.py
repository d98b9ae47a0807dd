from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

ROLES = [
    ("review", "To Review"),
    ("awaiting_payment", "Awaiting Payment"),
    ("awaiting_stock", "Awaiting Stock"),
    ("ready", "Ready to Pick"),
    ("shipped", "Shipped"),
    ("confirmed", "Confirmed to Amazon"),
    ("cancelled", "Cancelled"),
]
# As shipped (C1): deliveries of orders in these phases are confirmed by themselves.
CONFIRMING_ROLES = ("awaiting_stock", "ready", "shipped")
# Nothing is to be done any more.
CLOSED_ROLES = ("confirmed", "cancelled")


class AmazonPhase(models.Model):
    """処理フェーズ: where an order stands in the shop's own work. A shop adds its own phases; those
    with a role are the ones orders move into by themselves, as ``sale.order._amazon_role`` says."""

    _name = "amazon.phase"
    _inherit = "amazon.guard"
    _description = "Amazon Processing Phase"
    _amazon_looked_up_first = True
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    role = fields.Selection(
        ROLES, index=True, help="Orders move into this phase by themselves. Empty: the shop's own phase."
    )
    require_ship_date = fields.Boolean(
        "Ship Date Required", help="Deliveries are confirmed only after a person has set the ship date."
    )
    fold = fields.Boolean("Folded in Kanban")
    order_count = fields.Integer(compute="_compute_order_count")

    def _compute_order_count(self):
        counts = dict(
            self.env["sale.order"]._read_group([("amazon_phase_id", "in", self.ids)], ["amazon_phase_id"], ["__count"])
        )
        for phase in self:
            phase.order_count = counts.get(phase, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("company_id")
    def _check_others(self):
        """A phase that other companies use is not to be taken from them."""
        for phase in self.filtered("company_id"):
            # sudo: those of companies the user does not see count, too
            others = phase.sudo().env["amazon.account.phase"].search_count(
                [
                    ("phase_id", "=", phase.id),
                    ("account_id.company_id", "!=", phase.company_id.id),
                ],
                limit=1,
            ) or phase.sudo().env["sale.order"].search_count(
                [
                    ("amazon_phase_id", "=", phase.id),
                    ("company_id", "!=", phase.company_id.id),
                ],
                limit=1,
            )
            if others:
                raise ValidationError(self.env._("Other companies use the phase “%s”: it stays shared.", phase.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: orders of companies the user does not see count, too
        used = self.env["sale.order"].sudo()._read_group([("amazon_phase_id", "in", self.ids)], ["amazon_phase_id"])
        if used:
            raise UserError(
                self.env._(
                    "Orders stand in “%s”. Move them into another phase first, or archive it.",
                    ", ".join(phase.name for [phase] in used),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _by_role(self, company):
        """Return the phase of each role for a company: its own before the shared one.

        :rtype: dict
        """
        phases = self.search([("role", "!=", False), ("company_id", "in", (False, company.id))])
        shared_first = phases.sorted(lambda phase: (bool(phase.company_id), -phase.sequence, -phase.id))
        return {phase.role: phase for phase in shared_first}

    @api.model
    def _default_account_phases(self, account):
        """Return the commands for a new account's phase settings."""
        phases = self._by_role(account.company_id).values()
        return [
            (0, 0, {"phase_id": phase.id, "auto_confirm": phase.role in CONFIRMING_ROLES})
            for phase in sorted(phases, key=lambda phase: phase.sequence)
        ]


class AmazonAccountPhase(models.Model):
    """What an account does in a phase."""

    _name = "amazon.account.phase"
    _inherit = "amazon.guard"
    _description = "Phase Settings of an Amazon Account"
    _check_company_auto = True
    _order = "account_id, sequence, id"

    account_id = fields.Many2one("amazon.account", required=True, index=True, ondelete="cascade", write_once=True)
    company_id = fields.Many2one(related="account_id.company_id")
    phase_id = fields.Many2one("amazon.phase", required=True, ondelete="cascade", check_company=True)
    sequence = fields.Integer(related="phase_id.sequence", store=True)
    role = fields.Selection(related="phase_id.role")
    auto_confirm = fields.Boolean(
        "Confirm Deliveries", help="Deliveries of orders in this phase are confirmed to Amazon by themselves."
    )
    success_phase_id = fields.Many2one("amazon.phase", "On Success", check_company=True)
    failure_phase_id = fields.Many2one("amazon.phase", "On Failure", check_company=True)

    _phase_uniq = models.UniqueIndex("(account_id, phase_id)", "The phase is there already.")
