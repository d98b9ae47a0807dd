"""The web page."""

import pytest

from simulator.kinds import KINDS
from simulator.tests.client import EVERYWHERE, JP
from simulator.tests.fulfillment import envelope, message
from simulator.tests.vendor_client import Vendor


def test_without_sellers(amazon):
    page = amazon.http.get("/")
    assert page.status_code == 200 and "Create a seller" in page.text
    assert amazon.http.post("/page/seller").status_code == 303
    assert len(amazon.get("/sellers")) == 1


def test_languages(amazon, seller):
    assert "Seller Central, simulated" in amazon.http.get("/").text
    assert "注文を作成" in amazon.http.get("/?lang=ja").text
    assert "注文を作成" in amazon.http.get("/").text  # remembered
    amazon.http.cookies.clear()
    assert "注文を作成" in amazon.http.get("/", headers={"accept-language": "ja,en;q=0.5"}).text


def test_every_kind_has_a_row_and_a_page(amazon):
    seller = amazon.post("/sellers", marketplaces=EVERYWHERE)
    orders = [amazon.place(seller, kind) for kind in KINDS]
    amazon.search(seller)
    amazon.post("/faults", kind="429", times=None)
    for lang in ("en", "ja"):
        home = amazon.http.get("/", params={"lang": lang}).text
        assert all(f"/orders-v3/order/{order_id}" in home for order_id in orders)
        for order_id in orders:
            page = amazon.http.get(f"/orders-v3/order/{order_id}", params={"lang": lang})
            assert page.status_code == 200 and order_id in page.text
    assert "<b>&amp;" not in amazon.http.get("/").text


def test_placing_paying_and_shipping(amazon, seller):
    form = {"merchant_id": seller["merchant_id"], "kind": "jp_cvs_pending", "count": "2"}
    assert amazon.http.post("/page/place", data=form).status_code == 303
    order_id, _other = (order["order_id"] for order in amazon.get("/orders"))
    for action in ("pay", "request-cancel", "change-address", "ship", "deliver"):
        assert f"/page/act/{order_id}/{action}" in amazon.http.get(f"/orders-v3/order/{order_id}").text
        assert amazon.http.post(f"/page/act/{order_id}/{action}").status_code == 303
    order = amazon.order(order_id)
    assert order["packages"][0]["packageStatus"]["status"] == "DELIVERED"
    assert order["packages"][0]["trackingNumber"] in amazon.http.get(f"/orders-v3/order/{order_id}").text


@pytest.mark.parametrize("path", ["/page/act/250-0000000-0000000/ship", "/page/act/250-0000000-0000000/explode"])
def test_impossible_actions_are_told(amazon, path):
    assert amazon.http.post(path).status_code == 409
    assert amazon.http.get("/orders-v3/order/250-0000000-0000000").status_code == 409


def test_what_others_wrote_is_text(amazon):
    seller = amazon.post("/sellers", store_name="<script>'\"&")
    order_id = amazon.place(
        seller, set={"buyer": {"buyerName": "<i>"}, "orderItems": {"0": {"product": {"title": "<b>"}}}}
    )
    consent = f"/apps/authorize/consent?application_id={seller['application_id']}&redirect_uri=http://x/"
    for path, text in (("/", "<script>"), ("/", "<i>"), (f"/orders-v3/order/{order_id}", "<b>"), (consent, "<script>")):
        page = amazon.http.get(path).text
        assert text not in page and text.replace("<", "&lt;").replace(">", "&gt;") in page


def test_trouble_and_quota(amazon, seller):
    amazon.http.post("/page/fault", data={"operation": "searchOrders", "kind": "429", "times": "2"})
    amazon.http.post("/page/fault", data={"operation": "*", "kind": "502", "times": "1", "forever": "on"})
    assert [(f["kind"], f["times"]) for f in amazon.get("/faults")] == [("429", 2), ("502", None)]
    assert "502 · * · until cleared" in amazon.http.get("/").text
    amazon.http.post("/page/clear-faults")
    assert amazon.get("/faults") == []
    for mode, expected in (("faster", ("published", 100)), ("published", ("published", 1)), ("off", ("off", 1))):
        amazon.http.post("/page/quota", data={"mode": mode})
        quota = amazon.get("/quota")
        assert (quota["mode"], quota["factor"]) == expected


def test_pages_are_not_in_the_request_log(amazon):
    amazon.http.get("/")
    amazon.http.get("/favicon.ico")
    assert amazon.get("/requests") == []


