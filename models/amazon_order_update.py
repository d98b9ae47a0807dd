import logging
from collections import defaultdict
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from .. import crypto, memo
from ..const import (
    ATTEMPTS,
    BATCH_SIZE,
    FIRST_RUN_DAYS,
    OVERLAP_MINUTES,
    RETRY_MINUTES,
    STATUS,
    TOKEN_HOURS,
)
from ..quiet import no_statements_logged
from ..selling_partner import MalformedAnswer, SearchOrders, TokenRefused, parse_order
from .amazon_job import unexpected
from .amazon_offer import offer_key
from .amazon_quota import wake_at

_logger = logging.getLogger(__name__)

OPEN = ("pending", "failed")
BUILDER_XMLID = "sale_amazon_spapi.ir_cron_build"
KEEP_DAYS = 90
# What two builders that meet on the same rows raise; the one that is rolled back tries again.
CONFLICTS = (OperationalError, UniqueViolation)


class NeedsAttention(UserError):
    """An order that cannot be built until a person does something; the text says what.

    :ivar item: the ``selling_partner`` item that has to be mapped, sold in ``marketplace``.
    """

    item = marketplace = None


class AmazonOrderUpdate(models.Model):
    """The inbox: order versions as Amazon sent them, until they are built.

    Fetching fills it as fast as the quota allows; builders take from it, on any number of workers.
    """

    _name = "amazon.order.update"
    _description = "Received Amazon Order"
    _inherit = ["amazon.followed"]
    _order = "id desc"
    _rec_name = "order_ref"

    account_id = fields.Many2one("amazon.account", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    order_ref = fields.Char("Amazon Order", readonly=True, index=True)
    version = fields.Char("Version", readonly=True, help="Amazon's lastUpdatedTime, UTC")
    changed_at = fields.Datetime("Changed on Amazon", compute="_compute_changed_at")
    digest = fields.Char(required=True, readonly=True)
    payload = fields.Text(groups=fields.NO_ACCESS, help="As received, encrypted; removed once the order is built.")
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("failed", "Needs Attention"),
            ("done", "Done"),
            ("superseded", "Replaced by Newer"),
            ("ignored", "Ignored"),
        ],
        required=True, default="pending", readonly=True,
    )  # fmt: skip
    result = fields.Selection(
        [("created", "Created"), ("updated", "Updated"), ("unchanged", "Unchanged")], readonly=True
    )
    forced = fields.Boolean(readonly=True, help="Built even if the order has this version or a newer one already")
    attempts = fields.Integer(readonly=True)
    retry_at = fields.Datetime("Next Try", readonly=True)
    error = fields.Text("Reason", readonly=True)
    missing_sku = fields.Char("Unknown SKU", readonly=True)
    log_id = fields.Many2one("amazon.log", "Received by", ondelete="set null", readonly=True, index="btree_not_null")
    order_id = fields.Many2one(
        "sale.order", "Order in Odoo", ondelete="set null", readonly=True, index="btree_not_null"
    )

    _version_uniq = models.UniqueIndex("(account_id, order_ref, version, digest)")
    _open_idx = models.Index("(account_id, id) WHERE state IN ('pending', 'failed')")

    # === COMPUTE METHODS === #

    @api.depends("version")
    def _compute_changed_at(self):
        for row in self:
            changed = datetime.fromisoformat(row.version) if row.version else None
            row.changed_at = changed and changed.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)

    # === CRUD METHODS === #

    def write(self, vals):
        # People retry and ignore; what Amazon sent is not theirs to write.
        if not self.env.su:
            raise AccessError(self.env._("What was received from Amazon cannot be edited."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_retry(self):
        """Build again now, whatever the version; what is not stored any more is read again from Amazon."""
        self.check_access("write")
        # sudo: the inbox is the addon's own; the user's right to write was checked above
        updates = self.sudo().filtered(lambda update: update.state in ("failed", "ignored"))
        lost = updates.filtered(lambda update: not update._is_readable())
        (updates - lost).write({"state": "pending", "retry_at": False, "forced": True})
        for account, rows in lost.grouped("account_id").items():
            # Several versions of an order are read once.
            again = account._refresh_orders([ref for ref in rows.grouped("order_ref") if ref])
            (rows - again).filtered("order_ref").write({"state": "superseded", "error": False, "retry_at": False})
        self._trigger_builders()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("%s orders are tried again within a minute.", len(updates)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

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
        self.sudo().filtered(lambda update: update.state in OPEN).write({
            "state": "ignored", "payload": False, "retry_at": False,
        })  # fmt: skip

    def action_open_order(self):
        """Open the order in Odoo."""
        self.ensure_one()
        if not self.order_id:
            raise UserError(self.env._("This order is not in Odoo yet."))
        return {
            "type": "ir.actions.act_window", "res_model": "sale.order", "res_id": self.order_id.id,
            "view_mode": "form",
        }  # fmt: skip

    # === BUSINESS METHODS: FETCHING === #

    @api.model
    def _fetch(self, job, log, budget):
        """Read the pages of a job's search into the inbox; each page is committed with the place reached.

        :param job: the ``amazon.job``, ``orders`` or ``range``.
        :param log: the run's ``amazon.log`` row.
        :param budget: what ``selling_partner`` asks for quota.
        :return: ``done``, or ``partial`` when pages are left.
        :raise SellingPartnerError: the search stays open and goes on where it was.
        """
        job = job.sudo()  # sudo: jobs are the addon's own
        search, token = self._search_and_token(job)
        restarted = False
        with job.account_id._selling_partner(budget) as amazon:
            while True:
                try:
                    page = amazon.search_orders(search, token)
                except TokenRefused:
                    if restarted:
                        raise
                    # The same window from its first page; what came twice is known by its digest.
                    restarted, token = True, None
                    job._start_search(search.to_json())
                    continue
                token = page.next_token
                self._receive(job.account_id, page.orders, log)
                self._make_offers(job.account_id, page.orders)
                self._move_on(job, page)
                log.write({"received": log.received + len(page.orders), "api_calls": budget.calls})
                if page.orders:
                    # In the same transaction: whoever dies after it has woken the builders.
                    self._trigger_builders()
                seconds_left = self.env["ir.cron"]._commit_progress(len(page.orders))
                if not token:
                    return "done"
                if job._is_stopped():
                    return "partial"
                given_up = not job.open_search or SearchOrders.from_json(job.open_search) != search
                if not seconds_left or given_up:
                    # The time is up; or the account was changed, and there is another search to make.
                    job._trigger()
                    return "partial"

    @api.model
    def _search_and_token(self, job):
        """Return the open search and its token, or a new search from the cursor on."""
        if job.open_search:
            if job._token_is_old(TOKEN_HOURS):
                job._start_search(job.open_search)
            return SearchOrders.from_json(job.open_search), job.token or None
        now = fields.Datetime.now()
        # A cursor in the future (a clock that was wrong, a restored database) says nothing.
        if job.cursor and job.cursor <= now:
            since = job.cursor - timedelta(minutes=OVERLAP_MINUTES)
        else:
            since = now - timedelta(days=FIRST_RUN_DAYS)
        search = SearchOrders(
            last_updated_after=since.replace(tzinfo=timezone.utc),
            marketplace_ids=tuple(job.account_id.marketplace_ids.mapped("api_ref")),
        )
        job._start_search(search.to_json())
        return search, None

    @api.model
    def _move_on(self, job, page):
        """Write the place reached: the next page's token, or with the last page the cursor."""
        if page.next_token:
            job.write({"token": page.next_token, "token_at": fields.Datetime.now()})
            return
        values = {"open_search": False, "token": False, "token_at": False}
        if job.name == "orders" and page.last_updated_before:
            reached = page.last_updated_before.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
            # Never into what is the future here: whichever clock is wrong, reading twice costs nothing.
            values["cursor"] = min(reached, fields.Datetime.now())
        job.write(values)

    @api.model
    def _receive(self, account, received, log=None, forced=False):
        """Put order versions into the inbox; one that is there already is not put there twice.

        :param account: the ``amazon.account``.
        :param received: ``ReceivedOrder`` values.
        :param log: the run's ``amazon.log`` row.
        :param bool forced: build them whatever the version.
        :return: the rows that are new.
        """
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, 'pending', %s, 0, %s, %s, %s, %s, %s)",
                account.id, account.company_id.id, order.order_id,
                order.last_updated.isoformat() if order.last_updated else "",
                order.digest, crypto.encrypt(order.payload), forced, log.id if log else None,
                SUPERUSER_ID, SUPERUSER_ID, fields.Datetime.now(), fields.Datetime.now(),
            )
            for order in received
        ]  # fmt: skip
        if not rows:
            return self.browse()
        conflict = SQL("DO NOTHING")
        if forced:
            conflict = SQL(
                "(account_id, order_ref, version, digest) DO UPDATE SET state = 'pending', forced = TRUE,"
                " payload = EXCLUDED.payload, retry_at = NULL"
            )
        new = self.env.execute_query(
            SQL(
                "INSERT INTO amazon_order_update (account_id, company_id, order_ref, version, digest, payload, state,"
                " forced, attempts, log_id, create_uid, write_uid, create_date, write_date) VALUES %s"
                " ON CONFLICT %s RETURNING id",
                SQL(", ").join(rows), conflict,
            )
        )  # fmt: skip
        self.invalidate_model()
        return self.browse(row_id for [row_id] in new)

    @api.model
    @no_statements_logged()
    def _make_offers(self, account, received):
        """Enter new SKUs into the table while there is one who does it: the builders of a new account would all make
        the same ones at once. What cannot be read or made here is the builders' to tell."""
        Offer = self.env["amazon.offer"].sudo().with_company(account.company_id)  # sudo: made by the addon
        items = defaultdict(list)
        for order in received:
            try:
                value = parse_order(order.payload)
            except MalformedAnswer:
                _logger.debug("an order that cannot be read is told on its row")
            else:
                items[value.marketplace_id] += value.items
        marketplaces = self.env["amazon.marketplace"].search([("api_ref", "in", list(items))])
        for marketplace in marketplaces:
            sold = {offer_key(item): item for item in items[marketplace.api_ref]}
            domain = [("account_id", "=", account.id), ("marketplace_id", "=", marketplace.id)]
            known = Offer.search_fetch([*domain, ("sku", "in", list(sold))], ["sku"]).grouped("sku")
            new = [item for key, item in sold.items() if key not in known]
            try:
                with self.env.cr.savepoint():
                    Offer._resolve(account, marketplace, new)
            except UniqueViolation:
                _logger.debug("a builder was faster")

    # === BUSINESS METHODS: BUILDING === #

    @api.model
    def _cron_build(self):
        """Run by each builder's cron: build what waits, of all accounts, until the time is up."""
        builder = self.sudo()
        builder._reserve_leftovers()
        while accounts := builder._accounts_waiting():
            progress = 0
            for account in accounts:
                built = builder._build_next(account)
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
        builder = self.sudo()
        while builder._build_next(account):
            pass
        builder._reserve_leftovers()

    @api.model
    def _accounts_waiting(self):
        accounts = self._read_group(self._waiting_domain(), ["account_id"])
        return self.env["amazon.account"].union(*(account for [account] in accounts))

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
        # Read before the commit: what is read after it is read before the reservation holds its lock, and then
        # the reservation sees what was before the lock.
        Order = self.env["sale.order"].with_context(**self._build_context(account))
        locked = False
        with ExitStack() as locks:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    rows = self._claim(account)
                    parsed = rows._parse()
                    if not locked and (warehouses := self._moving_stock(account, parsed)):
                        # What moves stock waits for whoever else does, before it reads anything.
                        self.env.cr.rollback()
                        for warehouse in self.env["stock.warehouse"].browse(warehouses):
                            locks.enter_context(warehouse._amazon_stock_lock())
                        locked = True
                        rows = self._claim(account)
                        parsed = rows._parse()
                    plan = rows._build(account, parsed, attempt == ATTEMPTS)._amazon_reserve_plan()
                    self.env["ir.cron"]._commit_progress()
                    break
                except CONFLICTS as error:
                    # Two builders met on the same rows. Nothing was written; the next try sees the other's work.
                    _logger.info("building again after %s", type(error).__name__)
                    self.env.cr.rollback()
            else:
                return 0
        Order._amazon_reserve(plan)
        return len(rows)

    @api.model
    def _moving_stock(self, account, parsed):
        """Return the warehouses whose stock a batch moves or frees: by orders Amazon calls shipped, and by changes to
        orders that are here already.

        :param dict parsed: what :meth:`_parse` returned.
        :return: their ids, in the order in which they are to be locked.
        """
        known = self.env["sale.order"]._amazon_find(account, [value.order_id for value in parsed.values()])
        warehouses = self.env["stock.warehouse"].union(*(order.warehouse_id for order in known.values()))
        for value in parsed.values():
            if STATUS.get(value.status) in ("partially_shipped", "shipped"):
                warehouses |= account.fba_warehouse_id if value.is_amazon_fulfilled else account.warehouse_id
        return sorted(warehouses.ids)

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
                ordered = versions.sorted(lambda row: (row.version, row.id))
                if any(ordered.mapped("forced")):
                    # Somebody wants the order built again: as it is now, not as it was.
                    ordered[-1].forced = True
                newest |= ordered[-1]
                older |= ordered[:-1]
        older.write({"state": "superseded", "payload": False, "error": False, "retry_at": False})
        return newest.sorted("id")

    @no_statements_logged()
    def _build(self, account, parsed=None, last_attempt=True):
        """Build a batch; when it fails as a whole, one by one, so that a poisoned order stops no other.

        :param dict parsed: what :meth:`_parse` returned for these rows, if it was called already.
        :param bool last_attempt: what another builder may have caused is told on the row like any other error.
        :return: the ``sale.order`` records made or changed.
        :raise OperationalError, UniqueViolation: when another builder was in the way and it is worth another try.
        """
        Order = self.env["sale.order"].with_company(account.company_id).with_context(
            **self._build_context(account)
        )  # fmt: skip
        parsed = self._parse() if parsed is None else parsed
        built = Order.browse()
        conflicts = OperationalError if last_attempt else CONFLICTS
        try:
            with self.env.cr.savepoint():
                return Order._amazon_build(account, parsed)
        except conflicts:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be built
            if len(parsed) == 1:
                next(iter(parsed))._failed(error)
                return built
        for row, value in parsed.items():
            try:
                with self.env.cr.savepoint():
                    built |= Order._amazon_build(account, {row: value})
            except conflicts:
                raise
            except Exception as error:  # noqa: BLE001 - told on the row
                row._failed(error)
        return built

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

    def _parse(self):
        """Return the order of each row that can be read; the others are told on the row."""
        parsed = {}
        for row in self:
            try:
                parsed[row] = parse_order(crypto.decrypt(row.payload))
            except (MalformedAnswer, crypto.Undecryptable) as error:
                row._failed(error)
        return parsed

    def _failed(self, error):
        """Keep the row with its reason, to be tried again after a pause that grows."""
        self.ensure_one()
        attempts = self.attempts + 1
        pause = RETRY_MINUTES[min(attempts, len(RETRY_MINUTES)) - 1]
        self.write({
            "state": "failed",
            "attempts": attempts,
            "retry_at": fields.Datetime.now() + timedelta(minutes=pause),
            "error": self.with_context(lang=self.account_id.company_id._amazon_lang())._reason(error),
            "missing_sku": offer_key(error.item) if isinstance(error, NeedsAttention) and error.item else False,
        })  # fmt: skip
        if self.missing_sku:
            # What the build had added to the SKU table went with it.
            self.env["amazon.offer"]._resolve(self.account_id, error.marketplace, [error.item])
        _logger.info("order %s not built: %s", self.order_ref, type(error).__name__)

    @api.model
    def _reason(self, error):
        """Say in words what is wrong. An error that is not ours may carry personal data in its text: of it
        only the kind and the place are told."""
        if isinstance(error, crypto.Undecryptable):
            return self.env._(
                "What was received is not stored any more, or cannot be decrypted (the encryption key has changed)."
                " Press Retry to read the order again from Amazon."
            )
        if isinstance(error, MalformedAnswer):
            return self.env._("Amazon's data cannot be read: %s", error)
        if isinstance(error, UserError | ValidationError):
            return str(error)
        if isinstance(error, UniqueViolation):
            return self.env._("Another worker made the same record at this moment; tried again by itself.")
        return unexpected(self.env, error)

    def _built(self, order, result):
        """Close the row; what is personal leaves it."""
        self.write({
            "state": "done", "result": result, "order_id": order.id, "payload": False, "error": False,
            "retry_at": False, "forced": False, "missing_sku": False,
        })  # fmt: skip

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
    def _retry_for_skus(self, offers):
        """Build at once what waited for these SKUs to be mapped; return it."""
        rows = self.search([
            ("state", "=", "failed"), ("account_id", "in", offers.account_id.ids),
            ("missing_sku", "in", offers.mapped("sku")),
        ])  # fmt: skip
        if rows:
            rows.write({"retry_at": False})
            self._trigger_builders()
        return rows

    # === BUSINESS METHODS: BUILDERS === #

    @api.model
    def _builders(self):
        # sudo: crons are the administrator's
        return self.env["ir.cron"].sudo().with_context(active_test=False).search(
            [("code", "=", "model._cron_build()"), ("model_name", "=", self._name)], order="id"
        )  # fmt: skip

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
        self.search([
            ("state", "in", ("done", "superseded", "ignored")),
            ("write_date", "<", fields.Datetime.now() - timedelta(days=KEEP_DAYS)),
        ]).unlink()  # fmt: skip
