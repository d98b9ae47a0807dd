"""POST_FLAT_FILE_FULFILLMENT_DATA: one tab separated row for every item (or order) that left."""

import datetime
import re

from . import documents, parcels
from .fulfillment_xml import in_marketplaces
from .operations import SHIPPING_ROLES
from .refusals import Refusal
from .reports import WARNING, Report, write_flat
from .times import parse

ROLES = SHIPPING_ROLES
NEEDED = ("order-id", "ship-date", "carrier-code")
COLUMNS = (
    "order-id",
    "order-item-id",
    "quantity",
    "ship-date",
    "carrier-code",
    "carrier-name",
    "tracking-number",
    "ship-method",
    "cod-collection-method",
    "ship_from_supply_source_id",
)
OF_PARCEL = ("order-id", "ship-date", "carrier-code", "carrier-name", "tracking-number", "ship-method")
write = write_flat


def process(world, seller, feed, document, limit=None):
    """Apply the rows (only the first ``limit``) and report. Rows that agree in everything but the item are a parcel."""
    try:
        rows = read(documents.content_of(document), documents.charset_of(document["content_type"]))
    except Refusal as refusal:
        return Report.reject(refusal)
    report = Report()
    groups = {}
    for number, row in rows[:limit]:
        report.processed += 1
        if isinstance(row, Refusal):
            report.add(number, row)
        else:
            groups.setdefault(tuple(row[name] for name in OF_PARCEL), []).append((number, row))
    for group in groups.values():
        apply(world, feed, group, report)
    report.rows.sort(key=lambda row: row.number)
    return report


def read(content, charset):
    """[(record number, {column: text} or Refusal)]. Undeclared contents are read as Shift_JIS, Japan's tradition."""
    try:
        text = documents.decode(content, charset or "cp932").removeprefix("\ufeff")
    except ValueError:
        raise Refusal("encoding", charset=charset or "Shift_JIS") from None
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    names = [name.strip() for name in lines[0].split("\t")] if lines else []
    check_names(names)
    return [(number, read_row(names, line.split("\t"))) for number, line in enumerate(lines[1:], 1)]


def check_names(names):
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing:
        text = ", ".join([f"unknown {name!r}" for name in unknown] + [f"missing {name!r}" for name in missing])
        raise Refusal("header", error=text)
    if len(set(names)) < len(names):
        raise Refusal("header", error="a column is there twice")


def read_row(names, values):
    if len(values) != len(names):
        return Refusal("columns", given=len(values), wanted=len(names))
    return {**dict.fromkeys(COLUMNS, ""), **{name: value.strip() for name, value in zip(names, values, strict=True)}}


def apply(world, feed, group, report):
    """One parcel: rows that would be refused by themselves are left out, the others leave together."""
    order_id = group[0][1]["order-id"]
    good = []
    for number, row in group:
        try:
            record = find(world, feed, order_id)
            parcels.check(world, record, parcel_of(record["order"], feed, [(number, row)]))
            good.append((number, row))
        except Refusal as refusal:
            report.add(number, refusal, order_id, row["order-item-id"])
    if not good:
        return
    try:
        parcels.confirm(world, record, parcel_of(record["order"], feed, good))
    except Refusal as refusal:
        for number, row in good:
            report.add(number, refusal, order_id, row["order-item-id"])
        return
    for number, row in good:
        if not row["ship-method"]:
            report.add(number, Refusal("ship_method"), order_id, row["order-item-id"], WARNING)


def find(world, feed, order_id):
    record = world.orders.of(feed["merchant_id"], order_id)
    if not record or not in_marketplaces(feed, record):
        raise Refusal("order_unknown", order_id=order_id)
    return record


def parcel_of(order, feed, rows):
    first = rows[0][1]
    if any(row["cod-collection-method"] not in ("", "DirectPayment") for _number, row in rows):
        raise Refusal("cod_invalid", value=first["cod-collection-method"])
    return parcels.Parcel(
        reference=None,
        carrier_code=first["carrier-code"],
        carrier_name=first["carrier-name"],
        method=first["ship-method"],
        tracking=first["tracking-number"],
        ship_date=read_date(first["ship-date"]),
        items=items_of(order, rows),
        cod=next((row["cod-collection-method"] for _number, row in rows if row["cod-collection-method"]), ""),
        origin={"via": "feed", "feed_id": feed["feedId"], "message_id": rows[0][0]},
    )


def read_date(text):
    """A date-time with time zone, or a day."""
    try:
        return parse(text) if "T" in text else datetime.date.fromisoformat(text)
    except ValueError:
        raise Refusal("ship_date", date=text) from None


def items_of(order, rows):
    """A row without an item is the whole rest of the order, one without a quantity the whole rest of the item."""
    open_quantities = parcels.all_open(order)
    result = {}
    for _number, row in rows:
        item_id, quantity = row["order-item-id"], row["quantity"]
        if quantity and not re.fullmatch(r"[1-9]\d{0,8}", quantity):
            raise Refusal("quantity_invalid", item_id=item_id)
        if not item_id:
            for open_id, open_quantity in open_quantities.items():
                result[open_id] = result.get(open_id, 0) + open_quantity
        else:
            result[item_id] = result.get(item_id, 0) + int(quantity or open_quantities.get(item_id) or 1)
    return result
