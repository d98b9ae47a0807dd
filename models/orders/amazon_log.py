from collections import Counter, defaultdict

from odoo import api, fields, models


class AmazonLog(models.Model):
    """What became of the orders that runs brought in."""

    _inherit = "amazon.log"

    update_ids = fields.One2many("amazon.order.update", "log_id", readonly=True)
    missed = fields.Integer(
        "Found Late", readonly=True, help="Orders that Amazon's search did not show when the import passed"
    )
    # Counted from the inbox instead of kept here: two builders would wait for each other on this row.
    created = fields.Integer(compute="_compute_counts", help="Orders made")
    updated = fields.Integer(compute="_compute_counts", help="Orders changed")
    failed = fields.Integer(compute="_compute_counts", help="Orders that need attention")
    waiting = fields.Integer(compute="_compute_counts", help="Orders received and not yet built")
    progress = fields.Float(compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("state", "received")
    def _compute_counts(self):
        groups = (
            self.env["amazon.order.update"]
            .sudo()
            ._read_group(  # sudo: only counts are shown
                [("log_id", "in", self.ids)], ["log_id", "state", "result"], ["__count"]
            )
        )
        counts = defaultdict(Counter)
        for log, state, result, count in groups:
            counts[log.id][result if state == "done" else state] += count
        for log in self:
            count = counts[log.id]
            log.created = count["created"]
            log.updated = count["updated"]
            log.failed = count["failed"]
            log.waiting = count["pending"]
            total = sum(count.values())
            log.progress = 100 * (total - log.waiting) / total if total else 100 * (log.state != "running")

    # === ACTION METHODS === #

    def action_view_orders(self):
        """Open the orders that these runs had to do with, as far as the user may see them."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        # sudo: the orders that the user may not see do not show
        return {**action, "domain": [("id", "in", self.sudo()._orders().ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _orders(self):
        """Return the orders that these runs had to do with."""
        return self.update_ids.order_id

    def _is_empty(self):
        return super()._is_empty() and not self.missed
