import hashlib
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...notices import notice
from .amazon_amount_type import BUYERS, FEES
from .exact import DECIMALS

# What a person may have read again at once: Amazon answers one order every two seconds.
MOST_AT_ONCE = 5
# What the amounts of an order's transactions come to.
TOTALS = ("amazon_settled", "amazon_refunded", "amazon_fees", "amazon_proceeds")
# Where the buyer's money counts, by the transaction's kind.
BUYERS_FIELDS = {"sale": "amazon_settled", "refund": "amazon_refunded"}


class SaleOrder(models.Model):
    """What Amazon's Finances say of an order."""

    _inherit = "sale.order"

    amazon_refunded = fields.Monetary(
        "Refunded on Amazon", readonly=True, copy=False, help="What buyers got back, chargebacks included"
    )
    amazon_settled = fields.Monetary(
        "Sold by Amazon's Finances", readonly=True, copy=False, help="The buyer's money of the sales shown so far"
    )
    amazon_fees = fields.Monetary(
        "Amazon's Fees", readonly=True, copy=False, groups="sale_amazon_spapi.group_amazon_accountant"
    )
    amazon_proceeds = fields.Monetary(
        "Net Proceeds",
        readonly=True,
        copy=False,
        groups="sale_amazon_spapi.group_amazon_accountant",
        help="What the seller's balance on Amazon has changed by",
    )
    amazon_other_currency = fields.Boolean(
        readonly=True, copy=False, help="Amazon's Finances have amounts of this order in another currency."
    )
    amazon_other_amounts = fields.Char(
        "In Other Currencies",
        readonly=True,
        copy=False,
        groups="sale_amazon_spapi.group_amazon_accountant",
        help="What those amounts come to",
    )
    amazon_release_differs = fields.Boolean(
        readonly=True,
        copy=False,
        help="Amazon has paid out another amount of the buyer's money than it had shown before.",
    )
    amazon_release_difference = fields.Monetary(
        "Paid Out beyond What Was Shown",
        readonly=True,
        copy=False,
        groups="sale_amazon_spapi.group_amazon_accountant",
        help="Of what was deferred, how much more Amazon has paid out than it had shown before, fees included",
    )
    amazon_odd_amounts = fields.Char(
        readonly=True,
        copy=False,
        groups="sale_amazon_spapi.group_amazon_accountant",
        help="A mark of the amounts that stand in no sum of the order's, or are not classified, or were released with"
        " another amount: when one of them changes, an acceptance is asked again.",
    )
    amazon_unclassified = fields.Boolean(
        "Amounts Not Classified",
        readonly=True,
        copy=False,
        help="Of some of its amounts it is not known what they are.",
    )
    amazon_transaction_ids = fields.One2many("amazon.transaction", "order_id", "Amazon Transactions", readonly=True)

    _amazon_refunded_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_refunded > 0.0")

    # === ACTION METHODS === #

    def action_amazon_view_transactions(self):
        """Open the transactions of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transactions")
        family = self._amazon_family()
        return {**action, "domain": [("order_id", "in", family.ids)], "context": {"create": False}}

    def action_amazon_read_finances(self):
        """Read the transactions of these orders again from Amazon.

        :raise UserError: when they are too many, or naming what could not be read, and why.
        """
        self._amazon_check_group("accountant")
        orders = self.filtered("amazon_order_ref")
        if not 0 < len(orders) <= MOST_AT_ONCE:
            raise UserError(self.env._("Choose up to %s orders that came from Amazon.", MOST_AT_ONCE))
        for account, mine in orders.grouped("amazon_account_id").items():
            account.sudo()._read_finances(mine.mapped("amazon_order_ref"))  # sudo: transactions are the addon's own
        count = len(orders.amazon_transaction_ids)
        return notice(self.env._("Amazon's Finances were read again: %s transactions.", count))

    # === BUSINESS METHODS === #

    @api.model
    def _amazon_create(self, account, new, offers):
        orders = super()._amazon_create(account, new, offers)
        orders._amazon_link_transactions()
        return orders

    def _amazon_committed(self):
        result = super()._amazon_committed()
        self._amazon_link_transactions()
        return result

    def _amazon_link_transactions(self):
        """Give these orders what Amazon's Finances showed of them before they were here."""
        # sudo: transactions are the addon's own
        self.env["amazon.transaction"].sudo()._link_to(self.sudo())

    def _amazon_add_up(self):
        """Write what the amounts of the orders' transactions come to."""
        sums, others = defaultdict(lambda: defaultdict(float)), defaultdict(lambda: defaultdict(float))
        lines = self.env["amazon.transaction.line"].sudo()
        mine = Domain("order_id", "in", self.ids)
        for order, currency, kind, amount_type, amount in lines._read_group(
            mine, ["order_id", "currency_id", "transaction_kind", "type_id"], ["amount:sum"]
        ):
            found = sums[order.id]
            if currency != order.currency_id:
                others[order.id][currency.name or "?"] += amount
                continue
            found["amazon_proceeds"] += amount
            if amount_type.kind in FEES:
                found["amazon_fees"] += amount
            elif amount_type.kind in BUYERS and kind in BUYERS_FIELDS:
                found[BUYERS_FIELDS[kind]] += amount if kind == "sale" else -amount
            if amount_type.kind == "unclassified" or kind == "unclassified":
                found["amazon_unclassified"] = True
        released, differing = self._amazon_released_otherwise()
        odd = {order for order, found in sums.items() if found["amazon_unclassified"]} | others.keys() | differing
        marks = self.browse(odd)._amazon_marks()
        for order in self.sudo():  # sudo: what Amazon says is the addon's own
            found = sums[order.id]
            vals = {name: order._amazon_rounded(found[name]) for name in TOTALS}
            texts = [f"{name} {round(amount, DECIMALS)}" for name, amount in sorted(others[order.id].items())]
            vals["amazon_other_amounts"] = ", ".join(texts) or False
            vals["amazon_other_currency"] = bool(texts)
            vals["amazon_unclassified"] = bool(found["amazon_unclassified"])
            vals["amazon_release_differs"] = order.id in differing
            vals["amazon_release_difference"] = order._amazon_rounded(released.get(order.id, 0))
            vals["amazon_odd_amounts"] = marks.get(order.id, False)
            order.write({name: val for name, val in vals.items() if order[name] != val})

    def _amazon_released_otherwise(self):
        """Return how much more was released than was shown before, in these orders' currencies by their ids, and the
        ids of those of which that is the buyer's money: of fees alone nothing is compared.

        :rtype: tuple[dict, set]
        """
        released, differing = defaultdict(float), set()
        transactions = self.env["amazon.transaction"].sudo()
        for one in transactions.search([("order_id", "in", self.ids), ("differs", "=", True)]):
            order = one.order_id
            released[order.id] += one.amount if one.currency_id == order.currency_id else 0
            if one._differs_for_buyer():
                differing.add(order.id)
        return released, differing

    def _amazon_marks(self):
        """Return by the ids of these orders a mark of their amounts that no sum shows one by one: those in another
        currency, those that are not classified, and the buyer's that were released with another amount.

        :rtype: dict[int, str]
        """
        amounts = defaultdict(list)
        for line in self.env["amazon.transaction.line"].sudo().search([("order_id", "in", self.ids)]):
            transaction, order = line.transaction_id, line.order_id
            if (
                line.currency_id != order.currency_id
                or "unclassified" in (line.kind, line.transaction_kind)
                or transaction._differs_for_buyer()
            ):
                text = f"{transaction.transaction_ref} {line.currency_id.name} {line.type_id.key} {line.sku or ''}"
                amounts[order.id].append(f"{text} {round(line.amount, DECIMALS)}")
        return {
            order: hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:32]
            for order, texts in amounts.items()
        }
