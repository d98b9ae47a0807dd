"""The Listings Items API: reading, searching, and what becomes of a patch."""

import pytest

from simulator import operations, schema
from simulator.tests.client import JP, NOW, US

ITEMS = "/listings/2021-08-01/items"
PATH = "/attributes/fulfillment_availability"
ALL = "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,productTypes"
MISMATCH = "Search parameters do not match the provided 'pageToken'."


@pytest.fixture(autouse=True)
def late(amazon):
    """What is accepted is applied only when a test says so."""
    amazon.post("/settings", listing_seconds=None)


def add(amazon, seller, sku="TEA-1", **values):
    return amazon.post("/listings", merchant_id=seller["merchant_id"], sku=sku, **values)


def stored(amazon, sku="TEA-1"):
    return amazon.get(f"/listings/{sku}")


def get(amazon, seller, sku="TEA-1", status=200, **query):
    query = {"marketplaceIds": JP, "includedData": ALL, **query}
    answer = amazon.call(seller, f"{ITEMS}/{seller['merchant_id']}/{sku}", **query)
    assert answer.status_code == status, answer.text
    return answer.json()


def search(amazon, seller, status=200, **query):
    answer = amazon.call(seller, f"{ITEMS}/{seller['merchant_id']}", **{"marketplaceIds": JP, **query})
    assert answer.status_code == status, answer.text
    return answer.json()


def skus(page):
    return [item["sku"] for item in page["items"]]


def patch(amazon, seller, sku="TEA-1", op="merge", status=200, query="", body=None, product_type="PRODUCT", **fields):
    """The answer's JSON; ``fields`` are those of the channel DEFAULT."""
    value = [{"fulfillment_channel_code": "DEFAULT", **fields}]
    body = body or {"productType": product_type, "patches": [{"op": op, "path": PATH, "value": value}]}
    path = f"{ITEMS}/{seller['merchant_id']}/{sku}?marketplaceIds={JP}{query}"
    answer = amazon.send(seller, "PATCH", path, body)
    assert answer.status_code == status, answer.text
    return answer.json()


def raw(amazon, seller, *patches, status=200, **body):
    """A patch with the operations as given."""
    return patch(amazon, seller, status=status, body={"productType": "PRODUCT", "patches": list(patches), **body})


def codes(answer):
    return [(issue["code"], *issue.get("attributeNames", [])) for issue in answer["issues"]]


def test_everything_about_a_listing(amazon, seller):
    issue = {
        "code": "8541",
        "severity": "WARNING",
        "message": {"ja_JP": "画像がありません", "en_US": "No image"},
        "attributeNames": ["main_product_image_locator"],
        "categories": ["MISSING_IMAGE"],
        "enforcements": {"actions": [{"action": "SEARCH_SUPPRESSED"}], "exemption": {"status": "NOT_EXEMPT"}},
    }
    facts = {
        "asin": "B0TEA",
        "title": "煎茶",
        "image": "https://m.example/tea.jpg",
        "product_type": "TEA",
        "points": 20,
    }
    add(
        amazon,
        seller,
        **facts,
        price="1980",
        barcode="4900000000017",
        quantity=7,
        lead_time=3,
        issues=[issue],
        created="2026-11-01T00:00:00Z",
        parent_sku="TEA",
    )
    item = get(amazon, seller)
    assert list(item) == ["sku", *ALL.split(",")]
    assert item["summaries"] == [
        {
            "marketplaceId": JP,
            "asin": "B0TEA",
            "productType": "TEA",
            "conditionType": "new_new",
            "status": ["BUYABLE", "DISCOVERABLE"],
            "itemName": "煎茶",
            "createdDate": "2026-11-01T00:00:00.000Z",
            "lastUpdatedDate": "2026-11-01T00:00:00.000Z",
            "mainImage": {"link": "https://m.example/tea.jpg", "height": 500, "width": 500},
        }
    ]
    assert item["attributes"]["fulfillment_availability"] == [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 7, "lead_time_to_ship_max_days": 3}
    ]
    assert item["attributes"]["externally_assigned_product_identifier"][0]["value"] == "4900000000017"
    assert item["issues"] == [{**issue, "message": "画像がありません", "marketplaceIds": [JP]}]
    assert item["offers"][0]["price"] == {"amount": "1980", "currencyCode": "JPY"}
    assert item["offers"][0]["points"] == {"pointsNumber": 20}
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}]
    assert item["relationships"][0]["relationships"] == [{"type": "VARIATION", "parentSkus": ["TEA"]}]
    assert item["productTypes"] == [{"marketplaceId": JP, "productType": "TEA"}]
    english = get(amazon, seller, issueLocale="en_US", includedData="issues")
    assert english == {"sku": "TEA-1", "issues": [{**issue, "message": "No image", "marketplaceIds": [JP]}]}
    assert get(amazon, seller, issueLocale="fr_FR", includedData="issues") == english
    assert list(get(amazon, seller, includedData="summaries")) == ["sku", "summaries"]
    assert list(amazon.call(seller, f"{ITEMS}/{seller['merchant_id']}/TEA-1", marketplaceIds=JP).json()) == [
        "sku",
        "summaries",
    ]


