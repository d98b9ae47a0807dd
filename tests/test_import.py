from odoo.tests import tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestImport(AmazonCase):
    """From Amazon's pages into the inbox and on to orders."""

    def test_every_kind_comes_in_with_its_total(self):
        """Every kind of order there is becomes an order that totals exactly what Amazon says."""
        refs = {}
        for kind in self.amazon.get("kinds"):
            if kind["marketplace"] == "JP":
                for ref in self.place(kind["kind"]):
                    refs[ref] = kind["kind"]
        log = self.import_orders()
        failed = self.env["amazon.order.update"].search([("state", "=", "failed")])
        self.assertFalse(failed, [(refs.get(row.order_ref), row.error) for row in failed])
        self.assertEqual(log.received, len(refs))
        orders = {order.amazon_order_ref: order for order in self.orders(*refs)}
        for ref, kind in refs.items():
            with self.subTest(kind=kind):
                on_amazon = self.amazon.get(f"orders/{ref}")
                if on_amazon["salesChannel"]["channelName"] == "NON_AMAZON":
                    self.assertNotIn(ref, orders, "an FBA movement is no sale")
                    continue
                total = float(on_amazon.get("proceeds", {}).get("grandTotal", {}).get("amount", 0))
                if kind in ("jp_cvs_pending", "jp_pending_no_prices"):
                    total = 0  # Amazon does not tell amounts before it is paid
                self.assertEqual(orders[ref].amount_total, total)
                self.assertFalse(orders[ref].amazon_mismatch)
