"""Feeds: many messages in one submission, from the document to what became of each (rule 2). What they carry belongs to
the model that their type names."""

import base64
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...const import CLOCKS, QUERY_AGAIN_MINUTES
from ...refusals import unreadable
from ...said import Said, say
from ...selling_partner import (
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
)
from ...times import aware
from .amazon_pages import CLOSED
from .run import RunOver
from .why import Why

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)


class FeedType(NamedTuple):
    """What a type of feed carries; see :meth:`AmazonFeed._declared`.

    :param model: the model of its messages, an heir of ``amazon.outbox`` that has its ``_feed…`` methods; its rows are
        sellers', because Amazon takes no feed for no marketplace.
    :param job: the job that goes on with one whose submission was cut off, whether a person has started others or not.
    :param content_type: of the document.
    :param suffix: of the names under which the document and its report are downloaded.
    :param parse: makes of a ``selling_partner`` document the report on it.
    :param at_once: so many of an account's may be at Amazon at a time. Where it is more than one, nothing may depend on
        which of them Amazon processes first.
    :param keeps: one that was cut off before Amazon knew of it goes later as it is; else what it carries is sent anew.
    """

    model: str
    job: str
    content_type: str
    suffix: str
    parse: Callable
    at_once: int = 1
    keeps: bool = True


# A feed that nobody has finished: no other of its type is sent meanwhile. What was lost on the way could not be told
# from what went after it.
UNSENT = ("prepared", "submitting")
AT_AMAZON = ("submitted", "asking")
# Amazon keeps reports for 28 days; a report that cannot be read is fetched so often.
READS = 3
# Messages whose outcome is written in one transaction.
CHUNK = 500
KEEP_DAYS = 90
# Amazon takes minutes for a feed, hours on bad days.
LATE_HOURS = 12


