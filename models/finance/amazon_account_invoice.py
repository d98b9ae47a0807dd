from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...times import naive


class AmazonAccount(models.Model):
    """How an account's orders are invoiced by themselves."""

    _inherit = "amazon.account"

    invoice_state = fields.Selection(
        [("draft", "Drafts, for an accountant to post"), ("posted", "Posted at once")],
        "Invoices Are",
        required=True,
        default="draft",
        tracking=True,
        help="For your books. They are never e-mailed to Amazon's buyers; in Japan the qualified invoice (適格請求書)"
        " is Amazon's to issue, in your name.",
    )
    invoice_per = fields.Selection(
        [("order", "One for each order"), ("day", "One for all orders of a day")],
        "Invoices",
        required=True,
        default="order",
        tracking=True,
    )
    invoice_since = fields.Date(
        "Shipped since",
        copy=False,
        tracking=True,
        help="What left before this day is not invoiced by itself. If none is chosen: the day the job is started.",
    )
    invoice_customer_id = fields.Many2one(
        "res.partner",
        "Customer of All Orders",
        check_company=True,
        copy=False,
        index="btree_not_null",
        help="Stands on invoices for all orders of a day, instead of the buyers. Made with the first one if none is"
        " chosen.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts._begin_to_invoice()
        return accounts

    def write(self, vals):
        result = super().write(vals)
        if vals.get("auto_invoice"):
            self._begin_to_invoice()
        return result

    def _begin_to_invoice(self):
        """From today on, unless somebody has said otherwise: older orders may be in the books already."""
        for account in self:
            if account.auto_invoice and not account.invoice_since:
                account.invoice_since = account.marketplace_ids[:1]._today()

    # === ACTION METHODS === #

    def action_view_invoices(self):
        """Open the invoices of the account's orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_invoices")
        return {**action, "domain": [("amazon_account_id", "in", self.ids)]}

    # === BUSINESS METHODS === #

    def _make_invoices(self):
        """Invoice the orders that have left.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self:
            logs |= account._job("invoices")._run(account._work_on_invoices)
        return logs

    def _work_on_invoices(self, run):
        # sudo: nobody is asked for what runs by itself
        orders = run.env["sale.order"].sudo().with_company(run.account.company_id)
        context = run.env["amazon.order.update"]._build_context(run.account)
        return orders.with_context(**context)._amazon_make_invoices(run)

    def _invoices_between(self):
        """Return from when on (UTC, naive) what left is invoiced, and until when: of a day that is not over, nothing
        stands on an invoice for all of it; None: until now."""
        first = self.marketplace_ids[:1]
        since = self.invoice_since or first._today()
        begin = naive(datetime.combine(since, time(), ZoneInfo(first._zone())))
        if self.invoice_per != "day":
            return begin, None
        # Not everywhere the day ends at the same moment: each order is looked at, too.
        return begin, max(one._midnight() for one in self.marketplace_ids or [first]) - timedelta(days=1)

    def _invoice_customer(self):
        """Return who stands on invoices for all orders of a day; made with the first one."""
        account = self.sudo()  # sudo: settings are the manager's; this one is made by the job
        if not account.invoice_customer_id:
            partners = self.env["res.partner"]._amazon_environment(account)
            country = account.marketplace_ids.country_id
            country = country if len(country) == 1 else country.browse()
            name = account.with_context(lang=account.company_id._amazon_lang()).env._("%s: all buyers", account.name)
            account.invoice_customer_id = partners.create(
                {**partners._amazon_common_vals(account, country.code), "name": name, "country_id": country.id}
            )
        return self.env["res.partner"].browse(account.invoice_customer_id.id)
