import os
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import fields
from odoo.tests import tagged

from .common import AmazonCase, shifted

UNITED_STATES, GERMANY = "ATVPDKIKX0DER", "A1PA6795UKMFR9"
# How many random batches a currency; TEST_EXAMPLES=100 looks harder, elsewhere each time.
EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "4"))
# What an order may be charged beside its goods, in smallest units of the currency.
CHARGES = st.dictionaries(
    st.sampled_from(["shipping", "gift_wrap", "cod_fee", "other"]), st.integers(1, 3000), max_size=2
)
SKUS = ["AMZ-TEA-001", "AMZ-CUP-001", "AMZ-SNACK-001", "AMZ-PEN-001", "AMZ-POT-001"]


@st.composite
def items(draw, taxed):
    """One item: a line total that need not divide by the quantity, charges, discounts and tax in either way."""
    quantity = draw(st.one_of(st.integers(1, 7), st.sampled_from([97, 1000, 9999])))
    total = draw(st.integers(0, 50000)) if quantity < 10 else draw(st.integers(0, 5_000_000))
    item = {"sku": draw(st.sampled_from(SKUS)), "quantity": quantity, "total": total, **draw(CHARGES)}
    if draw(st.booleans()):
        item["discount"] = draw(st.one_of(st.just(total), st.integers(0, total)))
    if item.get("shipping") and draw(st.booleans()):
        item["discount_shipping"] = draw(st.one_of(st.just(item["shipping"]), st.integers(0, item["shipping"])))
    if taxed and draw(st.booleans()):
        item["tax"] = draw(st.integers(0, max(1, total // 8)))
        item["tax_on_top"] = draw(st.booleans())
    return item


@st.composite
def orders(draw):
    """Items, what the grand total differs by, a tip, and the sign Amazon writes discounts with."""
    return {
        "items": draw(st.lists(items(taxed=draw(st.booleans())), min_size=1, max_size=4)),
        "tip": draw(st.sampled_from([0, 0, 0, 300])),
        "off_by": draw(st.sampled_from([0, 0, 0, 1, -1, -100])),
        "positive_discounts": draw(st.booleans()),
        "global": draw(st.booleans()),
    }


@tagged("post_install", "-at_install")
class TestTotals(AmazonCase):
    """Rule 4: whatever Amazon's signs, taxes and rounding, the order and its invoice total what Amazon says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.product"].union(*cls.products.values()).invoice_policy = "order"
        for code in ("USD", "EUR"):
            currency = cls.env.ref(f"base.{code}")
            currency.active = True
            cls.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "company_id": cls.company.id,
                    "name": "2026-01-01",
                    "rate": {"USD": 0.0067, "EUR": 0.0062}[code],
                }
            )
        cls.keep_books()

    def place_random(self, order, seller, code, digits):
        """Place an order of the strategy; return its id."""
        scale = Decimal(1).scaleb(-digits)
        money = {"total", "shipping", "gift_wrap", "cod_fee", "other", "discount", "discount_shipping", "tax"}
        lines = [
            {key: str(value * scale) if key in money else value for key, value in item.items()}
            for item in order["items"]
        ]
        [ref] = self.amazon.place(seller, code, created=shifted(self.amazon.get("clock")["now"], 60), items=lines)
        on_amazon = self.amazon.get(f"orders/{ref}")
        currency = on_amazon["proceeds"]["grandTotal"]["currencyCode"]
        changes = {"orderItems": {}}
        for number, item in enumerate(on_amazon["orderItems"]):
            for place, breakdown in enumerate(item["proceeds"].get("breakdowns", [])):
                if breakdown["type"] == "DISCOUNT":
                    amount = abs(Decimal(breakdown["subtotal"]["amount"])) * (1 if order["positive_discounts"] else -1)
                    changes["orderItems"].setdefault(str(number), {"proceeds": {"breakdowns": {}}})["proceeds"][
                        "breakdowns"
                    ][str(place)] = {"subtotal": {"amount": str(amount), "currencyCode": currency}}
        total = Decimal(on_amazon["proceeds"]["grandTotal"]["amount"]) + (order["off_by"] + order["tip"]) * scale
        changes["proceeds"] = {"grandTotal": {"amount": str(total), "currencyCode": currency}}
        if order["tip"]:
            changes["proceeds"]["breakdowns"] = [
                *on_amazon["proceeds"]["breakdowns"],
                {
                    "type": "DELIVERY_TIP",
                    "status": "FINALIZED",
                    "subtotal": {"amount": str(order["tip"] * scale), "currencyCode": currency},
                },
            ]
        self.amazon.control("PATCH", f"orders/{ref}", set=changes, touch=False)
        return ref

    def check(self, placed, account):
        """Import and compare each order and its invoice with what Amazon says."""
        account.job_ids.cursor = False
        self.import_orders(account)
        found = self.orders(*placed)
        orders = {order.amazon_order_ref: order for order in found}
        billed = found.filtered(lambda order: order.amount_total >= 0 and order.order_line.filtered("product_uom_qty"))
        invoices = billed._create_invoices(grouped=True, final=True) if billed else self.env["account.move"]
        invoices.invoice_date = fields.Date.today()
        invoices.action_post()
        for ref, drawn in placed.items():
            total = float(self.amazon.get(f"orders/{ref}")["proceeds"]["grandTotal"]["amount"])
            order = orders[ref]
            lines = [
                (
                    line.amazon_line_key,
                    line.product_uom_qty,
                    line.price_unit,
                    line.tax_ids.mapped("amount"),
                    line.price_total,
                )
                for line in order.order_line
            ]
            self.assertEqual(order.amount_total, total, (drawn, lines))
            self.assertFalse(order.amazon_difference)
            self.assertTrue(all(order.order_line.tax_ids.mapped("price_include")), "never taxes on top on a line")
            if order not in billed:
                continue
            invoice = order.invoice_ids
            self.assertEqual((len(invoice), invoice.state), (1, "posted"))
            sign = -1 if invoice.move_type == "out_refund" else 1
            invoiced = [(line.quantity, line.price_unit, line.price_total) for line in invoice.invoice_line_ids]
            self.assertEqual(sign * invoice.amount_total, total, (drawn, invoiced, lines))

    def run_random(self, code, digits, seller, account, rates=True):
        """Check many random orders of a marketplace, some at a time."""

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize="TEST_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(orders(), min_size=4, max_size=8), st.booleans())
        def check(several, round_globally):
            self.company.tax_calculation_rounding_method = "round_globally" if round_globally else "round_per_line"
            with self.env.cr.savepoint() as savepoint:
                placed = {self.place_random(order, seller, code, digits): order for order in several}
                self.check(placed, account)
                savepoint.rollback()
                self.env.invalidate_all()

        check()

    def test_yen(self):
        """Japan: mixed 10 and 8 % inside the prices."""
        self.run_random("jp_standard", 0, self.seller, self.account)

    def test_dollars(self):
        """United States: tax on top, or collected by Amazon."""
        seller = self.amazon.seller(region="na", marketplaces=[UNITED_STATES])
        self.run_random("us_standard", 2, seller, self._connect(seller, name="US"))

    def test_euros(self):
        """Germany: tax inside, cents."""
        seller = self.amazon.seller(region="eu", marketplaces=[GERMANY])
        self.run_random("eu_de", 2, seller, self._connect(seller, name="DE"))

    def test_zero_with_mixed_rates(self):
        """An order discounted to nothing, its lines taxed at different rates, totals exactly zero, its invoice too."""
        refs = {}
        for amounts in ((1001, 999), (333, 7), (1, 1), (12345, 67891)):
            [ref] = self.place(
                items=[
                    {"sku": "AMZ-TEA-001", "quantity": 3, "total": amounts[0], "discount": amounts[0]},
                    {"sku": "AMZ-CUP-001", "quantity": 7, "total": amounts[1], "discount": amounts[1]},
                ]
            )
            refs[ref] = amounts
        # Only the sum is zero: more is taken from one item than it costs.
        [ref] = self.place(
            items=[
                {"sku": "AMZ-TEA-001", "quantity": 3, "total": 1001, "discount": 1500},
                {"sku": "AMZ-CUP-001", "quantity": 7, "total": 1999, "discount": 1500},
            ]
        )
        refs[ref] = "across items"
        [ref] = self.place(
            items=[
                {"sku": "AMZ-TEA-001", "quantity": 3, "total": 1001, "discount": 3003},
                {"sku": "AMZ-CUP-001", "quantity": 7, "total": 1999, "shipping": 3},
            ]
        )
        refs[ref] = "charges"
        for method in ("round_globally", "round_per_line"):
            self.company.tax_calculation_rounding_method = method
            with self.env.cr.savepoint() as savepoint:
                self.check(refs, self.account)
                savepoint.rollback()
                self.env.invalidate_all()
