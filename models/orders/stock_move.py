from odoo import api, models

from ...ours import OURS, is_ours, these

# What says where a move goes, and how much it brings.
PLACES = {"location_dest_id", "location_final_id"}
AMOUNTS = {"product_uom_qty", "product_uom"}


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves._amazon_check_wanted()
        return moves

    def write(self, vals):
        if "sale_line_id" in vals and not self.env.su and not is_ours(self.env, "amazon_delivering"):
            line = self.env["sale.order.line"].browse(vals["sale_line_id"])
            moved = self.filtered(lambda move: move.sale_line_id != line)
            (moved.sale_line_id | (line if moved else line.browse()))._amazon_check_locked(
                self.env._("What a delivery of an Amazon order is for cannot be changed.")
            )
        grown = self._amazon_grows(vals)
        result = super().write(vals)
        grown._amazon_check_wanted()
        return result

    # === BUSINESS METHODS === #

    def _amazon_check_wanted(self):
        """Refuse moves that bring more of an Amazon order than was ordered: Amazon would be told of it. Parts of a
        delivery that is split, what came back and goes out again, and what a supplier sends are within it."""
        if self.env.su or is_ours(self.env, "amazon_delivering"):
            return
        # sudo: a warehouse hand need not see Amazon's amounts
        moves = self.sudo().filtered("sale_line_id.order_id.amazon_order_ref")
        for line, made in moves.filtered(lambda move: move._amazon_is_going()).grouped("sale_line_id").items():
            if made.company_id != line.company_id or not all(line._amazon_still_wants(move) for move in made):
                line._amazon_check_locked(
                    self.env._(
                        "This would deliver more than was ordered on Amazon. What Amazon still waits for is sent with"
                        " “Deliver the Rest” on the order."
                    )
                )

    def _amazon_grows(self, vals):
        """Return the moves that bring more to a customer once they are written."""
        if not PLACES & set(vals) and not AMOUNTS & set(vals):
            return self.browse()
        # sudo: see _amazon_check_wanted
        moves = self.sudo().filtered("sale_line_id.order_id.amazon_order_ref").sudo(self.env.su)
        if PLACES & set(vals):
            return moves.filtered(lambda move: AMOUNTS & set(vals) or not move._amazon_is_going())
        return moves.filtered(
            lambda move: "product_uom" in vals or float(vals["product_uom_qty"] or 0) > move.product_uom_qty
        )

    def _amazon_units(self):
        """Return how many units these moves bring or have brought, in the products' own units of measure.

        :rtype: float
        """
        return sum(
            move.product_uom._compute_quantity(
                move.quantity if move.state == "done" else move.product_uom_qty, move.product_id.uom_id, round=False
            )
            for move in self
        )

    def _amazon_is_going(self):
        """Tell whether this is a step on the way to a customer."""
        self.ensure_one()
        return self.state != "cancel" and "customer" in (self.location_dest_id.usage, self.location_final_id.usage)

    def _merge_moves(self, merge_into=False):
        if self.env.su:
            return super()._merge_moves(merge_into=merge_into)
        # For a moment one stands for all that are not removed yet.
        merged = super(StockMove, self.with_context(amazon_delivering=OURS))._merge_moves(merge_into=merge_into)
        return merged.with_env(self.env)

    def _amazon_orders(self):
        return self.sale_line_id.order_id.filtered("amazon_account_id")

    def _amazon_move_phase(self):
        # An order whose deliveries are done here because they have left moves on when all of it is done; not so one
        # whose goods they took.
        later = these(self.env, "amazon_moves_later")
        # sudo: phases move by themselves, whoever works on the delivery
        self._amazon_orders().filtered(lambda order: order.id not in later).sudo()._amazon_move_phase()

    def _action_synch_order(self):
        return super(StockMove, self.with_context(amazon_delivering=OURS))._action_synch_order()

    def _action_assign(self, force_qty=False):
        """Builders confirm first and reserve afterwards, under the warehouse's lock."""
        if is_ours(self.env, "amazon_defer_reservation"):
            return None
        result = super()._action_assign(force_qty=force_qty)
        self._amazon_move_phase()
        return result

    def _do_unreserve(self):
        result = super()._do_unreserve()
        self._amazon_move_phase()
        return result

    def _action_done(self, cancel_backorder=False):
        done = super()._action_done(cancel_backorder=cancel_backorder)
        done._amazon_move_phase()
        return done

    def _action_cancel(self):
        result = super()._action_cancel()
        self._amazon_move_phase()
        return result
