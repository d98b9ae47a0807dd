"""How this Amazon behaves where the real one is not documented, or where a test wants it to behave otherwise."""

from .store import Store

DEFAULTS = {
    "packages_delay": 0,  # seconds until a parcel shows in the PACKAGES of an order
    "empty_tracking": "allow",  # confirmShipment with the tracking number "": allow or refuse
    "unknown_carriers": "refuse",  # carrier codes that are not in the marketplace's list: allow or refuse
    "transparency_codes": "require",  # for items of the TRANSPARENCY programme: require or ignore
    "feed_seconds": 30,  # from creating a feed to its end, a third of it in the queue; None: not by itself
    "feed_references": "kept",  # a parcel told in a feed: MerchantFulfillmentID is its reference, or given by Amazon
    "feed_compression": False,  # whether result documents are stored as GZIP
    "report_seconds": 30,  # from asking for a report to its end, a third of it in the queue; None: not by itself
    "report_compression": False,  # whether reports are stored as GZIP
    "listing_seconds": 0,  # from accepting a quantity to its being Amazon's; None: not by itself
    "default_on_fba": "both",  # DEFAULT sent for what Amazon ships: it has both channels then, or flips
    "cancelled_units": "lost",  # of orders: lost until the seller submits a quantity, or return
}
CHOICES = {
    "empty_tracking": ("allow", "refuse"),
    "unknown_carriers": ("allow", "refuse"),
    "transparency_codes": ("require", "ignore"),
    "feed_references": ("kept", "given"),
    "feed_compression": (False, True),
    "report_compression": (False, True),
    "default_on_fba": ("both", "flip"),
    "cancelled_units": ("lost", "return"),
}
NEVER = ("feed_seconds", "report_seconds", "listing_seconds")  # these may be None: only the control API does it


class Settings(Store):
    """The settings by name: ``world.settings["feed_seconds"]``."""

    def __init__(self, world):
        super().__init__(world)
        self.values = dict(DEFAULTS)

    def __getitem__(self, name):
        return self.values[name]

    def change(self, values):
        """Take over ``values`` (dict); ValueError for what makes no sense."""
        for name, value in values.items():
            if name not in DEFAULTS:
                raise ValueError(f"unknown setting {name}; there are {', '.join(DEFAULTS)}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} is one of {', '.join(map(str, CHOICES[name]))}")
            if name not in CHOICES and not (value is None and name in NEVER):
                if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                    raise ValueError(f"{name} is a number of seconds")
        self.values.update(values)

    def dump(self):
        return self.values

    def load(self, data):
        self.values.update(data)
