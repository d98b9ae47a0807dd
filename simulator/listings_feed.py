"""JSON_LISTINGS_FEED, version 2.0: what is submitted for many SKUs at once, and the processing report about it."""

import json
import re

from . import availability, documents, listings
from .errors import AmazonError
from .listing_issues import ERROR, WARNING, Issue, rejected
from .reports import Report, Row, languages

ROLES = listings.ROLES
VERSION = "2.0"
MOST_MESSAGES = 25_000
MOST_ID = 2**31 - 1
MOST_SKU = 40  # characters
CONTENT_TYPE = "application/json; charset=UTF-8"
# Operation -> what a message has beside messageId, sku and operationType, and what it may have
SHAPES = {
    "UPDATE": ({"productType", "attributes"}, {"requirements"}),
    "PARTIAL_UPDATE": ({"productType", "attributes"}, set()),
    "PATCH": ({"productType", "patches"}, set()),
    "DELETE": (set(), set()),
}
KINDS = {"productType": str, "attributes": dict, "patches": list, "requirements": str}
OF_FEED = {"too_large": "5003", "aborted": "5002"}  # refusals of any feed -> codes


def process(world, seller, feed, document, limit=None):
    """Accept the messages (only the first ``limit``) and report. One that breaks the schema spoils the whole feed."""
    data, flaws = read(documents.content_of(document), seller)
    if flaws:
        report = Report(
            rejected=True, rows=[Row(number, ERROR.capitalize(), issue, sku=sku) for number, sku, issue in flaws]
        )
    else:
        report = Report()
        for message in data["messages"][:limit]:
            report.processed += 1
            submit(world, feed, message, report)
        world.listings.advance()
    report.locale = locale_of(data, seller)
    return report


# The document


def read(content, seller):
    """(its JSON, what makes it unreadable: [(message id or None, SKU, Issue)])."""
    try:
        data = json.loads(content.decode())
    except ValueError as error:
        return None, [(None, "", Issue.of("4002001", (), error=error))]
    if not isinstance(data, dict):
        return None, [(None, "", Issue.of("4002001", (), error="It is not an object."))]
    issue = header_flaw(data.get("header"), seller) or body_flaw(data)
    return data, [(None, "", issue)] if issue else message_flaws(data["messages"])


def header_flaw(header, seller):
    if not isinstance(header, dict) or header.get("sellerId") != seller["merchant_id"]:
        return Issue.of("4002005", ())
    if header.get("version") != VERSION:
        return Issue.of("4002006", (), version=header.get("version"))
    if unknown := header.keys() - {"sellerId", "version", "issueLocale", "report"}:
        return Issue.of("4002001", (), error=f"Unknown field of the header: {min(unknown)}.")
    report = header.get("report", {"includedData": [], "apiVersion": "2021-08-01"})
    if not isinstance(report, dict) or report.keys() != {"includedData", "apiVersion"}:
        return Issue.of("4002001", (), error="The header's report has includedData and apiVersion.")
    included = report["includedData"]
    if not isinstance(included, list) or any(name not in listings.SECTIONS for name in included):
        return Issue.of("4002001", (), error="The header's report has an invalid includedData.")
    return None


def body_flaw(data):
    if unknown := data.keys() - {"header", "messages"}:
        return Issue.of("4002001", (), error=f"Unknown field: {min(unknown)}.")
    messages = data.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MOST_MESSAGES:
        return Issue.of("4002001", (), error=f"A feed has 1 to {MOST_MESSAGES} messages.")
    return None


def message_flaws(messages):
    flaws, ids = [], set()
    for message in messages:
        error = message_flaw(message, ids)
        if error:
            shown = message if isinstance(message, dict) else {}
            number = shown.get("messageId") if is_id(shown.get("messageId")) else None
            flaws.append((number, str(shown.get("sku", "")), Issue.of("4002008", (), error=error)))
    return flaws


def is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_ID


def message_flaw(message, ids):
    """How a message breaks the schema, or None; ``ids`` are those of the messages before."""
    if not isinstance(message, dict) or not is_id(message.get("messageId")):
        return f"messageId is an integer between 1 and {MOST_ID}."
    if message["messageId"] in ids:
        return f"messageId {message['messageId']} is not unique."
    ids.add(message["messageId"])
    sku, operation = message.get("sku"), message.get("operationType")
    if not isinstance(sku, str) or not 1 <= len(sku) <= MOST_SKU:
        return f"sku is a text of 1 to {MOST_SKU} characters."
    if operation not in SHAPES:
        return f"operationType is one of {', '.join(SHAPES)}."
    return shape_flaw(message, *SHAPES[operation])


