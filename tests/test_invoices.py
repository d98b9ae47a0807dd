"""Invoices that are made by themselves of orders that have left."""

from ast import literal_eval
from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.finance import sale_order_invoice
from .common_finances import FinancesCase

# Queries an order that is invoiced and posted costs, many at a time; and one that waits.
QUERIES = 25
QUERIES_WAITING = 3
CUP = [{"sku": "AMZ-CUP-001"}]
KINDS = (
    "jp_multi_rate",
    "jp_cod",
    "jp_points",
    "jp_points_used",
    "jp_gift",
    "jp_promotion_positive",
    "jp_promotion_negative",
    "jp_shipping_charge",
    "jp_shipping_discount",
    "jp_indivisible",
    "jp_zero_replacement",
    "jp_fully_discounted",
    "jp_several_items",
    "jp_fba_shipped",
)


class InvoicesCase(FinancesCase):
    """A shop whose orders are invoiced by themselves."""

    def setUp(self):
        super().setUp()
        self.account.write({"auto_invoice": True, "invoice_since": "2020-01-01"})
        self.invoices_job = self.account._job("invoices")

    def make(self, days=0, **settings):
        """Run the job so many days from now; return the log row."""
        self.account.write(settings)
        with freeze_time(self.later(days)), self.committing(self.account) as account:
            logs = account._make_invoices().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def later(self, days=0):
        """Return the time on Amazon, or so many days later."""
        return fields.Datetime.to_datetime(self.amazon.get("clock")["now"][:19].replace("T", " ")) + timedelta(
            days=days
        )

    def shipped(self, kind="jp_standard", count=1, **values):
        """Return orders that were imported and have left, as Amazon says."""
        orders = self.imported(kind, count, **values)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.env.invalidate_all()
        return orders

    def of_all_kinds(self):
        """Return orders that have left, whatever they consist of."""
        orders = self.imported_together(*KINDS)
        for order in orders.filtered(lambda order: order.amazon_status == "unshipped"):
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.env.invalidate_all()
        return orders

    def sums(self, invoice):
        """Return by rate what an invoice comes to, tax included."""
        sums = {}
        for line in invoice.invoice_line_ids:
            rate = tuple(line.tax_ids.mapped("amount"))
            sums[rate] = sums.get(rate, 0) + line.price_total
        return sums


