"""Whether a vendor accepts an order, or rejects it."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...selling_partner import Acknowledgement
from ...times import aware
from .amazon_acknowledgement_code import ACCEPTED
from .amazon_vendor_submission import Kind

# What an order's own status says of the acknowledgement.
TAKEN = ("ACCEPTED", "SHIPPED")


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(
        selection_add=[("acknowledgement", "Acknowledgement")], ondelete={"acknowledgement": "cascade"}
    )
    code_id = fields.Many2one("amazon.acknowledgement.code", readonly=True, ondelete="restrict")

    _acknowledgement_uniq = models.UniqueIndex("(order_id) WHERE kind IN ('acknowledgement')")

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "acknowledgement": Kind(
                lambda vendor, contents: vendor.acknowledge(contents), "submitAcknowledgement", minutes=30
            ),
        }

    def _acknowledgement_content(self):
        order = self.order_id
        if order.amazon_vendor_status in TAKEN:
            raise UserError(self.env._("%s has been accepted in Vendor Central already.", order.name))
        if order.amazon_vendor_status == "CANCELLED":
            raise UserError(self.env._("%s is cancelled on Amazon.", order.name))
        return Acknowledgement(
            number=self.order_ref,
            vendor_order_number=order.name,
            moment=aware(self.decided_at),
            code=self.code_id.code,
            description=self.code_id.with_context(lang="en_US").name,
            selling_party=order.amazon_selling_party or "",
            ship_from_party=order.amazon_ship_from or "",
            items=order._amazon_vendor_lines(),
        )

    def _acknowledgement_why_waiting(self):
        return False

    def _acknowledgement_is_shown(self):
        return self.code_id.code == ACCEPTED and self.order_id.amazon_vendor_status in TAKEN

    def _acknowledgement_facts(self):
        return {"code": self.code_id.code}

    def _acknowledgement_learned(self, shown):
        status = shown.status if shown else ""
        if status in (*TAKEN, "CANCELLED"):
            # What else follows of it comes in as any change does.
            self.account_id._read_open_orders_soon()
            if (status in TAKEN) == (self.code_id.code == ACCEPTED):
                self._accepted()
            elif status == "CANCELLED":
                self._refused("error", self.env._("The order is cancelled on Amazon."), "cancelled")
            else:
                self._refused("error", self.env._("Amazon has the order as accepted, not as rejected."))
        else:
            self._not_shown()

    def _acknowledgement_accepted(self):
        self.order_id._amazon_acknowledged()
        if self.code_id.code == ACCEPTED:
            self.order_id.amazon_vendor_status = "ACCEPTED"
        else:
            # Amazon cancels it, which comes in as any change does.
            self.account_id._read_open_orders_soon()

    def _acknowledgement_refused(self):
        self.order_id._amazon_assign(
            "acknowledgement_refused",
            self.env._("Amazon does not take the acknowledgement"),
            self.message,
        )
