"""Documents: bytes down and up, and the charsets of Amazon's Japanese reports."""

import gzip
import tracemalloc
from io import BytesIO

import pytest
from amazon_server import Answer
from hypothesis import given
from hypothesis import strategies as st

from selling_partner import documents
from selling_partner.errors import BadRequest, MalformedAnswer, RetryLater

TEXT = "注文番号\t結果\n250-1234567-8901234\t①髙﨑は出荷済み～\n"  # ① 髙 﨑 ～: in Windows' Shift_JIS only


@pytest.mark.parametrize(
    "content, content_type",
    [
        (TEXT.encode("cp932"), "text/plain; charset=Shift_JIS"),
        (TEXT.encode("cp932"), "text/plain; charset=Windows-31J"),
        (TEXT.encode("cp932"), 'text/plain; charset="windows-31j"'),
        (TEXT.encode("cp932"), "text/plain;charset=cp932"),
        (TEXT.encode("cp932"), "text/plain"),
        (TEXT.encode("cp932"), ""),
        (TEXT.encode("cp932"), "text/plain; charset=UTF-8"),
        (TEXT.encode("cp932"), "text/plain; charset=no-such-charset"),
        (TEXT.encode("cp932"), "text/plain; charset=hex"),
        (TEXT.encode("cp932"), "text/plain; charset=\0"),
        (TEXT.encode(), "text/plain; charset=UTF-8"),
        (TEXT.encode(), "text/xml"),
        (TEXT.encode(), "text/plain; charset=Shift_JIS"),
        (TEXT.encode(), "text/plain; charset=ISO-8859-1"),
        (TEXT.encode("utf-8-sig"), "text/plain; charset=Windows-31J"),
        (TEXT.encode("utf-16"), "text/plain; charset=UTF-8"),
        (TEXT.encode("utf-8-sig"), "text/plain; charset=utf-8"),
        (TEXT.encode("utf-8-sig"), ""),
        (TEXT.encode("utf-16"), "text/plain; charset=utf-16"),
    ],
)
def test_trap_12_charsets(content, content_type):
    assert documents.decode(content, content_type) == TEXT


@pytest.mark.parametrize(
    "content, content_type, charset, text",
    [
        ("注文".encode("euc-jp"), "", "EUC-JP", "注文"),
        ("注文".encode("cp932"), "text/xml; charset=ISO-8859-1", "Shift_JIS", "注文"),
        ("Größe".encode("latin-1"), "text/plain; charset=ISO-8859-1", "", "Größe"),
        ("ﾃ･ｱ".encode("cp932"), "text/plain; charset=Shift_JIS", "", "ﾃ･ｱ"),
        (b"\xff\xfea", "", "", "\uf8f3\uf8f2a"),
    ],
)
def test_whom_to_believe(content, content_type, charset, text):
    assert documents.decode(content, content_type, charset) == text


@given(
    st.binary(max_size=200), st.text(max_size=30) | st.sampled_from(["text/plain; charset=Shift_JIS", "x; charset="])
)
def test_anything_becomes_text(content, content_type):
    assert isinstance(documents.decode(content, content_type), str)


def test_bytes_of_no_charset_lose_only_themselves():
    assert documents.decode("出荷".encode("cp932") + b"\xff\xff ok").endswith(" ok")


@pytest.mark.parametrize(
    "answer, compression",
    [
        (Answer(body=TEXT.encode("cp932")), ""),
        (Answer(body=gzip.compress(TEXT.encode("cp932"))), "GZIP"),
        (Answer(body=gzip.compress(TEXT.encode("cp932"))), None),
        (Answer(body=gzip.compress(TEXT.encode("cp932")), headers={"content-encoding": "gzip"}), "GZIP"),
        (Answer(body=TEXT.encode("cp932")), "GZIP"),
    ],
)
def test_trap_12_download(amazon, answer, compression):
    answer.headers["content-type"] = "text/plain; charset=Windows-31J"
    amazon.says("/document", answer)
    document = documents.download(f"{amazon.url}/document?X-Amz-Signature=s", compression)
    assert documents.decode(*document) == TEXT


@pytest.mark.parametrize(
    "body, compression", [(b"\x1f\x8bbroken", "GZIP"), (gzip.compress(b"x" * 99)[:-9], ""), (b"", "ZSTD")]
)
def test_damaged_documents(amazon, body, compression):
    amazon.says("/document", Answer(body=body))
    with pytest.raises(MalformedAnswer):
        documents.download(f"{amazon.url}/document", compression)


@pytest.mark.parametrize("url", ["https://" + "a" * 70 + "\u3042.com", "https://example.com/\n"])
def test_an_address_that_is_none(url):
    with pytest.raises(BadRequest) as caught:
        documents.download(url)
    assert not caught.value.sent


