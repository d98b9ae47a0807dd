"""Listings: what is asked and sent, and what Amazon says of them."""

import json
from datetime import date, datetime, timedelta, timezone
from urllib.parse import quote, unquote

import pytest
import schema
from amazon_server import Answer
from hypothesis import given, settings
from hypothesis import strategies as st

from selling_partner import errors, listings
from selling_partner.client import SellingPartner
from selling_partner.errors import BadRequest, SellingPartnerError
from selling_partner.listings import Availability, Issue, Listing, ListingPatch, SearchListings, Submission

ITEMS = "/listings/2021-08-01/items/A1SELLER"
JAPAN = "A1VC38T7YXB528"
NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)
ODD_SKUS = ("a/b", "100%", "二個 セット", "a%2Fb", "x?y#z", "+&=;", "{sku}", "../up")


def item(**fields):
    return {
        "sku": "SKU-1",
        "summaries": [
            {"marketplaceId": "A1F83G8C2ARO7P", "asin": "B00000UK", "productType": "X", "status": []},
            {
                "marketplaceId": JAPAN,
                "asin": "B000000001",
                "productType": "LUGGAGE",
                "conditionType": "new_new",
                "status": ["BUYABLE", "DISCOVERABLE"],
                "itemName": "鞄",
                "createdDate": "2026-10-01T00:00:00Z",
                "lastUpdatedDate": "2026-11-02T12:00:00.5Z",
                "mainImage": {"link": "https://m.media-amazon.com/images/I/1.jpg", "height": 1, "width": 1},
            },
        ],
        "attributes": {
            "fulfillment_availability": [
                {"fulfillment_channel_code": "DEFAULT", "quantity": 9, "marketplace_id": "A1F83G8C2ARO7P"},
                {
                    "fulfillment_channel_code": "DEFAULT",
                    "quantity": 5,
                    "lead_time_to_ship_max_days": 3,
                    "restock_date": "2026-12-24",
                    "marketplace_id": JAPAN,
                },
            ],
            "item_name": [{"value": "鞄", "language_tag": "ja_JP"}],
        },
        "issues": [
            {
                "code": "90220",
                "message": "必須です",
                "severity": "ERROR",
                "attributeNames": ["color"],
                "categories": ["MISSING_ATTRIBUTE"],
                "enforcements": {
                    "actions": [{"action": "LISTING_SUPPRESSED"}],
                    "exemption": {"status": "NOT_EXEMPT"},
                },
                "marketplaceIds": [JAPAN],
            },
            {"code": "1", "message": "elsewhere", "severity": "ERROR", "categories": [], "marketplaceIds": ["M2"]},
            {"code": "2", "message": "w", "severity": "WARNING", "categories": []},
        ],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}],
        **fields,
    }


READ = Listing(
    sku="SKU-1",
    marketplace_id=JAPAN,
    asin="B000000001",
    title="鞄",
    image_url="https://m.media-amazon.com/images/I/1.jpg",
    product_type="LUGGAGE",
    status=("BUYABLE", "DISCOVERABLE"),
    channels=("fbm",),
    available=(Availability("DEFAULT", 4),),
    submitted_quantity=5,
    handling_days=3,
    restock_date=date(2026, 12, 24),
    issues=(
        Issue("90220", "必須です", "ERROR", ("color",), ("MISSING_ATTRIBUTE",), ("LISTING_SUPPRESSED",)),
        Issue("2", "w", "WARNING"),
    ),
    created=datetime(2026, 10, 1, tzinfo=timezone.utc),
    last_updated=NOON + timedelta(milliseconds=500),
)


def search(**values):
    return SearchListings(**{"seller_id": "A1SELLER", "marketplace_id": JAPAN, **values})


def read(**fields):
    return listings.parse_listing(json.dumps(item(**fields)), JAPAN)


def patch(**values):
    return ListingPatch(**{"sku": "SKU-1", "marketplace_id": JAPAN, "quantity": 7, **values})


