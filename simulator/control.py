"""The control API: what tests and demonstrations do that nobody can do at the real Amazon."""

import datetime
import json

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from . import (
    catalogue,
    data_reports,
    feeds,
    kinds,
    operations,
    payouts,
    processing,
    settlements,
    shelves,
    vendor_control,
)
from .actions import ACTIONS, Refused
from .build import merge
from .faults import KINDS, targets
from .marketplaces import BY_ID
from .operations import ROLES
from .reports import ENCODINGS, XML_DECLARATIONS
from .times import parse, shift


class Problem(Exception):
    """A control call that makes no sense: HTTP status and message."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


def answer(world, request):
    """A control request -> Response."""
    try:
        endpoint, arguments = ROUTES.bind("control").match(request.path, request.method)
        values = read(request)
        result = endpoint(world, request, values, **arguments)
    except HTTPException as error:
        return respond({"error": f"{request.method} {request.path}: {error.name}"}, error.code or 404)
    except Refused as error:
        return respond({"error": str(error)}, 409)
    except Problem as error:
        return respond({"error": str(error)}, error.status)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        return respond({"error": f"{type(error).__name__}: {error}"}, 400)
    return respond(result)


def read(request):
    data = request.get_data()
    values = json.loads(data) if data else {}
    if not isinstance(values, dict):
        raise Problem("the body must be a JSON object")
    return values


def respond(data, status=200):
    return Response(json.dumps(data, ensure_ascii=False), status, mimetype="application/json")


# The world as a whole


def reset(world, request, values):
    world.reset(values.get("seed", 1))
    return {"seed": world.seed}


def show_clock(world, request, values):
    return {"now": world.clock.iso(), "frozen": bool(world.clock.frozen)}


def set_clock(world, request, values):
    if "now" in values:
        world.clock.set(parse(values["now"]) if values["now"] else None)
    world.clock.advance(values.get("advance", 0))
    return show_clock(world, request, values)


def set_page_limit(world, request, values):
    limit = int(values.get("limit", 100))
    if not 1 <= limit <= 100:
        raise Problem("limit is between 1 and 100")
    world.orders.page_limit = limit
    return {"limit": limit}


def set_quota(world, request, values):
    if values.get("mode", "published") not in ("published", "off"):
        raise Problem("mode is published or off")
    if values.get("operation") not in (None, "*", *operations.PLANS):
        raise Problem(f"unknown operation {values['operation']}")
    world.usage.change(values)
    return show_quota(world, request, values)


def show_quota(world, request, values):
    usage = world.usage
    published = {o.name: {"rate": o.rate, "burst": o.burst} for o in operations.PLANS.values()}
    return {"mode": usage.mode, "factor": usage.factor, "plans": usage.plans, "published": published}


# Sellers


def add_seller(world, request, values):
    check_seller(values)
    if values.get("merchant_id") in world.sellers.by_id:
        raise Problem(f"seller {values['merchant_id']} exists", 409)
    offers_catalogue = values.pop("catalogue", False)
    seller = world.sellers.add(values)
    if offers_catalogue:
        shelves.add_catalogue(world, seller)
    return seller


def list_sellers(world, request, values):
    return list(world.sellers.by_id.values())


def check_seller(values):
    if values.get("region", "fe") not in ("fe", "eu", "na"):
        raise Problem("region is fe, eu or na")
    if unknown := set(values.get("roles") or []) - set(ROLES):
        raise Problem(f"unknown roles: {', '.join(unknown)}")
    if unknown := set(values.get("marketplaces") or []) - set(BY_ID):
        raise Problem(f"unknown marketplaces: {', '.join(unknown)}")
    for name in ("feed", "report"):
        if values.get(f"{name}_language") not in (None, "ja", "en"):
            raise Problem(f"{name}_language is ja or en")
        if values.get(f"{name}_encoding") not in (None, *ENCODINGS):
            raise Problem(f"{name}_encoding is one of {', '.join(ENCODINGS)}")
    if values.get("feed_xml") not in (None, *XML_DECLARATIONS):
        raise Problem(f"feed_xml is one of {', '.join(XML_DECLARATIONS)}")


def find_seller(world, merchant_id):
    if merchant_id not in world.sellers.by_id:
        raise Problem(f"no seller {merchant_id}", 404)
    return world.sellers.by_id[merchant_id]


def show_seller(world, request, values, merchant_id):
    return find_seller(world, merchant_id)


def change_seller(world, request, values, merchant_id):
    seller = find_seller(world, merchant_id)
    check_seller(values)
    world.sellers.change(seller, {k: v for k, v in values.items() if k != "merchant_id"})
    return seller


# Orders


def list_kinds(world, request, values):
    return [{"kind": k.name, "ja": k.ja, "en": k.en, "marketplace": k.marketplace} for k in kinds.KINDS.values()]


def show_catalogue(world, request, values):
    return catalogue.CATALOGUE


def add_orders(world, request, values):
    seller = find_seller(world, values["merchant_id"])
    created = read_time(values.get("created")) or world.clock.iso()
    updated = read_time(values.get("updated")) or created
    ids = [
        kinds.place(
            world, seller, values.get("kind", "jp_standard"), created, updated, values.get("items"), values.get("set")
        )
        for _ in range(int(values.get("count", 1)))
    ]
    for order_id in ids:
        hide(world, world.orders.records[order_id], values)
    return {"order_ids": ids}


def hide(world, record, values):
    """Let the search show an order, or its change, only after ``hidden_for`` seconds, as Amazon does now and then."""
    if values.get("hidden_for"):
        record["hidden_until"] = shift(world.clock.iso(), seconds=float(values["hidden_for"]))


def read_time(text):
    """A control call's time in any notation -> Amazon's notation."""
    return shift(text, seconds=0) if text else None


def add_bulk(world, request, values):
    """Many different orders, created evenly over the last ``spread_seconds``."""
    seller = find_seller(world, values["merchant_id"])
    weights = values.get("kinds") or kinds.usual(seller)
    count, spread = int(values.get("count", 1000)), float(values.get("spread_seconds", 3600))
    names = world.rng("bulk").choices(list(weights), list(weights.values()), k=count)
    start = world.clock.now() - datetime.timedelta(seconds=spread)
    ids = []
    for number, name in enumerate(names):
        created = shift(start.isoformat(), seconds=spread * number / max(1, count - 1))
        ids.append(kinds.place(world, seller, name, created, created, lines=values.get("items_per_order", 2)))
    return {"order_ids": ids}


def list_orders(world, request, values):
    merchant_id = request.args.get("merchant_id")
    return [
        {
            "order_id": order_id,
            "merchant_id": r["merchant_id"],
            "kind": r["kind"],
            "status": r["order"]["fulfillment"]["fulfillmentStatus"],
            "lastUpdatedTime": r["order"]["lastUpdatedTime"],
        }
        for order_id, r in world.orders.records.items()
        if merchant_id in (None, r["merchant_id"])
    ]


def find_record(world, order_id):
    if order_id not in world.orders.records:
        raise Problem(f"no order {order_id}", 404)
    return world.orders.records[order_id]


def show_order(world, request, values, order_id):
    return find_record(world, order_id)["order"]


def change_order(world, request, values, order_id):
    record = find_record(world, order_id)
    if values.get("touch", True):
        world.orders.touch(record)
    hide(world, record, values)
    merge(record["order"], values.get("set", {}))
    world.finances.shipped(record)
    return record["order"]


def act(world, request, values, order_id, action):
    if action not in ACTIONS:
        raise Problem(f"unknown action {action}; there are {', '.join(ACTIONS)}", 404)
    record = find_record(world, order_id)
    perform(world, record, action, values)
    return record["order"]


def perform(world, record, action, values):
    ACTIONS[action](world, record, values)
    world.orders.touch(record)
    world.finances.shipped(record)


def list_confirmations(world, request, values, order_id):
    """Every accepted shipment of an order, in the order they came."""
    return find_record(world, order_id).get("confirmations", [])


def list_cancellations(world, request, values, order_id):
    """Every accepted cancellation of an order that a feed told, in the order they came."""
    return find_record(world, order_id).get("cancellations", [])


# Listings


def list_listings(world, request, values):
    """Without their writes, unless ``writes`` is asked for."""
    wanted, args = set(request.args.getlist("sku")), request.args
    marketplace_id = args.get("marketplace_id")
    found = [
        listing
        for listing in world.listings.of_seller(args.get("merchant_id"))
        if marketplace_id in (None, listing.marketplace_id) and (not wanted or listing.sku in wanted)
    ]
    start = int(args.get("offset", 0))
    end = start + int(args["limit"]) if "limit" in args else None
    return [shown_listing(listing, bool(args.get("writes"))) for listing in found[start:end]]


def shown_listing(listing, writes=True):
    """A listing as stored, and what follows from it: channel, Amazon's quantity, status, open writes."""
    facts = listing.dump()
    facts.update(
        channel=listing.channel,
        quantity=listing.quantity,
        quantity_submitted=listing.submitted.get("DEFAULT", {}).get("quantity"),
        lead_time=listing.submitted.get("DEFAULT", {}).get("lead_time_to_ship_max_days"),
        shown_status=listing.statuses,
        waiting=sum("applied" not in write and "ignored" not in write for write in listing.writes),
    )
    if not writes:
        facts["writes"] = len(listing.writes)
    return facts


