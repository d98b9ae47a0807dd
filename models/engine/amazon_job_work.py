from odoo import api, fields, models

from ...refusals import BROKEN
from ...said import say


class AmazonJob(models.Model):
    _inherit = "amazon.job"

    work = fields.Char("At Work", compute="_compute_work", help="What the job does now, or when it does it next")

    @api.depends("job_state", "open_search", "last_run", "last_success")
    @api.depends_context("lang", "tz")
    def _compute_work(self):
        # sudo: crons are the administrator's, logs not everybody's; only times and counts are shown
        jobs = self.sudo()
        running = {
            log.job_id: log
            for log in self.env["amazon.log"].sudo().search([("job_id", "in", self.ids), ("state", "=", "running")])
        }
        triggers = dict(
            self.env["ir.cron.trigger"]
            .sudo()
            ._read_group([("cron_id", "in", jobs.cron_id.ids)], ["cron_id"], ["call_at:min"])
        )
        for job, own in zip(self, jobs, strict=True):
            cron = own.cron_id
            due = min(filter(None, (cron.nextcall, triggers.get(cron))), default=None)
            if own in running:
                job.work = say(self.env, job._declaration().progress(running[own]))
            elif not cron.active or not due or (job._declaration().on_request and not own.open_search):
                job.work = False
            elif due <= fields.Datetime.now():
                job.work = self.env._("starts within a minute")
            else:
                job.work = self.env._("next run at %s", say(self.env, due))

    # === BUSINESS METHODS: MONITORING === #

    def _health(self):
        """Return how the job is; see the account's method of that name."""
        backlog = self._declaration().backlog
        waiting, since = backlog(self.account_id) if backlog else (None, None)
        return {
            "name": self.name,
            "started": self.is_started,
            "ok": not (self.is_started and (self.standing_since or self.error_kind in BROKEN)),
            "failures": self.failures,
            "last_success": _age(self.last_success),
            "backlog": waiting,
            "oldest": _age(since),
        }


def _age(moment):
    """Return how long ago this was, in whole seconds."""
    return int((fields.Datetime.now() - moment).total_seconds()) if moment else None
