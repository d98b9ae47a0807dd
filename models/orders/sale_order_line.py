from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...ours import is_ours

LOCKED_FIELDS = {
    "order_id",
    "product_id",
    "product_template_id",
    "product_uom_qty",
    "product_uom_id",
    "price_unit",
    "discount",
    "tax_ids",
    "technical_price_unit",
    "extra_tax_data",
    "combo_item_id",
    "display_type",
    "move_ids",
    "product_no_variant_attribute_value_ids",
    "currency_id",
    "price_subtotal",
    "price_tax",
    "price_total",
}
# The key of a line for what was put into the parcel beside what was ordered.
EXTRA = "extra"


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    amazon_item_ref = fields.Char("Amazon Item", readonly=True, copy=False, index="btree_not_null")
    amazon_offer_id = fields.Many2one("amazon.offer", readonly=True, copy=False, index="btree_not_null")
    amazon_line_key = fields.Char(
        readonly=True, copy=False, help="What the line stands for on Amazon: goods, shipping, discount … and its item"
    )
    amazon_qty_recorded = fields.Float(
        "Shipped before Odoo",
        readonly=True,
        copy=False,
        digits="Product Unit",
        help="Shipped on Amazon before the account's start date; no stock was moved for it here.",
    )
    amazon_is_placeholder = fields.Boolean(compute="_compute_amazon_is_placeholder")

    # === COMPUTE METHODS === #

    @api.depends("product_id", "amazon_item_ref")
    def _compute_amazon_is_placeholder(self):
        placeholder = self.env.ref("sale_amazon_spapi.product_unknown_sku", raise_if_not_found=False)
        for line in self:
            line.amazon_is_placeholder = bool(
                line.amazon_item_ref and placeholder and line.product_id == placeholder.sudo()
            )

    def _prepare_qty_delivered(self):
        delivered = super()._prepare_qty_delivered()
        for line in self.filtered("amazon_qty_recorded"):
            if line.qty_delivered_method == "stock_move":
                delivered[line] += line.amazon_qty_recorded
        return delivered

    @api.depends("amazon_qty_recorded")
    def _compute_qty_delivered(self):
        return super()._compute_qty_delivered()

    def _get_qty_procurement(self, previous_product_uom_qty=False):
        # What left before Odoo knew of the order needs no delivery any more.
        return super()._get_qty_procurement(previous_product_uom_qty) + self.amazon_qty_recorded

    def _compute_price_unit(self):
        # Odoo never prices what Amazon has priced, whatever changes and whoever asks for it.
        return super(SaleOrderLine, self.filtered(lambda line: not line.amazon_line_key))._compute_price_unit()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        extra = [self._amazon_is_extra(vals) for vals in vals_list]
        price = {"price_unit": 0.0, "technical_price_unit": -1, "tax_ids": [fields.Command.clear()]}
        lines = super().create(
            [{**vals, **price} if is_extra else vals for vals, is_extra in zip(vals_list, extra, strict=True)]
        )
        gifts = lines.browse(line.id for line, is_extra in zip(lines, extra, strict=True) if is_extra)
        gifts.sudo().amazon_line_key = EXTRA  # sudo: the key is the addon's own
        if not self.env.su:
            (lines - gifts)._amazon_check_locked(self.env._("Lines cannot be added to an Amazon order."))
        return lines

    def write(self, vals):
        if not self.env.su and LOCKED_FIELDS & set(vals):
            changed = self.filtered(lambda line: line._amazon_changes(vals, LOCKED_FIELDS))
            others = self.env["sale.order"].browse(vals.get("order_id") if changed else False)
            changed._amazon_check_locked(
                self.env._(
                    "Products, quantities, prices and taxes of an Amazon order are Amazon's and cannot be changed here."
                ),
                others,
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_amazon(self):
        if not self.env.su:
            self._amazon_check_locked(self.env._("Lines of an Amazon order cannot be deleted."))

    def _amazon_is_extra(self, vals):
        """Something that was put into the parcel beside what was ordered: Odoo adds a line of it when the delivery is
        done. On an Amazon order it is a gift, or the total would not be Amazon's."""
        order = self.env["sale.order"].browse(vals.get("order_id"))
        return is_ours(self.env, "amazon_delivering") and vals.get("move_ids") and bool(order.amazon_account_id)

    def _amazon_check_locked(self, message, others=None):
        """Refuse when a line belongs to an Amazon order and the user is not an Amazon manager (M6).

        :param others: further ``sale.order`` that are concerned.
        """
        if self.env.user.has_group("sale_amazon_spapi.group_amazon_manager"):
            return
        orders = (self.order_id | (others or self.order_id)).filtered("amazon_order_ref")
        if orders:
            raise UserError(
                self.env._("%(orders)s: %(reason)s", orders=", ".join(orders.mapped("name")), reason=message)
            )

    # === BUSINESS METHODS === #

    def _amazon_kit_components(self):
        """Return how much of each component one kit needs; empty when the line is no kit.

        :return: quantities by id of the product; from the time of confirming, since bills of materials change.
        :rtype: dict
        """
        self.ensure_one()
        if "bom_line_id" not in self.move_ids._fields or not self.move_ids.bom_line_id:
            return {}
        item = self.order_id.amazon_item_ids.filtered(lambda item: item.item_ref == self.amazon_item_ref)[:1]
        stored = {int(product): quantity for product, quantity in (item.kit_components or {}).items()}
        return stored or self._amazon_count_components()

    def _amazon_count_components(self):
        """Count from the moves how much of each component one kit needs."""
        self.ensure_one()
        kits = self.product_uom_qty - self.amazon_qty_recorded
        # Of what is still to be picked Odoo makes the last step only afterwards.
        moves = self.move_ids.filtered(
            lambda move: (
                move.state != "cancel"
                and not move.origin_returned_move_id
                and (
                    move.location_dest_id.usage == "customer"
                    or (move.location_final_id.usage == "customer" and not move.move_dest_ids)
                )
            )
        )
        demand = Counter()
        for move in moves:
            demand[move.product_id.id] += move.product_qty
        return {product: quantity / kits for product, quantity in demand.items() if quantity} if kits > 0 else {}

    def _amazon_still_wants(self, move):
        """Tell whether a new move of this line, with all that do the same step, brings no more than was ordered and
        did not come back.

        :param move: the ``stock.move``.
        :rtype: bool
        """
        self.ensure_one()
        product = move.product_id
        kit = self._amazon_kit_components()
        each = kit.get(product.id, 0) if kit else product == self.product_id
        to_deliver = self.product_uom_qty - self.amazon_qty_recorded
        ordered = self.product_uom_id._compute_quantity(to_deliver, self.product_id.uom_id, round=False)
        same = self.move_ids.filtered(lambda other: other.product_id == product)
        places = move.location_dest_id
        if places.usage == "customer":
            places = same.location_dest_id.filtered(lambda place: place.usage == "customer")
        going = same.filtered(lambda other: other._amazon_is_going() and other.location_dest_id in places)
        gone = going.filtered(lambda other: other.state == "done")
        back = same.filtered(lambda other: other.state == "done" and not other._amazon_is_going())
        # No more comes back than has left.
        wanted = ordered * each + min(back._amazon_units(), gone._amazon_units())
        return move.product_qty > 0 and product.uom_id.compare(going._amazon_units(), wanted) <= 0

    def _amazon_spread_shipped(self, moves, shipped):
        """Spread what has left over the open ones of this line's moves.

        :param moves: the moves of one product: the line's own, or a component of its kit.
        :param float shipped: how much of the line has left, as Amazon counts.
        :return: quantities by move.
        :rtype: dict
        """
        self.ensure_one()
        uom = moves.product_id.uom_id
        still = moves.filtered(lambda move: move.state != "done")
        done = (moves - still).filtered(lambda move: move.location_dest_id.usage == "customer")
        delivered = sum(done.mapped("product_qty"))
        ahead = sum(still.filtered(lambda move: not move.move_dest_ids & still).mapped("product_qty"))
        to_deliver = self.product_uom_qty - self.amazon_qty_recorded
        if uom.is_zero(to_deliver) or not still:
            return {}
        # A kit's components leave in proportion.
        each = 1 if moves.product_id == self.product_id else (delivered + ahead) / to_deliver
        missing = (shipped - self.amazon_qty_recorded) * each - delivered
        quantities = {}
        stock = self.order_id.warehouse_id.lot_stock_id
        for move in still.sorted(
            lambda move: (move.location_dest_id.usage != "customer", bool(move.location_id._child_of(stock)), move.id)
        ):
            waiting = move.move_orig_ids & still and not any(origin.state == "done" for origin in move.move_orig_ids)
            taken = uom.round(min(missing, move.product_qty))
            if waiting or uom.compare(taken, 0) <= 0:
                continue
            missing -= taken
            quantities[move] = uom._compute_quantity(taken, move.product_uom, rounding_method="HALF-UP")
        return quantities

    def _amazon_swap_product(self, product):
        """Put the right product on open lines whose SKU has just been mapped.

        Deliveries that were made for the placeholder are cancelled and made again; what is done or
        invoiced stays, and a person is told.
        """
        for line in self:
            order = line.order_id
            if line.qty_delivered or line.qty_invoiced:
                [here] = order._amazon_in_company_language()
                sku = line.amazon_offer_id.sku
                here._amazon_assign(f"mapped:{sku}", here.env._("SKU %s was mapped after delivery or invoicing", sku))
                continue
            line.move_ids.filtered(lambda move: move.state != "done")._action_cancel()
            price, name = line.price_unit, line.name
            taxes = line.tax_ids
            if taxes or order.amazon_marketplace_id.tax_included and not order._amazon_has_tax_line():
                taxes = taxes._amazon_taxes(product, order.company_id, order.fiscal_position_id)
            # The core refuses to change a product that has moves; those were just cancelled.
            line.invalidate_recordset(["product_updatable"])
            line.write(
                {
                    "product_id": product.id,
                    "name": name,
                    "price_unit": price,
                    "technical_price_unit": -1,
                    "tax_ids": [fields.Command.set(taxes.ids)],
                }
            )
            order._amazon_settle_total()
            if order.state == "sale":
                line._action_launch_stock_rule()
            order.amazon_to_reserve = order.state == "sale"
        self.order_id._amazon_review_again()
        self.env["amazon.order.update"]._trigger_builders(1)
