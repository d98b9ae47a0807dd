from odoo.tests import tagged

from .common import AmazonCase, shifted


@tagged("post_install", "-at_install", "both")
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
        self.assertEqual(log.created, len(orders))
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
                self.assertFalse(orders[ref].amazon_difference)

    def test_every_kind_abroad(self):
        """So does every kind of the other marketplaces, in their currencies, on one account a region."""
        kinds = self.amazon.get("kinds")
        regions = {"na": [], "eu": [], "fe": []}
        codes = {kind["marketplace"] for kind in kinds}
        for marketplace in self.env["amazon.marketplace"].search([("code", "in", [*codes - {None}])]):
            regions[marketplace.region].append(marketplace)
        for region, marketplaces in regions.items():
            seller = self.amazon.seller(region=region, marketplaces=[market.api_ref for market in marketplaces])
            account = self._connect(seller, name=region)
            by_code = {market.code: market for market in marketplaces}
            placed = shifted(self.amazon.get("clock")["now"], 60)
            refs = {}
            for kind in kinds:
                if kind["marketplace"] in (*by_code, None):
                    [ref] = self.amazon.place(seller, kind["kind"], created=placed)
                    refs[ref] = kind
            self.import_orders(account)
            failed = self.env["amazon.order.update"].search([("state", "=", "failed")])
            self.assertFalse(failed, [(refs.get(row.order_ref), row.error) for row in failed])
            orders = {order.amazon_order_ref: order for order in self.orders(*refs)}
            for ref, kind in refs.items():
                with self.subTest(kind=kind["kind"], region=region):
                    on_amazon = self.amazon.get(f"orders/{ref}")
                    if on_amazon["salesChannel"]["channelName"] == "NON_AMAZON":
                        continue
                    total = on_amazon.get("proceeds", {}).get("grandTotal")
                    if not total or orders[ref].state == "draft":
                        continue
                    self.assertEqual(orders[ref].amount_total, float(total["amount"]))
                    self.assertEqual(orders[ref].currency_id.name, total["currencyCode"])
                    self.assertFalse(orders[ref].amazon_difference)
                    self.assertTrue(all(orders[ref].order_line.tax_ids.mapped("price_include")))
