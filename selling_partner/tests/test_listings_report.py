"""The merchant listings report: its languages, its charsets, and what can be wrong with it."""

import tracemalloc
from datetime import datetime, timezone
from io import BytesIO
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selling_partner.errors import MalformedAnswer
from selling_partner.listings import Availability, Listing, UnreadableListing
from selling_partner.listings_report import COLUMNS, NEEDED_COLUMNS, PASSED_OVER, merchant_listings

JAPAN = "A1VC38T7YXB528"
JAPANESE = (
    *("商品名", "商品の説明", "出品ID", "出品者SKU", "価格", "数量", "出品日", "商品IDタイプ", "コンディション説明"),
    *("コンディション", "国外へ配送可", "迅速な配送", "商品ID", "在庫数", "フルフィルメント・チャンネル"),
    *("merchant-shipping-group", "ポイント", "ASIN 1", "ステータス", "法人価格", "数量割引のタイプ"),
    *("数量割引の下限 1", "商品税コード", "累積購入割引の種類", "調達タイプ"),
)
ENGLISH = (
    *("item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "open-date", "image-url"),
    *("item-is-marketplace", "product-id-type", "zshop-shipping-fee", "item-note", "item-condition", "asin1", "asin2"),
    *("will-ship-internationally", "expedited-shipping", "product-id", "add-delete", "pending-quantity"),
    *("fulfillment-channel", "merchant-shipping-group", "status", "Business Price", "Quantity Price 1"),
)
ROW = {
    "商品名": "髙級鞄～①",
    "出品者SKU": "二-1",
    "数量": "5",
    "在庫数": "77",
    "出品日": "2026/10/01 09:00:00 JST",
    "商品ID": "B000000001",
    "商品IDタイプ": "1",
    "フルフィルメント・チャンネル": "DEFAULT",
    "ステータス": "Active",
}
READ = Listing(
    sku="二-1",
    marketplace_id=JAPAN,
    asin="B000000001",
    title="髙級鞄～①",
    status=("Active",),
    channels=("fbm",),
    available=(Availability("DEFAULT", 5),),
    created=datetime(2026, 10, 1, tzinfo=timezone.utc),
)


def lines(header, *rows):
    return "\r\n".join(["\t".join(header), *("\t".join(row.get(name, "") for name in header) for row in rows), ""])


def read(text, charset="utf-8", content_type="", **options):
    return list(merchant_listings((text.encode(charset), content_type), JAPAN, **options))


@pytest.mark.parametrize(
    "charset, content_type",
    [
        ("cp932", "text/plain; charset=Windows-31J"),
        ("cp932", "text/plain; charset=Shift_JIS"),
        ("cp932", "text/plain"),
        ("cp932", ""),
        ("cp932", "text/plain; charset=UTF-8"),
        ("cp932", "text/plain; charset=ISO-8859-1"),
        ("cp932", "text/plain; charset=Cp1252"),
        ("utf-8", ""),
        ("utf-8", "text/plain; charset=Windows-31J"),
        ("utf-8-sig", "text/plain; charset=UTF-8"),
        ("utf-16", ""),
    ],
)
def test_the_japanese_report(charset, content_type):
    assert read(lines(JAPANESE, ROW), charset, content_type) == [READ]


def test_a_byte_that_is_damaged_costs_only_itself():
    content = lines(JAPANESE, ROW, {**ROW, "出品者SKU": "B"}).encode("cp932").replace("髙".encode("cp932"), b"\xff")
    first, second = merchant_listings((content, "text/plain; charset=Windows-31J"), JAPAN)
    assert (first.sku, second.sku, second.quantity) == ("二-1", "B", 5)
    assert first.title.endswith("級鞄～①")


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "iso-8859-1"])
@pytest.mark.parametrize("declares", [True, False])
def test_an_english_report(charset, declares):
    row = {
        "seller-sku": "S",
        "item-name": "Schöne Käse für Größe",
        "quantity": "3",
        "open-date": "2026-10-01 02:00:00 CEST",
    }
    row |= {"asin1": "B000000001", "fulfillment-channel": "DEFAULT"}
    row |= {"status": "Inactive", "image-url": "https://a/b"}
    (listing,) = read(lines(ENGLISH, row), charset, f"text/plain; charset={charset}" if declares else "")
    assert listing == Listing(
        sku="S",
        marketplace_id=JAPAN,
        asin="B000000001",
        title="Schöne Käse für Größe",
        image_url="https://a/b",
        status=("Inactive",),
        channels=("fbm",),
        available=(Availability("DEFAULT", 3),),
        created=datetime(2026, 10, 1, tzinfo=timezone.utc),
    )


