"""How many of a SKU Amazon may sell."""

from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, float_round, format_date
from odoo.tools.translate import LazyTranslate

from ...const import CLOCKS
from ...notices import notice
from ...said import say
from ...selling_partner import is_sku

_lt = LazyTranslate(__name__)

# When one of these changes, what Amazon may sell may have changed.
SETTINGS = {
    "product_id",
    "buffer",
    "quantity_max",
    "quantity_fixed",
    "paused",
    "handling_days",
    "restock_date",
    "both_channels_allowed",
    "channel",
    "both_channels",
    "gone",
}
# What Amazon calls it by.
NAMES = {"sku", "marketplace_id"}
# The most that Amazon takes.
LARGEST = 999_999_999
SYNC_STATES = [("unsent", "Not Sent"), ("sending", "Sending"), ("done", "Done"), ("error", "Error")]


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    # --- what people decide
    handling_days = fields.Integer(
        tracking=True,
        help="Days until an order leaves, told to Amazon with each quantity. 0: as set on Amazon.",
    )
    restock_date = fields.Date("Back in Stock on", tracking=True, help="Told to Amazon.")
    buffer = fields.Integer("Keep Back", tracking=True, help="So many units are never offered on Amazon.")
    quantity_max = fields.Integer("At Most", tracking=True, help="No more than this is offered. 0: no limit.")
    quantity_fixed = fields.Integer(
        "Fixed Quantity",
        tracking=True,
        help="Made to order: this quantity is offered whatever is in stock. 0: what is in stock.",
    )
    paused = fields.Boolean(tracking=True, help="Amazon is told 0 once, then nothing, until it is offered again.")
    both_channels_allowed = fields.Boolean(
        "Own Shipping, Too",
        tracking=True,
        help="Amazon has this SKU in its own warehouse and for your own shipping: offer your stock as well.",
    )

    # --- what comes of it
    quantity_here = fields.Integer("To Offer", compute="_compute_quantity_here", help="What Amazon may sell now")
    why_not_sent = fields.Char(compute="_compute_quantity_here")
    quantity_id = fields.Many2one(
        "amazon.quantity", "Last Told", readonly=True, ondelete="set null", copy=False, index="btree_not_null"
    )
    quantity_ids = fields.One2many("amazon.quantity", "offer_id", readonly=True)
    quantity_sent = fields.Integer("Accepted", readonly=True, copy=False, help="The last quantity that Amazon accepted")
    sync_state = fields.Selection(
        SYNC_STATES, "Stock Status", compute="_compute_sync_state", store=True, index=True, default="unsent"
    )
    sync_message = fields.Text("Stock Message", compute="_compute_sync_state", store=True)
    sync_advice = fields.Text("What to Do", related="quantity_id.advice")
    stock_state = fields.Selection(
        [
            ("unsent", "Not Sent"),
            ("sending", "Sending"),
            ("accepted", "Sent, Not Shown Yet"),
            ("done", "Shown by Amazon"),
            ("error", "Error"),
            ("left_out", "Left Out"),
        ],
        compute="_compute_sync_state",
        store=True,
        index=True,
    )

    trouble = fields.Char("What Is Wrong", compute="_compute_trouble")
    kept_on_amazon = fields.Text(compute="_compute_kept_on_amazon")
    stock_started = fields.Boolean(related="account_id.auto_inventory")

    _buffer_check = models.Constraint("CHECK (buffer >= 0)", "“Keep Back”: enter 0 or more.")
    _quantity_max_check = models.Constraint("CHECK (quantity_max >= 0)", "“At Most”: enter 0 or more.")
    _quantity_fixed_check = models.Constraint("CHECK (quantity_fixed >= 0)", "“Fixed Quantity”: enter 0 or more.")
    _handling_days_check = models.Constraint(
        "CHECK (handling_days BETWEEN 0 AND 30)", "“Handling Days”: enter 0 to 30."
    )

    # === COMPUTE METHODS === #

    @api.depends("quantity_id.state", "quantity_id.message", "quantity_id.applied", "channel", "both_channels")
    def _compute_sync_state(self):
        # Of what is unknown Amazon is being asked: it may still come to it.
        states = {"not_sent": "unsent", "sending": "sending", "unknown": "sending", "done": "done", False: "unsent"}
        for offer in self:
            told = offer.quantity_id
            offer.sync_state = states.get(told.state, "error")
            offer.sync_message = told.message
            if told.state == "done" and not told.applied:
                offer.stock_state = "accepted"
            elif offer.sync_state == "unsent" and offer._is_amazons():
                offer.stock_state = "left_out"
            else:
                offer.stock_state = offer.sync_state

    @api.depends(
        *("product_id", "buffer", "quantity_max", "quantity_fixed", "paused", "sku", "account_id", "marketplace_id"),
        *("channel", "both_channels", "both_channels_allowed", "seen_at", "gone"),
    )
    @api.depends_context("lang")
    def _compute_quantity_here(self):
        reasons = {offer: offer._why_not_sent() for offer in self}
        counted = self.filtered(lambda offer: not (reasons[offer] or offer.paused or offer.quantity_fixed))
        units = counted._units_to_sell()
        for offer in self:
            offer.why_not_sent = say(self.env, reasons[offer]) if reasons[offer] else False
            if reasons[offer] or offer.paused:
                offer.quantity_here = 0
                continue
            offer.quantity_here = offer._to_offer(units.get(offer, 0))

    def _to_offer(self, units):
        """Return how many Amazon may sell of this.

        :param float units: that are free.
        :rtype: int
        """
        if self.paused:
            return 0
        # Rounded, because 0.3 / 0.1 is a little less than 3.
        quantity = self.quantity_fixed or int(float_round(units, 0, rounding_method="DOWN")) - self.buffer
        quantity = min(max(0, quantity), LARGEST)
        return min(quantity, self.quantity_max or quantity)

    @api.depends("sync_state", "sync_message", "has_errors", "issues", "gone")
    def _compute_trouble(self):
        """Return in a line what a person has to see to."""
        for offer in self:
            refused = offer.sync_state == "error" and offer.sync_message
            text = refused or (offer.has_errors and not offer.gone and offer.issues)
            offer.trouble = text and " ".join(text.split())

    @api.depends(
        "handling_days",
        "restock_date",
        "handling_days_amazon",
        "quantity_ids.handling_days",
        "quantity_ids.restock_date",
    )
    @api.depends_context("lang")
    def _compute_kept_on_amazon(self):
        """What Amazon was told goes along with later quantities there: it is changed, but never taken away."""
        today = fields.Date.context_today(self)
        for offer in self:
            told = offer.quantity_ids
            days = offer.handling_days_amazon or told.filtered("handling_days")[:1].handling_days
            date = told.filtered("restock_date")[:1].restock_date
            kept = [
                not offer.handling_days
                and days
                and self.env._(
                    "Amazon keeps its handling days: %s. Enter others here, or change them in Seller Central.",
                    days,
                ),
                not offer.restock_date
                and date
                and date >= today
                and self.env._(
                    "Amazon keeps what it was told last, back in stock on %s. Enter another day here, or change it in"
                    " Seller Central.",
                    format_date(self.env, date),
                ),
            ]
            offer.kept_on_amazon = "\n".join(filter(None, kept))

    # === CONSTRAINT METHODS === #

    @api.constrains("restock_date")
    def _check_restock_date(self):
        today = fields.Date.context_today(self)
        if past := self.filtered(lambda offer: offer.restock_date and offer.restock_date < today):
            env = self._amazon_in_users_language().env
            raise ValidationError(
                env._("“Back in Stock on” is a day that is past: %s", format_date(env, past[0].restock_date))
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create(vals_list)
        offers.filtered("product_id")._note_change()
        return offers

    def write(self, vals):
        self._check_same_sku(self._as_meant(vals))
        renamed = self.filtered(lambda offer: offer._amazon_changes(self._as_meant(vals), NAMES))
        result = super().write(vals)
        # sudo: what Amazon lists is Amazon's to say; of this name it has said nothing yet
        renamed.sudo().filtered("gone").gone = False
        if SETTINGS & set(vals):
            # What is listed again is listed with whatever quantity.
            self._note_change(changed_there="gone" in vals)
            if not self.env.su:
                # Whoever sets something, or stops selling it, means now.
                self.account_id.filtered("auto_inventory")._wake_stock()
        return result

    # === BUSINESS METHODS === #

    def _check_same_sku(self, vals):
        """Refuse to make another SKU of one that Amazon has shown or was told of: what is known of one is not known of
        the other. A slip of the finger may be corrected before.

        :raise AccessError: naming them.
        """
        named = NAMES & set(vals)
        known = self.filtered(lambda offer: offer._is_known_to_amazon()) if named and not self.env.su else ()
        if changed := [offer.sku for offer in known if offer._amazon_changes(vals, named)]:
            env = self._amazon_in_users_language().env
            raise AccessError(env._("Amazon knows %s already. Add another row for another SKU.", ", ".join(changed)))

    def _is_known_to_amazon(self):
        """Tell whether Amazon has shown this, or was told of it."""
        return bool(self.seen_at or self.quantity_id)

    def _note_change(self, reason="settings", changed_there=False):
        """Have these looked at by who sends stock.

        :param str reason: why.
        :param bool changed_there: Amazon may have changed its number itself.
        """
        # sudo: whoever maps a SKU says nothing of what others do
        changes, watched = self.env["amazon.stock.change"].sudo(), self.sudo().filtered("account_id.stock_watched")
        changes._note_offers(watched, reason, changed_there=changed_there)

    def _why_not_sold(self):
        """Return what of its product keeps this SKU from being offered, or False."""
        self.ensure_one()
        if not self.product_id:
            return _lt("It has no product yet.")
        if not self.product_id.active:
            return _lt("Its product is archived.")
        if self.product_id.type != "consu":
            return _lt("Its product is nothing that is delivered.")
        if self.product_id.company_id and self.product_id.company_id != self.company_id:
            return _lt("Its product is another company's.")
        if not (self.product_id.is_storable or self._is_kit()) and not self.quantity_fixed and not self.paused:
            return _lt("Its product's stock is not tracked. Set a fixed quantity to offer it.")
        return False

    def _why_not_sent(self):
        """Return why nothing is told to Amazon of this SKU, or False."""
        if why := self._why_not_sold():
            return why
        if not is_sku(self.sku):
            return _lt("Amazon has no SKU like this.")
        if self.marketplace_id not in self.account_id.marketplace_ids:
            return _lt("Its marketplace is not one of the account's any more.")
        if self.gone:
            return _lt("Amazon does not list it any more.")
        if not self.seen_at:
            return _lt("Amazon was not seen to list it; a quantity would make an empty offer.")
        if self._is_amazons():
            return _lt("Amazon ships it (FBA).")
        if self.both_channels and not self.both_channels_allowed:
            return _lt("Amazon ships it (FBA), and it is for your own shipping, too. Say whether to offer your stock.")
        if not self.channel:
            return _lt("Amazon does not say who ships it. Choose this under “Shipped by”.")
        return False

    def _is_amazons(self):
        """Tell whether Amazon alone ships this: there is no stock of it to be told."""
        return self.channel == "fba" and not self.both_channels

    def _is_kit(self):
        """Tell whether the product is a kit, which has the stock of its components."""
        return "is_kits" in self.product_id._fields and self.product_id.is_kits

    def _units_to_sell(self):
        """Return how many units of each are free in the account's warehouses and taken by no order from Amazon.

        :rtype: dict
        :return: floats by offer, in the products' own units of measure.
        """
        units = {}
        for account, offers in self.grouped("account_id").items():
            # sudo: whoever looks at SKUs need not see all stock and orders
            units |= offers._units_in(account.sudo()._stock_warehouses())
        return units

    def _units_in(self, warehouses):
        """Return how many units of each of an account's are free in some warehouses and taken by no order from Amazon.

        :param warehouses: the ``stock.warehouse``.
        :rtype: dict
        """
        company = self.account_id.company_id
        # sudo: see _units_to_sell
        products = self.sudo().with_company(company).product_id
        parts = products._amazon_components(company)
        free = products.browse({part.id for of_one in parts.values() for part in of_one})._amazon_free(warehouses)
        return {
            offer: min((free[part] / need for part, need in parts[offer.sudo().product_id].items()), default=0)
            for offer in self
        }

    @api.model
    def _units_ordered_since(self, moments):
        """Return how many units of SKUs of an account were ordered on Amazon, which Amazon has taken off at once.

        :param dict moments: since when (UTC, naive), by ``amazon.offer``.
        :return: units by ``amazon.offer``.
        :rtype: Counter
        """
        if not moments:
            return Counter()
        offers = self.browse().union(*moments)
        self.env["sale.order"].flush_model(["amazon_account_id", "date_order"])
        self.env["sale.order.line"].flush_model(["order_id", "amazon_offer_id", "product_uom_qty"])
        earlier = timedelta(minutes=CLOCKS)
        rows = self.env.execute_query(
            SQL(
                "SELECT asked.offer_id, sum(line.product_uom_qty)"
                " FROM unnest(%s::int[], %s::timestamp[]) AS asked (offer_id, since)"
                " JOIN sale_order_line line ON line.amazon_offer_id = asked.offer_id"
                " JOIN sale_order ON sale_order.id = line.order_id AND sale_order.date_order >= asked.since"
                # Of the orders only the latest need be looked at, which have an index.
                " WHERE sale_order.amazon_account_id IN %s AND sale_order.date_order >= %s GROUP BY asked.offer_id",
                [offer.id for offer in moments],
                [moment - earlier for moment in moments.values()],
                offers.account_id._ids,
                min(moments.values()) - earlier,
            )
        )
        ordered = Counter({self.browse(offer_id): float(units) for offer_id, units in rows})
        for company in offers.company_id:
            ordered.update(self.env["amazon.order.update"]._taken(company))
        return ordered

    # === BUSINESS METHODS: TELLING === #

    def _values_to_tell(self):
        """Return what Amazon is to be told of this.

        :rtype: dict
        """
        self.ensure_one()
        is_over = self.restock_date and self.restock_date < self.marketplace_id._today()
        return {
            "quantity": self.quantity_here,
            "handling_days": self.handling_days,
            "restock_date": not is_over and self.restock_date,
        }

    def _is_to_be_looked_up(self, asked_for):
        """Tell whether Amazon is to be asked for this before it can be told of it at all.

        :param bool asked_for: a person wants it told: what was not listed any more may be again.
        """
        unknown = asked_for if self.gone else not self.seen_at
        return bool(self.product_id) and unknown and self._can_be_looked_up()

    def _tell(self, again, changed_there, reasons):
        """Have Amazon told what it may sell of these, where it was told something else.

        :param again: ids of those that it is told even if it was told the same.
        :param changed_there: ids of those of which it may have changed its number itself.
        :param dict reasons: why, where it is known, by their ids.
        """
        new, anyway = [], {*again, *changed_there, *self._ordered_since_told().ids}
        for offer in self:
            told = offer.quantity_id
            values = not offer.why_not_sent and offer._values_to_tell()
            same = told and values and told._says(values)
            if not values or (same and offer.id not in anyway and told.state != "not_sent"):
                continue
            values["requested"] = offer.id in again
            values["reason"] = offer._reason(reasons.get(offer.id), values["quantity"])
            if told and told.state != "done":
                told._to_send(**{**values, "requested": told.requested or values["requested"]})
            else:
                new.append({**values, **offer._row_values()})
        rows = self.env["amazon.quantity"].create(new)
        for row in rows:
            row.offer_id.quantity_id.retry_at = False
            row.offer_id.quantity_id = row

    def _reason(self, noted, quantity):
        """Return why Amazon is told of this.

        :param str noted: why it was to be looked at, where that is known.
        :param int quantity: what it is told.
        """
        told = self.quantity_id
        if noted == "person":
            return noted
        if self.paused:
            return "paused"
        if not told:
            return "first"
        return noted or ("more" if quantity > told.quantity else "less" if quantity < told.quantity else "order")

    def _ordered_since_told(self):
        """Return those of these that were ordered on Amazon after it was told of them: it has fewer now than it was
        told, also where as many have come in here meanwhile."""
        if not self:
            return self
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT offer.id FROM amazon_offer offer"
                " JOIN amazon_quantity told ON told.id = offer.quantity_id"
                " JOIN sale_order_line line ON line.amazon_offer_id = offer.id"
                " JOIN sale_order ON sale_order.id = line.order_id"
                " WHERE offer.id IN %s AND sale_order.date_order >= told.sent_at - %s * interval '1 minute'",
                self._ids,
                CLOCKS,
            )
        )
        return self.browse(offer_id for [offer_id] in rows)

    def _cannot_be_told(self, why):
        """Say on this SKU why nothing can be told of it.

        :param str why: in the company's language.
        """
        self.ensure_one()
        if self.quantity_id.state in (False, "done"):
            self.quantity_id.retry_at = False
            self.quantity_id = self.env["amazon.quantity"].create(self._row_values())
        self.quantity_id._refused("error", why)

    def _row_values(self):
        return {
            "account_id": self.account_id.id,
            "offer_id": self.id,
            "marketplace_id": self.marketplace_id.id,
            "sku": self.sku,
            "late_until": self.quantity_id.late_until,
        }

    # === ACTION METHODS === #

    def action_send_now(self):
        """Tell Amazon the quantities of these, even if it was told the same."""
        self.check_access("write")
        self._amazon_check_group()
        if not self:
            raise UserError(self.env._("Select the SKUs whose quantity Amazon is to be told."))
        for offers in self.grouped("account_id").values():
            offers.account_id._check_ready()
        # sudo: what is to be looked at is the addon's own
        self.env["amazon.stock.change"].sudo()._note_offers(self, "person", again=True)
        self.account_id._wake_stock()
        return notice(self.env._("The quantities go out within a minute."), "info")

    def action_view_quantities(self):
        """Open what Amazon was told of this."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_quantities")
        return {**action, "domain": [("offer_id", "=", self.id)], "context": {}}