def find_listing(world, request, sku):
    """The listing of a SKU: ``merchant_id`` and ``marketplace_id`` of the query may be left out where it is clear."""
    merchant_id, marketplace_id = request.args.get("merchant_id"), request.args.get("marketplace_id")
    shelf = world.listings.shelves.items()
    found = [
        listings[sku]
        for (owner, marketplace), listings in shelf
        if sku in listings and merchant_id in (None, owner) and marketplace_id in (None, marketplace)
    ]
    if not found:
        raise Problem(f"no listing {sku}", 404)
    if len({listing.merchant_id for listing in found}) > 1:
        raise Problem(f"several sellers offer {sku}: name the merchant_id", 409)
    return found[0]


def add_listing(world, request, values):
    """One listing, or those in ``listings``."""
    seller = find_seller(world, values.pop("merchant_id"))
    if "listings" in values:
        return [shown_listing(shelves.add(world, seller, one), False) for one in values["listings"]]
    if values.get("catalogue"):
        return [shown_listing(listing, False) for listing in shelves.add_catalogue(world, seller)]
    return shown_listing(shelves.add(world, seller, values))


def add_many_listings(world, request, values):
    seller = find_seller(world, values.pop("merchant_id"))
    made = shelves.add_many(world, seller, int(values.pop("count", 1000)), values)
    return {"count": len(made), "first": made[0].sku, "last": made[-1].sku}


