from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import plaintext2html
from odoo.tools.translate import LazyTranslate

from ...const import AWAITING_PAYMENT, DEAD, TO_SHIP
from ...notices import notice
from ...ours import is_ours
from .amazon_order_update import OPEN
from .amazon_phase import ROLES

_lt = LazyTranslate(__name__)

WITH_AMAZON = _lt("With Amazon (FBA)")

# What screens follow of an order; the rest of what changes by itself stands in rows that they follow, too.
FOLLOWED = {
    "state",
    "carrier_id",
    "amazon_phase_id",
    "amazon_on_hold",
    "amazon_reviewed",
    "amazon_merged_into_id",
    "amazon_status",
}
# Amazon's like the lines; Odoo computes them without asking.
LOCKED_FIELDS = {
    "partner_id",
    "company_id",
    "pricelist_id",
    "currency_id",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
}


class SaleOrder(models.Model):
    """An order from Amazon as a person sees and works on it. How it is made from what Amazon sends
    stands in ``sale_order_build.py``."""

    _inherit = "sale.order"
    _rec_names_search = ["name", "partner_id.name", "amazon_order_ref"]

    amazon_account_id = fields.Many2one(
        "amazon.account", readonly=True, copy=False, index="btree_not_null", check_company=True, ondelete="restrict"
    )
    amazon_merchant_id = fields.Char("Merchant Token", readonly=True, copy=False)
    amazon_order_ref = fields.Char("Amazon Order", readonly=True, copy=False)
    amazon_marketplace_id = fields.Many2one("amazon.marketplace", readonly=True, copy=False)
    amazon_channel = fields.Selection(
        [("fbm", "Own Shipping"), ("fba", "Amazon FBA"), ("df", "Direct Fulfillment")],
        readonly=True,
        copy=False,
    )
    amazon_status = fields.Selection(
        [
            ("pending_availability", "Pre-order"),
            ("pending", "Pending"),
            ("unshipped", "Unshipped"),
            ("partially_shipped", "Partially Shipped"),
            ("shipped", "Shipped"),
            ("cancelled", "Cancelled"),
            ("unfulfillable", "Unfulfillable"),
        ],
        "Status on Amazon",
        readonly=True,
        copy=False,
    )
    amazon_status_raw = fields.Char(
        "Status as Received", readonly=True, copy=False, help="A status that this version does not know yet"
    )
    amazon_payment_state = fields.Selection(
        [("awaiting", "Awaiting Payment"), ("paid", "Paid")], "Amazon Payment", readonly=True, copy=False
    )
    amazon_payment_method = fields.Selection(
        [
            ("provisional", "Amazon provisional payment method"),
            ("cod", "Cash on Delivery"),
            ("convenience_store", "Convenience Store"),
            ("other", "Other Prepaid"),
        ],
        readonly=True,
        copy=False,
    )
    amazon_phase_id = fields.Many2one(
        "amazon.phase",
        "Phase",
        copy=False,
        index="btree_not_null",
        group_expand="_group_expand_amazon_phase",
        check_company=True,
        write_groups="sale_amazon_spapi.group_amazon_user",
        falsy_value_label=WITH_AMAZON,
    )
    amazon_phase_role = fields.Selection(
        ROLES,
        "Phase Role",
        compute="_compute_amazon_phase_role",
        search="_search_amazon_phase_role",
        compute_sudo=True,
    )
    amazon_kept_role = fields.Char(
        readonly=True,
        copy=False,
        help="The order was put where it stands on purpose; it moves by itself once the facts say something else.",
    )
    amazon_on_hold = fields.Boolean(
        "On Hold",
        copy=False,
        tracking=True,
        help="Kept in review and not confirmed to Amazon",
        write_groups="sale_amazon_spapi.group_amazon_user",
    )
    amazon_review_reasons = fields.Text("To Review", readonly=True, copy=False)
    amazon_reviewed = fields.Boolean(
        copy=False, help="A person has seen what there is to review", write_groups="sale_amazon_spapi.group_amazon_user"
    )
    amazon_total = fields.Monetary("Amazon's Total", readonly=True, copy=False)
    amazon_points = fields.Integer("Points Granted", readonly=True, copy=False)
    amazon_service_level = fields.Char(
        "Service Level as Received", readonly=True, copy=False, help="Amazon's own word, which may be one not known yet"
    )
    amazon_service_level_name = fields.Char("Service Level", compute="_compute_amazon_service_level_name")
    amazon_programs = fields.Char("Programs", readonly=True, copy=False)
    amazon_purchase_order = fields.Char("Buyer's PO Number", readonly=True, copy=False)
    amazon_purchase_date = fields.Datetime("Ordered on Amazon", readonly=True, copy=False)
    amazon_ship_by = fields.Datetime("Ship by", readonly=True, copy=False, index=True)
    amazon_deliver_by = fields.Datetime("Deliver by", readonly=True, copy=False)
    amazon_delivered_at = fields.Datetime("Delivered on", readonly=True, copy=False)
    amazon_last_update = fields.Datetime("Changed on Amazon", readonly=True, copy=False)
    amazon_version = fields.Char(readonly=True, copy=False)
    amazon_gift_note = fields.Text("Gift Message", readonly=True, copy=False)
    amazon_instructions = fields.Text("Delivery Instructions", readonly=True, copy=False)
    amazon_cancel_requested = fields.Boolean("Buyer Asks to Cancel", readonly=True, copy=False)
    amazon_to_reserve = fields.Boolean(readonly=True, copy=False)
    amazon_merged_into_id = fields.Many2one(
        "sale.order",
        "Combined into",
        readonly=True,
        copy=False,
        index="btree_not_null",
        write_groups="sale_amazon_spapi.group_amazon_user",
    )
    amazon_copied_from_id = fields.Many2one(
        "sale.order", "Copied from", readonly=True, copy=False, index="btree_not_null"
    )
    amazon_original_refs = fields.Char(
        "Replacement for",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The Amazon orders that this one replaces, or was exchanged for",
    )
    amazon_original_ids = fields.Many2many(
        "sale.order", string="Replaced Orders", compute="_compute_amazon_originals_and_replacements"
    )
    amazon_replacement_ids = fields.Many2many(
        "sale.order", string="Replaced by", compute="_compute_amazon_originals_and_replacements"
    )
    amazon_merged_child_ids = fields.One2many("sale.order", "amazon_merged_into_id", "Combined Orders", readonly=True)
    amazon_copy_ids = fields.One2many("sale.order", "amazon_copied_from_id", "Copies", readonly=True)
    amazon_item_ids = fields.One2many("amazon.order.item", "order_id", "Amazon Items", readonly=True)
    amazon_address_id = fields.Many2one(
        "res.partner",
        "Address on Amazon",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Where Amazon last said it goes; a person may have chosen another address here.",
    )
    amazon_purged = fields.Boolean("Personal Data Removed", readonly=True, copy=False)
    amazon_url = fields.Char("Seller Central", compute="_compute_amazon_url")
    amazon_has_unknown_sku = fields.Boolean("Unknown SKU", compute="_compute_amazon_has_unknown_sku")
    amazon_content_locked = fields.Boolean(compute="_compute_amazon_content_locked")
    amazon_late = fields.Selection(
        [("late", "Late"), ("today", "Today"), ("later", "Later")],
        "Ship-by",
        compute="_compute_amazon_late",
        search="_search_amazon_late",
    )

    _amazon_order_ref_uniq = models.UniqueIndex(
        "(amazon_order_ref, amazon_merchant_id) WHERE amazon_order_ref IS NOT NULL",
        "This Amazon order is in Odoo already.",
    )
    _amazon_date_idx = models.Index("(amazon_account_id, date_order) WHERE amazon_account_id IS NOT NULL")
    _amazon_to_reserve_idx = models.Index("(id) WHERE amazon_to_reserve")

    # === COMPUTE METHODS === #

    @api.depends("amazon_order_ref", "amazon_merchant_id", "amazon_original_refs")
    def _compute_amazon_originals_and_replacements(self):
        """Either of them may come in first, so they are looked up by their numbers."""
        for order in self:
            originals = (order.amazon_original_refs or "").split(", ")
            same = Domain("amazon_merchant_id", "=", order.amazon_merchant_id)
            order.amazon_original_ids = order.amazon_original_refs and self.search(
                same & Domain("amazon_order_ref", "in", originals)
            )
            # Next to no order replaces another one: the index holds only those.
            replacing = Domain("amazon_original_refs", "!=", False)
            ref = order.amazon_order_ref
            order.amazon_replacement_ids = ref and self.search(
                same & replacing & Domain("amazon_original_refs", "like", ref)
            ).filtered(lambda other, ref=ref: ref in other.amazon_original_refs.split(", "))

    @api.depends("amazon_service_level")
    @api.depends_context("lang")
    def _compute_amazon_service_level_name(self):
        field = self.env["amazon.shipping.rule"]._fields["service_level"]
        words = dict(field._description_selection(self.env))
        for order in self:
            order.amazon_service_level_name = words.get(order.amazon_service_level, order.amazon_service_level)

    @api.depends("amazon_order_ref", "amazon_account_id")
    def _compute_amazon_url(self):
        for order in self:
            order.amazon_url = order.amazon_account_id._order_url(order.amazon_order_ref)

    @api.depends("order_line.amazon_is_placeholder")
    def _compute_amazon_has_unknown_sku(self):
        for order in self:
            order.amazon_has_unknown_sku = any(order.order_line.mapped("amazon_is_placeholder"))

    @api.depends("amazon_order_ref")
    @api.depends_context("uid")
    def _compute_amazon_content_locked(self):
        """Tell the form what ``_amazon_check_locked`` would refuse."""
        manager = self.env.user.has_group("sale_amazon_spapi.group_amazon_manager")
        for order in self:
            order.amazon_content_locked = bool(order.amazon_order_ref) and not manager

    @api.depends("amazon_ship_by", "amazon_status", "state")
    def _compute_amazon_late(self):
        now = fields.Datetime.now()
        for order in self:
            if not order.amazon_ship_by or not order._amazon_is_open():
                order.amazon_late = False
            elif order.amazon_ship_by < now:
                order.amazon_late = "late"
            else:
                end = order.amazon_marketplace_id._midnight()
                order.amazon_late = "today" if order.amazon_ship_by < end else "later"

    def _search_amazon_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        open_orders = (
            Domain("amazon_status", "in", TO_SHIP)
            & Domain("state", "=", "sale")
            & Domain("amazon_ship_by", "!=", False)
        )
        found = Domain("amazon_ship_by", "<", now) if "late" in value else Domain.FALSE
        marketplaces = self.env["amazon.marketplace"].search_fetch([("api_ref", "!=", False)], ["tz"])
        # The end of the day is another moment in every time zone.
        ends = marketplaces.grouped(lambda marketplace: marketplace._midnight())
        # What vendors ship is of no marketplace.
        nowhere = marketplaces.browse()
        for end, there in [*ends.items(), (nowhere._midnight(), nowhere)]:
            here = Domain("amazon_marketplace_id", "in", there.ids or [False])
            if "today" in value:
                found |= here & Domain("amazon_ship_by", ">=", now) & Domain("amazon_ship_by", "<", end)
            if "later" in value:
                found |= here & Domain("amazon_ship_by", ">=", end)
        return (open_orders & found) | (~open_orders if False in value else Domain.FALSE)

    @api.model
    def _group_expand_amazon_phase(self, phases, domain):
        """Show every phase as a kanban column, empty ones too."""
        return self.env["amazon.phase"].search(
            [("company_id", "in", (False, *self.env.companies.ids))], order=phases._order
        )

    @api.depends("amazon_order_ref")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        if self.env.context.get("amazon_show_ref"):
            for order in self.filtered("amazon_order_ref"):
                order.display_name = f"{order.name} ({order.amazon_order_ref})"
        return result

    # === VIEWS === #

    def _amazon_only_reads(self):
        """Tell whether the user sees Amazon orders but not what Odoo's own form shows of them."""
        return self.env.user.has_group("sale_amazon_spapi.group_amazon_readonly") and not self.env[
            "account.move.line"
        ].has_access("read")

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        return (
            *super()._get_view_cache_key(view_id, view_type, **options),
            view_type == "form" and self._amazon_only_reads(),
        )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        if view_type == "form" and self._amazon_only_reads():
            view_id = self.env["ir.model.data"]._xmlid_to_res_id(
                "sale_amazon_spapi.sale_order_amazon_view_form_readonly"
            )
        return super()._get_view(view_id, view_type, **options)

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and LOCKED_FIELDS & set(vals):
            self.env["sale.order.line"]._amazon_check_locked(
                self.env._("Customer, company, currency, price list and amounts of an Amazon order cannot be changed."),
                self.filtered(lambda order: order._amazon_changes(vals, LOCKED_FIELDS)),
            )
        if FOLLOWED & set(vals):
            self.filtered("amazon_account_id").company_id._amazon_changed()
        by_hand = "amazon_phase_id" in vals and not self.env.su
        if by_hand:
            self._amazon_check_phase_move(vals["amazon_phase_id"])
        if "amazon_on_hold" in vals:
            result = super().write(vals)
            # sudo: phases move by themselves, whoever holds the order
            self.filtered("amazon_account_id").sudo()._amazon_move_phase(by_hand=True)
            return result
        result = super().write(vals)
        if by_hand:
            # sudo: see above
            self.filtered("amazon_account_id").sudo()._amazon_keep_phase()
        if vals.get("locked") is False:
            self.env["amazon.order.update"]._retry_for_orders(self.filtered("amazon_order_ref"))
        if vals.get("state") in ("draft", "sent", "cancel"):
            # sudo: see above. What Odoo does before and after it moves them, too, but may see the old state.
            self.filtered("amazon_account_id").sudo()._amazon_move_phase()
        return result

    def unlink(self):
        """An order that Amazon still knows may come in again."""
        amazon = self.filtered("amazon_order_ref")
        known = [
            ("account_id", "in", amazon.amazon_account_id.ids),
            ("order_ref", "in", amazon.mapped("amazon_order_ref")),
            ("state", "not in", OPEN),
        ]
        result = super().unlink()
        if amazon:
            # sudo: the inbox is the addon's own
            self.env["amazon.order.update"].sudo().search(known).unlink()
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for order, vals in zip(self, vals_list, strict=True):
            if order.amazon_account_id:
                # The reference is Amazon's; the copy is the shop's own.
                vals["client_order_ref"] = False
        return vals_list

    def copy(self, default=None):
        copies = super().copy(default)
        for order, copy in zip(self, copies, strict=True):
            # A copy's copy stands for the same order on Amazon.
            origin = order if order.amazon_account_id else order.sudo().amazon_copied_from_id
            if origin:
                copy.sudo().amazon_copied_from_id = origin  # sudo: nobody chooses it
        return copies

    # === ACTION METHODS === #

    def action_amazon_refresh(self):
        """Read the order again from Amazon and apply it, whatever the version."""
        rows = self.env["amazon.order.update"].sudo()  # sudo: the inbox is the addon's own
        self._amazon_check_group()
        for account, orders in self.filtered("amazon_account_id").grouped("amazon_account_id").items():
            orders.check_access("write")
            rows |= account.sudo()._refresh_orders(orders.mapped("amazon_order_ref"))
        failed = rows.filtered(lambda row: row.state == "failed")
        why = "\n".join(f"{row.order_ref}: {row.error}" for row in failed)
        message = why or self.env._("%s orders were read again from Amazon.", len(rows))
        return notice(message, "warning" if failed else "success", sticky=bool(failed))

    def action_amazon_reopen(self):
        """Take up again what was cancelled here although it goes on at Amazon: as Amazon has it now."""
        self.ensure_one()
        self._amazon_check_group()
        if self.amazon_status in DEAD or self.state != "cancel":
            raise UserError(self.env._("%s is not an order that was cancelled here only.", self.name))
        self.action_draft()
        return self.action_amazon_refresh()

    def action_amazon_view_replaced(self):
        """Show the orders that this one replaces, and those that replace it."""
        self.ensure_one()
        orders = self.amazon_original_ids | self.amazon_replacement_ids
        return self.env["amazon.import"]._show(orders)

    def action_amazon_open(self):
        """Open the order in Seller Central."""
        self.ensure_one()
        if not self.amazon_url:
            raise UserError(self.env._("This order did not come from Amazon."))
        return {"type": "ir.actions.act_url", "url": self.amazon_url, "target": "new"}

    def action_amazon_reviewed(self):
        """Say that a person has seen what there is to review; the order moves on by itself."""
        self._amazon_check_group()
        self.check_access("write")
        orders = self.filtered(lambda order: order.amazon_account_id and not order.amazon_on_hold)
        lines = orders.order_line.filtered("amazon_is_placeholder")
        if lines:
            skus = ", ".join(lines.amazon_offer_id.mapped("sku"))
            raise UserError(self.env._("Map these SKUs to a product first: %s", skus))
        orders.amazon_reviewed = True
        orders.activity_feedback(["sale_amazon_spapi.mail_activity_review"])
        # sudo: phases move by themselves
        orders.sudo()._amazon_move_phase(by_hand=True)

    def action_amazon_map_skus(self):
        """Open the SKUs of the order that no product is entered for."""
        self.ensure_one()
        offers = self.order_line.filtered("amazon_is_placeholder").amazon_offer_id
        if not offers:
            raise UserError(self.env._("Every SKU of %s has its product.", self.name))
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_offers")
        return {**action, "domain": [("id", "in", offers.ids)], "context": {"create": False}}

    def action_amazon_hold(self):
        """Hold the orders, or go on with those that are held."""
        self._amazon_check_group()
        self.check_access("write")
        for order in self.filtered("amazon_account_id"):
            order.amazon_on_hold = not order.amazon_on_hold

    def set_delivery_line(self, carrier, amount):
        """Choosing a carrier never changes what an Amazon order costs: only the carrier is written."""
        amazon = self.filtered("amazon_account_id")
        for order in amazon:
            order.carrier_id = carrier
            pickings = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            pickings.carrier_id = carrier
        return super(SaleOrder, self - amazon).set_delivery_line(carrier, amount) if self - amazon else True

    def _remove_delivery_line(self):
        return super(SaleOrder, self.filtered(lambda order: not order.amazon_account_id))._remove_delivery_line()

    def _should_be_locked(self):
        # "Lock Confirmed Sales" would stop procurement and cancelling; what is fixed on an Amazon order is
        # guarded line by line instead.
        return not self.amazon_account_id and super()._should_be_locked()

    def _prepare_confirmation_values(self):
        values = super()._prepare_confirmation_values()
        if all(order.amazon_account_id for order in self):
            # Amazon's order date, not today's.
            values.pop("date_order", None)
        return values

    def action_confirm(self):
        amazon = self.filtered("amazon_account_id")
        unpaid = amazon.filtered(lambda order: order.amazon_status in AWAITING_PAYMENT)
        if unpaid and not self.env.su:
            raise UserError(
                self.env._(
                    "%s: not paid yet; confirmed by itself when Amazon releases it.", ", ".join(unpaid.mapped("name"))
                )
            )
        if amazon and self - amazon:
            # Each with its own order date, see _prepare_confirmation_values.
            super(SaleOrder, self - amazon).action_confirm()
            return amazon.action_confirm()
        result = super().action_confirm()
        if not is_ours(self.env, "amazon_defer_reservation"):
            # sudo: phases move by themselves
            amazon.sudo()._amazon_move_phase()
        return result

    def _recompute_taxes(self):
        # The taxes of Amazon's lines are those of Amazon's prices.
        return super(SaleOrder, self.filtered(lambda order: not order.amazon_account_id))._recompute_taxes()

    def _get_update_prices_lines(self):
        return super()._get_update_prices_lines().filtered(lambda line: not line.amazon_line_key)

    # === BUSINESS METHODS === #

    def _amazon_form(self):
        """Return the action that opens this order by its form."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"create": False},
        }

    # === BUSINESS METHODS: PHASES === #

    def _amazon_is_open(self):
        self.ensure_one()
        return self.state == "sale" and self.amazon_status in TO_SHIP

    def _amazon_to_review(self):
        """Tell whether there is something that a person has not seen yet."""
        self.ensure_one()
        return bool(self.amazon_review_reasons and not self.amazon_reviewed)

    def _amazon_check_phase_move(self, phase_id):
        """A person may move an order into any phase but those that only facts lead to."""
        phase = self.env["amazon.phase"].browse(phase_id)
        for order in self.filtered("amazon_account_id"):
            if phase.role in ("confirmed", "cancelled") and phase != order.amazon_phase_id:
                raise UserError(
                    self.env._(
                        "Orders come into the phase “%s” by themselves; they cannot be moved there by hand.", phase.name
                    )
                )
            if phase.role in ("awaiting_stock", "ready", "shipped") and phase != order.amazon_phase_id:
                if reason := order._amazon_why_not_to_pick():
                    raise UserError(reason)

    def _amazon_why_not_to_pick(self):
        """Return why a person cannot put the order among what is to be picked, or None."""
        self.ensure_one()
        if self.amazon_channel == "fba":
            return self.env._("%s: Amazon ships this order (FBA).", self.name)
        if self.state == "cancel":
            return self.env._("%s is cancelled.", self.name)
        if self.amazon_status in AWAITING_PAYMENT:
            return self.env._("%s: not paid yet; confirmed by itself when Amazon releases it.", self.name)
        if self._amazon_to_review():
            return self._amazon_say_review()
        return None

    def _amazon_say_review(self):
        """Return what a person has to do before the order goes on, and why.

        :rtype: str
        """
        facts = {"order": self.name, "reasons": (self.amazon_review_reasons or "").replace("\n", " / ")}
        if self.amazon_has_unknown_sku:
            # Such an order has no button “Reviewed”.
            return self.env._("%(order)s has to be mapped in the SKU table first: %(reasons)s", **facts)
        return self.env._("%(order)s must be reviewed first: %(reasons)s", **facts)

    def _amazon_move_phase(self, by_hand=False):
        """Move the orders into the phase that follows from the facts (Decisions, Phases).

        :param bool by_hand: a person has just decided; also orders in the shop's own phases move.
        """
        for company, orders in self.filtered("amazon_account_id").grouped("company_id").items():
            phases, moved = self.env["amazon.phase"]._by_role(company), defaultdict(self.browse)
            for order in orders:
                role = order._amazon_role()
                if order.amazon_kept_role:
                    if role == order.amazon_kept_role and not by_hand:
                        continue
                    order.amazon_kept_role = False
                phase = phases.get(role, self.env["amazon.phase"])
                if (role and not phase) or phase == order.amazon_phase_id:
                    continue
                own_phase = order.amazon_phase_id and not order.amazon_phase_id.role
                if own_phase and not by_hand and role not in ("shipped", "confirmed", "cancelled"):
                    continue
                moved[phase] |= order
            for phase, some in moved.items():
                some.amazon_phase_id = phase

    def _amazon_keep_phase(self, always=False):
        """Leave the orders where they were put until the facts say something else.

        :param bool always: also in a phase that orders move out of by themselves.
        """
        for order in self:
            order.amazon_kept_role = order._amazon_role() if always or not order.amazon_phase_id.role else False

    def _amazon_has_all(self):
        """Tell whether Amazon was told of everything that left, and waits for nothing more."""
        return False

    def _amazon_is_being_told(self):
        """Tell whether something is on its way to Amazon whose answer is not known yet."""
        return False

    def _amazon_role(self):
        """Return the role of the phase that the facts of this order lead to."""
        self.ensure_one()
        if self.state == "cancel":
            return "cancelled"
        if self.amazon_status in AWAITING_PAYMENT:
            return "awaiting_payment"
        if self.amazon_channel == "fba":
            # Nothing is worked on here (M5).
            return "confirmed" if self.amazon_status == "shipped" else False
        pickings = self.picking_ids.filtered(lambda picking: picking.state != "cancel")
        shipped = self.amazon_status == "shipped"
        if self._amazon_has_all() or (shipped and not pickings):
            return "confirmed"
        if pickings and all(picking.state == "done" for picking in pickings):
            # Shipped on Amazon without us: what is not told yet is only to be recorded.
            return "confirmed" if shipped and not self._amazon_is_being_told() else "shipped"
        if self.amazon_on_hold or self._amazon_to_review() or self.state != "sale":
            return "review"
        # A delivery that may go in parts calls itself ready when only a part is reserved. A step that waits for the
        # one before it lacks nothing of its own.
        waiting = pickings.move_ids.filtered(lambda move: move.state not in ("assigned", "done", "cancel"))
        if any(not move.move_orig_ids.filtered(lambda origin: origin.state != "done") for move in waiting):
            return "awaiting_stock"
        return "ready"

    # === BUSINESS METHODS: A PERSON IS NEEDED === #

    def _amazon_assign(self, reason, summary, note=None, kind="sale_amazon_spapi.mail_activity_review"):
        """Leave an activity for the responsible user, once per reason.

        :param str reason: why, in a word of ours that stays the same in every language.
        :param str summary: what to do, without personal data.
        :param str kind: the XML id of its type.
        """
        # Part of it may be Amazon's words, which are no HTML of ours.
        note = note and plaintext2html(note)
        for order in self:
            user = order.amazon_account_id.user_id or order.user_id or self.env.user
            if not order._amazon_assigned(reason):
                # Odoo would mail each of them. sudo: the reason is the addon's own
                order.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
                    kind,
                    order.amazon_marketplace_id._today(user),
                    summary,
                    note,
                    user_id=user.id,
                    amazon_reason=reason,
                )

    def _amazon_assigned(self, reason):
        """Return the activities that :meth:`_amazon_assign` has left for a reason and that are still open."""
        return self.activity_ids.filtered(lambda activity: activity.amazon_reason == reason)
