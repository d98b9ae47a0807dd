from datetime import timedelta

from freezegun import freeze_time
from odoo import fields

from .common import AmazonCase, shifted


class VendorCase(AmazonCase):
    """A vendor that ships Direct Fulfillment orders from the shop's warehouse."""

    # What the simulated Amazon knows of the vendor.
    facts = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.connect_vendor()

    def setUp(self):
        super().setUp()
        self.amazon.post("settings", vendor_seconds=30, vendor_batches="each")
        self.ahead = 0
        # The simulator does not roll back: each test has a vendor without orders.
        self.new_vendor()

    def new_vendor(self, **facts):
        """Have the account be a vendor's without orders."""
        self.party = self.amazon.seller(vendor={**self.facts, **facts})
        self.vendor.write(
            {
                "lwa_client_id": self.party["client_id"],
                "lwa_client_secret": self.party["client_secret"],
                "refresh_token": self.party["refresh_token"],
            }
        )

    @classmethod
    def connect_vendor(cls, **values):
        """Return the account of the simulator's vendor, with both of its warehouse codes."""
        vendor = cls._connect(
            cls.amazon.seller(),
            **{
                "kind": "vendor_df",
                "name": "Vendor",
                "merchant_id": False,
                "marketplace_ids": False,
                "vendor_party": "SIMJP",
                **values,
            },
        )
        vendor.vendor_warehouse_ids = [
            (0, 0, {"party_ref": code, "warehouse_id": cls.warehouse.id}) for code in ("SIMT", "SIMO")
        ]
        return vendor

    def place_purchase(self, kind="vendor_standard", count=1, minutes_ago=60, **values):
        """Place purchase orders on the simulated Amazon; return their numbers."""
        values = {"created": shifted(self.amazon.get("clock")["now"], minutes_ago), **values}
        return self.amazon.post(
            "vendor/orders", merchant_id=self.party["merchant_id"], kind=kind, count=count, **values
        )["numbers"]

    def run_vendor(self, method="_sync_vendor", account=None):
        """Run a vendor's jobs; return the log rows."""
        with self.committing(account or self.vendor) as account:
            logs = getattr(account, method)().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def purchased(self, kind="vendor_standard", count=1, **values):
        """Place purchase orders and import them, without answering them; return the orders."""
        # The last reading's cursor may stand later than these orders' time.
        self.vendor._job("vendor_orders").cursor = False
        numbers = self.place_purchase(kind, count, **values)
        self.read_orders()
        return self.orders(*numbers).sorted(lambda order: numbers.index(order.amazon_order_ref))

    def read_orders(self, again=False):
        """Read orders and make them, without answering them.

        :param bool again: those that are open, too.
        """
        if again:
            self.vendor._job("vendor_orders").open_read_at = False
        logs = self.run_vendor("_fetch_vendor_orders")
        with self.committing(self.vendor) as account:
            account.env["amazon.order.update"]._drain(account)
        self.env.invalidate_all()
        return logs

    def tell(self, minutes=0):
        """Run the job that tells Amazon; return its log rows.

        :param int minutes: later than the last time, on both sides.
        """
        if minutes:
            self.amazon.post("clock", advance=60 * minutes)
            self.ahead += minutes
        with self.later(self.ahead):
            return self.run_vendor("_tell_vendor")

    def minutes_until_told(self, order):
        """Tell Amazon, which does not end it, and return after how many minutes a person hears of it."""
        self.tell()
        for minutes in range(1, 40):
            self.tell(minutes=1)
            if order.amazon_order_ref in (self.vendor.activity_ids.note or ""):
                return minutes
        return None

    def accepted(self, kind="vendor_standard", count=1, **values):
        """Return orders that Amazon has as accepted."""
        orders = self.purchased(kind, count, **values)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(set(orders.mapped("amazon_acknowledgement")), {"accepted"})
        return orders

    def later(self, minutes):
        """Let Odoo's clock be ahead by so many minutes."""
        return freeze_time(fields.Datetime.now() + timedelta(minutes=minutes), tick=True)

    def there(self, order):
        """Return what the simulated Amazon knows of a purchase order."""
        return self.amazon.get(f"vendor/orders/{order.amazon_order_ref}")

    def transactions_there(self, kind=None):
        """Return what was submitted to the simulated Amazon."""
        of_kind = f"&kind={kind}" if kind else ""
        return self.amazon.get(f"vendor/transactions?merchant_id={self.party['merchant_id']}{of_kind}")


class OwnCarrierCase(VendorCase):
    """A vendor with a carrier of its own, whose SCAC Amazon knows."""

    facts = {"own_carrier": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor.vendor_own_carrier = True
        cls.method = cls.env["amazon.shipping.method"].create(
            {"code": "VOC", "name": "Own lorry", "carrier_code": "Other", "carrier_name": "Lorry", "scac_code": "SIMC"}
        )
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Lorry",
                "product_id": cls.env.ref("sale_amazon_spapi.product_shipping").id,
                "amazon_shipping_method_id": cls.method.id,
                "company_id": cls.company.id,
            }
        )
        cls.env["amazon.shipping.rule"].create({"account_id": cls.vendor.id, "carrier_id": cls.carrier.id})
        for product in cls.products.values():
            product.weight = 0.5

    def leave(self, order, number="T-1"):
        """Deliver an order, as a packer does; return its delivery."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        picking.with_user(self.user).carrier_tracking_ref = number
        self.ship(picking)
        self.assertEqual(set(picking.mapped("state")), {"done"})
        return picking


class StatusCase(OwnCarrierCase):
    """A vendor that tells Amazon where its parcels are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.partner_id.write({"street": "千代田1-1", "country_id": cls.env.ref("base.jp").id})
        cls.depot = cls.env["res.partner"].create(
            {"name": "Depot", "street": "9-9", "city": "Nagoya", "country_id": cls.env.ref("base.jp").id}
        )

    def happens(self, pickings, event, moment=None, **values):
        """Have Amazon told what has happened to parcels, and where, if it can be in one place only not known here."""
        if event not in ("departed", "delivered", "refused"):
            values = {"location_id": self.depot.id, **values}
        return pickings._amazon_vendor_status(event, moment, **values)

    def confirmed(self, *numbers, kind="vendor_standard", **values):
        """Return the deliveries of orders that Amazon knows to have left, one for each tracking number."""
        orders = self.accepted(kind, len(numbers), **values)
        pickings = self.env["stock.picking"]
        for order, number in zip(orders, numbers, strict=True):
            pickings |= self.leave(order, number)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"done"})
        # They left a while ago.
        pickings.date_done = pickings[0].date_done - timedelta(hours=10)
        return pickings

    def ago(self, minutes):
        return fields.Datetime.now() - timedelta(minutes=minutes)

    def told(self):
        """Return what was submitted, entry by entry."""
        return [entry["statusUpdateDetails"] for one in self.transactions_there("status") for entry in one["entries"]]

    def shown(self, picking):
        """Return the events that Amazon has of an order's parcels, in their order."""
        return [entry["event"] for entry in self.there(picking.sale_id)["statuses"]]

    def fault(self, kind="transaction_ends", **values):
        self.amazon.post("faults", operation="submitShipmentStatusUpdates", kind=kind, times=1, seconds=1, **values)
