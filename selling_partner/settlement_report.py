"""The settlement report (``GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2``): what Amazon paid, and of what it consists.

A file holds one settlement or several, each a line with its total and then its amounts. Whether all of it can be read
is known before anything of it is used: a damaged file is refused as a whole.

What a refusal's ``reason`` is, beside those of :class:`.errors.MalformedAnswer`: ``ambiguous_number``,
``ambiguous_date``, ``other_numbers`` and ``other_dates`` (see :mod:`.settlement_forms`), ``cut``, ``no_total`` (an
amount before any settlement's total), ``other_settlement`` and ``other_currency`` (an amount of another one than
it stands below), ``columns``, ``twice``, ``old_report``, ``date_range_report``, ``not_a_table`` and ``other_report``,
``empty``.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from os import SEEK_END
from types import MappingProxyType
from typing import NamedTuple

from .documents import charsets_of, texts_of
from .errors import MalformedAnswer
from .flat_files import label, lines_of
from .reader import LONGEST_IDENTIFIER, clean
from .settlement_forms import Dates, Numbers, refuse

REPORT_TYPE_SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"

NEEDED_COLUMNS = (
    *("settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency"),
    *("transaction-type", "order-id", "marketplace-name", "amount-type", "amount-description", "amount"),
    *("order-item-code", "sku"),
)
#: One of these is needed, too.
DATE_COLUMNS = ("posted-date-time", "posted-date")
COLUMNS = (*NEEDED_COLUMNS, *DATE_COLUMNS, "quantity-purchased", "adjustment-id", "shipment-id", "fulfillment-id")
#: What is known and not needed.
PASSED_OVER = ("merchant-order-id", "merchant-order-item-id", "merchant-adjustment-item-id", "promotion-id")
#: Columns of the report before V2.
_OLD_COLUMNS = ("price-type", "item-related-fee-type", "shipment-fee-type", "order-fee-type", "misc-fee-amount")
_DAYS = ("settlement-start-date", "settlement-end-date", "deposit-date", *DATE_COLUMNS)
_AMOUNTS = ("total-amount", "amount", "quantity-purchased")
_BY_LABEL = MappingProxyType({label(name): name for name in COLUMNS})
_KNOWN = frozenset(label(name) for name in PASSED_OVER)
_LARGEST_QUANTITY = 2**31 - 1
#: What bytes become that are no character.
_DAMAGED = re.compile("[\ue000-\uf8ff\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What Amazon paid for a while.

    :param line: its number in the file, counted from 1.
    :param start: aware ``datetime`` in UTC, as ``end`` and ``deposited``.
    :param deposited: when the money is on its way to the bank; None where the file does not say.
    :param total: what is paid, in ``currency``; negative where the seller owes Amazon.
    :param amount: what its lines come to, which should be the total.
    :param count: how many lines it has.
    :param digest: the same for the same lines, in whatever order, charset and form they are written.
    """

    settlement_id: str
    line: int
    start: datetime
    end: datetime
    deposited: datetime | None
    total: Decimal
    currency: str
    amount: Decimal = Decimal(0)
    count: int = 0
    digest: str = ""

    @property
    def agrees(self):
        """Whether its lines are all of it."""
        return self.amount == self.total


class SettlementLine(NamedTuple):
    """One amount of a settlement.

    :param line: its number in the file, counted from 1.
    :param item_id: Amazon's order item, as Orders has it.
    :param posted_at: aware ``datetime`` in UTC; None where the file has days only, and where nothing stands there.
    :param posted_on: the day that the file has, in whatever zone Amazon meant; None where nothing stands there.
    """

    line: int
    transaction_type: str
    amount_type: str
    description: str
    amount: Decimal
    order_id: str
    item_id: str
    sku: str
    quantity: int | None
    marketplace: str
    posted_at: datetime | None
    posted_on: date | None
    adjustment_id: str
    shipment_id: str
    channel: str


def read_settlements(document):
    """Read a settlement report.

    :param document: :class:`.documents.DocumentFile`, or another pair of a seekable binary file or ``bytes``, and
        content type. It must stay open while the report is used.
    :return: :class:`SettlementReport`.
    :raises MalformedAnswer: when anything in it cannot be read; ``path`` is the line and the column.
    """
    content, content_type = document
    file = BytesIO(content) if isinstance(content, (bytes, bytearray)) else content
    _check_is_text(file)
    refusal = None
    # The header tells which charset it is where several fit.
    for charset, errors in charsets_of(file, content_type or ""):
        lines = lines_of(texts_of(file, charset, errors))
        try:
            columns, unknown = _columns(next(lines, ""))
        except MalformedAnswer as error:
            refusal = refusal or error
            continue
        # Japanese bytes, damaged or few, look as if they were Windows' Latin.
        if charset != "cp1252" or "JPY" not in next(lines, "").split("\t"):
            return SettlementReport(file, (charset, errors), columns, unknown)
    raise refusal


