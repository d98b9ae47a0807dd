from collections import Counter

from odoo import api, models, tools

from ... import crypto
from ...const import DEAD, STATUS
from ...selling_partner import MalformedAnswer
from ..orders.amazon_offer import offer_key
from ..orders.amazon_order_update import OPEN


class AmazonOrderUpdate(models.Model):
    """What was received and is not made yet counts as taken."""

    _inherit = "amazon.order.update"

    # === CRUD METHODS === #

    def write(self, vals):
        # An order that is left out, or of which what was received is over, takes nothing any more. One that is built
        # has lines, and they are noted.
        if vals.get("state") == "ignored" or ("payload" in vals and "state" not in vals):
            self.filtered(lambda row: row.state in OPEN)._note_units()
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _receive(self, account, received, log=None, forced=False, source="orders"):
        rows = super()._receive(account, received, log, forced, source)
        if rows and account.stock_watched:
            # What an order takes that is not here yet changes with it: it may be cancelled.
            refs = [ref for ref in rows.mapped("order_ref") if ref]
            self.search(
                [
                    ("account_id", "=", account.id),
                    ("order_ref", "in", refs),
                    ("state", "in", OPEN),
                    ("id", "not in", rows.ids),
                ]
            )._note_units()
        return rows

    def _note_units(self):
        """Have the SKUs looked at that these take: Amazon may have put them back by itself, or lost them."""
        for account, rows in self.grouped("account_id").items():
            if account.stock_watched:
                wanted = Counter()
                for row in rows:
                    wanted.update(dict(row._units()))
                offers = self.env["amazon.offer"].union(*self._units_of_offers(account, wanted))
                offers._note_change("order", changed_there=True)

    @api.model
    def _taken(self, company):
        """Return how many units of which SKUs are in orders that were received, are to be sent by the seller, and are
        not here yet; of an order with several versions the newest counts.

        :param company: the ``res.company``.
        :return: units by ``amazon.offer``.
        :rtype: Counter
        """
        # sudo: the inbox is the addon's own
        rows = self.sudo().search_fetch(
            [("company_id", "=", company.id), ("state", "in", OPEN), ("order_id", "=", False)],
            ["account_id", "order_ref", "version"],
        )
        taken = Counter()
        for account, of_account in rows.grouped("account_id").items():
            newest = {row.order_ref: row for row in of_account.sorted(lambda row: (row.version or "", row.id))}
            known = self.env["sale.order"].sudo()._amazon_find(account, list(newest))
            wanted = Counter()
            for order_ref, row in newest.items():
                if order_ref not in known:
                    wanted.update(dict(row._units()))
            taken.update(self._units_of_offers(account, wanted))
        return taken

    @tools.ormcache("self.id")
    def _units(self):
        """Return what the seller is to send of this order; what was received does not change.

        :return: pairs of (Amazon's marketplace, what ``offer_key`` returns) and units; none where it cannot be read.
        :rtype: tuple
        """
        try:
            value = self._parsers()[self.source](crypto.decrypt(self.payload))
        except (crypto.Undecryptable, MalformedAnswer):
            return ()
        if value.is_amazon_fulfilled or STATUS.get(value.status) in DEAD:
            return ()
        units = Counter()
        for item in value.items:
            units[value.marketplace_id, offer_key(item)] += max(
                0, item.wanted_quantity - (item.quantity_fulfilled or 0)
            )
        return tuple(units.items())

    @api.model
    def _units_of_offers(self, account, wanted):
        """Return the units by SKU of the table.

        :param Counter wanted: what :meth:`_units` returns of all orders.
        :rtype: Counter
        """
        units = Counter()
        for marketplace in self.env["amazon.marketplace"].search([("api_ref", "in", [ref for ref, _key in wanted])]):
            keys = {key: count for (ref, key), count in wanted.items() if ref == marketplace.api_ref}
            for key, offer in self.env["amazon.offer"].sudo()._find(account, marketplace, list(keys)).items():
                units[offer] += keys[key]
        return units
