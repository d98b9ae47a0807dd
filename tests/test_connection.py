import json
import os
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .. import crypto
from ..selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    QuotaExceeded,
    RetryLater,
)
from .common import AmazonCase


@tagged("post_install", "-at_install")
class TestConnection(AmazonCase):
    """What an account says of its connection, and when: the button, the jobs, credentials that are changed."""

    def press(self, account=None):
        """Press Test Connection; return what the manager reads."""
        try:
            with self.committing(account or self.account) as mine:
                return mine.with_user(self.manager).action_test_connection()["params"]["message"]
        except UserError as error:
            return str(error)
        finally:
            self.env.invalidate_all()

    def state(self, account=None):
        """Return what the account says, and how many activities ask for it to be mended."""
        account = account or self.account
        return account.connection_state, account.connection_message, len(account.activity_ids)

    # --- the button

    def test_connected(self):
        """It works: said with the marketplaces that Amazon names."""
        message = self.press()
        self.assertIn("Amazon.co.jp", message)
        self.assertEqual(self.state(), ("ok", message, 0))

    def test_kind(self):
        """An account has the jobs of its kind, and only those can be started; its kind stays what it is."""
        vendor = self._connect(self.amazon.seller(), kind="vendor_df", name="Vendor", vendor_party="999US")
        vendor = vendor.with_user(self.manager)
        stock = ["inventory", "inventory_by_hand"]
        papers = ["vendor_labels", "vendor_slips", "vendor_invoices"]
        self.assertEqual(vendor.job_ids.mapped("name"), ["privacy", *stock, "vendor_orders", "vendor", *papers])
        self.assertEqual(len(self.account.job_ids), len(self.env["amazon.job"]._declared_for("seller")))
        for switch, job in (("auto_import", "Import Orders"), ("auto_confirm", "Confirm Deliveries")):
            with self.subTest(switch=switch):
                with self.assertRaises(ValidationError) as refused:
                    vendor[switch] = True
                for name in (job, "Vendor (Direct Fulfillment)"):
                    self.assertIn(f"“{name}”", str(refused.exception))
        for mode in ("range", "numbers"):
            wizard = self.env["amazon.import"].with_user(self.manager).create({"account_id": vendor.id, "mode": mode})
            with self.subTest(mode=mode), self.assertRaisesRegex(UserError, "“Import of a Range”.*“Vendor"):
                wizard.action_import()
        with self.assertRaises(AccessError) as refused:
            vendor.kind = "seller"
        self.assertIn("cannot be changed afterwards", str(refused.exception))
        vendor.kind = "vendor_df"

    def test_vendor(self):
        """A vendor has no merchant token, and names no marketplaces: the selling party and the credentials are all
        there is to enter, and its quota is its own."""
        seller = self.amazon.seller()
        vendor = self._connect(seller, kind="vendor_df", name="Vendor", merchant_id=False, marketplace_ids=False)
        vendor = vendor.with_user(self.manager)
        self.assertEqual(vendor.setup_step, "marketplaces")
        with self.assertRaisesRegex(UserError, "Vendor.*Selling party"):
            vendor._check_ready()
        vendor.vendor_party = " 999US\n"
        self.assertEqual(vendor.vendor_party, "999US")
        vendor.lwa_client_secret = False
        self.assertEqual(vendor.setup_step, "credentials")
        with self.assertRaisesRegex(UserError, "Vendor.*Client secret"):
            vendor._check_ready()
        for secret, state, step in (
            ("amzn1.oa2-cs.v1.wrong", "broken", "test"),
            (seller["client_secret"], "ok", "start"),
        ):
            vendor.lwa_client_secret = secret
            with self.subTest(state=state):
                self.press(vendor)
                self.assertEqual((vendor.connection_state, vendor.setup_step), (state, step))
        budgets = [self.env["amazon.quota"]._budget(account) for account in (vendor, self.account)]
        self.assertTrue(all(key for budget in budgets for key in budget.key))
        self.assertNotEqual(*(budget.key[0] for budget in budgets))

    def test_vendor_asked_again(self):
        """Each test of a vendor's connection asks Amazon, whatever the test before has left in this process."""
        seller = self.amazon.seller()
        vendor = self._connect(seller, kind="vendor_df", name="Vendor", merchant_id=False, marketplace_ids=False)
        works = self.press(vendor)
        self.assertEqual(self.state(vendor), ("ok", works, 0))
        known = self.state(vendor)
        for kind in ("503_empty", "cut_before", "html_200"):
            with self.subTest(kind=kind):
                self.amazon.post("faults", operation="token", kind=kind, times=1)
                message = self.press(vendor)
                self.assertNotEqual(message, works)
                self.assertEqual(self.state(vendor), (known[0], message, 0))
        self.amazon.control("PATCH", f"sellers/{seller['merchant_id']}", revoked=True)
        message = self.press(vendor)
        self.assertIn(self.meaning(CredentialsError(code="invalid_grant"), by_hand=True, account=vendor), message)
        self.assertEqual(self.state(vendor), ("broken", message, 0))

    def test_not_sold_in(self):
        """A marketplace the seller does not take part in is named."""
        self.account.marketplace_ids |= self.env["amazon.marketplace"].search([("code", "=", "AU")])
        message = self.press()
        self.assertIn("Australia", message)
        self.assertEqual(self.state(), ("ok", message, 0))

    def test_refused(self):
        """Credentials and rights that Amazon refuses: said in plain words, and the account is broken until it works."""
        for trouble, error in (
            ({"client_secret": "amzn1.oa2-cs.v1.rotated"}, CredentialsError(code="invalid_client")),
            ({"unauthorized": True}, CredentialsError(code="unauthorized_client")),
            ({"revoked": True}, CredentialsError(code="invalid_grant")),
            ({"roles": []}, AccessDenied(operation="getMarketplaceParticipations")),
        ):
            with self.subTest(trouble=trouble):
                seller = self.amazon.seller()
                account = self._connect(seller)
                self.amazon.control("PATCH", f"sellers/{seller['merchant_id']}", **trouble)
                message = self.press(account)
                self.assertIn(self.meaning(error, by_hand=True), message)
                # Who pressed the button knows: nobody is asked to see to it.
                self.assertEqual(self.state(account), ("broken", message, 0))
                mended = {"unauthorized": False, **{name: seller.get(name) for name in trouble if name in seller}}
                self.amazon.control("PATCH", f"sellers/{seller['merchant_id']}", **mended)
                message = self.press(account)
                self.assertEqual(self.state(account), ("ok", message, 0))

    def test_unreachable(self):
        """Nobody answers: said, and kept on the account for who looks at it later, but nothing is known of the
        credentials."""
        self.account.endpoint_url = "http://127.0.0.1:9"
        message = self.press()
        self.assertEqual(message, self.meaning(RetryLater(code="not_connected"), by_hand=True))
        self.assertEqual(self.state(), ("new", message, 0))
        self.assertTrue(self.account.connection_at)
        self.assertEqual(self.account.setup_step, "test")
        self.account.endpoint_url = self.amazon.url
        self.assertEqual(self.state(), ("new", False, 0), "another server")

    def test_no_foreign_body(self):
        """Pressed at a server that is no Amazon, it does not read that server out."""
        says = {}

        class Other(BaseHTTPRequestHandler):
            """Any server of the house."""

            def do_GET(self):
                body = json.dumps(says["body"]).encode()
                self.send_response(says["status"])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                """Write nothing."""

        server = HTTPServer(("127.0.0.1", 0), Other)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        Thread(target=server.serve_forever, daemon=True).start()
        self.account.endpoint_url = f"http://127.0.0.1:{server.server_port}"
        place = {
            "id": "SECRET",
            "name": "SECRET",
            "countryCode": "JP",
            "defaultCurrencyCode": "JPY",
            "defaultLanguageCode": "ja_JP",
            "domainName": "SECRET",
        }
        for status, body in (
            (500, {"message": "SECRET"}),
            (403, {"error": "no", "error_description": "SECRET"}),
            (400, [{"code": "a SECRET", "message": "x", "details": "SECRET"}]),
            (404, {"errors": [{"message": "SECRET"}]}),
            (200, {"SECRET": "SECRET"}),
            (
                200,
                {
                    "payload": [
                        {
                            "marketplace": place,
                            "participation": {"isParticipating": True, "hasSuspendedListings": False},
                        }
                    ]
                },
            ),
        ):
            with self.subTest(status=status, body=body):
                says.update(status=status, body=body)
                self.assertNotIn("SECRET", self.press())

    def test_trouble(self):
        """Amazon in trouble does not make a working account a broken one; nothing is promised that does not happen.
        What the test met stays on the account until Amazon answers."""
        works = self.press()
        for kind, error in (
            ("503_empty", RetryLater(status=503)),
            ("cut_before", RetryLater(code="no_answer")),
            ("html_200", MalformedAnswer(status=200)),
            ("400", BadRequest(status=400)),
            ("429", QuotaExceeded(operation="getMarketplaceParticipations")),
        ):
            with self.subTest(kind=kind):
                self.amazon.post("faults", operation="getMarketplaceParticipations", kind=kind, times=1)
                message = self.press()
                said, meaning = message, self.meaning(error, by_hand=True)
                if kind == "429":
                    self.assertRegex(message, r"\d\d:\d\d:\d\d")
                    said, meaning = (re.sub(r"\d\d:\d\d:\d\d", "", text) for text in (message, meaning))
                self.assertIn(meaning, said)
                self.assertEqual(self.state(), ("ok", message, 0))
        self.press()
        self.assertEqual(self.state(), ("ok", works, 0))
        self.amazon.post("faults", operation="getMarketplaceParticipations", kind="503_empty", times=1)
        self.press()
        self.import_orders()
        self.env.invalidate_all()
        self.assertEqual(self.state(), ("ok", False, 0))

    def test_trouble_mends_nothing(self):
        """A broken account stays one while Amazon cannot be asked."""
        self.account._connection_broken("Refused")
        known = self.state()
        self.amazon.post("faults", operation="getMarketplaceParticipations", kind="503_empty", times=1)
        self.press()
        self.assertEqual(self.state(), known)

    # --- jobs

    def test_job_that_calls_nobody(self):
        """The removal of personal data asks Amazon nothing, so it says nothing of the connection."""
        new = self._connect(
            self.amazon.seller(), name="New", lwa_client_id=False, lwa_client_secret=False, refresh_token=False
        )
        self.account._connection_broken("Refused")
        for account, state in ((new, ("new", False, 0)), (self.account, ("broken", "Refused", 0))):
            with self.committing(account) as mine:
                log = mine._purge_personal_data()
                self.assertEqual((log.state, log.api_calls), ("done", 0))
            self.env.invalidate_all()
            self.assertEqual(self.state(account), state)
        self.import_orders()
        self.assertEqual(self.state(), ("ok", False, 0))

    # --- settings

    def test_changed_credentials(self):
        """Whoever changes what the connection is made with has not tested it yet; other settings say nothing of it."""
        account = self.account.with_user(self.manager)
        for change in (
            {"merchant_id": "A2OTHERMERCHANT"},
            {"lwa_client_id": "another"},
            {"lwa_client_secret": "another"},
            {"refresh_token": "Atzr|another"},
            {"lwa_url": "http://127.0.0.1:9/token"},
            {"endpoint_url": "http://127.0.0.1:9"},
            {"environment": "sandbox"},
        ):
            with self.subTest(change=change):
                account._connection_works()
                account.write({"name": "Renamed", "pii_days": 20})
                self.assertEqual(account.connection_state, "ok")
                had = bool(account.sudo().refresh_token_cipher)
                account.write(change)
                state, said, activities = self.state(account)
                self.assertEqual((state, activities), ("new", 0))
                # Secrets do not go to another server than they were entered for, which is said.
                self.assertEqual(bool(said), had and not account.sudo().refresh_token_cipher)

    def test_server_that_is_not_safe(self):
        """An address over which secrets would travel in the clear is refused in words."""
        for vals in ({"endpoint_url": "http://example.com"}, {"lwa_url": "nonsense"}, {"endpoint_url": False}):
            with self.subTest(vals=vals), self.assertRaisesRegex(ValidationError, "https is required"):
                self.account.with_user(self.manager).write(vals)

    def test_authorize_nowhere(self):
        """Without a marketplace there is no Seller Central to go to."""
        account = (
            self.env["amazon.account"]
            .with_user(self.manager)
            .create(
                {
                    "name": "New",
                    "company_id": self.company.id,
                    "warehouse_id": self.warehouse.id,
                    "application_id": "amzn1.sp.solution.1",
                    "lwa_client_id": "client",
                    "lwa_client_secret": "secret",
                }
            )
        )
        with self.assertRaisesRegex(UserError, "marketplace"):
            account.action_authorize()
        account.marketplace_ids = self.account.marketplace_ids
        self.assertIn("sellercentral", account.action_authorize()["url"])
        account.seller_central_url = "http://example.com"
        with self.assertRaisesRegex(UserError, "https"):
            account.action_authorize()

    # --- the key ring

    def test_key_ring_with_a_slip(self):
        """A key ring that cannot be read: each who needs it names the setting, builders live, and put right all goes
        on."""
        [ref] = self.place()
        with self.committing(self.account) as account:
            account._fetch_orders()
        row = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        with patch.dict(os.environ, {crypto.VARIABLE: "a:tooshort"}):
            message = self.press()
            self.assertIn(crypto.VARIABLE, message)
            self.assertNotIn(self.meaning(CredentialsError(code="undecryptable")), message)
            log = self.import_orders()
            self.assertEqual(log.state, "failed")
            self.assertIn(crypto.VARIABLE, log.message)
            self.assertEqual(row.state, "failed")
            with self.assertRaisesRegex(UserError, crypto.VARIABLE), self.committing(row) as mine:
                mine.with_user(self.user).action_retry()
            with self.assertRaisesRegex(UserError, crypto.VARIABLE):
                self.account.with_user(self.manager).refresh_token = "Atzr|typed"
            self.env.invalidate_all()
        with self.committing(row) as mine:
            mine.with_user(self.user).action_retry()
            mine._drain(mine.account_id)
        self.assertTrue(self.orders(ref))
        message = self.press()
        self.assertEqual((self.account.tested_state, self.account.tested_message), ("ok", message))
