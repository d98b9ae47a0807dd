"""How a settlement file writes amounts and dates. Amazon writes them as the marketplace does, and says nowhere how.
What the values of a file leave open is not guessed: a wrong guess is wrong money."""

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

from .errors import MalformedAnswer
from .flat_files import ZONES

_SIGN = "[+\\-\u2212]?"
_SPACES = re.compile("(?<=[0-9])[ '\u2019\u00a0\u202f](?=[0-9]{3})")
_NUMBER = re.compile(f"{_SIGN}[0-9.,]*[0-9]")
_LARGEST = Decimal(10) ** 15
_MOST_DECIMALS = 10
#: Currencies without coins below one: three digits behind a separator are thousands.
_WHOLE = {"JPY", "KRW", "CLP", "VND", "ISK", "PYG", "UGX", "XOF", "XAF"}
_OTHER_MARK = {".": ",", ",": "."}

_TIME = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:[ T](\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?(?: ?([AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?:([A-Za-z]{3,4})|(Z)|(?:UTC|GMT)?([+-]\d\d):?(\d\d)?))?)?",
    re.ASCII,
)
_YEARS = range(2007, 2100)
_CACHED = 10_000


def refuse(place, why, reason):
    """Refuse a file.

    :param str place: its line and column.
    :param str reason: see :mod:`.settlement_report`.
    """
    raise MalformedAnswer(f"{place} of the settlement report {why}", reason=reason, path=place)


class Numbers:
    """How a file writes amounts: :meth:`see` them all, then :meth:`read` them."""

    def __init__(self):
        self.mark, self._doubtful = "", ""
        self._read = lru_cache(_CACHED)(self._read_anew)

    def see(self, text, place, currency):
        """Learn from an amount.

        :param str text: without spaces around it.
        :param str place: where it stands, for a refusal.
        :param str currency: its code, ``''`` where it is not known.
        """
        body = _SPACES.sub("", text)
        if not _NUMBER.fullmatch(body):
            refuse(place, "is no amount", "wrong_type")
        marks = [letter for letter in body if letter in _OTHER_MARK]
        if not marks:
            return
        if len(set(marks)) == 2:
            self._learn(marks[-1], place)
        elif len(marks) > 1:
            self._learn(_OTHER_MARK[marks[0]], place)
        elif not re.fullmatch(_SIGN + r"[1-9][0-9]{0,2}[.,][0-9]{3}", body):
            self._learn(marks[0], place)
        elif currency in _WHOLE:
            self._learn(_OTHER_MARK[marks[0]], place)
        else:
            self._doubtful = self._doubtful or place

    def _learn(self, mark, place):
        if self.mark and self.mark != mark:
            refuse(place, "has another decimal mark than those before", "other_numbers")
        self.mark = mark

    def settle(self):
        """Everything was seen.

        :raises MalformedAnswer: ``1,234`` may be one and something, or more than a thousand.
        """
        if self._doubtful and not self.mark:
            refuse(self._doubtful, "may be in thousands or have decimals", "ambiguous_number")

    def read(self, text, place):
        """Read an amount.

        :rtype: Decimal
        """
        amount = self._read(text)
        if amount is None:
            refuse(place, "is no amount", "wrong_type")
        return amount

    def _read_anew(self, text):
        mark, group = self.mark or ".", _OTHER_MARK[self.mark or "."]
        # India writes 1,23,456.
        whole = rf"[0-9]+|[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{2,3}})*{re.escape(group)}[0-9]{{3}}"
        body = _SPACES.sub("", text)
        match = re.fullmatch(rf"({_SIGN})({whole})?(?:{re.escape(mark)}([0-9]{{1,{_MOST_DECIMALS}}}))?", body)
        if not match or not (match[2] or match[3]):
            return None
        number = Decimal(f"{(match[2] or '0').replace(group, '')}.{match[3] or '0'}")
        return None if number >= _LARGEST else -number if match[1] in ("-", "\u2212") else number


