"""The result mails (C7, N11): after sending and after fetching results, one a run, never one an order.

What a mail has to tell of is marked on the rows (``mail``). The mark goes in the transaction that puts the mails into
Odoo's queue, so that a crash neither loses nor doubles one.
"""

import logging

from odoo import api, fields, models

from ...const import ATTEMPTS
from ...locks import MET, advisory_lock
from ...said import say
from ..engine.amazon_job import unexpected
from ..engine.amazon_outbox import FAILED

_logger = logging.getLogger(__name__)

# Failures go out at once, but not more often than this; what comes meanwhile is collected.
FAILURE_MINUTES = 5
# How often users are told that all went well.
SUCCESS_MINUTES = 15
# So many failures are named in one list; the others are counted.
MOST_NAMED = 50
# When another process is just telling, or somebody is changing the rows.
LATER_SECONDS = 60
# For each kind of mail the account's field that says when the last one went out.
KINDS = {"sending": "sending_mailed_at", "results": "results_mailed_at"}


class AmazonConfirmation(models.Model):
    _inherit = "amazon.confirmation"

    repeats = fields.Boolean(
        readonly=True, help="A mail has told that this failed for lack of access and is tried again by itself."
    )

    @api.model
    def _mail_news(self, account):
        """Mail what became of the confirmations that no mail has told of yet, as far as it is due.

        Commits, and never raises: what it tells of stands already. What could not be told stays marked and is told by
        a later run, at the latest by that of the job that fetches results.

        :param account: the ``amazon.account``; its setting says which mails are wanted.
        """
        # sudo: mails, and the times of the last ones, are the addon's own
        rows, account = self.sudo(), account.sudo()
        if not rows._has_news(account):
            return
        try:
            with advisory_lock(self.env.registry, "amazon.mail", account.id, wait=False) as free:
                done = free and rows._mail_alone(account)
            if not done:
                account._wake_results(LATER_SECONDS)
                self.env["ir.cron"]._commit_progress()
        except Exception as error:  # noqa: BLE001 - a mail must not stop what it tells of
            self.env.cr.rollback()
            _logger.error("The result mails of account %s: %s", account.id, say(self.env, unexpected(error)))

    @api.model
    def _has_news(self, account):
        """Tell whether there is anything that no mail has told of."""
        return bool(self.search_count([("account_id", "=", account.id), ("mail", "!=", False)], limit=1))

    @api.model
    def _mail_alone(self, account):
        """Tell while nobody else tells of this account.

        :return: whether it is done; if not, others are changing the rows.
        """
        for _attempt in range(ATTEMPTS):
            # What was read before the lock was held is old.
            self.env["ir.cron"]._commit_progress()
            self.env.invalidate_all()
            try:
                self._mail_due(account)
                self.env["ir.cron"]._commit_progress()
            except MET:
                self.env.cr.rollback()
                _logger.debug("result mails are tried again")
            else:
                return True
        return False

    @api.model
    def _mail_due(self, account):
        """Queue the mails that are due, and take the marks off the rows they tell of."""
        told_of = ["mail", "state", "sent_at", "retry_at", "repeats"]
        rows = self.search_fetch([("account_id", "=", account.id), ("mail", "!=", False)], told_of, order="id")
        # What somebody is changing at this moment is told of later.
        rows = rows.try_lock_for_update(allow_referencing=True)
        # Without access a row fails again and again until a person has done something: one mail says so.
        known = rows.filtered(lambda row: row.repeats and row._is_repeated())
        known.mail = False
        rows -= known
        if account.result_mails == "none":
            rows._mailed()
        elif rows.filtered(lambda row: row.state in FAILED):
            pause = account._mail_pause("failure_mailed_at", FAILURE_MINUTES)
            if pause:
                account._wake_results(pause)
            else:
                rows._mail(account, "failures")
        elif account.result_mails == "failures":
            rows._mailed()
        else:
            for kind, moment in KINDS.items():
                of_kind = rows.filtered(lambda row, kind=kind: row.mail == kind)
                if of_kind and not account._mail_pause(moment, SUCCESS_MINUTES):
                    of_kind._mail(account, kind)

    def _is_repeated(self):
        """Tell whether this failed and is tried again by itself."""
        return self.state == "rejected" and bool(self.retry_at)

    def _mailed(self):
        """Take the marks off."""
        self.write({"mail": False, "repeats": False})
        self.filtered(lambda row: row._is_repeated()).repeats = True

    def _mail(self, account, occasion):
        """Queue a mail about these rows for everybody who is told, each in the own language.

        :param account: the ``amazon.account``.
        :param str occasion: ``failures``, or the one kind of mail that the rows are marked with.
        """
        account._mail_everybody(lambda lang: self.with_context(lang=lang)._mail_text(account, occasion))
        moments = [KINDS[kind] for kind in set(self.mapped("mail"))]
        if occasion == "failures":
            moments.append("failure_mailed_at")
        account.write(dict.fromkeys(moments, fields.Datetime.now()))
        self._mailed()

    def _mail_text(self, account, occasion):
        """Return subject and body in the context's language."""
        subjects = {
            "failures": self.env._("Amazon shipping confirmation error"),
            "sending": self.env._("Amazon shipping confirmations sent (automatic)"),
            # Nobody asks for results: they are fetched by themselves, whoever has sent.
            "results": self.env._("Amazon shipping confirmation results fetched (automatic)"),
        }
        if all(row.by_request or row.requested for row in self):
            subjects["sending"] = self.env._("Amazon shipping confirmations sent")
        sections = []
        for kind in KINDS:
            rows = self.filtered(lambda row, kind=kind: row.mail == kind)
            if rows:
                sections.append({"kind": kind, **rows._mail_counts(), **rows._mail_failures(account.get_base_url())})
        body = self.env["ir.qweb"]._render(
            "sale_amazon_spapi.confirmation_mail", {"account": account, "sections": sections}, minimal_qcontext=True
        )
        return subjects[occasion], body

    def _mail_counts(self):
        """Return how many of these rows ended in which way."""
        states = self.mapped("state")
        return {
            "total": len(self),
            "sent": len(self.filtered("sent_at")),
            "accepted": states.count("done"),
            "waiting": states.count("sending"),
            "again": states.count("not_sent"),
            "refused": sum(state in FAILED for state in states),
        }

    def _mail_failures(self, base_url):
        """Return what a person has to know of each failure, as far as they are named, and how many are not."""
        failed = self.filtered(lambda row: row.state in FAILED)
        # The others' texts are not read.
        named = self.browse(failed[:MOST_NAMED].ids)
        statuses = dict(self._fields["state"]._description_selection(self.env))
        advice, hints = self._state_advice(), self._hint_advice()
        more = len(failed) - len(named)
        return {
            "more": self.env._("… and %s more.", more) if more else False,
            "failures": [
                {
                    "order_ref": row.order_ref,
                    "url": f"{base_url}/mail/view?model={row._name}&res_id={row.id}",
                    "delivery": row.picking_id.name,
                    "tracking_number": row.tracking_number,
                    "status": statuses[row.state],
                    "message": row.message,
                    "advice": hints.get(row.hint) or advice[row.state],
                }
                for row in named
            ],
        }