def show_listing(world, request, values, sku):
    return shown_listing(find_listing(world, request, sku))


def change_listing(world, request, values, sku):
    listing = find_listing(world, request, sku)
    touch = values.pop("touch", True)
    shelves.edit(listing, values)
    world.listings.version += "created" in values
    if touch and "updated" not in values:
        listing.updated = world.clock.iso()
    return shown_listing(listing)


def delete_listing(world, request, values, sku):
    world.listings.remove(find_listing(world, request, sku))
    return {}


def apply_listing(world, request, values, sku):
    """Amazon makes accepted writes its own now: ``n`` names one, else all open ones in their order."""
    listing = find_listing(world, request, sku)
    chosen = [write for write in listing.writes if "applied" not in write and values.get("n") in (None, write["n"])]
    if not chosen:
        raise Problem("there is no such write that is not applied", 409)
    for write in chosen:
        world.listings.apply(listing, write, world.clock.iso(), always=True)
    return shown_listing(listing)


def list_writes(world, request, values):
    """Every accepted write of a seller (or all), in the order they were accepted."""
    writes = [
        {"sku": listing.sku, "marketplace_id": listing.marketplace_id, **write}
        for listing in world.listings.of_seller(request.args.get("merchant_id"))
        for write in listing.writes
    ]
    return sorted(writes, key=lambda write: write["n"])


