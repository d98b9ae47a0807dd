"""On an order's page: its parcels as the buyer sees them, and everything the seller told Amazon about them."""

from html import escape

from . import carriers
from .page_parts import local
from .words import say


def parcels(lang, order):
    cards = "".join(card(lang, order, package) for package in order.get("packages", []))
    return f"<h2>{say(lang, 'buyer_sees')}</h2>{cards or '<p>' + say(lang, 'none') + '</p>'}"


def card(lang, order, package):
    state = package["packageStatus"]["status"]
    tracking = package.get("trackingNumber")
    number = f"<b>{escape(tracking)}</b>" if tracking else f"<em>{say(lang, 'no_tracking')}</em>"
    items = "".join(f"<li>{item}</li>" for item in items_of(order, package["packageItems"]))
    return (
        f"<section class='parcel'><h3><span class='status {escape(state)}'>{escape(say(lang, state))}</span> "
        f"{escape(carriers.shown(package.get('carrier', ''), lang))} "
        f"<small>{escape(package.get('shippingService', ''))}</small></h3>"
        f"<div>{say(lang, 'tracking')}: {number}<br>"
        f"{say(lang, 'shipped_on')}: {local(order, package.get('shipTime'))}<br>"
        f"{say(lang, 'told_on')}: {local(order, package.get('createdTime'))}<br>"
        f"<small>{say(lang, 'reference')}: {escape(package['packageReferenceId'])}</small></div>"
        f"<ul>{items}</ul></section>"
    )


def items_of(order, entries):
    """HTML of each item with its quantity."""
    titles = {item["orderItemId"]: item["product"].get("title", "") for item in order["orderItems"]}
    return [f"{escape(titles.get(e['orderItemId'], e['orderItemId'])[:80])} × {e['quantity']}" for e in entries]


def history(lang, record):
    keys = ("told_on", "reference", "via", "carrier", "method", "tracking", "shipped_on", "items")
    heads = "".join(f"<th>{say(lang, key)}</th>" for key in keys)
    rows = "".join(row(lang, record["order"], entry) for entry in record.get("confirmations", []))
    table = f"<table><tr>{heads}</tr>{rows}</table>" if rows else f"<p>{say(lang, 'none')}</p>"
    return f"<h2>{say(lang, 'history')}</h2>{table}"


def row(lang, order, entry):
    feed = entry.get("feed_id")
    link = f"<br><a href='/page/feeds/{feed}'>{feed}</a> #{entry['message_id']}" if feed else ""
    return (
        f"<tr><td>{local(order, entry['time'])}</td>"
        f"<td>{escape(entry['reference'])} <small>({say(lang, 'edit' if entry['edit'] else 'first')})</small></td>"
        f"<td><span class='time'>{escape(say(lang, entry['via']))}</span>{link}</td>"
        f"<td>{escape(carriers.shown(entry['carrier'], lang))}</td>"
        f"<td>{escape(entry['method'])}</td><td>{escape(entry['tracking'])}</td>"
        f"<td>{local(order, entry['ship_date'])}</td><td>{'<br>'.join(items_of(order, entry['items']))}</td></tr>"
    )
