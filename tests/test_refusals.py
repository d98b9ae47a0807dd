from pathlib import Path

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import selling_partner
from ..refusals import REFUSALS, explain, find, unreadable, with_facts
from ..said import say
from ..selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
)
from ..selling_partner.operations import OPERATIONS
from .common import AmazonCase

# Amazon's words for a 401 or 403 -> kind, and words of what to do.
DENIED = (
    ("Unauthorized", "Access to requested resource is denied.", "", "access", "has the roles this needs"),
    (
        "Unauthorized",
        "Access to requested resource is denied.",
        "The LWA secret amzn1 has expired.",
        "credentials",
        "client secret has expired",
    ),
    (
        "Unauthorized",
        "The Login with Amazon client secret you are using expired on 2026-11-01.",
        "",
        "credentials",
        "client secret has expired",
    ),
    (
        "Unauthorized",
        "Access to requested resource is denied.",
        "The access token you provided is revoked, malformed or invalid.",
        "credentials",
        "was revoked",
    ),
    ("InvalidAccessToken", "The token is invalid.", "", "credentials", "was revoked"),
    ("Unauthorized", "The authorization of this application has expired.", "", "credentials", "every year"),
    ("Unauthorized", "Please reauthorize the application.", "", "credentials", "every year"),
    ("Unauthorized", "The seller account is suspended.", "", "access", "Account Health"),
    ("Unauthorized", "Merchant A2 is not active.", "", "access", "Account Health"),
    ("Unauthorized", "Your application has been suspended.", "", "access", "blocked the application"),
    ("Unauthorized", "The developer account was deactivated", "", "access", "blocked the application"),
    (
        "Unauthorized",
        "Access to requested resource is denied.",
        "The seller does not take part in marketplace A1VC38T7YXB528.",
        "access",
        "Remove the marketplace",
    ),
    (
        "Unauthorized",
        "The application does not have access to one or more requested data elements: [buyerInfo]",
        "",
        "access",
        "restricted role",
    ),
    ("Forbidden", "Forbidden", "", "access", "gateway"),
    ("", "Missing Authentication Token", "", "access", "gateway"),
    ("Unauthorized", "This operation is no longer available.", "", "other", "update this addon"),
)
# What Login with Amazon calls it -> words of what to do.
LOGIN = {
    "invalid_grant": "enter the new refresh token",
    "invalid_client": "create a new one in Seller Central",
    "unauthorized_client": "belongs to another application",
    "invalid_scope": "once more from Seller Central",
    "unsupported_grant_type": "once more from Seller Central",
    "temporarily_unavailable": "Nothing is wrong with your credentials",
}


