from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.engine.amazon_outbox import API_STATUSES


class AmazonStatusChange(models.TransientModel):
    """C9, C10: set the API status of orders by hand, and see to it that what is to be sent again is."""

    _name = "amazon.status.change"
    _inherit = "amazon.guard"
    _description = "Change the API Status of Amazon Orders"

    status = fields.Selection(
        [("not_sent", "Not Sent: it is sent again"), ("done", "Done: Amazon has it, nothing is sent")],
        "New API Status",
        required=True,
        default="not_sent",
    )
    state = fields.Selection([("choose", "Choose"), ("changed", "Changed")], default="choose", readonly=True)
    line_ids = fields.One2many("amazon.status.change.line", "wizard_id", readonly=True)
    override = fields.Boolean("Change these, too", help="Also the orders with a warning are changed.")
    unusual_count = fields.Integer(compute="_compute_counts")
    possible_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")
    stuck_count = fields.Integer(compute="_compute_counts")
    phase_id = fields.Many2one(
        "amazon.phase",
        "Move into",
        domain="[('id', 'in', confirming_phase_ids)]",
        help="A phase in which deliveries are confirmed by themselves",
    )
    confirming_phase_ids = fields.Many2many("amazon.phase", compute="_compute_confirming_phase_ids")

    # === COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "line_ids" in fields_list and self.env.context.get("active_model") == "sale.order":
            # Only what the user may see.
            orders = self.env["sale.order"].search([("id", "in", self.env.context.get("active_ids", []))])
            # What can be changed comes first.
            orders = orders.sorted(lambda order: bool(self.env["amazon.confirmation"]._why_not_set(order)))
            values["line_ids"] = [fields.Command.create({"order_id": order.id}) for order in orders]
        return values

    @api.depends("line_ids.refusal", "line_ids.unusual", "line_ids.changed", "line_ids.is_stuck", "override", "state")
    def _compute_counts(self):
        for wizard in self:
            refused = wizard.line_ids.filtered("refusal")
            unusual = wizard.line_ids.filtered(lambda line: line.unusual and not line.refusal)
            left_alone = unusual if not wizard.override else unusual.browse()
            wizard.unusual_count = len(unusual)
            # While there is a choice, they stand in the warning only.
            wizard.refused_count = len(refused if wizard.state == "choose" else refused | left_alone)
            wizard.possible_count = len(wizard.line_ids - refused - left_alone)
            wizard.stuck_count = len(wizard.line_ids.filtered("is_stuck"))

    @api.depends("line_ids.is_stuck")
    def _compute_confirming_phase_ids(self):
        for wizard in self:
            settings = wizard.line_ids.filtered("is_stuck").order_id.amazon_account_id.mapped("phase_ids")
            accounts = settings.account_id
            confirming = settings.filtered("auto_confirm").grouped("phase_id")
            wizard.confirming_phase_ids = (
                self.env["amazon.phase"]
                .union(*(phase for phase, lines in confirming.items() if lines.account_id == accounts and phase.active))
                .sorted("sequence")
            )

    # === ACTION METHODS === #

    def action_apply(self):
        """Set the status of every order where that is possible; the others say why not."""
        self.ensure_one()
        self.env["sale.order"].check_access("write")
        if self.state != "choose" or not self.possible_count:
            raise UserError(self.env._("There is no order here whose API status can be changed."))
        self.line_ids.order_id.check_access("write")
        for line in self.line_ids:
            line.status_before = line.amazon_api_status
        left_alone = self.line_ids.filtered(lambda line: line.unusual and not line.refusal and not self.override)
        left_alone = {line.order_id: line.unusual for line in left_alone}
        orders = self.line_ids.order_id.filtered(lambda order: order not in left_alone)
        done, refused = self.env["amazon.confirmation"]._set_status(orders, self.status)
        refused |= left_alone
        for line in self.line_ids:
            line.write({"changed": line.order_id in done, "refused": refused.get(line.order_id, False)})
        self.state = "changed"
        phases = self.confirming_phase_ids
        # What has left belongs where what has left stands.
        self.phase_id = (phases.filtered(lambda phase: phase.role == "shipped") or phases)[:1]
        return self._reopen()

    def action_move(self):
        """Move what would wait for its phase into one that confirms."""
        self.ensure_one()
        self.env["sale.order"].check_access("write")
        if not self.phase_id or self.phase_id not in self.confirming_phase_ids:
            raise UserError(self.env._("Choose a phase in which deliveries are confirmed."))
        self.line_ids.filtered("is_stuck").order_id.amazon_phase_id = self.phase_id
        self.line_ids.order_id.sudo().amazon_confirmation_ids._wake()  # sudo: the outbox is the addon's own
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Change API Status"),
            "context": {"dialog_size": "extra-large"},
        }


class AmazonStatusChangeLine(models.TransientModel):
    _name = "amazon.status.change.line"
    _inherit = "amazon.guard"
    _description = "Order in the API Status Change"

    wizard_id = fields.Many2one("amazon.status.change", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", required=True, ondelete="cascade")
    amazon_order_ref = fields.Char(related="order_id.amazon_order_ref")
    amazon_api_status = fields.Selection(related="order_id.amazon_api_status")
    status_before = fields.Selection(API_STATUSES, "Before", readonly=True)
    changed = fields.Boolean(readonly=True)
    refused = fields.Char(readonly=True)
    refusal = fields.Char(compute="_compute_refusal")
    unusual = fields.Char(compute="_compute_refusal", help="What speaks against it; a person may do it all the same.")
    waits_for = fields.Text(compute="_compute_waits_for")
    note = fields.Text("Remark", compute="_compute_note", help="Why it cannot be changed, or what it waits for")
    is_stuck = fields.Boolean(compute="_compute_waits_for", help="The order's phase does not confirm.")

    @api.depends("order_id", "refused", "wizard_id.state", "wizard_id.status")
    def _compute_refusal(self):
        rows = self.env["amazon.confirmation"]
        for line in self:
            if line.wizard_id.state == "changed":
                line.refusal, line.unusual = line.refused, False
            else:
                line.refusal = rows._why_not_set(line.order_id)
                line.unusual = not line.refusal and rows._why_unusual(line.order_id, line.wizard_id.status)

    @api.depends("refusal", "unusual", "waits_for")
    def _compute_note(self):
        for line in self:
            line.note = line.refusal or line.unusual or line.waits_for

    @api.depends("changed", "order_id.amazon_phase_id", "order_id.amazon_api_status")
    def _compute_waits_for(self):
        for line in self:
            order = line.order_id.sudo()  # sudo: the outbox is the addon's own
            rows = order.amazon_confirmation_ids.filtered(lambda row: row.state == "not_sent")
            rows = rows if line.changed and line.wizard_id.status == "not_sent" else rows.browse()
            reasons = dict.fromkeys(filter(None, (row._checked_shipment()[1] or row._why_waiting() for row in rows)))
            line.waits_for = "\n".join(reasons) or False
            # What was cancelled here goes with another order's delivery, in whatever phase.
            line.is_stuck = order.state != "cancel" and any(not row._phase_setting().auto_confirm for row in rows)
