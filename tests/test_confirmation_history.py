import re

from odoo.tests import tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmationHistory(ConfirmationCase):
    """N9: each step stands in the order's chatter, and the API log leads to its orders and back."""

    def steps(self, order):
        """Return the lines of the order's chatter, oldest first."""
        bodies = order.message_ids.sorted("id").mapped("body")
        return [re.sub("<[^>]*>", "", line) for body in bodies for line in str(body).split("<br>")]

    def check_steps(self, order, *wanted):
        """See that these lines stand in the chatter, in this order, each once."""
        lines = self.steps(order)
        places = []
        for text in wanted:
            found = [place for place, line in enumerate(lines) if text in line]
            self.assertEqual(len(found), 1, (text, lines))
            places += found
        self.assertEqual(places, sorted(places), lines)

    def test_direct(self):
        """Reserved, sent, accepted, moved."""
        picking = self.delivered()
        self.send()
        self.check_steps(
            picking.sale_id,
            f"Shipping confirmation reserved: {picking.name}",
            "Shipping confirmation sent to Amazon: ヤマト運輸 1234-5678-9012",
            "Amazon has accepted the shipping confirmation: ヤマト運輸 1234-5678-9012",
            "Moved into the phase “Confirmed to Amazon”",
        )

    def test_refused_lost_and_throttled(self):
        """What Amazon refuses was sent; of what was never sent nothing says so; a lost answer is told once."""
        refused = self.delivered()
        self.fault("400")
        self.send()
        self.check_steps(refused.sale_id, "reserved", "sent to Amazon", "Shipping confirmation failed")
        lost = self.delivered()
        self.fault("cut_after")
        self.send()
        self.check_steps(lost.sale_id, "reserved", "answer was lost")
        self.send_later(2)
        self.check_steps(lost.sale_id, "answer was lost", "has accepted", "Moved into the phase")
        throttled = self.delivered()
        self.fault("429", times=None)
        self.send()
        self.check_steps(throttled.sale_id, "reserved")
        self.assertNotIn("sent", " ".join(self.steps(throttled.sale_id)))

    def test_feed(self):
        """The same by feed."""
        self.account.feed_threshold = 0
        picking = self.delivered()
        self.send()
        feed = picking.amazon_confirmation_ids.feed_id
        self.amazon.post("clock", advance=120)
        self.fetch()
        self.check_steps(
            picking.sale_id,
            "reserved",
            f"sent in feed {feed.feed_ref}",
            "has accepted",
            "Moved into the phase “Confirmed to Amazon”",
        )

    def test_log_leads_to_orders_and_back(self):
        """From a run to what it received, sent or fetched; from an order and a confirmation to their runs."""
        direct = self.delivered()
        imported = self.env["amazon.log"].search([("received", ">", 0)], limit=1)
        sent = self.send()
        self.account.feed_threshold = 0
        fed = self.delivered()
        handed_over = self.send()
        self.amazon.post("clock", advance=120)
        fetched = self.fetch()
        wrong = self.delivered(number="なし")
        looked = self.send()
        for picking, logs in ((direct, sent), (fed, handed_over | fetched), (wrong, looked)):
            order, row = picking.sale_id, picking.amazon_confirmation_ids
            self.assertEqual(row.log_ids, logs)
            for log in logs:
                self.assertIn(order, self.shown(log.action_view_orders()))
                self.assertEqual(self.shown(log.action_view_confirmations()), log.confirmation_ids)
                self.assertEqual(log.confirmation_count, len(log.confirmation_ids))
            self.assertEqual(self.shown(row.action_view_logs()), logs)
            self.assertLessEqual(logs, self.shown(order.action_amazon_view_logs()))
        self.assertIn(imported, self.shown(direct.sale_id.action_amazon_view_logs()))
        self.assertEqual(self.shown(imported.action_view_orders()), direct.sale_id)
        # Old runs are forgotten; the history stays.
        sent.sudo().unlink()
        self.assertFalse(direct.amazon_confirmation_ids.log_ids)

    def test_log_of_asking(self):
        """A run that only finds out what became of a lost answer leads to the order, too."""
        self.fault("cut_after")
        row = self.delivered().amazon_confirmation_ids
        sent = self.send()
        asked = self.send_later(2)
        self.assertEqual(row.state, "done")
        self.assertEqual(row.log_ids, sent | asked)
        self.assertEqual([log.accepted for log in (sent, asked)], [0, 1])

    def shown(self, action):
        """Return the records that an action opens, as the user sees them."""
        model = self.env[action["res_model"]].with_user(self.user)
        if action.get("res_id"):
            return model.browse(action["res_id"])
        return model.search(action["domain"])
