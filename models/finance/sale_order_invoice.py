"""Invoices that are made by themselves of orders that have left."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

from ...const import BATCH_SIZE, DEAD
from ...locks import MET
from ...ours import OURS, is_ours
from ...said import Said, say

# So many orders are looked at together, and so many stand on one invoice at most.
LOOKED_AT = 500
MOST_ON_ONE = 200
# What could not be invoiced is tried again after so many hours. A person is asked of so many orders at most.
RETRY_HOURS = 24
MOST_ASSIGNED = 20
# So many in a row that cannot be invoiced, and none that can: the run pauses for so many seconds.
IN_VAIN = 100
PAUSE_SECONDS = 60


class _OnlyTried(Exception):
    """It would work: it is taken back."""


class SaleOrder(models.Model):
    """An order is invoiced by itself once all of it has left, as far as its amounts are Amazon's. What a person has
    invoiced, or has taken back, is left to people."""

    _inherit = "sale.order"

    amazon_invoice_error = Said("Not Invoiced because", readonly=True, copy=False)
    amazon_invoice_retry_at = fields.Datetime(
        readonly=True, copy=False, help="It could not be invoiced by itself, and is not tried again before."
    )

    _amazon_to_invoice_idx = models.Index(
        "(amazon_account_id, effective_date, id)"
        " WHERE invoice_status IN ('to invoice') AND amazon_status IN ('shipped')"
    )
    _amazon_not_invoiced_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_invoice_error IS NOT NULL")

    # === BUSINESS METHODS: WHICH ORDERS === #

    @api.model
    def _amazon_to_invoice(self, account, place):
        """Return orders of an account that have left and are not invoiced, those that left first before the others; of
        a day that has an invoice for all of it, all or none but where there are too many.

        :param account: the ``amazon.account``.
        :param place: where the orders before have ended, as :meth:`_amazon_invoice_place` returns it; None: the first.
        """
        since, until = account._invoices_between()
        domain = (
            Domain("amazon_account_id", "=", account.id)
            & Domain("company_id", "=", account.company_id.id)
            & Domain("invoice_status", "=", "to invoice")
            & Domain("amazon_status", "=", "shipped")
            & Domain("effective_date", ">=", since)
            & Domain("amazon_on_hold", "=", False)
            & (
                Domain("amazon_invoice_retry_at", "=", False)
                | Domain("amazon_invoice_retry_at", "<=", fields.Datetime.now())
            )
        )
        if until:
            domain &= Domain("effective_date", "<", until)
        if place:
            moment, last = place
            domain &= Domain("effective_date", ">=", moment)
            domain &= Domain("effective_date", ">", moment) | Domain("id", ">", last)
        orders = self.search(domain, order="effective_date, id", limit=LOOKED_AT)
        if account.invoice_per == "day" and len(orders) == LOOKED_AT:
            days = orders.grouped(lambda order: order._amazon_local_date(order.effective_date))
            orders -= list(days.values())[-1] if len(days) > 1 else self
        return orders

    def _amazon_invoice_place(self):
        """Return where these orders end among all that are to be invoiced."""
        last = self[-1:]
        return [fields.Datetime.to_string(last.effective_date), last.id] if last else False

    def _amazon_ready_to_invoice(self):
        """Return those of these orders that nothing is in the way of."""
        newer = self.env["amazon.order.update"]._unapplied(self)
        return self.filtered(lambda order: order not in newer and order._amazon_is_to_invoice())

    def _amazon_is_to_invoice(self):
        """Tell whether all of it has left, nobody has invoiced anything of it, and its amounts are Amazon's."""
        self.ensure_one()
        account = self.amazon_account_id
        return (
            self.state == "sale"
            and self.invoice_status == "to invoice"
            and self.amazon_status == "shipped"
            and not self.amazon_on_hold
            # Its tax is not known before it has a product.
            and not self.amazon_has_unknown_sku
            # A draft is somebody's, and what was credited or cancelled is not billed again.
            and not self.order_line.invoice_lines
            and (account.invoice_per != "day" or self._amazon_invoice_day() < self.amazon_marketplace_id._today())
            and self._amazon_amounts_agree()
        )

    def _amazon_amounts_agree(self):
        """Tell whether the order, with those that belong to it, is as on Amazon, or was accepted as it is. What was
        refunded is credited once there is an invoice."""
        family = self.amazon_family_id.amazon_family_member_ids or self
        if any(order.amazon_account_id and order.amazon_status not in ("shipped", *DEAD) for order in family):
            # Its goods may be on the lines of another one.
            return False
        if not self.amazon_mismatch:
            return True
        compared = family.filtered(lambda order: order._amazon_is_compared())
        off = sum(order._amazon_ordered() - order.amazon_total for order in compared)
        return (
            self.currency_id.is_zero(off)
            and all(self.currency_id.is_zero(order.amazon_settled_difference) for order in family)
            and not any(family.mapped("amazon_other_currency"))
        )

    def _amazon_invoice_day(self):
        """Return the day on which the last of it left, where it was sold.

        :rtype: date
        """
        self.ensure_one()
        gone = self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.location_dest_id.usage == "customer"
        )
        return self._amazon_local_date(max(filter(None, gone.mapped("date_done")), default=self.effective_date))

    # === BUSINESS METHODS: MAKING THEM === #

    @api.model
    def _amazon_make_invoices(self, run):
        """Invoice what is to be invoiced; the work of the account's job.

        :param run: the :class:`...run.Run`.
        :return: whether something is left.
        """
        account, job = run.account, run.job
        in_vain = 0
        while orders := self._amazon_to_invoice(account, job.invoice_place):
            for together in orders._amazon_ready_to_invoice()._amazon_invoiced_together(account):
                failed = together._amazon_invoice_locked(account, run.log)
                in_vain = in_vain + failed if failed == len(together) else 0
                run.checkpoint(len(together))
                if in_vain >= IN_VAIN:
                    # Something is wrong with all of them, as a rule.
                    job._trigger(PAUSE_SECONDS)
                    return True
            job.invoice_place = orders._amazon_invoice_place()
            run.checkpoint()
        # The next run begins with what was left out for whatever reason.
        job.invoice_place = False
        return False

    def _amazon_invoiced_together(self, account):
        """Yield these orders as they are invoiced in one transaction: each by itself, or all of a day's on one."""
        if account.invoice_per == "order":
            groups, size = [self], BATCH_SIZE
        else:
            groups = self.grouped(
                lambda order: (order._amazon_invoice_day(), order.currency_id, order.fiscal_position_id)
            ).values()
            size = MOST_ON_ONE
        for group in groups:
            for ids in split_every(size, group.ids):
                yield self.browse(ids)

    def _amazon_invoice_locked(self, account, log):
        """Invoice these orders, but for what somebody else works on or has changed meanwhile.

        :param log: the run's ``amazon.log``.
        :return: how many of them could not be invoiced.
        :rtype: int
        """
        # What was read before is of an older transaction.
        self.env.invalidate_all()
        orders = self.try_lock_for_update(allow_referencing=True)._amazon_ready_to_invoice()
        failed = {}
        invoices = orders._amazon_invoice(account, failed)
        for order, error in failed.items():
            order._amazon_not_invoiced(error)
        good = orders.browse(order.id for order in orders if order not in failed)
        tried_before = good.filtered("amazon_invoice_error")
        tried_before.write({"amazon_invoice_error": False, "amazon_invoice_retry_at": False})
        tried_before._amazon_assigned("invoice").unlink()
        log._invoiced(good, invoices, failed)
        return len(failed)

    def _amazon_invoice(self, account, failed):
        """Invoice these orders together; when that fails, without those that it fails for.

        :param dict failed: gets why, by the order.
        :return: the ``account.move``.
        """
        if not self:
            return self.env["account.move"]
        try:
            with self.env.cr.savepoint():
                return self._amazon_create_invoices(account)
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - told on the order, and stops no other
            if len(self) == 1:
                failed[self] = error
                return self.env["account.move"]
        wrong = self._amazon_halves(lambda half: half._amazon_not_possible(account))
        if wrong:
            failed.update(wrong)
            rest = self.browse(order.id for order in self if order not in wrong)
            return rest._amazon_invoice(account, failed)
        # Each of them is right, together they are not.
        half = len(self) // 2
        return self[:half]._amazon_invoice(account, failed) | self[half:]._amazon_invoice(account, failed)

    def _amazon_halves(self, work):
        """Return what `work` returns of both halves of these orders, in one."""
        half = len(self) // 2
        return {**work(self[:half]), **work(self[half:])}

    def _amazon_not_possible(self, account):
        """Return which of these orders cannot be invoiced, and why; leaves nothing behind.

        :rtype: dict
        """
        try:
            with self.env.cr.savepoint():
                self._amazon_create_invoices(account)
                raise _OnlyTried
        except _OnlyTried:
            return {}
        except MET:
            raise
        except Exception as error:  # noqa: BLE001 - see _amazon_invoice
            if len(self) == 1:
                return {self: error}
        return self._amazon_halves(lambda half: half._amazon_not_possible(account))

    def _amazon_create_invoices(self, account):
        """Make the invoices of these orders as the account says.

        :return: the ``account.move``.
        :raise UserError: Odoo's; or they do not come to what the orders do.
        """
        invoices = self.with_context(amazon_invoicing=OURS)._create_invoices(grouped=account.invoice_per == "order")
        for invoice in invoices:
            orders = invoice.line_ids.sale_line_ids.order_id
            ordered = sum(orders.mapped("amount_total"))
            if invoice.currency_id.compare_amounts(invoice.amount_total, ordered):
                raise UserError(
                    self.env._(
                        "The invoice would come to %(invoice)s instead of %(ordered)s. Check in Odoo that all of it is"
                        " delivered, and its taxes.",
                        invoice=invoice.currency_id.format(invoice.amount_total),
                        ordered=invoice.currency_id.format(ordered),
                    )
                )
        if account.invoice_state == "posted":
            invoices._post(soft=False)
        return invoices

    def _prepare_invoice(self):
        values = super()._prepare_invoice()
        if self.amazon_account_id:
            values["amazon_account_id"] = self.amazon_account_id.id
        if is_ours(self.env, "amazon_invoicing"):
            values["invoice_date"] = self._amazon_invoice_day()
            if self.amazon_account_id.invoice_per == "day":
                self._amazon_for_all(values)
        return values

    def _amazon_for_all(self, values):
        """Change an invoice's values to those of one for all orders of a day, with nothing of one buyer on it."""
        account = self.amazon_account_id
        customer = account._invoice_customer()
        values.update(
            partner_id=customer.id,
            partner_shipping_id=customer.id,
            fiscal_position_id=self.fiscal_position_id.id,
            narration=False,
            ref=account.name,
        )
        # The customer's own.
        values.pop("invoice_payment_term_id", None)

    def _create_account_invoices(self, invoice_vals_list, final):
        if is_ours(self.env, "amazon_invoicing") and len(self) > len(invoice_vals_list) == 1:
            names = self.sorted("id").mapped("name")
            invoice_vals_list[0]["invoice_origin"] = f"{names[0]} … {names[-1]} ({len(names)})"
        return super()._create_account_invoices(invoice_vals_list, final)

    # === BUSINESS METHODS: WHAT CANNOT BE INVOICED === #

    def _amazon_not_invoiced(self, error):
        """Say on an order why it could not be invoiced, and have it tried again later.

        :param Exception error: what was raised.
        """
        reason = self.env["amazon.order.update"]._reason(error)
        later = fields.Datetime.add(fields.Datetime.now(), hours=RETRY_HOURS)
        self.write({"amazon_invoice_error": reason, "amazon_invoice_retry_at": later})
        asked = Domain("res_model", "=", self._name) & Domain("amazon_reason", "=", "invoice")
        if self.env["mail.activity"].search_count(asked, limit=MOST_ASSIGNED) >= MOST_ASSIGNED:
            # They stand in the list, too.
            return
        for order in self._amazon_in_company_language():
            order._amazon_assign("invoice", order.env._("Could not be invoiced by itself"), say(order.env, reason))
