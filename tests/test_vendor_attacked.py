from datetime import timedelta

from lxml import etree
from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_vendor import OwnCarrierCase, VendorCase


@tagged("post_install", "-at_install")
class TestVendorAttacked(OwnCarrierCase):
    """What people and Amazon do in an order that nobody expects."""

    def told(self):
        """Return what Amazon was told last of what has become of an order."""
        return self.transactions_there("confirmation")[-1]["entries"][-1]["shipmentDetails"]["shipmentStatus"]

    def deny(self, order):
        order.with_user(self.user).action_amazon_floor_denial()

    def test_left_after_a_denial(self):
        """What leaves after all, because Amazon has not taken the denial, is told as left."""
        order = self.accepted()
        self.amazon.post(
            "faults",
            operation="submitShipmentConfirmations",
            kind="transaction_ends",
            times=1,
            code="INVALID_ORDER_STATUS",
            message="no",
        )
        self.deny(order)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((order.amazon_api_status, self.told()), ("error", "FLOOR_DENIAL"))
        self.assertFalse(order.amazon_denied)
        self.leave(order)
        self.tell()
        self.assertEqual(self.told(), "SHIPPED")
        self.tell(minutes=2)
        self.assertEqual((order.amazon_api_status, self.there(order)["status"]), ("done", "SHIPPED"))

    def test_denial_is_asked_about(self):
        """Wherever it is denied that an order leaves, a person is asked before: there is no way back."""
        lists = {"sale.order": None, "stock.picking": "stock_picking_vendor_view_list"}
        for model, name in lists.items():
            records = self.env[model].with_user(self.user)
            archs = [records.get_view(None, "form")["arch"]]
            if name:
                archs.append(records.get_view(self.env.ref(f"sale_amazon_spapi.{name}").id, "list")["arch"])
            buttons = [
                button
                for arch in archs
                for button in etree.fromstring(arch).xpath("//button[@name='action_amazon_floor_denial']")
            ]
            self.assertEqual(len(buttons), 1, model)
            for button in buttons:
                with self.subTest(model=model):
                    self.assertIn("cannot be taken back", button.get("confirm"))

    def test_denied_does_not_leave(self):
        """Nothing leaves of what Amazon was told cannot, whatever Amazon has said of that."""
        order = self.accepted()
        self.deny(order)
        self.assertTrue(order.amazon_denied)
        self.assertIn("denied", order.picking_ids.amazon_blocked)
        for minutes in (0, 2, 0):
            with self.assertRaisesRegex(UserError, f"{order.name} was denied"):
                self.ship(order.picking_ids)
            self.tell(minutes=minutes)

    def test_denied_after_it_left(self):
        """What has left can neither be denied nor rejected; when it has come back, it can."""
        order, undecided = self.accepted(), self.purchased()
        self.leave(order, "")
        self.leave(undecided)
        self.tell()
        with self.assertRaisesRegex(UserError, order.name):
            self.deny(order)
        code = self.env["amazon.acknowledgement.code"].search([("code", "=", "03")])
        undecided._amazon_submission("acknowledgement").state = "error"
        undecided = undecided.with_user(self.user)
        for reject in (lambda: undecided._amazon_decide(code), undecided.action_amazon_reject):
            with self.assertRaisesRegex(UserError, undecided.name):
                reject()
        back = self.env["stock.return.picking"].create({"picking_id": order.picking_ids.id})
        back.product_return_moves.quantity = order.picking_ids.move_ids.quantity
        self.ship(back._create_return())
        self.deny(order)

    def test_cancelled_before_it_left(self):
        """Who ships what Amazon has cancelled meanwhile is told so; Amazon is told nothing."""
        order = self.accepted()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/cancel")
        self.leave(order)
        self.read_orders(again=True)
        self.tell()
        self.assertFalse(self.transactions_there("confirmation"))
        self.assertIn("cancelled", order.amazon_vendor_message)
        self.assertTrue(order.activity_ids)

    def test_changed_after_acceptance(self):
        """Another quantity is followed; another warehouse is for a person."""
        order = self.accepted()
        [item] = self.there(order)["order"]["orderDetails"]["items"]
        more = item["orderedQuantity"]["amount"] + 1
        details = {
            "items": [{**item, "orderedQuantity": {**item["orderedQuantity"], "amount": more}}],
            "shipFromParty": {"partyId": "SIMO"},
        }
        self.amazon.control("PATCH", f"vendor/orders/{order.amazon_order_ref}", set={"orderDetails": details})
        self.read_orders(again=True)
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, more)
        self.assertEqual(order.activity_ids.mapped("amazon_reason"), ["ship_from"])
        self.assertIn("SIMO", order.activity_ids.note)
        self.read_orders(again=True)
        self.assertEqual(len(order.activity_ids), 1)

    def test_appointment_backwards(self):
        """An appointment that ends before it begins is not told."""
        order = self.accepted()
        picking = self.leave(order)
        self.tell()
        self.tell(minutes=2)
        picking.date_done -= timedelta(hours=3)
        now = fields.Datetime.now()
        said = {"location_id": picking.partner_id.id, "appointment_from": now}
        with self.assertRaisesRegex(UserError, "ends before it begins"):
            picking._amazon_vendor_status("in_transit", appointment_until=now - timedelta(minutes=1), **said)
        picking._amazon_vendor_status("in_transit", appointment_until=now, **said)


@tagged("post_install", "-at_install")
class TestVendorParties(VendorCase):
    """Amazon shows one application the orders of several selling parties."""

    def test_two_parties(self):
        """Each account makes its own orders, and has nobody look at the other's."""
        other = self.connect_vendor(name="Other", vendor_party="SIMDE")
        other.write(
            {
                "lwa_client_id": self.party["client_id"],
                "lwa_client_secret": self.party["client_secret"],
                "refresh_token": self.party["refresh_token"],
            }
        )

        def read():
            self.vendor.job_ids.cursor = other.job_ids.cursor = False
            for account in self.vendor | other:
                self.run_vendor("_sync_vendor", account)

        def state(account, number):
            mine = [("account_id", "=", account.id), ("order_ref", "=", number)]
            return self.env["amazon.order.update"].search(mine).mapped("state")

        [first] = self.place_purchase()
        read()
        self.assertEqual(state(other, first), ["failed"], "nobody reads the orders of the other party")
        self.vendor.auto_vendor = True
        [second] = self.place_purchase()
        read()
        self.assertEqual(state(other, second), ["ignored"])
        self.assertEqual(self.orders(second).amazon_account_id, self.vendor)
        self.assertNotIn(second, other.activity_ids.note)
