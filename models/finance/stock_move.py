from odoo import models


class StockMove(models.Model):
    """What goods cost is known when they have left, and may change later."""

    _inherit = "stock.move"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "value" in vals:
            self.filtered(lambda move: move.state == "done")._amazon_count_cost()
        return result

    # === BUSINESS METHODS === #

    def _action_done(self, cancel_backorder=False):
        done = super()._action_done(cancel_backorder=cancel_backorder)
        done._amazon_count_cost()
        return done

    def _amazon_count_cost(self):
        """Have the profits of these moves' orders go by what the moves are worth now. Most leave before Amazon shows
        any money: then there is nothing to do yet."""
        # sudo: profits are the addon's own
        orders = self.sudo()._amazon_orders().filtered(lambda order: order.amazon_profit_ids)
        if orders:
            self.env["amazon.profit"].sudo()._add_up(orders)
