from datetime import date, timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import Form, tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestSecretEnds(AmazonCase):
    """Amazon's client secrets end 180 days after they were made."""

    def activities(self):
        """Return the activities about the secret."""
        return self.account.activity_search(["sale_amazon_spapi.mail_activity_secret"])

    def watch(self, left):
        """Let the cron look, so many days before the secret ends; return the activities."""
        with freeze_time(self.account.lwa_secret_until - timedelta(days=left) + timedelta(hours=12)):
            self.env["amazon.account"]._warn_of_secrets()
            return self.activities()

    def test_noted(self):
        """When a secret was entered is noted when it changes, by whoever enters it; never when it is the same."""
        mine = self.account.with_user(self.manager)
        self.assertAlmostEqual(mine.lwa_secret_date, fields.Date.today(), delta=timedelta(days=1))
        mine.lwa_secret_date = "2026-01-01"
        self.assertEqual(mine.lwa_secret_until, date(2026, 6, 30))
        mine.lwa_client_secret = self.seller["client_secret"]
        self.assertEqual(mine.lwa_secret_date, date(2026, 1, 1), "the same secret is no newer")
        with freeze_time("2026-06-01 12:00:00"):
            mine.lwa_client_secret = "amzn1.oa2-cs.v1.other"
        self.assertEqual(mine.lwa_secret_date, date(2026, 6, 1))
        mine.lwa_client_secret = False
        self.assertFalse(mine.lwa_secret_date)
        self.assertFalse(mine.lwa_secret_until)
        self.assertEqual(mine.copy({"name": "Copy"}).lwa_secret_date, False)

    def test_entered_together(self):
        """That it is noted takes nothing away from what else was entered on a form."""
        secrets = {"lwa_client_secret": "amzn1.oa2-cs.v1.other", "refresh_token": "Atzr|other"}
        for names in (list(secrets), list(reversed(secrets))):
            form = Form(self.env["amazon.account"].with_user(self.manager))
            form.name = "Another"
            form.merchant_id = f"A2{names[0].upper()}"
            form.marketplace_ids.add(self.account.marketplace_ids[:1])
            form.lwa_client_id = "amzn1.other"
            for name in names:
                form[name] = secrets[name]
            made = form.save()
            self.assertEqual((bool(made.refresh_token), bool(made.lwa_client_secret)), (True, True), names)
            self.assertTrue(made.lwa_secret_date)

    def test_warned(self):
        """30 days and 7 days before, each once, whoever has done the activity; a new secret takes it away."""
        self.account.lwa_secret_date = "2030-01-01"
        self.assertFalse(self.watch(31))
        first = self.watch(30)
        self.assertEqual((len(first), first.user_id), (1, self.account.user_id))
        self.assertIn("2030-06-30", first.note)
        first.action_done()
        self.assertFalse(self.watch(20), "not again every day")
        second = self.watch(7)
        self.assertEqual(len(second), 1)
        self.assertEqual(self.watch(3), second)
        with freeze_time("2030-06-28 12:00:00"):
            self.account.lwa_client_secret = "amzn1.oa2-cs.v1.other"
            self.assertFalse(self.activities())

    def test_unknown(self):
        """Of an older database it is not known: nobody is warned, and the day can be entered."""
        self.account.lwa_secret_date = False
        self.assertIsNone(self.account._secret_days_left())
        self.env["amazon.account"]._warn_of_secrets()
        self.assertFalse(self.activities())
        with freeze_time("2030-06-28 12:00:00"):
            self.account.with_user(self.manager).lwa_secret_date = "2030-01-01"
            self.assertEqual(len(self.activities()), 1)

    def test_health(self):
        """A monitor is told how many days are left."""
        self.account.lwa_secret_date = "2030-01-01"
        with freeze_time("2030-06-20 12:00:00"):
            [health] = [entry for entry in self.env["amazon.account"]._health() if entry["id"] == self.account.id]
        self.assertEqual(health["secret_days_left"], 10)
