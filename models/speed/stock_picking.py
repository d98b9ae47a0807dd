from odoo import models

from ...ours import is_ours, these


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def action_confirm(self):
        """Leave deliveries that are confirmed together afterwards."""
        orders = these(self.env, "amazon_confirm_later")
        now = self.filtered(lambda picking: picking.sale_id.id not in orders) if orders else self
        return super(StockPicking, now).action_confirm()

    def message_post_with_source(self, source_ref, render_values=None, **kwargs):
        """Leave the notes that say where a delivery comes from for all deliveries together."""
        if source_ref == "mail.message_origin_link" and is_ours(self.env, "amazon_note_later"):
            return self.env["mail.message"]
        return super().message_post_with_source(source_ref, render_values=render_values, **kwargs)

    def _amazon_log_origins(self):
        """Write where these new deliveries come from, in the words that Odoo uses."""
        bodies = {}
        for picking in self:
            for order in picking.move_ids.sale_line_id.order_id:
                bodies.update(
                    self.env["mail.render.mixin"]._render_template_qweb_view(
                        "mail.message_origin_link",
                        picking._name,
                        picking.ids,
                        add_context={"self": picking, "origin": order},
                    )
                )
        if bodies:
            self.browse(bodies)._message_log_batch(bodies)
