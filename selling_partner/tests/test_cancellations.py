"""What goes in a feed that cancels orders."""

import pytest

from selling_partner import BadRequest, OrderCancellation, cancellation_feed
from selling_partner.cancellations import BUYER_CANCELED, CANCEL_REASONS

ORDER = "250-1234567-1234567"


def cancellation(**values):
    return OrderCancellation(**{"order_id": ORDER, "reason": "NoInventory", "items": ("11", "12"), **values})


def test_the_document_to_the_letter():
    """The whole order, each of its items with the reason."""
    assert cancellation_feed("A1", [(7, cancellation())]).decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">'
        "<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>A1</MerchantIdentifier></Header>"
        "<MessageType>OrderAcknowledgement</MessageType>"
        f"<Message><MessageID>7</MessageID><OrderAcknowledgement><AmazonOrderID>{ORDER}</AmazonOrderID>"
        "<StatusCode>Failure</StatusCode>"
        "<Item><AmazonOrderItemCode>11</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
        "<Item><AmazonOrderItemCode>12</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
        "</OrderAcknowledgement></Message></AmazonEnvelope>"
    )


@pytest.mark.parametrize(
    "values",
    [
        {"order_id": ""},
        {"order_id": "250-1234567-12345678"},
        {"reason": ""},
        {"reason": "TooTired"},
        {"items": ()},
        {"items": ("11", "11")},
        {"items": ("11", "")},
        {"items": ("1<1",)},
    ],
)
def test_what_amazon_would_refuse_is_not_sent(values):
    """One wrong message could have all of them refused."""
    with pytest.raises(BadRequest) as caught:
        cancellation_feed("A1", [(7, cancellation(**values))])
    assert not caught.value.sent


@pytest.mark.parametrize(
    "merchant, messages",
    [("A1", []), ("", [(1, cancellation())]), ("A1", [(0, cancellation())]), ("A1", [(1, cancellation())] * 2)],
)
def test_the_envelope_is_checked(merchant, messages):
    """Whose it is, and which message is which."""
    with pytest.raises(BadRequest):
        cancellation_feed(merchant, messages)


def test_reasons():
    """Each that Amazon knows goes."""
    assert BUYER_CANCELED in CANCEL_REASONS
    for reason in CANCEL_REASONS:
        cancellation(reason=reason).validate()
