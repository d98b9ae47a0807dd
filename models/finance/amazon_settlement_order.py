"""What a settlement has of each order, and which invoices and credit notes that pays."""

from collections import defaultdict
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from .amazon_amount_type import BUYERS
from .amazon_transaction_type import REFUNDS
from .noting_together import noting_together

# Which lines of orders stand on which of invoices.
LINKED = "sale_order_line_invoice_rel"
# So many pairs of journal items are matched at once: Odoo compares each exchange difference with each of them.
AT_ONCE = 500
REASONS = [
    ("no_order", "Names no order"),
    ("not_here", "The order is not in Odoo: import it"),
    ("no_invoice", "No invoice: invoice the order"),
    ("no_note", "No credit note: make one"),
    ("draft", "Invoice or credit note is a draft: post it"),
    ("currency", "Invoiced in another currency"),
    ("paid", "Invoice or credit note is paid already"),
    ("more", "More than is open"),
    ("less", "Less than is open: the rest stays open"),
    ("undone", "Paid or changed since it was booked"),
    ("refused", "Odoo refuses to match them: see the settlement"),
]


class AmazonSettlementOrder(models.Model):
    """A part of an order's money as it is booked: the invoice or credit note that it pays, or why it pays none."""

    _name = "amazon.settlement.order"
    _inherit = ["amazon.guard"]
    _description = "Amazon Settlement Order"
    _order = "settlement_id desc, id"
    _rec_name = "order_ref"
    _log_access = False

    settlement_id = fields.Many2one("amazon.settlement", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    currency_id = fields.Many2one(related="settlement_id.currency_id", store=True)
    month = fields.Date("Month from", readonly=True)
    order_ref = fields.Char("Amazon Order", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True, index="btree_not_null", ondelete="set null")
    is_refund = fields.Boolean("Refund", readonly=True)
    amount = fields.Monetary(readonly=True, help="What the buyer paid; negative: what the buyer got back")
    reason = fields.Selection(REASONS, "Not Matched because", readonly=True, index="btree_not_null")
    invoice_id = fields.Many2one(
        "account.move", "Invoice or Credit Note", readonly=True, index="btree_not_null", ondelete="set null"
    )
    paid_line_id = fields.Many2one("account.move.line", readonly=True, index="btree_not_null", ondelete="set null")
    line_id = fields.Many2one(
        "account.move.line", "Journal Item", required=True, readonly=True, index=True, ondelete="cascade"
    )

    # === BUSINESS METHODS: WHAT PAYS WHAT === #

    @api.model
    def _parts(self, settlement, last_month):
        """Return the buyers' money of a settlement in the parts in which it is booked.

        :param settlement: the ``amazon.settlement``.
        :param date last_month: its last month; what is of a later day is booked with it.
        :return: a list of values of these records, without the journal items.
        """
        sums = self._sums(settlement, last_month)
        open_ones = _Open(settlement, {row["order_id"] for row in sums if row["order_id"]})
        parts = [part for row in sums for part in open_ones.divide(row)]
        open_ones.remark()
        return parts

    @api.model
    def _sums(self, settlement, last_month):
        """Return what a settlement has of each order, month by month."""
        types = self.env["amazon.amount.type"].search([("kind", "in", BUYERS)])
        refunds = self.env["amazon.transaction.type"].search([("kind", "in", REFUNDS)])
        self.env["amazon.settlement.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT LEAST(date_trunc('month', posted_on)::date, %(last)s) AS month, order_ref, order_id,"
                " transaction_type_id IN %(refunds)s AS is_refund, SUM(amount)"
                " FROM amazon_settlement_line WHERE settlement_id = %(settlement)s AND type_id IN %(types)s"
                " GROUP BY 1, 2, 3, 4 ORDER BY 1, 4, 2, 3",
                last=last_month,
                refunds=tuple(refunds.ids) or (0,),
                settlement=settlement.id,
                types=tuple(types.ids) or (0,),
            )
        )
        names = ("month", "order_ref", "order_id", "is_refund")
        currency = settlement.currency_id
        return [
            {**dict(zip(names, row, strict=False)), "amount": currency.round(float(amount))}
            for *row, amount in rows
            if not currency.is_zero(float(amount))
        ]

    # === BUSINESS METHODS: POSTED ENTRIES === #

    def _reconcile(self):
        """Have these, whose entries are posted, pay what they are for, as far as that is still open."""
        pays = self.filtered(lambda part: part.paid_line_id)
        ready = pays.filtered(
            lambda part: (
                part.paid_line_id.parent_state == "posted"
                and not part.line_id.reconciled
                and part.line_id.account_id == part.paid_line_id.account_id
            )
        )
        parted = ready._part()
        pairs = [part.line_id | part.paid_line_id for part in ready] + parted
        for some in split_every(AT_ONCE, pairs):
            with noting_together(self.env) as env:
                # Nothing on an invoice changes by being paid: Odoo need not look whether it did.
                lines = env["account.move.line"].with_context(skip_invoice_sync=True)
                # What is paid by others before is left.
                lines._reconcile_plan([pair.with_env(lines.env) for pair in some if not any(pair.mapped("reconciled"))])
        lost = pays.filtered(lambda part: not part.line_id.reconciled)
        # What pays a part only stays that, to be listed as it is when it pays again.
        lost.filtered(lambda part: part.reason not in ("undone", "less")).reason = "undone"
        (pays - lost).filtered(lambda part: part.reason in ("undone", "refused")).reason = False

    def _note_lost(self):
        """Say of what pays nothing, because there is no invoice any more, that it does not."""
        self.filtered(lambda part: not part.paid_line_id and part.reason in (False, "less")).reason = "undone"

    @api.model
    def _note_undone(self, items):
        """Say of what is posted, and pays its invoice no more, that it does not.

        :param items: ``account.move.line`` records that were matched.
        """
        posted = [("line_id", "in", items.ids), ("line_id.parent_state", "=", "posted"), ("reason", "=", False)]
        self.search(posted).filtered(lambda part: not part.line_id.reconciled).reason = "undone"

    @api.model
    def _note_done(self, items):
        """Take back that what pays an invoice does not: a person has matched it.

        :param items: ``account.move.line`` records that are matched now.
        """
        parts = self.search([("line_id", "in", items.ids), ("reason", "in", ("undone", "refused"))])
        parts.filtered(
            lambda part: (
                part.line_id.reconciled
                and part.paid_line_id in self.env["amazon.settlement"]._matched_with(part.line_id)
            )
        ).reason = False

    def _part(self):
        """Take invoices and their credit notes apart where more has been paid than is open: Odoo matches a credit note
        with its invoice, and Amazon gives back what the buyer had paid.

        :return: the journal items that were matched, two and two, for what of them these do not pay.
        """
        parted = []
        for item, parts in self.grouped("paid_line_id").items():
            wanted = sum(abs(part.amount) for part in parts)
            if item.currency_id.compare_amounts(wanted, abs(item.amount_residual_currency)) <= 0:
                continue
            for partial in item.matched_debit_ids | item.matched_credit_ids:
                other = (partial.debit_move_id | partial.credit_move_id) - item
                if other.move_id.move_type in ("out_invoice", "out_refund"):
                    parted.append(item | other)
                    partial.unlink()
        return parted

    # === ACTION METHODS === #

    def action_view_order(self):
        """Open the order; where it is not here, what the settlement has of it."""
        self.ensure_one()
        if not self.order_id:
            action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_lines")
            lines = [("settlement_id", "=", self.settlement_id.id), ("order_ref", "=", self.order_ref)]
            return {**action, "domain": lines, "context": {"create": False}}
        return self.order_id._amazon_form()

    def action_view_invoice(self):
        """Open the invoice or credit note that this pays."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "form",
            "res_id": self.invoice_id.id,
            "context": {"create": False},
        }


@dataclass(eq=False, slots=True)
class _Item:
    """A journal item of a receivable.

    :param open: what is to be paid of it, in the settlement's currency; less with each part that pays it.
    """

    id: int
    account_id: int
    partner_id: int
    open: float


class _Open:
    """What of orders' invoices and credit notes is open, and is used up one part after the other."""

    def __init__(self, settlement, order_ids):
        self.env = settlement.env
        self.settlement = settlement
        self.currency = settlement.currency_id
        self.orders = self.env["sale.order"].browse(order_ids)
        # The items of their receivables, by move.
        self.items = defaultdict(list)
        # What of a move an order may be paid with, by (order, move).
        self.shares = {}
        # Moves by order, whether they are posted or not; the first are used up first.
        self.moves = defaultdict(list)
        self.states = {}
        # Items that are matched with each other as (item, item, amount), by the id of either; and those taken apart.
        self.matched = defaultdict(list)
        self.parted = []
        # The last part of each order and move.
        self.last = {}
        self._read()

    # === WHAT THERE IS === #

    def _read(self):
        if not self.orders:
            return
        self.env.flush_all()
        self._read_moves(self.orders)
        # What is combined is invoiced together with another one.
        for order in self.orders.browse(set(self.orders.ids) - set(self.moves)):
            family = order.amazon_family_id.amazon_family_member_ids - order
            if family:
                self._read_moves(family, order)
        self._read_notes()
        self._read_items()
        self._read_matched()
        self._read_other_drafts()

    def _read_moves(self, orders, instead=None):
        """Read which invoices and credit notes orders have by their lines.

        :param instead: the order that is paid with them all; None: each with its own.
        """
        lines = self._select("sale_order_line", ("id",), "order_id", orders.ids)
        items = self._select(LINKED, ("invoice_line_id",), "order_line_id", [line for [line] in lines])
        found = self._select("account_move_line", ("move_id",), "id", [item for [item] in items])
        shares = self._shares({move for [move] in found})
        counting = [
            ("id", "in", list(shares)),
            ("state", "in", ("draft", "posted")),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("company_id", "=", self.settlement.company_id.id),
        ]
        wanted = set(orders.ids)
        for move in self.env["account.move"].search(counting, order="invoice_date, id"):
            of_move = shares[move.id]
            for order_id in sorted(wanted & set(of_move)):
                share = move.amount_total if instead or len(of_move) == 1 else of_move[order_id]
                self._know(instead.id if instead else order_id, move.id, move.state, move.move_type, share)

    def _shares(self, move_ids):
        """Return what invoices and credit notes have of each order, as far as their lines are linked.

        :return: amounts by order, by move.
        :rtype: dict
        """
        items = self._select("account_move_line", ("id", "move_id", "price_total"), "move_id", move_ids)
        linked = self._select(
            LINKED, ("invoice_line_id", "order_line_id"), "invoice_line_id", [row[0] for row in items]
        )
        order_of = dict(self._select("sale_order_line", ("id", "order_id"), "id", {line for _item, line in linked}))
        orders_of = defaultdict(set)
        for item, line in linked:
            orders_of[item].add(order_of[line])
        shares = defaultdict(lambda: defaultdict(float))
        for item, move, total in items:
            for order in orders_of[item]:
                shares[move][order] += float(total or 0)
        return shares

    def _select(self, table, columns, by, ids):
        """Return rows of a table. Of joined ones PostgreSQL, which may not know yet how much is new in them,
        would choose ways that take minutes."""
        names = SQL(", ").join(SQL.identifier(column) for column in columns)
        where = SQL("%s = ANY(%s)", SQL.identifier(by), list(ids))
        return self.env.execute_query(SQL("SELECT %s FROM %s WHERE %s", names, SQL.identifier(table), where))

    def _read_notes(self):
        """Read the credit notes that no line of an order is linked with."""
        refunded = self.env["account.move"].search(
            [
                ("reversed_entry_id", "in", [move for _order, move in self.shares]),
                ("move_type", "=", "out_refund"),
                ("state", "in", ("draft", "posted")),
            ]
        )
        of_move = defaultdict(set)
        for order_id, move_id in self.shares:
            of_move[move_id].add(order_id)
        for note in refunded.sorted(lambda note: (note.invoice_date or note.date, note.id)):
            for order in self.orders.browse(of_move[note.reversed_entry_id.id]):
                if note in order._amazon_notes() and (order.id, note.id) not in self.shares:
                    share = abs(order._amazon_credit_of(note))
                    self._know(order.id, note.id, note.state, note.move_type, share)

    def _know(self, order_id, move_id, state, move_type, share):
        if (order_id, move_id) not in self.shares:
            self.moves[order_id, move_type].append(move_id)
            self.moves[order_id].append(move_id)
            self.shares[order_id, move_id] = float(share)
            self.states[move_id] = state

    def _read_items(self):
        """Read what is open of them."""
        items = self.env["account.move.line"].search_fetch(
            [
                ("move_id", "in", [move for move, state in self.states.items() if state == "posted"]),
                ("account_id.account_type", "=", "asset_receivable"),
                ("currency_id", "=", self.currency.id),
            ],
            ["move_id", "account_id", "partner_id", "amount_residual_currency"],
            order="date_maturity, id",
        )
        for item in items:
            self.items[item.move_id.id].append(
                _Item(item.id, item.account_id.id, item.partner_id.id, abs(item.amount_residual_currency))
            )

    def _read_matched(self):
        """Read which invoices and credit notes Odoo has matched with each other."""
        by_id = {item.id: item for items in self.items.values() for item in items}
        partials = self.env["account.partial.reconcile"].search(
            [("debit_move_id", "in", list(by_id)), ("credit_move_id", "in", list(by_id))]
        )
        for partial in partials:
            debit, credit = by_id[partial.debit_move_id.id], by_id[partial.credit_move_id.id]
            for item in (debit, credit):
                self.matched[item.id].append((debit, credit, partial.debit_amount_currency))

    def _read_other_drafts(self):
        """Leave to other settlements what they are going to pay, and take off orders' shares what they have paid."""
        booked = self.env["amazon.settlement.order"]._read_group(
            Domain("invoice_id", "in", list(self.states))
            & Domain("paid_line_id", "!=", False)
            & Domain("settlement_id", "!=", self.settlement.id)
            & Domain("line_id.parent_state", "in", ("draft", "posted")),
            ["order_id", "invoice_id", "paid_line_id", "line_id.parent_state"],
            ["amount:sum"],
        )
        for order, move, item, state, amount in booked:
            if (order.id, move.id) in self.shares:
                self.shares[order.id, move.id] -= abs(amount)
            for each in self.items[move.id]:
                if state == "draft" and each.id == item.id:
                    each.open -= abs(amount)

    # === WHAT IS USED === #

    def divide(self, row):
        """Return a sum in parts: what pays an invoice or credit note each, and the rest with the reason."""
        kind = "out_invoice" if row["amount"] > 0 else "out_refund"
        sign, left = (1 if row["amount"] > 0 else -1), abs(row["amount"])
        order_id, parts, was_open = row["order_id"], [], False
        moves = self.moves.get((order_id, kind), ()) if order_id else ()
        for move_id in moves:
            for item in self.items[move_id]:
                if self.currency.compare_amounts(left, item.open) > 0:
                    self._part(item)
                usable = self.currency.round(min(left, item.open, self.shares[order_id, move_id]))
                was_open = was_open or item.open > 0
                if self.currency.compare_amounts(usable, 0) <= 0:
                    continue
                item.open -= usable
                self.shares[order_id, move_id] -= usable
                left = self.currency.round(left - usable)
                part = {
                    **row,
                    "amount": sign * usable,
                    "invoice_id": move_id,
                    "paid_line_id": item.id,
                    "account_id": item.account_id,
                    "partner_id": item.partner_id,
                    "reason": False,
                }
                self.last[order_id, move_id] = part
                parts.append(part)
        if not self.currency.is_zero(left):
            reason = self._reason(row, moves, was_open)
            parts.append({**row, "amount": sign * left, "invoice_id": moves[0] if moves else False, "reason": reason})
        return parts

    def _part(self, item):
        """Take an invoice and its credit notes apart, as :meth:`AmazonSettlementOrder._part` is going to."""
        for both in self.matched.pop(item.id, ()):
            one, other, amount = both
            one.open += amount
            other.open += amount
            rest = other if one is item else one
            self.matched[rest.id].remove(both)
            self.parted.append((one, other))

    def _reason(self, row, moves, was_open):
        if not row["order_id"]:
            return "not_here" if row["order_ref"] else "no_order"
        if not moves:
            return "no_invoice" if row["amount"] > 0 else "no_note"
        if all(self.states[move] == "draft" for move in moves):
            return "draft"
        if not any(self.items[move] for move in moves):
            return "currency"
        return "more" if was_open else "paid"

    def remark(self):
        """Say of what pays a part only that the rest stays open."""
        for one, other in self.parted:
            # What nothing is paid of is matched again.
            rest = min(one.open, other.open)
            one.open, other.open = one.open - rest, other.open - rest
        for (order_id, move_id), part in self.last.items():
            still = min(sum(item.open for item in self.items[move_id]), self.shares[order_id, move_id])
            if self.currency.compare_amounts(still, 0) > 0:
                part["reason"] = "less"
