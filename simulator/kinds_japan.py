"""Orders on Amazon.co.jp. Prices contain consumption tax: 10 %, or 8 % for food."""

from decimal import Decimal

from . import catalogue, payouts, people
from .build import merge
from .kinds import kind
from .money import rounded
from .times import shift

POINTS_RATE = Decimal("0.01")


@kind("通常の注文(都道府県あり)", "Ordinary order, prefecture in stateOrRegion")
def jp_standard(draft):
    pass


@kind("都道府県なし(city に Tokyo、または住所1行のみ)", "No stateOrRegion: city Tokyo, or the address line only")
def jp_no_state(draft):
    state = draft.address.pop("stateOrRegion")
    if draft.rng.random() < 0.5:
        draft.address.update(city="Tokyo", addressLine1="神宮前2-11-3", postalCode="150-0001")
    else:
        draft.address["addressLine1"] = state + draft.address["addressLine1"]


@kind("住所1行目に都道府県と市区町村を含む", "Prefecture and city both inside addressLine1")
def jp_city_in_line(draft):
    state = draft.address.pop("stateOrRegion")
    draft.address["addressLine1"] = f"〒{draft.address['postalCode']} {state}{draft.address['addressLine1']}"


@kind("会社宛て", "To a company")
def jp_company(draft):
    draft.address.update(
        companyName=draft.rng.choice(people.COMPANIES), addressType="COMMERCIAL", addressLine3="総務部 購買課"
    )


@kind("コンビニ受取", "Pick-up at a convenience store")
def jp_pickup_point(draft):
    draft.address.update(
        companyName="ファミリーストア 三軒茶屋駅前店", addressLine2="店舗コード 123456", addressType="PICKUP_POINT"
    )


@kind("代金引換(代引手数料あり)", "Cash on delivery with a fee")
def jp_cod(draft):
    draft.payments = [("CashOnDelivery", None)]
    draft.lines[0].charges["COD_FEE"] = Decimal(330)
    draft.merge_lines({"fulfillment": {"shipping": {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}}})


@kind("コンビニ払い・入金待ち(保留中)", "Convenience store payment, PENDING until the buyer pays")
def jp_cvs_pending(draft):
    draft.status = "PENDING"
    draft.payments = [("ConvenienceStore", None)]
    draft.prices_while_pending = False


@kind("保留中(価格なし)", "PENDING without prices")
def jp_pending_no_prices(draft):
    draft.status = "PENDING"
    draft.prices_while_pending = False


@kind("保留中(価格あり)", "PENDING with prices")
def jp_pending_with_prices(draft):
    draft.status = "PENDING"


@kind("Amazonポイント付与", "Amazon Points granted by the seller")
def jp_points(draft):
    for line in draft.lines:
        line.points = int(line.subtotals()["ITEM"] * POINTS_RATE) or 1


