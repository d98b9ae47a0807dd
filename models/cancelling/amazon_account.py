from odoo import models


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

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