class SettlementReport:
    """A report whose every line can be read.

    :ivar settlements: tuple of :class:`Settlement`, in the file's order; one that it repeats comes again.
    :ivar unknown_columns: names of columns that are not known, and passed over.
    """

    def __init__(self, file, charset, columns, unknown):
        self._file, self._charset, self._columns = file, charset, columns
        self.unknown_columns = unknown
        self._numbers, self._dates = Numbers(), Dates()
        self._learn_forms()
        self.settlements = tuple(self._checked())
        if not self.settlements:
            raise MalformedAnswer("the settlement report has no settlement", reason="empty")
        self._check_end()

    def __iter__(self):
        """Read the settlements one after the other.

        :return: iterator of a :class:`Settlement` and an iterator of its :class:`SettlementLine`, to be used before the
            next settlement is; lines that are not used cost next to nothing.
        """
        rows = self._rows()
        for settlement in self.settlements:
            yield settlement, self._lines(settlement, rows)

    def _lines(self, settlement, rows):
        for number, row in rows:
            # Those that nobody wanted of the settlements before.
            if number <= settlement.line:
                continue
            if row["total-amount"]:
                return
            yield self._line(number, row)

    # --- passes over the file --------------------------------------------------------------------------------------
    def _rows(self):
        """Return the lines that are not empty, as numbers and dicts of texts by columns."""
        lines = lines_of(texts_of(self._file, *self._charset))
        next(lines, None)
        columns = self._columns
        for number, line in enumerate(lines, 2):
            if not line.strip():
                continue
            cells = [cell.strip() for cell in line.split("\t")]
            if len(cells) != len(columns) and (len(cells) < len(columns) or any(cells[len(columns) :])):
                refuse(f"line {number}", f"has {len(cells)} columns instead of {len(columns)}", "columns")
            yield number, dict(zip(columns, cells, strict=False))

    def _learn_forms(self):
        currency = ""
        for number, row in self._rows():
            currency = row["currency"] or currency
            for column in _AMOUNTS:
                if row.get(column):
                    whole = "JPY" if column == "quantity-purchased" else currency
                    self._numbers.see(row[column], _place(number, column), whole)
            for column in _DAYS:
                if row.get(column):
                    self._dates.see(row[column], _place(number, column))
            if row.get("posted-date") and row.get("posted-date-time"):
                place = _place(number, "posted-date")
                self._dates.see_both(row["posted-date"], row["posted-date-time"], place)
        self._numbers.settle()
        self._dates.settle()

    def _checked(self):
        """Read everything once; return the settlements."""
        head, count, amount, marks = None, 0, Decimal(0), 0
        for number, row in self._rows():
            if row["total-amount"]:
                if head:
                    yield _with_sums(head, count, amount, marks)
                head, count, amount, marks = self._head(number, row), 0, Decimal(0), 0
                continue
            _check_belongs(head, number, row)
            line = self._line(number, row)
            count, amount, marks = count + 1, amount + line.amount, marks + _mark(line)
        if head:
            yield _with_sums(head, count, amount, marks)

    def _check_end(self):
        """Refuse a file that ends in the middle of something, as far as that shows."""
        charset, _errors = self._charset
        size = 2 if charset.startswith("utf-16") else 1
        self._file.seek(-size, SEEK_END)
        if b"\n" in self._file.read(size):
            return
        # Its end may be missing only where nothing else does.
        *_, last = lines_of(texts_of(self._file, *self._charset))
        cell = last.split("\t")[-1]
        if not self.settlements[-1].agrees or self._columns[-1] in COLUMNS or not cell.isascii():
            refuse("the last line", "is cut", "cut")

    # --- a line ----------------------------------------------------------------------------------------------------
    def _head(self, number, row):
        if row["amount"]:
            refuse(_place(number, "amount"), "stands beside a total", "wrong_type")
        currency = row["currency"]
        if not re.fullmatch("[A-Z]{3}", currency):
            refuse(_place(number, "currency"), "is no currency", "wrong_type" if currency else "missing")
        start, end = (self._moment(number, row, f"settlement-{name}-date", needed=True) for name in ("start", "end"))
        if end < start:
            refuse(_place(number, "settlement-end-date"), "is before the start", "wrong_type")
        return Settlement(
            settlement_id=_text(number, row, "settlement-id", needed=True),
            line=number,
            start=start,
            end=end,
            deposited=self._moment(number, row, "deposit-date"),
            total=self._numbers.read(row["total-amount"], _place(number, "total-amount")),
            currency=currency,
        )

    def _line(self, number, row):
        if not row["amount"]:
            refuse(_place(number, "amount"), "is missing", "missing")
        time = row.get("posted-date-time", "")
        day = row.get("posted-date") or time
        return SettlementLine(
            line=number,
            transaction_type=_text(number, row, "transaction-type"),
            amount_type=_text(number, row, "amount-type"),
            description=_text(number, row, "amount-description"),
            amount=self._numbers.read(row["amount"], _place(number, "amount")),
            order_id=_text(number, row, "order-id"),
            item_id=_text(number, row, "order-item-code"),
            sku=_text(number, row, "sku"),
            quantity=self._quantity(number, row.get("quantity-purchased")),
            marketplace=_text(number, row, "marketplace-name"),
            posted_at=self._moment(number, row, "posted-date-time") if ":" in time else None,
            posted_on=self._dates.day(day, _place(number, "posted-date")) if day else None,
            adjustment_id=_text(number, row, "adjustment-id"),
            shipment_id=_text(number, row, "shipment-id"),
            channel=_text(number, row, "fulfillment-id"),
        )

    def _moment(self, number, row, column, needed=False):
        text = row.get(column)
        if text:
            return self._dates.moment(text, _place(number, column))
        if needed:
            refuse(_place(number, column), "is missing", "missing")
        return None

    def _quantity(self, number, text):
        if not text:
            return None
        place = _place(number, "quantity-purchased")
        quantity = self._numbers.read(text, place)
        if quantity != int(quantity) or abs(quantity) > _LARGEST_QUANTITY:
            refuse(place, "is no quantity", "wrong_type")
        return int(quantity)


