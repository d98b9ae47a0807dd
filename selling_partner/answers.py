"""HTTP as Amazon speaks it: one exchange, one table of what an answer means."""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import (
    AccessDenied,
    BadRequest,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
    scrub,
)
from .operations import OPERATIONS
from .reader import loads
from .transport import Impossible, NoAnswer, TooLarge

#: What a status means; whatever is not here goes by its hundred.
_BY_STATUS = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    408: RetryLater,
    429: QuotaExceeded,
}
_BY_HUNDRED = {4: BadRequest, 5: RetryLater}

#: Loggers that would write tokens, presigned addresses or whole answers.
_TALKATIVE = (
    "sp_api.base.client",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.util.retry",
)
_ours = ContextVar("selling_partner_exchange", default=False)


def _not_ours(_record):
    return not _ours.get()


@contextmanager
def quiet():
    """Keep the libraries below from logging this exchange, whatever level a person turned on.

    Other users of the same libraries in this process keep their logs.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_not_ours)
    mark = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(mark)


def exchange(operation, send):
    """Send one request.

    :param str operation: for the error.
    :param send: called without arguments; returns the :class:`.transport.Answer`.
    :return: the answer, whatever its status.
    :raises RetryLater: when there was none, or not all of it; ``sent`` tells whether Amazon may have acted.
    :raises MalformedAnswer: when it was larger than it may be.
    :raises BadRequest: when it cannot be written down as HTTP at all.
    """
    try:
        with quiet():
            return send()
    except TooLarge:
        error = MalformedAnswer("larger than an answer may be", operation=operation, sent=True)
    except NoAnswer as trouble:
        code = "no_answer" if trouble.sent else "not_connected"
        error = RetryLater(str(trouble), operation=operation, code=code, sent=trouble.sent)
    except (Impossible, UnicodeError) as trouble:
        error = BadRequest(
            f"not a possible request ({type(trouble).__name__})", operation=operation, code="InvalidRequest"
        )
    # Raised out here: the exceptions of the libraries below carry the request with its token.
    raise error


def request_id(answer):
    return answer.headers.get("x-amzn-requestid") or answer.headers.get("x-amz-request-id") or ""


def is_foreign(answer):
    """Whether something else than Amazon has answered: Amazon gives every answer a request ID. What such a server says
    must not be shown to whoever has entered its address."""
    return not request_id(answer)


def refusal(operation, answer, *, meanings=None, secrets=()):
    """Make the error that an answer without success means.

    :param answer: :class:`.transport.Answer` with any status but 2xx.
    :param meanings: status → class, or function from Amazon's message to one and a hint, before the table.
    :param secrets: strings to keep out of the message.
    :return: a :class:`.errors.SellingPartnerError`, not raised.
    """
    status = answer.status_code
    code, message = complaint(answer)
    meaning = (meanings or {}).get(status) or _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, MalformedAnswer)
    meaning, hint = (meaning, "") if isinstance(meaning, type) else meaning(message)
    facts = {"retry_after": _retry_after(operation, answer)} if issubclass(meaning, QuotaExceeded) else {}
    return meaning(
        scrub(message, secrets),
        operation=operation,
        status=status,
        code=code,
        request_id=request_id(answer),
        sent=True,
        foreign=is_foreign(answer),
        hint=hint,
        **facts,
    )


def _retry_after(operation, answer):
    """Seconds until trying again makes sense; Amazon documents no Retry-After, but a gateway may send one."""
    wait = _positive(answer.headers.get("retry-after"))
    rate = _positive(answer.headers.get("x-amzn-ratelimit-limit"))
    known = OPERATIONS.get(operation)
    return wait or (1 / rate if rate else 0) or (known.plan.interval if known else 1.0)


def _positive(text):
    """Read a header; nonsense and anything outside a day counts as missing."""
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 1e-5 < number < 86400 else 0.0


def complaint(answer):
    """Find out what Amazon complains about; nothing of what others say.

    :param answer: :class:`.transport.Answer`.
    :return: (code, messages), as :func:`explanation`.
    """
    return ("", "not an answer of Amazon's") if is_foreign(answer) else explanation(answer.content)


def explanation(body):
    """Read what Amazon complains about.

    Seen in the wild: ``{"errors": [{code, message, details}]}``, the same with one object instead of the list, a bare
    error, ``{"message": "Forbidden"}`` of the gateway, ``{error, error_description}`` of Login with Amazon, HTML,
    nothing.

    :return: (the first code, the messages of all errors), ``''`` where there is none.
    """
    try:
        answer = loads(body)
    except MalformedAnswer:
        return "", "no explanation (not JSON)" if body else "no explanation"
    if isinstance(answer, dict) and answer.get("errors"):
        answer = answer["errors"]
    entries = [entry for entry in (answer if isinstance(answer, list) else [answer]) if isinstance(entry, dict)]
    code = _first(entries[0], "code", "error") if entries else ""
    messages = dict.fromkeys(filter(None, map(_explanation, entries)))
    return code, "; ".join(messages) or "no explanation"


def _explanation(entry):
    texts = dict.fromkeys([_first(entry, "message", "error_description"), _first(entry, "details")])
    return ": ".join(filter(None, texts))


def _first(answer, *names):
    return next((answer[name] for name in names if answer.get(name) and isinstance(answer[name], str)), "")


def read(operation, answer, reader):
    """Read a 2xx answer.

    :param reader: takes the body and returns a value.
    :raises MalformedAnswer: when the body is not what ``reader`` needs, or names errors in spite of its status.
    """
    try:
        return reader(answer.content)
    except MalformedAnswer as error:
        problem, where = error.message, {"reason": error.reason, "path": error.path}
    except SellingPartnerError as error:
        problem, where = error.message, {}
    except RecursionError:
        problem, where = "nested too deeply", {}
    code, message = complaint(answer)
    raise MalformedAnswer(
        f"{problem}; Amazon says: {message}" if code else problem,
        operation=operation,
        status=answer.status_code,
        code=code,
        request_id=request_id(answer),
        sent=True,
        foreign=is_foreign(answer),
        **where,
    )
