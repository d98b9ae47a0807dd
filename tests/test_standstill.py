from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..said import say
from .common import AmazonCase

WATCH = "odoo.addons.sale_amazon_spapi.models.engine.amazon_job"


@tagged("post_install", "-at_install")
class TestStandstill(AmazonCase):
    """A started job that does not succeed is heard of, whatever the reason, once, and withdrawn by itself."""

    def setUp(self):
        super().setUp()
        self.manager.email = "manager@example.com"
        self.account.notification_emails = "shop@example.com"
        self.account.auto_import = True
        self.job = self.account._job("orders")
        self.start = fields.Datetime.now()
        # The others run whenever the watch looks.
        self.silent = self.job

    def run_job(self, minutes=0, job=None):
        """Let the job's cron run so many minutes after the start; the quota has filled again by then, and Amazon's
        clock goes along."""
        self.env["amazon.quota"].search([]).unlink()
        now = self.start + timedelta(minutes=minutes)
        self.amazon.post("clock", now=f"{now.isoformat()}Z")
        with freeze_time(now), self.committing(job or self.job) as mine:
            mine._cron_run()
        self.env.invalidate_all()

    def watch(self, minutes):
        """Let the watch look so many minutes after the start, and the other jobs run just before."""
        for job in (self.account.job_ids - self.silent).filtered(lambda job: job.job_state != "stopped"):
            self.run_job(minutes, job)
        with freeze_time(self.start + timedelta(minutes=minutes)), mute_logger(WATCH):
            with self.committing(self.env["amazon.job"]) as jobs:
                jobs._cron_watch()
        self.env.invalidate_all()

    def heard(self):
        """Return what the account says, its activities' types, and who was mailed."""
        mails = self.env["mail.mail"].search([("email_to", "in", ["manager@example.com", "shop@example.com"])])
        return (
            self.account.connection_state,
            self.account.activity_ids.activity_type_id.mapped("name"),
            sorted(mails.mapped("email_to")),
        )

    def test_every_kind_of_error(self):
        """However Amazon fails: nothing for an hour, then one activity and one mail a person; success withdraws."""
        everybody = ["manager@example.com", "shop@example.com"]
        for kind in ("400", "503_json", "cut_before", "429", "html_200", "dict_errors"):
            with self.subTest(kind=kind):
                self.start += timedelta(days=1)
                self.run_job()
                # So do the others, among them the nightly one, which needs Amazon's search, too.
                self.watch(0)
                self.amazon.post("faults", operation="searchOrders", kind=kind, times=None)
                for minutes in (30, 59):
                    self.run_job(minutes)
                    self.watch(minutes)
                    self.assertEqual(self.heard(), ("ok", [], []), self.account.connection_message)
                for minutes in (61, 600):
                    self.run_job(minutes)
                    self.watch(minutes)
                    self.assertEqual(self.heard(), ("standing", ["Amazon: a job stands still"], everybody))
                self.assertEqual(self.account.job_ids.filtered("standing_since"), self.job)
                label = dict(self.job._fields["name"]._description_selection(self.env))[self.job.name]
                self.assertIn(label, self.account.activity_ids.note)
                self.assertTrue(self.account.activity_ids.summary)
                self.assertEqual(self.account.activity_ids.user_id, self.manager)
                self.amazon.control("DELETE", "faults")
                self.run_job(601)
                self.assertEqual(self.heard(), ("ok", [], everybody))
                self.env["mail.mail"].search([("email_to", "in", everybody)]).unlink()

    def test_no_mail_beside_the_mail(self):
        """Odoo does not mail the responsible person of the activity, too."""
        self.run_job()
        self.watch(70)
        self.assertTrue(self.account.activity_ids)
        assigned = [("partner_ids", "in", self.manager.partner_id.ids), ("subject", "like", "stands still")]
        self.assertFalse(self.env["mail.message"].search(assigned))

    def test_a_cron_that_does_not_run(self):
        """Nobody runs the job, or its process is killed each time: nothing fails, and it is heard of all the same."""
        self.run_job()
        self.watch(70)
        state, activities, mails = self.heard()
        self.assertEqual((state, activities, len(mails)), ("standing", ["Amazon: a job stands still"], 2))
        self.assertIn(say(self.env, self.job._standing_line()[1]), self.account.connection_message)

    def test_server_was_down(self):
        """After a night without Odoo nobody is told of jobs that are about to run."""
        self.run_job()
        cron = self.env.ref("sale_amazon_spapi.ir_cron_watch")
        cron.lastcall = self.start
        self.watch(600)
        self.assertEqual(self.heard(), ("ok", [], []))
        cron.lastcall = self.start + timedelta(minutes=600)
        self.watch(605)
        self.assertEqual(self.heard()[0], "standing")

    def test_never_succeeded(self):
        """A job that was started and has never succeeded counts from its start."""
        self.watch(50)
        self.assertEqual(self.heard(), ("new", [], []))
        self.watch(70)
        self.assertEqual(self.heard()[0], "standing")

    def test_stopped_and_started(self):
        """Stopping withdraws what was said; started again it has an hour."""
        self.run_job()
        self.watch(70)
        self.account.auto_import = False
        self.assertEqual(self.heard()[:2], ("ok", []))
        self.watch(200)
        self.assertEqual(self.heard()[:2], ("ok", []))
        with freeze_time(self.start + timedelta(minutes=300)):
            self.account.auto_import = True
        self.watch(350)
        self.assertEqual(self.heard()[:2], ("ok", []))
        self.watch(370)
        self.assertEqual(self.heard()[0], "standing")

    def test_quiet_jobs_are_well(self):
        """Jobs that have nothing to do for days are not called standing."""
        self.account.auto_confirm = True
        self.silent = self.account.job_ids
        for hours in range(0, 72, 12):
            for job in self.account.job_ids:
                self.run_job(60 * hours, job)
            self.watch(60 * hours + 1)
        self.assertEqual(self.heard(), ("ok", [], []))

    def test_orders_that_nobody_makes(self):
        """Orders come in and no builder makes them: heard of like a job that stands still, withdrawn when they are."""
        everybody = ["manager@example.com", "shop@example.com"]
        [ref] = self.place()
        self.run_job()
        for minutes in (30, 59):
            self.run_job(minutes)
            self.watch(minutes)
            self.assertEqual(self.heard(), ("ok", [], []))
        for minutes in (61, 66, 120):
            self.run_job(minutes)
            self.watch(minutes)
            self.assertEqual(self.heard(), ("standing", ["Amazon: a job stands still"], everybody))
        with freeze_time(self.start + timedelta(minutes=120)):
            [banner] = self.account.with_user(self.user).get_standstill()
            for text in (self.account.connection_message, self.account.activity_ids.note, banner["reason"]):
                self.assertIn(say(self.env, self.job._standing_line()[1]), text)
        self.build(121)
        self.run_job(122)
        self.assertEqual(self.heard(), ("ok", [], everybody))
        self.assertTrue(self.orders(ref))

    def test_many_orders_to_make(self):
        """Builders that have more to do than an hour's work are not called standing."""
        self.place(count=26)
        self.run_job()
        self.build(61, one_batch=True)
        self.run_job(62)
        self.watch(62)
        self.assertEqual(self.account.waiting_count, 1)
        self.assertEqual(self.heard(), ("ok", [], []))

    def build(self, minutes, one_batch=False):
        """Let a builder work so many minutes after the start: on all there is, or on one batch."""
        with freeze_time(self.start + timedelta(minutes=minutes)), self.committing(self.account) as account:
            inbox = account.env["amazon.order.update"].sudo()
            inbox._build_next(account) if one_batch else inbox._drain(account)
        self.env.invalidate_all()

    def test_setting(self):
        """How long is long is a setting."""
        self.env["ir.config_parameter"].set_param("sale_amazon_spapi.standstill_minutes", "240")
        self.run_job()
        self.watch(230)
        self.assertEqual(self.heard(), ("ok", [], []))
        self.watch(241)
        self.assertEqual(self.heard()[0], "standing")

    def test_settings_have_bounds(self):
        """A setting beyond its bounds is refused, with the bounds, instead of being something else silently."""
        for field, wrong, words in (
            ("amazon_standstill_minutes", (9, 0, -60), "10 minutes or more"),
            ("amazon_builders", (0, -1, 9), "1 to 8"),
        ):
            for value in wrong:
                with self.subTest(field=field, value=value), self.assertRaisesRegex(ValidationError, words):
                    self.env["res.config.settings"].create({field: value})
        self.env["res.config.settings"].create({"amazon_standstill_minutes": 10, "amazon_builders": 8}).execute()
        kept = self.env["res.config.settings"].create({})
        self.assertEqual((kept.amazon_standstill_minutes, kept.amazon_builders), (10, 8))

    def test_confirmations(self):
        """Every started job counts, not the import alone; another job's success says nothing of this one."""
        self.account.auto_confirm = True
        confirm = self.account._job("confirm")
        self.silent |= confirm
        self.run_job()
        self.run_job(job=confirm)
        self.run_job(65)
        self.watch(66)
        self.assertEqual(self.account.job_ids.filtered("standing_since"), confirm)
        self.run_job(67)
        self.assertEqual(self.heard()[0], "standing")
        self.run_job(68, confirm)
        self.assertEqual(self.heard()[:2], ("ok", []))

    def test_archived(self):
        """Nobody is told of an archived account."""
        self.run_job()
        self.account.active = False
        self.watch(60 * 24 * 10)
        self.assertEqual(self.heard()[2], [])

    def test_in_each_readers_language(self):
        """What is kept is said to each in the own language: on the screen, in the activity, in the mail."""
        self.env["res.lang"]._activate_lang("ja_JP")
        self.manager.lang = "ja_JP"
        self.amazon.post("faults", operation="searchOrders", kind="503_json", times=None)
        self.run_job()
        self.watch(70)
        log = self.account.log_ids.filtered(lambda log: log.job_id == self.job)
        for lang, words in (("en_US", "Amazon is in trouble."), ("ja_JP", "障害")):
            for text in (
                self.job.with_context(lang=lang).last_error,
                self.account.with_context(lang=lang).connection_message,
                log.with_context(lang=lang).message,
                self.job.with_context(lang=lang).read(["last_error"])[0]["last_error"],
            ):
                self.assertIn(words, text)
        self.assertIn("障害", self.account.activity_ids.note)
        mail = self.env["mail.mail"].search([("email_to", "=", "manager@example.com")])
        self.assertIn("障害", mail.body_html)
