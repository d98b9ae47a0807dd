import runpy
from pathlib import Path

from odoo.tests import tagged

from .common_finances import FinancesCase


@tagged("post_install", "-at_install")
class TestFinancesReleased(FinancesCase):
    """What is paid out may be another amount than what was deferred: that is noticed, and the proceeds are what was
    really paid out."""

    def deferred(self, **values):
        """Return an order whose sale is deferred."""
        self.amazon.post("settings", finance_defer="DD7")
        return self.settled(**values)

    def release(self, order, **more):
        """Have Amazon pay out what is deferred of an order, with another amount, and read it; return the release."""
        [entry] = self.amazon.post("release", order_id=order.amazon_order_ref, more=more)
        self.sync()
        return self.transactions(order).filtered(
            lambda one: one.transaction_ref == entry["transaction"]["transactionId"]
        )

    def paid_out(self, order):
        """Return what Amazon has paid out, or will, of an order: originals that were released count as released."""
        shown = [entry["transaction"] for entry in self.amazon.get(f"transactions?order_id={order.amazon_order_ref}")]
        return sum(
            one["totalAmount"]["currencyAmount"] for one in shown if one["transactionStatus"] != "DEFERRED_RELEASED"
        )

    def test_less_of_a_sale(self):
        order = self.deferred()
        total, [sale] = order.amazon_total, self.transactions(order)
        self.assertFalse(order.amazon_mismatch)
        release = self.release(order, OurPricePrincipal=-40)
        self.assertEqual((sale.counts, release.counts, release.differs, sale.differs), (True, False, True, False))
        self.assertEqual((release.amount, release.buyer_amount, release.fees), (-40, -40, 0))
        self.assertEqual((release.released_amount, sum(release.line_ids.mapped("amount"))), (sale.amount - 40, -40))
        self.assertEqual((order.amazon_settled, order.amazon_settled_difference), (total - 40, -40))
        self.assertEqual((order.amazon_proceeds, order.amazon_release_difference), (self.paid_out(order), -40))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "release"))
        explanation = self.explained(order)
        self.assertEqual((explanation.release_differs, explanation.release_difference), (True, -40))
        self.assertEqual(sum(explanation.line_ids.mapped("settled")), total - 40)
        shown = self.env["amazon.transaction"].search(explanation.action_view_releases()["domain"])
        self.assertEqual(shown, release)
        self.accepting(order, "Amazon explained it").action_accept()
        self.assertFalse(order.amazon_mismatch)
        self.job.cursor = False
        self.sync()
        self.assertFalse(order.amazon_mismatch, "nothing has changed")

    def test_other_fees(self):
        """Of the buyer's money nothing differs, and the order is not on the list; the proceeds are what was paid out,
        and that it is another amount is said there, and of the transaction. What was accepted stays so."""
        order = self.deferred()
        fees = order.amazon_fees
        release = self.release(order, Commission=-7)
        self.assertEqual((release.amount, release.buyer_amount, release.fees), (-7, 0, -7))
        self.assertEqual((order.amazon_settled, order.amazon_settled_difference), (order.amazon_total, 0))
        self.assertEqual((order.amazon_fees, order.amazon_proceeds), (fees - 7, self.paid_out(order)))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (False, False))
        self.assertEqual((release.differs, order.amazon_release_difference), (True, -7))
        self.assertEqual(self.explained(order).release_difference, -7)
        kept = self.deferred()
        kept.order_line[0].sudo().price_unit += 100
        self.accepting(kept, "Agreed").action_accept()
        self.release(kept, Commission=-7)
        self.assertEqual((kept.amazon_release_difference, kept.amazon_mismatch), (-7, False))

    def test_other_split(self):
        """Another split of the same money between fees and points: every sum is what was paid out, and nothing
        differs."""
        order = self.deferred()
        release = self.release(order, Commission=-7, ReserveCredit=7)
        self.assertEqual((release.amount, release.fees, release.other_amount), (0, -7, 7))
        self.assertFalse(release.differs or order.amazon_mismatch)
        self.assertEqual(order.amazon_proceeds, self.paid_out(order))

    def test_other_split_of_the_buyers_money(self):
        """The total is the same, and the buyer's money is not: that is noticed."""
        order = self.deferred()
        release = self.release(order, OurPricePrincipal=-7, Commission=7)
        self.assertEqual((release.amount, release.buyer_amount, release.differs), (0, -7, True))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "release"))
        self.assertEqual(order.amazon_settled, order.amazon_total - 7)

    def test_release_first(self):
        """It counts for itself, until what it releases is known."""
        order = self.sold()
        self.amazon.post("settings", finance_defer="DD7")
        self.tell("RELEASE", -80, order, related={"DEFERRED_TRANSACTION_ID": "ORIGINAL"})
        self.sync()
        release = self.transactions(order).filtered(lambda one: one.transaction_ref == "RELEASE")
        self.assertEqual((order.amazon_refunded, release.counts, release.differs), (80, True, False))
        self.assertEqual((order.amazon_difference_reason, order.amazon_release_difference), ("refund", 0))
        self.tell("ORIGINAL", -100, order, transactionStatus="DEFERRED_RELEASED")
        self.sync()
        self.assertEqual(
            (order.amazon_refunded, order.amazon_proceeds - order.amazon_settled), (80, -80 + order.amazon_fees)
        )
        self.assertEqual((release.counts, release.amount, release.released_amount), (False, 20, -80))
        self.assertEqual((release.differs, order.amazon_release_difference), (True, 20))

    def test_of_a_refund(self):
        """A refund that was shown, credited, and paid out as less; once the credit notes are what was paid out, nothing
        differs, whatever was shown before."""
        order = self.settled()
        self.invoice(order)
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.sync()
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        note.with_user(self.accountant).action_post()
        self.assertFalse(order.amazon_mismatch)
        self.tell("PAID", -80, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_difference), (80, -20))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference_reason), (True, "release"))
        self.tell("PAID", -130, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_difference_reason), (130, "refund"))
        more = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        self.assertEqual((more.amount_total, len(more.invoice_line_ids)), (30, 1))
        more.with_user(self.accountant).action_post()
        self.assertEqual((order.amazon_difference, order.amazon_mismatch), (0, False))
        self.assertEqual((order.amazon_release_differs, order.amazon_release_difference), (True, -30))

    def test_corrected_later(self):
        """Whichever of both Amazon corrects: nothing remains when they are the same again, and another gap is asked
        about again."""
        order = self.settled()
        related = {"DEFERRED_TRANSACTION_ID": "SHOWN"}
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -80, order, related=related)
        self.sync()
        [paid] = self.transactions(order).filtered("differs")
        self.accepting(order, "Agreed").action_accept()
        self.tell("PAID", -70, order, related=related)
        self.sync()
        self.assertEqual((paid.amount, order.amazon_refunded, order.amazon_mismatch), (30, 70, True))
        self.tell("SHOWN", -70, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((paid.amount, paid.differs, paid.line_ids.ids), (0, False, []))
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (70, False))
        self.tell("SHOWN", -90, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((paid.amount, order.amazon_refunded, order.amazon_release_difference), (20, 70, 20))

    def test_in_parts(self):
        """Several releases of one original are its parts: all of them together are what it is compared with."""
        order = self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PART-1", -60, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (60, 40))
        self.tell("PART-2", -40, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (100, False))
        self.assertFalse(self.transactions(order).filtered("differs"))
        self.tell("PART-2", -45, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (105, -5))

    def test_several_at_once(self):
        """One release may pay out several originals, which is nothing beyond them."""
        order = self.settled()
        for number, amount in enumerate((-100, -30)):
            related = {"RELEASE_TRANSACTION_ID": "PAID"}
            self.tell(f"SHOWN-{number}", amount, order, transactionStatus="DEFERRED_RELEASED", related=related)
        self.tell("PAID", -130, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN-0"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (130, False))
        self.tell("PAID", -125, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN-0"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (125, 5))

    def test_release_of_a_release(self):
        """What is held back again, and released again, is in the end what was released last."""
        order = self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("AGAIN", -90, order, transactionStatus="DEFERRED", related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (90, 10))
        self.tell("PAID", -70, order, related={"DEFERRED_TRANSACTION_ID": "AGAIN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (70, 30))

    def test_gaps_that_sum_to_nothing(self):
        """What was refunded is what was credited: no amount differs, though Amazon had shown two others."""
        order = self.settled()
        for number, paid in enumerate((-80, -120)):
            self.tell(f"SHOWN-{number}", -100, order, transactionStatus="DEFERRED")
            self.tell(f"PAID-{number}", paid, order, related={"DEFERRED_TRANSACTION_ID": f"SHOWN-{number}"})
        self.invoice(order)
        self.sync()
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        self.assertEqual(note.amount_total, 200)
        note.with_user(self.accountant).action_post()
        self.assertEqual((order.amazon_release_difference, order.amazon_difference), (0, 0))
        self.assertEqual((order.amazon_mismatch, order.amazon_release_differs), (False, True))

    def test_not_broken_down(self):
        """Where one of them is a total only, the same total is the same money."""
        order = self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -100, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"}, breakdowns=[])
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (100, False))
        self.assertFalse(self.transactions(order).filtered("has_unclassified"))

    def test_other_money_again(self):
        """What turns out to be a release of nothing that is known counts in full, whatever it differed by before."""
        order, other = self.settled(), self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -80, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.tell("SHOWN", -100, other, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, other.amazon_refunded), (80, 100))
        [paid] = self.transactions(order).filtered(lambda one: one.transaction_ref == "PAID")
        self.assertEqual((paid.amount, sum(paid.line_ids.mapped("amount")), paid.differs), (-80, -80, False))
        self.assertFalse(order.amazon_release_differs or other.amazon_release_differs)

    def test_release_that_names_no_order(self):
        """What it differs by is its original's order's."""
        order = self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -80, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (80, 20))

    def test_part_that_becomes_other_money(self):
        """One of several parts that turns out to release something else counts in full, and the others are compared
        without it."""
        order = self.settled()
        mine = {"DEFERRED_TRANSACTION_ID": "SHOWN"}
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PART-1", -60, order, related=mine)
        self.tell("PART-2", -70, order, related=mine)
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (130, -30))
        for related in ({"DEFERRED_TRANSACTION_ID": "NEVER SHOWN"}, {}):
            self.tell("PART-1", -60, order, related=related)
            self.sync()
            self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (130, 30))
            self.tell("PART-1", -60, order, related=mine)
            self.sync()
            self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (130, -30))

    def test_one_of_many_that_belong_together(self):
        """Whichever of many that are paid out together is corrected, or turns out to be another order's: what belongs
        together is compared as a whole."""
        order, other = self.settled(), self.settled()
        for number in range(2):
            related = {"RELEASE_TRANSACTION_ID": "BOTH"}
            self.tell(f"SHOWN-{number}", -100, order, transactionStatus="DEFERRED", related=related)
        self.tell("PART", -50, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN-1"})
        self.tell("BOTH", -140, order)
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (190, 10))
        self.tell("PART", -55, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN-1"})
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (195, 5))
        self.tell("SHOWN-0", -100, other, transactionStatus="DEFERRED", related={"RELEASE_TRANSACTION_ID": "BOTH"})
        self.sync()
        self.assertEqual((other.amazon_refunded, other.amazon_release_differs), (100, False))
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (195, -95))

    def test_named_no_more(self):
        """What its original alone has named counts in full once it does so no more."""
        order = self.settled()
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED", related={"RELEASE_TRANSACTION_ID": "PAID"})
        self.tell("PAID", -80, order)
        self.sync()
        self.assertEqual(order.amazon_refunded, 80)
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (180, False))
        self.assertEqual(
            self.transactions(order).filtered(lambda one: one.transaction_ref == "SHOWN").state, "deferred"
        )

    def test_several_named(self):
        """A release may name each of what it pays out, whichever comes first."""
        order = self.settled()
        names = [("DEFERRED_TRANSACTION_ID", "SHOWN-0"), ("DEFERRED_TRANSACTION_ID", "SHOWN-1")]
        related = [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in [("ORDER_ID", order.amazon_order_ref), *names]
        ]
        self.tell("SHOWN-0", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -130, relatedIdentifiers=related)
        self.sync()
        self.tell("SHOWN-1", -30, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (130, False))
        self.tell("SHOWN-1", -35, order, transactionStatus="DEFERRED")
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (130, 5))
        self.tell("PAID", -140, relatedIdentifiers=related)
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (140, -5))

    def test_currencies_that_nobody_knows(self):
        """Two that are not known in Odoo are not the same for that."""
        order = self.settled()
        refund = {"transactionType": "Refund", "postedDate": self.amazon.get("clock")["now"]}
        identifiers = {"ORDER_ID": order.amazon_order_ref, "DEFERRED_TRANSACTION_ID": "SHOWN"}
        related = [{"relatedIdentifierName": key, "relatedIdentifierValue": val} for key, val in identifiers.items()]
        for ref, code, amount, names in (("SHOWN", "QQQ", -100, related[:1]), ("PAID", "QQZ", -100, related)):
            money = {"currencyCode": code, "currencyAmount": amount}
            self.received({**refund, "transactionId": ref, "totalAmount": money, "relatedIdentifiers": names})
        self.assertEqual(self.transactions(order)[1:].mapped("counts"), [True, True])
        money = {"currencyCode": "QQQ", "currencyAmount": -100}
        self.received({**refund, "transactionId": "PAID", "totalAmount": money, "relatedIdentifiers": related})
        self.assertEqual(self.transactions(order)[1:].mapped("counts"), [True, False])

    def test_release_that_cannot_be_read(self):
        """It is no release of what has no money, and keeps nothing else from being read."""
        named = [{"relatedIdentifierName": "RELEASE_TRANSACTION_ID", "relatedIdentifierValue": "PAID"}]
        nothing = {"transactionId": "SHOWN", "transactionType": "ServiceFee", "relatedIdentifiers": named}
        self.received(
            {"transactionId": "PAID", "transactionType": "ServiceFee", "totalAmount": "x"},
            {**nothing, "postedDate": self.amazon.get("clock")["now"], "totalAmount": {"currencyAmount": 0}},
        )
        self.assertEqual(self.transactions().mapped("counts"), [True, True])

    def test_release_that_its_original_alone_names(self):
        """It has its original's order, which comes in later; that it is read again is no reason to ask again."""
        self.account.start_date = "2020-01-01"
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        named = {"ORDER_ID": ref, "RELEASE_TRANSACTION_ID": "PAID"}
        self.tell("SHOWN", -100, transactionStatus="DEFERRED", related=named)
        self.tell("PAID", -80)
        self.sync()
        [paid] = self.transactions().filtered("differs")
        self.assertEqual((paid.transaction_ref, paid.released_amount, paid.order_id.ids), ("PAID", -80, []))
        paid._amazon_set_accepted("Agreed", self.accountant)
        self.tell("PAID", -80, related={"SETTLEMENT_ID": "1"})
        self.sync()
        self.assertTrue(paid.amazon_accepted_at)
        self.import_orders()
        order = self.env["sale.order"].search([("amazon_order_ref", "=", ref)])
        self.assertEqual((paid.order_id, order.amazon_refunded, order.amazon_release_difference), (order, 80, 20))
        self.tell("SHOWN", -100, transactionStatus="DEFERRED", related={"ORDER_ID": ref})
        self.sync()
        self.assertEqual((paid.order_id.ids, order.amazon_refunded, paid.amount), ([], 100, -80))

    def test_who_may_see_it(self):
        """Clerks see that something differs, not what was paid out."""
        order = self.deferred()
        self.release(order, OurPricePrincipal=-10, Commission=3)
        mine = order.with_user(self.user)
        self.assertEqual((mine.amazon_mismatch, mine.amazon_difference_reason), (True, "release"))
        self.assertNotIn("amazon_release_difference", mine.fields_get())

    def test_upgrade(self):
        """What the version before has passed over is noticed; what was accepted stays so, and a draft is known."""
        order, kept, drafted = self.settled(), self.settled(), self.settled()
        kept.with_user(self.manager).order_line[0].price_unit += 100
        for currency, name in (("USD", "OurPricePrincipal"), ("JPY", "NeverSeen")):
            self.tell(f"ODD-{currency}", -5, kept, currency=currency, name=name)
        self.tell("SHOWN", -100, order, transactionStatus="DEFERRED")
        self.tell("PAID", -80, order, related={"DEFERRED_TRANSACTION_ID": "SHOWN"})
        self.invoice(drafted)
        self.refund(drafted, full=True)
        drafted.with_user(self.accountant).action_amazon_credit_note()
        self.accepting(kept, "Agreed").action_accept()
        # As the version before has left it.
        [paid] = self.transactions(order).filtered("differs")
        paid.line_ids.unlink()
        paid.write({"amount": 0, "buyer_amount": 0, "differs": False})
        order._amazon_add_up()
        self.assertEqual((order.amazon_refunded, order.amazon_release_differs), (100, False))
        drafted.amazon_credit_drafted = False
        key, mark = kept.amazon_accepted_amounts, kept.amazon_odd_amounts
        kept.amazon_odd_amounts = False
        kept.amazon_accepted_amounts = key.replace(mark, kept.amazon_other_amounts)
        self.env.flush_all()
        path = Path(__file__).parents[1] / "migrations/19.0.1.6.0/post-finances.py"
        for _time in range(2):
            runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.5.0")
            self.env.invalidate_all()
            self.assertEqual((order.amazon_refunded, order.amazon_release_difference), (80, 20))
            self.assertTrue(paid.differs and order.amazon_mismatch)
            self.assertEqual((kept.amazon_mismatch, kept.amazon_accepted_amounts), (False, key))
            self.assertEqual(drafted.amazon_difference_reason, "drafted")
