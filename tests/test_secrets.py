import base64
import os
import re
import secrets
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .. import crypto
from ..models.engine.amazon_account import MASK
from ..selling_partner import CredentialsError
from .common import AmazonCase

FIELDS = ["lwa_client_secret", "refresh_token"]


@tagged("post_install", "-at_install")
class TestSecrets(AmazonCase):
    """Credentials: encrypted, write-only, never told."""

    def plain(self):
        """Return the secrets of the account."""
        return self.seller["client_secret"], self.seller["refresh_token"]

    def test_at_rest(self):
        """No table has a secret in plain text."""
        self.env.flush_all()
        self.env.cr.execute("SELECT a::text FROM amazon_account a")
        rows = "".join(row for [row] in self.env.cr.fetchall())
        for secret in self.plain():
            self.assertNotIn(secret, rows)
        self.account.with_user(self.manager).write({"refresh_token": "Atzr|brand-new", "name": "Renamed"})
        self.env.flush_all()
        for table, column in (("mail_message", "body"), ("mail_tracking_value", "new_value_char")):
            self.env.cr.execute(f"SELECT 1 FROM {table} WHERE {column} LIKE '%%brand-new%%'")  # pylint: disable=sql-injection
            self.assertFalse(self.env.cr.fetchall())
        self.assertEqual(self.account._credentials().refresh_token, "Atzr|brand-new")

    def test_write_only(self):
        """The manager writes them and reads a mask only, right after writing and in an export; others read nothing."""
        mine = self.account.with_user(self.manager)
        saved = mine.web_save({"refresh_token": "Atzr|typed"}, {name: {} for name in FIELDS})
        self.assertEqual([saved[0][name] for name in FIELDS], [MASK, MASK])
        self.assertEqual(mine.refresh_token, MASK)
        self.assertEqual(self.account.export_data(FIELDS)["datas"], [[MASK, MASK]])
        mine.write({"refresh_token": MASK})
        self.assertEqual(self.account._credentials().refresh_token, "Atzr|typed", "saving the mask changes nothing")
        created = (
            self.env["amazon.account"].with_user(self.manager).create({"name": "New", "refresh_token": "Atzr|new"})
        )
        self.assertEqual(created.refresh_token, MASK)
        for name in (*FIELDS, "lwa_client_id"):
            with self.assertRaises(AccessError):
                self.account.with_user(self.user).read([name])
        for name in ("lwa_client_secret_cipher", "refresh_token_cipher", "oauth_state"):
            with self.assertRaises(AccessError):
                mine.read([name])
            with self.assertRaises(AccessError):
                mine.write({name: "x"})
            with self.assertRaises(AccessError):
                mine.search([(name, "!=", False)])

    def test_copy(self):
        """A copy of an account has no credentials, no seller, no orders' warehouse and nothing started."""
        self.account.auto_import = True
        copy = self.account.with_user(self.manager).copy()
        self.assertFalse(any(copy.mapped(name)[0] for name in FIELDS))
        self.assertFalse(copy.auto_import or copy.merchant_id)
        self.assertEqual(copy.connection_state, "new")
        self.assertNotEqual(copy.fba_warehouse_id, self.account.fba_warehouse_id)
        self.assertEqual(copy.phase_ids.phase_id, self.account.phase_ids.phase_id)
        self.assertEqual(len(copy.job_ids), len(self.account.job_ids))

    def test_key_ring(self):
        """Keys are rotated by putting a new one in front; without its key a secret has to be entered again."""
        key = {name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in "ab"}
        with patch.dict(os.environ, {crypto.VARIABLE: f"a:{key['a']}"}):
            self.account.refresh_token = "Atzr|one"
            self.account.lwa_client_secret = "two"
            self.assertTrue(self.account.sudo().refresh_token_cipher.startswith("a:"))
        with patch.dict(os.environ, {crypto.VARIABLE: f"b:{key['b']},a:{key['a']}"}):
            self.assertEqual(self.account._credentials().refresh_token, "Atzr|one")
            self.account.lwa_client_secret = "three"
            self.assertTrue(self.account.sudo().lwa_client_secret_cipher.startswith("b:"))
        with patch.dict(os.environ, {crypto.VARIABLE: f"b:{key['b']}"}):
            unreadable = self.meaning(CredentialsError(code="undecryptable"))
            with self.committing(self.account) as account, self.assertRaisesRegex(UserError, re.escape(unreadable)):
                account.with_user(self.manager).action_test_connection()
            log = self.import_orders()
            self.assertEqual(log.state, "failed")
            self.assertIn(unreadable, log.message)
            self.assertEqual(self.account.refresh_token, MASK)
            self.account.refresh_token = "Atzr|four"
            self.assertEqual(self.account._credentials().refresh_token, "Atzr|four")

    def test_refused(self):
        """Credentials that Amazon refuses: said in plain words, broken, one activity; put right it works again."""
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=True)
        for _time in range(2):
            log = self.import_orders()
            self.assertEqual(log.state, "failed")
            self.assertEqual(self.account._job("orders").error_kind, "credentials")
        self.assertEqual(self.account.connection_state, "broken")
        self.assertEqual(len(self.account.activity_ids), 1)
        self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=False)
        self.assertEqual(self.import_orders().state, "done")
        self.assertEqual(self.account.connection_state, "ok")
        self.assertFalse(self.account.activity_ids)

    def test_new_target_new_secrets(self):
        """Who changes where the credentials go enters them anew: what is stored goes to no host of his."""
        second = self.amazon.url.replace("127.0.0.1", "localhost")
        mine = self.account.with_user(self.manager)
        for vals in (
            {"endpoint_url": second},
            {"lwa_url": f"{second}/auth/o2/token"},
            {"endpoint_url": "https://collector.example.com", "lwa_url": "https://collector.example.com/token"},
            {"environment": "production"},
            {"environment": "sandbox"},
            {"environment": "production", "region": "eu", "marketplace_ids": [(5,)]},
            {"endpoint_url": second, "refresh_token": MASK},
        ):
            for method in ("write", "web_save", "load"):
                with self.subTest(vals=vals, method=method):
                    self.setUp()
                    self.account.write(
                        {
                            "environment": "custom",
                            "endpoint_url": self.amazon.url,
                            "region": self.seller["region"],
                            "lwa_url": f"{self.amazon.url}/auth/o2/token",
                            "lwa_client_secret": self.seller["client_secret"],
                            "refresh_token": self.seller["refresh_token"],
                        }
                    )
                    self.assertTrue(all(mine.mapped(name)[0] for name in FIELDS))
                    if method == "write":
                        mine.write(vals)
                    elif method == "web_save":
                        mine.web_save(vals, {name: {} for name in FIELDS})
                    elif "marketplace_ids" not in vals:
                        mine.load([".id", *vals], [[str(mine.id), *vals.values()]])
                    else:
                        continue
                    self.assertFalse(any(mine.mapped(name)[0] for name in FIELDS))
                    with self.assertRaises(CredentialsError):
                        self.account._selling_partner()

    def test_new_target_with_new_secrets(self):
        """What is entered together with the new target is kept, and only that."""
        second = self.amazon.url.replace("127.0.0.1", "localhost")
        mine = self.account.with_user(self.manager)
        mine.write({"endpoint_url": second, "refresh_token": "Atzr|new"})
        self.assertEqual((mine.refresh_token, mine.lwa_client_secret), (MASK, False))
        mine.write({"lwa_client_secret": "new"})
        mine.write({"name": "Renamed", "endpoint_url": second, "environment": "custom"})
        self.assertEqual((mine.refresh_token, mine.lwa_client_secret), (MASK, MASK), "nothing has changed")

    def test_new_target_is_said_before(self):
        """The form says at once that the credentials are to be entered again."""
        form = Form(self.account.with_user(self.manager))
        with self.assertLogs("odoo.tests.form.onchange", "WARNING") as logs:
            form.endpoint_url = self.amazon.url.replace("127.0.0.1", "localhost")
        self.assertIn("enter client secret and refresh token again", "".join(logs.output))

    def test_new_target_is_said_afterwards(self):
        """Why the credentials are missing is said until they are entered, by the test of the connection, too."""
        mine = self.account.with_user(self.manager)
        mine.endpoint_url = self.amazon.url.replace("127.0.0.1", "localhost")
        removed, missing = mine.connection_message, self.meaning(CredentialsError("client_secret", code="missing"))
        self.assertTrue(removed)
        said = f"(?s){re.escape(removed)}.*{re.escape(missing)}"
        with self.committing(mine) as account, self.assertRaisesRegex(UserError, said):
            account.action_test_connection()
        mine.invalidate_recordset()
        mine.write({"lwa_client_secret": self.seller["client_secret"], "refresh_token": self.seller["refresh_token"]})
        self.assertFalse(mine.connection_message)

    def test_no_http_but_to_this_machine_from_it(self):
        """A server elsewhere logs in nowhere on this machine, and nothing goes by plain http to another one."""
        mine = self.account.with_user(self.manager)
        for endpoint, lwa in (
            ("https://proxy.example.com", "http://127.0.0.1:8069/token"),
            ("https://proxy.example.com", "https://localhost/token"),
            ("http://proxy.example.com", "https://proxy.example.com/token"),
            ("http://10.0.0.1", "http://10.0.0.1/token"),
            ("http://127.0.0.1", "http://10.0.0.1/token"),
        ):
            with self.subTest(endpoint=endpoint, lwa=lwa), self.assertRaises(ValidationError):
                mine.write({"endpoint_url": endpoint, "lwa_url": lwa})

    def test_neutralize(self):
        """A neutralized copy can reach nobody."""
        self.account.auto_import = True
        self.env.flush_all()
        script = Path(__file__).parents[1] / "data" / "neutralize.sql"
        self.env.cr.execute(script.read_text())
        self.env.invalidate_all()
        self.assertFalse(self.account.auto_import)
        self.assertFalse(any(self.account.sudo().job_ids.cron_id.mapped("active")))
        self.assertFalse(self.account.sudo().refresh_token_cipher or self.account.sudo().lwa_client_secret_cipher)
        log = self.import_orders()
        self.assertEqual(log.state, "failed")
        self.assertFalse(self.amazon.get("requests"))


