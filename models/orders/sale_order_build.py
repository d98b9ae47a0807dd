"""How an order in Odoo is made from what Amazon sends, and kept equal to it (see ``sale_order.py``
for what a person sees and does)."""

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timezone
from types import MappingProxyType
from zoneinfo import ZoneInfo

from markupsafe import Markup
from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import float_compare, float_is_zero, plaintext2html
from odoo.tools.misc import format_amount, format_date, format_time

from ... import memo
from ...const import ATTEMPTS, CONFIRMED, DEAD, GIVE_WAY_SECONDS, STATUS, TO_SHIP
from ...locks import MET
from ...memo import once
from ...ours import OURS, These
from ...said import say
from ...selling_partner import split
from ...times import aware, local_date, naive
from .amazon_offer import offer_key
from .amazon_order_update import MOST_AHEAD, NeedsAttention
from .order_facts import OrderFacts

_logger = logging.getLogger(__name__)

# What a charge that is not goods is sold as, by the part of the amounts it comes from.
SERVICE_PRODUCTS = {
    "shipping": "product_shipping",
    "gift_wrap": "product_gift_wrap",
    "cod_fee": "product_cod_fee",
    "other": "product_other",
    "tax": "product_tax",
    "DELIVERY_TIP": "product_tip",
    "discount": "product_discount",
    "difference": "product_adjustment",
    "adjustment": "product_adjustment",
}
# Discounts on these are taken from that charge, all others from the item.
DISCOUNTED_SERVICES = {"SHIPPING": "shipping", "GIFT_WRAP": "gift_wrap", "COD_FEE": "cod_fee"}
# Header fields whose change is told in the chatter, old → new.
TOLD = (
    "amazon_status",
    "amazon_payment_state",
    "amazon_payment_method",
    "amazon_ship_by",
    "amazon_deliver_by",
    "amazon_total",
    "carrier_id",
)
# Personal: only that they changed is told.
TOLD_BY_NAME = ("partner_id", "partner_shipping_id", "amazon_gift_note", "amazon_instructions")
# All that is written of the header where something of a version cannot be read.
STATUS_FIELDS = {"amazon_status", "amazon_status_raw", "amazon_payment_state"}
UNAPPLIED = "sale_amazon_spapi.mail_activity_unapplied"
# Amazon names one as a rule.
MOST_ORIGINALS = 10


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amazon_unapplied = fields.Text("Not Applied", compute="_compute_amazon_unapplied", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("amazon_version")
    @api.depends_context("lang")
    def _compute_amazon_unapplied(self):
        rows = self.env["amazon.order.update"]._unapplied(self)
        for order in self:
            row = rows.get(order)
            if not row:
                order.amazon_unapplied = False
            elif row.error:
                order.amazon_unapplied = self.env._(
                    "A newer version of %(order)s from Amazon could not be applied: %(reason)s",
                    order=order.name,
                    reason=row.error,
                )
            else:
                order.amazon_unapplied = self.env._(
                    "Amazon has changed %s meanwhile; the change is applied within a minute. If it is not, look under"
                    " “Needs Attention”.",
                    order.name,
                )

    # === BUILDING A BATCH === #

    @api.model
    def _amazon_build(self, account, batch):
        """Make or change the orders of a batch, and close their inbox rows.

        :param account: the ``amazon.account``.
        :param batch: the :class:`.amazon_order_update.Batch`.
        :return: the orders made or changed.
        """
        # sudo: the content of Amazon orders is locked for everybody else
        self = self.sudo().with_context(**memo.forget(self.env))
        orders = self.browse()
        new = {}
        for row, value in batch.values.items():
            order = batch.order(value, self.env)
            if value.channel_name == "NON_AMAZON" and not order:
                self.env["stock.picking"]._amazon_fba_movement(account, value)
                # No order is made of it, only a movement.
                row._built(self.browse(), "unchanged")
            elif not order:
                new[row] = value
            elif not row.forced and row.version < (order.amazon_version or ""):
                row._superseded()
            else:
                changed = order._amazon_update_as_its_own(account, value, batch.offers)
                row._built(order, "updated" if changed else "unchanged")
                orders |= order
        return orders | self._amazon_create(account, self._amazon_wanted(account, new), batch.offers)

    @api.model
    def _amazon_wanted(self, account, new):
        """Leave out of new orders what Amazon had finished before it was seen here, where the account says so. What
        somebody asks for by its number comes in all the same, as does what could not be built while it was open.

        :param dict new: ``selling_partner`` orders by ``amazon.order.update`` row.
        """
        finished = self.env["amazon.order.update"].union(
            *(
                row
                for row, value in new.items()
                if not account.import_finished and not row.forced and STATUS.get(value.status) in ("shipped", *DEAD)
            )
        )
        if not finished:
            return new
        seen = finished.search(
            [
                ("account_id", "=", account.id),
                ("order_ref", "in", finished.mapped("order_ref")),
                ("attempts", ">", 0),
                ("id", "not in", finished.ids),
            ]
        ).mapped("order_ref")
        left_out = finished.filtered(lambda row: row.order_ref not in seen)
        left_out._left_out()
        return {row: value for row, value in new.items() if row not in left_out}

    @api.model
    def _amazon_find(self, account, refs):
        """Return the orders of an account's seller that are here, by Amazon's number.

        :rtype: dict
        """
        found = self.search([("amazon_merchant_id", "=", account._merchant_ref()), ("amazon_order_ref", "in", refs)])
        return {order.amazon_order_ref: order for order in found}

    @api.model
    def _amazon_create(self, account, new, offers):
        """Make orders, confirm those that are paid, and close their inbox rows.

        :param dict new: ``selling_partner`` orders by ``amazon.order.update`` row.
        :param dict offers: as of :meth:`_amazon_facts`.
        """
        if not new:
            return self.browse()
        values = list(new.values())
        customers = self.env["res.partner"]._amazon_customers(account, values)
        facts = self._amazon_facts(account, values, customers, offers)
        orders = self.create([self._amazon_create_vals(fact) for fact in facts])
        orders._amazon_settle_total()
        pairs = list(zip(orders, facts, strict=True))
        self.env["amazon.order.item"]._amazon_store(pairs)
        orders.filtered(lambda order: order.amazon_status in DEAD)._action_cancel()
        self._amazon_confirm([pair for pair in pairs if pair[0].amazon_status in CONFIRMED])
        orders._amazon_move_phase()
        for row, order in zip(new, orders, strict=True):
            row._built(order, "created")
        for order in orders.filtered("amazon_review_reasons"):
            order._amazon_assign("review", self.env._("Review the Amazon order"), order.amazon_review_reasons)
        return orders

    # === WHAT AMAZON'S ORDER MEANS HERE === #

    def _amazon_facts(self, account, values, customers, offers):
        """Return what making seller's orders, or changing this one, needs to know of each.

        :param account: the ``amazon.account``.
        :param list values: the ``selling_partner`` orders.
        :param dict customers: (buyer, delivery address) partners by Amazon's order number.
        :param dict offers: what is known already of the SKU table, by marketplace and :func:`offer_key`.
        :rtype: list[OrderFacts]
        """
        amounts = [split(value) for value in values]
        marketplaces = [self._amazon_marketplace(account, value) for value in values]
        channels = [self._amazon_channel(value) for value in values]
        offers = self._amazon_offers(account, list(zip(marketplaces, values, strict=True)), offers)
        return [
            OrderFacts(
                account=account,
                value=value,
                amounts=money,
                has_amounts="amounts" not in value.unreadable and self._amazon_says_amounts(value),
                status=STATUS.get(value.status, ""),
                channel=channel,
                marketplace=marketplace,
                currency=self._amazon_currency(account, money.currency, marketplace),
                partner=customers[value.order_id][0],
                delivery=customers[value.order_id][1],
                warehouse=account._warehouse_of(value),
                fiscal_position=self._amazon_fiscal_position(account, *customers[value.order_id]),
                tax_on_top=not marketplace.tax_included or any(item.tax_added for item in money.items),
                offers=MappingProxyType(
                    {offer_key(item): offers[marketplace, offer_key(item)] for item in value.items}
                ),
            )
            for value, money, marketplace, channel in zip(values, amounts, marketplaces, channels, strict=True)
        ]

    @api.model
    def _amazon_channel(self, value):
        """Return who ships an order, as ``amazon_channel`` has it."""
        if not value.says_who_ships and STATUS.get(value.status) not in DEAD:
            raise NeedsAttention(
                self.env._(
                    "Amazon does not say who ships this order, you or Amazon. Press Retry to read the order again from"
                    " Amazon; if that does not help, look at it in Seller Central."
                )
            )
        return "fba" if value.is_amazon_fulfilled else "fbm"

    @api.model
    def _amazon_marketplace(self, account, value):
        marketplace = once(
            self.env,
            ("marketplace", value.marketplace_id),
            lambda: self.env["amazon.marketplace"].search([("api_ref", "=", value.marketplace_id)], limit=1),
        )
        if not marketplace and not value.marketplace_id and len(account.marketplace_ids) == 1:
            marketplace = account.marketplace_ids
        if not marketplace:
            raise NeedsAttention(
                self.env._("The marketplace %s is not known here; add it under Configuration.", value.marketplace_id)
            )
        return marketplace

    @api.model
    def _amazon_currency(self, account, code, marketplace):
        currency = marketplace.currency_id or account.company_id.currency_id
        if code and code != currency.name:
            currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", code)], limit=1)
            if not currency:
                raise NeedsAttention(self.env._("The currency %s is not known here.", code))
        if not currency.active:
            currency.active = True
        return currency

    @api.model
    def _amazon_fiscal_position(self, account, partner, delivery):
        return (
            self.env["account.fiscal.position"].with_company(account.company_id)._get_fiscal_position(partner, delivery)
        )

    @api.model
    def _amazon_offers(self, account, sold, known):
        """Return what is sold by marketplace and :func:`offer_key`; what is not known is looked for, or made.

        :param list sold: (marketplace, ``selling_partner`` order).
        :param dict known: as returned.
        :rtype: dict
        """
        missing = defaultdict(list)
        offers = {key: offer.with_env(self.env) for key, offer in known.items()}
        for marketplace, value in sold:
            missing[marketplace] += [item for item in value.items if (marketplace, offer_key(item)) not in known]
        for marketplace, items in missing.items():
            found = self.env["amazon.offer"]._resolve(account, marketplace, items) if items else {}
            offers.update({(marketplace, key): offer for key, offer in found.items()})
        return offers

    @api.model
    def _amazon_pricelist(self, company, currency):
        """Return the addon's own price list, one per company and currency: Odoo never prices an Amazon line."""
        name = f"Amazon {currency.name}"
        domain = [("company_id", "=", company.id), ("currency_id", "=", currency.id), ("amazon_own", "=", True)]
        PriceList = self.env["product.pricelist"].with_context(active_test=False)
        return PriceList.search(domain, limit=1) or PriceList.create(
            {
                "name": name,
                "company_id": company.id,
                "currency_id": currency.id,
                "amazon_own": True,
                "sequence": 900,
                "active": True,
            }
        )

    # === VALUES === #

    @api.model
    def _amazon_create_vals(self, facts):
        account, lines = facts.account, self._amazon_line_vals(facts)
        return {
            **self._amazon_header_vals(facts),
            "company_id": account.company_id.id,
            "partner_id": facts.partner.id,
            "partner_invoice_id": facts.partner.id,
            "partner_shipping_id": facts.delivery.id,
            "amazon_address_id": facts.delivery.id,
            "user_id": account.user_id.id,
            "team_id": account.team_id.id,
            "pricelist_id": once(
                self.env,
                ("pricelist", account.company_id.id, facts.currency.id),
                lambda: self._amazon_pricelist(account.company_id, facts.currency).id,
            ),
            "fiscal_position_id": facts.fiscal_position.id,
            "carrier_id": self._amazon_carrier(facts).id,
            "order_line": [Command.create(vals) for vals in lines.values()],
        }

    def _amazon_header_vals(self, facts):
        """Return the values of the order that are not lines and not partners."""
        account, value = facts.account, facts.value
        reasons = self._amazon_review_reasons(facts)
        vals = {
            "amazon_account_id": account.id,
            "amazon_merchant_id": account._merchant_ref(),
            "amazon_order_ref": value.order_id,
            "client_order_ref": value.order_id,
            "amazon_marketplace_id": facts.marketplace.id,
            "amazon_channel": facts.channel,
            "amazon_status_raw": False if facts.status else value.status or self.env._("none"),
            "amazon_purchase_date": naive(value.created),
            "date_order": naive(value.created),
            "amazon_ship_by": naive(value.ship_by.latest),
            "amazon_deliver_by": naive(value.deliver_by.latest),
            "commitment_date": naive(value.ship_by.latest) or naive(value.deliver_by.latest),
            "amazon_delivered_at": self._amazon_delivered_at(value),
            "amazon_last_update": naive(value.last_updated),
            "amazon_version": self._amazon_version_of(value),
            "amazon_service_level": value.service_level,
            "amazon_programs": ", ".join(sorted(value.programs)) or False,
            "amazon_purchase_order": value.buyer_po,
            "amazon_original_refs": self._amazon_original_refs(value),
            "amazon_total": float(facts.amounts.total),
            "amazon_points": self._amazon_points_granted(value),
            "amazon_gift_note": self._amazon_gift_note(value),
            "amazon_instructions": value.delivery_preference.text,
            "amazon_cancel_requested": value.cancellation_requested,
            "amazon_review_reasons": "\n".join(reasons) or False,
            "warehouse_id": facts.warehouse.id,
        }
        if facts.status:
            vals["amazon_status"] = facts.status
        # Whether and how an order was paid that is cancelled now, Amazon does not say: what was known stays.
        if facts.status and not facts.is_dead:
            vals["amazon_payment_state"] = "awaiting" if facts.awaits_payment else "paid"
        # Where Amazon does not say (it may refuse to), what it said before stays: cash may have to be collected.
        if value.payment_kind:
            vals["amazon_payment_method"] = value.payment_kind
        elif not facts.is_dead and self.amazon_payment_method in (False, "provisional", "other"):
            vals["amazon_payment_method"] = "provisional" if facts.awaits_payment else "other"
        return {name: val or False if isinstance(val, str) else val for name, val in vals.items()}

    @api.model
    def _amazon_version_of(self, value):
        """Return the version: beside a time that lies far in the future all that comes afterwards would be old."""
        now = datetime.now(timezone.utc)
        if not value.last_updated:
            # Amazon does not say when: what comes later is newer.
            return False
        return (value.last_updated if value.last_updated < now + MOST_AHEAD else now).isoformat()

    def _amazon_points_granted(self, value):
        """Return the points of all items; where Amazon does not say (it may refuse to), what it said before."""
        known = {item.item_ref: item.points for item in self.amazon_item_ids}
        said = {item.item_id: item.points_granted for item in value.items}
        return sum(known.get(item, 0) if points is None else points for item, points in said.items())

    @api.model
    def _amazon_original_refs(self, value):
        """Return the numbers of the orders that this one replaces; one index entry holds no more than these."""
        refs = dict.fromkeys(other.order_id for other in value.associated_orders if other.order_id)
        return ", ".join(list(refs)[:MOST_ORIGINALS])

    def _amazon_delivered_at(self, value):
        """Return when the last parcel arrived (starts the privacy clock). Amazon does not tell the moment: it is known
        once, when Amazon first says so."""
        if self.amazon_delivered_at:
            return self.amazon_delivered_at
        statuses = {package.status for package in value.packages}
        arrived = STATUS.get(value.status) == "shipped" and statuses == {"DELIVERED"}
        return naive(value.last_updated) if arrived else False

    def _amazon_gift_note(self, value):
        """Return what the buyer wants of gifts; as it is known where Amazon does not say it of every item."""
        if self and any(item.has_gift is None for item in value.items):
            return self.amazon_gift_note
        notes = []
        for item in value.items:
            if item.has_gift:
                wrap = f" [{item.gift_wrap_level}]" if item.gift_wrap_level else ""
                message = item.gift_message or self.env._("no message")
                notes.append(f"{item.sku or item.title}{wrap}: {message}")
        return "\n".join(notes)

    def _amazon_review_reasons(self, facts):
        """Return what a person must see before the order is shipped, in words without personal data."""
        value, offers = facts.value, facts.offers
        if facts.by_amazon or facts.awaits_payment or facts.is_dead:
            return []
        reasons = []
        if not facts.status:
            reasons.append(self.env._("Amazon reports a status that is not known here: %s", value.status or "-"))
        unknown = [offer_key(item) for item in value.items if not offers[offer_key(item)].product_id]
        if unknown:
            reasons.append(self.env._("Unknown SKU: %s", ", ".join(unknown)))
        if not facts.amounts.complete:
            reasons.append(self.env._("Amazon gives no price"))
        if self._amazon_must_see_gift(value):
            reasons.append(self.env._("Gift"))
        if value.cancellation_requested:
            reasons.append(self.env._("The buyer asks to cancel"))
        if facts.status in TO_SHIP and self._amazon_lacks_address(value):
            reasons.append(self.env._("No address: your application lacks the Direct-to-Consumer Shipping role"))
        return reasons

    def _amazon_must_see_gift(self, value):
        """Tell whether a person must see to what the buyer wants of gifts."""
        return bool(self._amazon_gift_note(value))

    @api.model
    def _amazon_lacks_address(self, value):
        """Tell whether Amazon should say where an order goes, and does not."""
        return not value.has_address

    @api.model
    def _amazon_own(self, name):
        """Return a record of the addon's own data without a query for each order: one that is deleted loses its name,
        too.

        :param str name: its external id, without the addon's.
        :raise ValueError: it was deleted.
        """
        model, res_id = self.env["ir.model.data"]._xmlid_to_res_model_res_id(
            f"sale_amazon_spapi.{name}", raise_if_not_found=True
        )
        return self.env[model].browse(res_id)

    @api.model
    def _amazon_carrier(self, facts):
        """Return the delivery method: Amazon's own for FBA, else by the account's rules (R12)."""
        value = facts.value
        if facts.by_amazon:
            return self._amazon_own("carrier_fba")
        provisional = self._amazon_own("carrier_provisional")
        if facts.awaits_payment:
            return provisional
        sold = [(facts.offers[offer_key(item)].product_id, item.wanted_quantity) for item in value.items]
        return (
            facts.account.rule_ids._choose(
                {
                    "service_level": value.service_level,
                    "cash_on_delivery": value.is_cash_on_delivery,
                    "partner": facts.delivery,
                    "weight": sum(product.weight * quantity for product, quantity in sold),
                    "amount": float(facts.amounts.total),
                    "products": self.env["product.product"].union(*(product for product, _quantity in sold)),
                }
            )
            or provisional
        )

    @api.model
    def _amazon_line_vals(self, facts):
        """Return the values of every line, by what it stands for on Amazon.

        The amounts of the lines add up to Amazon's total but for rounding, which
        :meth:`_amazon_settle_total` takes care of.

        :rtype: dict
        """
        value, amounts = facts.value, facts.amounts
        lines, services = {}, defaultdict(float)
        for item, money in zip(value.items, amounts.items, strict=True):
            product, offer = self._amazon_product(facts, item)
            taxes = self._amazon_line_taxes(facts, product)
            quantity = item.wanted_quantity
            lines[f"goods:{item.item_id}"] = {
                "product_id": product.id,
                "name": item.title or product.display_name,
                "product_uom_qty": quantity,
                "price_unit": float(money.goods) / quantity if quantity else 0.0,
                "tax_ids": [Command.set(taxes.ids)],
                "amazon_item_ref": item.item_id,
                "amazon_offer_id": offer.id,
            }
            for part in ("shipping", "gift_wrap", "cod_fee", "other"):
                services[part] += float(getattr(money, part))
            services["tax"] += float(money.tax_added)
            services["difference"] += float(money.adjustment)
            if not quantity:
                services["difference"] += float(money.goods)
            for subtype, amount in money.discounts:
                if subtype in DISCOUNTED_SERVICES:
                    services[f"discount:{DISCOUNTED_SERVICES[subtype]}"] += float(amount)
                else:
                    self._amazon_add_discount(lines, item, float(amount), taxes)
        for kind, amount in amounts.order_lines:
            services[kind] += float(amount)
        services["difference"] += float(amounts.difference)
        for key, amount in services.items():
            if not float_is_zero(amount, precision_digits=6):
                lines[key] = self._amazon_service_vals(facts, key, amount)
        for number, (key, vals) in enumerate(lines.items()):
            vals.update(amazon_line_key=key, technical_price_unit=-1, sequence=10 + number)
        return lines

    @api.model
    def _amazon_add_discount(self, lines, item, amount, taxes):
        if float_is_zero(amount, precision_digits=6):
            return
        vals = lines.setdefault(
            f"discount:{item.item_id}",
            {
                "product_id": self._amazon_service_product("discount").id,
                "name": self.env._("Discount: %s", item.title or item.sku),
                "product_uom_qty": 1,
                "price_unit": 0.0,
                "tax_ids": [Command.set(taxes.ids)],
            },
        )
        vals["price_unit"] += amount

    @api.model
    def _amazon_service_vals(self, facts, key, amount):
        kind, _separator, discounted = key.partition(":")
        product = self._amazon_service_product(kind)
        taxed_as = self._amazon_service_product(discounted) if discounted else product
        untaxed = kind in ("tax", "difference", "DELIVERY_TIP")
        taxes = self.env["account.tax"] if untaxed else self._amazon_line_taxes(facts, taxed_as)
        return {
            "product_id": product.id,
            "name": self.env._("Discount: %s", taxed_as.name) if discounted else product.name,
            "product_uom_qty": 1,
            "price_unit": amount,
            "tax_ids": [Command.set(taxes.ids)],
        }

    @api.model
    def _amazon_service_product(self, kind):
        return self._amazon_own(SERVICE_PRODUCTS.get(kind, "product_other"))

    @api.model
    def _amazon_product(self, facts, item):
        """Return (product, offer) of an item; for an unknown SKU as the account's policy says."""
        offer = facts.offers[offer_key(item)]
        held = facts.account.unknown_sku == "hold" and not facts.by_amazon and not facts.is_dead
        if offer.product_id or held:
            return self._amazon_known_product(facts.marketplace, facts.offers, item)
        return self._amazon_own("product_unknown_sku"), offer

    @api.model
    def _amazon_known_product(self, marketplace, offers, item):
        """Return (product, offer) of an item whose SKU must be mapped.

        :raise NeedsAttention: when it is not.
        """
        offer = offers[offer_key(item)]
        if not offer.product_id:
            error = NeedsAttention(
                self.env._(
                    "The SKU %s has no product. Map it in the SKU table, then the order is built by itself.",
                    offer_key(item),
                )
            )
            error.item, error.marketplace = item, marketplace
            raise error
        return offer.product_id, offer

    @api.model
    def _amazon_line_taxes(self, facts, product):
        """Return the taxes of a line: none where Amazon adds tax on top, which is a line of its own."""
        if facts.tax_on_top:
            return self.env["account.tax"]
        company, position = facts.account.company_id, facts.fiscal_position
        return once(
            self.env,
            ("taxes", product.id, company.id, position.id),
            lambda: self.env["account.tax"]._amazon_taxes(product, company, position),
        )

    # === TOTALS === #

    def _amazon_has_tax_line(self):
        """Tell whether Amazon added tax on top of this order's prices."""
        self.ensure_one()
        return any(line.amazon_line_key == "tax" for line in self.order_line)

    def _amazon_settle_total(self):
        """Make the order total exactly what Amazon says (rule 4), with an untaxed line for what
        rounding leaves."""
        for order in self:
            off = order.amazon_total - order.amount_total
            if order.currency_id.is_zero(off):
                continue
            line = order.order_line.filtered(lambda line: line.amazon_line_key == "adjustment")
            if line:
                line.write({"price_unit": line.price_unit * line.product_uom_qty + off, "product_uom_qty": 1})
            else:
                product = self._amazon_service_product("adjustment")
                self.env["sale.order.line"].with_context(sale_no_log_for_new_lines=True).create(
                    {
                        "order_id": order.id,
                        "product_id": product.id,
                        "name": product.name,
                        "product_uom_qty": 1,
                        "price_unit": off,
                        "technical_price_unit": -1,
                        "tax_ids": [Command.clear()],
                        "amazon_line_key": "adjustment",
                        "sequence": 999,
                    }
                )

    # === CONFIRMING, DELIVERING, CANCELLING === #

    @api.model
    def _amazon_confirm(self, pairs):
        """Confirm orders without reserving, and deliver here what Amazon says has left.

        :param list pairs: (order, :class:`OrderFacts`).
        """
        orders = self.union(*(order for order, _facts in pairs))
        for order, facts in pairs:
            order._amazon_record_shipped_before_start(facts.value)
        orders.with_context(amazon_defer_reservation=OURS).action_confirm()
        self.env["amazon.order.item"]._amazon_store_kits(orders)
        for order, facts in pairs:
            order._amazon_deliver_shipped(facts.value)
        orders.filtered(
            lambda order: (
                order.amazon_channel != "fba"
                and any(picking.state not in ("done", "cancel") for picking in order.picking_ids)
            )
        ).amazon_to_reserve = True

    def _amazon_record_shipped_before_start(self, value):
        """What left before the account's start date is recorded without moving stock."""
        self.ensure_one()
        if self.amazon_status not in ("shipped", "partially_shipped"):
            return
        for line, quantity in self._amazon_shipped_before_start(value).items():
            line.amazon_qty_recorded = quantity

    def _amazon_shipped_before_start(self, value):
        """Return what left before the start date, by goods line; of several parcels each has its own day."""
        start = self.amazon_account_id.start_date
        packed, early = defaultdict(int), defaultdict(int)
        for package in value.packages:
            for item in package.items if package.ship_time else ():
                packed[item.item_id] += item.quantity
                if self._amazon_local_date(naive(package.ship_time)) < start:
                    early[item.item_id] += item.quantity
        first_is_early = self._amazon_local_date(self._amazon_ship_time(value)) < start
        recorded = {}
        for line, shipped in self._amazon_shipped(value).items():
            item_id = line.amazon_item_ref
            # What stands in no parcel has left with the first one.
            unpacked = max(0, shipped - packed[item_id]) if first_is_early else 0
            recorded[line] = min(shipped, early[item_id] + unpacked)
        return recorded

    def _amazon_ship_time(self, value):
        """Return when the goods left: the first parcel's time, else the order's own."""
        times = [package.ship_time for package in value.packages if package.ship_time]
        return naive(min(times, default=value.created))

    def _amazon_local_date(self, moment):
        zone = self.amazon_marketplace_id.tz or "UTC"
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()

    def _amazon_shipped(self, value):
        """Return what Amazon says has left, by goods line."""
        self.ensure_one()
        shipped = {}
        lines = {line.amazon_item_ref: line for line in self.order_line if line.amazon_item_ref}
        for item in value.items:
            quantity = item.quantity_fulfilled
            if quantity is None:
                quantity = item.wanted_quantity if self.amazon_status == "shipped" else 0
            if quantity and item.item_id in lines:
                shipped[lines[item.item_id]] = quantity
        return shipped

    def _amazon_deliver_shipped(self, value):
        """Do here the deliveries that Amazon says are done (shipped in Seller Central, or by FBA)."""
        self.ensure_one()
        if self.amazon_status not in ("shipped", "partially_shipped"):
            return
        packages = self._amazon_new_packages(value)
        # Where there are no parcels (FBA), the change that told of it is the nearest there is.
        moment = naive(
            min(
                (package.ship_time for package in packages if package.ship_time),
                default=value.last_updated or datetime.now(timezone.utc),
            )
        )
        # Pick, pack and ship are pushed one after the other: each round does one step.
        for _step in range(4):
            quantities = self._amazon_shipped_quantities(value)
            moves = self.env["stock.move"].union(*quantities)
            if not moves:
                break
            if any(move.has_tracking != "none" for move in moves):
                self._amazon_assign(
                    "lots", self.env._("Shipped on Amazon: enter the lot or serial numbers and validate the delivery")
                )
                break
            pickings = moves.picking_id
            (pickings.move_ids - moves).filtered(lambda move: move.state not in ("done", "cancel")).picked = False
            for move, quantity in quantities.items():
                move.quantity = quantity
                move.picked = True
            pickings._amazon_mark_shipped(packages)
            pickings.with_context(
                cancel_backorder=False, amazon_has_left=OURS, amazon_moves_later=These(self.ids)
            )._action_done()
            pickings._amazon_after_shipped(moment, packages)
        self.invalidate_recordset()

    def _amazon_new_packages(self, value):
        """Return the parcels whose tracking number is not on a delivery that is done here."""
        done = self.picking_ids.filtered(lambda picking: picking.state == "done")
        known = {number.strip() for ref in done.mapped("carrier_tracking_ref") if ref for number in ref.split(",")}
        recorded = any(self.order_line.mapped("amazon_qty_recorded"))
        start = self.amazon_account_id.start_date
        return [
            package
            for package in value.packages_gone
            if package.tracking_number not in known
            and not (recorded and package.ship_time and self._amazon_local_date(naive(package.ship_time)) < start)
        ]

    def _amazon_shipped_quantities(self, value):
        """Return how much of each open move has left and is not done here yet; of several steps those nearest
        to the customer come first. What was returned and is to go out again is a person's to send.

        :rtype: dict
        """
        quantities = {}
        for line, shipped in self._amazon_shipped(value).items():
            known = line.move_ids.filtered(
                lambda move: (
                    move.state not in ("cancel", "draft")
                    and not move.origin_returned_move_id
                    and move.location_dest_id.usage != "supplier"
                    and move.location_id.usage != "customer"
                )
            )
            for same in known.grouped("product_id").values():
                quantities.update(line._amazon_spread_shipped(same, shipped))
        return quantities

    def _amazon_cancel(self):
        """Apply Amazon's cancellation as the account's policy says (R6)."""
        self.ensure_one()
        if self._amazon_may_cancel():
            self._action_cancel()
            self.amazon_to_reserve = False

    def _amazon_may_cancel(self):
        """Tell whether an order cancelled on Amazon may be cancelled here by itself."""
        self.ensure_one()
        if self.state in ("draft", "sent", "cancel"):
            # Nothing has been prepared for it.
            return True
        policy = self.amazon_account_id.cancel_policy
        pickings = self.picking_ids.filtered(lambda picking: picking.state != "cancel")
        moves = pickings.move_ids
        touched = (
            any(picking.state == "done" or picking.printed for picking in pickings)
            or any(move.picked for move in moves)
            or any(invoice.state == "posted" for invoice in self.invoice_ids)
        )
        reserved = any(move.quantity for move in moves)
        return not (policy == "never" or touched or (policy == "unreserved" and reserved))

    def _amazon_alive_after_cancel(self, before):
        """Tell a person that an order that is cancelled here goes on at Amazon.

        :param str before: its status on Amazon until now.
        """
        if self.amazon_status in CONFIRMED and self.amazon_status != before and not self.amazon_merged_into_id:
            self._amazon_assign(
                "cancelled_here",
                self.env._("Cancelled here, but not on Amazon"),
                self.env._(
                    "Cancel it in %(central)s, or press “Take Up Again” here.",
                    central=say(self.env, self.amazon_account_id._central().central),
                ),
            )

    # === CHANGES === #

    def _amazon_update_as_its_own(self, account, value, offers, apart=None):
        """Apply a newer version in the order's own company: its seller may be another company's by now."""
        self.ensure_one()
        if self.company_id == account.company_id:
            return self._amazon_update(account, value, offers, apart)
        company = self.company_id
        mine = self.with_context(allowed_company_ids=company.ids, lang=company._amazon_lang())
        # The other account has a table of its own.
        return mine._amazon_update(mine.amazon_account_id, value, {}, apart)

    def _amazon_update(self, account, value, offers, apart=None):
        """Apply a newer version from Amazon: differences only.

        :param dict offers: as of :meth:`_amazon_facts`.
        :param apart: a ``PartByPart``, where it cannot be applied as a whole; the order keeps its old version then.
        :return: whether anything changed.
        :rtype: bool
        """
        self.ensure_one()
        value = self._amazon_completed(self._amazon_usable(value, bool(apart)))
        part = apart or (lambda work, *arguments: work(*arguments))
        order = self.with_context(sale_no_log_for_new_lines=True)
        customer = part(order._amazon_customer, account, value) or (self.partner_id, self._amazon_known_address())
        # Before anything is written: what is known decides.
        [facts] = self._amazon_facts(account, [value], {value.order_id: customer}, offers)
        told = {name: order[name] for name in (*TOLD, *TOLD_BY_NAME)}
        reasons = order.amazon_review_reasons
        part(order._amazon_write_header, facts, bool(apart))
        part(order._amazon_write_customer, customer)
        changes = order._amazon_follow(facts, part, told["amazon_status"])
        part(self.env["amazon.order.item"]._amazon_store, [(order, facts)])
        order._amazon_updated()
        order._amazon_review_changed(reasons)
        order._amazon_agrees()
        if not apart:
            order._amazon_applied()
        order._amazon_move_phase()
        changes = order._amazon_told_changes(told) + changes
        if changes:
            items = Markup().join(Markup("<li>%s</li>") % change for change in changes)
            order.message_post(body=Markup("%s<ul>%s</ul>") % (self.env._("Changed on Amazon:"), items))
        return bool(changes)

    def _amazon_committed(self):
        """These orders, made or changed just now, are committed: what others have committed meanwhile, who did not see
        them, can be seen now."""

    def _amazon_updated(self):
        """Amazon's newer version of this order is written, but for what follows of it here."""

    def _amazon_learn(self, value):
        """Take notice of what Amazon shows of the parcels of this order.

        :param value: the ``selling_partner`` order.
        """

    def _amazon_usable(self, value, partly):
        """Return of a newer version what the known order can be changed to.

        :param bool partly: what cannot be used is left out instead of refused.
        :raise NeedsAttention: what is known must not be replaced by this.
        """
        if not (value.status and value.items):
            # Amazon has given little more than the number.
            raise NeedsAttention(
                self.env._(
                    "Amazon gives no status or no items of this order. Press Retry to read the order again from Amazon."
                )
            )
        if value.currency in ("", self.currency_id.name):
            return value
        if not partly:
            raise NeedsAttention(
                self.env._(
                    "Amazon gives the amounts in %(new)s now; the order is in %(old)s. Compare it with %(central)s.",
                    central=say(self.env, self.amazon_account_id._central().central),
                    new=value.currency,
                    old=self.currency_id.name,
                )
            )
        return replace(value, unreadable=value.unreadable | {"amounts"})

    def _amazon_follow(self, facts, part, before):
        """Cancel, change, confirm or deliver the order as Amazon has it now.

        :param part: called with each step and its arguments.
        :param str before: the order's status on Amazon until now.
        :return: what changed of the quantities, in words.
        :rtype: list[str]
        """
        value = facts.value
        if self.amazon_status in DEAD:
            if self.state != "cancel":
                part(self._amazon_cancel)
            return []
        if self.state == "cancel":
            self._amazon_alive_after_cancel(before)
            return []
        settled = self._amazon_is_settled()
        changes = part(self._amazon_write_quantities, facts) or []
        if not settled and facts.has_amounts:
            part(self._amazon_write_amounts, facts)
        if self.state in ("draft", "sent") and self.amazon_status in CONFIRMED:
            if not value.unreadable:
                part(self._amazon_release, facts)
        elif self.state == "sale" and "parcels" not in value.unreadable:
            part(self._amazon_learn, value)
            part(self._amazon_deliver_shipped, value)
        return changes

    def _amazon_completed(self, value):
        """Return a newer version with what an order is not without and Amazon leaves out of it: as it is known.

        :param value: the ``selling_partner`` order.
        """
        known = {item.item_ref: item for item in self.amazon_item_ids}
        shipped = STATUS.get(value.status) == "shipped"

        def window(said, latest):
            return said if said.latest or not latest else replace(said, latest=aware(latest))

        return replace(
            value,
            # Else Amazon's own order would seem to be ours to ship.
            fulfilled_by=(
                value.fulfilled_by if value.says_who_ships else "AMAZON" if self.amazon_channel == "fba" else "MERCHANT"
            ),
            marketplace_id=value.marketplace_id or self.amazon_marketplace_id.api_ref,
            service_level=value.service_level or self.amazon_service_level or "",
            ship_by=window(value.ship_by, self.amazon_ship_by),
            deliver_by=window(value.deliver_by, self.amazon_deliver_by),
            items=tuple(
                known[item.item_id]._completed(item, shipped) if item.item_id in known else item for item in value.items
            ),
        )

    def _amazon_customer(self, account, value):
        """Return (buyer, Amazon's delivery address); the known ones where Amazon does not tell any (more)."""
        placeholder = self._amazon_own("partner_provisional")
        gone = self.amazon_purged or self.partner_id.amazon_purged
        if gone or not (value.has_address or value.is_amazon_fulfilled):
            return self.partner_id, self._amazon_known_address()
        if self.partner_id == placeholder or value.is_amazon_fulfilled:
            return self.env["res.partner"]._amazon_customers(account, [value])[value.order_id]
        return self.partner_id, self.partner_id._amazon_delivery_address(account, value)

    def _amazon_known_address(self):
        return self.amazon_address_id or self.partner_shipping_id

    def _amazon_write_header(self, facts, partly=False):
        """Write what changed of the order that is not lines and not partners.

        :param bool partly: something else of this version may not be applied: the order does not have it yet.
        """
        vals = self._amazon_header_vals(facts)
        # Fixed with the order.
        for name in ("warehouse_id", "amazon_account_id", "date_order"):
            vals.pop(name)
        if partly:
            for name in ("amazon_version", "amazon_last_update"):
                vals.pop(name)
        if not facts.has_amounts:
            vals.pop("amazon_total")
        if self.amazon_purged:
            # What was removed does not come back.
            for name in self._amazon_personal:
                vals.pop(name, None)
        if facts.value.unreadable:
            # The other fields depend on what could not be read.
            vals = {name: vals[name] for name in STATUS_FIELDS & set(vals)}
        if vals.get("amazon_status") in DEAD and not self._amazon_may_cancel():
            vals["amazon_review_reasons"] = self.env._("Cancelled on Amazon")
        changed = {
            name: val
            for name, val in vals.items()
            if self._fields[name].convert_to_write(self[name], self) != (val or False if val is None else val)
        }
        self.write(changed)
        if "commitment_date" in changed and changed["commitment_date"] and self.state == "sale":
            # Odoo moves only the deadline.
            self.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")).scheduled_date = changed[
                "commitment_date"
            ]

    def _amazon_says_amounts(self, value):
        """Tell whether Amazon gives the amounts of an order; where it gives none (any more), the known ones stay."""
        said = value.grand_total or any(item.proceeds_total or item.breakdowns for item in value.items)
        return bool(said) or self.state != "sale" or not self.amazon_total

    def _amazon_write_customer(self, customer):
        partner, delivery = customer
        known = self._amazon_known_address()
        if (partner, delivery) == (self.partner_id, known):
            return
        # Where a person wants it sent is not changed by itself.
        chosen = self.partner_shipping_id not in (known, self.partner_id)
        vals = {
            "amazon_address_id": delivery.id,
            "partner_shipping_id": (self.partner_shipping_id if chosen else delivery).id,
        }
        if partner != self.partner_id:
            vals.update(partner_id=partner.id, partner_invoice_id=partner.id)
        kept = self.pricelist_id, self.fiscal_position_id
        pickings = self.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        activities = pickings.activity_ids
        self.write(vals)
        # The core asks a person to change the address of each delivery; it is done here.
        (pickings.activity_ids - activities).unlink()
        if self.state == "draft" and (self.pricelist_id, self.fiscal_position_id) != kept:
            self.write({"pricelist_id": kept[0].id})
        if chosen:
            self._amazon_assign(
                "address", self.env._("The address changed on Amazon: is the one chosen here still right?")
            )
            return
        pickings.partner_id = delivery
        if any(picking.printed for picking in pickings):
            self._amazon_assign(
                "print_again",
                self.env._("The address changed on Amazon after printing: print the delivery slip again"),
            )

    def _amazon_release(self, facts):
        """A pending order has been paid: confirm it."""
        if self.carrier_id == self._amazon_own("carrier_provisional"):
            self.carrier_id = self._amazon_carrier(facts)
        self._amazon_confirm([(self, facts)])

    def _amazon_lines_by_key(self):
        return {line.amazon_line_key: line for line in self.order_line if line.amazon_line_key}

    def _amazon_write_amounts(self, facts):
        """Make the lines cost what Amazon says now."""
        self.ensure_one()
        wanted, lines = self._amazon_line_vals(facts), self._amazon_lines_by_key()
        for key, vals in wanted.items():
            line = lines.get(key)
            if not line:
                self.env["sale.order.line"].create({**vals, "order_id": self.id})
            else:
                self._amazon_write_price(line, vals)
        for key in set(lines) - set(wanted) - {"adjustment"}:
            lines[key].write({"price_unit": 0.0, "technical_price_unit": -1})
            if self.state == "draft":
                lines[key].unlink()
        self._amazon_settle_total()

    def _amazon_write_price(self, line, vals):
        taxes = vals["tax_ids"][0][2]
        changed = {}
        quantity = line.product_uom_qty
        price = vals["price_unit"]
        if quantity != vals["product_uom_qty"] and quantity:
            # The quantity could not be changed (see _amazon_write_quantities): the amount is spread over what is there.
            price = price * vals["product_uom_qty"] / quantity
        if float_compare(line.price_unit, price, precision_digits=6):
            changed.update(price_unit=price, technical_price_unit=-1)
        if set(line.tax_ids.ids) != set(taxes):
            changed["tax_ids"] = vals["tax_ids"]
        if not line.product_id.id == vals["product_id"] and self.state == "draft":
            changed["product_id"] = vals["product_id"]
        if changed:
            line.write(changed)

    def _amazon_write_quantities(self, facts):
        """Make the lines' quantities what Amazon wants now, as far as that is safe.

        :return: what changed, in words.
        :rtype: list
        """
        changes = []
        wanted = {f"goods:{item.item_id}": item.wanted_quantity for item in facts.value.items}
        for key, line in self._amazon_lines_by_key().items():
            if not line.amazon_item_ref:
                continue
            # An item that Amazon does not list any more is not wanted any more.
            old, new = line.product_uom_qty, wanted.get(key, 0)
            if old == new:
                continue
            if self.state == "sale" and not self._amazon_may_change_quantity(line, new):
                self._amazon_assign(
                    f"quantity:{line.amazon_item_ref}:{old:g}:{new:g}",
                    self.env._(
                        "Quantity changed on Amazon: %(sku)s %(old)g → %(new)g",
                        sku=line.product_id.display_name,
                        old=old,
                        new=new,
                    ),
                    self.env._("The delivery is printed, picked, done or invoiced, so nothing was changed here."),
                )
                continue
            line.write({"product_uom_qty": new, "price_unit": line.price_unit, "technical_price_unit": -1})
            changes.append(
                self.env._(
                    "Quantity of %(product)s: %(old)g → %(new)g", product=line.product_id.display_name, old=old, new=new
                )
            )
        return changes

    def _amazon_is_settled(self):
        """Tell whether everything was delivered or anything invoiced: from here on a difference is a finding for the
        accountant (amazon_mismatch)."""
        invoiced = any(line.qty_invoiced for line in self.order_line)
        return invoiced or (self.state == "sale" and self.delivery_status == "full")

    def _amazon_may_change_quantity(self, line, quantity):
        """Tell whether nothing that is printed, picked, done or invoiced is touched."""
        moves = line.move_ids.filtered(lambda move: move.state != "cancel")
        done = moves.filtered(lambda move: move.state == "done")
        still = moves - done
        if any(still.picking_id.mapped("printed")) or any(still.mapped("picked")):
            return False
        if any(move.location_dest_id.usage != "customer" for move in done):
            # What one of several steps has moved is not moved back by itself.
            return False
        if quantity > line.product_uom_qty:
            return not self._amazon_is_settled()
        return quantity >= line.qty_delivered and quantity >= line.qty_invoiced

    def _amazon_review_changed(self, before):
        """Ask a person again when there is something new to see."""
        new = set((self.amazon_review_reasons or "").splitlines()) - set((before or "").splitlines())
        if new:
            self.amazon_reviewed = False
        if self.amazon_status in DEAD:
            if self.state != "cancel" and new:
                self._amazon_assign(
                    "cancelled_there",
                    self.env._("Cancelled on Amazon: stop the delivery and cancel the order here"),
                    self.env._(
                        "Nothing was changed, because of the account's setting or because work on it has begun."
                    ),
                )
        elif new:
            self._amazon_assign("review", self.env._("Review the Amazon order"), "\n".join(sorted(new)))
        self._amazon_nothing_to_review()

    def _amazon_review_again(self):
        """After SKUs were mapped: what is left to review?"""
        # The company may have had another language when they were written.
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        prefixes = tuple(self.with_context(lang=code).env._("Unknown SKU: %s", "") for code in installed)
        for order in self._amazon_in_company_language():
            unknown = order.order_line.filtered("amazon_is_placeholder")
            reasons = [
                reason
                for reason in (order.amazon_review_reasons or "").splitlines()
                if unknown or not reason.startswith(prefixes)
            ]
            order.amazon_review_reasons = "\n".join(reasons) or False
        self._amazon_nothing_to_review()
        self._amazon_move_phase()

    def _amazon_nothing_to_review(self):
        """Take back the request to review orders in which there is nothing left to see."""
        self.filtered(lambda order: not order.amazon_review_reasons)._amazon_assigned("review").unlink()

    def _amazon_not_applied(self, reason):
        """Tell a person that a newer version from Amazon cannot be applied, at least not all of it.

        :param str reason: what is in the way.
        """
        unapplied = self.env.ref(UNAPPLIED, raise_if_not_found=False)
        for order in self._amazon_in_company_language():
            assigned = order.activity_ids.filtered(lambda activity: activity.activity_type_id == unapplied)
            if assigned:
                assigned.note = plaintext2html(reason)
            else:
                order._amazon_assign(
                    "unapplied",
                    order.env._("A newer version from Amazon could not be applied: do not ship before it is"),
                    reason,
                    UNAPPLIED,
                )

    def _amazon_applied(self):
        """Take back what was asked of a person while a newer version could not be applied."""
        unapplied = self.env.ref(UNAPPLIED, raise_if_not_found=False)
        self.activity_ids.filtered(lambda activity: activity.activity_type_id == unapplied).unlink()

    def _amazon_agrees(self):
        """Take back what was asked of a person where both sides say again whether the order is cancelled."""
        agreeing = self.filtered(lambda order: (order.state == "cancel") == (order.amazon_status in DEAD))
        agreeing._amazon_assigned("cancelled_here").unlink()

    def _amazon_in_company_language(self):
        """Return the orders, each in the language in which what is stored about it is written, whoever works on it."""
        for order in self:
            yield order.with_context(lang=order.company_id._amazon_lang())

    def _amazon_told_changes(self, before):
        """Return the header's changes in words, old → new; of personal fields the name only."""
        changes = []
        for name in (*TOLD, *TOLD_BY_NAME):
            if self[name] == before[name]:
                continue
            label = self._fields[name]._description_string(self.env)
            if name in TOLD_BY_NAME:
                changes.append(self.env._("%s changed", label))
            else:
                changes.append(
                    f"{label}: {self._amazon_word(name, before[name])} → {self._amazon_word(name, self[name])}"
                )
        return changes

    def _amazon_word(self, name, value):
        field = self._fields[name]
        if not value and field.type != "monetary":
            return "–"
        if field.type == "selection":
            return dict(field._description_selection(self.env))[value]
        if field.type == "datetime":
            zone = self.amazon_marketplace_id.tz
            day = format_date(self.env, local_date(value, ZoneInfo(zone or "UTC")))
            return f"{day} {format_time(self.env, value, tz=zone, time_format='short')}"
        if field.type == "monetary":
            return format_amount(self.env, value, self.currency_id)
        return value.display_name

    # === RESERVING === #

    def _amazon_reserve_plan(self):
        """Return the ids of the orders to reserve by warehouse; to be called before the commit, because
        the reservation must not have read anything before it holds the warehouse's lock.

        :rtype: dict
        """
        return {
            warehouse.id: orders.ids
            for warehouse, orders in self.filtered("amazon_to_reserve").grouped("warehouse_id").items()
        }

    @api.model
    def _amazon_reserve(self, plan):
        """Reserve in a short transaction of its own per warehouse, one builder at a time: two at once
        would fail on the same quants and multiply them.

        :param dict plan: what :meth:`_amazon_reserve_plan` returned before the commit.
        """
        for warehouse_id, order_ids in plan.items():
            warehouse = self.env["stock.warehouse"].browse(warehouse_id)
            with warehouse._amazon_stock_lock():
                if warehouse._amazon_must_builders_wait():
                    # They stay marked: the next run reserves them.
                    self.env["amazon.order.update"]._trigger_builders(1, GIVE_WAY_SECONDS)
                    self.env["ir.cron"]._commit_progress()
                    continue
                if not self._amazon_reserve_and_commit(order_ids):
                    # They are still marked: a builder reserves them with its next run.
                    self.env["amazon.order.update"]._trigger_builders(1)
                    self.env["ir.cron"]._commit_progress()

    @api.model
    def _amazon_reserve_and_commit(self, order_ids):
        """Reserve orders with their warehouse's lock held; when that fails as a whole, one by one.

        :return: whether it is done, and no other transaction was in the way each time.
        """
        one_by_one = False
        for _attempt in range(ATTEMPTS):
            try:
                # What an attempt that failed remembered is not so any more.
                orders = self.with_context(**memo.forget(self.env)).browse(order_ids).exists()
                if one_by_one:
                    orders._amazon_reserve_one_by_one()
                else:
                    orders._amazon_reserve_now()
                self.env["ir.cron"]._commit_progress()
                return True
            except Exception as error:  # noqa: BLE001 - whatever it is, the others must be reserved
                # Somebody who is no builder works on the same stock; or an order cannot be reserved at all.
                _logger.info("reserving again after %s", type(error).__name__)
                self.env.cr.rollback()
                one_by_one |= not isinstance(error, MET)
        return False

    def _amazon_reserve_one_by_one(self):
        for order in self:
            try:
                with self.env.cr.savepoint():
                    order.with_context(**memo.forget(self.env))._amazon_reserve_now()
            except MET:
                raise
            except Exception as error:  # noqa: BLE001 - told to a person
                order._amazon_not_reserved(error)

    def _amazon_reserve_now(self):
        moves = self.picking_ids.move_ids.filtered(
            lambda move: (
                move.state in ("confirmed", "waiting", "partially_available")
                and (move._should_bypass_reservation() or move._should_assign_at_confirm())
            )
        )
        # It takes the orders into the next phase.
        moves._action_assign()
        self.amazon_to_reserve = False

    def _amazon_not_reserved(self, error):
        """Leave an order to its responsible user: whatever is in the way, trying again does not remove it."""
        _logger.info("order %s not reserved: %s", self.amazon_order_ref, type(error).__name__)
        self._amazon_assign(
            "not_reserved",
            self.env._("The delivery could not be reserved: check its availability"),
            say(self.env, self.env["amazon.order.update"]._reason(error)),
        )
        self.amazon_to_reserve = False
