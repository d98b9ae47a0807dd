from odoo import api, models

from .amazon_account import VENDOR


class ResPartner(models.Model):
    """Who a vendor's orders are for: Amazon buys them, somebody else gets them."""

    _inherit = "res.partner"

    @api.model
    def _amazon_customers(self, account, orders):
        if account.kind != VENDOR:
            return super()._amazon_customers(account, orders)
        customer = account._vendor_customer()
        addresses = self._amazon_vendor_addresses(account, [order for order in orders if order.has_address])
        return {order.order_id: (customer, addresses.get(order.order_id, customer)) for order in orders}

    @api.model
    def _amazon_vendor_addresses(self, account, orders):
        """Find or make where some orders go: a contact for each address, below nobody.

        :param account: the ``amazon.account``.
        :param list orders: ``selling_partner`` orders with an address.
        :return: partners by order id.
        :rtype: dict
        """
        known = self._amazon_environment(account)
        nobody = known.browse()
        digests = {order.order_id: known._amazon_address_hash(nobody, order) for order in orders}
        found = known._amazon_find_buyers(account, set(digests.values()))
        places = known._amazon_places([order.address for order in orders])
        missing = {digests[order.order_id]: order for order in orders if digests[order.order_id] not in found}
        created = known.create(
            [
                {
                    **known._amazon_address_vals(account, nobody, order, places[order.address]),
                    "company_name": known._amazon_delivery_company(order, order.address.name),
                    "amazon_hash": digest,
                }
                for digest, order in missing.items()
            ]
        )
        found.update(zip(missing, created.with_env(known.env), strict=True))
        return {ref: self.browse(found[digest].id) for ref, digest in digests.items()}

    def _amazon_is_place(self):
        """Tell whether Amazon takes this address for one: it needs a line of it, and the country."""
        return bool((self.street or self.city) and self.country_id)
