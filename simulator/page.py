"""The web page "Seller Central, simulated": the list of orders, an order's own page, and buttons for what happens."""

import json
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import control, faults, feeds, kinds, payouts, processing, shelves, vendor_build, vendor_control, vendor_papers
from .actions import Refused
from .templating import cash, render
from .transactions import related_to
from .words import LANGUAGES

SHOWN_ORDERS = 100
SHOWN_REQUESTS = 15
SHOWN_FEEDS = 100
SHOWN_LISTINGS = 50
SHOWN_PAYMENTS = 200
SHOWN_TRANSACTIONS = 50
SHOWN_TEXT = 50_000  # characters
HIDDEN = ("addressType", "extendedFields")  # not for reading
BUTTONS = {
    "PENDING_AVAILABILITY": ["release", "cancel"],
    "PENDING": ["pay", "cancel"],
    "UNSHIPPED": ["ship", "cancel", "request-cancel", "change-address"],
    "PARTIALLY_SHIPPED": ["ship", "deliver"],
    "SHIPPED": ["deliver"],
}
VENDOR_BUTTONS = {"NEW": ["acknowledge", "cancel"], "ACCEPTED": ["confirm", "cancel"]}
ENDINGS = ("DONE", "FATAL", "CANCELLED")  # that an open feed can be given


def answer(world, request):
    """A page request -> Response."""
    lang = language(request)
    try:
        endpoint, arguments = ROUTES.bind("page").match(request.path, request.method)
        response = endpoint(world, request, lang, **arguments)
    except HTTPException as error:
        return Response(f"{error.name}\n", error.code or 404)
    except (Refused, control.Problem, ValueError, KeyError, ArithmeticError) as error:
        return page(world, lang, "/", "refused.html", 409, error=error)
    response.set_cookie("lang", lang)
    return response


