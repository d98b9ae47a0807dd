from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import AmazonCase

# 7:30 in Japan.
EARLY = fields.Datetime.from_string("2027-03-01 22:30:00")


@tagged("post_install", "-at_install")
class TestReviewMail(AmazonCase):
    """Who wants to is mailed what waits for a person, once a morning; nobody is by default."""

    def setUp(self):
        super().setUp()
        self.manager.email = "manager@example.com"
        self.account.notification_emails = "shop@example.com"

    def run_cron(self, **later):
        """Let the cron run so long after half past seven in the morning; return the mails it queued."""
        before = self.env["mail.mail"].search([])
        with freeze_time(EARLY + timedelta(**later)):
            self.env["amazon.account"].with_user(self.env.ref("base.user_root"))._cron_mail_reviews()
        return self.env["mail.mail"].search([]) - before

    def test_nobody_by_default(self):
        """Orders to review are asked for on themselves; nobody is mailed of them, one by one or at once."""
        before = self.env["mail.mail"].search([])
        orders = self.imported("jp_gift", count=5)
        self.assertEqual(len(orders.activity_ids.filtered(lambda activity: activity.user_id == self.manager)), 5)
        self.assertFalse(self.run_cron(hours=1))
        self.assertFalse(self.env["mail.mail"].search([]) - before)
        told = [("model", "=", "sale.order"), ("res_id", "in", orders.ids), ("partner_ids", "!=", False)]
        self.assertFalse(self.env["mail.message"].search(told))

    def test_each_morning(self):
        """One mail a person and morning, with what is to be reviewed; what was seen is not in it."""
        self.account.review_mail = True
        waiting, seen, held, ready = self.imported_together("jp_gift", "jp_gift", "jp_gift", "jp_standard")
        seen.with_user(self.user).action_amazon_reviewed()
        held.with_user(self.user).amazon_on_hold = True
        self.account.review_mailed_at = EARLY - timedelta(hours=1)
        self.assertFalse(self.run_cron(minutes=29))
        mails = self.run_cron(minutes=30)
        self.assertEqual(sorted(mails.mapped("email_to")), ["manager@example.com", "shop@example.com"])
        self.assertEqual(set(mails.mapped("subject")), {"Amazon orders to review: 1"})
        text = html2plaintext(mails[0].body_html)
        self.assertIn(waiting.amazon_order_ref, text)
        self.assertIn("Gift", text)
        self.assertNotIn(waiting.partner_id.name, text)
        for order in (seen, held, ready):
            self.assertNotIn(order.amazon_order_ref, text)
        self.assertFalse(self.run_cron(hours=1))
        self.assertFalse(self.run_cron(hours=23))
        self.assertEqual(len(self.run_cron(days=1, hours=1)), 2)

    def test_what_could_not_be_built(self):
        self.account.unknown_sku = "hold"
        self.place("jp_unknown_sku")
        self.import_orders()
        self.account.review_mail = True
        mails = self.run_cron(hours=1)
        self.assertIn(
            "Received orders that could not be built (Needs Attention): *1*", html2plaintext(mails[0].body_html)
        )

    def test_nothing_waits(self):
        self.account.review_mail = True
        self.imported("jp_standard")
        self.assertFalse(self.run_cron(hours=1))

    def test_each_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.account.review_mail = True
        self.manager.lang = "ja_JP"
        self.imported("jp_gift")
        texts = {mail.email_to: mail.subject for mail in self.run_cron(hours=1)}
        self.assertEqual(
            texts,
            {
                "manager@example.com": "確認が必要なAmazon受注: 1件",
                "shop@example.com": "Amazon orders to review: 1",
            },
        )
