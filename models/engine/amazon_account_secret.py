"""Until when the client secret is good: Amazon's ends after half a year."""

from datetime import timedelta

from odoo import api, fields, models

# So many days a client secret is good, and so long before it ends somebody is asked to enter a new one.
SECRET_DAYS, WARN_DAYS = 180, (7, 30)


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    lwa_secret_date = fields.Date(
        "Client Secret Made on",
        copy=False,
        groups="sale_amazon_spapi.group_amazon_manager",
        help="By itself: the day on which it was entered here. Amazon's client secrets end 180 days after they were"
        " made: correct the day where it was made earlier.",
    )
    lwa_secret_until = fields.Date(
        "Client Secret Good until",
        compute="_compute_lwa_secret_until",
        groups="sale_amazon_spapi.group_amazon_manager",
    )
    lwa_secret_warned = fields.Integer(readonly=True, copy=False, groups=fields.NO_ACCESS)

    # === COMPUTE METHODS === #

    @api.depends("lwa_secret_date")
    def _compute_lwa_secret_until(self):
        for account in self:
            made = account.lwa_secret_date
            account.lwa_secret_until = made and made + timedelta(days=SECRET_DAYS)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "lwa_secret_date" in vals:
            self._warn_of_secret()
        return result

    # === BUSINESS METHODS === #

    def _note_secret(self, there):
        """Note that another client secret is stored from today on, or none.

        :param bool there: whether there is one.
        """
        # sudo: noted by itself, with the secret
        for account in self.sudo():
            account.lwa_secret_date = (
                account.marketplace_ids._today(account.user_id or self.env.user) if there else False
            )

    def _secret_days_left(self):
        """Return for how many days the client secret is good yet; None where that is not known.

        :rtype: int | None
        """
        until = self.sudo().lwa_secret_until  # sudo: only how many days are left is told
        return (until - fields.Date.today()).days if until else None

    @api.model
    def _warn_of_secrets(self):
        """Have those asked whose client secrets end soon."""
        last = fields.Date.today() + timedelta(days=max(WARN_DAYS) - SECRET_DAYS)
        # sudo: an account's activities belong to it
        self.sudo().search(
            [("lwa_secret_date", "<=", last), ("lwa_secret_warned", "!=", min(WARN_DAYS))]
        )._warn_of_secret()

    def _warn_of_secret(self):
        """Have an activity 30 days before the client secret ends and another 7 days before, each once; none when a new
        one is there."""
        for account in self._in_words_of_whoever_sees_to_it():
            left = account._secret_days_left()
            due = next((days for days in WARN_DAYS if left is not None and left <= days), 0)
            if due == account.lwa_secret_warned:
                continue
            account.lwa_secret_warned = due
            # The one before has another day in it, and may be done.
            account._keep_activity("mail_activity_secret", "", False)
            if due:
                account._keep_activity(
                    "mail_activity_secret",
                    account.env._("Amazon's client secret ends"),
                    account.env._(
                        "The client secret is good until %s; then Amazon refuses everything. Make a new one where the"
                        " application is (Develop Apps > LWA credentials), and enter it on the account. The old one is"
                        " good for 7 days beside it; the refresh token stays.",
                        fields.Date.to_string(account.lwa_secret_until),
                    ),
                )
