"""How many of a SKU each of a vendor's warehouses can ship, and what Amazon was told of that."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...locks import MET
from ...said import say
from ..engine.amazon_job import unexpected

_lt = LazyTranslate(__name__)

# SKUs looked at in one transaction.
LOOK = 500


class AmazonVendorQuantity(models.Model):
    """A SKU in a warehouse of a vendor's; what of it is to be told goes in one call with the warehouse's others."""

    _name = "amazon.vendor.quantity"
    _description = "Stock of a Vendor's Warehouse"
    _inherit = ["amazon.guard", "amazon.followed"]
    _order = "sku, warehouse_id, id"
    _rec_name = "sku"

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    warehouse_id = fields.Many2one(
        "amazon.vendor.warehouse", "Warehouse Code", required=True, readonly=True, index=True, ondelete="cascade"
    )
    offer_id = fields.Many2one("amazon.offer", "SKU", required=True, readonly=True, index=True, ondelete="cascade")
    sku = fields.Char("SKU as Sent", related="offer_id.sku", store=True, index=True)
    product_id = fields.Many2one(related="offer_id.product_id")
    quantity = fields.Integer("To Offer", readonly=True, help="What Amazon may sell of it from this warehouse")
    quantity_sent = fields.Integer("Accepted", readonly=True, help="The last quantity that Amazon accepted")
    accepted_at = fields.Datetime("Accepted on", readonly=True)
    is_due = fields.Boolean("To Be Told", readonly=True, help="Amazon is told of it with the next update.")

    _offer_uniq = models.UniqueIndex("(warehouse_id, offer_id)")
    _due_idx = models.Index("(warehouse_id, id) WHERE is_due")

    # === WHAT HAS CHANGED === #

    @api.model
    def _has_changes(self, account, requested):
        """Tell whether a run would find anything to look at.

        :param bool requested: only what a person asked for.
        """
        noted = [("account_id", "=", account.id), *([("again", "=", True)] if requested else [])]
        return bool(
            self.env["amazon.stock.change"].search_count(noted, limit=1)
            or self.search_count([("account_id", "=", account.id), ("is_due", "=", True)], limit=1)
            or account.vendor_warehouse_ids.filtered("full_stock_requested")
        )

    @api.model
    def _look(self, run, requested):
        """Look at the SKUs whose stock has changed, and have Amazon told of each warehouse what it has not been.

        :param run: the :class:`...run.Run`.
        :param bool requested: only at what a person asked for.
        """
        changes, limit, changed = self.env["amazon.stock.change"], LOOK, False
        while True:
            run.checkpoint()
            ids, again, changed_there, reasons = changes._take(run.account, limit, requested)
            if not ids:
                break
            changed = True
            # What was ordered Amazon may have taken off by itself: it is told what is here in any case.
            anyway = {*again, *changed_there, *(offer_id for offer_id, why in reasons.items() if why == "order")}
            try:
                self._note(run.account, self.env["amazon.offer"].browse(ids), anyway)
                self.env.flush_all()
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - one that cannot be looked at keeps no others
                self.env.cr.rollback()
                self.env.invalidate_all()
                if limit == 1:
                    changes.search([("offer_id", "in", ids)]).unlink()
                    run.log._note(
                        _lt("%(sku)s: %(why)s", sku=self.env["amazon.offer"].browse(ids).sku, why=unexpected(error))
                    )
                limit = 1
        self.env["amazon.vendor.submission"]._make_inventories(run.account, changed)
        run.commit()

    @api.model
    def _note(self, account, offers, anyway):
        """Note how many of some SKUs each warehouse can ship now.

        :param account: the ``amazon.account``.
        :param offers: the ``amazon.offer``.
        :param set anyway: ids of those that Amazon is told of even if it was told the same.
        """
        told = offers.filtered(lambda offer: not offer._why_not_sent())
        known = {
            (row.warehouse_id, row.offer_id): row
            for row in self.search([("account_id", "=", account.id), ("offer_id", "in", told.ids)])
        }
        new = []
        for warehouse in account.vendor_warehouse_ids:
            quantities = told._quantities_in(warehouse.warehouse_id)
            for offer, quantity in quantities.items():
                row = known.get((warehouse, offer))
                if not row:
                    new.append(
                        {
                            "account_id": account.id,
                            "warehouse_id": warehouse.id,
                            "offer_id": offer.id,
                            "quantity": quantity,
                            "is_due": True,
                        }
                    )
                    continue
                due = row.is_due or offer.id in anyway or quantity != row.quantity
                if (row.quantity, row.is_due) != (quantity, due):
                    row.write({"quantity": quantity, "is_due": due})
        self.create(new)

    # === WHAT BECAME OF IT === #

    @api.model
    def _told(self, warehouse, quantities, is_full):
        """Amazon has taken what it was told of a warehouse.

        :param dict quantities: by the ids of these, as text: they come out of JSON.
        :param bool is_full: what was not named has none there.
        """
        now = fields.Datetime.now()
        if is_full:
            named = [int(row_id) for row_id in quantities]
            others = self.search([("warehouse_id", "=", warehouse.id), ("id", "not in", named)])
            others.filtered("quantity_sent").quantity_sent = 0
        rows = self.browse(int(row_id) for row_id in quantities).exists()
        by_quantity = rows.grouped(lambda row: quantities[str(row.id)])
        for quantity, some in by_quantity.items():
            some.write({"quantity_sent": quantity, "accepted_at": now})

    @api.model
    def _due_in(self, warehouse):
        return Domain("warehouse_id", "=", warehouse.id) & Domain("is_due", "=", True)

    @api.model
    def _trouble_text(self, account):
        """Say which warehouses' stock Amazon has not taken; an empty text: none.

        :rtype: str
        """
        rows = self.env["amazon.vendor.submission"].search(
            [("account_id", "=", account.id), ("kind", "=", "inventory"), ("state", "in", ("error", "unknown"))],
            order="id",
        )
        return "\n".join(
            self.env._(
                "Stock of %(code)s: %(why)s",
                code=row.stock_warehouse_id.party_ref,
                why=say(self.env, row.message or "–"),
            )
            for row in rows
        )
