import inspect
import re
import sys
from contextlib import contextmanager

from odoo import api, models
from odoo.addons.stock.models.stock_move_line import StockMoveLine
from odoo.fields import Command
from odoo.tests import tagged

from .. import memo
from ..benchmarks import rows
from ..models import speed
from ..selling_partner import parse_order
from .common import AmazonCase, counts_queries

# Queries an order, fetching, building and reserving together, as promised; with kits and automatic batches, too.
QUERIES = 35
KINDS = (
    "jp_standard",
    "jp_several_items",
    "jp_cod",
    "jp_promotion_negative",
    "jp_gift",
    "jp_fba_shipped",
    "jp_shipped",
    "jp_partially_shipped",
    "jp_cancelled",
    "jp_cvs_pending",
    "jp_unknown_sku",
)


@tagged("post_install", "-at_install", "both")
class TestSpeed(AmazonCase):
    """What makes batches fast: how many queries an order costs, and that the rows are those Odoo makes."""

    @counts_queries
    def test_a_batch_costs_few_queries(self):
        """A batch of 25 costs a bounded number of queries, fewer than Odoo itself takes for orders alike, and one call
        to Amazon."""
        first = self.imported("jp_standard", 25)  # what is asked once per process, and the SKU table
        odoos_own = self.queries_of_odoo(first)
        # The last import's cursor stands later than these orders' time.
        self.account.job_ids.cursor = False
        refs = self.place("jp_standard", 25)
        self.amazon.control("DELETE", "requests")
        before = self.env.cr.sql_log_count
        self.import_orders()
        spent = (self.env.cr.sql_log_count - before) / 25
        self.assertLessEqual(spent, QUERIES)
        self.assertLess(spent, odoos_own)
        self.assertEqual(self.orders(*refs).picking_ids.mapped("state"), ["assigned"] * 25)
        self.assertEqual(self.amazon.get("requests/count").get("searchOrders"), 1)

    def queries_of_odoo(self, orders):
        """Return how many queries an order costs that is made, confirmed and reserved like these, many at a time."""
        values = [
            {
                "company_id": order.company_id.id,
                "warehouse_id": order.warehouse_id.id,
                "partner_id": order.partner_id.id,
                "partner_shipping_id": order.partner_shipping_id.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "product_uom_qty": line.product_uom_qty,
                            "price_unit": line.price_unit,
                            "tax_ids": [Command.set(line.tax_ids.ids)],
                        }
                    )
                    for line in order.order_line
                ],
            }
            for order in orders
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        made = self.env["sale.order"].create(values)
        made.action_confirm()
        self.env.flush_all()
        self.assertEqual(made.picking_ids.mapped("state"), ["assigned"] * len(orders))
        return (self.env.cr.sql_log_count - before) / len(orders)

    @contextmanager
    def calls(self, function):
        """Collect the calls of a function."""
        found = []
        sys.setprofile(
            lambda frame, event, _arg: event == "call" and frame.f_code is function.__code__ and found.append(1)
        )
        try:
            yield found
        finally:
            sys.setprofile(None)

    @counts_queries
    def test_found_out_once(self):
        """On its way an order is read once, looked for once, its SKUs are looked for once, and its phase follows once
        from what it was made of and once from what was reserved."""
        items = [{"sku": "AMZ-CUP-001"}, {"sku": "AMZ-TEA-001"}]
        self.imported(items=items)
        self.account.job_ids.cursor = False
        self.place(count=2, items=items)
        with self.calls(parse_order) as read, self.statements() as found:
            self.import_orders()
        self.assertEqual(len(read), 2)
        for times, query in (
            (1, r'FROM "amazon_offer" WHERE .*"sku" IN'),
            (1, r'FROM "sale_order" WHERE .*"amazon_order_ref" IN'),
            (2, r'FROM "amazon_phase" WHERE .*"role" IS NOT NULL'),
        ):
            with self.subTest(query=query):
                same = [statement for statement in found if re.search(query, statement, re.DOTALL)]
                self.assertEqual(len(same), times, "\n".join(same))

    # === THE SAME ROWS === #

    def rows_made(self, *ways):
        """Import everything, with these shorter ways only; return the rows, and leave nothing behind."""
        slow = [way for way in memo.WAYS if way not in ways]
        self.env["ir.config_parameter"].set_param(memo.SWITCH, ",".join(slow))
        with self.env.cr.savepoint() as savepoint:
            self.import_orders()
            self.env.flush_all()
            found = rows.read(self.env.cr, self.account.merchant_id)
            savepoint.rollback()
        self.env.invalidate_all()
        return found

    def check_same_rows(self, *choices):
        """Odoo's own ways and each choice of shorter ones make the same rows."""
        expected = self.rows_made()
        self.assertTrue(expected["stock_move_line"])
        for ways in choices:
            with self.subTest(ways=ways):
                self.assertFalse(rows.differences(expected, self.rows_made(*ways)))

    def place_again(self, *kinds):
        """Place orders after others have made what all orders share (taxes, price list, SKU table)."""
        for kind in kinds:
            self.place(kind)
        self.import_orders()
        for kind in kinds:
            self.place(kind)

    def test_each_way_gives_the_same_rows(self):
        """Whichever shorter way is taken, alone or with the others, the rows are those Odoo makes; orders that
        compete for goods get the same, and lots are taken alike."""
        scarce, lots, *_others = self.products.values()
        self.place_again(*KINDS)
        location = self.warehouse.lot_stock_id
        Quant = self.env["stock.quant"]
        Quant.search([("product_id", "in", (scarce + lots).ids), ("location_id", "=", location.id)]).sudo().unlink()
        Quant._update_available_quantity(scarce, location, 3)
        scarce_items = [{"sku": scarce.default_code, "quantity": 2}]
        if not self.env["stock.move"].search_count([("product_id", "=", lots.id)], limit=1):
            lots.tracking = "lot"
            for name, quantity in (("A", 2), ("B", 5)):
                lot = self.env["stock.lot"].create({"name": name, "product_id": lots.id})
                Quant._update_available_quantity(lots, location, quantity, lot_id=lot)
        for _number in range(3):
            self.place("jp_standard", items=[*scarce_items, {"sku": lots.default_code, "quantity": 3}])
        self.check_same_rows(*((way,) for way in memo.WAYS), memo.WAYS)

    def test_orderpoints_and_analytic(self):
        """An automatic orderpoint is served, an analytic distribution applied."""
        self.place_again("jp_standard")
        product = next(iter(self.products.values()))
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "warehouse_id": self.warehouse.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "product_min_qty": 98,
                "product_max_qty": 200,
                "trigger": "auto",
            }
        )
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        analytic = self.env["account.analytic.account"].create({"name": "Amazon", "plan_id": plan.id})
        self.env["account.analytic.distribution.model"].create(
            {
                "product_id": product.id,
                "analytic_distribution": {str(analytic.id): 100},
                "company_id": self.company.id,
            }
        )
        for _number in range(3):
            self.place("jp_standard", items=[{"sku": product.default_code, "quantity": 1}])
        self.check_same_rows(memo.WAYS)

    # === WHERE ODOO HAS CHANGED === #

    def test_what_is_shortened_is_there(self):
        """Odoo still has each method that a shorter way goes around, with the same parameters."""
        named = [
            value for module in vars(speed).values() if inspect.ismodule(module) for value in vars(module).values()
        ]
        ways = [value for value in named if isinstance(value, type) and issubclass(value, models.BaseModel)]
        self.assertEqual(len(ways), 6)
        for way in ways:
            [model] = way._inherit
            theirs = [cls for cls in type(self.env[model]).__mro__ if "sale_amazon_spapi" not in cls.__module__]
            for name, method in vars(way).items():
                if not inspect.isfunction(method) or name.startswith("_amazon"):
                    continue
                with self.subTest(model=model, method=name):
                    original = next(vars(cls)[name] for cls in theirs if name in vars(cls))
                    mine, odoos = (inspect.signature(some).parameters for some in (method, original))
                    self.assertLessEqual({*mine} - {"kwargs"}, {*odoos})
                    self.assertTrue("kwargs" in mine or {*mine} == {*odoos})

    def test_reserved_without_lines(self):
        """Where Odoo makes less than the shorter way asks for, nothing stays reserved and a person is told."""
        product = self.imported().order_line.product_id[:1]
        quants = self.env["stock.quant"].search([("product_id", "=", product.id)])
        before = sum(quants.mapped("reserved_quantity"))
        create = StockMoveLine.create

        @api.model_create_multi
        def make_less(lines, vals_list):
            return create(lines, [{**vals, "quantity": 0} for vals in vals_list])

        self.patch(StockMoveLine, "create", make_less)
        order = self.imported(items=[{"sku": product.default_code, "quantity": 1}])
        self.assertFalse(order.picking_ids.move_ids.move_line_ids)
        self.assertEqual(sum(quants.mapped("reserved_quantity")), before)
        self.assertIn("not_reserved", order.activity_ids.mapped("amazon_reason"))

    def test_several_steps(self):
        """Picking and packing before shipping: what follows from the first delivery is the same."""
        self.warehouse.delivery_steps = "pick_pack_ship"
        self.place_again("jp_standard", "jp_several_items")
        self.check_same_rows(memo.WAYS)
