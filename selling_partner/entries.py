"""A long list in an answer of Amazon's, entry by entry: there may be more in a page of labels than fits in memory."""

import hashlib
import math
import re

from .errors import MalformedAnswer

_BLOCK = 2**16
#: Bytes of one entry, and of everything beside the entries.
LARGEST_ENTRY, LARGEST_REST = 32 * 2**20, 2**20
_LONGEST_NAME = 100
_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING = re.compile(rb'["\\]')


class Entries:
    """The objects of a list in a file of JSON.

    :param file: binary; stays open.
    :param str name: of the list, which stands at the top or one level below.
    :ivar rest: everything else as JSON, ``bytes``, with null for each entry.
    :ivar digests: SHA-256 (hexadecimal) of each entry as it stands there.
    :raises MalformedAnswer: when there is too much of it.
    """

    def __init__(self, file, name):
        self._file = file
        self._scanner = scanner = _Scanner(name)
        file.seek(0)
        while block := file.read(_BLOCK):
            scanner.feed(block)
        self.rest, self.digests = bytes(scanner.rest), tuple(scanner.digests)

    def __len__(self):
        return len(self.digests)

    def __iter__(self):
        """Give each entry as JSON, ``bytes``."""
        for start, end in self._scanner.spans:
            self._file.seek(start)
            yield self._file.read(end - start)


class _Scanner:
    """Finds the entries in JSON that comes in blocks.

    :ivar spans: (start, end) of each entry.
    """

    def __init__(self, name):
        self.rest, self.spans, self.digests = bytearray(), [], []
        self._name = name.encode()
        self._offset = self._depth = 0
        self._in_string = self._escaped = False
        self._string = bytearray()  # the last one, as far as a name may be long
        self._list_depth = None  # how deep the list is in which the entries stand
        self._start = self._digest = None  # of the entry that has begun

    def feed(self, block):
        """Read on."""
        place, self._done = int(self._escaped), 0
        self._escaped = False
        while match := (_STRING if self._in_string else _STRUCTURE).search(block, place):
            if self._in_string:
                self._note(block[place : match.start()])
                place = self._in_a_string(match, len(block))
            else:
                place = match.end()
                self._outside(match, block)
        if self._in_string:
            self._note(block[place:])
        self._hand_over(block, len(block))
        self._offset += len(block)

    def _note(self, text):
        if len(self._string) <= _LONGEST_NAME:
            self._string += text[: _LONGEST_NAME + 1]

    def _in_a_string(self, match, end):
        """Return where to read on."""
        if match[0] == b'"':
            self._in_string = False
            return match.end()
        self._string += b"\\"
        self._escaped = match.end() == end
        return match.end() + (not self._escaped)

    def _outside(self, match, block):
        char = match[0]
        if char == b'"':
            self._in_string = True
            self._string.clear()
        elif char in (b"{", b"["):
            self._open(char, match.start(), block)
        else:
            self._close(match.end(), block)

    def _open(self, char, place, block):
        if self._depth == self._list_depth:
            self._hand_over(block, place)
            self.rest += b"null"
            self._start, self._digest = self._offset + place, hashlib.sha256()
        elif char == b"[" and self._list_depth is None and self._depth <= 2 and self._string == self._name:
            self._list_depth = self._depth + 1
        self._depth += 1

    def _close(self, place, block):
        self._depth -= 1
        if self._list_depth is None or self._depth > self._list_depth:
            return
        if self._depth == self._list_depth:
            self._hand_over(block, place)
            self.spans.append((self._start, self._offset + place))
            self.digests.append(self._digest.hexdigest())
            self._start = None
        else:
            self._list_depth = math.inf  # there is one list only

    def _hand_over(self, block, end):
        """Take what was read since the last time for the entry, or for the rest."""
        part = block[self._done : end]
        self._done = end
        if self._start is None:
            self.rest += part
            too_large = len(self.rest) > LARGEST_REST
        else:
            self._digest.update(part)
            too_large = self._offset + end - self._start > LARGEST_ENTRY
        if too_large:
            raise MalformedAnswer("larger than an answer may be")
