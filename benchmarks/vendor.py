"""A vendor's orders, read, accepted, labelled and confirmed, against one call an order."""

from collections import Counter
from datetime import datetime, timedelta, timezone

from confirmations import measured_on_base, own, query
from setting import WARM_UP, machine, setting

# What is promised: calls in each 100 orders, where Amazon takes lists.
CALLS = 10
STEPS = ("read", "accepted", "labelled", "left", "confirmed")


def from_order_to_confirmation(options):
    """Do it with so many orders of one vendor, and one by one with those of another."""
    with setting(1, warm=(1, 1)) as (amazon, seller, _warm):
        amazon.post("settings", vendor_seconds=0)
        vendors = [_vendor(amazon, number) for number in range(4)]
        counts = (options.orders, options.baseline, WARM_UP, WARM_UP)
        for vendor, count in zip(vendors, counts, strict=True):
            _place(amazon, vendor, count)
        measured_on_base("connect vendors", {"merchant_id": seller["merchant_id"], "vendors": vendors})
        measured, other, warm, warm_other = vendors
        plain, plain_calls = _measured(amazon, "vendor each", other, warm_other, options)
        together, calls = _measured(amazon, "vendor", measured, warm, options)
        states = Counter(
            state
            for [state] in query(
                "SELECT amazon_api_status FROM sale_order JOIN amazon_account account ON account.id = amazon_account_id"
                " WHERE vendor_party = %s",
                measured["party"],
            )
        )
    return _report(options, (plain, plain_calls), (together, calls), states)


def _vendor(amazon, number):
    party = f"SIM{number}"
    return {**amazon.seller(vendor={"selling_party": party}), "party": party}


def _place(amazon, vendor, count):
    placed = (datetime.now(timezone.utc) - timedelta(minutes=30)).isoformat()
    amazon.post(
        "vendor/orders",
        merchant_id=vendor["merchant_id"],
        kind="vendor_two_lines",
        count=count,
        created=placed,
        spread_seconds=600,
    )


def _measured(amazon, role, vendor, warm, options):
    """Return what a worker measured, and how often it called each operation."""
    task = {
        "merchant_id": vendor["party"],
        "warm": [warm["party"]],
        "orders": options.orders,
        "profile": options.profile,
    }
    amazon.control("DELETE", "requests")
    result = measured_on_base(role, task)
    calls = Counter(
        request["operation"]
        for request in amazon.get("requests")
        if request.get("merchant_id") == vendor["merchant_id"] and request.get("operation") != "token"
    )
    return result, calls


def _report(options, plain, together, states):
    """Print the table."""
    machine(f"{options.orders} orders of two lines of a vendor whose labels Amazon makes; afterwards: {dict(states)}")
    print(
        f"{'':<44}{'s':>8}{'of them HTTP':>14}{'ms each':>9}{'queries each':>14}{'calls a 100':>13}{'× baseline':>12}"
    )
    (base, _calls), rates = plain, []
    each = own(base) / options.baseline
    for label, (result, calls), orders in (
        (f"baseline: {options.baseline} orders, a call each", plain, options.baseline),
        ("all together", together, options.orders),
    ):
        rates.append(sum(calls.values()) * 100 / orders)
        mine = own(result) / orders
        print(
            f"{label:<44}{result['seconds']:>8.1f}{result['http']:>14.1f}{mine * 1000:>9.1f}"
            f"{result['queries'] / orders:>14.1f}{rates[-1]:>13.1f}{each / mine:>12.1f}"
        )
    print()
    for step in STEPS:
        once = base["result"][step] / options.baseline
        mine = together[0]["result"][step] / options.orders
        note = "  (Odoo's own work)" if step == "left" else ""
        print(f"{step:<12}{mine * 1000:>8.1f} ms each, {once / mine:>6.1f} × baseline{note}")
    print()
    for operation, count in sorted(together[1].items()):
        print(f"{operation:<32}{count:>6} calls, {count * 100 / options.orders:>6.1f} in each 100 orders")
    return int(rates[-1] > CALLS or set(states) != {"done"})
