from odoo import api, fields, models

from ..engine.trigram import trigram
from .exact import Exact

# So many transactions are added up anew at once, after a person has classified a name.
RECOUNT_AT_ONCE = 500
# What of an order an amount of the buyer's money concerns, by what Amazon's name of it contains.
PARTS = (("shipping", "shipping"), ("giftwrap", "gift_wrap"), ("cod", "cod_fee"))


class AmazonTransactionLine(models.Model):
    """One amount of a transaction, as Amazon breaks it down; all of them together are its total."""

    _name = "amazon.transaction.line"
    _inherit = "amazon.amount"
    _description = "Amazon Transaction Amount"
    _order = "transaction_id, id"
    _log_access = False

    transaction_id = fields.Many2one("amazon.transaction", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="transaction_id.company_id", store=True)
    order_id = fields.Many2one(related="transaction_id.order_id", store=True, index="btree_not_null")
    transaction_kind = fields.Selection(related="transaction_id.kind", string="Transaction's Kind", store=True)
    transaction_state = fields.Selection(related="transaction_id.state", string="State", store=True)
    posted_at = fields.Datetime(related="transaction_id.posted_at", store=True)
    currency_id = fields.Many2one(related="transaction_id.currency_id", store=True)
    group = fields.Char("Amazon's Group", readonly=True)
    sku = fields.Char("Seller SKU", readonly=True)
    quantity = fields.Integer(readonly=True, help="Of a refund it may be the quantity that was sold.")
    item_number = fields.Integer(readonly=True, help="Which of the transaction's items; 0: the transaction itself")
    amount = Exact(readonly=True)

    _posted_idx = models.Index("(posted_at DESC, id DESC)")
    _type_idx = models.Index("(type_id, posted_at DESC, id DESC)")
    _deferred_idx = models.Index("(posted_at DESC, id DESC) WHERE transaction_state IN ('deferred')")
    _sku_idx = models.Index(trigram("sku"))

    # === BUSINESS METHODS === #

    @api.model
    def _make(self, leaves_of):
        """Make the lines of transactions.

        :param leaves_of: pairs of a transaction and its ``selling_partner`` leaves.
        """
        leaves_of = list(leaves_of)
        types = self.env["amazon.amount.type"]._by_name({leaf.name for _one, leaves in leaves_of for leaf in leaves})
        return self.create(
            [
                {
                    "transaction_id": transaction.id,
                    "type_id": types[leaf.name].id,
                    "group": leaf.group or False,
                    "sku": leaf.sku or False,
                    "quantity": leaf.quantity or 0,
                    "item_number": 0 if leaf.item is None else leaf.item + 1,
                    "amount": float(leaf.amount.amount),
                }
                for transaction, leaves in leaves_of
                for leaf in leaves
            ]
        )

    def _part(self, tax_on_top):
        """Return which part of an order an amount concerns.

        :param bool tax_on_top: tax is a line of the order.
        :return: (``goods``, the SKU) or (``shipping`` …, ``""``).
        """
        self.ensure_one()
        # A coupon's code is no cash on delivery.
        name = self.type_id.key.replace("code", "")
        if tax_on_top and self.kind == "tax":
            return "tax", ""
        return next(((part, "") for word, part in PARTS if word in name), ("goods", self.sku or ""))

    @api.model
    def _recount(self, amount_type, after=0):
        """Add up anew the transactions and orders with amounts of a type, the next of them.

        :param int after: up to which transaction that was done.
        :return: the id of the last of these transactions; False: there were none any more.
        """
        concerned = self._search([("type_id", "=", amount_type.id)]).subselect("transaction_id")
        transactions = self.env["amazon.transaction"].search(
            [("id", "in", concerned), ("id", ">", after)], order="id", limit=RECOUNT_AT_ONCE
        )
        transactions._add_up()
        transactions.order_id._amazon_add_up()
        return transactions[-1:].id
