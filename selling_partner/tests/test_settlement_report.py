"""The settlement report: its forms, its charsets, and everything that makes a file unusable."""

import time
import tracemalloc
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from tempfile import TemporaryFile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from selling_partner.errors import MalformedAnswer
from selling_partner.settlement_report import COLUMNS, PASSED_OVER, read_settlements

V2 = (
    *("settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency"),
    *("transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name"),
    *("amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time"),
    *("order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased"),
    "promotion-id",
)
HEAD = {
    "settlement-id": "11000000001",
    "settlement-start-date": "2026-11-01 00:00:00 UTC",
    "settlement-end-date": "2026-11-15 00:00:00 UTC",
    "deposit-date": "2026-11-17 00:00:00 UTC",
    "total-amount": "85.50",
    "currency": "EUR",
}
SALE = {
    "settlement-id": "11000000001",
    "transaction-type": "Order",
    "order-id": "302-1234567-1234567",
    "shipment-id": "S1",
    "marketplace-name": "Amazon.de",
    "amount-type": "ItemPrice",
    "amount-description": "Principal",
    "amount": "95.00",
    "fulfillment-id": "MFN",
    "posted-date": "2026-11-14",
    "posted-date-time": "2026-11-14 23:30:00 UTC",
    "order-item-code": "30000000000001",
    "sku": "SKU-1",
    "quantity-purchased": "1",
    "promotion-id": "P",
}
FEE = {**SALE, "amount-type": "ItemFees", "amount-description": "Commission", "amount": "-9.50", "promotion-id": ""}


def text(*rows, header=V2, end="\n"):
    return end.join(["\t".join(header), *("\t".join(row.get(name, "") for name in header) for row in rows), ""])


def read(content, content_type="text/plain"):
    document = (content.encode() if isinstance(content, str) else content, content_type)
    report = read_settlements(document)
    return report, [(settlement, list(lines)) for settlement, lines in report]


def refused(content):
    with pytest.raises(MalformedAnswer) as caught:
        read(content)
    return caught.value


def test_a_settlement():
    report, ((settlement, lines),) = read(text(HEAD, SALE, FEE))
    assert report.unknown_columns == ()
    assert (settlement.settlement_id, settlement.line, settlement.count) == ("11000000001", 2, 2)
    assert (settlement.total, settlement.amount, settlement.currency) == (Decimal("85.50"), Decimal("85.50"), "EUR")
    assert settlement.agrees
    assert settlement.start == datetime(2026, 11, 1, tzinfo=timezone.utc)
    assert settlement.deposited == datetime(2026, 11, 17, tzinfo=timezone.utc)
    first, second = lines
    assert (first.line, first.amount, first.quantity, first.channel) == (3, Decimal("95.00"), 1, "MFN")
    assert (first.transaction_type, first.amount_type, first.description) == ("Order", "ItemPrice", "Principal")
    assert (first.order_id, first.item_id, first.sku) == ("302-1234567-1234567", "30000000000001", "SKU-1")
    assert (first.marketplace, first.shipment_id, first.adjustment_id) == ("Amazon.de", "S1", "")
    assert first.posted_at == datetime(2026, 11, 14, 23, 30, tzinfo=timezone.utc)
    assert first.posted_on == date(2026, 11, 14)
    assert (second.line, second.amount) == (4, Decimal("-9.50"))


def test_several_and_those_that_are_left_out():
    other = {**HEAD, "settlement-id": "2", "total-amount": "95"}
    content = text(HEAD, SALE, FEE, other, {**SALE, "settlement-id": "2"}, HEAD, SALE, FEE)
    report, blocks = read(content)
    assert [(s.settlement_id, len(lines)) for s, lines in blocks] == [("11000000001", 2), ("2", 1), ("11000000001", 2)]
    first, second, third = report.settlements
    assert first.digest == third.digest != second.digest
    # Nobody has to read the lines of each, nor all lines of one.
    wanted = [[line.amount for line in lines] for settlement, lines in report if settlement == second]
    assert wanted == [[Decimal(95)]]
    assert [next(lines).line for _settlement, lines in report] == [3, 6, 8]


