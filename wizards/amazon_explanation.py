from odoo import api, fields, models
from odoo.fields import Command


class AmazonExplanation(models.TransientModel):
    """金額不整合: the three ways side by side, line by line: the order here, the order on Amazon, Amazon's Finances."""

    _name = "amazon.explanation"
    _inherit = "amazon.guard"
    _description = "Explanation of Differing Amounts"

    order_id = fields.Many2one("sale.order", readonly=True, default=lambda self: self._default_order_id())
    currency_id = fields.Many2one(related="order_id.currency_id")
    family_id = fields.Many2one(related="order_id.amazon_family_id")
    reason = fields.Selection(related="order_id.amazon_difference_reason")
    difference = fields.Monetary(related="order_id.amazon_difference")
    family_difference = fields.Monetary(related="order_id.amazon_family_difference")
    mismatch = fields.Boolean(related="order_id.amazon_mismatch")
    refunded = fields.Monetary(related="order_id.amazon_refunded")
    credited = fields.Monetary(related="order_id.amazon_credited")
    unsettled = fields.Monetary(related="order_id.amazon_unsettled")
    credit_drafted = fields.Boolean(related="order_id.amazon_credit_drafted")
    release_differs = fields.Boolean(related="order_id.amazon_release_differs")
    release_difference = fields.Monetary(related="order_id.amazon_release_difference")
    accepted_at = fields.Datetime(related="order_id.amazon_accepted_at")
    accepted_by_id = fields.Many2one(related="order_id.amazon_accepted_by_id")
    accepted_reason = fields.Text(related="order_id.amazon_accepted_reason")
    line_ids = fields.One2many(
        "amazon.explanation.line", "explanation_id", readonly=True, default=lambda self: self._default_line_ids()
    )

    def _default_order_id(self):
        if self.env.context.get("active_model") != "sale.order":
            return self.env["sale.order"]
        # Only what the user may see.
        return self.env["sale.order"].search([("id", "=", self.env.context.get("active_id"))])

    def _default_line_ids(self):
        family = self._default_order_id()._amazon_family()
        family.check_access("read")
        return [Command.create(vals) for order in family for vals in order._amazon_explained()]

    # === ACTION METHODS === #

    def action_credit_note(self):
        """Draft the credit note for what Amazon has refunded."""
        self.ensure_one()
        return self.order_id.action_amazon_credit_note()

    def action_accept(self):
        """Open the dialog in which the difference is accepted with a reason."""
        self.ensure_one()
        self.order_id._amazon_check_group("accountant")
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_acceptance")
        # A button that opened it itself would say that this dialog's record is the active one, not the order.
        return {**action, "context": {"active_model": "sale.order", "active_ids": self.order_id.ids}}

    def action_take_back(self):
        """Have the difference looked at again."""
        self.ensure_one()
        return self.order_id.action_amazon_take_back_acceptance()

    def action_view_transactions(self):
        """Open the transactions."""
        self.ensure_one()
        return self.order_id.action_amazon_view_transactions()

    def action_view_releases(self):
        """Open what was released with another amount."""
        self.ensure_one()
        action = self.order_id.action_amazon_view_transactions()
        return {**action, "domain": [("order_id", "=", self.order_id.id), ("differs", "=", True)]}

    def action_open(self):
        """Open the order in Seller Central."""
        self.ensure_one()
        return self.order_id.action_amazon_open()


class AmazonExplanationLine(models.TransientModel):
    _name = "amazon.explanation.line"
    _inherit = "amazon.guard"
    _description = "Line of an Explanation"

    explanation_id = fields.Many2one("amazon.explanation", required=True, ondelete="cascade", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    number = fields.Char("Number", related="order_id.name")
    currency_id = fields.Many2one(related="order_id.currency_id")
    name = fields.Char("What", readonly=True)
    here = fields.Monetary("In Odoo", readonly=True)
    amazon = fields.Monetary("Amazon's Order", readonly=True)
    settled = fields.Monetary("Amazon's Finances: Sold", readonly=True)
    refunded = fields.Monetary("Amazon's Finances: Refunded", readonly=True)
    credited = fields.Monetary("Credit Notes", readonly=True)
    difference = fields.Monetary(compute="_compute_difference")

    @api.depends("here", "amazon", "refunded", "credited")
    def _compute_difference(self):
        for line in self:
            line.difference = (line.here - line.credited) - (line.amazon - line.refunded)
