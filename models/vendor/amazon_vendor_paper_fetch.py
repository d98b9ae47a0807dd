"""How papers are fetched: many by searching, what is missing after that one by one."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...locks import MET
from ...selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    NotFound,
    QuotaExceeded,
    SellingPartnerError,
    UnreadablePaper,
)
from ...selling_partner.vendor import LONGEST_SPAN
from ...times import aware, naive
from .amazon_vendor_paper import PAPERS

_logger = logging.getLogger(__name__)

# Amazon wants them looked for once an hour; it may show one late, under its old time.
HOURLY_MINUTES = 60
OVERLAP_MINUTES = 15
# More than so many are searched for; of fewer each is asked for.
FEW = 5
# So many are kept in memory.
CHUNK = 10


class AmazonVendorPaper(models.Model):
    _inherit = "amazon.vendor.paper"

    @api.model
    def _has_work(self, account, kind):
        """Tell whether there is anything to fetch now."""
        return bool(
            self._is_hourly(account._job(PAPERS[kind].job)) or self.search_count(self._due(account, kind), limit=1)
        )

    @api.model
    def _is_hourly(self, job):
        """Tell whether it is time to search again, or a search is open."""
        hour = fields.Datetime.now() - timedelta(minutes=HOURLY_MINUTES)
        return bool(job.open_search or not job.cursor or job.cursor <= hour)

    @api.model
    def _fetch(self, run, kind):
        """Fetch one kind of paper.

        :param run: the :class:`...run.Run`.
        :param str kind: of :data:`PAPERS`.
        """
        self = self.sudo().with_context(lang=run.account.company_id._amazon_lang())  # sudo: papers are the addon's own
        due = self._due(run.account, kind)
        try:
            with run.calling():
                many = self.search_count(due, limit=FEW + 1) > FEW
                if many or self._is_hourly(run.job):
                    self._search_papers(run, kind)
                if many:
                    # What the search has not shown was looked for once.
                    self.search(due & Domain("asked", "=", 0))._not_there()
                    run.checkpoint()
                for paper in self.search(due, order="retry_at, id"):
                    answered = paper._ask(run)
                    run.count(answered, PAPERS[kind].get)
                    run.checkpoint(1)
        finally:
            if not self.env.cr.closed:
                self.env.cr.rollback()
                self._wake_for_open(run.account, kind)
                run.commit()

    @api.model
    def _wake_for_open(self, account, kind):
        """Come back when the first of them has to be looked for."""
        first = self.search(self._open_for(account, kind), order="retry_at", limit=1)
        if first:
            first._wake(max((first.retry_at - fields.Datetime.now()).total_seconds(), 1))

    # === MANY === #

    @api.model
    def _search_papers(self, run, kind):
        """Read all that has become available since the last time, window by window."""
        job, paper = run.job, PAPERS[kind]
        vendor = run.account._vendor_api(run.amazon)
        search = paper.search.from_json(job.open_search) if job.open_search else self._window_after(kind, job.cursor)

        def keep(_search, page):
            with page:
                self._keep_page(run.account, kind, page, run.log)
            run.log.write({"received": run.log.received + len(page), "api_calls": run.budget.calls})

        def then(search):
            reached = naive(search.created_before)
            # A minute more or less is the next run's.
            done = reached >= fields.Datetime.now() - timedelta(minutes=1)
            return None if done else self._window(kind, reached)

        job._read_pages(run, search, getattr(vendor, paper.read), keep, then=then)

    @api.model
    def _window_after(self, kind, cursor):
        """Return the first window to search: from where the last one ended."""
        now = fields.Datetime.now()
        since = min(cursor, now) - timedelta(minutes=OVERLAP_MINUTES) if cursor else now - LONGEST_SPAN
        return self._window(kind, max(since, now - timedelta(days=PAPERS[kind].days)))

    @api.model
    def _window(self, kind, since):
        until = min(since + LONGEST_SPAN, fields.Datetime.now())
        return PAPERS[kind].search(created_after=aware(since), created_before=aware(until))

    @api.model
    def _keep_page(self, account, kind, page, log):
        """Attach what is on a page; one that cannot be read or kept keeps no other away.

        :param page: of ``selling_partner``, whose entries are read one after the other.
        :param log: the run's ``amazon.log`` row.
        """
        for number, shown in enumerate(page, 1):
            if order := self._order_of(account, shown.number):
                log.refused += not self._of(order, kind)._keep(shown)
            if number % CHUNK == 0:
                # Labels are large.
                self.env.flush_all()
                self.env.invalidate_all()

    def _keep(self, shown):
        """Attach what a page shows of this.

        :return: whether it could be read and kept.
        """
        if not isinstance(shown, UnreadablePaper):
            try:
                with self.env.cr.savepoint():
                    self._take(shown)
                return True
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and keeps no other away
                _logger.info("a paper was not kept: %s", type(error).__name__)
        if self.state != "here":
            self._not_there(self.env._("Amazon's answer cannot be read."))
        return False

    @api.model
    def _order_of(self, account, number):
        """Return the order with a number of Amazon's whose papers are kept here, or none."""
        orders = self.env["sale.order"]
        found = number and orders.search(
            [
                ("amazon_account_id", "=", account.id),
                ("amazon_order_ref", "=", number),
                ("amazon_purged", "=", False),
            ],
            order="id",
        )
        return found and found.filtered(lambda order: order._amazon_vendor_deliveries())[:1]

    # === ONE === #

    def _ask(self, run):
        """Ask Amazon for this one.

        :param run: the :class:`...run.Run`, calling.
        :return: whether there was an answer.
        """
        self.ensure_one()
        vendor = run.account._vendor_api(run.amazon)
        try:
            shown = getattr(vendor, PAPERS[self.kind].get)(self.order_ref)
        except (QuotaExceeded, CredentialsError, AccessDenied):
            raise
        except NotFound:
            self._not_there(knows=False)
        except BadRequest as error:
            self._refused(error.message)
        except SellingPartnerError as error:
            self._not_there(self.env._("Amazon could not give it: %s", str(error)))
            return False
        else:
            if not self._take(shown):
                self._not_there()
        return True
