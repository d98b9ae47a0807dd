"""The Listings Items API 2021-08-01: what a seller offers, how much of it Amazon has, and how that is changed.

Many at once: :mod:`.listings_feed`; all of them: :mod:`.listings_report`.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from .api import Api
from .errors import BadRequest, MalformedAnswer, PassingRefusal, TokenRefused, check
from .reader import Reader, as_list, as_string, compact, is_identifier, success
from .searches import Search, stamp

#: The data sets that a :class:`Listing` is made of.
LISTING_DATA = ("summaries", "attributes", "issues", "fulfillmentAvailability")
#: A search shows no more than so many, however many it finds.
MOST_RESULTS = 1000
#: SKUs that one search may name.
MOST_SKUS = 20

#: Fulfilled by the merchant, by Amazon, or from one of the merchant's own supply sources (multi-location inventory).
FBM, FBA, MULTI = "fbm", "fba", "multi"
DEFAULT = "DEFAULT"
#: Amazon takes it for changes of quantity and price, whatever the listing's own product type is.
ANY_PRODUCT = "PRODUCT"

#: The most characters that are taken of a field; see :data:`.values.LENGTHS`.
LENGTHS = MappingProxyType(
    {
        "sku": 100,
        "asin": 50,
        "marketplaceId": 50,
        "submissionId": 200,
        "productType": 100,
        "fulfillmentChannelCode": 100,
        "fulfillment_channel_code": 100,
        "marketplace_id": 50,
        "itemName": 500,
        "link": 2000,
        "status": 50,
        "code": 100,
        "message": 2000,
        "severity": 50,
        "attributeNames": 200,
        "categories": 100,
        "action": 100,
    }
)

#: What an issue's code is about, also in a feed's report: a stable key for advice in plain words.
ISSUE_HINTS = MappingProxyType(
    {
        "90220": "listing_incomplete",  # a required attribute is not there
        "99022": "listing_incomplete",  # "does not have enough values"
        "BAD_REQUEST": "listing_attributes",  # "Invalid parameters provided."
        "90000900": "listing_attributes",  # "The attributes are invalid"
        "5002": "listing_again",  # an internal error of Amazon's: submit again
        "4002001": "listing_feed",  # the feed cannot be parsed
        "4002005": "listing_feed",  # the feed lacks its seller
        "4002006": "listing_feed",  # another version of feeds
        "4002008": "listing_feed",  # a message that does not meet the schema
    }
)
#: What a refused call is about, by Amazon's words; the first that fits counts.
_HINTS = (
    ("listing_product_type", r"product[ _]?types?\b"),
    ("listing_sku", r"\bsku\b"),
    ("listing_attributes", r"\bpatch(es)?\b|attributes?\b"),
)
HINTS = tuple(dict.fromkeys((*ISSUE_HINTS.values(), *(hint for hint, _words in _HINTS))))

_LARGEST_QUANTITY = 2**31 - 1
_LONGEST_HANDLING_DAYS = 365
_PASSING = re.compile(r"parameters do not match .*page ?token", re.IGNORECASE | re.DOTALL)


class Listings(Api):
    """``amazon.listings``."""

    def search(self, search, token=None):
        """Get one page of the seller's listings (searchListingsItems).

        :param SearchListings search: the same for every page of a search.
        :param str token: the page before's ``next_token``.
        :return: :class:`ListingsPage`.
        :raises BadRequest: when ``search`` breaks Amazon's rules; nothing was sent.
        :raises PassingRefusal: when Amazon does not know its own token for a moment: ask for the same page again.
        :raises TokenRefused: when Amazon does not take the token: start the same search from its first page.
        """
        search.validate()
        return self._call(
            search.operation,
            lambda body: parse_listings_page(body, search.marketplace_id),
            path={"sellerId": search.seller_id},
            query=search.parameters(token),
            meanings={400: _refused_page} if token else None,
        )

    def get(self, seller_id, sku, marketplace_id, included_data=LISTING_DATA, issue_locale=""):
        """Get one listing (getListingsItem).

        :param str issue_locale: the language of its issues, such as ``ja_JP``; ``''``: the marketplace's.
        :return: :class:`Listing`.
        :raises NotFound: when the seller has no such SKU in this marketplace.
        """
        check("getListingsItem", _problems_of_names(seller_id, sku, marketplace_id))
        listing = self._call(
            "getListingsItem",
            lambda body: parse_listing(body, marketplace_id),
            path={"sellerId": seller_id, "sku": sku},
            query=_given(marketplaceIds=marketplace_id, includedData=included_data, issueLocale=issue_locale),
        )
        if listing.sku != sku:
            raise MalformedAnswer("another listing than the one asked for", operation="getListingsItem", sent=True)
        return listing

    def patch(self, seller_id, patch, issue_locale=""):
        """Change what is available of a listing (patchListingsItem). A SKU that Amazon does not know is accepted, too,
        and becomes a listing without a product; one that Amazon fulfills is fulfilled by the merchant afterwards.

        :param ListingPatch patch: see there.
        :param str issue_locale: as in :meth:`get`.
        :return: :class:`Submission`: what is accepted there is not applied yet.
        :raises BadRequest: with ``sent`` False when ``patch`` breaks Amazon's rules: then nothing was sent.
        :raises RetryLater: with ``sent`` True Amazon may have it all the same; likewise ``MalformedAnswer``.
        """
        check("patchListingsItem", _problems_of_names(seller_id, patch.sku, patch.marketplace_id))
        patch.validate()
        submission = self._call(
            "patchListingsItem",
            parse_submission,
            path={"sellerId": seller_id, "sku": patch.sku},
            query=_given(marketplaceIds=patch.marketplace_id, issueLocale=issue_locale),
            body=patch.body(),
            meanings={400: lambda text: (BadRequest, hint_of(text))},
        )
        if submission.sku != patch.sku:
            raise MalformedAnswer("an answer for another SKU", operation="patchListingsItem", sent=True)
        return submission


def _given(**parameters):
    return {name: value for name, value in parameters.items() if value}


def _refused_page(text):
    """Tell what a 400 to a search with a token means."""
    return (PassingRefusal if _PASSING.search(text) else TokenRefused), ""


def hint_of(text):
    """Tell what Amazon complains about when it refuses a call.

    :param str text: Amazon's.
    :return: one of :data:`HINTS`, ``''`` when the text does not tell.
    """
    return next((hint for hint, words in _HINTS if re.search(words, text, re.IGNORECASE)), "")


def _problems_of_names(seller_id, sku, marketplace_id):
    yield not _is_id(seller_id) and "not a seller's id"
    yield not is_sku(sku) and "not a SKU"
    yield not _is_id(marketplace_id) and "not a marketplace"


def _is_id(text):
    return isinstance(text, str) and bool(re.fullmatch(r"\w{1,50}", text, re.ASCII))


def is_sku(text):
    """Tell whether a text can be a SKU, in the address of a call, too."""
    return (
        isinstance(text, str)
        and text == text.strip()
        and bool(text.strip(" ."))
        and is_identifier(text, LENGTHS["sku"])
    )


# --- searching -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class SearchListings(Search):
    """The parameters of one search, which must not change from its first page to its last.

    Of one marketplace: Amazon does not say of which one an available quantity is.

    :param skus: at most 20; none: all. A SKU with a comma cannot be named here: get it by itself.
    :param created_after: UTC, at or after; like the other times optional. A search shows 1,000 listings at most: for
        more, search by parts of the time.
    :param sort_by: ``sku``, ``createdDate`` or ``lastUpdatedDate``; by the last one, what changes meanwhile moves from
        page to page.
    :param page_size: 1 to 20 listings.
    :param included_data: data sets; see :data:`LISTING_DATA`.
    :param issue_locale: the language of issues, such as ``ja_JP``; ``''``: the marketplace's.
    """

    operation = "searchListingsItems"
    times = ("created_after", "created_before", "last_updated_after", "last_updated_before")
    lists = ("skus", "included_data")

    seller_id: str
    marketplace_id: str
    skus: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    last_updated_after: datetime | None = None
    last_updated_before: datetime | None = None
    sort_by: str = "sku"
    sort_order: str = "ASC"
    page_size: int = 20
    included_data: tuple[str, ...] = LISTING_DATA
    issue_locale: str = ""

    def _problems(self):
        """Yield what breaks the rules of listingsItems_2021-08-01.json, searchListingsItems."""
        yield not _is_id(self.seller_id) and "not a seller's id"
        yield not _is_id(self.marketplace_id) and "not a marketplace"
        yield self._lacks_time_zone() and "times need a time zone"
        for after, before in (
            (self.created_after, self.created_before),
            (self.last_updated_after, self.last_updated_before),
        ):
            yield after and before and before < after and "the window ends before it begins"
        yield len(self.skus) > MOST_SKUS and f"at most {MOST_SKUS} SKUs"
        yield not all(map(is_sku, self.skus)) and "not a SKU"
        yield any("," in sku for sku in self.skus) and "a SKU with a comma cannot be searched for"
        yield self.sort_by not in ("sku", "createdDate", "lastUpdatedDate") and "not a way to sort"
        yield self.sort_order not in ("ASC", "DESC") and "not a way to sort"
        yield not 1 <= self.page_size <= 20 and "pageSize must be 1 to 20"

    def parameters(self, token=None):
        """Name the parameters of the query as Amazon does; lists are comma-separated.

        :param str token: ``pageToken``; the other parameters stay those of the first page.
        :return: ``dict`` of ``str``.
        """
        return _given(
            marketplaceIds=self.marketplace_id,
            includedData=",".join(self.included_data),
            identifiers=",".join(self.skus),
            identifiersType=self.skus and "SKU" or "",
            createdAfter=stamp(self.created_after),
            createdBefore=stamp(self.created_before),
            lastUpdatedAfter=stamp(self.last_updated_after),
            lastUpdatedBefore=stamp(self.last_updated_before),
            sortBy=self.sort_by,
            sortOrder=self.sort_order,
            pageSize=str(self.page_size),
            issueLocale=self.issue_locale,
            pageToken=token,
        )


# --- what comes back -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Issue:
    """What Amazon finds wrong with a listing or a submission.

    :param message: Amazon's own words, in the language asked for.
    :param severity: ERROR, WARNING, INFO or one not known yet.
    :param attributes: the names of the attributes concerned.
    :param categories: such as INVALID_ATTRIBUTE.
    :param enforcements: what Amazon does about it, such as LISTING_SUPPRESSED.
    """

    code: str
    message: str
    severity: str
    attributes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enforcements: tuple[str, ...] = ()

    @property
    def is_error(self):
        return self.severity == "ERROR"

    @property
    def hint(self):
        """One of :data:`HINTS`, ``''`` where the code is not known."""
        return ISSUE_HINTS.get(self.code, "")


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of a listing Amazon has in one channel.

    :param channel: ``DEFAULT`` (the merchant), ``AMAZON_JP`` … (Amazon), or the id of a supply source.
    :param quantity: None where Amazon gives none.
    """

    channel: str
    quantity: int | None = None

    @property
    def kind(self):
        """:data:`FBM`, :data:`FBA` or :data:`MULTI`."""
        return channel_kind(self.channel)