def _place(number, column):
    return f"line {number}, {column}"


def _text(number, row, column, needed=False):
    text = row.get(column, "")
    if needed and not text:
        refuse(_place(number, column), "is missing", "missing")
    if len(text) > LONGEST_IDENTIFIER:
        refuse(_place(number, column), "is too long", "too_long")
    if clean(text) != text or _DAMAGED.search(text):
        refuse(_place(number, column), "has characters that cannot be read", "unprintable")
    return text


def _check_belongs(head, number, row):
    if head is None:
        refuse(f"line {number}", "stands before the total of any settlement", "no_total")
    if row["settlement-id"] != head.settlement_id:
        refuse(_place(number, "settlement-id"), "is another one than above", "other_settlement")
    if row["currency"] not in ("", head.currency):
        refuse(_place(number, "currency"), "is another one than above", "other_currency")


# --- whether it is the same ----------------------------------------------------------------------------------------
def _plain(amount):
    return f"{amount.normalize():f}" if amount else "0"


def _mark(line):
    """Return a number for what a line says; where it stands does not matter."""
    said = repr((_plain(line.amount), *(str(value or "") for value in line._replace(line=0, amount=0))))
    return int.from_bytes(hashlib.sha256(said.encode()).digest())


def _with_sums(head, count, amount, marks):
    said = (head.settlement_id, head.start, head.end, head.deposited, _plain(head.total), head.currency)
    digest = hashlib.sha256(repr((*map(str, said), count, marks % 2**256)).encode()).hexdigest()
    facts = {name: getattr(head, name) for name in Settlement.__slots__}
    return Settlement(**{**facts, "count": count, "amount": amount, "digest": digest})


# --- the header ----------------------------------------------------------------------------------------------------
def _check_is_text(file):
    file.seek(0)
    start = file.read(4096)
    if not start.strip():
        raise MalformedAnswer("the settlement report is empty", reason="empty")
    if start.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise MalformedAnswer("this is no text file", reason="not_a_table")
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise MalformedAnswer("this is an XML file", reason="not_a_table")


def _columns(line):
    """Read the header.

    :return: the columns' names in their order, ``''`` for one that is passed over; those that are not known.
    """
    names = [name.strip(' \ufeff"') for name in line.split("\t")]
    columns = [_BY_LABEL.get(label(name), "") for name in names]
    missing = [column for column in NEEDED_COLUMNS if column not in columns]
    if not set(DATE_COLUMNS) & set(columns):
        missing.append(DATE_COLUMNS[0])
    if missing:
        raise _refusal_of(names, missing)
    for column in columns:
        if column and columns.count(column) > 1:
            raise MalformedAnswer(f"the settlement report has the column {column} twice", reason="twice", path=column)
    unknown = (
        clean(name)[:100]
        for name, column in zip(names, columns, strict=True)
        if not column and name and label(name) not in _KNOWN
    )
    return columns, tuple(unknown)


def _refusal_of(names, missing):
    """Return why a file without these columns is none that can be read."""
    labels = {label(name) for name in names}
    if labels & {label(name) for name in _OLD_COLUMNS}:
        return MalformedAnswer("this is the settlement report before V2", reason="old_report")
    text = "\t".join(names)
    if re.match('"?(date/time|日付/時間|Datum/Uhrzeit|Includes Amazon|Amazonマーケットプレイス)', text, re.IGNORECASE):
        return MalformedAnswer("this is the report of a date range", reason="date_range_report")
    if len(missing) > len(NEEDED_COLUMNS) // 2:
        return MalformedAnswer("this is no settlement report", reason="other_report")
    return MalformedAnswer(
        f"line 1 of the settlement report lacks the column {missing[0]}", reason="missing", path=missing[0]
    )
