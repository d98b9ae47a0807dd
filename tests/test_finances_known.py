import runpy
from datetime import timedelta
from pathlib import Path

from freezegun import freeze_time
from lxml import etree
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import format_date, html2plaintext
from odoo.tools.safe_eval import safe_eval

from .common_finances import FinancesCase


@tagged("post_install", "-at_install")
class TestFinancesKnown(FinancesCase):
    """Since when everything is known, and what is compared with nothing and right as it is."""

    def verdict(self):
        """Return the first line that the accountant reads."""
        mine = self.env["amazon.account"].with_user(self.accountant).with_company(self.company)
        return mine.get_finances_state()[0]["title"]

    def test_since_when(self):
        """That everything is known is said of what was posted since the first reading has begun; of several shops
        since the last one's has."""
        self.account.auto_finance = True
        # At noon tomorrow: no day ends while days are counted.
        now = fields.Datetime.to_datetime(self.amazon.get("clock")["now"][:19].replace("T", " "))
        noon = fields.Datetime.start_of(now, "day") + timedelta(days=1, hours=12)
        self.amazon.post("clock", advance=int((noon - now).total_seconds()))
        self.sync()
        self.imports()
        began = fields.Datetime.to_datetime(self.amazon.get("clock")["now"][:10]) - timedelta(days=30)
        since = self.job.known_since
        self.assertEqual(since.date(), began.date())
        self.amazon.post("clock", advance=5 * 24 * 3600)
        self.sync()
        self.imports()
        self.assertEqual(self.job.known_since, since, "later ones change nothing of it")
        with freeze_time(self.amazon.get("clock")["now"]):
            self.assertIn(format_date(self.env, began.date() + timedelta(days=1)), self.verdict())
        again = self._connect(self.amazon.seller(), name="Another", auto_finance=True, auto_import=True)
        self.sync(again)
        with freeze_time(self.amazon.get("clock")["now"]):
            self.import_orders(again)
            self.assertIn(format_date(self.env, began.date() + timedelta(days=6)), self.verdict())
            self.assertEqual(again._job("finances")._known_from(), began.date() + timedelta(days=6))

    def test_since_when_after_an_upgrade(self):
        """An upgrade does not say more than is so: since the oldest one that only the job can have read."""
        self.account.auto_finance = True
        self.settled()
        fee = {"currencyCode": "JPY", "currencyAmount": -1}
        self.post({"transactionType": "ServiceFee", "totalAmount": fee})
        self.sync()
        self.imports()
        self.transactions().filtered("order_ref").posted_at -= timedelta(days=400)
        of_none = self.transactions().filtered(lambda one: not one.order_ref)
        began, cursor = self.job.known_since, self.job.cursor
        for since, read in ((cursor, of_none.posted_at), (cursor - timedelta(days=3),) * 2):
            of_none.posted_at = read
            self.job.known_since = False
            self.env.flush_all()
            self.upgrade()
            self.assertEqual(self.job.known_since, since)
            self.assertGreater(since, began)
        of_none.posted_at -= timedelta(days=4000)
        self.job.known_since = False
        self.env.flush_all()
        self.upgrade()
        self.assertEqual(self.job.known_since, self.account.create_date - timedelta(days=30))

    def upgrade(self, script="19.0.1.5.0/post-migrate.py"):
        path = Path(__file__).parents[1] / "migrations" / script
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()

    def test_saved_names(self):
        """What people have saved with the names of before goes on with those of now."""
        filters = self.env["ir.filters"]
        mine = filters.create(
            {
                "name": "Mine",
                "model_id": "amazon.transaction",
                "domain": "[('accepted_at', '!=', False), ('accepted_by_id.name', 'ilike', 'x accepted_by_id')]",
                "context": "{'group_by': ['accepted_at:day', 'accepted_by_id']}",
                "sort": '["accepted_at desc"]',
            }
        )
        lines = filters.create(
            {
                "name": "Lines",
                "model_id": "amazon.transaction.line",
                "domain": "[('transaction_id.accepted_at', '!=', False)]",
            }
        )
        others = filters.create(
            {"name": "Others", "model_id": "amazon.confirmation", "domain": "[('accepted_at', '!=', False)]"}
        )
        paths = ["accepted_by_id/id", "accepted_reason", "order_id/amazon_accepted_at"]
        export = self.env["ir.exports"].create(
            {
                "name": "Mine",
                "resource": "amazon.transaction",
                "export_fields": [(0, 0, {"name": path}) for path in paths],
            }
        )
        of_orders = self.env["ir.exports"].create(
            {
                "name": "Orders",
                "resource": "sale.order",
                "export_fields": [(0, 0, {"name": "amazon_transaction_ids/accepted_reason"})],
            }
        )
        view = self.env["ir.ui.view"].create(
            {"name": "Mine", "model": "amazon.transaction", "type": "list", "arch": "<list><field name='kind'/></list>"}
        )
        arch = '<list><field name="accepted_at" invisible="not accepted_by_id"/></list>'
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_ui_view SET arch_db = jsonb_build_object('en_US', %s::text) WHERE id = %s", [arch, view.id]
        )
        path = Path(__file__).parents[1] / "migrations/19.0.1.6.0/pre-finances.py"
        rename = runpy.run_path(str(path))["rename_in_what_people_saved"]
        for _time in range(2):
            for name in ("accepted_reason", "accepted_by_id", "accepted_at"):
                rename(self.env.cr, "amazon.transaction", name, f"amazon_{name}")
        self.env.invalidate_all()
        self.assertEqual(
            mine.domain,
            "[('amazon_accepted_at', '!=', False), ('amazon_accepted_by_id.name', 'ilike', 'x accepted_by_id')]",
        )
        self.assertEqual(mine.context, "{'group_by': ['amazon_accepted_at:day', 'amazon_accepted_by_id']}")
        self.assertEqual(mine.sort, '["amazon_accepted_at desc"]')
        self.assertEqual(lines.domain, "[('transaction_id.amazon_accepted_at', '!=', False)]")
        self.assertEqual(others.domain, "[('accepted_at', '!=', False)]")
        self.assertEqual(
            export.export_fields.mapped("name"),
            ["amazon_accepted_by_id/id", "amazon_accepted_reason", "order_id/amazon_accepted_at"],
        )
        self.assertEqual(of_orders.export_fields.name, "amazon_transaction_ids/amazon_accepted_reason")
        self.assertEqual(
            view.arch_db, '<list><field name="amazon_accepted_at" invisible="not amazon_accepted_by_id"/></list>'
        )

    def missed(self, **values):
        """Have the job read the sale and the refund of an order that is not here; return both."""
        ref = self.place(**values)[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.amazon.post("refund", order_id=ref, amount=100)
        self.sync()
        return self.transactions().filtered(lambda one: one.order_ref == ref)

    def not_known(self):
        """Return the transactions that keep the accountant from being told that everything is known."""
        mine = self.env["amazon.account"].with_user(self.accountant).with_company(self.company)
        verdict, *states = mine.get_finances_state()
        self.assertEqual(verdict["is_fine"], all(state["is_fine"] for state in states))
        domains = [state["action"]["domain"] for state in states if state.get("action") and not state["is_fine"]]
        return self.env["amazon.transaction"].union(
            *(self.env["amazon.transaction"].with_user(self.accountant).search(domain) for domain in domains)
        )

    def accepting(self, transactions, reason="Sold before we came here", user=None):
        """Return the dialog in which transactions are accepted as they are."""
        acceptance = self.env["amazon.transaction.acceptance"].with_user(user or self.accountant)
        acceptance = acceptance.with_context(allowed_company_ids=(user or self.accountant).company_ids.ids)
        return acceptance.with_context(active_model="amazon.transaction", active_ids=transactions.ids).create(
            {"reason": reason}
        )

    def test_accept_what_is_not_compared(self):
        """Who, when, why; it counts no more until it is taken back, changes, or its order comes."""
        self.account.start_date = "2020-01-01"
        here = self.transactions(self.settled())
        missed = self.missed()
        self.assertEqual((len(missed), self.not_known()), (2, missed))
        dialog = self.accepting(missed | here)
        self.assertEqual(dialog.transaction_ids, missed)
        dialog.action_accept()
        self.assertFalse(self.not_known() or here.amazon_accepted_at)
        self.assertEqual(missed.amazon_accepted_by_id, self.accountant)
        self.assertEqual(set(missed.mapped("amazon_accepted_reason")), {"Sold before we came here"})
        missed[0].with_user(self.accountant).action_amazon_take_back_acceptance()
        self.assertEqual((self.not_known(), missed[0].amazon_accepted_reason), (missed[0], False))
        self.accepting(missed).action_accept()
        self.assertFalse(self.not_known())
        # Money that is new is asked about; so is what changes.
        ref = missed[0].order_ref
        self.amazon.post("refund", order_id=ref, amount=50)
        self.sync()
        new = self.not_known()
        self.assertEqual((len(new), new.order_ref, new & missed), (1, ref, new.browse()))
        dialog = self.accepting(new)
        money = {"currencyCode": "JPY", "currencyAmount": -70}
        changed = {"transactionId": new.transaction_ref, "transactionType": "Refund", "totalAmount": money}
        related = [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": ref}]
        self.post({**changed, "relatedIdentifiers": related})
        self.sync()
        with self.assertRaises(UserError):
            dialog.action_accept()
        self.accepting(new).action_accept()
        self.assertFalse(self.not_known())
        self.post({**changed, "totalAmount": {**money, "currencyAmount": -71}, "relatedIdentifiers": related})
        self.sync()
        self.assertEqual(self.not_known(), new)
        self.accepting(new).action_accept()
        self.import_orders()
        mine = new | missed
        self.assertEqual((mine.order_id.amazon_order_ref, mine.mapped("amazon_accepted_at")), (ref, [False] * 3))

    def test_accept_what_cannot_be_read(self):
        """Once it was looked up in Seller Central."""
        self.post({"transactionId": "BAD", "transactionType": "Refund", "totalAmount": "x"})
        self.sync()
        bad = self.not_known()
        self.assertEqual(bad.transaction_ref, "BAD")
        self.accepting(bad).action_accept()
        self.sync()
        self.assertFalse(self.not_known())
        self.post({"transactionId": "BAD", "transactionType": "Refund", "totalAmount": "y"})
        self.sync()
        self.assertEqual(self.not_known(), bad)

    def test_who_may_accept_what_is_not_compared(self):
        self.account.start_date = "2020-01-01"
        missed = self.missed()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "accepts_elsewhere",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.accepting(missed, user=stranger).transaction_ids)
        packer = new_test_user(self.env, "accepts_packing", "stock.group_stock_user", company_id=self.company.id)
        for user in (self.user, stranger, packer):
            theirs = missed.with_user(user)
            for work in (
                lambda theirs=theirs: theirs._amazon_accept("mine"),
                theirs.action_amazon_take_back_acceptance,
                lambda theirs=theirs: theirs.write({"amazon_accepted_at": "2026-01-01"}),
                lambda user=user: (
                    self.env["amazon.transaction.acceptance"]
                    .with_user(user)
                    .create({"transaction_ids": [(6, 0, missed.ids)], "reason": "x"})
                ),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError), self.env.cr.savepoint():
                    work()
        for reason in ("   ", "\u200b"):
            with self.assertRaises(UserError):
                self.accepting(missed, reason).action_accept()
        self.assertEqual(self.not_known(), missed)

    def test_known_by_itself_that_it_was_left_out(self):
        """What the account leaves out is missed by nobody, whichever of both jobs comes first, and after an upgrade;
        what a person takes back stays so."""
        self.account.write({"start_date": "2020-01-01", "import_finished": False})
        first = self.missed()
        self.assertEqual(self.not_known(), first)
        self.import_orders()
        self.assertFalse(first.order_id or self.not_known())
        self.assertFalse(first.amazon_accepted_by_id)
        self.assertIn("leaves such orders out", first[0].amazon_accepted_reason)
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.amazon.post("clock", advance=600)
        self.import_orders()
        self.sync()
        self.assertEqual(len(self.transactions().filtered("amazon_accepted_at")), 3)
        first.with_user(self.accountant).action_amazon_take_back_acceptance()
        self.amazon.post("refund", order_id=first[0].order_ref, amount=50)
        self.sync()
        self.assertEqual(self.not_known(), first)
        # As the version before has left it.
        rows = self.env["amazon.order.update"].search([("result", "=", "left_out")])
        self.assertEqual(len(rows), 2)
        rows.sudo().result = False
        self.transactions().write({"amazon_accepted_at": False, "amazon_accepted_reason": False, "stays_open": False})
        self.env.flush_all()
        self.upgrade()
        self.assertFalse(self.not_known())
        first.accepted_for = False
        self.env.flush_all()
        self.upgrade("19.0.1.6.0/post-finances.py")
        self.assertEqual(set(first.mapped("accepted_for")), {"left_out"})
        # Whoever asks for it by its number has it.
        self.account._read_and_build([ref])
        self.assertEqual(self.transactions().filtered(lambda one: one.order_ref == ref).order_id.amazon_order_ref, ref)

    def test_known_by_itself_that_it_was_sold_before(self):
        """What was sold before the start date is missed by nobody, nor are its refunds; what a clerk has ignored is."""
        today = fields.Date.to_date(self.amazon.get("clock")["now"][:10])
        self.account.start_date = today + timedelta(days=2)
        self.amazon.post("clock", advance=3 * 24 * 3600)
        with freeze_time(self.amazon.get("clock")["now"]):
            missed = self.missed()
            self.assertEqual(self.not_known(), missed, "sold since")
            self.account.start_date = today + timedelta(days=30)
            self.amazon.post("refund", order_id=missed[0].order_ref, amount=50)
            self.sync()
            self.assertEqual(len(self.not_known()), 3, "a start that is still to come says nothing")
        self.account.start_date = today + timedelta(days=5)
        self.amazon.post("clock", advance=3 * 24 * 3600)
        with freeze_time(self.amazon.get("clock")["now"]):
            self.amazon.post("refund", order_id=missed[0].order_ref, amount=60)
            self.sync()
            self.assertFalse(self.not_known())
        self.assertIn("start date", missed[0].amazon_accepted_reason)
        self.assertEqual(set(missed.mapped("accepted_for")), {"sold_before"})

    def test_wrong_start_is_seen_and_corrected(self):
        """What a start date that is too late has accepted is said and listed; it comes back with the right date, but
        for what a person says of it."""
        today = fields.Date.to_date(self.amazon.get("clock")["now"][:10])
        self.account.auto_finance = True
        self.account.start_date = "2020-01-01"
        missed, other = self.missed(), self.missed()
        self.assertEqual(self.not_known(), missed | other)
        self.accepting(other).action_accept()
        with freeze_time(self.amazon.get("clock")["now"]) as clock:
            clock.tick(timedelta(days=3))
            self.account.with_user(self.manager).start_date = today + timedelta(days=2)
            self.assertFalse(self.not_known())
            self.assertEqual(set(missed.mapped("accepted_for")), {"sold_before"})
            self.assertEqual(other.mapped("accepted_for"), [False] * 2, "a person has said so")
            [said] = self.by_itself()
            self.assertIn(format_date(self.env, today + timedelta(days=2)), said["title"])
            self.assertIn("2 transactions", said["title"])
            found = self.env["amazon.transaction"].with_user(self.accountant).search(said["action"]["domain"])
            self.assertEqual(found, missed.sorted())
            view = self.env.ref("sale_amazon_spapi.amazon_transaction_view_search").arch
            [domain] = etree.fromstring(view).xpath("//filter[@name='accepted_by_itself']/@domain")
            self.assertEqual(found.search(safe_eval(domain)), missed.sorted())
            missed[0].with_user(self.accountant).action_amazon_take_back_acceptance()
            self.assertIn(self.accountant.name, missed[0].acceptance_notes)
            self.assertIn("start date", missed[0].acceptance_notes)
            self.assertEqual(self.not_known(), missed[0])
            self.account.with_user(self.manager).start_date = today - timedelta(days=2)
            self.assertEqual(self.not_known(), missed)
            self.assertFalse(self.by_itself() or missed[1].acceptance_notes)
            self.account.with_user(self.manager).start_date = today + timedelta(days=2)
            self.assertEqual(self.not_known(), missed[0], "what a person has taken back stays so")
            self.assertEqual(len(other.filtered("amazon_accepted_by_id")), 2)

    def by_itself(self):
        """Return what the accountant reads of what is accepted by itself."""
        mine = self.env["amazon.account"].with_user(self.accountant).with_company(self.company)
        return [state for state in mine.get_finances_state() if state["is_fine"] and state.get("action")]

    def test_who_had_accepted(self):
        """It stays to be read who had accepted a transaction, when and why, and who has taken it back, or what has."""
        self.account.start_date = "2020-01-01"
        other = new_test_user(
            self.env,
            "takes_back",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        missed = self.missed()
        sale = missed[0]
        self.assertFalse(sale.acceptance_notes)
        self.accepting(missed, "Sold in another shop").action_accept()
        self.assertIn(self.accountant.name, sale.acceptance_notes)
        sale.with_user(other).action_amazon_take_back_acceptance()
        first, second = sale.acceptance_notes.splitlines()
        self.assertIn("Sold in another shop", first)
        for text in (other.name, self.accountant.name, "Sold in another shop"):
            self.assertIn(text, second)
        self.assertFalse(sale.amazon_accepted_by_id or sale.amazon_accepted_at)
        self.accepting(sale, "Looked at once more", user=other).action_accept()
        self.import_orders()
        lines = sale.acceptance_notes.splitlines()
        self.assertEqual((len(lines), bool(sale.order_id)), (4, True))
        self.assertIn("Its order is here", lines[-1])
        self.assertIn("Looked at once more", lines[-1])

    def test_reason_that_looks_like_the_addons_own(self):
        """What a person writes is shown as it was written, of transactions and of orders."""
        self.account.start_date = "2020-01-01"
        order, missed = self.settled(), self.missed()
        order.with_user(self.manager).order_line[0].price_unit += 100
        for reason in ('{"said": {"moment": "x"}}', '{"said": ["x"]}', "100 % %(user)s {0} <b>"):
            for one in (missed[0], order):
                one.with_user(self.accountant)._amazon_accept(reason)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(one.amazon_accepted_reason, reason)
                one.with_user(self.accountant).action_amazon_take_back_acceptance()
            self.assertEqual(missed[0].acceptance_notes.count(reason), 2)
            self.assertEqual(html2plaintext(order.message_ids[0].body).count(reason), 1)

    def test_number_that_comes_later(self):
        """What came without a number, and comes again with one, is the same: it is read, and counts once; what goes on
        coming without one is not taken for it."""
        order = self.settled()
        self.account.auto_finance = True
        refund = {
            "transactionType": "Refund",
            "transactionStatus": "DEFERRED",
            "postedDate": self.amazon.get("clock")["now"],
            "totalAmount": {"currencyCode": "JPY", "currencyAmount": -100},
            "relatedIdentifiers": [
                {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.amazon_order_ref}
            ],
            "breakdowns": [
                {
                    "breakdownType": "OurPricePrincipal",
                    "breakdownAmount": {"currencyCode": "JPY", "currencyAmount": -100},
                }
            ],
        }
        for number in (None, "x" * 300):
            with self.subTest(number=number):
                before = order.amazon_refunded
                self.amazon.post("clock", advance=60)
                refund["postedDate"] = self.amazon.get("clock")["now"]
                self.received({**refund, "transactionId": number})
                one = self.not_known()
                self.assertEqual((len(one), order.amazon_refunded), (1, before))
                self.accepting(one, "Looked up").action_accept()
                named = {**refund, "transactionId": f"NAMED {len(number or '')}", "transactionStatus": "RELEASED"}
                self.received(
                    {**refund, "transactionId": number}, {**refund, "transactionId": named["transactionId"] + "?"}
                )
                self.assertEqual(len(one.unreadable or ""), len("transactionId"), "another one")
                self.assertEqual(order.amazon_refunded, before + 100)
                self.received(named)
                self.assertEqual(
                    (one.transaction_ref, one.unreadable, one.kind), (named["transactionId"], False, "refund")
                )
                self.assertEqual((one.order_id, order.amazon_refunded), (order, before + 200))
                self.assertFalse(self.not_known() or one.amazon_accepted_at)
                self.received(named)
                self.assertEqual(order.amazon_refunded, before + 200)

    def test_start_of_a_large_shop(self):
        """With another start date nobody waits for what is judged of many transactions: the job does the rest, and
        until then it is not said that everything is known."""
        today = fields.Date.to_date(self.amazon.get("clock")["now"][:10])
        self.account.auto_finance = True
        self.account.start_date = "2020-01-01"
        self.missed()
        one = self.transactions()[0]
        names = ("account_id", "kind", "posted_at", "currency_id", "state", "payload")
        same = {name: val for name, val in one.read(names, load=None)[0].items() if name != "id"}
        more = [{"transaction_ref": f"M{n}", "order_ref": f"250-{n:07}-{n % 7:07}", "digest": "-"} for n in range(700)]
        one.create([{**same, **vals, "kind": "sale"} for vals in more])
        with freeze_time(self.amazon.get("clock")["now"]) as clock:
            clock.tick(timedelta(days=3))
            self.account.with_user(self.manager).start_date = today + timedelta(days=2)
            self.assertGreaterEqual(self.account.start_judged, 0)
            self.assertIn("start date has changed", "".join(state["title"] for state in self.states()))
            accepted = len(self.transactions().filtered("accepted_for"))
            self.assertTrue(0 < accepted < 702)
        self.amazon.post("clock", advance=3 * 24 * 3600)
        self.sync()
        self.assertEqual(self.account.start_judged, -1)
        self.assertEqual(len(self.transactions().filtered("accepted_for")), 702)
        self.assertNotIn("start date has changed", "".join(state["title"] for state in self.states()))

    def states(self):
        """Return all that the accountant reads above the list."""
        return self.env["amazon.account"].with_user(self.accountant).with_company(self.company).get_finances_state()

    def test_start_of_another_account_of_the_same_merchant(self):
        """Once the merchant is connected with an earlier start date, what was sold since is asked about again."""
        today = fields.Date.to_date(self.amazon.get("clock")["now"][:10])
        self.account.start_date = "2020-01-01"
        missed = self.missed()
        with freeze_time(self.amazon.get("clock")["now"]) as clock:
            clock.tick(timedelta(days=3))
            self.account.start_date = today + timedelta(days=2)
            self.assertEqual(set(missed.mapped("accepted_for")), {"sold_before"})
            self.account.active = False
            self.env.flush_all()
            self._connect(self.seller, name="Again", start_date=today - timedelta(days=2))
            self.assertEqual(missed.mapped("accepted_for"), [False] * 2)
