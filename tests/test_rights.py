import ast
import inspect
import json
import logging
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common_confirmation import ConfirmationCase
from .common_settlements import settlement_text
from .common_vendor import VendorCase

_logger = logging.getLogger(__name__)

GROUPS = {
    "none": "base.group_user",
    "salesman": "sales_team.group_sale_salesman_all_leads",
    "sales_manager": "sales_team.group_sale_manager",
    "packer": "stock.group_stock_user",
    "bookkeeper": "account.group_account_invoice",
    "readonly": "sale_amazon_spapi.group_amazon_readonly",
    "user": "sale_amazon_spapi.group_amazon_user",
    "accountant": "sale_amazon_spapi.group_amazon_accountant",
    "manager": "sale_amazon_spapi.group_amazon_manager",
    # Of another company.
    "stranger": "sale_amazon_spapi.group_amazon_manager",
}
USER = ("user", "manager")
MANAGER = ("manager",)
ACCOUNTANT = ("accountant", "manager")
# What belongs to no company.
ANY_MANAGER = ("manager", "stranger")
PACKER = ("packer", "user", "manager")
# What concerns the company of whoever calls.
AT_HOME = (*USER, "stranger")

# Who may write which field, by hand or by RPC. Nobody writes what does not stand here: who adds a field has to decide.
FIELDS = {
    "sale.order": dict.fromkeys(
        ["amazon_phase_id", "amazon_on_hold", "amazon_reviewed", "amazon_merged_into_id"], USER
    ),
    "stock.picking": dict.fromkeys(["amazon_ship_date", "amazon_send_untracked", "amazon_code_move_ids"], PACKER),
    "stock.move": {"amazon_transparency_codes": PACKER},
    # A package has no company before something is in it.
    "stock.package": {"amazon_tracking_ref": (*PACKER, "stranger")},
    # The model's own right: who sets up how the shop delivers.
    "delivery.carrier": dict.fromkeys(
        ["amazon_shipping_method_id", "amazon_ship_method", "amazon_no_tracking"],
        ("sales_manager",),
    ),
    "amazon.account": dict.fromkeys(
        [
            "name",
            "active",
            "kind",
            "company_id",
            "user_id",
            "notification_emails",
            "region",
            "marketplace_ids",
            "merchant_id",
            "environment",
            "endpoint_url",
            "lwa_url",
            "seller_central_url",
            "lwa_client_id",
            "lwa_client_secret",
            "lwa_secret_date",
            "refresh_token",
            "application_id",
            "auto_import",
            "auto_confirm",
            "auto_inventory",
            "auto_finance",
            "auto_invoice",
            "auto_settlement",
            "invoice_state",
            "invoice_per",
            "invoice_since",
            "invoice_customer_id",
            "auto_vendor",
            "vendor_party",
            "vendor_warehouse_ids",
            "vendor_own_carrier",
            "vendor_label_format",
            "vendor_api_version",
            "vendor_status_codes",
            "vendor_customer_id",
            "vendor_auto_labels",
            "vendor_labels_at_once",
            "vendor_invoices",
            "start_date",
            "warehouse_id",
            "warehouse_ids",
            "inventory_feed_threshold",
            "repair_drift",
            "team_id",
            "phase_ids",
            "rule_ids",
            "unknown_sku",
            "cancel_policy",
            "split_policy",
            "merged_policy",
            "copied_policy",
            "missing_tracking",
            "unmapped_carrier",
            "confirm_today_only",
            "feed_threshold",
            "result_mails",
            "review_mail",
            "pii_days",
            "import_finished",
        ],
        MANAGER,
    ),
    "amazon.phase": dict.fromkeys(
        ["name", "sequence", "active", "company_id", "role", "require_ship_date", "fold"], ANY_MANAGER
    ),
    "amazon.account.phase": dict.fromkeys(
        ["account_id", "phase_id", "auto_confirm", "success_phase_id", "failure_phase_id"], MANAGER
    ),
    "amazon.shipping.method": dict.fromkeys(
        [
            "code",
            "name",
            "origin",
            "sequence",
            "active",
            "carrier_code",
            "carrier_name",
            "ship_method",
            "scac_code",
            "tracking_required",
            "cash_on_delivery",
            "label_kind",
        ],
        ANY_MANAGER,
    ),
    "amazon.carrier.layout": dict.fromkeys(
        [
            "name",
            "sequence",
            "active",
            "carrier_code",
            "encoding",
            "separator",
            "has_headings",
            "day_format",
            "column_ids",
            "reference_column",
            "number_column",
            "digits",
        ],
        ANY_MANAGER,
    ),
    "amazon.carrier.layout.column": dict.fromkeys(
        ["layout_id", "sequence", "heading", "content", "text", "cod_text", "width"], ANY_MANAGER
    ),
    "amazon.report.column": dict.fromkeys(["name", "meaning"], ANY_MANAGER),
    "amazon.acknowledgement.code": dict.fromkeys(["code", "name", "sequence", "active"], ANY_MANAGER),
    "amazon.vendor.warehouse": dict.fromkeys(["account_id", "party_ref", "warehouse_id"], MANAGER),
    "amazon.shipping.rule": dict.fromkeys(
        [
            "account_id",
            "sequence",
            "active",
            "carrier_id",
            "service_level",
            "cash_on_delivery",
            "country_ids",
            "state_ids",
            "zip_prefixes",
            "weight_max",
            "weight_min",
            "amount_min",
            "amount_max",
            "product_ids",
            "categ_ids",
        ],
        MANAGER,
    ),
    "amazon.offer": dict.fromkeys(
        [
            "account_id",
            "marketplace_id",
            "sku",
            "asin",
            "title",
            "product_id",
            "channel",
            "both_channels_allowed",
            "handling_days",
            "restock_date",
            "buffer",
            "quantity_max",
            "quantity_fixed",
            "paused",
        ],
        USER,
    ),
    # What Amazon's words mean is the same in every company.
    "amazon.amount.type": dict.fromkeys(["name", "kind"], (*ACCOUNTANT, "stranger")),
    "amazon.transaction.type": dict.fromkeys(["name", "kind"], (*ACCOUNTANT, "stranger")),
    "amazon.booking.rule": dict.fromkeys(
        ["account_id", "kind", "type_id", "ledger_account_id", "ledger_tax_ids"], ACCOUNTANT
    ),
    "amazon.marketplace": dict.fromkeys(
        [
            "name",
            "sequence",
            "code",
            "api_ref",
            "region",
            "country_id",
            "currency_id",
            "tz",
            "domain",
            "seller_central_url",
            "tax_included",
        ],
        ANY_MANAGER,
    ),
}

