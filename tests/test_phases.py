import re
from datetime import date

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestShippingRules(AmazonCase):
    """R12: which delivery method an imported order gets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second = cls.env["delivery.carrier"].create(
            [
                {
                    "name": name,
                    "delivery_type": "fixed",
                    "product_id": cls.env.ref("sale_amazon_spapi.product_shipping").id,
                }
                for name in ("First", "Second")
            ]
        )
        cls.provisional = cls.env.ref("sale_amazon_spapi.carrier_provisional")

    def carriers(self, rule, *kinds):
        """Return the methods that orders get when there is only this rule; each order is (kind, values)."""
        self.account.rule_ids.unlink()
        self.account.rule_ids = [(0, 0, {"carrier_id": self.first.id, **rule})]
        self.account.job_ids.cursor = False
        refs = [self.place(kind, **values)[0] for kind, values in kinds]
        self.import_orders()
        return [self.orders(ref).carrier_id for ref in refs]

    def test_each_criterion(self):
        """Each criterion alone."""
        tokyo, okinawa = self.env.ref("base.state_jp_jp-13"), self.env.ref("base.state_jp_jp-47")
        standard, prime, cod = ("jp_standard", {}), ("jp_prime", {}), ("jp_cod", {})
        to = {
            state: (
                "jp_standard",
                {
                    "set": {
                        "recipient": {
                            "deliveryAddress": {
                                "stateOrRegion": state,
                                "postalCode": code,
                                "city": "市",
                                "addressLine1": "1-2-3",
                                "addressLine2": None,
                                "addressLine3": None,
                            }
                        }
                    }
                },
            )
            for state, code in (("東京都", "100-0001"), ("沖縄県", "900-0001"))
        }
        cup = ("jp_standard", {"items": [{"sku": "AMZ-CUP-001", "quantity": 1}]})
        cups = ("jp_standard", {"items": [{"sku": "AMZ-CUP-001", "quantity": 3}]})
        tea = ("jp_standard", {"items": [{"sku": "AMZ-TEA-001", "quantity": 1}]})
        self.products["AMZ-CUP-001"].weight = 1.5
        food = self.env["product.category"].create({"name": "Food"})
        green = self.env["product.category"].create({"name": "Green tea", "parent_id": food.id})
        self.products["AMZ-TEA-001"].categ_id = green
        for rule, fits, other in (
            ({"service_level": "NEXT_DAY"}, prime, standard),
            ({"cash_on_delivery": "yes"}, cod, standard),
            ({"cash_on_delivery": "no"}, standard, cod),
            ({"state_ids": [(6, 0, okinawa.ids)]}, to["沖縄県"], to["東京都"]),
            ({"state_ids": [(6, 0, tokyo.ids)]}, to["東京都"], to["沖縄県"]),
            ({"zip_prefixes": "90, 91"}, to["沖縄県"], to["東京都"]),
            ({"zip_prefixes": "100-0"}, to["東京都"], to["沖縄県"]),
            ({"zip_prefixes": "９０、９１ー０，〒９２"}, to["沖縄県"], to["東京都"]),
            ({"weight_min": 4}, cups, cup),
            ({"weight_max": 2}, cup, cups),
            ({"amount_min": 5000}, cups, cup),
            ({"amount_max": 5000}, cup, cups),
            ({"product_ids": [(6, 0, self.products["AMZ-TEA-001"].ids)]}, tea, cup),
            ({"categ_ids": [(6, 0, food.ids)]}, tea, cup),
        ):
            with self.subTest(rule=rule):
                self.assertEqual(self.carriers(rule, fits, other), [self.first, self.provisional])
        for country, carrier in (("base.jp", self.first), ("base.us", self.provisional)):
            with self.subTest(country=country):
                rule = {"country_ids": [(6, 0, self.env.ref(country).ids)]}
                self.assertEqual(self.carriers(rule, standard), [carrier])

    def test_first_wins(self):
        """The first rule in order that fits decides; archived ones do not count; without any it is provisional."""
        self.account.rule_ids = [
            (0, 0, {"carrier_id": self.second.id, "sequence": 2}),
            (0, 0, {"carrier_id": self.first.id, "sequence": 1, "amount_min": 5000}),
        ]
        self.account.invalidate_recordset(["rule_ids"])
        cheap = self.imported(items=[{"sku": "AMZ-CUP-001"}])
        dear = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.assertEqual((cheap.carrier_id, dear.carrier_id), (self.second, self.first))
        self.assertEqual(dear.picking_ids.carrier_id, self.first)
        self.account.rule_ids.active = False
        self.assertEqual(self.imported().carrier_id, self.provisional)

    def test_nonsense(self):
        """A rule that no order can fit is refused."""
        rules = self.env["amazon.shipping.rule"].with_user(self.manager)
        rule = rules.create({"account_id": self.account.id, "carrier_id": self.first.id})
        for values in (
            {"weight_min": 9, "weight_max": 1},
            {"weight_max": -1},
            {"amount_min": 5000, "amount_max": 100},
            {"zip_prefixes": "東京"},
            {"zip_prefixes": "90,東京"},
            {"zip_prefixes": "-"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                rule.write(values)
        rule.write({"weight_min": 1, "weight_max": 1, "amount_min": 5, "zip_prefixes": "９０、１００－０, EC1"})

    def test_chosen_by_hand_stays(self):
        """What a person has chosen is not chosen again when Amazon changes something."""
        self.account.rule_ids = [(0, 0, {"carrier_id": self.first.id})]
        order = self.imported()
        order.with_user(self.user).set_delivery_line(self.second, 0)
        self.changed(order, "change-address")
        self.assertEqual((order.carrier_id, order.picking_ids.carrier_id), (self.second, self.second))

    def test_archived_method(self):
        """A method that is not used any more is not chosen any more."""
        self.account.rule_ids = [
            (0, 0, {"carrier_id": self.first.id, "sequence": 1}),
            (0, 0, {"carrier_id": self.second.id, "sequence": 2}),
        ]
        self.first.active = False
        self.assertEqual(self.imported().carrier_id, self.second)

    def test_deleted_method(self):
        """Deleting a method takes its rules along."""
        self.account.rule_ids = [(0, 0, {"carrier_id": self.first.id})]
        self.first.unlink()
        self.assertFalse(self.account.with_context(active_test=False).rule_ids)


@tagged("post_install", "-at_install")
class TestPhases(AmazonCase):
    """処理フェーズ: orders move by themselves, and what a person may do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.env["amazon.phase"].create({"name": "Slip printed", "company_id": cls.company.id, "sequence": 45})
        cls.phase = {phase.role: phase for phase in cls.env["amazon.phase"].search([("role", "!=", False)])}

    def role(self, order):
        """Return the role of the order's phase."""
        return order.amazon_phase_id.role

    def test_by_itself(self):
        """Awaiting stock, ready when reserved, back when unreserved, shipped, confirmed when Amazon says so."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 101}])
        self.assertEqual(self.role(order), "awaiting_stock")
        self.env["stock.quant"]._update_available_quantity(
            self.products["AMZ-CUP-001"], self.warehouse.lot_stock_id, 10
        )
        order.picking_ids.with_user(self.user).action_assign()
        self.assertEqual(self.role(order), "ready")
        order.picking_ids.with_user(self.user).do_unreserve()
        self.assertEqual(self.role(order), "awaiting_stock")
        order.picking_ids.with_user(self.user).action_assign()
        order.picking_ids.move_ids.write({"quantity": 1, "picked": True})
        order.picking_ids.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        self.assertNotEqual(self.role(order), "shipped", "something is left to ship")
        self.ship(order.picking_ids.filtered(lambda picking: picking.state != "done"))
        self.assertEqual(self.role(order), "shipped")
        self.changed(order, "ship")
        self.assertEqual(self.role(order), "confirmed")
        self.assertEqual(order.picking_ids.mapped("amazon_api_status"), ["done", "done"])

    def test_own_phase(self):
        """A shop's own phase is left by itself only for shipped, confirmed and cancelled."""
        order, cancelled, held = self.imported(count=3)
        for one in (order, cancelled, held):
            one.with_user(self.user).amazon_phase_id = self.own
        order.picking_ids.with_user(self.user).do_unreserve()
        self.assertEqual(order.amazon_phase_id, self.own)
        self.changed(order, "change-address")
        self.assertEqual(order.amazon_phase_id, self.own)
        order.picking_ids.with_user(self.user).action_assign()
        self.ship(order.picking_ids)
        self.assertEqual(self.role(order), "shipped")
        self.changed(cancelled, "cancel")
        self.assertEqual(self.role(cancelled), "cancelled")
        held.with_user(self.user).amazon_on_hold = True
        self.assertEqual(self.role(held), "review")

    def test_by_hand(self):
        """A person moves orders, but not into confirmed or cancelled, and not past a review."""
        order = self.imported()
        mine = order.with_user(self.user)
        for role in ("confirmed", "cancelled"):
            with self.assertRaisesRegex(UserError, "by themselves"):
                mine.amazon_phase_id = self.phase[role]
        mine.amazon_phase_id = self.phase["review"]
        mine.amazon_phase_id = self.own
        mine.amazon_phase_id = self.phase["ready"]
        gift = self.imported("jp_gift").with_user(self.user)
        for role in ("awaiting_stock", "ready", "shipped"):
            with self.assertRaisesRegex(UserError, gift.name):
                gift.amazon_phase_id = self.phase[role]

    def test_asked_today(self):
        """What is asked of a person is due today where the shop is, not late already because it is yesterday in UTC."""
        order = self.imported()
        with freeze_time("2026-11-24 23:30:00"):
            order._amazon_assign("review", "Look")
            order._amazon_confirmation_failed()
            self.account._job("orders").write({"error_kind": "access", "last_error": "Refused"})
            self.account._assign_help()
        due = (order.activity_ids | self.account.activity_ids).mapped("date_deadline")
        self.assertEqual(due, [date(2026, 11, 25)] * 3)

    def test_not_by_hand(self):
        """What is not paid, cancelled or shipped by Amazon is not put among what is to be picked."""
        unpaid, cancelled, fba = self.imported_together("jp_cvs_pending", "jp_cancelled", "jp_fba")
        for order in (unpaid, cancelled, fba):
            before = order.amazon_phase_id
            for role in ("awaiting_stock", "ready", "shipped"):
                with self.subTest(order=order.amazon_status, role=role), self.assertRaisesRegex(UserError, order.name):
                    order.with_user(self.user).amazon_phase_id = self.phase[role]
            self.assertEqual(order.amazon_phase_id, before)
        unpaid.with_user(self.user).amazon_phase_id = self.own
        self.assertEqual(unpaid.amazon_phase_id, self.own)

    def test_phases_of_another_company(self):
        """An account moves its orders only into phases of its own company and shared ones."""
        other = self.env["res.company"].create({"name": "Another company"})
        theirs, ours = self.env["amazon.phase"].create(
            [{"name": "Engraving", "company_id": company.id} for company in (other, self.company)]
        )
        settings = self.account.phase_ids[0].with_user(self.manager)
        for field in ("success_phase_id", "failure_phase_id", "phase_id"):
            with self.subTest(field=field):
                # Who has no access there is not even told what it is called.
                with self.assertRaises(AccessError) as refused:
                    settings.write({field: theirs.id})
                self.assertNotIn("Engraving", str(refused.exception))
                with self.assertRaisesRegex(UserError, "Engraving"), self.env.cr.savepoint():
                    settings.sudo().write({field: theirs.id})
                settings.write({field: ours.id})

    def test_review_blocks(self):
        """In review the delivery is reserved but cannot be validated, in whichever phase the order was put."""
        order = self.imported("jp_gift")
        self.assertEqual(order.picking_ids.state, "assigned")
        blocked = order.picking_ids.with_user(self.user).amazon_blocked
        self.assertIn(order.amazon_review_reasons, blocked)
        with self.assertRaisesRegex(UserError, re.escape(order.amazon_review_reasons)):
            self.ship(order.picking_ids)
        order.with_user(self.user).amazon_phase_id = self.own
        with self.assertRaisesRegex(UserError, re.escape(order.amazon_review_reasons)):
            self.ship(order.picking_ids)
        order.with_user(self.user).action_amazon_reviewed()
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")

    def test_hold(self):
        """On hold: in review, not to be validated, and who has held it can be read; going on moves it back."""
        order = self.imported()
        self.env.cr.precommit.run()
        order.with_user(self.user).action_amazon_hold()
        self.assertEqual(self.role(order), "review")
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = order.message_ids.sudo().tracking_value_ids
        tracked = tracked.filtered(lambda value: value.field_id.name == "amazon_on_hold")
        self.assertEqual(tracked.mail_message_id.author_id, self.user.partner_id)
        with self.assertRaisesRegex(UserError, "hold"):
            self.ship(order.picking_ids)
        order.with_user(self.user).action_amazon_reviewed()
        self.assertEqual(self.role(order), "review", "reviewing does not end a hold")
        order.with_user(self.user).action_amazon_hold()
        self.assertEqual(self.role(order), "ready")

    def test_no_role(self):
        """Phases of the company come before the shared ones; without a phase for a role orders stay where they are."""
        mine = self.env["amazon.phase"].create({"name": "Ours", "role": "ready", "company_id": self.company.id})
        self.assertEqual(self.imported().amazon_phase_id, mine)
        mine.active = False
        self.phase["ready"].active = False
        order = self.imported()
        self.assertNotEqual(self.role(order), "ready")

    def test_not_deleted(self):
        """A phase that orders stand in is not deleted, also those of other companies; one that nobody uses is."""
        phase = self.imported().amazon_phase_id
        with self.assertRaises(UserError):
            phase.with_user(self.manager).unlink()
        self.own.with_user(self.manager).unlink()
        self.assertTrue(phase.exists())
        self.assertFalse(self.own.exists())

    def test_other_channels(self):
        """Orders that are not from Amazon can stand in the same phases and are left alone (C13)."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop customer"}).id,
                "order_line": [(0, 0, {"product_id": self.products["AMZ-PEN-001"].id})],
                "amazon_phase_id": self.phase["ready"].id,
            }
        )
        order.action_confirm()
        self.ship(order.picking_ids)
        self.assertEqual(order.amazon_phase_id, self.phase["ready"])
        order.with_user(self.user).amazon_phase_id = self.phase["confirmed"]
        order.with_user(self.user).action_amazon_hold()
        self.assertFalse(order.amazon_on_hold)
