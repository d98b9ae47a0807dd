"""What Amazon paid to an account: its settlements, and the job that fetches them."""

from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...refusals import unreadable
from ...said import say
from ...selling_partner import REPORT_TYPE_SETTLEMENTS, MalformedAnswer, ReportSearch
from ...times import aware

# Amazon shows reports of so many days; by its clock, a little less.
SHOWN_DAYS = 90
SHOWN_HOURS_LESS = 1
# So many are named in an activity.
NAMED = 10


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_settled(self):
        # sudo: files that the user may not see count, too
        if self.env["amazon.settlement.file"].sudo().search_count([("account_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Settlements were read for this account. Archive it instead of deleting it."))

    # === BUSINESS METHODS === #

    def _sync_settlements(self):
        """Fetch and read the settlement reports that Amazon has made since.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self.sudo():  # sudo: settlements are the addon's own
            logs |= account._job("settlements")._run(lambda run: run.account.sudo()._fetch_settlements(run))
            account._see_to_settlements()
        return logs

    def _fetch_settlements(self, run):
        files = self.env["amazon.settlement.file"]
        with run.calling():
            since = fields.Datetime.now() - timedelta(days=SHOWN_DAYS, hours=-SHOWN_HOURS_LESS)
            # While its pages are read the search stays the same.
            search = ReportSearch(REPORT_TYPE_SETTLEMENTS, aware(since.replace(minute=0, second=0, microsecond=0)))
            run.job._read_pages(
                run,
                search,
                lambda search, token: run.amazon.reports.search([search.report_type], search.since, token=token),
                lambda search, page: self._note_reports(page),
            )
            mine = [("account_id", "=", self.id), ("state", "=", "new"), ("report_ref", "!=", False)]
            # The oldest first: it is what Amazon stops showing next.
            while file := files.search(mine, order="made_at, id", limit=1):
                file._fetch(run)
                run.checkpoint(1)
        self.env["amazon.settlement.line"]._link(run)
        self.env["amazon.transaction.type"]._recount_all(run)
        self.env["amazon.settlement"]._count_all(run)

    def _note_reports(self, page):
        """Note the reports on a page, to be committed with it."""
        self.env["amazon.settlement.file"]._note(self, page.reports)

    def _read_settlement_file(self, name, content):
        """Read a file that a person has brought.

        :param str name: the file's.
        :param bytes content: as Seller Central gives it.
        :return: the new ``amazon.settlement`` records.
        :raise UserError: why nothing of it can be used.
        """
        self.ensure_one()
        with self._reading_settlements():
            file = self.env["amazon.settlement.file"].create(
                {"account_id": self.id, "name": name, "made_at": fields.Datetime.now()}
            )
            file._hold(content, "")
            return self._told(file._reread, file)

    def _read_file_again(self, file):
        """Read a file once more that could not be read.

        :raise UserError: it still cannot be.
        """
        if not file.document:
            file.state = "new"
            self._job("settlements")._trigger()
            return
        with self._reading_settlements():
            self._told(file._reread, file)

    def _take_other_settlement(self, settlement):
        """Have a settlement be what it is in the other file."""
        with self._reading_settlements():
            self._told(settlement._take_other, settlement.other_file_id)

    def _told(self, read, file):
        """Read a file, and tell whoever waits for it why it cannot be read."""
        try:
            made = read()
        except MalformedAnswer as error:
            why = say(self.env, unreadable(error))
            raise UserError(self.env._("%(file)s cannot be read: %(why)s", file=file.name, why=why)) from None
        self.env["amazon.settlement"]._count_soon(self)
        self._see_to_settlements()
        return made

    @contextmanager
    def _reading_settlements(self):
        """Hold the lock of whoever reads settlements.

        :raise UserError: somebody does.
        """
        with self._job("settlements")._lock() as free:
            if not free:
                raise UserError(self.env._("Settlements are being read at this moment. Try again in a minute."))
            yield

    def _see_to_settlements(self):
        """Have an activity while a person has to look at settlements; withdraw it when that is over."""
        for account in self._in_words_of_whoever_sees_to_it():
            account._keep_activity(
                "mail_activity_settlements",
                account.env._("Settlements to look at"),
                account._settlement_troubles(),
            )

    def _settlement_troubles(self):
        """Return a line for each file and settlement that a person has to see to, of many only of some; "" for none.

        :rtype: str
        """
        damaged = Domain("account_id", "=", self.id) & Domain("state", "in", ("damaged", "gone"))
        files = self.env["amazon.settlement.file"].search(damaged, limit=NAMED + 1)
        settlements = self.env["amazon.settlement"]
        found = settlements.search(settlements._to_see_to(self), limit=NAMED + 1)
        lines = [f"{file.name}: {file.error}" for file in files]
        lines += [settlement._trouble() for settlement in found]
        if lines[NAMED:]:
            lines = [*lines[:NAMED], self.env._("and more; see “Settlements”.")]
        return "\n".join(lines)
