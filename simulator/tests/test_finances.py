"""The Finances API: what is posted when orders ship and people get money back, and how it is read."""

import random
import re
from decimal import Decimal

import pytest

from simulator import operations, schema
from simulator.kinds import KINDS
from simulator.tests.client import EVERYWHERE, JP, LONG_AGO, NOW, US, Amazon, served
from simulator.tests.fulfillment import envelope, message

TRANSACTIONS = "/finances/2024-06-19/transactions"
BUYERS = (
    "OurPricePrincipal",
    "OurPriceTax",
    "ShippingPrincipal",
    "ShippingTax",
    "GiftwrapPrincipal",
    "GiftwrapTax",
    "CODItemCharge",
    "CODItemTaxCharge",
    "OurPriceDiscount",
    "ShippingDiscount",
)
GIVEN_BACK = (*BUYERS, "RestockingDeductionPrincipal", "GoodwillPrincipal")


def ask(amazon, seller, status=200, **query):
    """The payload of one page, or what is complained about."""
    if not {"postedAfter", "relatedIdentifierName"} & query.keys():
        query["postedAfter"] = LONG_AGO
    answer = amazon.call(seller, TRANSACTIONS, **query)
    assert answer.status_code == status, answer.text
    body, folder = answer.json(), schema.models_folder()
    if folder and not any(entry["raw"] for entry in amazon.get("/transactions")):
        assert schema.check_answer(folder, operations.BY_NAME["listTransactions"], status, body) == []
    return body["payload"] if status == 200 else body["errors"][0]["message"]


def pages(amazon, seller, **query):
    """The transactions of each page, until there is no token any more."""
    payload = ask(amazon, seller, **query)
    result = [payload["transactions"]]
    while payload.get("nextToken"):
        payload = ask(amazon, seller, nextToken=payload["nextToken"], **query)
        result.append(payload["transactions"])
        assert len(result) < 100
    return result


def posted(amazon, seller, **query):
    """All transactions, a few minutes later."""
    amazon.advance(minutes=5)
    return [transaction for page in pages(amazon, seller, **query) for transaction in page]


def leaves(nodes, wanted=None):
    """name -> Decimal below breakdowns; parts of fees count as their fee."""
    result = {}
    for node in nodes or ():
        below = node["breakdowns"] or []
        if below and below[0]["breakdownType"] != "Base":
            inner = leaves(below)
        else:
            inner = {node["breakdownType"]: number(node["breakdownAmount"])}
            assert sum((number(part["breakdownAmount"]) for part in below), Decimal(0)) in (0, *inner.values())
        for name, value in inner.items():
            result[name] = result.get(name, 0) + value
        assert sum(inner.values()) == number(node["breakdownAmount"])
    return {name: value for name, value in result.items() if wanted is None or name in wanted}


def number(money):
    return Decimal(str(money["currencyAmount"]))


def of_items(transactions, wanted=None):
    result = {}
    for transaction in transactions:
        for item in transaction["items"]:
            for name, value in leaves(item["breakdowns"], wanted).items():
                result[name] = result.get(name, 0) + value
    return result


def total(transactions, wanted=BUYERS):
    return sum(of_items(transactions, wanted).values())


def grand_total(amazon, order_id):
    return Decimal(amazon.order(order_id)["proceeds"]["grandTotal"]["amount"])


def related(transaction):
    return {one["relatedIdentifierName"]: one["relatedIdentifierValue"] for one in transaction["relatedIdentifiers"]}


def check_sums(transaction):
    """Items and groups have the same money."""
    whole = number(transaction["totalAmount"])
    assert sum(leaves(transaction["breakdowns"]).values()) == whole
    if transaction["items"]:
        assert sum(number(item["totalAmount"]) for item in transaction["items"]) == whole
        assert sum(of_items([transaction]).values()) == whole


