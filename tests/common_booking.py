from odoo import Command

from .common_settlements import SettlementsCase


class BookingCase(SettlementsCase):
    """A shop whose accountant books what Amazon has paid."""

    def row(self, order="", amount=0, kind="Order", name="Principal", group="ItemPrice", day="2026-11-03"):
        """Return a row of a settlement."""
        ref = order if isinstance(order, str) else order.amazon_order_ref
        return (kind, ref, "Amazon.co.jp", group, name, f"{amount:g}", f"{day} 10:00:00 UTC", "", "")

    def fee(self, amount, name="Commission", **values):
        return self.row(amount=amount, name=name, group="ItemFees", **values)

    def settled_with(self, *rows, total=None, **values):
        """Return a settlement with these rows, as the accountant sees it."""
        total = sum(round(float(row[5])) for row in rows) if total is None else total
        ref = values.pop("ref", f"{11 * 10**9 + len(self.settlements())}")
        self.upload(self.text(*rows, total=str(total), ref=ref, **values))
        return self.settlements()[-1].with_user(self.accountant)

    def set_up(self):
        """Make journals and rules; return the rules."""
        self.env["amazon.booking.rule"].with_user(self.accountant).action_set_up()
        return self.account.booking_rule_ids

    def keep_exchange(self, company=None):
        """Give the company, or another one, what it needs to book differences of exchange."""
        company = company or self.company
        gain, loss = (
            self.env["account.account"]
            .with_company(company)
            .create([{"name": kind, "code": code, "account_type": kind, "company_ids": [Command.set(company.ids)]}])
            for kind, code in (("income_other", "425700"), ("expense", "513500"))
        )
        journals = self.env["account.journal"].with_company(company)
        journal = journals.create({"name": "Exchange", "code": "EXC", "type": "general", "company_id": company.id})
        company.write(
            {
                "currency_exchange_journal_id": journal.id,
                "income_currency_exchange_account_id": gain.id,
                "expense_currency_exchange_account_id": loss.id,
            }
        )

    def booked(self, *rows, **values):
        """Return a settlement with these rows, booked."""
        if not self.account.booking_rule_ids:
            self.set_up()
        settlement = self.settled_with(*rows, **values)
        settlement.action_book()
        return settlement

    def on(self, settlement, kind):
        """Return what a settlement's entries have on the account of a kind: positive is a debit."""
        account = self.account.booking_rule_ids.filtered(lambda rule: rule.kind == kind and not rule.type_id)
        lines = settlement.sudo().entry_ids.line_ids
        return sum(lines.filtered(lambda line: line.account_id == account.ledger_account_id).mapped("balance"))
