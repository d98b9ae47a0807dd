from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...said import Said, with_line

_lt = LazyTranslate(__name__)

# What was done with Amazon's data is to be known for twelve months at least (docs/data-protection.md).
KEEP_DAYS = 400


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
    received = fields.Integer(readonly=True, help="What Amazon sent: of an order each version")
    accepted = fields.Integer(readonly=True, help="What Amazon was told and accepted")
    refused = fields.Integer(readonly=True, help="What Amazon refused, or was found wrong here before it was told")
    unreadable = fields.Integer("Cannot Be Read", readonly=True, help="What Amazon shows and that cannot be read")
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

    def _count_unreadable(self, text, count=1):
        """Count what cannot be read, and say of the first why.

        :param text: which one, and why, as in :meth:`_note`.
        :param int count: how many there are.
        """
        for log in self:
            if not log.unreadable:
                log._note(text)
            log.unreadable += count

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
        return self.state == "done" and not (self.message or self.received or self.accepted or self.refused)

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
