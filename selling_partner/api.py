"""What the files of Amazon's APIs have in common."""


class Api:
    """One of Amazon's APIs.

    :param partner: the :class:`.client.SellingPartner` that sends its calls.
    """

    def __init__(self, partner):
        self._partner = partner
        self._call = partner.call
