"""How orders are found among a million: what a person types, the filters, and the indexes both use.

A condition of a filter stands here as it stands in its index, or PostgreSQL does not see that it may use it.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...const import AWAITING_PAYMENT, RECENT_DAYS, TO_SHIP
from ...order_numbers import half_width, has_few_digits, part_of_number, whole_number
from ..engine.amazon_search import few, pointing
from ..engine.trigram import by_letters, letters, trigram
from .amazon_phase import CLOSED_ROLES


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "amazon.search"]

    _amazon_sorted = {"amazon_ship_by": ("ASC", "DESC"), "date_order": ("ASC",)}
    _amazon_parts = ("amazon_text", "partner_id")
    _amazon_letters = ("name", "amazon_order_ref", "client_order_ref")

    amazon_text = fields.Char("Order", store=False, readonly=True, copy=False, search="_search_amazon_text")
    amazon_sku = fields.Char("SKU", store=False, readonly=True, copy=False, search="_search_amazon_sku")
    amazon_current = fields.Boolean(
        "Open or Recent",
        compute="_compute_amazon_current",
        search="_search_amazon_current",
        help="Not over yet, or of the last 14 days",
    )

    # Odoo's own order of the list, in each rare state.
    _amazon_on_hold_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_on_hold IS TRUE")
    _amazon_cancel_requested_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_cancel_requested IS TRUE")
    _amazon_gift_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_gift_note NOT IN ('')")
    _amazon_awaiting_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_payment_state IN ('awaiting')")
    _amazon_cod_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_payment_method IN ('cod')")
    # Of each delivery is asked whether its order is one of these.
    _amazon_gift_id_idx = models.Index("(id) WHERE amazon_gift_note NOT IN ('')")
    _amazon_cod_id_idx = models.Index("(id) WHERE amazon_payment_method IN ('cod')")
    _amazon_cvs_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_payment_method IN ('convenience_store')")
    _amazon_fba_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_channel IN ('fba')")
    _amazon_df_idx = models.Index("(date_order DESC, id DESC) WHERE amazon_channel IN ('df')")
    _amazon_open_idx = models.Index(
        "(amazon_ship_by, id) WHERE amazon_status IN ('pending_availability', 'pending', 'unshipped',"
        " 'partially_shipped')"
    )
    _amazon_order_ref_idx = models.Index(trigram("amazon_order_ref"))
    _client_order_ref_idx = models.Index("(client_order_ref) WHERE client_order_ref IS NOT NULL")
    _client_order_ref_part_idx = models.Index(trigram("client_order_ref"))
    _amazon_name_letters_idx = models.Index(letters("name"))
    _amazon_order_ref_letters_idx = models.Index(letters("amazon_order_ref"))
    _client_order_ref_letters_idx = models.Index(letters("client_order_ref"))

    # === SEARCH METHODS === #

    def _search_display_name(self, operator, value):
        """An order is known by its number here, on Amazon, and by whom it is from."""
        if operator != "ilike" or not value:
            return super()._search_display_name(operator, value)
        # The complete name has the index.
        customer = Domain("complete_name", operator, value) & Domain("name", operator, value)
        return self._amazon_by_text(value, ["amazon_order_ref"], customer, customer)

    def _search_amazon_text(self, operator, value):
        """What is typed into the search box: a number here or elsewhere, or a customer, to whom contacts belong; where
        no order has it, a SKU or a product. As it was typed first: so may a name be written."""
        if operator != "ilike":
            return NotImplemented
        usual = half_width(value)
        otherwise = None
        if usual != value:
            otherwise = Domain("amazon_text", operator, usual)
        elif self.env["amazon.offer"].has_access("read"):
            otherwise = Domain("amazon_sku", operator, value)
        return self._amazon_by_text(
            value,
            ["amazon_order_ref", "client_order_ref"],
            Domain("display_name", operator, value),
            # A contact's complete name begins with the customer's.
            Domain("complete_name", operator, value),
            "child_of",
            otherwise,
        )

    @api.model
    def _amazon_by_text(self, text, numbers, customer, customers, operator="in", otherwise=None):
        """Return the domain of the orders with a number or a customer like the text. Amazon's whole number is taken as
        it is.

        :param list numbers: the fields besides the order's own number.
        :param customer: the domain of the customers.
        :param customers: what stands for it where very many are called so.
        :param str operator: ``child_of`` where who belongs to a customer counts, too.
        :param otherwise: what is looked for where no order has any of these.
        """
        if number := whole_number(text):
            return Domain.OR(Domain(name, "=", number) for name in numbers)
        part = part_of_number(text)
        found, many = self._amazon_of_customers(text, customer, customers, operator)
        if many and not part.isascii():
            # What so many are called is no number, and PostgreSQL need not look for one.
            return found
        found |= by_letters(self, Domain.OR(Domain(name, "ilike", part) for name in ("name", *numbers)))
        # Many orders have a few digits in common, and one or two letters of a SKU have no index.
        if many or otherwise is None or len(text) < 3 or has_few_digits(part):
            return found
        ids = few(self, found)
        return found if ids is None else Domain("id", "in", ids) if ids else otherwise

    @api.model
    def _amazon_named(self, field, text):
        """Return the domain of the orders with the text in a field.

        :param str field: a field that has an index for parts of it.
        """
        number = whole_number(text)
        return Domain("amazon_order_ref", "=", number) if number else Domain(field, "ilike", part_of_number(text))

    def _search_amazon_sku(self, operator, value):
        """Orders with a SKU, or with a product of this name."""
        if operator != "ilike":
            return NotImplemented
        offer, product = Domain("sku", operator, value), Domain("display_name", operator, value)
        lines = self.env["sale.order.line"]
        return Domain(
            "order_line",
            "any",
            Domain.OR(
                [
                    # For the first lines that have one all of a hundred thousand SKUs need not be read.
                    pointing(lines, "amazon_offer_id", offer, "near"),
                    pointing(lines, "product_id", product, "near"),
                ]
            ),
        )

    @api.depends("amazon_phase_id.role")
    def _compute_amazon_phase_role(self):
        for order in self:
            order.amazon_phase_role = order.amazon_phase_id.role

    def _search_amazon_phase_role(self, operator, value):
        # Named one by one: how rare a phase is PostgreSQL knows, how rare a role is it does not.
        if operator != "in":
            return NotImplemented
        phases = self.env["amazon.phase"].with_context(active_test=False).search([("role", "in", list(value))])
        return Domain("amazon_phase_id", "in", [*phases.ids, *([False] if False in value else [])])

    def _compute_amazon_current(self):
        current = self.filtered_domain(self._amazon_current_domain())
        for order in self:
            order.amazon_current = order in current

    def _search_amazon_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        if self.env.context.get("amazon_all_times"):
            # Who looks for a certain order looks for it among all.
            return Domain.TRUE
        current = self._amazon_current_domain()
        return self._amazon_few(current) if True in value else ~current

    @api.model
    def _amazon_current_domain(self):
        """Return the domain of the orders that are not over, for Amazon or here, and of those of the last days."""
        phases = self.env["amazon.phase"].with_context(active_test=False).search([("role", "not in", CLOSED_ROLES)])
        return Domain.OR(
            [
                Domain("date_order", ">=", f"today -{RECENT_DAYS}d"),
                Domain("amazon_status", "in", AWAITING_PAYMENT + TO_SHIP),
                Domain("amazon_phase_id", "in", phases.ids),
            ]
        )

    def _search_amazon_combined(self, operator, value):
        if operator != "in":
            return NotImplemented
        along = Domain("amazon_merged_into_id", "!=", False)
        # Both together are named in one query: two that are joined by "or" cost a look at every order.
        combined = Domain(
            "id",
            "in",
            SQL(
                "(SELECT id FROM sale_order WHERE amazon_merged_into_id IS NOT NULL"
                " UNION SELECT amazon_merged_into_id FROM sale_order WHERE amazon_merged_into_id IS NOT NULL)"
            ),
        )
        found = ~combined if False in value else Domain.FALSE
        if {"child", "parent"} <= set(value):
            return found | combined
        if "child" in value:
            found |= along
        if "parent" in value:
            found |= combined & ~along
        return found
