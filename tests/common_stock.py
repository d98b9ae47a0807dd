from urllib.parse import quote

from .common import SHOP, AmazonCase  # noqa: F401

JAPAN = "A1VC38T7YXB528"


class StockCase(AmazonCase):
    """A shop whose SKUs are listed on the simulated Amazon."""

    def setUp(self):
        super().setUp()
        # Its own seller offers nothing yet.
        self.tea, self.cup = self.products["AMZ-TEA-001"], self.products["AMZ-CUP-001"]

    def list_on_amazon(self, *listings, **values):
        """Offer SKUs on Amazon.

        :param listings: the SKUs, or what the control API takes of each.
        """
        each = [{"sku": one} if isinstance(one, str) else one for one in listings]
        self.amazon.post(
            "listings", merchant_id=self.seller["merchant_id"], listings=[{**values, **one} for one in each]
        )

    def on_amazon(self, sku):
        """Return the listing as it stands on Amazon."""
        return self.amazon.get(f"listings/{quote(sku, safe='')}?merchant_id={self.seller['merchant_id']}")

    def change_listing(self, sku, **values):
        """Change a listing on Amazon."""
        path = f"listings/{quote(sku, safe='')}?merchant_id={self.seller['merchant_id']}"
        self.amazon.control("PATCH", path, **values)

    def writes(self):
        """Return what was written to Amazon's listings since the last call, as (SKU, quantity)."""
        every = self.amazon.get(f"listing-writes?merchant_id={self.seller['merchant_id']}")
        new, self.known_writes = every[getattr(self, "known_writes", 0) :], len(every)
        return [(write["sku"], write["quantity"]) for write in new]

    def sync_offers(self):
        """Read the SKUs from Amazon; return the log row."""
        return self.run_job("_sync_offers")

    def sync(self, **arguments):
        """Send the stock; return the log rows."""
        return self.run_job("_sync_inventory", **arguments)

    def results(self):
        """Let Amazon work off what feeds there are, and fetch what it says; return the log rows."""
        for feed in self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}"):
            if feed["processingStatus"] not in ("DONE", "FATAL", "CANCELLED"):
                self.amazon.post(f"feeds/{feed['feedId']}/process")
        return self.run_job("_fetch_results")

    def run_job(self, method, **arguments):
        """Run a method of the account as a cron does; return the log rows."""
        with self.committing(self.account) as account:
            logs = getattr(account, method)(**arguments).ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def offer(self, sku):
        """Return the SKU's row."""
        return self.env["amazon.offer"].search([("sku", "=", sku), ("account_id", "=", self.account.id)])

    def stock(self, product, change):
        """Let units come in, or leave."""
        self.env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, change)

    def wakes(self, product, change):
        """Let units come in, or leave; return whether the job that tells Amazon is woken in that transaction."""
        mine = [("cron_id", "=", self.account._job("inventory").cron_id.id)]
        before = self.env["ir.cron.trigger"].search_count(mine)
        with self.committing(self.env["stock.quant"]) as quants:
            quants._update_available_quantity(product.with_env(quants.env), self.warehouse.lot_stock_id, change)
            quants.env.cr.commit()
        return self.env["ir.cron.trigger"].search_count(mine) > before