@tagged("post_install", "-at_install")
class TestAuthorization(AmazonCase, HttpCase):
    """The website workflow: Seller Central's consent page sends the browser back with a code."""

    def setUp(self):
        super().setUp()
        self.account.write(
            {"application_id": self.seller["application_id"], "refresh_token": False, "merchant_id": False}
        )
        second = new_test_user(
            self.env,
            "second_manager",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        for user in (self.manager, self.user, second):
            user.password = f"{user.login}-password"

    def consent(self):
        """Go to the consent page, agree, return the address Amazon sends the browser to."""
        self.authenticate("amazon_manager", "amazon_manager-password")
        answer = self.url_open(
            "/web/dataset/call_kw/amazon.account/action_authorize",
            json={
                "params": {
                    "model": "amazon.account",
                    "method": "action_authorize",
                    "args": [self.account.ids],
                    "kwargs": {},
                }
            },
        ).json()
        url = answer["result"]["url"]
        self.env.invalidate_all()

        class NoRedirect(urllib.request.HTTPRedirectHandler):
            """Keeps the address instead of going there."""

            def redirect_request(self, request, file, code, message, headers, new):
                self.parent.address = new

        opener = urllib.request.build_opener(NoRedirect)
        page = opener.open(url).read().decode()
        self.assertIn(self.seller["merchant_id"], page)
        try:
            opener.open(url, data=b"authorize=1")
        except urllib.error.HTTPError as answer:
            return answer.headers["Location"]
        return opener.address

    def come_back(self, address, login=None):
        """Open the address Amazon sends the browser to, in the same session or, with `login`, in another one."""
        if login:
            self.authenticate(login, f"{login}-password")
        answer = self.url_open(re.sub(r"^https?://[^/]+", "", address), allow_redirects=False)
        self.assertIn(answer.status_code, (302, 303))
        self.env.invalidate_all()
        return answer.headers["Location"]

    def test_consent(self):
        """Agreed: merchant and refresh token are stored, the account works; the state is good once."""
        address = self.consent()
        self.assertIn("action_amazon_accounts", self.come_back(address))
        self.assertEqual(self.account.merchant_id, self.seller["merchant_id"])
        self.assertEqual(self.account.connection_state, "ok")
        self.account.with_user(self.manager).action_test_connection()
        token = self.account.sudo().refresh_token_cipher
        self.assertFalse(self.account.sudo().oauth_state)
        self.assertTrue(self.come_back(address).endswith("/odoo"))
        self.assertEqual(self.account.sudo().refresh_token_cipher, token)

    def test_wrong_state(self):
        """A state that is not ours, or no state at all, changes nothing and breaks nothing."""
        address = self.consent()
        state = re.search("state=([^&]+)", address)[1]
        for wrong in ("", "x", "AQ", "%C3%A9", "%C2%B2-x", "9" * 30, state[:-1], state + "x", state.swapcase()):
            self.assertTrue(self.come_back(address.replace(state, wrong)).endswith("/odoo"), wrong)
            self.assertFalse(self.account.sudo().refresh_token_cipher)
        self.come_back(address)
        self.assertTrue(self.account.sudo().refresh_token_cipher)

    def test_other_user(self):
        """A user who may not set up accounts cannot connect one."""
        address = self.consent()
        self.assertTrue(self.come_back(address, "amazon_user").endswith("/odoo"))
        self.assertFalse(self.account.sudo().refresh_token_cipher)

    def test_other_session(self):
        """A state is good in the session that asked for it only, be it the same user's; there it stays good."""
        address = self.consent()
        first, opener = self.session, self.opener
        for login in ("amazon_manager", "second_manager"):
            self.session = None  # kept, not logged out
            self.assertTrue(self.come_back(address, login).endswith("/odoo"))
            self.assertFalse(self.account.sudo().refresh_token_cipher)
        self.session, self.opener = first, opener
        self.come_back(address)
        self.assertTrue(self.account.sudo().refresh_token_cipher)

    def test_too_late(self):
        """After ten minutes a state is no good any more, and the manager reads why."""
        address = self.consent()
        with freeze_time(datetime.now() + timedelta(minutes=10, seconds=5), tick=True):
            self.come_back(address)
        self.assertFalse(self.account.sudo().refresh_token_cipher)
        self.assertEqual(self.account.connection_state, "broken")
        self.assertIn("took too long", self.account.connection_message)
        self.come_back(address)
        self.assertFalse(self.account.sudo().refresh_token_cipher, "it is used up")

    def test_state_tells_nothing(self):
        """What stands in an access log is neither stored nor the session's id."""
        address = self.consent()
        state = re.search("state=([^&]+)", address)[1]
        told = base64.urlsafe_b64decode(state + "===").decode("latin-1") + state
        self.assertNotIn(self.session.sid[:20], told)
        self.env.cr.execute("SELECT a::text FROM amazon_account a")
        self.assertNotIn(state, "".join(row for [row] in self.env.cr.fetchall()))
        answer = self.url_open(re.sub(r"^https?://[^/]+", "", address), allow_redirects=False)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertNotIn(state, answer.headers["Location"])

    def test_new_target_ends_it(self):
        """Where the credentials go was changed meanwhile: the answer is not taken."""
        address = self.consent()
        self.account.with_user(self.manager).write(
            {
                "endpoint_url": "https://collector.example.com",
                "lwa_url": "https://collector.example.com/token",
            }
        )
        self.assertTrue(self.come_back(address).endswith("/odoo"))

    def test_other_seller(self):
        """Another seller than the account's is not taken."""
        self.account.merchant_id = "SOMEBODYELSE"
        self.come_back(self.consent())
        self.assertEqual((self.account.merchant_id, self.account.connection_state), ("SOMEBODYELSE", "broken"))
        self.assertFalse(self.account.sudo().refresh_token_cipher)

    def test_seller_is_connected_already(self):
        """A seller who has an account already does not get a second one."""
        self._connect(self.seller, name="First")
        self.come_back(self.consent())
        self.assertFalse(self.account.merchant_id)
        self.assertEqual(self.account.connection_state, "broken")

    def test_code_refused(self):
        """A code that Amazon does not take (expired, used) is said so."""
        address = re.sub("spapi_oauth_code=[^&]+", "spapi_oauth_code=nonsense", self.consent())
        self.come_back(address)
        self.assertEqual(self.account.connection_state, "broken")
        self.assertFalse(self.account.sudo().refresh_token_cipher)

    def test_secret_unreadable(self):
        """A client secret that cannot be decrypted any more is said so: Amazon was not even asked."""
        address = self.consent()
        self.account.sudo().lwa_client_secret_cipher = "another-key:AAAA"
        self.come_back(address)
        self.assertEqual(self.account.connection_message, self.meaning(CredentialsError(code="undecryptable")))
