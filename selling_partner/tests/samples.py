"""Orders as Amazon sends them, written from the schema; names and numbers are made up."""


def money(amount, currency="JPY"):
    return {"amount": str(amount), "currencyCode": currency}


def merchant_order():
    """Japan, merchant-fulfilled, cash on delivery, a gift, partly shipped, one unit cancelled."""
    return {
        "orderId": "250-1234567-8901234",
        "orderAliases": [{"aliasId": "SHOP-1", "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": "2026-11-01T00:00:00.000Z",
        "lastUpdatedTime": "2026-11-02T01:02:03.456Z",
        "programs": ["PRIME", "AMAZON_BUSINESS"],
        "associatedOrders": [{"orderId": "250-0000000-0000000", "associationType": "REPLACEMENT_ORIGINAL_ID"}],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": "A1VC38T7YXB528",
            "marketplaceName": "Amazon.co.jp",
        },
        "buyer": {
            "buyerName": "試験 太郎",
            "buyerEmail": "abc@marketplace.amazon.co.jp",
            "buyerCompanyName": "試験株式会社",
            "buyerPurchaseOrderNumber": "PO-9",
        },
        "recipient": {
            "deliveryAddress": {
                "name": "試験 花子",
                "companyName": "試験商店",
                "addressLine1": "試験町1-2-3",
                "addressLine2": "試験ビル4F",
                "city": "渋谷区",
                "stateOrRegion": "東京都",
                "postalCode": "150-0002",
                "countryCode": "JP",
                "phone": "03-0000-0000",
                "addressType": "RESIDENTIAL",
            },
            "deliveryPreference": {
                "dropOffLocation": "玄関",
                "addressInstruction": "呼び鈴なし",
                "deliveryTime": {
                    "businessHours": [
                        {
                            "dayOfWeek": "MON",
                            "timeWindows": [
                                {"startTime": {"hour": 9, "minute": 0}, "endTime": {"hour": 17, "minute": 30}}
                            ],
                        }
                    ],
                    "exceptionDates": [{"exceptionDate": "2026-12-31", "exceptionDateType": "CLOSED"}],
                },
                "deliveryCapabilities": ["HAS_ACCESS_POINT"],
            },
        },
        "proceeds": {
            "grandTotal": money(4290),
            "breakdowns": [{"type": "ITEM", "subtotal": money(4000)}, {"type": "COD_FEE", "subtotal": money(330)}],
        },
        "payment": {"paymentExecutions": [{"paymentMethod": "CashOnDelivery", "paymentAmount": money(4290)}]},
        "tax": {
            "taxRegistrations": [
                {
                    "entityType": "BUYER",
                    "legalName": "試験株式会社",
                    "taxRegistrationType": "BUSINESS",
                    "taxRegistrationNumber": "T1234567890123",
                    "taxRegistrationAddress": {"addressLine1": "試験町9"},
                }
            ]
        },
        "fulfillment": {
            "fulfillmentStatus": "PARTIALLY_SHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {"earliestDateTime": "2026-11-02T00:00:00Z", "latestDateTime": "2026-11-03T14:59:59Z"},
            "deliverByWindow": {"latestDateTime": "2026-11-06T14:59:59Z"},
        },
        "orderItems": [
            {
                "orderItemId": "11111111111111",
                "quantityOrdered": 3,
                "programs": ["TRANSPARENCY"],
                "product": {
                    "asin": "B000000001",
                    "title": "試験の品",
                    "sellerSku": "SKU-1",
                    "condition": {"conditionType": "USED", "conditionSubtype": "VERY_GOOD"},
                    "price": {"unitPrice": money(2000), "priceDesignation": "BUSINESS_PRICE"},
                    "customization": {"customizedUrl": "https://example.com/custom"},
                },
                "proceeds": {
                    "proceedsTotal": money(4290),
                    "breakdowns": [
                        {"type": "ITEM", "subtotal": money(4000)},
                        {"type": "COD_FEE", "subtotal": money(330)},
                        {
                            "type": "DISCOUNT",
                            "subtotal": money(-40),
                            "detailedBreakdowns": [{"subtype": "ITEM", "value": money(-40)}],
                        },
                    ],
                },
                "expense": {"pointsCost": {"pointsGranted": {"pointsNumber": 40, "pointsMonetaryValue": money(40)}}},
                "promotion": {"breakdowns": [{"promotionId": "PROMO-1"}]},
                "cancellation": {
                    "cancellationRequest": {"requester": "BUYER", "cancelReason": "changed mind"},
                    "cancellationExecution": {"cancelledBy": "MERCHANT", "cancelReason": "NO_STOCK"},
                },
                "fulfillment": {
                    "quantityFulfilled": 1,
                    "quantityUnfulfilled": 1,
                    "packing": {
                        "giftOption": {"giftMessage": "おめでとう", "giftWrapLevel": "Classic"},
                        "serialNumberRequirement": {"requirementType": "REQUIRED"},
                    },
                    "shipping": {
                        "scheduledDeliveryWindow": {"earliestDateTime": "2026-11-05T00:00:00Z"},
                        "shippingConstraints": {"cashOnDelivery": "MANDATORY", "signatureConfirmation": "MANDATORY"},
                        "internationalShipping": {"iossNumber": "IM1"},
                    },
                },
                "tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon"}]},
                "associatedOrderItems": [
                    {"orderId": "250-1", "orderItemId": "2", "associationType": "VALUE_ADD_SERVICE"}
                ],
            }
        ],
        "packages": [
            {
                "packageReferenceId": "1",
                "createdTime": "2026-11-02T01:00:00Z",
                "packageStatus": {"status": "SHIPPED", "detailedStatus": "PICKED_UP"},
                "carrier": "YAMATO",
                "shipTime": "2026-11-02T01:00:00Z",
                "shippingService": "宅急便",
                "trackingNumber": "123456789012",
                "packageItems": [{"orderItemId": "11111111111111", "quantity": 1, "transparencyCodes": ["AZ:1"]}],
            }
        ],
    }


def pending_order():
    """As little as the schema needs."""
    return {
        "orderId": "250-7654321-1098765",
        "createdTime": "2026-11-01T00:00:00Z",
        "lastUpdatedTime": "2026-11-01T00:00:00Z",
        "salesChannel": {"channelName": "AMAZON"},
        "fulfillment": {"fulfillmentStatus": "PENDING"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {}}],
    }


def amazon_order():
    """The United States, fulfilled by Amazon, tax on top."""
    return {
        "orderId": "114-9876543-1234567",
        "createdTime": "2026-11-01T00:00:00Z",
        "lastUpdatedTime": "2026-11-01T00:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "recipient": {"deliveryAddress": {"city": "Seattle", "stateOrRegion": "WA", "countryCode": "US"}},
        "proceeds": {"grandTotal": money("49.99", "USD")},
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 1,
                "product": {"price": {"unitPrice": money("39.99", "USD")}},
                "proceeds": {
                    "proceedsTotal": money("49.99", "USD"),
                    "breakdowns": [
                        {"type": "ITEM", "subtotal": money("39.99", "USD")},
                        {
                            "type": "TAX",
                            "subtotal": money("10.00", "USD"),
                            "detailedBreakdowns": [{"subtype": "ITEM", "value": money("10.00", "USD")}],
                        },
                    ],
                },
            }
        ],
    }


ALL = (merchant_order, pending_order, amazon_order)
