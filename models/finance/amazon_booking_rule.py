from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools.translate import LazyTranslate

from ...said import say
from .amazon_amount_type import BUYERS

_lt = LazyTranslate(__name__)
# Kinds of amounts that are booked by a rule: the buyer's money is what invoices are paid with.
KINDS = [
    ("commission", "Commission"),
    ("fba_fee", "FBA Fee"),
    ("fee", "Other Fee"),
    ("storage", "Storage"),
    ("advertising", "Advertising"),
    ("points", "Points"),
    ("withheld_tax", "Tax Kept by Amazon"),
    ("reimbursement", "Reimbursement"),
    ("reserve", "Reserve"),
    ("transfer", "Payout"),
    ("unmatched", "Buyers' Money Not Matched"),
    ("other", "Other"),
]
# Where a kind goes if nobody has said otherwise: the account's type, and words by which the chart's own is known. What
# is "other" only a person can know.
DEFAULTS = {
    **dict.fromkeys(("commission", "fba_fee", "fee"), ("expense", "commission", "手数料")),
    "storage": ("expense", "warehous", "storage", "保管"),
    "advertising": ("expense", "advertis", "広告"),
    "points": ("expense", "promotion", "販売促進"),
    "withheld_tax": ("asset_current",),
    "reimbursement": ("income_other", "miscellaneous income", "雑収入"),
    "reserve": ("asset_current",),
    "transfer": ("asset_current", "outstanding receipts", "確認待ち入金"),
    "unmatched": ("asset_current",),
}
# What the account is called that is made if there is none.
NAMES = {
    **dict.fromkeys(("commission", "fba_fee", "fee"), _lt("Amazon Fees")),
    "storage": _lt("Amazon Storage"),
    "advertising": _lt("Amazon Advertising"),
    "points": _lt("Amazon Points"),
    "withheld_tax": _lt("Tax Kept by Amazon"),
    "reimbursement": _lt("Amazon Reimbursements"),
    "reserve": _lt("Amazon Reserve"),
    "transfer": _lt("Amazon Payouts on Their Way"),
    "unmatched": _lt("Amazon: Not Matched"),
}
# Where something waits for what it belongs to.
RECONCILED = ("transfer", "unmatched")
# Where numbers of new accounts begin in a company that has none of the type.
FIRST_CODES = {"expense": "600000", "asset_current": "120000", "income_other": "420000"}


class AmazonBookingRule(models.Model):
    """On which account of the books a kind of Amazon's amounts goes, and with which taxes."""

    _name = "amazon.booking.rule"
    _inherit = ["amazon.guard"]
    _description = "Amazon Booking Rule"
    _order = "account_id, kind, type_id"
    _rec_name = "kind"
    _check_company_auto = True

    account_id = fields.Many2one("amazon.account", "Amazon Account", required=True, ondelete="cascade", write_once=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    kind = fields.Selection(KINDS, compute="_compute_kind", store=True, precompute=True, readonly=False, required=True)
    type_id = fields.Many2one(
        "amazon.amount.type",
        "Only",
        domain=[("kind", "not in", (*BUYERS, "unclassified"))],
        ondelete="cascade",
        help="For this one of Amazon's names only; the others of its kind go by the rule without one.",
    )
    ledger_account_id = fields.Many2one("account.account", required=True, check_company=True, ondelete="restrict")
    ledger_tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        check_company=True,
        help="Amazon's amounts are taken to include them. For fees choose the purchase tax that Amazon's invoices for"
        " them show; without one no input tax is deducted.",
    )

    _rule_uniq = models.UniqueIndex("(account_id, kind, COALESCE(type_id, 0))", "There is a rule for this already.")

    # === COMPUTE METHODS === #

    @api.depends("type_id")
    def _compute_kind(self):
        kinds = dict(KINDS)
        for rule in self:
            rule.kind = rule.type_id.kind if rule.type_id.kind in kinds else rule.kind

    # === ACTION METHODS === #

    def action_set_up(self):
        """Make what booking needs of the accounts of these companies, as far as it is missing."""
        self._amazon_check_group("accountant")
        accounts = self.env["amazon.account"].search(
            [("company_id", "in", self.env.companies.ids), ("kind", "=", "seller")], limit=100
        )
        for account in accounts:
            account._set_up_booking()
        return self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_booking_rules")

    # === BUSINESS METHODS === #

    @api.model
    def _make_missing(self, account):
        """Make an account's rules of what nothing is said about; of an account that has moved to another company, anew.

        :param account: the ``amazon.account``.
        """
        rules = self.search([("account_id", "=", account.id), ("type_id", "=", False)])
        for rule in rules - rules._of_company(account.company_id):
            if rule.kind in DEFAULTS:
                ledger = self._default_account(account, rule.kind)
                rule.write({"ledger_account_id": ledger.id, "ledger_tax_ids": [Command.clear()]})
        known = rules.mapped("kind")
        self.create(
            [
                {"account_id": account.id, "kind": kind, "ledger_account_id": self._default_account(account, kind).id}
                for kind in DEFAULTS
                if kind not in known
            ]
        )

    @api.model
    def _default_account(self, account, kind):
        """Return the ``account.account`` on which a kind goes at first; made if the company's chart has none."""
        kind_of_account, *words = DEFAULTS[kind]
        lang = account.company_id._amazon_lang()
        ledger = self.env["account.account"].with_company(account.company_id).with_context(lang=lang)
        name = say(ledger.env, NAMES[kind])
        mine = Domain(ledger._check_company_domain(account.company_id)) & Domain("account_type", "=", kind_of_account)
        if kind in RECONCILED:
            mine &= Domain("reconcile", "=", True)
        for word in (*words, name):
            for each in ("en_US", lang):
                if found := ledger.with_context(lang=each).search(mine & Domain("name", "ilike", word), limit=1):
                    return found
        alike = ledger.search(Domain(mine), order="code desc", limit=1)
        return ledger.create(
            {
                "name": name,
                "code": ledger._search_new_account_code(alike.code or FIRST_CODES[kind_of_account]),
                "account_type": kind_of_account,
                "reconcile": kind in RECONCILED,
                "company_ids": [(4, account.company_id.id)],
            }
        )

    def _of_company(self, company):
        """Return which of these rules have a company's accounts; those of another one are left from an account that
        has moved."""
        return self.filtered(
            lambda rule: rule.ledger_account_id.filtered_domain(rule.ledger_account_id._check_company_domain(company))
        )

    def _for(self, amount_type):
        """Return which of these rules, of one account, is for a type of amounts."""
        return self.filtered(lambda rule: rule.type_id == amount_type) or self._of_kind(amount_type.kind)

    def _of_kind(self, kind):
        """Return which of these rules, of one account, is for a kind."""
        return self.filtered(lambda rule: rule.kind == kind and not rule.type_id)
