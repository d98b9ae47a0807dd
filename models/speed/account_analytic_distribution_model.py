from odoo import api, models

from ...memo import fast, once


class AccountAnalyticDistributionModel(models.Model):
    _inherit = "account.analytic.distribution.model"

    @api.model
    def _get_distribution(self, vals):
        """Ask nothing per line in a company that distributes nothing."""
        if fast(self.env, "analytic") and not once(
            self.env, ("analytic", self.env.company.id), lambda: self.sudo().search_count([], limit=1)
        ):
            return {}
        return super()._get_distribution(vals)
