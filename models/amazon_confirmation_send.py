"""How confirmations are sent, and how it is found out what became of those whose answer was lost (rule 2; see
``amazon_confirmation.py`` for what they are)."""

import logging
from collections import Counter, deque
from contextlib import contextmanager
from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import ASK_AGAIN_MINUTES, ATTEMPTS, DEAD, MAX_WAIT_SECONDS, TROUBLES
from ..locks import CONFLICTS, MET
from ..ours import OURS
from ..refusals import explain
from ..said import say
from ..selling_partner import (
    OTHER,
    AccessDenied,
    AlreadyFulfilled,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    ShipPlusOrder,
    TrackingNumberRequired,
    parse_order,
)
from .amazon_job import unexpected
from .run import RunOver

_logger = logging.getLogger(__name__)

# Rows looked at in one transaction.
LOOK = 200
# What was refused for lack of access is tried again by itself.
ACCESS_MINUTES = 15


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    log_ids = fields.Many2many(
        "amazon.log", "amazon_confirmation_log_rel", "confirmation_id", "log_id", "API Log", readonly=True,
        help="The runs that looked at it, sent it or fetched its result",
    )  # fmt: skip
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
    def _due(self, account, requested=False):
        """Return the domain of what may be sent now.

        :param bool requested: only what a person asked for.
        """
        domain = Domain("account_id", "=", account.id) & self._now()
        # Without access nothing was sent: it is tried again when its time has come.
        domain &= Domain("state", "=", "not_sent") | (
            Domain("state", "=", "rejected") & Domain("retry_at", "!=", False)
        )
        return domain & Domain("requested", "=", True) if requested else domain

    @api.model
    def _unclear(self, account):
        """Return the domain of what was being sent when the answer or the process was lost."""
        return (
            Domain("account_id", "=", account.id) & Domain("state", "=", "sending") & Domain("channel", "!=", "feed")
            & self._now()
        )  # fmt: skip

    @api.model
    def _now(self):
        return Domain("retry_at", "=", False) | Domain("retry_at", "<=", fields.Datetime.now())

    @api.model
    def _has_work(self, account, requested):
        """Tell whether a run would find anything to do."""
        return bool(
            self.search_count(self._due(account, requested) | self._unclear(account), limit=1)
            or self.env["amazon.feed"]._unsent(account)
        )  # fmt: skip

    @api.model
    def _is_asked_for(self, account):
        """Tell whether anything that a person asked for is open, or not told of yet."""
        asked = Domain("requested", "=", True) & Domain("state", "in", ("not_sent", "sending", "unknown"))
        return bool(
            self.search_count(Domain("account_id", "=", account.id) & asked, limit=1) or self._has_news(account)
        )

    @api.model
    def _is_open_for(self, account):
        """Tell whether any confirmation waits to be sent or to be asked for."""
        return bool(self.search_count([("account_id", "=", account.id), ("retry_at", "!=", False)], limit=1))

    # === SENDING === #

    @api.model
    def _send(self, run, requested=False):
        """Send what may be sent; run by a job that holds the account's lock.

        :param run: the :class:`.run.Run`.
        :param bool requested: only what a person asked for.
        """
        account = run.account
        rows = self.with_company(account.company_id).with_context(lang=account.company_id._amazon_lang())
        troubles, tried = [], set()
        try:
            with run.calling(), rows._raised_last(troubles):
                with rows._told_later(troubles):
                    rows.env["amazon.feed"]._submit_unsent(run)
                rows._send_all(run, requested, troubles, tried)
                with rows._told_later(troubles):
                    rows._settle(run)
                # Of some it may have turned out that they never arrived.
                rows._send_all(run, requested, troubles, tried)
        finally:
            # What was committed is told, however the run ends; what an error left half-done is not.
            if not self.env.cr.closed:
                self.env.cr.rollback()
                rows._tell(account)
                rows._wake_for_unclear(account)
                if requested and rows.search_count(rows._due(account), limit=1):
                    # The job for everything else found the lock taken.
                    account._job("confirm")._trigger()
                run.commit()

    @api.model
    def _send_all(self, run, requested, troubles, tried):
        """Send what may go; what comes meanwhile need not wait for the cron's next round.

        :param list troubles: gets the errors that do not concern the others.
        :param set tried: ids that this run is through with; gets those that it has sent.
        """
        while ready := self._ready(run, requested, tried):
            tried.update(ready)
            self._send_ready(run, ready, troubles)

    @contextmanager
    def _raised_last(self, troubles):
        """Raise the first of the troubles at the end, also when the run is over before its time."""
        try:
            yield
        except RunOver:
            if not troubles:
                raise
        if troubles:
            raise troubles[0]

    @contextmanager
    def _told_later(self, troubles):
        """Let trouble with what is asked or handed over here wait until what else there is has been sent.

        :param list troubles: gets the error.
        """
        try:
            yield
        except SellingPartnerError as error:
            self.env.cr.rollback()
            self.env.invalidate_all()
            troubles.append(error)

    @api.model
    def _send_ready(self, run, ready, troubles):
        """Send what may go now, one by one or as a feed.

        :param list ready: ids.
        :param list troubles: as in :meth:`_send_all`.
        """
        feeds = self.env["amazon.feed"]
        # Which way depends on how many may really go: what waits has been told apart.
        if len(ready) > run.account.feed_threshold:
            by_feed = self.browse(ready)._fit_for_feed()
            ready = [row_id for row_id in ready if row_id not in set(by_feed.ids)]
            with self._told_later(troubles):
                feeds._send(run, by_feed)
        refused = run.log.refused
        try:
            self._send_each(run, ready, troubles)
        except RunOver:
            self._count_wrong(run, ready, refused)
            raise
        late = self.search([("id", "in", ready), ("without_number", "=", True), ("state", "=", "not_sent")])
        late = late.filtered(lambda row: row._look())
        self._count_wrong(run, ready, refused)
        if late:
            with self._told_later(troubles):
                feeds._send(run, late)

    @api.model
    def _count_wrong(self, run, ready, refused):
        """Count in the run's log what was found wrong here only when others of its order had gone.

        :param list ready: ids of what was to be sent.
        :param int refused: what the log counted before.
        """
        wrong = self.search_count([("id", "in", ready), ("state", "=", "error")])
        if refused + wrong > run.log.refused:
            run.log.refused = refused + wrong
            run.commit()

    @api.model
    def _ready(self, run, requested, tried):
        """Look at everything that is due; say on each row that may not go why, and return the ids of the others.

        :param set tried: ids that this run is through with.
        :rtype: list[int]
        """
        ready, last = [], 0
        while True:
            # What was committed elsewhere since is seen, too.
            run.commit()
            rows = self.search(self._due(run.account, requested) & Domain("id", ">", last), limit=LOOK, order="id")
            if not rows:
                return ready
            last = rows[-1].id
            rows = rows.filtered(lambda row: row.id not in tried)
            good = rows._look_all()
            ready += good
            wrong = (rows - rows.browse(good)).filtered(lambda row: row.state == "error")
            wrong._stand_in(run.log)
            run.log.refused += len(wrong)
            self.env.flush_all()
            self.env.invalidate_all()

    def _look_all(self):
        """Look at these rows; one that cannot be looked at keeps no other from being sent.

        :return: ids of those that may be sent now.
        :rtype: list[int]
        """
        try:
            ready = self.filtered(lambda row: row._look()).ids
            self.env.flush_all()
            return ready
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told on the row
            self.env.cr.rollback()
            self.env.invalidate_all()
            if len(self) > 1:
                return [row_id for row in self for row_id in row._look_all()]
            self._refused("error", say(self.env, unexpected(error)))
            self.env["ir.cron"]._commit_progress()
            return []

    def _look(self):
        """Tell whether this may be sent now; where not, the row says why."""
        self.ensure_one()
        self._refresh()
        wrong = self._checked_shipment()[1]
        if wrong:
            # What is cancelled on Amazon cannot be corrected here: it needs other advice.
            self._refused("error", wrong, "cancelled" if self.order_id.amazon_status in DEAD else False)
            return False
        waits = self._why_waiting()
        if waits:
            self._hold(waits)
            return False
        return True

    @api.model
    def _send_each(self, run, ids, troubles):
        """Send one after the other with confirmShipment.

        :param list troubles: as in :meth:`_send_all`.
        """
        denied, beyond, may_ask = 0, 0, True
        ids = deque(self._denied_last(ids))
        while ids:
            row_id = ids.popleft()
            row = self._locked(row_id)
            if row.ask_first:
                known = False
                if may_ask:
                    # The quota for asking is not that for sending: what need not be asked for goes on.
                    may_ask = False
                    with self._told_later(troubles):
                        known, may_ask = row._learn_reference(run.amazon), True
                run.checkpoint()
                row = self._locked(row_id) if known else row.browse()
            if not row:
                continue
            try:
                answered, denied, beyond = row._mark_and_send(run), 0, 0
            except AccessDenied as error:
                # It may be this order alone that Amazon denies.
                answered, denied = True, denied + 1
                if denied >= TROUBLES:
                    raise
                troubles.append(error)
            except QuotaExceeded as error:
                if row.state != "not_sent" or error.retry_after > MAX_WAIT_SECONDS or beyond >= TROUBLES:
                    raise
                # The budget waits for the next token: cron workers that are asked to come later come a minute later.
                answered, beyond = True, beyond + 1
                ids.appendleft(row_id)
            if answered:
                row._count_in(run.log)
            run.count(answered, "confirmShipment")
            run.checkpoint(1)

    @api.model
    def _denied_last(self, ids):
        """Return the ids with those of rows last to which Amazon has denied access before: they keep no others."""
        denied = set(self.search([("id", "in", ids), ("state", "=", "rejected")]).ids)
        return sorted(ids, key=lambda row_id: (row_id in denied, row_id))

    def _mark_and_send(self, run):
        """Mark a row, commit, and send it; of what Amazon calls shipped it is only asked.

        :return: whether there was an answer.
        :raise SellingPartnerError: as :meth:`_send_one`.
        """
        shipment, gone_already = self._shipment(), self.order_id.amazon_status == "shipped" and not self.told
        self._sending("direct", run.log)
        run.commit()
        return self._ask(run.amazon) if gone_already else self._send_one(run.amazon, shipment)

    @api.model
    def _locked(self, row_id):
        """Return the row, locked, if it may be sent as it is now; else none."""
        # Nothing read before may decide: a person may just have changed it.
        self.env.cr.rollback()
        self.env.invalidate_all()
        row = self.browse(row_id).try_lock_for_update()
        if row and row.state in ("not_sent", "rejected") and not row.without_number and row._look():
            return row
        self.env["ir.cron"]._commit_progress()
        return self.browse()

    def _stand_in(self, log):
        """Have the run's log lead to these, and back."""
        if self and log:
            # Not by the field: it would read what is linked already, for each row.
            self.env.execute_query(
                SQL(
                    "INSERT INTO amazon_confirmation_log_rel (confirmation_id, log_id) VALUES %s ON CONFLICT DO NOTHING"
                    " RETURNING 1",
                    SQL(", ").join(SQL("(%s, %s)", row.id, log.id) for row in self),
                )
            )
            self.invalidate_recordset(["log_ids"], flush=False)
            log.invalidate_recordset(["confirmation_ids"], flush=False)

    def _count_in(self, log):
        """Count in the run's log what Amazon has answered."""
        log.confirmed += self.state == "done"
        log.refused += self.state == "error"

    def _sending(self, channel, log=None, **values):
        """Mark rows as being sent; to be committed before Amazon is called.

        :param log: the run's ``amazon.log`` row.
        """
        self._stand_in(log)
        for row in self:
            # What was entered in Seller Central stays that, so that its delivery's parcels are Amazon's own.
            kept = row.channel == "seller_central" and channel != "feed"
            row.write({
                "state": "sending", "channel": row.channel if kept else channel, "told": row._facts(),
                "sent_at": fields.Datetime.now(), "ask_first": channel == "feed", "by_request": row.requested,
                "retry_at": False, "asked": 0, "message": False, "warning": False, "hint": False, **values,
            })  # fmt: skip

    def _send_one(self, amazon, shipment):
        """Send a row that is marked, and write what Amazon answers.

        :return: whether there was an answer.
        :raise SellingPartnerError: what may concern not only this parcel: quota, credentials, access.
        """
        self.ensure_one()
        try:
            amazon.orders.confirm_shipment(shipment)
        except (QuotaExceeded, CredentialsError, AccessDenied) as error:
            self._record("_not_sent", error)
            raise
        except (RetryLater, MalformedAnswer) as error:
            if not error.sent:
                self._record("_not_sent", error)
                raise
            self._record("_in_doubt")
            return False
        except AlreadyFulfilled as error:
            self._record("write", {"message": error.message, "hint": error.hint})
            self._ask(amazon)
        except ShipPlusOrder as error:
            self._record("_accepted", self.env._("Amazon confirms this order itself: %s", error.message))
        except TrackingNumberRequired:
            self._record("write", {"state": "not_sent", "without_number": True})
        except BadRequest as error:
            self._record("_sent_and", "_refused", "error", error.message, error.hint)
        else:
            self._record("_sent_and", "_accepted")
        return True

    def _sent_and(self, method, *arguments):
        """Write into the order's chatter that this was sent, which is certain only now, and then what came of it."""
        sent = self.env._("Shipping confirmation sent to Amazon: %s", self._in_words())
        getattr(self, method)(*arguments, before=sent)

    def _in_doubt(self):
        """The answer was lost: Amazon is asked."""
        self._log(
            self.env._(
                "Shipping confirmation sent, but Amazon's answer was lost; it is asked whether it has the parcel."
            )
        )
        self._ask_again(0)

    def _not_sent(self, error):
        """Nothing reached Amazon, or Amazon did nothing with it."""
        denied = isinstance(error, (AccessDenied, CredentialsError))
        if denied:
            again = fields.Datetime.now() + timedelta(minutes=ACCESS_MINUTES)
            message = say(self.env, explain(error)[1])
            for (repeats, requested), rows in self.grouped(lambda row: (row.repeats, row.requested)).items():
                # It is tried every few minutes: the order's chatter tells of it once.
                rows.with_context(amazon_told_already=repeats and OURS)._refused(
                    "rejected", message, "access", retry_at=again, requested=requested
                )
        else:
            self.state = "not_sent"

    def _record(self, method, *arguments):
        """Write an answer and commit. Who changes the row at the same moment must not make it get lost.

        :param str method: of the row as it is now.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.env.cr.rollback()
            self.env.invalidate_all()
            try:
                getattr(self.exists(), method)(*arguments)
                self.env["ir.cron"]._commit_progress()
                return
            except CONFLICTS:
                # If it cannot be written at all, the row is still marked, and Amazon will be asked.
                if attempt == ATTEMPTS:
                    raise
                _logger.debug("an answer is written again")

    # === ASKING === #

    @api.model
    def _settle(self, run):
        """Find out what became of the rows whose answer was lost: nobody works on them, for the lock is held here."""
        unclear, denied = self.search(self._unclear(run.account), order="id"), None
        if unclear:
            unclear._stand_in(run.log)
            # Writing an answer begins with a rollback.
            run.commit()
        for row in unclear:
            try:
                answered = row._ask(run.amazon)
            except AccessDenied as error:
                # It may be this order alone: it is asked for again after a pause, the others go on.
                row._record("_ask_again", row.asked)
                answered, denied = False, error
            if answered:
                row._count_in(run.log)
            try:
                run.count(answered, "getOrder")
            except RetryLater as error:
                raise denied or error from None
            run.checkpoint()
        if denied:
            raise denied

    def _ask(self, amazon):
        """Ask Amazon whether it has this parcel, and write what follows.

        :return: whether there was an answer.
        :raise QuotaExceeded: the row stays as it is.
        """
        self.ensure_one()
        try:
            value = parse_order(amazon.orders.get(self.order_ref).payload)
        except (QuotaExceeded, CredentialsError, AccessDenied):
            raise
        except NotFound:
            value = None
        except SellingPartnerError as error:
            _logger.info("cannot be asked now: %s", type(error).__name__)
            self._record("_ask_again", self.asked)
            return False
        self._record("_learned", value)
        return True

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
        elif self.asked < len(ASK_AGAIN_MINUTES):
            self._ask_again(self.asked + 1)
        elif self.message:
            # It had been refused as fulfilled, but is not.
            self._refused("error", self.message, self.hint)
        else:
            self.write({"state": "not_sent", "retry_at": False, "asked": 0})

    def _learn_reference(self, amazon):
        """Ask under which reference Amazon has a parcel that was told in a feed and is to be told again: under
        another one it would become a second parcel.

        :return: whether it may be sent now; if not, it is asked again after a pause.
        :raise QuotaExceeded: the row stays as it is.
        """
        self.ensure_one()
        own = None
        try:
            value = parse_order(amazon.orders.get(self.order_ref).payload)
        except (QuotaExceeded, CredentialsError, AccessDenied):
            raise
        except NotFound:
            _logger.debug("not shown yet")
        except SellingPartnerError as error:
            _logger.info("cannot be asked now: %s", type(error).__name__)
            self._record("_hold_until_shown")
            return False
        else:
            known = [package for package in value.packages if package.reference == self.reference]
            own = known[0] if known else self._own_package(value)
        self._record("_learned_reference", own)
        return not self.ask_first

    def _learned_reference(self, package):
        """Write under which reference Amazon has this; what it was asked for in vain is taken as not sent.

        :param package: the ``selling_partner`` package, None: Amazon does not show it.
        """
        if package:
            self.write({"reference": package.reference, "ask_first": False})
        elif self.feed_id.state in ("submitted", "asking"):
            self._hold(self.env._("Waits until Amazon is through with the feed before."))
        elif self.accepted_at or (not self.requested and self.asked < len(ASK_AGAIN_MINUTES)):
            self._hold_until_shown()
            self.asked += 1
        else:
            self.write({"ask_first": False, "edited": False, "asked": 0})

    def _hold_until_shown(self):
        minutes = ASK_AGAIN_MINUTES[min(self.asked, len(ASK_AGAIN_MINUTES) - 1)]
        self._hold(self.env._("Waits until Amazon shows the parcel that is to be changed."), minutes)

    def _ask_again(self, asked):
        """Ask after a pause that grows: Amazon may show a parcel minutes later."""
        minutes = ASK_AGAIN_MINUTES[asked - 1] if asked else 1
        self.write({"asked": asked, "retry_at": fields.Datetime.now() + timedelta(minutes=minutes)})

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
        shipped = fields.Datetime.to_datetime(told["ship_date"]).replace(tzinfo=timezone.utc)
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
        known |= {own.reference for row in ours.filtered("ask_first") if (own := row._own_package(value))}
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
            self.env._("Was confirmed in Seller Central already, with tracking number %s.",
                       package.tracking_number or "–"), told=self._facts(),
        )  # fmt: skip

    @api.model
    def _values_there(self, picking, package):
        """Return how a parcel goes that was entered in Seller Central, which counts as long as the delivery's method
        here stays as it is."""
        text = (package.carrier or "").strip()
        # sudo: shipping methods say nothing that not everybody may know
        methods = self.env["amazon.shipping.method"].sudo()
        known = methods.search([("carrier_code", "=", text)], limit=1) if text != OTHER else methods
        return {
            "tracking_number": package.tracking_number or False, "ship_method": package.shipping_service or False,
            "carrier_code": text and (known.carrier_code or OTHER), "carrier_name": known.carrier_name or text,
            "kept_carrier_id": picking.carrier_id.id,
        }  # fmt: skip

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
        now = fields.Datetime.now()
        parcels = {parcel.order: parcel for parcel in picking._amazon_parcels()}
        for order, parcel in parcels.items():
            known = set(order.amazon_confirmation_ids.mapped("reference"))
            there = [
                {**self._values_there(picking, package), "reference": package.reference,
                 "quantities": units_of(package)}
                for package in packages if package.reference not in known
            ]  # fmt: skip
            for values in there or [{"tracking_number": picking.carrier_tracking_ref, "quantities": parcel.quantities}]:
                row = self.create({
                    "account_id": order.amazon_account_id.id, "order_id": order.id,
                    "order_ref": order.amazon_order_ref, "marketplace_id": order.amazon_marketplace_id.id,
                    "picking_id": picking.id, "quantity": sum(values["quantities"].values()),
                    "channel": "seller_central", "state": "done", "accepted_at": now, "answered_at": now, **values,
                })  # fmt: skip
                row.write(row._shipment_values())
                row.told = row._facts()

    @api.model
    def _wake_for_unclear(self, account):
        """Come back when the first of the unclear rows has to be asked for again."""
        first = self.search(
            [("account_id", "=", account.id), ("state", "in", ("sending", "rejected")), ("retry_at", "!=", False),
             ("channel", "!=", "feed")], order="retry_at", limit=1,
        )  # fmt: skip
        if first:
            seconds = (first.retry_at - fields.Datetime.now()).total_seconds()
            account._job("confirm_by_hand" if not account.auto_confirm else "confirm")._trigger(max(seconds, 1))

    def _fit_for_feed(self):
        """Return the rows that a feed can carry: it has no documented place for the others."""
        fitting = self.browse()
        # An order may have been held or deleted since the rows were looked at; each alone is looked at once more.
        for row in self.exists().filtered(lambda row: not row.order_id.amazon_on_hold):
            other = row.order_id.amazon_confirmation_ids - row
            direct = row.edited or row.accepted_at or row.ask_first or other
            if row.without_number or not (direct or row._needs_direct()):
                fitting += row
        return fitting

    def _needs_direct(self):
        """Tell whether a feed has no place for this parcel, or not enough."""
        shipment = self._shipment()
        try:
            shipment.validate(feed=True)
        except BadRequest:
            return True
        return shipment.needs_direct


def units_of(package):
    """Return the units in a ``selling_partner`` package by Amazon's item id."""
    return {item.item_id: item.quantity for item in package.items}
