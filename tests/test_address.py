import unicodedata

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase, tagged

from ..models.customers import address as tools
from ..models.customers import prefecture
from ..selling_partner.values import Address

# (what Amazon sends) -> (state, city, street, street2, zip)
JAPAN = [
    # the prefecture in its own field, in every spelling
    (
        {"state": "東京都", "city": "渋谷区", "line1": "神南1-1-1", "postal_code": "150-0041"},
        ("JP-13", "渋谷区", "神南1-1-1", "", "150-0041"),
    ),
    (
        {"state": "Tokyo", "city": "Shibuya-ku", "line1": "1-1-1 Jinnan", "postal_code": "1500041"},
        ("JP-13", "Shibuya-ku", "1-1-1 Jinnan", "", "150-0041"),
    ),
    (
        {"state": "TOKYO", "line1": "渋谷区神南1-1-1", "postal_code": "１５０−００４１"},
        ("JP-13", "", "渋谷区神南1-1-1", "", "150-0041"),
    ),
    (
        {"state": "東京", "line1": "渋谷区神南1-1-1", "line2": "代々木ハイツ", "line3": "301号室"},
        ("JP-13", "", "渋谷区神南1-1-1", "代々木ハイツ 301号室", ""),
    ),
    (
        {"state": "Tōkyō-to", "city": "Chiyoda-ku", "line1": "Chiyoda 1-1", "postal_code": "〒100-0001"},
        ("JP-13", "Chiyoda-ku", "Chiyoda 1-1", "", "100-0001"),
    ),
    ({"state": "JP-13", "line1": "港区芝公園4-2-8"}, ("JP-13", "", "港区芝公園4-2-8", "", "")),
    ({"state": "13", "line1": "港区芝公園4-2-8"}, ("JP-13", "", "港区芝公園4-2-8", "", "")),
    ({"state": "ＯＳＡＫＡ", "city": "大阪市北区", "line1": "梅田3-1"}, ("JP-27", "大阪市北区", "梅田3-1", "", "")),
    ({"state": "Osaka-fu", "city": "大阪市北区", "line1": "梅田3-1"}, ("JP-27", "大阪市北区", "梅田3-1", "", "")),
    ({"state": "京都", "city": "京都市", "line1": "下京区東塩小路町"}, ("JP-26", "京都市", "下京区東塩小路町", "", "")),
    ({"state": "Kyoto Prefecture", "line1": "Kyoto-shi"}, ("JP-26", "", "Kyoto-shi", "", "")),
    (
        {"state": "北海道", "city": "札幌市", "district": "中央区", "line1": "北1条西2"},
        ("JP-01", "札幌市中央区", "北1条西2", "", ""),
    ),
    ({"state": "Hokkaidō", "line1": "札幌市中央区北1条西2"}, ("JP-01", "", "札幌市中央区北1条西2", "", "")),
    ({"state": "Gifu", "city": "Gifu-shi", "line1": "1-1"}, ("JP-21", "Gifu-shi", "1-1", "", "")),
    ({"state": "GIFU-KEN", "city": "岐阜市", "line1": "1-1"}, ("JP-21", "岐阜市", "1-1", "", "")),
    ({"state": "Gumma", "city": "前橋市", "line1": "大手町1-1-1"}, ("JP-10", "前橋市", "大手町1-1-1", "", "")),
    ({"state": "Kōchi Ken", "line1": "高知市丸ノ内1-2-20"}, ("JP-39", "", "高知市丸ノ内1-2-20", "", "")),
    ({"state": "Ohita", "line1": "大分市大手町3-1-1"}, ("JP-44", "", "大分市大手町3-1-1", "", "")),
    (
        {"state": "愛知", "city": "名古屋市", "line1": "中区三の丸3-1-2"},
        ("JP-23", "名古屋市", "中区三の丸3-1-2", "", ""),
    ),
    # more than the prefecture in its field
    ({"state": "東京都渋谷区", "line1": "神南1-1-1"}, ("JP-13", "渋谷区", "神南1-1-1", "", "")),
    # the prefecture elsewhere: taken out, so that it is printed once
    ({"line1": "東京都渋谷区神南1-1-1"}, ("JP-13", "", "渋谷区神南1-1-1", "", "")),
    ({"line1": "東京都　府中市宮西町2-24"}, ("JP-13", "", "府中市宮西町2-24", "", "")),
    ({"line1": "京都府", "line2": "京都市下京区1-1"}, ("JP-26", "", "京都市下京区1-1", "", "")),
    ({"line1": "Kanagawa-ken, Yokohama-shi 1-1"}, ("JP-14", "", "Yokohama-shi 1-1", "", "")),
    ({"city": "神奈川県横浜市", "line1": "中区日本大通1"}, ("JP-14", "横浜市", "中区日本大通1", "", "")),
    (
        {"city": "Tokyo", "line1": "1-1-1 Jinnan", "postal_code": "150-0002"},
        ("JP-13", "", "1-1-1 Jinnan", "", "150-0002"),
    ),
    ({"city": "Tokyo, Shibuya-ku", "line1": "1-1 Jinnan"}, ("JP-13", "Shibuya-ku", "1-1 Jinnan", "", "")),
    ({"city": "東京", "line1": "渋谷区神南1-1-1"}, ("JP-13", "", "渋谷区神南1-1-1", "", "")),
    ({"municipality": "埼玉県さいたま市", "line1": "浦和区1-1"}, ("JP-11", "さいたま市", "浦和区1-1", "", "")),
    ({"municipality": "沖縄県", "city": "那覇市", "line1": "泉崎1-2-2"}, ("JP-47", "那覇市", "泉崎1-2-2", "", "")),
    # names that a prefecture shares with a city or a building stay
    ({"city": "Osaka", "line1": "Umeda 3-1"}, ("JP-27", "Osaka", "Umeda 3-1", "", "")),
    ({"city": "大阪", "line1": "北区梅田3-1"}, ("JP-27", "大阪", "北区梅田3-1", "", "")),
    ({"city": "Chiba-ken", "line1": "Chuo 1-1"}, ("JP-12", "", "Chuo 1-1", "", "")),
    ({"line1": "Osaka Building 3F"}, ("", "", "Osaka Building 3F", "", "")),
    ({"line1": "東京都庁第一本庁舎"}, ("", "", "東京都庁第一本庁舎", "", "")),
    ({"city": "京都市", "line1": "東山区1-1"}, ("", "京都市", "東山区1-1", "", "")),
    # a state that is none is kept
    ({"state": "関東", "city": "前橋市", "line1": "1-1"}, ("", "関東 前橋市", "1-1", "", "")),
    # counties, districts, empty first lines, odd postal codes
    (
        {"state": "東京都", "district": "西多摩郡", "city": "奥多摩町", "line1": "氷川215-6"},
        ("JP-13", "西多摩郡奥多摩町", "氷川215-6", "", ""),
    ),
    ({"state": "東京都", "district": "渋谷区", "city": "渋谷区", "line1": "1-1"}, ("JP-13", "渋谷区", "1-1", "", "")),
    ({"state": "東京都", "district": "渋谷区", "line2": "神南1-1"}, ("JP-13", "渋谷区", "神南1-1", "", "")),
    ({"state": "東京都", "line1": "神南1-1", "postal_code": "150 0041"}, ("JP-13", "", "神南1-1", "", "150-0041")),
    ({"state": "東京都", "line1": "神南1-1", "postal_code": "150ー0041"}, ("JP-13", "", "神南1-1", "", "150-0041")),
    ({"state": "東京都", "line1": "神南1-1", "postal_code": "15000"}, ("JP-13", "", "神南1-1", "", "15000")),
    # a pick-up point's shop stands in a line
    (
        {"state": "東京都", "city": "渋谷区", "line1": "神南1-1-1", "line2": "ファミリーマート渋谷神南店"},
        ("JP-13", "渋谷区", "神南1-1-1", "ファミリーマート渋谷神南店", ""),
    ),
    ({}, ("", "", "", "", "")),
]
ELSEWHERE = [
    (
        {
            "country_code": "DE",
            "line1": "Straße des 17. Juni 135",
            "line2": "c/o Müller",
            "city": "Berlin",
            "state": "Berlin",
            "postal_code": "10623",
        },
        ("Berlin", "Berlin", "Straße des 17. Juni 135", "c/o Müller", "10623", "DE"),
    ),
    (
        {
            "country_code": "DE",
            "line1": "DHL Packstation 123",
            "line2": "1234567890",
            "line3": "Hof",
            "city": "München",
            "postal_code": "80331",
        },
        ("", "München", "DHL Packstation 123", "1234567890, Hof", "80331", "DE"),
    ),
    (
        {
            "country_code": "us",
            "line1": "350 5th Ave",
            "line2": "Fl 12",
            "city": "New York",
            "state": "NY",
            "district": "New York County",
            "postal_code": "10118-0110",
        },
        ("NY", "New York", "350 5th Ave", "Fl 12, New York County", "10118-0110", "US"),
    ),
    (
        {"country_code": "US", "line2": "PO Box 7", "city": "Anchorage", "state": "AK", "postal_code": " 99501 "},
        ("AK", "Anchorage", "PO Box 7", "", "99501", "US"),
    ),
    (
        {
            "country_code": "UK",
            "line1": "10 Downing St",
            "city": "London",
            "municipality": "London",
            "state": "England",
        },
        ("England", "London", "10 Downing St", "", "", "GB"),
    ),
    (
        {
            "country_code": "BR",
            "line1": "Av. Paulista, 1578",
            "city": "São Paulo",
            "state": "SP",
            "postal_code": "01310-200",
            "extended": {
                "streetName": "Av. Paulista",
                "streetNumber": "1578",
                "complement": "Apto 15",
                "neighborhood": "Bela Vista",
            },
        },
        ("SP", "São Paulo", "Av. Paulista, 1578", "Apto 15, Bela Vista", "01310-200", "BR"),
    ),
    (
        {
            "country_code": "BR",
            "municipality": "Campinas",
            "state": "SP",
            "district": "Centro",
            "extended": {
                "streetName": "Rua Treze de Maio",
                "streetNumber": "15",
                "complement": "",
                "neighborhood": "Centro",
            },
        },
        ("SP", "Campinas", "Rua Treze de Maio, 15", "Centro", "", "BR"),
    ),
    # 15 is not in 1578
    (
        {"country_code": "BR", "line1": "Av. Paulista, 1578", "city": "São Paulo", "extended": {"complement": "15"}},
        ("", "São Paulo", "Av. Paulista, 1578", "15", "", "BR"),
    ),
]