@kind("Amazonポイント利用", "Partly paid with Amazon Points")
def jp_points_used(draft):
    total = sum(line.total() for line in draft.lines)
    draft.payments = [("PointsAccount", min(Decimal(500), total // 2)), ("CreditCard", None)]


@kind("ギフト(メッセージ・包装)", "Gift with a message and gift wrap")
def jp_gift(draft):
    line = draft.lines[0]
    line.charges["GIFT_WRAP"] = Decimal(275)
    option = {"giftMessage": "お誕生日おめでとうございます。\nいつもありがとう!", "giftWrapLevel": "ギフトバッグ(M)"}
    merge(line.extra, {"fulfillment": {"packing": {"giftOption": option}}})


def promote(draft, sign):
    line = draft.lines[0]
    line.discounts["ITEM"] = rounded(line.subtotals()["ITEM"] / 10, "JPY")
    line.discount_sign = sign
    line.promotions = ["FALL-2026-10OFF", "PAWS-V2-1234567890"]


@kind("プロモーション割引(正の金額)", "Promotion, DISCOUNT as a positive amount")
def jp_promotion_positive(draft):
    promote(draft, 1)


@kind("プロモーション割引(負の金額)", "Promotion, DISCOUNT as a negative amount")
def jp_promotion_negative(draft):
    promote(draft, -1)


@kind("送料あり", "Shipping charge")
def jp_shipping_charge(draft):
    draft.lines[0].charges["SHIPPING"] = Decimal(550)


@kind("送料無料キャンペーン(送料割引)", "Shipping charge and a discount of the same amount")
def jp_shipping_discount(draft):
    draft.lines[0].charges["SHIPPING"] = Decimal(550)
    draft.lines[0].discounts["SHIPPING"] = Decimal(550)
    draft.lines[0].promotions = ["FREE-SHIPPING-JP"]


@kind("割り切れない金額(3点で1000円)", "3 units for 1000 yen: no exact unit price")
def jp_indivisible(draft):
    line = draft.lines[0]
    line.quantity, line.unit_price, line.item_total = 3, Decimal(333), Decimal(1000)


@kind("10%と軽減税率8%の混在", "10 % and reduced 8 % tax in one order")
def jp_multi_rate(draft):
    draft.use_products("AMZ-CUP-001", "AMZ-TEA-001")
    show_tax(draft)


def show_tax(draft):
    """Show the tax that Japanese prices contain, each product's rate."""
    for line in draft.lines:
        draft.tax(catalogue.BY_SKU.get(line.sku, {}).get("tax_rate", 10), lines=[line])


@kind("交換品(0円・元注文の参照あり)", "Free replacement that refers to the original order")
def jp_zero_replacement(draft):
    draft.lines[0].unit_price = Decimal(0)
    draft.payments = []
    original = next(iter(draft.world.orders.records), "503-1234567-7654321")
    draft.extra = {"associatedOrders": [{"orderId": original, "associationType": "REPLACEMENT_ORIGINAL_ID"}]}


@kind("全額割引(0円)", "Discounted to zero")
def jp_fully_discounted(draft):
    for line in draft.lines:
        line.discounts["ITEM"] = line.subtotals()["ITEM"]
        line.promotions = ["FULL-DISCOUNT"]
    draft.payments = [("GiftCard", None)]


@kind("Amazonビジネス(法人価格・発注番号)", "Amazon Business: company, purchase order number, business price")
def jp_business(draft):
    company = draft.rng.choice(people.COMPANIES)
    draft.programs = ["AMAZON_BUSINESS"]
    draft.buyer.update(buyerCompanyName=company, buyerPurchaseOrderNumber=f"PO-{draft.rng.randint(10000, 99999)}")
    draft.address.update(companyName=company, addressType="COMMERCIAL")
    draft.payments = [("Invoice", None)]
    draft.merge_lines({"product": {"price": {"priceDesignation": "BUSINESS_PRICE"}}})


@kind("マケプレプライム", "Seller-fulfilled Prime")
def jp_prime(draft):
    draft.programs = ["PRIME", "PREMIUM"]
    draft.service_level = "NEXT_DAY"


@kind("予約商品(発売前)", "Pre-order, PENDING_AVAILABILITY until its release")
def jp_preorder(draft):
    draft.status = "PENDING_AVAILABILITY"
    draft.programs = ["PREORDER"]
    draft.merge_lines({"product": {"condition": {"conditionType": "PREORDER", "conditionNote": "2026年12月発売予定"}}})


@kind("5明細の注文", "Five lines")
def jp_several_items(draft):
    draft.use_products("AMZ-TEA-001", "AMZ-CUP-001", "AMZ-TOWEL-001", "AMZ-PEN-001", "AMZ-SNACK-001")


@kind("同じSKUが2明細", "The same SKU on two lines")
def jp_same_sku_twice(draft):
    draft.use_products("AMZ-TEA-001", "AMZ-TEA-001")
    draft.lines[-1].quantity = 2


def by_amazon(draft):
    draft.fulfilled_by = "AMAZON"
    draft.programs = ["PRIME"]
    draft.address.pop("phone", None)


@kind("FBA(未出荷)", "Fulfilled by Amazon, not shipped yet")
def jp_fba(draft):
    by_amazon(draft)


@kind("FBA(出荷済)", "Fulfilled by Amazon, shipped, with a serial number")
def jp_fba_shipped(draft):
    by_amazon(draft)
    draft.status = "SHIPPED"
    merge(draft.lines[0].extra, {"product": {"serialNumbers": [f"SN{draft.rng.randint(10**9, 10**10 - 1)}"]}})


@kind("FBA(出荷済・一部返金)", "Fulfilled by Amazon, shipped, some of it refunded")
def jp_fba_refunded(draft):
    by_amazon(draft)
    draft.status = "SHIPPED"
    draft.paid_back = [(payouts.refund, {"amount": 500})]


@kind("出荷済・チャージバック", "Shipped in Seller Central, then charged back")
def jp_charged_back(draft):
    draft.later = [("ship", {})]
    draft.paid_back = [(payouts.chargeback, {})]


@kind("FBAマルチチャネル(Amazon以外の販売経路)", "FBA multi-channel: sold outside Amazon, delivered by Amazon")
def jp_fba_non_amazon(draft):
    by_amazon(draft)
    draft.programs, draft.payments = [], []
    for line in draft.lines:
        line.unit_price = Decimal(0)
    alias = {"aliasId": f"SHOP-{draft.rng.randint(10000, 99999)}", "aliasType": "SELLER_ORDER_ID"}
    draft.extra = {"salesChannel": {"channelName": "NON_AMAZON", "marketplaceName": None}, "orderAliases": [alias]}


@kind("一部出荷済", "Partially shipped in Seller Central")
def jp_partially_shipped(draft):
    draft.use_products("AMZ-POT-001", "AMZ-TEA-002")
    draft.lines[0].quantity = max(2, draft.lines[0].quantity)
    draft.later = [("ship-one", {})]


@kind("出荷済", "Shipped in Seller Central")
def jp_shipped(draft):
    draft.later = [("ship", {})]


@kind("キャンセル済", "Cancelled before shipping")
def jp_cancelled(draft):
    draft.later = [("cancel", {"by": "BUYER"})]


@kind("配送不能(Amazon以外の販売経路のFBA)", "UNFULFILLABLE: multi-channel order that Amazon cannot deliver")
def jp_unfulfillable(draft):
    jp_fba_non_amazon(draft)
    draft.status = "UNFULFILLABLE"


@kind("購入者からのキャンセルリクエスト", "The buyer asks to cancel")
def jp_cancel_requested(draft):
    draft.later = [("request-cancel", {})]


@kind("未登録のSKU", "A SKU nobody knows")
def jp_unknown_sku(draft):
    draft.lines[0].sku = f"UNKNOWN-{draft.rng.randint(100, 999)}"
    draft.lines[0].title = "未登録の商品"


@kind("SKUなし", "An item without sellerSku")
def jp_no_sku(draft):
    draft.lines[0].sku = None


@kind("Transparency対象商品", "Transparency item: codes are needed when shipping")
def jp_transparency(draft):
    requirement = {"packing": {"serialNumberRequirement": {"requirementType": "REQUIRED"}}}
    merge(draft.lines[0].extra, {"programs": ["TRANSPARENCY"], "fulfillment": requirement})


@kind("Ship+(出荷通知が不要)", "FBM Ship+: no confirmation by the seller")
def jp_ship_plus(draft):
    draft.programs = ["FBM_SHIP_PLUS", "DELIVERY_BY_AMAZON"]
    ship_by = shift(draft.created, hours=20)
    draft.extra = {"fulfillment": {"labelPrintingWindow": {"earliestDateTime": ship_by}}}


@kind("消費税の内訳あり(税込)", "TAX breakdown that ITEM already contains")
def jp_tax_shown(draft):
    draft.lines[0].charges["SHIPPING"] = Decimal(440)
    show_tax(draft)


@kind("その他の手数料あり", "A charge of type OTHER")
def jp_other_fee(draft):
    draft.lines[0].charges["OTHER"] = Decimal(220)


@kind("配達チップ(注文単位)", "Delivery tip on the order")
def jp_delivery_tip(draft):
    draft.tip = Decimal(300)


@kind("合計と明細合計の差異", "grandTotal differs from the items' totals")
def jp_grand_total_differs(draft):
    draft.total_off_by = Decimal(-100)


@kind("内訳と明細合計の差異", "Breakdowns do not add up to proceedsTotal")
def jp_breakdown_mismatch(draft):
    draft.lines[0].charges["SHIPPING"] = Decimal(500)
    draft.lines[0].total_off_by = Decimal(-37)


@kind("購入者が住所を変更した注文", "The buyer changed the address after ordering")
def jp_address_changes(draft):
    draft.later = [("change-address", {})]
