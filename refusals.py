"""What Amazon's refusals mean, and what to do about each: the one table."""

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from odoo.tools.translate import LazyGettext, LazyTranslate

from .selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
)

_lt = LazyTranslate(__name__)

#: The kinds of errors that a person must mend on the account or at Amazon.
BROKEN = ("credentials", "access")


class Central(NamedTuple):
    """Amazon's own pages for a kind of account.

    :param apps: where its applications are.
    :param standing: where Amazon says what is wrong with the account.
    """

    central: object
    apps: object
    standing: object


SELLER_CENTRAL = Central(
    _lt("Seller Central"),
    _lt("Seller Central (Apps and Services > Develop Apps)"),
    _lt("Seller Central (Account Health)"),
)
VENDOR_CENTRAL = Central(
    _lt("Vendor Central"), _lt("Vendor Central (Integration > API Integration)"), _lt("Vendor Central")
)

_FOREIGN = _lt(
    "Something else than Amazon answers at this address. Check the environment and the server address on the account,"
    " and whether a proxy or firewall stands between this server and Amazon."
)
_SECRET = _lt(
    "The client secret has expired: Amazon's client secrets are valid for 180 days. Create a new one in %(apps)s and"
    " enter it here. The refresh token stays valid."
)
_REVOKED = _lt(
    "Amazon does not accept the refresh token: it was not copied as a whole, is another application's, or the"
    " authorization was revoked or has expired. Authorize the application again in %(central)s and enter the new"
    " refresh token."
)


class Refusal(NamedTuple):
    """A row of the table; the first that fits is the one.

    :param kind: of the job's error: ``credentials``, ``access``, ``later`` or ``other``.
    :param text: what is the matter and what a person does about it.
    :param codes: Amazon's codes, or ours; none: any.
    :param words: regular expression for Amazon's code and message; empty: any.
    """

    kind: str
    text: object
    codes: list | tuple = ()
    words: str = ""

    def fits(self, error):
        """Tell whether this is what Amazon means."""
        return (not self.codes or error.code in self.codes) and bool(
            re.search(self.words, f"{error.code} {error.message}", re.IGNORECASE)
        )


