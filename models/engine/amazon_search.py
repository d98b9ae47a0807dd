"""How PostgreSQL is kept from walking a million rows for what it does not know to be rare."""

from odoo import api, models
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainOr
from odoo.tools import SQL

from ...ours import Noted, noted
from .trigram import by_letters

# More records than these are left to PostgreSQL instead of being named one by one.
FEW = 1000
# Where PostgreSQL expects more than these, there are: how common a text is it knows, how rare it does not.
COMMON = 50 * FEW
# So many rows of a list are looked at for what was typed, and so many times more where some of these have it.
NEAR, FURTHER = FEW, 15
# What PostgreSQL may walk as it likes, in the unit of its own estimates: some ten thousand rows.
SHORT_WALK = 10_000


def few(model, domain):
    """Return the ids of the records, archived ones, too, or None when there are too many."""
    if not domain.is_true() and _plan(model._search(domain, active_test=False), model)["Plan Rows"] > COMMON:
        return None
    # In no order: to sort all of them takes long.
    ids = list(model._search(by_letters(model, domain), limit=FEW + 1, active_test=False))
    return ids if len(ids) <= FEW else None


def _plan(query, model):
    [[[plan]]] = model.env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", query.select()))
    return plan["Plan"]


def _is_long_walk(plan):
    """Tell whether PostgreSQL means to look at a long list's rows in their order until a page is full."""
    rows = plan["Plans"][0] if plan["Node Type"] == "Limit" else plan
    while rows["Node Type"].startswith("Gather"):
        [rows] = rows["Plans"]
    return rows["Node Type"] != "Sort" and rows["Total Cost"] > SHORT_WALK


def _unambiguous(order):
    """Return an order in which no two records are equal: else a page found near and the next one, found far, would not
    fit together.

    :param str order: as for ``search``.
    """
    terms = [term.split() for term in order.lower().split(",")]
    if any(term[:1] == ["id"] for term in terms):
        return order
    return f"{order}, id{' desc' if 'desc' in terms[-1] else ''}"


def _is_looked_up_first(model):
    return getattr(model, "_amazon_looked_up_first", False)


def pointing(model, name, domain, reach=None):
    """Return the domain of what points to some records: by their ids, unless there are too many.

    :param model: the model of what points to them.
    :param str name: by which many2one field.
    :param domain: to which records, archived ones, too.
    :param str reach: see :func:`one_of`.
    """
    ids = few(model.env[model._fields[name].comodel_name], domain)
    return one_of(name, domain, reach) if ids is None else Domain(name, "in", ids)


def one_of(name, domain, reach=None):
    """Return the domain of what points to one of very many records. Each row can be looked at by itself; with Odoo's
    ``any`` PostgreSQL may have to collect all of them first, and to go through all of them for each row.

    :param str name: the many2one field.
    :param domain: which records, archived ones, too.
    :param str reach: ``near`` to look at each row by itself, ``far`` to collect all of them first, ``count`` to collect
        them where they are not too many; else as the list is searched just now, or as PostgreSQL likes.
    """

    def to_sql(model, alias, query):
        found = model.env[model._fields[name].comodel_name]._search(domain, active_test=False)
        field = model._field_to_sql(alias, name, query)
        how = reach or noted(model.env, "amazon_reach").get(model._name)
        if how == "far" or (how == "count" and _plan(found, model)["Plan Rows"] <= COMMON):
            return SQL("%s = ANY(ARRAY%s)", field, found.subselect())
        found.add_where(SQL("%s = %s", SQL.identifier(found.table, "id"), field))
        # For so few rows all of them need not be collected first.
        return SQL("EXISTS(%s%s)", found.select(), SQL(" OFFSET 0") if how == "near" else SQL())

    return Domain.custom(to_sql=to_sql, predicate=lambda record: record.filtered_domain(Domain(name, "any", domain)))


