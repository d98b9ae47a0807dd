"""The deposit of a settlement: the payout waits on the clearing account until the bank's side of it is there, whether
that is a line of the bank's statement, an entry made by hand, or the next settlement that has the money once more."""

from collections import defaultdict
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Deposits are looked for from so many days before Amazon's date until so many after it.
DAYS_BEFORE, DAYS_AFTER = 7, 60
# What differs by more than this part of the payout is another deposit: banks keep fees, and convert.
NEAR = 0.1
# So many are shown; so many settlements, and open items of theirs, are looked through.
SHOWN, MOST = 20, 1000
# Of payouts that the bank may have in one deposit: so many that follow each other, or two of so many.
IN_A_ROW, IN_TWOS = 10, 50
STATES = [
    ("waiting", "Waiting"),
    ("partly", "Matched in Part"),
    ("matched", "Matched"),
    ("returned", "Sent Back by the Bank"),
]


class AmazonSettlement(models.Model):
    _inherit = "amazon.settlement"

    deposit_state = fields.Selection(
        STATES,
        "Bank Deposit",
        compute="_compute_deposit_state",
        search="_search_deposit_state",
        help="Whether the money that is on its way, once it is posted, is matched with what the bank has.",
    )
    payout_item_id = fields.Many2one(
        "account.move.line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="With which the payout waits for the bank, since it was posted",
    )
    deposit_item_ids = fields.Many2many(
        "account.move.line",
        "amazon_settlement_deposit_rel",
        "settlement_id",
        "item_id",
        readonly=True,
        help="What it was matched with: it is so again when its entries are posted again.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payout_item_id.parent_state", "payout_item_id.reconciled")
    def _compute_deposit_state(self):
        payouts = self._payouts()
        for settlement in self:
            settlement.deposit_state = self._deposit_state_of(payouts.get(settlement))

    @api.model
    def _deposit_state_of(self, payout):
        """Return what has become of the journal item of a payout; none: there is nothing to match."""
        if not payout or payout.parent_state != "posted":
            return False
        others = self._matched_with(payout)
        # What reverses entries that are booked anew since has the money of these.
        if any(entry.amazon_settlement_month for entry in others.move_id.reversed_entry_id):
            return False
        if not payout.reconciled:
            return "partly" if others else "waiting"
        return "returned" if others.move_id.amazon_settlement_id else "matched"

    def _search_deposit_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        of_item = self._deposit_domains()
        wanted = Domain.OR(Domain("payout_item_id", "any", of_item[state]) for state in value)
        if False in value:
            wanted |= Domain("payout_item_id", "=", False)
        # sudo: see _payouts
        return [("id", "in", self.sudo()._search(wanted))]

    @api.model
    def _deposit_domains(self):
        """Return the domains of the journal items of payouts, by what :meth:`_deposit_state_of` says of them."""
        posted, whole = Domain("parent_state", "=", "posted"), Domain("reconciled", "=", True)
        matched = Domain("matched_debit_ids", "!=", False) | Domain("matched_credit_ids", "!=", False)
        others = ("matched_debit_ids.debit_move_id.move_id", "matched_credit_ids.credit_move_id.move_id")
        returned = Domain.OR(Domain(f"{other}.amazon_settlement_id", "!=", False) for other in others)
        undone = Domain.OR(
            Domain(f"{other}.reversed_entry_id.amazon_settlement_month", "!=", False) for other in others
        )
        return {
            False: ~posted | undone,
            "waiting": posted & ~whole & ~matched,
            "partly": posted & ~whole & matched & ~undone,
            "matched": posted & whole & ~returned & ~undone,
            "returned": posted & whole & returned & ~undone,
        }

    # === ACTION METHODS === #

    def action_match_deposit(self):
        """Open the dialog that shows which deposits this payout may be."""
        self.ensure_one()
        self._amazon_check_group("accountant")
        self.check_access("read")
        self._open_payout()
        dialog = self.env["amazon.settlement.deposit"].create({"settlement_id": self.id})
        dialog._find()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_deposit")
        return {**action, "res_id": dialog.id}

    def action_unmatch_deposit(self):
        """Have these payouts wait for their deposits again."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        # sudo: bank statements are kept by those who have more rights; here what was matched is undone
        mine = self.sudo()
        for settlement, payout in mine._payouts().items():
            items = self._matched_with(payout)
            payout.remove_move_reconcile()
            for line in items.move_id.statement_line_id:
                self._give_back(line, items | settlement.deposit_item_ids)
        mine.deposit_item_ids = False

    @api.model
    def _give_back(self, line, items):
        """Have what of a line of the bank's statement was matched with a payout be open again; what else somebody has
        made of the line stays.

        :param line: the ``account.bank.statement.line``.
        :param items: the ``account.move.line`` of the match, those of other lines among them.
        """
        _liquidity, suspense, others = line._seek_for_lines()
        ours = others & items
        if self._matched_with(ours):
            # It is other payouts' deposit, too: what is free of it now waits on the clearing account.
            return
        if ours == others:
            line.action_undo_reconciliation()
            return
        _liquidity, values = line._prepare_move_line_default_vals()
        back = ours | suspense
        balance = sum(back.mapped("balance"))
        currency = self.env["res.currency"].browse(values["currency_id"])
        if back.currency_id == currency:
            amount = sum(back.mapped("amount_currency"))
        else:
            whole = values.pop("debit") - values.pop("credit")
            amount = currency.round(values["amount_currency"] * balance / whole)
        values = {name: value for name, value in values.items() if name not in ("debit", "credit")}
        made = Command.create({**values, "balance": balance, "amount_currency": amount})
        line.with_context(force_delete=True, skip_readonly_check=True).write(
            {"line_ids": [*(Command.delete(item.id) for item in back), made]}
        )

    # === BUSINESS METHODS: THE PAYOUT === #

    def _payouts(self):
        """Return the journal items with which these payouts wait for the bank, by settlement.

        :rtype: dict
        """
        # sudo: who sees a settlement need not see the books
        return {settlement: item for settlement in self if (item := settlement.sudo().payout_item_id)}

    def _note_payout(self):
        """Note which journal item of the entries waits for the bank: the last one of the last month's entry that is
        as much as Amazon pays, and pays nothing of an order."""
        for settlement in self:
            entry = settlement._entries().sorted("amazon_settlement_month")[-1:]
            items = self.env["account.move.line"].search(
                [
                    ("move_id", "=", entry.id),
                    ("account_id.reconcile", "=", True),
                    ("account_id.account_type", "!=", "asset_receivable"),
                    ("amount_currency", "=", settlement.currency_id.round(settlement.amount)),
                    ("balance", "!=", 0),
                ],
                order="id",
            )
            orders = self.env["amazon.settlement.order"].search([("line_id", "in", items.ids)])
            settlement.payout_item_id = (items - orders.line_id)[-1:]

    @api.model
    def _matched_with(self, item):
        """Return the journal items that one is matched with."""
        return item.matched_debit_ids.debit_move_id | item.matched_credit_ids.credit_move_id

    def _open_payout(self):
        """Return the journal item of a payout that is not matched as a whole.

        :raise UserError: there is none.
        """
        payout = self._payouts().get(self)
        if not payout or payout.parent_state != "posted":
            raise UserError(
                self.env._("%s has no payout that waits for its deposit. Post it first.", self.settlement_ref)
            )
        if payout.reconciled:
            raise UserError(self.env._("The deposit of %s is matched already.", self.settlement_ref))
        return payout

    # === BUSINESS METHODS: DEPOSITS === #

    def _deposit_candidates(self):
        """Return what may be the deposit of this payout, the likeliest first: open journal items of lines of bank
        statements, and open ones on the clearing account."""
        mine = self.sudo()  # sudo: see action_unmatch_deposit
        payout = mine._open_payout()
        lines = mine.env["account.bank.statement.line"].search(mine._bank_lines_like(payout), limit=MOST)
        items = payout.browse()
        for line in lines:
            items |= line._seek_for_lines()[1]
        near = mine._is_near("amount_residual_currency", -payout.amount_residual_currency)
        items |= payout.search(near & self._on_account(payout), limit=MOST)
        day = self._deposit_day()

        def unlikely(item):
            same = item.currency_id == payout.currency_id
            off = abs(item._amazon_open() + payout.amount_residual_currency) if same else 0
            return not same, off, abs(item.date - day), item.id

        return items.filtered(lambda item: item.move_id not in mine.entry_ids).sorted(unlikely)[:SHOWN]

    @api.model
    def _on_account(self, payout):
        """Return the domain of what is open on the account where a payout waits, and may be the bank's side of it."""
        return Domain(
            [
                ("account_id", "=", payout.account_id.id),
                ("company_id", "=", payout.company_id.id),
                ("currency_id", "=", payout.currency_id.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("balance", "<" if payout.balance > 0 else ">", 0),
            ]
        )

    def _deposits_together(self):
        """Return what may be the deposit of this payout and others together, to the last unit.

        :return: the settlements by ``account.move.line``, as :meth:`_deposit_candidates` returns those.
        :rtype: dict
        """
        mine = self.sudo()  # sudo: see action_unmatch_deposit
        payout = mine._open_payout()
        groups, currency = mine._waiting_together(payout), payout.currency_id
        amounts = list(groups)
        in_currency = Domain("foreign_currency_id", "=", currency.id) & Domain("amount_currency", "in", amounts)
        in_currency |= (
            Domain("foreign_currency_id", "=", False)
            & Domain("currency_id", "=", currency.id)
            & Domain("amount", "in", amounts)
        )
        items = payout.browse()
        for line in mine.env["account.bank.statement.line"].search(mine._bank_lines() & in_currency, limit=MOST):
            items |= line._seek_for_lines()[1]
        exactly = Domain("amount_residual_currency", "in", [-amount for amount in amounts])
        items |= payout.search(exactly & self._on_account(payout), limit=MOST)
        day = self._deposit_day()
        found = {}
        for item in items.sorted(lambda item: (abs(item.date - day), item.id))[:SHOWN]:
            settlements = groups.get(currency.round(-item._amazon_open()))
            if settlements and item.currency_id == currency and item.move_id not in settlements.entry_ids:
                found[item] = settlements
        return found

    def _waiting_together(self, payout):
        """Return payouts that wait as this one does, by what they come to: those that follow each other, this one
        among them, and this one with each other.

        :return: the settlements by amount; of several that come to the same, those that follow each other.
        :rtype: dict
        """
        around = timedelta(days=DAYS_AFTER)
        waiting = self.search(
            [
                ("account_id", "=", self.account_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("payout_item_id.account_id", "=", payout.account_id.id),
                ("payout_item_id.company_id", "=", payout.company_id.id),
                ("payout_item_id.parent_state", "=", "posted"),
                ("payout_item_id.reconciled", "=", False),
                ("payout_item_id.balance", ">" if payout.balance > 0 else "<", 0),
                ("end_at", ">=", self.end_at - around),
                ("end_at", "<=", self.end_at + around),
            ],
            order="end_at, id",
            limit=MOST,
        )
        if self not in waiting:
            return {}
        place = waiting.ids.index(self.id)
        rows = [
            waiting[first : last + 1]
            for first in range(max(0, place - IN_A_ROW + 1), place + 1)
            for last in range(place, min(len(waiting), first + IN_A_ROW))
        ]
        nearest = (waiting - self).sorted(lambda one: (abs(one.end_at - self.end_at), one.id))[:IN_TWOS]
        groups = {}
        for some in [*sorted(rows, key=len), *((self | other) for other in nearest)]:
            if len(some) > 1:
                amount = sum(some.payout_item_id.mapped("amount_residual_currency"))
                groups.setdefault(payout.currency_id.round(amount), some)
        return groups

    def _deposit_day(self):
        """Return the day on which Amazon says the bank has the money."""
        return fields.Datetime.context_timestamp(
            self.with_context(tz=self._zone()), self.deposited_at or self.end_at
        ).date()

    def _bank_lines_like(self, payout):
        """Return the domain of the lines of bank statements that are near a payout, by date and amount."""
        day, company = self._deposit_day(), self.company_id
        amount = payout.amount_residual_currency
        banks = self.env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=MOST)
        near = Domain("foreign_currency_id", "=", payout.currency_id.id) & self._is_near("amount_currency", amount)
        for currency in banks.currency_id | company.currency_id:
            there = payout.currency_id._convert(amount, currency, company, day)
            near |= Domain("currency_id", "=", currency.id) & self._is_near("amount", there)
        return self._bank_lines() & near

    def _bank_lines(self):
        """Return the domain of the open lines of bank statements whose date may be the deposit's."""
        day = self._deposit_day()
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("is_reconciled", "=", False)
            & Domain("move_id.state", "=", "posted")
            & Domain("date", ">=", day - timedelta(days=DAYS_BEFORE))
            & Domain("date", "<=", day + timedelta(days=DAYS_AFTER))
            & Domain("journal_id.type", "=", "bank")
            & Domain("journal_id.amazon_account_id", "=", False)
        )

    @api.model
    def _is_near(self, name, amount):
        """Return the domain of what is as large as an amount, more or less."""
        low, high = sorted((amount * (1 - NEAR), amount * (1 + NEAR)))
        return Domain(name, ">=", low) & Domain(name, "<=", high)

    def _match_deposit(self, item, difference_account=None, together=None):
        """Match the payout with what the bank has.

        :param item: the open ``account.move.line`` of the statement's line, or on the clearing account.
        :param difference_account: the ``account.account`` for what the deposit differs by; None: that stays open.
        :param together: the ``amazon.settlement`` of which it is the deposit; None: of this one.
        """
        self.ensure_one()
        mine = self.sudo().with_company(self.company_id)  # sudo: see action_unmatch_deposit
        settlements = (together or self).sudo().with_company(self.company_id)
        settlements.lock_for_update()
        payouts = self.env["account.move.line"].sudo().union(*(one._open_payout() for one in settlements))
        if together:
            still = mine._deposits_together().get(item.sudo()) == settlements
        else:
            still = item in mine._deposit_candidates()
        if not still:
            raise UserError(self.env._("This deposit is matched with something else by now."))
        rest = item.browse()
        if item.account_id != payouts.account_id:
            item, rest = mine._counter(item.sudo(), payouts, difference_account)
        (payouts | item).reconcile()
        for settlement in settlements:
            settlement.deposit_item_ids |= item | rest

    def _counter(self, item, payouts, difference_account):
        """Have a line of a bank's statement go to the clearing account instead of the suspense account.

        :param item: its open journal item.
        :return: the one that comes instead, and the one of what it differs by, if that goes to an account.
        """
        line, payout = item.move_id.statement_line_id, payouts[:1]
        open_amount = sum(payouts.mapped("amount_residual_currency"))
        common = {"name": item.name, "partner_id": payout.partner_id.id}
        if item.currency_id == payout.currency_id:
            whole = abs(item.amount_currency) <= abs(open_amount) and not difference_account
            amount = item.amount_currency if whole else -open_amount
            part = amount / item.amount_currency
            balance = item.balance if part == 1 else self.company_id.currency_id.round(item.balance * part)
        else:
            # By whatever rate the bank has converted it, this is the payout.
            amount, balance = -open_amount, item.balance
        values = {"account_id": payout.account_id.id, "currency_id": payout.currency_id.id}
        made = [{**common, **values, "amount_currency": amount, "balance": balance}]
        if rest := item.company_currency_id.round(item.balance - balance):
            ledger = difference_account or item.account_id
            amount = item.amount_currency - amount
            made.append(
                {
                    **common,
                    "account_id": ledger.id,
                    "currency_id": item.currency_id.id,
                    "amount_currency": amount,
                    "balance": rest,
                }
            )
        before = line.move_id.line_ids
        line.with_context(force_delete=True, skip_readonly_check=True).write(
            {"line_ids": [Command.delete(item.id), *(Command.create(each) for each in made)]}
        )
        new = line.move_id.line_ids - before
        counter = new.filtered(lambda one: one.account_id == payout.account_id)
        return counter, (new - counter).filtered(lambda one: one.account_id == difference_account)

    # === BUSINESS METHODS: BY ITSELF === #

    def _match_by_itself(self):
        """Match the payouts of these, which are posted, with what they were matched with before, and what the bank has
        sent back, as far as that can be one payout only."""
        self._note_payout()
        for settlement, payout in self._payouts().items():
            known = settlement.deposit_item_ids.filtered(
                lambda item, payout=payout: item.account_id == payout.account_id and not item.reconciled
            )
            if known and not payout.reconciled and payout.parent_state == "posted":
                (payout | known).reconcile()
        for account in self.account_id:
            account_settlements = self.search(
                [("account_id", "=", account.id), ("payout_item_id", "!=", False)], limit=MOST
            )
            account_settlements._match_returned()

    def _match_returned(self):
        """Match what settlements have once more, because the bank has sent it back, with the payout that it was.
        Amazon's name of it does not matter: it stands where the payouts wait."""
        payouts = {item: settlement for settlement, item in self._payouts().items()}
        waiting = defaultdict(list)
        for payout in payouts:
            if not payout.reconciled:
                waiting[payout.account_id, payout.currency_id].append(payout)
        ledgers = {ledger.id for ledger, _currency in waiting}
        items = self.env["account.move.line"].search(
            [
                ("move_id.amazon_settlement_id", "in", self.ids),
                ("account_id", "in", list(ledgers)),
                ("reconciled", "=", False),
                ("parent_state", "=", "posted"),
            ],
            limit=MOST,
        )
        returned = items.filtered(lambda item: item not in payouts)
        for item in returned.sorted(lambda item: (item.move_id.amazon_settlement_id.end_at, item.id)):
            ended = item.move_id.amazon_settlement_id.end_at
            alike = [
                payout
                for payout in waiting[item.account_id, item.currency_id]
                if not payout.reconciled
                and payout.currency_id.is_zero(payout.amount_residual_currency + item.amount_residual_currency)
                and payouts[payout].end_at < ended
            ]
            if len(alike) == 1:
                (alike[0] | item).reconcile()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # === BUSINESS METHODS === #

    def _amazon_open(self):
        """Return what of an item is open, in its currency; on accounts where nothing is reconciled, all of it."""
        self.ensure_one()
        return self.amount_residual_currency if self.account_id.reconcile else self.amount_currency
