from collections import Counter, defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...said import Said, with_line

_lt = LazyTranslate(__name__)

KEEP_DAYS = 90


class AmazonLog(models.Model):
    """APIログ: one row a run, written while it goes on, so that a person sees how far it is."""

    _name = "amazon.log"
    _description = "Amazon API Log"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search"]
    _order = "id desc"

    account_id = fields.Many2one("amazon.account", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    job_id = fields.Many2one("amazon.job", readonly=True, ondelete="set null", index="btree_not_null")
    job_name = fields.Selection(
        lambda self: self.env["amazon.job"]._fields["name"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("partial", "Continues Later"), ("failed", "Failed")],
        required=True,
        default="running",
        readonly=True,
        index=True,
    )
    started_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    ended_at = fields.Datetime(readonly=True)
    duration = fields.Float("Seconds", readonly=True, aggregator="avg")
    api_calls = fields.Integer("API Calls", readonly=True)
    received = fields.Integer(readonly=True, help="Order versions Amazon sent")
    missed = fields.Integer(
        "Found Late", readonly=True, help="Orders that Amazon's search did not show when the import passed"
    )
    confirmed = fields.Integer(readonly=True, help="Parcels that Amazon accepted")
    refused = fields.Integer(readonly=True, help="Parcels refused by Amazon, or here before it was asked")
    update_ids = fields.One2many("amazon.order.update", "log_id", readonly=True)
    confirmation_ids = fields.Many2many(
        "amazon.confirmation",
        "amazon_confirmation_log_rel",
        "log_id",
        "confirmation_id",
        "Shipping Confirmations",
        readonly=True,
    )
    confirmation_count = fields.Integer(compute="_compute_confirmation_count")
    # Counted from the inbox instead of kept here: two builders would wait for each other on this row.
    created = fields.Integer(compute="_compute_counts", help="Orders made")
    updated = fields.Integer(compute="_compute_counts", help="Orders changed")
    failed = fields.Integer(compute="_compute_counts", help="Orders that need attention")
    waiting = fields.Integer(compute="_compute_counts", help="Orders received and not yet built")
    progress = fields.Float(compute="_compute_counts")
    message = Said(readonly=True)
    runs = fields.Integer(
        default=1, readonly=True, help="So many runs in a row of this day found nothing; only the last one is kept."
    )

    # === COMPUTE METHODS === #

    @api.depends("job_name", "started_at")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        words = dict(self._fields["job_name"]._description_selection(self.env))
        for log in self:
            started = fields.Datetime.context_timestamp(log, log.started_at) if log.started_at else None
            log.display_name = f"{words.get(log.job_name, '')} {started:%Y-%m-%d %H:%M}" if started else False

    @api.depends("state", "received")
    def _compute_counts(self):
        groups = (
            self.env["amazon.order.update"]
            .sudo()
            ._read_group(  # sudo: only counts are shown
                [("log_id", "in", self.ids)], ["log_id", "state", "result"], ["__count"]
            )
        )
        counts = defaultdict(Counter)
        for log, state, result, count in groups:
            counts[log.id][result if state == "done" else state] += count
        for log in self:
            count = counts[log.id]
            log.created = count["created"]
            log.updated = count["updated"]
            log.failed = count["failed"]
            log.waiting = count["pending"]
            total = sum(count.values())
            log.progress = 100 * (total - log.waiting) / total if total else 100 * (log.state != "running")

    @api.depends("confirmation_ids")
    def _compute_confirmation_count(self):
        for log in self:
            log.confirmation_count = len(log.confirmation_ids)

    # === ACTION METHODS === #

    def action_view_orders(self):
        """Open the orders that these runs had to do with, as far as the user may see them."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        # sudo: the orders that the user may not see do not show
        orders = self.sudo().update_ids.order_id | self.sudo().confirmation_ids.order_id
        return {**action, "domain": [("id", "in", orders.ids)], "context": {}}

    def action_view_confirmations(self):
        """Open the shipping confirmations that these runs looked at, sent, or fetched the results of."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        return {**action, "domain": [("log_ids", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _action_view(self):
        """Return the action that shows these rows: one by its form."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_log")
        if len(self) == 1:
            return {**action, "res_id": self.id, "views": [(False, "form")], "view_mode": "form", "context": {}}
        return {**action, "domain": [("id", "in", self.ids)], "context": {}}

    def _note(self, text):
        """Write a line on what the run has done, to be committed with it; what comes later stands below it.

        :param text: for a person, as :func:`...said.pack` takes it; no personal data.
        """
        for log in self:
            log.message = with_line(log, "message", text)

    def _finish(self, run, state, message=None):
        """Write how the run ended.

        :param run: the :class:`...run.Run`.
        :param str state: ``done``, ``partial`` or ``failed``.
        :param str message: why, as in :meth:`_note`.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if message:
            self._note(message)
        self.write({"state": state, "ended_at": now, "duration": run.seconds, "api_calls": run.budget.calls})
        if self._is_empty():
            self._replace_empty()

    def _is_empty(self):
        """Tell whether the run went well and found nothing."""
        found = self.received or self.confirmed or self.refused or self.missed or self.confirmation_ids
        return self.state == "done" and not (self.message or found)

    def _replace_empty(self):
        """A run every few minutes that finds nothing says nothing: of several in a row the last one is kept."""
        before = self.search([("job_id", "=", self.job_id.id), ("id", "<", self.id)], limit=1)
        if before and before._is_empty() and before.started_at.date() == self.started_at.date():
            self.write({"runs": before.runs + 1, "api_calls": self.api_calls + before.api_calls})
            before.unlink()

    @api.autovacuum
    def _gc_logs(self):
        self.search([("started_at", "<", fields.Datetime.now() - timedelta(days=KEEP_DAYS))]).unlink()
        self._abandon([("started_at", "<", fields.Datetime.now() - timedelta(days=1))])

    @api.model
    def _close_abandoned(self, job):
        """Say of a job's earlier runs that still say "running" that they are not: their process was killed.

        :param job: the ``amazon.job``, whose lock the caller holds, so that no run of it can be going on.
        """
        self._abandon([("job_id", "=", job.id)])

    @api.model
    def _abandon(self, domain):
        abandoned = self.search([("state", "=", "running"), *domain])
        abandoned.write({"state": "failed", "ended_at": fields.Datetime.now()})
        abandoned._note(_lt("The process ended before the run did."))
