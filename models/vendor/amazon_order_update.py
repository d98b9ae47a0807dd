from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...const import FIRST_RUN_DAYS
from ...selling_partner import SearchVendorOrders
from ...selling_partner.vendor import LONGEST_SPAN
from ...times import aware, naive
from .amazon_account import VENDOR
from .purchase_order import parse_purchase_order

_lt = LazyTranslate(__name__)

# Amazon may show an order late, under its old date; what comes twice is known.
LATE_MINUTES = 60
# Amazon's search goes by creation only: what is open is read again after so many minutes, in the hope of a change.
OPEN_MINUTES = 60
# Amazon gives orders of the last six months.
OLDEST_DAYS = 180


class AmazonOrderUpdate(models.Model):
    """Purchase orders that Amazon places with a vendor."""

    _inherit = "amazon.order.update"

    source = fields.Selection(selection_add=[("vendor", "Direct Fulfillment")], ondelete={"vendor": "cascade"})

    @api.model
    def _parsers(self):
        return {**super()._parsers(), "vendor": parse_purchase_order}

    # === BUSINESS METHODS: STOCK === #

    @api.model
    def _units_of_offers(self, account, wanted):
        if account.kind != VENDOR:
            return super()._units_of_offers(account, wanted)
        keys = {key: count for (_ref, key), count in wanted.items()}
        # sudo: what orders take counts for whoever looks at stock
        offers = self.env["amazon.offer"].sudo()._find(account, self.env["amazon.marketplace"], list(keys))
        return Counter({offer: keys[sku] for sku, offer in offers.items()})

    # === BUSINESS METHODS: FETCHING === #

    @api.model
    def _fetch_vendor(self, run):
        """Read new orders into the inbox, and once an hour all from the oldest open one on.

        :param run: the :class:`...run.Run`.
        """
        job, account = run.job, run.account
        search = SearchVendorOrders.from_json(job.open_search) if job.open_search else self._vendor_search(job)

        def keep(_search, page):
            if self._receive(account, page.orders, run.log, source="vendor"):
                # In the same transaction: a process that dies after the commit has woken the builders.
                self._trigger_builders()
            run.log.write({"received": run.log.received + len(page.orders), "api_calls": run.budget.calls})

        with run.calling():
            vendor = account._vendor_api(run.amazon)
            job._read_pages(run, search, vendor.search_orders, keep, then=self._next_vendor_window)

    @api.model
    def _vendor_search(self, job):
        """Return the first window to read: from the cursor on, or from the oldest open order."""
        now = fields.Datetime.now()
        since = now - timedelta(days=FIRST_RUN_DAYS)
        if job.cursor and job.cursor <= now:
            since = job.cursor - timedelta(minutes=LATE_MINUTES)
        if not job.open_read_at or job.open_read_at <= now - timedelta(minutes=OPEN_MINUTES):
            job.open_read_at = now
            oldest = self.env["sale.order"].search(
                [*self.env["sale.order"]._amazon_vendor_open(job.account_id)], order="amazon_purchase_date", limit=1
            )
            if oldest:
                # Its own second, too.
                since = min(since, oldest.amazon_purchase_date - timedelta(seconds=1))
        return self._vendor_window(max(since, now - timedelta(days=OLDEST_DAYS)))

    @api.model
    def _vendor_window(self, since):
        until = min(since + LONGEST_SPAN, fields.Datetime.now())
        return SearchVendorOrders(created_after=aware(since), created_before=aware(until))

    @api.model
    def _next_vendor_window(self, search):
        """Return the window after a search, None after the last one."""
        reached = naive(search.created_before)
        # A minute more or less is the next run's.
        return self._vendor_window(reached) if reached < fields.Datetime.now() - timedelta(minutes=1) else None

    # === BUSINESS METHODS: BUILDING === #

    def _elsewhere(self):
        """Close rows of orders that another account makes; what is personal leaves them."""
        self.write(
            {
                "state": "ignored",
                "payload": False,
                "retry_at": False,
                "missing_sku": False,
                "error": _lt("It is for another selling party, which has an account of its own here."),
            }
        )

    @api.model
    def _retry_for_vendor(self, account):
        """Build at once what may have waited for something of a vendor's account."""
        if account.kind != VENDOR:
            return
        # sudo: the inbox is the addon's own
        rows = self.sudo().search([("account_id", "=", account.id), ("state", "=", "failed")])
        if rows:
            rows.retry_at = False
            self._trigger_builders()
