"""What the sellers offer, what they submitted for it, and when Amazon makes it so."""

import dataclasses
from collections import deque

from . import availability, catalogue
from .availability import DEFAULT
from .marketplaces import BY_ID
from .money import rounded
from .store import Store
from .times import shift

STATUSES = ("BUYABLE", "DISCOVERABLE")
CHANNELS = ("fbm", "fba", "both")
# Marketplace -> the code of Amazon's own channel there; elsewhere it is its region's.
AMAZON_CHANNELS = {"JP": "AMAZON_JP", "AU": "AMAZON_AU", "SG": "AMAZON_SG", "IN": "AMAZON_IN"}
# What of the catalogue Amazon ships, in the listings of a demonstration
BY_AMAZON = {"AMZ-KNIFE-001": "fba", "AMZ-LIGHT-001": "fba", "AMZ-TOWEL-002": "both"}
BULK_SPREAD = 86_400  # seconds


@dataclasses.dataclass(slots=True)
class Listing:
    """A SKU in one marketplace.

    :ivar status: what it would have with stock: DISCOVERABLE, BUYABLE
    :ivar price: decimal text, or None
    :ivar available: what Amazon has, by channel (``availability``)
    :ivar submitted: what the seller submitted last, which Amazon may not have yet
    :ivar issues: JSON of what is wrong with it, shown by reads
    :ivar write_issues: JSON of what every write is answered with; an ERROR refuses it
    :ivar applies: whether what is accepted is ever applied
    :ivar ghost: it came to be by a write for a SKU that did not exist
    :ivar writes: every accepted write, oldest first (``Listings.accept``)
    """

    merchant_id: str
    marketplace_id: str
    sku: str
    created: str
    updated: str
    asin: str | None = None
    title: str | None = None
    image: str | None = None
    product_type: str = "PRODUCT"
    condition: str = "new_new"
    status: tuple = STATUSES
    price: str | None = None
    points: int | None = None
    barcode: str | None = None
    parent_sku: str | None = None
    available: dict = dataclasses.field(default_factory=dict)
    submitted: dict = dataclasses.field(default_factory=dict)
    issues: tuple = ()
    write_issues: tuple = ()
    applies: bool = True
    ghost: bool = False
    writes: list = dataclasses.field(default_factory=list)

    def dump(self):
        return {name: getattr(self, name) for name in FIELDS}

    @property
    def channel(self):
        """fbm, fba, both, or none."""
        own, amazon = DEFAULT in self.available, any(map(availability.by_amazon, self.available))
        return "both" if own and amazon else "fba" if amazon else "fbm" if own else "none"

    @property
    def quantity(self):
        """How many the seller's own channel has, None when there is none."""
        return self.available.get(DEFAULT, {}).get("quantity")

    @property
    def statuses(self):
        """What Amazon shows: nobody can buy what is out of stock."""
        stocked = self.quantity or any(map(availability.by_amazon, self.available))
        return [status for status in self.status if stocked or status != "BUYABLE"]


FIELDS = tuple(field.name for field in dataclasses.fields(Listing))
# What the control API may set: fields, and what becomes the availability of the seller's own channel
SETTABLE = tuple(name for name in FIELDS if name not in ("merchant_id", "marketplace_id", "sku", "writes"))
OWN = {"quantity": "quantity", "lead_time": "lead_time_to_ship_max_days", "restock_date": "restock_date"}
KNOWN = {*SETTABLE, *OWN, "channel", "merchant_id", "marketplace_id", "sku"}


