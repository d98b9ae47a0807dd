import json
import random
import re
import string
from datetime import datetime, timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from psycopg2.errors import ProgramLimitExceeded

from ..locks import CONFLICTS
from ..models.orders.amazon_account import UNKNOWN_ORDER
from ..order_numbers import read_numbers
from ..ours import OURS
from ..said import say
from ..selling_partner import ReceivedOrder
from ..selling_partner.reader import loads
from .common import FetchCase

# Where in an order there is text that somebody else than Amazon has written, or that we keep.
TEXTS = [
    ("orderId",),
    ("salesChannel", "marketplaceId"),
    ("salesChannel", "channelName"),
    ("programs", 0),
    *(("buyer", name) for name in ("buyerName", "buyerEmail", "buyerCompanyName", "buyerPurchaseOrderNumber")),
    *(
        ("recipient", "deliveryAddress", name)
        for name in (
            "name",
            "companyName",
            "addressLine1",
            "addressLine2",
            "addressLine3",
            "city",
            "districtOrCounty",
            "stateOrRegion",
            "municipality",
            "postalCode",
            "countryCode",
            "phone",
            "addressType",
        )
    ),
    ("fulfillment", "fulfillmentStatus"),
    ("fulfillment", "fulfillmentServiceLevel"),
    ("fulfillment", "fulfilledBy"),
    *(
        ("orderItems", 0, *path)
        for path in (
            ("orderItemId",),
            ("product", "sellerSku"),
            ("product", "asin"),
            ("product", "title"),
            ("cancellation", "cancellationRequest", "cancelReason"),
            ("fulfillment", "packing", "giftOption", "giftMessage"),
            ("fulfillment", "packing", "giftOption", "giftWrapLevel"),
            ("proceeds", "proceedsTotal", "currencyCode"),
        )
    ),
    ("packages", 0, "packageReferenceId"),
    ("packages", 0, "trackingNumber"),
    ("packages", 0, "carrier"),
    ("associatedOrders", 0, "orderId"),
]
# Letters that do not compress: what is longer than an index of PostgreSQL holds.
LONG = "".join(random.Random(1).choices(string.ascii_letters, k=3000))  # noqa: S311 - no secret
IDENTIFIERS = ("orderId", "orderItemId", "sellerSku", "packageReferenceId", "buyerEmail")
# Where a text that is too long keeps an order out; a parcel's texts need its reference.
REFUSED = (*IDENTIFIERS, "marketplaceId", "fulfilledBy", "asin", "currencyCode", "trackingNumber", "carrier")
NASTY = [LONG, "a\0b", "\ud800", "\x1b[31m", "\x85", "\u202e", "😀" * 700, " ", "\n", "%s%(a)s", "<b>x</b>", "'); --"]


