"""A process that tells Amazon of deliveries may die at any moment: nothing is lost, nothing is told twice (rule 2)."""

from contextlib import ExitStack

import parcels
import pytest
import shops

WORKERS = 2
SMALL = {"jp_standard": 1, "jp_cod": 1, "jp_several_items": 1}
# Cash on delivery cannot go in a feed: it goes beside it.
FEED = {"feed_threshold": 0}
# How the run that dies is done, with which orders, account and Amazon. Parcels that show late are found by asking
# more than once; a feed is worked off at once, so that the same run fetches its results.
CASES = {
    "direct": ("send", SMALL, {}, {}),
    "direct, shown late": ("send", {"jp_standard": 1}, {}, {"packages_delay": 300}),
    "feed": (
        "send and results",
        {"jp_standard": 1, "jp_cod": 1},
        FEED,
        {"feed_seconds": 0, "packages_delay": 300},
    ),
    "crons": ("crons", {"jp_standard": 1}, {}, {}),
}
# Choose another carrier for what has been told already; the number stays.
CORRECT = """
carrier = env['delivery.carrier'].create({
    'name': 'Sagawa', 'product_id': env.ref('sale_amazon_spapi.product_shipping').id,
    'amazon_shipping_method_id': env['amazon.shipping.method'].search([('carrier_code', '=', 'SAGAWA')], limit=1).id})
env['stock.picking'].search([('amazon_confirmation_ids', '!=', False)]).carrier_id = carrier
"""
COUNTED = ("amazon_confirmation", "amazon_feed", "mail_message", "mail_activity", "mail_mail")


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a run dies before or after: Amazon has one parcel an order, told once."""
    way, kinds, values, settings = CASES[case]
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, parcels.ShippingSite, one_account, stack, kinds, values, settings)
        events = sites[0].importer.good(way)
        parcels.assert_told(sites[0].shop, sites[0].amazon, sites[0].numbers)
        expected = sites[0].shop.count(COUNTED)
        calls = sum("/shipmentConfirmation" in event for event in events)
        assert calls == sum(kinds.values()) or expected["amazon_feed"] == 1

        def begin(site):
            site.renew()
            return way

        def recover(site, _number):
            site.recover()
            parcels.assert_told(site.shop, site.amazon, site.numbers)
            assert len(site.amazon.get("feeds")) == expected["amazon_feed"], "no feed was submitted twice"
            assert site.shop.count(COUNTED) == expected, "as many rows as without the crash"

        shops.die_at_each(events, sites, begin, recover)


def correct(site):
    """Let Amazon know of the delivery, and correct it a minute later; return how the run is called that tells of it."""
    site.renew()
    site.importer.good("send")
    site.let_pass(1)
    site.importer.code(CORRECT)
    return "send"


def test_correction_killed_at_every_commit_and_every_call(one_account):
    """That Amazon has the parcel does not tell whether it has the correction: after any crash it has it."""
    with ExitStack() as stack:
        sites = shops.sites(WORKERS, parcels.ShippingSite, one_account, stack, {"jp_standard": 1}, {}, {})
        events = sites[0].importer.good(correct(sites[0]))
        assert any("/shipmentConfirmation" in event for event in events)

        def recover(site, _number):
            site.recover()
            [ref] = site.numbers
            carriers = [package["carrier"] for package in site.amazon.get(f"orders/{ref}")["packages"]]
            assert carriers == ["SAGAWA"]

        shops.die_at_each(events, sites, correct, recover)