# --- sales ---------------------------------------------------------------------------------------------------------
def test_a_sale_to_the_letter(amazon, seller):
    items = [{"sku": "AMZ-TEA-001", "quantity": 2, "price": 1080, "shipping": 550, "points": 20, "title": "茶"}]
    order_id = amazon.place(seller, items=items)
    assert posted(amazon, seller) == []
    amazon.act(order_id, "ship")
    shipped_at = amazon.get("/clock")["now"]
    [sale] = posted(amazon, seller)
    check_sums(sale)
    assert (sale["transactionType"], sale["description"]) == ("Shipment", "Order Payment")
    assert (sale["transactionStatus"], sale["postedDate"]) == ("RELEASED", shipped_at)
    assert sale["sellingPartnerMetadata"] == {
        "sellingPartnerId": seller["merchant_id"],
        "accountType": "Standard Orders",
        "marketplaceId": JP,
    }
    assert related(sale).keys() == {"ORDER_ID", "SHIPMENT_ID"} and related(sale)["ORDER_ID"] == order_id
    [item] = sale["items"]
    assert item["contexts"] == [
        {
            "contextType": "ProductContext",
            "asin": "B0SIMTEA01",
            "sku": "AMZ-TEA-001",
            "quantityShipped": 2,
            "fulfillmentNetwork": "MFN",
        }
    ]
    # Food: 8 %; the prices contain it, the payments do not.
    assert leaves(item["breakdowns"]) == {
        "OurPricePrincipal": 2000,
        "OurPriceTax": 160,
        "ShippingPrincipal": 509,
        "ShippingTax": 41,
        "CostOfPointsGranted": -20,
        "Commission": -271,
    }
    assert [(root["breakdownType"], root["breakdowns"][0]) for root in sale["breakdowns"]] == [
        ("Sales", group("ProductCharges", 2000)),
        ("Expenses", group("AmazonPoints", -20)),
    ]


def group(name, amount):
    money = {"currencyCode": "JPY", "currencyAmount": amount}
    return {"breakdownType": name, "breakdownAmount": money, "breakdowns": None}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_was_ordered_adds_up(amazon, kind):
    seller = amazon.post("/sellers", marketplaces=EVERYWHERE)
    order_id = amazon.place(seller, kind)
    status = amazon.order(order_id)["fulfillment"]["fulfillmentStatus"]
    for action in {"PENDING_AVAILABILITY": ("release", "pay"), "PENDING": ("pay",)}.get(status, ()):
        amazon.act(order_id, action)
    order = amazon.order(order_id)
    while order["fulfillment"]["fulfillmentStatus"] in ("UNSHIPPED", "PARTIALLY_SHIPPED"):
        open_item = next(item for item in order["orderItems"] if item["fulfillment"]["quantityUnfulfilled"])
        order = amazon.act(order_id, "ship", items={open_item["orderItemId"]: 1})
    transactions = posted(amazon, seller, relatedIdentifierName="ORDER_ID", relatedIdentifierValue=order_id)
    sales = [one for one in transactions if one["transactionType"] == "Shipment"]
    for transaction in transactions:
        check_sums(transaction)
    if order["fulfillment"]["fulfillmentStatus"] == "SHIPPED" and order["salesChannel"]["channelName"] == "AMAZON":
        assert sales and total(sales) == grand_total(amazon, order_id)
        units = sum(item["contexts"][0]["quantityShipped"] for sale in sales for item in sale["items"])
        assert units == sum(item["fulfillment"]["quantityFulfilled"] for item in order["orderItems"])
    else:
        assert sales == []


def test_several_shipments_lose_nothing_to_rounding(amazon, seller):
    order_id = amazon.place(seller, "jp_indivisible")
    for left in (2, 1, 0):
        amazon.act(order_id, "ship-one")
        sales = posted(amazon, seller)
        assert len(sales) == 3 - left
    assert [total([sale]) for sale in sales] == [333, 334, 333]


def test_what_is_cancelled_is_not_paid(amazon, seller):
    order_id = amazon.place(seller, "jp_indivisible")
    amazon.act(order_id, "ship-one")
    amazon.act(order_id, "cancel")
    assert total(posted(amazon, seller)) == grand_total(amazon, order_id) == 333


