"""What becomes of settlements in the books when what they pay, or what Amazon says of them, changes under them."""

from decimal import Decimal
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import Command
from odoo.addons.sale_amazon_spapi.models.finance import amazon_settlement_file
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_deposits import DepositCase


@tagged("post_install", "-at_install")
class TestBookingAttacked(DepositCase):
    """Invoices, entries and reports that change after a settlement was booked."""

    def paid(self):
        """Return an invoice, and the settlement that pays all of it, booked."""
        order = self.sold()
        invoice = self.invoice(order)
        return invoice, self.booked(self.row(order, invoice.amount_total))

    def reason(self, settlement):
        self.env.invalidate_all()
        self.assertEqual(settlement.unmatched_count, len(settlement.booked_order_ids.filtered("reason")))
        return settlement.booked_order_ids.reason

    def test_the_older_of_two_is_booked_again(self):
        """Its entry has a number, which stays with it: there is no gap between the others'."""
        first, second = self.booked(self.fee(-30)), self.booked(self.fee(-40))
        (first | second).action_post()
        entry = first.entry_ids
        entry.with_user(self.accountant).button_draft()
        first.action_book_again()
        self.assertEqual((first.state, entry.state), ("draft", "cancel"))
        first.action_post()
        self.assertEqual((first.state, second.state), ("posted", "posted"))
        self.assertEqual(self.clearing(), -70)

    def test_taken_back_after_it_was_posted(self):
        invoice, settlement = self.paid()
        settlement.action_post()
        settlement.sudo().entry_ids.button_draft()
        settlement.action_take_back()
        self.assertEqual((settlement.state, settlement.entry_count), ("open", 0))
        orders = self.env["amazon.settlement.order"].with_user(self.accountant)
        self.assertFalse(orders.search(settlement.action_view_booked_orders()["domain"]))
        settlement.action_book()
        settlement.action_post()
        self.assertEqual((invoice.amount_residual, settlement.unmatched_count), (0, 0))

    def test_invoice_posted_again(self):
        """What paid it pays it still, whatever was done with it."""
        invoice, settlement = self.paid()
        settlement.action_post()
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual((invoice.amount_residual, self.reason(settlement)), (0, False))
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(self.reason(settlement), "undone")
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual((invoice.amount_residual, self.reason(settlement)), (0, False))

    def test_invoice_deleted_before_it_is_paid(self):
        invoice, settlement = self.paid()
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.assertEqual(self.reason(settlement), "undone")
        settlement.action_post()
        self.assertEqual(self.reason(settlement), "undone")

    def test_invoice_deleted_afterwards(self):
        invoice, settlement = self.paid()
        settlement.action_post()
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.assertEqual(self.reason(settlement), "undone")
        settlement.sudo().entry_ids.button_draft()
        settlement.action_book_again()
        self.assertEqual(self.reason(settlement), "no_invoice")

    def test_undone_by_hand(self):
        """Who takes the payment off an invoice sees that where it is booked, and it is gone when it is put on again."""
        invoice, settlement = self.paid()
        settlement.action_post()
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual((invoice.amount_residual, self.reason(settlement)), (invoice.amount_total, "undone"))
        invoice.js_assign_outstanding_line(settlement.sudo().booked_order_ids.line_id.id)
        self.assertEqual((invoice.amount_residual, self.reason(settlement)), (0, False))
        settlement.sudo().entry_ids.button_draft()
        self.assertEqual(self.reason(settlement), False)

    def test_a_part_undone_by_hand(self):
        """What has paid a part of an invoice stays on the list, also when it is posted again."""
        order = self.sold()
        invoice = self.invoice(order)
        settlement = self.booked(self.row(order, invoice.amount_total - 50))
        settlement.action_post()
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self.reason(settlement), "less")
        settlement.sudo().entry_ids.button_draft()
        settlement.action_post()
        self.assertEqual((invoice.amount_residual, self.reason(settlement)), (50, "less"))

    def test_reversed(self):
        """A reversal is no deposit, and what it opens again is said."""
        invoice, settlement = self.paid()
        settlement.action_post()
        settlement.sudo().entry_ids._reverse_moves(cancel=True)
        self.assertEqual(self.reason(settlement), "undone")
        self.assertEqual((settlement.deposit_state, invoice.amount_residual), (False, invoice.amount_total))

    def test_reversed_and_booked_again(self):
        """It says that it was reversed, and its next entries pay the invoice once more."""
        invoice, settlement = self.paid()
        settlement.action_post()
        first = settlement.entry_ids
        reversal = first.sudo()._reverse_moves(cancel=True)
        self.assertEqual((settlement.state, settlement.why_not_booked), ("reversed", ""))
        settlement.action_book()
        self.assertEqual((settlement.state, settlement.entry_count), ("draft", 1))
        settlement.action_post()
        self.assertEqual((settlement.state, settlement.deposit_state), ("posted", "waiting"))
        self.assertEqual((invoice.amount_residual, settlement.unmatched_count), (0, 0))
        for move in (reversal, first.sudo()):
            with self.assertRaisesRegex(UserError, "in the books twice"):
                move.button_draft()
        settlement.entry_ids.filtered("amazon_settlement_month").sudo()._reverse_moves(cancel=True)
        settlement.action_book()
        settlement.action_take_back()
        self.assertEqual(settlement.state, "open")
        settlement.action_book()
        self.assertEqual(settlement.state, "draft")

    def test_reversal_taken_back(self):
        _invoice, settlement = self.paid()
        settlement.action_post()
        reversal = settlement.sudo().entry_ids._reverse_moves(cancel=True)
        reversal.button_draft()
        self.assertEqual(settlement.state, "posted")

    def test_reversed_and_reset(self):
        """What is reversed stays in the books while its reversal does: booked again it would come to nothing."""
        _invoice, settlement = self.paid()
        settlement.action_post()
        entry = settlement.sudo().entry_ids
        reversal = entry._reverse_moves(cancel=True)
        with self.assertRaisesRegex(UserError, "first"):
            entry.button_draft()
        (entry | reversal).button_draft()
        self.assertEqual(settlement.state, "draft")
        with self.assertRaisesRegex(UserError, "not in the books"):
            reversal.action_post()
        with self.assertRaisesRegex(UserError, "booked already"):
            settlement.action_book()
        (entry | reversal).action_post()
        self.assertEqual(settlement.state, "reversed")

    def test_reversal_reversed_after_it_was_booked_again(self):
        """It would be in the books twice; so it would not be at all if it was reversed once more."""
        _invoice, settlement = self.paid()
        settlement.action_post()
        entry = settlement.sudo().entry_ids
        reversal = entry._reverse_moves(cancel=True)
        settlement.action_book()
        settlement.action_post()
        for move in (entry, reversal):
            with self.assertRaisesRegex(UserError, "not in the books"):
                move._reverse_moves(cancel=True)
        self.assertEqual(settlement.state, "posted")

    def test_reversal_reversed(self):
        """It counts again."""
        _invoice, settlement = self.paid()
        settlement.action_post()
        again = settlement.sudo().entry_ids._reverse_moves(cancel=True)._reverse_moves(cancel=True)
        self.assertEqual(settlement.state, "posted")
        again.button_draft()
        self.assertEqual(settlement.state, "reversed")

    def test_reversed_in_part(self):
        """Whoever corrects a part of it has not reversed it."""
        settlement = self.booked(self.fee(-30), self.fee(-40, name="Storage Fee"))
        settlement.action_post()
        entry = settlement.sudo().entry_ids
        reversal = entry._reverse_moves()
        fee, other, payout = reversal.line_ids.sorted("balance")
        self.assertEqual((fee.balance, other.balance, payout.balance), (-40, -30, 70))
        reversal.write({"line_ids": [Command.delete(other.id), Command.update(payout.id, {"debit": 40})]})
        reversal.action_post()
        self.assertEqual(settlement.state, "posted")
        with self.assertRaisesRegex(UserError, "booked already"):
            settlement.action_book()

    def test_deposit_of_what_was_reversed_later(self):
        """The bank has the payout of the first entry; the next one's is matched with what reverses that."""
        settlement = self.posted(self.row(amount=90))
        self.deposit(90)
        self.match(settlement)
        settlement.sudo().entry_ids._reverse_moves().action_post()
        self.assertEqual((settlement.state, self.clearing()), ("reversed", -90))
        settlement.action_book()
        self.assertEqual((settlement.state, settlement.deposit_state), ("draft", False))
        settlement.action_post()
        self.assertEqual((settlement.deposit_state, self.clearing()), ("waiting", 0))
        self.match(settlement)
        found = self.env["amazon.settlement"].with_user(self.accountant)
        for state in ("matched", "waiting", "returned", False):
            expected = settlement if state == "matched" else found
            self.assertEqual(found.search([("deposit_state", "in", [state])]), expected, state)
        self.assertEqual((settlement.deposit_state, self.clearing()), ("matched", 0))
        settlement.action_unmatch_deposit()
        self.assertEqual((settlement.deposit_state, self.clearing()), ("waiting", 0))

    def test_cancelled_month_reset(self):
        """What was cancelled is booked anew: one month by itself is not the settlement, nor is one of other contents
        together with these."""
        settlement = self.booked(self.fee(-30), self.fee(-40, day="2026-10-30"), ref="1")
        settlement.action_post()
        first, second = entries = settlement.sudo().entry_ids.sorted("date")
        entries.button_draft()
        settlement.action_take_back()
        with self.assertRaisesRegex(UserError, "cancelled"):
            first.button_draft()
        self.upload(self.text(self.fee(-70), total="-70", ref="1"))
        settlement.action_take_other()
        settlement.action_book()
        for entry in (first, second):
            with self.assertRaisesRegex(UserError, "cancelled"):
                entry.button_draft()
        settlement.action_post()
        self.assertEqual((settlement.state, settlement.entry_count, self.clearing()), ("posted", 1, -70))

    def test_one_month_reversed(self):
        """The other months' have to be reversed, too, before it is booked again."""
        settlement = self.booked(self.fee(-30), self.fee(-40, day="2026-10-30"))
        settlement.action_post()
        first, second = settlement.sudo().entry_ids.sorted("date")
        first._reverse_moves(cancel=True)
        self.assertEqual(settlement.state, "reversed")
        self.assertIn(second.name, settlement.why_not_booked)
        with self.assertRaisesRegex(UserError, "Reverse these, too"):
            settlement.action_book()
        second._reverse_moves(cancel=True)
        settlement.invalidate_recordset()
        settlement.action_book()
        self.assertEqual((settlement.state, settlement.entry_count), ("draft", 2))

    def test_one_month_reversed_and_one_a_draft(self):
        """What is a draft can be posted, to be reversed, too."""
        settlement = self.booked(self.fee(-30), self.fee(-40, day="2026-10-30"))
        settlement.action_post()
        first, second = settlement.sudo().entry_ids.sorted("date")
        second.button_draft()
        first._reverse_moves(cancel=True)
        self.assertEqual(settlement.state, "draft")
        settlement.action_post()
        self.assertEqual(settlement.state, "reversed")
        second._reverse_moves(cancel=True)
        settlement.invalidate_recordset()
        settlement.action_book()
        self.assertEqual((settlement.state, settlement.entry_count), ("draft", 2))

    def test_locked_before_it_is_posted(self):
        """No entry changes its month by itself."""
        settlement = self.booked(self.fee(-30), self.fee(-40, day="2026-10-30"))
        self.company.fiscalyear_lock_date = "2026-10-31"
        with self.assertRaisesRegex(UserError, "locked period"):
            settlement.action_post()
        days = settlement.entry_ids.sorted("date").mapped("date")
        self.assertEqual([str(day) for day in days], ["2026-10-31", "2026-11-15"])
        settlement.sudo().entry_ids.sorted("date")[0].date = "2026-11-01"
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")

    def test_other_contents_of_what_is_posted(self):
        """Amazon says otherwise by now: whoever has it in the books is told, until he has seen it."""
        settlement = self.booked(self.fee(-30), ref="1")
        settlement.action_post()
        self.upload(self.text(self.fee(-40), total="-40", ref="1"), name="<b onclick=x>.txt")
        self.assertTrue(settlement.has_other)
        note = self.activity().note
        self.assertIn("other contents", note)
        self.assertNotIn("<b onclick", note)
        settlement.action_seen()
        self.assertFalse(self.activity())

    def test_only_a_fee_is_settled(self):
        """Of the buyer's money nothing is known: Amazon owes it."""
        order = self.sold()
        label = {"kind": "other-transaction", "group": "other-transaction", "name": "Shipping label purchase"}
        self.settled_with(self.row(order, -500, **label))
        self.env.flush_all()
        owed = self.env["amazon.owed"].search([("order_id", "=", order.id)])
        self.assertEqual((owed.state, owed.amount), ("unknown", order.amazon_total))
        self.assertTrue(order.amazon_profit_ids)
        self.settled_with(self.row(order, 3000))
        self.assertEqual(order.amazon_payout_state, "settled")

    def test_one_of_two_is_settled(self):
        """Of the other one, which has left as well, nothing is shown."""
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "price": 90}, {"sku": "AMZ-CUP-001", "price": 1000}])
        tea, cup = order.amazon_item_ids.sorted("total")
        owed = self.env["amazon.owed"].with_user(self.accountant)
        for item, amount in ((tea, 1000), (cup, 0)):
            price = ("Amazon.co.jp", "ItemPrice", "Principal", f"{item.total:g}", "2026-11-03", item.item_ref, item.sku)
            self.settled_with(("Order", order.amazon_order_ref, *price), total=f"{item.total:g}")
            self.env.flush_all()
            found = owed.search([("order_id", "=", order.id)])
            self.assertEqual((found.amount, found.state), (amount, "partly" if amount else False))
        self.assertEqual(order.amazon_payout_state, "settled")

    def test_one_unit_of_two_is_settled(self):
        """Of the other unit of the same SKU, which has left as well, nothing is shown."""
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "quantity": 2, "price": 1000}])
        [item] = order.amazon_item_ids
        owed = self.env["amazon.owed"].with_user(self.accountant)
        price = ("Amazon.co.jp", "ItemPrice", "Principal", "1000", "2026-11-03", item.item_ref, item.sku)
        for amount in (item.total - item.total / 2, 0):
            self.settled_with(("Order", order.amazon_order_ref, *price), total="1000")
            self.env.flush_all()
            found = owed.search([("order_id", "=", order.id)])
            self.assertEqual((found.amount, found.state), (amount, "partly" if amount else False))
        self.assertEqual(order.amazon_payout_state, "settled")
        self.assertEqual(order.amazon_profit_ids.paid_quantity, 2)

    def test_an_old_settlement_alone(self):
        """Of what Amazon paid between a settlement of long ago and those that are here nothing is known, so that
        orders of that time are not said to be owed."""
        order = self.sold()
        order.date_order = "2025-06-01 00:00:00"
        old = self.text(self.fee(-1), total="-1", ref="1").replace("2026-11-", "2025-01-")
        self.upload(old)
        owed = self.env["amazon.owed"]
        self.assertEqual(owed.search([]).order_id, order, "it is the newest that is here")
        self.settled_with(self.fee(-2), ref="2")
        self.assertFalse(owed.search([]))
        order.date_order = "2026-11-05 00:00:00"
        self.env.flush_all()
        self.assertEqual(owed.search([]).order_id, order)

    def test_too_large(self):
        """What would take all memory is not read, and keeps no other file from being read."""
        self.startPatcher(patch.object(amazon_settlement_file, "LARGEST", 600))
        self.put(self.simple() + "\n" * 500)
        self.put(self.simple(ref="2"))
        log = self.fetch()
        self.assertEqual((log.state, log.unreadable, self.files().mapped("state")), ("done", 1, ["damaged", "read"]))
        self.assertIn("too large", self.files()[0].error)
        self.assertFalse(self.files()[0].document)

    def test_without_a_deposit(self):
        settlement = self.settled_with(self.fee(-30))
        drafted = self.booked(self.fee(-40))
        found = self.env["amazon.settlement"].search([("deposit_state", "=", False)])
        self.assertLessEqual(settlement | drafted.sudo(), found)

    def test_archived_currency(self):
        self.set_up()
        euro = self.env.ref("base.EUR")
        euro.active = False
        settlement = self.settled_with(self.fee(-30), currency="EUR")
        settlement.action_set_up_booking()
        settlement.invalidate_recordset()
        self.assertIn("EUR is archived", settlement.why_not_booked)
        euro.active = True
        settlement.invalidate_recordset()
        self.assertFalse(settlement.why_not_booked)

    def test_partly_paid_by_hand(self):
        invoice, settlement = self.paid()
        settlement.action_take_back()
        receivable = invoice.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")
        of_buyer = {"account_id": receivable.account_id.id, "partner_id": receivable.partner_id.id}
        general = self.env["account.journal"].create(
            {"name": "General", "code": "GEN", "type": "general", "company_id": self.company.id}
        )
        entry = self.env["account.move"].create(
            {
                "journal_id": general.id,
                "line_ids": [
                    Command.create({"account_id": self.ledger["Bank"].id, "debit": 10}),
                    Command.create({**of_buyer, "credit": 10}),
                ],
            }
        )
        entry.action_post()
        (entry.line_ids.filtered("credit") | receivable).reconcile()
        self.assertEqual(invoice.amount_residual, invoice.amount_total - 10)
        settlement.action_book()
        settlement.action_post()
        self.assertEqual(invoice.amount_residual, 0)
        parts = [(part.amount, part.reason) for part in settlement.booked_order_ids]
        self.assertEqual(parts, [(invoice.amount_total - 10, False), (10, "more")])

    def test_other_contents_in_profits(self):
        one, two = self.sold(), self.sold()
        settlement = self.settled_with(self.row(one, 300), ref="1")
        self.assertEqual(sum(one.amazon_profit_ids.mapped("proceeds")), 300)
        self.upload(self.text(self.row(two, 200), total="200", ref="1"))
        settlement.action_take_other()
        self.assertFalse(one.amazon_profit_ids)
        self.assertEqual((one.amazon_payout_state, two.amazon_payout_state), (False, "settled"))
        self.assertEqual(sum(two.amazon_profit_ids.mapped("proceeds")), 200)

    def test_deposit_in_two_currencies(self):
        dollar = self.exchange()
        settlement = self.posted(self.row(amount=90), currency="USD")
        line = self.deposit(13300, foreign_currency_id=dollar.id, amount_currency=89)
        self.match(settlement, self.ledger["Bank Charges"])
        self.assertEqual((settlement.deposit_state, line.is_reconciled, self.clearing()), ("matched", True, 0))
        self.assertEqual(sum(line.line_ids.mapped("balance")), 0)

    def test_line_of_the_statement_deleted(self):
        settlement = self.posted(self.row(amount=90))
        line = self.deposit(90)
        self.match(settlement)
        line.unlink()
        self.env.invalidate_all()
        self.assertEqual(settlement.deposit_state, "waiting")
        self.deposit(90)
        self.match(settlement)
        settlement.sudo().entry_ids.button_draft()
        settlement.action_book_again()
        settlement.action_post()
        self.assertEqual((settlement.deposit_state, self.clearing()), ("matched", 0))


