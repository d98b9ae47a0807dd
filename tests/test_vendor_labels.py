import io
from datetime import timedelta

from odoo import fields, sql_db
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.pdf import PdfFileReader

from ..selling_partner import LabelData, ShippingLabel
from .common import shifted
from .common_vendor import VendorCase


class PapersCase(VendorCase):
    """Accepted orders whose deliveries are ready."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for product in cls.products.values():
            product.weight = 0.4
        cls.packer = new_test_user(
            cls.env,
            "packer",
            "stock.group_stock_user",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.vendor.vendor_auto_labels = False
        self.amazon.post("settings", vendor_label_delay=0, vendor_label_bytes=0, vendor_same_sku="empty")

    def request(self, orders, user=None):
        """Ask for the labels of orders' deliveries, as a person."""
        with self.committing(orders.picking_ids) as pickings:
            return pickings.with_user(user or self.user).action_amazon_request_label()

    def fetch(self, minutes=0, kind="labels"):
        """Run the job that fetches papers; return its log rows."""
        if minutes:
            self.amazon.post("clock", advance=60 * minutes)
            self.ahead += minutes
        with self.later(self.ahead):
            return self.run_vendor(f"_fetch_vendor_{kind}")

    def labelled(self, orders):
        """Ask for labels, many in a call, and fetch them."""
        self.request(orders)
        self.tell()
        self.tell(minutes=2)
        self.fetch()

    def label(self, orders):
        return orders.amazon_paper_ids.filtered(lambda paper: paper.kind == "label")

    def row(self, orders):
        return orders.amazon_submission_ids.filtered(lambda row: row.kind == "label")

    def made_there(self, order):
        """Return how often the simulated Amazon was asked for the label of an order, and made it."""
        events = [event["event"] for event in self.there(order)["history"]]
        return [event for event in events if event.startswith("label")]

    def calls(self, operation):
        """Return how often an operation was called since the last time."""
        count = self.amazon.get("requests/count").get(operation, 0)
        self.amazon.control("DELETE", "requests")
        return count

    def pack(self, order, *shares, weight=None):
        """Put an order's only line into packages; return them.

        :param shares: how many units are in each.
        """
        picking = order.picking_ids
        line, packages = picking.move_line_ids, self.env["stock.package"]
        for units in shares:
            package = packages.create({"shipping_weight": weight or 0})
            line.copy({"quantity": units, "result_package_id": package.id, "picking_id": picking.id})
            packages |= package
        line.unlink()
        return packages