def any_item(rng):
    item = {"sku": rng.choice(["AMZ-TEA-001", "AMZ-CUP-001", "OTHER"]), "quantity": rng.randint(1, 5)}
    item["total"] = rng.randint(0, 9999)
    for name in ("shipping", "gift_wrap", "cod_fee", "other", "discount", "discount_shipping", "discount_cod_fee"):
        if rng.random() < 0.3:
            item[name] = rng.randint(0, 700)
    if rng.random() < 0.3:
        item.update(tax=rng.randint(0, 99), tax_on_top=rng.random() < 0.5)
    return {**item, "points": rng.randint(0, 50)}


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_the_buyers_money_adds_up(amazon, seller, seed):
    """Units ship one after the other, some are cancelled, money goes back in parts: nothing is lost or doubled."""
    rng = random.Random(seed)
    order_id = amazon.place(seller, items=[any_item(rng) for _ in range(rng.randint(1, 3))])
    while True:
        items = amazon.order(order_id)["orderItems"]
        waiting = [i["orderItemId"] for i in items if i["fulfillment"]["quantityUnfulfilled"]]
        if not waiting:
            break
        amazon.act(order_id, rng.choice(["ship", "ship", "cancel"]), items={rng.choice(waiting): 1})
    sales = posted(amazon, seller)
    assert total(sales) == (grand_total(amazon, order_id) if sales else 0)
    if not sales:
        return
    for item in items:
        units = item["fulfillment"]["quantityFulfilled"]
        if units and rng.random() < 0.5:
            chosen = [{"order_item_id": item["orderItemId"], "quantity": rng.randint(1, units)}]
            amazon.http.post("/control/refund", json={"order_id": order_id, "items": chosen})
    amazon.http.post("/control/refund", json={"order_id": order_id})
    transactions = posted(amazon, seller)
    assert total(transactions) == 0
    for transaction in transactions:
        check_sums(transaction)


def test_confirmations_and_feeds_are_sales(amazon, seller):
    told, fed = amazon.place(seller), amazon.place(seller)
    amazon.confirm(seller, told)
    [sale] = posted(amazon, seller)
    assert total([sale]) == grand_total(amazon, told)
    items = {item["orderItemId"]: item["quantityOrdered"] for item in amazon.order(told)["orderItems"]}
    amazon.confirm(seller, told, items=items, trackingNumber="corrected")
    feed_id = amazon.feed(seller, envelope(seller, message(1, fed, date=NOW)))
    amazon.advance(minutes=1)
    assert amazon.report(seller, feed_id)[0]["processingStatus"] == "DONE"
    _sale, other = posted(amazon, seller)
    assert related(other)["ORDER_ID"] == fed and total([other]) == grand_total(amazon, fed)


def test_fees_and_tax_that_amazon_takes(amazon):
    seller = amazon.post("/sellers", region="na")
    order_id = amazon.place(seller, "us_marketplace_facilitator")
    amazon.act(order_id, "ship")
    [sale] = posted(amazon, seller)
    found = of_items([sale])
    assert found["MarketplaceFacilitatorTax-Principal"] == -found["OurPriceTax"] < 0
    assert total([sale]) == grand_total(amazon, order_id)
    seller = amazon.post("/sellers")
    amazon.place(seller, "jp_fba_shipped")
    [sale] = posted(amazon, seller)
    [fees] = [node for node in sale["items"][0]["breakdowns"] if node["breakdownType"] == "AmazonFees"]
    assert [fee["breakdownType"] for fee in fees["breakdowns"]] == ["Commission", "FBAPerUnitFulfillmentFee"]
    for fee in fees["breakdowns"]:
        assert [part["breakdownType"] for part in fee["breakdowns"]] == ["Base", "Tax"]
    assert sale["items"][0]["contexts"][0]["fulfillmentNetwork"] == "AFN"


def test_a_spoiled_order_is_no_sale(amazon, seller):
    order_id = amazon.place(seller, set={"proceeds": None})
    amazon.act(order_id, "ship")
    assert posted(amazon, seller) == []


# --- searching -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"nothing": "1"}, "Unknown parameter"),
        ({"postedAfter": "yesterday"}, "not an ISO 8601"),
        ({"postedAfter": NOW}, "more than two minutes before"),
        ({"postedAfter": "2026-11-23T00:58:00Z"}, "more than two minutes before"),
        ({"postedAfter": LONG_AGO, "postedBefore": NOW}, "more than two minutes before"),
        ({"postedAfter": LONG_AGO, "postedBefore": LONG_AGO}, "later than postedAfter"),
        ({"transactionStatus": "released"}, "transactionStatus has an invalid value"),
        ({"relatedIdentifierName": "ORDER_ID"}, "provided together"),
        ({"postedAfter": LONG_AGO, "relatedIdentifierValue": "1"}, "provided together"),
        ({"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": "1"}, "invalid value"),
        ({"nextToken": "x"}, "The nextToken is invalid."),
    ],
)
def test_what_amazon_refuses(amazon, seller, query, words):
    assert words in ask(amazon, seller, 400, **query)


