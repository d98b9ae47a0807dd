"""The Finances API 2024-06-19: what Amazon has posted to a seller's account, and what each amount of it is.

Transactions come as received; what is in one: :func:`parse_transaction`.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext
from types import MappingProxyType

from .api import Api
from .errors import MalformedAnswer, TokenRefused
from .reader import Reader, amount, as_list, as_string, compact, is_identifier, loads, success
from .searches import Search, stamp
from .values import Money

#: What is beyond it Amazon answers with nothing, and without a word.
LONGEST_SPAN = timedelta(days=180)
STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")

#: The most characters that are taken of a field; see :data:`.values.LENGTHS`.
LENGTHS = MappingProxyType(
    {
        # What names something.
        "transactionId": 200,
        "relatedIdentifierValue": 200,
        "itemRelatedIdentifierValue": 200,
        "marketplaceId": 50,
        "sku": 100,
        "asin": 50,
        "currencyCode": 10,
        # Words of Amazon's.
        "transactionType": 100,
        "transactionStatus": 50,
        "description": 500,
        "accountType": 100,
        "relatedIdentifierName": 100,
        "itemRelatedIdentifierName": 100,
        "breakdownType": 200,
        "deferralReason": 100,
    }
)

#: Roots that Amazon sorts groups under, not always the right ones: they say nothing of the money below them.
_WRAPPERS = frozenset(("sales", "expenses", "refundedsales", "refundedexpenses"))
#: What a charge consists of, which is no charge of its own.
_PARTS = frozenset(("base", "tax", "promo", "discount"))
_DEEPEST = 20
_ZERO = Decimal(0)
_EXACT = Context(prec=100)  # so that no sum is ever rounded


class Finances(Api):
    """``amazon.finances``."""

    def transactions(self, search, token=None):
        """Get one page of transactions (listTransactions); it may be empty and yet not be the last.

        :param TransactionSearch search: the same for every page of a search.
        :param str token: the page before's ``next_token``.
        :return: :class:`TransactionsPage`.
        :raises BadRequest: when ``search`` breaks Amazon's rules; nothing was sent.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        search.validate()
        return self._call(
            search.operation,
            parse_transactions_page,
            query=search.parameters(token),
            meanings={400: TokenRefused} if token else None,
        )


# --- searching -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionSearch(Search):
    """The parameters of one search, which must not change from its first page to its last.

    A transaction may show up to two days after the time it is posted at. One whose status changes keeps that time, so
    that no later window shows the change: search by its order, or by status.

    :param posted_after: at or after, more than two minutes before the request (which is not checked here); this or
        ``order_id`` is needed.
    :param posted_before: before, more than two minutes before the request likewise; None: two minutes before it. At
        most 180 days after ``posted_after``.
    :param marketplace_id: ``''``: of all; in the US Amazon leaves out what the merchant fulfills when one is named.
    :param status: one of :data:`STATUSES`; ``''``: of any.
    :param order_id: ``''``: of any order and of none.
    """

    operation = "listTransactions"
    times = ("posted_after", "posted_before")

    posted_after: datetime | None = None
    posted_before: datetime | None = None
    marketplace_id: str = ""
    status: str = ""
    order_id: str = ""

    def _problems(self):
        """Yield what breaks the rules of finances_2024-06-19.json, listTransactions."""
        yield self._lacks_time_zone() and "times need a time zone"
        yield not self.posted_after and not self.order_id and "postedAfter or an order is needed"
        if self.posted_after:
            span = (self.posted_before or datetime.now(timezone.utc)) - self.posted_after
            yield self.posted_before and span <= timedelta(0) and "the window ends before it begins"
            yield span > LONGEST_SPAN and f"the window is longer than {LONGEST_SPAN.days} days"
        yield self.marketplace_id and not _is_name(self.marketplace_id) and "not a marketplace"
        yield self.status and self.status not in STATUSES and "not a status"
        yield self.order_id and not _is_name(self.order_id) and "not an order number"

    def parameters(self, token=None):
        """Name the parameters as Amazon does.

        :param str token: ``nextToken``; the other parameters stay those of the first page.
        :return: ``dict`` of ``str``.
        """
        given = {
            "postedAfter": stamp(self.posted_after),
            "postedBefore": stamp(self.posted_before),
            "marketplaceId": self.marketplace_id,
            "transactionStatus": self.status,
            "relatedIdentifierName": self.order_id and "ORDER_ID",
            "relatedIdentifierValue": self.order_id,
            "nextToken": token,
        }
        return {name: value for name, value in given.items() if value}


def _is_name(text):
    return isinstance(text, str) and bool(re.fullmatch(r"[\w-]{1,50}", text, re.ASCII))


