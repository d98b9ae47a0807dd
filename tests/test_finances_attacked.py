import json
import runpy
from datetime import timedelta
from pathlib import Path

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common_finances import FinancesCase


@tagged("post_install", "-at_install")
class TestFinancesAttacked(FinancesCase):
    """An Amazon that lies, and people who ask for what is not theirs: no yen is lost, doubled or told."""

    # === A LYING AMAZON === #

    def test_releases_in_a_circle(self):
        """Transactions that say of each other that they are the same count once, not never."""
        order = self.settled()
        for size in (2, 3):
            with self.subTest(size=size):
                before = order.amazon_refunded
                names = [f"C{size}-{number}" for number in range(size)]
                for name, other in zip(names, names[1:] + names[:1], strict=True):
                    self.tell(name, -100, order, related={"DEFERRED_TRANSACTION_ID": other})
                self.sync()
                self.assertEqual(order.amazon_refunded - before, 100)

    def test_release_of_itself(self):
        order = self.settled()
        self.tell("SELF", -100, order, related={"DEFERRED_TRANSACTION_ID": "SELF", "RELEASE_TRANSACTION_ID": "SELF"})
        self.sync()
        self.assertEqual(order.amazon_refunded, 100)

    def test_release_of_what_cannot_be_read(self):
        """It is all that is known of that money."""
        order = self.settled()
        self.post({"transactionId": "DAMAGED", "transactionType": "Refund", "totalAmount": "x"})
        self.tell("RELEASE", -100, order, related={"DEFERRED_TRANSACTION_ID": "DAMAGED"})
        self.sync()
        self.assertEqual(order.amazon_refunded, 100)
        self.tell("DAMAGED", -100, order)
        self.sync()
        self.assertEqual(order.amazon_refunded, 100)

    def test_release_of_another_order(self):
        """What belongs to another order is other money."""
        order, other = self.settled(), self.settled()
        self.tell("FIRST", -100, order)
        self.tell("SECOND", -70, other, related={"DEFERRED_TRANSACTION_ID": "FIRST"})
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (100, 70))

    def test_release_of_other_money(self):
        """What is of another kind, or in another currency, is not the same money; no refund goes under with it."""
        order = self.settled()
        self.tell("FEE", -5, transactionType="ServiceFee", name="Subscription")
        self.tell("DOLLARS", -5, order, currency="USD")
        self.tell("OF-FEE", -100, order, related={"DEFERRED_TRANSACTION_ID": "FEE"})
        self.tell("OF-DOLLARS", -30, order, related={"DEFERRED_TRANSACTION_ID": "DOLLARS"})
        self.sync()
        self.assertEqual(order.amazon_refunded, 130)

    def test_release_of_what_is_other_money_now(self):
        """What was released becomes another order's: the release counts again, and no longer once it is its own."""
        order, other = self.settled(), self.settled()
        self.tell("MOVES", -100, order, transactionStatus="DEFERRED")
        self.tell("RELEASE", -100, order, related={"DEFERRED_TRANSACTION_ID": "MOVES"})
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (100, 0))
        self.tell("MOVES", -100, other, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (100, 100))
        release = self.transactions(order)[-1]
        self.assertEqual((release.counts, release.amount, sum(release.line_ids.mapped("amount"))), (True, -100, -100))
        self.tell("MOVES", -100, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (100, 0))

    def known(self):
        """Return whether the accountant is told that everything is known, and what of the transactions is not."""
        mine = self.env["amazon.account"].with_user(self.accountant).with_company(self.company)
        verdict, *states = mine.get_finances_state()
        actions = [state["action"]["domain"] for state in states if state.get("action", {}).get("res_model")]
        found = [self.env["amazon.transaction"].search(domain).mapped("transaction_ref") for domain in actions]
        return verdict["is_fine"], sum(found, [])

    def test_changed_and_cannot_be_read(self):
        """What was known and is given as something else that cannot be read goes on counting, and that not all is
        known is said, until it can be read, be it as it was."""
        order = self.settled()
        self.tell("CHANGES", -100, order, transactionStatus="DEFERRED")
        self.tell("RELEASE", -100, order, related={"DEFERRED_TRANSACTION_ID": "CHANGES"})
        self.sync()
        self.assertEqual(self.known()[1], [])
        dollars = [{"breakdownType": "Goodwill", "breakdownAmount": {"currencyCode": "USD", "currencyAmount": -7}}]
        self.tell("CHANGES", -300, order, transactionStatus="DEFERRED", breakdowns=dollars)
        for _time in range(2):
            self.sync()
            self.assertEqual((order.amazon_refunded, self.known()[1]), (100, ["CHANGES"]))
        self.tell("CHANGES", -100, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, self.known()[1]), (100, []))

    def test_without_a_number(self):
        """What Amazon gives no number is kept once, and that not all is known is said."""
        order = self.settled()
        self.account.auto_finance = True
        money = {"currencyCode": "JPY", "currencyAmount": -100}
        related = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}]
        usual = {"transactionType": "Refund", "postedDate": "2026-01-01T00:00:00Z", "totalAmount": money}
        for _time in range(2):
            self.received({**usual, "relatedIdentifiers": related}, {**usual, "transactionId": "x" * 300})
            self.assertEqual(len(self.known()[1]), 2)
        self.assertEqual(order.amazon_refunded, 0)

    def test_another_order_now(self):
        """The same transaction comes once more and belongs to another order: the first one has it no more."""
        order, other = self.settled(), self.settled()
        self.tell("MOVES", -100, order)
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_mismatch), (100, True))
        self.tell("MOVES", -100, other)
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (0, 100))
        self.assertEqual((order.amazon_mismatch, other.amazon_mismatch), (False, True))

    def test_order_numbers_that_are_none(self):
        """What Amazon cannot be asked for is left; the others that are overdue are read, and the job goes well."""
        self.amazon.post("settings", finance_defer="DD7")
        late = (self.moment() - timedelta(days=20)).isoformat() + "Z"
        for number, name in enumerate(("no number", "a/b?c", "注文", "x" * 200)):
            self.tell(f"ODD-{number}", -1, related={"ORDER_ID": name}, transactionStatus="DEFERRED", postedDate=late)
        self.assertEqual(self.sync().state, "done")
        order = self.settled()
        sale = self.transactions(order)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.amazon.post("clock", advance=12 * 24 * 3600)
        self.job.cursor = self.moment() - timedelta(days=1)
        self.assertEqual(self.sync().state, "done")
        self.assertEqual(sale.state, "deferred_released")

    def moment(self):
        """Return what time it is on Amazon (UTC, naive)."""
        return fields.Datetime.to_datetime(self.amazon.get("clock")["now"][:19].replace("T", " "))

    def test_times_that_are_none(self):
        """Nobody's lists and pivots fail for a date that cannot be."""
        for number, date in enumerate(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")):
            context = {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": date}
            for name, values in (("POSTED", {"postedDate": date}), ("MATURES", {"contexts": [context]})):
                money = {"currencyCode": "JPY", "currencyAmount": -1}
                usual = {"transactionType": "Refund", "totalAmount": money, "postedDate": "2026-01-01T00:00:00Z"}
                self.received({"transactionId": f"{name}-{number}", **usual, **values})
        mine = self.env["amazon.transaction"].with_user(self.accountant).with_context(tz="Asia/Tokyo")
        self.assertEqual(len(mine.search([])), 4)
        for name in ("posted_at", "matures_at"):
            for grain in ("day", "month", "year"):
                mine.formatted_read_group([], [f"{name}:{grain}"], ["amount:sum"])
        for one in mine.search([]):
            for name in ("posted_at", "matures_at"):
                fields.Datetime.context_timestamp(mine, one[name] or one.posted_at)

    def test_odd_texts(self):
        """Control characters and lone surrogates stop nothing."""
        odd = "a\x00b\x1b\ud800\u202e<b>"
        money = {"currencyCode": "JPY", "currencyAmount": -10}
        for number, name in enumerate((odd, " ", "x" * 5000, "İ", "ẞ")):
            self.received(
                {
                    "transactionId": f"ODD-{number}",
                    "transactionType": name,
                    "transactionStatus": name,
                    "description": name,
                    "postedDate": "2026-01-01T00:00:00Z",
                    "totalAmount": money,
                    "breakdowns": [{"breakdownType": name, "breakdownAmount": money}],
                    "contexts": [{"deferralReason": name}],
                }
            )
        self.assertEqual(sum(self.transactions().mapped("amount")), -50)
        self.assertEqual(sum(self.transactions().line_ids.mapped("amount")), -50)

    def test_names_that_only_look_alike(self):
        """A coupon's code is no cash on delivery."""
        order = self.settled()
        self.tell("COUPON", -100, order, name="CouponCodeDiscount")
        self.sync()
        line = self.transactions(order)[-1].line_ids
        self.assertEqual(line._part(False)[0], "goods")

    def test_account_connected_anew(self):
        """The same merchant's new account reads what the archived one has read: it is the same money."""
        order = self.settled()
        self.refund(order, full=True)
        self.account.active = False
        self.env.flush_all()
        again = self._connect(self.seller, name="Again")
        self.sync(again)
        self.assertEqual((order.amazon_refunded, order.amazon_settled), (order.amazon_total, order.amazon_total))
        self.assertEqual(len(order.amazon_transaction_ids), 2)

    def test_other_currency(self):
        """Amounts of another currency are in no sum of the order's."""
        order = self.settled()
        self.invoice(order)
        self.tell("YEN", -100, order)
        self.tell("DOLLARS", -5, order, currency="USD")
        self.tell("NEVER", -7, order, currency="XQZ")
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_difference_reason), (100, "currency"))
        self.assertEqual(sum(self.explained(order).line_ids.mapped("refunded")), 100)
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        self.assertEqual(note.invoice_line_ids.mapped("price_total"), [100])

    def test_acceptance_and_other_currencies(self):
        """What was accepted of one currency says nothing of what comes in of it later, nor of a further one."""
        order = self.settled()
        self.tell("DOLLARS", -5, order, currency="USD")
        for ref, amount, currency in (("MORE", -7, "USD"), ("EUROS", -5, "EUR"), ("NEVER", -7, "XQZ")):
            with self.subTest(currency=currency):
                self.sync()
                self.assertTrue(order.amazon_mismatch)
                self.accepting(order, "Agreed").action_accept()
                self.assertFalse(order.amazon_mismatch)
                self.sync()
                self.assertFalse(order.amazon_mismatch, "nothing has changed")
                self.tell(ref, amount, order, currency=currency)
                self.sync()
                self.assertTrue(order.amazon_mismatch)

    def test_acceptance_and_what_sums_to_nothing(self):
        """Money of another currency that comes in and goes out again is money that was not accepted, the first of it
        and more of it."""
        order = self.settled()
        order.with_user(self.manager).order_line[0].price_unit += 100
        for number in range(3):
            self.accepting(order, "Agreed").action_accept()
            self.assertFalse(order.amazon_mismatch)
            for amount in (5, -5):
                self.tell(f"DOLLARS {number} {amount}", amount, order, currency="USD")
            self.sync()
            self.assertTrue(order.amazon_mismatch)

    def test_acceptance_and_what_is_not_classified(self):
        """What was accepted while it was not known what it is, is asked about when that is known, and when more of it
        comes in, whatever the sums are."""
        order = self.settled()
        order.with_user(self.manager).order_line[0].price_unit += 100
        self.tell("FIRST", -100, order, name="NeverSeen")
        self.sync()
        for amount in (-7, 7):
            self.accepting(order, "Agreed").action_accept()
            self.assertFalse(order.amazon_mismatch)
            self.tell(f"MORE {amount}", amount, order, name="NeverSeen")
            self.sync()
            self.assertTrue(order.amazon_mismatch)
        self.accepting(order, "Agreed").action_accept()
        name = self.env["amazon.amount.type"].search([("name", "=", "NeverSeen")])
        name.with_user(self.accountant).kind = "other"
        self.assertEqual((order.amazon_refunded, order.amazon_mismatch), (0, True))

    def test_acceptance_and_what_changes_alike(self):
        """An order that becomes dearer here and is credited by as much is another one than was accepted."""
        order = self.settled()
        line = order.with_user(self.manager).order_line[0]
        line.price_unit += 100
        invoice = self.invoice(order)
        self.accepting(order, "Agreed").action_accept()
        self.assertFalse(order.amazon_mismatch)
        before, total = order.amazon_difference, order.amount_total
        line.price_unit += 100
        reversal = self.env["account.move.reversal"].with_user(self.accountant)
        wizard = reversal.with_context(active_model="account.move", active_ids=invoice.ids).create(
            {"journal_id": invoice.journal_id.id}
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        values = {"name": "As much", "price_unit": order.amount_total - total, "tax_ids": [Command.clear()]}
        note.invoice_line_ids = [Command.clear(), Command.create(values)]
        note.action_post()
        self.assertEqual((order.amazon_difference, order.amazon_credited), (before, order.amount_total - total))
        self.assertTrue(order.amazon_mismatch)

    def test_acceptance_of_the_version_before(self):
        """What was accepted before an upgrade stays so, and comes back with what changes after it; what had changed
        before is no acceptance then either."""
        kept, dollars, stale = orders = self.settled() | self.settled() | self.settled()
        for order in (kept, stale):
            order.with_user(self.manager).order_line[0].price_unit += 100
        copy = kept.with_user(self.user).copy()
        copy.action_confirm()
        self.tell("DOLLARS", -5, dollars, currency="USD")
        self.sync()
        for order in orders:
            self.accepting(order, "Agreed").action_accept()
        # As the version before has left it.
        for family in (kept | copy, dollars, stale):
            family.amazon_accepted_amounts = "|".join(
                f"{order.id}:{order.amount_total}:{order.amazon_total}:{order.amazon_refunded}"
                f":{order.amazon_settled_difference}:{order.amazon_other_currency:d}"
                for order in family
            )
        stale.with_user(self.manager).order_line[0].price_unit += 100
        dollars.amazon_other_amounts = False
        self.env.flush_all()
        path = Path(__file__).parents[1] / "migrations/19.0.1.4.0/post-migrate.py"
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.3.0")
        self.env.invalidate_all()
        family = orders | copy
        self.assertEqual(family.filtered("amazon_mismatch"), stale)
        accepted = family.mapped("amazon_accepted_amounts")
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.3.0")
        self.assertEqual(family.mapped("amazon_accepted_amounts"), accepted, "once more it changes nothing")
        self.assertEqual(family.filtered("amazon_mismatch"), stale)
        self.tell("MORE", -7, dollars, currency="USD")
        self.sync()
        copy.order_line[0].sudo().price_unit += 1
        self.assertEqual(family.filtered("amazon_mismatch"), family)

    # === ORDERS === #

    def test_discount_of_what_is_gone(self):
        """A discount of an item that Amazon does not name any more is explained, too."""
        order = self.settled()
        for key in ("discount:GONE", "discount"):
            order.order_line[0].sudo().amazon_line_key = key
            lines = self.explained(order).line_ids
            self.assertEqual(sum(lines.mapped("here")), order.amount_total)

    def test_deleted(self):
        """Transactions stay when their order is deleted."""
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.import_orders()
        self.sync()
        order = self.orders(ref)
        sale = self.transactions(order)
        order.with_context(disable_cancel_warning=True)._action_cancel()
        order.sudo().unlink()
        self.sync()
        self.assertEqual((len(sale.exists()), sale.order_id.id, sale.line_ids.order_id.id), (1, False, False))

    def test_account_deleted(self):
        """An account with transactions is archived, not deleted, and that is said."""
        self.amazon.post("service-fee", merchant_id=self.seller["merchant_id"], amount=500, name="FBAStorageFee")
        self.sync()
        self.assertFalse(self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)]))
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.account.with_user(self.manager).unlink()
        self.assertNotIsInstance(caught.exception, ValidationError)
        self.assertTrue(self.account.exists())

    def test_note_cancelled(self):
        """What a cancelled credit note was for is credited by the next one, with its lines and taxes."""
        order = self.settled()
        self.invoice(order)
        refunded = self.refund(order, full=True)
        mine = order.with_user(self.accountant)
        note = self.env["account.move"].browse(mine.action_amazon_credit_note()["res_id"])
        lines = [(line.product_id, line.tax_ids, line.price_total) for line in note.invoice_line_ids]
        note.with_user(self.accountant).button_cancel()
        again = self.env["account.move"].browse(mine.action_amazon_credit_note()["res_id"])
        self.assertNotEqual(again, note)
        self.assertEqual([(line.product_id, line.tax_ids, line.price_total) for line in again.invoice_line_ids], lines)
        again.with_user(self.accountant).action_post()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))

    def test_one_invoice_of_two(self):
        """Each order has its own credit note, and the other one's is not counted."""
        orders = self.settled() | self.settled()
        for name in ("partner_id", "partner_invoice_id", "partner_shipping_id"):
            orders.sudo()[1][name] = orders[0][name]
        invoice = orders._create_invoices()
        invoice.action_post()
        self.assertEqual(len(invoice), 1)
        for order in orders:
            refunded = self.refund(order, full=True)
            note = self.env["account.move"].browse(
                order.with_user(self.accountant).action_amazon_credit_note()["res_id"]
            )
            note.with_user(self.accountant).action_post()
            self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))
        self.assertEqual(orders.mapped("amazon_credited"), orders.mapped("amazon_total"))

    def test_accountant_of_two_companies(self):
        """A credit note is the order's company's, whichever one its accountant works in just now."""
        order = self.settled()
        self.invoice(order)
        refunded = self.refund(order, full=True)
        other = self.env["res.company"].create({"name": "Other"})
        both = new_test_user(
            self.env,
            "of_both",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=other.id,
            company_ids=[Command.set((other | self.company).ids)],
        )
        there = self.env(user=both, context={"allowed_company_ids": (other | self.company).ids})
        note = there["account.move"].browse(order.with_env(there).action_amazon_credit_note()["res_id"])
        self.assertEqual(note.company_id.id, self.company.id)
        note.action_post()
        self.assertEqual((order.amazon_credited, order.amazon_mismatch), (refunded, False))

    def test_circle_of_copies(self):
        """However orders are linked, they are one family, found and judged once."""
        order = self.settled()
        copies = self.env["sale.order"]
        for _copy in range(20):
            copies |= (copies[-1:] or order).with_user(self.user).copy()
        copies.sudo().action_confirm()
        family = order | copies.sudo()
        self.assertEqual(family.mapped("amazon_family_id"), order)
        self.assertEqual(copies.amazon_copied_from_id, order, "a copy's copy, too")
        self.assertEqual(set(family.mapped("amazon_family_difference")), {sum(copies.mapped("amount_total"))})
        order.sudo().amazon_copied_from_id = copies[-1]
        self.assertEqual(order._amazon_family(), family)
        self.assertTrue(self.explained(order).line_ids)
        order.sudo().amazon_copied_from_id = False
        copies[9].sudo()._action_cancel()
        copies[9].sudo().unlink()
        left = copies.exists()
        self.assertEqual(order._amazon_family(), order | left.sudo())
        self.assertEqual(order.amazon_family_difference, sum(left.mapped("amount_total")))

    def test_very_many(self):
        """Thousands of amounts in one transaction, and of numbers pasted into the search."""
        order = self.settled()
        money = {"currencyCode": "JPY", "currencyAmount": -1}
        self.received(
            {
                "transactionId": "MANY",
                "transactionType": "Refund",
                "postedDate": "2026-01-01T00:00:00Z",
                "totalAmount": {**money, "currencyAmount": -3000},
                "relatedIdentifiers": [
                    {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}
                ],
                "breakdowns": [
                    {"breakdownType": f"OurPricePrincipal{number % 7 or ''}", "breakdownAmount": money}
                    for number in range(3000)
                ],
            }
        )
        self.assertEqual(len(self.transactions(order)[-1].line_ids), 3000)
        numbers = " ".join(f"999-{number:07}-0000000" for number in range(10_000))
        search = self.env["amazon.amounts.search"].with_user(self.accountant)
        action = search.create({"numbers": f"{numbers} {order.amazon_order_ref}"}).action_search()
        self.assertLess(len(action["params"]["message"]), 2000)
        self.assertEqual(self.env["sale.order"].search(action["params"]["next"]["domain"]), order)

    def test_another_merchant(self):
        """Whoever names an order of another merchant's changes nothing of it; a SKU that is not in it is explained."""
        order = self.settled()
        item = {
            "totalAmount": {"currencyCode": "JPY", "currencyAmount": -30},
            "contexts": [{"contextType": "ProductContext", "sku": "NOT-THERE", "quantityShipped": 1}],
            "breakdowns": [
                {
                    "breakdownType": "OurPricePrincipal",
                    "breakdownAmount": {"currencyCode": "JPY", "currencyAmount": -30},
                }
            ],
        }
        self.tell("ITEM", -30, order, items=[item])
        self.sync()
        self.assertEqual(order.amazon_refunded, 30)
        self.assertEqual(sum(self.explained(order).line_ids.mapped("refunded")), 30)
        self.new_seller()
        self.env.flush_all()
        order.sudo().amazon_merchant_id = "ANOTHERMERCHANT"
        self.tell("THEIRS", -40, order)
        self.sync()
        self.assertEqual(order.amazon_refunded, 30)

    def test_original_comes_later(self):
        """Of what is released and of what it was at first one counts, whichever comes first, for a new account, too."""
        order = self.settled()
        self.tell("LATER", -100, order, related={"DEFERRED_TRANSACTION_ID": "EARLIER"})
        self.sync()
        self.assertEqual(order.amazon_refunded, 100)
        self.account.active = False
        self.env.flush_all()
        again = self._connect(self.seller, name="Again")
        self.tell("EARLIER", -100, order, transactionStatus="DEFERRED")
        self.sync(again)
        self.assertEqual(order.amazon_refunded, 100)
        self.assertEqual(order.amazon_transaction_ids.account_id, self.account | again)

    # === PEOPLE === #

    def test_blank_reason(self):
        order = self.settled()
        self.refund(order, full=True)
        for reason in ("   ", "\u3000\n", "\u200b"):
            wizard = self.accepting(order, reason)
            with self.assertRaises(UserError):
                wizard.action_accept()
        self.assertTrue(order.amazon_mismatch)
        self.accepting(order, "–\u3000可").action_accept()
        self.assertFalse(order.amazon_mismatch)

    def test_accepted_once(self):
        """Of related orders that are chosen together it is said once."""
        order = self.settled()
        copy = order.with_user(self.user).copy()
        copy.action_confirm()
        self.assertTrue(order.amazon_mismatch and copy.amazon_mismatch)
        before = len(order.message_ids)
        self.accepting(order | copy, "Agreed").action_accept()
        self.assertFalse(order.amazon_mismatch or copy.amazon_mismatch)
        self.assertEqual(len(order.message_ids) - before, 1)

    def test_clerk(self):
        """No way leads a clerk to the fees, not even one who may export."""
        order = self.settled()
        for group in ("user", "readonly"):
            user = new_test_user(
                self.env,
                f"attacks_{group}",
                f"sale_amazon_spapi.group_amazon_{group},base.group_allow_export",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            mine = order.with_user(user)
            for name in ("amount", "fees", "released_amount", "other_amount", "settlement_ref", "payload"):
                self.none_leads_to(mine.amazon_transaction_ids, name)
                path = f"amazon_transaction_ids.{name}"
                self.denied(mine.search, [(path, "!=", 0)])
                self.denied(mine.export_data, [path.replace(".", "/")])
                self.denied(mine.mapped, path)
            for name in ("amazon_fees", "amazon_proceeds", "amazon_other_amounts", "amazon_accepted_amounts"):
                self.none_leads_to(mine, name)
            self.denied(mine.amazon_transaction_ids.search, [("line_ids.amount", ">", 0)])
            self.denied(mine.action_amazon_credit_note)
            self.denied(mine.action_amazon_read_finances)
            self.denied(mine.env["amazon.explanation"].create, {})
            self.denied(mine.env["amazon.acceptance"].create, {"reason": "x"})
            self.denied(mine.env["amazon.transaction.line"].search, [])
            self.denied(mine.env["amazon.amount.type"].create, {"name": "Mine"})

    def none_leads_to(self, records, name):
        """See to it that their user cannot learn a field, in whichever way."""
        self.assertTrue(records)
        self.denied(records.read, [name])
        self.denied(records.search, [(name, "!=", False)])
        self.denied(records.search, [], order=name)
        self.denied(records.formatted_read_group, [], [name], [])
        self.denied(records.formatted_read_group, [], [], [f"{name}:max"])
        self.denied(records.filtered_domain, [(name, "!=", False)])
        self.denied(records.export_data, [name])

    def denied(self, work, *arguments, **values):
        self.env.invalidate_all()
        with self.subTest(work=work.__name__, arguments=arguments), self.assertRaises(AccessError):
            work(*arguments, **values)

    def test_stranger(self):
        """An accountant of another company sees and accepts nothing of this one's."""
        order = self.settled()
        self.invoice(order)
        self.refund(order, full=True)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "elsewhere",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        there = self.env(user=stranger, context={"allowed_company_ids": company.ids})
        self.assertFalse(there["amazon.transaction"].search([]))
        self.assertFalse(there["amazon.transaction.line"].search([]))
        theirs = order.with_env(there)
        context = {"active_model": "sale.order", "active_id": order.id, "active_ids": order.ids}
        for work in (
            theirs.action_amazon_credit_note,
            theirs.action_amazon_read_finances,
            lambda: theirs._amazon_accept("mine"),
            lambda: there["amazon.acceptance"].create({"order_ids": [Command.set(order.ids)], "reason": "x"}),
            lambda: there["amazon.explanation"].create({"order_id": order.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                work()
        self.assertFalse(there["amazon.explanation"].with_context(**context).create({}).line_ids)
        self.assertFalse(there["amazon.acceptance"].with_context(**context).create({"reason": "x"}).order_ids)
        with self.assertRaises(UserError):
            there["amazon.amounts.search"].create({"numbers": order.amazon_order_ref}).action_search()
        self.assertTrue(order.amazon_mismatch)

    def test_states_told_to_others(self):
        """What is said above the lists names no shop that whoever calls may not see, whatever the context says."""
        self.account.auto_finance = True
        self.settled()
        self.tell("GONE", -100, related={"ORDER_ID": "999-0000000-0000000"})
        self.sync()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        groups = {
            "packs": (self.company, "stock.group_stock_user"),
            "sells": (self.company, "sales_team.group_sale_salesman_all_leads"),
            "counts_elsewhere": (company, "sale_amazon_spapi.group_amazon_accountant"),
        }
        contexts = (
            {},
            {"active_test": False, "amazon_cron": True, "amazon_reach": ("amazon.transaction", "near"), "uid": 1},
            {"allowed_company_ids": [self.company.id]},
            {"allowed_company_ids": [self.company.id, company.id]},
        )
        for login, (home, group) in groups.items():
            user = new_test_user(self.env, login, group, company_id=home.id, company_ids=[Command.set(home.ids)])
            for context in contexts:
                accounts = self.env(user=user, context={"allowed_company_ids": home.ids, **context})["amazon.account"]
                for name in ("get_finances_state", "get_orders_state", "get_standstill", "get_amount_types_state"):
                    with self.subTest(user=login, context=context, name=name):
                        self.env.invalidate_all()
                        try:
                            told = json.dumps(getattr(accounts, name)())
                        except AccessError:
                            continue
                        self.assertNotIn(self.account.name, told)
                        self.assertNotIn("transactions are not", told)

    def test_upgrade_with_little(self):
        """An upgrade goes through what has no amounts, and what is another company's in another currency."""
        order, other = self.settled(), self.settled()
        for one in (order, other):
            self.refund(one, full=True)
            self.accepting(one, "Agreed").action_accept()
        company = self.env["res.company"].create({"name": "Elsewhere", "currency_id": self.env.ref("base.USD").id})
        copy = other.with_user(self.user).copy()
        copy.action_confirm()
        self.accepting(other, "Agreed").action_accept()
        self.env.flush_all()
        for name in ("amazon_credited", "amazon_refunded", "amazon_settled_difference", "amazon_other_currency"):
            self.env.cr.execute(SQL("UPDATE sale_order SET %s = NULL WHERE id = %s", SQL.identifier(name), order.id))
        for name, value in (("company_id", company.id), ("currency_id", None), ("amount_total", None)):
            self.env.cr.execute(
                SQL("UPDATE sale_order SET %s = %s WHERE id = %s", SQL.identifier(name), value, copy.id)
            )
        self.env.invalidate_all()
        before = (order | other).mapped("amazon_accepted_amounts")
        for script in ("19.0.1.4.0/post-migrate.py", "19.0.1.5.0/post-migrate.py", "19.0.1.6.0/post-finances.py"):
            path = Path(__file__).parents[1] / "migrations" / script
            for _time in range(2):
                runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.3.0")
                self.env.invalidate_all()
        self.assertEqual((order | other).mapped("amazon_accepted_amounts"), before)

    def test_days_at_the_end_of_time(self):
        search = self.env["amazon.amounts.search"].with_user(self.accountant)
        for values in ({"date_from": "0001-01-01"}, {"date_to": "9999-12-31"}):
            search.create({"date_from": False, **values}).action_search()