# Who may call what. SHOWS: whoever may read the record; it opens something and changes nothing.
SHOWS = "shows"
METHODS = {
    "sale.order": {
        "action_amazon_confirm_now": USER,
        "action_amazon_hold": USER,
        "action_amazon_refresh": USER,
        "action_amazon_reopen": USER,
        "action_amazon_reviewed": USER,
        "action_amazon_deliver_rest": USER,
        "action_amazon_map_skus": SHOWS,
        "action_amazon_view_logs": SHOWS,
        "action_amazon_view_replaced": SHOWS,
        "action_amazon_open": SHOWS,
        "action_amazon_view_confirmations": SHOWS,
        "action_amazon_credit_note": ACCOUNTANT,
        "action_amazon_prepare_return": USER,
        "action_amazon_read_finances": ACCOUNTANT,
        "action_amazon_take_back_acceptance": ACCOUNTANT,
        "action_amazon_view_profit": SHOWS,
        "action_amazon_view_settlement_lines": SHOWS,
        "action_amazon_view_transactions": SHOWS,
        "action_amazon_cancel": USER,
        "action_amazon_view_cancellations": SHOWS,
        "action_amazon_accept": USER,
        "action_amazon_reject": USER,
        "action_amazon_floor_denial": USER,
        "action_amazon_view_submissions": SHOWS,
    },
    "stock.picking": {
        "action_amazon_confirm_now": USER,
        "action_amazon_separate": PACKER,
        "action_amazon_floor_denial": USER,
        "action_amazon_validate_parcel": PACKER,
        "action_amazon_view_confirmations": SHOWS,
        "action_amazon_view_order": SHOWS,
        "action_amazon_request_label": USER,
        "action_amazon_status_update": USER,
        "action_amazon_fetch_papers": USER,
        "action_amazon_print_labels": SHOWS,
        "action_amazon_print_slips": SHOWS,
        "action_amazon_print_invoices": SHOWS,
    },
    "amazon.account": {
        "action_authorize": MANAGER,
        "action_import_now": USER,
        "action_test_connection": MANAGER,
        "action_toggle_import": MANAGER,
        "action_toggle_vendor": MANAGER,
        "action_full_stock": MANAGER,
        "action_compare_stock": USER,
        "action_send_all_stock": MANAGER,
        "action_view_attention": SHOWS,
        "action_view_invoices": SHOWS,
        "action_view_listing_errors": SHOWS,
        "action_view_stock_drift": SHOWS,
        "action_view_stock_errors": SHOWS,
        "action_view_orders": SHOWS,
        "action_view_to_confirm": SHOWS,
        "action_view_waiting": SHOWS,
        "get_amount_types_state": SHOWS,
        "get_finances_state": SHOWS,
        "get_orders_state": SHOWS,
        "get_standstill": SHOWS,
        "get_vendor_standstill": SHOWS,
    },
    "amazon.confirmation": {
        "action_retry": USER,
        "action_amazon_open": SHOWS,
        "action_open_feed": SHOWS,
        "action_open_order": SHOWS,
        "action_open_picking": SHOWS,
        "action_view_logs": SHOWS,
    },
    "amazon.transaction": {"action_amazon_take_back_acceptance": ACCOUNTANT},
    "amazon.settlement": {
        **dict.fromkeys(
            [
                "action_book",
                "action_book_again",
                "action_match_deposit",
                "action_post",
                "action_seen",
                "action_set_up_booking",
                "action_stop_booking",
                "action_take_back",
                "action_take_other",
                "action_unmatch_deposit",
            ],
            ACCOUNTANT,
        ),
        **dict.fromkeys(
            [
                "action_view_booked_orders",
                "action_view_entries",
                "action_view_items",
                "action_view_lines",
                "action_view_orders",
                "action_view_transactions",
                "action_view_unclassified",
                "action_view_unclear_transaction_types",
                "action_view_unclear_types",
                "action_view_unmatched",
            ],
            SHOWS,
        ),
    },
    "amazon.booking.rule": {"action_set_up": (*ACCOUNTANT, "stranger")},
    "amazon.settlement.order": dict.fromkeys(["action_view_invoice", "action_view_order"], SHOWS),
    "amazon.settlement.sum": {"action_view_lines": SHOWS},
    "amazon.profit": dict.fromkeys(
        ["action_view_order", "action_view_settlement_lines", "action_view_transactions"], SHOWS
    ),
    "amazon.owed": dict.fromkeys(["action_view_order", "action_view_orders"], SHOWS),
    "amazon.settlement.file": {"action_read_again": ACCOUNTANT},
    "amazon.amount.type": {"action_guess_is_right": (*ACCOUNTANT, "stranger")},
    "amazon.job": {"action_toggle": MANAGER},
    "amazon.vendor.paper": {"action_fetch": USER},
    "amazon.vendor.submission": {"action_retry": USER, "action_amazon_has_it": USER, "action_open_order": SHOWS},
    "amazon.vendor.status": {"action_tell": USER},
    "amazon.vendor.full.stock": {"action_send": MANAGER},
    "amazon.cancellation": {
        "action_retry": USER,
        "action_amazon_open": SHOWS,
        "action_open_order": SHOWS,
        "action_view_logs": SHOWS,
    },
    "amazon.cancelling": {"action_cancel_orders": USER},
    "amazon.rejection": {"action_reject": USER},
    "amazon.vendor.acceptance": {"action_accept": USER, "action_accept_known": USER},
    "amazon.log": dict.fromkeys(
        [
            "action_view_cancellations",
            "action_view_confirmations",
            "action_view_invoices",
            "action_view_orders",
            "action_view_quantities",
            "action_view_settlements",
        ],
        SHOWS,
    ),
    "amazon.offer": {
        "action_send_now": USER,
        "action_view_orders": SHOWS,
        "action_view_profit": SHOWS,
        "action_view_quantities": SHOWS,
    },
    "product.product": {"action_view_amazon_offers": SHOWS},
    "product.template": {"action_view_amazon_offers": SHOWS},
    "amazon.order.update": {"action_ignore": USER, "action_retry": USER, "action_open_order": SHOWS},
    "amazon.shipping.method": {"action_view_delivery_methods": SHOWS},
    # Dialogs: only users can make one, and only their own is theirs.
    "amazon.acceptance": {"action_accept": ACCOUNTANT},
    "amazon.transaction.acceptance": {"action_accept": ACCOUNTANT},
    "amazon.amounts.search": {"action_search": ACCOUNTANT},
    "amazon.settlement.deposit.line": {"action_match": ACCOUNTANT},
    "amazon.settlement.upload": {"action_read": ACCOUNTANT},
    "amazon.explanation": dict.fromkeys(
        [
            "action_accept",
            "action_credit_note",
            "action_open",
            "action_take_back",
            "action_view_releases",
            "action_view_transactions",
        ],
        ACCOUNTANT,
    ),
    "amazon.carrier.export": {"action_open": AT_HOME, "action_download": USER},
    "amazon.carrier.numbers": dict.fromkeys(["action_back", "action_check", "action_enter", "action_replace"], USER),
    "amazon.mapping": {"action_open": AT_HOME, "action_apply": USER},
    "amazon.combine": {"action_combine": USER},
    "amazon.completion": {
        "action_refresh": SHOWS,
        **dict.fromkeys(
            [
                "action_back",
                "action_confirm",
                "action_search",
                "action_select_all",
                "action_select_none",
                "action_view_failed",
            ],
            USER,
        ),
    },
    "amazon.completion.line": dict.fromkeys(["action_open_amazon", "action_open_order"], USER),
    "amazon.confirmation.file": {"action_open": AT_HOME, "action_set_done": USER},
    "amazon.confirmation.file.part": {"action_download": USER},
    "amazon.import": {"action_fetch_number": AT_HOME, "action_import": USER},
    "amazon.status.change": dict.fromkeys(["action_apply", "action_move"], USER),
}
ARGUMENTS = {"action_fetch_number": ["no number"]}
# What a context may say from outside: how something is shown, and what of it, nothing more.
HARMLESS = {"amazon_show_ref", "amazon_all_times", "amazon_deliveries", "amazon_kind"}


