"""How confirmations are sent, and how it is found out what became of those whose answer was lost (rule 2; see
``amazon_confirmation.py`` for what they are)."""

from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain

from ...const import QUERY_AGAIN_MINUTES
from ...ours import OURS
from ...selling_partner import (
    FEED_TYPE_FULFILLMENT,
    OTHER,
    AlreadyFulfilled,
    BadRequest,
    ShipPlusOrder,
    TrackingNumberRequired,
    parse_order,
)
from ...times import aware
from ..engine.why import Why


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    _operations = ("confirmShipment", "getOrder")
    _feed_type = FEED_TYPE_FULFILLMENT

    log_ids = fields.Many2many(
        "amazon.log",
        "amazon_confirmation_log_rel",
        "confirmation_id",
        "log_id",
        "API Log",
        readonly=True,
        help="The runs that looked at it, sent it or fetched its result",
    )
    log_count = fields.Integer(compute="_compute_log_count")

    # === COMPUTE METHODS === #

    @api.depends("log_ids")
    def _compute_log_count(self):
        for row in self:
            row.log_count = len(row.log_ids)

    # === ACTION METHODS === #

    def action_view_logs(self):
        """Open the runs that had to do with these."""
        return self.log_ids._action_view()

    # === WHAT THERE IS TO DO === #

    @api.model
    def _has_work(self, account, requested):
        # A feed that an earlier run has begun is finished, whoever asked for it.
        return super()._has_work(account, requested) or bool(
            self.env["amazon.feed"]._unsent(account, FEED_TYPE_FULFILLMENT)
        )

    @api.model
    def _is_requested(self, account):
        """Tell whether anything that a person asked for is open, or not told of yet."""
        wanted = Domain("requested", "=", True) & Domain("state", "in", ("not_sent", "sending", "unknown"))
        return bool(
            self.search_count(Domain("account_id", "=", account.id) & wanted, limit=1) or self._has_news(account)
        )

    @api.model
    def _sender(self, account):
        return account._job("confirm" if account.auto_confirm else "confirm_by_hand")

    def _wake(self):
        for account in self.account_id:
            account._job("confirm")._trigger()
            if any(row.requested for row in self if row.account_id == account):
                account._job("confirm_by_hand")._trigger()

    # === SENDING === #

    @api.model
    def _sending_ended(self, account, requested):
        self._mail_news(account)
        if requested and self.search_count(self._due(account), limit=1):
            # The automatic job may have come meanwhile and found the lock taken.
            account._job("confirm")._trigger()

    @api.model
    def _send_ready(self, run, ready, troubles):
        """Send what may go now, one by one or as a feed."""
        feeds = self.env["amazon.feed"]
        # The threshold counts only what may be sent now, not what waits.
        if len(ready) > run.account.feed_threshold:
            by_feed = self._fit_for_feed(ready)
            ready = {row_id: shipment for row_id, shipment in ready.items() if row_id not in set(by_feed.ids)}
            with self._raised_later(troubles):
                feeds._send(run, FEED_TYPE_FULFILLMENT, by_feed)
        result = super()._send_ready(run, ready, troubles)
        late = self.search([("id", "in", list(ready)), ("without_number", "=", True), ("state", "=", "not_sent")])
        if late := late.browse(late._look_in(run)):
            with self._raised_later(troubles):
                feeds._send(run, FEED_TYPE_FULFILLMENT, late)
        return result

    def _content(self):
        self._refresh()
        shipment, wrong = self._checked_shipment()
        return shipment, wrong, getattr(wrong, "hint", False)

    def _is_sendable(self):
        return super()._is_sendable() and not self.without_number

    def _cleared(self, run, shipment, troubles):
        """Before what was told in a feed is told again, Amazon is asked under which reference it has it."""
        if not self.query_first:
            return self, shipment
        known = False
        # getOrder has a quota of its own: when it is used up, what needs no query is still sent.
        if "getOrder" not in run.given_up:
            run.given_up.add("getOrder")
            with self._raised_later(troubles):
                known = self._learn_reference(run.amazon)
                run.given_up.discard("getOrder")
        run.checkpoint()
        return self._locked(self.id) if known else (self.browse(), None)

    def _is_there_already(self):
        return self.order_id.amazon_status == "shipped" and not self.told

    def _deliver(self, amazon, shipment):
        amazon.orders.confirm_shipment(shipment)

    def _mark_sending(self, channel, log=None, **values):
        values = {"query_first": channel == "feed", "warning": False, **values}
        # What was entered in Seller Central keeps that channel, by which Amazon's own units go on counting for it.
        kept = self.filtered(lambda row: row.channel == "seller_central" and channel != "feed")
        super(AmazonConfirmation, kept)._mark_sending("seller_central", log, **values)
        return super(AmazonConfirmation, self - kept)._mark_sending(channel, log, **values)

    def _refusal(self, amazon, error):
        if isinstance(error, AlreadyFulfilled):
            self._record("write", {"message": error.message, "hint": error.hint})
            self._query(amazon)
        elif isinstance(error, ShipPlusOrder):
            self._record("_accepted", self.env._("Amazon confirms this order itself: %s", error.message))
        elif isinstance(error, TrackingNumberRequired):
            self._record("_to_send", without_number=True)
        else:
            return super()._refusal(amazon, error)
        return None

    def _sent_and(self, method, *arguments):
        """Write into the order's chatter that this was sent, which is certain only now, and then what came of it."""
        sent = self.env._("Shipping confirmation sent to Amazon: %s", self._in_words())
        getattr(self, method)(*arguments, before=sent)

    def _in_doubt(self):
        self._log(
            self.env._(
                "Shipping confirmation sent, but Amazon's answer was lost; it is asked whether it has the parcel."
            )
        )
        return super()._in_doubt()

    def _not_sent(self, error):
        for repeats, rows in self.grouped("repeats").items():
            # It is tried every few minutes: the order's chatter tells of it once.
            here = rows.with_context(amazon_told_already=repeats and OURS)
            super(AmazonConfirmation, here)._not_sent(error)
        return None

    # === QUERYING === #

    def _shown_by(self, amazon):
        return parse_order(amazon.orders.get(self.order_ref).payload)

    def _learned(self, value):
        """Write what Amazon shows of a row that is being sent.

        :param value: the ``selling_partner`` order, None: Amazon does not know it.
        """
        package = value and self._own_package(value)
        elsewhere = value and not package and self._package_elsewhere(value)
        if package and self._shows_what_was_told(package):
            self._accepted(reference=package.reference)
        elif elsewhere:
            self._confirmed_elsewhere(elsewhere)
            # The order's other deliveries may be in the same parcel there.
            (self.order_id.amazon_confirmation_ids - self)._learn(value)
        elif self.asked < len(QUERY_AGAIN_MINUTES):
            self._query_later(self.asked + 1)
        elif self.message:
            # Amazon refused it as fulfilled already, but does not show it.
            self._refused("error", self.message, self.hint)
        else:
            self._to_send()

    def _learn_reference(self, amazon):
        """Ask under which reference Amazon has a parcel that was told in a feed and is to be told again: under
        another one it would become a second parcel.

        :return: whether it may be sent now; if not, it is asked again after a pause.
        :raise QuotaExceeded: the row stays as it is.
        """
        return self._query(amazon, "_learned_reference", "_hold_until_shown") and not self.query_first

    def _learned_reference(self, value):
        """Write under which reference Amazon has this; what it was asked for in vain is taken as not sent.

        :param value: the ``selling_partner`` order, None: Amazon does not show it.
        """
        known = [package for package in value.packages if package.reference == self.reference] if value else []
        package = known[0] if known else value and self._own_package(value)
        if package:
            self.write({"reference": package.reference, "query_first": False})
        elif self.feed_id.state in ("submitted", "asking"):
            self._hold(Why("feed", self.env._("Waits until Amazon is through with the feed before.")))
        elif self.accepted_at or (not self.requested and self.asked < len(QUERY_AGAIN_MINUTES)):
            self._hold_until_shown()
            self.asked += 1
        else:
            self.write({"query_first": False, "edited": False, "asked": 0})

    def _hold_until_shown(self):
        minutes = QUERY_AGAIN_MINUTES[min(self.asked, len(QUERY_AGAIN_MINUTES) - 1)]
        self._hold(Why("not_shown", self.env._("Waits until Amazon shows the parcel that is to be changed.")), minutes)

    def _own_package(self, value, told=None):
        """Return the parcel that Amazon has of this row with the number it was told, or None.

        Whether a feed's MerchantFulfillmentID becomes the parcel's reference is not documented: what was told in a
        feed is also known by its number and units.

        :param dict told: what Amazon was told; the last that was, if None.
        """
        told = told or self.told or {}
        number = told.get("tracking_number") or ""
        same_number = [package for package in value.packages if (package.tracking_number or "") == number]
        own = next((package for package in same_number if package.reference == self.reference), None)
        if own or self.channel != "feed":
            return own
        taken = (self.order_id.amazon_confirmation_ids - self).mapped("reference")
        for package in same_number:
            if units_of(package) == told.get("quantities") and package.reference not in taken:
                return package
        return None

    def _shows_what_was_told(self, package):
        """Tell whether Amazon's parcel is as it was told last; one that Amazon may have known before proves nothing by
        being there.

        :param package: the ``selling_partner`` package, with this row's reference and number.
        """
        if not (self.accepted_at or self.edited or self.feed_id):
            return True
        told = self.told
        shipped = aware(fields.Datetime.to_datetime(told["ship_date"]))
        codes = {item.item_id: list(item.transparency_codes) for item in package.items if item.transparency_codes}
        return (
            package.carrier in (told["carrier_code"], told["carrier_name"])
            and package.shipping_service == (told["ship_method"] or "")
            and package.ship_time == shipped
            and units_of(package) == told["quantities"]
            and codes == (told["transparency_codes"] or {})
        )

    def _package_elsewhere(self, value):
        """Return the parcel in which these units left without us, or None while any of them may be ours to tell of.

        Quantities are not enough: a parcel of ours that Amazon does not show yet has them changed already.
        """
        if self.accepted_at or self.edited:
            return None
        others = self.order_id.amazon_confirmation_ids - self
        ours = others.filtered(lambda row: row.channel != "seller_central")
        known = {*ours.mapped("reference"), self.reference}
        # What was told in a feed may stand there under another reference.
        known |= {own.reference for row in ours.filtered("query_first") if (own := row._own_package(value))}
        strange = [package for package in value.packages_gone if package.reference not in known]
        gone, wanted = Counter(), {item.item_id: item.wanted_quantity for item in value.items}
        for row in ours.filtered("accepted_at"):
            gone.update(row._units())
        for package in strange:
            gone.update({item.item_id: item.quantity for item in package.items})
        if not self._units() or any(gone[item] < wanted.get(item, 1) for item in self._units()):
            return None
        return next(
            (package for package in strange if {item.item_id for item in package.items} & set(self._units())), None
        )

    def _confirmed_elsewhere(self, package):
        """Record that these units were confirmed in Seller Central: nothing is sent (M4)."""
        values = {"channel": "seller_central", **self._values_there(self.picking_id, package)}
        if package.reference not in (self.order_id.amazon_confirmation_ids - self).mapped("reference"):
            values |= {"reference": package.reference, "quantities": units_of(package)}
        self.write(values)
        self._accepted(
            self.env._(
                "Was confirmed in Seller Central already, with tracking number %s.", package.tracking_number or "–"
            ),
            told=self._facts(),
        )

    @api.model
    def _values_there(self, picking, package):
        """Return how a parcel goes that was entered in Seller Central, which counts as long as the delivery's method
        here stays as it is."""
        text = (package.carrier or "").strip()
        # sudo: shipping methods say nothing that not everybody may know
        methods = self.env["amazon.shipping.method"].sudo()
        known = methods.search([("carrier_code", "=", text)], limit=1) if text != OTHER else methods
        return {
            "tracking_number": package.tracking_number or False,
            "ship_method": package.shipping_service or False,
            "carrier_code": text and (known.carrier_code or OTHER),
            "carrier_name": known.carrier_name or text,
            "kept_carrier_id": picking.carrier_id.id,
        }

    def _learn(self, value):
        """An import shows the order: close what Amazon has already.

        :param value: the ``selling_partner`` order.
        """
        # What Amazon had before it was changed here, or reset by a person, proves nothing.
        for row in self.filtered(lambda row: row.state not in ("sending", "done") and not row.accepted_at):
            package = row._package_elsewhere(value)
            own = row.told and row._own_package(value)
            if own:
                row._accepted(reference=own.reference)
            elif package:
                row._confirmed_elsewhere(package)

    @api.model
    def _record_elsewhere(self, picking, packages):
        """Record a delivery that was done here because Amazon calls it shipped.

        :param picking: the ``stock.picking``, done.
        :param packages: the ``selling_partner`` packages that no other delivery is for.
        """
        parcels = {parcel.order: parcel for parcel in picking._amazon_parcels()}
        for order, parcel in parcels.items():
            known = set(order.amazon_confirmation_ids.mapped("reference"))
            there = [
                {
                    **self._values_there(picking, package),
                    "reference": package.reference,
                    "quantities": units_of(package),
                }
                for package in packages
                if package.reference not in known
            ]
            for values in there or [{"tracking_number": picking.carrier_tracking_ref, "quantities": parcel.quantities}]:
                row = self.create(
                    {
                        **self._values_of(order, picking),
                        "quantity": sum(values["quantities"].values()),
                        "channel": "seller_central",
                        **values,
                    }
                )
                row._done(**row._shipment_values())
                row.told = row._facts()

    @api.model
    def _fit_for_feed(self, ready):
        """Return the rows that a feed can carry: it has no documented place for the others.

        :param dict ready: the shipments, by id.
        """
        fitting = self.browse()
        # An order may have been held or deleted since the rows were looked at; each alone is looked at once more.
        for row in self.browse(ready).exists().filtered(lambda row: not row.order_id.amazon_on_hold):
            other = row.order_id.amazon_confirmation_ids - row
            direct = row.edited or row.accepted_at or row.query_first or other
            if row.without_number or not (direct or needs_direct(ready[row.id])):
                fitting += row
        return fitting


def needs_direct(shipment):
    """Tell whether a feed has no place for a ``selling_partner`` shipment, or not enough."""
    try:
        shipment.validate(feed=True)
    except BadRequest:
        return True
    return shipment.needs_direct


def units_of(package):
    """Return the units in a ``selling_partner`` package by Amazon's item id."""
    return {item.item_id: item.quantity for item in package.items}
