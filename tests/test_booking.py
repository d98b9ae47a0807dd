"""Settlements in the books: drafted, posted, taken back, and what pays which invoice."""

from collections import defaultdict
from datetime import date

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from ..models.finance.amazon_settlement import TOTALS
from .common_booking import BookingCase


@tagged("post_install", "-at_install")
class TestBookingSetUp(BookingCase):
    """What an accountant sets up, and what keeps a settlement out of the books until then."""

    def test_set_up(self):
        rules = self.set_up()
        journal = self.account._booking_journal(self.company.currency_id)
        self.assertEqual((journal.type, journal.currency_id.id, journal.code), ("bank", False, "AM1"))
        self.assertTrue(journal.default_account_id and journal.suspense_account_id)
        self.assertNotIn("other", rules.mapped("kind"))
        transfer = rules.filtered(lambda rule: rule.kind == "transfer").ledger_account_id
        self.assertTrue(transfer.reconcile)
        self.assertEqual(self.set_up(), rules, "nothing is made twice")
        self.assertEqual(self.env["account.journal"].search_count([("amazon_account_id", "=", self.account.id)]), 1)

    def test_the_charts_own_accounts(self):
        """What the company's chart has is taken before anything is made."""
        made = self.env["account.account"].create(
            [
                {
                    "name": name,
                    "code": code,
                    "account_type": kind,
                    "reconcile": kind == "asset_current",
                    "company_ids": [Command.set(self.company.ids)],
                }
                for name, code, kind in (
                    ("Commission Expenses", "512400", "expense"),
                    ("Advertisement/Promotion Expenses", "511900", "expense"),
                    ("Miscellaneous Income", "426000", "income_other"),
                    ("Outstanding Receipts", "123800", "asset_current"),
                )
            ]
        )
        ledger = {rule.kind: rule.ledger_account_id for rule in self.set_up()}
        fees, promotion, income, outstanding = made
        self.assertEqual(ledger["commission"] | ledger["fba_fee"] | ledger["fee"], fees)
        self.assertEqual(ledger["advertising"] | ledger["points"], promotion)
        self.assertEqual((ledger["reimbursement"], ledger["transfer"]), (income, outstanding))
        self.assertTrue(ledger["reserve"] not in made and ledger["unmatched"].reconcile)

    def test_by_hand(self):
        """An accountant changes a rule, and adds one for a single name of Amazon's."""
        rules = self.set_up().with_user(self.accountant)
        other = rules.filtered(lambda rule: rule.kind == "storage").ledger_account_id
        amount_type = self.env["amazon.amount.type"]._by_name({"Commission"})["Commission"]
        with Form(rules.browse()) as form:
            form.account_id = self.account
            form.type_id = amount_type
            form.ledger_account_id = other
        made = self.account.booking_rule_ids - rules.sudo()
        self.assertEqual(made.kind, "commission")
        settlement = self.booked(self.fee(-30), self.fee(-7, name="RefundCommission"), total=-37)
        lines = [(line.account_id, line.balance) for line in settlement.entry_ids.line_ids.sorted("balance")]
        fees = rules.filtered(lambda rule: rule.kind == "commission").ledger_account_id
        self.assertEqual(lines[1:], [(fees, 7), (other, 30)])

    def why(self, settlement, text):
        self.assertRegex(settlement.why_not_booked, text)
        with self.assertRaisesRegex(UserError, text):
            settlement.action_book()
        self.assertFalse(settlement.entry_ids)

    def test_nothing_is_set_up(self):
        settlement = self.settled_with(self.fee(-30))
        self.why(settlement, "no journal for JPY")
        self.why(settlement, "no account.*Payout")
        self.assertTrue(settlement.needs_set_up)
        self.assertFalse(settlement.needs_rules, "to set up is enough")
        action = settlement.action_set_up_booking()
        self.assertEqual(action["res_model"], "amazon.booking.rule")
        settlement.invalidate_recordset()
        self.assertFalse(settlement.why_not_booked or settlement.needs_set_up)
        # A rule can be added there, though nobody adds a settlement.
        rules = (
            self.env["amazon.booking.rule"]
            .with_user(self.accountant)
            .with_context(**{"create": False, **action["context"]})
        )
        self.assertNotEqual(etree.fromstring(rules.get_view(view_type="list")["arch"]).get("create"), "False")
        settlement.action_book()
        self.assertEqual(settlement.state, "draft")

    def test_what_does_not_agree(self):
        self.set_up()
        self.why(self.settled_with(self.fee(-30), total=-31), "do not come to what Amazon paid")

    def test_other_contents(self):
        """Booked is what a person has decided for."""
        self.set_up()
        settlement = self.settled_with(self.fee(-30), ref="1")
        self.upload(self.text(self.fee(-40), total="-40", ref="1"))
        self.why(settlement, "other contents")
        settlement.action_seen()
        settlement.action_book()
        self.assertEqual(self.on(settlement, "transfer"), -30)
        with self.assertRaisesRegex(UserError, "is booked"):
            settlement.action_take_other()
        settlement.action_take_back()
        settlement.action_take_other()
        settlement.action_book()
        self.assertEqual(self.on(settlement, "transfer"), -40)

    def test_what_is_not_known(self):
        """Unknown names, guesses and kinds without an account are named."""
        self.set_up()
        settlement = self.settled_with(
            self.row(amount=5, name="Quite New"), self.fee(-3, name="New Charge"), self.fee(-1, name="Liquidations")
        )
        self.why(settlement, "Quite New.*New Charge|New Charge.*Quite New")
        self.why(settlement, "no account.*Other")
        # Buttons lead to both.
        self.assertTrue(settlement.needs_types and settlement.needs_rules)
        action = settlement.action_view_unclear_types()
        named = self.env[action["res_model"]].with_user(self.accountant).search(action["domain"]).mapped("name")
        self.assertEqual(sorted(named), ["New Charge", "Quite New"])
        guessed = settlement.line_ids.type_id.filtered("is_guessed").with_user(self.accountant)
        self.assertEqual((guessed.name, guessed.kind), ("New Charge", "fee"))
        guessed.action_guess_is_right()
        self.assertEqual((guessed.is_guessed, guessed.kind), (False, "fee"))
        settlement.line_ids.type_id.filtered(lambda one: one.kind == "unclassified").kind = "fee"
        self.env["amazon.booking.rule"].with_user(self.accountant).create(
            {
                "account_id": self.account.id,
                "kind": "other",
                "ledger_account_id": self.account.booking_rule_ids[0].ledger_account_id.id,
            }
        )
        settlement.invalidate_recordset()
        self.assertFalse(settlement.why_not_booked or settlement.needs_types or settlement.needs_rules)
        settlement.action_book()

    def test_many_names(self):
        """Ten are named, and it is said how many more there are."""
        self.set_up()
        rows = [self.row(amount=1, name=f"Quite New {number:02}") for number in range(14)]
        settlement = self.settled_with(*rows)
        self.why(settlement, "Quite New.* and 4 more")
        self.assertEqual(settlement.why_not_booked.count("Quite New"), 10)

    def test_locked(self):
        self.set_up()
        self.company.fiscalyear_lock_date = "2026-11-30"
        settlement = self.settled_with(self.fee(-30))
        self.why(settlement, "locked period")
        self.company.write({"fiscalyear_lock_date": False, "tax_lock_date": "2026-11-30"})
        settlement.invalidate_recordset()
        self.assertFalse(settlement.why_not_booked, "it has no taxes")
        tax = self.taxes[10].copy({"name": "Input 10%", "type_tax_use": "purchase"})
        self.account.booking_rule_ids._of_kind("commission").ledger_tax_ids = tax
        settlement.invalidate_recordset()
        self.why(settlement, "locked period")

    def test_currency_without_a_journal(self):
        self.set_up()
        self.env.ref("base.USD").active = True
        settlement = self.settled_with(self.fee(-30), currency="USD")
        self.why(settlement, "no journal for USD")
        settlement.action_set_up_booking()
        settlement.action_book()
        journal = settlement.entry_ids.journal_id
        self.assertEqual((journal.currency_id.name, journal.code), ("USD", "AM2"))

    def test_currencies_that_were_paid(self):
        """Whoever sets up has a journal for each, whatever the marketplaces' are."""
        self.env.ref("base.USD").active = True
        self.settled_with(self.fee(-30), currency="USD")
        self.set_up()
        journals = self.env["account.journal"].search([("amazon_account_id", "=", self.account.id)])
        self.assertEqual(sorted(journals.mapped(lambda one: one.currency_id.name or "")), ["", "USD"])