# --- searching -----------------------------------------------------------------------------------------------------
def test_what_is_searched_for_to_the_letter(amazon, seller):
    amazon.says(
        ITEMS,
        Answer(body={"numberOfResults": 1234, "pagination": {"nextToken": "a+b/c="}, "items": [item()]}),
        Answer(body={"numberOfResults": 1, "items": []}),
    )
    page = seller.listings.search(search())
    assert (page.listings, page.unreadable, page.number_of_results) == ((READ,), (), 1234)
    assert page.is_cut
    assert page.marks == ("SKU-1",)
    assert "a+b" not in repr(page)
    last = seller.listings.search(
        search(
            skus=["A b", "二"],
            created_after=NOON,
            created_before=NOON + timedelta(hours=1),
            last_updated_after=NOON.replace(microsecond=1999),
            last_updated_before=NOON + timedelta(days=1),
            page_size=5,
            included_data=["summaries"],
            issue_locale="ja_JP",
        ),
        page.next_token,
    )
    assert (last.next_token, last.is_cut, last.marks) == (None, False, ())
    first, second = amazon.asked()
    data = ("includedData", "summaries,attributes,issues,fulfillmentAvailability")
    usual = [("marketplaceIds", JAPAN), ("sortBy", "sku"), ("sortOrder", "ASC")]
    assert sorted(first.query) == sorted([*usual, data, ("pageSize", "20")])
    assert sorted(second.query) == sorted(
        [
            *usual,
            ("includedData", "summaries"),
            ("identifiers", "A b,二"),
            ("identifiersType", "SKU"),
            ("createdAfter", "2026-11-02T12:00:00.000Z"),
            ("createdBefore", "2026-11-02T13:00:00.000Z"),
            ("lastUpdatedAfter", "2026-11-02T12:00:00.001Z"),
            ("lastUpdatedBefore", "2026-11-03T12:00:00.000Z"),
            ("pageSize", "5"),
            ("issueLocale", "ja_JP"),
            ("pageToken", "a+b/c="),
        ]
    )


def test_every_parameter_is_amazons():
    operation = schema.model("listingsItems_2021-08-01.json")["paths"]["/listings/2021-08-01/items/{sellerId}"]["get"]
    known = {parameter["name"]: parameter for parameter in operation["parameters"]}
    given = search(skus=["A"], created_after=NOON, last_updated_before=NOON, issue_locale="ja_JP").parameters("t")
    assert set(given) <= set(known)
    assert known["pageSize"]["maximum"] == search().page_size
    assert known["identifiers"]["maxItems"] == listings.MOST_SKUS
    assert set(listings.LISTING_DATA) <= set(known["includedData"]["items"]["enum"])
    assert {given["sortBy"], given["sortOrder"]} <= {*known["sortBy"]["enum"], *known["sortOrder"]["enum"]}


@pytest.mark.parametrize(
    "message, kind",
    [
        ("Search parameters do not match the provided 'pageToken'", errors.PassingRefusal),
        ("Search parameters do not match the provided pageToken.", errors.PassingRefusal),
        ("Invalid pageToken", errors.TokenRefused),
    ],
)
def test_a_token_that_is_refused(amazon, seller, message, kind):
    amazon.says(ITEMS, Answer(400, {"errors": [{"code": "InvalidInput", "message": message}]}))
    with pytest.raises(errors.SellingPartnerError) as caught:
        seller.listings.search(search(), "t")
    assert type(caught.value) is kind
    with pytest.raises(BadRequest) as caught:
        seller.listings.search(search())
    assert type(caught.value) is BadRequest


def test_a_search_is_kept():
    kept = search(skus=["A"], created_after=NOON + timedelta(microseconds=1234))
    assert SearchListings.from_json(kept.to_json()) == kept
    older = json.loads(kept.to_json())
    del older["sort_by"]
    assert SearchListings.from_json(json.dumps(older)) == kept
    for text in ("", "[]", "{}", '{"seller_id":"A","marketplace_id":"M","created_after":"x"}'):
        with pytest.raises(BadRequest):
            SearchListings.from_json(text)


@pytest.mark.parametrize(
    "values",
    [
        {"seller_id": ""},
        {"seller_id": "a/b"},
        {"marketplace_id": ""},
        {"marketplace_id": "A,B"},
        {"created_after": datetime(2026, 11, 2)},
        {"created_after": NOON, "created_before": NOON - timedelta(seconds=1)},
        {"last_updated_after": NOON, "last_updated_before": NOON - timedelta(seconds=1)},
        {"skus": ["A"] * 21},
        {"skus": ["A", ""]},
        {"skus": ["a,b"]},
        {"skus": ["a\nb"]},
        {"sort_by": "price"},
        {"sort_order": "UP"},
        {"page_size": 0},
        {"page_size": 21},
    ],
)
def test_searches_that_amazon_would_refuse(amazon, seller, values):
    with pytest.raises(BadRequest) as caught:
        seller.listings.search(search(**values))
    assert not caught.value.sent
    assert not amazon.requests


