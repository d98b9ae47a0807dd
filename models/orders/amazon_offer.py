from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...order_numbers import plain
from ...ours import is_ours
from ...said import say
from ..engine.trigram import trigram

_lt = LazyTranslate(__name__)


def offer_key(item):
    """Return what an item stands under in the table: its SKU, without one its ASIN, without that its own number.

    :param item: a ``selling_partner`` item.
    :rtype: str
    """
    return item.sku.strip() or (f"ASIN:{item.asin}" if item.asin else f"ITEM:{item.item_id}")


class AmazonOffer(models.Model):
    """対応表: which product an Amazon SKU is, per account and marketplace; a vendor's SKUs are of no marketplace."""

    _name = "amazon.offer"
    _description = "Amazon Offer"
    _inherit = ["amazon.guard", "mail.thread", "amazon.followed", "amazon.search", "amazon.of.marketplace"]
    _check_company_auto = True
    _rec_name = "sku"
    _order = "sku, id"

    account_id = fields.Many2one(
        "amazon.account",
        required=True,
        index=True,
        ondelete="cascade",
        write_once=True,
        default=lambda self: self._only_account(),
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    marketplace_id = fields.Many2one(index=True, default=lambda self: self._only_account()._only_marketplace())
    needs_marketplace = fields.Boolean(compute="_compute_needs_marketplace")
    sku = fields.Char("SKU", required=True)
    asin = fields.Char("ASIN")
    title = fields.Char("Title on Amazon")
    product_id = fields.Many2one(
        "product.product",
        tracking=True,
        check_company=True,
        ondelete="restrict",
        domain=lambda self: self._goods(),
        help="What leaves the warehouse when this SKU is sold",
    )
    state = fields.Selection([("mapped", "Mapped"), ("unmapped", "To Map")], compute="_compute_state", store=True)

    _sku_uniq = models.UniqueIndex(
        "(account_id, sku, COALESCE(marketplace_id, 0))",
        "This SKU is in the table already for this account and marketplace.",
    )

    _sku_check = models.Constraint("CHECK (sku != '')", "“SKU” is empty.")

    _sku_idx = models.Index(trigram("sku"))
    _asin_idx = models.Index(trigram("asin"))
    _title_idx = models.Index(trigram("title"))
    # In the order of its list, and of every other choice.
    _state_sku_idx = models.Index("(state DESC, sku, id)")
    _sku_id_idx = models.Index("(sku, id)")

    # === COMPUTE METHODS === #

    @api.depends("account_id")
    def _compute_needs_marketplace(self):
        for offer in self:
            offer.needs_marketplace = not offer.account_id or offer.account_id._has_marketplaces()

    @api.depends("product_id")
    def _compute_state(self):
        for offer in self:
            offer.state = "mapped" if offer.product_id else "unmapped"

    # === CONSTRAINT METHODS === #

    @api.constrains("product_id", "account_id")
    def _check_product(self):
        products = self.product_id.with_context(active_test=False)
        refused = products - products.filtered_domain(self._goods())
        if refused:
            raise ValidationError(
                self.env._(
                    "%s cannot stand for a SKU: it is archived, nothing that is delivered (a service), or stands for"
                    " one of Amazon's charges. Choose the product that leaves the warehouse.",
                    ", ".join(refused.mapped("display_name")),
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create([self._as_meant({"sku": "", **vals}) for vals in vals_list])
        offers.filtered("product_id")._apply_mapping()
        return offers

    def write(self, vals):
        result = super().write(self._as_meant(vals))
        if vals.get("product_id"):
            self._apply_mapping()
        return result

    # === SEARCH METHODS === #

    @api.model
    def _amazon_looked_up(self, condition):
        """What is typed in full-width characters finds what is written in others, too."""
        field, text = condition.field_expr, condition.value
        if field in ("sku", "asin", "display_name") and condition.operator == "ilike" and isinstance(text, str):
            written = plain(text)
            if written != text and written.isascii():
                return condition | Domain("sku" if field == "display_name" else field, "ilike", written)
        return super()._amazon_looked_up(condition)

    # === BUSINESS METHODS === #

    @api.model
    def _as_meant(self, vals):
        """Return values with the SKU without the blanks that come along with what is pasted."""
        return {**vals, "sku": (vals["sku"] or "").strip()} if "sku" in vals else vals

    @api.model
    def _only_account(self):
        """Return the account, where there is nothing to choose."""
        accounts = self.env["amazon.account"].search([("company_id", "in", self.env.companies.ids)], limit=2)
        return accounts if len(accounts) == 1 else accounts.browse()

    @api.model
    def _goods(self):
        """Return what finds the products that a SKU can be: goods, but none of those the addon brings along."""
        unknown = self.env.ref("sale_amazon_spapi.product_unknown_sku", raise_if_not_found=False)
        return (
            Domain("active", "=", True)
            & Domain("type", "=", "consu")
            & Domain("amazon_charge", "=", False)
            & Domain("id", "!=", unknown.id if unknown else False)
        )

    @api.model
    def _find(self, account, marketplace, skus):
        """Return those of these SKUs that are in the table.

        :param marketplace: as of :meth:`_resolve`.
        :rtype: dict
        """
        domain = [("account_id", "=", account.id), ("marketplace_id", "=", marketplace.id), ("sku", "in", skus)]
        return {offer.sku: offer for offer in self.search_fetch(domain, ["sku", "product_id"])}

    @api.model
    def _resolve(self, account, marketplace, items):
        """Return the offer of each item, made where it is new and matched with a product where one has
        the SKU as internal reference or barcode.

        :param account: the ``amazon.account``.
        :param marketplace: the ``amazon.marketplace`` the orders were placed in; none: a vendor's.
        :param items: the ``selling_partner`` items.
        :return: offers by what :func:`offer_key` returns.
        :rtype: dict
        """
        return self._find_or_make(account, marketplace, {offer_key(item): (item.asin, item.title) for item in items})

    @api.model
    def _find_or_make(self, account, marketplace, wanted):
        """Return the offers of SKUs, as :meth:`_resolve` does.

        :param dict wanted: (ASIN, title) by SKU.
        :return: offers by SKU.
        :rtype: dict
        """
        offers = self._find(account, marketplace, list(wanted))
        products = self._match_products(
            account, [sku for sku in wanted if sku not in offers or not offers[sku].product_id]
        )
        for sku, offer in offers.items():
            if not offer.product_id and sku in products:
                offer.product_id = products[sku]
        missing = [sku for sku in wanted if sku not in offers]
        made = self.create(
            [
                {
                    "account_id": account.id,
                    "marketplace_id": marketplace.id,
                    "sku": sku,
                    "asin": wanted[sku][0],
                    "title": wanted[sku][1],
                    "product_id": products[sku].id if sku in products else False,
                }
                for sku in missing
            ]
        )
        offers.update(zip(missing, made, strict=True))
        return offers

    @api.model
    def _match_products(self, account, skus):
        """Return the one product per SKU that has it as internal reference, else as barcode. Two
        products with the same reference are nobody's to choose between."""
        if not skus:
            return {}
        found = {}
        Product = self.env["product.product"].with_context(active_test=True)
        for field in ("barcode", "default_code"):
            products = Product.search(
                self._goods() & Domain(field, "in", skus) & Domain("company_id", "in", (False, account.company_id.id))
            )
            for sku, same in products.grouped(field).items():
                if len(same) == 1:
                    found[sku] = same
        return found

    def _apply_mapping(self):
        """Swap the product on every open line of the SKU, build what waited for it, and say what came of it."""
        lines = (
            self.env["sale.order.line"]
            .sudo()
            .search(
                [  # sudo: lines of Amazon orders are locked for users
                    ("amazon_offer_id", "in", self.ids),
                    ("order_id.state", "in", ("draft", "sent", "sale")),
                ]
            )
        )
        changed = self.env["sale.order"]
        for offer, same in lines.grouped("amazon_offer_id").items():
            other = same.filtered(lambda line, offer=offer: line.product_id != offer.product_id)
            other._amazon_swap_product(offer.product_id)
            changed |= other.filtered(lambda line, offer=offer: line.product_id == offer.product_id).order_id
        waited = self.env["amazon.order.update"].sudo()._retry_for_skus(self)
        if not self.env.su:
            self._tell_mapped(len(changed), len(waited))

    def _tell_mapped(self, changed, waited):
        """Tell whoever mapped these SKUs what that has changed; in the SKUs' histories, in the company's language.

        :param int changed: orders that now have the product.
        :param int waited: orders that waited for it and are made now.
        """
        parts = [
            changed and _lt("Open orders changed: %s.", changed),
            waited and _lt("Orders that waited for it and are made now: %s.", waited),
        ]
        came_of_it = [*filter(None, parts)] or [_lt("No order had to be changed.")]
        for offer in self:
            here = offer.with_context(lang=offer.company_id._amazon_lang())
            here._message_log(body=say(here.env, [_lt("“%s” mapped.", offer.sku), *came_of_it]))
        if is_ours(self.env, "amazon_tells_itself"):
            return
        self.env.user._bus_send(
            "simple_notification",
            {
                "type": "success",
                "message": say(self.env, [_lt("“%s” mapped.", ", ".join(self.mapped("sku"))), *came_of_it]),
            },
        )

    def action_view_orders(self):
        """Open the orders that contain this SKU."""
        self.ensure_one()
        lines = self.env["sale.order.line"].search([("amazon_offer_id", "=", self.id)])
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_orders")
        return {
            **action,
            "name": self.env._("Orders of %s", self.sku),
            "domain": [("id", "in", lines.order_id.ids)],
            "context": {"create": False},
        }
