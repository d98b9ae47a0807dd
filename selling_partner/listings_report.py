"""The report on all of a seller's listings (``GET_MERCHANT_LISTINGS_ALL_DATA``), in whatever language and charset."""

import re
from datetime import datetime, timedelta, timezone
from io import BytesIO
from types import MappingProxyType

from .documents import charsets_of, texts_of
from .errors import MalformedAnswer
from .flat_files import ZONES, label, lines_of
from .listings import LENGTHS, Availability, Listing, UnreadableListing, channels_of, is_sku
from .reader import clean

REPORT_TYPE_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"

#: What is read, by Amazon's English name: the names of its column. 在庫数 is not it for the quantity, but pending.
COLUMNS = MappingProxyType(
    {
        "seller-sku": ("seller-sku", "出品者SKU"),
        "quantity": ("quantity", "数量"),
        "fulfillment-channel": ("fulfillment-channel", "フルフィルメント・チャンネル", "Versender", "配送渠道"),
        "status": ("status", "ステータス"),
        "asin1": ("asin1", "ASIN 1"),
        "product-id": ("product-id", "商品ID"),
        "product-id-type": ("product-id-type", "商品IDタイプ"),
        "item-name": ("item-name", "商品名"),
        "image-url": ("image-url",),
        "open-date": ("open-date", "出品日"),
    }
)
NEEDED_COLUMNS = ("seller-sku", "quantity", "fulfillment-channel", "status")
#: What is known and passed over; with a star whatever begins so.
PASSED_OVER = (
    *("item-description", "商品の説明", "listing-id", "出品ID", "price", "価格", "item-is-marketplace"),
    *(
        "zshop-*",
        "item-note",
        "コンディション説明",
        "item-condition",
        "コンディション",
        "asin2",
        "asin3",
        "asin 2",
        "asin 3",
    ),
    *("will-ship-internationally", "国外へ配送可", "expedited-shipping", "迅速な配送", "bid-for-featured-placement"),
    *(
        "add-delete",
        "pending-quantity",
        "在庫数",
        "merchant-shipping-group",
        "minimum-order-quantity",
        "sell-remainder",
    ),
    *("optional-payment-type-exclusion", "使用しない支払い方法", "scheduled-delivery-sku-set", "配送日時指定SKUリスト"),
    *("standard-price-point", "ポイント", "ProductTaxCode", "商品税コード", "Business Price", "法人価格"),
    *("quantity-price*", "quantity-lower-bound*", "数量割引*", "Progressive*"),
    *("累積購入割引*", "minimum-seller-allowed-price", "maximum-seller-allowed-price"),
    *("出品価格の下限", "出品価格の上限", "Sourcing Type", "調達タイプ"),
)

_ASIN = "1"  # among the types of product ids
_LARGEST_QUANTITY = 2**31 - 1


def merchant_listings(document, marketplace_id, meanings=MappingProxyType({})):
    """Read a merchant listings report, line by line.

    :param document: :class:`.documents.DocumentFile`, or another pair of a binary file or ``bytes`` and content type.
    :param str marketplace_id: that the report was asked for.
    :param meanings: what a person has said of columns, by name: a key of :data:`COLUMNS`, or ``''``: not needed.
    :return: iterator of :class:`.listings.Listing`, and :class:`.listings.UnreadableListing` for a damaged line, whose
        number its error names. The file must stay open meanwhile.
    :raises MalformedAnswer: when a column is not known (``reason`` ``unknown_column``) or a needed one is ``missing``;
        ``path`` is its name.
    """
    content, content_type = document
    file = BytesIO(content) if isinstance(content, (bytes, bytearray)) else content
    refusal = None
    # The header tells which charset it is where several fit.
    for charset, errors in charsets_of(file, content_type or ""):
        lines = lines_of(texts_of(file, charset, errors))
        try:
            columns = _columns(next(lines, ""), meanings)
        except MalformedAnswer as error:
            refusal = refusal or error
        else:
            return _rows(lines, columns, marketplace_id)
    raise refusal


# --- the header ----------------------------------------------------------------------------------------------------
_BY_LABEL = MappingProxyType({label(name): column for column, names in COLUMNS.items() for name in names})
_PASSED_OVER = frozenset(label(name) for name in PASSED_OVER if not name.endswith("*"))
_BEGINNINGS = tuple(label(name[:-1]) for name in PASSED_OVER if name.endswith("*"))


