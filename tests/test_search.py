from datetime import datetime, timedelta, timezone

from freezegun import freeze_time
from lxml import etree
from odoo import fields
from odoo.tests import tagged

from .common import AmazonCase


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
        self.check_late("2026-11-25 10:00:00", "JP", [
            ("2026-11-24 23:00:00", "late"), ("2026-11-25 09:59:59", "late"), ("2026-11-25 10:00:01", "today"),
            ("2026-11-25 14:59:59", "today"), ("2026-11-25 15:00:00", "later"), (False, False),
        ])  # fmt: skip

    def test_late_abroad(self):
        """The same moment is another day elsewhere, and the day the clock is put back has an hour more."""
        self.check_late("2026-11-25 10:00:00", "US", [
            ("2026-11-25 15:00:00", "today"), ("2026-11-26 07:59:59", "today"), ("2026-11-26 08:00:00", "later"),
        ])  # fmt: skip
        self.check_late("2026-11-01 07:30:00", "US", [
            ("2026-11-02 07:59:59", "today"), ("2026-11-02 08:00:00", "later"),
        ])  # fmt: skip

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
                for field in arch.iter("field") if field.get("name") not in measures
            ]  # fmt: skip
            with self.subTest(kind=kind):
                self.assertEqual(by, ["date_order:day", "amazon_status"])
                groups = orders.formatted_read_group(
                    [("amazon_merchant_id", "=", self.seller["merchant_id"])], by,
                    ["__count", *(f"{name}:sum" for name in measures)],
                )  # fmt: skip
                found = {(group["date_order:day"][0], group["amazon_status"]): group for group in groups}
                self.assertEqual({key: group["__count"] for key, group in found.items()}, {
                    (first, "unshipped"): 1, (second, "unshipped"): 2, (second, "cancelled"): 1,
                })  # fmt: skip
                if measures:
                    self.assertEqual(found[second, "unshipped"]["amount_total:sum"], 6600)
