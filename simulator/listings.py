"""Listings Items API 2021-08-01: getListingsItem, searchListingsItems, patchListingsItem."""

import hashlib
import json
import re
from bisect import bisect_left, bisect_right

from . import availability
from .errors import AmazonError, invalid_input, page_token_mismatch, unauthorized
from .listing_issues import ERROR, WARNING, Issue, rejected
from .marketplaces import BY_ID
from .money import money
from .operations import operation
from .orders import read_list, read_marketplaces
from .shelves import STATUSES
from .signing import seal, unseal
from .times import shift

MODEL = "listingsItems_2021-08-01.json"
ITEMS = "/listings/2021-08-01/items/<sellerId>"
ITEM = f"{ITEMS}/<sku>"
ROLES = ("product_listing",)
IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
BARCODES = ("EAN", "GTIN", "ISBN", "JAN", "UPC")
SORTS = {"sku": "sku", "createdDate": "created", "lastUpdatedDate": "updated"}
TIMES = ("createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore")
SEARCH = (
    "marketplaceIds",
    "issueLocale",
    "includedData",
    "identifiers",
    "identifiersType",
    "variationParentSku",
    "packageHierarchySku",
    *TIMES,
    "withIssueSeverity",
    "withStatus",
    "withoutStatus",
    "sortBy",
    "sortOrder",
    "pageSize",
    "pageToken",
)
MAY_CHANGE = ("pageToken", "nextToken", "pageSize", "includedData", "issueLocale")
MOST_FOUND = 1000  # SKUs that can be paged through
MOST_PER_PAGE = 20
PREVIEW = "VALIDATION_PREVIEW"


# What all of them read


def check_seller(call):
    if call.path_args["sellerId"] != call.merchant_id:
        raise unauthorized("The sellerId of the path is not that of the access token.")


def needed_marketplaces(call):
    if "marketplaceIds" not in call.query:
        raise invalid_input("'marketplaceIds' is required.")
    return list(dict.fromkeys(read_marketplaces(call)))


def read_locale(call, marketplaces):
    """The locale that issues are told in: by default the first marketplace's."""
    locale = call.query.get("issueLocale")
    if locale is None:
        return BY_ID[marketplaces[0]].language
    if not re.fullmatch(r"[a-z]{2}_[A-Z]{2}", locale):
        raise invalid_input(f"Invalid 'issueLocale': {locale!r}.")
    return locale


def read_choice(call, name, allowed, otherwise=None):
    value = call.query.get(name, otherwise)
    if name in call.query and value not in allowed:
        raise invalid_input(f"Invalid '{name}': {value!r}.")
    return value


# getListingsItem


@operation("getListingsItem", "GET", ITEM, rate=5, burst=10, roles=ROLES, model=MODEL)
def get_listings_item(call):
    call.only_parameters("marketplaceIds", "issueLocale", "includedData")
    check_seller(call)
    marketplaces, sku = needed_marketplaces(call), call.path_args["sku"]
    locale, included = read_locale(call, marketplaces), read_included(call)
    found = [call.world.listings.get(call.merchant_id, marketplace, sku) for marketplace in marketplaces]
    if not any(found):
        where = ", ".join(marketplaces)
        raise AmazonError(404, "NOT_FOUND", f"SKU '{sku}' not found in marketplace {where}")
    return item([listing for listing in found if listing], included, locale)


def read_included(call):
    return read_list(call, "includedData", tuple(SECTIONS)) or ["summaries"]


def item(listings, included, locale):
    """Amazon's JSON of a SKU's Listings in the marketplaces that were asked for."""
    sections = {name: section(listings, locale) for name, section in SECTIONS.items() if name in included}
    return {"sku": listings[0].sku, **sections}


def summaries(listings, locale):
    return [summary(listing) for listing in listings]


