"""Amazon in trouble, orders that make no sense, credentials that are refused: told, and over when it is over."""

from contextlib import ExitStack

import pytest
import shops

from simulator.faults import KINDS, VARIANTS

ORDERS = {"jp_standard": 2, "jp_several_items": 1, "jp_cvs_pending": 1, "jp_shipped": 1}
PAGE = 2
# These show Amazon's orders otherwise than they are; the truth comes with an order's next change.
UNTRUE = ("unknown_fields", "malformed_order")
TOKEN_KINDS = (
    "429",
    "500_html",
    "503_empty",
    "400",
    "timeout",
    "cut_before",
    "list_body",
    "html_200",
    "truncated_json",
    "cut_after",
    "cut_body",
)
CASES = [("searchOrders", kind) for kind in KINDS] + [("token", kind) for kind in TOKEN_KINDS]


@pytest.fixture(scope="module")
def site(one_account):
    """A database and a process for one case after the other."""
    with ExitStack() as stack:
        yield shops.sites(1, shops.Site, one_account, stack)[0]


@pytest.fixture
def place(site, amazon, seller):
    """A new shop, and orders on Amazon on several pages; returns them."""
    site.renew()
    amazon.post("page-limit", limit=PAGE)
    return shops.place(amazon, seller, ORDERS)


def change_all(amazon, orders):
    """Change every order on Amazon, and let the time pass after which it shows that."""
    for ref in orders:
        amazon.control("PATCH", f"orders/{ref}")
    amazon.post("clock", advance=180)


def quota_refills(shop):
    """Let the minutes pass in which a bucket fills that a 429 has emptied."""
    shop.sql("UPDATE amazon_quota SET refilled_at = refilled_at - interval '1 hour'")


@pytest.mark.parametrize(("operation", "kind"), CASES)
def test_trouble_passes(amazon, seller, site, place, operation, kind):
    """Whatever the answer to a call is, the run ends in order, and the next one after the trouble completes it."""
    for after in (0, 1):
        amazon.post("faults", operation=operation, kind=kind, times=2, after=after, seconds=1)
        site.importer.good("import")
        assert not site.shop.sql("SELECT id FROM amazon_log WHERE state = 'running'")
        assert not site.shop.sql("SELECT id FROM amazon_log WHERE state = 'failed' AND coalesce(message, '') = ''")
        assert set(site.shop.refs()) <= set(place) and max(site.shop.refs().values(), default=1) == 1
        amazon.control("DELETE", "faults")
        quota_refills(site.shop)
    if kind in UNTRUE:
        change_all(amazon, place)
    else:
        amazon.post("clock", advance=180)
    site.importer.good("import")
    shops.assert_complete(site.shop, shops.on_amazon(amazon, seller))
    shops.assert_cursor(site.shop, amazon)
    assert site.shop.value("SELECT last_error FROM amazon_job WHERE name = 'orders'") is None
    before = site.shop.counts()
    site.importer.good("import")
    assert site.shop.counts() == before, "a further run finds nothing to do"


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_order_that_cannot_be_read_stops_no_other(amazon, seller, site, place, variant):
    """It waits with its reason; what Amazon sends next is built."""
    [poisoned, *others] = place
    fault = {"kind": "malformed_order", "variant": variant, "order_id": poisoned, "times": None}
    amazon.post("faults", operation="searchOrders", **fault)
    site.importer.good("crons")
    assert sorted(site.shop.refs()) == sorted(others)
    [[ref, reason]] = site.shop.failed()
    assert ref == poisoned and "cannot be read" in reason
    shops.assert_cursor(site.shop, amazon)
    amazon.control("DELETE", "faults")
    change_all(amazon, [poisoned])
    site.importer.good("import")
    shops.assert_complete(site.shop, shops.on_amazon(amazon, seller))


def test_an_unknown_sku_waits_until_it_is_mapped(amazon, seller, site, place):
    """With the policy to hold such orders: told with the SKU, built as soon as somebody maps it."""
    site.importer.code("env['amazon.account'].search([]).unknown_sku = 'hold'")
    [held] = amazon.place(seller, "jp_unknown_sku", created=shops.moment_ago(amazon, 60))
    site.importer.good("crons")
    assert sorted(site.shop.refs()) == sorted(place)
    [[ref, reason]] = site.shop.failed()
    sku = amazon.get(f"orders/{held}")["orderItems"][0]["product"]["sellerSku"]
    assert ref == held and sku in reason
    site.importer.code(f"""
product = env['product.product'].create(
    {{'name': 'New', 'default_code': 'NEW-1', 'type': 'consu', 'is_storable': True}})
location = env['stock.warehouse'].search([], limit=1).lot_stock_id
env['stock.quant']._update_available_quantity(product, location, {shops.STOCK})
account = env['amazon.account'].search([])
offer = env['amazon.offer'].search([('sku', '=', {sku!r})]) or env['amazon.offer'].create(
    {{'account_id': account.id, 'marketplace_id': account.marketplace_ids.id, 'sku': {sku!r}}})
offer.product_id = product
""")
    site.importer.good("crons")
    assert sorted(site.shop.refs()) == sorted([*place, held])
    assert not site.shop.failed()
    shops.assert_stock_adds_up(site.shop)
    shops.assert_at_rest(site.shop)