# Finances


def list_transactions(world, request, values):
    """Whatever was posted, oldest first, also what the API does not show yet."""
    merchant_id, order_id = request.args.get("merchant_id"), request.args.get("order_id")
    entries = world.finances.of_order(order_id) if order_id else world.finances.entries
    return [entry for entry in entries if merchant_id in (None, entry["merchant_id"])]


def add_transaction(world, request, values):
    """``transaction``, or those in ``transactions``, whatever they are."""
    seller = find_seller(world, values["merchant_id"])
    if "transactions" in values:
        return [payouts.made_up(world, seller, content, values) for content in values["transactions"]]
    return payouts.made_up(world, seller, values["transaction"], values)


def post_for_order(post):
    """The endpoint that has ``post(world, record, values)`` done to an order."""
    return lambda world, request, values: post(world, find_record(world, values["order_id"]), values)


def post_for_seller(post):
    """The endpoint that has ``post(world, seller, values)`` done to a seller."""
    return lambda world, request, values: post(world, find_seller(world, values["merchant_id"]), values)


def list_settlements(world, request, values):
    merchant_id = request.args.get("merchant_id")
    return [one for one in world.settlements.closed if merchant_id in (None, one["merchant_id"])]


def release_payment(world, request, values):
    return payouts.release(world, values)


# Settings


def show_settings(world, request, values):
    return world.settings.values


def change_settings(world, request, values):
    world.settings.change(values)
    return world.settings.values


def set_packages_delay(world, request, values):
    return change_settings(world, request, {"packages_delay": values["seconds"]})


# Feeds and reports: both stand in a queue

QUEUES = {"feeds": feeds, "reports": data_reports}


def list_feeds(world, request, values):
    merchant_id = request.args.get("merchant_id")
    return [
        feeds.summary(world, feed) for feed in world.feeds.by_id.values() if merchant_id in (None, feed["merchant_id"])
    ]


def list_reports(world, request, values):
    merchant_id = request.args.get("merchant_id")
    return [report for report in world.reports.by_id.values() if merchant_id in (None, report["merchant_id"])]


def add_report(world, request, values):
    """A report that Amazon has made without being asked, whatever is in it."""
    seller = find_seller(world, values["merchant_id"])
    content = values["content"].encode(values.get("encoding", "utf-8"))
    marketplaces = values.get("marketplaces") or seller["marketplaces"][:1]
    report_type, content_type = values.get("report_type", settlements.TYPE), values.get("content_type", "text/plain")
    return settlements.done(world, seller, report_type, marketplaces, content, content_type=content_type)


def find_queued(world, queue, number):
    """A feed or a report.

    :param queue: ``feeds`` or ``reports``
    """
    records = getattr(world, queue).by_id
    if number not in records:
        raise Problem(f"no {queue.removesuffix('s')} {number}", 404)
    return records[number]


def show_queued(world, request, values, queue, number):
    return QUEUES[queue].detail(world, find_queued(world, queue, number))


def process_queued(world, request, values, queue, number):
    record = find_queued(world, queue, number)
    if record["processingStatus"] not in processing.OPEN:
        raise Problem(f"{queue.removesuffix('s')} {number} is {record['processingStatus']} already", 409)
    QUEUES[queue].settle(world, record, values)
    return QUEUES[queue].detail(world, record)


# Faults and the request log


def add_fault(world, request, values):
    if values.get("operation", "*") not in targets():
        raise Problem(f"unknown operation {values['operation']}")
    return {"id": world.faults.add(values).id}


def list_faults(world, request, values):
    return [fault.values for fault in world.faults.active]


def clear_faults(world, request, values, fault_id=None):
    world.faults.clear(fault_id)
    return {}


