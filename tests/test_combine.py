import itertools
import re

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestCombine(ConfirmationCase):
    """同梱: deliveries of one recipient and address in one parcel."""

    def same_address(self, *kinds):
        """Return deliveries of orders that go to one place."""
        return self.to_one_address(self.imported_together(*kinds or ("jp_standard",) * 2))

    def to_one_address(self, orders):
        """Let orders go to one place; return their deliveries."""
        target = orders[0].partner_shipping_id
        # As two orders of one buyer come in: each with a contact of its own, and not written quite alike.
        for number, picking in enumerate(orders.picking_ids):
            picking.partner_id = target.copy(
                {
                    "name": target.name if number else f" {target.name}",
                    "street": (target.street or "").replace("-", "－"),
                }
            )
        return orders.picking_ids.sorted("id")

    def wizard(self, pickings, user=None):
        model = self.env["amazon.combine"].with_user(user or self.user).with_company(self.company)
        return model.with_context(active_model="stock.picking", active_ids=pickings.ids).create({})

    def combined(self, pickings, number=False):
        wizard = self.wizard(pickings)
        self.assertFalse(wizard.refusal)
        wizard.tracking_number = number
        wizard.action_combine()
        return pickings

    def test_one_parcel(self):
        """One package, one batch, one number; each order keeps its delivery and is confirmed with that number."""
        pickings = self.same_address()
        parent, child = pickings.sale_id.sorted("date_order")
        form = Form(
            self.env["amazon.combine"]
            .with_user(self.user)
            .with_company(self.company)
            .with_context(active_model="stock.picking", active_ids=pickings.ids)
        )
        self.assertEqual((form.parent_id, form.carrier_id), (parent, self.yamato))
        form.tracking_number = "4444-5555"
        form.save().action_combine()
        [package] = pickings.move_line_ids.result_package_id
        self.assertEqual(
            (package.amazon_tracking_ref, pickings.mapped("carrier_tracking_ref")), ("4444-5555", ["4444-5555"] * 2)
        )
        self.assertEqual(len(pickings.batch_id), 1)
        self.assertEqual((child.amazon_merged_into_id, child.amazon_combined), (parent, "child"))
        self.assertEqual((parent.amazon_merged_child_ids, parent.amazon_combined), (child, "parent"))
        self.assertIn(pickings[0].name, pickings[1].amazon_combined_with)
        self.ship(pickings[0])
        self.ship(pickings[1])
        self.send()
        for order in (parent, child):
            [told] = self.packages(order).values()
            self.assertEqual((told["trackingNumber"], order.amazon_api_status), ("4444-5555", "done"))
        self.assertEqual(pickings.mapped("state"), ["done", "done"])

    def test_validated_as_one_batch(self):
        pickings = self.combined(self.same_address(), "1")
        pickings.move_ids.picked = True
        pickings.batch_id.with_user(self.user).action_done()
        self.send()
        self.assertEqual(pickings.mapped("amazon_api_status"), ["done", "done"])

    def test_validated_one_by_one(self):
        """After one of them has left, it says which others still stand here, and validates them."""
        first, second = self.combined(self.same_address(), "123")
        self.assertFalse(first.amazon_parcel_open)
        self.ship(first)
        mine = first.with_user(self.user)
        mine.invalidate_recordset()
        self.assertEqual(mine.amazon_parcel_open, f"{second.name} ({second.sale_id.name})")
        self.assertFalse(second.with_user(self.user).amazon_parcel_open, "it has not left itself")
        mine.with_context(skip_backorder=True).action_amazon_validate_parcel()
        self.assertEqual(second.state, "done")
        mine.invalidate_recordset()
        self.assertFalse(mine.amazon_parcel_open)
        self.goes(first | second)

    def test_number_entered_later(self):
        """Entered on any of the deliveries or on the package, also after leaving, it reaches all and is sent again."""
        pickings = self.combined(self.same_address())
        pickings[1].with_user(self.user).carrier_tracking_ref = "１２３"
        self.assertEqual(pickings.mapped("carrier_tracking_ref"), ["123", "123"])
        for picking in pickings:
            self.ship(picking)
        self.send()
        pickings[0].with_user(self.user).carrier_tracking_ref = "456"
        self.send()
        package = pickings.move_line_ids.result_package_id
        self.assertEqual([package.amazon_tracking_ref, *pickings.mapped("carrier_tracking_ref")], ["456"] * 3)
        package.with_user(self.user).amazon_tracking_ref = "789"
        self.send()
        self.assertEqual(pickings.mapped("carrier_tracking_ref"), ["789"] * 2)
        for order in pickings.sale_id:
            [told] = self.packages(order).values()
            self.assertEqual(told["trackingNumber"], "789")
        self.assertEqual(self.calls(), 6)

    def test_several_numbers(self):
        """Of several numbers that a parcel was given the first is told, all of them are kept and shown."""
        pickings = self.combined(self.same_address(), "111")
        package = pickings.move_line_ids.result_package_id
        package.with_user(self.user).amazon_tracking_ref = "222、333"
        self.assertEqual([package.amazon_tracking_ref, *pickings.mapped("carrier_tracking_ref")], ["222,333"] * 3)
        for picking in pickings:
            self.ship(picking)
        self.send()
        rows = pickings.amazon_confirmation_ids
        self.assertEqual(rows.mapped(lambda row: (row.tracking_number, row.further_numbers)), [("222", "333")] * 2)
        package.with_user(self.user).amazon_tracking_ref = "222,444"
        self.assertEqual(pickings.mapped("carrier_tracking_ref"), ["222,444"] * 2)
        pickings[1].with_user(self.user).carrier_tracking_ref = "555"
        self.assertEqual([package.amazon_tracking_ref, *pickings.mapped("carrier_tracking_ref")], ["555"] * 3)
        self.send()
        for order in pickings.sale_id:
            [told] = self.packages(order).values()
            self.assertEqual(told["trackingNumber"], "555")

    def test_second_parcel(self):
        """What of one order did not fit in goes in a parcel of its own, whose number is that parcel's alone."""
        pickings = self.combined(self.same_address("jp_several_items", "jp_standard"), "111")
        together = pickings.move_line_ids.result_package_id
        own = self.env["stock.package"].create({})
        pickings[0].move_line_ids[0].result_package_id = own
        own.with_user(self.user).amazon_tracking_ref = "222"
        self.assertEqual((together.amazon_tracking_ref, own.amazon_tracking_ref), ("111", "222"))
        self.assertEqual(pickings[1].carrier_tracking_ref, "111")
        for picking in pickings:
            self.ship(picking)
        self.send()
        first, second = (self.packages(picking.sale_id).values() for picking in pickings)
        self.assertEqual({told["trackingNumber"] for told in first}, {"111", "222"})
        self.assertEqual({told["trackingNumber"] for told in second}, {"111"})

    def test_only_the_parent(self):
        """By the account's policy the child is not confirmed, and says so."""
        self.account.merged_policy = "parent_only"
        pickings = self.combined(self.same_address(), "1")
        for picking in pickings:
            self.ship(picking)
        self.send()
        parent = pickings.sale_id.filtered("amazon_merged_child_ids")
        child = pickings.sale_id - parent
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "not_sent"))
        self.assertIn(parent.name, child.amazon_api_message)

    def test_unpacked_by_hand(self):
        """What a packer takes out of the parcel goes by itself: it is confirmed, or combined again."""
        packer = new_test_user(
            self.env,
            "just_packs",
            "stock.group_stock_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.account.merged_policy = "parent_only"
        pickings = self.combined(self.same_address(), "1")
        child = pickings.sale_id.filtered("amazon_merged_into_id").picking_ids
        parent, other = pickings - child, self.imported().picking_ids
        other.partner_id = child.partner_id
        for together in (child | other, pickings):
            (pickings | other).move_line_ids.with_user(packer).result_package_id = False
            self.combined(together, "2")
        self.assertEqual(child.sale_id.amazon_merged_into_id, parent.sale_id)
        child.move_line_ids.with_user(packer).result_package_id = False
        # A program that packs may write a number as one.
        child.with_user(packer).write({"carrier_tracking_ref": 3})
        for picking in pickings:
            self.ship(picking)
        self.send()
        self.assertEqual(pickings.mapped("amazon_api_status"), ["done"] * 2)
        self.assertEqual([told["trackingNumber"] for told in self.packages(child.sale_id).values()], ["3"])

    def test_combined_no_more(self):
        """Whichever way an order leaves the parcel, it is called combined no more; nor is what is left alone in it."""
        ways = {
            "unpacked": lambda picking: picking.move_line_ids.write({"result_package_id": False}),
            "packed elsewhere": lambda picking: picking.move_line_ids.write(
                {"result_package_id": self.env["stock.package"].create({}).id}
            ),
            "unreserved": lambda picking: picking.with_user(self.user).do_unreserve(),
            "its delivery cancelled": lambda picking: picking.with_user(self.user).action_cancel(),
        }
        cases = list(itertools.product(("child", "parent"), (1, 2)))
        orders = iter(self.imported(count=len(ways) * sum(1 + others for _leaves, others in cases)))
        for way, leave in ways.items():
            for leaves, others in cases:
                with self.subTest(way=way, leaves=leaves, others=others):
                    parcel = self.env["sale.order"].union(*itertools.islice(orders, 1 + others))
                    pickings = self.combined(self.to_one_address(parcel), "1")
                    children = pickings.sale_id.filtered("amazon_merged_into_id")
                    parent, gone = pickings.sale_id - children, children
                    if leaves == "child":
                        gone = children[:1]
                        leave(gone.picking_ids)
                    else:
                        leave(parent.picking_ids)
                    self.env.cr.precommit.run()
                    self.assertEqual(gone.mapped("amazon_combined"), [False] * len(gone))
                    self.assertEqual(children.filtered("amazon_merged_into_id"), children - gone)
                    self.assertEqual(parent.amazon_combined, "parent" if children - gone else False)
                    self.assertIn(parent.name, gone[0].message_ids[0].body)

    def test_stays_combined(self):
        """What is taken out in part only, has left, or is cancelled here because it goes along, stays combined."""
        pickings = self.combined(self.same_address("jp_several_items", "jp_several_items"), "1")
        child = pickings.sale_id.filtered("amazon_merged_into_id")
        child.picking_ids.move_line_ids[0].result_package_id = False
        self.env.cr.precommit.run()
        self.assertEqual(child.amazon_combined, "child")
        for picking in pickings:
            self.ship(picking)
        self.env.cr.precommit.run()
        self.assertEqual(child.amazon_combined, "child")
        child = self.combined(self.same_address(), "2").sale_id.filtered("amazon_merged_into_id")
        child.with_user(self.user)._action_cancel()
        self.env.cr.precommit.run()
        self.assertEqual(child.amazon_combined, "child")

    def test_separated_again(self):
        """As long as nothing has left, everything is as it was."""
        pickings = self.combined(self.same_address(), "1")
        pickings[0].with_user(self.user).action_amazon_separate()
        self.assertFalse(pickings.move_line_ids.result_package_id or pickings.batch_id)
        self.assertFalse(pickings.sale_id.amazon_merged_into_id)
        self.assertEqual(sorted(filter(None, pickings.mapped("carrier_tracking_ref"))), ["1"])
        self.assertEqual(pickings.mapped("state"), ["assigned"] * 2)
        pickings[0].carrier_tracking_ref = "2"
        self.assertNotEqual(pickings[1].carrier_tracking_ref, "2")
        with self.assertRaisesRegex(UserError, re.escape(pickings[0].name)):
            pickings[0].with_user(self.user).action_amazon_separate()
        self.combined(pickings, "3")
        self.ship(pickings[0])
        with self.assertRaisesRegex(UserError, "has left"):
            pickings[1].with_user(self.user).action_amazon_separate()

    def test_refused(self):
        """Another address, one alone, done, held, packed, combined already: each refusal names what is wrong."""
        pickings = self.same_address()

        def refused(some, text):
            with self.subTest(text=text):
                wizard = self.wizard(some)
                self.assertIn(text, wizard.refusal)
                with self.assertRaises(UserError):
                    wizard.action_combine()

        refused(pickings[0], "at least two")
        other = self.imported().picking_ids
        other.partner_id = pickings[0].partner_id.copy({"zip": "999-9999", "name": "別人"})
        refused(pickings | other, "recipient, postal code")
        refused(pickings | self.imported("jp_fba").picking_ids | self.incoming(), "ships itself")
        pickings[0].sale_id.amazon_on_hold = True
        refused(pickings, "on hold")
        pickings[0].sale_id.amazon_on_hold = False
        pickings[0].do_unreserve()
        refused(pickings, "not fully reserved")
        pickings[0].action_assign()
        pickings[0].action_put_in_pack(package_name="PACK")
        refused(pickings, "packed already")
        pickings[0].move_line_ids.result_package_id = False
        self.combined(pickings)
        refused(pickings, "combined already")
        self.ship(pickings[0])
        refused(pickings, "has left already")

    def incoming(self):
        return self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
            }
        )

    def test_other_carrier(self):
        """The parcel goes with one delivery method."""
        pickings = self.same_address()
        pickings[1].carrier_id = self.sagawa
        wizard = self.wizard(pickings)
        wizard.carrier_id = self.sagawa
        wizard.action_combine()
        self.assertEqual(pickings.carrier_id, self.sagawa)

    # --- combined in the shop by cancelling one of the orders (N5)

    def cancelled_for(self, picking):
        """Return an order that was cancelled here because it goes along with a delivery."""
        order = self.imported()
        order.with_user(self.user)._action_cancel()
        order.with_user(self.user).amazon_merged_into_id = picking.sale_id
        return order

    def test_cancelled_order_goes_along(self):
        """Cancelled here, still confirmed on Amazon with the parent's number; also when the parent has left before."""
        for left in (False, True):
            with self.subTest(left=left):
                picking = self.imported().picking_ids
                if left:
                    self.deliver(picking, "321")
                order = self.cancelled_for(picking)
                if not left:
                    self.deliver(picking, "321")
                self.send()
                [told] = self.packages(order).values()
                self.assertEqual((told["trackingNumber"], order.amazon_api_status), ("321", "done"))

    def test_cancelled_order_is_confirmed_now(self):
        """Asked for by hand, its parcel is that of the delivery it went with, or is to go with."""
        self.account.auto_confirm = False
        picking = self.imported().picking_ids
        order = self.cancelled_for(picking)
        with self.assertRaisesRegex(UserError, f"{order.name}.*{picking.sale_id.name}.*{picking.name}"):
            order.with_user(self.user).action_amazon_confirm_now()
        self.assertFalse(order.amazon_can_confirm)
        self.deliver(picking, "321")
        self.assertTrue(order.amazon_can_confirm, "the button shows")
        order.with_user(self.user).action_amazon_confirm_now()
        self.send(requested=True)
        [told] = self.packages(order).values()
        self.assertEqual((told["trackingNumber"], order.amazon_api_status), ("321", "done"))
        self.assertEqual(picking.amazon_api_status, "not_sent", "nobody asked for that one")
        with self.assertRaisesRegex(UserError, "nothing here"):
            order.with_user(self.user).action_amazon_confirm_now()

    def test_by_hand_only_when_cancelled(self):
        parent, other = self.imported(), self.imported()
        with self.assertRaisesRegex(UserError, other.name):
            other.with_user(self.user).amazon_merged_into_id = parent
        other._action_cancel()
        shop = self.env["sale.order"].create({"partner_id": parent.partner_id.id})
        for wrong in (other, shop):
            with self.subTest(wrong=wrong.name), self.assertRaises(ValidationError):
                other.with_user(self.user).amazon_merged_into_id = wrong
        third = self.cancelled_for(parent.picking_ids)
        with self.assertRaisesRegex(ValidationError, f"{other.name}.*{third.name}"):
            other.with_user(self.user).amazon_merged_into_id = third

    def test_access(self):
        reader = new_test_user(
            self.env,
            "just_reads",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        pickings = self.same_address()
        with self.assertRaises(AccessError):
            self.wizard(pickings, reader)
        wizard = self.wizard(pickings)
        with self.assertRaises(AccessError):
            wizard.with_user(reader).action_combine()
        self.combined(pickings)
        with self.assertRaises(AccessError):
            pickings[0].with_user(reader).action_amazon_separate()
