"""The Sellers API."""

from .marketplaces import BY_ID

COUNTRY = {"UK": "GB"}


def get_marketplace_participations(call):
    call.only_parameters()
    return {"payload": [participation(call.seller, BY_ID[marketplace]) for marketplace in call.seller["marketplaces"]]}


def participation(seller, marketplace):
    return {
        "marketplace": {
            "id": marketplace.id,
            "name": marketplace.name,
            "countryCode": COUNTRY.get(marketplace.code, marketplace.code),
            "defaultCurrencyCode": marketplace.currency,
            "defaultLanguageCode": marketplace.language,
            "domainName": marketplace.domain,
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": seller["store_name"],
    }
