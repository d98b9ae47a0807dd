"""Which product a SKU of the table probably is, and why."""

import re
from collections import defaultdict
from itertools import combinations
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ...order_numbers import HYPHENS, half_width, plain

# What sellers put before or behind a reference to tell who ships it.
WHO_SHIPS = "FBA|FBM|AFN|MFN"
BEFORE = re.compile(rf"(?:{WHO_SHIPS})[-_. /]+(.+)")
BEHIND = re.compile(rf"(.+?)[-_. /]+(?:{WHO_SHIPS})")
# So many titles are looked for in one query, which shows so many products at most.
AT_ONCE, MOST_PRODUCTS = 20, 1000
# So many words of a title are looked for, the longest; two of them, where there are two, have to be in a name.
WORDS = 3
# How much of a name at least a title has to share to be named.
ENOUGH = 0.5
# A word, where nothing stands between words: what is written in one kind of letters.
RUNS = re.compile(r"[A-Z0-9]+|[ァ-ヺー]+|[ぁ-ゖ]+|[一-鿿々]+|[^\W\d_A-Zァ-ヺーぁ-ゖ一-鿿々]+")
KANJI = re.compile(r"[一-鿿々]+")
# Of so many letters are the parts that PostgreSQL's index knows.
PART = 3


class Suggestion(NamedTuple):
    """What is proposed for a SKU: the products that are equally good (one: that is it), in what way they were found,
    and whether that is sure."""

    products: object
    way: str = ""
    sure: bool = False


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    # === BUSINESS METHODS === #

    def _suggest(self):
        """Look which products these SKUs are, as far as the user may read products and SKUs; nothing is written.

        :return: a :class:`Suggestion` for each; its way is ``sku``, ``asin``, ``code``, ``barcode``, ``part`` (the
            internal reference without what tells who ships) or ``title``.
        :rtype: dict
        """
        found = {}
        for company, offers in self.grouped("company_id").items():
            for suggest in ("_suggest_sure", "_suggest_part", "_suggest_title"):
                left = offers.browse([offer_id for offer_id in offers.ids if offer_id not in found])
                found |= getattr(left, suggest)(company)
        nothing = Suggestion(self.env["product.product"])
        return {offer: found.get(offer.id, nothing) for offer in self}

    @api.model
    def _products_of(self, company):
        """Return the domain of the products that SKUs of a company can be."""
        return self._goods() & Domain("company_id", "in", (False, company.id))

    def _suggest_sure(self, company):
        """What the same SKU or ASIN is elsewhere, and what has the SKU as internal reference or barcode. What names
        different products names none.

        :rtype: dict
        """
        named = defaultdict(dict)  # by offer: the products, with the first way they were found
        for way, products in (*self._mapped_elsewhere(company), *self._with_codes(company)):
            for offer in self:
                text = offer.asin if way == "asin" else offer.sku
                for product in products.get(_key(text), ()) if text else ():
                    named[offer.id].setdefault(product, way)
        return {
            offer_id: Suggestion(self.env["product.product"].union(*ways), next(iter(ways.values())), len(ways) == 1)
            for offer_id, ways in named.items()
        }

    def _mapped_elsewhere(self, company):
        """Return (``sku`` or ``asin``, the products by that) of the company's other SKUs."""
        asins = [offer.asin for offer in self if offer.asin]
        same = _is_one_of("sku", [_key(offer.sku) for offer in self]) | Domain("asin", "in", asins)
        others = self.search_fetch(
            Domain("company_id", "=", company.id)
            & Domain("product_id", "any", self._products_of(company))
            & Domain("id", "not in", self.ids)
            & same,
            ["sku", "asin", "product_id"],
        )
        for field in ("sku", "asin"):
            found = defaultdict(set)
            for other in others:
                if other[field]:
                    found[_key(other[field])].add(other.product_id)
            yield field, found

    def _with_codes(self, company):
        """Return (``code`` or ``barcode``, the products by that) of those that have a SKU as such."""
        keys = [_key(offer.sku) for offer in self]
        for way, field in (("code", "default_code"), ("barcode", "barcode")):
            yield way, self._products_with(company, field, keys)

    def _products_with(self, company, field, keys):
        """Return the products that have one of these as reference or barcode, however it is written.

        :rtype: dict[str, set]
        """
        found = defaultdict(set)
        for product in self.env["product.product"].search_fetch(
            self._products_of(company) & _is_one_of(field, keys), [field]
        ):
            found[_key(product[field])].add(product)
        return found

    def _suggest_part(self, company):
        """What has the SKU, without what tells who ships, as internal reference.

        :rtype: dict
        """
        parts = {offer.id: part for offer in self if (part := _without_who_ships(_key(offer.sku)))}
        products = self._products_with(company, "default_code", list(parts.values())) if parts else {}
        return {
            offer_id: Suggestion(self.env["product.product"].union(*products[part]), "part", len(products[part]) == 1)
            for offer_id, part in parts.items()
            if part in products
        }

    def _suggest_title(self, company):
        """Which products' names are most like the titles: a guess.

        :rtype: dict
        """
        found = {}
        here = self.with_context(lang=company._amazon_lang())  # names are in the company's language
        words = {offer: its for offer in here if offer.title and (its := _words(offer.title))}
        # Names that have all of the words are few, and mostly there.
        for together in (_all_of, _pairs):
            left = [offer for offer in words if offer.id not in found]
            for some in split_every(AT_ONCE, left, list):
                named = here._products_named(company, [part for offer in some for part in together(words[offer])])
                for offer in some:
                    if products := _most_like(offer.title, words[offer], named):
                        found[offer.id] = Suggestion(self.env["product.product"].union(*products), "title")
        return found

    @api.model
    def _products_named(self, company, wanted):
        """Return products in whose names are words that belong together: (the product, its name).

        :param list wanted: tuples of words.
        """
        named = Domain.OR(Domain.AND(Domain("name", "ilike", word) for word in words) for words in wanted)
        # By templates: their names have the index. In no order: with one, PostgreSQL reads all of them first.
        templates = self.env["product.template"]._search(
            Domain("type", "=", "consu") & Domain("company_id", "in", (False, company.id)) & named, limit=MOST_PRODUCTS
        )
        products = self.env["product.product"].search(
            self._products_of(company) & Domain("product_tmpl_id", "in", list(templates)),
            order="id",
            limit=MOST_PRODUCTS,
        )
        bare = products.with_context(display_default_code=False)
        return [(product, _folded(name.display_name)) for product, name in zip(products, bare, strict=True)]


