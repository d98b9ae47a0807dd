"""Amazon's order numbers as people write and paste them."""

import re
import unicodedata

_NUMBER = re.compile(r"[0-9A-Z]{3}-[0-9]{7}-[0-9]{7}")
# Within a text: digits may follow anything else, letters begin a word.
AMONG_OTHERS = re.compile(r"(?:(?<!\d)\d{3}|(?<![0-9A-Z])[0-9A-Z]{3})-\d{7}-\d{7}(?!\d)", re.ASCII)
_BARE = re.compile(r"([0-9]{3})([0-9]{7})([0-9]{7})")
_DIGITS = re.compile(r"-*[0-9][0-9-]*")
_BETWEEN = re.compile(r"[\s,;、。|\"'「」()]+")
# What NFKC leaves of all that looks like a hyphen, the Japanese long vowel included.
HYPHENS = "‐‑‒–—―−ー─━"
_HYPHENS = dict.fromkeys(map(ord, HYPHENS), "-")


def plain(text):
    """Return a text with plain digits, letters and hyphens for all that looks like them.

    :rtype: str
    """
    return half_width(text).translate(_HYPHENS)


def half_width(text):
    """Return a text with the usual letters, digits, katakana and blanks for those of a Japanese keyboard that are
    wider or narrower.

    :rtype: str
    """
    return unicodedata.normalize("NFKC", text or "")


def part_of_number(text):
    """Return a text in plain digits and hyphens when it consists of nothing else, however they are written; else the
    text as it is.

    :rtype: str
    """
    digits = plain(text).strip()
    return digits if _DIGITS.fullmatch(digits) else text


def has_few_digits(text):
    """Tell whether a text is a short part of a number and nothing else; longer ones may be a SKU.

    :rtype: bool
    """
    return len(text) < 8 and bool(_DIGITS.fullmatch(text))


def whole_number(text):
    """Return the Amazon order number that a text is, however it is written, or ``""``.

    :rtype: str
    """
    numbers, others = read_numbers(text)
    return numbers[0] if len(numbers) == 1 and not others else ""


def read_numbers(text):
    """Read a list of order numbers: one a line, or with blanks, commas or tabs between them; full-width digits and
    any kind of hyphen, or none.

    :param str text: what was pasted.
    :return: (the numbers, what is none), each once, in the order they came in.
    :rtype: tuple[list[str], list[str]]
    """
    words = _BETWEEN.split(plain(text).upper())
    found = dict.fromkeys(_BARE.sub(r"\1-\2-\3", word) if _BARE.fullmatch(word) else word for word in words if word)
    numbers = [word for word in found if _NUMBER.fullmatch(word)]
    return numbers, [word for word in found if word not in numbers]
