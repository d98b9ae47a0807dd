from datetime import timedelta

from odoo.tests import tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmationChanges(ConfirmationCase):
    """What changes after a delivery has left."""

    def units(self, order):
        """Return the units in each parcel that Amazon has, by its tracking number."""
        return {
            package.get("trackingNumber", ""): sum(item["quantity"] for item in package["packageItems"])
            for package in self.packages(order).values()
        }

    def cups(self, quantity):
        """Return the delivery of an order of so many cups."""
        return self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": quantity}]).picking_ids

    def come_back(self, picking, quantity):
        """Receive a return of so many; return the receipt."""
        back = self.return_of(picking, quantity)
        self.ship(back, self.env.user)
        return back

    def sent_again(self, back, number, quantity):
        """Send so many of what came back once more; return the delivery."""
        again = self.return_of(back, quantity)
        again.carrier_id = self.yamato
        return self.deliver(again, number)

    # --- returns

    def test_part_of_it_sent_again(self):
        """Of two units one came back and left again: Amazon goes on counting two, whatever is changed then."""
        picking = self.deliver(self.cups(2), "1")
        self.goes(picking)
        again = self.sent_again(self.come_back(picking, 1), "2", 1)
        self.goes(again)
        again.carrier_tracking_ref = "3"
        self.goes(again)
        self.assertEqual(self.units(picking.sale_id), {"3": 2})

    def test_sent_again_in_two_parcels(self):
        """What came back leaves in two deliveries: each becomes a parcel of its own."""
        picking = self.deliver(self.cups(2), "1")
        self.goes(picking)
        back = self.come_back(picking, 2)
        first = self.sent_again(back, "2", 1)
        self.goes(first)
        self.assertEqual(self.units(picking.sale_id), {"2": 2})
        second = self.sent_again(back, "3", 1)
        self.goes(first | second)
        self.assertEqual(self.units(picking.sale_id), {"2": 1, "3": 1})

    # --- corrections

    def test_quantity_corrected(self):
        """A quantity that was corrected after the delivery was done is told."""
        picking = self.deliver(self.cups(2))
        self.goes(picking)
        picking.move_line_ids.quantity = 1
        self.assertEqual(picking.amazon_api_status, "not_sent")
        self.goes(picking)
        self.assertEqual(list(self.units(picking.sale_id).values()), [1])

    def test_time_corrected(self):
        """So is another time of leaving."""
        picking = self.deliver(self.cups(1))
        self.goes(picking)
        picking.date_done = picking.date_done - timedelta(minutes=10)
        self.goes(picking)
        [package] = self.packages(picking.sale_id).values()
        self.assertEqual(package["shipTime"], f"{picking.date_done:%Y-%m-%dT%H:%M:%S}.000Z")
        self.assertEqual(self.calls(), 2)

    def test_packed_after_leaving(self):
        """What was put into a package only after it had left is the parcel that Amazon knows."""
        picking = self.deliver(self.cups(1), "1")
        self.goes(picking)
        picking.move_line_ids.result_package_id = self.env["stock.package"].create({"amazon_tracking_ref": "2"})
        self.goes(picking)
        self.assertEqual((self.units(picking.sale_id), len(picking.amazon_confirmation_ids)), ({"2": 1}, 1))

    def test_half_a_unit(self):
        """What is no whole unit can leave; Amazon is not told, and the delivery says why."""
        picking = self.cups(3)
        picking.carrier_tracking_ref = "1"
        picking.move_ids.quantity = 1.5
        picking.move_ids.picked = True
        picking.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        self.send()
        self.assertEqual((picking.amazon_api_status, self.calls()), ("error", 0))
        self.assertEqual(picking.amazon_confirmation_ids.hint, "fraction")
        self.assertIn("AMZ-CUP-001: 1.5", picking.amazon_api_message)

    def test_text_too_long(self):
        """A text longer than Amazon takes is refused here, and the message says where to shorten it."""
        self.yamato.amazon_ship_method = "あ" * 256
        picking = self.deliver(self.cups(1))
        self.send()
        self.assertEqual(picking.amazon_confirmation_ids.hint, "too_long")
        self.assertIn(f"“{self.yamato.name}”", picking.amazon_api_message)
        self.assertEqual((picking.amazon_api_status, self.calls()), ("error", 0))
        self.yamato.amazon_ship_method = "あ" * 255
        self.goes(picking)

    # --- several at once

    def test_retry_of_two_accounts(self):
        """Confirmations of several accounts are asked for at once; of none, nothing happens."""
        other = self._connect(self.amazon.seller(), name="Second")
        picking, second = self.delivered(number=False), self.delivered(number=False)
        self.send()
        second.sale_id.amazon_account_id = other
        second.amazon_confirmation_ids.account_id = other
        rows = (picking | second).amazon_confirmation_ids
        rows.with_user(self.user).action_retry()
        self.assertEqual(rows.mapped("requested"), [True, True])
        rows.browse()._request()

    def test_corrected_while_asked_for(self):
        """A correction of what a person asked for goes, too, though the job is stopped."""
        self.account.auto_confirm = False
        picking = self.deliver(self.cups(1), "1")
        picking.with_user(self.user).action_amazon_confirm_now()
        row = picking.amazon_confirmation_ids
        row._mark_sending("direct")
        picking.carrier_tracking_ref = "2"
        row._accepted()
        self.send(requested=True)
        self.assertEqual((row.state, self.units(picking.sale_id)), ("done", {"2": 1}))

    def test_wait_for_all_with_a_number_missing(self):
        """What Amazon has already is not waited for again, though its number is missing."""
        first, rest = self.split(self.cups(2).sale_id, False)
        first.amazon_send_untracked = True
        self.goes(first)
        first.amazon_send_untracked = False
        self.account.split_policy = "wait"
        self.goes(self.deliver(rest, "2"))
        self.assertEqual(self.units(first.sale_id), {"": 1, "2": 1})