def test_columns_go_by_their_names():
    header = ["Something New", *reversed(V2), ""]
    report, ((settlement, lines),) = read(text(HEAD, {**SALE, "Something New": "x"}, FEE, header=header))
    assert report.unknown_columns == ("Something New",)
    assert settlement.digest == read(text(HEAD, SALE, FEE))[0].settlements[0].digest
    assert lines[0].sku == "SKU-1"
    short = [name for name in V2 if name in COLUMNS]
    assert read(text(HEAD, SALE, FEE, header=short))[1][0][0].digest == settlement.digest


def test_the_order_of_lines_does_not_matter_and_their_number_does():
    def digest(*rows):
        return read(text(HEAD, *rows))[0].settlements[0].digest

    assert digest(SALE, FEE) == digest(FEE, SALE)
    assert len({digest(SALE), digest(SALE, SALE), digest(SALE, FEE), digest(SALE, {**FEE, "sku": "X"})}) == 4


@pytest.mark.parametrize(
    "charset, content_type",
    [
        ("utf-8", ""),
        ("utf-8-sig", "text/plain; charset=UTF-8"),
        ("cp932", ""),
        ("cp932", "text/plain; charset=Shift_JIS"),
        ("utf-16", ""),
    ],
)
def test_charsets(charset, content_type):
    row = {**SALE, "sku": "髙級鞄①", "amount-description": "商品代金"}
    ((_settlement, (line, *_rest)),) = read(text(HEAD, row, FEE, end="\r\n").encode(charset), content_type)[1]
    assert (line.sku, line.description) == ("髙級鞄①", "商品代金")


def test_a_german_one_in_windows_charset():
    german = {**HEAD, "total-amount": "1.234,56", "settlement-start-date": "01.11.2026 00:00:00 UTC"}
    row = {**SALE, "sku": "Größe", "amount": "1.234,56", "posted-date": "03.11.2026"}
    ((settlement, (line,)),) = read(text(german, {**row, "posted-date-time": ""}).encode("cp1252"))[1]
    assert (settlement.total, settlement.start.month, settlement.agrees) == (Decimal("1234.56"), 11, True)
    assert (line.sku, line.posted_at, line.posted_on) == ("Größe", None, date(2026, 11, 3))


def test_a_japanese_one():
    times = {"settlement-start-date": "2026/11/01 09:00:00 JST", "settlement-end-date": "2026/11/15 9:00:00 JST"}
    japanese = {**HEAD, **times, "deposit-date": "2026/11/17", "total-amount": "1,234", "currency": "JPY"}
    row = {**SALE, "amount": "1,234", "posted-date": "2026/11/02", "posted-date-time": "2026/11/02 08:59:59 JST"}
    ((settlement, (line,)),) = read(text(japanese, row))[1]
    assert (settlement.total, settlement.start) == (1234, datetime(2026, 11, 1, tzinfo=timezone.utc))
    assert settlement.end == datetime(2026, 11, 15, tzinfo=timezone.utc)
    assert line.posted_at == datetime(2026, 11, 1, 23, 59, 59, tzinfo=timezone.utc)
    assert line.posted_on == date(2026, 11, 2)


@pytest.mark.parametrize(
    "total, amount, comes_to",
    [
        ("95,00", "1.234,56", "1234.56"),
        ("95.00", "1,234.56", "1234.56"),
        ("95.00", "1234.56", "1234.56"),
        ("95.00", "1,234", "1234"),
        ("95,00", "1.234", "1234"),
        ("95,00", "-1 234,5", "-1234.5"),
        ("95", "−95", "-95"),
        ("0.00", "+.5", "0.5"),
        ("1,23,456.00", "12,34,567", "1234567"),
        ("1,234,567", "1,234", "1234"),
        ("1234,567", "1", "1"),
    ],
)
def test_amounts(total, amount, comes_to):
    ((_settlement, (line,)),) = read(text({**HEAD, "total-amount": total}, {**SALE, "amount": amount}))[1]
    assert line.amount == Decimal(comes_to)