def test_english_names_over_japanese_goods():
    row = {
        "seller-sku": "S",
        "item-name": "鞄です",
        "fulfillment-channel": "DEFAULT",
        "quantity": "1",
        "status": "Active",
    }
    assert [listing.title for listing in read(lines(ENGLISH, row), "cp932")] == ["鞄です"]


def test_what_amazon_fulfills():
    row = {**ROW, "フルフィルメント・チャンネル": "AMAZON_JP", "数量": ""}
    (listing,) = read(lines(JAPANESE, row), "cp932")
    assert (listing.channels, listing.quantity, listing.available) == (("fba",), None, (Availability("AMAZON_JP"),))


def test_columns_count_by_their_names():
    assert read(lines(JAPANESE[::-1], ROW)) == [READ]


@pytest.mark.parametrize("header", [JAPANESE, ENGLISH])
@pytest.mark.parametrize("name", ["新しい列", "Neue Spalte"])
def test_a_column_that_is_not_known_is_named(header, name):
    with pytest.raises(MalformedAnswer) as caught:
        read(lines((*header, name)), "utf-8")
    assert (caught.value.reason, caught.value.path) == ("unknown_column", name)
    assert name in str(caught.value)
    assert read(lines((*header, name)), meanings={name.upper(): ""}) == []


def test_a_column_is_what_a_person_says():
    header = ["Référence", *(name for name in ENGLISH if name != "seller-sku")]
    with pytest.raises(MalformedAnswer):
        read(lines(header))
    assert read(lines(header), meanings={"référence": "seller-sku"}) == []
    with pytest.raises(MalformedAnswer) as caught:
        read(lines(["Référence", *ENGLISH]), meanings={"référence": "seller-sku"})
    assert caught.value.reason == "unknown_column"


@pytest.mark.parametrize("column", NEEDED_COLUMNS)
def test_a_column_that_is_not_there_is_named(column):
    header = [name for name in ENGLISH if name != column]
    with pytest.raises(MalformedAnswer) as caught:
        read(lines(header))
    assert (caught.value.reason, caught.value.path) == ("missing", column)


@pytest.mark.parametrize("name", ["数量", "Quantity"])
def test_a_column_that_is_there_twice(name):
    with pytest.raises(MalformedAnswer) as caught:
        read(lines((*ENGLISH, name)))
    assert caught.value.path in ("quantity", name)


def test_the_quantity_is_not_the_pending_one():
    assert "在庫数" in PASSED_OVER
    assert "数量" in COLUMNS["quantity"]


@pytest.mark.parametrize(
    "change, path",
    [
        ({"数量": "5.5"}, "line 3, quantity"),
        ({"数量": "-1"}, "line 3, quantity"),
        ({"数量": "many"}, "line 3, quantity"),
        ({"数量": "9999999999"}, "line 3, quantity"),
        ({"数量": "５"}, "line 3, quantity"),
        ({"出品者SKU": ""}, "line 3, seller-sku"),
        ({"出品者SKU": "a\x01b"}, "line 3, seller-sku"),
        ({"出品者SKU": "a\ufffdb"}, "line 3, seller-sku"),
        ({"商品名": "a\tb"}, "line 3"),
        ({"商品の説明": "a\nb"}, "line 3"),
    ],
)
def test_a_damaged_line_costs_no_other(change, path):
    entries = read(lines(JAPANESE, ROW, {**ROW, **change}, ROW))
    damaged = [entry for entry in entries if isinstance(entry, UnreadableListing)]
    assert damaged[0].error.path == path
    assert entries[0] == entries[-1] == READ
    assert len(entries) - len(damaged) == 2


