import base64
from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import InBrowser
from .test_vendor_labels import PapersCase


@tagged("post_install", "-at_install")
class TestVendorPapers(PapersCase):
    """Packing slips and customers' invoices come to the deliveries that need them."""

    def paper(self, orders, kind):
        return orders.amazon_paper_ids.filtered(lambda paper: paper.kind == kind)

    def test_slips(self):
        """Slips are fetched where they are required; elsewhere none is looked for, and nobody is told."""
        needs, other = self.accepted("vendor_two_lines"), self.accepted()
        self.fetch(kind="slips")
        self.assertTrue(needs.picking_ids.amazon_has_slip)
        self.assertFalse(other.picking_ids.amazon_has_slip)
        self.assertFalse(self.paper(other, "slip"))
        [file] = self.paper(needs, "slip").attachment_ids
        self.assertEqual((file.mimetype, file.res_id), ("application/pdf", needs.picking_ids.id))
        name, mimetype, content = needs.picking_ids.with_user(self.packer)._amazon_printed("slip")
        self.assertEqual((name, mimetype, content[:4]), ("slip.pdf", "application/pdf", b"%PDF"))
        self.fetch(minutes=120, kind="slips")
        self.assertFalse((needs | other).activity_ids)

    def test_many_slips(self):
        """Many come by one search, and without one where the hour is not over by one call each."""
        orders = self.accepted("vendor_gift", count=7)
        self.calls("getPackingSlips")
        self.fetch(kind="slips")
        counts = self.amazon.get("requests/count")
        self.assertEqual((counts["getPackingSlips"], counts.get("getPackingSlip", 0)), (1, 0))
        self.assertTrue(all(picking.amazon_has_slip for picking in orders.picking_ids))
        late = self.accepted("vendor_gift")
        self.amazon.control("DELETE", "requests")
        self.fetch(minutes=1, kind="slips")
        counts = self.amazon.get("requests/count")
        self.assertEqual((counts.get("getPackingSlips", 0), counts["getPackingSlip"]), (0, 1))
        self.assertTrue(late.picking_ids.amazon_has_slip)
        self.fetch(minutes=1, kind="slips")
        self.assertEqual(self.amazon.get("requests/count")["getPackingSlip"], 1)

    def test_slip_not_there(self):
        """A required slip that does not come is told of."""
        order = self.accepted("vendor_gift")
        self.amazon.post("faults", operation="getPackingSlip", kind="empty_paper", times=99)
        self.amazon.post("faults", operation="getPackingSlips", kind="503_empty", times=99)
        self.fetch(kind="slips")
        self.amazon.control("DELETE", "faults")
        self.amazon.control(
            "PATCH",
            f"vendor/orders/{order.amazon_order_ref}",
            set={"orderDetails": {"shipmentDetails": {"isPslipRequired": False}}},
        )
        for minutes in (1, 3, 6, 12, 12):
            self.fetch(minutes=minutes, kind="slips")
        self.assertEqual(self.paper(order, "slip").state, "late")
        self.assertIn("slip_late", order.activity_ids.mapped("amazon_reason"))

    def test_old(self):
        """What is older than six months is refused, with the reason."""
        order = self.accepted("vendor_gift")
        order.amazon_purchase_date = fields.Datetime.now() - timedelta(days=181)
        with self.assertRaisesRegex(UserError, "180 days"):
            order.picking_ids.with_user(self.user).action_amazon_fetch_papers()

    def test_invoices(self):
        """Invoices are fetched for vendors that have them, ten on a page."""
        self.new_vendor(invoices=True)
        orders = self.accepted(count=12)
        self.fetch(kind="invoices")
        self.assertFalse(self.paper(orders, "invoice"))
        self.assertEqual(self.calls("getCustomerInvoices"), 0)
        self.vendor.vendor_invoices = True
        self.fetch(kind="invoices")
        self.assertEqual(self.calls("getCustomerInvoices"), 2)
        self.assertEqual(set(self.paper(orders, "invoice").mapped("state")), {"here"})
        action = orders.picking_ids.with_user(self.packer).action_amazon_print_invoices()
        self.assertTrue(action["url"].startswith("/amazon/papers/invoice?deliveries="))

    def test_one_invoice(self):
        """A person may have one fetched by itself."""
        self.new_vendor(invoices=True)
        self.vendor.vendor_invoices = True
        self.fetch(kind="invoices")
        order = self.accepted()
        with self.later(self.ahead), self.committing(order.picking_ids) as pickings:
            pickings.with_user(self.user).action_amazon_fetch_papers()
        self.fetch(kind="invoices")
        self.assertTrue(order.picking_ids.amazon_has_invoice)

    def test_one_round(self):
        """One call does all that is due: the slip of an order that was accepted comes along."""
        order = self.accepted("vendor_gift")
        with self.later(self.ahead):
            self.run_vendor()
        self.assertTrue(order.picking_ids.amazon_has_slip)

    def test_denied(self):
        """A vendor without the right is told so on the job, not on each delivery."""
        order = self.accepted("vendor_gift")
        self.amazon.post("faults", operation="getPackingSlips", kind="403", times=1)
        self.fetch(kind="slips")
        self.assertEqual(self.vendor._job("vendor_slips").error_kind, "access")
        self.assertFalse(order.activity_ids)

    # === PERSONAL DATA === #

    def test_gone(self):
        """Whatever shows who the buyer is goes with the buyer's other data, and does not come back."""
        order = self.accepted("vendor_gift")
        self.labelled(order)
        self.fetch(kind="slips")
        files = order.amazon_paper_ids.attachment_ids
        self.assertEqual(len(files), 2)
        names = [self.env["ir.attachment"]._full_path(name) for name in files.mapped("store_fname")]
        self.assertEqual(len(names), 2)
        self.ship(order.picking_ids)
        with freeze_time(fields.Datetime.now() + timedelta(days=60)), self.committing(self.vendor) as account:
            account._purge_personal_data()
        self.env.invalidate_all()
        self.assertTrue(order.amazon_purged)
        self.assertFalse(files.exists())
        self.assertFalse(order.amazon_paper_ids)
        self.assertFalse(order.picking_ids.amazon_label_state)
        self.vendor._job("vendor_labels").cursor = False
        self.vendor._job("vendor_slips").cursor = False
        self.fetch(minutes=61)
        self.fetch(kind="slips")
        self.assertFalse(order.amazon_paper_ids)
        with self.assertRaises(UserError):
            order.picking_ids.with_user(self.user).action_amazon_fetch_papers()

    def test_who_sees(self):
        """Who may not see a delivery sees nothing that hangs on it, whatever is asked for."""
        order = self.accepted()
        self.labelled(order)
        file = order.amazon_paper_ids.attachment_ids
        nobody = new_test_user(
            self.env, "nobody", "base.group_user", company_id=self.company.id, company_ids=[(6, 0, self.company.ids)]
        )
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "stock.group_stock_user,sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        for user in (nobody, stranger):
            with self.subTest(user=user.login):
                for call in (
                    lambda user=user: order.picking_ids.with_user(user)._amazon_printed("label"),
                    lambda user=user: order.picking_ids.with_user(user).action_amazon_print_labels(),
                    lambda user=user: file.with_user(user).read(["raw"]),
                    lambda user=user: order.amazon_paper_ids.with_user(user).read(["attachment_ids"]),
                ):
                    with self.assertRaises(AccessError):
                        call()


