from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from .amazon_account import VENDOR

_lt = LazyTranslate(__name__)

# What a SKU stands under in the table that Amazon has named by its ASIN, or not at all.
ASIN, ITEM = "ASIN:", "ITEM:"
TOLD_STATES = [("unsent", "Not Sent"), ("sending", "Sending"), ("done", "Accepted"), ("error", "Error")]
# Of a SKU's states in several warehouses the worst shows.
WORST_FIRST = ("error", "sending", "unsent", "done")


def vendor_names(sku, asin):
    """Return by what Amazon knows what stands in the table: as it stands on its orders.

    :param str sku: there.
    :param asin: there, if there is one.
    :return: ``asin`` and ``sku``, each may be "".
    :rtype: dict
    """
    named = "" if sku.startswith((ASIN, ITEM)) else sku
    return {"asin": asin or (sku.removeprefix(ASIN) if sku.startswith(ASIN) else ""), "sku": named}


class AmazonOffer(models.Model):
    """A vendor's SKUs: Amazon is told of each warehouse how many it can ship."""

    _inherit = "amazon.offer"

    vendor_quantity_ids = fields.One2many(
        "amazon.vendor.quantity", "offer_id", "Stock by Warehouse Code", readonly=True
    )
    vendor_state = fields.Selection(TOLD_STATES, "Told", compute="_compute_sync_state", store=True)
    vendor_told = fields.Char(
        "Amazon Has", compute="_compute_vendor_told", help="What it has accepted last, by warehouse code"
    )
    vendor_told_at = fields.Datetime("Told on", compute="_compute_vendor_told", help="When it has accepted that")

    # === COMPUTE METHODS === #

    @api.depends("vendor_quantity_ids.stock_state", "vendor_quantity_ids.refused")
    def _compute_sync_state(self):
        result = super()._compute_sync_state()
        vendors = self.filtered(lambda offer: offer.account_id.kind == VENDOR)
        (self - vendors).vendor_state = False
        for offer in vendors:
            rows = offer.vendor_quantity_ids
            states = set(rows.mapped("stock_state"))
            offer.vendor_state = next((state for state in WORST_FIRST if state in states), "unsent")
            offer.stock_state = offer.vendor_state
            # What Amazon works on is looked at all the same when it changes: not one SKU is told, but a warehouse's.
            offer.sync_state = "unsent" if offer.vendor_state == "sending" else offer.vendor_state
            refused = rows.filtered(lambda row: row.stock_state == "error")
            offer.sync_message = "\n".join(f"{row.warehouse_id.party_ref}: {row.refused}" for row in refused) or False
        return result

    @api.depends("vendor_quantity_ids.quantity_sent", "vendor_quantity_ids.accepted_at")
    def _compute_vendor_told(self):
        for offer in self:
            rows = offer.vendor_quantity_ids.filtered("accepted_at")
            offer.vendor_told = ", ".join(f"{row.warehouse_id.party_ref} {row.quantity_sent}" for row in rows) or False
            offer.vendor_told_at = max(rows.mapped("accepted_at"), default=False)

    # === CRUD METHODS === #

    def unlink(self):
        # sudo: what is told is the addon's own
        self.env["amazon.vendor.quantity"].sudo().search([("offer_id", "in", self.ids)])._leave()
        return super().unlink()

    # === ACTION METHODS === #

    def action_view_quantities(self):
        if self.account_id.kind != VENDOR:
            return super().action_view_quantities()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_vendor_quantities")
        return {**action, "domain": [("offer_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS === #

    def _is_known_to_amazon(self):
        # sudo: see unlink
        return super()._is_known_to_amazon() or bool(self.sudo().vendor_quantity_ids)

    def _why_not_sent(self):
        if self.account_id.kind != VENDOR:
            return super()._why_not_sent()
        if why := self._why_not_sold():
            return why
        if not any(self._vendor_names().values()):
            return _lt("Amazon has named neither its SKU nor its ASIN.")
        return False

    def _vendor_names(self):
        """Return by what Amazon knows this; see :func:`vendor_names`."""
        return vendor_names(self.sku, self.asin)

    def _quantities_in(self, warehouse):
        """Return how many of each of these a warehouse can ship.

        :param warehouse: the ``stock.warehouse``.
        :return: whole numbers by ``amazon.offer``.
        :rtype: dict
        """
        counted = self.filtered(lambda offer: not (offer.paused or offer.quantity_fixed))
        units = counted._units_in(warehouse.filtered("active")) if counted else {}
        return {offer: offer._to_offer(units.get(offer, 0)) for offer in self}