def channel_kind(code):
    """Tell whose a channel is.

    :param str code: Amazon's.
    :return: :data:`FBM`, :data:`FBA` or :data:`MULTI`.
    """
    if code == DEFAULT:
        return FBM
    return FBA if code.startswith("AMAZON") else MULTI


@dataclass(frozen=True, slots=True)
class Listing:
    """What a seller offers under a SKU in one marketplace.

    :param asin: ``''`` while Amazon has no product for it.
    :param product_type: ``''`` when Amazon does not say; the merchant listings report never does.
    :param status: BUYABLE, DISCOVERABLE; of the report Active, Inactive or Incomplete.
    :param channels: of :data:`FBM`, :data:`FBA`, :data:`MULTI`, those in which Amazon has it or the seller has put it;
        none: not known.
    :param available: what Amazon has, by channel: :class:`Availability`.
    :param submitted_quantity: what the seller has submitted for ``DEFAULT``, not necessarily what Amazon has; None
        when there is nothing of it, as in the report.
    :param handling_days: days until it leaves, as submitted; likewise ``restock_date``.
    """

    sku: str
    marketplace_id: str
    asin: str = ""
    title: str = ""
    image_url: str = ""
    product_type: str = ""
    status: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    available: tuple[Availability, ...] = ()
    submitted_quantity: int | None = None
    handling_days: int | None = None
    restock_date: date | None = None
    issues: tuple[Issue, ...] = ()
    created: datetime | None = None
    last_updated: datetime | None = None

    @property
    def quantity(self):
        """What Amazon has of it for the merchant to ship (``DEFAULT``), None when it does not say."""
        return next((entry.quantity for entry in self.available if entry.channel == DEFAULT), None)

    @property
    def is_buyable(self):
        return "BUYABLE" in self.status or "Active" in self.status