def test_a_time_or_an_order_is_needed(amazon, seller):
    answer = amazon.call(seller, TRANSACTIONS)
    assert answer.status_code == 400 and "postedAfter or a related identifier" in answer.text


def test_the_role_is_needed(amazon):
    seller = amazon.post("/sellers", roles=["inventory_and_order_tracking"])
    assert amazon.call(seller, TRANSACTIONS, postedAfter=LONG_AGO).status_code == 403


def test_windows(amazon, seller):
    order_id = amazon.place(seller)
    amazon.act(order_id, "ship")
    assert pages(amazon, seller) == [[]]  # the last two minutes are not shown
    assert len(posted(amazon, seller)) == 1
    assert posted(amazon, seller, postedAfter=NOW) != []
    assert posted(amazon, seller, postedAfter=LONG_AGO, postedBefore=NOW) == []
    assert posted(amazon, seller, postedAfter="2026-05-01T00:00:00Z") == []  # more than 180 days, and no word
    other = amazon.post("/sellers")
    assert posted(amazon, other) == []


def test_a_late_transaction_has_its_old_time(amazon, seller):
    amazon.post("/settings", finance_delay=48 * 3600)
    order_id = amazon.place(seller)
    amazon.act(order_id, "ship")
    amazon.advance(hours=47)
    assert posted(amazon, seller) == []
    amazon.advance(hours=1)
    [sale] = posted(amazon, seller)
    assert sale["postedDate"] == NOW


def test_marketplaces(amazon):
    seller = amazon.post("/sellers", marketplaces=[JP, US])
    for kind in ("jp_standard", "us_standard"):
        amazon.act(amazon.place(seller, kind), "ship")
    amazon.place(seller, "us_standard", set={"fulfillment": {"fulfilledBy": "AMAZON"}})
    amazon.act(amazon.get("/orders")[-1]["order_id"], "ship")
    assert len(posted(amazon, seller)) == 3
    assert len(posted(amazon, seller, marketplaceId=JP)) == 1
    [by_amazon] = posted(amazon, seller, marketplaceId=US)
    assert by_amazon["items"][0]["contexts"][0]["fulfillmentNetwork"] == "AFN"
    assert posted(amazon, seller, marketplaceId="A1PA6795UKMFR9") == posted(amazon, seller, marketplaceId="X") == []
    amazon.post("/settings", finance_us_by_merchant="shown")
    assert len(posted(amazon, seller, marketplaceId=US)) == 2


def test_pages(amazon, seller):
    amazon.post("/settings", finance_page_size=2)
    for number in range(5):
        amazon.post("/service-fee", merchant_id=seller["merchant_id"], amount=number + 1)
    amazon.advance(minutes=5)
    amounts = [[t["totalAmount"]["currencyAmount"] for t in page] for page in pages(amazon, seller)]
    assert amounts == [[-1, -2], [-3, -4], [-5]]
    first = ask(amazon, seller)
    for change in ({"postedAfter": "2026-11-02T00:00:00Z"}, {"marketplaceId": JP}, {"transactionStatus": "RELEASED"}):
        assert "must be the same" in ask(amazon, seller, 400, nextToken=first["nextToken"], **change)
    other = amazon.post("/sellers")
    assert "must be the same" in ask(amazon, other, 400, nextToken=first["nextToken"])


def test_empty_and_repeated_pages_end(amazon, seller):
    amazon.post("/settings", finance_page_size=2, finance_empty_pages=2, finance_repeat_page=1)
    for number in range(3):
        amazon.post("/service-fee", merchant_id=seller["merchant_id"], amount=number + 1)
    amazon.advance(minutes=5)
    amounts = [[t["totalAmount"]["currencyAmount"] for t in page] for page in pages(amazon, seller)]
    assert amounts == [[], [], [-1, -2], [-1, -2], [], [], [-3], [-3]]
    assert pages(amazon, seller, postedAfter=LONG_AGO, postedBefore="2026-11-02T00:00:00Z") == [[], [], []]