@pytest.mark.parametrize(
    "day, moment, posted_on",
    [
        ("11/14/26", "", date(2026, 11, 14)),
        ("14/11/2026", "", date(2026, 11, 14)),
        ("14-11-2026", "", date(2026, 11, 14)),
        ("14.11.2026", "", date(2026, 11, 14)),
        ("2026/11/14", "", date(2026, 11, 14)),
        ("11/02/26", "2026-11-02 10:00:00 UTC", date(2026, 11, 2)),
        ("02/11/26", "2026-11-02 10:00:00 UTC", date(2026, 11, 2)),
        ("11/01/26", "2026-11-02 01:00:00 UTC", date(2026, 11, 1)),
        ("11/02/26", "02.11.2026 10:00:00 UTC", date(2026, 11, 2)),
        ("11/11/26", "", date(2026, 11, 11)),
    ],
)
def test_days(day, moment, posted_on):
    row = {**SALE, "posted-date": day, "posted-date-time": moment}
    ((_settlement, (line,)),) = read(text({**HEAD, "total-amount": "95"}, row))[1]
    assert line.posted_on == posted_on


@pytest.mark.parametrize(
    "moment",
    [
        *("2026-11-14 23:30:00 UTC", "2026-11-14T23:30:00Z", "2026-11-14T23:30:00+00:00", "2026/11/15 08:30:00 JST"),
        *("14.11.2026 23:30:00 UTC", "11/14/26 11:30 PM UTC", "2026-11-14 15:30:00 PST", "2026-11-14 23:30:00"),
        "2026-11-15 00:30:00 GMT+01:00",
    ],
)
def test_moments(moment):
    ((_settlement, (line,)),) = read(text(HEAD, {**SALE, "posted-date": "", "posted-date-time": moment}))[1]
    assert line.posted_at == datetime(2026, 11, 14, 23, 30, tzinfo=timezone.utc)


NO_CLUE = {"settlement-start-date": "11/01/26", "settlement-end-date": "11/02/26", "deposit-date": ""}


