"""What an order shows of its confirmations, and which orders share its parcel (see ``sale_order.py``)."""

from collections import Counter

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...const import DEAD, TO_SHIP
from ..engine.amazon_outbox import API_STATUSES, worst

_lt = LazyTranslate(__name__)

NOT_OURS = _lt("Not Ours to Tell")
OPEN_UNITS = "sale_amazon_spapi.mail_activity_open_units"
# What is worked on, however old the order is.
TROUBLE = ("sending", "unknown", "rejected", "error")
COMBINED = [("parent", "With Others"), ("child", "Combined")]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_confirmation_ids = fields.One2many(
        "amazon.confirmation", "order_id", "Shipping Confirmations", readonly=True
    )
    amazon_api_status = fields.Selection(
        API_STATUSES,
        "API Status",
        compute="_compute_amazon_api_status",
        store=True,
        index="btree_not_null",
        falsy_value_label=NOT_OURS,
        help="Whether Amazon knows of the deliveries; empty where it need not be told.",
    )
    amazon_open_units = fields.Integer(
        "Units Amazon Waits for",
        compute="_compute_amazon_api_status",
        store=True,
        help="Units that Amazon waits for and that nothing here will bring",
    )
    amazon_open_told = fields.Integer(
        readonly=True, copy=False, help="How many of these units a person has been told of"
    )
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
    amazon_cancelled_here = fields.Boolean(
        compute="_compute_amazon_cancelled_here",
        help="Cancelled in Odoo only: Amazon waits for it, and nothing brings it",
    )
    amazon_can_confirm = fields.Boolean(compute="_compute_amazon_can_confirm")
    amazon_combined = fields.Selection(
        COMBINED,
        "Combined",
        compute="_compute_amazon_combined",
        search="_search_amazon_combined",
        help="With Others: other orders travel in this one's parcel. Combined: it travels in another one's.",
    )

    _amazon_open_units_idx = models.Index("(id) WHERE amazon_open_units > 0")

    # === COMPUTE METHODS === #

    @api.depends(
        "amazon_confirmation_ids.state",
        "amazon_confirmation_ids.quantities",
        "amazon_channel",
        "amazon_programs",
        "amazon_status",
        "amazon_status_by_hand",
        "state",
        "picking_ids.state",
        "amazon_item_ids.quantity_ordered",
        "amazon_item_ids.quantity_fulfilled",
        "amazon_item_ids.quantity_cancelled",
    )
    def _compute_amazon_api_status(self):
        for order in self:
            rows, open_units = order.amazon_confirmation_ids, 0
            states = rows.mapped("state")
            if not order._amazon_is_ours():
                states = []
            elif order.state != "cancel" and order.picking_ids._amazon_to_leave():
                states.append("not_sent")
            elif worst(states) in (False, "done"):
                # Nothing is on its way to Amazon any more: has it all that it wants?
                open_units = sum(order._amazon_open_units().values()) if rows or order.state == "sale" else 0
                if open_units or (order.state != "cancel" and not rows and order.amazon_status not in DEAD):
                    # What left before this addon knew of it stands in no row.
                    states.append("done" if order.amazon_status == "shipped" else "not_sent")
            order.amazon_api_status = worst(states)
            order.amazon_open_units = open_units
        for order in self.filtered(lambda order: order.amazon_status_by_hand == "done" and order._amazon_is_ours()):
            # sudo: see _compute_amazon_confirmation_count. What was changed since has to be told all the same.
            if all(row.state == "done" for row in order.sudo().amazon_confirmation_ids):
                order.amazon_api_status = "done"
                # A person has said so.
                order.amazon_open_units = 0

    @api.depends("amazon_confirmation_ids")
    def _compute_amazon_confirmation_count(self):
        # sudo: a salesman without access to Amazon opens the form, too
        rows = self.env["amazon.confirmation"].sudo()
        counts = dict(rows._read_group([("order_id", "in", self.ids)], ["order_id"], ["__count"]))
        for order in self:
            order.amazon_confirmation_count = counts.get(order.sudo(), 0)

    @api.depends(
        "amazon_confirmation_ids.message",
        "amazon_confirmation_ids.advice",
        "amazon_confirmation_ids.retry_at",
        "amazon_open_units",
    )
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

    @api.depends(
        "state",
        "amazon_status",
        "amazon_channel",
        "amazon_merged_into_id.state",
        "amazon_merged_into_id.picking_ids.state",
        "amazon_copy_ids.state",
    )
    def _compute_amazon_cancelled_here(self):
        for order in self:
            # sudo: only whether there are any
            copies = order.sudo().amazon_copy_ids.filtered(lambda copy: copy.state != "cancel")
            order.amazon_cancelled_here = (
                order.state == "cancel"
                and order.amazon_channel == "fbm"
                and order.amazon_status in TO_SHIP
                and not (order._amazon_carried_by() or copies)
            )

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
        if {"amazon_phase_id", "amazon_on_hold", "amazon_merged_into_id"} & set(vals):
            # The outbox may have waited for this; it looks when this transaction is committed.
            self.env["amazon.confirmation"]._look_again([("order_id", "in", self.ids), ("state", "=", "not_sent")])
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

    def action_amazon_confirm_now(self):
        """Tell Amazon of the orders' deliveries soon, whatever the phase."""
        self._amazon_check_group()
        self.check_access("write")
        pickings = self.picking_ids.filtered(lambda picking: picking.state == "done")
        pickings.check_access("write")
        # sudo: the outbox is the addon's own
        gone_along = self._amazon_goes_along().sudo().amazon_confirmation_ids
        rows = self.env["amazon.confirmation"]._make(pickings) | gone_along
        if not (rows or pickings) and (first := self._amazon_what_leaves_first()):
            raise UserError(first)
        return rows._confirm_now()

    def action_amazon_deliver_rest(self):
        """Make a delivery of what Amazon still waits for."""
        self.ensure_one()
        self._amazon_check_group()
        self.check_access("write")
        units = self._amazon_open_units() if self.amazon_open_units else {}
        if not units:
            raise UserError(self.env._("Amazon waits for nothing of %s that is not on its way.", self.name))
        if self.state != "sale":
            raise UserError(self.env._("%s is cancelled.", self.name))
        pickings = self.picking_ids
        lines = self.order_line.filtered(lambda line: line.amazon_item_ref in units)
        # sudo: procurement reads what a salesperson may not
        lines.sudo()._action_launch_stock_rule()
        if self.picking_ids == pickings:
            raise UserError(
                self.env._(
                    "Nothing is left here to be delivered for %s. Confirm it in Seller Central if it was sent in"
                    " another way.",
                    ", ".join(lines.amazon_offer_id.mapped("sku")),
                )
            )

    def action_amazon_view_confirmations(self):
        """Open what Amazon was told, or is to be told, of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}

    def action_amazon_view_logs(self):
        """Open the runs that had to do with these orders: imports, sendings, fetched results."""
        self.check_access("read")
        # sudo: inbox and outboxes are the addon's own; of them only the runs are shown
        return self.sudo()._amazon_logs().sudo(False)._action_view()

    # === BUSINESS METHODS === #

    def _amazon_logs(self):
        """Return the ``amazon.log`` rows of the runs that had to do with these orders. To be called under sudo."""
        updates = self.env["amazon.order.update"].search([("order_id", "in", self.ids)])
        return updates.log_id | self.amazon_confirmation_ids.log_ids

    def _amazon_carried_by(self):
        """Return the order in whose parcel this one goes; none where that one was cancelled before anything left."""
        parent = self.sudo().amazon_merged_into_id  # sudo: it may be somebody else's
        gone = parent.state == "cancel" and not parent._amazon_left()
        return parent.browse() if gone else parent

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

    def _amazon_in_one_parcel(self):
        """Tell whether anything of this order is in one parcel with what it was combined with."""
        return any(picking._amazon_same_parcel() for picking in self.picking_ids)

    def _amazon_look_at_parcels(self):
        """Call these orders combined no more if they are not in one parcel any more when the transaction is complete:
        until then it may look so of others, such as of one that is being cancelled."""
        orders = self | self.amazon_merged_child_ids
        ids = orders.filtered("amazon_merged_into_id").ids
        data = self.env.cr.precommit.data
        if ids and "amazon.unpacked" not in data:
            data["amazon.unpacked"] = set()
            self.env.cr.precommit.add(self.browse()._amazon_look_at_parcels_now)
        if ids:
            data["amazon.unpacked"].update(ids)

    @api.model
    def _amazon_look_at_parcels_now(self):
        ids = self.env.cr.precommit.data.pop("amazon.unpacked", ())
        # sudo: a packer need not see orders
        self.sudo().browse(sorted(ids)).exists()._amazon_part()
        self.env.flush_all()

    def _amazon_part(self):
        """Call those of these orders combined no more that a packer has taken out of the parcel of the order they were
        combined into. What is cancelled here goes along without a parcel of its own."""
        for order in self._amazon_in_company_language():
            parent = order.amazon_merged_into_id
            if not parent or order.state == "cancel" or order.picking_ids._amazon_same_parcel().sale_id & parent:
                continue
            order.sudo().amazon_merged_into_id = False  # sudo: by hand it is for what is cancelled here
            names = f"{order.name}, {parent.name}"
            for one in order | parent:
                one._message_log(body=Markup("%s") % order.env._("Not combined any more: %s", names))

    def _amazon_not_left(self):
        """Return the orders' deliveries that are still to go to the customer."""
        return self.picking_ids._amazon_to_leave()

    def _amazon_left(self):
        """Return the orders' deliveries that have gone to the customer."""
        return self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.picking_type_code == "outgoing"
        )

    def _amazon_is_ours(self):
        """Tell whether it is ours to confirm what leaves for this order."""
        self.ensure_one()
        return bool(
            self.amazon_account_id
            and self.amazon_order_ref
            and self.amazon_channel == "fbm"
            # Amazon confirms Ship+ orders itself.
            and (not self._amazon_is_ship_plus() or self.amazon_status_by_hand)
        )

    def _amazon_is_ship_plus(self):
        return "FBM_SHIP_PLUS" in (self.amazon_programs or "")

    def _amazon_move_phase(self, by_hand=False):
        result = super()._amazon_move_phase(by_hand)
        changed = self.filtered(
            lambda order: order.amazon_account_id and order.amazon_open_units != order.amazon_open_told
        )
        if changed:
            changed._amazon_tell_open_units()
        return result

    def _amazon_updated(self):
        if self.amazon_confirmation_ids:
            self.env["amazon.confirmation"]._look_again([("order_id", "=", self.id)])
        return super()._amazon_updated()

    def _amazon_learn(self, value):
        self.amazon_confirmation_ids._learn(value)
        return super()._amazon_learn(value)

    @api.model
    def _amazon_current_domain(self):
        return super()._amazon_current_domain() | Domain("amazon_api_status", "in", TROUBLE)

    def _amazon_has_all(self):
        # What a person has called done before it left still has to leave.
        to_leave = self.amazon_status_by_hand == "done" and self._amazon_not_left()
        return self.amazon_api_status == "done" and not to_leave

    def _amazon_is_being_told(self):
        return bool(self.amazon_confirmation_ids.filtered(lambda row: row.state != "done" and row.told))

    # === BUSINESS METHODS: AMAZON HAS ANSWERED === #

    def _amazon_confirmed(self):
        """Move orders on of which Amazon has everything: into the phase the account names, else by themselves."""
        complete = self.filtered(lambda order: order.amazon_api_status == "done")
        before = {order: order.amazon_phase_id for order in complete}
        if complete:
            complete.activity_unlink(["sale_amazon_spapi.mail_activity_confirmation"])
        for order in complete:
            order._amazon_move_on("success_phase_id")
        self._amazon_move_phase()
        self._amazon_log_moved(before)

    @api.model
    def _amazon_log_moved(self, before):
        """Write into the chatter which phase orders were moved into.

        :param dict before: the phase of each order before.
        """
        moved = {order: order.amazon_phase_id for order, phase in before.items() if order.amazon_phase_id != phase}
        if moved:
            bodies = {
                order.id: Markup("%s") % self.env._("Moved into the phase “%s”", phase.name)
                for order, phase in moved.items()
            }
            # sudo: the addon's own note, whoever it is done for
            self.sudo().browse(bodies)._message_log_batch(bodies=bodies)

    def _amazon_confirmation_failed(self):
        """Say that a person is needed, and move the orders where the account wants those that failed."""
        for order in self:
            if not order.activity_search(["sale_amazon_spapi.mail_activity_confirmation"]):
                user = order.amazon_account_id.user_id or order.user_id or self.env.user
                # Odoo would mail each of them; one mail tells of all of a run.
                order.with_context(mail_activity_quick_update=True).activity_schedule(
                    "sale_amazon_spapi.mail_activity_confirmation",
                    order.amazon_marketplace_id._today(user),
                    summary=self.env._("A shipping confirmation has failed"),
                    user_id=user.id,
                )
            order._amazon_move_on("failure_phase_id")

    def _amazon_move_on(self, target):
        """Move the order where the account wants it: by the phase that decided on the parcel answered last; where that
        names none, by the one in which the order stands.

        :param str target: the setting's field.
        """
        self.ensure_one()
        answered = self.amazon_confirmation_ids.filtered("answered_at").sorted(lambda row: (row.answered_at, row.id))
        phases = answered[-1:].phase_id | self.amazon_phase_id
        settings = self.amazon_account_id.phase_ids.filtered(lambda line: line.phase_id in phases and line[target])
        setting = settings.sorted(lambda line: line.phase_id == self.amazon_phase_id)[:1]
        if setting:
            self.amazon_phase_id = setting[target]
            self._amazon_keep_phase(always=True)

    # === BUSINESS METHODS: DONE MEANS DONE === #

    def _amazon_open_units(self):
        """Return what Amazon waits for and has not been told of, in units by Amazon's item id.

        :rtype: Counter
        """
        self.ensure_one()
        if self.amazon_status not in TO_SHIP:
            return Counter()
        told = Counter()
        for row in self.amazon_confirmation_ids.filtered(lambda row: row.state == "done"):
            told.update(row._units())
        for line in self.order_line.filtered("amazon_qty_recorded"):
            told[line.amazon_item_ref] += line.amazon_qty_recorded
        wanted = Counter(
            {
                # Amazon may know of more than is told from here, and shows what it was told only after a while.
                item.item_ref: item.quantity_ordered
                - item.quantity_cancelled
                - max(item.quantity_fulfilled, told[item.item_ref])
                for item in self.amazon_item_ids
            }
        )
        return +wanted

    def _amazon_open_message(self):
        """Return what Amazon waits for although nothing here will bring it, and what can be done, or False.

        :rtype: str | bool
        """
        self.ensure_one()
        if not self.amazon_open_units:
            return False
        units = self._amazon_open_units()
        items = [
            self.env._("%(item)s × %(units)g", item=item.sku or item.title or item.item_ref, units=units[item.item_ref])
            for item in self.amazon_item_ids
            if item.item_ref in units
        ]
        return self.env._(
            "Amazon still waits for %s, and no delivery here brings it. Send the rest with “Deliver the Rest”; or, in"
            " Seller Central, confirm what was sent in another way, or cancel what will not be sent.",
            ", ".join(items),
        )

    def _amazon_tell_open_units(self):
        """Ask a person about units that Amazon waits for and nothing here will bring; take it back when they are not
        open any more. Once, when the transaction is complete: on the way there things look worse than they are."""
        data = self.env.cr.precommit.data
        if "amazon.open_units" not in data:
            data["amazon.open_units"] = set()
            self.env.cr.precommit.add(self.browse()._amazon_tell_open_units_now)
        data["amazon.open_units"].update(self.ids)

    @api.model
    def _amazon_tell_open_units_now(self):
        ids = self.env.cr.precommit.data.pop("amazon.open_units", ())
        # sudo: asked by the addon, whoever has caused it
        orders = self.sudo().browse(sorted(ids)).exists()
        changed = orders.filtered(lambda order: order.amazon_open_units != order.amazon_open_told)
        for order in changed._amazon_in_company_language():
            order.activity_unlink([OPEN_UNITS])
            if order.amazon_open_units:
                order._amazon_assign(
                    "open_units",
                    order.env._("Amazon waits for units that no delivery brings"),
                    order._amazon_open_message(),
                    OPEN_UNITS,
                )
            order.amazon_open_told = order.amazon_open_units
        if changed:
            self.env.flush_all()
