from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from ...refusals import unreadable

_lt = LazyTranslate(__name__)


class AmazonLog(models.Model):
    _inherit = "amazon.log"

    invoiced = fields.Integer("Orders Invoiced", readonly=True)
    not_invoiced = fields.Integer(readonly=True, help="Orders that could not be invoiced by themselves")
    invoices_paid = fields.Integer(readonly=True, help="With what settlements paid")
    made_invoice_ids = fields.Many2many("account.move", "amazon_log_invoice_rel", "log_id", "move_id", readonly=True)
    settlement_ids = fields.One2many(
        "amazon.settlement", "log_id", readonly=True, groups="sale_amazon_spapi.group_amazon_accountant"
    )
    settlement_count = fields.Integer(
        compute="_compute_settlement_count", groups="sale_amazon_spapi.group_amazon_accountant"
    )

    # === COMPUTE METHODS === #

    def _compute_settlement_count(self):
        counts = dict(self.env["amazon.settlement"]._read_group([("log_id", "in", self.ids)], ["log_id"], ["__count"]))
        for log in self:
            log.settlement_count = counts.get(log, 0)

    # === ACTION METHODS === #

    def action_view_settlements(self):
        """Open the settlements that these runs have read."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlements")
        return {**action, "domain": [("log_id", "in", self.ids)], "context": {"create": False}}

    def action_view_invoices(self):
        """Open the invoices that these runs have made."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_invoices")
        # sudo: those that the user may not see do not show
        return {**action, "domain": [("id", "in", self.sudo().made_invoice_ids.ids)]}

    # === BUSINESS METHODS === #

    def _unread_transaction(self, entry, error):
        """Count a transaction that cannot be read, and say of the first why.

        :param entry: the ``selling_partner`` received transaction.
        :param error: why.
        """
        self._count_unreadable(
            _lt(
                "Not all transactions can be read; the others come in. The first is %(transaction)s (%(place)s):"
                " %(why)s",
                transaction=entry.transaction_id,
                place=error.path or "-",
                why=unreadable(error),
            )
        )

    def _invoiced(self, orders, invoices, failed):
        """Count what was invoiced, and say of the first order that could not be why.

        :param orders: the ``sale.order`` that were invoiced.
        :param invoices: their ``account.move``.
        :param dict failed: what was raised, by the order that could not be invoiced.
        """
        if failed and not self.not_invoiced:
            order, error = next(iter(failed.items()))
            self._note(
                _lt(
                    "Not all orders could be invoiced; the others were. The first is %(order)s: %(why)s",
                    order=order.name,
                    why=order.env["amazon.order.update"]._reason(error),
                )
            )
        self.write(
            {
                "invoiced": self.invoiced + len(orders),
                "not_invoiced": self.not_invoiced + len(failed),
                "made_invoice_ids": [fields.Command.link(invoice.id) for invoice in invoices],
            }
        )

    def _is_empty(self):
        return super()._is_empty() and not (self.invoiced or self.not_invoiced or self.invoices_paid)
