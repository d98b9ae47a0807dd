"""Orders API v0: confirmShipment, the one operation of v0 that stays."""

import re

from . import parcels
from .errors import invalid_input, not_found
from .marketplaces import BY_ID
from .operations import SHIPPING_ROLES, operation
from .refusals import Refusal
from .times import parse

ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")
STRINGS = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate")
OPTIONAL_STRINGS = ("carrierName", "shippingMethod", "shipFromSupplySourceId")


@operation(
    "confirmShipment",
    "POST",
    "/orders/v0/orders/<orderId>/shipmentConfirmation",
    rate=2,
    burst=10,
    roles=SHIPPING_ROLES,
    model="ordersV0.json",
    status=204,
)
def confirm_shipment(call):
    """The order of the caller's ships in the parcel of the body; nothing is answered (204)."""
    call.only_parameters()
    order_id = call.path_args["orderId"]
    check_body(call.body)
    if not ORDER_ID.fullmatch(order_id):
        raise invalid_input(f"Invalid value for the order id: {order_id}.")
    record = call.world.orders.of(call.merchant_id, order_id)
    if not record:
        raise not_found(f"Order {order_id} was not found.")
    try:
        parcel = read_parcel(call, record["order"])
        parcels.confirm(call.world, record, parcel)
    except Refusal as refusal:
        raise invalid_input(refusal.text()) from None


def read_parcel(call, order):
    detail = call.body["packageDetail"]
    marketplace = call.body["marketplaceId"]
    if marketplace not in BY_ID or marketplace != order["salesChannel"].get("marketplaceId"):
        raise Refusal("marketplace", order_id=order["orderId"])
    if not detail["trackingNumber"] and call.world.settings["empty_tracking"] == "refuse":
        raise Refusal("tracking_missing")
    try:
        ship_date = parse(detail["shipDate"])
    except ValueError:
        raise Refusal("ship_date", date=detail["shipDate"]) from None
    items, codes = {}, {}
    for entry in detail["orderItems"]:
        item_id = entry["orderItemId"]
        if entry["quantity"] < 1:
            raise Refusal("quantity_invalid")
        items[item_id] = items.get(item_id, 0) + entry["quantity"]
        codes[item_id] = codes.get(item_id, []) + (entry.get("transparencyCodes") or [])
    return parcels.Parcel(
        reference=detail["packageReferenceId"],
        carrier_code=detail["carrierCode"],
        carrier_name=detail.get("carrierName") or "",
        method=detail.get("shippingMethod") or "",
        tracking=detail["trackingNumber"],
        ship_date=ship_date,
        items=items,
        codes=codes,
        cod=call.body.get("codCollectionMethod") or "",
        origin={"via": "confirmShipment"},
    )


# The body, held against Amazon's model; fields it does not know are ignored


def check_body(body):
    detail = body.get("packageDetail") if isinstance(body, dict) else None
    if not isinstance(body, dict):
        raise invalid_input("Request has missing or invalid parameters and cannot be parsed.")
    missing = [name for name in ("marketplaceId", "packageDetail") if body.get(name) is None]
    wrong = [] if isinstance(body.get("marketplaceId", ""), str) else ["marketplaceId"]
    if isinstance(detail, dict):
        missing += [f"packageDetail.{name}" for name in (*STRINGS, "orderItems") if detail.get(name) is None]
        wrong += [
            f"packageDetail.{name}"
            for name in (*STRINGS, *OPTIONAL_STRINGS)
            if detail.get(name) is not None and not isinstance(detail[name], str)
        ]
    elif detail is not None:
        wrong.append("packageDetail")
    complain("missing required fields", missing)
    complain("fields with invalid type", wrong)
    if body.get("codCollectionMethod") not in (None, "DirectPayment"):
        raise invalid_input(Refusal("cod_invalid", value=body["codCollectionMethod"]).text())
    check_items(detail["orderItems"])


def check_items(items):
    # Amazon's own answer to an object instead of a list.
    if not isinstance(items, list):
        raise invalid_input(Refusal("item_unknown").text())
    missing, wrong = [], []
    for number, item in enumerate(items):
        where = f"packageDetail.orderItems[{number}]"
        if not isinstance(item, dict):
            wrong.append(where)
            continue
        missing += [f"{where}.{name}" for name in ("orderItemId", "quantity") if item.get(name) is None]
        quantity, codes = item.get("quantity", 1), item.get("transparencyCodes") or []
        if not isinstance(item.get("orderItemId", ""), str):
            wrong.append(f"{where}.orderItemId")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            wrong.append(f"{where}.quantity")
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            wrong.append(f"{where}.transparencyCodes")
    complain("missing required fields", missing)
    complain("fields with invalid type", wrong)


def complain(about, names):
    if names:
        raise invalid_input(f"Request has {about} [{', '.join(names)}]")
