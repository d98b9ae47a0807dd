from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.confirmations.amazon_confirmation import clean_number
from ..models.engine.amazon_outbox import API_STATUSES, FAILED, worst
from ..notices import CLOSE, notice
from .amazon_order_search import listed

# A search shows no more; a person cannot look through more either.
MOST = 500


class AmazonCompletion(models.TransientModel):
    """N12, 一括注文完了: search orders, correct their tracking numbers, confirm those that are ticked."""

    _name = "amazon.completion"
    _inherit = ["amazon.guard", "amazon.order.search"]
    _description = "Bulk Completion of Amazon Orders"

    display_name = fields.Char(compute="_compute_display_name")
    state = fields.Selection(
        [("search", "Search"), ("choose", "Choose"), ("running", "Confirm")], default="search", readonly=True
    )
    scope = fields.Selection(
        [("open", "Shipped, not confirmed yet"), ("all", "Also what is confirmed or has not left")],
        "Which Orders",
        required=True,
        default="open",
    )
    line_ids = fields.One2many("amazon.completion.line", "wizard_id")
    not_found = fields.Text(readonly=True)
    is_cut = fields.Boolean(readonly=True, help="More was found than is shown")
    lacks_numbers = fields.Boolean(compute="_compute_counts")
    found_count = fields.Integer(compute="_compute_counts")
    selected_count = fields.Integer(compute="_compute_counts")
    done_count = fields.Integer("Done", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    open_count = fields.Integer("To Do", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    is_running = fields.Boolean(compute="_compute_counts")

    # === COMPUTE METHODS === #

    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("Bulk Completion")

    @api.depends("line_ids.is_selected", "line_ids.outcome", "line_ids.lacks_number", "state")
    def _compute_counts(self):
        for wizard in self:
            lines = wizard.line_ids.filtered("is_selected")
            outcomes = lines.mapped("outcome") if wizard.state == "running" else []
            wizard.lacks_numbers = any(wizard.line_ids.mapped("lacks_number"))
            wizard.found_count = len(wizard.line_ids)
            wizard.selected_count = len(lines)
            wizard.done_count = outcomes.count("done")
            wizard.failed_count = outcomes.count("failed")
            wizard.waiting_count = outcomes.count("waiting")
            wizard.open_count = outcomes.count("open")
            wizard.progress = 100 * (1 - wizard.open_count / len(outcomes)) if outcomes else 0
            wizard.is_running = bool(wizard.open_count)

    # === ACTION METHODS === #

    def action_search(self):
        """Show the orders that were asked for, those that can be sent already ticked.

        :raise UserError: when nothing says which orders are meant.
        """
        self.ensure_one()
        self.env["sale.order"].check_access("write")
        numbers = self._asked_numbers()
        orders = self.env["sale.order"].search(self._domain(numbers), order="date_order, id", limit=MOST + 1)
        known = {name.upper() for order in orders for name in (order.name, order.amazon_order_ref)}
        missing = [number for number in numbers if number.upper() not in known]
        if numbers:
            place = {number.upper(): place for place, number in enumerate(numbers)}
            orders = orders.sorted(lambda order: place.get(order.amazon_order_ref, place.get(order.name.upper())))
        self.line_ids.unlink()
        lines = self.env["amazon.completion.line"].create(
            [{"wizard_id": self.id, **values} for order in orders[:MOST] for values in self._values(order)]
        )
        if self.scope == "open" and not numbers:
            # Another delivery of the same order.
            lines.filtered(lambda line: line.api_status == "done").unlink()
            lines = lines.exists()
        # From now on what is being sent cannot be ticked.
        self.state = "choose"
        for line in lines:
            line.is_selected = line._is_ready()
        self.write(
            {
                "is_cut": len(orders) > MOST,
                "not_found": listed(missing) if len(orders) <= MOST else False,
            }
        )
        return True

    def action_select_all(self):
        """Tick everything that can be sent and is not with Amazon yet, or gets another number; say so of the rest."""
        self._select(lambda line: line._is_ready())
        left_out = self.found_count - self.selected_count
        message = self.env._(
            "%(ticked)s ticked, %(left)s not: the last column says why, or Amazon has them already.",
            ticked=self.selected_count,
            left=left_out,
        )
        return not left_out or notice(message, "info" if self.selected_count else "warning", CLOSE)

    def action_select_none(self):
        """Tick nothing."""
        self._select(lambda line: False)

    def action_confirm(self):
        """Write the changed tracking numbers and have what is ticked sent now.

        :raise UserError: when nothing is ticked.
        """
        self.ensure_one()
        self.env["sale.order"].check_access("write")
        lines = self.line_ids.filtered("is_selected")
        if self.state != "choose" or not lines:
            raise UserError(self.env._("Tick the orders that are to be confirmed."))
        lines.order_id.check_access("write")
        for line in lines:
            line._write_number()
        Confirmation = self.env["amazon.confirmation"]
        Confirmation._make(lines.picking_id)
        # What Amazon has, and has no other number for, is left alone.
        lines._rows().filtered(lambda row: row.state not in ("sending", "done"))._request()
        self.state = "running"
        return True

    def action_refresh(self):
        """Look how far it is."""
        return True

    def action_back(self):
        """Search again with the same words."""
        self.ensure_one()
        self.check_access("write")
        self.line_ids.unlink()
        self.write({"state": "search", "not_found": False, "is_cut": False})
        return True

    def action_view_failed(self):
        """Open the history of what was ticked."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        rows = self.line_ids.filtered("is_selected")._rows()
        return {**action, "domain": [("id", "in", rows.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _select(self, chosen):
        self.ensure_one()
        self.check_access("write")
        for line in self.line_ids:
            line.is_selected = chosen(line)
        return True

    def _domain(self, numbers):
        domain = super()._domain(numbers)
        if numbers:
            return domain
        domain &= Domain("amazon_channel", "=", "fbm")
        if self.scope == "open":
            # What Amazon waits for and nothing here brings cannot be sent.
            domain &= Domain("amazon_open_units", "=", 0)
            domain &= Domain("amazon_api_status", "!=", "done") & (
                Domain("picking_ids", "any", [("state", "=", "done"), ("picking_type_code", "=", "outgoing")])
                | Domain("amazon_confirmation_ids", "any", [])
            )
        return domain

    def _values(self, order):
        """Return a line for each delivery of an order that has left; one that says so where none has."""
        pickings = order._amazon_left() | order.sudo().amazon_confirmation_ids.picking_id
        # What is read of one is read of all.
        pickings = pickings.with_prefetch(order.picking_ids._prefetch_ids)
        return [
            {"order_id": order.id, "picking_id": picking.id, "tracking_number": picking._amazon_number_entered()}
            for picking in pickings or [pickings]
        ]


class AmazonCompletionLine(models.TransientModel):
    _name = "amazon.completion.line"
    _inherit = "amazon.guard"
    _description = "Delivery in the Bulk Completion"

    wizard_id = fields.Many2one("amazon.completion", required=True, ondelete="cascade", index=True)
    is_selected = fields.Boolean("Confirm")
    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    amazon_order_ref = fields.Char(related="order_id.amazon_order_ref")
    amazon_url = fields.Char(related="order_id.amazon_url")
    date_order = fields.Datetime(related="order_id.date_order", string="Order Date")
    picking_id = fields.Many2one("stock.picking", "Delivery", readonly=True, ondelete="cascade")
    carrier_id = fields.Many2one(related="picking_id.carrier_id")
    tracking_number = fields.Char()
    number_is_fixed = fields.Boolean(compute="_compute_number_is_fixed")
    api_status = fields.Selection(API_STATUSES, "API Status", compute="_compute_status")
    can_send = fields.Boolean(compute="_compute_status")
    message = fields.Text("Why", compute="_compute_status")
    lacks_number = fields.Boolean(compute="_compute_status")
    outcome = fields.Selection(
        [("open", "To Do"), ("done", "Done"), ("failed", "Failed"), ("waiting", "Waiting")], compute="_compute_status"
    )

    # === COMPUTE METHODS === #

    @api.depends("picking_id")
    def _compute_number_is_fixed(self):
        for line in self:
            packages = line.picking_id.sudo().move_line_ids.result_package_id.filtered("amazon_tracking_ref")
            line.number_is_fixed = not line.picking_id or len(packages) > 1

    @api.depends("order_id", "picking_id", "wizard_id.state", "tracking_number")
    def _compute_status(self):
        for line in self:
            line._set_why(line._why_impossible())

    def _set_why(self, why):
        rows = self._rows()
        states = rows.mapped("state")
        self.api_status = worst(states) or (False if why else "not_sent")
        self.can_send = not why
        self.lacks_number = False
        reasons = dict.fromkeys(filter(None, self._reasons(rows)))
        self.message = why or "\n".join(reasons) or False
        if any(row.state == "sending" or (row.state == "not_sent" and not row.message) for row in rows):
            self.outcome = "open"
        elif set(states) & set(FAILED):
            self.outcome = "failed"
        else:
            self.outcome = "done" if rows and set(states) == {"done"} else "waiting"

    def _reasons(self, rows):
        """Return for each confirmation why it is not with Amazon; with a number just typed, why it would not be."""
        number, reasons = self._new_number(), []
        for row in rows:
            missing = row.state == "not_sent" and row._why_number_missing(number)
            if missing and row._obstacle(number) == missing:
                # What to do about it stands once above all of them.
                self.lacks_number = True
                reasons.append(self.env._("The tracking number is missing."))
            elif number is None:
                reasons.append(row._reason_shown())
            else:
                reasons.append(row._obstacle(number) or row._why_excluded())
        return reasons

    def _why_impossible(self):
        """Return why this cannot be confirmed from here at all, or False.

        :rtype: str | bool
        """
        order = self.order_id.sudo()  # sudo: the outbox is the addon's own
        if order.amazon_channel == "fba":
            return self.env._("Amazon ships it (FBA).")
        if not order._amazon_is_ours():
            return self.env._("Amazon confirms this order itself.")
        if not self.picking_id:
            return self.env._("No delivery has left yet.")
        if order.amazon_on_hold:
            return self.env._("The order is on hold.")
        if self._rows().filtered(lambda row: row.state == "sending") and self.wizard_id.state == "choose":
            return self.env._("It is being sent; wait for Amazon's answer.")
        return False

    @api.onchange("tracking_number")
    def _onchange_tracking_number(self):
        # Who corrects a number wants it to be sent.
        if self.can_send and self._new_number() is not None:
            self.is_selected = True

    # === ACTION METHODS === #

    def action_open_order(self):
        """Open the order in Odoo, beside this list."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "target": "new",
            "url": f"/odoo/sales/{self.order_id.id}",
        }

    def action_open_amazon(self):
        """Open the order in Seller Central."""
        self.ensure_one()
        return self.order_id.action_amazon_open()

    # === BUSINESS METHODS === #

    def _is_ready(self):
        """Tell whether this is not with Amazon yet, nothing is known that would stop it, and the account wants it."""
        self.ensure_one()
        number = self._new_number()
        stands_against = any(row._obstacle(number) or row._why_excluded() for row in self._rows())
        return self.can_send and (self.api_status != "done" or number is not None) and not stands_against

    def _new_number(self):
        """Return the first of the tracking numbers typed here, False: they were taken away; None: none was typed."""
        number = clean_number(self.tracking_number) or False
        if self.number_is_fixed or number == (self.picking_id._amazon_number_entered() or False):
            return None
        return number and number.split(",")[0]

    def _rows(self):
        """Return the confirmations of these deliveries, each for its own order."""
        rows = self.env["amazon.confirmation"].sudo()  # sudo: the outbox is the addon's own
        known = rows
        for line in self:
            known = line.order_id.sudo().amazon_confirmation_ids
            rows |= known.filtered(lambda row, line=line: row.picking_id == line.picking_id)
        # What is read of one is read of all.
        return rows.with_prefetch(known._prefetch_ids)

    def _write_number(self):
        """Write a changed tracking number on the delivery; here it stands as it is told from now on."""
        if self._new_number() is not None:
            self.tracking_number = clean_number(self.tracking_number) or False
            self.picking_id._amazon_enter_number(self.tracking_number)
