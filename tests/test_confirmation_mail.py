from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, html2plaintext, mute_logger
from odoo.tools.constants import PREFETCH_MAX

from ..models.confirmations import amazon_confirmation_mail
from .common import InBrowser, counts_queries
from .common_confirmation import ConfirmationCase

SENT = "Amazon shipping confirmations sent (automatic)"
FETCHED = "Amazon shipping confirmation results fetched (automatic)"
ERROR = "Amazon shipping confirmation error"
LOGGER = "odoo.addons.sale_amazon_spapi.models.confirmations.amazon_confirmation_mail"


class MailCase(ConfirmationCase):
    """A shop whose manager and warehouse are told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.email = "boss@example.com"
        cls.company.email = "shop@example.com"
        cls.unknown = cls.make_carrier("NOBODY", "Nobody", "宅配便")

    def setUp(self):
        super().setUp()
        self.seen = self.all_mails()

    def all_mails(self):
        return self.env["mail.mail"].sudo().search([])

    def new_mails(self):
        """Return what was queued since the last call, oldest first."""
        new = (self.all_mails() - self.seen).sorted("id")
        self.seen |= new
        return new

    def text(self, mail):
        """Return what a person reads, without emphasis, blanks and line breaks made single blanks."""
        return " ".join(html2plaintext(mail.body_html).replace("*", "").split())

    def good(self, **values):
        """Deliver an order that Amazon will accept."""
        return self.delivered(**values)

    def bad(self, **values):
        """Deliver an order with a carrier code that Amazon will refuse."""
        order = self.imported(**values)
        order.picking_ids.carrier_id = self.unknown
        return self.deliver(order.picking_ids)

    def later(self, **delta):
        """Run the periodic job at a later time; nothing is open at Amazon."""
        with freeze_time(fields.Datetime.now() + timedelta(**delta)):
            return self.fetch()


@tagged("post_install", "-at_install")
class TestConfirmationMail(MailCase):
    """The result mails (C7, N11)."""

    # --- what they tell

    def test_all_went_well(self):
        """One mail a run, with counts; queued, not sent; it goes out soon."""
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.env["ir.cron.trigger"].search([("cron_id", "=", queue.id)]).unlink()
        pickings = self.good() | self.good()
        self.send()
        [mail] = self.new_mails()
        self.assertEqual((mail.subject, mail.email_to, mail.state), (SENT, "boss@example.com", "outgoing"))
        self.assertTrue(mail.auto_delete)
        self.assertIn("shop@example.com", mail.email_from)
        self.assertFalse(mail.model, "nothing in anybody's chatter")
        self.assertIn(
            "Shop: Amazon.co.jp Sending shipping confirmations Confirmations handled 2 Sent to Amazon 2"
            " Accepted by Amazon 2 Waiting for the result 0 Failed 0",
            self.text(mail),
        )
        self.assertNotIn("Fetching", self.text(mail))
        self.assertFalse(any(pickings.amazon_confirmation_ids.mapped("mail")))
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", queue.id)]))
        self.send()
        self.later(hours=1)
        self.assertFalse(self.new_mails(), "told once")

    def test_failures_are_named(self):
        """An order that Amazon refuses is named with Amazon's words, what to do, and links; the others are counted."""
        good, bad = self.good(), self.bad()
        self.send()
        row, order = bad.amazon_confirmation_ids, bad.sale_id
        self.assertEqual((row.state, row.hint, good.amazon_api_status), ("error", "carrier", "done"))
        [mail] = self.new_mails()
        self.assertEqual(mail.subject, ERROR)
        text = self.text(mail)
        for words in (
            "Confirmations handled 2",
            "Accepted by Amazon 1",
            "Failed 1",
            order.amazon_order_ref,
            bad.name,
            " ".join(row.message.split()),
            " ".join(row.advice.split()),
            "Error",
        ):
            self.assertIn(words, text)
        self.assertIn(
            f"{self.account.get_base_url()}/mail/view?model=amazon.confirmation&amp;res_id={row.id}", mail.body_html
        )
        self.assertNotIn(good.sale_id.amazon_order_ref, text)
        self.assertFalse(row.mail)

    def test_no_personal_data(self):
        """Nothing about the buyer stands in a mail, whatever failed."""
        pickings = self.bad(kind="jp_standard") | self.delivered(kind="jp_cod", number="なし")
        self.send()
        [mail] = self.new_mails()
        self.assertIn("no tracking number", self.text(mail))
        for partner in pickings.sale_id.partner_id | pickings.sale_id.partner_shipping_id:
            for value in (partner.name, partner.email, partner.phone, partner.street, partner.zip):
                if value:
                    self.assertNotIn(value, mail.body_html)

    def test_markup_stays_text(self):
        """What was typed or comes from Amazon is never taken for HTML."""
        self.delivered(number="<b>1</b>")
        self.send()
        [mail] = self.new_mails()
        self.assertIn("&lt;b&gt;1&lt;/b&gt;", mail.body_html)

    def test_feed(self):
        """A feed is told of twice: when it was sent, and when its results are there."""
        self.account.feed_threshold = 0
        good, bad = self.good(), self.bad()
        self.send()
        [mail] = self.new_mails()
        self.assertEqual(mail.subject, SENT)
        self.assertIn(
            "Confirmations handled 2 Sent to Amazon 2 Accepted by Amazon 0 Waiting for the result 2", self.text(mail)
        )
        self.fetch()
        self.assertFalse(self.new_mails(), "Amazon is still at it")
        self.amazon.post("clock", advance=120)
        self.fetch()
        [mail] = self.new_mails()
        self.assertEqual((good.amazon_api_status, bad.amazon_api_status), ("done", "error"))
        self.assertEqual(mail.subject, ERROR)
        text = self.text(mail)
        self.assertIn("Fetching the results of shipping confirmations", text)
        self.assertIn("Accepted by Amazon 1", text)
        self.assertIn(" ".join(bad.amazon_confirmation_ids.message.split()), text)
        self.assertIn(bad.sale_id.amazon_order_ref, text)

    def test_feed_went_well(self):
        """Fetching results without failures has a subject of its own, whenever the feed was told of."""
        self.account.feed_threshold = 0
        self.good()
        self.send()
        self.amazon.post("clock", advance=120)
        self.fetch()
        self.assertEqual(self.new_mails().mapped("subject"), [SENT, FETCHED])

    def test_asked_for_by_hand(self):
        """Only what the job has sent by itself calls itself automatic."""
        picking = self.good()
        picking.with_user(self.user).action_amazon_confirm_now()
        self.send(requested=True)
        self.assertEqual(self.new_mails().mapped("subject"), ["Amazon shipping confirmations sent"])

    def test_feed_that_came_to_nothing(self):
        """Which part of the work failed is told: handing a feed over, or what its results say."""
        self.account.feed_threshold = 0
        self.amazon.post("settings", feed_seconds=None)
        sending, results = "Sending shipping confirmations", "Fetching the results of shipping confirmations"
        for case, told, silent in (
            ("refused", sending, results),
            ("cancelled", results, sending),
            ("rejected", results, sending),
        ):
            with self.subTest(case=case):
                # As if the last mails were long ago.
                self.account.write({"sending_mailed_at": False, "results_mailed_at": False, "failure_mailed_at": False})
                picking = self.good()
                if case == "refused":
                    self.amazon.post("faults", operation="createFeed", kind="400")
                if case == "rejected":
                    self.account.merchant_id = "A1WRONGMERCHANT"
                self.send()
                feed = picking.amazon_confirmation_ids.feed_id
                if case != "refused":
                    self.assertEqual(self.new_mails().mapped("subject"), [SENT])
                    status = "CANCELLED" if case == "cancelled" else "DONE"
                    self.amazon.post(f"feeds/{feed.feed_ref}/process", status=status)
                    self.fetch()
                self.assertEqual((feed.state, picking.amazon_api_status), ("failed", "rejected"))
                [mail] = self.new_mails()
                text = self.text(mail)
                self.assertEqual(mail.subject, ERROR)
                self.assertIn(f"{told} Confirmations handled 1", text)
                self.assertNotIn(silent, text)

    def test_found_in_seller_central_by_results(self):
        """What fetching results finds to be confirmed in Seller Central is told with the results."""
        self.account.feed_threshold = 0
        self.amazon.post("settings", feed_seconds=None)
        picking = self.good()
        self.send()
        self.amazon.post(f"orders/{picking.sale_id.amazon_order_ref}/ship", tracking="SC-1")
        self.amazon.post(f"feeds/{picking.amazon_confirmation_ids.feed_id.feed_ref}/process", status="FATAL")
        self.fetch()
        self.assertEqual(picking.amazon_confirmation_ids.channel, "seller_central")
        self.assertEqual(self.new_mails().mapped("subject"), [SENT, FETCHED])

    def test_many_failures(self):
        """The list ends somewhere; how many more there are is said."""
        with patch.object(amazon_confirmation_mail, "MOST_NAMED", 1):
            first, second = self.bad(), self.bad()
            self.send()
        [mail] = self.new_mails()
        text = self.text(mail)
        self.assertIn("Failed 2", text)
        self.assertIn(first.sale_id.amazon_order_ref, text)
        self.assertNotIn(second.sale_id.amazon_order_ref, text)
        self.assertIn("… and 1 more.", text)

    # --- when they go out

    def test_failures_are_collected(self):
        """Two error mails are five minutes apart; what failed meanwhile is told then, by the periodic job."""
        self.bad()
        self.send()
        self.assertEqual(self.new_mails().mapped("subject"), [ERROR])
        job = self.account._job("results").sudo()
        second, third = self.bad(), self.bad()
        self.send()
        self.assertFalse(self.new_mails())
        self.assertTrue(second.amazon_confirmation_ids.mail and third.amazon_confirmation_ids.mail)
        woken = self.env["ir.cron.trigger"].search([("cron_id", "=", job.cron_id.id)])
        self.assertLessEqual(max(woken.mapped("call_at")), fields.Datetime.now() + timedelta(minutes=5))
        self.amazon.control("DELETE", "requests")
        self.later(minutes=4)
        self.assertFalse(self.new_mails())
        logs = self.env["amazon.log"].search_count([])
        self.assertFalse(self.later(minutes=5, seconds=1))
        [mail] = self.new_mails()
        self.assertIn(second.sale_id.amazon_order_ref, self.text(mail))
        self.assertIn(third.sale_id.amazon_order_ref, self.text(mail))
        self.assertEqual(self.env["amazon.log"].search_count([]), logs, "no run to show")
        self.assertFalse(self.amazon.get("requests/count"))
        self.assertFalse(second.amazon_confirmation_ids.mail)

    def test_successes_are_collected(self):
        """That all went well is told every fifteen minutes at most; an error does not wait for that."""
        self.good()
        self.send()
        self.assertEqual(self.new_mails().mapped("subject"), [SENT])
        self.good()
        self.send()
        self.good()
        self.send()
        self.later(minutes=14)
        self.assertFalse(self.new_mails())
        self.later(minutes=15, seconds=1)
        [mail] = self.new_mails()
        self.assertIn("Confirmations handled 2", self.text(mail))
        self.good()
        self.bad()
        self.send()
        [mail] = self.new_mails()
        self.assertEqual(mail.subject, ERROR)
        self.assertIn("Confirmations handled 2", self.text(mail))

    def test_corrected_before_told(self):
        """What was corrected before its mail went out is told of as it is then."""
        self.bad()
        self.send()
        picking = self.bad()
        self.send()
        self.assertTrue(picking.amazon_confirmation_ids.mail)
        picking.with_user(self.user).carrier_id = self.yamato
        self.send()
        self.assertEqual(picking.amazon_api_status, "done")
        self.new_mails()
        self.later(minutes=16)
        [mail] = self.new_mails()
        self.assertEqual(mail.subject, SENT)

    def test_no_access(self):
        """Without access a row is tried again and again; a mail says so once, and another when it is through."""
        picking = self.good()
        self.amazon.post("faults", operation="confirmShipment", kind="403_forbidden_message", times=None)
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, bool(row.retry_at)), ("rejected", True))
        # The other is Odoo's own, of the activity on the account.
        self.assertEqual(self.new_mails().filtered("email_to").mapped("subject"), [ERROR])
        for _again in range(2):
            row.retry_at = self.account.failure_mailed_at = fields.Datetime.now() - timedelta(hours=1)
            self.send()
            self.assertEqual((row.state, row.mail), ("rejected", False))
        self.assertFalse(self.new_mails())
        self.amazon.control("DELETE", "faults")
        row.retry_at = self.account.sending_mailed_at = fields.Datetime.now() - timedelta(hours=1)
        self.send()
        self.assertEqual(self.new_mails().mapped("subject"), [SENT])
        self.assertFalse(row.repeats)

    # --- who gets them

    def test_only_failures(self):
        """By setting only failures are mailed; nothing else is kept for later."""
        self.account.with_user(self.manager).result_mails = "failures"
        good = self.good()
        self.send()
        self.assertFalse(self.new_mails() or good.amazon_confirmation_ids.mail)
        self.bad()
        self.send()
        self.assertEqual(self.new_mails().mapped("subject"), [ERROR])

    def test_no_mails(self):
        """By setting nothing is mailed, and nothing is kept for later."""
        self.account.with_user(self.manager).result_mails = "none"
        pickings = self.good() | self.bad()
        self.send()
        self.account.result_mails = "all"
        self.later(hours=1)
        self.assertFalse(self.new_mails())
        self.assertFalse(any(pickings.amazon_confirmation_ids.mapped("mail")))

    def test_warned_before_a_mail_is_lost(self):
        """Whoever is responsible and has no address is named on the account."""
        mine = self.account.with_user(self.user)
        self.manager.email = "manager@example.com"
        self.assertFalse(mine.mail_warning)
        for address in (False, "", "none", "@example.com"):
            with self.subTest(address=address):
                self.manager.email = address
                self.assertIn(self.manager.name, mine.mail_warning)
        self.account.notification_emails = "shop@example.com"
        self.assertIn(self.manager.name, mine.mail_warning, "what only the responsible person gets is lost")
        self.account.user_id = False
        self.assertFalse(mine.mail_warning)
        self.account.notification_emails = False
        self.assertIn("Nobody", mine.mail_warning)

    def test_nobody_to_tell(self):
        """Nobody with an address: nothing is mailed or kept."""
        self.manager.email = False
        picking = self.good()
        self.send()
        self.assertFalse(self.new_mails() or picking.amazon_confirmation_ids.mail)

    def test_recipients(self):
        """Each address gets one mail of its own; one that is wrong stops none of the others."""
        addresses = "Warehouse <warehouse@example.com>, BOSS@example.com;office@example.co.jp、 warehouse@example.com"
        self.account.with_user(self.manager).notification_emails = addresses
        self.good()
        self.send()
        self.assertEqual(
            self.new_mails().mapped("email_to"), ["boss@example.com", "warehouse@example.com", "office@example.co.jp"]
        )
        # Entered before addresses were checked.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE amazon_account SET notification_emails = 'nobody@, a@example.com b@example.com, x@example.com'"
            " WHERE id = %s",
            [self.account.id],
        )
        self.env.invalidate_all()
        self.bad()
        self.send()
        self.assertEqual(self.new_mails().mapped("email_to"), ["boss@example.com", "x@example.com"])

    def test_addresses_are_checked(self):
        """Each address of an account is checked where it is entered."""
        account = self.account.with_user(self.manager)
        for text in ("nobody", "a@example.com, b@", "a@example.com b@example.com", "a@b", "@example.com"):
            with self.assertRaisesRegex(ValidationError, "is not an e-mail address.*commas"):
                account.notification_emails = text
        account.notification_emails = "a@example.com, 倉庫 <b.c-d+e@mail.example.co.jp>,"
        account.notification_emails = False

    def test_languages(self):
        """Each reads the own language: users theirs, others their contact's, else the company's."""
        self.env["res.lang"]._activate_lang("ja_JP")
        self.manager.lang = "ja_JP"
        self.env["res.partner"].create({"name": "Office", "email": "Office@example.com", "lang": "ja_JP"})
        self.user.write({"email": "packer@example.com", "lang": "en_US"})
        self.new_mails()
        self.account.notification_emails = "office@example.com, packer@example.com, warehouse@example.com"
        self.company.partner_id.lang = "ja_JP"
        bad = self.bad()
        self.send()
        mails = {mail.email_to: mail for mail in self.new_mails()}
        self.assertEqual(
            {address: mail.subject for address, mail in mails.items()},
            {
                "boss@example.com": "Amazon出荷通知エラー",
                "office@example.com": "Amazon出荷通知エラー",
                "packer@example.com": ERROR,
                "warehouse@example.com": "Amazon出荷通知エラー",
            },
        )
        row = bad.amazon_confirmation_ids
        for address, lang in (("boss@example.com", "ja_JP"), ("packer@example.com", "en_US")):
            self.env.invalidate_all()
            advice = row.with_context(lang=lang).advice
            self.assertIn(" ".join(advice.split()), self.text(mails[address]))
        self.assertIn("エラー", self.text(mails["boss@example.com"]))
        self.good()
        self.account.failure_mailed_at = self.account.sending_mailed_at = False
        self.account.feed_threshold = 0
        self.send()
        self.amazon.post("clock", advance=120)
        self.fetch()
        subjects = self.new_mails().filtered(lambda mail: mail.email_to == "boss@example.com").mapped("subject")
        self.assertEqual(subjects, ["Amazon出荷通知処理(自動)のお知らせ", "Amazon出荷通知結果取得処理(自動)のお知らせ"])

    def test_two_accounts(self):
        """Each account has its own mails and intervals."""
        other = self._connect(self.amazon.seller(), name="Second")
        self.bad()
        self.send()
        self.new_mails()
        row = self.bad().amazon_confirmation_ids
        self.assertFalse(other.failure_mailed_at)
        self.send()
        self.assertTrue(row.mail)
        with self.committing(other) as other:
            other._fetch_results()
        self.assertFalse(self.new_mails())

    # --- trouble

    def test_mail_cannot_be_made(self):
        """A broken template stops no run; the mail goes out when it is mended."""
        view = self.env.ref("sale_amazon_spapi.confirmation_mail")
        arch = view.arch
        view.arch = "<t t-name='broken'><t t-out='account.nothing_of_the_kind'/></t>"
        picking = self.good()
        with self.assertLogs(LOGGER, "ERROR") as logs:
            log = self.send()
        self.assertIn(f"account {self.account.id}", logs.output[0])
        self.assertEqual((log.state, picking.amazon_api_status), ("done", "done"))
        self.assertTrue(picking.amazon_confirmation_ids.mail)
        view.arch = arch
        self.later(minutes=5)
        self.assertEqual(self.new_mails().mapped("subject"), [SENT])

    @mute_logger("odoo.addons.sale_amazon_spapi.models.engine.amazon_job")
    def test_run_that_breaks_off(self):
        """What a run did before it broke off is told."""
        first = self.bad()
        second = self.good()
        self.amazon.post(
            "faults",
            operation="confirmShipment",
            kind="429",
            times=None,
            match={"orderId": second.sale_id.amazon_order_ref},
        )
        log = self.send()
        self.assertEqual((log.state, second.amazon_api_status), ("partial", "not_sent"))
        [mail] = self.new_mails()
        self.assertIn(first.sale_id.amazon_order_ref, self.text(mail))

    def told_of(self, row, count):
        """Let a feed be told of that had so many rows like this one; return the number of queries."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO amazon_confirmation (account_id, company_id, order_id, order_ref, marketplace_id, state,"
                " message, mail, sent_at, quantities)"
                " SELECT account_id, company_id, order_id, order_ref, marketplace_id,"
                " CASE WHEN n %% 2 = 0 THEN 'done' ELSE 'error' END, 'Refused ' || n, 'results', now(), quantities"
                " FROM amazon_confirmation, generate_series(1, %s) n WHERE id = %s",
                count,
                row.id,
            )
        )
        # The pause between two mails is over.
        self.account.write(dict.fromkeys(("failure_mailed_at", *amazon_confirmation_mail.KINDS.values())))
        return self.queries(self.fetch)

    @counts_queries
    def test_five_thousand(self):
        """A feed of 5,000 is told of in one mail, with the queries of a feed of five and a dozen for each batch that
        Odoo reads at once."""
        row = self.bad().amazon_confirmation_ids
        self.told_of(row, 5)
        few = self.told_of(row, 5)
        self.new_mails()
        many = self.told_of(row, 5000)
        self.assertLessEqual(many - few, 12 * 5000 / PREFETCH_MAX)
        [mail] = self.new_mails()
        text = self.text(mail)
        self.assertIn("Confirmations handled 5000", text)
        self.assertIn("… and 2450 more.", text)
        self.assertLess(len(mail.body_html), 200_000)
        self.assertFalse(self.env["amazon.confirmation"].search_count([("mail", "!=", False)]))


@tagged("post_install", "-at_install")
class TestConfirmationMailLink(InBrowser, MailCase):
    """The links in the mails."""

    def test_link(self):
        """The link opens the confirmation for who may see it."""
        row = self.bad().amazon_confirmation_ids
        self.authenticate(self.user.login, self.user.login)
        response = self.url_open(f"/mail/view?model=amazon.confirmation&res_id={row.id}", allow_redirects=False)
        self.assertIn(f"amazon.confirmation/{row.id}", response.headers["Location"])
