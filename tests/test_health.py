from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import InBrowser, shifted
from .common_confirmation import ConfirmationCase

URL = "/sale_amazon_spapi/health"


@tagged("post_install", "-at_install")
class TestHealth(InBrowser, ConfirmationCase):
    """A monitor reads how the accounts are, and nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "manager", "sale_amazon_spapi.group_amazon_manager,base.group_system")

    def token(self):
        """Return a new token, as a manager gets it."""
        settings = self.env["res.config.settings"].with_user(self.manager).create({})
        return settings.action_amazon_health_token()["params"]["message"]

    def ask(self, token, query=""):
        return self.url_open(URL + query, headers={"Authorization": f"Bearer {token}"})

    def job(self, token, name):
        """Return (the answer's status, the account's job of that name)."""
        answer = self.ask(token)
        [account] = [entry for entry in answer.json()["accounts"] if entry["id"] == self.account.id]
        [job] = [job for job in account["jobs"] if job["name"] == name]
        return answer.status_code, job

    def test_without_the_token(self):
        """Without the token nothing is told, also where there is none, and an old one is good no more."""
        for header in ("", "Bearer", "Bearer ", "Bearer x", "Basic x"):
            with self.subTest(header=header):
                answer = self.url_open(URL, headers={"Authorization": header})
                self.assertEqual((answer.status_code, list(answer.json())), (401, ["error"]))
        old, new = self.token(), self.token()
        self.assertEqual(self.ask(old).status_code, 401)
        self.assertEqual(self.ask(new).status_code, 200)
        self.assertEqual(self.url_open(f"{URL}?token={new}").status_code, 401)
        kept = self.env["ir.config_parameter"].search([("key", "like", "sale_amazon_spapi.%")])
        self.assertNotIn(new, kept.mapped("value"), "only its hash is kept")

    def test_who_makes_tokens(self):
        """Only managers make one."""
        user = new_test_user(self.env, "seller", "sale_amazon_spapi.group_amazon_user")
        with self.assertRaises(AccessError):
            self.env["res.config.settings"].with_user(user).new().action_amazon_health_token()

    def test_orders(self):
        """How long ago orders were read, and how many were received and are not made."""
        token = self.token()
        self.account.auto_import = True
        self.assertEqual(self.job(token, "orders")[1]["last_success"], None)
        self.amazon.place(self.seller, "jp_standard", 2, created=shifted(self.amazon.get("clock")["now"], 60))
        with self.committing(self.account) as account:
            account._fetch_orders()
        job = self.job(token, "orders")[1]
        self.assertEqual((job["started"], job["ok"], job["backlog"]), (True, True, 2))
        self.assertIn(job["last_success"], range(60))
        self.assertIn(job["oldest"], range(60))
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._cron_build()
        self.assertEqual(self.job(token, "orders")[1]["backlog"], 0)

    def test_unsent(self):
        """How long the oldest delivery has waited for being confirmed."""
        token = self.token()
        orders = self.imported(count=2)
        self.deliver(orders.picking_ids)
        rows = orders.amazon_confirmation_ids
        self.env.cr.execute(
            "UPDATE amazon_confirmation SET create_date = create_date - interval '1 hour' WHERE id = %s", [rows[:1].id]
        )
        job = self.job(token, "confirm")[1]
        self.assertEqual(job["backlog"], 2)
        self.assertIn(job["oldest"], range(3600, 3660))

    def test_trouble(self):
        """Where somebody has to look after a job, the status says so; a job that is stopped is nobody's trouble."""
        token = self.token()
        self.account.auto_import = True
        orders = self.account.job_ids.filtered(lambda job: job.name == "orders")
        orders.standing_since = fields.Datetime.now() - timedelta(hours=1)
        status, job = self.job(token, "orders")
        self.assertEqual((status, job["ok"]), (503, False))
        answer = self.ask(token, "?format=prometheus")
        self.assertEqual(answer.status_code, 200, "Prometheus throws away what comes with another status")
        self.assertRegex(answer.text, rf'amazon_job_ok{{account="{self.account.id}",name="[^"]+",job="orders"}} 0\n')
        self.account.auto_import = False
        status, job = self.job(token, "orders")
        self.assertEqual((status, job["ok"], job["started"]), (200, True, False))

    def test_prometheus(self):
        """Prometheus reads it, whatever the account is called."""
        self.account.name = 'A "shop" \\ 店\nof ours'
        answer = self.ask(self.token(), "?format=prometheus")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        label = rf'account="{self.account.id}",name="A \"shop\" \\ 店\nof ours",job="orders"'
        self.assertIn(f"amazon_job_started{{{label}}} 0\n", answer.text)
        self.assertNotIn(f"amazon_job_last_success_age_seconds{{{label}}}", answer.text)
        self.assertIn("# TYPE amazon_job_backlog gauge\n", answer.text)
