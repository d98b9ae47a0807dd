from collections import defaultdict

from odoo import models
from odoo.tools import clean_context

from ...memo import fast, once
from ...ours import OURS


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CONFIRMING === #

    def _action_confirm(self, merge=True, merge_into=False, create_proc=True):
        """Make the deliveries of all orders in one call; whatever is not plain is left to Odoo."""
        if fast(self.env, "pickings"):
            self._amazon_create_pickings()
        return super()._action_confirm(merge=merge, merge_into=merge_into, create_proc=create_proc)

    def _amazon_create_pickings(self):
        """Put the moves of new orders into new deliveries, as :meth:`_assign_picking` would for each order."""
        moves = self.with_context(clean_context(self.env.context)).filtered(lambda move: move._amazon_is_plain())
        # What an order's other moves are delivered with already is for Odoo to find.
        known = self.search([("reference_ids", "in", moves.reference_ids.ids), ("picking_id", "!=", False)])
        groups = defaultdict(self.browse)
        for move in moves:
            if not move.reference_ids & known.reference_ids:
                groups[move._key_assign_picking()] += move
        if not groups:
            return
        pickings = moves.env["stock.picking"].create([group._get_new_picking_values() for group in groups.values()])
        for picking, group in zip(pickings, groups.values(), strict=True):
            group.write({"picking_id": picking.id})
            group.with_context(amazon_note_later=OURS)._assign_picking_post_process(new=True)
        pickings._amazon_log_origins()

    def _amazon_is_plain(self):
        """Tell whether nothing but :meth:`_assign_picking` decides about the delivery of a move."""
        return (
            self.state == "draft"
            and self._should_be_assigned()
            and self.reference_ids
            and self.procure_method == "make_to_stock"
            and self.rule_id.procure_method == "make_to_stock"
            and not self.move_orig_ids
            and self.product_uom.compare(self.product_uom_qty, 0) > 0
            and self._amazon_orders()
            # A kit is exploded into other moves first.
            and not ("is_kits" in self.product_id._fields and self.product_id.is_kits)
        )

    # === ORDERPOINTS === #

    def _amazon_without_orderpoints(self):
        """Tell whether no product of these moves has an orderpoint, not even an archived one."""
        if not fast(self.env, "orderpoints"):
            return False
        known = once(self.env, ("orderpoints",), dict)
        unknown = [product_id for product_id in self.product_id.ids if product_id not in known]
        if unknown:
            # sudo: as Odoo looks for them
            groups = (
                self.env["stock.warehouse.orderpoint"]
                .sudo()
                .with_context(active_test=False)
                ._read_group([("product_id", "in", unknown)], ["product_id"])
            )
            known.update(dict.fromkeys(unknown, False))
            known.update({product.id: True for [product] in groups})
        return not any(known[product_id] for product_id in self.product_id.ids)

    def _update_orderpoints(self):
        return None if self._amazon_without_orderpoints() else super()._update_orderpoints()

    def _trigger_scheduler(self):
        return None if self._amazon_without_orderpoints() else super()._trigger_scheduler()

    # === RESERVING === #

    def _action_assign(self, force_qty=False):
        """Make the move lines of all moves in one call; Odoo then finds these moves reserved."""
        if force_qty or not fast(self.env, "lines"):
            return super()._action_assign(force_qty=force_qty)
        lines = self._amazon_reserve_together()
        result = super()._action_assign(force_qty=force_qty)
        lines._apply_putaway_strategy()
        return result

    def _amazon_reserve_together(self):
        """Reserve for those of these moves that take what they need from stock, as far as it is there.

        :return: the lines, made in one call.
        :raise RuntimeError: Odoo has not made them as this way expects.
        """
        taking = self.filtered(lambda move: move._amazon_takes_from_stock())
        # What other moves here take of the same goods is for Odoo to share out.
        contested = (self - taking).product_id
        vals_list, expected = [], {}
        for move in taking.filtered(lambda move: move.product_id not in contested):
            move = move.with_company(move.company_id)
            had, need = move.quantity, move.product_uom_qty - move.quantity
            new, taken = move._update_reserved_quantity_vals(need, move.location_id, strict=False)
            # Reserved at once, as the next move must not find the goods.
            move._amazon_take(new)
            vals_list += new
            expected[move] = had + taken
        lines = self.env["stock.move.line"].with_context(amazon_reserved=OURS).create(vals_list)
        for move, quantity in expected.items():
            if move.product_uom.compare(move.quantity, quantity):
                raise RuntimeError("goods are reserved without lines: Odoo does not go the way of models/speed")
        return lines.with_env(self.env)

    def _amazon_takes_from_stock(self):
        """Tell whether Odoo would reserve what is missing for this move from the stock of its source location."""
        return (
            self.state in ("confirmed", "waiting", "partially_available")
            and not self.picked
            and not self.move_orig_ids
            and self.procure_method != "make_to_order"
            and self.product_uom == self.product_id.uom_id
            and self.product_id.tracking != "serial"
            and self.product_uom.compare(self.product_uom_qty, self.quantity) > 0
            and not self._should_bypass_reservation()
        )

    def _amazon_take(self, vals_list):
        """Reserve goods for which lines are made afterwards.

        :param list vals_list: the lines' values.
        """
        for vals in vals_list:
            self.env["stock.quant"]._update_reserved_quantity(
                self.product_id,
                self.env["stock.location"].browse(vals["location_id"]),
                vals["quantity"],
                lot_id=self.env["stock.lot"].browse(vals.get("lot_id") or []),
                package_id=self.env["stock.package"].browse(vals.get("package_id") or []),
                owner_id=self.env["res.partner"].browse(vals.get("owner_id") or []),
            )
