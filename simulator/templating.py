"""The web pages' templates, and how they write times, amounts and carriers."""

import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import carriers
from .marketplaces import BY_ID
from .times import parse
from .words import say

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name, lang, **values):
    """The text of a template.

    :param lang: ``en`` or ``ja``; templates get its words by ``say(key)``
    :param values: what else the template knows by name
    """
    return TEMPLATES.get_template(name).render(lang=lang, say=partial(say, lang), **values)


def moment(text):
    """Amazon's time text for people (UTC)."""
    return f"{parse(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def local(text, order):
    """Amazon's time text in the time zone of the order's marketplace."""
    marketplace = BY_ID.get(order["salesChannel"].get("marketplaceId"))
    zone = datetime.timezone(datetime.timedelta(hours=marketplace.utc_offset if marketplace else 0))
    return f"{parse(text).astimezone(zone):%Y-%m-%d %H:%M}"


def cash(value):
    """Amazon's Money for people."""
    if not value:
        return ""
    try:
        number = f"{Decimal(value['amount']):,}"
    except ArithmeticError:
        number = value["amount"]
    return f"¥{number}" if value["currencyCode"] == "JPY" else f"{value['currencyCode']} {number}"


def lines(values):
    """HTML with a line for each of the values."""
    return Markup("<br>").join(map(str, values))


def shipped(entry, order):
    """An item of a parcel with its quantity."""
    titles = {item["orderItemId"]: item["product"].get("title", "") for item in order["orderItems"]}
    return f"{titles.get(entry['orderItemId'], entry['orderItemId'])[:80]} × {entry['quantity']}"


def store(marketplace_id):
    """A marketplace's code."""
    return BY_ID[marketplace_id].code


TEMPLATES.filters |= {
    "store": store,
    "moment": moment,
    "local": local,
    "cash": cash,
    "lines": lines,
    "shipped": shipped,
    "carrier": carriers.shown,
}
