from datetime import timedelta

from freezegun import freeze_time
from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import format_date, format_datetime
from odoo.tools.safe_eval import safe_eval

from .common import shifted
from .common_finances import FinancesCase


@tagged("post_install", "-at_install")
class TestFinancesDiffer(FinancesCase):
    """N13: an order is on the list exactly when its amounts differ here, on Amazon and in Amazon's Finances."""

    def on_the_list(self):
        """Return the orders that the menu's list shows."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amounts")
        self.assertIn("search_default_mismatch", action["context"])
        return self.env["sale.order"].search([("amazon_mismatch", "=", True)])

    def reprice(self, order, price):
        """Change the price of an order's first line, as a manager does."""
        order.with_user(self.manager).order_line[0].price_unit = price
        self.env.flush_all()

    def test_shipped_only(self):
        """What differs stands on the list once it is shipped."""
        order = self.imported()
        self.reprice(order, order.order_line[0].price_unit + 10)
        self.assertFalse(order.amazon_mismatch)
        self.assertTrue(order.amazon_difference)
        self.assertNotIn(order, self.on_the_list())
        order = self.sold()
        self.reprice(order, order.order_line[0].price_unit + 10)
        self.assertTrue(order.amazon_mismatch)
        self.assertIn(order, self.on_the_list())
        self.assertEqual(order.amazon_difference_reason, "price")

    def test_refund_and_credit_note(self):
        """A refund on Amazon is a difference until a credit note is posted, and again when that is taken back."""
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.invoice(order)
        self.assertFalse(order.amazon_mismatch)
        refunded = self.refund(order, items=[{"sku": order.amazon_item_ids.sku, "quantity": 1}])
        self.assertEqual((order.amazon_difference, order.amazon_difference_reason), (refunded, "refund"))
        self.assertFalse(order.amazon_credit_drafted)
        action = order.with_user(self.accountant).action_amazon_credit_note()
        self.assertTrue(order.with_user(self.accountant).amazon_credit_drafted, "it is told that it waits to be posted")
        note = self.env["account.move"].browse(action["res_id"])
        self.assertEqual((note.state, note.move_type, note.amount_total), ("draft", "out_refund", refunded))
        self.assertEqual(
            note.reversed_entry_id, order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        )
        [line] = note.invoice_line_ids
        goods = order.order_line.filtered("amazon_item_ref")
        self.assertEqual((line.product_id, line.quantity, line.tax_ids), (goods.product_id, 1, goods.tax_ids))
        self.assertTrue(order.amazon_mismatch, "a draft is nothing yet")
        self.assertEqual(order.amazon_difference_reason, "drafted")
        self.assertEqual(order.with_user(self.accountant).action_amazon_credit_note()["res_id"], note.id)
        note.with_user(self.accountant).action_post()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))
        self.assertFalse(order.amazon_credit_drafted)
        self.assertIn(note, order.invoice_ids)
        self.assertEqual(order.order_line[0].qty_to_invoice, 0, "what is not sent again is not invoiced again")
        with self.assertRaises(UserError):
            order.with_user(self.accountant).action_amazon_credit_note()
        note.with_user(self.accountant).button_draft()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (0, True))
        self.assertEqual(order.amazon_difference_reason, "drafted")
        note.with_user(self.accountant).button_cancel()
        self.assertEqual(order.amazon_difference_reason, "refund")
        again = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        self.assertNotEqual(again, note)
        self.assertEqual(again.invoice_line_ids.mapped("product_id"), goods.product_id, "the same as before")
        again.unlink()
        self.assertEqual(order.amazon_difference_reason, "refund")
        self.assertTrue(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])

    def test_credit_note_of_what_has_no_line(self):
        """What is refunded of nothing that stands in the order is named for whoever gets the credit note; money in
        another currency is no part of it."""
        order = self.settled()
        self.invoice(order)
        refs = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}]
        for number, (currency, name, amount) in enumerate(
            (("JPY", "ShippingPrincipal", -30), ("USD", "OurPricePrincipal", -2))
        ):
            money = {"currencyCode": currency, "currencyAmount": amount}
            self.post(
                {
                    "transactionId": f"ODD-{number}",
                    "transactionType": "Refund",
                    "totalAmount": money,
                    "relatedIdentifiers": refs,
                    "breakdowns": [{"breakdownType": name, "breakdownAmount": money}],
                }
            )
        self.sync()
        self.assertFalse(order.order_line.filtered(lambda line: line.amazon_line_key == "shipping"))
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        [line] = note.invoice_line_ids
        self.assertEqual((line.name, line.price_total), (order._amazon_part_name(("shipping", "")), 30))

    def test_credit_note_in_the_companys_language(self):
        """Whoever drafts it, in whichever language."""
        self.env["res.lang"]._activate_lang("ja_JP")
        order = self.settled()
        self.invoice(order)
        self.refund(order, full=True)
        self.company.partner_id.lang = "ja_JP"
        mine = order.with_user(self.accountant).with_context(lang="en_US")
        note = self.env["account.move"].browse(mine.action_amazon_credit_note()["res_id"])
        self.assertFalse(note.ref.isascii())

    def test_credit_note_by_hand(self):
        """The accountant's own credit note counts: reversed as a whole, or with lines of his own."""
        for lines in (None, [("Goodwill", 100)]):
            with self.subTest(lines=lines):
                order = self.settled()
                invoice = self.invoice(order)
                refunded = self.refund(order, **({"amount": 100} if lines else {"full": True}))
                wizard = (
                    self.env["account.move.reversal"]
                    .with_user(self.accountant)
                    .with_context(active_model="account.move", active_ids=invoice.ids)
                    .create({"journal_id": invoice.journal_id.id})
                )
                note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
                self.assertEqual(order.amazon_difference_reason, "drafted", "whoever has drafted it")
                shown = order.with_user(self.accountant).action_amazon_credit_note()
                self.assertEqual(shown["res_id"], note.id, "no second one is made")
                if lines:
                    note.invoice_line_ids = [
                        Command.clear(),
                        *(
                            Command.create({"name": name, "price_unit": amount, "tax_ids": [Command.clear()]})
                            for name, amount in lines
                        ),
                    ]
                note.action_post()
                self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))
        self.assertFalse(order.amazon_credit_drafted)

    def test_draft_of_another_invoice(self):
        """A draft that is made to reverse another invoice, or none, is this order's no more."""
        order = self.settled()
        invoice = self.invoice(order)
        self.refund(order, full=True)
        note = invoice._reverse_moves([{}])
        self.assertEqual((note.state, order.amazon_difference_reason), ("draft", "drafted"))
        note.invoice_line_ids = [Command.clear(), Command.create({"name": "Other", "price_unit": 1})]
        self.assertEqual(order.amazon_difference_reason, "drafted")
        note.reversed_entry_id = False
        self.assertEqual(order.amazon_difference_reason, "refund")
        note.reversed_entry_id = invoice
        self.assertEqual(order.amazon_difference_reason, "drafted")

    def test_credit_note_without_refund(self):
        order = self.settled()
        invoice = self.invoice(order)
        invoice._reverse_moves([{}])._post()
        self.assertEqual((order.amazon_difference, order.amazon_difference_reason), (-order.amazon_total, "credit"))

    def test_invoice_first(self):
        order = self.settled()
        self.refund(order, full=True)
        with self.assertRaisesRegex(UserError, order.name):
            order.with_user(self.accountant).action_amazon_credit_note()

    def judged(self, order):
        """Return whether an order is on the list, by how much, and why."""
        return order.amazon_mismatch, order.amazon_difference, order.amazon_difference_reason

    def cancelled_there(self, **values):
        """Return an order that Amazon has cancelled, and that stands here all the same."""
        self.account.cancel_policy = "never"
        order = self.changed(self.imported(**values), "cancel")
        self.assertEqual((order.state, order.amazon_status), ("sale", "cancelled"))
        self.assertFalse(order.amazon_mismatch)
        return order

    def test_invoiced_after_amazon_has_cancelled(self):
        """What is invoiced of an order that Amazon has cancelled is on the list, however the invoice comes and goes."""
        order = self.cancelled_there()
        total = order.amount_total
        nothing = (False, total, False)
        invoice = order._create_invoices()
        self.assertEqual(self.judged(order), (True, total, "cancelled"), "a draft is to be deleted")
        invoice.with_user(self.accountant).unlink()
        self.assertEqual(self.judged(order), nothing)
        invoice = self.invoice(order)
        self.assertEqual(self.judged(order), (True, total, "cancelled"))
        invoice.with_user(self.accountant).button_draft()
        self.assertTrue(order.amazon_mismatch)
        invoice.with_user(self.accountant).button_cancel()
        self.assertEqual(self.judged(order), nothing)
        invoice.with_user(self.accountant).button_draft()
        self.assertEqual(self.judged(order), (True, total, "cancelled"))
        invoice.with_user(self.accountant).action_post()
        note = invoice._reverse_moves([{}])
        self.assertEqual(self.judged(order), (True, total, "cancelled"))
        note.with_user(self.accountant).action_post()
        self.assertEqual(self.judged(order), (False, 0, False))
        note.with_user(self.accountant).button_draft()
        self.assertEqual(self.judged(order), (True, total, "cancelled"))
        note.with_user(self.accountant).unlink()
        self.assertEqual(self.judged(order), (True, total, "cancelled"))

    def test_invoiced_in_part_after_amazon_has_cancelled(self):
        order = self.cancelled_there(items=[{"sku": "AMZ-CUP-001", "quantity": 2, "total": 2200}])
        invoice = order._create_invoices()
        line = invoice.invoice_line_ids.filtered("price_total")[:1]
        line.quantity = line.quantity / 2
        self.assertEqual(self.judged(order), (True, invoice.amount_total, "cancelled"))
        self.assertLess(invoice.amount_total, order.amount_total)
        invoice.action_post()
        explained = self.explained(order).line_ids
        self.assertEqual(sum(explained.mapped("here")), invoice.amount_total)
        invoice.button_draft()
        invoice.write({"invoice_line_ids": [Command.delete(line.id)]})
        self.assertEqual((order.amazon_mismatch, invoice.amount_total), (False, 0))

    def test_cancelled_here_though_it_is_invoiced(self):
        order = self.imported()
        invoice = self.invoice(order)
        self.changed(order, "cancel")
        self.assertEqual(self.judged(order), (True, invoice.amount_total, "cancelled"))
        order.with_context(disable_cancel_warning=True)._action_cancel()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self.judged(order), (True, invoice.amount_total, "cancelled"))
        self.assertEqual(sum(self.explained(order).line_ids.mapped("here")), invoice.amount_total)
        invoice._reverse_moves([{}])._post()
        self.assertEqual(self.judged(order), (False, 0, False))

    def test_credit_note_that_is_reversed(self):
        """What reverses a credit note takes back what that gave."""
        order = self.settled()
        self.invoice(order)
        refunded = self.refund(order, full=True)
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        note.action_post()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))
        back = note._reverse_moves([{}])
        self.assertEqual((back.move_type, order.amazon_credited), ("out_invoice", refunded))
        back.action_post()
        self.assertEqual(order.amazon_credited, 0)
        self.assertEqual(self.judged(order), (True, refunded, "refund"))
        back.button_draft()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))
        back.unlink()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))

    def test_credit_note_of_the_order_that_is_reversed(self):
        """So does what reverses one whose lines are the order's."""
        order = self.cancelled_there()
        invoice = self.invoice(order)
        note = invoice._reverse_moves([{}])
        note.action_post()
        self.assertFalse(order.amazon_mismatch)
        note._reverse_moves([{}]).action_post()
        self.assertEqual(self.judged(order), (True, invoice.amount_total, "cancelled"))

    def test_parts(self):
        """Shipping, gift wrap and discounts are credited with their own lines and taxes, to the yen."""
        for kind in ("jp_gift", "jp_cod", "jp_standard"):
            with self.subTest(kind=kind):
                order = self.settled(kind)
                self.invoice(order)
                refunded = self.refund(order, full=True)
                self.assertEqual(refunded, order.amazon_total)
                note = self.env["account.move"].browse(
                    order.with_user(self.accountant).action_amazon_credit_note()["res_id"]
                )
                self.assertEqual(note.amount_total, refunded)
                note.action_post()
                self.assertFalse(order.amazon_mismatch)

    def test_reasons(self):
        """Why the amounts differ is said."""
        cancelled = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.invoice(cancelled)
        self.changed(cancelled, "cancel", items={self.item_id(cancelled): 1})
        self.changed(cancelled, "ship")
        self.assertEqual((cancelled.amazon_mismatch, cancelled.amazon_difference_reason), (True, "cancelled"))
        missing = self.sold()
        missing.with_context(disable_cancel_warning=True)._action_cancel()
        self.assertEqual(missing.amazon_difference_reason, "missing")
        rounded = self.sold(items=[{"sku": "AMZ-CUP-001", "quantity": 1, "total": 1100}])
        self.reprice(rounded, rounded.order_line[0].price_unit + 1)
        self.assertEqual(rounded.amazon_difference_reason, "rounding")
        price = self.sold()
        self.reprice(price, price.order_line[0].price_unit + 100)
        self.assertEqual(price.amazon_difference_reason, "price")

    def test_reason_partly(self):
        """What is sent only in part, and differs."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.changed(order, "ship", items={self.item_id(order): 1})
        self.reprice(order, order.order_line[0].price_unit + 100)
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "partly"))

    def test_reason_tax(self):
        """Where tax comes on top, another tax is called so."""
        [america] = self.env["amazon.marketplace"].search([("code", "=", "US")])
        seller = self.amazon.seller(region=america.region, marketplaces=[america.api_ref])
        account = self._connect(seller, name="America")
        refs = [
            self.amazon.place(seller, kind["kind"], created=shifted(self.amazon.get("clock")["now"], 60))[0]
            for kind in self.amazon.get("kinds")
            if kind["marketplace"] == "US"
        ]
        self.import_orders(account)
        order = self.orders(*refs).filtered(
            lambda order: order.amazon_status == "unshipped" and order._amazon_has_tax_line()
        )[:1]
        self.act(order.amazon_order_ref, "ship")
        self.import_orders(account)
        order.order_line.filtered(lambda line: line.amazon_line_key == "tax").sudo().price_unit += 1
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "tax"))

    def test_finances_differ(self):
        """Amazon's Finances show another sale than its order: the third way."""
        order = self.sold()
        [sale] = self.amazon.get(f"transactions?order_id={order.amazon_order_ref}")
        other = dict(sale["transaction"])
        text = {"currencyCode": "JPY", "currencyAmount": 10}
        other.update(
            transactionId="MORE",
            totalAmount=text,
            items=[],
            breakdowns=[{"breakdownType": "OurPricePrincipal", "breakdownAmount": text, "breakdowns": None}],
        )
        self.post(other)
        self.sync()
        self.assertEqual((order.amazon_difference, order.amazon_settled_difference), (0, 10))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "finances"))

    def test_not_settled(self):
        """What Finances do not show yet is no difference."""
        order = self.sold()
        self.assertEqual((order.amazon_mismatch, order.amazon_unsettled), (False, order.amazon_total))

    def test_copy(self):
        """An order that was divided in two by duplicating: the difference is judged over both."""
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.assertFalse(order.amazon_mismatch)
        copy = order.with_user(self.user).copy()
        self.assertFalse(order.amazon_mismatch, "a draft is nothing yet")
        copy.action_confirm()
        self.assertTrue(order.amazon_mismatch)
        self.assertTrue(copy.amazon_mismatch, "related orders show with it")
        self.assertEqual(copy.amazon_family_difference, copy.amount_total)
        line = order.order_line.filtered("amazon_item_ref")
        self.reprice(order, 0)
        self.assertTrue(line)
        copy.order_line.filtered(lambda one: one.product_id != line.product_id).sudo().price_unit = 0
        self.assertEqual(order.amount_total + copy.amount_total - order.amazon_total, order.amazon_family_difference)
        self.assertEqual(bool(order.amazon_family_difference), order.amazon_mismatch)
        copy._action_cancel()
        copy.sudo().unlink()
        self.assertFalse(order.amazon_family_id)

    def test_cancelled_copy_that_was_invoiced(self):
        """The books have its invoice, whatever became of the copy."""
        order = self.settled()
        copy = order.with_user(self.user).copy().sudo()
        copy.action_confirm()
        copy.order_line.product_id.invoice_policy = "order"
        invoice = copy._create_invoices()
        invoice.action_post()
        copy._action_cancel()
        self.assertTrue(order.amazon_mismatch)
        self.assertEqual(order.amazon_family_difference, invoice.amount_total)
        self.assertEqual((order.amazon_difference_reason, copy.amazon_difference_reason), ("related", "related"))
        invoice.button_draft()
        invoice.button_cancel()
        self.assertFalse(order.amazon_mismatch or copy.amazon_mismatch)

    def test_accept(self):
        """Who, when, why; it comes back when amounts change again."""
        order = self.sold()
        self.reprice(order, order.order_line[0].price_unit + 100)
        wizard = Form(
            self.env["amazon.acceptance"]
            .with_user(self.accountant)
            .with_context(active_model="sale.order", active_ids=order.ids)
        )
        wizard.reason = "Agreed by telephone"
        dialog = wizard.save()
        self.reprice(order, order.order_line[0].price_unit + 1)
        with self.assertRaises(UserError):
            dialog.action_accept()
        self.reprice(order, order.order_line[0].price_unit - 1)
        dialog.action_accept()
        self.assertFalse(order.amazon_mismatch)
        self.assertEqual(
            (order.amazon_accepted_by_id, order.amazon_accepted_reason), (self.accountant, "Agreed by telephone")
        )
        self.assertIn("Agreed by telephone", order.message_ids[0].body)
        explanation = self.explained(order)
        self.assertEqual(
            (explanation.accepted_by_id, explanation.accepted_reason), (self.accountant, "Agreed by telephone")
        )
        explanation.action_take_back()
        self.assertEqual((order.amazon_mismatch, order.amazon_accepted_reason), (True, False))
        self.assertFalse(explanation.accepted_at)
        order.with_user(self.accountant)._amazon_accept("Agreed once more")
        self.sync()
        self.assertFalse(order.amazon_mismatch, "what is settled later changes no amount")
        self.refund(order, amount=50)
        self.assertTrue(order.amazon_mismatch)

    def test_accept_what_was_shown(self):
        """What is accepted are the amounts that were shown, those of related orders, too."""
        order = self.settled()
        copy = order.with_user(self.user).copy()
        copy.action_confirm()
        acceptance = self.env["amazon.acceptance"].with_user(self.accountant)
        dialog = acceptance.with_context(active_model="sale.order", active_ids=order.ids).create({"reason": "Agreed"})
        self.reprice(copy, copy.order_line[0].price_unit + 500)
        with self.assertRaises(UserError):
            dialog.action_accept()
        self.assertTrue(order.amazon_mismatch)
        acceptance.with_context(active_model="sale.order", active_ids=order.ids).create(
            {"reason": "Agreed"}
        ).action_accept()
        self.assertFalse(order.amazon_mismatch or copy.amazon_mismatch)

    def test_draft_copy_is_not_compared(self):
        """What is no order yet has no difference, not even one of nothing."""
        order = self.settled()
        copy = order.with_user(self.user).copy()
        arch = etree.fromstring(self.env.ref("sale_amazon_spapi.sale_order_amounts_view_list").arch)
        [shown] = arch.xpath("//field[@name='amazon_difference']/@invisible")
        for one, hidden in ((order, False), (copy, True), (self.imported("jp_cvs_pending"), True)):
            values = one.read(["state", "amazon_compared"])[0]
            self.assertEqual(safe_eval(shown, values), hidden)
        copy.action_confirm()
        self.assertTrue(copy.amazon_compared)

    def test_amount_types_are_followed(self):
        """Who has classified what, and when, stays to be seen; that it holds for all companies is said."""
        kind = self.env["amazon.amount.type"].create({"name": "SomethingOfJapan"})
        # What is made in this transaction is not followed before its end.
        self.env.cr.precommit.run()
        self.assertFalse(kind.message_ids)
        kind.with_user(self.accountant).kind = "fee"
        self.env.flush_all()
        self.env.cr.precommit.run()
        kind.invalidate_recordset()
        [message] = kind.message_ids
        self.assertEqual(message.author_id, self.accountant.partner_id)
        [tracked] = message.sudo().tracking_value_ids
        self.assertEqual((tracked.old_value_char, tracked.new_value_char), ("Not Classified", "Other Fee"))
        accounts = self.env["amazon.account"].with_user(self.accountant)
        [said] = accounts.get_amount_types_state()
        self.assertTrue(said["is_fine"] and said["title"])

    def test_fees_of_what_is_not_paid_out(self):
        """Fees and proceeds tell what Amazon still holds back from what is paid out."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        lines = self.env["amazon.transaction.line"].with_user(self.accountant)
        mine = [("order_id", "=", order.id)]
        filters = {
            name: [*mine, *safe_eval(domain)]
            for name, domain in (
                (one.get("name"), one.get("domain"))
                for one in etree.fromstring(
                    self.env.ref("sale_amazon_spapi.amazon_transaction_line_view_search").arch
                ).xpath("//filter[@domain]")
            )
        }
        self.assertEqual(lines.search(filters["deferred"]), lines.search(mine))
        self.assertFalse(lines.search(filters["released"]))
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.sync()
        self.assertEqual(lines.search(filters["released"]), lines.search(mine))
        self.assertFalse(lines.search(filters["deferred"]))

    def test_fees_open_with_something(self):
        """Fees and proceeds open with what there is, on the first day of a month, too."""
        self.settled()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transaction_lines")
        [chosen] = [name for name in safe_eval(action["context"]) if name.startswith("search_default_")]
        arch = etree.fromstring(self.env.ref("sale_amazon_spapi.amazon_transaction_line_view_search").arch)
        [domain] = arch.xpath(f"//filter[@name='{chosen.removeprefix('search_default_')}']/@domain")
        lines = self.env["amazon.transaction.line"].with_user(self.accountant)
        now = fields.Datetime.to_datetime(self.amazon.get("clock")["now"][:19].replace("T", " "))
        first_of_month = (now + timedelta(days=32)).replace(day=1)
        with freeze_time(min(now + timedelta(days=29), first_of_month)):
            self.assertTrue(lines.search(safe_eval(domain)))
        with freeze_time(now + timedelta(days=32)):
            self.assertFalse(lines.search(safe_eval(domain)))

    def test_explain(self):
        """The three ways side by side add up to what they are."""
        for kind in ("jp_standard", "jp_gift", "jp_cod"):
            order = self.settled(kind)
            self.refund(order, amount=100)
            with self.subTest(kind=kind):
                wizard = (
                    self.env["amazon.explanation"]
                    .with_user(self.accountant)
                    .with_context(active_model="sale.order", active_id=order.id)
                    .create({})
                )
                sums = {name: sum(wizard.line_ids.mapped(name)) for name in ("here", "amazon", "settled", "refunded")}
                self.assertEqual(
                    sums,
                    {
                        "here": order.amount_total,
                        "amazon": order.amazon_total,
                        "settled": order.amazon_total,
                        "refunded": 100,
                    },
                )
                self.assertEqual(sum(wizard.line_ids.mapped("difference")), order.amazon_difference)
                differing = wizard.line_ids.filtered("difference")
                self.assertEqual(sum(differing.mapped("refunded")), 100)

    def test_export_and_seller_central(self):
        """What the list shows is exported as it is shown, and each order opens in Seller Central."""
        order = self.settled()
        self.refund(order, amount=100)
        group = self.env.ref("base.group_allow_export")
        self.accountant.sudo().group_ids |= group
        arch = etree.fromstring(self.env.ref("sale_amazon_spapi.sale_order_amounts_view_list").arch)
        names = [name for name in arch.xpath("//field/@name") if name != "currency_id"]
        [row] = order.with_user(self.accountant).export_data(names)["datas"]
        shown = dict(zip(names, row, strict=True))
        self.assertEqual(
            [shown[name] for name in ("amazon_order_ref", "amazon_refunded", "amazon_difference")],
            [order.amazon_order_ref, 100, 100],
        )
        self.assertEqual(shown["amazon_difference_reason"], "Refund without Credit Note")
        action = order.with_user(self.accountant).action_amazon_open()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual(action["url"], order.amazon_url)
        self.assertRegex(action["url"], rf"^https?://[^/]+/orders-v3/order/{order.amazon_order_ref}$")
        self.assertEqual(self.explained(order).action_open(), action)

    def test_search(self):
        """The same search as in the bulk completion, by pasted numbers or by day."""
        orders = self.sold() | self.sold()
        self.reprice(orders[0], 1)
        search = self.env["amazon.amounts.search"].with_user(self.accountant)
        action = search.create({"numbers": f"{orders[0].amazon_order_ref} {orders[1].name}"}).action_search()
        found = self.env["sale.order"].with_user(self.accountant).search(action["domain"])
        self.assertEqual(found.sorted(), orders.sorted())
        self.assertTrue(action["context"]["search_default_mismatch"])
        action = search.create({}).action_search()
        self.assertTrue(orders <= self.env["sale.order"].search(action["domain"]))
        with self.assertRaises(UserError):
            search.create({"date_from": False}).action_search()

    def test_search_by_size_and_sign(self):
        """Small differences, or those of one direction, can be left aside."""
        more, less, little = (self.sold() for _order in range(3))
        for order, by in ((more, 500), (less, -500), (little, 5)):
            self.reprice(order, order.order_line[0].price_unit + by)
        search = self.env["amazon.amounts.search"].with_user(self.accountant)
        for values, expected in (
            ({}, more | less | little),
            ({"at_least": 100}, more | less),
            ({"sign": "here"}, more | little),
            ({"sign": "there"}, less),
            ({"sign": "here", "at_least": 100}, more),
            ({"sign": "there", "at_least": 100000}, more.browse()),
        ):
            with self.subTest(values=values):
                found = self.env["sale.order"].search(search.create(values).action_search()["domain"])
                self.assertEqual(found & (more | less | little), expected)

    def test_search_names_what_is_not_found(self):
        """A number that is not here is never passed over in silence."""
        order = self.sold()
        search = self.env["amazon.amounts.search"].with_user(self.accountant)
        told = search.create({"numbers": f"{order.amazon_order_ref} 999-1234567-1234567"}).action_search()["params"]
        self.assertIn("999-1234567-1234567", told["message"])
        self.assertNotIn(order.amazon_order_ref, told["message"])
        self.assertEqual(self.env["sale.order"].search(told["next"]["domain"]), order)
        with self.assertRaisesRegex(UserError, "999-1234567-1234567"):
            search.create({"numbers": "999-1234567-1234567"}).action_search()

    def shown_empty(self):
        """Return what the accountant reads above the list, but for the verdict, which says whether that is all."""
        mine = self.env["sale.order"].with_user(self.accountant).with_company(self.company)
        verdict, *states = mine.env["amazon.account"].get_finances_state()
        self.assertEqual(verdict["is_fine"], all(state["is_fine"] for state in states))
        self.assertEqual("Everything is known" in verdict["title"], verdict["is_fine"])
        # What browsers keep for days says nothing that may change.
        self.assertEqual(mine.with_context(amazon_amounts=True).get_empty_list_help("<p>Own</p>"), "<p>Own</p>")
        return states

    def test_empty_list_says_as_of_when(self):
        """That nothing differs is so as of when Amazon's Finances were read."""
        self.account.auto_finance = True
        self.sync()
        self.imports()
        with freeze_time(self.amazon.get("clock")["now"]):
            [state] = self.shown_empty()
            time = format_datetime(
                self.env["sale.order"].with_user(self.accountant).env, self.job.last_success, dt_format="short"
            )
            before = format_date(self.account.env, self.job._known_from())
        self.assertTrue(state["is_fine"])
        self.assertIn(time, state["title"])
        self.assertIn(before, state["title"])

    def test_empty_list_while_not_all_is_known(self):
        """Where refunds are not known, or not up to now, nobody is told that nothing differs."""
        titles = {self.shown_empty()[0]["title"]}
        self.account.auto_finance = True
        titles.add(self.shown_empty()[0]["title"])
        self.amazon.post("faults", operation="listTransactions", kind="403")
        self.sync()
        self.imports()
        with freeze_time(self.amazon.get("clock")["now"]):
            [state] = self.shown_empty()
        self.assertTrue(state["broken"] and state["reason"])
        self.amazon.control("DELETE", "faults")
        self.sync()
        with freeze_time(self.amazon.get("clock")["now"]):
            self.job.cursor = fields.Datetime.now() - timedelta(days=20)
            titles.add(self.shown_empty()[0]["title"])
            self.job.cursor = False
            titles.add(self.shown_empty()[0]["title"])
        self.sync()
        with freeze_time(self.amazon.get("clock")["now"]):
            self.amazon.post("faults", operation="listTransactions", kind="500_html", times=1)
            self.job.sudo().write({"error_kind": "later", "failures": 1})
            self.assertTrue(self.shown_empty()[0]["broken"])
            self.account.auto_finance = False
            titles.add(self.shown_empty()[0]["title"])
        self.account.auto_finance = True
        self.amazon.control("DELETE", "faults")
        self.sync()
        with freeze_time(self.amazon.get("clock")["now"]) as clock:
            self.assertTrue(self.shown_empty()[0]["is_fine"])
            clock.tick(timedelta(days=3))
            self.assertTrue(self.shown_empty()[0]["broken"])
        self.assertEqual(len(titles), 5)

    def test_empty_list_while_amounts_are_not_known(self):
        """What is not classified, or cannot be read, is compared with nothing: that is said, and shown."""
        self.account.auto_finance = True
        self.post({"transactionId": "BAD", "transactionType": "Refund", "totalAmount": "x"})
        self.sync()
        self.imports()
        with freeze_time(self.amazon.get("clock")["now"]):
            [fine, unknown] = self.shown_empty()
        self.assertEqual((fine["is_fine"], unknown["is_fine"]), (True, False))
        found = self.env["amazon.transaction"].with_user(self.accountant).search(unknown["action"]["domain"])
        self.assertEqual(found.mapped("transaction_ref"), ["BAD"])

    def test_empty_list_while_orders_are_not_here(self):
        """What was refunded of orders that are not here is compared with nothing: how many there are is said, and they
        are shown."""
        self.account.auto_finance = True
        refs = self.place(count=2)
        for ref in refs:
            self.amazon.post(f"orders/{ref}/ship")
        self.amazon.post("refund", order_id=refs[0], amount=100)
        money = {"currencyCode": "JPY", "currencyAmount": -1}
        related = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "S01-1234567-1234567"}]
        fee = [{"breakdownType": "Subscription", "breakdownAmount": money}]
        self.post(
            {
                "transactionType": "ServiceFee",
                "totalAmount": money,
                "relatedIdentifiers": related,
                "breakdowns": fee,
            }
        )
        # A fee of the account's, whatever it is, is no order's.
        self.post({"transactionType": "ServiceFee", "totalAmount": money})
        self.sync()
        # One more of these is older than what the first run reads: it comes in as an old one does.
        self.transactions().filtered(lambda one: one.order_ref == refs[1]).posted_at -= timedelta(days=400)
        # The import has looked, and has not been shown them.
        self.account.auto_import = True
        orders = self.account._job("orders").sudo()
        orders.write({"cursor": self.job.last_success, "last_success": self.job.last_success})
        with freeze_time(self.amazon.get("clock")["now"]):
            [fine, missing] = self.shown_empty()
            self.assertEqual((fine["is_fine"], missing["is_fine"]), (True, False))
            found = self.env["amazon.transaction"].with_user(self.accountant).search(missing["action"]["domain"])
            self.assertEqual((len(found), set(found.mapped("order_ref"))), (3, set(refs)))
            self.assertIn("3", missing["title"])
            orders.cursor = False
            self.import_orders()
            [fine] = self.shown_empty()
            self.assertTrue(fine["is_fine"])
            self.assertTrue(self.on_the_list())

    def test_while_orders_do_not_come_in(self):
        """What is not here is not compared: whether all orders are here is asked, too."""
        self.account.auto_finance = True
        self.sync()
        now = self.amazon.get("clock")["now"]
        job = self.account._job("orders").sudo()
        with freeze_time(now):
            titles = {self.shown_empty()[1]["title"]}
            self.account.auto_import = True
            titles.add(self.shown_empty()[1]["title"])
        self.amazon.post("faults", operation="searchOrders", kind="403")
        self.imports()
        with freeze_time(now):
            [_fine, trouble] = self.shown_empty()
            self.assertTrue(trouble["broken"] and trouble["reason"])
            titles.add(trouble["title"])
        self.amazon.control("DELETE", "faults")
        self.imports()
        with freeze_time(now):
            self.assertEqual(len(self.shown_empty()), 1)
            job.denied = {
                self.account.marketplace_ids[:1].api_ref: {"since": now[:19], "tried": now[:19]},
            }
            titles.add(self.shown_empty()[1]["title"])
            job.denied = False
            job.cursor -= timedelta(days=2)
            titles.add(self.shown_empty()[1]["title"])
            job.cursor += timedelta(days=2)
            self.assertEqual(len(self.shown_empty()), 1)
        self.assertEqual(len(titles), 4)
        self.account.unknown_sku = "hold"
        self.place("jp_unknown_sku", minutes_ago=1)
        self.amazon.post("clock", advance=600)
        self.imports()
        with freeze_time(self.amazon.get("clock")["now"]):
            [_fine, unbuilt] = self.shown_empty()
            self.assertIn("1", unbuilt["title"])
            found = self.env["amazon.order.update"].search(unbuilt["action"]["domain"])
            self.assertEqual(found.mapped("state"), ["failed"])

    def test_while_a_shop_is_archived(self):
        """What an archived shop's amounts were is known up to then, unless its merchant is connected once more."""
        self.account.auto_finance = True
        self.sync()
        self.account.active = False
        self.env.flush_all()
        self.assertEqual(self.env["amazon.account"].with_user(self.accountant).get_finances_state(), [], "no amounts")
        self.account.active = True
        self.settled()
        self.account.active = False
        self.env.flush_all()
        [archived] = self.shown_empty()
        self.assertIn("archived", archived["title"])
        again = self._connect(self.seller, name="Again", auto_finance=True, auto_import=True)
        self.sync(again)
        with freeze_time(self.amazon.get("clock")["now"]):
            self.import_orders(again)
            [fine] = self.shown_empty()
            self.assertEqual((fine["is_fine"], "Again" in fine["title"]), (True, True))
            self.transactions().order_id = False
            self.env.flush_all()
            [_fine, missing] = self.shown_empty()
            self.assertIn(self.account.name, missing["title"], "what came in through the archived one counts, too")

    def test_of_a_merchant_in_two_companies(self):
        """What the same merchant's account in another company has read is told to whoever may see that company."""
        self.account.auto_finance = True
        self.imports()
        other = self.env["res.company"].create({"name": "Elsewhere", "currency_id": self.company.currency_id.id})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        # It was theirs until they archived it.
        self.account.active = False
        self.env.flush_all()
        there = self._connect(
            self.seller, name="Theirs", company_id=other.id, warehouse_id=warehouse.id, user_id=self.env.user.id
        )
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.sync(there)
        there.active = False
        self.env.flush_all()
        self.account.active = True
        self.sync()
        self.assertEqual(self.env["amazon.transaction"].search([]).account_id, there)
        with freeze_time(self.amazon.get("clock")["now"]):
            [fine] = self.shown_empty()
            self.accountant.sudo().company_ids |= other
            [fine, theirs] = self.shown_empty()
            self.assertTrue(fine["is_fine"])
            self.assertIn("Theirs of Elsewhere", theirs["title"])
            self.assertFalse("action" in theirs, "they are not shown while that company is not chosen")

    def test_rights(self):
        """Accountants see and accept; clerks see refunds and no fees; nobody else writes what Amazon says."""
        order = self.settled()
        self.refund(order, full=True)
        sale = self.transactions(order)[0]
        self.assertTrue(sale.with_user(self.user).buyer_amount)
        for name in ("amount", "fees", "payload", "line_ids"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                sale.with_user(self.user).read([name])
            self.assertTrue(sale.with_user(self.accountant).read([name])[0][name])
        with self.assertRaises(AccessError):
            order.with_user(self.user).action_amazon_credit_note()
        with self.assertRaises(AccessError):
            order.with_user(self.user)._amazon_accept("no")
        with self.assertRaises(AccessError):
            self.account.with_user(self.accountant).auto_finance = True

    def test_return(self):
        """What was refunded can be taken back into stock from the order."""
        order = self.settled()
        self.refund(order, full=True)
        action = order.with_user(self.user).action_amazon_prepare_return()
        self.assertEqual(action["context"]["active_id"], order.picking_ids.id)