@tagged("post_install", "-at_install")
class TestVendorLabels(PapersCase):
    """Labels are asked for once, come to the delivery, and bring the tracking numbers."""

    # === ASKED FOR AND FETCHED === #

    def test_many(self):
        """The labels of many orders are asked for in one call, read in one, and are attached to the deliveries."""
        orders = self.accepted(count=8)
        self.assertEqual(set(orders.picking_ids.mapped("amazon_label_state")), {False})
        action = self.request(orders)
        self.assertIn("8 labels", action["params"]["message"])
        self.assertEqual(set(orders.picking_ids.mapped("amazon_label_state")), {"requested"})
        self.fetch()
        self.tell()
        [there] = self.transactions_there("label")
        self.assertEqual(len(there["entries"]), 8)
        [container] = there["entries"][0]["containers"]
        picking = self.orders(there["entries"][0]["purchaseOrderNumber"]).picking_ids
        self.assertEqual(container["containerIdentifier"], picking.name)
        self.assertEqual(container["weight"], {"unitOfMeasure": "KG", "value": "0.4"})
        self.tell(minutes=2)
        self.assertEqual(set(self.row(orders).mapped("state")), {"done"})
        self.amazon.control("DELETE", "requests")
        self.fetch(minutes=1)
        self.assertEqual(set(orders.picking_ids.mapped("amazon_label_state")), {"here"})
        counts = self.amazon.get("requests/count")
        self.assertEqual((counts["getShippingLabels"], counts.get("getShippingLabel", 0)), (1, 0))
        for order in orders:
            [package] = self.there(order)["label"]["packages"]
            self.assertEqual(order.picking_ids.carrier_tracking_ref, package["trackingNumber"])
            [file] = self.label(order).attachment_ids
            self.assertEqual((file.res_model, file.res_id), ("stock.picking", order.picking_ids.id))
            self.assertEqual((file.mimetype, file.name), ("image/png", f"label_{order.amazon_order_ref}.png"))
            self.assertEqual(self.made_there(order), ["label"])
        self.assertFalse(orders.activity_ids)

    def test_size(self):
        """What a hundred labels cost in calls: one each to ask for them, for what became of that, and to read them;
        and each label no query more than the one before."""
        pen = self.products["AMZ-PEN-001"]
        self.env["stock.quant"]._update_available_quantity(pen, self.warehouse.lot_stock_id, 100)
        asked, fetched = [], []
        for count in (20, 20, 60):
            self.new_vendor()
            items = [{"sku": "AMZ-PEN-001", "quantity": 1}]
            orders = self.accepted(count=count, items=items, minutes_ago=60 + self.ahead)
            self.amazon.control("DELETE", "requests")
            before = sql_db.sql_counter
            self.request(orders)
            self.tell()
            self.tell(minutes=2)
            asked.append(sql_db.sql_counter - before)
            before = sql_db.sql_counter
            self.fetch(minutes=61)
            fetched.append(sql_db.sql_counter - before)
            self.assertEqual(set(orders.picking_ids.mapped("amazon_label_state")), {"here"})
            calls = self.amazon.get("requests/count")
            self.assertEqual((calls["submitShippingLabelRequest"], calls["getShippingLabels"]), (1, 1))
            self.assertLessEqual(sum(calls.values()) - calls.get("token", 0), 6, calls)
        self.assertLess((asked[2] - asked[1]) / 40, 40, asked)
        self.assertLess((fetched[2] - fetched[1]) / 40, 30, fetched)

    def test_one(self):
        """A single label is made at once, by one call."""
        order = self.accepted()
        self.request(order)
        self.tell()
        self.assertEqual((self.row(order).state, order.picking_ids.amazon_label_state), ("done", "here"))
        self.assertFalse(self.transactions_there("label"))
        self.assertEqual(self.made_there(order), ["label"])
        self.assertTrue(order.picking_ids.carrier_tracking_ref)

    def test_one_denied(self):
        """Where the vendor may not have labels made at once, they are asked for, from then on without trying."""
        self.new_vendor(sync_labels=False)
        order, other = self.accepted(count=2)
        self.request(order)
        self.tell()
        self.assertEqual(self.row(order).state, "sending")
        self.assertTrue(self.row(order).transaction_id)
        self.assertFalse(self.vendor.vendor_labels_at_once)
        self.calls("createShippingLabels")
        self.request(other)
        self.tell()
        self.assertEqual(self.calls("createShippingLabels"), 0)
        self.tell(minutes=2)
        self.fetch()
        self.assertEqual(set((order | other).picking_ids.mapped("amazon_label_state")), {"here"})
        self.assertEqual(self.calls("getShippingLabel"), 0, "the hourly search has shown both")

    def test_older_version(self):
        """v1 knows no labels made at once."""
        self.vendor.vendor_api_version = "v1"
        order = self.accepted()
        self.labelled(order)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        self.assertEqual(self.calls("createShippingLabels"), 0)

    def test_parcels(self):
        """Each parcel has its label; the number on it is the parcel's."""
        order = self.accepted("vendor_priority")
        packages = self.pack(order, 5, 3, weight=2.5)
        box = self.env["stock.package.type"].create(
            {"name": "Box", "packaging_length": 300, "width": 200, "height": 155}
        )
        packages[0].package_type_id = box
        self.vendor.vendor_labels_at_once = False
        self.labelled(order)
        [there] = self.transactions_there("label")
        containers = there["entries"][0]["containers"]
        self.assertEqual([one["containerIdentifier"] for one in containers], packages.mapped("name"))
        self.assertEqual([one["packedItems"][0]["packedQuantity"]["amount"] for one in containers], [5, 3])
        self.assertEqual(
            containers[0]["dimensions"], {"length": "30", "width": "20", "height": "15.5", "unitOfMeasure": "CM"}
        )
        numbers = {one["packageIdentifier"]: one["trackingNumber"] for one in self.there(order)["label"]["packages"]}
        self.assertEqual(packages.mapped("amazon_tracking_ref"), [numbers[name] for name in packages.mapped("name")])
        self.assertEqual(len(self.label(order).attachment_ids), 2)
        self.assertEqual(order.picking_ids.carrier_tracking_ref, ",".join(packages.mapped("amazon_tracking_ref")))

    def test_made_in_vendor_central(self):
        """A label that somebody had made elsewhere comes with the hourly search."""
        order = self.accepted()
        self.request(order)
        self.tell()
        self.label(order).attachment_ids.unlink()
        self.label(order).unlink()
        self.row(order).unlink()
        self.assertFalse(order.picking_ids.amazon_label_state)
        self.fetch(minutes=61)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")

    # === WHEN === #

    def test_by_itself(self):
        """On the day on which it is to leave the label is requested by itself, where the account says so."""
        now = self.amazon.get("clock")["now"]
        today = self.accepted(ship_by=shifted(now, -1))
        later = self.accepted(ship_by=shifted(now, -60 * 72))
        self.tell()
        self.assertFalse(self.row(today | later))
        self.vendor.vendor_auto_labels = True
        self.tell()
        self.assertTrue(self.row(today))
        self.assertFalse(self.row(later))
        self.request(later)
        self.tell()
        self.assertEqual(self.row(later).state, "done", "a person may ask for it before")

    def test_by_itself_lacking(self):
        """What stands against it a person is told, once."""
        self.vendor.vendor_auto_labels = True
        product = self.products["AMZ-TEA-001"]
        product.weight = 0
        order = self.accepted(ship_by=shifted(self.amazon.get("clock")["now"], -1))
        self.tell()
        self.tell()
        [activity] = order.activity_ids
        self.assertIn("weight", activity.note)
        product.weight = 0.2
        self.tell()
        self.assertTrue(self.row(order))
        self.assertFalse(order.activity_ids)

    # === REFUSED BEFORE ANYTHING IS SENT === #

    def test_not_acknowledged(self):
        order = self.purchased()
        with self.assertRaisesRegex(UserError, "acknowledgement"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()
        self.assertFalse(self.row(order))

    def test_no_weight(self):
        """A missing weight is named before anything is sent; of several the others go."""
        order, other = self.accepted(), self.accepted("vendor_osaka")
        self.products["AMZ-TEA-001"].weight = 0
        with self.assertRaisesRegex(UserError, "weight"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()
        action = (order | other).picking_ids.with_user(self.user).action_amazon_request_label()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn(order.name, action["params"]["message"])
        self.assertTrue(self.row(other))
        self.assertFalse(self.row(order))

    def test_weight_not_whole(self):
        """What weighs something beside what weighs nothing is not weighed, until somebody weighs it."""
        order = self.accepted("vendor_two_lines")
        self.products["AMZ-CUP-001"].weight = 0
        with self.assertRaisesRegex(UserError, "weight"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()
        package = self.env["stock.package"].create({"shipping_weight": 3.25})
        order.picking_ids.move_line_ids.result_package_id = package
        self.labelled(order)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        [container] = order._amazon_label_containers()
        self.assertEqual(str(container.weight), "3.25")

    def test_weight_lost_meanwhile(self):
        """What goes wrong between the request and the call is told, and nothing is sent."""
        order = self.accepted()
        self.request(order)
        self.products["AMZ-TEA-001"].weight = 0
        self.tell()
        self.assertEqual((self.row(order).state, order.picking_ids.amazon_label_state), ("error", "error"))
        self.assertIn("weight", order.picking_ids.amazon_paper_message)
        self.assertEqual(order.activity_ids.amazon_reason, "label_refused")
        self.assertFalse(self.made_there(order))
        self.products["AMZ-TEA-001"].weight = 1
        self.request(order)
        self.tell()
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        self.assertFalse(order.activity_ids)

    def test_part_of_an_order(self):
        order = self.accepted("vendor_two_lines")
        order.picking_ids.move_line_ids[0].quantity -= 1
        with self.assertRaisesRegex(UserError, "1 of 2"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()

    def test_others(self):
        """Neither sellers' deliveries nor vendors' own carriers."""
        order = self.imported()
        with self.assertRaisesRegex(UserError, "Direct Fulfillment"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()
        order = self.accepted()
        self.assertFalse(order.picking_ids.with_user(self.packer).amazon_own_carrier)
        self.vendor.vendor_own_carrier = True
        self.assertTrue(order.picking_ids.with_user(self.packer).amazon_own_carrier)
        with self.assertRaisesRegex(UserError, "own"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()

    def test_who(self):
        """Users ask for labels; who packs prints them."""
        order = self.accepted()
        with self.assertRaises(AccessError):
            order.picking_ids.with_user(self.packer).action_amazon_request_label()
        self.request(order)
        self.tell()
        action = order.picking_ids.with_user(self.packer).action_amazon_print_labels()
        self.assertEqual(action["url"], f"/amazon/papers/label?deliveries={order.picking_ids.id}")

    # === ONCE === #

    def test_never_twice(self):
        """While a label is requested, or here, it is not requested again."""
        self.vendor.vendor_labels_at_once = False
        order = self.accepted()
        self.request(order)
        for _state in ("waits", "sent", "done"):
            with self.assertRaisesRegex(UserError, "requested already"):
                order.picking_ids.with_user(self.user).action_amazon_request_label()
            self.tell(minutes=1)
        self.fetch()
        with self.assertRaisesRegex(UserError, "has its label"):
            order.picking_ids.with_user(self.user).action_amazon_request_label()
        self.assertEqual(self.made_there(order), ["label"])

    def test_there_already(self):
        """A label that Amazon has made before (409) is read."""
        order = self.accepted()
        self.request(order)
        self.tell()
        [number] = [package["trackingNumber"] for package in self.there(order)["label"]["packages"]]
        self.label(order).attachment_ids.unlink()
        self.label(order).unlink()
        self.row(order).unlink()
        self.request(order)
        self.tell()
        self.assertEqual((self.row(order).state, order.picking_ids.amazon_label_state), ("done", "here"))
        self.assertEqual(order.picking_ids.carrier_tracking_ref, number)
        self.assertEqual(self.made_there(order), ["label"])

    def test_lost_answers(self):
        """When the answer was lost, Amazon is asked for the label, and it is not made twice."""
        for at_once in (True, False):
            operation = "createShippingLabels" if at_once else "submitShippingLabelRequest"
            for kind in ("500_after", "cut_after", "cut_body"):
                with self.subTest(operation=operation, kind=kind):
                    self.vendor.vendor_labels_at_once = at_once
                    order = self.accepted()
                    self.request(order)
                    self.amazon.post("faults", operation=operation, kind=kind, times=1)
                    self.tell()
                    self.assertEqual(self.row(order).state, "sending")
                    self.tell(minutes=2)
                    self.fetch()
                    self.assertEqual((self.row(order).state, order.picking_ids.amazon_label_state), ("done", "here"))
                    self.assertEqual(self.made_there(order), ["label"])

    def test_never_arrived(self):
        """What never came to Amazon is asked for again, once that is certain."""
        for at_once in (True, False):
            with self.subTest(at_once=at_once):
                self.vendor.vendor_labels_at_once = at_once
                order = self.accepted()
                self.request(order)
                operation = "createShippingLabels" if at_once else "submitShippingLabelRequest"
                self.amazon.post("faults", operation=operation, kind="cut_before", times=1)
                self.tell()
                self.assertEqual(self.row(order).state, "sending")
                for minutes in (2, 5, 11, 21, 2):
                    self.tell(minutes=minutes)
                self.fetch()
                self.assertEqual(order.picking_ids.amazon_label_state, "here")
                self.assertEqual(self.made_there(order), ["label"])

    def test_amazons_trouble(self):
        """Where Amazon calls it trouble of its own, it is asked again after a while; at last a person is told."""
        self.vendor.vendor_labels_at_once = False
        order = self.accepted()
        self.request(order)
        self.amazon.post("faults", operation="submitShippingLabelRequest", kind="transaction_ends", times=9)
        for minutes in (0, 2, 6, 2, 16, 2, 61, 2):
            self.tell(minutes=minutes)
        self.assertEqual((self.row(order).state, self.row(order).hint), ("error", "vendor_again"))
        self.assertEqual(len(self.transactions_there("label")), 4)
        self.assertEqual(order.activity_ids.amazon_reason, "label_refused")
        self.assertEqual(order.picking_ids.amazon_label_state, "error")

    def test_failed_and_made_all_the_same(self):
        """A transaction that has failed proves nothing: the label that is there is read."""
        self.vendor.vendor_labels_at_once = False
        order = self.accepted()
        self.request(order)
        self.amazon.post("faults", operation="submitShippingLabelRequest", kind="transaction_ends", applied=True)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((self.row(order).state, order.picking_ids.amazon_label_state), ("done", "here"))
        self.assertEqual(self.made_there(order), ["label"])

    # === NOT READY === #

    def test_not_ready(self):
        """An empty answer is looked at again; after half an hour a person is told, and it comes all the same."""
        self.vendor.vendor_labels_at_once = False
        self.amazon.post("settings", vendor_label_delay=45 * 60)
        order = self.accepted()
        self.labelled(order)
        self.assertEqual(order.picking_ids.amazon_label_state, "requested")
        self.fetch(minutes=20)
        self.assertEqual((order.picking_ids.amazon_label_state, order.activity_ids.ids), ("requested", []))
        self.fetch(minutes=12)
        self.assertEqual(order.picking_ids.amazon_label_state, "late")
        self.assertEqual(order.activity_ids.amazon_reason, "label_late")
        self.assertEqual(order.activity_ids.user_id, self.manager)
        self.assertIn("empty", order.picking_ids.amazon_paper_message)
        self.assertIn("every hour", order.activity_ids.note)
        self.fetch(minutes=40)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        self.assertFalse(order.activity_ids)

    def test_not_known_yet(self):
        """Of a label that was asked for and is still coming nobody reads that Amazon has none; when it is late it is
        said that it was asked for."""
        self.vendor.vendor_labels_at_once = False
        self.amazon.post("settings", vendor_label_delay=45 * 60)
        self.amazon.post("faults", operation="getShippingLabel", kind="not_found_yet", times=9)
        order = self.accepted()
        self.labelled(order)
        self.fetch(minutes=3)
        self.assertEqual(
            (self.label(order).asked, self.label(order).message, order.picking_ids.amazon_paper_message),
            (2, False, False),
        )
        self.fetch(minutes=30)
        self.assertEqual(order.picking_ids.amazon_label_state, "late")
        self.assertIn("was requested", order.picking_ids.amazon_paper_message)

    def test_given_up(self):
        """What Amazon has not given within a week is not looked for any more, and nobody is told that it is."""
        self.vendor.vendor_labels_at_once = False
        self.amazon.post("settings", vendor_label_delay=30 * 24 * 3600)
        order = self.accepted()
        self.labelled(order)
        self.fetch(minutes=40)
        self.assertIn("every hour", order.activity_ids.note)
        self.fetch(minutes=8 * 24 * 60)
        self.assertEqual(order.picking_ids.amazon_label_state, "error")
        [activity] = order.activity_ids
        self.assertNotIn("every hour", activity.note)
        self.assertIn("not looked for any more", activity.note)
        self.fetch(minutes=60)
        self.assertEqual(order.activity_ids, activity)

    def test_minutes(self):
        """A person is told of a label whose transaction Amazon has not ended half an hour after it was sent."""
        self.vendor.vendor_labels_at_once = False
        order = self.accepted()
        self.request(order)
        self.amazon.post("settings", vendor_seconds=None)
        self.assertEqual(self.minutes_until_told(order), 30)

    def test_number_comes_with_the_label(self):
        """Who packs is told before it leaves that Amazon's label, and so the number, is missing."""
        order = self.accepted()
        delivery = order.picking_ids.with_user(self.packer)
        self.assertIn("comes with Amazon's shipping label", delivery.amazon_warning)
        self.request(order)
        self.tell()
        self.assertTrue(delivery.carrier_tracking_ref)
        self.assertFalse(delivery.amazon_warning)

    def test_late_and_asked_again(self):
        """What is late a person may ask for again; Amazon makes it once."""
        self.vendor.vendor_labels_at_once = False
        self.amazon.post("settings", vendor_label_delay=45 * 60)
        order = self.accepted()
        self.labelled(order)
        self.fetch(minutes=32)
        with self.later(self.ahead):
            self.request(order)
        self.assertEqual((order.picking_ids.amazon_label_state, order.activity_ids.ids), ("requested", []))
        self.tell()
        self.tell(minutes=2)
        self.fetch(minutes=14)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        self.assertEqual(self.made_there(order), ["label", "label asked for again"])

    def test_same_product_twice(self):
        """Amazon's answer may stay empty for an order with a product on two lines; asking ends after a week."""
        self.vendor.vendor_labels_at_once = False
        order = self.accepted("vendor_same_sku")
        self.labelled(order)
        self.fetch(minutes=31)
        self.assertEqual(order.picking_ids.amazon_label_state, "late")
        for hours in (1, 24 * 8):
            self.fetch(minutes=60 * hours)
        self.assertEqual(order.picking_ids.amazon_label_state, "error")
        self.assertFalse(self.label(order).retry_at)
        self.amazon.post("settings", vendor_same_sku="shown")
        with self.later(self.ahead), self.committing(order.picking_ids) as pickings:
            pickings.with_user(self.user).action_amazon_fetch_papers()
        self.fetch()
        self.assertEqual(order.picking_ids.amazon_label_state, "here")

    def test_empty_though_there(self):
        self.vendor.vendor_labels_at_once = False
        order = self.accepted()
        self.amazon.post("faults", operation="getShippingLabel", kind="empty_paper", times=1)
        self.amazon.post("faults", operation="getShippingLabels", kind="empty_page_with_token", times=1)
        self.labelled(order)
        self.fetch(minutes=3)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")

    def test_broken_answers(self):
        """A page that cannot be read loses nothing."""
        for kind in ("truncated_json", "cut_body", "500_after", "same_page"):
            with self.subTest(kind=kind):
                orders = self.accepted(count=6)
                self.request(orders)
                self.tell()
                self.tell(minutes=2)
                self.amazon.post("faults", operation="getShippingLabels", kind=kind, times=1)
                self.fetch()
                self.fetch(minutes=4)
                self.fetch(minutes=6)
                self.assertEqual(set(orders.picking_ids.mapped("amazon_label_state")), {"here"})
                self.assertEqual(len(self.label(orders).attachment_ids), 6)

    def test_two_answers(self):
        """The same answer again changes nothing; another one replaces the label, and a person is told."""
        order = self.accepted()
        self.request(order)
        self.tell()
        file = self.label(order).attachment_ids
        self.fetch(minutes=61)
        self.assertEqual(self.label(order).attachment_ids, file)
        self.assertFalse(order.activity_ids)
        file.raw = b"another"
        with self.later(self.ahead), self.committing(order.picking_ids) as pickings:
            pickings.with_user(self.user).action_amazon_fetch_papers()
        self.fetch()
        self.assertFalse(file.exists())
        self.assertEqual(len(self.label(order).attachment_ids), 1)
        self.assertEqual(order.activity_ids.amazon_reason, "label_replaced")

    def test_expired(self):
        """What is older than 90 days is refused with the reason, before Amazon is called."""
        order = self.accepted()
        self.request(order)
        self.tell()
        self.label(order).fetched_at = fields.Datetime.now() - timedelta(days=91)
        self.calls("getShippingLabel")
        with self.assertRaisesRegex(UserError, "90 days"):
            order.picking_ids.with_user(self.user).action_amazon_fetch_papers()
        self.fetch()
        self.assertEqual(self.calls("getShippingLabel"), 0)

    def test_nothing_to_fetch(self):
        order = self.accepted()
        with self.assertRaisesRegex(UserError, "nothing to fetch"):
            order.picking_ids.with_user(self.user).action_amazon_fetch_papers()

    def test_what_is_in_it(self):
        """Whatever Amazon gives as a label, no browser takes it for a page; numbers come also without names."""
        order = self.accepted("vendor_priority")
        packages = self.pack(order, 5, 3, weight=2.5)
        page = b"<html><script>alert(1)</script></html>"
        labels = tuple(LabelData(page + number, tracking_number=number.decode()) for number in (b"1", b"2"))
        paper = self.env["amazon.vendor.paper"]._of(order, "label")
        paper._take(ShippingLabel(order.amazon_order_ref, "PNG", labels))
        self.assertEqual(packages.mapped("amazon_tracking_ref"), ["1", "2"])
        self.assertFalse({"text/html", "image/svg+xml"} & set(paper.attachment_ids.mapped("mimetype")))
        name, mimetype, _content = order.picking_ids._amazon_printed("label")
        self.assertEqual((name, mimetype), ("label.bin", "application/octet-stream"))

    # === PRINTED === #

    def test_print_pictures(self):
        """Labels of several deliveries are one PDF, a page each, as large as the labels are."""
        orders = self.accepted(count=3)
        self.labelled(orders)
        name, mimetype, content = orders.picking_ids.with_user(self.packer)._amazon_printed("label")
        self.assertEqual((name, mimetype), ("label.pdf", "application/pdf"))
        pages = PdfFileReader(io.BytesIO(content)).pages
        self.assertEqual(len(pages), 3)
        box = pages[0].mediabox
        self.assertEqual((round(float(box.width)), round(float(box.height))), (288, 432))

    def test_print_zpl(self):
        """What is for a label printer is handed over as it is, one after the other."""
        self.new_vendor(label_format="ZPL")
        orders = self.accepted(count=2)
        self.labelled(orders)
        name, mimetype, content = orders.picking_ids.with_user(self.packer)._amazon_printed("label")
        self.assertEqual((name, mimetype), ("label.zpl", "application/octet-stream"))
        self.assertEqual((content.count(b"^XA"), content.count(b"^XZ")), (2, 2))
        self.assertEqual(self.label(orders[0]).label_format, "ZPL")

    def test_print_both(self):
        """What is for different printers is not one print; what is missing is named."""
        first, second, third = self.accepted(count=3)
        self.labelled(first)
        self.amazon.control("PATCH", f"sellers/{self.party['merchant_id']}", vendor={"label_format": "ZPL"})
        self.labelled(second)
        pickings = (first | second).picking_ids
        with self.assertRaisesRegex(UserError, "printers"):
            pickings.with_user(self.packer).action_amazon_print_labels()
        with self.assertRaisesRegex(UserError, third.picking_ids.name):
            third.picking_ids.with_user(self.packer).action_amazon_print_labels()
        action = (first | third).picking_ids.with_user(self.packer).action_amazon_print_labels()
        self.assertIn(third.picking_ids.name, action["params"]["message"])
        self.assertEqual(action["params"]["next"]["url"], f"/amazon/papers/label?deliveries={first.picking_ids.id}")


@tagged("post_install", "-at_install", "extra")
class TestVendorLabelsOfKits(PapersCase):
    """Needs ``sale_mrp``."""

    def test_kit(self):
        """A kit is one unit in its parcel, before and after it has left."""
        kit = self.make_kit()
        kit.bom_ids.bom_line_ids.product_id.weight = 0.4
        order = self.accepted(items=[{"sku": "KIT-1", "quantity": 2}])
        [container] = order._amazon_label_containers()
        self.assertEqual([line.quantity for line in container.items], [2])
        self.labelled(order)
        self.assertEqual(order.picking_ids.amazon_label_state, "here")
        self.ship(order.picking_ids)
        [container] = order._amazon_label_containers()
        self.assertEqual([line.quantity for line in container.items], [2])
