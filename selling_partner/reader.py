"""Reading Amazon's JSON: exact numbers, clear refusals."""

import json
import re
from datetime import datetime, timezone
from decimal import Decimal
from types import MappingProxyType

from .errors import MalformedAnswer

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_AMOUNT = Decimal(10) ** 15
_MOST_DECIMALS = 10
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINES = re.compile("[\t\n\r]")
#: How many characters are taken of a field whose length nobody has bounded more closely. An index of PostgreSQL holds
#: some 2,700 bytes.
LONGEST_IDENTIFIER = 200
LONGEST_TEXT = 10_000


_NO_LENGTHS = MappingProxyType({})


class Literal(str):
    """A JSON number in the very digits it came in; or what is none, but stands where one belongs (``NaN``)."""

    __slots__ = ()


def loads(text, *, literal=False):
    """Parse JSON.

    What some programs write for no number (``NaN``, ``Infinity``) spoils the field it stands in and no other: it is
    kept as it is, and refused by whoever reads that field.

    :param text: ``bytes`` (UTF-8) or ``str``.
    :param bool literal: keep numbers as :class:`Literal` instead of ``int`` and ``Decimal``.
    :raises MalformedAnswer: when it is not JSON.
    """
    numbers = {"parse_float": Literal, "parse_int": Literal} if literal else {"parse_float": Decimal}
    try:
        return json.loads(text, parse_constant=Literal, **numbers)
    except (ValueError, ArithmeticError, RecursionError):
        pass
    # Raised out here because the parser's exception carries the whole document.
    raise MalformedAnswer("not JSON")


def compact(value, *, canonical=False):
    """Write JSON without spaces, numbers in the digits they came in.

    :param value: what :func:`loads` returned, best with ``literal=True``.
    :param bool canonical: sort keys, for comparing.
    :return: ``str``; may hold lone surrogates, so encode it with ``surrogatepass``.
    """
    if isinstance(value, dict):
        items = sorted(value.items()) if canonical else value.items()
        pairs = (f"{_text(key)}:{compact(entry, canonical=canonical)}" for key, entry in items)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(compact(entry, canonical=canonical) for entry in value) + "]"
    if isinstance(value, (Literal, Decimal)):
        return str(value)
    return _text(value)


# Made once: it is needed for every text of everything that is received.
_text = json.JSONEncoder(ensure_ascii=False).encode


def clean(text):
    """Take out what PostgreSQL cannot store or nobody can see: control characters but tabs and line ends; a lone
    surrogate becomes a question mark."""
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()


def is_identifier(text, longest):
    """Tell whether a text may name something: not too long, and without what would have to be taken out, for what is
    left names something else.

    :param int longest: how many characters it may have.
    """
    return len(text) <= longest and clean(text) == text and not _LINES.search(text)


def moment(text):
    """Read an ISO 8601 time.

    :return: aware ``datetime`` in UTC; a time without zone is taken as UTC.
    :raises ValueError: when it is none.
    """
    try:
        time = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("out of range") from None


