"""Login with Amazon: refresh tokens in, access tokens out; and restricted data tokens, which are kept likewise."""

import hashlib
import json
import threading
import time
from urllib.parse import urlencode

from sp_api.auth import AccessTokenResponse

from .answers import exchange, explanation, is_foreign, read, refusal
from .endpoints import checked_url
from .errors import BadRequest, CredentialsError, MalformedAnswer, SellingPartnerError
from .reader import LONGEST_TEXT, Reader, loads
from .transport import Client

_OPERATION = "token"
_EARLY = 90  # seconds before its end that a token is no longer used; a call may take half a minute
_DEFAULT_LIFETIME = 3600  # seconds
#: RFC 6749, 5.2 and 4.1.2.1
_CODES = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "server_error",
    "temporarily_unavailable",
)


class _Entry:
    """One cached access token; its lock makes the others wait for the first one's request."""

    __slots__ = ("lock", "token", "until")

    def __init__(self):
        self.lock = threading.Lock()
        self.token = ""
        self.until = 0.0


_entries = {}
_entries_lock = threading.Lock()


def _entry(key):
    with _entries_lock:
        return _entries.setdefault(key, _Entry())


class AccessTokens:
    """What python-amazon-sp-api calls an ``auth_token_client_class``.

    Tokens are kept in this process, for whoever has the very same credentials: another secret, another application or
    another login address is another key.

    :param credentials: client_id, client_secret, refresh_token.
    :param str lwa_url: Login with Amazon's token service.
    :param Client http: sends the requests.
    """

    def __init__(self, credentials, lwa_url, http):
        self._credentials = credentials
        self._lwa_url = lwa_url
        self._http = http

    def get_auth(self, new=False):
        """Get an access token for the seller.

        :param bool new: also where there is one.
        :raises CredentialsError: when Login with Amazon refuses the credentials.
        :raises RetryLater: when it is out of order.
        """
        return self._get({"grant_type": "refresh_token", "refresh_token": self._credentials.refresh_token}, new=new)

    def get_grantless_auth(self, scope):
        """Get an access token for the application itself, such as for ``sellingpartnerapi::notifications``."""
        return self._get({"grant_type": "client_credentials", "scope": scope}, scope)

    def get_restricted(self, resource, query):
        """Get a restricted data token, which stands for the access token in calls of one operation.

        :param str resource: which operation, where.
        :param query: asks Amazon for one; returns it and its lifetime in seconds.
        :rtype: str
        """
        return self._keep(resource, query)

    def drop(self, token, scope=""):
        """Forget a token that Amazon refused, unless another thread already has a newer one.

        :param str scope: of a restricted data token, its resource.
        """
        entry = _entry(self._key(scope))
        with entry.lock:
            if entry.token == token:
                entry.token = ""

    def _key(self, scope):
        credentials = self._credentials
        parts = (self._lwa_url, credentials.client_id, credentials.client_secret, credentials.refresh_token, scope)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _get(self, grant, scope="", new=False):
        return AccessTokenResponse(access_token=self._keep(scope, lambda: self._query(grant), new))

    def _keep(self, scope, query, new=False):
        entry = _entry(self._key(scope))
        with entry.lock:
            if new or not entry.token or time.monotonic() >= entry.until:
                entry.token = ""
                entry.token, lifetime = query()
                entry.until = time.monotonic() + lifetime - _EARLY
            return entry.token

    def _query(self, grant):
        credentials = self._credentials
        form = {**grant, "client_id": credentials.client_id, "client_secret": credentials.client_secret}
        try:
            return _query_lwa(self._http, self._lwa_url, form, _access_token)
        except SellingPartnerError as error:
            error.sent = False  # the call that needed the token was not
            raise


def _query_lwa(http, lwa_url, form, reader):
    """Send a form to Login with Amazon and read its answer."""
    answer = exchange(
        _OPERATION, lambda: http.request("POST", lwa_url, data=form, headers={"accept": "application/json"})
    )
    if answer.is_success:
        return read(_OPERATION, answer, reader)
    # Its error codes (RFC 6749, 5.2) all concern the credentials; a gateway's 403 has none.
    code = answer.status_code in (400, 401, 403) and explanation(answer.content)[0]
    known = code in _CODES
    coded = known or code and not is_foreign(answer)
    meanings = {answer.status_code: CredentialsError} if coded else None
    error = refusal(_OPERATION, answer, meanings=meanings, secrets=_secrets(form))
    if known and error.foreign:
        # Whoever says it: these are fixed words.
        error.code, error.foreign = code, False
    raise error


def _secrets(form):
    return [form[name] for name in ("client_secret", "refresh_token", "code") if form.get(name)]


def _access_token(body):
    return _token_and_lifetime(body, "access_token", "expires_in")


def parse_restricted_token(body):
    """Read the answer to createRestrictedDataToken.

    :return: the token, and its lifetime in seconds.
    """
    return _token_and_lifetime(body, "restrictedDataToken", "expiresIn")


def _token_and_lifetime(body, name, name_of_lifetime):
    answer = Reader(loads(body))
    lifetime = answer.integer(name_of_lifetime)
    return _token(answer, name), _DEFAULT_LIFETIME if lifetime is None else lifetime


def _token(answer, name):
    token = answer.identifier(name, needed=True, longest=LONGEST_TEXT)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise MalformedAnswer(f"{name} is not a token")  # it would break the header that carries it
    return token


def exchange_authorization_code(client_id, client_secret, code, redirect_uri, lwa_url):
    """Trade the ``spapi_oauth_code`` of the website workflow for a refresh token; it works once, within minutes.

    :param str redirect_uri: the very one that the authorization was asked with.
    :return: the refresh token, ``str``.
    :raises CredentialsError: ``invalid_grant`` for a code that is used or too old, ``invalid_client`` …
    :raises RetryLater: when Login with Amazon is out of order.
    """
    for name, value in (("client_id", client_id), ("client_secret", client_secret), ("code", code)):
        if not (value or "").strip():
            raise CredentialsError(f"{name} is missing", operation=_OPERATION, code="missing")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    with Client(checked_url(lwa_url)) as http:
        return _query_lwa(http, lwa_url, form, lambda body: _token(Reader(loads(body)), "refresh_token"))


def authorization_url(seller_central_url, application_id, state, redirect_uri, draft=False):
    """Make the address at which a seller authorizes the application (website workflow).

    :param str seller_central_url: such as ``https://sellercentral.amazon.co.jp``.
    :param str application_id: ``amzn1.sp.solution.…``.
    :param str state: unguessable, checked on return.
    :param bool draft: the application is not published yet.
    :return: ``str``.
    :raises BadRequest: when the address is not https.
    """
    if not application_id:
        raise BadRequest("application_id is missing", operation="authorize")
    parameters = {"application_id": application_id, "state": state, "redirect_uri": redirect_uri}
    if draft:
        parameters["version"] = "beta"
    base = checked_url(seller_central_url).rstrip("/")
    return f"{base}/apps/authorize/consent?{urlencode(parameters)}"
