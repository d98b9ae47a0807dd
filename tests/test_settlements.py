import base64
from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common_settlements import SettlementsCase


@tagged("post_install", "-at_install")
class TestSettlements(SettlementsCase):
    """Settlements come in by themselves, each once, each as a whole, and every amount finds its place."""

    def test_read(self):
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "quantity": 2, "price": 2000, "shipping": 500}])
        self.amazon.post("service-fee", merchant_id=self.seller["merchant_id"], amount=4900)
        self.pay(reserve=1000)
        log = self.fetch()
        self.assertEqual((log.state, log.received, log.settlement_count), ("done", 1, 1))
        settlement = self.settlements()
        self.assertTrue(settlement.agrees)
        self.assertFalse(settlement.has_unclassified or settlement.difference)
        self.assertEqual(settlement.marketplace_ids, self.account.marketplace_ids)
        self.assertEqual((settlement.kept_reserve, settlement.opening_reserve, settlement.refunds), (-1000, 0, 0))
        lines = settlement.line_ids
        self.assertEqual(settlement.line_count, len(lines))
        self.assertEqual(sum(lines.mapped("amount")), settlement.amount)
        self.assertEqual(settlement.sales, order.amazon_total)
        self.assertEqual(sum(settlement[name] for name in ("sales", "fees", "other_amount")) - 1000, settlement.amount)
        sold = lines.filtered("order_ref")
        self.assertEqual(sold.order_id, order)
        self.assertEqual(sold.item_id, self.env["amazon.order.item"].search([("order_id", "=", order.id)]))
        self.assertEqual(set(sold.mapped("kind")), {"principal", "tax", "shipping", "commission"})
        self.assertEqual(sum(settlement.sum_ids.mapped("amount")), settlement.amount)
        self.assertEqual(sum(settlement.sum_ids.mapped("count")), len(lines))
        sums = self.env["amazon.settlement.sum"].with_user(self.accountant)
        places = ["kind", "month:month", "marketplace_id"]
        groups = sums.formatted_read_group([("settlement_id", "=", settlement.id)], places, ["amount:sum"])
        self.assertEqual(len({group["kind"] for group in groups}), len(set(lines.mapped("kind"))))
        self.assertEqual(sum(group["amount:sum"] for group in groups), settlement.amount)
        [file] = self.files()
        self.assertEqual((file.state, settlement.file_id), ("read", file))
        self.assertFalse(self.activity())

    def test_each_report_is_read_once(self):
        self.sold()
        self.pay()
        self.fetch()
        log = self.fetch()
        self.assertEqual((len(self.settlements()), len(self.files()), log.received), (1, 1, 0))
        self.assertEqual(self.amazon.get("requests/count").get("downloadReportDocument"), 1)

    def test_documents_repeat_settlements(self):
        self.amazon.post("settings", settlement_repeat=5)
        for _number in range(3):
            self.amazon.post("service-fee", merchant_id=self.seller["merchant_id"], amount=10)
            self.pay()
        self.fetch()
        self.assertEqual(self.settlements().mapped("line_count"), [1, 1, 1])
        self.assertEqual(self.files().mapped("state"), ["read"] * 3)
        self.pay(repeat=9)
        self.fetch()
        self.assertEqual(self.settlements().mapped("line_count"), [1, 1, 1, 0])

    def test_a_document_that_holds_one_twice(self):
        self.put(self.simple() + self.simple().split("\n", 1)[1])
        self.fetch()
        self.assertEqual(len(self.settlements().line_ids), 1)
        self.assertFalse(self.settlements().has_other)

    def test_all_that_amazon_shows(self):
        """All pages of the list are read."""
        for number in range(105):
            self.put(self.simple(ref=str(number)))
        self.fetch()
        self.assertEqual(len(self.settlements()), 105)

    def test_for_how_long_amazon_shows_them(self):
        """What is hardly younger than 90 days comes in."""
        self.put(self.simple())
        self.amazon.post("clock", advance=(90 * 24 - 2) * 3600)
        self.fetch()
        self.assertEqual(len(self.settlements()), 1)

    def test_what_finances_do_not_tell_apart(self):
        order = self.sold()
        for what in ("refund", "chargeback", "guarantee-claim"):
            self.amazon.post(what, order_id=order.amazon_order_ref, amount=100)
        self.pay()
        self.fetch()
        lines = self.settlements().line_ids
        for kind in ("refund", "chargeback", "a_to_z"):
            mine = lines.filtered(lambda line, kind=kind: line.transaction_kind == kind and line.type_id.is_buyers)
            self.assertEqual(sum(mine.mapped("amount")), -100, kind)
            self.assertEqual(mine.order_id, order)
        self.assertEqual(self.settlements().refunds, -300)

    def test_claims_are_reasons(self):
        """What Finances call a refund says what it was once a settlement has it, whichever comes first."""
        chargeback, claim, plain = (self.settled() for _number in range(3))
        self.assertEqual(self.refund(plain, amount=100), 100)
        self.amazon.post("chargeback", order_id=chargeback.amazon_order_ref, amount=100)
        self.amazon.post("guarantee-claim", order_id=claim.amazon_order_ref, amount=100)
        self.sync()
        orders = chargeback | claim | plain
        self.assertEqual(orders.mapped("amazon_difference_reason"), ["refund"] * 3)
        self.pay()
        self.fetch()
        self.assertEqual(orders.mapped("amazon_claim"), ["chargeback", "a_to_z", False])
        self.assertEqual(orders.mapped("amazon_difference_reason"), ["chargeback", "a_to_z", "refund"])
        lines = self.settlements().line_ids
        lines.write({"order_id": False})
        orders.amazon_claim = False
        self.fetch()
        self.assertEqual(orders.mapped("amazon_difference_reason"), ["chargeback", "a_to_z", "refund"])

    def test_refund_and_claim(self):
        """An order that has both says both, until one of them is credited."""
        order = self.settled()
        self.invoice(order)
        mine = order.with_user(self.accountant)
        self.refund(order, amount=100)
        note = self.env["account.move"].browse(mine.action_amazon_credit_note()["res_id"])
        self.refund(order, amount=70)
        self.assertEqual(order.amazon_difference_reason, "drafted")
        note.unlink()
        self.amazon.post("guarantee-claim", order_id=order.amazon_order_ref, amount=30)
        self.sync()
        self.assertEqual(order.amazon_difference_reason, "refund", "as long as no settlement says otherwise")
        self.pay()
        self.fetch()
        self.assertEqual((order.amazon_difference, order.amazon_difference_reason), (200, "refund_a_to_z"))
        note = self.env["account.move"].browse(mine.action_amazon_credit_note()["res_id"])
        for line, price in zip(note.invoice_line_ids, (170, *[0] * len(note.invoice_line_ids)), strict=False):
            line.write({"quantity": 1, "price_unit": price, "tax_ids": False})
        note.action_post()
        self.assertEqual((order.amazon_difference, order.amazon_difference_reason), (30, "a_to_z"))
        self.amazon.post("chargeback", order_id=order.amazon_order_ref, amount=20)
        self.sync()
        self.pay()
        self.fetch()
        self.assertEqual((order.amazon_claim, order.amazon_difference_reason), ("claims", "claims"))
        note.button_draft()
        note.unlink()
        self.assertEqual((order.amazon_difference, order.amazon_difference_reason), (220, "refund_claims"))

    def test_one_more_claim(self):
        """What was thought to be a refund is a second claim."""
        order = self.settled()
        for _number in range(2):
            self.amazon.post("chargeback", order_id=order.amazon_order_ref, amount=10)
            self.sync()
            reason = order.amazon_difference_reason
            self.pay()
            self.fetch()
            self.assertEqual(order.amazon_difference_reason, "chargeback")
        self.assertEqual(reason, "refund_chargeback")

    def test_reserve_and_failed_transfer(self):
        self.sold()
        self.pay(reserve=500, failed=True)
        self.pay()
        self.fetch()
        first, second = self.settlements()
        self.assertEqual((first.kept_reserve, second.opening_reserve), (-500, 500))
        self.assertEqual(second.other_amount, first.amount)
        self.assertEqual(second.sum_ids.mapped("kind"), ["reserve", "transfer"])

    def test_orders_that_come_later(self):
        item = self.amazon.post("orders", merchant_id=self.seller["merchant_id"], kind="jp_standard")["order_ids"][0]
        self.amazon.post(f"orders/{item}/ship")
        self.pay()
        self.fetch()
        lines = self.settlements().line_ids
        self.assertTrue(lines)
        self.assertFalse(lines.order_id)
        self.amazon.post("clock", advance=600)
        self.imports()
        order = self.env["sale.order"].search([("amazon_order_ref", "=", item)])
        self.assertEqual((lines.order_id, lines.item_id.order_id), (order, order))

    def test_whoever_was_killed_before_he_looked(self):
        order = self.sold()
        self.pay()
        self.fetch()
        lines = self.settlements().line_ids
        lines.write({"order_id": False, "item_id": False})
        self.fetch()
        self.assertEqual((lines.order_id, lines.item_id.order_id), (order, order))

    def test_lines_that_came_in_through_another_account(self):
        order = self.sold()
        self.pay()
        self.fetch()
        lines = self.settlements().line_ids
        lines.write({"order_id": False, "item_id": False})
        self.account.active = False
        self.env.flush_all()
        again = self._connect(self.seller, name="Again")
        self.fetch(again)
        self.assertEqual(lines.order_id, order)
        self.assertFalse(self.env["amazon.settlement"].search([("account_id", "=", again.id)]))

    def test_lines_without_an_item_go_by_sku(self):
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "price": 90}, {"sku": "AMZ-CUP-001", "price": 10}])
        self.put(self.simple(order=order.amazon_order_ref, sku="AMZ-CUP-001"))
        self.fetch()
        [line] = self.settlements().line_ids
        self.assertEqual((line.order_id, line.item_id.sku), (order, "AMZ-CUP-001"))

    def test_two_items_of_a_sku(self):
        """Which of them a line without an item is of nobody knows: it is of the order only."""
        order = self.sold(items=[{"sku": "AMZ-TEA-001", "price": 90}, {"sku": "AMZ-TEA-001", "price": 10}])
        items = self.env["amazon.order.item"].search([("order_id", "=", order.id)])
        self.assertEqual(len(items), 2)
        self.put(self.simple(order=order.amazon_order_ref, sku="AMZ-TEA-001"))
        self.put(self.simple(order=order.amazon_order_ref, sku="AMZ-TEA-001", item=items[0].item_ref, ref="2"))
        self.fetch()
        first, second = self.settlements().line_ids
        self.assertEqual(((first | second).order_id, first.item_id, second.item_id), (order, items.browse(), items[0]))

    def test_days_are_the_marketplaces(self):
        self.put(
            self.text(
                ("Order", "", "Amazon.co.jp", "ItemPrice", "Principal", "40", "2026-10-31 14:59:59 UTC", "", ""),
                ("Order", "", "Amazon.co.jp", "ItemPrice", "Principal", "50", "2026-10-31 15:00:00 UTC", "", ""),
                # What names no marketplace, and what has a day only.
                ("ServiceFee", "", "", "ItemFees", "Commission", "-3", "2026-10-31 15:00:00 UTC", "", ""),
                ("ServiceFee", "", "", "ItemFees", "Commission", "3", "2026-11-01", "", ""),
            )
        )
        self.fetch()
        first, second, fee, back = self.settlements().line_ids
        self.assertEqual((first.posted_on, second.posted_on), (date(2026, 10, 31), date(2026, 11, 1)))
        self.assertEqual(second.posted_at, datetime(2026, 10, 31, 15))
        self.assertEqual((fee.posted_on, back.posted_on), (date(2026, 11, 1), date(2026, 11, 1)))
        self.assertEqual(back.posted_at, datetime(2026, 10, 31, 15))
        months = self.settlements().sum_ids.mapped(lambda each: (each.month, each.amount))
        self.assertEqual(months, [(date(2026, 10, 1), 40), (date(2026, 11, 1), 50), (date(2026, 11, 1), 0)])

    def test_what_is_not_known(self):
        """New names come in, a guess is said to be one, and what is chosen is added up anew."""
        self.put(
            self.text(
                ("Order", "", "Amazon.co.jp", "ItemPrice", "Something New", "100", "2026-11-03", "", ""),
                ("Something", "", "Amazon.xx", "ItemFees", "Brand New Charge", "-7", "2026-11-03", "", ""),
                ("ServiceFee", "", "", "Cost of Advertising", "TransactionTotalAmount", "-3", "2026-11-03", "", ""),
            )
        )
        self.fetch()
        settlement = self.settlements()
        new, guessed, known = settlement.line_ids.type_id
        self.assertEqual((new.kind, guessed.kind, known.kind), ("unclassified", "fee", "advertising"))
        self.assertEqual((new.is_guessed, guessed.is_guessed, known.is_guessed), (False, True, False))
        self.assertEqual((settlement.has_unclassified, settlement.sales, settlement.other_amount), (True, 0, 100))
        new.with_user(self.accountant).kind = "principal"
        self.assertEqual((settlement.has_unclassified, settlement.sales, settlement.fees), (True, 100, -10))
        kinds = settlement.line_ids.transaction_type_id
        self.assertEqual(settlement.line_ids.mapped("transaction_kind"), ["sale", "unclassified", "service_fee"])
        kinds.filtered(lambda kind: kind.name == "Something").with_user(self.accountant).kind = "service_fee"
        self.assertEqual((settlement.has_unclassified, settlement.sales, settlement.fees), (False, 100, -10))
        self.assertEqual(settlement.marketplace_names, "Amazon.co.jp, Amazon.xx")

    def test_what_does_not_add_up(self):
        """It is kept, flagged, and said to a person until he has looked at it."""
        self.put(self.simple("80"))
        self.fetch()
        settlement = self.settlements()
        self.assertEqual((settlement.agrees, settlement.difference, settlement.amount), (False, -10, 90))
        self.assertIn(settlement.settlement_ref, self.activity().note)
        self.assertIn(settlement.settlement_ref, self.job.warning)
        settlement.with_user(self.accountant).action_seen()
        self.assertFalse(self.activity())
        self.assertFalse(settlement.agrees)

    def test_the_same_number_with_other_contents(self):
        """What was read first stays, nothing is doubled, and a person decides."""
        self.put(self.simple("80"))
        self.fetch()
        self.put(self.simple("90"))
        self.fetch()
        settlement = self.settlements()
        self.assertEqual((settlement.has_other, settlement.line_ids.amount), (True, 80))
        self.assertEqual(settlement.other_file_id, self.files()[1])
        settlement.with_user(self.accountant).action_seen()
        self.put(self.simple("90"))
        self.fetch()
        self.assertFalse(self.activity(), "it is not told twice")
        settlement.with_user(self.accountant).action_take_other()
        self.assertEqual((settlement.agrees, settlement.line_ids.amount, settlement.sales), (True, 90, 90))
        self.assertEqual((settlement.has_other, settlement.file_id), (False, self.files()[1]))
        self.put(self.simple("80"))
        self.fetch()
        self.assertFalse(settlement.has_other, "what was put aside is known")
        with self.assertRaises(UserError):
            settlement.with_user(self.accountant).action_take_other()

    def test_a_damaged_file(self):
        """It is kept with the line and the reason, and stops nothing else."""
        self.sold()
        self.pay(damage="number")
        self.put(self.simple())
        log = self.fetch()
        self.assertEqual((log.state, log.received, log.unreadable), ("done", 1, 1))
        damaged, good = self.files()
        self.assertEqual((damaged.state, good.state, len(self.settlements())), ("damaged", "read", 1))
        self.assertRegex(damaged.error, r"line \d+, amount")
        self.assertIn("amount", self.activity().note)
        self.assertTrue(damaged.document)
        with self.assertRaisesRegex(UserError, "line"):
            damaged.with_user(self.accountant).action_read_again()
        self.fetch()
        self.assertEqual(len(self.files()), 2)

    def test_nothing_of_a_damaged_file(self):
        """Of a file with one settlement that is well and one that is not, nothing comes in."""
        self.put(self.simple() + self.simple("x", ref="2").split("\n", 1)[1])
        self.fetch()
        self.assertFalse(self.settlements())
        self.assertEqual(self.files().state, "damaged")

    def test_files_that_amazon_does_not_have_any_more(self):
        self.put(self.simple())
        self.amazon.post("faults", operation="getReportDocument", kind="not_found_yet", times=1)
        self.fetch()
        self.assertEqual(self.files().state, "gone")
        self.files().with_user(self.accountant).action_read_again()
        self.assertEqual(self.files().state, "new")
        self.fetch()
        self.assertEqual(
            (self.files().state, len(self.settlements()), self.activity()), ("read", 1, self.activity().browse())
        )

    def test_amazon_in_trouble(self):
        self.put(self.simple())
        self.amazon.post("faults", operation="downloadReportDocument", kind="503_json", times=1)
        log = self.fetch()
        self.assertEqual((log.state, self.files().state), ("failed", "new"))
        self.assertEqual(self.fetch().state, "done")
        self.assertEqual(self.files().state, "read")

    def test_currencies_that_are_not_known(self):
        self.put(self.simple("90.00", total="90.00", currency="QQQ"))
        self.fetch()
        self.assertRegex(self.files().error, "line 2, currency")


