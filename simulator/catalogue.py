"""The products the simulated seller offers. Prices include tax in Japan, Australia, Singapore and Europe."""

from decimal import Decimal

PER_JPY = {
    "USD": "0.0067",
    "CAD": "0.0092",
    "MXN": "0.12",
    "BRL": "0.036",
    "EUR": "0.0062",
    "GBP": "0.0053",
    "TRY": "0.28",
    "INR": "0.59",
    "AUD": "0.0101",
    "SGD": "0.0087",
}

# SKU, ASIN, Japanese title, English title, price in yen, tax rate in Japan (8 % is the reduced rate for food)
ROWS = [
    (
        "AMZ-TEA-001",
        "B0SIMTEA01",
        "静岡県産 深蒸し煎茶 100g×3袋",
        "Deep-steamed Shizuoka green tea, 3 x 100 g",
        1980,
        8,
    ),
    ("AMZ-TEA-002", "B0SIMTEA02", "宇治抹茶 缶入り 30g", "Uji matcha in a tin, 30 g", 1480, 8),
    ("AMZ-TEA-003", "B0SIMTEA03", "有機ほうじ茶 ティーバッグ 50包", "Organic roasted tea, 50 bags", 1280, 8),
    ("AMZ-RICE-001", "B0SIMRIC01", "新潟県産 こしひかり 5kg", "Koshihikari rice from Niigata, 5 kg", 3480, 8),
    (
        "AMZ-SAKE-001",
        "B0SIMSAK01",
        "純米大吟醸 720ml 化粧箱入り",
        "Junmai daiginjo sake in a gift box, 720 ml",
        4950,
        10,
    ),
    ("AMZ-CUP-001", "B0SIMCUP01", "有田焼 湯のみ 2個セット", "Arita ware tea cups, set of 2", 3300, 10),
    ("AMZ-CUP-002", "B0SIMCUP02", "萩焼 マグカップ 300ml", "Hagi ware mug, 300 ml", 2750, 10),
    ("AMZ-POT-001", "B0SIMPOT01", "南部鉄器 急須 0.6L 黒", "Nambu cast-iron teapot, 0.6 l, black", 6980, 10),
    ("AMZ-TOWEL-001", "B0SIMTOW01", "今治タオル フェイスタオル 5枚組", "Imabari face towels, set of 5", 3980, 10),
    ("AMZ-TOWEL-002", "B0SIMTOW02", "今治タオル バスタオル ネイビー", "Imabari bath towel, navy", 2480, 10),
    ("AMZ-KNIFE-001", "B0SIMKNI01", "三徳包丁 170mm 堺刃物", "Santoku kitchen knife from Sakai, 170 mm", 8800, 10),
    ("AMZ-BOX-001", "B0SIMBOX01", "曲げわっぱ 弁当箱 600ml", "Bentwood lunch box, 600 ml", 5500, 10),
    ("AMZ-CHOP-001", "B0SIMCHO01", "若狭塗 夫婦箸 桐箱入り", "Wakasa lacquer chopsticks for two in a box", 2200, 10),
    ("AMZ-PEN-001", "B0SIMPEN01", "ゲルインクボールペン 0.5mm 黒 10本", "Gel pens 0.5 mm, black, 10 pieces", 1100, 10),
    ("AMZ-NOTE-001", "B0SIMNOT01", "リングノート A5 方眼 3冊パック", "Ring notebooks A5, squared, 3 pieces", 880, 10),
    ("AMZ-LIGHT-001", "B0SIMLIG01", "LEDデスクライト 調光 USB給電", "Dimmable LED desk lamp, USB powered", 4280, 10),
    ("AMZ-BAG-001", "B0SIMBAG01", "帆布トートバッグ 生成り", "Canvas tote bag, natural", 3850, 10),
    ("AMZ-SOAP-001", "B0SIMSOA01", "無添加石けん 100g×6個", "Additive-free soap, 6 x 100 g", 1320, 10),
    ("AMZ-SNACK-001", "B0SIMSNA01", "草加せんべい 詰め合わせ 24枚", "Soka rice crackers, assortment of 24", 2160, 8),
    (
        "AMZ-UMB-001",
        "B0SIMUMB01",
        "折りたたみ傘 超軽量 晴雨兼用",
        "Ultralight folding umbrella for sun and rain",
        2980,
        10,
    ),
]
CATALOGUE = [
    {
        "sku": sku,
        "asin": asin,
        "title_ja": title_ja,
        "title_en": title_en,
        "price": price,
        "currency": "JPY",
        "tax_rate": rate,
    }
    for sku, asin, title_ja, title_en, price, rate in ROWS
]
BY_SKU = {product["sku"]: product for product in CATALOGUE}


def price(product, currency):
    """Decimal unit price of a catalogue product in a currency; outside Japan it ends in .99."""
    if currency == "JPY":
        return Decimal(product["price"])
    return Decimal(int(product["price"] * Decimal(PER_JPY[currency]))) + Decimal("0.99")


def title(product, language):
    return product["title_ja" if language == "ja_JP" else "title_en"]
