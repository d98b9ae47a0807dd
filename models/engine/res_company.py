import time

from odoo import api, models, tools

# The hint to the screens that something has changed, and the name of the companies' channels for it.
CHANGED = "sale_amazon_spapi.changed"
# A process says so at most once in so many seconds; a screen waits a little longer before it reads (auto_refresh.js),
# so that it sees what is committed meanwhile.
SECONDS_BETWEEN = 1
_said_at = {}


class ResCompany(models.Model):
    _inherit = "res.company"

    def _amazon_lang(self):
        """Return the language in which what is stored about the company's Amazon orders is written."""
        self.ensure_one()
        lang = self._amazon_contact_lang()
        # A language may have been switched off since.
        return lang if lang in dict(self.env["res.lang"].get_installed()) else "en_US"

    @tools.ormcache("self.id")
    def _amazon_contact_lang(self):
        # Kept: each job asks for it several times, and Odoo would read the whole company and contact after each commit.
        # sudo: the language of a company's own contact
        return self.sudo().partner_id.lang

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            self.env.registry.clear_cache()
        return result

    # === BUSINESS METHODS: SCREENS === #

    def _amazon_changed(self):
        """Tell the screens that show these companies' Amazon orders, once this transaction is committed, that something
        has changed."""
        precommit = self.env.cr.precommit
        companies = precommit.data.get(CHANGED)
        if companies is None:
            companies = precommit.data[CHANGED] = set()
            precommit.add(self.browse()._amazon_tell_screens)
        companies.update(self.ids)

    @api.model
    def _amazon_tell_screens(self):
        """Send what :meth:`_amazon_changed` has collected."""
        cr, now = self.env.cr, time.monotonic()
        keys = [(cr.dbname, company) for company in cr.precommit.data.pop(CHANGED)]
        due = [key for key in keys if now - _said_at.get(key, -SECONDS_BETWEEN) >= SECONDS_BETWEEN]
        for _name, company in due:
            self.env["bus.bus"]._sendone((self.browse(company), CHANGED), CHANGED, {})
        _said_at.update(dict.fromkeys(due, now))
        # Only what is committed has been said.
        cr.postrollback.add(lambda: [_said_at.pop(key, None) for key in due])