def test_who_may_read(amazon, seller):
    add(amazon, seller)
    other = amazon.post("/sellers")
    answer = amazon.call(other, f"{ITEMS}/{seller['merchant_id']}/TEA-1", marketplaceIds=JP)
    assert answer.status_code == 403
    assert get(amazon, other, status=404)["errors"][0]["message"] == f"SKU 'TEA-1' not found in marketplace {JP}"
    amazon.control("PATCH", f"/sellers/{seller['merchant_id']}", {"roles": ["inventory_and_order_tracking"]})
    get(amazon, seller, status=403)
    search(amazon, seller, status=403)
    patch(amazon, seller, quantity=1, status=403)


@pytest.mark.parametrize(
    "query, status",
    [
        ({"marketplaceIds": ""}, 400),
        ({"marketplaceIds": "X"}, 400),
        ({"marketplaceIds": US}, 403),
        ({"includedData": "prices"}, 400),
        ({"issueLocale": "Japanese"}, 400),
        ({"pageSize": "10"}, 400),
    ],
)
def test_what_cannot_be_asked(amazon, seller, query, status):
    add(amazon, seller)
    get(amazon, seller, status=status, **query)


def test_a_sku_can_have_any_character(amazon, seller):
    for sku, encoded in (("A/B C+1", "A%2FB%20C%2B1"), ("赤#1?&%", "%E8%B5%A4%231%3F%26%25")):
        add(amazon, seller, sku)
        assert get(amazon, seller, encoded)["sku"] == sku
        assert patch(amazon, seller, encoded, quantity=3)["sku"] == sku
    get(amazon, seller, "A/B%20C%2B1", status=404)
    assert [write["sku"] for write in amazon.get("/listing-writes")] == ["A/B C+1", "赤#1?&%"]


def test_pages(amazon, seller):
    for number in range(25):
        add(amazon, seller, f"S{number:02d}", created=f"2026-11-01T00:00:{number:02d}Z")
    page = search(amazon, seller, sortBy="sku", sortOrder="ASC")
    assert (page["numberOfResults"], skus(page)) == (25, [f"S{number:02d}" for number in range(10)])
    assert list(page["pagination"]) == ["nextToken"]
    token = page["pagination"]["nextToken"]
    second = search(amazon, seller, sortBy="sku", sortOrder="ASC", pageToken=token, pageSize=20)
    assert skus(second) == [f"S{number:02d}" for number in range(10, 25)]
    assert list(second["pagination"]) == ["previousToken"]
    # The answer's name of the token is not the parameter's: it is passed over.
    assert search(amazon, seller, sortBy="sku", sortOrder="ASC", nextToken=token) == page
    assert search(amazon, seller, pageToken=token, status=400)["errors"][0]["message"] == MISMATCH
    assert search(amazon, seller, pageToken="x", status=400)["errors"][0]["message"] == "Invalid 'pageToken'."
    for wrong in ("0", "21", "x", "-1"):
        search(amazon, seller, pageSize=wrong, status=400)
    assert skus(search(amazon, seller))[0] == "S24"
    assert "pagination" not in search(amazon, seller, createdAfter="2026-11-01T00:00:20Z")