def amount(value):
    """Read an amount: a decimal string in the Orders API, a number elsewhere.

    :return: exact ``Decimal``, less than 10**15 and with at most 10 decimals.
    :raises ValueError: when it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError("not an amount")
    text = str(value).strip()
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        raise ValueError("not an amount")
    number = Decimal(text)
    if abs(number) >= _LARGEST_AMOUNT or number.as_tuple().exponent < -_MOST_DECIMALS:
        raise ValueError("out of range")
    return number.quantize(Decimal(1)) if number.as_tuple().exponent > 0 else number


class Reader:
    """One JSON object and its path, read field by field; null is the same as missing.

    :param lengths: the most characters a field may have, by its name; what is not named there may have
        ``LONGEST_IDENTIFIER`` or ``LONGEST_TEXT``.
    :raises MalformedAnswer: from every method, when the field is not of the type asked for.
    """

    __slots__ = ("fields", "lengths", "path")

    def __init__(self, fields, path="", lengths=_NO_LENGTHS):
        if fields is None:
            fields = {}
        self.path = path
        self.lengths = lengths
        if not isinstance(fields, dict):
            self._refuse(path, "is not an object")
        self.fields = fields

    def __bool__(self):
        return any(value is not None for value in self.fields.values())

    def _refuse(self, path, why, reason="wrong_type"):
        raise MalformedAnswer(f"{path or 'the answer'} {why}", reason=reason, path=path)

    def _where(self, name):
        return f"{self.path}.{name}" if self.path else name

    def get(self, name, kind, convert, needed=False):
        """Read one field with ``convert``; ``kind`` says in the refusal what was expected."""
        value = self.fields.get(name)
        if value is None or value == "":
            if needed:
                self._refuse(self._where(name), "is missing", "missing")
            return None
        try:
            value = convert(value)
        except (ValueError, ArithmeticError):
            value = None
        if value is None or needed and value == "":
            self._refuse(self._where(name), f"is not {kind}")
        return value

    def text(self, name, needed=False):
        """Read what people read: what is too long is cut."""
        return (self.get(name, "text", _as_text, needed) or "")[: self.lengths.get(name, LONGEST_TEXT)]

    def identifier(self, name, needed=False, longest=None):
        """Read what names something: what is too long, or holds what no name may, is refused."""
        return self._identifier(name, self.get(name, "text", _as_written, needed) or "", longest)

    def identifiers(self, name):
        """Read a list of what :meth:`identifier` reads."""
        return tuple(self._identifier(name, entry) for entry in self.get(name, "a list of texts", _as_names) or ())

    def _identifier(self, name, value, longest=None):
        longest = longest or self.lengths.get(name, LONGEST_IDENTIFIER)
        if len(value) > longest:
            self._refuse(self._where(name), f"has more than {longest} characters", "too_long")
        if not is_identifier(value, longest):
            self._refuse(self._where(name), "has characters that cannot be written", "unprintable")
        return value

    def integer(self, name, needed=False):
        return self.get(name, "a whole number", _as_integer, needed)

    def flag(self, name):
        return self.get(name, "true or false", _as_flag) or False

    def time(self, name, needed=False):
        return self.get(name, "a time", _as_time, needed)

    def decimal(self, name, needed=False):
        return self.get(name, "an amount", amount, needed)

    def texts(self, name):
        longest = self.lengths.get(name, LONGEST_TEXT)
        return tuple(entry[:longest] for entry in self.get(name, "a list of texts", _as_texts) or ())

    def object(self, name):
        return Reader(self.fields.get(name), self._where(name), self.lengths)

    def objects(self, name, needed=False):
        entries = self.get(name, "a list", as_list, needed) or ()
        return [Reader(entry, f"{self._where(name)}[{index}]", self.lengths) for index, entry in enumerate(entries)]


def success(body, *, literal=False):
    """Read an answer that has succeeded, as its status says.

    :param bool literal: see :func:`loads`.
    :rtype: Reader
    :raises MalformedAnswer: when it is no JSON object, or names errors all the same.
    """
    answer = Reader(loads(body, literal=literal))
    if answer.fields.get("errors"):
        raise MalformedAnswer("errors in spite of success")
    return answer


def parse_nothing(body):
    """Read an answer that says nothing but its status."""
    if body.strip():
        success(body)


def _as_written(value):
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError("not text")
    return str(value)


def _as_text(value):
    return clean(_as_written(value))


def _as_integer(value):
    number = amount(value)
    if number != number.to_integral_value() or not 0 <= number <= _LARGEST_INTEGER:
        raise ValueError("not a whole number")
    return int(number)


def _as_flag(value):
    if not isinstance(value, bool):
        raise ValueError("not a flag")
    return value


def _as_time(value):
    if not isinstance(value, str):
        raise ValueError("not a time")
    return moment(value)


def as_list(value):
    """Convert for :meth:`Reader.get`: a list whose entries are not looked at yet."""
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def as_string(value):
    """Convert for :meth:`Reader.get`: text and nothing that could be taken for it."""
    if type(value) is not str:  # a number in its literal digits is a subclass of str
        raise ValueError("not text")
    return value


def _as_names(value):
    return [_as_written(entry) for entry in as_list(value) if entry is not None]


def _as_texts(value):
    return [_as_text(entry) for entry in as_list(value) if entry is not None]
