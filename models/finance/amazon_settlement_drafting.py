"""How the entries of a large settlement are drafted: by the job that pays the invoices, too."""

from odoo import fields, models
from odoo.exceptions import LockError, UserError

from ...locks import MET
from ...said import Said

# Of more orders than so many whoever books does not wait until the entries are drafted.
MOST_AT_ONCE = 1000


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === BUSINESS METHODS === #

    def _being_drafted(self):
        return [("account_id", "=", self.id), ("is_being_booked", "=", True)]

    def _draft_entries(self, run):
        """Draft the entries of settlements that wait for it, the oldest first, each in a transaction."""
        settlements = self.env["amazon.settlement"]
        while settlement := settlements.search(self._being_drafted(), order="end_at, id", limit=1):
            if not settlement.try_lock_for_update():
                # A person writes to it at this moment.
                run.give_back()
            settlement._ours()._draft_now()
            run.checkpoint(1)


class AmazonSettlement(models.Model):
    _inherit = "amazon.settlement"

    is_being_booked = fields.Boolean("Being Drafted", readonly=True, help="The job drafts its entries.")
    booking_error = Said("Not Drafted because", readonly=True)

    _being_booked_idx = models.Index("(account_id, end_at, id) WHERE is_being_booked")

    # === ACTION METHODS === #

    def action_stop_booking(self):
        """Have these settlements, whose entries wait for being drafted, be to be booked again."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        drafting = self.sudo().filtered("is_being_booked")  # sudo: settlements are the addon's own
        try:
            drafting.lock_for_update()
        except LockError:
            raise UserError(
                self.env._("Its entries are drafted at this moment. Wait a minute; drafts can be deleted.")
            ) from None
        drafting.is_being_booked = False

    # === BUSINESS METHODS === #

    def _is_of_many(self):
        """Tell whether it is of more orders than somebody waits for."""
        mine = [("settlement_id", "=", self.id), ("order_ref", "!=", False)]
        [[count]] = self.env["amazon.settlement.line"]._read_group(mine, [], ["order_ref:count_distinct"])
        return count > MOST_AT_ONCE

    def _draft_later(self):
        """Have the job draft its entries."""
        self.write({"is_being_booked": True, "booking_error": False})
        self.account_id._job("paying")._trigger()

    def _draft_now(self):
        """Draft its entries, to be committed with its waiting no more; or say why they cannot be drafted."""
        why = False
        try:
            with self.env.cr.savepoint():
                self.is_being_booked = False
                self._check_can_be_booked()
                self._draft()
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it keeps no other settlement from being booked
            why = self.env["amazon.order.update"]._reason(error)
        self.write({"is_being_booked": False, "booking_error": why})