def test_a_thousand_can_be_reached(amazon, seller):
    amazon.post("/listings/bulk", merchant_id=seller["merchant_id"], count=1030, quantity=5)
    query = {"sortBy": "sku", "sortOrder": "ASC", "pageSize": 20}
    pages = [search(amazon, seller, **query)]
    while "nextToken" in pages[-1]["pagination"]:
        pages.append(search(amazon, seller, pageToken=pages[-1]["pagination"]["nextToken"], **query))
    found = [sku for page in pages for sku in skus(page)]
    assert found == [f"BULK-{number:06d}" for number in range(1, 1001)]
    assert {page["numberOfResults"] for page in pages} == {1030}
    moment = stored(amazon, "BULK-000500")["created"]
    window = search(amazon, seller, createdAfter=moment, createdBefore=moment)
    assert skus(window) == ["BULK-000500"]


def test_a_page_that_passes_is_refused_once(amazon, seller):
    for number in range(15):
        add(amazon, seller, f"S{number:02d}")
    amazon.post("/faults", operation="searchListingsItems", kind="page_token_mismatch")
    token = search(amazon, seller)["pagination"]["nextToken"]
    assert search(amazon, seller, pageToken=token, status=400)["errors"][0] == {
        "code": "InvalidInput",
        "message": MISMATCH,
        "details": "",
    }
    assert len(skus(search(amazon, seller, pageToken=token))) == 5


def test_a_listing_left_out(amazon, seller):
    """A search leaves out what is there, and counts it all the same."""
    for number in (1, 2):
        add(amazon, seller, f"TEA-{number}")
    amazon.post("/faults", operation="searchListingsItems", kind="listing_left_out", times=1)
    page = search(amazon, seller, sortBy="sku", sortOrder="ASC")
    assert (skus(page), page["numberOfResults"]) == (["TEA-1"], 2)
    assert len(search(amazon, seller)["items"]) == 2


def test_sorting_by_change_moves_what_changes(amazon, seller):
    for number in range(12):
        add(amazon, seller, f"S{number:02d}", created=f"2026-11-01T00:00:{number:02d}Z")
    page = search(amazon, seller, pageSize=6)
    assert skus(page) == [f"S{number:02d}" for number in range(11, 5, -1)]
    patch(amazon, seller, "S00", quantity=1)
    later = search(amazon, seller, pageSize=6, pageToken=page["pagination"]["nextToken"])
    assert skus(later) == ["S06", "S05", "S04", "S03", "S02", "S01"]
    assert skus(search(amazon, seller, lastUpdatedAfter=NOW)) == ["S00"]
    assert len(skus(search(amazon, seller, lastUpdatedBefore="2026-11-02T00:00:00Z", pageSize=20))) == 11


def test_filters(amazon, seller):
    add(amazon, seller, "A", asin="B0A", barcode="490", quantity=1, issues=[{"code": "1", "severity": "ERROR"}])
    add(amazon, seller, "B", asin="B0B", quantity=0, issues=[{"code": "2", "severity": "WARNING"}], parent_sku="P")
    add(amazon, seller, "C", asin="B0B", channel="fba")
    add(amazon, seller, "D", status=[], quantity=4)
    for query, expected in (
        ({"identifiers": "A,C,X", "identifiersType": "SKU"}, "AC"),
        ({"identifiers": "B0B", "identifiersType": "ASIN"}, "BC"),
        ({"identifiers": "490", "identifiersType": "JAN"}, "A"),
        ({"identifiers": "X0B", "identifiersType": "FNSKU"}, "C"),
        ({"withIssueSeverity": "ERROR"}, "A"),
        ({"withIssueSeverity": "ERROR,WARNING"}, "AB"),
        ({"withStatus": "BUYABLE"}, "AC"),
        ({"withoutStatus": "BUYABLE"}, "BD"),
        ({"withStatus": "DISCOVERABLE", "withoutStatus": "BUYABLE"}, "B"),
        ({"variationParentSku": "P"}, "B"),
        ({"packageHierarchySku": "P"}, ""),
        ({}, "ABCD"),
    ):
        page = search(amazon, seller, sortBy="sku", sortOrder="ASC", **query)
        assert ("".join(skus(page)), page["numberOfResults"]) == (expected, len(expected)), query


