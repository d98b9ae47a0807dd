"""How confirmations go as a feed, and what becomes of them there; how a feed goes stands in ``amazon_feed.py``."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ...const import CLOCKS
from ...selling_partner import (
    FEED_TYPE_FULFILLMENT,
    AccessDenied,
    BadRequest,
    MalformedAnswer,
    NotFound,
    SearchOrders,
    fulfillment_feed,
    hint_of,
    parse_order,
    split_feed,
)
from ...times import aware
from ..engine.amazon_feed import CHUNK

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

# So many orders are asked for one by one, more by searching.
ONE_BY_ONE = 20


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    # === SENDING === #

    def _feed_document(self, account):
        """Write what fits into one feed.

        :param account: the ``amazon.account``.
        :return: (the rows that are in it, its content).
        """
        part = split_feed([(row.id, row._shipment()) for row in self])[0]
        return self.browse(row_id for row_id, _shipment in part), fulfillment_feed(account.merchant_id, part)

    def _feed_submitted(self, feed, run):
        """Amazon has the feed with these."""
        self._log(self.env._("Shipping confirmation sent in feed %s", feed.feed_ref))
        self.write({"mail": "sending"})
        run.log._note(_lt("Feed %(feed)s: %(count)s confirmations sent.", feed=feed.feed_ref, count=len(self)))
        self._feed_wake(run.account, 60)

    def _feed_taken_back(self, lost=False):
        """The feed with these was never handed over."""
        self._to_send(query_first=False)

    def _feed_failed(self, feed, message):
        """Amazon has nothing of the feed with these.

        :param feed: the ``amazon.feed``.
        :param str message: why.
        """
        self._refused("rejected", message, mail="results" if feed.feed_ref else "sending")

    @api.model
    def _feed_wake(self, account, seconds):
        """Wake whoever fetches the results, not before so many seconds from now."""
        account._wake_results(seconds)

    # === RESULTS === #

    @api.model
    def _fetch_results(self, run):
        """Fetch what Amazon says of the account's feeds of confirmations, and mail it.

        :param run: the :class:`.run.Run`.
        :return: whether Amazon is still at one.
        """
        account = run.account
        here = self.with_company(account.company_id).with_context(lang=account.company_id._amazon_lang())
        try:
            return here.env["amazon.feed"]._fetch(run, FEED_TYPE_FULFILLMENT)
        finally:
            if not self.env.cr.closed:
                self.env.cr.rollback()
                here._mail_news(account)
                run.commit()

    def _feed_outcome(self, message="", codes=()):
        return {"mail": "results", **({"hint": hint_of(message)} if message else {})}

    def _feed_given_up(self, feed, state):
        """Amazon was asked in vain for these.

        :param str state: theirs from now on.
        """
        message = self.env._("Amazon does not show this parcel. (%s)", feed.message)
        for warning, rows in self.grouped("warning").items():
            text = "\n".join(filter(None, (message, warning)))
            for chunk in rows._chunks(CHUNK):
                chunk._refused(state, text, mail="results")

    # === QUERYING EACH ORDER === #

    def _feed_unclear(self, feed, run):
        """Ask Amazon which of these parcels it has.

        :param feed: the ``amazon.feed`` in which they went.
        :raise QuotaExceeded: the search goes on where it was.
        """
        if len(self) <= ONE_BY_ONE and not feed.open_search:
            self._get_orders(feed, run.amazon)
        else:
            self._search_orders(feed, run)

    def _get_orders(self, feed, amazon):
        """Read the orders of these confirmations one by one.

        :raise AccessDenied: Amazon denies them all, which says nothing of the orders; a single one, or what it goes on
            to deny, is as good as not shown.
        """
        denied = []
        for row in self:
            try:
                value = parse_order(amazon.orders.get(row.order_ref).payload)
                # What another answer, or another process, has closed meanwhile is not closed again.
                feed._open_messages()._learn_of([value])
                self.env["ir.cron"]._commit_progress()
            except AccessDenied as error:
                denied.append(error)
            except (BadRequest, MalformedAnswer, NotFound) as error:
                _logger.debug("not shown yet: %s", type(error).__name__)
        if denied and len(denied) == len(self) and not feed.asked and not feed._is_late():
            raise denied[0]

    def _search_orders(self, feed, run):
        """Read the orders that have changed since the feed went out, until nothing is open any more."""
        search = (
            SearchOrders.from_json(feed.open_search)
            if feed.open_search
            else SearchOrders(
                last_updated_after=aware(feed.submitted_at - timedelta(minutes=CLOCKS)),
                marketplace_ids=tuple(feed._messages().marketplace_id.mapped("api_ref")),
            )
        )

        def keep(_search, page):
            feed._open_messages()._learn_of(self._readable(page.orders))
            return not feed._open_messages()

        feed._read_pages(run, search, run.amazon.orders.search, keep)

    @api.model
    def _readable(self, orders):
        """Return the orders of a page; one that cannot be read must not keep the others from being found."""
        values = []
        for received in orders:
            try:
                values.append(parse_order(received.payload))
            except MalformedAnswer as error:
                _logger.info("an order cannot be read: %s", type(error).__name__)
        return values

    def _learn_of(self, values):
        """Close those of these rows whose parcels Amazon shows.

        :param list values: ``selling_partner`` orders.
        """
        shown = {value.order_id: value for value in values}
        for row in self:
            value = shown.get(row.order_ref)
            own = value and row._own_package(value)
            if own:
                row._accepted(mail="results", reference=own.reference)
            elif value and (package := row._package_elsewhere(value)):
                row._confirmed_elsewhere(package)
                row.mail = "results"
