"""What Amazon's tab separated reports have in common: lines, the names of columns, and of time zones."""

import re
import unicodedata
from types import MappingProxyType

from .errors import MalformedAnswer

#: Hours before Greenwich, by the names that Amazon writes.
ZONES = MappingProxyType(
    {
        **{"JST": 9, "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2},
        **{
            "EET": 2,
            "EEST": 3,
            "PST": -8,
            "PDT": -7,
            "EST": -5,
            "EDT": -4,
            "SGT": 8,
            "AEST": 10,
            "AEDT": 11,
            "IST": 5.5,
        },
    }
)
_LONGEST_LINE = 2**20  # characters


def lines_of(texts):
    """Put a text together that comes in pieces.

    :param texts: iterable of ``str``.
    :return: iterator of lines without their ends; the last one may have had none.
    :raises MalformedAnswer: when there is no end of a line.
    """
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        yield from (line.removesuffix("\r") for line in lines)
        if len(rest) > _LONGEST_LINE:
            raise MalformedAnswer("the report has a line without an end")
    if rest:
        yield rest.removesuffix("\r")


def label(name):
    """Return the name of a column, however it is written."""
    return re.sub(r"[\s_\-・]", "", unicodedata.normalize("NFKC", name).casefold())
