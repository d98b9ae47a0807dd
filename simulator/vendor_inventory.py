"""Vendor Direct Fulfillment Inventory v1: what a warehouse can ship."""

from . import vendor_bodies as bodies
from .vendor import V1, facts_of, vendor_operation
from .vendor_transactions import WORK, Failed, submitted


@vendor_operation(
    "submitInventoryUpdate", "POST", "inventory", "warehouses/<warehouseId>/items", versions=(V1,), status=202
)
def submit_inventory_update(call):
    call.only_parameters()
    bodies.check_body(call.body, "inventory", bodies.INVENTORY)
    return submitted(call, "inventory", [{**call.body["inventory"], "warehouse": call.path_args["warehouseId"]}])


def judge(world, seller, entry, at):
    facts = facts_of(seller)
    if entry["sellingParty"]["partyId"] != facts["selling_party"]:
        raise Failed("INVALID_PARTY", "sellingParty is not that of the vendor.")
    if entry["warehouse"] not in facts["warehouses"]:
        raise Failed("INVALID_WAREHOUSE", f"The vendor has no warehouse {entry['warehouse']}.")
    for item in entry["items"]:
        refused = {item.get("vendorProductIdentifier"), item.get("buyerProductIdentifier")} & {
            *facts["refused_products"]
        }
        if refused:
            name = f"Product {min(refused)}" if facts["names_refused"] else "A product"
            raise Failed("INVALID_PRODUCT_IDENTIFIER", f"{name} is not one of the vendor's.")
        if not (item.get("buyerProductIdentifier") or item.get("vendorProductIdentifier")):
            raise Failed("INVALID_PRODUCT_IDENTIFIER", "An item has no product identifier.")
        if (item["availableQuantity"].get("amount") or 0) < 0:
            raise Failed("INVALID_QUANTITY", "availableQuantity must not be negative.")


def apply(world, seller, entry, at, transaction_id):
    """What is not named becomes unavailable when the update is a full one."""
    stock = world.vendor.stock.setdefault(f"{seller['merchant_id']}|{entry['warehouse']}", {})
    if entry["isFullUpdate"]:
        for known in stock.values():
            known.update(quantity=0, time=at)
    for item in entry["items"]:
        name = item.get("vendorProductIdentifier") or item["buyerProductIdentifier"]
        quantity = item["availableQuantity"].get("amount") or 0
        stock[name] = {"quantity": quantity, "obsolete": bool(item.get("isObsolete")), "time": at}


WORK["inventory"] = (judge, apply)