# ISO 3166-2 code: name, reading, Hepburn and Kunrei with macrons, what it is called.
PREFECTURES = {
    "JP-01": ("北海道", "ほっかい", "Hokkai", "Hokkai", "dō"),
    "JP-02": ("青森県", "あおもり", "Aomori", "Aomori", "ken"),
    "JP-03": ("岩手県", "いわて", "Iwate", "Iwate", "ken"),
    "JP-04": ("宮城県", "みやぎ", "Miyagi", "Miyagi", "ken"),
    "JP-05": ("秋田県", "あきた", "Akita", "Akita", "ken"),
    "JP-06": ("山形県", "やまがた", "Yamagata", "Yamagata", "ken"),
    "JP-07": ("福島県", "ふくしま", "Fukushima", "Hukusima", "ken"),
    "JP-08": ("茨城県", "いばらき", "Ibaraki", "Ibaraki", "ken"),
    "JP-09": ("栃木県", "とちぎ", "Tochigi", "Totigi", "ken"),
    "JP-10": ("群馬県", "ぐんま", "Gumma", "Gunma", "ken"),
    "JP-11": ("埼玉県", "さいたま", "Saitama", "Saitama", "ken"),
    "JP-12": ("千葉県", "ちば", "Chiba", "Tiba", "ken"),
    "JP-13": ("東京都", "とうきょう", "Tōkyō", "Tôkyô", "to"),
    "JP-14": ("神奈川県", "かながわ", "Kanagawa", "Kanagawa", "ken"),
    "JP-15": ("新潟県", "にいがた", "Niigata", "Nîgata", "ken"),
    "JP-16": ("富山県", "とやま", "Toyama", "Toyama", "ken"),
    "JP-17": ("石川県", "いしかわ", "Ishikawa", "Isikawa", "ken"),
    "JP-18": ("福井県", "ふくい", "Fukui", "Hukui", "ken"),
    "JP-19": ("山梨県", "やまなし", "Yamanashi", "Yamanasi", "ken"),
    "JP-20": ("長野県", "ながの", "Nagano", "Nagano", "ken"),
    "JP-21": ("岐阜県", "ぎふ", "Gifu", "Gihu", "ken"),
    "JP-22": ("静岡県", "しずおか", "Shizuoka", "Sizuoka", "ken"),
    "JP-23": ("愛知県", "あいち", "Aichi", "Aiti", "ken"),
    "JP-24": ("三重県", "みえ", "Mie", "Mie", "ken"),
    "JP-25": ("滋賀県", "しが", "Shiga", "Siga", "ken"),
    "JP-26": ("京都府", "きょうと", "Kyōto", "Kyôto", "fu"),
    "JP-27": ("大阪府", "おおさか", "Ōsaka", "Ôsaka", "fu"),
    "JP-28": ("兵庫県", "ひょうご", "Hyōgo", "Hyôgo", "ken"),
    "JP-29": ("奈良県", "なら", "Nara", "Nara", "ken"),
    "JP-30": ("和歌山県", "わかやま", "Wakayama", "Wakayama", "ken"),
    "JP-31": ("鳥取県", "とっとり", "Tottori", "Tottori", "ken"),
    "JP-32": ("島根県", "しまね", "Shimane", "Simane", "ken"),
    "JP-33": ("岡山県", "おかやま", "Okayama", "Okayama", "ken"),
    "JP-34": ("広島県", "ひろしま", "Hiroshima", "Hirosima", "ken"),
    "JP-35": ("山口県", "やまぐち", "Yamaguchi", "Yamaguti", "ken"),
    "JP-36": ("徳島県", "とくしま", "Tokushima", "Tokusima", "ken"),
    "JP-37": ("香川県", "かがわ", "Kagawa", "Kagawa", "ken"),
    "JP-38": ("愛媛県", "えひめ", "Ehime", "Ehime", "ken"),
    "JP-39": ("高知県", "こうち", "Kōchi", "Kôti", "ken"),
    "JP-40": ("福岡県", "ふくおか", "Fukuoka", "Hukuoka", "ken"),
    "JP-41": ("佐賀県", "さが", "Saga", "Saga", "ken"),
    "JP-42": ("長崎県", "ながさき", "Nagasaki", "Nagasaki", "ken"),
    "JP-43": ("熊本県", "くまもと", "Kumamoto", "Kumamoto", "ken"),
    "JP-44": ("大分県", "おおいた", "Ōita", "Ôita", "ken"),
    "JP-45": ("宮崎県", "みやざき", "Miyazaki", "Miyazaki", "ken"),
    "JP-46": ("鹿児島県", "かごしま", "Kagoshima", "Kagosima", "ken"),
    "JP-47": ("沖縄県", "おきなわ", "Okinawa", "Okinawa", "ken"),
}
HALF_WIDTH = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
VOICED = "\N{HALFWIDTH KATAKANA VOICED SOUND MARK}"