def test_parcels_as_the_buyer_sees_them(amazon, seller):
    order_id = amazon.place(seller)
    amazon.confirm(seller, order_id)
    items = {item["orderItemId"]: 1 for item in amazon.order(order_id)["orderItems"]}
    amazon.confirm(seller, order_id, items=items, trackingNumber="", carrierCode="Other", carrierName="<赤帽>")
    page = amazon.http.get(f"/orders-v3/order/{order_id}", params={"lang": "ja"}).text
    seen, history = page.split("出荷通知の履歴")
    for text in (
        "購入者に表示される配送状況",
        "&lt;赤帽&gt;",
        "お問い合わせ伝票番号なし",
        "7001",
        "2026-11-23 10:00",
        "× 1",
    ):
        assert text in seen
    assert "123456789012" not in seen and "ヤマト運輸" not in seen
    for text in ("ヤマト運輸", "123456789012", "(新規)", "(変更)", "confirmShipment"):
        assert text in history
    page = amazon.http.get(f"/orders-v3/order/{order_id}", params={"lang": "en"}).text
    assert "as the buyer sees them" in page and "Yamato Transport" in page


def test_feeds(amazon, seller):
    order_id = amazon.place(seller)
    done, failed, cancelled = (amazon.feed(seller, envelope(seller, message(1, order_id))) for _ in range(3))
    for feed_id, status in ((done, "DONE"), (failed, "FATAL"), (cancelled, "CANCELLED")):
        assert f"/page/feeds/{feed_id}/{status}" in amazon.http.get("/page/feeds").text
        assert amazon.http.post(f"/page/feeds/{feed_id}/{status}").status_code == 303
        assert amazon.http.post(f"/page/feeds/{feed_id}/{status}").status_code == 409
    for lang, words in (("en", ("Fatal", "of 1: 1 errors")), ("ja", ("処理失敗", "1件中 エラー1件"))):
        text = amazon.http.get("/page/feeds", params={"lang": lang}).text
        assert all(word in text for word in words)
        page = amazon.http.get(f"/page/feeds/{done}", params={"lang": lang}).text
        assert f"&lt;AmazonOrderID&gt;{order_id}" in page and "&lt;ProcessingReport&gt;" in page
    assert amazon.http.get("/page/feeds/1").status_code == 409
    assert f"/page/feeds/{done}" not in amazon.http.get(f"/orders-v3/order/{order_id}").text


def inventory(amazon, **query):
    answer = amazon.http.get("/page/inventory", params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_inventory(amazon, seller):
    amazon.post("/settings", listing_seconds=None)
    merchant = {"merchant_id": seller["merchant_id"]}
    facts = {"title": "<b>茶</b>", "asin": "B0TEA", "quantity": 7, "issues": [{"code": "8541"}]}
    amazon.post("/listings", **merchant, sku="A/1 <i>", **facts)
    amazon.post("/listings", **merchant, sku="FBA", channel="fba")
    text = inventory(amazon, lang="ja")
    for words in (
        "在庫管理",
        "出品者出荷",
        "Amazonが出荷(FBA)",
        "&lt;b&gt;茶",
        "A/1 &lt;i&gt;",
        "8541",
        "出荷作業日数",
    ):
        assert words in text
    assert "<b>茶" not in text and "反映待ち" not in text
    patches = [{"op": "merge", "path": "/attributes/fulfillment_availability"}]
    patches[0]["value"] = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]
    path = f"/listings/2021-08-01/items/{seller['merchant_id']}/A%2F1%20%3Ci%3E?marketplaceIds={JP}"
    amazon.send(seller, "PATCH", path, {"productType": "PRODUCT", "patches": patches})
    text = inventory(amazon, lang="ja")
    assert "反映待ち" in text and "未反映" in text and "Listings API" in text
    named = {**merchant, "marketplace_id": JP, "sku": "A/1 <i>"}
    assert amazon.http.post("/page/listing/apply", data=named).status_code == 303
    text = inventory(amazon, lang="ja")
    assert "反映済み" in text and "未反映" not in text
    assert amazon.get("/listings")[0]["quantity"] == 4


