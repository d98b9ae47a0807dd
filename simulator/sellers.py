"""The Sellers API."""

from .marketplaces import BY_ID
from .operations import ROLES, operation

COUNTRY = {"UK": "GB"}


@operation(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    rate=0.016,
    burst=15,
    roles=ROLES,
    model="sellers.json",
)
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
