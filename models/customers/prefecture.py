"""Japan's prefectures, in every spelling that occurs.

Pure functions; nothing here imports Odoo.
"""

import re
import unicodedata

# ISO 3166-2:JP, name, reading, and spellings that follow from neither. Everything else is spelled by rule.
_PREFECTURES = """
01 北海 道 ほっかい どう
02 青森 県 あおもり けん
03 岩手 県 いわて けん
04 宮城 県 みやぎ けん
05 秋田 県 あきた けん
06 山形 県 やまがた けん
07 福島 県 ふくしま けん
08 茨城 県 いばらき けん ibaragi
09 栃木 県 とちぎ けん
10 群馬 県 ぐんま けん
11 埼玉 県 さいたま けん
12 千葉 県 ちば けん
13 東京 都 とうきょう と tokio
14 神奈川 県 かながわ けん
15 新潟 県 にいがた けん nigata 新瀉
16 富山 県 とやま けん
17 石川 県 いしかわ けん
18 福井 県 ふくい けん
19 山梨 県 やまなし けん
20 長野 県 ながの けん
21 岐阜 県 ぎふ けん
22 静岡 県 しずおか けん
23 愛知 県 あいち けん
24 三重 県 みえ けん
25 滋賀 県 しが けん
26 京都 府 きょうと ふ kioto
27 大阪 府 おおさか ふ 大坂
28 兵庫 県 ひょうご けん
29 奈良 県 なら けん
30 和歌山 県 わかやま けん
31 鳥取 県 とっとり けん
32 島根 県 しまね けん
33 岡山 県 おかやま けん
34 広島 県 ひろしま けん
35 山口 県 やまぐち けん
36 徳島 県 とくしま けん
37 香川 県 かがわ けん
38 愛媛 県 えひめ けん
39 高知 県 こうち けん
40 福岡 県 ふくおか けん
41 佐賀 県 さが けん
42 長崎 県 ながさき けん
43 熊本 県 くまもと けん
44 大分 県 おおいた けん ohita
45 宮崎 県 みやざき けん
46 鹿児島 県 かごしま けん
47 沖縄 県 おきなわ けん
"""
_SUFFIXES = ("to", "do", "hu", "ken", "prefecture", "pref", "metropolis")
# Where no city has the prefecture's name, a city field with that name can only mean the prefecture.
_NOT_A_CITY = frozenset(f"JP-{number}" for number in "01 04 10 13 14 17 23 24 25 28 32 37 38".split())
# Old and other forms of the characters in those names that Unicode does not take for the same.
_OLD_FORMS = str.maketrans("縣廣靜德兒繩澙﨑嵜鹽", "県広静徳児縄潟崎崎塩")

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff々〆]")
_TO_HIRAGANA = {ord(char): ord(char) - 0x60 for char in map(chr, range(0x30A1, 0x30F7))}
# Hepburn, old Hepburn and Nihon-shiki as Kunrei; long vowels, however they are marked, as short ones.
_TO_KUNREI = [
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        ("(?:sh|ch|j)(?=[auo])", lambda match: {"sh": "sy", "ch": "ty", "j": "zy"}[match[0]]),
        ("shi", "si"),
        ("chi", "ti"),
        ("tsu", "tu"),
        ("fu", "hu"),
        ("ji", "zi"),
        ("dz?u", "zu"),
        ("m(?=[bpm])", "n"),
        ("o(?:[ou]|h(?![aeiou]))+", "o"),
    )
]


def _romaji(kana):
    """Return kana in Kunrei letters, as Unicode names them; other characters stay."""
    letters, doubled = "", False
    for char in kana.translate(_TO_HIRAGANA):
        name = unicodedata.name(char, "")
        if char == "ー":
            letters += letters[-1:]
            continue
        if not name.startswith("HIRAGANA LETTER "):
            letters += char
            continue
        sound = name.split()[-1].lower()
        if char == "っ":
            doubled = True
            continue
        if char in "ゃゅょ":
            letters = letters.removesuffix("i")
        letters += sound[0] * doubled + sound
        doubled = False
    return letters


