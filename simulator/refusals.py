"""Why Amazon does not accept a shipment or a cancellation, or what it warns about, in the words it uses.

The Japanese warning about the ship-method is Amazon's own; so are the English texts about package references, items and
orders that are fulfilled already. The numbers are this simulator's.
"""

TEXTS = {
    "order_unknown": (
        18001,
        "The order id {order_id} is invalid or does not belong to this seller.",
        "注文番号「{order_id}」が無効であるか、この出品者の注文ではありません。",
    ),
    "marketplace": (
        18002,
        "MarketplaceId is invalid: order {order_id} was placed in another marketplace.",
        "注文「{order_id}」は別のマーケットプレイスの注文です。",
    ),
    "pending": (
        18003,
        "Order {order_id} is pending and cannot be confirmed as shipped yet.",
        "注文「{order_id}」は保留中のため、出荷通知を送信できません。",
    ),
    "cancelled": (
        18004,
        "Order {order_id} has been cancelled and cannot be confirmed as shipped.",
        "注文「{order_id}」はキャンセルされているため、出荷通知を送信できません。",
    ),
    "unfulfillable": (
        18005,
        "Order {order_id} cannot be fulfilled.",
        "注文「{order_id}」は出荷できません。",
    ),
    "by_amazon": (
        18006,
        "Order {order_id} is fulfilled by Amazon. Shipment confirmation is only for orders that the seller fulfills.",
        "注文「{order_id}」はAmazonが出荷する注文です。出荷通知は出品者出荷の注文にのみ送信できます。",
    ),
    "ship_plus": (
        18007,
        "Order {order_id} is a Ship+ order (FBM_SHIP_PLUS). Manual shipment confirmation is not supported.",
        "注文「{order_id}」はShip+の注文のため、出荷通知の送信は不要です。",
    ),
    "fulfilled": (
        18008,
        "Failed to create package due to not finding a matching package or order already fulfilled for order "
        "{order_id}. errorCode=GeneralError, errorMessage=PackageToUpdateNotFound",
        "注文「{order_id}」はすでに出荷済みであるか、該当する荷物が見つかりません。",
    ),
    "reference": (
        18009,
        "PackageReferenceId: is invalid, must be a positive numeric value.",
        "荷物の参照番号が無効です。正の数値を入力してください。",
    ),
    "item_unknown": (
        18010,
        "OrderItemId is invalid, please obtain the value through the getOrderItems API",
        "注文商品番号「{item_id}」が無効です。",
    ),
    "quantity": (
        18011,
        "Quantity: is invalid, {quantity} of order item {item_id} exceeds the unfulfilled quantity {open}.",
        "注文商品番号「{item_id}」の出荷数 {quantity} が未出荷数 {open} を超えています。",
    ),
    "quantity_invalid": (
        18012,
        "Quantity: is invalid, must be a positive number.",
        "出荷数が無効です。1以上の数値を入力してください。",
    ),
    "items_missing": (
        18013,
        "OrderItems: is invalid, must name at least one order item.",
        "出荷する商品がありません。",
    ),
    "carrier_missing": (
        18014,
        "CarrierCode: is invalid, must not be empty. Use Other and a carrier name for carriers that are not listed.",
        "carrier-codeの項目が記入されていません。一覧にない配送業者の場合は「Other」とcarrier-nameを入力してください。",
    ),
    "carrier_unknown": (
        18015,
        "CarrierCode: {code} is invalid for marketplace {marketplace}. Use Other and a carrier name for carriers that "
        "are not listed.",
        "carrier-code「{code}」は無効です。一覧にない配送業者の場合は「Other」とcarrier-nameを入力してください。",
    ),
    "carrier_name_missing": (
        18016,
        "CarrierName: is invalid, must not be empty when CarrierCode is Other.",
        "carrier-codeが「Other」の場合は、carrier-nameを入力してください。",
    ),
    "carrier_name_beside": (
        18017,
        "CarrierName: is only allowed when CarrierCode is Other.",
        "carrier-nameは、carrier-codeが「Other」の場合にのみ入力できます。",
    ),
    "tracking_missing": (
        18018,
        "TrackingNumber: is invalid, must not be empty.",
        "お問い合わせ伝票番号が記入されていません。",
    ),
    "tracking_long": (
        18019,
        "TrackingNumber: is invalid, must not be longer than {most} characters.",
        "お問い合わせ伝票番号は{most}文字以内で入力してください。",
    ),
    "ship_date": (
        18020,
        "ShipDate: {date} is invalid, must be in ISO 8601 format.",
        "ship-date「{date}」が無効です。ISO 8601形式で入力してください。",
    ),
    "ship_date_future": (
        18021,
        "ShipDate: {date} is invalid, must not be in the future.",
        "ship-date「{date}」が無効です。未来の日付は入力できません。",
    ),
    "ship_date_early": (
        18022,
        "ShipDate: {date} is invalid, must not be before the order date {ordered}.",
        "ship-date「{date}」が無効です。注文日({ordered})より前の日付は入力できません。",
    ),
    "cod": (
        18023,
        "CodCollectionMethod: is only allowed for cash on delivery orders in the JP marketplace.",
        "cod-collection-methodは、代金引換の注文にのみ入力できます。",
    ),
    "cod_invalid": (
        18024,
        "CodCollectionMethod: {value} is invalid, must be DirectPayment.",
        "cod-collection-method「{value}」が無効です。「DirectPayment」を入力してください。",
    ),
    "transparency": (
        18025,
        "TransparencyCodes: order item {item_id} needs a Transparency code for each of its {quantity} units.",
        "注文商品番号「{item_id}」には、出荷数({quantity})と同じ数のTransparencyコードが必要です。",
    ),
    "ship_method": (
        18050,
        "The ship-method field is blank or contains an invalid value. Make sure that a valid ship-method is entered.",
        "ship-methodの項目が記入されていないか入力内容が無効です。"
        "有効なship-methodの項目が入力されていることを確認してください。",
    ),
    # Cancelling
    "cancel_by_amazon": (
        18040,
        "Order {order_id} is fulfilled by Amazon and cannot be cancelled by the seller.",
        "注文「{order_id}」はAmazonが出荷する注文のため、出品者がキャンセルすることはできません。",
    ),
    "cancel_pending": (
        18041,
        "Order {order_id} is pending and cannot be cancelled by the seller.",
        "注文「{order_id}」は保留中のため、出品者がキャンセルすることはできません。",
    ),
    "cancel_cancelled": (
        18042,
        "Order {order_id} has already been cancelled.",
        "注文「{order_id}」はすでにキャンセルされています。",
    ),
    "cancel_shipped": (
        18043,
        "Order {order_id} has been shipped, or a part of it, and cannot be cancelled any more.",
        "注文「{order_id}」は一部または全部が出荷済みのため、キャンセルできません。",
    ),
    "cancel_items": (
        18044,
        "An order is cancelled as a whole: order item {item_id} is missing.",
        "注文全体をキャンセルする必要があります。注文商品番号「{item_id}」がありません。",
    ),
    "cancel_reason": (
        18045,
        "CancelReason: is missing for order item {item_id}.",
        "注文商品番号「{item_id}」のキャンセル理由が記入されていません。",
    ),
    # The whole document
    "encoding": (
        5000,
        "The feed cannot be read as {charset}. The content type, the declared encoding and the contents must agree.",
        "ファイルを{charset}として読み込めません。宣言した文字コードと内容が一致しているか確認してください。",
    ),
    "xml": (
        5001,
        "XML Parsing Fatal Error: {error}",
        "XML解析エラー: {error}",
    ),
    "merchant": (
        5002,
        "The MerchantIdentifier {given} does not match the seller account.",
        "MerchantIdentifier「{given}」が出品者アカウントと一致しません。",
    ),
    "too_large": (
        5003,
        "The feed is larger than the {most} bytes that are allowed.",
        "ファイルのサイズが上限({most}バイト)を超えています。",
    ),
    "header": (
        5004,
        "The header row is invalid: {error}",
        "ヘッダー行が無効です: {error}",
    ),
    "aborted": (
        5005,
        "The feed was aborted by an internal error after {done} messages.",
        "{done}件の処理後に内部エラーが発生したため、フィードの処理を中止しました。",
    ),
    "columns": (
        18030,
        "The row has {given} columns instead of {wanted}.",
        "列の数が{given}です({wanted}列必要です)。",
    ),
}


class Refusal(Exception):
    """A shipment (or a whole feed) that Amazon does not accept.

    :ivar key: which of the texts; ``facts``: what is put into it, and what reports tell beside it
    """

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts

    @property
    def number(self):
        return TEXTS[self.key][0]

    def text(self, lang="en"):
        return TEXTS[self.key][1 + (lang == "ja")].format(**self.facts)
