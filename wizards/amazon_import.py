from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import MAX_RANGE_DAYS
from ..notices import CLOSE, notice
from ..order_numbers import read_numbers


class AmazonImport(models.TransientModel):
    """R3: import the orders of a range of order dates, of the last hours, or with certain numbers."""

    _name = "amazon.import"
    _inherit = "amazon.guard"
    _description = "Import a Range of Amazon Orders"

    account_id = fields.Many2one(
        "amazon.account",
        required=True,
        default=lambda self: self._default_account(),
        check_company=True,
        domain="[('kind', '=', 'seller')]",
    )
    company_id = fields.Many2one(related="account_id.company_id")
    mode = fields.Selection(
        [("range", "A range of order dates"), ("hours", "The last hours"), ("numbers", "Certain order numbers")],
        required=True,
        default="range",
    )
    date_from = fields.Datetime("From", default=lambda self: fields.Datetime.now() - timedelta(days=1))
    date_to = fields.Datetime("To", default=fields.Datetime.now)
    hours = fields.Integer(default=24)
    numbers = fields.Text("Order Numbers")
    running = fields.Boolean(compute="_compute_job", help="A range that was asked for before is not finished.")
    job_last_success = fields.Datetime(compute="_compute_job", string="Last Finished")
    job_error = fields.Text(compute="_compute_job", string="Last Error")

    # === COMPUTE METHODS === #

    @api.model
    def _default_account(self):
        """Return the one account of the user's company, or none where there is a choice."""
        accounts = self.env["amazon.account"].search(
            [("company_id", "=", self.env.company.id), ("kind", "=", "seller")], limit=2
        )
        return accounts if len(accounts) == 1 else accounts.browse()

    @api.depends("account_id")
    def _compute_job(self):
        for wizard in self:
            job = wizard.account_id.job_ids.filtered(lambda job: job.name == "range")
            wizard.running = bool(job.open_search)
            # Having had nothing to do is no import.
            wizard.job_last_success = job.last_run and job.last_success
            wizard.job_error = job.last_error

    # === ACTION METHODS === #

    def action_import(self):
        """Leave the range with the account's range job and wake it.

        :raise UserError: when the range is too long or upside down, or the account is not ready.
        """
        self.ensure_one()
        self.env["sale.order"].check_access("create")
        account = self.account_id
        account._check_ready()
        job = account._job("range")
        if self.mode == "numbers":
            return self._import_numbers()
        account._start_range(*self._range())
        job._trigger()
        link = {"label": self.env._("API Log"), "url": "/odoo/action-sale_amazon_spapi.action_amazon_log"}
        message = self.env._("The import starts within a minute. Follow it in the %s.")
        return notice(message, "success", CLOSE, links=[link])

    @api.model
    def action_fetch_number(self, number):
        """Fetch the order that somebody looked for and that is not here; where there are several accounts, ask which.

        :param str number: as it was typed.
        """
        self.check_access("create")
        account = self._default_account()
        if account:
            return self.create({"mode": "numbers", "numbers": number, "account_id": account.id}).action_import()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_import"),
            "context": {"default_mode": "numbers", "default_numbers": number},
        }

    # === BUSINESS METHODS === #

    def _import_numbers(self):
        """Read the orders from Amazon while the person waits, and show them.

        :raise UserError: when there is a number that is none; or when nothing comes in, saying why.
        """
        numbers, wrong = read_numbers(self.numbers)
        if wrong:
            raise UserError(
                self.env._(
                    "These are no Amazon order numbers (such as 250-1234567-1234567): %s",
                    ", ".join(word[:40] for word in wrong[:20]),
                )
            )
        if not numbers:
            raise UserError(self.env._("Please enter order numbers."))
        # sudo: what is Amazon's is the addon's own; the right to make orders was checked
        rows, failures = self.account_id.sudo()._read_and_build(numbers)
        problems = self.account_id._why_not_read(failures)
        problems += [f"{row.order_ref}: {row.error}" for row in rows if row.state == "failed"]
        problems += [
            self.env._("%s: no sale, only its goods were moved", row.order_ref)
            for row in rows
            if row.state == "done" and not row.order_id
        ]
        orders = self.env["sale.order"].search([("id", "in", rows.order_id.ids)])
        if not orders:
            # What stands in Needs Attention stays there.
            self.env["ir.cron"]._commit_progress()
            raise UserError("\n".join(problems))
        action = self._show(orders)
        if not problems:
            return action
        return notice("\n".join(problems), "warning", action, sticky=True)

    @api.model
    def _show(self, orders):
        """Return the action that shows these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        if len(orders) == 1:
            return {**action, "views": [(False, "form")], "view_mode": "form", "res_id": orders.id}
        # Without the filters of the menu, which leave out what is over.
        return {
            **action,
            "domain": [("id", "in", orders.ids)],
            "views": [(self.env.ref("sale_amazon_spapi.sale_order_amazon_view_list").id, "list"), (False, "form")],
            "context": {"create": False},
        }

    def _range(self):
        """Return the start and end asked for; no end means now."""
        if self.mode == "hours":
            if not 1 <= self.hours <= 24 * MAX_RANGE_DAYS:
                raise UserError(self.env._("Please enter between 1 and %s hours.", 24 * MAX_RANGE_DAYS))
            now = fields.Datetime.now()
            return now - timedelta(hours=self.hours), now
        if not self.date_from:
            raise UserError(self.env._("Please enter the start of the range."))
        now = fields.Datetime.now()
        if self.date_from > now:
            raise UserError(self.env._("The start lies in the future. Choose one before now."))
        return self.date_from, self.date_to if self.date_to and self.date_to < now else None
