from datetime import timedelta

from odoo import fields, sql_db
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import counts_queries, shifted
from .common_finances import FinancesCase


@tagged("post_install", "-at_install")
class TestFinances(FinancesCase):
    """What is read of Amazon's Finances, and that every yen of it counts once."""

    def test_sale(self):
        order = self.settled()
        [sale] = self.transactions(order)
        self.assertEqual((sale.kind, sale.state, sale.counts), ("sale", "released", True))
        self.assertEqual(sale.buyer_amount, order.amazon_total)
        self.assertEqual(sale.buyer_amount + sale.fees + sale.other_amount, sale.amount)
        self.assertLess(sale.fees, 0)
        self.assertEqual(sum(sale.line_ids.mapped("amount")), sale.amount)
        self.assertEqual(
            (order.amazon_settled, order.amazon_fees, order.amazon_proceeds, order.amazon_refunded),
            (order.amazon_total, sale.fees, sale.amount, 0),
        )
        self.assertEqual((order.amazon_difference, order.amazon_mismatch, order.amazon_unsettled), (0, False, 0))

    def test_every_kind(self):
        """Whatever is sold, the three ways come to the same."""
        names = [kind["kind"] for kind in self.amazon.get("kinds") if kind["kind"].startswith("jp_")]
        kinds = {ref: name for name in names for ref in self.place(name)}
        self.import_orders()
        orders = self.orders(*kinds)
        for order in orders.filtered(lambda order: order.amazon_status == "unshipped"):
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.sync()
        settled = orders.filtered(lambda order: order.amazon_status == "shipped")
        self.assertGreater(len(settled), 10)
        for order in orders:
            with self.subTest(kind=kinds[order.amazon_order_ref]):
                if order in settled:
                    self.assertEqual(order.amazon_settled, order.amazon_total)
                # What was refunded is not credited here.
                self.assertEqual(order.amazon_mismatch, bool(order.amazon_refunded))

    def test_every_kind_abroad(self):
        """In every currency and with every way of taxes, too; in the US although no marketplace is named."""
        kinds = [kind for kind in self.amazon.get("kinds") if kind["marketplace"] not in ("JP", None)]
        codes = {kind["marketplace"] for kind in kinds}
        settled = self.env["sale.order"]
        for region, marketplaces in (
            self.env["amazon.marketplace"].search([("code", "in", list(codes))]).grouped("region").items()
        ):
            seller = self.amazon.seller(region=region, marketplaces=marketplaces.mapped("api_ref"))
            account = self._connect(seller, name=region)
            placed = shifted(self.amazon.get("clock")["now"], 60)
            refs = [
                self.amazon.place(seller, kind["kind"], created=placed)[0]
                for kind in kinds
                if kind["marketplace"] in marketplaces.mapped("code")
            ]
            self.import_orders(account)
            for order in self.orders(*refs).filtered(lambda order: order.amazon_status == "unshipped"):
                self.act(order.amazon_order_ref, "ship")
            self.import_orders(account)
            self.sync(account)
            for order in self.orders(*refs).filtered(lambda order: order.amazon_status == "shipped"):
                with self.subTest(region=region, order=order.amazon_order_ref):
                    self.assertEqual(order.amazon_settled, order.amazon_total)
                    self.assertEqual(order.amazon_mismatch, bool(order.amazon_refunded))
                    settled |= order
        self.assertGreater(len(settled.currency_id), 2)

    def test_queries(self):
        """What a page costs in queries does not grow with what is on it, releases included."""
        self.amazon.post("settings", finance_defer="DD7")
        queries = []
        for count in (2, 2, 7):
            refs = self.imported(count=count).mapped("amazon_order_ref")
            for ref in refs:
                self.act(ref, "ship")
            self.import_orders()
            self.sync()
            for ref in refs:
                self.amazon.post("release", order_id=ref)
            before = sql_db.sql_counter
            self.assertEqual(self.sync().received, count)
            queries.append(sql_db.sql_counter - before)
        self.assertLessEqual(queries[2], queries[1] + 3)

    def test_rerun(self):
        """A second run, and one that reads the same window again, change nothing."""
        order = self.settled()
        self.refund(order, full=True)
        before = self.transactions().read(["amount", "buyer_amount", "write_date"])
        lines = self.transactions().line_ids.ids
        self.assertEqual(self.sync().received, 0)
        self.job.cursor -= timedelta(days=10)
        self.assertEqual(self.sync().received, 0)
        self.assertEqual(self.transactions().read(["amount", "buyer_amount", "write_date"]), before)
        self.assertEqual(self.transactions().line_ids.ids, lines)

    def test_refunds(self):
        """The buyer's money counts, never a total, which is less the fees that Amazon gives back."""
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        total = order.amazon_total
        self.assertEqual(self.refund(order, amount=100), 100)
        self.assertEqual(
            self.refund(order, items=[{"sku": order.amazon_item_ids.sku, "amount": 300}], goodwill=50), 350
        )
        self.assertEqual(order.amazon_refunded, 450)
        self.refund(order, full=True)
        self.assertEqual(order.amazon_refunded, total + 50)
        refunds = self.transactions(order).filtered(lambda one: one.kind == "refund")
        self.assertEqual(-sum(refunds.mapped("buyer_amount")), order.amazon_refunded)
        self.assertTrue(all(refund.amount != refund.buyer_amount for refund in refunds[-1]))

    def test_restocking(self):
        """What the seller keeps of a return is not given back."""
        order = self.settled()
        self.assertEqual(self.refund(order, full=True, restocking=200), order.amazon_total - 200)

    def test_chargeback(self):
        """It cannot be told from a refund, and counts like one."""
        order = self.settled()
        self.amazon.post("chargeback", order_id=order.amazon_order_ref, full=True)
        self.sync()
        self.assertEqual(order.amazon_refunded, order.amazon_total)
        self.assertEqual(set(self.transactions(order).mapped("kind")), {"sale", "refund"})

    def test_deferred(self):
        """A deferred sale counts when it is shown; its release says the same money once more, and counts as nothing."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        [sale] = self.transactions(order)
        self.assertEqual((sale.state, sale.deferral_reason, bool(sale.matures_at)), ("deferred", "DD7", True))
        self.assertEqual((order.amazon_settled, order.amazon_mismatch), (order.amazon_total, False))
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.sync()
        release = self.transactions(order) - sale
        self.assertEqual((sale.state, sale.counts), ("deferred_released", True))
        self.assertEqual((release.counts, release.amount, release.line_ids.ids), (False, 0, []))
        self.assertEqual(release.released_amount, sale.amount)
        self.assertEqual((order.amazon_settled, order.amazon_proceeds), (order.amazon_total, sale.amount))

    def test_deferred_refund(self):
        """A refund counts as soon as Amazon shows it, deferred or not, and once."""
        order = self.settled()
        self.assertEqual(self.refund(order, full=True, deferred=True), order.amazon_total)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.sync()
        self.assertEqual(order.amazon_refunded, order.amazon_total)

    def test_release_alone(self):
        """A release whose sale is older than what was read counts, until that is read, too."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.sold()
        self.amazon.post("clock", advance=45 * 24 * 3600)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.sync()
        release = self.transactions(order)
        self.assertEqual((release.counts, order.amazon_settled), (True, order.amazon_total))
        with self.job._lock(), self.assertRaises(UserError), self.committing(order) as mine:
            mine.with_user(self.accountant).action_amazon_read_finances()
        with self.committing(order) as mine:
            mine.with_user(self.accountant).action_amazon_read_finances()
        self.env.invalidate_all()
        self.assertEqual((release.counts, len(self.transactions(order))), (False, 2))
        self.assertEqual((order.amazon_settled, order.amazon_mismatch), (order.amazon_total, False))

    def test_status_changes_without_a_date(self):
        """No search by date shows that a sale was released: its order is read once more when that is overdue."""
        self.amazon.post("settings", finance_defer="DD7")
        order = self.settled()
        sale = self.transactions(order)
        self.amazon.post("release", order_id=order.amazon_order_ref)
        self.amazon.post("clock", advance=12 * 24 * 3600)
        # As if the release had been missed.
        self.job.cursor = self.now() - timedelta(days=1)
        self.sync()
        self.assertEqual((sale.state, sale.counts), ("deferred_released", True))
        self.assertEqual(order.amazon_settled, order.amazon_total)

    def test_pages(self):
        """Empty pages, pages that come again and tokens that were there before end, and nothing is lost or doubled."""
        orders = self.imported(count=5)
        for order in orders:
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.amazon.post("settings", finance_page_size=2, finance_empty_pages=2, finance_repeat_page=1)
        log = self.sync()
        self.assertEqual((log.state, log.received), ("done", 5))
        self.assertEqual(orders.mapped("amazon_settled"), orders.mapped("amazon_total"))
        self.assertEqual(len(self.transactions()), 5)

    def test_windows(self):
        """The first run looks back, no window is longer than 14 days, the next one overlaps by two days, and after a
        pause of months nothing is left out."""
        self.sync()
        now = self.now()
        self.assertGreaterEqual(now - self.asked()[0][0], timedelta(days=7))
        self.sync()
        [(start, _end)] = self.asked()
        self.assertAlmostEqual(now - start, timedelta(hours=48), delta=timedelta(hours=1))
        self.job.cursor = now - timedelta(days=100)
        self.sync()
        windows = self.asked()
        self.assertEqual(len(windows), 8)
        self.assertTrue(all(end - start <= timedelta(days=14) for start, end in windows))
        self.assertTrue(all(before[1] == after[0] for before, after in zip(windows, windows[1:], strict=False)))

    def test_window_ends_now(self):
        """A window that would end in the last minutes, which Amazon refuses, has no end."""
        self.sync()
        self.job.cursor = self.now() + timedelta(minutes=9) - timedelta(days=14)
        self.assertEqual(self.sync().state, "done")

    def test_goes_on(self):
        """A run that was cut off goes on with the page where it was, and a pause of months does not confuse it."""
        for order in self.imported(count=4):
            self.act(order.amazon_order_ref, "ship")
        self.import_orders()
        self.amazon.post("settings", finance_page_size=2)
        self.amazon.post("faults", operation="listTransactions", kind="503_empty", after=3, times=1)
        self.assertEqual(self.sync().state, "failed")
        self.assertEqual(len(self.transactions()), 2)
        self.amazon.post("clock", advance=60 * 24 * 3600)
        self.assertEqual(self.sync().state, "done")
        self.assertEqual(len(self.transactions()), 4)

    def now(self):
        """Return what time it is on Amazon (UTC, naive)."""
        return self.moment(self.amazon.get("clock")["now"])

    def moment(self, text):
        return fields.Datetime.to_datetime(text[:19].replace("T", " "))

    def asked(self):
        """Return from when to when Amazon was asked since the last call."""
        queries = [entry["query"] for entry in self.amazon.get("requests?operation=listTransactions")]
        self.amazon.control("DELETE", "requests")
        self.assertFalse(any("marketplaceId" in query for query in queries))
        return [
            (
                self.moment(query["postedAfter"]),
                self.moment(query["postedBefore"]) if "postedBefore" in query else self.now(),
            )
            for query in queries
        ]

    def test_late(self):
        """A transaction may show two days late under its old date."""
        self.amazon.post("settings", finance_delay=47 * 3600)
        order = self.sold()
        self.sync()
        self.assertEqual((order.amazon_settled, order.amazon_mismatch), (0, False))
        self.assertEqual(order.amazon_unsettled, order.amazon_total)
        self.amazon.post("clock", advance=47 * 3600)
        self.sync()
        self.assertEqual(order.amazon_settled, order.amazon_total)

    def test_order_comes_later(self):
        """What Amazon showed of an order before it was here belongs to it with the transaction that makes it."""
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.amazon.post("refund", order_id=ref, amount=100)
        self.sync()
        self.assertEqual((len(self.transactions()), self.transactions().order_id.ids), (2, []))
        with self.committing(self.account) as account:
            account._fetch_orders()
        built = self.env["amazon.order.update"].search([("order_ref", "=", ref)])._build(self.account)
        self.assertEqual((built.amazon_settled, built.amazon_refunded), (built.amazon_total, 100))
        self.assertEqual((built.amazon_mismatch, built.amazon_difference_reason), (True, "refund"))
        self.assertEqual(self.transactions(built).line_ids.order_id, built)

    def test_old_order_comes_later(self):
        """However long ago that was: an order may be fetched by its number after months."""
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        [sale] = self.amazon.get(f"transactions?order_id={ref}")
        long_ago = shifted(self.amazon.get("clock")["now"], 150 * 24 * 60)[:19] + "Z"
        self.post({**sale["transaction"], "transactionId": "OLD", "postedDate": long_ago})
        self.job.cursor = self.now() - timedelta(days=155)
        self.sync()
        self.import_orders()
        self.assertIn("OLD", self.transactions(self.orders(ref)).mapped("transaction_ref"))

    def test_order_and_transaction_at_once(self):
        """What was committed while an order was made, and neither saw the other, is found right after."""
        order = self.settled()
        self.transactions(order).order_id = False
        order._amazon_add_up()
        self.assertEqual(order.amazon_settled, 0)
        order._amazon_committed()
        self.assertEqual(order.amazon_settled, order.amazon_total)

    def test_old_transaction_whose_order_was_made_by_who_was_killed(self):
        """What was not looked for when its order was made the job finds, however old it is."""
        order = self.settled()
        sale = self.transactions(order)
        sale.write({"order_id": False, "posted_at": self.now() - timedelta(days=400)})
        order._amazon_add_up()
        self.assertEqual(order.amazon_settled, 0)
        self.sync()
        self.assertEqual(order.amazon_settled, order.amazon_total)

    def meet(self):
        """Have the database do what it does to one who makes an order while its transaction comes in: it is not seen
        at first, and then meets another's work."""
        self.env.cr.execute(
            """
            CREATE TEMP SEQUENCE seen;
            CREATE FUNCTION pg_temp.meet() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('seen') = 1 THEN RETURN NULL; END IF;
                RAISE EXCEPTION 'met' USING ERRCODE = 'serialization_failure';
            END $$;
            CREATE TRIGGER meet BEFORE UPDATE OF order_id ON amazon_transaction FOR EACH ROW
                WHEN (NEW.order_id IS NOT NULL) EXECUTE FUNCTION pg_temp.meet();
            """
        )

    def test_second_look_meets_another(self):
        """Where the look after the commit meets another's work, builders go on with the other accounts, and the job
        finds what belongs together."""
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.sync()
        seller = self.amazon.seller()
        other = self._connect(seller, name="Other")
        [their] = self.amazon.place(seller, "jp_standard", created=shifted(self.amazon.get("clock")["now"], 60))
        with self.committing(self.account, other) as accounts:
            for account in accounts:
                account._fetch_orders()
        self.meet()
        with self.committing(self.env["amazon.order.update"]) as inbox, self.assertNoLogs("odoo.addons", "ERROR"):
            inbox._cron_build()
        self.env.invalidate_all()
        self.assertEqual(len(self.orders(ref, their)), 2)
        self.assertFalse(self.transactions().order_id)
        self.env.cr.execute("DROP TRIGGER meet ON amazon_transaction")
        self.sync()
        self.assertEqual(self.transactions().order_id, self.orders(ref))

    def test_second_look_for_who_waits(self):
        """Who has an order read by its number, or once more, finds what came in meanwhile, too."""
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.sync()
        for _again in range(2):
            self.transactions().order_id = False
            self.env.flush_all()
            with self.committing(self.account) as account:
                account._refresh_orders([ref])
                # Others commit what this one cannot see.
                account.env["amazon.transaction"].search([("order_ref", "=", ref)]).order_id = False
                account.env.flush_all()
                account.env.cr.postcommit.run()
            self.env.invalidate_all()
            self.assertEqual(self.transactions().order_id, self.orders(ref))

    @counts_queries
    def test_queries_of_a_batch(self):
        """Orders that are made cost a query of the transactions each batch, and one after the commit."""
        refs = self.place(count=7, minutes_ago=5)
        self.amazon.post("clock", advance=600)
        with self.statements() as statements:
            self.import_orders()
        self.assertEqual(len(self.orders(*refs)), 7)
        self.assertLessEqual(len([one for one in statements if '"amazon_transaction"' in one]), 2)

    def test_unknown(self):
        """Types and names that are not known are kept, shown as not classified, counted, and classified by a person."""
        order = self.settled()
        self.post(
            {
                "transactionId": "NEW-1",
                "transactionType": "Refund",
                "transactionStatus": "RELEASED",
                "totalAmount": {"currencyCode": "JPY", "currencyAmount": -120},
                "relatedIdentifiers": [
                    {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}
                ],
                "breakdowns": [
                    {"breakdownType": "NeverSeen", "breakdownAmount": {"currencyCode": "JPY", "currencyAmount": -120}}
                ],
            }
        )
        self.post(
            {
                "transactionId": "NEW-2",
                "transactionType": "SomethingNew",
                "totalAmount": {"currencyCode": "JPY", "currencyAmount": 7},
            }
        )
        self.sync()
        self.assertEqual((order.amazon_refunded, order.amazon_unclassified), (0, True))
        new = self.transactions().filtered("has_unclassified")
        self.assertEqual(sorted(new.mapped("transaction_ref")), ["NEW-1", "NEW-2"])
        self.assertEqual(new.filtered(lambda one: one.transaction_ref == "NEW-2").kind, "unclassified")
        self.assertIn("2", self.job.warning)
        name = self.env["amazon.amount.type"].search([("name", "=", "NeverSeen")])
        self.assertEqual(name.kind, "unclassified")
        self.assertIn(name, self.env["amazon.amount.type"].search([])[:5], "what is to be classified stands first")
        name.with_user(self.accountant).kind = "principal"
        self.assertEqual((order.amazon_refunded, order.amazon_unclassified), (120, False))
        self.assertEqual((order.amazon_mismatch, order.amazon_difference), (True, 120))

    def test_damaged(self):
        """What cannot be read stops none of its neighbours, is kept and said."""
        order = self.sold()
        for number, total in enumerate(({"currencyCode": "JPY", "currencyAmount": "many"}, None, "x")):
            self.post({"transactionId": f"BAD-{number}", "transactionType": "Shipment", "totalAmount": total})
        self.post({"transactionId": None, "transactionType": "Shipment"})
        for number in ("NaN", "-Infinity", "1e300"):
            total = {"currencyCode": "JPY", "currencyAmount": float(number)}
            self.post({"transactionId": f"BAD{number}", "transactionType": "Shipment", "totalAmount": total})
        log = self.sync()
        self.assertEqual((log.state, log.unreadable), ("done", 7))
        self.assertEqual(order.amazon_settled, order.amazon_total)
        bad = self.transactions().filtered("unreadable")
        self.assertEqual((len(bad), bad.mapped("has_unclassified")), (7, [True] * 7), "one without a number, too")
        self.assertIn("NaN", bad.filtered(lambda one: one.transaction_ref == "BADNaN").payload)

    def test_others(self):
        """Fees, reserves, payouts and reimbursements are kept, and change no order."""
        order = self.settled()
        merchant = self.seller["merchant_id"]
        self.amazon.post("service-fee", merchant_id=merchant, amount=500, name="FBAStorageFee")
        self.amazon.post("reserve", merchant_id=merchant, amount=300)
        self.amazon.post("transfer", merchant_id=merchant, amount=100)
        self.amazon.post("reimbursement", merchant_id=merchant, amount=900, sku="AMZ-CUP-001")
        self.amazon.post("adjust", merchant_id=merchant, amount=40, order_id=order.amazon_order_ref)
        self.sync()
        others = self.transactions() - self.transactions(order).filtered(lambda one: one.kind == "sale")
        self.assertEqual(
            sorted(others.mapped("kind")), ["adjustment", "adjustment", "reimbursement", "service_fee", "transfer"]
        )
        self.assertEqual((order.amazon_refunded, order.amazon_mismatch), (0, False))
        for one in others:
            self.assertEqual(sum(one.line_ids.mapped("amount")), one.amount)
        kinds = dict(self.env["amazon.transaction.line"]._read_group([], ["kind"], ["amount:sum"]))
        self.assertEqual(sum(kinds.values()), sum(self.transactions().mapped("amount")))
        self.assertEqual(kinds["storage"], -500)

    def test_denied(self):
        """A missing role is this job's trouble; the orders go on."""
        self.amazon.post("faults", operation="listTransactions", kind="403")
        log = self.sync()
        self.assertEqual((log.state, self.job.error_kind), ("failed", "access"))
        self.sold()
        self.assertFalse(self.account._job("orders").error_kind)

    def test_trouble(self):
        """Errors on the pages of a window: smaller windows are asked for, and nothing is lost."""
        order = self.sold()
        self.amazon.post("faults", operation="listTransactions", kind="500_html", times=3)
        for _try in range(3):
            self.assertEqual(self.sync().state, "failed")
        self.amazon.control("DELETE", "requests")
        self.assertEqual(self.sync().state, "done")
        windows = self.asked()
        self.assertFalse([window for window in windows if window[1] - window[0] > timedelta(days=1, minutes=1)])
        self.assertEqual(order.amazon_settled, order.amazon_total)