def summary(listing):
    result = {
        "marketplaceId": listing.marketplace_id,
        "asin": listing.asin,
        "productType": listing.product_type,
        "conditionType": None if listing.ghost else listing.condition,
        "status": listing.statuses,
        "fnSku": f"X{listing.asin[1:]}" if listing.asin and listing.channel in ("fba", "both") else None,
        "itemName": listing.title,
        "createdDate": listing.created,
        "lastUpdatedDate": listing.updated,
        "mainImage": listing.image and {"link": listing.image, "height": 500, "width": 500},
    }
    return {name: value for name, value in result.items() if value is not None}


def attributes(listings, locale):
    """What was submitted: of the first marketplace, where it does not say which."""
    first, result = listings[0], {}
    if first.title:
        result["item_name"] = [
            {
                "value": one.title,
                "language_tag": BY_ID[one.marketplace_id].language,
                "marketplace_id": one.marketplace_id,
            }
            for one in listings
        ]
    if first.barcode:
        result["externally_assigned_product_identifier"] = [
            {"type": "ean", "value": first.barcode, "marketplace_id": first.marketplace_id}
        ]
    if first.asin:
        result["merchant_suggested_asin"] = [{"value": first.asin, "marketplace_id": first.marketplace_id}]
    if not first.ghost:
        result["condition_type"] = [{"value": first.condition, "marketplace_id": first.marketplace_id}]
    if first.submitted:
        result[availability.ATTRIBUTE] = availability.written(first.submitted)
    return result


def issues(listings, locale):
    return [
        Issue.ordered(values).shown(locale, [listing.marketplace_id])
        for listing in listings
        for values in listing.issues
    ]


def offers(listings, locale):
    result = []
    for listing in listings:
        if listing.price is not None:
            price = money(listing.price, BY_ID[listing.marketplace_id].currency)
            offer = {"marketplaceId": listing.marketplace_id, "offerType": "B2C", "price": price}
            if listing.points is not None and BY_ID[listing.marketplace_id].code == "JP":
                offer["points"] = {"pointsNumber": listing.points}
            result.append({**offer, "audience": {"value": "ALL"}})
    return result


def fulfillment_availability(listings, locale):
    return availability.shown(listings[0].available)


def procurement(listings, locale):
    return []


def relationships(listings, locale):
    return [
        {
            "marketplaceId": listing.marketplace_id,
            "relationships": [{"type": "VARIATION", "parentSkus": [listing.parent_sku]}] if listing.parent_sku else [],
        }
        for listing in listings
    ]


def product_types(listings, locale):
    return [{"marketplaceId": listing.marketplace_id, "productType": listing.product_type} for listing in listings]


SECTIONS = {
    "summaries": summaries,
    "attributes": attributes,
    "issues": issues,
    "offers": offers,
    "fulfillmentAvailability": fulfillment_availability,
    "procurement": procurement,
    "relationships": relationships,
    "productTypes": product_types,
}


# searchListingsItems


@operation("searchListingsItems", "GET", ITEMS, rate=5, burst=5, roles=ROLES, model=MODEL)
def search_listings_items(call):
    """One page, computed on live data: what moves in the order meanwhile is shown twice or not at all."""
    call.only_parameters(*SEARCH, "nextToken")  # nextToken is not the name: it is passed over, as at Amazon
    check_seller(call)
    marketplaces = needed_marketplaces(call)
    locale, included = read_locale(call, marketplaces), read_included(call)
    search = read_search(call)
    size, start = read_page_size(call), read_page_token(call)
    found = matches(call, marketplaces, search)
    end = min(start + size, MOST_FOUND)
    body = {
        "numberOfResults": len(found),
        "items": [item(listings, included, locale) for listings in found[start:end]],
    }
    pagination = {}
    if end < min(len(found), MOST_FOUND):
        pagination["nextToken"] = write_page_token(call, end)
    if start:
        pagination["previousToken"] = write_page_token(call, max(0, start - size))
    return {**body, "pagination": pagination} if pagination else body


def read_page_size(call):
    text = call.query.get("pageSize", "10")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_PER_PAGE:
        raise invalid_input(f"'pageSize' must be a number between 1 and {MOST_PER_PAGE}.")
    return int(text)


