"""The outbox (rule 2): what Amazon has to know of each parcel, and what it answered. How it is sent stands in
``amazon_confirmation_send.py``."""

import unicodedata
from collections import Counter, defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import DEAD, RECENT_DAYS
from ...notices import notice
from ...order_numbers import part_of_number
from ...ours import is_ours, noted
from ...selling_partner import DIRECT_PAYMENT, OTHER, BadRequest, Shipment, ShippedItem, tidy
from ...times import aware, local_date
from ..engine.amazon_guard import GROUPS
from ..engine.amazon_search import pointing
from ..engine.trigram import trigram
from ..engine.why import Why
from .amazon_shipping_method import names_no_carrier
from .stock_picking_parcel import numbers_of

# "1", "2" … may be parcels that were entered in Seller Central: sending one of these would overwrite it.
FIRST_REFERENCE = 100_000
# amzn-base.xsd allows no longer texts; Amazon rejects the whole feed because of one.
LONGEST_IN_FEED = 50
LONGEST_NUMBER = LONGEST_IN_FEED
LONGEST = 255
# What is told to Amazon; when one of these changes it is told again.
TOLD = (
    "carrier_code",
    "carrier_name",
    "ship_method",
    "tracking_number",
    "ship_date",
    "quantities",
    "transparency_codes",
    "cod_collection_method",
)


def clean_number(text):
    """Write tracking numbers as Amazon takes them: full-width digits and dashes become plain ones, spaces go.

    :param str text: one number, or several separated by commas.
    :return: the same numbers; what cannot be meant as one is left for :meth:`amazon.confirmation._why_wrong`.
    """
    text = unicodedata.normalize("NFKC", str(text or "")).replace("、", ",")
    text = "".join("-" if unicodedata.category(char) == "Pd" or char in "−ー" else char for char in tidy(text))
    numbers = ("".join(number.split()) for number in text.split(","))
    return ",".join(number for number in numbers if number)


