import runpy
from datetime import timedelta
from pathlib import Path

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import format_date

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

    def upgrade(self):
        path = Path(__file__).parents[1] / "migrations/19.0.1.5.0/post-migrate.py"
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()

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
        domains = [state["action"]["domain"] for state in states if state.get("action")]
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
        self.assertFalse(self.not_known() or here.accepted_at)
        self.assertEqual(missed.accepted_by_id, self.accountant)
        self.assertEqual(set(missed.mapped("accepted_reason")), {"Sold before we came here"})
        missed[0].with_user(self.accountant).action_take_back_acceptance()
        self.assertEqual((self.not_known(), missed[0].accepted_reason), (missed[0], False))
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
        self.assertEqual((mine.order_id.amazon_order_ref, mine.mapped("accepted_at")), (ref, [False] * 3))

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
                lambda theirs=theirs: theirs._accept("mine"),
                theirs.action_take_back_acceptance,
                lambda theirs=theirs: theirs.write({"accepted_at": "2026-01-01"}),
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
        self.assertFalse(first.accepted_by_id)
        self.assertIn("leaves such orders out", first[0].accepted_reason)
        ref = self.place()[0]
        self.amazon.post(f"orders/{ref}/ship")
        self.amazon.post("clock", advance=600)
        self.import_orders()
        self.sync()
        self.assertEqual(len(self.transactions().filtered("accepted_at")), 3)
        first.with_user(self.accountant).action_take_back_acceptance()
        self.amazon.post("refund", order_id=first[0].order_ref, amount=50)
        self.sync()
        self.assertEqual(self.not_known(), first)
        # As the version before has left it.
        rows = self.env["amazon.order.update"].search([("result", "=", "left_out")])
        self.assertEqual(len(rows), 2)
        rows.sudo().result = False
        self.transactions().write({"accepted_at": False, "accepted_reason": False, "stays_open": False})
        self.env.flush_all()
        self.upgrade()
        self.assertFalse(self.not_known())
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
        self.assertIn("start date", missed[0].accepted_reason)
