"""Processing reports of feeds, as Amazon writes them: XML, or tab separated values in several encodings."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

ERROR, WARNING = "Error", "Warning"
# setting of the seller -> (Python's codec, what the content type declares)
ENCODINGS = {
    "utf-8": ("utf-8", "UTF-8"),
    "Shift_JIS": ("cp932", "Shift_JIS"),
    "Windows-31J": ("cp932", "Windows-31J"),
    "Shift_JIS_undeclared": ("cp932", None),
}
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
    """One result. ``number``: the message or record, 0: the whole document. ``refusal``: why."""

    number: int
    kind: str
    refusal: object
    order_id: str = ""
    item_id: str = ""


@dataclass
class Report:
    """What became of a feed.

    :ivar processed: messages (records) that were looked at; successful ones leave no row
    :ivar rejected: nothing in the document was processed
    :ivar status: StatusCode, if it is not the one that follows; then there is no summary
    """

    processed: int = 0
    rejected: bool = False
    rows: list = field(default_factory=list)
    status: str = ""

    @classmethod
    def reject(cls, refusal):
        return cls(0, True, [Row(0, ERROR, refusal)])

    def add(self, number, refusal, order_id="", item_id="", kind=ERROR):
        self.rows.append(Row(number, kind, refusal, order_id, refusal.facts.get("item_id") or item_id))

    def count(self, kind):
        """How many messages have a row of this kind."""
        return len({row.number for row in self.rows if row.kind == kind})

    @property
    def successful(self):
        return self.processed - len({row.number for row in self.rows if row.kind == ERROR and row.number})


def languages(seller):
    """(language, encoding) of a seller's reports; by default what its first marketplace would give."""
    japanese = "A1VC38T7YXB528" in seller["marketplaces"]
    return (
        seller.get("feed_language") or ("ja" if japanese else "en"),
        seller.get("feed_encoding") or ("Shift_JIS" if japanese else "utf-8"),
    )


def write_xml(report, seller, feed_id):
    """(content type, bytes). XML reports are UTF-8 whatever the seller's encoding is."""
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
    text = ET.tostring(root, encoding="unicode")
    return "text/xml; charset=UTF-8", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


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
    codec, declared = ENCODINGS[encoding]
    content_type = f"text/plain; charset={declared}" if declared else "text/plain"
    return content_type, "\n".join([*lines, ""]).encode(codec, "replace")
