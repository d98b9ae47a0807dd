"""Where the parcels of vendors with carriers of their own are, from the confirmation to the end."""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_datetime

from ...selling_partner import Schedule, StatusUpdate
from ...selling_partner.values import Address
from ...times import aware
from ..engine.why import Why
from .amazon_vendor_submission import Kind, Wrong

EVENTS = [
    ("departed", "Left the Warehouse"),
    ("in_transit", "At the Carrier's Depot"),
    ("out_for_delivery", "Out for Delivery"),
    ("delayed", "Delayed by a Major Incident"),
    ("delivered", "Delivered"),
    ("refused", "Refused by the Recipient"),
    ("undeliverable", "Undeliverable, to Be Disposed Of"),
    ("lost", "Lost by the Carrier"),
]
# After these nothing happens to a parcel; but what was refused may get lost, or be disposed of.
LAST = {"delivered", "refused", "undeliverable", "lost"}
AFTER_REFUSED = {"undeliverable", "lost"}
# A parcel leaves once, and before anything else but a delay happens to it.
LEFT, BEFORE_LEAVING = "departed", {"delayed"}
# What Amazon has, or may have.
TOLD = ("sending", "done", "unknown")
# What is still to go.
GOING = ("not_sent", "sending", "rejected")
UNCLEAR = "unclear"
# So many are named at most.
MOST_NAMED = 20


