import hashlib
import hmac
from dataclasses import replace

from odoo import api, fields, models
from odoo.tools import SQL, clean_context

from ...const import AWAITING_PAYMENT, DEAD, STATUS
from ...ours import is_ours
from ..engine.trigram import letters, trigram
from . import address as postal
from . import prefecture

# What the chatter may name but not quote.
# What is removed whole when the time of a buyer's data is over.
PERSONAL = (
    "name",
    "email",
    "phone",
    "street",
    "street2",
    "zip",
    "city",
    "company_name",
    "vat",
    "comment",
    "website",
    "function",
    "ref",
    "company_registry",
    "barcode",
    "image_1920",
    "partner_latitude",
    "partner_longitude",
)
PERSONAL_FIELDS = {*PERSONAL, "parent_id", "contact_address_inline"}
# Those who may know where to: a company's name does not belong on the label of a parcel to somebody's home.
PRIVATE_ADDRESSES = ("RESIDENTIAL", "PICKUP_POINT")


class ResPartner(models.Model):
    """Amazon's buyers and their addresses.

    A buyer is a partner without a street; each address is a child of type delivery, and is never overwritten.
    """

    _inherit = "res.partner"

    _amazon_personal = PERSONAL

    # Also of what people make of a buyer: an address below, a copy. It is hidden and removed with the buyer's own.
    amazon_account_id = fields.Many2one(
        "amazon.account",
        copy=False,
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
        help="The account that this buyer or address came in through",
    )
    amazon_hash = fields.Char(
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="Keyed hash of the e-mail address (buyers) or of the address; what known ones are found by",
    )
    amazon_marketplace_id = fields.Many2one(
        "amazon.marketplace",
        copy=False,
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
        help="Set on the one customer that stands for all FBA orders of a marketplace",
    )
    amazon_purged = fields.Boolean("Personal Data Removed", copy=False, readonly=True)

    _amazon_fba_uniq = models.UniqueIndex(
        "(company_id, amazon_marketplace_id) WHERE amazon_marketplace_id IS NOT NULL",
        "There is one FBA customer per marketplace and company.",
    )

    # All that a name is searched in, so that one of them without an index does not cost a look at every contact.
    _amazon_complete_name_idx = models.Index(trigram("complete_name"))
    _amazon_email_idx = models.Index(trigram("email"))
    _amazon_ref_idx = models.Index(trigram("ref"))
    _amazon_vat_idx = models.Index(trigram("vat"))
    _amazon_company_registry_idx = models.Index(trigram("company_registry"))
    _amazon_letters = ("complete_name", "email", "ref", "vat", "company_registry")
    _amazon_complete_name_letters_idx = models.Index(letters("complete_name"))
    _amazon_email_letters_idx = models.Index(letters("email"))
    _amazon_ref_letters_idx = models.Index(letters("ref"))
    _amazon_vat_letters_idx = models.Index(letters("vat"))
    _amazon_company_registry_letters_idx = models.Index(letters("company_registry"))

    # Two builders that both make the buyer: one of them tries again and finds it.
    _amazon_buyer_uniq = models.UniqueIndex(
        "(amazon_account_id, amazon_hash) WHERE amazon_hash IS NOT NULL AND parent_id IS NULL AND active",
        "There is an active contact for this Amazon buyer already.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """An address that a person adds below a buyer is the buyer's."""
        # An address made from an order's form has its buyer as a default.
        default = self.env.context.get("default_parent_id")
        added = [(vals, vals.get("parent_id", default)) for vals in vals_list if "amazon_account_id" not in vals]
        added = [(vals, parent_id) for vals, parent_id in added if parent_id]
        # sudo: who adds it need not see the buyer
        parents = self.sudo().browse([parent_id for _vals, parent_id in added])
        for (vals, _parent_id), parent in zip(added, parents, strict=True):
            if parent.amazon_account_id:
                vals["amazon_account_id"] = parent.amazon_account_id.id
        return super().create(vals_list)

    def copy(self, default=None):
        """A copy of a buyer is hidden and removed like the buyer."""
        copies = super().copy(default)
        for partner, copy in zip(self, copies, strict=True):
            if partner.amazon_account_id:
                copy.sudo().amazon_account_id = partner.amazon_account_id  # sudo: nobody chooses it
        return copies

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """What is Amazon's is not merged: see the wizard."""
        described = super().fields_get(allfields, attributes)
        if is_ours(self.env, "amazon_merging"):
            return {name: value for name, value in described.items() if not name.startswith("amazon_")}
        return described

    # === COMPUTE METHODS === #

    def _get_complete_name(self):
        # A delivery slip prints this above the address: company and recipient, but not who paid.
        if self.amazon_account_id and self.parent_id and self.name:
            hidden = not self.company_name or self.env.context.get("partner_display_name_hide_company")
            return self.name.strip() if hidden else f"{self.company_name}, {self.name}".strip()
        return super()._get_complete_name()

    # === TRACKING === #

    def _mail_track(self, tracked_fields, initial_values):
        changes, values = super()._mail_track(tracked_fields, initial_values)
        if changes & PERSONAL_FIELDS and self.amazon_account_id:
            others = {name: field for name, field in tracked_fields.items() if name not in PERSONAL_FIELDS}
            values = super()._mail_track(others, initial_values)[1]
        return changes, values

    def _track_subtype(self, initial_values):
        # Without values to show, Odoo logs nothing unless there is a subtype.
        if self.amazon_account_id and PERSONAL_FIELDS & set(initial_values):
            return self.env.ref("mail.mt_note")
        return super()._track_subtype(initial_values)

    def _track_get_default_log_message(self, tracked_fields):
        changed = PERSONAL_FIELDS & set(tracked_fields)
        if not (changed and self.amazon_account_id):
            return super()._track_get_default_log_message(tracked_fields)
        labels = {
            self.env._("Address")
            if name == "contact_address_inline"
            else self._fields[name]._description_string(self.env)
            for name in changed
        }
        return self.env._("Changed: %s", ", ".join(sorted(labels)))

    # === BUSINESS METHODS: CUSTOMERS === #

    @api.model
    def _amazon_customers(self, account, orders):
        """Find or make the customers of a batch of orders, with a constant number of queries.

        Only partners that this addon made for the same merchant and company are found again: buyers by their
        anonymized e-mail address, addresses by all their parts. A buyer without an e-mail address is a new one.

        :param account: the ``amazon.account`` that the orders came in through.
        :param list orders: ``selling_partner.Order`` values.
        :return: by order id, the buyer and where to deliver.
        :rtype: dict[str, tuple]
        """
        account = account.sudo()  # sudo: its merchant and marketplaces, as for the partners themselves
        known = self._amazon_environment(account)
        customers = known._amazon_fba_customers(account, [order for order in orders if order.is_amazon_fulfilled])
        real = []
        for order in orders:
            if order.order_id in customers:
                continue
            if not order.has_address and STATUS.get(order.status) in (*AWAITING_PAYMENT, *DEAD):
                customers[order.order_id] = (self.env.ref("sale_amazon_spapi.partner_provisional"),) * 2
            else:
                real.append(order)
        if real:
            buyers = known._amazon_buyers(account, real)
            deliveries = known._amazon_deliveries(account, [(buyers[order.order_id], order) for order in real])
            for order, delivery in zip(real, deliveries, strict=True):
                customers[order.order_id] = buyers[order.order_id], delivery
        return {ref: tuple(self.browse(partner.id) for partner in pair) for ref, pair in customers.items()}

    def _amazon_delivery_address(self, account, order):
        """Return where to deliver an order of a known buyer; completes what Amazon did not tell of the buyer before.

        :param account: the ``amazon.account`` that the order came in through.
        :param order: a ``selling_partner.Order``.
        :return: a child of the buyer, or the buyer when Amazon gives no address.
        """
        self.ensure_one()
        account = account.sudo()  # sudo: see _amazon_customers
        buyer = self._amazon_environment(account)
        if buyer.amazon_account_id:
            buyer._amazon_complete(account, order)
        return self.browse(buyer._amazon_deliveries(account, [(buyer, order)])[0].id)

    def _amazon_environment(self, account):
        """Return self where partners are made: nothing is tracked or mailed, no default sneaks in."""
        # sudo: whoever refreshes an Amazon order need not be allowed to make contacts
        return (
            self.sudo()
            .with_company(account.company_id)
            .with_context(
                clean_context(self.env.context),
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
            )
        )

    @api.model
    def _amazon_hash_of(self, kind, text):
        """Return a keyed hash, of no use without this database's secret."""
        # sudo: the secret is readable nowhere else
        key = self.env["ir.config_parameter"].sudo().get_param("database.secret") or ""
        return hmac.new(key.encode(), f"{kind}\x1f{text}".encode(), hashlib.sha256).hexdigest()

    def _amazon_generic_name(self, company):
        return self.with_context(lang=company._amazon_lang()).env._("Amazon buyer")

    def _amazon_buyer_lang(self, company, country):
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        if country == "JP" and "ja_JP" in installed:
            return "ja_JP"
        return company._amazon_lang()

    def _amazon_common_vals(self, account, country):
        vals = {"company_id": account.company_id.id, "lang": self._amazon_buyer_lang(account.company_id, country)}
        if "customer_rank" in self._fields:  # of the account module
            vals["customer_rank"] = 1
        return vals

    # --- buyers

    @api.model
    def _amazon_buyers(self, account, orders):
        """Find the buyers of some orders, make the missing ones in one call.

        :return: partners by order id.
        :rtype: dict
        """
        keys = {}
        for order in orders:
            email = postal.normalize_email(order.buyer_email)
            keys[order.order_id] = self._amazon_hash_of("email", email) if email else None
        found = self._amazon_find_buyers(account, {key for key in keys.values() if key})
        places = self._amazon_places([order.address for order in orders if order.address])
        missing = {}  # e-mail hash, or the order's id where there is none -> order
        for order in orders:
            key = keys[order.order_id]
            if key in found:
                found[key]._amazon_complete(account, order)
            else:
                missing.setdefault(key or order.order_id, order)
        created = self.with_context(_partners_skip_fields_sync=True).create(
            [
                {**self._amazon_buyer_vals(account, order, places), "amazon_hash": keys[order.order_id]}
                for order in missing.values()
            ]
        )
        made = dict(zip(missing, created.with_env(self.env), strict=True))
        return {
            order.order_id: found.get(keys[order.order_id]) or made[keys[order.order_id] or order.order_id]
            for order in orders
        }

    @api.model
    def _amazon_find_buyers(self, account, hashes):
        if not hashes:
            return {}
        accounts = account
        if account.merchant_id:
            accounts |= (
                account.sudo()
                .with_context(active_test=False)
                .search(
                    [
                        ("merchant_id", "=", account.merchant_id),
                        ("company_id", "=", account.company_id.id),
                    ]
                )
            )
        partners = self.search_fetch(
            [("amazon_hash", "in", list(hashes)), ("amazon_account_id", "in", accounts.ids), ("parent_id", "=", False)],
            ["amazon_hash", "name", "email", "company_name", "create_date"],
            order="id DESC",  # of two the older one wins
        )
        return {partner.amazon_hash: partner for partner in partners}

    def _amazon_buyer_vals(self, account, order, places):
        place = places.get(order.address, {})
        vals = {
            **self._amazon_common_vals(account, place.get("country_code")),
            "name": postal.storable(order.buyer_name) or self._amazon_generic_name(account.company_id),
            "email": postal.storable(order.buyer_email) or False,
            "company_name": self._amazon_company(order.buyer_company, order.buyer_name),
            "amazon_account_id": account.id,
            "country_id": place.get("country_id"),
        }
        if not order.has_address:
            vals["state_id"] = place.get("state_id")
        return vals

    def _amazon_complete(self, account, order):
        """Add what Amazon tells of a buyer and had not told before; what a person wrote stays, what was removed is
        gone."""
        if self.amazon_purged:
            return
        vals = {}
        name, email = postal.storable(order.buyer_name), postal.storable(order.buyer_email)
        if name and self.name == self._amazon_generic_name(account.company_id):
            vals["name"] = name
        if email and not self.email and not self.amazon_hash:
            vals["email"] = email
            digest = self._amazon_hash_of("email", postal.normalize_email(email))
            if not self._amazon_find_buyers(account, {digest}):
                vals["amazon_hash"] = digest
        if not self.company_name and (company := self._amazon_company(order.buyer_company, order.buyer_name)):
            vals["company_name"] = company
        if vals:
            self.write(vals)

    @api.model
    def _amazon_company(self, company, name):
        """Return a company's name as stored: none where it only repeats the person's."""
        company = postal.storable(company)
        return company if company and postal.normalize(company) != postal.normalize(name) else False

    # --- addresses

    @api.model
    def _amazon_deliveries(self, account, pairs):
        """Find where to deliver some orders, make the missing addresses in one call.

        :param list pairs: (buyer, order).
        :return: partners, one a pair; the buyer where Amazon gives no address.
        :rtype: list
        """
        parents = self.browse().union(*(buyer for buyer, order in pairs if order.has_address))
        children = self._amazon_find_addresses(parents)
        places = self._amazon_places([order.address for _buyer, order in pairs if order.has_address])
        missing, keys = {}, []
        for buyer, order in pairs:
            if not order.has_address:
                keys.append(None)
                continue
            digest = self._amazon_address_hash(buyer, order)
            if known := self._amazon_match_address(children, buyer, order, digest):
                children[buyer.id, digest] = known
            elif (buyer.id, digest) not in missing:
                missing[buyer.id, digest] = buyer, order
            keys.append((buyer.id, digest))
        if missing:
            self.browse().union(*(buyer for buyer, _order in missing.values()))._amazon_meet_others()
            created = (
                self.with_context(_partners_skip_fields_sync=True)
                .create(
                    [
                        {
                            **self._amazon_address_vals(account, buyer, order, places[order.address]),
                            "amazon_hash": digest,
                        }
                        for (_id, digest), (buyer, order) in missing.items()
                    ]
                )
                .with_env(self.env)
            )
            for child, (buyer, order) in zip(created, missing.values(), strict=True):
                # create() drops the company's name of whoever has a parent; without it no label would show it.
                if company := self._amazon_delivery_company(order, child.name):
                    child.company_name = company
                # What create() would look for in every company and for every child: the buyer's tax position and the
                # like, which only a person can have set.
                if any(child[name] != buyer[name] for name in buyer._commercial_fields()):
                    child._commercial_sync_from_company()
            children.update(zip(missing, created, strict=True))
        return [children[key] if key else buyer for key, (buyer, _order) in zip(keys, pairs, strict=True)]

    def _amazon_meet_others(self):
        """Let one of two builders that make an address of the same known buyer fail, try again and find it."""
        known = self.filtered(lambda buyer: buyer.create_date < self.env.cr.now())
        if known:
            self.env.cr.execute(
                SQL("UPDATE res_partner SET amazon_purged = amazon_purged WHERE id IN %s", tuple(sorted(known.ids)))
            )

    @api.model
    def _amazon_find_addresses(self, buyers):
        buyers = buyers.filtered(lambda buyer: buyer.id)
        if not buyers:
            return {}
        children = self.search_fetch(
            [("parent_id", "in", buyers.ids), ("amazon_hash", "!=", False)],
            ["amazon_hash", "phone", "parent_id"],
            order="id DESC",
        )
        return {(child.parent_id.id, child.amazon_hash): child for child in children}

    @api.model
    def _amazon_match_address(self, children, buyer, order, digest):
        if (buyer.id, digest) in children or order.address.phone:
            return children.get((buyer.id, digest))
        # After delivery Amazon tells the phone number no longer: that makes no new address.
        for (buyer_id, known), child in children.items():
            if buyer_id == buyer.id and child.phone:
                same = replace(order, address=replace(order.address, phone=child.phone))
                if self._amazon_address_hash(buyer, same) == known:
                    return child
        return None

    def _amazon_address_hash(self, buyer, order):
        name = postal.storable(order.address.name) or buyer.name
        company = self._amazon_delivery_company(order, name) or ""
        return self._amazon_hash_of("address", postal.canonical(order.address, name, company))

    @api.model
    def _amazon_delivery_company(self, order, name):
        company = order.address.company
        if not postal.storable(company) and order.address.address_type not in PRIVATE_ADDRESSES:
            company = order.buyer_company
        return self._amazon_company(company, name)

    def _amazon_address_vals(self, account, buyer, order, place):
        vals = {**self._amazon_common_vals(account, place["country_code"]), **place}
        del vals["country_code"]
        return {
            **vals,
            "type": "delivery",
            "parent_id": buyer.id,
            "name": postal.storable(order.address.name) or buyer.name,
            "phone": postal.storable(order.address.phone) or False,
            "amazon_account_id": account.id,
        }

    @api.model
    def _amazon_places(self, addresses):
        """Put addresses into Odoo's address fields, with one query for the countries and one for their states.

        :param list addresses: ``selling_partner.Address`` values.
        :return: by address, values for ``create``, and the ``country_code``.
        :rtype: dict
        """
        split = {address: postal.split(address) for address in addresses}
        codes = {parts.country for parts in split.values() if parts.country}
        countries, states = {}, {}
        if codes:
            found = self.env["res.country"].search_fetch([("code", "in", list(codes))], ["code"])
            countries = {country.code: country.id for country in found}
        if any(parts.state for parts in split.values()):
            found = self.env["res.country.state"].search_fetch(
                [("country_id", "in", list(countries.values()))], ["code", "name", "country_id"]
            )
            for state in found:
                states[state.country_id.id, postal.normalize(state.name)] = state.id
            for state in found:  # a code is a surer name
                states[state.country_id.id, postal.normalize(state.code)] = state.id
        return {address: self._amazon_place(parts, countries, states) for address, parts in split.items()}

    @api.model
    def _amazon_place(self, parts, countries, states):
        country_id = countries.get(parts.country, False)
        name = postal.normalize(parts.state)
        state_id = states.get((country_id, name)) or states.get(
            (country_id, name.removeprefix(f"{parts.country.lower()}-")), False
        )
        lost = [] if state_id else [prefecture.name(parts.state) or parts.state]
        if not country_id:
            lost.append(parts.country)
        lost = postal.missing(lost, parts.city, parts.street, parts.street2)
        return {
            "street": parts.street or False,
            "street2": postal.join(parts.street2, *lost) or False,
            "city": parts.city or False,
            "zip": parts.zip or False,
            "state_id": state_id,
            "country_id": country_id,
            "country_code": parts.country,
        }

    # --- FBA

    @api.model
    def _amazon_fba_customers(self, account, orders):
        """Find or make the customers that stand for all FBA orders of a marketplace; they carry nothing personal.

        :return: by order id, the same partner twice.
        :rtype: dict
        """
        if not orders:
            return {}
        refs = {order.marketplace_id for order in orders}
        # Marketplaces and customers that were archived are the same ones still.
        archived = self.with_context(active_test=False)
        marketplaces = archived.env["amazon.marketplace"].search([("api_ref", "in", list(refs))])
        by_ref = {marketplace.api_ref: marketplace for marketplace in marketplaces}
        wanted = {order.order_id: by_ref.get(order.marketplace_id, account.marketplace_ids[:1]) for order in orders}
        found = archived.search(
            [
                ("amazon_marketplace_id", "in", [marketplace.id for marketplace in wanted.values()]),
                ("company_id", "=", account.company_id.id),
            ]
        )
        partners = {partner.amazon_marketplace_id.id: partner for partner in found}
        missing = marketplaces.browse(dict.fromkeys(m.id for m in wanted.values() if m and m.id not in partners))
        created = self.create(
            [
                {
                    **self._amazon_common_vals(account, marketplace.country_id.code),
                    "name": f"{marketplace.domain.capitalize()} (FBA)",
                    "country_id": marketplace.country_id.id,
                    "amazon_marketplace_id": marketplace.id,
                }
                for marketplace in missing
            ]
        )
        partners.update(zip(missing.ids, created, strict=True))
        placeholder = self.env.ref("sale_amazon_spapi.partner_provisional")
        return {ref: (partners.get(marketplace.id, placeholder),) * 2 for ref, marketplace in wanted.items()}
