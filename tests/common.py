import os
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch
from warnings import catch_warnings, simplefilter

import freezegun.api
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import Cursor
from odoo.tests import HttpCase, TransactionCase, get_db_name, new_test_user

from ..ours import OURS
from ..said import say
from ..simulator.process import Amazon

JAPAN = "A1VC38T7YXB528"
SHOP = "サンプル商店"
# The simulator that bin/test lends to a whole run, with a database of its own.
LENT = os.environ.get("AMAZON_SIMULATOR")


class ModulesWithTime:
    """What freezegun takes for ``sys``: whenever time is frozen it looks through all modules, which are thousands, for
    the hundreds that know of time. Until another one is imported, it is shown those only."""

    known, with_time = frozenset(), {}

    @property
    def modules(self):
        """Modules by name: those with something to freeze, and those imported while it is frozen."""
        modules = sys.modules.copy()
        new = modules.keys() - self.known
        if new and freezegun.api.freeze_factories:
            self.known = frozenset(modules)
            with catch_warnings():
                simplefilter("ignore")
                self.with_time = {name: module for name, module in modules.items() if self._knows_time(module)}
            new = ()
        return {**self.with_time, **{name: modules[name] for name in new}}

    @staticmethod
    def _knows_time(module):
        return hasattr(module, "__name__") and freezegun.api._get_cached_module_attributes(module)


freezegun.api.sys = ModulesWithTime()


def counts_queries(test):
    """Mark a test that counts queries: it begins without caches, whichever ran before."""
    test.counts_queries = True
    return test


