from datetime import timedelta

from odoo import api, models

from ...const import CLOCKS


class SaleOrderLine(models.Model):
    """What is ordered on Amazon and not paid for yet counts as taken."""

    _inherit = "sale.order.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._amazon_note_stock()
        lines.filtered(lambda line: line.order_id.amazon_channel == "fba")._amazon_note_fba()
        return lines

    def write(self, vals):
        if not {"product_uom_qty", "product_id"} & set(vals):
            return super().write(vals)
        self._amazon_note_stock()
        quantity = vals.get("product_uom_qty")
        changed = self.filtered(lambda line: quantity not in (None, line.product_uom_qty))
        result = super().write(vals)
        self._amazon_note_stock()
        changed._amazon_tell_again()
        return result

    # === BUSINESS METHODS === #

    def _amazon_tell_again(self):
        """Have Amazon told of these SKUs even if as many are here as it was told: what is cancelled it may have put
        back by itself, or lost."""
        # sudo: whoever sells need not know Amazon
        self.sudo().amazon_offer_id._note_change("order", changed_there=True)

    def _amazon_note_fba(self):
        """Amazon ships these: SKUs that were seen to be the seller's own to ship were given to it since. They are
        looked up before anything is told of them."""
        # sudo: whoever imports orders need not know SKUs
        given = self.env["amazon.offer"].sudo()
        for line in self.sudo():
            offer, ordered = line.amazon_offer_id, line.order_id.date_order + timedelta(minutes=CLOCKS)
            if offer.channel == "fbm" and offer.seen_at and offer.seen_at < ordered and offer.account_id.stock_watched:
                given |= offer
        given.seen_at = False
        given._note_change("order")

    def _amazon_note_stock(self):
        for company, lines in self.filtered("order_id.amazon_account_id").grouped("company_id").items():
            parts = lines.product_id.sudo()._amazon_components(company)  # sudo: bills of materials
            ordered = {part.id for needs in parts.values() for part in needs}
            self.env["amazon.stock.change"]._note_products(ordered, ordered=True)
