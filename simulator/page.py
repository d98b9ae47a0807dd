"""The web page "Seller Central, simulated": the list of orders, an order's own page, and buttons for what happens."""

import json
from html import escape

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import control, faults, kinds, page_feeds, page_parcels
from .actions import Refused
from .page_parts import cash, local, moment
from .page_style import STYLE
from .words import LANGUAGES, say

SHOWN_ORDERS = 100
SHOWN_REQUESTS = 15
HIDDEN = ("addressType", "extendedFields")  # not for reading
BUTTONS = {
    "PENDING_AVAILABILITY": ["release", "cancel"],
    "PENDING": ["pay", "cancel"],
    "UNSHIPPED": ["ship", "cancel", "request-cancel", "change-address"],
    "PARTIALLY_SHIPPED": ["ship", "deliver"],
    "SHIPPED": ["deliver"],
}


def answer(world, request):
    """A page request -> Response."""
    lang = language(request)
    try:
        endpoint, arguments = ROUTES.bind("page").match(request.path, request.method)
        response = endpoint(world, request, lang, **arguments)
    except HTTPException as error:
        return Response(f"{error.name}\n", error.code or 404)
    except (Refused, control.Problem, ValueError, KeyError) as error:
        body = f"<main><h2>{say(lang, 'refused')}</h2><p>{escape(str(error))}</p><p><a href='/'>{say(lang, 'back')}</a>"
        return layout(world, lang, "/", body, 409)
    response.set_cookie("lang", lang)
    return response


