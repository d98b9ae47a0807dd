import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import InBrowser
from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmationFile(ConfirmationCase):
    """C15: the file that is uploaded in Seller Central by hand."""

    def file(self, records, user=None):
        model = self.env["amazon.confirmation.file"].with_user(user or self.user).with_company(self.company)
        action = model.with_context(active_model=records._name, active_ids=records.ids).action_open()
        return model.browse(action["res_id"])

    def rows(self, part):
        text = base64.b64decode(part.file).decode("cp932")
        head, *rows = [line.split("\t") for line in text.split("\r\n") if line]
        return [dict(zip(head, row, strict=True)) for row in rows]

    def test_file(self):
        """The columns as Seller Central takes them, in its encoding and the marketplace's time."""
        picking = self.delivered("jp_cod")
        wizard = self.file(picking.sale_id)
        [part] = wizard.part_ids
        self.assertEqual((part.count, wizard.left_out), (1, False))
        self.assertRegex(part.file_name, r"^shipping-confirmation-JP-\d{8}-\d{6}\.txt$")
        row = self.rows(part)[0]
        self.assertEqual(row["order-id"], picking.sale_id.amazon_order_ref)
        self.assertEqual(row["tracking-number"], "1234-5678-9012")
        self.assertEqual((row["carrier-code"], row["carrier-name"]), ("YAMATO", "ヤマト運輸"))
        self.assertEqual(row["cod-collection-method"], "DirectPayment")
        self.assertTrue(row["ship-date"].endswith("+09:00"))

    def test_left_out(self):
        """What cannot be in the file is named; with nothing in it there is none."""
        good, untracked, done = self.delivered(), self.delivered(number=False), self.delivered()
        done.amazon_confirmation_ids._accepted()
        held = self.delivered()
        held.sale_id.amazon_on_hold = True
        wizard = self.file((good | untracked | done | held).amazon_confirmation_ids)
        self.assertEqual(wizard.part_ids.confirmation_ids, good.amazon_confirmation_ids)
        for picking, text in ((untracked, "tracking number"), (done, "already"), (held, "on hold")):
            [line] = [line for line in wizard.left_out.splitlines() if line.startswith(picking.sale_id.name)]
            self.assertIn(text, line)
        self.assertFalse(self.file(untracked.amazon_confirmation_ids).part_ids)

    def test_no_marketplace(self):
        """A seller's parcel is of a marketplace; a vendor's is of none, and Seller Central has no file for it."""
        vendor = self._connect(self.amazon.seller(), kind="vendor_df", name="Vendor", marketplace_ids=False)
        row = self.delivered().amazon_confirmation_ids
        with self.assertRaisesRegex(ValidationError, "please choose the marketplace"), self.env.cr.savepoint():
            row.marketplace_id = False
        other = self.delivered()
        theirs = row.create(
            {"account_id": vendor.id, "order_id": row.order_id.id, "order_ref": "PO-1", "picking_id": other.id}
        )
        wizard = self.file(row | theirs)
        self.assertEqual(wizard.part_ids.confirmation_ids, row)
        self.assertIn("not sold in a marketplace", wizard.left_out)
        theirs._look()
        self.assertEqual(theirs.state, "error")

    def test_formulas_stay_out(self):
        """What a spreadsheet would work out is not in the file: Seller Central needs every text as it is, so it can be
        neither quoted nor cut. It says what to do; sent by Odoo it goes as it is."""
        good = self.delivered(number="12-34")
        number = self.delivered(number="+81-1234")
        named = self.make_carrier("Other", "＝A1", "便")
        labelled = self.make_carrier("YAMATO", "ヤマト運輸", "@SUM(A1)")
        pickings = good | number
        for carrier in (named, labelled):
            order = self.imported()
            order.picking_ids.carrier_id = carrier
            pickings |= self.deliver(order.picking_ids)
        wizard = self.file(pickings.sale_id)
        self.assertEqual(wizard.part_ids.confirmation_ids, good.amazon_confirmation_ids)
        for text in ("“+81-1234”", "“＝A1”", "“@SUM(A1)”"):
            self.assertIn(text, wizard.left_out)
        self.goes(number)
        [package] = self.packages(number.sale_id).values()
        self.assertEqual(package["trackingNumber"], "+81-1234")

    def test_nothing_has_left(self):
        with self.assertRaisesRegex(UserError, "nothing has left"):
            self.file(self.imported())

    def test_then_done(self):
        """After the upload the status wizard sets them to done."""
        picking = self.delivered()
        wizard = self.file(picking.sale_id)
        with self.assertRaisesRegex(UserError, "Download the file first"):
            wizard.action_set_done()
        wizard.part_ids.action_download()
        action = wizard.action_set_done()
        wizard = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create({})
        self.assertEqual(wizard.status, "done")
        wizard.action_apply()
        self.assertEqual(picking.amazon_api_status, "done")

    def test_access(self):
        picking = self.delivered()
        reader = new_test_user(
            self.env,
            "just_reads",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.file(picking.sale_id, reader)


@tagged("post_install", "-at_install")
class TestDocuments(InBrowser, ConfirmationCase):
    """What Amazon wrote, and what goes to it, leaves Odoo as a file and nothing else."""

    def document(self, url):
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200, url)
        return answer

    def test_never_a_page(self):
        """Whatever is in a feed's documents and whatever type is asked for, no browser shows it as a page of ours."""
        page = b"<html><script>alert(1)</script></html>"
        feed = self.env["amazon.feed"].create(
            {
                "account_id": self.account.id,
                "feed_type": "POST_ORDER_FULFILLMENT_DATA",
                "state": "done",
                "document": base64.b64encode(page),
                "report": base64.b64encode(page),
            }
        )
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", feed._name), ("res_field", "=", "report"), ("res_id", "=", feed.id)]
        )
        self.authenticate(self.manager.login, self.manager.login)
        for url in (
            f"/web/content/amazon.feed/{feed.id}/report",
            f"/web/content/amazon.feed/{feed.id}/document?download=true",
            f"/web/content/amazon.feed/{feed.id}/report?mimetype=text/html",
            f"/web/content/{attachment.id}",
        ):
            with self.subTest(url=url):
                answer = self.document(url)
                self.assertEqual(answer.content, page)
                self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_download(self):
        """The file for Seller Central comes with its name, to who made it and to nobody else."""
        picking = self.delivered()
        model = self.env["amazon.confirmation.file"].with_user(self.user).with_company(self.company)
        action = model.with_context(active_model="sale.order", active_ids=picking.sale_id.ids).action_open()
        part = model.browse(action["res_id"]).part_ids
        url = part.action_download()["url"]
        self.authenticate(self.user.login, self.user.login)
        answer = self.document(url)
        self.assertIn(part.file_name, answer.headers["Content-Disposition"])
        self.assertTrue(answer.headers["Content-Disposition"].startswith("attachment"))
        self.assertIn(picking.sale_id.amazon_order_ref.encode(), answer.content)
        self.authenticate(self.manager.login, self.manager.login)
        self.assertNotEqual(self.url_open(url).status_code, 200)
