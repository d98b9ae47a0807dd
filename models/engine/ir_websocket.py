from odoo import models

from .res_company import CHANGED


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Let everybody who works here hear that something of Amazon's has changed in their companies; what has is not
        said, each screen reads what its user may see."""
        user = self.env.user
        if user._is_internal():
            channels += [(company, CHANGED) for company in user.company_ids]
        return super()._build_bus_channel_list(channels)