@tagged("post_install", "-at_install")
class TestInbox(FetchCase):
    """What comes into the inbox, looked at again and asked for by number."""

    def row(self, ref):
        """Return the inbox row of an order."""
        return self.env["amazon.order.update"].search([("order_ref", "=", ref)])

    # --- what the search shows late

    def look(self, cron=False):
        """Run the nightly look; return its log rows."""
        with self.committing(self.account) as account:
            logs = account.with_context(amazon_cron=cron and OURS)._fetch_missed()
        return self.env["amazon.log"].browse(logs.ids)

    def test_shown_late(self):
        """Orders, and changes, that the search shows only when the cursor has passed come in with the nightly look,
        which counts and names them; the cursor does not move."""
        known = self.imported(minutes_ago=5 * 24 * 60)
        refs = self.place(minutes_ago=180, hidden_for=3600) + self.place(minutes_ago=30, hidden_for=3600)
        self.amazon.control(
            "PATCH",
            f"orders/{known.amazon_order_ref}",
            hidden_for=3600,
            set={
                "recipient": {"deliveryAddress": {"addressLine1": "北1条"}},
            },
        )
        self.amazon.post("clock", advance=600)
        with freeze_time(fields.Datetime.now() + timedelta(seconds=600)):
            self.import_orders()
        self.amazon.post("clock", advance=2 * 3600)
        with freeze_time(fields.Datetime.now() + timedelta(seconds=600 + 2 * 3600)):
            self.import_orders()
            cursor = self.job.cursor
            [new] = self.place(minutes_ago=1)
            self.assertFalse(self.orders(*refs), "the import has passed them")
            self.searches()
            log = self.look()
        by_change, by_creation = self.searches()
        self.assertIn("lastUpdatedAfter", by_change)
        self.assertIn("createdAfter", by_creation)
        self.assertEqual((log.state, log.missed, log.api_calls), ("done", 3, 2))
        for ref in (*refs, known.amazon_order_ref):
            self.assertIn(ref, log.message)
        self.assertNotIn(new, log.message)
        self.assertEqual(self.job.cursor, cursor)
        with self.committing(self.env["amazon.order.update"]) as inbox:
            inbox._drain(inbox.env["amazon.account"].browse(self.account.id))
        self.env.invalidate_all()
        self.assertEqual(len(self.orders(*refs)), 2)
        self.assertIn("北1条", known.partner_shipping_id.street)
        self.assertFalse(self.look().missed, "what is known is not found again")

    def test_nightly_look_pages(self):
        """The look goes on where it was; of a look that is a day old nothing is gone on with."""
        self.fetch()
        self.place(count=130, minutes_ago=600)
        self.searches()
        self.account.auto_import = True
        job = self.account._job("missed")
        self.account.auto_import = False
        self.assertEqual(self.look(cron=True).state, "partial")
        self.account.auto_import = True
        self.assertEqual(self.look(cron=True).state, "done")
        queries = self.searches()
        self.assertEqual(
            [("paginationToken" in query, "createdAfter" in query) for query in queries],
            [(False, False), (True, False), (False, True), (True, True)],
        )
        self.assertFalse(job.open_search)
        self.account.auto_import = False
        self.look(cron=True)
        self.assertTrue(job.open_search)
        with freeze_time(fields.Datetime.now() + timedelta(hours=24)):
            self.amazon.post("clock", advance=24 * 3600)
            self.searches()
            self.look(cron=True)
        [query] = self.searches()
        self.assertNotIn("paginationToken", query)

    def test_nightly_look_leaves_quota(self):
        """The look leaves the import half of the bucket, and goes on by itself when there is more."""
        self.fetch()
        self.place(count=130, minutes_ago=600)
        bucket = self.env["amazon.quota"].search([("operation", "=", "searchOrders")])
        self.assertTrue(bucket)
        # Otherwise the simulator names a rate at which it fills at once.
        self.amazon.post("quota", mode="published")
        self.addCleanup(self.amazon.post, "quota", mode="off")
        bucket.write({"rate": 0.0056, "tokens": 11.5, "refilled_at": fields.Datetime.now()})
        self.env.flush_all()
        log = self.look()
        self.assertEqual((log.state, log.api_calls), ("partial", 1))
        cron = self.account._job("missed").sudo().cron_id
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        self.assertEqual(self.fetch().state, "done")

    def test_nightly_look_is_started_with_the_import(self):
        """It starts and stops with the import, at night by the marketplace's clock; before the import has read
        anything there is nothing to look for."""
        self.assertFalse(self.look())
        cron = self.account._job("missed").sudo().cron_id
        self.assertFalse(cron.active)
        with freeze_time("2026-11-24 12:00:00"):
            self.account.with_user(self.manager).action_toggle_import()
        self.assertTrue(cron.active)
        self.assertEqual(cron.nextcall.replace(minute=0), datetime(2026, 11, 24, 18))
        self.assertFalse(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), "not at once")
        self.account.with_user(self.manager).action_toggle_import()
        self.assertFalse(cron.active)

    # --- hostile texts

    def order(self, path, text):
        """Return an order as Amazon would send it, with a text put somewhere."""
        [ref] = self.place("jp_gift", minutes_ago=60)
        with self.account._selling_partner() as amazon, self.enter_registry_test_mode():
            order = json.loads(amazon.orders.get(ref).payload)
        part = order
        for step, following in zip(path, [*path[1:], None], strict=True):
            if following is None:
                if isinstance(part, list):
                    part[:] = [text]
                else:
                    part[step] = text
            elif isinstance(part, list):
                if not part:
                    part.append({} if isinstance(following, str) else [])
                part = part[step]
            else:
                part = part.setdefault(step, [] if isinstance(following, int) else {})
        return ref, order

    def receive(self, *orders):
        """Let a page of orders into the inbox as the fetching job does, and build them; return the rows."""
        received = [ReceivedOrder.of(loads(json.dumps(order), literal=True)) for order in orders]
        with self.committing(self.account) as account:
            inbox = account.env["amazon.order.update"]
            rows = inbox._receive(account, received)
            inbox._drain(account)
        self.env.invalidate_all()
        return self.env["amazon.order.update"].browse(rows.ids)

    def check(self, *cases):
        """Orders with these texts, each a (path, text), come in or stand in the inbox with their reason, and the
        orders before, between and behind them come in; return the rows of those with the texts."""
        others = self.place(count=len(cases) + 1)
        with self.account._selling_partner() as amazon, self.enter_registry_test_mode():
            page = [json.loads(amazon.orders.get(ref).payload) for ref in others]
        for number, (path, text) in enumerate(cases):
            page.insert(2 * number + 1, self.order(path, text)[1])
        rows = self.receive(*page)
        self.assertEqual(len(rows), len(page))
        self.assertEqual(len(self.orders(*others)), len(others), [(path, text[:20]) for path, text in cases])
        rows = rows[1::2]
        for row, (path, text) in zip(rows, cases, strict=True):
            with self.subTest(path=path, text=text[:20]):
                self.assertIn(row.state, ("done", "failed"))
                if row.state == "failed":
                    self.assertTrue(row.error and row.retry_at)
                    self.assertNotIn("Please report", row.error)
        return rows

    def test_a_long_text_everywhere(self):
        """3,000 letters that no index takes, in every text: names are cut, identifiers refused by their field."""
        refused = [path for path in TEXTS if path[-1] in REFUSED]
        for paths in ([path for path in TEXTS if path not in refused], refused):
            for row, path in zip(self.check(*((path, LONG) for path in paths)), paths, strict=True):
                with self.subTest(path=path):
                    self.assertEqual(row.state, "failed" if paths == refused else "done")
                    if path[-1] in IDENTIFIERS:
                        self.assertIn(path[-1], row.error)

    def test_any_text(self):
        """Whatever texts stand in some orders of a page, their neighbours come in, and they do or say why not."""
        case = st.tuples(st.sampled_from(TEXTS), st.sampled_from(NASTY) | st.text(st.characters(), max_size=400))

        @settings(
            max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(st.lists(case, min_size=6, max_size=6, unique=True))
        def check(cases):
            self.check(*cases)

        check()

    def test_a_row_that_cannot_be_written(self):
        """What PostgreSQL does not take, whatever it is, stands in the inbox without the number; the rest comes in."""
        [good] = self.place()
        with self.account._selling_partner() as amazon, self.enter_registry_test_mode():
            received = amazon.orders.get(good)
        bad = ReceivedOrder(order_id=LONG, last_updated=None, payload=b"{}", digest="d" * 64)
        with self.committing(self.account) as account:
            for _again in range(2):
                rows = account.env["amazon.order.update"]._receive(account, [bad, received])
            account.env["amazon.order.update"]._drain(account)
        self.env.invalidate_all()
        self.assertFalse(rows, "both were there")
        self.assertTrue(self.orders(good))
        row = self.env["amazon.order.update"].search([("digest", "=", bad.digest)])
        self.assertFalse(row.order_ref)
        self.assertEqual(row.state, "failed")
        self.assertTrue(row.error)

    def test_what_is_a_conflict(self):
        """A value too long for an index is no conflict, though psycopg2 calls it operational."""
        self.assertFalse(issubclass(ProgramLimitExceeded, CONFLICTS))

    def test_malformed_in_japanese(self):
        """What is wrong with an order is said in the shop's language, naming the field."""
        [ref] = self.place(set={"orderItems": {"0": {"quantityOrdered": None}}})
        self.import_orders()
        row = self.row(ref)
        self.assertIn("orderItems[0].quantityOrdered", row.error)
        self.assertEqual(row.state, "failed")

    # --- Retry

    def test_retry_reads_again(self):
        """Retry reads the order again from Amazon; it does not build the unreadable copy once more."""
        refs = self.place(count=2, set={"orderItems": {"0": {"quantityOrdered": "many"}}})
        self.import_orders()
        rows = self.row(refs[0]) | self.row(refs[1])
        self.assertEqual(set(rows.mapped("state")), {"failed"})
        shown = [row.with_user(self.user).amazon_url for row in rows.sorted("order_ref")]
        self.assertEqual(shown, [f"{self.amazon.url}/orders-v3/order/{ref}" for ref in sorted(refs)])
        self.amazon.control("PATCH", f"orders/{refs[0]}", set={"orderItems": {"0": {"quantityOrdered": 1}}})
        with self.committing(rows) as mine:
            mine.with_user(self.user).action_retry()
        self.env.invalidate_all()
        self.assertEqual(self.orders(*refs).amazon_order_ref, refs[0])
        [left] = self.row(refs[1]).filtered(lambda row: row.state == "failed")
        self.assertIn("quantityOrdered", left.error)

    def test_retry_of_what_amazon_does_not_know(self):
        """An order that Amazon refuses to show keeps its row, with that reason."""
        ref, order = self.order(("orderId",), "250-1111111-1111111")
        order["orderItems"] = None
        row = self.receive(order)
        self.assertEqual(row.state, "failed")
        unknown = say(self.env, UNKNOWN_ORDER)
        with self.assertRaisesRegex(UserError, f"250-1111111-1111111: {re.escape(unknown)}"):
            with self.committing(row) as mine:
                mine.with_user(self.user).action_retry()
        self.env.invalidate_all()
        self.assertEqual(row.state, "failed")
        self.assertIn(unknown, row.error)
        self.env["res.lang"]._activate_lang("ja_JP")
        self.assertRegex(row.with_context(lang="ja_JP").error, "[ぁ-ん]", "in the language of whoever reads it")

    def test_retry_of_several_accounts(self):
        """What cannot be read for the same reason is named of each account."""
        other = self._connect(self.amazon.seller(), name="The other shop")
        rows = self.env["amazon.order.update"]
        for number, account in (("250-1111111-1111111", self.account), ("250-2222222-2222222", other)):
            order = ReceivedOrder.of(loads(json.dumps({"orderId": number}), literal=True))
            with self.committing(account) as mine:
                row = mine.env["amazon.order.update"]._receive(mine, [order])
                mine.env["amazon.order.update"]._drain(mine)
            rows |= rows.browse(row.ids)
        self.env.invalidate_all()
        self.assertEqual(set(rows.mapped("state")), {"failed"})
        unknown = re.escape(say(self.env, UNKNOWN_ORDER))
        with self.assertRaisesRegex(UserError, f"250-1111111-1111111, 250-2222222-2222222: {unknown}"):
            with self.committing(rows) as mine:
                mine.with_user(self.user).action_retry()

    # --- what is finished when it is first seen

    def test_finished_before(self):
        """With the setting off what was shipped or cancelled before it was seen stays out; known orders go on, and
        what is asked for by its number comes in."""
        self.account.import_finished = False
        known = self.imported("jp_standard")
        [pending], [partly] = self.place("jp_cvs_pending"), self.place("jp_partially_shipped")
        [shipped], [cancelled] = self.place("jp_shipped"), self.place("jp_cancelled")
        # They were placed before the import's cursor.
        self.account.job_ids.cursor = False
        self.changed(known, "cancel")
        self.assertEqual(known.amazon_status, "cancelled")
        self.assertEqual(
            set(self.orders(pending, partly, shipped, cancelled).mapped("amazon_order_ref")), {pending, partly}
        )
        rows = self.row(shipped) | self.row(cancelled)
        self.assertEqual(set(rows.mapped("state")), {"ignored"})
        self.assertFalse(any(rows.mapped("payload")))
        self.assertTrue(all(rows.mapped("error")))
        self.fetch_numbers(shipped)
        self.assertTrue(self.orders(shipped))
        with self.committing(self.row(cancelled)) as row:
            row.with_user(self.user).action_retry()
        self.assertTrue(self.orders(cancelled))

    def test_finished_while_it_could_not_be_built(self):
        """An order that was seen open, but could not be built, comes in when it is shipped meanwhile."""
        self.account.import_finished = False
        [ref] = self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}})
        self.import_orders()
        self.assertEqual(self.row(ref).state, "failed")
        self.amazon.post("clock", advance=600)
        self.amazon.control("PATCH", f"orders/{ref}", set={"orderItems": {"0": {"quantityOrdered": 1}}})
        self.amazon.post(f"orders/{ref}/cancel")
        self.amazon.post("clock", advance=600)
        self.import_orders()
        self.assertEqual(self.orders(ref).amazon_status, "cancelled")

    # --- replacements

    def test_replacement(self):
        """A replacement shows its original order and the other way round, whichever comes in first."""
        original = self.imported()
        values = [{"orderId": original.amazon_order_ref, "associationType": "REPLACEMENT_ORIGINAL_ID"}]
        replacement = self.imported(set={"associatedOrders": values})
        self.assertEqual(replacement.amazon_original_refs, original.amazon_order_ref)
        self.assertEqual(replacement.with_user(self.user).amazon_original_ids, original)
        self.assertEqual(original.with_user(self.user).amazon_replacement_ids, replacement)
        self.assertFalse(original.amazon_original_ids or replacement.amazon_replacement_ids)
        action = original.with_user(self.user).action_amazon_view_replaced()
        self.assertEqual(action["res_id"], replacement.id)

    def test_replacement_comes_first(self):
        """Two originals, of which one comes in later than the order that replaces them, and one never."""
        [first] = self.place()
        values = [
            {"orderId": first, "associationType": "REPLACEMENT_ORIGINAL_ID"},
            {"orderId": "250-0000000-0000000", "associationType": "EXCHANGE_ORIGINAL_ID"},
        ]
        replacement = self.imported(set={"associatedOrders": values}, minutes_ago=59)
        self.orders(first)._action_cancel()
        self.orders(first).unlink()
        self.assertEqual(replacement.amazon_original_refs, f"{first}, 250-0000000-0000000")
        self.assertFalse(replacement.amazon_original_ids)
        self.fetch_numbers(first)
        self.assertEqual(replacement.amazon_original_ids, self.orders(first))
        self.assertEqual(self.orders(first).amazon_replacement_ids, replacement)

    # --- by number

    def wizard(self, numbers, **values):
        return self.env["amazon.import"].with_user(self.user).create({"mode": "numbers", "numbers": numbers, **values})

    def fetch_numbers(self, numbers):
        """Fetch orders by their numbers, as the dialog does where it may commit; return its action."""
        with self.committing(self.account) as account:
            dialog = account.env["amazon.import"].with_user(self.user).create({"mode": "numbers", "numbers": numbers})
            action = dialog.action_import()
        self.env.invalidate_all()
        return action

    def test_reading_numbers(self):
        """Numbers as people paste them."""
        number = "250-1234567-7654321"
        for text in (
            number,
            f" {number}\n{number}",
            "２５０－１２３４５６７－７６５４３２１",
            "250‐1234567‑7654321",
            "250ー1234567ー7654321",
            "25012345677654321",
            f"「{number}」、{number}",
            f"{number}\t,;",
        ):
            self.assertEqual(read_numbers(text), ([number], []), text)
        self.assertEqual(
            read_numbers(f"注文番号\n{number}，D01-1234567-7654321\n250-123-7"),
            ([number, "D01-1234567-7654321"], ["注文番号", "250-123-7"]),
        )
        self.assertEqual(read_numbers(False), ([], []))

    def test_by_number(self):
        """Orders are fetched by their numbers, whatever their age; the cursor stays."""
        refs = self.place(count=2, minutes_ago=90 * 24 * 60)
        action = self.fetch_numbers("\n".join(refs))
        orders = self.orders(*refs)
        self.assertEqual(len(orders), 2)
        self.assertEqual(action["domain"], [("id", "in", orders.ids)])
        self.assertFalse(self.job.cursor)
        self.assertFalse(self.searches())

    def test_by_number_in_the_list_of_orders(self):
        """What came in is shown as all Amazon orders are."""
        action = self.fetch_numbers("\n".join(self.place(count=2)))
        shown = self.env["sale.order"].get_view(*action["views"][0])
        self.assertIn("amazon_order_ref", shown["arch"])

    def test_range_in_the_future(self):
        """What has not been ordered yet cannot be asked for; that is what it says."""
        start = fields.Datetime.now() + timedelta(days=30)
        for end in (start + timedelta(days=1), False):
            dialog = self.env["amazon.import"].with_user(self.user)
            dialog = dialog.create({"mode": "range", "date_from": start, "date_to": end})
            with self.assertRaisesRegex(UserError, "in the future"):
                dialog.action_import()

    def test_by_number_names_what_is_wrong(self):
        """What is no number, and what Amazon does not know, is named; the others come in."""
        with self.assertRaisesRegex(UserError, "250-12-3"):
            self.wizard("250-12-3").action_import()
        with self.assertRaisesRegex(UserError, "enter order numbers"):
            self.wizard(" , ").action_import()
        with self.assertRaisesRegex(UserError, "30"):
            self.wizard("\n".join(f"250-1234567-{number:07}" for number in range(31))).action_import()
        self.assertFalse(self.amazon.get("requests?operation=getOrder"))
        [ref] = self.place()
        [broken] = self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}})
        action = self.fetch_numbers(f"{ref},250-1234567-0000000,{broken}")
        self.assertTrue(self.orders(ref))
        message = action["params"]["message"]
        unknown = say(self.env, UNKNOWN_ORDER)
        self.assertIn(f"250-1234567-0000000: {unknown}", message)
        self.assertIn(f"{broken}: ", message)
        self.assertEqual(action["params"]["next"]["res_id"], self.orders(ref).id)
        with self.assertRaisesRegex(UserError, re.escape(unknown)):
            self.fetch_numbers("250-1234567-0000000")

    def test_by_number_from_the_search(self):
        """What was searched for is fetched at once; of several accounts one has to be chosen; who may not make orders
        may not fetch them."""
        [ref] = self.place()
        Wizard = self.env["amazon.import"]
        with self.enter_registry_test_mode():
            action = Wizard.with_user(self.user).action_fetch_number(ref)
        self.assertEqual(action["res_id"], self.orders(ref).id)
        reader = new_test_user(
            self.env,
            "amazon_reader",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            Wizard.with_user(reader).action_fetch_number(ref)
        self._connect(self.amazon.seller(), name="Second")
        action = Wizard.with_user(self.user).action_fetch_number(ref)
        self.assertEqual((action["res_model"], action["target"]), ("amazon.import", "new"))
        self.assertEqual(action["context"], {"default_mode": "numbers", "default_numbers": ref})
