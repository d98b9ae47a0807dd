import logging
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...const import EMPTY_PAGES, STANDSTILL_MINUTES
from ...locks import MET, advisory_lock
from ...ours import OURS
from ...refusals import BROKEN
from ...said import Said, say
from ...selling_partner import BadRequest, SellingPartnerError, TokenRefused
from ...times import naive
from .amazon_quota import wake_at
from .run import Run, RunOver

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)


def _since(log):
    return _lt("running since %(time)s", time=log.started_at)


class Job(NamedTuple):
    """What an account's job is; see :meth:`AmazonJob._declared`.

    :param method: the account's method that does it.
    :param minutes: between two runs.
    :param priority: its cron's; what must be prompt has 0.
    :param kinds: the kinds of account that have it.
    :param switch: the account's field that starts and stops it; None: it runs by itself.
    :param lock: the job that it must not run beside, when that is another one.
    :param always: it runs for archived accounts, too.
    :param nightly: it runs at night by the marketplace's clock, not at once when it is started.
    :param reserve: so much of Amazon's quota it leaves to the other jobs.
    :param keeps_cursor: its searches go on from the job's cursor, which moves with their last page.
    :param on_request: it has something to do only where a person has asked for a search, which is given up when Amazon
        refuses it.
    :param shown: people who do not set up the account see what it does.
    :param waits: called with an account; tells whether something that it could not do waits for its next try.
    :param left: called with an account and a ``timedelta``; returns since when nobody has gone on with what it brings
        in, if that is longer ago.
    :param backlog: called with an account; returns how much of its work waits, and since when the oldest has (UTC),
        None where that is not known.
    :param progress: called with the ``amazon.log`` row of a run; says how far it is, as :func:`...said.say` takes it.
    """

    method: str
    minutes: int
    priority: int
    kinds: tuple = ("seller",)
    switch: str | None = None
    lock: str = ""
    always: bool = False
    nightly: bool = False
    reserve: int = 0
    keeps_cursor: bool = False
    on_request: bool = False
    shown: bool = False
    waits: Callable | None = None
    left: Callable | None = None
    backlog: Callable | None = None
    progress: Callable = _since


# The watch looks every five minutes: after a longer pause than this Odoo itself was down.
AWAY_MINUTES = 20
# Pauses after errors that go away by themselves, by the number of failures in a row.
PAUSE_MINUTES = (1, 2, 5, 10, 15, 30)
# The hour at which nightly jobs run, by the marketplace's clock.
NIGHT_HOUR = 3


