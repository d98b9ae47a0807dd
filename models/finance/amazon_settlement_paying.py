"""How the orders' invoices of a large settlement are paid once its entries are posted: by a job, some at a time, which
drafts the entries, too."""

from contextlib import contextmanager

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...locks import MET
from ...said import Said
from .amazon_settlement_order import AT_ONCE

_lt = LazyTranslate(__name__)


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === BUSINESS METHODS === #

    def _pay_invoices(self):
        """Draft the entries of settlements that wait for it, and go on with paying the invoices of those that are being
        posted.

        :return: the ``amazon.log`` rows.
        """
        logs = self.env["amazon.log"]
        for account in self.sudo():  # sudo: settlements are the addon's own
            job = account._job("paying")
            waiting = Domain.OR([Domain(account._being_drafted()), Domain(account._being_posted())])
            if account.env["amazon.settlement"].search_count(waiting, limit=1):
                logs |= job._run(lambda run: run.account.sudo()._pay_invoices_now(run))
            else:
                # One that was killed after the last invoice.
                job._close_abandoned()
                job._nothing_to_do()
        return logs

    def _being_posted(self):
        return [("account_id", "=", self.id), ("is_being_posted", "=", True)]

    def _pay_invoices_now(self, run):
        self._draft_entries(run)
        settlements = self.env["amazon.settlement"]
        while settlement := settlements.search(self._being_posted(), order="end_at, id", limit=1):
            count = settlement.with_company(settlement.company_id)._pay_some()
            run.log.invoices_paid += count
            run.checkpoint(count)


class AmazonSettlement(models.Model):
    _inherit = "amazon.settlement"

    is_being_posted = fields.Boolean(
        "Being Posted", readonly=True, help="Its entries are posted, and not all invoices are paid with them yet."
    )
    paid_place = fields.Integer(readonly=True, help="Up to which part of an order invoices are paid")
    posting_progress = fields.Char(compute="_compute_posting_progress")
    posting_error = Said("Not Paid because", readonly=True)

    _being_posted_idx = models.Index("(account_id, end_at, id) WHERE is_being_posted")

    # === COMPUTE METHODS === #

    @api.depends("is_being_booked", "is_being_posted", "paid_place")
    @api.depends_context("lang", "tz")
    def _compute_posting_progress(self):
        for settlement in self:
            text = settlement.is_being_posted and not settlement.is_being_booked and settlement._paid_so_far()
            # sudo: what the job says is told to whoever waits for it
            job = settlement.account_id.sudo()._job("paying")
            waits = settlement.is_being_booked or settlement.is_being_posted
            settlement.posting_progress = waits and " ".join(filter(None, (text, job.last_error)))

    def _paid_so_far(self):
        """Say how many invoices are paid."""
        parts = self.env["amazon.settlement.order"].sudo()  # sudo: only how many there are
        mine = Domain("settlement_id", "=", self.id) & Domain("paid_line_id", "!=", False)
        done = parts.search_count(mine & Domain("id", "<=", self.paid_place))
        return self.env._("%(done)s of %(all)s invoices are paid.", done=done, all=parts.search_count(mine))

    # === BUSINESS METHODS === #

    def _pay_later(self):
        """Have the job pay the invoices: of posted entries those that are not paid yet."""
        self.write({"is_being_posted": True, "paid_place": 0, "posting_error": False})
        for account in self.account_id:
            account._job("paying")._trigger()

    def _stop_paying(self):
        """Have the job pay no more. Written in any case: a job that is paying at this moment then does so in vain."""
        self.filtered("is_being_posted").is_being_posted = False

    def _pay_some(self):
        """Pay the next invoices, to be committed with the place reached: who is killed before that has paid none.

        :return: how many there were.
        """
        self.ensure_one()
        parts = self.env["amazon.settlement.order"].search(
            [
                ("settlement_id", "=", self.id),
                ("id", ">", self.paid_place),
                ("paid_line_id", "!=", False),
                ("line_id.parent_state", "=", "posted"),
            ],
            order="id",
            limit=AT_ONCE,
        )
        if not parts:
            self.is_being_posted = False
            return 0
        try:
            with self.env.cr.savepoint(), self._seeing_only(parts.line_id):
                parts._reconcile()
        except MET:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it keeps no other invoice from being paid
            for part in parts:
                self._pay_alone(part)
        self.paid_place = parts[-1].id
        return len(parts)

    @contextmanager
    def _seeing_only(self, lines):
        """Have Odoo see only some lines of the entries meanwhile. With each line that is paid it would look through all
        that any line of the same entry has paid before: of many thousand that takes longer each time. Nothing that is
        stored of an entry changes by its being reconciled.

        :param lines: ``account.move.line`` records, all that is reconciled.
        """
        entries = lines.move_id
        if any(company.tax_exigibility for company in entries.company_id):
            # Taxes that are due with the payment need all of an entry.
            yield
            return
        stored = [field for field in entries._fields.values() if field.compute and field.store]
        seen = entries._fields["line_ids"]
        with self.env.protecting(stored, entries):
            for entry, some in lines.grouped("move_id").items():
                seen._update_cache(entry, some._ids)
            yield
            self.env.flush_all()
        entries.invalidate_recordset(["line_ids"])

    def _pay_alone(self, part):
        """Pay an invoice, or say why it cannot be paid."""
        try:
            with self.env.cr.savepoint():
                part._reconcile()
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            part.reason = "refused"
            if not self.posting_error:
                self.posting_error = _lt(
                    "Not all invoices could be paid; the others were. The first is of %(order)s: %(why)s",
                    order=part.order_ref,
                    why=self.env["amazon.order.update"]._reason(error),
                )
