from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models.engine.amazon_outbox import API_STATUSES
from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestStatusChange(ConfirmationCase):
    """C9, C10: what a person knows about Amazon that Odoo does not."""

    def wizard(self, orders, status="not_sent", user=None):
        model = self.env["amazon.status.change"].with_user(user or self.user).with_company(self.company)
        form = Form(model.with_context(active_model="sale.order", active_ids=orders.ids, active_id=orders[:1].id))
        form.status = status
        return form.save()

    def changed(self, orders, status="not_sent", **arguments):
        wizard = self.wizard(orders, status, **arguments)
        wizard.action_apply()
        return wizard

    def overridden(self, orders, status="not_sent"):
        """Change the status in spite of warnings."""
        wizard = self.wizard(orders, status)
        wizard.override = True
        wizard.action_apply()
        return wizard

    def line(self, wizard, order):
        return wizard.line_ids.filtered(lambda line: line.order_id == order)

    def failed(self):
        """Return a delivery that Amazon has refused."""
        picking = self.delivered()
        self.amazon.post("faults", operation="confirmShipment", kind="400")
        self.send()
        self.assertEqual(picking.amazon_api_status, "error")
        return picking

    def test_refused(self):
        """Not from Amazon, FBA, being sent: each is named, and nothing else is refused (CROSS MALL §6); the others
        change all the same."""
        shop = self.env["sale.order"].create({"partner_id": self.env["res.partner"].create({"name": "X"}).id})
        fba, good, sending = self.imported("jp_fba_shipped"), self.delivered().sale_id, self.delivered().sale_id
        sending.amazon_confirmation_ids.state = "sending"
        wizard = self.wizard(shop | fba | good | sending, "done")
        for order, text in ((shop, "not come from Amazon"), (fba, "FBA"), (sending, "being sent")):
            with self.subTest(text=text):
                self.assertIn(text, self.line(wizard, order).refusal)
        self.assertEqual((wizard.possible_count, wizard.refused_count, wizard.unusual_count), (1, 3, 0))
        wizard.action_apply()
        self.assertEqual((wizard.state, wizard.possible_count, wizard.refused_count), ("changed", 1, 3))
        self.assertEqual((good.amazon_api_status, sending.amazon_api_status), ("done", "sending"))
        with self.assertRaisesRegex(UserError, "no order here"):
            self.wizard(shop | fba).action_apply()

    def test_not_left_yet(self):
        """That nothing has left is a warning: overridden, the order is done, still has to leave, and nothing is sent
        then."""
        order, other = self.imported(), self.delivered().sale_id
        wizard = self.wizard(order | other, "done")
        line = self.line(wizard, order)
        self.assertEqual(
            (line.refusal, wizard.possible_count, wizard.unusual_count, wizard.refused_count), (False, 1, 1, 0)
        )
        self.assertIn(order.picking_ids.name, line.note)
        wizard.action_apply()
        self.assertEqual((wizard.possible_count, wizard.refused_count), (1, 1))
        self.assertIn(order.picking_ids.name, line.note)
        self.assertEqual((order.amazon_api_status, other.amazon_api_status), ("not_sent", "done"))
        self.overridden(order, "done")
        self.assertEqual((order.amazon_api_status, order.picking_ids.amazon_api_status), ("done", "done"))
        self.assertEqual(order.amazon_phase_id.role, "ready", "a packer still has to find it")
        picking = self.deliver(order.picking_ids)
        self.send()
        self.assertEqual((picking.amazon_api_status, order.amazon_phase_id.role), ("done", "confirmed"))
        self.assertEqual((picking.amazon_confirmation_ids.channel, self.calls()), ("by_hand", 0))
        # What is changed after it has left is told, and set back it is sent.
        picking.with_user(self.user).carrier_tracking_ref = "555"
        self.assertEqual(picking.amazon_api_status, "not_sent")
        self.changed(order, "done")
        self.changed(order).action_move()
        self.goes(picking)
        self.assertEqual(self.calls(), 1)

    def test_set_back_before_it_leaves(self):
        """Set to done too early and set back: it is sent like any other when it leaves."""
        order = self.imported()
        self.overridden(order, "done")
        self.overridden(order)
        self.assertEqual(order.amazon_api_status, "not_sent")
        self.goes(self.deliver(order.picking_ids))
        self.assertEqual(self.calls(), 1)

    def test_rest_has_not_left(self):
        """Of an order that has left in part, what is still to leave is not told either."""
        first, second = self.split(self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}]))
        self.send()
        self.overridden(first.sale_id, "done")
        self.assertEqual(first.sale_id.amazon_api_status, "done")
        self.deliver(second, "2")
        self.send()
        self.assertEqual((second.amazon_api_status, self.calls()), ("done", 1))

    def test_pending_and_cancelled(self):
        """What has no delivery at all can be set, too: three things only are refused."""
        for kind, warning in (("jp_cvs_pending", "left yet"), ("jp_cancelled", "cancelled")):
            with self.subTest(kind=kind):
                order = self.imported(kind)
                self.assertIn(warning, self.wizard(order, "done").line_ids.unusual)
                self.overridden(order, "done")
                self.assertEqual(order.amazon_api_status, "done")
                self.overridden(order)
                self.assertNotEqual(order.amazon_api_status, "done")

    def test_ship_plus(self):
        """A Ship+ order is confirmed by Amazon itself; who knows better may set it all the same."""
        for status in ("done", "not_sent"):
            with self.subTest(status=status):
                order = self.imported("jp_ship_plus")
                self.assertFalse(order.amazon_api_status)
                picking = self.deliver(order.picking_ids)
                wizard = self.wizard(order, status)
                self.assertIn("Ship+", wizard.line_ids.unusual)
                self.overridden(order, status)
                self.assertEqual(order.amazon_api_status, status)
                self.assertEqual(picking.amazon_confirmation_ids.state, status)
                self.send()
                self.assertEqual(self.calls(), int(status == "not_sent"))
                self.assertEqual(order.amazon_api_status, "done")

    def test_set_to_done(self):
        """Uploaded by hand: done, phase and activity follow, the chatter says who; nothing is sent."""
        picking = self.failed()
        order, row = picking.sale_id, picking.amazon_confirmation_ids
        before = self.calls()
        self.changed(order, "done")
        self.assertEqual((row.state, row.channel, row.message), ("done", "by_hand", False))
        self.assertEqual((order.amazon_api_status, order.amazon_phase_id.role), ("done", "confirmed"))
        self.assertFalse(order.activity_search(["sale_amazon_spapi.mail_activity_confirmation"]))
        note = order.message_ids[0] if "by hand" in order.message_ids[0].body else order.message_ids[1]
        words = dict(API_STATUSES)
        self.assertIn(f"{words['error']} → {words['done']}", note.body)
        self.assertEqual(note.author_id, self.user.partner_id)
        self.send()
        self.assertEqual(self.calls(), before)

    def test_later_change_is_not_lost(self):
        """A number changed after that is told to Amazon, which then says whether it can."""
        picking = self.failed()
        self.changed(picking.sale_id, "done")
        picking.with_user(self.user).carrier_tracking_ref = "555"
        self.assertEqual(picking.amazon_api_status, "not_sent")

    def test_sent_again(self):
        """Set to not sent, it is picked up again and goes out under the same reference."""
        picking = self.failed()
        wizard = self.changed(picking.sale_id)
        line = wizard.line_ids
        self.assertEqual((line.status_before, line.amazon_api_status), ("error", "not_sent"))
        self.assertFalse(line.waits_for)
        self.send()
        self.assertEqual(picking.amazon_api_status, "done")
        self.assertEqual(list(self.packages(picking.sale_id)), [picking.amazon_confirmation_ids.reference])

    def test_done_is_sent_again(self):
        """What Amazon has is sent again as an edit; first the order has to go back into a phase that confirms."""
        picking = self.delivered()
        order = picking.sale_id
        self.send()
        self.assertEqual(order.amazon_phase_id.role, "confirmed")
        wizard = self.changed(order)
        self.assertEqual(wizard.stuck_count, 1)
        self.assertIn(f"“{order.amazon_phase_id.name}”", wizard.line_ids.waits_for)
        self.assertEqual(wizard.phase_id.role, "shipped")
        self.send()
        self.assertEqual((self.calls(), order.amazon_api_status), (1, "not_sent"))
        wizard.action_move()
        wizard.invalidate_recordset()
        wizard.line_ids.invalidate_recordset()
        self.assertEqual((wizard.stuck_count, wizard.line_ids.waits_for), (0, False))
        self.send()
        self.assertEqual((self.calls(), order.amazon_api_status), (2, "done"))
        self.assertEqual(len(self.packages(order)), 1)

    def test_combined_and_cancelled_is_not_moved(self):
        """A child that was cancelled here needs no phase that confirms: moving the others does not fail of it."""
        parent, child = self.imported(count=2)
        child._action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.deliver(parent.picking_ids)
        self.send()
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "done"))
        wizard = self.changed(parent | child)
        self.assertEqual(wizard.line_ids.filtered("is_stuck").order_id, parent)
        self.assertFalse(self.line(wizard, child).waits_for)
        wizard.action_move()
        self.send()
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "done"))
        self.assertEqual(self.calls(), 4)

    def test_done_is_sent_again_when_many_wait(self):
        """Many at once go as a feed, but what Amazon has already is edited directly: a feed knows no reference."""
        pickings = self.delivered() | self.delivered()
        self.send()
        self.account.feed_threshold = 0
        wizard = self.changed(pickings.sale_id)
        wizard.action_move()
        self.send()
        self.assertEqual(pickings.mapped("amazon_api_status"), ["done", "done"])
        self.assertEqual(self.calls("createFeed"), 0)

    def test_says_why_it_waits(self):
        """When the job is stopped or a number is missing, the wizard says so."""
        picking = self.delivered(number=False)
        row = picking.amazon_confirmation_ids
        self.assertEqual(self.changed(picking.sale_id).line_ids.waits_for, row._why_number_missing())
        picking.carrier_tracking_ref = "1"
        self.account.auto_confirm = False
        self.assertEqual(row._why_waiting().hint, "stopped")
        self.assertEqual(self.changed(picking.sale_id).line_ids.waits_for, row._why_waiting())

    def test_only_confirming_phases(self):
        picking = self.delivered()
        self.send()
        wizard = self.changed(picking.sale_id)
        review = self.env.ref("sale_amazon_spapi.phase_review")
        self.assertNotIn(review, wizard.confirming_phase_ids)
        wizard.phase_id = review
        with self.assertRaisesRegex(UserError, "Choose a phase"):
            wizard.action_move()

    def test_left_before_the_addon(self):
        """An order that left before there was an outbox gets its row by being set."""
        picking = self.delivered()
        order = picking.sale_id
        picking.amazon_confirmation_ids.unlink()
        self.changed(order, "done")
        self.assertEqual(order.amazon_confirmation_ids.mapped("state"), ["done"])

    def test_what_seller_central_has_keeps_its_reference(self):
        picking = self.delivered()
        row = picking.amazon_confirmation_ids
        row.write({"channel": "seller_central", "reference": "1"})
        self.changed(picking.sale_id, "done")
        self.assertEqual((row.state, row.channel, row.reference), ("done", "seller_central", "1"))
        self.changed(picking.sale_id)
        self.assertEqual((row.state, row.channel, row.reference), ("not_sent", "seller_central", "1"))

    def test_access(self):
        """Who only reads changes nothing; another company's orders do not even show."""
        picking = self.failed()
        reader = new_test_user(
            self.env,
            "just_reads",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.wizard(picking.sale_id, user=reader)
        wizard = self.wizard(picking.sale_id)
        for method in ("action_apply", "action_move"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(wizard.with_user(reader), method)()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        model = (
            self.env["amazon.status.change"]
            .with_user(stranger)
            .with_context(
                allowed_company_ids=elsewhere.ids,
                active_model="sale.order",
                active_ids=picking.sale_id.ids,
            )
        )
        self.assertFalse(model.create({}).line_ids)
        self.assertEqual(picking.amazon_api_status, "error")
