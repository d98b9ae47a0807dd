from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from ...refusals import unreadable

_lt = LazyTranslate(__name__)


class AmazonLog(models.Model):
    _inherit = "amazon.log"

    settlement_ids = fields.One2many(
        "amazon.settlement", "log_id", readonly=True, groups="sale_amazon_spapi.group_amazon_accountant"
    )
    settlement_count = fields.Integer(
        compute="_compute_settlement_count", groups="sale_amazon_spapi.group_amazon_accountant"
    )

    # === COMPUTE METHODS === #

    def _compute_settlement_count(self):
        counts = dict(self.env["amazon.settlement"]._read_group([("log_id", "in", self.ids)], ["log_id"], ["__count"]))
        for log in self:
            log.settlement_count = counts.get(log, 0)

    # === ACTION METHODS === #

    def action_view_settlements(self):
        """Open the settlements that these runs have read."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlements")
        return {**action, "domain": [("log_id", "in", self.ids)], "context": {"create": False}}

    # === BUSINESS METHODS === #

    def _unread_transaction(self, entry, error):
        """Count a transaction that cannot be read, and say of the first why.

        :param entry: the ``selling_partner`` received transaction.
        :param error: why.
        """
        self._count_unreadable(
            _lt(
                "Not all transactions can be read; the others come in. The first is %(transaction)s (%(place)s):"
                " %(why)s",
                transaction=entry.transaction_id,
                place=error.path or "-",
                why=unreadable(error),
            )
        )
