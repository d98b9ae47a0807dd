import math

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...const import AWAITING_PAYMENT
from ...order_numbers import part_of_number, whole_number
from ...ours import OURS, Noted, is_ours
from ..engine.amazon_outbox import API_STATUSES, worst
from ..engine.amazon_search import pointing
from ..engine.trigram import by_letters, letters, trigram
from .amazon_confirmation import clean_number

# What Amazon is told of a delivery that is done; when a person changes it, Amazon is told again.
CONFIRMED_FIELDS = {"carrier_tracking_ref", "carrier_id", "amazon_ship_date", "amazon_send_untracked", "date_done"}


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "amazon.search"]

    # Stored: to look for a million deliveries by their orders takes ten times as long.
    amazon_account_id = fields.Many2one(related="sale_id.amazon_account_id", store=True)
    amazon_order_ref = fields.Char(related="sale_id.amazon_order_ref", store=True)
    amazon_channel = fields.Selection(related="sale_id.amazon_channel")
    amazon_ship_by = fields.Datetime(related="sale_id.amazon_ship_by")
    amazon_deliver_by = fields.Datetime(related="sale_id.amazon_deliver_by")
    amazon_late = fields.Selection(related="sale_id.amazon_late")
    amazon_gift_note = fields.Text(related="sale_id.amazon_gift_note")
    amazon_instructions = fields.Text(related="sale_id.amazon_instructions")
    amazon_phase_id = fields.Many2one(related="sale_id.amazon_phase_id")
    amazon_review_reasons = fields.Text(related="sale_id.amazon_review_reasons")
    amazon_blocked = fields.Char(compute="_compute_amazon_blocked")
    amazon_confirmation_ids = fields.One2many(
        "amazon.confirmation", "picking_id", "Shipping Confirmations", readonly=True
    )
    amazon_api_status = fields.Selection(
        API_STATUSES, "API Status", compute="_compute_amazon_api_status", store=True, index="btree_not_null"
    )
    amazon_ship_date = fields.Date(
        "Ship Date",
        copy=False,
        help="As told to Amazon; the day it was done, if empty",
        write_groups="stock.group_stock_user",
    )
    amazon_send_untracked = fields.Boolean(
        "Send without Tracking Number",
        copy=False,
        help="Confirm this delivery to Amazon although its delivery method has a tracking number and none is here.",
        write_groups="stock.group_stock_user",
    )
    amazon_api_message = fields.Text("API Message", compute="_compute_amazon_api_message")
    amazon_warning = fields.Text(compute="_compute_amazon_warning")

    amazon_text = fields.Char("Delivery", store=False, readonly=True, copy=False, search="_search_amazon_text")

    # Deliveries to do, in the order of their list.
    _amazon_to_do_idx = models.Index("(date_deadline, id) WHERE (state NOT IN ('done', 'cancel') OR state IS NULL)")
    # What has left, in the same order. A period is looked for in the index, not in a million rows before it.
    _amazon_deadline_idx = models.Index("(date_deadline, id, date_done)")
    _amazon_untracked_idx = models.Index(
        "(date_deadline, id) WHERE (carrier_tracking_ref IN ('') OR carrier_tracking_ref IS NULL)"
    )
    _amazon_tracking_idx = models.Index(trigram("carrier_tracking_ref"))
    _amazon_parts = ("amazon_text", "amazon_order_ref", "partner_id")
    _amazon_letters = ("name", "origin", "amazon_order_ref")
    _amazon_order_ref_idx = models.Index(trigram("amazon_order_ref"))
    _amazon_order_ref_letters_idx = models.Index(letters("amazon_order_ref"))
    _amazon_name_letters_idx = models.Index(letters("name"))
    _amazon_origin_letters_idx = models.Index(letters("origin"))

    # === COMPUTE METHODS === #

    @api.depends("amazon_phase_id", "amazon_review_reasons", "amazon_channel", "state", "sale_id.amazon_unapplied")
    def _compute_amazon_blocked(self):
        still = self.filtered(lambda picking: picking.state not in ("done", "cancel"))
        still._amazon_read_unapplied()
        for picking in self:
            picking.amazon_blocked = picking in still and picking._amazon_why_blocked()

    @api.depends(
        "amazon_confirmation_ids.state",
        "state",
        "picking_type_id.code",
        "sale_id.amazon_channel",
        "sale_id.amazon_programs",
        "sale_id.amazon_status_by_hand",
    )
    def _compute_amazon_api_status(self):
        for picking in self:
            ours = picking.picking_type_id.code == "outgoing" and picking._amazon_orders()
            states = picking.amazon_confirmation_ids.mapped("state") if ours else []
            if ours and picking.state not in ("done", "cancel"):
                by_hand = set(ours.mapped("amazon_status_by_hand")) == {"done"}
                states.append("done" if by_hand else "not_sent")
            picking.amazon_api_status = worst(states)

    @api.depends(
        "amazon_confirmation_ids.message", "amazon_confirmation_ids.advice", "amazon_confirmation_ids.retry_at"
    )
    @api.depends_context("lang", "uid")
    def _compute_amazon_api_message(self):
        for picking in self:
            # sudo: a warehouse hand may have no access to Amazon's outbox, but has to mend what stands against it
            texts = (row._explanation() for row in picking.sudo().amazon_confirmation_ids)
            picking.amazon_api_message = "\n".join(dict.fromkeys(filter(None, texts))) or False

    @api.depends(
        "carrier_id",
        "carrier_tracking_ref",
        "state",
        "amazon_send_untracked",
        "amazon_channel",
        "move_line_ids.result_package_id.amazon_tracking_ref",
        "sale_id.amazon_payment_method",
        "amazon_api_message",
        "move_ids.amazon_transparency_codes",
        "move_ids.quantity",
        "move_ids.product_uom_qty",
    )
    def _compute_amazon_warning(self):
        for picking in self:
            ours = picking.picking_type_id.code == "outgoing" and picking.state not in ("draft", "cancel")
            ours = ours and picking.sudo()._amazon_orders()  # sudo: see _compute_amazon_api_message
            told = picking.amazon_api_status in ("done", "sending")
            # sudo: see above. The message says what is to be done first.
            told = told or any(row._message_now() for row in picking.sudo().amazon_confirmation_ids)
            warnings = picking._amazon_warnings() if ours and not told else []
            picking.amazon_warning = "\n".join(warnings) or False

    def _amazon_warnings(self):
        """Return what is worth knowing before Amazon is told of this delivery."""
        carrier = self.carrier_id
        codes = self._amazon_codes_warnings()
        if not carrier or carrier == self.env.ref("sale_amazon_spapi.carrier_provisional"):
            return [self.env._("Choose the delivery method: Amazon must be told the carrier."), *codes]
        facts = carrier._amazon_shipment_facts()
        warnings = [carrier._amazon_why_unnamed()] if carrier.amazon_carrier_warning else []
        if not facts["mapped"]:
            warnings.append(
                self.env._(
                    "“%s” is not linked to a shipping method of Amazon; it goes as “Other” with its own name, if the"
                    " account allows it.",
                    carrier.name,
                )
            )
        elif facts["label_missing"]:
            warnings.append(self.env._("“%s” has no text to send as ship method; its own name is sent.", carrier.name))
        packages = self.move_line_ids.result_package_id
        tracked = self.carrier_tracking_ref or (packages and all(packages.mapped("amazon_tracking_ref")))
        if facts["tracking_required"] and not tracked:
            warnings.append(self.env._("No tracking number: Amazon lowers your valid tracking rate."))
        if self.state != "done":
            # Of what has left the confirmation itself says it.
            warnings += filter(None, map(self.env["amazon.confirmation"]._why_number_wrong, self._amazon_numbers()))
        return warnings + codes + self._amazon_payment_warnings()

    def _amazon_codes_warnings(self):
        """Return for which products Transparency codes are still to be scanned while they are packed; of what has left
        the confirmation says it."""
        if self.state == "done":
            return []
        warnings = []
        # sudo: see _compute_amazon_api_message
        moves = self.sudo().move_ids.filtered(lambda move: move.amazon_needs_codes and move.state != "cancel")
        for line, parts in moves.grouped("sale_line_id").items():
            # A kit's codes may be entered on any of its components.
            codes, units = sum(len(move._amazon_codes()) for move in parts), math.ceil(line._amazon_units_in(parts))
            if codes != units:
                warnings.append(
                    self.env._(
                        "Scan one Transparency code for each unit of %(product)s: %(codes)s of %(units)s are there."
                        " Amazon takes no confirmation without them.",
                        product=line.product_id.name,
                        codes=codes,
                        units=units,
                    )
                )
        return warnings

    def _amazon_payment_warnings(self):
        """Return where what the carrier collects and how the orders in the parcel are paid do not go together."""
        collects = self.carrier_id._amazon_collects(self.company_id)
        if collects is None:
            return []
        # sudo: see _compute_amazon_api_message
        picking = self.sudo()
        orders = (picking | picking._amazon_same_parcel())._amazon_orders()
        orders |= orders.amazon_merged_child_ids.filtered(lambda child: child.state == "cancel")
        unpaid = orders.filtered(lambda order: order.amazon_payment_method == "cod")
        if unpaid and not collects:
            return [
                self.env._(
                    "%(order)s is paid on delivery, but “%(method)s” does not collect the money.",
                    order=", ".join(unpaid.mapped("name")),
                    method=self.carrier_id.name,
                )
            ]
        paid = orders.filtered(lambda order: order.amazon_payment_method in ("convenience_store", "other"))
        if paid and collects and not unpaid:
            return [
                self.env._(
                    "%(order)s is paid already, but “%(method)s” collects money on delivery.",
                    order=", ".join(paid.mapped("name")),
                    method=self.carrier_id.name,
                )
            ]
        return []

    def _amazon_read_unapplied(self):
        """Read for all these deliveries at once what Amazon has changed and is not applied now, and what stands
        against their orders."""
        # sudo: see _amazon_why_blocked
        orders = self.sudo().move_ids.sale_line_id.order_id.filtered("amazon_account_id")
        orders = (orders | orders.amazon_merged_child_ids).with_context(lang=self.env.lang)
        orders.invalidate_recordset(["amazon_unapplied"], flush=False)
        orders.mapped("amazon_unapplied")
        orders.filtered("amazon_review_reasons").mapped("amazon_has_unknown_sku")

    def _amazon_why_blocked(self):
        """Return why this delivery must not be validated now, or False."""
        self.ensure_one()
        # sudo: a warehouse hand may have no access to Amazon, but must not ship what somebody has to look at
        orders = self.sudo().move_ids.sale_line_id.order_id.filtered("amazon_account_id")
        for order in orders.with_context(lang=self.env.lang):
            if order.amazon_channel == "fba" and order.amazon_status not in ("shipped", "partially_shipped"):
                return self.env._("Amazon ships this order (FBA); it is done by itself when Amazon reports it.")
            if order.amazon_on_hold:
                return self.env._("%s is on hold.", order.name)
            if uncertain := self._amazon_why_uncertain(order):
                return uncertain
            if order.amazon_phase_id.role == "review" or order._amazon_to_review():
                return order._amazon_say_review()
        # What was cancelled here to go along with them.
        along = orders.amazon_merged_child_ids._amazon_goes_along().with_context(lang=self.env.lang)
        return next(filter(None, map(self._amazon_why_uncertain, along)), False)

    @api.model
    def _amazon_why_uncertain(self, order):
        """Return why Amazon may not want an order's goods any more, or not as they are known here, or False.

        :param order: the ``sale.order``.
        """
        if order.amazon_unapplied:
            return order.amazon_unapplied
        if order.amazon_status in AWAITING_PAYMENT:
            return self.env._("%s is not paid on Amazon any more; it goes on by itself once it is.", order.name)
        return False

    # === SEARCH METHODS === #

    def _search_amazon_text(self, operator, value):
        """What is typed into the search box: the number of the delivery, or its order's here or on Amazon."""
        if operator != "ilike":
            return NotImplemented
        part = part_of_number(value)
        parts = by_letters(self, Domain("name", operator, part) | Domain("origin", operator, part))
        return self._amazon_ordered(value) | parts

    @api.model
    def _amazon_looked_up(self, condition):
        name, operator, text = condition.field_expr, condition.operator, condition.value
        if name == "amazon_order_ref" and operator in ("ilike", "not ilike") and text and isinstance(text, str):
            found = self._amazon_ordered(text)
            return found if operator == "ilike" else ~found
        return super()._amazon_looked_up(condition)

    @api.model
    def _amazon_ordered(self, text):
        """Return the domain of the deliveries of orders with the text in Amazon's number."""
        if number := whole_number(text):
            return pointing(self, "sale_id", Domain("amazon_order_ref", "=", number))
        return by_letters(self, Domain("amazon_order_ref", "ilike", part_of_number(text)))

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.get("carrier_tracking_ref") and self.amazon_account_id:
            vals = {**vals, "carrier_tracking_ref": clean_number(vals["carrier_tracking_ref"])}
        # What is done just now is told by _action_done, when everything has been written.
        done = self.filtered("date_done") if CONFIRMED_FIELDS & set(vals) else self.browse()
        result = super().write(vals)
        if done and not is_ours(self.env, "amazon_has_left"):
            self.env["amazon.confirmation"]._make(done)
        if CONFIRMED_FIELDS & set(vals):
            self.filtered("amazon_account_id").company_id._amazon_changed()
        return result

    # === ACTION METHODS === #

    def button_validate(self):
        """Refuse what a person has to look at first; keep builders from the stock meanwhile."""
        self.picking_type_id.warehouse_id._amazon_share_stock()
        if not self.env.su:
            # The newest word counts, not what was known when the screen was opened.
            self._amazon_read_unapplied()
            for picking in self:
                if blocked := picking._amazon_why_blocked():
                    raise UserError(blocked)
        if all(picking.amazon_account_id for picking in self):
            # Nor is anybody asked whether buyers should get a text message: they never do.
            return super(StockPicking, self.with_context(skip_sms=True)).button_validate()
        return super().button_validate()

    def action_amazon_confirm_now(self):
        """Tell Amazon of these deliveries soon, whatever the phase."""
        self._amazon_check_group()
        self.check_access("write")
        return self.env["amazon.confirmation"]._make(self)._confirm_now()

    # === BUSINESS METHODS === #

    def _amazon_to_leave(self):
        """Return those of these deliveries that are still to go to a customer, and the steps before: Odoo makes the
        next one only when they are done."""
        return self.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel")
                and (
                    picking.picking_type_id.code == "outgoing"
                    or "customer" in picking.move_ids.location_final_id.mapped("usage")
                )
            )
        )

    def _action_done(self):
        # sudo: see _compute_amazon_api_message. Its moves take the order along into the next phase.
        phases = Noted((order.id, order.amazon_phase_id.id) for order in self.sudo()._amazon_orders())
        picking = self.with_context(amazon_phases=phases, amazon_delivering=OURS)
        result = super(StockPicking, picking)._action_done()
        if not is_ours(self.env, "amazon_has_left"):
            picking.env["amazon.confirmation"]._make(picking)
        return result

    def _send_confirmation_email(self):
        """Odoo never mails or texts an Amazon buyer by itself, whatever the company's option says."""
        amazon = self.filtered(lambda picking: picking.move_ids.sale_line_id.order_id.amazon_account_id)
        super(StockPicking, self - amazon)._send_confirmation_email()
        return super(
            StockPicking, amazon.with_context(skip_sms=True, amazon_no_buyer_mail=OURS)
        )._send_confirmation_email()

    def message_post_with_source(self, source_ref, **kwargs):
        """Skip what :meth:`_send_confirmation_email` would send to a buyer."""
        if is_ours(self.env, "amazon_no_buyer_mail"):
            return self.env["mail.message"]
        return super().message_post_with_source(source_ref, **kwargs)

    def _add_delivery_cost_to_so(self):
        # What the carrier charges the shop is not on the buyer's order.
        if not self.amazon_account_id:
            return super()._add_delivery_cost_to_so()
        return None

    def send_to_shipper(self):
        """What has left already needs no label of a carrier any more."""
        if is_ours(self.env, "amazon_has_left"):
            return None
        return super().send_to_shipper()

    def _amazon_after_shipped(self, moment, packages=()):
        result = super()._amazon_after_shipped(moment, packages)
        for picking in self.filtered("amazon_order_ref"):
            self.env["amazon.confirmation"]._record_elsewhere(picking, packages)
        return result
