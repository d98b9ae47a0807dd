import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from psycopg2.errors import SerializationFailure

from ...const import MAX_WAIT_SECONDS
from ...selling_partner import OPERATIONS, SANDBOX, QuotaExceeded

_logger = logging.getLogger(__name__)

# A rate that is slower by more than this factor than the published one, or faster than anybody calls, is none.
SLOWER = 1000
FASTEST = 1e6
NOW = SQL("clock_timestamp() AT TIME ZONE 'UTC'")


class AmazonQuota(models.Model):
    """A token bucket shared by every worker on every server (rule 3).

    Tokens are taken on a cursor of their own and committed at once, so that a run that rolls back
    does not give back what Amazon has counted.
    """

    _name = "amazon.quota"
    _inherit = "amazon.guard"
    _description = "Amazon Quota"
    _order = "operation"
    _log_access = False

    selling_partner = fields.Char(
        required=True, readonly=True, help="The merchant token; of an account without one, the account itself"
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        compute="_compute_company_ids",
        search="_search_company_ids",
        help="Whose accounts draw on it",
    )
    application = fields.Char(required=True, readonly=True, help="The application's client ID")
    operation = fields.Char(required=True, readonly=True)
    rate = fields.Float("Requests per Second", required=True, readonly=True, digits=(12, 6))
    burst = fields.Float(required=True, readonly=True)
    tokens = fields.Float(required=True, readonly=True)
    refilled_at = fields.Datetime(required=True, readonly=True)

    _bucket_uniq = models.UniqueIndex("(selling_partner, application, operation)")

    # === COMPUTE METHODS === #

    def _compute_company_ids(self):
        drawing = self._accounts().grouped(lambda account: account._selling_partner_ref())
        for quota in self:
            quota.company_ids = drawing.get(quota.selling_partner, self.env["amazon.account"]).company_id

    def _search_company_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        accounts = self._accounts().filtered(lambda account: account.company_id.id in value)
        return [("selling_partner", "in", [account._selling_partner_ref() for account in accounts])]

    @api.model
    def _accounts(self):
        # sudo: accounts of companies the user does not see draw on it, too
        accounts = self.env["amazon.account"].sudo().with_context(active_test=False)
        return accounts.search([("lwa_client_id", "!=", False)])

    # === BUSINESS METHODS === #

    @api.model
    def _budget(self, account, patience=MAX_WAIT_SECONDS, reserve=0):
        """Return the budget to hand to ``selling_partner`` for one run of `account`.

        :param float patience: for how many seconds a token is waited for.
        :param int reserve: so many tokens of each operation are left to others.
        """
        return Budget(self.env.registry, account, patience, reserve)


class Budget:
    """What ``selling_partner`` asks before each call and tells after it.

    :param registry: Odoo's registry, from which each call takes a cursor of its own.
    :param account: the ``amazon.account`` whose quota is used.
    :param float patience: for how many seconds a token is waited for.
    :param int reserve: so many tokens of each operation are left to others.
    """

    def __init__(self, registry, account, patience=MAX_WAIT_SECONDS, reserve=0):
        account = account.sudo()  # sudo: the client ID is the manager's to read
        self.registry = registry
        self.key = (account._selling_partner_ref(), account.lwa_client_id)
        self.is_sandbox = account.environment == "sandbox"
        self.patience = patience
        self.calls = self.answered = 0
        self.reserve = reserve
        # Operations whose bucket was full when their call went out.
        self.begun = set()
        # What Amazon named last, by operation: it is written once.
        self.rates = {}

    def acquire(self, operation):
        """Take one token, waiting for it as long as the budget's patience lasts.

        :param str operation: Amazon's name of the operation.
        :raise QuotaExceeded: when the next token is further away; carries the seconds until then.
        """
        deadline = time.monotonic() + self.patience
        while (wait := self._take(operation)) > 0:
            if time.monotonic() + wait > deadline:
                raise QuotaExceeded(operation=operation, retry_after=wait)
            time.sleep(wait)
        self.calls += 1

    def observe(self, operation, headers, status):
        """Adapt to the rate Amazon names, and empty the bucket after a 429.

        Amazon fills its bucket from when the first call arrives there, not from when it was sent: what this one has
        been given meanwhile is taken back, or the last call of many would come too early.

        :param str operation: Amazon's name of the operation.
        :param headers: the answer's headers.
        :param int status: the answer's HTTP status.
        """
        self.answered += 200 <= status < 300
        try:
            rate = float(headers.get("x-amzn-RateLimit-Limit", ""))
        except ValueError:
            rate = 0.0
        # What is far off is a slip of somebody's: it would stop every call, or cannot be counted with.
        if self._plan(operation)[0] / SLOWER <= rate <= FASTEST and self.rates.get(operation) != rate:
            self.rates[operation] = rate
            self._execute(
                SQL(
                    "UPDATE amazon_quota SET rate = %s WHERE selling_partner = %s AND application = %s"
                    " AND operation = %s AND abs(rate - %s) > 1e-9",
                    rate,
                    *self.key,
                    operation,
                    rate,
                )
            )
        begun = operation in self.begun
        self.begun.discard(operation)
        if status == 429 or begun:
            tokens = SQL("0") if status == 429 else SQL("tokens")
            self._execute(
                SQL(
                    "UPDATE amazon_quota SET tokens = %s, refilled_at = %s"
                    " WHERE selling_partner = %s AND application = %s AND operation = %s",
                    tokens,
                    NOW,
                    *self.key,
                    operation,
                )
            )

    def _plan(self, operation):
        """Return the published rate (calls a second) and burst."""
        return SANDBOX if self.is_sandbox else OPERATIONS[operation].plan

    def _take(self, operation):
        """Take a token if there is one; return the seconds until the next otherwise, else 0."""
        rate, burst = self._plan(operation)
        needed = 1 + min(self.reserve, burst - 1)
        where = SQL("selling_partner = %s AND application = %s AND operation = %s", *self.key, operation)
        available = SQL("LEAST(burst, tokens + rate * GREATEST(0, EXTRACT(EPOCH FROM %s - refilled_at)))", NOW)
        self._execute(
            SQL(
                "INSERT INTO amazon_quota (selling_partner, application, operation, rate, burst, tokens, refilled_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                *self.key,
                operation,
                rate,
                burst,
                burst,
                NOW,
            )
        )
        taken = self._execute(
            SQL(
                "UPDATE amazon_quota SET tokens = %s - 1, refilled_at = %s WHERE %s AND %s >= %s"
                " RETURNING tokens > burst - 1.001",
                available,
                NOW,
                where,
                available,
                needed,
            )
        )
        if taken:
            [[was_full]] = taken
            if was_full:
                self.begun.add(operation)
            return 0.0
        [[wait]] = self._execute(SQL("SELECT (%s - %s) / rate FROM amazon_quota WHERE %s", needed, available, where))
        return max(float(wait), 0.01)

    def _execute(self, query):
        """Run one statement in a transaction of its own; return its rows, if it has any."""
        while True:
            try:
                with self.registry.cursor() as cr:
                    cr.execute(query, log_exceptions=False)
                    return cr.fetchall() if cr.description else []
            except SerializationFailure:
                # Another worker took from the same bucket at this moment: each gets its turn.
                _logger.debug("bucket taken at the same moment, once more")


def wake_at(seconds):
    """Return when a cron should be woken that has to wait `seconds` (UTC, naive, as Odoo stores it)."""
    return fields.Datetime.now() + timedelta(seconds=seconds)
