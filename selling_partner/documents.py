"""Feed and report documents: bytes up to and down from the presigned addresses that Amazon hands out.

The addresses carry their own authorization and live for five minutes; they are secrets and are never logged.
"""

import codecs
import re
from contextlib import contextmanager
from email.message import Message
from os import SEEK_END
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

from .answers import exchange, refusal
from .endpoints import checked_url
from .errors import MalformedAnswer, RetryLater
from .transport import Client, Unpacking, unpack

#: Bytes of a document, unpacked: a report on 100,000 SKUs has half of it.
LARGEST = 128 * 2**20
#: Bytes of one that goes to a file.
LARGEST_FILE = 2**30
_BLOCK = 2**16

#: Names that Python lacks or takes too literally: Japanese reports hold characters of Windows' own Shift_JIS.
_SAME_AS = {
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms932": "cp932",
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
}
#: Charsets in which any bytes, or nearly any, are some text.
_LATIN = {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252", "cp1252"}
_TAKE_ANYTHING = {"cp932", *_LATIN}
_GZIP = b"\x1f\x8b"


class Document(NamedTuple):
    """A downloaded document.

    :param content: the bytes, not compressed.
    :param content_type: what the storage says they are, ``''`` when it says nothing.
    """

    content: bytes
    content_type: str


class DocumentFile(NamedTuple):
    """A downloaded document in a temporary file; use it in a ``with`` statement.

    :param file: the bytes, not compressed.
    :param content_type: what the storage says they are, ``''`` when it says nothing.
    """

    file: BinaryIO
    content_type: str

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.file.close()


def upload(url, content, content_type, timeout=None):
    """Put a feed's document where createFeedDocument said.

    :param content: ``bytes``, or a binary file to read from its start, which stays open; already encoded as
        ``content_type`` declares; not compressed.
    :param str content_type: the very one given to createFeedDocument, charset included.
    :raises TypeError: for text, whose encoding would be a guess.
    :raises RetryLater: when the storage is out of order, or the address has expired: ask for a new document.
    """
    content = bytes(content) if isinstance(content, (bytes, bytearray)) else _File(content)
    _call("uploadDocument", "PUT", url, timeout, content=content, headers={"content-type": content_type})


class _File:
    """A file to send. It says how long it is: the storage takes none whose end it has to wait for."""

    def __init__(self, file):
        if not hasattr(file, "seek") or not isinstance(file.read(0), bytes):
            raise TypeError("content must be bytes or a binary file")
        self._file, self._size = file, file.seek(0, SEEK_END)
        file.seek(0)

    def __len__(self):
        return self._size

    def __iter__(self):
        return iter(lambda: self.read(2**16), b"")

    def read(self, size=-1):
        return self._file.read(size)


def download(url, compression="", timeout=None):
    """Get a document from where getFeedDocument said.

    :param str compression: ``compressionAlgorithm``, ``GZIP`` or ``''``; the bytes themselves are asked as well, for a
        storage may have unpacked them on the way.
    :return: :class:`Document`.
    :raises MalformedAnswer: when the compressed bytes are damaged, or there are more than 128 MiB, unpacked.
    :raises RetryLater: when the storage is out of order, or the address has expired: ask for a new one.
    """
    answer = _call("downloadDocument", "GET", url, timeout)
    content = answer.content
    if compression not in ("", None, "GZIP"):
        raise MalformedAnswer("unknown compression", operation="downloadDocument", status=answer.status_code, sent=True)
    if content.startswith(_GZIP):
        content = _unpack(content)
    return Document(content, answer.headers.get("content-type", ""))


def _unpack(content):
    with _malformed_if_damaged():
        return unpack(content, LARGEST)


@contextmanager
def _malformed_if_damaged():
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise MalformedAnswer(str(error), operation="downloadDocument", sent=True) from None


def download_file(url, compression="", timeout=None):
    """Get a document that may be large from where getReportDocument said, as :func:`download`, into a temporary file.

    :return: :class:`DocumentFile`.
    :raises MalformedAnswer: when the compressed bytes are damaged, or there is more than 1 GiB, unpacked.
    """
    if compression not in ("", None, "GZIP"):
        raise MalformedAnswer("unknown compression", operation="downloadDocument", sent=True)
    file = TemporaryFile()
    try:
        keeping = _Keeping(file)
        answer = _call("downloadDocument", "GET", url, timeout, largest=LARGEST_FILE, keep=keeping.write)
        keeping.close()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return DocumentFile(file, answer.headers.get("content-type", ""))


class _Keeping:
    """Writes a document to a file, unpacked if it is packed."""

    def __init__(self, file):
        self._file, self._start, self._write = file, b"", None
        self._unpacking = Unpacking(LARGEST_FILE, file.write)

    def write(self, part):
        if self._write:
            self._write(part)
            return
        self._start += part
        if len(self._start) >= len(_GZIP):
            self._write = self._unpack if self._start.startswith(_GZIP) else self._file.write
            self._write(self._start)

    def _unpack(self, part):
        with _malformed_if_damaged():
            self._unpacking.write(part)

    def close(self):
        if not self._write:
            self._file.write(self._start)
        with _malformed_if_damaged():
            self._unpacking.close()


def _call(operation, method, url, timeout, largest=LARGEST, **request):
    checked_url(url)
    with Client(url, timeout=timeout, largest=largest) as http:
        answer = exchange(operation, lambda: http.request(method, url, **request))
    if answer.is_success:
        return answer
    # That an address has expired says nothing of the account's rights.
    error = refusal(operation, answer, meanings={403: RetryLater})
    error.code = _storage_code(answer.content)
    raise error


def _storage_code(body):
    """The storage's code, such as AccessDenied. The rest of its answer quotes the request with its signature."""
    code = re.search(rb"<Code>([A-Za-z]{1,60})</Code>", body)
    return code[1].decode() if code else ""


def decode(content, content_type="", charset=""):
    """Turn a document's bytes into text, whatever language Amazon wrote it in.

    A byte order mark counts most, then what is declared, then UTF-8, then Windows' Shift_JIS, in which Japanese reports
    come without saying so; bytes that fit none become U+FFFD rather than losing the rest. Shift_JIS and Latin declared
    for what is plainly UTF-8 are not believed: they would make some text of it, the wrong one.

    :param bytes content: see :func:`download`.
    :param str content_type: may declare a charset.
    :param str charset: what the document declares itself.
    :return: ``str`` without byte order mark.
    """
    candidates = _candidates(content[:2], len(content), content_type, charset, _is_surely_utf8(content))
    for name in (*candidates, "utf-8-sig", "cp932"):
        try:
            return content.decode(name)
        except (ValueError, LookupError):  # other bytes; a charset unknown, or none for text
            continue
    return content.decode("cp932", "replace")


def _candidates(start, length, content_type, charset, is_surely_utf8):
    """Return the charsets that are declared and can be believed, the best first."""
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and length % 2 == 0:
        content_type = "text/plain; charset=utf-16"
    candidates = [_charset(content_type), _known(charset)]
    if is_surely_utf8:
        candidates = [name for name in candidates if name not in _TAKE_ANYTHING]
    # Any bytes are Latin: what else is declared comes first.
    return sorted(candidates, key=lambda name: name in _LATIN)


#: In Japanese there are several of these in a row somewhere; accented letters of others make single ones of them.
_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]{2}")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def charsets_of(file, content_type=""):
    """Find out in which charsets a file can be read, however large it is; see :func:`decode`.

    :param file: binary.
    :param str content_type: may declare a charset.
    :return: list of (charset, how to take what does not fit in: ``strict`` or ``replace``), the best first. Who knows
        what has to be in the file takes the first in which it is.
    """
    length = file.seek(0, SEEK_END)
    file.seek(0)
    start = file.read(2)
    is_utf8, is_surely_utf8 = _is_utf8(file)
    declared = [name for name in _candidates(start, length, content_type, "", is_surely_utf8) if name]
    guesses = ["utf-8-sig"] if is_utf8 else ["cp932", "cp1252"]
    strict = [name for name in dict.fromkeys((*declared, *guesses)) if _fits(file, name, name in declared)]
    return [*((name, "strict") for name in strict), ("cp932", "replace"), ("utf-8-sig", "replace")]


