"""Vendor Direct Fulfillment transactions: submissions are worked off a while later, and getTransactionStatus tells.

Each kind of submission names what does it: ``WORK[kind]`` is (judge, apply). ``judge(world, seller, entry, at)`` raises
``Failed``; ``apply(world, seller, entry, at, transaction_id)`` does what the entry says.
"""

import uuid

from .errors import not_found
from .times import parse, shift
from .vendor import V1, vendor_operation

PROCESSING, SUCCESS, FAILURE = STATUSES = ("Processing", "Success", "Failure")
WORK = {}


class Failed(Exception):
    """An entry that Amazon does not carry out: code and message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.error = {"code": code, "message": message}


def submitted(call, kind, entries):
    """Take entries (list of JSON) in; the JSON of the answer."""
    world = call.world
    transaction_id = new_id(world)
    world.vendor.transactions[transaction_id] = {
        "id": transaction_id,
        "merchant_id": call.merchant_id,
        "kind": kind,
        "version": call.operation.version,
        "submitted": world.clock.iso(),
        "status": PROCESSING,
        "errors": [],
        "entries": entries,
        "applied": [],
    }
    world.vendor.open.append(transaction_id)
    return {"transactionId": transaction_id}


def new_id(world):
    moment = parse(world.clock.iso())
    return f"{moment:%Y%m%d%H%M%S}-{uuid.UUID(int=world.rng('vendor transaction').getrandbits(128), version=4)}"


@vendor_operation("getTransactionStatus", "GET", "transactions", "transactions/<transactionId>")
def get_transaction_status(call):
    call.only_parameters()
    transaction = call.world.vendor.transactions.get(call.path_args["transactionId"])
    if not transaction or transaction["merchant_id"] != call.merchant_id:
        raise not_found("The transaction was not found.")
    shown = {"transactionId": transaction["id"], "status": transaction["status"]}
    if transaction["errors"]:
        errors = transaction["errors"]
        shown["errors"] = errors if call.operation.version == V1 else {"errors": errors}
    return {"transactionStatus": shown}


# Working them off


def advance(world):
    """Let the transactions be as far as the clock says, in the order they came."""
    seconds = world.settings["vendor_seconds"]
    for transaction_id in list(world.vendor.open if seconds is not None else ()):
        transaction = world.vendor.transactions[transaction_id]
        ready = shift(transaction["submitted"], seconds=seconds)
        if not transaction.get("stuck") and ready <= world.clock.iso():
            settle(world, transaction, transaction.get("fate") or {}, ready)


def settle(world, transaction, values, at=None):
    """End a transaction.

    :param values: {status, errors, applied}: how it ends, and whether Amazon does what it says; what is left out
        follows from the entries
    """
    at = at or world.clock.iso()
    world.vendor.open.remove(transaction["id"])
    errors = []
    if values.get("applied", values.get("status") != FAILURE):
        errors = work(world, transaction, at)
    status = values.get("status") or (FAILURE if errors else SUCCESS)
    transaction.update(status=status, errors=values.get("errors", errors), ended=at)


def work(world, transaction, at):
    """Carry the entries out, or all but those that are wrong; the errors."""
    judge, apply = WORK[transaction["kind"]]
    seller = world.sellers.by_id[transaction["merchant_id"]]
    whole, errors, good = world.settings["vendor_batches"] == "whole", [], []
    for number, entry in enumerate(transaction["entries"]):
        try:
            judge(world, seller, entry, at)
        except Failed as failed:
            errors.append(failed.error)
            continue
        good.append(number)
        if not whole:
            apply(world, seller, entry, at, transaction["id"])
    if whole and errors:
        return errors
    for number in good if whole else ():
        apply(world, seller, transaction["entries"][number], at, transaction["id"])
    transaction["applied"] = good
    return errors


# What all judges look at


def find(world, seller, entry):
    """The record of an entry's order, with the parties that are the order's."""
    number = entry["purchaseOrderNumber"]
    record = world.vendor.of(seller["merchant_id"], number)
    if not record:
        raise Failed("INVALID_ORDER", f"Purchase order {number} does not exist.")
    details = record["order"]["orderDetails"]
    for name in ("sellingParty", "shipFromParty"):
        if entry[name]["partyId"] != details[name]["partyId"]:
            raise Failed("INVALID_PARTY", f"Order ID {number}: {name} is not that of the purchase order.")
    return record


def need_status(record, status, code, message):
    """Refuse unless the order is in this status."""
    order = record["order"]
    if order["orderDetails"]["orderStatus"] == "CANCELLED":
        raise Failed("ORDER_CANCELLED", f"Order ID {order['purchaseOrderNumber']} has been cancelled.")
    if order["orderDetails"]["orderStatus"] != status:
        raise Failed(code, f"Order ID {order['purchaseOrderNumber']} {message}")


def check_lines(record, lines, quantity_name, complete=True):
    """Refuse lines that are not the order's.

    :param quantity_name: of the lines' quantity
    :param complete: whether all that was ordered has to be there
    """
    order = record["order"]
    number, wanted = order["purchaseOrderNumber"], {}
    for item in order["orderDetails"]["items"]:
        wanted[item["itemSequenceNumber"]] = item
    total = {}
    for line in lines:
        item = ordered(wanted, line["itemSequenceNumber"])
        if item is None:
            sequence = line["itemSequenceNumber"]
            raise Failed("INVALID_ITEM_SEQUENCE_NUMBER", f"Order ID {number} has no item with number {sequence}.")
        check_product(number, item, line)
        sequence = item["itemSequenceNumber"]
        total[sequence] = total.get(sequence, 0) + (line[quantity_name].get("amount") or 0)
        if total[sequence] > item["orderedQuantity"]["amount"]:
            raise Failed("INVALID_QUANTITY", f"Order ID {number}: more than was ordered of item {sequence}.")
    missing = [
        sequence
        for sequence, item in wanted.items()
        if complete and total.get(sequence, 0) < item["orderedQuantity"]["amount"]
    ]
    if missing:
        raise Failed("MISSING_ITEMS", f"Order ID {number}: not all of item {', '.join(missing)} is there.")


def ordered(wanted, sequence):
    """The item with a sequence number: acknowledgements name it by its text, the others by a number."""
    if isinstance(sequence, str):
        return wanted.get(sequence)
    return next((item for text, item in wanted.items() if text.isdigit() and int(text) == sequence), None)


def check_product(number, item, line):
    names = ("buyerProductIdentifier", "vendorProductIdentifier")
    given = {name: line[name] for name in names if line.get(name)}
    if not given or any(value != item.get(name) for name, value in given.items()):
        sequence = item["itemSequenceNumber"]
        raise Failed("INVALID_PRODUCT_IDENTIFIER", f"Order ID {number}: item {sequence} is another product.")
