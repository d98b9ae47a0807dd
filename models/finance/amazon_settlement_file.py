from io import BytesIO

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...refusals import unreadable
from ...said import Said
from ...selling_partner import MalformedAnswer, NotFound, read_settlements
from ...times import naive

_lt = LazyTranslate(__name__)
# Bytes of a file, which is held in memory: a hundred thousand lines have a tenth of it.
LARGEST = 256 * 2**20


class AmazonSettlementFile(models.Model):
    """A settlement report: one that Amazon has made, or that a person has brought. It is read once; what cannot be read
    is kept, too, with the reason."""

    _name = "amazon.settlement.file"
    _inherit = ["amazon.guard", "amazon.followed"]
    _description = "Amazon Settlement File"
    _order = "made_at desc, id desc"

    account_id = fields.Many2one("amazon.account", required=True, ondelete="restrict", readonly=True, index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Char(required=True, readonly=True)
    report_ref = fields.Char("Report", readonly=True, help="Amazon's number; empty: it was uploaded here")
    document_ref = fields.Char(readonly=True)
    made_at = fields.Datetime("Made", required=True, readonly=True)
    state = fields.Selection(
        [("new", "To Read"), ("read", "Read"), ("damaged", "Cannot Be Read"), ("gone", "Gone at Amazon")],
        required=True,
        default="new",
        readonly=True,
        index=True,
    )
    error = Said(readonly=True)
    unknown_columns = fields.Char(readonly=True, help="Columns that are not known, and were passed over")
    document = fields.Binary("File", attachment=True, readonly=True)
    document_type = fields.Char(readonly=True, help="What Amazon says of the file's contents")
    settlement_ids = fields.One2many("amazon.settlement", "file_id", "New Settlements", readonly=True)

    _report_uniq = models.UniqueIndex("(account_id, report_ref) WHERE report_ref IS NOT NULL")

    # === ACTION METHODS === #

    def action_read_again(self):
        """Have files that could not be read, read once more."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        # sudo: files and jobs are the addon's own
        damaged = self.sudo().filtered(lambda file: file.state in ("damaged", "gone"))
        if not damaged:
            raise UserError(self.env._("Choose files that could not be read."))
        for file in damaged:
            file.account_id._read_file_again(file)

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, account, reports):
        """Note reports that are not known yet.

        :param account: the ``amazon.account``.
        :param reports: ``selling_partner`` reports.
        :return: those that were new.
        """
        # They come newest first.
        reports = {report.report_id: report for report in reversed(reports) if report.is_done}
        mine = Domain("account_id", "in", account._of_merchant().ids)
        known = set(self.search(mine & Domain("report_ref", "in", list(reports))).mapped("report_ref"))
        return self.create(
            [
                {
                    "account_id": account.id,
                    "name": f"{ref}.txt",
                    "report_ref": ref,
                    "document_ref": report.document_id,
                    "made_at": naive(report.created) or fields.Datetime.now(),
                }
                for ref, report in reports.items()
                if ref not in known
            ]
        )

    def _fetch(self, run):
        """Fetch a file and read it; each settlement is committed as a whole.

        :param run: the :class:`.run.Run`.
        """
        self.ensure_one()
        try:
            with run.amazon.reports.download(self.document_ref) as document:
                content = document.file.read(LARGEST + 1)
                if len(content) > LARGEST:
                    raise MalformedAnswer("the settlement report is too large", reason="too_large")
                self._hold(content, document.content_type)
                self._read(document, run.log, run.checkpoint)
        except NotFound:
            self.write({"state": "gone", "error": _lt("Amazon does not have this file any more.")})
        except MalformedAnswer as error:
            self._spoil(error, run.log)
        run.commit()

    def _hold(self, content, content_type):
        """Keep the file as it is.

        :param bytes content: as it was given.
        """
        self.ensure_one()
        place = {"res_model": self._name, "res_id": self.id, "res_field": "document"}
        attachments = self.env["ir.attachment"]
        attachments.search([(name, "=", value) for name, value in place.items()]).unlink()
        attachments.create({**place, "name": self.name, "raw": content, "mimetype": "application/octet-stream"})
        self.document_type = content_type
        self.invalidate_recordset(["document"])

    def _read(self, document, log, committed=lambda done: None):
        """Read what is in the file.

        :param document: as :func:`...selling_partner.read_settlements` takes it.
        :param log: the ``amazon.log`` row of the run, if it is one.
        :param committed: called when a settlement is kept, with how many are new.
        :return: the new ``amazon.settlement`` records.
        :raise MalformedAnswer: nothing of it can be used.
        """
        self.ensure_one()
        report = read_settlements(document)
        made = self.env["amazon.settlement"]
        for settlement, lines in report:
            new = made._keep(self, settlement, lines, log)
            made |= new
            for row in log:
                row.received += len(new)
            # Committed before the file is "read": whoever is killed here reads it again, and what is kept is known.
            if new:
                committed(1)
        columns = ", ".join(report.unknown_columns) or False
        self.write({"state": "read", "error": False, "unknown_columns": columns})
        return made

    def _reread(self):
        """Read the file as it is kept here; see :meth:`_read`."""
        return self._read(self._kept(), self.env["amazon.log"])

    def _kept(self):
        """Return the file as :func:`...selling_partner.read_settlements` takes it."""
        self.ensure_one()
        content = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", "document")], limit=1
        )
        return BytesIO(content.raw or b""), self.document_type or ""

    def _spoil(self, error, log):
        """Say that a file cannot be read, and why; the others come in.

        :param MalformedAnswer error: which names the line.
        """
        why = unreadable(error)
        self.write({"state": "damaged", "error": why})
        log._count_unreadable(
            _lt(
                "Not all settlement files can be read; the others come in. The first is %(file)s: %(why)s",
                file=self.name,
                why=why,
            )
        )
