"""How many of a SKU each of a vendor's warehouses can ship, and what Amazon was told of that."""

import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...locks import MET
from ...said import say
from ..engine.amazon_job import unexpected
from .amazon_offer import ASIN, TOLD_STATES, vendor_names

_lt = LazyTranslate(__name__)

# SKUs looked at in one transaction.
LOOK = 500
# So many SKUs are named in an activity.
NAMED = 20
# What Amazon has refused when it was told by itself, or has named where it refused it among others, goes by itself
# until it is accepted, and is in no full update.
ALONE = Domain("together", "=", 1)


class AmazonVendorQuantity(models.Model):
    """A SKU in a warehouse of a vendor's; what of it is to be told goes in one call with the warehouse's others. Of a
    SKU that is not told any more Amazon is told 0 once; then its row is gone."""

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
    # None where it was deleted: Amazon has still to be told.
    offer_id = fields.Many2one("amazon.offer", "SKU", readonly=True, index=True, ondelete="set null")
    sku = fields.Char("SKU as Sent", compute="_compute_names", store=True, index=True)
    asin = fields.Char("ASIN", compute="_compute_names", store=True)
    product_id = fields.Many2one(related="offer_id.product_id")
    quantity = fields.Integer("To Offer", readonly=True, help="What Amazon may sell of it from this warehouse")
    # Of which warehouse that is: a code may be another's meanwhile.
    counted_in_id = fields.Many2one("stock.warehouse", readonly=True, ondelete="set null")
    quantity_sent = fields.Integer("Accepted", readonly=True, help="The last quantity that Amazon accepted")
    accepted_at = fields.Datetime("Accepted on", readonly=True)
    is_due = fields.Boolean("To Be Told", readonly=True, help="Amazon is told of it with the next update.")
    is_asked_for = fields.Boolean("Asked For", readonly=True, help="A person wants it told, whatever is stopped.")
    is_sending = fields.Boolean(readonly=True, help="Amazon works on an update with it.")
    together = fields.Integer(
        readonly=True, help="It goes with no more SKUs than this: Amazon has refused more with it. 0: with any number."
    )
    refused = fields.Text("Why It Was Refused", readonly=True, help="What Amazon has said last, instead of taking it")
    stock_state = fields.Selection(TOLD_STATES, "Told", compute="_compute_stock_state", store=True)

    _offer_uniq = models.UniqueIndex("(warehouse_id, offer_id)")
    _due_idx = models.Index("(warehouse_id, id) WHERE is_due")
    _refused_idx = models.Index("(account_id) WHERE refused IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("offer_id.sku", "offer_id.asin")
    def _compute_names(self):
        for row in self:
            known = row.offer_id or row
            row.sku, row.asin = known.sku, known.asin

    @api.depends("is_sending", "refused", "is_due", "accepted_at")
    def _compute_stock_state(self):
        for row in self:
            if row.is_sending:
                row.stock_state = "sending"
            elif row.refused:
                row.stock_state = "error"
            else:
                row.stock_state = "done" if row.accepted_at and not row.is_due else "unsent"

    # === WHAT HAS CHANGED === #

    @api.model
    def _has_changes(self, account, requested):
        """Tell whether a run would find anything to look at.

        :param bool requested: only what a person asked for.
        """
        noted = [("account_id", "=", account.id), *([("again", "=", True)] if requested else [])]
        return bool(
            self.env["amazon.stock.change"].search_count(noted, limit=1)
            or account.vendor_warehouse_ids.filtered("full_stock_requested")
            or any(self.search_count(self._due_in(code, requested), limit=1) for code in account.vendor_warehouse_ids)
        )

    @api.model
    def _look(self, run, requested):
        """Look at the SKUs whose stock has changed, and have Amazon told of each warehouse what it has not been.

        :param run: the :class:`...run.Run`.
        :param bool requested: only at what a person asked for.
        """
        changes, limit, changed, asked, failed = self.env["amazon.stock.change"], LOOK, False, False, []
        while True:
            run.checkpoint()
            ids, again, changed_there, reasons = changes._take(run.account, limit, requested, failed)
            if not ids:
                break
            # What was ordered Amazon may have taken off by itself: it is told what is here in any case.
            anyway = {*again, *changed_there, *(offer_id for offer_id, why in reasons.items() if why == "order")}
            try:
                self._note(run.account, self.env["amazon.offer"].browse(ids), anyway, again)
                self.env.flush_all()
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - one that cannot be looked at keeps no others
                self.env.cr.rollback()
                self.env.invalidate_all()
                if limit == 1:
                    # It stays noted, and is looked at again with the next run.
                    failed += ids
                    self._cannot_be_looked_at(run, self.env["amazon.offer"].browse(ids), unexpected(error))
                limit = 1
            else:
                changed, asked = True, asked or bool(again)
        # Still what the last look has seen: a full update that is asked for now finds SKUs to look at.
        run.account.vendor_warehouse_ids.invalidate_recordset(["full_stock_requested"])
        self.env["amazon.vendor.submission"]._make_inventories(
            run.account, changed=changed, only_asked=requested, looked=True, asked=asked
        )
        run.commit()

    @api.model
    def _cannot_be_looked_at(self, run, offer, why):
        """Say of a SKU why it is not known how many there are: its old quantity counts no more.

        :param why: as :func:`...said.pack` takes it.
        """
        run.log._note(_lt("%(sku)s: %(why)s", sku=offer.sku, why=why))
        rows = self.search([("offer_id", "=", offer.id)])
        rows.write({"is_due": False, "counted_in_id": False, "refused": say(self.env, why)})

    @api.model
    def _note(self, account, offers, anyway, asked_for):
        """Note how many of some SKUs each warehouse can ship now.

        :param account: the ``amazon.account``.
        :param offers: the ``amazon.offer``.
        :param set anyway: ids of those that Amazon is told of even if it was told the same.
        :param set asked_for: ids of those that a person wants told.
        """
        rows = self.search([("account_id", "=", account.id), ("offer_id", "in", offers.ids)])
        over = offers.filtered(lambda offer: offer._why_not_sent())
        ending = rows.filtered(lambda row: row.offer_id in over)
        known = {(row.warehouse_id, row.offer_id): row for row in rows - ending}
        ending._end(asked_for)
        new = []
        for code in account.vendor_warehouse_ids:
            for offer, quantity in (offers - over)._quantities_in(code.warehouse_id).items():
                row, asked = known.get((code, offer)), offer.id in asked_for
                if row:
                    row._count(quantity, offer.id in anyway, asked)
                    continue
                new.append(
                    {
                        "account_id": account.id,
                        "warehouse_id": code.id,
                        "offer_id": offer.id,
                        "quantity": quantity,
                        "counted_in_id": code.warehouse_id.id,
                        "is_due": True,
                        "is_asked_for": asked,
                    }
                )
        made = self.create(new)
        # What is there again takes the place of what was deleted.
        self.search(
            [("account_id", "=", account.id), ("offer_id", "=", False), ("sku", "in", made.mapped("sku"))]
        ).unlink()

    def _count(self, quantity, anyway=False, asked=False):
        """Write how many there are now.

        :param bool anyway: Amazon is told of it even if it was told the same.
        :param bool asked: a person wants it told.
        """
        place = self.warehouse_id.warehouse_id
        values = {
            "quantity": quantity,
            "counted_in_id": place.id,
            "is_due": self.is_due or anyway or (quantity, place) != (self.quantity, self.counted_in_id),
            "is_asked_for": self.is_asked_for or asked,
        }
        now = (self.quantity, self.counted_in_id.id, self.is_due, self.is_asked_for)
        if now != tuple(values.values()):
            self.write(values)

    def _end(self, asked_for=()):
        """Have Amazon told that it may sell nothing more of these, which it is told of no more; what it knows to be
        none, and what it was told by no name, goes.

        :param set asked_for: as in :meth:`_note`.
        """
        for row in self:
            is_none = row.accepted_at and not (row.quantity_sent or row.is_due or row.is_sending)
            if is_none or not any(row._names().values()):
                row.unlink()
            else:
                row._count(0, asked=row.offer_id.id in asked_for)

    def _leave(self):
        """The SKUs of these are deleted: Amazon is told under their names that there are none."""
        accounts = self.account_id
        self.write({"offer_id": False, "quantity": 0, "is_due": True})
        accounts.filtered("auto_inventory")._wake_stock()

    # === WHAT IS TOLD === #

    def _names(self):
        """Return by what Amazon knows this, as ``amazon.offer`` does."""
        return self.offer_id._vendor_names() if self.offer_id else vendor_names(self.sku or "", self.asin)

    def _is_over(self):
        """Tell whether its SKU is told no more: whatever was counted, there is none of it."""
        return not self.offer_id or bool(self.offer_id._why_not_sent())

    def _to_tell(self):
        """Return how many Amazon may sell of this.

        :rtype: int
        """
        return 0 if self._is_over() else self.quantity

    @api.model
    def _of(self, code):
        """Return what finds what was counted in the warehouse that a code is now, or need not be counted.

        :param code: the ``amazon.vendor.warehouse``.
        """
        counted = Domain("counted_in_id", "=", code.warehouse_id.id) | Domain("offer_id", "=", False)
        return Domain("warehouse_id", "=", code.id) & counted

    @api.model
    def _due_in(self, code, only_asked=False):
        """Return what finds what Amazon is to be told of a warehouse.

        :param bool only_asked: only what a person asked for.
        """
        due = self._of(code) & Domain("is_due", "=", True)
        return due & Domain("is_asked_for", "=", True) if only_asked else due

    @api.model
    def _all_of(self, code):
        """Return what a full update names."""
        return self.search(self._of(code) & ~ALONE, order="id").filtered(lambda row: not row._is_over())

    @api.model
    def _named_by_full(self, account, codes):
        """Return the SKUs that a full update would name, once all were looked at.

        :param account: the ``amazon.account``.
        :param codes: of which of its ``amazon.vendor.warehouse``.
        :return: the ``amazon.offer``.
        """
        offers = self.env["amazon.offer"].search(
            [("account_id", "=", account.id), ("product_id", "!=", False)], order="id"
        )
        told = {}
        for offer in offers.filtered(lambda offer: not offer._why_not_sent()):
            names = offer._vendor_names()
            told.setdefault(names["sku"] or (names["asin"],), offer)
        offers, named = self.env["amazon.offer"].union(*told.values()), self.env["amazon.offer"]
        for code in codes:
            named |= offers - self.search(Domain("warehouse_id", "=", code.id) & ALONE).offer_id
        return named

    @api.model
    def _some_due_in(self, code, most, only_asked=False, small_first=False):
        """Return what goes in the next call: what may go with any number; else of what was refused among others no more
        than may go together.

        :param int most: no more than these.
        :param bool only_asked: as in :meth:`_due_in`.
        :param bool small_first: begin with those of which the fewest, but not one alone, may go together.
        """
        due = self._due_in(code, only_asked)
        if whole := self.search(due & Domain("together", "=", 0), order="id", limit=most):
            return whole
        first = self.search(due & ~ALONE, order="together, id" if small_first else "together DESC, id", limit=1)
        # What goes by itself keeps no others waiting.
        first = first or self.search(due, order="id", limit=1)
        return self.search(due & Domain("together", "=", first.together), order="id", limit=first.together or 1)

    def _twice(self):
        """Return those of these that Amazon knows by nothing but an ASIN which another of the warehouse stands for.

        :return: these, with the other's SKU.
        :rtype: dict
        """
        named = {row: row._names() for row in self}
        asins = {names["asin"] for names in named.values() if not names["sku"]}
        if not asins:
            return {}
        others = self.search(
            Domain("warehouse_id", "in", self.warehouse_id.ids)
            & (Domain("asin", "in", list(asins)) | Domain("sku", "in", [ASIN + asin for asin in asins])),
            order="id",
        )
        first = {}
        for row in others:
            names = row._names()
            if not (names["sku"] or row._is_over()):
                first.setdefault(names["asin"], row)
        return {
            row: first[names["asin"]].sku
            for row, names in named.items()
            if not names["sku"] and first.get(names["asin"], row) != row
        }

    def _named_in(self, text):
        """Return those of these whose SKU or ASIN stands in a text.

        :param str text: Amazon's.
        """

        def stands(name):
            return name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)

        return self.filtered(lambda row: any(name and stands(name) for name in row._names().values()))

    # === WHAT BECAME OF IT === #

    @api.model
    def _told(self, code, quantities, is_full):
        """Amazon has taken what it was told of a warehouse.

        :param code: the ``amazon.vendor.warehouse``.
        :param dict quantities: by the ids of these, as text: they come out of JSON.
        :param bool is_full: what was not named has none there.
        """
        now = fields.Datetime.now()
        if is_full:
            named = [int(row_id) for row_id in quantities]
            others = self.search([("warehouse_id", "=", code.id), ("id", "not in", named)])
            others.filtered("quantity_sent").quantity_sent = 0
            others.filtered(lambda row: row._is_over()).unlink()
        rows = self.browse(int(row_id) for row_id in quantities).exists()
        for quantity, some in rows.grouped(lambda row: quantities[str(row.id)]).items():
            some.write(
                {
                    "quantity_sent": quantity,
                    "accepted_at": now,
                    "is_sending": False,
                    "together": 0,
                    "refused": False,
                }
            )
        settled = rows.filtered(lambda row: not row.is_due)
        settled.is_asked_for = False
        settled.filtered(lambda row: not row.quantity_sent and row._is_over()).unlink()

    def _not_told(self, why=False, **values):
        """Amazon has not taken these.

        :param str why: in its words.
        """
        self.write({"is_sending": False, "refused": why, **values})

    def _refuse_alone(self, why):
        """Amazon, told of this by itself, does not take it: it goes again, by itself, when it has changed or a person
        wants it; of what it never took, and is told no more, there is nothing to say.

        :param str why: in its words.
        """
        self._not_told(why, together=1)
        self.filtered(lambda row: not row.accepted_at and row._is_over()).unlink()

    @api.model
    def _trouble_text(self, account):
        """Say which SKUs, and which warehouses' stock, Amazon has not taken; an empty text: none.

        :rtype: str
        """
        by_itself = ALONE | Domain("counted_in_id", "=", False)
        refused = self.search(
            Domain("account_id", "=", account.id) & Domain("refused", "!=", False) & by_itself, limit=NAMED + 1
        )
        lines = [
            self.env._(
                "Stock of %(sku)s in %(code)s: %(why)s",
                sku=row.sku,
                code=row.warehouse_id.party_ref,
                why=row.refused,
            )
            for row in refused[:NAMED]
        ]
        if refused[NAMED:]:
            lines.append(self.env._("and more; see “Stock on Amazon”."))
        said = {(row.warehouse_id, row.refused) for row in refused}
        for row in self.env["amazon.vendor.submission"]._inventories_refused(account):
            why = say(self.env, row.message or "–")
            code = row.stock_warehouse_id
            if row.is_full:
                lines.append(self.env._("Full update of %(code)s: %(why)s", code=code.party_ref, why=why))
            elif (code, why) not in said:
                lines.append(self.env._("Stock of %(code)s: %(why)s", code=code.party_ref, why=why))
        return "\n".join(lines)