@tagged("post_install", "-at_install")
class TestSettlementsByHand(SettlementsCase):
    """What accountants upload, and who may see what."""

    def test_upload_of_what_is_no_file(self):
        dialog = self.env["amazon.settlement.upload"].with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "Choose the file"):
            dialog.create({"document": "abc", "account_id": self.account.id}).action_read()

    def test_upload(self):
        action = self.upload(self.simple())
        settlement = self.settlements()
        self.assertEqual((action["res_id"], settlement.amount), (settlement.id, 90))
        self.assertEqual(settlement.file_id.name, "flat.txt")
        again = self.upload(self.simple())
        self.assertEqual(again["tag"], "display_notification")
        self.assertEqual(len(self.settlements().line_ids), 1)

    def test_name_that_cannot_be_kept(self):
        with self.assertRaisesRegex(UserError, "Rename the file"):
            self.upload(self.simple(), name="flat\0.txt")

    def test_what_was_uploaded_is_not_read_again(self):
        self.sold()
        self.pay()
        [report] = self.amazon.get(f"reports?merchant_id={self.seller['merchant_id']}")
        content = self.amazon.get(f"reports/{report['reportId']}")["content"]
        self.upload(content.encode("cp932"))
        before = self.settlements()
        log = self.fetch()
        self.assertEqual((self.settlements(), log.received), (before, 0))
        self.assertFalse(before.has_other)

    def test_what_cannot_be_read(self):
        """Nothing is kept, and the reason names the line."""
        for content, why in (
            (self.simple("1,5,5.0"), "line 3, amount"),
            (b"PK\3\4", "Flat File V2"),
            ("settlement-id\tprice-type\n", "V1"),
            ('"date/time","settlement id"\n', "date range"),
            (" \n", "no settlement"),
            (self.simple()[:-20], "line 3"),
        ):
            with self.assertRaises(UserError) as refused:
                self.upload(content)
            self.assertRegex(str(refused.exception), why)
        self.assertFalse(self.files())

    def test_only_accountants(self):
        self.upload(self.simple())
        settlement = self.settlements()
        here = {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
        bookkeeper = new_test_user(self.env, "amazon_bookkeeper", "account.group_account_invoice", **here)
        for user in (self.user, bookkeeper):
            for record in (settlement, settlement.line_ids, settlement.sum_ids, settlement.file_id):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                self.upload(self.simple(ref="2"), user=user)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "amazon.settlement.file"), ("res_field", "=", "document")]
        )
        self.assertEqual(len(attachment), 1)
        self.assertEqual(
            base64.b64decode(settlement.file_id.with_user(self.accountant).document), self.simple().encode()
        )
        with self.assertRaises(AccessError):
            attachment.with_user(self.user).read(["raw"])

    def test_other_companies(self):
        self.upload(self.simple())
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "amazon_stranger",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        for model in ("amazon.settlement", "amazon.settlement.line", "amazon.settlement.sum", "amazon.settlement.file"):
            theirs = self.env[model].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
            self.assertFalse(theirs.search([]))
            self.assertTrue(self.env[model].with_user(self.accountant).search([]))
        with self.assertRaises(AccessError):
            self.upload(self.simple(ref="2"), user=stranger)

    def test_an_account_that_moves(self):
        """Who may see its settlements goes with the account's company."""
        self.upload(self.simple())
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", elsewhere.id)], limit=1)
        of_company = {"user_id": False, "warehouse_id": warehouse.id, "fba_warehouse_id": warehouse.id}
        self.account.write({"company_id": elsewhere.id, **of_company})
        settlement = self.settlements()
        for records in (settlement, settlement.line_ids, settlement.sum_ids, settlement.file_id):
            self.assertEqual(records.company_id, elsewhere)

    def test_drill_down(self):
        order = self.sold()
        self.pay()
        self.fetch()
        settlement = self.settlements().with_user(self.accountant)
        for action, count in (
            (settlement.action_view_lines(), settlement.line_count),
            (settlement.sum_ids[0].action_view_lines(), settlement.sum_ids[0].count),
            (order.with_user(self.accountant).action_amazon_view_settlement_lines(), settlement.line_count),
            (settlement.action_view_orders(), 1),
            (settlement.log_id.action_view_settlements(), 1),
            (settlement.action_view_unclassified(), 0),
        ):
            found = self.env[action["res_model"]].with_user(self.accountant).search(action["domain"])
            self.assertEqual(len(found), count, action["name"])

    def test_the_account_stays(self):
        self.upload(self.simple())
        with self.assertRaises(UserError):
            self.account.unlink()

    def test_started_and_stopped(self):
        self.assertFalse(self.job.is_started)
        self.job.with_user(self.manager).action_toggle()
        self.assertTrue(self.account.auto_settlement and self.job.cron_id.active)
        self.assertEqual((self.job.cron_id.interval_number, self.job.cron_id.interval_type), (12 * 60, "minutes"))
