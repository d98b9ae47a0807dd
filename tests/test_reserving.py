from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import AmazonCase


@tagged("post_install", "-at_install", "both")
class TestReserving(AmazonCase):
    """Goods are set aside in a transaction of their own; what cannot be reserved is told and stops nobody else."""

    def setUp(self):
        super().setUp()
        # Nothing but reserving asks how goods are taken from the shelf.
        nonsense = self.env["product.removal"].create({"name": "By the moon", "method": "moon"})
        self.cup = self.products["AMZ-CUP-001"]
        self.cup.categ_id = self.env["product.category"].create({"name": "Cups", "removal_strategy_id": nonsense.id})

    def place_both(self):
        """Place an order that cannot be reserved and one after it that can."""
        self.account.job_ids.cursor = False
        return self.place(items=[{"sku": "AMZ-CUP-001"}]) + self.place(items=[{"sku": "AMZ-TEA-001"}])

    def build(self):
        """Run a builder as its cron does."""
        with self.committing(self.env["amazon.order.update"]) as inbox:
            inbox._cron_build()
        self.env.invalidate_all()

    def both(self, refs):
        """Return the orders of :meth:`place_both`, the one that cannot be reserved first."""
        return [self.orders(ref) for ref in refs]

    def test_one_cannot_be_reserved(self):
        """It waits for stock, with the reason for the responsible; the others of its batch are reserved, and the
        builders go on."""
        refs = self.place_both()
        with self.committing(self.account) as account:
            account._fetch_orders()
        self.build()
        bad, good = self.both(refs)
        self.assertEqual((good.picking_ids.state, good.amazon_phase_id.role), ("assigned", "ready"))
        self.assertEqual((bad.picking_ids.state, bad.amazon_phase_id.role), ("confirmed", "awaiting_stock"))
        self.assertFalse((bad | good).filtered("amazon_to_reserve"))
        self.assertEqual(bad.activity_ids.user_id, self.manager)
        self.assertIn("moon", bad.activity_ids.note)
        self.assertFalse(good.activity_ids)
        self.build()
        self.assertEqual(len(bad.activity_ids), 1)
        self.cup.categ_id.removal_strategy_id = False
        bad.picking_ids.with_user(self.user).action_assign()
        self.assertEqual(bad.amazon_phase_id.role, "ready")

    def test_leftovers(self):
        """The same when a builder was killed between building and reserving."""
        self.cup.categ_id.removal_strategy_id = False
        self.warehouse.amazon_give_way_until = fields.Datetime.now() + timedelta(seconds=60)
        refs = self.place_both()
        self.import_orders()
        bad, good = self.both(refs)
        self.assertEqual((bad | good).mapped("amazon_to_reserve"), [True, True])
        self.warehouse.amazon_give_way_until = False
        self.cup.categ_id.removal_strategy_id = self.env["product.removal"].search([("method", "=", "moon")])
        self.build()
        self.assertEqual((good.picking_ids.state, bad.picking_ids.state), ("assigned", "confirmed"))
        self.assertEqual(bad.activity_ids.user_id, self.manager)
