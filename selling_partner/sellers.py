"""The Sellers API, version 1."""

from dataclasses import dataclass

from .api import Api
from .reader import success


class Sellers(Api):
    """``amazon.sellers``."""

    def get_marketplace_participations(self):
        """Get the marketplaces the seller takes part in (getMarketplaceParticipations); one call a minute.

        :return: tuple of :class:`Participation`.
        """
        return self._call("getMarketplaceParticipations", parse_participations)


@dataclass(frozen=True, slots=True)
class Participation:
    """A marketplace the seller takes part in.

    :param suspended: whether listings there are suspended.
    """

    marketplace_id: str
    country_code: str = ""
    name: str = ""
    currency: str = ""
    language: str = ""
    domain: str = ""
    participating: bool = False
    suspended: bool = False
    store_name: str = ""


def parse_participations(payload):
    """Read the answer to getMarketplaceParticipations.

    :param payload: the body, ``bytes`` or ``str``.
    :return: tuple of :class:`Participation`.
    :raises MalformedAnswer: when it is something else.
    """
    entries = success(payload).objects("payload", needed=True)
    return tuple(_participation(entry) for entry in entries)


def _participation(entry):
    marketplace = entry.object("marketplace")
    participation = entry.object("participation")
    return Participation(
        marketplace_id=marketplace.identifier("id", needed=True),
        country_code=marketplace.text("countryCode"),
        name=marketplace.text("name"),
        currency=marketplace.text("defaultCurrencyCode"),
        language=marketplace.text("defaultLanguageCode"),
        domain=marketplace.text("domainName"),
        participating=participation.flag("isParticipating"),
        suspended=participation.flag("hasSuspendedListings"),
        store_name=entry.text("storeName"),
    )
