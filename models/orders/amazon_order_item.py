from dataclasses import replace

from odoo import api, fields, models

AMOUNTS = {
    "currency_id",
    "total",
    "goods",
    "shipping",
    "gift_wrap",
    "cod_fee",
    "other",
    "discount",
    "tax_added",
    "tax_included",
    "points",
}


class AmazonOrderItem(models.Model):
    """Amazon's view of an order's item, as last received: what Odoo's own lines are compared with."""

    _name = "amazon.order.item"
    _inherit = "amazon.guard"
    _description = "Amazon Order Item"
    _order = "order_id, id"
    _rec_name = "item_ref"
    _log_access = False

    account_id = fields.Many2one("amazon.account", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    order_id = fields.Many2one("sale.order", index=True, ondelete="cascade", readonly=True)
    order_ref = fields.Char(required=True, readonly=True)
    item_ref = fields.Char("Item ID", required=True, readonly=True)
    sku = fields.Char("Seller SKU", readonly=True)
    asin = fields.Char("ASIN", readonly=True)
    title = fields.Char(readonly=True)
    quantity_ordered = fields.Integer("Ordered", readonly=True)
    quantity_fulfilled = fields.Integer("Shipped", readonly=True)
    quantity_unfulfilled = fields.Integer("To Ship", readonly=True)
    quantity_cancelled = fields.Integer("Cancelled", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    total = fields.Monetary("Amazon's Total", readonly=True)
    goods = fields.Monetary(readonly=True)
    shipping = fields.Monetary(readonly=True)
    gift_wrap = fields.Monetary(readonly=True)
    cod_fee = fields.Monetary("COD Fee", readonly=True)
    other = fields.Monetary(readonly=True)
    discount = fields.Monetary(readonly=True)
    tax_added = fields.Monetary("Tax on Top", readonly=True)
    tax_included = fields.Monetary(readonly=True)
    points = fields.Integer("Points Granted", readonly=True)
    cancel_requested = fields.Boolean("Buyer Asks to Cancel", readonly=True)
    needs_transparency_codes = fields.Boolean(readonly=True)
    kit_components = fields.Json(readonly=True, help="The kit's components at the time of import")

    _item_uniq = models.UniqueIndex("(account_id, order_ref, item_ref)")

    # === BUSINESS METHODS === #

    @api.model
    def _amazon_store(self, pairs):
        """Write Amazon's view of the items of several orders.

        :param list pairs: (``sale.order``, :class:`.order_facts.OrderFacts`).
        """
        refs = [facts.value.order_id for _order, facts in pairs]
        known = {(item.order_ref, item.item_ref): item for item in self.search([("order_ref", "in", refs)])}
        new = []
        for order, facts in pairs:
            value = facts.value
            by_item = {item.item_id: item for item in facts.amounts.items}
            for item in value.items:
                vals = self._vals(order, value, item, by_item[item.item_id])
                if not facts.has_amounts:
                    # The known ones stay.
                    vals = {name: val for name, val in vals.items() if name not in AMOUNTS}
                record = known.get((value.order_id, item.item_id))
                if record:
                    if item.points_granted is None:
                        # Not said, or not asked for: the known ones stay.
                        vals.pop("points", None)
                    record.write(vals)
                else:
                    new.append(vals)
        listed = {(facts.value.order_id, item.item_id) for _order, facts in pairs for item in facts.value.items}
        self.union(*(item for key, item in known.items() if key not in listed))._amazon_gone()
        self.create(new)

    def _amazon_gone(self):
        """What Amazon does not list any more is not wanted any more."""
        for item in self:
            left_out = max(0, item.quantity_ordered - item.quantity_fulfilled)
            item.write({"quantity_unfulfilled": 0, "quantity_cancelled": left_out})

    @api.model
    def _amazon_store_kits(self, orders):
        """Keep what one kit of each item needs: bills of materials change, what was promised does not.

        :param orders: the ``sale.order`` that have just been confirmed.
        """
        if "bom_line_id" not in self.env["stock.move"]._fields:
            return
        for line in orders.order_line.filtered(lambda line: line.amazon_item_ref and line.move_ids.bom_line_id):
            item = line.order_id.amazon_item_ids.filtered(lambda item, line=line: item.item_ref == line.amazon_item_ref)
            item.kit_components = line._amazon_count_components()

    def _completed(self, item, shipped):
        """Return what Amazon says of this item in a newer version, completed by what is known.

        :param item: the ``selling_partner`` item.
        :param bool shipped: the whole order has left.
        """
        self.ensure_one()
        known = {} if item.sku else {"sku": self.sku or "", "asin": item.asin or self.asin or ""}
        fulfilled, unfulfilled = item.quantity_fulfilled, item.quantity_unfulfilled
        if self.quantity_cancelled and None in (fulfilled, unfulfilled):
            # Of what was cancelled nothing is wanted again.
            wanted = max(0, item.quantity_ordered - self.quantity_cancelled)
            if fulfilled is None:
                fulfilled = wanted - (unfulfilled or 0) if shipped or unfulfilled else self.quantity_fulfilled
            fulfilled = max(0, min(fulfilled, wanted))
            known.update(quantity_fulfilled=fulfilled, quantity_unfulfilled=wanted - fulfilled)
        return replace(item, title=item.title or self.title or "", **known)

    @api.model
    def _vals(self, order, value, item, amounts):
        cancelled = 0
        if item.quantity_fulfilled is not None and item.quantity_unfulfilled is not None:
            cancelled = max(0, item.quantity_ordered - item.wanted_quantity)
        return {
            "account_id": order.amazon_account_id.id,
            "order_id": order.id,
            "order_ref": value.order_id,
            "item_ref": item.item_id,
            "sku": item.sku,
            "asin": item.asin,
            "title": item.title,
            "quantity_ordered": item.quantity_ordered,
            "quantity_fulfilled": item.quantity_fulfilled or 0,
            "quantity_unfulfilled": item.quantity_unfulfilled or 0,
            "quantity_cancelled": cancelled,
            "currency_id": order.currency_id.id,
            "total": float(amounts.total),
            "goods": float(amounts.goods),
            "shipping": float(amounts.shipping),
            "gift_wrap": float(amounts.gift_wrap),
            "cod_fee": float(amounts.cod_fee),
            "other": float(amounts.other),
            "discount": float(sum(amount for _subtype, amount in amounts.discounts)),
            "tax_added": float(amounts.tax_added),
            "tax_included": float(amounts.tax_included),
            "points": item.points_granted or 0,
            "cancel_requested": item.cancellation_requested,
            "needs_transparency_codes": "TRANSPARENCY" in item.programs,
        }
