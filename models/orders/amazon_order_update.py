import logging
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg2
from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate
from psycopg2.errors import UniqueViolation

from ... import crypto, memo
from ...const import (
    ATTEMPTS,
    BATCH_SIZE,
    FIRST_RUN_DAYS,
    LOOK_BACK_DAYS,
    OVERLAP_MINUTES,
    RETRY_MINUTES,
    STATUS,
    TOKEN_HOURS,
    TROUBLES,
)
from ...locks import CONFLICTS, MET
from ...notices import notice
from ...quiet import no_statements_logged
from ...refusals import find, unreadable
from ...said import Said, say
from ...selling_partner import (
    ALL,
    NEEDED,
    AccessDenied,
    BadRequest,
    MalformedAnswer,
    SearchOrders,
    parse_readable,
)
from ...times import aware, naive
from ..engine.amazon_job import unexpected
from ..engine.amazon_quota import wake_at
from ..engine.trigram import trigram
from .amazon_offer import offer_key

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

OPEN = ("pending", "failed")
KEEP_DAYS = 90
# What is asked for of an order, and what when Amazon refuses that; at the end the number alone.
PARTS = (ALL, NEEDED, ())
# After a refusal everything is asked for again when so much time has passed.
WHOLE_MINUTES = 15
# While Amazon denies everything, only every so many failures it is asked marketplace by marketplace.
PROBE_FAILURES = 12
# Amazon's clock may be ahead of ours.
MOST_AHEAD = timedelta(days=1)


class NeedsAttention(UserError):
    """An order that cannot be built until a person does something; the text says what.

    :ivar item: the ``selling_partner`` item that has to be mapped, sold in ``marketplace``.
    """

    item = marketplace = None


class Batch(NamedTuple):
    """What rows of the inbox are built from: read once, before any of them is built.

    :param dict values: the ``selling_partner`` orders, by row.
    :param dict known: the ``sale.order`` that are here already, by Amazon's number.
    :param dict offers: the SKUs that have a product, by marketplace and what ``offer_key`` returns.
    :param dict new: items by marketplace whose SKUs are not in the table yet.
    """

    values: dict
    known: dict
    offers: dict
    new: dict

    def order(self, value, env):
        """Return the ``sale.order`` of a ``selling_partner`` order, or none."""
        return self.known.get(value.order_id, env["sale.order"]).with_env(env)

    def only(self, rows):
        """Return what these of its rows are built from."""
        return self._replace(values={row: self.values[row] for row in rows})


def _version(order):
    return order.last_updated.isoformat() if order.last_updated else ""


class PartByPart:
    """Does each part of a change by itself, when they cannot be done together.

    :ivar tuple[Exception, ...] errors: why parts of it were not done.
    """

    def __init__(self, cr, conflicts):
        """Remember where.

        :param conflicts: what another transaction causes: then it is worth another try as a whole.
        """
        self.cr, self.conflicts, self.errors = cr, conflicts, ()

    def __call__(self, work, *arguments):
        """Return what this part returns, or None if it failed."""
        try:
            with self.cr.savepoint():
                return work(*arguments)
        except self.conflicts:
            raise
        except Exception as error:  # noqa: BLE001 - told on the row
            self.errors += (error,)
            return None


