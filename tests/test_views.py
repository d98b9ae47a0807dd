from datetime import timedelta

from freezegun import freeze_time
from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import html2plaintext
from odoo.tools.safe_eval import safe_eval

from .common import AmazonCase

GROUPS = ("readonly", "user", "accountant", "manager")
# Every menu with its action, and who sees it.
MENUS = {
    "menu_amazon_orders": GROUPS,
    "menu_amazon_deliveries": ("user", "manager"),
    "menu_amazon_completion": ("user", "manager"),
    "menu_amazon_confirmations": GROUPS,
    "menu_amazon_cancellations": GROUPS,
    "menu_amazon_attention": GROUPS,
    "menu_amazon_offers": GROUPS,
    "menu_amazon_quantities": GROUPS,
    "menu_amazon_settlements": ("accountant", "manager"),
    "menu_amazon_settlement_sums": ("accountant", "manager"),
    "menu_amazon_settlement_lines": ("accountant", "manager"),
    "menu_amazon_settlement_orders": ("accountant", "manager"),
    "menu_amazon_settlement_files": ("accountant", "manager"),
    "menu_amazon_booking_rules": ("accountant", "manager"),
    "menu_amazon_owed": ("accountant", "manager"),
    "menu_amazon_profit": ("accountant", "manager"),
    "menu_amazon_fees": ("accountant", "manager"),
    "menu_amazon_amounts": ("accountant", "manager"),
    "menu_amazon_invoices": ("accountant", "manager"),
    "menu_amazon_transactions": ("accountant", "manager"),
    "menu_amazon_transaction_lines": ("accountant", "manager"),
    "menu_amazon_amount_types": ("accountant", "manager"),
    "menu_amazon_transaction_types": ("accountant", "manager"),
    "menu_amazon_vendor_orders": GROUPS,
    "menu_amazon_vendor_deliveries": ("user", "manager"),
    "menu_amazon_vendor_papers": GROUPS,
    "menu_amazon_vendor_statuses": GROUPS,
    "menu_amazon_vendor_offers": GROUPS,
    "menu_amazon_vendor_quantities": GROUPS,
    "menu_amazon_vendor_submissions": GROUPS,
    "menu_amazon_vendor_transactions": GROUPS,
    "menu_amazon_log": GROUPS,
    "menu_amazon_accounts": ("manager",),
    "menu_amazon_phases": ("manager",),
    "menu_amazon_shipping_methods": ("manager",),
    "menu_amazon_shipping_rules": ("manager",),
    "menu_amazon_acknowledgement_codes": ("manager",),
    "menu_amazon_carrier_layouts": ("manager",),
    "menu_amazon_marketplaces": ("manager",),
    "menu_amazon_report_columns": ("manager",),
    "menu_amazon_jobs": ("manager",),
    "menu_amazon_feeds": ("manager",),
    "menu_amazon_quota": ("manager",),
}


