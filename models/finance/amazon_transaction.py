from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...refusals import explain
from ...selling_partner import BadRequest, MalformedAnswer, TransactionSearch, likeness, parse_transaction
from ...times import aware, naive
from ..engine.trigram import trigram
from .amazon_amount_type import SUMS
from .exact import NOTHING, Exact

_lt = LazyTranslate(__name__)

# The first time the job looks back so far; Amazon asks for no more than 14 days at once (its pages break down in more).
FIRST_DAYS = 30
WINDOW_DAYS = 14
# In trouble, such as Amazon's errors on the last pages of very many, a window is as long as this.
SHORT_DAYS = 1
TROUBLES = 3
# A transaction may show so late, under its old date.
LATE_HOURS = 48
# Amazon refuses a window that ends in the last two minutes, by its own clock.
RECENT_MINUTES = 10
# So long after it should be released, Amazon is queried about a transaction that still says deferred.
OVERDUE_DAYS = 3
# No order has more pages of transactions.
MOST_PAGES = 20
# Transactions whose orders are read one by one, in a run.
MOST_ORDERS = 50
# So many orders whose transactions were there before them are looked for at once.
LINK_AT_ONCE = 500
# What stands for the number of a transaction that Amazon gave none, before its digest.
NO_NUMBER = "? "
MOST_WITHOUT_NUMBER = 1000

# Amazon's transactionType, of which its model documents the first one only; the others are what sellers have seen.
# Compared in small letters.
KINDS = {
    "shipment": "sale",
    "refund": "refund",
    "chargerefund": "refund",
    "chargeback": "refund",
    "guaranteeclaim": "refund",
    "servicefee": "service_fee",
    "productadspayment": "advertising",
    "fbainventoryreimbursement": "reimbursement",
    "adjustment": "adjustment",
    "miscellaneousledgeradjustment": "adjustment",
    "debtrecovery": "adjustment",
    "retrocharge": "retrocharge",
    "removalshipment": "removal",
    "transfer": "transfer",
}
# Why an acceptance does not hold any more.
CHANGED = _lt("Amazon has changed it.")
HERE = _lt("Its order is here.")
STATES = {"DEFERRED": "deferred", "RELEASED": "released", "DEFERRED_RELEASED": "deferred_released"}


