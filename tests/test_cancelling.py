from contextlib import closing, contextmanager

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models.cancelling.amazon_cancellation import OTHER_REASONS, REASONS, USUAL_REASONS
from ..selling_partner import CANCEL_REASONS
from .common import counts_queries
from .common_confirmation import ConfirmationCase


class CancellingCase(ConfirmationCase):
    """A shop that cancels on Amazon what it cannot ship."""

    def setUp(self):
        super().setUp()
        self.amazon.post("settings", cancellation_delay=0)
        self.passed = 0

    def dialog(self, orders, user=None, **values):
        """Open the dialog for orders as a person does, and enter something; return the dialog."""
        action = orders.with_user(user or self.user).action_amazon_cancel()
        model = self.env[action["res_model"]].with_user(user or self.user).with_context(**action["context"])
        form = Form(model)
        for name, value in values.items():
            form[name] = value
        return form.save()

    def cancel(self, orders, **values):
        """Cancel orders by the dialog; return their rows of the outbox."""
        self.dialog(orders, **values).action_cancel_orders()
        return orders.amazon_cancellation_ids

    def tell(self, minutes=0):
        """Let so many minutes pass on both sides, and run the job; return its log rows."""
        self.passed += minutes
        self.amazon.post("clock", advance=60 * minutes)
        with self.later(self.passed), self.committing(self.account) as account:
            logs = account._send_cancellations().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def sent(self, orders=None, **values):
        """Cancel orders and have Amazon told; return their rows."""
        rows = self.cancel(orders or self.imported(), **values)
        self.tell()
        return rows

    def told(self, order):
        """Return what Amazon has accepted of an order's cancellations."""
        return self.amazon.get(f"orders/{order.amazon_order_ref}/cancellations")

    def feeds(self):
        """Return the feeds Amazon has of this seller."""
        return self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")

    def status(self, order):
        return self.amazon_order(order)["fulfillment"]["fulfillmentStatus"]

    def hint(self, order):
        """Return by name what stands against cancelling an order on Amazon."""
        return getattr(order._amazon_why_not_to_cancel(), "hint", None)

    def salesman(self):
        """Return somebody who sells and has nothing to do with Amazon."""
        found = self.env["res.users"].search([("login", "=", "seller")], limit=1)
        return found or new_test_user(
            self.env,
            "seller",
            "sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    @contextmanager
    def rolled_back(self):
        """Undo afterwards what is done within."""
        with closing(self.cr.savepoint(flush=False)):
            yield
            self.env.flush_all()
        self.env.invalidate_all(flush=False)

    def chatter(self, order):
        return " ".join(order.message_ids.mapped("body"))


@tagged("post_install", "-at_install")
class TestCancelling(CancellingCase):
    """What the shop cancels is cancelled on Amazon, too, once."""

    def test_all_the_way(self):
        """Asked, cancelled here, told in one feed, its outcome read back from the order itself."""
        orders = self.imported("jp_several_items") | self.imported()
        rows = self.cancel(orders)
        self.assertEqual((set(orders.mapped("state")), set(rows.mapped("state"))), ({"cancel"}, {"not_sent"}))
        self.assertEqual(set(orders.mapped("amazon_cancellation_state")), {"not_sent"})
        self.assertTrue(all(rows.mapped("at_fault")))
        self.assertEqual((rows.user_id, set(rows.mapped("reason"))), (self.user, {"NoInventory"}))
        self.tell()
        [feed] = self.feeds()
        self.assertEqual(
            (feed["feedType"], set(rows.mapped("state"))), ("POST_ORDER_ACKNOWLEDGEMENT_DATA", {"sending"})
        )
        self.assertIn("OrderAcknowledgement", self.amazon.get(f"feeds/{feed['feedId']}")["content"])
        log = self.tell(minutes=2)
        self.assertEqual((set(rows.mapped("state")), log.accepted), ({"done"}, 2), rows.mapped("message"))
        self.assertEqual(set(rows.mapped("cancelled_by")), {"MERCHANT"})
        for order in orders:
            [told] = self.told(order)
            self.assertEqual((told["reason"], self.status(order)), ("NoInventory", "CANCELLED"))
            self.assertIn(feed["feedId"], self.chatter(order))
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._drain(account)
        self.env.invalidate_all()
        self.assertEqual(set(orders.mapped("amazon_status")), {"cancelled"}, "read with the outcome")
        self.assertEqual(set(orders.mapped("amazon_phase_role")), {"cancelled"})
        self.assertFalse(orders.activity_ids)
        self.assertFalse(self.tell(minutes=30), "nothing is left to do")
        self.assertEqual(len(self.feeds()), 1)

    def test_every_reason(self):
        """Three usual ones, the rest under "more"; each is one of Amazon's, and Amazon takes it."""
        self.assertEqual(sorted(dict(REASONS)), sorted(CANCEL_REASONS))
        orders = self.imported(count=len(REASONS))
        for order, (reason, _label) in zip(orders, REASONS, strict=True):
            usual = reason in dict(USUAL_REASONS)
            values = {"reason": reason} if usual else {"reason": "more", "more_reason": reason}
            self.cancel(order, **values, **({"said": True} if reason == "BuyerCanceled" else {}))
        self.assertEqual(len(OTHER_REASONS), 7)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(set(orders.amazon_cancellation_ids.mapped("state")), {"done"})
        self.assertEqual([self.told(order)[0]["reason"] for order in orders], [reason for reason, _label in REASONS])
        blameless = orders.amazon_cancellation_ids.filtered(lambda row: not row.at_fault)
        self.assertEqual(blameless.reason, "BuyerCanceled")

    def test_in_odoo_only(self):
        """Amazon is told nothing where that was chosen; the order says so, and it can be told later."""
        order = self.imported()
        self.assertFalse(self.cancel(order, where="odoo"))
        self.assertEqual((order.state, order.amazon_cancelled_here), ("cancel", True))
        self.assertFalse(self.tell())
        rows = self.sent(order)
        self.tell(minutes=2)
        self.assertEqual(rows.state, "done")

    def test_the_buyers_own_wish(self):
        """Asked for on Amazon, it is proposed and does not count; without that, whoever says so has to say it twice."""
        asked = self.imported("jp_cancel_requested")
        dialog = self.dialog(asked)
        self.assertEqual((dialog.reason, dialog.advice), ("BuyerCanceled", "buyer"))
        dialog.reason = "NoInventory"
        self.assertEqual(dialog.advice, "against")
        row = self.cancel(asked)
        self.assertEqual((row.wish, row.at_fault), ("asked", False))
        order = self.imported()
        dialog = self.dialog(order, reason="BuyerCanceled")
        self.assertEqual(dialog.advice, "unasked")
        with self.assertRaisesRegex(UserError, order.name):
            dialog.action_cancel_orders()
        self.assertEqual((order.state, len(order.amazon_cancellation_ids)), ("sale", 0))
        dialog.said = True
        dialog.action_cancel_orders()
        self.assertEqual((order.amazon_cancellation_ids.wish, order.amazon_cancellation_ids.at_fault), ("said", False))

    def test_the_buyer_wants_a_part_only(self):
        """Who asks to have one of several items cancelled has not asked for the whole order."""
        order = self.imported("jp_several_items")
        self.changed(order, "request-cancel", items=[self.item_id(order)])
        self.assertTrue(order.amazon_cancel_requested)
        dialog = self.dialog(order)
        self.assertEqual((dialog.reason, dialog.buyer_asks), ("NoInventory", False))
        with self.assertRaisesRegex(UserError, order.name):
            self.cancel(order, reason="BuyerCanceled")
        self.changed(order, "request-cancel")
        self.assertEqual(self.dialog(order).reason, "BuyerCanceled")

    def refused_orders(self):
        """Return orders that cannot be cancelled on Amazon, by why."""
        left, partly, shipped = (self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}]) for _number in range(3))
        self.split(left)
        self.act(partly.amazon_order_ref, "ship", items={self.item_id(partly): 1})
        self.act(shipped.amazon_order_ref, "ship")
        self.import_orders()
        dead = self.changed(self.imported(), "cancel")
        parent, child = self.imported(count=2)
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        copied = self.imported()
        copied.with_user(self.user).action_cancel()
        copied.copy()
        told = self.imported()
        self.cancel(told)
        return {
            "fba": self.imported("jp_fba"),
            "pending": self.imported("jp_cvs_pending"),
            "left": left,
            "partly_shipped": partly,
            "shipped": shipped,
            "cancelled": dead,
            "combined": child,
            "copied": copied,
            "told": told,
            "not_amazon": self.env["sale.order"].create({"partner_id": self.company.partner_id.id}),
        }

    def test_what_is_refused(self):
        """FBA, pending, shipped, partly shipped and what goes another way: nothing is told, and the reason is said by
        the order's name; of several the others go."""
        orders = self.refused_orders()
        good, before = self.imported(), {order: order.state for order in orders.values()}
        for why, order in orders.items():
            with self.subTest(why=why):
                self.assertEqual(self.hint(order), why)
                with self.assertRaisesRegex(UserError, order.name):
                    order.with_user(self.user)._amazon_cancel_there("NoInventory")
                if why != "not_amazon":
                    dialog = self.dialog(order)
                    self.assertEqual((dialog.where, bool(dialog.told_ids)), ("odoo", False))
                    self.assertIn(order.name, dialog.refusal)
        together = good | orders["pending"] | orders["fba"]
        notice = self.dialog(together).action_cancel_orders()["params"]["message"]
        self.assertIn(orders["pending"].name, notice)
        self.assertEqual({order: order.state for order in orders.values()}, before, "left as they are")
        self.assertEqual((good.state, good.amazon_cancellation_ids.state), ("cancel", "not_sent"))

    def test_changed_before_amazon_was_told(self):
        """What happens between the dialog and the feed is seen: the row says why, and somebody is asked."""
        shipped, dead, taken_up = self.imported(count=3)
        rows = self.cancel(shipped | dead | taken_up)
        self.act(shipped.amazon_order_ref, "ship")
        self.act(dead.amazon_order_ref, "cancel")
        self.import_orders()
        with self.committing(taken_up) as mine:
            mine.with_user(self.user).action_amazon_reopen()
        self.env.invalidate_all()
        self.assertFalse(taken_up.amazon_cancellation_ids, "Amazon was not told, and is not")
        self.assertEqual((rows.exists() & dead.amazon_cancellation_ids).state, "done")
        self.assertEqual(dead.amazon_cancellation_ids.cancelled_by, "BUYER")
        self.assertFalse(dead.amazon_cancellation_ids.at_fault)
        self.tell()
        row = shipped.amazon_cancellation_ids
        self.assertEqual((row.state, row.hint), ("error", "shipped"))
        self.assertIn(shipped.name, row.message)
        self.assertEqual(shipped.amazon_cancellation_message, f"{row.message}\n{row.advice}")
        self.assertTrue(shipped._amazon_assigned("cancellation"))
        self.assertFalse(self.feeds())

    def test_amazon_refuses(self):
        """Amazon's own words stand on the row and in the chatter, and an activity asks somebody; another reason can be
        chosen then."""
        order, other = self.imported(count=2)
        self.cancel(order | other)
        self.tell()
        # Not known here yet when the feed went.
        self.amazon.post(f"orders/{order.amazon_order_ref}/ship")
        log = self.tell(minutes=2)
        row = order.amazon_cancellation_ids
        self.assertEqual((row.state, row.hint, other.amazon_cancellation_ids.state), ("error", "shipped", "done"))
        self.assertRegex(row.message, "出荷済み")
        self.assertEqual((log.accepted, log.refused), (1, 1))
        self.assertIn("出荷済み", self.chatter(order))
        self.assertEqual(len(order._amazon_assigned("cancellation")), 1)

    def test_refused_but_cancelled(self):
        """The buyer was faster: the report refuses what is cancelled all the same."""
        row = self.sent()
        self.amazon.post(f"orders/{row.order_ref}/cancel")
        self.tell(minutes=2)
        self.assertEqual((row.state, row.cancelled_by, row.at_fault), ("done", "BUYER", False))
        self.assertFalse(row.order_id.activity_ids)

    def test_refused_and_decided_anew(self):
        """What was refused can be told again, with another reason."""
        order = self.imported()
        self.change(order.amazon_order_ref, fulfillment={"fulfillmentStatus": "PENDING"})
        row = self.sent(order)
        self.tell(minutes=2)
        self.assertEqual(row.state, "error")
        self.change(order.amazon_order_ref, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        self.cancel(order, reason="ShippingAddressUndeliverable")
        self.assertEqual((order.amazon_cancellation_ids, row.state), (row, "not_sent"))
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((row.state, self.told(order)[0]["reason"]), ("done", "ShippingAddressUndeliverable"))
        self.assertFalse(order._amazon_assigned("cancellation"))

    def test_late_outcome(self):
        """Amazon cancels long after its report: meanwhile it is asked, then a person, and in the end it is seen."""
        self.amazon.post("settings", cancellation_delay=None)
        row = self.sent()
        for minutes in (2, 3, 11):
            self.tell(minutes)
            self.assertEqual(row.state, "sending")
        self.tell(31)
        self.assertEqual((row.state, bool(row.advice)), ("unknown", True))
        self.assertEqual(len(row.order_id._amazon_assigned("cancellation")), 1)
        self.assertEqual(self.hint(row.order_id), "unknown", "nobody tells it once more by the dialog")
        self.changed(row.order_id, "cancel", by="MERCHANT")
        self.assertEqual((row.state, row.cancelled_by), ("done", "MERCHANT"))
        self.assertFalse(row.order_id._amazon_assigned("cancellation"))
        self.assertEqual(len(self.feeds()), 1)

    def test_late_outcome_is_waited_for(self):
        """Amazon cancels ten minutes after its report: nobody has to do anything."""
        self.amazon.post("settings", cancellation_delay=600)
        row = self.sent()
        for minutes in (2, 3, 11):
            self.tell(minutes)
        self.assertEqual(row.state, "done")
        self.assertFalse(row.order_id.activity_ids)

    def test_retry_asks_first(self):
        """What is not known is asked for before it is told again."""
        self.amazon.post("settings", cancellation_delay=None)
        row = self.sent()
        for minutes in (2, 3, 11, 31):
            self.tell(minutes)
        row.with_user(self.user).action_retry()
        self.assertEqual(row.state, "sending")
        self.amazon.post("settings", cancellation_delay=0)
        for minutes in (0, 3, 11, 31):
            self.tell(minutes)
        self.tell(2)
        self.assertEqual((row.state, len(self.told(row.order_id)), len(self.feeds())), ("done", 2, 2))

    def test_taken_up_again(self):
        """What Amazon may cancel any moment cannot be taken up again; what it has refused can."""
        order = self.imported()
        row = self.sent(order)
        with self.assertRaisesRegex(UserError, order.name):
            order.with_user(self.user).action_amazon_reopen()
        self.amazon.post(f"feeds/{row.feed_id.feed_ref}/process", status="CANCELLED")
        self.tell(minutes=2)
        self.assertEqual(row.state, "rejected")
        with self.committing(order) as mine:
            mine.with_user(self.user).action_amazon_reopen()
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
        row.with_user(self.user).action_retry()
        self.tell()
        self.assertEqual((row.state, row.hint, self.status(order)), ("error", "here", "UNSHIPPED"))

    def test_taken_up_again_where_nothing_is_to_be_done(self):
        """What somebody has taken up again needs no activity of Amazon's not having cancelled it."""
        order = self.imported()
        row = self.sent(order)
        self.amazon.post(f"feeds/{row.feed_id.feed_ref}/process", status="CANCELLED")
        self.tell(minutes=2)
        self.assertTrue(order._amazon_assigned("cancellation"), "Amazon has nothing of it")
        with self.committing(order) as mine:
            mine.with_user(self.user).action_amazon_reopen()
        self.env.invalidate_all()
        self.assertFalse(order._amazon_assigned("cancellation"))
        row.with_user(self.user).action_retry()
        self.tell()
        self.assertEqual((row.state, row.hint), ("error", "here"))
        self.assertFalse(order._amazon_assigned("cancellation"))

    def test_back_to_draft(self):
        """Odoo's own button and RPC take up no order that Amazon may cancel any moment; what it was not told yet it is
        not told any more."""
        order, waiting = self.imported(count=2)
        row = self.sent(order)
        for state in ("sending", "unknown"):
            row.state = state
            for user in (self.user, self.salesman()):
                with self.subTest(state=state, user=user.login), self.assertRaisesRegex(UserError, order.name):
                    order.with_user(user).action_draft()
        self.assertEqual(order.state, "cancel")
        self.cancel(waiting)
        waiting.with_user(self.salesman()).action_draft()
        self.assertEqual((waiting.state, len(waiting.amazon_cancellation_ids)), ("draft", 0))
        waiting.action_confirm()
        self.tell()
        self.assertEqual((self.told(waiting), waiting.state), ([], "sale"))

    def test_taken_up_again_when_unknown(self):
        """What Amazon has taken and does not show it may still carry out: for a day nobody takes it up again; then
        Amazon is asked first."""
        self.amazon.post("settings", cancellation_delay=None)
        late, dead = self.imported(count=2)
        rows = self.sent(late | dead)
        for minutes in (2, 3, 11, 31):
            self.tell(minutes)
        self.assertEqual(set(rows.mapped("state")), {"unknown"})
        for order in (late, dead):
            with self.assertRaisesRegex(UserError, order.name):
                order.with_user(self.user).action_amazon_reopen()
        self.amazon.post(f"orders/{dead.amazon_order_ref}/cancel", by="MERCHANT")
        with self.later(25 * 60):
            for order in (late, dead):
                with self.committing(order) as mine:
                    mine.with_user(self.user).action_amazon_reopen()
        self.env.invalidate_all()
        self.assertEqual((dead.state, dead.amazon_status), ("cancel", "cancelled"))
        self.assertEqual((dead.amazon_cancellation_ids.state, late.state), ("done", "sale"))
        row = late.amazon_cancellation_ids
        self.assertEqual((row.state, row.hint), ("error", "here"))
        self.assertFalse(late._amazon_assigned("cancellation") or any(late.picking_ids.mapped("amazon_blocked")))

    def test_nothing_leaves_meanwhile(self):
        """Nothing of an order that Amazon may cancel any moment is validated or confirmed; what it has refused is."""
        order, left = self.imported(count=2)
        picking = self.deliver(left.picking_ids)
        self.env["amazon.cancellation"].create(
            [{**one._amazon_cancellation_vals(), "reason": "NoInventory"} for one in (order, left)]
        )
        for state in ("not_sent", "sending", "unknown"):
            with self.subTest(state=state):
                (order | left).amazon_cancellation_ids.state = state
                self.assertIn(order.name, order.picking_ids.amazon_blocked)
                with self.assertRaisesRegex(UserError, order.name):
                    order.picking_ids.with_user(self.user).button_validate()
                left.with_user(self.user).action_amazon_confirm_now()
                self.send(requested=True)
                confirmation = picking.amazon_confirmation_ids
                self.assertEqual((confirmation.state, confirmation.hint), ("not_sent", "cancelling"))
        (order | left).amazon_cancellation_ids._refused("error", "no")
        self.assertFalse(order.picking_ids.amazon_blocked)
        self.goes(picking)

    def test_what_goes_along(self):
        """Orders that were cancelled here to go along with another are not left to nobody when that one is
        cancelled."""
        parent, child = self.imported(count=2)
        child.with_user(self.user).action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.assertEqual(self.hint(parent), "carries")
        dialog = self.dialog(parent)
        self.assertEqual((dialog.where, bool(dialog.told_ids)), ("odoo", False))
        self.assertIn(child.name, dialog.refusal)
        with self.assertRaisesRegex(UserError, child.name):
            parent.with_user(self.user)._amazon_cancel_there("NoInventory")
        self.assertEqual((parent.state, child.amazon_cancelled_here, self.hint(child)), ("sale", False, "combined"))
        with self.rolled_back():
            dialog.action_cancel_orders()
            self.assertTrue(child.amazon_cancelled_here, "in Odoo only: nobody brings it any more")
            self.cancel(child)
            self.assertFalse(self.hint(parent))
        child.with_user(self.user).amazon_merged_into_id = False
        rows = self.sent(parent | child)
        self.tell(minutes=2)
        self.assertEqual((len(rows), set(rows.mapped("state"))), (2, {"done"}))

    def test_api_log(self):
        """A run leads to what it has cancelled, and to the orders; one that only looked at cancellations is not
        empty."""
        rows = self.cancel(self.imported())
        log = self.tell()
        self.assertEqual((log.cancellation_ids, log.cancellation_count, log._orders()), (rows, 1, rows.order_id))
        self.assertFalse(log._is_empty())
        log.message = False
        self.assertFalse(log._is_empty())
        action = log.with_user(self.user).action_view_cancellations()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), rows)
        action = rows.order_id.with_user(self.user).action_amazon_view_logs()
        self.assertIn(log, self.env["amazon.log"].search(action["domain"]))

    def test_nobody_tells_amazon(self):
        """Where the account is archived, has no credentials, or its job is stopped, Amazon would never be told: the
        dialog says so, and a person decides; what waits says so, too."""
        order, waiting = self.imported(count=2)
        row = self.cancel(waiting)
        cases = {
            "archived": lambda account: account.write({"active": False}),
            "job": lambda account: account._job("cancel").cron_id.write({"active": False}),
            "credentials": lambda account: account.write({"refresh_token_cipher": False}),
        }
        for hint, spoil in cases.items():
            self.env.flush_all()
            with self.subTest(hint=hint), self.rolled_back():
                spoil(self.account)
                self.assertEqual(self.hint(order), hint)
                dialog = self.dialog(order)
                self.assertEqual((dialog.where, bool(dialog.told_ids)), ("odoo", False))
                self.assertIn(order.name, dialog.refusal)
                with self.assertRaisesRegex(UserError, order.name):
                    order.with_user(self.user)._amazon_cancel_there("NoInventory")
                self.assertEqual(order.state, "sale")
                self.assertIn(self.account.name, row.advice)
                with self.assertRaisesRegex(UserError, self.account.name):
                    row.with_user(self.user).action_retry()
                dialog.action_cancel_orders()
                self.assertEqual((order.state, len(order.amazon_cancellation_ids)), ("cancel", 0))
        self.assertFalse(self.hint(order))

    def test_not_deleted(self):
        """What Amazon was told stays in the history."""
        order = self.imported()
        self.sent(order)
        with self.assertRaisesRegex(UserError, order.name):
            order.unlink()


