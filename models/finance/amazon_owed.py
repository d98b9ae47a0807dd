from odoo import fields, models
from odoo.tools import SQL

# Settlements that are further apart do not belong together: those between them were never read.
MOST_DAYS_BETWEEN = 45


class AmazonOwed(models.Model):
    """Orders that have left, and whose money is in no settlement yet."""

    _name = "amazon.owed"
    _inherit = ["amazon.guard"]
    _description = "What Amazon Owes"
    _order = "shipped_at, id"
    _rec_name = "order_ref"
    _auto = False
    _log_access = False

    order_id = fields.Many2one("sale.order", readonly=True)
    order_ref = fields.Char("Amazon Order", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    account_id = fields.Many2one("amazon.account", readonly=True)
    marketplace_id = fields.Many2one("amazon.marketplace", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    ordered_at = fields.Datetime("Order Date", readonly=True)
    shipped_at = fields.Datetime(
        "Shipped on", readonly=True, help="When its first delivery was done; without one, when it was ordered"
    )
    age = fields.Selection(
        [("07", "0–7 Days"), ("14", "8–14 Days"), ("30", "15–30 Days"), ("99", "Over 30 Days")],
        readonly=True,
        help="Since it was shipped",
    )
    state = fields.Selection(
        [
            ("shown", "In No Settlement Yet"),
            ("deferred", "Deferred by Amazon"),
            ("partly", "Settled in Part"),
            ("unknown", "Nothing Known"),
        ],
        "Payout State",
        readonly=True,
        help="Nothing known: Amazon's Finances do not show it; they do within 48 hours of shipping."
        " Settled in part: of some SKUs that were shipped there is nothing.",
    )
    total = fields.Monetary("Amazon's Total", readonly=True, help="Of the whole order, before fees")
    shown_amount = fields.Monetary("By Finances", readonly=True, help="Fees taken off")
    deferred_amount = fields.Monetary("Of It Deferred", readonly=True)
    amount = fields.Monetary(
        "Still to Come",
        readonly=True,
        help="What Amazon's Finances show, fees taken off; where they show nothing, the total before fees",
    )

    @property
    def _table_query(self):
        """Orders from before the first settlement or transaction that is here are not known to be open, nor are those
        from before a longer while that no settlement here is of."""
        return SQL(
            # Once, and not for each order.
            "WITH known AS MATERIALIZED (SELECT a.id, LEAST("
            "   (SELECT MIN(j.known_since) FROM amazon_job j JOIN amazon_account b ON b.id = j.account_id"
            "    WHERE j.name = 'finances' AND b.merchant_id = a.merchant_id),"
            "   (SELECT MAX(s.start_at) FROM (SELECT s.start_at, MAX(s.end_at) OVER (ORDER BY s.start_at, s.id"
            "      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS known_until"
            "      FROM amazon_settlement s JOIN amazon_account b ON b.id = s.account_id"
            "      WHERE b.merchant_id = a.merchant_id) s"
            "    WHERE s.known_until IS NULL OR s.known_until < s.start_at - make_interval(days => %s))"
            "   ) AS since FROM amazon_account a)"
            " SELECT o.id, o.id AS order_id, o.amazon_order_ref AS order_ref, o.company_id,"
            " o.amazon_account_id AS account_id, o.amazon_marketplace_id AS marketplace_id, o.currency_id,"
            " o.date_order AS ordered_at, COALESCE(o.effective_date, o.date_order) AS shipped_at,"
            " CASE WHEN d.days < 8 THEN '07' WHEN d.days < 15 THEN '14' WHEN d.days < 31 THEN '30' ELSE '99' END"
            " AS age,"
            " COALESCE(o.amazon_payout_state, 'unknown') AS state, o.amazon_total AS total,"
            " CASE WHEN o.amazon_payout_state IN ('shown', 'deferred') THEN o.amazon_payout_open ELSE 0 END"
            " AS shown_amount, o.amazon_payout_deferred AS deferred_amount,"
            " CASE WHEN o.amazon_payout_state IS NULL THEN o.amazon_total ELSE o.amazon_payout_open END AS amount"
            " FROM known JOIN sale_order o ON o.amazon_account_id = known.id AND o.date_order >= known.since"
            " CROSS JOIN LATERAL (SELECT EXTRACT(EPOCH FROM (now() AT TIME ZONE 'UTC')"
            "   - COALESCE(o.effective_date, o.date_order)) / 86400 AS days) d"
            " WHERE o.amazon_payout_state IS DISTINCT FROM 'settled'"
            " AND o.amazon_status IN ('partially_shipped', 'shipped') AND o.amazon_total > 0",
            MOST_DAYS_BETWEEN,
        )

    # === ACTION METHODS === #

    def action_view_order(self):
        """Open the order."""
        self.ensure_one()
        return {**self.action_view_orders(), "views": [(False, "form")], "res_id": self.order_id.id}

    def action_view_orders(self):
        """Open these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amounts")
        return {**action, "domain": [("id", "in", self.order_id.ids)], "context": {"create": False}}
