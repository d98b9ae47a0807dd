"""Who has no vendor's account has no vendor's menu."""

from odoo import api, models

from .amazon_account import VENDOR


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        hidden = super()._load_menus_blacklist()
        # sudo: whoever has the menu may have no access to accounts; of all companies, whichever are chosen now
        vendors = self.env["amazon.account"].sudo()
        mine = [("kind", "=", VENDOR), ("company_id", "in", self.env.user.company_ids.ids)]
        menu = self.env.ref("sale_amazon_spapi.menu_amazon_vendor", raise_if_not_found=False)
        return hidden if not menu or vendors.search_count(mine, limit=1) else [*hidden, menu.id]

    @api.model
    def _amazon_forget_menus(self):
        """Have the menus made anew: there is a vendor's account now, or there was one. Odoo itself forgets them where a
        user gets other companies."""
        self.env.registry.clear_cache()
