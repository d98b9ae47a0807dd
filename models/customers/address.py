"""Amazon's addresses as Odoo's fields, and as a text that stays the same however they are written.

Pure functions; nothing here imports Odoo.
"""

import re
import unicodedata
from dataclasses import dataclass

from . import prefecture

_HYPHENS = re.compile("[-‐‑‒–—―⁃−⎯─━ー﹘﹣－ｰ~〜～]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff々〆]")
# ISO 3166 where Amazon or a person writes something else.
_COUNTRIES = {"UK": "GB", "EL": "GR"}


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address in Odoo's fields.

    :param state: ISO 3166-2 code of a Japanese prefecture (``JP-13``), else the text as Amazon gave it.
    :param country: ISO 3166 code in capitals, as far as Amazon gave one.
    """

    street: str = ""
    street2: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""
    country: str = ""


def storable(text):
    """Return a text as it came, without what no field can hold: control characters and outer blanks."""
    return _CONTROL.sub(" ", text or "").strip()


def normalize(text):
    """Return the form in which two ways of writing the same are equal.

    Width, case, hyphens and blanks do not count, except a blank between two digits: "1-2 301" is not "1-2301".
    """
    while True:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", storable(text)).casefold())
        folded = _HYPHENS.sub("-", folded)
        folded = re.sub(r"(?<=\d)\s+(?=\d)", "\0", folded)
        folded = re.sub(r"\s+", "", folded).replace("\0", " ")
        # A few letters fold into ones that fold again.
        if folded == text:
            return folded
        text = folded


def normalize_email(email):
    """Return an e-mail address in the form it is compared in."""
    return storable(email).lower()


def normalize_phone(phone, country=""):
    """Return a phone number's digits; in Japan without the international prefix.

    :param str phone: as Amazon gave it.
    :param str country: ISO 3166 code.
    """
    text = unicodedata.normalize("NFKC", phone or "")
    digits = "".join(str(unicodedata.digit(char)) for char in text if unicodedata.digit(char, None) is not None)
    if country == "JP" and text.lstrip().startswith("+81"):
        digits = "0" + digits[2:].removeprefix("0")
    return digits


def country_code(code):
    """Return an ISO 3166 code in capitals."""
    code = unicodedata.normalize("NFKC", storable(code)).upper()
    return _COUNTRIES.get(code, code)


def postal_code(code, country=""):
    """Return a postal code as it is printed: ``150-0002`` in Japan, elsewhere as Amazon gave it.

    :param str code: as Amazon gave it.
    :param str country: ISO 3166 code.
    """
    code = storable(code)
    if country == "JP":
        plain = re.sub(r"[\s〒]", "", _HYPHENS.sub("-", unicodedata.normalize("NFKC", code)))
        if match := re.fullmatch(r"([0-9]{3})-?([0-9]{4})", plain):
            return "-".join(match.groups())
    return code


def _contains(text, part):
    """Tell whether a text has a part as a whole word: 12 is not in 123."""
    if not part:
        return True
    part, text = normalize(part), normalize(text)
    start = r"(?<![a-z0-9])" if part[0].isascii() and part[0].isalnum() else ""
    end = r"(?![a-z0-9])" if part[-1].isascii() and part[-1].isalnum() else ""
    return bool(re.search(start + re.escape(part) + end, text))


def missing(parts, *texts):
    """Return those of some parts that are in none of the texts, each once."""
    found, present = [], list(texts)
    for part in parts:
        # A whole-word search in joined texts would find words across their border.
        if part and not any(_contains(text, part) for text in present):
            found.append(part)
            present.append(part)
    return found


def join(*texts, separator=", "):
    """Join the texts that are there."""
    return separator.join(filter(None, texts))


def _japanese_city(city, district, municipality):
    """Put the parts of a city's name in order: 西多摩郡 + 奥多摩町, 札幌市 + 中央区."""
    name = city
    for part in (municipality, district):
        if not part or (name and normalize(part) in normalize(name)):
            continue
        if not name or normalize(name) in normalize(part):
            name = part
        elif _CJK.search(name + part):
            name = part + name if part.endswith(("郡", "県", "都", "府", "道", "市")) else name + part
        else:
            name = join(part, name)
    return name


def split(address):
    """Put Amazon's address into Odoo's fields; nothing of it is lost.

    :param address: Amazon's address (``selling_partner.Address``).
    :rtype: PostalAddress
    """
    country = country_code(address.country_code)
    lines = [line for line in map(storable, (address.line1, address.line2, address.line3)) if line]
    extended = {key: storable(value) for key, value in address.extended.items()}
    if not lines and extended.get("streetName"):
        lines.append(join(extended["streetName"], extended.get("streetNumber")))
    if country == "JP":
        state, city, lines = _japanese_parts(address, lines)
        left, separator = missing(extended.values(), city, *lines), " "
    else:
        state = storable(address.state)
        names = [storable(address.city), storable(address.municipality), storable(address.district)]
        city = next(filter(None, names), "")
        left, separator = missing((*extended.values(), *reversed(names)), city, *lines), ", "
    return PostalAddress(
        street=lines[0] if lines else "",
        street2=join(*lines[1:], *left, separator=separator),
        city=city,
        zip=postal_code(address.postal_code, country),
        state=state,
        country=country,
    )


def _japanese_parts(address, lines):
    """Find the prefecture, wherever it stands.

    :return: code, city, and the lines without the prefecture.
    :rtype: tuple[str, str, list[str]]
    """
    state, city, municipality = storable(address.state), storable(address.city), storable(address.municipality)
    code = prefecture.find(state)
    if not code and state:
        code, rest = prefecture.leading(state, is_line=True)
        city = city if normalize(rest) in normalize(city) else join(rest, city, separator="" if code else " ")
    if not code:
        code, municipality = prefecture.leading(municipality, is_line=False)
    if not code:
        code, city = prefecture.leading(city, is_line=False)
    if not code and lines:
        code, first = prefecture.leading(lines[0], is_line=True)
        lines = [line for line in (first, *lines[1:]) if line]
    return code, _japanese_city(city, storable(address.district), municipality), lines


def canonical(address, name="", company=""):
    """Return the text that is the same for every way of writing one address.

    In it, it does not matter in which of the fields a Japanese address's parts stand.

    :param address: Amazon's address (``selling_partner.Address``).
    :param str name: the recipient.
    :param str company: the recipient's company.
    :rtype: str
    """
    parts = split(address)
    where = re.sub("[,，、､]", " ", join(parts.city, parts.street, parts.street2, separator=" "))
    if parts.country == "JP" and parts.state:
        code, rest = prefecture.leading(where, is_line=True)
        where = rest if code == parts.state else where
    return "\x1f".join(
        (
            parts.country,
            normalize(parts.state),
            re.sub(r"[\W_]", "", normalize(parts.zip)),
            normalize(where),
            normalize(name),
            normalize(company),
            normalize_phone(address.phone, parts.country),
        )
    )
