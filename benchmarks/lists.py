"""What every list of the addon's menus costs in PostgreSQL with a million orders."""

import contextlib
import time
from collections import namedtuple
from datetime import datetime

import database
import million
from lxml import etree
from setting import machine

# Odoo's client asks for so many rows, and counts no further where a list does not say less.
PAGE, COUNT_LIMIT = 80, 10_000
# What is small needs no index.
SMALL = 10_000
# Milliseconds in PostgreSQL.
BOUND, BOARD_BOUND, GROUP_BOUND = 50, 150, 150
# No query is waited for longer.
TIMEOUT = 10_000
NOTHING = "zz no such text"
# What is typed where a search field is no field of its own.
TYPED = {
    "amazon_text": ("name", "amazon_order_ref", "partner_id.name"),
    "order_text": ("order_ref", "order_id.name", "picking_id.name"),
    "amazon_sku": ("order_line.amazon_offer_id.sku", "order_line.product_id"),
    "partner_id": ("partner_id", "partner_id.name"),
}

Case = namedtuple("Case", "kind label bound run")


class Clock:
    """Counts queries and the time they take, of every cursor."""

    def __init__(self):
        from odoo import sql_db  # noqa: PLC0415 - Odoo is configured first

        self.seconds, self.queries, self.slowest = 0.0, 0, (0.0, "")
        plain = sql_db.Cursor.execute

        def timed(cursor, query, params=None, log_exceptions=True):
            started = time.perf_counter()
            try:
                return plain(cursor, query, params, log_exceptions)
            finally:
                spent = time.perf_counter() - started
                self.seconds += spent
                self.queries += 1
                if spent > self.slowest[0]:
                    self.slowest = spent, cursor._obj.query

        sql_db.Cursor.execute = timed

    def measure(self, env, run):
        """Run something as a request would, with nothing cached of the records.

        :return: (milliseconds, queries, slowest statement, result).
        """
        import psycopg2  # noqa: PLC0415

        env.cr.execute(f"SAVEPOINT measured; SET LOCAL statement_timeout = {TIMEOUT}")
        env.invalidate_all()
        self.seconds, self.queries, self.slowest = 0.0, 0, (0.0, "")
        result = "stopped"
        with contextlib.suppress(psycopg2.errors.QueryCanceled):
            result = run()
        milliseconds, queries, slowest = self.seconds * 1000, self.queries, self.slowest[1]
        env.cr.execute("ROLLBACK TO SAVEPOINT measured")
        return milliseconds, queries, slowest, result


def every_menu(options):
    """Print what each filter, search, group and sort order of the menus costs."""
    name = million.have(options.orders, options.fresh)
    database.configure("-d", name)
    over = 0
    with database.environment(name) as env:
        clock = Clock()
        user = _user(env)
        env = env(
            user=user.id,
            su=False,
            context={"lang": "ja_JP", "tz": "Asia/Tokyo", "allowed_company_ids": env.company.ids},
        )
        machine(
            f"{options.orders} orders; first page of {PAGE} and count; ms in PostgreSQL, best of"
            f" {options.repetitions}; ! over {BOUND} ms (board and groups {GROUP_BOUND})"
        )
        for menu in Menu.large(env):
            print(f"\n{menu.label}: {menu.model._name}")
            print(f"{'ms':>10}{'queries':>9}")
            for case in menu.cases():
                text = f"{menu.label} {case.kind} {case.label}"
                if options.only and not any(word in text for word in options.only):
                    continue
                best = min(
                    (clock.measure(env, case.run) for _repetition in range(options.repetitions)), key=lambda one: one[0]
                )
                is_over = case.bound is not None and best[0] > case.bound
                over += is_over
                print(
                    f"{best[0]:>10.1f}{best[1]:>9} {'!' if is_over else ' '} {case.kind:<10} {case.label}", flush=True
                )
                if is_over and options.profile:
                    print(f"           {best[2].decode()}")
        env.cr.rollback()
    print(f"\n{over} over the bound")
    if options.drop:
        database.drop(name)
    return int(bool(over))


def _user(env):
    """Return a person who sees all of the addon's menus."""
    groups = ("sale_amazon_spapi.group_amazon_manager", "sale_amazon_spapi.group_amazon_accountant")
    return env["res.users"].with_context(no_reset_password=True).search([("login", "=", "lists")]) or env[
        "res.users"
    ].with_context(no_reset_password=True).create(
        {
            "name": "Lists",
            "login": "lists",
            "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
            "company_id": env.company.id,
            "company_ids": [(6, 0, env.company.ids)],
        }
    )


