from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestLines(AmazonCase):
    """What stands on an order: lines, their taxes, and who may change them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = new_test_user(
            cls.env,
            "salesman",
            "sales_team.group_sale_salesman_all_leads",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Yamato",
                "delivery_type": "fixed",
                "fixed_price": 600,
                "company_id": cls.company.id,
                "product_id": cls.env["product.product"].create({"name": "Delivery", "type": "service"}).id,
            }
        )

    def line(self, order, key):
        """Return the line that stands for something on Amazon."""
        return order.order_line.filtered(lambda line: line.amazon_line_key.startswith(key))

    def test_goods(self):
        """Each item is a line with Amazon's item id, title, price and the product's tax inside the price."""
        order = self.imported(
            items=[
                {"sku": "AMZ-TEA-001", "quantity": 2, "price": 1980, "title": "お茶"},
                {"sku": "AMZ-CUP-001", "quantity": 3, "total": 1000},
            ]
        )
        items = self.amazon_order(order)["orderItems"]
        tea, cup = self.line(order, "goods")
        self.assertEqual([tea.amazon_item_ref, cup.amazon_item_ref], [item["orderItemId"] for item in items])
        self.assertEqual(
            (tea.product_id, tea.name, tea.product_uom_qty, tea.price_unit, tea.price_total),
            (self.products["AMZ-TEA-001"], "お茶", 2, 1980, 3960),
        )
        self.assertEqual(tea.tax_ids.mapped("amount"), [8])
        self.assertEqual(cup.tax_ids.mapped("amount"), [10])
        self.assertTrue(all((tea | cup).tax_ids.mapped("price_include")))
        self.assertEqual((tea | cup).tax_ids.amazon_source_id, self.taxes[8] | self.taxes[10])
        self.assertAlmostEqual(cup.price_unit, 1000 / 3)
        self.assertEqual(cup.price_total, 1000)
        self.assertEqual(order.client_order_ref, order.amazon_order_ref)

    def test_archived_twin(self):
        """A tax of the addon's that was archived is taken up again, unless there is one like it by now."""
        twin = self.line(self.imported(items=[{"sku": "AMZ-CUP-001"}]), "goods").tax_ids
        self.assertEqual(twin.amazon_source_id, self.taxes[10])
        twin.active = False
        order = self.imported(items=[{"sku": "AMZ-CUP-001"}])
        self.assertEqual((self.line(order, "goods").tax_ids, twin.active, order.amount_total), (twin, True, 3300))
        own = twin.copy({"name": "10% inside"})
        twin.active = False
        order = self.imported(items=[{"sku": "AMZ-CUP-001"}])
        self.assertEqual((self.line(order, "goods").tax_ids, twin.active), (own, False))

    def test_fiscal_position(self):
        """Taxes go through the fiscal position that Odoo finds for the customer; the total stays Amazon's."""
        export = self.env["account.tax"].create(
            {
                "name": "Export 0%",
                "amount": 0,
                "type_tax_use": "sale",
                "company_id": self.company.id,
                "country_id": self.company.country_id.id,
                "price_include_override": "tax_excluded",
                "tax_group_id": self.taxes[10].tax_group_id.id,
                "original_tax_ids": [(6, 0, self.taxes[10].ids)],
            }
        )
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Okinawa",
                "company_id": self.company.id,
                "auto_apply": True,
                "country_id": self.env.ref("base.jp").id,
                "state_ids": [(6, 0, self.env.ref("base.state_jp_jp-47").ids)],
                "tax_ids": [(6, 0, export.ids)],
            }
        )
        order, other = (
            self.imported(
                items=[{"sku": "AMZ-CUP-001", "quantity": 3, "total": 1000, "shipping": 550}, {"sku": "AMZ-TEA-001"}],
                set={"recipient": {"deliveryAddress": {"stateOrRegion": state}}},
            )
            for state in ("沖縄県", "東京都")
        )
        self.assertEqual((order.fiscal_position_id, bool(other.fiscal_position_id)), (position, False))
        cup, tea = self.line(order, "goods")
        for line in cup | self.line(order, "shipping"):
            self.assertEqual(line.tax_ids.amazon_source_id, export)
            self.assertEqual((line.price_tax, line.tax_ids.price_include), (0, True))
        self.assertEqual(tea.tax_ids.amazon_source_id, self.taxes[8], "not in the position")
        self.assertEqual(self.line(other, "goods")[0].tax_ids.amazon_source_id, self.taxes[10])
        self.assertEqual((order.amount_total, other.amount_total), (1000 + 550 + 1980,) * 2)
        self.changed(order, "reprice", item_id=cup.amazon_item_ref, unit_price=500)
        self.assertEqual((bool(order.amazon_difference), cup.tax_ids.amazon_source_id), (False, export))

    def test_charges_and_discounts(self):
        """Shipping, gift wrap, fees are services taxed as the company's default; a discount as what it is on."""
        order = self.imported(
            items=[
                {
                    "sku": "AMZ-TEA-001",
                    "quantity": 2,
                    "total": 2000,
                    "discount": 200,
                    "shipping": 550,
                    "discount_shipping": 550,
                    "gift_wrap": 275,
                    "cod_fee": 330,
                    "other": 220,
                }
            ]
        )
        rates = {
            line.amazon_line_key.partition(":")[0]: (line.price_total, line.tax_ids.mapped("amount"))
            for line in order.order_line
            if not line.amazon_line_key.startswith("discount")
        }
        self.assertEqual(
            rates,
            {
                "goods": (2000, [8]),
                "shipping": (550, [10]),
                "gift_wrap": (275, [10]),
                "cod_fee": (330, [10]),
                "other": (220, [10]),
            },
        )
        discounts = {line.price_total: line.tax_ids.mapped("amount") for line in self.line(order, "discount")}
        self.assertEqual(discounts, {-200: [8], -550: [10]})
        self.assertFalse(any(order.order_line.mapped("is_delivery")), "Odoo would delete such a line with the carrier")
        self.assertEqual(order.amount_total, 2000 - 200 + 275 + 330 + 220)

    def test_quantity_without_price(self):
        """Odoo never prices an Amazon line: not when its quantity changes, not for a price of zero."""
        free, paid = self.imported("jp_zero_replacement"), self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        for order in (free, paid):
            line = self.line(order, "goods")
            price = line.price_unit
            line.with_user(self.manager).product_uom_qty = 9
            self.assertEqual(line.price_unit, price)
            order.with_user(self.manager).action_update_prices()
            self.assertEqual(line.price_unit, price)

    def test_cancelled_items_stay(self):
        """A cancelled item stays as a line with quantity 0 and its id; one partly cancelled has what is left."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}, {"sku": "AMZ-TEA-001", "quantity": 2}])
        first, second = self.line(order, "goods")
        self.changed(order, "cancel", items={first.amazon_item_ref: 1, second.amazon_item_ref: 2})
        self.assertEqual((first.product_uom_qty, second.product_uom_qty), (2, 0))
        self.assertTrue(second.amazon_item_ref)
        self.assertEqual(order.amount_total, 2 * 3300)
        self.assertEqual(order.picking_ids.move_ids.filtered(lambda move: move.state != "cancel").product_uom_qty, 2)
        self.assertEqual(order.amazon_item_ids.mapped("quantity_cancelled"), [1, 2])
        self.assertFalse(order.amazon_difference)

    def test_first_seen_partly_cancelled(self):
        """The same when the order is first seen after the cancellation."""
        [ref] = self.place(items=[{"sku": "AMZ-CUP-001", "quantity": 3}, {"sku": "AMZ-TEA-001", "quantity": 2}])
        items = self.amazon.get(f"orders/{ref}")["orderItems"]
        self.act(ref, "cancel", items={items[0]["orderItemId"]: 1, items[1]["orderItemId"]: 2})
        self.import_orders()
        order = self.orders(ref)
        self.assertEqual(self.line(order, "goods").mapped("product_uom_qty"), [2, 0])
        self.assertEqual(order.amount_total, 2 * 3300)
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2)

    def test_content_is_fixed(self):
        """Salesmen and Amazon users cannot change, add or delete lines; an Amazon manager can (M6)."""
        order = self.imported()
        line = order.order_line[0]
        for user in (self.salesman, self.user):
            mine = line.with_user(user)
            for vals in (
                {"product_uom_qty": 9},
                {"price_unit": 1},
                {"discount": 10},
                {"tax_ids": [(5,)]},
                {"product_id": self.products["AMZ-PEN-001"].id},
                {"amazon_item_ref": "1"},
            ):
                with self.subTest(user=user.login, vals=vals), self.assertRaisesRegex(UserError, order.name):
                    mine.write(vals)
            with self.assertRaisesRegex(UserError, order.name):
                mine.order_id.write({"order_line": [(1, line.id, {"price_unit": 5})]})
            with self.assertRaisesRegex(UserError, order.name):
                mine.create({"order_id": order.id, "product_id": self.products["AMZ-PEN-001"].id})
            with self.assertRaisesRegex(UserError, order.name):
                mine.unlink()
            with self.assertRaisesRegex(UserError, order.name):
                order.with_user(user).write({"order_line": [(2, line.id)]})
            price = line.price_unit
            mine.order_id.action_update_prices()
            mine.order_id.action_update_taxes()
            self.assertEqual(line.price_unit, price)
            self.assertTrue(line.tax_ids.price_include)
            # What is not content stays theirs, and so does what does not change.
            mine.write({"name": "Fragile", "product_uom_qty": line.product_uom_qty})
        line.with_user(self.manager).write({"price_unit": 5})
        self.assertEqual(line.price_unit, 5)
        self.assertTrue(order.amazon_difference)

    def test_totals_are_fixed(self):
        """Nor can they change what all is counted in, or the sums; what stays the same is no change."""
        order = self.imported()
        line = order.order_line[0]
        dollar = self.env.ref("base.USD")
        pricelist = self.env["product.pricelist"].create({"name": "Another", "currency_id": dollar.id})
        for user in (self.salesman, self.user):
            for record, vals in (
                *((order, {name: 1}) for name in ("amount_untaxed", "amount_tax", "amount_total")),
                (order, {"currency_id": dollar.id}),
                (order, {"pricelist_id": pricelist.id}),
                (order, {"company_id": self.env.ref("base.main_company").id}),
                *((line, {name: 1}) for name in ("price_subtotal", "price_tax", "price_total")),
                (line, {"currency_id": dollar.id}),
            ):
                with self.subTest(user=user.login, vals=vals), self.assertRaisesRegex(UserError, order.name):
                    record.with_user(user).write(vals)
            order.with_user(user).write({"currency_id": order.currency_id.id, "amount_total": order.amount_total})
        order.with_user(self.manager).currency_id = dollar
        self.assertEqual(order.currency_id, dollar)

    def test_other_orders_are_free(self):
        """Orders that did not come from Amazon are as they always were."""
        order = (
            self.env["sale.order"]
            .with_user(self.salesman)
            .create(
                {
                    "partner_id": self.env["res.partner"].create({"name": "Shop customer"}).id,
                    "order_line": [(0, 0, {"product_id": self.products["AMZ-PEN-001"].id})],
                }
            )
        )
        order.order_line.price_unit = 5
        order.order_line.product_uom_qty = 2
        order.pricelist_id = self.env["product.pricelist"].create({"name": "Another"})
        order.action_update_prices()
        self.assertEqual(order.order_line.price_unit, 12345)
        order.set_delivery_line(self.carrier, 600)
        self.assertTrue(order.order_line.filtered("is_delivery"))

    def test_choosing_a_carrier(self):
        """The delivery method wizard writes the method on order and open deliveries, no line, no charge."""
        order = self.imported("jp_shipping_charge")
        self.carrier.invoice_policy = "real"
        for user in (self.salesman, self.user):
            order.carrier_id = self.env.ref("sale_amazon_spapi.carrier_provisional")
            before = order.order_line
            wizard = Form(
                self.env["choose.delivery.carrier"]
                .with_user(user)
                .with_context(default_order_id=order.id, default_carrier_id=self.carrier.id)
            ).save()
            wizard.button_confirm()
            self.assertEqual(order.carrier_id, self.carrier)
            self.assertEqual(order.picking_ids.carrier_id, self.carrier)
            self.assertEqual(order.order_line, before)
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")
        self.assertEqual(order.order_line, before, "what the carrier charges is not on the buyer's order")
        self.assertFalse(order.amazon_difference)

    def test_duplicate(self):
        """A copy is the shop's own order: none of Amazon's ids, but where it came from (N6)."""
        order = self.imported("jp_gift")
        order.with_user(self.user).amazon_on_hold = True
        copy = order.with_user(self.user).copy()
        self.assertEqual(copy.amazon_copied_from_id, order)
        self.assertEqual((order | copy).amazon_family_id, order)
        for name, field in copy._fields.items():
            if name.startswith("amazon_") and field.store and name not in ("amazon_copied_from_id", "amazon_family_id"):
                self.assertFalse(copy.sudo()[name], name)
        for name in ("amazon_item_ref", "amazon_line_key", "amazon_offer_id", "amazon_qty_recorded"):
            self.assertFalse(any(copy.order_line.mapped(name)), name)
        self.assertFalse(copy.client_order_ref)
        self.assertEqual(copy.amount_total, order.amount_total)
        # The copy can be changed and confirmed.
        copy.order_line[0].product_uom_qty = 5
        copy.action_confirm()
        self.assertFalse(copy.picking_ids.amazon_account_id)
        # The original is found again, not the copy.
        self.changed(order, "change-address")
        self.assertEqual(len(self.orders(order.amazon_order_ref)), 1)

    def test_found_by_amazon_number(self):
        """An order is found by its Amazon number wherever orders are searched by name."""
        order = self.imported()
        found = self.env["sale.order"].with_user(self.user).name_search(order.amazon_order_ref)
        self.assertEqual([row[0] for row in found], order.ids)

    def test_confirm_by_hand(self):
        """An order that is not paid cannot be confirmed by hand; Amazon's order date survives confirming others."""
        pending = self.imported("jp_pending_with_prices")
        with self.assertRaisesRegex(UserError, pending.name):
            pending.with_user(self.user).action_confirm()
        paid = self.imported()
        date = paid.date_order
        paid._action_cancel()
        paid.with_user(self.user).action_draft()
        other = self.env["sale.order"].create(
            {
                "partner_id": paid.partner_id.id,
                "order_line": [(0, 0, {"product_id": self.products["AMZ-PEN-001"].id})],
            }
        )
        (paid | other).with_user(self.user).action_confirm()
        self.assertEqual((paid | other).mapped("state"), ["sale", "sale"])
        self.assertEqual(paid.date_order, date)
