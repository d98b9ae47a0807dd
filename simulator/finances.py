"""The Finances API 2024-06-19: listTransactions. What is posted, and when: ``payouts.py``."""

import datetime
import hashlib
import json

from . import payouts
from .errors import invalid_input
from .marketplaces import BY_CODE
from .operations import operation
from .signing import seal, unseal
from .store import Store
from .times import iso, parse
from .transactions import related_to

MODEL = "finances_2024-06-19.json"
STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")
RELATED = ("ORDER_ID", "FINANCIAL_EVENT_GROUP_ID")
PARAMETERS = (
    "postedAfter",
    "postedBefore",
    "marketplaceId",
    "transactionStatus",
    "relatedIdentifierName",
    "relatedIdentifierValue",
    "nextToken",
)
DELAY = datetime.timedelta(minutes=2)
LONGEST_SPAN = datetime.timedelta(days=180)


class Finances(Store):
    """Every transaction.

    :ivar entries: what was posted, in that order: {n, merchant_id, transaction (its JSON), posted (time), shown (time
        from which the API shows it), via (what it comes of), raw (whether a person made it up), by_merchant}
    :ivar sold: order id -> what of it was posted: {"beside": amount, "items": {item id: {"quantity", "leaves",
        "beside", "returned", "refunded"}}}, amounts as texts
    :ivar count: how many numbers were given
    """

    kept = ("entries", "sold", "count")

    def __init__(self, world):
        super().__init__(world)
        self.entries, self.sold, self.count = [], {}, 0
        self.by_order = {}

    def load(self, data):
        super().load(data)
        self.by_order = {}
        for entry in self.entries:
            self._index(entry)

    def next_number(self):
        self.count += 1
        return self.count

    def add(self, merchant_id, transaction, **facts):
        """Post a transaction; ``facts``: the other fields of an entry."""
        entry = {"n": len(self.entries) + 1, "merchant_id": merchant_id, "transaction": transaction, **facts}
        self.entries.append(entry)
        self._index(entry)
        return entry

    def _index(self, entry):
        for order_id in related_to(entry["transaction"], "ORDER_ID"):
            self.by_order.setdefault(order_id, []).append(entry)

    def of_order(self, order_id):
        return self.by_order.get(order_id, [])

    def find(self, transaction_id):
        """The entry with this id; KeyError without."""
        for entry in self.entries:
            if isinstance(entry["transaction"], dict) and entry["transaction"].get("transactionId") == transaction_id:
                return entry
        raise KeyError(f"no transaction {transaction_id}")

    def shipped(self, record, at=None):
        """Post what of an order has left and is not posted yet (see ``payouts.shipped``)."""
        payouts.shipped(self.world, record, at)


@operation(
    "listTransactions",
    "GET",
    "/finances/2024-06-19/transactions",
    rate=0.5,
    burst=10,
    roles=("finance_and_accounting",),
    model=MODEL,
)
def list_transactions(call):
    """One page. The next one starts after a (time, number) position and is computed on live data. The settings put
    empty pages before each page, and have each come again."""
    call.only_parameters(*PARAMETERS)
    search, settings = read_search(call), call.world.settings
    place = {"before": search["before"], "position": ["", 0], "empty": 0, "repeated": 0}
    if "nextToken" in call.query:
        place = read_token(call)
    if place["empty"] < settings["finance_empty_pages"]:
        return answer([], write_token(call, place, empty=place["empty"] + 1))
    found, size, token = matches(call, search, place), settings["finance_page_size"], None
    page = found[:size]
    if page and place["repeated"] < settings["finance_repeat_page"]:
        token = write_token(call, place, repeated=place["repeated"] + 1)
    elif len(found) > size:
        token = write_token(call, place, position=position(page[-1]), empty=0, repeated=0)
    call.spoiled = any(entry["raw"] for entry in page)
    return answer([entry["transaction"] for entry in page], token)


def answer(transactions, token):
    return {"payload": {"transactions": transactions, **({"nextToken": token} if token else {})}}


def read_search(call):
    query, now = call.query, call.world.clock.now()
    name, value = query.get("relatedIdentifierName"), query.get("relatedIdentifierValue")
    if (name is None) != (value is None) or value == "":
        raise invalid_input("relatedIdentifierName and relatedIdentifierValue must be provided together.")
    if name not in (None, *RELATED):
        raise invalid_input(f"Parameter relatedIdentifierName has an invalid value: {name!r}.")
    if name is None and "postedAfter" not in query:
        raise invalid_input("Either postedAfter or a related identifier must be provided.")
    if query.get("transactionStatus") not in (None, *STATUSES):
        raise invalid_input(f"Parameter transactionStatus has an invalid value: {query['transactionStatus']!r}.")
    after, before = read_time(call, "postedAfter", now), read_time(call, "postedBefore", now)
    if after and before and before <= after:
        raise invalid_input("postedBefore must be later than postedAfter.")
    before = before or now - DELAY
    return {
        "after": iso(after) if after else "",
        "before": iso(before),
        "too_long": bool(after) and before - after > LONGEST_SPAN,
        "marketplace": query.get("marketplaceId"),
        "status": query.get("transactionStatus"),
        "related": name and (name, value),
    }


def read_time(call, name, now):
    if name not in call.query:
        return None
    try:
        moment = parse(call.query[name])
    except ValueError:
        raise invalid_input(f"Parameter {name} is not an ISO 8601 date-time.") from None
    # A paged search repeats its parameters, and they only grow older.
    if moment >= now - DELAY:
        raise invalid_input(f"{name} must be more than two minutes before the time of the request.")
    return moment


def position(entry):
    return [entry["posted"], entry["n"]]


def matches(call, search, place):
    """The entries of a search after its place, in order."""
    if search["too_long"]:
        return []
    finances, now = call.world.finances, call.world.clock.iso()
    name, value = search["related"] or ("", "")
    found = [
        entry
        for entry in (finances.of_order(value) if name == "ORDER_ID" else finances.entries)
        if entry["merchant_id"] == call.merchant_id
        and search["after"] <= entry["posted"] < place["before"]
        and entry["shown"] <= now
        and position(entry) > place["position"]
        and (not name or value in related_to(entry["transaction"], name))
        and meets(call, entry, search)
    ]
    return sorted(found, key=position)


def meets(call, entry, search):
    transaction = entry["transaction"] if isinstance(entry["transaction"], dict) else {}
    if search["status"] and str(transaction.get("transactionStatus")).upper() != search["status"]:
        return False
    if search["marketplace"] is None:
        return True
    details = transaction.get("marketplaceDetails")
    if not isinstance(details, dict) or details.get("marketplaceId") != search["marketplace"]:
        return False
    hidden = call.world.settings["finance_us_by_merchant"] == "hidden" and entry["by_merchant"]
    return not (hidden and search["marketplace"] == BY_CODE["US"].id)


# Tokens: opaque to the caller, and proof against meddling


def write_token(call, place, **changes):
    return seal(call.world, "transactions", {**place, **changes, "of": fingerprint(call)})


def read_token(call):
    place = unseal(call.world, "transactions", call.query["nextToken"])
    if not place:
        raise invalid_input("The nextToken is invalid.")
    if place.pop("of") != fingerprint(call):
        raise invalid_input("All parameters must be the same as in the request that returned the nextToken.")
    return place


def fingerprint(call):
    fixed = sorted((key, value) for key, value in call.query.items() if key != "nextToken")
    return hashlib.sha256(json.dumps([call.merchant_id, fixed]).encode()).hexdigest()[:16]
