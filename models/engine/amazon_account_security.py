"""Where an account's credentials go, and how they come in by the browser (see ``amazon_account.py`` for the rest)."""

import hashlib
import secrets

from odoo import api, models
from odoo.exceptions import UserError
from odoo.http import STORED_SESSION_BYTES, request
from odoo.tools.misc import hash_sign, hmac, verify_hash_signed
from odoo.tools.translate import LazyTranslate

from ...selling_partner import SellingPartnerError, authorization_url
from .amazon_account import MASK, SECRETS

_lt = LazyTranslate(__name__)

OAUTH_SCOPE = "sale_amazon_spapi.oauth"
OAUTH_MINUTES = 10
_REMOVED = _lt(
    "The credentials go to another server now: those that were stored were removed. Enter client secret and refresh"
    " token again."
)
# What says where the credentials are sent.
TARGET_FIELDS = ("environment", "region", "endpoint_url", "lwa_url")


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === CRUD METHODS === #

    def write(self, vals):
        """Who changes where the credentials go enters them anew: stored ones are nobody's to send elsewhere."""
        by_hand = set(TARGET_FIELDS) & set(vals) and not self.env.su
        targets = {account: account._target() for account in self} if by_hand else {}
        result = super().write(vals)
        stored = {account: account.sudo()._stored_secrets() for account in targets}
        typed = {field for field in SECRETS if (vals.get(field) or "").strip().replace(MASK[0], "")}
        moved = self.filtered(lambda account: account in targets and account._target() != targets[account])
        if moved:
            # sudo: readable by nobody
            moved.sudo().write({"oauth_state": False} | {SECRETS[field]: False for field in set(SECRETS) - typed})
            moved.invalidate_recordset(list(SECRETS))
            for account in moved.filtered(lambda account: stored[account] - typed):
                # sudo: shown read-only
                account.sudo().write({"tested_state": "new", "tested_message": _REMOVED})
        return result

    @api.onchange(*TARGET_FIELDS)
    def _onchange_target(self):
        if self._origin and self._target() != self._origin._target():
            return {
                "warning": {
                    "type": "notification",
                    "title": self.env._("Credentials"),
                    "message": self.env._(
                        "They go to another server now: enter client secret and refresh token again."
                    ),
                }
            }
        return None

    def _stored_secrets(self):
        """Return the names of the secrets that are stored.

        :rtype: set[str]
        """
        return {field for field, cipher in SECRETS.items() if self[cipher]}

    def _target(self):
        """Return what says where the credentials are sent."""
        self.ensure_one()
        if self.environment == "custom":
            return self.environment, self.endpoint_url or "", self.lwa_url or ""
        return self.environment, self.region

    def _names_of(self, participations):
        """Return the marketplaces a seller takes part in, in our words, of those that are known here.

        :param participations: values of ``selling_partner``.
        :rtype: list[str]
        """
        known = self.env["amazon.marketplace"].search(
            [
                ("api_ref", "in", [participation.marketplace_id for participation in participations]),
            ]
        )
        return sorted(marketplace.domain.capitalize() for marketplace in known)

    # === ACTION METHODS === #

    def action_authorize(self):
        """Send the manager to Seller Central's consent page (website workflow)."""
        self.ensure_one()
        self.check_access("write")
        # sudo: only whether there is one
        if not (self.application_id and self.sudo().lwa_client_secret_cipher and self.lwa_client_id):
            raise UserError(self.env._("Enter application ID, client ID and client secret first."))
        try:
            url = authorization_url(
                self.seller_central_url or "",
                self.application_id,
                self._open_oauth_state(),
                f"{self.get_base_url()}/amazon/oauth",
            )
        except SellingPartnerError as error:
            raise UserError(
                self.env._(
                    "It is not known where Seller Central is: choose a marketplace first. An address of your own must"
                    " begin with https://."
                )
            ) from error
        return {"type": "ir.actions.act_url", "target": "self", "url": url}

    # === BUSINESS METHODS: AUTHORIZING IN THE BROWSER === #

    def _open_oauth_state(self):
        """Return what Seller Central sends back: signed, for this user's session and these minutes only, and good
        once. It stands in access logs, where it is of no use to anybody."""
        self.ensure_one()
        values = [self.id, self.env.uid, self._oauth_session(), secrets.token_urlsafe(32)]
        # sudo: the signing key, and what is nobody's to read
        state = hash_sign(self.sudo().env, OAUTH_SCOPE, values, expiration_hours=OAUTH_MINUTES / 60)
        self.sudo().oauth_state = hashlib.sha256(state.encode()).hexdigest()
        return state

    @api.model
    def _take_oauth_state(self, state):
        """Return the account that was sent to Seller Central with this state, which then is used up.

        :param str state: as it came back.
        :return: (the account under sudo, none when the state is not this session's or the user may not write the
            account; whether it came in time).
        :rtype: tuple
        """
        digest = hashlib.sha256(state.encode()).hexdigest()
        # sudo: the state is nobody's to read; the right to write is checked right below
        account = self.sudo().search([("oauth_state", "=", digest)], limit=1)
        if not account or not account.with_user(self.env.user).has_access("write"):
            return account.browse(), False
        try:
            values = verify_hash_signed(account.env, OAUTH_SCOPE, state)
        except ValueError:
            values = None
        if values and values[:3] != [account.id, self.env.uid, self._oauth_session()]:
            return account.browse(), False
        account.oauth_state = False
        return account, bool(values)

    @api.model
    def _oauth_session(self):
        """Return what tells the browser's session from others without giving it away."""
        # The session's id changes with time, its beginning does not.
        session = request.session.sid[:STORED_SESSION_BYTES] if request else ""
        return hmac(self.sudo().env, OAUTH_SCOPE, session)  # sudo: the signing key