@tagged("post_install", "-at_install")
class TestVendorPrinting(InBrowser, PapersCase):
    """What is printed is handed over to who may see the deliveries, and kept nowhere."""

    def test_handed_over(self):
        order = self.accepted()
        self.labelled(order)
        url = order.picking_ids.with_user(self.packer).action_amazon_print_labels()["url"]
        answer = self.url_open(url, allow_redirects=False)
        self.assertNotEqual(answer.status_code, 200, "nobody is logged in")
        self.authenticate("packer", "packer")
        answer = self.url_open(url)
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "application/pdf"))
        self.assertEqual(answer.content[:4], b"%PDF")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        for wrong in (
            "/amazon/papers/label?deliveries=",
            "/amazon/papers/all?deliveries=1",
            "/amazon/papers/label?deliveries=x,²",
        ):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.url_open(wrong).status_code, 404)
        order.amazon_paper_ids.attachment_ids.raw = base64.b64decode("iVBORw0KGgoAAAAA")
        answer = self.url_open(url)
        self.assertEqual((answer.status_code, answer.headers["Content-Type"].split(";")[0]), (409, "text/plain"))
        new_test_user(
            self.env, "clerk", "base.group_user", company_id=self.company.id, company_ids=[(6, 0, self.company.ids)]
        )
        self.authenticate("clerk", "clerk")
        self.assertNotEqual(self.url_open(url).status_code, 200)
