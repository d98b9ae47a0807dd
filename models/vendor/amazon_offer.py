from odoo import models
from odoo.tools.translate import LazyTranslate

from .amazon_account import VENDOR

_lt = LazyTranslate(__name__)

# What a SKU stands under in the table that Amazon has named by its ASIN, or not at all.
ASIN, ITEM = "ASIN:", "ITEM:"


class AmazonOffer(models.Model):
    """A vendor's SKUs: Amazon is told of each warehouse how many it can ship."""

    _inherit = "amazon.offer"

    def _why_not_sent(self):
        if self.account_id.kind != VENDOR:
            return super()._why_not_sent()
        if why := self._why_not_sold():
            return why
        if not any(self._vendor_names().values()):
            return _lt("Amazon has named neither its SKU nor its ASIN.")
        return False

    def _vendor_names(self):
        """Return by what Amazon knows this: as it stands on its orders.

        :return: ``asin`` and ``sku``, each may be "".
        :rtype: dict
        """
        sku = "" if self.sku.startswith((ASIN, ITEM)) else self.sku
        return {"asin": self.asin or (self.sku.removeprefix(ASIN) if self.sku.startswith(ASIN) else ""), "sku": sku}

    def _quantities_in(self, warehouse):
        """Return how many of each of these a warehouse can ship.

        :param warehouse: the ``stock.warehouse``.
        :return: whole numbers by ``amazon.offer``.
        :rtype: dict
        """
        counted = self.filtered(lambda offer: not (offer.paused or offer.quantity_fixed))
        units = counted._units_in(warehouse.filtered("active")) if counted else {}
        return {offer: offer._to_offer(units.get(offer, 0)) for offer in self}
