from collections import defaultdict

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...const import AWAITING_PAYMENT, DEAD
from ...said import say
from .amazon_amount_type import BUYERS

_lt = LazyTranslate(__name__)

SHIPPED = ("partially_shipped", "shipped")


class SaleOrder(models.Model):
    """What an order is here, what Amazon says it is, and what Amazon's Finances say happened: three ways that have to
    come to the same."""

    _name = "sale.order"
    _inherit = ["sale.order", "amazon.accepted"]

    amazon_credited = fields.Monetary(
        "Credited", readonly=True, copy=False, help="What posted credit notes give back of this order"
    )
    amazon_difference = fields.Monetary(
        "Difference (Odoo − Amazon)",
        compute="_compute_amazon_difference",
        store=True,
        help="The total in Odoo without what was credited, less Amazon's without what it has refunded. Above zero: Odoo"
        " has more.",
    )
    amazon_settled_difference = fields.Monetary(
        "Difference (Finances − Order)",
        compute="_compute_amazon_settled_difference",
        store=True,
        help="What Amazon's Finances show as sold, less what Amazon says the order is; of what they show completely.",
    )
    amazon_unsettled = fields.Monetary(
        "Not Yet Settled",
        compute="_compute_amazon_unsettled",
        help="What Amazon's Finances do not show as sold yet. It may take two days, and longer where it is deferred.",
    )
    amazon_family_difference = fields.Monetary(
        "Difference of All Related",
        compute="_compute_amazon_mismatch",
        store=True,
        help="Of this order and its related ones",
    )
    amazon_mismatch = fields.Boolean(
        "Amounts Differ",
        compute="_compute_amazon_mismatch",
        store=True,
        help="It is shipped, its amounts differ, and nobody has accepted that.",
    )
    amazon_difference_reason = fields.Selection(
        [
            ("refund", "Refund without Credit Note"),
            ("chargeback", "Chargeback without Credit Note"),
            ("a_to_z", "A-to-z Claim without Credit Note"),
            ("claims", "Chargeback and A-to-z Claim without Credit Note"),
            ("refund_chargeback", "Refund and Chargeback without Credit Note"),
            ("refund_a_to_z", "Refund and A-to-z Claim without Credit Note"),
            ("refund_claims", "Refund, Chargeback and A-to-z Claim without Credit Note"),
            ("drafted", "Credit Note to Be Posted"),
            ("credit", "Credit Note without Refund"),
            ("missing", "Missing Here"),
            ("cancelled", "Cancelled on Amazon"),
            ("partly", "Shipped Only in Part"),
            ("price", "Price Changed Here"),
            ("tax", "Tax"),
            ("currency", "Currency"),
            ("rounding", "Rounding"),
            ("unclassified", "Amounts Not Classified"),
            ("release", "Released with Another Amount"),
            ("finances", "Finances Differ from the Order"),
            ("related", "Related Order"),
            ("other", "Other"),
        ],
        "Reason",
        compute="_compute_amazon_mismatch",
        store=True,
    )
    amazon_compared = fields.Boolean(
        compute="_compute_amazon_compared", help="No: it is no order yet, or no longer one, here or on Amazon."
    )
    amazon_accepted_amounts = fields.Char(
        readonly=True,
        copy=False,
        groups="sale_amazon_spapi.group_amazon_accountant",
        help="The amounts that were accepted: when they change it is asked again.",
    )

    _amazon_mismatch_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_mismatch IS TRUE")
    _amazon_accepted_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_accepted_at IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends(
        "state",
        "amount_total",
        "amazon_total",
        "amazon_refunded",
        "amazon_credited",
        "amazon_account_id",
        "amazon_copied_from_id",
        "amazon_status",
    )
    def _compute_amazon_difference(self):
        for order in self:
            difference = order._amazon_here() - order._amazon_there() if order._amazon_is_compared() else 0
            order.amazon_difference = order._amazon_rounded(difference)

    @api.depends("state", "amazon_account_id", "amazon_copied_from_id", "amazon_status")
    def _compute_amazon_compared(self):
        for order in self:
            of_amazon = bool(order.amazon_account_id)
            order.amazon_compared = order._amazon_is_compared() and (of_amazon or order.state == "sale")

    @api.depends(
        "amazon_settled",
        "amazon_total",
        "amazon_status",
        "amazon_item_ids.total",
        "amazon_item_ids.quantity_fulfilled",
        "amazon_item_ids.quantity_unfulfilled",
    )
    def _compute_amazon_settled_difference(self):
        settled = self.filtered(lambda order: order.amazon_settled and order.amazon_status in SHIPPED)
        (self - settled).amazon_settled_difference = 0
        shown = settled._amazon_shown()
        for order in settled:
            order.amazon_settled_difference = order._amazon_rounded(order._amazon_settled_off(shown[order.id]))

    @api.depends("amazon_settled", "amazon_total", "amazon_status", "amazon_settled_difference")
    def _compute_amazon_unsettled(self):
        for order in self:
            left = order.amazon_total - order.amazon_settled + order.amazon_settled_difference
            order.amazon_unsettled = left if order.amazon_status in SHIPPED else 0

    @api.depends(
        "amazon_difference",
        "amazon_settled_difference",
        "amazon_other_currency",
        "amazon_odd_amounts",
        "amazon_release_differs",
        "amazon_unclassified",
        "amazon_credit_drafted",
        "amazon_claim",
        "amazon_status",
        "amazon_accepted_amounts",
        "amazon_family_id.amazon_family_member_ids.amazon_difference",
        "amazon_family_id.amazon_family_member_ids.amazon_settled_difference",
        "amazon_family_id.amazon_family_member_ids.amazon_other_currency",
        "amazon_family_id.amazon_family_member_ids.amazon_odd_amounts",
        "amazon_family_id.amazon_family_member_ids.amazon_release_differs",
        "amazon_family_id.amazon_family_member_ids.amazon_status",
        "amazon_family_id.amazon_family_member_ids.amazon_accepted_amounts",
    )
    def _compute_amazon_mismatch(self):
        for order in self:
            family = order.amazon_family_id.amazon_family_member_ids or order
            order.amazon_family_difference = family._amazon_sum("amazon_difference")
            differs = family._amazon_differs()
            order.amazon_mismatch = differs and order.amazon_accepted_amounts != family._amazon_amounts_key()
            order.amazon_difference_reason = order._amazon_reason() if differs else False

    # === BUSINESS METHODS: THREE WAYS === #

    def _amazon_is_compared(self):
        """Tell whether it is a question yet, or any more, whether the amounts are the same."""
        self.ensure_one()
        if self.amazon_account_id:
            # What is cancelled here and not there is missing here; what is cancelled there may be invoiced.
            return self.amazon_status not in AWAITING_PAYMENT and (
                self.state != "cancel" or self.amazon_status in SHIPPED or self._amazon_is_billed_in_vain()
            )
        return bool(self.amazon_copied_from_id)

    def _amazon_rounded(self, amount):
        """Return an amount in what there are coins for in the order's currency; an old order may have lost its own."""
        return self.currency_id.round(amount) if self.currency_id else amount

    def _amazon_ordered(self):
        """Return what the order is in Odoo, in its currency; of what Amazon has cancelled, and of a copy that is
        cancelled here, what is invoiced."""
        self.ensure_one()
        is_cancelled_copy = self.state == "cancel" and not self.amazon_account_id
        if is_cancelled_copy or self._amazon_is_billed_in_vain():
            return sum(self._amazon_billed().values())
        counts = self.state == "sale" or (self.amazon_account_id and self.state != "cancel")
        return self.amount_total if counts else 0

    def _amazon_here(self):
        """Return what the order is in Odoo, less what was credited, in its currency."""
        return self._amazon_ordered() - self.amazon_credited

    def _amazon_there(self):
        """Return what the order is on Amazon, less what was refunded there, in its currency."""
        self.ensure_one()
        return 0 if self._amazon_is_billed_in_vain() else self.amazon_total - self.amazon_refunded

    def _amazon_is_billed_in_vain(self):
        """Tell whether Amazon has cancelled what is invoiced here."""
        self.ensure_one()
        return self.amazon_status in DEAD and bool(self.amazon_account_id) and bool(self._amazon_billed())

    def _amazon_billed(self):
        """Return what invoices ask for each line of this order, in its currency; drafts, too. What reverses a credit
        note is no invoice, but makes that one less.

        :rtype: dict
        """
        billed = defaultdict(float)
        for line in self.sudo().order_line:  # sudo: what it comes to, not the invoices
            for item in line.invoice_lines:
                move = item.move_id
                if (
                    move.move_type == "out_invoice"
                    and move.state != "cancel"
                    and move.reversed_entry_id.move_type != "out_refund"
                ):
                    date = move.invoice_date or move.date
                    billed[line] += item.currency_id._convert(item.price_total, self.currency_id, move.company_id, date)
        return billed

    def _amazon_judge_anew(self):
        """Compare these orders once more: what is invoiced of them has changed."""
        self.modified(["amazon_status"])

    def _amazon_shown(self):
        """Return what Amazon's Finances show of these orders as sold.

        :return: by order's id and SKU the units and the buyer's money.
        :rtype: dict[int, dict[str, list]]
        """
        shown = defaultdict(lambda: defaultdict(lambda: [0, 0.0]))
        lines = self.env["amazon.transaction.line"].sudo()  # sudo: it is counted, not shown
        for order, currency, sku, _one, _item, units, amount in lines._read_group(
            [("order_id", "in", self.ids), ("transaction_kind", "=", "sale"), ("type_id.kind", "in", BUYERS)],
            ["order_id", "currency_id", "sku", "transaction_id", "item_number"],
            ["quantity:max", "amount:sum"],
        ):
            if currency == order.currency_id:
                of_sku = shown[order.id][sku]
                of_sku[0] += units
                of_sku[1] += amount
        return shown

    def _amazon_settled_off(self, shown):
        """Return how much more Amazon's Finances show as sold than the order is, as far as they show it completely:
        what they do not show yet is no difference.

        :param dict shown: what :meth:`_amazon_shown` returns of this order.
        """
        self.ensure_one()
        wanted = defaultdict(lambda: [0, 0, 0.0])
        for item in self.amazon_item_ids:
            of_sku = wanted[item.sku]
            of_sku[0] += item.quantity_fulfilled
            of_sku[1] += item.quantity_unfulfilled
            of_sku[2] += item.total
        complete = {
            sku: amount
            for sku, (fulfilled, unfulfilled, amount) in wanted.items()
            if not unfulfilled and fulfilled <= shown.get(sku, (0,))[0]
        }
        if complete.keys() == wanted.keys():
            return self.amazon_settled - self.amazon_total
        more = max(0, self.amazon_settled - self.amazon_total)
        if False in shown:
            # Not everything that is shown is shown of a SKU.
            return more
        off = sum(shown[sku][1] - amount for sku, amount in complete.items() if sku in shown)
        return self._amazon_rounded(off) or more

    # === BUSINESS METHODS: ON THE LIST === #

    def _amazon_sum(self, name):
        """Return the sum of a field of these orders, in the first one's currency."""
        currency = self.currency_id[:1]
        return currency.round(sum(self.mapped(name))) if currency else 0

    def _amazon_differs(self):
        """Tell whether the amounts of these orders, which belong together, differ, as far as they are shipped."""
        currency = self.currency_id[:1]
        if not currency:
            return False
        waiting = self.filtered(
            lambda order: (
                order.amazon_account_id and order.amazon_status not in SHIPPED and not order._amazon_is_billed_in_vain()
            )
        )
        shipped = self - waiting
        if not shipped.amazon_account_id:
            return False
        differs = all(not currency.is_zero(orders._amazon_sum("amazon_difference")) for orders in (self, shipped))
        return (
            differs
            or not all(currency.is_zero(off) for off in shipped.mapped("amazon_settled_difference"))
            or any(shipped.mapped("amazon_other_currency"))
        )

    def _amazon_amounts_key(self):
        """Return the amounts of these orders in a form that is kept and compared."""
        return "|".join(
            f"{order.id}:{order._amazon_rounded(order._amazon_ordered())}:{order.amazon_credited}"
            f":{order.amazon_total}:{order.amazon_refunded}"
            f":{order.amazon_settled_difference}:{order.amazon_odd_amounts or ''}"
            for order in self.sorted("id")
        )

    def _amazon_reason(self):
        """Return why the amounts differ, as far as that can be told."""
        self.ensure_one()
        off, currency = self.amazon_difference, self.currency_id
        if self.amazon_other_currency:
            return "currency"
        if currency.is_zero(off):
            if currency.is_zero(self.amazon_settled_difference):
                return "related"
            if self.amazon_release_differs:
                return "release"
            return "unclassified" if self.amazon_unclassified else "finances"
        if self._amazon_is_billed_in_vain():
            return "cancelled"
        if currency.is_zero(off - self.amazon_refunded + self.amazon_credited):
            # The orders are the same.
            if self.amazon_unclassified and off < 0:
                return "unclassified"
            if off > 0:
                return "drafted" if self.amazon_credit_drafted else self._amazon_reason_of_refund(off)
            return "release" if self.amazon_release_differs else "credit"
        return self._amazon_reason_of_order(off - self.amazon_refunded + self.amazon_credited)

    def _amazon_reason_of_order(self, off):
        """Return why the order here is another one than on Amazon.

        :param float off: by how much, without refunds and credit notes.
        """
        lines = {line.amazon_item_ref: line for line in self.order_line if line.amazon_item_ref}
        items = self.amazon_item_ids
        if not self.amazon_account_id:
            return "related"
        if self.state == "cancel" or any(item.item_ref not in lines for item in items if item.total):
            return "missing"
        gone = items.filtered(
            lambda item: (
                lines.get(item.item_ref)
                and lines[item.item_ref].product_uom_qty > item.quantity_fulfilled + item.quantity_unfulfilled
            )
        )
        if any(item.quantity_cancelled for item in gone):
            return "cancelled"
        if abs(off) <= self.currency_id.rounding * max(len(self.order_line), 1):
            return "rounding"
        if self.currency_id.is_zero(off - self._amazon_tax_off()):
            return "tax"
        if gone or (self.amazon_status == "partially_shipped" and self.amazon_unsettled):
            return "partly"
        return "price"

    def _amazon_tax_off(self):
        """Return how much more tax there is here than Amazon says."""
        on_top = self.order_line.filtered(lambda line: line.amazon_line_key == "tax")
        here = self.amount_tax + sum(on_top.mapped("price_total"))
        return here - sum(self.amazon_item_ids.mapped("tax_added")) - sum(self.amazon_item_ids.mapped("tax_included"))

    # === BUSINESS METHODS: CREDIT NOTES === #

    def _amazon_count_credit(self):
        """Count what posted credit notes give back of these orders, and whether one is still to be posted."""
        for order in self.sudo():  # sudo: it is counted, not shown
            notes = order._amazon_notes()
            posted = notes.filtered(lambda move: move.state == "posted")
            order.amazon_credited = sum(order._amazon_credit_of(note) for note in posted)
            order.amazon_credit_drafted = "draft" in notes.mapped("state")

    def _amazon_notes(self):
        """Return the credit notes of this order, by its lines or by the invoices that they reverse."""
        own = self.order_line.invoice_lines.move_id
        notes = (own | own.reversal_move_ids).filtered(lambda move: move.move_type == "out_refund")
        # An invoice may be of several orders: those of others are for what was refunded of them.
        refunds = self.env["amazon.transaction"].sudo().search([("credit_note_id", "in", notes.ids)])
        others = refunds.filtered(lambda refund: refund.order_id != self).credit_note_id
        return notes - (others - own - refunds.filtered(lambda refund: refund.order_id == self).credit_note_id)

    def _amazon_credit_of(self, note):
        """Return what a credit note gives back of this order, less what reverses it, in the order's currency.

        :param note: a posted ``account.move``.
        """
        refunds = self.env["amazon.transaction"].sudo().search([("credit_note_id", "=", note.id)])
        of_orders = refunds.order_id or (note.line_ids | note.reversed_entry_id.line_ids).sale_line_ids.order_id
        if of_orders == self:
            total = note.amount_total
        else:
            # Of several orders: what stands to none of their lines is nobody's.
            total = sum(
                note.invoice_line_ids.filtered(lambda line: self in line.sale_line_ids.order_id).mapped("price_total")
            )
        date = note.invoice_date or note.date
        reversals = note.reversal_move_ids.filtered(lambda move: move.state == "posted")
        # What it reverses may be less than the credit note, and has none of the order's lines where that has none.
        left = 1 - sum(reversals.mapped("amount_total")) / note.amount_total if note.amount_total else 1
        return note.currency_id._convert(total * left, self.currency_id, note.company_id, date)

    # === BUSINESS METHODS: ACCEPTING === #

    def _amazon_acceptable(self):
        return self.filtered("amazon_mismatch")

    def _amazon_seen(self):
        # sudo: they are compared, not shown
        return self.sudo()._amazon_family()._amazon_amounts_key()

    def _amazon_judged_together(self):
        """Yield these orders' families: what belongs together is accepted together."""
        seen = self.browse()
        for order in self:
            if order not in seen:
                family = order._amazon_family()
                seen |= family
                yield family

    def _amazon_when_accepted(self):
        return {"amazon_accepted_amounts": self._amazon_amounts_key()}

    def _amazon_when_not_accepted(self, by_person):
        return {"amazon_accepted_amounts": False}

    def _amazon_accepted_text(self, reason):
        [order] = self._amazon_in_company_language()
        reasons = dict(order._fields["amazon_difference_reason"]._description_selection(order.env))
        return _lt(
            "The difference of %(amount)s (%(kind)s) was accepted: %(reason)s",
            amount=order.currency_id.format(order.amazon_family_difference),
            kind=reasons.get(order.amazon_difference_reason, "–"),
            reason=reason,
        )

    def _amazon_note(self, text):
        for order in self._amazon_in_company_language():
            order._message_log(body=say(order.env, text))