class AmazonCase(TransactionCase):
    """A Japanese shop connected to a simulated Amazon, over HTTP."""

    @classmethod
    def setUpClass(cls):
        cls.amazon = cls._simulator()
        if LENT:
            # The database is a copy that is thrown away: what each class starts with is made once and stays in it.
            with Registry(get_db_name()).cursor() as cr:
                cls.env = api.Environment(cr, SUPERUSER_ID, {})
                cls._open_shop()
        super().setUpClass()
        cls._open_shop()

    @classmethod
    def _open_shop(cls):
        """Take the shop that is there, or make it."""
        cls.company = cls.env["res.company"].search([("name", "=", SHOP)])
        if not cls.company:
            cls._make_shop()
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        mine = [("company_id", "=", cls.company.id)]
        cls.company = cls.company.with_env(cls.env)
        cls.warehouse = cls.env["stock.warehouse"].search(mine, limit=1)
        cls.taxes = {int(tax.amount): tax for tax in cls.env["account.tax"].search(mine)}
        made = {product.default_code: product for product in cls.env["product.product"].search([])}
        cls.products = {item["sku"]: made[item["sku"]] for item in cls.amazon.get("catalogue")}
        cls.user, cls.manager = (
            cls.env["res.users"].search([("login", "=", login)]) for login in ("amazon_user", "amazon_manager")
        )
        cls.account = cls.env["amazon.account"].search(mine)

    @classmethod
    def _make_shop(cls):
        """Make company, taxes, products, users and account."""
        yen = cls.env.ref("base.JPY")
        yen.active = True
        cls.company = cls.env["res.company"].create(
            {
                "name": SHOP,
                "currency_id": yen.id,
                "country_id": cls.env.ref("base.jp").id,
            }
        )
        # Whatever languages are loaded: the tests read English.
        cls.env["ir.default"].set("res.partner", "lang", "en_US")
        (cls.env.user | cls.env.ref("base.user_root")).lang = "en_US"
        cls.company.partner_id.lang = "en_US"
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.taxes = {
            rate: cls.env["account.tax"].create(
                {
                    "name": f"{rate}%",
                    "amount": rate,
                    "type_tax_use": "sale",
                    "company_id": cls.company.id,
                    "country_id": cls.company.country_id.id,
                    "price_include_override": "tax_excluded",
                    "tax_group_id": cls.env["account.tax.group"]
                    .create({"name": f"{rate}%", "company_id": cls.company.id, "country_id": cls.company.country_id.id})
                    .id,
                }
            )
            for rate in (10, 8)
        }
        cls.company.account_sale_tax_id = cls.taxes[10]
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls._make_products()
        _user, cls.manager = (
            new_test_user(
                cls.env,
                f"amazon_{group}",
                f"sale_amazon_spapi.group_amazon_{group}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
                context={"no_reset_password": True},
            )
            for group in ("user", "manager")
        )
        cls._connect(cls.amazon.seller())

    def setUp(self):
        if getattr(getattr(self, self._testMethodName), "counts_queries", False):
            self.muted_registry_logger(self.registry.clear_all_caches)()
        # Otherwise a test leaves its caches to the next one: what is rolled back leaves only those wrong that were
        # cleared meanwhile, as after any transaction that is rolled back.
        cleared, clear = set(), self.registry.clear_cache

        def note(*names):
            cleared.update(names or ("default",))
            clear(*names)

        with patch.object(self.registry, "clear_all_caches", lambda: cleared and clear(*cleared)):
            super().setUp()
        self.startPatcher(patch.object(self.registry, "clear_cache", note))
        self.amazon.control("DELETE", "faults")
        self.amazon.control("DELETE", "requests")
        self.amazon.post("clock", now=None)
        self.new_seller()

    def new_seller(self):
        """Have the account be a seller's without orders: the simulator does not roll back, each test has its own."""
        self.seller = self.amazon.seller()
        self.account.write(
            {
                "merchant_id": self.seller["merchant_id"],
                "lwa_client_id": self.seller["client_id"],
                "lwa_client_secret": self.seller["client_secret"],
                "refresh_token": self.seller["refresh_token"],
            }
        )

    @classmethod
    def _simulator(cls):
        """Return a simulator as it is at its start: the one that ``bin/test`` lends, else one of this class."""
        if LENT:
            amazon = Amazon(LENT)
            amazon.post("reset", seed=1)
            return amazon
        amazon = Amazon.start("--quota", "off")
        cls.addClassCleanup(amazon.stop)
        return amazon

    @classmethod
    def keep_books(cls, company=None):
        """Give the company, or another one, what it needs to post invoices."""
        company = company or cls.company
        income, receivable = cls.env["account.account"].create(
            [
                {
                    "name": kind,
                    "code": code,
                    "account_type": kind,
                    "company_ids": [(6, 0, company.ids)],
                    "reconcile": kind == "asset_receivable",
                }
                for kind, code in (("income", "400000"), ("asset_receivable", "110000"))
            ]
        )
        cls.env["account.journal"].create(
            {
                "name": "Sales",
                "code": "SAL",
                "type": "sale",
                "company_id": company.id,
                "default_account_id": income.id,
            }
        )
        cls.env["ir.default"].set("res.partner", "property_account_receivable_id", receivable.id, company_id=company.id)
        cls.env["res.partner"].with_company(company).search([]).property_account_receivable_id = receivable

    @classmethod
    def _make_products(cls):
        catalogue = cls.amazon.get("catalogue")
        products = cls.env["product.product"].create(
            [
                {
                    "name": item["title_ja"],
                    "default_code": item["sku"],
                    "type": "consu",
                    "is_storable": True,
                    "list_price": 12345,
                    "taxes_id": [(6, 0, cls.taxes[item["tax_rate"]].ids)],
                }
                for item in catalogue
            ]
        )
        for product in products:
            cls.env["stock.quant"]._update_available_quantity(product, cls.warehouse.lot_stock_id, 100)

    @classmethod
    def _connect(cls, seller, **values):
        """Return an account that reads as `seller` from the simulator."""
        return cls.env["amazon.account"].create(
            {
                "name": "Amazon.co.jp",
                "company_id": cls.company.id,
                "region": seller["region"],
                "environment": "custom",
                "endpoint_url": cls.amazon.url,
                "lwa_url": f"{cls.amazon.url}/auth/o2/token",
                "merchant_id": seller["merchant_id"],
                "lwa_client_id": seller["client_id"],
                "lwa_client_secret": seller["client_secret"],
                "refresh_token": seller["refresh_token"],
                "warehouse_id": cls.warehouse.id,
                "user_id": cls.manager.id,
                "marketplace_ids": [
                    (6, 0, cls.env["amazon.marketplace"].search([("api_ref", "in", seller["marketplaces"])]).ids),
                ],
                **values,
            }
        )

    @contextmanager
    def committing(self, *records):
        """Give the records on a cursor that may commit, as a cron's may."""
        # What has been done here is committed before, as far as a test can.
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = self.env(cr=cr)
            yield records[0].with_env(env) if len(records) == 1 else [record.with_env(env) for record in records]

    def meaning(self, error, by_hand=False, account=None):
        """Return what people are told of an error and of what happens next, without Amazon's own words.

        :param bool by_hand: a person waits for the answer.
        :param account: whose people they are, None: the seller's.
        """
        lines = say(self.env, (account or self.account)._explain(error, by_hand)[1]).split("\n")
        return "\n".join(lines[: len(lines) - bool(error.status)])

    def queries(self, work, *arguments):
        """Return how many queries `work` costs, with what it leaves to be done before the commit."""
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work(*arguments)
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    @contextmanager
    def statements(self):
        """Collect the SQL that is executed."""
        found, execute = [], Cursor.execute

        def noted(cr, *args, **kwargs):
            result = execute(cr, *args, **kwargs)
            found.append(cr._obj.query.decode())
            return result

        with patch.object(Cursor, "execute", noted):
            yield found

    def make_kit(self):
        """Make SKU KIT-1 of two cups and three teas. Needs ``sale_mrp``."""
        cup, tea = self.products["AMZ-CUP-001"], self.products["AMZ-TEA-001"]
        kit = self.env["product.product"].create(
            {
                "name": "Tea set",
                "default_code": "KIT-1",
                "type": "consu",
                "is_storable": True,
                "taxes_id": [(6, 0, self.taxes[10].ids)],
            }
        )
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "company_id": self.company.id,
                "bom_line_ids": [
                    (0, 0, {"product_id": cup.id, "product_qty": 2}),
                    (0, 0, {"product_id": tea.id, "product_qty": 3}),
                ],
            }
        )
        return kit

    def place(self, kind="jp_standard", count=1, minutes_ago=60, **values):
        """Place orders on the simulated Amazon, long enough ago to be seen; return their ids."""
        past = self.amazon.get("clock")["now"]
        return self.amazon.place(self.seller, kind, count, **{"created": shifted(past, minutes_ago), **values})

    def import_orders(self, account=None, **arguments):
        """Run the whole import; return the log rows."""
        account = account or self.account
        with self.committing(account) as account:
            logs = account._import_orders(**arguments).ids
        return self.env["amazon.log"].browse(logs)

    def act(self, ref, action, **values):
        """Let something happen to an order on Amazon, later than all that was imported; it can be found at once."""
        self.amazon.post("clock", advance=600)
        self.amazon.post(f"orders/{ref}/{action}", **values)
        self.amazon.post("clock", advance=600)

    def change(self, ref, **changes):
        """Change an order on Amazon, as :meth:`act` does."""
        self.amazon.post("clock", advance=600)
        self.amazon.control("PATCH", f"orders/{ref}", set=changes)
        self.amazon.post("clock", advance=600)

    def changed(self, order, action, **values):
        """Let something happen to an order on Amazon and import it; return the order."""
        self.act(order.amazon_order_ref, action, **values)
        self.import_orders()
        return order

    def refetched(self, order, **changes):
        """Change an order on Amazon and import it; return the order."""
        self.change(order.amazon_order_ref, **changes)
        self.import_orders()
        return order

    def amazon_order(self, order):
        """Return the order as it stands on the simulated Amazon."""
        return self.amazon.get(f"orders/{order.amazon_order_ref}")

    def item_id(self, order, number=0):
        """Return Amazon's id of one of the order's items."""
        return self.amazon_order(order)["orderItems"][number]["orderItemId"]

    def ship(self, picking, user=None):
        """Pick everything and validate, as a person does."""
        picking = picking.with_user(user or self.user).with_context(skip_backorder=True)
        for move in picking.move_ids:
            if move.state != "cancel":
                move.quantity = move.product_uom_qty
                move.picked = True
        return picking.button_validate()

    def last_update(self, order):
        """Return the newest inbox row of an order."""
        return self.env["amazon.order.update"].search(
            [("order_ref", "=", order.amazon_order_ref)], order="version desc, id desc", limit=1
        )

    def orders(self, *refs):
        """Return the orders in Odoo with these Amazon ids."""
        return self.env["sale.order"].search([("amazon_order_ref", "in", refs)])

    def searches(self):
        """Return the queries of the searches Amazon has answered since the last call."""
        entries = self.amazon.get("requests?operation=searchOrders")
        self.amazon.control("DELETE", "requests")
        return [entry["query"] for entry in entries]

    def imported(self, kind="jp_standard", count=1, **values):
        """Place orders, import them, return them."""
        return self.imported_together(kind, count=count, **values)

    def imported_together(self, *kinds, **values):
        """Place orders of each kind, import all of them at once, and return them in the order they were placed."""
        # The last import's cursor may stand later than these orders' time.
        self.account.job_ids.cursor = False
        refs = [ref for kind in kinds for ref in self.place(kind, **values)]
        self.import_orders()
        return self.orders(*refs).sorted(lambda order: refs.index(order.amazon_order_ref))