class Menu:
    """A menu's action, with what its views let a person ask for."""

    @classmethod
    def large(cls, env):
        """Return the addon's menus whose lists are long."""
        menus = env["ir.ui.menu"].browse(env["ir.ui.menu"]._visible_menu_ids()).sudo()
        roots = env.ref("sale_amazon_spapi.menu_amazon") + env.ref("sale_amazon_spapi.menu_amazon_vendor")
        return [
            cls(env, menu)
            for menu in menus.search([("id", "child_of", roots.ids), ("id", "in", menus.ids)])
            if menu.action
            and menu.action._name == "ir.actions.act_window"
            and env[menu.action.res_model].search_count([], limit=SMALL) == SMALL
        ]

    def __init__(self, env, menu):
        self.label, action = menu.with_env(env).sudo().name, menu.sudo().action
        self.env = env
        self.context = self.evaluate(action.context or "{}")
        self.domain = self.evaluate(action.domain or "[]")
        names = action.view_mode.split(",")
        chosen = {view.view_mode: view.view_id.id for view in action.view_ids}
        self.model = env[action.res_model].with_context(
            **{key: value for key, value in self.context.items() if not key.startswith("search_default_")}
        )
        views = self.model.get_views(
            [*((chosen.get(name, False), name) for name in names), (action.search_view_id.id, "search")]
        )["views"]
        self.views = {name: etree.fromstring(view["arch"]) for name, view in views.items()}
        self.search = self.views.pop("search")

    def evaluate(self, text, /, **names):
        """Evaluate a domain or a context as the client does."""
        from odoo.tools.safe_eval import safe_eval  # noqa: PLC0415

        return safe_eval(text, {"uid": self.env.uid, "context_today": datetime.now, **names})

    # --- what a person asks for

    def cases(self):
        """Yield every case."""
        yield from self.pages("opened", "", self.default)
        yield from self.filters()
        yield from self.searches()
        yield from self.orders()
        yield from self.groups()
        yield from self.boards()
        yield from self.names()

    @property
    def default(self):
        """The domain of what the action opens."""
        domain = list(self.domain)
        for node in self.search.iter("filter"):
            if self.context.get(f"search_default_{node.get('name')}"):
                for _label, part in self.of_filter(node):
                    domain += part
                    break
        return domain

    @property
    def order(self):
        return self.views["list"].get("default_order") or self.model._order

    def of_filter(self, node):
        """Yield (label, domain) of what a filter offers."""
        label = node.get("string") or node.get("name")
        if field := node.get("date"):
            children = [child for child in node if child.tag == "filter"]
            for child in children:
                yield f"{label}: {child.get('string')}", self.evaluate(child.get("domain"))
            for period in ("month", "year"):
                start = f"today =1d{' =1m' if period == 'year' else ''}"
                yield f"{label}: {period}", [(field, ">=", start), (field, "<", f"{start} +1{period[0]}")]
        elif node.get("domain"):
            yield label, self.evaluate(node.get("domain"))

    def pages(self, kind, label, domain, order=None):
        """Yield the first page and the count."""
        order = order or self.order
        fields = {node.get("name") for node in self.views["list"].iterchildren("field")}
        specification = self.specification(fields)

        def page():
            self.model.search_fetch(domain, specification, limit=PAGE, order=order).web_read(specification)

        yield Case(kind, f"{label} page", BOUND, page)
        limit = int(self.views["list"].get("count_limit", COUNT_LIMIT)) + 1
        yield Case(kind, f"{label} count", BOUND, lambda: self.model.search_count(domain, limit=limit))

    def specification(self, names):
        """Return what the client reads of these fields."""
        return {
            name: {"fields": {"display_name": {}}}
            if self.model._fields[name].type == "many2one"
            else {"fields": {}}
            if self.model._fields[name].relational
            else {}
            for name in names
        }

    def filters(self):
        for node in self.search.iter("filter"):
            if node.getparent().tag == "filter":
                continue
            for label, domain in self.of_filter(node):
                yield from self.pages("filter", label, self.domain + domain)

    def searches(self):
        for node in self.search.iterchildren("field"):
            for text, domain in self.of_search(node):
                yield from self.pages(
                    "search", f"{node.get('string') or node.get('name')} ← {text}", self.domain + domain
                )

    def of_search(self, node):
        """Yield (text, domain) of what can be entered into a search field: what some record has, a part of it, what
        very many have in common, and what none has."""
        name = node.get("name")
        field = self.model._fields[name]
        if field.type == "selection":
            for value, _label in field._description_selection(self.env):
                yield value, [(name, "=", value)]
            return
        if given := node.get("filter_domain"):
            paths = [leaf[0] for leaf in self.evaluate(given, self="") if isinstance(leaf, tuple)]
        else:
            paths = [name]
        texts = []
        for path in TYPED.get(name, paths):
            value = self.sample(path)
            if not value:
                continue
            if hasattr(value, "_name"):
                if not given:
                    yield f"{value.display_name} (chosen)", [(name, node.get("operator", "="), value.id)]
                value = value.display_name
            texts += [value, value[: len(value) * 2 // 3], value[:3]]
        for text in dict.fromkeys([*texts, NOTHING]):
            yield text, self.text_domain(node, text)

    def text_domain(self, node, text):
        if node.get("filter_domain"):
            return self.evaluate(node.get("filter_domain"), self=text)
        return [(node.get("name"), node.get("operator", "ilike"), text)]

    def sample(self, path):
        """Return what some record has there."""
        records = self.model.search(self.domain, order="id", offset=1000, limit=200)
        values = [value for record in records if (value := record.mapped(path))]
        return values[0][0] if values and isinstance(values[0], list) else values[0][:1] if values else None

    def orders(self):
        for node in self.views["list"].iterchildren("field"):
            name = node.get("name")
            if node.get("column_invisible") or not self.model._fields[name]._description_sortable(self.env):
                continue
            for direction in ("", " desc"):
                page, _count = self.pages("sorted by", f"{name}{direction}", self.default, f"{name}{direction}")
                yield page

    def groups(self):
        sums = [f"{node.get('name')}:sum" for node in self.views["list"].iter("field") if node.get("sum")]
        asked = [
            (node.get("string"), [self.granular(self.evaluate(node.get("context"))["group_by"])], sums)
            for node in self.search.iter("filter")
            if "group_by" in (node.get("context") or "")
        ]
        for kind in ("pivot", "graph"):
            if kind in self.views:
                fields = list(self.views[kind].iterchildren("field"))
                measures = [f"{field.get('name')}:sum" for field in fields if field.get("type") == "measure"]
                by = [
                    field.get("name") + (f":{field.get('interval')}" if field.get("interval") else "")
                    for field in fields
                    if field.get("type") != "measure"
                ]
                asked.append((kind, by, measures))
        for label, by, measures in asked:
            yield Case("group by", label, GROUP_BOUND, self.group(self.default, by, measures))

    def granular(self, by):
        """Return what is grouped by; the client takes months where a date says nothing else."""
        dated = ":" not in by and self.model._fields[by].type in ("date", "datetime")
        return f"{by}:month" if dated else by

    def group(self, domain, by, measures):
        if len(by) > 1:
            return lambda: self.model.formatted_read_group(domain, by, ["__count", *measures])
        return lambda: self.model.web_read_group(domain, by, measures, limit=PAGE)

    def boards(self):
        board = self.views.get("kanban")
        if board is None or not board.get("default_group_by"):
            return
        by = board.get("default_group_by")
        specification = self.specification({node.get("name") for node in board.iter("field")})
        bar = board.find("progressbar")
        order = board.get("default_order")

        def opened():
            self.model.web_read_group(
                self.default, [by], limit=PAGE, auto_unfold=True, order=order, unfold_read_specification=specification
            )
            if bar is not None:
                progress = {"field": bar.get("field"), "colors": self.evaluate(bar.get("colors"))}
                self.model.read_progress_bar(self.default, by, progress)

        yield Case("board", "", BOARD_BOUND, opened)

    def names(self):
        """What a person types where a record is chosen."""
        model = self.env[self.model._name]
        for name in [model._rec_name, *(model._rec_names_search or ())]:
            value = self.sample(name) if name else None
            if isinstance(value, str):
                for text in dict.fromkeys((value, value[: len(value) * 2 // 3], NOTHING)):
                    yield Case("name", f"{name} ← {text}", BOUND, lambda text=text: model.name_search(text, limit=8))
