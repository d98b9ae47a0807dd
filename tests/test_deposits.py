"""What the bank has of a settlement's payout: its deposit, or the payout that it has sent back."""

import runpy
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.addons.sale_amazon_spapi.models.finance import amazon_settlement_deposit
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_booking import BookingCase


class DepositCase(BookingCase):
    """A shop with a bank, whose statement comes in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ledger = {
            name: cls.env["account.account"].create(
                {"name": name, "code": code, "account_type": kind, "company_ids": [Command.set(cls.company.ids)]}
            )
            for name, code, kind in (
                ("Bank", "101000", "asset_cash"),
                ("Suspense", "102000", "asset_current"),
                ("Bank Charges", "610000", "expense"),
                ("Exchange", "620000", "expense"),
            )
        }
        cls.bank = cls.make_bank("BNK")

    @classmethod
    def make_bank(cls, code, currency=None):
        values = {"default_account_id": cls.ledger["Bank"].id, "suspense_account_id": cls.ledger["Suspense"].id}
        if currency:
            account = cls.ledger["Bank"].copy({"name": code, "code": f"10{code}"})
            values.update(currency_id=currency.id, default_account_id=account.id)
        journals = cls.env["account.journal"].with_company(cls.company)
        return journals.create({"name": code, "code": code, "type": "bank", "company_id": cls.company.id, **values})

    def deposit(self, amount, date="2026-11-17", bank=None, **values):
        """Return a line of the bank's statement."""
        line = {"journal_id": (bank or self.bank).id, "date": date, "payment_ref": "AMAZON", "amount": amount}
        return self.env["account.bank.statement.line"].create({**line, **values})

    def posted(self, *rows, **values):
        """Return a settlement with these rows, posted."""
        settlement = self.settled_with(*rows, **values)
        settlement.action_set_up_booking()
        settlement.action_book()
        settlement.action_post()
        self.assertEqual((settlement.state, settlement.deposit_state), ("posted", "waiting"))
        return settlement

    def dialog(self, settlement):
        """Return the dialog with what may be the deposit, as the accountant sees it."""
        dialog = settlement.action_match_deposit()["res_id"]
        return self.env["amazon.settlement.deposit"].with_user(self.accountant).browse(dialog)

    def match(self, settlement, difference_account=None, which=0):
        dialog = self.dialog(settlement)
        dialog.difference_account_id = difference_account
        dialog.line_ids[which].action_match()
        self.env.invalidate_all()

    def clearing(self):
        """Return what waits on the clearing account."""
        rule = self.account.booking_rule_ids.filtered(lambda rule: rule.kind == "transfer")
        items = self.env["account.move.line"].search(
            [("account_id", "=", rule.ledger_account_id.id), ("parent_state", "=", "posted")]
        )
        return sum(items.mapped("amount_residual"))

    def suspense(self):
        items = self.env["account.move.line"].search([("account_id", "=", self.ledger["Suspense"].id)])
        return sum(items.mapped("balance"))

    def exchange(self):
        """Have dollars, at 150 yen, and what Odoo needs to book differences of rates."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            {"name": "2026-01-01", "currency_id": dollar.id, "company_id": self.company.id, "rate": 1 / 150}
        )
        exchange = self.ledger["Exchange"]
        general = self.env["account.journal"].create(
            {"name": "Exchange", "code": "EXC", "type": "general", "company_id": self.company.id}
        )
        self.company.write(
            {
                "currency_exchange_journal_id": general.id,
                "income_currency_exchange_account_id": exchange.id,
                "expense_currency_exchange_account_id": exchange.id,
            }
        )
        return dollar


@tagged("post_install", "-at_install")
class TestDeposits(DepositCase):
    """A line of the bank's statement against the payout that waits."""

    def test_match(self):
        settlement = self.posted(self.row(amount=120), self.fee(-30))
        line = self.deposit(90)
        self.deposit(90_000)
        [shown] = self.dialog(settlement).line_ids
        self.assertEqual((shown.amount, shown.difference, shown.journal), (90, 0, "BNK"))
        self.match(settlement)
        self.assertEqual(settlement.deposit_state, "matched")
        self.assertTrue(line.is_reconciled)
        self.assertEqual((self.clearing(), sum(line.line_ids.mapped("balance"))), (0, 0))
        self.assertEqual(self.suspense(), -90_000)
        with self.assertRaisesRegex(UserError, "matched already"):
            settlement.action_match_deposit()
        found = self.env["amazon.settlement"].with_user(self.accountant).search([("deposit_state", "=", "matched")])
        self.assertEqual(found, settlement)
        settlement.action_unmatch_deposit()
        self.assertEqual((settlement.deposit_state, line.is_reconciled), ("waiting", False))
        self.assertEqual((self.clearing(), self.suspense()), (90, -90_090))

    def test_nothing_is_there(self):
        settlement = self.booked(self.row(amount=90))
        with self.assertRaisesRegex(UserError, "Post it first"):
            settlement.action_match_deposit()
        settlement.action_post()
        self.assertFalse(self.dialog(settlement).line_ids)
        self.deposit(90, date="2026-10-01")
        self.deposit(-90)
        self.assertFalse(self.dialog(settlement).line_ids)
        empty = self.booked(self.row(amount=90), self.fee(-90))
        empty.action_post()
        self.assertFalse(empty.deposit_state)

    def test_not_the_banks(self):
        """What another company has, and what is in Amazon's own journal, is no deposit."""
        settlement = self.posted(self.row(amount=90))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere", "currency_id": self.company.currency_id.id})
        self.env.user.company_ids |= elsewhere
        accounts = [
            self.env["account.account"]
            .with_company(elsewhere)
            .create({"name": name, "code": code, "account_type": kind, "company_ids": [Command.set(elsewhere.ids)]})
            for name, code, kind in (("Bank", "101000", "asset_cash"), ("Suspense", "102000", "asset_current"))
        ]
        bank = self.env["account.journal"].create(
            {
                "name": "Theirs",
                "code": "BNK",
                "type": "bank",
                "company_id": elsewhere.id,
                "default_account_id": accounts[0].id,
                "suspense_account_id": accounts[1].id,
            }
        )
        self.deposit(90, bank=bank)
        self.deposit(90, bank=self.account._booking_journal(self.company.currency_id))
        self.assertFalse(self.dialog(settlement).line_ids)

    def test_a_yen_less(self):
        """What the bank has kept waits on, or goes where the accountant says."""
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(89)
        self.assertEqual(self.dialog(settlement).line_ids.difference, -1)
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("partly", True, 1))
        self.assertEqual(self.dialog(settlement).amount, 1)
        settlement.action_unmatch_deposit()
        self.match(settlement, self.ledger["Bank Charges"])
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("matched", True, 0))
        charged = line.line_ids.filtered(lambda item: item.account_id == self.ledger["Bank Charges"])
        self.assertEqual(charged.balance, 1)

    def test_a_yen_more(self):
        """What there is beyond the payout stays open on the bank's statement."""
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(91)
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, line.is_reconciled), ("matched", False))
        self.assertEqual((self.clearing(), self.suspense()), (0, -1))

    def test_two_of_one_amount(self):
        """None is taken by itself; what one settlement has is not offered to the next."""
        first = self.posted(self.row(amount=90), ref="1")
        second = self.posted(self.row(amount=90), ref="2")
        later, sooner = self.deposit(90, date="2026-11-20"), self.deposit(90, date="2026-11-18")
        self.assertEqual(first.deposit_state, "waiting")
        shown = self.dialog(first).line_ids
        self.assertEqual(shown.mapped("date"), [sooner.date, later.date], "the nearer one first")
        stale = self.dialog(second)
        self.match(first)
        self.assertTrue(sooner.is_reconciled)
        with self.assertRaisesRegex(UserError, "something else by now"):
            stale.line_ids[0].action_match()
        self.match(second)
        self.assertEqual((later.is_reconciled, self.clearing()), (True, 0))

    def test_one_deposit_of_several(self):
        """The bank has three payouts in one: the dialog shows it, and all three are matched."""
        settlements = [self.posted(self.row(amount=amount), ref=str(amount)) for amount in (10, 200, 3000, 40000)]
        line = self.deposit(3210)
        [shown] = self.dialog(settlements[0]).line_ids
        self.assertEqual((shown.amount, shown.difference, shown.settlement_names), (3210, 0, "10, 200, 3000"))
        self.match(settlements[1])
        states = [settlement.deposit_state for settlement in settlements]
        self.assertEqual(states, ["matched"] * 3 + ["waiting"])
        self.assertEqual((line.is_reconciled, self.clearing()), (True, 40000))
        # One is taken back and posted again.
        settlements[2].sudo().entry_ids.button_draft()
        settlements[2].action_post()
        self.assertEqual((settlements[2].deposit_state, self.clearing()), ("matched", 40000))
        # One is undone: what is free waits on, and can be matched again.
        settlements[0].action_unmatch_deposit()
        self.assertEqual((settlements[0].deposit_state, settlements[1].deposit_state), ("waiting", "matched"))
        self.assertEqual((line.is_reconciled, self.clearing()), (True, 40000))
        self.match(settlements[0])
        self.assertEqual(settlements[0].deposit_state, "matched")
        for settlement in settlements[:3]:
            settlement.action_unmatch_deposit()
        self.assertEqual((line.is_reconciled, self.clearing()), (False, 43210))

    def test_one_deposit_of_two(self):
        """Also of two that do not follow each other; not of others' money or of what is owed."""
        dollar = self.exchange()
        first = self.posted(self.row(amount=10), ref="1")
        self.posted(self.row(amount=200), ref="2")
        third = self.posted(self.row(amount=3000), ref="3")
        self.posted(self.row(amount=5), ref="4", currency=dollar.name)
        self.posted(self.fee(-7), ref="5")
        self.deposit(3)
        self.deposit(15)
        self.assertFalse(self.dialog(first).line_ids)
        self.deposit(3010)
        self.assertEqual(self.dialog(first).line_ids.settlement_names, "1, 3")
        stale = self.dialog(first)
        self.match(first)
        self.assertEqual((first.deposit_state, third.deposit_state), ("matched", "matched"))
        with self.assertRaises(UserError):
            stale.line_ids.action_match()

    def test_undone_where_the_line_has_others(self):
        """What somebody else has made of the bank's line stays."""
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(91)
        self.match(settlement)
        suspense = line.line_ids.filtered(lambda item: item.account_id == self.ledger["Suspense"])
        suspense.account_id = self.ledger["Exchange"]
        settlement.action_unmatch_deposit()
        self.assertEqual((settlement.deposit_state, self.clearing(), self.suspense()), ("waiting", 90, -90))
        self.assertTrue(suspense.exists())
        self.assertFalse(line.is_reconciled)
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("matched", True, 0))

    def test_undone_with_its_difference(self):
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(89)
        self.match(settlement, self.ledger["Bank Charges"])
        settlement.action_unmatch_deposit()
        self.assertEqual((self.clearing(), self.suspense(), len(line.line_ids)), (90, -89, 2))

    def test_converted_by_the_bank(self):
        """The bank's yen, at its own rate, are the dollars that Amazon has paid."""
        self.exchange()
        settlement = self.posted(self.row(amount=90), currency="USD")
        self.assertEqual(self.clearing(), 90 * 150)
        line = self.deposit(13_300)
        self.deposit(90)
        [shown] = self.dialog(settlement).line_ids
        self.assertEqual((shown.amount, shown.is_converted, shown.difference), (13_300, True, 0))
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("matched", True, 0))
        exchanged = self.env["account.move.line"].search([("account_id", "=", self.ledger["Exchange"].id)])
        self.assertEqual(sum(exchanged.mapped("balance")), 200)
        settlement.action_unmatch_deposit()
        self.assertEqual((settlement.deposit_state, self.clearing()), ("waiting", 90 * 150))

    def test_into_an_account_of_the_currency(self):
        dollar = self.exchange()
        settlement = self.posted(self.row(amount=90), currency="USD")
        bank = self.make_bank("USD", dollar)
        line = self.deposit(89.5, bank=bank)
        [shown] = self.dialog(settlement).line_ids
        self.assertEqual((shown.currency_id, shown.difference), (dollar, -0.5))
        self.match(settlement, self.ledger["Bank Charges"])
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("matched", True, 0))

    def test_what_the_seller_owes(self):
        """A negative settlement is paid to Amazon."""
        settlement = self.posted(self.fee(-90))
        self.deposit(90)
        line = self.deposit(-90)
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, line.is_reconciled), ("matched", True))

    def test_found_by_state(self):
        """However many there are, and whichever have no payout that waits."""
        self.startPatcher(patch.object(amazon_settlement_deposit, "MOST", 1))
        waiting, partly, matched = (self.posted(self.row(amount=90), ref=str(number)) for number in range(3))
        self.deposit(90)
        self.match(matched)
        self.deposit(89)
        self.match(partly)
        draft = self.booked(self.row(amount=90), ref="3")
        to_book = self.settled_with(self.row(amount=90), ref="4")
        found = self.env["amazon.settlement"].with_user(self.accountant)
        for states, expected in (
            (["waiting"], waiting),
            (["partly"], partly),
            (["waiting", "partly"], waiting | partly),
            (["matched"], matched),
            (["returned"], found),
            ([False], draft | to_book),
        ):
            self.assertEqual(found.search([("deposit_state", "in", states)]), expected.sorted(), states)
        self.assertEqual(found.search([("deposit_state", "!=", False)]), (waiting | partly | matched).sorted())

    def test_entry_made_by_hand(self):
        """Who has no statements enters the deposit against the clearing account."""
        settlement = self.posted(self.row(amount=90))
        payout = settlement._payouts()[settlement]
        general = self.env["account.journal"].create(
            {"name": "General", "code": "GEN", "type": "general", "company_id": self.company.id}
        )
        entry = self.env["account.move"].create(
            {
                "journal_id": general.id,
                "line_ids": [
                    Command.create({"account_id": self.ledger["Bank"].id, "debit": 90}),
                    Command.create({"account_id": payout.account_id.id, "credit": 90}),
                ],
            }
        )
        entry.action_post()
        self.match(settlement)
        self.assertEqual((settlement.deposit_state, self.clearing()), ("matched", 0))
        settlement.action_unmatch_deposit()
        self.assertEqual((settlement.deposit_state, entry.state), ("waiting", "posted"))

    def test_posted_again(self):
        """What was matched is so again."""
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(90)
        self.match(settlement)
        settlement.sudo().entry_ids.button_draft()
        self.assertEqual((settlement.state, settlement.deposit_state), ("draft", False))
        settlement.action_post()
        self.assertEqual((settlement.deposit_state, line.is_reconciled), ("matched", True))
        settlement.sudo().entry_ids.button_draft()
        settlement.action_book_again()
        settlement.action_post()
        self.assertEqual((settlement.deposit_state, self.clearing()), ("matched", 0))

    def test_upgrade(self):
        """Payouts that were posted before are known, and so is what was not judged then."""
        settlement = self.posted(self.row(amount=90))
        self.account.cancel_policy = "never"
        order = self.changed(self.imported(), "cancel")
        self.invoice(order)
        self.assertTrue(order.amazon_mismatch)
        self.env.flush_all()
        self.env.cr.execute("UPDATE amazon_settlement SET payout_item_id = NULL")
        self.env.cr.execute(
            "UPDATE sale_order SET amazon_mismatch = FALSE, amazon_difference_reason = NULL WHERE id = %s", [order.id]
        )
        self.env.invalidate_all()
        self.assertFalse(settlement.deposit_state)
        script = Path(__file__).parents[1] / "migrations/19.0.1.8.0/post-amounts.py"
        for _time in range(2):
            runpy.run_path(str(script))["migrate"](self.env.cr, "19.0.1.7.0")
            self.env.invalidate_all()
            self.assertEqual(settlement.deposit_state, "waiting")
            self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "cancelled"))

    def test_rights(self):
        settlement = self.posted(self.row(amount=90))
        self.deposit(90)
        dialog = self.dialog(settlement)
        for action in (settlement.action_match_deposit, settlement.action_unmatch_deposit):
            with self.assertRaises(AccessError):
                action.__func__(settlement.with_user(self.user))
        with self.assertRaises(AccessError):
            dialog.line_ids.with_user(self.user).action_match()


