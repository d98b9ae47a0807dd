import json
from itertools import product

from freezegun import freeze_time
from lxml import etree
from odoo import Command, fields
from odoo.addons.http_routing.tests.common import MockRequest
from odoo.tests import new_test_user, tagged

from ..models.engine import res_company
from ..models.engine.res_company import CHANGED
from ..said import say
from .common import counts_queries
from .common_confirmation import ConfirmationCase

LISTS = (
    "sale_order_amazon_view_list",
    "sale_order_amazon_view_kanban",
    "stock_picking_amazon_view_list",
    "stock_picking_amazon_view_kanban",
)


@tagged("post_install", "-at_install")
class TestScreens(ConfirmationCase):
    """What stands on the screens follows what happens, and says why when nothing does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        cls.packer = new_test_user(
            cls.env,
            "packer",
            "stock.group_stock_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def setUp(self):
        super().setUp()
        # What a frozen clock wrote there says nothing to the next test.
        res_company._said_at.clear()
        self.addCleanup(res_company._said_at.clear)

    # === FOLLOWING === #

    def hints(self):
        """Return the hints that committing would send, long after the last ones."""
        res_company._said_at.clear()
        return self.said()

    def said(self):
        """Return the hints that committing would send now, as they stand in the bus."""
        self.env.cr.precommit.run()
        rows = self.env["bus.bus"].search([("message", "like", CHANGED)])
        found = [(json.loads(row.channel), json.loads(row.message)) for row in rows]
        rows.unlink()
        return found

    def hint(self):
        """Return the hint to the shop's screens: nothing but that there is something."""
        channel = [self.env.cr.dbname, "res.company", self.company.id, CHANGED]
        return [(channel, {"type": CHANGED, "payload": {}})]

    def test_what_is_followed(self):
        """Whatever changes on an order, a delivery, a run, or an account is hinted at once a transaction, and carries
        nothing."""
        order = self.imported()
        self.hints()
        self.account._job("orders")._trigger()
        self.assertEqual(self.hints(), [], "a cron is nothing that is shown")
        picking = order.picking_ids
        cases = {
            "held": lambda: order.with_user(self.user).action_amazon_hold(),
            "released": lambda: order.with_user(self.user).action_amazon_hold(),
            "started": lambda: self.account.with_user(self.manager).write({"auto_import": True}),
            "number": lambda: picking.with_user(self.packer).write({"carrier_tracking_ref": "12 34"}),
            "shipped": lambda: self.ship(picking),
            "mapped": lambda: order.order_line.amazon_offer_id.with_user(self.user).write({"title": "Cup"}),
            "run": lambda: self.env["amazon.log"].create({"account_id": self.account.id, "job_name": "orders"}),
        }
        for name, change in cases.items():
            with self.subTest(name):
                change()
                self.assertEqual(self.hints(), self.hint())
        self.assertEqual(self.hints(), [])

    def test_own_orders_are_not_followed(self):
        """What is not Amazon's changes without a word."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Walk-in"}).id,
                "company_id": self.company.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [Command.create({"product_id": self.products["AMZ-CUP-001"].id})],
            }
        )
        self.hints()
        order.action_confirm()
        order.picking_ids.carrier_tracking_ref = "1"
        self.assertEqual(self.hints(), [])

    def test_once_a_second(self):
        """What one process commits within a second is said once; a screen reads later than that."""
        self.hints()
        with freeze_time("2026-11-20 10:00:00") as clock:
            for seconds, expected in ((0, self.hint()), (0.9, []), (0.2, self.hint())):
                clock.tick(seconds)
                self.company._amazon_changed()
                self.assertEqual(self.said(), expected)

    def test_what_is_not_committed_is_not_said(self):
        """What was rolled back has kept nothing else from being said."""
        self.hints()
        with freeze_time("2026-11-20 10:00:00"):
            for end, expected in (("postrollback", self.hint()), ("postcommit", self.hint()), ("postcommit", [])):
                self.company._amazon_changed()
                self.assertEqual(self.said(), expected)
                getattr(self.env.cr, end).run()
                self.env.cr.postrollback.clear()

    def test_who_hears(self):
        """People of the company hear of its changes, of no other's; customers of none."""
        portal = new_test_user(self.env, "buyer", "base.group_portal")
        for user, heard in ((self.user, True), (self.packer, True), (portal, False)):
            with self.subTest(user.login), MockRequest(self.env(user=user)) as request:
                request.session.uid = user.id
                channels = self.env["ir.websocket"].with_user(user)._build_bus_channel_list([])
                self.assertEqual((self.company, CHANGED) in channels, heard)
                self.assertNotIn((self.other_company, CHANGED), channels)

    # === AT WORK === #

    def test_what_a_job_does(self):
        """A started job says when it runs next, a running one how far it is, a stopped one nothing."""
        account, job = self.account, self.account._job("orders")
        account.auto_confirm = False
        self.assertFalse(job.work)
        self.assertFalse(account.work)
        account.auto_import = True
        job.invalidate_recordset(["work"])
        self.assertEqual(job.with_user(self.user).work, "starts within a minute")
        self.assertEqual(account.with_user(self.user).work, "Order Import: starts within a minute")
        self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", job.sudo().cron_id.id)]).unlink()
        job.sudo().cron_id.nextcall = "2099-01-01 00:00:00"
        job.invalidate_recordset(["work"])
        self.assertIn("2099", job.work)
        log = self.env["amazon.log"].create(
            {
                "account_id": account.id,
                "job_id": job.id,
                "job_name": "orders",
                "received": 7,
            }
        )
        job.invalidate_recordset(["work"])
        self.assertEqual(job.work, say(self.env, job._declaration().progress(log)))
        self.assertRegex(job.work, "7.*0")
        log.state = "done"
        account.auto_import = False
        job.invalidate_recordset(["work"])
        self.assertFalse(job.work)

    def test_what_waits(self):
        """The account counts the orders that are still to be made and the parcels Amazon is still to be told of."""
        self.account.auto_confirm = False
        picking = self.imported().picking_ids
        self.ship(picking)
        self.env["amazon.order.update"].sudo().search([("account_id", "=", self.account.id)], limit=1).state = "pending"
        account = self.account.with_user(self.user)
        self.assertEqual((account.waiting_count, account.to_confirm_count), (1, 1))
        for action in (account.action_view_waiting(), account.action_view_to_confirm()):
            found = self.env[action["res_model"]].with_user(self.user).search(action["domain"])
            self.assertEqual(len(found), 1)

    # === NOTHING COMES IN === #

    def standstill(self, user):
        return self.env["amazon.account"].with_user(user).with_company(self.company).get_standstill()

    def test_what_comes_first(self):
        """What is to be done before the first order is said as of now, and by whom; as a help of the action's it would
        stay in browsers for days."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        accounts = self.env["amazon.account"].with_company(self.company)

        def said(name):
            for user in (self.user, self.manager):
                [state] = accounts.with_user(user).get_orders_state()
                self.assertIn(name, state["title"])
                self.assertEqual(state.get("can_mend", True), state["is_fine"] or user == self.manager)
            return state

        self.account.job_ids.last_success = False
        self.assertEqual(said("not started")["id"], self.account.id)
        self.account.auto_import = True
        [state] = self.env["amazon.account"].with_user(self.user).with_company(self.company).get_orders_state()
        self.assertEqual((state["is_fine"], "starts within a minute" in state["title"]), (True, True))
        self.imported()
        self.assertEqual(accounts.with_user(self.user).get_orders_state(), [])
        self.account.active = False
        self.assertEqual(said("No Amazon shop is connected yet")["id"], 0)
        self.assertEqual(accounts.with_user(self.packer).get_orders_state(), [])
        again = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        self.assertEqual((action["help"], "import is started" in action["help"]), (again["help"], True))

    def test_standstill(self):
        """Orders and deliveries say when the import stands still: the manager can open the account, a clerk reads whom
        to ask; nobody is told of what was never started."""
        self.assertEqual(self.standstill(self.user), [])
        self.account._connection_broken("Amazon does not accept the refresh token")
        self.assertEqual(self.standstill(self.user), [], "setting up is not standing still")
        self.account.auto_import = True
        for user, can_mend in ((self.user, False), (self.manager, True)):
            [account] = self.standstill(user)
            self.assertEqual((account["can_mend"], account["broken"]), (can_mend, True))
            self.assertEqual(account["reason"], self.account.with_user(user).connection_message)
        self.account._connection_works()
        self.assertEqual(self.standstill(self.user), [])
        self.account.auto_import = False
        self.assertEqual(self.standstill(self.user), [])
        self.imported()
        [account] = self.standstill(self.user)
        self.assertIn("stopped", account["title"])
        self.assertEqual(self.standstill(self.packer), [], "who has no access to Amazon is told nothing")

    # === LISTS === #

    def test_content(self):
        """Orders and deliveries say what is in them, the unknown by its SKU, for a packer without access, too."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}, {"sku": "NEW-1", "quantity": 3}])
        cup = self.products["AMZ-CUP-001"].name
        self.assertEqual(order.with_user(self.user).amazon_content, f"2 × {cup}, 3 × NEW-1")
        picking = order.picking_ids.with_user(self.packer)
        self.assertEqual(picking.amazon_content, f"2 × {cup}, 3 × NEW-1")
        for xmlid in LISTS:
            with self.subTest(xmlid):
                arch = etree.fromstring(self.env.ref(f"sale_amazon_spapi.{xmlid}").arch)
                self.assertTrue(arch.xpath("//field[@name='amazon_content'][not(@optional='hide')]"))
                self.assertTrue(arch.xpath("//field[@name='amazon_combined']"))

    @counts_queries
    def test_lists_read_in_batches(self):
        """A page of orders or deliveries costs as many queries with seven rows as with two; those to review, too."""
        plain = self.imported(count=7, items=[{"sku": "AMZ-CUP-001"}, {"sku": "AMZ-TEA-001"}])
        for orders, xmlid in product((plain, self.imported("jp_gift", count=7)), LISTS):
            records = orders.picking_ids if xmlid.startswith("stock") else orders
            with self.subTest(xmlid, reasons=orders[0].amazon_review_reasons):
                view = self.env.ref(f"sale_amazon_spapi.{xmlid}")
                self.page(view, records[:1])
                self.assertEqual(self.page(view, records), self.page(view, records[:2]))

    def page(self, view, records):
        """Read what a view shows of the records; return the number of queries."""
        # As the web client names them: what `a.b` gives reads in batches only as long as `a.b` is in the cache.
        records = records.browse(records.ids).with_user(self.user).with_company(self.company)
        arch = etree.fromstring(records.get_view(view.id, view.type)["arch"])
        shown = {node.get("name"): {} for node in arch.iter("field")}
        return self.queries(records.web_read, shown)

    def test_orders_that_amazon_ships(self):
        """FBA orders that have not left stand in a column that says so."""
        described = self.env["sale.order"].fields_get(["amazon_phase_id"], ["falsy_value_label"])
        self.assertEqual(described["amazon_phase_id"]["falsy_value_label"], "With Amazon (FBA)")

    def test_difference_has_one_name(self):
        """The difference is called the same wherever it stands, or by that part of it that explains its sign."""
        described = self.env["sale.order"].fields_get(["amazon_difference"])["amazon_difference"]
        self.assertEqual(described["string"], "Difference (Odoo − Amazon)")
        self.assertIn("Above zero", described["help"])
        for xmlid in ("sale_order_amazon_view_list", "sale_order_amounts_view_list", "sale_order_amounts_view_pivot"):
            view = self.env.ref(f"sale_amazon_spapi.{xmlid}")
            for node in etree.fromstring(view.arch).xpath("//field[@name='amazon_difference']"):
                self.assertIn(node.get("string", "Odoo − Amazon"), ("Odoo − Amazon", described["string"]))

    def test_apps_page(self):
        """The Apps list shows a page, not the README's source, in the reader's language as far as Odoo lets it."""
        module = self.env["ir.module.module"].search([("name", "=", "sale_amazon_spapi")])
        page = etree.HTML(module.description_html)
        self.assertTrue(page.xpath("//section//h1"))
        self.assertTrue(page.xpath("//img[@src='/sale_amazon_spapi/static/description/orders.png']"))
        self.assertNotIn("```", module.description_html)

    def test_versions_are_times(self):
        """When Amazon changed an order is a time that the reader's settings write."""
        order = self.imported()
        row = self.last_update(order)
        self.assertEqual(row.changed_at, fields.Datetime.to_datetime(row.version[:19].replace("T", " ")))
