from collections import Counter

from odoo import fields, models
from odoo.fields import Domain

from ...const import AWAITING_PAYMENT

# What of a product says whether, and in what, its stock is counted.
STOCKED = {"type", "is_storable", "uom_id", "company_id"}
# Demand that stock has still to be found for.
UNRESERVED = ("waiting", "confirmed", "partially_available")


class ProductTemplate(models.Model):
    """A product's SKUs, of all its variants."""

    _inherit = "product.template"

    amazon_offer_count = fields.Integer("Amazon SKUs", compute="_compute_amazon_offer_count")

    def _compute_amazon_offer_count(self):
        for template in self:
            template.amazon_offer_count = sum(template.product_variant_ids.mapped("amazon_offer_count"))

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if STOCKED & set(vals):
            self.with_context(active_test=False).product_variant_ids._amazon_note_stock()
        return result

    # === ACTION METHODS === #

    def action_view_amazon_offers(self):
        """Open the SKUs that these are sold under on Amazon."""
        return self.product_variant_ids.action_view_amazon_offers()


class ProductProduct(models.Model):
    """What of a product's stock is free for Amazon to sell."""

    _inherit = "product.product"

    amazon_offer_count = fields.Integer("Amazon SKUs", compute="_compute_amazon_offer_count")

    # === COMPUTE METHODS === #

    def _compute_amazon_offer_count(self):
        # Who does not work with Amazon sees the product, but no SKUs.
        offers = self.env["amazon.offer"]
        counts = (
            dict(offers._read_group([("product_id", "in", self.ids)], ["product_id"], ["__count"]))
            if offers.has_access("read")
            else {}
        )
        for product in self:
            product.amazon_offer_count = counts.get(product, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals:
            self._amazon_note_stock()
        return result

    # === ACTION METHODS === #

    def action_view_amazon_offers(self):
        """Open the SKUs that these are sold under on Amazon."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_offers")
        return {**action, "domain": [("product_id", "in", self.ids)], "context": {"default_product_id": self[:1].id}}

    # === BUSINESS METHODS === #

    def _amazon_note_stock(self):
        """Have the SKUs of these looked at."""
        self.env["amazon.stock.change"]._note_products(self.ids)

    def _amazon_components(self, company):
        """Return what each of these consists of: a kit of its components, everything else of itself.

        :param company: the ``res.company`` whose bills of materials count.
        :return: for each product the units of each stored product that one of it needs.
        :rtype: dict
        """
        parts = {product: {product: 1} for product in self}
        if "mrp.bom" not in self.env:
            return parts
        bills = self.env["mrp.bom"]._bom_find(self, company_id=company.id, bom_type="phantom")
        for product, bill in bills.items():
            if bill:
                makes = bill.product_uom_id._compute_quantity(bill.product_qty, product.uom_id, round=False)
                needs = Counter()
                for line, done in bill.explode(product, 1)[1]:
                    if line.product_id.is_storable:
                        units = line.product_uom_id._compute_quantity(done["qty"], line.product_id.uom_id, round=False)
                        needs[line.product_id] += units / makes
                parts[product] = {part: need for part, need in needs.items() if need > 0}
        return parts

    def _amazon_free(self, warehouses):
        """Return how many units of these are free, less what orders from Amazon take that is not reserved for them.

        :param warehouses: the ``stock.warehouse`` they are sold from.
        :rtype: dict
        :return: floats by product.
        """
        if not warehouses:
            # Odoo would take none for all.
            return dict.fromkeys(self, 0)
        taken = self._amazon_taken(warehouses)
        return {
            product: product.free_qty - taken[product] for product in self.with_context(warehouse_id=warehouses.ids)
        }

    def _amazon_taken(self, warehouses):
        """Return how many units of these orders from Amazon take that is not reserved for them: what is not paid for
        yet, what is received and not made yet, and what is still to be reserved.

        :param warehouses: the ``stock.warehouse`` they are sold from.
        :rtype: Counter
        """
        company = warehouses.company_id
        wanted = Counter()
        unpaid = (
            Domain("order_id.amazon_status", "in", AWAITING_PAYMENT)
            & Domain("order_id.state", "in", ("draft", "sent"))
            & Domain("order_id.warehouse_id", "in", warehouses.ids)
        )
        lines = self.env["sale.order.line"]._read_group(
            unpaid & Domain("product_id", "!=", False), ["product_id", "product_uom_id"], ["product_uom_qty:sum"]
        )
        for product, uom, quantity in lines:
            wanted[product] += uom._compute_quantity(quantity, product.uom_id, round=False)
        for offer, units in self.env["amazon.order.update"]._taken(company).items():
            wanted[offer.product_id] += units
        taken = Counter()
        for product, needs in self.browse().union(*wanted)._amazon_components(company).items():
            for part, need in needs.items():
                taken[part] += need * wanted[product]
        moves = self.env["stock.move"].search_fetch(
            Domain("product_id", "in", self.ids)
            & Domain("state", "in", UNRESERVED)
            & Domain("move_orig_ids", "=", False)
            & Domain("sale_line_id.order_id.amazon_account_id", "!=", False)
            & Domain("picking_type_id.warehouse_id", "in", warehouses.ids),
            ["product_id", "product_qty", "quantity", "product_uom"],
        )
        for move in moves:
            reserved = move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id, round=False)
            taken[move.product_id] += max(0, move.product_qty - reserved)
        return taken
