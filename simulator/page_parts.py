"""What several of the web pages show alike."""

import datetime
from decimal import Decimal
from html import escape

from .marketplaces import BY_ID
from .times import parse


def moment(text):
    """Amazon's time text for people (UTC)."""
    return f"{parse(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def local(order, text):
    """Amazon's time text in the time zone of the order's marketplace."""
    marketplace = BY_ID.get(order["salesChannel"].get("marketplaceId"))
    zone = datetime.timezone(datetime.timedelta(hours=marketplace.utc_offset if marketplace else 0))
    return f"<span class='time'>{parse(text).astimezone(zone):%Y-%m-%d %H:%M}</span>" if text else ""


def cash(value):
    """Amazon's Money for people."""
    if not value:
        return ""
    try:
        number = f"{Decimal(value['amount']):,}"
    except ArithmeticError:
        number = escape(value["amount"])
    return f"¥{number}" if value["currencyCode"] == "JPY" else f"{escape(value['currencyCode'])} {number}"