@tagged("post_install", "-at_install")
class TestViews(AmazonCase):
    """Each group opens what it should, with data in it, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {"user": cls.user, "manager": cls.manager}
        for group in ("readonly", "accountant"):
            cls.users[group] = new_test_user(
                cls.env,
                f"amazon_{group}",
                f"sale_amazon_spapi.group_amazon_{group}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
        cls.packer = new_test_user(
            cls.env,
            "packer",
            "stock.group_stock_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.salesman = new_test_user(
            cls.env,
            "salesman",
            "sales_team.group_sale_salesman_all_leads",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def test_no_down_payment(self):
        """Nobody is offered a down payment on an Amazon order: the buyer pays Amazon."""
        arch = etree.fromstring(self.env["sale.order"].get_view(view_type="form")["arch"])
        [button] = arch.xpath("//button[@id='create_invoice_percentage']")
        order = {"invoice_status": "no", "state": "sale"}
        self.assertFalse(safe_eval(button.get("invisible"), {**order, "amazon_account_id": False}))
        self.assertTrue(safe_eval(button.get("invisible"), {**order, "amazon_account_id": self.account.id}))

    def fill(self):
        """Have records of every kind; return an order that waits for review."""
        self.account.rule_ids = [
            Command.create({"carrier_id": self.env.ref("sale_amazon_spapi.carrier_provisional").id})
        ]
        self.account.unknown_sku = "hold"
        for kind in ("jp_cod", "jp_fba_shipped", "jp_unknown_sku"):
            self.place(kind)
        order = self.imported("jp_gift")
        self.assertEqual(order.amazon_phase_role, "review")
        return order

    def visible_menus(self, user):
        return set(self.env["ir.ui.menu"].with_user(user).load_menus(False))

    def open(self, user, action):
        """Load every view of an action and the records it shows, as the web client does.

        :param user: who opens it.
        :param action: the ``ir.actions.act_window``.
        :return: the views' descriptions by type.
        """
        action = action.sudo()._get_action_dict()
        model = self.env[action["res_model"]].with_user(user).with_company(self.company)
        views = [*action["views"], (action["search_view_id"] and action["search_view_id"][0], "search")]
        described = model.get_views(views, {"toolbar": True})["views"]
        for kind, view in described.items():
            if kind == "search":
                continue
            specification = self.specification(etree.fromstring(view["arch"]))
            if kind in ("kanban", "list", "form"):
                self.records(model, action, kind).web_read(specification)
        return described

    def records(self, model, action, kind):
        if model._transient:
            return model
        return model.search(self.domain(action), limit=1 if kind == "form" else 40)

    @staticmethod
    def domain(action):
        return eval(action["domain"]) if action["domain"] else []  # noqa: S307 - our own data files

    def specification(self, node):
        """Return what the web client would ask ``web_read`` for."""
        wanted = {}
        for child in node:
            if child.tag == "field":
                inner = next((view for view in child if view.tag in ("list", "kanban")), None)
                wanted[child.get("name")] = {} if inner is None else {"fields": self.specification(inner)}
            elif isinstance(child.tag, str):
                wanted.update(self.specification(child))
        return wanted

    def action(self, menu):
        return self.env.ref(f"sale_amazon_spapi.{menu}").action

    def test_menus(self):
        # Without one, nobody has the vendors'.
        self.env["amazon.account"].create({"name": "Vendor", "kind": "vendor_df", "company_id": self.company.id})
        for group, user in self.users.items():
            visible = self.visible_menus(user)
            for menu, groups in MENUS.items():
                with self.subTest(group=group, menu=menu):
                    self.assertEqual(self.env.ref(f"sale_amazon_spapi.{menu}").id in visible, group in groups)
        for user in (self.packer, self.salesman):
            for app in ("menu_amazon", "menu_amazon_vendor"):
                self.assertNotIn(self.env.ref(f"sale_amazon_spapi.{app}").id, self.visible_menus(user))

    def leave(self):
        """Have a delivery that has left, its confirmation and a feed; return the delivery."""
        picking = self.imported(set={"orderItems": {"0": {"programs": ["TRANSPARENCY"]}}}).picking_ids
        self.ship(picking)
        self.env["amazon.feed"].create(
            {
                "account_id": self.account.id,
                "feed_type": "POST_ORDER_FULFILLMENT_DATA",
                "state": "done",
                "confirmation_ids": [Command.set(picking.amazon_confirmation_ids.ids)],
            }
        )
        return picking

    def test_every_action_opens(self):
        self.fill()
        self.leave()
        for group, user in self.users.items():
            for menu, groups in MENUS.items():
                if group in groups:
                    with self.subTest(group=group, menu=menu):
                        self.open(user, self.action(menu))

    def test_empty_lists(self):
        """An empty list says what belongs there, in the addon's own words: Odoo's praise what else it could do."""
        for group, user in self.users.items():
            for menu, groups in MENUS.items():
                if group in groups:
                    action = self.action(menu).with_user(user)
                    with self.subTest(group=group, menu=menu):
                        said = html2plaintext(action._get_action_dict()["help"] or "")
                        own = html2plaintext(action.help or "")
                        self.assertEqual(said, own)

    def test_searched_in_vain(self):
        """Where nothing is found, every list of ours says so: none has a text of an app's own in its place."""
        for name in ("stock_picking_amazon_view_list", "sale_order_amazon_view_list"):
            arch = self.env.ref(f"sale_amazon_spapi.{name}").arch
            self.assertIn("o_amazon_follows", arch)
            self.assertNotIn("js_class", arch)

    def test_no_tracking_page(self):
        """The button “Tracking” shows where the carrier's page is known, and Odoo's own deliveries keep it."""
        picking = self.fill().picking_ids[:1]
        arch = etree.fromstring(picking.get_view(self.env.ref("stock.view_picking_form").id, "form")["arch"])
        [button] = arch.xpath("//button[@name='open_website_url']")
        self.assertIn("amazon_order_ref and not carrier_tracking_url", button.get("invisible"))

    def test_narrow_screens(self):
        """Every list has cards beside it, for screens on which no list has room."""
        for menu in MENUS:
            action = self.action(menu)
            if "list" in action.view_mode:
                with self.subTest(menu=menu):
                    self.assertIn("kanban", action.view_mode)

    def test_nobody_else(self):
        """Whoever has no Amazon access reads none of its models; only the manager reads the quota."""
        for user in (self.packer, self.salesman):
            for model in (
                "amazon.account",
                "amazon.offer",
                "amazon.order.update",
                "amazon.log",
                "amazon.import",
                "amazon.cancellation",
                "amazon.cancelling",
                "amazon.confirmation",
                "amazon.feed",
                "amazon.completion",
                "amazon.status.change",
                "amazon.combine",
                "amazon.confirmation.file",
                "amazon.carrier.export",
                "amazon.carrier.layout",
                "amazon.carrier.numbers",
                "amazon.mapping",
            ):
                with self.subTest(user=user.login, model=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
        for group in ("readonly", "user", "accountant"):
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.env["amazon.quota"].with_user(self.users[group]).search([])
        for group in ("readonly", "accountant"):
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.env["amazon.import"].with_user(self.users[group]).create({})

    def test_buttons(self):
        """Who only reads has nothing to press that changes something."""
        changing = {
            "action_retry",
            "action_ignore",
            "action_amazon_reviewed",
            "action_amazon_hold",
            "action_amazon_refresh",
            "action_toggle",
            "action_test_connection",
            "action_amazon_confirm_now",
            "action_amazon_separate",
        }
        for menu in (
            "menu_amazon_orders",
            "menu_amazon_attention",
            "menu_amazon_accounts",
            "menu_amazon_confirmations",
        ):
            for group in ("readonly", "accountant", "manager"):
                views = self.open(self.users[group], self.action(menu))
                names = {
                    button.get("name")
                    for view in views.values()
                    for button in etree.fromstring(view["arch"]).iter("button")
                }
                with self.subTest(menu=menu, group=group):
                    self.assertEqual(bool(names & changing), group == "manager")

    def test_payload_is_nowhere(self):
        for group in GROUPS:
            views = self.open(self.users[group], self.action("menu_amazon_attention"))
            for view in views.values():
                self.assertNotIn("payload", view["arch"])

    def test_form_of_who_only_reads(self):
        """Odoo's own form shows invoices, which a reader may not see; everybody else gets Odoo's form."""
        own = self.env.ref("sale_amazon_spapi.sale_order_amazon_view_form_readonly").id
        for group, user in self.users.items():
            view = self.env["sale.order"].with_user(user).get_views([(False, "form")])["views"]["form"]
            with self.subTest(group=group):
                self.assertEqual(view["id"] == own, group == "readonly")

    def test_orders_without_amazon_access(self):
        """A salesman and a packer open what they work on without Amazon's models."""
        order = self.fill()
        for user, record in ((self.salesman, order), (self.packer, order.picking_ids)):
            model = record.with_user(user).with_company(self.company)
            for kind in ("list", "form"):
                arch = etree.fromstring(model.get_views([(False, kind)])["views"][kind]["arch"])
                with self.subTest(user=user.login, kind=kind):
                    model.web_read(self.specification(arch))
        form = etree.fromstring(order.with_user(self.salesman).get_views([(False, "form")])["views"]["form"]["arch"])
        self.assertFalse(form.xpath("//field[@name='amazon_item_ids']"))
        [picking] = order.picking_ids.with_user(self.packer).read(["amazon_gift_note", "amazon_blocked"])
        self.assertTrue(picking["amazon_gift_note"])
        self.assertIn(order.name, picking["amazon_blocked"])

    def test_amount_of_lines_has_room(self):
        """The lines of an Amazon order leave out what was invoiced, until somebody wants to see it; others do not."""
        form = etree.fromstring(self.env["sale.order"].with_user(self.user).get_view(view_type="form")["arch"])
        first, second = form.xpath("//page[@name='order_lines']//list/field[@name='qty_invoiced']")
        self.assertIn("or (parent.amazon_account_id)", first.get("column_invisible"))
        self.assertEqual(second.get("optional"), "hide")
        self.assertIn("not parent.amazon_account_id", second.get("column_invisible"))
        self.assertTrue(form.xpath("//field[@name='amazon_account_id']"))

    def test_what_has_left_opens(self):
        """Order, delivery, package and confirmation open for everyone who may see them; each with its buttons."""
        picking = self.leave()
        self.assertTrue(picking.amazon_needs_codes)
        self.assertEqual(picking.amazon_code_move_ids, picking.move_ids)
        package = self.env["stock.package"].create({})
        for user, records in (
            (self.user, (picking.sale_id, picking, package, picking.amazon_confirmation_ids)),
            (self.users["readonly"], (picking.sale_id, picking.amazon_confirmation_ids)),
            (self.packer, (picking, package)),
            (self.salesman, (picking.sale_id,)),
        ):
            for record in records:
                model = record.with_user(user).with_company(self.company)
                for kind in ("list", "form"):
                    arch = etree.fromstring(model.get_views([(False, kind)])["views"][kind]["arch"])
                    with self.subTest(user=user.login, model=record._name, kind=kind):
                        model.web_read(self.specification(arch))
        action = picking.with_user(self.user).action_amazon_view_order()
        self.assertEqual((action["res_model"], action["res_id"]), ("sale.order", picking.sale_id.id))
        form = picking.with_user(self.user).get_views([(False, "form")])["views"]["form"]["arch"]
        self.assertTrue(etree.fromstring(form).xpath("//button[@name='action_amazon_view_order']"))
        for record in (picking.sale_id, picking):
            action = record.with_user(self.users["readonly"]).action_amazon_view_confirmations()
            self.assertEqual(self.env["amazon.confirmation"].search(action["domain"]), picking.amazon_confirmation_ids)
            self.assertEqual(record.amazon_confirmation_count, 1)

    def test_numbers_in_the_list(self):
        """Tracking numbers and ship dates are entered in the list, for many deliveries at once."""
        pickings = self.imported().picking_ids | self.leave()
        view = self.env.ref("sale_amazon_spapi.stock_picking_amazon_view_list")
        arch = etree.fromstring(self.env["stock.picking"].with_user(self.user).get_view(view.id, "list")["arch"])
        self.assertEqual(arch.get("multi_edit"), "1")
        for name in ("carrier_tracking_ref", "amazon_ship_date"):
            [field] = arch.xpath(f"//field[@name='{name}']")
            self.assertFalse(field.get("readonly"))
        pickings.with_user(self.user).web_save(
            {"carrier_tracking_ref": "12 34", "amazon_ship_date": "2026-11-20"}, {"carrier_tracking_ref": {}}
        )
        self.assertEqual(pickings.mapped("carrier_tracking_ref"), ["1234", "1234"])
        self.assertEqual(pickings.amazon_confirmation_ids.tracking_number, "1234")

    def test_content_is_locked(self):
        order = self.fill()
        self.assertTrue(order.with_user(self.user).amazon_content_locked)
        self.assertFalse(order.with_user(self.manager).amazon_content_locked)

    def test_filters(self):
        """Every filter and group-by of the search views works on the server."""
        self.fill()
        for menu in MENUS:
            action = self.action(menu).sudo()
            view = self.env[action.res_model].get_views([(action.search_view_id.id or False, "search")])
            arch = etree.fromstring(view["views"]["search"]["arch"])
            for node in arch.iter("filter"):
                with self.subTest(menu=menu, filter=node.get("name")):
                    self.search_with(self.env[action.res_model].with_user(self.manager), node)

    @staticmethod
    def search_with(model, node):
        scope = {"uid": model.env.uid, "current_date": fields.Date.to_string(fields.Date.today())}
        if node.get("domain"):
            model.search(eval(node.get("domain"), scope))  # noqa: S307 - our own data files
        if node.get("context"):
            name = eval(node.get("context"), scope)["group_by"]  # noqa: S307 - see above
            if model._fields[name.partition(":")[0]].type in ("date", "datetime") and ":" not in name:
                name += ":month"  # as the web client does
            model.formatted_read_group([], [name], ["__count"])

    def test_search_by_number_and_sku(self):
        order = self.imported()
        sku = order.order_line.amazon_offer_id.sku
        found = self.env["sale.order"].search([("order_line.amazon_offer_id.sku", "ilike", sku)])
        self.assertIn(order, found)
        self.assertIn(order.id, [row[0] for row in self.env["sale.order"].name_search(order.amazon_order_ref)])

    def test_delivery_slip(self):
        """The slip lies in the gift's parcel: the message is printed, no price is."""
        order = self.fill()
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "stock.report_deliveryslip", order.picking_ids.ids
        )
        self.assertIn(order.amazon_gift_note.splitlines()[0].split(": ")[-1], html.decode())
        for price in (f"{order.amount_total:,.0f}", f"{order.order_line[0].price_unit:,.0f}"):
            self.assertNotIn(price, html.decode())

    def test_delivery_slip_in_japanese(self):
        """Whose address is which stands on the slip in the receiver's language."""
        self.env["res.lang"]._activate_lang("ja_JP")
        picking = self.imported().picking_ids
        report = self.env["ir.actions.report"].with_user(self.packer)
        for lang, words in (("en_US", ("Customer", "Delivery Address")), ("ja_JP", ("顧客", "配送先"))):
            picking.partner_id.lang = lang
            html, _kind = report._render_qweb_html("stock.report_deliveryslip", picking.ids)
            shown = etree.fromstring(html, etree.HTMLParser()).xpath("//strong/text()")
            with self.subTest(lang=lang):
                self.assertLessEqual(set(words), set(shown))

    def test_what_the_packer_needs(self):
        """How the buyer wants it delivered stands on the delivery and its slip, for a packer without Amazon access;
        until when also where the shop is."""
        order = self.imported("delivery_instructions")
        instructions = order.amazon_instructions.splitlines()[0]
        order.amazon_deliver_by = "2026-11-30 14:59:59"
        order.partner_shipping_id.lang = "en_US"
        picking = order.picking_ids.with_user(self.packer).with_company(self.company)
        form = etree.fromstring(picking.get_views([(False, "form")])["views"]["form"]["arch"])
        [shown] = picking.web_read(self.specification(form))
        self.assertIn(instructions, shown["amazon_instructions"])
        self.assertEqual(shown["amazon_ship_by"], order.amazon_ship_by)
        self.assertEqual(shown["amazon_deliver_by"], order.amazon_deliver_by)
        report = self.env["ir.actions.report"].with_user(self.packer)
        html, _kind = report._render_qweb_html("stock.report_deliveryslip", picking.ids)
        slip = html.decode()
        self.assertIn(instructions, slip)
        self.assertIn("Deliver by", slip)
        self.assertIn("11/30/2026 11:59 PM", slip)

    def test_points(self):
        """The points granted stand on the order, where there are any."""
        order = self.imported("jp_points")
        self.assertTrue(order.amazon_points)
        for group in ("readonly", "user", "manager"):
            form = etree.fromstring(
                order.with_user(self.users[group]).get_views([(False, "form")])["views"]["form"]["arch"]
            )
            with self.subTest(group=group):
                self.assertTrue(form.xpath("//field[@name='amazon_points']"))
        with Form(order.with_user(self.user)) as form:
            self.assertEqual(form.amazon_points, order.amazon_points)

    def test_setup_steps(self):
        account = (
            self.env["amazon.account"]
            .with_user(self.manager)
            .create(
                {
                    "name": "New",
                    "company_id": self.company.id,
                    "region": "fe",
                    "warehouse_id": self.warehouse.id,
                    "environment": "custom",
                    "endpoint_url": self.amazon.url,
                    "lwa_url": f"{self.amazon.url}/auth/o2/token",
                }
            )
        )
        self.assertEqual(account.setup_step, "marketplaces")
        seller = self.amazon.seller()
        account.write(
            {
                "merchant_id": seller["merchant_id"],
                "marketplace_ids": [Command.set(self.account.marketplace_ids.ids)],
            }
        )
        self.assertEqual(account.setup_step, "credentials")
        account.write(
            {
                "lwa_client_id": seller["client_id"],
                "lwa_client_secret": seller["client_secret"],
                "refresh_token": seller["refresh_token"],
            }
        )
        self.assertEqual(account.setup_step, "test")
        account.action_test_connection()
        self.assertEqual(account.setup_step, "start")
        job = account.job_ids.filtered(lambda job: job.name == "orders")
        self.assertEqual((job.job_state, job.has_switch), ("stopped", True))
        job.action_toggle()
        self.assertTrue(account.auto_import)
        self.assertEqual((job.job_state, account.setup_step), ("started", "running"))
        job.action_toggle()
        self.assertFalse(account.auto_import)

    def test_jobs_are_the_managers(self):
        job = self.account.job_ids.filtered(lambda job: job.name == "orders")
        with self.assertRaises(AccessError):
            job.with_user(self.user).action_toggle()

    def test_mask_is_never_stored(self):
        """The mask sent back, alone or with something typed around it, never becomes the secret."""
        account = self.account.with_user(self.manager)
        before = account.sudo().refresh_token_cipher
        account.refresh_token = "••••••••"
        account.refresh_token = "•••"
        self.assertEqual(account.sudo().refresh_token_cipher, before)
        account.refresh_token = "••••••••Atzr|new"
        self.assertEqual(account._credentials().refresh_token, "Atzr|new")


