"""What a vendor's order is, how it is made, and how it is accepted or rejected."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import format_datetime

from ...notices import RELOAD, notice
from ...selling_partner.vendor_orders import STATUSES
from ..orders.amazon_order_update import NeedsAttention
from .amazon_account import VENDOR
from .amazon_acknowledgement_code import ACCEPTED
from .purchase_order import PurchaseOrder

CHANNEL = "df"
# Amazon wants the answer within so many hours of the order; a person is urged when less than so many are left.
ACKNOWLEDGE_HOURS = 24
URGENT_HOURS = 4
UNDECIDED = ("to_send", "error")
# So many orders are looked at at once.
LOOK = 200


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_vendor_status = fields.Selection(
        [(status, status.capitalize()) for status in STATUSES], "Purchase Order Status", readonly=True, copy=False
    )
    amazon_selling_party = fields.Char("Selling Party", readonly=True, copy=False)
    amazon_ship_from = fields.Char("Ships from", readonly=True, copy=False, help="Amazon's code of the warehouse")
    amazon_ship_method = fields.Char("Ship Method", readonly=True, copy=False, help="As Amazon names it")
    amazon_customer_order_ref = fields.Char("Customer's Order on Amazon", readonly=True, copy=False)
    amazon_needs_slip = fields.Boolean("Packing Slip Required", readonly=True, copy=False)
    amazon_is_gift = fields.Boolean("Gift Order", readonly=True, copy=False)
    amazon_address_hidden = fields.Boolean(
        "Address Hidden", readonly=True, copy=False, help="Amazon does not tell where it goes; the label says it."
    )
    amazon_acknowledgement = fields.Selection(
        [
            ("to_send", "To Decide"),
            ("sending", "Being Told"),
            ("accepted", "Order Accepted"),
            ("rejected", "Rejected"),
            ("error", "Error"),
        ],
        "Acknowledgement",
        compute="_compute_amazon_acknowledgement",
        store=True,
    )
    amazon_acknowledge_by = fields.Datetime(
        "Acknowledge by", readonly=True, copy=False, help="Amazon wants the answer within 24 hours."
    )
    amazon_submission_ids = fields.One2many("amazon.vendor.submission", "order_id", "Told to Amazon", readonly=True)
    amazon_vendor_message = fields.Text("Direct Fulfillment", compute="_compute_amazon_vendor_message")

    _amazon_acknowledge_idx = models.Index(
        "(amazon_acknowledge_by, id) WHERE amazon_acknowledgement IN ('to_send', 'sending', 'error')"
    )
    _amazon_vendor_open_idx = models.Index(
        "(amazon_account_id, amazon_purchase_date) WHERE amazon_vendor_status IN ('NEW', 'ACCEPTED')"
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "amazon_channel", "amazon_vendor_status", "amazon_submission_ids.state", "amazon_submission_ids.code_id"
    )
    def _compute_amazon_acknowledgement(self):
        for order in self:
            # sudo: whoever works on orders may have no access to Amazon
            row = order.sudo()._amazon_submission("acknowledgement")
            order.amazon_acknowledgement = order.amazon_channel == CHANNEL and order._amazon_acknowledgement_of(row)

    def _amazon_acknowledgement_of(self, row):
        """Return how far the acknowledgement is.

        :param row: its ``amazon.vendor.submission``, or none.
        """
        if row.state == "done":
            return "accepted" if row.code_id.code == ACCEPTED else "rejected"
        if self.amazon_vendor_status in ("ACCEPTED", "SHIPPED"):
            return "accepted"
        if self.amazon_vendor_status == "CANCELLED":
            return False
        if not row:
            return "to_send"
        return "sending" if row.state in ("not_sent", "sending") else "error"

    @api.depends("amazon_submission_ids.message", "amazon_submission_ids.state")
    @api.depends_context("lang")
    def _compute_amazon_vendor_message(self):
        for order in self:
            # sudo: see _compute_amazon_acknowledgement
            rows = order.sudo().amazon_submission_ids.filtered(lambda row: row.state != "done" and row.message)
            order.amazon_vendor_message = "\n".join(dict.fromkeys(rows.mapped("message"))) or False

    # === ACTION METHODS === #

    def action_amazon_accept(self):
        """Tell Amazon that these orders are shipped as ordered; where a SKU of one has no product here, open a dialog
        that asks first."""
        if any(self.mapped("amazon_has_unknown_sku")):
            self._amazon_check_decidable(rejecting=False)
            action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_vendor_acceptance")
            return {**action, "context": {"default_order_ids": self.ids}}
        return self._amazon_decide(self.env["amazon.acknowledgement.code"]._accepting())

    def action_amazon_reject(self):
        """Open the dialog that asks why these orders are rejected."""
        self._amazon_check_decidable(rejecting=True)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_rejection")
        return {**action, "context": {"default_order_ids": self.ids}}

    def action_amazon_view_submissions(self):
        """Open what Amazon was told of these orders, or is to be told."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_vendor_submissions")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {}}

    def _amazon_check_decidable(self, rejecting):
        """Refuse to decide what is no vendor's order, or decided, and to reject what has left.

        :param bool rejecting: the orders are to be rejected.
        :raise UserError: naming the orders.
        """
        self._amazon_check_group()
        self.check_access("write")
        decided = self.filtered(lambda order: order.amazon_acknowledgement not in UNDECIDED)
        if decided or not self:
            raise UserError(
                self.env._(
                    "Choose Direct Fulfillment orders that are to be decided. These are not: %s",
                    ", ".join(decided.mapped("name")) or "–",
                )
            )
        out = self.filtered(lambda order: rejecting and order._amazon_is_out())
        if out:
            raise UserError(self.env._("These have left already: %s", ", ".join(out.mapped("name"))))

    def _amazon_decide(self, code, then=RELOAD):
        """Have Amazon told soon what a person has decided.

        :param code: the ``amazon.acknowledgement.code``.
        :param dict then: the action that follows.
        :raise UserError: as :meth:`_amazon_check_decidable`.
        """
        self._amazon_check_decidable(rejecting=code.code != ACCEPTED)
        self._amazon_acknowledge(code)
        return notice(self.env._("%s acknowledgements are sent within a minute.", len(self)), then=then)

    # === BUSINESS METHODS: ACKNOWLEDGING === #

    def _amazon_acknowledge(self, code):
        """Put the answer to these orders into the outbox.

        :param code: the ``amazon.acknowledgement.code``.
        """
        # sudo: the outbox is the addon's own; callers have checked the right to write the orders
        rows = self.env["amazon.vendor.submission"].sudo()
        values = {"code_id": code.id, "decided_at": fields.Datetime.now()}
        for order in self.sudo():
            row = order._amazon_submission("acknowledgement")
            if row:
                row._to_send(alone=False, again=0, **values)
            else:
                row = rows.create({**order._amazon_submission_vals("acknowledgement"), **values})
            rows |= row
        rows._wake()

    @api.model
    def _amazon_undecided(self, account):
        """Return the domain of the orders that Amazon waits for an answer to, and of which nobody has decided."""
        return Domain("amazon_account_id", "=", account.id) & Domain("amazon_acknowledgement", "=", "to_send")

    @api.model
    def _amazon_acknowledge_ready(self, run):
        """Accept by itself what can be shipped as it was ordered; the rest is for a person.

        :param run: the :class:`...run.Run`.
        """
        accepting = self.env["amazon.acknowledgement.code"]._accepting()
        last = 0
        while orders := self.search(
            self._amazon_undecided(run.account) & Domain("id", ">", last), order="id", limit=LOOK
        ):
            last = orders[-1].id
            ready = orders.filtered(lambda order: order._amazon_why_undecided() is None)
            ready._amazon_acknowledge(accepting)
            for order in orders - ready:
                order._amazon_ask_to_decide()
            run.checkpoint()

    def _amazon_why_undecided(self):
        """Return why a person has to decide on the order: a text, False: it cannot be said yet, None: nobody has to.

        :rtype: str | bool | None
        """
        self.ensure_one()
        if self.amazon_on_hold:
            return self.env._("The order is on hold.")
        if self.state != "sale":
            return self.env._("It is not confirmed in Odoo.")
        if unknown := self._amazon_unknown_skus():
            return self.env._("Unknown SKU: %s", ", ".join(unknown))
        if self.amazon_to_reserve:
            return False
        open_moves = self.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        # A step that waits for the one before it lacks nothing of its own.
        lacking = open_moves.filtered(
            lambda move: (
                move.state != "assigned" and not move.move_orig_ids.filtered(lambda origin: origin.state != "done")
            )
        )
        if lacking:
            return self.env._("Not in stock: %s", ", ".join(lacking.product_id.mapped("display_name")))
        return None

    def _amazon_unknown_skus(self):
        """Return the SKUs of the order that have no product here.

        :rtype: list[str]
        """
        lines = self.order_line.filtered("amazon_is_placeholder")
        return list(dict.fromkeys(line.amazon_offer_id.sku or line.name for line in lines))

    def _amazon_ask_to_decide(self):
        """Ask the responsible person for a decision, and urge when little time is left."""
        why = self._amazon_why_undecided()
        if not why:
            return
        zone = self.amazon_account_id._zone()
        time = format_datetime(self.env, self.amazon_acknowledge_by, tz=zone, dt_format="short")
        if self.amazon_acknowledge_by - fields.Datetime.now() > timedelta(hours=URGENT_HOURS):
            self._amazon_assign("acknowledge", self.env._("Accept or reject by %s", time), why)
        elif not self._amazon_assigned("acknowledge_now"):
            self._amazon_assigned("acknowledge").unlink()
            self._amazon_assign("acknowledge_now", self.env._("Urgent: accept or reject by %s", time), why)

    def _amazon_acknowledged(self):
        """Amazon has the answer: nobody has to decide any more."""
        for reason in ("acknowledge", "acknowledge_now", "acknowledgement_refused"):
            self._amazon_assigned(reason).unlink()

    def _amazon_submission(self, kind):
        """Return the row of the outbox of which an order has one.

        :param str kind: what Amazon is told by it.
        """
        return self.amazon_submission_ids.filtered(lambda row: row.kind == kind)

    def _amazon_submission_vals(self, kind):
        """Return the values of a new row of the outbox.

        :param str kind: what Amazon is told.
        """
        return {
            "account_id": self.amazon_account_id.id,
            "kind": kind,
            "order_id": self.id,
            "order_ref": self.amazon_order_ref,
        }

    # === BUSINESS METHODS: HOW ORDERS ARE MADE === #

    @api.model
    def _amazon_vendor_open(self, account):
        """Return the domain of a vendor's orders that Amazon may still change."""
        return Domain("amazon_account_id", "=", account.id) & Domain("amazon_vendor_status", "in", ("NEW", "ACCEPTED"))

    @api.model
    def _amazon_wanted(self, account, new):
        """Leave out, besides, what is for a selling party that another account is for: Amazon may show one application
        the orders of several."""
        new = super()._amazon_wanted(account, new)
        parties = {row: value.purchase.selling_party for row, value in new.items() if isinstance(value, PurchaseOrder)}
        foreign = set(parties.values()) - {account.vendor_party}
        if not foreign:
            return new
        # sudo: the other account may be another company's
        accounts = self.env["amazon.account"].sudo()
        started = Domain("kind", "=", VENDOR) & Domain("region", "=", account.region) & Domain("auto_vendor", "=", True)
        theirs = set(accounts.search(started & Domain("vendor_party", "in", list(foreign))).mapped("vendor_party"))
        elsewhere = self.env["amazon.order.update"].union(*(row for row, party in parties.items() if party in theirs))
        elsewhere._elsewhere()
        return {row: value for row, value in new.items() if row not in elsewhere}

    def _amazon_facts(self, account, values, customers, offers):
        if not self:
            for value in values:
                self._amazon_check_parties(account, value)
        return super()._amazon_facts(account, values, customers, offers)

    @api.model
    def _amazon_check_parties(self, account, value):
        """Refuse a purchase order for somebody else, or from a warehouse that is not known.

        :raise NeedsAttention: naming the party.
        """
        if not isinstance(value, PurchaseOrder):
            return
        party = value.purchase.selling_party
        if party != account.vendor_party:
            raise NeedsAttention(
                self.env._(
                    "The order is for the selling party %(party)s; the account “%(account)s” is that of %(own)s.",
                    party=party or "–",
                    account=account.name,
                    own=account.vendor_party or "–",
                )
            )
        if not account._warehouse_of(value):
            raise NeedsAttention(
                self.env._(
                    "The order leaves from the warehouse code %(code)s, which is not known here. Add it on the account"
                    " “%(account)s” (page Direct Fulfillment), then the order is built by itself.",
                    code=value.purchase.ship_from_party or "–",
                    account=account.name,
                )
            )

    @api.model
    def _amazon_channel(self, value):
        return CHANNEL if isinstance(value, PurchaseOrder) else super()._amazon_channel(value)

    @api.model
    def _amazon_marketplace(self, account, value):
        if isinstance(value, PurchaseOrder):
            return self.env["amazon.marketplace"]
        return super()._amazon_marketplace(account, value)

    @api.model
    def _amazon_lacks_address(self, value):
        hidden = isinstance(value, PurchaseOrder) and value.is_address_hidden
        return not hidden and super()._amazon_lacks_address(value)

    def _amazon_must_see_gift(self, value):
        # What is to be put in Amazon prints on the packing slip.
        return not isinstance(value, PurchaseOrder) and super()._amazon_must_see_gift(value)

    def _amazon_header_vals(self, facts):
        vals = super()._amazon_header_vals(facts)
        if not isinstance(facts.value, PurchaseOrder):
            return vals
        purchase = facts.value.purchase
        return {
            **vals,
            "amazon_vendor_status": purchase.status if purchase.status in STATUSES else "NEW",
            "amazon_selling_party": purchase.selling_party,
            "amazon_ship_from": purchase.ship_from_party,
            "amazon_ship_method": purchase.ship_method or False,
            "amazon_customer_order_ref": purchase.customer_order_number or False,
            "amazon_needs_slip": purchase.needs_packing_slip,
            "amazon_is_gift": purchase.is_gift,
            "amazon_address_hidden": purchase.is_masked,
            "amazon_acknowledge_by": vals["amazon_purchase_date"] + timedelta(hours=ACKNOWLEDGE_HOURS),
        }

    def _amazon_write_header(self, facts, partly=False):
        before = self.amazon_ship_from
        result = super()._amazon_write_header(facts, partly)
        if before and self.amazon_ship_from != before:
            # Where it leaves from here is for a person to change.
            self._amazon_assign(
                "ship_from",
                self.env._("Amazon lets it leave from another warehouse now"),
                self.env._("%(before)s until now, then %(now)s", before=before, now=self.amazon_ship_from or "–"),
            )
        return result

    def _amazon_customer(self, account, value):
        if not isinstance(value, PurchaseOrder):
            return super()._amazon_customer(account, value)
        known = self._amazon_known_address()
        if self.amazon_purged or known.amazon_purged or not value.has_address:
            return self.partner_id, known
        return self.partner_id, self.env["res.partner"]._amazon_vendor_addresses(account, [value])[value.order_id]

    def _amazon_updated(self):
        result = super()._amazon_updated()
        # sudo: the outbox is the addon's own
        self.sudo().amazon_submission_ids._done_there()
        decided = self.filtered(lambda order: order.amazon_acknowledgement not in (*UNDECIDED, "sending"))
        decided._amazon_acknowledged()
        return result
