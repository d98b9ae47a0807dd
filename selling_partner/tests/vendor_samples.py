"""Vendor Direct Fulfillment as Amazon writes it, from the schema; names and numbers are made up."""

V1, V2021 = VERSIONS = ("v1", "2021-12-28")
NUMBER = "2JK3S9VC"


def place(api, version, path):
    return f"/vendor/directFulfillment/{api}/{version}/{path}"


def wrapped(version, content):
    """An answer: v1 puts it into a payload."""
    return {"payload": content} if version == V1 else content


def money(amount):
    return {"amount": str(amount), "currencyCode": "JPY"}


def item(sequence="00001", quantity=2, **fields):
    tax = {"taxRate": "0.10", "taxAmount": money(200), "taxableAmount": money(2000), "type": "CONSUMPTION"}
    return {
        "itemSequenceNumber": sequence,
        "buyerProductIdentifier": "B07DFVDRAB",
        "vendorProductIdentifier": "SKU-1",
        "title": "煎茶",
        "orderedQuantity": {"amount": quantity, "unitOfMeasure": "Each"},
        "netPrice": money("1000.50"),
        "taxDetails": {"taxLineItem": [tax]},
        "totalPrice": money(1100),
        **fields,
    }


def order(**details):
    return {
        "purchaseOrderNumber": NUMBER,
        "orderDetails": {
            "customerOrderNumber": "250-1234567-8901234",
            "orderDate": "2026-11-20T10:00:00+09:00",
            "orderStatus": "NEW",
            "shipmentDetails": {
                "isPriorityShipment": True,
                "isScheduledDeliveryShipment": True,
                "isPslipRequired": True,
                "isGift": True,
                "shipMethod": "UPS_GR_RES",
                "shipmentDates": {
                    "requiredShipDate": "2026-11-21T15:00:00Z",
                    "promisedDeliveryDate": "2026-11-23T15:00:00Z",
                },
                "messageToCustomer": "ありがとうございます",
            },
            "taxTotal": {"taxLineItem": [{"taxAmount": money(200), "type": "TOTAL"}]},
            "sellingParty": {"partyId": "SELL1"},
            "shipFromParty": {"partyId": "SHIP1"},
            "shipToParty": {
                "name": "試験 花子",
                "attention": "試験 太郎",
                "addressLine1": "試験町1-2-3",
                "addressLine2": "試験ビル4F",
                "city": "渋谷区",
                "county": "郡",
                "district": "町",
                "stateOrRegion": "東京都",
                "postalCode": "150-0002",
                "countryCode": "JP",
                "phone": "03-0000-0000",
            },
            "billToParty": {"partyId": "BILL1"},
            "items": [
                item(
                    giftDetails={"giftMessage": "おめでとう", "giftWrapId": "GW1"},
                    scheduledDeliveryShipment={
                        "scheduledDeliveryServiceType": "SCHEDULED",
                        "earliestNominatedDeliveryDate": "2026-11-23T01:00:00Z",
                        "latestNominatedDeliveryDate": "2026-11-23T03:00:00Z",
                    },
                ),
                item("00002", 1, vendorProductIdentifier="SKU-2", buyerProductIdentifier="B07DFVDRAC"),
            ],
            **details,
        },
    }
