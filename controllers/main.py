import logging

from odoo import http
from odoo.http import request
from odoo.tools.translate import LazyTranslate

from .. import crypto
from ..refusals import explain
from ..selling_partner import RetryLater, SellingPartnerError, exchange_authorization_code

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)


class AmazonController(http.Controller):
    """Where Seller Central's consent page sends the manager back to."""

    @http.route("/amazon/oauth", type="http", auth="user", methods=["GET"])
    def oauth(self, state="", selling_partner_id="", spapi_oauth_code="", **_ignored):
        """Take the authorization code and exchange it for a refresh token.

        :param str state: what we sent along; good once, within minutes, in the same session.
        :param str selling_partner_id: the seller who consented.
        :param str spapi_oauth_code: valid for five minutes.
        """
        account, in_time = request.env["amazon.account"]._take_oauth_state(state)
        if not account:
            return self._go("/odoo")
        back = f"/odoo/action-sale_amazon_spapi.action_amazon_accounts/{account.id}"
        if not in_time:
            account._connection_broken(_lt("The authorization took too long. Please authorize again."))
            return self._go(back)
        try:
            token = exchange_authorization_code(
                account.lwa_client_id,
                account._decrypted("lwa_client_secret_cipher"),
                spapi_oauth_code,
                f"{account.get_base_url()}/amazon/oauth",
                account._endpoint().lwa_url,
            )
        except SellingPartnerError as error:
            _logger.info("authorization of account %s failed: %s", account.id, type(error).__name__)
            # What cannot be read here, or was lost on the way, Amazon has not refused.
            ours = isinstance(error, RetryLater) or error.code in ("undecryptable", "key_ring")
            message = [] if ours else [_lt("Amazon did not accept the authorization. Please authorize again.")]
            if error.code != "invalid_grant":
                message += explain(error, by_hand=True)[1]
            account._connection_broken(message)
        else:
            self._connect(account, selling_partner_id, token)
        return self._go(back)

    @staticmethod
    def _connect(account, seller, token):
        """Keep what the seller has agreed to, if it is the account's seller and nobody else's.

        :param account: the ``amazon.account`` under sudo.
        :param str seller: merchant token.
        :param str token: refresh token.
        """
        if account.merchant_id and account.merchant_id != seller:
            account._connection_broken(_lt("You authorized another seller (%s) than this account's.", seller))
        elif account.search_count(
            [
                ("merchant_id", "=", seller),
                ("region", "=", account.region),
                ("kind", "=", account.kind),
                ("id", "!=", account.id),
            ],
            limit=1,
        ):
            account._connection_broken(_lt("There is an account for the seller %s already.", seller))
        else:
            account.write(
                {
                    "merchant_id": seller,
                    "authorized_merchant_id": seller,
                    "refresh_token_cipher": crypto.encrypt(token.encode()),
                }
            )
            account._connection_works()

    @staticmethod
    def _go(address):
        """Go on, without telling anybody the address that was called."""
        answer = request.redirect(address)
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-store"
        return answer