def test_documents_travel_encrypted():
    for call in (lambda url: documents.download(url), lambda url: documents.upload(url, b"", "text/xml")):
        with pytest.raises(BadRequest) as caught:
            call("http://example.com/document?X-Amz-Signature=presigned")
        assert "presigned" not in str(caught.value)
        assert not caught.value.sent


# --- to a file -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"", b"x", b"\x1f", b"ab" * 100_000, TEXT.encode("cp932")])
@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
def test_a_document_comes_down_into_a_file(amazon, body, is_packed, headers):
    content = gzip.compress(body) if is_packed else body
    if headers:
        content = gzip.compress(content)
    amazon.says("/document", Answer(body=content, headers={"content-type": "text/plain", **headers}))
    with documents.download_file(f"{amazon.url}/document", "GZIP" if is_packed else "") as document:
        assert document.file.read() == body
        assert document.content_type == "text/plain"
    assert document.file.closed


@pytest.mark.parametrize(
    "body, compression", [(b"\x1f\x8bbroken", "GZIP"), (gzip.compress(b"x" * 99)[:-9], ""), (b"", "ZSTD")]
)
def test_damaged_documents_in_a_file(amazon, body, compression):
    amazon.says("/document", Answer(body=body))
    with pytest.raises(MalformedAnswer):
        documents.download_file(f"{amazon.url}/document", compression)


@pytest.mark.parametrize("answer", [Answer(403, b"<Error><Code>AccessDenied</Code></Error>"), Answer(body=b"x", cut=9)])
def test_a_document_that_does_not_come_into_a_file(amazon, answer):
    amazon.says("/document", answer)
    with pytest.raises(RetryLater):
        documents.download_file(f"{amazon.url}/document")


def test_what_another_place_says_is_no_document(amazon):
    amazon.says("/document", Answer(302, b"<Error><Code>Moved</Code></Error>", {"location": "/elsewhere"}))
    with pytest.raises(MalformedAnswer) as caught:
        documents.download_file(f"{amazon.url}/document")
    assert caught.value.code == "Moved"


def test_a_large_document_takes_little_memory(amazon):
    megabyte = b"0123456789abcdef" * 2**16
    amazon.says("/document", Answer(body=gzip.compress(megabyte * 64)))
    tracemalloc.start()
    try:
        with documents.download_file(f"{amazon.url}/document", "GZIP") as document:
            assert documents.charsets_of(document.file)[0] == ("utf-8-sig", "strict")
            _now, peak = tracemalloc.get_traced_memory()
            assert document.file.seek(0, 2) == 64 * 2**20
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_document_in_a_file_has_a_bound(amazon, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST_FILE", 2**20)
    for body in (b"x" * (2**20 + 1), gzip.compress(b"x" * (2**20 + 1))):
        amazon.says("/document", Answer(body=body))
        with pytest.raises(MalformedAnswer, match="large"):
            documents.download_file(f"{amazon.url}/document")


@pytest.mark.parametrize(
    "content, content_type, charset",
    [
        (TEXT.encode("cp932"), "text/plain; charset=Windows-31J", "cp932"),
        (TEXT.encode("cp932"), "text/plain; charset=UTF-8", "cp932"),
        (TEXT.encode("cp932"), "", "cp932"),
        (TEXT.encode(), "text/plain; charset=Shift_JIS", "utf-8-sig"),
        (TEXT.encode("utf-8-sig"), "", "utf-8-sig"),
        (TEXT.encode("utf-16"), "", "utf-16"),
        (b"plain", "", "utf-8-sig"),
        ("Größe".encode("cp1252"), "", "cp1252"),
        ("für schöne Käse, créée à Zürich".encode("cp1252"), "", "cp1252"),
        ("Größe".encode("cp1252"), "text/plain; charset=Cp1252", "cp1252"),
        ("Größe".encode("cp1252"), "text/plain; charset=no-such-charset", "cp1252"),
        (TEXT.encode("cp932") + b"\xff\xff", "text/plain; charset=hex", "cp932"),
    ],
)
def test_the_charset_of_a_file(content, content_type, charset):
    name, errors = documents.charsets_of(BytesIO(content), content_type)[0]
    assert name == charset
    assert "".join(documents.texts_of(BytesIO(content), name, errors))


@given(
    st.binary(max_size=200),
    st.text(max_size=30)
    | st.sampled_from(["punycode", "idna", "hex", "undefined", "utf-7", "\0", "unicode_escape", "base64"]).map(
        "text/plain; charset={}".format
    ),
)
def test_any_file_becomes_text(content, content_type):
    for charset, errors in documents.charsets_of(BytesIO(content), content_type):
        assert isinstance("".join(documents.texts_of(BytesIO(content), charset, errors)), str)
