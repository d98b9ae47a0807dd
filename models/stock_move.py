from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _amazon_orders(self):
        return self.sale_line_id.order_id.filtered("amazon_account_id")

    def _amazon_move_phase(self):
        # sudo: phases move by themselves, whoever works on the delivery
        self._amazon_orders().sudo()._amazon_move_phase()

    def _action_assign(self, force_qty=False):
        """Builders confirm first and reserve afterwards, under the warehouse's lock."""
        if self.env.context.get("amazon_defer_reservation"):
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
