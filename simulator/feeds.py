"""Feeds API 2021-06-30, and how feeds are worked off as time goes by."""

import hashlib
from functools import partial

from . import cancellations, documents, processing, reports
from .errors import invalid_input, not_found, unauthorized
from .feed_types import LEGACY, PLANS, PROCESSED
from .marketplaces import BY_ID
from .operations import ROLES, operation
from .refusals import Refusal
from .store import Store

MODEL = "feeds_2021-06-30.json"
FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
SHOWN = (
    "feedId",
    "feedType",
    "marketplaceIds",
    "createdTime",
    "processingStatus",
    "processingStartTime",
    "processingEndTime",
    "resultFeedDocumentId",
)
MOST_BYTES = 10 * 1024 * 1024


class Feeds(Store):
    """Feeds and their documents.

    :ivar by_id: feed id -> feed, oldest first
    :ivar documents: feed document id -> {content_type, content (base64), …}
    """

    kept = ("by_id", "documents")

    def __init__(self, world):
        super().__init__(world)
        self.by_id, self.documents = {}, {}

    def new_id(self):
        while True:
            feed_id = str(self.world.rng("feed").randint(50_000_000_000, 59_999_999_999))
            if feed_id not in self.by_id:
                return feed_id


# The operations


@operation("createFeedDocument", "POST", DOCUMENTS, rate=0.5, burst=15, roles=ROLES, model=MODEL, status=201)
def create_feed_document(call):
    content_type = read_body(call, "contentType")["contentType"]
    if "/" not in content_type:
        raise invalid_input(f"Invalid contentType: {content_type}.")
    document = documents.new_document(call.world, call.merchant_id, content_type)
    url = documents.presigned(call.world, call.base_url, document, "PUT")
    return {"feedDocumentId": document["id"], "url": url}


@operation("getFeedDocument", "GET", f"{DOCUMENTS}/<feedDocumentId>", rate=0.0222, burst=10, roles=ROLES, model=MODEL)
def get_feed_document(call):
    return document_address(call, "feed")


def document_address(call, kind):
    """getFeedDocument's and getReportDocument's JSON. ``kind``: feed or report."""
    call.only_parameters("enableContentEncodingUrlHeader")
    document_id = call.path_args[f"{kind}DocumentId"]
    document = call.world.feeds.documents.get(document_id)
    if not document or not documents.is_of(call, document, kind) or not documents.is_kept(call.world, document):
        raise not_found(f"The {kind} document {document_id} was not found.")
    wanted = call.query.get("enableContentEncodingUrlHeader", "false")
    if wanted not in ("true", "false"):
        raise invalid_input("enableContentEncodingUrlHeader must be true or false.")
    encoding = "gzip" if wanted == "true" and document["compressed"] else ""
    url = documents.presigned(call.world, call.base_url, document, "GET", encoding)
    compression = {"compressionAlgorithm": "GZIP"} if document["compressed"] else {}
    return {f"{kind}DocumentId": document_id, "url": url, **compression}


@operation(
    "createFeed",
    "POST",
    FEEDS,
    rate=0.0083,
    burst=15,
    roles=ROLES,
    model=MODEL,
    status=202,
    plan_by="feedType",
    plans=PLANS,
)
def create_feed(call):
    body = read_body(call, "feedType", "inputFeedDocumentId", marketplaceIds=list)
    marketplaces, feed_type = body["marketplaceIds"], body["feedType"]
    check_marketplaces(call, marketplaces)
    if feed_type not in PROCESSED and feed_type not in LEGACY:
        raise invalid_input(f"The feed type {feed_type} is invalid, or not simulated.")
    if feed_type in PROCESSED and not set(PROCESSED[feed_type].ROLES) & set(call.seller["roles"]):
        raise unauthorized(f"The application does not have the role that feed type {feed_type} needs.")
    document = call.world.feeds.documents.get(body["inputFeedDocumentId"])
    if not document or not documents.is_of(call, document, "feed") or document["result"]:
        raise invalid_input(f"The feed document {body['inputFeedDocumentId']} does not exist.")
    if not documents.is_kept(call.world, document):
        raise invalid_input(f"The feed document {document['id']} has expired.")
    if document["feed_id"]:
        raise invalid_input(f"The feed document {document['id']} was already used for feed {document['feed_id']}.")
    return {"feedId": new_feed(call, feed_type, marketplaces, document)["feedId"]}


def new_feed(call, feed_type, marketplaces, document):
    world = call.world
    feed_id = world.feeds.new_id()
    feed = {
        "feedId": feed_id,
        "feedType": feed_type,
        "marketplaceIds": marketplaces,
        "createdTime": world.clock.iso(),
        "processingStatus": "IN_QUEUE",
        "merchant_id": call.merchant_id,
        "document_id": document["id"],
        "number": len(world.feeds.by_id) + 1,
        "submission": world.listings.submission(),
    }
    world.feeds.by_id[feed_id] = feed
    document["feed_id"] = feed_id
    return feed


@operation("getFeeds", "GET", FEEDS, rate=0.0222, burst=10, roles=ROLES, model=MODEL)
def get_feeds(call):
    return processing.search(call, "feed", call.world.feeds.by_id.values(), SHOWN)


@operation("getFeed", "GET", f"{FEEDS}/<feedId>", rate=2, burst=15, roles=ROLES, model=MODEL)
def get_feed(call):
    call.only_parameters()
    return processing.shown(processing.find(call, "feed", call.world.feeds.by_id), SHOWN)


@operation("cancelFeed", "DELETE", f"{FEEDS}/<feedId>", rate=2, burst=15, roles=ROLES, model=MODEL)
def cancel_feed(call):
    end(call.world, processing.cancelled(call, "feed", call.world.feeds.by_id), "CANCELLED")