class AmazonConfirmation(models.Model):
    """One parcel of one order: the outbox and the history (出荷通知連携履歴) in one.

    The row's id is the parcel's ``packageReferenceId`` for ever, so that sending again edits.
    """

    _name = "amazon.confirmation"
    _description = "Amazon Shipping Confirmation"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search", "amazon.outbox", "amazon.of.marketplace"]
    _order = "id desc"
    _rec_name = "order_ref"
    # What may quote the order's buyer.
    _amazon_quotes = ("order_id", ("message",))
    _check_company_auto = True

    _amazon_parts = ("order_text", "tracking_number")
    _amazon_sorted = {"create_date": ("ASC",), "sent_at": ("ASC",)}

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    order_id = fields.Many2one("sale.order", required=True, readonly=True, index=True, ondelete="cascade")
    order_ref = fields.Char("Amazon Order", required=True, readonly=True, index=True)
    marketplace_id = fields.Many2one(readonly=True)
    picking_id = fields.Many2one("stock.picking", "Delivery", readonly=True, index=True, ondelete="restrict")
    package_id = fields.Many2one("stock.package", "Parcel", readonly=True, ondelete="restrict", index="btree_not_null")
    phase_id = fields.Many2one(
        "amazon.phase",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="In which the order stood when the delivery was validated, or into which a person has put it since; it"
        " decides whether this is confirmed by itself, and where the order moves then.",
    )
    reference = fields.Char(
        "Package Reference", readonly=True, help="Amazon's packageReferenceId; sending it again edits the parcel."
    )

    # --- what is to be sent, or was sent last
    carrier_code = fields.Char(readonly=True)
    carrier_name = fields.Char(readonly=True)
    ship_method = fields.Char(readonly=True)
    tracking_number = fields.Char(readonly=True)
    further_numbers = fields.Char(readonly=True, help="More numbers of the delivery; Amazon takes one a parcel.")
    ship_date = fields.Datetime("Shipped", readonly=True)
    quantities = fields.Json(readonly=True, help="Units by Amazon's item")
    quantity = fields.Float("Units", readonly=True, digits=0)
    transparency_codes = fields.Json(readonly=True)
    cod_collection_method = fields.Char("COD Collection", readonly=True)

    # --- how it went
    channel = fields.Selection(
        selection_add=[("seller_central", "In Seller Central"), ("by_hand", "Set by Hand")],
        ondelete=dict.fromkeys(("seller_central", "by_hand"), "set null"),
    )
    edited = fields.Boolean(readonly=True, help="Changed after Amazon had been told")
    query_first = fields.Boolean(
        readonly=True, help="Told in a feed: whether Amazon has it, and under which reference, is not known yet."
    )
    redone = fields.Boolean(
        readonly=True, help="Its units came back and left again; Amazon goes on counting as many as it was told."
    )
    kept_carrier_id = fields.Many2one(
        "delivery.carrier",
        readonly=True,
        ondelete="set null",
        help="The delivery's method when the parcel was found in Seller Central: as long as it stays, what was entered"
        " there counts.",
    )
    without_number = fields.Boolean(
        "By Feed", readonly=True, help="Amazon wants a number here; in a feed it can be left out."
    )
    advice = fields.Text("What to Do", compute="_compute_advice")
    order_text = fields.Char("Order Number", store=False, readonly=True, search="_search_order_text")
    is_waiting = fields.Boolean(compute="_compute_is_waiting", search="_search_is_waiting")
    is_recent = fields.Boolean(
        "Open or Recent",
        compute="_compute_is_recent",
        search="_search_is_recent",
        help="Not done yet, or made or sent in the last 14 days",
    )
    mail = fields.Selection(
        [("sending", "After Sending"), ("results", "After Fetching Results")],
        readonly=True,
        help="The result mail that has to tell of it",
    )
    amazon_url = fields.Char("Seller Central", related="order_id.amazon_url")

    _open_idx = models.Index("(account_id, state, retry_at) WHERE state != 'done'")
    _channel_idx = models.Index("(channel, id)")
    _order_ref_idx = models.Index(trigram("order_ref"))
    _tracking_number_idx = models.Index(trigram("tracking_number"))
    _further_numbers_idx = models.Index(trigram("further_numbers"))
    _sent_at_idx = models.Index("(sent_at)")
    _create_date_idx = models.Index("(create_date)")
    _untracked_idx = models.Index("(id) WHERE (tracking_number IN ('') OR tracking_number IS NULL)")
    _carrier_name_idx = models.Index(trigram("carrier_name"))
    _message_idx = models.Index(trigram("message"))
    _mail_idx = models.Index("(account_id) WHERE mail IS NOT NULL")
    _parcel_uniq = models.UniqueIndex(
        "(order_id, picking_id, COALESCE(package_id, 0)) WHERE channel IS DISTINCT FROM 'seller_central'"
    )

    def init(self):
        result = super().init()
        sequence = f"{self._table}_id_seq"
        self.env.cr.execute(
            SQL(
                "SELECT setval(%s, %s, false) FROM %s WHERE last_value < %s",
                sequence,
                FIRST_REFERENCE,
                SQL.identifier(sequence),
                FIRST_REFERENCE,
            )
        )
        return result

    # === COMPUTE METHODS === #

    @api.depends("state", "hint", "message", "requested", "account_id.auto_confirm")
    @api.depends_context("lang", "uid")
    def _compute_advice(self):
        states, hints = self._state_advice(), self._hint_advice()
        for row in self:
            row.advice = row._stopped_advice() or hints.get(row.hint) or states.get(row.state)

    def _stopped_advice(self):
        """Return what to do about it that nobody looks at this, or False: the job is started, or a person has asked."""
        if self.state != "not_sent" or self.requested or self.account_id.auto_confirm:
            return False
        user, name = self.env.user, self.account_id.name
        if user.has_group(GROUPS % "manager"):
            return self.env._(
                "The job “Shipping Confirmation” of %s is stopped. Start it on the account; or press “Confirm Now”, or"
                " “Retry” in the history, to have only this sent.",
                name,
            )
        if user.has_group(GROUPS % "user"):
            return self.env._(
                "The job “Shipping Confirmation” of %s is stopped. Ask your Amazon manager to start it; or press"
                " “Confirm Now”, or “Retry” in the history, to have only this sent.",
                name,
            )
        return self.env._(
            "The job “Shipping Confirmation” of %s is stopped. Ask your Amazon manager to start it.", name
        )

    @api.model
    def _state_advice(self):
        """Return what each API status means and what to do about it."""
        return {
            "not_sent": self.env._("Not sent yet. It is sent by itself when nothing stands against it any more."),
            "sending": self.env._("Being sent. Nothing to do."),
            "rejected": self.env._("Sending failed and Amazon has nothing. Press Retry when the reason is gone."),
            "unknown": self.env._(
                "It was sent, but the result could not be read. Look at the order in Seller Central: if the parcel is"
                " missing there, press Retry."
            ),
            "done": self.env._("Amazon has it. Nothing to do."),
            "error": self.env._(
                "It was refused. Correct what the message says; then it is sent again, or press Retry."
            ),
        }

    @api.model
    def _hint_advice(self):
        """Return plain advice for the refusals of Amazon that are known, as far as the user can follow it."""
        manager = self.env.user.has_group(GROUPS % "manager")
        return {
            "carrier": self.env._(
                "Amazon does not know this carrier code. Give the delivery method the shipping method of another"
                " carrier, or one with the code “Other” and the carrier's name."
            ),
            "quantity": self.env._(
                "More units than are open on Amazon. Compare with Seller Central: part of the order may be cancelled"
                " or confirmed already."
            ),
            "not_found": self.env._(
                "Amazon finds no parcel to change, or nothing left to ship. Look at the order in Seller Central."
            ),
            "cancelled": self.env._("The order is cancelled on Amazon. Stop the parcel if you still can."),
            "tracking": self.env._("Amazon does not take this tracking number. Correct it on the delivery."),
            "item": self.env._("Amazon does not know an item as part of this order. Refresh the order from Amazon."),
            "date": self.env._("Amazon does not take the ship date. Correct it on the delivery."),
            "reference": self.env._("Amazon does not take the package reference. Please report this."),
            "cod": self.env._(
                "Amazon does not take this as cash on delivery. Compare the payment with Seller Central."
            ),
            "transparency": self.env._("Enter the Transparency codes of the units in this parcel on the delivery."),
            "access": self.env._(
                "The application lacks a role, or the authorization was taken back. Test the connection on the account;"
                " what waits is then sent by itself."
            )
            if manager
            else self.env._(
                "The application lacks a role, or the authorization was taken back. Ask your Amazon manager to test the"
                " connection on the account; what waits is then sent by itself."
            ),
        }

    @api.depends("state", "message")
    def _compute_is_waiting(self):
        for row in self:
            row.is_waiting = row.state == "not_sent" and bool(row.message)

    def _search_is_waiting(self, operator, value):
        if operator not in ("=", "in"):
            return NotImplemented
        return [("state", "=", "not_sent"), ("message", "!=", False)]

    def _compute_is_recent(self):
        recent = self.filtered_domain(self._recent_domain())
        for row in self:
            row.is_recent = row in recent

    def _search_is_recent(self, operator, value):
        if operator != "in":
            return NotImplemented
        if self.env.context.get("amazon_all_times"):
            # Who looks for a certain parcel looks for it among all.
            return Domain.TRUE
        return self._amazon_few(self._recent_domain()) if True in value else ~self._recent_domain()

    def _recent_domain(self):
        since = f"today -{RECENT_DAYS}d"
        # Three conditions, each of which has an index.
        open_states = [state for state, _label in self._fields["state"].selection if state != "done"]
        return Domain("create_date", ">=", since) | Domain("sent_at", ">=", since) | Domain("state", "in", open_states)

    def _search_order_text(self, operator, value):
        """What is typed into the search box: the order's number on Amazon, or here, or the delivery's."""
        if operator != "ilike":
            return NotImplemented
        orders = pointing(self, "order_id", self.env["sale.order"]._amazon_named("name", value))
        part = part_of_number(value)
        pickings = pointing(self, "picking_id", Domain("name", operator, part))
        return Domain("order_ref", operator, part) | orders | pickings

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        for row in rows.filtered(lambda row: not row.reference):
            row.reference = str(row.id)
        return rows

    # === ACTION METHODS === #

    def action_retry(self):
        """Send again what failed, or look again at what waits: soon, and whatever the phase."""
        self._amazon_check_group()
        self.order_id.check_access("write")
        rows = self.filtered(lambda row: row.state not in ("sending", "done"))
        if not rows:
            raise UserError(self.env._("Choose confirmations that failed or wait."))
        rows._request()
        return rows._notify_requested()

    def action_open_order(self):
        """Open the order in Odoo."""
        return self._open(self.order_id)

    def action_open_picking(self):
        """Open the delivery."""
        return self._open(self.picking_id)

    def action_amazon_open(self):
        """Open the order in Seller Central."""
        self.ensure_one()
        return self.order_id.action_amazon_open()

    def _open(self, record):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }

    def _notify_requested(self):
        return notice(self.env._("%s confirmations are sent within a minute.", len(self)))

    def _request(self):
        """Have the rows sent soon because a person asks for it, whatever the phase and whether the job is started."""
        # sudo: the outbox is the addon's own; callers have checked the right to write the orders
        rows = self.sudo().filtered(lambda row: row.state != "sending")
        rows._to_send(requested=True)
        for account in rows.account_id:
            account._job("confirm_by_hand")._trigger()

    # === BUSINESS METHODS: MAKING ROWS === #

    @api.model
    def _make(self, pickings):
        """Make or renew the rows of deliveries that are done, in the same transaction: a crash loses neither.

        :param pickings: the ``stock.picking``; those that concern no Amazon order are passed over.
        :return: the rows.
        """
        rows = self.sudo()  # sudo: the outbox is the addon's own, whoever validates
        done = pickings.sudo().filtered(lambda picking: picking.state == "done")
        for picking in done:
            if picking._amazon_orders() and picking.location_dest_id.usage == "customer":
                company = picking.company_id
                here = picking.with_company(company).with_context(lang=company._amazon_lang())
                rows |= self.with_env(here.env)._make_for(here)
        rows._wake()
        # The order's other deliveries may have waited for this one, or for a step of one that is to follow.
        self._look_again([("order_id", "in", done._amazon_orders().ids), ("state", "=", "not_sent")])
        rows.order_id._amazon_move_phase()
        return rows

    @api.model
    def _make_for(self, picking):
        """Make or renew the rows of one delivery."""
        known = picking.amazon_confirmation_ids
        numbers = picking._amazon_numbers()
        parcels = picking._amazon_parcels() + picking._amazon_parcels_of_merged()
        rows = known._renew_of_seller_central(parcels, numbers)
        parcels = [parcel for parcel in parcels if parcel.order not in rows.order_id]
        packages = list(dict.fromkeys(parcel.package for parcel in parcels))
        for parcel in parcels:
            row = known._row_of(parcel, packages) or self._take_over(picking, parcel)
            if not row and picking._amazon_came_back(parcel.quantities):
                # These units came back; the delivery with which they left again tells of them.
                continue
            row = row or self._create_for(picking, parcel)
            number = row._number_values(numbers, packages.index(parcel.package), len(packages), parcel.package)
            row._renew({**row._quantity_values(picking, parcel), **number})
            rows |= row
        for order in picking._amazon_orders() - rows.order_id:
            if order not in picking.move_ids.sale_line_id.filtered("amazon_item_ref").order_id:
                # Made by hand, without any of the order's items: the row says that there is nothing to confirm.
                row = known.filtered(lambda row, order=order: row.order_id == order)
                row = row or self._create_for(picking, None, order)
                row._renew({"quantities": {}})
                rows |= row
        return rows

    def _renew_of_seller_central(self, parcels, numbers):
        """Renew the rows of orders of which the whole delivery was confirmed in Seller Central: its parcels are those
        that Amazon has.

        :param list parcels: the delivery's.
        :param list numbers: the delivery's tracking numbers.
        :return: the rows.
        """
        renewed = self.browse()
        elsewhere = self.filtered(lambda row: row.channel == "seller_central").sorted("id")
        for order, rows in elsewhere.grouped("order_id").items():
            here, there = Counter(), Counter()
            for parcel in parcels:
                here.update(parcel.quantities if parcel.order == order else {})
            for row in rows:
                there.update(row._units())
            if all(there[item] >= quantity for item, quantity in here.items()):
                for position, row in enumerate(rows):
                    row._renew(row._number_values(numbers, position, len(rows)))
                renewed |= rows
        return renewed

    @api.model
    def _create_for(self, picking, parcel, order=None):
        order = order or parcel.order
        row = self.create(
            {
                **self._values_of(order, picking),
                "package_id": parcel.package.id if parcel else False,
                "quantities": {},
                # While a delivery is validated its order moves on by itself (see stock.picking._action_done).
                "phase_id": noted(self.env, "amazon_phases").get(order.id, order.amazon_phase_id.id),
            }
        )
        row._log(self.env._("Shipping confirmation reserved: %s", picking.name))
        if order.amazon_status_by_hand == "done":
            row._done(channel="by_hand")
            row._log(self.env._("Nothing is sent: the API status was set to “Done” by hand before."))
        return row

    @api.model
    def _values_of(self, order, picking):
        """Return whose row a parcel's is: the same for all of an order's in a delivery."""
        return {
            "account_id": order.amazon_account_id.id,
            "order_id": order.id,
            "order_ref": order.amazon_order_ref,
            "marketplace_id": order.amazon_marketplace_id.id,
            "picking_id": picking.id,
        }

    def _row_of(self, parcel, packages):
        """Return the row of a parcel among those of its delivery; none, if it is new.

        :param list packages: all packages of the delivery.
        """
        rows = self.filtered(lambda row: row.order_id == parcel.order)
        same = rows.filtered(lambda row: row.package_id == parcel.package)
        # What was put into another package after it had left is still the same parcel.
        return (same or rows.filtered(lambda row: row.package_id not in packages))[:1]

    def _quantity_values(self, picking, parcel):
        """Return what of the parcel's contents is new to this row."""
        if self.picking_id != picking:
            # For Amazon it is the same parcel, with as many units as it knows of.
            return {"picking_id": picking.id, "package_id": parcel.package.id, "redone": True}
        if self.redone or self.channel == "seller_central":
            return {}
        return {
            "quantities": parcel.quantities,
            "transparency_codes": parcel.codes,
            "package_id": parcel.package.id,
        }

    @api.model
    def _take_over(self, picking, parcel):
        """Return the row of a parcel whose units came back and have now left once more, if this is it."""
        rows = parcel.order.amazon_confirmation_ids.filtered(lambda row: row.picking_id != picking).sorted("id")
        told = Counter()
        for row in rows:
            told.update(row._units())
        lines = parcel.order.order_line
        wanted = {line.amazon_item_ref: line.product_uom_qty for line in lines if line.amazon_item_ref}
        if any(told[item] + quantity <= wanted.get(item, 0) for item, quantity in parcel.quantities.items()):
            return self.browse()
        back = rows.filtered(
            lambda row: (
                set(parcel.quantities) <= set(row._units()) and row.picking_id._amazon_came_back(parcel.quantities)
            )
        )[:1]
        if not back:
            rows.filtered("redone")._count_own()
        return back

    def _count_own(self):
        """The rest of what came back leaves with another delivery: from now on each counts what is in it."""
        for row in self:
            for parcel in row.picking_id._amazon_parcels():
                ours, units = (parcel.order, parcel.package) == (row.order_id, row.package_id), row._units()
                if ours and all(count <= units.get(item, 0) for item, count in parcel.quantities.items()):
                    row.redone = False
                    row._renew(row._quantity_values(row.picking_id, parcel))

    def _number_values(self, numbers, position, count, package=None):
        """Return the parcel's tracking number: its package's own, of as many numbers as parcels the one in its
        place, else the first of its package's or the delivery's; the others are kept and shown."""
        own = package and package._amazon_numbers()
        if self.channel == "seller_central" and not (own or numbers):
            # Without a number here it keeps the one that was entered in Seller Central.
            return {}
        numbers = numbers_of(own, numbers, position, count)
        return {
            "tracking_number": numbers[0] if numbers else False,
            "further_numbers": ", ".join(numbers[1:]) or False,
        }

    def _renew(self, values):
        """Write what the parcel's delivery says now; what Amazon was told differently is told again."""
        self.ensure_one()
        self.write(values)
        self._refresh()
        if self.without_number and self.tracking_number:
            self.without_number = False
        if self.state in ("done", "unknown"):
            if self.told and self.told != self._facts():
                self._to_send(edited=True)
                self._log(self.env._("Changed after it was confirmed, sent again: %s", self.picking_id.name))
            elif not self.told and self.channel == "by_hand":
                # What is changed from now on has to be told.
                self.told = self._facts()
        elif self.state in ("error", "rejected"):
            self._to_send()
        elif self.state == "not_sent":
            # What stood against it may be over; the job says so if it is not.
            self.write({"retry_at": False, "message": False})
        # What is being sent is compared again when the answer is there (_settle_changed).

    def _refresh(self):
        """Read again how the parcel goes: delivery methods and their links change."""
        values = {**self._shipment_values(), "quantity": sum(self._units().values())}
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.write(changed)

    def _shipment_values(self):
        """Return how the parcel goes, from the delivery and its method."""
        picking, order = self.picking_id, self.order_id
        facts = picking.carrier_id._amazon_shipment_facts() if picking.carrier_id else {}
        if self._keeps_carrier():
            facts = {name: self[name] for name in ("carrier_code", "carrier_name", "ship_method")}
        return {
            "carrier_code": facts.get("carrier_code") or False,
            "carrier_name": facts.get("carrier_name") or False,
            "ship_method": facts.get("ship_method") or False,
            "ship_date": picking._amazon_ship_moment(self.marketplace_id.tz or "UTC"),
            "cod_collection_method": DIRECT_PAYMENT
            if order.amazon_payment_method == "cod" and self.marketplace_id.code == "JP"
            else False,
        }

    def _keeps_carrier(self):
        """Tell whether the carrier that was entered in Seller Central counts, not the delivery's method."""
        return (
            self.channel == "seller_central"
            and bool(self.carrier_code)
            and self.picking_id.carrier_id == (self.kept_carrier_id)
        )

    def _units(self):
        """Return the units in the parcel by Amazon's item id.

        :rtype: dict
        """
        return dict(self.quantities or {})

    def _facts(self):
        """Return what Amazon is told, in a form that can be stored and compared."""
        self.ensure_one()
        facts = {name: self[name] or False for name in TOLD}
        return {**facts, "ship_date": fields.Datetime.to_string(self.ship_date) if self.ship_date else False}

    # === BUSINESS METHODS: MAY IT BE SENT? === #

    def _why_wrong(self, number=None):
        """Return what a person must correct before this can be sent, or False.

        :param number: as of :meth:`_why_number_missing`.
        :rtype: Why | bool
        """
        self.ensure_one()
        env, picking, order = self.env, self.picking_id, self.order_id
        # Odoo caches the id; the record would be read again in each transaction.
        provisional = env["ir.model.data"]._xmlid_to_res_id("sale_amazon_spapi.carrier_provisional")
        if order.amazon_status in DEAD:
            return Why("cancelled", env._("The order is cancelled on Amazon."))
        if not self._units():
            return Why(
                "nothing", env._("This delivery holds no items of the Amazon order, so there is nothing to confirm.")
            )
        kept = self._keeps_carrier()
        if not kept and picking.carrier_id.id in (False, provisional):
            return Why(
                "no_carrier", env._("Choose the delivery method on %s: Amazon must be told the carrier.", picking.name)
            )
        if names_no_carrier(self.carrier_name, self.ship_method):
            return Why("unnamed", picking.carrier_id._amazon_why_unnamed())
        unmapped = not kept and not picking.carrier_id.amazon_shipping_method_id
        if unmapped and self.account_id.unmapped_carrier == "error":
            return Why(
                "unlinked",
                env._(
                    "The delivery method “%s” is not linked to a shipping method of Amazon. Link it under"
                    " Inventory > Configuration > Delivery Methods.",
                    picking.carrier_id.name,
                ),
            )
        return (
            self._why_text_too_long()
            or self._why_number_wrong(self.tracking_number if number is None else number)
            or self._why_date_wrong()
            or self._why_quantity_wrong()
        )

    def _why_text_too_long(self):
        most = LONGEST_IN_FEED if self.without_number else LONGEST
        for name in ("carrier_code", "carrier_name", "ship_method"):
            if len(self[name] or "") > most:
                return Why(
                    "too_long",
                    self.env._(
                        "“%(text)s…” is longer than the %(most)s characters that Amazon takes; shorten it on the"
                        " delivery method “%(method)s”.",
                        text=self[name][:20],
                        most=most,
                        method=self.picking_id.carrier_id.name or "–",
                    ),
                )
        return False

    def _why_number_wrong(self, number):
        number = number or ""
        if len(number) > LONGEST_NUMBER:
            return Why(
                "number_too_long",
                self.env._(
                    "The tracking number is %(length)s characters long; Amazon takes at most %(most)s.",
                    length=len(number),
                    most=LONGEST_NUMBER,
                ),
            )
        if not all(char.isascii() and (char.isalnum() or char in "-_./+#") for char in number):
            return Why(
                "no_number",
                self.env._("“%s” is no tracking number: only letters, digits and dashes can be sent.", number),
            )
        return False

    def _why_date_wrong(self):
        if not self.ship_date:
            return Why("no_date", self.env._("The ship date is missing."))
        now = fields.Datetime.now()
        zone = ZoneInfo(self.marketplace_id.tz or "UTC")
        shown = local_date(self.ship_date, zone)
        if shown > local_date(now, zone) or self.ship_date > now + timedelta(minutes=5):
            return Why("future", self.env._("The ship date %s is in the future.", shown))
        ordered = self.order_id.amazon_purchase_date
        if ordered and shown < local_date(ordered, zone):
            return Why(
                "before_order",
                self.env._(
                    "The ship date %(date)s is before the order (%(ordered)s).",
                    date=shown,
                    ordered=local_date(ordered, zone),
                ),
            )
        return False

    def _why_quantity_wrong(self):
        """Compare with what Amazon wants of each item, less what other parcels stand for."""
        if self.channel == "seller_central":
            # Amazon itself says what is in its parcels.
            return False
        others = Counter()
        for row in self.order_id.amazon_confirmation_ids - self:
            if row.state in ("done", "sending", "unknown"):
                others.update(row._units())
        items = {item.item_ref: item for item in self.order_id.amazon_item_ids}
        for item_ref, quantity in self._units().items():
            item = items.get(item_ref)
            if not item:
                return Why(
                    "unknown_item",
                    self.env._("Amazon's order has no item %s. Refresh the order from Amazon.", item_ref),
                )
            if quantity != int(quantity):
                return Why(
                    "fraction",
                    self.env._("%(sku)s: %(quantity)s is no whole number of units.", sku=item.sku, quantity=quantity),
                )
            left = item.quantity_ordered - item.quantity_cancelled - others[item_ref]
            if quantity > left:
                return Why(
                    "too_many",
                    self.env._(
                        "%(sku)s: %(quantity)s units are in the parcel, but only %(left)s are open on Amazon.",
                        sku=item.sku,
                        quantity=int(quantity),
                        left=max(left, 0),
                    ),
                )
        return False

    def _why_waiting(self):
        """Return what this waits for, or False when it may be sent now.

        :rtype: Why | bool
        """
        self.ensure_one()
        env, order, picking, account = self.env, self.order_id, self.picking_id, self.account_id
        if order.amazon_on_hold:
            return Why("on_hold", env._("The order is on hold."))
        missing = self._why_number_missing() or self._why_codes_missing()
        if missing or self.requested:
            return missing
        if not account.auto_confirm:
            return Why("stopped", env._("The job “Shipping Confirmation” of %s is stopped.", account.name))
        if excluded := self._why_excluded():
            return excluded
        if self._is_past_phases():
            return False
        phase = self.phase_id or order.amazon_phase_id
        if not self._phase_setting().auto_confirm:
            if phase == order.amazon_phase_id:
                return Why("phase", env._("Deliveries are not confirmed in the phase “%s”.", phase.name or "–"))
            return Why(
                "phase_then",
                env._(
                    "It was validated in the phase “%s”, in which deliveries are not confirmed. Move the order into a"
                    " phase that confirms, or press “Confirm Now”.",
                    phase.name,
                ),
            )
        if phase.require_ship_date and not picking.amazon_ship_date:
            return Why("ship_date", env._("In the phase “%s” somebody must enter the ship date.", phase.name))
        zone = ZoneInfo(self.marketplace_id.tz or "UTC")
        today = local_date(fields.Datetime.now(), zone)
        if account.confirm_today_only and local_date(self.ship_date, zone) != today:
            return Why("today", env._("Not shipped today; by the account's setting it is not confirmed by itself."))
        return False

    def _why_excluded(self):
        """Return which of the account's policies keeps this back unless a person asks for it, or False.

        :rtype: Why | bool
        """
        self.ensure_one()
        env, order, account = self.env, self.order_id, self.account_id
        if self.requested:
            return False
        if self._is_in_parcel_of_parent() and account.merged_policy == "parent_only":
            return Why(
                "combined",
                env._(
                    "Combined into %s; only the order it was combined into is confirmed.",
                    order.amazon_merged_into_id.name,
                ),
            )
        if account.copied_policy == "none" and order.amazon_copy_ids.filtered(lambda copy: copy.state != "cancel"):
            return Why(
                "duplicated", env._("The order was duplicated; by the account's setting it is not confirmed by itself.")
            )
        waits = account.split_policy == "wait" and not self._is_past_phases()
        if waits and (open_ones := self._what_is_missing()):
            return Why("rest", env._("Waits until the whole order has left with a tracking number: %s", open_ones))
        return False

    def _is_in_parcel_of_parent(self):
        """Tell whether this goes with the order that its own was combined into: a packer may have taken it out."""
        order, parent = self.order_id, self.order_id.amazon_merged_into_id
        parcels = parent.picking_ids.move_line_ids.result_package_id
        return bool(parent) and bool(order._amazon_goes_along() or not parcels or self.package_id & parcels)

    def _phase_setting(self):
        """Return what the account does in the phase that decides on this parcel."""
        self.ensure_one()
        phase = self.phase_id or self.order_id.amazon_phase_id
        return self.account_id.phase_ids.filtered(lambda line: line.phase_id == phase)

    def _is_past_phases(self):
        """Tell whether the order's phase and its other deliveries do not matter: Amazon has this parcel already and is
        told of a change, or it went with the order that this one was combined into and cancelled for."""
        return self.edited or self.order_id.state == "cancel"

    def _why_number_missing(self, number=None):
        """Return why this waits for a tracking number, or False.

        :param number: the number it would have; None: the one it has.
        """
        picking = self.picking_id
        number = self.tracking_number if number is None else number
        needed = picking.carrier_id and not picking.carrier_id.amazon_no_tracking
        if number or not needed or picking.amazon_send_untracked:
            return False
        if self.account_id.missing_tracking == "send":
            return False
        return Why(
            "number",
            self.env._(
                "The tracking number is missing on %s. Without one Amazon lowers your valid tracking rate; tick “Send"
                " without tracking number” on the delivery to send it all the same.",
                picking.name,
            ),
        )

    def _why_codes_missing(self):
        codes = self.transparency_codes or {}
        for item in self.order_id.amazon_item_ids.filtered("needs_transparency_codes"):
            quantity = self._units().get(item.item_ref, 0)
            if quantity and len(codes.get(item.item_ref, [])) != quantity:
                return Why(
                    "codes",
                    self.env._(
                        "%(sku)s needs one Transparency code for each of its %(quantity)s units; enter them on"
                        " %(delivery)s.",
                        sku=item.sku,
                        quantity=int(quantity),
                        delivery=self.picking_id.name,
                    ),
                )
        return False

    def _what_is_missing(self):
        """Return the names of the order's deliveries that have not left, or have no number they need."""
        missing = self.order_id._amazon_not_left()
        open_rows = self.order_id.amazon_confirmation_ids.filtered(lambda row: row.state != "done")
        missing |= open_rows.filtered(lambda row: row._why_number_missing()).picking_id
        return ", ".join(missing.mapped("name"))

    # === BUSINESS METHODS: WHAT IS SENT === #

    def _shipment(self):
        """Return the parcel as ``selling_partner`` sends it.

        :rtype: Shipment
        """
        self.ensure_one()
        return Shipment(
            order_id=self.order_ref,
            marketplace_id=self.marketplace_id.api_ref or "",
            reference=self.reference,
            carrier_code=self.carrier_code or OTHER,
            carrier_name=self.carrier_name or "",
            shipping_method=self.ship_method or "",
            tracking_number=self.tracking_number or "",
            ship_date=aware(self.ship_date),
            items=tuple(
                ShippedItem(item, int(quantity), tuple((self.transparency_codes or {}).get(item, ())))
                for item, quantity in sorted(self._units().items())
            ),
            cod_collection_method=self.cod_collection_method or "",
        )

    def _checked_shipment(self):
        """Return (shipment, what is wrong with it)."""
        wrong = self._why_wrong()
        if wrong:
            return None, wrong
        shipment = self._shipment()
        try:
            shipment.validate()
        except BadRequest as error:
            return None, str(error.message)
        return shipment, False

    # === BUSINESS METHODS: OUTCOMES === #

    def _accepted(self, message=False, mail="sending", before=None, **values):
        """Amazon has these parcels.

        :param str message: what is worth knowing besides; what Amazon's report has warned of stays in any case.
        :param str mail: the result mail that tells of it.
        :param str before: the line of the chatter that goes before.
        """
        asked_for = self.filtered("requested")
        values = {
            "edited": False,
            "without_number": False,
            "mail": mail,
            **({"query_first": False} if "reference" in values else {}),
            **values,
        }
        for warning, rows in self.grouped("warning").items():
            text = "\n".join(filter(None, (message, warning))) or False
            super(AmazonConfirmation, rows)._accepted(text, **values)
        words = {row: self.env._("Amazon has accepted the shipping confirmation: %s", row._in_words()) for row in self}
        self._log_each(words, before)
        (self._settle_changed() & asked_for).requested = True
        return self.order_id._amazon_confirmed()

    def _refused(self, state, message, hint=False, mail="sending", before=None, **values):
        """Amazon does not have these parcels, or we do not know.

        :param str before: the line of the chatter that goes before.
        """
        answered = self.filtered(lambda row: row.state in ("sending", "unknown"))
        requested = answered.filtered("requested")
        if state != "unknown":
            answered.query_first = False
        result = super()._refused(state, message, hint, mail=mail, **values)
        self._log(self.env._("Shipping confirmation failed: %s", message), before)
        changed = answered._settle_changed()
        (changed & requested).requested = True
        (self - changed).order_id._amazon_confirmation_failed()
        return result

    def _settle_changed(self):
        """What was changed while it was being sent is sent again.

        :return: the rows that were.
        """
        changed = self.filtered(lambda row: row.told and row.told != row._facts() and row.channel != "by_hand")
        changed._to_send()
        changed.filtered("accepted_at").edited = True
        changed._wake()
        return changed

    def _in_words(self):
        """Return carrier and number, as a line in the chatter names the parcel."""
        parcel = " ".join(filter(None, (self.carrier_name or self.carrier_code, self.tracking_number)))
        return parcel or self.picking_id.name

    def _log(self, text, before=None):
        """Write the same line into the chatter of the rows' orders."""
        self._log_each(dict.fromkeys(self, text), before)

    @api.model
    def _log_each(self, texts, before=None):
        """Write a line for each row into the chatter of its order, all at once.

        :param dict texts: by row.
        :param str before: a line that goes before each.
        """
        if is_ours(self.env, "amazon_told_already"):
            return
        lines = defaultdict(dict)
        for row, text in texts.items():
            # The same line once, however many parcels it is for.
            for line in filter(None, (before, text)):
                lines[row.order_id.id][line] = Markup("%s") % line
        if lines:
            bodies = {order_id: Markup("<br/>").join(told.values()) for order_id, told in lines.items()}
            # sudo: the confirmation's own note, whoever validated the delivery
            self.env["sale.order"].sudo().browse(bodies)._message_log_batch(bodies=bodies)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_told(self):
        if any(row.told or row.accepted_at for row in self):
            raise UserError(self.env._("What was told to Amazon stays in the history."))
