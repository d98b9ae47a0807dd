from datetime import datetime, timedelta, timezone

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.sql_db import db_connect
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import UniqueViolation

from ..locks import share
from ..said import say
from ..selling_partner import AccessDenied
from .common import FetchCase, shifted


@tagged("post_install", "-at_install")
class TestEngine(FetchCase):
    """Jobs, searches, cursors, companies (C5, R2, R3)."""

    def time(self, text):
        """Return Amazon's time as Odoo stores it."""
        return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)

    # --- what jobs there are

    def test_declared_whole(self):
        """Each job has a label, a method and a cron of its own; its switch is off until a person starts it."""
        Job, account = self.env["amazon.job"], self._connect(self.amazon.seller(), name="New")
        vendor = self._connect(self.amazon.seller(), name="Vendor", kind="vendor_df", merchant_id=False)
        declared = Job._declared()
        self.assertEqual(set(declared), set(dict(Job._fields["name"]._description_selection(self.env))))
        jobs = account.job_ids | vendor.job_ids
        self.assertEqual(set(jobs.mapped("name")), set(declared))
        log_names = self.env["amazon.log"]._fields["job_name"]._description_selection(self.env)
        self.assertEqual(set(dict(log_names)), set(declared))
        for job in jobs:
            account = job.account_id
            with self.subTest(name=job.name, kind=account.kind):
                facts, cron = declared[job.name], job.sudo().cron_id
                self.assertTrue(callable(getattr(account, facts.method)))
                self.assertEqual((cron.interval_number, cron.priority), (facts.minutes, facts.priority))
                self.assertIn(facts.lock, ("", *declared))
                if facts.switch:
                    self.assertFalse(account[facts.switch] or cron.active)
                log = self.env["amazon.log"].create({"account_id": account.id, "job_name": job.name})
                self.assertIn(say(self.env, log.started_at), say(self.env, facts.progress(log)))

    # --- starting and stopping

    def test_saving_starts_nothing(self):
        """Creating an account, entering credentials and saving settings starts no import; starting does."""
        account = self._connect(self.amazon.seller(), name="New")
        account.with_user(self.manager).write({"name": "Renamed", "pii_days": 20, "refresh_token": "Atzr|x"})
        cron = account._job("orders").sudo().cron_id
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertFalse(cron.active or triggers or account.auto_import)
        self.assertFalse(self.searches())
        account.with_user(self.manager).action_toggle_import()
        self.assertTrue(account.auto_import and cron.active)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), "it begins at once")
        account.with_user(self.manager).action_toggle_import()
        self.assertFalse(account.auto_import or cron.active)

    def test_start_needs_credentials(self):
        """An account that is not ready is not started; what is missing is named."""
        self.account.refresh_token = False
        with self.assertRaisesRegex(UserError, "Refresh token"):
            self.account.with_user(self.manager).action_toggle_import()
        with self.assertRaises(AccessError):
            self.account.with_user(self.user).action_toggle_import()

    def test_stopped_cron_does_nothing(self):
        """A cron that runs although its job is stopped calls nobody."""
        with self.committing(self.job) as job:
            job._cron_run()
        self.assertFalse(self.searches())

    def test_stopped_in_the_middle(self):
        """Stopped while reading pages: the run ends after its page, what came is kept; started again it goes on."""
        self.place(count=130)
        log = self.fetch(cron=True)
        self.assertEqual((log.state, log.received), ("partial", 100))
        self.assertTrue(self.job.open_search and self.job.sudo().token)
        self.assertFalse(self.job.cursor)
        self.account.auto_import = True
        log = self.fetch(cron=True)
        self.assertEqual((log.state, log.received), ("done", 30))
        self.assertTrue(self.job.cursor)
        first, second = self.searches()
        self.assertNotIn("paginationToken", first)
        self.assertIn("paginationToken", second)
        self.assertEqual({**second, "paginationToken": None}, {**first, "paginationToken": None})

    def test_crons_go_with_the_account(self):
        """Deleting an account takes its crons and their server actions; archiving stops what calls Amazon."""
        account = self._connect(self.amazon.seller(), name="Short")
        account.auto_import = True
        crons = account.job_ids.sudo().cron_id
        actions = crons.ir_actions_server_id
        self.assertEqual(len(crons), len(account.job_ids))
        account.active = False
        at_home = account._job("privacy") | account._job("paying")
        self.assertEqual(crons.filtered("active"), at_home.sudo().cron_id)
        self.assertEqual(account.job_ids.filtered("is_started"), at_home)
        self.assertEqual(set(at_home.mapped("job_state")), {"always"})
        account.active = True
        self.assertTrue(account._job("orders").sudo().cron_id.active)
        account.with_user(self.manager).unlink()
        self.assertFalse(crons.exists() or actions.exists())

    def test_used_account_stays(self):
        """An account with orders is archived, not deleted; its orders can be opened all the same."""
        order = self.imported()
        with self.assertRaisesRegex(UserError, "Archive"):
            self.account.with_user(self.manager).unlink()
        self.account.active = False
        self.assertEqual(order.with_user(self.user).amazon_account_id.name, self.account.name)

    def test_archived_account_keeps_no_personal_data(self):
        """What came in through an account that was archived since is removed in its time all the same."""
        order = self.imported("jp_shipped", set={"recipient": {"deliveryAddress": {"name": "退職 済子"}}})
        self.assertEqual(order.partner_shipping_id.name, "退職 済子")
        self.account.with_user(self.manager).active = False
        job = self.account._job("privacy")
        self.assertTrue(job.sudo().cron_id.active)
        with freeze_time(fields.Datetime.now() + timedelta(days=90)), self.committing(job) as mine:
            mine._cron_run()
        self.env.invalidate_all()
        self.assertTrue(order.amazon_purged)
        self.assertNotEqual(order.partner_shipping_id.name, "退職 済子")
        log = job.account_id.log_ids[:1]
        self.assertRegex(log.message, r"\b2\b")
        self.env["res.lang"]._activate_lang("ja_JP")
        self.assertRegex(log.with_context(lang="ja_JP").message, "[ぁ-ん]")

    def test_archived_by_an_earlier_version(self):
        """An update starts the removal of personal data, and the paying of what is posted, where an earlier version had
        stopped them."""
        self.account.active = False
        crons = self.account.job_ids.sudo().cron_id
        crons.active = False
        self.env["amazon.account"]._update_jobs()
        at_home = self.account._job("privacy") | self.account._job("paying")
        self.assertEqual(crons.filtered("active"), at_home.sudo().cron_id)

    def test_killed_behind_the_last_page(self):
        """A range whose process died after its last page is not said to run for ever."""
        job = self.account._job("range")
        log = self.env["amazon.log"].create({"account_id": self.account.id, "job_id": job.id, "job_name": job.name})
        with self.committing(self.account) as account:
            self.assertFalse(account._fetch_range())
        self.assertEqual(log.state, "failed")

    def test_names(self):
        """Runs and jobs are called what people call them."""
        job = self.account._job("orders")
        self.assertEqual(job.display_name, "Amazon.co.jp: Order Import")
        log = self.env["amazon.log"].create(
            {
                "account_id": self.account.id,
                "job_id": job.id,
                "job_name": job.name,
                "started_at": "2026-11-24 23:06:00",
            }
        )
        self.assertEqual(log.with_context(tz="Asia/Tokyo").display_name, "Order Import 2026-11-25 08:06")

    def test_log(self):
        """The API log counts calls and orders, and what became of them."""
        self.place(count=2)
        self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}})
        log = self.import_orders()
        self.assertEqual(
            (log.state, log.api_calls, log.received, log.created, log.failed, log.waiting, log.progress),
            ("done", 1, 3, 2, 1, 0, 100),
        )
        self.assertEqual(self.account.attention_count, 1)
        self.assertEqual(self.account.order_count, 2)
        again = self.import_orders()
        self.assertEqual((again.received, again.created), (0, 0))

    # --- cursor

    def test_first_run(self):
        """The first run goes back one week."""
        self.place(minutes_ago=8 * 24 * 60)
        [recent] = self.place(minutes_ago=6 * 24 * 60)
        self.import_orders()
        [search] = self.searches()
        since = self.time(search["lastUpdatedAfter"])
        self.assertAlmostEqual(since, fields.Datetime.now() - timedelta(days=7), delta=timedelta(minutes=1))
        orders = self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)])
        self.assertEqual(orders.mapped("amazon_order_ref"), [recent])

    def test_cursor(self):
        """The cursor is the moment Amazon names; the next search overlaps a few minutes and misses nothing."""
        now = fields.Datetime.now().replace(microsecond=0)
        self.amazon.post("clock", now=f"{now.isoformat()}Z")
        self.fetch()
        self.assertEqual(self.job.cursor, now - timedelta(minutes=2))
        self.searches()
        # Written late on Amazon's side: changed before the cursor, seen only now.
        [late] = self.place(minutes_ago=4)
        self.amazon.post("clock", now=f"{(now + timedelta(minutes=15)).isoformat()}Z")
        self.fetch()
        [search] = self.searches()
        self.assertEqual(self.time(search["lastUpdatedAfter"]), now - timedelta(minutes=7))
        self.assertTrue(self.env["amazon.order.update"].search([("order_ref", "=", late)]))

    def test_cursor_in_the_future(self):
        """A cursor from a clock that was wrong skips nothing."""
        self.job.cursor = fields.Datetime.now() + timedelta(days=3)
        self.fetch()
        [search] = self.searches()
        self.assertLess(self.time(search["lastUpdatedAfter"]), fields.Datetime.now())

    def test_old_token(self):
        """A token older than 24 hours is not used: the same window starts again."""
        self.place(count=130)
        self.fetch(cron=True)
        [first] = self.searches()
        self.job.sudo().token_at -= timedelta(hours=25)
        self.account.auto_import = True
        self.fetch(cron=True)
        again, rest = self.searches()
        self.assertEqual(again, first)
        self.assertIn("paginationToken", rest)
        self.assertEqual(self.env["amazon.order.update"].search_count([("account_id", "=", self.account.id)]), 130)

    def test_token_refused(self):
        """A refused token restarts the same window at once; nothing comes twice or is missed."""
        self.place(count=130)
        self.fetch(cron=True)
        [first] = self.searches()
        self.amazon.post("faults", operation="searchOrders", kind="token_refused", times=1)
        self.account.auto_import = True
        log = self.fetch(cron=True)
        self.assertEqual(log.state, "done")
        _refused, again, _rest = self.searches()
        self.assertEqual(again, first)
        self.assertEqual(self.env["amazon.order.update"].search_count([("account_id", "=", self.account.id)]), 130)
        self.assertTrue(self.job.cursor)

    def test_trouble_keeps_the_cursor(self):
        """Amazon in trouble: told, the cursor stays, the next run has everything."""
        self.fetch()
        cursor = self.job.cursor
        [ref] = self.place(minutes_ago=0)
        self.amazon.post("clock", advance=600)
        for kind in ("500_html", "html_200", "429", "truncated_json"):
            self.amazon.post("faults", operation="searchOrders", kind=kind, times=1)
            log = self.fetch()
            self.assertIn(log.state, ("failed", "partial"), kind)
            self.assertTrue(log.message)
            self.assertEqual(self.job.cursor, cursor)
            self.amazon.control("DELETE", "faults")
            self.env["amazon.quota"].search([]).unlink()
        self.fetch()
        self.assertTrue(self.env["amazon.order.update"].search([("order_ref", "=", ref)]))
        self.assertGreater(self.job.cursor, cursor)

    def test_marketplace_added_later(self):
        """A marketplace that is added later brings its last week along."""
        australia = self.env["amazon.marketplace"].search([("code", "=", "AU")])
        seller = self.amazon.seller(marketplaces=[self.account.marketplace_ids.api_ref, australia.api_ref])
        account = self._connect(seller, name="Two countries")
        account.marketplace_ids -= australia
        [ref] = self.amazon.place(seller, "au_standard", created=shifted(self.amazon.get("clock")["now"], 3 * 24 * 60))
        [known] = self.amazon.place(seller, created=shifted(self.amazon.get("clock")["now"], 3 * 24 * 60))
        self.import_orders(account)
        self.assertTrue(self.orders(known))
        self.assertFalse(self.orders(ref))
        account.with_user(self.manager).marketplace_ids |= australia
        log = self.import_orders(account)
        self.assertTrue(self.orders(ref))
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "=", known)]), 1)
        # And while a search is open: its parameters are frozen, so it is given up for one of all.
        account.marketplace_ids -= australia
        self.amazon.place(seller, count=130, created=shifted(self.amazon.get("clock")["now"], 60))
        account._job("orders").cursor = False
        self.fetch(cron=True, account=account)
        self.assertTrue(account._job("orders").open_search)
        account.marketplace_ids |= australia
        self.assertFalse(account._job("orders").open_search)
        self.assertEqual(log.state, "done")

    def test_mistyped_merchant(self):
        """A merchant token that is corrected: the orders that came in before are still known."""
        merchant = self.account.merchant_id
        self.account.merchant_id = "MISTYPED"
        order, other = self.imported(count=2)
        twice = other.copy({"amazon_merchant_id": merchant, "amazon_order_ref": other.amazon_order_ref})
        self.account.with_user(self.manager).merchant_id = f" {merchant}\n"
        self.assertEqual((self.account.merchant_id, order.amazon_merchant_id), (merchant, merchant))
        # What was doubled before this was looked after stays: it cannot be one order any more.
        self.assertEqual((other | twice).mapped("amazon_merchant_id"), ["MISTYPED", merchant])
        self.changed(order, "change-address", address={"addressLine1": "北1条"})
        self.assertEqual(self.orders(order.amazon_order_ref), order)
        self.assertIn("北1条", order.partner_shipping_id.street)

    def test_merchant_entered_in_two_steps(self):
        """The token taken out, saved, and entered again: the orders are still the account's."""
        order = self.imported()
        merchant = self.account.merchant_id
        self.account.merchant_id = " "
        self.assertFalse(self.account.merchant_id)
        self.assertEqual(order.amazon_merchant_id, merchant)
        self.account.merchant_id = "A2CORRECTED"
        self.assertEqual(order.amazon_merchant_id, "A2CORRECTED")
        created = self._connect({**self.amazon.seller(), "merchant_id": " A2SPACES "}, name="Spaces")
        self.assertEqual(created.merchant_id, "A2SPACES")

    def test_other_seller(self):
        """Connected to another seller or server, the import starts with the last week again."""
        self.fetch()
        self.assertTrue(self.job.cursor)
        self.account.merchant_id = "ANOTHER"
        self.assertFalse(self.job.cursor)

    # --- ranges

    def test_range(self):
        """A range by order date, at most seven days; it leaves the cursor alone."""
        self.fetch()
        cursor = self.job.cursor
        [inside] = self.place(minutes_ago=20 * 24 * 60)
        [outside] = self.place(minutes_ago=30 * 24 * 60)
        now = fields.Datetime.now()
        self.searches()
        self.import_orders(since=now - timedelta(days=22), until=now - timedelta(days=15))
        [search] = self.searches()
        self.assertEqual(self.time(search["createdBefore"]) - self.time(search["createdAfter"]), timedelta(days=7))
        self.assertNotIn("lastUpdatedAfter", search)
        self.assertTrue(self.orders(inside))
        self.assertFalse(self.orders(outside))
        self.assertEqual(self.job.cursor, cursor)

    def test_range_too_long(self):
        """More than seven days are refused, saying so in whole days."""
        now = fields.Datetime.now()
        with self.assertRaisesRegex(UserError, r"\b7\b.*\b8\b"):
            self.fetch(since=now - timedelta(days=7, seconds=1))
        with self.assertRaisesRegex(UserError, "ends before"):
            self.fetch(since=now, until=now - timedelta(days=1))
        self.assertFalse(self.searches())
        self.assertFalse(self.account._job("range").open_search)

    def test_last_hours(self):
        """The last N hours, and only those."""
        [old], [new] = self.place(minutes_ago=60 * 30), self.place(minutes_ago=60 * 2)
        self.import_orders(since=fields.Datetime.now() - timedelta(hours=24))
        self.assertTrue(self.orders(new))
        self.assertFalse(self.orders(old))
        self.assertFalse(self.job.cursor)

    def test_range_refused_for_good(self):
        """A range that Amazon refuses as it is ends with a message; it is not asked for every hour for ever."""
        job = self.account._job("range")
        now = fields.Datetime.now()
        self.account._start_range(now - timedelta(days=2), now - timedelta(days=1))
        self.amazon.post("faults", operation="searchOrders", kind="400", times=None)
        with self.committing(job) as mine:
            mine._cron_run()
        self.env.invalidate_all()
        self.assertFalse(job.open_search)
        self.assertEqual(job.error_kind, "other")
        self.assertEqual(job.last_error, self.account.log_ids[:1].message)
        self.searches()
        with self.committing(job) as mine:
            mine._cron_run()
        self.assertFalse(self.searches())

    # --- what jobs say

    def test_said_in_the_readers_language(self):
        """What a job says is in the language of whoever reads it, whoever the cron runs as; times are the reader's,
        with the day when it is another one."""
        self.env["res.lang"]._activate_lang("ja_JP")
        self.company.partner_id.lang = self.manager.lang = "ja_JP"
        self.manager.tz = "Asia/Tokyo"
        self.account.auto_import = True
        for moment, words, english in (
            ("2026-11-24 23:30:00", r"08:3\d:\d\dに自動", r"by itself at 23:3\d:\d\d"),
            ("2026-11-24 14:59:00", r"2026\D11\D25\D+00:0\d:\d\dに自動", r"by itself at 15:0\d:\d\d"),
        ):
            self.amazon.post("faults", operation="searchOrders", kind="429", times=1)
            with self.subTest(moment=moment), freeze_time(moment), self.committing(self.job) as job:
                job._cron_run()
                theirs = job.with_user(self.manager).with_context(lang="ja_JP", tz="Asia/Tokyo")
                self.assertRegex(theirs.last_error, words)
                self.assertEqual(theirs.last_error, theirs.account_id.log_ids[:1].message)
                self.assertRegex(job.with_context(lang="en_US", tz="UTC").last_error, english)
            self.env["amazon.quota"].search([]).unlink()
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", roles=[])
        with self.committing(self.job) as job:
            job._cron_run()
        self.env.invalidate_all()
        self.assertIn(self.meaning(AccessDenied(operation="searchOrders")), self.account.connection_message)
        self.assertIn("許可して", self.account.with_context(lang="ja_JP").connection_message)
        self.assertIn("許可して", self.account.activity_ids.note)
        log = self.env["amazon.log"].create(
            {"account_id": self.account.id, "job_id": self.job.id, "job_name": "orders"}
        )
        with self.committing(self.job) as job:
            job._cron_run()
        self.assertRegex(log.with_context(lang="ja_JP").message, "[ぁ-ん]")

    # --- several accounts

    def test_two_companies(self):
        """Two companies, two accounts: each order in its company, with its taxes, seen only there."""
        other = self.env["res.company"].create(
            {
                "name": "Second shop",
                "currency_id": self.env.ref("base.JPY").id,
                "country_id": self.env.ref("base.jp").id,
            }
        )
        self.env.user.company_ids |= other
        seller = self.amazon.seller()
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        colleague = new_test_user(
            self.env,
            "colleague",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        account = self._connect(
            seller, name="Second", company_id=other.id, warehouse_id=warehouse.id, user_id=colleague.id
        )
        mine = self.imported()
        [ref] = self.amazon.place(seller, created=shifted(self.amazon.get("clock")["now"], 60))
        self.import_orders(account)
        theirs = self.orders(ref)
        self.assertEqual(
            (theirs.company_id, theirs.warehouse_id, theirs.partner_id.company_id), (other, warehouse, other)
        )
        self.assertEqual(theirs.picking_ids.company_id, other)
        self.assertEqual(theirs.pricelist_id.company_id, other)
        self.assertFalse(theirs.order_line.tax_ids.filtered(lambda tax: tax.company_id != other))
        self.assertEqual(account.fba_warehouse_id.company_id, other)
        for model, records in (
            ("sale.order", mine | theirs),
            ("amazon.account", self.account | account),
            ("amazon.job", self.account.job_ids | account.job_ids),
            ("amazon.order.update", self.last_update(mine) | self.last_update(theirs)),
            ("amazon.order.item", (mine | theirs).amazon_item_ids),
            ("amazon.log", self.account.log_ids | account.log_ids),
            ("amazon.offer", (mine | theirs).order_line.amazon_offer_id),
            ("amazon.account.phase", self.account.phase_ids | account.phase_ids),
        ):
            with self.subTest(model=model):
                seen = (
                    self.env[model]
                    .with_user(colleague)
                    .with_context(allowed_company_ids=other.ids)
                    .search([("id", "in", records.ids)])
                )
                companies = seen.mapped("company_id" if "company_id" in seen else "account_id.company_id")
                self.assertEqual(companies, other)

    def test_two_accounts_of_one_merchant(self):
        """One merchant in two regions: two accounts; a second one in the same region is refused."""
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._connect(self.seller, name="Again")
            self.env.flush_all()
        american = self._connect({**self.seller, "region": "na", "marketplaces": ["ATVPDKIKX0DER"]}, name="US")
        self.assertEqual(american.merchant_id, self.account.merchant_id)
        # An archived one can be replaced; its orders are found again.
        order = self.imported()
        self.account.active = False
        self.env.flush_all()
        again = self._connect(self.seller, name="Again")
        self.import_orders(again)
        self.assertEqual(len(self.orders(order.amazon_order_ref)), 1)

    def test_shop_moves_to_another_company(self):
        """Orders keep their company when their seller is connected in another one; new ones are the new company's."""
        order = self.imported()
        taxes = order.order_line.tax_ids
        self.account.active = False
        other = self.env["res.company"].create(
            {
                "name": "Successor",
                "currency_id": self.env.ref("base.JPY").id,
                "country_id": self.env.ref("base.jp").id,
            }
        )
        self.env.user.company_ids |= other
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        account = self._connect(
            self.seller, name="Successor", company_id=other.id, warehouse_id=warehouse.id, user_id=self.env.user.id
        )
        self.act(order.amazon_order_ref, "change-address", address={"addressLine1": "北1条"})
        [new] = self.place(minutes_ago=0)
        self.amazon.post("clock", advance=600)
        self.import_orders(account)
        self.assertFalse(self.env["amazon.order.update"].search([("state", "=", "failed")]))
        self.assertEqual((order.company_id, self.orders(new).company_id), (self.company, other))
        self.assertIn("北1条", order.partner_shipping_id.street)
        self.assertEqual(order.partner_shipping_id.company_id, self.company)
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertEqual(order.order_line.tax_ids, taxes)
        self.assertEqual(order.amount_total, order.amazon_total)

    def test_same_name(self):
        """Accounts may have the same name; each has its own FBA warehouse."""
        account = self._connect(self.amazon.seller(), name=self.account.name)
        self.assertTrue(account.fba_warehouse_id)
        self.assertNotEqual(account.fba_warehouse_id, self.account.fba_warehouse_id)

    def test_warehouses_of_an_addon_that_was_uninstalled(self):
        """They keep their names and short names, which a new account may not want for itself."""
        latest = self._connect(self.amazon.seller(), name="Latest").id
        self.env["stock.warehouse"].create(
            [
                {"name": name, "code": f"F{number:04X}", "company_id": self.company.id, "active": active}
                for name, number, active in (
                    ("FBA Back", latest + 1, True),
                    (f"FBA Back ({latest + 1})", latest + 2, False),
                )
            ]
        )
        account = self._connect(self.amazon.seller(), name="Back")
        self.assertEqual(account.id, latest + 1)
        self.assertEqual(account.fba_warehouse_id.name, f"FBA Back ({latest + 2})")
        self.assertEqual(account.fba_warehouse_id.code, f"F{latest + 3:04X}")

    def test_language_of_the_company(self):
        """What is stored is in the language of the company's contact, also when that has just changed; asking for it
        again reads nothing."""
        self.env["res.lang"]._activate_lang("ja_JP")
        for lang in ("ja_JP", "en_US"):
            self.company.partner_id.lang = lang
            self.assertEqual(self.company._amazon_lang(), lang)
            self.env.invalidate_all()
            with self.assertQueryCount(0):
                self.assertEqual(self.company._amazon_lang(), lang)
        self.company.partner_id = self.env["res.partner"].create({"name": "Another contact", "lang": "ja_JP"})
        self.assertEqual(self.company._amazon_lang(), "ja_JP")

    def test_language_switched_off(self):
        """A company whose language was switched off since still gets its orders, in English."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.company.partner_id.lang = "fr_FR"
        self.env.cr.execute("UPDATE res_lang SET active = FALSE WHERE code = 'fr_FR'")
        self.env.registry.clear_all_caches()
        self.assertEqual(self.imported().state, "sale")

    def test_sandbox_quota(self):
        """Amazon's sandbox has one plan for all operations."""
        self.account.environment = "sandbox"
        budget = self.env["amazon.quota"]._budget(self.account)
        with self.enter_registry_test_mode():
            budget.acquire("searchOrders")
        bucket = self.env["amazon.quota"].search([("operation", "=", "searchOrders")])
        self.assertEqual((bucket.rate, bucket.burst, budget.calls), (5, 15, 1))

    def test_shared_lock(self):
        """Who validates deliveries waits for a builder only so long: it may be waiting for a row of theirs."""
        with db_connect(self.env.cr.dbname).cursor() as builder:
            builder.execute(SQL("SELECT pg_advisory_lock(hashtext('amazon.test'), 1)"))
            self.assertFalse(share(self.env.cr, "amazon.test", 1, seconds=0.05))
            self.assertTrue(self.account.exists().name, "the transaction goes on")
            builder.execute(SQL("SELECT pg_advisory_unlock(hashtext('amazon.test'), 1)"))
            self.assertTrue(share(self.env.cr, "amazon.test", 1, seconds=0.05))
            builder.execute(SQL("SELECT pg_try_advisory_lock(hashtext('amazon.test'), 1)"))
            self.assertFalse(builder.fetchone()[0], "kept out until the transaction ends")
        self.env.cr.execute(SQL("SHOW lock_timeout"))
        self.assertEqual(self.env.cr.fetchone()[0], "0")

    def test_give_way(self):
        """While a person's request is tried again builders reserve nothing; then they catch up."""
        self.warehouse.amazon_give_way_until = fields.Datetime.now() + timedelta(seconds=60)
        order = self.imported()
        self.assertEqual((order.state, order.picking_ids.state, order.amazon_to_reserve), ("sale", "confirmed", True))
        self.warehouse.amazon_give_way_until = fields.Datetime.now() - timedelta(seconds=1)
        with self.committing(self.env["amazon.order.update"]) as inbox:
            inbox._cron_build()
        self.env.invalidate_all()
        self.assertEqual((order.picking_ids.state, order.amazon_phase_id.role), ("assigned", "ready"))