@pytest.mark.parametrize(
    "query",
    [
        {"identifiers": "A"},
        {"identifiersType": "SKU"},
        {"identifiers": "A", "identifiersType": "NAME"},
        {"identifiers": ",".join(map(str, range(21))), "identifiersType": "SKU"},
        {"identifiers": "A", "identifiersType": "SKU", "variationParentSku": "P"},
        {"createdAfter": "yesterday"},
        {"lastUpdatedBefore": "2026-11-01"},
        {"withStatus": "SOLD"},
        {"withIssueSeverity": "INFO"},
        {"sortBy": "price"},
        {"sortOrder": "UP"},
        {"maxResults": "5"},
    ],
)
def test_searches_that_make_no_sense(amazon, seller, query):
    search(amazon, seller, status=400, **query)


def test_accepted_is_not_applied(amazon, seller):
    amazon.post("/settings", listing_seconds=60)
    add(amazon, seller, quantity=7, lead_time=3)
    answer = patch(amazon, seller, quantity=4)
    assert (answer["sku"], answer["status"], answer["issues"]) == ("TEA-1", "ACCEPTED", [])
    amazon.advance(seconds=59)
    item = get(amazon, seller)
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}]
    assert item["attributes"]["fulfillment_availability"] == [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 4, "lead_time_to_ship_max_days": 3}
    ]
    assert stored(amazon)["waiting"] == 1
    amazon.advance(seconds=1)
    assert get(amazon, seller)["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}]
    [write] = stored(amazon)["writes"]
    assert (write["via"], write["time"], write["quantity"], write["submission_id"]) == (
        "patch",
        NOW,
        4,
        answer["submissionId"],
    )
    assert (write["applied"], write["out_of_order"]) == ("2026-11-23T01:01:00.000Z", False)
    assert get(amazon, seller)["summaries"][0]["lastUpdatedDate"] == NOW


def test_at_once_by_default(amazon, seller):
    amazon.post("/settings", listing_seconds=0)
    add(amazon, seller, quantity=7)
    patch(amazon, seller, quantity=0)
    item = get(amazon, seller)
    assert item["fulfillmentAvailability"][0]["quantity"] == 0
    assert item["summaries"][0]["status"] == ["DISCOVERABLE"]


def test_what_is_never_applied(amazon, seller):
    amazon.post("/settings", listing_seconds=5)
    add(amazon, seller, quantity=7, applies=False)
    patch(amazon, seller, quantity=4)
    amazon.advance(hours=1)
    assert (stored(amazon)["quantity"], stored(amazon)["quantity_submitted"]) == (7, 4)
    assert "applied" not in stored(amazon)["writes"][0]
    amazon.control("PATCH", "/listings/TEA-1", {"applies": True})
    patch(amazon, seller, quantity=3)
    amazon.advance(seconds=5)
    assert stored(amazon)["quantity"] == 3


def test_out_of_order(amazon, seller):
    add(amazon, seller, quantity=7)
    patch(amazon, seller, quantity=5)
    patch(amazon, seller, quantity=3)
    first, second = stored(amazon)["writes"]
    amazon.post("/listings/TEA-1/apply", n=second["n"])
    assert stored(amazon)["quantity"] == 3
    amazon.post("/listings/TEA-1/apply")
    assert stored(amazon)["quantity"] == 5
    first, second = amazon.get("/listing-writes")
    assert first["submission"] < second["submission"] and first["applied_n"] > second["applied_n"]
    assert (first["out_of_order"], second["out_of_order"]) == (True, False)
    amazon.control("POST", "/listings/TEA-1/apply", {}, status=409)


def test_merge_keeps_and_replace_resets(amazon, seller):
    amazon.post("/settings", listing_seconds=0)
    add(amazon, seller, quantity=7, lead_time=3, restock_date="2026-12-24")
    own = {"fulfillment_channel_code": "DEFAULT"}
    for op, fields, expected in (
        ("merge", {"quantity": 4}, {"quantity": 4, "lead_time_to_ship_max_days": 3, "restock_date": "2026-12-24"}),
        ("merge", {"quantity": 4, "lead_time_to_ship_max_days": 5}, {"lead_time_to_ship_max_days": 5}),
        ("replace", {"quantity": 2}, {"quantity": 2}),
        ("add", {"quantity": 1, "restock_date": "2027-01-10"}, {"quantity": 1, "restock_date": "2027-01-10"}),
    ):
        patch(amazon, seller, op=op, **fields)
        [found] = get(amazon, seller)["attributes"]["fulfillment_availability"]
        assert found == {**own, **expected} if op != "merge" else found.items() >= expected.items()
    patch(amazon, seller, op="delete")
    assert get(amazon, seller)["fulfillmentAvailability"] == []
    assert get(amazon, seller)["summaries"][0]["status"] == ["DISCOVERABLE"]


@pytest.mark.parametrize(
    "fields, issue",
    [
        ({"lead_time_to_ship_max_days": 3}, ("90220", "fulfillment_availability")),
        ({"restock_date": "2026-12-24"}, ("90220", "fulfillment_availability")),
        ({"quantity": -1}, ("90244", "fulfillment_availability")),
        ({"quantity": "5"}, ("90244", "fulfillment_availability")),
        ({"quantity": 5.5}, ("90244", "fulfillment_availability")),
        ({"quantity": True}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "lead_time_to_ship_max_days": 31}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "restock_date": "24.12.2026"}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "restock_date": "2026-02-30"}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "fulfillment_channel_code": ""}, ("99022", "fulfillment_availability")),
        ({"quantity": 5, "fulfillment_channel_code": "SELF"}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "fulfillment_channel_code": "AMAZON_JP"}, ("90244", "fulfillment_availability")),
        ({"quantity": 5, "leadTimeToShipMaxDays": 3}, ("90000900", "fulfillment_availability")),
        ({"quantity": 5, "marketplace_id": US}, ("90244", "fulfillment_availability")),
    ],
)
def test_invalid_values(amazon, seller, fields, issue):
    add(amazon, seller, quantity=7)
    answer = patch(amazon, seller, **fields)
    assert (answer["status"], codes(answer)) == ("INVALID", [issue])
    assert stored(amazon)["writes"] == [] and stored(amazon)["quantity_submitted"] == 7


