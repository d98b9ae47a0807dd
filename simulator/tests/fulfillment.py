"""Order fulfillment feeds for tests, written by hand."""

FLAT = "text/tab-separated-values; charset=UTF-8"
HEADER = (
    "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method"
    "\tcod-collection-method"
)
DATA = (
    "<FulfillmentData><CarrierCode>YAMATO</CarrierCode><ShippingMethod>宅急便</ShippingMethod>"
    "<ShipperTrackingNumber>123456789012</ShipperTrackingNumber></FulfillmentData>"
)
DATE = "2026-11-23T10:30:00+09:00"  # half an hour after NOW


def message(number, order_id, *items, reference="7001", date=DATE, data=DATA):
    """One OrderFulfillment. ``items``: (order item id, quantity)."""
    rows = "".join(
        f"<Item><AmazonOrderItemCode>{item_id}</AmazonOrderItemCode><Quantity>{quantity}</Quantity></Item>"
        for item_id, quantity in items
    )
    own = f"<MerchantFulfillmentID>{reference}</MerchantFulfillmentID>" if reference else ""
    return (
        f"<Message><MessageID>{number}</MessageID><OrderFulfillment><AmazonOrderID>{order_id}</AmazonOrderID>{own}"
        f"<FulfillmentDate>{date}</FulfillmentDate>{data}{rows}</OrderFulfillment></Message>"
    )


def envelope(seller, *messages, encoding="UTF-8", merchant=None):
    """The whole document as bytes."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">\n'
        f"<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>{merchant or seller['merchant_id']}"
        f"</MerchantIdentifier></Header>\n<MessageType>OrderFulfillment</MessageType>\n{''.join(messages)}"
        "</AmazonEnvelope>\n"
    )
    return text.encode("cp932" if encoding == "Shift_JIS" else "utf-8")


def flat(*rows, header=HEADER, encoding="utf-8"):
    """A flat file as bytes; a row is a list of texts."""
    return "\r\n".join([header, *["\t".join(map(str, row)) for row in rows], ""]).encode(encoding)