def read_search(call):
    kind = read_choice(call, "identifiersType", IDENTIFIERS)
    identifiers = read_list(call, "identifiers", most=20)
    if (kind is None) != (identifiers is None):
        raise invalid_input("'identifiers' and 'identifiersType' must be provided together.")
    alone = [name for name in ("identifiers", "variationParentSku", "packageHierarchySku") if name in call.query]
    if len(alone) > 1:
        raise invalid_input(f"'{alone[0]}' cannot be combined with '{alone[1]}'.")
    return {
        "kind": kind,
        "identifiers": identifiers,
        "parent": call.query.get("variationParentSku"),
        "package": call.query.get("packageHierarchySku"),
        **{name: read_time(call, name) for name in TIMES},
        "severities": read_list(call, "withIssueSeverity", (WARNING, ERROR)),
        "with": read_list(call, "withStatus", STATUSES),
        "without": read_list(call, "withoutStatus", STATUSES),
        "sort": SORTS[read_choice(call, "sortBy", SORTS, "lastUpdatedDate")],
        "descending": read_choice(call, "sortOrder", ("ASC", "DESC"), "DESC") == "DESC",
    }


def read_time(call, name):
    try:
        return shift(call.query[name], seconds=0) if name in call.query else None
    except ValueError:
        raise invalid_input(f"'{name}' is not an ISO 8601 date-time.") from None


def matches(call, marketplaces, search):
    """What is searched for, in order: a list with the Listings of each SKU."""
    by_sku = {}
    for marketplace in marketplaces:
        for listing in candidates(call.world.listings, call.merchant_id, marketplace, search):
            if meets(listing, search):
                by_sku.setdefault(listing.sku, []).append(listing)
    field = search["sort"]
    return sorted(
        by_sku.values(),
        key=lambda listings: (getattr(listings[0], field), listings[0].sku),
        reverse=search["descending"],
    )


def candidates(store, merchant_id, marketplace, search):
    """The Listings of a marketplace, narrowed to the SKUs or the time of creation."""
    if search["kind"] == "SKU":
        found = [store.get(merchant_id, marketplace, sku) for sku in dict.fromkeys(search["identifiers"])]
        return [listing for listing in found if listing]
    listings = store.by_creation(merchant_id, marketplace)
    after, before = search["createdAfter"], search["createdBefore"]
    first = bisect_left(listings, after, key=created) if after else 0
    last = bisect_right(listings, before, key=created) if before else len(listings)
    return listings[first:last]


def created(listing):
    return listing.created


def meets(listing, search):
    """Whether a listing is searched for; times are inclusive."""
    after, before = search["createdAfter"], search["createdBefore"]
    if after and listing.created < after or before and listing.created > before:
        return False
    after, before = search["lastUpdatedAfter"], search["lastUpdatedBefore"]
    if after and listing.updated < after or before and listing.updated > before:
        return False
    return has_identifier(listing, search) and has_state(listing, search)


def has_identifier(listing, search):
    kind, wanted = search["kind"], search["identifiers"]
    if search["package"] is not None or search["parent"] not in (None, listing.parent_sku):
        return False
    if kind in (None, "SKU"):
        return True
    if kind == "FNSKU":
        return summary(listing).get("fnSku") in wanted
    return (listing.asin if kind == "ASIN" else listing.barcode if kind in BARCODES else None) in wanted


def has_state(listing, search):
    if search["severities"] and not {one.get("severity", ERROR) for one in listing.issues} & set(search["severities"]):
        return False
    if search["with"] or search["without"]:
        statuses = set(listing.statuses)
        return set(search["with"] or ()) <= statuses and not statuses & set(search["without"] or ())
    return True


def write_page_token(call, start):
    return seal(call.world, "pageToken", {"start": start, "of": fingerprint(call)})


def read_page_token(call):
    """How many SKUs come before the page; 400 for a token that is not of this search."""
    if "pageToken" not in call.query:
        return 0
    data = unseal(call.world, "pageToken", call.query["pageToken"])
    if not data:
        raise invalid_input("Invalid 'pageToken'.")
    if data["of"] != fingerprint(call):
        raise page_token_mismatch()
    return data["start"]


