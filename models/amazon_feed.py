"""Feeds: many confirmations in one submission, from the document to what became of each message (rule 2)."""

import base64
import logging
from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ..const import ASK_AGAIN_MINUTES
from ..refusals import unreadable
from ..said import Said, say
from ..selling_partner import (
    CONTENT_TYPE_XML,
    FEED_TYPE_FULFILLMENT,
    AccessDenied,
    BadRequest,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    QuotaExceeded,
    RetryLater,
    SearchOrders,
    fulfillment_feed,
    parse_order,
    parse_processing_report,
    split_feed,
)
from .amazon_pages import CLOSED
from .run import RunOver

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

FEED_TYPES = [(FEED_TYPE_FULFILLMENT, "Shipping Confirmations")]
# A feed that nobody has finished: no other of its type is sent meanwhile.
UNSENT = ("prepared", "submitting")
AT_AMAZON = ("submitted", "asking")
UNSETTLED = (*UNSENT, *AT_AMAZON)
# Amazon keeps reports for 28 days; a report that cannot be read is fetched so often.
READS = 3
# So many orders are asked for one by one, more by searching.
ONE_BY_ONE = 20
# Messages whose outcome is written in one transaction.
CHUNK = 500
KEEP_DAYS = 90
# Amazon takes minutes for a feed, hours on bad days.
LATE_HOURS = 12
# Amazon's clock may be so many minutes behind ours.
CLOCKS = 10