def test_a_report_that_is_cut():
    text = lines(JAPANESE, ROW, ROW)
    first, second = read(text[: text.rindex("Active")].rstrip("\t"))
    assert first == READ
    assert isinstance(second, UnreadableListing)
    assert second.sku == ""


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\0", b"<Error></Error>", "商品名".encode("cp932")])
def test_what_is_no_report(content):
    with pytest.raises(MalformedAnswer):
        merchant_listings((content, ""), JAPAN)


def test_a_line_without_an_end():
    with pytest.raises(MalformedAnswer):
        merchant_listings((b"x" * 2**21, ""), JAPAN)


@pytest.mark.parametrize(
    "when", ["", "2026/13/01 09:00:00 JST", "2026/10/01 09:00:00 XYZ", "2026/10/01", "0001/01/01 00:00:00 JST"]
)
def test_a_time_that_cannot_be_read_costs_nothing_else(when):
    (listing,) = read(lines(JAPANESE, {**ROW, "出品日": when}))
    assert (listing.sku, listing.created) == ("二-1", None)


_CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=9)
_ROWS = st.fixed_dictionaries(
    {
        "出品者SKU": _CELLS.filter(lambda sku: sku.strip(" .") and "\ufffd" not in sku),
        "数量": st.just("") | st.integers(0, 2**31 - 1).map(str),
        "商品名": _CELLS,
        "商品の説明": _CELLS,
        "フルフィルメント・チャンネル": st.sampled_from(["DEFAULT", "AMAZON_JP"]),
    }
)


@given(st.lists(_ROWS, max_size=4), st.permutations(JAPANESE))
def test_what_is_reported_is_read(rows, header):
    listings = read(lines(header, *rows))
    assert [(listing.sku, listing.available) for listing in listings] == [
        (
            row["出品者SKU"],
            (Availability(row["フルフィルメント・チャンネル"], int(row["数量"]) if row["数量"] else None),),
        )
        for row in rows
    ]


_HEADERS = st.sampled_from([lines(JAPANESE), lines(ENGLISH), "", "\ufeff" + lines(ENGLISH)])
_CHARSETS = st.sampled_from(["utf-8", "cp932", "utf-16", "cp1252"])


@given(
    _HEADERS, _CHARSETS, st.binary(max_size=200), st.sampled_from(["", "x; charset=Shift_JIS", "x; charset=punycode"])
)
def test_any_bytes_are_a_report_or_refused(header, charset, content, content_type):
    try:
        entries = list(merchant_listings((header.encode(charset, "ignore") + content, content_type), JAPAN))
    except MalformedAnswer:
        return
    assert all(isinstance(entry, Listing | UnreadableListing) for entry in entries)


def test_many_lines_in_little_memory():
    row = "\t".join({**ROW, "商品の説明": "説" * 1000}.get(name, "") for name in JAPANESE) + "\r\n"
    with TemporaryFile() as file:
        file.write(lines(JAPANESE).encode("cp932"))
        for _batch in range(20):
            file.write(row.encode("cp932") * 500)
        tracemalloc.start()
        try:
            count = sum(1 for _listing in merchant_listings((file, ""), JAPAN))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == 10_000
    assert peak < 8 * 2**20


def test_a_file_is_read_from_its_start():
    file = BytesIO(lines(JAPANESE, ROW).encode("cp932"))
    file.read(7)
    assert list(merchant_listings((file, None), JAPAN)) == [READ]
