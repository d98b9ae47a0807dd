"""What a vendor's order says of the status updates of its parcels (see ``stock_picking_status.py``)."""

from odoo import fields, models

from ...times import naive
from .purchase_order import PurchaseOrder


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_appointment_from = fields.Datetime(
        "Appointment from", readonly=True, copy=False, help="When it is to be delivered by appointment"
    )
    amazon_appointment_until = fields.Datetime("Appointment until", readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _amazon_header_vals(self, facts):
        vals = super()._amazon_header_vals(facts)
        if isinstance(facts.value, PurchaseOrder):
            windows = [item.scheduled_delivery for item in facts.value.items]
            begins = [window.earliest for window in windows if window.earliest]
            ends = [window.latest for window in windows if window.latest]
            vals["amazon_appointment_from"] = naive(min(begins)) if begins else False
            vals["amazon_appointment_until"] = naive(max(ends)) if ends else False
        return vals

    def _amazon_status_rows(self, number):
        """Return the status updates of a parcel.

        :param str number: its tracking number.
        """
        return self.amazon_submission_ids.filtered(lambda row: row.kind == "status" and row.tracking_ref == number)

    def _amazon_confirmed_numbers(self):
        """Return the tracking numbers with which the order was confirmed; none where that was done in Vendor Central.

        :rtype: list[str]
        """
        told = self._amazon_submission("confirmation").told or {}
        return list(dict.fromkeys(one for numbers in told.get("numbers", ()) if numbers for one in numbers.split(",")))