def test_one_odd_listing_costs_no_other(amazon, seller):
    odd = [
        item(sku="ODD", fulfillmentAvailability=[{"fulfillmentChannelCode": "DEFAULT", "quantity": -1}]),
        item(sku=""),
        "nonsense",
    ]
    amazon.says(ITEMS, Answer(body={"numberOfResults": 5, "items": [item(sku="A"), *odd, item(sku="Z")]}))
    page = seller.listings.search(search())
    assert [listing.sku for listing in page.listings] == ["A", "Z"]
    assert [(entry.sku, entry.error.path) for entry in page.unreadable] == [
        ("ODD", "items[1].fulfillmentAvailability[0].quantity"),
        ("", "items[2].sku"),
        ("", "items[3]"),
    ]
    assert len(set(page.marks)) == 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"numberOfResults": 1},
        {"numberOfResults": "many", "items": []},
        {"numberOfResults": 1, "items": {}},
        {"numberOfResults": 1, "items": [], "pagination": {"nextToken": 7}},
        {"numberOfResults": 1, "items": [], "pagination": []},
    ],
)
def test_answers_that_are_no_page(amazon, seller, body):
    amazon.says(ITEMS, Answer(body=body))
    with pytest.raises(errors.MalformedAnswer):
        seller.listings.search(search())


def test_sku_with_blanks_around_it():
    """It is not taken for the one that is left without them."""
    page = {"numberOfResults": 2, "items": [{"sku": "TEA "}, {"sku": "TEA"}]}
    read = listings.parse_listings_page(json.dumps(page), JAPAN)
    assert [one.sku for one in read.listings] == ["TEA"]
    assert [(one.sku, one.error.path) for one in read.unreadable] == [("", "items[0].sku")]
    assert not listings.is_sku("\u3000TEA")


@settings(max_examples=50)
@given(st.data())
def test_any_page_the_schema_allows(data):
    definitions = schema.model("listingsItems_2021-08-01.json")["definitions"]
    page = data.draw(schema.Instances(definitions).named("ItemSearchResults"))
    read = listings.parse_listings_page(json.dumps(page), JAPAN)
    assert len(read.listings) + len(read.unreadable) == len(read.marks) == len(page["items"])
    assert all(entry.error.reason in ("unprintable", "too_long") for entry in read.unreadable)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["DEFAULT", "2026-13-40", JAPAN]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*item(), "quantity", "marketplaceId"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"sku": _JSON, **{name: _JSON for name in item() if name != "sku"}}))
def test_any_json_is_a_listing_or_refused(entry):
    page = listings.parse_listings_page(json.dumps({"numberOfResults": 2, "items": [entry, item()]}), JAPAN)
    assert len(page.listings) + len(page.unreadable) == 2
    assert page.listings[-1] == READ


# --- one listing ---------------------------------------------------------------------------------------------------
def test_one_listing_to_the_letter(amazon, seller):
    amazon.says(f"{ITEMS}/SKU-1", Answer(body=item()))
    listing = seller.listings.get("A1SELLER", "SKU-1", JAPAN, issue_locale="ja_JP")
    assert listing == READ
    assert (listing.quantity, listing.is_buyable) == (4, True)
    assert [(issue.is_error, issue.hint) for issue in listing.issues] == [(True, "listing_incomplete"), (False, "")]
    (request,) = amazon.asked()
    assert request.method == "GET"
    assert sorted(request.query) == [
        ("includedData", "summaries,attributes,issues,fulfillmentAvailability"),
        ("issueLocale", "ja_JP"),
        ("marketplaceIds", JAPAN),
    ]


@pytest.mark.parametrize("sku", ODD_SKUS)
def test_odd_skus_arrive(amazon, seller, sku):
    target = f"{ITEMS}/{quote(sku, safe='')}"
    amazon.says(
        target, Answer(body=item(sku=sku)), Answer(body={"sku": sku, "status": "ACCEPTED", "submissionId": "1"})
    )
    assert seller.listings.get("A1SELLER", sku, JAPAN).sku == sku
    assert seller.listings.patch("A1SELLER", patch(sku=sku)).sku == sku
    for request in amazon.asked():
        assert request.path == target
        assert unquote(request.path.rsplit("/", 1)[1]) == sku


def test_a_listing_that_is_another(amazon, seller):
    amazon.says(f"{ITEMS}/SKU-1", Answer(body=item(sku="SKU-2")))
    with pytest.raises(errors.MalformedAnswer):
        seller.listings.get("A1SELLER", "SKU-1", JAPAN)


def test_a_listing_that_is_not_there(amazon, seller):
    with pytest.raises(errors.NotFound):
        seller.listings.get("A1SELLER", "SKU-1", JAPAN)


def test_as_little_as_the_schema_needs():
    listing = listings.parse_listing(b'{"sku":"S"}', JAPAN)
    assert listing == Listing("S", JAPAN)
    assert (listing.quantity, listing.channels, listing.is_buyable) == (None, (), False)