def _key(text):
    """Return the one form of all spellings of a place: kanji stay, whatever is sound is Kunrei."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_OLD_FORMS)
    if _KANA.search(text):
        text = _romaji(text)
    elif not _CJK.search(text.replace("ー", "")):
        text = _plain(text)
    text = "".join(char for char in text if char.isalnum() and char != "ー")
    for pattern, spelling in _TO_KUNREI:
        text = pattern.sub(spelling, text)
    return text


def _plain(text):
    """Return letters without accents: Kōchi, Kôchi."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return "".join(char for char in text if not unicodedata.combining(char))


_NAMES = {}  # JP-13 -> 東京都
_FULL = {}  # the keys of 東京都, Tokyo-to, JP-13 … -> code
_BARE = {}  # the keys of 東京, Tokyo -> code: may also be a city's name
_readings = {}
for _line in filter(None, _PREFECTURES.split("\n")):
    _number, _kanji, _kind, _reading, _suffix, *_others = _line.split()
    _code = f"JP-{_number}"
    _NAMES[_code] = _kanji + _kind
    _readings[_code] = _reading + _suffix
    for _name in (_kanji, _reading, *_others):
        _BARE[_key(_name)] = _code
        _FULL.update({_key(_name + _end): _code for _end in (_kind, *_SUFFIXES)})
    _FULL.update({_number: _code, f"jp{_number}": _code})

_CODES = {name: code for code, name in _NAMES.items()}
# 東京都庁 is a building, not Tokyo and something; so are those that follow.
_KANJI_START = re.compile(rf"({'|'.join(_CODES)})(?!庁|立|大学|市大学|議会|警察|新聞|銀行|神宮)")
_KANA_START = re.compile(
    "|".join(
        f"(?P<JP{code[3:]}>{re.sub('(?<=[おこそとのほもよろごぞどぼょ])[うお]', '[うおー]', reading)})"
        for code, reading in _readings.items()
    )
)
# In a line only "…-ken" and the like says for certain that a prefecture is meant: "Osaka Building" is none.
_ROMAJI_START = re.compile(
    r"([a-z]{3,12}(?:[^\w,、]+|ー)(?:toh?|do[ouh]?|[fh]u|ken|pref(?:\.|ecture)?|metropolis)|[a-z]{3,12}(?:to|[fh]u|ken))"
    r"(?=[\s,、]|$)[\s,、]*",
    re.IGNORECASE,
)
# Kanagawa Ku is a part of Yokohama, Ishikawa Gun one of Fukushima.
_WORD_START = re.compile(
    r"([a-z]{3,12})[\s,、]+(?!(?:shi|si|ku|gun|ch[oō]u?|machi|mura|son|city|ward|town|village|district)\b)",
    re.IGNORECASE,
)


def find(text):
    """Return the prefecture that a whole field names: 東京都, 東京, とうきょう, Tokyo, TOKYO-TO, Tōkyō, JP-13.

    :return: ISO 3166-2 code, or ``''``.
    :rtype: str
    """
    key = _key(text)
    return _FULL.get(key) or _BARE.get(key, "")


def name(code):
    """Return the Japanese name of a prefecture, or ``''`` when the code is none."""
    return _NAMES.get(code, "")


def leading(text, is_line):
    """Find the prefecture that a field starts with.

    :param str text: the field.
    :param bool is_line: whether it is an address line, where a name without suffix may be a building's.
    :return: code (or ``''``), and what the field says besides.
    :rtype: tuple[str, str]
    """
    if match := _KANJI_START.match(text.translate(_OLD_FORMS)):
        return _CODES[match[1]], text[match.end() :].lstrip(" \u3000,、")
    if code := "" if is_line else find(text):
        # "Osaka" may well be the city; Osaka-fu cannot.
        return code, "" if _key(text) in _FULL or code in _NOT_A_CITY else text
    wide = unicodedata.normalize("NFKC", text)
    if match := _KANA_START.match(wide.translate(_TO_HIRAGANA)):
        return f"JP-{match.lastgroup[2:]}", wide[match.end() :].lstrip(" ,、")
    plain = text if _CJK.search(wide) else _plain(text)
    if (match := _ROMAJI_START.match(plain)) and (code := _FULL.get(_key(match[1]))):
        return code, plain[match.end() :]
    if not is_line and (match := _WORD_START.match(plain)) and (code := find(match[1])) in _NOT_A_CITY:
        return code, plain[match.end() :]
    return "", text
