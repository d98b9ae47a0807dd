from odoo import api, models


class IrActions(models.Model):
    _inherit = "ir.actions.actions"

    @api.model
    def get_bindings(self, model_name):
        """Leave out of an order's cog menu what would only be refused: who sees Amazon orders need not have the rights
        that Odoo's own actions on orders take for granted."""
        bindings = super().get_bindings(model_name)
        if model_name == "sale.order" and "action" in bindings:
            refused = self._amazon_refused_on_orders()
            bindings["action"] = [action for action in bindings["action"] if action["id"] not in refused.ids]
        return bindings

    @api.model
    def _amazon_refused_on_orders(self):
        # sudo: server actions are the administrator's
        actions = self.env["ir.actions.server"].sudo()
        refused = actions
        if not self.env["portal.share"].has_access("create"):
            refused |= self.env.ref("sale.model_sale_order_action_share", raise_if_not_found=False) or actions
        if not self.env["sale.order"].has_access("write"):
            refused |= actions.search([("binding_model_id.model", "=", "sale.order"), ("group_ids", "=", False)])
        return refused