@tagged("post_install", "-at_install")
class TestInvoices(InvoicesCase):
    """Which orders are invoiced, when, and with what."""

    def test_one_an_order(self):
        orders = self.shipped(count=2)
        waiting = self.imported()
        log = self.make()
        self.assertEqual((log.state, log.invoiced, log.not_invoiced), ("done", 2, 0))
        for order in orders:
            invoice = order.invoice_ids
            self.assertEqual((invoice.move_type, invoice.state, len(invoice)), ("out_invoice", "draft", 1))
            self.assertEqual(invoice.amount_total, self.amazon_total(order))
            self.assertEqual((order.invoice_status, invoice.partner_id), ("invoiced", order.partner_id))
            self.assertEqual((invoice.amazon_account_id, invoice.invoice_origin), (self.account, order.name))
        self.assertFalse(waiting.invoice_ids)
        self.assertEqual(log.made_invoice_ids, orders.invoice_ids)
        shown = log.with_user(self.accountant).action_view_invoices()
        self.assertEqual(
            self.env["account.move"].with_user(self.accountant).search(shown["domain"]), orders.invoice_ids
        )
        again = self.make()
        self.assertEqual((again.invoiced, len(orders.invoice_ids)), (0, 2))

    def amazon_total(self, order):
        return float(self.amazon_order(order)["proceeds"]["grandTotal"]["amount"])

    def test_posted(self):
        order = self.shipped()
        self.make(invoice_state="posted")
        self.assertEqual((order.invoice_ids.state, order.amazon_mismatch), ("posted", False))
        self.assertEqual(order.invoice_ids.payment_state, "not_paid")

    def test_kinds(self):
        """Whatever an order consists of, the invoice comes to what Amazon says, to the last yen."""
        orders = self.of_all_kinds()
        log = self.make(invoice_state="posted")
        self.assertEqual((log.invoiced, log.not_invoiced, log.message), (len(KINDS), 0, False))
        for kind, order in zip(KINDS, orders, strict=True):
            with self.subTest(kind=kind):
                self.assertEqual(order.invoice_ids.amount_total, order.amazon_total)
                self.assertEqual(order.invoice_ids.amount_total, order.amount_total)
                self.assertEqual(order.invoice_status, "invoiced")

    def test_rates_stay_apart(self):
        """10 % and 8 % in one order, with shipping, points and discounts on both: each line keeps its rate, and each
        rate comes to what it does on the order."""
        order = self.imported(
            "jp_multi_rate",
            items=[
                {"sku": "AMZ-CUP-001", "quantity": 3, "unit_price": 333, "charges": {"SHIPPING": 551}, "points": 5},
                {"sku": "AMZ-TEA-001", "quantity": 7, "unit_price": 107, "discounts": {"ITEM": 11}},
            ],
        )
        self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.make(invoice_state="posted")
        invoice = order.invoice_ids
        self.assertEqual(invoice.amount_total, self.amazon_total(order))
        of_order = {}
        for line in order.order_line:
            rate = tuple(line.tax_ids.mapped("amount"))
            of_order[rate] = of_order.get(rate, 0) + line.price_total
        self.assertEqual(self.sums(invoice), of_order)
        self.assertLessEqual({(10.0,), (8.0,)}, set(of_order))
        self.assertEqual(invoice.amount_tax, order.amount_tax)
        taxed = {group["group_name"]: group["tax_amount_currency"] for group in self.groups(invoice)}
        self.assertEqual(set(taxed), {"10%", "8%"})
        self.assertEqual(sum(taxed.values()), invoice.amount_tax)

    def groups(self, invoice):
        return [group for subtotal in invoice.tax_totals["subtotals"] for group in subtotal["tax_groups"]]

    def test_day_of_shipping(self):
        """The invoice bears the day on which the last of the order left, as it is in Japan."""
        order = self.shipped()
        order.picking_ids.date_done = "2026-11-02 20:30:00"
        self.assertEqual(order.effective_date, fields.Datetime.to_datetime("2026-11-02 20:30:00"))
        self.make()
        self.assertEqual(order.invoice_ids.invoice_date, date(2026, 11, 3))

    def test_locked_period(self):
        """In a period that is locked Odoo moves the accounting date, not the invoice date."""
        order, later = self.shipped(count=2)
        order.picking_ids.date_done = later.picking_ids.date_done = "2026-10-20 03:00:00"
        self.env.flush_all()
        self.company.fiscalyear_lock_date = "2026-10-31"
        log = self.make(invoice_state="posted")
        self.assertEqual((log.invoiced, log.not_invoiced), (2, 0))
        invoice = order.invoice_ids
        self.assertEqual((invoice.invoice_date, invoice.state), (date(2026, 10, 20), "posted"))
        self.assertGreater(invoice.date, date(2026, 10, 31))

    def test_who_waits(self):
        """Not shipped, shipped in part, on hold, not known, not paid, shipped before: nothing is invoiced."""
        orders = self.imported_together("jp_standard", "jp_partially_shipped", "jp_cvs_pending")
        held, unknown, old, drafted, credited, cancelled = self.shipped(count=5) | self.shipped("jp_unknown_sku")
        held, old, drafted, credited, cancelled, unknown = held | unknown | old | drafted | credited | cancelled
        held.with_user(self.user).action_amazon_hold()
        old.picking_ids.date_done = "2025-12-31 14:59:00"
        self.account.invoice_since = "2026-01-01"
        draft = drafted._create_invoices()
        # What a person has credited by Odoo's own means is to be invoiced for Odoo; for us it is a person's.
        self.invoice(credited)._reverse_moves(cancel=True)
        self.assertEqual(credited.invoice_status, "to invoice")
        cancelled._create_invoices().button_cancel()
        before = credited.invoice_ids, cancelled.invoice_ids
        log = self.make()
        self.assertEqual((log.invoiced, log.not_invoiced), (0, 0))
        self.assertFalse((orders | held | unknown | old).invoice_ids)
        self.assertEqual((drafted.invoice_ids, credited.invoice_ids, cancelled.invoice_ids), (draft, *before))
        held.with_user(self.user).action_amazon_hold()
        old.picking_ids.date_done = "2025-12-31 15:00:00"
        self.assertEqual(self.make().invoiced, 2)
        self.assertTrue(held.invoice_ids and old.invoice_ids)

    def test_newer_version_waits(self):
        """While something newer from Amazon is not applied, the amounts are not known."""
        order = self.shipped()
        self.env["amazon.order.update"].sudo().search([("order_ref", "=", order.amazon_order_ref)]).state = "failed"
        order.amazon_version = "2020-01-01T00:00:00+00:00"
        self.assertEqual(self.make().invoiced, 0)

    def test_amounts_differ(self):
        """What differs from Amazon waits until it is right, or accepted; a refund is no difference of the order."""
        differs, accepted, refunded = self.shipped(count=3)
        for order in differs | accepted:
            order.order_line[:1].write({"price_unit": order.order_line[:1].price_unit + 1})
        self.refund(refunded, amount=100)
        self.assertEqual(set((differs | accepted | refunded).mapped("amazon_mismatch")), {True})
        self.accepting(accepted, "The buyer paid it").action_accept()
        self.make(invoice_state="posted")
        self.assertFalse(differs.invoice_ids)
        self.assertEqual(accepted.invoice_ids.amount_total, accepted.amount_total)
        self.assertEqual(refunded.invoice_ids.amount_total, refunded.amazon_total)
        self.assertEqual(refunded.amazon_difference_reason, "refund")
        refunded.with_user(self.accountant).action_amazon_credit_note()
        refunded.amazon_transaction_ids.credit_note_id.action_post()
        self.assertFalse(refunded.amazon_mismatch)
        self.assertEqual(self.make().invoiced, 0)

    def test_related_orders_are_billed_once(self):
        """A copy that is another order of the shop's own, and what was combined into another one, are billed once."""
        copied = self.shipped()
        copy = copied.copy()
        copy.order_line.product_id.invoice_policy = "order"
        copy.action_confirm()
        self.assertTrue(copied.amazon_mismatch and copy.amazon_copied_from_id == copied)
        self.assertEqual(self.make().invoiced, 0, "one of them is too much")
        copy._action_cancel()
        self.assertEqual(self.make().invoiced, 1)
        self.assertTrue(copied.invoice_ids)

    def test_combined_waits_for_all(self):
        """What was cancelled here because another order has its goods is not billed before Amazon has shipped both."""
        parent, child = self.shipped(items=[{"sku": "AMZ-CUP-001"}]) | self.imported(items=[{"sku": "AMZ-TEA-001"}])
        child._action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.assertEqual(self.make().invoiced, 0)
        self.changed(child, "ship")
        self.assertEqual((parent.amazon_mismatch, child.state, child.amazon_status), (True, "cancel", "shipped"))
        self.assertEqual(self.make().invoiced, 0, "nothing stands for the second one yet")
        goods = child.order_line[:1]
        parent.order_line.create(
            {
                "order_id": parent.id,
                "product_id": goods.product_id.id,
                "product_uom_qty": 1,
                "price_unit": child.amazon_total,
                "technical_price_unit": -1,
                "tax_ids": [Command.set(goods.tax_ids.ids)],
            }
        )
        self.assertFalse(parent.amazon_mismatch)
        self.assertEqual(self.make().invoiced, 1)
        self.assertEqual(parent.invoice_ids.amount_total, parent.amazon_total + child.amazon_total)
        self.assertFalse(child.invoice_ids)

    def test_changed_afterwards(self):
        """What Amazon changes or cancels afterwards changes no invoice: it stands among the amounts that differ."""
        more, cancelled = self.shipped(count=2)
        self.make(invoice_state="posted")
        before = (more | cancelled).invoice_ids
        totals = before.mapped("amount_total")
        self.assertFalse(more.amazon_mismatch or cancelled.amazon_mismatch)
        total = more.amazon_total + 100
        self.refetched(more, proceeds={"grandTotal": {"amount": str(total), "currencyCode": "JPY"}})
        self.refetched(cancelled, fulfillment={"fulfillmentStatus": "CANCELLED"})
        self.assertEqual((more.amazon_total, cancelled.amazon_status), (total, "cancelled"))
        self.assertEqual(self.make().invoiced, 0)
        self.assertEqual(((more | cancelled).invoice_ids, before.mapped("amount_total")), (before, totals))
        self.assertTrue(more.amazon_mismatch)
        self.assertEqual(
            (cancelled.amazon_mismatch, cancelled.amazon_difference_reason, cancelled.amazon_difference),
            (True, "cancelled", cancelled.amount_total),
        )
        cancelled.invoice_ids._reverse_moves(cancel=True)
        self.assertEqual((cancelled.amazon_mismatch, cancelled.amazon_difference), (False, 0))

    def test_cannot_be_invoiced(self):
        """One that cannot be invoiced says so once, is tried again later, and stops no other."""
        wrong, good, other = self.shipped(items=[{"sku": "AMZ-PEN-001"}]) | self.shipped(count=2, items=CUP)
        receivable = wrong.partner_id.property_account_receivable_id
        income = self.products["AMZ-PEN-001"].property_account_income_id = receivable.copy(
            {"code": "400009", "account_type": "income", "reconcile": False, "active": False}
        )
        log = self.make(invoice_state="posted")
        self.assertEqual((log.state, log.invoiced, log.not_invoiced), ("done", 2, 1))
        self.assertIn(wrong.name, log.message)
        self.assertTrue(good.invoice_ids and other.invoice_ids and not wrong.invoice_ids)
        self.assertEqual(wrong.activity_ids.amazon_reason, "invoice")
        self.assertIn("archived", wrong.amazon_invoice_error)
        self.assertIn(wrong, self.filtered())
        self.assertEqual(self.make().not_invoiced, 0, "not tried again at once")
        self.assertEqual(self.make(days=2).not_invoiced, 1)
        self.assertEqual(len(wrong.activity_ids), 1)
        income.active = True
        self.assertEqual(self.make(days=4).invoiced, 1)
        self.assertEqual((wrong.invoice_ids.state, wrong.invoice_status), ("posted", "invoiced"))
        self.assertFalse(wrong.amazon_invoice_error or wrong.activity_ids)
        self.assertNotIn(wrong, self.filtered())

    def filtered(self):
        """Return what the filter of the list of amounts shows to the accountant."""
        return self.env["sale.order"].with_user(self.accountant).search(self.not_invoiced())

    def not_invoiced(self):
        """Return the condition of that filter."""
        arch = etree.fromstring(self.env.ref("sale_amazon_spapi.sale_order_amounts_view_search").arch)
        [shown] = arch.xpath("//filter[@name='not_invoiced']")
        return literal_eval(shown.get("domain"))

    def test_not_all_delivered_here(self):
        """An invoice that would not come to what the order does is not made."""
        order = self.shipped()
        order.order_line.product_id.invoice_policy = "delivery"
        order.order_line[:1].qty_delivered_method = "manual"
        order.order_line[:1].qty_delivered = 0
        shipping = order.order_line.filtered(lambda line: not line.qty_to_invoice)
        self.assertTrue(shipping)
        self.make()
        self.assertFalse(order.invoice_ids)

    def test_settings(self):
        """Only the manager sets it up; what left before the job was first started is not invoiced by itself."""
        self.account.write({"auto_invoice": False, "invoice_since": False})
        with self.assertRaises(AccessError):
            self.account.with_user(self.accountant).invoice_state = "posted"
        with self.assertRaises(AccessError):
            self.account.with_user(self.accountant).auto_invoice = True
        self.invoices_job.with_user(self.manager).action_toggle()
        self.assertEqual(self.account.invoice_since, self.account.marketplace_ids._today())
        self.assertTrue(self.invoices_job.cron_id.active)
        self.account.invoice_since = "2026-01-02"
        self.invoices_job.with_user(self.manager).action_toggle()
        self.invoices_job.with_user(self.manager).action_toggle()
        self.assertEqual(self.account.invoice_since, date(2026, 1, 2))
        self.assertIn("適格請求書", self.account.fields_get(["invoice_state"])["invoice_state"]["help"])

    def test_stopped(self):
        """A person stops the job: the cron makes nothing."""
        self.shipped()
        self.account.auto_invoice = False
        with self.committing(self.invoices_job) as job:
            job._cron_run()
        self.assertFalse(self.env["account.move"].search([("amazon_account_id", "=", self.account.id)]))
        self.account.auto_invoice = True
        with self.committing(self.invoices_job) as job:
            job._cron_run()
        self.assertTrue(self.env["account.move"].search([("amazon_account_id", "=", self.account.id)]))

    def test_by_hand(self):
        """An invoice that a person makes of an Amazon order stands in the list; nobody writes whose it is."""
        order = self.shipped()
        wizard = self.env["sale.advance.payment.inv"].with_user(self.manager)
        wizard.with_context(active_model="sale.order", active_ids=order.ids).create({}).create_invoices()
        invoice = order.invoice_ids.with_user(self.accountant)
        self.assertEqual(invoice.amazon_account_id.id, self.account.id)
        with self.assertRaises(AccessError):
            invoice.amazon_account_id = False
        shown = self.account.with_user(self.accountant).action_view_invoices()
        self.assertIn(invoice, invoice.search(shown["domain"]))
        # Without a kind Odoo's list shows neither customers nor dates.
        self.assertIn("'default_move_type': 'out_invoice'", shown["context"])
        self.assertFalse(invoice.copy().amazon_account_id)

    def test_few_queries(self):
        """What an order costs does not grow with how many there are; what waits is looked at together."""
        self.shipped(count=2)
        self.make(invoice_state="posted")
        self.shipped(count=25)
        before = self.env.cr.sql_log_count
        self.assertEqual(self.make().invoiced, 25)
        self.assertLessEqual((self.env.cr.sql_log_count - before) / 25, QUERIES)
        waiting = self.shipped(count=25)
        for order in waiting:
            order.order_line[:1].price_unit += 1
        self.env.cr.flush()
        with self.statements() as found:
            self.assertEqual(self.make().invoiced, 0)
        self.assertLessEqual(len(found) / 25, QUERIES_WAITING)

    def test_found_by_an_index(self):
        """Among a million orders what is to be invoiced is found without looking at the others."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        Order = self.env["sale.order"]
        for per in ("order", "day"):
            self.account.invoice_per = per
            for place in (None, ["2026-11-01 00:00:00", 1]):
                with self.statements() as found:
                    Order._amazon_to_invoice(self.account, place)
                [query] = [text for text in found if "invoice_status" in text and "LIMIT" in text]
                plan = str(self.env.execute_query(SQL("EXPLAIN " + query.replace("%", "%%"))))
                with self.subTest(per=per, place=place):
                    self.assertIn("amazon_to_invoice_idx", plan)
                    self.assertNotIn("Sort", plan)

    def test_filter_is_indexed(self):
        """What could not be invoiced is found among a million orders by an index of its own."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        orders = self.env["sale.order"]
        query = orders._search(self.not_invoiced(), order="date_order desc, id desc", limit=80)
        self.assertIn("amazon_not_invoiced_idx", str(self.env.execute_query(SQL("EXPLAIN %s", query.select()))))

    def test_goes_on(self):
        """A run whose time is up is gone on with where it ended, past what waits."""
        waiting, good = self.shipped(count=2).sorted(lambda order: (order.effective_date, order.id))
        waiting.order_line[:1].price_unit += 1
        self.invoices_job.sudo().invoice_place = waiting._amazon_invoice_place()
        self.assertEqual(self.make().invoiced, 1)
        self.assertFalse(self.invoices_job.invoice_place, "the next one begins with the first")
        self.assertTrue(good.invoice_ids)

    def test_company(self):
        """Orders of another company's are not invoiced in this one's books."""
        order = self.shipped()
        domain = Domain("amazon_account_id", "=", self.account.id)
        found = self.env["sale.order"]._amazon_to_invoice(self.account, None)
        self.assertEqual(found, order)
        self.assertEqual(found.search(domain).company_id, self.company)


