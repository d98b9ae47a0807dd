from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import shifted
from .common_confirmation import ConfirmationCase

ITEM_SKUS = ("AMZ-CUP-001", "AMZ-TEA-001", "AMZ-POT-001")
CALLS = ("confirmShipment", "createFeed", "uploadFeedDocument", "getOrder", "getFeed")
FAULTS = (None, None, "cut_after", "cut_before", "500_after", "429", "503_empty")


@tagged("post_install", "-at_install")
class TestConfirmationPolicies(ConfirmationCase):
    """Combined and duplicated orders, companies and rights; and whatever happens, the parcels add up."""

    # --- combined

    def combined(self):
        """Return (parent, child): two orders of which the second was combined into the first."""
        parent, child = self.imported(count=2)
        child.amazon_merged_into_id = parent
        return parent, child

    def test_combined_with_parent(self):
        """Each order keeps its delivery; both are confirmed."""
        parent, child = self.combined()
        for order in (parent, child):
            self.deliver(order.picking_ids, "ONE")
        self.send()
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "done"))

    def test_combined_parent_only(self):
        """Policy: children are not confirmed."""
        self.account.merged_policy = "parent_only"
        parent, child = self.combined()
        for order in (parent, child):
            self.deliver(order.picking_ids, "ONE")
        self.send()
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "not_sent"))
        self.assertIn(parent.name, child.picking_ids.amazon_api_message)
        self.account.merged_policy = "with_parent"
        child.picking_ids.with_user(self.user).action_amazon_confirm_now()
        self.send()
        self.assertEqual(child.amazon_api_status, "done")

    def test_combined_and_cancelled_here(self):
        """A child that the shop has cancelled is confirmed with its parent's tracking number (N5)."""
        parent, child = self.imported(count=2)
        child._action_cancel()
        child.amazon_merged_into_id = parent
        self.deliver(parent.picking_ids, "PARENT")
        self.send()
        self.assertEqual(child.amazon_confirmation_ids.state, "done", child.amazon_confirmation_ids.message)
        self.assertEqual([p["trackingNumber"] for p in self.packages(child).values()], ["PARENT"])
        self.assertEqual(self.amazon_order(child)["fulfillment"]["fulfillmentStatus"], "SHIPPED")
        parent.picking_ids.with_user(self.user).carrier_tracking_ref = "CORRECTED"
        self.send()
        for order in (parent, child):
            self.assertEqual([p["trackingNumber"] for p in self.packages(order).values()], ["CORRECTED"])

    def test_cancelled_here_and_parent_in_two_deliveries(self):
        """A child that was cancelled here goes with the parent's first delivery, and with no other."""
        parent, child = self.imported(count=2, items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        child._action_cancel()
        child.amazon_merged_into_id = parent
        first = parent.picking_ids
        first.carrier_tracking_ref = "FIRST"
        first.move_ids.quantity = 1
        first.move_ids.picked = True
        first.with_user(self.user).with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        self.deliver(parent.picking_ids - first, "SECOND")
        self.send()
        self.assertEqual((parent.amazon_api_status, child.amazon_api_status), ("done", "done"))
        self.assertEqual([p["trackingNumber"] for p in self.packages(child).values()], ["FIRST"])

    # --- duplicated

    def test_duplicated(self):
        """The original is confirmed although it was duplicated, or not, as the account says."""
        self.account.copied_policy = "none"
        order = self.imported()
        order.copy()
        picking = self.deliver(order.picking_ids)
        self.send()
        self.assertEqual((picking.amazon_api_status, picking.amazon_confirmation_ids.hint), ("not_sent", "duplicated"))
        self.assertTrue(picking.amazon_api_message)
        self.account.with_user(self.manager).copied_policy = "original"
        self.send()
        self.assertEqual(order.amazon_api_status, "done")

    # --- rights and companies

    def test_rights(self):
        """Readers see the history and press nothing; nobody writes it; packers need no access to it."""
        picking = self.delivered(number=False)
        self.send()
        row = picking.amazon_confirmation_ids
        reader = new_test_user(
            self.env,
            "reader",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.assertTrue(row.with_user(reader).advice)
        for user in (reader, self.user, self.manager):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"state": "done"})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
        with self.assertRaises(AccessError):
            row.with_user(reader).action_retry()
        packer = new_test_user(
            self.env,
            "packer",
            "stock.group_stock_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.assertEqual(row.hint, "number")
        self.assertIn(row.message, picking.with_user(packer).amazon_api_message)
        for record in (picking, picking.sale_id):
            with self.assertRaisesRegex(AccessError, "may work on them"):
                record.with_user(packer).action_amazon_confirm_now()
        picking.with_user(packer).carrier_tracking_ref = "P-1"
        self.send()
        self.assertEqual(picking.amazon_api_status, "done")

    def test_packer_validates(self):
        """A warehouse hand without any Amazon access ships, and Amazon is told."""
        packer = new_test_user(
            self.env,
            "packer",
            "stock.group_stock_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        order = self.imported()
        order.picking_ids.with_user(packer).carrier_tracking_ref = "P-2"
        self.ship(order.picking_ids, packer)
        self.send()
        self.assertEqual(order.amazon_api_status, "done")

    def test_other_company(self):
        """Another company's user sees nothing of it."""
        row = self.delivered().amazon_confirmation_ids
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        theirs = self.env["amazon.confirmation"].with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([("id", "=", row.id)]))

    def test_other_accounts_go_on(self):
        """One account's trouble never stops another's."""
        seller = self.amazon.seller()
        other = self._connect(seller, name="Second", auto_confirm=True)
        picking = self.delivered()
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=True)
        an_hour_ago = shifted(self.amazon.get("clock")["now"], 60)
        [ref] = self.amazon.place(seller, "jp_standard", 1, created=an_hour_ago)
        self.amazon.post("clock", advance=600)
        self.import_orders(other)
        theirs = self.orders(ref).picking_ids
        theirs.carrier_id = self.yamato
        self.deliver(theirs)
        with self.committing(self.account | other) as accounts:
            accounts._send_confirmations()
        self.env.invalidate_all()
        self.assertEqual(theirs.amazon_api_status, "done", theirs.amazon_api_message)
        self.assertEqual(picking.amazon_api_status, "rejected")

    def test_told_is_kept(self):
        """What was told to Amazon stays in the history."""
        picking = self.delivered()
        self.send()
        with self.assertRaisesRegex(UserError, "history"):
            picking.amazon_confirmation_ids.unlink()

    def test_order_of_what_was_told_is_kept(self):
        """So does the order it belongs to; one of which Amazon was told nothing may go, with what was reserved."""
        seller = new_test_user(
            self.env,
            "sales_manager",
            "sales_team.group_sale_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        parent, told, waiting = self.imported(count=3)
        (told | waiting)._action_cancel()
        told.amazon_merged_into_id = parent
        self.deliver(parent.picking_ids)
        self.send()
        waiting.amazon_merged_into_id = parent
        rows = (told | waiting).amazon_confirmation_ids
        self.assertEqual(rows.order_id, told | waiting)
        for orders in (told, told | waiting):
            with self.assertRaisesRegex(UserError, f"{told.name} .*Amazon was told.*history"):
                orders.with_user(seller).unlink()
        waiting.with_user(seller).unlink()
        self.assertEqual(rows.exists().order_id, told)

    # --- whatever happens

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_parcels_add_up(self, data):
        """However an order leaves and whatever goes wrong: each parcel stands at Amazon once, with its number, and the
        units add up to what was ordered."""
        wanted = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3), "ordered")
        order = self.imported(
            items=[{"sku": sku, "quantity": quantity} for sku, quantity in zip(ITEM_SKUS, wanted, strict=False)]
        )
        self.account.feed_threshold = data.draw(st.sampled_from((0, 500)), "threshold")
        for number in range(8):
            picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            if not picking:
                break
            picking.carrier_tracking_ref = f"N{number}"
            for move in picking.move_ids:
                left = int(move.product_uom_qty)
                move.quantity = left if number == 7 else data.draw(st.integers(0, left), "leaves")
                move.picked = bool(move.quantity)
            if not any(picking.move_ids.mapped("picked")):
                continue
            picking.with_user(self.user).with_context(
                skip_backorder=True, picking_ids_not_to_backorder=[]
            ).button_validate()
            if kind := data.draw(st.sampled_from(FAULTS), "trouble"):
                where = data.draw(st.sampled_from(CALLS), "where")
                self.amazon.post("faults", operation=where, kind=kind)
            self.send()
            if data.draw(st.booleans(), "correct the number"):
                picking.carrier_tracking_ref = f"E{number}"
        self.settle(order)
        rows = order.amazon_confirmation_ids
        self.assertEqual(set(rows.mapped("state")), {"done"}, rows.mapped("message"))
        packages = self.packages(order)
        self.assertEqual(set(packages), set(rows.mapped("reference")))
        told = Counter()
        for row in rows:
            package = packages[row.reference]
            self.assertEqual(package["trackingNumber"], row.picking_id.carrier_tracking_ref)
            units = {entry["orderItemId"]: entry["quantity"] for entry in package["packageItems"]}
            self.assertEqual(units, row.quantities)
            told.update(units)
        ordered = {item["orderItemId"]: item["quantityOrdered"] for item in self.amazon_order(order)["orderItems"]}
        self.assertEqual(dict(told), ordered)

    def settle(self, order):
        """Let time pass until nothing is open any more."""
        self.amazon.control("DELETE", "faults")
        for round_number in range(12):
            # A bucket that a 429 has emptied fills in minutes; the database's clock is not frozen.
            self.env["amazon.quota"].search([]).tokens = 10
            with self.later(20 * round_number):
                self.send()
                self.amazon.post("clock", advance=120)
                self.fetch()
            if order.amazon_api_status == "done":
                return