class FetchCase(AmazonCase):
    """What the import's job reads, without building it."""

    def setUp(self):
        super().setUp()
        self.job = self.account._job("orders")

    def fetch(self, cron=False, account=None, **arguments):
        """Fetch without building; return the log row."""
        with self.committing(account or self.account) as mine:
            log = mine.with_context(amazon_cron=cron and OURS)._fetch_orders(**arguments)
        return self.env["amazon.log"].browse(log.ids)


class InBrowser(HttpCase):
    """To be mixed into a case whose tests drive the browser, where the registry is in test mode already."""

    @contextmanager
    def committing(self, *records):
        """Give the records on a cursor that may commit, as :meth:`AmazonCase.committing` does."""
        self.env.cr.flush()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            yield records[0].with_env(env) if len(records) == 1 else [record.with_env(env) for record in records]
        self.env.invalidate_all()

    def start_tour(self, *arguments, **values):
        """Run a tour. What was told before the browser was open is no news to it, as in life."""
        self.env.cr.flush()
        self.env["bus.bus"].search([]).unlink()
        return super().start_tour(*arguments, **values)


def shifted(moment, minutes):
    """Return an ISO time so many minutes earlier."""
    return (datetime.fromisoformat(moment) - timedelta(minutes=minutes)).isoformat()
