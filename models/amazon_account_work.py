from markupsafe import Markup
from odoo import api, fields, models

from ..const import RECENT_DAYS
from ..said import say


class AmazonAccount(models.Model):
    """What people see of an account who do not set it up: what it does, what waits, and when nothing comes in."""

    _inherit = "amazon.account"

    work = fields.Text("At Work", compute="_compute_work")
    waiting_count = fields.Integer("Orders Waiting", compute="_compute_waiting_counts")
    to_confirm_count = fields.Integer("Confirmations Waiting", compute="_compute_waiting_counts")

    # === COMPUTE METHODS === #

    @api.depends("job_ids.work")
    @api.depends_context("lang", "tz")
    def _compute_work(self):
        words = dict(self.env["amazon.job"]._fields["name"]._description_selection(self.env))
        for account in self:
            jobs = account.job_ids.filtered(lambda job: job.work and job._declaration().shown)
            account.work = "\n".join(f"{words[job.name]}: {job.work}" for job in jobs) or False

    def _compute_waiting_counts(self):
        updates = dict(
            self.env["amazon.order.update"]._read_group(
                [("account_id", "in", self.ids), ("state", "=", "pending")], ["account_id"], ["__count"]
            )
        )
        confirmations = dict(
            self.env["amazon.confirmation"]._read_group(
                [("account_id", "in", self.ids), ("state", "in", ("not_sent", "sending"))], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.waiting_count = updates.get(account, 0)
            account.to_confirm_count = confirmations.get(account, 0)

    # === ACTION METHODS === #

    def action_view_waiting(self):
        """Open what Amazon has sent and no order has been made of yet."""
        return self._view_of("action_amazon_attention", [("state", "=", "pending")])

    def action_view_to_confirm(self):
        """Open what Amazon is to be told."""
        return self._view_of("action_amazon_confirmations", [("state", "in", ("not_sent", "sending"))])

    def _view_of(self, action, domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"sale_amazon_spapi.{action}")
        return {**action, "domain": [("account_id", "=", self.id), *domain], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def get_standstill(self):
        """Return the user's accounts whose orders do not come in although they once did, for the lists of orders and
        deliveries.

        :return: for each its ``id``, ``title``, ``reason``, whether it is ``broken``, and whether the user ``can_mend``
            it.
        :rtype: list[dict]
        """
        if not self.has_access("read"):
            return []
        found, can_mend = [], self.has_access("write")
        for account in self.search([("company_id", "in", self.env.companies.ids)]):
            trouble = account.auto_import and account._import_trouble()
            if trouble:
                title = self.env._("%s: the order import stands still.", account.name)
            elif not account.auto_import and account.last_import:
                title = self.env._("%s: the order import is stopped; no new orders come in.", account.name)
            else:
                continue
            found.append(
                {
                    "id": account.id,
                    "title": title,
                    "broken": bool(trouble),
                    "can_mend": can_mend,
                    "reason": trouble,
                }
            )
        return found

    def _import_trouble(self):
        """Return why the orders do not come in, whatever the other jobs do; False while they do.

        :rtype: str
        """
        job = self._job("orders")
        if job in self._broken_jobs() or (self.tested_state == "broken" and not job.last_error):
            return job.last_error or self.tested_message
        return job.standing_since and say(self.env, job._standing_line())

    @api.model
    def _no_orders_help(self):
        """Return what stands where there is no order at all: what is to be done first, and by whom.

        :rtype: Markup
        """
        if not self.has_access("read"):
            return Markup()
        env, started = self.env, self.search([("auto_import", "=", True)])
        if started:
            known = env["sale.order"].search_count([("amazon_account_id", "!=", False)], limit=1)
            # Old ones are hidden by the list's own filter.
            title = (
                env._("No order is open, and none came in the last %s days", RECENT_DAYS)
                if known
                else env._("No Amazon order yet")
            )
            text = env._("Orders come in by themselves. %s", " ".join(filter(None, started.mapped("work"))))
            link = None
        elif account := self.search([], limit=1):
            title = env._("The order import is not started")
            text = env._("Test the connection and start the import on the account; nothing comes in before.")
            link = f"/odoo/amazon-accounts/{account.id}", env._("Open the account")
        else:
            title = env._("No Amazon shop is connected yet")
            text = env._(
                "You need the merchant token and a Selling Partner API application in Seller Central. The form guides"
                " you in four steps."
            )
            link = "/odoo/amazon-accounts/new", env._("Connect a shop")
        body = Markup('<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>') % (title, text)
        if link and self.has_access("create"):
            body += Markup('<p><a class="btn btn-primary" href="%s">%s</a></p>') % link
        elif link:
            body += Markup("<p>%s</p>") % env._("Please ask your Amazon manager.")
        return body
