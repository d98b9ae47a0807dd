"""What Amazon is told once, and asked about when in doubt (rule 2)."""

import logging
from collections import deque
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...const import ATTEMPTS, MAX_WAIT_SECONDS, QUERY_AGAIN_MINUTES, TROUBLES
from ...locks import CONFLICTS, MET
from ...said import say
from ...selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SellingPartnerError,
)
from .amazon_feed import CHUNK
from .amazon_job import unexpected
from .run import RunOver

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

API_STATUSES = [
    ("not_sent", "Not Sent"),
    ("sending", "Sending"),
    ("rejected", "Notification Failed"),
    ("unknown", "Result Not Fetched"),
    ("done", "Done"),
    ("error", "Error"),
]
FAILED = ("error", "rejected", "unknown")
# Amazon does not have it yet, as far as is known.
UNTOLD = ("not_sent", "sending", "unknown")
# Of several the worst shows.
WORST_FIRST = ("error", "rejected", "unknown", "sending", "not_sent", "done")
# Rows looked at in one transaction.
LOOK = 200
# What waits is looked at again by itself after so many minutes, should nothing have woken it.
WAIT_MINUTES = 15
# What was refused for lack of access is tried again by itself.
ACCESS_MINUTES = 15


def worst(states):
    """Return the API status that shows of several, False of none."""
    return next((state for state in WORST_FIRST if state in states), False)


