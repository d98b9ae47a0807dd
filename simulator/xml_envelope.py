"""The envelope of XML feeds of orders: how it is decoded and read."""

import re
import xml.etree.ElementTree as ET

from . import documents
from .refusals import Refusal
from .xml_rules import Invalid, sequence, text

DECLARATION = re.compile(r"\s*<\?xml\s[^>]*?(?:encoding\s*=\s*[\"']([^\"']+)[\"'][^>]*?)?\?>")


def decoded(document):
    """The document's text. What the content type and the XML declaration say must agree, and be true."""
    content = documents.content_of(document)
    declared = documents.charset_of(document["content_type"])
    try:
        match = DECLARATION.match(content[:200].decode("latin-1").removeprefix("\u00ef\u00bb\u00bf"))
        in_file = match[1].lower() if match and match[1] else None
        if declared and in_file and declared != in_file:
            raise ValueError
        result = documents.decode(content, declared or in_file or "utf-8").removeprefix("\ufeff")
    except ValueError:
        raise Refusal("encoding", charset=declared or in_file or "utf-8") from None
    return result


def read_envelope(content, seller, message_type, read_message):
    """list of what ``read_message`` makes of each Message; Invalid or Refusal when the document cannot be accepted as a
    whole. Each has a ``number``."""
    if "<!DOCTYPE" in content:
        raise Invalid("DOCTYPE is not allowed.")
    try:
        root = ET.fromstring(content)
    except ET.ParseError as error:
        raise Invalid(str(error)) from None
    if root.tag != "AmazonEnvelope":
        raise Invalid(f"cvc-elt.1: Cannot find the declaration of element '{root.tag}'.")
    envelope = sequence(root, "Header", "MessageType", "Message", "Message*")
    header = sequence(envelope["Header"][0], "DocumentVersion", "MerchantIdentifier")
    text(header, "DocumentVersion", r"1\.01")
    merchant = text(header, "MerchantIdentifier")
    if merchant != seller["merchant_id"]:
        raise Refusal("merchant", given=merchant)
    text(envelope, "MessageType", message_type)
    messages = [read_message(element) for element in envelope["Message"]]
    if len({message.number for message in messages}) < len(messages):
        raise Invalid("cvc-identity-constraint.4.2.2: Duplicate key value declared for 'MessageID'.")
    return messages