@dataclass(frozen=True, slots=True)
class UnreadableListing:
    """A listing that cannot be read; those beside it can.

    :param sku: ``''`` when not even that can be read.
    :param error: why: a :class:`.errors.MalformedAnswer`.
    :param channels: as of a :class:`Listing`; none: not even these can be read, or are not known.
    """

    sku: str
    error: MalformedAnswer
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingsPage:
    """One page of a search.

    :param number_of_results: of the whole search.
    :param next_token: None on the last page.
    :param marks: what tells its entries from all others.
    """

    number_of_results: int
    listings: tuple[Listing, ...] = ()
    unreadable: tuple[UnreadableListing, ...] = ()
    next_token: str | None = field(default=None, repr=False)
    marks: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_cut(self):
        """Whether the search finds more than its pages will show."""
        return self.number_of_results > MOST_RESULTS


@dataclass(frozen=True, slots=True)
class Submission:
    """Amazon's answer to a change of a listing.

    :param status: ACCEPTED (to be applied, minutes later or not at all) or INVALID.
    """

    sku: str
    status: str
    submission_id: str
    issues: tuple[Issue, ...] = ()

    @property
    def is_accepted(self):
        return self.status == "ACCEPTED"


def parse_listings_page(body, marketplace_id):
    """Read the answer to searchListingsItems.

    :param str marketplace_id: that was asked for.
    :return: :class:`ListingsPage`.
    :raises MalformedAnswer: when it is not a page: no list of items, or a token that cannot be used.
    """
    page = success(body)
    entries = page.get("items", "a list", as_list, needed=True)
    read = [_readable(entry, f"items[{index}]", marketplace_id) for index, entry in enumerate(entries)]
    return ListingsPage(
        number_of_results=page.integer("numberOfResults", needed=True),
        listings=tuple(entry for entry in read if isinstance(entry, Listing)),
        unreadable=tuple(entry for entry in read if isinstance(entry, UnreadableListing)),
        next_token=page.object("pagination").get("nextToken", "a token", as_string) or None,
        marks=tuple(one.sku or _mark(entry) for one, entry in zip(read, entries, strict=True)),
    )


