"""Orders in Amazon's stores outside Japan."""

from decimal import Decimal

from .build import merge
from .kinds import kind


def add_tax_on_top(draft, rate):
    draft.tax(Decimal(rate), on_top=True)


@kind("米国:外税", "United States: tax on top of the prices", "US")
def us_standard(draft):
    add_tax_on_top(draft, "10.25")


@kind("米国:Amazonが税を徴収", "United States: Amazon collects and remits the tax", "US")
def us_marketplace_facilitator(draft):
    add_tax_on_top(draft, "8.875")
    collection = {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
    draft.merge_lines({"tax": {"taxCollections": [collection]}})


@kind(
    "米国:複数明細・送料・定期購入・カスタム商品",
    "United States: several lines, shipping, subscription, customized product",
    "US",
)
def us_multi(draft):
    draft.use_products("AMZ-TEA-001", "AMZ-SOAP-001", "AMZ-BAG-001")
    draft.service_level = "SECOND_DAY"
    draft.lines[0].quantity = 3
    draft.lines[0].charges["SHIPPING"] = Decimal("5.99")
    draft.lines[-1].discounts["ITEM"] = Decimal("2.50")
    draft.lines[-1].promotions = ["SAVE-250"]
    add_tax_on_top(draft, "10.25")
    merge(draft.lines[0].extra, {"programs": ["SUBSCRIBE_AND_SAVE"], "measurement": {"unit": "OUNCES", "value": 10.6}})
    merge(
        draft.lines[-1].extra,
        {
            "product": {"customization": {"customizedUrl": "https://example.com/customization/1234.zip"}},
            "associatedOrderItems": [
                {
                    "orderId": "114-1111111-2222222",
                    "orderItemId": "12345678904321",
                    "associationType": "VALUE_ADD_SERVICE",
                }
            ],
        },
    )
    instead = {
        "asin": "B0SIMSOA02",
        "quantityOrdered": 1,
        "sellerSku": "AMZ-SOAP-002",
        "title": "Olive oil soap, 6 x 100 g",
        "measurement": {"unit": "COUNT", "value": 6},
    }
    preference = {"substitutionType": "AMAZON_RECOMMENDED", "substitutionOptions": [instead]}
    merge(
        draft.lines[len(draft.lines) // 2].extra, {"fulfillment": {"picking": {"substitutionPreference": preference}}}
    )


@kind("ドイツ:内税19%", "Germany: 19 % tax contained in the prices", "DE")
def eu_de(draft):
    draft.lines[0].charges["SHIPPING"] = Decimal("4.90")
    draft.tax(19)


@kind("英国:内税20%", "United Kingdom: 20 % tax contained, IOSS number", "UK")
def eu_uk(draft):
    draft.tax(20)
    draft.merge_lines(
        {
            "tax": {"taxCalculationBreakdowns": [{"reportingScheme": "IOSS"}]},
            "fulfillment": {"shipping": {"internationalShipping": {"iossNumber": "IM4420001201"}}},
        }
    )


@kind("フランス:法人・税なし", "France: business buyer with VAT number, no tax shown", "FR")
def eu_fr_business(draft):
    draft.programs = ["AMAZON_BUSINESS", "INVOICE_BY_AMAZON"]
    draft.buyer.update(buyerCompanyName="Société Lumière SARL", buyerPurchaseOrderNumber="BC-2026/114")
    draft.payments = [("Invoice", None)]
    draft.merge_lines({"product": {"price": {"priceDesignation": "BUSINESS_PRICE"}}})
    draft.extra = {
        "tax": {
            "taxRegistrations": [
                {
                    "entityType": "BUYER",
                    "legalName": "Société Lumière SARL",
                    "taxRegistrationType": "VAT",
                    "taxRegistrationNumber": "FR40123456824",
                    "taxRegistrationAddress": {
                        "addressLine1": "12 rue de la Paix",
                        "city": "Paris",
                        "postalCode": "75002",
                        "countryCode": "FR",
                    },
                }
            ]
        }
    }


@kind("オーストラリア:内税10%", "Australia: 10 % tax contained", "AU")
def au_standard(draft):
    draft.tax(10)
    draft.address["districtOrCounty"] = "City Centre"


@kind("シンガポール:税表示なし・年齢確認", "Singapore: tax contained but not shown, age and identity checked", "SG")
def sg_standard(draft):
    constraints = {
        "recipientAgeVerification": "MANDATORY",
        "recipientIdentityVerification": "MANDATORY",
        "signatureConfirmation": "MANDATORY",
    }
    draft.merge_lines({"fulfillment": {"shipping": {"shippingConstraints": constraints}}})


@kind("ブラジル:分割払い", "Brazil: paid in instalments by two methods", "BR")
def br_installments(draft):
    card = {
        "paymentMethod": "CreditCard",
        "acquirerId": "58.160.789/0001-28",
        "cardBrand": "Visa",
        "authorizationCode": "A1B2C3",
    }
    pix = {"paymentMethod": "Pix", "acquirerId": "00.000.000/0001-91", "authorizationCode": "E00416968"}
    draft.payments = [(card, Decimal("20.00")), (pix, None)]
    draft.address.update(
        municipality="São Paulo",
        extendedFields={
            "streetName": "Avenida Paulista",
            "streetNumber": "1578",
            "complement": "Apto 42",
            "neighborhood": "Bela Vista",
        },
    )
    draft.extra = {
        "tax": {
            "taxInvoicing": {"invoiceStatus": "NOT_FOUND"},
            "taxRegistrations": [
                {
                    "entityType": "BUYER",
                    "legalName": draft.buyer["buyerName"],
                    "taxRegistrationType": "CPF",
                    "taxRegistrationNumber": "123.456.789-09",
                }
            ],
        }
    }


@kind("トルコ:法人請求", "Türkiye: business invoice with tax office", "TR")
def tr_invoice(draft):
    draft.tax(20)
    draft.extra = {
        "tax": {
            "taxInvoicing": {"buyerInvoicePreference": "BUSINESS"},
            "taxRegistrations": [
                {
                    "entityType": "BUYER",
                    "legalName": "Örnek Ticaret A.Ş.",
                    "taxRegistrationType": "VAT",
                    "taxRegistrationNumber": "1234567890",
                    "taxRegistrationAttributes": [{"key": "TAX_OFFICE", "value": "Beyoğlu"}],
                }
            ],
        }
    }


@kind("インド:Easy Ship", "India: Easy Ship with fulfillment orders", "IN")
def in_easy_ship(draft):
    draft.programs = ["AMAZON_EASY_SHIP"]
    draft.extra = {
        "fulfillmentOrders": [{"fulfillmentOrderId": "FO-2026-0001"}],
        "tax": {"taxInvoicing": {"invoiceStatus": "PROCESSING"}},
    }
