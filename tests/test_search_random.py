"""Whatever is typed, joined with whatever, in any order: what is found is what Odoo finds by its fields."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.fields import Domain
from odoo.tests import tagged

from ..order_numbers import part_of_number
from .common import AmazonCase

TEXTS = [
    *("榊", "榊原", "原", "Sam", "Same Name", "250", "2５", "-", "S0", "1", "－１", "WH", "OUT", "1234", "REF", "mail"),
    *("%", "_", "\\", "a_e", "S%e", "'", '"', " ", "😀", "zz", "x" * 3000),
]
# By model: the fields that are typed in, other conditions, and orders, in some of which many are equal.
LISTS = {
    "sale.order": (
        ["amazon_text", "partner_id"],
        [("amazon_status", "=", "unshipped"), ("client_order_ref", "=", False), ("partner_id.active", "=", False)],
        ["date_order desc, id desc", "amazon_status", "amazon_ship_by desc", "partner_id", "amazon_phase_id, id"],
    ),
    "stock.picking": (
        ["amazon_text", "amazon_order_ref", "partner_id"],
        [("state", "=", "done"), ("sale_id", "!=", False)],
        ["priority desc, scheduled_date asc, id desc", "date_deadline", "state desc", "carrier_id", "user_id, id"],
    ),
    "amazon.confirmation": (
        ["order_text", "tracking_number"],
        [("state", "=", "not_sent"), ("order_id.state", "=", "sale")],
        ["id desc", "sent_at desc", "state", "create_date, id"],
    ),
}


@st.composite
def searches(draw):
    """Return (model, nested conditions, order, offset, limit)."""
    model = draw(st.sampled_from(list(LISTS)))
    typed, others, orders = LISTS[model]
    leaf = st.one_of(st.tuples(st.sampled_from(typed), st.sampled_from(TEXTS)), st.sampled_from(others))
    joined = st.recursive(
        leaf, lambda part: st.tuples(st.sampled_from(["&", "|", "!"]), st.tuples(part, part)), max_leaves=3
    )
    # At least one is typed.
    first = st.tuples(st.sampled_from(typed), st.sampled_from(TEXTS))
    tree = draw(st.one_of(first, st.tuples(st.sampled_from(["&", "|", "!"]), st.tuples(first, joined))))
    return model, tree, draw(st.sampled_from(orders)), draw(st.integers(0, 9)), draw(st.integers(1, 12))


@tagged("post_install", "-at_install")
class TestSearchRandom(AmazonCase):
    def setUp(self):
        super().setUp()
        orders = self.imported_together(*["jp_standard"] * 5, "jp_cod", "jp_fba", "jp_shipped", "jp_cancelled").sudo()
        for order, name in zip(orders, ("Same Name", "Same Name", "榊原 健", "a_e 100%", "x'y\"z \\"), strict=False):
            order.partner_id.name = name
        orders[0].partner_id.active = False
        orders[1].partner_id.write({"ref": "REF-榊", "email": "mail@example.com"})
        orders[::2].date_order, orders[1::2].date_order = "2026-01-04", "2026-01-05"
        orders[::3].amazon_ship_by = "2026-01-09"
        orders[:2].client_order_ref = "原-1"
        for picking in orders.picking_ids.filtered(lambda picking: picking.state == "assigned")[:4]:
            picking.carrier_tracking_ref = "1234-5678-9012"
            self.ship(picking)
        elsewhere = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        hidden = self.env["res.partner"].create({"name": "Same Name 榊原"})
        self.env["sale.order"].sudo().create([{"partner_id": hidden.id, "company_id": elsewhere.id}] * 3)
        self.env.flush_all()

    def plain(self, model, name, text):
        """Return the domain of what is typed by fields of Odoo's, and Amazon's number."""
        if name == "partner_id":
            partners = self.env["res.partner"].with_user(self.user).with_context(active_test=False)
            return Domain(name, "child_of", partners.search([("display_name", "ilike", text)]).ids)
        if name == "tracking_number":
            return Domain(name, "ilike", text)
        part = part_of_number(text)
        if (model, name) == ("sale.order", "amazon_text"):
            numbers = ("name", "amazon_order_ref", "client_order_ref")
            return self.plain(model, "partner_id", text) | Domain.OR(Domain(path, "ilike", part) for path in numbers)
        paths = {
            "amazon_text": ("name", "origin", "sale_id.amazon_order_ref"),
            "amazon_order_ref": ("sale_id.amazon_order_ref",),
            "order_text": ("order_ref", "order_id.name", "picking_id.name"),
        }
        return Domain.OR(Domain(path, "ilike", part) for path in paths[name])

    def domain(self, model, tree, typed):
        """Return the domain of a tree, as it is typed or by plain fields."""
        if len(tree) == 3:
            return Domain(*tree)
        operator, parts = tree
        if operator not in ("&", "|", "!"):
            if typed:
                return Domain(operator, "child_of" if operator == "partner_id" else "ilike", parts)
            return self.plain(model, operator, parts)
        first, second = (self.domain(model, part, typed) for part in parts)
        return first & second if operator == "&" else first | second if operator == "|" else ~first & ~second

    def check_random(self, examples):
        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(searches())
        def check(search):
            model, tree, order, offset, limit = search
            Model = self.env[model].with_user(self.user)
            # Over RPC a domain is a list.
            typed, plain = (list(self.domain(model, tree, typed)) for typed in (True, False))
            whole = order if ", id" in order or order.startswith("id") else f"{order}, id{' desc' * ('desc' in order)}"
            expected = Model.search(plain, order=whole).ids
            self.assertEqual(Model.search(typed, order=whole).ids, expected)
            count = Model.search_count(plain)
            self.assertEqual(Model.search_count(typed), count)
            self.assertEqual(Model.search_count(typed, limit=limit), min(count, limit))
            page = Model.web_search_read(typed, {"id": {}}, offset=offset, limit=limit, order=order)
            self.assertEqual([row["id"] for row in page["records"]], expected[offset : offset + limit])
            groups = Model.formatted_read_group(typed, ["state"], ["__count"])
            self.assertEqual(sum(group["__count"] for group in groups), count)

        check()

    def test_as_planned(self):
        self.check_random(40)

    def test_by_walking(self):
        """PostgreSQL plans as with a million."""
        self.env.cr.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL cpu_tuple_cost = 10000")
        self.check_random(40)
