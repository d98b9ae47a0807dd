from collections import defaultdict

from odoo import models

# The parts of an order beside its goods, in their order.
SERVICES = ("shipping", "gift_wrap", "cod_fee", "tax")


class SaleOrder(models.Model):
    """The three ways side by side, part by part."""

    _inherit = "sale.order"

    def _amazon_explained(self):
        """Return what the order is in Odoo, on Amazon and in Amazon's Finances.

        :return: for each part of it the values of an ``amazon.explanation.line``.
        :rtype: list[dict]
        """
        self.ensure_one()
        parts = defaultdict(lambda: defaultdict(float))
        for line, amount in self._amazon_here_by_line().items():
            parts[self._amazon_part_of_line(line)]["here"] += amount
        for item in self.amazon_item_ids:
            for part, amount in item._parts().items():
                parts[part]["amazon"] += amount
        beyond = self.amazon_total - sum(amounts["amazon"] for amounts in parts.values())
        parts["other", ""]["amazon"] += beyond
        transactions = self.sudo().amazon_transaction_ids  # sudo: an accountant may see all of them
        for kind, column, sign in (("sale", "settled", 1), ("refund", "refunded", -1)):
            lines = transactions.filtered(lambda one, kind=kind: one.kind == kind).line_ids
            for part, amount in self._amazon_parts_of(lines).items():
                parts[part][column] += sign * amount
        if self.amazon_credited:
            parts["credited", ""]["credited"] = self.amazon_credited
        return [
            {"order_id": self.id, "name": self._amazon_part_name(part), **amounts}
            for part, amounts in sorted(parts.items(), key=lambda entry: self._amazon_part_place(entry[0]))
            if not all(self.currency_id.is_zero(amount) for amount in amounts.values())
        ]

    def _amazon_here_by_line(self):
        """Return what the order is in Odoo, by line.

        :rtype: dict
        """
        if self._amazon_is_billed_in_vain():
            return self._amazon_billed()
        lines = self.order_line.filtered("price_total")
        return {line: line.price_total if self.state != "cancel" else 0 for line in lines}

    def _amazon_part_of_line(self, line):
        """Return which part of Amazon's order a line stands for; see :meth:`_amazon_parts_of`."""
        kind, _separator, of = (line.amazon_line_key or "").partition(":")
        items = {item.item_ref: item.sku or "" for item in self.amazon_item_ids}
        if kind in ("goods", "discount") and of in items:
            return "goods", items[of]
        if kind == "discount" and of in SERVICES:
            return of, ""
        return (kind, "") if kind in SERVICES else ("other", "")

    def _amazon_items_of(self, sku):
        """Return Amazon's items of a SKU; of ``""`` those that have none."""
        return self.amazon_item_ids.filtered(lambda item: (item.sku or "") == sku)

    def _amazon_part_place(self, part):
        name, sku = part
        places = ("goods", *SERVICES, "other", "rounding", "credited")
        return places.index(name), sku

    def _amazon_part_name(self, part):
        """Return what a part is called, for a person."""
        name, sku = part
        if name == "goods":
            item = self._amazon_items_of(sku)[:1]
            return " ".join(filter(None, (sku, item.title))) or self.env._("Goods")
        return {
            "shipping": self.env._("Shipping"),
            "gift_wrap": self.env._("Gift Wrap"),
            "cod_fee": self.env._("Cash on Delivery Fee"),
            "tax": self.env._("Tax"),
            "other": self.env._("Other"),
            "rounding": self.env._("Rounding"),
            "credited": self.env._("Credit Notes"),
        }[name]
