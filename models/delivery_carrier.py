from odoo import models


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    def unlink(self):
        """A deleted method leaves the rules that chose it."""
        # sudo: rules are the Amazon manager's, delivery methods are not
        self.env["amazon.shipping.rule"].sudo().with_context(active_test=False).search(
            [("carrier_id", "in", self.ids)]
        ).unlink()
        return super().unlink()
