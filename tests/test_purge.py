from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AmazonCase

DAY = 24 * 60


@tagged("post_install", "-at_install")
class TestPurge(AmazonCase):
    """M3: personal data go when their time is over, not before."""

    def purge(self, days=0):
        """Let the job that removes personal data run, so many days from now."""
        with freeze_time(fields.Datetime.now() + timedelta(days=days)), self.committing(self.account) as account:
            account._purge_personal_data()
        self.env.invalidate_all()

    def test_old_orders_of_a_range(self):
        """What was over before it was imported stays no longer for having been imported late."""
        [ref] = self.place("jp_shipped", minutes_ago=60 * DAY)
        start = fields.Datetime.now() - timedelta(days=62)
        self.import_orders(since=start, until=start + timedelta(days=4))
        order = self.orders(ref)
        self.assertTrue(order.partner_id.email)
        self.purge(days=2)
        self.assertEqual((order.partner_id | order.partner_shipping_id).mapped("amazon_purged"), [True, True])
        self.assertFalse(order.partner_id.email)

    def test_proof(self):
        """How many were removed stands in the API log, which is kept for more than a year."""
        self.ship(self.imported(count=2).picking_ids)
        self.purge(days=90)
        log = self.env["amazon.log"].search([("job_name", "=", "privacy")], limit=1)
        count = len(
            self.env["sale.order"].search([("amazon_account_id", "=", self.account.id), ("amazon_purged", "=", True)])
        )
        self.assertTrue(count)
        self.assertRegex(log.message, rf"of {count} orders and \d+ customers")
        with freeze_time(log.started_at + timedelta(days=390)):
            self.env["amazon.log"]._gc_logs()
            self.assertTrue(log.exists())
        with freeze_time(log.started_at + timedelta(days=401)):
            self.env["amazon.log"]._gc_logs()
            self.assertFalse(log.exists())

    def test_clock_starts_with_delivery(self):
        """The time runs from when Amazon first says that the last parcel has arrived, not from shipping."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        item = order.order_line.amazon_item_ref
        self.changed(order, "ship", items={item: 1})
        self.changed(order, "deliver")
        self.assertFalse(order.amazon_delivered_at, "something is still to come")
        self.changed(order, "ship")
        self.assertFalse(order.amazon_delivered_at)
        self.amazon.post("clock", advance=5 * DAY * 60)
        self.changed(order, "deliver")
        arrived = order.amazon_last_update
        self.assertEqual(order.amazon_delivered_at, arrived)
        self.amazon.post("clock", advance=5 * DAY * 60)
        self.refetched(order)
        self.assertGreater(order.amazon_last_update, arrived)
        self.assertEqual(order.amazon_delivered_at, arrived, "it arrives once")

    def test_sent_elsewhere(self):
        """Amazon's own address is needed as long as the order is, though a person has it sent somewhere else."""
        order = self.imported()
        address = order.partner_shipping_id
        order.with_user(self.user).partner_shipping_id = self.env["res.partner"].create({"name": "Branch"})
        self.ship(order.picking_ids)
        self.purge(days=2)
        self.assertFalse(address.amazon_purged)
        self.purge(days=60)
        self.assertTrue(address.amazon_purged)

    def test_more_than_a_batch(self):
        """However many orders are over, all are done; those still open keep what is needed to ship them."""
        waiting = self.imported("jp_gift")
        partner = self.env["res.partner"].create({"name": "Shop customer"})
        over = self.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "amazon_account_id": self.account.id,
                    "amazon_gift_note": "おめでとう",
                    "date_order": fields.Datetime.now() - timedelta(days=40),
                }
            ]
            * 201
        )
        over.write({"state": "sale", "amazon_status": "shipped"})
        self.purge(days=90)
        self.assertEqual(set(over.mapped("amazon_purged")), {True})
        self.assertFalse(any(over.mapped("amazon_gift_note")))
        self.assertEqual((bool(waiting.amazon_gift_note), waiting.amazon_purged), (True, False))

    def test_uninstalling_waits_for_deliveries(self):
        """The addon takes the addresses along: it stays while one is still needed, be it removed with another."""
        order = self.imported()
        for name in ("sale_amazon_spapi", "sale_stock"):
            with self.assertRaisesRegex(UserError, "still to leave: 1"), self.env.cr.savepoint():
                self.env["ir.module.module"]._get(name).button_uninstall()
        self.ship(order.picking_ids)
        module = self.env["ir.module.module"]._get("sale_amazon_spapi")
        module.button_uninstall()
        self.assertEqual(module.state, "to remove")