def _columns(line, meanings):
    """Read the header.

    :return: the columns' names in their order, ``''`` for one that is passed over.
    """
    names = [name.strip(" \ufeff") for name in line.split("\t")]
    told = {label(name): column for name, column in meanings.items()}
    columns = [_column(name, told) for name in names]
    for column in NEEDED_COLUMNS:
        if column not in columns:
            raise MalformedAnswer(f"the report lacks the column {column}", reason="missing", path=column)
    for name, column in zip(names, columns, strict=True):
        if column and columns.count(column) > 1:
            raise MalformedAnswer(f"the report has the column {name} twice", reason="unknown_column", path=name)
    return columns


def _column(name, told):
    key = label(name)
    known = {**_BY_LABEL, **told}
    if key in known:
        return known[key]
    if key and key not in _PASSED_OVER and not key.startswith(_BEGINNINGS):
        name = clean(name)[:100]
        raise MalformedAnswer(f"the report has an unknown column: {name}", reason="unknown_column", path=name)
    return ""


# --- the lines -----------------------------------------------------------------------------------------------------
def _rows(lines, columns, marketplace_id):
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        cells = line.split("\t")
        row = dict(zip(columns, cells, strict=False))
        try:
            if len(cells) != len(columns):
                _refuse(number, f"has {len(cells)} columns instead of {len(columns)}")
            yield _listing(row, number, marketplace_id)
        except MalformedAnswer as error:
            # Of a line that is cut, the SKU may be, too.
            sku = row["seller-sku"] if len(cells) == len(columns) else ""
            yield UnreadableListing(sku if _is_readable(sku) else "", error)


def _refuse(number, why, column="", reason="unreadable"):
    place = f"line {number}" + (f", {column}" if column else "")
    raise MalformedAnswer(f"{place} of the report {why}", reason=reason, path=place)


def _is_readable(sku):
    return is_sku(sku) and "\ufffd" not in sku


def _listing(row, number, marketplace_id):
    sku, channel = row["seller-sku"], row["fulfillment-channel"].strip()
    if not _is_readable(sku):
        _refuse(number, "has no SKU that can be read", "seller-sku", "unprintable" if sku else "missing")
    if len(channel) > LENGTHS["fulfillmentChannelCode"]:
        _refuse(number, "has no channel that can be read", "fulfillment-channel", "too_long")
    # What Amazon fulfills has no quantity here.
    quantity = _quantity(row["quantity"].strip(), number)
    return Listing(
        sku=sku,
        marketplace_id=marketplace_id,
        asin=_asin(row),
        title=clean(row.get("item-name", "")).strip()[: LENGTHS["itemName"]],
        image_url=_image(row.get("image-url", "").strip()),
        status=tuple(filter(None, [clean(row["status"]).strip()[: LENGTHS["status"]]])),
        channels=channels_of(filter(None, [clean(channel)])),
        available=(Availability(clean(channel), quantity),) if channel else (),
        created=_time(row.get("open-date", "")),
    )


def _quantity(text, number):
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST_QUANTITY:
        _refuse(number, "has no quantity that can be read", "quantity", "wrong_type")
    return int(text)


def _asin(row):
    asin = row.get("asin1", "").strip()
    if not asin and row.get("product-id-type", "").strip() == _ASIN:
        asin = row.get("product-id", "").strip()
    return asin if re.fullmatch(r"[0-9A-Z]{10}", asin) else ""


def _image(link):
    return link if re.fullmatch(r"https?://\S{1,1990}", link) else ""


def _time(text):
    """Read such as ``2026/10/01 09:00:00 JST``; it is not worth a line that it cannot be read."""
    match = re.fullmatch(r"(\d{4})[/-](\d\d)[/-](\d\d) (\d\d):(\d\d):(\d\d) ([A-Z]{3,4})", text.strip(), re.ASCII)
    if not match or match[7] not in ZONES:
        return None
    try:
        zone = timezone(timedelta(hours=ZONES[match[7]]))
        return datetime(*map(int, match.groups()[:6]), tzinfo=zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