#: Class of the error → its rows; the last row of each fits whatever is left.
REFUSALS = {
    CredentialsError: (
        Refusal("credentials", _lt("The client ID is missing. Please enter it."), ["missing"], "client_id"),
        Refusal("credentials", _lt("The client secret is missing. Please enter it."), ["missing"], "client_secret"),
        Refusal("credentials", _lt("The refresh token is missing. Please enter it."), ["missing"]),
        Refusal(
            "credentials",
            _lt(
                "The stored client secret or refresh token cannot be read any more (the encryption key has changed)."
                " Please enter both again."
            ),
            ["undecryptable"],
        ),
        Refusal(
            "credentials",
            _lt(
                "The encryption keys in %(message)s cannot be read: each must be “id:key” with 32 bytes in URL-safe"
                " base64. Whoever runs the server must put this right; what is stored can be read again then."
            ),
            ["key_ring"],
        ),
        Refusal("credentials", _SECRET, words=r"secret\b.*\bexpired|expired\b.*\bsecret"),
        Refusal("credentials", _REVOKED, ("invalid_grant", "access_denied")),
        Refusal(
            "credentials",
            _lt(
                "Amazon does not accept the client ID or client secret. Client secrets expire after 180 days: create a"
                " new one in %(apps)s and enter it here."
            ),
            ["invalid_client"],
        ),
        Refusal(
            "credentials",
            _lt(
                "This refresh token belongs to another application. Client ID, secret and refresh token must come from"
                " the same application."
            ),
            ["unauthorized_client"],
        ),
        Refusal(
            "later",
            _lt("Amazon's login is in trouble. Nothing is wrong with your credentials."),
            ["server_error", "temporarily_unavailable"],
        ),
        Refusal(
            "credentials",
            _lt(
                "Amazon's login refuses the request. Copy the client ID, the client secret and the refresh token once"
                " more from %(apps)s."
            ),
        ),
    ),
    AccessDenied: (
        Refusal("credentials", _SECRET, words=r"secret\b.*\bexpired|expired\b.*\bsecret"),
        Refusal(
            "later",
            _lt("Amazon calls a pass expired that it has just issued. Nothing is wrong with your credentials."),
            words=r"access token\b.*\bexpired",
        ),
        Refusal(
            "credentials",
            _lt(
                "The authorization of the application has expired: Amazon wants it renewed every year. Authorize the"
                " application again in %(central)s and enter the new refresh token."
            ),
            words=r"authori[sz]ation\b.*\bexpired|re-?authori[sz]",
        ),
        Refusal("credentials", _REVOKED, words=r"token\b.*\b(revoked|malformed|invalid)|(revoked|invalid)\b.*\btoken"),
        Refusal(
            "access",
            _lt(
                "Amazon has blocked the application or your developer profile. See the messages in %(apps)s"
                " and answer them there."
            ),
            words=r"(application|app|developer)\b.*\b(suspended|deactivated|disabled|blocked|removed|not approved)",
        ),
        Refusal(
            "access",
            _lt("The account is not active at Amazon. %(standing)s says why and what Amazon wants."),
            words=r"(seller|merchant|selling partner|seller account|account)\b.*"
            r"\b(suspended|deactivated|inactive|not active|blocked|closed|disabled)",
        ),
        Refusal(
            "access",
            _lt(
                "The seller does not take part in one of the account's marketplaces, or the application is not"
                " authorized for it. Remove the marketplace from the account, or register for it in %(central)s and"
                " authorize the application again."
            ),
            words=r"marketplace",
        ),
        Refusal(
            "access",
            _lt(
                "The application lacks a restricted role. In %(apps)s, ask for"
                " “Direct-to-Consumer Shipping” and authorize the application again."
            ),
            words=r"data elements?|restricted|personally identifiable|\bPII\b",
        ),
        Refusal(
            "other",
            _lt("Amazon does not offer this interface any more. Please update this addon."),
            words=r"not available|no longer|deprecated|retired",
        ),
        Refusal(
            "access",
            _lt(
                "Amazon's gateway turns the call away before it is looked at. Check the region and the environment on"
                " the account, and whether Amazon blocks the address of this server."
            ),
            words=r"^\s*forbidden|missing authentication token|security token|signature",
        ),
        Refusal(
            "access",
            _lt(
                "Amazon denies access to %(operation)s. In %(apps)s, check"
                " that the application has the roles this needs and authorize it again."
            ),
        ),
    ),
    NotFound: (Refusal("other", _lt("Amazon does not know what was asked for, or does not show it yet.")),),
    BadRequest: (
        Refusal(
            "other",
            _lt("The address of the server is not usable. Check the environment and the addresses on the account."),
            ["InvalidEndpoint"],
        ),
        Refusal(
            "other",
            _lt(
                "Amazon refuses the request because of a marketplace. Check that the account's marketplaces lie in its"
                " region and that you sell there."
            ),
            words=r"marketplace",
        ),
        Refusal(
            "other",
            _lt(
                "Amazon refuses the request. Nothing is lost. If it lasts, report it to whoever looks after this addon,"
                " or to Amazon's developer support, with the answer below."
            ),
        ),
    ),
    QuotaExceeded: (Refusal("quota", ""),),
    RetryLater: (
        Refusal(
            "later",
            _lt("Amazon cannot be reached: this server finds no way to it. Check the server's network."),
            ["not_connected"],
        ),
        Refusal("later", _lt("Amazon did not answer in time, or the connection was cut."), ["no_answer"]),
        Refusal("later", _lt("Amazon could not make the report that it was asked for."), ["report_failed"]),
        Refusal("later", _lt("Amazon is in trouble.")),
    ),
    MalformedAnswer: (
        Refusal(
            "later",
            _lt(
                "Amazon shows the same orders again and again instead of the next ones. The search is started over;"
                " nothing is lost."
            ),
            ["same_page"],
        ),
        Refusal(
            "later",
            _lt(
                "Amazon gives one page after another without an order, and no end of them. The search is started over;"
                " nothing is lost."
            ),
            ["empty_pages"],
        ),
        Refusal("later", _lt("Amazon's answer cannot be read.")),
    ),
    SellingPartnerError: (Refusal("other", _lt("Amazon refuses the request.")),),
}
_SENDING_FEEDS = _lt("sending feeds")
_READING_FEEDS = _lt("reading what became of feeds")
_LISTINGS = _lt("reading SKUs")
_REPORTS = _lt("reports")
_FINANCES = _lt("transactions and refunds")
_LABELS = _lt("shipping labels")
_PACKING_SLIPS = _lt("packing slips")
_INVOICES = _lt("customer invoices")
#: What Amazon's operations are for, by Amazon's names without what stands behind a dot.
PURPOSES = {
    "token": _lt("signing in"),
    "getMarketplaceParticipations": _lt("the list of your marketplaces"),
    "searchOrders": _lt("the search for orders"),
    "getOrder": _lt("reading single orders"),
    "confirmShipment": _lt("confirming shipments"),
    "createFeedDocument": _SENDING_FEEDS,
    "uploadDocument": _SENDING_FEEDS,
    "createFeed": _SENDING_FEEDS,
    "cancelFeed": _SENDING_FEEDS,
    "getFeed": _READING_FEEDS,
    "getFeeds": _READING_FEEDS,
    "getFeedDocument": _READING_FEEDS,
    "downloadDocument": _lt("fetching documents"),
    "getListingsItem": _LISTINGS,
    "searchListingsItems": _LISTINGS,
    "patchListingsItem": _lt("sending stock"),
    "createReport": _REPORTS,
    "cancelReport": _REPORTS,
    "getReport": _REPORTS,
    "getReports": _REPORTS,
    "getReportDocument": _REPORTS,
    "listTransactions": _FINANCES,
    "listFinancialEvents": _FINANCES,
    "listFinancialEventsByOrderId": _FINANCES,
    "createRestrictedDataToken": _lt("reading customers' names and addresses"),
    "getOrders": _lt("the search for orders"),
    "submitAcknowledgement": _lt("acknowledging orders"),
    "getTransactionStatus": _lt("reading what became of submissions"),
    "submitShippingLabelRequest": _LABELS,
    "createShippingLabels": _LABELS,
    "getShippingLabels": _LABELS,
    "getShippingLabel": _LABELS,
    "submitShipmentConfirmations": _lt("confirming shipments"),
    "submitShipmentStatusUpdates": _lt("sending the status of deliveries"),
    "getPackingSlips": _PACKING_SLIPS,
    "getPackingSlip": _PACKING_SLIPS,
    "getCustomerInvoices": _INVOICES,
    "getCustomerInvoice": _INVOICES,
    "submitInventoryUpdate": _lt("sending stock"),
}
_SOON = (_lt("It is tried again by itself."), _lt("Please press again in a few minutes."))
#: What can be wrong with a field.
_UNREADABLE = {
    "missing": _lt("The field %(field)s is missing."),
    "wrong_type": _lt("The field %(field)s does not hold what it should."),
    "too_long": _lt("The field %(field)s is too long."),
    "unprintable": _lt("The field %(field)s holds characters that cannot be written."),
    # Of settlement files, whose fields are lines and columns.
    "ambiguous_number": _lt(
        "%(field)s: the file does not show whether a number such as 1,234 is more than a thousand or has decimals."
    ),
    "ambiguous_date": _lt(
        "%(field)s: the file does not show whether a date such as 03/04 has the day or the month first."
    ),
    "other_numbers": _lt("%(field)s: the number is written otherwise than those before."),
    "other_dates": _lt("%(field)s: the date has day and month the other way round than those before."),
    "columns": _lt(
        "%(field)s has not as many columns as the first line: the file was cut or changed. Download it from Seller"
        " Central again, and upload it as it is."
    ),
    "cut": _lt(
        "The file is cut: its end is missing (%(field)s). Download it from Seller Central again, and upload it as it"
        " is."
    ),
    "no_total": _lt(
        "%(field)s stands before the total of any settlement: the file's beginning is missing. Download it from Seller"
        " Central again, and upload it as it is."
    ),
    "other_settlement": _lt("%(field)s: the line is of another settlement than the total above it."),
    "other_currency": _lt("%(field)s: the line is in another currency than the total above it."),
    "twice": _lt("It has the column %(field)s twice."),
    "unknown_column": _lt(
        "It has the column %(field)s, which is not known here. Nothing was read. Say what it is under Amazon >"
        " Configuration > Report Columns; then it is read again."
    ),
}
#: What somebody's program has made of a file, most likely.
_CHANGED = _lt(
    "%(field)s does not hold what it should: the file may have been changed. Download it from Seller Central again, and"
    " upload it as it is."
)
#: How a file's readers name a place in it.
_LINE = re.compile(r"line (\d+)(?:, (.+))?")
#: What a settlement file is that is none, or not of this kind.
_OTHER_FILES = {
    "old_report": _lt(
        "This is the settlement report of before (V1). Choose “Flat File V2” in Seller Central under Payments > All"
        " Statements."
    ),
    "date_range_report": _lt(
        "This is the report of a date range, not a settlement report. Choose “Flat File V2” in Seller Central under"
        " Payments > All Statements."
    ),
    "not_a_table": _lt(
        "This is no text file. Choose “Flat File V2” in Seller Central under Payments > All Statements, and upload it"
        " as it is."
    ),
    "other_report": _lt(
        "This is no settlement report. Choose “Flat File V2” in Seller Central under Payments > All Statements."
    ),
    "empty": _lt("The file has no settlement."),
    "too_large": _lt("The file is too large for a settlement report."),
}
#: What happens next, by the kind of error: in a job, and for whoever has pressed a button.
AGAIN = {
    "later": _SOON,
    "other": (_SOON[0], ""),
    "quota": (
        _lt("Amazon's quota for %(operation)s is used up; goes on by itself at %(time)s."),
        _lt("Amazon's quota for %(operation)s is used up; press again at %(time)s."),
    ),
}


