from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...refusals import VENDOR_CENTRAL
from ...selling_partner.vendor_submissions import EDIFACT, X12
from .purchase_order import PurchaseOrder

VENDOR = "vendor_df"
# So many orders are named at most.
MOST_NAMED = 20


class AmazonAccount(models.Model):
    """What a vendor's account has that a seller's has not."""

    _inherit = "amazon.account"

    vendor_party = fields.Char(
        "Selling Party", tracking=True, copy=False, help="The vendor code that Amazon writes on orders, e.g. 999US"
    )
    vendor_warehouse_ids = fields.One2many(
        "amazon.vendor.warehouse",
        "account_id",
        "Warehouses on Amazon",
        help="Which warehouse each of Amazon's codes is",
    )
    vendor_own_carrier = fields.Boolean(
        "Own Carriers", tracking=True, help="You ship with carriers of your own, not with labels of Amazon's."
    )
    vendor_label_format = fields.Selection(
        [("PNG", "PNG"), ("ZPL", "ZPL")],
        "Label Format",
        default="PNG",
        help="As agreed with Amazon. It is only expected here: what Amazon's answer says counts.",
    )
    vendor_api_version = fields.Selection(
        [("2021-12-28", "2021-12-28"), ("v1", "v1")], "API Version", default="2021-12-28", tracking=True
    )
    vendor_status_codes = fields.Selection(
        [(X12, "ANSI X12"), (EDIFACT, "EDIFACT")],
        "Codes of Status Updates",
        default=X12,
        required=True,
        help="By which standard Amazon is told where parcels are",
    )
    vendor_customer_id = fields.Many2one(
        "res.partner",
        "Invoiced to",
        check_company=True,
        copy=False,
        index="btree_not_null",
        help="Who buys from you: Amazon. Made with the first order if none is chosen.",
    )

    _vendor_party_uniq = models.UniqueIndex(
        "(vendor_party, region) WHERE active AND kind = 'vendor_df' AND vendor_party IS NOT NULL",
        "There is an active account for this selling party and region already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("vendor_party")
    def _compute_setup_step(self):
        return super()._compute_setup_step()

    @api.depends("job_ids.last_success")
    def _compute_last_import(self):
        result = super()._compute_last_import()
        for account in self.filtered(lambda account: account.kind == VENDOR):
            account.last_import = account.job_ids.filtered(lambda job: job.name == "vendor_orders").last_success
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "vendor_label_format", "vendor_api_version")
    def _check_vendor(self):
        for account in self.filtered(lambda account: account.kind == VENDOR):
            if not (account.vendor_label_format and account.vendor_api_version):
                raise ValidationError(self.env._("%s: choose a label format and a version of the API.", account.name))

    # === ACTION METHODS === #

    def action_toggle_vendor(self):
        """Start Direct Fulfillment when it is stopped, stop it when it is started."""
        self._amazon_check_group("manager")
        self.check_access("write")
        for account in self:
            if not account.auto_vendor:
                account._check_ready()
            account.auto_vendor = not account.auto_vendor

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        if VENDOR in accounts.mapped("kind"):
            self.env["ir.ui.menu"]._amazon_forget_menus()
        return accounts

    def unlink(self):
        if VENDOR in self.mapped("kind"):
            self.env["ir.ui.menu"]._amazon_forget_menus()
        return super().unlink()

    def write(self, vals):
        result = super().write(vals)
        if {"kind", "active", "company_id"} & set(vals):
            self.env["ir.ui.menu"]._amazon_forget_menus()
        if "vendor_party" in vals:
            for account in self:
                self.env["amazon.order.update"]._retry_for_vendor(account)
        return result

    @api.model
    def _without_blanks(self, vals):
        vals = super()._without_blanks(vals)
        if "vendor_party" in vals:
            vals["vendor_party"] = (vals["vendor_party"] or "").strip() or False
        return vals

    # === BUSINESS METHODS === #

    def _identity(self):
        if self.kind != VENDOR:
            return super()._identity()
        return [(self.env._("Selling party"), self.vendor_party)]

    def _warehouse_of(self, value):
        if not isinstance(value, PurchaseOrder):
            return super()._warehouse_of(value)
        code = value.purchase.ship_from_party
        return self.vendor_warehouse_ids.filtered(lambda line: line.party_ref == code).warehouse_id

    def _vendor_customer(self):
        """Return whom the account's orders are invoiced to; made with the first one."""
        # sudo: settings are the manager's; this one is made by whoever builds the order
        account = self.sudo()
        if not account.vendor_customer_id:
            account.vendor_customer_id = (
                self.env["res.partner"]
                .sudo()
                .create({"name": "Amazon", "is_company": True, "company_id": self.company_id.id})
            )
        return self.env["res.partner"].browse(account.vendor_customer_id.id)

    def _vendor_api(self, amazon):
        """Return Direct Fulfillment as the account calls it.

        :param amazon: the ``selling_partner`` client.
        """
        return amazon.vendor(self.vendor_api_version)

    def _order_url(self, ref):
        # Vendor Central has no address of its own for an order.
        return super()._order_url(ref) if self.kind != VENDOR else False

    def _central(self):
        return VENDOR_CENTRAL if self.kind == VENDOR else super()._central()

    def _order_source(self):
        return "vendor" if self.kind == VENDOR else super()._order_source()

    def _get_order(self, amazon, ref):
        return self._vendor_api(amazon).get_order(ref) if self.kind == VENDOR else super()._get_order(amazon, ref)

    # === BUSINESS METHODS: STANDSTILL === #

    @api.model
    def get_vendor_standstill(self):
        """Return what :meth:`get_standstill` does, of the user's vendor accounts."""
        return self._standstill_of(VENDOR)

    def _import_job(self):
        # sudo: see there
        return self.sudo()._job("vendor_orders") if self.kind == VENDOR else super()._import_job()

    # === BUSINESS METHODS: JOBS === #

    def _sync_vendor(self):
        """Do one round of everything that is due: read orders, make them, answer them, follow what was told.

        :return: the ``amazon.log`` rows.
        """
        logs = self._fetch_vendor_orders()
        for account in self:
            self.env["amazon.order.update"]._drain(account)
        return logs | self._tell_vendor()

    def _fetch_vendor_orders(self):
        """Read new orders, and once an hour those that are open.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self:
            logs |= account._job("vendor_orders")._run(lambda run: run.env["amazon.order.update"]._fetch_vendor(run))
        return logs

    def _tell_vendor(self):
        """Tell Amazon what is decided or done, and ask what became of what it was told.

        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        logs = self.env["amazon.log"]
        # sudo: the outbox is the addon's own
        rows, orders = self.env["amazon.vendor.submission"].sudo(), self.env["sale.order"].sudo()
        for account in self:
            if orders.search_count(orders._amazon_undecided(account), limit=1) or rows._has_work(account):
                logs |= account._job("vendor")._run(account._tell_vendor_now)
            else:
                account._job("vendor")._nothing_to_do()
            account._watch_vendor()
        return logs

    @api.model
    def _tell_vendor_now(self, run):
        """Do what :meth:`_tell_vendor` says.

        :param run: the :class:`...run.Run`.
        """
        env = run.account.with_context(lang=run.account.company_id._amazon_lang()).env
        env["sale.order"].sudo()._amazon_acknowledge_ready(run)  # sudo: see _tell_vendor
        return env["amazon.vendor.submission"].sudo()._send(run)

    def _watch_vendor(self):
        """Have a person see to what Amazon's clock runs for and that does not go on by itself."""
        account = self._for_its_user()
        account.env["sale.order"]._amazon_urge_confirmations(account)
        account._tell_of_vendor_troubles()

    def _for_its_user(self):
        # sudo: see _tell_vendor; whom an activity is for reads it in the own language
        return self.sudo().with_context(lang=self.user_id.lang or self.company_id._amazon_lang(), tz=self._zone())

    def _tell_of_vendor_troubles(self):
        """Have an activity say what does not go on by itself, as long as it does not."""
        account = self._for_its_user()
        unbuilt = account.env["amazon.order.update"].search(
            [("account_id", "=", account.id), ("state", "=", "failed")], limit=MOST_NAMED
        )
        texts = [
            account.env["amazon.vendor.transaction"]._late_text(account),
            account.env["amazon.vendor.submission"]._unclear_text(account),
            account.env["amazon.vendor.quantity"]._trouble_text(account),
        ]
        if unbuilt:
            texts.append(
                account.env._(
                    "Amazon waits 24 hours for an answer to these, of which no order could be made: %s",
                    ", ".join(row.order_ref or "–" for row in unbuilt),
                )
            )
        summary = account.env._("Direct Fulfillment needs you")
        account._keep_activity("mail_activity_vendor", summary, "\n".join(filter(None, texts)))

    def _read_open_orders_soon(self):
        """Have what is open read again within a minute: Amazon has changed something of it."""
        for account in self:
            job = account._job("vendor_orders").sudo()  # sudo: jobs are the addon's own
            job.open_read_at = False
            job._trigger()

    def _merchant_ref(self):
        return self.vendor_party if self.kind == VENDOR else super()._merchant_ref()
