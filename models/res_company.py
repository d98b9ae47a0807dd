from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _amazon_lang(self):
        """Return the language in which what is stored about the company's Amazon orders is written."""
        self.ensure_one()
        # sudo: the language of a company's own contact
        return self.sudo().partner_id.lang or "en_US"
