"""Settlements of many orders: their entries are posted at once, and the job pays the invoices."""

from unittest.mock import patch

from odoo.addons.sale_amazon_spapi.models import finance
from odoo.addons.sale_amazon_spapi.models.finance import account_move_settlement, amazon_settlement_paying
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_booking import BookingCase


class ManyCase(BookingCase):
    """A shop whose settlements the job books."""

    def run_job(self):
        with self.committing(self.account) as account:
            logs = account._pay_invoices().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)


@tagged("post_install", "-at_install")
class TestBookingMany(ManyCase):
    """More than two invoices are many here, and the job pays two at a time."""

    def setUp(self):
        super().setUp()
        for module, name in ((account_move_settlement, "MOST_AT_ONCE"), (amazon_settlement_paying, "AT_ONCE")):
            self.startPatcher(patch.object(module, name, 2))

    def pays(self, count, months=1):
        """Return a booked settlement of so many invoiced orders, and the invoices."""
        orders = self.imported(count=count)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        invoices = self.env["account.move"].union(*(self.invoice(order) for order in orders))
        days = ("2026-11-03", "2026-10-30")[:months]
        rows = [self.row(order, order.amount_total, day=days[number % months]) for number, order in enumerate(orders)]
        return self.booked(*rows), invoices

    def test_by_the_job(self):
        settlement, invoices = self.pays(5)
        settlement.action_post()
        self.assertEqual(set(settlement.entry_ids.mapped("state")), {"posted"})
        self.assertEqual((settlement.state, settlement.posting_progress), ("posting", "0 of 5 invoices are paid."))
        self.assertEqual(invoices.mapped("amount_residual"), invoices.mapped("amount_total"))
        with self.assertRaisesRegex(UserError, "posted already"):
            settlement.action_post()
        job = self.account._job("paying")
        self.assertTrue(self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", job.sudo().cron_id.id)]))
        log = self.run_job()
        self.assertEqual((log.state, log.invoices_paid), ("done", 5))
        self.assertEqual((settlement.state, settlement.posting_progress), ("posted", False))
        self.assertFalse(any(invoices.mapped("amount_residual")) or settlement.unmatched_count)
        partials = invoices.line_ids.matched_credit_ids
        self.assertEqual(len(partials), 5)
        self.assertFalse(self.run_job())
        self.assertEqual(invoices.line_ids.matched_credit_ids, partials)

    def test_what_odoo_notes(self):
        """Each order and each invoice says that it is paid, and nobody is notified."""
        settlement, invoices = self.pays(3)
        orders = invoices.line_ids.sale_line_ids.order_id
        orders.message_subscribe(self.accountant.partner_id.ids, self.env.ref("mail.mt_note").ids)
        settlement.action_post()
        self.run_job()
        self.env.cr.precommit.run()
        for order in orders:
            [message] = order.message_ids.filtered(lambda one: "paid" in (one.body or ""))
            self.assertIn(order.invoice_ids.name, message.body)
            self.assertFalse(message.notification_ids)
            values = order.invoice_ids.message_ids.sudo().tracking_value_ids
            changed = values.filtered(lambda value: value.field_id.name == "payment_state")
            self.assertEqual(len(changed), 1)

    def test_reset_meanwhile(self):
        """What is reset to draft while it is being posted pays nothing; posted again it pays each once."""
        settlement, invoices = self.pays(3)
        settlement.action_post()
        settlement.sudo().entry_ids.button_draft()
        self.assertEqual((settlement.state, settlement.is_being_posted), ("draft", False))
        self.assertFalse(self.run_job())
        settlement.action_post()
        self.run_job()
        self.assertEqual((settlement.state, len(invoices.line_ids.matched_credit_ids)), ("posted", 3))
        settlement.sudo().entry_ids.button_draft()
        self.assertEqual(invoices.mapped("amount_residual"), invoices.mapped("amount_total"))

    def test_one_month_reset(self):
        """The other month's invoices are paid nevertheless."""
        settlement, invoices = self.pays(6, months=2)
        settlement.action_post()
        first, second = settlement.entry_ids.sorted("date")
        first.sudo().button_draft()
        self.run_job()
        paid = invoices.filtered(lambda invoice: not invoice.amount_residual)
        self.assertEqual(len(paid), 3)
        self.assertEqual(paid.line_ids.matched_credit_ids.credit_move_id.move_id, second)
        self.assertEqual((settlement.state, settlement.is_being_posted), ("draft", False))
        settlement.action_post()
        self.run_job()
        self.assertFalse(any(invoices.mapped("amount_residual")))
        self.assertEqual(settlement.state, "posted")

    def test_what_odoo_refuses(self):
        """One invoice that cannot be paid is said, and keeps no other from being paid."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.company.currency_exchange_journal_id = False
        self.env["res.currency.rate"].create(
            [
                {"currency_id": dollar.id, "name": day, "rate": 1 / yen, "company_id": self.company.id}
                for day, yen in (("2026-10-01", 150), ("2026-11-01", 151))
            ]
        )
        orders = self.imported(count=3)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        for order, day in zip(orders, ("2026-11-02", "2026-10-20", "2026-11-02"), strict=True):
            invoice = order._create_invoices()
            invoice.write({"currency_id": dollar.id, "invoice_date": day})
            invoice.action_post()
        invoices = orders.invoice_ids
        self.set_up()
        total = sum(invoices.mapped("amount_total"))
        rows = [self.row(order, order.invoice_ids.amount_total) for order in orders]
        settlement = self.settled_with(*rows, total=f"{total:.2f}", currency="USD")
        settlement.action_set_up_booking()
        settlement.action_book()
        settlement.action_post()
        self.run_job()
        self.assertEqual(settlement.state, "posted")
        refused = orders[1]
        self.assertEqual(invoices.filtered("amount_residual"), refused.invoice_ids)
        self.assertRegex(settlement.posting_error, f"{refused.amazon_order_ref}.*[Ee]xchange")
        [part] = settlement.booked_order_ids.filtered("reason")
        self.assertEqual((part.order_id, part.reason), (refused, "refused"))

    def test_few(self):
        """They are paid while the accountant waits."""
        settlement, invoices = self.pays(2)
        settlement.action_post()
        self.assertEqual((settlement.state, set(invoices.mapped("amount_residual"))), ("posted", {0}))


@tagged("post_install", "-at_install")
class TestDraftingMany(ManyCase):
    """More than two orders are many here."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(finance.amazon_settlement_drafting, "MOST_AT_ONCE", 2))
        self.set_up()

    def many(self, *more, **values):
        orders = (f"249-0000000-000000{number}" for number in range(3))
        return self.settled_with(*(self.row(order, 100) for order in orders), *more, **values)

    def test_by_the_job(self):
        settlement = self.many()
        action = settlement.action_book()
        self.assertIn("background", action["params"]["message"])
        self.assertEqual((settlement.state, len(settlement.entry_ids)), ("drafting", 0))
        job = self.account._job("paying")
        self.assertTrue(self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", job.sudo().cron_id.id)]))
        with self.assertRaisesRegex(UserError, "drafted already"):
            settlement.action_book()
        with self.assertRaisesRegex(UserError, "being drafted"):
            settlement.action_post()
        self.assertEqual(self.run_job().state, "done")
        self.assertEqual((settlement.state, len(settlement.booked_order_ids)), ("draft", 3))
        self.assertFalse(self.run_job() or settlement.booking_error)
        self.assertEqual(len(settlement.entry_ids), 1)
        settlement.action_book_again()
        self.assertEqual((settlement.state, len(settlement.entry_ids)), ("drafting", 0))
        self.run_job()
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")

    def test_few(self):
        settlement = self.settled_with(self.row("249-0000000-0000001", 100), self.fee(-1), self.fee(-2, "Storage Fee"))
        settlement.action_book()
        self.assertEqual(settlement.state, "draft")

    def test_what_is_in_the_way(self):
        """It is said at once, and by the job where it comes in between; then it is to be booked again."""
        settlement = self.many()
        self.company.fiscalyear_lock_date = "2026-11-30"
        with self.assertRaisesRegex(UserError, "locked period"):
            settlement.action_book()
        self.company.fiscalyear_lock_date = False
        settlement.invalidate_recordset()
        settlement.action_book()
        self.company.fiscalyear_lock_date = "2026-11-30"
        other = self.many(ref="2", currency="JPY")
        self.run_job()
        self.assertEqual((settlement.state, other.state, len(settlement.entry_ids)), ("open", "open", 0))
        self.assertRegex(settlement.booking_error, "locked period")
        self.company.fiscalyear_lock_date = False
        settlement.invalidate_recordset()
        settlement.action_book()
        self.assertFalse(settlement.booking_error)
        self.run_job()
        self.assertEqual(settlement.state, "draft")

    def test_stopped(self):
        settlement = self.many()
        settlement.action_book()
        settlement.action_stop_booking()
        self.assertEqual(settlement.state, "open")
        self.assertFalse(self.run_job() or settlement.entry_ids)

    def test_many_at_once(self):
        """Those that can be are booked, and of the others it is said why they are not."""
        many = self.many(ref="1")
        few = self.settled_with(self.fee(-30), ref="2")
        blocked = self.settled_with(self.fee(-30, name="Quite New"), ref="3")
        wrong = self.settled_with(self.fee(-30), total=-40, ref="4")
        action = (many | few | blocked | wrong).action_book()
        message = action["params"]["message"]
        self.assertRegex(message, r"(?s)Settlement 3 cannot.*Quite New.*Settlement 4 cannot.*1: of many orders")
        self.assertNotIn("Settlement 2", message)
        self.assertEqual((many | few | blocked | wrong).mapped("state"), ["drafting", "draft", "open", "open"])
        with self.assertRaisesRegex(UserError, r"(?s)Settlement 3 cannot.*Settlement 4 cannot"):
            (blocked | wrong).action_book()

    def test_again_with_one_that_is_blocked(self):
        """Its drafts stay as they are."""
        one, two = self.settled_with(self.fee(-30), ref="1"), self.settled_with(self.fee(-40), ref="2")
        (one | two).action_book()
        drafts = one.entry_ids
        self.upload(self.text(self.fee(-50), total="-50", ref="1"))
        action = (one | two).action_book_again()
        self.assertRegex(action["params"]["message"], "Settlement 1 cannot")
        self.assertEqual((one.entry_ids, (one | two).mapped("state")), (drafts, ["draft", "draft"]))
