"""The attribute ``fulfillment_availability``: what may be submitted for it, and what each operation makes of it.

A listing's availability is {channel code: {"quantity", "lead_time_to_ship_max_days", "restock_date"}}.
"""

import datetime
import re

from .errors import invalid_input
from .listing_issues import Issue

DEFAULT = "DEFAULT"  # the seller ships
ATTRIBUTE = "fulfillment_availability"
SELECTORS = ("fulfillment_channel_code", "marketplace_id")
FIELDS = ("quantity", "lead_time_to_ship_max_days", "restock_date")
OPERATIONS = ("add", "replace", "merge", "delete")
ANY_TYPE = "PRODUCT"
MOST_DAYS = 30
MOST_UNITS = 999_999_999


def by_amazon(channel):
    return channel.startswith("AMAZON_")


def check_patches(patches):
    """Refuse (400) what is not a list of patch operations."""
    if not isinstance(patches, list) or not patches:
        raise invalid_input("'patches' must be a list with at least one operation.")
    for index, patch in enumerate(patches):
        if error := flaw(patch, index):
            raise invalid_input(error)


def flaw(patch, index):
    """What is wrong with the form of one patch operation, or None."""
    if not isinstance(patch, dict) or patch.get("op") not in OPERATIONS:
        return f"Patch at index of {index} has no op that is one of {', '.join(OPERATIONS)}."
    if unknown := patch.keys() - {"op", "path", "value"}:
        return f"Patch at index of {index} has an unknown field: {min(unknown)}."
    if not isinstance(patch.get("path"), str):
        return f"Path is missing for patch at index of {index}"
    if "value" not in patch:
        return f"Value is missing for patch at index of {index}"
    if not isinstance(patch["value"], list) or not all(isinstance(element, dict) for element in patch["value"]):
        return f"Value must be a list of objects for patch at index of {index}"
    return None


def is_deep(path):
    """Whether a path leads anywhere but to a top-level attribute."""
    return not re.fullmatch(r"/attributes/[^/]+", path)


def judge(patches, listing, product_type, marketplace_id):
    """The Issues of patch operations that are well formed and lead to top-level attributes.

    :param listing: the Listing they are for, None when there is none
    """
    issues = []
    if listing and not listing.ghost and product_type not in (ANY_TYPE, listing.product_type):
        issues.append(Issue.of("90220", ("brand",), name="brand"))
    for patch in patches:
        if patch["path"] != f"/attributes/{ATTRIBUTE}":
            issues.append(Issue.of("90000900", (patch["path"].rpartition("/")[2],)))
            continue
        if not patch["value"]:
            issues.append(Issue.of("99022", name="fulfillment_channel_code"))
        for element in patch["value"]:
            issues += judge_element(patch["op"], element, marketplace_id)
    return issues


def judge_element(op, element, marketplace_id):
    channel = element.get("fulfillment_channel_code")
    if not channel:
        return [Issue.of("99022", name="fulfillment_channel_code")]
    if element.keys() - {*SELECTORS, *FIELDS}:
        return [Issue.of("90000900")]
    if not isinstance(channel, str) or channel != DEFAULT and not by_amazon(channel):
        return [Issue.of("90244", name="fulfillment_channel_code", value=channel)]
    if element.get("marketplace_id", marketplace_id) != marketplace_id:
        return [Issue.of("90244", name="marketplace_id", value=element["marketplace_id"])]
    if op == "delete":
        return []
    if channel == DEFAULT and "quantity" not in element:
        # A lead time or a restock date cannot be sent alone, not even merged.
        return [Issue.of("90220", name="quantity")]
    if channel != DEFAULT and element.keys() & set(FIELDS):
        name = min(element.keys() & set(FIELDS))
        return [Issue.of("90244", name=name, value=element[name])]
    return [
        Issue.of("90244", name=name, value=element[name])
        for name in FIELDS
        if name in element and not CHECKS[name](element[name])
    ]


def is_integer(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def is_date(value):
    try:
        return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)) and bool(date(value))
    except ValueError:
        return False


date = datetime.date.fromisoformat
CHECKS = {
    "quantity": lambda value: is_integer(value, MOST_UNITS),
    "lead_time_to_ship_max_days": lambda value: is_integer(value, MOST_DAYS),
    "restock_date": is_date,
}


def change(availability, op, value, flips=False):
    """Carry out a patch operation that was judged, in place.

    ``merge`` keeps what is not named; ``add`` and ``replace`` rewrite the channel, so that its lead time is the
    account's again. Channels that are not named stay; whoever sells by Amazon and is sent DEFAULT has both then.

    :param flips: whether DEFAULT takes the listing away from Amazon's channel instead
    """
    for element in value:
        channel = element["fulfillment_channel_code"]
        fields = {name: element[name] for name in FIELDS if name in element}
        if op == "delete":
            availability.pop(channel, None)
            continue
        availability[channel] = {**availability.get(channel, {}), **fields} if op == "merge" else fields
        if by_amazon(channel):
            availability.pop(DEFAULT, None)
        elif flips:
            for other in [name for name in availability if by_amazon(name)]:
                del availability[other]


def written(availability):
    """The attribute's JSON."""
    return [{"fulfillment_channel_code": channel, **fields} for channel, fields in availability.items()]


def shown(availability):
    """The JSON of what can be bought: quantities of the seller's own channel only."""
    return [
        {"fulfillmentChannelCode": channel, **({"quantity": fields["quantity"]} if "quantity" in fields else {})}
        for channel, fields in availability.items()
    ]
