from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models.finance import amazon_transaction_type
from .common_booking import BookingCase

DISPUTE = "Bank Dispute"


@tagged("post_install", "-at_install")
class TestTransactionTypes(BookingCase):
    """What Amazon calls its transactions is a table: a name that is new blocks booking until a person says what it
    is, and everything follows."""

    def types(self, *names):
        """Return the types of these names, as the accountant sees them."""
        types = self.env["amazon.transaction.type"].with_user(self.accountant)
        return types.search([("key", "in", [name.lower() for name in names])])

    def disputed(self, *orders, kind=DISPUTE, amount=-100, fee=-1):
        """Have Amazon report what of these orders it calls by a name of its own, and a fee; return the settlement."""
        rows = [self.row(order, amount, kind=kind) for order in orders] + [self.fee(fee)]
        total = str(amount * len(orders) + fee)
        self.put(self.text(*rows, total=total, ref=f"{12 * 10**9 + len(self.settlements())}"))
        self.fetch()
        return self.settlements()[-1].with_user(self.accountant)

    def totals(self, settlement):
        return settlement.sales, settlement.refunds, settlement.fees, settlement.other_amount

    def test_known_ones(self):
        """However Amazon writes them."""
        kinds = {
            "ORDER": "sale",
            "refund": "refund",
            "Other-Transaction": "other",
            "ServiceFee": "service_fee",
        }
        for name, kind in kinds.items():
            self.assertEqual(self.types(name).kind, kind)
        before = self.env["amazon.transaction.type"].search_count([])
        self.disputed("", kind="oRDER")
        self.assertEqual(self.env["amazon.transaction.type"].search_count([]), before)
        self.assertEqual(self.settlements().line_ids.mapped("transaction_kind"), ["sale", "sale"])

    def test_a_new_one_blocks(self):
        """It counts neither as sales nor as refunds, is named, and its button leads to it."""
        self.set_up()
        settlement = self.disputed(self.imported())
        self.assertEqual(self.totals(settlement), (0, 0, -1, -100))
        self.assertTrue(settlement.has_unclassified and settlement.needs_transaction_types)
        self.assertFalse(settlement.needs_types)
        self.assertRegex(settlement.why_not_booked, f"Transaction Types.*: {DISPUTE}$")
        with self.assertRaisesRegex(UserError, DISPUTE):
            settlement.action_book()
        new = self.types(DISPUTE)
        self.assertEqual((new.name, new.kind, new.is_classified), (DISPUTE, "unclassified", False))
        self.assertEqual(self.env["amazon.transaction.type"].search([], limit=1), new.sudo(), "it stands first")
        for action, expected in (
            (settlement.action_view_unclear_transaction_types(), new),
            (settlement.action_view_unclassified(), settlement.line_ids[0]),
        ):
            found = self.env[action["res_model"]].with_user(self.accountant).search(action["domain"])
            self.assertEqual(found, expected)
        for model in ("amazon.settlement.line", "amazon.settlement.sum"):
            lines = self.env[model].with_user(self.accountant)
            domain = [("settlement_id", "=", settlement.id)]
            self.assertEqual(len(lines.search([*domain, ("transaction_kind", "=", "unclassified")])), 1)
            groups = lines.formatted_read_group(domain, ["transaction_kind"], ["amount:sum"])
            amounts = {group["transaction_kind"]: group["amount:sum"] for group in groups}
            self.assertEqual(amounts, {"sale": -1, "unclassified": -100})
        new.kind = "refund"
        self.assertEqual(self.totals(settlement), (0, -100, -1, 0))
        self.assertFalse(settlement.has_unclassified or settlement.needs_transaction_types or settlement.why_not_booked)
        settlement.action_book()
        self.env.flush_all()
        self.env.cr.precommit.run()
        [message] = new.sudo().message_ids
        tracked = message.tracking_value_ids
        self.assertEqual((tracked.old_value_char, tracked.new_value_char), ("Not Classified", "Refund"))
        self.assertEqual(message.author_id, self.accountant.partner_id)

    def test_what_comes_to_nothing(self):
        """Amounts of zero do not block; those of two orders do, though they come to nothing together."""
        self.set_up()
        nothing = self.disputed("", amount=0)
        self.assertFalse(nothing.has_unclassified or nothing.why_not_booked)
        one, other = self.imported(count=2)
        rows = self.row(one, 5, kind=DISPUTE), self.row(other, -5, kind=DISPUTE), self.fee(-1)
        both = self.settled_with(*rows)
        self.assertTrue(both.has_unclassified)
        self.assertRegex(both.why_not_booked, DISPUTE)

    def test_without_a_name(self):
        self.set_up()
        settlement = self.disputed("", kind="")
        self.assertRegex(settlement.why_not_booked, r"\(no type\)")

    def test_a_chargeback(self):
        """Its orders stand on the list of amounts with that reason, and no more once it is something else."""
        order, plain = self.settled(), self.settled()
        for each in (order, plain):
            self.amazon.post("chargeback", order_id=each.amazon_order_ref, amount=100)
        self.sync()
        settlement = self.disputed(order)
        self.assertEqual((order.amazon_claim, order.amazon_difference_reason), (False, "refund"))
        [profit] = self.env["amazon.profit"].with_user(self.accountant).search([("order_id", "=", order.id)])
        self.assertEqual(profit.settled_amount, -100)
        dispute = self.types(DISPUTE)
        for kind, claim, reason in (
            ("chargeback", "chargeback", "chargeback"),
            ("a_to_z", "a_to_z", "a_to_z"),
            ("refund", False, "refund"),
            ("a_to_z", "a_to_z", "a_to_z"),
            ("unclassified", False, "refund"),
        ):
            dispute.kind = kind
            self.assertEqual((order.amazon_claim, order.amazon_difference_reason), (claim, reason), kind)
            self.assertEqual(settlement.refunds, 0 if kind == "unclassified" else -100)
        self.assertEqual((plain.amazon_claim, plain.amazon_difference_reason), (False, "refund"))

    def test_profits_follow(self):
        order = self.imported()
        self.disputed(order)
        profits = self.env["amazon.profit"].with_user(self.accountant)
        for kind, amounts in (
            (None, (0, 0, -100)),
            ("refund", (0, -100, 0)),
            ("sale", (-100, 0, 0)),
            ("chargeback", (0, -100, 0)),
        ):
            if kind:
                self.types(DISPUTE).kind = kind
            [row] = profits.search([("order_id", "=", order.id)])
            self.assertEqual((row.sales, row.refunds, row.other_amount, row.proceeds), (*amounts, -100), kind)

    def test_a_refund_pays_a_credit_note(self):
        self.set_up()
        order = self.sold()
        invoice = self.invoice(order)
        self.refund(order, amount=100)
        note = self.env["account.move"].browse(order.with_user(self.accountant).action_amazon_credit_note()["res_id"])
        note.action_post()
        settlement = self.disputed(order)
        self.types(DISPUTE).kind = "refund"
        settlement.action_book()
        settlement.action_post()
        [part] = settlement.booked_order_ids
        self.assertEqual((part.is_refund, part.invoice_id, part.reason), (True, note, False))
        self.assertEqual((note.amount_residual, invoice.amount_residual), (0, invoice.amount_total))

    def test_what_is_booked_says_so(self):
        """Entries stay as they were; the settlement says that it would be booked otherwise now, while it would."""
        order = self.sold()
        self.invoice(order)
        self.set_up()
        settlement = self.disputed(order)
        dispute = self.types(DISPUTE)
        dispute.kind = "sale"
        settlement.action_book()
        before = settlement.entry_ids.line_ids.read(["account_id", "balance"])
        self.assertFalse(settlement.is_booked_otherwise)
        dispute.kind = "other"
        self.assertFalse(settlement.is_booked_otherwise, "it pays invoices, as before")
        for kind, otherwise in (("refund", True), ("sale", False), ("chargeback", True)):
            dispute.kind = kind
            self.assertEqual((settlement.is_booked_otherwise, settlement.state), (otherwise, "draft"), kind)
        self.assertEqual(settlement.entry_ids.line_ids.read(["account_id", "balance"]), before)
        found = self.env["amazon.settlement"].with_user(self.accountant).search([("is_booked_otherwise", "=", True)])
        self.assertEqual(found, settlement)
        settlement.action_book_again()
        self.assertFalse(settlement.is_booked_otherwise)
        self.assertEqual(settlement.booked_order_ids.mapped("is_refund"), [True])
        settlement.action_post()
        dispute.kind = "sale"
        self.assertEqual((settlement.is_booked_otherwise, settlement.state), (True, "posted"))

    def test_what_comes_to_nothing_is_booked_too(self):
        """Of two orders one is paid, and the other gets as much back: that is something else the other way round."""
        one, other = self.sold(), self.sold()
        settlement = self.settled_with(
            self.row(one, 5, kind=DISPUTE),
            self.row(other, -5, kind=DISPUTE),
            self.fee(-1),
            self.row(one, 0, kind="Order"),
        )
        self.set_up()
        dispute, goods = self.types(DISPUTE), settlement.line_ids.type_id.filtered(lambda one: one.kind == "principal")
        dispute.kind = "sale"
        settlement.invalidate_recordset()
        settlement.action_book()
        dispute.kind = "refund"
        self.assertTrue(settlement.is_booked_otherwise)
        dispute.kind = "sale"
        self.assertFalse(settlement.is_booked_otherwise)
        goods.kind = "other"
        self.assertTrue(settlement.is_booked_otherwise)

    def test_amounts_that_are_booked_say_so(self):
        """The same of what amounts are."""
        settlement = self.booked(self.fee(-30))
        commission = settlement.line_ids.type_id
        commission.kind = "storage"
        self.assertTrue(settlement.is_booked_otherwise)
        commission.kind = "commission"
        self.assertFalse(settlement.is_booked_otherwise)

    def test_orders_that_come_later(self):
        """What is mapped before an order is here is known when it comes, and what is mapped afterwards follows."""
        refs = self.amazon.post("orders", merchant_id=self.seller["merchant_id"], kind="jp_standard", count=2)[
            "order_ids"
        ]
        self.disputed(*refs)
        self.types(DISPUTE).kind = "chargeback"
        self.amazon.post("clock", advance=600)
        self.imports()
        orders = self.env["sale.order"].search([("amazon_order_ref", "in", refs)])
        self.assertEqual(orders.mapped("amazon_claim"), ["chargeback"] * 2)
        self.types(DISPUTE).kind = "a_to_z"
        self.assertEqual(orders.mapped("amazon_claim"), ["a_to_z"] * 2)

    def test_other_contents(self):
        """What was read first does not count any more, and blocks nothing."""
        self.set_up()
        order = self.imported()
        settlement = self.settled_with(self.row(order, -100, kind=DISPUTE), ref="1")
        self.upload(self.text(self.row(order, -100, kind="Refund"), total="-100", ref="1"))
        self.types(DISPUTE).kind = "chargeback"
        self.assertEqual(order.amazon_claim, "chargeback")
        self.types(DISPUTE).kind = "unclassified"
        self.assertRegex(settlement.why_not_booked, DISPUTE)
        settlement.action_take_other()
        self.assertFalse(settlement.why_not_booked or settlement.has_unclassified)
        self.assertEqual((settlement.refunds, order.amazon_claim), (-100, False))

    def test_classified_while_it_is_read(self):
        """Whoever classifies a name at that moment does not see what comes in, nor do its readers see the kind: the
        settlement is added up once more before it is counted."""
        settlement = self.disputed(self.imported())
        self.types(DISPUTE).sudo().flush_recordset()
        self.env.cr.execute("UPDATE amazon_transaction_type SET kind = 'refund' WHERE name = %s", [DISPUTE])
        self.env.invalidate_all()
        settlement.sudo().counted = 0
        self.fetch()
        self.assertEqual((settlement.refunds, settlement.has_unclassified), (-100, False))

    def test_several_at_once(self):
        order, other = self.imported(count=2)
        settlement = self.settled_with(
            self.row(order, -5, kind="New One"), self.row(other, -7, kind="New Two"), self.row(other, -9, kind="Refund")
        )
        self.types("New One", "New Two", "Refund").kind = "chargeback"
        self.assertEqual((order | other).mapped("amazon_claim"), ["chargeback"] * 2)
        self.assertEqual((settlement.refunds, settlement.other_amount), (-21, 0))

    def test_other_companies(self):
        """It is the same everywhere: whoever says it, settlements of all companies follow."""
        order = self.imported()
        settlement = self.disputed(order)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "amazon_stranger",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        theirs = self.types(DISPUTE).with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        theirs.kind = "chargeback"
        self.assertEqual((settlement.refunds, order.amazon_claim), (-100, "chargeback"))

    def test_who_may(self):
        self.disputed(self.imported())
        dispute = self.types(DISPUTE)
        for values in ({"kind": "refund"}, {"name": "Another"}, {"recounted": 0}):
            with self.assertRaises(AccessError):
                dispute.with_user(self.user).write(values)
        with self.assertRaises(AccessError):
            dispute.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            dispute.recounted = 0
        with self.assertRaises(AccessError):
            dispute.unlink()

    def test_names_that_amazon_has_not(self):
        """What is entered by hand is a name, and in the table once."""
        types = self.env["amazon.transaction.type"].with_user(self.accountant)
        long = "".join(chr(0x4E00 + number) for number in range(5000))
        for name in (long, "Bank\0Dispute", "  ", " Bank Dispute", "Bank Dispute\n"):
            with self.assertRaises(UserError, msg=name[:20]), self.env.cr.savepoint():
                types.create({"name": name, "kind": "refund"})
        types.create({"name": "係争", "kind": "refund"})
        self.assertEqual(self.disputed("", kind="係争").refunds, -100)

    def test_many(self):
        """Of many orders a person waits for the first; the job does the others, with as many queries."""
        orders = self.imported(count=4)
        self.account.auto_settlement = True
        settlement = self.disputed(*orders)
        dispute = self.types(DISPUTE)
        with patch.object(amazon_transaction_type, "AT_ONCE", 2):
            dispute.kind = "chargeback"
            self.assertEqual(settlement.refunds, -400)
            first, others = orders.sorted("id")[:2], orders.sorted("id")[2:]
            self.assertEqual(first.mapped("amazon_claim"), ["chargeback"] * 2)
            self.assertFalse(any(others.mapped("amazon_claim")))
            self.assertGreater(dispute.recounted, 0)
            self.fetch()
        self.assertEqual(others.mapped("amazon_claim"), ["chargeback"] * 2)
        self.assertEqual(dispute.recounted, -1)

    def test_many_cost_few_queries(self):
        few, many = self.imported(count=2), self.imported(count=9)
        counts = []
        for name, orders in (("Few", few), ("Many", many)):
            self.disputed(*orders, kind=name)
            new = self.types(name).sudo()
            new.write({"kind": "refund"})
            counts.append(self.queries(new.write, {"kind": "service_fee"}))
        self.assertLessEqual(counts[1], counts[0] + 2)
        self.assertLess(counts[1], 60)
