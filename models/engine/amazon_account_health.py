"""What a monitor is told of the accounts and their jobs."""

import hashlib
import hmac
import secrets

from odoo import api, models

TOKEN = "sale_amazon_spapi.health_token"


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    @api.model
    def _new_health_token(self):
        """Make the token with which a monitor asks how the accounts are; what it was before is good no more.

        :return: the token, which can be read only now: its hash is what is kept.
        :rtype: str
        """
        token = secrets.token_urlsafe(32)
        # sudo: system parameters are the administrator's
        self.env["ir.config_parameter"].sudo().set_param(TOKEN, _digest(token))
        return token

    @api.model
    def _is_health_token(self, token):
        """Tell whether this is the token.

        :param str token: what a monitor has sent.
        :rtype: bool
        """
        kept = self.env["ir.config_parameter"].sudo().get_param(TOKEN)  # sudo: see _new_health_token
        return bool(kept) and hmac.compare_digest(kept, _digest(token))

    @api.model
    def _health(self):
        """Return how all accounts are that are in use.

        :return: of each account its ``id``, ``name``, ``company``, for how many days its client secret is good yet
            (``secret_days_left``, None where that is not known), and its ``jobs``: of each its ``name``, whether it
            is ``started``, ``ok`` (nobody has to look after it), ``failures`` in a row, the ages in seconds of its
            ``last_success`` and of what has waited longest (``oldest``), None where there is none, and how much waits
            (``backlog``), None where nothing can.
        :rtype: list[dict]
        """
        # sudo: a monitor is no user; it is told names and numbers only
        return [
            {
                "id": account.id,
                "name": account.name,
                "company": account.company_id.name,
                "secret_days_left": account._secret_days_left(),
                "jobs": [job._health() for job in account.job_ids.sorted("id")],
            }
            for account in self.sudo().search([], order="id")
        ]


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()
