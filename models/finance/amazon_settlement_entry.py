"""The entries of a settlement, one a month: computed here to the last unit, and made as drafts."""

from collections import defaultdict

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import groupby

from .amazon_amount_type import BUYERS
from .amazon_booking_rule import KINDS
from .exact import DECIMALS, NOTHING

# Every entry may need them: the payout, and what pays nothing or is left by rounding.
ALWAYS = ("transfer", "unmatched")


class Entry:
    """A settlement on its way into the books. Amounts are as Amazon has them: what it pays is positive: a credit."""

    # Of what is no cost: Odoo would search for each of many thousand lines.
    _not_analytic = {"analytic_distribution": False}

    def __init__(self, settlement):
        """
        :param settlement: the ``amazon.settlement``, as superuser, in its company and that one's language.
        """
        self.env = settlement.env
        self.settlement = settlement
        self.account = settlement.account_id
        self.company = settlement.company_id
        self.currency = settlement.currency_id
        self.rules = self._rules(settlement)
        self.journal = self.account._booking_journal(self.currency)
        self.months = settlement._months()
        self.labels = dict(self.env["amazon.booking.rule"]._fields["kind"]._description_selection(self.env))

    @staticmethod
    def _rules(settlement):
        return settlement.account_id.booking_rule_ids._of_company(settlement.company_id)

    @classmethod
    def without_account(cls, settlement, types):
        """Return the names of kinds, and of types of none, that have no account.

        :param settlement: the ``amazon.settlement``.
        :param types: the ``amazon.amount.type`` of its amounts.
        :rtype: list[str]
        """
        rules, kinds = cls._rules(settlement), dict(KINDS)
        labels = dict(settlement.env["amazon.booking.rule"]._fields["kind"]._description_selection(settlement.env))
        missing = {one.kind for one in types if one.kind in kinds and not rules._for(one)}
        missing |= {kind for kind in ALWAYS if not rules._of_kind(kind)}
        return [labels[kind] for kind in kinds if kind in missing]

    # === MAKING === #

    def make(self):
        """Make the entries, and what is in them of each order.

        :return: the ``account.move``.
        """
        parts = self.env["amazon.settlement.order"]._parts(self.settlement, self.months[-1])
        parts_of = dict(groupby(parts, key=lambda part: part["month"]))
        fees_of = self._fees()
        totals = self._totals()
        entries, carried = self.env["account.move"], [0.0, 0.0]
        for month in self.months:
            mine = parts_of.get(month, [])
            lines = [self._part_line(part) for part in mine]
            lines += self._fee_lines(fees_of[month], totals[month] - sum(part["amount"] for part in mine))
            self._value(lines, self.settlement._day_of(month))
            if month == self.months[-1]:
                self._pay_out(lines, carried)
            else:
                self._carry(lines, totals[month], carried)
            if lines:
                entries |= self._create(month, lines, mine)
        if not entries:
            raise UserError(self.env._("Settlement %s has nothing to book.", self.settlement.settlement_ref))
        return entries

    def _create(self, month, lines, parts):
        """Make the entry of a month."""
        self._check(lines)
        values = {
            "move_type": "entry",
            "journal_id": self.journal.id,
            "currency_id": self.currency.id,
            "date": self.settlement._day_of(month),
            "ref": self.env._("Amazon settlement %s", self.settlement.settlement_ref),
            "amazon_settlement_id": self.settlement.id,
            "amazon_settlement_month": month,
            "line_ids": [Command.create(line) for line in lines],
        }
        # Nothing is to be added to it: taxes are computed, and it is balanced.
        quickly = dict.fromkeys(("skip_invoice_sync", "skip_analytic_sync", "tracking_disable"), True)
        entry = self.env["account.move"].with_context(**quickly).create(values).with_env(self.env)
        booked = entry.line_ids.sorted("id")[: len(parts)]
        names = ("month", "order_ref", "order_id", "is_refund", "amount", "reason", "invoice_id", "paid_line_id")
        self.env["amazon.settlement.order"].create(
            [
                {
                    **{name: part.get(name) for name in names},
                    "settlement_id": self.settlement.id,
                    "line_id": line.id,
                }
                for part, line in zip(parts, booked, strict=True)
            ]
        )
        return entry

    def _check(self, lines):
        """Never draft what is not balanced to the last unit, in both currencies."""
        for name, currency in (("amount_currency", self.currency), ("balance", self.company.currency_id)):
            if not currency.is_zero(sum(line[name] for line in lines)):
                raise UserError(
                    self.env._("The entry of settlement %s would not be balanced.", self.settlement.settlement_ref)
                )

    # === WHAT IT COMES TO === #

    def _month_of(self, each):
        return min(each.month, self.months[-1])

    def _totals(self):
        """Return what each month comes to, rounded so that all months come to what Amazon pays."""
        exact = defaultdict(float)
        for each in self.settlement.sum_ids:
            exact[self._month_of(each)] += each.amount
        totals, so_far = {}, 0.0
        for month in self.months[:-1]:
            totals[month] = self.currency.round(exact[month])
            so_far += totals[month]
        payout = self.currency.round(self.settlement.amount)
        return {**totals, self.months[-1]: self.currency.round(payout - so_far)}

    def _fees(self):
        """Return by month what there is but the buyers' money, by the rule that books it."""
        fees = defaultdict(lambda: defaultdict(float))
        for each in self.settlement.sum_ids:
            if each.kind not in BUYERS and abs(each.amount) > NOTHING:
                fees[self._month_of(each)][self.rules._for(each.type_id)] += each.amount
        return fees

    # === LINES === #

    def _line(self, name, ledger_account, amount, **values):
        return {
            "name": name,
            "account_id": ledger_account.id,
            "currency_id": self.currency.id,
            "amount_currency": -amount,
            **values,
        }

    def _part_line(self, part):
        """Return the line of what an order's buyer has paid or got back."""
        name = part["order_ref"] or self.env._("No order")
        if not part.get("paid_line_id"):
            reasons = self.env["amazon.settlement.order"]._fields["reason"]._description_selection(self.env)
            unmatched = self.rules._of_kind("unmatched").ledger_account_id
            label = f"{name}: {dict(reasons)[part['reason']]}"
            return self._line(label, unmatched, part["amount"], **self._not_analytic)
        values = {"account_id": part["account_id"], "partner_id": part["partner_id"], **self._not_analytic}
        return {**self._line(name, self.env["account.account"], part["amount"]), **values}

    def _fee_lines(self, fees, total):
        """Return a line for each rule; the largest has what rounding makes.

        :param fees: exact amounts by rule.
        :param float total: what they come to, together.
        """
        rounded = {rule: self.currency.round(amount) for rule, amount in fees.items()}
        rest = self.currency.round(total - sum(rounded.values()))
        if not self.currency.is_zero(rest):
            rule = max(rounded, key=lambda one: abs(rounded[one]), default=self.rules._of_kind("unmatched"))
            rounded[rule] = self.currency.round(rounded.get(rule, 0.0) + rest)
        return [
            self._line(
                rule.type_id.name or self.labels[rule.kind], rule.ledger_account_id, amount, tax_ids=rule.ledger_tax_ids
            )
            for rule, amount in rounded.items()
            if not self.currency.is_zero(amount)
        ]

    def _value(self, lines, day):
        """Give lines their value in the company's currency, and what has taxes the lines of those."""
        company_currency = self.company.currency_id
        rate = self.currency._get_conversion_rate(self.currency, company_currency, self.company, day)
        for line in list(lines):
            taxes = line.pop("tax_ids", None)
            line["balance"] = company_currency.round(line["amount_currency"] * rate)
            if taxes:
                lines += self._tax_lines(line, taxes, rate)

    def _tax_lines(self, line, taxes, rate):
        """Take the taxes out of a line's amount, and return their lines."""
        tax, base = self.env["account.tax"], {name: line[name] for name in ("amount_currency", "balance")}
        is_debit = line["amount_currency"] > 0
        base_line = tax._prepare_base_line_for_taxes_computation(
            None,
            id=0,
            tax_ids=taxes,
            price_unit=line["amount_currency"],
            quantity=1.0,
            currency_id=self.currency,
            rate=1 / rate if rate else 1.0,
            special_mode="total_included",
            is_refund=is_debit if taxes[:1].type_tax_use == "sale" else not is_debit,
            account_id=self.env["account.account"].browse(line["account_id"]),
            name=line["name"],
        )
        base_lines = [base_line]
        tax._add_tax_details_in_base_lines(base_lines, self.company)
        tax._round_base_lines_tax_details(base_lines, self.company)
        tax._add_accounting_data_in_base_lines_tax_details(base_lines, self.company)
        prepared = tax._prepare_tax_lines(base_lines, self.company)
        made = prepared["tax_lines_to_add"]
        [(_base_line, changed)] = prepared["base_lines_to_update"]
        line.update(tax_ids=[Command.set(taxes.ids)], tax_tag_ids=changed["tax_tag_ids"])
        for name in base:
            # What is left of it, whatever rounding makes of the taxes.
            line[name] = round(base[name] - sum(each[name] for each in made), DECIMALS)
        return made

    def _carry(self, lines, total, carried):
        """End a month that is not the last: what it comes to stays on the journal's account."""
        rest = -sum(line["balance"] for line in lines)
        if self._is_nothing(total, rest):
            return
        name = self.env._("Carried forward: settlement %s", self.settlement.settlement_ref)
        lines.append(self._line(name, self.journal.default_account_id, -total, balance=rest))
        carried[0] += total
        carried[1] += rest

    def _is_nothing(self, amount, balance):
        return self.currency.is_zero(amount) and self.company.currency_id.is_zero(balance)

    def _pay_out(self, lines, carried):
        """End the last month: what the others came to is taken on, and all of it is on its way to the bank."""
        ref = self.settlement.settlement_ref
        if not self._is_nothing(*carried):
            name = self.env._("Brought forward: settlement %s", ref)
            lines.append(self._line(name, self.journal.default_account_id, carried[0], balance=-carried[1]))
        payout = self.currency.round(self.settlement.amount)
        rest = -sum(line["balance"] for line in lines)
        if not self.currency.is_zero(payout):
            name = self.env._("Amazon payout %s", ref)
            lines.append(self._line(name, self.rules._of_kind("transfer").ledger_account_id, -payout, balance=rest))
        elif lines:
            # Of what is worth nothing rounding leaves something in the company's currency.
            max(lines, key=lambda line: abs(line["balance"]))["balance"] += rest