@tagged("post_install", "-at_install")
class TestCancellingTrouble(CancellingCase):
    """Lost answers, broken feeds, refused access: asked for, never guessed, never told twice."""

    def test_lost_answers(self):
        """Whichever answer is lost, Amazon cancels once and Odoo knows it."""
        cases = [
            ("cut_before", "createFeedDocument"),
            ("cut_after", "createFeedDocument"),
            ("cut_before", "uploadFeedDocument"),
            ("cut_before", "createFeed"),
            ("cut_after", "createFeed"),
            ("html_200", "createFeed"),
            ("cut_after", "getFeed"),
            ("cut_after", "getFeedDocument"),
            ("cut_after", "getOrder"),
        ]
        orders = self.imported(count=len(cases))
        for order, (kind, operation) in zip(orders, cases, strict=True):
            with self.subTest(kind=kind, operation=operation):
                row = self.cancel(order)
                self.fault(kind, operation)
                for minutes in (0, 3, 3, 11, 3, 11, 31, 3):
                    self.tell(minutes)
                self.assertEqual((row.state, len(self.told(order))), ("done", 1), row.message)
                self.amazon.control("DELETE", "faults")

    def test_lost_and_found_late(self):
        """A feed whose submission was lost does not show: the order is asked for before it goes again, and what comes
        late does no harm."""
        row = self.cancel(self.imported())
        self.fault("cut_before", "createFeed")
        self.tell()
        self.assertEqual(row.state, "sending")
        # Seller Central, in the meantime.
        self.amazon.post(f"orders/{row.order_ref}/cancel", by="MERCHANT")
        for minutes in (3, 3, 11):
            self.tell(minutes)
        self.assertEqual((row.state, self.feeds()), ("done", []))

    def test_broken_feeds(self):
        """A feed that Amazon breaks off, or whose report says nothing: each order tells."""
        for outcome, state in (
            ({"status": "FATAL", "messages": 0}, "rejected"),
            ({"status": "FATAL", "messages": 1}, "done"),
            ({"result": False}, "done"),
            ({"report": "<html/>"}, "done"),
            ({"report_status": "Complete"}, "unknown"),
        ):
            with self.subTest(outcome=outcome):
                self.amazon.post("settings", feed_seconds=None)
                row = self.sent()
                self.amazon.post(f"feeds/{row.feed_id.feed_ref}/process", **outcome)
                for minutes in (2, 3, 3, 3, 11, 31):
                    self.tell(minutes)
                self.assertEqual((row.state, row.feed_id.state), (state, "done"), row.message)
                self.assertLessEqual(len(self.told(row.order_id)), 1)

    def test_a_foreign_merchant(self):
        """A document that Amazon rejects as a whole has cancelled nothing, and says why."""
        self.account.merchant_id = "A1OTHER"
        row = self.sent()
        self.tell(minutes=2)
        self.assertEqual((row.state, self.status(row.order_id)), ("rejected", "UNSHIPPED"))
        self.assertIn("MerchantIdentifier", row.message)

    def test_access_and_quota(self):
        """Access that is denied and a quota that is used up cost time, never a cancellation."""
        row = self.cancel(self.imported())
        for kind in ("403", "429"):
            self.fault(kind, "createFeed")
            self.tell(3)
            self.assertEqual((len(self.told(row.order_id)), self.feeds()), (0, []))
        # The next token is due in two minutes, by the database's clock.
        self.env["amazon.quota"].search([("operation", "=", "createFeed")]).tokens = 1
        self.tell(3)
        self.tell(3)
        self.assertEqual((row.state, len(self.told(row.order_id))), ("done", 1), row.message)

    def test_one_feed_at_a_time(self):
        """What is decided while Amazon is at a feed waits for it, and goes then."""
        first = self.sent()
        second = self.sent()
        self.assertEqual((first.state, second.state, len(self.feeds())), ("sending", "not_sent", 1))
        self.assertTrue(second.message)
        self.tell(minutes=2)
        self.tell(minutes=2)
        self.assertEqual((first.state, second.state, len(self.feeds())), ("done", "done", 2))

    @counts_queries
    def test_cost(self):
        """Twenty orders cost a feed and its report, an order more next to nothing."""
        orders = self.imported(count=24)
        few = self.queries(orders[:4].with_user(self.user)._amazon_note_cancelling, "NoInventory", False)
        many = self.queries(orders[4:].with_user(self.user)._amazon_note_cancelling, "NoInventory", False)
        self.assertLess((many - few) / 16, 8)


