"""Clocks that do not agree, and time zones: no order falls into a gap."""

from contextlib import ExitStack

import pytest
import shops

HOUR = 3600


@pytest.fixture(scope="module")
def site(one_account):
    """A database and a process for one case after the other."""
    with ExitStack() as stack:
        yield shops.sites(1, shops.Site, one_account, stack)[0]


class Story:
    """Orders placed one after the other on Amazon's clock, with imports in between."""

    def __init__(self, amazon, seller, site):
        self.amazon, self.seller, self.site, self.refs = amazon, seller, site, []
        site.renew()

    def order(self, minutes_ago=0):
        """An order is placed and seen by Amazon's search from then on."""
        moment = shops.moment_ago(self.amazon, minutes_ago)
        self.refs += self.amazon.place(self.seller, "jp_standard", created=moment, updated=moment)

    def time_passes(self):
        """Until Amazon shows what has just happened."""
        self.amazon.post("clock", advance=150)

    def imported(self):
        """All that happened must be here."""
        self.site.importer.good("import")
        assert sorted(self.site.shop.refs()) == sorted(self.refs)
        assert self.site.shop.value("SELECT last_error FROM amazon_job WHERE name = 'orders'") is None


@pytest.mark.parametrize("offset", [HOUR, -HOUR])
def test_another_clock(amazon, seller, site, offset):
    """Amazon's clock is an hour ahead or behind, from the first import on."""
    story = Story(amazon, seller, site)
    amazon.post("clock", advance=offset)
    story.order(30)
    story.imported()
    for _round in range(4):
        story.order()
        story.time_passes()
        story.order()
        site.importer.good("import")
        story.time_passes()
        story.imported()
    shops.assert_complete(site.shop, shops.on_amazon(amazon, seller))


@pytest.mark.parametrize("offset", [HOUR, -HOUR])
def test_a_clock_that_is_put_right(amazon, seller, site, offset):
    """What happens before, while and after the clocks differ comes in, whichever of them was wrong."""
    story = Story(amazon, seller, site)
    amazon.post("clock", advance=offset)
    story.order(10)
    story.order()
    site.importer.good("import")
    # The clocks agree again; for Amazon, orders go on at the time that is right now.
    amazon.post("clock", advance=-offset)
    if offset < 0:
        story.time_passes()
    story.order()
    story.time_passes()
    if offset > 0:
        # What was placed "in the future" shows when that time has come.
        site.importer.good("import")
        story.order()
        amazon.post("clock", advance=offset)
    story.imported()
    story.order()
    story.time_passes()
    story.imported()
    shops.assert_complete(site.shop, shops.on_amazon(amazon, seller))


def test_a_cursor_in_the_future(amazon, seller, site):
    """A place that lies in the future says nothing; orders placed until then are not skipped."""
    story = Story(amazon, seller, site)
    story.order(90)
    story.imported()
    site.shop.sql("UPDATE amazon_job SET cursor = now() AT TIME ZONE 'UTC' + interval '1 day' WHERE name = 'orders'")
    story.order(60)
    story.order()
    story.time_passes()
    story.imported()
    shops.assert_cursor(site.shop, amazon)
    story.order()
    story.time_passes()
    story.imported()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_other_time_zones(amazon, seller, shop, zone):
    """The zones of the machine, the database, the company and the users change between two imports."""
    amazon.post("page-limit", limit=2)
    orders = shops.place(amazon, seller, {"jp_standard": 3, "jp_shipped": 1})
    with shops.importers(shop) as importer:
        importer.good("import")
        shops.assert_complete(shop, orders)
        before = shop.value("SELECT cursor FROM amazon_job WHERE name = 'orders'")
    shop.sql(f"ALTER DATABASE {shop.name} SET timezone TO '{zone}'")
    shop.sql("UPDATE res_partner SET tz = %s", zone)
    amazon.place(seller, "jp_standard", 3, created=shops.moment_ago(amazon, 0))
    amazon.post("clock", advance=150)
    with shops.importers(shop, TZ=zone) as importer:
        importer.good("import")
    shops.assert_complete(shop, shops.on_amazon(amazon, seller))
    after = shop.value("SELECT cursor FROM amazon_job WHERE name = 'orders'")
    assert 0 <= (after - before).total_seconds() < 15 * 60, "the place reached is told in UTC whatever the zone"
    times = shop.sql("SELECT amazon_order_ref, date_order FROM sale_order WHERE amazon_order_ref <> ''")
    for ref, time in times:
        wanted = shops.moment(amazon.get(f"orders/{ref}")["createdTime"]).replace(tzinfo=None, microsecond=0)
        assert time == wanted
