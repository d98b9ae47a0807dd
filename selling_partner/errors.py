"""What can go wrong between us and Amazon, by what a caller does about it."""

import re

_SECRETS = re.compile(
    r"Atz[a-z]\|\S*"  # access, refresh and restricted tokens
    r"|amzn1\.oa2-cs\.\S*"  # client secrets
    r"|(?i:bearer)\s+\S+"
    r"|(?i:x-amz-(?:signature|credential|security-token))=[^\s&]*"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail addresses
)
_LONGEST_MESSAGE = 500


def scrub(text, secrets=()):
    """Make a text of Amazon's safe to log.

    :param text: anything; its ``str()`` is used.
    :param secrets: strings that must not appear whatever they look like.
    :return: the text without tokens, secrets and e-mail addresses, at most 500 characters.
    """
    text = str(text or "")
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return _SECRETS.sub("…", text)[:_LONGEST_MESSAGE]


class SellingPartnerError(Exception):
    """Anything that went wrong with a call.

    :param str message: why, in words fit for a log: no secrets, no personal data.
    :param str operation: Amazon's name of the operation, such as ``searchOrders``.
    :param status: the HTTP status as ``int``, None when there was no answer.
    :param str code: Amazon's error code, such as ``InvalidInput``.
    :param str request_id: ``x-amzn-RequestId``, which Amazon's support asks for.
    :param bool sent: True when the request may have reached Amazon, False when it certainly did not.
    :param bool foreign: something else than Amazon answered; what it said is not quoted.
    :param str hint: a stable key for advice in plain words, such as one of :data:`.shipments.HINTS`; ``''``: the
        class's own.
    """

    #: ``''`` where there is no advice to give.
    hint = ""

    def __init__(
        self, message="", *, operation="", status=None, code="", request_id="", sent=False, foreign=False, hint=""
    ):
        self.message = scrub(message)
        self.operation = operation
        self.status = status
        self.code = scrub(code)
        self.request_id = request_id
        self.sent = sent
        self.foreign = foreign
        self.hint = hint or type(self).hint
        super().__init__(self.message)

    def __str__(self):
        facts = " ".join(str(fact) for fact in (self.status, self.code) if fact)
        text = ": ".join(part for part in (self.operation, facts, self.message) if part)
        if self.request_id:
            text = f"{text} (request {self.request_id})"
        return text or type(self).__name__


class RetryLater(SellingPartnerError):
    """Amazon or the way to it is out of order for now: 5xx, time-outs, broken connections, cut bodies.

    ``code`` without an answer: ``not_connected`` (nothing was sent) or ``no_answer``.
    """


class QuotaExceeded(RetryLater):
    """The operation's quota is used up.

    :param float retry_after: seconds until the next token is due.
    """

    def __init__(self, message="", *, retry_after=0.0, **facts):
        super().__init__(message, **facts)
        self.retry_after = float(retry_after)


class PassingRefusal(RetryLater):
    """Amazon refuses what it takes seconds later: the same call again is right.

    :param float retry_after: seconds.
    """

    retry_after = 2.0


class CredentialsError(SellingPartnerError):
    """Login with Amazon refuses the credentials; a person must enter others.

    ``code`` tells which: ``invalid_grant`` (refresh token revoked or expired), ``invalid_client`` (secret wrong or
    rotated), ``unauthorized_client`` (the application may not do this), ``missing`` (empty, nothing was sent).
    """


class AccessDenied(SellingPartnerError):
    """401 or 403: the application lacks a role, or the seller took the authorization back."""


class BadRequest(SellingPartnerError):
    """Amazon refuses the request as it is (400, 409, 413, 415 …), or would: sending it again changes nothing."""


class NotFound(BadRequest):
    """404: Amazon knows no such thing, or not yet."""

    hint = "not_found"


class TokenRefused(BadRequest):
    """Amazon no longer accepts this token of a search's next page (those of orders live for 24 hours): restart the same
    search."""


class AlreadyFulfilled(BadRequest):
    """Amazon finds no parcel to change, or nothing left to ship: it was confirmed elsewhere. Ask it what it has."""

    hint = "not_found"


class ShipPlusOrder(BadRequest):
    """Amazon confirms Ship+ orders (FBM_SHIP_PLUS) itself."""

    hint = "ship_plus"


class LabelExists(BadRequest):
    """409: Amazon has made a shipping label for the purchase order before: get that one."""


class TrackingNumberRequired(BadRequest):
    """Amazon complains about the tracking number, and none was sent."""

    hint = "tracking"


class MalformedAnswer(SellingPartnerError):
    """A success by its status, but not what Amazon's schema promises: HTML, truncated JSON, a missing field.

    The message names the field's path, never its value, which may be personal data.

    :param str reason: what is wrong: ``missing``, ``wrong_type``, ``too_long``, ``unprintable``, ``mixed_currencies``,
        or ``unreadable``, which is everything that concerns no single field.
    :param str path: the field, such as ``orderItems[0].product.sellerSku``; ``''`` where it is the answer as a whole.
    """

    def __init__(self, message="", *, reason="unreadable", path="", **facts):
        super().__init__(message, **facts)
        self.reason = reason
        self.path = path


def check(operation, problems):
    """Refuse what Amazon would refuse anyway, before it costs a call.

    :param str operation: Amazon's name of it.
    :param problems: why it would, one after the other; what is false is no problem.
    :raises BadRequest: naming the first one, with ``sent`` False.
    """
    problem = next(filter(None, problems), None)
    if problem:
        raise BadRequest(problem, operation=operation, code="InvalidInput")
