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


def die_and_recover(site, way, number, expected, killed):
    """Kill a run at its event `number`, let the crons do the rest; return what is wrong afterwards, or None.

    :param list killed: takes the number, unless the run was over before.
    """
    site.renew()
    event, died = site.importer.kill(way, number)
    killed.extend([number] * died)
    try:
        site.shop.wait_until_alone()
        site.recover()
        parcels.assert_told(site.shop, site.amazon, site.numbers)
        assert len(site.amazon.get("feeds")) == expected["amazon_feed"], "no feed was submitted twice"
        assert site.shop.count(COUNTED) == expected, "as many rows as without the crash"
    except AssertionError as error:
        return f"killed at event {number}, {event}:\n{error}"
    return None


@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_commit_and_every_call(one_account, case):
    """Whichever commit or HTTP call a run dies before or after: Amazon has one parcel an order, told once."""
    way, kinds, values, settings = CASES[case]
    with ExitStack() as stack:
        sites = [parcels.ShippingSite(one_account, number, stack, kinds, values, settings) for number in range(WORKERS)]
        events = sites[0].importer.good(way)
        parcels.assert_told(sites[0].shop, sites[0].amazon, sites[0].numbers)
        expected = sites[0].shop.count(COUNTED)
        calls = sum("/shipmentConfirmation" in event for event in events)
        assert calls == 2 * sum(kinds.values()) or expected["amazon_feed"] == 1
        killed = []
        wrong = shops.in_parallel(
            sites, range(1, len(events) + 1), lambda site, number: die_and_recover(site, way, number, expected, killed)
        )
    print(f"{case}: {len(events)} events, killed at {len(killed)}")
    assert len(killed) > len(events) * 3 // 4
    assert not wrong, f"{len(wrong)} of {len(events)}:\n" + "\n\n".join(wrong)


def correct(site):
    """Let Amazon know of the delivery, and correct it a minute later; return the process that tells of it."""
    site.renew()
    site.importer.good("send")
    site.let_pass(1)
    site.importer.code(CORRECT)
    return site.importer


def correct_and_die(site, number, killed):
    """Kill a run that tells of a correction at its event `number`, let the crons do the rest; return what is wrong
    afterwards, or None.

    :param list killed: as in :func:`die_and_recover`.
    """
    event, died = correct(site).kill("send", number)
    killed.extend([number] * died)
    site.shop.wait_until_alone()
    site.recover()
    [ref] = site.numbers
    carriers = [package["carrier"] for package in site.amazon.get(f"orders/{ref}")["packages"]]
    return None if carriers == ["SAGAWA"] else f"killed at event {number}, {event}: Amazon has {carriers}"


def test_correction_killed_at_every_commit_and_every_call(one_account):
    """That Amazon has the parcel does not tell whether it has the correction: after any crash it has it."""
    with ExitStack() as stack:
        sites = [
            parcels.ShippingSite(one_account, number, stack, {"jp_standard": 1}, {}, {}) for number in range(WORKERS)
        ]
        events = correct(sites[0]).good("send")
        killed = []
        wrong = shops.in_parallel(
            sites, range(1, len(events) + 1), lambda site, number: correct_and_die(site, number, killed)
        )
    assert len(killed) > len(events) * 3 // 4
    assert any("/shipmentConfirmation" in event for event in events)
    assert not wrong, "\n".join(wrong)
