"""What feeds and reports have in common: a life in a queue, and how they are searched for."""

from .errors import invalid_input, not_found
from .orders import read_list, read_marketplaces
from .signing import seal, unseal
from .times import shift

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
OPEN = ("IN_QUEUE", "IN_PROGRESS")
KEPT_DAYS = 90


def is_kept(world, record):
    return shift(record["createdTime"], days=KEPT_DAYS) > world.clock.iso()


def shown(record, names):
    """What Amazon shows of a record."""
    return {name: record[name] for name in names if name in record}


def find(call, kind, records):
    """The seller's record that the call's path names.

    :param kind: ``feed`` or ``report``
    :param records: all there are, by id
    """
    number = call.path_args[f"{kind}Id"]
    record = records.get(number)
    if not record or record["merchant_id"] != call.merchant_id or not is_kept(call.world, record):
        raise not_found(f"{kind.capitalize()} {number} was not found.")
    return record


def cancelled(call, kind, records):
    """The seller's record that the call's path names, if it can still be cancelled."""
    record = find(call, kind, records)
    if record["processingStatus"] != "IN_QUEUE":
        number, status = record[f"{kind}Id"], record["processingStatus"]
        raise invalid_input(f"{kind.capitalize()} {number} is {status} and cannot be cancelled.")
    return record


# The search


def search(call, kind, records, names):
    """One page of a seller's records, the newest first: the JSON of getFeeds and getReports.

    :param kind: ``feed`` or ``report``
    :param names: what is shown of each
    """
    filters = (f"{kind}Types", "processingStatuses", "marketplaceIds", "createdSince", "createdUntil", "pageSize")
    call.only_parameters(*filters, "nextToken")
    token, now = call.query.get("nextToken"), call.world.clock.iso()
    purpose = f"{kind} nextToken {call.merchant_id}"
    if token is None:
        wanted = {**read_filters(call, kind, now), "after": None}
    elif len(call.query) > 1:
        raise invalid_input("nextToken must be the only parameter.")
    else:
        wanted = unseal(call.world, purpose, token)
        if not wanted:
            raise invalid_input("The nextToken is invalid.")
    found = sorted(
        (
            record
            for record in records
            if record["merchant_id"] == call.merchant_id and meets(record, record[f"{kind}Type"], wanted)
        ),
        key=lambda record: -record["number"],
    )
    page = found[: wanted["size"]]
    body = {f"{kind}s": [shown(record, names) for record in page]}
    if len(found) > len(page):
        body["nextToken"] = seal(call.world, purpose, {**wanted, "after": page[-1]["number"]})
    return body


def read_filters(call, kind, now):
    types = read_list(call, f"{kind}Types", most=10)
    if not types:
        raise invalid_input(f"Either {kind}Types or nextToken is required.")
    text = call.query.get("pageSize", "10")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid_input("pageSize must be a number between 1 and 100.")
    oldest = shift(now, days=-KEPT_DAYS)
    return {
        "types": types,
        "statuses": read_list(call, "processingStatuses", STATUSES),
        "marketplaces": read_marketplaces(call),
        "since": max(oldest, read_time(call, "createdSince", oldest)),
        "until": read_time(call, "createdUntil", now),
        "size": int(text),
    }


def read_time(call, name, default):
    try:
        return shift(call.query[name]) if name in call.query else default
    except ValueError:
        raise invalid_input(f"Parameter {name} is not an ISO 8601 date-time.") from None


def meets(record, record_type, wanted):
    marketplaces, statuses = wanted["marketplaces"], wanted["statuses"]
    return (
        record_type in wanted["types"]
        and (statuses is None or record["processingStatus"] in statuses)
        and (marketplaces is None or bool(set(marketplaces) & set(record["marketplaceIds"])))
        and wanted["since"] <= record["createdTime"] <= wanted["until"]
        and (wanted["after"] is None or record["number"] < wanted["after"])
    )


# The queue


def advance(world, kind, records, total, finish):
    """Let records be as far as the clock says; those of a seller and type one after the other.

    :param records: oldest first
    :param total: seconds from creating to the end, a third of it in the queue; None: nothing moves
    :param finish: ``finish(record, at)`` ends one
    """
    waiting, free = set(), {}
    for record in records:
        key = (record["merchant_id"], record[f"{kind}Type"])
        if record["processingStatus"] in OPEN and key not in waiting and total is not None and not record.get("stuck"):
            go_on(world, record, total, free.get(key, ""), finish)
        if record["processingStatus"] in OPEN:
            waiting.add(key)
        else:
            free[key] = max(free.get(key, ""), record["processingEndTime"])


def go_on(world, record, total, free, finish):
    now = world.clock.iso()
    if record["processingStatus"] == "IN_QUEUE":
        begin = max(shift(record["createdTime"], seconds=total / 3), free)
        if begin > now:
            return
        record.update(processingStatus="IN_PROGRESS", processingStartTime=begin)
    ready = shift(record["processingStartTime"], seconds=total - total / 3)
    if ready <= now:
        finish(record, ready)
