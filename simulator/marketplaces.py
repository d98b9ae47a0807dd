"""The stores orders are placed in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Marketplace:
    """One of Amazon's stores. ``utc_offset``: hours, good enough for shipping windows (no daylight saving)."""

    code: str
    id: str
    region: str
    name: str
    currency: str
    language: str
    domain: str
    utc_offset: int


MARKETPLACES = [
    Marketplace("JP", "A1VC38T7YXB528", "fe", "Amazon.co.jp", "JPY", "ja_JP", "www.amazon.co.jp", 9),
    Marketplace("AU", "A39IBJ37TRP1C6", "fe", "Amazon.com.au", "AUD", "en_AU", "www.amazon.com.au", 10),
    Marketplace("SG", "A19VAU5U5O7RUS", "fe", "Amazon.sg", "SGD", "en_SG", "www.amazon.sg", 8),
    Marketplace("US", "ATVPDKIKX0DER", "na", "Amazon.com", "USD", "en_US", "www.amazon.com", -8),
    Marketplace("CA", "A2EUQ1WTGCTBG2", "na", "Amazon.ca", "CAD", "en_CA", "www.amazon.ca", -5),
    Marketplace("MX", "A1AM78C64UM0Y8", "na", "Amazon.com.mx", "MXN", "es_MX", "www.amazon.com.mx", -6),
    Marketplace("BR", "A2Q3Y263D00KWC", "na", "Amazon.com.br", "BRL", "pt_BR", "www.amazon.com.br", -3),
    Marketplace("DE", "A1PA6795UKMFR9", "eu", "Amazon.de", "EUR", "de_DE", "www.amazon.de", 1),
    Marketplace("FR", "A13V1IB3VIYZZH", "eu", "Amazon.fr", "EUR", "fr_FR", "www.amazon.fr", 1),
    Marketplace("UK", "A1F83G8C2ARO7P", "eu", "Amazon.co.uk", "GBP", "en_GB", "www.amazon.co.uk", 0),
    Marketplace("IT", "APJ6JRA9NG5V4", "eu", "Amazon.it", "EUR", "it_IT", "www.amazon.it", 1),
    Marketplace("ES", "A1RKKUPIHCS9HS", "eu", "Amazon.es", "EUR", "es_ES", "www.amazon.es", 1),
    Marketplace("NL", "A1805IZSGTT6HS", "eu", "Amazon.nl", "EUR", "nl_NL", "www.amazon.nl", 1),
    Marketplace("TR", "A33AVAJ2PDY3EV", "eu", "Amazon.com.tr", "TRY", "tr_TR", "www.amazon.com.tr", 3),
    Marketplace("IN", "A21TJRUUN4KGV", "eu", "Amazon.in", "INR", "en_IN", "www.amazon.in", 5),
]
BY_CODE = {marketplace.code: marketplace for marketplace in MARKETPLACES}
BY_ID = {marketplace.id: marketplace for marketplace in MARKETPLACES}
DEFAULTS = {
    "fe": ["A1VC38T7YXB528"],
    "na": ["ATVPDKIKX0DER"],
    "eu": ["A1PA6795UKMFR9", "A1F83G8C2ARO7P", "A13V1IB3VIYZZH"],
}
