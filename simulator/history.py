"""What was told about an order's parcels, one after the other, and what the API does not show of it yet."""

import json

from .times import shift


def add(record, package, told):
    """Note an accepted shipment. ``told``: time, via, edit and what the package itself does not show."""
    entry = {
        **told,
        "reference": package["packageReferenceId"],
        "items": package["packageItems"],
        "carrier": package.get("carrier", ""),
        "method": package.get("shippingService", ""),
        "tracking": package.get("trackingNumber", ""),
        "ship_date": package["shipTime"],
    }
    record.setdefault("confirmations", []).append(copied(entry))


def before_packages_change(world, record):
    """The API goes on showing the packages as they are now until the packages delay is over."""
    now, delay = world.clock.iso(), world.settings["packages_delay"]
    record["unseen"] = [change for change in record.get("unseen", []) if change["until"] > now]
    if delay:
        before = copied(record["order"].get("packages", []))
        record["unseen"].append({"until": shift(now, seconds=delay), "packages": before})


def packages_shown(world, record):
    """The order's packages as the API shows them."""
    now = world.clock.iso()
    unseen = next((change for change in record.get("unseen", []) if change["until"] > now), None)
    return unseen["packages"] if unseen else record["order"].get("packages", [])


def copied(data):
    return json.loads(json.dumps(data))
