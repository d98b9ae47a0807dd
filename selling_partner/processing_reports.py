"""The reports on processed feeds: XML of the order feeds, tab-separated of flat files, JSON of listings feeds."""

import re
import unicodedata
from dataclasses import dataclass, replace

from lxml import etree

from .documents import decode
from .errors import MalformedAnswer
from .reader import Reader, clean, loads

_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")


@dataclass(frozen=True, slots=True)
class MessageResult:
    """What Amazon found wrong with one message.

    :param message_id: ours; of flat files the record's number; 0: the whole document.
    :param severity: ``'error'`` or ``'warning'``.
    :param description: Amazon's own words, in the language of the seller's account, or the one asked for.
    :param attribute: of listings feeds: the attribute that it is about.
    """

    message_id: int
    severity: str
    code: str = ""
    description: str = ""
    order_id: str = ""
    item_id: str = ""
    sku: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class ProcessingReport:
    """What came of a feed's messages; those that went well are not listed.

    :param status: ``Complete``, ``Processing``, ``Rejected`` (nothing of it was done) or one not known yet.
    :param processed: None, like the other numbers, when the report does not say.
    :param format: ``'xml'``, ``'flat'`` or ``'json'``.
    """

    status: str
    processed: int | None = None
    successful: int | None = None
    with_error: int | None = None
    with_warning: int | None = None
    results: tuple[MessageResult, ...] = ()
    format: str = "xml"

    def texts(self, severity):
        """Return what the report says, in Amazon's words.

        :param str severity: ``'error'`` or ``'warning'``.
        :return: list of texts by message id, 0: of the whole document.
        :rtype: dict
        """
        texts = {}
        for result in self.results:
            if result.severity == severity:
                texts.setdefault(result.message_id, []).append(result.description)
        return texts

    def codes(self):
        """Return the codes of what is wrong.

        :return: list of Amazon's codes by message id.
        :rtype: dict
        """
        codes = {}
        for result in self.results:
            if result.severity == "error":
                codes.setdefault(result.message_id, []).append(result.code)
        return codes

    def accounts_for(self, count):
        """Tell whether the report says of each of so many messages what became of it: those that are not listed as
        wrong are counted as successful.

        :param int count: how many messages there were.
        """
        wrong = {result.message_id for result in self.results if result.severity == "error"}
        successful = self.successful
        if successful is None and self.processed is not None and self.with_error is not None:
            successful = self.processed - self.with_error
        return (
            self.status == "Complete"
            and 0 not in wrong
            and self.processed in (None, count)
            and successful == count - len(wrong)
        )


def parse_processing_report(document):
    """Read a feed's result document, in whatever format, charset and language it is.

    :param document: :class:`.documents.Document`, or another pair of ``bytes`` and content type.
    :return: :class:`ProcessingReport`.
    :raises MalformedAnswer: when it is none, is cut, or counts more errors than it lists: which messages went well
        cannot be told from it then.
    """
    content, content_type = document
    text = _text(bytes(content), content_type or "")
    start = text.lstrip()[:1]
    report = _read_xml(text) if start == "<" else _read_json(text) if start in ("{", "[") else _read_flat(text)
    errors = [result for result in report.results if result.severity == "error"]
    if len(errors) < (report.with_error or 0) and all(error.message_id for error in errors):
        raise MalformedAnswer(f"the report counts {report.with_error} errors and lists {len(errors)}")
    return report


_DECLARATION = re.compile(r"\s*<\?xml\b([^>]*)\?>")
_ENCODING = re.compile(r"""\bencoding\s*=\s*["']([\w.:-]+)["']""", re.ASCII)


def _text(content, content_type):
    declaration = _DECLARATION.match(content[:500].decode("latin-1").removeprefix("\xef\xbb\xbf"))
    encoding = declaration and _ENCODING.search(declaration[1])
    return decode(content, content_type, encoding[1] if encoding else "").replace("\ufeff", "")


# --- XML -----------------------------------------------------------------------------------------------------------
#: What XML 1.0 forbids, written as it is and as a reference: reports quote what sellers send.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,9})|([0-9]{1,9}));")


