"""How quantities go as a feed, and what becomes of them there; how a feed goes stands in ``amazon_feed.py``."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import ISSUE_HINTS, listings_feed, split_listings_feed
from ..engine.amazon_feed import CHUNK, LATE_HOURS

_lt = LazyTranslate(__name__)

# Amazon has been seen to come to the end of a feed only days after it began.
STUCK_HOURS = 72


class AmazonQuantity(models.Model):
    _inherit = "amazon.quantity"

    def _feed_document(self, account):
        messages = next(split_listings_feed(self._feed_messages()), [])
        locale = self.env["amazon.offer"]._issue_locale(account)
        return self.browse(row_id for row_id, _patch in messages), b"".join(
            listings_feed(account.merchant_id, messages, locale)
        )

    def _feed_messages(self):
        """Yield them one by one, those that may go as they are now; of many, not all are kept in memory."""
        for rows in self._chunks(CHUNK):
            yield from (rows - rows._unseen())._look_all().items()
            self.env.flush_all()
            self.env.invalidate_all()

    def _feed_submitted(self, feed, run):
        run.log._note(_lt("Feed %(feed)s: %(count)s quantities sent.", feed=feed.feed_ref, count=len(self)))
        self._feed_wake(run.account, 60)

    def _feed_taken_back(self, lost=False):
        self._to_send(**(self._comes_late(LATE_HOURS) if lost else {}))

    @api.model
    def _comes_late(self, hours):
        """Return what is written of what Amazon may still come to for so many hours."""
        return {"late_until": fields.Datetime.now() + timedelta(hours=hours)}

    @api.model
    def _unfinished(self, feed):
        """Return what is written of what went in a feed that is given up, where Amazon may still be at it."""
        return self._comes_late(STUCK_HOURS) if feed.status in ("IN_QUEUE", "IN_PROGRESS") else {}

    def _feed_failed(self, feed, message):
        if feed.status == "CANCELLED":
            # Amazon did not come to it; nothing is wrong with these.
            self._to_send()
        else:
            self._refused("rejected", message, "listing_feed")

    def _feed_outcome(self, message="", codes=()):
        hint = next(filter(None, map(ISSUE_HINTS.get, codes)), "")
        return {"hint": hint} if hint else {}

    @api.model
    def _feed_ended(self, account):
        # What did not fit into it, and what has changed of what was in it.
        if self._has_work(account, not account.auto_inventory):
            self._sender(account).sudo()._trigger()  # sudo: jobs are the addon's own

    @api.model
    def _feed_wake(self, account, seconds):
        name = "inventory_results" if account.auto_inventory else "inventory_by_hand"
        account._job(name).sudo()._trigger(seconds)  # sudo: jobs are the addon's own

    def _feed_unclear(self, feed, run):
        for marketplace, rows in self.grouped("marketplace_id").items():
            for listings, offers, _unread in rows.offer_id._listings(run.amazon, run.account, marketplace):
                shown = {listing.sku: listing for listing in listings}
                for row in rows.filtered(lambda row, offers=offers: row.offer_id in offers):
                    if row._is_stored(shown.get(row.sku)):
                        row._accepted(**self._unfinished(feed))
                run.checkpoint()

    def _feed_given_up(self, feed, state):
        # Nobody works on the feed any more: told again, the same quantity does no harm.
        self._to_send(**self._unfinished(feed))