class AmazonOutbox(models.AbstractModel):
    """Rows that Amazon is told of. Each is marked 連携中 and committed before the call, and the answer is recorded and
    committed after it; of one that was left marked, Amazon is asked what became of it.

    The heir has an ``account_id``, ``log_ids`` if a run's log is to lead to its rows, ``_operations`` (Amazon's names
    of the calls that tell and that query), and says what is its own by the methods below "what an heir says": those of
    feeds where it goes by feed, too, beside a ``_send_ready`` of its own that chooses the way.
    """

    _name = "amazon.outbox"
    _description = "Outbox to Amazon"

    _operations = ("", "")
    # The type of feed by which they go, too.
    _feed_type = None
    # Amazon may show something minutes later: it is asked again after so many.
    _query_again_minutes = QUERY_AGAIN_MINUTES

    state = fields.Selection(API_STATUSES, "API Status", required=True, default="not_sent", readonly=True)
    channel = fields.Selection([("direct", "Direct"), ("feed", "Feed")], "Sent", readonly=True)
    feed_id = fields.Many2one("amazon.feed", readonly=True, ondelete="set null", index="btree_not_null")
    told = fields.Json(readonly=True, help="What Amazon was told last")
    requested = fields.Boolean("Asked For", readonly=True, help="A person asked for it, whatever the phase")
    by_request = fields.Boolean(readonly=True, help="It was sent last because a person asked for it.")
    retry_at = fields.Datetime("Looked at Again", readonly=True)
    asked = fields.Integer(readonly=True, help="How often Amazon was asked whether it has the parcel")
    sent_at = fields.Datetime("Sent on", readonly=True)
    answered_at = fields.Datetime("Answered on", readonly=True)
    accepted_at = fields.Datetime("Accepted on", readonly=True)
    message = fields.Text(readonly=True, help="Amazon's own words, or why it waits")
    # Which reason it is that stands in the message.
    hint = fields.Char(readonly=True)
    warning = fields.Text("Amazon's Warning", readonly=True, help="What Amazon's report says of it besides the outcome")

    # === WHAT AN HEIR SAYS === #

    @api.model
    def _sender(self, account):
        """Return the job that sends what waits for this account now.

        :param account: the ``amazon.account``.
        """
        raise NotImplementedError

    def _facts(self):
        """Return what Amazon is told, in a form that can be stored and compared.

        :rtype: dict
        """
        raise NotImplementedError

    def _content(self):
        """Return what is told, or what is wrong with this.

        :return: (what :meth:`_deliver` takes, False, False), or (None, what is wrong, the hint that advice goes by).
        :rtype: tuple
        """
        raise NotImplementedError

    def _why_waiting(self):
        """Return why this is not told yet, or False.

        :rtype: Why | bool
        """
        raise NotImplementedError

    def _deliver(self, amazon, content):
        """Tell Amazon.

        :param amazon: the ``selling_partner`` client.
        :param content: what :meth:`_look` returned.
        :return: what :meth:`_delivered` needs of the answer.
        :raise SellingPartnerError: Amazon's answer, or none.
        """
        raise NotImplementedError

    def _shown_by(self, amazon):
        """Return what Amazon shows of this.

        :param amazon: the ``selling_partner`` client.
        :raise SellingPartnerError: Amazon's answer, or none; ``NotFound``: it knows nothing of it.
        """
        raise NotImplementedError

    def _learned(self, shown):
        """Write what follows of what Amazon shows of a row that is being sent.

        :param shown: what :meth:`_shown_by` returned, None: Amazon does not know it.
        """
        raise NotImplementedError

    def _feed_document(self, account):
        """Write what fits into one feed.

        :param account: the ``amazon.account``.
        :return: (the rows that are in it, its content).
        """
        raise NotImplementedError

    def _feed_submitted(self, feed, run):
        """Amazon has the feed with these.

        :param feed: the ``amazon.feed``.
        :param run: the :class:`.run.Run`.
        """
        raise NotImplementedError

    def _feed_taken_back(self, lost=False):
        """The feed with these was never handed over.

        :param bool lost: the answer to its submission was lost, and Amazon does not show it; it may come to it late.
        """
        raise NotImplementedError

    def _feed_failed(self, feed, message):
        """Amazon has nothing of the feed with these.

        :param feed: the ``amazon.feed``.
        :param str message: why.
        """
        raise NotImplementedError

    @api.model
    def _feed_ended(self, account):
        """A feed of an account is over: what waited for it may go.

        :param account: the ``amazon.account``.
        """
        self._look_again([("account_id", "=", account.id), ("state", "=", "not_sent")])

    @api.model
    def _feed_wake(self, account, seconds):
        """Wake whoever fetches the results, not before so many seconds from now."""
        raise NotImplementedError

    def _feed_unclear(self, feed, run):
        """Ask Amazon which of these it has.

        :param feed: the ``amazon.feed`` in which they went.
        :param run: the :class:`.run.Run`.
        :raise QuotaExceeded: the search goes on where it was.
        """
        raise NotImplementedError

    def _feed_given_up(self, feed, state):
        """Amazon was asked in vain for these.

        :param feed: the ``amazon.feed`` in which they went.
        :param str state: theirs from now on.
        """
        raise NotImplementedError

    def _feed_outcome(self, message="", codes=()):
        """Return what else is written with what a report says of these.

        :param str message: Amazon's words, when it refuses them.
        :param codes: its codes, likewise.
        :rtype: dict
        """
        return {}

    # === WHAT THERE IS TO DO === #

    @api.model
    def _due(self, account, requested=False):
        """Return the domain of what may be sent now.

        :param bool requested: only what a person asked for.
        """
        domain = Domain("account_id", "=", account.id) & self._now()
        # Without access nothing was sent: it is tried again when its time has come.
        domain &= Domain("state", "=", "not_sent") | (
            Domain("state", "=", "rejected") & Domain("retry_at", "!=", False)
        )
        return domain & Domain("requested", "=", True) if requested else domain

    @api.model
    def _unclear(self, account):
        """Return the domain of what was being sent when the answer or the process was lost."""
        return (
            Domain("account_id", "=", account.id)
            & Domain("state", "=", "sending")
            & Domain("channel", "!=", "feed")
            & self._now()
        )

    @api.model
    def _now(self):
        return Domain("retry_at", "=", False) | Domain("retry_at", "<=", fields.Datetime.now())

    @api.model
    def _has_work(self, account, requested):
        """Tell whether a run would find anything to do."""
        return bool(self.search_count(self._due(account, requested) | self._unclear(account), limit=1))

    @api.model
    def _is_open_for(self, account):
        """Tell whether anything waits to be sent or to be asked for."""
        return bool(self.search_count([("account_id", "=", account.id), ("retry_at", "!=", False)], limit=1))

    @api.model
    def _backlog(self, account):
        """Return how many rows Amazon does not have yet, and since when the oldest is here (UTC, None: there is none).

        :param account: the ``amazon.account``.
        :rtype: tuple
        """
        untold = [("account_id", "=", account.id), ("state", "in", UNTOLD)]
        [(count, since)] = self._read_group(untold, aggregates=["__count", "create_date:min"])
        return count, since or None

    # === MOVES === #

    def _to_send(self, **values):
        """Have these told, and forget what stood against it."""
        self.write({"state": "not_sent", "retry_at": False, "message": False, "hint": False, "asked": 0, **values})

    def _hold(self, reason, minutes=WAIT_MINUTES):
        """Leave these waiting, saying for what; looked at again when that changes, and now and then."""
        again = fields.Datetime.now() + timedelta(minutes=minutes)
        self.write({"message": reason, "hint": getattr(reason, "hint", False), "retry_at": again})

    def _mark_sending(self, channel, log=None, **values):
        """Mark rows as being sent; to be committed before Amazon is called.

        :param log: the run's ``amazon.log`` row.
        """
        self._stand_in(log)
        for rows in self._chunks(CHUNK):
            for row in rows:
                row.told = row._facts()
            for requested, same in rows.grouped("requested").items():
                same.write(
                    {
                        "state": "sending",
                        "channel": channel,
                        "sent_at": fields.Datetime.now(),
                        "by_request": requested,
                        "retry_at": False,
                        "asked": 0,
                        "message": False,
                        "hint": False,
                        **values,
                    }
                )
            if len(self) > CHUNK:
                # Of many, not all are kept in memory.
                self.env.flush_all()
                self.env.invalidate_all()

    def _accepted(self, message=False, **values):
        """Amazon has accepted these.

        :param str message: what is worth knowing besides.
        """
        self._done(message=message, **values)

    def _done(self, **values):
        """Amazon has these, whoever told it: nobody need hear of it."""
        now = fields.Datetime.now()
        self.write(
            {
                "state": "done",
                "answered_at": now,
                "accepted_at": now,
                "message": False,
                "hint": False,
                "retry_at": False,
                "asked": 0,
                "requested": False,
                **values,
            }
        )

    def _refused(self, state, message, hint=False, **values):
        """Amazon does not have these, or we do not know.

        :param str state: ``error``, ``rejected`` or ``unknown``.
        """
        self.write(
            {
                "state": state,
                "answered_at": fields.Datetime.now(),
                "message": message,
                "hint": hint or False,
                "retry_at": False,
                "asked": 0,
                "requested": False,
                **values,
            }
        )

    def _to_query(self, message, state="unknown"):
        """What Amazon has answered on these cannot be read: it is queried what it has.

        :param str message: why.
        :param str state: meanwhile: ``unknown`` or ``sending``.
        """
        self.write({"state": state, "message": message, "hint": False, "retry_at": False, "asked": 0})

    def _query_later(self, asked=None):
        """Ask after a pause that grows: Amazon may show something minutes later.

        :param int asked: how often it was asked; None: as often as before.
        """
        asked = self.asked if asked is None else asked
        minutes = self._query_again_minutes[asked - 1] if asked else 1
        self.write({"asked": asked, "retry_at": fields.Datetime.now() + timedelta(minutes=minutes)})

    def _to_look_at(self):
        """Have these looked at now; what stood against them is shown until then."""
        self.write({"state": "not_sent", "retry_at": False})

    def _wake(self):
        """Look at these soon."""

    @api.model
    def _look_again(self, domain, hint=None):
        """Something has changed that rows may have waited for, or that was wrong with them.

        :param list domain: which rows it concerns.
        :param str hint: what Amazon may have found wrong with them, and has been corrected now.
        """
        waiting = Domain("state", "=", "not_sent") & Domain("retry_at", "!=", False)
        never_sent = Domain("sent_at", "=", False) | Domain("hint", "in", [hint] if hint else [])
        wrong = Domain("state", "=", "error") & never_sent
        # sudo: the outbox is the addon's own, whoever changes orders and settings
        rows = self.sudo().search(Domain(domain) & (waiting | wrong))
        if rows:
            rows._to_look_at()
            rows._wake()

    # === SENDING === #

    @api.model
    def _send(self, run, requested=False):
        """Send what may be sent; run by a job that holds the account's lock.

        :param run: the :class:`.run.Run`.
        :param bool requested: only what a person asked for.
        """
        account = run.account
        rows = self.with_company(account.company_id).with_context(lang=account.company_id._amazon_lang())
        troubles, tried = [], set()
        try:
            with run.calling(), rows._raised_last(troubles):
                with rows._raised_later(troubles):
                    rows.env["amazon.feed"]._submit_unsent(run, self._feed_type)
                rows._send_all(run, requested, troubles, tried)
                with rows._raised_later(troubles):
                    rows._settle(run)
                # Those that turned out not to have reached Amazon are sent now.
                rows._send_all(run, requested, troubles, tried)
        finally:
            # However the run ends, it tells of what was committed, and of nothing that an error left half-done.
            if not self.env.cr.closed:
                self.env.cr.rollback()
                rows._sending_ended(account, requested)
                rows._wake_for_unclear(account)
                run.commit()

    @api.model
    def _sending_ended(self, account, requested):
        """A run that sent is over; what was committed stands.

        :param account: the ``amazon.account``.
        :param bool requested: as in :meth:`_send`.
        """

    @api.model
    def _send_all(self, run, requested, troubles, tried):
        """Send what may go; what comes meanwhile need not wait for the cron's next round.

        :param list troubles: gets the errors that do not concern the others.
        :param set tried: ids that this run is through with; gets those that it has sent.
        """
        while ready := self._ready(run, requested, tried):
            tried.update(ready)
            self._send_ready(run, ready, troubles)

    @api.model
    def _send_ready(self, run, ready, troubles):
        """Send what may go now.

        :param dict ready: what is told, by id.
        :param list troubles: as in :meth:`_send_all`.
        """
        refused = run.log.refused
        try:
            for ids in self._in_turn(run, ready):
                self._send_each(run, ids, troubles)
        except RunOver:
            self._count_wrong(run, ready, refused)
            raise
        self._count_wrong(run, ready, refused)

    @api.model
    def _in_turn(self, run, ready):
        """Yield the ids of what is to be sent now, as many as are sent after one another.

        :param dict ready: what is told, by id.
        """
        yield list(ready)

    @contextmanager
    def _raised_last(self, troubles):
        """Raise the first of the troubles at the end, also when the run is over before its time."""
        try:
            yield
        except RunOver:
            if not troubles:
                raise
        if troubles:
            raise troubles[0]

    @contextmanager
    def _raised_later(self, troubles):
        """Let trouble with what is asked or handed over here wait until what else there is has been sent.

        :param list troubles: gets the error.
        """
        try:
            yield
        except SellingPartnerError as error:
            self.env.cr.rollback()
            self.env.invalidate_all()
            troubles.append(error)

    @api.model
    def _count_wrong(self, run, ready, refused):
        """Count in the run's log what was found wrong here only when others had gone.

        :param dict ready: what was to be sent, by id.
        :param int refused: what the log counted before.
        """
        wrong = self.search_count([("id", "in", list(ready)), ("state", "=", "error")])
        if refused + wrong > run.log.refused:
            run.log.refused = refused + wrong
            run.commit()

    @api.model
    def _ready(self, run, requested, tried, only=Domain.TRUE, most=None):
        """Look at everything that is due; say on each row that may not go why, and return what is told of the others.

        This decides which way each goes. Whether it still may is looked at when it is locked, which is minutes later
        where Amazon takes only so many at a time.

        :param set tried: ids that this run is through with.
        :param Domain only: which of them are looked at.
        :param int most: so many that may go are enough; None: all.
        :return: what is told, by id.
        :rtype: dict
        """
        ready, last = {}, 0
        while True:
            # What was committed elsewhere since is seen, too.
            run.commit()
            limit = LOOK if most is None else min(LOOK, most - len(ready))
            due = self._due(run.account, requested) & only & Domain("id", ">", last)
            rows = limit and self.search(due, limit=limit, order="id")
            if not rows:
                return ready
            last = rows[-1].id
            ready |= rows.filtered(lambda row: row.id not in tried)._look_in(run)
            self.env.flush_all()
            self.env.invalidate_all()

    def _look_in(self, run):
        """Look at these rows, and count in the run's log what is wrong.

        :return: what is told, by the ids of those that may be sent now.
        :rtype: dict
        """
        good = self._look_all()
        wrong = (self - self.browse(good)).filtered(lambda row: row.state == "error")
        wrong._stand_in(run.log)
        run.log.refused += len(wrong)
        return good

    def _look_all(self):
        """Look at these rows; one that cannot be looked at keeps no other from being sent.

        :return: as :meth:`_look_in`.
        :rtype: dict
        """
        try:
            ready = {row.id: content for row in self if (content := row._look())}
            self.env.flush_all()
            return ready
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told on the row
            self.env.cr.rollback()
            self.env.invalidate_all()
            if len(self) > 1:
                return {row_id: content for row in self for row_id, content in row._look_all().items()}
            self._refused("error", say(self.env, unexpected(error)))
            self.env["ir.cron"]._commit_progress()
            return {}

    def _look(self):
        """Return what is told of this now, or None; where it may not be sent, the row says why."""
        self.ensure_one()
        content, wrong, hint = self._content()
        if wrong:
            self._refused("error", wrong, hint)
            return None
        waits = self._why_waiting()
        if waits:
            self._hold(waits)
            return None
        return content

    @api.model
    def _send_each(self, run, ids, troubles):
        """Send one after the other.

        :param list troubles: as in :meth:`_send_all`.
        """
        denied, beyond = 0, 0
        ids = deque(self._denied_last(ids))
        while ids:
            row_id = ids.popleft()
            row, content = self._locked(row_id)
            row, content = row._cleared(run, content, troubles) if row else (row, content)
            if not row:
                continue
            try:
                answered, denied, beyond = row._mark_and_send(run, content), 0, 0
            except AccessDenied as error:
                # It may be this one alone that Amazon denies.
                answered, denied = True, denied + 1
                if denied >= TROUBLES:
                    raise
                troubles.append(error)
            except QuotaExceeded as error:
                if row.state != "not_sent" or error.retry_after > MAX_WAIT_SECONDS or beyond >= TROUBLES:
                    raise
                # It is tried at once, and the budget waits a second or two for the token: a cron that is woken for then
                # comes a minute later.
                answered, beyond = True, beyond + 1
                ids.appendleft(row_id)
            if answered:
                row._count_in(run.log)
            run.count(answered, self._operations[0])
            run.checkpoint(1)

    @api.model
    def _denied_last(self, ids):
        """Return the ids with those of rows last to which Amazon has denied access before: they keep no others."""
        denied = set(self.search([("id", "in", ids), ("state", "=", "rejected")]).ids)
        return sorted(ids, key=lambda row_id: (row_id in denied, row_id))

    @api.model
    def _locked(self, row_id):
        """Return the row, locked, and what is told of it, if it may be sent as it is now; else none."""
        # What was read before does not count: a person may just have changed the row.
        self.env.cr.rollback()
        self.env.invalidate_all()
        row = self.browse(row_id).try_lock_for_update()
        if row and row._is_sendable() and (content := row._look()):
            return row, content
        self.env["ir.cron"]._commit_progress()
        return self.browse(), None

    def _is_sendable(self):
        """Tell whether this is to be sent by a call of its own."""
        return self.state in ("not_sent", "rejected")

    def _cleared(self, run, content, troubles):
        """Return the locked row and what is told of it, when all is known that must be known before it is sent."""
        return self, content

    def _is_there_already(self):
        """Tell whether Amazon says that it has this although it was never told: then it is only asked."""
        return False

    def _mark_and_send(self, run, content):
        """Mark a row, commit, and send it.

        :param content: what :meth:`_look` returned.
        :return: whether there was an answer.
        :raise SellingPartnerError: as :meth:`_send_one`.
        """
        there = self._is_there_already()
        self._mark_sending("direct", run.log)
        run.commit()
        return self._query(run.amazon) if there else self._send_one(run.amazon, content)

    def _send_one(self, amazon, content):
        """Send a row that is marked, and write what Amazon answers.

        :param content: what :meth:`_look` returned.
        :return: whether there was an answer.
        :raise SellingPartnerError: what may concern not only this row: quota, credentials, access.
        """
        self.ensure_one()
        try:
            answer = self._deliver(amazon, content)
        except (QuotaExceeded, CredentialsError, AccessDenied) as error:
            self._record("_not_sent", error)
            raise
        except (RetryLater, MalformedAnswer) as error:
            if not error.sent:
                self._record("_not_sent", error)
                raise
            self._record("_in_doubt")
            return False
        except BadRequest as error:
            self._refusal(amazon, error)
        else:
            self._record("_delivered", answer)
        return True

    def _delivered(self, answer):
        """Amazon has taken this.

        :param answer: what :meth:`_deliver` returned.
        """
        self._sent_and("_accepted")

    def _refusal(self, amazon, error):
        """Write what Amazon refuses.

        :param BadRequest error: its answer.
        """
        self._record("_sent_and", "_refused", "error", error.message, error.hint)

    def _sent_and(self, method, *arguments):
        """It is certain now that this was sent; write what came of it."""
        getattr(self, method)(*arguments)

    def _in_doubt(self):
        """The answer was lost: Amazon is asked."""
        self._query_later(0)

    def _not_sent(self, error):
        """Nothing reached Amazon, or Amazon did nothing with it."""
        if isinstance(error, (AccessDenied, CredentialsError)):
            again = fields.Datetime.now() + timedelta(minutes=ACCESS_MINUTES)
            message = say(self.env, self.account_id[:1]._explain(error)[1])
            for requested, rows in self.grouped("requested").items():
                rows._refused("rejected", message, "access", retry_at=again, requested=requested)
        else:
            self._to_send()

    def _record(self, method, *arguments, **values):
        """Write an answer and commit. Who changes the row at the same moment must not make it get lost.

        :param str method: of the row as it is now.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.env.cr.rollback()
            self.env.invalidate_all()
            try:
                getattr(self.exists(), method)(*arguments, **values)
                self.env["ir.cron"]._commit_progress()
                return
            except CONFLICTS:
                # If it cannot be written at all, the row is still marked, and Amazon will be asked.
                if attempt == ATTEMPTS:
                    raise
                _logger.debug("an answer is written again")

    # === QUERYING === #

    @api.model
    def _settle(self, run):
        """Find out what became of the rows whose answer was lost: nobody works on them, for the lock is held here."""
        unclear, denied = self.search(self._unclear(run.account), order="id"), None
        if unclear:
            unclear._stand_in(run.log)
            # Committed now, because _record begins with a rollback.
            run.commit()
        for row in unclear:
            try:
                answered = row._query(run.amazon)
            except AccessDenied as error:
                # It may be this one alone: it is asked for again after a pause, the others go on.
                row._record("_query_later")
                answered, denied = False, error
            if answered:
                row._count_in(run.log)
            try:
                run.count(answered, self._operations[1])
            except RetryLater as error:
                raise denied or error from None
            run.checkpoint()
        if denied:
            raise denied

    def _query(self, amazon, learned="_learned", unanswered="_query_later"):
        """Ask Amazon for this, and write what follows.

        :param str learned: called with what Amazon shows, None: it does not know it.
        :param str unanswered: called when there was no answer.
        :return: whether there was an answer.
        :raise QuotaExceeded: the row stays as it is.
        """
        self.ensure_one()
        try:
            shown = self._shown_by(amazon)
        except (QuotaExceeded, CredentialsError, AccessDenied):
            raise
        except NotFound:
            shown = None
        except SellingPartnerError as error:
            _logger.info("cannot be asked now: %s", type(error).__name__)
            self._record(unanswered)
            return False
        self._record(learned, shown)
        return True

    @api.model
    def _wake_for_unclear(self, account):
        """Come back when the first of the unclear rows has to be asked for again."""
        first = self.search(
            [
                ("account_id", "=", account.id),
                ("state", "in", ("sending", "rejected")),
                ("retry_at", "!=", False),
                ("channel", "!=", "feed"),
            ],
            order="retry_at",
            limit=1,
        )
        if first:
            seconds = (first.retry_at - fields.Datetime.now()).total_seconds()
            self._sender(account)._trigger(max(seconds, 1))

    # === WHAT REPORTS ON FEEDS SAY === #

    def _feed_results(self, feed, report):
        """Write what the report says of each; what it does not say Amazon is asked for, one by one.

        :param feed: the ``amazon.feed`` of these.
        :param report: the ``selling_partner`` processing report.
        """
        if report.status == "Processing":
            feed._read_again(report.status)
            return
        errors, warnings = report.texts("error"), report.texts("warning")
        whole, remark = ("\n".join(dict.fromkeys(texts.pop(0, []))) for texts in (errors, warnings))
        known = {*errors, *warnings} <= set(self.ids)
        told_all = known and report.accounts_for(feed.message_count)
        if not feed.found or told_all:
            self._apply_named(feed, errors, warnings, report.codes())
        if whole and report.successful == 0 and not feed.found:
            feed._failed(whole)
            return
        if told_all and not feed.found:
            for rows in feed._open_messages()._chunks(CHUNK):
                rows._accepted(**rows._feed_outcome())
                self.env["ir.cron"]._commit_progress()
        if feed._open_messages():
            why = (
                _lt("It is not certain that Amazon's report is on this feed; Amazon is asked for each entry.")
                if feed.found
                else _lt("Amazon's report does not say what became of each entry; Amazon is asked for each.")
            )
            feed._start_querying(list(filter(None, (why, whole, remark))), state="sending")
        else:
            feed._done(message=remark or False)

    def _apply_named(self, feed, errors, warnings, codes):
        """Refuse the rows that the report refuses, and keep what it warns of.

        :param dict errors: Amazon's words by message id; those on no row of this feed are passed over.
        :param dict warnings: likewise.
        :param dict codes: Amazon's codes of errors by message id.
        """
        for rows in feed._open_messages()._chunks(CHUNK):
            for row in rows:
                row.warning = "\n".join(warnings.get(row.id, [])) or False
                if row.id in errors:
                    message = "\n".join(errors[row.id])
                    row._refused("error", message, **row._feed_outcome(message, codes[row.id]))
            self.env["ir.cron"]._commit_progress()

    # === THE RUN'S LOG === #

    def _stand_in(self, log):
        """Have the run's log lead to these, and back."""
        link = self._fields.get("log_ids")
        if not (self and log and link):
            return
        # In SQL: writing the field would read for each row what is linked to it already.
        self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s, %s) VALUES %s ON CONFLICT DO NOTHING RETURNING 1",
                SQL.identifier(link.relation),
                SQL.identifier(link.column1),
                SQL.identifier(link.column2),
                SQL(", ").join(SQL("(%s, %s)", row.id, log.id) for row in self),
            )
        )
        self.invalidate_recordset(["log_ids"], flush=False)
        log.invalidate_recordset([back.name for back in self.pool.field_inverses[link]], flush=False)

    def _count_in(self, log):
        """Count in the run's log what Amazon has answered."""
        log.accepted += self.state == "done"
        log.refused += self.state == "error"

    def _chunks(self, size):
        for start in range(0, len(self), size):
            yield self[start : start + size]