class AmazonSearch(models.AbstractModel):
    """Models with long lists.

    What is typed of a model with ``_amazon_looked_up_first`` is looked up first: PostgreSQL does not know how little a
    text finds. Who sorts by such a model, or by users, sorts by their place among all of them: PostgreSQL would join
    them to every row, and may well join a million partners for the names of five users.
    """

    _name = "amazon.search"
    _description = "Amazon: Search in Long Lists"

    # Fields in which a part of a number or a name is typed that the rows have themselves, or what each points to.
    _amazon_parts = ()
    # Dates by which the few that a domain finds are sorted, and how, see :meth:`_amazon_few`.
    _amazon_sorted = {}
    # Many2one fields by whose ids is sorted: a million of what they point to would be joined to be sorted otherwise.
    _amazon_by_id = ()

    # === SEARCH METHODS === #

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        domain = Domain(domain)
        in_parts = self._amazon_is_typed(domain)
        domain = domain.map_conditions(self._amazon_looked_up)
        if not (in_parts and limit):
            return super()._search(domain, offset, limit, order, **kwargs)
        if not order:
            return self._amazon_in_no_order(domain, offset, limit, **kwargs)
        order = _unambiguous(order)
        # What is looked up for it is looked up once.
        domain = domain.optimize_full(self)
        query = super()._search(domain, offset, limit, order, **kwargs)
        if not query.limit or not _is_long_walk(_plan(query, self)):
            return query
        # PostgreSQL takes a text to be everywhere; some are only among the oldest or the newest of a million.
        near = self._amazon_reaching("near")
        for rows in (NEAR, NEAR * FURTHER):
            query = near._search(domain, offset, limit, order, **kwargs)
            first = super()._search(Domain.TRUE, 0, rows, order, **kwargs)
            query._tables[self._table] = first.subselect(SQL("%s.*", SQL.identifier(self._table)))
            ids = query.get_result_ids()
            if len(ids) == limit or len(ids) * FURTHER < limit:
                break
        if len(ids) < limit:
            far = self._amazon_reaching("far")._search(domain, offset, limit, order, **kwargs)
            # In no order that an index has.
            far.order = SQL("%s < 0, %s", SQL.identifier(self._table, "id"), far.order)
            ids = far.get_result_ids()
        # Only these are read: to sort all that was collected with all that is read of it takes longer.
        return self.browse(ids)._as_query()

    @api.model
    def _amazon_is_typed(self, domain):
        """Tell whether a part is looked for of what the rows have, or of what each points to."""
        return any(
            condition.field_expr in self._amazon_parts and isinstance(condition.value, str)
            for condition in domain.iter_conditions()
        )

    def _amazon_in_no_order(self, domain, offset, limit, **kwargs):
        """Find records to count them. What the typed text may stand in is looked for one after the other until there
        are enough: of all of them joined by "or" PostgreSQL takes one to be everywhere, and compares each of a million
        rows with thousands of customers."""
        conditions = domain.children if isinstance(domain, DomainAnd) else (domain,)
        typed = next((one for one in conditions if self._amazon_is_typed(one)), Domain.TRUE)
        rest = Domain.AND(one for one in conditions if one is not typed)
        typed = typed.optimize_full(self)
        model, ids = self._amazon_reaching("count"), set()
        for one in typed.children if isinstance(typed, DomainOr) else (typed,):
            ids.update(model._search(rest & one, limit=offset + limit, **kwargs))
            if len(ids) >= offset + limit:
                break
        return self.browse(sorted(ids)[offset : offset + limit])._as_query(ordered=False)

    def _amazon_reaching(self, reach):
        """Return the model as :func:`one_of` finds it to look near, far, or to count."""
        return super(AmazonSearch, self.with_context(amazon_reach=Noted({self._name: reach})))

    @api.model
    def _amazon_looked_up(self, condition):
        """Return what finds the same records as a condition with a text that was typed, in less time."""
        field, text = self._fields.get(condition.field_expr), condition.value
        if not text or not isinstance(text, str):
            return condition
        if condition.operator == "child_of" and field is not None and field.name == "partner_id":
            return self._amazon_of_customers(
                text, Domain("display_name", "ilike", text), Domain("complete_name", "ilike", text), "child_of"
            )[0]
        if condition.operator != "ilike":
            return condition
        if field is None or field.type != "many2one" or not _is_looked_up_first(self.env[field.comodel_name]):
            return condition
        return pointing(self, field.name, Domain("display_name", "ilike", text))

    @api.model
    def _amazon_of_customers(self, text, customer, customers, operator):
        """Return the domain of what is the customers', and whether they are very many; see
        ``sale.order._amazon_by_text``.

        Of very many, who belongs to one is found by the complete name alone, which begins with the customer's: not a
        buyer's address, which is called after who receives, nor who belongs to one with the text in another field.
        """
        partners = self.env["res.partner"]
        # Where so many have it in their name, the rest is looked for by itself: all of them would be read for it.
        if few(partners, customers) is None:
            named = one_of("partner_id", customers)
            return (named if customer is customers else named | self._amazon_known_otherwise(text, operator)), True
        ids = few(partners, customer)
        return (one_of("partner_id", customer), True) if ids is None else (Domain("partner_id", operator, ids), False)

    @api.model
    def _amazon_known_otherwise(self, text, operator):
        """Return the domain of what is of customers who have the text in another field than the name that they are
        known by."""
        names = [name for name in self.env["res.partner"]._rec_names_search if name != "complete_name"]
        customers = Domain.OR(Domain(name, "ilike", text) for name in names)
        ids = few(self.env["res.partner"], customers)
        return one_of("partner_id", customers) if ids is None else Domain("partner_id", operator, ids)

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
        if field_name in self._amazon_by_id:
            return SQL("%s %s %s", self._field_to_sql(alias, field_name, query), direction, nulls)
        if (ranked := self._amazon_ranked(field_name)) is not None:
            return SQL(
                "array_position(%s::int[], %s) %s %s",
                ranked,
                self._field_to_sql(alias, field_name, query),
                direction,
                nulls,
            )
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    @api.model
    def _amazon_ranked(self, name):
        """Return the ids of all that a many2one field may point to, sorted, or None where there are too many."""
        field = self._fields.get(name)
        if field is None or field.type != "many2one":
            return None
        # sudo: sorting by a record tells nothing of it; Odoo's own way joins the table as it is
        comodel = self.env[field.comodel_name].sudo()
        if field.comodel_name != "res.users" and not _is_looked_up_first(comodel):
            return None
        ids = few(comodel, Domain.TRUE)
        # Not sorted by PostgreSQL, which would join the partners here.
        return ids if ids is None else comodel.browse(ids).sorted().ids