# --- what comes back -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReceivedTransaction:
    """A transaction as received, not yet understood; nothing about it can make it fail.

    :param transaction_id: ``''`` when the entry has none, or one that cannot be (see :data:`LENGTHS`).
    :param payload: the entry as compact JSON, keys in Amazon's order, numbers in Amazon's digits.
    :param digest: SHA-256 (hexadecimal) of its canonical form; equal for the same content in another order of keys.
    """

    transaction_id: str
    payload: bytes = field(repr=False)
    digest: str

    @classmethod
    def of(cls, entry):
        """Keep an entry that was parsed with :func:`.reader.loads` (``literal=True``)."""
        fields_ = entry if isinstance(entry, dict) else {}
        name = fields_.get("transactionId")
        named = isinstance(name, str) and is_identifier(name, LENGTHS["transactionId"])
        try:
            canonical, payload = compact(entry, canonical=True), compact(entry)
        except RecursionError:
            # Nested too deeply to be a transaction; what says which one it is is kept.
            return cls.of({name: value for name, value in fields_.items() if isinstance(value, str)})
        return cls(
            transaction_id=str(name) if named else "",
            payload=payload.encode("utf-8", "surrogatepass"),
            digest=hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class TransactionsPage:
    """One page of a search.

    :param next_token: None on the last page, and on no other.
    """

    transactions: tuple[ReceivedTransaction, ...]
    next_token: str | None = field(default=None, repr=False)

    @property
    def marks(self):
        """What tells its entries from all others."""
        return tuple(transaction.transaction_id or transaction.digest for transaction in self.transactions)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An amount that is part of no other.

    :param name: Amazon's, such as ``OurPricePrincipal``; where Amazon gives groups only, a group's, such as
        ``ProductCharges``; ``''``: what a total holds beyond its parts.
    :param group: what it stands under, such as ``ProductCharges``; ``''``: nothing but the transaction or its item.
    :param amount: as signed by Amazon: what the seller gets is positive.
    :param sku: of the item, ``''`` where there is none; likewise ``asin``.
    :param item: the place of the item in the transaction, from 0; None: of the transaction as a whole.
    :param quantity: of the item that was shipped, in a refund, too, whatever was given back; None: not known.
    :param item_refs: (name, value) of what the item belongs to, such as ORDER_ADJUSTMENT_ITEM_ID.
    """

    name: str
    group: str
    amount: Money
    sku: str = ""
    asin: str = ""
    item: int | None = None
    quantity: int | None = None
    item_refs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Transaction:
    """What Amazon has posted to a seller's account. The sum of its leaves is its total, always.

    A deferred sale is two of them: the sale (DEFERRED, later DEFERRED_RELEASED), and its release with a
    :attr:`deferred_ids`, which is the same money. A chargeback cannot be told from a refund.

    :param type: Shipment, Refund, ServiceFee …, or one not known yet.
    :param description: such as ``Order Payment``.
    :param status: DEFERRED, RELEASED, DEFERRED_RELEASED or one not known yet; ``''`` when Amazon gives none.
    :param posted_at: UTC.
    :param total: the sum of the leaves where Amazon gives no total.
    :param account_type: such as ``Standard Orders``.
    :param related: (name, value) of what it belongs to, such as ORDER_ID.
    :param deferral_reason: ``B2B`` (paid by invoice), ``DD7`` (seven days after delivery), …; ``''``: not deferred.
    :param matures_at: UTC; when a deferred one is due; None: Amazon does not say.
    """

    transaction_id: str
    type: str
    description: str
    status: str
    posted_at: datetime
    total: Money
    marketplace_id: str = ""
    account_type: str = ""
    related: tuple[tuple[str, str], ...] = ()
    deferral_reason: str = ""
    matures_at: datetime | None = None
    leaves: tuple[Leaf, ...] = ()

    @property
    def currency(self):
        """ISO 4217; ``''`` only where there is no money at all."""
        return self.total.currency

    @property
    def order_id(self):
        """``''`` when it belongs to none, like the other ids."""
        return self._related("ORDER_ID")

    @property
    def shipment_id(self):
        return self._related("SHIPMENT_ID")

    @property
    def refund_id(self):
        return self._related("REFUND_ID")

    @property
    def settlement_id(self):
        return self._related("SETTLEMENT_ID")

    @property
    def event_group_id(self):
        return self._related("FINANCIAL_EVENT_GROUP_ID")

    @property
    def deferred_ids(self):
        """The transactions of which this is the release, each once; mostly there is one, or none.

        :rtype: tuple[str]
        """
        return tuple(dict.fromkeys(value for known, value in self.related if known == "DEFERRED_TRANSACTION_ID"))

    @property
    def release_id(self):
        """The transaction that releases this one."""
        return self._related("RELEASE_TRANSACTION_ID")

    def _related(self, name):
        return next((value for known, value in self.related if known == name), "")


def parse_transactions_page(body):
    """Read the answer to listTransactions.

    :return: :class:`TransactionsPage`; its transactions are kept, not read.
    :raises MalformedAnswer: when it is not a page: no payload, or a token that cannot be used (taking it for the last
        page would lose transactions).
    """
    answer = success(body, literal=True)
    page = answer.object("payload")
    if answer.fields.get("payload") is None:
        raise MalformedAnswer("payload is missing", reason="missing", path="payload")
    entries = page.get("transactions", "a list", as_list) or ()
    return TransactionsPage(
        transactions=tuple(map(ReceivedTransaction.of, entries)),
        next_token=page.get("nextToken", "a token", as_string) or None,
    )


def parse_transaction(payload):
    """Read one transaction.

    :param payload: its JSON, ``bytes`` or ``str``, as in :class:`ReceivedTransaction`.
    :return: :class:`Transaction`.
    :raises MalformedAnswer: when id, time or money are missing or a field used is of another type.
    """
    transaction = Reader(loads(payload), lengths=LENGTHS)
    metadata = transaction.object("sellingPartnerMetadata")
    items = transaction.objects("items")
    contexts = [*transaction.objects("contexts"), *(context for item in items for context in item.objects("contexts"))]
    total, leaves = _money_of(transaction, items)
    return Transaction(
        transaction_id=transaction.identifier("transactionId", needed=True),
        type=transaction.text("transactionType"),
        description=transaction.text("description"),
        status=transaction.text("transactionStatus").upper(),
        posted_at=_posted(transaction),
        total=total,
        marketplace_id=transaction.object("marketplaceDetails").identifier("marketplaceId")
        or metadata.identifier("marketplaceId"),
        account_type=metadata.text("accountType"),
        related=_references(transaction, "relatedIdentifier"),
        deferral_reason=next(filter(None, (context.text("deferralReason") for context in contexts)), ""),
        matures_at=max(filter(_is_somewhen, (context.time("maturityDate") for context in contexts)), default=None),
        leaves=leaves,
    )


def _posted(transaction):
    moment = transaction.time("postedDate", needed=True)
    if not _is_somewhen(moment):
        raise MalformedAnswer("postedDate is out of range", reason="wrong_type", path="postedDate")
    return moment


def _is_somewhen(moment):
    """Tell whether it has a date in every time zone; beyond the first and the last year there is none."""
    return moment is not None and 1 < moment.year < 9999


def _references(entry, kind):
    pairs = (
        (reference.text(f"{kind}Name"), reference.identifier(f"{kind}Value"))
        for reference in entry.objects("relatedIdentifiers")
    )
    return tuple((name, value) for name, value in pairs if name and value)


def likeness(payload):
    """Tell what a transaction is but for its number, and for what changes with time: its type, time, total and orders.

    :param payload: its JSON, as for :func:`parse_transaction`.
    :return: a text that is compared; ``""`` where it says too little to be told from others.
    """
    entry = loads(payload, literal=True)
    entry = entry if isinstance(entry, dict) else {}
    if not all(entry.get(name) for name in ("transactionType", "postedDate", "totalAmount")):
        return ""
    related = entry.get("relatedIdentifiers")
    orders = [
        one.get("relatedIdentifierValue")
        for one in (related if isinstance(related, list) else [])
        if isinstance(one, dict) and one.get("relatedIdentifierName") == "ORDER_ID"
    ]
    facts = [entry["transactionType"], entry["postedDate"], entry["totalAmount"], orders]
    return compact(facts, canonical=True)


def released_beyond(originals, releases):
    """Tell what is paid out beyond what was deferred.

    :param originals: each :class:`Transaction` that was deferred, all in one currency.
    :param releases: those that release them together.
    :return: leaves, of which none is 0; their sum is how much more was paid out. None where one of them is broken down
        less than the others and comes to the same: only their totals can be compared.
    """
    amounts, groups = {}, {}
    with localcontext(_EXACT):
        signed = [*((original, -1) for original in originals), *((release, 1) for release in releases)]
        for transaction, sign in signed:
            for leaf in transaction.leaves:
                key = leaf.name, leaf.sku
                amounts[key] = amounts.get(key, _ZERO) + sign * leaf.amount.amount
                groups.setdefault(key, leaf.group)
        beyond = {key: number for key, number in amounts.items() if number}
        if not sum(beyond.values()) and any(not name for name, _sku in beyond):
            return ()
    currency = next(filter(None, (one.currency for one in (*originals, *releases))), "")
    return tuple(
        Leaf(name, groups[name, sku], Money(number, currency), sku=sku) for (name, sku), number in beyond.items()
    )


# --- the money -----------------------------------------------------------------------------------------------------
def _money_of(transaction, items):
    """Find the leaves: the same money stands in the transaction and in its items, and only one of them may count.

    :return: (the total, the leaves).
    """
    purse = _Purse(transaction)
    with localcontext(_EXACT):
        of_items = [leaf for index, item in enumerate(items) for leaf in purse.leaves(item, **_of_item(item, index))]
        of_all = purse.leaves(transaction)
        complete = any(items) and all(map(_breakdowns, filter(None, items)))
        if complete and purse.is_whole(of_items):
            leaves = of_items
        elif of_all and purse.is_whole(of_all):
            leaves = of_all
        else:
            leaves = of_items or of_all
        return purse.close(leaves)


def _of_item(item, index):
    contexts = item.objects("contexts")
    return {
        "item": index,
        "sku": _first(context.identifier("sku") for context in contexts) or "",
        "asin": _first(context.identifier("asin") for context in contexts) or "",
        "quantity": _first(context.get("quantityShipped", "a whole number", _as_quantity) for context in contexts),
        "item_refs": _references(item, "itemRelatedIdentifier"),
    }


def _first(values):
    return next((value for value in values if value not in (None, "")), None)


def _as_quantity(value):
    number = amount(value)
    if number != number.to_integral_value() or abs(number) >= 2**31:
        raise ValueError("not a whole number")
    return int(number)


def _breakdowns(entry):
    """Return the entries below, as a list or, as in an example of Amazon's, in an object of the same name."""
    if isinstance(entry.fields.get("breakdowns"), dict):
        entry = entry.object("breakdowns")
    return [child for child in entry.objects("breakdowns") if child]


class _Purse:
    """A transaction's amounts while they are read, all in one currency."""

    def __init__(self, transaction):
        self._currency = ""
        self._total = self._amount(transaction, "totalAmount")

    def _amount(self, entry, name):
        """Read an amount, None where there is none."""
        money = entry.object(name)
        number, currency = money.decimal("currencyAmount"), money.identifier("currencyCode")
        if number and currency and self._currency and currency != self._currency:
            raise MalformedAnswer(
                f"{money.path} is in another currency", reason="mixed_currencies", path=f"{money.path}.currencyCode"
            )
        if currency and (number or name == "totalAmount"):
            self._currency = self._currency or currency
        return number

    def leaves(self, entry, **facts):
        """Return the leaves below an item or the transaction."""
        return [leaf for child in _breakdowns(entry) for leaf in self._below(child, "", facts, 1)]

    def _below(self, node, group, facts, depth):
        if depth > _DEEPEST:
            raise MalformedAnswer(f"{node.path} is nested too deeply", path=node.path)
        name, children = node.text("breakdownType"), _breakdowns(node)
        number = self._amount(node, "breakdownAmount")
        is_wrapper = _word(name) in _WRAPPERS
        if not children or not is_wrapper and all(_word(child.text("breakdownType")) in _PARTS for child in children):
            if number is None:
                number = sum((self._amount(child, "breakdownAmount") or _ZERO for child in children), _ZERO)
            return self._leaf(name, group, number, facts)
        inner = group if is_wrapper else name
        leaves = [leaf for child in children for leaf in self._below(child, inner, facts, depth + 1)]
        return leaves + self._leaf("", name, number - _sum(leaves), facts) if number else leaves

    def _leaf(self, name, group, number, facts):
        return [Leaf(name, group, Money(number, self._currency), **facts)] if number else []

    def is_whole(self, leaves):
        return self._total is None or _sum(leaves) == self._total

    def close(self, leaves):
        """Return (the total, the leaves with what makes them add up to it)."""
        if self._total is None and not leaves:
            raise MalformedAnswer("totalAmount is missing", reason="missing", path="totalAmount")
        found = _sum(leaves)
        total = found if self._total is None else self._total
        leaves = [*leaves, *self._leaf("", "", total - found, {})]
        if leaves and not self._currency:
            raise MalformedAnswer(
                "totalAmount.currencyCode is missing", reason="missing", path="totalAmount.currencyCode"
            )
        # Where no currency is given it is the others', which may come later.
        leaves = (replace(leaf, amount=Money(leaf.amount.amount, self._currency)) for leaf in leaves)
        return Money(total, self._currency), tuple(leaves)


def _sum(leaves):
    return sum((leaf.amount.amount for leaf in leaves), _ZERO)


def _word(name):
    return "".join(name.split()).lower()