class RightsCase(ConfirmationCase):
    """One user of each kind, and a record of each model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.users, cls.homes = {}, {}
        for name, groups in GROUPS.items():
            company = cls.elsewhere if name == "stranger" else cls.company
            cls.homes[name] = company.ids
            cls.users[name] = new_test_user(
                cls.env, f"rights_{name}", groups, company_id=company.id, company_ids=[Command.set(company.ids)]
            )

    def models(self):
        """Return every model of the addon's and every other one with fields of the addon's."""
        names = [
            name
            for name, model in self.env.registry.items()
            if not model._abstract
            and (name.startswith("amazon.") or any(field.startswith("amazon_") for field in model._fields))
        ]
        return sorted(set(names) - {"res.config.settings"} - {name for name in names if self.inherits(name)})

    def inherits(self, name):
        """Tell whether a model only shows the fields of ours of another one (res.users those of res.partner)."""
        model = self.env[name]
        ours = [field for field in model._fields.values() if field.name.startswith("amazon_")]
        return bool(model._inherits) and all(field.inherited for field in ours) and not name.startswith("amazon.")

    def fields(self, model):
        """Return the names of the addon's fields of a model."""
        own = model.startswith("amazon.")
        return sorted(
            name
            for name, field in self.env[model]._fields.items()
            if (name.startswith("amazon_") and not field.inherited)
            or (
                own
                and name not in ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")
                and set(field._modules) <= {"sale_amazon_spapi"}
            )
        )

    def methods(self, model):
        """Return the names of the public methods that only the addon defines on a model."""
        ours, others = set(), set()
        for cls in type(self.env[model]).mro():
            mine = cls.__module__.startswith("odoo.addons.sale_amazon_spapi")
            (ours if mine else others).update(
                name for name, member in vars(cls).items() if not name.startswith("_") and inspect.isfunction(member)
            )
        return ours - others

    def sample(self):
        """Return a record of each persistent model."""
        self.account.rule_ids.active = True
        order = self.imported("jp_gift")
        left = self.delivered()
        feed = self.env["amazon.feed"].create(
            {
                "account_id": self.account.id,
                "feed_type": "POST_ORDER_FULFILLMENT_DATA",
                "state": "done",
                "confirmation_ids": [Command.set(left.amazon_confirmation_ids.ids)],
            }
        )
        offer = order.order_line.amazon_offer_id[:1]
        quantity = self.env["amazon.quantity"].create(offer._row_values())
        transaction = self.env["amazon.transaction"].create(
            {"account_id": self.account.id, "transaction_ref": "T", "kind": "sale", "posted_at": "2026-11-01"}
        )
        self.env["amazon.transaction.line"].create(
            {"transaction_id": transaction.id, "type_id": self.env["amazon.amount.type"].search([], limit=1).id}
        )
        self.account._read_settlement_file(
            "settlement.txt",
            settlement_text(
                ("Order", order.amazon_order_ref, "Amazon.co.jp", "ItemPrice", "Principal", "90", "2026-11-03", "", "")
            ).encode(),
        )
        self.imported().amazon_status = "shipped"
        self.account._set_up_booking()
        self.env["amazon.settlement"].search([("account_id", "=", self.account.id)]).action_book()
        self.env["account.move"].create(
            {"journal_id": self.env["account.journal"].create({"name": "T", "code": "T", "type": "general"}).id}
        )
        self.env["amazon.stock.change"].create({"account_id": self.account.id, "offer_id": offer.id})
        self.env["amazon.report.column"].create({"name": "Neue Spalte"})
        self.env["amazon.vendor.paper"].create(
            {
                "account_id": self.account.id,
                "kind": "label",
                "order_id": order.id,
                "picking_id": order.picking_ids[:1].id,
            }
        )
        self.env["amazon.vendor.submission"].create(
            {
                "account_id": self.account.id,
                "kind": "acknowledgement",
                "order_id": order.id,
                "transaction_id": self.env["amazon.vendor.transaction"]
                .create({"account_id": self.account.id, "transaction_ref": "T", "kind": "acknowledgement"})
                .id,
            }
        )
        called_off = self.imported()
        called_off.action_cancel()
        self.env["amazon.cancellation"].create({**called_off._amazon_cancellation_vals(), "reason": "NoInventory"})
        code = self.env["amazon.vendor.warehouse"].create(
            {"account_id": self.account.id, "party_ref": "ABCD", "warehouse_id": self.warehouse.id}
        )
        self.env["amazon.vendor.quantity"].create(
            {"account_id": self.account.id, "warehouse_id": code.id, "offer_id": offer.id}
        )
        self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}}, minutes_ago=0)
        self.amazon.post("clock", advance=600)
        self.import_orders()
        picking = order.picking_ids
        records = {
            "sale.order": order,
            "sale.order.line": order.order_line[:1],
            "stock.picking": picking,
            "stock.move": picking.move_ids[:1],
            "res.partner": order.partner_id,
            "stock.package": self.env["stock.package"].create({"company_id": self.company.id}),
            "delivery.carrier": self.yamato,
            "product.product": order.order_line[:1].product_id,
            "product.pricelist": order.pricelist_id,
            "stock.warehouse": self.warehouse,
            "account.tax": self.taxes[10],
            "amazon.account": self.account,
            "amazon.job": self.account._job("orders"),
            "amazon.feed": feed,
            "amazon.offer": offer,
            "amazon.quantity": quantity,
            "product.template": order.order_line[:1].product_id.product_tmpl_id,
            "amazon.confirmation": feed.confirmation_ids,
            "amazon.order.update": self.env["amazon.order.update"].search([("state", "=", "failed")], limit=1),
        }
        mine = [("account_id", "=", self.account.id)]
        for name in self.models():
            model = self.env[name]
            if name not in records and not model._transient:
                domain = mine if "account_id" in model._fields else []
                records[name] = model.search(domain, limit=1, order="id desc")
        return records

    def mine(self, records, login):
        """Return the records as a user sees them in the companies that are his."""
        return records.with_user(self.users[login]).with_context(allowed_company_ids=self.homes[login])

    @contextmanager
    def undone(self):
        """Take back what is done inside."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def denied(self, call):
        """Tell whether a call is refused for lack of rights; what else is wrong with it does not matter here."""
        # What others have read stands in the cache, which asks nobody.
        self.env.invalidate_all()
        with self.undone():
            try:
                call()
            except Exception as error:  # noqa: BLE001 - see above
                return isinstance(error, AccessError)
            return False


@tagged("post_install", "-at_install")
class TestRights(RightsCase):
    """Who may write, make and call what, for every kind of user (C11)."""

    def test_every_field(self):
        """Each field of the addon is written by those who may, and by nobody else."""
        records = self.sample()
        for model in self.models():
            if self.env[model]._transient:
                continue
            table, names, record = FIELDS.get(model, {}), self.fields(model), records[model]
            self.assertTrue(record, model)
            self.assertLessEqual(set(table), set(names), f"{model}: not a field any more")
            for name in names:
                field = record._fields[name]
                value = field.convert_to_write(record[name], record)
                allowed = {login for login in self.users if self.may_write(login, record, {name: value})}
                with self.subTest(model=model, field=name):
                    self.assertEqual(allowed, set(table.get(name, ())))
                    for login in set(self.users) - allowed - {"stranger"} if hasattr(field, "write_groups") else ():
                        shown = self.mine(self.env[model], login).fields_get([name], ["readonly"])
                        self.assertTrue(all(description["readonly"] for description in shown.values()), login)

    def may_write(self, login, record, vals):
        return not self.denied(lambda: self.mine(record, login).write(vals))

    def test_every_field_when_made(self):
        """Nor can what is Amazon's be given to a record that is made, by values or by the context's defaults."""
        for model in self.models():
            if self.env[model]._transient or model.startswith("amazon."):
                continue
            for name in self.fields(model):
                allowed = FIELDS.get(model, {}).get(name, ())
                field = self.env[model]._fields[name]
                guarded = field.readonly or getattr(field, "write_groups", None)
                for login in self.users:
                    records = self.mine(self.env[model], login)
                    # A stranger is a manager in his own company.
                    if guarded and (login if login != "stranger" else "manager") not in allowed:
                        with self.subTest(model=model, field=name, user=login):
                            self.assertTrue(self.denied(lambda records=records, name=name: records.create({name: 1})))
                            default = records.with_context(**{f"default_{name}": 1})
                            self.assertNotIn(name, default.default_get([name]))
                            self.assertNotIn(name, default.sudo().default_get([name]), "rights rise, the context stays")

    def test_every_method(self):
        """Each public method is called by those who may; for the others it refuses or changes nothing."""
        records = self.sample()
        self.assertFalse(set(METHODS) - set(self.models()))
        for model in self.models():
            table = METHODS.get(model, {})
            with self.subTest(model=model):
                self.assertEqual(self.methods(model), set(table), "decide who may call it")
            for name, allowed in table.items():
                for login in self.users:
                    record = records[model] if model in records else self.env[model].sudo().create(self.dialog(model))
                    of_model = hasattr(getattr(record, name), "_api_model")
                    called_on = self.mine(record.browse() if of_model else record, login)
                    call = partial(getattr(called_on, name), *ARGUMENTS.get(name, ()))
                    with self.subTest(model=model, method=name, user=login):
                        if allowed == SHOWS:
                            before = self.snapshot()
                            self.denied(call)
                            self.assertEqual(self.snapshot(), before)
                        elif model in records or of_model:
                            self.assertEqual(self.denied(call), login not in allowed)
                        else:
                            # Somebody else's dialog.
                            self.assertTrue(self.denied(call))

    def dialog(self, model):
        order = self.env["sale.order"].search([("amazon_account_id", "=", self.account.id)], limit=1)
        return {
            "amazon.acceptance": {"reason": "Agreed"},
            "amazon.transaction.acceptance": {"reason": "Agreed"},
            "amazon.settlement.deposit.line": {
                "dialog_id": self.env["amazon.settlement.deposit"]
                .create({"settlement_id": self.env["amazon.settlement"].search([], limit=1).id})
                .id,
            },
            "amazon.completion.line": {
                "wizard_id": self.env["amazon.completion"].create({}).id,
                "order_id": order.id,
            },
            "amazon.confirmation.file.part": {
                "wizard_id": self.env["amazon.confirmation.file"].create({}).id,
                "account_id": self.account.id,
                "marketplace_id": self.account.marketplace_ids[:1].id,
            },
        }.get(model, {"account_id": self.account.id} if model == "amazon.import" else {})

    def snapshot(self):
        """Return everything of the addon that a method might change."""
        self.env.flush_all()
        shot = {}
        for table in (
            "amazon_account",
            "amazon_order_update",
            "amazon_offer",
            "amazon_job",
            "amazon_phase",
            "amazon_cancellation",
            "amazon_confirmation",
            "amazon_feed",
            "amazon_vendor_submission",
            "amazon_vendor_transaction",
            "amazon_vendor_paper",
            "sale_order",
            "sale_order_line",
            "stock_picking",
            "stock_move",
            "stock_package",
            "mail_message",
            "mail_activity",
            "ir_cron_trigger",
        ):
            self.env.cr.execute(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")  # pylint: disable=sql-injection
            shot[table] = self.env.cr.fetchone()[0]
        return shot

    def test_everything_is_guarded(self):
        """No model with fields of the addon's was forgotten, and the guard sees what was asked for first."""
        for model in self.models():
            classes = [cls for cls in type(self.env[model]).mro() if "write" in vars(cls) or "create" in vars(cls)]
            guard = [number for number, cls in enumerate(classes) if cls.__name__ == "AmazonGuard"]
            with self.subTest(model=model):
                self.assertTrue(guard)
                ours = [cls.__module__.startswith("odoo.addons.sale_amazon_spapi") for cls in classes[: guard[0]]]
                self.assertTrue(all(ours))

    def test_context_proves_nothing(self):
        """Whoever calls from outside can say anything in the context: only what cannot come from there counts."""
        found = set()
        for path in Path(__file__).parents[1].glob("[mw]*/**/*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
                    key = getattr(node.args[0], "value", None)
                    if isinstance(key, str) and key.startswith("amazon_") and "context" in ast.dump(node.func):
                        found.add(key)
        self.assertEqual(found, HARMLESS)

    def test_delivery_is_told_whatever_the_context(self):
        """A packer's context does not keep a delivery from being told to Amazon."""
        picking = self.imported().picking_ids
        picking = picking.with_context(
            amazon_has_left=True,
            amazon_reserved=True,
            amazon_fast=["lines"],
            amazon_memo={},
            amazon_confirm_later=frozenset([picking.sale_id.id]),
            amazon_note_later=True,
            amazon_defer_reservation=True,
        )
        self.deliver(picking)
        self.assertEqual(picking.amazon_confirmation_ids.state, "not_sent")

    def test_price_of_an_order_that_is_none_for_a_moment(self):
        """Taking the Amazon number away, changing the price and putting the number back."""
        order = self.imported()
        for login in ("user", "salesman", "sales_manager", "bookkeeper", "manager"):
            with self.subTest(user=login), self.assertRaises(AccessError):
                order.with_user(self.users[login]).amazon_order_ref = False

    def test_customer_is_amazons(self):
        """Who bought is Amazon's to say; where it is delivered a person may change."""
        order, other = self.imported(), self.env["res.partner"].create({"name": "Somebody Else"})
        for login in ("user", "salesman", "sales_manager", "bookkeeper"):
            with self.subTest(user=login), self.undone(), self.assertRaises(UserError):
                order.with_user(self.users[login]).partner_id = other
        order.with_user(self.user).partner_shipping_id = other
        self.assertEqual(order.partner_shipping_id, other)

    def test_lines_cannot_be_moved(self):
        """No line goes from an Amazon order to another one, or comes to it, by whatever command."""
        order = self.imported()
        other = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [Command.create({"product_id": self.products["AMZ-PEN-001"].id})],
            }
        )
        mine, theirs = order.order_line[:1], other.order_line
        for login in ("user", "salesman", "sales_manager", "bookkeeper"):
            user = self.users[login]
            for record, vals in (
                (mine, {"order_id": other.id}),
                (theirs, {"order_id": order.id}),
                (other, {"order_line": [Command.link(mine.id)]}),
                (order, {"order_line": [Command.link(theirs.id)]}),
                (order, {"order_line": [Command.create({"product_id": mine.product_id.id})]}),
                (order, {"order_line": [Command.update(mine.id, {"amazon_qty_recorded": 5})]}),
                (order, {"order_line": [Command.update(mine.id, {"price_unit": 1})]}),
                (order, {"order_line": [Command.delete(mine.id)]}),
                (theirs, {"move_ids": [Command.link(mine.move_ids.id)]}),
            ):
                with self.subTest(user=login, model=record._name, vals=vals), self.undone():
                    with self.assertRaises(UserError):
                        record.with_user(user).write(vals)

    def test_no_extra_line(self):
        """Only a delivery adds a gift to an Amazon order; a context that looks like one does not."""
        order = self.imported()
        move = order.picking_ids.move_ids[:1].copy({"sale_line_id": False})
        vals = {"order_id": order.id, "product_id": move.product_id.id, "product_uom_qty": 0}
        for login in ("user", "salesman", "packer"):
            lines = self.env["sale.order.line"].with_user(self.users[login])
            for context, more in (
                ({}, {"amazon_line_key": "extra"}),
                ({"skip_procurement": True}, {"move_ids": [Command.link(move.id)]}),
                ({"amazon_delivering": True}, {"move_ids": [Command.link(move.id)]}),
                ({"default_amazon_line_key": "extra"}, {}),
            ):
                with self.subTest(user=login, context=context, more=more), self.undone():
                    with self.assertRaises(UserError):
                        lines.with_context(**context).create({**vals, **more})

    def test_deliveries_stay_their_orders(self):
        """A delivery of an Amazon order cannot become another's, nor another's one of it."""
        order, other = self.imported(count=2)
        move = order.picking_ids.move_ids[:1]
        for login in ("user", "packer"):
            for line in (other.order_line[:1].id, False):
                with self.subTest(user=login, line=line), self.undone(), self.assertRaises(UserError):
                    move.with_user(self.users[login]).sale_line_id = line

    def delivery_of(self, order, login, **values):
        """Make a delivery of an order by hand, as by RPC; return it."""
        move = order.picking_ids.move_ids[:1]
        places = {"location_id": move.location_id.id, "location_dest_id": move.location_dest_id.id}
        wanted = {"product_id": move.product_id.id, "product_uom_qty": 1, "sale_line_id": move.sale_line_id.id}
        return self.mine(self.env["stock.picking"], login).create(
            {
                "picking_type_id": move.picking_type_id.id,
                **places,
                "move_ids": [Command.create({**wanted, **places, **values})],
            }
        )

    def test_no_delivery_of_ones_own(self):
        """Nobody delivers by hand what an order does not ask for, and so has Amazon told of it."""
        order, tea = self.imported(items=[{"sku": "AMZ-CUP-001"}]), self.products["AMZ-TEA-001"]
        for login in ("user", "packer"):
            for values in ({}, {"product_uom_qty": 0, "quantity": 1}, {"product_id": tea.id}, {"product_uom_qty": -1}):
                with self.subTest(user=login, values=values), self.undone(), self.assertRaises(UserError):
                    self.delivery_of(order, login, **values)
            with self.subTest(user=login), self.undone(), self.assertRaises(UserError):
                self.mine(order.picking_ids, login).copy()
        order.picking_ids.action_cancel()
        stock = self.env["stock.warehouse"].search([("company_id", "=", self.elsewhere.id)], limit=1)
        places = {"location_id": stock.lot_stock_id.id, "location_dest_id": order.picking_ids.location_dest_id.id}
        values = {"product_id": tea.id, "product_uom_qty": 1, "sale_line_id": order.order_line.id, **places}
        stranger = self.users["stranger"]
        stranger.group_ids |= self.env.ref("stock.group_stock_user")
        stranger.group_ids -= self.env.ref("sale_amazon_spapi.group_amazon_manager")
        with self.assertRaises(UserError):
            self.mine(self.env["stock.picking"], "stranger").create(
                {
                    "picking_type_id": stock.out_type_id.id,
                    **places,
                    "move_ids": [Command.create(values)],
                }
            )

    def test_no_delivery_grows(self):
        """Nor does one that is there bring more: by its demand, by another way to the customer, or by what never came
        back."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2, "total": 2000}])
        move = order.picking_ids.move_ids
        shelf, customers = move.location_id, move.location_dest_id
        neighbours = self.env["stock.location"].create(
            {
                "name": "Neighbours",
                "usage": "customer",
                "location_id": customers.location_id.id,
            }
        )
        dozen = self.env.ref("uom.product_uom_dozen")

        def into_stock(login):
            made = self.delivery_of(order, login, location_id=customers.id, location_dest_id=shelf.id)
            made.action_confirm()
            return made

        def redirected(login):
            into_stock(login).move_ids.location_dest_id = customers

        def came_back(login):
            self.ship(into_stock(login), self.users[login])
            self.delivery_of(order, login)

        ways = (
            lambda login: self.mine(move, login).write({"product_uom_qty": 3}),
            lambda login: self.mine(move, login).write({"product_uom": dozen.id}),
            lambda login: self.delivery_of(order, login, location_dest_id=neighbours.id),
            redirected,
            came_back,
        )
        for login in ("user", "packer"):
            for number, way in enumerate(ways):
                with self.subTest(user=login, way=number), self.undone():
                    with self.assertRaisesRegex(UserError, "more than was ordered"):
                        way(login)
            with self.subTest(user=login), self.undone():
                mine = self.mine(move, login)
                mine.product_uom_qty = 1
                mine.product_uom_qty = 2
                self.ship(mine.picking_id, self.users[login])
                self.assertEqual(order.order_line.qty_delivered, 2)

    def test_deliveries_are_divided(self):
        """Waves, backorders, returns and what goes out once more divide what was ordered, and bring no more of it."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 5, "total": 5000}])
        first = self.mine(order.picking_ids, "packer")
        move = first.move_ids
        move.move_line_ids.quantity = 3
        two = move.move_line_ids.copy({"quantity": 2})
        self.assertEqual((len(move.move_line_ids), move.quantity), (2, 5))
        two._add_to_wave()
        wave = order.picking_ids - first
        self.assertEqual(wave.move_ids.mapped("product_uom_qty"), [2])
        self.assertEqual(wave.move_ids.sale_line_id, order.order_line)
        self.ship(wave, self.users["packer"])
        move.write({"quantity": 1, "picked": True})
        first.with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        rest = order.picking_ids - first - wave
        self.assertEqual(rest.move_ids.mapped("product_uom_qty"), [2])
        self.ship(rest, self.users["packer"])
        self.assertEqual(order.order_line.qty_delivered, 5)
        back = self.return_of(self.mine(wave, "packer"))
        self.ship(back, self.users["packer"])
        again = self.return_of(self.mine(back, "packer"))
        self.ship(again, self.users["packer"])
        self.assertEqual((again.state, order.order_line.qty_delivered), ("done", 5))
        with self.assertRaises(UserError):
            self.delivery_of(order, "packer")

    def test_parcels_of_another_company(self):
        """A packer of another company does not number a parcel before it has left, when it has no company yet."""
        package = self.env["stock.package"].create({})
        self.imported().picking_ids.move_line_ids.result_package_id = package
        self.assertFalse(package.company_id)
        with self.assertRaises(AccessError):
            self.mine(package, "stranger").amazon_tracking_ref = "1"
        self.mine(package, "packer").amazon_tracking_ref = "2"
        self.assertEqual(package.amazon_tracking_ref, "2")

    def test_no_amazon_order_of_ones_own(self):
        """A sales user cannot make an Amazon order: not by values, import, a copy's, nor by the context."""
        partner = self.env["res.partner"].create({"name": "Shop"})
        orders = self.env["sale.order"].with_user(self.users["salesman"]).with_company(self.company)
        mine = orders.create({"partner_id": partner.id})
        with self.assertRaises(AccessError):
            mine.copy({"amazon_account_id": self.account.id})
        loaded = orders.load(["partner_id/.id", "amazon_order_ref"], [[str(partner.id), "503-1"]])
        self.assertFalse(loaded["ids"])
        made = orders.with_context(
            default_amazon_account_id=self.account.id, default_amazon_order_ref="503-1", default_amazon_total=5
        ).create({"partner_id": partner.id})
        self.assertFalse(made.amazon_account_id or made.amazon_order_ref or made.amazon_total)
        self.env["ir.default"].with_user(self.users["salesman"]).set("sale.order", "amazon_order_ref", "503-2", True)
        self.assertFalse(orders.create({"partner_id": partner.id}).amazon_order_ref)

    def test_copy_says_where_it_comes_from(self):
        """Who duplicates an Amazon order does not choose what it is a copy of, but it says so."""
        order = self.imported()
        copy = order.with_user(self.user).copy()
        self.assertEqual(copy.amazon_copied_from_id, order)
        self.assertFalse(copy.amazon_order_ref)

    def test_own_things_stay_with_their_account(self):
        """An offer, a rule, a phase setting is not given to another account, be it by its new owner."""
        foreign = self._connect(
            self.amazon.seller(),
            name="Foreign",
            company_id=self.elsewhere.id,
            user_id=False,
            warehouse_id=self.env["stock.warehouse"].search([("company_id", "=", self.elsewhere.id)], limit=1).id,
        )
        second = self._connect(self.amazon.seller(), name="Second")
        records = self.sample()
        for login, model in (
            ("user", "amazon.offer"),
            ("manager", "amazon.shipping.rule"),
            ("manager", "amazon.account.phase"),
        ):
            record = records[model].with_user(self.users[login])
            for account in (foreign, second):
                with self.subTest(model=model, account=account.name), self.assertRaises(AccessError):
                    record.account_id = account
        with self.assertRaises(AccessError):
            second.with_user(self.users["manager"]).rule_ids = [Command.link(records["amazon.shipping.rule"].id)]
        with self.assertRaises(AccessError):
            self.env["amazon.offer"].with_user(self.users["user"]).create(
                {
                    "account_id": foreign.id,
                    "marketplace_id": foreign.marketplace_ids[:1].id,
                    "sku": "X",
                }
            )

    def test_shared_phase_stays_shared(self):
        """A manager does not take a phase that other companies use for his own."""
        phase = self.env.ref("sale_amazon_spapi.phase_ready")
        with self.assertRaises(UserError):
            self.mine(phase, "stranger").company_id = self.elsewhere

    def test_quota_of_own_companies(self):
        """A manager sees the quota of his companies' sellers."""
        self.imported()
        mine = [("selling_partner", "=", self.seller["merchant_id"])]
        self.env["amazon.quota"].create(
            {
                "selling_partner": self.seller["merchant_id"],
                "application": "a",
                "operation": "o",
                "rate": 1,
                "burst": 1,
                "tokens": 1,
                "refilled_at": "2026-01-01",
            }
        )
        quota = self.env["amazon.quota"]
        self.assertTrue(quota.with_user(self.users["manager"]).search(mine))
        self.assertFalse(self.mine(quota, "stranger").search(mine))
        self.assertIn(self.company, quota.search(mine, limit=1).company_ids)

    def test_deleting_a_job_checks_first(self):
        """Who may not delete a job does not delete its cron either."""
        job = self.account.job_ids[:1]
        for login in self.users:
            with self.assertRaises(AccessError):
                self.mine(job, login).unlink()
            self.assertTrue(job.sudo().cron_id.exists())

    def test_dialogs_tell_nothing_of_others(self):
        """No dialog takes a record that its user may not see, and so none tells of it; nor does somebody else's."""
        foreign = (
            self.env["sale.order"]
            .with_company(self.elsewhere)
            .create(
                {
                    "partner_id": self.env["res.partner"].create({"name": "Secret"}).id,
                    "company_id": self.elsewhere.id,
                }
            )
        )
        account = self._connect(
            self.amazon.seller(),
            name="Foreign",
            company_id=self.elsewhere.id,
            user_id=False,
            warehouse_id=self.env["stock.warehouse"].search([("company_id", "=", self.elsewhere.id)], limit=1).id,
        )
        secret = {
            "sale.order": foreign,
            "amazon.account": account,
            "stock.picking": self.env["stock.picking"].create(
                {
                    "picking_type_id": account.warehouse_id.out_type_id.id,
                    "location_id": account.warehouse_id.lot_stock_id.id,
                    "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                }
            ),
        }
        secret["amazon.confirmation"] = self.env["amazon.confirmation"].create(
            {
                "account_id": account.id,
                "order_id": foreign.id,
                "order_ref": "503-9",
                "picking_id": secret["stock.picking"].id,
                "marketplace_id": account.marketplace_ids[:1].id,
            }
        )
        user, checked = self.users["user"], 0
        for model in self.models():
            if not self.env[model]._transient:
                continue
            for name, field in self.env[model]._fields.items():
                if field.type not in ("many2one", "many2many") or field.comodel_name not in secret or not field.store:
                    continue
                checked += 1
                record = secret[field.comodel_name]
                value = record.id if field.type == "many2one" else [Command.set(record.ids)]
                dialog = self.env[model].with_user(user)
                needed = (
                    {
                        "wizard_id": self.env[self.env[model]._fields["wizard_id"].comodel_name]
                        .with_user(user)
                        .create({})
                        .id
                    }
                    if "wizard_id" in dialog._fields
                    else {}
                )
                with self.subTest(model=model, field=name):
                    for call in (
                        lambda dialog=dialog, name=name, value=value, needed=needed: dialog.create(
                            {**needed, name: value}
                        ),
                        lambda dialog=dialog, name=name, value=value, needed=needed: dialog.with_context(
                            **{f"default_{name}": value}
                        ).create(needed),
                        lambda dialog=dialog, name=name, value=value: dialog.onchange(
                            {name: value}, [name], {name: {}}
                        ),
                    ):
                        with self.undone(), self.assertRaises(AccessError):
                            call()
        for model in ("amazon.completion", "amazon.status.change", "amazon.combine"):
            mine = self.env[model].with_user(user).create({})
            self.env.invalidate_all()
            with self.subTest(model=model), self.assertRaises(AccessError):
                mine.with_user(self.users["manager"]).read(["create_date"])
        self.assertGreater(checked, 8)


class EveryButtonCase(VendorCase, RightsCase):
    """A user presses every button he is shown, in every view behind every menu of the addon."""

    def setUp(self):
        super().setUp()
        self.keep_books()
        self.account.unknown_sku = "hold"
        self.sample()
        for kind in ("jp_cod", "jp_fba_shipped", "jp_unknown_sku", "jp_cvs_pending"):
            self.place(kind)
        self.import_orders()
        self.purchased()
        self.tell()
        self.purchased("vendor_unknown_sku")
        self.pressed, self.wrong = set(), {}

    # --- walking

    def walk(self, group):
        user = self.users[group]
        self.env = self.env(user=user, context={"allowed_company_ids": self.company.ids}, su=False)
        roots = self.env.ref("sale_amazon_spapi.menu_amazon") + self.env.ref("sale_amazon_spapi.menu_amazon_vendor")
        # What asks Amazon takes its quota on a cursor of its own, and finds there what the sample has used.
        with self.enter_registry_test_mode():
            for menu in self.env["ir.ui.menu"].sudo().search([("id", "child_of", roots.ids), ("action", "!=", False)]):
                if menu.id in self.env["ir.ui.menu"].load_menus(False) and menu.action._name == "ir.actions.act_window":
                    self.open(menu.action._get_action_dict(), menu.complete_name)
        self.assertFalse(self.wrong)
        self.assertTrue(self.pressed)

    def open(self, action, way, deep=True):
        """Open an action as the web client does; with `deep`, press everything that it shows."""
        env = self.env
        context = {**env.context, **self.evaluated(action.get("context") or {}, {})}
        model = env[action["res_model"]].with_context(**context)
        views = [(view or False, kind) for view, kind in action.get("views") or [(False, "form")]]
        described = self.tried(way, lambda: model.get_views(views, {"toolbar": True}))
        if not described:
            return
        domain = Domain(self.evaluated(action.get("domain") or [], {}))
        for kind, view in described["views"].items():
            if kind not in ("list", "form", "kanban"):
                continue
            arch = etree.fromstring(view["arch"])
            if kind == "form" and action.get("target") == "new" and not action.get("res_id"):
                names = [field.get("name") for field in arch.iter("field")]
                self.tried(f"{way} {kind}", lambda names=names: model.default_get(names))
                continue
            records = model.browse(action["res_id"]) if action.get("res_id") else model.search(domain, limit=12)
            if deep:
                self.press_all(records, arch, f"{way} {kind}")
                # A form shows one record.
                self.run_all(records[: 1 if kind == "form" else 2], view.get("toolbar") or {}, f"{way} {kind}")

    def press_all(self, records, arch, way):
        names = {field.get("name") for field in arch.iter("field") if not self.nested(field)} & set(records._fields)
        for record in records:
            values = self.tried(way, lambda record=record: record.web_read({name: {} for name in names})[0])
            for button in arch.iter("button"):
                if values is None or self.nested(button) or not button.get("name"):
                    continue
                if button.get("type") in ("object", "action") and self.is_shown(button, record, values):
                    self.press(record, button, values, f"{way}: {button.get('name')}")

    def nested(self, node):
        """Tell whether a node stands in the view of a line."""
        return any(parent.tag == "field" for parent in node.iterancestors())

    def is_shown(self, node, record, values):
        return not any(
            self.evaluated(each.get("invisible") or "False", {**values, "id": record.id})
            for each in (node, *node.iterancestors())
        )

    def press(self, record, button, values, way):
        if (record._name, record.id, button.get("name"), button.get("context")) in self.pressed:
            return
        self.pressed.add((record._name, record.id, button.get("name"), button.get("context")))
        context = self.evaluated(button.get("context") or {}, {**values, "id": record.id})
        active = {"active_id": record.id, "active_ids": record.ids, "active_model": record._name}
        with self.undone():
            if button.get("type") == "object":
                result = self.tried(way, getattr(record.with_context(**context), button.get("name")))
            else:
                result = self.loaded(button.get("name"), way)
            if isinstance(result, dict) and result.get("type") == "ir.actions.act_window":
                self.pressed.add((record._name, result["res_model"]))
                more = self.evaluated(result.get("context") or {}, {**values, **active, "id": record.id})
                self.open({**result, "context": {**active, **context, **more}}, way, deep=False)

    def run_all(self, chosen, toolbar, way):
        """Start what stands under the cog once records are chosen."""
        if not chosen:
            return
        active = {"active_id": chosen[:1].id, "active_ids": chosen.ids, "active_model": chosen._name}
        for entry in toolbar.get("action", []):
            with self.undone():
                result = self.loaded(entry["id"], f"{way} ⚙ {entry['name']}")
                if result and result["type"] == "ir.actions.server":
                    server = self.env["ir.actions.server"].browse(result["id"]).with_context(**active)
                    result = self.tried(f"{way} ⚙ {entry['name']}", server.run)
                if isinstance(result, dict) and result.get("type") == "ir.actions.act_window":
                    more = self.evaluated(result.get("context") or {}, active)
                    self.open({**result, "context": {**active, **more}}, f"{way} ⚙ {entry['name']}", deep=False)

    def loaded(self, action, way):
        """Load an action as /web/action/load does."""
        by_id = isinstance(action, int) or action.isdigit()
        known = self.env["ir.actions.actions"].sudo().browse(int(action)) if by_id else self.env.ref(action).sudo()
        return self.tried(way, lambda: self.env[known.type].sudo().browse(known.id)._get_action_dict())

    def tried(self, way, call):
        """Return what a call does, and keep in mind when rights are missing for it."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint()
        try:
            return call()
        except AccessError as error:
            self.wrong[way] = str(error)
        except UserError:
            _logger.debug("%s is refused in words", way)
        except Exception as error:  # noqa: BLE001 - a traceback is what nobody may be shown
            self.wrong[way] = repr(error)
        savepoint.rollback()
        self.env.invalidate_all()
        return None

    def evaluated(self, text, values):
        if not isinstance(text, str):
            return text
        known = {
            "uid": self.env.uid,
            "context": dict(self.env.context),
            "allowed_company_ids": self.company.ids,
            "parent": None,
            "True": True,
            "False": False,
            "active_id": False,
            "active_ids": [],
            **values,
        }
        return safe_eval(text, json.loads(json.dumps(known, default=str)))


@tagged("post_install", "-at_install", "both")
class TestEveryButton(EveryButtonCase):
    """A manager is shown the most, and what other apps add."""

    def test_manager(self):
        self.walk("manager")


@tagged("post_install", "-at_install")
class TestEveryButtonOfOthers(EveryButtonCase):
    """Whoever may do less."""

    def test_readonly(self):
        self.walk("readonly")

    def test_user(self):
        self.walk("user")
        self.assertIn(("sale.order", "amazon.rejection"), self.pressed)
        self.assertIn(("sale.order", "amazon.vendor.acceptance"), self.pressed)

    def test_accountant(self):
        self.walk("accountant")
        self.assertIn(("sale.order", "sale.advance.payment.inv"), self.pressed)
        self.assertTrue(self.users["accountant"].has_group("base.group_allow_export"))

    def test_accountant_invoices(self):
        """An accountant makes the invoice of an Amazon order with the button Odoo has for it."""
        order = self.delivered().sale_id
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_user(self.users["accountant"])
            .with_context(active_model="sale.order", active_ids=order.ids, active_id=order.id)
        )
        wizard.create({"advance_payment_method": "delivered"}).create_invoices()
        self.assertEqual(order.invoice_ids.amount_total, order.amazon_total)
