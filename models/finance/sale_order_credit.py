from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .amazon_amount_type import BUYERS


class SaleOrder(models.Model):
    """Credit notes for what Amazon has refunded, and returns of what is refunded."""

    _inherit = "sale.order"

    amazon_credit_drafted = fields.Boolean(
        readonly=True, copy=False, help="A credit note of this order is still to be posted."
    )

    # === COMPUTE METHODS === #

    @api.depends("amazon_transaction_ids.credit_note_id")
    def _get_invoiced(self):
        result = super()._get_invoiced()
        for order in self.filtered("amazon_account_id"):
            # Not linked to lines: what is given back without a return is not to be invoiced again.
            order.invoice_ids |= order.sudo().amazon_transaction_ids.credit_note_id.sudo(self.env.su)
            order.invoice_count = len(order.invoice_ids)
        return result

    # === ACTION METHODS === #

    def action_amazon_credit_note(self):
        """Draft a credit note for what Amazon has refunded and nothing credits yet; the accountant posts it.

        :return: the action that shows it.
        :raise UserError: when there is nothing to credit, or no invoice to credit it against.
        """
        self.ensure_one()
        self._amazon_check_group("accountant")
        self.check_access("read")
        open_amount = self.currency_id.round(self.amazon_refunded - self.amazon_credited)
        if self.currency_id.compare_amounts(open_amount, 0) <= 0:
            raise UserError(self.env._("%s: everything that Amazon has refunded is credited.", self.name))
        if drafts := self._amazon_draft_notes():
            return self._amazon_show_note(drafts[:1])
        refunds = self._amazon_open_refunds()
        invoice = self.invoice_ids.filtered(lambda move: move.move_type == "out_invoice" and move.state == "posted")[
            -1:
        ]
        if not invoice:
            raise UserError(self.env._("%s has no posted invoice. Invoice the order first.", self.name))
        note = self.env["account.move"].create(self._amazon_note_vals(invoice, refunds, open_amount))
        refunds.sudo().credit_note_id = note  # sudo: transactions are the addon's own
        # The invoice may be of several orders: now it is known that the note is this one's.
        note._amazon_credited_orders()._amazon_count_credit()
        return self._amazon_show_note(note)

    def action_amazon_prepare_return(self):
        """Open the dialog that takes back what has left for this order."""
        self.ensure_one()
        self._amazon_check_group()
        gone = self.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.picking_type_code == "outgoing"
        )
        if not gone:
            raise UserError(self.env._("Nothing of %s has left from here that could come back.", self.name))
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.act_stock_return_picking")
        picking = gone.sorted("date_done")[-1]
        context = {"active_id": picking.id, "active_ids": picking.ids, "active_model": "stock.picking"}
        return {**action, "context": context}

    # === BUSINESS METHODS === #

    def _amazon_show_note(self, note):
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "form",
            "res_id": note.id,
            "context": {"default_move_type": "out_refund"},
        }

    def _amazon_open_refunds(self):
        """Return the refunds that no posted credit note is for."""
        return self.sudo().amazon_transaction_ids.filtered(
            lambda one: one.kind == "refund" and (one.counts or one.line_ids) and one.credit_note_id.state != "posted"
        )

    def _amazon_draft_notes(self):
        """Return the credit notes that are still to be posted."""
        notes = self.sudo()._amazon_notes()  # sudo: only which ones
        return notes.filtered(lambda note: note.state == "draft").sudo(self.env.su)

    def _amazon_note_vals(self, invoice, refunds, total):
        """Return the values of a credit note.

        :param invoice: the ``account.move`` that it gives back a part of.
        :param refunds: the ``amazon.transaction`` that it is for.
        :param float total: what it has to come to, in the order's currency.
        """
        # The customer gets it: whoever drafts it may read another language.
        self = self.with_context(lang=self.company_id._amazon_lang())
        parts = self._amazon_parts_of(refunds.line_ids)
        lines = [self._amazon_note_line(part, -amount) for part, amount in parts.items()]
        rest = self.currency_id.round(total + sum(parts.values()))
        if not self.currency_id.is_zero(rest):
            lines.append({"name": self.env._("Credited before"), "quantity": 1, "price_unit": rest, "tax_ids": False})
        return {
            "move_type": "out_refund",
            "reversed_entry_id": invoice.id,
            "partner_id": invoice.partner_id.id,
            "journal_id": invoice.journal_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "invoice_origin": self.name,
            "ref": self.env._("Refund on Amazon: %s", self.amazon_order_ref),
            "invoice_line_ids": [Command.create(vals) for vals in lines],
        }

    def _amazon_note_line(self, part, amount):
        """Return the values of a credit note's line.

        :param tuple part: as :meth:`_amazon_parts_of` names it.
        :param float amount: with tax.
        """
        line = self._amazon_line_of(part)
        if not line:
            return {"name": self._amazon_part_name(part), "quantity": 1, "price_unit": amount, "tax_ids": False}
        each, quantity = line.price_unit, 1
        if part[0] == "goods" and each and self.currency_id.is_zero(amount - each * round(amount / each)):
            quantity = max(1, round(amount / each))
        return {
            "name": line.name,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "quantity": quantity,
            "price_unit": amount / quantity,
            "tax_ids": [Command.set(line.tax_ids.ids)],
        }

    def _amazon_line_of(self, part):
        """Return the line of the order that stands for a part of its money; none when there is no such line."""
        name, sku = part
        if name == "goods":
            refs = self._amazon_items_of(sku).mapped("item_ref")
            return self.order_line.filtered(lambda line: line.amazon_item_ref in refs)[:1]
        return self.order_line.filtered(lambda line: line.amazon_line_key == name)[:1]

    def _amazon_parts_of(self, lines):
        """Return the buyer's money in amounts of Amazon's, by the part of the order that it concerns, rounded to what
        there are coins for. What is in another currency than the order is no part of it.

        :param lines: ``amazon.transaction.line`` of this order.
        :return: amounts by (``goods``, SKU) or (``shipping`` …, ``""``).
        :rtype: dict
        """
        parts, on_top, currency = defaultdict(float), self._amazon_has_tax_line(), self.currency_id
        for line in lines.filtered(lambda line: line.kind in BUYERS and line.currency_id == currency):
            parts[line._part(on_top)] += line.amount
        rounded = {part: currency.round(amount) for part, amount in parts.items()}
        # Of fractions the sum is rounded, not each of them; what that makes is said.
        rounded["rounding", ""] = currency.round(currency.round(sum(parts.values())) - sum(rounded.values()))
        return {part: amount for part, amount in rounded.items() if not currency.is_zero(amount)}
