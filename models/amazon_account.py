import re
import unicodedata
from collections import defaultdict, deque
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize, plaintext2html
from odoo.tools.translate import LazyTranslate

from .. import crypto
from ..const import MAX_RANGE_DAYS, MAX_REFRESH, MAX_WAIT_SECONDS, TROUBLES
from ..notices import notice
from ..refusals import BROKEN, explain
from ..said import Said, say
from ..selling_partner import (
    FEED_TYPE_FULFILLMENT,
    AccessDenied,
    BadRequest,
    Credentials,
    CredentialsError,
    Endpoint,
    MalformedAnswer,
    NotFound,
    SearchOrders,
    SellingPartner,
    SellingPartnerError,
    endpoint,
)
from ..times import aware
from .amazon_order_update import OPEN

_lt = LazyTranslate(__name__)

# Shown where a secret is stored, so that a person sees that there is one.
MASK = "••••••••"
MAIL_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF"}
# Good enough to tell a slip of the finger from an address.
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
SECRETS = {"lwa_client_secret": "lwa_client_secret_cipher", "refresh_token": "refresh_token_cipher"}
# Where blanks may have come along with what was pasted.
PASTED = ("merchant_id", "lwa_client_id", "application_id", "endpoint_url", "lwa_url", "seller_central_url")
# What the connection is made with. When it changes, what was known of the connection says nothing any more.
CONNECTION = (
    "merchant_id",
    "region",
    "environment",
    "endpoint_url",
    "lwa_url",
    "lwa_client_id",
    *SECRETS.values(),
)
# A shop is called quiet by its own habit in so many weeks with so many orders, never sooner than after so many hours.
QUIET_WEEKS = 8
QUIET_ORDERS = 100
QUIET_HOURS = 3
# What merchant tokens look like.
MERCHANT = re.compile(r"A[A-Z0-9]{9,19}")
# When one of these changes, what waits to be confirmed is looked at again.
CONFIRMATION_SETTINGS = {
    "auto_confirm",
    "split_policy",
    "merged_policy",
    "copied_policy",
    "missing_tracking",
    "unmapped_carrier",
    "confirm_today_only",
    "phase_ids",
}


def usable_address(address):
    """Return a normalized address if mail can go there, else False."""
    return bool(address and ADDRESS.fullmatch(address)) and address


def _pasted(text):
    """Return what was pasted as it was meant: without blanks and line ends wherever they are, without characters that
    do not show, and with half-width letters.

    :rtype: str
    """
    text = unicodedata.normalize("NFKC", text or "")
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf"))