class AmazonFeed(models.Model):
    """One submission to Amazon's Feeds API."""

    _name = "amazon.feed"
    _description = "Amazon Feed"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.pages"]
    _order = "id desc"
    _rec_name = "feed_ref"

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    feed_type = fields.Selection(FEED_TYPES, required=True, readonly=True)
    state = fields.Selection(
        [
            ("prepared", "To Be Sent"),
            ("submitting", "Being Sent"),
            ("submitted", "At Amazon"),
            ("asking", "Asking for the Outcome"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True, default="prepared", readonly=True,
    )  # fmt: skip
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
    confirmation_ids = fields.One2many("amazon.confirmation", "feed_id", readonly=True)
    message_count = fields.Integer("Entries", readonly=True)
    accepted_count = fields.Integer("Accepted", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    submitted_at = fields.Datetime("Sent on", readonly=True)
    ended_at = fields.Datetime("Ended on", readonly=True)
    retry_at = fields.Datetime(readonly=True)
    asked = fields.Integer(readonly=True)
    message = Said(readonly=True)

    # One unsettled feed per account and type, whatever happens.
    _unsettled_uniq = models.UniqueIndex(
        "(account_id, feed_type) WHERE state IN ('prepared', 'submitting', 'submitted', 'asking')"
    )

    def _compute_names(self):
        for feed in self:
            feed.document_name = f"{feed.feed_ref or feed.id}.xml"
            feed.report_name = f"{feed.feed_ref or feed.id}-report.xml"

    # === SENDING; run by the job that sends confirmations, which holds its lock === #

    @api.model
    def _unsent(self, account):
        """Return the feeds of this account that are not at Amazon yet, and may be worked on now."""
        return self.search([("account_id", "=", account.id), ("state", "in", UNSENT), *self._now()])

    @api.model
    def _now(self):
        return ["|", ("retry_at", "=", False), ("retry_at", "<=", fields.Datetime.now())]

    @api.model
    def _send(self, run, rows):
        """Send confirmations as one feed.

        :param rows: the ``amazon.confirmation``, all of them fit to be sent; what does not fit waits for the next.
        """
        account = run.account
        if not rows:
            return
        if self.search_count(
            [("account_id", "=", account.id), ("feed_type", "=", FEED_TYPE_FULFILLMENT), ("state", "in", UNSETTLED)],
            limit=1,
        ):
            rows._hold(self.env._("Waits until Amazon is through with the feed before."))
            run.commit()
            return
        messages = [(row.id, row._shipment()) for row in rows]
        part = split_feed(messages)[0]
        rows = rows.browse(message_id for message_id, _shipment in part)
        feed = self.create({
            "account_id": account.id, "feed_type": FEED_TYPE_FULFILLMENT, "message_count": len(part),
        })  # fmt: skip
        rows._sending("feed", run.log, feed_id=feed.id)
        feed.document = base64.b64encode(fulfillment_feed(account.merchant_id, part))
        run.commit()
        feed._submit(run)

    @api.model
    def _submit_unsent(self, run):
        """Go on with what an earlier run has begun: it is certain that nobody else does."""
        for feed in self._unsent(run.account):
            if feed.state == "submitting":
                feed._find(run)
            if feed.state == "prepared":
                feed._submit(run)

    def _submit(self, run):
        """Upload the document and have Amazon process it.

        :param run: the :class:`.run.Run`.
        :raise SellingPartnerError: the feed stays as far as it has come, unless a marketplace was denied.
        """
        self.ensure_one()
        content = base64.b64decode(self.document)
        marketplaces = self.confirmation_ids.marketplace_id.mapped("api_ref")
        try:
            document = run.amazon.feeds.create_document(CONTENT_TYPE_XML)
            run.amazon.feeds.upload(document.url, content, CONTENT_TYPE_XML)
        except (RetryLater, CredentialsError, AccessDenied):
            # Nothing is known to Amazon before createFeed: the next run starts with a new document.
            raise
        except (BadRequest, MalformedAnswer) as error:
            self._refused(run, _lt("The document could not be handed over: %s", str(error)))
            return
        self.write({"state": "submitting", "document_ref": document.document_id,
                    "submitted_at": fields.Datetime.now(), "asked": 0, "retry_at": False})  # fmt: skip
        run.commit()
        try:
            feed_ref = run.amazon.feeds.create(self.feed_type, marketplaces, document.document_id)
        except QuotaExceeded:
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
        except CredentialsError:
            self._back_to_prepared(run)
            raise
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
        rows, denied = self.confirmation_ids, None
        self.unlink()
        by_marketplace = rows.grouped("marketplace_id")
        if len(by_marketplace) == 1:
            rows._not_sent(error)
            run.commit()
            raise error
        rows.write({"state": "not_sent", "ask_first": False})
        for of_one in by_marketplace.values():
            try:
                self._send(run, of_one)
            except AccessDenied as refusal:
                denied = refusal
        if denied:
            raise denied

    def _submitted(self, run, feed_ref):
        self.write({"state": "submitted", "feed_ref": feed_ref, "status": "IN_QUEUE", "asked": 0, "retry_at": False})
        self.confirmation_ids._log(self.env._("Shipping confirmation sent in feed %s", feed_ref))
        self.confirmation_ids.write({"mail": "sending"})
        run.log._note(_lt("Feed %(feed)s: %(count)s confirmations sent.", feed=feed_ref, count=self.message_count))
        self.account_id._wake_results(60)
        run.commit()

    def _refused(self, run, message):
        """The submission has failed for good."""
        run.log.refused += self.message_count
        run.log._note(message)
        self._failed(message, "sending")

    def _find(self, run):
        """Look whether Amazon has the feed whose submission was cut off; if not, look again, then send it again."""
        self.ensure_one()
        since = self.submitted_at - timedelta(minutes=CLOCKS)
        page = run.amazon.feeds.search([self.feed_type], since=since.replace(tzinfo=timezone.utc))
        known = set(
            self.search([("account_id", "=", self.account_id.id), ("feed_ref", "!=", False)]).mapped("feed_ref")
        )
        found = [feed for feed in page.feeds if feed.feed_id not in known]
        if found:
            # The one that was created first after we asked for it; it may be another program's.
            self.found = True
            self._submitted(run, min(found, key=lambda feed: (feed.created is None, feed.created)).feed_id)
        elif self.asked < len(ASK_AGAIN_MINUTES):
            again = fields.Datetime.now() + timedelta(minutes=ASK_AGAIN_MINUTES[self.asked])
            self.write({"asked": self.asked + 1, "retry_at": again})
            self.account_id._job("confirm_by_hand")._trigger(60 * ASK_AGAIN_MINUTES[self.asked - 1])
            run.commit()
        else:
            self._back_to_prepared(run)

    def _failed(self, message, mail):
        """Amazon has nothing of this feed.

        :param message: why, as :func:`..said.pack` takes it.
        :param str mail: which result mail tells of it.
        """
        self.write({
            "state": "failed", "message": message, "ended_at": fields.Datetime.now(), "accepted_count": 0,
            "refused_count": self.message_count,
        })  # fmt: skip
        for rows in self._open_rows()._chunks(CHUNK):
            rows._refused("rejected", say(self.env, message), mail=mail)
        self._ended()

    # === RESULTS; run by a job of its own === #

    @api.model
    def _open_feeds(self, account):
        return self.search([("account_id", "=", account.id), ("state", "in", AT_AMAZON), *self._now()])

    @api.model
    def _at_amazon(self, account):
        """Return the feeds whose outcome is not known, whether they are due or not."""
        return self.search([("account_id", "=", account.id), ("state", "in", AT_AMAZON)])

    @api.model
    def _fetch(self, run):
        """Fetch what Amazon says of the account's feeds.

        :param run: the :class:`.run.Run`.
        :return: whether Amazon is still at one.
        """
        account = run.account
        feeds = self.with_company(account.company_id).with_context(lang=account.company_id._amazon_lang())
        try:
            with run.calling() as amazon:
                for feed in feeds._open_feeds(account):
                    if feed.state == "submitted":
                        feed._look(amazon)
                    if feed.state == "asking":
                        feed._settle(run)
                    if feed.state in ("done", "failed"):
                        feed.confirmation_ids._stand_in(run.log)
                        run.log.confirmed += feed.accepted_count
                        run.log.refused += feed.refused_count
                        run.commit()
        except RunOver:
            # Whoever runs it by hand has no cron of this job.
            feeds._wake_for_results(account)
            run.commit()
            raise
        finally:
            if not self.env.cr.closed:
                self.env.cr.rollback()
                feeds.env["amazon.confirmation"]._tell(account)
                run.commit()
        feeds._wake_for_results(account)
        return bool(feeds._at_amazon(account))

    @api.model
    def _wake_for_results(self, account):
        """Wake whoever fetches results when the first of the feeds that are at Amazon is due."""
        now = fields.Datetime.now()
        if still := self._at_amazon(account):
            due = min(feed.retry_at or now for feed in still)
            account._wake_results(max(60, (due - now).total_seconds()))

    def _look(self, amazon):
        """Ask how far Amazon is, and apply its report when it is through."""
        self.ensure_one()
        try:
            answer = amazon.feeds.get(self.feed_ref)
        except (BadRequest, NotFound):
            self._start_asking(_lt("Amazon does not know this feed; it is asked for each order."))
            return
        self.write({"status": answer.status, "report_ref": answer.result_document_id or False})
        self.env["ir.cron"]._commit_progress()
        if not answer.is_final:
            self._give_up_late(amazon, answer.status)
            return
        if answer.status == "DONE":
            self._read_report(amazon)
        elif answer.status == "CANCELLED":
            self._failed(_lt("The feed was cancelled at Amazon before it was processed."), "results")
        else:
            self._start_asking(_lt("Amazon broke the feed off (FATAL); it is asked for each order."))

    def _give_up_late(self, amazon, status):
        """Other confirmations wait for this feed: when Amazon does not come to it, it is taken back; what Amazon does
        not come to the end of is asked for."""
        if not self._is_late():
            return
        if status == "IN_QUEUE":
            try:
                amazon.feeds.cancel(self.feed_ref)
                return
            except BadRequest as error:
                _logger.info("a feed cannot be taken back: %s", type(error).__name__)
        self._start_asking(
            _lt("Amazon has not finished this feed for %s hours; it is asked for each order.", LATE_HOURS)
        )

    def _is_late(self):
        """Tell whether other confirmations have waited for this feed long enough."""
        return self.submitted_at <= fields.Datetime.now() - timedelta(hours=LATE_HOURS)

    def _read_report(self, amazon):
        if not self.report_ref:
            self._start_asking(_lt("Amazon has no report on this feed; it is asked for each order."))
            return
        try:
            document = amazon.feeds.download_result(self.report_ref)
            report = parse_processing_report(document)
        except MalformedAnswer as error:
            self._read_again(unreadable(error))
            return
        except BadRequest as error:
            self._read_again(str(error))
            return
        self.report = base64.b64encode(document.content)
        self._apply(report)

    def _read_again(self, why):
        """Fetch the report once more after a pause; when that does not help, the orders themselves tell."""
        if self.asked < READS:
            again = fields.Datetime.now() + timedelta(minutes=ASK_AGAIN_MINUTES[0])
            self.write({"asked": self.asked + 1, "retry_at": again, "message": why})
            self.env["ir.cron"]._commit_progress()
        else:
            self._start_asking(_lt("Amazon's report cannot be read (%s); it is asked for each order.", why))

    def _apply(self, report):
        """Write what the report says of each message; what it does not say is asked for, order by order."""
        if report.status == "Processing":
            self._read_again(report.status)
            return
        errors, warnings = report.texts("error"), report.texts("warning")
        whole, remark = ("\n".join(dict.fromkeys(texts.pop(0, []))) for texts in (errors, warnings))
        known = {*errors, *warnings} <= set(self.confirmation_ids.ids)
        told_all = known and report.accounts_for(self.message_count)
        if not self.found or told_all:
            self._apply_named(errors, warnings)
        if whole and report.successful == 0 and not self.found:
            self._failed(whole, "results")
            return
        if told_all and not self.found:
            for rows in self._open_rows()._chunks(CHUNK):
                rows._accepted(mail="results")
                self.env["ir.cron"]._commit_progress()
        if self._open_rows():
            why = (
                _lt("It is not certain that Amazon's report is on this feed; it is asked for each order.")
                if self.found else
                _lt("Amazon's report does not say what became of each parcel; it is asked for each order.")
            )  # fmt: skip
            self._start_asking(list(filter(None, (why, whole, remark))), state="sending")
        else:
            self._done(message=remark or False)

    def _apply_named(self, errors, warnings):
        """Refuse the rows that the report refuses, and keep what it warns of.

        :param dict errors: Amazon's words by message id; those on no row of this feed are passed over.
        :param dict warnings: likewise.
        """
        for rows in self._open_rows()._chunks(CHUNK):
            for row in rows:
                row.warning = "\n".join(warnings.get(row.id, [])) or False
                if row.id in errors:
                    row._refused_by_report("\n".join(errors[row.id]))
            self.env["ir.cron"]._commit_progress()

    def _done(self, **values):
        accepted = len(self.confirmation_ids.filtered("accepted_at"))
        self.write({
            "state": "done", "ended_at": fields.Datetime.now(), "retry_at": False, "accepted_count": accepted,
            "refused_count": self.message_count - accepted, **CLOSED, **values,
        })  # fmt: skip
        self._ended()

    def _ended(self):
        """The next feed may go."""
        self.env["amazon.confirmation"]._look_again([
            ("account_id", "=", self.account_id.id), ("state", "=", "not_sent"),
        ])  # fmt: skip
        self.env["ir.cron"]._commit_progress()

    def _open_rows(self):
        """Return the feed's confirmations of which it is not known what became of them."""
        return self.confirmation_ids.filtered(lambda row: row.state in ("sending", "unknown") and row.channel == "feed")

    # === ASKING FOR EACH ORDER === #

    def _start_asking(self, message, state="unknown"):
        """The outcome cannot be read: the orders themselves tell it.

        :param message: why, as :func:`..said.pack` takes it.
        :param str state: of the confirmations meanwhile.
        """
        self.write({"state": "asking", "message": message, "asked": 0, "retry_at": False})
        self._open_rows().write({"state": state, "message": say(self.env, message)})
        self.env["ir.cron"]._commit_progress()

    def _settle(self, run):
        """Ask Amazon which of the parcels it has; twice more for what is missing, then a person has to look.

        :raise QuotaExceeded: the search goes on where it was.
        """
        self.ensure_one()
        rows = self._open_rows()
        if len(rows) <= ONE_BY_ONE and not self.open_search:
            self._get_orders(run.amazon, rows)
        else:
            self._search_orders(run)
        left = self._open_rows()
        if not left:
            self._done()
        elif self.asked < len(ASK_AGAIN_MINUTES):
            again = fields.Datetime.now() + timedelta(minutes=ASK_AGAIN_MINUTES[self.asked])
            self.write({"asked": self.asked + 1, "retry_at": again})
            self.env["ir.cron"]._commit_progress()
        else:
            # What broke off has not told Amazon of these; of the others only a person can say.
            state = "rejected" if self.status == "FATAL" else "unknown"
            message = self.env._("Amazon does not show this parcel. (%s)", self.message)
            for warning, rows in left.grouped("warning").items():
                text = "\n".join(filter(None, (message, warning)))
                for chunk in rows._chunks(CHUNK):
                    chunk._refused(state, text, mail="results")
            self._done()

    def _get_orders(self, amazon, rows):
        """Read the orders of these confirmations one by one.

        :raise AccessDenied: Amazon denies them all, which says nothing of the orders; a single one, or what it goes on
            to deny, is as good as not shown.
        """
        denied = []
        for row in rows:
            try:
                self._learn([parse_order(amazon.orders.get(row.order_ref).payload)])
                self.env["ir.cron"]._commit_progress()
            except AccessDenied as error:
                denied.append(error)
            except (BadRequest, MalformedAnswer, NotFound) as error:
                _logger.debug("not shown yet: %s", type(error).__name__)
        if denied and len(denied) == len(rows) and not self.asked and not self._is_late():
            raise denied[0]

    def _search_orders(self, run):
        """Read the orders that have changed since the feed went out, until nothing is open any more."""
        search = SearchOrders.from_json(self.open_search) if self.open_search else SearchOrders(
            last_updated_after=(self.submitted_at - timedelta(minutes=CLOCKS)).replace(tzinfo=timezone.utc),
            marketplace_ids=tuple(self.confirmation_ids.marketplace_id.mapped("api_ref")),
        )  # fmt: skip

        def keep(_search, page):
            self._learn(self._readable(page.orders))
            return not self._open_rows()

        self._read_pages(run, search, run.amazon.orders.search, keep)

    @api.model
    def _readable(self, orders):
        """Return the orders of a page; one that cannot be read must not keep the others from being found."""
        values = []
        for received in orders:
            try:
                values.append(parse_order(received.payload))
            except MalformedAnswer as error:
                _logger.info("an order cannot be read: %s", type(error).__name__)
        return values

    def _learn(self, values):
        """Close the rows whose parcels Amazon shows.

        :param list values: ``selling_partner`` orders.
        """
        shown = {value.order_id: value for value in values}
        for row in self._open_rows():
            value = shown.get(row.order_ref)
            own = value and row._own_package(value)
            if own:
                row._accepted(mail="results", reference=own.reference)
            elif value and (package := row._package_elsewhere(value)):
                row._confirmed_elsewhere(package)
                row.mail = "results"

    # === CLEANING UP === #

    @api.autovacuum
    def _gc_documents(self):
        """Amazon forgets feeds after 90 days, too."""
        before = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search(Domain("ended_at", "<", before) & Domain("document", "!=", False)).write({
            "document": False, "report": False,
        })  # fmt: skip
