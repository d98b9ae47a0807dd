"""What goes in a feed that cancels orders: the one way in which a seller may, by Amazon's order acknowledgement."""

import re
from dataclasses import dataclass

from lxml import etree

from .errors import check
from .xml_feeds import leaf, tree, xml_feed

FEED_TYPE_CANCELLATION = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
#: OrderAcknowledgement.xsd, CancelReason.
BUYER_CANCELED = "BuyerCanceled"
CANCEL_REASONS = (
    "NoInventory",
    "ShippingAddressUndeliverable",
    "CustomerExchange",
    BUYER_CANCELED,
    "GeneralAdjustment",
    "CarrierCreditDecision",
    "RiskAssessmentInformationNotValid",
    "CarrierCoverageFailure",
    "CustomerReturn",
    "MerchandiseNotReceived",
)


@dataclass(frozen=True, slots=True)
class OrderCancellation:
    """An order that is cancelled as a whole: Amazon cancels no part of one by this.

    :param str reason: of :data:`CANCEL_REASONS`.
    :param tuple items: Amazon's ids of all of its items.
    """

    order_id: str
    reason: str
    items: tuple[str, ...] = ()

    def validate(self):
        """Refuse what Amazon would refuse.

        :raises BadRequest: naming what is wrong.
        """
        check(
            "createFeed",
            (
                not re.fullmatch(r"\d{3}-\d{7}-\d{7}", self.order_id or "") and "not an order's id",
                self.reason not in CANCEL_REASONS and "not a reason for cancelling",
                not self.items and "an order without items",
                len(set(self.items)) < len(self.items) and "an item stands there twice",
                not all(re.fullmatch(r"[0-9A-Za-z]{1,50}", item or "") for item in self.items) and "not an item's id",
            ),
        )


def cancellation_feed(merchant_id, messages):
    """Write a document for :data:`FEED_TYPE_CANCELLATION`.

    :param str merchant_id: the seller's id.
    :param messages: (message id, :class:`OrderCancellation`); the ids are positive, each once.
    :return: ``bytes``, for :data:`.feeds.CONTENT_TYPE_XML`.
    :raises BadRequest: for a cancellation that Amazon would refuse.
    """
    return xml_feed(merchant_id, "OrderAcknowledgement", messages, _message)


def _message(message_id, cancellation):
    """Build one message; OrderAcknowledgement.xsd fixes the order of everything in it."""
    cancellation.validate()
    message = tree("Message", MessageID=str(message_id))
    acknowledgement = etree.SubElement(message, "OrderAcknowledgement")
    acknowledgement.append(leaf("AmazonOrderID", cancellation.order_id))
    # "Success" would acknowledge it, which does nothing.
    acknowledgement.append(leaf("StatusCode", "Failure"))
    for item in cancellation.items:
        acknowledgement.append(tree("Item", AmazonOrderItemCode=item, CancelReason=cancellation.reason))
    return message