def find(error):
    """Return the row of the table that fits.

    :param SellingPartnerError error: what went wrong.
    :rtype: Refusal
    """
    if error.foreign and not isinstance(error, RetryLater):
        return Refusal("access" if isinstance(error, AccessDenied) else "later", _FOREIGN)
    rows = next(rows for kind, rows in REFUSALS.items() if isinstance(error, kind))
    return next(row for row in rows if row.fits(error))


def explain(error, by_hand=False, central=SELLER_CENTRAL):
    """Say what went wrong, what to do about it and what happens next, and last what Amazon said, for whoever has to be
    shown that.

    :param SellingPartnerError error: what went wrong.
    :param bool by_hand: a person waits for the answer, and nothing is tried again by itself.
    :param Central central: where the account's people look at Amazon.
    :return: (kind, lines for a :class:`.said.Said` field or :func:`.said.say`).
    :rtype: tuple[str, list]
    """
    row = find(error)
    facts = {"operation": purpose(error.operation), "message": error.message, **central._asdict()}
    if isinstance(error, QuotaExceeded):
        facts["time"] = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=error.retry_after)
    lines = [with_facts(text, facts) for text in (row.text, AGAIN.get(row.kind, ("", ""))[by_hand]) if text]
    if isinstance(error, MalformedAnswer) and not row.codes and not error.foreign:
        lines.insert(1, unreadable(error))
    if error.status and not error.foreign and row.kind != "quota":
        lines.append(_lt("Amazon's answer: %s", str(error)))
    return row.kind, lines


