"""What somebody might try so that Amazon is told what is not his to tell, or what is not there."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2 import DataError, IntegrityError

from ..models.inventory import amazon_quantity
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

    def test_form_of_a_stranger(self):
        """Nor does a form that is not saved tell him anything."""
        company, there = self.elsewhere()
        mine = self.tea_offer.with_env(there)
        empty = there["amazon.offer"]
        spec = {"quantity_here": {}, "product_id": {}, "why_not_sent": {}}
        for work in (
            lambda: mine.onchange({}, [], spec),
            lambda: mine.onchange({"buffer": 1}, ["buffer"], spec),
            lambda: empty.onchange({"account_id": self.account.id}, ["account_id"], spec),
            lambda: empty.with_context(default_account_id=self.account.id).onchange({}, [], spec),
            lambda: mine.web_save({"buffer": 1}, spec),
            lambda: mine.export_data(["quantity_here"]),
        ):
            self.refused(work)
        result = there["amazon.offer"].load(
            ["account_id/.id", "sku", "product_id/.id", "quantity_fixed"],
            [[str(self.account.id), "AMZ-TEA-001", str(self.cup.id), "9"]],
        )
        self.assertFalse(result["ids"])
        both = new_test_user(
            self.env,
            "stock_both",
            "sale_amazon_spapi.group_amazon_manager,stock.group_stock_manager",
            company_id=company.id,
            company_ids=[Command.set((company | self.company).ids)],
        )
        narrow = self.tea_offer.with_env(self.env(user=both)).with_context(allowed_company_ids=company.ids)
        self.refused(narrow.action_send_now)
        self.refused(lambda: narrow.write({"paused": True}))
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_imported_numbers(self):
        """Of an import with a bad row nothing is taken."""
        mine = self.env["amazon.offer"].with_user(self.user)
        for name, value in (
            ("buffer", "2.7"),
            ("buffer", "-1"),
            ("quantity_max", "1e400"),
            ("quantity_max", "nan"),
            ("quantity_fixed", "99999999999999"),
            ("handling_days", "many"),
            ("restock_date", "2026-02-31"),
            ("quantity_sent", "5"),
            ("channel", "mfn"),
        ):
            with self.subTest(name=name, value=value), mute_logger("odoo.sql_db", "odoo.models"):
                try:
                    with self.env.cr.savepoint():
                        result = mine.load([".id", name], [[str(self.tea_offer.id), value]])
                except REFUSED as error:
                    result = {"ids": False, "messages": [error]}
                self.env.invalidate_all()
                self.assertFalse(result["ids"], result)
        self.sync()
        self.assertEqual(self.writes(), [])

    def test_restock_date_that_is_over(self):
        """A day that has come is not told any more; that alone is nothing to tell."""
        tea = self.tea_offer.with_user(self.user)
        tea.restock_date = fields.Date.today() + timedelta(days=2)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", tea.quantity_here)])
        with freeze_time(fields.Datetime.now() + timedelta(days=5)):
            tea.buffer = 1
            tea.buffer = 0
            self.sync()
            self.assertEqual(self.writes(), [])
            self.stock(self.tea, 1)
            self.sync()
            self.assertEqual(self.writes(), [("AMZ-TEA-001", tea.quantity_here)])
            self.assertFalse(self.tea_offer.quantity_id.restock_date)

    def test_taken_away_here(self):
        """What is not told any more changes nothing on Amazon, so there is nothing to tell."""
        tea = self.tea_offer.with_user(self.user)
        tea.write({"handling_days": 3, "restock_date": fields.Date.today() + timedelta(days=3)})
        self.sync()
        self.assertEqual(len(self.writes()), 1)
        tea.write({"handling_days": 0, "restock_date": False})
        self.sync()
        self.assertEqual(self.writes(), [])
        # But what was refused with them goes without them.
        tea.handling_days = 4
        self.amazon.post("faults", operation="patchListingsItem", kind="400", times=1)
        self.sync()
        self.assertEqual((self.writes(), self.tea_offer.sync_state), ([], "error"))
        tea.handling_days = 0
        self.sync()
        self.assertEqual(len(self.writes()), 1)

    def test_gone_while_it_is_told(self):
        """A SKU that is taken off Amazon while a feed with it is open does not end unseen."""
        self.account.inventory_feed_threshold = 0
        with freeze_time(fields.Datetime.now()) as clock:
            self.stock(self.tea, 1)
            self.sync()
            self.amazon.control("DELETE", f"listings/AMZ-TEA-001?merchant_id={self.seller['merchant_id']}")
            clock.tick(timedelta(minutes=1))
            self.sync_offers()
            self.assertEqual((self.tea_offer.gone, self.tea_offer.sync_state), (True, "sending"))
            self.results()
            self.amazon.control("DELETE", f"listings/AMZ-TEA-001?merchant_id={self.seller['merchant_id']}")
            for minutes in (16, 31, 61, 61):
                clock.tick(timedelta(minutes=minutes))
                self.sync()
            self.assertEqual((self.tea_offer.gone, self.tea_offer.sync_state), (True, "error"))

    def test_clock_that_was_ahead(self):
        """What was told by a clock that was two days ahead keeps nothing from being told when it is put right."""
        with freeze_time(fields.Datetime.now()) as clock:
            clock.tick(timedelta(days=2))
            self.sync_offers()
            self.stock(self.tea, 1)
            self.sync()
            clock.tick(timedelta(days=-2))
            self.writes()
            self.stock(self.tea, -5)
            self.change_listing("AMZ-CUP-001", channel="fba")
            self.stock(self.cup, -5)
            with patch.object(amazon_quantity, "LOOKED_UP", 0):
                self.account.inventory_feed_threshold = 0
                self.sync()
                self.results()
            self.assertEqual(self.writes(), [("AMZ-TEA-001", 96)])
            clock.tick(timedelta(minutes=16))
            self.sync()
            self.assertEqual(self.tea_offer.stock_state, "done")

    def test_seen_at_last(self):
        """What changed while Amazon's answer on a SKU could not be read is told once it can."""
        self.tea_offer.seen_at = False
        self.change_listing("AMZ-TEA-001", available={"C" * 150: {"quantity": "many"}})
        self.stock(self.tea, -5)
        self.sync()
        self.assertEqual((self.writes(), bool(self.tea_offer.seen_at)), ([], False))
        self.change_listing("AMZ-TEA-001", available={"DEFAULT": {"quantity": 100}})
        self.sync_offers()
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 95)])

    def test_slip_of_the_finger(self):
        """A SKU that Amazon does not know, and is corrected then, is asked for anew."""
        self.list_on_amazon("RIGHT")
        offer = (
            self.env["amazon.offer"]
            .with_user(self.user)
            .create({"account_id": self.account.id, "sku": "WRONG", "product_id": self.cup.id})
        )
        self.sync()
        self.assertTrue(offer.gone)
        offer.sku = "RIGHT"
        self.sync()
        self.assertEqual((offer.gone, self.writes()), (False, [("RIGHT", 100)]))

    def test_listed_again(self):
        """Whoever lists a SKU again and has it sent need not wait until all SKUs are read."""
        path = f"listings/AMZ-TEA-001?merchant_id={self.seller['merchant_id']}"
        self.amazon.control("DELETE", path)
        self.stock(self.tea, -5)
        self.sync()
        self.assertEqual((self.tea_offer.gone, self.tea_offer.sync_state), (True, "error"))
        self.tea_offer.with_user(self.user).action_send_now()
        self.sync()
        self.assertEqual((self.writes(), self.tea_offer.sync_state), ([], "error"))
        self.list_on_amazon("AMZ-TEA-001")
        self.tea_offer.with_user(self.user).action_send_now()
        self.sync()
        self.assertEqual((self.writes(), self.tea_offer.sync_state), ([("AMZ-TEA-001", 95)], "done"))

    def test_given_to_amazons_warehouse(self):
        """What lies in a warehouse that is said to be Amazon's is not offered any more, and by no other account."""
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH", "company_id": self.company.id})
        self.env["stock.quant"]._update_available_quantity(self.tea, other.lot_stock_id, 7)
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 107)])
        second = self._connect(self.amazon.seller(), name="Second")
        second.fba_warehouse_id = other
        self.sync()
        self.assertEqual(self.writes(), [("AMZ-TEA-001", 100)])

    def test_put_away_while_a_feed_is_open(self):
        """An account that is archived while a feed is open goes on when it is back."""
        self.account.inventory_feed_threshold = 0
        with freeze_time(fields.Datetime.now()) as clock:
            self.stock(self.tea, -5)
            self.sync()
            self.account.active = False
            self.stock(self.tea, -5)
            clock.tick(timedelta(days=3))
            self.account.active = True
            for _again in range(3):
                self.results()
                self.sync()
                clock.tick(timedelta(minutes=16))
            self.assertEqual(self.writes(), [("AMZ-TEA-001", 95), ("AMZ-TEA-001", 90)])
            self.assertEqual(self.tea_offer.stock_state, "done")