@pytest.mark.parametrize(
    "has, submitted, channels",
    [
        (["DEFAULT"], ["DEFAULT"], ("fbm",)),
        (["AMAZON_JP"], [], ("fba",)),
        ([], ["AMAZON_JP"], ("fba",)),
        (["AMAZON_NA", "DEFAULT"], [], ("fbm", "fba")),
        (["DEFAULT"], ["AMAZON_JP"], ("fbm", "fba")),
        (["AMAZON_JP"], ["DEFAULT"], ("fbm", "fba")),
        (["DEFAULT", "8a0b9c5e-warehouse"], [], ("fbm", "multi")),
        ([], [], ()),
    ],
)
def test_channels(has, submitted, channels):
    listing = read(
        fulfillmentAvailability=[{"fulfillmentChannelCode": code} for code in has],
        attributes={"fulfillment_availability": [{"fulfillment_channel_code": code} for code in submitted]},
    )
    assert listing.channels == channels
    assert listing.quantity is None


def test_what_was_submitted_without_a_marketplace_counts_for_all():
    submitted = [
        {"fulfillment_channel_code": "AMAZON_JP", "quantity": 8},
        {"fulfillment_channel_code": "DEFAULT", "quantity": "6", "restock_date": "2026-12-24T00:00:00Z"},
    ]
    listing = read(attributes={"fulfillment_availability": submitted})
    assert (listing.submitted_quantity, listing.restock_date) == (6, date(2026, 12, 24))
    submitted[1]["marketplace_id"] = "ANOTHER"
    assert read(attributes={"fulfillment_availability": submitted}).submitted_quantity is None


@pytest.mark.parametrize("link, shown", [("https://a/b", "https://a/b"), ("javascript:alert(1)", ""), ("", "")])
def test_pictures(link, shown):
    summary = {"marketplaceId": JAPAN, "mainImage": {"link": link}}
    assert read(summaries=[summary]).image_url == shown


@pytest.mark.parametrize("day", ["soon", "2026-13-01", "2026-12-24 ", 20261224, "2026-12-2"])
def test_a_day_that_is_none(day):
    with pytest.raises(errors.MalformedAnswer) as caught:
        read(attributes={"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "restock_date": day}]})
    assert caught.value.path == "attributes.fulfillment_availability[0].restock_date"


def test_every_hint_is_in_the_list():
    assert set(listings.ISSUE_HINTS.values()) <= set(listings.HINTS)
    assert Issue("BAD_REQUEST", "Invalid parameters provided.", "ERROR").hint == "listing_attributes"


# --- changing it ---------------------------------------------------------------------------------------------------
PATCH_ANSWER = {"sku": "SKU-1", "status": "ACCEPTED", "submissionId": "f1dc2914-75dd-11ea-bc55-0242ac130003"}


def test_a_patch_to_the_letter(amazon, seller):
    amazon.says(f"{ITEMS}/SKU-1", Answer(body=PATCH_ANSWER))
    submission = seller.listings.patch("A1SELLER", patch(product_type="LUGGAGE"), issue_locale="ja_JP")
    assert submission == Submission("SKU-1", "ACCEPTED", PATCH_ANSWER["submissionId"])
    assert submission.is_accepted
    seller.listings.patch("A1SELLER", patch(quantity=0, handling_days=2, restock_date=date(2026, 12, 24)))
    first, second = amazon.asked()
    assert (first.method, sorted(first.query)) == ("PATCH", [("issueLocale", "ja_JP"), ("marketplaceIds", JAPAN)])
    assert json.loads(first.body) == {
        "productType": "LUGGAGE",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
            }
        ],
    }
    assert second.query == [("marketplaceIds", JAPAN)]
    assert json.loads(second.body)["productType"] == "PRODUCT"
    assert json.loads(second.body)["patches"][0]["value"] == [
        {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": 0,
            "lead_time_to_ship_max_days": 2,
            "restock_date": "2026-12-24",
        }
    ]


def test_patches_are_as_the_schema_wants_them():
    definitions = schema.model("listingsItems_2021-08-01.json")["definitions"]
    body = patch(handling_days=0, restock_date=date(2026, 12, 24)).body()
    schema.validator("ListingsItemPatchRequest", definitions).validate(body)
    schema.validator("ListingsItemSubmissionResponse", definitions).validate(PATCH_ANSWER)
    schema.validator("Item", definitions).validate({**item(), "summaries": item()["summaries"][1:]})


