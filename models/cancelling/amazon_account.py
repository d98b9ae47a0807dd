from odoo import models

from ..engine.why import Why


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === BUSINESS METHODS === #

    def _why_no_cancellations(self):
        """Return why Amazon is told of no cancellation of this account's, or None.

        :rtype: Why | None
        """
        self.ensure_one()
        # sudo: crons are the administrator's; of the account only whether it works
        account = self.sudo()
        job = account.job_ids.filtered(lambda job: job.name == "cancel")
        if not account.active:
            return Why(
                "archived",
                self.env._("the account %s is archived, so Amazon is told nothing until it is restored", account.name),
            )
        if not job.cron_id.active:
            return Why(
                "job",
                self.env._(
                    "the scheduled action “Cancellations” of %s is stopped, so Amazon is told nothing until an"
                    " administrator starts it",
                    account.name,
                ),
            )
        if missing := account._still_missing():
            return Why(
                "credentials",
                self.env._(
                    "Amazon is told nothing until these are entered on the account %(account)s: %(what)s",
                    account=account.name,
                    what=", ".join(missing),
                ),
            )
        return None

    # === BUSINESS METHODS: JOBS === #

    def _send_cancellations(self):
        """Tell Amazon which orders people have cancelled, and find out what became of it.

        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        logs = self.env["amazon.log"]
        for account in self:
            # sudo: the outbox is the addon's own
            if self.env["amazon.cancellation"].sudo()._has_work(account, False):
                logs |= account._job("cancel")._run(
                    # sudo: see above
                    lambda run: run.env["amazon.cancellation"].sudo()._tell(run)
                )
            else:
                account._job("cancel")._nothing_to_do()
        return logs