# What the operations read


def read_body(call, *strings, **others):
    """The body, with the required fields and their types; fields that nobody asked for are ignored."""
    body = call.body
    if not isinstance(body, dict):
        raise invalid_input("Request has missing or invalid parameters and cannot be parsed.")
    for name, kind in {**dict.fromkeys(strings, str), **others}.items():
        if not isinstance(body.get(name), kind) or not body[name]:
            raise invalid_input(f"The field {name} is missing or invalid.")
    return body


def check_marketplaces(call, marketplaces):
    """Refuse a list that is not 1 to 25 of the seller's marketplaces."""
    if not 1 <= len(marketplaces) <= 25 or any(marketplace not in list(BY_ID) for marketplace in marketplaces):
        raise invalid_input("marketplaceIds must be 1 to 25 valid marketplace identifiers.")
    if foreign := [marketplace for marketplace in marketplaces if marketplace not in call.seller["marketplaces"]]:
        raise unauthorized(f"The seller does not take part in marketplace {foreign[0]}.")


# Working feeds off


def advance(world):
    """Let the feeds, and what follows of them later, be as far as the clock says."""
    seconds = world.settings["feed_seconds"]
    processing.advance(world, "feed", world.feeds.by_id.values(), seconds, partial(process, world))
    cancellations.advance(world)


def process(world, feed, at=None):
    """Do what the feed says, and report."""
    if feed["feedType"] in LEGACY:
        return end(world, feed, "FATAL", at)
    document = world.feeds.documents[feed["document_id"]]
    if document["content"] is None:
        return end(world, feed, "FATAL", at)
    feed["processingEndTime"] = at or world.clock.iso()
    report = work(world, feed, document)
    end(world, feed, "FATAL" if report.fatal else "DONE", at, report)


def work(world, feed, document, limit=None):
    """The Report of applying the feed (or its first ``limit`` messages)."""
    seller = world.sellers.by_id[feed["merchant_id"]]
    if len(documents.content_of(document)) > MOST_BYTES:
        return reports.Report.reject(Refusal("too_large", most=MOST_BYTES), fatal=True)
    return PROCESSED[feed["feedType"]].process(world, seller, feed, document, limit)


def abort(world, feed, done=0, result=True):
    """The feed becomes FATAL after its first ``done`` messages were applied."""
    document, report = world.feeds.documents[feed["document_id"]], reports.Report()
    if feed["feedType"] in PROCESSED and document["content"] is not None:
        if done:
            report = work(world, feed, document, done)
        report.add(0, Refusal("aborted", done=report.processed))
    end(world, feed, "FATAL", report=report if result else None)


def end(world, feed, status, at=None, report=None):
    """Close the feed; with a Report also its result document."""
    now = world.clock.iso()
    feed["processingStatus"] = status
    feed["processingEndTime"] = at or now
    if status != "CANCELLED":
        feed.setdefault("processingStartTime", at or now)
    if report and feed["feedType"] in PROCESSED:
        seller = world.sellers.by_id[feed["merchant_id"]]
        content_type, content = PROCESSED[feed["feedType"]].write(report, seller, feed["feedId"])
        compressed = world.settings["feed_compression"]
        document = documents.new_document(world, feed["merchant_id"], content_type, content, compressed)
        document["feed_id"] = feed["feedId"]
        feed["resultFeedDocumentId"] = document["id"]
        feed["counts"] = {
            "processed": report.processed,
            "successful": report.successful,
            "errors": report.count(reports.ERROR),
            "warnings": report.count(reports.WARNING),
        }


# For the control API and the web page


def summary(world, feed):
    """What the simulator tells about a feed."""
    content = documents.content_of(world.feeds.documents[feed["document_id"]])
    return {
        **feed,
        "bytes": len(content or b""),
        "sha256": hashlib.sha256(content).hexdigest() if content is not None else None,
    }


def detail(world, feed):
    document = world.feeds.documents[feed["document_id"]]
    result = world.feeds.documents.get(feed.get("resultFeedDocumentId"))
    return {
        **summary(world, feed),
        "content_type": document["content_type"],
        "content": documents.readable(document),
        "result_content_type": result and result["content_type"],
        "result": result and documents.readable(result),
    }


def settle(world, feed, values):
    """Bring an open feed where the control API wants it, whatever the clock says.

    values: status (DONE, FATAL, CANCELLED, IN_PROGRESS), result (False: no result document), messages (FATAL: how
    many were applied before), report_status (DONE: the StatusCode in the report; when it is not Complete, nothing was
    applied, and the report does not say so otherwise), report (DONE: the text of the report, whatever was applied),
    report_type (its content type)
    """
    status = values.get("status", "DONE")
    if status == "DONE" and values.get("report_status"):
        end(world, feed, status, report=reports.Report(status=values["report_status"]))
    elif status == "DONE":
        process(world, feed)
    elif status == "FATAL":
        abort(world, feed, int(values.get("messages", 0)), values.get("result", True))
    elif status == "CANCELLED":
        end(world, feed, status)
    elif status == "IN_PROGRESS":
        feed.update(processingStatus=status, processingStartTime=world.clock.iso())
    else:
        raise ValueError("status is DONE, FATAL, CANCELLED or IN_PROGRESS")
    if values.get("report"):
        documents.replace(
            world.feeds.documents[feed["resultFeedDocumentId"]],
            values.get("report_type", "text/xml; charset=UTF-8"),
            values["report"].encode(),
        )
    if values.get("result") is False:
        feed.pop("resultFeedDocumentId", None)