@tagged("post_install", "-at_install")
class TestInvoicesOfADay(InvoicesCase):
    """One invoice for all orders of a day."""

    def setUp(self):
        super().setUp()
        self.account.invoice_per = "day"

    def on(self, orders, *moments):
        """Have orders have left then (UTC)."""
        for order, moment in zip(orders, moments, strict=True):
            order.picking_ids.date_done = moment

    def test_one_a_day(self):
        first, second, third, today = orders = self.shipped("jp_multi_rate", 4)
        now = self.later()
        self.on(orders, "2026-11-02 14:00:00", "2026-11-02 15:00:00", "2026-11-03 14:59:00", now)
        log = self.make(invoice_state="posted")
        self.assertEqual((log.invoiced, len(log.made_invoice_ids)), (3, 2))
        self.assertFalse(today.invoice_ids, "its day is not over")
        self.assertEqual(second.invoice_ids, third.invoice_ids)
        invoice = second.invoice_ids
        self.assertEqual((invoice.invoice_date, first.invoice_ids.invoice_date), (date(2026, 11, 3), date(2026, 11, 2)))
        self.assertEqual(invoice.amount_total, second.amazon_total + third.amazon_total)
        self.assertEqual(set(self.sums(invoice)), set(self.sums(first.invoice_ids)))
        self.assertLessEqual({(10.0,), (8.0,)}, set(self.sums(invoice)))
        self.assertEqual(set(orders.mapped("invoice_status")), {"invoiced", "to invoice"})
        self.assertEqual(invoice.invoice_origin, f"{second.name} … {third.name} (2)")
        self.assertEqual(self.make(days=1).invoiced, 1)
        self.assertTrue(today.invoice_ids)

    def test_kinds(self):
        """Whatever the orders of a day consist of, and however tax is rounded, their invoice comes to what Amazon says,
        and each rate to what it does on the orders."""
        for rounding in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = rounding
            self.new_seller()
            orders = self.of_all_kinds()
            self.on(orders, *["2026-11-02 03:00:00"] * len(orders))
            log = self.make(invoice_state="posted")
            with self.subTest(rounding=rounding):
                self.assertEqual((log.invoiced, log.message, len(log.made_invoice_ids)), (len(KINDS), False, 1))
                invoice = log.made_invoice_ids
                self.assertEqual(invoice.amount_total, sum(orders.mapped("amazon_total")))
                of_orders = {}
                for line in orders.order_line:
                    rate = tuple(line.tax_ids.mapped("amount"))
                    of_orders[rate] = of_orders.get(rate, 0) + line.price_total
                self.assertEqual(self.sums(invoice), of_orders)
                self.assertEqual(set(orders.mapped("invoice_status")), {"invoiced"})

    def test_many(self):
        """Of a day with more orders than one invoice holds there are several; what is looked at together does not cut
        a day in two."""
        orders = self.shipped(count=7)
        self.on(orders, *["2026-11-02 03:00:00"] * 2, *["2026-11-03 03:00:00"] * 2, *["2026-11-04 03:00:00"] * 3)
        with patch.object(sale_order_invoice, "LOOKED_AT", 3), patch.object(sale_order_invoice, "MOST_ON_ONE", 2):
            log = self.make()
        self.assertEqual(log.invoiced, 7)
        sizes = [len(invoice.line_ids.sale_line_ids.order_id) for invoice in log.made_invoice_ids.sorted("id")]
        self.assertEqual(sizes, [2, 2, 2, 1])

    def test_nothing_of_a_buyer(self):
        order, other = self.shipped("jp_gift", 2)
        self.on(order | other, "2026-11-02 03:00:00", "2026-11-02 04:00:00")
        order.note = "For Mrs. Yamada"
        self.make(invoice_state="posted")
        invoice = order.invoice_ids
        customer = self.account.invoice_customer_id
        self.assertEqual(invoice.partner_id | invoice.partner_shipping_id | invoice.line_ids.partner_id, customer)
        self.assertFalse(customer.email or customer.amazon_account_id)
        buyers = (order | other).partner_id | (order | other).partner_shipping_id
        words = {buyer[name] for buyer in buyers for name in ("name", "email", "street", "phone") if buyer[name]}
        words |= {"Yamada", order.amazon_gift_note}
        row = str(invoice.read() + invoice.line_ids.read() + invoice.message_ids.read(["body", "subject"]))
        for word in words:
            self.assertNotIn(word, row)
        self.assertFalse(invoice.message_partner_ids & buyers)
        # The next one is for the same.
        third = self.shipped()
        self.on(third, "2026-11-03 03:00:00")
        self.make()
        self.assertEqual(third.invoice_ids.partner_id, customer)

    def test_apart(self):
        """What is in another currency, or of another fiscal position, has an invoice of its own."""
        one, two, three = orders = self.shipped(count=3)
        self.on(orders, *["2026-11-02 03:00:00"] * 3)
        position = self.env["account.fiscal.position"].create({"name": "Export", "company_id": self.company.id})
        two.fiscal_position_id = position
        log = self.make()
        self.assertEqual(len(log.made_invoice_ids), 2)
        self.assertEqual(one.invoice_ids, three.invoice_ids)
        self.assertEqual(two.invoice_ids.fiscal_position_id, position)
        self.assertFalse(one.invoice_ids.fiscal_position_id)

    def test_one_of_them_cannot(self):
        """One that cannot be invoiced is left out; the others of its day stand on one invoice all the same."""
        wrong, *_others = self.shipped(items=[{"sku": "AMZ-PEN-001"}]) | self.shipped(count=4, items=CUP)
        orders = self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)])
        self.on(orders, *["2026-11-02 03:00:00"] * 5)
        receivable = self.account._invoice_customer().property_account_receivable_id
        self.products["AMZ-PEN-001"].property_account_income_id = receivable.copy(
            {"code": "400009", "account_type": "income", "reconcile": False, "active": False}
        )
        log = self.make(invoice_state="posted")
        self.assertEqual((log.invoiced, log.not_invoiced, len(log.made_invoice_ids)), (4, 1, 1))
        self.assertFalse(wrong.invoice_ids)
        self.assertEqual(wrong.activity_ids.amazon_reason, "invoice")

    def test_refunded(self):
        """A refund of one order of several on an invoice is credited for that order alone."""
        one, other = self.shipped(count=2)
        self.on(one | other, *["2026-11-02 03:00:00"] * 2)
        self.make(invoice_state="posted")
        self.assertEqual(one.invoice_ids, other.invoice_ids)
        self.sync()
        self.refund(one, amount=100)
        self.refund(other, amount=70)
        one.with_user(self.accountant).action_amazon_credit_note()
        self.assertEqual((one.amazon_difference_reason, other.amazon_difference_reason), ("drafted", "refund"))
        other.with_user(self.accountant).action_amazon_credit_note()
        notes = one.amazon_transaction_ids.credit_note_id, other.amazon_transaction_ids.credit_note_id
        self.assertEqual([note.amount_total for note in notes], [100, 70])
        notes[0].action_post()
        self.assertEqual((one.amazon_credited, other.amazon_credited), (100, 0))
        self.assertEqual((one.amazon_mismatch, other.amazon_difference_reason), (False, "drafted"))
        notes[1].action_post()
        self.assertFalse(other.amazon_mismatch)