@tagged("post_install", "-at_install")
class TestBookingAnyCurrency(DepositCase):
    """Whatever the currency, its rate and the taxes: entries are balanced in both currencies and come to the payout."""

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("Principal", "Shipping", "Commission", "Storage Fee", "Current Reserve Amount")),
                st.integers(-(10**7), 10**7),
                st.sampled_from((1, 100, 1000)),
                st.sampled_from(("2026-09-30", "2026-10-31", "2026-11-01", "2026-12-01")),
            ),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from(("USD", "JPY", "EUR")),
        st.sampled_from((151.777, 0.0371, 1.0)),
    )
    def test_any_currency(self, rows, currency, rate):
        with self.env.cr.savepoint() as savepoint:
            self.check_booked(rows, currency, rate)
            savepoint.rollback()
        self.env.invalidate_all()

    def check_booked(self, rows, name, rate):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        currency.active = True
        if currency != self.company.currency_id:
            self.env["res.currency.rate"].create(
                {"name": "2026-01-01", "currency_id": currency.id, "company_id": self.company.id, "rate": 1 / rate}
            )
        self.set_up()
        taxes = self.env["account.tax"].create(
            [
                {"name": kind, "amount_type": kind, "amount": amount, "type_tax_use": "purchase"}
                for kind, amount in (("percent", 10), ("fixed", 3), ("division", 8))
            ]
        )
        rules = self.account.booking_rule_ids
        rules._of_kind("commission").ledger_tax_ids = taxes[0]
        rules._of_kind("storage").ledger_tax_ids = taxes
        content = [
            (
                "Order",
                "",
                "Amazon.co.jp",
                "ItemPrice" if kind in ("Principal", "Shipping") else "ItemFees",
                kind,
                f"{Decimal(amount) / parts:.4f}",
                f"{day} 10:00:00 UTC",
                "",
                "",
            )
            for kind, amount, parts, day in rows
        ]
        total = sum(Decimal(amount) / parts for _kind, amount, parts, _day in rows)
        self.upload(self.text(*content, total=f"{total:.4f}", currency=name, ref="77"))
        settlement = self.settlements()[-1].with_user(self.accountant)
        settlement.action_set_up_booking()
        settlement.invalidate_recordset()
        try:
            settlement.action_book()
        except UserError as error:
            self.assertRegex(str(error), "nothing to book")
            self.assertTrue(currency.is_zero(float(total)))
            return
        settlement.action_post()
        lines = settlement.sudo().entry_ids.line_ids
        for entry in settlement.sudo().entry_ids:
            self.assertTrue(self.company.currency_id.is_zero(sum(entry.line_ids.mapped("balance"))))
            self.assertTrue(currency.is_zero(sum(entry.line_ids.mapped("amount_currency"))))
        carried = lines.filtered(lambda line: line.account_id == line.journal_id.default_account_id)
        for field in ("balance", "amount_currency"):
            self.assertTrue(currency.is_zero(sum(carried.mapped(field))), field)
        transfer = rules._of_kind("transfer").ledger_account_id
        payout = sum(lines.filtered(lambda line: line.account_id == transfer).mapped("amount_currency"))
        self.assertEqual(currency.compare_amounts(payout, float(total)), 0)
        waiting = settlement.deposit_state
        self.assertEqual(bool(waiting), not currency.is_zero(float(total)))
