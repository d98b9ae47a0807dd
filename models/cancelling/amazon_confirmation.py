from odoo import models


class AmazonConfirmation(models.Model):
    """Confirmations of orders that Amazon may cancel any moment."""

    _inherit = "amazon.confirmation"

    def _why_waiting(self):
        return self.order_id._amazon_why_being_cancelled() or super()._why_waiting()