@tagged("post_install", "-at_install")
class TestInvoicesNotMailed(InvoicesCase):
    """No buyer gets an invoice from Odoo."""

    def invoiced(self, **settings):
        order = self.shipped()
        self.make(days=1, invoice_state="posted", **settings)
        self.assertEqual(order.invoice_ids.state, "posted")
        return order, order.invoice_ids

    def mailed(self, since):
        return (self.env["mail.mail"].search([]) - since).recipient_ids | (
            self.env["mail.notification"].search([("mail_message_id.model", "=", "account.move")]).res_partner_id
        )

    def test_made(self):
        before = self.env["mail.mail"].search([])
        order, invoice = self.invoiced()
        self.assertEqual(self.env["mail.mail"].search([]), before)
        self.assertFalse(invoice.message_partner_ids & (order.partner_id | order.partner_shipping_id))

    def test_followers(self):
        """A buyer, or an address, that somebody has added to those who follow gets nothing; others do."""
        order, invoice = self.invoiced()
        colleague = self.env["res.partner"].create({"name": "Tax adviser", "email": "tax@example.com"})
        buyers = order.partner_id | order.partner_shipping_id
        invoice.message_subscribe((buyers | colleague).ids)
        before = self.env["mail.mail"].search([])
        invoice.with_user(self.accountant).message_post(
            body="Paid", subtype_xmlid="mail.mt_comment", partner_ids=buyers.ids, message_type="comment"
        )
        mailed = self.mailed(before)
        self.assertFalse(mailed & buyers)
        self.assertIn(colleague, mailed)

    def test_send(self):
        """Odoo's dialog prints an invoice and mails no buyer, also when somebody puts the buyer in by hand."""
        order, invoice = self.invoiced()
        before = self.env["mail.mail"].search([])
        action = invoice.with_user(self.accountant).action_invoice_sent()
        wizard = self.env["account.move.send.wizard"].with_user(self.accountant).with_context(**action["context"])
        wizard = wizard.create({"move_id": invoice.id})
        self.assertNotIn("email", wizard.sending_methods or [])
        self.assertFalse(wizard.mail_partner_ids)
        by_hand = {"sending_methods": ["email"], "mail_partner_ids": [Command.set(order.partner_id.ids)]}
        wizard.write(by_hand)
        with self.assertRaises(UserError):
            wizard.action_send_and_print()
        self.assertFalse(self.mailed(before) & order.partner_id)

    def test_send_many(self):
        """Sending many, and what Odoo sends later by itself, mails no buyer."""
        orders = self.shipped(count=2)
        self.make(invoice_state="posted")
        before = self.env["mail.mail"].search([])
        wizard = self.env["account.move.send.batch.wizard"].with_user(self.accountant)
        wizard = wizard.create({"move_ids": [Command.set(orders.invoice_ids.ids)]})
        self.assertNotIn("email", wizard.summary_data)
        wizard.action_send_and_print(force_synchronous=True)
        self.env["account.move.send"]._generate_and_send_invoices(orders.invoice_ids)
        self.assertFalse(self.mailed(before) & orders.partner_id)

    def test_collective_customer(self):
        """Nor does whoever stands for all of them, whatever address somebody has entered."""
        order, invoice = self.invoiced(invoice_per="day")
        customer = invoice.partner_id
        customer.email = "all@example.com"
        invoice.message_subscribe(customer.ids)
        before = self.env["mail.mail"].search([])
        self.env["account.move.send"]._generate_and_send_invoices(invoice)
        note = invoice._reverse_moves()
        note.action_post()
        self.assertEqual(note.partner_id, customer)
        self.env["account.move.send"]._generate_and_send_invoices(note)
        invoice.message_post(body="Sent", subtype_xmlid="mail.mt_comment", partner_ids=customer.ids)
        self.assertFalse(self.mailed(before) & (customer | order.partner_id))

    def test_own_customers(self):
        """The shop's own customers get theirs, as ever."""
        customer = self.env["res.partner"].create({"name": "Own", "email": "own@example.com"})
        order = self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [Command.create({"product_id": self.products["AMZ-PEN-001"].id})],
            }
        )
        order.order_line.product_id.invoice_policy = "order"
        order.action_confirm()
        invoice = self.invoice(order)
        before = self.env["mail.mail"].search([])
        self.env["account.move.send"]._generate_and_send_invoices(invoice, sending_methods=["email"])
        self.assertIn(customer, self.mailed(before))
        self.assertFalse(invoice.amazon_notice)

    def test_notice(self):
        """In Japan the form says whose the qualified invoice is to issue."""
        _order, invoice = self.invoiced()
        self.assertIn("適格請求書", invoice.with_user(self.accountant).amazon_notice)
        self.account.marketplace_ids.code = "XX"
        invoice.invalidate_recordset(["amazon_notice"])
        self.assertFalse(invoice.amazon_notice)
