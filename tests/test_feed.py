from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged

from ..selling_partner import fulfillment_feed
from .common_confirmation import ConfirmationCase
from .test_fetch import AUSTRALIA, JAPAN


@tagged("post_install", "-at_install")
class TestFeed(ConfirmationCase):
    """Many confirmations in one feed, and what becomes of each."""

    def setUp(self):
        super().setUp()
        self.account.feed_threshold = 0

    def deliveries(self, count=3):
        """Import and deliver some orders; return the deliveries."""
        return self.deliver_all(self.imported(count=count).picking_ids)

    def work(self, seconds=120):
        """Let Amazon work its feeds off."""
        self.amazon.post("clock", advance=seconds)

    def feed_ending(self, pickings, **outcome):
        """Send these deliveries as one feed, and let Amazon end it as told.

        :param outcome: as the simulator's control API takes it.
        :return: the ``amazon.feed``.
        """
        self.amazon.post("settings", feed_seconds=None)
        self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.amazon.post(f"feeds/{feed.feed_ref}/process", **outcome)
        return feed

    def many_broken_off(self):
        """Deliver more orders than are asked for one by one, and let Amazon break their feed off behind 20 of them;
        return the deliveries."""
        pickings = self.deliveries(25)
        self.feed_ending(pickings, status="FATAL", messages=20)
        self.work(600)
        self.amazon.control("DELETE", "requests")
        return pickings

    def check_twenty_found(self, pickings):
        """See that of :meth:`many_broken_off` those are done that Amazon has, and the others not known."""
        states = pickings.amazon_confirmation_ids.mapped("state")
        self.assertEqual((states.count("done"), states.count("unknown")), (20, 5))

    def fetch_later(self, minutes):
        """Fetch results so many minutes later."""
        with self.later(minutes):
            return self.fetch()

    def check_all_once(self, pickings):
        """See that Amazon has each parcel once and Odoo knows it."""
        for picking in pickings:
            row = picking.amazon_confirmation_ids
            self.assertEqual((row.state, list(self.packages(picking.sale_id))), ("done", [row.reference]), row.message)

    def feeds(self):
        """Return the feeds Amazon has of this seller."""
        return self.amazon.get(f"feeds?merchant_id={self.seller['merchant_id']}")

    def test_ordinary(self):
        """One feed for all; its results message by message; what Amazon refuses says why, in Japanese."""
        pickings = self.deliveries(3)
        bad = pickings[1]
        self.amazon.post(f"orders/{bad.sale_id.amazon_order_ref}/cancel")
        self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.assertEqual((len(feed), feed.state, feed.message_count), (1, "submitted", 3))
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"sending"})
        self.assertEqual(self.calls(), 0)
        self.work()
        log = self.fetch()
        self.assertEqual((log.accepted, log.refused, feed.state), (2, 1, "done"))
        self.check_all_once(pickings - bad)
        row = bad.amazon_confirmation_ids
        self.assertEqual((row.state, feed.accepted_count, feed.refused_count), ("error", 2, 1))
        self.assertRegex(row.message, "[ぁ-ん一-龠]")
        self.assertNotIn("�", row.message)
        self.assertTrue(feed.document and feed.report)
        self.assertIn("feed", " ".join(pickings[0].sale_id.message_ids.mapped("body")))

    def run_cron(self, name):
        """Let a job's cron run two minutes from now."""
        with self.later(2), self.committing(self.account._job(name)) as job:
            job._cron_run()
        self.env.invalidate_all()

    def test_results_are_started_and_stopped_with_confirmation(self):
        """Results are fetched while confirmation is started: the job has its switch and keeps it."""
        picking = self.deliveries(1)
        job = self.account._job("results")
        self.assertEqual((job.has_switch, job.job_state, job.sudo().cron_id.active), (True, "started", True))
        self.send()
        self.work()
        self.account.auto_confirm = False
        self.assertEqual((job.job_state, job.sudo().cron_id.active), ("stopped", False))
        for name in ("results", "confirm_by_hand"):
            self.run_cron(name)
        self.assertEqual(picking.amazon_api_status, "sending")
        self.account.write({"name": "Renamed"})
        self.assertEqual(job.job_state, "stopped", "saving starts nothing")
        self.account._job("confirm").with_user(self.manager).action_toggle()
        self.assertEqual((job.job_state, job.sudo().cron_id.active), ("started", True))
        self.run_cron("results")
        self.check_all_once(picking)

    def test_results_of_what_a_person_asked_for(self):
        """What a person asked for is told and its result fetched, although the automatic jobs are stopped."""
        self.account.auto_confirm = False
        picking = self.deliveries(1)
        picking.with_user(self.user).action_amazon_confirm_now()
        self.run_cron("confirm_by_hand")
        self.assertEqual(picking.amazon_api_status, "sending")
        self.work()
        self.run_cron("confirm_by_hand")
        self.check_all_once(picking)

    def test_results_are_looked_for_again(self):
        """While Amazon is at a feed of a stopped job, whoever fetches its result is woken again and again."""
        self.account.auto_confirm = False
        self.deliveries(1).with_user(self.user).action_amazon_confirm_now()
        cron = self.account._job("confirm_by_hand").sudo().cron_id
        for _time in range(3):
            self.env["ir.cron.trigger"].search([]).unlink()
            self.run_cron("confirm_by_hand")
            self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))

    def test_what_a_person_asks_for_does_not_wait_for_a_stopped_job(self):
        """A feed of the automatic job that was stopped meanwhile keeps what a person asks for from nothing."""
        first = self.deliveries(1)
        self.send()
        self.account.auto_confirm = False
        second = self.deliveries(1)
        second.with_user(self.user).action_amazon_confirm_now()
        for _time in range(3):
            self.work()
            self.run_cron("confirm_by_hand")
        self.check_all_once(first | second)

    def test_still_working(self):
        """While Amazon is at it nothing changes; a second feed waits for the first."""
        first = self.deliveries(1)
        self.send()
        log = self.fetch()
        self.assertEqual((log.state, first.amazon_api_status), ("partial", "sending"))
        second = self.deliveries(1)
        self.send()
        self.assertEqual((second.amazon_api_status, len(self.feeds())), ("not_sent", 1))
        self.assertTrue(second.amazon_confirmation_ids.message)
        self.work()
        self.fetch()
        self.send()
        self.work()
        self.fetch()
        self.check_all_once(first | second)
        self.assertEqual(len(self.feeds()), 2)

    def test_threshold(self):
        """Up to the threshold they go directly, above it as one feed; COD and edits always directly."""
        self.account.feed_threshold = 2
        few = self.deliveries(2)
        self.send()
        self.assertEqual(set(few.amazon_confirmation_ids.mapped("channel")), {"direct"})
        cod = self.delivered("jp_cod")
        many = self.deliveries(3)
        few[0].carrier_tracking_ref = "EDITED"
        self.send()
        self.assertEqual(set(many.amazon_confirmation_ids.mapped("channel")), {"feed"})
        self.assertEqual((cod.amazon_confirmation_ids.channel, cod.amazon_api_status), ("direct", "done"))
        self.assertEqual(few[0].amazon_confirmation_ids.channel, "direct")

    def test_upload_fails(self):
        """Trouble before the feed exists: nothing is at Amazon, the next run starts with a new document."""
        for kind, operation in (
            ("500_html", "createFeedDocument"),
            ("html_200", "createFeedDocument"),
            ("truncated_json", "createFeedDocument"),
            ("503_empty", "uploadFeedDocument"),
            ("cut_before", "uploadFeedDocument"),
        ):
            with self.subTest(kind=kind, operation=operation):
                pickings = self.deliveries(2)
                self.fault(kind, operation)
                self.send()
                self.assertEqual(pickings.amazon_confirmation_ids.feed_id.state, "prepared")
                self.send()
                self.work()
                self.fetch()
                self.check_all_once(pickings)

    def test_feed_throttled(self):
        """No quota for createFeed: nothing is lost, the feed goes with the next token."""
        pickings = self.deliveries(2)
        self.fault("429", "createFeed")
        log = self.send()
        self.assertEqual((log.state, pickings.amazon_confirmation_ids.feed_id.state), ("partial", "prepared"))
        # The next token is due in two minutes.
        self.env["amazon.quota"].search([("operation", "=", "createFeed")]).tokens = 1
        self.send()
        self.work()
        self.fetch()
        self.check_all_once(pickings)
        self.assertEqual(len(self.feeds()), 1)

    def test_create_feed_answer_lost(self):
        """createFeed cut off after Amazon had it: found again, not submitted twice."""
        pickings = self.deliveries(2)
        self.fault("cut_after", "createFeed")
        self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.assertEqual((feed.state, feed.feed_ref), ("submitting", False))
        self.send()
        self.assertEqual(feed.feed_ref, self.feeds()[0]["feedId"])
        self.work()
        self.fetch()
        self.check_all_once(pickings)
        self.assertEqual(len(self.feeds()), 1)

    def test_found_feed_shown_late(self):
        """The orders of a feed that was found again are asked for until Amazon shows their parcels."""
        self.amazon.post("settings", packages_delay=300)
        pickings = self.deliveries(2)
        self.fault("cut_after", "createFeed")
        self.send()
        self.send()
        self.work()
        self.fetch()
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"sending"})
        self.work(600)
        self.fetch_later(3)
        self.check_all_once(pickings)

    def test_create_feed_never_arrived(self):
        """createFeed cut off before Amazon had it: looked for three times, then submitted again."""
        pickings = self.deliveries(2)
        self.fault("cut_before", "createFeed")
        self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.send()
        self.assertEqual((feed.state, feed.asked), ("submitting", 1))
        self.send_later(3)
        self.assertEqual((feed.state, feed.asked), ("submitting", 2))
        self.send_later(15)
        self.work()
        self.fetch()
        self.check_all_once(pickings)
        self.assertEqual(len(self.feeds()), 1)

    def test_fatal_halfway(self):
        """FATAL says nothing of the orders: Amazon is asked; what it lacks is rejected and can be sent again."""
        pickings = self.deliveries(3)
        feed = self.feed_ending(pickings, status="FATAL", messages=2)
        self.fetch()
        states = pickings.amazon_confirmation_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["done", "done", "unknown"])
        self.fetch_later(3)
        self.fetch_later(15)
        lost = pickings.amazon_confirmation_ids.sorted("id")[2]
        self.assertEqual((lost.state, feed.state), ("rejected", "done"))
        self.account.feed_threshold = 500
        lost.with_user(self.user).action_retry()
        self.send()
        self.check_all_once(pickings)

    def test_cancelled(self):
        """A feed cancelled at Amazon has told it nothing."""
        pickings = self.deliveries(2)
        self.feed_ending(pickings, status="CANCELLED")
        self.fetch()
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"rejected"})

    def test_report_missing_or_unreadable(self):
        """Without a readable report the orders themselves tell what became of them."""
        pickings = self.deliveries(2)
        self.feed_ending(pickings, result=False)
        self.fetch()
        self.check_all_once(pickings)
        more = self.deliveries(2)
        feed = self.feed_ending(more)
        self.fault("html_200", "downloadFeedDocument", times=None)
        for minutes in range(0, 20, 3):
            self.fetch_later(minutes)
        self.check_all_once(more)
        self.assertEqual(feed.state, "done")

    def test_report_of_another_status(self):
        """A report that does not call itself complete proves nothing, whatever else it leaves out."""
        for status in ("Rejected", "Processing", "AwaitingAsynchronousReply"):
            with self.subTest(status=status):
                pickings = self.deliveries(2)
                feed = self.feed_ending(pickings, report_status=status)
                for minutes in range(0, 30, 3):
                    self.fetch_later(minutes)
                self.assertEqual(set(pickings.mapped("amazon_api_status")), {"unknown"})
                self.assertEqual((feed.state, feed.accepted_count), ("done", 0))

    def test_amazon_does_not_come_to_it(self):
        """A feed that stays in Amazon's queue for half a day is taken back; one that stays unfinished is asked for."""
        self.amazon.post("settings", feed_seconds=None)
        waiting = self.deliveries(2)
        self.send()
        self.fetch_later(11 * 60)
        self.assertEqual(set(waiting.mapped("amazon_api_status")), {"sending"})
        self.fetch_later(12 * 60 + 5)
        self.fetch_later(12 * 60 + 10)
        self.assertEqual(set(waiting.mapped("amazon_api_status")), {"rejected"})
        self.assertEqual([feed["processingStatus"] for feed in self.feeds()], ["CANCELLED"])
        begun = self.deliveries(2)
        self.feed_ending(begun, status="IN_PROGRESS")
        for minutes in (12 * 60 + 5, 12 * 60 + 10, 12 * 60 + 30):
            self.fetch_later(minutes)
        self.assertEqual(set(begun.mapped("amazon_api_status")), {"unknown"})
        self.assertIn("12", begun[0].amazon_api_message)

    def test_report_that_amazon_refuses(self):
        """Amazon refuses to hand over the report: the orders tell."""
        pickings = self.deliveries(2)
        self.send()
        self.work()
        self.fault("400", "getFeedDocument", times=None)
        for minutes in range(0, 20, 3):
            self.fetch_later(minutes)
        self.check_all_once(pickings)

    def test_asking_denied_for_one_order(self):
        """An order that Amazon denies keeps neither the others nor the next feed waiting for ever; when all are
        denied, that says nothing of the orders."""
        pickings = self.deliveries(3)
        feed = self.feed_ending(pickings, result=False)
        self.fault("403", "getOrder", times=None)
        for minutes in (0, 3, 15, 30):
            self.fetch_later(minutes)
        self.assertEqual((feed.state, self.account._job("results").error_kind), ("asking", "access"))
        self.amazon.control("DELETE", "faults")
        self.fault("403", "getOrder", times=None, match={"orderId": pickings[0].sale_id.amazon_order_ref})
        for minutes in (45, 50, 65):
            self.fetch_later(minutes)
        self.assertEqual((feed.state, pickings.mapped("amazon_api_status")), ("done", ["unknown", "done", "done"]))
        self.fault("403", "getOrder", times=None)
        alone = self.deliveries(1)
        feed = self.feed_ending(alone, result=False)
        for hours in (0, 11):
            self.fetch_later(60 * hours)
            self.assertEqual(feed.state, "asking")
        for minutes in (5, 10, 30):
            self.fetch_later(60 * 12 + minutes)
        self.assertEqual((feed.state, alone.amazon_api_status), ("done", "unknown"))

    def test_two_parcels_of_an_order(self):
        """Of two parcels of an order in a feed, each is told once that Amazon has it."""
        self.amazon.post("settings", empty_tracking="refuse")
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        order.picking_ids.carrier_id = self.mail
        first, rest = self.split(order, False)
        self.deliver(rest, False)
        self.feed_ending(first | rest, result=False)
        self.assertEqual(order.amazon_confirmation_ids.mapped("channel"), ["feed"] * 2)
        self.fetch()
        self.assertEqual(order.amazon_confirmation_ids.mapped("state"), ["done"] * 2)
        told = order.message_ids.filtered(lambda message: "has accepted" in message.body)
        self.assertEqual(len(told), 2, told.mapped("body"))

    def two_countries(self):
        """Deliver two orders in each of two marketplaces of one account; return the deliveries of both."""
        if self.seller["marketplaces"] != [JAPAN, AUSTRALIA]:
            self.seller = self.amazon.seller(marketplaces=[JAPAN, AUSTRALIA])
            self.account = self._connect(self.seller, name="Two countries", auto_confirm=True, feed_threshold=0)
        home, away = (self.imported(kind, count=2).picking_ids for kind in ("jp_standard", "au_standard"))
        # Amazon does not know Japan's carriers everywhere.
        carrier = self.make_carrier("Other", "赤帽", "通常便")
        for picking in home + away:
            picking.carrier_id = carrier
            self.deliver(picking)
        return home, away

    def test_one_marketplace_denied(self):
        """A marketplace that Amazon denies holds back nothing of the others, whichever it is; what is denied is told,
        and tried again by itself."""
        for number in range(2):
            pickings = self.two_countries()
            allowed, denied = pickings[number], pickings[1 - number]
            seller = f"sellers/{self.seller['merchant_id']}"
            self.amazon.control("PATCH", seller, marketplaces=allowed.sale_id.amazon_marketplace_id.mapped("api_ref"))
            self.send()
            self.assertEqual(allowed.mapped("amazon_api_status"), ["sending"] * 2)
            self.work()
            self.fetch()
            self.check_all_once(allowed)
            # What comes behind in the order of marketplaces has waited for that feed.
            self.send()
            self.assertEqual(denied.mapped("amazon_api_status"), ["rejected"] * 2)
            self.assertEqual(denied.amazon_confirmation_ids.mapped("hint"), ["access"] * 2)
            self.assertEqual(self.account._job("confirm").error_kind, "access")
            self.amazon.control("PATCH", seller, marketplaces=[JAPAN, AUSTRALIA])
            self.send_later(20)
            self.work()
            self.fetch_later(25)
            self.check_all_once(denied)

    def test_text_too_long_for_a_feed(self):
        """What only a feed has no room for goes directly."""
        self.yamato.amazon_ship_method = "あ" * 60
        pickings = self.deliveries(2)
        self.send()
        self.check_all_once(pickings)
        self.assertEqual((self.calls(), self.feeds()), (2, []))
        # What can go in no other way says what to do.
        self.amazon.post("settings", empty_tracking="refuse")
        self.mail.amazon_ship_method = "あ" * 60
        order = self.imported()
        order.picking_ids.carrier_id = self.mail
        picking = self.deliver(order.picking_ids, False)
        log = self.send()
        self.assertEqual((picking.amazon_api_status, picking.amazon_confirmation_ids.hint), ("error", "too_long"))
        self.assertIn(self.mail.name, picking.amazon_api_message)
        self.assertEqual((log.accepted, log.refused, self.feeds()), (0, 1, []))

    def test_many_asked_by_search(self):
        """More than a few are asked for by searching, with their parcels."""
        pickings = self.many_broken_off()
        self.fetch()
        self.assertGreaterEqual(self.calls("searchOrders"), 1)
        self.assertEqual(self.calls("getOrder"), 0)
        self.check_twenty_found(pickings)

    def test_same_page_while_asking(self):
        """The same orders on every page: noticed and told, instead of using up the import's quota; then it goes on."""
        pickings = self.many_broken_off()
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        self.fault("same_page", operation="searchOrders", times=None)
        self.fetch()
        self.assertLessEqual(self.calls("searchOrders"), 4)
        self.assertEqual(self.account._job("results").error_kind, "later")
        self.assertNotIn("rejected", pickings.mapped("amazon_api_status"))
        self.amazon.control("DELETE", "faults")
        self.fetch()
        self.check_twenty_found(pickings)

    def test_whole_document_refused(self):
        """A report that refuses the whole document refuses every row of it."""
        pickings = self.deliveries(2)
        self.account.merchant_id = "A1WRONGMERCHANT"
        self.send()
        self.work()
        self.fetch()
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"rejected"})

    def test_references_given_by_amazon(self):
        """Should Amazon number what comes in feeds itself: known by number and units, and corrected, not doubled."""
        self.amazon.post("settings", feed_references="given", feed_seconds=None)
        self.addCleanup(self.amazon.post, "settings", feed_references="kept")
        lost, told = self.deliveries(1), self.deliveries(1)
        self.send()
        feed = lost.amazon_confirmation_ids.feed_id
        self.assertEqual(feed, told.amazon_confirmation_ids.feed_id)
        self.amazon.post(f"feeds/{feed.feed_ref}/process", result=False)
        self.fetch()
        self.assertEqual([p.amazon_confirmation_ids.reference for p in (lost, told)], ["1", "1"])
        normal = self.deliveries(1)
        self.send()
        self.amazon.post(f"feeds/{normal.amazon_confirmation_ids.feed_id.feed_ref}/process")
        self.fetch()
        for picking in (lost, normal):
            picking.carrier_tracking_ref = "CORRECTED"
        self.send()
        for picking in (lost, normal):
            self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["CORRECTED"])
            self.assertEqual(picking.amazon_api_status, "done")

    def test_answer_of_a_correction_is_lost(self):
        """What went in a feed once and is corrected directly is asked for like everything else when the answer is
        lost."""
        picking = self.deliveries(1)
        self.send()
        self.work()
        self.fetch()
        picking.carrier_tracking_ref = "CORRECTED"
        self.amazon.post("faults", operation="confirmShipment", kind="cut_after")
        self.send()
        self.assertEqual(picking.amazon_api_status, "sending")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=2), tick=True):
            self.send()
        self.assertEqual(picking.amazon_api_status, "done")

    def test_encodings(self):
        """Reports in every language and charset a seller may have set, wherever the charset is told, if anywhere."""
        # Of these, 髙 and ① are in Windows' Shift_JIS only.
        carrier = self.make_carrier("髙①運輸", "髙①運輸", "便")
        words = {
            "ja": "carrier-code「髙①運輸」は無効です。"
            "一覧にない配送業者の場合は「Other」とcarrier-nameを入力してください。",
            "en": "CarrierCode: 髙①運輸 is invalid for marketplace A1VC38T7YXB528. Use Other and a carrier name for"
            " carriers that are not listed.",
        }
        reports = (
            ("ja", "Shift_JIS", None),
            ("en", "Shift_JIS", None),
            ("ja", "utf-8", "misdeclared"),
            ("ja", "utf-8_undeclared", "misdeclared"),
            ("ja", "utf-8_undeclared", "undeclared"),
            ("ja", "Windows-31J", "declared"),
            ("en", "Windows-31J", "declared"),
            ("ja", "Windows-31J", "undeclared"),
            ("ja", "Windows-31J", "misdeclared"),
            ("ja", "Shift_JIS", "declared"),
            ("ja", "Shift_JIS_undeclared", "declared"),
            ("ja", "Shift_JIS_undeclared", "undeclared"),
            ("ja", "UTF-16", "declared"),
            ("ja", "UTF-16", "misdeclared"),
            ("ja", "UTF-16_undeclared", "undeclared"),
        )
        orders = self.imported(count=len(reports))
        for order, (language, encoding, xml) in zip(orders, reports, strict=True):
            with self.subTest(language=language, encoding=encoding, xml=xml):
                self.amazon.control(
                    "PATCH",
                    f"sellers/{self.seller['merchant_id']}",
                    feed_language=language,
                    feed_encoding=encoding,
                    feed_xml=xml,
                )
                order.picking_ids.carrier_id = carrier
                row = self.deliver(order.picking_ids).amazon_confirmation_ids
                self.send()
                self.work()
                self.fetch()
                self.assertEqual((row.state, row.message, row.hint), ("error", words[language], "carrier"))
                self.assertIn("髙①運輸", " ".join(order.message_ids.mapped("body")))

    def test_compressed(self):
        """Compressed reports are read."""
        self.amazon.post("settings", feed_compression=True)
        pickings = self.deliveries(1)
        self.send()
        self.work()
        self.fetch()
        self.check_all_once(pickings)
        self.amazon.post("settings", feed_compression=False)

    # --- corrected, asked for or disturbed meanwhile

    def test_corrected_before_the_refusal(self):
        """What was corrected while Amazon was at it is sent again, although the feed's report refuses what it got."""
        [order] = self.imported()
        order.picking_ids.carrier_id = self.make_carrier("NOBODY", "誰も", "便")
        picking = self.deliver(order.picking_ids)
        self.send()
        picking.carrier_id = self.yamato
        self.work()
        self.fetch()
        self.assertEqual(picking.amazon_api_status, "not_sent")
        self.send()
        self.work()
        self.fetch()
        self.check_all_once(picking)

    def test_corrected_while_unclear(self):
        """What is corrected before it is known what became of it does not wait for a parcel that Amazon never got."""
        picking = self.deliveries(1)
        self.feed_ending(picking, status="FATAL")
        self.fetch()
        self.assertEqual(picking.amazon_api_status, "unknown")
        picking.carrier_tracking_ref = "CORRECTED"
        for minutes in (0, 3, 20, 40, 60):
            self.send_later(minutes)
            self.fetch_later(minutes)
        self.check_all_once(picking)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["CORRECTED"])

    def given_by_amazon(self):
        """Let Amazon number what comes in feeds itself."""
        self.amazon.post("settings", feed_references="given", feed_seconds=None)
        self.addCleanup(self.amazon.post, "settings", feed_references="kept")

    def one_of_two(self):
        """Deliver one of two units; return the delivery."""
        return self.split(self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}]), "FIRST")[0]

    def test_own_parcel_is_not_elsewhere(self):
        """A parcel of ours that Amazon has numbered itself is not mistaken for one that somebody entered there."""
        self.given_by_amazon()
        picking = self.one_of_two()
        self.feed_ending(picking)
        self.fetch()
        self.assertEqual(picking.amazon_api_status, "done")
        second = picking.sale_id.picking_ids - picking
        self.deliver(second, False)
        self.amazon.post("clock", advance=600)
        self.import_orders()
        self.assertEqual(second.amazon_api_status, "not_sent")
        second.carrier_tracking_ref = "SECOND"
        self.send()
        numbers = [package["trackingNumber"] for package in self.packages(picking.sale_id).values()]
        self.assertEqual((sorted(numbers), second.amazon_api_status), (["FIRST", "SECOND"], "done"))

    def test_retry_asks_first(self):
        """What nobody could tell is asked for before it is sent again: Amazon may have it under another reference."""
        self.given_by_amazon()
        picking = self.one_of_two()
        self.amazon.post("settings", packages_delay=3600)
        self.feed_ending(picking, result=False)
        for minutes in (0, 3, 15):
            self.fetch_later(minutes)
        self.assertEqual(picking.amazon_api_status, "unknown")
        self.amazon.post("clock", advance=7200)
        picking.amazon_confirmation_ids.with_user(self.user).action_retry()
        self.send()
        self.assertEqual((len(self.packages(picking.sale_id)), picking.amazon_api_status), (1, "done"))

    def test_reset_by_hand_edits(self):
        """What is set to be sent again edits the parcel, whatever reference Amazon gave it."""
        self.given_by_amazon()
        picking = self.one_of_two()
        self.feed_ending(picking)
        self.fetch()
        self.env["amazon.confirmation"].with_user(self.user)._set_status(picking.sale_id, "not_sent")
        self.send()
        self.assertEqual((len(self.packages(picking.sale_id)), picking.amazon_api_status), (1, "done"))

    def test_asking_for_one_stops_no_others(self):
        """Trouble in finding out under which reference Amazon has one parcel does not stop what comes after it."""
        told = self.deliveries(1)
        self.send()
        self.work()
        self.fetch()
        told.carrier_tracking_ref = "CORRECTED"
        self.account.feed_threshold = 500
        other = self.deliveries(1)
        for kind in ("html_200", "500_html", "400"):
            self.fault(kind, operation="getOrder", times=None, match={"orderId": told.sale_id.amazon_order_ref})
            self.send_later(16)
            self.assertEqual((told.amazon_api_status, other.amazon_api_status), ("not_sent", "done"), kind)
            self.amazon.control("DELETE", "faults")
            other.carrier_tracking_ref = f"AGAIN {kind}"
        self.send_later(40)
        self.assertEqual((told.amazon_api_status, other.amazon_api_status), ("done", "done"))

    def test_feed_that_amazon_does_not_know(self):
        """A feed that Amazon does not know (any more) is not asked for for ever: the orders tell."""
        pickings = self.deliveries(2)
        self.send()
        self.work()
        pickings.amazon_confirmation_ids.feed_id.feed_ref = "50000000001"
        self.fetch()
        self.check_all_once(pickings)
        self.assertEqual(pickings.amazon_confirmation_ids.feed_id.state, "done")

    def test_order_that_cannot_be_read(self):
        """One order that cannot be read keeps neither the others nor the next feed waiting for ever."""
        for operation, count in (("getOrder", 2), ("searchOrders", 22)):
            with self.subTest(operation=operation):
                pickings = self.deliveries(count)
                feed = self.feed_ending(pickings, result=False)
                self.work(600)
                self.fault("malformed_order", operation=operation, times=None, variant="quantity_letter")
                for minutes in (0, 3, 15):
                    self.fetch_later(minutes)
                self.amazon.control("DELETE", "faults")
                self.assertEqual(feed.state, "done")
                self.assertNotIn("sending", pickings.mapped("amazon_api_status"))

    def test_somebody_elses_feed(self):
        """A feed of another program's, found after a cut createFeed, proves nothing of ours."""
        pickings = self.deliveries(2)
        self.amazon.post("settings", feed_seconds=None)
        self.fault("cut_before", "createFeed")
        self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        other = self.imported()
        self.deliver(other.picking_ids, "OTHER")
        row = other.amazon_confirmation_ids
        with self.committing(self.account) as account, account._selling_partner() as amazon:
            document = amazon.feeds.create_document("text/xml; charset=UTF-8")
            content = fulfillment_feed(account.merchant_id, [(7, row._shipment())])
            amazon.feeds.upload(document.url, content, "text/xml; charset=UTF-8")
            theirs = amazon.feeds.create(feed.feed_type, ["A1VC38T7YXB528"], document.document_id)
        self.send()
        self.assertEqual(feed.feed_ref, theirs)
        self.amazon.post(f"feeds/{theirs}/process")
        for minutes in (0, 3, 15):
            self.fetch_later(minutes)
        self.assertNotIn("done", pickings.mapped("amazon_api_status"))

    def test_held_after_it_was_looked_at(self):
        """What is put on hold while a feed is being made does not go into it."""
        pickings = self.deliveries(2)
        rows = pickings.amazon_confirmation_ids
        ready = {row.id: row._look() for row in rows}
        self.assertTrue(all(ready.values()))
        pickings[0].sale_id.amazon_on_hold = True
        self.assertEqual(rows._fit_for_feed(ready).picking_id, pickings[1])

    def test_log_tells_of_the_feed(self):
        """The API log says which feed a run has handed over and how many are in it; what is refused here counts."""
        pickings = self.deliveries(3)
        self.delivered(number="なし")
        log = self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.assertEqual(
            (log.state, log.accepted, log.refused, log.message),
            ("done", 0, 1, f"Feed {feed.feed_ref}: 3 confirmations sent."),
        )
        self.work()
        log = self.fetch()
        self.assertEqual((log.accepted, log.refused), (3, 0))

    def test_log_tells_of_a_feed_found_again(self):
        """The run that finds the feed whose submission was cut off tells of it; the run that lost it tells why."""
        pickings = self.deliveries(2)
        self.fault("cut_after", "createFeed")
        log = self.send()
        self.assertEqual((log.state, log.accepted, log.refused), ("failed", 0, 0))
        self.assertNotIn("confirmations sent", log.message)
        log = self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        self.assertEqual((log.state, log.message), ("done", f"Feed {feed.feed_ref}: 2 confirmations sent."))

    def test_log_tells_of_the_feed_and_of_trouble(self):
        """What a run did still stands in the log when it ends in trouble."""
        pickings = self.deliveries(2)
        cod = self.delivered("jp_cod")
        self.fault("403_forbidden_message")
        log = self.send()
        feed = pickings.amazon_confirmation_ids.feed_id
        sent, trouble, *_amazons_words = log.message.split("\n")
        self.assertEqual((log.state, sent), ("failed", f"Feed {feed.feed_ref}: 2 confirmations sent."))
        self.assertTrue(trouble)
        self.assertEqual((cod.amazon_api_status, cod.amazon_confirmation_ids.hint), ("rejected", "access"))
        self.assertEqual(self.account._job("confirm").error_kind, "access")

    def test_feed_refused(self):
        """A feed that Amazon does not take has failed with all that is in it; log, rows and mail say so at once, feed
        and log to each reader in the own language."""
        self.env["res.lang"]._activate_lang("ja_JP")
        for operation in ("createFeed", "createFeedDocument"):
            with self.subTest(operation=operation):
                pickings = self.deliveries(2)
                self.fault("400", operation, message="The feed is not welcome.")
                log = self.send()
                feed = pickings.amazon_confirmation_ids.feed_id
                self.assertEqual((feed.state, set(pickings.mapped("amazon_api_status"))), ("failed", {"rejected"}))
                self.assertEqual((log.state, log.accepted, log.refused, log.message), ("done", 0, 2, feed.message))
                self.assertIn("not welcome", log.message)
                for told in (feed, log):
                    self.assertRegex(told.with_context(lang="ja_JP").message, "[ぁ-ん].*not welcome")
                self.assertEqual(len(self.feeds()), 0)

    def test_feed_in_trouble_stops_no_direct_ones(self):
        """While a feed cannot be handed over, what goes directly goes."""
        self.deliveries(2)
        self.fault("503_empty", "uploadFeedDocument", times=None)
        self.send()
        cod = self.delivered("jp_cod")
        log = self.send()
        self.assertEqual((cod.amazon_api_status, log.state), ("done", "failed"))