def purpose(operation):
    """Say what an operation of Amazon's is for.

    :param str operation: Amazon's name of it.
    :return: ``_lt(…)``, or the name where there are no words for it.
    """
    return PURPOSES.get(operation.partition(".")[0], operation)


def unreadable(error):
    """Say what is wrong with what Amazon has sent: the field is named, its value never is.

    :param MalformedAnswer error: what was raised.
    :return: ``_lt(…)``.
    """
    if error.reason == "wrong_type" and _LINE.fullmatch(error.path or ""):
        return with_facts(_CHANGED, {"field": _place(error.path)})
    if error.path and error.reason in _UNREADABLE:
        return with_facts(_UNREADABLE[error.reason], {"field": _place(error.path)})
    if error.reason in _OTHER_FILES:
        return _OTHER_FILES[error.reason]
    if error.reason == "mixed_currencies":
        return _lt("Its amounts are in several currencies.")
    return _lt("It is incomplete, or written in a way that is not known here.")


def _place(path):
    """Say where something stands: of a file, whose parts are named "line 7, amount", in the reader's language."""
    found = _LINE.fullmatch(path)
    if not found:
        return path
    number, column = found.groups()
    if column:
        return _lt("line %(number)s, %(column)s", number=number, column=column)
    return _lt("line %(number)s", number=number)


def with_facts(text, facts):
    """Return a text of the table with what its placeholders stand for."""
    named = {name: fact for name, fact in facts.items() if f"%({name})s" in text._source}
    return LazyGettext(text._source, _module=text._module, **named)
