"""Reports on feeds: XML, tab-separated, JSON; any charset, any language, and nothing believed that is not said."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selling_partner.documents import Document
from selling_partner.errors import MalformedAnswer
from selling_partner.processing_reports import MessageResult, ProcessingReport, parse_processing_report

JAPANESE = "出荷数量①が、髙﨑～注文の数量を超えています。"
ORDER = "250-1234567-8901234"


def envelope(*reports, declaration=""):
    messages = "".join(
        f"<Message><MessageID>{number}</MessageID><ProcessingReport>{report}</ProcessingReport></Message>"
        for number, report in enumerate(reports, 1)
    )
    return (
        f'{declaration}<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="amzn-envelope.xsd"><Header><DocumentVersion>1.02</DocumentVersion>'
        "<MerchantIdentifier>A1</MerchantIdentifier></Header><MessageType>ProcessingReport</MessageType>"
        f"{messages}</AmazonEnvelope>"
    )


def summary(processed, successful, with_error, with_warning):
    return (
        "<DocumentTransactionID>50001</DocumentTransactionID><StatusCode>Complete</StatusCode><ProcessingSummary>"
        f"<MessagesProcessed>{processed}</MessagesProcessed><MessagesSuccessful>{successful}</MessagesSuccessful>"
        f"<MessagesWithError>{with_error}</MessagesWithError>"
        f"<MessagesWithWarning>{with_warning}</MessagesWithWarning></ProcessingSummary>"
    )


def result(message_id=2, severity="Error", code="18028", description=JAPANESE, more=""):
    return (
        f"<Result><MessageID>{message_id}</MessageID><ResultCode>{severity}</ResultCode>"
        f"<ResultMessageCode>{code}</ResultMessageCode><ResultDescription>{description}</ResultDescription>{more}</Result>"
    )


MORE = (
    f"<AdditionalInfo><SKU>SKU-1</SKU><AmazonOrderID>{ORDER}</AmazonOrderID>"
    "<AmazonOrderItemCode>11111111111111</AmazonOrderItemCode></AdditionalInfo>"
)
XML = envelope(summary(3, 2, 1, 1) + result(more=MORE) + result(3, "Warning", "1", "ok"))
READ = ProcessingReport(
    status="Complete",
    processed=3,
    successful=2,
    with_error=1,
    with_warning=1,
    results=(
        MessageResult(2, "error", "18028", JAPANESE, ORDER, "11111111111111", "SKU-1"),
        MessageResult(3, "warning", "1", "ok"),
    ),
    format="xml",
)


def parse(text, charset="utf-8", content_type=""):
    return parse_processing_report(Document(text.encode(charset) if isinstance(text, str) else text, content_type))


def declared(encoding):
    return f'<?xml version="1.0" encoding="{encoding}"?>\n'


@pytest.mark.parametrize(
    "encoding, charset, content_type",
    [
        ("", "utf-8", ""),
        ("", "utf-8", "text/xml; charset=UTF-8"),
        ("", "utf-8-sig", "text/xml"),
        ("UTF-8", "utf-8", "text/xml"),
        ("UTF-8", "utf-8-sig", ""),
        ("UTF-8", "cp932", "text/xml; charset=UTF-8"),
        ("Shift_JIS", "cp932", ""),
        ("Shift_JIS", "cp932", "text/xml; charset=UTF-8"),
        ("Shift_JIS", "utf-8", "text/xml; charset=Shift_JIS"),
        ("Windows-31J", "cp932", "text/xml;charset=Windows-31J"),
        ("Windows-31J", "cp932", "text/xml; charset=iso-8859-1"),
        ("", "cp932", "text/xml"),
        ("", "cp932", "text/xml; charset=Shift_JIS"),
        ("UTF-16", "utf-16", "text/xml"),
        ("UTF-16", "utf-16", "text/xml; charset=UTF-8"),
        ("nonsense", "cp932", "text/xml; charset=nonsense"),
    ],
)
def test_xml_in_any_charset(encoding, charset, content_type):
    declaration = declared(encoding) if encoding else ""
    assert parse(declaration + XML, charset, content_type) == READ


def test_the_encoding_of_the_document_itself():
    text = envelope(summary(1, 0, 1, 0) + result(1, description="注文が見つかりません"), declaration=declared("EUC-JP"))
    assert parse(text, "euc-jp").results[0].description == "注文が見つかりません"
    text = envelope(summary(1, 0, 1, 0) + result(1, description="Größe übel"), declaration=declared("ISO-8859-1"))
    assert parse(text, "latin-1").results[0].description == "Größe übel"


def test_xml_is_read_safely():
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
    thief = "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    # What XML forbids is taken out before it is parsed, so it hides nothing.
    hidden = [bomb.replace("DOC", f"DOC{gap}") for gap in ("\x01", "\ufffe", "&#0;", "&#x1F;", "\ufeff", "&#xD800;")]
    for doctype, entity in ((bomb, "&b;"), (thief, "&f;"), ("", "&f;"), *((text, "&b;") for text in hidden)):
        with pytest.raises(MalformedAnswer) as caught:
            parse(doctype + envelope(summary(1, 0, 1, 0) + result(1, description=entity)))
        assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_huge_texts_and_many_results():
    description = "長" * 4_000_000
    results = "".join(result(number, description="x") for number in range(1, 5001))
    report = parse(envelope(summary(5001, 0, 5001, 0) + results + result(5001, description=description)))
    assert len(report.results) == 5001
    assert report.results[-1].description == description


def test_what_xml_forbids_does_not_lose_the_report():
    report = parse(envelope(summary(1, 0, 1, 0) + result(1, description="a\0b\x08c&#1;d&#x1F;e&#xD800;f&#65;&#x9;g")))
    assert report.results[0].description == "abcdefA\tg"


def test_a_rejected_document():
    report = parse(
        envelope("<StatusCode>Rejected</StatusCode>" + result(0, "Error", "5001", "XML Parsing Fatal Error at Line 9"))
    )
    assert report.status == "Rejected"
    assert (report.processed, report.successful, report.with_error, report.with_warning) == (None,) * 4
    assert report.results == (MessageResult(0, "error", "5001", "XML Parsing Fatal Error at Line 9"),)
    # An error of the whole document explains whatever is counted.
    assert parse(envelope(summary(9, 0, 9, 0) + result(0))).with_error == 9


def test_comments_namespaces_and_several_reports():
    text = envelope(summary(1, 1, 0, 0), summary(2, 1, 1, 0) + result(2)).replace(
        "<AmazonEnvelope ", '<!-- & --><AmazonEnvelope xmlns="urn:x" '
    )
    report = parse(text.replace("<ResultCode>", "<?x y?><!-- z --><ResultCode><!-- z -->"))
    assert (report.processed, report.successful, report.with_error) == (3, 2, 1)
    assert report.results[0].severity == "error"
    unfinished = envelope(summary(1, 1, 0, 0), "<StatusCode>Processing</StatusCode>")
    assert parse(unfinished).status == "Processing"


@pytest.mark.parametrize("severity", ["Error", "Fatal", "", "エラー"])
def test_a_severity_not_known_is_an_error(severity):
    assert parse(envelope(summary(1, 0, 1, 0) + result(1, severity))).results[0].severity == "error"


@pytest.mark.parametrize(
    "text",
    [
        envelope(summary(2, 0, 2, 0) + result(1)),
        envelope(summary(2, 0, 1, 0)),
        envelope(summary(2, 0, 1, 0) + result(1, "Warning")),
        envelope(summary(1, 0, 1, 0) + result("one")),
        envelope(summary(1, 0, 1, 0) + result("-1")),
        envelope(),
        XML[:-20],
        XML[: len(XML) // 2],
        "<Error><Code>AccessDenied</Code></Error>",
        "<!DOCTYPE html><html></html>",
        "<html><body>oops</body></html>",
        "<",
        "",
        "   \r\n",
        "oops",
        "\0\0\0",
        "1\t2\t3\t4\t5",
        "[]",
        "{}",
        '{"errors": []}',
        '{"summary": 5}',
        '{"summary": {"messagesProcessed": "many"}}',
        '{"issues": {}}',
        '{"issues": [{"messageId": "x", "severity": "ERROR"}]}',
        '{"summary": {"messagesProcessed": 1, "messagesAccepted": 0, "messagesInvalid": 1}}',
        "{" + '"a":{' * 5000,
    ],
)
def test_what_is_no_report(text):
    with pytest.raises(MalformedAnswer):
        parse(text)


# --- tab-separated -------------------------------------------------------------------------------------------------
ENGLISH_FLAT = (
    "Feed Processing Summary:\r\n"
    "\tNumber of records processed\t\t3\r\n"
    "\tNumber of records successful\t\t1\r\n"
    "\r\n"
    "original-record-number\tsku\terror-code\terror-type\terror-message\r\n"
    f"1\t{ORDER}\t18028\tError\tThe quantity is more than was ordered.\r\n"
    "3\tSKU-1\t99\tWarning\tLook here\r\n"
    "3\tSKU-1\t13013\tError\tNo such item\tat all\r\n"
)
JAPANESE_FLAT = (
    "フィード処理の概要:\r\n"
    "\t処理されたレコード数\t\t１,０００\r\n"
    "\t処理が成功したレコード数\t\t998\r\n"
    "\r\n"
    "元のレコード番号\t出品者SKU\tエラーコード\tエラーの種類\tエラーメッセージ\r\n"
    f"2\t\t18028\tエラー\t{JAPANESE}\r\n"
    "4\t\t1\t警告\tご注意\r\n"
    "5\t\t18028\tエラー\t一行目\r\n"
    "二行目\r\n"
)


def test_a_flat_report_in_english():
    assert parse(ENGLISH_FLAT) == ProcessingReport(
        status="Complete",
        processed=3,
        successful=1,
        with_error=2,
        results=(
            MessageResult(1, "error", "18028", "The quantity is more than was ordered.", order_id=ORDER),
            MessageResult(3, "warning", "99", "Look here", sku="SKU-1"),
            MessageResult(3, "error", "13013", "No such item at all", sku="SKU-1"),
        ),
        format="flat",
    )


@pytest.mark.parametrize(
    "charset, content_type",
    [
        ("cp932", "text/plain; charset=Shift_JIS"),
        ("cp932", "text/plain; charset=Windows-31J"),
        ("cp932", "text/plain"),
        ("cp932", ""),
        ("cp932", "text/xml; charset=UTF-8"),
        ("utf-8", "text/plain; charset=Shift_JIS"),
        ("utf-8", ""),
        ("utf-8-sig", "text/plain; charset=UTF-8"),
        ("utf-16", ""),
    ],
)
def test_a_flat_report_in_japanese(charset, content_type):
    assert parse(JAPANESE_FLAT, charset, content_type) == ProcessingReport(
        status="Complete",
        processed=1000,
        successful=998,
        with_error=2,
        results=(
            MessageResult(2, "error", "18028", JAPANESE),
            MessageResult(4, "warning", "1", "ご注意"),
            MessageResult(5, "error", "18028", "一行目 二行目"),
        ),
        format="flat",
    )


def test_a_flat_report_in_another_language():
    report = parse(
        "Zusammenfassung:\n\tAnzahl bearbeitet\t\t2\n\tAnzahl gut\t\t1\n\n"
        "Datensatz\tArtikel\tFehlernummer\tArt\tMeldung\n2\tS\t5\tFehler\tschlecht\n"
    )
    assert (report.processed, report.successful, report.with_error) == (2, 1, 1)
    assert report.results == (MessageResult(2, "error", "5", "schlecht", sku="S"),)


def test_flat_reports_with_other_columns():
    header = "order-id\torder-item-id\tmessage\tcode\ttype\trecord number\n"
    report = parse(header + f"{ORDER}\t11\tbad\t7\tError\t4\n{ORDER}\t12\tall of it\t8\tError\t\n")
    assert report.results == (
        MessageResult(4, "error", "7", "bad", ORDER, "11"),
        MessageResult(0, "error", "8", "all of it", ORDER, "12"),
    )
    assert report.processed is None
    assert parse("Number of records processed: 2\nNumber of records successful: 2\n").successful == 2


@pytest.mark.parametrize(
    "text",
    [
        re.sub("(?m)^3.*\r\n", "", ENGLISH_FLAT),
        ENGLISH_FLAT[: ENGLISH_FLAT.index("original")],
        ENGLISH_FLAT.replace("1\t250", "one\t250"),
        "original-record-number\tsku\terror-code\terror-type\terror-message\r\nx\r\n",
        "Number of records processed\t5\n",
    ],
)
def test_flat_reports_that_do_not_say_which(text):
    with pytest.raises(MalformedAnswer):
        parse(text)


# --- JSON ----------------------------------------------------------------------------------------------------------
def test_a_json_report():
    report = {
        "header": {"sellerId": "A1", "version": "2.0", "feedId": "1"},
        "issues": [
            {"messageId": 2, "sku": "S", "code": "90220", "severity": "ERROR", "message": "必須です"},
            {"messageId": 3, "code": "1", "severity": "WARNING", "message": "w"},
            {"severity": "INFO", "message": "i"},
        ],
        "summary": {
            "errors": 1,
            "warnings": 1,
            "messagesProcessed": 3,
            "messagesAccepted": 2,
            "messagesInvalid": 1,
        },
    }
    assert parse(json.dumps(report, ensure_ascii=False), "utf-8-sig", "application/json") == ProcessingReport(
        status="Complete",
        processed=3,
        successful=2,
        with_error=1,
        with_warning=1,
        results=(
            MessageResult(2, "error", "90220", "必須です", sku="S"),
            MessageResult(3, "warning", "1", "w"),
            MessageResult(0, "warning", "", "i"),
        ),
        format="json",
    )


# --- anything ------------------------------------------------------------------------------------------------------
_PIECES = st.sampled_from(
    [
        *re.findall(r"<[^>]+>", XML),
        *ENGLISH_FLAT.split("\r\n"),
        *JAPANESE_FLAT.split("\r\n"),
        *'\t \n 1 -1 &#0; &#99999999; &amp; <![CDATA[ ]]> <?xml?> \ufeff { [ "summary":'.split(" "),
    ]
)
_TYPES = st.sampled_from(["", "text/xml; charset=UTF-8", "text/plain; charset=Shift_JIS", "x; charset=utf-16", "\0"])


_MIXED = st.lists(_PIECES | st.text(max_size=5), max_size=40).map(
    lambda pieces: "".join(pieces).encode("utf-8", "ignore")
)


@given(st.binary(max_size=300) | _MIXED, _TYPES)
def test_anything_is_a_report_or_refused(content, content_type):
    try:
        report = parse_processing_report((content, content_type))
    except MalformedAnswer:
        return
    assert isinstance(report, ProcessingReport)
    assert all(type(entry.message_id) is int and entry.severity in ("error", "warning") for entry in report.results)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=30)
_RESULTS = st.lists(
    st.builds(MessageResult, st.integers(0, 10**20 - 1), st.sampled_from(["error", "warning"]), _WORDS, _WORDS),
    max_size=5,
)


@given(_RESULTS, st.sampled_from(["xml", "flat", "json"]))
def test_what_is_reported_is_read(results, kind):
    results = [entry for entry in results if kind != "json" or entry.message_id < 2**31]
    errors = len({entry.message_id for entry in results if entry.severity == "error"})
    report = parse(_WRITERS[kind](results, errors))
    sent = [(entry.message_id, entry.severity, _bare(entry.code), _bare(entry.description)) for entry in results]
    read = [(entry.message_id, entry.severity, entry.code, entry.description) for entry in report.results]
    assert read == sent
    assert (report.processed, report.successful, report.with_error) == (9, 9 - errors, errors)


def _bare(text):
    """Without marks of byte order, and what XML cannot hold."""
    return re.sub("[\ufeff\ufffe\uffff]", "", text)


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _xml(results, errors):
    entries = (
        result(entry.message_id, entry.severity.title(), _escape(entry.code), _escape(entry.description))
        for entry in results
    )
    return envelope(summary(9, 9 - errors, errors, 0) + "".join(entries))


def _flat(results, errors):
    lines = ENGLISH_FLAT.split("\r\n")[:5]
    lines[1:3] = [f"\tNumber of records processed\t\t9\r\n\tNumber of records successful\t\t{9 - errors}"]
    lines += ["\t".join((str(e.message_id), "", e.code, e.severity, e.description)) for e in results]
    return "\r\n".join(lines)


def _json(results, errors):
    issues = [
        {"messageId": e.message_id, "code": e.code, "severity": e.severity.upper(), "message": e.description}
        for e in results
    ]
    counts = {"messagesProcessed": 9, "messagesAccepted": 9 - errors, "messagesInvalid": errors}
    return json.dumps({"issues": issues, "summary": counts})


_WRITERS = {"xml": _xml, "flat": _flat, "json": _json}


def said(message_id, severity="error", text="x"):
    return MessageResult(message_id, severity, description=text)


@pytest.mark.parametrize(
    "accounts, values",
    [
        (True, {"processed": 3, "successful": 3}),
        (True, {"processed": 3, "successful": 2, "results": (said(7), said(7), said(8, "warning"))}),
        (True, {"processed": 3, "with_error": 1, "results": (said(7),)}),
        (True, {"successful": 3}),
        (False, {}),
        (False, {"processed": 3}),
        (False, {"processed": 4, "successful": 3}),
        (False, {"processed": 3, "successful": 2}),
        (False, {"processed": 3, "successful": 2, "results": (said(0),)}),
        (False, {"processed": 3, "successful": 2, "results": (said(8, "warning"),)}),
        (False, {"processed": 3, "successful": 3, "status": "Rejected"}),
    ],
)
def test_what_a_report_accounts_for(accounts, values):
    report = ProcessingReport(**{"status": "Complete", **values})
    assert report.accounts_for(3) == accounts


def test_texts_by_message():
    report = ProcessingReport("Complete", results=(said(7, text="a"), said(0, text="b"), said(7, text="c")))
    assert (report.texts("error"), report.texts("warning")) == ({7: ["a", "c"], 0: ["b"]}, {})
