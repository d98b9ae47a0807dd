import re
import unicodedata
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize, plaintext2html
from odoo.tools.translate import LazyTranslate

from ... import crypto
from ...notices import notice
from ...refusals import BROKEN, SELLER_CENTRAL, explain
from ...said import Said, say, with_line
from ...selling_partner import (
    Credentials,
    CredentialsError,
    Endpoint,
    SellingPartner,
    SellingPartnerError,
    endpoint,
)

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
# What merchant tokens look like.
MERCHANT = re.compile(r"A[A-Z0-9]{9,19}")


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
    _amazon_looked_up_first = True
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
    test_trouble = Said(
        compute="_compute_test_trouble",
        store=True,
        copy=False,
        help="Why the last test found out nothing; what was known of the connection before still holds",
    )
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
    auto_finance = fields.Boolean("Fetch Finances", copy=False, tracking=True)
    auto_invoice = fields.Boolean("Make Invoices", copy=False, tracking=True)
    auto_settlement = fields.Boolean("Fetch Settlements", copy=False, tracking=True)
    auto_vendor = fields.Boolean("Direct Fulfillment", copy=False, tracking=True)
    job_ids = fields.One2many("amazon.job", "account_id", readonly=True)
    log_ids = fields.One2many("amazon.log", "account_id", readonly=True)
    job_error = fields.Text(compute="_compute_job_state")
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

    merchant_is_odd = fields.Boolean(
        compute="_compute_merchant_is_odd",
        help="The merchant token, which Amazon has not named, does not look like one",
    )
    mail_warning = fields.Char(compute="_compute_mail_warning", compute_sudo=True)

    _merchant_uniq = models.UniqueIndex(
        "(merchant_id, region, kind) WHERE active AND merchant_id IS NOT NULL",
        "There is an active account for this merchant, region and kind already.",
    )

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

    @api.depends(*CONNECTION)
    def _compute_test_trouble(self):
        self.test_trouble = False

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

    @api.depends("tested_message", "test_trouble", "connection_state", "job_ids.last_error", "job_ids.standing_since")
    @api.depends_context("lang", "tz")
    def _compute_connection_message(self):
        for account in self:
            account.connection_message = (
                account._broken_jobs()[:1].last_error
                or account._standing_text()
                or account.test_trouble
                or account.tested_message
            )

    @api.depends("kind", "merchant_id", "authorized_merchant_id")
    def _compute_merchant_is_odd(self):
        for account in self:
            account.merchant_is_odd = account.kind == "seller" and account._merchant_is_odd()

    def _broken_jobs(self):
        """Return the jobs that Amazon refuses something that a person must mend."""
        return self.job_ids.filtered(lambda job: job.error_kind in BROKEN)

    def _denied_text(self):
        """Say what Amazon denies while the rest goes on; what that may be, the jobs' rooms know."""
        return ""

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
                if field == "lwa_client_secret" and typed != account._readable(SECRETS[field]):
                    account._note_secret(bool(typed))
                # sudo: write-only for the manager
                account.sudo()[SECRETS[field]] = self._encrypt(typed) if typed else False
                if field == "refresh_token":
                    account.sudo().authorized_merchant_id = False

    def _readable(self, cipher):
        """Return a secret in the clear, ``""`` where there is none that can be read."""
        try:
            return self._decrypted(cipher)
        except CredentialsError:
            return ""

    def _encrypt(self, text):
        try:
            return crypto.encrypt(text.encode())
        except crypto.BadKeyRing as error:
            raise self._key_ring_error(error) from None

    @api.depends_context("lang", "tz")
    def _compute_job_state(self):
        for account in self:
            jobs = account.job_ids
            account.job_error = "\n".join(filter(None, jobs.mapped("last_error") + jobs.mapped("warning"))) or False

    @api.depends(
        lambda self: (
            "kind",
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
            if not all(value for _label, value in account._identity()):
                account.setup_step = "marketplaces"
            elif not all(value for _label, value in account._secrets()):
                account.setup_step = "credentials"
            elif account.connection_state not in ("ok", "standing"):
                account.setup_step = "test"
            elif not any(account[switch] for switch in switches):
                account.setup_step = "start"
            else:
                account.setup_step = "running"

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

    @api.constrains(
        *("kind", "auto_import", "auto_confirm", "auto_inventory"),
        *("auto_finance", "auto_invoice", "auto_settlement", "auto_vendor"),
    )
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
        # What was just typed must not be read back.
        accounts.invalidate_recordset(list(SECRETS))
        return accounts

    def write(self, vals):
        result = super().write(self._without_blanks(vals))
        if set(SECRETS) & set(vals):
            # What was just typed must not be read back.
            self.invalidate_recordset(list(SECRETS))
        if set(CONNECTION) & set(vals):
            self._broken_jobs()._forget_trouble()
        if {"active", *self.env["amazon.job"]._switches()} & set(vals):
            self.job_ids.filtered(lambda job: "active" in vals or job._declaration().switch in vals)._forget_trouble()
            self.job_ids._sync_crons()
            self._start_jobs(vals)
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

    def _source(self):
        """Return what says whose orders are read from where."""
        self.ensure_one()
        return self._merchant_ref(), self.region, self.environment, self.endpoint_url

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
                message, doubtful = getattr(self, f"_test_{self.kind}")(amazon)
        except SellingPartnerError as error:
            kind, message = self._explain(error, by_hand=True)
            if self.tested_state == "new" and not all(value for _label, value in self.sudo()._secrets()):
                # Why they are missing comes first.
                message = with_line(self, "tested_message", message)
            if kind in BROKEN:
                self._connection_broken(message)
            elif self.tested_state != "broken":
                # Whoever looks at the account later sees that the last test found out nothing, and why.
                # sudo: shown read-only
                self.sudo().write({"test_trouble": message, "connection_at": fields.Datetime.now()})
            self.env["ir.cron"]._commit_progress()
            raise UserError(say(self.env, message)) from error
        self._connection_works()
        # sudo: shown read-only
        self.sudo().tested_message = message
        self._try_again()
        return notice(say(self.env, message), "warning" if doubtful else "success")

    def _test_seller(self, amazon):
        """Ask Amazon where this seller sells.

        :param amazon: the ``selling_partner`` client.
        :return: (what is to be said, whether something of it needs a look).
        :raise UserError: when the merchant token is another seller's.
        """
        participations = amazon.sellers.get_marketplace_participations()
        here = {participation.marketplace_id for participation in participations if participation.participating}
        missing = self.marketplace_ids.filtered(lambda marketplace: marketplace.api_ref not in here)
        if missing:
            message = _lt("Connected, but you do not sell in: %s", ", ".join(missing.mapped("name")))
        else:
            message = _lt("Connected. Amazon knows you in: %s", ", ".join(self._names_of(participations)))
        return [message, *self._check_merchant()], bool(missing) or self._merchant_is_odd()

    def _test_vendor_df(self, amazon):
        """Sign in: what else a vendor's application may do, its jobs find out. As :meth:`_test_seller`."""
        amazon.sign_in()
        return [_lt("Amazon accepts the application and the refresh token.")], False

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
        jobs._trigger()
        self._assign_help()

    # === BUSINESS METHODS: CONNECTION === #

    def _check_ready(self):
        """Raise UserError naming what is still missing before Amazon can be called."""
        for account in self:
            if missing := account._still_missing():
                facts = {"account": account.name, "what": ", ".join(missing)}
                if account.sudo(False).has_access("write"):
                    raise UserError(self.env._("%(account)s: please enter %(what)s.", **facts))
                raise UserError(
                    self.env._("%(account)s is not set up yet. Ask your Amazon manager to enter %(what)s.", **facts)
                )

    def _still_missing(self):
        """Return the names of what has to be entered before Amazon can be called.

        :rtype: list[str]
        """
        # sudo: only whether there is one
        needed = self._identity() + self.sudo()._secrets()
        return [label for label, value in needed if not value]

    def _has_marketplaces(self):
        """Tell whether what belongs to an account of this kind is of a marketplace.

        :rtype: bool
        """
        return self.kind == "seller"

    def _identity(self):
        """Return what says who the account is at Amazon and has to be entered: (its name, the value).

        :rtype: list[tuple]
        """
        self.ensure_one()
        if self.kind != "seller":
            return []
        return [(self.env._("Merchant token"), self.merchant_id), (self.env._("Marketplaces"), self.marketplace_ids)]

    def _secrets(self):
        """Return what the account signs in with: (its name, the value as it is stored). To be called under sudo."""
        self.ensure_one()
        return [
            (self.env._("Client ID"), self.lwa_client_id),
            (self.env._("Client secret"), self.lwa_client_secret_cipher),
            (self.env._("Refresh token"), self.refresh_token_cipher),
        ]

    def _merchant_ref(self):
        """Return by what the account's orders are told from those of others, or False.

        :rtype: str | bool
        """
        self.ensure_one()
        return self.merchant_id

    def _selling_partner_ref(self):
        """Return by what Amazon's usage plans tell this account's calls from others' (beside the application).

        :rtype: str
        """
        self.ensure_one()
        return self.merchant_id or f"{self.kind} {self.id}"

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

    def _central(self):
        """Return Amazon's own pages for these people.

        :rtype: Central
        """
        return SELLER_CENTRAL

    def _explain(self, error, by_hand=False):
        """Say what went wrong with this account, as :func:`.refusals.explain` does."""
        return explain(error, by_hand, self._central())

    def _key_ring_error(self, place):
        error = CredentialsError(str(place), code="key_ring")
        return UserError(say(self.env, explain(error, by_hand=True)[1]))

    def _connection_works(self):
        for account in self.filtered(lambda account: account.tested_state != "ok" or account.test_trouble):
            # sudo: written by jobs and by the test, shown read-only
            account.sudo().write(
                {
                    "tested_state": "ok",
                    "tested_message": False,
                    "test_trouble": False,
                    "connection_at": fields.Datetime.now(),
                }
            )

    def _connection_broken(self, message):
        """Keep what the test, or the consent page, has found. Who did that knows: nobody is asked to see to it.

        :param message: as :func:`...said.pack` takes it.
        """
        # sudo: see _connection_works
        self.sudo().write(
            {
                "tested_state": "broken",
                "tested_message": message,
                "test_trouble": False,
                "connection_at": fields.Datetime.now(),
            }
        )

    def _assign_help(self):
        """Have an activity while the jobs cannot do without the responsible person; withdraw it when that is over."""
        for account in self._in_words_of_whoever_sees_to_it():
            account._keep_activity(
                "mail_activity_connection",
                account.env._("Amazon refuses the connection"),
                account._broken_jobs()[:1].last_error or account._denied_text(),
            )
            # A mail of its own tells of this one.
            account.with_context(mail_activity_quick_update=True)._keep_activity(
                "mail_activity_standstill", account.env._("Amazon stands still"), account._standing_text()
            )

    def _in_words_of_whoever_sees_to_it(self):
        """Yield these accounts one by one, in the language of whoever has their activities."""
        for account in self.sudo():  # sudo: an account's activities belong to it, whoever sees them
            user = account.user_id or self.env.user
            yield account.with_context(lang=user.lang or "en_US", tz=user.tz)

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
            user = self.user_id or self.env.user
            self.activity_schedule(
                f"sale_amazon_spapi.{name}",
                self.marketplace_ids._today(user),
                summary=summary,
                note=note,
                user_id=user.id,
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

    def _zone(self):
        """Return the time zone where the account is: its marketplace's; a vendor has none, so the responsible user's.

        :rtype: str
        """
        account = self.sudo()  # sudo: whoever is told a time need not read calendars
        company = account.company_id
        return (
            account.marketplace_ids[:1].tz
            or account.user_id.tz
            or company.partner_id.tz
            or company.resource_calendar_id.tz
            or "UTC"
        )

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