@pytest.mark.parametrize(
    "rows, reason, path",
    [
        ([SALE], "no_total", "line 2"),
        ([HEAD, {**SALE, "amount": "9x"}], "wrong_type", "line 3, amount"),
        ([HEAD, {**SALE, "amount": ""}], "missing", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "1e5"}], "wrong_type", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "NaN"}], "wrong_type", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "(9.00)"}], "wrong_type", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "1.00.00"}], "other_numbers", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "95,0"}], "other_numbers", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "12,34.00"}], "wrong_type", "line 3, amount"),
        ([HEAD, {**SALE, "amount": "9" * 16}], "wrong_type", "line 3, amount"),
        ([{**HEAD, "total-amount": "1,234"}, {**SALE, "amount": "5"}], "ambiguous_number", "line 2, total-amount"),
        ([HEAD, {**SALE, "settlement-id": "2"}], "other_settlement", "line 3, settlement-id"),
        ([HEAD, {**SALE, "settlement-id": ""}], "other_settlement", "line 3, settlement-id"),
        ([HEAD, {**SALE, "currency": "USD"}], "other_currency", "line 3, currency"),
        ([{**HEAD, "currency": ""}, SALE], "missing", "line 2, currency"),
        ([{**HEAD, "currency": "EU"}, SALE], "wrong_type", "line 2, currency"),
        ([{**HEAD, "settlement-id": ""}], "missing", "line 2, settlement-id"),
        ([{**HEAD, "amount": "1"}], "wrong_type", "line 2, amount"),
        ([{**HEAD, "settlement-end-date": ""}], "missing", "line 2, settlement-end-date"),
        ([{**HEAD, "settlement-end-date": "2026-10-01"}], "wrong_type", "line 2, settlement-end-date"),
        ([HEAD, {**SALE, "posted-date": "yesterday"}], "wrong_type", "line 3, posted-date"),
        ([HEAD, {**SALE, "posted-date": "31.02.2026"}], "wrong_type", "line 3, posted-date"),
        ([HEAD, {**SALE, "posted-date": "26/11/01"}], "wrong_type", "line 3, posted-date"),
        ([HEAD, {**SALE, "posted-date-time": "2026-11-14 10:00:00 XYZ"}], "wrong_type", "line 3, posted-date-time"),
        ([HEAD, {**SALE, "posted-date-time": "2026-11-14 25:00:00"}], "wrong_type", "line 3, posted-date-time"),
        (
            [HEAD, {**SALE, "posted-date": "13/11/26"}, {**SALE, "posted-date": "11/14/26"}],
            "other_dates",
            "line 4, posted-date",
        ),
        (
            [{**HEAD, **NO_CLUE}, {**SALE, "posted-date": "11/03/26", "posted-date-time": ""}],
            "ambiguous_date",
            "line 2, settlement-start-date",
        ),
        ([HEAD, {**SALE, "quantity-purchased": "1.5"}], "wrong_type", "line 3, quantity-purchased"),
        ([HEAD, {**SALE, "sku": "S" * 201}], "too_long", "line 3, sku"),
        ([HEAD, {**SALE, "sku": "S\0"}], "unprintable", "line 3, sku"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_column(rows, reason, path):
    error = refused(text(*rows))
    assert (error.reason, error.path) == (reason, path)
    assert path in error.message


def test_whole_files_that_are_refused():
    header = "\t".join(V2)
    for content, reason in (
        ("", "empty"),
        (" \r\n", "empty"),
        (f"{header}\n", "empty"),
        ("PK\3\4 and so on", "not_a_table"),
        ("<?xml version='1.0'?><AmazonEnvelope/>", "not_a_table"),
        ("a,b,c\n1,2,3\n", "other_report"),
        ("<html>portal</html>", "not_a_table"),
        ('"日付/時間","決済番号","トランザクションの種類"\n', "date_range_report"),
        ('"Includes Amazon Marketplace, Fulfillment by Amazon (FBA)"\n', "date_range_report"),
        ("settlement-id\tprice-type\titem-related-fee-type\n", "old_report"),
        (f"{header}\tsku\n", "twice"),
        (f"{text(HEAD)}11000000001\tOrder\n", "columns"),
        (f"{text(HEAD, SALE)[:-1]}\tmore\n", "columns"),
    ):
        assert refused(content).reason == reason, content
    for column in V2:
        needed = column not in PASSED_OVER and column not in (
            *("adjustment-id", "shipment-id", "fulfillment-id", "quantity-purchased"),
            *("posted-date", "posted-date-time"),
        )
        content = text(HEAD, SALE, FEE, header=[name for name in V2 if name != column])
        if needed:
            assert (refused(content).reason, refused(content).path) == ("missing", column)
        else:
            read(content)
    dateless = [name for name in V2 if not name.startswith("posted")]
    assert refused(text(HEAD, SALE, FEE, header=dateless)).path == "posted-date-time"


def test_what_lacks_of_the_total_shows():
    ((settlement, lines),) = read(text(HEAD, SALE))[1]
    assert (settlement.agrees, settlement.amount, len(lines)) == (False, 95, 1)


def test_a_byte_that_is_damaged():
    japanese = {**HEAD, "total-amount": "95", "currency": "JPY"}
    for ending in (b"", b"\x81"):  # cut in a character that Latin lacks
        content = text(japanese, {**SALE, "sku": "鞄です"}).encode("cp932")
        content = content.replace("鞄".encode("cp932"), b"\xff\xff" + ending)
        assert refused(content).path == "line 3, sku"


def test_lines_that_are_empty_and_cells_that_are_too_many():
    content = text(HEAD, SALE, FEE).replace("P\n", "P\t\t \n\n \n")
    assert read(content)[1][0][0].agrees


# --- whatever is written is read -----------------------------------------------------------------------------------
# What Windows' Shift_JIS has twice comes back as the other one; the rest of these is nothing to be seen.
CHARACTERS = st.characters(
    codec="cp932", exclude_categories=("Cc", "Zs", "Zl", "Zp", "Cf", "Co"), exclude_characters="¢£¬‖−〜"
)
WORDS = st.text(CHARACTERS, max_size=12)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(timezone.utc))


def money(places):
    return st.decimals(Decimal(-10) ** 9, Decimal(10) ** 9, places=places, allow_nan=False, allow_infinity=False)


def grouped(group, mark, amount, places):
    whole = f"{abs(amount):,.{places}f}"
    return ("-" if amount < 0 else "") + whole.replace(",", "\0").replace(".", mark).replace("\0", group)


FORMS = {
    "ja": (lambda m: f"{m + timedelta(hours=9):%Y/%m/%d %H:%M:%S} JST", "", "."),
    "de": (lambda m: f"{m:%d.%m.%Y %H:%M:%S} UTC", ".", ","),
    "de_plain": (lambda m: f"{m:%d.%m.%Y %H:%M:%S} UTC", "", ","),
    "us": (lambda m: f"{m:%Y-%m-%d %H:%M:%S} UTC", ",", "."),
    "in": (lambda m: f"{m:%d-%m-%Y %H:%M:%S} UTC", ",", "."),
    "us_short": (lambda m: f"{m:%m/%d/%y %H:%M:%S} UTC", "", "."),
    "fr": (lambda m: f"{m:%d/%m/%Y %H:%M:%S} UTC", "\u00a0", ","),
}


