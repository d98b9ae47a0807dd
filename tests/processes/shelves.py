"""SKUs whose stock Amazon has to be told of, and what must hold when it has been."""

import shops

# What the shop sells on Amazon; the rest of its catalogue is not listed there.
SKUS = ("AMZ-TEA-001", "AMZ-CUP-001", "AMZ-SNACK-001")
# What Amazon ships, and what is no product here.
UNTOUCHED = {"AMZ-TOWEL-002": "fba", "NOBODYS": "fbm"}
# What is there of each when the run begins that dies.
LEFT = {"AMZ-TEA-001": 990, "AMZ-CUP-001": 985, "AMZ-SNACK-001": 0}
# Lets units leave, as whoever takes them off the shelf does; as in a request, what meets with another transaction is
# tried again.
TAKE = """
from odoo.service.model import retrying

def work():
    place = env['stock.warehouse'].search([('company_id', '=', env.company.id)], limit=1).lot_stock_id
    for sku, units in {taken}.items():
        product = env['product.product'].search([('default_code', '=', sku)])
        env['stock.quant']._update_available_quantity(product, place, -units)

env.cr.commit()
retrying(work, env)
"""


class StockSite(shops.SiteWithAmazon):
    """A site of whose products Amazon lists some.

    :param values: of the account.
    :param settings: of the simulator.
    :param told: Amazon was told of all the stock before.
    """

    waiting = (
        ("amazon_quantity", "retry_at"),
        ("amazon_quantity", "sent_at"),
        ("amazon_quantity", "late_until"),
        ("amazon_offer", "seen_at"),
        ("amazon_account", "stock_recheck_at"),
        *shops.SiteWithAmazon.waiting,
    )
    #: Until what Amazon has accepted is read back.
    rounds = (0, 6, 16, 16, 31)

    def __init__(self, template, stack, values, settings, told=True):
        self.told = told
        super().__init__(template, stack, settings, **values)

    def prepare(self, **values):
        """List the SKUs; some of their stock has changed since Amazon was told."""
        self.offer(1000 if self.told else 1)
        self.set(**{"auto_import": False, "auto_inventory": True, **values})
        self.importer.code("env['amazon.account'].search([])._sync_offers()")
        # The jobs' turns, which come every five minutes, pass here as the test lets time pass.
        self.shop.sql(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '5 minutes'"
            " WHERE id IN (SELECT cron_id FROM amazon_job WHERE name LIKE 'inventory%%')"
        )
        if self.told:
            self.importer.good("stock and results")
            self.let_pass(16)
            self.importer.good("stock and results")
            assert not self.open_rows(), self.open_rows()
            self.offer(1000)
        self.let_pass(61)
        self.take({sku: 1000 - units for sku, units in LEFT.items()})

    def offer(self, quantity):
        """Give Amazon the seller and the listings: each time the same."""
        self.merchant = self.register()["merchant_id"]
        listings = [{"sku": sku, "quantity": quantity, "lead_time": 3} for sku in SKUS]
        listings += [{"sku": sku, "channel": channel, "quantity": 7} for sku, channel in UNTOUCHED.items()]
        self.amazon.post("listings", merchant_id=self.merchant, listings=listings)
        self.listed = self.listings()

    def renew(self):
        """Make the database and Amazon what they were."""
        super().renew()
        self.offer(1000 if self.told else 1)

    def listings(self):
        """Return Amazon's listings by SKU, with what was written to each."""
        found = self.amazon.get(f"listings?merchant_id={self.merchant}&writes=1")
        return {listing["sku"]: listing for listing in found}

    def take(self, taken):
        """Let units leave: so many by SKU."""
        self.importer.good("code", code=TAKE.format(taken=taken))

    def open_rows(self):
        """Return the quantities, changes and feeds that are not through."""
        return (
            self.shop.sql(
                "SELECT sku, state, quantity, applied, message FROM amazon_quantity"
                # What an earlier feed, of which nothing is known, may still change is compared for hours.
                " WHERE state <> 'done' OR retry_at IS NOT NULL AND (late_until IS NULL OR applied IS NOT TRUE)"
            )
            + self.shop.sql("SELECT 'to be looked at', offer_id FROM amazon_stock_change")
            + self.shop.sql("SELECT 'to be looked over', id FROM amazon_account WHERE stock_recheck_at IS NOT NULL")
            + self.shop.sql("SELECT feed_ref, state, message FROM amazon_feed WHERE state <> 'done'")
        )


def assert_right(site, here):
    """Check that Amazon has exactly what is here, that nothing older came after anything newer, and that nothing else
    was touched.

    :param dict here: units by SKU.
    """
    assert not site.open_rows()
    listings = site.listings()
    assert listings.keys() == site.listed.keys(), "no empty offers"
    for sku in UNTOUCHED:
        assert listings[sku] == site.listed[sku], f"{sku} is not touched"
    for sku, units in here.items():
        listing = listings[sku]
        assert (listing["quantity"], listing["lead_time"], listing["channel"]) == (units, 3, "fbm"), (sku, listing)
        assert not [write for write in listing["writes"] if write.get("out_of_order")], listing["writes"]
    told = site.shop.sql(
        "SELECT sku, quantity_sent, sync_state, stock_state FROM amazon_offer WHERE sku IN %s", tuple(here)
    )
    assert sorted(told) == sorted((sku, units, "done", "done") for sku, units in here.items())
    assert not site.shop.sql("SELECT id FROM amazon_log WHERE state = 'running'"), "a run says it runs for ever"
