from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE, notice


class AmazonCombine(models.TransientModel):
    """同梱: deliveries of one recipient and address become one parcel."""

    _name = "amazon.combine"
    _inherit = "amazon.guard"
    _description = "Combine Amazon Shipments"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", compute="_compute_orders")
    picking_ids = fields.Many2many("stock.picking", string="Deliveries", readonly=True, check_company=True)
    order_ids = fields.Many2many("sale.order", compute="_compute_orders")
    parent_id = fields.Many2one(
        "sale.order",
        "Into the Order",
        domain="[('id', 'in', order_ids)]",
        compute="_compute_parent",
        store=True,
        readonly=False,
        check_company=True,
        help="Shows as the one the others are combined into.",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier", "Delivery Method", compute="_compute_parent", store=True, readonly=False, check_company=True
    )
    tracking_number = fields.Char(help="Of the whole parcel; it may be entered later on any of the deliveries.")
    partner_id = fields.Many2one("res.partner", "Recipient", compute="_compute_orders")
    refusal = fields.Text(compute="_compute_refusal")

    # === COMPUTE METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "picking_ids" in fields_list and self.env.context.get("active_model") == "stock.picking":
            # Only what the user may see.
            pickings = self.env["stock.picking"].search([("id", "in", self.env.context.get("active_ids", []))])
            values["picking_ids"] = [fields.Command.set(pickings.ids)]
        return values

    @api.depends("picking_ids")
    def _compute_orders(self):
        for wizard in self:
            wizard.order_ids = wizard.picking_ids.sale_id.sorted(lambda order: (order.date_order, order.id))
            wizard.company_id = wizard.picking_ids.company_id[:1]
            wizard.partner_id = wizard.picking_ids.partner_id[:1]

    @api.depends("picking_ids")
    def _compute_parent(self):
        for wizard in self:
            parent = wizard.order_ids._origin[:1]
            wizard.parent_id = parent
            of_parent = wizard.picking_ids.filtered(lambda picking, parent=parent: picking.sale_id._origin == parent)
            wizard.carrier_id = of_parent.carrier_id[:1]

    @api.depends("picking_ids")
    def _compute_refusal(self):
        for wizard in self:
            reasons = wizard.picking_ids._amazon_why_not_combined()
            wizard.refusal = "\n".join(f"・{reason}" for reason in reasons) or False

    # === ACTION METHODS === #

    def action_combine(self):
        """Make one parcel of the deliveries.

        :raise UserError: naming everything that stands against it.
        """
        self.ensure_one()
        pickings = self.picking_ids
        pickings.check_access("write")
        pickings.sale_id.check_access("write")
        reasons = pickings._amazon_why_not_combined()
        if reasons:
            raise UserError("\n".join(reasons))
        parent = self.parent_id
        if parent not in pickings.sale_id:
            raise UserError(self.env._("Choose which of the orders the others are combined into."))
        package = pickings._amazon_combine(parent, self.carrier_id, self.tracking_number)
        message = self.env._(
            "%(count)s deliveries are one parcel now: %(package)s.", count=len(pickings), package=package.name
        )
        return notice(message, "success", CLOSE)