def test_retry_after_a_person_has_mended_what_was_wrong(amazon, seller, site, place):
    """An order in a currency Odoo does not know: the others come in, and it follows once there is that currency."""
    poisoned = next(ref for ref, order in place.items() if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED")
    amazon.control("PATCH", f"orders/{poisoned}", touch=False, **recurrency("ZZZ", place[poisoned]))
    site.importer.good("crons")
    assert sorted(site.shop.refs()) == sorted(set(place) - {poisoned})
    [[ref, reason]] = site.shop.failed()
    assert ref == poisoned and "ZZZ" in reason
    assert site.shop.value("SELECT retry_at > now() AT TIME ZONE 'UTC' FROM amazon_order_update WHERE state = 'failed'")
    site.importer.code("env['res.currency'].create({'name': 'ZZZ', 'symbol': 'Z', 'rounding': 1})")
    site.importer.code("env['amazon.order.update'].search([('state', '=', 'failed')]).action_retry()")
    site.importer.good("crons")
    assert sorted(site.shop.refs()) == sorted(place)
    assert not site.shop.failed()
    shops.assert_at_rest(site.shop)
    assert (
        site.shop.value(
            """
        SELECT currency.name FROM sale_order JOIN res_currency currency ON currency.id = currency_id
         WHERE amazon_order_ref = %s""",
            poisoned,
        )
        == "ZZZ"
    )


def recurrency(code, order):
    """Return the change that puts an order into another currency."""

    def changed(value):
        if isinstance(value, dict):
            return {key: code if key == "currencyCode" else changed(inner) for key, inner in value.items()}
        return [changed(inner) for inner in value] if isinstance(value, list) else value

    return {"set": {key: changed(order[key]) for key in ("proceeds", "orderItems") if key in order}}


def test_a_poisoned_text_is_no_obstacle(amazon, seller, site, place):
    """A character PostgreSQL cannot store: the order comes in without it, or waits with a reason."""
    poisoned = next(iter(place))
    title = {"orderItems": {"0": {"product": {"title": "a\0b"}}}}
    amazon.control("PATCH", f"orders/{poisoned}", touch=False, set=title)
    site.importer.good("crons")
    failed = site.shop.failed()
    assert [ref for ref, _reason in failed] in ([], [poisoned])
    assert all(reason for _ref, reason in failed)
    assert set(site.shop.refs()) >= set(place) - {poisoned}


# What is changed at Amazon, a word of what is kept of it (each reader is told in the own language), and its kind.
TROUBLE = {
    "secret": ({"client_secret": "amzn1.oa2-cs.v1.another"}, "client secret", "credentials"),
    "revoked": ({"revoked": True}, "was revoked", "credentials"),
    "role": ({"roles": ["product_listing"]}, "the roles this needs", "access"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_refused_on_one_of_two_accounts(amazon, both_sellers, two_accounts, trouble):
    """It is told on that account in plain words, the other account goes on, and it is over when it is mended."""
    change, word, kind = TROUBLE[trouble]
    good, bad = both_sellers
    orders, more = shops.place(amazon, good, ORDERS), shops.place(amazon, bad, ORDERS)
    amazon.control("PATCH", f"sellers/{bad['merchant_id']}", **change)
    with shops.copied(two_accounts, "two") as shop, shops.importers(shop) as importer:
        importer.good("crons")
        importer.good("import")
        assert set(shop.refs()) == set(orders)
        assert state(shop, good) == ("ok", None, None, 0)
        connection, message, error, activities = state(shop, bad)
        assert (connection, error, activities) == ("broken", kind, 1)
        assert word in message
        amazon.control("PATCH", f"sellers/{bad['merchant_id']}", **{name: bad[name] for name in change})
        importer.good("import")
        assert state(shop, bad) == ("ok", None, None, 0)
        shops.assert_complete(shop, {**orders, **more})


def state(shop, seller):
    """Return (connection, message as kept, kind of error, open activities) of a seller's account."""
    [row] = shop.sql(
        """
        SELECT account.connection_state, job.last_error, job.error_kind,
               (SELECT count(*) FROM mail_activity
                 WHERE res_model = 'amazon.account' AND res_id = account.id AND active)
          FROM amazon_account account JOIN amazon_job job ON job.account_id = account.id AND job.name = 'orders'
         WHERE account.merchant_id = %s""",
        seller["merchant_id"],
    )
    return row
