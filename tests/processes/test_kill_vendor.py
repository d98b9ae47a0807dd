"""A process that works on vendors' orders may die at any moment: each order is made, accepted and confirmed once."""

from contextlib import ExitStack

import parcels
import pytest
import shops

WORKERS = 2
KINDS = ("vendor_two_lines", "vendor_same_sku")
# The seller's application works for the vendor, too.
CONNECT = """
seller = env['amazon.account'].search([], limit=1)
seller.auto_import = False
vendor = env['amazon.account'].create({
    'name': 'Vendor', 'kind': 'vendor_df', 'vendor_party': 'SIMJP', 'vendor_own_carrier': True, 'region': seller.region,
    'environment': 'custom', 'endpoint_url': seller.endpoint_url, 'lwa_url': seller.lwa_url,
    'company_id': seller.company_id.id, 'warehouse_id': seller.warehouse_id.id, 'lwa_client_id': seller.lwa_client_id,
    'vendor_warehouse_ids': [(0, 0, {'party_ref': 'SIMT', 'warehouse_id': seller.warehouse_id.id})]})
for cipher in ('lwa_client_secret_cipher', 'refresh_token_cipher'):
    vendor[cipher] = seller[cipher]
method = env['amazon.shipping.method'].create({
    'code': 'VOC', 'name': 'Lorry', 'carrier_code': 'Other', 'carrier_name': 'Lorry', 'scac_code': 'SIMC'})
carrier = env['delivery.carrier'].create({
    'name': 'Lorry', 'product_id': env.ref('sale_amazon_spapi.product_shipping').id,
    'amazon_shipping_method_id': method.id})
env['amazon.shipping.rule'].create({'account_id': vendor.id, 'carrier_id': carrier.id})
env['product.product'].search([('type', '=', 'consu')]).weight = 1
vendor.auto_vendor = True
"""
REQUEST = """
env['amazon.account'].search([('kind', '=', 'vendor_df')]).write(
    {'vendor_own_carrier': False, 'vendor_auto_labels': False})
env['stock.picking'].search([('sale_id.amazon_channel', '=', 'df')]).action_amazon_request_label()
# The next round searches, too.
env['amazon.job'].search([('name', '=', 'vendor_labels')]).cursor = False
"""
# What has happened to the parcels of two orders: Amazon cannot be asked whether it was told.
HAPPENED = """
pickings = env['stock.picking'].search([('sale_id.amazon_channel', '=', 'df')], order='id')
pickings._amazon_vendor_status('departed')
pickings[0]._amazon_vendor_status('in_transit', location_id=pickings[0].partner_id.id)
"""
# What must be as much as without the death.
COUNTED = (
    "sale_order",
    "stock_picking",
    "res_partner",
    "amazon_vendor_submission",
    "mail_activity",
)


class VendorSite(shops.SiteWithAmazon):
    """A site of a vendor.

    :param left: its orders were accepted, and have left.
    """

    waiting = (
        ("amazon_vendor_submission", "retry_at"),
        ("amazon_vendor_transaction", "retry_at"),
        ("amazon_vendor_transaction", "sent_at"),
        ("amazon_vendor_transaction", "due_at"),
        ("amazon_vendor_paper", "retry_at"),
        *shops.SiteWithAmazon.waiting,
    )
    #: Until what was never told is told again, and its transaction is through.
    rounds = (0, 1, 2, 6, 11, 21, 2, 2)
    #: Of these there must be as many rows as without the death.
    counted = COUNTED
    #: Part of the address of what the run that dies has to call.
    calls = "/vendor/"

    def prepare(self, left):
        self.left = left
        self.placed = shops.moment_ago(self.amazon, 180)
        self.importer.code(CONNECT)
        self.place()
        if left:
            self.importer.good("vendor")
            self.let_pass(2)
            self.importer.good("vendor")
            assert not self.open_rows(), self.open_rows()
            self.importer.code(parcels.DELIVER)

    def place(self):
        """Give Amazon the vendor and its orders: each time the same."""
        merchant_id = self.register()["merchant_id"]
        self.amazon.control("PATCH", f"sellers/{merchant_id}", vendor={"own_carrier": True})
        self.numbers = [
            self.amazon.post("vendor/orders", merchant_id=merchant_id, kind=kind, created=self.placed)["numbers"][0]
            for kind in KINDS
        ]

    def renew(self):
        super().renew()
        self.place()
        for number in self.numbers if self.left else ():
            self.amazon.post(f"vendor/orders/{number}/acknowledge", code="00")

    def open_rows(self):
        return (
            self.shop.sql("SELECT order_ref, kind, state, message FROM amazon_vendor_submission WHERE state <> 'done'")
            + self.shop.sql(
                "SELECT transaction_ref, state FROM amazon_vendor_transaction WHERE state IN ('sent', 'processing')"
            )
            + self.shop.sql("SELECT order_ref, state FROM amazon_order_update WHERE state IN ('pending', 'failed')")
            + self.shop.sql("SELECT name FROM sale_order WHERE amazon_acknowledgement IN ('to_send', 'sending')")
        )

    def assert_right(self):
        """Check that each order is here, and that Amazon was told once of it, and knows it."""
        assert self.shop.refs() == dict.fromkeys(self.numbers, 1)
        assert not self.open_rows()
        kind, event = ("confirmation", "confirmed") if self.left else ("acknowledgement", "acknowledged")
        told = [
            entry["purchaseOrderNumber"]
            for transaction in self.amazon.get(f"vendor/transactions?kind={kind}")
            for entry in transaction["entries"]
        ]
        assert sorted(told) == sorted(self.numbers), "each was told once"
        for number in self.numbers:
            there = self.amazon.get(f"vendor/orders/{number}")
            assert there["status"] == ("SHIPPED" if self.left else "ACCEPTED")
            assert [entry["event"] for entry in there["history"]].count(event) == 1
        state = "accepted", "done" if self.left else "not_sent"
        rows = self.shop.sql(
            "SELECT amazon_acknowledgement, amazon_api_status FROM sale_order WHERE amazon_channel = 'df'"
        )
        assert rows == [state] * len(KINDS), rows
        shops.assert_at_rest(self.shop)