@tagged("post_install", "-at_install")
class TestRefusals(AmazonCase):
    """Every refusal says its true reason and what to do about it, in jobs and where Test Connection is pressed."""

    def press(self):
        """Press Test Connection; return what the manager reads, and keep whether it is good news as ``news``."""
        self.news = "danger"
        try:
            with self.committing(self.account) as mine:
                told = mine.with_user(self.manager).action_test_connection()["params"]
            self.news = told["type"]
            return told["message"]
        except UserError as error:
            return str(error)
        finally:
            self.env.invalidate_all()

    def check(self, fault, kind, words):
        """See that a job and the button say the same reason."""
        job = self.account._job("orders")
        # Testing is not what Amazon's quota is for.
        self.env["amazon.quota"].search([]).unlink()
        for operation in ("searchOrders", "getMarketplaceParticipations"):
            self.amazon.post("faults", **{"operation": operation, "kind": "403", "times": 1, **fault})
            if operation == "searchOrders":
                self.import_orders()
                said, found = job.last_error, job.error_kind
            else:
                said, found = self.press(), kind
            self.assertEqual(found, kind, said)
            self.assertIn(words, said)
            self.amazon.control("DELETE", "faults")

    def test_denied(self):
        """Amazon's words for a 403: one reason each."""
        for code, message, details, kind, words in DENIED:
            with self.subTest(message=message, details=details):
                self.check({"code": code, "message": message, "details": details}, kind, words)

    def test_denied_although_the_pass_is_new(self):
        """A pass that Amazon calls expired twice is Amazon's trouble, not the roles'."""
        self.amazon.post("faults", operation="searchOrders", kind="403_expired_token", times=2)
        self.import_orders()
        job = self.account._job("orders")
        self.assertEqual(job.error_kind, "later")
        self.assertNotIn(self.meaning(AccessDenied(operation="searchOrders")), job.last_error)
        self.assertFalse(self.account.activity_ids)

    def test_login(self):
        """The codes of Login with Amazon: one reason each, and nobody reads Amazon's English alone."""
        for number, (code, words) in enumerate(LOGIN.items()):
            with self.subTest(code=code):
                self.account.lwa_client_id = f"{self.seller['client_id']}{number}"  # no token is kept for it
                self.amazon.post("faults", operation="token", kind="400", error=code, message="Amazon's words", times=2)
                self.import_orders()
                job = self.account._job("orders")
                self.assertIn(words, job.last_error)
                self.assertIn(words, self.press())
                self.amazon.control("DELETE", "faults")

    def test_each_row_is_said_with_what_to_do(self):
        """Every error there is finds its row, and what Amazon said stands below our own words only; no row is there for
        nothing."""
        found = []
        for error in (
            *(AccessDenied(f"{message} {details}", code=code, status=403) for code, message, details, *_ in DENIED),
            AccessDenied("The access token you provided has expired.", status=403),
            *(CredentialsError("zzz", code=code, status=400) for code in (*LOGIN, "undecryptable")),
            CredentialsError(code="key_ring"),
            CredentialsError("Client secret has expired", code="invalid_client", status=400),
            CredentialsError("client_secret zzz", code="missing"),
            NotFound("zzz", status=404),
            BadRequest("zzz", code="InvalidEndpoint"),
            BadRequest("Bad marketplaceIds", status=400),
            QuotaExceeded(operation="searchOrders", status=429),
            SellingPartnerError("zzz", status=302),
            CredentialsError("zzz", code="missing"),
            CredentialsError("client_id zzz", code="missing"),
            CredentialsError("zzz", code="new_code", status=400),
            AccessDenied("New words", status=401),
            BadRequest("Some English", status=400),
            BadRequest("zzz", status=404, code="Gone"),
            RetryLater(status=503),
            RetryLater(code="not_connected"),
            RetryLater(code="no_answer"),
            RetryLater("FATAL", code="report_failed"),
            MalformedAnswer("broken", status=200),
            MalformedAnswer(code="same_page"),
            MalformedAnswer(code="empty_pages"),
            AccessDenied(foreign=True),
            BadRequest(foreign=True),
        ):
            found.append(find(error))
            for by_hand in (False, True):
                kind, lines = explain(error, by_hand)
                ours, *_rest = say(self.env, lines).split("\n")
                self.assertIn(kind, ("credentials", "access", "later", "other", "quota"))
                self.assertGreater(len(ours), 15)
                self.assertFalse(error.message and error.message in ours)
                error.request_id = "REQUEST-1"
                self.assertLessEqual(say(self.env, explain(error, by_hand)[1]).count("REQUEST-1"), 1)
        rows = [row for rows in REFUSALS.values() for row in rows]
        self.assertFalse([row for row in rows if not any(row is one for one in found)])

    def test_vendors(self):
        """Vendors are sent to Vendor Central, whatever is the matter; sellers to Seller Central."""
        vendor = self.env["amazon.account"].new({"kind": "vendor_df"})
        places = set()
        for row in (row for rows in REFUSALS.values() for row in rows if row.text):
            with self.subTest(row=row.text):
                for account, there, elsewhere in ((vendor, "Vendor", "Seller"), (self.account, "Seller", "Vendor")):
                    facts = {"operation": "x", "message": "x", **account._central()._asdict()}
                    text = say(self.env, with_facts(row.text, facts))
                    self.assertNotIn(f"{elsewhere} Central", text)
                    places |= {there} if f"{there} Central" in text else set()
        self.assertEqual(places, {"Vendor", "Seller"})
        error = AccessDenied("Access to requested resource is denied.", code="Unauthorized", status=403)
        self.assertIn("Vendor Central (Integration > API Integration)", say(self.env, vendor._explain(error)[1]))

    def test_operations_in_words(self):
        """What Amazon denies, or gives no quota for, is named by what it is for, not by Amazon's name of the call."""
        folder = Path(selling_partner.__file__).parent
        sources = "".join(path.read_text() for path in folder.glob("*.py") if path.stem not in ("operations", "errors"))
        called = {name.partition(".")[0] for name in OPERATIONS if f'"{name}"' in sources}
        self.assertLess({"searchOrders", "getOrder", "confirmShipment", "patchListingsItem"}, called)
        for operation in called:
            for error in (
                AccessDenied(operation=operation, status=403),
                QuotaExceeded(operation=operation, retry_after=60, status=429),
            ):
                with self.subTest(operation=operation, error=type(error).__name__):
                    # The last line is Amazon's own answer, for whoever looks after the addon.
                    lines = [line for line in explain(error)[1] if "answer: " not in say(self.env, line)]
                    self.assertTrue(lines)
                    self.assertNotIn(operation, say(self.env, lines))

    def test_nobody_there(self):
        """No English of the program's: what is the matter stands in words."""
        for kind, error in (("cut_before", RetryLater(code="no_answer")), ("503_empty", RetryLater(status=503))):
            self.amazon.post("faults", operation="getMarketplaceParticipations", kind=kind, times=1)
            message = self.press()
            self.assertIn(self.meaning(error, by_hand=True), message)
            self.assertNotIn("Error", message)
        self.account.endpoint_url = "http://127.0.0.1:9"
        self.account.lwa_url = "http://127.0.0.1:9/token"
        self.assertEqual(self.press(), self.meaning(RetryLater(code="not_connected"), by_hand=True))

    # --- what is entered

    def test_pasted(self):
        """Blanks, line ends, invisible and full-width characters do not come along with what is pasted."""
        account = self.account.with_user(self.manager)
        merchant, secret, token = (self.seller[name] for name in ("merchant_id", "client_secret", "refresh_token"))
        for spoil in (
            lambda text: f"  {text}\r\n",
            lambda text: f"\u3000{text}\u200b\ufeff",
            lambda text: text[:9] + "\n" + text[9:],
            lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
        ):
            account.write(
                {
                    "merchant_id": spoil(merchant.lower()),
                    "lwa_client_id": spoil(self.seller["client_id"]),
                    "lwa_client_secret": spoil(secret),
                    "refresh_token": spoil(token),
                    "endpoint_url": spoil(self.amazon.url),
                    "lwa_url": spoil(f"{self.amazon.url}/auth/o2/token"),
                }
            )
            self.assertEqual(self.account.merchant_id, merchant)
            credentials = self.account._credentials()
            self.assertEqual((credentials.client_secret, credentials.refresh_token), (secret, token))
            message = self.press()
            self.assertEqual((self.account.connection_state, self.account.connection_message), ("ok", message))

    def test_merchant_token(self):
        """The merchant token is compared with what Amazon named; where it named none, that is said."""
        self.assertIn(self.account.merchant_id, self.press())
        self.assertEqual(self.news, "success")
        self.account.merchant_id = "A1WRONG"
        message = self.press()
        self.assertIn("A1WRONG", message)
        self.assertEqual(self.news, "warning")
        self.assertTrue(
            self.account.with_user(self.manager).merchant_is_odd, "what is said of it stands in no green box"
        )
        self.account.authorized_merchant_id = "A2CORRECT12345"
        message = self.press()
        self.assertIn("A2CORRECT12345", message)
        self.assertEqual(self.account.connection_state, "broken")
        self.account.merchant_id = "a2correct12345"
        message = self.press()
        self.assertFalse(self.account.merchant_is_odd)
        self.assertNotIn("A2CORRECT12345", message)
        self.assertEqual(self.account.connection_state, "ok")
        self.account.with_user(self.manager).refresh_token = self.seller["refresh_token"]
        self.assertIn("A2CORRECT12345", self.press())

    def test_places_in_files(self):
        """The line is a word, to be said in the reader's language; a field's name is not."""
        for path, source in (
            ("line 7", "line %(number)s"),
            ("line 7, amount", "line %(number)s, %(column)s"),
            ("orders[0].line 7", None),
        ):
            error = MalformedAnswer("it is no number", reason="wrong_type", path=path)
            place = unreadable(error)._args["field"]
            self.assertEqual(getattr(place, "_source", None), source)
            said = say(self.env, unreadable(error))
            if source:
                # A person has the file, or gets it again.
                self.assertTrue(said.startswith(f"{path} does not hold what it should: "))
                self.assertIn("Download it from Seller Central again", said)
            else:
                self.assertEqual(said, f"The field {path} does not hold what it should.")

    def test_a_good_test_ends_old_errors(self):
        """What jobs reported before is not shown beside a test that went well; they try again at once."""
        self.account.auto_import = True
        job = self.account._job("orders")
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=True)
        self.import_orders()
        self.assertEqual((self.account.connection_state, len(self.account.activity_ids)), ("broken", 1))
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=False)
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", job.sudo().cron_id.id)])
        with mute_logger("odoo.addons.sale_amazon_spapi"):
            self.press()
        self.assertEqual((self.account.connection_state, self.account.job_error), ("ok", False))
        self.assertFalse(self.account.activity_ids)
        self.assertGreater(self.env["ir.cron.trigger"].search([("cron_id", "=", job.sudo().cron_id.id)]), triggers)
