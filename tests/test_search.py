import ast
from datetime import datetime, timedelta, timezone

from freezegun import freeze_time
from lxml import etree
from odoo import fields
from odoo.fields import Command, Domain
from odoo.modules.db import FunctionStatus
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..const import RECENT_DAYS
from ..models.engine.amazon_search import FEW, NEAR, one_of
from ..models.engine.trigram import by_letters
from ..ours import Noted
from .common import AmazonCase, counts_queries


@tagged("post_install", "-at_install")
class TestSearch(AmazonCase):
    """What filters, pivots and graphs find."""

    def check_late(self, now, zone, expected):
        """Check which orders are late, due today or later, in their list and in the search.

        :param str now: the moment it is, UTC.
        :param str zone: the code of the marketplace.
        :param list expected: tuples of (ship-by in UTC, late).
        """
        orders = self.imported(count=len(expected))
        orders.amazon_marketplace_id = self.env["amazon.marketplace"].search([("code", "=", zone)])
        for order, (ship_by, _late) in zip(orders, expected, strict=True):
            order.amazon_ship_by = ship_by and datetime.fromisoformat(ship_by)
        orders = orders.with_user(self.user)
        mine = [("id", "in", orders.ids)]
        with freeze_time(now):
            orders.invalidate_recordset(["amazon_late"])
            self.assertEqual(orders.mapped("amazon_late"), [late for _ship_by, late in expected])
            for value in ("late", "today", "later", False):
                there = orders.filtered(lambda order, value=value: order.amazon_late == value)
                with self.subTest(value=value):
                    self.assertEqual(orders.search([*mine, ("amazon_late", "=", value)], order="id"), there)
                    self.assertEqual(orders.search([*mine, ("amazon_late", "!=", value)], order="id"), orders - there)
            self.assertEqual(
                orders.search([*mine, ("amazon_late", "in", ("late", False))]),
                orders.filtered(lambda order: order.amazon_late in ("late", False)),
            )

    def test_late(self):
        """Today ends at the marketplace's midnight; what is past is late."""
        self.check_late(
            "2026-11-25 10:00:00",
            "JP",
            [
                ("2026-11-24 23:00:00", "late"),
                ("2026-11-25 09:59:59", "late"),
                ("2026-11-25 10:00:01", "today"),
                ("2026-11-25 14:59:59", "today"),
                ("2026-11-25 15:00:00", "later"),
                (False, False),
            ],
        )

    def test_late_abroad(self):
        """The same moment is another day elsewhere, and the day the clock is put back has an hour more."""
        self.check_late(
            "2026-11-25 10:00:00",
            "US",
            [
                ("2026-11-25 15:00:00", "today"),
                ("2026-11-26 07:59:59", "today"),
                ("2026-11-26 08:00:00", "later"),
            ],
        )
        self.check_late(
            "2026-11-01 07:30:00",
            "US",
            [
                ("2026-11-02 07:59:59", "today"),
                ("2026-11-02 08:00:00", "later"),
            ],
        )

    def test_shipped_is_not_late(self):
        """What has left or was cancelled is never late."""
        shipped, cancelled = self.imported("jp_shipped"), self.imported("jp_cancelled")
        with freeze_time("2036-01-01"):
            (shipped | cancelled).invalidate_recordset(["amazon_late"])
            self.assertEqual((shipped.amazon_late, cancelled.amazon_late), (False, False))
            self.assertFalse(self.env["sale.order"].search([("amazon_late", "=", "late")]) & (shipped | cancelled))

    def test_pivot_and_graph(self):
        """Orders by day, where the user is, and status: as the pivot and the graph ask for them."""
        noon = fields.Datetime.now().replace(hour=12, minute=0) - timedelta(days=3)
        for kind, hours in (("jp_standard", 2), ("jp_standard", 4), ("jp_standard", 5), ("jp_cancelled", 6)):
            created = (noon + timedelta(hours=hours)).replace(tzinfo=timezone.utc)
            self.place(kind, created=created.isoformat(), items=[{"sku": "AMZ-CUP-001"}])
        self.import_orders()
        # A day begins at 15:00 UTC the day before.
        first, second = (f"{noon.date() - timedelta(days=days)} 15:00:00" for days in (1, 0))
        orders = self.env["sale.order"].with_user(self.user).with_context(tz="Asia/Tokyo")
        for kind in ("pivot", "graph"):
            view = self.env.ref(f"sale_amazon_spapi.sale_order_amazon_view_{kind}")
            arch = etree.fromstring(orders.get_views([(view.id, kind)])["views"][kind]["arch"])
            measures = [field.get("name") for field in arch.iter("field") if field.get("type") == "measure"]
            by = [
                f"{field.get('name')}:{field.get('interval')}" if field.get("interval") else field.get("name")
                for field in arch.iter("field")
                if field.get("name") not in measures
            ]
            with self.subTest(kind=kind):
                self.assertEqual(by, ["date_order:day", "amazon_status"])
                groups = orders.formatted_read_group(
                    [("amazon_merchant_id", "=", self.seller["merchant_id"])],
                    by,
                    ["__count", *(f"{name}:sum" for name in measures)],
                )
                found = {(group["date_order:day"][0], group["amazon_status"]): group for group in groups}
                self.assertEqual(
                    {key: group["__count"] for key, group in found.items()},
                    {
                        (first, "unshipped"): 1,
                        (second, "unshipped"): 2,
                        (second, "cancelled"): 1,
                    },
                )
                if measures:
                    self.assertEqual(found[second, "unshipped"]["amount_total:sum"], 6600)


