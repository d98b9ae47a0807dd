"""Whatever happens to an order: it is on the list exactly when the family's amounts differ, and nothing is doubled."""

from decimal import ROUND_HALF_UP, Decimal
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import Command, fields
from odoo.tests import tagged

from .common_finances import FinancesCase

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.integers(1, 400)),
        st.tuples(st.just("chargeback"), st.integers(1, 400)),
        st.tuples(st.just("deferred"), st.integers(1, 400)),
        st.tuples(
            st.just("release"),
            st.dictionaries(st.sampled_from(("OurPricePrincipal", "Commission", "ReserveCredit")), st.integers(-3, 3)),
        ),
        st.tuples(st.just("reprice"), st.integers(-3, 3)),
        st.tuples(st.just("credit"), st.none()),
        st.tuples(st.just("uncredit"), st.none()),
        st.tuples(st.just("duplicate"), st.integers(0, 3)),
        st.tuples(st.just("combine"), st.none()),
        st.tuples(st.just("reread"), st.none()),
        st.tuples(st.just("sync"), st.none()),
        st.tuples(st.just("again"), st.none()),
        st.tuples(st.just("service_fee"), st.integers(1, 400)),
    ),
    min_size=2,
    max_size=8,
)


@tagged("post_install", "-at_install")
class TestFinancesRandom(FinancesCase):
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS, st.sampled_from(("none", "DD7")))
    def test_any_sequence(self, steps, defer):
        self.amazon.post("settings", finance_defer=defer)
        order = self.sold(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.invoice(order)
        family, notes, refunded, sold, released = order, self.env["account.move"], 0, order.amazon_total, []
        for step, value in steps:
            if step in ("refund", "chargeback", "deferred"):
                path, deferred = ("chargeback", False) if step == "chargeback" else ("refund", step == "deferred")
                # With room for what is released otherwise.
                left = order.amazon_total - refunded
                if left < value + 50:
                    continue
                self.amazon.post(path, order_id=order.amazon_order_ref, amount=value, deferred=deferred)
                refunded += value
            elif step == "release":
                waiting = [one for one in self.shown(order) if one["transactionStatus"] == "DEFERRED"]
                if waiting:
                    self.amazon.post("release", order_id=order.amazon_order_ref, more=value)
                of_buyer, refunds = value.get("OurPricePrincipal", 0), [one["transactionType"] for one in waiting]
                refunded -= of_buyer * refunds.count("Refund")
                sold += of_buyer * refunds.count("Shipment")
                released += [of_buyer] * len(waiting)
            elif step == "reprice":
                order.order_line[0].sudo().price_unit += value
            elif step == "credit":
                if order.amazon_refunded > order.amazon_credited:
                    action = order.with_user(self.accountant).action_amazon_credit_note()
                    notes |= self.env["account.move"].browse(action["res_id"])
                    notes[-1].action_post()
            elif step == "uncredit":
                notes.filtered(lambda note: note.state == "posted")[-1:].button_draft()
            elif step == "duplicate":
                copy = order.copy()
                copy.order_line.price_unit = 0
                copy.order_line[0].price_unit = value
                copy.action_confirm()
                family |= copy
            elif step == "combine":
                other = self.sold()
                other.sudo().amazon_merged_into_id = order
                family |= other
            elif step == "reread":
                self.refetched(order, programs=["PRIME"])
            elif step == "service_fee":
                self.amazon.post("service-fee", merchant_id=self.seller["merchant_id"], amount=value)
            elif step == "again":
                self.job.cursor = False
                self.sync()
            else:
                self.sync()
        self.sync()
        posted = notes.filtered(lambda note: note.state == "posted")
        here = sum(family.mapped("amount_total")) - sum(posted.mapped("amount_total"))
        there = sum(family.mapped("amazon_total")) - refunded
        self.assertEqual(order.amazon_refunded, refunded)
        self.assertEqual(order.amazon_settled, sold)
        others = family - order
        self.assertEqual(others.mapped("amazon_settled"), others.mapped("amazon_total"))
        self.assertEqual(order.amazon_family_difference, here - there)
        self.assertEqual(order.amazon_release_differs, any(released))
        self.assertEqual(family.mapped("amazon_mismatch"), [here != there or sold != order.amazon_total] * len(family))
        paid = [one for one in self.shown(order) if one["transactionStatus"] != "DEFERRED_RELEASED"]
        self.assertEqual(order.amazon_proceeds, sum(one["totalAmount"]["currencyAmount"] for one in paid))
        shown = {
            entry["transaction"]["transactionId"]
            for entry in self.amazon.get(f"transactions?merchant_id={self.seller['merchant_id']}")
        }
        mine = self.env["amazon.transaction"].search([("transaction_ref", "in", list(shown))])
        self.assertEqual(len(mine), len(shown))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.sampled_from(("SHOWN-0", "SHOWN-1", "PAID-0", "PAID-1", "PAID-2")), st.integers(90, 110)),
                st.just(("sync", 0)),
            ),
            min_size=2,
            max_size=9,
        ),
        st.booleans(),
    )
    def test_releases_in_any_order(self, steps, both):
        """However what was deferred and its releases come in, in parts or several at once, and are corrected: what was
        really paid out counts, once, and what that is beyond what was shown is said."""
        order, run, shown = self.settled(), uuid4().hex[:8], {}
        for name, amount in steps:
            if name == "sync":
                self.sync()
                continue
            shown[name] = amount
            kind, _dash, number = name.partition("-")
            related = {}
            if kind == "PAID":
                # The last one releases both, where it does so.
                related["DEFERRED_TRANSACTION_ID"] = f"{run} SHOWN-{min(int(number), 1)}"
            elif both:
                related["RELEASE_TRANSACTION_ID"] = f"{run} PAID-2"
            status = "RELEASED" if kind == "PAID" else "DEFERRED"
            self.tell(f"{run} {name}", -amount, order, transactionStatus=status, related=related)
        self.sync()
        pairs = [("PAID-0", "SHOWN-0"), ("PAID-1", "SHOWN-1"), ("PAID-2", "SHOWN-1")]
        if both:
            pairs += [("PAID-2", "SHOWN-0")]
        pairs = [pair for pair in pairs if set(pair) <= shown.keys()]
        released = {original for _release, original in pairs}
        self.assertEqual(order.amazon_refunded, sum(amount for name, amount in shown.items() if name not in released))
        families = self.families(pairs)
        gaps = [sum(shown[name] * (1 if name.startswith("SHOWN") else -1) for name in family) for family in families]
        self.assertEqual(order.amazon_release_difference, sum(gaps))
        differing = self.transactions(order).filtered("differs")
        self.assertEqual(sorted(differing.mapped("amount")), sorted(filter(None, gaps)))
        for one in self.transactions(order):
            self.assertEqual(sum(one.line_ids.mapped("amount")), one.amount)
            self.assertEqual(one.buyer_amount + one.fees + one.other_amount, one.amount)
        self.assertEqual(order.amazon_proceeds, sum(self.transactions(order).mapped("amount")))

    def families(self, pairs):
        """Return the names that belong together by these pairs."""
        families = []
        for pair in pairs:
            near = [family for family in families if family & set(pair)]
            families = [family for family in families if family not in near] + [set(pair).union(*near)]
        return families

    def shown(self, order):
        """Return the transactions that Amazon shows of an order."""
        return [entry["transaction"] for entry in self.amazon.get(f"transactions?order_id={order.amazon_order_ref}")]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("OurPricePrincipal", "OurPriceTax", "ShippingPrincipal", "Commission", "NobodyKnows")),
                st.integers(-9999, -1),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_fractions(self, parts):
        """Whatever fractions of a yen there are: everything adds up, and is rounded once."""
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 1, "total": 5000}])
        self.invoice(order)
        number = self.amazon.get("clock")["now"]
        leaves = [
            {"breakdownType": name, "breakdownAmount": {"currencyCode": "JPY", "currencyAmount": hundredths / 100}}
            for name, hundredths in parts
        ]
        related = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}]
        self.post(
            {
                "transactionId": f"FRACTIONS {number}",
                "transactionType": "Refund",
                "relatedIdentifiers": related,
                "breakdowns": leaves,
            }
        )
        self.sync()
        refund = self.transactions(order).filtered(lambda one: one.kind == "refund")
        of_buyer = Decimal(
            sum(amount for name, amount in parts if name.startswith("Our") or name == "ShippingPrincipal")
        )
        exact = [sum(refund.line_ids.mapped("amount")), refund.buyer_amount + refund.fees + refund.other_amount]
        for amount in (refund.amount, *exact):
            self.assertAlmostEqual(amount, sum(amount for _name, amount in parts) / 100, 6)
        self.assertAlmostEqual(refund.buyer_amount, float(of_buyer) / 100, 6)
        self.assertEqual(refund.with_user(self.accountant).has_fractions, any(amount % 100 for _name, amount in parts))
        rounded = int((-of_buyer / 100).quantize(Decimal(1), ROUND_HALF_UP))
        self.assertEqual(order.amazon_refunded, rounded)
        explanation = self.env["amazon.explanation"].with_user(self.accountant)
        explained = explanation.with_context(active_model="sale.order", active_id=order.id).create({}).line_ids
        self.assertEqual(sum(explained.mapped("refunded")), rounded)
        self.assertEqual(sum(explained.mapped("difference")), order.amazon_difference)
        self.assertEqual(order.amazon_mismatch, rounded != 0)
        if rounded:
            action = order.with_user(self.accountant).action_amazon_credit_note()
            note = self.env["account.move"].browse(action["res_id"])
            self.assertEqual(note.amount_total, rounded)
            note.with_user(self.accountant).action_post()
            self.assertFalse(order.amazon_mismatch)

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(
            st.tuples(st.just("JPY"), st.integers(-(10**9), 10**9).map(Decimal)),
            st.tuples(st.just("USD"), st.integers(-(10**11), 10**11).map(lambda cents: Decimal(cents) / 100)),
        ),
        st.sampled_from((0, 1, 5)),
    )
    def test_amounts_of_any_size(self, money, fraction):
        """However large an amount is, it is kept as it is; what has no fractions of a coin is not said to have any."""
        name, amount = money
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        amount += fraction * Decimal(str(currency.rounding)) / 10
        transaction = self.env["amazon.transaction"].create(
            {
                "account_id": self.account.id,
                "transaction_ref": str(uuid4()),
                "kind": "sale",
                "posted_at": fields.Datetime.now(),
                "currency_id": currency.id,
                "amount": float(amount),
                "line_ids": [
                    Command.create(
                        {
                            "type_id": self.env["amazon.amount.type"].search([], limit=1).id,
                            "amount": float(amount),
                        }
                    )
                ],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.execute("SELECT amount::text FROM amazon_transaction WHERE id = %s", [transaction.id])
        self.assertEqual(Decimal(self.env.cr.fetchone()[0]), amount)
        self.assertEqual(transaction.line_ids.amount, float(amount))
        self.assertEqual(transaction.with_user(self.accountant).has_fractions, bool(fraction))
        transaction.unlink()
