from odoo import api, models

from ..ours import OURS


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_values(self, src_partners, dst_partner):
        """The one that stays remains a buyer or none: the shop's own contact does not become one by a merge, to be
        anonymized some time later."""
        return super()._update_values(src_partners, dst_partner.with_context(amazon_merging=OURS))
