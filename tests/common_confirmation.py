from datetime import timedelta
from itertools import count

from freezegun import freeze_time
from odoo import fields

from .common import AmazonCase

NUMBERS = count(1)


class ConfirmationCase(AmazonCase):
    """A shop that ships with Yamato and tells Amazon of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yamato = cls.make_carrier("YAMATO", "ヤマト運輸", "宅急便")
        cls.sagawa = cls.make_carrier("SAGAWA", "佐川急便", "飛脚宅配便")
        cls.mail = cls.make_carrier("Japan Post", "日本郵便", "定形外郵便", tracking_required=False)
        cls.env["amazon.shipping.rule"].create({"account_id": cls.account.id, "carrier_id": cls.yamato.id})
        cls.account.auto_confirm = True

    def setUp(self):
        super().setUp()
        self.amazon.post("settings", packages_delay=0, empty_tracking="allow", feed_seconds=30)

    @classmethod
    def make_carrier(cls, code, name, label, **preset):
        """Return a delivery method linked to a shipping method of its own."""
        method = cls.env["amazon.shipping.method"].create(
            {
                "code": f"TEST-{next(NUMBERS)}",
                "name": label,
                "carrier_code": code,
                "carrier_name": name,
                "ship_method": label,
                **preset,
            }
        )
        return cls.env["delivery.carrier"].create(
            {
                "name": f"{name} {label}",
                "product_id": cls.env.ref("sale_amazon_spapi.product_shipping").id,
                "amazon_shipping_method_id": method.id,
                "company_id": cls.company.id,
            }
        )

    def delivered(self, kind="jp_standard", number="1234-5678-9012", picking=None, **values):
        """Import an order, deliver it with a tracking number; return its delivery."""
        order = self.imported(kind, **values)
        return self.deliver(order.picking_ids, number)

    def deliver(self, picking, number="1234-5678-9012"):
        """Pick, enter the number and validate, as a packer does; return the delivery."""
        picking.with_user(self.user).carrier_tracking_ref = number
        self.ship(picking)
        return picking

    def deliver_all(self, pickings):
        """Pick all of them, enter a number for each and validate them together; return the deliveries."""
        for number, picking in enumerate(pickings):
            picking.with_user(self.user).carrier_tracking_ref = f"T-{number}"
        self.ship(pickings)
        return pickings

    def all_delivered(self, count):
        """Import so many orders at once and deliver them together; return their deliveries, in a list."""
        return list(self.deliver_all(self.imported(count=count).picking_ids))

    def split(self, order, number="111"):
        """Deliver one unit of each product; return that delivery and the backorder."""
        picking = order.picking_ids
        picking.carrier_tracking_ref = number
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        return picking, order.picking_ids - picking

    def spare_part(self, order):
        """Deliver something for an order that is not on it; return the delivery."""
        picking = order.picking_ids.copy({"move_ids": [], "reference_ids": order.picking_ids.reference_ids.ids})
        picking.move_ids = [
            (
                0,
                0,
                {
                    "product_id": self.products["AMZ-TEA-001"].id,
                    "product_uom_qty": 1,
                    "location_id": picking.location_id.id,
                    "location_dest_id": picking.location_dest_id.id,
                },
            )
        ]
        picking.sale_id = order
        picking.action_confirm()
        return self.deliver(picking)

    def return_of(self, picking, quantity=None):
        """Return a new picking that brings everything back, or so much of each product."""
        wizard = (
            picking.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_ids=picking.ids, active_model="stock.picking")
            .create({"picking_id": picking.id})
        )
        for line in wizard.product_return_moves:
            line.quantity = quantity or line.move_quantity
        return picking.browse(wizard.action_create_returns()["res_id"])

    def send(self, requested=False):
        """Run the job that sends; return its log rows."""
        with self.committing(self.account) as account:
            logs = (account._send_requested() if requested else account._send_confirmations()).ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def goes(self, picking):
        """Run the job and see that the delivery is confirmed now."""
        self.send()
        self.assertEqual(set(picking.mapped("amazon_api_status")), {"done"}, picking.mapped("amazon_api_message"))

    def fetch(self):
        """Run the job that fetches results; return its log rows."""
        with self.committing(self.account) as account:
            logs = account._fetch_results().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def send_later(self, minutes):
        """Run the job that sends so many minutes later."""
        with self.later(minutes):
            return self.send()

    def later(self, minutes):
        """Let Odoo's clock be ahead by so many minutes."""
        return freeze_time(fields.Datetime.now() + timedelta(minutes=minutes), tick=True)

    def fault(self, kind, operation="confirmShipment", **values):
        """Order trouble from Amazon."""
        self.amazon.post("faults", operation=operation, kind=kind, **values)

    def packages(self, order):
        """Return the parcels that the simulated Amazon has of an order, by reference."""
        return {package["packageReferenceId"]: package for package in self.amazon_order(order).get("packages", [])}

    def calls(self, operation="confirmShipment"):
        """Return how often an operation was called since the test began."""
        return self.amazon.get("requests/count").get(operation, 0)