def test_invalid_paths_and_types(amazon, seller):
    add(amazon, seller, quantity=7, product_type="TEA")
    good = {"op": "merge", "path": PATH, "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}]}
    answer = raw(amazon, seller, {**good, "path": "/attributes/fulfillmentAvailability"})
    assert (answer["status"], codes(answer)) == ("INVALID", [("90000900", "fulfillmentAvailability")])
    assert answer["issues"][0]["message"] == "属性が無効です。"
    assert codes(raw(amazon, seller, {**good, "value": []})) == [("99022", "fulfillment_availability")]
    assert raw(amazon, seller, good, productType="TEA")["status"] == "ACCEPTED"
    assert codes(raw(amazon, seller, good, productType="SHOES")) == [("90220", "brand")]
    for wrong in (
        {**good, "op": "test"},
        {**good, "path": f"{PATH}/0/quantity"},
        {**good, "path": "fulfillment_availability"},
        {**good, "value": good["value"][0]},
        {**good, "value": [5]},
        {**good, "from": "x"},
    ):
        raw(amazon, seller, wrong, status=400)
    missing = raw(amazon, seller, {"op": "merge", "path": PATH}, status=400)
    assert missing["errors"][0]["message"] == "Value is missing for patch at index of 0"
    for body in ([], {"patches": [good]}, {"productType": "PRODUCT"}, {"productType": "PRODUCT", "patches": []}):
        patch(amazon, seller, body=body or ["x"], status=400)
    assert len(stored(amazon)["writes"]) == 1


def test_preview(amazon, seller):
    add(amazon, seller, asin="B0TEA", quantity=7)
    query = "&mode=VALIDATION_PREVIEW&includedData=identifiers,issues&issueLocale=en_US"
    answer = patch(amazon, seller, quantity=3, query=query)
    assert (answer["status"], answer["issues"]) == ("VALID", [])
    assert answer["identifiers"] == [{"marketplaceId": JP, "asin": "B0TEA"}]
    answer = patch(amazon, seller, quantity=-3, query=query)
    assert answer["status"] == "INVALID" and answer["issues"][0]["message"].startswith("The value '-3' is invalid")
    assert stored(amazon)["writes"] == []
    patch(amazon, seller, quantity=3, query="&includedData=identifiers", status=400)
    patch(amazon, seller, quantity=3, query="&mode=TEST", status=400)
    assert "issues" in patch(amazon, seller, quantity=3, query="&includedData=issues")


def test_a_listing_that_refuses_or_warns(amazon, seller):
    refusal = {"code": "8105", "severity": "ERROR", "message": {"ja_JP": "出品できません", "en_US": "Not allowed"}}
    add(amazon, seller, quantity=7, write_issues=[refusal])
    answer = patch(amazon, seller, quantity=3)
    assert (answer["status"], answer["issues"][0]["message"]) == ("INVALID", "出品できません")
    assert patch(amazon, seller, quantity=3, query="&issueLocale=en_US")["issues"][0]["message"] == "Not allowed"
    amazon.control("PATCH", "/listings/TEA-1", {"write_issues": [{**refusal, "severity": "WARNING"}]})
    answer = patch(amazon, seller, quantity=3)
    assert (answer["status"], answer["issues"][0]["severity"]) == ("ACCEPTED", "WARNING")


def test_an_unknown_sku_becomes_a_ghost(amazon, seller):
    amazon.post("/settings", listing_seconds=0)
    answer = patch(amazon, seller, "NOBODY", quantity=3, product_type="TEA")
    assert (answer["status"], answer["issues"]) == ("ACCEPTED", [])
    item = get(amazon, seller, "NOBODY")
    assert item["summaries"] == [
        {"marketplaceId": JP, "productType": "TEA", "status": [], "createdDate": NOW, "lastUpdatedDate": NOW}
    ]
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 3}]
    assert stored(amazon, "NOBODY")["ghost"] is True
    assert skus(search(amazon, seller)) == ["NOBODY"]