def _is_utf8(file):
    """Tell whether a file is UTF-8, and whether that is sure, as :func:`_is_surely_utf8`."""
    is_sure = False
    try:
        for text in texts_of(file, "utf-8"):
            is_sure = is_sure or not text.isascii() and max(text) >= "\u0800"
    except ValueError:
        return False, False
    return True, is_sure


def _fits(file, charset, is_declared):
    """Tell whether a file is text in a charset, and Japanese if that is a mere guess."""
    is_japanese = is_declared or charset != "cp932"
    try:
        if not _is_text(charset):
            return False
        for text in texts_of(file, charset):
            if charset == "cp932" and not is_declared and _PRIVATE.search(text):
                return False
            is_japanese = is_japanese or bool(_JAPANESE.search(text))
    except (ValueError, LookupError):
        return False
    return is_japanese


def _is_text(charset):
    try:
        b" ".decode(charset)
    except LookupError:
        return False
    except ValueError:
        pass  # it may be a charset of longer characters
    return True


def texts_of(file, charset, errors="strict"):
    """Read a file as text, piece by piece.

    :param file: binary; read from its start.
    :return: iterator of ``str``.
    :raises ValueError: from the iterator, when it is not in this charset.
    """
    decoder = codecs.getincrementaldecoder(charset)(errors)
    file.seek(0)
    while block := file.read(_BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", True)


def _is_surely_utf8(content):
    """Whether there are characters of three bytes, which other charsets do not make by chance."""
    try:
        return max(content.decode("utf-8"), default="") >= "\u0800"
    except ValueError:
        return False


def _charset(content_type):
    header = Message()
    header["content-type"] = content_type
    declared = str(header.get_param("charset") or "").strip()
    return _known(declared)


def _known(charset):
    charset = charset.strip().lower()
    return _SAME_AS.get(charset, charset)
