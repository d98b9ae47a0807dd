from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """What is stored about a company's Amazon orders is written in its contact's language from now on."""
        result = super().write(vals)
        # sudo: only whether there is one
        if "lang" in vals and self.env["res.company"].sudo().search_count([("partner_id", "in", self.ids)], limit=1):
            self.env.registry.clear_cache()
        return result