@pytest.mark.parametrize("setting, channel", [("both", "both"), ("flip", "fbm")])
def test_a_quantity_for_what_amazon_ships(amazon, seller, setting, channel):
    amazon.post("/settings", listing_seconds=0, default_on_fba=setting)
    add(amazon, seller, channel="fba", asin="B0TEA")
    item = get(amazon, seller)
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "AMAZON_JP"}]
    assert item["summaries"][0]["fnSku"] == "X0TEA" and "BUYABLE" in item["summaries"][0]["status"]
    assert patch(amazon, seller, quantity=3)["status"] == "ACCEPTED"
    assert stored(amazon)["channel"] == channel
    patch(amazon, seller, op="replace", fulfillment_channel_code="AMAZON_JP")
    assert stored(amazon)["channel"] == "fba"


def test_several_marketplaces(amazon):
    seller = amazon.post("/sellers", region="eu")
    de, uk, fr = seller["marketplaces"]
    amazon.post("/settings", listing_seconds=0)
    for marketplace, quantity in ((de, 5), (uk, 8)):
        add(amazon, seller, marketplace_id=marketplace, quantity=quantity, asin="B0TEA", price="9.99")
    item = get(amazon, seller, marketplaceIds=f"{uk},{de},{fr}")
    assert [one["marketplaceId"] for one in item["summaries"]] == [uk, de]
    assert [one["price"]["currencyCode"] for one in item["offers"]] == ["GBP", "EUR"]
    assert item["fulfillmentAvailability"][0]["quantity"] == 8
    assert search(amazon, seller, marketplaceIds=f"{de},{uk}")["numberOfResults"] == 1
    body = {
        "productType": "PRODUCT",
        "patches": [{"op": "merge", "path": PATH, "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 2}]}],
    }
    path = f"{ITEMS}/{seller['merchant_id']}/TEA-1?marketplaceIds={de},{uk}"
    assert amazon.send(seller, "PATCH", path, body).json()["status"] == "ACCEPTED"
    assert [write["marketplace_id"] for write in amazon.get("/listing-writes")] == [de, uk]
    assert {one["quantity"] for one in amazon.get("/listings")} == {2}
    assert get(amazon, seller, marketplaceIds=fr, status=404)


def test_what_is_ordered_is_taken_at_once(amazon, seller):
    merchant = {"merchant_id": seller["merchant_id"]}
    for sku, channel in (("OWN", "fbm"), ("THEIRS", "fba"), ("LAST", "fbm")):
        add(amazon, seller, sku, channel=channel, quantity=7 if sku == "OWN" else 1)
    items = [{"sku": "OWN", "quantity": 2}, {"sku": "THEIRS", "quantity": 2}, {"sku": "LAST", "quantity": 3}]
    order_id = amazon.place(seller, "jp_cvs_pending", items=[*items, {"sku": "UNKNOWN"}])
    assert amazon.order(order_id)["fulfillment"]["fulfillmentStatus"] == "PENDING"

    def quantities():
        return [one["quantity"] for one in amazon.get(f"/listings?merchant_id={merchant['merchant_id']}")]

    assert quantities() == [5, None, 0]
    amazon.act(order_id, "cancel")
    assert quantities() == [5, None, 0]
    assert stored(amazon, "OWN")["quantity_submitted"] == 7
    amazon.place(seller, "jp_fba_shipped", items=[{"sku": "OWN", "quantity": 2}])
    assert quantities() == [5, None, 0]
    amazon.post("/settings", cancelled_units="return")
    order_id = amazon.place(seller, items=[{"sku": "OWN", "quantity": 3}])
    assert quantities() == [2, None, 0]
    [item] = amazon.order(order_id)["orderItems"]
    amazon.act(order_id, "cancel", items={item["orderItemId"]: 2})
    assert quantities() == [4, None, 0]


def test_the_control_api(amazon, seller):
    merchant_id = seller["merchant_id"]
    amazon.post("/listings", merchant_id=merchant_id, listings=[{"sku": "A", "quantity": 1}, {"sku": "B"}])
    drifted = amazon.control("PATCH", "/listings/A", {"available": {"DEFAULT": {"quantity": 9}}})
    assert (drifted["quantity"], drifted["quantity_submitted"]) == (9, 1)
    changed = amazon.control("PATCH", "/listings/B", {"channel": "both", "quantity": 4, "lead_time": 2})
    assert (changed["channel"], changed["quantity"], changed["lead_time"]) == ("both", 4, 2)
    assert amazon.control("PATCH", "/listings/B", {"lead_time": None})["lead_time"] is None
    assert [one["sku"] for one in amazon.get("/listings?sku=B&sku=C")] == ["B"]
    assert [one["sku"] for one in amazon.get("/listings?limit=1&offset=1")] == ["B"]
    assert amazon.get("/listings?writes=1")[0]["writes"] == []
    other = amazon.post("/sellers")
    add(amazon, other, "A")
    amazon.control("GET", "/listings/A", status=409)
    assert amazon.get(f"/listings/A?merchant_id={merchant_id}")["quantity"] == 9
    amazon.control("DELETE", f"/listings/A?merchant_id={merchant_id}")
    get(amazon, seller, "A", status=404)
    amazon.control("GET", "/listings/NOBODY", status=404)
    amazon.control("PATCH", "/listings/B", {"colour": "red"}, status=400)
    amazon.control("PATCH", "/listings/B", {"channel": "air"}, status=400)
    amazon.control("POST", "/listings", {"merchant_id": merchant_id, "sku": "C", "marketplace_id": US}, status=400)


def test_a_shop_with_the_catalogue(amazon):
    seller = amazon.post("/sellers", catalogue=True)
    found = amazon.get(f"/listings?merchant_id={seller['merchant_id']}")
    assert len(found) == 20 and {one["channel"] for one in found} == {"fbm", "fba", "both"}
    tea = get(amazon, seller, "AMZ-TEA-001")
    assert tea["summaries"][0]["itemName"].startswith("静岡県産") and tea["offers"][0]["price"]["amount"] == "1980"
    before = stored(amazon, "AMZ-TEA-001")["quantity"]
    amazon.place(seller, items=[{"sku": "AMZ-TEA-001", "quantity": 1}])
    assert stored(amazon, "AMZ-TEA-001")["quantity"] == before - 1
    assert amazon.post("/listings", merchant_id=seller["merchant_id"], catalogue=True) == []


def test_usage_plans_and_their_texts(amazon, seller):
    add(amazon, seller)
    amazon.post("/quota", mode="published")
    for read, burst in ((lambda: get(amazon, seller), 10), (lambda: search(amazon, seller), 5)):
        for _ in range(burst):
            read()
    get(amazon, seller, status=429)
    search(amazon, seller, status=429)
    for _ in range(5):
        patch(amazon, seller, quantity=1)
    patch(amazon, seller, quantity=1, status=429)
    amazon.advance(seconds=1)
    assert get(amazon, seller)["sku"] == "TEA-1"
    text = "The frequency of requests is greater than what is allowed for the application."
    amazon.post("/faults", operation="getListingsItem", kind="429", message=text, match={"sku": "TEA-1"})
    assert get(amazon, seller, status=429)["errors"][0]["message"] == text


def test_it_survives_a_restart(amazon, seller):
    from simulator.world import World

    add(amazon, seller, quantity=7)
    patch(amazon, seller, quantity=4)
    world = World(1)
    listing = {**stored(amazon), "writes": stored(amazon)["writes"]}
    fields = {name: value for name, value in listing.items() if name in world_fields()}
    world.listings.load({"count": 1, "submissions": 1, "listings": [fields]})
    world.listings.advance()
    kept = world.listings.get(seller["merchant_id"], JP, "TEA-1")
    assert (kept.quantity, kept.submitted["DEFAULT"]["quantity"]) == (4, 4)
    assert world.listings.dump()["listings"][0]["writes"][0]["applied_n"] == 1


def world_fields():
    from simulator.shelves import FIELDS

    return FIELDS


def test_answers_and_requests_fit_the_models(amazon, seller, models):
    add(amazon, seller, quantity=7, asin="B0TEA", price="1980", title="煎茶", image="https://m.example/x.jpg")
    add(amazon, seller, "FBA", channel="both", issues=[{"code": "1"}])
    patch(amazon, seller, "GHOST", quantity=1)
    operation = operations.BY_NAME
    for sku in ("TEA-1", "FBA", "GHOST"):
        assert schema.check_answer(models, operation["getListingsItem"], 200, get(amazon, seller, sku)) == []
    page = search(amazon, seller, includedData=ALL, pageSize=2)
    assert schema.check_answer(models, operation["searchListingsItems"], 200, page) == []
    for answer in (patch(amazon, seller, quantity=2), patch(amazon, seller, quantity=-2)):
        assert schema.check_answer(models, operation["patchListingsItem"], 200, answer) == []
    body = {"productType": "PRODUCT", "patches": [{"op": "merge", "path": PATH, "value": [{}]}]}
    assert schema.check_request(models, operation["patchListingsItem"], {"marketplaceIds": JP}, body) == []
    query = {"marketplaceIds": JP, "pageSize": "20", "sortBy": "sku", "identifiers": "A", "identifiersType": "SKU"}
    assert schema.check_request(models, operation["searchListingsItems"], query, None) == []
    for wrong in ({"nextToken": "x"}, {"pageSize": "21"}):
        query = {"marketplaceIds": JP, **wrong}
        assert len(schema.check_request(models, operation["searchListingsItems"], query, None)) == 1
