from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...locks import MET
from ...notices import notice
from ...selling_partner import FEED_TYPE_LISTINGS

# Orders that Amazon changed longer ago than this are here before stock is sent: else what they take is offered again.
ORDERS_MINUTES = 10
# Who does not send stock for so long starts with all of it.
UNWATCHED_DAYS = 7
# No transaction that moves goods takes longer.
RECHECK_MINUTES = 10
# What Amazon does not sell as it is.
LISTING_ERRORS = Domain("has_errors", "=", True) & Domain("gone", "=", False)
# Of what Amazon does not have the quantity that it was to be told; of what it shows another than it should have.
STOCK_ERRORS = Domain("sync_state", "=", "error") & Domain("product_id", "!=", False)
DRIFTING = Domain("drift_reason", "!=", False)
# So many SKUs are named in an activity.
NAMED = 10


class AmazonAccount(models.Model):
    """What stock Amazon is told of."""

    _inherit = "amazon.account"

    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Stock of",
        check_company=True,
        domain="[('company_id', '=', company_id), ('id', 'not in', fba_stock_ids)]",
        help="Whose stock Amazon may sell. Empty: all warehouses of the company, but for Amazon's (FBA).",
    )
    fba_stock_ids = fields.Many2many("stock.warehouse", compute="_compute_fba_stock_ids")
    inventory_feed_threshold = fields.Integer(
        "One Stock Feed Above",
        default=50,
        help="When more quantities than this have changed they go as one feed. 0: always as a feed.",
    )
    stock_watched = fields.Boolean(readonly=True, copy=False, help="What changes of its stock is noted.")
    stock_recheck_at = fields.Datetime(readonly=True, copy=False)
    stock_error_count = fields.Integer("Stock Errors", compute="_compute_stock_error_count")
    repair_drift = fields.Boolean(
        "Put Differences Right",
        default=True,
        help="What comparing finds to differ on Amazon is told again by itself, while the job “Stock” is started.",
    )
    stock_drift_count = fields.Integer("Differ on Amazon", compute="_compute_stock_drift_count")
    stock_compared = fields.Char("Compared", compute="_compute_stock_compared")
    listing_error_count = fields.Integer("Listing Errors", compute="_compute_listing_error_count")

    _inventory_feed_threshold_check = models.Constraint(
        "CHECK (inventory_feed_threshold >= 0)", "“One Stock Feed Above”: enter 0 or more."
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_fba_stock_ids(self):
        # sudo: other accounts' warehouses, too
        everywhere = self.sudo().with_context(active_test=False).search([("fba_warehouse_id", "!=", False)])
        self.fba_stock_ids = everywhere.fba_warehouse_id

    def _compute_stock_error_count(self):
        self._count_offers("stock_error_count", STOCK_ERRORS)

    def _compute_stock_drift_count(self):
        self._count_offers("stock_drift_count", DRIFTING)

    def _compute_listing_error_count(self):
        self._count_offers("listing_error_count", LISTING_ERRORS)

    def _count_offers(self, name, domain):
        """Write into a field how many SKUs of each account a domain finds."""
        counts = dict(
            self.env["amazon.offer"]._read_group(
                Domain("account_id", "in", self.ids) & domain, ["account_id"], ["__count"]
            )
        )
        for account in self:
            account[name] = counts.get(account, 0)

    @api.depends("job_ids.read_from", "job_ids.last_success")
    @api.depends_context("lang", "tz")
    def _compute_stock_compared(self):
        for account in self:
            # sudo: who looks at the account need not see its jobs
            job = account.sudo().job_ids.filtered(lambda job: job.name == "stock_compare")
            since = format_datetime(self.env, job.read_from or job.last_success, dt_format="short")
            if job.read_from:
                account.stock_compared = self.env._("Under way since %s", since)
            else:
                account.stock_compared = since or self.env._("Not yet")

    # === CRUD METHODS === #

    def write(self, vals):
        source = {account: account._source() for account in self}
        result = super().write(vals)
        # Of another shop nothing is known, and it was told nothing.
        self.filtered(lambda account: account._source() != source[account])._forget_stock()
        if {"warehouse_ids", "marketplace_ids"} & set(vals):
            self._note_settings()
        if "fba_warehouse_id" in vals:
            # sudo: none of the company's accounts sells what lies there
            self.sudo().search([("company_id", "in", self.company_id.ids)])._note_settings()
        return result

    # === ACTION METHODS === #

    def action_send_all_stock(self):
        """Tell Amazon all quantities again."""
        self.ensure_one()
        self.check_access("write")
        self._check_ready()
        # sudo: what is to be looked at is the addon's own
        self.env["amazon.stock.change"].sudo()._note_all(self.sudo(), "person", again=True)
        self._wake_stock()
        return notice(self.env._("The quantities go out within a minute."), "info")

    def action_compare_stock(self):
        """Compare what Amazon shows of all SKUs with what it should have."""
        self.ensure_one()
        self._amazon_check_group()
        self.check_access("read")
        self._check_ready()
        job = self._job("stock_compare").sudo()  # sudo: jobs are the addon's own
        job.write({"read_from": fields.Datetime.now(), "reached": 0})
        job._trigger()
        return notice(self.env._("Amazon's quantities are read and compared; follow it in the API log."), then=None)

    def action_view_stock_drift(self):
        """Open the SKUs of which Amazon shows another quantity than it should have."""
        return self._view_of("action_amazon_offers", list(DRIFTING))

    def action_view_stock_errors(self):
        """Open the SKUs whose quantity Amazon does not have."""
        return self._view_of("action_amazon_offers", list(STOCK_ERRORS))

    def action_view_listing_errors(self):
        """Open the SKUs that Amazon does not sell as they are."""
        return self._view_of("action_amazon_offers", list(LISTING_ERRORS))

    # === BUSINESS METHODS === #

    def _see_to_offers(self):
        """Have an activity while Amazon refuses quantities or finds errors in SKUs; withdraw it when that is over."""
        for account in self._in_words_of_whoever_sees_to_it():
            account._keep_activity(
                "mail_activity_offers",
                account.env._("SKUs that Amazon does not take as they are"),
                account._offer_troubles(),
            )

    def _offer_troubles(self):
        """Return a line for each of the SKUs that a person has to see to, of many only of some; "" for none.

        :rtype: str
        """
        Offer = self.env["amazon.offer"]
        wanted = Domain("account_id", "=", self.id) & (STOCK_ERRORS | LISTING_ERRORS)
        offers = Offer.search(wanted, limit=NAMED + 1)
        lines = [f"{offer.sku}: {offer.trouble}" for offer in offers[:NAMED]]
        if offers[NAMED:]:
            lines.append(self.env._("and more; see “Stock Errors” and “Listing Errors” on the account."))
        return "\n".join(lines)

    def _stock_warehouses(self):
        """Return the warehouses whose stock Amazon may sell."""
        self.ensure_one()
        # One that was chosen and is archived has nothing to sell; that does not mean all of them.
        if chosen := self.with_context(active_test=False).warehouse_ids:
            return chosen.filtered("active")
        return self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id), ("id", "not in", self.fba_stock_ids.ids)]
        )

    def _note_settings(self):
        """Have all SKUs of these accounts looked at: what their stock is counted from has changed."""
        for account in self.filtered("stock_watched"):
            self.env["amazon.stock.change"].sudo()._note_all(account, "settings")

    def _forget_stock(self):
        """Take what is known of these accounts' SKUs for unknown."""
        # sudo: what Amazon says is the addon's own
        for account in self.sudo():
            account.write({"stock_watched": False, "stock_recheck_at": False})
            told = account.env["amazon.quantity"].search([("account_id", "=", account.id)])
            told.filtered("retry_at").retry_at = False
            told.filtered(lambda row: row.state != "done").unlink()
            account.env["amazon.offer"].search([("account_id", "=", account.id)]).write(
                {
                    "quantity_id": False,
                    "quantity_sent": 0,
                    "quantity_amazon": 0,
                    "handling_days_amazon": 0,
                    "channel": False,
                    "both_channels": False,
                    "amazon_status": False,
                    "issues": False,
                    "has_errors": False,
                    "seen_at": False,
                    "gone": False,
                    "drift": 0,
                    "drift_reason": False,
                }
            )

    def _wake_stock(self):
        """Have what a person asked for be sent soon, whether the automatic job is started or not."""
        for account in self:
            # sudo: jobs are the addon's own
            account._job("inventory" if account.auto_inventory else "inventory_by_hand").sudo()._trigger()

    def _orders_are_here(self):
        """Tell whether the orders that Amazon knew of some minutes ago are here, so that what they take is known."""
        return self._orders_reach(fields.Datetime.now() - timedelta(minutes=ORDERS_MINUTES))

    def _orders_reach(self, moment):
        """Tell whether all orders that Amazon had at a moment are here. Where nobody has started the import, the orders
        are somebody else's business, and so is what they take.

        :param datetime moment: UTC, naive.
        """
        self.ensure_one()
        reached = self._job("orders").cursor
        return not self.auto_import or bool(reached and reached >= moment)

    # === BUSINESS METHODS: JOBS === #

    def _sync_inventory(self, full=False):
        """Tell Amazon how many it may sell of the SKUs of which that has changed.

        :param bool full: of all SKUs, also of what it was told already.
        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        for account in self.sudo():  # sudo: what is to be looked at is the addon's own
            account._watch_stock(full)
        return self._send_stock("inventory", requested=False)

    def _watch_stock(self, full):
        """Have all SKUs looked at when watching begins, and once more when whoever moved goods meanwhile is through:
        they did not know yet that it is noted.

        :param bool full: have them told again in any case.
        """
        self.ensure_one()
        # What another run has begun is seen, too.
        self.env["ir.cron"]._commit_progress()
        now, begins = fields.Datetime.now(), not self.stock_watched
        due = self.stock_recheck_at and self.stock_recheck_at <= now
        if not (full or begins or due):
            return
        try:
            if begins or due:
                recheck = now + timedelta(minutes=RECHECK_MINUTES)
                self.write({"stock_watched": True, "stock_recheck_at": begins and recheck})
            self.env["amazon.stock.change"]._note_all(self, "person" if full else None, again=full)
            self.env["ir.cron"]._commit_progress()
        except MET:
            # Another run is just doing it.
            self.env.cr.rollback()

    def _send_requested_stock(self):
        """Tell Amazon the quantities that a person asked to send, whether the job is started or not.

        :return: the ``amazon.log`` rows.
        """
        logs = self._send_stock("inventory_by_hand", requested=True)
        for account in self.filtered(lambda account: not account.auto_inventory):
            # The job that fetches results is stopped with the automatic one; what a person asked for goes on.
            logs |= account._fetch_stock_results()
        return logs

    def _send_stock(self, name, requested):
        logs = self.env["amazon.log"]
        Quantity = self.env["amazon.quantity"].sudo()  # sudo: the outbox is the addon's own
        self.env["ir.cron"]._commit_progress()
        for account in self.sudo():
            if not Quantity._has_work(account, requested):
                account._job(name)._nothing_to_do()
                continue
            if not account._orders_are_here():
                logs |= account._fetch_orders()
            logs |= account._job(name)._run(
                lambda run: run.env["amazon.quantity"].sudo()._send(run, requested)  # sudo: see above
            )
            account._see_to_offers()
        return logs

    def _sync_offers(self):
        """Fill the SKU table from Amazon: which SKUs there are, what Amazon has of each, and what is wrong with it.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self.sudo():  # sudo: see _sync_inventory
            logs |= account._job("offers")._run(
                lambda run: run.env["amazon.offer"].sudo()._read_all(run)  # sudo: see above
            )
            account._see_to_offers()
        return logs

    def _compare_stock(self):
        """Compare what Amazon shows of all SKUs with what it should have, once they and the orders are read.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self.sudo():  # sudo: see _sync_inventory
            job, offers = account._job("stock_compare"), account._job("offers")
            if not (job.read_from or account.auto_inventory):
                job._nothing_to_do()
                continue
            if not job.read_from:
                job.write({"read_from": fields.Datetime.now(), "reached": 0})
            if not offers.read_at or offers.read_at < job.read_from:
                # Asked for by a person, it goes on where the job itself is stopped.
                logs |= account.with_context(amazon_cron=False)._sync_offers()
            if offers.read_at and not account._orders_reach(offers.read_at):
                logs |= account._fetch_orders()
            logs |= job._run(lambda run: run.env["amazon.offer"].sudo()._compare_all(run))  # sudo: see above
        return logs

    def _fetch_stock_results(self):
        """Fetch what Amazon says of the feeds of quantities that it was sent.

        :return: the ``amazon.log`` rows; none where nothing is open.
        """
        logs = self.env["amazon.log"]
        Feed = self.env["amazon.feed"].sudo()  # sudo: see _sync_inventory
        for account in self:
            if Feed._open_feeds(account, FEED_TYPE_LISTINGS):
                logs |= account._job("inventory_results")._run(
                    lambda run: run.env["amazon.feed"].sudo()._fetch(run, FEED_TYPE_LISTINGS)  # sudo: see above
                )
                account._see_to_offers()
            else:
                account._job("inventory_results")._nothing_to_do()
        return logs

    def _fetch_results(self):
        return super()._fetch_results() | self._fetch_stock_results()

    @api.autovacuum
    def _gc_stock_changes(self):
        """Who sends no stock any more need not have its changes noted."""
        before = fields.Datetime.now() - timedelta(days=UNWATCHED_DAYS)
        unused = Domain("active", "=", False) | Domain("auto_inventory", "=", False)
        everywhere = self.with_context(active_test=False)
        for account in everywhere.search(Domain("stock_watched", "=", True) & unused):
            if (account._job("inventory").last_run or account.create_date) < before:
                account.stock_watched = False
                self.env["amazon.stock.change"].search([("account_id", "=", account.id)]).unlink()