@tagged("post_install", "-at_install")
class TestReturned(DepositCase):
    """A payout that the bank has sent back is in the next settlement once more."""

    RETURNED = "Failed disbursement"

    def returned(self, amount, name=RETURNED, **values):
        return self.row(amount=amount, kind="other-transaction", group="other-transaction", name=name, **values)

    def named(self, name=RETURNED):
        """Say that Amazon calls a payout so that is sent back."""
        types = self.env["amazon.amount.type"].with_user(self.accountant)
        found = types.search([("name", "=", name)])
        found.kind = "transfer"

    def next_one(self, *rows, name=RETURNED, **values):
        settlement = self.settled_with(*rows, **values)
        self.named(name)
        settlement.invalidate_recordset()
        settlement.action_book()
        settlement.action_post()
        self.env.invalidate_all()
        return settlement

    def text(self, *rows, ends=15, **values):
        # Each ends later than the one before.
        return super().text(*rows, **values).replace("2026-11-15", f"2026-11-{ends}")

    def test_matched_by_itself(self):
        first = self.posted(self.row(amount=90))
        second = self.next_one(self.returned(90), self.row(amount=10), ends=20)
        self.assertEqual((first.deposit_state, second.deposit_state), ("returned", "waiting"))
        found = self.env["amazon.settlement"].with_user(self.accountant)
        self.assertEqual(found.search([("deposit_state", "=", "returned")]), first)
        self.assertFalse(found.search([("deposit_state", "=", "matched")]))
        self.assertEqual(self.clearing(), 100)
        second.sudo().entry_ids.button_draft()
        first.invalidate_recordset()
        self.assertEqual(first.deposit_state, "waiting")
        second.action_post()
        first.invalidate_recordset()
        self.assertEqual(first.deposit_state, "returned")
        self.deposit(100)
        self.match(second)
        self.assertEqual((second.deposit_state, self.clearing()), ("matched", 0))

    def test_nothing_else_in_it(self):
        """The next payout is the same amount, and may come back, too."""
        first = self.posted(self.row(amount=90))
        second = self.next_one(self.returned(90), ends=20)
        self.assertEqual((first.deposit_state, second.deposit_state), ("returned", "waiting"))
        third = self.next_one(self.returned(90), ends=25)
        self.assertEqual((second.deposit_state, third.deposit_state), ("returned", "waiting"))
        self.assertEqual(self.clearing(), 90)

    def test_not_its_own(self):
        """What came back with a payout is no deposit of that payout."""
        self.set_up()
        settlement = self.next_one(self.returned(95), self.row(amount=5))
        self.assertEqual((settlement.deposit_state, settlement.amount), ("waiting", 100))
        self.assertFalse(self.dialog(settlement).line_ids)

    def test_posted_the_other_way_round(self):
        first = self.booked(self.row(amount=90))
        second = self.next_one(self.returned(90), ends=20)
        self.assertEqual(second.deposit_state, "waiting")
        first.action_post()
        self.env.invalidate_all()
        self.assertEqual((first.deposit_state, second.deposit_state), ("returned", "waiting"))

    def test_which_one_is_not_clear(self):
        """Of two payouts of the amount a person says which one it was."""
        first = self.posted(self.row(amount=90), ref="1")
        second = self.posted(self.row(amount=90), ref="2", ends=17)
        third = self.next_one(self.returned(90), self.row(amount=10), ref="3", ends=20)
        self.assertEqual((first | second | third).mapped("deposit_state"), ["waiting"] * 3)
        [shown] = self.dialog(second).line_ids
        self.assertEqual((shown.amount, shown.difference), (90, 0))
        self.match(second)
        self.assertEqual((first.deposit_state, second.deposit_state), ("waiting", "returned"))

    def test_as_amazon_reports_it(self):
        """From Amazon's reports: the second has the first's money once more, by a name that nobody knows."""
        self.sold()
        self.pay(failed="振込不能")
        self.amazon.post("clock", advance=3600)
        self.sold()
        self.pay()
        self.fetch()
        first, second = (settlement.with_user(self.accountant) for settlement in self.settlements())
        first.action_set_up_booking()
        first.action_book()
        first.action_post()
        self.assertRegex(second.why_not_booked, "振込不能")
        self.named("振込不能")
        self.env.invalidate_all()
        second.action_book()
        second.action_post()
        self.env.invalidate_all()
        self.assertEqual((first.deposit_state, second.deposit_state), ("returned", "waiting"))
        self.assertEqual(self.clearing(), second.amount)

    def test_by_any_name(self):
        """However Amazon calls it: what is not known a person classifies, what is guessed is confirmed."""
        for number, (name, kind) in enumerate(
            (
                ("Failed disbursement", "transfer"),
                ("Transfer of funds unsuccessful", "transfer"),
                ("Bank said no", "unclassified"),
            )
        ):
            with self.subTest(name=name):
                amount = 100 * (number + 1)
                first = self.posted(self.row(amount=amount), ref=f"1{number}", ends=15 + number)
                second = self.settled_with(
                    self.returned(amount, name), self.row(amount=1), ref=f"2{number}", ends=20 + number
                )
                found = second.line_ids.type_id.filtered(lambda one, name=name: one.name == name)
                self.assertEqual(found.kind, kind)
                self.assertIn(name, second.why_not_booked, "a person has to say so")
                self.named(name)
                second.invalidate_recordset()
                second.action_book()
                second.action_post()
                self.env.invalidate_all()
                self.assertEqual(first.deposit_state, "returned")