class LabelSite(VendorSite):
    """A site of a vendor whose orders were accepted, and whose labels a person has asked for.

    :param orders: how many.
    """

    counted = (*COUNTED, "amazon_vendor_paper")

    def prepare(self, orders):
        self.orders = orders
        super().prepare(left=False)
        self.left = True
        for _round in ("accepts", "hears of it"):
            self.importer.good("vendor")
            self.let_pass(2)
        assert not self.open_rows(), self.open_rows()
        self.importer.code(REQUEST)

    def place(self):
        merchant_id = self.register()["merchant_id"]
        self.numbers = self.amazon.post(
            "vendor/orders", merchant_id=merchant_id, kind="vendor_standard", created=self.placed, count=self.orders
        )["numbers"]

    def open_rows(self):
        return super().open_rows() + self.shop.sql(
            "SELECT order_ref, state, message FROM amazon_vendor_paper WHERE state <> 'here' AND retry_at IS NOT NULL"
        )

    def assert_right(self):
        """Check that each order's label was made once, and is on its delivery once, with its number."""
        assert not self.open_rows()
        numbers = []
        for number in self.numbers:
            there = self.amazon.get(f"vendor/orders/{number}")
            assert [entry["event"] for entry in there["history"] if "label" in entry["event"]] == ["label"]
            numbers += [package["trackingNumber"] for package in there["label"]["packages"]]
        rows = self.shop.sql(
            "SELECT carrier_tracking_ref, amazon_label_state FROM stock_picking WHERE amazon_account_id > 0"
        )
        assert sorted(rows) == sorted((number, "here") for number in numbers), rows
        attached = self.shop.sql(
            "SELECT count(*), count(DISTINCT res_id) FROM ir_attachment WHERE res_model = 'stock.picking'"
        )
        assert attached == [(len(numbers), len(numbers))], attached
        shops.assert_at_rest(self.shop)


WANTED = """
vendor = env['amazon.account'].search([('kind', '=', 'vendor_df')])
vendor.auto_vendor = False
vendor._want_full_stock(vendor.vendor_warehouse_ids)
"""


class StockSite(VendorSite):
    """A site of a vendor whose orders were accepted, and of whose stock Amazon is to be told.

    :param full: the job is stopped, and a manager wants a full update.
    """

    waiting = (("amazon_account", "stock_recheck_at"), *VendorSite.waiting)
    counted = (*COUNTED, "amazon_vendor_quantity")
    calls = "/inventory/"

    def prepare(self, full):
        self.full = full
        super().prepare(left=False)
        self.left = True
        for _round in ("accepts", "hears of it"):
            self.importer.good("vendor")
            self.let_pass(2)
        assert not self.open_rows(), self.open_rows()
        started = "env['amazon.account'].search([('kind', '=', 'vendor_df')]).auto_inventory = True"
        self.importer.code(WANTED if full else started)

    def open_rows(self):
        return (
            super().open_rows()
            + self.shop.sql("SELECT sku, quantity FROM amazon_vendor_quantity WHERE is_due")
            + self.shop.sql("SELECT offer_id, id FROM amazon_stock_change")
            + self.shop.sql("SELECT sku, id FROM amazon_vendor_quantity WHERE is_sending")
            + self.shop.sql("SELECT party_ref FROM amazon_vendor_warehouse WHERE full_stock_requested")
        )

    def assert_right(self):
        """Check that Amazon has what is here, and that it is known here."""
        assert not self.open_rows()
        rows = self.shop.sql("SELECT sku, quantity, quantity_sent FROM amazon_vendor_quantity")
        assert rows
        [there] = self.amazon.get("vendor/stock").values()
        assert {sku: entry["quantity"] for sku, entry in there.items()} == {sku: here for sku, here, _sent in rows}
        assert all(here == sent for _sku, here, sent in rows), rows
        told = [entry for one in self.amazon.get("vendor/transactions?kind=inventory") for entry in one["entries"]]
        assert all(entry["isFullUpdate"] == self.full and len(entry["items"]) == len(rows) for entry in told), told
        shops.assert_at_rest(self.shop)


