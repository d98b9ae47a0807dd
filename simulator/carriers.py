"""The carrier codes each marketplace takes, and what buyers read instead of them."""

# code -> (English, Japanese) name on the buyer's page
JAPAN = {
    "YAMATO": ("Yamato Transport", "ヤマト運輸"),
    "YamatoTransport": ("Yamato Transport", "ヤマト運輸"),
    "SAGAWA": ("Sagawa Express", "佐川急便"),
    "SagawaExpress": ("Sagawa Express", "佐川急便"),
    "NITTSU": ("Nippon Express", "日本通運"),
    "NipponExpress": ("Nippon Express", "日本通運"),
    "Japan Post": ("Japan Post", "日本郵便"),
    "JP_EXPRESS": ("JP Express", "JPエクスプレス"),
    "SEINO TRANSPORTATION": ("Seino Transportation", "西濃運輸"),
    "FEDEX_JP": ("FedEx", "フェデックス"),
}
WORLDWIDE = {code: (code, code) for code in ("DHL", "FedEx", "UPS", "TNT", "Aramex")}
AMERICA = {code: (code, code) for code in ("USPS", "OnTrac", "Canada Post", "Estafeta", "Correios", "LaserShip")}
EUROPE = {
    code: (code, code)
    for code in (
        "Royal Mail",
        "Hermes",
        "Evri",
        "DPD",
        "GLS",
        "Deutsche Post",
        "La Poste",
        "Colissimo",
        "Chronopost",
        "SDA",
        "BRT",
        "Correos",
        "SEUR",
        "PostNL",
        "Yurtici Kargo",
        "India Post",
        "BlueDart",
    )
}
ASIA_PACIFIC = {code: (code, code) for code in ("Australia Post", "StarTrack", "SingPost", "Ninja Van")}
OTHER = "Other"
BY_REGION = {"na": {**WORLDWIDE, **AMERICA}, "eu": {**WORLDWIDE, **EUROPE}, "fe": {**WORLDWIDE, **ASIA_PACIFIC}}


def known(marketplace):
    """{code: names} that the marketplace takes beside ``Other``."""
    return JAPAN if marketplace.code == "JP" else BY_REGION[marketplace.region]


def shown(carrier, lang):
    """A carrier code (or the free name given with ``Other``) as a buyer reads it."""
    return JAPAN.get(carrier, (carrier, carrier))[lang == "ja"]