def _key(text):
    """Return a SKU, reference or barcode as it is compared with others."""
    return plain(text).strip().upper()


def _is_one_of(field, keys):
    """Return what finds the records of which a field, as :func:`_key` has it, is one of these: one walk for all."""

    def to_sql(model, alias, query):
        # An empty reference is none.
        column = model._field_to_sql(alias, field, query)
        return SQL(
            "upper(btrim(translate(normalize(%s, NFKC), %s, %s))) = ANY(%s)",
            column,
            HYPHENS,
            "-" * len(HYPHENS),
            list({key for key in keys if key}),
        )

    return Domain.custom(to_sql=to_sql)


def _without_who_ships(key):
    """Return a SKU without what tells who ships it, or ``""`` where it says nothing of that."""
    match = BEFORE.fullmatch(key) or BEHIND.fullmatch(key)
    return match[1] if match else ""


def _folded(text):
    return half_width(text).upper()


def _words(title):
    """Return what to look for of a title, the longest first: words, and where none are apart, parts of them."""
    words = {}
    for run in RUNS.findall(_folded(title)):
        if KANJI.fullmatch(run):
            words.update(dict.fromkeys(run[at : at + PART] for at in range(len(run) - PART + 1)))
        elif len(run) >= PART:
            words[run] = True
    return sorted(words, key=len, reverse=True)[:WORDS]


def _all_of(words):
    return [tuple(words)]


def _pairs(words):
    """Return any two of these words, where there are more: a name may lack one."""
    return list(combinations(words, 2)) if len(words) > 2 else [tuple(words)]


def _most_like(title, words, named):
    """Return the products whose names are most like a title: one, or several that are equally like it.

    :param list named: (product, name).
    """
    title = _parts(_folded(title))
    likeness = defaultdict(list)
    for product, name in named:
        if sum(word in name for word in words) >= min(len(words), 2):
            likeness[round(_likeness(title, _parts(name)), 2)].append(product)
    best = max(likeness, default=0)
    return likeness[best] if best >= ENOUGH else []


def _parts(text):
    """Return the parts of two letters of a text, without blanks and signs."""
    text = "".join(filter(str.isalnum, text))
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _likeness(title, name):
    """Return how much of a name is in a title, from 0 to 1. What the title says beside it counts little: Amazon's are
    long."""
    shared = len(title & name)
    return shared / (shared + 0.9 * len(name - title) + 0.1 * len(title - name)) if shared else 0