def katakana(kana):
    return "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in kana)


def half_width(kana):
    apart = unicodedata.normalize("NFD", katakana(kana)).replace(
        "\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK}", VOICED
    )
    return "".join(HALF_WIDTH.get(char, char) for char in apart)


def full_width(letters):
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in letters)


def long_vowels(letters):
    """Yield letters with their long o written in every way that is used."""
    apart = unicodedata.normalize("NFD", letters)
    for mark in ("\u0304", "\u0302", "", "u", "o", "h"):
        text = apart.replace("\u0304", mark).replace("\u0302", mark)
        # "Ohita" is not "Ooita" by rule, and no i is lengthened by u, o or h.
        if not ("Ohi" in text or (mark in ("u", "o", "h") and "i" + mark in text)):
            yield unicodedata.normalize("NFC", text)


def spelled(name, reading, hepburn, kunrei, suffix):
    """Yield a prefecture in every spelling that occurs."""
    yield from (name, name[:-1], " ".join(name), f"{name[:-1]}　{name[-1]}", f"\u3000{name}\n")
    ends = {"to": ["と"], "dō": ["どう", "どー"], "fu": ["ふ"], "ken": ["けん"]}[suffix]
    for kana in {reading, reading.replace("とうきょう", "とーきょー").replace("おお", "おー").replace("こう", "こー")}:
        for whole in (kana, *(kana + end for end in ends), *(f"{kana} {end}" for end in ends)):
            yield from (whole, katakana(whole), half_width(whole))
    called = {suffix, suffix.replace("f", "h"), *long_vowels(suffix)}
    for letters in {*long_vowels(hepburn), *long_vowels(kunrei), hepburn.replace("mm", "nm")}:
        wholes = [letters, f"{letters} Prefecture", f"{letters} Pref."]
        for end in called:
            wholes += [letters + end, f"{letters}-{end}", f"{letters} {end}", f"{letters}‐{end}", f"{letters}ー{end}"]
            wholes.append(f"{letters} - {end.capitalize()}")
        for whole in wholes:
            yield from (whole, whole.upper(), whole.lower(), full_width(whole))


