"""What Amazon pays for each SKU of each order, and what it cost."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.trigram import trigram
from .amazon_amount_type import BUYERS, FEES
from .amazon_transaction_type import REFUNDS
from .exact import Exact

# So many orders are added up at once.
AT_ONCE = 1000
TAXES = ("tax", "withheld_tax")
# What is written of each, in this order.
COLUMNS = (
    "company_id",
    "account_id",
    "marketplace_id",
    "currency_id",
    "order_ref",
    "ordered_at",
    "product_id",
    "quantity",
    "paid_quantity",
    "sales",
    "refunds",
    "fees",
    "other_amount",
    "tax",
    "settled_amount",
    "shown_amount",
    "deferred_amount",
    "proceeds",
    "source",
    "cost",
    "cost_unknown",
    "without_cost",
    "profit",
)


class AmazonProfit(models.Model):
    """What Amazon pays for a SKU of an order, less what the goods cost, as far as the stock's valuation knows it.

    Money that stands in a settlement counts by the settlement's lines; what is in none yet, by Amazon's Finances.
    """

    _name = "amazon.profit"
    _inherit = ["amazon.guard", "amazon.search"]
    _description = "Amazon Profit"
    _order = "ordered_at desc, id desc"
    _rec_name = "order_ref"
    _amazon_by_id = ("order_id",)
    _log_access = False

    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    account_id = fields.Many2one("amazon.account", readonly=True, index=True, ondelete="cascade")
    marketplace_id = fields.Many2one("amazon.marketplace", readonly=True, ondelete="set null")
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="cascade")
    order_ref = fields.Char("Amazon Order", readonly=True)
    ordered_at = fields.Datetime("Order Date", readonly=True)
    sku = fields.Char(
        "Seller SKU", required=True, readonly=True, help="Empty: amounts of an order with several SKUs that name none"
    )
    product_id = fields.Many2one("product.product", readonly=True, ondelete="set null")
    quantity = fields.Integer("Units", readonly=True, help="Sold, what was cancelled aside")
    paid_quantity = fields.Integer(
        "Units Paid", readonly=True, help="Of how many units there is the buyer's money, as far as Amazon says so"
    )
    sales = Exact(readonly=True, help="The buyer's money")
    refunds = Exact(readonly=True, help="What the buyer got back")
    fees = Exact(readonly=True, help="What Amazon keeps for its services")
    other_amount = Exact("Other", readonly=True, help="Taxes kept, reimbursements, and whatever else there is")
    tax = Exact(
        "Of It Tax",
        readonly=True,
        help="The buyers' tax in the net proceeds, less what Amazon pays of it itself. It is not taken off the profit.",
    )
    settled_amount = Exact("In Settlements", readonly=True, help="By the lines of settlements")
    shown_amount = Exact(
        "In No Settlement Yet", readonly=True, help="By Amazon's Finances: paid out with one of the next settlements"
    )
    deferred_amount = Exact(
        "Deferred", readonly=True, help="By Amazon's Finances: kept back, mostly until seven days after delivery"
    )
    proceeds = Exact("Net Proceeds", readonly=True, help="What Amazon pays for it, fees and refunds taken off")
    source = fields.Selection(
        [("settlement", "Settlement"), ("finances", "Transactions"), ("both", "Both")],
        "Known from",
        readonly=True,
        help="Money that stands in a settlement counts by its lines; what is in none yet, by Amazon's Finances. Nothing"
        " counts twice.",
    )
    cost = Exact(
        "Cost of Goods",
        readonly=True,
        help="What the stock's valuation says of what was delivered, less what came back; in the order's currency",
    )
    cost_unknown = fields.Boolean(
        "Cost Not Known",
        readonly=True,
        help="Nothing was delivered in Odoo, or the product has no cost: then there is no profit either.",
    )
    without_cost = fields.Integer(readonly=True, help="How many have no cost, and so no profit")
    profit = Exact(readonly=True, help="Net proceeds less the cost of goods, where that is known")

    # An order's by its id, too.
    _order_uniq = models.UniqueIndex("(order_id, sku)")
    _ordered_idx = models.Index("(ordered_at DESC, id DESC)")
    _sku_idx = models.Index(trigram("sku"))
    _sku_ordered_idx = models.Index("(sku, ordered_at DESC)")
    _order_ref_idx = models.Index(trigram("order_ref"))
    _product_idx = models.Index("(product_id, ordered_at DESC) WHERE product_id IS NOT NULL")
    _loss_idx = models.Index("(ordered_at DESC, id DESC) WHERE profit < 0.0")
    _unknown_idx = models.Index("(ordered_at DESC, id DESC) WHERE cost_unknown IS TRUE")
    _source_idx = models.Index("(ordered_at DESC, id DESC) WHERE source IN ('both', 'finances')")

    # === ACTION METHODS === #

    def action_view_order(self):
        """Open the order."""
        self.ensure_one()
        return self.order_id._amazon_form()

    def action_view_settlement_lines(self):
        """Open what settlements have of the order."""
        return self.order_id.action_amazon_view_settlement_lines()

    def action_view_transactions(self):
        """Open what Amazon's Finances show of the order."""
        return self.order_id.action_amazon_view_transactions()

    # === BUSINESS METHODS === #

    @api.model
    def _add_up(self, orders):
        """Write what these orders bring, SKU by SKU, and what of it Amazon has still to pay.

        :param orders: ``sale.order`` records.
        """
        orders = orders.filtered("amazon_account_id")
        for start in range(0, len(orders), AT_ONCE):
            some = orders[start : start + AT_ONCE]
            self.env.flush_all()
            rows = self.env.execute_query(self._adding_up(some.ids))
            kept = [row[0] for row in rows]
            self.env.execute_query(
                SQL(
                    "DELETE FROM amazon_profit WHERE order_id = ANY(%s) AND NOT id = ANY(%s) RETURNING id",
                    some.ids,
                    kept,
                )
            )
            self.invalidate_model()
            some.invalidate_recordset(["amazon_profit_ids"])
            some._amazon_note_payout(rows)

    @api.model
    def _adding_up(self, order_ids):
        """Return the statement that writes the rows of orders; it returns what ``_amazon_note_payout`` takes."""
        return SQL(
            "WITH wanted AS MATERIALIZED (%(wanted)s), transaction_type AS (%(transaction_types)s),"
            " item AS MATERIALIZED (%(items)s), covered AS MATERIALIZED (%(covered)s),"
            " shown AS MATERIALIZED (%(shown)s), amount AS (%(settled)s UNION ALL %(unsettled)s),"
            " money AS (%(money)s), cost AS (%(costs)s) %(insert)s",
            wanted=self._wanted(order_ids),
            transaction_types=self._transaction_types(),
            items=self._items(),
            covered=self._covered(),
            shown=self._shown(),
            settled=self._settled(),
            unsettled=self._unsettled(),
            money=self._money(),
            costs=self._costs(),
            insert=self._insert(),
        )

    @api.model
    def _wanted(self, order_ids):
        return SQL(
            "SELECT id, company_id, amazon_account_id, amazon_marketplace_id, currency_id, amazon_order_ref,"
            " date_order, COALESCE(NULLIF(currency_rate, 0), 1)::numeric AS rate FROM sale_order WHERE id = ANY(%s)",
            order_ids,
        )

    @api.model
    def _items(self):
        """What was ordered of each SKU. Where an order has one SKU only, all its money is of that."""
        return SQL(
            "SELECT order_id, COALESCE(sku, '') AS sku, array_agg(item_ref) AS item_refs,"
            " SUM(quantity_ordered - quantity_cancelled) AS quantity,"
            " CASE WHEN COUNT(*) OVER (PARTITION BY order_id) = 1 THEN COALESCE(sku, '') END AS only_sku"
            " FROM amazon_order_item WHERE order_id IN (SELECT id FROM wanted) GROUP BY order_id, COALESCE(sku, '')"
        )

    @api.model
    def _transaction_types(self):
        """Which transactions of settlements are refunds; of what is not classified nobody knows."""
        return SQL(
            "SELECT id, CASE WHEN kind <> 'unclassified' THEN kind IN %s END AS is_refund FROM amazon_transaction_type",
            REFUNDS,
        )

    @api.model
    def _covered(self):
        """Which settlements have sales of an order, and which refunds."""
        return SQL(
            "SELECT DISTINCT l.order_id, k.is_refund, s.settlement_ref, s.start_at, s.end_at"
            " FROM amazon_settlement_line l JOIN amazon_settlement s ON s.id = l.settlement_id"
            " JOIN transaction_type k ON k.id = l.transaction_type_id WHERE l.order_id IN (SELECT id FROM wanted)"
        )

    @api.model
    def _shown(self):
        """The transactions whose money is in no settlement that is here.

        A transaction, or else its release, names its settlement once Amazon has made it. Before that is read, it goes
        by when the money was released: what of an order was so while a settlement was open that has amounts of it is
        among these. What was deferred when Finances were read last may have been released since: of an order that has
        amounts like it in a later settlement, it is taken to be among these, since nothing may count twice.
        """
        return SQL(
            "SELECT t.id, t.order_id, t.kind, t.state = 'deferred' AS is_deferred FROM amazon_transaction t"
            " LEFT JOIN amazon_job j ON j.account_id = t.account_id AND j.name = 'finances'"
            " LEFT JOIN LATERAL (SELECT r.settlement_ref, r.posted_at FROM amazon_transaction r"
            "   WHERE r.order_id = t.order_id AND t.counts AND NOT r.counts AND (r.transaction_ref = t.release_ref"
            "   OR t.transaction_ref = ANY(string_to_array(r.deferred_ref, E'\n')))"
            "   ORDER BY r.posted_at DESC LIMIT 1) r ON TRUE"
            " WHERE t.order_id IN (SELECT id FROM wanted) AND NOT EXISTS (SELECT FROM covered c"
            "   WHERE c.order_id = t.order_id AND CASE"
            "     WHEN COALESCE(r.settlement_ref, t.settlement_ref) IS NOT NULL"
            "     THEN c.settlement_ref = COALESCE(r.settlement_ref, t.settlement_ref)"
            "     WHEN r.posted_at IS NULL AND t.state = 'deferred'"
            # What is not classified may be either.
            "     THEN c.end_at > t.posted_at AND c.is_refund IS DISTINCT FROM (t.kind <> 'refund')"
            "       AND (c.end_at >= LEAST(t.matures_at, j.last_success) OR j.last_success IS NULL)"
            "     ELSE COALESCE(r.posted_at, t.posted_at) BETWEEN c.start_at AND c.end_at END)"
        )

    @api.model
    def _settled(self):
        return SQL(
            "SELECT l.order_id, COALESCE(o.only_sku, i.sku, l.sku, '') AS sku, l.type_id, l.amount,"
            " l.quantity, k.is_refund, 'settled' AS place FROM amazon_settlement_line l"
            " JOIN transaction_type k ON k.id = l.transaction_type_id"
            " JOIN wanted w ON w.id = l.order_id AND w.currency_id = l.currency_id"
            " LEFT JOIN item o ON o.order_id = l.order_id AND o.only_sku IS NOT NULL"
            " LEFT JOIN amazon_order_item i ON i.id = l.item_id"
        )

    @api.model
    def _unsettled(self):
        return SQL(
            "SELECT l.order_id, COALESCE(o.only_sku, l.sku, '') AS sku, l.type_id, l.amount,"
            " l.quantity, t.kind = 'refund' AS is_refund,"
            " CASE WHEN t.is_deferred THEN 'deferred' ELSE 'shown' END AS place"
            " FROM shown t JOIN amazon_transaction_line l ON l.transaction_id = t.id"
            " JOIN wanted w ON w.id = l.order_id AND w.currency_id = l.currency_id"
            " LEFT JOIN item o ON o.order_id = l.order_id AND o.only_sku IS NOT NULL"
        )

    @api.model
    def _money(self):
        return SQL(
            "SELECT a.order_id, a.sku, SUM(a.amount) AS proceeds,"
            " COALESCE(SUM(a.quantity) FILTER (WHERE t.kind = 'principal' AND NOT a.is_refund), 0)"
            " AS paid_quantity,"
            " COALESCE(SUM(a.amount) FILTER (WHERE t.kind IN %(buyers)s AND NOT a.is_refund), 0) AS sales,"
            " COALESCE(SUM(a.amount) FILTER (WHERE t.kind IN %(buyers)s AND a.is_refund), 0) AS refunds,"
            " COALESCE(SUM(a.amount) FILTER (WHERE t.kind IN %(fees)s), 0) AS fees,"
            " COALESCE(SUM(a.amount) FILTER (WHERE t.kind IN %(taxes)s), 0) AS tax,"
            " COALESCE(SUM(a.amount) FILTER (WHERE a.place = 'settled'), 0) AS settled,"
            " COALESCE(SUM(a.amount) FILTER (WHERE a.place = 'shown'), 0) AS shown,"
            " COALESCE(SUM(a.amount) FILTER (WHERE a.place = 'deferred'), 0) AS deferred,"
            " CASE WHEN bool_and(a.place = 'settled') THEN 'settlement'"
            " WHEN bool_or(a.place = 'settled') THEN 'both' ELSE 'finances' END AS source"
            " FROM amount a JOIN amazon_amount_type t ON t.id = a.type_id GROUP BY a.order_id, a.sku",
            buyers=BUYERS,
            fees=FEES,
            taxes=TAXES,
        )

    @api.model
    def _costs(self):
        """What the deliveries of an order's lines are worth, less those that came back."""
        return SQL(
            "SELECT i.order_id, i.sku, MIN(l.product_id) AS product_id,"
            " SUM(CASE WHEN m.is_out THEN m.value WHEN m.is_in THEN -m.value END) * MIN(w.rate) AS cost,"
            " COALESCE(bool_and(m.value > 0) FILTER (WHERE m.is_out), FALSE) AS is_known"
            " FROM item i JOIN wanted w ON w.id = i.order_id"
            " JOIN sale_order_line l ON l.order_id = i.order_id AND l.amazon_item_ref = ANY(i.item_refs)"
            " LEFT JOIN stock_move m ON m.sale_line_id = l.id AND m.state = 'done' AND m.quantity > 0"
            " GROUP BY i.order_id, i.sku"
        )

    @api.model
    def _insert(self):
        """Orders of which Amazon has said nothing yet have no rows; of the others each SKU has one that has money, or
        was delivered."""
        return SQL(
            "INSERT INTO amazon_profit (order_id, sku, %(columns)s)"
            " SELECT w.id, sku, w.company_id, w.amazon_account_id, w.amazon_marketplace_id, w.currency_id,"
            " w.amazon_order_ref, w.date_order, c.product_id, COALESCE(i.quantity, 0),"
            " COALESCE(m.paid_quantity, 0), COALESCE(m.sales, 0),"
            " COALESCE(m.refunds, 0), COALESCE(m.fees, 0),"
            " COALESCE(m.proceeds - m.sales - m.refunds - m.fees, 0), COALESCE(m.tax, 0), COALESCE(m.settled, 0),"
            " COALESCE(m.shown, 0), COALESCE(m.deferred, 0), COALESCE(m.proceeds, 0), m.source,"
            " CASE WHEN k.known THEN COALESCE(c.cost, 0) END, NOT k.known, CASE WHEN k.known THEN 0 ELSE 1 END,"
            " CASE WHEN k.known THEN COALESCE(m.proceeds, 0) - COALESCE(c.cost, 0) END"
            " FROM money m FULL JOIN item i USING (order_id, sku) LEFT JOIN cost c USING (order_id, sku)"
            " JOIN wanted w ON w.id = order_id"
            # What is of a whole order cost nothing of its own.
            " CROSS JOIN LATERAL (SELECT COALESCE(c.is_known, sku = '' AND i.order_id IS NULL) AS known) k"
            " WHERE order_id IN (SELECT order_id FROM money) AND (m.order_id IS NOT NULL OR c.cost <> 0)"
            " ORDER BY w.id, sku"
            " ON CONFLICT (order_id, sku) DO UPDATE SET (%(columns)s) = (%(new)s)"
            " RETURNING id, order_id, shown_amount + deferred_amount, deferred_amount,"
            " CASE WHEN sales <> 0 OR refunds <> 0 THEN sku END, paid_quantity",
            columns=SQL(", ").join(SQL.identifier(name) for name in COLUMNS),
            new=SQL(", ").join(SQL.identifier("excluded", name) for name in COLUMNS),
        )