@st.composite
def files(draw):
    """A file: its bytes, and of each settlement what stands in it."""
    form, places = draw(st.sampled_from(sorted(FORMS))), draw(st.sampled_from([0, 2]))
    moment, group, mark = FORMS[form]
    charset = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"] + ["cp932"] * (not places and group != "\u00a0")))
    header = draw(st.permutations([*V2, *draw(st.sampled_from([(), ("new-column",)]))]))
    rows, blocks = [], []
    for number in range(draw(st.integers(1, 3))):
        lines = draw(st.lists(st.tuples(money(places).filter(bool), WORDS, WORDS, MOMENTS), max_size=4))
        total, (start, end) = sum((line[0] for line in lines), Decimal(0)), sorted(draw(st.tuples(MOMENTS, MOMENTS)))
        ref = f"S{number}"
        head = {"settlement-id": ref, "currency": "EUR" if places else "JPY", "deposit-date": moment(end)}
        head |= {"settlement-start-date": moment(start), "settlement-end-date": moment(end)}
        rows.append({**head, "total-amount": grouped(group, mark, total, places)})
        for amount, sku, promotion, posted in lines:
            row = {"settlement-id": ref, "sku": sku, "promotion-id": promotion, "amount-type": "ItemPrice"}
            row |= {"amount": grouped(group, mark, amount, places), "posted-date-time": moment(posted)}
            rows.append({**row, "posted-date": moment(posted).split(" ")[0]})
        said = [(amount, sku.strip(), posted.replace(microsecond=0)) for amount, sku, _promotion, posted in lines]
        blocks.append((ref, total, start.replace(microsecond=0), said))
    return text(*rows, header=header, end=draw(st.sampled_from(["\n", "\r\n"]))).encode(charset), blocks


def said_by(content):
    return [
        (s.settlement_id, s.total, s.start, [(line.amount, line.sku, line.posted_at) for line in lines])
        for s, lines in read(content)[1]
    ]


UNSURE = ("ambiguous_date", "ambiguous_number")


@settings(max_examples=150)
@given(files())
def test_whatever_is_written_is_read(file):
    content, blocks = file
    try:
        assert said_by(content) == blocks
    except MalformedAnswer as error:
        # What is never so is misread.
        assert error.reason in UNSURE, error


@settings(max_examples=300)
@given(files(), st.data())
def test_a_file_that_is_cut_is_refused_or_says_no_more_than_it_holds(file, data):
    content, blocks = file
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    try:
        read_settlements((content, ""))
        report, found = read(cut)
    except MalformedAnswer:
        return
    *whole, (last, lines) = found
    said = [(s.settlement_id, s.total, s.start, [(n.amount, n.sku, n.posted_at) for n in ls]) for s, ls in found]
    assert said[:-1] == blocks[: len(whole)]
    ref, total, start, before = blocks[len(whole)]
    assert (said[-1][:3], said[-1][3]) == ((ref, total, start), before[: len(lines)])
    # Whoever is told of a settlement that does not add up knows that it is none.
    assume(sum((amount for amount, _sku, _posted in before[len(lines) :]), Decimal(0)))
    assert len(lines) == len(before) or not last.agrees
    assert report.settlements[-1].agrees or cut.rstrip(b"\0").endswith(b"\n")


# --- how large it may be -------------------------------------------------------------------------------------------
def test_many_lines_are_read_without_holding_them():
    count = 20_000
    with TemporaryFile() as file:
        file.write(text({**HEAD, "total-amount": f"{95 * count}.00"}).encode())
        row = text(SALE).encode().split(b"\n")[1]
        for number in range(count):
            file.write(row.replace(b"SKU-1", b"SKU-%d" % number) + b"\n")
        tracemalloc.start()
        start = time.perf_counter()
        report = read_settlements((file, ""))
        ((settlement, lines),) = ((settlement, sum(1 for _line in lines)) for settlement, lines in report)
        seconds, (_now, most) = time.perf_counter() - start, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (settlement.agrees, lines) == (True, count)
    assert most < 20 * 2**20
    assert seconds < 60