# The site whose run dies, what it begins with, and the settings of its Amazon.
CASES = {
    "orders": (VendorSite, {"left": False}, {}),
    "confirmations": (VendorSite, {"left": True}, {}),
    # The labels of several orders are asked for in one call, that of one is made at once.
    "labels": (LabelSite, {"orders": 2}, {"vendor_seconds": 0}),
    "label": (LabelSite, {"orders": 1}, {"vendor_seconds": 0}),
    "stock": (StockSite, {"full": False}, {"vendor_seconds": 0}),
    "all stock by hand": (StockSite, {"full": True}, {"vendor_seconds": 0}),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a round dies before or after: nothing is lost, told twice or made twice."""
    kind, begins_with, settings = CASES[case]
    way = "vendor stock by hand" if begins_with.get("full") else "vendor"
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, kind, one_account, stack, settings, **begins_with)
        events = sites[0].importer.good(way)
        assert any(kind.calls in event for event in events), events
        sites[0].recover()
        sites[0].assert_right()
        expected = sites[0].shop.count(kind.counted)

        def begin(site):
            site.renew()
            return way

        def recover(site, _number):
            site.recover()
            site.assert_right()
            assert site.shop.count(kind.counted) == expected, "as many rows as without the crash"

        shops.die_at_each(events, sites, begin, recover)


class StatusSite(VendorSite):
    """A site of a vendor whose orders have left, as Amazon knows, and of whose parcels it is to be told."""

    def prepare(self):
        super().prepare(left=True)
        for _round in ("confirms", "hears of it"):
            self.importer.good("vendor")
            self.let_pass(2)
        assert not self.open_rows(), self.open_rows()
        self.tracking = dict(
            self.shop.sql("""
            SELECT sale_order.amazon_order_ref, carrier_tracking_ref
              FROM stock_picking picking JOIN sale_order ON sale_order.id = sale_id WHERE picking.state = 'done'""")
        )
        self.importer.code(HAPPENED)

    def place(self):
        merchant_id = self.register()["merchant_id"]
        self.amazon.control("PATCH", f"sellers/{merchant_id}", vendor={"own_carrier": True})
        self.numbers = self.amazon.post(
            "vendor/orders", merchant_id=merchant_id, kind="vendor_standard", created=self.placed, count=2
        )["numbers"]

    def renew(self):
        super().renew()
        for number in self.numbers:
            self.amazon.post(f"vendor/orders/{number}/confirm", tracking=[self.tracking[number]])

    def open_rows(self):
        return [row for row in super().open_rows() if row[1:3] != ("status", "unknown")]


def assert_statuses(site):
    """Check that Amazon was told of nothing twice, and that a person is told of what is not certain."""
    assert not site.open_rows()
    rows = site.shop.sql(
        "SELECT order_ref, event, state FROM amazon_vendor_submission WHERE kind = 'status' ORDER BY id"
    )
    assert len(rows) == len(site.numbers) + 1
    words = {"departed": "DEPARTED_FROM_FC", "in_transit": "IN_TRANSIT"}
    for number in site.numbers:
        shown = [entry["event"] for entry in site.amazon.get(f"vendor/orders/{number}")["statuses"]]
        states = {words[event]: state for ref, event, state in rows if ref == number}
        assert shown == [event for event in states if event in shown], "in their order, each once"
        assert all(event in shown or state == "unknown" for event, state in states.items()), "what is done Amazon has"
    unclear = [ref for ref, _event, state in rows if state == "unknown"]
    notes = "".join(
        note for [note] in site.shop.sql("SELECT note FROM mail_activity WHERE res_model = 'amazon.account'")
    )
    assert all(number in notes for number in unclear), "a person is told"
    shops.assert_at_rest(site.shop)


def test_killed_while_statuses_are_told(one_account):
    """Whichever commit or HTTP call the job dies before or after: no status is told twice, none is lost in silence."""
    with ExitStack() as stack:
        settings = {"vendor_seconds": 0}
        sites = shops.sites(WORKERS, StatusSite, one_account, stack, settings)
        events = sites[0].importer.good("vendor tells")
        sites[0].recover()
        assert_statuses(sites[0])

        def begin(site):
            site.renew()
            return "vendor tells"

        def recover(site, _number):
            site.recover()
            assert_statuses(site)

        shops.die_at_each(events, sites, begin, recover)
