from ast import literal_eval
from datetime import timedelta

from lxml import etree
from odoo import fields, sql_db
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.misc import format_datetime

from .common_vendor import VendorCase


@tagged("post_install", "-at_install")
class TestVendorAcknowledgement(VendorCase):
    """Each order is accepted or rejected, once, and followed until Amazon has done it."""

    def row(self, order):
        return order.amazon_submission_ids.filtered(lambda row: row.kind == "acknowledgement")

    def submitted(self):
        return [
            (entry["purchaseOrderNumber"], entry["acknowledgementStatus"]["code"])
            for transaction in self.transactions_there("acknowledgement")
            for entry in transaction["entries"]
        ]

    def test_by_itself(self):
        """What is known and in stock is accepted by itself, all in one call, and is so when Amazon says so."""
        # On the day on which they leave, their labels are asked for; where an hour ends may be that day.
        self.vendor.vendor_auto_labels = False
        orders = self.purchased(count=3)
        self.tell()
        [there] = self.transactions_there()
        self.assertEqual(len(there["entries"]), 3)
        self.assertEqual(set(orders.mapped("amazon_acknowledgement")), {"sending"})
        transaction = self.row(orders).transaction_id
        self.assertEqual((transaction.transaction_ref, transaction.state), (there["id"], "sent"))
        self.assertEqual(transaction.order_ids, orders)
        entry = next(one for one in there["entries"] if one["purchaseOrderNumber"] == orders[0].amazon_order_ref)
        self.assertEqual(entry["acknowledgementStatus"]["description"], "Shipping 100 percent of ordered product")
        self.assertEqual(entry["vendorOrderNumber"], orders[0].name)
        self.assertEqual(entry["itemAcknowledgements"][0]["itemSequenceNumber"], "00001")
        self.tell(minutes=2)
        self.assertEqual(set(orders.mapped("amazon_acknowledgement")), {"accepted"})
        self.assertEqual(transaction.state, "success")
        self.assertEqual(self.there(orders[0])["status"], "ACCEPTED")
        self.assertEqual(set(orders.mapped("amazon_vendor_status")), {"ACCEPTED"})
        self.tell(minutes=60)
        self.assertEqual(len(self.submitted()), 3)
        self.assertFalse(orders.activity_ids)

    def test_one_round(self):
        """One call does all that is due: reads, makes, answers."""
        [number] = self.place_purchase()
        self.run_vendor()
        self.assertEqual(self.submitted(), [(number, "00")])

    def test_a_person_decides(self):
        """What is not in stock, or not known, a person is asked about, more urgently when time runs out."""
        lacking = self.purchased(items=[{"sku": "AMZ-CUP-001", "quantity": 900}])
        unknown = self.purchased("vendor_unknown_sku")
        held = self.purchased()
        held.amazon_on_hold = True
        self.manager.tz = "Asia/Tokyo"
        self.tell()
        self.assertFalse(self.submitted())
        for order, word in ((lacking, "Not in stock"), (unknown, "VENDOR-NEW-001"), (held, "on hold")):
            with self.subTest(word=word):
                [activity] = order.activity_ids.filtered("amazon_reason").filtered(
                    lambda activity: activity.amazon_reason == "acknowledge"
                )
                self.assertIn(word, activity.note)
                self.assertEqual(activity.user_id, self.manager)
        self.tell()
        self.assertEqual(len(lacking.activity_ids), 1)
        until = format_datetime(self.env, lacking.amazon_acknowledge_by, tz="Asia/Tokyo", dt_format="short")
        self.assertIn(until, lacking.activity_ids.summary, "in the time of who has to see to it")
        with self.later(60 * 20):
            self.tell()
        [activity] = lacking.activity_ids
        self.assertEqual(activity.amazon_reason, "acknowledge_now")
        with self.committing(lacking) as order:
            order.with_user(self.user).action_amazon_accept()
        self.env.invalidate_all()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(lacking.amazon_acknowledgement, "accepted")
        self.assertFalse(lacking.activity_ids)

    def test_stock_comes(self):
        """What comes into stock meanwhile is accepted by itself."""
        order = self.purchased(items=[{"sku": "AMZ-CUP-001", "quantity": 150}])
        self.tell()
        self.assertFalse(self.submitted())
        self.env["stock.quant"]._update_available_quantity(
            self.products["AMZ-CUP-001"], self.warehouse.lot_stock_id, 100
        )
        order.picking_ids.action_assign()
        self.tell()
        self.assertEqual(len(self.submitted()), 1)

    def test_reject(self):
        """A rejection goes with the code that a person has chosen; Amazon cancels the order, and so it is here."""
        order = self.purchased("vendor_unknown_sku")
        action = order.with_user(self.user).action_amazon_reject()
        dialog = Form(self.env["amazon.rejection"].with_user(self.user).with_context(**action["context"]))
        self.assertEqual(dialog.code_id.code, "02")
        dialog.code_id = self.env["amazon.acknowledgement.code"].search([("code", "=", "71")])
        dialog.save().action_reject()
        self.tell()
        self.assertEqual(self.submitted(), [(order.amazon_order_ref, "71")])
        self.tell(minutes=2)
        self.assertEqual((order.amazon_acknowledgement, self.there(order)["status"]), ("rejected", "CANCELLED"))
        self.assertFalse(self.vendor._job("vendor_orders").open_read_at, "what follows is read soon")
        self.read_orders(again=True)
        self.assertEqual((order.state, order.amazon_acknowledgement), ("cancel", "rejected"))

    def test_filters(self):
        """What Amazon waits for soon, or has waited for too long, is found, decided or not, until Amazon has it."""
        near, over, sending, later, refused, done = orders = self.purchased(
            count=6, items=[{"sku": "AMZ-CUP-001", "quantity": 900}]
        )
        now = fields.Datetime.now()
        for order, minutes in zip(orders, (239, -1, 60, 241, -60, 60), strict=True):
            order.amazon_acknowledge_by = now + timedelta(minutes=minutes)
        (sending | refused | done).with_user(self.user).action_amazon_accept()
        self.row(refused)._refused("error", "no")
        self.row(done)._accepted()
        self.assertEqual(self.filtered_by("acknowledge_soon"), near | over | sending | refused)
        self.assertEqual(self.filtered_by("acknowledge_late"), over | refused)

    def filtered_by(self, name):
        """Return the vendor's orders that a filter of their list shows."""
        view = self.env.ref("sale_amazon_spapi.sale_order_vendor_view_search")
        orders = self.env["sale.order"].with_user(self.user)
        arch = etree.fromstring(orders.get_view(view.id, "search")["arch"])
        [found] = arch.xpath(f"//filter[@name='{name}']")
        domain = [*literal_eval(found.get("domain")), ("amazon_account_id", "=", self.vendor.id)]
        return orders.search(domain).with_env(self.env)

    def test_unknown_is_asked_about(self):
        """Nothing with a SKU that nobody knows is accepted without a question that names it, from lists neither."""
        known = self.purchased(items=[{"sku": "AMZ-CUP-001", "quantity": 900}])
        orders = known | self.purchased("vendor_unknown_sku")
        unknown = orders - known
        action = orders.with_user(self.user).action_amazon_accept()
        dialog = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create({})
        self.assertEqual(dialog.unknown, f"{unknown.name} ({unknown.amazon_order_ref}): VENDOR-NEW-001")
        self.assertEqual(set(orders.mapped("amazon_acknowledgement")), {"to_send"})
        dialog.action_accept_known()
        self.assertEqual((known.amazon_acknowledgement, unknown.amazon_acknowledgement), ("sending", "to_send"))
        with self.assertRaisesRegex(UserError, known.name):
            dialog.action_accept()
        action = unknown.with_user(self.user).action_amazon_accept()
        dialog = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create({})
        self.assertFalse(dialog.known_count)
        with self.assertRaisesRegex(UserError, "Each of these"):
            dialog.action_accept_known()
        dialog.action_accept()
        self.tell()
        self.assertEqual(set(self.submitted()), {(known.amazon_order_ref, "00"), (unknown.amazon_order_ref, "00")})

    def test_who_decides(self):
        """Users do; neither who only reads nor a salesman. What is decided is decided."""
        order = self.purchased()
        for group in ("sale_amazon_spapi.group_amazon_readonly", "sales_team.group_sale_salesman_all_leads"):
            other = new_test_user(
                self.env, group, group, company_id=self.company.id, company_ids=[(6, 0, self.company.ids)]
            )
            for method in ("action_amazon_accept", "action_amazon_reject"):
                with self.subTest(group=group, method=method), self.assertRaises(AccessError):
                    getattr(order.with_user(other), method)()
        order.with_user(self.user).action_amazon_accept()
        for method in ("action_amazon_accept", "action_amazon_reject"):
            with self.assertRaisesRegex(UserError, order.name):
                getattr(order.with_user(self.user), method)()
        with self.assertRaisesRegex(UserError, "Direct Fulfillment"):
            self.imported().with_user(self.user).action_amazon_accept()

    def test_decided_there(self):
        """What was accepted in Vendor Central is not answered any more."""
        order = self.purchased(items=[{"sku": "AMZ-CUP-001", "quantity": 900}])
        self.tell()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/acknowledge", code="00")
        self.read_orders(again=True)
        self.assertEqual(order.amazon_acknowledgement, "accepted")
        self.assertFalse(order.activity_ids)
        self.tell()
        self.assertFalse(self.submitted())

    def test_decided_there_and_here(self):
        """What was accepted in Vendor Central before it could be told is told no more."""
        order = self.purchased()
        order.with_user(self.user).action_amazon_accept()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/acknowledge", code="00")
        self.read_orders(again=True)
        self.assertEqual((self.row(order).state, order.amazon_acknowledgement), ("done", "accepted"))
        self.tell()
        self.assertFalse(self.submitted())

    def test_cancelled_meanwhile(self):
        """An order that is cancelled while it is accepted: a person is told, and nothing is told again."""
        order = self.purchased()
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/cancel")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(self.row(order).state, "error")
        self.assertIn("cancelled", order.amazon_vendor_message)
        self.tell(minutes=60)
        self.assertEqual(len(self.submitted()), 1)

    def test_some_fail(self):
        """Of several in a call one is refused: the others are done, and it is told alone, with Amazon's reason."""
        good, bad = self.purchased(count=2)
        self.env["amazon.acknowledgement.code"].create({"code": "99", "name": "Nothing"})
        good.with_user(self.user).action_amazon_accept()
        bad._amazon_decide(self.env["amazon.acknowledgement.code"].search([("code", "=", "99")]))
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(good.amazon_acknowledgement, "accepted")
        self.tell(minutes=2)
        self.assertEqual(bad.amazon_acknowledgement, "error")
        self.assertIn("INVALID_ACKNOWLEDGEMENT_CODE", bad.amazon_vendor_message)
        self.assertEqual([number for number, _code in self.submitted()].count(good.amazon_order_ref), 1)
        [activity] = bad.activity_ids
        self.assertEqual(activity.amazon_reason, "acknowledgement_refused")
        # Another code, and it goes.
        bad.with_user(self.user).action_amazon_accept()
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(bad.amazon_acknowledgement, "accepted")
        self.assertFalse(bad.activity_ids)

    def test_lost_answer(self):
        """An answer that is lost is not told again before Amazon was asked; it has it."""
        for kind in ("cut_after", "500_after"):
            with self.subTest(kind=kind):
                order = self.purchased()
                self.amazon.post("faults", operation="submitAcknowledgement", kind=kind, times=1)
                self.tell()
                self.assertEqual((self.row(order).state, order.amazon_acknowledgement), ("sending", "sending"))
                self.assertFalse(self.row(order).transaction_id)
                self.tell(minutes=2)
                self.assertEqual(order.amazon_acknowledgement, "accepted")
                numbers = [number for number, _code in self.submitted()]
                self.assertEqual(numbers.count(order.amazon_order_ref), 1)

    def test_never_arrived(self):
        """What never came to Amazon is told again, once it is certain."""
        order = self.purchased()
        self.amazon.post("faults", operation="submitAcknowledgement", kind="cut_before", times=1)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(order.amazon_acknowledgement, "sending")
        self.assertFalse(self.submitted())
        for minutes in (7, 18, 39):
            with self.later(minutes):
                self.tell()
        self.assertEqual(self.submitted(), [(order.amazon_order_ref, "00")])

    def test_slow(self):
        """While Amazon works on it nothing is told again; when that takes too long a person is told."""
        self.amazon.post("settings", vendor_seconds=None)
        order = self.purchased()
        self.tell()
        self.tell(minutes=2)
        transaction = self.row(order).transaction_id
        self.assertEqual((transaction.state, transaction.is_late), ("processing", False))
        with self.later(31):
            self.tell()
        self.assertTrue(transaction.is_late)
        [activity] = self.vendor.activity_ids
        self.assertIn(order.amazon_order_ref, activity.note)
        self.amazon.post(f"vendor/transactions/{transaction.transaction_ref}/process")
        with self.later(80):
            self.tell()
        self.assertEqual((transaction.state, order.amazon_acknowledgement), ("success", "accepted"))
        self.assertFalse(self.vendor.activity_ids)
        self.assertEqual(len(self.submitted()), 1)

    def test_never_ended(self):
        """A transaction that Amazon never ends is given up after a day; the order itself is asked then."""
        self.amazon.post("settings", vendor_seconds=None)
        order = self.purchased()
        self.tell()
        transaction = self.row(order).transaction_id
        self.amazon.post(f"vendor/orders/{order.amazon_order_ref}/acknowledge", code="00")
        with self.later(60 * 25):
            self.tell()
        self.assertEqual(transaction.state, "unknown")
        self.assertEqual(order.amazon_acknowledgement, "accepted")

    def test_own_trouble(self):
        """Where Amazon is in trouble of its own it is told again after growing pauses; then a person is told."""
        self.amazon.post("settings", vendor_seconds=None)
        order = self.purchased()
        trouble = [{"code": "INTERNAL_SERVER_ERROR", "message": "Internal error. Please try again."}]
        minutes = 0
        for pause in (0, 6, 16, 61):
            minutes += pause
            with self.later(minutes):
                self.tell()
            ref = self.row(order).transaction_id.transaction_ref
            self.amazon.post(f"vendor/transactions/{ref}/process", status="Failure", errors=trouble)
            minutes += 2
            with self.later(minutes):
                self.tell()
        self.assertEqual((order.amazon_acknowledgement, len(self.submitted())), ("error", 4))
        self.assertIn("Please try again", order.amazon_vendor_message)
        self.row(order).with_user(self.user).action_retry()
        self.assertEqual(order.amazon_acknowledgement, "sending")

    def test_quota(self):
        """Without quota nothing is told and nothing lost: the job comes again when there is some."""
        orders = self.purchased(count=2)
        self.amazon.post("faults", operation="submitAcknowledgement", kind="429", times=1)
        log = self.tell()
        self.assertEqual((log.state, set(self.row(orders).mapped("state"))), ("partial", {"not_sent"}))
        self.tell(minutes=2)
        self.assertEqual(len(self.submitted()), 2)

    def test_not_taken(self):
        """A call that Amazon does not take as a whole goes order by order: one keeps no others, and has the reason."""
        orders = self.purchased(count=3)
        self.amazon.post("faults", operation="submitAcknowledgement", kind="400", times=2, message="No such thing")
        self.tell()
        self.assertEqual(sorted(orders.mapped("amazon_acknowledgement")), ["error", "sending", "sending"])
        self.assertEqual(len(self.submitted()), 2)
        [wrong] = orders.filtered(lambda order: order.amazon_acknowledgement == "error")
        self.assertIn("No such thing", wrong.amazon_vendor_message)

    def test_size(self):
        """What a hundred orders cost in calls: one each to read, to answer and to ask for the answer's outcome; and
        each order no query more than the one before."""
        queries = []
        for count in (20, 20, 60):
            self.new_vendor()
            orders = self.purchased(count=count, items=[{"sku": "AMZ-PEN-001", "quantity": 1}])
            self.env["stock.quant"]._update_available_quantity(
                self.products["AMZ-PEN-001"], self.warehouse.lot_stock_id, 100
            )
            orders.picking_ids.action_assign()
            self.amazon.control("DELETE", "requests")
            before = sql_db.sql_counter
            self.tell()
            queries.append(sql_db.sql_counter - before)
            self.tell(minutes=2)
            self.assertEqual(set(orders.mapped("amazon_acknowledgement")), {"accepted"})
            calls = self.amazon.get("requests/count")
            self.assertEqual(calls["submitAcknowledgement"], 1)
            self.assertLessEqual(sum(calls.values()) - calls.get("token", 0), 4, calls)
        self.assertLess((queries[2] - queries[1]) / 40, 25, queries)

    def test_denied(self):
        """Without access nothing is told, and it is told once there is access again."""
        order = self.purchased()
        self.amazon.post("faults", operation="submitAcknowledgement", kind="403", times=1)
        self.tell()
        self.assertEqual((self.row(order).state, self.row(order).hint), ("rejected", "access"))
        with self.later(16):
            self.tell()
        self.assertEqual(self.row(order).state, "sending")
