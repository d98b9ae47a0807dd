"""What the answers of Vendor Direct Fulfillment have in common: v1 puts everything into a payload."""

from types import MappingProxyType

from .reader import as_string
from .values import LENGTHS as VALUES_LENGTHS

V1, V2021 = VERSIONS = ("v1", "2021-12-28")
#: The unit of all quantities.
EACH = "Each"

#: The most characters that are taken of a field; see :data:`.values.LENGTHS`.
LENGTHS = MappingProxyType(
    {
        **VALUES_LENGTHS,
        # What names something.
        "purchaseOrderNumber": 50,
        "customerOrderNumber": 50,
        "partyId": 50,
        "itemSequenceNumber": 50,
        "buyerProductIdentifier": 50,
        "vendorProductIdentifier": 100,
        "shipMethod": 100,
        "giftWrapId": 100,
        "packageIdentifier": 100,
        # What people read.
        "orderStatus": 50,
        "attention": 200,
        "county": 100,
        "district": 100,
        "messageToCustomer": 2000,
        "scheduledDeliveryServiceType": 100,
        "unitOfMeasure": 50,
        "shipMethodName": 200,
        "labelFormat": 50,
        "contentType": 100,
    }
)


def unwrap(answer):
    """Return what an answer is about, whether it stands in a payload or not.

    :param Reader answer: the whole.
    :rtype: Reader
    """
    return answer.object("payload") if "payload" in answer.fields else answer


def read_token(page):
    """Read the token of the next page; None on the last one."""
    return page.object("pagination").get("nextToken", "a token", as_string) or None
