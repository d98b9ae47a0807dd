"""How cancellations go, always as a feed, and what its report says of them; how a feed goes stands in
``amazon_feed.py``."""

from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import FEED_TYPE_CANCELLATION, cancellation_feed
from ..engine.amazon_feed import CHUNK
from .amazon_cancellation import BROKEN, LOST, REFUSED, UNCLEAR

_lt = LazyTranslate(__name__)

# So many orders go in one feed: far below Amazon's size.
MOST = 1_000


class AmazonCancellation(models.Model):
    _inherit = "amazon.cancellation"

    # === WHAT THERE IS TO DO === #

    @api.model
    def _has_work(self, account, requested):
        feeds = self.env["amazon.feed"]
        return bool(
            super()._has_work(account, requested)
            or feeds._unsent(account, FEED_TYPE_CANCELLATION)
            or feeds._open_feeds(account, FEED_TYPE_CANCELLATION)._now()
        )

    # === SENDING === #

    @api.model
    def _tell(self, run):
        """Fetch what became of what was sent, send what waits, and ask for what is unclear.

        :param run: the :class:`.run.Run`.
        :return: whether Amazon is still at a feed.
        """
        company, troubles, left = run.account.company_id, [], False
        rows = self.with_company(company).with_context(lang=company._amazon_lang())
        with rows._raised_last(troubles):
            with rows._raised_later(troubles):
                left = rows.env["amazon.feed"]._fetch(run, FEED_TYPE_CANCELLATION)
            with rows._raised_later(troubles):
                rows._send(run)
        return left

    @api.model
    def _send_ready(self, run, ready, troubles):
        # What was read before does not count: a person may just have taken an order up again.
        self.env.cr.rollback()
        self.env.invalidate_all()
        rows = self.browse(list(ready)).try_lock_for_update().filtered(lambda row: row._is_sendable())
        good = rows.browse(rows._look_all())
        with self._raised_later(troubles):
            self.env["amazon.feed"]._send(run, FEED_TYPE_CANCELLATION, good)
        self.env["ir.cron"]._commit_progress()

    def _feed_document(self, account):
        rows = self[:MOST]
        return rows, cancellation_feed(account.merchant_id, [(row.id, row._cancellation()) for row in rows])

    def _feed_submitted(self, feed, run):
        self._log(self.env._("Cancellation sent to Amazon in feed %s", feed.feed_ref))
        run.log._note(_lt("Feed %(feed)s: %(count)s cancellations sent.", feed=feed.feed_ref, count=len(self)))
        self._feed_wake(run.account, 60)

    def _feed_taken_back(self, lost=False):
        if lost:
            # Amazon may have come to it all the same: the orders tell.
            self._ask(LOST)
        else:
            self._to_send()

    def _feed_failed(self, feed, message):
        self._refused("rejected", message)

    @api.model
    def _feed_wake(self, account, seconds):
        self._sender(account)._trigger(seconds)

    # === RESULTS === #

    def _apply_named(self, feed, errors, warnings, codes):
        """What the report refuses may be cancelled all the same, by the buyer or by a feed that came late: each is
        asked for."""
        for rows in feed._open_messages()._chunks(CHUNK):
            for row in rows:
                row.warning = "\n".join(warnings.get(row.id, [])) or False
                if row.id in errors:
                    row._ask(REFUSED, "\n".join(errors[row.id]))
            self.env["ir.cron"]._commit_progress()

    def _feed_unclear(self, feed, run):
        """Each order is asked for by itself: the feed tells no more."""
        self._ask(BROKEN if feed.status == "FATAL" else UNCLEAR, feed.message)
