from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.addons.base.models.res_partner import _tz_get

from ...times import naive


class AmazonMarketplace(models.Model):
    """A country's Amazon: what is the same for every seller there."""

    _name = "amazon.marketplace"
    _inherit = "amazon.guard"
    _description = "Amazon Marketplace"
    _amazon_looked_up_first = True
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, help="Country code, e.g. JP")
    api_ref = fields.Char("Marketplace ID", required=True, help="Amazon's own identifier, e.g. A1VC38T7YXB528")
    region = fields.Selection(
        [("na", "North America"), ("eu", "Europe, Middle East, India"), ("fe", "Far East")], required=True
    )
    country_id = fields.Many2one("res.country", required=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, domain=[("active", "in", (True, False))], context={"active_test": False}
    )
    tz = fields.Selection(_tz_get, "Time Zone", required=True)
    domain = fields.Char(required=True, help="e.g. amazon.co.jp")
    seller_central_url = fields.Char("Seller Central", required=True)
    tax_included = fields.Boolean(
        "Prices Include Tax", help="By custom the prices shown to buyers contain the tax, as in Japan."
    )

    _api_ref_uniq = models.UniqueIndex("(api_ref)", "A marketplace with this ID exists already.")

    # === BUSINESS METHODS === #

    def _zone(self):
        """Return the time zone of the first of these; what vendors ship is of none."""
        return self[:1].tz or self.env.user.tz or "UTC"

    def _today(self, user=None):
        """Return the day it is where the first of these is; of none, where the user is. The crons' own is UTC's.

        :param user: instead of who it is done for.
        """
        # sudo: whoever reads the day need not read marketplaces
        zone = (self.with_user(user).sudo() if user else self)._zone()
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), fields.Datetime.now()).date()

    def _midnight(self):
        """Return when the day ends there (UTC, naive)."""
        zone = ZoneInfo(self._zone())
        end = datetime.combine(self._today() + timedelta(days=1), time(), zone)
        return naive(end)
