"""Settlements: the reports on them that Amazon makes, and what is in them."""

from decimal import Decimal

import httpx
import pytest

from simulator.settlements import COLUMNS, TYPE
from simulator.tests.client import JP

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
DE, US = "A1PA6795UKMFR9", "ATVPDKIKX0DER"


def listed(amazon, seller, **query):
    answer = amazon.call(seller, REPORTS, reportTypes=TYPE, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["reports"]


def content(amazon, seller, report):
    address = amazon.call(seller, f"{DOCUMENTS}/{report['reportDocumentId']}").json()["url"]
    stored = httpx.get(address, verify=False)
    assert stored.headers["content-type"] == "text/plain"
    return stored.content


def blocks(data, codec="utf-8"):
    """[(head, [row])] of a document."""
    header, *lines = data.decode(codec).removesuffix("\n").split("\n")
    assert tuple(header.split("\t")) == COLUMNS
    found = []
    for line in lines:
        row = dict(zip(COLUMNS, line.split("\t"), strict=True))
        if row["total-amount"]:
            found.append((row, []))
        else:
            found[-1][1].append(row)
    return found


def last(amazon, seller, codec="cp932"):
    return blocks(content(amazon, seller, listed(amazon, seller)[0]), codec)


def names(rows):
    return {(row["amount-type"], row["amount-description"]): row["amount"] for row in rows}


@pytest.fixture
def merchant(seller):
    return {"merchant_id": seller["merchant_id"]}


@pytest.fixture
def sold(amazon, seller):
    order_id = amazon.place(seller, items=[{"sku": "TEA-1", "quantity": 2, "price": 2000, "shipping": 500}])
    amazon.act(order_id, "ship")
    return order_id


def test_a_japanese_settlement(amazon, seller, merchant, sold):
    transfer = amazon.post("/transfer", **merchant)
    (report,) = listed(amazon, seller)
    assert (report["processingStatus"], report["marketplaceIds"]) == ("DONE", [JP])
    ((head, rows),) = blocks(content(amazon, seller, report), "cp932")
    assert head["settlement-end-date"] == "2026/11/23 10:00:00 JST"
    assert head["deposit-date"] == "2026/11/25 10:00:00 JST"
    assert (head["currency"], head["total-amount"]) == (
        "JPY",
        str(-transfer["transaction"]["totalAmount"]["currencyAmount"]),
    )
    assert sum(int(row["amount"]) for row in rows) == int(head["total-amount"])
    item = amazon.order(sold)["orderItems"][0]
    assert {(row["order-id"], row["order-item-code"], row["sku"]) for row in rows} == {
        (sold, item["orderItemId"], "TEA-1")
    }
    assert {row["transaction-type"] for row in rows} == {"Order"}
    assert {("ItemPrice", "Principal"), ("ItemPrice", "Tax"), ("ItemFees", "Commission")} <= names(rows).keys()
    assert rows[0]["posted-date"] == "2026/11/23" and rows[0]["marketplace-name"] == "Amazon.co.jp"


def test_what_finances_do_not_tell_apart(amazon, seller, merchant, sold):
    amazon.post("/refund", order_id=sold, amount=100)
    amazon.post("/chargeback", order_id=sold, amount=200)
    amazon.post("/guarantee-claim", order_id=sold, amount=300)
    amazon.post("/transfer", **merchant)
    ((_head, rows),) = last(amazon, seller)
    kinds = dict.fromkeys(row["transaction-type"] for row in rows)
    assert list(kinds) == ["Order", "Refund", "Chargeback Refund", "A-to-z Guarantee Refund"]
    assert all(row["order-item-code"] and row["adjustment-id"] for row in rows if "Refund" in row["transaction-type"])


def test_what_concerns_no_order(amazon, seller, merchant):
    amazon.post("/service-fee", **merchant, amount=4900)
    amazon.post("/service-fee", **merchant, amount=700, name="AdvertisingFee")
    amazon.post("/reimbursement", **merchant, amount=3300, sku="CUP", quantity=2, reason="WAREHOUSE_DAMAGE")
    amazon.post("/adjust", **merchant, amount=-5, description="調整")
    amazon.post("/transfer", **merchant)
    ((head, rows),) = last(amazon, seller)
    assert head["total-amount"] == str(-4900 - 700 + 3300 - 5)
    assert names(rows) == {
        ("other-transaction", "Subscription Fee"): "-4900",
        ("Cost of Advertising", "TransactionTotalAmount"): "-700",
        ("FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE"): "3300",
        ("other-transaction", "調整"): "-5",
    }
    assert (rows[2]["sku"], rows[2]["quantity-purchased"]) == ("CUP", "2")


def test_a_reserve_is_carried_over(amazon, seller, merchant, sold):
    amazon.post("/transfer", **merchant, reserve=1000)
    ((first, rows),) = last(amazon, seller)
    assert names(rows)["other-transaction", "Current Reserve Amount"] == "-1000"
    amazon.advance(hours=24)
    amazon.post("/transfer", **merchant)
    ((second, rows),) = last(amazon, seller)
    assert names(rows) == {("other-transaction", "Previous Reserve Amount Balance"): "1000"}
    assert second["total-amount"] == "1000"
    assert second["settlement-start-date"] == first["settlement-end-date"]


def test_a_failed_transfer_rolls_into_the_next(amazon, seller, merchant, sold):
    amazon.post("/transfer", **merchant, failed=True)
    amazon.post("/transfer", **merchant)
    ((head, rows),) = last(amazon, seller)
    ((before, _rows),) = blocks(content(amazon, seller, listed(amazon, seller)[1]), "cp932")
    assert names(rows) == {("other-transaction", "Failed disbursement"): before["total-amount"]}
    assert head["total-amount"] == before["total-amount"]
    amazon.post("/transfer", **merchant, failed="Sent back")
    amazon.post("/transfer", **merchant)
    ((_head, rows),) = last(amazon, seller)
    assert ("other-transaction", "Sent back") in names(rows)


def test_settlements_are_repeated(amazon, seller, merchant, sold):
    amazon.post("/settings", settlement_repeat=1)
    for _number in range(3):
        amazon.post("/service-fee", **merchant, amount=1)
        amazon.post("/transfer", **merchant)
    ids = [one["settlement_id"] for one in amazon.get("/settlements")]
    assert [head["settlement-id"] for head, _rows in last(amazon, seller)] == [ids[2], ids[1]]
    amazon.post("/transfer", **merchant, repeat=9)
    found = last(amazon, seller)
    assert [head["settlement-id"] for head, _rows in found[1:]] == ids[::-1]
    assert len({head["settlement-id"] for head, _rows in found}) == 4


def test_they_close_by_themselves(amazon, seller, sold):
    amazon.post("/settings", settlement_days=7)
    assert listed(amazon, seller) == []
    amazon.advance(hours=24 * 7)
    (report,) = listed(amazon, seller)
    assert (report["dataStartTime"], report["createdTime"]) == ("2026-11-23T01:00:00.000Z", "2026-11-30T01:00:00.000Z")
    amazon.advance(hours=24 * 15)
    amazon.post("/service-fee", merchant_id=seller["merchant_id"], amount=1)
    assert len(listed(amazon, seller)) == 1
    amazon.advance(hours=24 * 7)
    latest, _first = listed(amazon, seller)
    assert latest["dataStartTime"] == "2026-12-14T01:00:00.000Z"
    amazon.advance(hours=24 * 89)
    assert len(listed(amazon, seller)) == 1


@pytest.mark.parametrize(
    "region, marketplace, amount, moment, day",
    [
        ("eu", DE, "-1234,50", "23.11.2026 01:00:00 UTC", "23.11.2026"),
        ("na", US, "-1234.50", "2026-11-23 01:00:00 UTC", "11/23/26"),
    ],
)
def test_other_marketplaces(amazon, region, marketplace, amount, moment, day):
    seller = amazon.post("/sellers", region=region, marketplaces=[marketplace])
    amazon.post("/service-fee", merchant_id=seller["merchant_id"], amount="1234.50", description="Gebühr")
    amazon.post("/transfer", merchant_id=seller["merchant_id"])
    ((head, (row,)),) = last(amazon, seller, "cp1252")
    assert (head["total-amount"], head["settlement-end-date"]) == (amount, moment)
    assert (row["amount"], row["posted-date"], row["posted-date-time"]) == (amount, day, moment)


def test_nobody_can_ask_for_one(amazon, seller, sold):
    answer = amazon.send(seller, "POST", REPORTS, {"reportType": TYPE, "marketplaceIds": [JP]})
    assert answer.status_code == 400 and "cannot be requested" in answer.text
    other = amazon.post("/sellers", roles=["inventory_and_order_tracking"])
    assert amazon.call(other, REPORTS, reportTypes=TYPE).status_code == 403


@pytest.mark.parametrize("how", ["cut", "column", "number", "total"])
def test_damaged_ones(amazon, seller, merchant, sold, how):
    amazon.post("/transfer", **merchant, damage=how)
    lines = content(amazon, seller, listed(amazon, seller)[0]).decode("cp932").split("\n")
    cells = [line.split("\t") for line in lines]
    spoiled = {
        "cut": lines[-1] != "",
        "column": len(cells[-2]) == len(COLUMNS) - 1,
        "number": cells[-2][COLUMNS.index("amount")] == "?",
        "total": cells[1][COLUMNS.index("total-amount")] == "",
    }
    assert [name for name, is_so in spoiled.items() if is_so] == [how]
    amazon.control("POST", "/transfer", {**merchant, "damage": "much"}, status=400)


def test_any_document_at_all(amazon, seller, merchant):
    made = amazon.post("/reports", **merchant, content="決済", encoding="cp932")
    assert content(amazon, seller, listed(amazon, seller)[0]) == "決済".encode("cp932")
    assert made["reportId"] == listed(amazon, seller)[0]["reportId"]


def test_a_transfer_of_another_amount(amazon, seller, merchant, sold):
    amazon.post("/transfer", **merchant, amount=1)
    ((head, rows),) = last(amazon, seller)
    assert head["total-amount"] == "1" != str(sum(Decimal(row["amount"]) for row in rows))


def test_the_list_for_tests(amazon, seller, merchant, sold):
    amazon.post("/transfer", **merchant)
    assert [one["total"] for one in amazon.get(f"/settlements?merchant_id={seller['merchant_id']}")]
    assert amazon.get("/settlements?merchant_id=nobody") == []