def _readable(entry, path, marketplace_id):
    try:
        return _listing(Reader(entry, path, LENGTHS), marketplace_id)
    except MalformedAnswer as error:
        sku = entry.get("sku") if isinstance(entry, dict) else ""
        return UnreadableListing(sku if is_sku(sku) else "", error, _readable_channels(entry))


def _readable_channels(entry):
    try:
        return _channels(Reader(entry, lengths=LENGTHS))
    except MalformedAnswer:
        return ()


def _mark(entry):
    try:
        return hashlib.sha256(compact(entry, canonical=True).encode("utf-8", "surrogatepass")).hexdigest()
    except RecursionError:
        return "nested"


def parse_listing(body, marketplace_id):
    """Read the answer to getListingsItem.

    :param str marketplace_id: that was asked for.
    :return: :class:`Listing`.
    :raises MalformedAnswer: when a field needed is missing or one used is of another type.
    """
    return _listing(Reader(success(body).fields, lengths=LENGTHS), marketplace_id)


def parse_submission(body):
    """Read the answer to patchListingsItem.

    :return: :class:`Submission`.
    """
    answer = Reader(success(body).fields, lengths=LENGTHS)
    return Submission(
        sku=answer.identifier("sku", needed=True),
        status=answer.get("status", "ACCEPTED or INVALID", _submitted, needed=True),
        submission_id=answer.identifier("submissionId", needed=True),
        issues=tuple(map(_issue, answer.objects("issues"))),
    )


def _submitted(value):
    if value not in ("ACCEPTED", "INVALID"):
        raise ValueError("not a status of a submission")
    return value


def _listing(item, marketplace_id):
    summary = _of(item.objects("summaries"), "marketplaceId", marketplace_id)
    submitted = item.object("attributes").objects("fulfillment_availability")
    available = tuple(
        Availability(_available_channel(entry), entry.integer("quantity"))
        for entry in item.objects("fulfillmentAvailability")
    )
    ours = [entry for entry in submitted if _submitted_channel(entry) == DEFAULT]
    of_here = _of(ours, "marketplace_id", marketplace_id, "")
    return Listing(
        sku=_sku(item),
        marketplace_id=marketplace_id,
        asin=summary.identifier("asin"),
        title=summary.text("itemName"),
        image_url=_image(summary.object("mainImage").text("link")),
        product_type=summary.identifier("productType"),
        status=summary.texts("status"),
        channels=_channels(item),
        available=available,
        submitted_quantity=of_here.integer("quantity"),
        handling_days=of_here.integer("lead_time_to_ship_max_days"),
        restock_date=of_here.get("restock_date", "a date", _day),
        issues=tuple(_issue(issue) for issue in item.objects("issues") if _concerns(issue, marketplace_id)),
        created=summary.time("createdDate"),
        last_updated=summary.time("lastUpdatedDate"),
    )


