"""Processing reports of feeds, as Amazon writes them or might: XML or tab separated values, in several encodings."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

ERROR, WARNING = "Error", "Warning"
# setting of the seller -> (Python's codec, the charset's name, whether the content type tells it)
ENCODINGS = {
    "utf-8": ("utf-8", "UTF-8", True),
    "utf-8_undeclared": ("utf-8", "UTF-8", False),
    "Shift_JIS": ("cp932", "Shift_JIS", True),
    "Windows-31J": ("cp932", "Windows-31J", True),
    "Shift_JIS_undeclared": ("cp932", "Shift_JIS", False),
    "UTF-16": ("utf-16", "UTF-16", True),
    "UTF-16_undeclared": ("utf-16", "UTF-16", False),
    "Cp1252": ("cp1252", "Cp1252", True),
    "Cp1252_undeclared": ("cp1252", "Cp1252", False),
}
# What the XML reports of a seller with `feed_xml` say themselves of their encoding, which is the seller's then. Without
# `feed_xml` they are UTF-8 whatever the seller's encoding is, as Amazon's are.
XML_DECLARATIONS = ("declared", "undeclared", "misdeclared")
FLAT_WORDS = {
    "en": ("Feed Processing Summary:", "Number of records processed", "Number of records successful"),
    "ja": ("フィード処理の概要:", "処理されたレコード数", "正常に処理されたレコード数"),
}
FLAT_COLUMNS = (
    "original-record-number",
    "order-id",
    "order-item-id",
    "error-code",
    "error-type",
    "error-message",
)


@dataclass
class Row:
    """One result. ``number``: the message or record, 0: the whole document. ``refusal``: why, a Refusal or Issue."""

    number: int
    kind: str
    refusal: object
    order_id: str = ""
    item_id: str = ""
    sku: str = ""


@dataclass
class Report:
    """What became of a feed.

    :ivar processed: messages (records) that were looked at; successful ones leave no row
    :ivar rejected: nothing in the document was processed
    :ivar fatal: nothing could be processed at all
    :ivar status: StatusCode, if it is not the one that follows; then there is no summary
    :ivar locale: the language that the feed asks for, if not the seller's
    """

    processed: int = 0
    rejected: bool = False
    rows: list = field(default_factory=list)
    status: str = ""
    fatal: bool = False
    locale: str = ""

    @classmethod
    def reject(cls, refusal, fatal=False):
        return cls(0, True, [Row(0, ERROR, refusal)], fatal=fatal)

    def add(self, number, refusal, order_id="", item_id="", kind=ERROR):
        self.rows.append(Row(number, kind, refusal, order_id, refusal.facts.get("item_id") or item_id))

    def count(self, kind):
        """How many messages have a row of this kind."""
        return len({row.number for row in self.rows if row.kind == kind})

    @property
    def successful(self):
        wrong = {row.number for row in self.rows if row.kind == ERROR and row.number}
        return 0 if self.rejected else self.processed - len(wrong)


def languages(seller):
    """(language, encoding) of a seller's reports; by default what its first marketplace would give."""
    japanese = "A1VC38T7YXB528" in seller["marketplaces"]
    return (
        seller.get("feed_language") or ("ja" if japanese else "en"),
        seller.get("feed_encoding") or ("Shift_JIS" if japanese else "utf-8"),
    )


def report_languages(seller):
    """(language, encoding) of what a seller gets by the Reports API; by default what its marketplaces would give."""
    japanese = "A1VC38T7YXB528" in seller["marketplaces"]
    return (
        seller.get("report_language") or ("ja" if japanese else "en"),
        seller.get("report_encoding") or ("Windows-31J" if japanese else "Cp1252"),
    )


def write_xml(report, seller, feed_id):
    """(content type, bytes) in UTF-8, or as the seller's `feed_xml` says."""
    lang = languages(seller)[0]
    root = ET.Element("AmazonEnvelope")
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:noNamespaceSchemaLocation", "amzn-envelope.xsd")
    header = ET.SubElement(root, "Header")
    put(header, DocumentVersion="1.02", MerchantIdentifier=seller["merchant_id"])
    put(root, MessageType="ProcessingReport")
    message = ET.SubElement(root, "Message")
    put(message, MessageID="1")
    body = ET.SubElement(message, "ProcessingReport")
    status = report.status or ("Rejected" if report.rejected else "Complete")
    put(body, DocumentTransactionID=feed_id, StatusCode=status)
    if not report.status:
        put(
            ET.SubElement(body, "ProcessingSummary"),
            MessagesProcessed=report.processed,
            MessagesSuccessful=report.successful,
            MessagesWithError=report.count(ERROR),
            MessagesWithWarning=report.count(WARNING),
        )
    for row in report.rows:
        result = ET.SubElement(body, "Result")
        put(
            result,
            MessageID=row.number,
            ResultCode=row.kind,
            ResultMessageCode=row.refusal.number,
            ResultDescription=row.refusal.text(lang),
        )
        about = {"AmazonOrderID": row.order_id, "AmazonOrderItemCode": row.item_id}
        if any(about.values()):
            put(ET.SubElement(result, "AdditionalInfo"), **{key: value for key, value in about.items() if value})
    ET.indent(root, "\t")
    return encoded_xml(ET.tostring(root, encoding="unicode"), seller)


def encoded_xml(text, seller):
    """(content type, bytes) of an XML document's root."""
    mode = seller.get("feed_xml")
    codec, charset, told = ENCODINGS[languages(seller)[1] if mode else "utf-8"]
    name = charset
    if mode == "misdeclared":
        name = "Shift_JIS" if charset == "UTF-8" else "UTF-8"
    declaration = "" if mode == "undeclared" else f'<?xml version="1.0" encoding="{name}"?>\n'
    content = f"{declaration}{text}\n".encode(codec, "xmlcharrefreplace")
    return f"text/xml; charset={charset}" if told else "text/xml", content


def put(parent, **texts):
    for name, text in texts.items():
        ET.SubElement(parent, name).text = str(text)


def write_flat(report, seller, feed_id):
    """(content type, bytes) in the seller's encoding."""
    lang, encoding = languages(seller)
    title, processed, successful = FLAT_WORDS[lang]
    lines = [title, f"\t{processed}\t\t{report.processed}", f"\t{successful}\t\t{report.successful}", ""]
    if report.rows:
        lines.append("\t".join(FLAT_COLUMNS))
    for row in report.rows:
        text = row.refusal.text(lang).replace("\t", " ").replace("\n", " ")
        lines.append("\t".join([str(row.number), row.order_id, row.item_id, str(row.refusal.number), row.kind, text]))
    codec, charset, told = ENCODINGS[encoding]
    content_type = f"text/plain; charset={charset}" if told else "text/plain"
    return content_type, "\n".join([*lines, ""]).encode(codec, "replace")
