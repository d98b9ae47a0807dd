from odoo import api, fields, models

from .amazon_profit import AT_ONCE

DONE = -1


class AmazonSettlement(models.Model):
    """Orders' profits go by what settlements have of them; of a long settlement that takes more than a run."""

    _inherit = "amazon.settlement"

    counted = fields.Integer(
        default=0, readonly=True, help="Up to which order its lines stand in the orders' profits; -1: all."
    )

    _counted_idx = models.Index("(id) WHERE counted >= 0")

    # === BUSINESS METHODS === #

    def _fill(self, lines):
        result = super()._fill(lines)
        self.counted = 0
        return result

    def _take_other(self):
        before = self.line_ids.order_id
        result = super()._take_other()
        self.env["amazon.profit"]._add_up(before)
        return result

    def _count_again(self):
        """Have orders' profits go by these once more: what their amounts are is something else now."""
        self.counted = 0
        self._count_soon(self.account_id)

    @api.model
    def _count_all(self, run):
        """Have orders' profits go by the settlements that were read.

        :param run: the :class:`.run.Run`.
        """
        while waiting := self._waiting(run.account._of_merchant()):
            waiting._count_next()
            run.checkpoint()

    @api.model
    def _count_soon(self, accounts):
        """Have orders' profits go by settlements that a person has changed: at once, or by the job where it runs.

        :param accounts: the ``amazon.account`` records.
        """
        for account in accounts:
            job = account._job("settlements")
            while waiting := self._waiting(account):
                waiting._count_next()
                if job._is_started():
                    job._trigger()
                    break

    @api.model
    def _waiting(self, accounts):
        return self.search([("account_id", "in", accounts.ids), ("counted", ">=", 0)], order="id", limit=1)

    def _count_next(self):
        """Count the next orders."""
        self.ensure_one()
        if not self.counted:
            # A name may have been classified while it was read, by who did not see it.
            self._add_up()
        mine = self.env["amazon.settlement.line"]._search([("settlement_id", "=", self.id), ("order_id", "!=", False)])
        orders = self.env["sale.order"].search(
            [("id", "in", mine.subselect("order_id")), ("id", ">", self.counted)], order="id", limit=AT_ONCE
        )
        self.env["amazon.profit"]._add_up(orders)
        self.counted = orders[-1].id if len(orders) == AT_ONCE else DONE
