"""Documents of feeds and reports, and the storage they lie in.

Its addresses are valid for a few minutes and strict about their use.
"""

import base64
import gzip
import hashlib
from urllib.parse import urlencode

from .answer import Answer
from .errors import storage_refusal as refused
from .signing import signature
from .times import parse, shift

PATH = "/s3/tortuga/"
MINUTES = 5
DOCUMENT_DAYS = 2
RESULT_DAYS = 28
REPORT_DAYS = 90
LOGGED = 100_000  # characters of an uploaded feed that the request log keeps
OPERATIONS = {
    ("PUT", "feed"): "uploadFeedDocument",
    ("GET", "feed"): "downloadFeedDocument",
    ("GET", "report"): "downloadReportDocument",
}
# kind -> how ids of its documents begin, and for what the random ones are drawn
IDS = {"feed": ("amzn1.tortuga.4.fe", "document"), "report": ("amzn1.spdoc.1.4.fe", "report document")}


def new_document(world, merchant_id, content_type, content=None, compressed=False, kind="feed"):
    """A document of a seller; an input document has no content yet. ``kind``: feed or report."""
    beginning, purpose = IDS[kind]
    rng = world.rng(purpose)
    parts = ["".join(rng.choices("0123456789abcdef", k=length)) for length in (8, 4, 4, 4, 12)]
    document_id = f"{beginning}.{'-'.join(parts)}.T{rng.randint(10**12, 10**13 - 1)}"
    world.feeds.documents[document_id] = {
        "id": document_id,
        "merchant_id": merchant_id,
        "created": world.clock.iso(),
        "content_type": content_type,
        "content": None if content is None else packed(content, compressed),
        "compressed": compressed,
        "result": content is not None,
        "feed_id": None,
        "kind": kind,
    }
    return world.feeds.documents[document_id]


def packed(content, compressed):
    return encoded(gzip.compress(content, mtime=0) if compressed else content)


def replace(document, content_type, content):
    """Put something else into a document, compressed as it was."""
    document.update(content_type=content_type, content=packed(content, document["compressed"]))


def encoded(content):
    return base64.b64encode(content).decode()


def content_of(document):
    """The bytes as they were written before any compression, or None when nothing was uploaded."""
    if document["content"] is None:
        return None
    data = base64.b64decode(document["content"])
    return gzip.decompress(data) if document["compressed"] else data


def kind_of(document):
    return document.get("kind", "feed")


def is_of(call, document, kind):
    """Whether a document of this kind is the caller's."""
    return document["merchant_id"] == call.merchant_id and kind_of(document) == kind


def is_kept(world, document):
    """Whether the document can still be used (an input) or read (a result)."""
    days = RESULT_DAYS if document["result"] else DOCUMENT_DAYS
    if kind_of(document) == "report":
        days = REPORT_DAYS
    return shift(document["created"], days=days) > world.clock.iso()


def charset_of(content_type):
    """The charset a content type declares, in lower case, or None."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower() or None
    return None


def decode(content, charset):
    """Text of bytes in a declared charset; both names of Japanese Windows mean the same. May raise ValueError."""
    if charset in ("shift_jis", "shift-jis", "sjis", "windows-31j", "ms932", "cp932"):
        charset = "cp932"
    try:
        return content.decode(charset)
    except LookupError:
        raise ValueError(f"unknown charset {charset}") from None


def readable(document):
    """The content as text for people and tests, whatever its encoding; None when there is none."""
    content = content_of(document)
    if content is None:
        return None
    marked = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else None
    for charset in (charset_of(document["content_type"]), marked, "utf-8", "cp932"):
        try:
            return decode(content, charset) if charset else content.decode("ascii")
        except ValueError:
            continue
    return content.decode("utf-8", "replace")


# Presigned addresses


def presigned(world, base_url, document, method, content_encoding=""):
    """An address for one method, valid for five minutes; for PUT with exactly the declared content type."""
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": world.clock.iso(),
        "X-Amz-SignedHeaders": "content-type;host" if method == "PUT" else "host",
        "X-Amz-Expires": str(60 * MINUTES),
    }
    if content_encoding:
        query["response-content-encoding"] = content_encoding
    declared = document["content_type"] if method == "PUT" else ""
    query["X-Amz-Signature"] = sign(world, method, document["id"], query, declared)
    return f"{base_url}{PATH}{document['id']}?{urlencode(query)}"


def sign(world, method, document_id, query, content_type):
    signed = sorted((key, value) for key, value in query.items() if key != "X-Amz-Signature")
    return signature(world, "s3", repr((method, document_id, signed, content_type)).encode()).hex()


def answer(world, request):
    """A call of the storage -> Answer; it is logged like Amazon's operations, without its signature."""
    document = world.feeds.documents.get(request.path.removeprefix(PATH))
    kind = kind_of(document) if document else "feed"
    operation = OPERATIONS.get((request.method, kind), "storage")
    merchant_id = document and document["merchant_id"]
    matchable = {f"{kind}DocumentId": document["id"], f"{kind}Id": document.get(f"{kind}_id")} if document else {}
    result, fault = world.faults.around(operation, matchable, merchant_id, lambda: serve(world, request, document))
    log(world, request, operation, document, result, fault)
    return result


def serve(world, request, document):
    query = request.args.to_dict()
    try:
        expires = shift(query["X-Amz-Date"], seconds=int(query["X-Amz-Expires"]))
    except (KeyError, ValueError):
        return refused("AccessDenied", "Access Denied")
    if expires <= world.clock.iso():
        facts = {"X-Amz-Expires": query["X-Amz-Expires"], "Expires": seconds(expires)}
        return refused("AccessDenied", "Request has expired", **facts, ServerTime=seconds(world.clock.iso()))
    declared = request.headers.get("Content-Type", "") if request.method == "PUT" else ""
    wanted = document and sign(world, request.method, document["id"], query, declared)
    if query.get("X-Amz-Signature") != wanted:
        return refused(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    return store(request, document) if request.method == "PUT" else fetch(document, query)


def seconds(text):
    return f"{parse(text):%Y-%m-%dT%H:%M:%SZ}"


def store(request, document):
    """Whatever is sent replaces what was there, as in S3."""
    data = request.get_data()
    document["content"] = encoded(data)
    return Answer(200, b"", "text/plain", headers={"ETag": f'"{hashlib.md5(data).hexdigest()}"'})


def fetch(document, query):
    if document["content"] is None:
        return refused("NoSuchKey", "The specified key does not exist.", 404, Key=document["id"])
    headers = {}
    if query.get("response-content-encoding"):
        headers["Content-Encoding"] = query["response-content-encoding"]
    return Answer(200, base64.b64decode(document["content"]), document["content_type"], headers=headers)


def log(world, request, operation, document, result, fault):
    result.headers["x-amz-request-id"] = f"{world.log.next_number:016X}"
    data = request.get_data()
    text = None
    if data and document:
        text = readable({**document, "content": encoded(data), "content_type": request.headers.get("Content-Type", "")})
    world.log.add(
        request,
        result,
        operation=operation,
        content_type=request.headers.get("Content-Type"),
        body=text and text[:LOGGED],
        bytes=len(data) or None,
        sha256=hashlib.sha256(data).hexdigest() if data else None,
        fault=fault and fault.kind,
        merchant_id=document and document["merchant_id"],
    )