def test_faults_strike_here_too(amazon, seller):
    amazon.post("/settings", finance_empty_pages=1)
    amazon.post("/faults", operation="listTransactions", kind="token_refused")
    token = ask(amazon, seller)["nextToken"]
    assert ask(amazon, seller, 400, nextToken=token) == "The nextToken is invalid."
    assert ask(amazon, seller, nextToken=token) == {"transactions": []}


@pytest.mark.parametrize(
    "setting",
    [
        {"finance_page_size": 0},
        {"finance_page_size": 501},
        {"finance_page_size": 1.5},
        {"finance_delay": 172801},
        {"finance_empty_pages": -1},
        {"finance_defer": "DD8"},
    ],
)
def test_settings_that_make_no_sense(amazon, setting):
    amazon.control("POST", "/settings", setting, status=400)


# --- refunds -------------------------------------------------------------------------------------------------------
ITEMS = [
    {"sku": "AMZ-CUP-001", "quantity": 3, "price": 1100, "shipping": 550, "discount": 300, "points": 33},
    {"sku": "AMZ-TEA-001", "quantity": 1, "price": 1080},
]


@pytest.fixture
def sold(amazon, seller):
    """The id of an order of 4,630 yen that has left."""
    order_id = amazon.place(seller, items=ITEMS)
    amazon.act(order_id, "ship")
    return order_id


def refunds(amazon, seller):
    return [one for one in posted(amazon, seller) if one["transactionType"] == "Refund"]


def test_a_full_refund(amazon, seller, sold):
    amazon.post("/refund", order_id=sold)
    sale, refund = posted(amazon, seller)
    check_sums(refund)
    assert (refund["description"], refund["transactionStatus"]) == ("Refund", "RELEASED")
    assert related(refund).keys() == {"ORDER_ID", "REFUND_ID"}
    assert of_items([sale], BUYERS) == {name: -value for name, value in of_items([refund], BUYERS).items()}
    assert total([refund]) == -grand_total(amazon, sold) == -4630
    others = of_items([refund])
    assert (others["Commission"], others["RefundCommission"], others["CostOfPointsReturned"]) == (463, -93, 33)
    assert [root["breakdownType"] for root in refund["breakdowns"]] == ["Refunded Sales", "Refunded Expenses"]
    for item, quantity in zip(refund["items"], (3, 1), strict=True):
        assert item["relatedIdentifiers"][0]["itemRelatedIdentifierName"] == "ORDER_ADJUSTMENT_ITEM_ID"
        assert item["contexts"][0]["quantityShipped"] == quantity
    amazon.control("POST", "/refund", {"order_id": sold}, status=409)


