from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestDialogs(ConfirmationCase):
    """Dialogs take only records that the user may read, and tell nothing of the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.stranger = new_test_user(
            cls.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=cls.elsewhere.id,
            company_ids=[Command.set(cls.elsewhere.ids)],
        )

    def theirs(self, name):
        """Return a dialog's model as the stranger has it."""
        return self.env[name].with_user(self.stranger).with_context(allowed_company_ids=self.elsewhere.ids)

    def refused(self, method, *arguments):
        """See that a call is refused without a word about the records."""
        with self.assertRaises(AccessError) as refusal, self.env.cr.savepoint():
            method(*arguments)
        self.assertEqual(refusal.exception.args[0], "You have no access to some of these records.")

    def test_strange_records(self):
        """Another company's orders, deliveries, confirmations and accounts: not when made, changed or only tried."""
        picking = self.delivered()
        order, row = picking.sale_id, picking.amazon_confirmation_ids
        change = {"line_ids": [Command.create({"order_id": order.id})]}
        named = {
            "amazon.status.change": [change],
            "amazon.status.change.line": [{"order_id": order.id}],
            "amazon.completion": [
                {"account_ids": [Command.link(self.account.id)]},
                {"line_ids": [Command.create({"order_id": order.id})]},
                {"line_ids": [Command.create({"order_id": order.id, "picking_id": picking.id})]},
            ],
            "amazon.completion.line": [{"order_id": order.id}, {"picking_id": picking.id}],
            "amazon.confirmation.file": [{"confirmation_ids": [Command.set(row.ids)]}, {"confirmation_ids": row.ids}],
            "amazon.confirmation.file.part": [{"confirmation_ids": [Command.link(row.id)]}],
            "amazon.combine": [
                {"picking_ids": [Command.set(picking.ids)]},
                {"parent_id": order.id},
                {"carrier_id": self.yamato.id},
            ],
        }
        for name, some in named.items():
            model = self.theirs(name)
            for vals in some:
                with self.subTest(model=name, vals=vals):
                    self.refused(model.create, vals)
                    self.refused(model.onchange, vals, [], {"display_name": {}})
        # What no client of Odoo's sends for a record, but what some of the ORM takes for one.
        for strange in ({"id": order.id}, {"id": str(order.id)}, str(order.id), float(order.id), True, [order.id]):
            model = self.theirs("amazon.status.change.line")
            with self.subTest(order_id=strange):
                self.refused(model.create, {"order_id": strange})
                self.refused(model.onchange, {"order_id": strange}, ["order_id"], {"amazon_order_ref": {}})
        for strange in (
            (4, str(row.id)),
            (4, float(row.id)),
            (6, 0, [str(row.id)]),
            (6, 0, str(row.id)),
            str(row.id),
            {"id": row.id},
            (1, str(row.id), {}),
            (0, 0, str(row.id)),
        ):
            model = self.theirs("amazon.confirmation.file")
            with self.subTest(confirmation_ids=strange):
                self.refused(model.create, {"confirmation_ids": [strange]})
                self.refused(model.onchange, {"confirmation_ids": [strange]}, [], {"display_name": {}})
        self.refused(model.create, {"confirmation_ids": str(row.id)})
        self.refused(model.onchange, [], [], {"display_name": {}})
        line = self.theirs("amazon.status.change.line").with_context(default_order_id=order.id)
        self.refused(line.create, {})
        self.refused(line.onchange, {}, [], {"amazon_order_ref": {}})
        dialog = self.theirs("amazon.status.change").with_context(default_order_id=order.id)
        shown = {"line_ids": {"fields": {"amazon_order_ref": {}}}}
        told = dialog.onchange({"line_ids": [Command.create({})]}, ["line_ids"], shown)
        self.assertNotIn(order.amazon_order_ref, str(told))
        wizard = self.theirs("amazon.status.change").create({})
        self.refused(wizard.write, change)
        self.refused(wizard.onchange, change, ["line_ids"], shown)

    def test_dialogs_of_others(self):
        """Nor does anybody read, find, change or press another user's dialog."""
        picking = self.delivered()
        mine = (
            self.env["amazon.confirmation.file"]
            .with_user(self.user)
            .with_context(active_model="sale.order", active_ids=picking.sale_id.ids)
        )
        file = mine.browse(mine.action_open()["res_id"])
        change = (
            self.env["amazon.status.change"]
            .with_user(self.user)
            .create({"line_ids": [Command.create({"order_id": picking.sale_id.id})]})
        )
        for records in (file, file.part_ids, change, change.line_ids):
            theirs = records.with_user(self.stranger).with_context(allowed_company_ids=self.elsewhere.ids)
            with self.subTest(model=records._name):
                self.assertFalse(theirs.search([]))
                for method, arguments in (("read", []), ("write", [{}]), ("unlink", [])):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        getattr(theirs, method)(*arguments)
        with self.assertRaises(AccessError):
            change.with_user(self.stranger).action_apply()
        with self.assertRaises(AccessError):
            file.part_ids.with_user(self.manager).action_download()

    def test_orders_of_others(self):
        """Who sees only the own orders puts no others into a dialog, in the same company either."""
        order = self.imported()
        self.env["ir.rule"].create(
            {
                "name": "Only the own orders",
                "model_id": self.env.ref("sale.model_sale_order").id,
                "domain_force": "[('user_id', '=', user.id)]",
            }
        )
        model = self.env["amazon.status.change.line"].with_user(self.user)
        wizard = self.env["amazon.status.change"].with_user(self.user).create({})
        vals = {"order_id": order.id, "wizard_id": wizard.id}
        self.refused(model.create, vals)
        order.user_id = self.user
        self.assertEqual(model.create(vals).amazon_order_ref, order.amazon_order_ref)