class Listings(Store):
    """Every listing.

    :ivar shelves: (merchant id, marketplace id) -> {SKU: Listing}
    :ivar waiting: [(Listing, write)] that were accepted and are not applied, oldest first
    :ivar version: how often a listing came or went
    :ivar submissions, applications, count: how many there were of calls and feeds, of applied writes, of writes
    """

    kept = ("submissions", "applications", "count")

    def __init__(self, world):
        super().__init__(world)
        self.shelves, self.waiting, self.version = {}, deque(), 0
        self.submissions = self.applications = self.count = 0
        self.sorted = {}

    def shelf(self, merchant_id, marketplace_id):
        return self.shelves.setdefault((merchant_id, marketplace_id), {})

    def get(self, merchant_id, marketplace_id, sku):
        return self.shelves.get((merchant_id, marketplace_id), {}).get(sku)

    def of_seller(self, merchant_id):
        """Every Listing of a seller (None: of all), by marketplace and SKU as they came."""
        for (owner, _marketplace), shelf in self.shelves.items():
            if merchant_id in (None, owner):
                yield from shelf.values()

    def by_creation(self, merchant_id, marketplace_id):
        """The Listings of a shelf, sorted by creation and SKU."""
        version, found = self.sorted.get((merchant_id, marketplace_id), (None, None))
        if version != self.version:
            found = sorted(self.shelf(merchant_id, marketplace_id).values(), key=lambda one: (one.created, one.sku))
            self.sorted[merchant_id, marketplace_id] = (self.version, found)
        return found

    def put(self, listing):
        self.shelf(listing.merchant_id, listing.marketplace_id)[listing.sku] = listing
        self.version += 1

    def remove(self, listing):
        del self.shelf(listing.merchant_id, listing.marketplace_id)[listing.sku]
        self.version += 1

    # What is submitted

    def submission(self):
        """The number of one more call or feed that submits something: what came first has the lower one."""
        self.submissions += 1
        return self.submissions

    def accept(self, merchant_id, marketplace_id, sku, product_type, patches, **facts):
        """Take over patch operations that were judged. An unknown SKU becomes a ghost: a listing that is an offer only.

        :param facts: ``submission``, ``via`` (``patch``, ``feed``, ``seller_central``), ``time`` (when the seller
            submitted it), ``accepted`` and what else the write's record shall say
        :return: the record: also ``n`` (in the order they were accepted), ``patches``, ``quantity``, and once Amazon
            made it so ``applied`` (time), ``applied_n`` (the order) and ``out_of_order`` (something that was
            submitted later was applied before)
        """
        listing = self.get(merchant_id, marketplace_id, sku)
        if not listing:
            listing = Listing(
                merchant_id,
                marketplace_id,
                sku,
                facts["accepted"],
                facts["accepted"],
                product_type=product_type,
                status=(),
                ghost=True,
            )
            self.put(listing)
        patches = [{"op": patch["op"], "value": patch["value"]} for patch in patches]
        for patch in patches:
            availability.change(listing.submitted, **patch, flips=self.flips)
        self.count += 1
        write = {
            "n": self.count,
            **facts,
            "patches": patches,
            "quantity": listing.submitted.get(DEFAULT, {}).get("quantity"),
        }
        listing.writes.append(write)
        listing.updated = facts["accepted"]
        self.waiting.append((listing, write))
        return write

    @property
    def flips(self):
        return self.world.settings["default_on_fba"] == "flip"

    def advance(self):
        """Apply what was accepted long enough ago."""
        seconds = self.world.settings["listing_seconds"]
        if seconds is None or not self.waiting:
            return
        until = shift(self.world.clock.iso(), seconds=-seconds)
        while self.waiting and self.waiting[0][1]["accepted"] <= until:
            listing, write = self.waiting.popleft()
            if "applied" not in write and "ignored" not in write:
                self.apply(listing, write, shift(write["accepted"], seconds=seconds))

    def apply(self, listing, write, at, always=False):
        """Make it so, unless the listing takes nothing. ``always``: even then."""
        if not listing.applies and not always:
            write["ignored"] = at
            return
        write.pop("ignored", None)
        for patch in write["patches"]:
            availability.change(listing.available, **patch, flips=self.flips)
        self.applications += 1
        later = [other for other in listing.writes if "applied" in other and other["submission"] > write["submission"]]
        write.update(applied=at, applied_n=self.applications, out_of_order=bool(later))

    def by_person(self, listing, values):
        """What a person changes in Seller Central is Amazon's at once; it is remembered like any other write."""
        edit(listing, values)
        now = listing.updated = self.world.clock.iso()
        self.count += 1
        self.applications += 1
        write = {
            "n": self.count,
            "submission": self.submission(),
            "via": "seller_central",
            "time": now,
            "accepted": now,
            "patches": [],
            "quantity": listing.quantity,
            "applied": now,
            "applied_n": self.applications,
            "out_of_order": False,
        }
        listing.writes.append(write)

    # What is sold

    def sold(self, record):
        """An order of the seller's own shipping takes its units at once, whether it is paid or not."""
        order = record["order"]
        if order["fulfillment"]["fulfilledBy"] == "MERCHANT":
            for item in order["orderItems"]:
                self.move(record, item, -item["quantityOrdered"])

    def cancelled(self, record, item, units):
        """Units that are not wanted any more come back only where the settings say so."""
        if self.world.settings["cancelled_units"] == "return":
            if record["order"]["fulfillment"]["fulfilledBy"] == "MERCHANT":
                self.move(record, item, units)

    def move(self, record, item, units):
        marketplace_id = record["order"]["salesChannel"]["marketplaceId"]
        listing = self.get(record["merchant_id"], marketplace_id, item["product"].get("sellerSku"))
        if listing and listing.quantity is not None:
            own = listing.available[DEFAULT]
            listing.available[DEFAULT] = {**own, "quantity": max(0, own["quantity"] + units)}

    # Surviving a restart

    def dump(self):
        return {**super().dump(), "listings": [listing.dump() for listing in self.of_seller(None)]}

    def load(self, data):
        super().load(data)
        for values in data.get("listings", ()):
            self.put(Listing(**values))
        open_writes = [
            (listing, write)
            for listing in self.of_seller(None)
            for write in listing.writes
            if "applied" not in write and "ignored" not in write
        ]
        self.waiting = deque(sorted(open_writes, key=lambda pair: pair[1]["n"]))