def test_refunds_in_parts_make_the_whole(amazon, seller, sold):
    cup, tea = (item["orderItemId"] for item in amazon.order(sold)["orderItems"])
    amazon.post("/refund", order_id=sold, items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
    amazon.post("/refund", order_id=sold, items=[{"order_item_id": cup, "amount": "500"}, {"order_item_id": tea}])
    amazon.post("/refund", order_id=sold, amount=700)
    amazon.control("POST", "/refund", {"order_id": sold, "amount": 5000}, status=409)
    first, second, third = refunds(amazon, seller)
    assert of_items([first], BUYERS) == {
        "OurPricePrincipal": -1000,
        "OurPriceTax": -100,
        "ShippingPrincipal": -167,
        "ShippingTax": -17,
        "OurPriceDiscount": 100,
    }
    assert (total([second]), total([third])) == (-1580, -700)
    assert (first["items"][0]["contexts"][0]["quantityShipped"], len(second["items"])) == (3, 2)
    amazon.post("/refund", order_id=sold, full=True)
    assert total(refunds(amazon, seller)) == -4630


def test_goodwill_and_restocking(amazon, seller, sold):
    amazon.post("/refund", order_id=sold, goodwill=300)
    amazon.post("/refund", order_id=sold, items=[{"sku": "AMZ-TEA-001"}], restocking=200)
    goodwill, restocked = refunds(amazon, seller)
    assert of_items([goodwill], GIVEN_BACK) == {"GoodwillPrincipal": -300}
    assert total([restocked], GIVEN_BACK) == -880
    assert of_items([restocked])["RestockingDeductionPrincipal"] == 200
    check_sums(restocked)


def test_a_chargeback_looks_like_a_refund(amazon, seller, sold):
    other = amazon.place(seller, items=ITEMS)
    amazon.act(other, "ship")
    amazon.post("/refund", order_id=sold)
    amazon.post("/chargeback", order_id=other)
    refund, chargeback = refunds(amazon, seller)
    assert of_items([refund]) == of_items([chargeback])
    own = ("transactionId", "items", "relatedIdentifiers")
    alike = [{key: value for key, value in one.items() if key not in own} for one in (refund, chargeback)]
    assert alike[0] == alike[1]
    assert [entry["via"] for entry in amazon.get("/transactions")] == ["shipment", "shipment", "refund", "chargeback"]


def test_refunds_that_make_no_sense(amazon, seller, sold):
    unshipped = amazon.place(seller)
    for values in (
        {"order_id": unshipped},
        {"order_id": sold, "items": [{"sku": "NO"}]},
        {"order_id": sold, "items": [{"sku": "AMZ-TEA-001", "quantity": 2}]},
        {"order_id": sold, "items": [{"sku": "AMZ-TEA-001", "amount": 1081}]},
    ):
        amazon.control("POST", "/refund", values, status=409)
    amazon.control("POST", "/refund", {"order_id": "250-0000000-0000000"}, status=404)
    amazon.control("POST", "/refund", {"order_id": sold, "amount": "x"}, status=400)
    assert refunds(amazon, seller) == []


def test_two_lines_of_one_sku(amazon, seller):
    items = [{"sku": "AMZ-CUP-001", "price": 1100}, {"sku": "AMZ-CUP-001", "price": 2200}]
    order_id = amazon.place(seller, items=items)
    amazon.act(order_id, "ship")
    for _line in range(2):
        amazon.post("/refund", order_id=order_id, items=[{"sku": "AMZ-CUP-001"}])
    assert [total([refund]) for refund in refunds(amazon, seller)] == [-1100, -2200]


# --- deferred ------------------------------------------------------------------------------------------------------
def test_deferred_and_released(amazon, seller):
    amazon.post("/settings", finance_defer="DD7")
    order_id = amazon.place(seller)
    amazon.act(order_id, "ship")
    [sale] = posted(amazon, seller, transactionStatus="DEFERRED")
    assert sale["contexts"] == [
        {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": "2026-12-02T01:00:00.000Z"}
    ]
    amazon.advance(hours=24)
    [entry] = amazon.post("/release", transaction_id=sale["transactionId"])
    released_at = amazon.get("/clock")["now"]
    old, new = posted(amazon, seller)
    assert (old["transactionStatus"], old["postedDate"]) == ("DEFERRED_RELEASED", sale["postedDate"])
    assert (new["transactionStatus"], new["postedDate"], new["contexts"]) == ("RELEASED", released_at, [])
    assert related(new)["DEFERRED_TRANSACTION_ID"] == old["transactionId"] != new["transactionId"]
    assert related(old)["RELEASE_TRANSACTION_ID"] == new["transactionId"] == entry["transaction"]["transactionId"]
    assert new["items"] == old["items"]
    assert posted(amazon, seller, postedAfter=released_at) == [new]
    assert posted(amazon, seller, transactionStatus="DEFERRED_RELEASED") == [old]
    assert posted(amazon, seller, relatedIdentifierName="ORDER_ID", relatedIdentifierValue=order_id) == [old, new]
    amazon.control("POST", "/release", {"order_id": order_id}, status=409)


def test_released_with_another_amount(amazon, seller, sold):
    amazon.post("/refund", order_id=sold, amount=300, deferred=True)
    [old] = refunds(amazon, seller)
    [entry] = amazon.post("/release", order_id=sold, more={"OurPricePrincipal": 40, "GoodwillPrincipal": -5})
    new = entry["transaction"]
    for content in (new, new["items"][0]):
        assert content["totalAmount"]["currencyAmount"] == old["totalAmount"]["currencyAmount"] + 35
    assert (
        sum(node["breakdownAmount"]["currencyAmount"] for node in new["breakdowns"])
        == (new["totalAmount"]["currencyAmount"])
    )
    assert related(new)["DEFERRED_TRANSACTION_ID"] == old["transactionId"]


def test_only_business_waits_under_b2b(amazon, seller):
    amazon.post("/settings", finance_defer="B2B")
    for kind in ("jp_standard", "jp_business"):
        amazon.act(amazon.place(seller, kind), "ship")
    usual, business = posted(amazon, seller)
    assert (usual["transactionStatus"], usual["contexts"]) == ("RELEASED", [])
    assert business["transactionStatus"] == "DEFERRED"
    assert business["contexts"][0]["deferralReason"] == "B2B"
    assert business["sellingPartnerMetadata"]["accountType"] == "Invoiced Orders"


def test_a_refund_may_wait(amazon, seller, sold):
    amazon.post("/refund", order_id=sold, deferred=True)
    [refund] = refunds(amazon, seller)
    assert refund["transactionStatus"] == "DEFERRED" and refund["contexts"]
    assert len(amazon.post("/release", order_id=sold)) == 1


# --- the account ---------------------------------------------------------------------------------------------------
def test_what_concerns_no_order(amazon, seller):
    merchant = {"merchant_id": seller["merchant_id"]}
    amazon.post("/service-fee", **merchant, name="FBAStorageFee", amount=1100)
    amazon.post("/adjust", **merchant, amount=-250, order_id="250-1234567-1234567", name="SERRACReimbursement")
    amazon.post("/reserve", **merchant, amount=5000)
    amazon.post("/reserve", **merchant, amount=5000, credit=True)
    amazon.post("/reimbursement", **merchant, sku="AMZ-CUP-001", quantity=2, amount=3300)
    fee, adjustment, debit, credit, reimbursement = transactions = posted(amazon, seller)
    for transaction in transactions:
        check_sums({**transaction, "items": []})
    assert (fee["transactionType"], fee["description"], fee["items"]) == ("ServiceFee", "FBAStorageBilling", [])
    assert leaves(fee["breakdowns"]) == {"FBAStorageFee": -1100}
    assert (adjustment["transactionType"], related(adjustment)) == ("Adjustment", {"ORDER_ID": "250-1234567-1234567"})
    assert leaves(debit["breakdowns"]) == {"ReserveDebit": -5000}
    assert leaves(credit["breakdowns"]) == {"ReserveCredit": 5000}
    assert leaves(reimbursement["breakdowns"]) == {"FBAInventoryReimbursement": 3300}
    assert reimbursement["items"][0]["breakdowns"] is None
    assert reimbursement["items"][0]["contexts"][0]["sku"] == "AMZ-CUP-001"


def test_a_transfer_closes_the_settlement(amazon, seller, sold):
    amazon.post("/settings", finance_defer="DD7")
    amazon.act(amazon.place(seller), "ship")
    amazon.post("/transfer", merchant_id=seller["merchant_id"])
    sale, waiting, transfer = posted(amazon, seller)
    assert transfer["totalAmount"]["currencyAmount"] == -sale["totalAmount"]["currencyAmount"]
    assert (transfer["transactionType"], transfer["description"]) == ("Transfer", "Disbursement")
    assert related(sale)["SETTLEMENT_ID"] == related(transfer)["SETTLEMENT_ID"]
    assert "SETTLEMENT_ID" not in related(waiting)
    query = {"relatedIdentifierName": "FINANCIAL_EVENT_GROUP_ID"}
    query["relatedIdentifierValue"] = related(sale)["FINANCIAL_EVENT_GROUP_ID"]
    assert posted(amazon, seller, **query) == [sale, transfer]
    amazon.post("/transfer", merchant_id=seller["merchant_id"], amount=1)
    assert posted(amazon, seller)[-1]["totalAmount"]["currencyAmount"] == -1


def test_whatever_a_person_makes_up(amazon, seller):
    merchant = {"merchant_id": seller["merchant_id"]}
    odd = {"transactionType": "Retrocharge", "totalAmount": {"currencyAmount": "1.50", "currencyCode": "JPY"}}
    order = {"relatedIdentifiers": [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "250-1"}]}
    damaged = [{"transactionId": None, "items": 7}, 7, None, {"relatedIdentifiers": [7, {"relatedIdentifierName": []}]}]
    amazon.post("/transactions", **merchant, transaction={**odd, **order})
    amazon.post("/transactions", **merchant, transactions=damaged, posted="2026-11-20T00:00:00Z")
    first, *_others, last = found = posted(amazon, seller)
    assert len(found) == 5 and found[1:3] == [7, None]
    assert (first["transactionId"], first["items"], first["postedDate"]) == (None, 7, "2026-11-20T00:00:00.000Z")
    assert last.items() >= {**odd, **order}.items() and last["transactionId"]
    assert posted(amazon, seller, relatedIdentifierName="ORDER_ID", relatedIdentifierValue="250-1") == [last]
    assert amazon.http.get("/page/finances").status_code == 200
    amazon.post("/transfer", **merchant)


def test_only_what_a_person_makes_up_breaks_the_model(models):
    with served(models) as url:
        amazon = Amazon(url)
        amazon.freeze()
        seller = amazon.post("/sellers")
        amazon.post("/settings", finance_page_size=1, finance_defer="DD7")
        amazon.act(amazon.place(seller), "ship")
        amazon.post("/reimbursement", merchant_id=seller["merchant_id"], amount=1)
        assert len(posted(amazon, seller)) == 2
        amazon.post("/transactions", merchant_id=seller["merchant_id"], transaction={"totalAmount": "much"})
        assert len(posted(amazon, seller)) == 3
        assert amazon.get("/schema-errors") == []
        amazon.call(seller, TRANSACTIONS, postedAfter="yesterday")
        assert len(amazon.get("/schema-errors")) == 1
        amazon.http.close()


def test_the_list_for_tests(amazon, seller, sold):
    amazon.post("/settings", finance_delay=3600)
    amazon.post("/refund", order_id=sold, posted="2026-11-20T00:00:00Z")
    sale, refund = amazon.get(f"/transactions?merchant_id={seller['merchant_id']}")
    assert amazon.get(f"/transactions?order_id={sold}") == [sale, refund]
    assert (refund["posted"], refund["shown"]) == ("2026-11-20T00:00:00.000Z", "2026-11-20T01:00:00.000Z")
    assert amazon.get("/transactions?merchant_id=other") == []


# --- demonstration -------------------------------------------------------------------------------------------------
def test_kinds_with_money_back(amazon, seller):
    for kind, wanted in (("jp_fba_refunded", -500), ("jp_charged_back", None)):
        order_id = amazon.place(seller, kind)
        sale, refund = (entry["transaction"] for entry in amazon.get(f"/transactions?order_id={order_id}"))
        assert total([refund]) == (wanted or -total([sale]))


def test_buttons(amazon, seller):
    amazon.post("/settings", finance_defer="DD7")
    order_id = amazon.place(seller)
    path = f"/orders-v3/order/{order_id}"
    assert f"/page/refund/{order_id}" not in amazon.http.get(path).text
    amazon.act(order_id, "ship")
    for lang in ("en", "ja"):
        assert f"/page/release/{order_id}" in amazon.http.get(path, params={"lang": lang}).text
        assert order_id in amazon.http.get("/page/finances", params={"lang": lang}).text
    assert amazon.http.post(f"/page/release/{order_id}").status_code == 303
    assert f"/page/release/{order_id}" not in amazon.http.get(path).text
    assert amazon.http.post(f"/page/refund/{order_id}", data={"amount": "100"}).status_code == 303
    claimed = re.search(rf"/page/guarantee-claim/{order_id}", amazon.http.get(path).text).group()
    assert amazon.http.post(claimed, data={"amount": "100"}).status_code == 303
    assert amazon.http.post(f"/page/chargeback/{order_id}").status_code == 303
    assert amazon.http.post(f"/page/refund/{order_id}", data={"amount": ""}).status_code == 409
    assert amazon.http.post(f"/page/refund/{order_id}", data={"amount": "much"}).status_code == 409
    vias = [entry["via"] for entry in amazon.get(f"/transactions?order_id={order_id}")]
    assert vias == ["shipment", "release", "refund", "guarantee_claim", "chargeback"]