def list_requests(world, request, values):
    operation = request.args.get("operation")
    return [entry for entry in world.log.entries if operation in (None, entry["operation"])]


def count_requests(world, request, values):
    counts = {}
    for entry in world.log.entries:
        counts[entry["operation"]] = counts.get(entry["operation"], 0) + 1
    return counts


def clear_requests(world, request, values):
    world.log.entries.clear()
    return {}


def list_schema_errors(world, request, values):
    return world.log.schema_errors


def list_fault_kinds(world, request, values):
    return list(KINDS)


ROUTES = Map(
    [
        Rule(f"/control{path}", methods=[method], endpoint=endpoint)
        for method, path, endpoint in [
            ("POST", "/reset", reset),
            ("GET", "/clock", show_clock),
            ("POST", "/clock", set_clock),
            ("POST", "/page-limit", set_page_limit),
            ("GET", "/quota", show_quota),
            ("POST", "/quota", set_quota),
            ("GET", "/sellers", list_sellers),
            ("POST", "/sellers", add_seller),
            ("GET", "/sellers/<merchant_id>", show_seller),
            ("PATCH", "/sellers/<merchant_id>", change_seller),
            ("GET", "/kinds", list_kinds),
            ("GET", "/catalogue", show_catalogue),
            ("GET", "/orders", list_orders),
            ("POST", "/orders", add_orders),
            ("POST", "/bulk", add_bulk),
            ("GET", "/orders/<order_id>", show_order),
            ("PATCH", "/orders/<order_id>", change_order),
            ("POST", "/orders/<order_id>/<action>", act),
            ("GET", "/orders/<order_id>/confirmations", list_confirmations),
            ("GET", "/orders/<order_id>/cancellations", list_cancellations),
            ("GET", "/listings", list_listings),
            ("POST", "/listings", add_listing),
            ("POST", "/listings/bulk", add_many_listings),
            ("GET", "/listings/<path:sku>", show_listing),
            ("PATCH", "/listings/<path:sku>", change_listing),
            ("DELETE", "/listings/<path:sku>", delete_listing),
            ("POST", "/listings/<path:sku>/apply", apply_listing),
            ("GET", "/listing-writes", list_writes),
            ("GET", "/transactions", list_transactions),
            ("POST", "/transactions", add_transaction),
            ("POST", "/refund", post_for_order(payouts.refund)),
            ("POST", "/chargeback", post_for_order(payouts.chargeback)),
            ("POST", "/release", release_payment),
            ("POST", "/adjust", post_for_seller(payouts.adjust)),
            ("POST", "/reserve", post_for_seller(payouts.reserve)),
            ("POST", "/service-fee", post_for_seller(payouts.service_fee)),
            ("POST", "/reimbursement", post_for_seller(payouts.reimbursement)),
            ("POST", "/guarantee-claim", post_for_order(payouts.guarantee_claim)),
            ("POST", "/transfer", post_for_seller(settlements.close)),
            ("GET", "/settlements", list_settlements),
            ("GET", "/settings", show_settings),
            ("POST", "/settings", change_settings),
            ("POST", "/packages-delay", set_packages_delay),
            ("GET", "/feeds", list_feeds),
            ("GET", "/reports", list_reports),
            ("POST", "/reports", add_report),
            ("GET", "/<any(feeds, reports):queue>/<number>", show_queued),
            ("POST", "/<any(feeds, reports):queue>/<number>/process", process_queued),
            ("GET", "/faults", list_faults),
            ("POST", "/faults", add_fault),
            ("GET", "/faults/kinds", list_fault_kinds),
            ("DELETE", "/faults", clear_faults),
            ("DELETE", "/faults/<int:fault_id>", clear_faults),
            ("GET", "/requests", list_requests),
            ("GET", "/requests/count", count_requests),
            ("DELETE", "/requests", clear_requests),
            ("GET", "/schema-errors", list_schema_errors),
            *vendor_control.ENDPOINTS,
        ]
    ]
)