class AmazonAccount(models.Model):
    """A connection to Amazon: one seller (or vendor) in one region."""

    _name = "amazon.account"
    _description = "Amazon Account"
    _inherit = ["amazon.guard", "mail.thread", "mail.activity.mixin", "amazon.followed"]
    _check_company_auto = True
    _order = "name"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    kind = fields.Selection(
        [("seller", "Seller"), ("vendor_df", "Vendor (Direct Fulfillment)")],
        required=True,
        default="seller",
        write_once=True,
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        default=lambda self: self.env.user,
        tracking=True,
        check_company=True,
        help="Gets the activities for what the addon cannot decide.",
    )
    notification_emails = fields.Char("Notify", help="E-mail addresses, separated by commas")

    # --- connection
    region = fields.Selection(
        [("na", "North America"), ("eu", "Europe, Middle East, India"), ("fe", "Far East (Japan, Australia …)")],
        required=True,
        default="fe",
        tracking=True,
    )
    marketplace_ids = fields.Many2many(
        "amazon.marketplace", string="Marketplaces", domain="[('region', '=', region)]", tracking=True
    )
    merchant_id = fields.Char(
        "Merchant Token", tracking=True, copy=False, help="Seller Central > Account Info > Merchant Token"
    )
    environment = fields.Selection(
        [("production", "Production"), ("sandbox", "Amazon's sandbox"), ("custom", "Other server")],
        required=True,
        default="production",
        tracking=True,
    )
    endpoint_url = fields.Char(help="Only with “Other server”, e.g. a simulator")
    lwa_url = fields.Char("Token URL", help="Only with “Other server”")
    seller_central_url = fields.Char(compute="_compute_seller_central_url", store=True, readonly=False)
    lwa_client_id = fields.Char("Client ID", copy=False, groups="sale_amazon_spapi.group_amazon_manager")
    lwa_client_secret = fields.Char(
        "Client Secret",
        compute="_compute_secrets",
        inverse="_inverse_lwa_client_secret",
        groups="sale_amazon_spapi.group_amazon_manager",
    )
    refresh_token = fields.Char(
        compute="_compute_secrets", inverse="_inverse_refresh_token", groups="sale_amazon_spapi.group_amazon_manager"
    )
    # What is stored; readable only under sudo, and of no use without the key ring.
    lwa_client_secret_cipher = fields.Char(readonly=True, groups=fields.NO_ACCESS, copy=False)
    refresh_token_cipher = fields.Char(readonly=True, groups=fields.NO_ACCESS, copy=False)
    application_id = fields.Char("Application ID", help="amzn1.sp.solution.…, for authorizing in the browser")
    oauth_state = fields.Char(readonly=True, groups=fields.NO_ACCESS, copy=False)
    authorized_merchant_id = fields.Char(
        readonly=True,
        copy=False,
        help="The merchant token Amazon named when the refresh token was given in the browser",
    )
    tested_state = fields.Selection(
        [("new", "Not Tested"), ("ok", "Connected"), ("broken", "Broken")],
        "Connection as Tested",
        compute="_compute_tested",
        store=True,
        copy=False,
    )
    tested_message = Said(compute="_compute_tested", store=True, copy=False)
    connection_state = fields.Selection(
        [("new", "Not Tested"), ("ok", "Connected"), ("standing", "Standing Still"), ("broken", "Broken")],
        compute="_compute_connection_state",
        store=True,
        copy=False,
    )
    connection_message = fields.Text(compute="_compute_connection_message")
    connection_at = fields.Datetime("Last Checked", readonly=True, copy=False)

    # --- jobs
    auto_import = fields.Boolean("Import Orders", copy=False, tracking=True)
    auto_confirm = fields.Boolean("Confirm Deliveries", copy=False, tracking=True)
    auto_inventory = fields.Boolean("Send Stock", copy=False, tracking=True)
    auto_finance = fields.Boolean("Fetch Refunds", copy=False, tracking=True)
    auto_vendor = fields.Boolean("Direct Fulfillment", copy=False, tracking=True)
    job_ids = fields.One2many("amazon.job", "account_id", readonly=True)
    log_ids = fields.One2many("amazon.log", "account_id", readonly=True)
    last_import = fields.Datetime(compute="_compute_job_state")
    job_error = fields.Text(compute="_compute_job_state")
    quiet_hint = fields.Text(compute="_compute_quiet_hint")
    setup_step = fields.Selection(
        [
            ("marketplaces", "Marketplaces"),
            ("credentials", "Credentials"),
            ("test", "Test"),
            ("start", "Start"),
            ("running", "Running"),
        ],
        compute="_compute_setup_step",
        compute_sudo=True,
    )

    # --- how orders are made
    start_date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Orders that Amazon calls shipped before this day are recorded without moving stock.",
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        required=True,
        check_company=True,
        default=lambda self: self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1),
    )
    fba_warehouse_id = fields.Many2one(
        "stock.warehouse", "FBA Warehouse", check_company=True, readonly=True, copy=False
    )
    team_id = fields.Many2one("crm.team", "Sales Team", check_company=True)
    phase_ids = fields.One2many("amazon.account.phase", "account_id", "Phases", copy=True)
    rule_ids = fields.One2many("amazon.shipping.rule", "account_id", "Shipping Method Rules", copy=True)
    unknown_sku = fields.Selection(
        [("placeholder", "Import with a placeholder, to review"), ("hold", "Keep in Needs Attention")],
        required=True,
        default="placeholder",
    )
    import_finished = fields.Boolean(
        "Orders Finished Before",
        default=True,
        help="Import orders that were shipped or cancelled before they were seen here, too. Orders that are here"
        " already are kept up to date in any case.",
    )
    cancel_policy = fields.Selection(
        [
            ("until_picked", "Cancel while nothing is printed, picked or done"),
            ("unreserved", "Cancel only what is not reserved"),
            ("never", "Only tell a person"),
        ],
        "Cancelled on Amazon",
        required=True,
        default="until_picked",
    )
    # --- how deliveries are confirmed
    split_policy = fields.Selection(
        [("each", "Each delivery as it leaves"), ("wait", "When the whole order has left")],
        "Split Orders",
        required=True,
        default="each",
    )
    merged_policy = fields.Selection(
        [("with_parent", "With the parent's tracking number"), ("parent_only", "Only the parent")],
        "Combined Orders",
        required=True,
        default="with_parent",
    )
    copied_policy = fields.Selection(
        [("original", "Confirm the original"), ("none", "Confirm neither")],
        "Duplicated Orders",
        required=True,
        default="original",
    )
    missing_tracking = fields.Selection(
        [("hold", "Wait until a person decides"), ("send", "Send without")],
        "No Tracking Number",
        required=True,
        default="hold",
        help="For delivery methods that have tracking numbers",
    )
    unmapped_carrier = fields.Selection(
        [("other", "Send “Other” and its name"), ("error", "Do not send")],
        "Unlinked Delivery Method",
        required=True,
        default="other",
    )
    confirm_today_only = fields.Boolean(
        "Only What Left Today", help="What left earlier is confirmed only when a person asks for it."
    )
    feed_threshold = fields.Integer(
        "One Feed Above",
        default=500,
        help="When more confirmations than this wait they go as one feed. 0: always as a feed.",
    )
    result_mails = fields.Selection(
        [("all", "Always"), ("failures", "Only failures"), ("none", "Never")],
        required=True,
        default="all",
    )
    mail_warning = fields.Char(compute="_compute_mail_warning", compute_sudo=True)
    sending_mailed_at = fields.Datetime("Last Mail after Sending", readonly=True, copy=False)
    results_mailed_at = fields.Datetime("Last Mail after Fetching Results", readonly=True, copy=False)
    failure_mailed_at = fields.Datetime("Last Error Mail", readonly=True, copy=False)
    pii_days = fields.Integer(
        "Keep Personal Data (Days)",
        default=30,
        help="Days after delivery. Amazon's Data Protection Policy allows 30 unless a law requires more.",
    )

    # --- what there is
    order_count = fields.Integer(compute="_compute_counts")
    attention_count = fields.Integer(compute="_compute_counts")

    _merchant_uniq = models.UniqueIndex(
        "(merchant_id, region, kind) WHERE active AND merchant_id IS NOT NULL",
        "There is an active account for this merchant, region and kind already.",
    )
    _feed_threshold_check = models.Constraint("CHECK (feed_threshold >= 0)", "Please enter 0 or more.")
    _pii_days_check = models.Constraint("CHECK (pii_days BETWEEN 1 AND 3650)", "Between 1 and 3650 days.")

    # === COMPUTE METHODS === #

    @api.depends("marketplace_ids", "environment", "endpoint_url")
    def _compute_seller_central_url(self):
        for account in self:
            if account.environment == "custom":
                account.seller_central_url = account.endpoint_url
            else:
                account.seller_central_url = account.marketplace_ids[:1].seller_central_url

    @api.depends(*CONNECTION)
    def _compute_tested(self):
        """What was known of the connection is not known of another one; jobs and the test write what they find."""
        self.tested_state = "new"
        self.tested_message = False

    @api.depends("tested_state", "job_ids.error_kind", "job_ids.standing_since")
    def _compute_connection_state(self):
        """Trouble belongs to the jobs; the account shows the worst of it."""
        for account in self:
            if account._broken_jobs() or account.tested_state == "broken":
                account.connection_state = "broken"
            elif any(account.job_ids.mapped("standing_since")):
                account.connection_state = "standing"
            else:
                account.connection_state = account.tested_state

    @api.depends("tested_message", "connection_state", "job_ids.last_error", "job_ids.standing_since")
    @api.depends_context("lang", "tz")
    def _compute_connection_message(self):
        for account in self:
            account.connection_message = (
                account._broken_jobs()[:1].last_error or account._standing_text() or account.tested_message
            )

    def _broken_jobs(self):
        """Return the jobs that Amazon refuses something that a person must mend."""
        return self.job_ids.filtered(lambda job: job.error_kind in BROKEN)

    def _denied_text(self):
        """Say which marketplaces Amazon denies while the others go on."""
        return "\n".join(job.warning for job in self.job_ids if job.denied and job.warning)

    def _standing_text(self):
        """Say which jobs stand still, since when, and what they report."""
        jobs = self.job_ids.filtered("standing_since") - self._broken_jobs()
        return say(self.env, [job._standing_line() for job in jobs]) or False

    @api.depends("user_id.email", "user_id.active", "notification_emails")
    @api.depends_context("lang")
    def _compute_mail_warning(self):
        """Say who would not get a mail, before one is lost."""
        for account in self:
            user = account.user_id
            if account._responsible_address() or not account.id:
                account.mail_warning = False
            elif user.active:
                account.mail_warning = self.env._(
                    "%s is responsible but has no valid e-mail address, and so gets no mails of this account: neither"
                    " about errors nor about a standstill. Enter one on the user, or choose somebody else under “Who Is"
                    " Told”.",
                    user.name,
                )
            elif not any(address for _text, address in account._notification_addresses()):
                account.mail_warning = self.env._(
                    "Nobody gets the mails of this account. Choose a responsible person or enter addresses under “Who"
                    " Is Told”."
                )
            else:
                account.mail_warning = False

    def _compute_secrets(self):
        for account in self:
            for field, cipher in SECRETS.items():
                # sudo: only whether there is one is shown
                account[field] = MASK if account.sudo()[cipher] else False

    def _inverse_lwa_client_secret(self):
        self._store_secret("lwa_client_secret")

    def _inverse_refresh_token(self):
        self._store_secret("refresh_token")

    def _store_secret(self, field):
        for account in self:
            value = _pasted(account[field])
            # A browser may send the mask with what was typed before or behind it.
            typed = value.replace(MASK[0], "")
            if typed or not value:
                # sudo: write-only for the manager
                account.sudo()[SECRETS[field]] = self._encrypt(typed) if typed else False
                if field == "refresh_token":
                    account.sudo().authorized_merchant_id = False

    def _encrypt(self, text):
        try:
            return crypto.encrypt(text.encode())
        except crypto.BadKeyRing as error:
            raise self._key_ring_error(error) from None

    @api.depends_context("lang", "tz")
    def _compute_job_state(self):
        for account in self:
            jobs = account.job_ids
            account.last_import = jobs.filtered(lambda job: job.name == "orders").last_success
            account.job_error = "\n".join(filter(None, jobs.mapped("last_error") + jobs.mapped("warning"))) or False

    @api.depends("auto_import")
    @api.depends_context("lang", "tz")
    def _compute_quiet_hint(self):
        for account in self:
            since = account.auto_import and account._quiet_since()
            account.quiet_hint = since and say(
                self.env,
                _lt(
                    "The last order was placed at %s; at this time of the week there have been more in the last weeks."
                    " Check whether your offers are active on Amazon.",
                    since,
                ),
            )

    def _quiet_since(self):
        """Return when the last order was placed, if that is unusually long ago for this shop: twice as long as the
        longest time without one at the same moment of any of the last weeks. Of young and small shops nothing is said.

        :rtype: datetime
        """
        self.ensure_one()
        now = fields.Datetime.now()
        orders = SQL("FROM sale_order WHERE amazon_account_id = %s AND date_order <=", self.id)
        [[recent]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT 1 %s %s AND date_order > %s LIMIT %s) AS recent",
                orders,
                now,
                now - timedelta(weeks=QUIET_WEEKS),
                QUIET_ORDERS,
            )
        )
        moments = [now - timedelta(weeks=week) for week in range(QUIET_WEEKS + 1)]
        newest = SQL(", ").join(SQL("(SELECT max(date_order) %s %s)", orders, moment) for moment in moments)
        [lasts] = self.env.execute_query(SQL("SELECT %s", newest))
        if recent < QUIET_ORDERS or not all(lasts):
            return False
        quiet, *usual = (moment - last for moment, last in zip(moments, lasts, strict=True))
        return lasts[0] if quiet > max(timedelta(hours=QUIET_HOURS), 2 * max(usual)) else False

    @api.depends(
        lambda self: (
            "merchant_id",
            "marketplace_ids",
            "lwa_client_id",
            "lwa_client_secret_cipher",
            "refresh_token_cipher",
            "connection_state",
            *self.env["amazon.job"]._switches(),
        )
    )
    def _compute_setup_step(self):
        """Tell how far setting up has come; computed under sudo: only whether there are secrets is told."""
        switches = self.env["amazon.job"]._switches()
        for account in self:
            if not (account.marketplace_ids and account.merchant_id):
                account.setup_step = "marketplaces"
            elif not (account.lwa_client_id and account.lwa_client_secret_cipher and account.refresh_token_cipher):
                account.setup_step = "credentials"
            elif account.connection_state not in ("ok", "standing"):
                account.setup_step = "test"
            elif not any(account[switch] for switch in switches):
                account.setup_step = "start"
            else:
                account.setup_step = "running"

    def _compute_counts(self):
        orders = dict(
            self.env["sale.order"]._read_group(
                [("amazon_account_id", "in", self.ids)], ["amazon_account_id"], ["__count"]
            )
        )
        updates = dict(
            self.env["amazon.order.update"]._read_group(
                [("account_id", "in", self.ids), ("state", "=", "failed")], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.order_count = orders.get(account, 0)
            account.attention_count = updates.get(account, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("environment", "endpoint_url", "lwa_url")
    def _check_endpoint(self):
        for account in self:
            if account.environment == "custom":
                try:
                    account._endpoint()
                except SellingPartnerError as error:
                    raise ValidationError(
                        self.env._("The server's address is not usable: https is required, except on this machine.")
                    ) from error

    @api.constrains("kind", "auto_import", "auto_confirm", "auto_inventory", "auto_finance", "auto_vendor")
    def _check_kind(self):
        every = self.env["amazon.job"]._switches()
        for account in self:
            here = {job.switch for job in self.env["amazon.job"]._declared_for(account.kind).values()}
            strange = next((switch for switch in every if account[switch] and switch not in here), None)
            if strange:
                raise ValidationError(account._not_of_its_kind(self._fields[strange]._description_string(self.env)))

    def _not_of_its_kind(self, job):
        """Say that accounts of this kind do not have a job.

        :param str job: its name, in the user's language.
        """
        return self.env._(
            "“%(job)s” is not for accounts of the kind “%(kind)s”. Make an account of another kind for it.",
            job=job,
            kind=dict(self._fields["kind"]._description_selection(self.env))[self.kind],
        )

    @api.constrains("marketplace_ids", "region")
    def _check_marketplaces(self):
        for account in self:
            if account.marketplace_ids.filtered(
                lambda marketplace, account=account: marketplace.region != account.region
            ):
                raise ValidationError(self.env._("All marketplaces of an account must lie in its region."))

    @api.constrains("notification_emails")
    def _check_notification_emails(self):
        for account in self:
            for text, address in account._notification_addresses():
                if not address:
                    raise ValidationError(
                        self.env._("“%s” is not an e-mail address. Separate several addresses with commas.", text)
                    )

    @api.onchange("region")
    def _onchange_region(self):
        self.marketplace_ids = self.marketplace_ids.filtered(lambda marketplace: marketplace.region == self.region)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create([self._without_blanks(vals) for vals in vals_list])
        for account in accounts:
            account._ensure_jobs()
            if not account.phase_ids:
                account.sudo().phase_ids = self.env["amazon.phase"]._default_account_phases(account)
        accounts._ensure_fba_warehouse()
        # What was just typed must not be read back.
        accounts.invalidate_recordset(list(SECRETS))
        return accounts

    def write(self, vals):
        before = {account: account.marketplace_ids for account in self} if "marketplace_ids" in vals else {}
        source = {account: account._source() for account in self}
        result = super().write(self._without_blanks(vals))
        if set(SECRETS) & set(vals):
            # What was just typed must not be read back.
            self.invalidate_recordset(list(SECRETS))
        for account in self:
            if account._source() != source[account]:
                # Another shop: what was read of the first one says nothing about it.
                account.job_ids._restart_import(everything=True)
            elif before and account.marketplace_ids - before[account]:
                account.job_ids._restart_import()
            if account.merchant_id and account.merchant_id != source[account][0]:
                account._rename_merchant()
        if set(CONNECTION) & set(vals):
            self._broken_jobs()._forget_trouble()
        if {"active", *self.env["amazon.job"]._switches()} & set(vals):
            self.job_ids.filtered(lambda job: "active" in vals or job._declaration().switch in vals)._forget_trouble()
            self.job_ids._sync_crons()
            self._start_jobs(vals)
        if CONFIRMATION_SETTINGS & set(vals):
            self.env["amazon.confirmation"]._look_again([("account_id", "in", self.ids)])
        return result

    def unlink(self):
        self.check_access("unlink")
        self.job_ids.sudo().unlink()  # sudo: jobs are the addon's own
        return super().unlink()

    @api.model
    def _without_blanks(self, vals):
        clean = {name: _pasted(vals[name]) or False for name in PASTED if name in vals}
        if clean.get("merchant_id"):
            clean["merchant_id"] = clean["merchant_id"].upper()
        return {**vals, **clean}

    def _rename_merchant(self):
        """Orders are known by the merchant token they came in under. It is typed by hand, and may have been wrong:
        those of this account go with it. One that has come in under the new one already stays apart."""
        self.ensure_one()
        # sudo: orders of companies the user does not see belong to it, too
        Order = self.env["sale.order"].sudo()
        orders = Order.search(
            [
                ("amazon_account_id", "=", self.id),
                ("amazon_order_ref", "!=", False),
                ("amazon_merchant_id", "!=", self.merchant_id),
            ]
        )
        by_ref = {order.amazon_order_ref: order for order in orders}
        for known in Order.search(
            [
                ("amazon_merchant_id", "=", self.merchant_id),
                ("amazon_order_ref", "in", list(by_ref)),
            ]
        ):
            del by_ref[known.amazon_order_ref]
        Order.union(*by_ref.values()).amazon_merchant_id = self.merchant_id

    def _source(self):
        """Return what says whose orders are read from where."""
        self.ensure_one()
        return self.merchant_id, self.region, self.environment, self.endpoint_url

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: orders of companies the user does not see count too
        if self.env["sale.order"].sudo().search_count([("amazon_account_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Orders came in through this account. Archive it instead of deleting it."))

    def _ensure_jobs(self):
        """Give each account the jobs of its kind that it lacks, and take those of another away."""
        for account in self.sudo():  # sudo: an account's jobs and phases belong to it, whoever makes it
            declared, there = self.env["amazon.job"]._declared_for(account.kind), account.job_ids
            there.filtered(lambda job, declared=declared: job.name not in declared).unlink()
            missing = declared.keys() - set(there.exists().mapped("name"))
            account.job_ids = [fields.Command.create({"name": name}) for name in declared if name in missing]

    @api.model
    def _update_jobs(self):
        """Give accounts made by an earlier version the jobs that are new, and start those that run whatever a person
        has stopped; called when the addon is updated."""
        accounts = self.with_context(active_test=False).search([("id", "!=", False)])
        accounts._ensure_jobs()
        accounts.job_ids.filtered(lambda job: job._declaration().always)._sync_crons()

    def _start_jobs(self, vals):
        """A job that a person has just started begins at once, not at its cron's next turn."""
        for job in self.job_ids:
            declared = job._declaration()
            if declared.switch and vals.get(declared.switch) and not declared.nightly:
                job._trigger()

    def _ensure_fba_warehouse(self):
        """FBA stock is Amazon's to move: one warehouse per account, out of every stock sync."""
        for account in self.filtered(lambda account: account.kind == "seller" and not account.fba_warehouse_id):
            # sudo: a warehouse needs the stock manager's rights, which the Amazon manager may lack
            warehouses = self.env["stock.warehouse"].sudo().with_context(active_test=False)
            there = warehouses.search([("company_id", "=", account.company_id.id)])
            name = f"FBA {account.name}"
            # Those of accounts of an addon that was uninstalled are still there.
            names = (name, *(f"{name} ({number})" for number in range(account.id, account.id + len(there))))
            codes = (f"F{number:04X}"[-5:] for number in range(account.id, account.id + len(there) + 1))
            account.sudo().fba_warehouse_id = warehouses.create(
                {
                    "name": next(name for name in names if name not in there.mapped("name")),
                    "code": next(code for code in codes if code not in there.mapped("code")),
                    "company_id": account.company_id.id,
                    "partner_id": account.company_id.partner_id.id,
                }
            )

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Ask Amazon who we are, and say in plain words what it answers.

        :return: the notification to show.
        :raise UserError: with what to do, for each way it can fail.
        """
        self.ensure_one()
        self.check_access("write")
        try:
            with self._selling_partner() as amazon:
                participations = amazon.sellers.get_marketplace_participations()
        except SellingPartnerError as error:
            kind, message = explain(error, by_hand=True)
            if kind in BROKEN:
                self._connection_broken(message)
                self.env["ir.cron"]._commit_progress()
            raise UserError(say(self.env, message)) from error
        here = {participation.marketplace_id for participation in participations if participation.participating}
        missing = self.marketplace_ids.filtered(lambda marketplace: marketplace.api_ref not in here)
        if missing:
            message = [_lt("Connected, but you do not sell in: %s", ", ".join(missing.mapped("name")))]
        else:
            names = ", ".join(self._names_of(participations))
            message = [_lt("Connected. Amazon knows you in: %s", names)]
        message += self._check_merchant()
        self._connection_works()
        # sudo: shown read-only
        self.sudo().tested_message = message
        self._try_again()
        return notice(say(self.env, message), "warning" if missing or self._merchant_is_odd() else "success")

    def _check_merchant(self):
        """Compare the merchant token with the one Amazon has named; it names it only where the seller agrees in the
        browser.

        :return: what is to be said about it.
        :raise UserError: when it is another one.
        """
        known = self.authorized_merchant_id
        if known and known != self.merchant_id:
            message = _lt(
                "The merchant token is %(entered)s here, but the refresh token is that of %(known)s. Correct the"
                " merchant token, or authorize the application as the other seller.",
                entered=self.merchant_id or "-",
                known=known,
            )
            self._connection_broken(message)
            self.env["ir.cron"]._commit_progress()
            raise UserError(say(self.env, message))
        if known:
            return []
        if self._merchant_is_odd():
            return [
                _lt(
                    "%s does not look like a merchant token: that begins with A and has 13 or 14 letters and digits."
                    " Copy it from Seller Central (Account Info > Merchant Token). Amazon's answer does not name it.",
                    self.merchant_id or "-",
                )
            ]
        return [
            _lt(
                "The merchant token %s was not checked: Amazon's answer does not name it. Please compare it with Seller"
                " Central (Account Info > Merchant Token).",
                self.merchant_id,
            )
        ]

    def _merchant_is_odd(self):
        """Tell whether the merchant token, which Amazon has not named, does not look like one."""
        return not self.authorized_merchant_id and not MERCHANT.fullmatch(self.merchant_id or "")

    def _try_again(self):
        """What the jobs have reported is old since a test went well: they try again at once."""
        # sudo: jobs are the addon's own
        jobs = self.job_ids.sudo().filtered(lambda job: job.error_kind and job._is_started())
        jobs.write({"error_kind": False, "last_error": False})
        denied = self.job_ids.sudo().filtered(lambda job: job.denied and job._is_started())
        for job in denied:
            job.denied = {ref: {**entry, "tried": "1970-01-01"} for ref, entry in job.denied.items()}
        (jobs | denied)._trigger()
        self._assign_help()

    def action_toggle_import(self):
        """Start the import when it is stopped, stop it when it is started."""
        self._amazon_check_group("manager")
        self.check_access("write")
        for account in self:
            if not account.auto_import:
                account._check_ready()
            account.auto_import = not account.auto_import

    def action_import_now(self):
        """Wake the import job; it reports in the log."""
        self.ensure_one()
        self._amazon_check_group()
        self.env["sale.order"].check_access("create")
        self._check_ready()
        if not self.auto_import:
            raise UserError(
                self.env._("The order import of %s is stopped. Start it first, or import a range.", self.name)
            )
        self.job_ids.filtered(lambda job: job.name == "orders")._trigger()
        return notice(self.env._("The import starts within a minute; follow it in the API log."), then=None)

    def action_view_orders(self):
        """Open the account's orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        # All that the button counts, not only what is open.
        return {**action, "domain": [("amazon_account_id", "in", self.ids)], "context": {"create": False}}

    def action_view_attention(self):
        """Open the orders that could not be built."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_attention")
        return {**action, "context": {"search_default_account_id": self.id, "search_default_attention": 1}}

    # === BUSINESS METHODS: CONNECTION === #

    def _check_ready(self):
        """Raise UserError naming what is still missing before Amazon can be called."""
        for account in self:
            # sudo: only whether there is one
            hidden = account.sudo()
            missing = [
                label
                for label, value in (
                    (self.env._("Merchant token"), account.merchant_id),
                    (self.env._("Marketplaces"), account.marketplace_ids),
                    (self.env._("Client ID"), hidden.lwa_client_id),
                    (self.env._("Client secret"), hidden.lwa_client_secret_cipher),
                    (self.env._("Refresh token"), hidden.refresh_token_cipher),
                )
                if not value
            ]
            if missing:
                facts = {"account": account.name, "what": ", ".join(missing)}
                if account.sudo(False).has_access("write"):
                    raise UserError(self.env._("%(account)s: please enter %(what)s.", **facts))
                raise UserError(
                    self.env._("%(account)s is not set up yet. Ask your Amazon manager to enter %(what)s.", **facts)
                )

    def _endpoint(self):
        self.ensure_one()
        if self.environment == "custom":
            return Endpoint(self.endpoint_url or "", self.lwa_url or "", self.region)
        return endpoint(self.region, self.environment)

    def _credentials(self):
        """Return the credentials in the clear; only ever handed to ``selling_partner``.

        :raise CredentialsError: when one is missing or cannot be decrypted.
        """
        self.ensure_one()
        secret, token = map(self._decrypted, SECRETS.values())
        # sudo: the client ID is the manager's to read
        credentials = Credentials(self.sudo().lwa_client_id or "", secret, token)
        credentials.validate()
        return credentials

    def _decrypted(self, cipher):
        """Return a secret in the clear, ``""`` if there is none.

        :param str cipher: the field in which it is stored.
        :raise CredentialsError: when it cannot be decrypted.
        """
        stored = self.sudo()[cipher]  # sudo: secrets are readable nowhere else
        try:
            return crypto.decrypt(stored).decode() if stored else ""
        except crypto.BadKeyRing as error:
            raise CredentialsError(str(error), operation="token", code="key_ring") from None
        except crypto.Undecryptable:
            raise CredentialsError(operation="token", code="undecryptable") from None

    def _selling_partner(self, budget=None):
        """Return the client for this account, to be used as a context manager."""
        self.ensure_one()
        # sudo: the bucket is keyed by the client ID
        budget = budget or self.env["amazon.quota"]._budget(self.sudo())
        return SellingPartner(self._credentials(), self._endpoint(), budget=budget)

    def _key_ring_error(self, place):
        error = CredentialsError(str(place), code="key_ring")
        return UserError(say(self.env, explain(error, by_hand=True)[1]))

    def _connection_works(self):
        for account in self.filtered(lambda account: account.tested_state != "ok"):
            # sudo: written by jobs and by the test, shown read-only
            account.sudo().write(
                {
                    "tested_state": "ok",
                    "tested_message": False,
                    "connection_at": fields.Datetime.now(),
                }
            )

    def _connection_broken(self, message):
        """Keep what the test, or the consent page, has found. Who did that knows: nobody is asked to see to it.

        :param message: as :func:`..said.pack` takes it.
        """
        # sudo: see _connection_works
        self.sudo().write(
            {
                "tested_state": "broken",
                "tested_message": message,
                "connection_at": fields.Datetime.now(),
            }
        )

    def _assign_help(self):
        """Have an activity while the jobs cannot do without the responsible person; withdraw it when that is over."""
        for account in self.sudo():  # sudo: an account's activities belong to it, whoever sees them
            user = account.user_id or self.env.user
            account = account.with_context(lang=user.lang or "en_US", tz=user.tz)
            account._keep_activity(
                "mail_activity_connection",
                account.env._("Amazon refuses the connection"),
                account._broken_jobs()[:1].last_error or account._denied_text(),
            )
            # A mail of its own tells of this one.
            account.with_context(mail_activity_quick_update=True)._keep_activity(
                "mail_activity_standstill", account.env._("Amazon stands still"), account._standing_text()
            )

    def _keep_activity(self, name, summary, text):
        """Have one activity of a type while there is a reason for it, and none otherwise."""
        there = self.activity_search([f"sale_amazon_spapi.{name}"])
        if not text:
            there.unlink()
            return
        note = plaintext2html(text)
        if there:
            there.note = note
        else:
            self.activity_schedule(
                f"sale_amazon_spapi.{name}",
                self.marketplace_ids._today(),
                summary=summary,
                note=note,
                user_id=(self.user_id or self.env.user).id,
            )

    def _job(self, name):
        """Return one of the account's jobs.

        :param str name: which.
        :raise UserError: accounts of this kind have no such job.
        """
        self.ensure_one()
        job = self.job_ids.filtered(lambda job: job.name == name)
        if not job:
            words = dict(self.job_ids._fields["name"]._description_selection(self.env))
            raise UserError(self._not_of_its_kind(words[name]))
        return job

    # === BUSINESS METHODS: ACCESS === #

    @api.model
    def _others_show_all(self, model):
        """Tell whether the user's other groups show every record of a model: they let read it, and no rule of theirs
        narrows that, as it is with orders for Odoo's packers and accountants. Asked by the record rules of ours.

        :param str model: the model's name.
        :rtype: bool
        """
        # sudo: rights and rules are the administrator's
        env = self.sudo().env
        others = env.user.all_group_ids - env.ref("sale_amazon_spapi.group_amazon_readonly")
        readable = [("model_id.model", "=", model), ("perm_read", "=", True)]
        return bool(
            env["ir.model.access"].search_count([*readable, ("group_id", "in", [False, *others.ids])], limit=1)
            and not env["ir.rule"].search_count([*readable, ("groups", "in", others.ids)], limit=1)
        )

    # === BUSINESS METHODS: MAILS === #

    def _notification_addresses(self):
        """Return (what was entered, the address or False) for each of the addresses that are told.

        :rtype: list[tuple]
        """
        self.ensure_one()
        texts = [text.strip() for text in re.split("[,;、，；\n]", self.notification_emails or "") if text.strip()]
        return [(text, text.count("@") == 1 and usable_address(email_normalize(text))) for text in texts]

    def _responsible_address(self):
        """Return the address of the responsible person, normalized, or False."""
        return self.user_id.active and usable_address(email_normalize(self.user_id.email, strict=False))

    def _mail_recipients(self):
        """Return who is told of the confirmations: each address once, with the language to write in.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        languages = {}
        if address := self._responsible_address():
            languages[address] = self.user_id.lang
        bare = dict.fromkeys(address for _text, address in self._notification_addresses() if address)
        partners = self.env["res.partner"].search(
            [("email_normalized", "in", list(bare)), ("company_id", "in", [False, self.company_id.id])], order="id"
        )
        # Who has a login chose the language.
        for partner in partners.sorted(lambda partner: not partner.user_ids):
            bare[partner.email_normalized] = bare[partner.email_normalized] or partner.lang
        for address, lang in bare.items():
            languages.setdefault(address, lang)
        installed = dict(self.env["res.lang"].get_installed())
        ours = self.company_id._amazon_lang()
        return {address: lang if lang in installed else ours for address, lang in languages.items()}

    def _mail_pause(self, moment, minutes):
        """Return for how many seconds no further mail is due.

        :param str moment: the field that says when the last one went out.
        :param int minutes: that must lie between two of them.
        """
        self.ensure_one()
        if not self[moment]:
            return 0
        due = self[moment] + timedelta(minutes=minutes)
        return max((due - fields.Datetime.now()).total_seconds(), 0)

    def _mail_vals(self, address, subject, body):
        """Return a mail from the account's company, for Odoo's queue."""
        company = self.company_id
        # Without an address of the company's, Odoo's default is the sender.
        sender = {"email_from": company.email_formatted} if company.email_formatted else {}
        return {
            "subject": subject,
            "body_html": body,
            "email_to": address,
            "auto_delete": True,
            "state": "outgoing",
            "headers": repr(MAIL_HEADERS),
            "record_company_id": company.id,
            "record_alias_domain_id": company.alias_domain_id.id,
            **sender,
        }

    def _mail_everybody(self, text):
        """Queue a mail for everybody who is told, each in the own language, to be sent soon.

        :param text: called with a language; returns subject and body.
        """
        texts, mails = {}, []
        for address, lang in self._mail_recipients().items():
            if lang not in texts:
                texts[lang] = text(lang)
            mails.append(self._mail_vals(address, *texts[lang]))
        if mails:
            # sudo: mails are the addon's own; the queue is looked through once an hour only
            self.env["mail.mail"].sudo().create(mails)
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # === BUSINESS METHODS: JOBS === #

    def _fetch_orders(self, since=None, until=None):
        """Fetch what Amazon changed since the last run into the inbox; or, with `since`, a range of
        orders by order date, which leaves the cursor alone.

        :param datetime since: start of the range (UTC, naive).
        :param datetime until: end of the range (UTC, naive), default now.
        :return: the ``amazon.log`` rows.
        :raise UserError: when the range is longer than Amazon's seven days allow.
        """
        logs = self.env["amazon.log"]
        for account in self:
            if since:
                account._start_range(since, until)
                logs |= account._fetch_range()
            else:
                logs |= account._job("orders")._run(lambda run: run.env["amazon.order.update"]._fetch(run))
        return logs

    def _fetch_range(self):
        """Go on with the range that a person asked for; nothing when there is none."""
        logs = self.env["amazon.log"]
        for account in self:
            job = account._job("range")
            if job.sudo().open_search:  # sudo: jobs are the addon's own
                logs |= job._run(lambda run: run.env["amazon.order.update"]._fetch_range(run))
            else:
                job._close_abandoned()
                job._nothing_to_do()
        return logs

    def _fetch_missed(self):
        """Look at the last days once more, for what the search did not show when the import passed; see
        :meth:`amazon.order.update._wider_search`.

        :return: the ``amazon.log`` rows; none where the import has not read anything yet.
        """
        logs = self.env["amazon.log"]
        for account in self:
            if account._job("orders").cursor:
                logs |= account._job("missed")._run(lambda run: run.env["amazon.order.update"]._fetch_missed(run))
        return logs

    def _start_range(self, since, until=None):
        """Leave the search for a range of orders with the range job.

        :raise UserError: when the range is longer than seven days or ends before it starts.
        """
        self.ensure_one()
        end = until or fields.Datetime.now()
        if since >= end:
            raise UserError(self.env._("The range ends before it starts."))
        if end - since > timedelta(days=MAX_RANGE_DAYS):
            raise UserError(
                self.env._(
                    "A range can be at most %(days)s days long, this one has %(asked)s. Import it in several steps.",
                    days=MAX_RANGE_DAYS,
                    asked=-int(-(end - since).total_seconds() // 86400),
                )
            )
        search = SearchOrders(
            created_after=aware(fields.Datetime.to_datetime(since)),
            # Amazon takes "now" itself, and refuses what is less than two minutes ago.
            created_before=aware(end) if end < fields.Datetime.now() - timedelta(minutes=10) else None,
            marketplace_ids=tuple(self.marketplace_ids.mapped("api_ref")),
        )
        self._job("range")._start_search(search)

    def _import_orders(self, since=None, until=None):
        """Fetch, then build everything of this account's inbox: the whole import in one call.

        :return: the ``amazon.log`` rows.
        """
        logs = self._fetch_orders(since, until)
        for account in self:
            self.env["amazon.order.update"]._drain(account)
        return logs

    def _send_confirmations(self):
        """Tell Amazon of the deliveries that have left.

        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        return self._confirm("confirm", requested=False)

    def _send_requested(self):
        """Tell Amazon of the deliveries that a person asked to confirm, whether the job is started or not.

        :return: the ``amazon.log`` rows.
        """
        logs = self._confirm("confirm_by_hand", requested=True)
        # sudo: see _confirm
        Confirmation = self.env["amazon.confirmation"].sudo()
        for account in self:
            if not account.auto_confirm and Confirmation._is_requested(account):
                # The job that fetches results is stopped with the automatic one; what a person asked for goes on.
                logs |= account._fetch_results()
        return logs

    def _wake_results(self, seconds):
        """Wake whoever fetches results.

        :param float seconds: not before so many seconds from now.
        """
        for account in self:
            # sudo: jobs are the addon's own
            account._job("results" if account.auto_confirm else "confirm_by_hand").sudo()._trigger(seconds)

    def _confirm(self, name, requested):
        logs = self.env["amazon.log"]
        Confirmation = self.env["amazon.confirmation"].sudo()  # sudo: the outbox is the addon's own
        for account in self:
            if Confirmation._has_work(account, requested):
                logs |= account._job(name)._run(
                    # sudo: see above
                    lambda run: run.env["amazon.confirmation"].sudo()._send(run, requested)
                )
            else:
                account._job(name)._nothing_to_do()
        return logs

    def _fetch_results(self):
        """Fetch what Amazon says of the feeds it was sent, and of confirmations of which that cannot be told; send
        the result mails that are due.

        :return: the ``amazon.log`` rows; none where nothing is open.
        """
        logs = self.env["amazon.log"]
        # sudo: see _confirm
        Feed, Confirmation = self.env["amazon.feed"].sudo(), self.env["amazon.confirmation"].sudo()
        for account in self:
            if Feed._open_feeds(account, FEED_TYPE_FULFILLMENT):
                logs |= account._job("results")._run(
                    lambda run: run.env["amazon.confirmation"].sudo()._fetch_results(run)  # sudo: see _confirm
                )
            else:
                account._job("results")._nothing_to_do()
                # What was collected is mailed without a run that Amazon is called in.
                Confirmation._mail_news(account)
        return logs

    def _refresh_orders(self, refs):
        """Read single orders again and build them at once, whatever the version; no cursor moves. Commits what was
        read when something else could not be.

        :param list refs: Amazon's order ids, at most ``MAX_REFRESH``.
        :return: the ``amazon.order.update`` rows; one that could not be built carries the reason.
        :raise UserError: naming what could not be read, and why.
        """
        rows, failures = self._read_and_build(refs)
        if failures:
            raise UserError("\n".join(self._why_not_read(failures)))
        return rows

    @api.model
    def _why_not_read(self, failures):
        """Return a line for each reason, with the orders that it stands against.

        :param dict failures: what :meth:`_read_and_build` returned, maybe of several accounts.
        :rtype: list[str]
        """
        by_reason = defaultdict(list)
        for ref, reason in failures.items():
            by_reason[say(self.env, reason)].append(ref)
        return [f"{', '.join(refs)}: {reason}" for reason, refs in by_reason.items()]

    def _read_and_build(self, refs):
        """Do what :meth:`_refresh_orders` says.

        :return: (the rows, why by the id of what could not be read, as :func:`..said.pack` takes it).
        :rtype: tuple
        :raise UserError: when they are too many.
        """
        self.ensure_one()
        inbox = self.env["amazon.order.update"].sudo()  # sudo: the inbox is the addon's own
        if len(refs) > MAX_REFRESH:
            raise UserError(
                self.env._(
                    "At most %(most)s orders can be read again at once, these are %(count)s. Choose fewer, or import a"
                    " range.",
                    most=MAX_REFRESH,
                    count=len(refs),
                )
            )
        received, failures = self._read_orders(list(dict.fromkeys(refs)))
        rows = inbox._receive(self, received, forced=True)
        rows._build(self)
        older = inbox.search(
            [
                ("account_id", "=", self.id),
                ("order_ref", "in", rows.mapped("order_ref")),
                ("state", "in", OPEN),
                ("id", "not in", rows.ids),
            ]
        )
        older.try_lock_for_update()._superseded()
        inbox._trigger_builders(1)
        if failures and received:
            self.env["ir.cron"]._commit_progress()
        return rows, failures

    def _read_orders(self, refs):
        """Read orders from Amazon while a person waits.

        :return: (``ReceivedOrder`` values, why by the id of what could not be read).
        :rtype: tuple[list, dict]
        """
        received, failures, denied = [], {}, 0
        # All of them together may wait as long as a run may for one.
        budget = self.env["amazon.quota"]._budget(self, MAX_WAIT_SECONDS / max(len(refs), 1))
        left = deque(refs)
        try:
            with self._selling_partner(budget) as amazon:
                while left:
                    try:
                        received.append(amazon.orders.get(left[0]))
                        denied = 0
                    except AccessDenied as error:
                        denied += 1
                        if denied == TROUBLES:
                            raise
                        failures[left[0]] = explain(error, by_hand=True)[1]
                    except NotFound:
                        failures[left[0]] = _lt("Amazon knows no such order in this account.")
                    except (BadRequest, MalformedAnswer) as error:
                        failures[left[0]] = explain(error, by_hand=True)[1]
                    left.popleft()
        except SellingPartnerError as error:
            # What stands against one stands against the rest.
            failures |= dict.fromkeys(left, explain(error, by_hand=True)[1])
        return received, failures

    def _purge_personal_data(self):
        """Remove what Amazon's policy does not let us keep (M3)."""
        logs = self.env["amazon.log"]
        for account in self:
            logs |= account._job("privacy")._run(lambda run: run.env["sale.order"]._amazon_purge(run))
        return logs