def test_a_patch_that_is_refused(amazon, seller):
    issue = {
        "code": "90000900",
        "message": "属性が無効です",
        "severity": "ERROR",
        "attributeNames": ["fulfillment_availability"],
        "categories": ["INVALID_ATTRIBUTE"],
    }
    amazon.says(f"{ITEMS}/SKU-1", Answer(body={**PATCH_ANSWER, "status": "INVALID", "issues": [issue]}))
    submission = seller.listings.patch("A1SELLER", patch())
    assert not submission.is_accepted
    assert submission.issues == (
        Issue("90000900", "属性が無効です", "ERROR", ("fulfillment_availability",), ("INVALID_ATTRIBUTE",)),
    )
    assert submission.issues[0].hint == "listing_attributes"


@pytest.mark.parametrize(
    "values",
    [
        {"sku": ""},
        {"sku": ".."},
        {"sku": "a\tb"},
        {"sku": "x" * 101},
        {"sku": None},
        {"marketplace_id": ""},
        {"product_type": ""},
        {"product_type": "A B"},
        {"quantity": -1},
        {"quantity": 1.0},
        {"quantity": True},
        {"quantity": "1"},
        {"quantity": None},
        {"quantity": 2**31},
        {"handling_days": -1},
        {"handling_days": 1.5},
        {"handling_days": 366},
        {"restock_date": "2026-12-24"},
        {"restock_date": NOON},
    ],
)
def test_patches_that_amazon_would_refuse(amazon, seller, values):
    with pytest.raises(BadRequest) as caught:
        seller.listings.patch("A1SELLER", patch(**values))
    assert not caught.value.sent
    assert not amazon.requests


@pytest.mark.parametrize(
    "answer, kind",
    [
        (Answer(400, {"errors": [{"code": "InvalidInput", "message": "no"}]}), BadRequest),
        (Answer(403, {"message": "Forbidden"}), errors.AccessDenied),
        (Answer(413, b""), BadRequest),
        (Answer(429), errors.QuotaExceeded),
        (Answer(500, b"<html></html>"), errors.RetryLater),
        (Answer(hang_up=True), errors.RetryLater),
        (Answer(200, {}, cut=9), errors.RetryLater),
        (Answer(200, b"<html>portal</html>"), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "errors": [{"code": "X"}]}), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "sku": "SKU-2"}), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "sku": ""}), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "status": "SOMETHING_NEW"}), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "status": ["ACCEPTED"]}), errors.MalformedAnswer),
        (Answer(200, {**PATCH_ANSWER, "issues": {}}), errors.MalformedAnswer),
    ],
)
def test_answers_to_a_patch(amazon, seller, answer, kind):
    amazon.says(f"{ITEMS}/SKU-1", answer)
    with pytest.raises(SellingPartnerError) as caught:
        seller.listings.patch("A1SELLER", patch())
    assert (type(caught.value), caught.value.sent) == (kind, True)


def test_no_answer_to_a_patch_in_time(amazon, address, credentials):
    amazon.says(f"{ITEMS}/SKU-1", Answer(wait=9))
    with SellingPartner(credentials, address, timeout=0.5) as seller, pytest.raises(errors.RetryLater) as caught:
        seller.listings.patch("A1SELLER", patch())
    assert caught.value.sent


@pytest.mark.parametrize(
    "message, hint",
    [
        ("Invalid product type FOO.", "listing_product_type"),
        ("The provided sku is not valid", "listing_sku"),
        ("Value is missing for patch at index of 0", "listing_attributes"),
        ("no", ""),
    ],
)
def test_what_a_refusal_is_about(amazon, seller, message, hint):
    amazon.says(f"{ITEMS}/SKU-1", Answer(400, {"errors": [{"code": "InvalidInput", "message": message}]}))
    with pytest.raises(BadRequest) as caught:
        seller.listings.patch("A1SELLER", patch())
    assert caught.value.hint == hint
    assert not hint or hint in listings.HINTS


def test_each_call_has_a_quota_of_its_own(amazon, address, credentials):
    asked = []

    class Budget:
        def acquire(self, operation):
            asked.append(operation)

        def observe(self, operation, headers, status):
            pass

    amazon.says(ITEMS, Answer(body={"numberOfResults": 0, "items": []}))
    amazon.says(f"{ITEMS}/SKU-1", Answer(body=item()), Answer(body=PATCH_ANSWER))
    with SellingPartner(credentials, address, Budget()) as seller:
        seller.listings.search(search())
        seller.listings.get("A1SELLER", "SKU-1", JAPAN)
        seller.listings.patch("A1SELLER", patch())
    assert asked == ["searchListingsItems", "getListingsItem", "patchListingsItem"]