def _sku(item):
    """Read the SKU. Blanks around one are lost where people handle it, and what is left may be another SKU."""
    sku = item.identifier("sku", needed=True)
    if sku != sku.strip():
        path = f"{item.path}.sku".lstrip(".")
        raise MalformedAnswer(f"{path} has blanks around it", reason="unprintable", path=path)
    return sku


def _channels(item):
    available = map(_available_channel, item.objects("fulfillmentAvailability"))
    submitted = map(_submitted_channel, item.object("attributes").objects("fulfillment_availability"))
    return channels_of((*available, *submitted))


def channels_of(codes):
    """Tell in which channels something is.

    :param codes: Amazon's codes.
    :return: tuple of :data:`FBM`, :data:`FBA`, :data:`MULTI`, in this order.
    """
    kinds = {channel_kind(code) for code in codes}
    return tuple(kind for kind in (FBM, FBA, MULTI) if kind in kinds)


def _available_channel(entry):
    return entry.identifier("fulfillmentChannelCode", needed=True)


def _submitted_channel(entry):
    """Read the channel of a submitted quantity; without one it is nobody's."""
    return entry.identifier("fulfillment_channel_code", needed=True)


def _of(entries, name, *marketplaces):
    """Find the entry of the first of these marketplaces that has one, else an empty one."""
    by_marketplace = {}
    for entry in entries:
        by_marketplace.setdefault(entry.identifier(name), entry)
    found = (by_marketplace.get(marketplace) for marketplace in marketplaces)
    return next((entry for entry in found if entry is not None), Reader({}))


def _concerns(issue, marketplace_id):
    return marketplace_id in (issue.identifiers("marketplaceIds") or (marketplace_id,))


def _issue(issue):
    actions = issue.object("enforcements").objects("actions")
    return Issue(
        code=issue.text("code"),
        message=issue.text("message", needed=True),
        severity=issue.text("severity", needed=True),
        attributes=issue.texts("attributeNames"),
        categories=issue.texts("categories"),
        enforcements=tuple(filter(None, (action.text("action") for action in actions))),
    )


def _image(link):
    """Keep an address that a browser may be sent to; pictures are not worth more trouble."""
    return link if re.match(r"https?://", link, re.IGNORECASE) else ""


def _day(value):
    """Read a day, also where it stands in a time."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d(T.*)?", value, re.ASCII):
        raise ValueError("not a date")
    return date.fromisoformat(value[:10])


# --- what goes out -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPatch:
    """How much of a listing the merchant has to ship. Whatever is not given here stays as Amazon has it.

    :param product_type: the listing's own; :data:`ANY_PRODUCT` where it is not known.
    :param quantity: whole units, 0 or more; Amazon changes nothing else without it.
    :param handling_days: ``lead_time_to_ship_max_days``; None: as it is. It cannot be taken away like this.
    :param restock_date: ``date``; None: as it is, likewise.
    """

    sku: str
    marketplace_id: str
    quantity: int
    product_type: str = ANY_PRODUCT
    handling_days: int | None = None
    restock_date: date | None = None

    def validate(self):
        """Check what Amazon would refuse anyway, before it costs a call or a whole feed.

        :raises BadRequest: with ``sent`` False.
        """
        check("patchListingsItem", self._problems())

    def _problems(self):
        yield not is_sku(self.sku) and "not a SKU"
        yield not _is_id(self.marketplace_id) and "not a marketplace"
        yield not _is_product_type(self.product_type) and "not a product type"
        yield not _is_number(self.quantity, _LARGEST_QUANTITY) and "the quantity must be a whole number, 0 or more"
        yield (
            self.handling_days is not None
            and not _is_number(self.handling_days, _LONGEST_HANDLING_DAYS)
            and (f"handling days must be a whole number, 0 to {_LONGEST_HANDLING_DAYS}")
        )
        yield self.restock_date is not None and type(self.restock_date) is not date and "not a date of restocking"

    def body(self):
        """Write the body of patchListingsItem, which is a part of a feed's message, too.

        :return: ``dict``; valid when :meth:`validate` finds nothing.
        """
        value = {"fulfillment_channel_code": DEFAULT, "quantity": self.quantity}
        if self.handling_days is not None:
            value["lead_time_to_ship_max_days"] = self.handling_days
        if self.restock_date is not None:
            value["restock_date"] = self.restock_date.isoformat()
        # Any other operation would reset what is not named here.
        change = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [value]}
        return {"productType": self.product_type, "patches": [change]}


def _is_product_type(text):
    return isinstance(text, str) and bool(re.fullmatch(r"\w{1,100}", text, re.ASCII))


def _is_number(value, largest):
    return type(value) is int and 0 <= value <= largest
