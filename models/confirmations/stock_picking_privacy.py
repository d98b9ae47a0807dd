"""Deliveries of Amazon orders name the order, not its buyer, where Odoo would write a name down (M3)."""

from odoo import models

from ...ours import is_ours


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def activity_schedule(self, act_type_xmlid="", date_deadline=None, summary="", note="", **act_values):
        # Without a date it is what Odoo asks when the address on the order changes, quoting both.
        quoting = is_ours(self.env, "amazon_address_changes") and date_deadline is None
        if quoting and all(picking.amazon_account_id for picking in self):
            note = self.env._("The delivery address on the order has changed: is the one on this delivery still right?")
        return super().activity_schedule(act_type_xmlid, date_deadline, summary, note, **act_values)

    def _get_auto_batch_description(self):
        description = super()._get_auto_batch_description()
        partner = self.partner_id
        if self.picking_type_id.batch_group_by_partner and partner.amazon_account_id and partner.name:
            return (self.sale_id.name or self.name) + description.removeprefix(partner.name)
        return description
