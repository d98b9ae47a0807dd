from odoo import fields, models

from ...selling_partner import FEED_TYPE_FULFILLMENT

# When one of these changes, what waits to be confirmed is looked at again.
SETTINGS = {
    "auto_confirm",
    "split_policy",
    "merged_policy",
    "copied_policy",
    "missing_tracking",
    "unmapped_carrier",
    "confirm_today_only",
    "phase_ids",
}


class AmazonAccount(models.Model):
    """How deliveries are confirmed, and who is told."""

    _inherit = "amazon.account"

    split_policy = fields.Selection(
        [("each", "Each delivery as it leaves"), ("wait", "When the whole order has left")],
        "Split Orders",
        required=True,
        default="each",
    )
    merged_policy = fields.Selection(
        [("with_parent", "With the parent's tracking number"), ("parent_only", "Only the parent")],
        "Combined Orders",
        required=True,
        default="with_parent",
    )
    copied_policy = fields.Selection(
        [("original", "Confirm the original"), ("none", "Confirm neither")],
        "Duplicated Orders",
        required=True,
        default="original",
    )
    missing_tracking = fields.Selection(
        [("hold", "Wait until a person decides"), ("send", "Send without")],
        "No Tracking Number",
        required=True,
        default="hold",
        help="For delivery methods that have tracking numbers",
    )
    unmapped_carrier = fields.Selection(
        [("other", "Send “Other” and its name"), ("error", "Do not send")],
        "Unlinked Delivery Method",
        required=True,
        default="other",
    )
    confirm_today_only = fields.Boolean(
        "Only What Left Today", help="What left earlier is confirmed only when a person asks for it."
    )
    feed_threshold = fields.Integer(
        "One Feed Above",
        default=500,
        help="When more confirmations than this wait they go as one feed. 0: always as a feed.",
    )
    result_mails = fields.Selection(
        [("all", "Always"), ("failures", "Only failures"), ("none", "Never")],
        required=True,
        default="all",
    )
    sending_mailed_at = fields.Datetime("Last Mail after Sending", readonly=True, copy=False)
    results_mailed_at = fields.Datetime("Last Mail after Fetching Results", readonly=True, copy=False)
    failure_mailed_at = fields.Datetime("Last Error Mail", readonly=True, copy=False)
    to_confirm_count = fields.Integer("Confirmations Waiting", compute="_compute_to_confirm_count")

    _feed_threshold_check = models.Constraint("CHECK (feed_threshold >= 0)", "Please enter 0 or more.")

    # === COMPUTE METHODS === #

    def _compute_to_confirm_count(self):
        waiting = dict(
            self.env["amazon.confirmation"]._read_group(
                [("account_id", "in", self.ids), ("state", "in", ("not_sent", "sending"))], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.to_confirm_count = waiting.get(account, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if SETTINGS & set(vals):
            self.env["amazon.confirmation"]._look_again([("account_id", "in", self.ids)])
        return result

    # === ACTION METHODS === #

    def action_view_to_confirm(self):
        """Open what Amazon is to be told."""
        return self._view_of("action_amazon_confirmations", [("state", "in", ("not_sent", "sending"))])

    # === BUSINESS METHODS: JOBS === #

    def _send_confirmations(self):
        """Tell Amazon of the deliveries that have left.

        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        return self._confirm("confirm", requested=False)

    def _send_requested(self):
        """Tell Amazon of the deliveries that a person asked to confirm, whether the job is started or not.

        :return: the ``amazon.log`` rows.
        """
        logs = self._confirm("confirm_by_hand", requested=True)
        # sudo: see _confirm
        Confirmation = self.env["amazon.confirmation"].sudo()
        for account in self:
            if not account.auto_confirm and Confirmation._is_requested(account):
                # The job that fetches results is stopped with the automatic one; what a person asked for goes on.
                logs |= account._fetch_results()
        return logs

    def _wake_results(self, seconds):
        """Wake whoever fetches results.

        :param float seconds: not before so many seconds from now.
        """
        for account in self:
            # sudo: jobs are the addon's own
            account._job("results" if account.auto_confirm else "confirm_by_hand").sudo()._trigger(seconds)

    def _confirm(self, name, requested):
        logs = self.env["amazon.log"]
        Confirmation = self.env["amazon.confirmation"].sudo()  # sudo: the outbox is the addon's own
        for account in self:
            if Confirmation._has_work(account, requested):
                logs |= account._job(name)._run(
                    # sudo: see above
                    lambda run: run.env["amazon.confirmation"].sudo()._send(run, requested)
                )
            else:
                account._job(name)._nothing_to_do()
        return logs

    def _fetch_results(self):
        """Fetch what Amazon says of the feeds it was sent, and of confirmations of which that cannot be told; send
        the result mails that are due.

        :return: the ``amazon.log`` rows; none where nothing is open.
        """
        logs = self.env["amazon.log"]
        # sudo: see _confirm
        Feed, Confirmation = self.env["amazon.feed"].sudo(), self.env["amazon.confirmation"].sudo()
        for account in self:
            if Feed._open_feeds(account, FEED_TYPE_FULFILLMENT):
                logs |= account._job("results")._run(
                    lambda run: run.env["amazon.confirmation"].sudo()._fetch_results(run)  # sudo: see _confirm
                )
            else:
                account._job("results")._nothing_to_do()
                # What was collected is mailed without a run that Amazon is called in.
                Confirmation._mail_news(account)
        return logs
