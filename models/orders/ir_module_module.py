from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...hooks import ADDON


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Uninstalling takes the buyers' data along: not while parcels cannot be sent without them."""
        action = super().button_uninstall()
        if self._get(ADDON).state == "to remove":
            self._amazon_check_nothing_to_leave()
        return action

    def _amazon_check_nothing_to_leave(self):
        self.env.flush_all()
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM sale_order o WHERE o.amazon_account_id IS NOT NULL AND %s",
                self.env["sale.order"]._amazon_to_leave(),
            )
        )
        if count:
            raise UserError(
                self.env._(
                    "Amazon orders with deliveries still to leave: %(count)s. Uninstalling removes their addresses and"
                    " labels; ship or cancel them first.",
                    count=count,
                )
            )
