from collections import defaultdict, deque
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...const import MAX_RANGE_DAYS, MAX_REFRESH, MAX_WAIT_SECONDS, TROUBLES
from ...notices import notice
from ...said import say
from ...selling_partner import (
    AccessDenied,
    BadRequest,
    MalformedAnswer,
    NotFound,
    SearchOrders,
    SellingPartnerError,
)
from ...times import aware
from .amazon_order_update import OPEN

_lt = LazyTranslate(__name__)

UNKNOWN_ORDER = _lt("Amazon knows no such order in this account.")

# A shop is called quiet by its own habit in so many weeks with so many orders, never sooner than after so many hours.
QUIET_WEEKS = 8
QUIET_ORDERS = 100
QUIET_HOURS = 3


class AmazonAccount(models.Model):
    """How an account's orders come in and are made, and what people see of that who do not set it up."""

    _inherit = "amazon.account"

    start_date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Orders that Amazon calls shipped before this day are recorded without moving stock.",
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        check_company=True,
        default=lambda self: self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1),
    )
    fba_warehouse_id = fields.Many2one(
        "stock.warehouse", "FBA Warehouse", check_company=True, readonly=True, copy=False
    )
    team_id = fields.Many2one("crm.team", "Sales Team", check_company=True)
    phase_ids = fields.One2many("amazon.account.phase", "account_id", "Phases", copy=True)
    rule_ids = fields.One2many("amazon.shipping.rule", "account_id", "Shipping Method Rules", copy=True)
    unknown_sku = fields.Selection(
        [("placeholder", "Import with a placeholder, to review"), ("hold", "Keep in Needs Attention")],
        required=True,
        default="placeholder",
    )
    import_finished = fields.Boolean(
        "Orders Finished Before",
        default=True,
        help="Import orders that were shipped or cancelled before they were seen here, too. Orders that are here"
        " already are kept up to date in any case.",
    )
    cancel_policy = fields.Selection(
        [
            ("until_picked", "Cancel while nothing is printed, picked or done"),
            ("unreserved", "Cancel only what is not reserved"),
            ("never", "Only tell a person"),
        ],
        "Cancelled on Amazon",
        required=True,
        default="until_picked",
    )
    pii_days = fields.Integer(
        "Keep Personal Data (Days)",
        default=30,
        help="Days after delivery. Amazon's Data Protection Policy allows 30 unless a law requires more.",
    )

    # --- what there is
    last_import = fields.Datetime(compute="_compute_last_import")
    quiet_hint = fields.Text(compute="_compute_quiet_hint")
    work = fields.Text("At Work", compute="_compute_work")
    waiting_count = fields.Integer("Orders Waiting", compute="_compute_counts")
    order_count = fields.Integer(compute="_compute_counts")
    attention_count = fields.Integer(compute="_compute_counts")

    _pii_days_check = models.Constraint("CHECK (pii_days BETWEEN 1 AND 3650)", "Between 1 and 3650 days.")

    # === COMPUTE METHODS === #

    @api.depends("job_ids.last_success")
    def _compute_last_import(self):
        for account in self:
            account.last_import = account.job_ids.filtered(lambda job: job.name == "orders").last_success

    @api.depends("auto_import")
    @api.depends_context("lang", "tz")
    def _compute_quiet_hint(self):
        for account in self:
            since = account.auto_import and account._quiet_since()
            account.quiet_hint = since and say(
                self.env,
                _lt(
                    "The last order was placed at %s; at this time of the week there have been more in the last weeks."
                    " Check whether your offers are active on Amazon.",
                    since,
                ),
            )

    def _quiet_since(self):
        """Return when the last order was placed, if that is unusually long ago for this shop: twice as long as the
        longest time without one at the same moment of any of the last weeks. Of young and small shops nothing is said.

        :rtype: datetime
        """
        self.ensure_one()
        now = fields.Datetime.now()
        orders = SQL("FROM sale_order WHERE amazon_account_id = %s AND date_order <=", self.id)
        [[recent]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT 1 %s %s AND date_order > %s LIMIT %s) AS recent",
                orders,
                now,
                now - timedelta(weeks=QUIET_WEEKS),
                QUIET_ORDERS,
            )
        )
        moments = [now - timedelta(weeks=week) for week in range(QUIET_WEEKS + 1)]
        newest = SQL(", ").join(SQL("(SELECT max(date_order) %s %s)", orders, moment) for moment in moments)
        [lasts] = self.env.execute_query(SQL("SELECT %s", newest))
        if recent < QUIET_ORDERS or not all(lasts):
            return False
        quiet, *usual = (moment - last for moment, last in zip(moments, lasts, strict=True))
        return lasts[0] if quiet > max(timedelta(hours=QUIET_HOURS), 2 * max(usual)) else False

    @api.depends("job_ids.work")
    @api.depends_context("lang", "tz")
    def _compute_work(self):
        words = dict(self.env["amazon.job"]._fields["name"]._description_selection(self.env))
        for account in self:
            jobs = account.job_ids.filtered(lambda job: job.work and job._declaration().shown)
            account.work = "\n".join(f"{words[job.name]}: {job.work}" for job in jobs) or False

    def _compute_counts(self):
        orders = dict(
            self.env["sale.order"]._read_group(
                [("amazon_account_id", "in", self.ids)], ["amazon_account_id"], ["__count"]
            )
        )
        updates = {
            (account, state): count
            for account, state, count in self.env["amazon.order.update"]._read_group(
                [("account_id", "in", self.ids), ("state", "in", ("pending", "failed"))],
                ["account_id", "state"],
                ["__count"],
            )
        }
        for account in self:
            account.order_count = orders.get(account, 0)
            account.waiting_count = updates.get((account, "pending"), 0)
            account.attention_count = updates.get((account, "failed"), 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        for account in accounts:
            if not account.phase_ids:
                account.sudo().phase_ids = self.env["amazon.phase"]._default_account_phases(account)
        accounts._ensure_fba_warehouse()
        return accounts

    def write(self, vals):
        source = {account: account._source() for account in self}
        marketplaces = {account: account.marketplace_ids for account in self} if "marketplace_ids" in vals else {}
        result = super().write(vals)
        for account in self:
            if account._source() != source[account]:
                # Another shop: what was read of the first one says nothing about it.
                account.job_ids._restart_import(everything=True)
            elif marketplaces and account.marketplace_ids - marketplaces[account]:
                account.job_ids._restart_import()
            if account._merchant_ref() and account._merchant_ref() != source[account][0]:
                account._rename_merchant()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: orders of companies the user does not see count too
        if self.env["sale.order"].sudo().search_count([("amazon_account_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Orders came in through this account. Archive it instead of deleting it."))

    def _ensure_fba_warehouse(self):
        """FBA stock is Amazon's to move: one warehouse per account, out of every stock sync."""
        for account in self.filtered(lambda account: account.kind == "seller" and not account.fba_warehouse_id):
            # sudo: a warehouse needs the stock manager's rights, which the Amazon manager may lack
            warehouses = self.env["stock.warehouse"].sudo().with_context(active_test=False)
            there = warehouses.search([("company_id", "=", account.company_id.id)])
            name = f"FBA {account.name}"
            # Those of accounts of an addon that was uninstalled are still there.
            names = (name, *(f"{name} ({number})" for number in range(account.id, account.id + len(there))))
            codes = (f"F{number:04X}"[-5:] for number in range(account.id, account.id + len(there) + 1))
            account.sudo().fba_warehouse_id = warehouses.create(
                {
                    "name": next(name for name in names if name not in there.mapped("name")),
                    "code": next(code for code in codes if code not in there.mapped("code")),
                    "company_id": account.company_id.id,
                    "partner_id": account.company_id.partner_id.id,
                }
            )

    def _rename_merchant(self):
        """Orders are known by the merchant token they came in under, a vendor's by its selling party. It is typed by
        hand, and may have been wrong: those of this account go with it. One that has come in under the new one already
        stays apart."""
        self.ensure_one()
        # sudo: orders of companies the user does not see belong to it, too
        Order = self.env["sale.order"].sudo()
        orders = Order.search(
            [
                ("amazon_account_id", "=", self.id),
                ("amazon_order_ref", "!=", False),
                ("amazon_merchant_id", "!=", self._merchant_ref()),
            ]
        )
        by_ref = {order.amazon_order_ref: order for order in orders}
        for known in Order.search(
            [
                ("amazon_merchant_id", "=", self._merchant_ref()),
                ("amazon_order_ref", "in", list(by_ref)),
            ]
        ):
            del by_ref[known.amazon_order_ref]
        Order.union(*by_ref.values()).amazon_merchant_id = self._merchant_ref()

    # === ACTION METHODS === #

    def action_toggle_import(self):
        """Start the import when it is stopped, stop it when it is started."""
        self._amazon_check_group("manager")
        self.check_access("write")
        for account in self:
            if not account.auto_import:
                account._check_ready()
            account.auto_import = not account.auto_import

    def action_import_now(self):
        """Wake the import job; it reports in the log."""
        self.ensure_one()
        self._amazon_check_group()
        self.env["sale.order"].check_access("create")
        self._check_ready()
        if not self.auto_import:
            raise UserError(
                self.env._("The order import of %s is stopped. Start it first, or import a range.", self.name)
            )
        self.job_ids.filtered(lambda job: job.name == "orders")._trigger()
        return notice(self.env._("The import starts within a minute; follow it in the API log."), then=None)

    def action_view_orders(self):
        """Open the account's orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        # All that the button counts, not only what is open.
        return {**action, "domain": [("amazon_account_id", "in", self.ids)], "context": {"create": False}}

    def action_view_attention(self):
        """Open the orders that could not be built."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_attention")
        return {**action, "context": {"search_default_account_id": self.id, "search_default_attention": 1}}

    def action_view_waiting(self):
        """Open what Amazon has sent and no order has been made of yet."""
        return self._view_of("action_amazon_attention", [("state", "=", "pending")])

    def _view_of(self, action, domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"sale_amazon_spapi.{action}")
        return {**action, "domain": [("account_id", "=", self.id), *domain], "context": {}}

    def _only_marketplace(self):
        """Return the marketplace, where there is nothing to choose."""
        return self.marketplace_ids if len(self.marketplace_ids) == 1 else self.marketplace_ids.browse()

    # === BUSINESS METHODS: JOBS === #

    def _fetch_orders(self, since=None, until=None):
        """Fetch what Amazon changed since the last run into the inbox; or, with `since`, a range of
        orders by order date, which leaves the cursor alone.

        :param datetime since: start of the range (UTC, naive).
        :param datetime until: end of the range (UTC, naive), default now.
        :return: the ``amazon.log`` rows.
        :raise UserError: when the range is longer than Amazon's seven days allow.
        """
        logs = self.env["amazon.log"]
        for account in self:
            if since:
                account._start_range(since, until)
                logs |= account._fetch_range()
            else:
                logs |= account._job("orders")._run(lambda run: run.env["amazon.order.update"]._fetch(run))
        return logs

    def _fetch_range(self):
        """Go on with the range that a person asked for; nothing when there is none."""
        logs = self.env["amazon.log"]
        for account in self:
            job = account._job("range")
            if job.sudo().open_search:  # sudo: jobs are the addon's own
                logs |= job._run(lambda run: run.env["amazon.order.update"]._fetch_range(run))
            else:
                job._close_abandoned()
                job._nothing_to_do()
        return logs

    def _fetch_missed(self):
        """Look at the last days once more, for what the search did not show when the import passed; see
        :meth:`amazon.order.update._wider_search`.

        :return: the ``amazon.log`` rows; none where the import has not read anything yet.
        """
        logs = self.env["amazon.log"]
        for account in self:
            if account._job("orders").cursor:
                logs |= account._job("missed")._run(lambda run: run.env["amazon.order.update"]._fetch_missed(run))
        return logs

    def _start_range(self, since, until=None):
        """Leave the search for a range of orders with the range job.

        :raise UserError: when the range is longer than seven days or ends before it starts.
        """
        self.ensure_one()
        end = until or fields.Datetime.now()
        if since >= end:
            raise UserError(self.env._("The range ends before it starts."))
        if end - since > timedelta(days=MAX_RANGE_DAYS):
            raise UserError(
                self.env._(
                    "A range can be at most %(days)s days long, this one has %(asked)s. Import it in several steps.",
                    days=MAX_RANGE_DAYS,
                    asked=-int(-(end - since).total_seconds() // 86400),
                )
            )
        search = SearchOrders(
            created_after=aware(fields.Datetime.to_datetime(since)),
            # Amazon takes "now" itself, and refuses what is less than two minutes ago.
            created_before=aware(end) if end < fields.Datetime.now() - timedelta(minutes=10) else None,
            marketplace_ids=tuple(self.marketplace_ids.mapped("api_ref")),
        )
        self._job("range")._start_search(search)

    def _import_orders(self, since=None, until=None):
        """Fetch, then build everything of this account's inbox: the whole import in one call.

        :return: the ``amazon.log`` rows.
        """
        logs = self._fetch_orders(since, until)
        for account in self:
            self.env["amazon.order.update"]._drain(account)
        return logs

    def _purge_personal_data(self):
        """Remove what Amazon's policy does not let us keep (M3)."""
        logs = self.env["amazon.log"]
        for account in self:
            logs |= account._job("privacy")._run(lambda run: run.env["sale.order"]._amazon_purge(run))
        return logs

    def _warehouse_of(self, value):
        """Return the ``stock.warehouse`` that an order leaves from, none if that is not known.

        :param value: the ``selling_partner`` order.
        """
        return self.fba_warehouse_id if value.is_amazon_fulfilled else self.warehouse_id

    # === BUSINESS METHODS: SINGLE ORDERS === #

    def _order_source(self):
        """Return which of Amazon's APIs the account's orders come from, as the inbox has it."""
        return "orders"

    def _get_order(self, amazon, ref):
        """Read one order.

        :param amazon: the ``selling_partner`` client.
        :param str ref: Amazon's order id.
        :rtype: ReceivedOrder
        """
        return amazon.orders.get(ref)

    def _order_url(self, ref):
        """Return where an order is in Seller Central, or False where that is not known.

        :param ref: Amazon's order id, or False.
        :rtype: str | bool
        """
        base = self.sudo().seller_central_url  # sudo: only the address
        return f"{base.rstrip('/')}/orders-v3/order/{ref}" if base and ref else False

    def _refresh_orders(self, refs):
        """Read single orders again and build them at once, whatever the version; no cursor moves. Commits what was
        read when something else could not be.

        :param list refs: Amazon's order ids, at most ``MAX_REFRESH``.
        :return: the ``amazon.order.update`` rows; one that could not be built carries the reason.
        :raise UserError: naming what could not be read, and why.
        """
        rows, failures = self._read_and_build(refs)
        if failures:
            raise UserError("\n".join(self._why_not_read(failures)))
        return rows

    @api.model
    def _why_not_read(self, failures):
        """Return a line for each reason, with the orders that it stands against.

        :param dict failures: what :meth:`_read_and_build` returned, maybe of several accounts.
        :rtype: list[str]
        """
        by_reason = defaultdict(list)
        for ref, reason in failures.items():
            by_reason[say(self.env, reason)].append(ref)
        return [f"{', '.join(refs)}: {reason}" for reason, refs in by_reason.items()]

    def _read_and_build(self, refs):
        """Do what :meth:`_refresh_orders` says.

        :return: (the rows, why by the id of what could not be read, as :func:`...said.pack` takes it).
        :rtype: tuple
        :raise UserError: when they are too many.
        """
        self.ensure_one()
        inbox = self.env["amazon.order.update"].sudo()  # sudo: the inbox is the addon's own
        if len(refs) > MAX_REFRESH:
            raise UserError(
                self.env._(
                    "At most %(most)s orders can be read again at once, these are %(count)s. Choose fewer, or import a"
                    " range.",
                    most=MAX_REFRESH,
                    count=len(refs),
                )
            )
        received, failures = self._read_orders(list(dict.fromkeys(refs)))
        rows = inbox._receive(self, received, forced=True, source=self._order_source())
        inbox._look_again_once_committed(rows._build(self))
        older = inbox.search(
            [
                ("account_id", "=", self.id),
                ("order_ref", "in", rows.mapped("order_ref")),
                ("state", "in", OPEN),
                ("id", "not in", rows.ids),
            ]
        )
        older.try_lock_for_update()._superseded()
        inbox._trigger_builders(1)
        if failures and received:
            self.env["ir.cron"]._commit_progress()
        return rows, failures

    def _read_orders(self, refs):
        """Read orders from Amazon while a person waits.

        :return: (``ReceivedOrder`` values, why by the id of what could not be read).
        :rtype: tuple[list, dict]
        """
        received, failures, denied = [], {}, 0
        # All of them together may wait as long as a run may for one.
        budget = self.env["amazon.quota"]._budget(self, MAX_WAIT_SECONDS / max(len(refs), 1))
        left = deque(refs)
        try:
            with self._selling_partner(budget) as amazon:
                while left:
                    try:
                        received.append(self._get_order(amazon, left[0]))
                        denied = 0
                    except AccessDenied as error:
                        denied += 1
                        if denied == TROUBLES:
                            raise
                        failures[left[0]] = self._explain(error, by_hand=True)[1]
                    except NotFound:
                        failures[left[0]] = UNKNOWN_ORDER
                    except (BadRequest, MalformedAnswer) as error:
                        failures[left[0]] = self._explain(error, by_hand=True)[1]
                    left.popleft()
        except SellingPartnerError as error:
            # What stands against one stands against the rest.
            failures |= dict.fromkeys(left, self._explain(error, by_hand=True)[1])
        return received, failures

    # === BUSINESS METHODS: STANDSTILL === #

    @api.model
    def get_standstill(self):
        """Return the user's accounts whose orders do not come in although they once did, for the lists of orders and
        deliveries.

        :return: for each its ``id``, ``title``, ``reason``, whether it is ``broken``, and whether the user ``can_mend``
            it.
        :rtype: list[dict]
        """
        return self._standstill_of("seller")

    @api.model
    def _standstill_of(self, kind):
        """Return what :meth:`get_standstill` does, of accounts of one kind."""
        if not self.has_access("read"):
            return []
        found, can_mend = [], self.has_access("write")
        for account in self.search([("company_id", "in", self.env.companies.ids), ("kind", "=", kind)]):
            job = account._import_job()
            started = account[job._declaration().switch]
            trouble = started and account._import_trouble()
            if trouble:
                title = self.env._("%s: the order import stands still.", account.name)
            elif not started and account.last_import:
                title = self.env._("%s: the order import is stopped; no new orders come in.", account.name)
            else:
                continue
            found.append(
                {
                    "id": account.id,
                    "title": title,
                    "broken": bool(trouble),
                    "can_mend": can_mend,
                    "reason": trouble,
                }
            )
        return found

    def _import_job(self):
        """Return the job by which the account's orders come in."""
        # sudo: whoever looks at orders need not see jobs
        return self.sudo()._job("orders")

    def _import_trouble(self):
        """Return why the orders do not come in, whatever the other jobs do; False while they do.

        :rtype: str
        """
        job = self._import_job()
        if job in self._broken_jobs() or (self.tested_state == "broken" and not job.last_error):
            return job.last_error or self.tested_message
        return job.standing_since and say(self.env, job._standing_line())

    def _denied_text(self):
        denied = "\n".join(job.warning for job in self.job_ids if job.denied and job.warning)
        return "\n".join(filter(None, [super()._denied_text(), denied]))

    def _try_again(self):
        # sudo: jobs are the addon's own
        denied = self.job_ids.sudo().filtered(lambda job: job.denied and job._is_started())
        for job in denied:
            job.denied = {ref: {**entry, "tried": "1970-01-01"} for ref, entry in job.denied.items()}
        denied._trigger()
        return super()._try_again()

    @api.model
    def get_orders_state(self):
        """Return what :meth:`get_standstill` does, and before the first order what is to be done, and by whom, for the
        lists of orders. Not as help of their action, which browsers keep for days."""
        if not self.has_access("read"):
            return []
        return self.get_standstill() or self._beginning()

    @api.model
    def _beginning(self):
        """Return what :meth:`get_orders_state` says where there is no order yet."""
        env, started = self.env, self.search([("auto_import", "=", True)])
        if started and env["sale.order"].search_count([("amazon_account_id", "!=", False)], limit=1):
            return []
        if started:
            work = " ".join(filter(None, started.mapped("work")))
            title = env._("No Amazon order yet. Orders come in by themselves. %s", work)
            return [{"id": 0, "is_fine": True, "title": title}]
        account = self.search([], limit=1)
        state = {"id": account.id, "is_fine": False, "broken": False, "can_mend": self.has_access("create")}
        if account:
            title = env._("The order import is not started")
            text = env._("Test the connection and start the import on the account; nothing comes in before.")
        else:
            title = env._("No Amazon shop is connected yet")
            text = env._(
                "You need the merchant token and a Selling Partner API application in Seller Central. The form guides"
                " you in four steps."
            )
        return [{**state, "title": title, "reason": text}]
