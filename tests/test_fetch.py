from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..selling_partner import OPERATIONS, MalformedAnswer
from .common import AmazonCase, counts_queries, shifted

JOBS = "odoo.addons.sale_amazon_spapi.models.engine.amazon_job"
JAPAN, AUSTRALIA, SINGAPORE = "A1VC38T7YXB528", "A39IBJ37TRP1C6", "A19VAU5U5O7RUS"


@tagged("post_install", "-at_install")
class TestFetch(AmazonCase):
    """Amazon refuses a part of what is asked for: the rest comes in, and nothing is lost."""

    def setUp(self):
        super().setUp()
        self.job = self.account._job("orders")
        self.account.auto_import = True

    def fetch(self, minutes=0, account=None):
        """Let the import run so many minutes from now; return the log row."""
        self.env["amazon.quota"].search([]).unlink()
        now = fields.Datetime.now() + timedelta(minutes=minutes)
        self.amazon.post("clock", now=f"{now.isoformat()}Z")
        with freeze_time(now), self.committing(account or self.account) as mine:
            log = mine._import_orders()
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(log.ids)

    # --- a marketplace that is denied

    def three(self):
        """Return a seller of three marketplaces and their account."""
        seller = self.amazon.seller(marketplaces=[JAPAN, AUSTRALIA, SINGAPORE])
        account = self._connect(seller, name="Three countries", auto_import=True)
        self.assertEqual(len(account.marketplace_ids), 3)
        return seller, account

    def test_one_marketplace_denied(self):
        """The others go on; the denied one is named, tried again daily, and then nothing of it is missing."""
        seller, account = self.three()
        job = account._job("orders")
        past = self.amazon.get("clock")["now"]
        self.fetch(account=account)
        fault = self.amazon.post("faults", operation="searchOrders", kind="403", marketplace_id=AUSTRALIA, times=None)
        [home] = self.amazon.place(seller, created=shifted(past, -10))
        [away] = self.amazon.place(seller, "au_standard", created=shifted(past, -12))
        log = self.fetch(20, account)
        self.assertEqual((log.state, bool(self.orders(home)), bool(self.orders(away))), ("done", True, False))
        self.assertIn("Australia", log.message)
        self.assertIn("Australia", job.warning)
        self.assertIn("Australia", account.job_error)
        self.assertIn("Australia", account.activity_ids.note)
        self.assertEqual(account.connection_state, "ok")
        self.searches()
        [late] = self.amazon.place(seller, created=shifted(past, -600))
        self.fetch(620, account)
        self.assertTrue(self.orders(late))
        self.assertEqual([query["marketplaceIds"] for query in self.searches()], [f"{JAPAN},{SINGAPORE}"])
        # A day later it is tried, in vain; another day later it comes back.
        self.fetch(24 * 60 + 30, account)
        self.assertIn(AUSTRALIA, [query["marketplaceIds"] for query in self.searches()])
        self.fetch(24 * 60 + 40, account)
        self.assertNotIn(AUSTRALIA, [query["marketplaceIds"] for query in self.searches()])
        self.amazon.control("DELETE", f"faults/{fault['id']}")
        self.fetch(49 * 60, account)
        self.assertTrue(self.orders(away))
        self.assertFalse(job.denied or job.warning or account.activity_ids)
        self.searches()
        self.fetch(49 * 60 + 5, account)
        [query] = self.searches()
        self.assertEqual(len(query["marketplaceIds"].split(",")), 3)

    def test_denied_on_a_later_page(self):
        """Denied in the middle of a search: the window is read again for the others."""
        seller, account = self.three()
        past = self.amazon.get("clock")["now"]
        refs = self.amazon.place(seller, count=130, created=shifted(past, 60))
        self.amazon.post("faults", operation="searchOrders", kind="403", marketplace_id=SINGAPORE, times=None, after=1)
        with self.committing(account) as mine:
            log = mine._fetch_orders()
        self.env.invalidate_all()
        self.assertEqual(self.env["amazon.log"].browse(log.ids).state, "done")
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "in", refs)]), 130)
        self.assertEqual(list(account._job("orders").denied), [SINGAPORE])

    def test_all_marketplaces_denied(self):
        """A role that is missing is not a matter of marketplaces: said as such, and not probed each time."""
        _seller, account = self.three()
        self.amazon.post("faults", operation="searchOrders", kind="403", times=None)
        for minutes in (0, 5, 10):
            self.fetch(minutes, account)
        job = account._job("orders")
        self.assertEqual((job.error_kind, job.denied, account.connection_state), ("access", False, "broken"))
        self.assertEqual(len(self.searches()), 4 + 1 + 1)

    def test_tried_at_once_after_a_good_test(self):
        """Whoever has put it right presses Test Connection, and need not wait for tomorrow."""
        _seller, account = self.three()
        self.fetch(account=account)
        self.amazon.post("faults", operation="searchOrders", kind="403", marketplace_id=AUSTRALIA, times=None)
        self.fetch(10, account)
        self.assertTrue(account._job("orders").denied)
        self.amazon.control("DELETE", "faults")
        with self.committing(account) as mine:
            mine.with_user(self.manager).action_test_connection()
        self.fetch(12, account)
        self.assertFalse(account._job("orders").denied)

    # --- parts that are refused

    def test_parts_refused(self):
        """A 400 on a search that worked before: orders come in with fewer parts, and once more in full afterwards."""
        self.fetch()
        cursor = self.job.cursor
        fault = self.amazon.post("faults", operation="searchOrders", kind="400", included_data="PAYMENT", times=None)
        [ref] = self.place("jp_cod", minutes_ago=-5)
        self.searches()
        log = self.fetch(10)
        self.assertEqual(log.state, "done")
        self.assertTrue(log.message)
        whole, fewer = self.searches()
        self.assertIn("PAYMENT", whole["includedData"])
        self.assertNotIn("PAYMENT", fewer["includedData"])
        self.assertIn("FULFILLMENT", fewer["includedData"])
        self.assertTrue(self.orders(ref))
        self.assertTrue(self.job.warning)
        # For some minutes it is not asked for again.
        self.fetch(15)
        [fewer] = self.searches()
        self.assertNotIn("PAYMENT", fewer["includedData"])
        self.fetch(30)
        self.assertEqual(len(self.searches()), 2)
        self.amazon.control("DELETE", f"faults/{fault['id']}")
        self.fetch(50)
        [whole] = self.searches()
        self.assertIn("PAYMENT", whole["includedData"])
        since = fields.Datetime.to_datetime(whole["lastUpdatedAfter"][:19].replace("T", " "))
        self.assertLessEqual(since, cursor)
        self.assertFalse(self.job.warning or self.job.reduced_from)
        self.assertEqual(self.orders(ref).amazon_payment_method, "cod")
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "=", ref)]), 2)

    def test_what_is_known_in_full_is_not_replaced_by_less(self):
        """The next search overlaps the last one: an order that came in full does not come again in part."""
        [ref] = self.place("jp_points", minutes_ago=4)
        self.fetch()
        self.amazon.post("faults", operation="searchOrders", kind="400", included_data="EXPENSE", times=None)
        self.fetch(1)
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "=", ref)]), 1)

    def test_every_part_refused(self):
        """Even the status is refused (as in Japan in August 2026): the orders are read one by one."""
        self.fetch()
        refs = self.place(count=3, minutes_ago=-5)
        for part in ("FULFILLMENT", "PAYMENT"):
            self.amazon.post("faults", operation="searchOrders", kind="400", included_data=part, times=None)
        log = self.fetch(10)
        self.assertEqual(log.state, "done")
        self.assertEqual(self.orders(*refs).mapped("state"), ["sale"] * 3)
        self.assertEqual(len(self.amazon.get("requests?operation=getOrder")), 3)

    def test_read_one_by_one_and_denied(self):
        """An order that Amazon denies keeps no others from being read; when it denies one after the other, that says
        nothing of the orders."""
        self.fetch()
        refs = self.place(count=4, minutes_ago=-5)
        for part in ("FULFILLMENT", "PAYMENT"):
            self.amazon.post("faults", operation="searchOrders", kind="400", included_data=part, times=None)
        self.amazon.post("faults", operation="getOrder", kind="403", match={"orderId": refs[1]}, times=None)
        log = self.fetch(10)
        self.assertEqual((log.state, self.orders(*refs).mapped("state")), ("done", ["sale"] * 3))
        self.assertIn(refs[1], log.message)
        row = self.env["amazon.order.update"].search([("order_ref", "=", refs[1])])
        self.assertEqual(row.state, "failed")
        more = self.place(count=4, minutes_ago=-5)
        self.amazon.post("faults", operation="getOrder", kind="403", times=None)
        reached = self.job.cursor
        log = self.fetch(30)
        self.assertEqual((log.state, self.job.error_kind, self.job.cursor), ("failed", "access", reached))
        self.assertFalse(self.env["amazon.order.update"].search([("order_ref", "in", more)]))
        self.amazon.control("DELETE", "faults")
        self.fetch(60)
        self.assertEqual(self.orders(*refs, *more).mapped("state"), ["sale"] * 8)
        self.assertNotIn("failed", self.env["amazon.order.update"].search([("order_ref", "in", refs)]).mapped("state"))

    def test_known_order_stays_what_it_is(self):
        """Neither the search nor getOrder gives more than the number: what is known stays, and the delivery is held
        until the order can be read again."""
        [ref] = self.place("jp_gift", minutes_ago=4)
        self.fetch()
        order = self.orders(ref)
        facts = ("amazon_status", "amazon_total", "amount_total", "amazon_gift_note", "amazon_ship_by")
        before = order.read(facts)
        for part in ("FULFILLMENT", "PAYMENT"):
            self.amazon.post("faults", operation="searchOrders", kind="400", included_data=part, times=None)
        self.amazon.post("faults", operation="getOrder", kind="400", times=None)
        self.change(ref, programs=["PRIME"])
        self.fetch(20)
        self.assertEqual(order.read(facts), before)
        self.assertTrue(order.amazon_unapplied and order.picking_ids.amazon_blocked)
        self.amazon.control("DELETE", "faults")
        self.fetch(60)
        self.assertEqual((order.amazon_programs, order.amazon_unapplied), ("PRIME", False))

    def test_refused_on_a_later_page(self):
        """A 400 that comes with every page but the first is no matter of the token."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        self.fetch()
        refs = self.place(count=13, minutes_ago=-5)
        self.amazon.post("faults", operation="searchOrders", kind="token_refused", included_data="EXPENSE", times=None)
        self.fetch(10)
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "in", refs)]), 13)
        self.assertTrue(self.job.reduced_from)

    def test_refused_otherwise_on_a_later_page(self):
        """A page that Amazon refuses with another status than 400: with fewer parts, the search begins anew."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        self.fetch()
        refs = self.place(count=13, minutes_ago=-5)
        self.amazon.post("faults", operation="searchOrders", kind="not_found_yet", times=1, after=1)
        self.searches()
        self.fetch(10)
        self.assertEqual(["paginationToken" in query for query in self.searches()], [False, True, False, True])
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "in", refs)]), 13)

    def test_known_payment_stays(self):
        """Where Amazon does not say how it is paid, what it said before stays: cash has to be collected."""
        [ref] = self.place("jp_cod", minutes_ago=4)
        self.fetch()
        order = self.orders(ref)
        self.assertEqual(order.amazon_payment_method, "cod")
        self.amazon.control("PATCH", f"orders/{ref}", set={"payment": None})
        order.with_user(self.user).action_amazon_refresh()
        self.assertEqual(order.amazon_payment_method, "cod")

    def test_known_points_stay(self):
        """Read with fewer parts, an order keeps its points: what was not read is not nothing."""
        [ref] = self.place("jp_points", minutes_ago=4)
        self.fetch()
        order = self.orders(ref)
        points = order.amazon_points
        self.assertTrue(points)
        self.amazon.post("faults", operation="searchOrders", kind="400", included_data="EXPENSE", times=None)
        self.change(ref, programs=["PRIME"])
        self.fetch(20)
        self.assertEqual(order.amazon_programs, "PRIME")
        self.assertEqual((order.amazon_points, sum(order.amazon_item_ids.mapped("points"))), (points, points))

    def test_everything_refused(self):
        """Refused whatever is asked: the place is kept and it is told; when it is over nothing is missing."""
        self.fetch()
        cursor = self.job.cursor
        self.amazon.post("faults", operation="searchOrders", kind="400", times=None)
        [ref] = self.place(minutes_ago=-5)
        for minutes in (10, 20, 30):
            self.assertEqual(self.fetch(minutes).state, "failed")
        self.assertEqual((self.job.cursor, self.job.failures), (cursor, 3))
        self.assertEqual(self.job.error_kind, "other")
        self.amazon.control("DELETE", "faults")
        self.fetch(40)
        self.assertTrue(self.orders(ref))
        self.assertFalse(self.job.warning or self.job.last_error)

    def trickle(self, minutes, account=None):
        """Let the import run when there is a single token left, which is when it is woken."""
        self.amazon.post("quota", mode="published")
        self.addCleanup(self.amazon.post, "quota", mode="off")
        self.env["amazon.quota"].search([("operation", "=", "searchOrders")]).write(
            {
                "rate": OPERATIONS["searchOrders"].plan.rate,
                "tokens": 1,
                "refilled_at": fields.Datetime.now() + timedelta(minutes=minutes),
            }
        )
        self.env.flush_all()
        now = fields.Datetime.now() + timedelta(minutes=minutes)
        with freeze_time(now), self.committing(account or self.account) as mine:
            log = mine._import_orders()
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(log.ids)

    def denied_at_the_quotas_pace(self, *denied):
        """Let Amazon deny marketplaces of a seller of three who has a token for one call at a time.

        :return: the account, its open order of Japan, and the marketplaces searched in the next runs.
        """
        seller, account = self.three()
        past = self.amazon.get("clock")["now"]
        self.fetch(account=account)
        for marketplace in denied:
            self.amazon.post("faults", operation="searchOrders", kind="403", marketplace_id=marketplace, times=None)
        [ref] = self.amazon.place(seller, created=shifted(past, 5))
        self.searches()
        self.amazon.post("clock", now=f"{(fields.Datetime.now() + timedelta(minutes=10)).isoformat()}Z")
        for minutes in range(10, 16):
            self.trickle(minutes, account)
        return account, ref, [query["marketplaceIds"].split(",") for query in self.searches()]

    def test_denied_at_the_quotas_pace(self):
        """With a token for one call at a time, the search is made once, then one marketplace after the other is tried,
        each once; then the others go on."""
        account, ref, searched = self.denied_at_the_quotas_pace(AUSTRALIA)
        everywhere = searched[0]
        self.assertEqual(len(everywhere), 3)
        self.assertEqual(searched[1:4], [[marketplace] for marketplace in everywhere])
        self.assertEqual([sorted(those) for those in searched[4:]], [sorted({JAPAN, SINGAPORE})] * 2)
        job = account._job("orders")
        self.assertEqual((list(job.denied), job.probed, bool(self.orders(ref))), ([AUSTRALIA], False, True))

    def test_all_denied_at_the_quotas_pace(self):
        """Where all are denied, this is told after each was tried once, and they are not tried each time."""
        account, _ref, searched = self.denied_at_the_quotas_pace(JAPAN, AUSTRALIA, SINGAPORE)
        self.assertEqual([len(those) for those in searched], [3, 1, 1, 1, 3, 3])
        job = account._job("orders")
        self.assertEqual((job.error_kind, job.denied, job.probed, job.failures), ("access", False, False, 3))

    def test_token_refused_at_the_quotas_pace(self):
        """With a token for one call at a time, a page token that Amazon refuses is tried once."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        self.fetch()
        refs = self.place(count=15, minutes_ago=-5)
        self.amazon.post("clock", now=f"{(fields.Datetime.now() + timedelta(minutes=10)).isoformat()}Z")
        self.trickle(10)
        self.assertTrue(self.job.sudo().token)
        self.amazon.post("clock", advance=25 * 60 * 60)
        for minutes in (11, 12, 13, 14):
            self.trickle(minutes)
        self.assertEqual(len(self.orders(*refs)), 15)

    def test_later_page_refused_at_the_quotas_pace(self):
        """With a token for one call at a time, a search is begun anew once, then made with fewer parts: what Amazon
        refuses with every page but the first is no matter of its tokens."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        self.fetch()
        refs = self.place(count=15, minutes_ago=-5)
        self.amazon.post("faults", operation="searchOrders", kind="token_refused", included_data="EXPENSE", times=None)
        self.searches()
        self.amazon.post("clock", now=f"{(fields.Datetime.now() + timedelta(minutes=10)).isoformat()}Z")
        for minutes in range(10, 16):
            self.trickle(minutes)
        self.assertEqual(["paginationToken" in query for query in self.searches()], [False, True] * 3)
        self.assertEqual(len(self.orders(*refs)), 15)
        self.assertTrue(self.job.reduced_from)

    def test_parts_refused_at_the_quotas_pace(self):
        """With a token for one call at a time, a search that Amazon refuses is made once, the next with fewer parts."""
        self.fetch()
        self.amazon.post("faults", operation="searchOrders", kind="400", included_data="PAYMENT", times=None)
        [ref] = self.place("jp_cod", minutes_ago=-5)
        self.searches()
        self.amazon.post("clock", now=f"{(fields.Datetime.now() + timedelta(minutes=10)).isoformat()}Z")
        for minutes in (10, 11):
            self.trickle(minutes)
        whole, fewer = self.searches()
        self.assertIn("PAYMENT", whole["includedData"])
        self.assertNotIn("PAYMENT", fewer["includedData"])
        self.assertTrue(self.orders(ref) and self.job.reduced_from)

    def test_range_that_is_over(self):
        """Another process has read the range to its end while this one waited for the lock: nothing is left to do."""
        with self.committing(self.account) as mine:
            log = mine._job("range")._run(lambda run: run.env["amazon.order.update"]._fetch_range(run)).ids
        self.env.invalidate_all()
        self.assertEqual(self.env["amazon.log"].browse(log).state, "done")

    # --- pages that come again

    def test_same_page_again(self):
        """The same orders under new tokens: noticed at once, the window is read again and completed."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        refs = self.place(count=25)
        self.amazon.post("faults", operation="searchOrders", kind="same_page", times=2, after=1)
        log = self.fetch()
        self.assertEqual(log.state, "done")
        self.assertIn(self.meaning(MalformedAnswer(code="same_page")).split("\n")[0], log.message)
        self.assertEqual(len(self.orders(*refs)), 25)

    def test_same_page_for_ever(self):
        """It does not end: told after a few calls, the place is kept; when it is over everything is there."""
        self.amazon.post("page-limit", limit=10)
        self.addCleanup(self.amazon.post, "page-limit", limit=100)
        refs = self.place(count=25)
        self.amazon.post("faults", operation="searchOrders", kind="same_page", times=None)
        log = self.fetch()
        self.assertEqual((log.state, self.job.error_kind, self.job.cursor), ("failed", "later", False))
        self.assertLessEqual(len(self.searches()), 4)
        self.amazon.control("DELETE", "faults")
        self.fetch(5)
        self.assertEqual(len(self.orders(*refs)), 25)

    # --- pages without orders

    def test_orders_behind_empty_pages(self):
        """Amazon may give pages without an order: however many these are, what is behind them comes in."""
        refs = self.place(count=3)
        self.amazon.post("faults", operation="searchOrders", kind="empty_page_with_token", times=40)
        log = self.fetch()
        self.assertEqual((log.state, len(self.orders(*refs))), ("done", 3))
        self.assertFalse(log.message)

    def test_empty_pages_at_the_quotas_pace(self):
        """A page every few minutes, none with an order: people hear of it in time, and it still goes on."""
        refs = self.place(count=3)
        self.amazon.post("quota", mode="published")
        self.addCleanup(self.amazon.post, "quota", mode="off")
        self.amazon.post("faults", operation="searchOrders", kind="empty_page_with_token", times=45)
        self.assertEqual(self.fetch().state, "partial")
        self.assertEqual((self.job.error_kind, self.job.last_success), ("quota", False))
        self.assertTrue(self.job.last_error)
        self.fetch(65)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=65)), mute_logger(JOBS):
            self.env["amazon.job"]._cron_watch()
        self.assertTrue(self.job.standing_since)
        self.assertEqual(self.fetch(130).state, "done")
        self.assertEqual(len(self.orders(*refs)), 3)
        self.assertFalse(self.job.standing_since or self.job.last_error)

    def test_empty_pages_for_ever(self):
        """They do not end: the window is started over, then it is told; when it is over nothing is missing."""
        refs = self.place(count=3)
        self.amazon.post("faults", operation="searchOrders", kind="empty_page_with_token", times=None)
        log = self.fetch()
        self.assertEqual((log.state, self.job.error_kind, self.job.cursor), ("failed", "later", False))
        self.assertIn(self.meaning(MalformedAnswer(code="empty_pages")), self.job.last_error)
        self.assertTrue(self.job.pages)
        self.amazon.control("DELETE", "faults")
        self.fetch(5)
        self.assertEqual(len(self.orders(*refs)), 3)
        self.assertFalse(self.job.last_error)

    # --- the log, and a shop that is unusually quiet

    def test_empty_runs_are_one_row(self):
        """Runs that find nothing leave one row a day, not one each; others stay."""
        self.place()
        self.fetch()
        for minutes in (10, 15, 20):
            self.fetch(minutes)
        logs = self.job.account_id.log_ids.filtered(lambda log: log.job_id == self.job)
        self.assertEqual(sum(logs.mapped("runs")), 4)
        self.assertLessEqual(len(logs), 3, "one more where a day ends")
        self.assertEqual(sum(logs.mapped("api_calls")), 4)

    def sold(self, *days_ago):
        """Make orders so many days ago."""
        now = fields.Datetime.now()
        self.env["sale.order"].create(
            [
                {
                    "partner_id": self.company.partner_id.id,
                    "company_id": self.company.id,
                    "amazon_account_id": self.account.id,
                    "date_order": now - timedelta(days=days),
                }
                for days in days_ago
            ]
        )

    def test_unusually_quiet(self):
        """Without an order for much longer than ever at this time of the week: a hint."""
        self.sold(*(0.3 + day / 3 for day in range(200)))
        self.assertFalse(self.account.quiet_hint, "no longer than usual")
        orders = self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)], order="date_order desc")
        orders[:5].unlink()
        self.assertTrue(self.account._quiet_since())
        self.env.invalidate_all()
        self.assertTrue(self.account.quiet_hint)
        self.account.auto_import = False
        self.assertFalse(self.account.quiet_hint)

    @counts_queries
    def test_quiet_shops(self):
        """Young and small shops get no hint, nor one that sells on some days of the week only."""
        self.sold(*(3 + day / 10 for day in range(150)))
        self.assertFalse(self.account._quiet_since(), "young")
        self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)]).unlink()
        self.sold(*(3 + day for day in range(70)))
        self.assertFalse(self.account._quiet_since(), "small")
        self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)]).unlink()
        self.sold(*(3 + 7 * week + number / 1000 for week in range(10) for number in range(20)))
        self.assertFalse(self.account._quiet_since(), "quiet on these days each week")
        with self.assertQueryCount(3):
            self.account._quiet_since()