class AmazonFeed(models.Model):
    """One submission to Amazon's Feeds API."""

    _name = "amazon.feed"
    _description = "Amazon Feed"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.pages"]
    _order = "id desc"
    _rec_name = "feed_ref"

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    feed_type = fields.Selection([], required=True, readonly=True)
    state = fields.Selection(
        [
            ("prepared", "To Be Sent"),
            ("submitting", "Being Sent"),
            ("submitted", "At Amazon"),
            ("asking", "Asking for the Outcome"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="prepared",
        readonly=True,
    )
    status = fields.Char("Status at Amazon", readonly=True, help="Amazon's processingStatus")
    feed_ref = fields.Char("Feed ID", readonly=True, index="btree_not_null")
    found = fields.Boolean(
        readonly=True, help="The answer to its submission was lost; this feed was found at Amazon afterwards."
    )
    document_ref = fields.Char(readonly=True)
    report_ref = fields.Char(readonly=True)
    document = fields.Binary("What Was Sent", attachment=True, readonly=True)
    document_name = fields.Char(compute="_compute_names")
    report = fields.Binary("Amazon's Report", attachment=True, readonly=True)
    report_name = fields.Char(compute="_compute_names")
    message_count = fields.Integer("Entries", readonly=True)
    accepted_count = fields.Integer("Accepted", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    submitted_at = fields.Datetime("Sent on", readonly=True)
    ended_at = fields.Datetime("Ended on", readonly=True)
    retry_at = fields.Datetime(readonly=True)
    asked = fields.Integer(readonly=True)
    message = Said(readonly=True)

    alone = fields.Boolean(readonly=True, default=True, help="No other of its type may be at Amazon with it.")

    # One unsettled feed per account and type, whatever happens; of what may be there with others, one on its way.
    _unsettled_uniq = models.UniqueIndex(
        "(account_id, feed_type)"
        " WHERE state IN ('prepared', 'submitting') OR (alone AND state IN ('submitted', 'asking'))"
    )

    def _compute_names(self):
        for feed in self:
            name, suffix = feed.feed_ref or feed.id, feed._declaration().suffix
            feed.document_name, feed.report_name = f"{name}.{suffix}", f"{name}-report.{suffix}"

    # === WHAT TYPES THERE ARE === #

    @api.model
    def _declared(self):
        """Return the types of feeds there are. Whose messages they carry adds them here and to the field's selection.

        :rtype: dict[str, FeedType]
        """
        return {}

    def _declaration(self):
        self.ensure_one()
        return self._declared()[self.feed_type]

    def _messages(self, *names):
        """Return what the feed carries.

        :param names: of the fields that are read of all of them: of many, the others would fill the memory.
        """
        self.ensure_one()
        return self.env[self._declaration().model].search_fetch([("feed_id", "=", self.id)], names, order="id")

    def _open_messages(self):
        """Return those of which it is not known what became of them."""
        return self.env[self._declaration().model].search(
            [("feed_id", "=", self.id), ("channel", "=", "feed"), ("state", "in", ("sending", "unknown"))], order="id"
        )

    # === SENDING; run by a job that holds the lock of all who send this type === #

    @api.model
    def _of(self, account, feed_type, states):
        """Return an account's feeds of a type that are in one of these states."""
        return self.search(
            [
                ("account_id", "=", account.id),
                ("feed_type", "=", feed_type),
                ("state", "in", states),
            ]
        )

    def _now(self):
        """Return those that may be worked on now."""
        now = fields.Datetime.now()
        return self.filtered(lambda feed: not feed.retry_at or feed.retry_at <= now)

    @api.model
    def _unsent(self, account, feed_type):
        """Return the feeds of a type that are not at Amazon yet, and may be worked on now."""
        return self._of(account, feed_type, UNSENT)._now()

    @api.model
    def _has_room(self, account, feed_type):
        """Tell whether another feed of a type may go."""
        at_once = self._declared()[feed_type].at_once
        return not self._of(account, feed_type, UNSENT) and len(self._of(account, feed_type, AT_AMAZON)) < at_once

    @api.model
    def _send(self, run, feed_type, rows):
        """Send messages as one feed.

        :param rows: of the type's model, all of them fit to be sent; what does not fit waits for the next.
        """
        account = run.account
        if not rows:
            return
        if not self._has_room(account, feed_type):
            rows._hold(Why("feed", self.env._("Waits until Amazon is through with the feed before.")))
            run.commit()
            return
        rows, document = rows._feed_document(account)
        if not rows:
            run.commit()
            return
        feed = self.create(
            {
                "account_id": account.id,
                "feed_type": feed_type,
                "message_count": len(rows),
                "alone": self._declared()[feed_type].at_once == 1,
            }
        )
        rows._mark_sending("feed", run.log, feed_id=feed.id)
        feed.document = base64.b64encode(document)
        run.commit()
        feed._submit(run)

    @api.model
    def _submit_unsent(self, run, feed_type):
        """Go on with what an earlier run has begun: it is certain that nobody else does."""
        for feed in self._unsent(run.account, feed_type):
            if feed.state == "submitting":
                feed._find(run)
            if feed.state == "prepared" and feed._declaration().keeps:
                feed._submit(run)
            elif feed.state == "prepared":
                feed._take_back()
                run.commit()

    def _take_back(self):
        """Have what this carries sent otherwise. Nothing of it is at Amazon, as far as Amazon says, which is why it
        need not be kept."""
        # Looked for in vain: Amazon may have it all the same, and come to it later.
        rows, lost = self._messages(), bool(self.asked)
        self.unlink()
        for some in rows._chunks(CHUNK):
            some._feed_taken_back(lost)
            self.env.flush_all()
            self.env.invalidate_all()

    def _submit(self, run):
        """Upload the document and have Amazon process it.

        :param run: the :class:`.run.Run`.
        :raise SellingPartnerError: the feed stays as far as it has come, unless a marketplace was denied.
        """
        self.ensure_one()
        content, content_type = base64.b64decode(self.document), self._declaration().content_type
        marketplaces = self._messages("marketplace_id").marketplace_id.mapped("api_ref")
        try:
            document = run.amazon.feeds.create_document(content_type)
            run.amazon.feeds.upload(document.url, content, content_type)
        except BadRequest as error:
            # After other errors, also an answer that cannot be read, the next run starts with a new document: Amazon
            # knows of no feed before createFeed.
            self._refused(run, _lt("The document could not be handed over: %s", str(error)))
            return
        self.write(
            {
                "state": "submitting",
                "document_ref": document.document_id,
                "submitted_at": fields.Datetime.now(),
                "asked": 0,
                "retry_at": False,
            }
        )
        run.commit()
        self._create_feed(run, marketplaces)

    def _create_feed(self, run, marketplaces):
        """Have Amazon process the document that was uploaded.

        :param list marketplaces: their ids at Amazon.
        :raise SellingPartnerError: as :meth:`_submit`.
        """
        try:
            feed_ref = run.amazon.feeds.create(self.feed_type, marketplaces, self.document_ref)
        except (QuotaExceeded, CredentialsError):
            self._back_to_prepared(run)
            raise
        except (RetryLater, MalformedAnswer) as error:
            if not error.sent:
                self._back_to_prepared(run)
            raise
        except AccessDenied as error:
            self._back_to_prepared(run)
            if len(run.account.marketplace_ids) < 2:
                raise
            self._give_way(run, error)
            return
        except BadRequest as error:
            self._refused(run, _lt("Amazon refuses the feed: %s", str(error)))
            return
        self._submitted(run, feed_ref)

    def _back_to_prepared(self, run):
        self.write({"state": "prepared", "found": False})
        run.commit()

    def _give_way(self, run, error):
        """It may be one marketplace that Amazon denies: each has a feed of its own then, and what is denied alone keeps
        nothing of the others waiting. Nothing of this feed is at Amazon, which is why it need not be kept.

        :param AccessDenied error: what Amazon said.
        :raise AccessDenied: that one marketplace was denied, when the others have gone.
        """
        feed_type, rows, denied = self.feed_type, self._messages(), None
        self.unlink()
        by_marketplace = rows.grouped("marketplace_id")
        if len(by_marketplace) == 1:
            rows._not_sent(error)
            run.commit()
            raise error
        rows._feed_taken_back()
        for of_one in by_marketplace.values():
            try:
                self._send(run, feed_type, of_one)
            except AccessDenied as refusal:
                denied = refusal
        if denied:
            raise denied

    def _submitted(self, run, feed_ref):
        self.write({"state": "submitted", "feed_ref": feed_ref, "status": "IN_QUEUE", "asked": 0, "retry_at": False})
        self._messages()._feed_submitted(self, run)
        run.commit()

    def _refused(self, run, message):
        """The submission has failed for good."""
        run.log.refused += self.message_count
        run.log._note(message)
        self._failed(message)

    def _find(self, run):
        """Look whether Amazon has the feed whose submission was cut off; if not, look again, then send it again."""
        self.ensure_one()
        since = self.submitted_at - timedelta(minutes=CLOCKS)
        page = run.amazon.feeds.search([self.feed_type], since=aware(since))
        refs = [feed.feed_id for feed in page.feeds]
        known = self.search([("account_id", "=", self.account_id.id), ("feed_ref", "in", refs)]).mapped("feed_ref")
        found = [feed for feed in page.feeds if feed.feed_id not in known]
        if found:
            # The one that was created first after we asked for it; it may be another program's.
            self.found = True
            self._submitted(run, min(found, key=lambda feed: (feed.created is None, feed.created)).feed_id)
        elif self.asked < len(QUERY_AGAIN_MINUTES):
            minutes = QUERY_AGAIN_MINUTES[self.asked]
            self._query_after(minutes)
            self.account_id._job(self._declaration().job)._trigger(60 * minutes)
            run.commit()
        else:
            self._back_to_prepared(run)

    def _query_after(self, minutes, **values):
        """Query Amazon once more after a pause.

        :param int minutes: how long.
        """
        again = fields.Datetime.now() + timedelta(minutes=minutes)
        self.write({"asked": self.asked + 1, "retry_at": again, **values})

    def _failed(self, message):
        """Amazon has nothing of this feed.

        :param message: why, as :func:`...said.pack` takes it.
        """
        self.write(
            {
                "state": "failed",
                "message": message,
                "ended_at": fields.Datetime.now(),
                "accepted_count": 0,
                "refused_count": self.message_count,
            }
        )
        for rows in self._open_messages()._chunks(CHUNK):
            rows._feed_failed(self, say(self.env, message))
        self._ended()

    # === RESULTS; run by a job of its own === #

    @api.model
    def _open_feeds(self, account, feed_type):
        """Return the feeds of a type that Amazon is to be asked about now."""
        return self._of(account, feed_type, AT_AMAZON)._now()

    @api.model
    def _at_amazon(self, account, feed_type):
        """Return the feeds of a type whose outcome is not known, whether they are due or not."""
        return self._of(account, feed_type, AT_AMAZON)

    @api.model
    def _fetch(self, run, feed_type):
        """Fetch what Amazon says of the account's feeds of a type.

        :param run: the :class:`.run.Run`.
        :return: whether Amazon is still at one.
        """
        account = run.account
        try:
            with run.calling():
                for feed in self._open_feeds(account, feed_type):
                    if feed.state == "submitted":
                        feed._query(run.amazon)
                    if feed.state == "asking":
                        feed._settle(run)
                    if feed.state in ("done", "failed"):
                        feed._messages()._stand_in(run.log)
                        run.log.accepted += feed.accepted_count
                        run.log.refused += feed.refused_count
                        run.commit()
        except RunOver:
            # Run by the job for what a person asks for, it has no cron that comes again soon.
            self._wake_for_results(run, feed_type)
            raise
        return self._wake_for_results(run, feed_type)

    @api.model
    def _wake_for_results(self, run, feed_type):
        """Wake whoever fetches results when the first of the feeds that are at Amazon is due.

        :return: whether there is one.
        """
        now, still = fields.Datetime.now(), self._at_amazon(run.account, feed_type)
        if still:
            due = min(feed.retry_at or now for feed in still)
            model = self.env[self._declared()[feed_type].model]
            model._feed_wake(run.account, max(60, (due - now).total_seconds()))
        # Whoever called may begin with a rollback.
        run.commit()
        return bool(still)

    def _query(self, amazon):
        """Ask how far Amazon is, and apply its report when it is through."""
        self.ensure_one()
        try:
            answer = amazon.feeds.get(self.feed_ref)
        except (BadRequest, NotFound):
            self._start_querying(_lt("Amazon does not know this feed; Amazon is asked for each entry."))
            return
        self.write({"status": answer.status, "report_ref": answer.result_document_id or False})
        self.env["ir.cron"]._commit_progress()
        if not answer.is_final:
            self._give_up_late(amazon, answer.status)
            return
        if answer.status == "DONE":
            self._read_report(amazon)
        elif answer.status == "CANCELLED":
            self._failed(_lt("The feed was cancelled at Amazon before it was processed."))
        else:
            self._start_querying(_lt("Amazon broke the feed off (FATAL); Amazon is asked for each entry."))

    def _give_up_late(self, amazon, status):
        """Others wait for this feed: when Amazon does not come to it, it is taken back; what Amazon does
        not come to the end of is asked for."""
        if not self._is_late():
            return
        if status == "IN_QUEUE":
            try:
                amazon.feeds.cancel(self.feed_ref)
                return
            except BadRequest as error:
                _logger.info("a feed cannot be taken back: %s", type(error).__name__)
        self._start_querying(
            _lt("Amazon has not finished this feed for %s hours; Amazon is asked for each entry.", LATE_HOURS)
        )

    def _is_late(self):
        """Tell whether others have waited for this feed long enough."""
        return self.submitted_at <= fields.Datetime.now() - timedelta(hours=LATE_HOURS)

    def _read_report(self, amazon):
        if not self.report_ref:
            self._start_querying(_lt("Amazon has no report on this feed; Amazon is asked for each entry."))
            return
        try:
            document = amazon.feeds.download_result(self.report_ref)
            report = self._declaration().parse(document)
        except MalformedAnswer as error:
            self._read_again(unreadable(error))
            return
        except BadRequest as error:
            self._read_again(str(error))
            return
        self.report = base64.b64encode(document.content)
        self._messages()._feed_results(self, report)

    def _read_again(self, why):
        """Fetch the report once more after a pause; when that does not help, the orders themselves tell."""
        if self.asked < READS:
            self._query_after(QUERY_AGAIN_MINUTES[0], message=why)
            self.env["ir.cron"]._commit_progress()
        else:
            self._start_querying(_lt("Amazon's report cannot be read (%s); Amazon is asked for each entry.", why))

    def _done(self, **values):
        messages = self.env[self._declaration().model]
        accepted = messages.search_count([("feed_id", "=", self.id), ("accepted_at", "!=", False)])
        self.write(
            {
                "state": "done",
                "ended_at": fields.Datetime.now(),
                "retry_at": False,
                "accepted_count": accepted,
                "refused_count": self.message_count - accepted,
                **CLOSED,
                **values,
            }
        )
        self._ended()

    def _ended(self):
        """The next feed may go."""
        self.env[self._declaration().model]._feed_ended(self.account_id)
        self.env["ir.cron"]._commit_progress()

    # === WHAT NO REPORT TELLS === #

    def _start_querying(self, message, state="unknown"):
        """The outcome cannot be read: Amazon is asked for what the feed was to change.

        :param message: why, as :func:`...said.pack` takes it.
        :param str state: of the messages meanwhile.
        """
        self.write({"state": "asking", "message": message, "asked": 0, "retry_at": False})
        self._open_messages()._to_query(say(self.env, message), state)
        self.env["ir.cron"]._commit_progress()

    def _settle(self, run):
        """Ask Amazon what it has; twice more for what is missing, then a person has to look.

        :raise QuotaExceeded: the search goes on where it was.
        """
        self.ensure_one()
        self._open_messages()._feed_unclear(self, run)
        if not self._open_messages():
            self._done()
        elif self.asked < len(QUERY_AGAIN_MINUTES):
            self._query_after(QUERY_AGAIN_MINUTES[self.asked])
            self.env["ir.cron"]._commit_progress()
        else:
            # Of a feed that broke off, Amazon has not processed what it does not show; else only a person can find out.
            state = "rejected" if self.status == "FATAL" else "unknown"
            self._open_messages()._feed_given_up(self, state)
            self._done()

    # === CLEANING UP === #

    @api.autovacuum
    def _gc_documents(self):
        """Amazon forgets feeds after 90 days, too."""
        before = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search(Domain("ended_at", "<", before) & Domain("document", "!=", False)).write(
            {
                "document": False,
                "report": False,
            }
        )