def _read_xml(text):
    text = _FORBIDDEN.sub("", _REFERENCE.sub(_allowed_reference, _DECLARATION.sub("", text, count=1)))
    # Looked for in what the parser is given: what was taken out may have stood in the middle of it.
    if "<!DOCTYPE" in text:
        raise MalformedAnswer("the report is not a processing report")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "ignore"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    # Raised out here because the parser's exception quotes the document.
    if root is None:
        raise MalformedAnswer("the report is not XML, or not all of it")
    reports = [element for element in root.iter(etree.Element) if _name(element) == "ProcessingReport"]
    if not reports:
        raise MalformedAnswer("there is no ProcessingReport in the report")
    parts = [_read_xml_report(report) for report in reports]
    counts = {
        name: _sum(getattr(part, name) for part in parts)
        for name in ("processed", "successful", "with_error", "with_warning")
    }
    return ProcessingReport(
        status=next((part.status for part in parts if part.status != "Complete"), parts[0].status),
        results=tuple(result for part in parts for result in part.results),
        **counts,
    )


def _allowed_reference(match):
    number = int(match[1], 16) if match[1] else int(match[2])
    allowed = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0x10FFFF
    return match[0] if allowed and number not in (0xFFFE, 0xFFFF) else ""


def _sum(numbers):
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _name(element):
    return etree.QName(element).localname


def _child(element, name):
    return next((child for child in element.iterchildren(etree.Element) if _name(child) == name), None)


def _words(element, name):
    child = None if element is None else _child(element, name)
    return "" if child is None else clean("".join(child.itertext())).strip()


def _read_xml_report(report):
    summary = _child(report, "ProcessingSummary")
    return ProcessingReport(
        status=_words(report, "StatusCode"),
        processed=_count(_words(summary, "MessagesProcessed")),
        successful=_count(_words(summary, "MessagesSuccessful")),
        with_error=_count(_words(summary, "MessagesWithError")),
        with_warning=_count(_words(summary, "MessagesWithWarning")),
        results=tuple(
            _read_xml_result(result) for result in report.iterchildren(etree.Element) if _name(result) == "Result"
        ),
    )


def _read_xml_result(result):
    information = _child(result, "AdditionalInfo")
    return MessageResult(
        message_id=_message_id(_words(result, "MessageID")),
        severity=_severity(_words(result, "ResultCode")),
        code=_words(result, "ResultMessageCode"),
        description=_words(result, "ResultDescription"),
        order_id=_words(information, "AmazonOrderID"),
        item_id=_words(information, "AmazonOrderItemCode"),
        sku=_words(information, "SKU"),
    )


def _message_id(text):
    """Read whose result it is; without a name it is the whole document's."""
    number = _count(text)
    if number is None and text:
        raise MalformedAnswer("a result's message id is not a number")
    return number or 0


def _count(text):
    digits = unicodedata.normalize("NFKC", text).strip().replace(",", "")
    return int(digits) if re.fullmatch(r"[0-9]{1,20}", digits) else None


def _severity(text):
    """Read a severity; what is not known to be harmless is an error."""
    word = unicodedata.normalize("NFKC", text).strip().lower()
    return "warning" if word.startswith(("warn", "info", "警告", "情報")) else "error"


# --- JSON ----------------------------------------------------------------------------------------------------------
def _read_json(text):
    report = Reader(loads(text))
    summary = report.object("summary")
    if not summary and not report.fields.get("issues"):
        raise MalformedAnswer("there is neither summary nor issues in the report")
    results = tuple(map(_read_json_issue, report.objects("issues")))
    processed, successful = summary.integer("messagesProcessed"), summary.integer("messagesAccepted")
    # Amazon could not read the feed: it counts no message, but may name the one that it stumbled over.
    is_unreadable = processed == 0 and not successful and any(result.severity == "error" for result in results)
    return ProcessingReport(
        status="Rejected" if is_unreadable else "Complete",
        processed=processed,
        successful=0 if is_unreadable else successful,
        with_error=summary.integer("messagesInvalid"),
        with_warning=summary.integer("warnings"),
        results=results,
        format="json",
    )


def _read_json_issue(issue):
    return MessageResult(
        message_id=issue.integer("messageId") or 0,
        severity=_severity(issue.text("severity")),
        code=issue.text("code"),
        description=issue.text("message"),
        sku=issue.text("sku"),
        attribute=issue.text("attributeName"),
    )


