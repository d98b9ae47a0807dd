from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _amazon_lang(self):
        """Return the language in which what is stored about the company's Amazon orders is written."""
        self.ensure_one()
        # sudo: the language of a company's own contact
        lang = self.sudo().partner_id.lang
        # A language may have been switched off since.
        return lang if lang in dict(self.env["res.lang"].get_installed()) else "en_US"