def test_inventory_is_changed_by_a_person(amazon, seller):
    merchant = {"merchant_id": seller["merchant_id"]}
    amazon.post("/listings", **merchant, sku="A", quantity=7, lead_time=3)
    named = {**merchant, "marketplace_id": JP, "sku": "A"}

    def save(status=303, **values):
        answer = amazon.http.post("/page/listing", data={**named, "channel": "fbm", **values})
        assert answer.status_code == status
        [listing] = amazon.get("/listings?writes=1")
        return listing["channel"], listing["quantity"], listing["quantity_submitted"], listing["lead_time"]

    assert save(quantity="5", lead_time="2") == ("fbm", 5, 5, 2)
    assert save(quantity="", lead_time="") == ("fbm", 5, 5, None)
    assert save(channel="both", quantity="6") == ("both", 6, 6, None)
    assert save(channel="fba") == ("fba", None, None, None)
    assert save(quantity="2") == ("fbm", 2, 2, None)
    for wrong in ({"quantity": "-1"}, {"quantity": "x"}, {"channel": "air"}, {"sku": "B"}):
        save(status=409, **wrong)
    writes = amazon.get("/listing-writes")
    assert [(write["via"], write["quantity"]) for write in writes][:2] == [("seller_central", 5), ("seller_central", 5)]
    assert len(writes) == 5 and "Seller Central" in inventory(amazon, lang="en")


def test_inventory_of_many(amazon, seller):
    amazon.post("/listings/bulk", merchant_id=seller["merchant_id"], count=120)
    text = inventory(amazon, lang="en")
    assert "<small>120</small>" in text and "BULK-000050" in text and "BULK-000051" not in text and "Next →" in text
    assert "start=50" in text
    text = inventory(amazon, start="100")
    assert "BULK-000120" in text and "Next →" not in text and "← Previous" in text
    assert "<small>1</small>" in inventory(amazon, text="b000000077")
    assert inventory(amazon, seller="nobody", text="商品 000003").count('name="quantity"') == 1


def test_a_shop_made_on_the_page_offers_the_catalogue(amazon):
    assert "<small>0</small>" in inventory(amazon)
    amazon.http.post("/page/seller")
    assert len(amazon.get("/listings")) == 20 and "AMZ-TEA-001" in inventory(amazon)
    other = amazon.post("/sellers")
    assert amazon.http.post("/page/catalogue", data={"merchant_id": other["merchant_id"]}).status_code == 303
    assert len(amazon.get("/listings")) == 40


def test_vendors(amazon):
    assert "None" in amazon.http.get("/page/vendor").text
    seller = amazon.post("/sellers", vendor={"own_carrier": True})
    form = {"merchant_id": seller["merchant_id"], "kind": "all"}
    assert amazon.http.post("/page/vendor", data=form).status_code == 303
    records = amazon.get("/vendor/orders")
    number = records[0]["number"]
    for lang in ("en", "ja"):
        home = amazon.http.get("/page/vendor", params={"lang": lang}).text
        assert all(f"/page/vendor/{record['number']}" in home for record in records)
    for record in records:
        page = amazon.http.get(f"/page/vendor/{record['number']}")
        assert page.status_code == 200 and record["order"]["orderDetails"]["shipToParty"]["name"] in page.text
    for action, status in (("acknowledge", "ACCEPTED"), ("confirm", "SHIPPED")):
        assert f"/page/vendor/{number}/{action}" in amazon.http.get(f"/page/vendor/{number}").text
        assert amazon.http.post(f"/page/vendor/{number}/{action}").status_code == 303
        assert amazon.get(f"/vendor/orders/{number}")["status"] == status
    assert amazon.http.post(f"/page/vendor/{number}/cancel").status_code == 409
    assert amazon.http.post(f"/page/vendor/{number}/explode").status_code == 409
    assert amazon.http.get("/page/vendor/NIX").status_code == 409


@pytest.mark.parametrize("ending, status", [("Success", "ACCEPTED"), ("Failure", "NEW")])
def test_vendors_transactions(amazon, ending, status):
    vendor = Vendor(amazon, "2021-12-28")
    number = vendor.place()
    transaction = vendor.acknowledge(vendor.acknowledgement(number))
    path = f"/page/vendor/process/{transaction}/{ending}"
    assert path in amazon.http.get("/page/vendor").text
    assert amazon.http.post(path).status_code == 303
    assert vendor.status(transaction)[0] == ending
    assert vendor.record(number)["status"] == status
    assert amazon.http.post(path).status_code == 409


def test_labels_are_shown(amazon):
    vendor = Vendor(amazon, "2021-12-28")
    number = vendor.accepted()
    body = {"shippingLabelRequests": [vendor.parties(number)]}
    assert vendor.ends(vendor.submit("shipping", "shippingLabels", body)) == ("Success", [])
    assert "data:image/png;base64,iVBOR" in amazon.http.get(f"/page/vendor/{number}").text
