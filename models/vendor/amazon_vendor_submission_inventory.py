"""What a vendor's warehouses can ship: of each a call with what has changed, or with all where a person wants that.

What Amazon refuses of many it may refuse for one of them. What its error names goes by itself then; where it names
none, all go in ever smaller calls, until the one that it means is alone. Meanwhile the others are told.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from ...notices import notice
from ...said import say
from ...selling_partner import InventoryItem, InventoryUpdate
from ..engine.why import Why
from .amazon_vendor_quantity import ALONE
from .amazon_vendor_submission import AGAIN_MINUTES, OWN_TROUBLE, Kind
from .amazon_vendor_submission_confirmation import Wrong

# So many SKUs go in one call, unless it has to name all.
MOST_ITEMS = 10_000
# Of so many that an error names each goes by itself.
MOST_NAMED = 20
# After so many refusals in a row what is refused is looked for first, and after so many it is not looked for any more:
# it is no SKU that Amazon means. Halving 10,000 takes 14.
SMALL_FIRST, MOST_REFUSALS = 3, 18
# A full update that Amazon refused is told of for so many days, or until there is another.
TOLD_DAYS = 7
# What is to go or on its way; of what was refused a full update is over.
OPEN = Domain("kind", "=", "inventory") & (
    Domain("state", "in", ("not_sent", "sending", "rejected"))
    | Domain("state", "=", "error") & Domain("is_full", "!=", True)
)


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(selection_add=[("inventory", "Stock")], ondelete={"inventory": "cascade"})
    stock_warehouse_id = fields.Many2one(
        "amazon.vendor.warehouse", "Warehouse Code", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    is_full = fields.Boolean("All of It", readonly=True, help="What was not named became unavailable.")
    only_asked = fields.Boolean("By Hand", readonly=True, help="Only of what a person asked for")
    refusals = fields.Integer(readonly=True, help="How often Amazon has refused it since it took anything of it")
    item_count = fields.Integer("SKUs", readonly=True)

    # At most one that is to go or on its way: what is told later must not be done earlier.
    _inventory_uniq = models.UniqueIndex(
        "(stock_warehouse_id) WHERE kind IN ('inventory') AND state NOT IN ('done', 'unknown')"
        " AND NOT (state = 'error' AND COALESCE(is_full, FALSE))"
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

    # === ACTION METHODS === #

    def action_retry(self):
        stock = self.filtered(lambda row: row.kind == "inventory" and row.state not in ("sending", "done"))
        full = stock.filtered("is_full")
        if full:
            # What becomes unavailable only a manager decides, and it is counted anew.
            self._amazon_check_group("manager")
            full.account_id.check_access("write")
            for account, rows in full.grouped("account_id").items():
                account._want_full_stock(rows.stock_warehouse_id)
            if full == self:
                return notice(self.env._("All stock goes out within a minute."))
        result = super(AmazonVendorSubmission, self - full).action_retry()
        (stock - full)._retry_refused()
        return result

    def _retry_refused(self):
        """Have what Amazon has refused of these warehouses told again, too, whatever is stopped."""
        quantities = self.env["amazon.vendor.quantity"].sudo()  # sudo: the outbox is the addon's own
        codes = Domain("warehouse_id", "in", self.stock_warehouse_id.ids)
        quantities.search(codes & Domain("refused", "!=", False)).write({"is_due": True, "is_asked_for": True})
        # What was refused over and over is looked for anew.
        self.sudo().refusals = 0
        self.account_id._wake_stock()

    # === MAKING ROWS === #

    @api.model
    def _make_inventories(self, account, codes=None, changed=True, only_asked=False, looked=False, asked=False):
        """Have Amazon told of each warehouse of which it is to be told something, one update at a time.

        :param account: the ``amazon.account``.
        :param codes: of which of its ``amazon.vendor.warehouse``; None: of all.
        :param bool changed: something is different from what Amazon may have refused last.
        :param bool only_asked: of nothing but what a person asked for.
        :param bool looked: all SKUs were looked at: a full update that a person wants may go.
        :param bool asked: a person has just asked for something: no pause holds.
        """
        quantities = self.env["amazon.vendor.quantity"]
        for code in codes or account.vendor_warehouse_ids:
            full = looked and code.full_stock_requested
            row = self.search(OPEN & Domain("stock_warehouse_id", "=", code.id))
            if row.only_asked != only_asked and row:
                # What waits and nobody has asked for stays where it is while the job is stopped.
                row.only_asked = only_asked
            due = full or quantities.search_count(quantities._due_in(code, only_asked), limit=1)
            if not due or row.state == "sending" or (row and not full and row._goes_by_itself(changed, asked)):
                # What has changed meanwhile goes along, or when this is through.
                continue
            values = {
                "requested": True,
                "is_full": full or row.is_full,
                "only_asked": only_asked,
                "decided_at": fields.Datetime.now(),
                "again": 0,
                "refusals": 0,
            }
            told = self._tell_inventory(code, row, values)
            if full:
                code.full_stock_requested = not told

    def _goes_by_itself(self, changed, asked):
        """Tell whether nothing need be done about this: it goes soon, with what has changed, or would be refused again.

        :param bool changed: as in :meth:`_make_inventories`; likewise ``asked``.
        """
        if self.state == "error":
            return not changed
        return not (self.retry_at and asked)

    @api.model
    def _tell_inventory(self, code, row, values):
        """Have Amazon told of a warehouse.

        :param code: the ``amazon.vendor.warehouse``.
        :param row: what is open of it, or none.
        :param dict values: to be written.
        :return: whether it is; else another process has just begun to.
        """
        if row:
            row._to_send(**values)
        else:
            values |= {"account_id": code.account_id.id, "kind": "inventory", "stock_warehouse_id": code.id}
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    row = self.create(values)
            except UniqueViolation:
                return False
        row._wake()
        return True

    # === WHAT IS TOLD === #

    def _look(self):
        if self.kind == "inventory" and not self.is_full and not self._inventory_rows():
            # What was to be told is told, or gone.
            self._done(accepted_at=False, message=self.env._("There is nothing to tell of this warehouse any more."))
            return None
        return super()._look()

    def _inventory_rows(self):
        """Return the SKUs of which this tells."""
        rows, code = self.env["amazon.vendor.quantity"], self.stock_warehouse_id
        if self.is_full:
            return rows._all_of(code)
        return rows._some_due_in(code, MOST_ITEMS, self.only_asked, self.refusals > SMALL_FIRST)

    def _inventory_content(self):
        while rows := self._inventory_rows():
            update = InventoryUpdate(
                warehouse=self.stock_warehouse_id.party_ref,
                selling_party=self.account_id.vendor_party or "",
                items=[InventoryItem(row._to_tell(), **row._names()) for row in rows],
                is_full=self.is_full,
            )
            wrong = {rows[place]: text for place, text in update.wrong_items().items()}
            for row, sku in rows._twice().items():
                wrong[row] = self.env._("Amazon knows it by the ASIN that %s is told by already.", sku)
            if not wrong:
                return update
            for row, text in wrong.items():
                # The others go without it.
                row.is_due = False
                row._refuse_alone(text)
        raise Wrong("nothing", self.env._("There is nothing to tell of this warehouse."))

    def _inventory_why_waiting(self):
        code = self.stock_warehouse_id
        quantities = self.env["amazon.vendor.quantity"]
        # What cannot be counted does not keep the others waiting.
        moved = Domain("warehouse_id", "=", code.id) & Domain("counted_in_id", "!=", False) & ~quantities._of(code)
        if self.is_full and quantities.search_count(moved, limit=1):
            return Why("counted", self.env._("What lies in the code's new warehouse is counted first."))
        return False

    def _inventory_facts(self):
        return {"quantities": {str(row.id): row._to_tell() for row in self._inventory_rows()}, "full": self.is_full}

    def _mark_sending(self, channel, log=None, **values):
        result = super()._mark_sending(channel, log, **values)
        for row in self.filtered(lambda row: row.kind == "inventory"):
            told = row._inventory_told()
            row.item_count = len(told)
            told.write({"is_due": False, "is_sending": True, "refused": False})
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
            return
        again, unclear = self.again, self.env._("It is not known whether Amazon has this.")
        if again > len(AGAIN_MINUTES):
            self._refused("error", unclear, OWN_TROUBLE)
            return
        # Told twice it is the same: what is here now.
        self._to_send(again=again + 1)
        if again:
            self._hold(Why(OWN_TROUBLE, unclear), AGAIN_MINUTES[again - 1])

    def _to_send(self, **values):
        self.filtered(lambda row: row.kind == "inventory")._inventory_not_told()
        return super()._to_send(**values)

    def _inventory_not_told(self, why=False):
        """What these told last is to be told again.

        :param why: Amazon's words, where it has refused it.
        """
        for row in self:
            row._inventory_told().filtered("is_sending")._not_told(why, is_due=True)

    def _inventory_accepted(self):
        told, code = self.told or {}, self.stock_warehouse_id
        self.refusals = 0
        self.env["amazon.vendor.quantity"]._told(code, told.get("quantities", {}), told.get("full", False))
        if code.full_stock_requested:
            # All are looked at first.
            self.account_id._wake_stock()
        else:
            # What has changed meanwhile, or did not fit.
            self._make_inventories(self.account_id, code, only_asked=self.only_asked)

    def _inventory_refused(self):
        self._inventory_not_told(say(self.env, self.message))
        if self.state == "error" and self.is_full:
            # That is over; what it would have told goes as what has changed does.
            self._make_inventories(self.account_id, self.stock_warehouse_id, only_asked=self.only_asked)

    def _not_taken(self, error):
        if self.kind != "inventory":
            return super()._not_taken(error)
        return self._inventory_not_taken(error.message, error.hint)

    def _told_in_vain(self):
        if self.kind != "inventory" or (self.hint == OWN_TROUBLE and self.again < len(AGAIN_MINUTES)):
            return super()._told_in_vain()
        return self._inventory_not_taken(self.message, self.hint)

    def _inventory_not_taken(self, message, hint):
        """Amazon has refused an update: tell it what it means by itself, and the others without it.

        :param str message: in its words.
        :param hint: what is known of that reason.
        """
        told, refusals = self._inventory_told(), self.refusals + 1
        named = told._named_in(message)
        is_named = 0 < len(named) <= MOST_NAMED
        if len(told) == 1:
            told._refuse_alone(message)
        else:
            if not is_named or refusals > SMALL_FIRST:
                told.together = len(told) // 2
            if is_named:
                named.together = 1
        told.filtered("is_sending").is_due = True
        # Of a full update no part can be told.
        goes_on = refusals < MOST_REFUSALS and (is_named or not self.is_full)
        if goes_on and self._inventory_rows():
            self._to_send(refusals=refusals)
        else:
            if refusals >= MOST_REFUSALS:
                self._none_is_meant(message)
            self._refused("error", message, hint, refusals=refusals)

    def _none_is_meant(self, message):
        """Amazon refuses whatever it is told: what it has refused by itself goes again when it takes something."""
        quantities = self.env["amazon.vendor.quantity"]
        mine = Domain("warehouse_id", "=", self.stock_warehouse_id.id) & Domain("refused", "=", message)
        quantities.search(mine & ALONE).is_due = True

    @api.model
    def _inventories_refused(self, account):
        """Return what of an account's stock Amazon has refused that a person has still to know of."""
        lately = fields.Datetime.now() - timedelta(days=TOLD_DAYS)
        mine = Domain("account_id", "=", account.id) & Domain("kind", "=", "inventory")
        refused = mine & Domain("state", "=", "error")
        partial = self.search(refused & OPEN, order="id")
        full = self.search(refused & Domain("is_full", "=", True) & Domain("answered_at", ">", lately), order="id desc")
        last = self.browse()
        for code, rows in full.grouped("stock_warehouse_id").items():
            later = mine & Domain("stock_warehouse_id", "=", code.id) & Domain("is_full", "=", True)
            if not self.search_count(later & Domain("id", ">", rows[0].id), limit=1):
                last |= rows[0]
        return partial | last
