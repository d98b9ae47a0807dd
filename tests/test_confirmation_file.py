import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

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

    def test_nothing_has_left(self):
        with self.assertRaisesRegex(UserError, "nothing has left"):
            self.file(self.imported())

    def test_then_done(self):
        """After the upload the status wizard sets them to done."""
        picking = self.delivered()
        action = self.file(picking.sale_id).action_set_done()
        wizard = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create({})
        self.assertEqual(wizard.status, "done")
        wizard.action_apply()
        self.assertEqual(picking.amazon_api_status, "done")

    def test_access(self):
        picking = self.delivered()
        reader = new_test_user(
            self.env, "just_reads", "sale_amazon_spapi.group_amazon_readonly", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        with self.assertRaises(AccessError):
            self.file(picking.sale_id, reader)
