from odoo import api, fields, models
from odoo.tools import SQL

# What is noted in a transaction before it is committed: the products' ids, and whether an order from Amazon is why, in
# its cursor.
NOTED = "amazon.stock.change"
# Why a SKU is looked at, where it is more than that its stock has moved.
CHANGES = [
    ("person", "Sent by Hand"),
    ("compared", "Differed on Amazon"),
    ("order", "Ordered or Cancelled on Amazon"),
    ("settings", "Setting Changed"),
]


class AmazonStockChange(models.Model):
    """SKUs of which something has changed that decides how many Amazon may sell. Rows are only added and removed, so
    that nobody who moves goods ever waits for anybody here."""

    _name = "amazon.stock.change"
    _description = "Amazon: Stock to Be Looked At"
    _inherit = ["amazon.guard"]
    _log_access = False

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, index=True, ondelete="cascade")
    offer_id = fields.Many2one("amazon.offer", required=True, readonly=True, index=True, ondelete="cascade")
    changed_there = fields.Boolean(readonly=True, help="Amazon may have changed its number itself.")
    again = fields.Boolean(readonly=True, help="To be told even if Amazon was told the same")
    reason = fields.Selection(CHANGES, readonly=True, help="Empty: its stock has moved.")

    @api.model
    def _note_products(self, product_ids, ordered=False):
        """Have the SKUs of these products looked at, once this transaction is committed.

        :param product_ids: ids of ``product.product``.
        :param bool ordered: because of an order from Amazon.
        """
        data = self.env.cr.precommit.data
        if NOTED not in data:
            data[NOTED] = {}
            # sudo: whoever moves goods need not know Amazon
            self.env.cr.precommit.add(self.sudo()._write_noted)
        for product_id in product_ids:
            data[NOTED][product_id] = ordered or data[NOTED].get(product_id, False)

    @api.model
    def _write_noted(self):
        """Note the SKUs whose stock this transaction has changed, in one query, and wake who sends what has run out."""
        noted = self.env.cr.precommit.data.pop(NOTED, {})
        product_ids = sorted(filter(None, noted))
        if not product_ids:
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "WITH RECURSIVE changed(product_id, moved_id, needed, ordered) AS ("
                "  SELECT id, id, 1::numeric, ordered FROM unnest(%s, %s) AS noted (id, ordered)%s),"
                " found AS (SELECT offer.account_id, offer.id, bool_or(changed.ordered) AS ordered,"
                "  bool_or(free.units < changed.needed * (COALESCE(offer.buffer, 0) + 1)) AS ran_out"
                "  FROM changed JOIN amazon_offer offer ON offer.product_id = changed.product_id"
                "  JOIN amazon_account account ON account.id = offer.account_id AND account.stock_watched"
                "  CROSS JOIN LATERAL (SELECT COALESCE(sum(quant.quantity - quant.reserved_quantity), 0) AS units"
                "   FROM stock_quant quant JOIN stock_location place ON place.id = quant.location_id"
                "   WHERE quant.product_id = changed.moved_id AND place.usage = 'internal'"
                "    AND place.company_id = account.company_id AND %s) free"
                "  GROUP BY offer.account_id, offer.id),"
                " noted AS (INSERT INTO amazon_stock_change (account_id, offer_id, reason)"
                "  SELECT account_id, id, CASE WHEN ordered THEN 'order' END FROM found)"
                " SELECT DISTINCT account_id FROM found WHERE ran_out",
                product_ids,
                [noted[product_id] for product_id in product_ids],
                self._kits(),
                self._counts_for_account(),
            )
        )
        for account in self.env["amazon.account"].browse(account_id for [account_id] in rows):
            if account.auto_inventory:
                account._job("inventory")._trigger()

    @api.model
    def _counts_for_account(self):
        """Return what tells whether Amazon may sell what lies in a place: see ``amazon.account``'s warehouses."""
        link = self.env["amazon.account"]._fields["warehouse_ids"]
        return SQL(
            "CASE WHEN EXISTS (SELECT 1 FROM %(link)s chosen WHERE chosen.%(account)s = account.id)"
            " THEN EXISTS (SELECT 1 FROM %(link)s chosen WHERE chosen.%(account)s = account.id"
            "  AND chosen.%(warehouse)s = place.warehouse_id)"
            " ELSE NOT EXISTS (SELECT 1 FROM amazon_account other"
            "  WHERE other.fba_warehouse_id = place.warehouse_id) END",
            link=SQL.identifier(link.relation),
            account=SQL.identifier(link.column1),
            warehouse=SQL.identifier(link.column2),
        )

    @api.model
    def _kits(self):
        """Return what adds the kits that changed products are in, with how many of the product one takes: in the
        product's own unit, as nearly always; whatever else it is decides only who waits for the next cron."""
        if "mrp.bom" not in self.env:
            return SQL()
        return SQL(
            " UNION SELECT kit.id, changed.moved_id, changed.needed * line.product_qty / bom.product_qty,"
            " changed.ordered FROM changed"
            " JOIN mrp_bom_line line ON line.product_id = changed.product_id"
            " JOIN mrp_bom bom ON bom.id = line.bom_id AND bom.type = 'phantom' AND bom.active"
            " JOIN product_product kit ON kit.id = bom.product_id"
            " OR (bom.product_id IS NULL AND kit.product_tmpl_id = bom.product_tmpl_id)"
        )

    @api.model
    def _note_offers(self, offers, reason=None, again=False, changed_there=False):
        """Have these SKUs looked at.

        :param offers: the ``amazon.offer``.
        :param str reason: one of :data:`CHANGES`, or None.
        :param bool again: tell Amazon even what it was told before, as a person has asked.
        :param bool changed_there: Amazon may have changed its number itself: what it was told is not what it has.
        """
        if offers:
            self.env.execute_query(
                SQL(
                    "INSERT INTO amazon_stock_change (account_id, offer_id, reason, again, changed_there)"
                    " SELECT account_id, id, %s, %s, %s FROM amazon_offer WHERE id IN %s RETURNING 1",
                    reason,
                    again,
                    changed_there,
                    offers._ids,
                )
            )

    @api.model
    def _note_all(self, account, reason=None, again=False):
        """Have all SKUs of an account looked at that have a product.

        :param account: the ``amazon.account``.
        :param str reason: one of :data:`CHANGES`, or None.
        :param bool again: as in :meth:`_note_offers`.
        """
        self.env.execute_query(
            SQL(
                "INSERT INTO amazon_stock_change (account_id, offer_id, reason, again)"
                " SELECT account_id, id, %s, %s FROM amazon_offer WHERE account_id = %s AND product_id IS NOT NULL"
                " RETURNING 1",
                reason,
                again,
                account.id,
            )
        )

    @api.model
    def _take(self, account, limit, requested=False, but=()):
        """Take SKUs off the list, but for those that Amazon is just being told of: first those that have changed, then
        those that are to be told in any case, which may be all.

        :param account: the ``amazon.account``.
        :param int limit: at most so many.
        :param bool requested: only those that are to be told again, as a person has asked.
        :param but: ids of SKUs that stay on the list.
        :return: ids of the SKUs; of those among them that are to be told again; of those of which Amazon may have
            changed its number itself; and why, where it is known, by the ids.
        :rtype: tuple[list, set, set, dict]
        """
        for asked_for in (True,) if requested else (False, True):
            rows = self.env.execute_query(
                SQL(
                    "WITH waiting AS (SELECT DISTINCT change.offer_id FROM amazon_stock_change change"
                    " JOIN amazon_offer offer ON offer.id = change.offer_id"
                    " WHERE change.account_id = %s AND offer.sync_state IS DISTINCT FROM 'sending'"
                    " AND COALESCE(change.again, FALSE) = %s AND change.offer_id <> ALL(%s)"
                    " ORDER BY change.offer_id LIMIT %s)"
                    " DELETE FROM amazon_stock_change change USING waiting WHERE change.offer_id = waiting.offer_id"
                    " RETURNING change.offer_id, change.again, change.changed_there, change.reason",
                    account.id,
                    asked_for,
                    list(but),
                    limit,
                )
            )
            if rows:
                break
        # Of several reasons the first that there is.
        reasons = {offer_id: why for one, _label in reversed(CHANGES) for offer_id, *_, why in rows if why == one}
        return (
            sorted({offer_id for offer_id, *_ in rows}),
            {offer_id for offer_id, again, _there, _why in rows if again},
            {offer_id for offer_id, _again, there, _why in rows if there},
            reasons,
        )
