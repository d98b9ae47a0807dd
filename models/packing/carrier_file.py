"""Files of carriers' programs: texts as they take them, and rows as they write them."""

import csv
import io
import unicodedata

#: What stands for a character that a charset does not have: Japanese printers' own sign for it.
MISSING = "〓"
# What Windows' Shift_JIS has for characters that look the same.
_ALIKE = str.maketrans(
    {"−": "－", "〜": "～", "‖": "∥", "—": "―", "¢": "￠", "£": "￡", "¬": "￢", "¥": "￥", "–": "-", "‐": "-"}
)
# What a spreadsheet would take for a formula.
_FORMULA = str.maketrans({"=": "＝", "+": "＋", "-": "－", "@": "＠"})
_SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class NoTextFile(Exception):
    """The file is no text: ``spreadsheet`` where it is one of those."""


def fitting(text, encoding):
    """Return a text on one line, as a charset has it.

    :param str text: may be from a buyer.
    :param str encoding: Python's name of the charset.
    :return: the text, and the characters in it that the charset does not have.
    :rtype: tuple[str, str]
    """
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if encoding == "cp932":
        text = unicodedata.normalize("NFC", text).translate(_ALIKE)
    lost = "".join(dict.fromkeys(char for char in text if not _has(encoding, char)))
    return "".join(MISSING if char in lost else char for char in text), lost


def _has(encoding, char):
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def width(text):
    """Return how wide a text is in characters of half width.

    :rtype: int
    """
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def cut(text, most):
    """Cut a text where a column ends; no column begins as a formula does.

    :param str text: on one line.
    :param int most: the column's width in characters of half width; 0: it has no end.
    :return: what is in the column, and the rest.
    :rtype: tuple[str, str]
    """
    text = text[:1].translate(_FORMULA) + text[1:]
    if not most or width(text) <= most:
        return text, ""
    end = len(text)
    while width(text[:end]) > most:
        end -= 1
    return text[:end].rstrip(), text[end:].lstrip()


def write(rows, encoding, separator):
    """Return the file of some rows.

    :param rows: lists of texts.
    :param str encoding: Python's name of the charset, which has all their characters.
    :param str separator: one character.
    :rtype: bytes
    """
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode(encoding)


def read(content, separator):
    """Return the rows of a file, whichever charset it is in, without the empty ones.

    :param bytes content: the file.
    :param str separator: one character; a file with tabs and without this is one with tabs.
    :return: number of the line and texts of each row.
    :rtype: list[tuple[int, list[str]]]
    :raise NoTextFile: when it is none.
    """
    text = _decoded(content)
    head = text.split("\n", 1)[0]
    if separator not in head and "\t" in head:
        separator = "\t"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise NoTextFile("broken") from error
    return [(line, row) for line, row in rows if any(row)]


def _decoded(content):
    if content.startswith(_SPREADSHEET):
        raise NoTextFile("spreadsheet")
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NoTextFile("unknown")
