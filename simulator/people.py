"""Fictitious buyers and where they live. Every function takes a ``random.Random`` and is deterministic."""

FAMILY_NAMES = (
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 "
    "木村 林 斎藤 清水 山崎 森 池田 橋本 阿部 石川 前田 藤田 小川 岡田 後藤 長谷川 "
    "村上 近藤 石井 坂本 遠藤 髙田 﨑山 齋藤"
)
GIVEN_NAMES = (
    "太郎 花子 健一 美咲 翔太 陽子 大輔 さくら 直樹 恵 拓也 真由美 浩 由美子 蓮 "
    "結衣 悠斗 葵 誠 智子 和也 千尋 隆 亜希子 剛 久美子 瑛太 凛 学 彩"
)
FAMILY, GIVEN = FAMILY_NAMES.split(), GIVEN_NAMES.split()
# prefecture, city, town, postal code
PLACES = [
    ("東京都", "渋谷区", "神宮前", "150-0001"),
    ("東京都", "世田谷区", "三軒茶屋", "154-0024"),
    ("東京都", "千代田区", "丸の内", "100-0005"),
    ("東京都", "八王子市", "旭町", "192-0083"),
    ("大阪府", "大阪市北区", "梅田", "530-0001"),
    ("大阪府", "堺市堺区", "南瓦町", "590-0078"),
    ("神奈川県", "横浜市西区", "みなとみらい", "220-0012"),
    ("愛知県", "名古屋市中区", "栄", "460-0008"),
    ("北海道", "札幌市中央区", "北一条西", "060-0001"),
    ("福岡県", "福岡市博多区", "博多駅前", "812-0011"),
    ("京都府", "京都市中京区", "烏丸通三条上る", "604-8175"),
    ("宮城県", "仙台市青葉区", "国分町", "980-0803"),
    ("広島県", "広島市中区", "大手町", "730-0051"),
    ("沖縄県", "那覇市", "久茂地", "900-0015"),
    ("新潟県", "新潟市中央区", "万代", "950-0088"),
    ("長野県", "松本市", "大手", "390-0874"),
    ("石川県", "金沢市", "香林坊", "920-0961"),
    ("鹿児島県", "鹿児島市", "山下町", "892-0816"),
    ("岩手県", "九戸郡洋野町", "種市", "028-7914"),
    ("東京都", "大島町", "元町", "100-0101"),
]
BUILDINGS = [
    "サンハイツ",
    "グランドメゾン",
    "コーポ桜",
    "パークヒルズ",
    "ライオンズ第一",
    "メゾン・ド・ヴェール",
    "緑荘",
]
COMPANIES = [
    "株式会社さくら商事",
    "有限会社山川工務店",
    "合同会社ミライデザイン",
    "株式会社北斗システムズ",
    "医療法人あおば会",
]

WESTERN = {
    "US": (
        ["James Miller", "Mary Johnson", "Robert Garcia", "Linda O'Connor", "Michael Nguyen"],
        [
            ("Seattle", "WA", "98101", "Pine St"),
            ("Austin", "TX", "78701", "Congress Ave"),
            ("Portland", "OR", "97201", "SW Main St"),
            ("Brooklyn", "NY", "11201", "Court St"),
        ],
    ),
    "DE": (
        ["Anna Müller", "Jürgen Groß", "Sabine Schäfer", "Lukas Weiß", "Katharina Jäger"],
        [
            ("Berlin", "", "10115", "Invalidenstraße"),
            ("München", "Bayern", "80331", "Sendlinger Straße"),
            ("Köln", "", "50667", "Hohe Straße"),
        ],
    ),
    "UK": (
        ["Oliver Smith", "Amelia Brown", "Harry Wilson", "Isla Davies"],
        [("London", "Greater London", "SW1A 2AA", "Whitehall"), ("Leeds", "West Yorkshire", "LS1 4DY", "Park Row")],
    ),
    "FR": (
        ["Élodie Lefèvre", "François Dupont", "Chloé Moreau", "Noël Garçon"],
        [("Paris", "", "75002", "rue de la Paix"), ("Lyon", "", "69002", "rue de la République")],
    ),
    "AU": (
        ["Jack Taylor", "Charlotte Nguyen", "Noah Williams"],
        [("Sydney", "NSW", "2000", "George St"), ("Melbourne", "VIC", "3000", "Collins St")],
    ),
    "SG": (
        ["Tan Wei Ming", "Nur Aisyah", "Lim Hui Ling"],
        [("Singapore", "", "238801", "Orchard Road"), ("Singapore", "", "018956", "Bayfront Avenue")],
    ),
    "BR": (
        ["João da Silva", "Maria Conceição", "Antônio Gonçalves"],
        [("São Paulo", "SP", "01310-100", "Avenida Paulista"), ("Recife", "PE", "50030-230", "Rua do Bom Jesus")],
    ),
    "TR": (["Ayşe Yılmaz", "Mehmet Öztürk"], [("İstanbul", "İstanbul", "34122", "Divan Yolu Caddesi")]),
    "IN": (["Aarav Sharma", "Priya Iyer"], [("Bengaluru", "KARNATAKA", "560001", "MG Road")]),
}
COUNTRY = {"UK": "GB"}


def name(rng, code):
    if code == "JP":
        return f"{rng.choice(FAMILY)} {rng.choice(GIVEN)}"
    return rng.choice(WESTERN.get(code, WESTERN["US"])[0])


def email(rng, domain):
    """Amazon's anonymized address of a buyer."""
    letters = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=15))
    return f"{letters}@marketplace.{domain.removeprefix('www.')}"


def address(rng, code, recipient):
    """A delivery address (Amazon's CustomerAddress) in the marketplace ``code``."""
    return japanese(rng, recipient) if code == "JP" else western(rng, code, recipient)


def japanese(rng, recipient):
    prefecture, city, town, postal = rng.choice(PLACES)
    street = f"{city}{town}{rng.randint(1, 6)}-{rng.randint(1, 29)}-{rng.randint(1, 20)}"
    result = {"name": recipient, "addressLine1": street}
    if rng.random() < 0.6:
        result["addressLine2"] = f"{rng.choice(BUILDINGS)} {rng.randint(1, 14)}{rng.randint(1, 9):02d}号室"
    phone = f"0{rng.choice(['90', '80', '70'])}-0{rng.randint(0, 99):03d}-{rng.randint(0, 9999):04d}"
    result.update(stateOrRegion=prefecture, postalCode=postal, countryCode="JP", phone=phone, addressType="RESIDENTIAL")
    return result


def western(rng, code, recipient):
    city, state, postal, street = rng.choice(WESTERN.get(code, WESTERN["US"])[1])
    number = rng.randint(1, 250)
    line = f"{street} {number}" if code in ("DE", "BR", "TR") else f"{number} {street}"
    result = {
        "name": recipient,
        "addressLine1": line,
        "city": city,
        "postalCode": postal,
        "countryCode": COUNTRY.get(code, code),
        "phone": f"+{rng.randint(10, 99)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}",
        "addressType": "RESIDENTIAL",
    }
    if state:
        result["stateOrRegion"] = state
    return result