# How listings come to be


def add(world, seller, values):
    """A Listing as the control API describes it.

    values: sku, marketplace_id (the seller's first), channel (fbm, fba, both) and the others of ``KNOWN``
    """
    marketplace_id = values.get("marketplace_id") or seller["marketplaces"][0]
    if marketplace_id not in seller["marketplaces"]:
        raise ValueError(f"the seller does not sell in {marketplace_id}")
    now = world.clock.iso()
    created = shift(values["created"], seconds=0) if values.get("created") else now
    listing = Listing(seller["merchant_id"], marketplace_id, values["sku"], created, created)
    world.listings.put(edit(listing, {"channel": "fbm", "quantity": 0, **values, "created": created}))
    return listing


def edit(listing, values):
    """Change a Listing as the control API wants it; Amazon and the seller are at one about it then."""
    if unknown := values.keys() - KNOWN:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(sorted(KNOWN))}")
    for name in SETTABLE:
        if name in values:
            setattr(listing, name, values[name])
    if listing.price is not None:
        listing.price = str(rounded(listing.price, BY_ID[listing.marketplace_id].currency))
    if values.get("channel") or values.keys() & OWN.keys():
        kept = listing.channel if listing.channel in CHANNELS else "fbm"
        listing.available = stocked(listing, values.get("channel") or kept)
        for name in values.keys() & OWN.keys():
            if DEFAULT in listing.available:
                listing.available[DEFAULT][OWN[name]] = values[name]
        listing.available = {code: without_none(fields) for code, fields in listing.available.items()}
        listing.submitted = {code: dict(fields) for code, fields in listing.available.items()}
    return listing


def without_none(fields):
    return {name: value for name, value in fields.items() if value is not None}


def stocked(listing, channel):
    """The availability of a listing in a channel (fbm, fba, both), its own quantity as it was."""
    if channel not in CHANNELS:
        raise ValueError(f"channel is one of {', '.join(CHANNELS)}")
    result = {}
    if channel != "fba":
        result[DEFAULT] = {"quantity": 0, **listing.available.get(DEFAULT, {})}
    if channel != "fbm":
        result[amazon_channel(listing.marketplace_id)] = {}
    return result


def amazon_channel(marketplace_id):
    marketplace = BY_ID[marketplace_id]
    return AMAZON_CHANNELS.get(marketplace.code) or {"na": "AMAZON_NA", "eu": "AMAZON_EU"}[marketplace.region]


def add_catalogue(world, seller):
    """The seller offers the catalogue in all its marketplaces; returns the Listings."""
    rng = world.rng("listing")
    result = []
    for marketplace_id in seller["marketplaces"]:
        marketplace = BY_ID[marketplace_id]
        for product in catalogue.CATALOGUE:
            values = {
                "sku": product["sku"],
                "marketplace_id": marketplace_id,
                "asin": product["asin"],
                "title": catalogue.title(product, marketplace.language),
                "price": str(catalogue.price(product, marketplace.currency)),
                "image": f"https://m.media-amazon.com/images/I/{product['asin']}.jpg",
                "product_type": product["sku"].split("-")[1],
                "channel": BY_AMAZON.get(product["sku"], "fbm"),
                "quantity": rng.randint(3, 40),
            }
            if world.listings.get(seller["merchant_id"], marketplace_id, product["sku"]) is None:
                result.append(add(world, seller, values))
    return result


def add_many(world, seller, count, values):
    """``count`` similar Listings in a row: SKUs ``prefix`` and six digits, created evenly over ``spread_seconds``.

    values: prefix, start (the first number), channels {channel: weight}, created (of the last one), spread_seconds,
    quantity, and what ``add`` takes, the same for all
    """
    prefix, start = values.pop("prefix", "BULK-"), int(values.pop("start", 1))
    weights, spread = values.pop("channels", {"fbm": 1}), float(values.pop("spread_seconds", BULK_SPREAD))
    last = values.pop("created", None) or world.clock.iso()
    first = shift(last, seconds=-spread)
    chosen = world.rng("listing").choices(list(weights), list(weights.values()), k=count)
    digits = len(str(count - 1 + start))
    result = []
    for number, channel in enumerate(chosen):
        name = f"{number + start:0{max(6, digits)}d}"
        given = {
            "asin": f"B{number + start:09d}",
            "title": f"商品 {name}",
            "price": "1000",
            **values,
            "sku": f"{prefix}{name}",
            "channel": channel,
            "created": shift(first, seconds=spread * number / max(1, count - 1)),
        }
        result.append(add(world, seller, given))
    return result
