from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...ours import OURS, is_ours

# Of more invoices than so many whoever posts does not wait until they are paid.
MOST_AT_ONCE = 1000


class AccountJournal(models.Model):
    """Journals in which settlements are booked."""

    _inherit = "account.journal"

    amazon_account_id = fields.Many2one(
        "amazon.account",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Its settlements are booked here. The journal's own account is what Amazon has of the seller's money.",
    )


class AccountMove(models.Model):
    """Entries that book a settlement: they belong together, and pay the orders' invoices once they are posted."""

    _inherit = "account.move"

    amazon_settlement_id = fields.Many2one(
        "amazon.settlement", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    amazon_settlement_month = fields.Date(
        readonly=True,
        copy=False,
        help="The first day of the month whose amounts of the settlement it has; none: it was reversed, and the"
        " settlement is booked by others since.",
    )

    _amazon_settlement_uniq = models.UniqueIndex(
        "(amazon_settlement_id, amazon_settlement_month) WHERE amazon_settlement_id IS NOT NULL AND state != 'cancel'",
        "This settlement is booked by other entries.",
    )

    # === CRUD METHODS === #

    def unlink(self):
        # Before Odoo deletes their lines.
        self._amazon_check_whole()
        if settled := self.filtered("amazon_settlement_id"):
            settled._amazon_booked().unlink()
        paid_by = self._amazon_paid_by()
        result = super().unlink()
        paid_by.exists()._note_lost()
        return result

    # === ACTION METHODS === #

    def button_draft(self):
        self._amazon_check_not_over()
        result = super().button_draft()
        if settled := self.filtered("amazon_settlement_id"):
            settlements = settled.amazon_settlement_id.sudo()  # sudo: see _amazon_booked
            paying = settlements.filtered("is_being_posted")
            paying._stop_paying()
            settled._amazon_unmatch()
            # Those of its other months go on.
            (paying.entry_ids - settled).filtered(lambda entry: entry.state == "posted")._amazon_pay()
        return result

    def button_cancel(self):
        self._amazon_check_whole()
        return super().button_cancel()

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        self._amazon_check_counts()
        self._amazon_check_open()
        again = self.filtered(lambda move: move.posted_before and move.move_type in ("out_invoice", "out_refund"))
        settling = {"amazon_settling": OURS} if all(move.amazon_settlement_id for move in self) else {}
        posted = super(AccountMove, self.with_context(**settling))._post(soft).with_env(self.env)
        if settled := posted.filtered("amazon_settlement_id"):
            settled._amazon_pay()
            settled.amazon_settlement_id.sudo()._match_by_itself()  # sudo: see _amazon_booked
        if again := again & posted:
            again._amazon_paid_by().filtered(lambda part: part.line_id.parent_state == "posted")._reconcile()
        return posted

    def _amazon_paid_by(self):
        """Return what of settlements' orders pays these invoices and credit notes."""
        # sudo: see _amazon_booked
        paying = [("invoice_id", "in", self.ids), ("paid_line_id", "!=", False)]
        return self.env["amazon.settlement.order"].sudo().search(paying)

    def _amazon_pay(self):
        """Have these entries, which are posted, pay the orders' invoices; where there are many the job does it."""
        booked = self._amazon_booked()
        booked._note_lost()
        booked = booked.filtered("paid_line_id")
        if len(booked) > MOST_AT_ONCE:
            booked.settlement_id._pay_later()
        else:
            booked._reconcile()

    def _amazon_unmatch(self):
        """Have these entries pay nothing any more, and their payout wait for its deposit."""
        # sudo: who takes back an entry need not have what it was matched with
        items = self.env["account.move.line"].sudo()
        matched = Domain("matched_debit_ids", "!=", False) | Domain("matched_credit_ids", "!=", False)
        items.search(Domain("move_id", "in", self.ids) & matched).remove_move_reconcile()

    def _amazon_booked(self):
        """Return what of settlements' orders is in these entries."""
        # sudo: who posts an entry need not see settlements
        return self.env["amazon.settlement.order"].sudo().search([("line_id.move_id", "in", self.ids)])

    def _amazon_reversals(self):
        """Return what takes back these entries, whole or in part: posted, and not taken back itself."""
        # sudo: who sees a settlement need not see the books
        posted = self.sudo().reversal_move_ids.filtered(lambda move: move.state == "posted")
        return posted - posted._amazon_reversed()

    def _amazon_reversed(self):
        """Return those of these entries, which are posted, that come to nothing together with what takes them back."""
        return self.filtered(
            lambda entry: (
                entry.state == "posted"
                and (reversals := entry._amazon_reversals())
                and (entry.sudo() | reversals)._amazon_come_to_nothing()
            )
        )

    def _amazon_come_to_nothing(self):
        """Tell whether these entries, which are of one company, leave nothing on any account."""
        balances = self.env["account.move.line"]._read_group(
            [("move_id", "in", self.ids)], ["account_id"], ["balance:sum"]
        )
        return all(self.company_currency_id.is_zero(balance) for _account, balance in balances)

    def _amazon_check_counts(self):
        """Refuse to post what reverses an entry of a settlement that is not in the books, or that others have come in
        the place of.

        :raise UserError: naming the settlement.
        """
        for move in self.filtered("reversed_entry_id"):
            entry = move.reversed_entry_id
            while entry.reversed_entry_id:
                entry = entry.reversed_entry_id
            settlement = entry.amazon_settlement_id.sudo()  # sudo: see _amazon_booked
            if settlement and not (entry.amazon_settlement_month and (entry.state == "posted" or entry in self)):
                raise UserError(
                    self.env._(
                        "%(entry)s reverses an entry of settlement %(settlement)s that is not in the books, or was"
                        " reversed before the settlement was booked again.",
                        entry=move.display_name,
                        settlement=settlement.settlement_ref,
                    )
                )

    def _amazon_check_open(self):
        """Refuse to post entries in a locked period: Odoo would date them the first open day, each month's.

        :raise UserError: naming the settlement and the locks.
        """
        for entry in self.filtered("amazon_settlement_id"):
            if locks := entry._get_violated_lock_dates(entry.date, entry._affect_tax_report()):
                raise UserError(
                    self.env._(
                        "The entry of settlement %(settlement)s is of %(day)s, which is in a locked period:"
                        " %(locks)s.\nHave that period opened while you post it; or, if it has to stay closed, give the"
                        " entry another date yourself.",
                        settlement=entry.amazon_settlement_id.sudo().settlement_ref,  # sudo: see _amazon_booked
                        day=format_date(self.env, entry.date),
                        locks=entry.company_id._format_lock_dates(locks),
                    )
                )

    def _amazon_check_not_over(self):
        """Refuse to reset to draft what of a settlement was cancelled, what is reversed and stays so, and, once the
        settlement is booked by other entries, also what reverses it.

        :raise UserError: naming the settlement or the reversal.
        """
        for entry in (self | self.reversed_entry_id).filtered("amazon_settlement_id"):
            settlement = entry.amazon_settlement_id.sudo().settlement_ref  # sudo: see _amazon_booked
            if entry.state == "cancel" and entry in self:
                raise UserError(
                    self.env._(
                        "The entries of settlement %s were cancelled. Book it again to have new ones.", settlement
                    )
                )
            if not entry.amazon_settlement_month and entry.state == "posted":
                raise UserError(
                    self.env._(
                        "%(entry)s was reversed, and settlement %(settlement)s was booked again since. It would be in"
                        " the books twice.",
                        entry=entry.display_name,
                        settlement=settlement,
                    )
                )
            if entry in self and (left := entry._amazon_reversals() - self.sudo()):
                raise UserError(
                    self.env._(
                        "%(entry)s is reversed by %(reversals)s. Reset that to draft first.",
                        entry=entry.display_name,
                        reversals=", ".join(left.mapped("display_name")),
                    )
                )

    def _amazon_check_whole(self):
        """Refuse to remove some of the entries of a settlement and leave the others.

        :raise UserError: naming those that are left.
        """
        for settlement in self.amazon_settlement_id.sudo():  # sudo: see _amazon_booked
            entries = settlement._entries()
            if (rest := entries - self) and rest != entries:
                raise UserError(
                    self.env._(
                        "The entries of settlement %(settlement)s belong together. Take back these, too: %(entries)s",
                        settlement=settlement.settlement_ref,
                        entries=", ".join(rest.mapped("display_name")),
                    )
                )


class AccountPartialReconcile(models.Model):
    """Whoever undoes what a settlement has paid, for whatever reason: that is said where it is booked."""

    _inherit = "account.partial.reconcile"

    # === CRUD METHODS === #

    def unlink(self):
        items = self.debit_move_id | self.credit_move_id
        result = super().unlink()
        # sudo: see _amazon_booked
        self.env["amazon.settlement.order"].sudo()._note_undone(items.exists())
        return result


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # === BUSINESS METHODS === #

    def reconcile(self):
        result = super().reconcile()
        # sudo: see _amazon_booked
        self.env["amazon.settlement.order"].sudo()._note_done(self)
        return result


class ResPartner(models.Model):
    """Customers of invoices that a settlement pays."""

    _inherit = "res.partner"

    def _increase_rank(self, field, n=1):
        # Their invoices have counted; of thousands of buyers Odoo would write each by itself.
        if is_ours(self.env, "amazon_settling"):
            return None
        return super()._increase_rank(field, n)