class Dates:
    """How a file writes dates: :meth:`see` them all, then read them with :meth:`moment` and :meth:`day`."""

    def __init__(self):
        self.day_first, self._doubtful = None, ""
        self._moment = lru_cache(_CACHED)(self._moment_anew)
        self._seen = lru_cache(_CACHED)(self._order_in)

    def see(self, text, place):
        """Learn from a date, with a time or without."""
        order = self._seen(text)
        if order == "none":
            refuse(place, "is no date", "wrong_type")
        if order == "doubtful":
            self._doubtful = self._doubtful or place
        elif order:
            self._learn(order == "day", place)

    def see_both(self, day, moment, place):
        """Learn from a day and the same day's time, where it is clear which day that is."""
        if self._seen(day) == "doubtful" and self._seen(moment) is None and (known := self._moment_of(moment, True)):
            fits = [
                day_first
                for day_first in (True, False)
                # The day may be another zone's.
                if (read := self._moment_of(day, day_first)) and timedelta(days=-2) < read - known <= timedelta(days=1)
            ]
            if len(fits) == 1:
                self._learn(fits[0], place)

    def _learn(self, day_first, place):
        if self.day_first not in (None, day_first):
            refuse(place, "has day and month the other way round than those before", "other_dates")
        self.day_first = day_first

    def settle(self):
        """Everything was seen.

        :raises MalformedAnswer: ``03/04/26`` may be in March or in April.
        """
        if self._doubtful and self.day_first is None:
            refuse(self._doubtful, "may have the day or the month first", "ambiguous_date")

    def moment(self, text, place):
        """Read a time; without a zone it is UTC, without a time midnight.

        :return: aware ``datetime`` in UTC.
        """
        moment = self._moment(text)
        if moment is None:
            refuse(place, "is no date", "wrong_type")
        return moment

    def day(self, text, place):
        """Read a day.

        :rtype: date
        """
        moment = self.moment(re.split("[ T]", text)[0], place)
        return date(moment.year, moment.month, moment.day)

    def _moment_anew(self, text):
        return self._moment_of(text, bool(self.day_first))

    @staticmethod
    def _order_in(text):
        """Return what a date says of the order: ``day`` or ``month`` first, ``doubtful``, ``none`` where it is no date,
        None where it does not matter."""
        match = _TIME.fullmatch(text)
        if not match:
            return "none"
        if len(match[1]) == 4 or match[2] == ".":
            return None
        first, second = int(match[1]), int(match[3])
        if first > 12:
            return "day"
        if second > 12:
            return "month"
        return None if first == second else "doubtful"

    @staticmethod
    def _moment_of(text, day_first):
        match = _TIME.fullmatch(text)
        if not match:
            return None
        first, second, third = match[1], match[3], match[4]
        if len(first) == 4 and len(third) <= 2:
            year, month, day = first, second, third
        elif len(first) <= 2 and len(third) in (2, 4):
            year = third if len(third) == 4 else f"20{third}"
            month, day = (second, first) if day_first or match[2] == "." else (first, second)
        else:
            return None
        hour, zone = int(match[5] or 0), _zone(match)
        if match[8]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match[8] in "Pp" else 0)
        if zone is None or int(year) not in _YEARS:
            return None
        try:
            time = datetime(
                int(year), int(month), int(day), hour, int(match[6] or 0), int(match[7] or 0), tzinfo=timezone(zone)
            )
        except ValueError:
            return None
        return time.astimezone(timezone.utc)


def _zone(match):
    """Return how far from UTC a time is, None where that is not known."""
    if match[9]:
        hours = ZONES.get(match[9].upper())
        return None if hours is None else timedelta(hours=hours)
    if match[11]:
        minutes = int(match[11][1:]) * 60 + int(match[12] or 0)
        return timedelta(minutes=-minutes if match[11][0] == "-" else minutes) if minutes < 24 * 60 else None
    return timedelta(0)
