from odoo.tests import tagged

from ..ours import OURS
from .common import counts_queries
from .common_confirmation import ConfirmationCase

# So many queries at most.
VALIDATING = 25  # more than without Amazon, a delivery
SENDING = 0.8  # a confirmation, of what Odoo takes to validate its delivery
BY_FEED = 2  # a confirmation of many
APPLYING = 2  # a row of a report
COMPLETING = {"searching": 0.5, "showing": 0.5, "confirming": 5, "looking": 0.5}  # a line of the bulk completion


@tagged("post_install", "-at_install")
class TestConfirmationSpeed(ConfirmationCase):
    """How many queries confirming costs."""

    def some(self, count):
        """Import orders; return their deliveries, with tracking numbers."""
        pickings = self.imported(count=count).picking_ids
        for number, picking in enumerate(pickings):
            picking.carrier_tracking_ref = f"T-{number}"
        return pickings

    @counts_queries
    def test_validating(self):
        """A row in the outbox makes validating a delivery only a little dearer."""
        pickings = self.some(3)
        self.ship(pickings[0])
        ours = self.queries(self.ship, pickings[1])
        plain = self.queries(self.ship, pickings[2].with_context(amazon_has_left=OURS))
        self.assertLessEqual(ours - plain, VALIDATING)

    @counts_queries
    def test_sending(self):
        """Sending one after the other, with marking, answer and token, costs fewer queries each than Odoo takes to
        validate a delivery."""
        self.ship(self.some(1))
        self.send()
        self.ship(self.some(2))
        two = self.queries(self.send)
        self.ship(self.some(12))
        twelve = self.queries(self.send)
        plain = self.some(3).with_context(amazon_has_left=OURS)
        validating = min(self.queries(self.ship, picking) for picking in plain)
        self.assertLessEqual((twelve - two) / 10, SENDING * validating)

    @counts_queries
    def test_bulk_completion(self):
        """Searching, showing and confirming in the bulk completion costs a bounded number of queries a line."""
        model = self.env["amazon.completion"].with_user(self.user).with_company(self.company)
        lines = {"fields": {name: {} for name in self.env["amazon.completion.line"]._fields}, "limit": 500}
        shown = {**{name: {} for name in model._fields}, "line_ids": lines}
        counts, costs = (10, 40), {}
        for count in counts:
            self.ship(self.some(count))
            wizard = model.create({})
            costs[count] = {
                "searching": self.queries(wizard.action_search),
                "showing": self.queries(wizard.web_read, shown),
                "confirming": self.queries(wizard.action_confirm),
                "looking": self.queries(wizard.web_read, shown),
            }
            self.assertEqual((wizard.found_count, wizard.open_count), (count, count))
            self.send(requested=True)
            wizard.invalidate_recordset()
            wizard.line_ids.invalidate_recordset()
            self.assertEqual(wizard.done_count, count)
        for step, most in COMPLETING.items():
            with self.subTest(step=step):
                few, many = (costs[count][step] for count in counts)
                self.assertLessEqual((many - few) / (counts[1] - counts[0]), most)

    @counts_queries
    def test_feed(self):
        """Many in a feed cost next to nothing each, nor does applying what Amazon reports of them."""
        self.account.feed_threshold = 0
        sent, applied = [], []
        for count in (1, 2, 32):
            self.ship(self.some(count))
            sent.append(self.queries(self.send))
            self.amazon.post("clock", advance=120)
            applied.append(self.queries(self.fetch))
            self.amazon.post("clock", now=None)
            rows = self.env["amazon.confirmation"].search([("account_id", "=", self.account.id)])
            self.assertEqual(set(rows.mapped("state")), {"done"})
        self.assertLessEqual((sent[2] - sent[1]) / 30, BY_FEED)
        self.assertLessEqual((applied[2] - applied[1]) / 30, APPLYING)
