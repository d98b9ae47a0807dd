"""The outbox of stock (rule 2): how many of a SKU Amazon may sell, what it answered, and whether it shows it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...const import QUERY_AGAIN_MINUTES
from ...locks import MET
from ...ours import OURS, is_ours
from ...said import say
from ...selling_partner import ANY_PRODUCT, FEED_TYPE_LISTINGS, MOST_MESSAGES, MOST_SKUS, BadRequest, ListingPatch
from ..engine.amazon_job import unexpected
from ..engine.amazon_outbox import FAILED
from .amazon_stock_change import CHANGES

_lt = LazyTranslate(__name__)

# SKUs looked at in one transaction.
LOOK = 500
# SKUs looked at before what has run out among them is sent.
ROUND = 2_000
# What was accepted is read back after so many minutes; Amazon may take a while to apply it.
SHOWN_AFTER_MINUTES = (15, 30, 60)
KEEP_DAYS = 90
# Why it was sent.
REASONS = [
    ("first", "First Time"),
    ("more", "More in Stock"),
    ("less", "Less in Stock"),
    ("paused", "Paused"),
    *CHANGES,
    ("unshown", "Not Shown by Amazon"),
]
OUT = Domain("quantity", "=", 0)
ORDERS_MISSING = _lt("Stock waits until the orders of the last minutes are here: they take some of it.")
# So many SKUs are all looked up before they go as a feed. At Amazon's pace the 50 calls take longer than a cron's ten
# seconds: the next run goes on where the last has ended; what was looked up so many minutes ago is looked up again.
LOOKED_UP, LOOK_MINUTES = 1_000, 10
# Of more those that Amazon has not shown so lately; what it has not goes in no feed at all.
SEEN_MINUTES = 60


class AmazonQuantity(models.Model):
    """One telling of a SKU's quantity: the outbox and the history (在庫連携履歴) in one."""

    _name = "amazon.quantity"
    _description = "Stock Told to Amazon"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.outbox"]
    _order = "id desc"
    _rec_name = "sku"
    _operations = ("patchListingsItem", "getListingsItem")
    _feed_type = FEED_TYPE_LISTINGS

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    offer_id = fields.Many2one("amazon.offer", "SKU", required=True, readonly=True, index=True, ondelete="cascade")
    marketplace_id = fields.Many2one("amazon.marketplace", required=True, readonly=True)
    sku = fields.Char("SKU as Sent", required=True, readonly=True)
    quantity = fields.Integer(readonly=True)
    handling_days = fields.Integer(readonly=True)
    restock_date = fields.Date("Back in Stock on", readonly=True)
    reason = fields.Selection(REASONS, "Why", readonly=True, help="What it was sent for")
    applied = fields.Boolean("Shown by Amazon", readonly=True)
    sent_again = fields.Boolean(readonly=True, help="Amazon accepted it, but did not show it; it was told once more.")
    looked_at = fields.Datetime(readonly=True, help="When its SKU was looked up for a feed that has not gone yet")
    late_until = fields.Datetime(
        readonly=True,
        help="A feed with an earlier quantity was lost or given up; so long Amazon may still come to it, and change"
        " the quantity back.",
    )
    quantity_amazon = fields.Integer("On Amazon", readonly=True, help="What Amazon showed when it was read back")
    unread = fields.Integer(readonly=True, help="How often in a row what Amazon shows could not be read")
    advice = fields.Text("What to Do", compute="_compute_advice")
    log_ids = fields.Many2many(
        "amazon.log", "amazon_quantity_log_rel", "quantity_id", "log_id", "API Log", readonly=True
    )

    _due_idx = models.Index("(account_id, id) WHERE state != 'done' OR retry_at IS NOT NULL")

    @api.model
    def _backlog(self, account):
        # A SKU has one row for ever: how old that is says nothing.
        return super()._backlog(account)[0], None

    # === COMPUTE METHODS === #

    @api.depends("state", "hint")
    @api.depends_context("lang")
    def _compute_advice(self):
        advice = self._hint_advice()
        for row in self:
            row.advice = row.state in FAILED and advice.get(row.hint)

    @api.model
    def _hint_advice(self):
        """Return plain advice for the refusals of Amazon that are known."""
        return {
            "listing_incomplete": self.env._(
                "Amazon lacks something in this listing. Complete it in Seller Central (Inventory > Manage All"
                " Inventory), then press “Send Stock Now”."
            ),
            "listing_attributes": self.env._(
                "Amazon does not take what goes along with the quantity. Check the handling days and the restock date"
                " of this SKU; if they are right, report it to whoever looks after this addon."
            ),
            "listing_again": self.env._(
                "Amazon was in trouble while it looked at this. Press “Send Stock Now” in a few minutes."
            ),
            "listing_feed": self.env._(
                "Amazon has not taken the feed that this went with. Press “Send Stock Now”; if it is refused again,"
                " report it to whoever looks after this addon."
            ),
            "listing_product_type": self.env._(
                "Amazon does not take the product type of this listing. It is read again with the job “SKUs from"
                " Amazon”; then press “Send Stock Now”."
            ),
            "listing_sku": self.env._(
                "Amazon does not take this SKU. Look in Seller Central whether it is still listed in this marketplace."
            ),
        }

    # === WHAT IS TOLD === #

    @api.model
    def _sender(self, account):
        return account._job("inventory" if account.auto_inventory else "inventory_by_hand")

    def _wake(self):
        for account in self.account_id:
            if account.auto_inventory or any(row.requested for row in self if row.account_id == account):
                self._sender(account)._trigger()

    def _facts(self):
        return {
            "quantity": self.quantity,
            "handling_days": self.handling_days or None,
            "restock_date": self.restock_date and self.restock_date.isoformat(),
        }

    def _content(self):
        """Take the quantity as it is now."""
        offer = self.offer_id
        if offer.why_not_sent:
            return None, False, False
        self._update(offer._values_to_tell())
        return self._patch(), False, False

    def _says(self, values):
        """Tell whether Amazon was told this. What is not set any more stays there as told, unless it was refused.

        :param dict values: as of an offer's ``_values_to_tell``.
        """
        kept = ("handling_days", "restock_date") if self.state == "done" else ()
        return all(self[name] == value or (not value and name in kept) for name, value in values.items())

    def _mark_sending(self, channel, log=None, **values):
        return super()._mark_sending(channel, log, **{"looked_at": False, **values})

    def _update(self, values):
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.write(changed)

    def _why_waiting(self):
        if self.quantity and self._only_what_ran_out():
            return say(self.env, ORDERS_MISSING)
        return self.offer_id.why_not_sent

    def _patch(self):
        """Return what Amazon is told.

        :rtype: ListingPatch
        """
        return ListingPatch(
            sku=self.sku,
            marketplace_id=self.marketplace_id.api_ref,
            product_type=self.offer_id.product_type or ANY_PRODUCT,
            quantity=self.quantity,
            handling_days=self.handling_days or None,
            restock_date=self.restock_date or None,
        )

    def _deliver(self, amazon, content):
        locale = self.offer_id._issue_locale(self.account_id)
        submission = amazon.listings.patch(self.account_id.merchant_id, content, locale)
        if not submission.is_accepted:
            errors = [issue for issue in submission.issues if issue.is_error] or submission.issues
            raise BadRequest(
                "\n".join(issue.message for issue in errors) or submission.status,
                operation=self._operations[0],
                sent=True,
                hint=errors[0].hint if errors else "",
            )

    # === WHAT THERE IS TO DO === #

    @api.model
    def _has_work(self, account, requested):
        noted = [("account_id", "=", account.id), *([("again", "=", True)] if requested else [])]
        return bool(
            super()._has_work(account, requested)
            or self.env["amazon.stock.change"].search_count(noted, limit=1)
            or self.env["amazon.feed"]._unsent(account, FEED_TYPE_LISTINGS)
            or self.search_count(self._to_read_back(account), limit=1)
        )

    @api.model
    def _to_read_back(self, account):
        """Return the domain of what Amazon has accepted, and is to show by now."""
        return (
            Domain("account_id", "=", account.id)
            & Domain("state", "=", "done")
            & Domain("retry_at", "<=", fields.Datetime.now())
            & Domain("marketplace_id", "in", account.marketplace_ids.ids)
        )

    # === SENDING === #

    @api.model
    def _send(self, run, requested=False):
        waits = not run.account._orders_are_here()
        if waits:
            run.log._note(ORDERS_MISSING)
            run.job._trigger(60)
            run.commit()
        return super(AmazonQuantity, self.with_context(amazon_only_out=waits and OURS))._send(run, requested) or waits

    @api.model
    def _only_what_ran_out(self):
        """Tell whether orders are missing: whatever they take, of what has run out or is paused there is none."""
        return is_ours(self.env, "amazon_only_out")

    @api.model
    def _send_all(self, run, requested, troubles, tried):
        """Send what may go, while what has changed is still looked at: what has run out waits for no others. Trouble
        with one marketplace keeps nothing of the others."""
        more = True
        while more:
            more = self._look_at_changes(run, requested, troubles)
            for only in self._parts(run.account):
                with self._raised_later(troubles):
                    self._send_part(run, requested, troubles, tried, only, more)
        # What is missing of orders may be why Amazon shows less.
        for marketplace in () if self._only_what_ran_out() else run.account.marketplace_ids:
            with self._raised_later(troubles):
                self._read_back(run, marketplace)

    @api.model
    def _parts(self, account):
        """Return the domains of what goes together: a feed is for one marketplace. What was meant for others is looked
        at last, to say so."""
        marketplaces, which = account.marketplace_ids, OUT if self._only_what_ran_out() else Domain.TRUE
        return [which & Domain("marketplace_id", "=", one.id) for one in marketplaces] + [
            which & Domain("marketplace_id", "not in", marketplaces.ids)
        ]

    @api.model
    def _send_part(self, run, requested, troubles, tried, only, more):
        """Send what may go of some: first what has run out, then the rest, which waits until a feed is full.

        :param Domain only: which.
        :param bool more: not all of what has changed is looked at yet.
        """
        due = self._due(run.account, requested) & only
        while self._send_some(run, requested, troubles, tried, only & OUT, urgent=True):
            pass
        while not more or self.search_count(due, limit=MOST_MESSAGES) == MOST_MESSAGES:
            if not self._send_some(run, requested, troubles, tried, only):
                break

    @api.model
    def _send_some(self, run, requested, troubles, tried, only, urgent=False):
        """Send what may go of some, no more than a feed carries.

        :param Domain only: which.
        :param bool urgent: they go one by one while no feed may go; others wait for it.
        :return: whether there were any.
        """
        due = self.search(self._due(run.account, requested) & only, limit=MOST_MESSAGES, order="id")
        if len(due) > run.account.inventory_feed_threshold:
            if self._has_room(run.account):
                due._look_up_for_a_feed(run)
            elif not urgent:
                return False
        ready = self._ready(run, requested, tried, only, MOST_MESSAGES)
        if ready:
            tried.update(ready)
            self._send_ready(run, ready, troubles)
        return bool(ready)

    @api.model
    def _has_room(self, account):
        return self.env["amazon.feed"]._has_room(account, FEED_TYPE_LISTINGS)

    @api.model
    def _look_at_changes(self, run, requested, troubles):
        """Make rows of what has changed, of so many at a time.

        :param bool requested: only of what a person asked for.
        :return: whether there is more.
        """
        changes, looked_up, unasked, limit, looked_at = self.env["amazon.stock.change"], set(), set(), LOOK, 0
        while looked_at < ROUND:
            run.checkpoint()
            ids, again, changed_there, reasons = changes._take(run.account, limit, requested, unasked)
            if not ids:
                return False
            offers = self.env["amazon.offer"].browse(ids)
            new = offers.filtered(lambda offer: offer.id not in looked_up)
            unseen = new.filtered(lambda offer, again=again: offer._is_to_be_looked_up(offer.id in again))
            if unseen:
                # Once: of some the answer cannot be read.
                looked_up.update(unseen.ids)
                # What was taken is noted again should this end here.
                self.env.cr.rollback()
                self.env.invalidate_all()
                unasked |= self._look_up_unseen(run, unseen, troubles)
                continue
            try:
                offers._tell(again, changed_there, reasons)
                self.env.flush_all()
                looked_at += len(ids)
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told on the SKU
                self.env.cr.rollback()
                self.env.invalidate_all()
                if limit == 1:
                    # Not what is first now: another one may have changed meanwhile.
                    changes.search([("offer_id", "in", ids)]).unlink()
                    offers._cannot_be_told(say(self.env, unexpected(error)))
                # One that cannot be looked at keeps no others.
                limit = 1
        return True

    @api.model
    def _look_up_unseen(self, run, offers, troubles):
        """Ask Amazon for SKUs that it has not shown yet.

        :return: ids of those that it could not be asked for: they stay noted.
        :rtype: set
        """
        unasked = set()
        for of_one in offers.grouped("marketplace_id").values():
            with self._raised_later(troubles):
                of_one._look_up(run)
                continue
            unasked.update(of_one.ids)
        return unasked

    @api.model
    def _send_ready(self, run, ready, troubles):
        """Send these as one feed where it is much."""
        if len(ready) > run.account.inventory_feed_threshold and self._has_room(run.account):
            return self.env["amazon.feed"]._send(run, FEED_TYPE_LISTINGS, self.browse(ready)._still_there(run))
        return super()._send_ready(run, ready, troubles)

    @api.model
    def _in_turn(self, run, ready):
        """What Amazon ships must never be touched: as many as fit into one call are looked up, told of, and so on. Each
        is looked at once more when it is locked."""
        ids = self._denied_last(list(ready))
        for start in range(0, len(ids), MOST_SKUS):
            rows = self.browse(ids[start : start + MOST_SKUS])._still_there(run)
            yield (rows - rows._look_up(run)).ids

    def _still_there(self, run):
        """Return those of these that nobody has deleted meanwhile, with their SKUs."""
        rows = self.exists()
        if deleted := len(self) - len(rows):
            run.log._note(_lt("%s SKUs were deleted before their turn.", deleted))
        return rows

    def _look_up_for_a_feed(self, run):
        """Ask Amazon for the SKUs of these before they go as a feed: for all of them, of very many for those that it
        has not shown lately. A run whose time is up meanwhile is gone on with by the next."""
        rows = self._not_looked_up() if len(self) <= LOOKED_UP else self._unseen()
        for some in rows._chunks(MOST_SKUS):
            some.exists().looked_at = fields.Datetime.now()
            some._look_up(run)
            self.env.invalidate_all()

    def _not_looked_up(self):
        """Return those of these whose SKU Amazon has not shown since it was asked for it a short time ago."""
        since = fields.Datetime.now() - timedelta(minutes=LOOK_MINUTES)

        def is_looked_up(row):
            seen_at = row.offer_id.seen_at
            return row.looked_at and row.looked_at >= since and seen_at and seen_at >= row.looked_at

        return self - self.filtered(is_looked_up)

    def _unseen(self):
        """Return those of these whose SKU Amazon has not shown lately."""
        now = fields.Datetime.now()
        # What was seen later than now was seen by a clock that was ahead: nobody knows when.
        lately = Domain("offer_id.seen_at", ">=", now - timedelta(minutes=SEEN_MINUTES))
        lately &= Domain("offer_id.seen_at", "<=", now)
        return self - self.search(Domain("id", "in", self.ids) & lately)

    def _look_up(self, run):
        """Ask Amazon for the SKUs of these.

        :return: those of these of which it has said nothing: who ships them is not known, and they wait.
        """
        unread = self.offer_id._look_up(run)
        unknown = self.exists().filtered(lambda row: row.offer_id in unread)
        for row in unknown:
            row._look_failed()
        run.commit()
        return unknown

    def _look_failed(self):
        """Nothing is told of a SKU of which Amazon does not say who ships it; when asking again does not help, a person
        has to look."""
        why = _lt(
            "Amazon's answer on this SKU cannot be read, and without it nobody knows who ships it; it was not told."
        )
        self.looked_at = False
        if self.asked < len(QUERY_AGAIN_MINUTES):
            self._hold(say(self.env, why), QUERY_AGAIN_MINUTES[self.asked])
            self.asked += 1
        else:
            self._refused("error", say(self.env, why))

    def _accepted(self, message=False, **values):
        """Amazon has taken it; whether it shows it is read back later."""
        again = fields.Datetime.now() + timedelta(minutes=SHOWN_AFTER_MINUTES[0])
        for quantity, rows in self.grouped("quantity").items():
            rows.offer_id.quantity_sent = quantity
        self.offer_id._drift_told()
        return super()._accepted(message, **{"retry_at": again, "applied": False, "unread": 0, **values})

    # === WHETHER IT HAS ARRIVED === #

    def _shown_by(self, amazon):
        return amazon.listings.get(self.account_id.merchant_id, self.sku, self.marketplace_id.api_ref)

    def _learned(self, listing):
        """The answer was lost: what Amazon has stored of it tells.

        :param listing: the ``selling_partner`` listing, None: Amazon does not know the SKU.
        """
        if self._is_stored(listing):
            self._accepted()
        elif self.asked < len(QUERY_AGAIN_MINUTES):
            self._query_later(self.asked + 1)
        else:
            # The same quantity twice does no harm.
            self._to_send()

    def _is_stored(self, listing):
        """Tell whether Amazon has stored all that it was told.

        :param listing: the ``selling_partner`` listing, or None.
        """
        return bool(
            listing
            and listing.submitted_quantity == self.quantity
            and self.handling_days in (0, listing.handling_days)
            and self.restock_date in (False, listing.restock_date)
        )

    @api.model
    def _read_back(self, run, marketplace):
        """See whether Amazon shows what it has accepted.

        :param marketplace: in which ``amazon.marketplace``.
        """
        accepted = self._to_read_back(run.account) & Domain("marketplace_id", "=", marketplace.id)
        while rows := self.search(accepted, limit=LOOK, order="id"):
            for listings, offers, unreadable in rows.offer_id._listings(run.amazon, run.account, marketplace):
                self.env["amazon.offer"]._learn_listings(run.account, marketplace, listings)
                shown = {listing.sku: listing for listing in listings}
                unread = offers._with_skus(unreadable)
                for row in rows.filtered(lambda row, unread=unread: row.offer_id in unread):
                    row._not_readable()
                read = offers - unread
                asked = rows.filtered(lambda row, read=read: row.offer_id in read)
                fewer = asked.filtered(
                    lambda row, shown=shown: row.sku in shown and (shown[row.sku].quantity or 0) < row.quantity
                )
                ordered = offers._units_ordered_since({row.offer_id: row.sent_at for row in fewer})
                for row in asked:
                    row._compare(shown.get(row.sku), ordered[row.offer_id])
                run.checkpoint()

    def _not_readable(self):
        """An answer that cannot be read does not say what Amazon has: it is asked again later; when that does not help,
        a person has to look."""
        if self.unread < len(SHOWN_AFTER_MINUTES) - 1:
            again = fields.Datetime.now() + timedelta(minutes=SHOWN_AFTER_MINUTES[self.unread + 1])
            self.write({"unread": self.unread + 1, "retry_at": again})
        else:
            text = _lt(
                "Amazon has accepted %s, but its answer on what it shows of this SKU cannot be read. Look in Seller"
                " Central whether it shows it.",
                self.quantity,
            )
            self._refused("error", say(self.env, text), unread=0)

    def _compare(self, listing, ordered):
        """Compare what Amazon shows with what it was told.

        :param listing: the ``selling_partner`` listing, or None.
        :param float ordered: units of it that were ordered since.
        """
        there = listing.quantity if listing else None
        self.write({"quantity_amazon": there or 0, "unread": 0})
        if there is not None and self.quantity - ordered <= there <= self.quantity:
            self.write({"applied": True, "retry_at": self._read_back_again(), "asked": 0})
            self.offer_id._settle_drift()
        elif self.applied:
            # Amazon has come to an earlier quantity since.
            self._to_send(applied=False, reason="unshown")
        elif self.asked < len(SHOWN_AFTER_MINUTES) - 1:
            minutes = SHOWN_AFTER_MINUTES[self.asked + 1]
            self.write({"asked": self.asked + 1, "retry_at": fields.Datetime.now() + timedelta(minutes=minutes)})
        elif not self.sent_again:
            self._to_send(sent_again=True, reason="unshown")
        else:
            text = _lt(
                "Amazon has accepted %(told)s twice, but shows %(there)s. Look in Seller Central what keeps this SKU.",
                told=self.quantity,
                there=_lt("nothing") if there is None else there,
            )
            self._refused("error", say(self.env, text))

    def _read_back_again(self):
        """Return when this is to be compared once more although Amazon shows it: now and then while an earlier quantity
        may come through, and once when it cannot any more; else False."""
        now = fields.Datetime.now()
        if not self.late_until or self.late_until <= now:
            return False
        pause = max(now - self.sent_at, timedelta(minutes=SHOWN_AFTER_MINUTES[-1]))
        return min(now + pause, self.late_until)

    # === CLEANING UP === #

    @api.autovacuum
    def _gc_history(self):
        before = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        told_last = self.env["amazon.offer"]._search([("quantity_id", "!=", False)]).subselect("quantity_id")
        old = Domain("create_date", "<", before) & Domain("state", "=", "done") & Domain("id", "not in", told_last)
        self.search(old, order="id", limit=100_000).unlink()