@tagged("post_install", "-at_install")
class TestCancellingRights(CancellingCase):
    """Users tell, read-only sees, other companies see nothing."""

    def call(self, user, order):
        """Do what RPC lets anybody try; return whether all of it was refused."""
        rows = order.sudo().amazon_cancellation_ids
        for attempt in (
            order.with_user(user).action_amazon_cancel,
            rows.with_user(user).action_retry,
            lambda: rows.with_user(user).write({"state": "done"}),
            lambda: rows.with_user(user).write({"reason": "BuyerCanceled"}),
            lambda: rows.with_user(user).unlink(),
            lambda: self.env["amazon.cancellation"].with_user(user).create({**order._amazon_cancellation_vals()}),
            lambda: self.env["amazon.cancelling"].with_user(user).create({"order_ids": [Command.set(order.ids)]}),
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                attempt()

    def test_by_rpc(self):
        """Nobody writes the outbox; who only reads, sells, or is of another company tells nothing."""
        order = self.imported()
        row = self.sent(order)
        reader, salesman = (
            new_test_user(
                self.env, login, group, company_id=self.company.id, company_ids=[Command.set(self.company.ids)]
            )
            for login, group in (
                ("reader", "sale_amazon_spapi.group_amazon_readonly"),
                ("seller", "sales_team.group_sale_salesman_all_leads"),
            )
        )
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        ).with_context(allowed_company_ids=elsewhere.ids)
        for user in (reader, salesman):
            self.call(user, order)
        self.assertEqual(row.with_user(reader).reason, "NoInventory")
        self.assertEqual(order.with_user(salesman).amazon_cancellation_state, "sending", "a form anybody opens")
        with self.assertRaises(AccessError):
            row.with_user(salesman).read(["reason"])
        there = self.env["amazon.cancellation"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        self.assertFalse(there.search([]))
        with self.assertRaises(AccessError):
            there.browse(row.id).read(["reason"])
        with self.assertRaises(AccessError):
            there.browse(row.id).action_retry()
        with self.assertRaises(AccessError):
            self.env["amazon.cancelling"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids).create(
                {"order_ids": [Command.set(order.ids)]}
            )
        for name in ("state", "reason", "wish", "user_id"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                row.with_user(self.manager).write({name: row[name]})

    def test_two_at_once(self):
        """Two people decide on the same order: Amazon is told once, and the second is told so."""
        order = self.imported()
        first, second = self.dialog(order), self.dialog(order, self.manager)
        first.action_cancel_orders()
        with self.assertRaisesRegex(UserError, order.name):
            second.action_cancel_orders()
        self.assertEqual(len(order.amazon_cancellation_ids), 1)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(len(self.told(order)), 1)