def language(request):
    """``?lang=``, else what was chosen before, else what the browser prefers."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")


def layout(world, lang, path, body, status=200):
    """The whole page around ``body`` (HTML) as a Response."""
    other = "en" if lang == "ja" else "ja"
    switch = {"en": "English", "ja": "日本語"}[other]
    frozen = f" ({say(lang, 'frozen')})" if world.clock.frozen else ""
    return Response(
        f"<!doctype html><html lang='{lang}'><meta charset='utf-8'><title>{say(lang, 'title')}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style>"
        f"<header><a href='/'>{say(lang, 'title')}</a><a href='/page/feeds'>{say(lang, 'feeds')}</a>"
        f"<span>{say(lang, 'now')}: {moment(world.clock.iso())}{frozen}</span>"
        f"<a href='{escape(path)}?lang={other}'>{switch}</a></header>{body}",
        status,
        mimetype="text/html",
    )


# The list


def home(world, request, lang):
    sellers = list(world.sellers.by_id.values())
    seller = world.sellers.by_id.get(request.args.get("seller", "")) or (sellers[0] if sellers else None)
    records = [r for r in world.orders.records.values() if seller and r["merchant_id"] == seller["merchant_id"]]
    records.sort(key=lambda record: record["order"]["createdTime"], reverse=True)
    main = place_form(lang, seller, sellers) + orders_table(lang, records)
    side = trouble(world, lang) + quota(world, lang) + requests(world, lang) + credentials(lang, seller)
    return layout(world, lang, "/", f"<div class='columns'><main>{main}</main><aside>{side}</aside></div>")


def place_form(lang, seller, sellers):
    new = f"<form method='post' action='/page/seller'><button>{say(lang, 'new_seller')}</button></form>"
    if not seller:
        return f"<section><p>{say(lang, 'note')}</p>{new}</section>"
    names = "".join(option(s["merchant_id"], f"{s['store_name']} · {s['merchant_id']}", s is seller) for s in sellers)
    choices = "".join(option(k.name, f"{k.ja if lang == 'ja' else k.en} ({k.name})") for k in kinds.offered(seller))
    return (
        f"<section class='bar'><form method='get' action='/'><label>{say(lang, 'seller')} "
        f"<select name='seller' onchange='this.form.submit()'>{names}</select></label></form>{new}</section>"
        f"<section class='bar'><form method='post' action='/page/place'>"
        f"<input type='hidden' name='merchant_id' value='{escape(seller['merchant_id'])}'>"
        f"<select name='kind'>{choices}</select> <input type='number' name='count' value='1' min='1' max='1000'> "
        f"<button class='main'>{say(lang, 'place')}</button></form><small>{say(lang, 'delay')}</small></section>"
    )


def option(value, text, selected=False):
    return f"<option value='{escape(value)}'{' selected' if selected else ''}>{escape(text)}</option>"


def orders_table(lang, records):
    heads = "".join(
        f"<th>{say(lang, key)}</th>" for key in ("order", "placed", "status", "buyer", "amount", "ship_by", "actions")
    )
    rows = "".join(order_row(lang, record) for record in records[:SHOWN_ORDERS])
    return f"<h2>{say(lang, 'orders')} <small>{len(records)}</small></h2><table><tr>{heads}</tr>{rows}</table>"


def order_row(lang, record):
    order = record["order"]
    fulfillment = order["fulfillment"]
    kind = f"<small title='{escape(record['kind'])}'>{escape(record['kind'])}</small>"
    ship_by = fulfillment.get("shipByWindow", {}).get("latestDateTime")
    return (
        f"<tr><td><a href='/orders-v3/order/{order['orderId']}'>{order['orderId']}</a><br>{kind}</td>"
        f"<td>{local(order, order['createdTime'])}</td><td>{status(lang, order)}</td>"
        f"<td>{escape(order['buyer'].get('buyerName', '')[:24])}</td>"
        f"<td class='number'>{cash(order['proceeds'].get('grandTotal'))}</td><td>{local(order, ship_by)}</td>"
        f"<td>{buttons(lang, order)}</td></tr>"
    )


def status(lang, order):
    code = order["fulfillment"]["fulfillmentStatus"]
    label = f"<span class='status {escape(code)}'>{escape(say(lang, code))}</span>"
    by_amazon = " <span class='status'>FBA</span>" if order["fulfillment"].get("fulfilledBy") == "AMAZON" else ""
    asked = any("cancellationRequest" in item.get("cancellation", {}) for item in order["orderItems"])
    return label + by_amazon + (f"<br><em>{say(lang, 'cancel_requested')}</em>" if asked else "")


def buttons(lang, order):
    actions = list(BUTTONS.get(order["fulfillment"]["fulfillmentStatus"], []))
    if "deliver" in actions and not order.get("packages"):
        actions.remove("deliver")
    path = f"/page/act/{order['orderId']}"
    return "".join(
        f"<form method='post' action='{path}/{action}'><button>{say(lang, action)}</button></form>"
        for action in actions
    )


# Beside the list


def trouble(world, lang):
    names = "".join(option(name, name) for name in faults.targets())
    choices = "".join(option(kind, kind) for kind in faults.KINDS)
    active = "".join(f"<li>{escape(describe(fault.values, lang))}</li>" for fault in world.faults.active)
    return (
        f"<section><h2>{say(lang, 'trouble')}</h2><form method='post' action='/page/fault'>"
        f"<select name='operation'>{names}</select> <select name='kind'>{choices}</select> "
        f"<input type='number' name='times' value='1' min='1'> {say(lang, 'times')} "
        f"<label><input type='checkbox' name='forever'> {say(lang, 'forever')}</label> "
        f"<button>{say(lang, 'order_trouble')}</button></form>"
        f"<ul>{active or '<li>' + say(lang, 'none') + '</li>'}</ul>"
        f"<form method='post' action='/page/clear-faults'><button>{say(lang, 'clear')}</button></form></section>"
    )


def describe(fault, lang):
    left = say(lang, "forever") if fault["times"] is None else f"{fault['times']} {say(lang, 'times')}"
    return f"{fault['kind']} · {fault['operation']} · {left}"


def quota(world, lang):
    current = "off" if world.usage.mode == "off" else "published" if world.usage.factor == 1 else "faster"
    choices = "".join(option(mode, say(lang, mode), mode == current) for mode in ("published", "faster", "off"))
    return (
        f"<section><h2>{say(lang, 'quota')}</h2><form method='post' action='/page/quota'>"
        f"<select name='mode'>{choices}</select> <button>{say(lang, 'set')}</button></form></section>"
    )


def requests(world, lang):
    rows = "".join(
        f"<tr class='{'' if 200 <= entry['status'] < 300 else 'bad'}'><td>{entry['n']}</td>"
        f"<td>{entry['time'][11:19]}</td><td>{escape(entry['operation'])}</td><td>{entry['status']}</td>"
        f"<td>{escape(entry.get('fault', ''))}</td></tr>"
        for entry in reversed(world.log.entries[-SHOWN_REQUESTS:])
    )
    return f"<section><h2>{say(lang, 'requests')}</h2><table class='log'>{rows}</table></section>"


def credentials(lang, seller):
    if not seller:
        return ""
    names = ("merchant_id", "application_id", "client_id", "client_secret", "refresh_token", "marketplaces")
    rows = "".join(f"<dt>{name}</dt><dd><code>{escape(text(seller[name]))}</code></dd>" for name in names)
    return f"<section><details><summary>{say(lang, 'credentials')}</summary><dl>{rows}</dl></details></section>"


def text(value):
    return ", ".join(value) if isinstance(value, list) else str(value)


# An order


def show_order(world, request, lang, order_id):
    record = control.find_record(world, order_id)
    order = record["order"]
    address = order.get("recipient", {}).get("deliveryAddress", {})
    lines = "<br>".join(escape(str(value)) for key, value in address.items() if key not in HIDDEN)
    executions = order.get("payment", {}).get("paymentExecutions", [])
    payments = "<br>".join(f"{escape(e['paymentMethod'])} {cash(e['paymentAmount'])}" for e in executions)
    facts = {
        "status": status(lang, order),
        "placed": local(order, order["createdTime"]),
        "updated": local(order, order["lastUpdatedTime"]),
        "ship_by": local(order, order["fulfillment"].get("shipByWindow", {}).get("latestDateTime")),
        "buyer": "<br>".join(escape(str(value)) for value in order["buyer"].values()),
        "address": lines,
        "payment": payments,
        "amount": cash(order["proceeds"].get("grandTotal")),
    }
    rows = "".join(f"<tr><th>{say(lang, key)}</th><td>{value}</td></tr>" for key, value in facts.items())
    body = (
        f"<main><p><a href='/'>← {say(lang, 'back')}</a></p><h1>{order_id}</h1>"
        f"<p class='bar'>{buttons(lang, order)}</p>"
        f"<table class='facts'>{rows}</table>{items_table(lang, order)}"
        f"{page_parcels.parcels(lang, order)}{page_parcels.history(lang, record)}"
        f"<details><summary>{say(lang, 'json')}</summary>"
        f"<pre>{escape(json.dumps(order, ensure_ascii=False, indent=1))}</pre></details></main>"
    )
    return layout(world, lang, request.path, body)


def items_table(lang, order):
    keys = ("quantity", "shipped_quantity", "open_quantity", "breakdown", "amount")
    heads = f"<th>{say(lang, 'items')}</th>" + "".join(f"<th class='number'>{say(lang, key)}</th>" for key in keys)
    rows = "".join(item_row(item) for item in order["orderItems"])
    return f"<h2>{say(lang, 'items')}</h2><table><tr>{heads}</tr>{rows}</table>"


def item_row(item):
    fulfillment, proceeds = item["fulfillment"], item.get("proceeds", {})
    breakdowns = "<br>".join(f"{escape(b['type'])} {cash(b['subtotal'])}" for b in proceeds.get("breakdowns", []))
    product = item["product"]
    return (
        f"<tr><td>{escape(product.get('title', ''))}<br><small>{escape(product.get('sellerSku', '—'))} · "
        f"{escape(product.get('asin', ''))} · {item['orderItemId']}</small></td>"
        f"<td class='number'>{item['quantityOrdered']}</td><td class='number'>{fulfillment['quantityFulfilled']}</td>"
        f"<td class='number'>{fulfillment['quantityUnfulfilled']}</td><td class='number'>{breakdowns}</td>"
        f"<td class='number'>{cash(proceeds.get('proceedsTotal'))}</td></tr>"
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


def add_seller(world, request, lang):
    world.sellers.add({})
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


def show_feeds(world, request, lang):
    return layout(world, lang, request.path, page_feeds.table(world, lang))


def show_feed(world, request, lang, feed_id):
    return layout(world, lang, request.path, page_feeds.one(world, lang, control.find_feed(world, feed_id)))


def settle_feed(world, request, lang, feed_id, status):
    control.process_feed(world, request, {"status": status}, feed_id)
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
            ("POST", "/page/fault", add_fault),
            ("POST", "/page/clear-faults", clear_faults),
            ("POST", "/page/quota", set_quota),
            ("GET", "/page/feeds", show_feeds),
            ("GET", "/page/feeds/<feed_id>", show_feed),
            ("POST", "/page/feeds/<feed_id>/<status>", settle_feed),
        ]
    ]
)
