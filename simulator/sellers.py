"""The Sellers API, and the sellers with their applications."""

from .marketplaces import BY_ID, DEFAULTS
from .operations import ROLES, operation
from .signing import CHARACTERS, refresh_token
from .store import Store

COUNTRY = {"UK": "GB"}
HEX = "0123456789abcdef"


class Sellers(Store):
    """Who sells, with which application.

    :ivar by_id: merchant id -> seller (credentials, marketplaces, roles, token_ttl in seconds, …)
    """

    kept = ("by_id",)

    def __init__(self, world):
        super().__init__(world)
        self.by_id = {}

    def add(self, values):
        """Create a seller; what is not given is generated. ``values`` as in ``POST /control/sellers``."""
        rng = self.world.rng("seller")
        region = values.get("region") or "fe"
        seller = {
            "merchant_id": "A" + "".join(rng.choices(CHARACTERS, k=13)),
            "region": region,
            "marketplaces": list(DEFAULTS[region]),
            "store_name": f"Simulated store {len(self.by_id) + 1}",
            "application_id": "amzn1.sp.solution." + "".join(rng.choices(HEX, k=32)),
            "client_id": "amzn1.application-oa2-client." + "".join(rng.choices(HEX, k=32)),
            "client_secret": "amzn1.oa2-cs.v1." + "".join(rng.choices(HEX, k=64)),
            "refresh_token": refresh_token(rng),
            "roles": list(ROLES),
            "token_ttl": 3600,
            "revoked": False,
        }
        seller.update({key: value for key, value in values.items() if value is not None})
        seller["refresh_tokens"] = [seller["refresh_token"]]
        self.by_id[seller["merchant_id"]] = seller
        return seller

    def change(self, seller, values):
        seller.update(values)
        if values.get("refresh_token"):
            seller["refresh_tokens"].append(values["refresh_token"])

    def of_refresh_token(self, token):
        return next((seller for seller in self.by_id.values() if token in seller["refresh_tokens"]), None)

    def of_client(self, client_id):
        return [seller for seller in self.by_id.values() if seller["client_id"] == client_id]


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
