from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...times import local_date, naive
from ..engine.trigram import trigram
from .amazon_settlement_names import kind_of, name_of
from .amazon_transaction_type import CLAIMS
from .exact import Exact

# So many lines are written at once.
LINES_AT_ONCE = 2000


class AmazonSettlementLine(models.Model):
    """One amount of a settlement, as Amazon's report has it; all of them together should be what was paid."""

    _name = "amazon.settlement.line"
    _inherit = "amazon.amount"
    _description = "Amazon Settlement Line"
    _order = "settlement_id, line"
    _amazon_by_id = ("order_id", "type_id", "transaction_type_id")
    _log_access = False

    settlement_id = fields.Many2one("amazon.settlement", required=True, readonly=True, index=True, ondelete="cascade")
    # Written with the line (_insert), and computed only if they change.
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    currency_id = fields.Many2one(related="settlement_id.currency_id", store=True)
    line = fields.Integer(readonly=True, help="Which line of the file, to be found there again")
    transaction_type_id = fields.Many2one(
        "amazon.transaction.type", "Transaction's Type", required=True, readonly=True, ondelete="restrict"
    )
    transaction_kind = fields.Selection(related="transaction_type_id.kind", string="Transaction's Kind")
    transaction_type = fields.Char("Amazon's Type", readonly=True)
    group = fields.Char("Amazon's Group", readonly=True)
    description = fields.Char("Amazon's Description", readonly=True)
    amount = Exact(readonly=True)
    order_ref = fields.Char("Amazon Order", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True, index="btree_not_null", ondelete="set null")
    item_ref = fields.Char("Item ID", readonly=True)
    item_id = fields.Many2one("amazon.order.item", readonly=True, index="btree_not_null", ondelete="set null")
    sku = fields.Char("Seller SKU", readonly=True)
    quantity = fields.Integer(readonly=True, help="Of a refund it may be the quantity that was sold.")
    marketplace_id = fields.Many2one("amazon.marketplace", readonly=True)
    posted_at = fields.Datetime("Posted", readonly=True)
    posted_on = fields.Date("Day", readonly=True, help="The day of that in the marketplace")
    adjustment_ref = fields.Char("Adjustment ID", readonly=True)
    shipment_ref = fields.Char("Shipment ID", readonly=True)

    _posted_idx = models.Index("(posted_at DESC, id DESC)")
    _type_idx = models.Index("(type_id, posted_at DESC, id DESC)")
    # The other one takes a tenth of a second for a whole number where a hundred thousand are alike.
    _order_ref_idx = models.Index("(order_ref) WHERE order_ref IS NOT NULL")
    _order_ref_part_idx = models.Index(trigram("order_ref"))
    # As the query of those without their orders says it.
    _unlinked_idx = models.Index(
        "(posted_at DESC, id DESC) WHERE order_id IS NULL AND order_ref IS NOT NULL"
        " AND (order_ref NOT LIKE 'S%' OR order_ref IS NULL)"
    )
    _sku_idx = models.Index(trigram("sku"))
    _transaction_type_idx = models.Index("(transaction_type_id, posted_at DESC, id DESC)")

    # === SEARCH METHODS === #

    @api.model
    def _amazon_looked_up(self, condition):
        if condition.field_expr == "transaction_kind":
            # By the types' ids, as amounts' kinds.
            types = self.env["amazon.transaction.type"].search([("kind", condition.operator, condition.value)])
            return Domain("transaction_type_id", "in", types.ids)
        return super()._amazon_looked_up(condition)

    # === BUSINESS METHODS === #

    @api.model
    def _make(self, settlement, lines):
        """Make the next lines of a settlement.

        :param settlement: the ``amazon.settlement``.
        :param lines: ``selling_partner`` settlement lines, not too many.
        """
        marketplaces = settlement._marketplaces_by_name({line.marketplace for line in lines})
        types = self._types(lines)
        kinds = self.env["amazon.transaction.type"]._by_name(dict.fromkeys(line.transaction_type for line in lines))
        orders, items, by_sku = self._found(settlement.account_id, lines)
        self.env.flush_all()
        rows = []
        for line in lines:
            marketplace = marketplaces[line.marketplace]
            posted_at, posted_on = _when(line, marketplace.tz or settlement._zone(), settlement.end_at)
            item = items.get((line.order_id, line.item_id)) or by_sku.get((line.order_id, line.sku))
            rows.append(
                (
                    line.line,
                    kinds[line.transaction_type].id,
                    line.transaction_type or None,
                    line.amount_type or None,
                    line.description or None,
                    types[name_of(line.amount_type, line.description)].id,
                    line.amount,
                    line.order_id or None,
                    orders.get(line.order_id),
                    line.item_id or None,
                    item,
                    line.sku or None,
                    line.quantity or 0,
                    marketplace.id or None,
                    posted_at,
                    posted_on,
                    line.adjustment_id or None,
                    line.shipment_id or None,
                )
            )
        self._insert(settlement, rows)

    @api.model
    def _insert(self, settlement, rows):
        """Write lines. A settlement may have a hundred thousand, for which Odoo's own way takes minutes."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        self.env.cr.execute(
            SQL(
                "INSERT INTO amazon_settlement_line (settlement_id, company_id, currency_id, line, transaction_type_id,"
                ' transaction_type, "group", description, type_id, amount, order_ref, order_id, item_ref, item_id,'
                " sku, quantity, marketplace_id, posted_at, posted_on, adjustment_ref, shipment_ref)"
                " SELECT %s, %s, %s, row.* FROM unnest(%s::int[], %s::int[], %s::varchar[], %s::varchar[],"
                " %s::varchar[], %s::int[], %s::numeric[], %s::varchar[], %s::int[], %s::varchar[], %s::int[],"
                " %s::varchar[], %s::int[], %s::int[], %s::timestamp[], %s::date[], %s::varchar[], %s::varchar[]) row",
                settlement.id,
                settlement.company_id.id,
                settlement.currency_id.id,
                *columns,
            )
        )

    @api.model
    def _types(self, lines):
        """Return the amount types by name; of new ones what is known of them, or guessed."""
        groups = {name_of(line.amount_type, line.description): line.amount_type for line in lines}
        types = self.env["amazon.amount.type"]
        return types._by_name(groups, lambda name: types._said(name, *kind_of(name, groups[name])))

    @api.model
    def _found(self, account, lines):
        """Return what is here of what lines are of.

        :return: dicts of ids: orders by number; items by number and item; items by number and SKU, where it is clear.
        """
        refs = list({line.order_id for line in lines} - {""})
        orders = self._orders(account, refs)
        items, by_sku = {}, {}
        mine = Domain("account_id", "in", account._of_merchant().ids) & Domain("order_ref", "in", refs)
        for item in self.env["amazon.order.item"].search_fetch(mine, ["order_ref", "item_ref", "sku"]):
            items[item.order_ref, item.item_ref] = item.id
            key = (item.order_ref, item.sku or "")
            by_sku[key] = None if key in by_sku else item.id
        return {order.amazon_order_ref: order.id for order in orders}, items, by_sku

    @api.model
    def _orders(self, account, refs):
        """Return the orders of an account with these numbers."""
        mine = [("amazon_merchant_id", "=", account.merchant_id), ("amazon_order_ref", "in", refs)]
        return self.env["sale.order"].search_fetch(mine, ["amazon_order_ref"])

    def _claimed(self):
        """Return the orders of which these lines say that there was a chargeback or an A-to-z claim."""
        return self.filtered(lambda line: line.transaction_kind in CLAIMS).order_id

    # === BUSINESS METHODS: ORDERS THAT CAME LATER === #

    @api.model
    def _without_its_order(self, accounts):
        """Return the domain of accounts' lines whose orders are not here, and might be."""
        return (
            Domain("order_id", "=", False)
            & Domain("order_ref", "!=", False)
            # What Amazon ships for other channels (S01-…) is no order here.
            & Domain("order_ref", "not =like", "S%")
            & Domain("settlement_id.account_id", "in", accounts.ids)
        )

    @api.model
    def _link(self, run):
        """Give orders their lines where whoever made them was killed before he had looked for them."""
        unlinked, place = self._without_its_order(run.account._of_merchant()), Domain.TRUE
        fetched = {"order": "posted_at desc, id desc", "limit": LINES_AT_ONCE}
        # From the lines to the orders: a shop has many more of these than lines that wait for theirs.
        while lines := self.search_fetch(unlinked & place, ["order_ref", "posted_at"], **fetched):
            last = lines[-1]
            place = Domain("posted_at", "<", last.posted_at) | (
                Domain("posted_at", "=", last.posted_at) & Domain("id", "<", last.id)
            )
            if orders := self._orders(run.account, list(set(lines.mapped("order_ref")))):
                self._link_to(orders)
                run.checkpoint(len(orders))

    @api.model
    def _link_to(self, orders):
        """Give orders the lines that came in before them, however long ago.

        :param orders: ``sale.order`` records.
        """
        for merchant, mine in orders.grouped("amazon_merchant_id").items():
            by_ref = {order.amazon_order_ref: order for order in mine}
            found = self.with_context(active_test=False).search(
                Domain("order_ref", "in", list(by_ref))
                & Domain("order_id", "=", False)
                & Domain("settlement_id.account_id.merchant_id", "=", merchant)
            )
            if not found:
                continue
            items = self.env["amazon.order.item"].search([("order_id", "in", mine.ids)])
            by_item = {(item.order_ref, item.item_ref): item.id for item in items}
            by_sku = items.grouped(lambda item: (item.order_ref, item.sku or ""))
            for (ref, item_ref, sku), lines in found.grouped(
                lambda line: (line.order_ref, line.item_ref, line.sku or "")
            ).items():
                same = by_sku.get((ref, sku))
                item = by_item.get((ref, item_ref)) or (same.id if same and len(same) == 1 else False)
                lines.write({"order_id": by_ref[ref].id, "item_id": item})
            found._claimed().sudo()._amazon_note_claims()
            self.env["amazon.profit"]._add_up(found.order_id)


def _when(line, zone, otherwise):
    """Return when a line was posted (UTC, naive), and on which day that was where the marketplace is.

    :param str zone: the marketplace's.
    :param otherwise: when the settlement ended, for what has no date.
    """
    zone = ZoneInfo(zone)
    if line.posted_at:
        return naive(line.posted_at), line.posted_at.astimezone(zone).date()
    if line.posted_on:
        midnight = datetime.combine(line.posted_on, datetime.min.time(), tzinfo=zone)
        return naive(midnight), line.posted_on
    return otherwise, local_date(otherwise, zone)
