import inspect

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import AmazonCase

# What to call methods with that look at what they are given; the others get an empty record for each argument.
ARGUMENTS = {"onchange": ({}, [], {})}
# Models whose records carry what came from Amazon.
EXTENDED = ("sale.order", "sale.order.line", "stock.picking", "stock.move", "res.partner", "delivery.carrier")
# Fees and what they are called are not everybody's.
ACCOUNTANTS = (
    "amazon.amount.type",
    "amazon.booking.rule",
    "amazon.owed",
    "amazon.profit",
    "amazon.transaction.line",
    "amazon.transaction.type",
    "amazon.settlement",
    "amazon.settlement.file",
    "amazon.settlement.line",
    "amazon.settlement.order",
    "amazon.settlement.sum",
)


@tagged("post_install", "-at_install")
class TestAccess(AmazonCase):
    """C11: none, read only, user, accountant, manager."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader, cls.outsider = (
            new_test_user(cls.env, login, group, company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)])
            for login, group in (("reader", "sale_amazon_spapi.group_amazon_readonly"), ("outsider", "base.group_user"))
        )

    def own_models(self):
        """Return the addon's models that have a table."""
        names = self.env["ir.model"].search([("model", "=like", "amazon.%")]).mapped("model")
        return [self.env[name] for name in names if not self.env[name]._transient and not self.env[name]._abstract]

    def sample(self):
        """Make something of everything; return a record by model."""
        self.account.rule_ids = [(0, 0, {"carrier_id": self.env.ref("sale_amazon_spapi.carrier_fba").id})]
        self.account.auto_import = True
        left = self.imported().picking_ids
        self.ship(left)
        feed = self.env["amazon.feed"].create(
            {
                "account_id": self.account.id,
                "feed_type": "POST_ORDER_FULFILLMENT_DATA",
                "state": "done",
                "confirmation_ids": [(6, 0, left.amazon_confirmation_ids.ids)],
            }
        )
        called_off = self.imported()
        called_off.action_cancel()
        self.env["amazon.cancellation"].create({**called_off._amazon_cancellation_vals(), "reason": "NoInventory"})
        order = self.imported("jp_gift")
        self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}}, minutes_ago=0)
        self.amazon.post("clock", advance=600)
        self.import_orders()
        records = {model._name: model.search([], order="id desc", limit=1) for model in self.own_models()}
        records |= {
            "amazon.account": self.account,
            "sale.order": order,
            "sale.order.line": order.order_line[:1],
            "stock.picking": order.picking_ids,
            "stock.move": order.picking_ids.move_ids[:1],
            "amazon.order.update": self.env["amazon.order.update"].search([("state", "=", "failed")], limit=1),
            "amazon.confirmation": feed.confirmation_ids,
            "amazon.feed": feed,
        }
        return records

    def public_methods(self, model):
        """Return the names of the public methods that this addon defines on a model."""
        names = set()
        for cls in type(self.env[model]).mro():
            if ".sale_amazon_spapi." in cls.__module__ or cls.__module__.startswith("odoo.addons.sale_amazon_spapi"):
                names |= {
                    name
                    for name, member in vars(cls).items()
                    if not name.startswith("_")
                    and inspect.isfunction(member)
                    and not getattr(member, "_api_private", False)
                }
        return sorted(names)

    def snapshot(self):
        """Return everything of the addon that a method might change."""
        self.env.flush_all()
        shot = []
        for table in (
            "amazon_account",
            "amazon_order_update",
            "amazon_offer",
            "amazon_job",
            "amazon_phase",
            "amazon_shipping_rule",
            "amazon_shipping_method",
            "amazon_cancellation",
            "amazon_confirmation",
            "amazon_feed",
            "delivery_carrier",
            "sale_order",
            "sale_order_line",
            "stock_picking",
            "stock_move",
            "stock_package",
            "mail_message",
            "mail_activity",
            "ir_cron_trigger",
        ):
            self.env.cr.execute(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")  # pylint: disable=sql-injection
            shot.append((table, self.env.cr.fetchone()[0]))
        return shot

    def test_public_methods(self):
        """Each public method of each model, called by a user who may only read, raises or changes nothing."""
        records = self.sample()
        called = 0
        for model in (*(model._name for model in self.own_models()), *EXTENDED):
            record = records.get(model)
            if not record:
                continue
            for name in self.public_methods(model):
                if name in ("create", "write", "unlink", "copy_data", "message_post_with_source"):
                    continue  # the core's; see test_read_only
                for user in (self.reader, self.outsider):
                    with self.subTest(model=model, method=name, user=user.login):
                        before = self.snapshot()
                        method = getattr(record.with_user(user), name)
                        wanted = [
                            p
                            for p in inspect.signature(method).parameters.values()
                            if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
                        ]
                        arguments = ARGUMENTS.get(name) or [self.env["delivery.carrier"].browse()] * len(wanted)
                        savepoint = self.env.cr.savepoint()
                        try:
                            method(*arguments)
                            called += 1
                            self.assertEqual(self.snapshot(), before)
                        except (AccessError, UserError):
                            called += 1
                        finally:
                            savepoint.rollback()
                            savepoint.close(rollback=False)
                            self.env.invalidate_all()
        self.assertGreater(called, 20)

    def test_read_only(self):
        """Read only sees everything of Amazon's but its fees, and changes nothing; an outsider sees nothing."""
        records = self.sample()
        for name, record in records.items():
            if not record or name in ("amazon.quota", "stock.move"):
                continue
            with self.subTest(model=name):
                mine = record.with_user(self.reader)
                if name in ACCOUNTANTS:
                    with self.assertRaises(AccessError):
                        mine.read(["display_name"])
                else:
                    self.assertTrue(mine.read(["display_name"]))
                with self.assertRaises(AccessError):
                    mine.check_access("write")
                with self.assertRaises(AccessError):
                    mine.check_access("unlink")
                with self.assertRaises(AccessError):
                    mine.browse().check_access("create")
                if name.startswith("amazon."):
                    with self.assertRaises(AccessError):
                        record.with_user(self.outsider).read(["display_name"])

    def test_read_only_sees_no_other_sales(self):
        """Read only sees what came from Amazon, not the company's other sales."""
        order = self.env["sale.order"].create({"partner_id": self.env["res.partner"].create({"name": "Shop"}).id})
        mine = self.imported()
        seen = self.env["sale.order"].with_user(self.reader).search([("id", "in", (order | mine).ids)])
        self.assertEqual(seen, mine)

    def test_takes_nothing_away(self):
        """What a user's other groups show and let write of ordinary orders an Amazon group does not take away, nor
        does it let write what they do not."""
        mine, others = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                    "user_id": user.id,
                    "order_line": [(0, 0, {"product_id": self.products["AMZ-PEN-001"].id})],
                }
                for user in (self.manager, self.user)
            ]
        )
        amazon = self.imported()
        everything = mine | others | amazon
        for number, (groups, readable, writable) in enumerate(
            (
                ("account.group_account_invoice,sale_amazon_spapi.group_amazon_accountant", everything, everything),
                ("account.group_account_readonly,sale_amazon_spapi.group_amazon_readonly", everything, mine.browse()),
                ("stock.group_stock_user,sale_amazon_spapi.group_amazon_readonly", everything, everything),
                # Own documents only: Amazon's are seen, too, but not written.
                ("sales_team.group_sale_salesman,sale_amazon_spapi.group_amazon_readonly", mine | amazon, mine),
                (
                    "sales_team.group_sale_salesman,stock.group_stock_user,sale_amazon_spapi.group_amazon_readonly",
                    mine | amazon,
                    mine,
                ),
                ("sale_amazon_spapi.group_amazon_readonly", amazon, mine.browse()),
            )
        ):
            user = new_test_user(
                self.env, f"user{number}", groups, company_id=self.company.id, company_ids=[(6, 0, self.company.ids)]
            )
            mine.user_id = user
            with self.subTest(groups=groups):
                for records in (everything, everything.order_line):
                    theirs = records.with_user(user)
                    seen = theirs.search([("id", "in", records.ids)])
                    self.assertEqual(seen, theirs & (readable if records == everything else readable.order_line))
                    written = theirs._filtered_access("write")
                    self.assertEqual(written, theirs & (writable if records == everything else writable.order_line))

    def test_user(self):
        """A user works on orders but sets up nothing."""
        records = self.sample()
        for name in (
            "amazon.account",
            "amazon.shipping.method",
            "amazon.shipping.rule",
            "amazon.phase",
            "amazon.account.phase",
            "amazon.job",
            "amazon.log",
            "amazon.marketplace",
            "amazon.order.item",
        ):
            with self.subTest(model=name), self.assertRaises(AccessError):
                records[name].with_user(self.user).check_access("write")
        records["amazon.offer"].with_user(self.user).product_id = self.products["AMZ-PEN-001"]
        records["amazon.order.update"].with_user(self.user).action_ignore()
        with self.assertRaises(AccessError):
            records["amazon.order.update"].with_user(self.user).read(["payload"])

    def test_inbox_is_not_to_be_written(self):
        """Who may retry and ignore cannot forge what Amazon sent."""
        records = self.sample()
        row = records["amazon.order.update"]
        for user in (self.user, self.manager):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"payload": "x"})
            for vals in ({"state": "pending"}, {"order_ref": "503-1"}, {"forced": True}):
                with self.subTest(vals=vals), self.assertRaises(UserError):
                    row.with_user(user).write(vals)