def shape_flaw(message, needed, allowed):
    fields = message.keys() - {"messageId", "sku", "operationType"}
    if missing := needed - fields:
        return f"{min(missing)} is missing."
    if unknown := fields - needed - allowed:
        return f"{min(unknown)} is not allowed."
    for name in fields:
        if not isinstance(message[name], KINDS[name]) or not message[name]:
            return f"{name} is invalid."
    try:
        availability.check_patches(patches_of(message))
    except AmazonError as error:
        return str(error)
    return None


def patches_of(message):
    """A message's patch operations; what a partial update names, it replaces."""
    if "patches" in message:
        return message["patches"]
    attributes = message.get("attributes", {"none": []})
    return [{"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in attributes.items()]


# The messages


def submit(world, feed, message, report):
    """Judge one message in all marketplaces of the feed, and accept it if there is no error in any."""
    found = [judged(world, feed, marketplace, message) for marketplace in feed["marketplaceIds"]]
    issues = list({(one.code, one.attributes, one.text("en_US")): one for some in found for one in some}.values())
    for issue in issues:
        report.rows.append(Row(message["messageId"], issue.severity.capitalize(), issue, sku=message["sku"]))
    if rejected(issues):
        return
    for marketplace in feed["marketplaceIds"]:
        world.listings.accept(
            feed["merchant_id"],
            marketplace,
            message["sku"],
            message["productType"],
            patches_of(message),
            submission=feed.get("submission", 0),
            via="feed",
            time=feed["createdTime"],
            accepted=feed.get("processingEndTime") or world.clock.iso(),
            feed_id=feed["feedId"],
            message_id=message["messageId"],
        )


def judged(world, feed, marketplace, message):
    if message["operationType"] not in ("PATCH", "PARTIAL_UPDATE"):
        return [Issue.of("NOT_SIMULATED", (), name=message["operationType"])]
    listing = world.listings.get(feed["merchant_id"], marketplace, message["sku"])
    patches = patches_of(message)
    if any(availability.is_deep(patch["path"]) for patch in patches):
        return [Issue.of("BAD_REQUEST", ())]
    issues = availability.judge(patches, listing, message["productType"], marketplace)
    # What a patch call is told in detail, a feed is told in two words.
    issues = [Issue.of("BAD_REQUEST", ()) if issue.code == "99022" else issue for issue in issues]
    return issues + [Issue.ordered(values) for values in listing.write_issues] if listing else issues


# The processing report


def locale_of(data, seller):
    header = data.get("header") if isinstance(data, dict) else None
    wanted = header.get("issueLocale") if isinstance(header, dict) else None
    if isinstance(wanted, str) and re.fullmatch(r"[a-z]{2}_[A-Z]{2}", wanted):
        return wanted
    return "ja_JP" if languages(seller)[0] == "ja" else "en_US"


def write(report, seller, feed_id):
    """(content type, bytes): messages that were accepted have no issue, or warnings only."""
    issues = [shown(row, report.locale or locale_of(None, seller)) for row in report.rows]
    invalid = report.processed - report.successful
    content = {
        "header": {"sellerId": "" if report.rejected else seller["merchant_id"], "version": VERSION, "feedId": feed_id},
        "issues": issues,
        "summary": {
            "errors": sum(issue["severity"] == ERROR for issue in issues),
            "warnings": sum(issue["severity"] == WARNING for issue in issues),
            "messagesProcessed": report.processed,
            "messagesAccepted": report.successful,
            "messagesInvalid": invalid,
        },
    }
    return CONTENT_TYPE, json.dumps(content, ensure_ascii=False).encode()


def shown(row, locale):
    issue = row.refusal
    if not isinstance(issue, Issue):
        issue = Issue.of(OF_FEED[issue.key], (), **issue.facts)
    result = {
        "messageId": row.number or None,
        "sku": row.sku or None,
        "code": issue.code,
        "severity": issue.severity,
        "message": issue.text(locale),
        "attributeName": issue.attributes[0] if issue.attributes else None,
    }
    return {name: value for name, value in result.items() if value is not None}
