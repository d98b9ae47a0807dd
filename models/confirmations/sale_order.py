"""What an order shows of its confirmations, and which orders share its parcel (see ``sale_order.py``)."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

COMBINED = [("parent", "With Others"), ("child", "Combined")]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_confirmation_count = fields.Integer(compute="_compute_amazon_confirmation_count")
    amazon_api_message = fields.Text("API Message", compute="_compute_amazon_api_message")
    amazon_status_by_hand = fields.Selection(
        [("not_sent", "Sent from Here"), ("done", "Amazon Has It")],
        "API Status by Hand",
        readonly=True,
        copy=False,
        help="Sent from Here: confirmed from here although Amazon confirms such orders itself. Amazon Has It: what"
        " leaves from now on is not told to Amazon.",
    )
    amazon_can_confirm = fields.Boolean(compute="_compute_amazon_can_confirm")
    amazon_combined = fields.Selection(
        COMBINED,
        "Combined",
        compute="_compute_amazon_combined",
        search="_search_amazon_combined",
        help="With Others: other orders travel in this one's parcel. Combined: it travels in another one's.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amazon_status_by_hand")
    def _compute_amazon_api_status(self):
        result = super()._compute_amazon_api_status()
        for order in self.filtered(lambda order: order.amazon_status_by_hand == "done" and order._amazon_is_ours()):
            # sudo: see _compute_amazon_confirmation_count. What was changed since has to be told all the same.
            if all(row.state == "done" for row in order.sudo().amazon_confirmation_ids):
                order.amazon_api_status = "done"
                # A person has said so.
                order.amazon_open_units = 0
        return result

    @api.depends("amazon_confirmation_ids")
    def _compute_amazon_confirmation_count(self):
        # sudo: a salesman without access to Amazon opens the form, too
        rows = self.env["amazon.confirmation"].sudo()
        counts = dict(rows._read_group([("order_id", "in", self.ids)], ["order_id"], ["__count"]))
        for order in self:
            order.amazon_confirmation_count = counts.get(order.sudo(), 0)

    @api.depends("amazon_confirmation_ids.message", "amazon_confirmation_ids.advice", "amazon_open_units")
    @api.depends_context("lang", "uid")
    def _compute_amazon_api_message(self):
        for order in self:
            # sudo: see _compute_amazon_confirmation_count
            known = order.sudo()
            texts = [*(row._explanation() for row in known.amazon_confirmation_ids), known._amazon_open_message()]
            order.amazon_api_message = "\n".join(dict.fromkeys(filter(None, texts))) or False

    @api.depends("picking_ids.state", "amazon_channel", "amazon_api_status", "amazon_confirmation_ids.state")
    def _compute_amazon_can_confirm(self):
        for order in self:
            # sudo: see _compute_amazon_confirmation_count
            rows = order.sudo().amazon_confirmation_ids
            untold = bool(rows.filtered(lambda row: row.state not in ("sending", "done")))
            if order.amazon_api_status and not untold:
                # What left before this addon knew of it stands in no row.
                left = order.sudo()._amazon_left() - rows.picking_id
                untold = any(parcel.order == order for picking in left for parcel in picking._amazon_parcels())
            order.amazon_can_confirm = bool(order.amazon_api_status) and untold

    @api.depends("amazon_merged_into_id", "amazon_merged_child_ids")
    def _compute_amazon_combined(self):
        for order in self:
            child, parent = order.amazon_merged_into_id, order.amazon_merged_child_ids
            order.amazon_combined = "child" if child else "parent" if parent else False

    # === CONSTRAINT METHODS === #

    @api.constrains("amazon_merged_into_id")
    def _check_amazon_merged_into(self):
        for order in self.filtered("amazon_merged_into_id"):
            parent = order.amazon_merged_into_id
            if parent == order or parent.amazon_merged_into_id or order.amazon_merged_child_ids:
                raise ValidationError(
                    self.env._(
                        "%(order)s cannot be combined into %(parent)s: choose an order that is not combined into"
                        " another one itself.",
                        order=order.name,
                        parent=parent.name,
                    )
                )
            if not order.amazon_account_id or parent.amazon_account_id != order.amazon_account_id:
                raise ValidationError(
                    self.env._(
                        "%(order)s and %(parent)s are not orders of the same Amazon account.",
                        order=order.name,
                        parent=parent.name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        by_hand = "amazon_merged_into_id" in vals and not self.env.su
        if by_hand:
            self._amazon_check_merging()
        result = super().write(vals)
        if vals.get("amazon_merged_into_id"):
            # What is cancelled here went along with the parent, which may have left already.
            self.env["amazon.confirmation"]._make(self.sudo().amazon_merged_into_id._amazon_left())
        if "amazon_phase_id" in vals and not self.env.su:
            # Where a person puts the order decides from now on. sudo: the outbox is the addon's own
            self.sudo().amazon_confirmation_ids.phase_id = vals["amazon_phase_id"]
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_amazon_told(self):
        # The database takes the rows along and asks nobody. sudo: whoever deletes orders may have no access to Amazon.
        rows = self.sudo().amazon_confirmation_ids
        told = rows.filtered(lambda row: row.told or row.accepted_at).order_id
        if told:
            raise UserError(
                self.env._(
                    "%s cannot be deleted: Amazon was told of the shipment, and that stays in the history.",
                    ", ".join(told.mapped("name")),
                )
            )

    def _amazon_check_merging(self):
        """By hand, only what the shop has cancelled for it can be called combined (N5)."""
        for order in self:
            if order.state != "cancel":
                raise UserError(
                    self.env._(
                        "%s is not cancelled in Odoo. To send it in one parcel with others, select the deliveries and"
                        " choose “Combine Shipments”.",
                        order.name,
                    )
                )

    # === ACTION METHODS === #

    def action_amazon_view_confirmations(self):
        """Open what Amazon was told, or is to be told, of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}

    def action_amazon_view_logs(self):
        """Open the runs that had to do with these orders: imports, sendings, fetched results."""
        self.check_access("read")
        # sudo: inbox and outbox are the addon's own; of them only the runs are shown
        updates = self.env["amazon.order.update"].sudo().search([("order_id", "in", self.ids)])
        return (updates.log_id | self.sudo().amazon_confirmation_ids.log_ids)._action_view()

    # === BUSINESS METHODS === #

    def _amazon_goes_along(self):
        """Return the orders that were cancelled here because they go with the one they are combined into (N5)."""
        return self.filtered(lambda order: order.state == "cancel" and order.amazon_merged_into_id)

    def _amazon_what_leaves_first(self):
        """Say which delivery has to be validated before Amazon can be told of these orders.

        :return: False where nothing is left to be validated.
        :rtype: str | bool
        """
        along = self._amazon_goes_along().sudo()  # sudo: the order they go with may be somebody else's
        if not along:
            return self.env._("Validate the delivery first: nothing has left yet.")
        others = along.amazon_merged_into_id
        waiting = others._amazon_not_left()
        return bool(waiting) and self.env._(
            "%(orders)s goes with %(others)s. Validate %(deliveries)s first.",
            orders=", ".join(along.mapped("name")),
            others=", ".join(others.mapped("name")),
            deliveries=", ".join(waiting.mapped("name")),
        )

    def _amazon_not_left(self):
        """Return the orders' deliveries that are still to go to the customer."""
        return self.picking_ids._amazon_to_leave()

    def _amazon_left(self):
        """Return the orders' deliveries that have gone to the customer."""
        return self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.picking_type_code == "outgoing"
        )
