"""How a settlement gets into the books: an entry for each month, drafted here and posted by the accountant."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import format_date

from ...notices import notice
from ...times import local_date
from .amazon_amount_type import BUYERS
from .amazon_settlement_entry import Entry
from .amazon_transaction_type import REFUNDS
from .exact import NOTHING

# So many are named of what may be many.
NAMED = 10


class AmazonSettlement(models.Model):
    _inherit = "amazon.settlement"

    entry_ids = fields.One2many("account.move", "amazon_settlement_id", "Journal Entries", readonly=True)
    entry_count = fields.Integer(compute="_compute_entry_count")
    booked_order_ids = fields.One2many("amazon.settlement.order", "settlement_id", "Orders as Booked", readonly=True)
    unmatched_count = fields.Integer("Not Matched", compute="_compute_unmatched_count")
    why_not_booked = fields.Text("Cannot Be Booked because", compute="_compute_why_not_booked")
    needs_set_up = fields.Boolean(compute="_compute_why_not_booked")
    needs_types = fields.Boolean(compute="_compute_why_not_booked")
    needs_transaction_types = fields.Boolean(compute="_compute_why_not_booked")
    needs_rules = fields.Boolean(compute="_compute_why_not_booked")
    booked_kinds = fields.Json(readonly=True, help="What its amounts were taken for when it was booked last")
    is_booked_otherwise = fields.Boolean(
        "Classified Otherwise Since", readonly=True, help="What its amounts are was changed after it was booked."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "entry_ids.state",
        "entry_ids.amazon_settlement_month",
        "entry_ids.reversal_move_ids.state",
        "entry_ids.reversal_move_ids.reversal_move_ids.state",
        "is_being_booked",
        "is_being_posted",
    )
    def _compute_state(self):
        for settlement in self:
            entries = settlement._entries()
            states = set(entries.mapped("state"))
            if settlement.is_being_booked:
                settlement.state = "drafting"
            elif not states:
                settlement.state = "open"
            elif states != {"posted"}:
                settlement.state = "draft"
            elif entries._amazon_reversed():
                settlement.state = "reversed"
            else:
                settlement.state = "posting" if settlement.is_being_posted else "posted"

    @api.depends("entry_ids.state")
    def _compute_entry_count(self):
        for settlement in self:
            settlement.entry_count = len(settlement._entries())

    @api.depends("booked_order_ids.reason", "entry_ids.state")
    def _compute_unmatched_count(self):
        found = self.env["amazon.settlement.order"]._read_group(
            [*self._booked_orders(), ("reason", "!=", False)],
            ["settlement_id"],
            ["__count"],
        )
        counts = dict(found)
        for settlement in self:
            settlement.unmatched_count = counts.get(settlement, 0)

    @api.depends(
        "state",
        "agrees",
        "has_other",
        "is_seen",
        "sum_ids.type_id.kind",
        "sum_ids.type_id.is_guessed",
        "sum_ids.transaction_type_id.kind",
    )
    def _compute_why_not_booked(self):
        for settlement in self:
            mine = settlement.sudo().filtered(lambda one: one.state in ("open", "reversed"))
            settlement.why_not_booked = "\n".join(mine._why_not_booked() if mine else [])
            settlement.needs_set_up = bool(mine) and not mine._is_set_up()
            settlement.needs_types = bool(mine._unclear_types())
            settlement.needs_transaction_types = bool(mine._unclear_transaction_types())
            settlement.needs_rules = bool(mine) and not settlement.needs_set_up and bool(mine._without_account())

    # === ACTION METHODS === #

    def action_book(self):
        """Draft the entries of these settlements, the oldest first; the accountant posts them. Of several those are
        booked that can be, and of the others it is said why not."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        return self._book_each()

    def action_book_again(self):
        """Draft these settlements' entries anew, by what is invoiced now."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        return self._book_each(again=True)

    def action_take_back(self):
        """Delete the drafts of these settlements. Those that have been posted once have numbers, between which Odoo
        wants no gap: they are cancelled."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        for settlement in self:
            entries = settlement._entries()
            if not entries:
                raise UserError(self.env._("%s is not booked.", settlement.settlement_ref))
            if any(entry.state == "posted" for entry in entries):
                raise UserError(
                    self.env._("%s is posted. Reset its entries to draft first.", settlement.settlement_ref)
                )
            if any(entry.posted_before for entry in entries):
                entries.button_cancel()
                # Before what comes instead is written.
                entries.flush_recordset(["state"])
            else:
                entries.unlink()

    def action_post(self):
        """Post the drafts of these settlements, and have them pay the orders' invoices; those of many orders are paid
        by a job."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        drafts = self.entry_ids.filtered(lambda entry: entry.state == "draft")
        if not drafts and (drafting := self.filtered(lambda one: one.state == "drafting")):
            names = ", ".join(drafting.mapped("settlement_ref"))
            raise UserError(self.env._("%s is being drafted. Post it when that is done.", names))
        if not drafts and any(settlement.state != "open" for settlement in self):
            names = ", ".join(self.filtered(lambda one: one.state != "open").mapped("settlement_ref"))
            raise UserError(self.env._("%s is posted already.", names))
        if not drafts:
            raise UserError(self.env._("Nothing here is to be posted. Book it first."))
        drafts.sorted("date").action_post()

    def action_view_entries(self):
        """Open the entries of these settlements."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_journal_line")
        entries = [("amazon_settlement_id", "in", self.ids)]
        return {**action, "domain": entries, "context": {"create": False}}

    def action_view_items(self):
        """Open the journal items of these settlements' entries: Odoo's form of an entry shows them only to who has
        its full accounting features."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_entry_items")
        entries = [("move_id.amazon_settlement_id", "in", self.ids), ("parent_state", "!=", "cancel")]
        return {**action, "domain": entries, "context": {"create": False}}

    def action_view_unmatched(self):
        """Open what of the buyers' money pays no invoice, or only a part of one."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_orders")
        domain = [*self._booked_orders(), ("reason", "!=", False)]
        return {**action, "domain": domain, "context": {"create": False}}

    def action_view_booked_orders(self):
        """Open what is booked of each order."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlement_orders")
        return {**action, "domain": self._booked_orders(), "context": {"create": False}}

    def action_view_unclear_types(self):
        """Open the amounts' types of which a person has to say what they are."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amount_types")
        return {**action, "domain": [("id", "in", self._unclear_types().ids)], "context": {"create": False}}

    def action_view_unclear_transaction_types(self):
        """Open the transactions' types of which a person has to say what they are."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transaction_types")
        types = [("id", "in", self._unclear_transaction_types().ids)]
        return {**action, "domain": types, "context": {"create": False}}

    def action_set_up_booking(self):
        """Make the journal and the rules that are missing, and show the rules."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        for account, settlements in self.grouped("account_id").items():
            account._set_up_booking(settlements.currency_id)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_booking_rules")
        # What the settlement's page does not let make: a rule that is missing can be added.
        return {**action, "domain": [("account_id", "in", self.account_id.ids)], "context": {"create": True}}

    # === BUSINESS METHODS === #

    def _booked_orders(self):
        """Return the domain of what the entries that count have of orders."""
        return [("settlement_id", "in", self.ids), ("line_id.parent_state", "!=", "cancel")]

    def _entries(self):
        """Return the entries that count: neither cancelled nor reversed before it was booked again."""
        return self.entry_ids.filtered(lambda entry: entry.state != "cancel" and entry.amazon_settlement_month)

    def _is_set_up(self):
        """Tell whether there is a journal, and rules for what every settlement has."""
        rules = self.account_id.booking_rule_ids
        return bool(self.account_id._booking_journal(self.currency_id) and rules._of_kind("transfer"))

    def _why_not_booked(self):
        """Say what is in the way of booking it, and what to do.

        :rtype: list[str]
        """
        self.ensure_one()
        account, whys = self.account_id, []
        entries = self._entries()
        if (gone := entries._amazon_reversed()) and (left := entries - gone):
            names = ", ".join(left.mapped("display_name"))
            whys.append(self.env._("Its entries belong together. Reverse these, too: %s", names))
        if not self.agrees:
            whys.append(
                self.env._(
                    "Its lines do not come to what Amazon paid. Have Amazon make the report anew, and take the other"
                    " contents."
                )
            )
        if self.has_other and not self.is_seen:
            whys.append(self.env._("It came with other contents. Take them, or mark it as seen to keep what is here."))
        if unclear := self._unclear_types():
            names = self._some(unclear.mapped("name"))
            whys.append(self.env._("Say under Amount Types what these are, or that the guess is right: %s", names))
        if unclear := self._unclear_transaction_types():
            names = self._some(unclear.mapped("name"))
            whys.append(self.env._("Say under Transaction Types what these are: %s", names))
        if not self.currency_id.active:
            whys.append(self.env._("The currency %s is archived. Activate it.", self.currency_id.name))
        if not account._booking_journal(self.currency_id):
            whys.append(self.env._("There is no journal for %s. Press “Set Up Booking”.", self.currency_id.name))
        if missing := self._without_account():
            whys.append(self.env._("These have no account. Choose one under Booking Rules: %s", self._some(missing)))
        return whys + self._why_locked()

    @api.model
    def _some(self, names):
        """Return names as they are told: of many some, and how many more there are."""
        text = ", ".join(names[:NAMED])
        more = len(names) - NAMED
        return self.env._("%(names)s and %(count)s more", names=text, count=more) if more > 0 else text

    def _amount_types(self):
        """Return the types of what it has amounts of."""
        return self.sum_ids.filtered(lambda each: abs(each.amount) > NOTHING).type_id

    def _kinds(self):
        """Return what its amounts are, as far as entries go by it: for JSON."""
        kinds = {
            (
                each.transaction_type_id.id,
                each.type_id.id,
                each.kind,
                each.kind in BUYERS and each.transaction_kind in REFUNDS,
            )
            for each in self._sums_of_something()
        }
        return [list(kind) for kind in sorted(kinds)]

    def _sums_of_something(self):
        """Return its sums but those of zeros: amounts of two orders, which are booked each, may come to nothing."""
        something = self.sum_ids.filtered(lambda each: abs(each.amount) > NOTHING)
        if nothing := (self.sum_ids - something).filtered(lambda each: each.count > 1):
            mine = [("settlement_id", "=", self.id), ("type_id", "in", nothing.type_id.ids), ("amount", "!=", 0)]
            of_lines = self.env["amazon.settlement.line"]._read_group(mine, ["transaction_type_id", "type_id"])
            something |= nothing.filtered(lambda each: (each.transaction_type_id, each.type_id) in of_lines)
        return something

    def _note_kinds(self):
        """Note what its amounts are taken for, to see when that is something else."""
        for settlement in self:
            settlement.write({"booked_kinds": settlement._kinds(), "is_booked_otherwise": False})

    def _add_up(self):
        result = super()._add_up()
        for settlement in self.filtered("booked_kinds"):
            settlement.is_booked_otherwise = settlement.booked_kinds != settlement._kinds()
        return result

    def _unclear_types(self):
        """Return those of which a person has to say what they are."""
        return self._amount_types().filtered(lambda one: one.kind == "unclassified" or one.is_guessed)

    def _without_account(self):
        """Return the names of the kinds that have no account."""
        return Entry.without_account(self, self._amount_types())

    def _why_locked(self):
        journal = self.account_id._booking_journal(self.currency_id)
        taxed = bool(self.account_id.booking_rule_ids.ledger_tax_ids)
        company = self.company_id
        for month in self._months():
            day = self._day_of(month)
            if locks := company._get_violated_lock_dates(day, taxed, journal):
                return [
                    self.env._(
                        "%(day)s is in a locked period: %(locks)s",
                        day=format_date(self.env, day),
                        locks=company._format_lock_dates(locks),
                    )
                ]
        return []

    def _last_day(self):
        """Return the day on which it ended, where it is of: that of the payout."""
        return local_date(self.end_at, ZoneInfo(self._zone()))

    def _months(self):
        """Return the first days of the months of which it has an entry each; the last has the payout."""
        last = self._last_day().replace(day=1)
        months = {each.month for each in self.sum_ids if abs(each.amount) > NOTHING and each.month < last}
        return [*sorted(months), last]

    def _day_of(self, month):
        """Return the day of the entry of a month."""
        if month == self._last_day().replace(day=1):
            return self._last_day()
        return fields.Date.add(month, months=1) - timedelta(days=1)

    def _book_each(self, again=False):
        """Book these, the oldest first.

        :param bool again: their drafts are taken back before.
        :return: the action that shows the entries, or tells what was not booked now.
        :raise UserError: none can be booked, and why.
        """
        if len(self) == 1:
            refused = []
            self._book(again)
        else:
            refused = self._book_those_that_can_be(again)
        later = self.filtered("is_being_booked")
        told = refused[:NAMED]
        if refused[NAMED:]:
            told.append(self.env._("%s more cannot be booked.", len(refused) - NAMED))
        if self and len(refused) == len(self):
            raise UserError("\n".join(told))
        if later:
            names = self._some(later.mapped("settlement_ref"))
            told.append(self.env._("%s: of many orders. The entries are drafted in the background.", names))
        if not told:
            return self.action_view_entries()
        kind = "warning" if refused else "info"
        return notice("\n".join(told), kind, sticky=bool(refused))

    def _book_those_that_can_be(self, again):
        """Book these, each as a whole or not at all.

        :return: why those are not that are not.
        :rtype: list[str]
        """
        refused = []
        for settlement in self.sorted(lambda one: (one.end_at, one.id)):
            try:
                with self.env.cr.savepoint():
                    settlement._book(again)
            except UserError as error:
                refused.append(str(error))
        return refused

    def _book(self, again=False):
        """Draft its entries; where they are of many orders, have the job do so.

        :param bool again: the drafts that there are are taken back before.
        :raise UserError: why it cannot be booked.
        """
        self.ensure_one()
        mine = self._ours()
        try:
            mine.lock_for_update()
        except LockError:
            raise UserError(
                self.env._("%s is being booked by somebody else at this moment.", self.settlement_ref)
            ) from None
        mine.invalidate_recordset()
        if again:
            self.action_take_back()
        if mine.is_being_booked:
            raise UserError(self.env._("%s is being drafted already.", self.settlement_ref))
        mine._check_can_be_booked()
        if mine._is_of_many():
            mine._draft_later()
        else:
            mine._draft()

    def _ours(self):
        """Return it as it is booked, in its company."""
        return self.sudo().with_company(self.company_id)  # sudo: orders and invoices of whoever made them

    def _check_can_be_booked(self):
        """
        :raise UserError: why it cannot be.
        """
        entries = self._entries()
        if entries and not entries._amazon_reversed():
            raise UserError(self.env._("%s is booked already.", self.settlement_ref))
        if whys := self._why_not_booked():
            raise UserError(
                self.env._(
                    "Settlement %(settlement)s cannot be booked.\n%(whys)s",
                    settlement=self.settlement_ref,
                    whys="\n".join(f"• {why}" for why in whys),
                )
            )

    def _draft(self):
        """Draft its entries."""
        # Of entries that were cancelled, or reversed.
        self.booked_order_ids.unlink()
        self._entries().amazon_settlement_month = False
        self.payout_item_id = False
        self.flush_recordset()
        self.entry_ids.flush_recordset(["amazon_settlement_month"])
        self.booking_error = False
        self._note_kinds()
        Entry(self.with_context(lang=self.company_id._amazon_lang())).make()