class AmazonOrderUpdate(models.Model):
    """The inbox: order versions as Amazon sent them, until they are built.

    Fetching fills it as fast as the quota allows; builders take from it, on any number of workers.
    """

    _name = "amazon.order.update"
    _description = "Received Amazon Order"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search"]
    _order = "id desc"
    _rec_name = "order_ref"

    account_id = fields.Many2one("amazon.account", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    order_ref = fields.Char("Amazon Order", readonly=True, index=True)
    source = fields.Selection(
        [("orders", "Orders API")],
        required=True,
        default="orders",
        readonly=True,
        help="Which of Amazon's APIs it came from; says how it is read.",
    )
    version = fields.Char(readonly=True, help="Amazon's lastUpdatedTime, UTC")
    changed_at = fields.Datetime("Changed on Amazon", compute="_compute_changed_at")
    amazon_url = fields.Char("Seller Central", compute="_compute_amazon_url")
    digest = fields.Char(required=True, readonly=True)
    payload = fields.Text(
        readonly=True, groups=fields.NO_ACCESS, help="As received, encrypted; removed once the order is built."
    )
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("failed", "Needs Attention"),
            ("done", "Done"),
            ("superseded", "Replaced by Newer"),
            ("ignored", "Ignored"),
        ],
        required=True,
        default="pending",
        readonly=True,
    )
    result = fields.Selection(
        [("created", "Created"), ("updated", "Updated"), ("unchanged", "Unchanged"), ("left_out", "Left Out")],
        readonly=True,
    )
    forced = fields.Boolean(readonly=True, help="Built even if the order has this version or a newer one already")
    attempts = fields.Integer(readonly=True)
    retry_at = fields.Datetime("Next Try", readonly=True)
    error = Said("Reason", readonly=True)
    missing_sku = fields.Char("Unknown SKU", readonly=True)
    log_id = fields.Many2one("amazon.log", "Received by", ondelete="set null", readonly=True, index="btree_not_null")
    order_id = fields.Many2one(
        "sale.order", "Order in Odoo", ondelete="set null", readonly=True, index="btree_not_null"
    )

    _version_uniq = models.UniqueIndex("(account_id, order_ref, version, digest)")
    _create_date_idx = models.Index("(create_date)")
    _order_ref_idx = models.Index(trigram("order_ref"))
    _open_idx = models.Index("(account_id, id) WHERE state IN ('pending', 'failed')")
    _ignored_idx = models.Index("(id) WHERE state IN ('ignored')")
    _unknown_sku_idx = models.Index("(id) WHERE missing_sku IS NOT NULL")
    _missing_sku_idx = models.Index(trigram("missing_sku"))

    # === COMPUTE METHODS === #

    @api.depends("account_id.seller_central_url", "order_ref")
    def _compute_amazon_url(self):
        for update in self:
            update.amazon_url = update.account_id._order_url(update.order_ref)

    @api.depends("version")
    def _compute_changed_at(self):
        for row in self:
            changed = datetime.fromisoformat(row.version) if row.version else None
            row.changed_at = naive(changed)

    # === CRUD METHODS === #

    def write(self, vals):
        # People retry and ignore, by the actions below; nobody edits what Amazon sent.
        if not self.env.su:
            raise AccessError(self.env._("What was received from Amazon cannot be edited."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_retry(self):
        """Read the orders again from Amazon and build them, whatever the version: what is stored may be why they could
        not be built. One that Amazon does not give again stays as it is, with the reason.

        :raise UserError: naming what could not be read again, and why; or when these are more orders than can be
            read at once.
        """
        self.check_access("write")
        # sudo: the inbox is the addon's own; the user's right to write was checked above
        updates = self.sudo().filtered(lambda update: update.state in ("failed", "ignored"))
        # Without a number it cannot be asked for: there is only what is stored.
        nameless = updates.filtered(lambda update: not update.order_ref and update._is_readable())
        nameless.write({"state": "pending", "retry_at": False, "forced": True})
        refused, built = {}, self.browse()
        for account, rows in updates.filtered("order_ref").grouped("account_id").items():
            # Several versions of an order are read once.
            again, failures = account._read_and_build(list(rows.grouped("order_ref")))
            built |= again
            refused |= failures
            kept = rows.filtered(lambda row, failures=failures: row.order_ref in failures)
            for row in kept:
                row.error = failures[row.order_ref]
            (rows - kept - again)._superseded()
        self._trigger_builders()
        if refused:
            # What was read, and why the others were not, is kept although an error is raised.
            self.env["ir.cron"]._commit_progress()
            raise UserError("\n".join(self.env["amazon.account"]._why_not_read(refused)))
        message = self.env._("%s orders were read again from Amazon.", len(built))
        if failed := built.filtered(lambda row: row.state == "failed"):
            left = self.env._("%s still cannot be built; the reason stands beside each.", len(failed))
            message = f"{message} {left}"
        return notice(message, "warning" if failed else "info")

    def _is_readable(self):
        """Tell whether what was received is still stored, and a key to read it with."""
        self.ensure_one()
        try:
            return bool(crypto.decrypt(self.payload))
        except crypto.Undecryptable:
            return False

    def action_ignore(self):
        """Leave these orders out for good; a newer version from Amazon is built again."""
        self.check_access("write")
        # sudo: see action_retry
        updates = self.sudo().filtered(lambda update: update.state in OPEN)
        updates.write({"state": "ignored", "payload": False, "retry_at": False})
        # What is ignored holds no delivery any more.
        for account, rows in updates.grouped("account_id").items():
            known = self.env["sale.order"].sudo()._amazon_find(account, rows.mapped("order_ref"))
            orders = self.env["sale.order"].sudo().union(*known.values())
            (orders - orders.browse(order.id for order in self._unapplied(orders)))._amazon_applied()

    def action_open_order(self):
        """Open the order in Odoo."""
        self.ensure_one()
        if not self.order_id:
            raise UserError(self.env._("This order is not in Odoo yet."))
        return self.order_id._amazon_form()

    # === BUSINESS METHODS: FETCHING === #

    @api.model
    def _fetch(self, run):
        """Read on from the import's cursor into the inbox.

        :param run: the :class:`.run.Run`.
        :raise SellingPartnerError: the search stays open and goes on where it was.
        """
        with run.calling():
            self._try_denied(run)
            self._read_orders(run, self._opened(run.job) or self._search_from_cursor(run.job))

    @api.model
    def _fetch_range(self, run):
        """Go on with the search that a person has asked for, as :meth:`_fetch`."""
        search = self._opened(run.job)
        # Another process may have come to its end while this one waited for the lock.
        if search:
            with run.calling():
                self._read_orders(run, search)

    @api.model
    def _fetch_missed(self, run):
        """Look at the last days once more, as :meth:`_fetch`: orders that the search shows late have been passed by
        the import's cursor. First by change, then by creation, for what is shown by only one of them."""
        search = self._opened(run.job)
        if not (search and self._is_recent(search)):
            search = self._wider_search(run, "last_updated_after")
        with run.calling():
            self._read_orders(
                run,
                search,
                late=True,
                then=lambda search: search.last_updated_after and self._wider_search(run, "created_after"),
            )

    @api.model
    def _read_orders(self, run, search, late=False, then=None):
        """Read the pages of a search into the inbox, and wake the builders.

        :param bool late: what is new should have come in before.
        :param then: as in :meth:`amazon.pages._read_pages`.
        """

        def keep(search, page):
            orders = self._receive_page(run, search, page, late)
            run.log.write({"received": run.log.received + len(page.orders), "api_calls": run.budget.calls})
            if orders:
                # In the same transaction: a process that dies after the commit has woken the builders.
                self._trigger_builders()

        if run.job.probed:
            search = self._search_without_denied(run, search)
        run.job._read_pages(
            run,
            search,
            run.amazon.orders.search,
            keep,
            refused=lambda search, error: self._another_search(run, search, error),
            then=then,
        )

    @api.model
    def _receive_page(self, run, search, page, late):
        """Put the orders of a page into the inbox.

        :return: the ``ReceivedOrder`` values, without those that were received before or one by one.
        """
        orders, account = page.orders, run.account
        if search.included_data != ALL:
            # What is known in full already must not be replaced by less.
            orders = self._unknown(account, orders)
        if not search.included_data:
            orders = self._read_whole(run, orders)
        new = self._receive(account, orders, run.log)
        if late:
            new._found_late(run.log)
        return orders

    @api.model
    def _opened(self, job):
        """Return the job's open search, if there is one."""
        return SearchOrders.from_json(job.open_search) if job.open_search else None

    @api.model
    def _search_from_cursor(self, job):
        """Return a search for what was changed since the last one."""
        since = self._cursor(job)
        parts = ALL
        if job.reduced_from:
            if job.reduced_at > fields.Datetime.now() - timedelta(minutes=WHOLE_MINUTES):
                parts = NEEDED
            else:
                # Everything again, from where it was last read in full.
                since = min(since, job.reduced_from)
        return SearchOrders(
            last_updated_after=aware(since),
            marketplace_ids=tuple(self._allowed_marketplaces(job)),
            included_data=parts,
        )

    @api.model
    def _wider_search(self, run, by):
        """Return a search that goes back some days from now.

        :param str by: ``last_updated_after`` or ``created_after``.
        """
        since = fields.Datetime.now() - timedelta(days=LOOK_BACK_DAYS)
        return SearchOrders(
            **{by: aware(since)},
            marketplace_ids=tuple(self._allowed_marketplaces(run.account._job("orders"))),
        )

    @api.model
    def _is_recent(self, search):
        """Tell whether a wider search is this night's; what is left of another one's is not gone on with."""
        since = naive(search.last_updated_after or search.created_after)
        return since > fields.Datetime.now() - timedelta(days=LOOK_BACK_DAYS, hours=TOKEN_HOURS - 1)

    def _found_late(self, log):
        """Count in the log which of these new rows the import should have seen before.

        :param log: the run's ``amazon.log`` row.
        """
        cursor = aware(log.account_id._job("orders").cursor).isoformat()
        late = self.filtered(lambda row: row.version and row.version < cursor)
        if late:
            log.missed += len(late)
            log._note(_lt("Amazon's search had not shown these in time: %s", ", ".join(late.mapped("order_ref"))))
            _logger.info("%s orders of account %s were shown late", len(late), log.account_id.id)

    @api.model
    def _cursor(self, job):
        """Return from when on a new search looks (UTC, naive)."""
        now = fields.Datetime.now()
        # A cursor in the future (a clock that was wrong, a restored database) says nothing.
        if job.cursor and job.cursor <= now:
            return job.cursor - timedelta(minutes=OVERLAP_MINUTES)
        return now - timedelta(days=FIRST_RUN_DAYS)

    # === BUSINESS METHODS: FETCHING WHAT AMAZON REFUSES IN PART === #

    @api.model
    def _another_search(self, run, search, error):
        """Amazon refuses a search: open one that it may take.

        :return: the search to go on with.
        :raise SellingPartnerError: there is none; the place is kept.
        """
        if isinstance(error, AccessDenied):
            # Where all are denied, trying one after the other would cost a call for each in every run.
            if len(search.marketplace_ids) < 2 or find(error).kind != "access" or run.job.failures % PROBE_FAILURES:
                raise error
            return self._search_without_denied(run, search, error)
        if isinstance(error, BadRequest):
            return self._with_fewer_parts(run, search, error)
        raise error

    @api.model
    def _with_fewer_parts(self, run, search, error):
        """Amazon refuses a search it has always taken: ask for fewer parts of the orders, in the end for their
        numbers alone. What was read with fewer is read once more in full when Amazon allows it.

        :return: the search to go on with.
        :raise BadRequest: there is nothing to leave out any more; the place is kept.
        """
        job = run.job
        left = PARTS[PARTS.index(search.included_data) + 1 :] if search.included_data in PARTS else ()
        if not left or not error.sent:
            raise error
        values = {"included_data": left[0]}
        if job._declaration().keeps_cursor and search.included_data == ALL:
            since = naive(search.last_updated_after)
            job.write(
                {
                    "reduced_from": min(job.reduced_from or since, since),
                    "reduced_at": fields.Datetime.now(),
                }
            )
            values["last_updated_after"] = aware(self._cursor(job))
        run.log._note(_lt("Amazon refuses to give all parts of the orders; fewer are asked for. (%s)", str(error)))
        search = replace(search, **values)
        job._start_search(search)
        return search

    @api.model
    def _unknown(self, account, received):
        """Return those of which this version is not in the inbox yet."""
        known = self.search_fetch(
            [("account_id", "=", account.id), ("order_ref", "in", [order.order_id for order in received])],
            ["order_ref", "version"],
        )
        versions = {(row.order_ref, row.version) for row in known}
        return [order for order in received if (order.order_id, _version(order)) not in versions]

    @api.model
    def _read_whole(self, run, orders):
        """Read orders one by one of which the search tells the numbers only; each is kept at once, because there are
        more on a page than the quota gives in one go.

        :return: those that are still to be received.
        :raise AccessDenied: Amazon denies one after the other, which says nothing of the orders.
        """
        left, denied = [], 0
        for order in orders:
            try:
                whole = run.amazon.orders.get(order.order_id)
            except AccessDenied as error:
                # It may be this order alone.
                denied += 1
                if denied >= TROUBLES:
                    raise
                run.log._note(_lt("Amazon denies the order %s; the others go on.", order.order_id))
                run.log._note(run.account._explain(error)[1])
                left.append(order)
                continue
            except (BadRequest, MalformedAnswer) as error:
                _logger.info("an order cannot be read alone: %s", type(error).__name__)
                left.append(order)
                continue
            denied = 0
            self._receive(run.account, [whole], run.log)
            self._trigger_builders()
            run.commit()
        return left

    @api.model
    def _allowed_marketplaces(self, job):
        """Return the ids of the marketplaces to search: all but those that Amazon denies."""
        refs = job.account_id.marketplace_ids.mapped("api_ref")
        return [ref for ref in refs if ref not in (job.denied or {})] or refs

    @api.model
    def _search_without_denied(self, run, search, error=None):
        """Find out which of several marketplaces Amazon denies, and go on with the others. What is missing of the
        denied ones is remembered.

        :param error: of the search for all; None: it was another run's.
        :return: the search to go on with.
        :raise AccessDenied: it is not a matter of single marketplaces.
        """
        job = run.job
        denied = self._probe(run, search)
        if len(denied) in (0, len(search.marketplace_ids)):
            raise error or AccessDenied(operation="searchOrders", sent=True)
        now = fields.Datetime.now()
        if job._declaration().keeps_cursor:
            since = naive(search.last_updated_after)
            if job.reduced_from:
                since = min(since, job.reduced_from)
            entry = {"since": since.isoformat(), "tried": now.isoformat()}
            job.denied = {**dict.fromkeys(denied, entry), **(job.denied or {})}
        names = self.env["amazon.marketplace"].search([("api_ref", "in", denied)]).mapped("name")
        run.log._note(_lt("Amazon denies the orders of %s; the other marketplaces go on.", ", ".join(names)))
        search = replace(search, marketplace_ids=[ref for ref in search.marketplace_ids if ref not in denied])
        job._start_search(search)
        run.account._assign_help()
        return search

    @api.model
    def _probe(self, run, search):
        """Try one marketplace after the other. Each answer is committed: with quota for one call at a time, the next
        run goes on there.

        :return: the ids of those that Amazon denies.
        """
        job = run.job
        job.probed = job.probed or {"allowed": [], "denied": []}
        for ref in search.marketplace_ids:
            if not any(ref in refs for refs in job.probed.values()):
                run.commit()
                answer = "allowed" if self._is_allowed(run, search, ref) else "denied"
                job.probed = {**job.probed, answer: [*job.probed[answer], ref]}
        denied = [ref for ref in search.marketplace_ids if ref in job.probed["denied"]]
        job.probed = False
        run.commit()
        return denied

    @api.model
    def _is_allowed(self, run, search, marketplace):
        try:
            run.amazon.orders.search(replace(search, marketplace_ids=[marketplace], page_size=1))
        except (AccessDenied, BadRequest):
            return False
        return True

    @api.model
    def _try_denied(self, run):
        """Try once a day whether Amazon gives a denied marketplace again; then the cursor goes back to where it was
        denied: what comes twice of the others is known."""
        job, now = run.job, fields.Datetime.now()
        for marketplace, since in job._denied_marketplaces():
            entry = job.denied[marketplace.api_ref]
            if datetime.fromisoformat(entry["tried"]) > now - timedelta(days=1):
                continue
            search = SearchOrders(last_updated_after=aware(since))
            if self._is_allowed(run, search, marketplace.api_ref):
                denied = {ref: kept for ref, kept in job.denied.items() if ref != marketplace.api_ref}
                job.write({"denied": denied or False, "cursor": min(job.cursor or since, since)})
                job._start_search(False)
                run.log._note(_lt("Amazon gives the orders of %s again; what is missing is fetched.", marketplace.name))
                run.account._assign_help()
            else:
                job.denied = {**job.denied, marketplace.api_ref: {**entry, "tried": now.isoformat()}}
            run.commit()

    @api.model
    @no_statements_logged()
    def _receive(self, account, received, log=None, forced=False, source="orders"):
        """Put order versions into the inbox; one that is there already is not put there twice.

        :param account: the ``amazon.account``.
        :param received: ``ReceivedOrder`` values.
        :param log: the run's ``amazon.log`` row.
        :param bool forced: build them whatever the version.
        :param str source: which of Amazon's APIs they came from.
        :return: the rows that are new.
        """
        if not received:
            return self.browse()
        try:
            with self.env.cr.savepoint():
                return self._insert(account, received, log, forced, source)
        except MET:
            raise
        except psycopg2.Error as error:
            if len(received) == 1:
                # One of the values cannot be stored as received. The digest and the encrypted payload always can.
                [bad] = received
                row = self._insert(account, [replace(bad, order_id="", last_updated=None)], log, forced, source)
                if row:
                    row._failed(error)
                return row
        return self.union(*(self._receive(account, [order], log, forced, source) for order in received))

    @api.model
    def _insert(self, account, received, log, forced, source):
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, 'pending', %s, 0, %s, %s, %s, %s, %s)",
                account.id,
                account.company_id.id,
                source,
                order.order_id,
                _version(order),
                order.digest,
                crypto.encrypt(order.payload),
                forced,
                log.id if log else None,
                SUPERUSER_ID,
                SUPERUSER_ID,
                fields.Datetime.now(),
                fields.Datetime.now(),
            )
            for order in received
        ]
        conflict = SQL("DO NOTHING")
        if forced:
            conflict = SQL(
                "(account_id, order_ref, version, digest) DO UPDATE SET state = 'pending', forced = TRUE,"
                " payload = EXCLUDED.payload, retry_at = NULL, write_date = EXCLUDED.write_date"
            )
        new = self.env.execute_query(
            SQL(
                "INSERT INTO amazon_order_update (account_id, company_id, source, order_ref, version, digest, payload,"
                " state, forced, attempts, log_id, create_uid, write_uid, create_date, write_date) VALUES %s"
                " ON CONFLICT %s RETURNING id",
                SQL(", ").join(rows),
                conflict,
            )
        )
        self.invalidate_model()
        return self.browse(row_id for [row_id] in new)

    # === BUSINESS METHODS: BUILDING === #

    @api.model
    def _cron_build(self):
        """Run by each builder's cron: build what waits, of all accounts, until the time is up."""
        builder = self.sudo()  # sudo: the inbox is the addon's own
        builder._reserve_leftovers()
        while accounts := builder._accounts_waiting():
            progress = 0
            for account in accounts:
                try:
                    built = builder._build_next(account)
                except Exception as error:  # noqa: BLE001 - one account's trouble stops no other
                    self.env.cr.rollback()
                    _logger.error("orders of account %s are not built: %s", account.id, type(error).__name__)
                    built = 0
                progress += built
                if not self.env["ir.cron"]._commit_progress(built):
                    self._trigger_builders(1)
                    return
            if not progress:
                # What is left is locked by another builder.
                return

    @api.model
    def _drain(self, account):
        """Build everything of an account that waits, and come back when it is done."""
        builder = self.sudo()  # sudo: the inbox is the addon's own
        while builder._build_next(account):
            pass
        builder._reserve_leftovers()

    @api.model
    def _accounts_waiting(self):
        accounts = self._read_group(self._waiting_domain(), ["account_id"])
        return self.env["amazon.account"].union(*(account for [account] in accounts))

    @api.model
    def _unbuilt_since(self, account, patience):
        """Return since when rows wait and nobody works on any, be it that no builder runs or that all of them fail
        before they come to a row.

        :param account: the ``amazon.account``.
        :param timedelta patience: for how long that is nothing unusual.
        :rtype: datetime
        """
        # sudo: the inbox is the addon's own
        rows, mine = self.sudo(), [("account_id", "=", account.id)]
        before = fields.Datetime.now() - patience
        oldest = rows.search([*mine, ("state", "=", "pending"), ("write_date", "<=", before)], order="id", limit=1)
        worked = oldest and rows.search_count([*mine, ("state", "!=", "pending"), ("write_date", ">", before)], limit=1)
        return oldest.write_date if oldest and not worked else False

    @api.model
    def _backlog(self, account):
        """Return how many orders were received and are not made, and since when the oldest waits (UTC, None: there is
        none).

        :param account: the ``amazon.account``.
        :rtype: tuple
        """
        # sudo: the inbox is the addon's own
        waiting = [("account_id", "=", account.id), ("state", "in", OPEN)]
        [(count, since)] = self.sudo()._read_group(waiting, aggregates=["__count", "create_date:min"])
        return count, since or None

    @api.model
    def _waiting_domain(self):
        now = fields.Datetime.now()
        return [("state", "in", OPEN), "|", ("retry_at", "=", False), ("retry_at", "<=", now)]

    @api.model
    @no_statements_logged()
    def _build_next(self, account):
        """Build the next batch of one account and commit.

        :return: how many rows were worked on; 0 when nothing can be taken.
        :rtype: int
        """
        # The context reads the company now. After the commit that would begin the next transaction before the
        # reservation holds its lock, and the reservation would see the stock as it was before.
        Order = self.env["sale.order"].with_context(**self._build_context(account))
        read, locked = {}, False
        with ExitStack() as locks:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    rows, batch = self._take(account, read)
                    if batch.new:
                        self._make_offers(account, batch.new)
                        rows, batch = self._take(account, read)
                    if not locked and (warehouses := self._moving_stock(account, batch)):
                        # A batch that moves stock takes the warehouses' locks, and reads everything anew after that.
                        self.env.cr.rollback()
                        for warehouse in self.env["stock.warehouse"].browse(warehouses):
                            locks.enter_context(warehouse._amazon_stock_lock())
                        locked = True
                        rows, batch = self._take(account, read)
                    built = rows._build(account, batch, attempt == ATTEMPTS)
                    plan = built._amazon_reserve_plan()
                    self.env["ir.cron"]._commit_progress()
                    break
                except CONFLICTS as error:
                    # Two builders met on the same rows. Nothing was written; the next try sees the other's work.
                    _logger.info("building again after %s", type(error).__name__)
                    self.env.cr.rollback()
            else:
                return 0
        Order._amazon_reserve(plan)
        self._look_again(built)
        return len(rows)

    @api.model
    def _look_again(self, orders):
        """Have orders that were made or changed, and are committed, see what others have committed meanwhile; commit.

        :param orders: the ``sale.order``.
        """
        try:
            orders.exists()._amazon_committed()
            # What is only written later would meet others' work where nobody expects it.
            self.env["ir.cron"]._commit_progress()
        except MET:
            # Whoever is at the same records sees the orders.
            self.env.cr.rollback()

    @api.model
    def _look_again_once_committed(self, orders):
        """Do :meth:`_look_again` after a person's request, in a transaction of its own.

        :param orders: the ``sale.order``.
        """

        def look():
            with self.env.registry.cursor() as cr:
                inbox = self.with_env(self.env(cr=cr))
                inbox._look_again(inbox.env["sale.order"].browse(orders.ids))

        self.env.cr.postcommit.add(look)

    @api.model
    def _moving_stock(self, account, batch):
        """Return the warehouses whose stock a batch moves or frees: by orders Amazon calls shipped, and by changes to
        orders that are here already.

        :param Batch batch: what is to be built.
        :return: their ids, in the order in which they are to be locked.
        """
        warehouses = self.env["stock.warehouse"].union(*(order.warehouse_id for order in batch.known.values()))
        for value in batch.values.values():
            if STATUS.get(value.status) in ("partially_shipped", "shipped"):
                warehouses |= account._warehouse_of(value)
        return sorted(warehouses.ids)

    @api.model
    def _take(self, account, read):
        """Lock the next rows, and read what they are built from.

        :param dict read: as of :meth:`_read`.
        :return: (the rows, their :class:`Batch`).
        :rtype: tuple
        """
        rows = self._claim(account)
        return rows, rows._read(account, read)

    def _read(self, account, read=None):
        """Return what these rows are built from; of one that cannot be read, the reason is told on it.

        :param dict read: orders that were read in another try, by the row's id; gets those that are read now.
        :rtype: Batch
        """
        values, read = {}, {} if read is None else read
        parsers = self._parsers()
        for row in self:
            try:
                if row.id not in read:
                    read[row.id] = parsers[row.source](crypto.decrypt(row.payload))
                values[row] = read[row.id]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told on the row
                row._failed(error)
        known = self.env["sale.order"]._amazon_find(account, [value.order_id for value in values.values()])
        return Batch(values, known, *self._read_offers(account, values.values()))

    @api.model
    def _parsers(self):
        """Return what makes an order's value of a payload, by the row's source. Who brings in orders from another of
        Amazon's APIs adds it here and to the field's selection.

        :rtype: dict
        """
        return {"orders": parse_readable}

    @api.model
    def _read_offers(self, account, values):
        """Return what the SKU table says of orders: SKUs that have a product, and items that are not in it.

        :param values: the ``selling_partner`` orders.
        :return: two dicts, as in :class:`Batch`.
        """
        sold, offers, new = defaultdict(dict), {}, {}
        for value in values:
            sold[value.marketplace_id].update({offer_key(item): item for item in value.items})
        marketplaces = self.env["amazon.marketplace"].search([("api_ref", "in", list(sold))])
        for marketplace in marketplaces if account._has_marketplaces() else [marketplaces.browse()]:
            items = sold[marketplace.api_ref or ""]
            known = self.env["amazon.offer"]._find(account, marketplace, list(items))
            offers.update({(marketplace, key): offer for key, offer in known.items() if offer.product_id})
            if missing := [item for key, item in items.items() if key not in known]:
                new[marketplace] = missing
        return offers, new

    @api.model
    @no_statements_logged()
    def _make_offers(self, account, new):
        """Enter new SKUs into the table, and commit: the builders of a new account would all make the same ones at
        once, and one would wait for the other's whole batch. What cannot be made here is told where it is built.

        :param dict new: as of :class:`Batch`.
        """
        lang = account.company_id._amazon_lang()
        Offer = self.env["amazon.offer"].with_company(account.company_id).with_context(lang=lang)
        for marketplace, items in new.items():
            try:
                with self.env.cr.savepoint():
                    Offer._resolve(account, marketplace, items)
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told where it is built
                _logger.debug("offers are made with their orders: %s", type(error).__name__)
        self.env["ir.cron"]._commit_progress()

    @api.model
    def _claim(self, account):
        """Lock the next rows nobody else works on. All versions of an order are taken together, so that
        two builders never build the same order; older ones are closed.

        :return: the newest version of each order.
        """
        domain = [("account_id", "=", account.id), *self._waiting_domain()]
        first = self.search(domain, order="id", limit=4 * BATCH_SIZE).try_lock_for_update(limit=BATCH_SIZE)
        refs = list(filter(None, first.mapped("order_ref")))
        same = self.search([("account_id", "=", account.id), ("order_ref", "in", refs), ("state", "in", OPEN)])
        locked = (same | first).try_lock_for_update()
        busy = set((same - locked).mapped("order_ref"))
        newest, older = self.browse(), self.browse()
        for ref, versions in locked.grouped("order_ref").items():
            if not ref:
                newest |= versions
            elif ref not in busy:
                ordered = versions.sorted(lambda row: (row._changed_at(), row.id))
                if any(ordered.mapped("forced")):
                    # Somebody wants the order built again: from the newest of its versions.
                    ordered[-1].forced = True
                newest |= ordered[-1]
                older |= ordered[:-1]
        older._superseded()
        return newest.sorted("id")

    @no_statements_logged()
    def _build(self, account, batch=None, last_attempt=True):
        """Build a batch; when it fails as a whole, one by one, so that a poisoned order stops no other.

        :param Batch batch: what :meth:`_read` returned for these rows, if it was called already.
        :param bool last_attempt: what another builder may have caused is told on the row like any other error.
        :return: the ``sale.order`` records made or changed.
        :raise CONFLICTS: when another builder was in the way and it is worth another try.
        """
        Order = self.env["sale.order"].with_company(account.company_id).with_context(**self._build_context(account))
        batch = batch or self._read(account)
        built = Order.browse()
        conflicts = MET if last_attempt else CONFLICTS
        whole = []
        for row, value in batch.values.items():
            if value.unreadable:
                built |= row._build_in_parts(Order, account, batch, value.refusals, conflicts)
            else:
                whole.append(row)
        try:
            with self.env.cr.savepoint():
                return built | Order._amazon_build(account, batch.only(whole))
        except conflicts:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be built
            if len(whole) == 1:
                return built | whole[0]._build_in_parts(Order, account, batch, (error,), conflicts)
        for row in whole:
            try:
                with self.env.cr.savepoint():
                    built |= Order._amazon_build(account, batch.only([row]))
            except conflicts:
                raise
            except Exception as error:  # noqa: BLE001 - told on the row
                built |= row._build_in_parts(Order, account, batch, (error,), conflicts)
        return built

    def _build_in_parts(self, Order, account, batch, errors, conflicts):
        """Apply to an order that is here already what can be applied of a version that cannot be as a whole. The row
        waits with what is in the way, and the order's delivery with it.

        :param Order: ``sale.order`` in the builder's context.
        :param Batch batch: the row's.
        :param tuple errors: why the whole could not be built.
        :param conflicts: what another transaction causes and is worth another try.
        :return: the ``sale.order``, if it is here.
        """
        self.ensure_one()
        # sudo: the content of Amazon orders is locked for everybody else
        Order = Order.sudo().with_context(**memo.forget(self.env))
        value = batch.values[self]
        order = batch.order(value, Order.env)
        apart = PartByPart(self.env.cr, conflicts)
        if order and self._is_newer(order):
            apart(order._amazon_update_as_its_own, account, value, batch.offers, apart)
        errors = apart.errors if apart.errors and not value.unreadable else (*errors, *apart.errors)
        if order.locked:
            text = order.env._("%s is locked. Unlock it; what is new is applied by itself then.", order.name)
            errors = (UserError(text), *errors)
        self._failed(*errors, order=order)
        return order

    def _changed_at(self):
        """Return the version, to be compared with others: of one that lies far in the future, when it came."""
        came = aware(self.create_date)
        return self.version if self.version < (came + MOST_AHEAD).isoformat() else came.isoformat()

    def _is_newer(self, order):
        """Tell whether this row's version is one that the order does not have yet."""
        version = order.amazon_version or ""
        # The same moment with other content is a version of its own.
        return self.version > version or (self.version == version and not self.forced)

    @api.model
    def _unapplied(self, orders):
        """Return the newest version that was received of these orders and is not applied, or not yet.

        :param orders: the ``sale.order``.
        :return: the rows by order.
        :rtype: dict
        """
        by_key = {(order.amazon_merchant_id, order.amazon_order_ref): order for order in orders}
        refs = [ref for _merchant, ref in by_key if ref]
        if not refs:
            return {}
        # sudo: the inbox is the addon's own
        rows = self.sudo().search([("order_ref", "in", refs), ("state", "in", OPEN)], order="version, id")
        known = [(by_key.get((row.account_id._merchant_ref(), row.order_ref)), row) for row in rows]
        return {order: row for order, row in known if order and row._is_newer(order)}

    @api.model
    def _build_context(self, account):
        return {
            "allowed_company_ids": account.company_id.ids,
            "lang": account.company_id._amazon_lang(),
            "tracking_disable": True,
            "mail_notrack": True,
            "mail_create_nosubscribe": True,
            "mail_auto_subscribe_no_notify": True,
            **memo.fresh(self.env),
        }

    def _failed(self, *errors, order=None):
        """Keep the row with its reasons, to be tried again after a pause that grows.

        :param order: its ``sale.order``, or none, where that is known already.
        """
        self.ensure_one()
        here = self.with_context(lang=self.account_id.company_id._amazon_lang())
        error = next((error for error in errors if isinstance(error, NeedsAttention) and error.item), errors[0])
        attempts = self.attempts + 1
        pause = RETRY_MINUTES[min(attempts, len(RETRY_MINUTES)) - 1]
        self.write(
            {
                "state": "failed",
                "attempts": attempts,
                "retry_at": fields.Datetime.now() + timedelta(minutes=pause),
                "error": list({say(here.env, reason): reason for reason in map(self._reason, errors)}.values()),
                "missing_sku": offer_key(error.item) if isinstance(error, NeedsAttention) and error.item else False,
            }
        )
        # sudo: the content of Amazon orders is locked for everybody else
        Order = self.env["sale.order"].sudo()
        if order is None:
            order = Order._amazon_find(self.account_id, [self.order_ref]).get(self.order_ref, Order)
        if order and self._is_newer(order):
            order.with_env(Order.env)._amazon_not_applied(here.error)
        if self.missing_sku:
            # The build was rolled back, and with it what it had added to the SKU table.
            self.env["amazon.offer"]._resolve(self.account_id, error.marketplace, [error.item])
        _logger.info("order %s not built: %s", self.order_ref, type(error).__name__)

    def _reason(self, error):
        """Say in words what is wrong. An error that is not ours may carry personal data in its text: of it
        only the kind and the place are told."""
        if isinstance(error, crypto.Undecryptable):
            return _lt(
                "What was received is not stored any more, or cannot be decrypted (the encryption key has changed)."
                " Press Retry to read the order again from Amazon."
            )
        if isinstance(error, MalformedAnswer):
            return _lt(
                "Amazon's data cannot be read. %(why)s Press Retry to read the order again from Amazon. If that does"
                " not help, work on it in %(central)s and report it with its number.",
                why=unreadable(error),
                central=self.account_id[:1]._central().central,
            )
        if isinstance(error, UserError | ValidationError):
            return str(error)
        if isinstance(error, UniqueViolation):
            return _lt("Another worker made the same record at this moment; tried again by itself.")
        return unexpected(error)

    def _superseded(self):
        """Close rows that newer ones of their orders have replaced; what is personal leaves them."""
        self.write({"state": "superseded", "payload": False, "error": False, "retry_at": False})

    def _left_out(self):
        """Close rows of orders that the account's setting leaves out; what is personal leaves them."""
        self.write(
            {
                "state": "ignored",
                "result": "left_out",
                "payload": False,
                "retry_at": False,
                "missing_sku": False,
                "error": _lt("Shipped or cancelled before it was seen here; the account leaves such orders out."),
            }
        )

    def _built(self, order, result):
        """Close the row; what is personal leaves it."""
        self.write(
            {
                "state": "done",
                "result": result,
                "order_id": order.id,
                "payload": False,
                "error": False,
                "retry_at": False,
                "forced": False,
                "missing_sku": False,
            }
        )

    @api.model
    @no_statements_logged()
    def _reserve_leftovers(self):
        """Reserve what a builder that was killed between building and reserving has left."""
        orders = self.env["sale.order"].search([("amazon_to_reserve", "=", True)], order="id", limit=200)
        for account, left in orders.grouped("amazon_account_id").items():
            Order = left.browse().with_context(**self._build_context(account))
            plan = left._amazon_reserve_plan()
            self.env["ir.cron"]._commit_progress()
            Order._amazon_reserve(plan)

    @api.model
    def _retry_for_orders(self, orders):
        """Try again at once what could not be applied to these orders: something was in the way and is not any more."""
        # sudo: see _unapplied
        rows = self.sudo().union(*self._unapplied(orders).values()).filtered(lambda row: row.state == "failed")
        if rows:
            rows.retry_at = False
            self._trigger_builders()

    @api.model
    def _retry_for_skus(self, offers):
        """Build at once what waited for these SKUs to be mapped; return it."""
        rows = self.search(
            [
                ("state", "=", "failed"),
                ("account_id", "in", offers.account_id.ids),
                ("missing_sku", "in", offers.mapped("sku")),
            ]
        )
        if rows:
            rows.write({"retry_at": False})
            self._trigger_builders()
        return rows

    # === BUSINESS METHODS: BUILDERS === #

    @api.model
    def _builders(self):
        # sudo: crons are the administrator's
        return (
            self.env["ir.cron"]
            .sudo()
            .with_context(active_test=False)
            .search([("code", "=", "model._cron_build()"), ("model_name", "=", self._name)], order="id")
        )

    @api.model
    def _trigger_builders(self, count=None, seconds=0):
        """Wake the builders.

        :param int count: only so many of them; None: all.
        :param float seconds: not before so many seconds from now.
        """
        for cron in self._builders().filtered("active")[:count]:
            cron._trigger(at=wake_at(seconds) if seconds else None)

    @api.model
    def _sync_builders(self):
        """Have as many builders as the settings say (2 unless changed)."""
        # sudo: a system parameter
        wanted = int(self.env["ir.config_parameter"].sudo().get_param("sale_amazon_spapi.builders", 2))
        builders = self._builders()
        for number in range(len(builders), wanted):
            builders |= builders[:1].copy({"name": f"Amazon: build orders ({number + 1})"})
        for number, cron in enumerate(builders):
            if cron.active != (number < wanted):
                cron.active = number < wanted

    # === BUSINESS METHODS: CLEANING UP === #

    @api.autovacuum
    def _gc_updates(self):
        """Closed rows only serve to know a version again; open payloads go when their time is over."""
        self.search(
            [
                ("state", "in", ("done", "superseded", "ignored")),
                ("write_date", "<", fields.Datetime.now() - timedelta(days=KEEP_DAYS)),
            ]
        ).unlink()