JAPANESE = st.text(
    st.sampled_from("東京都渋谷区神南一丁目マンションタワーヶ谷号室0123456789-ー　 A"), min_size=1, max_size=40
)
WIDE = {char: chr(ord(char) + 0xFEE0) for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
HYPHENS = "-‐‑‒–—―−－ー"


@tagged("-at_install", "post_install")
class TestAddress(BaseCase):
    def test_japan(self):
        for given_, (state, city, street, street2, code) in JAPAN:
            with self.subTest(**given_):
                parts = tools.split(Address(country_code="JP", **given_))
                self.assertEqual(
                    (parts.state, parts.city, parts.street, parts.street2, parts.zip),
                    (state, city, street, street2, code),
                )

    def test_elsewhere(self):
        for given_, expected in ELSEWHERE:
            with self.subTest(**given_):
                parts = tools.split(Address(**given_))
                self.assertEqual(
                    (parts.state, parts.city, parts.street, parts.street2, parts.zip, parts.country), expected
                )

    def test_prefecture_starts_a_line(self):
        for code, (name, _kanji, *_others) in PREFECTURES.items():
            parts = tools.split(Address(country_code="JP", line1=f"{name}中央区1-2-3"))
            self.assertEqual((parts.state, parts.street), (code, "中央区1-2-3"))

    def test_every_spelling_of_every_prefecture(self):
        """With and without what it is called, in kanji, kana and letters of every system, width and case."""
        count = 0
        for code, (name, *spellings) in PREFECTURES.items():
            for text in spelled(name, *spellings):
                count += 1
                self.assertEqual(prefecture.find(text), code, text)
                parts = tools.split(Address(country_code="JP", state=text, city="中央区", line1="1-2-3"))
                self.assertEqual((parts.state, parts.city, parts.street), (code, "中央区", "1-2-3"), text)
        self.assertGreater(count, 4000)

    def test_spellings_in_a_line(self):
        """Where a line starts with a prefecture it is taken out, if nothing else can be meant."""
        for code, (name, reading, hepburn, kunrei, suffix) in PREFECTURES.items():
            kana = reading + {"to": "と", "dō": "どう", "fu": "ふ", "ken": "けん"}[suffix]
            for start in (
                f"{name} ",
                name,
                kana,
                katakana(kana) + "　",
                f"{hepburn}-{suffix} ",
                f"{kunrei} {suffix}, ",
            ):
                code_found, rest = prefecture.leading(f"{start}Naka 1-2", is_line=True)
                self.assertEqual((code_found, rest), (code, "Naka 1-2"), start)

    def test_not_a_prefecture(self):
        """Cities, wards, districts, buildings and lands whose names are like one's."""
        for text in (
            "Osaka City|Osaka-shi|大阪市|京都市|Kyoto Shi|千葉市|Hyogo-ku|神奈川区|石川郡|Tokyo Tower|"
            "東京タワー|関東|Kanto|茨木|Ibaraki-shi|Sagamihara|相模原|府中|Fuchu|とうきょうえき|トウ|ー|to|"
            "ken|県|都|みやこ|Saitama New Urban Center|新|48|00|JP-00|JP-48|JP|Kyo|きょう"
        ).split("|"):
            self.assertEqual(prefecture.find(text), "", text)
        for text in (
            "Osaka Building 3F|Tokyo Tower|Hokkaido Building|東京都庁|東京都立大学|北海道大学|大阪府警察本部|"
            "Kyoto Hotel|Chiba 1-1|とうきょうタワー|Kanagawa Ku 1-1|Mie Coffee|Tokyo Tomato|Gifu Fukan"
        ).split("|"):
            self.assertEqual(prefecture.leading(text, is_line=True), ("", text))
        for text in (
            "Osaka City",
            "Tokyo City",
            "Hyogo Ku Kobe",
            "Kanagawa Ku, Yokohama Shi",
            "Ishikawa Gun",
            "Hyogo-ku",
        ):
            self.assertEqual(prefecture.leading(text, is_line=False), ("", text))
        for text in ("Osaka City", "Sapporo"):
            parts = tools.split(Address(country_code="JP", state=text, line1="1-1"))
            self.assertEqual((parts.state, parts.city), ("", text))

    @given(st.text(max_size=12))
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    def test_any_text_may_stand_for_a_prefecture(self, text):
        self.assertIn(prefecture.find(text), ("", *PREFECTURES))

    def test_same_address_written_differently(self):
        plain = tools.canonical(
            Address(
                country_code="JP",
                state="東京都",
                city="渋谷区",
                line1="神南1-2-3",
                line2="タワー301",
                postal_code="150-0041",
                phone="090-1234-5678",
            ),
            "山田 太郎",
            "A社",
        )
        for other in (
            {"state": "Tokyo", "city": "渋谷区", "line1": "神南１−２−３", "line2": "タワー３０１"},
            {"line1": "東京都渋谷区神南1ー2ー3", "line2": "タワー 301"},
            {"line1": "東京都", "line2": "渋谷区 神南 1‐2‐3", "line3": "ﾀﾜｰ301"},
            {"city": "東京都渋谷区", "line1": "神南1-2-3 タワー301"},
            {"state": "東京都", "line1": "東京都渋谷区神南1-2-3", "line2": "タワー３０１"},
        ):
            with self.subTest(**other):
                address = Address(country_code="JP", postal_code="1500041", phone="+81 90 1234 5678", **other)
                self.assertEqual(tools.canonical(address, "山田　太郎", "Ａ社"), plain)

    def test_other_address(self):
        base = {"country_code": "JP", "state": "東京都", "city": "渋谷区", "line1": "神南1-2-3", "line2": "301"}
        plain = tools.canonical(Address(**base), "山田")
        for other in ({"line1": "神南1-2-30", "line2": "1"}, {"line2": "302"}, {"state": "大阪府"}, {"phone": "1"}):
            self.assertNotEqual(tools.canonical(Address(**{**base, **other}), "山田"), plain)
        self.assertNotEqual(tools.canonical(Address(**base), "山本"), plain)
        self.assertNotEqual(tools.canonical(Address(**base), "山田", "A社"), plain)
        self.assertNotEqual(tools.normalize("1-2 301"), tools.normalize("1-2301"))

    def test_phone(self):
        self.assertEqual(tools.normalize_phone("＋８１ ９０−１２３４−５６７８", "JP"), "09012345678")
        self.assertEqual(tools.normalize_phone("+49 (30) 1234", "DE"), "49301234")
        self.assertEqual(tools.normalize_phone("", "JP"), "")

    def test_long_names(self):
        name = "Wolfeschlegelsteinhausenbergerdorff " * 8 + "𠮷野家👨‍👩‍👧 محمد"
        self.assertEqual(tools.storable(f" {name}\n"), name)
        self.assertEqual(tools.storable("a\x00b\ud800c\u2028d"), "a b c d")

    @given(st.text())
    @example("İ")
    @example("ẞ１ ２")
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    def test_normalize_is_idempotent(self, text):
        once = tools.normalize(text)
        self.assertEqual(tools.normalize(once), once)
        self.assertEqual(tools.normalize(unicodedata.normalize("NFD", text)), once)

    @given(st.builds(Address, *[st.text(max_size=20)] * 10, country_code=st.sampled_from(["JP", "BR", "", "ZZ"])))
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    def test_any_text_can_be_split(self, address):
        parts = tools.split(address)
        tools.canonical(address, address.name)
        # A prefecture is taken out of where it stood.
        assume(not parts.state.startswith("JP-"))
        kept = (parts.city, parts.street, parts.street2, parts.state)
        for text in (address.line1, address.line2, address.line3, address.city):
            self.assertTrue(any(tools.storable(text) in part for part in kept))

    @given(JAPANESE, JAPANESE, st.data())
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    def test_variations_are_equal(self, line1, line2, data):
        def vary(text):
            changed = ""
            for char in text:
                if char in WIDE and data.draw(st.booleans()):
                    char = WIDE[char]
                elif char in HYPHENS:
                    char = data.draw(st.sampled_from(HYPHENS))
                elif char.isspace():
                    char = data.draw(st.sampled_from([" ", "　", "  "]))
                changed += char
            return changed

        first = Address(country_code="JP", state="東京都", line1=line1, line2=line2, name=line2)
        other = Address(country_code="JP", state="Tokyo", line1=vary(line1), line2=vary(line2), name=vary(line2))
        self.assertEqual(tools.canonical(first, first.name), tools.canonical(other, other.name))