# --- tab-separated -------------------------------------------------------------------------------------------------
#: Column → parts of its name in English or Japanese; the first that fits counts ("レコード" holds "コード").
_COLUMNS = (
    ("record", ("record", "レコード", "行番号", "linenumber", "messageid")),
    ("item_id", ("orderitem", "注文商品")),
    ("order_id", ("orderid", "ordernumber", "注文番号", "注文id")),
    ("sku", ("sku", "商品管理番号")),
    ("description", ("message", "description", "メッセージ", "内容", "詳細", "説明")),
    ("severity", ("type", "severity", "タイプ", "種類", "種別")),
    ("code", ("code", "コード")),
)
#: The same for the numbers of the summary ("処理が成功" holds "処理").
_NUMBERS = (
    ("successful", ("success", "成功")),
    ("with_error", ("error", "エラー", "失敗")),
    ("with_warning", ("warning", "警告")),
    ("processed", ("process", "処理")),
)
#: The columns of the documented report, for a header in another language.
_USUAL = ("record", "sku", "code", "severity", "description")


def _read_flat(text):
    rows = [[cell.strip() for cell in line.split("\t")] for line in clean(text).splitlines() if line.strip()]
    start = next((index for index, row in enumerate(rows) if _header(row)), None)
    columns = None if start is None else _header(rows[start])
    numbers = _summary(rows[:start])
    results = () if columns is None else _records(columns, rows[start + 1 :])
    if columns is None and not {"processed", "successful"} <= set(numbers):
        raise MalformedAnswer("the report is not a processing report")
    if {"processed", "successful"} <= set(numbers):
        numbers.setdefault("with_error", max(numbers["processed"] - numbers["successful"], 0))
    return ProcessingReport(status="Complete", results=results, format="flat", **numbers)


def _label(text):
    return re.sub(r"[\s_\-・]", "", unicodedata.normalize("NFKC", text).lower())


def _which(table, text):
    label = _label(text)
    return next((name for name, parts in table if any(part in label for part in parts)), "")


def _header(row):
    """Read a row as the header: its columns' names, or None when it is another row."""
    if len(row) < 4 or any(_count(cell) is not None for cell in row):
        return None
    columns = [_which(_COLUMNS, cell) for cell in row]
    if {"record", "code", "description"} <= set(columns):
        return columns
    return list(_USUAL) if len(row) == len(_USUAL) and all(row) else None


def _summary(rows):
    """Read the numbers above the header: by their labels, else in the usual order."""
    found = []
    for row in rows:
        cells = [cell for cell in row if cell]
        if len(cells) == 1:
            cells = list(re.split(r"[:：]", cells[0], maxsplit=1))
        number = _count(cells[1]) if len(cells) == 2 else None
        if number is not None:
            found.append((_which(_NUMBERS, cells[0]), number))
    if not any(name for name, _number in found):
        found = list(zip(("processed", "successful"), (number for _name, number in found), strict=False))
    return {name: number for name, number in reversed(found) if name}


def _records(columns, rows):
    results = []
    for row in rows:
        cells = dict(zip(columns, [*row[: len(columns) - 1], " ".join(row[len(columns) - 1 :])], strict=False))
        record = cells.get("record", "")
        if _count(record) is not None or not record and len(row) >= len(columns):
            results.append(_record(cells))
        elif results and len(row) < len(columns):  # a message of several lines
            results[-1] = replace(results[-1], description=f"{results[-1].description} {' '.join(row)}".strip())
        else:
            raise MalformedAnswer("a record's number is not a number")
    return tuple(results)


def _record(cells):
    sku, order_id = cells.get("sku", ""), cells.get("order_id", "")
    if not order_id and _ORDER_ID.fullmatch(sku):  # the reports on order feeds have only this column
        sku, order_id = "", sku
    return MessageResult(
        message_id=_message_id(cells.get("record", "")),
        severity=_severity(cells.get("severity", "")),
        code=cells.get("code", ""),
        description=cells.get("description", ""),
        order_id=order_id,
        item_id=cells.get("item_id", ""),
        sku=sku,
    )