def fingerprint(call):
    """What must not change within a paged search."""
    fixed = sorted((key, value) for key, value in call.query.items() if key not in MAY_CHANGE)
    return hashlib.sha256(json.dumps([call.merchant_id, fixed]).encode()).hexdigest()[:16]


# patchListingsItem


@operation("patchListingsItem", "PATCH", ITEM, rate=5, burst=5, roles=ROLES, model=MODEL)
def patch_listings_item(call):
    """Judge, accept, answer. Whether the SKU exists is not looked at: Amazon does not either."""
    call.only_parameters("marketplaceIds", "includedData", "mode", "issueLocale")
    check_seller(call)
    marketplaces = needed_marketplaces(call)
    locale = read_locale(call, marketplaces)
    preview = read_choice(call, "mode", (PREVIEW,)) == PREVIEW
    included = read_list(call, "includedData", ("identifiers", "issues")) or ["issues"]
    if "identifiers" in included and not preview:
        raise invalid_input(f"'identifiers' can only be requested when 'mode' is {PREVIEW}.")
    product_type, patches = read_patch_body(call)
    found = [judged(call, marketplace, product_type, patches) for marketplace in marketplaces]
    invalid = any(rejected(problems) for problems in found)
    submission_id = f"{call.world.rng('submission').getrandbits(128):032x}"
    if not preview and not invalid:
        submit(call, marketplaces, product_type, patches, submission_id)
    answer = {
        "sku": call.path_args["sku"],
        "status": "INVALID" if invalid else "VALID" if preview else "ACCEPTED",
        "submissionId": submission_id,
    }
    if "issues" in included:
        answer["issues"] = shown_issues(marketplaces, found, locale)
    if "identifiers" in included:
        answer["identifiers"] = identifiers(call, marketplaces)
    return answer


def read_patch_body(call):
    """(product type, patch operations) in good form."""
    body = call.body
    if not isinstance(body, dict):
        raise invalid_input("Request has missing or invalid parameters and cannot be parsed.")
    if unknown := body.keys() - {"productType", "patches"}:
        raise invalid_input(f"Unknown field: {min(unknown)}.")
    if not isinstance(body.get("productType"), str) or not body["productType"]:
        raise invalid_input("'productType' is required.")
    availability.check_patches(body.get("patches"))
    for index, patch in enumerate(body["patches"]):
        if availability.is_deep(patch["path"]):
            raise invalid_input(f"Invalid path {patch['path']!r} for patch at index of {index}")
    return body["productType"], body["patches"]


def judged(call, marketplace, product_type, patches):
    """The Issues of the patch operations in a marketplace, and what its listing answers every write with."""
    listing = call.world.listings.get(call.merchant_id, marketplace, call.path_args["sku"])
    ordered = [Issue.ordered(values) for values in listing.write_issues] if listing else []
    return availability.judge(patches, listing, product_type, marketplace) + ordered


def shown_issues(marketplaces, found, locale):
    """The JSON of the marketplaces' Issues; what is wrong in several of them is told once."""
    where = {}
    for marketplace, problems in zip(marketplaces, found, strict=True):
        for problem in problems:
            where.setdefault(json.dumps(problem.shown(locale, []), sort_keys=True), (problem, []))[1].append(
                marketplace
            )
    return [problem.shown(locale, among) for problem, among in where.values()]


def submit(call, marketplaces, product_type, patches, submission_id):
    store, now = call.world.listings, call.world.clock.iso()
    number = store.submission()
    for marketplace in marketplaces:
        store.accept(
            call.merchant_id,
            marketplace,
            call.path_args["sku"],
            product_type,
            patches,
            submission=number,
            via="patch",
            time=now,
            accepted=now,
            submission_id=submission_id,
        )
    store.advance()


def identifiers(call, marketplaces):
    found = [call.world.listings.get(call.merchant_id, one, call.path_args["sku"]) for one in marketplaces]
    return [{"marketplaceId": one.marketplace_id, **({"asin": one.asin} if one.asin else {})} for one in found if one]
