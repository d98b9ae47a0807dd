"""POST_ORDER_ACKNOWLEDGEMENT_DATA: what a seller cancels."""

import xml.etree.ElementTree as ET

import pytest

FEED = "POST_ORDER_ACKNOWLEDGEMENT_DATA"


def message(number, order_id, *items, status="Failure"):
    """One OrderAcknowledgement. ``items``: (order item id, reason or None)."""
    rows = "".join(
        f"<Item><AmazonOrderItemCode>{item_id}</AmazonOrderItemCode>"
        f"{f'<CancelReason>{reason}</CancelReason>' if reason else ''}</Item>"
        for item_id, reason in items
    )
    return (
        f"<Message><MessageID>{number}</MessageID><OperationType>Update</OperationType><OrderAcknowledgement>"
        f"<AmazonOrderID>{order_id}</AmazonOrderID><StatusCode>{status}</StatusCode>{rows}"
        "</OrderAcknowledgement></Message>"
    )


def envelope(seller, *messages):
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>'
        f"<MerchantIdentifier>{seller['merchant_id']}</MerchantIdentifier></Header>"
        f"<MessageType>OrderAcknowledgement</MessageType>{''.join(messages)}</AmazonEnvelope>"
    ).encode()


def run(amazon, seller, *messages):
    """(StatusCode, {message id: description}, successful) of a feed's report."""
    feed_id = amazon.feed(seller, envelope(seller, *messages), feed_type=FEED)
    amazon.advance(minutes=1)
    _feed, answer = amazon.report(seller, feed_id)
    report = ET.fromstring(answer.content).find("Message/ProcessingReport")
    wrong = {row.findtext("MessageID"): row.findtext("ResultDescription") for row in report.findall("Result")}
    return report.findtext("StatusCode"), wrong, report.findtext("ProcessingSummary/MessagesSuccessful")


def items(amazon, order_id, reason="NoInventory"):
    return [(item["orderItemId"], reason) for item in amazon.order(order_id)["orderItems"]]


def status(amazon, order_id):
    return amazon.order(order_id)["fulfillment"]["fulfillmentStatus"]


def test_cancelled_by_the_seller(amazon, seller):
    order_id = amazon.place(seller, "jp_several_items")
    assert run(amazon, seller, message(1, order_id, *items(amazon, order_id))) == ("Complete", {}, "1")
    order = amazon.order(order_id)
    assert status(amazon, order_id) == "CANCELLED"
    execution = {"cancelledBy": "MERCHANT", "cancelReason": "NoInventory"}
    assert all(item["cancellation"]["cancellationExecution"] == execution for item in order["orderItems"])
    [told] = amazon.get(f"/orders/{order_id}/cancellations")
    assert told["reason"] == "NoInventory"


@pytest.mark.parametrize(
    "kind, what",
    [
        ("jp_cvs_pending", "保留中"),
        ("jp_cancelled", "すでにキャンセル"),
        ("jp_fba", "Amazonが出荷"),
    ],
)
def test_refused(amazon, seller, kind, what):
    order_id = amazon.place(seller, kind)
    before = status(amazon, order_id)
    _code, wrong, successful = run(amazon, seller, message(7, order_id, *items(amazon, order_id)))
    assert what in wrong["7"] and successful == "0"
    assert status(amazon, order_id) == before


def test_what_has_left_is_not_cancelled(amazon, seller):
    order_id = amazon.place(seller, items=[{"sku": "AMZ-TEA-001", "quantity": 3}])
    [(item_id, reason)] = items(amazon, order_id)
    amazon.confirm(seller, order_id, items={item_id: 1})
    _code, wrong, _successful = run(amazon, seller, message(1, order_id, (item_id, reason)))
    assert "出荷済み" in wrong["1"] and status(amazon, order_id) == "PARTIALLY_SHIPPED"


def test_the_whole_order_with_a_reason(amazon, seller):
    """Every item is named, each with a reason that is known; "Success" does nothing."""
    order_id = amazon.place(seller, "jp_several_items")
    first, *others = items(amazon, order_id)
    _code, wrong, _successful = run(
        amazon,
        seller,
        message(1, order_id, first),
        message(2, order_id, (first[0], None), *others),
        message(3, order_id, first, ("99", "NoInventory"), *others),
        message(4, "250-0000000-0000000", first),
        message(5, order_id, status="Success"),
    )
    assert set(wrong) == {"1", "2", "3", "4"} and status(amazon, order_id) == "UNSHIPPED"
    code, wrong, successful = run(amazon, seller, message(1, order_id, (first[0], "TooTired")))
    assert (code, successful) == ("Rejected", "0") and "CancelReason" in wrong["0"]


def test_late(amazon, seller):
    """What was accepted may be carried out later, and what has left until then is not cancelled."""
    amazon.post("/settings", cancellation_delay=600)
    late, left = amazon.place(seller), amazon.place(seller)
    told = [message(n, order_id, *items(amazon, order_id)) for n, order_id in enumerate((late, left), 1)]
    assert run(amazon, seller, *told) == ("Complete", {}, "2")
    assert status(amazon, late) == "UNSHIPPED"
    amazon.act(left, "ship")
    amazon.advance(minutes=11)
    assert (status(amazon, late), status(amazon, left)) == ("CANCELLED", "SHIPPED")
