from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from ...refusals import unreadable

_lt = LazyTranslate(__name__)


class AmazonLog(models.Model):
    """The quantities that runs had to do with."""

    _inherit = "amazon.log"

    quantity_ids = fields.Many2many(
        "amazon.quantity", "amazon_quantity_log_rel", "log_id", "quantity_id", "Quantities", readonly=True
    )
    quantity_count = fields.Integer(compute="_compute_quantity_count")

    # === COMPUTE METHODS === #

    def _compute_quantity_count(self):
        counts = dict(self.env["amazon.quantity"]._read_group([("log_ids", "in", self.ids)], ["log_ids"], ["__count"]))
        for log in self:
            log.quantity_count = counts.get(log, 0)

    # === ACTION METHODS === #

    def action_view_quantities(self):
        """Open the quantities that these runs sent, or fetched the results of."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_quantities")
        return {**action, "domain": [("log_ids", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _unread(self, entries):
        """Count SKUs that cannot be read, and say of the first why.

        :param entries: ``selling_partner`` unreadable listings.
        """
        first = entries[0]
        self._count_unreadable(
            _lt(
                "Not all SKUs can be read; the others come in. The first is %(sku)s (%(place)s): %(why)s",
                sku=first.sku or "?",
                place=first.error.path or "-",
                why=unreadable(first.error),
            ),
            len(entries),
        )

    def _is_empty(self):
        return super()._is_empty() and not self.quantity_ids
