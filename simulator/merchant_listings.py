"""GET_MERCHANT_LISTINGS_ALL_DATA: every listing, in the language and encoding of the seller's account."""

import datetime

from .availability import by_amazon
from .listings import ROLES as LISTING_ROLES
from .marketplaces import BY_ID
from .reports import ENCODINGS, report_languages
from .times import parse

ROLES = LISTING_ROLES
# What English headers have, in their order; what Amazon no longer fills stays empty.
ENGLISH = (
    "item-name",
    "item-description",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "image-url",
    "item-is-marketplace",
    "product-id-type",
    "zshop-shipping-fee",
    "item-note",
    "item-condition",
    "zshop-category1",
    "zshop-browse-path",
    "zshop-storefront-feature",
    "asin1",
    "asin2",
    "asin3",
    "will-ship-internationally",
    "expedited-shipping",
    "zshop-boldface",
    "product-id",
    "bid-for-featured-placement",
    "add-delete",
    "pending-quantity",
    "fulfillment-channel",
    "merchant-shipping-group",
    "status",
)
# Japan's header, in its order -> what stands there
JAPANESE = {
    "商品名": "item-name",
    "商品の説明": "item-description",
    "出品ID": "listing-id",
    "出品者SKU": "seller-sku",
    "価格": "price",
    "数量": "quantity",
    "出品日": "open-date",
    "商品IDタイプ": "product-id-type",
    "コンディション説明": "item-note",
    "コンディション": "item-condition",
    "ASIN 1": "asin1",
    "国外へ配送可": "will-ship-internationally",
    "迅速な配送": "expedited-shipping",
    "商品ID": "product-id",
    "在庫数": "pending-quantity",
    "フルフィルメント・チャンネル": "fulfillment-channel",
    "merchant-shipping-group": "merchant-shipping-group",
    "ポイント": "standard-price-point",
    "ステータス": "status",
    "法人価格": "Business Price",
    "商品税コード": "ProductTaxCode",
    "調達タイプ": "Sourcing Type",
}
HEADERS = {"en": {name: name for name in ENGLISH}, "ja": JAPANESE}
CONDITIONS = {"new_new": "11", "used_like_new": "1", "used_very_good": "2", "used_good": "3", "used_acceptable": "4"}
ZONES = {"JP": "JST", "US": "PST"}  # elsewhere times are UTC


def write(world, seller, report):
    """(content type, bytes), or None without any listing."""
    language, encoding = report_languages(seller)
    header = HEADERS[language]
    lines = ["\t".join(header)]
    for marketplace in report["marketplaceIds"]:
        for listing in world.listings.shelf(seller["merchant_id"], marketplace).values():
            facts = row(listing)
            lines.append("\t".join(facts.get(name, "") for name in header.values()))
    if len(lines) == 1:
        return None
    codec, charset, told = ENCODINGS[encoding]
    content_type = f"text/plain; charset={charset}" if told else "text/plain"
    return content_type, "\n".join([*lines, ""]).encode(codec, "replace")


def row(listing):
    """English column -> text. A listing of both channels shows Amazon's."""
    amazon = next((code for code in listing.available if by_amazon(code)), None)
    channel = amazon or next(iter(listing.available), "")
    return {
        "item-name": clean(listing.title),
        "listing-id": f"{number_of(listing.sku):010d}",
        "seller-sku": listing.sku,
        "price": listing.price or "",
        "quantity": "" if channel == amazon or listing.quantity is None else str(listing.quantity),
        "open-date": open_date(listing),
        "image-url": listing.image or "",
        "item-is-marketplace": "y",
        "product-id-type": "1" if listing.asin else "",
        "item-condition": CONDITIONS.get(listing.condition, "11"),
        "asin1": listing.asin or "",
        "product-id": listing.asin or "",
        "pending-quantity": "" if channel == amazon else "0",
        "fulfillment-channel": channel,
        "standard-price-point": "" if listing.points is None else str(listing.points),
        "status": "Incomplete" if listing.ghost else "Active" if "BUYABLE" in listing.statuses else "Inactive",
    }


def clean(text):
    """The file quotes nothing: what would break its rows is left out."""
    return " ".join((text or "").split())


def number_of(sku):
    return int.from_bytes(sku.encode(), "big") % 10**10


def open_date(listing):
    marketplace = BY_ID[listing.marketplace_id]
    zone = ZONES.get(marketplace.code)
    hours = marketplace.utc_offset if zone else 0
    moment = parse(listing.created).astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
    day = "%Y/%m/%d" if marketplace.code == "JP" else "%Y-%m-%d"
    return f"{moment:{day} %H:%M:%S} {zone or 'UTC'}"
