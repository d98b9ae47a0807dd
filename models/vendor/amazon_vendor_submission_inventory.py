"""What a vendor's warehouses can ship: of each a call with what has changed, or with all where a person wants that."""

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...selling_partner import InventoryItem, InventoryUpdate
from .amazon_vendor_submission import Kind
from .amazon_vendor_submission_confirmation import Wrong

_lt = LazyTranslate(__name__)

# So many SKUs go in one call, unless it has to name all.
MOST_ITEMS = 10_000


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(selection_add=[("inventory", "Stock")], ondelete={"inventory": "cascade"})
    stock_warehouse_id = fields.Many2one(
        "amazon.vendor.warehouse", "Warehouse Code", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    is_full = fields.Boolean("All of It", readonly=True, help="What was not named became unavailable.")
    item_count = fields.Integer("SKUs", readonly=True)

    # At most one that is to go or on its way: what is told later must not be done earlier.
    _inventory_uniq = models.UniqueIndex(
        "(stock_warehouse_id) WHERE kind IN ('inventory') AND state NOT IN ('done', 'unknown')"
    )

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "inventory": Kind(
                lambda vendor, contents: vendor.update_inventory(contents[0]),
                "submitInventoryUpdate",
                minutes=15,
                most=1,
            ),
        }

    # === MAKING ROWS === #

    @api.model
    def _make_inventories(self, account, changed=True):
        """Have Amazon told of each warehouse of which it is to be told something, one update at a time.

        :param account: the ``amazon.account``.
        :param bool changed: something is different from what Amazon may have refused last.
        """
        quantities = self.env["amazon.vendor.quantity"]
        for warehouse in account.vendor_warehouse_ids:
            full = warehouse.full_stock_requested
            if not full and not quantities.search_count(quantities._due_in(warehouse), limit=1):
                continue
            open_row = self.search(
                [
                    ("stock_warehouse_id", "=", warehouse.id),
                    ("kind", "=", "inventory"),
                    ("state", "not in", ("done", "unknown")),
                ]
            )
            going = open_row.state == "not_sent" and open_row.is_full >= full
            if open_row.state == "sending" or going or (open_row and not (changed or full)):
                # What has changed meanwhile goes along, or when this is through.
                continue
            values = {"requested": True, "is_full": full or open_row.is_full, "decided_at": fields.Datetime.now()}
            warehouse.full_stock_requested = False
            if open_row:
                open_row._to_send(**values)
            else:
                open_row = self.create(
                    {"account_id": account.id, "kind": "inventory", "stock_warehouse_id": warehouse.id, **values}
                )
            open_row._wake()

    # === WHAT IS TOLD === #

    def _inventory_rows(self):
        """Return the SKUs of which this tells."""
        rows = self.env["amazon.vendor.quantity"]
        if self.is_full:
            return rows.search([("warehouse_id", "=", self.stock_warehouse_id.id)], order="id")
        return rows.search(rows._due_in(self.stock_warehouse_id), order="id", limit=MOST_ITEMS)

    def _inventory_content(self):
        rows = self._inventory_rows()
        if not rows:
            raise Wrong("nothing", self.env._("There is nothing to tell of this warehouse."))
        return InventoryUpdate(
            warehouse=self.stock_warehouse_id.party_ref,
            selling_party=self.account_id.vendor_party or "",
            items=[InventoryItem(row.quantity, **row.offer_id._vendor_names()) for row in rows],
            is_full=self.is_full,
        )

    def _inventory_why_waiting(self):
        return False

    def _inventory_facts(self):
        return {"quantities": {str(row.id): row.quantity for row in self._inventory_rows()}, "full": self.is_full}

    def _mark_sending(self, channel, log=None, **values):
        result = super()._mark_sending(channel, log, **values)
        for row in self.filtered(lambda row: row.kind == "inventory"):
            told = row._inventory_told()
            row.item_count = len(told)
            told.is_due = False
        return result

    def _inventory_told(self):
        """Return the SKUs of which this told last."""
        told = (self.told or {}).get("quantities", {})
        return self.env["amazon.vendor.quantity"].browse(int(row_id) for row_id in told).exists()

    # === WHAT BECAME OF IT === #

    def _inventory_shown_by(self, amazon):
        """Return None: Amazon shows nobody a vendor's stock."""

    def _inventory_learned(self, _shown):
        if self.message:
            self._told_in_vain()
        else:
            # Told twice it is the same: what is here now.
            self._to_send()

    def _to_send(self, **values):
        for row in self.filtered(lambda row: row.kind == "inventory" and row.state == "sending"):
            row._inventory_told().is_due = True
        return super()._to_send(**values)

    def _inventory_accepted(self):
        told = self.told or {}
        self.env["amazon.vendor.quantity"]._told(
            self.stock_warehouse_id, told.get("quantities", {}), told.get("full", False)
        )
        # What has changed meanwhile, or did not fit.
        self._make_inventories(self.account_id)

    def _inventory_refused(self):
        if self.sent_at:
            self._inventory_told().is_due = True