def language(request):
    """``?lang=``, else what was chosen before, else what the browser prefers."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")


def page(world, lang, path, template, status=200, **values):
    """The Response of a template within the layout. ``path``: where the link to the other language leads."""
    text = render(template, lang, clock=world.clock, path=path, **values)
    return Response(text, status, mimetype="text/html")


# What is shown


def home(world, request, lang):
    sellers = list(world.sellers.by_id.values())
    seller = world.sellers.by_id.get(request.args.get("seller", "")) or (sellers[0] if sellers else None)
    records = [r for r in world.orders.records.values() if seller and r["merchant_id"] == seller["merchant_id"]]
    records.sort(key=lambda record: record["order"]["createdTime"], reverse=True)
    return page(
        world,
        lang,
        "/",
        "home.html",
        sellers=sellers,
        seller=seller,
        kinds=kinds.offered(seller) if seller else [],
        count=len(records),
        records=records[:SHOWN_ORDERS],
        buttons=BUTTONS,
        targets=faults.targets(),
        fault_kinds=faults.KINDS,
        faults=[fault.values for fault in world.faults.active],
        quota="off" if world.usage.mode == "off" else "published" if world.usage.factor == 1 else "faster",
        requests=world.log.entries[: -SHOWN_REQUESTS - 1 : -1],
    )


def show_order(world, request, lang, order_id):
    record = control.find_record(world, order_id)
    order = record["order"]
    address = order.get("recipient", {}).get("deliveryAddress", {})
    executions = order.get("payment", {}).get("paymentExecutions", [])
    return page(
        world,
        lang,
        request.path,
        "order.html",
        order=order,
        buttons=BUTTONS,
        address=[value for key, value in address.items() if key not in HIDDEN],
        payments=[f"{execution['paymentMethod']} {cash(execution['paymentAmount'])}" for execution in executions],
        confirmations=record.get("confirmations", []),
        shown_payments=[shown_payment(entry) for entry in world.finances.of_order(order_id)],
        json=json.dumps(order, ensure_ascii=False, indent=1),
    )


def shown_payment(entry):
    """A transaction for reading; a person may have made it up, so anything may be missing."""
    content = entry["transaction"] if isinstance(entry["transaction"], dict) else {}
    total = content.get("totalAmount")
    money = isinstance(total, dict) and {
        "amount": str(total.get("currencyAmount")),
        "currencyCode": total.get("currencyCode"),
    }
    return {
        **entry,
        "id": content.get("transactionId"),
        "type": content.get("transactionType"),
        "description": content.get("description"),
        "status": str(content.get("transactionStatus") or ""),
        "total": cash(money),
        "order_ids": related_to(content, "ORDER_ID"),
        "json": json.dumps(entry["transaction"], ensure_ascii=False, indent=1),
    }


def show_finances(world, request, lang):
    newest = world.finances.entries[: -SHOWN_PAYMENTS - 1 : -1]
    return page(world, lang, request.path, "finances.html", shown_payments=[shown_payment(entry) for entry in newest])


def show_feeds(world, request, lang):
    newest = list(reversed(world.feeds.by_id.values()))[:SHOWN_FEEDS]
    return page(world, lang, request.path, "feeds.html", feeds=newest, open=processing.OPEN, endings=ENDINGS)


def show_feed(world, request, lang, feed_id):
    feed = control.find_queued(world, "feeds", feed_id)
    detail = feeds.detail(world, feed)
    return page(
        world,
        lang,
        request.path,
        "feed.html",
        feed=feed,
        open=processing.OPEN,
        endings=ENDINGS,
        shown_text=SHOWN_TEXT,
        documents=[
            ("content", detail["content_type"], detail["content"]),
            ("report", detail["result_content_type"], detail["result"]),
        ],
    )


def show_inventory(world, request, lang):
    args, sellers = request.args, list(world.sellers.by_id.values())
    seller = world.sellers.by_id.get(args.get("seller", "")) or (sellers[0] if sellers else None)
    text, start = args.get("text", "").strip(), max(0, int(args.get("start", 0)))
    found = [
        listing
        for listing in (world.listings.of_seller(seller["merchant_id"]) if seller else ())
        if not text or any(text.lower() in (part or "").lower() for part in (listing.sku, listing.asin, listing.title))
    ]

    def address(place):
        query = {"seller": seller["merchant_id"], "text": text, "start": max(0, place)}
        return f"{request.path}?{urlencode(query)}"

    return page(
        world,
        lang,
        request.path,
        "inventory.html",
        sellers=sellers,
        seller=seller,
        text=text,
        start=start,
        size=SHOWN_LISTINGS,
        count=len(found),
        listings=found[start : start + SHOWN_LISTINGS],
        channels=shelves.CHANNELS,
        address=address,
    )


def show_vendor(world, request, lang):
    sellers = list(world.sellers.by_id.values())
    seller = world.sellers.by_id.get(request.args.get("seller", "")) or (sellers[0] if sellers else None)
    merchant_id = seller and seller["merchant_id"]

    def newest(entries, most):
        found = [entry for entry in entries.values() if entry["merchant_id"] == merchant_id]
        return found, found[: -most - 1 : -1]

    records, shown = newest(world.vendor.orders, SHOWN_ORDERS)
    return page(
        world,
        lang,
        request.path,
        "vendor.html",
        sellers=sellers,
        seller=seller,
        kinds=vendor_build.KINDS,
        count=len(records),
        records=[vendor_control.shown(record) for record in shown],
        vendor_actions=VENDOR_BUTTONS,
        transactions=newest(world.vendor.transactions, SHOWN_TRANSACTIONS)[1],
    )


def show_vendor_order(world, request, lang, number):
    record = vendor_control.show_order(world, request, {}, number)
    label = record["label"]
    return page(
        world,
        lang,
        request.path,
        "vendor_order.html",
        record=record,
        vendor_actions=VENDOR_BUTTONS,
        pictures=[
            vendor_papers.label(number, package, "PNG")
            for package in (label["packages"] if label and label["format"] == "PNG" else ())
        ],
        json=json.dumps(record["order"], ensure_ascii=False, indent=1),
    )


# Buttons


def back(request):
    return redirect(request.headers.get("Referer") or "/", 303)


def place(world, request, lang):
    form = request.form
    values = {"merchant_id": form["merchant_id"], "kind": form["kind"], "count": min(1000, int(form["count"]))}
    control.add_orders(world, request, values)
    return back(request)


def act(world, request, lang, order_id, action):
    control.act(world, request, {}, order_id, action)
    return back(request)


def give_back(post):
    """The endpoint of a refund, a chargeback or a claim: of the amount that is entered, or of all that is left."""

    def endpoint(world, request, lang, order_id):
        amount = request.form.get("amount", "").strip()
        post(world, control.find_record(world, order_id), {"amount": amount} if amount else {})
        return back(request)

    return endpoint


def release_payment(world, request, lang, order_id):
    payouts.release(world, {"order_id": order_id})
    return back(request)


def add_seller(world, request, lang):
    control.add_seller(world, request, {"catalogue": True})
    return redirect("/", 303)


def add_fault(world, request, lang):
    form = request.form
    times = None if form.get("forever") else int(form["times"])
    world.faults.add({"operation": form["operation"], "kind": form["kind"], "times": times})
    return back(request)


def clear_faults(world, request, lang):
    world.faults.clear()
    return back(request)


def set_quota(world, request, lang):
    mode = request.form["mode"]
    world.usage.change(
        {"mode": "off"} if mode == "off" else {"mode": "published", "factor": 100 if mode == "faster" else 1}
    )
    return back(request)


def settle_feed(world, request, lang, feed_id, status):
    control.process_queued(world, request, {"status": status}, "feeds", feed_id)
    return back(request)


def offer_catalogue(world, request, lang):
    control.add_listing(world, request, {"merchant_id": request.form["merchant_id"], "catalogue": True})
    return back(request)


def named_listing(world, form):
    listing = world.listings.get(form["merchant_id"], form["marketplace_id"], form["sku"])
    if not listing:
        raise control.Problem(f"no listing {form['sku']}", 404)
    return listing


def change_listing(world, request, lang):
    """What is left empty: no handling time of its own, the quantity as it is."""
    form, listing = request.form, named_listing(world, request.form)
    values = {"channel": form["channel"], "lead_time": int(form["lead_time"]) if form.get("lead_time") else None}
    if form.get("quantity"):
        values["quantity"] = int(form["quantity"])
    if not all(value is None or value >= 0 for name, value in values.items() if name != "channel"):
        raise ValueError("numbers cannot be negative")
    world.listings.by_person(listing, values)
    return back(request)


def apply_listing(world, request, lang):
    listing = named_listing(world, request.form)
    for write in [write for write in listing.writes if "applied" not in write]:
        world.listings.apply(listing, write, world.clock.iso(), always=True)
    return back(request)


def place_vendor_order(world, request, lang):
    vendor_control.add_orders(world, request, request.form.to_dict())
    return back(request)


def act_on_vendor_order(world, request, lang, number, action):
    vendor_control.act(world, request, {}, number, action)
    return back(request)


def process_vendor_transaction(world, request, lang, transaction_id, status):
    """It ends as it would, or fails without a reason that is told."""
    values = {"status": status, "errors": [vendor_control.NO_REASON]} if status == "Failure" else {}
    vendor_control.process(world, request, values, transaction_id)
    return back(request)


ROUTES = Map(
    [
        Rule(path, methods=[method], endpoint=endpoint)
        for method, path, endpoint in [
            ("GET", "/", home),
            ("GET", "/orders-v3/order/<order_id>", show_order),
            ("POST", "/page/seller", add_seller),
            ("POST", "/page/place", place),
            ("POST", "/page/act/<order_id>/<action>", act),
            ("POST", "/page/refund/<order_id>", give_back(payouts.refund)),
            ("POST", "/page/chargeback/<order_id>", give_back(payouts.chargeback)),
            ("POST", "/page/guarantee-claim/<order_id>", give_back(payouts.guarantee_claim)),
            ("POST", "/page/release/<order_id>", release_payment),
            ("GET", "/page/finances", show_finances),
            ("POST", "/page/fault", add_fault),
            ("POST", "/page/clear-faults", clear_faults),
            ("POST", "/page/quota", set_quota),
            ("GET", "/page/inventory", show_inventory),
            ("POST", "/page/catalogue", offer_catalogue),
            ("POST", "/page/listing", change_listing),
            ("POST", "/page/listing/apply", apply_listing),
            ("GET", "/page/vendor", show_vendor),
            ("POST", "/page/vendor", place_vendor_order),
            ("GET", "/page/vendor/<number>", show_vendor_order),
            ("POST", "/page/vendor/<number>/<action>", act_on_vendor_order),
            ("POST", "/page/vendor/process/<transaction_id>/<status>", process_vendor_transaction),
            ("GET", "/page/feeds", show_feeds),
            ("GET", "/page/feeds/<feed_id>", show_feed),
            ("POST", "/page/feeds/<feed_id>/<status>", settle_feed),
        ]
    ]
)