def stands_in(number, text):
    """Tell whether a number stands in a text as it is, and not as a part of a longer one.

    :param str number: a parcel's or an order's.
    :param str text: Amazon's.
    """
    part = "[A-Za-z0-9]"
    begins, ends = f"(?<!{part})(?<!{part}[-_./])", f"(?![-_./]?{part})"
    return bool(re.search(begins + re.escape(number) + ends, text))


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(selection_add=[("status", "Status Update")], ondelete={"status": "cascade"})
    event = fields.Selection(EVENTS, "What Has Happened", readonly=True)
    moment = fields.Datetime("Happened on", readonly=True)
    tracking_ref = fields.Char("Tracking Number", readonly=True)
    location_id = fields.Many2one(
        "res.partner", "Where", readonly=True, index="btree_not_null", ondelete="set null", help="Whose address is told"
    )
    appointment_at = fields.Datetime("Expected at", readonly=True)
    appointment_from = fields.Datetime("Appointment from", readonly=True)
    appointment_until = fields.Datetime("Appointment until", readonly=True)

    _status_uniq = models.UniqueIndex(
        "(order_id, tracking_ref, event, moment) WHERE kind IN ('status')",
        "This status of this parcel is in the list already.",
    )

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "status": Kind(
                lambda vendor, contents: vendor.update_status(contents), "submitShipmentStatusUpdates", minutes=10
            ),
        }

    @api.model
    def _hint_advice(self):
        return {
            **super()._hint_advice(),
            UNCLEAR: self.env._(
                "Nobody can read the status of parcels from Amazon. Look at the order in Vendor Central: if it stands"
                " there, press “Amazon Has It”, else Retry."
            ),
            "sequence": self.env._("Nothing to do: what has been told since counts."),
            "place": self.env._("Complete the address, then press Retry."),
            "status_number": self.env._(
                "Enter the number of the confirmation on the delivery. The status itself cannot be changed: tell it"
                " anew with “Status of Parcels…”."
            ),
        }

    @api.model
    def _state_advice(self):
        return {
            **super()._state_advice(),
            "status_error": self.env._(
                "It was refused, and cannot be changed. Tell what is right with “Status of Parcels…” on the delivery;"
                " press Retry only where what is told is right."
            ),
        }

    # === ACTION METHODS === #

    def action_amazon_has_it(self):
        """Say of what nobody can ask Amazon for that a person has seen it there."""
        self._amazon_check_group()
        self.order_id.check_access("write")
        # sudo: the outbox is the addon's own
        rows = self.sudo().filtered(lambda row: row.kind == "status" and row.state == "unknown")
        if not rows:
            raise UserError(self.env._("Choose status updates of which it is not known whether Amazon has them."))
        rows._done()
        for row in rows:
            row._log_status(self.env._("Somebody has seen it on Amazon."))

    # === MAKING ROWS === #

    @api.model
    def _make_statuses(self, parcels, event, moment, **values):
        """Have Amazon told soon what has happened to parcels; of none where something stands against one of them.

        :param list parcels: (``stock.picking``, ``sale.order``, tracking number) of each.
        :param str event: of :data:`EVENTS`.
        :param datetime moment: when it happened (UTC, naive); None: now, unless it was said before.
        :param values: what else is written: ``location_id``, the appointment.
        :return: the rows, also those that were there.
        :raise UserError: saying of each what stands against it.
        """
        rows = self.sudo()  # sudo: the outbox is the addon's own; callers have checked the right to the deliveries
        known = rows
        with self.env.cr.savepoint():
            for picking, order, number in parcels:
                if moment is None and (said := rows._said_last(order.sudo(), number, event, values)):
                    known |= said
                else:
                    rows |= rows._make_status(
                        picking, order.sudo(), number, event, moment or fields.Datetime.now(), values
                    )
            wrong = [text for row in rows if (text := row._content()[1])]
            if wrong:
                raise UserError("\n".join(dict.fromkeys(wrong)))
        rows._wake()
        return known | rows

    @api.model
    def _said_last(self, order, number, event, values):
        """Return what was said last of a parcel, where it is this event at the same place.

        :param order: the ``sale.order``; the rest as :meth:`_make_statuses` has it.
        """
        last = order._amazon_status_rows(number).filtered(lambda row: row._is_live()).sorted("id")[-1:]
        same = last.event == event and values.get("location_id") in (None, False, last.location_id.id)
        return last if same else last.browse()

    @api.model
    def _make_status(self, picking, order, number, event, moment, values):
        same = order._amazon_status_rows(number).filtered(lambda row: row.event == event and row.moment == moment)
        if same:
            raise Wrong(
                "twice",
                self.env._(
                    "%(number)s: “%(event)s” of this moment is in the list already.",
                    number=number,
                    event=same._event_name(),
                ),
            )
        return self.create(
            {
                **order._amazon_submission_vals("status"),
                "picking_id": picking.id,
                "tracking_ref": number,
                "event": event,
                "moment": moment,
                "location_id": picking.sudo()._amazon_status_place(event).id,
                "appointment_from": order.amazon_appointment_from,
                "appointment_until": order.amazon_appointment_until,
                **{name: value for name, value in values.items() if value is not None},
            }
        )

    # === WHAT IS TOLD === #

    def _status_content(self):
        order = self.order_id
        self._check_confirmed()
        self._check_number()
        self._check_moment()
        self._check_sequence()
        return StatusUpdate(
            number=self.order_ref,
            selling_party=order.amazon_selling_party or "",
            ship_from_party=order.amazon_ship_from or "",
            tracking_number=self.tracking_ref,
            event=self.event,
            moment=aware(self.moment),
            location=self._status_address(),
            schedule=self._status_schedule(),
            standard=self.account_id.vendor_status_codes,
        )

    def _check_confirmed(self):
        """Refuse what is not the vendor's to tell, or not yet.

        :raise Wrong: saying why.
        """
        order, picking = self.order_id, self.picking_id
        confirmation = order._amazon_submission("confirmation")
        if not self.account_id.vendor_own_carrier:
            raise Wrong(
                "carrier",
                self.env._("%s goes with a carrier of Amazon's, which says itself where its parcels are.", order.name),
            )
        if order.amazon_vendor_status == "CANCELLED" or confirmation.denied:
            raise Wrong("cancelled", self.env._("The order is cancelled on Amazon."))
        if order.amazon_api_status != "done" or picking not in order._amazon_vendor_gone():
            raise Wrong(
                "confirmation",
                self.env._("%s: Amazon does not have the shipping confirmation yet, which comes first.", picking.name),
            )

    def _check_number(self):
        """Refuse a number that is not exactly the one that was confirmed.

        :raise Wrong: naming both.
        """
        if not self.tracking_ref:
            raise Wrong("status_number", self.env._("The tracking number of %s is missing.", self.picking_id.name))
        confirmed = self.order_id._amazon_confirmed_numbers()
        if confirmed and self.tracking_ref not in confirmed:
            raise Wrong(
                "status_number",
                self.env._(
                    "%(order)s was not confirmed to Amazon with the tracking number %(number)s, but with"
                    " %(confirmed)s.",
                    order=self.order_id.name,
                    number=self.tracking_ref,
                    confirmed=", ".join(confirmed),
                ),
            )

    def _check_moment(self):
        """Refuse what has not happened yet, or has before the parcel left.

        :raise Wrong: naming both times.
        """
        if self.moment > fields.Datetime.now():
            raise Wrong("future", self.env._("%s is in the future.", self._at(self.moment)))
        left = self.picking_id._amazon_ship_moment(self.account_id._zone())
        if self.moment < left:
            raise Wrong(
                "before",
                self.env._(
                    "%(number)s left at %(left)s; nothing can have happened to it at %(moment)s.",
                    number=self.tracking_ref,
                    left=self._at(left),
                    moment=self._at(self.moment),
                ),
            )

    def _check_sequence(self):
        """Refuse what does not follow upon what the parcel's other status updates say.

        :raise Wrong: saying what stands against it.
        """
        others = self._live_statuses()
        before = others.filtered(lambda row: row.id < self.id).sorted("id")
        if since := (others - before).filtered(lambda row: row.state in TOLD)[:1]:
            raise Wrong(
                "sequence",
                self.env._(
                    "%(number)s: “%(event)s” has been told since; what was before that cannot be told any more.",
                    number=self.tracking_ref,
                    event=since._event_name(),
                ),
            )
        over = before.filtered(lambda row: row.event in LAST)[-1:]
        if over and not (over.event == "refused" and self.event in AFTER_REFUSED):
            raise Wrong(
                "sequence",
                self.env._(
                    "%(number)s: nothing follows upon “%(event)s”.", number=self.tracking_ref, event=over._event_name()
                ),
            )
        if before and before[-1].moment > self.moment:
            raise Wrong(
                "sequence",
                self.env._(
                    "%(number)s: “%(event)s” was at %(moment)s already; what follows cannot have been before.",
                    number=self.tracking_ref,
                    event=before[-1]._event_name(),
                    moment=self._at(before[-1].moment),
                ),
            )
        gone = before.filtered(lambda row: row.event not in BEFORE_LEAVING)[-1:]
        if self.event == LEFT and gone:
            raise Wrong(
                "sequence",
                self.env._(
                    "%(number)s: after “%(event)s” it cannot leave the warehouse any more.",
                    number=self.tracking_ref,
                    event=gone._event_name(),
                ),
            )

    def _live_statuses(self):
        """Return the parcel's other status updates that Amazon has, may have, or is to get."""
        rows = self.order_id._amazon_status_rows(self.tracking_ref) - self
        return rows.filtered(lambda row: row._is_live())

    def _is_live(self):
        """Tell whether Amazon has this, may have it, or is to get it."""
        return self.state in TOLD or self._is_going()

    def _is_going(self):
        """Tell whether this goes by itself: what was denied is tried again."""
        return self.state in GOING and (self.state != "rejected" or bool(self.retry_at))

    def _status_address(self):
        """Return where it happened, as Amazon wants to know it.

        :rtype: Address
        :raise Wrong: it lacks what Amazon needs.
        """
        place = self.location_id or self.picking_id._amazon_status_place(self.event)
        if not place:
            raise Wrong(
                "place",
                self.env._(
                    "%(number)s: say where it was (%(event)s). That is not known here.",
                    number=self.tracking_ref,
                    event=self._event_name(),
                ),
            )
        if not place._amazon_is_place():
            # What is personal has no place in messages.
            customer = place == self.picking_id.partner_id
            raise Wrong(
                "place",
                self.env._(
                    "The address of “%s” lacks its street or its country, which Amazon needs. Complete it, or say where"
                    " it was.",
                    self.env._("customer of %s", self.picking_id.name) if customer else place.display_name,
                ),
            )
        return Address(
            name=place.name or place.commercial_partner_id.name,
            line1=place.street or place.city,
            line2=(place.street and place.street2) or "",
            city=place.city or "",
            state=place.state_id.name or "",
            postal_code=place.zip or "",
            country_code=place.country_id.code,
        )

    def _status_schedule(self):
        """Return when it is to be delivered, None where there is no appointment, or none that counts any more.

        :raise Wrong: it ends before it begins, or is not said, or it is expected before what has happened.
        """
        begin, end, order = self.appointment_from, self.appointment_until, self.order_id
        if begin and end and end < begin:
            raise Wrong("appointment", self.env._("The appointment ends before it begins."))
        if self.event not in LAST and self.appointment_at and self.appointment_at < self.moment:
            raise Wrong(
                "appointment",
                self.env._(
                    "%(number)s: it cannot be expected at %(time)s, before what has happened to it.",
                    number=self.tracking_ref,
                    time=self._at(self.appointment_at),
                ),
            )
        times = [self.appointment_at, self.appointment_from, self.appointment_until]
        wanted = self.event not in LAST and (order.amazon_appointment_from or order.amazon_appointment_until)
        if wanted and not any(times):
            raise Wrong(
                "appointment",
                self.env._("%s is delivered by appointment: Amazon wants to know when it comes.", order.name),
            )
        return Schedule(*(aware(time) if time else None for time in times)) if any(times) else None

    def _status_why_waiting(self):
        earlier = self._live_statuses().filtered(lambda row: row.id < self.id and row._is_going())
        if earlier:
            return Why(
                "earlier",
                self.env._(
                    "Waits until Amazon has what happened to this parcel before: “%s”.",
                    earlier.sorted("id")[0]._event_name(),
                ),
            )
        return False

    def _status_facts(self):
        return {"event": self.event, "moment": self.moment.isoformat(), "number": self.tracking_ref}

    # === WHAT BECAME OF IT === #

    def _status_shown_by(self, amazon):
        """Return None: Amazon shows nobody the status of a parcel. What became of it only its transaction tells."""

    def _status_learned(self, _shown):
        if self.message:
            # Amazon has said why it has not taken this one.
            self._told_in_vain()
        else:
            self._refused("unknown", self.env._("It is not known whether Amazon has this."), UNCLEAR)

    def _failed(self, message, errors):
        if self[:1].kind != "status" or len(self) == 1:
            return super()._failed(message, errors)
        # Nobody can ask which of several it has taken all the same: only what an error names was not.
        for row in self:
            named = [error for error in errors if self._is_named(row, error)]
            if named:
                row._ask_what_became(": ".join(filter(None, (named[0].code, named[0].message))), named[0].hint)
            else:
                row._ask_what_became()
        return None

    def _is_named(self, row, error):
        """Tell whether an error of Amazon's is on one of these: by its parcel's number or its order's, as far as no
        other of these has the same.

        :param error: the ``selling_partner`` error.
        """
        text = f"{error.message} {error.details}"
        by_order = stands_in(row.order_ref, text)
        if stands_in(row.tracking_ref, text):
            return by_order or len(self.filtered(lambda other: other.tracking_ref == row.tracking_ref)) == 1
        return by_order and len(self.filtered(lambda other: other.order_id == row.order_id)) == 1

    def _status_accepted(self):
        self._log_status(False)
        self._status_over()

    def _status_refused(self):
        self._status_over()

    def _refused(self, state, message, hint=False, **values):
        # What was found before, and is found again, everybody has heard of.
        news = self.filtered(lambda row: row.kind == "status" and (row.state == "sending" or row.message != message))
        by_amazon = news.filtered(lambda row: row.state == "sending")
        result = super()._refused(state, message, hint, **values)
        for row in news.filtered(lambda row: row.state == "error"):
            row._tell_refused(row in by_amazon)
        return result

    def _tell_refused(self, by_amazon):
        """Have a person hear that the status will not be told.

        :param bool by_amazon: Amazon has refused it, not we.
        """
        told = self.env._("Amazon does not take the status of a parcel")
        self._log_status(self.message, told=by_amazon)
        self.order_id._amazon_assign(
            "status_refused",
            told if by_amazon else self.env._("The status of a parcel is not told to Amazon"),
            f"{self.tracking_ref}, {self._event_name()}: {self.message}",
        )

    def _status_over(self):
        """What happened to the parcel later need not wait any more."""
        rows = self.order_id.amazon_submission_ids.filtered(lambda row: row.kind == "status")
        if not rows.filtered(lambda row: row.state == "error" and not row._is_past()):
            self.order_id._amazon_assigned("status_refused").unlink()
        self._look_again([("order_id", "=", self.order_id.id), ("kind", "=", "status"), ("id", ">", self.id)])

    def _is_past(self):
        """Tell whether Amazon has heard of the parcel since: what it has not taken nobody need see to any more. A
        number that the delivery does not have any more was corrected."""
        since = self.picking_id.amazon_status_ids.filtered(lambda row: row.id > self.id and row.state == "done")
        numbers = self.picking_id._amazon_numbers_of(self.order_id)
        return any(row.tracking_ref == self.tracking_ref or self.tracking_ref not in numbers for row in since)

    def _log_status(self, message, told=True):
        """Write on the delivery what Amazon was told, and what it has said.

        :param bool told: it was told; else it was to be, and the message says what stands against it.
        """
        what = {"number": self.tracking_ref, "event": self._event_name(), "moment": self._at(self.moment)}
        line = (
            self.env._("Status told to Amazon: %(number)s, %(event)s, %(moment)s", **what)
            if told
            else self.env._("Status not told to Amazon: %(number)s, %(event)s, %(moment)s", **what)
        )
        self.picking_id._message_log(body="\n".join(filter(None, (line, message))))

    def _at(self, moment):
        """Say a moment with its day: it is kept.

        :param datetime moment: UTC, naive.
        """
        return format_datetime(self.env, moment, tz=str(self.env.tz), dt_format="medium")

    def _event_name(self):
        return dict(self._fields["event"]._description_selection(self.env))[self.event]

    @api.model
    def _unclear_text(self, account):
        """Say of which parcels it is not known whether Amazon has their status; an empty text: of none.

        :rtype: str
        """
        rows = self.search(
            [("account_id", "=", account.id), ("kind", "=", "status"), ("state", "=", "unknown")],
            order="id",
            limit=MOST_NAMED,
        )
        lines = [f"{row.order_ref}: {row.tracking_ref}, {row._event_name()}" for row in rows]
        why = self.env._("It is not known whether Amazon has this; see “Status Updates”.")
        return "\n".join([why, *lines]) if lines else ""
