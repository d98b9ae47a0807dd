from collections import defaultdict

from odoo import api, fields, models

ACCOUNTANT = "sale_amazon_spapi.group_amazon_accountant"


class SaleOrder(models.Model):
    """What an order brings, and what of it Amazon has still to pay."""

    _inherit = "sale.order"

    amazon_payout_state = fields.Selection(
        [
            ("settled", "In Settlements"),
            ("partly", "Settled in Part"),
            ("shown", "In No Settlement Yet"),
            ("deferred", "Deferred by Amazon"),
        ],
        "Payout State",
        readonly=True,
        copy=False,
        help="Where the buyer's money is; empty: neither a settlement nor Amazon's Finances have anything of it.",
    )
    amazon_payout_open = fields.Monetary(
        "Not Settled Yet",
        readonly=True,
        copy=False,
        groups=ACCOUNTANT,
        help="What Amazon's Finances show of it that is in no settlement, fees taken off; settled in part: the total of"
        " what has left and that nothing is shown of",
    )
    amazon_payout_deferred = fields.Monetary(
        "Of It Deferred", readonly=True, copy=False, groups=ACCOUNTANT, help="What of that Amazon keeps back for now"
    )
    amazon_profit_ids = fields.One2many("amazon.profit", "order_id", "Profit by SKU", readonly=True, groups=ACCOUNTANT)
    amazon_cost_unknown = fields.Boolean(
        "Cost Not Known", compute="_compute_amazon_profit", compute_sudo=False, groups=ACCOUNTANT
    )
    amazon_profit = fields.Monetary(
        "Profit",
        compute="_compute_amazon_profit",
        compute_sudo=False,
        groups=ACCOUNTANT,
        help="What Amazon pays less the cost of goods; none where some of that is not known",
    )

    # As the view of what Amazon owes says it.
    _amazon_owed_idx = models.Index(
        "(amazon_account_id, date_order) WHERE amazon_payout_state IS DISTINCT FROM 'settled'"
        " AND amazon_status IN ('partially_shipped', 'shipped') AND amazon_total > 0"
    )

    # === COMPUTE METHODS === #

    @api.depends("amazon_profit_ids.profit", "amazon_profit_ids.cost_unknown")
    def _compute_amazon_profit(self):
        for order in self:
            rows = order.amazon_profit_ids
            order.amazon_cost_unknown = any(rows.mapped("cost_unknown"))
            order.amazon_profit = 0 if order.amazon_cost_unknown else sum(rows.mapped("profit"))

    # === ACTION METHODS === #

    def action_amazon_view_profit(self):
        """Open what these orders bring."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_profit")
        return {**action, "domain": [("order_id", "in", self.ids)], "context": {"create": False}}

    # === BUSINESS METHODS === #

    def _amazon_add_up(self):
        result = super()._amazon_add_up()
        self._amazon_count_profit()
        return result

    def _amazon_note_payout(self, rows):
        """Note where these orders' money is.

        :param rows: (id, order's id, what is not settled, what of it is deferred, the SKU if there is any of the
            buyer's money, of how many units there is; 0: it is not said) of each ``amazon.profit``.
        """
        unsettled, deferred, sold = defaultdict(float), defaultdict(float), defaultdict(dict)
        for _id, order_id, amount, later, sku, units in rows:
            unsettled[order_id] += float(amount)
            deferred[order_id] += float(later)
            # A fee, of a label or an ad, says nothing of what the buyer has paid.
            if sku is not None:
                sold[order_id][sku] = units
        lacking = self._amazon_not_shown(sold)
        for order in self:
            later = order._amazon_rounded(deferred[order.id])
            left = order._amazon_rounded(unsettled[order.id])
            state = "deferred" if later else "shown" if left else "settled"
            if state == "settled" and (lacks := order._amazon_rounded(lacking[order.id])):
                state, left = "partly", lacks
            vals = {
                "amazon_payout_state": state if order.id in sold else False,
                "amazon_payout_open": left,
                "amazon_payout_deferred": later,
            }
            order.write({name: val for name, val in vals.items() if order[name] != val})

    def _amazon_not_shown(self, sold):
        """Return what the buyers have paid for what has left of these orders, and is of units that nothing is known of.

        :param dict sold: by order's id the SKUs that there is money of, and of how many units; "": it is not said of
            which SKU, 0: not of how many.
        :return: amounts before fees, by order's id.
        """
        lacking, of_sku = defaultdict(float), defaultdict(list)
        told = [order_id for order_id, skus in sold.items() if "" not in skus]
        left = [("order_id", "in", told), ("quantity_fulfilled", ">", 0), ("total", ">", 0), ("sku", "!=", False)]
        for item in self.env["amazon.order.item"].sudo().search(left):
            of_sku[item.order_id.id, item.sku].append(item)
        for (order_id, sku), items in of_sku.items():
            units = sum(item.quantity_fulfilled for item in items)
            missing = units - sold[order_id].get(sku, 0) if sku not in sold[order_id] or sold[order_id][sku] else 0
            if missing > 0:
                lacking[order_id] += missing / units * sum(item._total_of_shipped() for item in items)
        return lacking

    def _amazon_updated(self):
        result = super()._amazon_updated()
        # What has left since may lack, and what was cancelled may not.
        self.filtered(lambda order: order.amazon_payout_state in ("settled", "partly"))._amazon_count_profit()
        return result

    def _amazon_count_profit(self):
        if self:
            self.env["amazon.profit"].sudo()._add_up(self.sudo())  # sudo: what Amazon says is the addon's own
