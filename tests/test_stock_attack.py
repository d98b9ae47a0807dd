"""What somebody might try so that Amazon is told what is not his to tell, or what is not there."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2 import DataError, IntegrityError

from .common_stock import StockCase

REFUSED = (AccessError, UserError, ValidationError, DataError, IntegrityError, ValueError)


@tagged("post_install", "-at_install")
class TestStockAttack(StockCase):
    """Nobody moves a SKU, its product or its account to where it is not his; Amazon's odd answers are no quantity."""

    def setUp(self):
        super().setUp()
        self.list_on_amazon("AMZ-TEA-001", "AMZ-CUP-001")
        self.sync_offers()
        self.sync()
        self.writes()
        self.tea_offer, self.cup_offer = self.offer("AMZ-TEA-001"), self.offer("AMZ-CUP-001")

    def elsewhere(self):
        """Make another company; return it, and its Amazon Manager."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stock_stranger",
            "sale_amazon_spapi.group_amazon_manager,stock.group_stock_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        return company, self.env(user=stranger, context={**self.env.context, "allowed_company_ids": company.ids})

    def refused(self, work):
        self.env.flush_all()
        refused = False
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                work()
                self.env.flush_all()
        except REFUSED:
            refused = True
        self.env.invalidate_all()
        self.assertTrue(refused)

    def test_stranger(self):
        """Who is of another company reads and has sent nothing of this one's."""
        _company, there = self.elsewhere()
        told = self.env["amazon.quantity"].search([("account_id", "=", self.account.id)])
        self.assertTrue(told)
        for model in ("amazon.offer", "amazon.quantity"):
            self.assertFalse(there[model].search([]))
        mine, theirs = self.tea_offer.with_env(there), self.account.with_env(there)
        for work in (
            mine.action_send_now,
            lambda: mine.read(["quantity_here"]),
            lambda: mine.write({"paused": True}),
            lambda: mine.write({"product_id": False}),
            lambda: mine.copy({"sku": "COPY"}),
            mine.unlink,
            theirs.action_send_all_stock,
            theirs.action_compare_stock,
            lambda: theirs.write({"warehouse_ids": False}),
            lambda: told.with_env(there).read(["quantity"]),
            lambda: there["amazon.offer"].create(
                {"account_id": self.account.id, "sku": "THEIRS", "product_id": self.cup.id}
            ),
        ):
            self.refused(work)
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_another_companys_goods(self):
        """Neither another company's product nor its warehouse is told of as this one's."""
        company, _there = self.elsewhere()
        product = self.env["product.product"].create(
            {"name": "Theirs", "is_storable": True, "company_id": company.id, "default_code": "THEIRS"}
        )
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 50)
        self.refused(lambda: self.tea_offer.with_user(self.user).write({"product_id": product.id}))
        self.refused(lambda: self.account.with_user(self.manager).write({"warehouse_ids": warehouse.ids}))
        # What everybody shares lies there, too.
        self.env["stock.quant"]._update_available_quantity(self.tea, warehouse.lot_stock_id, 50)
        self.sync()
        self.assertEqual(self.writes(), [])
        # Given to the other company by whoever may: not sold here any more, whatever it says.
        fresh = self.env["product.product"].create({"name": "Fresh", "is_storable": True})
        self.cup_offer.with_user(self.user).write({"product_id": fresh.id, "quantity_fixed": 9})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 9)])
        fresh.company_id = company
        self.cup_offer.with_user(self.user).quantity_fixed = 10
        self.sync()
        self.assertEqual(self.writes(), [])
        self.assertIn("company", self.cup_offer.why_not_sent)

    def test_no_goods_any_more(self):
        """What has become a service is not sold, not even made to order: nothing would be delivered."""
        fresh = self.env["product.product"].create({"name": "Fresh", "is_storable": True})
        self.cup_offer.with_user(self.user).write({"product_id": fresh.id, "quantity_fixed": 9})
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-CUP-001", 9)])
        fresh.product_tmpl_id.type = "service"
        self.cup_offer.with_user(self.user).quantity_fixed = 10
        self.sync()
        self.assertEqual(self.writes(), [])
        self.assertTrue(self.cup_offer.why_not_sent)

    def test_copied(self):
        """A copy is of a SKU that Amazon has not shown: it is looked up before it is told."""
        self.list_on_amazon({"sku": "FBA-COPY", "channel": "fba"})
        for sku in ("FBA-COPY", "GHOST-COPY"):
            copy = self.cup_offer.with_user(self.user).copy({"sku": sku})
            self.assertFalse(copy.seen_at or copy.channel or copy.quantity_amazon or copy.sudo().quantity_id)
        self.sync()
        self.assertEqual(self.writes(), [])
        self.assertEqual((self.offer("FBA-COPY").channel, self.offer("GHOST-COPY").gone), ("fba", True))

    def test_amounts(self):
        """Amounts that are none are refused, not told."""
        for values in (
            {"buffer": -1},
            {"quantity_max": -5},
            {"quantity_fixed": 10**12},
            {"buffer": 10**12},
            {"handling_days": 31},
            {"buffer": "many"},
            {"buffer": float("nan")},
            {"restock_date": "tomorrow"},
        ):
            with self.subTest(values=values):
                self.refused(lambda values=values: self.tea_offer.with_user(self.user).write(values))
        self.tea_offer.with_user(self.user).quantity_fixed = 2**31 - 1
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 999_999_999)])

    def test_odd_answers(self):
        """Quantities that cannot be are not believed, and keep nothing else from being read and told."""
        for odd in (-5, 3_000_000_000, 10**30, 1.5, None, "7", True):
            with self.subTest(odd=odd), freeze_time(fields.Datetime.now()) as clock:
                self.change_listing("AMZ-CUP-001", available={"DEFAULT": {"quantity": odd}})
                self.stock(self.tea, 1)
                self.stock(self.cup, 1)
                here = {offer.sku: offer.quantity_here for offer in self.tea_offer | self.cup_offer}
                self.assertEqual(self.sync_offers().state, "done")
                self.sync()
                self.assertEqual(dict(self.writes()), here)
                clock.tick(timedelta(minutes=16))
                self.sync()
                self.assertEqual(self.tea_offer.stock_state, "done")
                self.env.invalidate_all()
                self.assertGreaterEqual(self.cup_offer.quantity_amazon, 0)
