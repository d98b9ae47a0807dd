"""The envelope in which XML feeds of orders go: amzn-envelope.xsd."""

import re
from io import BytesIO

from lxml import etree

from .errors import BadRequest

_LONGEST_MERCHANT_ID = 50
_LARGEST_MESSAGE_ID = 10**20 - 1  # amzn-base.xsd, IDNumber


def xml_feed(merchant_id, message_type, messages, build):
    """Write a feed's document.

    :param str merchant_id: the seller's id.
    :param str message_type: Amazon's name of what the messages are.
    :param messages: (message id, value); the ids are positive, each once.
    :param build: called with both; returns the ``Message`` element.
    :return: ``bytes``, for :data:`.feeds.CONTENT_TYPE_XML`.
    :raises BadRequest: for what Amazon would refuse: one message could make it refuse all.
    """
    messages = list(messages)
    if not messages:
        raise BadRequest("a feed without messages", operation="createFeed", code="InvalidInput")
    _check_merchant(merchant_id)
    _check_ids(message_id for message_id, _value in messages)
    buffer = BytesIO()
    schema_instance = "http://www.w3.org/2001/XMLSchema-instance"
    location = {f"{{{schema_instance}}}noNamespaceSchemaLocation": "amzn-envelope.xsd"}
    with etree.xmlfile(buffer, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element("AmazonEnvelope", location, nsmap={"xsi": schema_instance}):
            file.write(tree("Header", DocumentVersion="1.01", MerchantIdentifier=merchant_id))
            file.write(leaf("MessageType", message_type))
            for message_id, value in messages:
                file.write(build(message_id, value))
    return buffer.getvalue()


def _check_merchant(merchant_id):
    if not isinstance(merchant_id, str) or not re.fullmatch(rf"\w{{1,{_LONGEST_MERCHANT_ID}}}", merchant_id, re.ASCII):
        raise BadRequest("not a seller's id", operation="createFeed", code="InvalidInput")


def _check_ids(ids):
    seen = set()
    for message_id in ids:
        if type(message_id) is not int or not 1 <= message_id <= _LARGEST_MESSAGE_ID or message_id in seen:
            raise BadRequest("message ids must be positive, each once", operation="createFeed", code="InvalidInput")
        seen.add(message_id)


def tree(tag, **leaves):
    """Build an element from texts; an empty one is left out."""
    element = etree.Element(tag)
    element.extend(leaf(name, text) for name, text in leaves.items() if text)
    return element


def leaf(tag, text):
    """Build an element with a text."""
    element = etree.Element(tag)
    element.text = text
    return element
