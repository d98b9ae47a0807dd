"""How PostgreSQL is kept from walking a million rows for what it does not know to be rare."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# More records than these are left to PostgreSQL instead of being named one by one.
FEW = 1000
# What is typed of these is looked up first: PostgreSQL does not know how little a text finds.
LOOKED_UP = {"amazon.account", "amazon.marketplace", "amazon.phase", "delivery.carrier", "product.product"}


def few(model, domain):
    """Return operator and value that find what belongs to some records: by their ids, unless there are too many.

    :param model: where the records are searched for, archived ones, too.
    :param domain: which ones.
    :rtype: tuple
    """
    # In no order: to sort all of them takes long.
    ids = list(model._search(domain, limit=FEW + 1, active_test=False))
    return ("in", ids) if len(ids) <= FEW else ("any", domain)


class AmazonSearch(models.AbstractModel):
    """Models with long lists."""

    _name = "amazon.search"
    _description = "Amazon: Search in Long Lists"

    # Dates by which the few that a domain finds are sorted, and how, see :meth:`_amazon_few`.
    _amazon_sorted = {}

    # === SEARCH METHODS === #

    @api.model
    def _search(self, domain, *args, **kwargs):
        return super()._search(Domain(domain).map_conditions(self._amazon_looked_up), *args, **kwargs)

    @api.model
    def _amazon_looked_up(self, condition):
        """Return what finds the same records as a condition with a text that was typed, in less time."""
        field, text = self._fields.get(condition.field_expr), condition.value
        if condition.operator != "ilike" or not text or not isinstance(text, str):
            return condition
        if field is None or field.type != "many2one" or field.comodel_name not in LOOKED_UP:
            return condition
        return Domain(field.name, *few(self.env[field.comodel_name], Domain("display_name", "ilike", text)))

    @api.model
    def _amazon_few(self, domain):
        """Return a domain that finds the same, few records, and has them sorted: PostgreSQL takes them to be everywhere
        among all, and would look for them from the oldest on."""

        def to_sql(model, alias, query):
            query.amazon_few = True
            return domain.optimize_full(model)._to_sql(model, alias, query)

        return Domain.custom(to_sql=to_sql, predicate=lambda record: record.filtered_domain(domain))

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if getattr(query, "amazon_few", False) and (direction.code or "ASC") in self._amazon_sorted.get(field_name, ()):
            field = self._field_to_sql(alias, field_name, query)
            return SQL("(%s + INTERVAL '0') %s %s", field, direction, nulls)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)