class AmazonTransaction(models.Model):
    """What Amazon's Finances say happened: a sale, a refund, a fee … A deferred one comes twice, and counts once: as
    what it was from the beginning; the copy that says it is paid out is kept, and counts as what it differs by."""

    _name = "amazon.transaction"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search"]
    _description = "Amazon Transaction"
    _order = "posted_at desc, id desc"
    _rec_name = "transaction_ref"
    _rec_names_search = ["order_ref"]
    _amazon_by_id = ("order_id",)
    _amazon_sorted = {"posted_at": ("ASC", "DESC")}

    account_id = fields.Many2one("amazon.account", required=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    order_id = fields.Many2one("sale.order", index="btree_not_null", ondelete="set null", readonly=True)
    order_ref = fields.Char("Amazon Order", readonly=True)
    transaction_ref = fields.Char("Transaction", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("sale", "Sale"),
            ("refund", "Refund"),
            ("service_fee", "Service Fee"),
            ("advertising", "Advertising"),
            ("reimbursement", "Reimbursement"),
            ("adjustment", "Adjustment"),
            ("retrocharge", "Tax Charged Later"),
            ("removal", "Removal"),
            ("transfer", "Payout"),
            ("unclassified", "Not Classified"),
        ],
        required=True,
        readonly=True,
        help="Amazon does not tell a chargeback or an A-to-z claim from a refund; the settlement report does.",
    )
    type_raw = fields.Char("Amazon's Type", readonly=True)
    description = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("deferred", "Deferred"),
            ("released", "Released"),
            ("deferred_released", "Deferred, Released"),
            ("other", "Not Known"),
        ],
        readonly=True,
    )
    posted_at = fields.Datetime("Posted", required=True, readonly=True)
    marketplace_id = fields.Many2one("amazon.marketplace", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = Exact(
        readonly=True,
        help="What the seller's balance changes by. Of a release: by how much it is of another amount than what it"
        " releases, mostly 0.",
        groups="sale_amazon_spapi.group_amazon_accountant",
    )
    released_amount = Exact(
        "Released",
        readonly=True,
        help="What is paid out of an earlier transaction",
        groups="sale_amazon_spapi.group_amazon_accountant",
    )
    buyer_amount = Exact("Buyer's Money", readonly=True)
    fees = Exact(
        readonly=True, help="What Amazon keeps for its services", groups="sale_amazon_spapi.group_amazon_accountant"
    )
    other_amount = Exact(
        "Other",
        readonly=True,
        help="Neither the buyer's money nor fees",
        groups="sale_amazon_spapi.group_amazon_accountant",
    )
    has_unclassified = fields.Boolean("Something Not Classified", readonly=True)
    deferral_reason = fields.Char(readonly=True, help="DD7: seven days after delivery. B2B: paid by invoice")
    matures_at = fields.Datetime("Released on", readonly=True)
    deferred_ref = fields.Char("Release of", readonly=True)
    counts = fields.Boolean(readonly=True, help="No: it repeats what an earlier transaction says")
    settlement_ref = fields.Char("Settlement", readonly=True, groups="sale_amazon_spapi.group_amazon_accountant")
    refund_ref = fields.Char("Refund ID", readonly=True)
    shipment_ref = fields.Char("Shipment ID", readonly=True)
    unreadable = fields.Char("Cannot Be Read", readonly=True, help="Where in Amazon's answer")
    release_ref = fields.Char("Released by", readonly=True)
    digest = fields.Char(readonly=True, help="Of what was received, to see whether it has changed")
    payload = fields.Text(
        "As Received", readonly=True, prefetch=False, groups="sale_amazon_spapi.group_amazon_accountant"
    )
    queried_at = fields.Datetime(readonly=True, help="When Amazon was last queried about this one alone")
    credit_note_id = fields.Many2one("account.move", readonly=True, index="btree_not_null", ondelete="set null")
    line_ids = fields.One2many(
        "amazon.transaction.line",
        "transaction_id",
        "Amounts",
        readonly=True,
        groups="sale_amazon_spapi.group_amazon_accountant",
    )
    is_release = fields.Boolean(compute="_compute_is_release")
    has_fractions = fields.Boolean(
        compute="_compute_has_fractions",
        help="Some of its amounts are shown rounded; they are added up as they are.",
        groups="sale_amazon_spapi.group_amazon_accountant",
    )

    # The id first, by which a person looks for one, too.
    _transaction_uniq = models.UniqueIndex("(transaction_ref, account_id)")
    _posted_idx = models.Index("(posted_at DESC, id DESC)")
    _order_ref_idx = models.Index("(order_ref) WHERE order_ref IS NOT NULL")
    _order_ref_part_idx = models.Index(trigram("order_ref"))
    _without_order_idx = models.Index("(posted_at DESC, id DESC) WHERE (order_ref IN ('') OR order_ref IS NULL)")
    _settlement_idx = models.Index("(settlement_ref, posted_at DESC, id DESC) WHERE settlement_ref IS NOT NULL")
    # As the query of those without their orders says it.
    _unlinked_idx = models.Index(
        "(account_id, posted_at DESC, id DESC) WHERE order_id IS NULL AND order_ref IS NOT NULL"
        " AND (order_ref NOT LIKE 'S%' OR order_ref IS NULL)"
    )
    _deferred_idx = models.Index("(account_id, matures_at) WHERE state IN ('deferred')")
    _deferred_ref_idx = models.Index("(account_id, deferred_ref) WHERE deferred_ref IS NOT NULL")
    _release_ref_idx = models.Index("(account_id, release_ref) WHERE release_ref IS NOT NULL")
    _unclassified_idx = models.Index("(posted_at DESC, id DESC) WHERE has_unclassified IS TRUE")
    _refund_idx = models.Index("(posted_at DESC, id DESC) WHERE kind IN ('refund')")

    # === COMPUTE METHODS === #

    @api.depends("counts")
    def _compute_is_release(self):
        for transaction in self:
            transaction.is_release = not transaction.counts

    @api.depends("line_ids.amount", "currency_id")
    def _compute_has_fractions(self):
        for transaction in self:
            currency = transaction.currency_id
            transaction.has_fractions = bool(currency) and any(
                abs(currency.round(amount) - amount) > NOTHING for amount in transaction.line_ids.mapped("amount")
            )

    # === BUSINESS METHODS: READING === #

    @api.model
    def _sync(self, run):
        """Read what was posted since the last run, and what an earlier transaction has become.

        :param run: the :class:`.run.Run`.
        """
        with run.calling():
            search = self._opened(run.job) or self._window(run.job, self._start(run.job))
            run.job._read_pages(
                run,
                search,
                self._reader(run.amazon),
                lambda search, page: self._keep(run, search, page),
                then=lambda search: self._next_window(run.job, search),
            )
            self._link(run)
            self._judge_starts(run)
            self.env["amazon.amount.type"]._recount_all(run)
            return self._query_overdue(run)

    @api.model
    def _reader(self, amazon):
        """Return what reads a page of a search. Amazon has been seen to give a page again under another token, and
        tokens that lead round: what came before is left out, and a token that came before is no next page.

        :param amazon: the client.
        """
        seen, tokens = set(), set()

        def read(search, token):
            if token is None:
                seen.clear()
                tokens.clear()
            page = amazon.finances.transactions(search, token)
            if page.marks and seen.issuperset(page.marks):
                page = replace(page, transactions=(), next_token=None if page.next_token in tokens else page.next_token)
            seen.update(page.marks)
            tokens.add(page.next_token)
            return page

        return read

    @api.model
    def _opened(self, job):
        """Return the search that is open, if it is one that goes on: in trouble it begins anew, with less at once; one
        without an end grows too long."""
        search = job.open_search and TransactionSearch.from_json(job.open_search)
        if not search or job.failures >= TROUBLES:
            return None
        longest = timedelta(days=WINDOW_DAYS)
        return search if search.posted_before or naive(search.posted_after) > fields.Datetime.now() - longest else None

    @api.model
    def _start(self, job):
        return job.cursor or fields.Datetime.now() - timedelta(days=FIRST_DAYS)

    @api.model
    def _window(self, job, start):
        """Return the search for what was posted from a moment on (UTC, naive). The last one has no end: what that is,
        Amazon's clock says."""
        end = start + timedelta(days=SHORT_DAYS if job.failures >= TROUBLES else WINDOW_DAYS)
        recent = fields.Datetime.now() - timedelta(minutes=RECENT_MINUTES)
        # No marketplace: where one is named, Amazon leaves out some of what is sold there.
        return TransactionSearch(posted_after=aware(start), posted_before=aware(end) if end < recent else None)

    @api.model
    def _next_window(self, job, search):
        return self._window(job, naive(search.posted_before)) if search.posted_before else None

    @api.model
    def _keep(self, run, search, page):
        """Keep a page; with the last one the job's cursor moves on, but not past what may still show late."""
        self._receive(run.account, page.transactions, run.log)
        if not page.next_token:
            safe = fields.Datetime.now() - timedelta(hours=LATE_HOURS)
            end = naive(search.posted_before) if search.posted_before else safe
            if not run.job.cursor:
                run.job.known_since = naive(search.posted_after)
            run.job.cursor = max(self._start(run.job), min(end, safe))

    @api.model
    def _query_overdue(self, run):
        """Read once more the orders of what should have been released long ago: a change of state has no date of its
        own, and no search by date would ever show it.

        :return: whether there are more of them.
        """
        now = fields.Datetime.now()
        late = now - timedelta(days=OVERDUE_DAYS)
        due = Domain("matures_at", "<", late) | (Domain("matures_at", "=", False) & Domain("posted_at", "<", late))
        asked = Domain("queried_at", "=", False) | Domain("queried_at", "<", now - timedelta(days=1))
        mine = Domain("account_id", "in", run.account._of_merchant().ids) & Domain("state", "=", "deferred")
        found = self.search(
            mine & Domain("order_ref", "!=", False) & due & asked,
            order="queried_at nulls first, id",
            limit=MOST_ORDERS,
        )
        for order_ref, transactions in found.grouped("order_ref").items():
            try:
                self._query_order(run.account, run.amazon, order_ref, run.log)
            except (BadRequest, MalformedAnswer) as error:
                # It is this order's trouble alone, and may be for good.
                run.log._note(_lt("%(order)s could not be read again: %(why)s", order=order_ref, why=explain(error)[1]))
            transactions.queried_at = now
            run.checkpoint(1)
        return len(found) == MOST_ORDERS

    @api.model
    def _query_order(self, account, amazon, order_ref, log=None):
        """Read all transactions of one order, to be committed by the caller.

        :param account: the ``amazon.account``.
        :param amazon: its client.
        :param str order_ref: Amazon's number.
        :param log: the ``amazon.log`` row of the run, if it is one.
        """
        search, token, read = TransactionSearch(order_id=order_ref), None, self._reader(amazon)
        for _page in range(MOST_PAGES):
            page = read(search, token)
            self._receive(account, page.transactions, log)
            token = page.next_token
            if not token:
                return

    # === BUSINESS METHODS: KEEPING === #

    @api.model
    def _receive(self, account, entries, log=None):
        """Keep transactions as Amazon shows them: new ones, and known ones that have changed.

        :param account: the ``amazon.account``.
        :param entries: ``selling_partner`` received transactions.
        :param log: the ``amazon.log`` row of the run, if it is one.
        """
        log = log if log is not None else self.env["amazon.log"]
        entries = {entry.transaction_id: entry for entry in map(self._with_number, entries)}
        mine = Domain("account_id", "in", account._of_merchant().ids)
        found = self.search(mine & Domain("transaction_ref", "in", list(entries)))
        known = {transaction.transaction_ref: transaction for transaction in found}
        names = {}
        read = {
            ref: self._read(log, entry, names)
            for ref, entry in entries.items()
            if ref not in known or known[ref].digest != entry.digest
        }
        new = {ref: vals for ref, (vals, _leaves) in read.items() if ref not in known and not vals["unreadable"]}
        known |= self._had_no_number(mine, new, entries)
        spoiled = [ref for ref, (vals, _leaves) in read.items() if ref in known and vals["unreadable"]]
        for ref in spoiled:
            known[ref]._spoil(read.pop(ref)[0])
        self._set_orders(account, [vals for vals, _leaves in read.values()])
        new = {ref: {**vals, "account_id": account.id} for ref, (vals, _) in read.items() if ref not in known}
        changed = self.union(*(known[ref] for ref in read if ref in known))
        related = changed._together()
        before = related.order_id
        changed.line_ids.unlink()
        for ref, (vals, _leaves) in read.items():
            if ref in known:
                known[ref]._ask_again_with(vals)
                known[ref].write(vals)
        touched = changed | self.create(list(new.values()))
        self.env["amazon.transaction.line"]._make(
            (transaction, read[transaction.transaction_ref][1]) for transaction in touched
        )
        touched |= touched._pair(related)
        touched._add_up()
        (before | touched.order_id)._amazon_add_up()
        touched._accept_by_itself()
        for row in log:
            row.received += len(new)

    @api.model
    def _with_number(self, entry):
        """Return an entry that can be told from others. One without a number cannot be read, is kept by what it
        says, and does not count: the same may come with its number."""
        return entry if entry.transaction_id else replace(entry, transaction_id=f"{NO_NUMBER}{entry.digest}")

    @api.model
    def _had_no_number(self, mine, new, entries):
        """Return what had come without a number before, and comes with one now, by that number.

        :param mine: the domain of the merchant's transactions.
        :param dict new: the values of those that were not known, by their numbers.
        :param dict entries: all that comes now; what goes on coming without a number has none yet.
        """
        if not new:
            return {}
        unknown = Domain("has_unclassified", "=", True) & Domain("transaction_ref", "=like", f"{NO_NUMBER}%")
        those = self.search_fetch(mine & unknown, ["transaction_ref", "payload"], limit=MOST_WITHOUT_NUMBER)
        without = defaultdict(list)
        for one in those:
            if one.transaction_ref not in entries and (like := likeness(one.payload)):
                without[like].append(one)
        if not without:
            return {}
        alike = ((ref, without.get(likeness(vals["payload"]))) for ref, vals in new.items())
        return {ref: ones.pop() for ref, ones in alike if ones}

    def _was_read(self):
        """Tell whether it is known what it says, or was before Amazon gave it as something that cannot be read."""
        return not self.unreadable or bool(self.currency_id)

    def _spoil(self, vals):
        """Leave what cannot be read any more as it was read, and say so.

        :param dict vals: as :meth:`_read` returns it.
        """
        self.write({"digest": vals["digest"], "unreadable": vals["unreadable"], "has_unclassified": True})
        self._amazon_ask_again(CHANGED)

    @api.model
    def _id_of(self, known, model, field, name):
        """Return the id of a currency or a marketplace.

        :param dict known: of those that were looked up before; what is looked up is added.
        """
        if (model, name) not in known:
            found = self.env[model].with_context(active_test=False).search([(field, "=", name)], limit=1)
            known[model, name] = found.id
        return known[model, name]

    @api.model
    def _read(self, log, entry, known):
        """Return the values of a transaction, and its leaves.

        :param log: as in :meth:`_receive`.
        :param entry: a ``selling_partner`` received transaction.
        :param dict known: see :meth:`_id_of`.
        """
        kept = {
            "transaction_ref": entry.transaction_id,
            "payload": entry.payload.decode("utf-8", "replace").replace("\x00", ""),
            "digest": entry.digest,
            "counts": True,
            "unreadable": False,
        }
        try:
            value = parse_transaction(entry.payload)
        except MalformedAnswer as error:
            log._unread_transaction(entry, error)
            nothing = {"kind": "unclassified", "posted_at": fields.Datetime.now(), "has_unclassified": True}
            return {**kept, **nothing, "unreadable": error.path or "?"}, ()
        deferred = [ref for ref in value.deferred_ids if ref != entry.transaction_id]
        total = float(value.total.amount)
        vals = {
            **kept,
            "order_ref": value.order_id,
            "kind": KINDS.get(value.type.lower(), "unclassified"),
            "type_raw": value.type,
            "description": value.description,
            "state": STATES.get(value.status, "other"),
            "posted_at": naive(value.posted_at),
            "marketplace_id": self._id_of(known, "amazon.marketplace", "api_ref", value.marketplace_id),
            "currency_id": self._id_of(known, "res.currency", "name", value.currency),
            "amount": total,
            "released_amount": total if deferred else 0,
            "deferral_reason": value.deferral_reason,
            "matures_at": naive(value.matures_at),
            "deferred_ref": "\n".join(deferred),
            "names_several": len(deferred) > 1,
            "release_ref": value.release_id,
            "settlement_ref": value.settlement_id,
            "refund_ref": value.refund_id,
            "shipment_ref": value.shipment_id,
        }
        return {name: val or False if isinstance(val, str) else val for name, val in vals.items()}, value.leaves

    @api.model
    def _set_orders(self, account, vals_list):
        """Fill in the orders that are here."""
        refs = {vals.get("order_ref") for vals in vals_list} - {None, False}
        orders = {order.amazon_order_ref: order.id for order in self._orders(account, refs)}
        for vals in vals_list:
            vals["order_id"] = orders.get(vals.get("order_ref"), False)

    @api.model
    def _orders(self, account, refs):
        """Return the orders of an account with these numbers.

        :param refs: Amazon's numbers, or a query of them.
        """
        return self.env["sale.order"].search(
            [("amazon_merchant_id", "=", account.merchant_id), ("amazon_order_ref", "in", refs)], limit=LINK_AT_ONCE
        )

    def _add_up(self):
        """Write what the amounts come to."""
        sums = self._sums()
        for transaction in self:
            buyers, fees, other, unclassified = (sums[transaction.id, name] for name in SUMS)
            transaction.write(
                {
                    "buyer_amount": buyers,
                    "fees": fees,
                    "other_amount": other + unclassified,
                    "has_unclassified": (transaction.id, "unclassified") in sums
                    or transaction.kind == "unclassified"
                    or bool(transaction.unreadable),
                    # What is not classified may be the buyer's.
                    "differs": not transaction.counts
                    and transaction._is_money(transaction.amount, buyers + unclassified),
                }
            )

    def _sums(self):
        """Return the sums of the amounts by (transaction's id, which sum).

        :rtype: Counter
        """
        sums = Counter()
        for transaction, amount_type, amount in self.env["amazon.transaction.line"]._read_group(
            [("transaction_id", "in", self.ids)], ["transaction_id", "type_id"], ["amount:sum"]
        ):
            sums[transaction.id, amount_type._sum()] += amount
        return sums

    # === BUSINESS METHODS: ORDERS THAT CAME LATER === #

    @api.model
    def _link(self, run):
        """Give orders what belongs to them where whoever made them was killed before he had looked for it."""
        unlinked = self._without_its_order(run.account._of_merchant())
        while orders := self._orders(run.account, self._search(unlinked).subselect("order_ref")):
            self._link_to(orders)
            run.checkpoint(len(orders))

    @api.model
    def _without_its_order(self, accounts):
        """Return the domain of accounts' transactions whose orders are not here, and might be."""
        return (
            Domain("account_id", "in", accounts.ids)
            & Domain("order_id", "=", False)
            & Domain("order_ref", "!=", False)
            # What Amazon ships for other channels (S01-…) is no order here.
            & Domain("order_ref", "not =like", "S%")
        )

    @api.model
    def _not_classified(self, account):
        """Return the domain of an account's transactions of which not all is known."""
        return Domain("account_id", "=", account.id) & Domain("has_unclassified", "=", True)

    @api.model
    def _link_to(self, orders):
        """Give orders what came in of them before they were here, however long ago.

        :param orders: ``sale.order`` records.
        """
        for merchant, mine in orders.grouped("amazon_merchant_id").items():
            by_ref = {order.amazon_order_ref: order for order in mine}
            found = self.with_context(active_test=False).search(
                Domain("order_ref", "in", list(by_ref))
                & Domain("order_id", "=", False)
                & Domain("account_id", "any", [("merchant_id", "=", merchant)])
            )
            found._amazon_ask_again(HERE)
            for transaction in found:
                transaction.order_id = by_ref[transaction.order_ref]
            found |= found._give_to_related()
            found.order_id._amazon_add_up()