@tagged("post_install", "-at_install")
class TestBooking(BookingCase):
    """Entries, and what they pay."""

    def test_orders_are_paid(self):
        """From Amazon's report to a paid invoice: the receivable is zero, the payout waits for the bank."""
        self.set_up()
        orders = self.imported(count=2)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        invoices = self.env["account.move"].union(*(self.invoice(order) for order in orders))
        self.pay()
        self.fetch()
        settlement = self.settlements().with_user(self.accountant)
        self.assertEqual(settlement.state, "open")
        settlement.action_book()
        self.assertEqual((settlement.state, settlement.unmatched_count), ("draft", 0))
        self.assertEqual(set(invoices.mapped("payment_state")), {"not_paid"})
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")
        self.assertEqual(set(invoices.mapped("amount_residual")), {0})
        self.assertLessEqual(set(invoices.mapped("payment_state")), {"paid", "in_payment"})
        self.assertEqual(self.on(settlement, "transfer"), settlement.amount)
        entry = settlement.entry_ids
        self.assertEqual((len(entry), entry.journal_id.amazon_account_id), (1, self.account))
        self.assertEqual(self.on(settlement, "commission"), -settlement.fees)
        for action, expected in (
            (settlement.action_view_entries(), entry),
            (settlement.action_view_booked_orders(), settlement.booked_order_ids),
            (settlement.action_view_orders(), orders),
        ):
            found = self.env[action["res_model"]].with_user(self.accountant).search(action["domain"])
            self.assertEqual(found.sorted("id"), expected.sorted("id"))
        part = settlement.booked_order_ids[0]
        self.assertEqual(part.action_view_invoice()["res_id"], part.order_id.invoice_ids.id)

    def credited(self, amount=100):
        """Return an order that is invoiced and credited, and both; Odoo has matched them with each other."""
        order = self.sold()
        invoice = self.invoice(order)
        self.assertEqual(self.refund(order, amount=amount), amount)
        action = order.with_user(self.accountant).action_amazon_credit_note()
        note = self.env["account.move"].browse(action["res_id"])
        note.action_post()
        self.assertEqual((invoice.amount_residual, note.amount_residual), (invoice.amount_total - amount, 0))
        return order, invoice, note

    def test_refunds(self):
        """They are for the credit notes, and the invoice is paid in full."""
        order, invoice, note = self.credited()
        settlement = self.booked(self.row(order, invoice.amount_total), self.row(order, -100, kind="Refund"))
        self.assertFalse(settlement.unmatched_count)
        settlement.action_post()
        self.assertEqual((invoice.amount_residual, note.amount_residual), (0, 0))
        self.assertEqual(settlement.booked_order_ids.invoice_id, invoice | note)

    def test_refunds_of_another_settlement(self):
        """Whichever is booked and posted first."""
        for first, second in ((0, 1), (1, 0)):
            order, invoice, note = self.credited()
            both = [
                self.booked(self.row(order, invoice.amount_total)),
                self.booked(self.row(order, -100, kind="Refund")),
            ]
            both[first].action_post()
            open_amounts = (invoice.amount_residual, note.amount_residual)
            self.assertEqual(open_amounts, (0, 100) if first == 0 else (invoice.amount_total, 0))
            both[second].action_post()
            self.assertEqual((invoice.amount_residual, note.amount_residual), (0, 0))
            self.assertFalse(sum(settlement.unmatched_count for settlement in both))

    def test_credited_without_a_refund(self):
        """What of a credit note is no refund of Amazon's stays matched with the invoice."""
        order, invoice, note = self.credited(300)
        settlement = self.booked(self.row(order, invoice.amount_total - 200), self.row(order, -100, kind="Refund"))
        self.assertFalse(settlement.unmatched_count)
        settlement.action_post()
        self.assertEqual((invoice.amount_residual, note.amount_residual), (0, 0))

    def test_combined(self):
        """What was combined into another order is paid with that one's invoice."""
        parent, child = self.sold(), self.imported()
        child._action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        goods = parent.order_line[:1]
        parent.order_line.create(
            {
                "order_id": parent.id,
                "product_id": goods.product_id.id,
                "product_uom_qty": 1,
                "price_unit": child.amazon_total,
                "technical_price_unit": -1,
                "tax_ids": False,
            }
        )
        parent.order_line.product_id.invoice_policy = "order"
        invoice = self.invoice(parent)
        self.assertEqual(invoice.amount_total, parent.amazon_total + child.amazon_total)
        settlement = self.booked(self.row(parent, parent.amazon_total), self.row(child, child.amazon_total))
        self.assertEqual((settlement.unmatched_count, settlement.booked_order_ids.invoice_id), (0, invoice))
        settlement.action_post()
        self.assertEqual(invoice.amount_residual, 0)

    def test_invoiced_in_another_currency(self):
        """It is listed, and pays nothing."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        order = self.sold()
        invoice = order._create_invoices()
        invoice.currency_id = dollar
        invoice.action_post()
        settlement = self.booked(self.row(order, 10))
        self.assertEqual(settlement.booked_order_ids.reason, "currency")
        settlement.action_post()
        self.assertEqual(invoice.amount_residual, invoice.amount_total)

    def test_a_month_ends(self):
        """Each month has its entry; what the first comes to is carried forward, and nothing stays there."""
        self.set_up()
        settlement = self.booked(
            self.row(amount=100, day="2026-10-30"),
            self.fee(-10, day="2026-10-31"),
            # In Japan it is November.
            self.fee(-7, day="2026-11-01"),
            self.row(amount=50, day="2026-12-05"),
        )
        first, second = settlement.entry_ids.sorted("date")
        self.assertEqual((first.date, second.date), (date(2026, 10, 31), date(2026, 11, 15)))
        carried = first.journal_id.default_account_id
        of_months = [
            sum(entry.line_ids.filtered(lambda line: line.account_id == carried).mapped("balance"))
            for entry in (first, second)
        ]
        self.assertEqual(of_months, [90, -90])
        with self.assertRaisesRegex(UserError, "belong together"):
            first.button_cancel()
        self.assertEqual((self.on(settlement, "commission"), self.on(settlement, "transfer")), (17, 133))
        second.action_post()
        self.assertEqual(settlement.state, "draft")
        with self.assertRaisesRegex(UserError, "belong together"):
            first.unlink()
        with self.assertRaisesRegex(UserError, "is posted"):
            settlement.action_take_back()
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")
        settlement.sudo().entry_ids.button_draft()
        self.assertEqual(settlement.unmatched_count, 2)
        settlement.sudo().entry_ids.button_cancel()
        self.assertEqual((settlement.state, settlement.unmatched_count), ("open", 0))
        settlement.action_book()
        self.assertEqual((settlement.state, len(settlement.booked_order_ids)), ("draft", 2))
        with self.assertRaisesRegex(UserError, "were cancelled"):
            first.button_draft()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            first.state = "draft"
            first.flush_recordset()

    def test_where_it_ends(self):
        """The payout is of the day in the marketplace, and so is its month."""
        self.set_up()
        text = self.text(self.fee(-30), total="-30").replace("2026-11-15 00:00:00", "2026-11-30 15:30:00")
        self.upload(text)
        settlement = self.settlements().with_user(self.accountant)
        settlement.action_book()
        dates = settlement.entry_ids.sorted("date").mapped("date")
        self.assertEqual(dates, [date(2026, 11, 30), date(2026, 12, 1)])

    def test_fractions(self):
        """Amounts in fractions of a yen: the largest has what rounding makes, and the payout is the settlement's."""
        self.set_up()
        fees = [self.fee(amount, day="2026-10-20") for amount in (-10.4, -3.1)]
        fees += [self.fee(-20.4), self.fee(-5.4, name="Storage Fee")]
        settlement = self.settled_with(*fees, total="-39.3")
        settlement.action_book()
        first, second = settlement.entry_ids.sorted("date")
        on = {
            entry: {line.account_id: line.balance for line in entry.line_ids if line.balance > 0}
            for entry in (first, second)
        }
        commission, storage = (
            self.account.booking_rule_ids._of_kind(kind).ledger_account_id for kind in ("commission", "storage")
        )
        self.assertEqual((on[first][commission], on[second][commission], on[second][storage]), (14, 20, 5))
        self.assertEqual(self.on(settlement, "transfer"), -39)
        split = self.settled_with(*(self.fee(-7.4, name=name) for name in ("Commission", "Storage Fee")), total="-14.8")
        split.action_book()
        self.assertEqual(
            (self.on(split, "commission") + self.on(split, "storage"), self.on(split, "transfer")), (15, -15)
        )

    def test_two_invoices_of_an_order(self):
        """Both are paid, and each is noted on the order."""
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "price": 900}, {"sku": "AMZ-CUP-001", "price": 500}])
        first = order._create_invoices()
        first.invoice_line_ids[:1].unlink()
        first.action_post()
        second = self.invoice(order)
        settlement = self.booked(self.row(order, first.amount_total + second.amount_total))
        self.assertEqual(settlement.booked_order_ids.invoice_id, first | second)
        settlement.action_post()
        self.env.cr.precommit.run()
        self.assertEqual((first | second).mapped("amount_residual"), [0, 0])
        noted = order.message_ids.filtered(lambda message: "paid" in (message.body or "")).mapped("body")
        for invoice in first | second:
            self.assertEqual(len([body for body in noted if invoice.name in body]), 1)

    def test_one_line_a_kind(self):
        """Fees of many orders are one line; reserves, ads and taxes go where they belong."""
        names = {
            "commission": "Commission",
            "fba_fee": "FBAPerUnitFulfillmentFee",
            "storage": "Storage Fee",
            "withheld_tax": "MarketplaceFacilitatorTax-Principal",
            "reimbursement": "SAFE-T reimbursement",
        }
        rows = [self.fee(-number, name=name, order="1") for name in names.values() for number in (1, 2)]
        rows += [
            self.fee(-50, name="Current Reserve Amount"),
            self.fee(20, name="Previous Reserve Amount Balance"),
            self.row(amount=-9, group="Cost of Advertising", name="TransactionTotalAmount", kind="ServiceFee"),
        ]
        settlement = self.booked(*rows)
        self.assertEqual(len(settlement.entry_ids.line_ids), len(names) + 3)
        for kind in ("storage", "withheld_tax", "reimbursement"):
            self.assertEqual(self.on(settlement, kind), 3, kind)
        self.assertEqual((self.on(settlement, "reserve"), self.on(settlement, "advertising")), (30, 9))
        self.assertEqual(self.on(settlement, "transfer"), settlement.amount)
        self.assertFalse(settlement.booked_order_ids)

    def test_taxes_of_fees(self):
        """Amazon's fees include them: they are taken out, and the sum stays."""
        account = self.env["account.account"].create(
            {
                "name": "Input Tax",
                "code": "123200",
                "account_type": "asset_current",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        tax = self.taxes[10].copy({"name": "Input 10%", "type_tax_use": "purchase"})
        taxed = tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids
        taxed.filtered(lambda line: line.repartition_type == "tax").account_id = account
        self.set_up().filtered(lambda rule: rule.kind in ("commission", "advertising")).ledger_tax_ids = tax
        settlement = self.booked(
            self.fee(-1234), self.row(amount=77, group="Refund for Advertiser", name="x", kind="ServiceFee")
        )
        lines = settlement.entry_ids.line_ids
        of_tax = lines.filtered(lambda line: line.account_id == account)
        self.assertEqual(sorted(of_tax.mapped("balance")), [-7, 112])
        self.assertEqual(sorted((lines - of_tax).mapped("balance")), [-1157, -70, 1122])
        self.assertEqual(
            [line.tax_repartition_line_id.document_type for line in of_tax.sorted("balance")], ["refund", "invoice"]
        )
        settlement.action_post()
        self.assertEqual(settlement.entry_ids.line_ids.mapped("balance"), lines.mapped("balance"))

    def test_what_is_posted_is_seen(self):
        """Who has Odoo's Invoicing only sees what an entry has: Odoo's form does not show it to him."""
        settlement = self.booked(self.fee(-30))
        self.assertFalse(self.accountant.has_group("account.group_account_readonly"))
        action = settlement.action_view_items()
        items = self.env[action["res_model"]].with_user(self.accountant)
        found = items.search(action["domain"])
        self.assertEqual(found, settlement.entry_ids.line_ids)
        for view, kind in action["views"]:
            arch = etree.fromstring(items.get_view(view, kind)["arch"])
            shown = {field.get("name") for field in arch.iter("field")}
            with self.subTest(kind=kind):
                self.assertLessEqual({"account_id", "name", "debit", "credit", "date"}, shown)
                self.assertEqual(sum(one["debit"] for one in found.read(sorted(shown))), 30)
        form = etree.fromstring(settlement.entry_ids.get_view(view_type="form")["arch"])
        button = self.env.ref("sale_amazon_spapi.action_amazon_entry_items")
        [shows] = form.xpath(f"//button[@name='{button.id}']")
        self.assertEqual(shows.get("invisible"), "not amazon_settlement_id")

    def test_what_pays_nothing(self):
        """Each is listed with its reason, and stands by itself on the account of what is not matched."""
        orders = self.imported(count=5)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        without, draft, paid, more, less = orders
        draft._create_invoices()
        for order in (paid, more, less):
            self.invoice(order)
        total = paid.amount_total
        self.booked(self.row(paid, total)).action_post()
        settlement = self.booked(
            self.row(without, 10),
            self.row(draft, 20),
            self.row(paid, 30),
            self.row(more, more.amount_total + 40),
            self.row(less, less.amount_total - 50),
            self.row("503-0000000-0000000", 60),
            self.row("", 70),
            self.row(more, -80, kind="Refund"),
        )
        reasons = {part.reason: (part.order_ref, part.amount) for part in settlement.booked_order_ids if part.reason}
        self.assertEqual(
            reasons,
            {
                "no_invoice": (without.amazon_order_ref, 10),
                "draft": (draft.amazon_order_ref, 20),
                "paid": (paid.amazon_order_ref, 30),
                "more": (more.amazon_order_ref, 40),
                "less": (less.amazon_order_ref, less.amount_total - 50),
                "not_here": ("503-0000000-0000000", 60),
                "no_order": (False, 70),
                "no_note": (more.amazon_order_ref, -80),
            },
        )
        self.assertEqual(settlement.unmatched_count, 8)
        unmatched = self.account.booking_rule_ids._of_kind("unmatched").ledger_account_id
        lines = settlement.entry_ids.line_ids.filtered(lambda line: line.account_id == unmatched)
        self.assertEqual(sorted(lines.mapped("balance")), [-70, -60, -40, -30, -20, -10, 80])
        self.assertIn(f"{more.amazon_order_ref}: More than is open", lines.mapped("name"))
        found = self.env["amazon.settlement.order"].with_user(self.accountant)
        self.assertEqual(len(found.search(settlement.action_view_unmatched()["domain"])), 8)
        # Each leads on: to its order, or to what the settlement has of one that is not here.
        parts = {part.reason: part.with_user(self.accountant) for part in settlement.booked_order_ids if part.reason}
        self.assertEqual(parts["no_invoice"].action_view_order()["res_id"], without.id)
        action = parts["not_here"].action_view_order()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]).order_ref, "503-0000000-0000000")
        settlement.action_post()
        self.assertEqual((more.invoice_ids.amount_residual, less.invoice_ids.amount_residual), (0, 50))
        # What is seen to meanwhile is taken up when it is booked again.
        settlement.entry_ids.button_draft()
        self.assertEqual(more.invoice_ids.amount_residual, more.amount_total)
        draft.invoice_ids.action_post()
        settlement.action_book_again()
        reason = settlement.booked_order_ids.filtered(lambda part: part.order_id == draft).reason
        self.assertEqual(reason, "less")

    def test_an_invoice_for_a_day(self):
        """Each order pays its part of it, and no order the others'."""
        orders = self.imported(count=3)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        orders.partner_invoice_id = orders[0].partner_invoice_id
        orders.partner_id = orders[0].partner_id
        invoice = orders._create_invoices()
        self.assertEqual(len(invoice), 1)
        invoice.action_post()
        first, second, third = orders
        one = self.booked(self.row(first, first.amount_total + 5))
        self.assertEqual(one.booked_order_ids.filtered("reason").mapped("amount"), [5])
        two = self.booked(self.row(second, second.amount_total), self.row(first, 3))
        self.assertEqual(two.booked_order_ids.filtered("reason").mapped("amount"), [3])
        (one | two).action_post()
        self.assertEqual(invoice.amount_residual, third.amount_total)
        self.booked(self.row(third, third.amount_total)).action_post()
        self.assertEqual(invoice.amount_residual, 0)

    def test_oldest_first(self):
        """Of several that are booked at once the one that ended first pays, in whatever order they came in."""
        self.set_up()
        order = self.sold()
        self.invoice(order)
        rows, total = (self.row(order, order.amount_total),), f"{order.amount_total:.0f}"
        self.upload(self.text(*rows, total=total, ref="2").replace("2026-11-15", "2026-11-20"))
        self.upload(self.text(*rows, total=total, ref="1"))
        later, sooner = self.settlements().with_user(self.accountant)
        (later | sooner).action_book()
        self.assertEqual((sooner.booked_order_ids.reason, later.booked_order_ids.reason), (False, "paid"))

    def test_changed_before_it_is_posted(self):
        """An invoice that is taken back meanwhile is not paid, and is listed until it is."""
        order = self.sold()
        invoice = self.invoice(order)
        settlement = self.booked(self.row(order, order.amount_total))
        invoice.button_draft()
        settlement.action_post()
        self.assertEqual((settlement.booked_order_ids.reason, settlement.unmatched_count), ("undone", 1))
        invoice.action_post()
        settlement.sudo().entry_ids.button_draft()
        settlement.action_post()
        self.assertEqual((settlement.booked_order_ids.reason, settlement.unmatched_count), (False, 0))
        self.assertEqual(invoice.amount_residual, 0)

    def test_posted_later(self):
        """An invoice that was paid before the entry is posted is not paid twice; it is listed."""
        order = self.sold()
        invoice = self.invoice(order)
        first = self.booked(self.row(order, order.amount_total))
        second = self.booked(self.row(order, order.amount_total))
        self.assertEqual(second.booked_order_ids.reason, "paid")
        second.action_take_back()
        first.action_post()
        first.entry_ids.button_draft()
        self.assertEqual(invoice.amount_residual, order.amount_total)
        second.action_book()
        first.action_post()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(first.booked_order_ids.reason, False)
        self.assertEqual(second.booked_order_ids.reason, "paid")

    def test_nothing_twice(self):
        settlement = self.booked(self.fee(-30))
        with self.assertRaisesRegex(UserError, "booked already"):
            settlement.action_book()
        settlement.action_book_again()
        self.assertEqual(len(settlement.entry_ids), 1)
        self.upload(self.text(self.fee(-30), total="-30", ref=settlement.settlement_ref))
        self.assertEqual(len(self.settlements()), 1)
        settlement.entry_ids.unlink()
        self.assertEqual((settlement.state, len(settlement.booked_order_ids)), ("open", 0))
        settlement.action_book()
        settlement.action_post()
        with self.assertRaises(UserError):
            settlement.action_book_again()

    def test_another_currency(self):
        """The entry is in the settlement's currency, valued by Odoo's rate of its day; the invoice is paid to zero."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.keep_exchange()
        self.env["res.currency.rate"].create(
            [
                {"currency_id": dollar.id, "name": day, "rate": 1 / yen, "company_id": self.company.id}
                for day, yen in (("2026-10-01", 150.123), ("2026-11-01", 151.777))
            ]
        )
        order = self.sold()
        invoice = order._create_invoices()
        invoice.currency_id = dollar
        invoice.invoice_date = "2026-10-20"
        invoice.action_post()
        total = invoice.amount_total
        rows = [self.row(order, total - 1, day="2026-10-25"), self.row(order, 1), self.fee(-0.33)]
        self.set_up()
        settlement = self.settled_with(*rows, total=f"{total - 0.33:.2f}", currency="USD")
        settlement.action_set_up_booking()
        settlement.action_book()
        self.assertEqual(set(settlement.entry_ids.mapped("currency_id.name")), {"USD"})
        for entry in settlement.entry_ids:
            self.assertEqual(sum(entry.line_ids.mapped("balance")), 0)
            self.assertAlmostEqual(sum(entry.line_ids.mapped("amount_currency")), 0)
        paying = settlement.booked_order_ids.line_id.sorted("date")
        self.assertEqual(paying.mapped("balance"), [-round((total - 1) * 150.123), -round(151.777)])
        settlement.action_post()
        self.assertEqual(
            (invoice.amount_residual, invoice.line_ids.filtered("date_maturity")[:1].reconciled), (0, True)
        )
        carried = settlement.entry_ids.journal_id.default_account_id
        lines = settlement.entry_ids.line_ids.filtered(lambda line: line.account_id == carried)
        self.assertEqual((sum(lines.mapped("balance")), sum(lines.mapped("amount_currency"))), (0, 0))

    def test_another_company(self):
        """What is set up and booked is the account's company's, in its currency, whatever else the accountant sees."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        elsewhere = self.env["res.company"].create({"name": "Elsewhere", "currency_id": dollar.id})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        order = self.sold()
        invoice = self.invoice(order)
        settlement = self.settled_with(self.fee(-30), self.row(order, 5))
        of_company = {"user_id": False, "warehouse_id": warehouse.id, "fba_warehouse_id": warehouse.id}
        self.account.write({"company_id": elsewhere.id, **of_company})
        self.accountant.company_ids |= elsewhere
        both = (self.company | elsewhere).ids
        settlement = settlement.with_context(allowed_company_ids=both)
        settlement.action_set_up_booking()
        settlement.action_book()
        entry = settlement.entry_ids
        self.assertEqual((entry.company_id, entry.journal_id.company_id), (elsewhere, elsewhere))
        self.assertEqual((entry.company_currency_id, entry.currency_id.name), (dollar, "JPY"))
        self.assertEqual(entry.line_ids.account_id.company_ids, elsewhere)
        self.assertEqual(self.account.booking_rule_ids.company_id, elsewhere)
        self.assertEqual(settlement.booked_order_ids.reason, "no_invoice", "what the other company has billed stays")
        settlement.action_post()
        self.assertEqual((settlement.state, invoice.amount_residual), ("posted", invoice.amount_total))

    def test_rules_of_another_company(self):
        """An account that has moved leaves the rules' accounts behind: nothing is booked on those."""
        self.set_up()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        settlement = self.settled_with(self.fee(-30))
        of_company = {"user_id": False, "warehouse_id": warehouse.id, "fba_warehouse_id": warehouse.id}
        self.account.write({"company_id": elsewhere.id, **of_company})
        self.accountant.company_ids |= elsewhere
        settlement = settlement.with_context(allowed_company_ids=(self.company | elsewhere).ids)
        self.assertRegex(settlement.why_not_booked, "no account.*Commission.*Payout")
        with self.assertRaisesRegex(UserError, "no account"):
            settlement.action_book()
        rules = self.account.booking_rule_ids
        settlement.action_set_up_booking()
        settlement.invalidate_recordset()
        self.assertFalse(settlement.why_not_booked, "they are set up anew")
        self.assertEqual((self.account.booking_rule_ids, rules.ledger_account_id.company_ids), (rules, elsewhere))
        settlement.action_book()
        self.assertEqual(settlement.entry_ids.company_id, elsewhere)

    def test_rights(self):
        """Accountants of the company book, with the least rights; others see nothing of it."""
        settlement = self.booked(self.fee(-30), self.row(amount=5))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "amazon_stranger",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        for records in (settlement.booked_order_ids, self.account.booking_rule_ids):
            for user in (self.user, stranger):
                with self.assertRaises(AccessError):
                    records.with_user(user).with_context(allowed_company_ids=user.company_ids.ids).read(
                        ["amount"] if "amount" in records._fields else ["kind"]
                    )
        with self.assertRaises(AccessError):
            settlement.with_user(self.user).action_book()
        with self.assertRaises(AccessError):
            settlement.booked_order_ids.with_user(self.accountant).reason = False
        bookkeeper = new_test_user(
            self.env,
            "amazon_bookkeeper",
            "account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        settlement.entry_ids.with_user(bookkeeper).action_post()
        self.assertEqual(settlement.state, "posted")
        settlement.entry_ids.with_user(bookkeeper).button_draft()
        settlement.entry_ids.with_user(bookkeeper).unlink()
        self.assertEqual(settlement.state, "open")


@tagged("post_install", "-at_install")
class TestBookingRandom(BookingCase):
    """Whatever a settlement has: its entries are balanced and come to it, and what is paid in full is zero."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from((0, 1, 2, 3)),
                st.sampled_from(("Order", "Refund", "Chargeback Refund", "Order_Retrocharge", "New", "Quite New")),
                st.sampled_from(
                    ("Principal", "Tax", "Shipping", "Commission", "Storage Fee", "Current Reserve Amount")
                ),
                st.integers(-400, 400),
                st.sampled_from(("2026-09-30", "2026-10-31", "2026-11-01", "2026-11-14", "2026-12-01")),
            ),
            max_size=12,
        ),
        st.sets(st.integers(0, 2)),
        st.sets(st.integers(0, 2)),
        st.sets(st.integers(0, 2)),
        st.sampled_from(("order", "day")),
        st.lists(st.sampled_from(("sale", "refund", "a_to_z", "retrocharge", "other")), min_size=2, max_size=2),
    )
    def test_any_settlement(self, rows, invoiced, paid, credited, per, mapped):
        self.set_up()
        new = self.env["amazon.transaction.type"].with_user(self.accountant)
        # What an example before has mapped is new again.
        new.search([("name", "in", ("New", "Quite New"))]).kind = "unclassified"
        if not hasattr(self, "product"):
            self.product = self.env["product.product"].create({"name": "P", "type": "service", "taxes_id": False})
            self.customer = self.env["res.partner"].create({"name": "C"})
        number = self.env["sale.order"].search([], limit=1, order="id desc").id
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.customer.id,
                    "amazon_account_id": self.account.id,
                    "amazon_merchant_id": self.account.merchant_id,
                    "amazon_order_ref": f"503-{number:07}-{each:07}",
                    "order_line": [Command.create({"product_id": self.product.id, "price_unit": 100 * (each + 1)})],
                }
                for each in range(3)
            ]
        )
        orders.action_confirm()
        some = orders.browse(orders[each].id for each in sorted(invoiced))
        invoices = some._create_invoices(grouped=per == "order") if some else self.env["account.move"]
        invoices.invoice_date = "2026-10-01"
        invoices.action_post()
        fully = orders.browse(orders[each].id for each in sorted(paid))
        content = [self.row(order, order.amount_total, day="2026-10-20") for order in fully]
        notes = self.env["account.move"].union(
            *(self.credit(orders[each].invoice_ids) for each in sorted(credited) if per == "order" and each in invoiced)
        )
        refunded = notes.reversed_entry_id.line_ids.sale_line_ids.order_id
        content += [self.row(order, -30, kind="Refund", day="2026-11-02") for order in fully & refunded]
        for order, kind, name, amount, day in rows:
            if order < 3 and orders[order] in fully and name in ("Principal", "Tax", "Shipping"):
                continue
            group = "ItemPrice" if name in ("Principal", "Tax", "Shipping") else "ItemFees"
            ref = orders[order] if order < 3 else ""
            content.append(self.row(ref, amount, kind=kind, name=name, group=group, day=day))
        content = content or [self.fee(-1)]
        settlement = self.settled_with(*content, ref=f"{number}")
        self.map_types(settlement, mapped)
        shapes = []
        for _again in range(2):
            try:
                settlement.action_book()
            except UserError as error:
                self.assertRegex(str(error), "nothing to book")
                self.assertFalse(any(each.amount for each in settlement.sum_ids) or settlement.amount)
                return
            self.check(settlement)
            settlement.action_post()
            self.check(settlement)
            shapes.append(
                sorted((line.account_id.id, line.name, line.balance) for line in settlement.entry_ids.line_ids)
            )
            for order in fully & some:
                parts = settlement.booked_order_ids.filtered(lambda part, order=order: part.order_id == order)
                expected = order.amount_total - 30 * (order in refunded)
                self.assertEqual((sum(parts.mapped("amount")), set(parts.mapped("reason"))), (expected, {False}))
            if per == "order":
                settled = (fully & some).invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
                self.assertFalse(any((settled | (notes & settled.reversal_move_ids)).mapped("amount_residual")))
            settlement.entry_ids.button_draft()
            if per == "order":
                self.assertEqual(settled.mapped("amount_residual"), settled.mapped("amount_total"))
            settlement.entry_ids.unlink()
            self.assertEqual(settlement.state, "open")
        self.assertEqual(*shapes)

    def map_types(self, settlement, kinds):
        """What is not classified counts as nothing that is known, and is not booked before a person says what it is."""
        new = settlement.line_ids.filtered(lambda line: line.transaction_kind == "unclassified" and line.amount)
        self.assertEqual(settlement.has_unclassified, bool(new))
        for kind, one in zip(kinds, new.transaction_type_id.sorted("name"), strict=False):
            self.check_totals(settlement)
            self.assertRegex(settlement.why_not_booked, f"Transaction Types.*{one.name}")
            with self.assertRaisesRegex(UserError, one.name):
                settlement.action_book()
            one.kind = kind
        self.check_totals(settlement)
        self.assertFalse(settlement.has_unclassified)

    def check_totals(self, settlement):
        """Look at what a settlement comes to by its lines."""
        of_kind = defaultdict(float)
        for line in settlement.line_ids.filtered("type_id.is_buyers"):
            of_kind[line.transaction_kind] += line.amount
        back = sum(of_kind.pop(kind, 0) for kind in ("refund", "chargeback", "a_to_z"))
        of_kind.pop("unclassified", None)
        self.assertEqual((settlement.refunds, settlement.sales), (back, sum(of_kind.values())))
        self.assertEqual(sum(settlement[name] for name in TOTALS), sum(settlement.line_ids.mapped("amount")))

    def credit(self, invoice):
        """Credit a part of an invoice."""
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "reversed_entry_id": invoice.id,
                "partner_id": invoice.partner_id.id,
                "invoice_date": "2026-10-02",
                "invoice_line_ids": [Command.create({"name": "Back", "price_unit": 30, "tax_ids": False})],
            }
        )
        note.action_post()
        return note

    def check(self, settlement):
        """Look at a settlement's entries from outside: each is balanced, together they come to what it has."""
        entries = settlement.entry_ids
        for entry in entries:
            self.assertEqual(sum(entry.line_ids.mapped("balance")), 0)
        carried = entries.journal_id.default_account_id
        lines = entries.line_ids
        self.assertEqual(sum(lines.filtered(lambda line: line.account_id == carried).mapped("balance")), 0)
        buyers = settlement.booked_order_ids
        self.assertEqual(sum(buyers.mapped("amount")), settlement.sales + settlement.refunds)
        waiting = self.on(settlement, "transfer")
        self.assertEqual(waiting, settlement.amount)
        self.assertEqual(self.on(settlement, "reserve"), -settlement.opening_reserve - settlement.kept_reserve)
        for month in {each.month for each in settlement.sum_ids}:
            [entry] = entries.filtered(
                lambda one, month=month: one.amazon_settlement_month == min(month, date(2026, 11, 1))
            ) or [None]
            if entry:
                self.assertEqual(fields.Date.start_of(entry.date, "month"), entry.amazon_settlement_month)


@tagged("post_install", "-at_install")
class TestBookingElsewhere(BookingCase):
    """Whichever company books, and in whichever currency Amazon pays: the same holds."""

    def setUp(self):
        super().setUp()
        self.currencies = {name: self.env.ref(f"base.{name}") for name in ("JPY", "USD")}
        self.currencies["USD"].active = True
        elsewhere = self.env["res.company"].create({"name": "Elsewhere", "currency_id": self.currencies["USD"].id})
        companies = self.company | elsewhere
        self.env.user.company_ids |= elsewhere
        self.accountant.company_ids |= elsewhere
        self.env = self.env(context={**self.env.context, "allowed_company_ids": companies.ids})
        self.keep_books(elsewhere)
        for company in companies:
            self.keep_exchange(company)
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        of_company = {"company_id": elsewhere.id, "warehouse_id": warehouse.id, "user_id": False}
        other = self._connect(self.amazon.seller(), name="Elsewhere", **of_company)
        self.accounts = {"here": self.account.with_env(self.env), "elsewhere": other}
        self.product = self.env["product.product"].create({"name": "P", "type": "service", "taxes_id": False})
        self.customer = self.env["res.partner"].create({"name": "C"})
        self.examples = 0

    def value(self, rates):
        """Have a dollar be worth so many yen since September, and so many since November."""
        self.env["res.currency.rate"].search([("company_id", "in", self.env.companies.ids)]).unlink()
        for company in self.env.companies:
            other = self.currencies["USD" if company.currency_id.name == "JPY" else "JPY"]
            self.env["res.currency.rate"].create(
                [
                    {
                        "currency_id": other.id,
                        "company_id": company.id,
                        "name": day,
                        "rate": yen if other.name == "JPY" else 1 / yen,
                    }
                    for day, yen in zip(("2026-09-01", "2026-11-01"), rates, strict=True)
                ]
            )

    def ordered(self, currency, prices):
        """Return orders that are invoiced in a currency."""
        company = self.account.company_id
        self.examples += 1
        orders = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                [
                    {
                        "company_id": company.id,
                        "partner_id": self.customer.id,
                        "amazon_account_id": self.account.id,
                        "amazon_merchant_id": self.account.merchant_id,
                        "amazon_order_ref": f"503-{self.examples:07}-{number:07}",
                        "order_line": [Command.create({"product_id": self.product.id, "price_unit": price})],
                    }
                    for number, price in enumerate(prices)
                ]
            )
        )
        orders.action_confirm()
        for order in orders:
            invoice = order._create_invoices()
            invoice.write({"currency_id": currency.id, "invoice_date": "2026-10-20"})
            invoice.invoice_line_ids.price_unit = order.order_line.price_unit
            invoice.action_post()
        return orders

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(("here", "elsewhere")),
        st.sampled_from(("JPY", "USD")),
        st.tuples(st.integers(90_001, 180_001), st.integers(90_001, 180_001)),
        st.lists(st.tuples(st.integers(1, 9_999), st.integers(0, 9_999)), max_size=3),
        st.lists(
            st.tuples(
                st.sampled_from(("Principal", "Commission", "Storage Fee", "Current Reserve Amount")),
                st.integers(-9_999, 9_999),
                st.sampled_from(("2026-09-30", "2026-10-31", "2026-11-14")),
            ),
            max_size=6,
        ),
    )
    @example(
        "here", "USD", (150_123, 151_777), [], [("Commission", -33, "2026-10-31"), ("Commission", 33, "2026-11-14")]
    )
    @example("elsewhere", "JPY", (150_123, 151_777), [(1, 1)], [("Storage Fee", -1, "2026-09-30")])
    def test_any_settlement(self, where, name, rates, sold, rows):
        """
        :param rates: how much a dollar is, in thousandths of a yen.
        :param sold: what each order comes to and how much of it is paid in the first month, in the smallest coins.
        :param rows: what else there is, in the smallest coins.
        """
        self.account, currency = self.accounts[where], self.currencies[name]
        coin = 10**-currency.decimal_places
        self.value([rate / 1000 for rate in rates])
        orders = self.ordered(currency, [round(price * coin, 2) for price, _part in sold])
        content = []
        for order, (price, part) in zip(orders, sold, strict=True):
            first = min(part, price)
            content.append(self.row(order, round(first * coin, 2), day="2026-10-25"))
            content.append(self.row(order, round((price - first) * coin, 2)))
        for kind, amount, day in rows:
            group = "ItemPrice" if kind == "Principal" else "ItemFees"
            content.append(self.row(amount=round(amount * coin, 2), name=kind, group=group, day=day))
        content = content or [self.fee(-coin)]
        total = round(sum(float(row[5]) for row in content), 2)
        settlement = self.settled_with(*content, total=f"{total:.{currency.decimal_places}f}", currency=name)
        settlement.action_set_up_booking()
        shapes = []
        for _again in range(2):
            try:
                settlement.action_book()
            except UserError as error:
                self.assertRegex(str(error), "nothing to book")
                self.assertFalse(any(each.amount for each in settlement.sum_ids))
                return
            settlement.action_post()
            shapes.append(self.checked(settlement, orders))
            settlement.sudo().entry_ids.button_draft()
            receivables = orders.invoice_ids.mapped("amount_residual")
            self.assertEqual(receivables, orders.invoice_ids.mapped("amount_total"))
            settlement.sudo().entry_ids.unlink()
        self.assertEqual(*shapes)

    def checked(self, settlement, orders):
        """Look at a settlement's posted entries; return what they have."""
        entries, currency = settlement.sudo().entry_ids, settlement.currency_id
        self.assertEqual((settlement.state, entries.company_id), ("posted", self.account.company_id))
        for entry in entries:
            self.assertEqual(entry.company_currency_id.round(sum(entry.line_ids.mapped("balance"))), 0)
            self.assertEqual(currency.round(sum(entry.line_ids.mapped("amount_currency"))), 0)
        lines = entries.line_ids
        self.assertEqual((lines.currency_id, lines.company_id), (currency, self.account.company_id))
        carried = lines.filtered(lambda line: line.account_id == entries.journal_id.default_account_id)
        self.assertEqual(entries.company_currency_id.round(sum(carried.mapped("balance"))), 0)
        self.assertEqual(currency.round(sum(carried.mapped("amount_currency"))), 0)
        transfer = self.account.booking_rule_ids._of_kind("transfer").ledger_account_id
        paid = sum(lines.filtered(lambda line: line.account_id == transfer).mapped("amount_currency"))
        self.assertEqual(currency.round(paid - settlement.amount), 0)
        self.assertFalse(any(orders.invoice_ids.mapped("amount_residual")))
        receivables = orders.invoice_ids.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual(set(receivables.mapped("reconciled")), {True} if orders else set())
        self.assertEqual(sum(receivables.mapped("amount_residual")), 0)
        parts = settlement.booked_order_ids.filtered("order_id")
        self.assertFalse(any(parts.mapped("reason")))
        return sorted((line.account_id.id, line.name, line.balance, line.amount_currency) for line in lines)