def unexpected(error):
    """Say where an error that is not ours comes from. Its own text may carry personal data or secrets (a
    database's error quotes the row), so of it only the kind and the place are told.

    :param Exception error: what was raised.
    :return: what :func:`...said.say` says.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    # Whoever gets the report needs the lines of code; they stand here without the values in them.
    _logger.info("%s:\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return _lt(
        "Unexpected error %(kind)s in %(file)s, line %(line)s. Please report it.",
        kind=type(error).__name__,
        file=Path(place.filename).name,
        line=place.lineno,
    )


class AmazonJob(models.Model):
    """One job of one account. Jobs, not accounts, carry what changes while running, so that the
    jobs of one account never wait for each other."""

    _name = "amazon.job"
    _description = "Amazon Job"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.pages"]
    _order = "account_id, id"

    account_id = fields.Many2one("amazon.account", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Selection([], required=True, readonly=True)
    cron_id = fields.Many2one("ir.cron", readonly=True, ondelete="set null", copy=False)
    has_switch = fields.Boolean(compute="_compute_job_state")
    is_started = fields.Boolean(compute="_compute_job_state")
    job_state = fields.Selection(
        [("started", "Started"), ("stopped", "Stopped"), ("always", "By Itself")],
        "Status",
        compute="_compute_job_state",
    )
    cursor = fields.Datetime(readonly=True, help="Everything Amazon changed up to this moment (UTC) has been received.")
    warning = fields.Text(compute="_compute_warning", help="What a run that went well left out.")
    last_run = fields.Datetime(readonly=True)
    started_at = fields.Datetime(readonly=True)
    last_success = fields.Datetime(readonly=True, help="When it last did all there was to do.")
    last_error = Said(readonly=True)
    error_kind = fields.Selection(
        [
            ("later", "Amazon or the network is in trouble"),
            ("quota", "Waiting for Amazon's quota"),
            ("credentials", "Credentials refused"),
            ("access", "Access denied"),
            ("other", "Error"),
        ],
        readonly=True,
    )
    failures = fields.Integer("Failures in a Row", readonly=True)
    standing_since = fields.Datetime(
        readonly=True, help="It has not succeeded since, for so long that people were told of it."
    )

    _name_uniq = models.UniqueIndex("(account_id, name)")

    # === WHAT JOBS THERE ARE === #

    @api.model
    def _declared(self):
        """Return the jobs there are. Whose work it is adds them here and to the field's selection.

        :rtype: dict[str, Job]
        """
        return {}

    @api.model
    def _switches(self):
        """Return the account's fields that start and stop jobs.

        :rtype: list[str]
        """
        return list(dict.fromkeys(job.switch for job in self._declared().values() if job.switch))

    @api.model
    def _declared_for(self, kind):
        """Return the jobs of an account of this kind.

        :param str kind: as the account's.
        :rtype: dict[str, Job]
        """
        return {name: job for name, job in self._declared().items() if kind in job.kinds}

    def _declaration(self):
        self.ensure_one()
        return self._declared()[self.name]

    # === COMPUTE METHODS === #

    @api.depends("name", "account_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        words = dict(self._fields["name"]._description_selection(self.env))
        for job in self:
            job.display_name = f"{job.account_id.name}: {words.get(job.name, '')}"

    @api.depends(lambda self: ("name", "account_id.active", *(f"account_id.{switch}" for switch in self._switches())))
    def _compute_job_state(self):
        for job in self:
            job.has_switch = bool(job._declaration().switch)
            job.is_started = job._is_started()
            if not job.is_started:
                job.job_state = "stopped"
            else:
                job.job_state = "started" if job.has_switch else "always"

    @api.depends_context("lang", "tz")
    def _compute_warning(self):
        self.warning = False

    # === ACTION METHODS === #

    def action_toggle(self):
        """Start the job when it is stopped, stop it when it is started."""
        for account, switch in {(job.account_id, job._declaration().switch) for job in self.filtered("has_switch")}:
            account.check_access("write")
            if not account[switch]:
                account._check_ready()
            account[switch] = not account[switch]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        jobs = super().create(vals_list)
        jobs._create_crons()
        return jobs

    def unlink(self):
        self.check_access("unlink")
        self._unlink_crons()
        return super().unlink()

    def _create_crons(self):
        for job in self:
            # A cron runs Python code, which only the administrator may write; here the code is ours.
            job.cron_id = (
                self.env["ir.cron"]
                .sudo()
                .create(
                    {
                        "name": f"Amazon: {job.name} ({job.account_id.name})",
                        "model_id": self.env["ir.model"]._get_id(self._name),
                        "state": "code",
                        "code": f"model.browse({job.id})._cron_run()",
                        "user_id": self.env.ref("base.user_root").id,
                        "interval_number": job._declaration().minutes,
                        "interval_type": "minutes",
                        "priority": job._declaration().priority,
                        "active": False,
                    }
                )
            )
        self._sync_crons()

    def _unlink_crons(self):
        # sudo: made under sudo, see _create_crons
        crons = self.sudo().cron_id
        actions = crons.ir_actions_server_id
        crons.unlink()
        actions.unlink()

    def _sync_crons(self):
        """Let the crons follow the account's switches. A running cron cannot be written to: then the
        switch alone stops it, which every round reads first."""
        for job in self.sudo():  # sudo: see _create_crons
            wanted = job._is_started()
            if job.cron_id and job.cron_id.active != wanted and job.cron_id.try_lock_for_update():
                job.cron_id.active = wanted
                if wanted and job._declaration().nightly:
                    job.cron_id.nextcall = job._next_night()

    def _next_night(self):
        """Return when it is night next where the account sells (UTC, naive); not for all accounts at once."""
        now = fields.Datetime.context_timestamp(self._in_its_language(), fields.Datetime.now())
        night = now.replace(hour=NIGHT_HOUR, minute=self.account_id.id % 60, second=0)
        night += timedelta(days=night <= now)
        return naive(night)

    def _is_started(self):
        """Tell whether the job may run by itself."""
        self.ensure_one()
        job, account = self._declaration(), self.account_id
        return job.always or (account.active and (not job.switch or bool(account[job.switch])))

    # === BUSINESS METHODS === #

    def _cron_run(self):
        """Run by the job's cron. Never raises: another account's trouble must not be this one's."""
        job = self.exists()
        if not job or not job._is_started():
            return
        account = job.account_id.with_company(job.account_id.company_id)
        getattr(account.with_context(amazon_cron=OURS), job._declaration().method)()
        job._close_abandoned()

    def _close_abandoned(self):
        """Say of runs whose process was killed that they are over, also when there was nothing to run for since."""
        logs = self._in_its_language().env["amazon.log"].sudo()  # sudo: the log is the addon's own
        if not logs.search_count([("job_id", "=", self.id), ("state", "=", "running")], limit=1):
            return
        with self._lock() as free:
            # Another process may just have ended its run: what was read before the lock was held is old.
            self.env["ir.cron"]._commit_progress()
            if free:
                logs._close_abandoned(self)
                self.env["ir.cron"]._commit_progress()

    def _trigger(self, seconds=0):
        """Wake the job's cron.

        :param float seconds: not before so many seconds from now.
        """
        for job in self:
            # sudo: see _create_crons
            cron = job.sudo().cron_id
            if cron:
                cron._trigger(at=wake_at(seconds) if seconds else None)

    # === BUSINESS METHODS: STANDING STILL === #

    @api.model
    def _cron_watch(self):
        """Tell of started jobs that have not succeeded for a while, whatever the reason: refusals, a cron that does
        not run, a process that was killed. Run by a cron of its own."""
        # sudo: crons are the administrator's
        watched_at = self.env.ref("sale_amazon_spapi.ir_cron_watch").sudo().lastcall
        if watched_at and watched_at < fields.Datetime.now() - timedelta(minutes=AWAY_MINUTES):
            # Odoo was down: each job has its turn first.
            return
        still = self.browse()
        for job in self.search([("account_id.active", "=", True), ("standing_since", "=", False)]):
            since = job._still_since()
            if since:
                job.sudo().standing_since = since  # sudo: jobs are the addon's own
                still |= job
                _logger.warning("%s of account %s has not succeeded since %s", job.name, job.account_id.id, since)
        self.env["amazon.account"]._warn_of_secrets()
        for account, jobs in still.grouped("account_id").items():
            account._assign_help()
            jobs._mail_standstill(account)

    def _still_since(self):
        """Return since when the job has not succeeded, when it should have long ago.

        :rtype: datetime
        """
        self.ensure_one()
        if not self._is_started():
            return False
        since = max(filter(None, (self.last_success, self.started_at, self.create_date)))
        return since if fields.Datetime.now() - since >= self._patience() else self._left_since()

    def _patience(self):
        """Return for how long nobody is told that the job has not succeeded.

        :rtype: timedelta
        """
        # sudo: a system parameter
        minutes = self.env["ir.config_parameter"].sudo().get_param("sale_amazon_spapi.standstill_minutes")
        return timedelta(minutes=max(int(minutes or STANDSTILL_MINUTES), 2 * self._declaration().minutes))

    def _left_since(self):
        """Return since when nobody has gone on with what the job brings in, which nobody would notice otherwise.

        :rtype: datetime
        """
        left = self._declaration().left
        return left and left(self.account_id, self._patience())

    def _mail_standstill(self, account):
        """Mail those who are told of the account's work that these jobs of it stand still."""
        account._mail_everybody(lambda lang: self.with_context(lang=lang, tz=account._zone())._standstill_text(account))

    def _standstill_text(self, account):
        """Return subject and body of the mail, in the context's language."""
        url = f"{account.get_base_url()}/mail/view?model={account._name}&res_id={account.id}"
        body = self.env["ir.qweb"]._render(
            "sale_amazon_spapi.standstill_mail",
            {"account": account, "texts": [say(self.env, job._standing_line()) for job in self], "url": url},
            minimal_qcontext=True,
        )
        return self.env._("Amazon stands still: %s", account.name), body

    def _standing_line(self):
        """Say since when the job has not succeeded, and what it reports."""
        unbuilt = not self.last_error and self._left_since()
        if unbuilt:
            return [
                _lt("Orders are received, but since %s none has been made of them.", unbuilt),
                _lt(
                    "Check that Odoo's scheduled actions run on the server, and that those that build Amazon's orders"
                    " are active."
                ),
            ]
        words = dict(self._fields["name"]._description_selection(self.env))
        return [
            _lt("%(job)s has not succeeded since %(time)s.", job=words[self.name], time=self.standing_since),
            self.last_error
            or _lt(
                "It does not run: check that Odoo's scheduled actions run on the server, and that this one is active."
            ),
        ]

    def _succeeded(self):
        """What went wrong before is over."""
        job = self.sudo()  # sudo: jobs are the addon's own
        was_told = job.standing_since or job.error_kind in BROKEN
        job.write(
            {
                "last_success": fields.Datetime.now(),
                "last_error": False,
                "error_kind": False,
                "failures": 0,
                "standing_since": job.standing_since and job._left_since(),
            }
        )
        if was_told:
            job.account_id._assign_help()

    def _nothing_to_do(self):
        """A job that has nothing to do is well, unless what it had to do waits because it failed."""
        job = self.sudo()  # sudo: jobs are the addon's own
        declared = job._declaration()
        waits = job.error_kind and declared.waits and declared.waits(job.account_id)
        recent = fields.Datetime.now() - timedelta(minutes=declared.minutes)
        if not waits and (job.last_error or not job.last_success or job.last_success <= recent):
            if job.try_lock_for_update():
                job._succeeded()

    def _forget_trouble(self):
        """What was known of these jobs says nothing any more: somebody has started or stopped them, or has changed
        what they are connected with."""
        self.sudo().write(
            {  # sudo: jobs are the addon's own
                "last_error": False,
                "error_kind": False,
                "failures": 0,
                "standing_since": False,
                "started_at": fields.Datetime.now(),
            }
        )
        self.account_id._assign_help()

    # === BUSINESS METHODS: RUNNING === #

    @contextmanager
    def _lock(self):
        """Hold the job's lock on a connection of its own, so that it lives through the run's commits and
        dies with the process.

        :return: whether the lock was free.
        """
        self.ensure_one()
        name = self._declaration().lock or self.name
        with advisory_lock(self.env.registry, f"amazon.job.{name}", self.account_id.id, wait=False) as free:
            yield free

    def _run(self, work):
        """Run `work` once, alone, logged, with every error told where a person sees it.

        :param work: called with the :class:`...run.Run`; commits as it goes; returns True when something is left for
            another run.
        :return: the ``amazon.log`` row, or none when the job is already running elsewhere.
        """
        self.ensure_one()
        self = self._in_its_language()
        with self._lock() as free:
            if not free:
                if self._declaration().lock:
                    # The job that holds the lock may have looked before there was something to do for this one.
                    self._trigger(1)
                return self.env["amazon.log"]
            # What was read before the lock was held is old.
            self.env["ir.cron"]._commit_progress()
            try:
                return self._run_alone(work)
            except MET:
                # Somebody wrote the job or its account at this moment; everything up to the last commit stands.
                self.env.cr.rollback()
                self._trigger()
                self.env["ir.cron"]._commit_progress()
                return self.env["amazon.log"]

    def _in_its_language(self):
        """Return the job with the language and the time zone in which it says what it has to say; a cron's own are
        OdooBot's."""
        account = self.account_id
        return self.with_context(lang=account.company_id._amazon_lang(), tz=account._zone())

    def _run_alone(self, work):
        """Do what :meth:`_run` says, with the lock held."""
        logs = self.env["amazon.log"].sudo()  # sudo: jobs and their logs are the addon's own
        logs._close_abandoned(self)
        log = logs.create({"account_id": self.account_id.id, "job_id": self.id, "job_name": self.name})
        self.sudo().last_run = fields.Datetime.now()
        budget = self.env["amazon.quota"]._budget(self.account_id, reserve=self._declaration().reserve)
        run = Run(self, log, budget)
        run.commit()
        try:
            state = "partial" if work(run) else "done"
        except RunOver:
            self._ended(run, "partial")
        except MET:
            # Two transactions met; everything up to the last commit stands, the cron comes again.
            self.env.cr.rollback()
            log._finish(run, "partial")
            self._trigger()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and stops no other job
            self.env.cr.rollback()
            self._failed(run, error)
        else:
            self._ended(run, state)
        run.commit()
        return log

    def _ended(self, run, state):
        """The run met no trouble.

        :param str state: the log's: ``done``, or ``partial`` when something is left.
        """
        self._succeeded()
        if run.budget.calls:
            self.account_id._connection_works()
        run.log._finish(run, state)

    def _failed(self, run, error):
        """Tell what went wrong, and come back when that makes sense."""
        if isinstance(error, SellingPartnerError):
            kind, message = self.account_id._explain(error)
        else:
            kind, message = "other", [unexpected(error)]
        if self._declaration().on_request and isinstance(error, BadRequest) and not isinstance(error, TokenRefused):
            # Asked again, Amazon would refuse it again.
            self._start_search(False)
            message = [*message, _lt("The import of this range does not go on.")]
        job = self.sudo()  # sudo: jobs are the addon's own
        stuck = kind == "quota" and job._has_empty_pages(EMPTY_PAGES)
        if stuck:
            message = [*message, _lt("Amazon gives one page after another without an order; nothing is lost.")]
        run.log._finish(run, "partial" if kind == "quota" else "failed", message)
        values = {"error_kind": kind, "last_error": message}
        if kind == "quota":
            if run.budget.answered and not stuck:
                # Amazon has answered: it gets on as fast as the quota allows, and does not stand still.
                unbuilt = job.standing_since and job._left_since()
                values.update(last_success=fields.Datetime.now(), standing_since=unbuilt)
            job.write(values)
            self._trigger(error.retry_after)
        else:
            job.write({**values, "failures": job.failures + 1})
            if kind == "later":
                self._trigger(60 * PAUSE_MINUTES[min(job.failures, len(PAUSE_MINUTES)) - 1])
            _logger.info("%s: %s (%s)", self.name, type(error).__name__, kind)
        self.account_id._assign_help()

    def _is_stopped(self):
        """Tell whether a person has stopped the job meanwhile.

        :rtype: bool
        """
        self.invalidate_recordset()
        self.account_id.invalidate_recordset(["active", *self._switches()])
        return not self._is_started()

    def _place(self, search, page):
        values = super()._place(search, page)
        if self._declaration().keeps_cursor and not page.next_token and page.reached:
            # Never later than now: should Amazon's clock or ours be wrong, orders are read twice and none is missed.
            values["cursor"] = min(naive(page.reached), fields.Datetime.now())
        return values