@tagged("post_install", "-at_install")
class TestImportWizard(AmazonCase):
    """R3: a range of order dates, or the last hours."""

    def wizard(self, **values):
        return self.env["amazon.import"].with_user(self.user).with_company(self.company).create(values)

    def search_left(self):
        return self.account._job("range").sudo().open_search

    def test_range(self):
        wizard = Form(self.env["amazon.import"].with_user(self.user).with_company(self.company)).save()
        self.assertEqual(wizard.account_id, self.account)
        wizard.date_from = fields.Datetime.now() - timedelta(days=40)
        wizard.date_to = wizard.date_from + timedelta(days=7)
        action = wizard.action_import()
        self.assertIn(wizard.date_from.isoformat(), self.search_left())
        self.assertIn("action_amazon_log", action["params"]["links"][0]["url"])
        self.assertTrue(
            self.env["ir.cron.trigger"]
            .sudo()
            .search(
                [
                    ("cron_id", "=", self.account._job("range").sudo().cron_id.id),
                ]
            )
        )
        self.assertTrue(self.wizard().running)

    def test_longer_than_seven_days(self):
        start = fields.Datetime.now() - timedelta(days=20)
        wizard = self.wizard(date_from=start, date_to=start + timedelta(days=7, minutes=1))
        with self.assertRaisesRegex(UserError, "at most 7 days"):
            wizard.action_import()
        self.assertFalse(self.search_left())

    def test_upside_down(self):
        now = fields.Datetime.now()
        wizard = self.wizard(date_from=now - timedelta(days=1), date_to=now - timedelta(days=2))
        with self.assertRaisesRegex(UserError, "ends before"):
            wizard.action_import()

    def test_hours(self):
        self.wizard(mode="hours", hours=168).action_import()
        self.assertTrue(self.search_left())
        for hours in (0, 169, -1):
            with self.subTest(hours=hours), self.assertRaisesRegex(UserError, "168"):
                self.wizard(mode="hours", hours=hours).action_import()

    def test_clock_ticks_while_asking(self):
        """Seven days to the hour are seven days, however long the click takes."""
        with freeze_time(fields.Datetime.now(), auto_tick_seconds=1):
            self.wizard(mode="hours", hours=168).action_import()
        self.assertTrue(self.search_left())

    def test_no_start(self):
        with self.assertRaisesRegex(UserError, "start of the range"):
            self.wizard(date_from=False).action_import()

    def test_account_not_ready(self):
        self.account.sudo().refresh_token_cipher = False
        with self.assertRaisesRegex(UserError, "Ask your Amazon manager to enter Refresh token"):
            self.wizard().action_import()

    def test_two_accounts_no_default(self):
        self._connect(self.amazon.seller(), name="Second")
        self.assertFalse(self.env["amazon.import"].with_user(self.user).new({}).account_id)

    def test_imports(self):
        """What the wizard leaves is imported by the range job; the cursor stays where it is."""
        [ref] = self.place(minutes_ago=60 * 24 * 20)
        cursor = self.account._job("orders").cursor
        start = fields.Datetime.now() - timedelta(days=22)
        self.wizard(date_from=start, date_to=start + timedelta(days=4)).action_import()
        with self.committing(self.account) as account:
            account._fetch_range()
            account.env["amazon.order.update"]._drain(account)
        self.assertTrue(self.orders(ref))
        self.assertEqual(self.account._job("orders").cursor, cursor)
