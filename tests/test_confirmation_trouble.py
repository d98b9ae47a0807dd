from odoo.tests import tagged

from ..refusals import PURPOSES
from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmationTrouble(ConfirmationCase):
    """Rule 2: nothing is sent twice, and nothing is believed sent that was not."""

    def told(self, picking):
        """Return what Amazon was told of an order, oldest first."""
        return self.amazon.get(f"orders/{picking.sale_id.amazon_order_ref}/confirmations")

    def check_once(self, picking):
        """See that Amazon has exactly one parcel, told once, and that Odoo knows it."""
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, list(self.packages(picking.sale_id))), ("done", [row.reference]), row.message)
        self.assertEqual(len(self.told(picking)), 1)

    def unclear(self, picking):
        """See that the row says that it is being sent."""
        self.assertEqual(picking.amazon_confirmation_ids.state, "sending")
        self.assertFalse(self.send(), "not asked before its time has come")

    def test_asking_does_not_keep_from_sending(self):
        """What has to be asked for comes after what can be sent, and gives up when Amazon does not answer."""
        *unclear, ready = self.all_delivered(6)
        for picking in unclear:
            picking.amazon_confirmation_ids._mark_sending("direct")
        self.fault("500_html", "getOrder", times=None)
        self.amazon.control("DELETE", "requests")
        self.send()
        self.assertEqual(ready.amazon_api_status, "done")
        self.assertEqual(self.calls("getOrder"), 3)
        self.assertEqual(self.account._job("confirm").error_kind, "later")

    def test_one_that_cannot_be_looked_at(self):
        """A record that makes no sense stops no other; it says so itself."""
        good, bad = self.all_delivered(2)
        bad.amazon_confirmation_ids.quantities = {"1": "many"}
        self.send()
        self.assertEqual((good.amazon_api_status, bad.amazon_api_status), ("done", "error"))

    # --- the answer is lost

    def test_answer_lost_after_amazon_acted(self):
        """Amazon has it, its answer never came: it is asked, not told again."""
        for kind in ("cut_after", "500_after", "html_200"):
            with self.subTest(kind=kind):
                picking = self.delivered()
                self.fault(kind)
                self.send()
                self.unclear(picking)
                self.send_later(2)
                if kind == "html_200":
                    # This one answers instead of Amazon: asked in vain twice more, then sent again.
                    self.send_later(5)
                    self.send_later(20)
                self.check_once(picking)

    def test_lost_answer_is_told(self):
        """That an answer was lost stands in the run's log, on the delivery and on the order, until it is known."""
        picking = self.delivered()
        self.fault("cut_after")
        log = self.send()
        self.assertEqual(log.state, "done", "the job goes on")
        self.assertTrue(log.message)
        mine = picking.with_user(self.user)
        for record in (mine, mine.sale_id):
            self.assertEqual(record.amazon_api_message, mine.sudo().amazon_confirmation_ids._doubt())
        self.assertFalse(self.send_later(2).message)
        for record in (mine, mine.sale_id):
            record.invalidate_recordset()
            self.assertFalse(record.amazon_api_message)

    def test_not_found_is_not_yet_not_sent(self):
        """Amazon shows parcels minutes later: asked after 1, 2 and 10 minutes; found at the third time."""
        picking = self.delivered()
        self.amazon.post("settings", packages_delay=700)
        self.fault("cut_after")
        self.send()
        self.send_later(2)
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.asked), ("sending", 1))
        self.send_later(5)
        self.assertEqual((row.state, row.asked), ("sending", 2))
        self.amazon.post("clock", advance=800)
        self.send_later(20)
        self.check_once(picking)

    def test_never_arrived(self):
        """Amazon never got it: after asking three times it is sent again, under the same reference."""
        picking = self.delivered()
        row = picking.amazon_confirmation_ids
        reference = row.reference
        self.fault("cut_before")
        self.send()
        self.unclear(picking)
        for minutes in (2, 5, 20):
            self.assertEqual(row.state, "sending")
            self.send_later(minutes)
        self.check_once(picking)
        self.assertEqual(row.reference, reference)

    def test_several_without_answers(self):
        """One order without answers does not stop the others; three in a row end the run for now."""
        pickings = self.all_delivered(3)
        first = pickings[0].sale_id.amazon_order_ref
        self.fault("500_html", times=None, match={"orderId": first})
        log = self.send()
        self.assertEqual([p.amazon_confirmation_ids.state for p in pickings], ["sending", "done", "done"])
        self.assertEqual((log.state, log.accepted), ("done", 2))
        self.amazon.control("DELETE", "faults")
        more = self.all_delivered(5)
        self.fault("503_empty", times=None)
        log = self.send()
        self.assertEqual(log.state, "failed")
        self.assertEqual([p.amazon_confirmation_ids.state for p in more], ["sending"] * 3 + ["not_sent"] * 2)
        self.amazon.control("DELETE", "faults")
        for minutes in (2, 5, 20):
            self.send_later(minutes)
        for picking in (*pickings, *more):
            self.check_once(picking)

    def test_asking_fails_too(self):
        """Asking may fail as well; the row stays as it is and is asked again."""
        picking = self.delivered()
        self.fault("cut_after")
        self.send()
        self.fault("500_html", operation="getOrder")
        self.send_later(2)
        self.assertEqual(picking.amazon_confirmation_ids.state, "sending")
        self.send_later(4)
        self.check_once(picking)

    def test_asking_stops_no_sending(self):
        """Amazon may refuse to be asked: what is ready goes out in the same run, and the trouble is told."""
        for fault, state, kind, asking in (
            ("403_forbidden_message", "failed", "access", "getOrder"),
            ("429", "partial", "quota", str(PURPOSES["getOrder"])),
        ):
            with self.subTest(fault=fault):
                unclear = self.delivered()
                self.fault("cut_after")
                self.send()
                ready = self.delivered()
                self.fault(fault, operation="getOrder", times=None)
                log = self.send_later(2)
                self.assertEqual((unclear.amazon_api_status, ready.amazon_api_status), ("sending", "done"))
                self.assertEqual((log.state, log.accepted), (state, 1))
                job = self.account._job("confirm").sudo()
                self.assertEqual(job.error_kind, kind)
                self.assertIn(asking, job.last_error)
                self.assertIn(asking, log.message)
                self.amazon.control("DELETE", "faults")
                self.send_later(20)
                self.assertFalse(job.error_kind)
                for picking in (unclear, ready):
                    self.check_once(picking)

    def test_asking_denied_stops_no_feed(self):
        """Nor does it stop a feed that an earlier run has begun, or a new one."""
        self.account.feed_threshold = 1
        unclear = self.delivered()
        self.fault("cut_after")
        self.send()
        begun = self.all_delivered(2)
        self.fault("503_empty", operation="uploadFeedDocument")
        self.send()
        self.fault("403_forbidden_message", operation="getOrder", times=None)
        self.send_later(2)
        feed = begun[0].amazon_confirmation_ids.feed_id
        self.assertEqual((unclear.amazon_api_status, feed.state), ("sending", "submitted"))

    def test_edit_without_answer(self):
        """An edit whose answer was lost: Amazon shows which number it has."""
        picking = self.delivered()
        self.send()
        picking.carrier_tracking_ref = "NEW"
        self.fault("cut_before")
        self.send()
        self.assertEqual(picking.amazon_confirmation_ids.state, "sending")
        for minutes in (2, 5, 20):
            self.send_later(minutes)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["NEW"])
        self.assertEqual((picking.amazon_api_status, len(self.told(picking))), ("done", 2))

    def test_other_carrier_without_answer(self):
        """An edit that leaves the number alone, and whose answer was lost: the parcel being there proves nothing."""
        for kind in ("cut_before", "cut_after"):
            with self.subTest(kind=kind):
                picking = self.delivered()
                self.send()
                picking.carrier_id = self.sagawa
                self.fault(kind)
                self.send()
                self.assertEqual(picking.amazon_api_status, "sending")
                for minutes in (2, 5, 20):
                    self.send_later(minutes)
                [package] = self.packages(picking.sale_id).values()
                self.assertEqual((package["carrier"], package["shippingService"]), ("SAGAWA", "飛脚宅配便"))
                self.assertEqual((picking.amazon_api_status, len(self.told(picking))), ("done", 2))

    def test_changed_while_being_sent(self):
        """A number corrected while the answer is outstanding is sent after it."""
        picking = self.delivered()
        self.fault("cut_after")
        self.send()
        picking.carrier_tracking_ref = "CORRECTED"
        self.assertEqual(picking.amazon_confirmation_ids.state, "sending")
        self.send_later(2)
        self.send_later(3)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["CORRECTED"])
        self.assertEqual(picking.amazon_api_status, "done")

    def test_changed_before_the_refusal(self):
        """What was corrected while Amazon was asked is sent again, although Amazon refuses what it was told."""
        picking = self.delivered()
        row = picking.amazon_confirmation_ids
        row._mark_sending("direct")
        picking.carrier_tracking_ref = "CORRECTED"
        row._refused("error", "The tracking number is invalid.", "tracking")
        self.assertEqual((row.state, row.tracking_number), ("not_sent", "CORRECTED"))

    # --- quota, credentials, access

    def test_throttled_once(self):
        """A 429 costs a pause inside the run; nothing is told twice."""
        pickings = self.all_delivered(2)
        self.fault("429")
        log = self.send()
        self.assertEqual((log.state, log.accepted, self.calls()), ("done", 2, 3))
        for picking in pickings:
            self.check_once(picking)

    def test_throttled(self):
        """While Amazon refuses every call the row is as it was, and the cron is woken."""
        picking = self.delivered()
        self.fault("429", times=None)
        log = self.send()
        self.assertEqual((log.state, picking.amazon_api_status), ("partial", "not_sent"))
        self.assertLessEqual(self.calls(), 4)
        self.amazon.control("DELETE", "faults")
        self.send()
        self.check_once(picking)

    def test_access_denied(self):
        """Without access nothing was sent: said on the delivery and the account; tried again by itself. It is the job's
        trouble: that others succeed does not make the account a sound one."""
        picking = self.delivered()
        self.fault("403_forbidden_message")
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.hint, self.account.connection_state), ("rejected", "access", "broken"))
        self.import_orders()
        jobs = {job.name: job.error_kind for job in self.account.job_ids if job.last_run}
        self.assertEqual((jobs, self.account.connection_state), ({"confirm": "access", "orders": False}, "broken"))
        self.send_later(20)
        self.check_once(picking)
        self.assertEqual(self.account.connection_state, "ok")

    def test_access_denied_to_what_was_asked_for(self):
        """What a person asked for is still asked for when access is there again, whether the job is started or not."""
        self.account.auto_confirm = False
        picking = self.delivered()
        picking.with_user(self.user).action_amazon_confirm_now()
        self.fault("403_forbidden_message")
        self.send(requested=True)
        self.assertEqual(picking.amazon_api_status, "rejected")
        with self.later(20):
            self.send(requested=True)
        self.check_once(picking)

    def deny(self, pickings, operation="confirmShipment"):
        """Let Amazon deny access to single orders."""
        for picking in pickings:
            self.fault("403", operation, times=None, match={"orderId": picking.sale_id.amazon_order_ref})

    def test_access_denied_to_single_orders(self):
        """Orders that Amazon denies stop no others: neither those behind them, nor, when they are tried again, those
        that have come since; it is told all the same."""
        pickings = self.all_delivered(4)
        self.deny(pickings[:2])
        log = self.send()
        self.assertEqual([p.amazon_api_status for p in pickings], ["rejected"] * 2 + ["done"] * 2)
        self.assertEqual((log.state, log.accepted, self.account.connection_state), ("failed", 2, "broken"))
        # Three in a row, and it may be all.
        more = self.all_delivered(4)
        self.deny(more[:3])
        self.send()
        self.assertEqual([p.amazon_api_status for p in more], ["rejected"] * 3 + ["not_sent"])
        self.send_later(20)
        self.assertEqual([p.amazon_api_status for p in more], ["rejected"] * 3 + ["done"])
        self.amazon.control("DELETE", "faults")
        self.send_later(40)
        for picking in (*pickings, *more):
            self.check_once(picking)
        self.assertEqual(self.account.connection_state, "ok")

    def test_asking_denied_for_single_orders(self):
        """Nor do they keep it from being asked what became of others."""
        pickings = self.all_delivered(3)
        self.fault("cut_after", times=2)
        self.send()
        self.assertEqual([p.amazon_api_status for p in pickings], ["sending", "sending", "done"])
        self.deny(pickings[:1], "getOrder")
        log = self.send_later(2)
        self.assertEqual([p.amazon_api_status for p in pickings], ["sending", "done", "done"])
        self.assertEqual(log.state, "failed")
        self.amazon.control("DELETE", "faults")
        self.send_later(4)
        self.check_once(pickings[0])

    def test_revoked(self):
        """With a revoked authorization nothing is marked; the account says what to do."""
        picking = self.delivered()
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=True)
        self.send()
        self.assertEqual(self.account.connection_state, "broken")
        self.assertEqual(self.account._job("confirm").error_kind, "credentials")
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=False)
        self.send_later(20)
        self.check_once(picking)

    # --- Amazon's own words

    def test_ship_plus(self):
        """A Ship+ order needs no confirmation: it is not ours."""
        [ref] = self.place()
        self.amazon.control("PATCH", f"orders/{ref}", set={"programs": ["FBM_SHIP_PLUS"]})
        self.import_orders()
        order = self.orders(ref)
        self.assertFalse(order.amazon_api_status)
        self.deliver(order.picking_ids)
        self.assertFalse(self.send())

    def test_ship_plus_unknown_here(self):
        """Where Odoo did not know it, Amazon's refusal says so, and nothing is left to do."""
        picking = self.delivered()
        self.amazon.control("PATCH", f"orders/{picking.sale_id.amazon_order_ref}", set={"programs": ["FBM_SHIP_PLUS"]})
        self.send()
        self.assertEqual(picking.amazon_api_status, "done")

    def test_transparency(self):
        """Items of the Transparency program are held until each unit's code is there; then the codes are sent."""
        [ref] = self.place(items=[{"sku": "AMZ-CUP-001", "quantity": 2, "set": {"programs": ["TRANSPARENCY"]}}])
        self.import_orders()
        picking = self.deliver(self.orders(ref).picking_ids)
        self.assertTrue(picking.move_ids.amazon_needs_codes)
        self.send()
        self.assertEqual(self.calls(), 0)
        self.assertEqual(picking.amazon_confirmation_ids.hint, "codes")
        for name in ("AMZ-CUP-001", "2", picking.name):
            self.assertIn(name, picking.amazon_api_message)
        picking.move_ids.with_user(self.user).amazon_transparency_codes = "AZ:1, AZ:2"
        self.send()
        self.assertEqual(picking.amazon_api_status, "done", picking.amazon_api_message)
        [package] = self.packages(picking.sale_id).values()
        self.assertEqual(package["packageItems"][0]["transparencyCodes"], ["AZ:1", "AZ:2"])

    def test_secrets_stay_here(self):
        """No message on a record carries a token."""
        picking = self.delivered()
        self.fault("400", message="token Atza|secret-token and mail a@example.com")
        self.send()
        text = f"{picking.amazon_confirmation_ids.message} {picking.sale_id.message_ids.mapped('body')}"
        self.assertNotIn("secret-token", text)