@tagged("post_install", "-at_install")
class TestManyOrders(AmazonCase):
    """What is found is what was always found, and PostgreSQL can find it among a million by an index."""

    # Each filter of the orders whose condition stands in an index of its own: (filter, index, what it found before).
    FILTERS = (
        ("hold", "amazon_on_hold_idx", [("amazon_on_hold", "=", True)]),
        ("cancel_requested", "amazon_cancel_requested_idx", [("amazon_cancel_requested", "=", True)]),
        ("mismatch", "amazon_mismatch_idx", [("amazon_mismatch", "=", True)]),
        ("refunded", "amazon_refunded_idx", [("amazon_refunded", "!=", 0)]),
        ("gift", "amazon_gift_idx", [("amazon_gift_note", "!=", False)]),
        ("gift", "amazon_gift_id_idx", [("amazon_gift_note", "!=", False)]),
        ("awaiting", "amazon_awaiting_idx", [("amazon_payment_state", "=", "awaiting")]),
        ("cod", "amazon_cod_idx", [("amazon_payment_method", "=", "cod")]),
        ("cod", "amazon_cod_id_idx", [("amazon_payment_method", "=", "cod")]),
        ("cvs", "amazon_cvs_idx", [("amazon_payment_method", "=", "convenience_store")]),
        ("fba", "amazon_fba_idx", [("amazon_channel", "=", "fba")]),
        ("df", "amazon_df_idx", [("amazon_channel", "=", "df")]),
    )
    KINDS = (
        "jp_standard",
        "jp_cvs_pending",
        "jp_cod",
        "jp_gift",
        "jp_fba",
        "jp_shipped",
        "jp_cancelled",
        "jp_cancel_requested",
        "jp_unknown_sku",
        "jp_fba_shipped",
    )

    def placed(self):
        """Return one order of each kind, as a clerk sees them."""
        orders = self.imported_together(*self.KINDS)
        orders[0].amazon_on_hold = True
        orders[2].amazon_refunded = 100
        orders[5].amazon_mismatch = True
        orders.flush_recordset()
        return orders.with_user(self.user)

    def filter_domain(self, name, view="sale_order_amazon_view_search", **names):
        """Return the domain of a filter or of a search field."""
        arch = etree.fromstring(self.env.ref(f"sale_amazon_spapi.{view}").arch)
        [node] = [node for node in arch.iter("filter", "field") if node.get("name") == name]
        text = node.get("domain") or node.get("filter_domain").replace("self", repr(names["text"]))
        return ast.literal_eval(text)

    def predicate(self, query=None, index=None):
        """Return a condition as PostgreSQL has it: of a query, or of an index."""
        if query is not None:
            clause = self.env.cr.mogrify(query.where_clause.code, query.where_clause.params).decode()
            self.env.cr.execute(f"CREATE INDEX probe ON sale_order (id) WHERE {clause}")
            found = self.predicate(index="probe")
            self.env.cr.execute("DROP INDEX probe")
            return found
        self.env.cr.execute(
            "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = %s::regclass", [index]
        )
        return self.env.cr.fetchone()[0]

    def test_dates_have_an_index(self):
        """What is filtered by a day or a month is found by an index: of the first day of a month there is little."""
        # A hundred thousand rows at most.
        short = {"amazon.feed", "amazon.log", "amazon.quantity", "amazon.owed"}
        ours = self.env["ir.model.data"].search([("module", "=", "sale_amazon_spapi"), ("model", "=", "ir.ui.view")])
        views = self.env["ir.ui.view"].search([("type", "=", "search"), ("id", "in", ours.mapped("res_id"))])
        dates = {
            (view.model, node.get("date"))
            for view in views
            for node in etree.fromstring(view.arch).iter("filter")
            if node.get("date") and view.model not in short
        }
        self.assertIn(("amazon.order.update", "create_date"), dates)
        for model, name in dates:
            with self.subTest(model=model, date=name):
                self.env.cr.execute(
                    "SELECT 1 FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
                    " WHERE indrelid = %s::regclass AND attname = %s",
                    [self.env[model]._table, name],
                )
                self.assertTrue(self.env.cr.rowcount)

    def test_filters_have_their_index(self):
        """A filter finds what it always found, and its condition is that of its index, word by word."""
        orders = self.placed()
        Order = self.env["sale.order"]
        for name, index, before in self.FILTERS:
            with self.subTest(filter=name):
                domain = self.filter_domain(name)
                mine = [("id", "in", orders.ids)]
                # Judged record by record: SQL finds what has no value with "!=", too.
                wanted = orders.filtered_domain(before).sorted("id")
                self.assertEqual(orders.search([*mine, *domain], order="id"), wanted)
                self.assertEqual(self.predicate(Order._search(domain)), self.predicate(index=f"sale_order_{index}"))
        rare = dict(zip(("hold", "refunded", "mismatch"), (orders[0], orders[2], orders[5]), strict=True))
        for name, order in rare.items():
            self.assertIn(order, orders.search([("id", "in", orders.ids), *self.filter_domain(name)]))

    def test_open_orders_have_their_index(self):
        """Late, due today, unshipped, pending: one index by ship-by date holds all that is not over."""
        index = self.predicate(index="sale_order_amazon_open_idx")
        for name in ("pending", "unshipped"):
            for status in self.filter_domain(name)[0][2]:
                self.assertIn(f"'{status}'", index)
        query = self.env["sale.order"]._search([("amazon_late", "=", "late")])
        self.assertIn('"amazon_status" IN', query.where_clause.code)

    def test_phases_are_named(self):
        """A phase is looked for by itself, not by its role: PostgreSQL knows how rare it is."""
        orders = self.placed()
        phases = self.env["amazon.phase"].search([])
        self.assertEqual(
            len(set(orders.mapped("amazon_phase_role"))), len({*orders.amazon_phase_id.mapped("role"), False})
        )
        for role in (*set(phases.mapped("role")), False):
            with self.subTest(role=role):
                mine = [("id", "in", orders.ids)]
                there = orders.filtered(lambda order, role=role: order.amazon_phase_role == role)
                self.assertEqual(
                    orders.search([*mine, ("amazon_phase_role", "=", role)], order="id"), there.sorted("id")
                )
                self.assertEqual(
                    orders.search([*mine, ("amazon_phase_role", "!=", role)], order="id"), (orders - there).sorted("id")
                )
        query = self.env["sale.order"]._search(self.filter_domain("review"))
        self.assertNotIn('amazon_phase"', query.from_clause.code)

    def test_combined(self):
        """Combined orders and those they go with are found together, each alone, and all the others."""
        parent, child, other = self.imported(count=3)
        child.amazon_merged_into_id = parent
        mine = [("id", "in", (parent | child | other).ids)]
        Order = self.env["sale.order"].with_user(self.user)
        for domain, expected in (
            (self.filter_domain("combined"), parent | child),
            ([("amazon_combined", "=", "parent")], parent),
            ([("amazon_combined", "=", "child")], child),
            ([("amazon_combined", "=", False)], other),
            ([("amazon_combined", "!=", False)], parent | child),
            ([("amazon_combined", "!=", "child")], parent | other),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(Order.search([*mine, *domain], order="id"), expected.with_user(self.user))

    def test_text(self):
        """The search box finds orders by their numbers, their customers, and parts of both."""
        orders = self.placed()
        first, second = orders[0], orders[2]
        first.partner_id.sudo().name = "Hanako 山田花子"
        contact = self.env["res.partner"].create({"name": "Packing Desk", "parent_id": second.partner_id.id})
        manual = self.env["sale.order"].create({"partner_id": contact.id, "client_order_ref": "250-0000001-0000009"})
        mine = [("id", "in", (orders | manual).ids)]
        ref = first.amazon_order_ref
        texts = (
            ref,
            f" {ref} ",
            ref[4:],
            ref[:9],
            ref.lower(),
            first.name,
            first.name[1:],
            "hanako",
            "山田",
            "花子",
            second.partner_id.name,
            second.partner_id.email,
            "Packing",
            manual.client_order_ref,
            "250-",
            "zzz",
        )
        Order = orders.sudo()
        for text in texts:
            with self.subTest(text=text):
                before = [
                    "|",
                    "|",
                    "|",
                    ("name", "ilike", text.strip()),
                    ("amazon_order_ref", "ilike", text.strip()),
                    ("client_order_ref", "ilike", text.strip()),
                    ("partner_id", "child_of", text),
                ]
                self.assertEqual(
                    Order.search([*mine, *self.filter_domain("amazon_text", text=text)], order="id"),
                    Order.search([*mine, *before], order="id"),
                )
        self.assertEqual(Order.search([*mine, ("amazon_text", "ilike", ref)]), first.sudo())
        # As a Japanese keyboard leaves them.
        wide = str.maketrans("0123456789-", "０１２３４５６７８９ー")
        pickings = Order.picking_ids
        for text in (ref, ref[4:11], ref[:9]):
            for model, name in ((Order, "amazon_text"), (pickings, "amazon_text"), (pickings, "amazon_order_ref")):
                with self.subTest(text=text, model=model._name, name=name):
                    mine, typed = Domain("id", "in", model.ids), Domain(name, "ilike", text.translate(wide))
                    found = model.search(mine & typed)
                    self.assertEqual(found, model.search(mine & Domain(name, "ilike", text)))
                    self.assertTrue(found)
                    self.assertEqual(model.search(mine & ~typed), model.search(mine) - found)
        first.partner_id.sudo().name = "山田 花子"
        second.partner_id.sudo().name = "鈴木　一郎"
        wide = str.maketrans("S0123456789 ", "Ｓ０１２３４５６７８９　")
        all_of_them = Domain("id", "in", Order.ids)
        for text in ("山田 花子", first.name):
            for typed in (text, text.translate(wide)):
                with self.subTest(typed=typed):
                    self.assertEqual(Order.search(all_of_them & Domain("amazon_text", "ilike", typed)), first.sudo())
        as_written = Order.search(all_of_them & Domain("amazon_text", "ilike", "鈴木　一郎"))
        self.assertEqual(as_written, second.sudo())

    @counts_queries
    def test_number_is_looked_up(self):
        """Amazon's whole number is looked up by its index: in the search box, and where an order is chosen."""
        order = self.imported().with_user(self.user)
        for field in ("amazon_text", "display_name"):
            query = order._search([(field, "ilike", order.amazon_order_ref)])
            self.assertIn('"amazon_order_ref" IN', query.where_clause.code)
            self.assertNotIn("LIKE", query.where_clause.code)
        self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'sale_order_amazon_order_ref_uniq'")
        self.assertIn("(amazon_order_ref,", self.env.cr.fetchone()[0])
        self.assertEqual([found for found, _name in order.name_search(order.amazon_order_ref)], order.ids)
        order.invalidate_model()
        with self.assertQueryCount(2):
            # The order, and its name.
            order.name_search(order.amazon_order_ref, limit=8)

    def test_parts_are_indexed(self):
        """Parts of numbers and of customers' names are found by trigrams, where PostgreSQL has them."""
        self.assertTrue(self.registry.has_trigram)
        self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%%gin_trgm_ops%%'")
        definitions = " ".join(row[0] for row in self.env.cr.fetchall())
        for column in (
            "sale_order USING gin (name",
            "sale_order USING gin (amazon_order_ref",
            "sale_order USING gin (client_order_ref",
            "res_partner USING gin (complete_name",
            "res_partner USING gin (email",
            "amazon_offer USING gin (sku",
            "stock_picking USING gin (carrier_tracking_ref",
            "stock_picking USING gin (amazon_order_ref",
        ):
            self.assertIn(column, definitions)
        for name in ("res.partner", "sale.order", "stock.picking"):
            for column in self.env[name]._amazon_letters:
                table = self.env[name]._table
                self.assertIn(f"{table} USING gin (regexp_replace(({column})::text", definitions)

    @counts_queries
    def test_one_or_two_letters(self):
        """A name of one or two letters is found in the same customers, orders and deliveries as any other text."""
        orders = self.imported(count=9)
        names = (
            "榊原 健",
            "健 榊原",
            "原榊 みや",
            "山田 榊",
            "ミヤザキ ａＢ",
            "Ng 々子",
            "木・原榊榊",
            "榊% 100%",
            r"榊_\原",
        )
        for order, name in zip(orders, names, strict=True):
            order.partner_id.sudo().name = name
        orders[1].partner_id.sudo().active = False
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": orders[0].partner_id.id})
        mailed = self.env["res.partner"].create({"name": "Mailed", "email": "榊@buyers.example", "ref": "原Ａ1"})
        elsewhere = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        Order = self.env["sale.order"]
        manual = Order.create([{"partner_id": contact.id}, {"partner_id": mailed.id, "client_order_ref": "木榊-7"}])
        manual[1].name = "受注々7"
        foreign = Order.sudo().create(
            {"partner_id": self.env["res.partner"].create({"name": "榊原"}).id, "company_id": elsewhere.id}
        )
        orders[2].picking_ids.sudo().write({"name": "倉庫/7", "origin": "木榊-8"})
        kana = "みや", "ヤザ", "ャ", "ﾔﾏ", "ａＢ", "Ａｂ", "ＡＢ", "B", "ng", "NG", "Ａ1"
        wild = "榊%", "%榊", "榊_", "_原", "榊\\", "%", "_", "%_", "__", r"\%", r"\_", "榊\u3000"
        kanji = (
            "榊原",
            "原榊",
            "榊",
            "原",
            "健",
            "々",
            "木榊",
            "榊榊",
            "田 ",
            " 榊",
            "・原",
            "受注",
            "注々",
            "倉庫",
            "/7",
            "竈門",
        )
        mine = Domain("id", "in", (orders | manual | foreign).ids)
        pickings = orders.picking_ids.sudo()
        found_ever = Order
        partners = self.env["res.partner"].with_user(self.user).with_context(active_test=False)
        Order = Order.with_user(self.user)
        for text in (*kanji, *kana, *wild):
            with self.subTest(text=text):
                named = partners.search([("display_name", "ilike", text)])
                of_customers = Domain("partner_id", "child_of", named.ids)
                expected = Order.search(
                    mine
                    & Domain.OR(
                        [
                            of_customers,
                            Domain("name", "ilike", text),
                            Domain("amazon_order_ref", "ilike", text),
                            Domain("client_order_ref", "ilike", text),
                        ]
                    ),
                    order="id",
                )
                self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", text), order="id"), expected)
                found_ever |= expected
                self.assertEqual(
                    Order.search(mine & Domain("partner_id", "child_of", text), order="id"),
                    Order.search(mine & of_customers, order="id"),
                )
                there = Domain("id", "in", pickings.ids)
                parts = Domain("name", "ilike", text) | Domain("origin", "ilike", text)
                for domain, same in (
                    (Domain("partner_id", "child_of", text), of_customers),
                    (Domain("amazon_text", "ilike", text), parts | Domain("sale_id.amazon_order_ref", "ilike", text)),
                ):
                    self.assertEqual(
                        pickings.search(there & domain, order="id"), pickings.search(there & same, order="id")
                    )
        self.assertEqual(found_ever, orders | manual)
        with self.assertQueryCount(6):
            # Whom PostgreSQL expects and finds of customers and of who belongs to them, and the orders' plan and page.
            Order.search([("amazon_text", "ilike", "竈門")], limit=80)

    def test_one_or_two_letters_without_accents(self):
        """Where PostgreSQL compares without accents, full-width digits and accented letters find plain ones, too."""
        self.env.cr.execute("CREATE EXTENSION IF NOT EXISTS unaccent; ALTER FUNCTION unaccent(text) IMMUTABLE")
        self.patch(self.env.registry, "has_unaccent", FunctionStatus.INDEXABLE)
        self.patch(self.env.registry, "unaccent", lambda text: SQL("unaccent(%s)", text))
        orders = self.imported(count=3)
        for order, name in zip(orders, ("Muller", "Müller 榊", "㏄榊"), strict=True):
            order.partner_id.sudo().name = name
        orders[0].name, orders[1].name = "受注17", "SO17"
        Order = self.env["sale.order"].with_user(self.user)
        partners = self.env["res.partner"].with_user(self.user)
        mine = Domain("id", "in", orders.ids)
        found_ever = Order
        for text in ("１７", "ü", "Ü", "榊", "c榊", "注１", "％", "＿", "榊％", "＼", "榊\u0301", "№", "㏄榊"):
            with self.subTest(text=text):
                customers = partners.search([("display_name", "ilike", text)])
                expected = Order.search(
                    mine
                    & Domain.OR(
                        [
                            Domain("partner_id", "child_of", customers.ids),
                            *(Domain(name, "ilike", text) for name in self.env["sale.order"]._amazon_letters),
                        ]
                    ),
                    order="id",
                )
                self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", text), order="id"), expected)
                found_ever |= expected
        self.assertEqual(found_ever, orders)
        # The third may have it in Amazon's number.
        self.assertLessEqual(orders[:2], Order.search(mine & Domain("amazon_text", "ilike", "１７")).sudo())

    def test_one_or_two_letters_are_indexed(self):
        """One or two letters that are not ASCII are looked for by the index of letters."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        for model, name in (
            ("res.partner", "complete_name"),
            ("res.partner", "email"),
            ("sale.order", "name"),
            ("stock.picking", "origin"),
        ):
            records = self.env[model]
            for text in ("榊", "榊原", "a榊"):
                with self.subTest(model=model, name=name, text=text):
                    query = records._search(by_letters(records, Domain(name, "ilike", text)), active_test=False)
                    [*plan] = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
                    self.assertIn("letters_idx", str(plan))
            # PostgreSQL's trigrams have no signs: with them each of a million would be rewritten to be compared.
            for text in ("😀", "😀😀", "a・"):
                query = records._search(by_letters(records, Domain(name, "ilike", text)), active_test=False)
                self.assertNotIn("regexp_replace", query.where_clause.code)

    def test_sku(self):
        """Orders are found by a part of a SKU and by a product's name."""
        orders = self.imported(items=[{"sku": "AMZ-CUP-001"}]) | self.imported("jp_unknown_sku")
        Order = orders.with_user(self.user)
        mine = [("id", "in", orders.ids)]
        for text in (
            "cup-001",
            "AMZ-CUP-001",
            orders[1].order_line.amazon_offer_id.sku,
            self.products["AMZ-CUP-001"].name,
            "zzz",
        ):
            with self.subTest(text=text):
                before = [
                    "|",
                    ("order_line.amazon_offer_id.sku", "ilike", text),
                    ("order_line.product_id", "ilike", text),
                ]
                found = Order.search([*mine, *self.filter_domain("amazon_sku", text=text)], order="id")
                self.assertEqual(found, Order.search([*mine, *before], order="id"))

    def test_sku_typed_and_entered(self):
        """Enter, which looks for numbers and customers, finds by SKU and product where no order has the text there."""
        orders = self.imported(items=[{"sku": "AMZ-CUP-001"}]) | self.imported("jp_unknown_sku")
        offer, product = orders[1].order_line.amazon_offer_id, self.products["AMZ-CUP-001"]
        mine = Domain("id", "in", orders.ids)
        Order = orders.browse().with_user(self.user)
        for text, expected in (
            ("cup-001", orders[0]),
            (offer.sku.lower(), orders[1]),
            (product.name, orders[0]),
            (product.name[:3], orders[0]),
            ("zzz", orders.browse()),
        ):
            with self.subTest(text=text):
                typed = Domain("amazon_text", "ilike", text)
                self.assertEqual(Order.search(mine & typed, order="id"), expected)
                self.assertEqual(Order.search(mine & typed, limit=80, order="date_order desc"), expected)
                self.assertEqual(Order.search_count(mine & typed), len(expected))
        # Numbers and customers come first, and what is chosen from a list is no SKU.
        orders[1].partner_id.sudo().name = "Mrs. CUP-001"
        self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", "cup-001")), orders[1])
        orders[1].partner_id.sudo().name = "Somebody"
        self.assertFalse(Order.name_search("cup-001"))
        # A SKU may consist of digits, a few of which many order numbers have.
        offer.sudo().sku = "4901234567894"
        self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", "4901234567894")), orders[1])
        self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", "4901234567")), orders[1])

    def test_who_sees_no_skus(self):
        """Who sees orders but no SKUs finds them by numbers and customers; what no order has is no error."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001"}])
        salesman = new_test_user(
            self.env,
            "search_salesman",
            "sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        mine = Domain("id", "=", order.id)
        Order = order.browse().with_user(salesman)
        for text, expected in ((order.name, order), (order.amazon_order_ref[4:], order), ("cup-001", order.browse())):
            with self.subTest(text=text):
                self.assertEqual(Order.search(mine & Domain("amazon_text", "ilike", text)), expected)

    def test_sku_of_many(self):
        """Where very many SKUs are called so, each order line is looked at by itself; what is found is the same."""
        orders = self.imported(items=[{"sku": "AMZ-CUP-001"}]) | self.imported("jp_unknown_sku")
        offer = orders[1].order_line.amazon_offer_id
        self.env["amazon.offer"].create(
            [
                {
                    "account_id": self.account.id,
                    "marketplace_id": offer.marketplace_id.id,
                    "sku": f"{offer.sku}-{number}",
                }
                for number in range(FEW)
            ]
        )
        Order = orders.browse().with_user(self.user)
        typed = Domain("id", "in", orders.ids) & Domain("amazon_sku", "ilike", offer.sku)
        self.assertEqual(Order.search(typed), orders[1])
        self.assertEqual(Order.search(typed, limit=80), orders[1])
        self.assertEqual(Order.search_count(typed, limit=80), 1)
        self.assertIn("OFFSET 0", Order._search(typed).where_clause.code)

    def test_text_of_deliveries_and_confirmations(self):
        """The search boxes of deliveries and of the history find by any of the numbers, and parts of them."""
        orders = self.imported(count=2)
        picking = orders[0].picking_ids
        picking.carrier_tracking_ref = "1234-5678-9012"
        self.ship(picking)
        row = orders[0].amazon_confirmation_ids
        ref, name = orders[0].amazon_order_ref, orders[0].name
        for text in (ref, ref[4:], ref[:5], name, name[1:], picking.name, picking.name[-3:], "zzz"):
            with self.subTest(text=text):
                for records, view, field, before in (
                    (
                        orders.picking_ids,
                        "stock_picking_amazon_view_search",
                        "amazon_text",
                        ["name", "origin", "sale_id.amazon_order_ref"],
                    ),
                    (
                        row,
                        "amazon_confirmation_view_search",
                        "order_text",
                        ["order_ref", "order_id.name", "picking_id.name"],
                    ),
                ):
                    records = records.with_user(self.user)
                    mine = [("id", "in", records.ids)]
                    old = ["|"] * (len(before) - 1) + [(path, "ilike", text) for path in before]
                    found = records.search([*mine, *self.filter_domain(field, view, text=text)], order="id")
                    self.assertEqual(found, records.search([*mine, *old], order="id"))
                pickings = orders.picking_ids.with_user(self.user)
                mine = Domain("id", "in", pickings.ids)
                typed, same = (
                    Domain("amazon_order_ref", "ilike", text),
                    Domain("sale_id.amazon_order_ref", "ilike", text),
                )
                self.assertEqual(pickings.search(mine & typed, order="id"), pickings.search(mine & same, order="id"))
                self.assertEqual(pickings.search(mine & ~typed, order="id"), pickings.search(mine & ~same, order="id"))
        # A caller may give a number.
        for digits in (int(ref[4:11]), 0.25):
            self.assertEqual(
                pickings.search(mine & Domain("amazon_order_ref", "ilike", digits)),
                pickings.search(mine & Domain("sale_id.amazon_order_ref", "ilike", digits)),
            )

    @counts_queries
    def test_near_and_far(self):
        """A page of what was typed is the same whether it is found near, by walking the list, or collected."""
        orders = self.imported(count=4)
        for number, picking in enumerate(orders.picking_ids):
            picking.carrier_tracking_ref = f"1234-5678-901{number}"
            self.ship(picking)
        rows = orders.amazon_confirmation_ids.sorted("id")
        self.env.flush_all()
        # So many are looked at first.
        names = [name for name in rows._fields if rows._fields[name].column_type and rows._fields[name].store]
        others = {"id": "DEFAULT", "picking_id": "NULL", "order_ref": "'FILL-' || n", "tracking_number": "'FILL-' || n"}
        columns = [name for name in names if name != "id"]
        self.env.cr.execute(
            f"INSERT INTO amazon_confirmation ({', '.join(columns)})"
            f" SELECT {', '.join(others.get(name, name) for name in columns)}"
            f" FROM amazon_confirmation, generate_series(1, {NEAR}) n WHERE id = {rows[3].id}"
        )
        self.env.invalidate_all()
        # How many PostgreSQL takes them for must not hang on when the table was last vacuumed.
        self.env.cr.execute("ANALYZE amazon_confirmation")
        # PostgreSQL plans as with a million.
        self.env.cr.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL cpu_tuple_cost = 1000")
        Row = self.env["amazon.confirmation"].with_user(self.user)
        mine = Domain("account_id", "=", self.account.id)
        everything = ["order_ref", "order_id.name", "picking_id.name"]
        texts = [
            ("order_text", everything, rows[0].order_ref[4:], "far"),
            ("order_text", everything, rows[1].order_id.name[1:], "far"),
            ("order_text", everything, rows[2].picking_id.name[1:], "far"),
            ("order_text", everything, "FILL-", "near"),
            ("order_text", everything, "zzz", "far"),
            ("tracking_number", ["tracking_number"], "1234-5678", "far"),
            ("tracking_number", ["tracking_number"], "FILL-1", "near"),
            # Some of the first rows have it, but no page of them.
            ("tracking_number", ["tracking_number"], "FILL-99", "far"),
            ("tracking_number", ["tracking_number"], f"FILL-{NEAR}", "far"),
        ]
        for name, paths, text, reach in texts:
            domain = mine & Domain(name, "ilike", text)
            plain = mine & Domain.OR(Domain(path, "ilike", text) for path in paths)
            for order in ("id desc", "id", "create_date desc, id"):
                with self.subTest(text=text, order=order):
                    expected = Row.search(plain, order=order)
                    self.assertEqual(Row.search(domain, limit=80, order=order), expected[:80])
                    self.assertEqual(Row.search(domain, limit=7, offset=3, order=order), expected[3:10])
                    self.assertEqual(Row.search(domain, order=order), expected)
            self.assertEqual(Row.search_count(domain, limit=50), min(len(expected), 50))
            self.assertEqual(Row.search_count(domain), len(expected))
            with self.statements() as found:
                Row.search(domain, limit=80, order="id desc")
            self.assertEqual(any('"id" < 0' in statement for statement in found), reach == "far", text)
        # None of them was sent: where all are equal, the page found far goes on where the one found near ends.
        domain = mine & Domain("tracking_number", "ilike", "FILL-1")
        everything = Row.search(domain, order="id")
        for order in ("sent_at", "sent_at desc"):
            pages = [Row.search(domain, limit=50, offset=offset, order=order) for offset in (0, 50, 100)]
            self.assertEqual(sorted(row.id for page in pages for row in page), everything.ids, order)

    def test_open_or_recent_confirmations(self):
        """The history opens with what is not done, however old, and the last days; who searches finds all."""
        orders = self.imported(count=3)
        for picking in orders.picking_ids:
            picking.carrier_tracking_ref = "1234-5678-9012"
            self.ship(picking)
        waiting, done, sent_again = rows = orders.amazon_confirmation_ids.with_user(self.user)
        (done | sent_again).sudo().state = "done"
        rows.flush_recordset()
        old = fields.Datetime.now() - timedelta(days=15)
        self.env.cr.execute("UPDATE amazon_confirmation SET create_date = %s WHERE id IN %s", [old, tuple(rows.ids)])
        rows.invalidate_recordset()
        done.sudo().sent_at = old
        sent_again.sudo().sent_at = fields.Datetime.now() - timedelta(days=13)
        mine = [("id", "in", rows.ids)]
        recent = self.filter_domain("recent", "amazon_confirmation_view_search")
        self.assertEqual(rows.search([*mine, *recent]), waiting | sent_again)
        self.assertEqual(rows.search([*mine, ("is_recent", "=", False)]), done)
        self.assertEqual(rows.filtered("is_recent"), waiting | sent_again)
        everywhere = rows.with_context(amazon_all_times=True)
        self.assertEqual(everywhere.search([*mine, *recent]).ids, sorted(rows.ids, reverse=True))

    def test_many_customers(self):
        """A name that very many customers have finds the orders of all of them."""
        order = self.imported()
        name = "Same Name Everywhere"
        customers = self.env["res.partner"].create([{"name": name} for _number in range(FEW)])
        order.partner_id.name = name
        # Below a buyer it would be the buyer's address, which is called after who receives, not after who pays.
        contact = self.env["res.partner"].create({"name": "Packing Desk", "parent_id": customers[0].id})
        manual = self.env["sale.order"].create({"partner_id": contact.id})
        self.assertEqual(self.env["sale.order"].search([("amazon_text", "ilike", name)], order="id"), order | manual)
        self.assertEqual([found for found, _name in order.name_search(name)], order.ids)

    @counts_queries
    def test_page_of_many_customers(self):
        """A page by a name of very many customers, or by Amazon's number, is the same whether it is found by walking
        the list or collected."""
        orders = self.imported(count=7)
        name = "Same Name Everywhere"
        customers = self.env["res.partner"].create([{"name": name} for _number in range(FEW + 1)])
        for order, customer in zip(orders[:3], customers, strict=False):
            order.partner_id = customer
        pickings = orders.picking_ids
        for picking, customer in zip(pickings[:6], customers, strict=False):
            picking.partner_id = customer
        self.env.flush_all()
        # PostgreSQL plans as with a million.
        self.env.cr.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL cpu_tuple_cost = 10000")
        ref = orders[4].amazon_order_ref
        mine = Domain("amazon_account_id", "=", self.account.id)
        Order, Picking = orders.browse().with_user(self.user), pickings.browse().with_user(self.user)
        for Model, typed, plain in (
            (Order, ("partner_id", "child_of", name), ("partner_id.name", "=", name)),
            (Order, ("amazon_text", "ilike", name), ("partner_id.name", "=", name)),
            (Picking, ("partner_id", "child_of", name), ("partner_id.name", "=", name)),
            (Picking, ("amazon_order_ref", "ilike", ref[4:]), ("sale_id.amazon_order_ref", "ilike", ref[4:])),
            (Picking, ("amazon_order_ref", "ilike", f" {ref}"), ("sale_id.amazon_order_ref", "=", ref)),
        ):
            found = mine & Domain([typed])
            for order in (Model._order, "id desc"):
                with self.subTest(model=Model._name, typed=typed, order=order):
                    expected = Model.search(mine & Domain([plain]), order=order)
                    self.assertTrue(expected)
                    self.assertEqual(Model.search(found, order=order), expected)
                    self.assertEqual(Model.search(found, limit=80, order=order), expected)
                    self.assertEqual(Model.search(found, limit=2, offset=1, order=order), expected[1:3])
                    self.assertEqual(Model.search_count(found, limit=50), len(expected))
        for reach in ("near", 5, None, [], ["sale.order", "far"], {"sale.order": "far"}):
            with self.subTest(context=reach):
                called = Order.with_context(amazon_reach=reach)
                self.assertEqual(called.search(mine & Domain("amazon_text", "ilike", name), order="id"), orders[:3])
        with self.statements() as executed:
            Order.search(mine & Domain("partner_id", "child_of", name), limit=80, order="id desc")
        self.assertTrue(any('"id" < 0' in statement for statement in executed))
        # A whole number's order is looked up first; parts are the delivery's own.
        self.assertNotIn("LIKE", Picking._search([("amazon_order_ref", "ilike", ref)]).where_clause.code)
        for typed in (Domain("amazon_order_ref", "ilike", ref[4:]), Domain("amazon_text", "ilike", ref[4:])):
            self.assertNotIn("sale_order", Picking._search(typed).where_clause.code)

    @counts_queries
    def test_counted_one_after_the_other(self):
        """A count looks for a number, and for each field of a customer, by itself, and no further than it counts to."""
        orders = self.imported(count=6)
        name = "Same 661 Everywhere"
        self.env["res.partner"].create([{"name": name, "email": "661@example.com"} for _number in range(FEW + 1)])
        orders[0].partner_id.name = name
        orders[1].partner_id.email = "a661@example.com"
        (orders[0] | orders[2]).client_order_ref = "X661Y"
        orders[3].client_order_ref = "only here"
        self.env.flush_all()
        Order = orders.browse().with_user(self.user)
        mine, typed = Domain("id", "in", orders.ids), Domain("amazon_text", "ilike", "661")
        plain = Domain.OR(
            Domain(path, "ilike", "661")
            for path in ("name", "amazon_order_ref", "client_order_ref", "partner_id.name", "partner_id.email")
        )
        marked = Domain("amazon_text", "ilike", "only here")
        for found, expected in (
            (typed, plain),
            (typed | marked, plain | Domain("id", "=", orders[3].id)),
            (typed & marked, Domain.FALSE),
            (typed & Domain("client_order_ref", "=", False), plain & Domain("client_order_ref", "=", False)),
            (~typed, ~plain),
        ):
            count = Order.search_count(mine & expected)
            for limit in (1, 2, 5, 50):
                with self.subTest(found=found, limit=limit):
                    self.assertEqual(Order.search_count(mine & found, limit=limit), min(count, limit))
        self.assertGreaterEqual(Order.search_count(mine & typed), 3)
        with self.statements() as executed:
            Order.search_count(mine & typed, limit=50)
        asked = [statement for statement in executed if 'FROM "sale_order"' in statement and "ANY(ARRAY" in statement]
        self.assertTrue(asked)
        self.assertFalse([statement for statement in asked if ' OR "sale_order"."partner_id"' in statement])

    def test_deliveries_of_orders(self):
        """What a delivery has of its order is its own, to be found without looking at a million orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_deliveries")
        picking = self.imported().picking_ids.with_user(self.user)
        query = picking._search(ast.literal_eval(action["domain"]))
        self.assertNotIn("sale_order", query.where_clause.code)
        self.assertIn(picking, picking.search(ast.literal_eval(action["domain"])))
        self.assertEqual(picking.amazon_order_ref, picking.sale_id.amazon_order_ref)
        manual = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "By Hand"}).id,
                "order_line": [Command.create({"product_id": self.products["AMZ-CUP-001"].id})],
            }
        )
        manual.action_confirm()
        self.assertTrue(manual.picking_ids)
        self.assertFalse(manual.picking_ids.amazon_account_id)
        self.assertFalse(
            manual.picking_ids.search([("id", "=", manual.picking_ids.id), *ast.literal_eval(action["domain"])])
        )

    def test_many_customers_by_mail(self):
        """What is a part of very many mail addresses, and of no name, finds the orders of all of them, too."""
        mailed = self.env["res.partner"].create(
            [{"name": f"Buyer {number}", "email": f"{number}@buyers.example"} for number in range(FEW + 2)]
        )
        orders = self.env["sale.order"].create([{"partner_id": mailed[0].id}, {"partner_id": mailed[-1].id}])
        mailed[-1].active = False
        for name, operator in (("partner_id", "child_of"), ("amazon_text", "ilike")):
            with self.subTest(name=name):
                self.assertEqual(orders.search([(name, operator, "buyers.example")], order="id"), orders)

    def test_many_customers_and_one_by_mail(self):
        """Beside very many who are called so, those are found who have it only in the mail address."""
        same = self.env["res.partner"].create([{"name": f"Everywhere {number}"} for number in range(FEW + 2)])
        mailed = self.env["res.partner"].create(
            [
                {"name": "Buyer", "email": "everywhere@buyers.example"},
                {"name": "Other", "ref": "EVERYWHERE-1"},
            ]
        )
        orders = self.env["sale.order"].create([{"partner_id": partner.id} for partner in (same[-1], *mailed)])
        for name, operator in (("partner_id", "child_of"), ("amazon_text", "ilike")):
            for text in ("everywhere", "verywher"):
                with self.subTest(name=name, text=text):
                    self.assertEqual(orders.search([(name, operator, text)], order="id"), orders)

    def test_what_is_typed_of_few(self):
        """A text is looked up where few records are; what is archived is found, too, as ever."""
        orders = self.placed()
        shipped = self.imported().with_user(self.user)
        self.ship(shipped.picking_ids)
        phase = orders[0].amazon_phase_id
        self.env["amazon.phase"].search([("id", "!=", phase.id)], limit=1).active = False
        updates = self.env["amazon.order.update"].search([("order_id", "in", orders.ids)])
        lists = {
            orders: ("amazon_phase_id", "amazon_account_id", "amazon_marketplace_id", "carrier_id"),
            orders.picking_ids: ("carrier_id", "product_id"),
            shipped.amazon_confirmation_ids: ("account_id", "marketplace_id"),
            updates: ("account_id",),
            updates.log_id: ("account_id",),
            orders.order_line.amazon_offer_id: ("account_id", "marketplace_id", "product_id"),
        }
        for records, names in lists.items():
            mine = [("id", "in", records.ids)]
            self.assertTrue(records)
            for name in names:
                # Which SKUs were ordered differs; one that nobody knows has no product.
                named = records[name]
                for text in (named[0].name, named[-1].name[:2], "zz"):
                    with self.subTest(model=records._name, name=name, text=text):
                        same = Domain(name, "any", [("display_name", "ilike", text)])
                        found = records.search([*mine, (name, "ilike", text)], order="id")
                        self.assertEqual(found, records.search(Domain(mine) & same, order="id"))
                        self.assertEqual(bool(found), text != "zz")
                        others = records.search([*mine, "!", (name, "ilike", text)])
                        self.assertEqual(found | others, records)
                        self.assertFalse(found & others)

    def test_what_points_to_many(self):
        """What points to one of very many records is found row by row, and so is what does not."""
        orders = self.placed()
        orders[0].picking_ids.name = "Number/One"
        cases = (
            (orders, "partner_id", [("name", "=", orders[0].partner_id.name)]),
            (orders, "carrier_id", [("name", "ilike", "zz")]),
            (orders.picking_ids, "sale_id", [("amazon_order_ref", "=", orders[0].amazon_order_ref)]),
            (orders.order_line, "amazon_offer_id", [("sku", "=", orders[0].order_line.amazon_offer_id[:1].sku)]),
        )
        for records, name, domain in cases:
            with self.subTest(model=records._name, name=name):
                mine, found = Domain("id", "in", records.ids), one_of(name, Domain(domain))
                same = Domain(name, "any", domain)
                self.assertEqual(records.search(mine & found, order="id"), records.search(mine & same, order="id"))
                self.assertEqual(records.search(mine & ~found, order="id"), records.search(mine & ~same, order="id"))
                self.assertEqual(
                    records.search(mine & (found | Domain("id", "=", records[-1].id)), order="id"),
                    records.search(mine & (same | Domain("id", "=", records[-1].id)), order="id"),
                )
                self.assertEqual(records.filtered_domain(found), records.filtered_domain(same))
                for reach in ("near", "far", "count"):
                    reaching = records.with_context(amazon_reach=Noted({records._name: reach}))
                    self.assertEqual(reaching.search(mine & found, order="id"), records.search(mine & same, order="id"))

    def test_sorted_by_few(self):
        """Orders and deliveries sorted by one of few others stand as these do, without a join; who has none, last."""
        orders = self.placed()
        pickings = orders.picking_ids.sudo()
        users = self.env["res.users"].create([{"name": name, "login": name} for name in ("Zoe", "Adam", "Mia")])
        users[2].active = False
        for picking, user in zip(pickings, users, strict=False):
            picking.user_id = user
        self.assertTrue(pickings.filtered("user_id"))
        for records, name in ((pickings, "user_id"), (orders, "amazon_phase_id"), (orders, "carrier_id")):
            records = records.sorted("id")
            comodel = self.env[records._fields[name].comodel_name].sudo().with_context(active_test=False)
            places = [*comodel.search([]), comodel]
            for direction, others in (("", places), (" desc", places[::-1])):
                with self.subTest(name=name, direction=direction):
                    query = records._search([("id", "in", records.ids)], order=f"{name}{direction}, id")
                    self.assertNotIn(comodel._table, query.from_clause.code)
                    expected = [record.id for other in others for record in records if record[name] == other]
                    self.assertEqual(list(query), expected)

    def test_history_in_order(self):
        """The few that are open or recent stand in the order that is asked for."""
        for picking in self.imported(count=4).picking_ids:
            self.ship(picking)
        rows = self.env["amazon.confirmation"].search([("account_id", "=", self.account.id)], order="id")
        self.assertGreaterEqual(len(rows), 4)
        for days, row in enumerate(rows.sudo()):
            row.sent_at = fields.Datetime.now() - timedelta(days=days)
        domain = [("id", "in", rows.ids), ("is_recent", "=", True)]
        for order, expected in (
            ("sent_at", rows.sorted("sent_at")),
            ("sent_at desc", rows.sorted("sent_at", reverse=True)),
            ("create_date, id", rows.sorted("id")),
            ("id desc", rows.sorted("id", reverse=True)),
        ):
            with self.subTest(order=order):
                self.assertEqual(rows.search(domain, order=order).ids, expected.ids)

    def test_customers_typed(self):
        """A customer's name finds the orders of whoever belongs to it, and so it does where very many are called so."""
        orders = self.imported(count=3)
        parent = self.env["res.partner"].create({"name": "Parent Company", "is_company": True})
        orders[0].partner_id.sudo().parent_id = parent
        mine = [("id", "in", orders.ids)]
        Order = self.env["sale.order"].with_user(self.user)
        for text in ("Parent Comp", orders[1].partner_id.name, orders[1].partner_id.name[:1], "zzz"):
            with self.subTest(text=text):
                named = self.env["res.partner"].search([("display_name", "ilike", text)])
                expected = Order.search([*mine, ("partner_id", "child_of", named.ids)], order="id")
                self.assertEqual(Order.search([*mine, ("partner_id", "child_of", text)], order="id"), expected)
        self.assertIn(orders[0], Order.search([*mine, ("partner_id", "child_of", "Parent Comp")]))

    def test_open_or_recent(self):
        """The orders open with what is not over, however old, and the last days; who searches finds all."""
        orders = self.placed()
        old = fields.Datetime.now() - timedelta(days=100)
        orders.sudo().date_order = old
        over = orders.filtered(lambda order: order.amazon_phase_role in ("confirmed", "cancelled"))
        self.assertEqual(len(over), 3)
        Order = self.env["sale.order"].with_user(self.user)
        mine = [("id", "in", orders.ids)]
        domain = [*mine, *self.filter_domain("current")]
        self.assertEqual(Order.search(domain, order="id"), (orders - over).sorted("id"))
        orders.invalidate_recordset(["amazon_current"])
        self.assertEqual(orders.filtered("amazon_current"), orders - over)
        # What Amazon has not accepted is not over.
        over[0].sudo().amazon_api_status = "error"
        self.assertIn(over[0], Order.search(domain))
        over[1].sudo().date_order = fields.Datetime.now() - timedelta(days=13)
        self.assertIn(over[1], Order.search(domain))
        # A search says so in its context.
        [arch] = [self.env.ref("sale_amazon_spapi.sale_order_amazon_view_search").arch]
        node = etree.fromstring(arch).find("field[@name='amazon_text']")
        everywhere = Order.with_context(**ast.literal_eval(node.get("context")))
        text = self.filter_domain("amazon_text", text=over[2].amazon_order_ref)
        self.assertFalse(Order.search([*domain, *text]))
        self.assertEqual(everywhere.search([*domain, *text]), over[2])
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        self.assertEqual(ast.literal_eval(action["context"])["search_default_current"], 1)

    def test_nothing_open_or_recent(self):
        """What stands where nothing is open or recent does not say that there never was anything."""
        for name in ("orders", "confirmations"):
            action = self.env["ir.actions.act_window"]._for_xml_id(f"sale_amazon_spapi.action_amazon_{name}")
            self.assertNotIn("yet", action["help"])
            self.assertIn(f"{RECENT_DAYS} days", action["help"])
